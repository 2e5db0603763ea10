/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline-private.h: what timeline.c (layout, words) and timeline-draw.c share with
 * timeline-bars.c, which paints the rows' insides. */
#pragma once

#include "gui/draw/timeline.h"

/* The bar and the strip of marks in a row's box. */
GuiRect timeline_bar(const GuiTimeline *timeline, GuiRect row, bool is_pcpu);
GuiRect timeline_strip(const GuiTimeline *timeline, GuiRect row);

/* The bars and marks of all rows that are seen. */
void timeline_paint_bars(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr,
                         const GuiLanes *lanes);
GuiColour timeline_mark_colour(const GuiTheme *theme, unsigned kind);
const char *timeline_mark_word(unsigned kind);
