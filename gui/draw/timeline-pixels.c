/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline-pixels.c: bars and marks as pixels, written into the lines of an image.
 *
 * A line of a bar is made from its lowest layer's tops up: where a layer reaches higher
 * than the line, its colour is taken in place of that of what lies above it. That is
 * the same for all columns, so it is done for four of them at once.
 */
#include <math.h>
#include <string.h>

#include "gui/draw/timeline-private.h"

/* Four pixels, in one register of any processor that we know. */
typedef int32_t Four __attribute__((vector_size(16), aligned(4)));

bool timeline_pixels_begin(cairo_t *cr, TimelinePixels *ret)
{
    cairo_surface_t *surface = cairo_get_group_target(cr);
    cairo_rectangle_list_t *clip;
    double dx, dy;
    cairo_matrix_t m;
    bool good;

    if (cairo_surface_get_type(surface) != CAIRO_SURFACE_TYPE_IMAGE ||
        (cairo_image_surface_get_format(surface) != CAIRO_FORMAT_RGB24 &&
         cairo_image_surface_get_format(surface) != CAIRO_FORMAT_ARGB32))
        return false;
    cairo_get_matrix(cr, &m);
    cairo_surface_get_device_scale(surface, &dx, &dy);
    good = m.xx == 1 && m.yy == 1 && m.xy == 0 && m.yx == 0 && dx == 1 && dy == 1;
    cairo_surface_get_device_offset(surface, &dx, &dy);
    dx += m.x0;
    dy += m.y0;
    clip = cairo_copy_clip_rectangle_list(cr);
    good = good && dx == floor(dx) && dy == floor(dy) && clip->status == CAIRO_STATUS_SUCCESS &&
           clip->num_rectangles == 1;
    cairo_surface_flush(surface);
    if (good) {
        const cairo_rectangle_t *box = &clip->rectangles[0];
        *ret = (TimelinePixels){
            .surface = surface,
            .data = cairo_image_surface_get_data(surface),
            .stride = cairo_image_surface_get_stride(surface),
            .x = (int)dx,
            .y = (int)dy,
            .left = MAX((int)ceil(box->x + dx), 0),
            .top = MAX((int)ceil(box->y + dy), 0),
            .right = MIN((int)(box->x + box->width + dx), cairo_image_surface_get_width(surface)),
            .bottom =
                MIN((int)(box->y + box->height + dy), cairo_image_surface_get_height(surface))};
        good = ret->data != NULL;
    }
    cairo_rectangle_list_destroy(clip);
    return good;
}

void timeline_pixels_end(const TimelinePixels *pixels)
{
    cairo_surface_mark_dirty(pixels->surface);
}

/* The part of a line from (x, y) that may be written: its first pixel, how many of it lie
 * left of that, and how many follow. NULL: nothing of it. */
static uint32_t *find_line(const TimelinePixels *pixels, int x, int y, unsigned width,
                           unsigned *ret_skip, unsigned *ret_count)
{
    int from = MAX(x + pixels->x, pixels->left);
    int to = MIN(x + pixels->x + (int)width, pixels->right);

    y += pixels->y;
    if (y < pixels->top || y >= pixels->bottom || from >= to)
        return NULL;
    *ret_skip = (unsigned)(from - x - pixels->x);
    *ret_count = (unsigned)(to - from);
    return (uint32_t *)(void *)(pixels->data + y * pixels->stride) + from;
}

/* What a line of a bar is made of, from its ground up. */
typedef struct {
    Four tiles[GUI_LANE_CLASSES + 1][2];
    const int32_t *tops[GUI_LANE_CLASSES + 1]; /* not of the ground */
    unsigned count;
} Layers;

/* Layers that cover all of the line hide what is above them, those that end below it
 * are not seen. Few are left: mostly one or two. */
static void find_layers(Layers *layers, const TimelineColumns *columns, const TimelineFill *fills,
                        unsigned phase, int32_t above)
{
    memcpy(layers->tiles[0], fills[0].tile[phase], sizeof(layers->tiles[0]));
    layers->count = 1;
    for (unsigned i = columns->layers; i-- > 0;) {
        if (columns->highest[i] <= above)
            continue;
        if (columns->lowest[i] > above)
            layers->count = 0;
        layers->tops[layers->count] = columns->tops[i];
        memcpy(layers->tiles[layers->count++], fills[columns->fill[i]].tile[phase],
               sizeof(layers->tiles[0]));
    }
}

static inline Four four_pixels(const Layers *layers, unsigned x, unsigned half, Four height)
{
    Four colour = layers->tiles[0][half];

    for (unsigned i = 1; i < layers->count; i++) {
        Four covers = *(const Four *)(const void *)(layers->tops[i] + x) > height;
        colour ^= (colour ^ layers->tiles[i][half]) & covers;
    }
    return colour;
}

/* At the edges of what is seen there may be fewer than four. */
static void write_some(const Layers *layers, uint32_t *line, unsigned from, unsigned to,
                       Four height)
{
    for (unsigned x = from; x < to; x++)
        line[x - from] = (uint32_t)four_pixels(layers, x / 4 * 4, x / 4 % 2, height)[x % 4];
}

/* Pixels from to to - 1 of a bar's line; line is where the first of them goes. */
static void write_line(const Layers *layers, uint32_t *line, unsigned from, unsigned to,
                       Four height)
{
    unsigned x = MIN((from + 7) / 8 * 8, to);

    write_some(layers, line, from, x, height);
    line += x - from;
    for (; x + 8 <= to; x += 8, line += 8) {
        *(Four *)(void *)line = four_pixels(layers, x, 0, height);
        *(Four *)(void *)(line + 4) = four_pixels(layers, x + 4, 1, height);
    }
    write_some(layers, line, x, to, height);
}

void timeline_write_bar(const TimelinePixels *pixels, GuiRect bar, const TimelineColumns *columns,
                        const TimelineFill *fills)
{
    Layers layers;

    for (unsigned y = 0; y < columns->height; y++) {
        int32_t above = (int32_t)(columns->height - 1 - y);
        Four height = {above, above, above, above};
        unsigned skip, count;
        uint32_t *line =
            find_line(pixels, (int)bar.x, (int)bar.y + (int)y, columns->width, &skip, &count);
        if (!line)
            continue;
        find_layers(&layers, columns, fills, y % TIMELINE_TILE, above);
        write_line(&layers, line, skip, skip + count, height);
    }
}

void timeline_write_marks(const TimelinePixels *pixels, GuiRect strip,
                          const TimelineColumns *columns, const uint32_t *colours)
{
    unsigned height = (unsigned)(strip.height / GUI_MARK_COUNT);

    for (unsigned kind = 0; kind < GUI_MARK_COUNT; kind++) {
        unsigned from, to = 0;
        while (timeline_next_mark(columns, kind, &from, &to)) {
            for (unsigned y = 0; y < MAX(height - 1, 1); y++) {
                unsigned skip, count;
                uint32_t *pixel =
                    find_line(pixels, (int)strip.x + (int)from,
                              (int)strip.y + (int)(kind * height + y), to - from, &skip, &count);
                for (unsigned i = 0; pixel && i < count; i++)
                    pixel[i] = colours[kind];
            }
        }
    }
}
