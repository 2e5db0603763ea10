/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queue.h: what is still to happen, earliest first.
 *
 * A 4-ary heap: a node's children lie side by side, so going down one level of
 * the heap touches one or two cache lines, and a heap of 100,000 has nine levels
 * where a binary one has seventeen. Events are ordered by time, then class, then
 * by which was pushed first, so the order is total and the same in every run.
 */
#pragma once

#include <glib.h>

#include "netsim/frame.h"

typedef struct {
    NetTime time;
    uint64_t order;  /* class << 56 | creation number; set by net_queue_push() */
    NetFrame *frame; /* or NULL; whoever pops the event gets the reference */
    uint32_t target; /* a port or a part, as the class has it */
    uint16_t what;   /* the owner's */
    uint16_t epoch;  /* the owner's */
} NetEvent;

typedef struct {
    NetEvent *events; /* the heap; events[0] is the earliest */
    size_t count, capacity;
    uint64_t created;
} NetQueue;

void net_queue_clear(NetQueue *queue); /* frees what it holds, frames too */
/* class: 0 to 255, lower ones first at equal times. */
void net_queue_push(NetQueue *queue, unsigned class, const NetEvent *event);
/* The queue is not empty. */
NetEvent net_queue_pop(NetQueue *queue);

static inline NetTime net_queue_first(const NetQueue *queue)
{
    return queue->count > 0 ? queue->events[0].time : NET_TIME_NEVER;
}
