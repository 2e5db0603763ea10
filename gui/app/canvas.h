/* SPDX-License-Identifier: GPL-2.0-or-later */
/* canvas.h: a picture whose parts can be reached.
 *
 * A canvas shows what a cairo function draws. Over each thing in the picture lies an
 * invisible button, a hotspot, with the thing's name: so a screen reader finds it, a
 * click and the Enter key choose it, arrow keys move between things as they lie in
 * space, and the focus ring is drawn around it. Tab enters the picture at one place
 * and leaves it again.
 */
#pragma once

#include "gui/app/common.h"
#include "gui/draw/geometry.h"

#define GUI_TYPE_CANVAS (gui_canvas_get_type())
G_DECLARE_FINAL_TYPE(GuiCanvas, gui_canvas, GUI, CANVAS, GtkWidget)

/* All are called with the user pointer given at creation. */
typedef struct {
    /* Draws the whole picture. Required. */
    void (*draw)(cairo_t *cr, double width, double height, void *user);
    /* The things in it, in the order in which Tab should find them; a GArray of GuiItem that
     * the canvas takes over. May be NULL: there are none. */
    GArray *(*items)(double width, double height, void *user);
    /* One was clicked or activated. May be NULL. */
    void (*chosen)(GuiEntity entity, void *user);
    /* A click beside all things. May be NULL. */
    void (*ground)(double x, double y, void *user);
} GuiCanvasOps;

GtkWidget *gui_canvas_new(const GuiCanvasOps *ops, void *user);

/* The picture is at least this large; what is around it scrolls. */
void gui_canvas_set_least(GuiCanvas *canvas, double width, double height);

/* The picture has changed, things may have come, gone or moved. */
void gui_canvas_refresh(GuiCanvas *canvas);
/* Only the picture has changed; the hotspots follow within a tenth of a second. */
void gui_canvas_redraw(GuiCanvas *canvas);

/* The thing that has the focus; GUI_NOTHING: none. */
GuiEntity gui_canvas_focused(GuiCanvas *canvas);
bool gui_canvas_focus(GuiCanvas *canvas, GuiEntity entity);
/* The hotspot of a thing, to add style classes or menus; NULL: it is not there. */
GtkWidget *gui_canvas_hotspot(GuiCanvas *canvas, GuiEntity entity);
/* The thing at a place, a small one before a large one; GUI_NOTHING: the ground. */
GuiEntity gui_canvas_at(GuiCanvas *canvas, double x, double y);
/* Where a thing is; false: it is not there. */
bool gui_canvas_box(GuiCanvas *canvas, GuiEntity entity, GuiRect *ret_box);
/* An arrow above the picture from a thing to a place, while something is dragged; from
 * GUI_NOTHING: none any more. */
void gui_canvas_set_arrow(GuiCanvas *canvas, GuiEntity from, double x, double y);

/* While on, canvases give their pictures as drawings in place of pixels, for paper: all in
 * and below the widget. */
void gui_canvas_for_paper(GtkWidget *widget, bool on);
