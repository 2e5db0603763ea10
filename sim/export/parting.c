/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parting.c: see parting.h. */
#include "sim/export/parting.h"

#include <string.h>

/* A cursor before the first VM that starts; at the end if none does. */
static SimCursor after_building(SimReader *reader)
{
    SimCursor cursor = {0}, here = {0};
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record)) {
        if (record.type == SIM_EVENT_VM_STATE || record.time > 0)
            return here;
        here = cursor;
    }
    return cursor;
}

static bool is_equal(const SimRecord *a, const SimRecord *b)
{
    return a->time == b->time && a->type == b->type && a->source == b->source &&
           a->blob_size == b->blob_size &&
           memcmp(a->fields, b->fields, sim_event_info(a->type)->size) == 0 &&
           memcmp(a->blob, b->blob, a->blob_size) == 0;
}

SimParting sim_parting_find(SimReader *a, SimReader *b)
{
    SimCursor at_a = after_building(a), at_b = after_building(b);
    SimParting parting = {0};

    for (;; parting.alike++) {
        parting.has_a = sim_reader_next(a, &at_a, &parting.a);
        parting.has_b = sim_reader_next(b, &at_b, &parting.b);
        if (!parting.has_a && !parting.has_b) {
            parting.same = true;
            return parting;
        }
        if (!parting.has_a || !parting.has_b || !is_equal(&parting.a, &parting.b))
            return parting;
    }
}
