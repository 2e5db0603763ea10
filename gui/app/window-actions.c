/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window-actions.c: everything that the window can do, one small function each, in one
 * table with its keys. */
#include <string.h>

#include "gui/app/common.h"
#include "gui/app/library.h"
#include "gui/app/live.h"
#include "gui/app/view.h"
#include "gui/app/window-private.h"
#include "gui/session/scene.h"

void gui_window_toast(GuiWindow *window, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);

    adw_toast_overlay_add_toast(ADW_TOAST_OVERLAY(window->toasts), adw_toast_new(escaped));
}

void gui_window_say(GuiWindow *window, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    AdwToast *toast = adw_toast_new(escaped);
    GtkWidget *label = gui_label(text, NULL);

    gtk_label_set_max_width_chars(GTK_LABEL(label), 60);
    adw_toast_set_custom_title(toast, label);
    adw_toast_set_timeout(toast, 0);
    adw_toast_set_priority(toast, ADW_TOAST_PRIORITY_HIGH);
    adw_toast_overlay_add_toast(ADW_TOAST_OVERLAY(window->toasts), toast);
}

/* ---- Time ------------------------------------------------------------------------------------ */

static void play(GuiWindow *window)
{
    gui_window_set_stop(window);
    gui_player_play(window->player);
}

static void do_play(GuiWindow *window, GVariant *unused)
{
    if (gui_player_playing(window->player))
        gui_player_pause(window->player);
    else
        play(window);
}

static void step(GuiWindow *window, int direction)
{
    gui_player_pause(window->player);
    if (!gui_session_step(window->session, gui_player_step_kind(window->player), direction) &&
        direction > 0)
        gui_window_step_on(window);
}

static void do_step_forward(GuiWindow *window, GVariant *unused)
{
    step(window, 1);
}

static void do_step_back(GuiWindow *window, GVariant *unused)
{
    step(window, -1);
}

static void do_to_start(GuiWindow *window, GVariant *unused)
{
    gui_player_pause(window->player);
    if (gui_lesson_count(window->lesson))
        gui_lesson_go(window->lesson, 0);
    else
        gui_session_seek(window->session, 0);
}

static void do_to_end(GuiWindow *window, GVariant *unused)
{
    gui_player_pause(window->player);
    gui_session_seek(window->session, gui_session_end_time(window->session));
}

static void do_next_step(GuiWindow *window, GVariant *unused)
{
    int current = gui_lesson_current(window->lesson);
    const LabPlace *here =
        current >= 0 ? gui_lesson_place(window->lesson, (unsigned)current) : NULL;
    const LabPlace *next = gui_lesson_place(window->lesson, (unsigned)(current + 1));

    /* A second time: do not wait for the picture. Steps at one place need none. */
    if (gui_player_playing(window->player) || (here && next && here->index == next->index)) {
        gui_player_pause(window->player);
        if ((unsigned)(current + 1) < gui_lesson_count(window->lesson))
            gui_lesson_go(window->lesson, (unsigned)(current + 1));
    } else {
        play(window);
    }
}

static void do_previous_step(GuiWindow *window, GVariant *unused)
{
    int current = gui_lesson_current(window->lesson);

    gui_player_pause(window->player);
    if (current > 0)
        gui_lesson_go(window->lesson, (unsigned)current - 1);
}

/* ---- Pace: "event:600" or "ratio:1000000" ------------------------------------------------------
 */

static void apply_pace(GuiWindow *window, const char *pace)
{
    const char *colon = strchr(pace, ':');
    guint64 number = colon ? g_ascii_strtoull(colon + 1, NULL, 10) : 0;

    if (!number)
        return;
    if (g_str_has_prefix(pace, "ratio")) {
        gui_player_set_pace(window->player, GUI_PACE_RATIO);
        gui_player_set_ratio(window->player, (double)number);
    } else {
        gui_player_set_pace(window->player, GUI_PACE_EVENTS);
        gui_player_set_event_ms(window->player, (unsigned)number);
    }
}

static void apply_step_kind(GuiWindow *window, const char *name)
{
    static const char *const names[GUI_STEP_COUNT] = {[GUI_STEP_EVENT] = "event",
                                                      [GUI_STEP_PACKET] = "packet",
                                                      [GUI_STEP_EXIT] = "exit",
                                                      [GUI_STEP_DECISION] = "decision"};

    for (unsigned i = 0; i < GUI_STEP_COUNT; i++)
        if (!strcmp(name, names[i]))
            gui_player_set_step(window->player, (GuiStep)i);
}

