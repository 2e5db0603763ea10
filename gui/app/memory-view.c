/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory-view.c: page frames of the host and pages of each VM, as grids that scroll. */
#include "gui/app/canvas.h"
#include "gui/app/view.h"
#include "gui/draw/memory.h"

typedef struct {
    GuiSession *session;
    GuiCanvas *canvas;
    GuiTheme theme;
    GuiMemory *memory; /* NULL: not laid out */
    double width, height;
    unsigned vms;
} MemoryView;

static void lay_out(MemoryView *view, double width, double height)
{
    const SimModel *model = gui_session_model(view->session);
    GuiTheme theme =
        gui_app_theme(GTK_WIDGET(view->canvas), gui_views_scale(GTK_WIDGET(view->canvas)));
    double full_width, full_height;

    if (view->memory && view->width == width && view->height == height &&
        view->vms == model->vms->len && theme.kind == view->theme.kind &&
        theme.scale == view->theme.scale)
        return;
    g_clear_pointer(&view->memory, gui_memory_free);
    view->theme = theme;
    view->width = width;
    view->height = height;
    view->vms = model->vms->len;
    view->memory = gui_memory_new(model, 0, GUI_MEMORY_ALL, width, height, &view->theme);
    gui_memory_size(view->memory, &full_width, &full_height);
    gui_canvas_set_least(view->canvas, full_width > width + 1 ? full_width : 0,
                         full_height > height + 1 ? full_height : 0);
}

static void draw(cairo_t *cr, double width, double height, void *user)
{
    MemoryView *view = user;
    GuiScene scene;

    if (!gui_session_model(view->session)->hosts->len)
        return;
    lay_out(view, width, height);
    scene = gui_scene(view->session, 0);
    gui_memory_draw(view->memory, cr, &scene);
    gui_scene_clear(&scene);
}

static GArray *items(double width, double height, void *user)
{
    MemoryView *view = user;
    GArray *all;
    GuiScene scene;

    if (!gui_session_model(view->session)->hosts->len)
        return NULL;
    lay_out(view, width, height);
    scene = gui_scene(view->session, 0);
    all = gui_memory_items(view->memory, &scene);
    gui_scene_clear(&scene);
    return all;
}

static void chosen(GuiEntity entity, void *user)
{
    MemoryView *view = user;

    gui_session_select(view->session, entity);
}

static void ground(double x, double y, void *user)
{
    MemoryView *view = user;

    if (view->memory)
        gui_session_select(view->session, gui_memory_hit(view->memory, x, y));
}

static const GuiCanvasOps ops = {.draw = draw, .items = items, .chosen = chosen, .ground = ground};

static void refresh(GtkWidget *widget, void *user)
{
    MemoryView *view = user;

    gui_canvas_redraw(view->canvas);
}

static void memory_view_free(void *user)
{
    MemoryView *view = user;

    g_clear_pointer(&view->memory, gui_memory_free);
    g_object_unref(view->session);
    g_free(view);
}

GtkWidget *gui_memory_view_new(GuiSession *session)
{
    MemoryView *view = g_new0(MemoryView, 1);
    GtkWidget *scrolled = gtk_scrolled_window_new();

    view->session = g_object_ref(session);
    view->canvas = GUI_CANVAS(gui_canvas_new(&ops, view));
    gui_set_accessible(GTK_WIDGET(view->canvas), _("Memory"), NULL);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), GTK_WIDGET(view->canvas));
    gtk_widget_set_vexpand(scrolled, TRUE);
    g_object_set_data_full(G_OBJECT(view->canvas), "memory-view", view, memory_view_free);
    gui_view_follow(scrolled, session, refresh, view);
    return scrolled;
}
