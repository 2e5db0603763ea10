/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queue.c: the less frequent half of queue.h: rings that grow, events that overtake. */
#include "netsim/queue.h"

#define LEAST_RING 64u

void net_queue_init(NetQueue *queue)
{
    *queue = (NetQueue){.first = NET_TIME_NEVER};
    net_radix_heap_init(&queue->heap);
    for (unsigned i = 0; i < NET_QUEUE_RUNS; i++) {
        queue->due[i] = NET_TIME_NEVER;
        net_queue_grow(&queue->runs[i]);
    }
}

void net_queue_clear(NetQueue *queue)
{
    while (queue->first != NET_TIME_NEVER)
        net_frame_unref(net_queue_pop(queue).frame);
    for (unsigned i = 0; i < NET_QUEUE_RUNS; i++)
        g_clear_pointer(&queue->runs[i].events, g_free);
    net_radix_heap_clear(&queue->heap);
}

uint32_t net_queue_count(const NetQueue *queue)
{
    uint32_t count = queue->heap.count;

    for (unsigned i = 0; i < NET_QUEUE_RUNS; i++)
        count += queue->runs[i].end - queue->runs[i].first;
    return count;
}

void net_queue_grow(NetEventRun *run)
{
    uint32_t count = run->end - run->first;
    uint32_t size = MAX(LEAST_RING, 2 * count);
    NetEvent *events = g_new(NetEvent, size);

    g_assert(count <= UINT32_MAX / 2);
    for (uint32_t i = 0; i < count; i++)
        events[i] = run->events[(run->first + i) & run->mask];
    g_free(run->events);
    run->events = events;
    run->mask = size - 1;
    run->first = 0;
    run->end = count;
}

/* The heap's first event is among the earliest: does a run's come before it? */
NetEvent net_queue_pop_heap(NetQueue *queue)
{
    unsigned class = net_radix_heap_first_class(&queue->heap);

    for (unsigned i = 0; i + NET_QUEUE_FIRST_RUN <= class; i++) {
        if (queue->due[i] == queue->first)
            return net_queue_pop_run(queue, i);
    }
    NetEvent event = net_radix_heap_pop(&queue->heap);
    queue->first = net_queue_earliest(queue);
    return event;
}
