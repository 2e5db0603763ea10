/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nru.c: not recently used (A. S. Tanenbaum, "Modern Operating Systems", chapter
 * 3.4). Each page has two bits: referenced since the last tick, and modified since
 * it became resident. They make four classes, 2 * referenced + modified; a page of
 * the lowest class that is not empty goes, among equals the one that has been
 * resident longest. A page that was written long ago is rather taken than one that
 * was read just now.
 *
 * Outside tracing mode only the first access after a tick is seen; a page that was
 * read first and written later in an interval counts as modified only after the
 * next tick. */
#include "hv-core/memory/replacement/frame-ring.h"
#include "hv-core/memory/replacement/replacement.h"

enum { MODIFIED = 1, REFERENCED = 2 };

typedef struct {
    HvReplacementParams params;
    HvFrameRing ring; /* the longest resident is first */
    uint8_t *bits;
} Nru;

static void *nru_create(const HvReplacementParams *params)
{
    Nru *nru = g_new(Nru, 1);

    nru->params = *params;
    hv_frame_ring_init(&nru->ring, params->frame_count);
    nru->bits = g_new0(uint8_t, params->frame_count);
    return nru;
}

static void nru_destroy(void *policy)
{
    Nru *nru = policy;

    hv_frame_ring_clear(&nru->ring);
    g_free(nru->bits);
    g_free(nru);
}

static void nru_added(void *policy, HvFrameNo frame, HvPageRef page)
{
    Nru *nru = policy;

    nru->bits[frame] = 0;
    hv_frame_ring_append(&nru->ring, frame);
}

static void nru_removed(void *policy, HvFrameNo frame)
{
    hv_frame_ring_remove(&((Nru *)policy)->ring, frame);
}

static void nru_referenced(void *policy, HvFrameNo frame, bool write)
{
    ((Nru *)policy)->bits[frame] |= REFERENCED | (write ? MODIFIED : 0);
}

static void nru_tick(void *policy)
{
    Nru *nru = policy;
    const HvFrameRing *ring = &nru->ring;

    for (HvFrameNo frame = ring->next[ring->mark]; frame != ring->mark; frame = ring->next[frame]) {
        nru->bits[frame] &= ~REFERENCED;
        if (nru->params.watch != NULL)
            nru->params.watch(nru->params.user, frame);
    }
}

static HvFrameNo nru_victim(void *policy)
{
    const Nru *nru = policy;
    const HvFrameRing *ring = &nru->ring;
    HvFrameNo best = HV_FRAME_NONE;

    for (HvFrameNo frame = ring->next[ring->mark]; frame != ring->mark; frame = ring->next[frame])
        if (best == HV_FRAME_NONE || nru->bits[frame] < nru->bits[best])
            best = frame;
    return best;
}

const HvReplacementOps hv_replacement_nru = {
    .name = "nru",
    .create = nru_create,
    .destroy = nru_destroy,
    .added = nru_added,
    .removed = nru_removed,
    .referenced = nru_referenced,
    .tick = nru_tick,
    .victim = nru_victim,
};
