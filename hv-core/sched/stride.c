/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stride.c: stride scheduling, lottery scheduling without chance.
 *
 * A vCPU has a stride, which is the smaller the larger its weight, and a pass.
 * The ready one with the lowest pass runs, and its pass grows by its stride for
 * each slice (by a part of it, if it ran for a part). So passes stay together,
 * and CPU time is in proportion to weights, off by less than a slice.
 *
 * Who comes, or comes back, must not be behind, or it would have everything until
 * it has caught up. The global pass goes on as a vCPU would that had all tickets;
 * one that leaves remembers how far from it it was, and one that joins begins
 * there, but no more than a slice behind.
 *
 * Order among equals: the vCPU that was created first. A vCPU that yields ends
 * its turn, but may still have the lowest pass and be the next.
 *
 * Source: Waldspurger and Weihl: Stride scheduling: deterministic
 * proportional-share resource management (MIT/LCS/TM-528, 1995); Arpaci-Dusseau:
 * Operating Systems: Three Easy Pieces, chapter 9.
 */
#include "hv-core/sched/line.h"

/* Pass is counted in ns of CPU time * STRIDE1 / weight. */
#define STRIDE1    65536
#define FIRST_PASS (INT64_C(1) << 60) /* so that no pass is negative */

typedef struct {
    HvLine line;      /* first */
    uint64_t tickets; /* of all that are ready or running */
    int64_t pass;     /* the global pass */
    uint64_t rest;    /* of the division by tickets */
} Stride;

typedef struct {
    HvRunNode node; /* first */
    int64_t pass;   /* while ready or running */
    int64_t remain; /* pass - global pass when it left */
    uint64_t rest;  /* of the division by weight */
    uint64_t tickets;
} Client;

static void *stride_create(const HvPolicyParams *params)
{
    Stride *stride = g_new0(Stride, 1);
    hv_line_init(&stride->line, params);
    stride->pass = FIRST_PASS;
    return stride;
}

static void stride_add(void *policy, HvSchedVcpu *vcpu)
{
    hv_line_add_sized(vcpu, sizeof(Client));
}

/* ran_ns * STRIDE1 / tickets, the remainder carried. */
static int64_t advance(HvTime ran_ns, uint64_t tickets, uint64_t *rest)
{
    unsigned __int128 all = (unsigned __int128)ran_ns * STRIDE1 + *rest;
    *rest = (uint64_t)(all % tickets);
    return (int64_t)(all / tickets);
}

static void join(Stride *stride, Client *client)
{
    client->tickets = client->node.vcpu->params.weight;
    client->pass = stride->pass + client->remain;
    stride->tickets += client->tickets;
    hv_runq_put(&stride->line.queue, &client->node, (uint64_t)client->pass, client->node.vcpu->id);
}

static void leave(Stride *stride, Client *client)
{
    client->remain = client->pass - stride->pass;
    stride->tickets -= client->tickets;
}

static void stride_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    Stride *stride = policy;
    Client *client = vcpu->policy_data;
    if (why == HV_READY_WOKEN) {
        uint64_t none = 0;
        int64_t slice =
            advance(hv_line_slice(stride->line.params, vcpu), vcpu->params.weight, &none);
        client->remain = MAX(client->remain, -slice);
    }
    join(stride, client);
}

static void stride_unready(void *policy, HvSchedVcpu *vcpu, HvTime now)
{
    hv_line_unready(policy, vcpu, now);
    leave(policy, vcpu->policy_data);
}

static HvSchedVcpu *stride_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    Stride *stride = policy;
    HvRunNode *node = hv_line_take(&stride->line, pcpu);
    if (node == NULL)
        return NULL;
    *ret = (HvSchedPick){.slice_ns = hv_line_slice(stride->line.params, node->vcpu),
                         .key = node->key - FIRST_PASS};
    return node->vcpu;
}

static void stride_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
    Stride *stride = policy;
    Client *client = vcpu->policy_data;
    client->pass += advance(ran_ns, client->tickets, &client->rest);
    stride->pass += advance(ran_ns, stride->tickets, &stride->rest);
    leave(stride, client);
}

/* Its distance from the global pass was in the old strides. */
static void stride_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before, HvTime now)
{
    Stride *stride = policy;
    Client *client = vcpu->policy_data;
    bool ready = client->node.heap != NULL, running = vcpu->pcpu != HV_NO_PCPU;
    if (ready)
        hv_line_unready(policy, vcpu, now);
    if (ready || running)
        leave(stride, client);
    client->remain = (int64_t)((__int128)client->remain * before->weight / vcpu->params.weight);
    client->rest = 0;
    if (ready || running)
        join(stride, client);
    if (running)
        hv_line_unready(policy, vcpu, now); /* only its tickets have joined */
}

const HvPolicyOps hv_policy_stride = {
    .version = HV_POLICY_VERSION,
    .name = "stride",
    .title = "Stride: shares by weight, off by less than a slice",
    .key = "pass",
    .uses = HV_USES_WEIGHT,
    .proportional = true,
    .wait_slices = 256,
    .create = stride_create,
    .destroy = hv_line_destroy,
    .add = stride_add,
    .remove = hv_line_remove,
    .ready = stride_ready,
    .unready = stride_unready,
    .pick = stride_pick,
    .ran = stride_ran,
    .changed = stride_changed,
};
