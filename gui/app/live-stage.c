/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-stage.c: the stage as something to touch. A drag from a machine draws an arrow and sends
 * a ping to the machine where it ends; every thing has a menu with the same and more. */
#include "gui/app/common.h"
#include "gui/app/live.h"

#define FAR_ENOUGH 8 /* pixels, from which on a press is a drag */

typedef struct {
    GuiLive *live;
    GuiCanvas *canvas;
    GtkWidget *around;
    GuiEntity from; /* GUI_NOTHING: nothing is dragged */
    bool dragging;  /* far enough */
} Touch;

static const SimModel *model_of(Touch *touch)
{
    return gui_session_model(gui_live_window(touch->live)->session);
}

/* ---- Dragging ---------------------------------------------------------------------------------
 */

static void drag_begin(GtkGestureDrag *drag, double x, double y, Touch *touch)
{
    GuiEntity at = gui_canvas_at(touch->canvas, x, y);
    g_autofree char *end = gui_live_endpoint(model_of(touch), at);

    touch->dragging = false;
    touch->from = end ? at : GUI_NOTHING;
    if (!end)
        gtk_gesture_set_state(GTK_GESTURE(drag), GTK_EVENT_SEQUENCE_DENIED);
}

static void drag_update(GtkGestureDrag *drag, double dx, double dy, Touch *touch)
{
    double x, y;

    if (touch->from.kind == GUI_ENTITY_NONE || !gtk_gesture_drag_get_start_point(drag, &x, &y))
        return;
    if (!touch->dragging && dx * dx + dy * dy > FAR_ENOUGH * FAR_ENOUGH) {
        touch->dragging = true;
        /* No click any more for the button below. */
        gtk_gesture_set_state(GTK_GESTURE(drag), GTK_EVENT_SEQUENCE_CLAIMED);
    }
    if (touch->dragging)
        gui_canvas_set_arrow(touch->canvas, touch->from, x + dx, y + dy);
}

static void ping(Touch *touch, const char *from, const char *to)
{
    g_autofree char *json =
        g_strdup_printf("{\"do\":\"ping\",\"from\":\"%s\",\"to\":\"%s\"}", from, to);

    g_action_group_activate_action(G_ACTION_GROUP(gui_live_window(touch->live)), "command",
                                   g_variant_new_string(json));
}

static void drag_end(GtkGestureDrag *drag, double dx, double dy, Touch *touch)
{
    double x = 0, y = 0;
    g_autofree char *from = gui_live_endpoint(model_of(touch), touch->from), *to = NULL;

    gtk_gesture_drag_get_start_point(drag, &x, &y);
    to = gui_live_endpoint(model_of(touch), gui_canvas_at(touch->canvas, x + dx, y + dy));
    if (touch->dragging && from && to && g_strcmp0(from, to))
        ping(touch, from, to);
    touch->dragging = false;
    touch->from = GUI_NOTHING;
    gui_canvas_set_arrow(touch->canvas, GUI_NOTHING, 0, 0);
}

/* ---- Menus
 * --------------------------------------------------------------------------------------- */

static gboolean unparent(void *popover)
{
    gtk_widget_unparent(popover);
    return G_SOURCE_REMOVE;
}

/* Its action is still to be carried out. */
static void menu_closed(GtkPopover *popover, void *unused)
{
    g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, unparent, g_object_ref(popover), g_object_unref);
}

static bool show_menu(Touch *touch, GuiEntity entity)
{
    g_autoptr(GMenuModel) menu = gui_live_menu(model_of(touch), entity);
    GuiRect box;
    double x, y;

    if (entity.kind == GUI_ENTITY_NONE || !menu || !gui_canvas_box(touch->canvas, entity, &box) ||
        !gui_engine_alive(gui_live_window(touch->live)->engine))
        return false;
    gtk_widget_translate_coordinates(GTK_WIDGET(touch->canvas), touch->around, box.x, box.y, &x,
                                     &y);

    GtkWidget *popover = gtk_popover_menu_new_from_model(menu);
    GdkRectangle at = {(int)x, (int)y, (int)box.width, (int)box.height};

    gtk_widget_set_parent(popover, touch->around);
    gtk_popover_set_pointing_to(GTK_POPOVER(popover), &at);
    g_signal_connect(popover, "closed", G_CALLBACK(menu_closed), NULL);
    gtk_popover_popup(GTK_POPOVER(popover));
    return true;
}

static void menu_pressed(GtkGestureClick *click, int count, double x, double y, Touch *touch)
{
    if (show_menu(touch, gui_canvas_at(touch->canvas, x, y)))
        gtk_gesture_set_state(GTK_GESTURE(click), GTK_EVENT_SEQUENCE_CLAIMED);
}

static gboolean menu_key(GtkWidget *widget, GVariant *unused, void *data)
{
    Touch *touch = data;

    return show_menu(touch, gui_canvas_focused(touch->canvas));
}

void gui_live_touch(GuiLive *live, GuiCanvas *canvas, GtkWidget *around)
{
    Touch *touch = g_new0(Touch, 1);
    GtkGesture *drag = gtk_gesture_drag_new(), *click = gtk_gesture_click_new();
    GtkEventController *keys = gtk_shortcut_controller_new();
    static const char *const names[] = {"Menu", "<Shift>F10"};

    *touch = (Touch){.live = live, .canvas = canvas, .around = around};
    gtk_event_controller_set_propagation_phase(GTK_EVENT_CONTROLLER(drag), GTK_PHASE_CAPTURE);
    g_signal_connect(drag, "drag-begin", G_CALLBACK(drag_begin), touch);
    g_signal_connect(drag, "drag-update", G_CALLBACK(drag_update), touch);
    g_signal_connect(drag, "drag-end", G_CALLBACK(drag_end), touch);
    gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(drag), GDK_BUTTON_PRIMARY);
    gtk_event_controller_set_propagation_phase(GTK_EVENT_CONTROLLER(click), GTK_PHASE_CAPTURE);
    gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), GDK_BUTTON_SECONDARY);
    g_signal_connect(click, "pressed", G_CALLBACK(menu_pressed), touch);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        gtk_shortcut_controller_add_shortcut(
            GTK_SHORTCUT_CONTROLLER(keys),
            gtk_shortcut_new(gtk_shortcut_trigger_parse_string(names[i]),
                             gtk_callback_action_new(menu_key, touch, NULL)));
    gtk_widget_add_controller(GTK_WIDGET(canvas), GTK_EVENT_CONTROLLER(drag));
    gtk_widget_add_controller(GTK_WIDGET(canvas), GTK_EVENT_CONTROLLER(click));
    gtk_widget_add_controller(GTK_WIDGET(canvas), keys);
    g_object_set_data_full(G_OBJECT(canvas), "gui-touch", touch, g_free);
}
