/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moments.h: the few events of a run that tell its story.
 *
 * Every event is recorded, most are of interest only to who looks for them. A
 * telling moment is one that a person would point at: a VM starts, a frame with
 * a request is sent, a switch learns an address, a program ends. Of each kind
 * only the first few are kept; the rest are counted.
 */
#pragma once

#include <glib.h>

#include "sim/trace/reader.h"

typedef struct {
    uint64_t time;
    char *who;  /* "vm:a", "net0", "hvlab"; never NULL */
    char *text; /* a sentence without its full stop */
} SimMoment;

/* Reads the whole trace. GArray of SimMoment, in order of time; g_array_unref()
 * frees the texts. ret_left_out receives how many more there were. */
GArray *sim_moments(SimReader *reader, uint64_t *ret_left_out);

/* The same, all of every kind but of pages given, which say little of what a run is about;
 * at most SIM_MOST_MOMENTS. */
#define SIM_MOST_MOMENTS 100000u
GArray *sim_all_moments(SimReader *reader);
