/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translation.h: the two translations of one address, as a picture.
 *
 * From left to right: the guest's own page tables, each with the entry that a part of
 * the virtual address selects, down to the guest-physical page; then, beyond a line, the
 * hypervisor's table, which has a page frame of the host for that page. Where the way
 * ends early, the picture ends there and says why. Each table is a page of the guest, so
 * it is chosen as one.
 */
#pragma once

#include "gui/draw/geometry.h"
#include "gui/draw/theme.h"
#include "sim/model/model.h"
#include "sim/model/tables.h"

typedef struct GuiTranslation GuiTranslation;

/* The model is that of the moment, and has the VM; walk is the address's in it. */
GuiTranslation *gui_translation_new(const SimModel *model, uint32_t vm, const SimWalk *walk,
                                    double width, const GuiTheme *theme);
void gui_translation_free(GuiTranslation *translation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiTranslation, gui_translation_free)

/* At least as wide as was asked for. */
void gui_translation_size(const GuiTranslation *translation, double *ret_width, double *ret_height);
void gui_translation_draw(const GuiTranslation *translation, cairo_t *cr, GuiEntity selected);

/* The same in words, from the address to the page frame; GArray of GuiItem. */
GArray *gui_translation_items(const GuiTranslation *translation);
