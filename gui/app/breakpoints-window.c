/* SPDX-License-Identifier: GPL-2.0-or-later */
/* breakpoints-window.c: a condition to run to, or to stop at; the list of breakpoints; and
 * all kinds of event, each a button that leads to the next one. */
#include <string.h>

#include "gui/app/common.h"
#include "gui/app/window-private.h"

typedef struct {
    GuiWindow *window;
    GuiBreakpoints *breakpoints;
    GtkWidget *self, *toasts, *entry, *error, *list, *none, *kinds;
    bool filling;
} View;

/* ---- The condition ------------------------------------------------------------------------ */

static const char *condition_of(View *view)
{
    return gtk_editable_get_text(GTK_EDITABLE(view->entry));
}

static void show_error(View *view, const GError *error)
{
    gtk_label_set_text(GTK_LABEL(view->error), error ? error->message : "");
    gtk_widget_set_visible(view->error, error != NULL);
    if (error)
        gtk_widget_add_css_class(view->entry, "error");
    else
        gtk_widget_remove_css_class(view->entry, "error");
}

static void run(View *view, int direction)
{
    g_autoptr(GError) error = NULL;

    gui_window_run_to(view->window, condition_of(view), direction, &error);
    show_error(view, error);
}

static void run_clicked(GtkWidget *widget, View *view)
{
    run(view, 1);
}

static void back_clicked(GtkButton *button, View *view)
{
    run(view, -1);
}

static void add_clicked(GtkButton *button, View *view)
{
    g_autoptr(GError) error = NULL;
    SimCondition *good = gui_condition_new(view->window->session, condition_of(view), &error);

    if (good)
        gui_breakpoints_add(view->breakpoints, condition_of(view), &error);
    sim_condition_free(good);
    show_error(view, error);
}

/* While it is being written only kinds that fit its last word are listed. */
static void text_changed(GtkEditable *editable, View *view)
{
    show_error(view, NULL);
    gtk_list_box_invalidate_filter(GTK_LIST_BOX(view->kinds));
}

/* ---- The list -------------------------------------------------------------------------------- */

static unsigned number_of(GtkWidget *widget)
{
    return GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(widget), "number"));
}

static void switched(GtkSwitch *widget, GParamSpec *property, View *view)
{
    if (!view->filling)
        gui_breakpoints_enable(view->breakpoints, number_of(GTK_WIDGET(widget)),
                               gtk_switch_get_active(widget));
}

static void undo_clicked(AdwToast *toast, View *view)
{
    gui_breakpoints_add(view->breakpoints, g_object_get_data(G_OBJECT(toast), "text"), NULL);
}

static void delete_clicked(GtkButton *button, View *view)
{
    unsigned number = number_of(GTK_WIDGET(button));
    char *text = g_strdup(gui_breakpoints_get(view->breakpoints, number).text);
    AdwToast *toast = adw_toast_new(_("Breakpoint deleted"));

    adw_toast_set_button_label(toast, _("_Undo"));
    g_object_set_data_full(G_OBJECT(toast), "text", text, g_free);
    g_signal_connect(toast, "button-clicked", G_CALLBACK(undo_clicked), view);
    gui_breakpoints_remove(view->breakpoints, number);
    adw_toast_overlay_add_toast(ADW_TOAST_OVERLAY(view->toasts), toast);
}

static void next_clicked(GtkButton *button, View *view)
{
    unsigned number = number_of(GTK_WIDGET(button));

    gui_window_run_to(view->window, gui_breakpoints_get(view->breakpoints, number).text, 1, NULL);
}

static GtkWidget *row_button(const char *icon, const char *what, const char *text,
                             GCallback clicked, View *view, unsigned number)
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon);
    g_autofree char *words = g_strdup_printf("%s: %s", what, text);

    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_set_tooltip_text(button, what);
    gui_set_accessible(button, words, NULL);
    g_object_set_data(G_OBJECT(button), "number", GUINT_TO_POINTER(number));
    g_signal_connect(button, "clicked", clicked, view);
    return button;
}

