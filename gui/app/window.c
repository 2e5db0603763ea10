/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window.c: the parts of the window and how they stand together, wide and narrow. */
#include "gui/app/window.h"

#include "gui/app/common.h"
#include "gui/app/library.h"
#include "gui/app/live.h"
#include "gui/app/step-panel.h"
#include "gui/app/view.h"
#include "gui/app/window-private.h"

#define NARROW_WIDTH 700 /* below it the lesson stands under the picture, not beside it */
#define LOW_HEIGHT   680

G_DEFINE_FINAL_TYPE(GuiWindow, gui_window, ADW_TYPE_APPLICATION_WINDOW)

/* ---- Views ----------------------------------------------------------------------------- */

static void rows_toggled(GtkToggleButton *button, GuiWindow *window)
{
    gtk_stack_set_visible_child_name(GTK_STACK(window->stage_stack),
                                     gtk_toggle_button_get_active(button) ? "rows" : "stage");
}

/* The stage as a picture, or as rows: a button in its corner changes between them. */
static GtkWidget *build_stage(GuiWindow *window)
{
    GtkWidget *overlay = gtk_overlay_new(), *button = gtk_toggle_button_new();
    GtkWidget *stage = gui_stage_view_new(window->session);

    window->stage_stack = gtk_stack_new();
    gtk_stack_add_named(GTK_STACK(window->stage_stack), gui_page(stage), "stage");
    gtk_stack_add_named(GTK_STACK(window->stage_stack),
                        gui_page(gui_rows_view_new(window->session)), "rows");
    gtk_button_set_icon_name(GTK_BUTTON(button), "view-list-symbolic");
    gtk_widget_set_tooltip_text(button, _("The same in rows"));
    gui_set_accessible(button, _("The same in rows"), NULL);
    gtk_widget_set_halign(button, GTK_ALIGN_END);
    gtk_widget_set_valign(button, GTK_ALIGN_END);
    gtk_widget_add_css_class(button, "corner");
    gtk_widget_add_css_class(button, "circular");
    g_signal_connect(button, "toggled", G_CALLBACK(rows_toggled), window);
    g_settings_bind(gui_settings(), "rows", button, "active", G_SETTINGS_BIND_DEFAULT);
    gtk_overlay_set_child(GTK_OVERLAY(overlay), window->stage_stack);
    gtk_overlay_add_overlay(GTK_OVERLAY(overlay), button);
    gui_live_touch(window->commands, gui_stage_view_canvas(stage), overlay);
    return overlay;
}

static void add_view(GuiWindow *window, GtkWidget *view, const char *name, const char *title,
                     const char *icon)
{
    AdwViewStackPage *page =
        adw_view_stack_add_titled(window->view_stack, gui_page(view), name, title);

    adw_view_stack_page_set_icon_name(page, icon);
}

static GtkWidget *build_views(GuiWindow *window)
{
    GuiSession *session = window->session;

    window->views = adw_view_stack_new();
    window->view_stack = ADW_VIEW_STACK(window->views);
    add_view(window, build_stage(window), "stage", _("Stage"), "network-workgroup-symbolic");
    add_view(window, gui_timeline_view_new(session), "timeline", _("Timeline"),
             "x-office-calendar-symbolic");
    add_view(window, gui_packets_view_new(session), "packets", _("Packets"),
             "mail-unread-symbolic");
    add_view(window, gui_memory_view_new(session), "memory", _("Memory"), "view-grid-symbolic");
    add_view(window, gui_tables_view_new(session), "tables", _("Tables"),
             "x-office-spreadsheet-symbolic");
    add_view(window, gui_console_view_new(session), "console", _("Console"),
             "utilities-terminal-symbolic");
    add_view(window, gui_exits_view_new(session), "exits", _("Exits"), "system-run-symbolic");
    gtk_widget_set_vexpand(window->views, TRUE);
    gtk_widget_set_hexpand(window->views, TRUE);
    return window->views;
}

/* ---- Header --------------------------------------------------------------------------------- */

static GtkWidget *header_button(const char *icon, const char *text, const char *action)
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon);

    gtk_widget_set_tooltip_text(button, text);
    gui_set_accessible(button, text, NULL);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
    return button;
}

static void fill_machines(GtkMenuButton *button, void *user)
{
    GuiWindow *window = user;
    g_autoptr(GMenuModel) menu = gui_live_menu(gui_session_model(window->session), GUI_NOTHING);

    gtk_menu_button_set_menu_model(button, menu);
}

