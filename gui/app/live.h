/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live.h: touching a live run. Every touch is a command that the engine takes down in the
 * trace; what came of it is read there, said in a toast, and can be taken back where there is
 * a command that does so.
 *
 *   live.c          sends commands, waits for them in the trace, says so; undo
 *   live-menu.c     what can be done to a machine or network, as menus
 *   live-stage.c    on the stage: dragging from here to there, menus of things
 *   live-dialogs.c  the forms: send a ping, add a forward rule
 */
#pragma once

#include "gui/app/canvas.h"
#include "gui/app/window-private.h"

typedef struct GuiLive GuiLive;

GuiLive *gui_live_new(GuiWindow *window);
void gui_live_free(GuiLive *live);

/* Sends a command, as JSON without "at". undo: the command that takes it back; NULL: none.
 * says: what has been done, for people, "The cable of b is pulled". Both are copied. */
void gui_live_command(GuiLive *live, const char *json, const char *says, const char *undo);
/* Takes the last command back that can be; nothing to take back: nothing happens. */
void gui_live_undo(GuiLive *live);
bool gui_live_can_undo(GuiLive *live);
/* The engine did not understand a command, or could not take it. */
void gui_live_refused(GuiLive *live, const char *why);

/* ---- Commands back ------------------------------------------------------------ */

/* The command that takes another one back in the world as model has it, NULL: none. g_free(). */
char *gui_live_undo_of(const SimModel *model, const char *json);

/* ---- Menus ----------------------------------------------------------------------------------- */

/* How commands name a thing that can send a ping: "vm:a", "host", "lan:printer". NULL: it
 * cannot. g_free(). */
char *gui_live_endpoint(const SimModel *model, GuiEntity entity);
/* All of them that there are; g_strfreev(). */
char **gui_live_endpoints(const SimModel *model);
/* What can be done to a thing, or (GUI_NOTHING) to all; NULL: nothing. g_object_unref(). */
GMenuModel *gui_live_menu(const SimModel *model, GuiEntity entity);

/* Lets one drag a ping from thing to thing on the stage, and call a thing's menu (right button,
 * Menu key, Shift+F10). around: a widget that holds the canvas, for the menus. */
void gui_live_touch(GuiLive *live, GuiCanvas *canvas, GtkWidget *around);

/* ---- Dialogs -----------------------------------------------------------------------------------
 */

/* Asks from where to where; from: chosen at first, "": none. */
void gui_live_ping_dialog(GuiLive *live, const char *from);
/* Asks for a forward rule of a network; "": of the first that can have one. */
void gui_live_forward_dialog(GuiLive *live, const char *network);

GuiWindow *gui_live_window(GuiLive *live);
