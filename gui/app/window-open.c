/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window-open.c: opening. A trace is read in slices while the window lives on. A scenario
 * is run by an engine first: to its end, for a recorded run; or, live, only as far as it
 * is played. */
#include <string.h>

#include "gui/app/common.h"
#include "gui/app/library.h"
#include "gui/app/live.h"
#include "gui/app/window-private.h"

#define SLICE_EVENTS  20000u   /* of indexing between two looks at the main loop */
#define LIVE_CHUNK_NS 20000000 /* how far a live run goes on at a time */

/* ---- Indexing -------------------------------------------------------------------------- */

static void run_a_piece(GuiWindow *window)
{
    gui_engine_run_to(window->engine, gui_engine_time(window->engine) + LIVE_CHUNK_NS);
}

/* A step that waited for more to be recorded. */
static void go_on(GuiWindow *window)
{
    if (!window->step_on)
        return;
    window->step_on = !gui_session_step(window->session, gui_player_step_kind(window->player), 1) &&
                      gui_engine_alive(window->engine);
    if (window->step_on && gui_engine_state(window->engine) == GUI_ENGINE_WAITING)
        run_a_piece(window);
}

static gboolean index_more(void *user)
{
    GuiWindow *window = user;

    if (gui_session_index(window->session, SLICE_EVENTS))
        return G_SOURCE_CONTINUE;
    window->index_idle = 0;
    gui_lesson_update(window->lesson);
    gui_window_update_actions(window);
    go_on(window);
    gui_window_depth_recorded(window);
    if (gui_session_damage(window->session))
        gui_window_say(window, gui_session_damage(window->session));
    return G_SOURCE_REMOVE;
}

static void start_indexing(GuiWindow *window)
{
    if (!window->index_idle)
        window->index_idle = g_idle_add(index_more, window);
}

/* The lesson's first step, or the beginning. */
static void show_run(GuiWindow *window)
{
    g_autofree char *name = window->file ? g_file_get_basename(window->file) : g_strdup("");
    const SimScenario *scenario = gui_lesson_scenario(window->lesson);
    const char *title = scenario ? scenario->title : name;

    gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "run");
    gtk_stack_set_visible_child_name(GTK_STACK(window->title_stack), "run");
    adw_view_switcher_title_set_title(ADW_VIEW_SWITCHER_TITLE(window->title), title);
    gtk_window_set_title(GTK_WINDOW(window), title);
    gtk_widget_set_visible(window->panel, gui_lesson_count(window->lesson) > 0);
    gtk_widget_set_visible(window->separator, gui_lesson_count(window->lesson) > 0);
    window->shown_step = -1;
    if (gui_lesson_count(window->lesson) > 0)
        gui_lesson_go(window->lesson, 0);
    gui_window_update_actions(window);
}

/* ---- The engine's trace ------------------------------------------------------------------ */

static void open_engine_trace(GuiWindow *window)
{
    g_autoptr(GError) error = NULL;
    size_t size;
    const void *data = gui_engine_trace(window->engine, &size);

    if (window->opened || !data)
        return;
    if (!gui_session_open_memory(window->session, data, size, &error)) {
        gui_window_say(window, error->message);
        return;
    }
    window->opened = true;
    while (gui_session_index(window->session, SLICE_EVENTS) &&
           gui_session_end_time(window->session) == 0)
        ;
    start_indexing(window);
}

static void engine_grown(GuiEngine *engine, GuiWindow *window)
{
    size_t size;
    const void *data = gui_engine_trace(engine, &size);

    if (!window->opened)
        return;
    gui_session_grow_memory(window->session, data, size, SLICE_EVENTS);
    start_indexing(window);
}

static void engine_changed(GuiEngine *engine, GuiWindow *window)
{
    GuiEngineState state = gui_engine_state(engine);
    bool was_open = window->opened;
    /* A recorded run is shown when it is there as a whole, a live one at once. */
    bool ready = window->live ? state == GUI_ENGINE_WAITING && gui_engine_answered(engine)
                              : state == GUI_ENGINE_OVER;

    if (ready || (state == GUI_ENGINE_GONE && !window->opened)) {
        open_engine_trace(window);
        if (window->opened && !was_open)
            show_run(window);
    }
    if (window->opened)
        start_indexing(window);
    gui_player_set_waits(window->player, window->live && gui_engine_alive(engine));
    gui_window_update_notice(window);
    gui_window_update_actions(window);
}

static void engine_refused(GuiEngine *engine, const char *why, GuiWindow *window)
{
    gui_live_refused(window->commands, why);
}

void gui_window_connect_engine(GuiWindow *window)
{
    g_signal_connect(window->engine, "grown", G_CALLBACK(engine_grown), window);
    g_signal_connect(window->engine, "changed", G_CALLBACK(engine_changed), window);
    g_signal_connect(window->engine, "refused", G_CALLBACK(engine_refused), window);
}

