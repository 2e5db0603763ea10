/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-lesson.c: every scenario with steps on a real run: each step has its place, and
 * the right answer to what it asks is one that can be given. Of those in the table the
 * answers are those that their texts speak of. On kvm these alone: elsewhere the answers
 * may depend on exact times.
 *
 *     test-lesson HVLAB SCENARIOS BACKEND
 */
#include <glib/gstdio.h>
#include <json-c/json.h>
#include <string.h>

#include "sim/lab/steps.h"

static const char *hvlab, *backend;

static SimReader *run(const char *path)
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

/* What the words of each question's answer are; NULL: they depend on the backend. Where options are
 * ranges of a number that depends on the compiler of the guests: the option's id. */
typedef struct {
    const char *step, *words;
} Expected;

static const struct {
    const char *scenario;
    Expected expected[12]; /* every step that asks, in order */
    bool exact;            /* they hold where times are exact: not on kvm */
} known[] = {
    {"first/five-minutes",
     {{"promise", NULL},
      {"question", "vm:b vm:c"},
      {"learning", "0"},
      {"ping", "vm:b"},
      {"waiting", NULL},
      {"turn", "taken sent forward raised"},
      {"unplug", "not-for-it"},
      {"other-way", "port-down"},
      {"replug", "reply"}}},
    {"networking/internal", {{"discover", "4"}, {"static", "3"}, {"misspelt", "no-other-port"}}},
    {"networking/host-only", {{"line", "3"}, {"printer", "0"}, {"again", "not-forwarding"}}},
    {"networking/nat", {{"address", "10.0.2.15"}, {"rows", "2"}, {"knock", "refused"}}},
    {"networking/nat-network", {{"pages", "0"}, {"arp", "vm:a vm:b"}}},
    {"networking/bridged", {{"discover", "lan"}, {"printer", "reply"}}},
    {"networking/port-forward", {{"call", "192.168.1.10"}, {"row", "0"}, {"local", "refused"}}},
    {"networking/every-nat-vm-is-10-0-2-15",
     {{"ask", "2"}, {"rows", "192.168.1.10"}, {"call", "0"}}},
    {"networking/dhcp",
     {{"nothing", "discover offer request ack"},
      {"reserved", "10.0.2.50 10.0.2.11"},
      {"last", "exhausted"}}},
    {"networking/arp-and-learning", {{"question", "1"}, {"second", "2"}, {"forgot", "vm:b"}}},
    {"networking/encapsulation", {{"layers", "98"}, {"tag", "102"}, {"peel", "98"}}},
    {"networking/vlans", {{"broadcast", "vm:sales2"}, {"lab", "no-arp-answer"}}},
    {"networking/trunk-native-vlan",
     {{"tag", "4"}, {"native", "0"}, {"forgotten", "no-other-port"}}},
    {"networking/firewall", {{"ping", "acl-out"}, {"own", "timeout"}, {"open", "0"}}},
    {"networking/overloaded-switch", {{"queue", "link-queue-full"}, {"cap", "rate-cap"}}},
    {"networking/three-tier",
     {{"doors", "vm:front"}, {"taken", "0"}, {"list", "acl-out"}, {"back", "reply"}}},
    {"networking/teaming-failover", {{"trip", "0"}, {"over", "2"}}},
    {"networking/spanning-tree",
     {{"ring", "0x1000026877000000"},
      {"blocked", "no-other-port"},
      {"works", "port-blocked"},
      {"pulled", "listening timeout learning forwarding reply"}}},
    {"networking/flow-table",
     {{"there", "2"}, {"back", "2"}, {"removed", "1"}, {"controller", "timeout"}}},
    {"networking/mirror-ids",
     {{"five", "vm:ids vm:bob vm:nosy vm:quiet"},
      {"answer", "vm:alice vm:ids vm:nosy"},
      {"quiet", "1"}}},
    {"first/hello", {{"computer", NULL}, {"print", "mmio"}, {"done", "power-off"}}},
    {"first/first-touch", {{"promise", "few"}, {"fault", "35"}, {"idle", "few"}}},
    {"first/sharing-a-cpu", {{"three", "slice-end"}, {"turns", "b c a"}, {"count", NULL}}},
    {"first/two-guests", {{"two", "sent learned received taken"}, {"known", "0"}}},
    {"networking/dhcp-starvation", {{"greedy", "154"}, {"late", "exhausted"}}},
    {"networking/shaping-and-jumbo",
     {{"twice", "vm:capped"},
      {"done", "60"},
      {"jumbo", "1"},
      {"router", "1"},
      {"switch", "oversize"}},
     .exact = true},
    {"networking/broadcast-storm", {{"one", "1179"}, {"mad", "storm-control"}}, .exact = true},
    {"networking/mac-flood",
     {{"eve", "48"}, {"mallory", "full aged flood"}, {"flooded", "0"}},
     .exact = true},
    {"networking/wifi-bridge", {{"air", "52:55:c0:a8:01:0a"}, {"inbound", "02:68:76:00:00:00"}}},
};

