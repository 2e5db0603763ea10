/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fifo.c: first in, first out. The page that has been resident longest goes,
 * whether it is in use or not. So cheap that it needs no references, and so blind
 * that more frames can mean more faults (L. A. Belady, R. A. Nelson, G. S. Shedler,
 * "An anomaly in space-time characteristics of certain programs running in a paging
 * machine", CACM 12(6), 1969). */
#include "hv-core/memory/replacement/frame-ring.h"
#include "hv-core/memory/replacement/replacement.h"

static void *fifo_create(const HvReplacementParams *params)
{
    HvFrameRing *ring = g_new(HvFrameRing, 1);

    hv_frame_ring_init(ring, params->frame_count);
    return ring;
}

static void fifo_destroy(void *policy)
{
    hv_frame_ring_clear(policy);
    g_free(policy);
}

static void fifo_added(void *policy, HvFrameNo frame, HvPageRef page)
{
    hv_frame_ring_append(policy, frame);
}

static void fifo_removed(void *policy, HvFrameNo frame)
{
    hv_frame_ring_remove(policy, frame);
}

static HvFrameNo fifo_victim(void *policy)
{
    return hv_frame_ring_first(policy);
}

const HvReplacementOps hv_replacement_fifo = {
    .name = "fifo",
    .create = fifo_create,
    .destroy = fifo_destroy,
    .added = fifo_added,
    .removed = fifo_removed,
    .victim = fifo_victim,
};
