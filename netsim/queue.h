/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queue.h: what is still to happen, earliest first.
 *
 * Events come out by time, then class, then in the order they went in; so the
 * order is total and the same in every run. Nothing may be pushed to a time
 * before that of the last event popped.
 *
 * Nearly all events are frames that arrive or are transmitted, and cables that take
 * equally long make them in the order in which they will happen: what is sent later
 * arrives later. So these two classes have *runs*, rings of events whose times never
 * go back, and an event that is not earlier than the last of a run is put behind it,
 * which costs the same however many are pending. Arrivals have two, since frames on
 * their first cable and frames on their second come by turns. What fits no run goes
 * into a heap (radix-heap.h). The next event is the earliest among the heads of the
 * runs and the first of the heap.
 *
 * Which of two events of the same class and time went in first? The one in the earlier
 * run, or in a run and not in the heap. For the other found a later event at the end of
 * that run, which is still there as the other has not happened yet; so nothing of
 * the other's time can have joined that run after it. (Of an empty run the event that
 * joined last has happened; nothing is earlier.)
 */
#pragma once

#include "netsim/radix-heap.h"

#define NET_QUEUE_ARRIVAL      2u /* the class of runs 0 and 1 */
#define NET_QUEUE_TRANSMISSION 3u /* and of run 2 */
#define NET_QUEUE_RUNS         3u

typedef struct {
    NetEvent *events, *limit; /* a ring; limit is behind its last place */
    NetEvent *head;           /* its first event; if it is empty, head is tail */
    NetEvent *tail;           /* where the next one goes; there stands NET_TIME_NEVER */
    NetTime last;             /* of the event that joined last */
} NetEventRun;

typedef struct {
    NetEventRun runs[NET_QUEUE_RUNS];
    NetRadixHeap heap; /* of all the others */
} NetQueue;

void net_queue_init(NetQueue *queue);
void net_queue_clear(NetQueue *queue); /* gives up what it holds, frames too */
uint32_t net_queue_count(const NetQueue *queue);

/* For the inline functions. */
void net_queue_grow(NetEventRun *run);
NetEvent net_queue_pop_heap(NetQueue *queue);

static inline NetEvent *net_queue_next_place(const NetEventRun *run, NetEvent *place)
{
    return place + 1 == run->limit ? run->events : place + 1;
}

/* A new event; the caller fills in the other members at once. */
static inline NetEvent *net_queue_push(NetQueue *queue, NetTime time, unsigned class)
{
    NetEventRun *run = &queue->runs[class == NET_QUEUE_TRANSMISSION ? 2 : 0];

    if (class == NET_QUEUE_ARRIVAL && time < run->last)
        run++;
    if (class < NET_QUEUE_ARRIVAL || G_UNLIKELY(time < run->last))
        return net_radix_heap_push(&queue->heap, time, class);
    if (G_UNLIKELY(net_queue_next_place(run, run->tail) == run->head))
        net_queue_grow(run);
    NetEvent *event = run->tail;
    event->time = time;
    event->class = (uint8_t) class;
    run->last = time;
    run->tail = net_queue_next_place(run, event);
    run->tail->time = NET_TIME_NEVER;
    return event;
}

/* When the first event is due; NET_TIME_NEVER: the queue is empty. */
static inline NetTime net_queue_first(const NetQueue *queue)
{
    NetTime arrival = MIN(queue->runs[0].head->time, queue->runs[1].head->time);
    NetTime other = MIN(queue->runs[2].head->time, queue->heap.first);

    return MIN(arrival, other);
}

static inline NetEvent net_queue_pop_run(NetEventRun *run)
{
    NetEvent event = *run->head;

    run->head = net_queue_next_place(run, run->head);
    return event;
}

/* The run whose head is due first, at this time; NULL: ask net_queue_pop_heap(). */
static inline NetEventRun *net_queue_due_run(NetQueue *queue, NetTime first)
{
    NetEventRun *run = queue->runs;

    if (G_UNLIKELY(queue->heap.first == first))
        return NULL;
    while (run->head->time != first)
        run++;
    return run;
}

/* The first event, of which net_queue_first() has said when it is due. */
static inline NetEvent net_queue_pop(NetQueue *queue, NetTime first)
{
    NetEventRun *run = net_queue_due_run(queue, first);

    return run != NULL ? net_queue_pop_run(run) : net_queue_pop_heap(queue);
}
