/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events.c: a binary heap whose elements know their place; see events.h. */
#include "hv-core/sched/events.h"

void hv_event_queue_init(HvEventQueue *queue)
{
    *queue = (HvEventQueue){.heap = g_ptr_array_new()};
}

void hv_event_queue_clear(HvEventQueue *queue)
{
    g_clear_pointer(&queue->heap, g_ptr_array_unref);
}

static HvEvent *at(const HvEventQueue *queue, guint index)
{
    return g_ptr_array_index(queue->heap, index);
}

static bool before(const HvEvent *a, const HvEvent *b)
{
    return a->time < b->time || (a->time == b->time && a->order < b->order);
}

static void place(HvEventQueue *queue, HvEvent *event, guint index)
{
    queue->heap->pdata[index] = event;
    event->place = index + 1;
}

/* Puts event where it belongs on the way from index to the root. */
static void sift_up(HvEventQueue *queue, HvEvent *event, guint index)
{
    while (index > 0 && before(event, at(queue, (index - 1) / 2))) {
        place(queue, at(queue, (index - 1) / 2), index);
        index = (index - 1) / 2;
    }
    place(queue, event, index);
}

static void sift_down(HvEventQueue *queue, HvEvent *event, guint index)
{
    for (;;) {
        guint child = 2 * index + 1;
        if (child >= queue->heap->len)
            break;
        if (child + 1 < queue->heap->len && before(at(queue, child + 1), at(queue, child)))
            child++;
        if (!before(at(queue, child), event))
            break;
        place(queue, at(queue, child), index);
        index = child;
    }
    place(queue, event, index);
}

void hv_event_queue_put(HvEventQueue *queue, HvEvent *event, HvTime time)
{
    hv_event_queue_remove(queue, event);
    event->time = time;
    event->order = queue->next_order++;
    g_ptr_array_add(queue->heap, event);
    sift_up(queue, event, queue->heap->len - 1);
}

void hv_event_queue_remove(HvEventQueue *queue, HvEvent *event)
{
    if (event->place == 0)
        return;
    guint index = event->place - 1;
    HvEvent *last = g_ptr_array_remove_index(queue->heap, queue->heap->len - 1);
    event->place = 0;
    if (last == event)
        return;
    if (index > 0 && before(last, at(queue, (index - 1) / 2)))
        sift_up(queue, last, index);
    else
        sift_down(queue, last, index);
}

HvTime hv_event_queue_time(const HvEventQueue *queue)
{
    return queue->heap->len > 0 ? at(queue, 0)->time : HV_TIME_NEVER;
}

HvEvent *hv_event_queue_take(HvEventQueue *queue)
{
    if (queue->heap->len == 0)
        return NULL;
    HvEvent *event = at(queue, 0);
    hv_event_queue_remove(queue, event);
    return event;
}
