/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sjf.c: shortest job first.
 *
 * Of all that are ready, the one with the least CPU time to its next wait or its
 * end runs, until it gets there: nobody is preempted. If all arrive at once, no
 * order has a shorter mean turnaround. It must know the future: only jobs
 * (scenario key "jobs") say how long they will compute; a vCPU that is no job
 * counts as endless. Each CPU burst of a job with I/O counts for itself.
 *
 * Order among equals: who became ready first.
 *
 * Source: Arpaci-Dusseau: Operating Systems: Three Easy Pieces, chapter 7;
 * Silberschatz, Galvin, Gagne: Operating System Concepts, 5.3.2.
 */
#include "hv-core/sched/line.h"

static void sjf_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    HvLine *line = policy;
    uint64_t burst_ns = vcpu->burst_ns != 0 ? vcpu->burst_ns : HV_TIME_NEVER;
    hv_runq_put(&line->queue, vcpu->policy_data, burst_ns, hv_runq_last(&line->queue));
}

const HvPolicyOps hv_policy_sjf = {
    .version = HV_POLICY_VERSION,
    .name = "sjf",
    .title = "Shortest job first: the least CPU time to its next wait or end, not preempted",
    .key = "length of its CPU burst in ns",
    .uses = HV_USES_BURST,
    .may_starve = true,
    .create = hv_line_create,
    .destroy = hv_line_destroy,
    .add = hv_line_add,
    .remove = hv_line_remove,
    .ready = sjf_ready,
    .unready = hv_line_unready,
    .pick = hv_line_pick,
    .ran = hv_line_ran,
    .changed = hv_line_changed,
};
