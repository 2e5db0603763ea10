/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-trace-reader.c: finding events, following a trace that grows, and files that
 * are cut off or damaged. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "sim/model/model.h"
#include "tests/sim/trace-sample.h"

/* 3000 marks; three share each time 0, 10, 20, ... */
static SimTrace *marks(void)
{
    SimTrace *trace = sim_trace_new("{}", NULL, NULL);

    for (unsigned i = 0; i < 3000; i++)
        SIM_TRACE(trace, SIM_SOURCE_WORLD, i / 3 * 10, Mark, .number = i);
    sim_trace_finish(trace);
    return trace;
}

static void test_by_index(void)
{
    static const unsigned order[] = {2999, 0, 255, 256, 257, 1024, 511, 512, 3, 2998};
    g_autoptr(SimTrace) trace = marks();
    g_autoptr(SimReader) reader = sample_reader(trace);
    SimRecord record;

    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        g_assert_true(sim_reader_get(reader, order[i], &record));
        g_assert_cmpuint(record.index, ==, order[i]);
        g_assert_cmpuint(SIM_FIELDS(&record, Mark)->number, ==, order[i]);
    }
    g_assert_false(sim_reader_get(reader, 3000, &record));
    g_assert_cmpuint(sim_reader_at(reader, 99999).index, ==, 3000);
    g_assert_cmpuint(sim_reader_count(reader), ==, 3000);
    g_assert_cmpuint(sim_reader_end_time(reader), ==, 9990);
}

static void test_by_time(void)
{
    g_autoptr(SimTrace) trace = marks();
    g_autoptr(SimReader) reader = sample_reader(trace);

    for (uint64_t time = 0; time < 10010; time += 7) {
        uint64_t expected = MIN((time + 9) / 10 * 3, 3000);
        g_assert_cmpuint(sim_reader_at_time(reader, time).index, ==, expected);
    }
    g_autoptr(SimReader) fresh = sample_reader(trace);
    g_assert_cmpuint(sim_reader_at_time(fresh, SIM_TIME_NEVER).index, ==, 3000);
    g_assert_cmpuint(sim_reader_at_time(fresh, 0).index, ==, 0);
}

static void test_filter(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(SimReader) reader = sample_reader(trace);
    SimFilter filter = {0};
    SimCursor cursor = {0};
    SimRecord record;
    uint64_t times[8];
    unsigned count = 0;

    sim_filter_add(&filter, SIM_EVENT_FRAME_SENT);
    sim_filter_add(&filter, SIM_EVENT_RUN_END);
    while (sim_reader_next_of(reader, &cursor, &filter, &record))
        times[count++] = record.time;
    g_assert_cmpuint(count, ==, 4);
    g_assert_cmpuint(times[0], ==, 1000);
    g_assert_cmpuint(times[2], ==, 6500);
    g_assert_cmpuint(times[3], ==, 10000);
}

/* A reader of a file sees what has been flushed since, from where it was. */
static void test_follow(void)
{
    const SimTraceOptions options = {.forget_flushed = true};
    g_autoptr(SimTrace) trace = sim_trace_new("{\"seed\":1}", &options, NULL);
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("hvlab-XXXXXX", &path, NULL);
    SimCursor cursor = {0};
    SimRecord record;
    unsigned seen = 0;

    g_assert_true(sim_trace_flush(trace, fd, NULL));
    g_autoptr(SimReader) reader = sim_reader_open(path, NULL);
    g_assert_nonnull(reader);
    g_assert_cmpstr(sim_reader_metadata(reader), ==, "{\"seed\":1}");
    for (unsigned i = 0; i < 1000; i++) {
        SIM_TRACE(trace, SIM_SOURCE_WORLD, i, Mark, .number = i);
        sim_trace_settle(trace, i); /* all but this one */
        if (i % 100 != 0)
            continue;
        g_assert_true(sim_trace_flush(trace, fd, NULL));
        g_assert_true(sim_reader_refresh(reader, NULL));
        while (sim_reader_next(reader, &cursor, &record))
            g_assert_cmpuint(SIM_FIELDS(&record, Mark)->number, ==, seen++);
        g_assert_cmpuint(seen, ==, i);
    }
    g_assert_cmpint(ftruncate(fd, 100), ==, 0);
    g_autoptr(GError) error = NULL;
    g_assert_false(sim_reader_refresh(reader, &error));
    g_assert_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_DAMAGED);
    close(fd);
    g_unlink(path);
}

/* ---- Bad files -------------------------------------------------------------------- */

/* Reads all there is and folds it; returns the number of events. */
static uint64_t read_all(SimReader *reader)
{
    g_autoptr(SimModel) model = sim_model_new();
    SimCursor cursor = {0};
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record))
        sim_model_apply(model, &record);
    return cursor.index;
}

/* Cut off after any number of bytes: the whole records before are there, and nobody
 * calls it damaged. */
