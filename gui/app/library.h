/* SPDX-License-Identifier: GPL-2.0-or-later */
/* library.h: what there is to open: the first lesson on one large card, scenarios by
 * topic with level, time and own progress, and files opened lately. Cards activate
 * app.open-path with the file's path. */
#pragma once

#include <gtk/gtk.h>

GtkWidget *gui_library_new(void);
/* Shows only what has this text in its title or id; "" for all. */
void gui_library_search(GtkWidget *library, const char *text);
/* Reads recent files and progress again. */
void gui_library_refresh(GtkWidget *library);

/* The scenarios' folder: $HVLAB_SCENARIOS, installed, or in the source tree; g_free(). */
char *gui_scenario_directory(void);
/* Keeps a path as the first of the recent files; and how far a lesson was taken. */
void gui_remember_recent(const char *path);
void gui_remember_progress(const char *id, unsigned step, unsigned count);
