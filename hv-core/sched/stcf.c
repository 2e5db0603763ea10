/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stcf.c: shortest time to completion first, or preemptive shortest job first.
 *
 * Like sjf.c, but what counts is the CPU time that is left, and a vCPU that
 * becomes ready with less of it than a running one has takes its place. With
 * several pCPUs, that with the most left goes.
 *
 * Order among equals: who became ready first; a running one is preempted only by
 * less than it has left, not by as much.
 *
 * Source: Arpaci-Dusseau: Operating Systems: Three Easy Pieces, chapter 7;
 * Silberschatz, Galvin, Gagne: Operating System Concepts, 5.3.2
 * (shortest-remaining-time-first).
 */
#include "hv-core/sched/line.h"

static uint64_t left(void *policy, const HvSchedVcpu *vcpu, HvTime now)
{
    if (vcpu->burst_ns == 0)
        return HV_TIME_NEVER;
    HvTime ran_ns = vcpu->pcpu != HV_NO_PCPU ? hv_sched_ran(vcpu, now) : 0;
    return vcpu->burst_ns > ran_ns ? vcpu->burst_ns - ran_ns : 0;
}

static void stcf_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    HvLine *line = policy;
    hv_runq_put(&line->queue, vcpu->policy_data, left(policy, vcpu, now),
                hv_runq_last(&line->queue));
}

static int stcf_preempts(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    HvLine *line = policy;
    uint64_t most;
    int worst = hv_runq_worst(line->params, candidate, 0, left, policy, now, &most);
    return worst >= 0 && left(policy, candidate, now) < most ? worst : -1;
}

const HvPolicyOps hv_policy_stcf = {
    .version = HV_POLICY_VERSION,
    .name = "stcf",
    .title = "Shortest time to completion first: as sjf, but preemptive",
    .key = "CPU time left in its burst in ns",
    .uses = HV_USES_BURST,
    .may_starve = true,
    .create = hv_line_create,
    .destroy = hv_line_destroy,
    .add = hv_line_add,
    .remove = hv_line_remove,
    .ready = stcf_ready,
    .unready = hv_line_unready,
    .pick = hv_line_pick,
    .ran = hv_line_ran,
    .preempts = stcf_preempts,
    .changed = hv_line_changed,
};
