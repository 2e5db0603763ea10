/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window-keys.c: keys that mean something to what has the focus, too. An accelerator of the
 * application comes before everything, so a full stop could not be typed and the space bar
 * would press no button. These here come after the widget with the focus, but for the two
 * keys of a presenter's remote control, which come before it unless text is being typed. */
#include "gui/app/window-private.h"

static const struct {
    const char *key, *action;
    bool first; /* before the widget with the focus */
} keys[] = {
    {"space", "win.play", false},
    {"period", "win.step-forward", false},
    {"comma", "win.step-back", false},
    {"Escape", "win.deselect", false},
    {"<Control>Home", "win.to-start", false},
    {"<Control>End", "win.to-end", false},
    {"<Control>Right", "win.next-step", false},
    {"<Control>Left", "win.previous-step", false},
    {"<Control>z", "win.undo", false},
    {"Page_Down", "win.next-step", true},
    {"Page_Up", "win.previous-step", true},
};

static gboolean pressed(GtkWidget *widget, GVariant *number, void *user)
{
    unsigned i = g_variant_get_uint32(number);
    GtkWidget *focus = gtk_root_get_focus(GTK_ROOT(widget));

    if (keys[i].first && (GTK_IS_TEXT(focus) || GTK_IS_TEXT_VIEW(focus)))
        return FALSE;

    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(widget), keys[i].action + 4);

    if (!action || !g_action_get_enabled(action))
        return FALSE;
    g_action_activate(action, NULL);
    return TRUE;
}

void gui_window_add_keys(GuiWindow *window)
{
    GtkEventController *before = gtk_shortcut_controller_new();
    GtkEventController *after = gtk_shortcut_controller_new();

    gtk_event_controller_set_propagation_phase(before, GTK_PHASE_CAPTURE);
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        GtkShortcut *shortcut = gtk_shortcut_new(gtk_shortcut_trigger_parse_string(keys[i].key),
                                                 gtk_callback_action_new(pressed, NULL, NULL));

        gtk_shortcut_set_arguments(shortcut, g_variant_new_uint32(i));
        gtk_shortcut_controller_add_shortcut(
            GTK_SHORTCUT_CONTROLLER(keys[i].first ? before : after), shortcut);
    }
    gtk_widget_add_controller(GTK_WIDGET(window), before);
    gtk_widget_add_controller(GTK_WIDGET(window), after);
}
