/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lru.c: least recently used. The page whose last reference is longest ago goes:
 * the past stands for the future (R. L. Mattson et al., "Evaluation techniques for
 * storage hierarchies", IBM Systems Journal 9(2), 1970: it is a stack algorithm, so
 * more frames never mean more faults).
 *
 * Exact in tracing mode. Otherwise by sampling: at every tick all pages are
 * watched, and those that are touched before the next tick move to the end, in the
 * order of their first touch in the interval. */
#include "hv-core/memory/replacement/frame-ring.h"
#include "hv-core/memory/replacement/replacement.h"

typedef struct {
    HvReplacementParams params;
    HvFrameRing ring; /* the least recently used is first */
} Lru;

static void *lru_create(const HvReplacementParams *params)
{
    Lru *lru = g_new(Lru, 1);

    lru->params = *params;
    hv_frame_ring_init(&lru->ring, params->frame_count);
    return lru;
}

static void lru_destroy(void *policy)
{
    Lru *lru = policy;

    hv_frame_ring_clear(&lru->ring);
    g_free(lru);
}

static void lru_added(void *policy, HvFrameNo frame, HvPageRef page)
{
    hv_frame_ring_append(&((Lru *)policy)->ring, frame);
}

static void lru_removed(void *policy, HvFrameNo frame)
{
    hv_frame_ring_remove(&((Lru *)policy)->ring, frame);
}

static void lru_referenced(void *policy, HvFrameNo frame, bool write)
{
    Lru *lru = policy;

    hv_frame_ring_remove(&lru->ring, frame);
    hv_frame_ring_append(&lru->ring, frame);
}

static void lru_tick(void *policy)
{
    Lru *lru = policy;
    const HvFrameRing *ring = &lru->ring;

    if (lru->params.watch == NULL)
        return;
    for (HvFrameNo frame = ring->next[ring->mark]; frame != ring->mark; frame = ring->next[frame])
        lru->params.watch(lru->params.user, frame);
}

static HvFrameNo lru_victim(void *policy)
{
    return hv_frame_ring_first(&((Lru *)policy)->ring);
}

const HvReplacementOps hv_replacement_lru = {
    .name = "lru",
    .create = lru_create,
    .destroy = lru_destroy,
    .added = lru_added,
    .removed = lru_removed,
    .referenced = lru_referenced,
    .tick = lru_tick,
    .victim = lru_victim,
};
