/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-steps.c: a lesson over the run in trace-sample.h. Every place and answer was
 * read from the list of times at the top of that file. */
#include "sim/lab/steps.h"
#include "tests/sim/trace-sample.h"

#define HEAD                                                                                       \
    "{\"format\":\"hvlab-scenario/1\",\"id\":\"t\",\"title\":\"T\","                               \
    "\"networks\":[{\"name\":\"net0\",\"mode\":\"internal\"}],"                                    \
    "\"vms\":[{\"name\":\"a\",\"program\":\"ping\",\"nics\":[{\"network\":\"net0\"}]},"            \
    "{\"name\":\"b\",\"program\":\"idle\",\"nics\":[{\"network\":\"net0\"}]}],\"steps\":["
#define STEP(id, stop, more) "{\"id\":\"" id "\",\"title\":\"T\",\"stop\":" stop more "}"
#define START                "{\"id\":\"start\",\"title\":\"T\"},"
#define SENT                 "{\"before\":\"frame-sent\",\"where\":{\"vm\":\"a\"}}"
#define ANSWERED             "{\"after\":\"switch-forward\",\"where\":{\"frame\":2}}"
#define AFTER_ALL            "{\"at\":\"7500ns\"}"
/* A lesson of three places that asks at the second: from 1000 ns to 4500 ns. */
#define ASKS(predict)                                                                              \
    HEAD START STEP("sent", SENT, ",\"predict\":{\"ask\":\"?\"," predict "}") "," STEP(            \
        "answered", ANSWERED, "") "]}"

typedef struct {
    SimScenario *scenario;
    SimTrace *trace;
    SimReader *reader;
    GArray *places;
} Lesson;

static Lesson lesson(const char *text)
{
    g_autoptr(GError) error = NULL;
    Lesson l = {.scenario =
                    sim_scenario_load_text(text, strlen(text), "x", NULL, NULL, NULL, &error)};

    g_assert_no_error(error);
    l.trace = sample_trace();
    l.reader = sample_reader(l.trace);
    l.places = lab_steps_place(l.scenario, l.reader);
    return l;
}

static void lesson_clear(Lesson *l)
{
    g_array_unref(l->places);
    sim_reader_free(l->reader);
    sim_trace_free(l->trace);
    sim_scenario_free(l->scenario);
}

static const LabPlace *place(const Lesson *l, unsigned step)
{
    return &g_array_index(l->places, LabPlace, step);
}

static void test_places(void)
{
    Lesson l = lesson(HEAD START STEP("sent", SENT, "") "," STEP("answered", ANSWERED, "") "," STEP(
        "late", AFTER_ALL, "") "," STEP("never", "{\"after\":\"switch-flood\"}", "") "]}");
    SimRecord record;

    g_assert_cmpuint(l.places->len, ==, 5);
    g_assert_cmpuint(place(&l, 0)->index, ==, 0);
    g_assert_cmpuint(place(&l, 1)->time, ==, 1000);
    g_assert_true(sim_reader_get(l.reader, place(&l, 1)->index, &record));
    g_assert_cmpuint(record.type, ==, SIM_EVENT_FRAME_SENT); /* is the next to happen */
    g_assert_cmpuint(place(&l, 2)->time, ==, 4500);
    g_assert_true(sim_reader_get(l.reader, place(&l, 2)->index - 1, &record));
    g_assert_cmpuint(record.type, ==, SIM_EVENT_SWITCH_FORWARD); /* was the last */
    g_assert_cmpuint(place(&l, 3)->time, ==, 7500);
    g_assert_true(sim_reader_get(l.reader, place(&l, 3)->index, &record));
    g_assert_cmpuint(record.time, ==, 8000);
    /* The one flood was long ago: a step looks only ahead. */
    g_assert_false(place(&l, 4)->found);

    g_assert_cmpint(lab_step_at(l.places, 0), ==, 0);
    g_assert_cmpint(lab_step_at(l.places, place(&l, 2)->index - 1), ==, 1);
    g_assert_cmpint(lab_step_at(l.places, place(&l, 2)->index), ==, 2);
    g_assert_cmpint(lab_step_at(l.places, UINT64_MAX), ==, 3);
    g_assert_cmpuint(lab_step_end(l.places, 1, l.reader), ==, place(&l, 2)->index);
    g_assert_cmpuint(lab_step_end(l.places, 3, l.reader), ==, sim_reader_count(l.reader));
    lesson_clear(&l);
}

