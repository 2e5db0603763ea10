/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline.h: a row for each pCPU and vCPU over a time axis.
 *
 * In each pixel column a bar's height is divided as the time in it was: all
 * running is a full bar, half running a half one. Zoomed in until one column has
 * one state, that is the plain picture of who ran when, with names in the bars.
 * Marks (exits, faults, interrupts, frames) stand in a strip below each vCPU's bar,
 * a line for each kind; where they crowd, their density is shown.
 */
#pragma once

#include "gui/draw/geometry.h"
#include "gui/draw/theme.h"
#include "gui/draw/ticks.h"
#include "gui/session/scene.h"

typedef struct {
    GuiSpan span;
    GuiSpan marked;  /* a span that was selected for its sums; to 0: none */
    double scroll_y; /* pixels of rows above the top */
} GuiTimelineView;

typedef struct {
    double width, height;
    double gutter;                   /* x where the axis begins, left of it are names */
    double axis_height;              /* rows begin below it */
    double legend_height;            /* at the bottom */
    double pcpu_height, vcpu_height; /* of a row, gap included */
    double marks_height;             /* of the strip of marks in a vCPU's row */
    double rows_height;              /* of all rows: more than fits means scrolling */
    unsigned rows;
    unsigned pcpus;        /* the first rows */
    const GuiTheme *theme; /* borrowed */
} GuiTimeline;

GuiTimeline gui_timeline_layout(const GuiLanes *lanes, double width, double height,
                                const GuiTheme *theme);
/* The row's box in the picture, gutter excluded. */
GuiRect gui_timeline_row(const GuiTimeline *timeline, const GuiTimelineView *view, unsigned row);
/* The lane at y; -1: none. */
int gui_timeline_row_at(const GuiTimeline *timeline, const GuiTimelineView *view, double y);
uint64_t gui_timeline_time_at(const GuiTimeline *timeline, const GuiTimelineView *view, double x);
double gui_timeline_x(const GuiTimeline *timeline, const GuiTimelineView *view, uint64_t time);

/* The vCPU or pCPU of the row, or the event of a mark that is nearer than 4 pixels. */
GuiEntity gui_timeline_hit(const GuiTimeline *timeline, const GuiTimelineView *view,
                           const GuiLanes *lanes, SimReader *reader, double x, double y);

/* What was drawn before, so that when only time moves on, little has to be drawn. */
typedef struct GuiTimelineCache GuiTimelineCache;
GuiTimelineCache *gui_timeline_cache_new(void);
void gui_timeline_cache_free(GuiTimelineCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiTimelineCache, gui_timeline_cache_free)

/* scene gives the selected time and entity; scene->model may be that of any time. cache
 * NULL: nothing is kept. */
void gui_timeline_draw(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr,
                       const GuiLanes *lanes, const GuiScene *scene, GuiTimelineCache *cache);

/* One line per row for people who do not see it: "vCPU 0 of VM a: running 40 %, ..."
 * over the view's marked span, or all of it. GArray of GuiItem; g_array_unref(). */
GArray *gui_timeline_items(const GuiTimeline *timeline, const GuiTimelineView *view,
                           const GuiLanes *lanes);
