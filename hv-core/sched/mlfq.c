/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mlfq.c: multi-level feedback queue.
 *
 * It favours who computes briefly and then waits (somebody at a keyboard) over
 * who computes on and on, without being told who is who: it watches. There are
 * some queues, or levels, 0 the highest. The rules:
 *
 *   1  A higher level runs before a lower one, and preempts it.
 *   2  Those of a level take turns of one slice.
 *   3  A new vCPU begins at the top.
 *   4  Who has used its allotment of CPU time at a level goes down one, however
 *      often it gave up the pCPU in between.
 *   5  Every so often everybody goes back to the top (the boost): nobody starves,
 *      and who has changed its ways is seen anew.
 *
 * With the allotment HV_TIME_NEVER rule 4 is as it was at first: only who uses a
 * whole slice at once goes down. Then a guest that yields just before the end of
 * each slice stays at the top and has the pCPU almost for itself: it games the
 * scheduler. That is why rule 4 counts.
 *
 * Order among equals: who became ready first at its level. A preempted vCPU goes
 * back to the head of its level with the rest of its slice. The boost keeps the
 * order: higher levels first. A running vCPU is boosted too, but stays.
 *
 * Source: Corbató, Merwin Daggett, Daley: An experimental time-sharing system
 * (1962); the rules are those of Arpaci-Dusseau: Operating Systems: Three Easy
 * Pieces, chapter 8.
 */
#include "hv-core/sched/line.h"

typedef struct {
    HvLine line; /* first */
    unsigned running;
    HvTime next_boost; /* HV_TIME_NEVER: none */
    GPtrArray *all;    /* of HvSchedVcpu */
} Mlfq;

typedef struct {
    HvRunNode node; /* first */
    unsigned level;
    int64_t used_ns; /* at this level; below 0: what was used before a boost is still to come */
    HvTime left_ns;  /* of its slice; 0: it begins a new one */
} Member;

static void *mlfq_create(const HvPolicyParams *params)
{
    Mlfq *mlfq = g_new0(Mlfq, 1);
    hv_line_init(&mlfq->line, params);
    mlfq->next_boost = HV_TIME_NEVER;
    mlfq->all = g_ptr_array_new();
    return mlfq;
}

static void mlfq_destroy(void *policy)
{
    g_ptr_array_unref(((Mlfq *)policy)->all);
    hv_line_destroy(policy);
}

static void mlfq_add(void *policy, HvSchedVcpu *vcpu)
{
    hv_line_add_sized(vcpu, sizeof(Member));
    g_ptr_array_add(((Mlfq *)policy)->all, vcpu);
}

static void mlfq_remove(void *policy, HvSchedVcpu *vcpu)
{
    g_ptr_array_remove(((Mlfq *)policy)->all, vcpu);
    hv_line_remove(policy, vcpu);
}

static HvTime slice_at(const Mlfq *mlfq, const Member *member)
{
    HvTime slice_ns = hv_line_slice(mlfq->line.params, member->node.vcpu);
    return mlfq->line.params->slice_doubles ? slice_ns << MIN(member->level, 16) : slice_ns;
}

static HvTime allotment_at(const Mlfq *mlfq, const Member *member)
{
    HvTime allotment_ns = mlfq->line.params->allotment_ns;
    return allotment_ns != 0 ? allotment_ns : slice_at(mlfq, member);
}

/* Rule 4. */
static void note_use(const Mlfq *mlfq, Member *member, HvReadyWhy why)
{
    HvTime allotment_ns = allotment_at(mlfq, member);
    bool down = allotment_ns == HV_TIME_NEVER ? why == HV_READY_SLICE
                                              : member->used_ns >= (int64_t)allotment_ns;
    if (!down)
        return;
    if (member->level + 1 < MAX(mlfq->line.params->levels, 1))
        member->level++;
    member->used_ns = 0;
    member->left_ns = 0;
}

