/* SPDX-License-Identifier: GPL-2.0-or-later */
/* radix-heap.c: digits, buckets and the moves between them; see radix-heap.h. */
#include "netsim/radix-heap.h"

#define LEAST_CAPACITY 64

/* --- places and lists --- */

static uint32_t take_place(NetRadixHeap *heap)
{
    uint32_t place = heap->free;

    if (place != 0) {
        heap->free = heap->events[place].next;
        return place;
    }
    if (heap->used + 1 >= heap->capacity) {
        g_assert(heap->capacity <= UINT32_MAX / 2);
        heap->capacity = MAX(LEAST_CAPACITY, heap->capacity * 2);
        heap->events = g_renew(NetEvent, heap->events, heap->capacity);
    }
    return ++heap->used;
}

static inline void append(NetRadixHeap *heap, NetEventList *list, uint32_t place)
{
    NetEvent *event = &heap->events[place];

    event->next = 0;
    if (list->first == 0) {
        list->first = place;
        list->earliest = event->time;
    } else {
        heap->events[list->last].next = place;
        list->earliest = MIN(list->earliest, event->time);
    }
    list->last = place;
}

/* Puts an event where its time belongs. */
static inline void place_event(NetRadixHeap *heap, uint32_t place)
{
    const NetEvent *event = &heap->events[place];
    uint64_t differs = event->time ^ heap->base;

    if (differs == 0) {
        append(heap, &heap->now[event->class], place);
        return;
    }
    unsigned level = (63 - (unsigned)__builtin_clzll(differs)) / NET_RADIX_DIGIT_BITS;
    unsigned bucket = event->time >> (level * NET_RADIX_DIGIT_BITS) & (NET_RADIX_BUCKETS - 1);
    append(heap, &heap->lists[level][bucket], place);
    heap->buckets[level] |= UINT64_C(1) << bucket;
    heap->levels |= (uint16_t)(1u << level);
}

/* --- the earliest --- */

static NetEventList *due_now(NetRadixHeap *heap)
{
    for (unsigned class = 0; class < NET_EVENT_CLASSES; class ++) {
        if (heap->now[class].first != 0)
            return &heap->now[class];
    }
    return NULL;
}

/* The bucket that holds the earliest event not due at base. */
static NetEventList *first_bucket(NetRadixHeap *heap, unsigned *ret_level, unsigned *ret_bucket)
{
    *ret_level = (unsigned)__builtin_ctz(heap->levels);
    *ret_bucket = (unsigned)__builtin_ctzll(heap->buckets[*ret_level]);
    return &heap->lists[*ret_level][*ret_bucket];
}

/* Moves base on to the earliest time, so that its events are in heap->now. */
static void move_base(NetRadixHeap *heap)
{
    unsigned level, bucket;

    heap->base = heap->first;
    NetEventList *list = first_bucket(heap, &level, &bucket);
    uint32_t place = list->first, next;
    *list = (NetEventList){0};
    heap->buckets[level] &= ~(UINT64_C(1) << bucket);
    if (heap->buckets[level] == 0)
        heap->levels &= (uint16_t) ~(1u << level);
    for (; place != 0; place = next) {
        next = heap->events[place].next;
        place_event(heap, place);
    }
}

/* --- in and out --- */

void net_radix_heap_init(NetRadixHeap *heap)
{
    *heap = (NetRadixHeap){.first = NET_TIME_NEVER};
}

NetEvent *net_radix_heap_push(NetRadixHeap *heap, NetTime time, unsigned class)
{
    uint32_t place = take_place(heap);
    NetEvent *event = &heap->events[place];

    g_assert(time >= heap->base && class < NET_EVENT_CLASSES);
    event->time = time;
    event->class = (uint8_t) class;
    place_event(heap, place);
    heap->first = MIN(heap->first, time);
    heap->count++;
    return event;
}

/* The list of what is due next, which is due at base from now on. */
static NetEventList *next_list(NetRadixHeap *heap)
{
    NetEventList *list = due_now(heap);

    if (list != NULL)
        return list;
    move_base(heap);
    return due_now(heap);
}

unsigned net_radix_heap_first_class(NetRadixHeap *heap)
{
    return (unsigned)(next_list(heap) - heap->now);
}

NetEvent net_radix_heap_pop(NetRadixHeap *heap)
{
    NetEventList *list = next_list(heap);
    unsigned level, bucket;

    uint32_t place = list->first;
    NetEvent event = heap->events[place];
    list->first = event.next;
    heap->events[place].next = heap->free;
    heap->free = place;
    if (--heap->count == 0)
        heap->first = NET_TIME_NEVER;
    else if (due_now(heap) == NULL)
        heap->first = first_bucket(heap, &level, &bucket)->earliest;
    return event;
}

void net_radix_heap_clear(NetRadixHeap *heap)
{
    while (heap->count > 0)
        net_frame_unref(net_radix_heap_pop(heap).frame);
    g_free(heap->events);
    net_radix_heap_init(heap);
}
