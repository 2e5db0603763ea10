/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline-view.c: the timeline in the window. Scrolling with Ctrl zooms at the pointer,
 * without it pans; a click goes to that time, dragging selects a span, whose sums are
 * then in the rows' names and below the picture. */
#include <math.h>

#include "gui/app/canvas.h"
#include "gui/app/view.h"
#include "gui/draw/timeline.h"

#define LEAST_NS 100u

typedef struct {
    GuiSession *session;
    GuiCanvas *canvas;
    GtkWidget *sums;
    GuiTheme theme;
    GuiTimeline layout;
    GuiTimelineView view;
    GuiTimelineCache *cache;
    uint64_t fitted_end; /* the span is all of the run, which was this long; 0: zoomed */
    double drag_x;
    double pointer_x;
} TimelineView;

static uint64_t end_of(TimelineView *view)
{
    return MAX(gui_session_end_time(view->session), 1) + 1;
}

static void lay_out(TimelineView *view, double width, double height)
{
    uint64_t end = end_of(view);

    view->theme =
        gui_app_theme(GTK_WIDGET(view->canvas), gui_views_scale(GTK_WIDGET(view->canvas)));
    view->layout =
        gui_timeline_layout(gui_session_lanes(view->session), width, height, &view->theme);
    if (view->view.span.to == 0 || (view->fitted_end && view->fitted_end != end)) {
        view->view.span = (GuiSpan){0, end};
        view->fitted_end = end;
    }
}

static void draw(cairo_t *cr, double width, double height, void *user)
{
    TimelineView *view = user;
    GuiScene scene;

    if (!gui_session_is_open(view->session))
        return;
    lay_out(view, width, height);
    scene = gui_scene(view->session, 0);
    gui_timeline_draw(&view->layout, &view->view, cr, gui_session_lanes(view->session), &scene,
                      view->cache);
    gui_scene_clear(&scene);
}

static GArray *items(double width, double height, void *user)
{
    TimelineView *view = user;

    if (!gui_session_is_open(view->session))
        return NULL;
    lay_out(view, width, height);

    GArray *all = gui_timeline_items(&view->layout, &view->view, gui_session_lanes(view->session));

    /* Only the names at the left are hotspots: the bars are for clicking at times. */
    for (unsigned i = 0; i < all->len; i++) {
        GuiItem *item = &g_array_index(all, GuiItem, i);

        item->box.width = MAX(view->layout.gutter - item->box.x, 8);
        if (item->box.x >= view->layout.gutter)
            item->box = (GuiRect){0, item->box.y, view->layout.gutter, item->box.height};
    }
    return all;
}

static void chosen(GuiEntity entity, void *user)
{
    TimelineView *view = user;

    gui_session_select(view->session, entity);
}

static const GuiCanvasOps ops = {.draw = draw, .items = items, .chosen = chosen};

/* ---- Zoom and pan --------------------------------------------------------------- */

static void changed_span(TimelineView *view)
{
    view->fitted_end =
        view->view.span.from == 0 && view->view.span.to == end_of(view) ? end_of(view) : 0;
    gui_canvas_redraw(view->canvas);
}

static void zoom_at(TimelineView *view, uint64_t time, double factor)
{
    view->view.span = gui_span_zoom(view->view.span, time, factor, end_of(view), LEAST_NS);
    changed_span(view);
}

static gboolean scrolled(GtkEventControllerScroll *scroll, double dx, double dy, TimelineView *view)
{
    GdkModifierType state =
        gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(scroll));

    if (state & GDK_CONTROL_MASK) {
        zoom_at(view, gui_timeline_time_at(&view->layout, &view->view, view->pointer_x),
                pow(1.25, -dy));
    } else if (dx != 0 || (state & GDK_SHIFT_MASK)) {
        double ns = (double)(view->view.span.to - view->view.span.from) * 0.1 * (dx != 0 ? dx : dy);

        view->view.span = gui_span_pan(view->view.span, (int64_t)ns, end_of(view));
        changed_span(view);
    } else {
        double room =
            MAX(view->layout.rows_height -
                    (view->layout.height - view->layout.axis_height - view->layout.legend_height),
                0);

        view->view.scroll_y = CLAMP(view->view.scroll_y + 40 * dy, 0, room);
        gui_canvas_redraw(view->canvas);
    }
    return TRUE;
}

static void moved(GtkEventControllerMotion *motion, double x, double y, TimelineView *view)
{
    view->pointer_x = x;
}

static void zoom_button(GtkButton *button, TimelineView *view)
{
    double factor = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "factor")) / 100.0;

    if (factor > 0) {
        uint64_t now = gui_session_time(view->session);
        const GuiSpan *span = &view->view.span;

        zoom_at(view, now >= span->from && now < span->to ? now : span->from / 2 + span->to / 2,
                factor);
    } else {
        view->view.span = (GuiSpan){0, end_of(view)};
        changed_span(view);
    }
}

/* ---- Times and spans ------------------------------------------------------------ */

