/* SPDX-License-Identifier: GPL-2.0-or-later */
/* application.h: the program hvlab-gui: one process, its windows, and what belongs to
 * none of them (preferences, shortcuts, about). */
#pragma once

#include <adwaita.h>

#define GUI_TYPE_APPLICATION (gui_application_get_type())
G_DECLARE_FINAL_TYPE(GuiApplication, gui_application, GUI, APPLICATION, AdwApplication)

GuiApplication *gui_application_new(void);
