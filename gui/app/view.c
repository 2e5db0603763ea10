/* SPDX-License-Identifier: GPL-2.0-or-later */
/* view.c: how a view follows the session: changes are gathered, and taken in once
 * before the next picture, only if anybody sees it. */
#include "gui/app/view.h"

#include "gui/app/canvas.h"

typedef struct {
    GtkWidget *view;
    GuiSession *session;
    GuiRefresh refresh;
    void *user;
    unsigned tick;
    bool stale;
} Follow;

static gboolean take_in(GtkWidget *view, GdkFrameClock *clock, void *user)
{
    Follow *follow = user;

    follow->tick = 0;
    follow->stale = false;
    follow->refresh(view, follow->user);
    return G_SOURCE_REMOVE;
}

static void changed(Follow *follow)
{
    follow->stale = true;
    if (!follow->tick && gtk_widget_get_mapped(follow->view))
        follow->tick = gtk_widget_add_tick_callback(follow->view, take_in, follow, NULL);
}

static void mapped(GtkWidget *view, Follow *follow)
{
    changed(follow);
}

static void unmapped(GtkWidget *view, Follow *follow)
{
    if (follow->tick)
        gtk_widget_remove_tick_callback(view, follow->tick);
    follow->tick = 0;
}

static void gone(void *user, GObject *view)
{
    Follow *follow = user;

    g_signal_handlers_disconnect_by_data(follow->session, follow);
    g_signal_handlers_disconnect_by_data(adw_style_manager_get_default(), follow);
    g_object_unref(follow->session);
    g_free(follow);
}

void gui_view_follow(GtkWidget *view, GuiSession *session, GuiRefresh refresh, void *user)
{
    static const char *const signals[] = {"trace-changed", "trace-grown", "time-changed",
                                          "selection-changed"};
    Follow *follow = g_new0(Follow, 1);

    *follow =
        (Follow){.view = view, .session = g_object_ref(session), .refresh = refresh, .user = user};
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        g_signal_connect_swapped(session, signals[i], G_CALLBACK(changed), follow);
    g_signal_connect_swapped(adw_style_manager_get_default(), "notify", G_CALLBACK(changed),
                             follow);
    g_signal_connect(view, "map", G_CALLBACK(mapped), follow);
    g_signal_connect(view, "unmap", G_CALLBACK(unmapped), follow);
    g_object_weak_ref(G_OBJECT(view), gone, follow);
}

/* ---- Sheets --------------------------------------------------------------------------- */

#define SHEET_KEY "gui-view-sheet"

typedef struct {
    GuiMakeSheet make;
    void *user;
} Sheet;

void gui_view_set_sheet(GtkWidget *view, GuiMakeSheet make, void *user)
{
    Sheet *sheet = g_new(Sheet, 1);

    *sheet = (Sheet){make, user};
    g_object_set_data_full(G_OBJECT(view), SHEET_KEY, sheet, g_free);
}

GuiSheet *gui_view_sheet(GtkWidget *widget)
{
    const Sheet *own = g_object_get_data(G_OBJECT(widget), SHEET_KEY);
    GuiSheet *found = NULL;

    if (!gtk_widget_get_mapped(widget))
        return NULL;
    if (own)
        return own->make(own->user);
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child && !found;
         child = gtk_widget_get_next_sibling(child))
        found = gui_view_sheet(child);
    return found;
}

/* ---- Size ------------------------------------------------------------------------------- */

#define SCALE_KEY "gui-views-scale"

static void redraw_all(GtkWidget *widget)
{
    gtk_widget_queue_resize(widget);
    gtk_widget_queue_draw(widget);
    if (GUI_IS_CANVAS(widget))
        gui_canvas_redraw(GUI_CANVAS(widget));
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child;
         child = gtk_widget_get_next_sibling(child))
        redraw_all(child);
}

void gui_views_set_scale(GtkWidget *window, double scale)
{
    g_object_set_data(G_OBJECT(window), SCALE_KEY, GINT_TO_POINTER((int)(scale * 100)));
    redraw_all(window);
}

double gui_views_scale(GtkWidget *view)
{
    GtkRoot *root = gtk_widget_get_root(view);
    int percent = root ? GPOINTER_TO_INT(g_object_get_data(G_OBJECT(root), SCALE_KEY)) : 0;

    return percent ? percent / 100.0 : 1;
}
