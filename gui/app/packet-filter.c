/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packet-filter.c: a filter that is wrong leaves the list as it is and says why below the
 * entry, in words; the entry is marked besides. */
#include "gui/app/packet-filter.h"

#include "gui/session/filter.h"

typedef struct {
    GuiPacketModel *model;
    GtkWidget *entry, *says, *help;
} Filter;

/* ---- What may be written ----------------------------------------------------------------- */

static const struct {
    const char *text, *meaning;
} examples[] = {
    {"arp", N_("frames with that protocol")},
    {"ip.addr == 10.0.0.2", N_("from or to that address")},
    {"ip.dst == 10.0.0.0/8", N_("to an address that begins so")},
    {"tcp.port != 80 and frame.len > 100", N_("both; also or, not, ( )")},
    {"eth.src == 02:68:76:00:00:00", N_("from that network card")},
    {"tcp.flags.syn == 1", N_("a flag that is set")},
    {"frame.time >= 1.5ms", N_("from that time of the run on")},
    {"dns.qry.name contains lab", N_("a part of a text")},
    {"\"reply\"", N_("a text in the line that sums the frame up")},
};

static void example_clicked(GtkButton *button, Filter *filter)
{
    gtk_menu_button_popdown(GTK_MENU_BUTTON(filter->help));
    gtk_editable_set_text(GTK_EDITABLE(filter->entry), gtk_button_get_label(button));
    gtk_widget_grab_focus(filter->entry);
}

static GtkWidget *build_help(Filter *filter)
{
    GtkWidget *popover = gtk_popover_new(), *grid = gtk_grid_new();
    GtkWidget *scrolled = gtk_scrolled_window_new();
    g_autofree const char **names = gui_filter_names();
    g_autofree char *list = g_strjoinv(", ", (char **)names);
    g_autofree char *all = g_strdup_printf(_("Protocols and fields: %s."), list);
    int rows = (int)G_N_ELEMENTS(examples);

    gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
    gtk_grid_set_row_spacing(GTK_GRID(grid), 2);
    for (int i = 0; i < rows; i++) {
        GtkWidget *button = gtk_button_new_with_label(examples[i].text);
        GtkWidget *meaning = gui_label(_(examples[i].meaning), NULL);

        gtk_widget_add_css_class(button, "flat");
        gtk_widget_add_css_class(button, "example");
        gtk_widget_set_halign(button, GTK_ALIGN_START);
        gtk_label_set_max_width_chars(GTK_LABEL(meaning), 24);
        g_signal_connect(button, "clicked", G_CALLBACK(example_clicked), filter);
        gtk_grid_attach(GTK_GRID(grid), button, 0, i, 1, 1);
        gtk_grid_attach(GTK_GRID(grid), meaning, 1, i, 1, 1);
    }
    gtk_grid_attach(GTK_GRID(grid), gui_label(all, "dim-label"), 0, rows, 2, 1);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), grid);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_AUTOMATIC,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_propagate_natural_width(GTK_SCROLLED_WINDOW(scrolled), TRUE);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scrolled), TRUE);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scrolled), 420);
    gtk_popover_set_child(GTK_POPOVER(popover), scrolled);
    return popover;
}

/* ---- What was written --------------------------------------------------------------------- */

static void tell(Filter *filter, const char *text, bool wrong)
{
    gtk_label_set_text(GTK_LABEL(filter->says), text ? text : "");
    gtk_widget_set_visible(filter->says, text != NULL);
    if (wrong) {
        gtk_widget_add_css_class(filter->entry, "error");
        gtk_widget_add_css_class(filter->says, "error");
    } else {
        gtk_widget_remove_css_class(filter->entry, "error");
        gtk_widget_remove_css_class(filter->says, "error");
    }
    gtk_accessible_update_state(GTK_ACCESSIBLE(filter->entry), GTK_ACCESSIBLE_STATE_INVALID,
                                wrong ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE,
                                -1);
}

static void tell_count(Filter *filter)
{
    unsigned count = g_list_model_get_n_items(G_LIST_MODEL(filter->model));
    g_autofree char *text =
        g_strdup_printf(g_dngettext(NULL, "%u frame fits", "%u frames fit", count), count);
    const char *typed = gtk_editable_get_text(GTK_EDITABLE(filter->entry));

    if (!gtk_widget_has_css_class(filter->entry, "error"))
        tell(filter, *typed ? text : NULL, false);
}

static void filter_changed(GtkSearchEntry *entry, Filter *filter)
{
    g_autoptr(GError) error = NULL;

    if (gui_packet_model_filter(filter->model, gtk_editable_get_text(GTK_EDITABLE(entry)),
                                &error)) {
        gtk_widget_remove_css_class(filter->entry, "error");
        tell_count(filter);
    } else {
        tell(filter, error->message, true);
    }
}

static void filter_free(void *data)
{
    Filter *filter = data;

    g_signal_handlers_disconnect_by_data(filter->model, filter);
    g_object_unref(filter->model);
    g_free(filter);
}

GtkWidget *gui_packet_filter_new(GuiPacketModel *model)
{
    Filter *filter = g_new0(Filter, 1);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);

    filter->model = g_object_ref(model);
    filter->entry = gtk_search_entry_new();
    gtk_widget_set_hexpand(filter->entry, TRUE);
    g_object_set(filter->entry, "placeholder-text",
                 _("Filter, as in Wireshark: ip.addr == 10.0.0.2"), NULL);
    gui_set_accessible(filter->entry, _("Filter frames"), NULL);
    g_signal_connect(filter->entry, "search-changed", G_CALLBACK(filter_changed), filter);
    filter->help = gtk_menu_button_new();
    gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(filter->help), "help-about-symbolic");
    gtk_menu_button_set_popover(GTK_MENU_BUTTON(filter->help), build_help(filter));
    gtk_widget_set_tooltip_text(filter->help, _("What may be written"));
    gui_set_accessible(filter->help, _("What may be written"), NULL);
    filter->says = gui_label("", "caption");
    gtk_label_set_max_width_chars(GTK_LABEL(filter->says), 80);
    gtk_widget_set_visible(filter->says, FALSE);
    gtk_box_append(GTK_BOX(row), filter->entry);
    gtk_box_append(GTK_BOX(row), filter->help);
    gtk_box_append(GTK_BOX(box), row);
    gtk_box_append(GTK_BOX(box), filter->says);
    gtk_widget_add_css_class(box, "packet-filter");
    g_signal_connect_swapped(model, "items-changed", G_CALLBACK(tell_count), filter);
    g_object_set_data_full(G_OBJECT(box), "packet-filter", filter, filter_free);
    return box;
}
