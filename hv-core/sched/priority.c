/* SPDX-License-Identifier: GPL-2.0-or-later */
/* priority.c: strict priority.
 *
 * Whoever is ready with the largest priority runs; a vCPU that becomes ready
 * takes the place of a running one with a smaller priority. Equal priorities
 * take turns of one slice. While somebody of a higher priority wants to run,
 * those below get nothing: they starve, and that is no defect of the policy but
 * what it says.
 *
 * Order among equals: who became ready first. One that was preempted goes back
 * to the head of those of its priority, with the rest of its slice, because its
 * turn is not over.
 *
 * Source: Silberschatz, Galvin, Gagne: Operating System Concepts, 5.3.4; the
 * rule for who was preempted is that of POSIX.1-2017, 2.8.4 (SCHED_RR).
 */
#include "hv-core/sched/line.h"

typedef struct {
    HvRunNode node; /* first */
    HvTime left_ns; /* of its slice; 0: it begins a new one */
} Turn;

static void priority_add(void *policy, HvSchedVcpu *vcpu)
{
    hv_line_add_sized(vcpu, sizeof(Turn));
}

static uint64_t key_of(const HvSchedVcpu *vcpu)
{
    return UINT32_MAX - vcpu->params.priority;
}

static void priority_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    HvLine *line = policy;
    Turn *turn = vcpu->policy_data;
    if (why != HV_READY_PREEMPT)
        turn->left_ns = 0;
    hv_runq_put(&line->queue, &turn->node, key_of(vcpu),
                turn->left_ns > 0 ? hv_runq_before(&line->queue) : hv_runq_last(&line->queue));
}

static HvSchedVcpu *priority_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    HvLine *line = policy;
    HvRunNode *node = hv_line_take(line, pcpu);
    if (node == NULL)
        return NULL;
    Turn *turn = (Turn *)node;
    if (turn->left_ns == 0)
        turn->left_ns = hv_line_slice(line->params, node->vcpu);
    *ret = (HvSchedPick){.slice_ns = turn->left_ns, .key = node->vcpu->params.priority};
    return node->vcpu;
}

static void priority_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
    Turn *turn = vcpu->policy_data;
    turn->left_ns -= MIN(ran_ns, turn->left_ns);
}

static uint64_t lowness(void *policy, const HvSchedVcpu *running, HvTime now)
{
    return key_of(running);
}

static int priority_preempts(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    uint64_t lowest;
    int worst =
        hv_runq_worst(((HvLine *)policy)->params, candidate, 0, lowness, policy, now, &lowest);
    return worst >= 0 && key_of(candidate) < lowest ? worst : -1;
}

static void priority_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before,
                             HvTime now)
{
    HvLine *line = policy;
    HvRunNode *node = vcpu->policy_data;
    hv_runq_refile(&line->queue, node);
    if (node->heap == NULL || node->key == key_of(vcpu))
        return;
    hv_runq_remove(&line->queue, node);
    hv_runq_put(&line->queue, node, key_of(vcpu), hv_runq_last(&line->queue));
}

const HvPolicyOps hv_policy_priority = {
    .version = HV_POLICY_VERSION,
    .name = "priority",
    .title = "Strict priority: the largest runs, equals take turns",
    .key = "priority",
    .uses = HV_USES_PRIORITY,
    .may_starve = true,
    .create = hv_line_create,
    .destroy = hv_line_destroy,
    .add = priority_add,
    .remove = hv_line_remove,
    .ready = priority_ready,
    .unready = hv_line_unready,
    .pick = priority_pick,
    .ran = priority_ran,
    .preempts = priority_preempts,
    .changed = priority_changed,
};
