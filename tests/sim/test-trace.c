/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-trace.c: the table of events and the writer.
 *
 * The order of records is checked against a shadow: a plain list of what was
 * appended, sorted by (time, source, arrival).
 */
#include <ctype.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-c/json.h>
#include <unistd.h>

#include "tests/sim/trace-sample.h"

/* ---- The table --------------------------------------------------------------- */

static void assert_kebab(const char *name)
{
    g_assert_true(islower(name[0]));
    for (const char *at = name; *at; at++)
        g_assert_true(islower(*at) || isdigit(*at) || *at == '-');
}

/* Fields lie at multiples of their sizes and leave no gap; names are unique. */
static void test_table(void)
{
    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        const SimEventInfo *info = sim_event_info(type);
        size_t offset = 0, found;

        assert_kebab(info->name);
        g_assert_cmpint(sim_event_find(info->name), ==, (int)type);
        for (const SimFieldInfo *field = info->fields; field->name; field++) {
            g_assert_cmpuint(offset % field->size, ==, 0);
            g_assert_true(sim_event_field(info, field->name, &found) == field);
            g_assert_cmpuint(found, ==, offset);
            g_assert_cmpint(field->values != NULL, ==, field->kind == SIM_KIND_ENUM);
            offset += field->size;
        }
        g_assert_cmpuint(offset, ==, info->size);
    }
    g_assert_cmpint(sim_event_find("no-such-event"), ==, -1);
    g_assert_cmpuint(offsetof(SimEventExit, cost_ns), ==, 24);
    g_assert_cmpstr(sim_name(SIM_NAMES(NetDrop), SIM_NET_DROP_PORT_DOWN), ==, "port-down");
    g_assert_cmpstr(sim_name(SIM_NAMES(NetDrop), SIM_NET_DROP_COUNT), ==, "?");
}

static void test_reference(void)
{
    g_autoptr(GString) all = g_string_new(NULL), one = g_string_new(NULL);

    sim_event_reference(all, NULL, true);
    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        g_autofree char *title = g_strdup_printf("\n### %s\n", sim_event_info(type)->name);
        g_assert_nonnull(strstr(all->str, title));
        g_assert_nonnull(strstr(all->str, sim_event_info(type)->meaning));
    }
    sim_event_reference(one, "link-drop", false);
    g_assert_nonnull(strstr(one->str, "link-drop\n"));
    g_assert_nonnull(strstr(one->str, "NetDrop\n"));
    g_assert_nonnull(strstr(one->str, "port-down"));
    g_assert_null(strstr(one->str, "VcpuState\n"));
}

/* ---- Bytes -------------------------------------------------------------------- */

static void test_layout(void)
{
    static const uint8_t expected[] = {
        0xe8,
        3,
        0,
        0,
        0,
        0,
        0,
        0, /* time 1000 */
        6,
        0,
        0,
        0, /* 3 bytes of fields, 3 of text */
        SIM_EVENT_CONSOLE,
        0, /* type */
        2,
        0, /* source: pCPU 1 */
        7,
        0,
        1,
        'h',
        'i',
        '!',
        0,
        0, /* vm, slot, text, padding */
        0xe9,
        3,
        0,
        0,
        0,
        0,
        0,
        0, /* time 1001 */
        7,
        0,
        0,
        0, /* 7 bytes of fields */
        SIM_EVENT_VCPU_STATE,
        0, /* type */
        0,
        0, /* source: the world */
        4,
        1,
        5,
        0,
        1,
        2,
        11,
        0, /* vm 0x104, vcpu 5, from, to, why */
    };
    g_autoptr(SimTrace) trace = sim_trace_new("{\"a\":1}", NULL, NULL);
    SimTraceHeader header;
    size_t size;

    SIM_TRACE_BLOB(trace, SIM_SOURCE_PCPU(1), 1000, Console, "hi!", 3, .vm = 7, .slot = 1);
    SIM_TRACE(trace, SIM_SOURCE_WORLD, 1001, VcpuState, .vm = 0x104, .vcpu = 5,
              .from = SIM_VCPU_READY, .to = SIM_VCPU_RUNNING, .why = SIM_WHY_GUEST_PANIC);
    sim_trace_finish(trace);
    const uint8_t *data = sim_trace_data(trace, &size);
    memcpy(&header, data, sizeof(header));
    g_assert_cmpmem(header.magic, 8, "HVTRACE\n", 8);
    g_assert_cmpuint(header.version, ==, 1);
    g_assert_cmpuint(header.header_bytes, ==, 40);
    g_assert_cmpuint(header.metadata_bytes, ==, 7);
    g_assert_cmpmem(data + 32, 8, "{\"a\":1}\0", 8);
    g_assert_cmpmem(data + 40, size - 40, expected, sizeof(expected));
}