static GtkWidget *menu_button(GuiWindow *window)
{
    g_autoptr(GtkBuilder) builder = gtk_builder_new_from_resource(GUI_RESOURCE_PATH "menus.ui");
    GtkWidget *button = gtk_menu_button_new();

    gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(button), "open-menu-symbolic");
    gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button),
                                   G_MENU_MODEL(gtk_builder_get_object(builder, "primary-menu")));
    gtk_menu_button_set_primary(GTK_MENU_BUTTON(button), TRUE);
    gtk_widget_set_tooltip_text(button, _("Main menu"));
    gui_set_accessible(button, _("Main menu"), NULL);
    return button;
}

static GtkWidget *build_header(GuiWindow *window)
{
    GtkWidget *header = adw_header_bar_new();
    GtkWidget *left = gtk_stack_new(), *right = gtk_stack_new();

    window->title = adw_view_switcher_title_new();
    adw_view_switcher_title_set_stack(ADW_VIEW_SWITCHER_TITLE(window->title), window->view_stack);
    window->title_stack = gtk_stack_new();
    gtk_stack_add_named(GTK_STACK(window->title_stack), adw_window_title_new("hvlab", NULL),
                        "library");
    gtk_stack_add_named(GTK_STACK(window->title_stack), window->title, "run");
    gtk_stack_set_hhomogeneous(GTK_STACK(window->title_stack), FALSE);
    adw_header_bar_set_title_widget(ADW_HEADER_BAR(header), window->title_stack);
    adw_header_bar_set_centering_policy(ADW_HEADER_BAR(header), ADW_CENTERING_POLICY_LOOSE);

    gtk_stack_add_named(GTK_STACK(left),
                        header_button("document-open-symbolic", _("Open"), "win.open"), "library");
    gtk_stack_add_named(GTK_STACK(left),
                        header_button("go-previous-symbolic", _("Library"), "win.library"), "run");
    g_object_bind_property(window->title_stack, "visible-child-name", left, "visible-child-name",
                           G_BINDING_DEFAULT);
    adw_header_bar_pack_start(ADW_HEADER_BAR(header), left);

    window->menu_button = menu_button(window);
    adw_header_bar_pack_end(ADW_HEADER_BAR(header), window->menu_button);
    window->machines_button = gtk_menu_button_new();
    gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(window->machines_button), "computer-symbolic");
    gtk_menu_button_set_create_popup_func(GTK_MENU_BUTTON(window->machines_button), fill_machines,
                                          window, NULL);
    gtk_widget_set_tooltip_text(window->machines_button, _("Commands to machines"));
    gui_set_accessible(window->machines_button, _("Commands to machines"), NULL);
    adw_header_bar_pack_end(ADW_HEADER_BAR(header), window->machines_button);
    gtk_stack_add_named(GTK_STACK(right),
                        header_button("system-search-symbolic", _("Search"), "win.search"),
                        "library");
    gtk_stack_add_named(GTK_STACK(right),
                        header_button("view-fullscreen-symbolic", _("Present"), "win.present"),
                        "run");
    g_object_bind_property(window->title_stack, "visible-child-name", right, "visible-child-name",
                           G_BINDING_DEFAULT);
    adw_header_bar_pack_end(ADW_HEADER_BAR(header), right);
    return header;
}

/* ---- Pages ---------------------------------------------------------------------------------- */

static void search_changed(GtkSearchEntry *entry, GuiWindow *window)
{
    gui_library_search(window->library, gtk_editable_get_text(GTK_EDITABLE(entry)));
}

static GtkWidget *build_library(GuiWindow *window)
{
    GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

    window->search = gtk_search_entry_new();
    gtk_widget_set_hexpand(window->search, TRUE);
    gui_set_accessible(window->search, _("Search scenarios"), NULL);
    g_signal_connect(window->search, "search-changed", G_CALLBACK(search_changed), window);
    window->search_bar = gtk_search_bar_new();
    gtk_search_bar_set_child(GTK_SEARCH_BAR(window->search_bar), window->search);
    gtk_search_bar_connect_entry(GTK_SEARCH_BAR(window->search_bar), GTK_EDITABLE(window->search));
    window->library = gui_library_new();
    gtk_box_append(GTK_BOX(page), window->search_bar);
    gtk_box_append(GTK_BOX(page), window->library);
    return page;
}