/* key NULL: at the beginning. Others change while the window is laid out (where its panes are),
 * which must not set off anything here. */
static void settings_changed(GSettings *settings, const char *key, GuiWindow *window)
{
    static const char *const own[] = {"pace", "step-kind", "large-type", NULL};

    if (key && !g_strv_contains(own, key))
        return;

    g_autofree char *pace = g_settings_get_string(settings, "pace");
    g_autofree char *kind = g_settings_get_string(settings, "step-kind");

    apply_pace(window, pace);
    apply_step_kind(window, kind);
    gui_views_set_scale(GTK_WIDGET(window),
                        g_settings_get_boolean(settings, "large-type") ? 1.5 : 1);
}

/* ---- Windows and files
 * ---------------------------------------------------------------------------- */

static void do_library(GuiWindow *window, GVariant *unused)
{
    const SimScenario *scenario = gui_lesson_scenario(window->lesson);

    if (scenario && window->is_scenario)
        gui_remember_progress(scenario->id, (unsigned)MAX(gui_lesson_current(window->lesson), 0),
                              gui_lesson_count(window->lesson));
    gui_window_close_run(window);
    gui_library_refresh(window->library);
    gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "library");
    gtk_stack_set_visible_child_name(GTK_STACK(window->title_stack), "library");
    gtk_window_set_title(GTK_WINDOW(window), "hvlab");
    gui_window_update_actions(window);
}

static void file_chosen(GtkNativeDialog *dialog, int response, GuiWindow *window)
{
    if (response == GTK_RESPONSE_ACCEPT) {
        g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));

        gui_window_open(window, file);
    }
    g_object_unref(dialog);
}

static void do_open(GuiWindow *window, GVariant *unused)
{
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new(_("Open a scenario or a trace"), GTK_WINDOW(window),
                                    GTK_FILE_CHOOSER_ACTION_OPEN, _("_Open"), _("_Cancel"));
    g_autoptr(GtkFileFilter) ours = gtk_file_filter_new(), all = gtk_file_filter_new();

    gtk_file_filter_set_name(ours, _("Scenarios and traces"));
    gtk_file_filter_add_pattern(ours, "*.json");
    gtk_file_filter_add_pattern(ours, "*.hvtrace");
    gtk_file_filter_set_name(all, _("All files"));
    gtk_file_filter_add_pattern(all, "*");
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), ours);
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), all);
    g_signal_connect(dialog, "response", G_CALLBACK(file_chosen), window);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void do_cancel(GuiWindow *window, GVariant *unused)
{
    do_library(window, NULL);
}

static void do_run_again(GuiWindow *window, GVariant *unused)
{
    if (window->file && window->is_scenario)
        gui_window_start_engine(window, window->live);
}

static void do_run_live(GuiWindow *window, GVariant *unused)
{
    if (window->file && window->is_scenario)
        gui_window_start_engine(window, true);
}

static void do_run_to_end(GuiWindow *window, GVariant *unused)
{
    gui_engine_run(window->engine);
}

static void trace_chosen(GtkNativeDialog *dialog, int response, GuiWindow *window)
{
    g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
    g_autofree char *path = file ? g_file_get_path(file) : NULL;
    g_autoptr(GError) error = NULL;
    size_t size;
    const void *data = gui_engine_trace(window->engine, &size);

    if (response == GTK_RESPONSE_ACCEPT && path && data) {
        if (g_file_set_contents(path, data, (gssize)size, &error))
            gui_window_toast(window, _("The trace is saved"));
        else
            gui_window_toast(window, error->message);
    }
    g_object_unref(dialog);
}

static void do_save_trace(GuiWindow *window, GVariant *unused)
{
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new(_("Save the trace"), GTK_WINDOW(window),
                                    GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"), _("_Cancel"));

    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), "run.hvtrace");
    g_signal_connect(dialog, "response", G_CALLBACK(trace_chosen), window);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* ---- Views
 * ---------------------------------------------------------------------------------------- */

static void do_view(GuiWindow *window, GVariant *name)
{
    adw_view_stack_set_visible_child_name(window->view_stack, g_variant_get_string(name, NULL));
}

