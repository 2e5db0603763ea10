/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queue.c: a radix heap; queue.h says how it works. */
#include "netsim/queue.h"

#define LEAST_CAPACITY 64

/* --- places and lists --- */

static uint32_t take_place(NetQueue *queue)
{
    uint32_t place = queue->free;

    if (place != 0) {
        queue->free = queue->events[place].next;
        return place;
    }
    if (queue->used + 1 >= queue->capacity) {
        g_assert(queue->capacity <= UINT32_MAX / 2);
        queue->capacity = MAX(LEAST_CAPACITY, queue->capacity * 2);
        queue->events = g_renew(NetEvent, queue->events, queue->capacity);
    }
    return ++queue->used;
}

static inline void append(NetQueue *queue, NetEventList *list, uint32_t place)
{
    NetEvent *event = &queue->events[place];

    event->next = 0;
    if (list->first == 0) {
        list->first = place;
        list->earliest = event->time;
    } else {
        queue->events[list->last].next = place;
        list->earliest = MIN(list->earliest, event->time);
    }
    list->last = place;
}

/* Puts an event where its time belongs. */
static inline void place_event(NetQueue *queue, uint32_t place)
{
    const NetEvent *event = &queue->events[place];
    uint64_t differs = event->time ^ queue->base;

    if (differs == 0) {
        append(queue, &queue->now[event->class], place);
        return;
    }
    unsigned level = (63 - (unsigned)__builtin_clzll(differs)) / NET_QUEUE_DIGIT_BITS;
    unsigned bucket = event->time >> (level * NET_QUEUE_DIGIT_BITS) & (NET_QUEUE_BUCKETS - 1);
    append(queue, &queue->lists[level][bucket], place);
    queue->buckets[level] |= UINT64_C(1) << bucket;
    queue->levels |= (uint16_t)(1u << level);
}

/* --- the earliest --- */

static NetEventList *due_now(NetQueue *queue)
{
    for (unsigned class = 0; class < NET_QUEUE_CLASSES; class ++) {
        if (queue->now[class].first != 0)
            return &queue->now[class];
    }
    return NULL;
}

/* The bucket that holds the earliest event not due at base. */
static NetEventList *first_bucket(NetQueue *queue, unsigned *ret_level, unsigned *ret_bucket)
{
    *ret_level = (unsigned)__builtin_ctz(queue->levels);
    *ret_bucket = (unsigned)__builtin_ctzll(queue->buckets[*ret_level]);
    return &queue->lists[*ret_level][*ret_bucket];
}

/* Moves base on to the earliest time, so that its events are in queue->now. */
static void move_base(NetQueue *queue)
{
    unsigned level, bucket;

    queue->base = queue->first;
    NetEventList *list = first_bucket(queue, &level, &bucket);
    uint32_t place = list->first, next;
    *list = (NetEventList){0};
    queue->buckets[level] &= ~(UINT64_C(1) << bucket);
    if (queue->buckets[level] == 0)
        queue->levels &= (uint16_t) ~(1u << level);
    for (; place != 0; place = next) {
        next = queue->events[place].next;
        place_event(queue, place);
    }
}

/* --- in and out --- */

void net_queue_push(NetQueue *queue, const NetEvent *event)
{
    uint32_t place = take_place(queue);

    g_assert(event->time >= queue->base && event->class < NET_QUEUE_CLASSES);
    queue->events[place] = *event;
    place_event(queue, place);
    if (queue->count == 0 || event->time < queue->first)
        queue->first = event->time;
    queue->count++;
}

NetEvent net_queue_pop(NetQueue *queue)
{
    NetEventList *list = due_now(queue);
    unsigned level, bucket;

    if (list == NULL) {
        move_base(queue);
        list = due_now(queue);
    }
    uint32_t place = list->first;
    NetEvent event = queue->events[place];
    list->first = event.next;
    queue->events[place].next = queue->free;
    queue->free = place;
    if (--queue->count > 0 && due_now(queue) == NULL)
        queue->first = first_bucket(queue, &level, &bucket)->earliest;
    return event;
}

void net_queue_clear(NetQueue *queue)
{
    while (queue->count > 0)
        net_frame_unref(net_queue_pop(queue).frame);
    g_free(queue->events);
    *queue = (NetQueue){0};
}
