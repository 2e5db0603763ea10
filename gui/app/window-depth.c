/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window-depth.c: the window's actions for who wants to know exactly: runs with registers
 * and code recorded, breakpoints, running to the next event of a kind.
 *
 * What is recorded is searched, in slices between two turns of the main loop. What a live
 * run has not recorded yet is left to the engine, which knows the conditions too and stops
 * at them; then what it recorded is searched. So the selected moment is exactly after the
 * event in both cases. */
#include <string.h>

#include "gui/app/common.h"
#include "gui/app/compare-window.h"
#include "gui/app/editor-window.h"
#include "gui/app/library.h"
#include "gui/app/window-private.h"

#define SLICE 20000u /* events that may be it, between two looks at the main loop */

struct GuiDepth {
    GuiBreakpoints *breakpoints;
    GtkWidget *breakpoints_window; /* NULL: not open */
    GuiSearch *search;             /* under way; NULL: none */
    char *wanted;                  /* its condition; NULL: the breakpoints */
    unsigned search_idle;
    bool forward;
    bool asked; /* the engine runs for it */

    /* The next breakpoint, as far as was looked. */
    GuiSearch *ahead;
    uint64_t ahead_from; /* position at which that look began */
    bool ahead_found;
    uint64_t ahead_event;
};

/* ---- Searching ----------------------------------------------------------------------- */

static void end_search(GuiWindow *window)
{
    GuiDepth *depth = window->depth;

    g_clear_handle_id(&depth->search_idle, g_source_remove);
    g_clear_pointer(&depth->search, gui_search_free);
    g_clear_pointer(&depth->wanted, g_free);
    depth->asked = false;
}

/* Nothing in what is recorded: a live run goes on to it. */
static void ask_engine(GuiWindow *window)
{
    GuiDepth *depth = window->depth;
    const char *const one[] = {depth->wanted, NULL};
    g_auto(GStrv) active = gui_breakpoints_active(depth->breakpoints);

    gui_engine_run_until(window->engine, depth->wanted ? one : (const char *const *)active);
}

static gboolean search_more(void *user)
{
    GuiWindow *window = user;
    GuiDepth *depth = window->depth;
    uint64_t event;
    GuiSearchResult result = gui_search_step(depth->search, SLICE, &event);

    /* What has come in but is not indexed yet comes next. */
    if (result == GUI_SEARCH_MORE || (result == GUI_SEARCH_NOTHING && window->index_idle))
        return G_SOURCE_CONTINUE;
    depth->search_idle = 0;
    if (result == GUI_SEARCH_FOUND) {
        end_search(window);
        gui_session_seek_event(window->session, event);
        gui_session_select(window->session, (GuiEntity){GUI_ENTITY_EVENT, 0, 0, event});
    } else if (depth->forward && window->live && gui_engine_alive(window->engine)) {
        if (gui_engine_state(window->engine) == GUI_ENGINE_WAITING)
            ask_engine(window);
        depth->asked = true; /* and look again when it has stopped */
    } else {
        end_search(window);
        gui_window_toast(window, _("No such event from here on"));
    }
    return G_SOURCE_REMOVE;
}

/* Takes over condition; NULL: the breakpoints. */
static void search(GuiWindow *window, SimCondition *condition, const char *text, int direction)
{
    GuiDepth *depth = window->depth;

    end_search(window);
    gui_player_pause(window->player);
    depth->wanted = g_strdup(text);
    depth->forward = direction > 0;
    depth->search = gui_search_new(window->session, depth->breakpoints, condition, direction);
    depth->search_idle = g_idle_add(search_more, window);
}

gboolean gui_window_run_to(GuiWindow *window, const char *text, int direction, GError **error)
{
    SimCondition *condition = gui_condition_new(window->session, text, error);

    if (condition)
        search(window, condition, text, direction);
    return condition != NULL;
}

static void go_to_breakpoint(GuiWindow *window, int direction)
{
    g_auto(GStrv) active = gui_breakpoints_active(window->depth->breakpoints);

    if (*active)
        search(window, NULL, NULL, direction);
    else
        gui_window_toast(window, _("There is no breakpoint that could hold in this run"));
}

/* ---- Playing stops there -------------------------------------------------------------------- */

static void forget_ahead(GuiDepth *depth)
{
    g_clear_pointer(&depth->ahead, gui_search_free);
    depth->ahead_found = false;
}

/* Looks on for the next breakpoint; what was looked at before is not looked at again. */
static bool look_ahead(GuiWindow *window, uint64_t *ret_event)
{
    GuiDepth *depth = window->depth;
    uint64_t position = gui_session_position(window->session);

    if (depth->ahead &&
        (position < depth->ahead_from || (depth->ahead_found && position > depth->ahead_event)))
        forget_ahead(depth);
    if (!depth->ahead) {
        depth->ahead = gui_search_new(window->session, depth->breakpoints, NULL, 1);
        depth->ahead_from = position;
    }
    if (!depth->ahead_found)
        depth->ahead_found =
            gui_search_step(depth->ahead, SLICE, &depth->ahead_event) == GUI_SEARCH_FOUND;
    *ret_event = depth->ahead_event;
    return depth->ahead_found;
}

