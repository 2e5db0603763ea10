/* SPDX-License-Identifier: GPL-2.0-or-later */
/* comparison.h: two traces on one time axis: both opened, and where they part ways. */
#pragma once

#include "gui/session/session.h"
#include "sim/export/side-by-side.h"

typedef struct {
    bool known; /* the rest means something */
    bool same;  /* to the end */
    uint64_t alike;
    bool has_a, has_b;
    uint64_t index_a, index_b, time_a, time_b; /* of the first events that differ */
} GuiParting;

/* Reads both as far as they are alike: may take a while, and may run in a thread, with
 * readers of its own. */
GuiParting gui_parting_find(SimReader *a, SimReader *b);
/* In words: how much is alike, and what each does then; g_free(). */
char *gui_parting_words(const GuiParting *parting, GuiSession *a, GuiSession *b);

/* The numbers of both runs side by side: GPtrArray of SimSideRow *, which owns them;
 * NULL: a scenario cannot be read. Leaves both where they are. */
GPtrArray *gui_comparison_rows(GuiSession *a, GuiSession *b);

/* The later end of the two, at least 1. */
uint64_t gui_comparison_end(GuiSession *a, GuiSession *b);
/* When they part: the earlier of the two events. */
uint64_t gui_parting_time(const GuiParting *parting);
/* Both to just after their first event that differs, or to their end. */
void gui_parting_go(const GuiParting *parting, GuiSession *a, GuiSession *b);