static void show_sums(TimelineView *view)
{
    bool any = view->view.marked.to > view->view.marked.from;
    g_autofree char *text =
        any ? g_strdup_printf(_("Selected: %s"), "") : g_strdup(_("Drag over a span for its sums"));

    if (any) {
        g_autofree char *length = gui_duration(view->view.marked.to - view->view.marked.from);
        g_autofree char *from = gui_time_text(view->view.marked.from);
        g_autoptr(GArray) all =
            gui_timeline_items(&view->layout, &view->view, gui_session_lanes(view->session));
        GString *sums = g_string_new(NULL);

        g_string_append_printf(sums, _("%s from %s on"), length, from);
        for (unsigned i = 0; i < all->len && i < 6; i++)
            g_string_append_printf(sums, "\n%s", g_array_index(all, GuiItem, i).name);
        g_free(text);
        text = g_string_free(sums, FALSE);
    }
    gtk_label_set_text(GTK_LABEL(view->sums), text);
}

static void drag_begin(GtkGestureDrag *drag, double x, double y, TimelineView *view)
{
    view->drag_x = x;
}

static void drag_update(GtkGestureDrag *drag, double dx, double dy, TimelineView *view)
{
    double from = MIN(view->drag_x, view->drag_x + dx), to = MAX(view->drag_x, view->drag_x + dx);

    if (to - from < 4 || from < view->layout.gutter)
        return;
    view->view.marked = (GuiSpan){gui_timeline_time_at(&view->layout, &view->view, from),
                                  gui_timeline_time_at(&view->layout, &view->view, to)};
    gui_canvas_redraw(view->canvas);
    show_sums(view);
}

static void drag_end(GtkGestureDrag *drag, double dx, double dy, TimelineView *view)
{
    double x, y;

    gtk_gesture_drag_get_start_point(drag, &x, &y);
    if (fabs(dx) >= 4 || x < view->layout.gutter)
        return;

    GuiEntity entity =
        gui_timeline_hit(&view->layout, &view->view, gui_session_lanes(view->session),
                         gui_session_reader(view->session), x, y);

    view->view.marked = (GuiSpan){0, 0};
    gui_session_seek(view->session, gui_timeline_time_at(&view->layout, &view->view, x));
    if (entity.kind != GUI_ENTITY_NONE)
        gui_session_select(view->session, entity);
    show_sums(view);
}

/* ---- The widget ----------------------------------------------------------------- */

static void refresh(GtkWidget *widget, void *user)
{
    TimelineView *view = user;

    gui_canvas_redraw(view->canvas);
}

static void timeline_view_free(void *user)
{
    TimelineView *view = user;

    gui_timeline_cache_free(view->cache);
    g_object_unref(view->session);
    g_free(view);
}

static void add_button(GtkWidget *bar, const char *icon, const char *text, int factor_percent,
                       TimelineView *view)
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon);

    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_tooltip_text(button, text);
    gui_set_accessible(button, text, NULL);
    g_object_set_data(G_OBJECT(button), "factor", GINT_TO_POINTER(factor_percent));
    g_signal_connect(button, "clicked", G_CALLBACK(zoom_button), view);
    gtk_box_append(GTK_BOX(bar), button);
}

static void add_controllers(TimelineView *view)
{
    GtkWidget *canvas = GTK_WIDGET(view->canvas);
    GtkEventController *scroll =
        gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
    GtkEventController *motion = gtk_event_controller_motion_new();
    GtkGesture *drag = gtk_gesture_drag_new();

    g_signal_connect(scroll, "scroll", G_CALLBACK(scrolled), view);
    gtk_widget_add_controller(canvas, scroll);
    g_signal_connect(motion, "motion", G_CALLBACK(moved), view);
    gtk_widget_add_controller(canvas, motion);
    g_signal_connect(drag, "drag-begin", G_CALLBACK(drag_begin), view);
    g_signal_connect(drag, "drag-update", G_CALLBACK(drag_update), view);
    g_signal_connect(drag, "drag-end", G_CALLBACK(drag_end), view);
    gtk_widget_add_controller(canvas, GTK_EVENT_CONTROLLER(drag));
}

GtkWidget *gui_timeline_view_new(GuiSession *session)
{
    TimelineView *view = g_new0(TimelineView, 1);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);

    view->session = g_object_ref(session);
    view->cache = gui_timeline_cache_new();
    view->canvas = GUI_CANVAS(gui_canvas_new(&ops, view));
    gui_set_accessible(GTK_WIDGET(view->canvas), _("Timeline"), NULL);
    gtk_widget_set_vexpand(GTK_WIDGET(view->canvas), TRUE);
    gtk_widget_set_hexpand(GTK_WIDGET(view->canvas), TRUE);
    add_controllers(view);
    view->sums = gui_label(_("Drag over a span for its sums"), "dim-label");
    gtk_widget_add_css_class(view->sums, "caption");
    gtk_widget_set_hexpand(view->sums, TRUE);
    gtk_widget_add_css_class(bar, "view-bar");
    gtk_box_append(GTK_BOX(bar), view->sums);
    add_button(bar, "zoom-out-symbolic", _("Zoom out"), 50, view);
    add_button(bar, "zoom-in-symbolic", _("Zoom in"), 200, view);
    add_button(bar, "zoom-fit-best-symbolic", _("Show all of the run"), 0, view);
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(view->canvas));
    gtk_box_append(GTK_BOX(box), bar);
    g_object_set_data_full(G_OBJECT(view->canvas), "timeline-view", view, timeline_view_free);
    gui_view_follow(box, session, refresh, view);
    return box;
}
