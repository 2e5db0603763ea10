/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sheet.h: a page of tables and texts, as a picture: what the views that are made of
 * widgets in a window look like on paper.
 *
 * Tables stand in as many columns as there is room for, each in the column that is
 * shortest yet; what is wide goes across all of them. gui_sheet_fit() takes the largest
 * type in which everything fits; if none does, it takes the smallest that can be read
 * and says how many rows are left out.
 */
#pragma once

#include "gui/draw/table.h"
#include "gui/draw/theme.h"
#include "gui/session/exit-path.h"

typedef struct GuiSheet GuiSheet;

GuiSheet *gui_sheet_new(void);
void gui_sheet_free(GuiSheet *sheet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiSheet, gui_sheet_free)

/* Takes over the table. */
void gui_sheet_add_table(GuiSheet *sheet, GuiTable *table);
/* A paragraph across the page, under a title ("": none). */
void gui_sheet_add_text(GuiSheet *sheet, const char *title, const char *text);
/* The ways of an exit, across the page. Takes over the paths. */
void gui_sheet_add_ladder(GuiSheet *sheet, GuiPath *const *paths, unsigned count);

/* Lays it out in that theme, as high as it gets. Returns its height. */
double gui_sheet_lay_out(GuiSheet *sheet, const GuiTheme *theme, double width);
/* Lays it out in the largest type, up to largest times the theme's, in which it fits. */
void gui_sheet_fit(GuiSheet *sheet, const GuiTheme *theme, double largest, double width,
                   double height);
/* After one of these; on the theme's ground, which is painted already. */
void gui_sheet_draw(const GuiSheet *sheet, cairo_t *cr);
/* Rows that there was no room for. */
unsigned gui_sheet_left_out(const GuiSheet *sheet);