static GtkWidget *build_run(GuiWindow *window)
{
    GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

    window->panel = gui_step_panel_new(window->session, window->lesson);
    gtk_widget_set_size_request(window->panel, 320, -1);
    window->split = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    window->separator = gtk_separator_new(GTK_ORIENTATION_VERTICAL);
    gtk_box_append(GTK_BOX(window->split), window->views);
    gtk_box_append(GTK_BOX(window->split), window->separator);
    gtk_box_append(GTK_BOX(window->split), window->panel);
    gtk_widget_set_vexpand(window->split, TRUE);
    window->transport = gui_transport_new(window);
    gtk_box_append(GTK_BOX(page), window->split);
    gtk_box_append(GTK_BOX(page), window->transport);
    return page;
}

/* What the engine is doing, or that it is gone. */
static GtkWidget *build_notice(GuiWindow *window)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);

    window->notice = gtk_revealer_new();
    window->notice_text = gui_label("", NULL);
    gtk_widget_set_hexpand(window->notice_text, TRUE);
    window->notice_progress = gtk_progress_bar_new();
    gtk_widget_set_valign(window->notice_progress, GTK_ALIGN_CENTER);
    gui_set_accessible(window->notice_progress, _("Progress of the run"), NULL);
    window->notice_button = gtk_button_new();
    gtk_widget_set_valign(window->notice_button, GTK_ALIGN_CENTER);
    gtk_box_append(GTK_BOX(box), window->notice_text);
    gtk_box_append(GTK_BOX(box), window->notice_progress);
    gtk_box_append(GTK_BOX(box), window->notice_button);
    gtk_widget_add_css_class(box, "notice");
    gtk_revealer_set_child(GTK_REVEALER(window->notice), box);
    return window->notice;
}

static gboolean dropped(GtkDropTarget *target, const GValue *value, double x, double y,
                        GuiWindow *window)
{
    gui_window_open(window, g_value_get_object(value));
    return TRUE;
}

static void build(GuiWindow *window)
{
    GtkWidget *all = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkDropTarget *drop = gtk_drop_target_new(G_TYPE_FILE, GDK_ACTION_COPY);

    build_views(window);
    gtk_box_append(GTK_BOX(all), build_header(window));
    gtk_box_append(GTK_BOX(all), build_notice(window));
    window->pages = gtk_stack_new();
    gtk_stack_add_named(GTK_STACK(window->pages), gui_page(build_library(window)), "library");
    gtk_stack_add_named(GTK_STACK(window->pages), gui_page(build_run(window)), "run");
    gtk_stack_set_transition_type(GTK_STACK(window->pages), GTK_STACK_TRANSITION_TYPE_CROSSFADE);
    gtk_box_append(GTK_BOX(all), window->pages);
    window->switcher_bar = adw_view_switcher_bar_new();
    adw_view_switcher_bar_set_stack(ADW_VIEW_SWITCHER_BAR(window->switcher_bar),
                                    window->view_stack);
    gtk_box_append(GTK_BOX(all), window->switcher_bar);
    g_object_bind_property(window->title, "title-visible", window->switcher_bar, "reveal",
                           G_BINDING_SYNC_CREATE);
    window->toasts = adw_toast_overlay_new();
    adw_toast_overlay_set_child(ADW_TOAST_OVERLAY(window->toasts), all);
    adw_application_window_set_content(ADW_APPLICATION_WINDOW(window), window->toasts);
    g_signal_connect(drop, "drop", G_CALLBACK(dropped), window);
    gtk_widget_add_controller(GTK_WIDGET(window), GTK_EVENT_CONTROLLER(drop));
}

/* ---- Following --------------------------------------------------------------------------------
 */

/* A step says which view to look at. */
static void lesson_changed(GuiLesson *lesson, GuiWindow *window)
{
    int current = gui_lesson_current(lesson);
    const SimScenario *scenario = gui_lesson_scenario(lesson);

    gui_window_update_actions(window);
    if (current < 0 || current == window->shown_step)
        return;
    window->shown_step = current;
    adw_view_stack_set_visible_child_name(
        window->view_stack,
        sim_view_name((SimView)gui_lesson_step(lesson, (unsigned)current)->view));
    if (scenario && window->is_scenario)
        gui_remember_progress(scenario->id, (unsigned)current, gui_lesson_count(lesson));
}

/* Narrow: the lesson goes below the picture. */
static void set_narrow(GuiWindow *window, bool narrow)
{
    if (window->narrow == narrow)
        return;
    window->narrow = narrow;
    if (narrow)
        gtk_widget_add_css_class(GTK_WIDGET(window), "narrow");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(window), "narrow");
    gtk_orientable_set_orientation(GTK_ORIENTABLE(window->split),
                                   narrow ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL);
    gtk_orientable_set_orientation(GTK_ORIENTABLE(window->separator),
                                   narrow ? GTK_ORIENTATION_HORIZONTAL : GTK_ORIENTATION_VERTICAL);
    gtk_widget_set_size_request(window->panel, narrow ? -1 : 320, narrow ? 240 : -1);
}

