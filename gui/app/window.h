/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window.h: the window: the library, or one open run with its views, lesson and
 * transport. Everything that it can do is an action of its own ("win.play"), with the
 * keys that the shortcuts window lists. */
#pragma once

#include <adwaita.h>

#define GUI_TYPE_WINDOW (gui_window_get_type())
G_DECLARE_FINAL_TYPE(GuiWindow, gui_window, GUI, WINDOW, AdwApplicationWindow)

GtkWidget *gui_window_new(AdwApplication *application, const char *engine_command);

/* Opens a scenario (it is run first) or a trace, in place of what is open. */
void gui_window_open(GuiWindow *window, GFile *file);
/* The keys of all its actions. */
void gui_window_set_accels(GtkApplication *application);
