/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rr.c: round robin.
 *
 * All ready vCPUs stand in one queue. A free pCPU takes the first one that may
 * run on it and keeps it for at most one slice; then the vCPU goes to the end
 * of the queue. Nobody is preempted before that, and weights and priorities
 * play no role. With n vCPUs on one pCPU, each waits at most n - 1 slices.
 *
 * Order among equals: those that become ready at the same time stand in the
 * order in which that happened, which at the start is the order of creation. A
 * vCPU whose slice ends at the very time at which another one wakes stands
 * behind it, because what happens to the whole host comes first.
 *
 * Source: Silberschatz, Galvin, Gagne: Operating System Concepts, 5.3.3;
 * Arpaci-Dusseau: Operating Systems: Three Easy Pieces, chapter 7.
 */
#include "hv-core/sched/policies.h"

typedef struct {
    GQueue queue; /* of HvSchedVcpu; the link of each is its policy_data */
    HvTime slice_ns;
} RoundRobin;

static void *rr_create(const HvPolicyParams *params)
{
    RoundRobin *rr = g_new0(RoundRobin, 1);
    g_queue_init(&rr->queue);
    rr->slice_ns = MAX(params->slice_ns, 1);
    return rr;
}

static void rr_destroy(void *policy)
{
    g_free(policy);
}

static void rr_add(void *policy, HvSchedVcpu *vcpu)
{
    GList *link = g_list_alloc();
    link->data = vcpu;
    vcpu->policy_data = link;
}

static void rr_remove(void *policy, HvSchedVcpu *vcpu)
{
    g_list_free_1(g_steal_pointer(&vcpu->policy_data));
}

static void rr_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    g_queue_push_tail_link(&((RoundRobin *)policy)->queue, vcpu->policy_data);
}

static void rr_unready(void *policy, HvSchedVcpu *vcpu, HvTime now)
{
    g_queue_unlink(&((RoundRobin *)policy)->queue, vcpu->policy_data);
}

static HvSchedVcpu *rr_pick(void *policy, unsigned pcpu, HvTime now, HvTime *ret_slice_ns)
{
    RoundRobin *rr = policy;
    for (GList *link = rr->queue.head; link != NULL; link = link->next) {
        HvSchedVcpu *vcpu = link->data;
        if (!(vcpu->affinity >> pcpu & 1))
            continue;
        g_queue_unlink(&rr->queue, link);
        *ret_slice_ns = rr->slice_ns;
        return vcpu;
    }
    return NULL;
}

static void rr_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
}

const HvPolicyOps hv_policy_rr = {
    .name = "rr",
    .title = "Round robin: one queue, equal slices",
    .create = rr_create,
    .destroy = rr_destroy,
    .add = rr_add,
    .remove = rr_remove,
    .ready = rr_ready,
    .unready = rr_unready,
    .pick = rr_pick,
    .ran = rr_ran,
};
