/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h: what `hvlab engine` writes, taken apart (sim/engine/PROTOCOL.md).
 *
 * The engine's output is lines of JSON with pieces of its trace between them. The
 * stream is fed with bytes as they come, in pieces of any size; it hands out each
 * line as soon as it is whole, and puts the trace together. It does not look into
 * the lines but for the one form that announces a piece:
 * {"type":"trace","bytes":N}
 */
#pragma once

#include "sim/trace/live.h"

#define SIM_STREAM_MAX_LINE (UINT32_C(256) << 20)

typedef struct SimStream SimStream;

/* A message other than trace: JSON text of length bytes, NUL behind it. All of the
 * trace that came before it is in sim_stream_trace(). The callee may not feed. */
typedef void (*SimStreamLine)(void *user, const char *json, size_t length);

SimStream *sim_stream_new(SimStreamLine line, void *user);
void sim_stream_free(SimStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimStream, sim_stream_free)

/* FALSE and error: this is not what an engine writes. Nothing more is taken then. */
gboolean sim_stream_feed(SimStream *stream, const void *bytes, size_t size, GError **error);

/* The output has ended. FALSE and error: within a line or a piece. */
gboolean sim_stream_end(SimStream *stream, GError **error);

/* The trace so far; belongs to the stream. */
SimLive *sim_stream_trace(SimStream *stream);
