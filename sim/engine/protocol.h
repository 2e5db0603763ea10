/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protocol.h: the requests of hvlab-engine/1 (PROTOCOL.md), from a line of JSON to a
 * struct. No I/O: that is its caller's.
 */
#pragma once

#include "sim/scenario/scenario.h"
#include "sim/trace/condition.h"

#define SIM_ENGINE_PROTOCOL      "hvlab-engine/1"
#define SIM_REQUEST_MAX_BYTES    (8u << 20) /* of a line */
#define SIM_REQUEST_MAX_ID_BYTES 256u
#define SIM_REQUEST_MAX_UNTIL    16u
#define SIM_REQUEST_MAX_WHEN     64u

typedef enum {
    SIM_OP_RUN,     /* to_ns, until, when, resolution_ns */
    SIM_OP_STEP,    /* to_ns, of */
    SIM_OP_PAUSE,   /**/
    SIM_OP_COMMAND, /* command, timed */
    SIM_OP_FINISH,  /**/
    SIM_OP_STATE,   /**/
    SIM_OP_QUIT,    /**/
    SIM_OP_LOAD,    /* text, name; only as the first request, and only if asked for */
    SIM_OP_COUNT
} SimOp;

/* Only the fields named at its operation mean something; the others are zero. */
typedef struct {
    SimOp op;
    char *id; /* as JSON; "null": it has none */
    bool has_to;
    uint64_t to_ns;         /* SIM_TIME_NEVER without has_to */
    uint64_t resolution_ns; /* 0: not given */
    SimExpectEvent *until;
    size_t until_count;
    SimCondition **when;
    size_t when_count;
    SimFilter of;
    bool timed; /* the command says when */
    SimCommand command;
    char *text, *name;
} SimRequest;

/* Reads one line, without its end. scenario is NULL before there is one: then only
 * SIM_OP_LOAD is understood, and afterwards it is not. False and error (one line)
 * when it is no request; ret_request then has the id if one was found, and nothing
 * else. Clear ret_request in both cases. */
bool sim_request_parse(const char *line, size_t length, const SimScenario *scenario,
                       const SimScenarioKnown *known, SimRequest *ret_request, GError **error);
void sim_request_clear(SimRequest *request);
