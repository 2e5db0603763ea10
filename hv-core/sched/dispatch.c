/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dispatch.c: where a vCPU is dispatched to a pCPU, and where it leaves it.
 *
 * This is the hypervisor's scheduler as far as it is the same for every policy:
 * hv_dispatch() makes one decision on one pCPU. It lets the vCPU go that has
 * used its slice, blocked, yielded or ended (leave), asks the policy who is
 * next, and puts that one on (dispatch). Who is next is the policy's alone.
 */
#include "hv-core/sched/dispatch.h"

#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vcpu.h"

/* ---- pCPUs and their clocks --------------------------------------------- */

HvPcpu *hv_dispatch_next(HvHost *host)
{
    HvPcpu *next = NULL;
    for (unsigned i = 0; i < host->config.pcpu_count; i++) {
        HvPcpu *pcpu = &host->pcpus[i];
        if (!pcpu->idle && (next == NULL || pcpu->clock < next->clock))
            next = pcpu;
    }
    return next;
}

HvTime hv_dispatch_lowest_clock(const HvHost *host, const HvPcpu *except)
{
    HvTime lowest = HV_TIME_NEVER;
    for (unsigned i = 0; i < host->config.pcpu_count; i++) {
        const HvPcpu *pcpu = &host->pcpus[i];
        if (!pcpu->idle && pcpu != except)
            lowest = MIN(lowest, pcpu->clock);
    }
    return lowest;
}

static HvStamp stamp_of(const HvPcpu *pcpu)
{
    return (HvStamp){pcpu->clock, pcpu->number};
}

/* ---- Becoming ready ----------------------------------------------------- */

static bool may_run_on(const HvVcpu *vcpu, const HvPcpu *pcpu)
{
    return vcpu->sched.affinity >> pcpu->number & 1;
}

/* All idle pCPUs that may run the vCPU ask the policy, in order of their number;
 * who finds nothing goes back to being idle. */
static bool wake_idle_pcpus(HvHost *host, const HvVcpu *vcpu, HvTime now)
{
    bool any = false;
    for (unsigned i = 0; i < host->config.pcpu_count; i++) {
        HvPcpu *pcpu = &host->pcpus[i];
        if (!pcpu->idle || !may_run_on(vcpu, pcpu))
            continue;
        pcpu->idle = false;
        pcpu->clock = MAX(pcpu->clock, now);
        any = true;
    }
    return any;
}

static void preempt_someone(HvHost *host, HvVcpu *vcpu, HvTime now)
{
    const HvPolicyOps *policy = host->config.policy;
    for (unsigned i = 0; i < host->config.pcpu_count; i++) {
        HvVcpu *running = host->pcpus[i].current;
        if (running == NULL || running->leave_to != HV_VCPU_RUNNING ||
            !may_run_on(vcpu, &host->pcpus[i]) ||
            !policy->preempts(host->policy, &vcpu->sched, &running->sched, now))
            continue;
        hv_vcpu_evict(running, HV_VCPU_READY, HV_WHY_PREEMPTED);
        return;
    }
}

void hv_dispatch_ready(HvVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    HvHost *host = vcpu->vm->host;
    host->config.policy->ready(host->policy, &vcpu->sched, why, now);
    if (!wake_idle_pcpus(host, vcpu, now) && host->config.policy->preempts != NULL)
        preempt_someone(host, vcpu, now);
}

void hv_dispatch_unready(HvVcpu *vcpu, HvTime now)
{
    HvHost *host = vcpu->vm->host;
    host->config.policy->unready(host->policy, &vcpu->sched, now);
}

/* ---- Leaving a pCPU ----------------------------------------------------- */

