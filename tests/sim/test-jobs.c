/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-jobs.c: textbook exercises typed into a scenario. What each policy makes of
 * them on the emulated backend equals what a person worked out by hand, to the ns.
 * Times in the tables below are in ms. */
#include <json-c/json.h>
#include <string.h>

#include "sim/engine/engine.h"
#include "sim/export/result.h"
#include "sim/model/model.h"
#include "tests/sim/scenario-helper.h"

#define MS UINT64_C(1000000)

/* One job's row of the answer: first run, completion, waiting. */
typedef struct {
    const char *name;
    uint64_t first_run, completion, waiting;
} Answer;

typedef struct {
    const char *name;
    const char *scheduler; /* JSON */
    const char *jobs;      /* JSON */
    unsigned pcpus;        /* 0: 1 */
    Answer answers[6];
} Exercise;

typedef struct {
    SimScenario *scenario;
    SimEngine *engine;
    SimReader *reader;
    json_object *result;
} Outcome;

static void outcome_clear(Outcome *outcome)
{
    json_object_put(outcome->result);
    sim_reader_free(outcome->reader);
    sim_engine_free(outcome->engine);
    sim_scenario_free(outcome->scenario);
}

static void solve(const Exercise *exercise, Outcome *outcome)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "{\"format\": \"hvlab-scenario/1\", \"id\": \"t\", \"title\": \"t\","
        " \"run\": {\"until\": \"2s\"}, \"host\": {\"pcpus\": %u, \"scheduler\": %s},"
        " \"jobs\": %s}",
        MAX(exercise->pcpus, 1), exercise->scheduler, exercise->jobs);
    outcome->scenario =
        sim_scenario_load_text(text, strlen(text), "t.json", ".", NULL, NULL, &error);
    g_assert_no_error(error);
    const SimEngineConfig config = {.scenario = outcome->scenario,
                                    .backend = "emulated",
                                    .guest_directory = g_getenv("GUEST_DIR")};
    outcome->engine = sim_engine_new(&config, &error);
    g_assert_no_error(error);
    while (sim_engine_run(outcome->engine, SIM_TIME_NEVER))
        ;
    size_t size;
    const uint8_t *data = sim_trace_data(sim_engine_trace(outcome->engine), &size);
    outcome->reader = sim_reader_new_memory(data, size, &error);
    g_assert_no_error(error);
    g_autoptr(SimModel) model = sim_model_fold(outcome->reader);
    g_assert_cmpuint(model->ignored, ==, 0);
    const SimResultInput input = {.scenario = outcome->scenario,
                                  .model = model,
                                  .metadata = sim_reader_metadata(outcome->reader)};
    outcome->result = sim_result_new(&input);
}

static uint64_t number(json_object *row, const char *key)
{
    return json_object_get_uint64(json_object_object_get(row, key));
}

static json_object *job_row(const Outcome *outcome, size_t index)
{
    return json_object_array_get_idx(json_object_object_get(outcome->result, "jobs"), index);
}

static void check_answer(const Outcome *outcome, size_t index, const Answer *answer)
{
    json_object *row = job_row(outcome, index);
    uint64_t arrival = outcome->scenario->jobs[index].arrival_ns;
    g_test_message("job %s", answer->name);
    g_assert_cmpstr(json_object_get_string(json_object_object_get(row, "name")), ==, answer->name);
    g_assert_cmpuint(number(row, "arrival_ns"), ==, arrival);
    g_assert_cmpuint(number(row, "first_run_ns"), ==, answer->first_run * MS);
    g_assert_cmpuint(number(row, "completion_ns"), ==, answer->completion * MS);
    g_assert_cmpuint(number(row, "waiting_ns"), ==, answer->waiting * MS);
    g_assert_cmpuint(number(row, "response_ns"), ==, answer->first_run * MS - arrival);
    g_assert_cmpuint(number(row, "turnaround_ns"), ==, answer->completion * MS - arrival);
}

#define JOB(n, a, l)      "{\"name\": \"" n "\", \"arrival\": \"" a "\", \"length\": \"" l "\"}"
#define WEIGHTED(n, w, l) "{\"name\": \"" n "\", \"weight\": " w ", \"length\": \"" l "\"}"
#define RANKED(n, p, l)   "{\"name\": \"" n "\", \"priority\": " p ", \"length\": \"" l "\"}"

