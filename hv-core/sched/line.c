/* SPDX-License-Identifier: GPL-2.0-or-later */
/* line.c: the hooks of line.h. */
#include "hv-core/sched/line.h"

void hv_line_init(HvLine *line, const HvPolicyParams *params)
{
    hv_runq_init(&line->queue);
    line->params = params;
}

void *hv_line_create(const HvPolicyParams *params)
{
    HvLine *line = g_new0(HvLine, 1);
    hv_line_init(line, params);
    return line;
}

void hv_line_destroy(void *policy)
{
    hv_runq_clear(&((HvLine *)policy)->queue);
    g_free(policy);
}

void hv_line_add_sized(HvSchedVcpu *vcpu, size_t size)
{
    HvRunNode *node = g_malloc0(size);
    node->vcpu = vcpu;
    vcpu->policy_data = node;
}

void hv_line_add(void *policy, HvSchedVcpu *vcpu)
{
    hv_line_add_sized(vcpu, sizeof(HvRunNode));
}

void hv_line_remove(void *policy, HvSchedVcpu *vcpu)
{
    g_clear_pointer(&vcpu->policy_data, g_free);
}

void hv_line_unready(void *policy, HvSchedVcpu *vcpu, HvTime now)
{
    hv_runq_remove(&((HvLine *)policy)->queue, vcpu->policy_data);
}

void hv_line_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
}

void hv_line_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before, HvTime now)
{
    hv_runq_refile(&((HvLine *)policy)->queue, vcpu->policy_data);
}

HvRunNode *hv_line_take(HvLine *line, unsigned pcpu)
{
    HvRunNode *node = hv_runq_first(&line->queue, pcpu);
    if (node != NULL)
        hv_runq_remove(&line->queue, node);
    return node;
}

HvSchedVcpu *hv_line_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    HvRunNode *node = hv_line_take(policy, pcpu);
    if (node == NULL)
        return NULL;
    *ret = (HvSchedPick){.slice_ns = HV_TIME_NEVER, .key = node->key};
    return node->vcpu;
}
