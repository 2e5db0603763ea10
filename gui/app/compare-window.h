/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare-window.h: two runs on one time axis, with their numbers, in a window of its own. */
#pragma once

#include "gui/app/common.h"
#include "gui/app/engine.h"

/* trace: of the first run, kept as long as needed. scenario: the file that can be run with
 * values changed; NULL: none. */
GtkWidget *gui_compare_window_new(const char *scenario, GBytes *trace, const char *title);
/* Compares with the trace at path. */
void gui_compare_window_with(GtkWidget *window, const char *path);

/* In export-image.c: a widget as it looks, to a file .png, .svg or .pdf. */
gboolean gui_export_image(GtkWidget *widget, const char *path, double scale, GError **error);