static void test_cut_off(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(SimReader) whole = sample_reader(trace);
    size_t size, first = 0;
    const uint8_t *data = sim_trace_data(trace, &size);
    g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    SimCursor cursor = {0};
    SimRecord record;

    while (sim_reader_next(whole, &cursor, &record))
        g_array_append_val(ends, cursor.offset);
    first = ((const SimTraceHeader *)data)->header_bytes;
    for (size_t cut = 0; cut <= size; cut++) {
        g_autofree uint8_t *copy = g_memdup2(data, cut ? cut : 1);
        g_autoptr(GError) error = NULL;
        g_autoptr(SimReader) reader = sim_reader_new_memory(copy, cut, &error);
        uint64_t expected = 0, end = first;

        if (cut < first) {
            g_assert_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_NOT_A_TRACE);
            continue;
        }
        while (expected < ends->len && g_array_index(ends, uint64_t, expected) <= cut)
            end = g_array_index(ends, uint64_t, expected++);
        g_assert_cmpuint(read_all(reader), ==, expected);
        g_assert_true(sim_reader_check(reader, NULL));
        g_assert_cmpuint(sim_reader_cut_bytes(reader), ==, cut - end);
    }
}

/* One byte changed anywhere: a message or other events, never a crash. */
static void test_flipped_bytes(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    size_t size;
    const uint8_t *data = sim_trace_data(trace, &size);
    unsigned refused = 0;

    for (size_t at = 0; at < size; at++) {
        for (unsigned bit = 0; bit < 8; bit += 7) {
            g_autofree uint8_t *copy = g_memdup2(data, size);
            g_autoptr(GError) error = NULL;
            copy[at] ^= (uint8_t)(1u << bit);
            g_autoptr(SimReader) reader = sim_reader_new_memory(copy, size, &error);
            if (reader) {
                read_all(reader);
                sim_reader_check(reader, &error);
            }
            refused += error != NULL;
        }
    }
    g_assert_cmpuint(refused, >, 100);
}

typedef struct {
    const char *name;
    size_t offset; /* in the record of a link-drop, 40 bytes */
    uint8_t value;
    const char *says;
} Damage;

static const Damage damages[] = {
    {"type", 13, 0xff, "unknown type"}, {"size", 8, 3, "wrong size"},
    {"source", 15, 0xff, "source"},     {"time", 7, 0x00, "time goes back"},
    {"name", 16 + 14, 0xee, "no name"}, {"padding", 16 + 15, 1, "bytes after its end"},
};

static void test_damage(gconstpointer data)
{
    const Damage *damage = data;
    g_autoptr(SimTrace) trace = sim_trace_new("{}", NULL, NULL);
    g_autoptr(GError) error = NULL;
    size_t size;

    SIM_TRACE(trace, SIM_SOURCE_WORLD, UINT64_C(1) << 60, Mark, .number = 1);
    SIM_TRACE(trace, SIM_SOURCE_WORLD, UINT64_C(1) << 60, LinkDrop, .frame = 1);
    sim_trace_finish(trace);
    const uint8_t *bytes = sim_trace_data(trace, &size);
    g_autofree uint8_t *copy = g_memdup2(bytes, size);
    copy[40 + 32 + damage->offset] = damage->value;
    g_autoptr(SimReader) reader = sim_reader_new_memory(copy, size, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(sim_reader_count(reader), ==, 1);
    g_assert_false(sim_reader_check(reader, &error));
    g_assert_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_DAMAGED);
    g_assert_nonnull(strstr(error->message, "byte 72, event 1"));
    g_assert_nonnull(strstr(error->message, damage->says));
    g_assert_cmpuint(sim_reader_cut_bytes(reader), ==, 0);
}

static void test_not_a_trace(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    size_t size;
    const uint8_t *data = sim_trace_data(trace, &size);
    g_autofree uint8_t *copy = g_memdup2(data, size);
    g_autoptr(GError) error = NULL;

    g_assert_null(sim_reader_open("/nonexistent/trace", &error));
    g_assert_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_IO);
    g_clear_error(&error);
    g_assert_null(sim_reader_open("/", &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_null(sim_reader_open("/dev/null", &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    copy[8] = 2; /* version */
    g_assert_null(sim_reader_new_memory(copy, size, &error));
    g_assert_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_VERSION);
    g_clear_error(&error);
    copy[8] = 1;
    copy[16] ^= 1; /* schema hash */
    g_assert_null(sim_reader_new_memory(copy, size, &error));
    g_assert_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_VERSION);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trace-reader/by-index", test_by_index);
    g_test_add_func("/trace-reader/by-time", test_by_time);
    g_test_add_func("/trace-reader/filter", test_filter);
    g_test_add_func("/trace-reader/follow", test_follow);
    g_test_add_func("/trace-reader/cut-off", test_cut_off);
    g_test_add_func("/trace-reader/flipped-bytes", test_flipped_bytes);
    for (unsigned i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autofree char *path = g_strdup_printf("/trace-reader/damage/%s", damages[i].name);
        g_test_add_data_func(path, &damages[i], test_damage);
    }
    g_test_add_func("/trace-reader/not-a-trace", test_not_a_trace);
    return g_test_run();
}
