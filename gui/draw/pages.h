/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pages.h: the views that a window makes of widgets, as sheets: tables, the stage in rows,
 * consoles, a frame's way, exits. What a row says is what the window says.
 */
#pragma once

#include "gui/draw/sheet.h"
#include "gui/session/code.h"
#include "gui/session/journey.h"
#include "gui/session/scene.h"

/* The tables of the world. before: those of an earlier moment, to mark what has changed
 * since; NULL: nothing is marked. */
GuiSheet *gui_page_tables(const SimModel *model, const GPtrArray *before);
/* What the stage shows, in rows, those of a kind together. */
GuiSheet *gui_page_rows(const GuiScene *scene);
/* What each VM has printed; or only one VM, else GUI_PAGE_ALL. */
#define GUI_PAGE_ALL UINT32_MAX
GuiSheet *gui_page_console(const SimModel *model, uint32_t only_vm);
/* The way of a frame, hop by hop; the last one before the session's time is marked. */
GuiSheet *gui_page_way(GuiSession *session, uint64_t frame);
/* How often vCPUs were left, and one exit from close by: the one that the session is at. */
GuiSheet *gui_page_exits(GuiSession *session, const GuiCode *code);
