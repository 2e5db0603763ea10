/* SPDX-License-Identifier: GPL-2.0-or-later */
/* canvas.c: the picture and its hotspots. A hotspot stays the same widget as long as
 * its thing is there, so focus and what a screen reader knows of it stay too. */
#include "gui/app/canvas.h"

#include <math.h>

#include "gui/app/tiles.h"

#define HOTSPOT_DELAY_MS 100

typedef struct {
    GtkWidget *button;
    GuiEntity entity;
    bool seen; /* in the list that is being taken in */
} Hotspot;

struct _GuiCanvas {
    GtkWidget parent;
    const GuiCanvasOps *ops;
    void *user;
    double least_width, least_height;
    GuiTiles *tiles;
    bool paper;                    /* see gui_canvas_for_paper() */
    bool stale;                    /* the picture has to be drawn anew */
    int width, height, scale;      /* for which it was drawn */
    GArray *items;                 /* of GuiItem; NULL: none yet */
    GArray *hotspots;              /* of Hotspot */
    unsigned timer;                /* waits to take in the items again */
    int items_width, items_height; /* the size for which they were asked */
    GuiEntity arrow_from;          /* GUI_NOTHING: no arrow */
    GuiPoint arrow_to;
};

G_DEFINE_FINAL_TYPE(GuiCanvas, gui_canvas, GTK_TYPE_WIDGET)

/* ---- Hotspots ------------------------------------------------------------- */

static Hotspot *find_hotspot(GuiCanvas *canvas, GuiEntity entity)
{
    for (unsigned i = 0; i < canvas->hotspots->len; i++) {
        Hotspot *hotspot = &g_array_index(canvas->hotspots, Hotspot, i);

        if (gui_entity_equal(hotspot->entity, entity))
            return hotspot;
    }
    return NULL;
}

static Hotspot *hotspot_of(GuiCanvas *canvas, GtkWidget *button)
{
    for (unsigned i = 0; i < canvas->hotspots->len; i++)
        if (g_array_index(canvas->hotspots, Hotspot, i).button == button)
            return &g_array_index(canvas->hotspots, Hotspot, i);
    return NULL;
}

static void clicked(GtkButton *button, GuiCanvas *canvas)
{
    Hotspot *hotspot = hotspot_of(canvas, GTK_WIDGET(button));

    if (hotspot && canvas->ops->chosen)
        canvas->ops->chosen(hotspot->entity, canvas->user);
}

static Hotspot *add_hotspot(GuiCanvas *canvas, GuiEntity entity)
{
    Hotspot hotspot = {.button = gtk_button_new(), .entity = entity};

    gtk_widget_add_css_class(hotspot.button, "hotspot");
    gtk_widget_set_parent(hotspot.button, GTK_WIDGET(canvas));
    g_signal_connect(hotspot.button, "clicked", G_CALLBACK(clicked), canvas);
    g_array_append_val(canvas->hotspots, hotspot);
    return &g_array_index(canvas->hotspots, Hotspot, canvas->hotspots->len - 1);
}

/* Buttons for things that are new, none for those that are gone, names for all. */
static void take_in_items(GuiCanvas *canvas)
{
    int width = gtk_widget_get_width(GTK_WIDGET(canvas));
    int height = gtk_widget_get_height(GTK_WIDGET(canvas));
    GArray *items = canvas->ops->items && width > 0 && height > 0
                        ? canvas->ops->items(width, height, canvas->user)
                        : gui_items_new();

    if (!items)
        items = gui_items_new();
    for (unsigned i = 0; i < items->len; i++) {
        const GuiItem *item = &g_array_index(items, GuiItem, i);
        Hotspot *hotspot = find_hotspot(canvas, item->entity);

        if (!hotspot)
            hotspot = add_hotspot(canvas, item->entity);
        hotspot->seen = true;
        gui_set_accessible(hotspot->button, item->name, NULL);
        gtk_widget_set_tooltip_text(hotspot->button, item->name);
    }
    for (unsigned i = canvas->hotspots->len; i > 0; i--) {
        Hotspot *hotspot = &g_array_index(canvas->hotspots, Hotspot, i - 1);

        if (!hotspot->seen) {
            gtk_widget_unparent(hotspot->button);
            g_array_remove_index(canvas->hotspots, i - 1);
        } else {
            hotspot->seen = false;
        }
    }
    g_clear_pointer(&canvas->items, g_array_unref);
    canvas->items = items;
    canvas->items_width = width;
    canvas->items_height = height;
    gtk_widget_queue_allocate(GTK_WIDGET(canvas));
}

