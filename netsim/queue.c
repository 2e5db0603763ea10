/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queue.c: the less frequent half of queue.h: rings that grow, events that overtake. */
#include "netsim/queue.h"

#define LEAST_RING 64u

void net_queue_init(NetQueue *queue)
{
    net_radix_heap_init(&queue->heap);
    for (unsigned i = 0; i < NET_QUEUE_RUNS; i++) {
        NetEventRun *run = &queue->runs[i];
        run->events = run->head = run->tail = g_new(NetEvent, LEAST_RING);
        run->limit = run->events + LEAST_RING;
        run->tail->time = NET_TIME_NEVER;
        run->last = 0;
    }
}

void net_queue_clear(NetQueue *queue)
{
    while (net_queue_first(queue) != NET_TIME_NEVER)
        net_frame_unref(net_queue_pop(queue, net_queue_first(queue)).frame);
    for (unsigned i = 0; i < NET_QUEUE_RUNS; i++)
        g_clear_pointer(&queue->runs[i].events, g_free);
    net_radix_heap_clear(&queue->heap);
}

static size_t run_count(const NetEventRun *run)
{
    ptrdiff_t distance = run->tail - run->head;

    return (size_t)(distance < 0 ? distance + (run->limit - run->events) : distance);
}

uint32_t net_queue_count(const NetQueue *queue)
{
    uint32_t count = queue->heap.count;

    for (unsigned i = 0; i < NET_QUEUE_RUNS; i++)
        count += (uint32_t)run_count(&queue->runs[i]);
    return count;
}

/* Twice the ring, with the same events in it, from its beginning. */
void net_queue_grow(NetEventRun *run)
{
    size_t size = 2 * (size_t)(run->limit - run->events), count = run_count(run);
    NetEvent *events = g_new(NetEvent, size), *to = events;

    for (; run->head != run->tail; run->head = net_queue_next_place(run, run->head))
        *to++ = *run->head;
    g_free(run->events);
    run->events = run->head = events;
    run->limit = events + size;
    run->tail = events + count;
}

/* The heap's first event is among the earliest: does a run's come before it? */
NetEvent net_queue_pop_heap(NetQueue *queue)
{
    for (unsigned i = 0; i < NET_QUEUE_RUNS; i++) {
        NetEventRun *run = &queue->runs[i];
        if (run->head->time == queue->heap.first &&
            run->head->class <= net_radix_heap_first_class(&queue->heap))
            return net_queue_pop_run(run);
    }
    return net_radix_heap_pop(&queue->heap);
}
