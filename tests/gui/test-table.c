/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-table.c: tables of texts, and what differs between two moments. */
#include <string.h>

#include "gui/draw/tables.h"
#include "gui/session/session.h"
#include "tests/sim/trace-sample.h"

static const GuiRow *row_at(const GuiTable *table, unsigned number)
{
    g_assert_cmpuint(number, <, table->rows->len);
    return table->rows->pdata[number];
}

/* Two cells are the key: rows of equal keys are the same row, whatever else is in them. */
static void test_mark(void)
{
    g_autoptr(GuiTable) before = gui_table_new("Rules of", "net0", "Name\tOf\tPort");
    g_autoptr(GuiTable) now = gui_table_new("Rules of", "net0", "Name\tOf\tPort");

    before->key = now->key = 2;
    gui_table_add(before, g_strdup("web\ta\t80"));
    gui_table_add(before, g_strdup("web\tb\t80"));
    gui_table_add(before, g_strdup("ssh\ta\t22"));
    gui_table_add(now, g_strdup("web\ta\t80"));
    gui_table_add(now, g_strdup("web\tb\t8080"));
    gui_table_add(now, g_strdup("we\ta\t80"));
    gui_table_mark(now, before);

    g_assert_cmpuint(now->rows->len, ==, 4);
    g_assert_cmpstr(row_at(now, 0)->word, ==, "");
    g_assert_cmpstr(row_at(now, 1)->word, ==, "changed");
    g_assert_cmphex(row_at(now, 1)->strong, ==, 1u << 2);
    g_assert_cmpstr(row_at(now, 2)->word, ==, "new");
    g_assert_cmpstr(row_at(now, 3)->word, ==, "gone");
    g_assert_cmpstr(row_at(now, 3)->cells, ==, "ssh\ta\t22");
    g_assert_true(row_at(now, 3)->gone);

    /* What is gone is said once. */
    g_autoptr(GuiTable) later = gui_table_new("Rules of", "net0", "Name\tOf\tPort");
    later->key = 2;
    gui_table_mark(later, now);
    g_assert_cmpuint(later->rows->len, ==, 3);
    for (unsigned i = 0; i < 3; i++)
        g_assert_cmpstr(row_at(later, i)->word, ==, "gone");
}

static const GuiTable *find(const GPtrArray *tables, const char *name)
{
    for (unsigned i = 0; i < tables->len; i++) {
        g_autofree char *own = gui_table_name(tables->pdata[i]);

        if (!strcmp(own, name))
            return tables->pdata[i];
    }
    g_error("no table %s", name);
}

static GPtrArray *tables_at(GuiSession *session, uint64_t time)
{
    gui_session_seek(session, time);
    return gui_world_tables(gui_session_model(session));
}

/* The sample: its switch learns a's address; at first it knows none. */
static void test_world(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = gui_session_new();
    size_t size;
    const void *bytes = sim_trace_data(trace, &size);

    g_assert_true(gui_session_open_memory(session, bytes, size, NULL));
    while (gui_session_index(session, 1 << 20)) {
    }
    g_autoptr(GPtrArray) before = tables_at(session, 1000);
    g_autoptr(GPtrArray) now = tables_at(session, SIM_TIME_NEVER);
    const GuiTable *macs = find(now, "MAC table of net0");

    g_assert_cmpuint(find(before, "MAC table of net0")->rows->len, ==, 0);
    g_assert_cmpuint(macs->rows->len, >, 0);
    g_assert_cmpuint(find(now, "Virtual machines")->rows->len, ==, 2);
    g_assert_cmpstr(find(now, "Physical CPUs")->head, ==, "CPU\tRuns\tSwitches");
    gui_tables_mark(now, before);
    for (unsigned i = 0; i < macs->rows->len; i++)
        g_assert_cmpstr(row_at(macs, i)->word, ==, "new");

    /* A table that was not there had nothing in it. */
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) again = tables_at(session, SIM_TIME_NEVER);
    gui_tables_mark(again, none);
    g_assert_cmpstr(row_at(find(again, "Virtual machines"), 0)->word, ==, "new");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/mark", test_mark);
    g_test_add_func("/table/world", test_world);
    return g_test_run();
}