static const Exercise exercises[] = {
    /* Three Easy Pieces, figure 7.2: the convoy. */
    {"fifo/convoy", "{\"policy\": \"fifo\"}",
     "[" JOB("A", "0ms", "100ms") "," JOB("B", "0ms", "10ms") "," JOB("C", "0ms", "10ms") "]",
     .answers = {{"A", 0, 100, 0}, {"B", 100, 110, 100}, {"C", 110, 120, 110}}},
    /* Operating System Concepts, 5.3.1: the mean wait is 17, in the other order 3. */
    {"fifo/order", "{\"policy\": \"fifo\"}",
     "[" JOB("P2", "0ms", "3ms") "," JOB("P3", "0ms", "3ms") "," JOB("P1", "0ms", "24ms") "]",
     .answers = {{"P2", 0, 3, 0}, {"P3", 3, 6, 3}, {"P1", 6, 30, 6}}},
    /* On two pCPUs: A and B start, C takes the pCPU that is free first. */
    {"fifo/two-pcpus", "{\"policy\": \"fifo\"}",
     "[" JOB("A", "0ms", "10ms") "," JOB("B", "0ms", "4ms") "," JOB("C", "0ms", "5ms") "," JOB(
         "D", "1ms", "5ms") "]",
     .pcpus = 2, .answers = {{"A", 0, 10, 0}, {"B", 0, 4, 0}, {"C", 4, 9, 4}, {"D", 9, 14, 8}}},
    /* Three Easy Pieces, figure 7.3. */
    {"sjf/all-at-once", "{\"policy\": \"sjf\"}",
     "[" JOB("A", "0ms", "100ms") "," JOB("B", "0ms", "10ms") "," JOB("C", "0ms", "10ms") "]",
     .answers = {{"A", 20, 120, 20}, {"B", 0, 10, 0}, {"C", 10, 20, 10}}},
    /* Operating System Concepts, 5.3.2: waits of 3, 16, 9, 0. */
    {"sjf/concepts", "{\"policy\": \"sjf\"}",
     "[" JOB("P1", "0ms", "6ms") "," JOB("P2", "0ms", "8ms") "," JOB("P3", "0ms", "7ms") "," JOB(
         "P4", "0ms", "3ms") "]",
     .answers = {{"P1", 3, 9, 3}, {"P2", 16, 24, 16}, {"P3", 9, 16, 9}, {"P4", 0, 3, 0}}},
    /* Three Easy Pieces, figure 7.4: late arrivals, and no preemption. */
    {"sjf/late", "{\"policy\": \"sjf\"}",
     "[" JOB("A", "0ms", "100ms") "," JOB("B", "10ms", "10ms") "," JOB("C", "10ms", "10ms") "]",
     .answers = {{"A", 0, 100, 0}, {"B", 100, 110, 90}, {"C", 110, 120, 100}}},
    /* Three Easy Pieces, figure 7.5. */
    {"stcf/late", "{\"policy\": \"stcf\"}",
     "[" JOB("A", "0ms", "100ms") "," JOB("B", "10ms", "10ms") "," JOB("C", "10ms", "10ms") "]",
     .answers = {{"A", 0, 120, 20}, {"B", 10, 20, 0}, {"C", 20, 30, 10}}},
    /* Operating System Concepts, 5.3.2: waits of 9, 0, 15, 2. */
    {"stcf/concepts", "{\"policy\": \"stcf\"}",
     "[" JOB("P1", "0ms", "8ms") "," JOB("P2", "1ms", "4ms") "," JOB("P3", "2ms", "9ms") "," JOB(
         "P4", "3ms", "5ms") "]",
     .answers = {{"P1", 0, 17, 9}, {"P2", 1, 5, 0}, {"P3", 17, 26, 15}, {"P4", 5, 10, 2}}},
    /* Three Easy Pieces, figure 7.7. */
    {"rr/response", "{\"policy\": \"rr\", \"slice\": \"1ms\"}",
     "[" JOB("A", "0ms", "5ms") "," JOB("B", "0ms", "5ms") "," JOB("C", "0ms", "5ms") "]",
     .answers = {{"A", 0, 13, 8}, {"B", 1, 14, 9}, {"C", 2, 15, 10}}},
    /* Operating System Concepts, 5.3.3: waits of 6, 4, 7. */
    {"rr/concepts", "{\"policy\": \"rr\", \"slice\": \"4ms\"}",
     "[" JOB("P1", "0ms", "24ms") "," JOB("P2", "0ms", "3ms") "," JOB("P3", "0ms", "3ms") "]",
     .answers = {{"P1", 0, 30, 6}, {"P2", 4, 7, 4}, {"P3", 7, 10, 7}}},
    /* One arrives at the very end of another's slice: it stands before that one.
     * A 0-2, B 2-4 (arrived at 2), A 4-6, B 6-7. */
    {"rr/tie", "{\"policy\": \"rr\", \"slice\": \"2ms\"}",
     "[" JOB("A", "0ms", "4ms") "," JOB("B", "2ms", "3ms") "]",
     .answers = {{"A", 0, 6, 2}, {"B", 2, 7, 2}}},
    /* A waits for I/O from 2 to 5 and B fills the gap: A 0-2, B 2-5, A 5-6 (it preempts
     * nobody: B's slice ends there too, and A was woken first), B 6-7. */
    {"rr/io", "{\"policy\": \"rr\", \"slice\": \"3ms\"}",
     "[{\"name\": \"A\", \"length\": \"3ms\", \"io\": [{\"after\": \"2ms\", \"for\": "
     "\"3ms\"}]}," JOB("B", "0ms", "4ms") "]",
     .answers = {{"A", 0, 6, 0}, {"B", 2, 7, 3}}},
    /* Operating System Concepts, 5.3.4: waits of 6, 0, 16, 18, 1. */
    {"priority/concepts", "{\"policy\": \"priority\", \"slice\": \"100ms\"}",
     "[" RANKED("P1", "7", "10ms") "," RANKED("P2", "9", "1ms") "," RANKED(
         "P3", "6", "2ms") "," RANKED("P4", "5", "1ms") "," RANKED("P5", "8", "5ms") "]",
     .answers = {{"P1", 6, 16, 6},
                 {"P2", 0, 1, 0},
                 {"P3", 16, 18, 16},
                 {"P4", 18, 19, 18},
                 {"P5", 1, 6, 1}}},
    /* Three Easy Pieces, figure 8.3: a short job comes along. A goes down to the bottom
     * by 20; B has level 0 from 100 to 110, level 1 to 120. */
    {"mlfq/short-job", "{\"policy\": \"mlfq\", \"levels\": 3, \"slice\": \"10ms\"}",
     "[" JOB("A", "0ms", "200ms") "," JOB("B", "100ms", "20ms") "]",
     .answers = {{"A", 0, 220, 20}, {"B", 100, 120, 0}}},
    /* One that computes 1 ms and waits 5 stays at the top: A 0-10, B 10-11, A 11-16,
     * B 16-17, A 17-22, B 22-23, A 23-28, B 28-29, A 29-104. */
    {"mlfq/interactive", "{\"policy\": \"mlfq\", \"levels\": 3, \"slice\": \"10ms\"}",
     "[" JOB("A", "0ms", "100ms") ",{\"name\": \"B\", \"length\": \"4ms\", \"io\": ["
                                  "{\"after\": \"1ms\", \"for\": \"5ms\"},"
                                  "{\"after\": \"2ms\", \"for\": \"5ms\"},"
                                  "{\"after\": \"3ms\", \"for\": \"5ms\"}]}]",
     .answers = {{"A", 0, 104, 4}, {"B", 10, 29, 10}}},
    /* A is at the bottom by 10; B 20-30 at the top. At the bottom A 30-40, B 40-50; the
     * boost at 50 lifts both: A 50-60, B 60-70. Then A alone, 70-130. */
    {"mlfq/boost",
     "{\"policy\": \"mlfq\", \"levels\": 2, \"slice\": \"10ms\", \"boost\": \"50ms\"}",
     "[" JOB("A", "0ms", "100ms") "," JOB("B", "20ms", "30ms") "]",
     .answers = {{"A", 0, 130, 30}, {"B", 20, 70, 20}}},
    /* Slices double: A 0-1, B 1-2, A 2-4, B 4-6, A 6-10, B 10-13. */
    {"mlfq/doubling",
     "{\"policy\": \"mlfq\", \"levels\": 4, \"slice\": \"1ms\", \"slice_doubles\": true}",
     "[" JOB("A", "0ms", "7ms") "," JOB("B", "0ms", "6ms") "]",
     .answers = {{"A", 0, 10, 3}, {"B", 1, 13, 7}}},
    /* Three Easy Pieces, figure 9.3: strides 100, 200, 40. A B C C C A C C. */
    {"stride/pieces", "{\"policy\": \"stride\", \"slice\": \"10ms\"}",
     "[" WEIGHTED("A", "100", "20ms") "," WEIGHTED("B", "50", "10ms") "," WEIGHTED("C", "250",
                                                                                   "50ms") "]",
     .answers = {{"A", 0, 60, 40}, {"B", 10, 20, 10}, {"C", 20, 80, 30}}},
    /* Deadlines of 30, 15 and 8 after an arrival at 0: the order is C, B, A. */
    {"sedf/deadlines", "{\"policy\": \"sedf\"}",
     "[{\"name\": \"A\", \"length\": \"4ms\", \"deadline\": \"30ms\"},"
     "{\"name\": \"B\", \"length\": \"6ms\", \"deadline\": \"15ms\"},"
     "{\"name\": \"C\", \"length\": \"5ms\", \"deadline\": \"8ms\"}]",
     .answers = {{"A", 11, 15, 11}, {"B", 5, 11, 5}, {"C", 0, 5, 0}}},
};

