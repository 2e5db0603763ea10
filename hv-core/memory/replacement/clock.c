/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.c: second chance, as a clock (F. J. Corbato, "A paging experiment with the
 * Multics system", MIT Project MAC, 1968). The frames stand in a circle, each with a
 * bit that its page's references set. A hand goes round: where the bit is set it
 * is cleared and the hand goes on; the first page found without it goes. The new
 * page takes the place that the hand has just left, so it is met last, and its bit
 * is set, for the access that brought it in is a reference.
 *
 * Outside tracing mode a cleared bit puts the page under watch, so that the next
 * access sets it again: nothing is watched before the hand has passed. */
#include "hv-core/memory/replacement/frame-ring.h"
#include "hv-core/memory/replacement/replacement.h"

typedef struct {
    HvReplacementParams params;
    HvFrameRing ring; /* the mark stands in the circle too, and is passed over */
    HvFrameNo hand;   /* the frame to be looked at next, or the mark */
    bool *referenced;
} Clock;

static void *clock_create(const HvReplacementParams *params)
{
    Clock *clock = g_new(Clock, 1);

    clock->params = *params;
    hv_frame_ring_init(&clock->ring, params->frame_count);
    clock->hand = clock->ring.mark;
    clock->referenced = g_new0(bool, params->frame_count);
    return clock;
}

static void clock_destroy(void *policy)
{
    Clock *clock = policy;

    hv_frame_ring_clear(&clock->ring);
    g_free(clock->referenced);
    g_free(clock);
}

static void clock_added(void *policy, HvFrameNo frame, HvPageRef page)
{
    Clock *clock = policy;

    clock->referenced[frame] = true;
    hv_frame_ring_insert(&clock->ring, frame, clock->hand);
}

static void clock_removed(void *policy, HvFrameNo frame)
{
    Clock *clock = policy;

    if (clock->hand == frame)
        clock->hand = clock->ring.next[frame];
    hv_frame_ring_remove(&clock->ring, frame);
}

static void clock_referenced(void *policy, HvFrameNo frame, bool write)
{
    ((Clock *)policy)->referenced[frame] = true;
}

static HvFrameNo clock_victim(void *policy)
{
    Clock *clock = policy;

    if (hv_frame_ring_first(&clock->ring) == HV_FRAME_NONE)
        return HV_FRAME_NONE;
    for (;; clock->hand = clock->ring.next[clock->hand]) {
        if (clock->hand == clock->ring.mark)
            continue;
        if (!clock->referenced[clock->hand])
            return clock->hand;
        clock->referenced[clock->hand] = false;
        if (clock->params.watch != NULL)
            clock->params.watch(clock->params.user, clock->hand);
    }
}

const HvReplacementOps hv_replacement_clock = {
    .name = "clock",
    .create = clock_create,
    .destroy = clock_destroy,
    .added = clock_added,
    .removed = clock_removed,
    .referenced = clock_referenced,
    .victim = clock_victim,
};