static GtkWidget *row_of(View *view, unsigned number)
{
    GuiBreakpoint one = gui_breakpoints_get(view->breakpoints, number);
    GtkWidget *row = adw_action_row_new(), *on = gtk_switch_new();
    g_autofree char *title = g_markup_escape_text(one.text, -1);
    g_autofree char *error = one.error ? g_markup_escape_text(one.error, -1) : NULL;
    g_autofree char *words = g_strdup_printf(_("Enabled: %s"), one.text);

    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    if (error)
        adw_action_row_set_subtitle(ADW_ACTION_ROW(row), error);
    gtk_widget_set_valign(on, GTK_ALIGN_CENTER);
    gtk_switch_set_active(GTK_SWITCH(on), one.enabled);
    gui_set_accessible(on, words, NULL);
    g_object_set_data(G_OBJECT(on), "number", GUINT_TO_POINTER(number));
    g_signal_connect(on, "notify::active", G_CALLBACK(switched), view);
    adw_action_row_add_prefix(ADW_ACTION_ROW(row), on);
    if (!one.error)
        adw_action_row_add_suffix(ADW_ACTION_ROW(row),
                                  row_button("go-next-symbolic", _("Run to the next one"), one.text,
                                             G_CALLBACK(next_clicked), view, number));
    adw_action_row_add_suffix(ADW_ACTION_ROW(row),
                              row_button("user-trash-symbolic", _("Delete"), one.text,
                                         G_CALLBACK(delete_clicked), view, number));
    return row;
}

static gboolean fill(void *user)
{
    View *view = user;
    GtkWidget *child;

    view->filling = true;
    while ((child = gtk_widget_get_first_child(view->list)))
        gtk_list_box_remove(GTK_LIST_BOX(view->list), child);
    for (unsigned i = 0; i < gui_breakpoints_count(view->breakpoints); i++)
        gtk_list_box_append(GTK_LIST_BOX(view->list), row_of(view, i));
    gtk_widget_set_visible(view->list, gui_breakpoints_count(view->breakpoints) > 0);
    gtk_widget_set_visible(view->none, gui_breakpoints_count(view->breakpoints) == 0);
    view->filling = false;
    return G_SOURCE_REMOVE;
}

static void changed(GuiBreakpoints *breakpoints, View *view)
{
    fill(view);
}

/* ---- Kinds of event -----------------------------------------------------------------------------
 */

/* The word that the text ends in. */
static const char *last_word(const char *text)
{
    const char *space = strrchr(text, ' ');

    return space ? space + 1 : text;
}

static bool is_part_of_any(const char *word)
{
    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++)
        if (strstr(sim_event_info(type)->name, word))
            return true;
    return false;
}

/* A word that is part of no kind's name is a field or a value: then all are listed. */
static gboolean is_listed(GtkListBoxRow *row, void *user)
{
    View *view = user;
    const char *name = sim_event_info((unsigned)gtk_list_box_row_get_index(row))->name;
    const char *word = last_word(condition_of(view));

    return strlen(word) < 3 || strstr(name, word) || !is_part_of_any(word);
}

static void kind_activated(GtkListBox *list, GtkListBoxRow *row, View *view)
{
    const char *name = sim_event_info((unsigned)gtk_list_box_row_get_index(row))->name;

    gtk_editable_set_text(GTK_EDITABLE(view->entry), name);
    run(view, 1);
}

static GtkWidget *build_kinds(View *view)
{
    view->kinds = gtk_list_box_new();
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(view->kinds), GTK_SELECTION_NONE);
    gtk_widget_add_css_class(view->kinds, "boxed-list");
    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        const SimEventInfo *info = sim_event_info(type);
        GtkWidget *row = adw_action_row_new();
        g_autofree char *meaning = g_markup_escape_text(info->meaning, -1);

        adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), info->name);
        adw_action_row_set_subtitle(ADW_ACTION_ROW(row), meaning);
        gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
        gtk_list_box_append(GTK_LIST_BOX(view->kinds), row);
    }
    gtk_list_box_set_filter_func(GTK_LIST_BOX(view->kinds), is_listed, view, NULL);
    gui_set_accessible(view->kinds, _("Kinds of event"), NULL);
    g_signal_connect(view->kinds, "row-activated", G_CALLBACK(kind_activated), view);
    return view->kinds;
}

/* ---- The window
 * -------------------------------------------------------------------------------------- */

static GtkWidget *word_button(const char *text, const char *style, GCallback clicked, View *view)
{
    GtkWidget *button = gtk_button_new_with_label(text);

    if (style)
        gtk_widget_add_css_class(button, style);
    g_signal_connect(button, "clicked", clicked, view);
    return button;
}

