/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline-bars.c: the insides of a timeline's rows.
 *
 * For each pixel column of a row two sums are asked for (lanes.h), whatever lies
 * between them: how the column's height is divided, and which marks are in it. On a
 * screen the columns are written as pixels, which is many times faster than drawing
 * as many rectangles; for paper neighbours of equal division become one rectangle.
 */
#include <math.h>
#include <string.h>

#include "gui/draw/paint.h"
#include "gui/draw/timeline-private.h"

enum {
    FILL_NONE = 0,
    FILL_RUNNING,
    FILL_READY,
    FILL_BLOCKED,
    FILL_OWNERS, /* and the next ones up to the number of owners */
    FILL_OTHERS = FILL_OWNERS + GUI_THEME_OWNERS,
    FILL_COUNT
};

static uint32_t pixel(GuiColour c)
{
    return 0xff000000u | (uint32_t)(c.r * 255 + 0.5) << 16 | (uint32_t)(c.g * 255 + 0.5) << 8 |
           (uint32_t)(c.b * 255 + 0.5);
}

static void make_plain(TimelineFill *fill, GuiColour colour)
{
    fill->colour = colour;
    fill->owner = -1;
    for (int y = 0; y < TIMELINE_TILE; y++)
        for (int x = 0; x < TIMELINE_TILE; x++)
            fill->tile[y][x] = pixel(colour);
}

static void make_striped(TimelineFill *fill, GuiColour colour, GuiColour stripe)
{
    make_plain(fill, colour);
    for (int y = 0; y < TIMELINE_TILE; y++)
        for (int x = 0; x < TIMELINE_TILE; x++)
            if ((x + y) % TIMELINE_TILE < 3)
                fill->tile[y][x] = pixel(stripe);
}

static void make_owner(TimelineFill *fill, const GuiTheme *theme, unsigned owner)
{
    cairo_surface_t *tile =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, TIMELINE_TILE, TIMELINE_TILE);
    cairo_t *cr = cairo_create(tile);
    const unsigned char *data;

    make_plain(fill, theme->owners[owner]);
    fill->owner = (int)owner;
    gui_paint_owner(cr, theme, (GuiRect){0, 0, TIMELINE_TILE, TIMELINE_TILE}, owner);
    cairo_destroy(cr);
    cairo_surface_flush(tile);
    data = cairo_image_surface_get_data(tile);
    for (int y = 0; data && y < TIMELINE_TILE; y++) {
        memcpy(fill->tile[y], data + y * cairo_image_surface_get_stride(tile), TIMELINE_TILE * 4);
        for (int x = 0; x < TIMELINE_TILE; x++)
            fill->tile[y][x] |= 0xff000000u;
    }
    cairo_surface_destroy(tile);
}

static void make_fills(TimelineFill *fills, const GuiTheme *theme)
{
    make_plain(&fills[FILL_NONE], theme->inset);
    make_plain(&fills[FILL_RUNNING], theme->running);
    make_striped(&fills[FILL_READY], gui_mix(theme->ready, theme->card, 0.45), theme->ready);
    make_plain(&fills[FILL_BLOCKED], gui_mix(theme->blocked, theme->inset, 0.55));
    for (unsigned i = 0; i < GUI_THEME_OWNERS; i++)
        make_owner(&fills[FILL_OWNERS + i], theme, i);
    make_striped(&fills[FILL_OTHERS], theme->dim, gui_mix(theme->dim, theme->card, 0.4));
}

/* ---- Dividing columns -------------------------------------------------------------------- */

/* Which classes lie on each other, and with what they are filled. */
static void find_order(TimelineColumns *columns, const GuiLanes *lanes, unsigned row)
{
    static const uint8_t states[][2] = {{GUI_VCPU_RUNNING, FILL_RUNNING},
                                        {GUI_VCPU_READY, FILL_READY},
                                        {GUI_VCPU_BLOCKED, FILL_BLOCKED}};

    columns->layers = 0;
    if (!gui_lanes_info(lanes, row).is_pcpu) {
        for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
            columns->class[columns->layers] = states[i][0];
            columns->fill[columns->layers++] = states[i][1];
        }
        return;
    }
    for (uint8_t class = 1; class < GUI_LANE_CLASSES; class ++) {
        uint16_t vm = gui_lanes_class_vm(lanes, row, class);
        if (vm == SIM_NONE && class != GUI_PCPU_OTHERS)
            continue;
        columns->class[columns->layers] = class;
        columns->fill[columns->layers++] =
            class == GUI_PCPU_OTHERS ? FILL_OTHERS : (uint8_t)(FILL_OWNERS + vm % GUI_THEME_OWNERS);
    }
}