static gboolean timer_over(void *user)
{
    GuiCanvas *canvas = user;

    canvas->timer = 0;
    if (gtk_widget_get_mapped(GTK_WIDGET(canvas)))
        take_in_items(canvas);
    return G_SOURCE_REMOVE;
}

/* ---- Keys ------------------------------------------------------------------- */

static Hotspot *focused_hotspot(GuiCanvas *canvas)
{
    GtkWidget *focus = gtk_widget_get_focus_child(GTK_WIDGET(canvas));

    return focus ? hotspot_of(canvas, focus) : NULL;
}

static gboolean key_pressed(GtkEventControllerKey *keys, unsigned value, unsigned code,
                            GdkModifierType state, GuiCanvas *canvas)
{
    static const struct {
        unsigned key, keypad;
        GuiDirection direction;
    } arrows[] = {{GDK_KEY_Left, GDK_KEY_KP_Left, GUI_LEFT},
                  {GDK_KEY_Right, GDK_KEY_KP_Right, GUI_RIGHT},
                  {GDK_KEY_Up, GDK_KEY_KP_Up, GUI_UP},
                  {GDK_KEY_Down, GDK_KEY_KP_Down, GUI_DOWN}};
    Hotspot *hotspot = focused_hotspot(canvas);

    if (!hotspot || !canvas->items || (state & gtk_accelerator_get_default_mod_mask()))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(arrows); i++) {
        if (value != arrows[i].key && value != arrows[i].keypad)
            continue;

        const GuiItem *item = gui_items_toward(canvas->items, hotspot->entity, arrows[i].direction);

        if (item)
            gui_canvas_focus(canvas, item->entity);
        return TRUE;
    }
    return FALSE;
}

/* Tab comes in at the thing that had the focus last, else the first; and goes out. */
static gboolean canvas_focus(GtkWidget *widget, GtkDirectionType direction)
{
    GuiCanvas *canvas = GUI_CANVAS(widget);
    GtkWidget *root_focus = gtk_root_get_focus(gtk_widget_get_root(widget));
    Hotspot *hotspot = focused_hotspot(canvas);

    if (root_focus && gtk_widget_is_ancestor(root_focus, widget))
        return FALSE;
    if (!hotspot && canvas->items && canvas->items->len > 0)
        hotspot = find_hotspot(canvas, g_array_index(canvas->items, GuiItem, 0).entity);
    return hotspot && gtk_widget_grab_focus(hotspot->button);
}

/* ---- The widget --------------------------------------------------------------- */

static void canvas_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                           int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
    const GuiCanvas *canvas = GUI_CANVAS(widget);
    double least =
        orientation == GTK_ORIENTATION_HORIZONTAL ? canvas->least_width : canvas->least_height;

    *minimum = *natural = (int)ceil(least);
    *minimum_baseline = *natural_baseline = -1;
    for (unsigned i = 0; i < canvas->hotspots->len; i++)
        gtk_widget_measure(g_array_index(canvas->hotspots, Hotspot, i).button, orientation, -1,
                           NULL, NULL, NULL, NULL);
}

static void canvas_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    GuiCanvas *canvas = GUI_CANVAS(widget);

    if (!canvas->items || canvas->items_width != width || canvas->items_height != height)
        gui_canvas_redraw(canvas);
    for (unsigned i = 0; canvas->items && i < canvas->items->len; i++) {
        const GuiItem *item = &g_array_index(canvas->items, GuiItem, i);
        Hotspot *hotspot = find_hotspot(canvas, item->entity);
        int least_width, least_height;

        if (!hotspot)
            continue;
        gtk_widget_measure(hotspot->button, GTK_ORIENTATION_HORIZONTAL, -1, &least_width, NULL,
                           NULL, NULL);
        gtk_widget_measure(hotspot->button, GTK_ORIENTATION_VERTICAL, -1, &least_height, NULL, NULL,
                           NULL);

        GtkAllocation at = {(int)floor(item->box.x), (int)floor(item->box.y),
                            MAX((int)ceil(item->box.width), least_width),
                            MAX((int)ceil(item->box.height), least_height)};
        gtk_widget_size_allocate(hotspot->button, &at, -1);
    }
}