void gui_window_set_stop(GuiWindow *window)
{
    const LabPlace *step = gui_lesson_stop(window->lesson);
    uint64_t position = step ? step->index : UINT64_MAX, time = step ? step->time : UINT64_MAX;
    g_auto(GStrv) active = gui_breakpoints_active(window->depth->breakpoints);
    uint64_t event;
    SimRecord record;

    if (*active && look_ahead(window, &event) && event < position &&
        sim_reader_get(gui_session_reader(window->session), event, &record)) {
        position = event + 1;
        time = record.time;
    }
    gui_player_set_stop(window->player, position, time);
}

/* Playing has ended: at a breakpoint, it says which. */
static void playing_changed(GObject *player, GParamSpec *property, GuiWindow *window)
{
    SimRecord record;
    int number;

    if (gui_player_playing(window->player) || !gui_session_last_event(window->session, &record))
        return;
    number = gui_breakpoints_at(window->depth->breakpoints, &record);
    if (number >= 0) {
        g_autofree char *text =
            g_strdup_printf(_("Breakpoint: %s"),
                            gui_breakpoints_get(window->depth->breakpoints, (unsigned)number).text);

        gui_window_toast(window, text);
    }
}

static void grown(GuiSession *session, GuiWindow *window)
{
    if (gui_player_playing(window->player))
        gui_window_set_stop(window);
}

void gui_window_depth_recorded(GuiWindow *window)
{
    GuiDepth *depth = window->depth;
    GuiEngineState state = gui_engine_state(window->engine);

    if (!depth->search || depth->search_idle || state == GUI_ENGINE_RUNNING)
        return;
    if (depth->asked)
        depth->search_idle = g_idle_add(search_more, window);
    depth->asked = false;
}

/* ---- The list of breakpoints -------------------------------------------------------------------
 */

static void remember(GuiBreakpoints *breakpoints)
{
    GVariantBuilder list;

    g_variant_builder_init(&list, G_VARIANT_TYPE("a(bs)"));
    for (unsigned i = 0; i < gui_breakpoints_count(breakpoints); i++) {
        GuiBreakpoint one = gui_breakpoints_get(breakpoints, i);

        g_variant_builder_add(&list, "(bs)", one.enabled, one.text);
    }
    g_settings_set_value(gui_settings(), "breakpoints", g_variant_builder_end(&list));
}

static void restore(GuiBreakpoints *breakpoints)
{
    g_autoptr(GVariant) list = g_settings_get_value(gui_settings(), "breakpoints");

    for (gsize i = 0; i < g_variant_n_children(list); i++) {
        gboolean enabled;
        const char *text;

        g_variant_get_child(list, i, "(b&s)", &enabled, &text);
        if (gui_breakpoints_add(breakpoints, text, NULL) && !enabled)
            gui_breakpoints_enable(breakpoints, gui_breakpoints_count(breakpoints) - 1, false);
    }
}

static void breakpoints_changed(GuiBreakpoints *breakpoints, GuiWindow *window)
{
    g_auto(GStrv) active = gui_breakpoints_active(breakpoints);

    forget_ahead(window->depth);
    gui_engine_set_stops(window->engine, (const char *const *)active);
    remember(breakpoints);
    gui_window_update_depth_actions(window);
    if (gui_player_playing(window->player))
        gui_window_set_stop(window);
}

GuiBreakpoints *gui_window_breakpoints(GuiWindow *window)
{
    return window->depth->breakpoints;
}

static void trace_changed(GuiSession *session, GuiWindow *window)
{
    end_search(window);
    forget_ahead(window->depth);
}

/* ---- Actions
 * --------------------------------------------------------------------------------------- */

static void do_run_details(GuiWindow *window, GVariant *unused)
{
    if (!window->file || !window->is_scenario)
        return;
    window->details = true;
    gui_window_start_engine(window, window->live);
}

static void do_next_match(GuiWindow *window, GVariant *unused)
{
    go_to_breakpoint(window, 1);
}

static void do_previous_match(GuiWindow *window, GVariant *unused)
{
    go_to_breakpoint(window, -1);
}

static void do_run_to(GuiWindow *window, GVariant *condition)
{
    g_autoptr(GError) error = NULL;

    if (!gui_window_run_to(window, g_variant_get_string(condition, NULL), 1, &error))
        gui_window_toast(window, error->message);
}

