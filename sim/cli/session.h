/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.h: an engine that is told what to do: hvlab-engine/1 without the pipes.
 *
 * Lines of requests go in (session_request), the engine runs a few milliseconds at
 * a time (session_run), and what is to be sent piles up in `out`: messages, and the
 * trace unless it goes to a file. cmd-engine.c moves the bytes. The protocol is in
 * sim/engine/PROTOCOL.md.
 */
#pragma once

#include "sim/cli/world.h"
#include "sim/engine/protocol.h"

typedef struct {
    SimEngine *engine;
    const SimScenario *scenario;
    const SimScenarioKnown *known;
    int64_t started_us;  /* wall clock */
    int trace_fd;        /* -1: the trace goes out between the messages */
    uint64_t trace_sent; /* bytes of it that are in out, or in the file */
    GString *out;        /* what is still to be written... */
    size_t out_done;     /* ... from here on */

    bool running; /* a run, step or finish is under way: */
    char *run_id; /* its request's, as JSON */
    uint64_t run_to;
    uint64_t run_slice; /* virtual ns between two looks around */
    bool run_watches;   /* it ends at an event: of until, of when, or of the types in run_of */
    uint64_t run_resolution;
    SimExpectEvent *run_until;
    size_t run_until_count;
    SimCondition **run_when;
    size_t run_when_count;
    SimFilter run_of;
    SimReader *reader; /* of the engine's trace, for that */
    SimCursor cursor;  /* behind what was looked at */
    bool at_found;     /* that is the event found last */

    bool finishing; /* the scenario's own time was ended by request */
    bool over;
    int exit;                /* when over */
    const char *said_state;  /* the state last sent */
    int64_t said_us;         /* and when */
    const char *quit_reason; /* NULL: go on */
} Session;

/* Begins: the hello is in out. trace_name is what it calls the place of the trace.
 * False: the trace cannot be written. */
bool session_begin(Session *session, SimEngine *engine, const SimScenario *scenario,
                   const SimScenarioKnown *known, int trace_fd, const char *trace_name,
                   GError **error);
void session_clear(Session *session);

/* A line that came in. */
void session_request(Session *session, const char *line, size_t length);
/* A line that is longer than lines may be. */
void session_refuse_long_line(Session *session);

/* Runs for a few milliseconds, if anything is asked for. False: the trace cannot be
 * written. */
bool session_run(Session *session, GError **error);

/* Says the state if it has changed or was not said for a while. */
void session_say_state(Session *session);

/* Ends the run where it is, and the session: the last messages are in out. */
bool session_quit(Session *session, const char *reason, int exit, GError **error);
