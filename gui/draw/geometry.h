/* SPDX-License-Identifier: GPL-2.0-or-later */
/* geometry.h: rectangles, lists of things at places, and which of them is meant.
 *
 * A layout is a list of items, each an entity with its box and the words a screen
 * reader says. Views find what was clicked in it, windows put focusable widgets on
 * it, and arrow keys move in it as in space.
 */
#pragma once

#include "gui/session/entity.h"

typedef struct {
    double x, y, width, height;
} GuiRect;

typedef struct {
    double x, y;
} GuiPoint;

typedef struct {
    GuiEntity entity;
    GuiRect box;
    char *name; /* what it is and its state, in words; owned by the list */
} GuiItem;

/* A GArray of GuiItem that owns the names; later items lie above earlier ones. */
GArray *gui_items_new(void);
/* Takes over name. */
void gui_items_add(GArray *items, GuiEntity entity, GuiRect box, char *name);

bool gui_rect_contains(GuiRect rect, double x, double y);
bool gui_rect_overlaps(GuiRect one, GuiRect other);
GuiPoint gui_rect_centre(GuiRect rect);
GuiRect gui_rect_inset(GuiRect rect, double by);

/* The topmost item at (x, y); NULL: none. slack: how far beside a small one still counts. */
const GuiItem *gui_items_at(const GArray *items, double x, double y, double slack);
const GuiItem *gui_items_find(const GArray *items, GuiEntity entity);

typedef enum { GUI_LEFT, GUI_RIGHT, GUI_UP, GUI_DOWN } GuiDirection;
/* Where an arrow key leads from an item: the nearest in that direction, those straight
 * ahead first. NULL: none further. from GUI_NOTHING: the first of all. */
const GuiItem *gui_items_toward(const GArray *items, GuiEntity from, GuiDirection direction);

/* A way along straight pieces, by how far one has come, from 0 to 1. */
GuiPoint gui_path_at(const GuiPoint *points, unsigned count, double fraction);
double gui_path_length(const GuiPoint *points, unsigned count);
/* Slow at both ends: 0 to 0, 1 to 1, steadily rising. */
double gui_ease(double fraction);
