/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rows-view.c: what the stage shows, in rows: every machine, network and port with its
 * state in words, and every frame on its way. The equal of the stage for who does not
 * see it, or likes to read. */
#include "gui/app/view.h"
#include "gui/draw/pages.h"
#include "gui/draw/stage.h"

typedef struct {
    GuiSession *session;
    GtkListBox *list;
    GArray *shown; /* of GuiEntity, one for each row */
    bool selecting;
} RowsView;

static GtkWidget *new_row(void)
{
    GtkWidget *row = gtk_list_box_row_new();
    GtkWidget *label = gui_label("", NULL);

    gtk_widget_set_margin_top(label, 8);
    gtk_widget_set_margin_bottom(label, 8);
    gtk_widget_set_margin_start(label, 12);
    gtk_widget_set_margin_end(label, 12);
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), label);
    return row;
}

static void set_row(RowsView *view, unsigned number, const GuiItem *item)
{
    GtkListBoxRow *row = gtk_list_box_get_row_at_index(view->list, (int)number);

    if (!row) {
        gtk_list_box_append(view->list, new_row());
        row = gtk_list_box_get_row_at_index(view->list, (int)number);
        g_array_set_size(view->shown, number + 1);
    }

    GtkLabel *label = GTK_LABEL(gtk_list_box_row_get_child(row));

    if (g_strcmp0(gtk_label_get_text(label), item->name)) {
        gtk_label_set_text(label, item->name);
        gui_set_accessible(GTK_WIDGET(row), item->name, NULL);
    }
    g_array_index(view->shown, GuiEntity, number) = item->entity;
    if (gui_entity_equal(item->entity, gui_session_selected(view->session)))
        gtk_list_box_select_row(view->list, row);
}

static void refresh(GtkWidget *widget, void *user)
{
    RowsView *view = user;
    GuiTheme theme = gui_app_theme(GTK_WIDGET(view->list), 1);
    g_autoptr(GuiStage) stage = gui_stage_new(gui_session_model(view->session), 1000, 1000, &theme);
    GuiScene scene = gui_scene(view->session, 0);
    g_autoptr(GArray) items = gui_stage_items(stage, &scene);
    g_autoptr(GArray) frames = gui_stage_frames(stage, &scene);
    unsigned number = 0;

    view->selecting = true;
    gtk_list_box_unselect_all(view->list);
    for (unsigned i = 0; i < items->len; i++)
        set_row(view, number++, &g_array_index(items, GuiItem, i));
    for (unsigned i = 0; i < frames->len; i++)
        set_row(view, number++, &g_array_index(frames, GuiItem, i));
    while (view->shown->len > number) {
        g_array_set_size(view->shown, view->shown->len - 1);
        gtk_list_box_remove(view->list, GTK_WIDGET(gtk_list_box_get_row_at_index(
                                            view->list, (int)view->shown->len)));
    }
    view->selecting = false;
    gui_scene_clear(&scene);
}

static GuiSheet *make_sheet(void *user)
{
    RowsView *view = user;
    GuiScene scene = gui_scene(view->session, 0);
    GuiSheet *sheet = gui_page_rows(&scene);

    gui_scene_clear(&scene);
    return sheet;
}

static void row_selected(GtkListBox *list, GtkListBoxRow *row, RowsView *view)
{
    if (!row || view->selecting)
        return;
    gui_session_select(view->session, g_array_index(view->shown, GuiEntity,
                                                    (unsigned)gtk_list_box_row_get_index(row)));
}

static void rows_view_free(void *user)
{
    RowsView *view = user;

    g_array_unref(view->shown);
    g_object_unref(view->session);
    g_free(view);
}

GtkWidget *gui_rows_view_new(GuiSession *session)
{
    RowsView *view = g_new0(RowsView, 1);
    GtkWidget *scrolled = gtk_scrolled_window_new(), *clamp = adw_clamp_new();

    view->session = g_object_ref(session);
    view->shown = g_array_new(FALSE, TRUE, sizeof(GuiEntity));
    view->list = GTK_LIST_BOX(gtk_list_box_new());
    gtk_widget_add_css_class(GTK_WIDGET(view->list), "boxed-list");
    gtk_widget_set_valign(GTK_WIDGET(view->list), GTK_ALIGN_START);
    gtk_widget_set_margin_top(GTK_WIDGET(view->list), 12);
    gtk_widget_set_margin_bottom(GTK_WIDGET(view->list), 12);
    gtk_widget_set_margin_start(GTK_WIDGET(view->list), 12);
    gtk_widget_set_margin_end(GTK_WIDGET(view->list), 12);
    gui_set_accessible(GTK_WIDGET(view->list), _("The stage in rows"), NULL);
    g_signal_connect(view->list, "row-selected", G_CALLBACK(row_selected), view);
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), 800);
    adw_clamp_set_child(ADW_CLAMP(clamp), GTK_WIDGET(view->list));
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_widget_set_vexpand(scrolled, TRUE);
    g_object_set_data_full(G_OBJECT(view->list), "rows-view", view, rows_view_free);
    gui_view_set_sheet(scrolled, make_sheet, view);
    gui_view_follow(scrolled, session, refresh, view);
    return scrolled;
}
