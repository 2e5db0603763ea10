/* SPDX-License-Identifier: GPL-2.0-or-later */
/* predict.h: the form in which a student gives a prediction, one for each kind. */
#pragma once

#include <gtk/gtk.h>

#include "sim/lab/steps.h"

/* A form for what predict asks in the world of model. Signal-like callback: changed is
 * called when what is given has become complete or incomplete. */
typedef void (*GuiPredictChanged)(void *user);
GtkWidget *gui_predict_new(const SimStepPredict *predict, const SimModel *model,
                           GuiPredictChanged changed, void *user);
/* What is given, words ended by NULL; g_strfreev(). NULL: not complete yet. */
char **gui_predict_given(GtkWidget *form);
/* Somebody pointed at a machine called word ("vm:a"): chooses it, or takes it back.
 * false: this form asks for nothing of that kind. */
bool gui_predict_point(GtkWidget *form, const char *word);