/* One column: how high each layer reaches. What was there at all is seen. */
static void divide(TimelineColumns *columns, unsigned x, const uint64_t *ns, uint64_t mean)
{
    uint64_t length = 0, sum = 0;
    int32_t top = 0, height = (int32_t)columns->height;

    for (unsigned i = 0; i < GUI_LANE_CLASSES; i++)
        length += ns[i];
    /* A lane that began in this column has less in it than the column is long. */
    double pixels = (double)height / (double)(int64_t)MAX(MAX(length, mean), 1);
    for (unsigned i = 0; i < columns->layers; i++) {
        uint64_t own = ns[columns->class[i]];
        sum += own;
        if (own > 0)
            top = MIN(MAX((int32_t)((double)(int64_t)sum * pixels + 0.5), top + 1), height);
        columns->tops[i][x] = top;
        columns->highest[i] = MAX(columns->highest[i], top);
        columns->lowest[i] = MIN(columns->lowest[i], top);
    }
}

static void fill_columns(const GuiTimelineView *view, const GuiLanes *lanes, unsigned row,
                         TimelineColumns *columns)
{
    uint64_t mean = (view->span.to - view->span.from) / columns->width;

    find_order(columns, lanes, row);
    for (unsigned i = 0; i < GUI_LANE_CLASSES; i++) {
        columns->highest[i] = 0;
        columns->lowest[i] = INT32_MAX;
    }
    gui_lanes_columns(lanes, row, view->span.from, view->span.to, columns->width, columns->ns,
                      columns->marks);
    for (unsigned x = 0; x < columns->width; x++)
        divide(columns, x, columns->ns[x], mean);
}

static void columns_init(TimelineColumns *columns, unsigned width)
{
    unsigned padded = (width + TIMELINE_TILE - 1) / TIMELINE_TILE * TIMELINE_TILE;

    *columns = (TimelineColumns){.width = width,
                                 .ns = g_malloc_n(width, sizeof(*columns->ns)),
                                 .marks = g_malloc(width),
                                 .memory = g_new0(int32_t, padded * GUI_LANE_CLASSES)};
    for (unsigned i = 0; i < GUI_LANE_CLASSES; i++)
        columns->tops[i] = columns->memory + (size_t)i * padded;
}

static void columns_clear(TimelineColumns *columns)
{
    g_free(columns->ns);
    g_free(columns->marks);
    g_free(columns->memory);
}

/* ---- As rectangles ----------------------------------------------------------------------------
 */

static bool same(const TimelineColumns *columns, unsigned one, unsigned other)
{
    for (unsigned i = 0; i < columns->layers; i++) {
        if (columns->tops[i][one] != columns->tops[i][other])
            return false;
    }
    return true;
}

static void paint_run(cairo_t *cr, const GuiTheme *theme, GuiRect bar,
                      const TimelineColumns *columns, const TimelineFill *fills, unsigned from,
                      unsigned to)
{
    int32_t low = 0;

    for (unsigned i = 0; i < columns->layers; i++) {
        int32_t top = columns->tops[i][from];
        GuiRect box = {bar.x + from, bar.y + columns->height - top, to - from, top - low};
        const TimelineFill *fill = &fills[columns->fill[i]];
        if (top == low)
            continue;
        low = top;
        if (fill->owner >= 0) {
            gui_paint_owner(cr, theme, box, (unsigned)fill->owner);
        } else if (columns->fill[i] == FILL_READY) {
            gui_paint_state(cr, theme, box, GUI_VCPU_READY);
        } else {
            cairo_rectangle(cr, box.x, box.y, box.width, box.height);
            gui_set_colour(cr, fill->colour, 1);
            cairo_fill(cr);
        }
    }
}

static void paint_rectangles(cairo_t *cr, const GuiTheme *theme, GuiRect bar,
                             const TimelineColumns *columns, const TimelineFill *fills)
{
    unsigned from = 0;

    cairo_rectangle(cr, bar.x, bar.y, bar.width, bar.height);
    gui_set_colour(cr, fills[FILL_NONE].colour, 1);
    cairo_fill(cr);
    for (unsigned x = 1; x <= columns->width; x++) {
        if (x < columns->width && same(columns, x, from))
            continue;
        paint_run(cr, theme, bar, columns, fills, from, x);
        from = x;
    }
}

/* ---- Marks ---------------------------------------------------------------------------------- */

GuiColour timeline_mark_colour(const GuiTheme *theme, unsigned kind)
{
    return kind == GUI_MARK_EXIT        ? theme->ink
           : kind == GUI_MARK_FAULT     ? theme->bad
           : kind == GUI_MARK_INTERRUPT ? theme->accent
                                        : theme->warn;
}

