/* SPDX-License-Identifier: GPL-2.0-or-later */
/* step-panel.h: what a lesson says and asks at its current step.
 *
 * Shows title and text, lets one predict (choose, count, click machines on the stage
 * or here, put in order), reveals what really happened, and leads on with the actions
 * win.next-step and win.previous-step.
 */
#pragma once

#include "gui/app/lesson.h"

#include <gtk/gtk.h>

GtkWidget *gui_step_panel_new(GuiSession *session, GuiLesson *lesson);
