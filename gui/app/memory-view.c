/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory-view.c: page frames of the host and pages of each VM, as grids that scroll. An
 * address that is entered below them is shown with both of its translations. */
#include <errno.h>

#include "gui/app/canvas.h"
#include "gui/app/view.h"
#include "gui/draw/memory.h"
#include "gui/draw/translation.h"

typedef struct {
    GuiSession *session;
    GuiCanvas *canvas;
    GuiTheme theme;
    GuiMemory *memory; /* NULL: not laid out */
    double width, height;
    unsigned vms;
    /* The address whose translations are shown. */
    GtkWidget *entry, *vm_list, *translation_scroll;
    GtkStringList *vm_names;
    GuiCanvas *translation;
    SimTables *tables;
    uint64_t address;
    bool has_address;
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

    if (entity.kind == GUI_ENTITY_VM)
        entity.b = 0;
    gui_session_select(view->session, entity);
}

static void ground(double x, double y, void *user)
{
    MemoryView *view = user;

    if (view->memory)
        gui_session_select(view->session, gui_memory_hit(view->memory, x, y));
}

static const GuiCanvasOps ops = {.draw = draw, .items = items, .chosen = chosen, .ground = ground};

/* ---- The two translations of an address -------------------------------------------------- */

/* Hexadecimal as pointers are written, or decimal. */
static bool parse_address(const char *text, uint64_t *ret_address)
{
    g_autofree char *own = g_strstrip(g_strdup(text));
    bool hex = g_ascii_strncasecmp(own, "0x", 2) == 0;
    char *end = NULL;

    errno = 0;
    *ret_address = g_ascii_strtoull(own, &end, hex ? 16 : 10);
    return g_ascii_isdigit(*own) && !*end && errno == 0;
}

/* NULL: there is no such VM now, or no address. */
static GuiTranslation *make_translation(MemoryView *view, double width)
{
    const SimModel *model = gui_session_model(view->session);
    unsigned vm = gtk_drop_down_get_selected(GTK_DROP_DOWN(view->vm_list));
    GuiTheme theme =
        gui_app_theme(GTK_WIDGET(view->canvas), gui_views_scale(GTK_WIDGET(view->canvas)));
    SimReader *reader = gui_session_reader(view->session);
    GuiTranslation *translation;
    double full_width, height;

    if (!view->has_address || !reader || vm >= model->vms->len || !sim_model_vm(model, vm))
        return NULL;
    sim_tables_advance(view->tables, reader, gui_session_position(view->session));
    SimWalk walk = sim_tables_walk(view->tables, vm, view->address);
    translation = gui_translation_new(model, vm, &walk, width, &theme);
    gui_translation_size(translation, &full_width, &height);
    gui_canvas_set_least(view->translation, full_width > width + 1 ? full_width : 0, height);
    return translation;
}

static void draw_translation(cairo_t *cr, double width, double height, void *user)
{
    MemoryView *view = user;
    g_autoptr(GuiTranslation) translation = make_translation(view, width);

    if (translation)
        gui_translation_draw(translation, cr, gui_session_selected(view->session));
}

static GArray *translation_items(double width, double height, void *user)
{
    g_autoptr(GuiTranslation) translation = make_translation(user, width);

    return translation ? gui_translation_items(translation) : NULL;
}

static const GuiCanvasOps translation_ops = {
    .draw = draw_translation, .items = translation_items, .chosen = chosen};

static void address_changed(MemoryView *view)
{
    const char *text = gtk_editable_get_text(GTK_EDITABLE(view->entry));

    view->has_address = parse_address(text, &view->address);
    gtk_widget_set_visible(view->translation_scroll, view->has_address);
    if (*text && !view->has_address) {
        gtk_widget_add_css_class(view->entry, "error");
        gtk_entry_set_icon_tooltip_text(GTK_ENTRY(view->entry), GTK_ENTRY_ICON_SECONDARY,
                                        _("No address: write 0x40000000, or a decimal number"));
    } else {
        gtk_widget_remove_css_class(view->entry, "error");
    }
    gtk_entry_set_icon_from_icon_name(GTK_ENTRY(view->entry), GTK_ENTRY_ICON_SECONDARY,
                                      *text && !view->has_address ? "dialog-warning-symbolic"
                                                                  : NULL);
    gtk_accessible_update_state(GTK_ACCESSIBLE(view->entry), GTK_ACCESSIBLE_STATE_INVALID,
                                *text && !view->has_address ? GTK_ACCESSIBLE_INVALID_TRUE
                                                            : GTK_ACCESSIBLE_INVALID_FALSE,
                                -1);
    /* Its height is known before it is seen. */
    gui_translation_free(
        make_translation(view, MAX(gtk_widget_get_width(GTK_WIDGET(view->canvas)), 1)));
    gui_canvas_refresh(view->translation);
}

