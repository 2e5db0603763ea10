/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-player.c: playing and the lesson, over the run in trace-sample.h, whose list of times
 * says where everything stops. */
#include <string.h>

#include "gui/app/common.h"
#include "gui/app/lesson.h"
#include "gui/app/player.h"
#include "tests/sim/trace-sample.h"

/* The sample's trace, with a scenario of three steps in its metadata: at the start, before
 * the ARP answer (3500 ns), after b's cable is pulled (7000 ns). */
static const char metadata[] =
    "{\"backend\":\"emulated\",\"scenario\":{\"format\":\"hvlab-scenario/1\",\"id\":\"t\","
    "\"title\":\"T\",\"networks\":[{\"name\":\"net0\",\"mode\":\"internal\"}],\"vms\":["
    "{\"name\":\"a\",\"program\":\"ping\",\"nics\":[{\"network\":\"net0\"}]},"
    "{\"name\":\"b\",\"program\":\"idle\",\"nics\":[{\"network\":\"net0\"}]}],\"steps\":["
    "{\"id\":\"start\",\"title\":\"Start\",\"stop\":{\"at\":\"0ns\"}},"
    "{\"id\":\"answer\",\"title\":\"Answer\",\"stop\":{\"before\":\"frame-sent\",\"where\":"
    "{\"vm\":\"b\"}},\"predict\":{\"ask\":\"Who gets it?\",\"kind\":\"ports\",\"answer\":"
    "{\"event\":\"frame-delivered\",\"field\":\"port\"}}},"
    "{\"id\":\"pulled\",\"title\":\"Pulled\",\"stop\":{\"after\":\"link-state\",\"count\":2}}]}}";

typedef struct {
    SimTrace *trace;
    GuiSession *session;
    GuiLesson *lesson;
} Run;

static Run run_new(void)
{
    Run run = {.trace = sim_trace_new(metadata, NULL, NULL), .session = gui_session_new()};
    g_autoptr(GError) error = NULL;
    size_t size;
    const void *data;

    sample_create(run.trace);
    sim_trace_settle(run.trace, 100);
    sample_first_half(run.trace);
    sim_trace_settle(run.trace, 3200);
    sample_second_half(run.trace);
    sim_trace_finish(run.trace);
    data = sim_trace_data(run.trace, &size);
    run.lesson = gui_lesson_new(run.session);
    gui_session_open_memory(run.session, data, size, &error);
    g_assert_no_error(error);
    while (gui_session_index(run.session, 1000))
        ;
    gui_lesson_update(run.lesson);
    return run;
}

static void run_clear(Run *run)
{
    g_object_unref(run->lesson);
    g_object_unref(run->session);
    sim_trace_free(run->trace);
}

static void test_lesson(void)
{
    Run run = run_new();
    GuiLesson *lesson = run.lesson;
    static const char *const given[] = {"vm:a", NULL};

    g_assert_cmpuint(gui_lesson_count(lesson), ==, 3);
    gui_lesson_go(lesson, 0);
    g_assert_cmpint(gui_lesson_current(lesson), ==, 0);
    g_assert_cmpuint(gui_lesson_stop(lesson)->time, ==, 3500);
    gui_lesson_go(lesson, 1);
    g_assert_cmpint(gui_lesson_current(lesson), ==, 1);
    g_assert_cmpuint(gui_session_position(run.session), ==, gui_lesson_place(lesson, 1)->index);

    g_assert_null(gui_lesson_reveal(lesson, 1));
    gui_lesson_answer(lesson, 1, given);
    g_assert_true(gui_lesson_reveal(lesson, 1)->right); /* b's answer goes to a */
    g_assert_cmpuint(gui_lesson_right(lesson), ==, 1);
    g_assert_cmpuint(gui_lesson_asked(lesson), ==, 1);
    gui_lesson_retry(lesson, 1);
    g_assert_null(gui_lesson_reveal(lesson, 1));

    /* The lesson follows the time, however it was moved. */
    gui_session_seek(run.session, 9000);
    g_assert_cmpint(gui_lesson_current(lesson), ==, 2);
    g_assert_null(gui_lesson_stop(lesson));
    gui_session_seek(run.session, 3000);
    g_assert_cmpint(gui_lesson_current(lesson), ==, 0);
    run_clear(&run);
}

static void count_signal(GuiPlayer *player, void *user)
{
    ++*(unsigned *)user;
}

/* Plays until it stops by itself. */
static void play_out(GuiPlayer *player)
{
    gui_player_play(player);
    g_assert_true(gui_player_playing(player));
    while (gui_player_playing(player))
        g_main_context_iteration(NULL, TRUE);
}

static void test_play(void)
{
    Run run = run_new();
    GtkWidget *window = gtk_window_new();
    g_autoptr(GuiPlayer) player = gui_player_new(run.session, window);
    unsigned starved = 0;
    const LabPlace *stop;

    gtk_window_present(GTK_WINDOW(window));
    gtk_test_widget_wait_for_draw(window);
    g_signal_connect(player, "starved", G_CALLBACK(count_signal), &starved);
    gui_player_set_event_ms(player, 5);
    gui_player_set_step(player, GUI_STEP_PACKET);

    /* To a step's place, and not one event further. */
    gui_lesson_go(run.lesson, 0);
    stop = gui_lesson_stop(run.lesson);
    gui_player_set_stop(player, stop->index, stop->time);
    play_out(player);
    g_assert_cmpuint(gui_session_position(run.session), ==, stop->index);
    g_assert_cmpint(gui_lesson_current(run.lesson), ==, 1);
    g_assert_cmpuint(starved, ==, 0);

    /* To the end, which it says. */
    gui_player_set_stop(player, UINT64_MAX, UINT64_MAX);
    play_out(player);
    g_assert_cmpuint(gui_session_time(run.session), ==, 10000);
    g_assert_cmpuint(starved, ==, 1);

    /* By ratio: a second of it is more than there is. */
    gui_session_seek(run.session, 0);
    gui_player_set_pace(player, GUI_PACE_RATIO);
    gui_player_set_ratio(player, 1e9);
    play_out(player);
    g_assert_cmpuint(gui_session_time(run.session), ==, 10000);
    g_assert_cmpuint(starved, ==, 2);
    gtk_window_destroy(GTK_WINDOW(window));
    g_clear_object(&player);
    run_clear(&run);
}

int main(int argc, char **argv)
{
    gtk_test_init(&argc, &argv, NULL);
    adw_init();
    g_test_add_func("/player/lesson", test_lesson);
    g_test_add_func("/player/play", test_play);
    return g_test_run();
}
