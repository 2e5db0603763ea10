/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eevdf.c: earliest eligible virtual deadline first.
 *
 * As in cfs.c each vCPU has a virtual time, its CPU time by weight. The mean of
 * all, by weight, is where everybody would be in an ideal machine that serves all
 * at once. Who is behind it is owed time (has a positive *lag*) and is eligible;
 * who is ahead waits. Each asks for a slice, which gives it a virtual deadline: its
 * virtual time plus the slice by weight. Of the eligible ones the one with the
 * earliest deadline runs. So a vCPU with a short slice of its own comes sooner,
 * and no more often than its share allows: latency and share are two things.
 *
 * Who blocks takes its lag along, at most a slice of it, and has it again when it
 * wakes: nothing is won by sleeping, and nothing lost. One that becomes ready
 * preempts a running one if it is eligible and has an earlier deadline.
 *
 * Order among equals: the vCPU that was created first. Who yields asks for its
 * next slice, so its deadline moves on. If nobody who may run on a free pCPU is
 * eligible, the one furthest behind runs: a pCPU is never idle for this.
 *
 * Source: Stoica and Abdel-Wahab: Earliest eligible virtual deadline first (TR
 * 95-22, Old Dominion University, 1995); Linux from 6.6 on, kernel/sched/fair.c.
 */
#include "hv-core/sched/line.h"

#define START (INT64_C(1) << 60) /* virtual times never reach 0 from here */

/* Ready ones stand in `line` if they were eligible when last looked at, by
 * deadline, else in `later`, by virtual time. */
typedef struct {
    HvLine line; /* first */
    HvRunq later;
    uint64_t weight;     /* of all that are ready or run */
    __int128 weighted;   /* sum of weight * (virtual time - START) of them, without what those
                            that run have run since their dispatch */
    int64_t mean;        /* the last that was known */
    HvSchedVcpu *on[64]; /* by pCPU: who runs */
} Eevdf;

typedef struct {
    HvRunNode node; /* first */
    bool later;     /* which queue it is in */
    int64_t vtime, deadline;
    int64_t lag; /* mean - vtime when it left */
    uint64_t rest;
    uint64_t weight;
} Entity;

static void *eevdf_create(const HvPolicyParams *params)
{
    Eevdf *eevdf = g_new0(Eevdf, 1);
    hv_line_init(&eevdf->line, params);
    hv_runq_init(&eevdf->later);
    eevdf->mean = START;
    return eevdf;
}

static void eevdf_destroy(void *policy)
{
    hv_runq_clear(&((Eevdf *)policy)->later);
    hv_line_destroy(policy);
}

static void eevdf_add(void *policy, HvSchedVcpu *vcpu)
{
    hv_line_add_sized(vcpu, sizeof(Entity));
}

static int64_t request(const Eevdf *eevdf, const Entity *entity)
{
    HvTime slice_ns = hv_line_slice(eevdf->line.params, entity->node.vcpu);
    return (int64_t)((unsigned __int128)slice_ns * HV_NORMAL_WEIGHT / entity->weight) + 1;
}

/* ---- The mean -------------------------------------------------------------- */

/* What a running vCPU has run counts weight * (ran * NORMAL / weight). */
static int64_t mean(Eevdf *eevdf, HvTime now)
{
    __int128 weighted = eevdf->weighted;
    if (eevdf->weight == 0)
        return eevdf->mean;
    for (unsigned i = 0; i < eevdf->line.params->pcpu_count; i++)
        if (eevdf->on[i] != NULL)
            weighted += (__int128)hv_sched_ran(eevdf->on[i], now) * HV_NORMAL_WEIGHT;
    eevdf->mean = START + (int64_t)(weighted / (__int128)eevdf->weight);
    return eevdf->mean;
}

static void count(Eevdf *eevdf, const Entity *entity, int sign)
{
    eevdf->weight += (uint64_t)(sign * (int64_t)entity->weight);
    eevdf->weighted += sign * (__int128)entity->weight * (entity->vtime - START);
}

/* ---- The queues ------------------------------------------------------------ */

static void enqueue(Eevdf *eevdf, Entity *entity, bool later)
{
    entity->later = later;
    hv_runq_put(later ? &eevdf->later : &eevdf->line.queue, &entity->node,
                (uint64_t)(later ? entity->vtime : entity->deadline), entity->node.vcpu->id);
}

static void dequeue(Eevdf *eevdf, Entity *entity)
{
    hv_runq_remove(entity->later ? &eevdf->later : &eevdf->line.queue, &entity->node);
}

/* Who has become eligible by now. */
static void admit(Eevdf *eevdf, int64_t mean_now)
{
    HvRunNode *node;
    while ((node = hv_runq_first_of_all(&eevdf->later)) != NULL &&
           ((Entity *)node)->vtime <= mean_now) {
        dequeue(eevdf, (Entity *)node);
        enqueue(eevdf, (Entity *)node, false);
    }
}

