/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credit.c: the credit scheduler of Xen.
 *
 * Every 30 ms (the accounting period) the CPU time of all pCPUs in that period is
 * given out as credit to the vCPUs that have wanted to run, by weight; no vCPU can
 * use more than one pCPU, so what it would get beyond goes to the others. Running
 * burns credit, to the nanosecond. Who has some left is UNDER, who is in debt is
 * OVER. Each pCPU has a queue of its own, UNDER before OVER; the former in turns, the
 * latter by their debt for their weight (in Xen in turns too, which is less exact).
 *
 * - Weight: the part of the credit. Reservation: at least that part of a pCPU.
 * - Cap: no more credit than that part of a pCPU, and who is in debt is *parked*
 *   until it has credit again, even if pCPUs are idle.
 * - Boost: who wakes while UNDER stands before all others, for a third of the
 *   period at most, and preempts: so who mostly waits is served at once.
 * - Work stealing: a pCPU that would run somebody who is OVER, or nobody, takes
 *   one of a better class, or with less debt, from another's queue.
 *
 * Xen at first charged whoever was running at a tick, every 10 ms. A guest that
 * yielded just before each tick was never charged and had the CPU for itself
 * (Zhou, Goel, Desnoyers and Sundaram: Scheduler vulnerabilities and coordinated
 * attacks in cloud computing, 2011). Charging what was used, as here, is the cure.
 *
 * Order among equals: who came into the queue first; its own pCPU's queue before
 * others, and those in order of their number, from the next one on. A new vCPU
 * goes to the pCPU with the fewest in its queue, others to where they ran last.
 *
 * Source: Cherkasova, Gupta, Vahdat: Comparison of the three CPU schedulers in
 * Xen (2007); Xen wiki, Credit Scheduler; xen/common/sched/credit.c.
 */
#include "hv-core/sched/line.h"

enum { CLASS_BOOST, CLASS_UNDER, CLASS_OVER };

#define BOOST_PART 3 /* of the accounting period */

typedef struct {
    const HvPolicyParams *params;
    HvRunq queues[64]; /* by pCPU: ready and not parked */
    GPtrArray *all;    /* of HvSchedVcpu */
    unsigned active;   /* ready, parked or running */
    HvTime next;       /* accounting; HV_TIME_NEVER: nobody is active */
    HvTime missed;     /* when it would have been, had somebody been active */
    uint64_t given;    /* in all, to a vCPU of normal weight */
} Credit;

typedef struct {
    HvRunNode node; /* first */
    int64_t credit; /* in ns of CPU time */
    bool active;    /* ready, parked or running */
    bool earns;     /* it was active since the last accounting */
    bool boosted;
    bool parked; /* ready, but capped and in debt */
    uint16_t queue;
    int64_t share; /* while credit is given out */
    bool settled;  /* it has come to its bound */
} Account;

static HvTime period(const Credit *credit)
{
    return MAX(credit->params->accounting_ns, BOOST_PART);
}

static void *credit_create(const HvPolicyParams *params)
{
    Credit *credit = g_new0(Credit, 1);
    credit->params = params;
    credit->all = g_ptr_array_new();
    credit->next = credit->missed = HV_TIME_NEVER;
    for (unsigned i = 0; i < params->pcpu_count; i++)
        hv_runq_init(&credit->queues[i]);
    return credit;
}

static void credit_destroy(void *policy)
{
    Credit *credit = policy;
    for (unsigned i = 0; i < credit->params->pcpu_count; i++)
        hv_runq_clear(&credit->queues[i]);
    g_ptr_array_unref(credit->all);
    g_free(credit);
}

static void credit_add(void *policy, HvSchedVcpu *vcpu)
{
    hv_line_add_sized(vcpu, sizeof(Account));
    g_ptr_array_add(((Credit *)policy)->all, vcpu);
}

static void credit_remove(void *policy, HvSchedVcpu *vcpu)
{
    g_ptr_array_remove(((Credit *)policy)->all, vcpu);
    hv_line_remove(policy, vcpu);
}

