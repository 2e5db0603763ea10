/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cfs.c: the completely fair scheduler.
 *
 * Each vCPU has a virtual run time: its CPU time, which passes the slower the
 * larger its weight. The ready one with the least runs. There is no fixed slice:
 * within the latency everybody shall have a turn, so the latency is divided by
 * weight, but no turn is shorter than the policy's slice (the granularity).
 *
 * Who wakes begins at the least virtual run time of all, less half the latency:
 * sleepers get a start, but cannot save up. It preempts the running vCPU with
 * the most virtual run time if that is more than a granularity ahead of it.
 *
 * Order among equals: the vCPU that was created first. Who yields goes behind
 * the first of those who are ready.
 *
 * Linux keeps a queue for each CPU and moves tasks between them so that the whole
 * is fair; here all pCPUs share one queue, which is what the moving aims at.
 *
 * Source: Linux 2.6.23 to 6.5, Documentation/scheduler/sched-design-CFS.rst and
 * kernel/sched/fair.c; Arpaci-Dusseau: Operating Systems: Three Easy Pieces,
 * chapter 9.
 */
#include "hv-core/sched/line.h"

#define LATENCY_SLICES 8
#define START          (UINT64_C(1) << 40) /* so that the start of a sleeper is not negative */

typedef struct {
    HvLine line; /* first */
    uint64_t weight;
    unsigned runnable;
    uint64_t least;      /* virtual run time of all that are ready or run; never goes back */
    HvSchedVcpu *on[64]; /* by pCPU: who runs */
} Cfs;

typedef struct {
    HvRunNode node; /* first */
    uint64_t vtime; /* as of the last time it left a pCPU */
    uint64_t rest;  /* of the division by weight */
    uint64_t weight;
} Entity;

static void *cfs_create(const HvPolicyParams *params)
{
    Cfs *cfs = g_new0(Cfs, 1);
    hv_line_init(&cfs->line, params);
    cfs->least = START;
    return cfs;
}

static void cfs_add(void *policy, HvSchedVcpu *vcpu)
{
    hv_line_add_sized(vcpu, sizeof(Entity));
}

static HvTime latency(const Cfs *cfs)
{
    HvTime latency_ns = cfs->line.params->latency_ns;
    return latency_ns != 0 ? latency_ns : LATENCY_SLICES * MAX(cfs->line.params->slice_ns, 1);
}

static uint64_t virtual(HvTime ns, uint64_t weight)
{
    return (uint64_t)((unsigned __int128)ns * HV_NORMAL_WEIGHT / weight);
}

static uint64_t vtime_now(void *policy, const HvSchedVcpu *running, HvTime now)
{
    const Entity *entity = running->policy_data;
    return entity->vtime + virtual(hv_sched_ran(running, now), entity->weight);
}

static void update_least(Cfs *cfs, HvTime now)
{
    const HvRunNode *first = hv_runq_first_of_all(&cfs->line.queue);
    uint64_t least = first != NULL ? first->key : UINT64_MAX;
    for (unsigned i = 0; i < cfs->line.params->pcpu_count; i++)
        if (cfs->on[i] != NULL)
            least = MIN(least, vtime_now(cfs, cfs->on[i], now));
    if (least != UINT64_MAX)
        cfs->least = MAX(cfs->least, least);
}

static void cfs_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    Cfs *cfs = policy;
    Entity *entity = vcpu->policy_data;
    update_least(cfs, now);
    if (why == HV_READY_NEW)
        entity->vtime = cfs->least;
    else if (why == HV_READY_WOKEN)
        entity->vtime = MAX(entity->vtime, cfs->least - MIN(latency(cfs) / 2, cfs->least));
    const HvRunNode *first = hv_runq_first_of_all(&cfs->line.queue);
    if (why == HV_READY_YIELD && first != NULL)
        entity->vtime = MAX(entity->vtime, first->key + 1);
    entity->weight = vcpu->params.weight;
    cfs->weight += entity->weight;
    cfs->runnable++;
    hv_runq_put(&cfs->line.queue, &entity->node, entity->vtime, vcpu->id);
}

static void leave(Cfs *cfs, const Entity *entity)
{
    cfs->weight -= entity->weight;
    cfs->runnable--;
}

static void cfs_unready(void *policy, HvSchedVcpu *vcpu, HvTime now)
{
    hv_line_unready(policy, vcpu, now);
    leave(policy, vcpu->policy_data);
}

/* Its part of the latency, but not less than the granularity. */
static HvTime turn(const Cfs *cfs, const HvSchedVcpu *vcpu, const Entity *entity)
{
    if (vcpu->params.slice_ns != 0)
        return vcpu->params.slice_ns;
    HvTime least_ns = MAX(cfs->line.params->slice_ns, 1);
    HvTime round_ns = MAX(latency(cfs), cfs->runnable * least_ns);
    return MAX((HvTime)((unsigned __int128)round_ns * entity->weight / cfs->weight), least_ns);
}

static HvSchedVcpu *cfs_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    Cfs *cfs = policy;
    HvRunNode *node = hv_line_take(&cfs->line, pcpu);
    if (node == NULL)
        return NULL;
    cfs->on[pcpu] = node->vcpu;
    *ret =
        (HvSchedPick){.slice_ns = turn(cfs, node->vcpu, (Entity *)node), .key = node->key - START};
    return node->vcpu;
}

static void cfs_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
    Cfs *cfs = policy;
    Entity *entity = vcpu->policy_data;
    unsigned __int128 all = (unsigned __int128)ran_ns * HV_NORMAL_WEIGHT + entity->rest;
    entity->vtime += (uint64_t)(all / entity->weight);
    entity->rest = (uint64_t)(all % entity->weight);
    cfs->on[vcpu->last_pcpu] = NULL;
    leave(cfs, entity);
}

static int cfs_preempts(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    Cfs *cfs = policy;
    const Entity *entity = candidate->policy_data;
    uint64_t most, granularity = virtual(MAX(cfs->line.params->slice_ns, 1), entity->weight);
    int worst = hv_runq_worst(cfs->line.params, candidate, 0, vtime_now, policy, now, &most);
    return worst >= 0 && entity->vtime + granularity < most ? worst : -1;
}

/* A new weight counts from now on where it is ready, from the next turn if it runs. */
static void cfs_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before, HvTime now)
{
    Cfs *cfs = policy;
    Entity *entity = vcpu->policy_data;
    hv_line_changed(policy, vcpu, before, now);
    if (entity->node.heap == NULL)
        return;
    cfs->weight += vcpu->params.weight;
    cfs->weight -= entity->weight;
    entity->weight = vcpu->params.weight;
    entity->rest = 0;
}

const HvPolicyOps hv_policy_cfs = {
    .version = HV_POLICY_VERSION,
    .name = "cfs",
    .title = "Completely fair scheduler: the least virtual run time is next",
    .key = "virtual run time in ns",
    .uses = HV_USES_WEIGHT,
    .proportional = true,
    .wait_slices = 256,
    .create = cfs_create,
    .destroy = hv_line_destroy,
    .add = cfs_add,
    .remove = hv_line_remove,
    .ready = cfs_ready,
    .unready = cfs_unready,
    .pick = cfs_pick,
    .ran = cfs_ran,
    .preempts = cfs_preempts,
    .changed = cfs_changed,
};
