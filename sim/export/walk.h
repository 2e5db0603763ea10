/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk.h: the way of an address through two levels of translation, as the trace has it:
 * the guest's page tables lead from a virtual to a guest-physical address, the
 * hypervisor's table from there to a page frame of the host. */
#pragma once

#include "sim/model/model.h"
#include "sim/trace/reader.h"

typedef struct {
    uint64_t time;
    unsigned vm;
    uint64_t address;
} SimWalkQuestion;

/* Appends the walk as text. False: there is no such VM at that time, and text is as it
 * was. What the trace does not know is said in it. */
bool sim_walk_append(SimReader *reader, const SimWalkQuestion *question, GString *text);