static void test_json(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    SimEventConsole fields = {.vm = 1, .slot = 1};
    SimRecord record = {.index = 3,
                        .time = 99,
                        .type = SIM_EVENT_CONSOLE,
                        .source = SIM_SOURCE_PCPU(0),
                        .fields = &fields,
                        .blob = (const uint8_t *)"a\"\\\n\x01\xff\xc3\xa4",
                        .blob_size = 8};

    sim_record_to_json(&record, out);
    g_assert_cmpstr(out->str, ==,
                    "{\"index\":3,\"time_ns\":99,\"pcpu\":0,\"event\":\"console\",\"vm\":1,"
                    "\"slot\":1,\"text\":\"a\\\"\\\\\\n\\u0001\\ufffdä\"}");

    SimEventMacLearned learned = {.mac = SAMPLE_A, .port = 2};
    record = (SimRecord){.type = SIM_EVENT_MAC_LEARNED, .fields = &learned};
    g_string_truncate(out, 0);
    sim_record_to_json(&record, out);
    g_assert_cmpstr(out->str, ==,
                    "{\"index\":0,\"time_ns\":0,\"pcpu\":null,\"event\":\"mac-learned\","
                    "\"mac\":\"02:00:00:00:00:0a\",\"port\":2,\"network\":0,\"vlan\":0}");
}

/* ---- Order -------------------------------------------------------------------- */

#define SOURCES 4u

typedef struct {
    uint64_t time;
    uint16_t source;
    uint64_t arrival;
    uint8_t type; /* 0: mark, 1: console with text */
} Shadow;

static int compare_shadows(const void *a, const void *b)
{
    const Shadow *one = a, *other = b;

    if (one->time != other->time)
        return one->time < other->time ? -1 : 1;
    if (one->source != other->source)
        return one->source < other->source ? -1 : 1;
    return one->arrival < other->arrival ? -1 : 1;
}

static void append(SimTrace *trace, const Shadow *shadow)
{
    static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";

    if (shadow->type == 0)
        SIM_TRACE(trace, shadow->source, shadow->time, Mark, .number = shadow->arrival);
    else
        SIM_TRACE_BLOB(trace, shadow->source, shadow->time, Console, text,
                       (uint32_t)(shadow->arrival % sizeof(text)), .vm = (uint16_t)shadow->arrival,
                       .slot = 1);
}

/* A random run: each source goes ahead by itself up to a lookahead beyond what is
 * settled. settle_often: one in how many steps settles. */
static void random_run(SimTrace *trace, GRand *rand, GArray *shadows, unsigned sources,
                       unsigned steps, unsigned settle_often, int fd)
{
    uint64_t clock[SOURCES] = {0};
    uint64_t settled = 0;

    for (unsigned i = 0; i < steps; i++) {
        uint16_t source = (uint16_t)g_rand_int_range(rand, 0, (gint32)sources);
        clock[source] = MAX(clock[source], settled);
        if (clock[source] < settled + 50)
            clock[source] += (uint64_t)g_rand_int_range(rand, 0, 4);
        Shadow shadow = {clock[source], source, i, (uint8_t)g_rand_int_range(rand, 0, 2)};
        g_array_append_val(shadows, shadow);
        append(trace, &shadow);
        if (settle_often && g_rand_int_range(rand, 0, (gint32)settle_often) == 0) {
            settled += (uint64_t)g_rand_int_range(rand, 0, 40);
            sim_trace_settle(trace, settled);
            if (fd >= 0 && g_rand_boolean(rand))
                g_assert_true(sim_trace_flush(trace, fd, NULL));
        }
    }
    sim_trace_finish(trace);
    g_array_sort(shadows, compare_shadows);
}