/* Low: less room between things. */
static void set_low(GuiWindow *window, bool low)
{
    window->low = low;
    if (low)
        gtk_widget_add_css_class(GTK_WIDGET(window), "low");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(window), "low");
}

static gboolean resized(void *user)
{
    GuiWindow *window = user;

    set_narrow(window, gtk_widget_get_width(GTK_WIDGET(window)) < NARROW_WIDTH);
    set_low(window, gtk_widget_get_height(GTK_WIDGET(window)) < LOW_HEIGHT);
    return G_SOURCE_REMOVE;
}

static void window_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    GuiWindow *window = GUI_WINDOW(widget);

    GTK_WIDGET_CLASS(gui_window_parent_class)->size_allocate(widget, width, height, baseline);
    /* Not in the middle of an allocation. */
    if (window->narrow != (width < NARROW_WIDTH) || window->low != (height < LOW_HEIGHT))
        g_idle_add_full(G_PRIORITY_HIGH_IDLE, resized, g_object_ref(window), g_object_unref);
}

/* ---- Life ---------------------------------------------------------------------------------------
 */

static gboolean window_close_request(GtkWindow *base)
{
    GuiWindow *window = GUI_WINDOW(base);

    gui_window_close_run(window);
    return GTK_WINDOW_CLASS(gui_window_parent_class)->close_request(base);
}

static void window_dispose(GObject *object)
{
    GuiWindow *window = GUI_WINDOW(object);

    if (window->player)
        gui_player_pause(window->player);
    g_clear_handle_id(&window->index_idle, g_source_remove);
    if (window->session)
        gui_session_close(window->session);
    g_clear_pointer(&window->commands, gui_live_free);
    if (window->lesson)
        g_signal_handlers_disconnect_by_data(window->lesson, window);
    if (window->engine) {
        g_signal_handlers_disconnect_by_data(window->engine, window);
        /* Waiting for its output holds it: it would go on without anybody to watch. */
        gui_engine_stop(window->engine);
    }
    gui_window_depth_free(window);
    G_OBJECT_CLASS(gui_window_parent_class)->dispose(object);
    g_clear_object(&window->player);
    g_clear_object(&window->lesson);
    g_clear_object(&window->engine);
    g_clear_object(&window->session);
    g_clear_object(&window->file);
}

static void gui_window_class_init(GuiWindowClass *class)
{
    G_OBJECT_CLASS(class)->dispose = window_dispose;
    GTK_WINDOW_CLASS(class)->close_request = window_close_request;
    GTK_WIDGET_CLASS(class)->size_allocate = window_allocate;
}

static void gui_window_init(GuiWindow *window)
{
}

GtkWidget *gui_window_new(AdwApplication *application, const char *engine_command)
{
    GuiWindow *window = g_object_new(GUI_TYPE_WINDOW, "application", application, NULL);
    GSettings *settings = gui_settings();

    window->session = gui_session_new();
    window->lesson = gui_lesson_new(window->session);
    window->player = gui_player_new(window->session, GTK_WIDGET(window));
    window->engine = gui_engine_new(engine_command);
    window->commands = gui_live_new(window);
    build(window);
    gui_window_add_actions(window);
    gui_window_add_keys(window);
    gui_window_add_depth_actions(window);
    gui_window_connect_engine(window);
    g_signal_connect(window->player, "starved", G_CALLBACK(gui_window_starved), window);
    g_signal_connect(window->lesson, "changed", G_CALLBACK(lesson_changed), window);
    gui_window_update_actions(window);
    gui_window_update_notice(window);
    gtk_window_set_title(GTK_WINDOW(window), "hvlab");
    gtk_widget_set_size_request(GTK_WIDGET(window), 360, 294);
    g_settings_bind(settings, "window-width", window, "default-width", G_SETTINGS_BIND_DEFAULT);
    g_settings_bind(settings, "window-height", window, "default-height", G_SETTINGS_BIND_DEFAULT);
    g_settings_bind(settings, "window-maximized", window, "maximized", G_SETTINGS_BIND_DEFAULT);
    gui_remember("view", window->view_stack, "visible-child-name");
    return GTK_WIDGET(window);
}