static void test_exercise(gconstpointer data)
{
    const Exercise *exercise = data;
    Outcome outcome;
    solve(exercise, &outcome);
    size_t count = 0;
    for (; exercise->answers[count].name; count++)
        check_answer(&outcome, count, &exercise->answers[count]);
    g_assert_cmpuint(json_object_array_length(json_object_object_get(outcome.result, "jobs")), ==,
                     count);
    outcome_clear(&outcome);
}

/* ---- Lottery, given its draws -------------------------------------------------- */

#define PLAYERS 3

/* Plays the lottery with paper and pencil: the trace gives the tickets drawn, the rest
 * is counting through the list. Lengths and slices in ms. */
static void test_lottery(void)
{
    static const Exercise exercise = {"lottery", "{\"policy\": \"lottery\", \"slice\": \"5ms\"}",
                                      "[" WEIGHTED("A", "75", "40ms") "," WEIGHTED(
                                          "B", "25", "22ms") "," WEIGHTED("C", "50", "13ms") "]"};
    uint64_t tickets[PLAYERS] = {75, 25, 50}, left[PLAYERS] = {40, 22, 13}, done[PLAYERS] = {0};
    uint64_t clock = 0;
    Outcome outcome;
    SimCursor cursor = {0};
    SimFilter filter = {0};
    SimRecord record;
    solve(&exercise, &outcome);
    sim_filter_add(&filter, SIM_EVENT_DISPATCH);
    while (sim_reader_next_of(outcome.reader, &cursor, &filter, &record)) {
        uint64_t ticket = SIM_FIELDS(&record, Dispatch)->key;
        unsigned winner = 0;
        for (; winner < PLAYERS; winner++) {
            if (left[winner] == 0)
                continue;
            if (ticket < tickets[winner])
                break;
            ticket -= tickets[winner];
        }
        g_assert_cmpuint(winner, <, PLAYERS);
        g_assert_cmpuint(SIM_FIELDS(&record, Dispatch)->vm, ==, winner);
        g_assert_cmpuint(record.time, ==, clock * MS);
        uint64_t turn = MIN(left[winner], 5);
        clock += turn;
        left[winner] -= turn;
        done[winner] = clock;
    }
    for (unsigned i = 0; i < PLAYERS; i++) {
        g_assert_cmpuint(left[i], ==, 0);
        g_assert_cmpuint(number(job_row(&outcome, i), "completion_ns"), ==, done[i] * MS);
    }
    outcome_clear(&outcome);
}