static void test_order(void)
{
    for (unsigned round = 0; round < 60; round++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(round);
        g_autoptr(GArray) shadows = g_array_new(FALSE, FALSE, sizeof(Shadow));
        g_autoptr(SimTrace) trace = sim_trace_new("{}", NULL, NULL);
        SimCursor cursor = {0};
        SimRecord record;

        random_run(trace, rand, shadows, 1 + round % SOURCES, 2000, 1 + round % 17, -1);
        g_autoptr(SimReader) reader = sample_reader(trace);
        g_assert_cmpuint(sim_reader_count(reader), ==, shadows->len);
        for (unsigned i = 0; sim_reader_next(reader, &cursor, &record); i++) {
            const Shadow *shadow = &g_array_index(shadows, Shadow, i);
            g_assert_cmpuint(record.time, ==, shadow->time);
            g_assert_cmpuint(record.source, ==, shadow->source);
            if (shadow->type == 0)
                g_assert_cmpuint(SIM_FIELDS(&record, Mark)->number, ==, shadow->arrival);
            else
                g_assert_cmpuint(SIM_FIELDS(&record, Console)->vm, ==, shadow->arrival);
        }
        g_assert_true(sim_reader_check(reader, NULL));
    }
}

/* The same events with other settling, and through a file with a reused buffer,
 * give the same bytes; so too when the size limit strikes. */
static void test_slicing(gconstpointer limit)
{
    const SimTraceOptions options = {.limit_bytes = GPOINTER_TO_SIZE(limit)};
    const SimTraceOptions forget = {options.limit_bytes, .forget_flushed = true};

    for (unsigned round = 0; round < 20; round++) {
        g_autoptr(GArray) shadows = g_array_new(FALSE, FALSE, sizeof(Shadow));
        g_autoptr(GRand) rand = g_rand_new_with_seed(round);
        g_autofree char *path = NULL, *contents = NULL;
        int fd = g_file_open_tmp("hvlab-XXXXXX", &path, NULL);
        g_autoptr(SimTrace) sliced = sim_trace_new("{}", &forget, NULL);
        g_autoptr(SimTrace) whole = sim_trace_new("{}", &options, NULL);
        size_t size, length;

        random_run(sliced, rand, shadows, 3, 5000, 5, fd);
        g_assert_true(sim_trace_flush(sliced, fd, NULL));
        close(fd);
        for (guint i = 0; i < shadows->len; i++)
            append(whole, &g_array_index(shadows, Shadow, i));
        sim_trace_finish(whole);
        g_file_get_contents(path, &contents, &length, NULL);
        g_unlink(path);
        const uint8_t *data = sim_trace_data(whole, &size);
        g_assert_cmpmem(contents, length, data, size);
        g_assert_cmpint(sim_trace_limited(whole), ==, limit != NULL);
    }
}

/* ---- The size limit -------------------------------------------------------------- */

