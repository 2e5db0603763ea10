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
#include "hv-core/sched/line.h"

static void rr_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    HvLine *line = policy;
    hv_runq_put(&line->queue, vcpu->policy_data, 0, hv_runq_last(&line->queue));
}

static HvSchedVcpu *rr_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    HvLine *line = policy;
    HvRunNode *node = hv_line_take(line, pcpu);
    if (node == NULL)
        return NULL;
    ret->slice_ns = hv_line_slice(line->params, node->vcpu);
    return node->vcpu;
}

const HvPolicyOps hv_policy_rr = {
    .version = HV_POLICY_VERSION,
    .name = "rr",
    .title = "Round robin: one queue, equal slices",
    .wait_slices = 1,
    .create = hv_line_create,
    .destroy = hv_line_destroy,
    .add = hv_line_add,
    .remove = hv_line_remove,
    .ready = rr_ready,
    .unready = hv_line_unready,
    .pick = rr_pick,
    .ran = hv_line_ran,
    .changed = hv_line_changed,
};
