/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queue.c: a 4-ary heap in an array: the children of i are 4 i + 1 to 4 i + 4. */
#include "netsim/queue.h"

#define LEAST_CAPACITY 64

static inline bool is_before(const NetEvent *a, const NetEvent *b)
{
    unsigned __int128 key_a = (unsigned __int128)a->time << 64 | a->order;
    unsigned __int128 key_b = (unsigned __int128)b->time << 64 | b->order;

    return key_a < key_b;
}

void net_queue_clear(NetQueue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        net_frame_unref(queue->events[i].frame);
    g_free(queue->events);
    *queue = (NetQueue){0};
}

void net_queue_push(NetQueue *queue, unsigned class, const NetEvent *event)
{
    if (queue->count == queue->capacity) {
        queue->capacity = MAX(LEAST_CAPACITY, queue->capacity * 2);
        queue->events = g_renew(NetEvent, queue->events, queue->capacity);
    }
    NetEvent new_event = *event;
    new_event.order = (uint64_t) class << 56 | queue->created++;

    size_t hole = queue->count++;
    while (hole > 0) {
        size_t parent = (hole - 1) / 4;
        if (!is_before(&new_event, &queue->events[parent]))
            break;
        queue->events[hole] = queue->events[parent];
        hole = parent;
    }
    queue->events[hole] = new_event;
}

/* The earliest of up to four children that begin at `first`. */
static inline size_t earliest_child(const NetQueue *queue, size_t first)
{
    size_t end = MIN(first + 4, queue->count), best = first;

    for (size_t i = first + 1; i < end; i++) {
        if (is_before(&queue->events[i], &queue->events[best]))
            best = i;
    }
    return best;
}

/* The hole that the first event leaves sinks to the bottom by moving children up,
 * then the last event rises in it to its place: it mostly belongs near the bottom,
 * so that takes fewer comparisons than sinking it from the top. */
NetEvent net_queue_pop(NetQueue *queue)
{
    NetEvent first = queue->events[0];
    NetEvent last = queue->events[--queue->count];
    size_t hole = 0;

    for (size_t child = 1; child < queue->count; child = 4 * hole + 1) {
        child = earliest_child(queue, child);
        queue->events[hole] = queue->events[child];
        hole = child;
    }
    while (hole > 0) {
        size_t parent = (hole - 1) / 4;
        if (!is_before(&last, &queue->events[parent]))
            break;
        queue->events[hole] = queue->events[parent];
        hole = parent;
    }
    if (queue->count > 0)
        queue->events[hole] = last;
    return first;
}
