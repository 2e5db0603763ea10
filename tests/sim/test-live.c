/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-live.c: a trace that arrives in pieces, through a pipe, a file that grows, or
 * between an engine's messages: every event is seen once, and a cut-off end is clean. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "sim/trace/stream.h"
#include "tests/sim/trace-sample.h"

static const uint8_t *sample_bytes(SimTrace *trace, size_t *ret_size)
{
    return sim_trace_data(trace, ret_size);
}

/* Reads what is new; the events are numbered without a gap. */
static uint64_t read_on(SimReader *reader, SimCursor *cursor, uint64_t seen)
{
    SimRecord record;

    while (reader && sim_reader_next(reader, cursor, &record))
        g_assert_cmpuint(record.index, ==, seen++);
    return seen;
}

static uint64_t events_in(const uint8_t *data, size_t size)
{
    g_autoptr(SimReader) reader = sim_reader_new_memory(data, size, NULL);

    return reader ? sim_reader_count(reader) : 0;
}

/* After every single byte, exactly the events that end within what has come are seen. */
static void test_byte_by_byte(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(SimLive) live = sim_live_new();
    g_autoptr(GError) error = NULL;
    SimCursor cursor = {0};
    uint64_t seen = 0;
    size_t size;
    const uint8_t *data = sample_bytes(trace, &size);

    for (size_t i = 0; i < size; i++) {
        g_assert_true(sim_live_feed(live, data + i, 1, &error));
        seen = read_on(sim_live_reader(live), &cursor, seen);
        g_assert_cmpuint(seen, ==, events_in(data, i + 1));
    }
    g_assert_cmpuint(seen, >, 50);
    g_assert_cmpuint(sim_live_size(live), ==, size);
    g_assert_true(sim_reader_check(sim_live_reader(live), &error));
    g_assert_cmpuint(sim_reader_cut_bytes(sim_live_reader(live)), ==, 0);
}

/* Larger than the first mapping, so that it moves. */
static void test_grows(void)
{
    g_autoptr(SimTrace) trace = sim_trace_new("{}", NULL, NULL);
    g_autoptr(SimLive) live = sim_live_new();
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    SimCursor cursor = {0};
    uint64_t seen = 0;
    size_t size, at = 0;

    for (unsigned i = 0; i < 200000; i++)
        SIM_TRACE(trace, SIM_SOURCE_WORLD, i, Mark, .number = i);
    sim_trace_finish(trace);

    const uint8_t *data = sample_bytes(trace, &size);

    while (at < size) {
        size_t piece = (size_t)g_rand_int_range(random, 1, 100000);

        piece = MIN(piece, size - at);
        g_assert_true(sim_live_feed(live, data + at, piece, NULL));
        at += piece;
        seen = read_on(sim_live_reader(live), &cursor, seen);
    }
    g_assert_cmpuint(seen, ==, 200000);
}

static void test_not_a_trace(void)
{
    g_autoptr(SimLive) live = sim_live_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(sim_live_feed(live, "HVT", 3, &error));
    g_assert_false(sim_live_feed(live, "x", 1, &error));
    g_assert_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_NOT_A_TRACE);
    g_assert_null(sim_live_reader(live));
}

/* A writer and a reader at the two ends of a pipe, in turns. The writer stops in the
 * middle of the last record. */
static void test_pipe(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(SimLive) live = sim_live_new();
    SimCursor cursor = {0};
    uint64_t seen = 0;
    uint8_t buffer[97];
    ssize_t n;
    int fds[2];
    size_t size;
    const uint8_t *data = sample_bytes(trace, &size);

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    for (size_t at = 0; at < size - 5; at += 50) {
        g_assert_cmpint(write(fds[1], data + at, MIN(50, size - 5 - at)), >, 0);
        n = read(fds[0], buffer, sizeof(buffer));
        g_assert_true(sim_live_feed(live, buffer, (size_t)n, NULL));
        seen = read_on(sim_live_reader(live), &cursor, seen);
    }
    close(fds[1]);
    g_assert_cmpint(read(fds[0], buffer, sizeof(buffer)), ==, 0);
    close(fds[0]);
    g_assert_cmpuint(seen, ==, events_in(data, size) - 1);
    g_assert_true(sim_reader_check(sim_live_reader(live), NULL));
    g_assert_cmpuint(sim_reader_cut_bytes(sim_live_reader(live)), >, 0);
}

/* ---- The output of an engine ---------------------------------------------- */

typedef struct {
    GString *lines;
    SimStream *stream;
} Heard;

static void on_line(void *user, const char *json, size_t length)
{
    Heard *heard = user;

    g_assert_cmpuint(strlen(json), ==, length);
    g_string_append_printf(heard->lines, "%s@%u ", json,
                           (unsigned)sim_live_size(sim_stream_trace(heard->stream)));
}