static void do_present(GuiWindow *window, GVariant *unused)
{
    bool on = !gtk_window_is_fullscreen(GTK_WINDOW(window));

    if (on)
        gtk_window_fullscreen(GTK_WINDOW(window));
    else
        gtk_window_unfullscreen(GTK_WINDOW(window));
    if (on)
        gtk_widget_add_css_class(GTK_WIDGET(window), "present");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(window), "present");
    gui_views_set_scale(GTK_WIDGET(window),
                        on || g_settings_get_boolean(gui_settings(), "large-type") ? 1.5 : 1);
}

static void do_search(GuiWindow *window, GVariant *unused)
{
    GtkSearchBar *bar = GTK_SEARCH_BAR(window->search_bar);

    gtk_search_bar_set_search_mode(bar, !gtk_search_bar_get_search_mode(bar));
}

static void do_deselect(GuiWindow *window, GVariant *unused)
{
    if (gui_session_selected(window->session).kind != GUI_ENTITY_NONE)
        gui_session_select(window->session, GUI_NOTHING);
    else if (gtk_window_is_fullscreen(GTK_WINDOW(window)))
        do_present(window, NULL);
}

/* What has just happened to a frame is what one wants to know more of: it is chosen, so its
 * layers and its way are a key away. */
static void do_choose_frame(GuiWindow *window, GVariant *unused)
{
    uint64_t frame = gui_session_frame_here(window->session);

    if (frame)
        gui_session_select(window->session,
                           (GuiEntity){GUI_ENTITY_FRAME, SIM_MODEL_NO_PORT, 0, frame});
    else
        gui_window_toast(window, _("No frame has been sent yet"));
}

/* ---- Commands to machines
 * ---------------------------------------------------------------------------- */

static void do_command(GuiWindow *window, GVariant *parameter)
{
    const char *json = g_variant_get_string(parameter, NULL);
    g_autofree char *says = gui_command_words(json);
    g_autofree char *undo = gui_live_undo_of(gui_session_model(window->session), json);

    gui_live_command(window->commands, json, says, undo);
}

static void do_undo(GuiWindow *window, GVariant *unused)
{
    gui_live_undo(window->commands);
}

static void do_ping(GuiWindow *window, GVariant *from)
{
    gui_live_ping_dialog(window->commands, g_variant_get_string(from, NULL));
}

static void do_add_forward(GuiWindow *window, GVariant *network)
{
    gui_live_forward_dialog(window->commands, g_variant_get_string(network, NULL));
}

/* ---- The table
 * ------------------------------------------------------------------------------------- */

/* Keys that are typed or move in lists are in window-keys.c. */
static const GuiAction actions[] = {
    {"play", NULL, do_play, {"<Control>p"}},
    {"step-forward", NULL, do_step_forward, {"<Alt>Right"}},
    {"step-back", NULL, do_step_back, {"<Alt>Left"}},
    {"to-start", NULL, do_to_start, {NULL}},
    {"to-end", NULL, do_to_end, {NULL}},
    {"next-step", NULL, do_next_step, {NULL}},
    {"previous-step", NULL, do_previous_step, {NULL}},
    {"library", NULL, do_library, {"<Control>l"}},
    {"open", NULL, do_open, {"<Control>o"}},
    {"cancel", NULL, do_cancel, {NULL}},
    {"run-again", NULL, do_run_again, {"<Control>r"}},
    {"run-live", NULL, do_run_live, {"<Control><Shift>r"}},
    {"run-to-end", NULL, do_run_to_end, {NULL}},
    {"save-trace", NULL, do_save_trace, {"<Control>s"}},
    {"view", "s", do_view, {NULL}},
    {"present", NULL, do_present, {"F11", "F5"}},
    {"search", NULL, do_search, {"<Control>f"}},
    {"deselect", NULL, do_deselect, {NULL}},
    {"choose-frame", NULL, do_choose_frame, {"<Control>j"}},
    {"command", "s", do_command, {NULL}},
    {"undo", NULL, do_undo, {NULL}},
    {"ping", "s", do_ping, {NULL}},
    {"add-forward", "s", do_add_forward, {NULL}},
};

#define ACTION_KEY "gui-action"

static void activated(GSimpleAction *action, GVariant *parameter, void *user)
{
    const GuiAction *own = g_object_get_data(G_OBJECT(action), ACTION_KEY);

    own->run(GUI_WINDOW(user), parameter);
}

