/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tiles.c: a picture as textures. A texture's bytes are never changed, so the bytes of
 * the last one of a tile are also what the tile is compared with. */
#include "gui/app/tiles.h"

#include <string.h>

/* In pixels. Small ones spare more, many of them cost more. */
#define TILE_WIDTH  256
#define TILE_HEIGHT 128

typedef struct {
    int x, y, width, height; /* in pixels */
    GBytes *bytes;           /* NULL: none yet */
    GdkTexture *texture;
} Tile;

struct GuiTiles {
    cairo_surface_t *surface;
    GArray *tiles; /* of Tile */
    int width, height, scale;
};

static void tile_clear(void *data)
{
    Tile *tile = data;

    g_clear_pointer(&tile->bytes, g_bytes_unref);
    g_clear_object(&tile->texture);
}

GuiTiles *gui_tiles_new(void)
{
    GuiTiles *tiles = g_new0(GuiTiles, 1);

    tiles->tiles = g_array_new(FALSE, TRUE, sizeof(Tile));
    g_array_set_clear_func(tiles->tiles, tile_clear);
    return tiles;
}

void gui_tiles_free(GuiTiles *tiles)
{
    if (!tiles)
        return;
    g_clear_pointer(&tiles->surface, cairo_surface_destroy);
    g_array_unref(tiles->tiles);
    g_free(tiles);
}

static void resize(GuiTiles *tiles, int width, int height, int scale)
{
    int pixels_x = width * scale, pixels_y = height * scale;

    g_clear_pointer(&tiles->surface, cairo_surface_destroy);
    g_array_set_size(tiles->tiles, 0);
    tiles->width = width;
    tiles->height = height;
    tiles->scale = scale;
    tiles->surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, pixels_x, pixels_y);
    for (int y = 0; y < pixels_y; y += TILE_HEIGHT) {
        for (int x = 0; x < pixels_x; x += TILE_WIDTH) {
            Tile tile = {.x = x,
                         .y = y,
                         .width = MIN(TILE_WIDTH, pixels_x - x),
                         .height = MIN(TILE_HEIGHT, pixels_y - y)};
            g_array_append_val(tiles->tiles, tile);
        }
    }
}

cairo_t *gui_tiles_begin(GuiTiles *tiles, int width, int height, int scale)
{
    cairo_t *cr;

    if (!tiles->surface || tiles->width != width || tiles->height != height ||
        tiles->scale != scale)
        resize(tiles, width, height, scale);
    cr = cairo_create(tiles->surface);
    cairo_set_operator(cr, CAIRO_OPERATOR_CLEAR);
    cairo_paint(cr);
    cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
    cairo_scale(cr, scale, scale);
    return cr;
}

static bool has_changed(const Tile *tile, const uint8_t *data, ptrdiff_t stride)
{
    const uint8_t *shown = tile->bytes ? g_bytes_get_data(tile->bytes, NULL) : NULL;
    size_t line = (size_t)tile->width * 4;

    for (int y = 0; shown && y < tile->height; y++) {
        if (memcmp(shown + (size_t)y * line, data + y * stride, line) != 0)
            return true;
    }
    return !shown;
}

static void take_in(Tile *tile, const uint8_t *data, ptrdiff_t stride)
{
    size_t line = (size_t)tile->width * 4;
    uint8_t *copy = g_malloc(line * (size_t)tile->height);

    for (int y = 0; y < tile->height; y++)
        memcpy(copy + (size_t)y * line, data + y * stride, line);
    tile_clear(tile);
    tile->bytes = g_bytes_new_take(copy, line * (size_t)tile->height);
    tile->texture =
        gdk_memory_texture_new(tile->width, tile->height, GDK_MEMORY_DEFAULT, tile->bytes, line);
}

unsigned gui_tiles_end(GuiTiles *tiles, cairo_t *cr)
{
    ptrdiff_t stride = cairo_image_surface_get_stride(tiles->surface);
    const uint8_t *data;
    unsigned changed = 0;

    cairo_destroy(cr);
    cairo_surface_flush(tiles->surface);
    data = cairo_image_surface_get_data(tiles->surface);
    for (guint i = 0; data && i < tiles->tiles->len; i++) {
        Tile *tile = &g_array_index(tiles->tiles, Tile, i);
        const uint8_t *start = data + tile->y * stride + (ptrdiff_t)tile->x * 4;
        if (!has_changed(tile, start, stride))
            continue;
        take_in(tile, start, stride);
        changed++;
    }
    return changed;
}

void gui_tiles_snapshot(const GuiTiles *tiles, GtkSnapshot *snapshot)
{
    float scale = (float)MAX(tiles->scale, 1);

    for (guint i = 0; i < tiles->tiles->len; i++) {
        const Tile *tile = &g_array_index(tiles->tiles, Tile, i);
        if (tile->texture)
            gtk_snapshot_append_texture(
                snapshot, tile->texture,
                &GRAPHENE_RECT_INIT((float)tile->x / scale, (float)tile->y / scale,
                                    (float)tile->width / scale, (float)tile->height / scale));
    }
}
