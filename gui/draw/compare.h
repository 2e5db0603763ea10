/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.h: two timelines above each other on one time axis, with a line where the two
 * runs part ways. */
#pragma once

#include "gui/draw/timeline.h"
#include "gui/session/comparison.h"

typedef struct {
    const char *titles[2];
    GuiSession *sessions[2];
    GuiSpan span;
    GuiParting parting;
    const GuiTheme *theme;
} GuiCompare;

void gui_compare_draw(const GuiCompare *compare, cairo_t *cr, double width, double height);
/* The rows of both, "of the first run" in their names; their entities' number tells which.
 * GArray of GuiItem; g_array_unref(). */
GArray *gui_compare_items(const GuiCompare *compare, double width, double height);
/* The time at x, which may be outside of the axis. */
uint64_t gui_compare_time_at(const GuiCompare *compare, double width, double height, double x);