/* A made-up output: messages, and the sample trace in three pieces. */
static GByteArray *output(SimTrace *trace)
{
    GByteArray *bytes = g_byte_array_new();
    size_t size;
    const uint8_t *data = sample_bytes(trace, &size);
    const size_t cuts[] = {0, 10, 500, size};

    g_byte_array_append(bytes, (const guint8 *)"{\"a\":1}\n", 8);
    for (int i = 0; i < 3; i++) {
        g_autofree char *head = g_strdup_printf("{\"type\":\"trace\",\"bytes\":%u}\n",
                                                (unsigned)(cuts[i + 1] - cuts[i]));

        g_byte_array_append(bytes, (const guint8 *)head, (guint)strlen(head));
        g_byte_array_append(bytes, data + cuts[i], (guint)(cuts[i + 1] - cuts[i]));
        g_byte_array_append(bytes, (const guint8 *)"{\"b\":2}\n", 8);
    }
    return bytes;
}

static void test_stream(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GByteArray) bytes = output(trace);
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    size_t size;
    const uint8_t *data = sample_bytes(trace, &size);
    g_autofree char *expected =
        g_strdup_printf("{\"a\":1}@0 {\"b\":2}@10 {\"b\":2}@500 {\"b\":2}@%u ", (unsigned)size);

    for (int round = 0; round < 200; round++) {
        Heard heard = {.lines = g_string_new(NULL)};
        g_autoptr(SimStream) stream = heard.stream = sim_stream_new(on_line, &heard);
        g_autoptr(GError) error = NULL;
        size_t most = round == 0 ? 1 : (size_t)g_rand_int_range(random, 1, 2000);

        for (size_t at = 0; at < bytes->len;) {
            size_t piece = (size_t)g_rand_int_range(random, 1, (gint32)most + 1);

            piece = MIN(piece, bytes->len - at);
            g_assert_true(sim_stream_feed(stream, bytes->data + at, piece, &error));
            at += piece;
        }
        g_assert_true(sim_stream_end(stream, &error));
        g_assert_cmpstr(heard.lines->str, ==, expected);

        SimReader *reader = sim_live_reader(sim_stream_trace(stream));

        g_assert_cmpuint(sim_reader_count(reader), ==, events_in(data, size));
        g_string_free(heard.lines, TRUE);
    }
}

/* The engine was killed: what came stays, and the end says where. */
static void test_stream_cut(void)
{
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"{\"a\":1}\n{\"b", "within a line"},
        {"{\"a\":1}\n{\"type\":\"trace\",\"bytes\":9}\nHVTRA", "within a piece"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Heard heard = {.lines = g_string_new(NULL)};
        g_autoptr(SimStream) stream = heard.stream = sim_stream_new(on_line, &heard);
        g_autoptr(GError) error = NULL;

        g_assert_true(sim_stream_feed(stream, cases[i].text, strlen(cases[i].text), &error));
        g_assert_false(sim_stream_end(stream, &error));
        g_assert_nonnull(strstr(error->message, cases[i].what));
        g_assert_cmpstr(heard.lines->str, ==, "{\"a\":1}@0 ");
        g_string_free(heard.lines, TRUE);
    }
}

static void test_stream_wrong(void)
{
    static const char *const texts[] = {"hello\n",
                                        "\n",
                                        "[1]\n",
                                        "{\"a\":1\n",
                                        "{\"type\":\"trace\",\"bytes\":}\n",
                                        "{\"type\":\"trace\",\"bytes\":-1}\n",
                                        "{\"type\":\"trace\",\"bytes\":99999999999999999999}\n",
                                        "{\"type\":\"trace\",\"bytes\":3}\nabc{}\n"};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        Heard heard = {.lines = g_string_new(NULL)};
        g_autoptr(SimStream) stream = heard.stream = sim_stream_new(on_line, &heard);
        g_autoptr(GError) error = NULL;

        g_assert_false(sim_stream_feed(stream, texts[i], strlen(texts[i]), &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
        g_assert_false(sim_stream_feed(stream, "{}\n", 3, &error));
        g_assert_cmpstr(heard.lines->str, ==, "");
        g_string_free(heard.lines, TRUE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/live/byte-by-byte", test_byte_by_byte);
    g_test_add_func("/live/grows", test_grows);
    g_test_add_func("/live/not-a-trace", test_not_a_trace);
    g_test_add_func("/live/pipe", test_pipe);
    g_test_add_func("/stream/pieces", test_stream);
    g_test_add_func("/stream/cut", test_stream_cut);
    g_test_add_func("/stream/wrong", test_stream_wrong);
    return g_test_run();
}