static void do_breakpoints(GuiWindow *window, GVariant *unused)
{
    GuiDepth *depth = window->depth;

    if (!depth->breakpoints_window) {
        depth->breakpoints_window = gui_breakpoints_window_new(window);
        g_object_add_weak_pointer(G_OBJECT(depth->breakpoints_window),
                                  (gpointer *)&depth->breakpoints_window);
    }
    gtk_window_present(GTK_WINDOW(depth->breakpoints_window));
}

/* The trace as bytes of its own: the window goes on to other runs. */
static GBytes *trace_bytes(GuiWindow *window)
{
    g_autofree char *path = window->file ? g_file_get_path(window->file) : NULL;
    g_autoptr(GMappedFile) file = NULL;
    size_t size;
    const void *data = gui_engine_trace(window->engine, &size);

    if (window->is_scenario)
        return data ? g_bytes_new(data, size) : NULL;
    file = path ? g_mapped_file_new(path, FALSE, NULL) : NULL;
    return file ? g_mapped_file_get_bytes(file) : NULL;
}

static void do_compare(GuiWindow *window, GVariant *unused)
{
    g_autofree char *path = window->file ? g_file_get_path(window->file) : NULL;
    g_autofree char *name = path ? g_path_get_basename(path) : g_strdup("");
    g_autoptr(GBytes) trace = trace_bytes(window);
    g_autofree char *title = g_strdup_printf(_("%s as it is"), name);

    if (trace)
        gtk_window_present(
            GTK_WINDOW(gui_compare_window_new(window->is_scenario ? path : NULL, trace, title)));
}

/* What was edited is run in this window. */
static void run_edited(const char *path, void *user)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);

    gui_window_open(GUI_WINDOW(user), file);
}

/* Of a trace nothing can be edited: its scenario is one of the past. */
static void do_edit(GuiWindow *window, GVariant *unused)
{
    g_autofree char *path = window->file ? g_file_get_path(window->file) : NULL;
    g_autofree char *library = gui_scenario_directory();
    g_autoptr(GError) error = NULL;
    GtkWidget *editor;

    if (!path || !window->is_scenario)
        return;
    editor = gui_editor_window_new(GTK_WINDOW(window), path, g_str_has_prefix(path, library),
                                   run_edited, window, &error);
    if (editor)
        gtk_window_present(GTK_WINDOW(editor));
    else
        gui_window_toast(window, error->message);
}

static const GuiAction actions[] = {
    {"run-details", NULL, do_run_details, {"<Control><Shift>d"}},
    {"breakpoints", NULL, do_breakpoints, {"<Control>b"}},
    {"next-match", NULL, do_next_match, {"F8"}},
    {"previous-match", NULL, do_previous_match, {"<Shift>F8"}},
    {"run-to", "s", do_run_to, {NULL}},
    {"edit", NULL, do_edit, {"<Control>d"}},
    {"compare", NULL, do_compare, {"<Control><Shift>c"}},
};

void gui_window_update_depth_actions(GuiWindow *window)
{
    static const char *const of_run[] = {"breakpoints", "next-match", "previous-match", "run-to",
                                         "compare"};
    bool open = gui_session_is_open(window->session);

    for (size_t i = 0; i < G_N_ELEMENTS(of_run); i++)
        gui_window_enable(window, of_run[i], open);
    gui_window_enable(window, "run-details", window->file && window->is_scenario);
    gui_window_enable(window, "edit", window->file && window->is_scenario);
}

void gui_window_add_depth_actions(GuiWindow *window)
{
    GuiDepth *depth = g_new0(GuiDepth, 1);

    window->depth = depth;
    gui_window_add_action_table(window, actions, G_N_ELEMENTS(actions));
    depth->breakpoints = gui_breakpoints_new(window->session);
    restore(depth->breakpoints);
    breakpoints_changed(depth->breakpoints, window);
    g_signal_connect(depth->breakpoints, "changed", G_CALLBACK(breakpoints_changed), window);
    g_signal_connect(window->session, "trace-grown", G_CALLBACK(grown), window);
    g_signal_connect(window->session, "trace-changed", G_CALLBACK(trace_changed), window);
    g_signal_connect(window->player, "notify::playing", G_CALLBACK(playing_changed), window);
}

void gui_window_set_depth_accels(GtkApplication *application)
{
    gui_window_set_action_accels(application, actions, G_N_ELEMENTS(actions));
}

void gui_window_depth_free(GuiWindow *window)
{
    GuiDepth *depth = window->depth;

    if (!depth)
        return;
    end_search(window);
    forget_ahead(depth);
    g_signal_handlers_disconnect_by_data(depth->breakpoints, window);
    g_signal_handlers_disconnect_by_data(window->session, window);
    g_signal_handlers_disconnect_by_data(window->player, window);
    if (depth->breakpoints_window)
        gtk_window_destroy(GTK_WINDOW(depth->breakpoints_window));
    g_object_unref(depth->breakpoints);
    g_clear_pointer(&window->depth, g_free);
}
