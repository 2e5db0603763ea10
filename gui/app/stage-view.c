/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage-view.c: the stage in the window: a canvas that scrolls when the world is
 * larger than the window. */
#include "gui/app/canvas.h"
#include "gui/app/view.h"
#include "gui/draw/stage.h"

typedef struct {
    GuiSession *session;
    GuiCanvas *canvas;
    GuiStage *stage; /* NULL: not laid out yet */
    GuiTheme theme;  /* that of the layout */
} StageView;

/* Makes the layout fit the world, the size and the theme. */
static void lay_out(StageView *view, double width, double height)
{
    const SimModel *model = gui_session_model(view->session);
    GuiTheme theme =
        gui_app_theme(GTK_WIDGET(view->canvas), gui_views_scale(GTK_WIDGET(view->canvas)));
    double full_width, full_height;

    if (view->stage && gui_stage_fits(view->stage, model, width, height, &theme))
        return;
    g_clear_pointer(&view->stage, gui_stage_free);
    view->theme = theme;
    view->stage = gui_stage_new(model, width, height, &view->theme);
    gui_stage_size(view->stage, &full_width, &full_height);
    gui_canvas_set_least(view->canvas, full_width > width + 1 ? full_width : 0,
                         full_height > height + 1 ? full_height : 0);
}

static void draw(cairo_t *cr, double width, double height, void *user)
{
    StageView *view = user;
    GuiScene scene;

    lay_out(view, width, height);
    scene = gui_scene(view->session, 0);
    gui_stage_draw(view->stage, cr, &scene);
    gui_scene_clear(&scene);
}

static GArray *items(double width, double height, void *user)
{
    StageView *view = user;
    GuiScene scene;

    lay_out(view, width, height);
    scene = gui_scene(view->session, 0);

    GArray *all = gui_stage_items(view->stage, &scene);
    g_autoptr(GArray) frames = gui_stage_frames(view->stage, &scene);

    for (unsigned i = 0; i < frames->len; i++) {
        const GuiItem *frame = &g_array_index(frames, GuiItem, i);

        gui_items_add(all, frame->entity, frame->box, g_strdup(frame->name));
    }
    gui_scene_clear(&scene);
    return all;
}

static void chosen(GuiEntity entity, void *user)
{
    StageView *view = user;

    gui_session_select(view->session, entity);
}

static void ground(double x, double y, void *user)
{
    StageView *view = user;

    gui_session_select(view->session, GUI_NOTHING);
}

static const GuiCanvasOps ops = {.draw = draw, .items = items, .chosen = chosen, .ground = ground};

static void refresh(GtkWidget *widget, void *user)
{
    StageView *view = user;

    gui_canvas_redraw(view->canvas);
}

static void stage_view_free(void *user)
{
    StageView *view = user;

    g_clear_pointer(&view->stage, gui_stage_free);
    g_object_unref(view->session);
    g_free(view);
}

GtkWidget *gui_stage_view_new(GuiSession *session)
{
    StageView *view = g_new0(StageView, 1);
    GtkWidget *scrolled = gtk_scrolled_window_new();

    view->session = g_object_ref(session);
    view->canvas = GUI_CANVAS(gui_canvas_new(&ops, view));
    gui_set_accessible(GTK_WIDGET(view->canvas), _("Stage"), NULL);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), GTK_WIDGET(view->canvas));
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_widget_set_hexpand(scrolled, TRUE);
    g_object_set_data_full(G_OBJECT(view->canvas), "stage-view", view, stage_view_free);
    g_object_set_data(G_OBJECT(scrolled), "canvas", view->canvas);
    gui_view_follow(scrolled, session, refresh, view);
    return scrolled;
}

GuiCanvas *gui_stage_view_canvas(GtkWidget *view)
{
    return g_object_get_data(G_OBJECT(view), "canvas");
}