/* ---- Queues ---------------------------------------------------------------- */

static unsigned class_of(const Account *account)
{
    if (account->boosted)
        return CLASS_BOOST;
    return account->credit >= 0 ? CLASS_UNDER : CLASS_OVER;
}

/* The class, and behind that of who is OVER the debt for its weight. Credit is given
 * out by weight, so from one accounting to the next these debts all shrink by the
 * same: counted from the first accounting on, they stay as they are. */
static uint64_t key_of(const Credit *credit, const Account *account)
{
    unsigned class = class_of(account);
    if (class != CLASS_OVER)
        return class;
    return CLASS_OVER + credit->given +
           (uint64_t)(-account->credit) * HV_NORMAL_WEIGHT / account->node.vcpu->params.weight;
}

static void enqueue(Credit *credit, Account *account)
{
    HvRunq *queue = &credit->queues[account->queue];
    account->parked = account->node.vcpu->params.cap_ppm != 0 && account->credit <= 0;
    if (!account->parked)
        hv_runq_put(queue, &account->node, key_of(credit, account), hv_runq_last(queue));
}

static void dequeue(Credit *credit, Account *account)
{
    hv_runq_remove(&credit->queues[account->queue], &account->node);
    account->parked = false;
}

static bool is_misplaced(const Account *account)
{
    return account->node.heap != NULL && MIN(account->node.key, CLASS_OVER) != class_of(account);
}

static uint16_t home(const Credit *credit, const HvSchedVcpu *vcpu)
{
    if (vcpu->last_pcpu != HV_NO_PCPU && hv_sched_may_run(vcpu, vcpu->last_pcpu))
        return vcpu->last_pcpu;
    int best = -1;
    unsigned best_load = 0;
    for (unsigned i = 0; i < credit->params->pcpu_count; i++) {
        unsigned load = credit->queues[i].count + (credit->params->running[i] != NULL);
        if (hv_sched_may_run(vcpu, i) && (best < 0 || load < best_load)) {
            best = (int)i;
            best_load = load;
        }
    }
    return (uint16_t)best;
}

/* ---- Accounting ------------------------------------------------------------ */

/* No product below exceeds 10 s * 64 pCPUs * the largest weight, or 10 s * 16000000. */
static int64_t part_of(const Credit *credit, uint32_t ppm)
{
    return (int64_t)(period(credit) * ppm / 1000000);
}

static int64_t least_share(const Credit *credit, const HvSchedVcpu *vcpu)
{
    uint32_t reservation_ppm = vcpu->params.reservation_ppm;
    return reservation_ppm == 0 ? 0
                                : MIN(part_of(credit, reservation_ppm), (int64_t)period(credit));
}

static int64_t most_share(const Credit *credit, const HvSchedVcpu *vcpu)
{
    uint32_t cap_ppm = vcpu->params.cap_ppm;
    return cap_ppm != 0 && cap_ppm < 1000000 ? part_of(credit, cap_ppm) : (int64_t)period(credit);
}

/* What is still to be divided, and among whom. */
typedef struct {
    int64_t left;
    int64_t weight;
    int64_t above, below; /* by how much fair parts exceed, or fall short of, their bounds */
} Division;

static bool takes_part(const Account *account)
{
    return account->earns && !account->settled;
}

/* Works out everybody's part by weight, and how far off the bounds it is. */
static void work_out(const Credit *credit, Division *division)
{
    division->weight = division->above = division->below = 0;
    for (guint i = 0; i < credit->all->len; i++) {
        const HvSchedVcpu *vcpu = credit->all->pdata[i];
        if (takes_part(vcpu->policy_data))
            division->weight += vcpu->params.weight;
    }
    for (guint i = 0; i < credit->all->len; i++) {
        const HvSchedVcpu *vcpu = credit->all->pdata[i];
        Account *account = vcpu->policy_data;
        if (!takes_part(account))
            continue;
        account->share = division->left * vcpu->params.weight / division->weight;
        division->above += MAX(account->share - most_share(credit, vcpu), 0);
        division->below +=
            MAX(MIN(least_share(credit, vcpu), most_share(credit, vcpu)) - account->share, 0);
    }
}

