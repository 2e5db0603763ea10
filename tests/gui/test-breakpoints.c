/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-breakpoints.c: the list of breakpoints, and looking for events in the sample run. */
#include "gui/session/breakpoints.h"
#include "tests/sim/trace-sample.h"

static GuiSession *open_trace(const SimTrace *trace)
{
    GuiSession *session = gui_session_new();
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    while (gui_session_index(session, 1000))
        ;
    return session;
}

static void note_change(GuiBreakpoints *breakpoints, unsigned *count)
{
    ++*count;
}

static void test_list(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = gui_session_new();
    g_autoptr(GuiBreakpoints) list = gui_breakpoints_new(session);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) active = NULL;
    unsigned changes = 0;
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    g_signal_connect(list, "changed", G_CALLBACK(note_change), &changes);
    g_assert_true(gui_breakpoints_add(list, "link-drop", &error));
    /* No run is open: any name will do. */
    g_assert_true(gui_breakpoints_add(list, "frame-sent and vm == c", &error));
    g_assert_null(gui_breakpoints_get(list, 1).error);
    g_assert_false(gui_breakpoints_add(list, "frame-snet", &error));
    g_assert_error(error, SIM_CONDITION_ERROR, 0);
    g_assert_cmpuint(gui_breakpoints_count(list), ==, 2);
    g_assert_cmpuint(changes, ==, 2);

    /* This run has no c. */
    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    g_assert_cmpuint(changes, ==, 3);
    g_assert_cmpstr(gui_breakpoints_get(list, 1).error, ==,
                    "column 22: \"c\" is no value of \"vm\"; allowed: a, b");
    active = gui_breakpoints_active(list);
    g_assert_cmpuint(g_strv_length(active), ==, 1);
    g_assert_cmpstr(active[0], ==, "link-drop");

    gui_breakpoints_enable(list, 0, false);
    gui_breakpoints_enable(list, 0, false);
    g_assert_cmpuint(changes, ==, 4);
    g_assert_false(gui_breakpoints_get(list, 0).enabled);
    gui_breakpoints_remove(list, 0);
    g_assert_cmpstr(gui_breakpoints_get(list, 0).text, ==, "frame-sent and vm == c");
}

static uint64_t time_of(GuiSession *session, uint64_t index)
{
    SimRecord record;

    g_assert_true(sim_reader_get(gui_session_reader(session), index, &record));
    return record.time;
}

/* The time of what is found from the selected moment on; 0: nothing is. */
static uint64_t search(GuiSession *session, GuiBreakpoints *list, const char *text, int direction)
{
    g_autoptr(GuiSearch) search = gui_search_new(
        session, list, text ? gui_condition_new(session, text, NULL) : NULL, direction);
    GuiSearchResult result;
    uint64_t event;

    while ((result = gui_search_step(search, 1, &event)) == GUI_SEARCH_MORE)
        ;
    return result == GUI_SEARCH_FOUND ? time_of(session, event) : 0;
}

static void test_search(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = open_trace(trace);
    g_autoptr(GuiBreakpoints) list = gui_breakpoints_new(session);

    g_assert_cmpuint(search(session, list, "frame-sent and vm == a", 1), ==, 1000);
    gui_session_seek(session, 1000);
    g_assert_cmpuint(search(session, list, "frame-sent and vm == a", 1), ==, 6500);
    gui_session_seek(session, 7000);
    g_assert_cmpuint(search(session, list, "frame-sent and vm == a", 1), ==, 0);
    g_assert_cmpuint(search(session, list, "frame-sent and vm == a", -1), ==, 6500);
    g_assert_cmpuint(search(session, list, "exit", -1), ==, 600);
    g_assert_cmpuint(search(session, list, "guest-fault", -1), ==, 0);

    /* No breakpoint, nothing; then the nearest of two. */
    g_assert_cmpuint(search(session, list, NULL, -1), ==, 0);
    g_assert_true(gui_breakpoints_add(list, "exit", NULL));
    g_assert_true(gui_breakpoints_add(list, "console and text contains \"hello\"", NULL));
    g_assert_cmpuint(search(session, list, NULL, -1), ==, 5000);
    gui_breakpoints_enable(list, 1, false);
    g_assert_cmpuint(search(session, list, NULL, -1), ==, 600);
}

/* Standing just after a match, back means the one before it. */
static void test_back(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = open_trace(trace);
    g_autoptr(GuiBreakpoints) list = gui_breakpoints_new(session);
    g_autoptr(SimCondition) sent = gui_condition_new(session, "frame-sent", NULL);
    int64_t second = gui_session_find(session, sim_condition_types(sent), 1000, -1);

    gui_session_seek_event(session, (uint64_t)second); /* just after it, at 6500 */
    g_assert_cmpuint(gui_session_time(session), ==, 6500);
    g_assert_cmpuint(search(session, list, "frame-sent", -1), ==, 3500);
}

/* A search that found nothing goes on where it was when the trace has grown. */
static void test_growth(void)
{
    g_autoptr(SimTrace) trace = sim_trace_new("{}", NULL, NULL);
    g_autoptr(GuiSession) session = gui_session_new();
    g_autoptr(GuiBreakpoints) list = gui_breakpoints_new(session);
    g_autoptr(GuiSearch) search = NULL;
    uint64_t event;
    size_t size;
    const void *data;

    sample_create(trace);
    sim_trace_settle(trace, 100);
    data = sim_trace_data(trace, &size);
    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    search = gui_search_new(session, list, gui_condition_new(session, "link-drop", NULL), 1);
    g_assert_cmpint(gui_search_step(search, 100, &event), ==, GUI_SEARCH_NOTHING);
    sample_first_half(trace);
    sim_trace_settle(trace, 3200);
    sample_second_half(trace);
    sim_trace_finish(trace);
    data = sim_trace_data(trace, &size);
    gui_session_grow_memory(session, data, size, 1000);
    g_assert_cmpint(gui_search_step(search, 100, &event), ==, GUI_SEARCH_FOUND);
    g_assert_cmpuint(time_of(session, event), ==, 7500);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/breakpoints/list", test_list);
    g_test_add_func("/breakpoints/search", test_search);
    g_test_add_func("/breakpoints/back", test_back);
    g_test_add_func("/breakpoints/growth", test_growth);
    return g_test_run();
}