/* ---- Periodic jobs --------------------------------------------------------------- */

/* Liu and Layland's kind of example: 2 of 4 and 3 of 6 is all of the pCPU. By deadline
 * both are in time for ever; first come, first served B misses. */
static void test_periodic(void)
{
    static const char jobs[] =
        "[{\"name\": \"A\", \"length\": \"2ms\", \"period\": \"4ms\", \"releases\": 30},"
        "{\"name\": \"B\", \"length\": \"3ms\", \"period\": \"6ms\", \"releases\": 20}]";
    const Exercise edf = {"edf", "{\"policy\": \"sedf\"}", jobs};
    const Exercise fifo = {
        "fifo", "{\"policy\": \"fifo\"}",
        "[{\"name\": \"B\", \"length\": \"5ms\", \"period\": \"10ms\", \"releases\": 12},"
        "{\"name\": \"A\", \"length\": \"2ms\", \"period\": \"4ms\", \"releases\": 30}]"};
    Outcome outcome;
    solve(&edf, &outcome);
    g_assert_cmpuint(number(job_row(&outcome, 0), "done"), ==, 30);
    g_assert_cmpuint(number(job_row(&outcome, 1), "done"), ==, 20);
    g_assert_cmpuint(number(job_row(&outcome, 0), "deadlines_missed"), ==, 0);
    g_assert_cmpuint(number(job_row(&outcome, 1), "deadlines_missed"), ==, 0);
    outcome_clear(&outcome);
    solve(&fifo, &outcome);
    /* B 0-5: A, released at 0, is not done at 4. */
    g_assert_cmpuint(number(job_row(&outcome, 1), "deadlines_missed"), >, 0);
    outcome_clear(&outcome);
}