/* The backend to ask for. A lesson left to itself is run on the exact one: it is there at
 * once, and what a class sees is the same on every screen. */
static char *choose_backend(const char *path)
{
    g_autofree char *backend = g_settings_get_string(gui_settings(), "backend");
    g_autoptr(SimScenario) scenario = sim_scenario_load(path, NULL, NULL, NULL);

    if (!strcmp(backend, "auto") && scenario && scenario->step_count > 0)
        return g_strdup("emulated");
    return g_steal_pointer(&backend);
}

void gui_window_start_engine(GuiWindow *window, bool live)
{
    static const char *const details[] = {"run.detail=full", NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_file_get_path(window->file);
    g_autofree char *backend = choose_backend(path);

    gui_window_close_run(window);
    window->live = live;
    gui_engine_set_overrides(window->engine, window->details ? details : NULL);
    if (!gui_engine_start(window->engine, path, backend, &error)) {
        gui_window_say(window, error->message);
        return;
    }
    if (live)
        gui_engine_run_to(window->engine, 1000);
    else
        gui_engine_run(window->engine);
    gui_window_update_notice(window);
}

/* Playing came to the end of what is recorded: a live run goes on. */
void gui_window_starved(GuiPlayer *player, GuiWindow *window)
{
    if (window->live && gui_engine_state(window->engine) == GUI_ENGINE_WAITING)
        run_a_piece(window);
}

void gui_window_step_on(GuiWindow *window)
{
    if (!window->live || gui_engine_state(window->engine) != GUI_ENGINE_WAITING)
        return;
    window->step_on = true;
    run_a_piece(window);
}

/* ---- What is said about it ------------------------------------------------------------- */

void gui_window_update_notice(GuiWindow *window)
{
    GuiEngineState state = gui_engine_state(window->engine);
    uint64_t until = gui_engine_until(window->engine);
    bool gone = state == GUI_ENGINE_GONE;
    bool busy = !window->live && (state == GUI_ENGINE_STARTING || state == GUI_ENGINE_RUNNING);
    g_autofree char *name = window->file ? g_file_get_basename(window->file) : NULL;
    g_autofree char *text = busy ? g_strdup_printf(_("Running %s \342\200\246"), name)
                                 : g_strdup(gone ? gui_engine_message(window->engine) : "");

    gtk_revealer_set_reveal_child(GTK_REVEALER(window->notice), busy || gone);
    gtk_label_set_text(GTK_LABEL(window->notice_text), text);
    gtk_widget_set_visible(window->notice_progress, busy);
    gtk_button_set_label(GTK_BUTTON(window->notice_button), busy ? _("Cancel") : _("Run again"));
    gtk_actionable_set_action_name(GTK_ACTIONABLE(window->notice_button),
                                   busy ? "win.cancel" : "win.run-again");
    if (busy && until > 0)
        gtk_progress_bar_set_fraction(
            GTK_PROGRESS_BAR(window->notice_progress),
            CLAMP((double)gui_engine_time(window->engine) / (double)until, 0, 1));
}

void gui_window_close_run(GuiWindow *window)
{
    gui_player_pause(window->player);
    g_clear_handle_id(&window->index_idle, g_source_remove);
    /* The session first: it looks into the engine's memory. */
    gui_session_close(window->session);
    gui_engine_stop(window->engine);
    window->opened = false;
    window->step_on = false;
    gui_player_set_waits(window->player, false);
    window->live = false;
    gui_window_update_notice(window);
}

/* ---- Files --------------------------------------------------------------------------------- */

/* A trace says so in its first bytes. */
static bool is_trace(GFile *file)
{
    char magic[8] = "";
    g_autoptr(GFileInputStream) stream = g_file_read(file, NULL, NULL);

    if (stream)
        g_input_stream_read(G_INPUT_STREAM(stream), magic, sizeof(magic) - 1, NULL, NULL);
    return g_str_has_prefix(magic, "HVTRACE");
}

void gui_window_open(GuiWindow *window, GFile *file)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_file_get_path(file);

    if (!path) {
        gui_window_say(window, _("Only files of this computer can be opened"));
        return;
    }
    if (!is_trace(file)) {
        if (!window->file || !g_file_equal(window->file, file))
            window->details = false;
        g_set_object(&window->file, file);
        window->is_scenario = true;
        gui_remember_recent(path);
        gui_window_start_engine(window, false);
        return;
    }
    gui_window_close_run(window);
    if (!gui_session_open(window->session, path, &error)) {
        gui_window_say(window, error->message);
        return;
    }
    g_set_object(&window->file, file);
    window->is_scenario = false;
    gui_remember_recent(path);
    start_indexing(window);
    show_run(window);
}
