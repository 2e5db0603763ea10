/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queue.h: what is still to happen, earliest first.
 *
 * Events come out by time, then class, then in the order they went in; so the
 * order is total and the same in every run. Nothing may be pushed to a time
 * before that of the last event popped.
 *
 * Nearly all events are frames that arrive or are transmitted, and cables that take
 * equally long make them in the order in which they will happen: what is sent later
 * arrives later. So each of these two classes has a *run*, a ring of events whose
 * times never go back, and an event that is not earlier than the last of its class's
 * run is put behind it, which costs the same however many are pending. Any other goes
 * into a heap (radix-heap.h). The next event is the earliest among the heads of the
 * runs and the first of the heap.
 *
 * Which of two events of the same class and time went in first? The one in the run.
 * The one in the heap found a later event at the run's end, which is still there as
 * the heap's event has not happened yet; so nothing of the heap event's time can have
 * joined the run after it.
 */
#pragma once

#include "netsim/radix-heap.h"

#define NET_QUEUE_RUNS      2u
#define NET_QUEUE_FIRST_RUN (NET_EVENT_CLASSES - NET_QUEUE_RUNS) /* the class of run 0 */

typedef struct {
    NetEvent *events; /* a ring: event number n is at n & mask */
    uint32_t mask;
    uint32_t first, end; /* numbers: of its first event, and of the next to join */
    NetTime last;        /* of its last event; 0: it is empty */
} NetEventRun;

typedef struct {
    NetTime first;               /* of the earliest event; NET_TIME_NEVER: there is none */
    NetTime due[NET_QUEUE_RUNS]; /* of each run's first event; NET_TIME_NEVER: it is empty */
    NetEventRun runs[NET_QUEUE_RUNS];
    NetRadixHeap heap; /* of all the others */
} NetQueue;

void net_queue_init(NetQueue *queue);
void net_queue_clear(NetQueue *queue); /* gives up what it holds, frames too */
uint32_t net_queue_count(const NetQueue *queue);

/* For the inline functions. */
void net_queue_grow(NetEventRun *run);
NetEvent net_queue_pop_heap(NetQueue *queue);

/* A new event; the caller fills in the other members at once. */
static inline NetEvent *net_queue_push(NetQueue *queue, NetTime time, unsigned class)
{
    queue->first = MIN(queue->first, time);
    if (class < NET_QUEUE_FIRST_RUN)
        return net_radix_heap_push(&queue->heap, time, class);

    unsigned number = class - NET_QUEUE_FIRST_RUN;
    NetEventRun *run = &queue->runs[number];
    if (G_UNLIKELY(time < run->last))
        return net_radix_heap_push(&queue->heap, time, class);
    if (G_UNLIKELY(run->end - run->first > run->mask))
        net_queue_grow(run);
    if (run->first == run->end)
        queue->due[number] = time;
    run->last = time;

    NetEvent *event = &run->events[run->end++ & run->mask];
    event->time = time;
    event->class = (uint8_t) class;
    return event;
}

static inline NetTime net_queue_earliest(const NetQueue *queue)
{
    return MIN(MIN(queue->due[0], queue->due[1]), queue->heap.first);
}

static inline NetEvent net_queue_pop_run(NetQueue *queue, unsigned number)
{
    NetEventRun *run = &queue->runs[number];
    NetEvent event = run->events[run->first++ & run->mask];
    NetTime next = NET_TIME_NEVER;

    if (run->first != run->end)
        next = run->events[run->first & run->mask].time;
    else
        run->last = 0;
    queue->due[number] = next;
    if (next != event.time)
        queue->first = net_queue_earliest(queue);
    return event;
}

/* The queue is not empty. */
static inline NetEvent net_queue_pop(NetQueue *queue)
{
    if (G_UNLIKELY(queue->heap.first == queue->first))
        return net_queue_pop_heap(queue);
    return net_queue_pop_run(queue, queue->due[0] != queue->first);
}

/* When the first event is due; NET_TIME_NEVER: the queue is empty. */
static inline NetTime net_queue_first(const NetQueue *queue)
{
    return queue->first;
}
