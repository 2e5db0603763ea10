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
#include "hv-core/vm/job.h"
#include "hv-core/vm/throttle.h"
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
    return hv_sched_may_run(&vcpu->sched, pcpu->number);
}

/* All idle pCPUs that may run the vCPU (NULL: all) ask the policy, in order of
 * their number; who finds nothing goes back to being idle. */
static bool wake_idle_pcpus(HvHost *host, const HvVcpu *vcpu, HvTime now)
{
    bool any = false;
    for (unsigned i = 0; i < host->config.pcpu_count; i++) {
        HvPcpu *pcpu = &host->pcpus[i];
        if (!pcpu->idle || (vcpu != NULL && !may_run_on(vcpu, pcpu)))
            continue;
        pcpu->idle = false;
        pcpu->clock = MAX(pcpu->clock, now);
        any = true;
    }
    return any;
}

/* The vCPU of this pCPU makes room, if there is one that has not to leave anyhow. */
static void clear_pcpu(HvHost *host, unsigned number)
{
    HvVcpu *running = host->pcpus[number].current;
    if (running != NULL && running->leave_to == HV_VCPU_RUNNING)
        hv_vcpu_evict(running, HV_VCPU_READY, HV_WHY_PREEMPTED);
}

static void preempt_someone(HvHost *host, HvVcpu *vcpu, HvTime now)
{
    int pcpu = host->config.policy->preempts(host->policy, &vcpu->sched, now);
    if (pcpu < 0)
        return;
    g_assert((unsigned)pcpu < host->config.pcpu_count && may_run_on(vcpu, &host->pcpus[pcpu]));
    clear_pcpu(host, (unsigned)pcpu);
}

void hv_dispatch_ready(HvVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    HvHost *host = vcpu->vm->host;
    host->config.policy->ready(host->policy, &vcpu->sched, why, now);
    if (!wake_idle_pcpus(host, vcpu, now) && host->config.policy->preempts != NULL)
        preempt_someone(host, vcpu, now);
    hv_dispatch_arm_timer(host);
}

void hv_dispatch_unready(HvVcpu *vcpu, HvTime now)
{
    HvHost *host = vcpu->vm->host;
    host->config.policy->unready(host->policy, &vcpu->sched, now);
    hv_dispatch_arm_timer(host);
}

void hv_dispatch_forget(HvVcpu *vcpu)
{
    HvHost *host = vcpu->vm->host;
    const HvPolicyOps *policy = host->config.policy;
    HvPcpu *pcpu = vcpu->pcpu;
    if (vcpu->state == HV_VCPU_HALTED || vcpu->state == HV_VCPU_CRASHED)
        return;
    if (pcpu != NULL) {
        host->on_pcpu[pcpu->number] = NULL;
        pcpu->current = NULL;
        vcpu->pcpu = NULL;
        vcpu->sched.pcpu = HV_NO_PCPU;
        policy->ran(host->policy, &vcpu->sched, pcpu->clock - pcpu->dispatched_at, pcpu->clock);
    } else if (vcpu->state == HV_VCPU_READY) {
        policy->unready(host->policy, &vcpu->sched, host->now);
    }
    policy->remove(host->policy, &vcpu->sched);
}

void hv_dispatch_change(HvVcpu *vcpu, const HvSchedParams *params, HvTime now)
{
    HvHost *host = vcpu->vm->host;
    const HvPolicyOps *policy = host->config.policy;
    HvSchedParams before = vcpu->sched.params;
    vcpu->sched.params = *params;
    if (policy->changed != NULL)
        policy->changed(host->policy, &vcpu->sched, &before, now);
    if (vcpu->pcpu != NULL && !may_run_on(vcpu, vcpu->pcpu))
        clear_pcpu(host, vcpu->pcpu->number);
    wake_idle_pcpus(host, NULL, now);
    hv_dispatch_arm_timer(host);
}

/* ---- The policy's timer -------------------------------------------------- */

