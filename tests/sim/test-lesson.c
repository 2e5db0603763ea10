/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-lesson.c: the five-minute lesson on a real run: every step has its place, and
 * the answers are what the lesson's text says they are.
 *
 *     test-lesson HVLAB SCENARIO BACKEND
 */
#include <glib/gstdio.h>
#include <json-c/json.h>
#include <string.h>

#include "sim/lab/steps.h"

static const char *hvlab, *path, *backend;

static SimReader *run(void)
{
    g_autofree char *trace = NULL, *option = g_strdup_printf("--backend=%s", backend);
    g_autoptr(GError) error = NULL;
    int status = -1, fd = g_file_open_tmp("hvlab-XXXXXX.hvtrace", &trace, &error);
    const char *argv[] = {hvlab, "run", path, option, "--format=json", "--trace", trace, NULL};

    g_assert_no_error(error);
    close(fd);
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                 &status, &error);
    g_assert_no_error(error);
    g_assert_true(g_spawn_check_wait_status(status, &error));

    SimReader *reader = sim_reader_open(trace, &error);

    g_assert_no_error(error);
    g_unlink(trace);
    return reader;
}

/* What each question's first words are; the number of pages and who has the CPU
 * depend on the backend. */
static const struct {
    const char *step, *words;
} expected[] = {
    {"promise", NULL},        {"question", "vm:b vm:c"},  {"learning", "0"},
    {"ping", "vm:b"},         {"waiting", NULL},          {"turn", "taken sent forward raised"},
    {"unplug", "not-for-it"}, {"other-way", "port-down"}, {"replug", "reply"},
};

static void test_lesson(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SimScenario) scenario = sim_scenario_load(path, NULL, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(SimReader) reader = run();
    g_autoptr(GArray) places = lab_steps_place(scenario, reader);
    unsigned asked = 0;

    for (unsigned i = 0; i < scenario->step_count; i++) {
        const SimStep *step = &scenario->steps[i];

        g_assert_true(g_array_index(places, LabPlace, i).found);
        if (!step->predict.ask)
            continue;
        g_assert_cmpuint(asked, <, G_N_ELEMENTS(expected));
        g_assert_cmpstr(step->id, ==, expected[asked].step);

        g_autoptr(LabAnswer) answer = lab_step_answer(scenario, reader, places, i);
        g_autofree char *words = g_strjoinv(" ", answer->words);

        g_assert_true(answer->known);
        g_test_message("%s: %s", step->id, words);
        if (expected[asked].words)
            g_assert_cmpstr(words, ==, expected[asked].words);

        /* The right answer is one that can be given. */
        g_autoptr(LabReveal) reveal = lab_step_reveal(&step->predict, answer, NULL);
        if (step->predict.kind == SIM_PREDICT_CHOICE)
            g_assert_nonnull(reveal->because);
        asked++;
    }
    g_assert_cmpuint(asked, ==, G_N_ELEMENTS(expected));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 4);
    hvlab = argv[1];
    path = argv[2];
    backend = argv[3];
    if (!strcmp(backend, "kvm") && g_access("/dev/kvm", R_OK | W_OK) != 0) {
        g_test_message("there is no usable /dev/kvm");
        return 77;
    }
    g_test_add_func("/lesson/five-minutes", test_lesson);
    return g_test_run();
}
