/* SPDX-License-Identifier: GPL-2.0-or-later */
/* radix-heap.c: buckets and the moves between them; see radix-heap.h. */
#include "netsim/radix-heap.h"

#include <string.h>

/* --- chunks --- */

static NetEventChunk *take_chunk(NetRadixHeap *heap)
{
    NetEventChunk *chunk = heap->spare;

    if (chunk == NULL)
        chunk = g_aligned_alloc(1, sizeof *chunk, _Alignof(NetEventChunk));
    else
        heap->spare = chunk->next;
    chunk->next = NULL;
    return chunk;
}

static inline void give_chunk(NetRadixHeap *heap, NetEventChunk *chunk)
{
    chunk->next = heap->spare;
    heap->spare = chunk;
}

/* --- buckets --- */

static inline unsigned bucket_of(const NetRadixHeap *heap, NetTime time, unsigned class)
{
    uint64_t differs = time ^ heap->base;

    if (differs == 0)
        return class;
    unsigned level = (63 - (unsigned)__builtin_clzll(differs)) / 8;
    return NET_RADIX_LATER + level * 256 + (uint8_t)(time >> (8 * level));
}

/* There is one. */
static inline unsigned first_bucket(const NetRadixHeap *heap)
{
    unsigned word = (unsigned)__builtin_ctzll(heap->words);

    return word * 64 + (unsigned)__builtin_ctzll(heap->in_use[word]);
}

static inline void mark_empty(NetRadixHeap *heap, unsigned bucket)
{
    unsigned word = bucket / 64;

    heap->in_use[word] &= ~(UINT64_C(1) << (bucket % 64));
    if (heap->in_use[word] == 0)
        heap->words &= ~(UINT64_C(1) << word);
}

/* A place at the end of the bucket where events of this time and class belong. */
static inline NetEvent *place_for(NetRadixHeap *heap, NetTime time, unsigned class)
{
    unsigned bucket = bucket_of(heap, time, class), word = bucket / 64;
    uint64_t bit = UINT64_C(1) << (bucket % 64);
    NetEventList *list = &heap->buckets[bucket];

    if ((heap->in_use[word] & bit) == 0) {
        heap->in_use[word] |= bit;
        heap->words |= UINT64_C(1) << word;
        list->first = list->last = take_chunk(heap);
        list->taken = list->filled = 0;
        list->earliest = time;
    } else if (list->filled == NET_EVENT_CHUNK) {
        list->last = list->last->next = take_chunk(heap);
        list->filled = 0;
    }
    list->earliest = MIN(list->earliest, time);
    return &list->last->events[list->filled++];
}

static inline bool has_one(const NetEventList *list)
{
    return list->first == list->last && list->filled - list->taken == 1;
}

/* Its owner will look at the first two lines of the target: then the cache has them. */
static inline void fetch_target(const NetEvent *event)
{
    __builtin_prefetch(event->target);
    __builtin_prefetch((const char *)event->target + 64);
}

/* Moves base on to the earliest time, which lies in this bucket: its events are put anew. */
static void move_base(NetRadixHeap *heap, unsigned bucket)
{
    const NetEventList *list = &heap->buckets[bucket];
    NetEventChunk *next;
    bool soon = bucket < NET_RADIX_LATER + 2 * 256; /* what level 1 held is due in 256 ns */

    heap->base = heap->first;
    mark_empty(heap, bucket);
    for (NetEventChunk *chunk = list->first; chunk != NULL; chunk = next) {
        unsigned count = chunk == list->last ? list->filled : NET_EVENT_CHUNK;
        for (unsigned i = 0; i < count; i++) {
            const NetEvent *event = &chunk->events[i];
            *place_for(heap, event->time, event->class) = *event;
            if (soon)
                fetch_target(event);
        }
        next = chunk->next;
        give_chunk(heap, chunk);
    }
}

/* The bucket whose first event is the earliest of all. */
static inline unsigned ready_bucket(NetRadixHeap *heap)
{
    unsigned bucket = first_bucket(heap);

    if (bucket < NET_RADIX_LATER || has_one(&heap->buckets[bucket]))
        return bucket;
    move_base(heap, bucket);
    return first_bucket(heap);
}

/* --- in and out --- */

void net_radix_heap_init(NetRadixHeap *heap)
{
    heap->count = 0;
    heap->base = 0;
    heap->first = NET_TIME_NEVER;
    heap->spare = NULL;
    heap->words = 0;
    memset(heap->in_use, 0, sizeof heap->in_use);
}

NetEvent *net_radix_heap_push(NetRadixHeap *heap, NetTime time, unsigned class)
{
    g_assert(time >= heap->base && class < NET_EVENT_CLASSES);
    NetEvent *event = place_for(heap, time, class);

    event->time = time;
    event->class = (uint8_t) class;
    heap->first = MIN(heap->first, time);
    heap->count++;
    return event;
}

unsigned net_radix_heap_first_class(NetRadixHeap *heap)
{
    const NetEventList *list = &heap->buckets[ready_bucket(heap)];

    return list->first->events[list->taken].class;
}

NetEvent net_radix_heap_pop(NetRadixHeap *heap)
{
    unsigned bucket = ready_bucket(heap);
    NetEventList *list = &heap->buckets[bucket];
    NetEventChunk *chunk = list->first;
    NetEvent event = chunk->events[list->taken++];
    bool is_last = chunk == list->last;

    heap->base = event.time;
    if (list->taken == (is_last ? list->filled : NET_EVENT_CHUNK)) {
        list->first = chunk->next;
        list->taken = 0;
        give_chunk(heap, chunk);
        if (is_last)
            mark_empty(heap, bucket);
    }
    heap->count--;
    heap->first = heap->words != 0 ? heap->buckets[first_bucket(heap)].earliest : NET_TIME_NEVER;
    return event;
}

void net_radix_heap_clear(NetRadixHeap *heap)
{
    NetEventChunk *next;

    while (heap->count > 0)
        net_frame_unref(net_radix_heap_pop(heap).frame);
    for (NetEventChunk *chunk = heap->spare; chunk != NULL; chunk = next) {
        next = chunk->next;
        g_aligned_free(chunk);
    }
    net_radix_heap_init(heap);
}
