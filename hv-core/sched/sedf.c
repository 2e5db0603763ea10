/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sedf.c: earliest deadline first, with budgets.
 *
 * A vCPU with a period may use its budget (its slice, or the part of the period
 * that its reservation says) in every period, and has it before the period ends:
 * of those with budget left the one whose period ends first runs, and preempts.
 * When the budget is used up the vCPU waits for its next period, even if pCPUs
 * are idle, so what it promises others holds whatever it does.
 *
 * A job with a deadline (scenario key "jobs") is scheduled by that deadline, with
 * no other budget than its length. vCPUs with neither take turns of one slice in
 * the time that is left.
 *
 * On one pCPU every deadline is met as long as the budgets, each divided by its
 * period, add up to no more than 1 (Liu and Layland, 1973); on several, earliest
 * deadline first over one queue is not optimal, but this is what is done here.
 *
 * Who wakes after its period has ended begins a new one then, with a full budget;
 * who wakes before goes on with what it had. (Else it could save up periods and
 * use the budgets of all at once.)
 *
 * Order among equals: who became ready first; a running one is preempted only by
 * an earlier deadline.
 *
 * Source: Leslie et al.: The design and implementation of an operating system to
 * support distributed multimedia applications (Nemesis, 1996), from which Xen's
 * SEDF came; Liu and Layland: Scheduling algorithms for multiprogramming in a
 * hard-real-time environment, JACM 20(1), 1973; the rule for who wakes is that of
 * Abeni and Buttazzo's constant bandwidth server, 1998.
 */
#include "hv-core/sched/line.h"

typedef struct {
    HvLine line;    /* first: ready and with budget, by deadline */
    HvRunq periods; /* active ones that have a period, by its end */
    HvSchedVcpu *on[64];
} Sedf;

typedef struct {
    HvRunNode node;   /* first */
    HvRunNode period; /* in Sedf.periods */
    HvTime end;       /* of its period; 0: none has begun */
    int64_t budget_ns;
    bool ready;
} Server;

static void *sedf_create(const HvPolicyParams *params)
{
    Sedf *sedf = g_new0(Sedf, 1);
    hv_line_init(&sedf->line, params);
    hv_runq_init(&sedf->periods);
    return sedf;
}

static void sedf_destroy(void *policy)
{
    hv_runq_clear(&((Sedf *)policy)->periods);
    hv_line_destroy(policy);
}

static void sedf_add(void *policy, HvSchedVcpu *vcpu)
{
    hv_line_add_sized(vcpu, sizeof(Server));
    ((Server *)vcpu->policy_data)->period.vcpu = vcpu;
}

static bool has_period(const HvSchedVcpu *vcpu)
{
    return vcpu->params.period_ns != 0;
}

static int64_t budget_of(const Sedf *sedf, const HvSchedVcpu *vcpu)
{
    HvTime budget_ns = vcpu->params.slice_ns;
    if (budget_ns == 0 && vcpu->params.reservation_ppm != 0)
        budget_ns = (HvTime)((unsigned __int128)vcpu->params.period_ns *
                             vcpu->params.reservation_ppm / 1000000);
    if (budget_ns == 0)
        budget_ns = sedf->line.params->slice_ns;
    return (int64_t)CLAMP(budget_ns, 1, vcpu->params.period_ns);
}

/* HV_TIME_NEVER: it runs when nobody else wants to. */
static HvTime deadline_of(const HvSchedVcpu *vcpu)
{
    return has_period(vcpu) ? ((Server *)vcpu->policy_data)->end : vcpu->deadline;
}

/* ---- Periods ----------------------------------------------------------------- */

static void file_period(Sedf *sedf, Server *server)
{
    hv_runq_remove(&sedf->periods, &server->period);
    hv_runq_put(&sedf->periods, &server->period, server->end, server->node.vcpu->id);
}

static void begin_period(Sedf *sedf, Server *server, HvTime now)
{
    server->end = now + server->node.vcpu->params.period_ns;
    server->budget_ns = budget_of(sedf, server->node.vcpu);
}

static void enqueue(Sedf *sedf, Server *server)
{
    HvSchedVcpu *vcpu = server->node.vcpu;
    hv_runq_remove(&sedf->line.queue, &server->node);
    if (!has_period(vcpu) || server->budget_ns > 0)
        hv_runq_put(&sedf->line.queue, &server->node, deadline_of(vcpu),
                    hv_runq_last(&sedf->line.queue));
}

static HvTime sedf_deadline(void *policy)
{
    const HvRunNode *first = hv_runq_first_of_all(&((Sedf *)policy)->periods);
    return first != NULL ? first->key : HV_TIME_NEVER;
}

static uint64_t deadline_measure(void *policy, const HvSchedVcpu *running, HvTime now)
{
    return deadline_of(running);
}

/* A pCPU for a vCPU that has just got its budget, beside those taken already:
 * an idle one if there is one, else one that has to be cleared. */
