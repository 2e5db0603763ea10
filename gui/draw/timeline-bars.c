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

#define TILE 8

/* What a part of a column is filled with: a tile of pixels, or a colour on paper. */
typedef struct {
    uint32_t tile[TILE][TILE];
    GuiColour colour;
    int owner; /* -1: a plain colour or stripes */
} Fill;

enum {
    FILL_NONE = 0,
    FILL_RUNNING,
    FILL_READY,
    FILL_BLOCKED,
    FILL_OWNERS, /* and the next ones up to the number of owners */
    FILL_COUNT = FILL_OWNERS + GUI_THEME_OWNERS + 1
};
#define FILL_OTHERS (FILL_OWNERS + GUI_THEME_OWNERS)

/* How a column is divided, from below: up to the classes there are. */
typedef struct {
    uint8_t fill[GUI_LANE_CLASSES];
    uint16_t top[GUI_LANE_CLASSES]; /* in pixels from below; rising */
    uint8_t count;
} Column;

static uint32_t pixel(GuiColour c)
{
    return 0xff000000u | (uint32_t)(c.r * 255 + 0.5) << 16 | (uint32_t)(c.g * 255 + 0.5) << 8 |
           (uint32_t)(c.b * 255 + 0.5);
}

static void make_plain(Fill *fill, GuiColour colour)
{
    fill->colour = colour;
    fill->owner = -1;
    for (int y = 0; y < TILE; y++)
        for (int x = 0; x < TILE; x++)
            fill->tile[y][x] = pixel(colour);
}

static void make_striped(Fill *fill, GuiColour colour, GuiColour stripe)
{
    make_plain(fill, colour);
    for (int y = 0; y < TILE; y++)
        for (int x = 0; x < TILE; x++)
            if ((x + y) % TILE < 3)
                fill->tile[y][x] = pixel(stripe);
}

static void make_owner(Fill *fill, const GuiTheme *theme, unsigned owner)
{
    cairo_surface_t *tile = cairo_image_surface_create(CAIRO_FORMAT_RGB24, TILE, TILE);
    cairo_t *cr = cairo_create(tile);
    const unsigned char *data;

    make_plain(fill, theme->owners[owner]);
    fill->owner = (int)owner;
    gui_paint_owner(cr, theme, (GuiRect){0, 0, TILE, TILE}, owner);
    cairo_destroy(cr);
    cairo_surface_flush(tile);
    data = cairo_image_surface_get_data(tile);
    for (int y = 0; data && y < TILE; y++) {
        memcpy(fill->tile[y], data + y * cairo_image_surface_get_stride(tile), TILE * 4);
        for (int x = 0; x < TILE; x++)
            fill->tile[y][x] |= 0xff000000u;
    }
    cairo_surface_destroy(tile);
}

static void make_fills(Fill *fills, const GuiTheme *theme)
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

/* Which class lies lowest, and with what it is filled; FILL_NONE: left free. */
typedef struct {
    uint8_t class[GUI_LANE_CLASSES], fill[GUI_LANE_CLASSES];
    unsigned count;
} Order;

static Order order_of(const GuiLanes *lanes, unsigned row)
{
    Order order = {{GUI_VCPU_RUNNING, GUI_VCPU_READY, GUI_VCPU_BLOCKED},
                   {FILL_RUNNING, FILL_READY, FILL_BLOCKED},
                   3};

    if (!gui_lanes_info(lanes, row).is_pcpu)
        return order;
    order.count = 0;
    for (uint8_t class = 1; class < GUI_LANE_CLASSES; class ++) {
        uint16_t vm = gui_lanes_class_vm(lanes, row, class);
        order.class[order.count] = class;
        order.fill[order.count++] =
            class == GUI_PCPU_OTHERS ? FILL_OTHERS : (uint8_t)(FILL_OWNERS + vm % GUI_THEME_OWNERS);
    }
    return order;
}

static void divide(Column *column, const Order *order, const uint64_t *ns, uint64_t length,
                   unsigned height)
{
    double pixels = (double)height / (double)length, sum = 0;

    column->count = 0;
    for (unsigned i = 0; i < order->count; i++) {
        uint64_t own = ns[order->class[i]];
        if (own == 0)
            continue;
        sum += (double)own * pixels;
        column->fill[column->count] = order->fill[i];
        /* What was there at all is seen. */
        column->top[column->count] = (uint16_t)MIN(MAX(sum + 0.5, column->count + 1.0), height);
        column->count++;
    }
}

static uint64_t column_time(const GuiTimelineView *view, unsigned x, unsigned width)
{
    uint64_t length = view->span.to - view->span.from;

    return view->span.from + length / width * x + length % width * x / width;
}

typedef struct {
    Column *columns;
    uint64_t (*ns)[GUI_LANE_CLASSES]; /* per column */
    uint8_t *marks;                   /* per column, a bit for each kind */
    unsigned width, height;
    cairo_surface_t *pixels; /* for all rows in turn, as high as the highest */
} RowPicture;

static void fill_columns(const GuiTimelineView *view, const GuiLanes *lanes, unsigned row,
                         RowPicture *picture)
{
    Order order = order_of(lanes, row);
    uint64_t from = view->span.from;

    gui_lanes_columns(lanes, row, from, view->span.to, picture->width, picture->ns, picture->marks);
    for (unsigned x = 0; x < picture->width; x++) {
        uint64_t to = column_time(view, x + 1, picture->width);
        divide(&picture->columns[x], &order, picture->ns[x], MAX(to - from, 1), picture->height);
        from = to;
    }
}

/* ---- As pixels ---------------------------------------------------------------------------- */

