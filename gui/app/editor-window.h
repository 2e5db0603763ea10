/* SPDX-License-Identifier: GPL-2.0-or-later */
/* editor-window.h: a scenario's text with a form for the common things, in a window of its
 * own. What is not saved is not lost without asking. */
#pragma once

#include "gui/app/common.h"

/* Runs the scenario at path in the window that the editor belongs to. */
typedef void (*GuiEditorRun)(const char *path, void *user);

/* path: of the scenario; read_only: it belongs to the library, so a copy is saved instead. run
 * is called only while parent is there. */
GtkWidget *gui_editor_window_new(GtkWindow *parent, const char *path, bool read_only,
                                 GuiEditorRun run, void *user, GError **error);
