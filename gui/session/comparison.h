/* SPDX-License-Identifier: GPL-2.0-or-later */
/* comparison.h: two traces on one time axis: both opened, and where they part ways. */
#pragma once

#include "gui/session/session.h"

typedef struct {
    bool known; /* the rest means something */
    bool same;  /* to the end */
    uint64_t alike;
    bool has_a, has_b;
    uint64_t index_a, index_b, time_a, time_b; /* of the first events that differ */
} GuiParting;

/* The later end of the two, at least 1. */
uint64_t gui_comparison_end(GuiSession *a, GuiSession *b);
/* When they part: the earlier of the two events. */
uint64_t gui_parting_time(const GuiParting *parting);
/* Both to just after their first event that differs, or to their end. */
void gui_parting_go(const GuiParting *parting, GuiSession *a, GuiSession *b);
