/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outputs.h: where a run's trace and capture go while it runs: to files, to stdout, or
 * into a pipe at whose other end Wireshark shows them as they come.
 *
 * A reader that goes away (Wireshark was closed) is no reason to end the run: that
 * output ends, and a message says so.
 */
#pragma once

#include "sim/engine/engine.h"
#include "sim/export/export.h"

typedef struct {
    int fd;     /* -1: not asked for, or its reader has gone */
    char *name; /* for messages; NULL: not asked for */
} CliOutput;

typedef struct {
    CliOutput trace, pcapng;
    bool takes_stdout; /* one of them does: the report goes to stderr */
    uint64_t trace_sent;
    SimExport *capture;
    SimReader *reader; /* of the engine's trace, for the capture */
    SimCursor cursor;
} CliOutputs;

/* Opens what is asked for (NULL: not); "-" is stdout. A FIFO waits for its reader here.
 * False: a message was printed, and no file is there that was not before. */
bool cli_outputs_open(CliOutputs *outputs, const char *trace, const char *pcapng);

/* Writes what the run has made since the last time. */
bool cli_outputs_follow(CliOutputs *outputs, SimEngine *engine, GError **error);

/* Writes the last of it, and closes. */
bool cli_outputs_close(CliOutputs *outputs, SimEngine *engine, GError **error);
