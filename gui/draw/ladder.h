/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ladder.h: the way of an exit through the layers, as stairs: a column for each layer, a
 * row for each step, from top to bottom. Several ways stand beside each other where there
 * is room, else below each other.
 *
 * A full dot is a step that the trace has recorded; a ring is one that it has not.
 */
#pragma once

#include "gui/draw/geometry.h"
#include "gui/draw/theme.h"
#include "gui/session/exit-path.h"

typedef struct GuiLadder GuiLadder;

/* paths and theme are borrowed and must stay. */
GuiLadder *gui_ladder_new(const GuiPath *const *paths, unsigned count, double width,
                          const GuiTheme *theme);
void gui_ladder_free(GuiLadder *ladder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiLadder, gui_ladder_free)

/* How high the picture is at that width. */
double gui_ladder_height(const GuiLadder *ladder);
void gui_ladder_draw(const GuiLadder *ladder, cairo_t *cr, double height);
/* A thing for each step: an event, whose a and b tell the steps apart. GArray of GuiItem. */
GArray *gui_ladder_items(const GuiLadder *ladder);
/* "Step 3 of 9, KVM in the host's kernel, after VM exit: ..."; g_free(). */
char *gui_ladder_step_words(const GuiPath *path, unsigned step);
