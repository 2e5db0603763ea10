/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complete.h: completion of a scenario's keys and values in a GtkSourceView. */
#pragma once

#include <gtksourceview/gtksource.h>

#define GUI_TYPE_COMPLETE (gui_complete_get_type())
G_DECLARE_FINAL_TYPE(GuiComplete, gui_complete, GUI, COMPLETE, GObject)

/* policies: known scheduling policies, ended by NULL; copied. May be NULL. */
GuiComplete *gui_complete_new(const char *const *policies);
