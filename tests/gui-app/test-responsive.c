/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-responsive.c: no turn of the main loop is long while a run writes 200,000 events in a
 * second and the window shows its newest moment.
 *
 * A run is made up beforehand; a timer uncovers as much of it as would have been written. A turn
 * is what happens between two waits of the main loop; it is measured in CPU time of this
 * thread, so that other programs of the machine do not count. */
#include <gtk/gtk.h>
#include <time.h>

#include "gui/app/common.h"
#include "gui/app/view.h"
#include "tests/gui/busy-sample.h"

#define EVENTS_PER_S 200000u
#define TICK_MS      10u
#define LONGEST_MS   50.0
#define SHOWN_MS     1500u /* each view */
#define SLICE_EVENTS 20000u

typedef struct {
    GuiSession *session;
    const uint8_t *data;
    size_t size, shown, per_tick;
    unsigned left_ms;
    GMainLoop *loop;
} Run;

static struct {
    double began_ms, longest_ms;
    unsigned turns;
    bool counting;
} turns;

static double cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Stands where the main loop waits: a turn ends here, the next one begins. */
static int wait_between_turns(GPollFD *files, unsigned count, int timeout)
{
    double now = cpu_ms();
    int result;

    if (turns.counting && now - turns.began_ms > turns.longest_ms)
        turns.longest_ms = now - turns.began_ms;
    turns.turns += turns.counting;
    result = g_poll(files, count, timeout);
    turns.began_ms = cpu_ms();
    return result;
}

static gboolean write_more(void *user)
{
    Run *run = user;

    run->shown = MIN(run->shown + run->per_tick, run->size);
    gui_session_grow_memory(run->session, run->data, run->shown, SLICE_EVENTS);
    gui_session_seek(run->session, gui_session_end_time(run->session));
    if (run->left_ms <= TICK_MS) {
        g_main_loop_quit(run->loop);
        return G_SOURCE_REMOVE;
    }
    run->left_ms -= TICK_MS;
    return G_SOURCE_CONTINUE;
}

/* CPU time of the longest turn while the view is seen. */
static double longest_turn(Run *run, GtkWidget *view)
{
    GtkWidget *window = gtk_window_new();

    gtk_window_set_default_size(GTK_WINDOW(window), 1100, 700);
    gtk_window_set_child(GTK_WINDOW(window), view);
    gtk_window_present(GTK_WINDOW(window));
    gtk_test_widget_wait_for_draw(window);
    run->left_ms = SHOWN_MS;
    turns.longest_ms = 0;
    turns.turns = 0;
    turns.began_ms = cpu_ms();
    turns.counting = true;
    g_timeout_add(TICK_MS, write_more, run);
    g_main_loop_run(run->loop);
    turns.counting = false;
    gtk_window_destroy(GTK_WINDOW(window));
    return turns.longest_ms;
}

static void test_growing_run(void)
{
    static const struct {
        const char *name;
        GtkWidget *(*make)(GuiSession *session);
    } views[] = {{"stage", gui_stage_view_new},     {"timeline", gui_timeline_view_new},
                 {"packets", gui_packets_view_new}, {"tables", gui_tables_view_new},
                 {"memory", gui_memory_view_new},   {"console", gui_console_view_new}};
    const Busy busy = {.vms = 16, .networks = 2, .pcpus = 4, .turns = 100000, .flights = 20};
    SimTrace *trace = busy_trace(&busy, NULL);
    Run run = {.session = gui_session_new(), .loop = g_main_loop_new(NULL, FALSE)};
    g_autoptr(GError) error = NULL;
    g_autoptr(SimReader) reader = NULL;
    uint64_t events;

    run.data = sim_trace_data(trace, &run.size);
    reader = sim_reader_new_memory(run.data, run.size, &error);
    g_assert_no_error(error);
    events = sim_reader_count(reader);
    /* Enough for all views, at the rate of the test. */
    g_assert_cmpuint(events, >, EVENTS_PER_S / 1000 * SHOWN_MS * G_N_ELEMENTS(views));
    run.per_tick = (size_t)((double)run.size / (double)events * EVENTS_PER_S / 1000 * TICK_MS);
    run.shown = MIN(run.size, 65536);
    g_assert_true(gui_session_open_memory(run.session, run.data, run.shown, &error));
    g_main_context_set_poll_func(NULL, wait_between_turns);
    for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
        double ms = longest_turn(&run, views[i].make(run.session));

        g_test_message("%s: longest of %u turns %.1f ms", views[i].name, turns.turns, ms);
        if (!g_getenv("HVLAB_SANITIZED"))
            g_assert_cmpfloat(ms, <, LONGEST_MS);
    }
    g_main_context_set_poll_func(NULL, NULL);
    g_object_unref(run.session);
    g_main_loop_unref(run.loop);
    sim_trace_free(trace);
}

int main(int argc, char **argv)
{
    gtk_test_init(&argc, &argv, NULL);
    adw_init();
    g_test_add_func("/responsive/growing-run", test_growing_run);
    return g_test_run();
}