static void test_limit(void)
{
    const SimTraceOptions options = {.limit_bytes = 4096};
    g_autoptr(SimTrace) trace = sim_trace_new("{}", &options, NULL);
    unsigned counts[SIM_EVENT_TYPE_COUNT] = {0};
    uint64_t bulk_bytes = 0;
    SimCursor cursor = {0};
    SimRecord record;

    for (unsigned i = 0; i < 1000; i++) {
        SIM_TRACE(trace, SIM_SOURCE_PCPU(0), i, Mark, .number = i); /* 32 bytes each */
        SIM_TRACE(trace, SIM_SOURCE_PCPU(0), i, ProgramExit, .vm = 1);
        sim_trace_settle(trace, i);
    }
    SIM_TRACE(trace, SIM_SOURCE_WORLD, 1000, RunEnd, .reason = SIM_END_UNTIL);
    sim_trace_finish(trace);
    g_assert_true(sim_trace_limited(trace));
    g_autoptr(SimReader) reader = sample_reader(trace);
    while (sim_reader_next(reader, &cursor, &record)) {
        counts[record.type]++;
        if (record.type == SIM_EVENT_TRACE_LIMIT) {
            g_assert_cmpuint(SIM_FIELDS(&record, TraceLimit)->limit_bytes, ==, 4096);
            g_assert_nonnull(g_strstr_len((const char *)record.blob, record.blob_size, " mark"));
            g_assert_null(g_strstr_len((const char *)record.blob, record.blob_size, " run-end"));
            bulk_bytes = cursor.offset;
        }
    }
    /* 40 bytes of header; marks take 16 + 12 -> 32, exits 16 + 6 -> 24: 72 pairs are 4032
     * bytes, 4072 with the header, and the next mark would pass 4096. */
    g_assert_cmpuint(counts[SIM_EVENT_MARK], ==, 72);
    g_assert_cmpuint(counts[SIM_EVENT_PROGRAM_EXIT], ==, 1000);
    g_assert_cmpuint(counts[SIM_EVENT_TRACE_LIMIT], ==, 1);
    g_assert_cmpuint(counts[SIM_EVENT_RUN_END], ==, 1);
    g_assert_cmpuint(sim_trace_dropped(trace), ==, 1000 - 72);
    g_assert_cmpuint(bulk_bytes, >, 4072);
}

/* Beyond the reserve nothing is recorded any more but the end. */
static void test_reserve(void)
{
    const SimTraceOptions options = {.limit_bytes = 4096};
    g_autoptr(SimTrace) trace = sim_trace_new("{}", &options, NULL);
    g_autofree char *text = g_strnfill(1 << 20, 'x');
    size_t size;

    for (unsigned i = 0; i < 10; i++)
        SIM_TRACE_BLOB(trace, SIM_SOURCE_WORLD, i, Note, text, 1 << 20);
    SIM_TRACE(trace, SIM_SOURCE_WORLD, 10, RunEnd, .reason = SIM_END_UNTIL);
    sim_trace_finish(trace);
    sim_trace_data(trace, &size);
    g_assert_cmpuint(size, <=, 4096 + SIM_TRACE_RESERVE_BYTES);
    /* Four notes and the limit's event are some 500 bytes more than 4 MiB: just room. */
    g_assert_cmpuint(sim_trace_dropped(trace), ==, 6);
    g_autoptr(SimReader) reader = sample_reader(trace);
    g_assert_cmpuint(sim_reader_count(reader), ==, 4 + 2); /* notes; limit and end */
    g_assert_cmpuint(sim_reader_end_time(reader), ==, 10);
}

/* A type without fields is a header and nothing else where there is no text either. */
static void test_empty(void)
{
    g_autoptr(SimTrace) trace = sim_trace_new("{}", NULL, NULL);
    SimCursor cursor = {0};
    SimRecord record;

    for (unsigned i = 0; i < 3; i++)
        SIM_TRACE_BLOB(trace, SIM_SOURCE_WORLD, i, Note, "", 0);
    sim_trace_finish(trace);

    g_autoptr(SimReader) reader = sample_reader(trace);

    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(sim_reader_next(reader, &cursor, &record));
        g_assert_cmpuint(record.type, ==, SIM_EVENT_NOTE);
        g_assert_cmpuint(record.time, ==, i);
        g_assert_cmpuint(record.blob_size, ==, 0);
    }
    g_assert_false(sim_reader_next(reader, &cursor, &record));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trace/table", test_table);
    g_test_add_func("/trace/reference", test_reference);
    g_test_add_func("/trace/layout", test_layout);
    g_test_add_func("/trace/json", test_json);
    g_test_add_func("/trace/order", test_order);
    g_test_add_data_func("/trace/slicing", NULL, test_slicing);
    g_test_add_data_func("/trace/slicing-limited", GSIZE_TO_POINTER(20000), test_slicing);
    g_test_add_func("/trace/limit", test_limit);
    g_test_add_func("/trace/reserve", test_reserve);
    g_test_add_func("/trace/empty", test_empty);
    return g_test_run();
}