/* Sets those to their bound that are beyond it, on the side where more is beyond. */
static void settle(const Credit *credit, Division *division)
{
    bool above = division->above >= division->below;
    for (guint i = 0; i < credit->all->len; i++) {
        const HvSchedVcpu *vcpu = credit->all->pdata[i];
        Account *account = vcpu->policy_data;
        int64_t most = most_share(credit, vcpu), least = MIN(least_share(credit, vcpu), most);
        if (!takes_part(account) || (above ? account->share <= most : account->share >= least))
            continue;
        account->share = above ? most : MIN(least, MAX(division->left, 0));
        account->settled = true;
        division->left -= account->share;
    }
}

/* Divides the period of all pCPUs by weight among those that earn, each between its
 * least and its most: whoever would be outside is set to the bound, and the others
 * share what is left, until nobody is. */
static void divide(Credit *credit)
{
    Division division = {.left = (int64_t)period(credit) * credit->params->pcpu_count};
    work_out(credit, &division);
    while (division.above > 0 || division.below > 0) {
        settle(credit, &division);
        work_out(credit, &division);
    }
    if (division.weight > 0)
        credit->given += (uint64_t)(division.left * HV_NORMAL_WEIGHT / division.weight);
}

/* Gives vCPU its credit for a period and says whether it is unparked by that. */
static void give(Credit *credit, HvSchedVcpu *vcpu)
{
    Account *account = vcpu->policy_data;
    int64_t most = (int64_t)period(credit);
    if (account->earns)
        account->credit += account->share;
    if (vcpu->params.cap_ppm != 0)
        most = most_share(credit, vcpu);
    if (account->credit > most)
        account->credit = account->active ? most : most / 2;
    /* A debt is forgiven beyond what a turn on top of a period can make. */
    int64_t slice = (int64_t)MIN(hv_line_slice(credit->params, vcpu), period(credit));
    if (vcpu->params.cap_ppm == 0)
        account->credit = MAX(account->credit, -(int64_t)period(credit) - slice);
    account->earns = account->active;
    account->settled = false;
    if (account->parked || is_misplaced(account)) {
        dequeue(credit, account);
        enqueue(credit, account);
    }
}

static HvTime credit_deadline(void *policy)
{
    Credit *credit = policy;
    if (credit->active == 0 && credit->next != HV_TIME_NEVER) {
        credit->missed = credit->next;
        credit->next = HV_TIME_NEVER;
    }
    return credit->next;
}

static void give_out(Credit *credit)
{
    divide(credit);
    for (guint i = 0; i < credit->all->len; i++)
        give(credit, credit->all->pdata[i]);
}

static uint64_t credit_timer(void *policy, HvTime now)
{
    Credit *credit = policy;
    give_out(credit);
    credit->next = now + period(credit);
    return 0;
}

/* ---- Hooks ------------------------------------------------------------------ */

/* A capped vCPU must not wait for the next accounting with nothing: it begins with
 * its part of what is left of the period. */
static void advance_credit(const Credit *credit, const HvSchedVcpu *vcpu, HvTime now)
{
    Account *account = vcpu->policy_data;
    int64_t most = most_share(credit, vcpu);
    account->credit =
        (int64_t)((__int128)most * (__int128)(credit->next - now) / (__int128)period(credit));
}

static void activate(Credit *credit, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    Account *account = vcpu->policy_data;
    if (credit->next == HV_TIME_NEVER) {
        if (credit->missed <= now)
            give_out(credit);
        credit->next = (now / period(credit) + 1) * period(credit);
        credit->missed = HV_TIME_NEVER;
    }
    account->active = account->earns = true;
    credit->active++;
    if (why == HV_READY_NEW && vcpu->params.cap_ppm != 0)
        advance_credit(credit, vcpu, now);
}

static void deactivate(Credit *credit, Account *account)
{
    account->active = false;
    credit->active--;
}

