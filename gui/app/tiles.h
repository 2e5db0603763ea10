/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tiles.h: a picture in a window, of which only what has changed is shown anew.
 *
 * The picture is drawn into pixels that stay. Then it is compared with what the window
 * shows, tile by tile: only a tile with another pixel in it becomes a new texture. GTK
 * sees which textures are the old ones, and neither uploads nor presents those again.
 */
#pragma once

#include <gtk/gtk.h>

typedef struct GuiTiles GuiTiles;

GuiTiles *gui_tiles_new(void);
void gui_tiles_free(GuiTiles *tiles);

/* To draw the picture of width by height units, each of so many pixels; ended with
 * gui_tiles_end(). It begins empty. */
cairo_t *gui_tiles_begin(GuiTiles *tiles, int width, int height, int scale);
/* Takes in what was drawn: how many tiles have changed. Destroys cr. */
unsigned gui_tiles_end(GuiTiles *tiles, cairo_t *cr);
void gui_tiles_snapshot(const GuiTiles *tiles, GtkSnapshot *snapshot);
