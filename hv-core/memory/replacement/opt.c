/* SPDX-License-Identifier: GPL-2.0-or-later */
/* opt.c: the optimum (L. A. Belady, "A study of replacement algorithms for a
 * virtual-storage computer", IBM Systems Journal 5(2), 1966). The page goes that is
 * needed again last, or never; among those that are never needed again, the one
 * that has been resident longest. No policy has fewer faults, and none can do it
 * without knowing the future: here the future is a first run of the same scenario,
 * whose references were recorded.
 *
 * The n-th reference told is the n-th of the future. Should the run leave that
 * path, the policy goes on from the next place where they agree; pages that it
 * cannot find there count as never needed again. */
#include "hv-core/memory/replacement/frame-ring.h"
#include "hv-core/memory/replacement/replacement.h"

#define NEVER SIZE_MAX

typedef struct {
    const HvPageRef *future;
    size_t count;
    size_t *again;    /* for each reference: the next one to the same page, or NEVER */
    size_t position;  /* how many of them have been */
    HvFrameRing ring; /* the longest resident is first */
    HvPageRef *page;  /* of each frame */
    size_t *next_use; /* of each frame's page */
} Opt;

static guint hash_of(gconstpointer key)
{
    const HvPageRef *ref = key;

    return ref->page * 2654435761u ^ ref->vm;
}

static gboolean same_page(gconstpointer a, gconstpointer b)
{
    const HvPageRef *one = a, *other = b;

    return one->vm == other->vm && one->page == other->page;
}

/* From the last reference to the first: where was its page seen last? */
static void find_next_uses(Opt *opt)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(hash_of, same_page);

    opt->again = g_new(size_t, opt->count);
    for (size_t i = opt->count; i-- > 0;) {
        gpointer at = g_hash_table_lookup(seen, &opt->future[i]);

        opt->again[i] = at != NULL ? (size_t)GPOINTER_TO_SIZE(at) - 1 : NEVER;
        g_hash_table_insert(seen, (gpointer)&opt->future[i], GSIZE_TO_POINTER(i + 1));
    }
}

static void *opt_create(const HvReplacementParams *params)
{
    Opt *opt = g_new0(Opt, 1);

    opt->future = params->future;
    opt->count = params->future_count;
    find_next_uses(opt);
    hv_frame_ring_init(&opt->ring, params->frame_count);
    opt->page = g_new(HvPageRef, params->frame_count);
    opt->next_use = g_new(size_t, params->frame_count);
    return opt;
}

static void opt_destroy(void *policy)
{
    Opt *opt = policy;

    g_free(opt->again);
    hv_frame_ring_clear(&opt->ring);
    g_free(opt->page);
    g_free(opt->next_use);
    g_free(opt);
}

static void opt_added(void *policy, HvFrameNo frame, HvPageRef page)
{
    Opt *opt = policy;

    opt->page[frame] = page;
    opt->next_use[frame] = NEVER;
    hv_frame_ring_append(&opt->ring, frame);
}

static void opt_removed(void *policy, HvFrameNo frame)
{
    hv_frame_ring_remove(&((Opt *)policy)->ring, frame);
}

static void opt_referenced(void *policy, HvFrameNo frame, bool write)
{
    Opt *opt = policy;
    size_t at = opt->position;

    while (at < opt->count && !same_page(&opt->future[at], &opt->page[frame]))
        at++;
    if (at == opt->count) {
        opt->next_use[frame] = NEVER;
        return;
    }
    opt->position = at + 1;
    opt->next_use[frame] = opt->again[at];
}

static HvFrameNo opt_victim(void *policy)
{
    const Opt *opt = policy;
    const HvFrameRing *ring = &opt->ring;
    HvFrameNo best = HV_FRAME_NONE;

    for (HvFrameNo frame = ring->next[ring->mark]; frame != ring->mark; frame = ring->next[frame])
        if (best == HV_FRAME_NONE || opt->next_use[frame] > opt->next_use[best])
            best = frame;
    return best;
}

const HvReplacementOps hv_replacement_opt = {
    .name = "opt",
    .needs_future = true,
    .create = opt_create,
    .destroy = opt_destroy,
    .added = opt_added,
    .removed = opt_removed,
    .referenced = opt_referenced,
    .victim = opt_victim,
};
