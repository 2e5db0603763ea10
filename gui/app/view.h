/* SPDX-License-Identifier: GPL-2.0-or-later */
/* view.h: the views of the window. Each is a widget that looks at a session, follows
 * its signals, and draws only while it is seen.
 *
 * Choosing something in any of them selects it in the session; so it is marked in all.
 */
#pragma once

#include "gui/app/canvas.h"
#include "gui/app/common.h"
#include "gui/app/lesson.h"
#include "gui/draw/sheet.h"

/* The stage, and the same in rows. Both emit nothing: they select. */
GtkWidget *gui_stage_view_new(GuiSession *session);
GuiCanvas *gui_stage_view_canvas(GtkWidget *view);
GtkWidget *gui_rows_view_new(GuiSession *session);
GtkWidget *gui_timeline_view_new(GuiSession *session);
GtkWidget *gui_packets_view_new(GuiSession *session);
GtkWidget *gui_memory_view_new(GuiSession *session);
GtkWidget *gui_tables_view_new(GuiSession *session);
GtkWidget *gui_console_view_new(GuiSession *session);
GtkWidget *gui_exits_view_new(GuiSession *session);

/* Larger type and lines, for a projector: 1 to 2. For all views of the window. */
void gui_views_set_scale(GtkWidget *window, double scale);
double gui_views_scale(GtkWidget *view);

/* A view that scrolls is more than what is seen of it: make(user) gives all of it as a sheet,
 * for pictures. NULL: there is nothing. */
typedef GuiSheet *(*GuiMakeSheet)(void *user);
void gui_view_set_sheet(GtkWidget *view, GuiMakeSheet make, void *user);
/* The sheet of the first view in widget that is seen and has one; NULL: none has. */
GuiSheet *gui_view_sheet(GtkWidget *widget);

/* Calls refresh(view, user) now if the view is seen, else when it will be, after any of
 * the session's signals; at most once per picture. Ends with the view. */
typedef void (*GuiRefresh)(GtkWidget *view, void *user);
void gui_view_follow(GtkWidget *view, GuiSession *session, GuiRefresh refresh, void *user);