void hv_dispatch_arm_timer(HvHost *host)
{
    const HvPolicyOps *policy = host->config.policy;
    if (policy->deadline == NULL)
        return;
    HvTime due = policy->deadline(host->policy);
    if (due == host->policy_due)
        return;
    host->policy_due = due;
    if (due == HV_TIME_NEVER)
        hv_event_queue_remove(&host->events, &host->policy_timer);
    else
        hv_event_queue_put(&host->events, &host->policy_timer, MAX(due, host->now));
}

void hv_dispatch_timer_fires(HvEvent *event)
{
    HvHost *host = (HvHost *)((char *)event - G_STRUCT_OFFSET(HvHost, policy_timer));
    host->policy_due = HV_TIME_NEVER;
    uint64_t leave = host->config.policy->timer(host->policy, event->time);
    for (unsigned i = 0; i < host->config.pcpu_count; i++)
        if (leave >> i & 1)
            clear_pcpu(host, i);
    wake_idle_pcpus(host, NULL, event->time);
    hv_dispatch_arm_timer(host);
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
        hv_vcpu_evict(vcpu, HV_VCPU_READY, HV_WHY_SLICE_END); /* or the job's burst is over */
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
    vcpu->pcpu = NULL;
    vcpu->sched.pcpu = HV_NO_PCPU;
    hv_vcpu_stay(vcpu);

    HV_REPORT(host, deschedule, stamp_of(pcpu), vcpu->sched.vm, vcpu->sched.vcpu, ran_ns, why);
    host->config.policy->ran(host->policy, &vcpu->sched, ran_ns, pcpu->clock);
    hv_vcpu_set_state(vcpu, to, why, stamp_of(pcpu));
    if (to == HV_VCPU_READY)
        hv_dispatch_ready(vcpu, ready_why(why), pcpu->clock);
    else if (why == HV_WHY_HLT_FOREVER || why == HV_WHY_JOB_DONE)
        hv_vm_check_halted(vcpu->vm, why, pcpu->clock);
    else if (why == HV_WHY_JOB_WAIT)
        hv_job_wait(vcpu, pcpu->clock);
    else if (why == HV_WHY_THROTTLED)
        hv_throttle_wait(vcpu, pcpu->clock);
    hv_dispatch_arm_timer(host);
}

/* ---- Dispatching -------------------------------------------------------- */

static void dispatch(HvHost *host, HvPcpu *pcpu, HvVcpu *vcpu, const HvSchedPick *pick)
{
    g_assert(vcpu->state == HV_VCPU_READY && may_run_on(vcpu, pcpu) && pick->slice_ns > 0);

    pcpu->current = vcpu;
    vcpu->pcpu = pcpu;
    vcpu->sched.pcpu = vcpu->sched.last_pcpu = pcpu->number;
    host->on_pcpu[pcpu->number] = &vcpu->sched;
    pcpu->dispatched_at = pcpu->clock;
    hv_vcpu_set_state(vcpu, HV_VCPU_RUNNING, HV_WHY_DISPATCH, stamp_of(pcpu));
    HV_REPORT(host, dispatch, stamp_of(pcpu), vcpu->sched.vm, vcpu->sched.vcpu, pick->slice_ns,
              pick->key);

    if (pcpu->last != vcpu && pcpu->last != NULL) {
        pcpu->switches++;
        pcpu->clock += host->config.costs.switch_ns;
    }
    pcpu->last = vcpu;
    pcpu->slice_end = hv_time_add(pcpu->clock, pick->slice_ns);
    vcpu->sched.since = pcpu->clock;
    if (vcpu->job != NULL)
        pcpu->slice_end = MIN(pcpu->slice_end, hv_job_begin(vcpu));
}

void hv_dispatch(HvHost *host, HvPcpu *pcpu)
{
    if (pcpu->current != NULL) {
        if (pcpu->current->job != NULL)
            hv_job_charge(pcpu->current);
        if (pay_before_leaving(pcpu))
            return;
        leave(host, pcpu);
    }

    HvSchedPick pick = {0};
    HvSchedVcpu *picked = host->config.policy->pick(host->policy, pcpu->number, pcpu->clock, &pick);
    if (picked != NULL)
        dispatch(host, pcpu, (HvVcpu *)picked, &pick);
    else
        pcpu->idle = true;
    hv_dispatch_arm_timer(host);
}