void gui_window_add_action_table(GuiWindow *window, const GuiAction *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_autoptr(GSimpleAction) action = g_simple_action_new(
            table[i].name, table[i].parameter ? G_VARIANT_TYPE(table[i].parameter) : NULL);

        g_object_set_data(G_OBJECT(action), ACTION_KEY, (void *)&table[i]);
        g_signal_connect(action, "activate", G_CALLBACK(activated), window);
        g_action_map_add_action(G_ACTION_MAP(window), G_ACTION(action));
    }
}

void gui_window_set_action_accels(GtkApplication *application, const GuiAction *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("win.%s", table[i].name);

        if (table[i].accels[0])
            gtk_application_set_accels_for_action(application, name,
                                                  (const char *const *)table[i].accels);
    }
}

void gui_window_enable(GuiWindow *window, const char *name, bool on)
{
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(window), name);

    if (action)
        g_simple_action_set_enabled(G_SIMPLE_ACTION(action), on);
}

void gui_window_update_actions(GuiWindow *window)
{
    static const char *const of_run[] = {"play",   "step-forward", "step-back",   "to-start",
                                         "to-end", "deselect",     "choose-frame"};
    bool open = gui_session_is_open(window->session);
    int current = gui_lesson_current(window->lesson);
    unsigned count = gui_lesson_count(window->lesson);
    GuiEngineState state = gui_engine_state(window->engine);

    for (size_t i = 0; i < G_N_ELEMENTS(of_run); i++)
        gui_window_enable(window, of_run[i], open);
    gui_window_enable(window, "next-step", open && count > 0 && current + 1 < (int)count);
    gui_window_enable(window, "previous-step", open && current > 0);
    gui_window_enable(window, "run-again", window->file && window->is_scenario);
    gui_window_enable(window, "run-live", window->file && window->is_scenario);
    gui_window_enable(window, "run-to-end", window->live && state == GUI_ENGINE_WAITING);
    gui_window_enable(window, "save-trace", open && state != GUI_ENGINE_NONE);
    gui_window_enable(window, "undo", gui_live_can_undo(window->commands));
    gui_window_enable(window, "ping", gui_engine_alive(window->engine));
    gui_window_enable(window, "add-forward", gui_engine_alive(window->engine));
    gtk_widget_set_visible(window->machines_button, open && gui_engine_alive(window->engine));
    gtk_widget_set_visible(window->transport, open);
    gui_window_update_depth_actions(window);
    if (open)
        gtk_widget_add_css_class(window->toasts, "run");
    else
        gtk_widget_remove_css_class(window->toasts, "run");
    gui_window_update_export_actions(window);
}

void gui_window_add_actions(GuiWindow *window)
{
    static const char *const stateful[] = {"pace", "step-kind", "large-type"};

    gui_window_add_action_table(window, actions, G_N_ELEMENTS(actions));
    for (size_t i = 0; i < G_N_ELEMENTS(stateful); i++) {
        g_autoptr(GAction) action = g_settings_create_action(gui_settings(), stateful[i]);

        g_action_map_add_action(G_ACTION_MAP(window), action);
    }
    gui_window_add_export_actions(window);
    g_signal_connect_object(gui_settings(), "changed", G_CALLBACK(settings_changed), window, 0);
    settings_changed(gui_settings(), NULL, window);
}

void gui_window_set_accels(GtkApplication *application)
{
    gui_window_set_depth_accels(application);
    gui_window_set_export_accels(application);
    static const char *const views[] = {"stage",  "timeline", "packets", "memory",
                                        "tables", "console",  "exits"};

    gui_window_set_action_accels(application, actions, G_N_ELEMENTS(actions));
    gtk_application_set_accels_for_action(application, "win.ping('')",
                                          (const char *const[]){"<Control>g", NULL});
    gtk_application_set_accels_for_action(application, "win.add-forward('')",
                                          (const char *const[]){"<Control><Shift>f", NULL});
    for (unsigned i = 0; i < G_N_ELEMENTS(views); i++) {
        g_autofree char *name = g_strdup_printf("win.view('%s')", views[i]);
        g_autofree char *key = g_strdup_printf("<Alt>%u", i + 1);
        const char *const accels[] = {key, NULL};

        gtk_application_set_accels_for_action(application, name, accels);
    }
}
