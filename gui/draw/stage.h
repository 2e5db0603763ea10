/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage.h: the host, its VMs, the networks, and frames on their way.
 *
 * VMs stand in rows inside the host's box; below them each network's switch is a
 * bar across, as wide as what is plugged into it. So every cable goes straight
 * down from a NIC to its port and no two cross. What is outside the host (LAN
 * machines, the Internet) stands below it.
 *
 * The layout depends on what exists (VMs, NICs, ports), on the size and on the
 * theme, not on time: make it once and again when gui_stage_fits() says no. It
 * picks the most detailed form of the VMs' cards that fits; if none does, the
 * layout is larger than what was asked for, and the view scrolls or scales.
 */
#pragma once

#include "gui/draw/geometry.h"
#include "gui/draw/theme.h"
#include "gui/session/scene.h"

typedef struct GuiStage GuiStage;

GuiStage *gui_stage_new(const SimModel *model, double width, double height, const GuiTheme *theme);
void gui_stage_free(GuiStage *stage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiStage, gui_stage_free)

/* Is this layout still the right one for the model? (Nothing was created since.) */
bool gui_stage_fits(const GuiStage *stage, const SimModel *model, double width, double height,
                    const GuiTheme *theme);
/* The size it really has, at least what was asked for. */
void gui_stage_size(const GuiStage *stage, double *ret_width, double *ret_height);

/* Everything that stands still: hosts, VMs, NICs, networks, ports, parts, with their
 * state in words. GArray of GuiItem; g_array_unref(). */
GArray *gui_stage_items(const GuiStage *stage, const GuiScene *scene);
/* The frames on cables at the scene's time; entity GUI_ENTITY_FRAME with the port that
 * the copy goes to. Frames close behind each other on a cable share an envelope with a
 * number; its item is the first of them. */
GArray *gui_stage_frames(const GuiStage *stage, const GuiScene *scene);

void gui_stage_draw(const GuiStage *stage, cairo_t *cr, const GuiScene *scene);

/* What is at (x, y): a frame before what stands behind it. GUI_NOTHING: the ground. */
GuiEntity gui_stage_hit(const GuiStage *stage, const GuiScene *scene, double x, double y);