static void draw_tiles(GuiCanvas *canvas, int width, int height, int scale)
{
    cairo_t *cr = gui_tiles_begin(canvas->tiles, width, height, scale);

    canvas->ops->draw(cr, width, height, canvas->user);
    gui_tiles_end(canvas->tiles, cr);
    canvas->stale = false;
    canvas->width = width;
    canvas->height = height;
    canvas->scale = scale;
}

static void draw_arrow(GuiCanvas *canvas, GtkSnapshot *snapshot)
{
    GuiTheme theme = gui_app_theme(GTK_WIDGET(canvas), 1);
    int width = gtk_widget_get_width(GTK_WIDGET(canvas));
    int height = gtk_widget_get_height(GTK_WIDGET(canvas));
    const GuiItem *item = gui_items_find(canvas->items, canvas->arrow_from);

    if (!item)
        return;

    GuiPoint from = gui_rect_centre(item->box), to = canvas->arrow_to;
    double angle = atan2(to.y - from.y, to.x - from.x), head = theme.text * 1.2;
    cairo_t *cr =
        gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));

    cairo_set_source_rgb(cr, theme.accent.r, theme.accent.g, theme.accent.b);
    cairo_set_line_width(cr, 3 * theme.scale);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_move_to(cr, from.x, from.y);
    cairo_line_to(cr, to.x, to.y);
    for (int side = -1; side <= 1; side += 2) {
        cairo_move_to(cr, to.x, to.y);
        cairo_line_to(cr, to.x - head * cos(angle + side * 0.5),
                      to.y - head * sin(angle + side * 0.5));
    }
    cairo_stroke(cr);
    cairo_destroy(cr);
}

static void canvas_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    GuiCanvas *canvas = GUI_CANVAS(widget);
    int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
    int scale = gtk_widget_get_scale_factor(widget);

    if (width <= 0 || height <= 0)
        return;
    if (canvas->paper) {
        cairo_t *cr = gtk_snapshot_append_cairo(
            snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
        canvas->ops->draw(cr, width, height, canvas->user);
        cairo_destroy(cr);
        return;
    }
    /* A hotspot under the pointer looks different: the picture below it does not. */
    if (canvas->stale || canvas->width != width || canvas->height != height ||
        canvas->scale != scale)
        draw_tiles(canvas, width, height, scale);
    gui_tiles_snapshot(canvas->tiles, snapshot);
    for (unsigned i = 0; i < canvas->hotspots->len; i++)
        gtk_widget_snapshot_child(widget, g_array_index(canvas->hotspots, Hotspot, i).button,
                                  snapshot);
    if (canvas->items && canvas->arrow_from.kind != GUI_ENTITY_NONE)
        draw_arrow(canvas, snapshot);
}

static void pressed(GtkGestureClick *gesture, int count, double x, double y, GuiCanvas *canvas)
{
    if (canvas->ops->ground)
        canvas->ops->ground(x, y, canvas->user);
}

/* The size of text, say. */
static void canvas_setting_changed(GtkWidget *widget, GtkSystemSetting setting)
{
    GTK_WIDGET_CLASS(gui_canvas_parent_class)->system_setting_changed(widget, setting);
    gui_canvas_redraw(GUI_CANVAS(widget));
}

static void canvas_map(GtkWidget *widget)
{
    GTK_WIDGET_CLASS(gui_canvas_parent_class)->map(widget);
    gui_canvas_redraw(GUI_CANVAS(widget));
}

static void canvas_dispose(GObject *object)
{
    GuiCanvas *canvas = GUI_CANVAS(object);

    g_clear_handle_id(&canvas->timer, g_source_remove);
    for (unsigned i = 0; i < canvas->hotspots->len; i++)
        gtk_widget_unparent(g_array_index(canvas->hotspots, Hotspot, i).button);
    g_array_set_size(canvas->hotspots, 0);
    G_OBJECT_CLASS(gui_canvas_parent_class)->dispose(object);
}

static void canvas_finalize(GObject *object)
{
    GuiCanvas *canvas = GUI_CANVAS(object);

    g_clear_pointer(&canvas->items, g_array_unref);
    g_array_unref(canvas->hotspots);
    gui_tiles_free(canvas->tiles);
    G_OBJECT_CLASS(gui_canvas_parent_class)->finalize(object);
}

