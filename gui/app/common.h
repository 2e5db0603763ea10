/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common.h: what every part of the application needs: translation, the theme that
 * goes with the desktop's settings, and small helpers around widgets. */
#pragma once

#include <adwaita.h>
#include <glib/gi18n.h>

#include "gui/draw/theme.h"
#include "gui/session/scene.h"

#define GUI_APP_ID        "org.hvlab.Hvlab"
#define GUI_RESOURCE_PATH "/org/hvlab/Hvlab/"

/* The application's settings; from the build folder when it is not installed. Owned by
 * the application, the same object each time. */
GSettings *gui_settings(void);

/* The property is what the setting says, once, and the setting follows it from then on: windows
 * begin as the last one was left, and do not pull at each other. */
void gui_remember(const char *setting, void *object, const char *property);

/* Colours and type as the desktop asks for: light, dark or high contrast, its font, the
 * size of its text. larger: 1 as it is, 1.5 for a projector. */
GuiTheme gui_app_theme(GtkWidget *widget, double larger);
/* Does the desktop ask for less motion? */
bool gui_reduced_motion(void);

/* The name that a screen reader says, and its longer explanation (may be NULL). */
void gui_set_accessible(GtkWidget *widget, const char *label, const char *description);

/* A page of a stack: its content is hidden as long as the page is not the one that is seen. (A
 * stack alone leaves all of its pages to screen readers.) */
GtkWidget *gui_page(GtkWidget *content);

/* A label that wraps, left-aligned, with a style class (or NULL). */
GtkWidget *gui_label(const char *text, const char *style_class);

/* ---- Right to left -------------------------------------------------------------------------- */

/* Numbers in a label stay in their order ("41 / 512") where people write from right to left,
 * and stand at the side at which a line begins. */
void gui_label_keep_order(GtkWidget *label);
/* A widget with all that is in it stays as it is: time runs to the right, in pictures as in the
 * buttons and the slider that go through it. */
void gui_keep_left_to_right(GtkWidget *widget);
/* The little Markdown of scenarios (**bold**, *italic*, `code`) as Pango markup; g_free(). */
char *gui_markdown(const char *text);