static void find_room(Sedf *sedf, const HvSchedVcpu *vcpu, HvTime now, uint64_t *taken,
                      uint64_t *leave)
{
    uint64_t latest;
    for (unsigned i = 0; i < sedf->line.params->pcpu_count; i++)
        if (sedf->on[i] == NULL && hv_sched_may_run(vcpu, i) && !(*taken >> i & 1)) {
            *taken |= UINT64_C(1) << i;
            return;
        }
    int worst =
        hv_runq_worst(sedf->line.params, vcpu, *taken, deadline_measure, sedf, now, &latest);
    if (worst < 0 || deadline_of(vcpu) >= latest)
        return;
    *taken |= UINT64_C(1) << worst;
    *leave |= UINT64_C(1) << worst;
}

static uint64_t sedf_timer(void *policy, HvTime now)
{
    Sedf *sedf = policy;
    uint64_t taken = 0, leave = 0;
    HvRunNode *node;
    while ((node = hv_runq_first_of_all(&sedf->periods)) != NULL && node->key <= now) {
        HvSchedVcpu *vcpu = node->vcpu;
        Server *server = vcpu->policy_data;
        bool waited = server->ready && server->node.heap == NULL;
        begin_period(sedf, server, server->end);
        file_period(sedf, server);
        if (server->ready) {
            enqueue(sedf, server);
            if (waited)
                find_room(sedf, vcpu, now, &taken, &leave);
        } else { /* it runs: what it has used up to now was of the old period */
            server->budget_ns += (int64_t)hv_sched_ran(vcpu, now);
            leave |= UINT64_C(1) << vcpu->pcpu;
        }
    }
    return leave;
}

/* ---- Hooks ------------------------------------------------------------------- */

static void sedf_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    Sedf *sedf = policy;
    Server *server = vcpu->policy_data;
    server->ready = true;
    if (has_period(vcpu)) {
        if (server->end <= now)
            begin_period(sedf, server, now);
        file_period(sedf, server);
    }
    enqueue(sedf, server);
}

static void sedf_unready(void *policy, HvSchedVcpu *vcpu, HvTime now)
{
    Sedf *sedf = policy;
    Server *server = vcpu->policy_data;
    server->ready = false;
    hv_runq_remove(&sedf->line.queue, &server->node);
    hv_runq_remove(&sedf->periods, &server->period);
}

static HvSchedVcpu *sedf_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    Sedf *sedf = policy;
    HvRunNode *node = hv_line_take(&sedf->line, pcpu);
    if (node == NULL)
        return NULL;
    Server *server = (Server *)node;
    server->ready = false;
    sedf->on[pcpu] = node->vcpu;
    ret->key = node->key;
    if (has_period(node->vcpu))
        ret->slice_ns = (HvTime)server->budget_ns;
    else if (node->vcpu->deadline != HV_TIME_NEVER)
        ret->slice_ns = HV_TIME_NEVER;
    else
        ret->slice_ns = hv_line_slice(sedf->line.params, node->vcpu);
    return node->vcpu;
}

static void sedf_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
    Sedf *sedf = policy;
    Server *server = vcpu->policy_data;
    server->budget_ns -= (int64_t)ran_ns;
    sedf->on[vcpu->last_pcpu] = NULL;
    hv_runq_remove(&sedf->periods, &server->period);
}

static int sedf_preempts(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    Sedf *sedf = policy;
    uint64_t latest;
    if (((Server *)candidate->policy_data)->node.heap == NULL)
        return -1; /* it has no budget */
    int worst =
        hv_runq_worst(sedf->line.params, candidate, 0, deadline_measure, policy, now, &latest);
    return worst >= 0 && deadline_of(candidate) < latest ? worst : -1;
}

static void sedf_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before, HvTime now)
{
    Sedf *sedf = policy;
    Server *server = vcpu->policy_data;
    hv_runq_refile(&sedf->periods, &server->period);
    if (!server->ready) {
        if (!has_period(vcpu)) /* it runs, and has just lost it */
            hv_runq_remove(&sedf->periods, &server->period);
        return;
    }
    bool other_budget = before->period_ns != vcpu->params.period_ns ||
                        before->slice_ns != vcpu->params.slice_ns ||
                        before->reservation_ppm != vcpu->params.reservation_ppm;
    sedf_unready(policy, vcpu, now);
    if (other_budget)
        server->end = 0; /* a new period begins now */
    sedf_ready(policy, vcpu, HV_READY_WOKEN, now);
}

const HvPolicyOps hv_policy_sedf = {
    .version = HV_POLICY_VERSION,
    .name = "sedf",
    .title = "Earliest deadline first, with a budget per period; the rest in turns",
    .key = "deadline in ns",
    .uses = HV_USES_PERIOD | HV_USES_RESERVATION | HV_USES_DEADLINE,
    .may_starve = true, /* who has neither a period nor a deadline */
    .create = sedf_create,
    .destroy = sedf_destroy,
    .add = sedf_add,
    .remove = hv_line_remove,
    .ready = sedf_ready,
    .unready = sedf_unready,
    .pick = sedf_pick,
    .ran = sedf_ran,
    .preempts = sedf_preempts,
    .deadline = sedf_deadline,
    .timer = sedf_timer,
    .changed = sedf_changed,
};
