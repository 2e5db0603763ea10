/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame-ring.h: page frames in an order, linked in a ring.
 *
 * A frame is in a ring once or not at all. The ring has a mark (an entry that is
 * no frame): the first frame is the one after it, the last the one before. All
 * that changes the ring takes the same time however many frames it holds.
 */
#pragma once

#include <glib.h>

#include "hv-core/types.h"

typedef struct {
    HvFrameNo mark;  /* its number: that of the frames there can be */
    HvFrameNo *next; /* HV_FRAME_NONE: this frame is not in the ring */
    HvFrameNo *previous;
} HvFrameRing;

static inline void hv_frame_ring_init(HvFrameRing *ring, HvFrameNo frame_count)
{
    ring->mark = frame_count;
    ring->next = g_new(HvFrameNo, frame_count + 1);
    ring->previous = g_new(HvFrameNo, frame_count + 1);
    for (HvFrameNo frame = 0; frame < frame_count; frame++)
        ring->next[frame] = HV_FRAME_NONE;
    ring->next[frame_count] = ring->previous[frame_count] = frame_count;
}

static inline void hv_frame_ring_clear(HvFrameRing *ring)
{
    g_free(ring->next);
    g_free(ring->previous);
}

static inline bool hv_frame_ring_has(const HvFrameRing *ring, HvFrameNo frame)
{
    return ring->next[frame] != HV_FRAME_NONE;
}

/* Puts a frame that is not in the ring before another one, or before the mark:
 * last. */
static inline void hv_frame_ring_insert(HvFrameRing *ring, HvFrameNo frame, HvFrameNo before)
{
    HvFrameNo after = ring->previous[before];

    ring->previous[frame] = after;
    ring->next[frame] = before;
    ring->next[after] = frame;
    ring->previous[before] = frame;
}

static inline void hv_frame_ring_append(HvFrameRing *ring, HvFrameNo frame)
{
    hv_frame_ring_insert(ring, frame, ring->mark);
}

static inline void hv_frame_ring_remove(HvFrameRing *ring, HvFrameNo frame)
{
    ring->next[ring->previous[frame]] = ring->next[frame];
    ring->previous[ring->next[frame]] = ring->previous[frame];
    ring->next[frame] = HV_FRAME_NONE;
}

/* HV_FRAME_NONE: the ring is empty. */
static inline HvFrameNo hv_frame_ring_first(const HvFrameRing *ring)
{
    HvFrameNo first = ring->next[ring->mark];

    return first == ring->mark ? HV_FRAME_NONE : first;
}
