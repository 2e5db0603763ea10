/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-walk.c: the walk through a guest's page tables where the guest has several, and
 * where its entries lead out of the VM. */
#include "sim/export/walk.h"
#include "sim/model/tables.h"
#include "tests/sim/trace-sample.h"

#define ENTRY(page) (UINT64_C(4096) * (page) + 3) /* present, writable */

/* One entry, number 0, of a table. */
static void table(SimTrace *t, uint64_t time, uint32_t page, uint8_t level, uint64_t entry)
{
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, time, PageTable, &entry, sizeof(entry), .page = page,
                   .level = level);
}

static void leave_guest(SimTrace *t, uint64_t time, uint64_t cr3)
{
    SIM_TRACE(t, SAMPLE_WORLD, time, Exit, .kind = SIM_EXIT_MMIO);
    SIM_TRACE(t, SAMPLE_WORLD, time, Registers, .cr3 = cr3);
}

static char *walk_at(SimTrace *t, uint64_t time)
{
    SimReader *reader = sample_reader(t);
    GString *text = g_string_new(NULL);

    g_assert_true(sim_walk_append(reader, &(SimWalkQuestion){.time = time}, text));
    sim_reader_free(reader);
    return g_string_free(text, FALSE);
}

static SimTrace *begin(void)
{
    SimTrace *t = sim_trace_new("{}", NULL, NULL);

    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, VmCreated, "a", 1, .vcpus = 1, .memory_pages = 64);
    return t;
}

/* Two trees: page 10 leads to page 20, page 11 to page 21. The guest goes from one to
 * the other and back; coming back it changes no table. */
static void two_trees(SimTrace *t)
{
    for (uint32_t tree = 0; tree < 2; tree++) {
        leave_guest(t, 10 + tree * 10, 4096 * (10 + tree));
        table(t, 10 + tree * 10, 10 + tree, 4, ENTRY(12 + tree));
        table(t, 10 + tree * 10, 12 + tree, 3, ENTRY(14 + tree));
        table(t, 10 + tree * 10, 14 + tree, 2, ENTRY(16 + tree));
        table(t, 10 + tree * 10, 16 + tree, 1, ENTRY(20 + tree));
    }
    leave_guest(t, 30, 4096 * 10);
    sim_trace_finish(t);
}

static void test_two_roots(void)
{
    g_autoptr(SimTrace) t = begin();

    two_trees(t);
    for (unsigned i = 1; i <= 3; i++) {
        g_autofree char *text = walk_at(t, i * 10);
        g_test_message("%s", text);
        g_assert_nonnull(strstr(text, i == 2 ? "page 0x15 of vm:a" : "page 0x14 of vm:a"));
    }
}

/* 2^32 pages on from page 12 there is no table, although one is in page 12. */
static void test_far_table(void)
{
    g_autoptr(SimTrace) t = begin();

    leave_guest(t, 10, 4096 * 10);
    table(t, 10, 10, 4, ENTRY(UINT64_C(12) + (UINT64_C(1) << 32)));
    table(t, 10, 12, 3, ENTRY(14));
    sim_trace_finish(t);
    g_autofree char *text = walk_at(t, 10);
    g_test_message("%s", text);
    g_assert_nonnull(strstr(text, "the trace does not have this table"));
    g_assert_null(strstr(text, "PD "));
}

/* The same run, forwards, backwards and in another order: what is known follows from the
 * moment alone. */
static void test_any_order(void)
{
    static const struct {
        uint64_t events, page;
        SimWalkEnd end;
    } moments[] = {{1, 0, SIM_WALK_NO_TABLES}, {7, 20, SIM_WALK_FOUND}, {13, 21, SIM_WALK_FOUND},
                   {15, 20, SIM_WALK_FOUND},   {7, 20, SIM_WALK_FOUND}, {1, 0, SIM_WALK_NO_TABLES},
                   {13, 21, SIM_WALK_FOUND}};
    g_autoptr(SimTrace) t = begin();
    g_autoptr(SimTables) tables = sim_tables_new();

    two_trees(t);
    g_autoptr(SimReader) reader = sample_reader(t);
    for (size_t i = 0; i < G_N_ELEMENTS(moments); i++) {
        sim_tables_advance(tables, reader, moments[i].events);
        SimWalk walk = sim_tables_walk(tables, 0, 0x123);
        g_assert_cmpint(walk.end, ==, moments[i].end);
        g_assert_cmpuint(walk.count, ==, moments[i].page ? 4 : 0);
        g_assert_cmphex(walk.physical, ==, moments[i].page * 4096 + 0x123);
    }
    /* A VM that nobody has heard of. */
    g_assert_cmpint(sim_tables_walk(tables, 9, 0).end, ==, SIM_WALK_NO_TABLES);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/walk/two-roots", test_two_roots);
    g_test_add_func("/walk/far-table", test_far_table);
    g_test_add_func("/walk/any-order", test_any_order);
    return g_test_run();
}