/* The VMs as they are now; where there is one only, nobody is asked. */
static void list_vms(MemoryView *view)
{
    const SimModel *model = gui_session_model(view->session);
    GuiEntity selected = gui_session_selected(view->session);
    unsigned had = g_list_model_get_n_items(G_LIST_MODEL(view->vm_names));
    bool same = had == model->vms->len;

    for (unsigned i = 0; i < model->vms->len && same; i++)
        same =
            !g_strcmp0(gtk_string_list_get_string(view->vm_names, i), sim_model_vm(model, i)->name);
    if (!same) {
        gtk_string_list_splice(view->vm_names, 0, had, NULL);
        for (unsigned i = 0; i < model->vms->len; i++)
            gtk_string_list_append(view->vm_names, sim_model_vm(model, i)->name);
        gtk_widget_set_visible(view->vm_list, model->vms->len > 1);
    }
    if (selected.kind == GUI_ENTITY_VM && selected.a < model->vms->len)
        gtk_drop_down_set_selected(GTK_DROP_DOWN(view->vm_list), selected.a);
}

static GtkWidget *build_bar(MemoryView *view)
{
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);

    view->vm_names = gtk_string_list_new(NULL);
    view->vm_list = gtk_drop_down_new(G_LIST_MODEL(view->vm_names), NULL);
    gui_set_accessible(view->vm_list, _("VM whose address it is"), NULL);
    g_signal_connect_swapped(view->vm_list, "notify::selected", G_CALLBACK(address_changed), view);
    view->entry = gtk_entry_new();
    gtk_entry_set_placeholder_text(GTK_ENTRY(view->entry),
                                   _("Virtual address to translate: 0x40000000"));
    gtk_widget_set_hexpand(view->entry, TRUE);
    gui_set_accessible(view->entry, _("Virtual address to translate"),
                       _("Hexadecimal with 0x, or decimal"));
    g_signal_connect_swapped(view->entry, "changed", G_CALLBACK(address_changed), view);
    gtk_box_append(GTK_BOX(bar), view->vm_list);
    gtk_box_append(GTK_BOX(bar), view->entry);
    gtk_widget_add_css_class(bar, "view-bar");
    return bar;
}

static GtkWidget *build_translation(MemoryView *view)
{
    GtkWidget *scrolled = gtk_scrolled_window_new();

    view->tables = sim_tables_new();
    view->translation = GUI_CANVAS(gui_canvas_new(&translation_ops, view));
    gui_set_accessible(GTK_WIDGET(view->translation), _("The address and its two translations"),
                       NULL);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), GTK_WIDGET(view->translation));
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scrolled), TRUE);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_AUTOMATIC,
                                   GTK_POLICY_NEVER);
    gtk_widget_set_visible(scrolled, FALSE);
    view->translation_scroll = scrolled;
    return scrolled;
}

/* ---- The view ---------------------------------------------------------------------------- */

static void refresh(GtkWidget *widget, void *user)
{
    MemoryView *view = user;

    list_vms(view);
    gui_canvas_redraw(view->canvas);
    if (view->has_address)
        gui_canvas_redraw(view->translation);
}

static void memory_view_free(void *user)
{
    MemoryView *view = user;

    g_clear_pointer(&view->memory, gui_memory_free);
    sim_tables_free(view->tables);
    g_object_unref(view->session);
    g_free(view);
}

GtkWidget *gui_memory_view_new(GuiSession *session)
{
    MemoryView *view = g_new0(MemoryView, 1);
    GtkWidget *scrolled = gtk_scrolled_window_new();
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

    view->session = g_object_ref(session);
    view->canvas = GUI_CANVAS(gui_canvas_new(&ops, view));
    gui_set_accessible(GTK_WIDGET(view->canvas), _("Memory"), NULL);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), GTK_WIDGET(view->canvas));
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_box_append(GTK_BOX(box), scrolled);
    gtk_box_append(GTK_BOX(box), build_translation(view));
    gtk_box_append(GTK_BOX(box), build_bar(view));
    g_object_set_data_full(G_OBJECT(box), "memory-view", view, memory_view_free);
    gui_view_follow(box, session, refresh, view);
    return box;
}
