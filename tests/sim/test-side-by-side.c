/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-side-by-side.c: events in words, where two traces part ways, and results of
 * several runs in one table, with the run of trace-sample.h and documents by hand. */
#include "sim/export/parting.h"
#include "sim/export/side-by-side.h"
#include "sim/export/words.h"
#include "tests/sim/trace-sample.h"

static void test_times(void)
{
    static const struct {
        uint64_t ns;
        const char *words;
    } cases[] = {{0, "0 ns"},
                 {999, "999 ns"},
                 {1000, "1.000 us"},
                 {1234567, "1.234567 ms"},
                 {1000000001, "1.000000001 s"},
                 {UINT64_MAX, "never"}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = sim_time_words(cases[i].ns);

        g_assert_cmpstr(words, ==, cases[i].words);
    }
}

/* The words of the first event of a type. */
static char *words_of(unsigned type, bool named)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(SimReader) reader = sample_reader(trace);
    g_autoptr(SimModel) model = sim_model_fold(reader);
    SimFilter filter = {0};
    SimCursor cursor = {0};
    SimRecord record;

    sim_filter_add(&filter, type);
    g_assert_true(sim_reader_next_of(reader, &cursor, &filter, &record));
    return sim_event_words(named ? model : NULL, &record);
}

static void expect_words(unsigned type, const char *expected)
{
    g_autofree char *words = words_of(type, true);

    g_assert_true(g_str_has_prefix(words, expected));
}

static void test_words(void)
{
    g_autofree char *numbers = words_of(SIM_EVENT_VM_STATE, false);

    g_assert_cmpstr(numbers, ==, "vm-state: vm 0, from off, to running, why start");
    expect_words(SIM_EVENT_VM_STATE, "vm-state: vm a, from off, to running, why start");
    expect_words(SIM_EVENT_DISPATCH, "pCPU 0: dispatch: slice 4.500 us");
    expect_words(SIM_EVENT_EXIT, "pCPU 0: exit: rip 0xffffffff80000123, address 0x14000");
    expect_words(
        SIM_EVENT_LINK_ENTER,
        "link-enter: frame 1, start 1.000 us, arrive 2.000 us, from 0, to 1, network net0");
    expect_words(SIM_EVENT_RUN_START, "run-start: seed 42, \"emulated\"");
}

/* The sample's building, then these marks. */
static SimTrace *marks(unsigned count, unsigned wrong_from)
{
    SimTrace *trace = sim_trace_new("{}", NULL, NULL);

    sample_create(trace);
    SIM_TRACE(trace, SAMPLE_WORLD, 100, VmState, .to = SIM_VM_RUNNING);
    for (unsigned i = 0; i < count; i++)
        SIM_TRACE(trace, SAMPLE_WORLD, 200 + i, Mark, .number = i < wrong_from ? i : 1000 + i);
    sim_trace_finish(trace);
    return trace;
}

static SimParting parting_of(SimTrace *a, SimTrace *b)
{
    g_autoptr(SimReader) one = sample_reader(a);
    g_autoptr(SimReader) other = sample_reader(b);

    return sim_parting_find(one, other); /* the records are in the traces, which stay */
}

static void test_parting(void)
{
    g_autoptr(SimTrace) all = marks(300, 300);
    g_autoptr(SimTrace) same = marks(300, 300);
    g_autoptr(SimTrace) shorter = marks(200, 200);
    g_autoptr(SimTrace) wrong = marks(300, 123);
    SimParting parting = parting_of(all, same);

    g_assert_true(parting.same);
    g_assert_cmpuint(parting.alike, ==, 301); /* the VM's start too */
    parting = parting_of(all, wrong);
    g_assert_false(parting.same);
    g_assert_cmpuint(parting.alike, ==, 124);
    g_assert_cmpuint(parting.a.time, ==, 323);
    g_assert_cmpuint(SIM_FIELDS(&parting.b, Mark)->number, ==, 1123);
    parting = parting_of(shorter, all);
    g_assert_true(!parting.same && !parting.has_a && parting.has_b);
    g_assert_cmpuint(parting.b.time, ==, 400);
}

static json_object *result(const char *ran_a, const char *faults, bool passed)
{
    g_autofree char *text = g_strdup_printf(
        "{\"format\":\"hvlab-result/1\",\"wall_ns\":%s,\"virtual_ns\":2000000,\"vms\":[{\"name\":"
        "\"a\",\"vcpus\":[{\"ran_ns\":%s}],\"exits\":{\"io\":1,\"mmio\":2},\"memory\":{\"faults\":"
        "%s}},{\"name\":\"b\",\"vcpus\":[{\"ran_ns\":1000}],\"exits\":{\"io\":0,\"mmio\":0},"
        "\"memory\":{\"faults\":7}}],\"reachability\":[{\"from\":\"vm:a\",\"to\":\"vm:b\","
        "\"protocol\":\"icmp\",\"reached\":%s,\"via\":\"direct\",\"why\":\"timeout\"}],\"checks\":"
        "[{\"id\":\"c\",\"passed\":%s,\"skipped\":false}]}",
        ran_a, ran_a, faults, passed ? "true" : "false", passed ? "true" : "false");

    return json_tokener_parse(text);
}

/* The same as rows: the telling ones, then all others that differ. */
static void test_rows(void)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_put);
    g_autoptr(GPtrArray) rows = NULL;
    const SimSideRow *first, *last;

    g_ptr_array_add(results, result("1000", "7", true));
    g_ptr_array_add(results, result("3000", "7", false));
    rows = sim_side_by_side_rows(results);
    g_assert_cmpuint(rows->len, ==, 9);
    first = rows->pdata[0];
    last = rows->pdata[8];
    g_assert_cmpstr(first->path, ==, "vms.a.cpu_share");
    g_assert_cmpstr(first->cells[1], ==, "75.0 %");
    g_assert_null(first->cells[2]);
    g_assert_true(first->differs);
    g_assert_cmpstr(last->path, ==, "vms.a.vcpus.0.ran_ns");
    g_assert_false(((const SimSideRow *)rows->pdata[3])->differs);
}

static void test_table(void)
{
    static const char *const titles[] = {"one", "two"};
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_put);
    g_autoptr(GString) out = g_string_new(NULL);

    g_ptr_array_add(results, result("1000", "7", true));
    g_ptr_array_add(results, result("3000", "7", false));
    sim_side_by_side(out, results, titles);
    g_assert_cmpstr(out->str, ==,
                    "                                   one           two\n"
                    "* vms.a.cpu_share               50.0 %        75.0 %\n"
                    "* vms.b.cpu_share               50.0 %        25.0 %\n"
                    "  virtual_ns               2.000000 ms   2.000000 ms\n"
                    "  vms.a.exits                        3             3\n"
                    "  vms.a.memory.faults                7             7\n"
                    "  vms.b.memory.faults                7             7\n"
                    "* checks.c                      passed        FAILED\n"
                    "* reach.vm:a -> vm:b icmp       direct  no (timeout)\n"
                    "\nAlso different\n"
                    "                             one       two\n"
                    "* vms.a.vcpus.0.ran_ns  1.000 us  3.000 us\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/words/times", test_times);
    g_test_add_func("/words/events", test_words);
    g_test_add_func("/parting", test_parting);
    g_test_add_func("/side-by-side", test_table);
    g_test_add_func("/side-by-side-rows", test_rows);
    return g_test_run();
}