/* NULL: nobody has worked them out, or not for this backend. */
static const Expected *expected_of(const char *scenario)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (!strcmp(known[i].scenario, scenario) && (!known[i].exact || strcmp(backend, "kvm")))
            return known[i].expected;
    return NULL;
}

static bool is_option(const SimStepPredict *predict, const LabAnswer *answer, const char *id)
{
    g_autoptr(LabReveal) reveal = lab_step_reveal(predict, answer, (const char *const[]){id, NULL});
    for (unsigned i = 0; i < predict->option_count; i++)
        if (!strcmp(predict->options[i].id, id))
            return reveal->right;
    return false;
}

static void check_expected(const SimStep *step, const LabAnswer *answer, const char *words,
                           const Expected *expected)
{
    g_assert_cmpstr(step->id, ==, expected->step);
    if (expected->words && !is_option(&step->predict, answer, expected->words))
        g_assert_cmpstr(*words ? words : LAB_NOBODY, ==, expected->words);
}

/* The right answer is one of the options, and somebody says why. */
static void check_question(const SimStep *step, const LabAnswer *answer, const char *words)
{
    g_autoptr(LabReveal) reveal = lab_step_reveal(&step->predict, answer, NULL);

    g_assert_true(answer->known);
    g_test_message("%s: %s", step->id, words);
    if (step->predict.kind == SIM_PREDICT_CHOICE)
        g_assert_nonnull(reveal->because);
    if (step->predict.kind == SIM_PREDICT_ORDER)
        g_assert_cmpuint(g_strv_length(answer->words), ==, step->predict.option_count);
}

static void test_lesson(gconstpointer path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SimScenario) scenario = sim_scenario_load(path, NULL, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(SimReader) reader = run(path);
    g_autoptr(GArray) places = lab_steps_place(scenario, reader);
    const Expected *expected = expected_of(scenario->id);
    unsigned asked = 0;

    for (unsigned i = 0; i < scenario->step_count; i++) {
        const SimStep *step = &scenario->steps[i];

        g_test_message("step %s", step->id);
        g_assert_true(g_array_index(places, LabPlace, i).found);
        if (!step->predict.ask)
            continue;

        g_autoptr(LabAnswer) answer = lab_step_answer(scenario, reader, places, i);
        g_autofree char *words = g_strjoinv(" ", answer->words);

        check_question(step, answer, words);
        if (expected)
            check_expected(step, answer, words, &expected[asked]);
        asked++;
    }
    if (expected)
        g_assert_null(expected[asked].step);
}

static void add_tests(GPtrArray *infos)
{
    for (unsigned i = 0; i < infos->len; i++) {
        const SimScenarioInfo *info = infos->pdata[i];
        g_autoptr(SimScenario) scenario = sim_scenario_load(info->path, NULL, NULL, NULL);
        g_autofree char *name = g_strconcat("/lesson/", info->id, NULL);

        g_assert_nonnull(scenario);
        if (scenario->step_count > 0 &&
            (strcmp(backend, "kvm") != 0 ||
             (expected_of(info->id) && !(scenario->requires & SIM_REQUIRES_EMULATED))))
            g_test_add_data_func(name, info->path, test_lesson);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 4);
    hvlab = argv[1];
    backend = argv[3];
    if (!strcmp(backend, "kvm") && g_access("/dev/kvm", R_OK | W_OK) != 0) {
        g_test_message("there is no usable /dev/kvm");
        return 77;
    }

    g_autoptr(GPtrArray) infos = sim_scenario_list(argv[2], &error);

    g_assert_no_error(error);
    add_tests(infos);
    return g_test_run();
}
