/* SPDX-License-Identifier: GPL-2.0-or-later */
/* line.h: what policies have in common that keep all ready vCPUs in one queue.
 *
 * Such a policy differs from others in where a vCPU stands in the queue and for
 * how long it is given the pCPU: ready() and pick(). The hooks below are the
 * rest. A policy that must know more of itself or of a vCPU begins its struct
 * with HvLine, or the vCPU's with HvRunNode, and has hooks of its own.
 */
#pragma once

#include "hv-core/sched/policies.h"
#include "hv-core/sched/runq.h"

typedef struct {
    HvRunq queue;
    const HvPolicyParams *params;
} HvLine;

void hv_line_init(HvLine *line, const HvPolicyParams *params);

/* Hooks. */
void *hv_line_create(const HvPolicyParams *params);
void hv_line_destroy(void *policy);
void hv_line_add(void *policy, HvSchedVcpu *vcpu);
void hv_line_remove(void *policy, HvSchedVcpu *vcpu);
void hv_line_unready(void *policy, HvSchedVcpu *vcpu, HvTime now);
void hv_line_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now);
void hv_line_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before, HvTime now);

/* Picks the first, who runs until it gives up the pCPU itself; its key is told. */
HvSchedVcpu *hv_line_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret);

/* A vCPU's record of size bytes, beginning with a HvRunNode, as its policy_data. */
void hv_line_add_sized(HvSchedVcpu *vcpu, size_t size);

/* Takes the first that may run on pcpu out of the queue; NULL: none. */
HvRunNode *hv_line_take(HvLine *line, unsigned pcpu);

/* The slice of this vCPU: its own if it has one, else the policy's. */
static inline HvTime hv_line_slice(const HvPolicyParams *params, const HvSchedVcpu *vcpu)
{
    return vcpu->params.slice_ns != 0 ? vcpu->params.slice_ns : MAX(params->slice_ns, 1);
}
