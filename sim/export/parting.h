/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parting.h: where two runs part ways.
 *
 * Two runs of one scenario with one value changed are alike for a while. Their
 * worlds are built first, all at time 0; what differs there is the change itself and
 * does not count. From the first VM that starts on the events are compared one by
 * one, with time, pCPU, all fields and text.
 *
 * That may be no more than a port's number or a nanosecond. So the telling moments
 * (moments.h) are compared as well, of each machine for itself, without their times and
 * without numbers that carry no meaning: the first that one run has and the other has not.
 */
#pragma once

#include "sim/export/moments.h"
#include "sim/trace/reader.h"

typedef struct {
    bool same;      /* to the end */
    uint64_t alike; /* events that were compared and equal */
    bool has_a, has_b;
    SimRecord a, b; /* the first that differ, where there is one: a run may be over */
} SimParting;

/* Reads both traces as far as they are alike. The records point into them. */
SimParting sim_parting_find(SimReader *a, SimReader *b);

typedef struct {
    bool same;      /* the same things are done, if at other times */
    SimMoment a, b; /* who is NULL: none */
} SimMomentParting;

/* Of what sim_all_moments() found in two runs. Borrows the texts. */
SimMomentParting sim_parting_of_moments(const GArray *a, const GArray *b);