/* The answer to a question asked at 1000 ns, and what is said of each guess. */
typedef struct {
    const char *name, *predict, *words; /* words joined by blanks */
    const char *good, *bad;             /* guesses, the same way */
    const char *answer, *because;       /* as revealed for the bad one */
} Case;

static const Case cases[] = {
    {"ports",
     "\"kind\":\"ports\",\"because\":\"Broadcast.\","
     "\"answer\":{\"event\":\"frame-delivered\",\"field\":\"port\"}",
     "vm:b", "vm:b", "vm:a vm:b", "vm:b", "Broadcast."},
    {"ports-none",
     "\"kind\":\"ports\",\"answer\":{\"event\":\"switch-drop\",\"field\":\"in_port\"}", "nobody",
     "", "vm:a", "nobody", NULL},
    {"choice-by-word",
     "\"kind\":\"choice\",\"options\":[{\"id\":\"vm:a\",\"because\":\"It sent it.\"},"
     "{\"id\":\"vm:b\",\"text\":\"b gets it\"}],"
     "\"answer\":{\"event\":\"frame-received\",\"field\":\"vm\"}",
     "vm:b", "vm:b", "vm:a", "b gets it", "It sent it."},
    {"choice-nobody",
     "\"kind\":\"choice\",\"options\":[{\"id\":\"vm:a\"},{\"id\":\"nobody\"}],"
     "\"answer\":{\"event\":\"frame-received\",\"where\":{\"frame\":2},\"field\":\"vm\"}",
     "nobody", "nobody", "vm:a", "nobody", NULL},
    {"choice-by-range",
     "\"kind\":\"choice\",\"unit\":\"pages\",\"options\":[{\"id\":\"all\",\"min\":512,\"max\":512},"
     "{\"id\":\"few\",\"min\":0,\"max\":64,\"because\":\"Only what it touched.\"}],"
     "\"answer\":{\"counter\":\"vms.a.memory.resident_pages\"}",
     "2", "few", "all", "2 pages", "Only what it touched."},
    {"number-of-events",
     "\"kind\":\"number\",\"tolerance\":1,\"unit\":\"frames\",\"answer\":{\"event\":\"link-"
     "enter\"}",
     "2", "3", "4", "2 frames", NULL},
    {"order-of-words",
     "\"kind\":\"order\",\"options\":[{\"id\":\"vm:b\",\"text\":\"b\"},{\"id\":\"vm:a\",\"text\":"
     "\"a\"}],\"answer\":{\"event\":\"frame-sent\",\"field\":\"vm\"}",
     "vm:a vm:b", "vm:a vm:b", "vm:b vm:a", "a, then b", NULL},
    {"order-of-options",
     "\"kind\":\"order\",\"options\":[{\"id\":\"raise\",\"event\":\"interrupt-raised\"},"
     "{\"id\":\"flood\",\"event\":\"switch-flood\"},{\"id\":\"learn\",\"event\":\"mac-learned\"},"
     "{\"id\":\"end\",\"event\":\"run-end\"}]",
     "learn flood raise", "learn flood raise", "flood learn raise", "learn, then flood, then raise",
     NULL},
};

static char **guess(const char *words)
{
    return *words ? g_strsplit(words, " ", -1) : g_new0(char *, 1);
}