bool hv_dispatch_pending(HvPcpu *pcpu)
{
    HvVcpu *vcpu = pcpu->current;
    if (vcpu == NULL)
        return true;
    if (vcpu->leave_why == HV_WHY_HLT && hv_vcpu_has_interrupt(vcpu) &&
        vcpu->vm->state == HV_VM_RUNNING)
        hv_vcpu_stay(vcpu); /* what it waits for is there */
    if (vcpu->leave_to == HV_VCPU_RUNNING && pcpu->clock >= pcpu->slice_end)
        hv_vcpu_evict(vcpu, HV_VCPU_READY, HV_WHY_SLICE_END);
    return vcpu->leave_to != HV_VCPU_RUNNING;
}

static HvReadyWhy ready_why(HvWhy why)
{
    return why == HV_WHY_YIELD       ? HV_READY_YIELD
           : why == HV_WHY_SLICE_END ? HV_READY_SLICE
                                     : HV_READY_PREEMPT;
}

/* What has to be paid before the vCPU leaves: an exit, if it has not had one,
 * and at least 1 ns for its dispatch, so that time goes on whatever guests do.
 * True: the clock has moved, and the pCPU may not be the first any more. */
static bool pay_before_leaving(HvPcpu *pcpu)
{
    HvVcpu *vcpu = pcpu->current;
    HvTime before = pcpu->clock;
    if (vcpu->evicted)
        hv_vcpu_report_exit(vcpu, &(HvExit){.kind = HV_EXIT_PREEMPT});
    vcpu->evicted = false;
    if (pcpu->clock == pcpu->dispatched_at)
        pcpu->clock++;
    return pcpu->clock > before;
}

static void leave(HvHost *host, HvPcpu *pcpu)
{
    HvVcpu *vcpu = pcpu->current;
    HvVcpuState to = vcpu->leave_to;
    HvWhy why = vcpu->leave_why;

    HvTime ran_ns = pcpu->clock - pcpu->dispatched_at;
    pcpu->busy_ns += ran_ns;
    pcpu->current = NULL;
    hv_vcpu_stay(vcpu);
    vcpu->pcpu = NULL;

    HV_REPORT(host, deschedule, stamp_of(pcpu), vcpu->sched.vm, vcpu->sched.vcpu, ran_ns, why);
    host->config.policy->ran(host->policy, &vcpu->sched, ran_ns, pcpu->clock);
    hv_vcpu_set_state(vcpu, to, why, stamp_of(pcpu));
    if (to == HV_VCPU_READY)
        hv_dispatch_ready(vcpu, ready_why(why), pcpu->clock);
    else if (why == HV_WHY_HLT_FOREVER)
        hv_vm_check_halted(vcpu->vm, pcpu->clock);
}

/* ---- Dispatching -------------------------------------------------------- */

static void dispatch(HvHost *host, HvPcpu *pcpu, HvVcpu *vcpu, HvTime slice_ns)
{
    g_assert(vcpu->state == HV_VCPU_READY && may_run_on(vcpu, pcpu) && slice_ns > 0);

    pcpu->current = vcpu;
    vcpu->pcpu = pcpu;
    pcpu->dispatched_at = pcpu->clock;
    hv_vcpu_set_state(vcpu, HV_VCPU_RUNNING, HV_WHY_DISPATCH, stamp_of(pcpu));
    HV_REPORT(host, dispatch, stamp_of(pcpu), vcpu->sched.vm, vcpu->sched.vcpu, slice_ns);

    if (pcpu->last != vcpu && pcpu->last != NULL) {
        pcpu->switches++;
        pcpu->clock += host->config.costs.switch_ns;
    }
    pcpu->last = vcpu;
    pcpu->slice_end = hv_time_add(pcpu->clock, slice_ns);
}

void hv_dispatch(HvHost *host, HvPcpu *pcpu)
{
    if (pcpu->current != NULL) {
        if (pay_before_leaving(pcpu))
            return;
        leave(host, pcpu);
    }

    HvTime slice_ns = 0;
    HvSchedVcpu *picked =
        host->config.policy->pick(host->policy, pcpu->number, pcpu->clock, &slice_ns);
    if (picked != NULL)
        dispatch(host, pcpu, (HvVcpu *)picked, slice_ns);
    else
        pcpu->idle = true;
}