static void gui_canvas_class_init(GuiCanvasClass *class)
{
    GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

    G_OBJECT_CLASS(class)->dispose = canvas_dispose;
    G_OBJECT_CLASS(class)->finalize = canvas_finalize;
    widget->measure = canvas_measure;
    widget->size_allocate = canvas_allocate;
    widget->snapshot = canvas_snapshot;
    widget->system_setting_changed = canvas_setting_changed;
    widget->focus = canvas_focus;
    widget->map = canvas_map;
    gtk_widget_class_set_css_name(widget, "canvas");
    gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void gui_canvas_init(GuiCanvas *canvas)
{
    GtkEventController *keys = gtk_event_controller_key_new();
    GtkGesture *click = gtk_gesture_click_new();

    canvas->hotspots = g_array_new(FALSE, FALSE, sizeof(Hotspot));
    canvas->tiles = gui_tiles_new();
    canvas->stale = true;
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(key_pressed), canvas);
    gtk_widget_add_controller(GTK_WIDGET(canvas), keys);
    g_signal_connect(click, "pressed", G_CALLBACK(pressed), canvas);
    gtk_widget_add_controller(GTK_WIDGET(canvas), GTK_EVENT_CONTROLLER(click));
    gtk_widget_set_overflow(GTK_WIDGET(canvas), GTK_OVERFLOW_HIDDEN);
}

GtkWidget *gui_canvas_new(const GuiCanvasOps *ops, void *user)
{
    GuiCanvas *canvas = g_object_new(GUI_TYPE_CANVAS, NULL);

    canvas->ops = ops;
    canvas->user = user;
    return GTK_WIDGET(canvas);
}

void gui_canvas_set_least(GuiCanvas *canvas, double width, double height)
{
    if (canvas->least_width == width && canvas->least_height == height)
        return;
    canvas->least_width = width;
    canvas->least_height = height;
    gtk_widget_queue_resize(GTK_WIDGET(canvas));
}

void gui_canvas_refresh(GuiCanvas *canvas)
{
    g_clear_handle_id(&canvas->timer, g_source_remove);
    if (gtk_widget_get_mapped(GTK_WIDGET(canvas)))
        take_in_items(canvas);
    canvas->stale = true;
    gtk_widget_queue_draw(GTK_WIDGET(canvas));
}

void gui_canvas_redraw(GuiCanvas *canvas)
{
    if (!canvas->timer)
        canvas->timer = g_timeout_add(HOTSPOT_DELAY_MS, timer_over, canvas);
    canvas->stale = true;
    gtk_widget_queue_draw(GTK_WIDGET(canvas));
}

GuiEntity gui_canvas_focused(GuiCanvas *canvas)
{
    const Hotspot *hotspot = focused_hotspot(canvas);

    return hotspot ? hotspot->entity : GUI_NOTHING;
}

GtkWidget *gui_canvas_hotspot(GuiCanvas *canvas, GuiEntity entity)
{
    Hotspot *hotspot = find_hotspot(canvas, entity);

    return hotspot ? hotspot->button : NULL;
}

bool gui_canvas_focus(GuiCanvas *canvas, GuiEntity entity)
{
    GtkWidget *button = gui_canvas_hotspot(canvas, entity);

    return button && gtk_widget_grab_focus(button);
}

GuiEntity gui_canvas_at(GuiCanvas *canvas, double x, double y)
{
    const GuiItem *item = canvas->items ? gui_items_at(canvas->items, x, y, 4) : NULL;

    return item ? item->entity : GUI_NOTHING;
}

bool gui_canvas_box(GuiCanvas *canvas, GuiEntity entity, GuiRect *ret_box)
{
    const GuiItem *item = canvas->items ? gui_items_find(canvas->items, entity) : NULL;

    if (item)
        *ret_box = item->box;
    return item != NULL;
}

void gui_canvas_set_arrow(GuiCanvas *canvas, GuiEntity from, double x, double y)
{
    canvas->arrow_from = from;
    canvas->arrow_to = (GuiPoint){x, y};
    gtk_widget_queue_draw(GTK_WIDGET(canvas));
}

void gui_canvas_for_paper(GtkWidget *widget, bool on)
{
    if (GUI_IS_CANVAS(widget)) {
        GUI_CANVAS(widget)->paper = on;
        gtk_widget_queue_draw(widget);
    }
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child;
         child = gtk_widget_get_next_sibling(child))
        gui_canvas_for_paper(child, on);
}