static void credit_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    Credit *credit = policy;
    Account *account = vcpu->policy_data;
    activate(credit, vcpu, why, now);
    account->boosted = why == HV_READY_WOKEN && account->credit >= 0;
    account->queue = home(credit, vcpu);
    enqueue(credit, account);
}

static void credit_unready(void *policy, HvSchedVcpu *vcpu, HvTime now)
{
    dequeue(policy, vcpu->policy_data);
    deactivate(policy, vcpu->policy_data);
}

/* The best that another pCPU's queue has for this one, if better than `than`. */
static HvRunNode *steal(Credit *credit, unsigned pcpu, uint64_t than)
{
    HvRunNode *best = NULL;
    for (unsigned i = 1; i < credit->params->pcpu_count; i++) {
        unsigned other = (pcpu + i) % credit->params->pcpu_count;
        HvRunNode *node = hv_runq_first(&credit->queues[other], pcpu);
        if (node != NULL && node->key < than) {
            best = node;
            than = node->key;
        }
    }
    return best;
}

static HvSchedVcpu *credit_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    Credit *credit = policy;
    HvRunNode *node = hv_runq_first(&credit->queues[pcpu], pcpu);
    if (node == NULL || node->key >= CLASS_OVER) {
        HvRunNode *better = steal(credit, pcpu, node != NULL ? node->key : UINT64_MAX);
        node = better != NULL ? better : node;
    }
    if (node == NULL)
        return NULL;
    Account *account = (Account *)node;
    HvTime slice_ns = hv_line_slice(credit->params, node->vcpu);
    dequeue(credit, account);
    if (account->boosted)
        slice_ns = MIN(slice_ns, period(credit) / BOOST_PART);
    if (node->vcpu->params.cap_ppm != 0)
        slice_ns = MIN(slice_ns, (HvTime)MAX(account->credit, 1));
    *ret = (HvSchedPick){.slice_ns = slice_ns, .key = class_of(account)};
    return node->vcpu;
}

static void credit_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
    Account *account = vcpu->policy_data;
    account->credit -= (int64_t)ran_ns;
    account->boosted = false;
    deactivate(policy, account);
}

static uint64_t running_class(void *policy, const HvSchedVcpu *running, HvTime now)
{
    return class_of(running->policy_data);
}

static int credit_preempts(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    Credit *credit = policy;
    Account *account = candidate->policy_data;
    uint64_t lowest;
    int worst = hv_runq_worst(credit->params, candidate, 0, running_class, policy, now, &lowest);
    if (worst < 0 || account->parked || class_of(account) >= lowest)
        return -1;
    dequeue(credit, account); /* to where it will run */
    account->queue = (uint16_t)worst;
    enqueue(credit, account);
    return worst;
}

static void credit_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before, HvTime now)
{
    Credit *credit = policy;
    Account *account = vcpu->policy_data;
    bool waits = account->node.heap != NULL || account->parked;
    if (waits)
        dequeue(credit, account);
    if (vcpu->params.cap_ppm != 0)
        account->credit = MIN(account->credit, most_share(credit, vcpu));
    if (!waits)
        return;
    if (!hv_sched_may_run(vcpu, account->queue))
        account->queue = home(credit, vcpu);
    enqueue(credit, account);
}

const HvPolicyOps hv_policy_credit = {
    .version = HV_POLICY_VERSION,
    .name = "credit",
    .title = "Xen's credit scheduler: weights, caps, a boost for who wakes; a queue for each pCPU",
    .key = "class: 0 boost, 1 under, 2 over",
    .uses = HV_USES_WEIGHT | HV_USES_CAP | HV_USES_RESERVATION,
    .proportional = true,
    .wait_slices = 256,
    .create = credit_create,
    .destroy = credit_destroy,
    .add = credit_add,
    .remove = credit_remove,
    .ready = credit_ready,
    .unready = credit_unready,
    .pick = credit_pick,
    .ran = credit_ran,
    .preempts = credit_preempts,
    .deadline = credit_deadline,
    .timer = credit_timer,
    .changed = credit_changed,
};
