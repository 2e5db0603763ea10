/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window-depth.c: the window's actions for who wants to know exactly: runs with registers
 * and code recorded. */
#include <string.h>

#include "gui/app/common.h"
#include "gui/app/window-private.h"

/* Comes back to the exits that were being looked at. */
static void do_run_details(GuiWindow *window, GVariant *unused)
{
    if (!window->file || !window->is_scenario)
        return;
    window->details = true;
    gui_window_start_engine(window, window->live);
}

static const struct {
    const char *name, *parameter;
    void (*run)(GuiWindow *window, GVariant *parameter);
    const char *accels[3];
} actions[] = {
    {"run-details", NULL, do_run_details, {"<Control><Shift>d"}},
};

static void activated(GSimpleAction *action, GVariant *parameter, void *user)
{
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++)
        if (!strcmp(actions[i].name, g_action_get_name(G_ACTION(action))))
            actions[i].run(GUI_WINDOW(user), parameter);
}

static void enable(GuiWindow *window, const char *name, bool on)
{
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(window), name);

    if (action)
        g_simple_action_set_enabled(G_SIMPLE_ACTION(action), on);
}

void gui_window_update_depth_actions(GuiWindow *window)
{
    enable(window, "run-details", window->file && window->is_scenario);
}

void gui_window_add_depth_actions(GuiWindow *window)
{
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        g_autoptr(GSimpleAction) action = g_simple_action_new(
            actions[i].name, actions[i].parameter ? G_VARIANT_TYPE(actions[i].parameter) : NULL);

        g_signal_connect(action, "activate", G_CALLBACK(activated), window);
        g_action_map_add_action(G_ACTION_MAP(window), G_ACTION(action));
    }
}

void gui_window_set_depth_accels(GtkApplication *application)
{
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        g_autofree char *name = g_strdup_printf("win.%s", actions[i].name);

        if (actions[i].accels[0])
            gtk_application_set_accels_for_action(application, name,
                                                  (const char *const *)actions[i].accels);
    }
}