static GtkWidget *build_condition(View *view)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
    GtkWidget *buttons = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);

    view->entry = gtk_entry_new();
    gtk_entry_set_placeholder_text(GTK_ENTRY(view->entry), "frame-dropped and vm == \"b\"");
    gtk_widget_add_css_class(view->entry, "monospace");
    gui_set_accessible(view->entry, _("Condition"), NULL);
    g_signal_connect(view->entry, "activate", G_CALLBACK(run_clicked), view);
    g_signal_connect(view->entry, "changed", G_CALLBACK(text_changed), view);
    view->error = gui_label("", "error");
    gtk_label_set_selectable(GTK_LABEL(view->error), TRUE);
    gtk_widget_set_visible(view->error, FALSE);
    gtk_box_append(GTK_BOX(buttons), word_button(_("Run to Next"), "suggested-action",
                                                 G_CALLBACK(run_clicked), view));
    gtk_box_append(GTK_BOX(buttons),
                   word_button(_("Back to Last"), NULL, G_CALLBACK(back_clicked), view));
    gtk_box_append(GTK_BOX(buttons),
                   word_button(_("Add Breakpoint"), NULL, G_CALLBACK(add_clicked), view));
    gtk_box_append(GTK_BOX(box), view->entry);
    gtk_box_append(GTK_BOX(box), view->error);
    gtk_box_append(GTK_BOX(box), buttons);
    gtk_box_append(
        GTK_BOX(box),
        gui_label(_("A kind of event, or FIELD == VALUE with == != < <= > >=, joined by and, or, "
                    "not and parentheses. Fields that all events have: time, index, pcpu; those "
                    "of each kind: hvlab events."),
                  "dim-label"));
    return box;
}

static void view_free(void *user)
{
    View *view = user;

    g_signal_handlers_disconnect_by_data(view->breakpoints, view);
    g_object_unref(view->breakpoints);
    g_free(view);
}

static gboolean escape(GtkWidget *widget, GVariant *unused, void *user)
{
    gtk_window_close(GTK_WINDOW(widget));
    return TRUE;
}

GtkWidget *gui_breakpoints_window_new(GuiWindow *window)
{
    View *view = g_new0(View, 1);
    GtkWidget *all = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18), *clamp = adw_clamp_new();
    GtkWidget *scrolled = gtk_scrolled_window_new();
    GtkEventController *keys = gtk_shortcut_controller_new();
    GtkWidget *header = adw_header_bar_new();

    view->window = window;
    view->breakpoints = g_object_ref(gui_window_breakpoints(window));
    view->self = adw_window_new();
    gtk_window_set_title(GTK_WINDOW(view->self), _("Breakpoints"));
    gtk_window_set_transient_for(GTK_WINDOW(view->self), GTK_WINDOW(window));
    gtk_window_set_default_size(GTK_WINDOW(view->self), 520, 600);
    view->list = gtk_list_box_new();
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(view->list), GTK_SELECTION_NONE);
    gtk_widget_add_css_class(view->list, "boxed-list");
    gui_set_accessible(view->list, _("Breakpoints"), NULL);
    gtk_widget_add_css_class(page, "tables");
    gtk_box_append(GTK_BOX(page), build_condition(view));
    gtk_box_append(GTK_BOX(page), gui_label(_("Breakpoints: playing stops there"), "heading"));
    gtk_box_append(GTK_BOX(page), view->list);
    view->none = gui_label(_("None yet: write a condition above and add it."), "dim-label");
    gtk_box_append(GTK_BOX(page), view->none);
    gtk_box_append(GTK_BOX(page), gui_label(_("Kinds of event: run to the next one"), "heading"));
    gtk_box_append(GTK_BOX(page), build_kinds(view));
    adw_clamp_set_child(ADW_CLAMP(clamp), page);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_widget_set_vexpand(scrolled, TRUE);
    view->toasts = adw_toast_overlay_new();
    adw_header_bar_pack_end(ADW_HEADER_BAR(header),
                            gui_picture_button(page, view->toasts, "breakpoints.png"));
    gtk_box_append(GTK_BOX(all), header);
    gtk_box_append(GTK_BOX(all), scrolled);
    adw_toast_overlay_set_child(ADW_TOAST_OVERLAY(view->toasts), all);
    adw_window_set_content(ADW_WINDOW(view->self), view->toasts);
    gtk_shortcut_controller_add_shortcut(
        GTK_SHORTCUT_CONTROLLER(keys),
        gtk_shortcut_new(gtk_shortcut_trigger_parse_string("Escape"),
                         gtk_callback_action_new(escape, NULL, NULL)));
    gtk_widget_add_controller(view->self, keys);
    g_object_set_data_full(G_OBJECT(view->self), "breakpoints-view", view, view_free);
    g_signal_connect(view->breakpoints, "changed", G_CALLBACK(changed), view);
    fill(view);
    return view->self;
}
