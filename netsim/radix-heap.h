/* SPDX-License-Identifier: GPL-2.0-or-later */
/* radix-heap.h: events in any order in, earliest first out.
 *
 * Events come out by time, then class, then in the order they went in; so the
 * order is total and the same in every run. Nothing may be pushed to a time
 * before that of the last event popped. That is what makes the heap fast: it is
 * a radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the
 * shortest path problem", JACM 37(2), 1990) with digits of six bits, also known as
 * a hierarchical timing wheel.
 *
 * Think of times as numbers of eleven digits, from 0 to 63 each, and of `base` as
 * the time of the last event popped. An event is kept by the first digit in which
 * its time differs from base: the place of that digit is its level, the digit
 * itself its bucket. An event in a lower level is earlier than any in a higher
 * one, and so is a lower bucket of the same level. When base moves on to the
 * earliest time, only the events of the bucket that this time lies in have to be
 * put anew: every one comes into a lower level. So an event is moved a few times
 * at most, however many are pending, and a bucket keeps the order in which its
 * events were pushed.
 */
#pragma once

#include <glib.h>

#include "netsim/frame.h"

#define NET_EVENT_CLASSES    4
#define NET_RADIX_DIGIT_BITS 6
#define NET_RADIX_BUCKETS    (1u << NET_RADIX_DIGIT_BITS)
#define NET_RADIX_LEVELS     11 /* of six bits each in a time of 64 */

typedef struct {
    NetTime time;    /* before NET_TIME_NEVER */
    NetFrame *frame; /* or NULL; whoever pops the event gets the reference */
    uint32_t target; /* a port or a part, as the class has it */
    uint32_t next;   /* the heap's: the event after this one in its list; 0: none */
    uint16_t epoch;  /* the owner's */
    uint8_t what;    /* the owner's */
    uint8_t class;   /* below NET_EVENT_CLASSES; at equal times lower ones come first */
} NetEvent;

/* First in, first out. Events are numbers of places in NetRadixHeap.events, from 1. */
typedef struct {
    uint32_t first, last; /* first 0: the list is empty, and the rest means nothing */
    NetTime earliest;
} NetEventList;

typedef struct {
    NetEvent *events;
    uint32_t count;                      /* pending */
    uint32_t used;                       /* places of events[] ever used */
    uint32_t capacity;                   /* places there are */
    uint32_t free;                       /* list of places given back */
    NetTime base;                        /* of the event popped last */
    NetTime first;                       /* of the earliest event; NET_TIME_NEVER: none */
    NetEventList now[NET_EVENT_CLASSES]; /* due at base itself */
    uint16_t levels;                     /* bit n: level n has events */
    uint64_t buckets[NET_RADIX_LEVELS];  /* bit n: bucket n of this level has events */
    NetEventList lists[NET_RADIX_LEVELS][NET_RADIX_BUCKETS];
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
