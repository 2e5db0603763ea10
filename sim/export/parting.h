/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parting.h: where two runs part ways.
 *
 * Two runs of one scenario with one value changed are alike for a while. Their
 * worlds are built first, all at time 0; what differs there is the change itself and
 * does not count. From the first VM that starts on the events are compared one by
 * one, with time, pCPU, all fields and text.
 */
#pragma once

#include "sim/trace/reader.h"

typedef struct {
    bool same;      /* to the end */
    uint64_t alike; /* events that were compared and equal */
    bool has_a, has_b;
    SimRecord a, b; /* the first that differ, where there is one: a run may be over */
} SimParting;

/* Reads both traces as far as they are alike. The records point into them. */
SimParting sim_parting_find(SimReader *a, SimReader *b);
