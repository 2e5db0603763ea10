/* SPDX-License-Identifier: GPL-2.0-or-later */
/* radix-heap.h: events in any order in, earliest first out.
 *
 * Events come out by time, then class, then in the order they went in; so the
 * order is total and the same in every run. Nothing may be pushed to a time
 * before that of the last event popped. That is what makes the heap fast: it is
 * a radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the
 * shortest path problem", JACM 37(2), 1990) with a byte as its digit, also known as
 * a hierarchical timing wheel.
 *
 * Think of times as numbers of eight digits, from 0 to 255 each, and of `base` as
 * the time of the last event popped. An event is kept by the first digit in which
 * its time differs from base: the place of that digit is its level, the digit
 * itself its bucket. An event in a lower level is earlier than any in a higher
 * one, and so is a lower bucket of the same level. When base moves on to the
 * earliest time, only the events of the bucket that this time lies in have to be
 * put anew: every one comes into a lower level. So an event is moved a few times
 * at most, however many are pending, and a bucket keeps the order in which its
 * events were pushed.
 *
 * The events of a bucket lie behind each other in chunks, which fill four lines of the
 * cache each: so moving many of them reads memory in its order. What such a move finds
 * to be due soon has its target fetched into the cache, too.
 */
#pragma once

#include <glib.h>

#include "netsim/frame.h"

#define NET_EVENT_CLASSES 4
#define NET_EVENT_CHUNK   7  /* events in a chunk */
#define NET_RADIX_LATER   64 /* the first bucket of level 0 */
#define NET_RADIX_BUCKETS (NET_RADIX_LATER + 8 * 256)

typedef struct {
    NetTime time;    /* before NET_TIME_NEVER */
    NetFrame *frame; /* or NULL; whoever pops the event gets the reference */
    void *target;    /* a port or a part, as the class has it; NULL is fine */
    uint16_t epoch;  /* the owner's */
    uint8_t what;    /* the owner's */
    uint8_t class;   /* below NET_EVENT_CLASSES; at equal times lower ones come first */
} NetEvent;

typedef struct NetEventChunk {
    _Alignas(64) struct NetEventChunk *next; /* of the same list */
    NetEvent events[NET_EVENT_CHUNK];
} NetEventChunk;

/* First in, first out. */
typedef struct {
    NetEventChunk *first, *last;
    uint32_t taken;  /* events of the first chunk that are gone */
    uint32_t filled; /* places of the last chunk */
    NetTime earliest;
} NetEventList;

/* Buckets are numbered in the order of their times. Below NET_RADIX_LATER there is one
 * for each class, of what is due at base itself; from there on 256 for each level. */
typedef struct {
    uint32_t count;                          /* pending */
    NetTime base;                            /* of the event popped last */
    NetTime first;                           /* of the earliest event; NET_TIME_NEVER: none */
    NetEventChunk *spare;                    /* chunks given back */
    uint64_t words;                          /* bit n: in_use[n] is not 0 */
    uint64_t in_use[NET_RADIX_BUCKETS / 64]; /* a bit for each bucket that has events */
    NetEventList buckets[NET_RADIX_BUCKETS]; /* of the others this says nothing */
} NetRadixHeap;

void net_radix_heap_init(NetRadixHeap *heap);
void net_radix_heap_clear(NetRadixHeap *heap); /* gives up what it holds, frames too */
/* A new event, not before the last one popped; the caller fills in the rest at once. */
NetEvent *net_radix_heap_push(NetRadixHeap *heap, NetTime time, unsigned class);
/* The heap is not empty. */
NetEvent net_radix_heap_pop(NetRadixHeap *heap);
/* The class of the event that pop will give. From here on nothing may be pushed to a
 * time before that event's. */
unsigned net_radix_heap_first_class(NetRadixHeap *heap);