/* Each kind has its own line in the strip; neighbours are drawn as one. */
static void paint_marks(cairo_t *cr, const GuiTheme *theme, GuiRect strip,
                        const TimelineColumns *columns)
{
    double height = strip.height / GUI_MARK_COUNT;

    for (unsigned kind = 0; kind < GUI_MARK_COUNT; kind++) {
        unsigned from, to = 0;
        bool any = false;
        while (timeline_next_mark(columns, kind, &from, &to)) {
            cairo_rectangle(cr, strip.x + from, strip.y + kind * height, to - from,
                            MAX(height - 1, 1));
            any = true;
        }
        if (any) {
            gui_set_colour(cr, timeline_mark_colour(theme, kind), 1);
            cairo_fill(cr);
        }
    }
}

bool timeline_next_mark(const TimelineColumns *columns, unsigned kind, unsigned *from, unsigned *to)
{
    unsigned x = *to;

    while (x < columns->width && !(columns->marks[x] >> kind & 1))
        x++;
    if (x >= columns->width)
        return false;
    *from = x;
    while (x < columns->width && (columns->marks[x] >> kind & 1))
        x++;
    /* A lone mark is two pixels wide, or it would be overlooked. */
    *to = MAX(x, *from + 2);
    return true;
}

/* ---- All rows -------------------------------------------------------------------------------- */

typedef struct {
    const GuiTimeline *timeline;
    const GuiTimelineView *view;
    const GuiLanes *lanes;
    TimelineFill fills[FILL_COUNT];
    uint32_t mark_pixels[GUI_MARK_COUNT];
} Rows;

/* Into pixels, or with cr, as rectangles. */
static void paint_rows(const Rows *rows, cairo_t *cr, const TimelinePixels *pixels)
{
    const GuiTimeline *timeline = rows->timeline;
    double bottom = timeline->height - timeline->legend_height;
    TimelineColumns columns;

    columns_init(&columns, (unsigned)CLAMP(timeline->width - timeline->gutter, 1, 32000));
    for (unsigned row = 0; row < MIN(timeline->rows, gui_lanes_count(rows->lanes)); row++) {
        GuiRect box = gui_timeline_row(timeline, rows->view, row);
        GuiRect bar = timeline_bar(timeline, box, row < timeline->pcpus);
        GuiRect strip = timeline_strip(timeline, box);
        if (box.y + box.height < timeline->axis_height || box.y > bottom)
            continue;
        columns.height = (unsigned)bar.height;
        fill_columns(rows->view, rows->lanes, row, &columns);
        if (pixels) {
            timeline_write_bar(pixels, bar, &columns, rows->fills);
            if (row >= timeline->pcpus)
                timeline_write_marks(pixels, strip, &columns, rows->mark_pixels);
        } else {
            paint_rectangles(cr, timeline->theme, bar, &columns, rows->fills);
            if (row >= timeline->pcpus)
                paint_marks(cr, timeline->theme, strip, &columns);
        }
    }
    columns_clear(&columns);
}

/* The surface is not one of ours to write to (or is turned, or scaled): a picture of all
 * rows that is put there as it is. */
static void paint_copy(const Rows *rows, cairo_t *cr)
{
    const GuiTimeline *timeline = rows->timeline;
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)ceil(timeline->width), (int)ceil(timeline->height));
    cairo_t *own = cairo_create(surface);
    TimelinePixels pixels;

    gui_set_colour(own, timeline->theme->ground, 1);
    cairo_paint(own);
    if (timeline_pixels_begin(own, &pixels)) {
        paint_rows(rows, NULL, &pixels);
        timeline_pixels_end(&pixels);
    }
    cairo_destroy(own);
    cairo_set_source_surface(cr, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_rectangle(cr, timeline->gutter, 0, timeline->width - timeline->gutter, timeline->height);
    cairo_fill(cr);
    cairo_surface_destroy(surface);
}

void timeline_paint_bars(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr,
                         const GuiLanes *lanes)
{
    g_autofree Rows *rows = g_new(Rows, 1);
    TimelinePixels pixels;

    rows->timeline = timeline;
    rows->view = view;
    rows->lanes = lanes;
    make_fills(rows->fills, timeline->theme);
    for (unsigned kind = 0; kind < GUI_MARK_COUNT; kind++)
        rows->mark_pixels[kind] = pixel(timeline_mark_colour(timeline->theme, kind));
    if (gui_is_vector(cr)) {
        paint_rows(rows, cr, NULL);
    } else if (timeline_pixels_begin(cr, &pixels)) {
        paint_rows(rows, cr, &pixels);
        timeline_pixels_end(&pixels);
    } else {
        paint_copy(rows, cr);
    }
}