static void write_bar(uint8_t *data, int stride, const RowPicture *picture, const Fill *fills)
{
    /* Down each column: the lines of a bar stay in the processor's cache. */
    for (unsigned x = 0; x < picture->width; x++) {
        const Column *column = &picture->columns[x];
        unsigned y = 0;
        for (unsigned i = 0; i <= column->count; i++) {
            const Fill *fill = &fills[i < column->count ? column->fill[i] : FILL_NONE];
            unsigned top = i < column->count ? column->top[i] : picture->height;
            for (; y < top; y++) {
                unsigned line = picture->height - 1 - y;
                ((uint32_t *)(data + line * (size_t)stride))[x] = fill->tile[line % TILE][x % TILE];
            }
        }
    }
}

static void paint_pixels(cairo_t *cr, GuiRect bar, const RowPicture *picture, const Fill *fills)
{
    uint8_t *data = cairo_image_surface_get_data(picture->pixels);

    if (!data)
        return;
    cairo_surface_flush(picture->pixels);
    write_bar(data, cairo_image_surface_get_stride(picture->pixels), picture, fills);
    cairo_surface_mark_dirty(picture->pixels);
    cairo_set_source_surface(cr, picture->pixels, bar.x, bar.y);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_rectangle(cr, bar.x, bar.y, picture->width, picture->height);
    cairo_fill(cr);
}

/* ---- As rectangles ----------------------------------------------------------------------------
 */

static bool same(const Column *one, const Column *other)
{
    return one->count == other->count &&
           memcmp(one->fill, other->fill, one->count * sizeof(*one->fill)) == 0 &&
           memcmp(one->top, other->top, one->count * sizeof(*one->top)) == 0;
}

static void paint_run(cairo_t *cr, const GuiTheme *theme, GuiRect bar, const RowPicture *picture,
                      const Fill *fills, unsigned from, unsigned to)
{
    const Column *column = &picture->columns[from];
    unsigned low = 0;

    for (unsigned i = 0; i < column->count; i++) {
        GuiRect box = {bar.x + from, bar.y + picture->height - column->top[i], to - from,
                       column->top[i] - low};
        const Fill *fill = &fills[column->fill[i]];
        low = column->top[i];
        if (fill->owner >= 0) {
            gui_paint_owner(cr, theme, box, (unsigned)fill->owner);
        } else if (column->fill[i] == FILL_READY) {
            gui_paint_state(cr, theme, box, GUI_VCPU_READY);
        } else {
            cairo_rectangle(cr, box.x, box.y, box.width, box.height);
            gui_set_colour(cr, fill->colour, 1);
            cairo_fill(cr);
        }
    }
}

static void paint_rectangles(cairo_t *cr, const GuiTheme *theme, GuiRect bar,
                             const RowPicture *picture, const Fill *fills)
{
    unsigned from = 0;

    cairo_rectangle(cr, bar.x, bar.y, bar.width, bar.height);
    gui_set_colour(cr, fills[FILL_NONE].colour, 1);
    cairo_fill(cr);
    for (unsigned x = 1; x <= picture->width; x++) {
        if (x < picture->width && same(&picture->columns[x], &picture->columns[from]))
            continue;
        paint_run(cr, theme, bar, picture, fills, from, x);
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
                        const RowPicture *picture)
{
    double height = strip.height / GUI_MARK_COUNT;

    for (unsigned kind = 0; kind < GUI_MARK_COUNT; kind++) {
        bool any = false;
        for (unsigned x = 0; x < picture->width; x++) {
            unsigned from = x;
            while (x < picture->width && (picture->marks[x] >> kind & 1))
                x++;
            if (x == from)
                continue;
            /* A lone mark is two pixels wide, or it would be overlooked. */
            cairo_rectangle(cr, strip.x + from, strip.y + kind * height, MAX(x - from, 2u),
                            MAX(height - 1, 1));
            any = true;
        }
        if (any) {
            gui_set_colour(cr, timeline_mark_colour(theme, kind), 1);
            cairo_fill(cr);
        }
    }
}

void timeline_paint_bars(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr,
                         const GuiLanes *lanes)
{
    unsigned width = (unsigned)CLAMP(timeline->width - timeline->gutter, 1, 32000);
    RowPicture picture = {.columns = g_new(Column, width),
                          .ns = g_malloc_n(width, sizeof(*picture.ns)),
                          .marks = g_malloc(width),
                          .width = width};
    double bottom = timeline->height - timeline->legend_height;
    bool vector = gui_is_vector(cr);
    g_autofree Fill *fills = g_new(Fill, FILL_COUNT);

    make_fills(fills, timeline->theme);
    picture.pixels = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)width,
        (int)MAX(ceil(MAX(timeline->pcpu_height, timeline->vcpu_height)), 1));
    for (unsigned row = 0; row < MIN(timeline->rows, gui_lanes_count(lanes)); row++) {
        GuiRect box = gui_timeline_row(timeline, view, row);
        GuiRect bar = timeline_bar(timeline, box, row < timeline->pcpus);
        if (box.y + box.height < timeline->axis_height || box.y > bottom)
            continue;
        picture.height = (unsigned)bar.height;
        fill_columns(view, lanes, row, &picture);
        if (vector)
            paint_rectangles(cr, timeline->theme, bar, &picture, fills);
        else
            paint_pixels(cr, bar, &picture, fills);
        if (row >= timeline->pcpus)
            paint_marks(cr, timeline->theme, timeline_strip(timeline, box), &picture);
    }
    cairo_surface_destroy(picture.pixels);
    g_free(picture.columns);
    g_free(picture.ns);
    g_free(picture.marks);
}
