/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fifo.c: first in, first out.
 *
 * Whoever becomes ready first runs first, and keeps the pCPU until it gives it
 * up: until it waits for something, yields, or ends. There are no slices. The
 * simplest policy there is, and the one with the convoy effect: a short job
 * behind a long one waits for all of it.
 *
 * Order among equals: those that become ready at the same time stand in the
 * order in which that happened, at the start the order of creation. One that was
 * taken off its pCPU (its VM was paused) stands at the end when it comes back.
 *
 * Source: Arpaci-Dusseau: Operating Systems: Three Easy Pieces, chapter 7;
 * Silberschatz, Galvin, Gagne: Operating System Concepts, 5.3.1 (FCFS).
 */
#include "hv-core/sched/line.h"

static void fifo_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    HvLine *line = policy;
    hv_runq_put(&line->queue, vcpu->policy_data, 0, hv_runq_last(&line->queue));
}

const HvPolicyOps hv_policy_fifo = {
    .version = HV_POLICY_VERSION,
    .name = "fifo",
    .title = "First in, first out: each runs until it waits, yields or ends",
    .may_starve = true,
    .create = hv_line_create,
    .destroy = hv_line_destroy,
    .add = hv_line_add,
    .remove = hv_line_remove,
    .ready = fifo_ready,
    .unready = hv_line_unready,
    .pick = hv_line_pick,
    .ran = hv_line_ran,
    .changed = hv_line_changed,
};
