/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.c: see stream.h. Two states: within a line, or within a piece of which
 * `piece` bytes are still to come. */
#include "sim/trace/stream.h"

#include <errno.h>

#define PIECE_HEAD "{\"type\":\"trace\",\"bytes\":"

struct SimStream {
    SimStreamLine line;
    void *user;
    SimLive *live;
    GString *text;  /* the line so far */
    uint64_t piece; /* bytes of the trace that come next */
    gboolean failed;
};

SimStream *sim_stream_new(SimStreamLine line, void *user)
{
    SimStream *stream = g_new0(SimStream, 1);

    stream->line = line;
    stream->user = user;
    stream->live = sim_live_new();
    stream->text = g_string_new(NULL);
    return stream;
}

void sim_stream_free(SimStream *stream)
{
    if (!stream)
        return;
    sim_live_free(stream->live);
    g_string_free(stream->text, TRUE);
    g_free(stream);
}

static gboolean fail(SimStream *stream, const char *what, GError **error)
{
    stream->failed = TRUE;
    g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_DAMAGED,
                "this is not the output of an engine: %s", what);
    return FALSE;
}

/* The line is whole: a message, or what announces a piece. */
static gboolean end_line(SimStream *stream, GError **error)
{
    GString *text = stream->text;

    if (g_str_has_prefix(text->str, PIECE_HEAD)) {
        const char *digits = text->str + strlen(PIECE_HEAD);
        char *end;

        errno = 0;
        stream->piece = g_ascii_strtoull(digits, &end, 10);
        if (!g_ascii_isdigit(*digits) || errno || strcmp(end, "}") != 0)
            return fail(stream, "a piece of the trace has no length", error);
    } else if (*text->str != '{' || text->str[text->len - 1] != '}') {
        return fail(stream, "a line that is no object", error);
    } else {
        stream->line(stream->user, text->str, text->len);
    }
    g_string_truncate(text, 0);
    return TRUE;
}

/* Takes what belongs to the piece, or else to the line; returns how much that was,
 * 0 when it cannot. */
static size_t take(SimStream *stream, const char *at, size_t size, GError **error)
{
    const char *end;
    size_t length;

    if (stream->piece > 0) {
        length = MIN(size, stream->piece);
        stream->piece -= length;
        return sim_live_feed(stream->live, at, length, error) ? length : 0;
    }
    end = memchr(at, '\n', size);
    length = end ? (size_t)(end - at) : size;
    if (stream->text->len + length > SIM_STREAM_MAX_LINE) {
        fail(stream, "a line without an end", error);
        return 0;
    }
    g_string_append_len(stream->text, at, (gssize)length);
    if (!end)
        return length;
    return end_line(stream, error) ? length + 1 : 0;
}

gboolean sim_stream_feed(SimStream *stream, const void *bytes, size_t size, GError **error)
{
    const char *at = bytes, *end = at + size;

    if (stream->failed)
        return fail(stream, "it was not before", error);
    while (at < end) {
        size_t taken = take(stream, at, (size_t)(end - at), error);

        if (taken == 0) {
            stream->failed = TRUE;
            return FALSE;
        }
        at += taken;
    }
    return TRUE;
}

gboolean sim_stream_end(SimStream *stream, GError **error)
{
    if (stream->failed)
        return fail(stream, "it was not before", error);
    if (stream->piece > 0)
        return fail(stream, "it ends within a piece of the trace", error);
    if (stream->text->len > 0)
        return fail(stream, "it ends within a line", error);
    return TRUE;
}

SimLive *sim_stream_trace(SimStream *stream)
{
    return stream->live;
}
