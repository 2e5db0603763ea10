/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer.h: what stands still in a picture, kept as pixels from one drawing to the next.
 *
 * A view that is drawn again, because time has moved on, differs from what it was in few
 * places. So it paints what has changed into a layer, puts that under the picture, and
 * draws only what moves. On paper there are no pixels to keep: there everything is drawn.
 */
#pragma once

#include "gui/draw/geometry.h"

#include <cairo.h>

typedef struct GuiLayer GuiLayer;

GuiLayer *gui_layer_new(void);
void gui_layer_free(GuiLayer *layer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiLayer, gui_layer_free)

/* Makes it as large as the picture, in units of cr and with its pixels. FALSE: cr draws on
 * paper, or turned, and no layer is of use. *ret_empty: nothing is in it yet. */
bool gui_layer_fit(GuiLayer *layer, cairo_t *cr, double width, double height, bool *ret_empty);
/* To paint in it, in units of cr; cairo_destroy() it. */
cairo_t *gui_layer_begin(GuiLayer *layer);
/* The box in whole pixels, so that painting within it leaves all else as it is. */
GuiRect gui_layer_outer(const GuiLayer *layer, GuiRect box);
/* Puts it under the picture: all pixels of it that may be drawn on are replaced. */
void gui_layer_show(const GuiLayer *layer, cairo_t *cr);