/* The mean may go back when somebody joins: who is no longer eligible waits again. */
static Entity *first_eligible(Eevdf *eevdf, unsigned pcpu, int64_t mean_now)
{
    HvRunNode *node;
    while ((node = hv_runq_first(&eevdf->line.queue, pcpu)) != NULL) {
        Entity *entity = (Entity *)node;
        if (entity->vtime <= mean_now)
            return entity;
        dequeue(eevdf, entity);
        enqueue(eevdf, entity, true);
    }
    return (Entity *)hv_runq_first(&eevdf->later, pcpu);
}

/* ---- Hooks ------------------------------------------------------------------ */

static void leave(Eevdf *eevdf, Entity *entity, HvTime now)
{
    int64_t most = request(eevdf, entity);
    entity->lag = CLAMP(mean(eevdf, now) - entity->vtime, -most, most);
    count(eevdf, entity, -1);
}

/* With its weight in the mean, the mean moves towards where it joins: so it joins
 * further off, and its lag is what it was. */
static void place(Eevdf *eevdf, Entity *entity, HvTime now)
{
    __int128 lag = entity->lag;
    if (eevdf->weight != 0)
        lag = lag * (__int128)(eevdf->weight + entity->weight) / (__int128)eevdf->weight;
    entity->vtime = mean(eevdf, now) - (int64_t)lag;
    entity->deadline = entity->vtime + request(eevdf, entity);
}

static void eevdf_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    Eevdf *eevdf = policy;
    Entity *entity = vcpu->policy_data;
    entity->weight = vcpu->params.weight;
    if (why == HV_READY_NEW || why == HV_READY_WOKEN)
        place(eevdf, entity, now);
    if (why == HV_READY_YIELD || entity->vtime >= entity->deadline)
        entity->deadline = MAX(entity->deadline, entity->vtime) + request(eevdf, entity);
    count(eevdf, entity, 1);
    enqueue(eevdf, entity, entity->vtime > mean(eevdf, now));
}

static void eevdf_unready(void *policy, HvSchedVcpu *vcpu, HvTime now)
{
    dequeue(policy, vcpu->policy_data);
    leave(policy, vcpu->policy_data, now);
}

static HvSchedVcpu *eevdf_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    Eevdf *eevdf = policy;
    int64_t mean_now = mean(eevdf, now);
    admit(eevdf, mean_now);
    Entity *entity = first_eligible(eevdf, pcpu, mean_now);
    if (entity == NULL)
        return NULL;
    dequeue(eevdf, entity);
    eevdf->on[pcpu] = entity->node.vcpu;
    unsigned __int128 left = (unsigned __int128)(entity->deadline - entity->vtime);
    HvTime slice_ns = (HvTime)(left * entity->weight / HV_NORMAL_WEIGHT);
    *ret = (HvSchedPick){.slice_ns = MAX(slice_ns, 1), .key = (uint64_t)(entity->deadline - START)};
    return entity->node.vcpu;
}

static void eevdf_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
    Eevdf *eevdf = policy;
    Entity *entity = vcpu->policy_data;
    unsigned __int128 all = (unsigned __int128)ran_ns * HV_NORMAL_WEIGHT + entity->rest;
    count(eevdf, entity, -1);
    entity->vtime += (int64_t)(all / entity->weight);
    entity->rest = (uint64_t)(all % entity->weight);
    count(eevdf, entity, 1);
    eevdf->on[vcpu->last_pcpu] = NULL;
    leave(eevdf, entity, now);
}

static uint64_t deadline_of(void *policy, const HvSchedVcpu *running, HvTime now)
{
    return (uint64_t)((Entity *)running->policy_data)->deadline;
}

static int eevdf_preempts(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    Eevdf *eevdf = policy;
    const Entity *entity = candidate->policy_data;
    uint64_t latest;
    int worst = hv_runq_worst(eevdf->line.params, candidate, 0, deadline_of, policy, now, &latest);
    return worst >= 0 && entity->vtime <= mean(eevdf, now) && (uint64_t)entity->deadline < latest
               ? worst
               : -1;
}

static void eevdf_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before, HvTime now)
{
    Eevdf *eevdf = policy;
    Entity *entity = vcpu->policy_data;
    if (entity->node.heap == NULL)
        return; /* it counts from the next time it is ready on */
    dequeue(eevdf, entity);
    leave(eevdf, entity, now);
    entity->lag = (int64_t)((__int128)entity->lag * before->weight / vcpu->params.weight);
    entity->rest = 0;
    eevdf_ready(policy, vcpu, HV_READY_WOKEN, now);
}

const HvPolicyOps hv_policy_eevdf = {
    .version = HV_POLICY_VERSION,
    .name = "eevdf",
    .title = "Earliest eligible virtual deadline first: fair shares, and short slices come sooner",
    .key = "virtual deadline in ns",
    .uses = HV_USES_WEIGHT,
    .proportional = true,
    .wait_slices = 256,
    .create = eevdf_create,
    .destroy = eevdf_destroy,
    .add = eevdf_add,
    .remove = hv_line_remove,
    .ready = eevdf_ready,
    .unready = eevdf_unready,
    .pick = eevdf_pick,
    .ran = eevdf_ran,
    .preempts = eevdf_preempts,
    .changed = eevdf_changed,
};
