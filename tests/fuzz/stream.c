/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.c: any bytes as the output of an engine (sim/trace/stream.h). Cut into pieces
 * as the first byte says, they give the same lines, the same trace and the same end as
 * in one piece. */
#include "sim/trace/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    GString *lines;
    uint64_t trace_bytes, events;
    bool good, ended;
} Outcome;

static void on_line(void *user, const char *json, size_t length)
{
    g_assert_true(json[0] == '{' && json[length] == '\0');
    g_string_append_len((GString *)user, json, (gssize)length + 1);
}

static Outcome outcome_of(const uint8_t *data, size_t size, size_t piece)
{
    Outcome outcome = {.lines = g_string_new(NULL), .good = true};
    g_autoptr(SimStream) stream = sim_stream_new(on_line, outcome.lines);

    for (size_t at = 0; at < size && outcome.good; at += piece) {
        g_autoptr(GError) error = NULL;

        outcome.good = sim_stream_feed(stream, data + at, MIN(piece, size - at), &error);
        g_assert_true(outcome.good == !error);
    }
    outcome.ended = sim_stream_end(stream, NULL);
    outcome.trace_bytes = sim_live_size(sim_stream_trace(stream));
    if (sim_live_reader(sim_stream_trace(stream)))
        outcome.events = sim_reader_count(sim_live_reader(sim_stream_trace(stream)));
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;

    Outcome whole = outcome_of(data + 1, size - 1, size);
    Outcome pieces = outcome_of(data + 1, size - 1, data[0] + 1u);

    g_assert_true(whole.good == pieces.good && whole.ended == pieces.ended);
    g_assert_true(g_string_equal(whole.lines, pieces.lines));
    if (whole.good) {
        g_assert_cmpuint(whole.trace_bytes, ==, pieces.trace_bytes);
        g_assert_cmpuint(whole.events, ==, pieces.events);
    }
    g_string_free(whole.lines, TRUE);
    g_string_free(pieces.lines, TRUE);
    return 0;
}