static void mlfq_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    Mlfq *mlfq = policy;
    HvRunq *queue = &mlfq->line.queue;
    Member *member = vcpu->policy_data;
    if (why != HV_READY_PREEMPT)
        member->left_ns = 0;
    if (why != HV_READY_NEW)
        note_use(mlfq, member, why);
    hv_runq_put(queue, &member->node, member->level,
                member->left_ns > 0 ? hv_runq_before(queue) : hv_runq_last(queue));
    HvTime boost_ns = mlfq->line.params->boost_ns;
    if (mlfq->next_boost == HV_TIME_NEVER && boost_ns != HV_TIME_NEVER && boost_ns != 0)
        mlfq->next_boost = (now / boost_ns + 1) * boost_ns;
}

static HvSchedVcpu *mlfq_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    Mlfq *mlfq = policy;
    HvRunNode *node = hv_line_take(&mlfq->line, pcpu);
    if (node == NULL)
        return NULL;
    Member *member = (Member *)node;
    HvTime allotment_ns = allotment_at(mlfq, member);
    if (member->left_ns == 0)
        member->left_ns = slice_at(mlfq, member);
    *ret = (HvSchedPick){.slice_ns = MIN(member->left_ns, allotment_ns - (HvTime)member->used_ns),
                         .key = member->level};
    mlfq->running++;
    return node->vcpu;
}

static void mlfq_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
    Mlfq *mlfq = policy;
    Member *member = vcpu->policy_data;
    member->left_ns -= MIN(ran_ns, member->left_ns);
    member->used_ns += (int64_t)ran_ns;
    mlfq->running--;
}

static uint64_t level_of(void *policy, const HvSchedVcpu *running, HvTime now)
{
    return ((Member *)running->policy_data)->level;
}

static int mlfq_preempts(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    uint64_t lowest;
    int worst =
        hv_runq_worst(((Mlfq *)policy)->line.params, candidate, 0, level_of, policy, now, &lowest);
    return worst >= 0 && ((Member *)candidate->policy_data)->level < lowest ? worst : -1;
}

/* ---- Rule 5 -------------------------------------------------------------- */

static HvTime mlfq_deadline(void *policy)
{
    Mlfq *mlfq = policy;
    if (mlfq->line.queue.count == 0 && mlfq->running == 0)
        mlfq->next_boost = HV_TIME_NEVER; /* set anew when somebody comes */
    return mlfq->next_boost;
}

/* What a running one has used up to now will be charged when it leaves. */
static void to_the_top(HvSchedVcpu *vcpu, HvTime now)
{
    Member *member = vcpu->policy_data;
    member->level = 0;
    member->used_ns = vcpu->pcpu != HV_NO_PCPU ? -(int64_t)hv_sched_ran(vcpu, now) : 0;
}

static uint64_t mlfq_timer(void *policy, HvTime now)
{
    Mlfq *mlfq = policy;
    HvRunq *queue = &mlfq->line.queue;
    g_autoptr(GPtrArray) ready = g_ptr_array_new();
    HvRunNode *node;
    while ((node = hv_runq_first_of_all(queue)) != NULL) {
        hv_runq_remove(queue, node);
        g_ptr_array_add(ready, node);
    }
    for (guint i = 0; i < mlfq->all->len; i++)
        to_the_top(g_ptr_array_index(mlfq->all, i), now);
    for (guint i = 0; i < ready->len; i++)
        hv_runq_put(queue, g_ptr_array_index(ready, i), 0, hv_runq_last(queue));
    mlfq->next_boost = now + mlfq->line.params->boost_ns;
    return 0;
}

const HvPolicyOps hv_policy_mlfq = {
    .version = HV_POLICY_VERSION,
    .name = "mlfq",
    .title = "Multi-level feedback queue: who computes long goes down, a boost brings all back",
    .key = "level",
    .may_starve = true, /* until the next boost, if there is one */
    .create = mlfq_create,
    .destroy = mlfq_destroy,
    .add = mlfq_add,
    .remove = mlfq_remove,
    .ready = mlfq_ready,
    .unready = hv_line_unready,
    .pick = mlfq_pick,
    .ran = mlfq_ran,
    .preempts = mlfq_preempts,
    .deadline = mlfq_deadline,
    .timer = mlfq_timer,
    .changed = hv_line_changed,
};