/* ---- The file --------------------------------------------------------------------- */

static void fails(const char *rest, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "{\"format\": \"hvlab-scenario/1\", \"id\": \"t\", \"title\": \"t\", %s}", rest);
    g_assert_null(sim_scenario_load_text(text, strlen(text), "t.json", ".", NULL, NULL, &error));
    g_assert_cmpstr(error->message, ==, message);
}

static void test_messages(void)
{
    fails("\"jobs\": [{\"name\": \"A\", \"length\": \"5ms\"}, {\"name\": \"A\", \"length\": "
          "\"1ms\"}]",
          "t.json:1: jobs[1].name: \"A\" is taken by a VM or another job");
    fails("\"jobs\": [{\"name\": \"A\"}]",
          "t.json:1: jobs[0]: \"length\" is missing; allowed: a number with ns, us, ms or s, "
          "from 1ns to 3600s");
    fails(
        "\"jobs\": [{\"name\": \"A\", \"length\": \"5ms\", \"io\": [{\"after\": \"5ms\", \"for\": "
        "\"1ms\"}]}]",
        "t.json:1: jobs[0].io[0].after: is not before the job's end; its length is less");
    fails(
        "\"jobs\": [{\"name\": \"A\", \"length\": \"5ms\", \"io\": [{\"after\": \"2ms\", \"for\": "
        "\"1ms\"}, {\"after\": \"2ms\", \"for\": \"1ms\"}]}]",
        "t.json:1: jobs[0].io[1].after: is not after the wait before it; list them in order, by "
        "the CPU time that the job has had");
    fails("\"vms\": []",
          "t.json:1: vms: there is none; allowed: a list of 1 to 1024 objects (or \"jobs\")");
    fails("\"vms\": [{\"name\": \"a\", \"program\": \"spin\"}], \"timeline\": [{\"do\": "
          "\"set-scheduling\", \"vm\": \"a\"}]",
          "t.json:1: timeline[0]: changes nothing; allowed: weight, priority, cap, reservation, "
          "affinity, period, slice");
    fails("\"vms\": [{\"name\": \"a\", \"program\": \"spin\"}], \"timeline\": [{\"do\": "
          "\"set-scheduling\", \"vm\": \"a\", \"vcpu\": 1, \"weight\": 2}]",
          "t.json:1: timeline[0].vcpu: VM \"a\" has no vCPU 1; allowed: 0 to 0");
}

/* Costs are zero with jobs, unless the file says otherwise; and what is run says so. */
static void test_costs(void)
{
    static const char text[] = "{\"format\": \"hvlab-scenario/1\", \"id\": \"t\", \"title\": \"t\","
                               " \"host\": {\"costs\": {\"switch\": \"5us\"}},"
                               " \"jobs\": [{\"name\": \"A\", \"length\": \"5ms\"}]}";
    g_autoptr(GError) error = NULL;
    g_autoptr(SimScenario) scenario =
        sim_scenario_load_text(text, strlen(text), "t.json", ".", NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(scenario->host.costs.exit_ns, ==, 0);
    g_assert_cmpuint(scenario->host.costs.switch_ns, ==, 5000);
    g_assert_cmpuint(scenario->host.costs.fault_ns, ==, 0);
    g_assert_nonnull(strstr(scenario->effective_json, "\"exit\":\"0ns\""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(exercises); i++) {
        g_autofree char *name = g_strdup_printf("/jobs/%s", exercises[i].name);
        g_test_add_data_func(name, &exercises[i], test_exercise);
    }
    g_test_add_func("/jobs/lottery", test_lottery);
    g_test_add_func("/jobs/periodic", test_periodic);
    g_test_add_func("/jobs/messages", test_messages);
    g_test_add_func("/jobs/costs", test_costs);
    return g_test_run();
}
