/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline-private.h: what timeline.c (layout, words) and timeline-draw.c share with
 * timeline-bars.c, which divides the rows' insides into columns, and timeline-pixels.c,
 * which writes those as pixels. */
#pragma once

#include "gui/draw/text.h"
#include "gui/draw/timeline.h"

/* The bar and the strip of marks in a row's box. */
GuiRect timeline_bar(const GuiTimeline *timeline, GuiRect row, bool is_pcpu);
GuiRect timeline_strip(const GuiTimeline *timeline, GuiRect row);

/* The bars and marks of all rows that are seen. */
void timeline_paint_bars(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr,
                         const GuiLanes *lanes);
GuiColour timeline_mark_colour(const GuiTheme *theme, unsigned kind);
const char *timeline_mark_word(unsigned kind);
/* In as many words as there is room for; g_free(). */
char *timeline_name(const GuiTheme *theme, const GuiTextStyle *style, GuiLaneInfo info,
                    double room);
unsigned timeline_legend_lines(const GuiTheme *theme, double width);

/* With what a layer of a bar is filled: a tile of pixels, or a colour on paper. */
#define TIMELINE_TILE 8

typedef struct {
    uint32_t tile[TIMELINE_TILE][TIMELINE_TILE];
    GuiColour colour;
    int owner; /* -1: a plain colour or stripes */
} TimelineFill;

/* A row as pixel columns. A bar is made of layers that lie on each other, and each has
 * its own height in each column. */
typedef struct {
    unsigned width, height, layers;
    uint8_t class[GUI_LANE_CLASSES], fill[GUI_LANE_CLASSES]; /* of each layer */
    int32_t *tops[GUI_LANE_CLASSES]; /* per layer and column, in pixels from below */
    int32_t highest[GUI_LANE_CLASSES], lowest[GUI_LANE_CLASSES]; /* of all columns */
    int32_t *memory;                                             /* in which the tops are */
    uint64_t (*ns)[GUI_LANE_CLASSES];                            /* per column */
    uint8_t *marks; /* per column, a bit for each kind */
} TimelineColumns;

/* The next run of columns with a mark of the kind, from column *to on; FALSE: no more. */
bool timeline_next_mark(const TimelineColumns *columns, unsigned kind, unsigned *from,
                        unsigned *to);

/* An image that is written to directly: where its lines are, and what of it may be. */
typedef struct {
    cairo_surface_t *surface;
    uint8_t *data;
    ptrdiff_t stride;
    int x, y; /* where the picture's origin is in it */
    int left, top, right, bottom;
} TimelinePixels;

/* FALSE: this is no image, or its pixels are not the picture's. */
bool timeline_pixels_begin(cairo_t *cr, TimelinePixels *ret);
void timeline_pixels_end(const TimelinePixels *pixels);
/* fills[0] is that of what no layer covers. */
void timeline_write_bar(const TimelinePixels *pixels, GuiRect bar, const TimelineColumns *columns,
                        const TimelineFill *fills);
void timeline_write_marks(const TimelinePixels *pixels, GuiRect strip,
                          const TimelineColumns *columns, const uint32_t *colours);
