/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events.h: what will happen at a certain virtual time: timers and the effects
 * that one vCPU's work has on others.
 *
 * A heap ordered by (time, order of insertion), so that equal times are served
 * in the order in which the world made them. Events are owned by whoever queues
 * them; one is in a queue at most once.
 */
#pragma once

#include <glib.h>

#include "hv-core/types.h"

typedef struct HvEvent HvEvent;

struct HvEvent {
    HvTime time;
    void (*fire)(HvEvent *event); /* the event is out of the queue when this is called */
    /* The queue's own. */
    uint64_t order;
    guint place; /* in the heap, plus 1; 0: not queued */
};

typedef struct {
    GPtrArray *heap;
    uint64_t next_order;
} HvEventQueue;

void hv_event_queue_init(HvEventQueue *queue);
void hv_event_queue_clear(HvEventQueue *queue); /* the events stay their owners' */

/* Queues event for time; one that is queued already moves there. */
void hv_event_queue_put(HvEventQueue *queue, HvEvent *event, HvTime time);
void hv_event_queue_remove(HvEventQueue *queue, HvEvent *event); /* fine when not queued */

/* The time of the first event; HV_TIME_NEVER: none. */
HvTime hv_event_queue_time(const HvEventQueue *queue);
HvEvent *hv_event_queue_take(HvEventQueue *queue); /* the first; NULL: none */
