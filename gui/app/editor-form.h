/* SPDX-License-Identifier: GPL-2.0-or-later */
/* editor-form.h: the common things of a scenario as a form: seed, policy, networks, VMs. It
 * changes the text, a value at a time; the text stays the one truth. */
#pragma once

#include "gui/app/common.h"

typedef struct GuiEditorForm GuiEditorForm;

/* Takes over text, which is the whole of it; NULL: it could not be changed. */
typedef void (*GuiFormChanged)(char *text, void *user);

/* policies: copied. */
GuiEditorForm *gui_editor_form_new(const char *const *policies, GuiFormChanged changed, void *user);
void gui_editor_form_free(GuiEditorForm *form);
GtkWidget *gui_editor_form_widget(GuiEditorForm *form);
/* The text is another one. */
void gui_editor_form_update(GuiEditorForm *form, const char *text);
