/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trail.h: the way of a probe, hop by hop, and what decided at each.
 *
 * Follows, in the trace, the frames that a question (event "reach") made: the
 * request from machine to machine, each rewritten frame to the next, the answer
 * back, and the ARP questions on the way. At each hop it names the row of a table
 * or the policy that decided. Whether the request arrived and the answer came back
 * is seen from the frames alone, so it can be held against the answer itself.
 */
#pragma once

#include <glib.h>

#include "sim/model/model.h"
#include "sim/trace/reader.h"

typedef enum {
    SIM_HOP_REQUEST,
    SIM_HOP_ANSWER, /* also a reset, or an ICMP error */
    SIM_HOP_ARP,
    SIM_HOP_WORD, /* no frame: what an endpoint says */
} SimHopKind;

typedef struct {
    SimHopKind kind;
    uint64_t time;
    uint64_t frame; /* 0: none */
    char *where;    /* "vm:a", "switch net0"; never NULL */
    char *what;     /* "sends echo request 10.0.0.1 > 10.0.0.2"; never NULL */
    char *because;  /* the row or policy that decided; NULL: nothing to decide */
    bool end;       /* a frame goes no further here */
} SimHop;

typedef struct {
    GArray *hops;  /* of SimHop, in the order of time */
    bool arrived;  /* the request reached the endpoint meant */
    bool answered; /* an answer from there came back to the asker */
} SimTrail;

/* Of the question with this number. */
SimTrail *sim_trail_new(SimReader *reader, uint32_t question);
void sim_trail_free(SimTrail *trail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimTrail, sim_trail_free)
