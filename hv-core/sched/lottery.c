/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lottery.c: lottery scheduling.
 *
 * A vCPU has as many tickets as its weight says. At each decision a ticket of
 * those who are ready is drawn, and its owner has the pCPU for a slice. Over
 * many draws everybody gets CPU time in proportion to tickets, and nobody who has
 * one can starve for ever; over few draws chance rules. There is nothing to keep
 * account of, so joining, leaving and changing weights are free.
 *
 * The draws come from the scenario's seed (SplitMix64), the same in every run;
 * the trace has each. A draw is a number below the sum of tickets; the ready are
 * counted through in order of their creation. (Where vCPUs have different
 * affinities: those of the affinity that came up first are counted first.)
 *
 * To find the owner fast, tickets are kept in binary indexed trees (Fenwick: A
 * new data structure for cumulative frequency tables, 1994), one per affinity.
 *
 * Source: Waldspurger and Weihl: Lottery scheduling, OSDI 1994; Arpaci-Dusseau:
 * Operating Systems: Three Easy Pieces, chapter 9.
 */
#include "hv-core/sched/line.h"

/* Tickets of the ready vCPUs of one affinity, by id. */
typedef struct {
    uint64_t affinity;
    uint64_t sum;
    unsigned size; /* a power of two: ids below it have a place */
    uint64_t *tree;
} Urn;

typedef struct {
    const HvPolicyParams *params;
    GPtrArray *urns;
    GPtrArray *vcpus; /* by id; NULL: removed */
    uint64_t random;
} Lottery;

typedef struct {
    Urn *urn; /* its tickets are in; NULL: it is not ready */
    uint64_t tickets;
} Player;

static void free_urn(void *data)
{
    Urn *urn = data;
    g_free(urn->tree);
    g_free(urn);
}

static void *lottery_create(const HvPolicyParams *params)
{
    Lottery *lottery = g_new(Lottery, 1);
    *lottery = (Lottery){
        .params = params,
        .urns = g_ptr_array_new_with_free_func(free_urn),
        .vcpus = g_ptr_array_new(),
        .random = params->seed,
    };
    return lottery;
}

static void lottery_destroy(void *policy)
{
    Lottery *lottery = policy;
    g_ptr_array_unref(lottery->urns);
    g_ptr_array_unref(lottery->vcpus);
    g_free(lottery);
}

static void lottery_add(void *policy, HvSchedVcpu *vcpu)
{
    Lottery *lottery = policy;
    if (vcpu->id >= lottery->vcpus->len)
        g_ptr_array_set_size(lottery->vcpus, (int)vcpu->id + 1);
    lottery->vcpus->pdata[vcpu->id] = vcpu;
    vcpu->policy_data = g_new0(Player, 1);
}

static void lottery_remove(void *policy, HvSchedVcpu *vcpu)
{
    ((Lottery *)policy)->vcpus->pdata[vcpu->id] = NULL;
    g_clear_pointer(&vcpu->policy_data, g_free);
}

/* ---- Urns ---------------------------------------------------------------- */

static void add_tickets(Urn *urn, uint32_t id, uint64_t tickets)
{
    urn->sum += tickets;
    for (unsigned i = id + 1; i <= urn->size; i += i & -i)
        urn->tree[i] += tickets;
}

static void grow(Lottery *lottery, Urn *urn, uint32_t id)
{
    urn->size = MAX(urn->size, 16);
    while (urn->size <= id)
        urn->size *= 2;
    g_free(urn->tree);
    urn->tree = g_new0(uint64_t, urn->size + 1);
    urn->sum = 0;
    for (guint i = 0; i < lottery->vcpus->len; i++) {
        const HvSchedVcpu *vcpu = lottery->vcpus->pdata[i];
        const Player *player = vcpu != NULL ? vcpu->policy_data : NULL;
        if (player != NULL && player->urn == urn)
            add_tickets(urn, i, player->tickets);
    }
}

static Urn *urn_for(Lottery *lottery, const HvSchedVcpu *vcpu)
{
    Urn *urn = NULL;
    for (guint i = 0; i < lottery->urns->len && urn == NULL; i++)
        if (((Urn *)lottery->urns->pdata[i])->affinity == vcpu->params.affinity)
            urn = lottery->urns->pdata[i];
    if (urn == NULL) {
        urn = g_new0(Urn, 1);
        urn->affinity = vcpu->params.affinity;
        g_ptr_array_add(lottery->urns, urn);
    }
    if (urn->size <= vcpu->id)
        grow(lottery, urn, vcpu->id);
    return urn;
}

static void put_in(Lottery *lottery, HvSchedVcpu *vcpu)
{
    Player *player = vcpu->policy_data;
    Urn *urn = urn_for(lottery, vcpu);
    *player = (Player){urn, vcpu->params.weight};
    add_tickets(urn, vcpu->id, player->tickets);
}

static void take_out(HvSchedVcpu *vcpu)
{
    Player *player = vcpu->policy_data;
    add_tickets(player->urn, vcpu->id, -player->tickets);
    *player = (Player){NULL, 0};
}

/* The id of who owns this ticket of the urn's. */
static uint32_t owner(const Urn *urn, uint64_t ticket)
{
    unsigned at = 0;
    for (unsigned step = urn->size; step > 0; step /= 2)
        if (at + step <= urn->size && urn->tree[at + step] <= ticket) {
            at += step;
            ticket -= urn->tree[at];
        }
    return at;
}

/* ---- Drawing -------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t draw(Lottery *lottery)
{
    uint64_t z = lottery->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void lottery_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    put_in(policy, vcpu);
}

static void lottery_unready(void *policy, HvSchedVcpu *vcpu, HvTime now)
{
    take_out(vcpu);
}

static HvSchedVcpu *lottery_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    Lottery *lottery = policy;
    uint64_t sum = 0;
    for (guint i = 0; i < lottery->urns->len; i++) {
        const Urn *urn = lottery->urns->pdata[i];
        sum += urn->affinity >> pcpu & 1 ? urn->sum : 0;
    }
    if (sum == 0)
        return NULL;
    uint64_t ticket = draw(lottery) % sum;
    ret->key = ticket;
    for (guint i = 0; i < lottery->urns->len; i++) {
        const Urn *urn = lottery->urns->pdata[i];
        if (!(urn->affinity >> pcpu & 1))
            continue;
        if (ticket < urn->sum) {
            HvSchedVcpu *vcpu = lottery->vcpus->pdata[owner(urn, ticket)];
            take_out(vcpu);
            ret->slice_ns = hv_line_slice(lottery->params, vcpu);
            return vcpu;
        }
        ticket -= urn->sum;
    }
    g_assert_not_reached();
}

static void lottery_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before,
                            HvTime now)
{
    if (((Player *)vcpu->policy_data)->urn == NULL)
        return;
    take_out(vcpu);
    put_in(policy, vcpu);
}

const HvPolicyOps hv_policy_lottery = {
    .version = HV_POLICY_VERSION,
    .name = "lottery",
    .title = "Lottery: each slice is drawn, weights are tickets",
    .key = "ticket drawn",
    .uses = HV_USES_WEIGHT,
    .may_starve = true, /* not for ever, but for no stated time */
    .create = lottery_create,
    .destroy = lottery_destroy,
    .add = lottery_add,
    .remove = lottery_remove,
    .ready = lottery_ready,
    .unready = lottery_unready,
    .pick = lottery_pick,
    .ran = hv_line_ran,
    .changed = lottery_changed,
};