static void check_case(const void *data)
{
    const Case *c = data;
    const char *text = ASKS("@");
    g_auto(GStrv) halves = g_strsplit(text, "@", 2);
    g_autofree char *whole = g_strconcat(halves[0], c->predict, halves[1], NULL);
    Lesson l = lesson(whole);
    const SimStepPredict *predict = &l.scenario->steps[1].predict;
    g_autoptr(LabAnswer) answer = lab_step_answer(l.scenario, l.reader, l.places, 1);
    g_autofree char *words = g_strjoinv(" ", answer->words);
    g_auto(GStrv) good = guess(c->good), bad = guess(c->bad);
    g_autoptr(LabReveal) praise = lab_step_reveal(predict, answer, (const char *const *)good);
    g_autoptr(LabReveal) blame = lab_step_reveal(predict, answer, (const char *const *)bad);

    g_assert_true(answer->known);
    g_assert_cmpstr(words, ==, c->words);
    g_assert_true(praise->right);
    g_assert_false(blame->right);
    g_assert_cmpstr(blame->answer, ==, c->answer);
    g_assert_cmpstr(blame->because, ==, c->because);
    lesson_clear(&l);
}

/* Without the rest of the run the answer is not known yet. */
static void test_unknown(void)
{
    Lesson l = lesson(HEAD START STEP(
        "sent", SENT,
        ",\"predict\":{\"ask\":\"?\",\"kind\":\"number\",\"answer\":{\"event\":"
        "\"link-drop\"}}") "," STEP("never", "{\"after\":\"trace-limit\"}", "") "]}");
    g_autoptr(LabAnswer) answer = lab_step_answer(l.scenario, l.reader, l.places, 1);

    g_assert_false(answer->known);
    lesson_clear(&l);
}

/* What a step does is part of the timeline, in the order of time. */
static void test_command(void)
{
    Lesson l = lesson(HEAD STEP(
        "pull", AFTER_ALL,
        ",\"do\":{\"at\":\"2s\",\"do\":\"unplug\",\"vm\":\"b\"}") "],"
                                                                  "\"timeline\":[{\"at\":\"3s\","
                                                                  "\"do\":\"plug\",\"vm\":\"b\"},"
                                                                  "{\"at\":\"1s\",\"do\":\"pause\","
                                                                  "\"vm\":\"a\"}]}");
    const SimScenario *s = l.scenario;
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(s->command_count, ==, 3);
    g_assert_cmpuint(s->timeline[0].kind, ==, SIM_COMMAND_PAUSE);
    g_assert_cmpuint(s->timeline[1].kind, ==, SIM_COMMAND_UNPLUG);
    g_assert_cmpstr(s->timeline[1].vm.name, ==, "b");
    g_assert_cmpuint(s->timeline[2].kind, ==, SIM_COMMAND_PLUG);

    /* The text that a trace keeps gives the same again. */
    g_autoptr(SimScenario) again = sim_scenario_load_text(
        s->effective_json, strlen(s->effective_json), "x", NULL, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(again->command_count, ==, 3);
    g_assert_cmpstr(again->effective_json, ==, s->effective_json);
    lesson_clear(&l);
}

static void test_port_names(void)
{
    Lesson l = lesson(HEAD "]}");
    g_autoptr(SimModel) model = sim_model_fold(l.reader);
    g_autofree char *nic = lab_port_name(model, 0), *far = lab_port_name(model, 3),
                    *none = lab_port_name(model, 9);

    g_assert_cmpstr(nic, ==, "vm:a"); /* a's own */
    g_assert_cmpstr(far, ==, "vm:b"); /* the switch's, at the end of b's cable */
    g_assert_cmpstr(none, ==, "port-9");
    lesson_clear(&l);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/steps/places", test_places);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/steps/answer/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], check_case);
    }
    g_test_add_func("/steps/unknown", test_unknown);
    g_test_add_func("/steps/command", test_command);
    g_test_add_func("/steps/port-names", test_port_names);
    return g_test_run();
}
