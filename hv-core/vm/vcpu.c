/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpu.c: a vCPU's states and interrupts; see vcpu.h. Running it is in
 * vcpu-run.c, what it asks for meanwhile in vcpu-access.c. */
#include "hv-core/vm/vcpu.h"

#include "hv-core/vm/host-private.h"
#include "hv-core/vm/job.h"
#include "hv-core/vm/throttle.h"

/* ---- Creation ----------------------------------------------------------- */

static void timer_fires(HvEvent *event)
{
    HvVcpu *vcpu = (HvVcpu *)((char *)event - G_STRUCT_OFFSET(HvVcpu, timer));
    vcpu->deadline = HV_TIME_NEVER;
    hv_vcpu_raise(vcpu, HV_VECTOR_TIMER, 0, (HvStamp){event->time, HV_NO_PCPU});
}

bool hv_vcpu_init(HvVcpu *vcpu, HvVm *vm, unsigned index, GError **error)
{
    HvHost *host = vm->host;
    HvCpuClient client = {.access = hv_vcpu_access, .user = vcpu};
    vcpu->vm = vm;
    vcpu->state = HV_VCPU_NEW;
    vcpu->leave_to = HV_VCPU_RUNNING;
    vcpu->deadline = HV_TIME_NEVER;
    vcpu->timer.fire = timer_fires;
    vcpu->throttle_end.fire = hv_throttle_end_fires;
    vcpu->cpu = host->config.backend->cpu_new(vm->machine, index, &client, error);
    return vcpu->cpu != NULL;
}

void hv_vcpu_clear(HvVcpu *vcpu)
{
    if (vcpu->vm == NULL)
        return;
    HvHost *host = vcpu->vm->host;
    hv_event_queue_remove(&host->events, &vcpu->timer);
    hv_event_queue_remove(&host->events, &vcpu->throttle_end);
    hv_job_free(vcpu->job);
    if (vcpu->cpu != NULL)
        host->config.backend->cpu_free(vcpu->cpu);
}

/* ---- States ------------------------------------------------------------- */

#define TO(state) (1u << HV_VCPU_##state)

static const unsigned transitions[HV_VCPU_STATE_COUNT] = {
    [HV_VCPU_NEW] = TO(READY),
    [HV_VCPU_READY] = TO(RUNNING) | TO(BLOCKED) | TO(HALTED),
    [HV_VCPU_RUNNING] = TO(READY) | TO(BLOCKED) | TO(HALTED) | TO(CRASHED),
    [HV_VCPU_BLOCKED] = TO(READY) | TO(HALTED),
};

static bool is_runnable(HvVcpuState state)
{
    return state == HV_VCPU_READY || state == HV_VCPU_RUNNING;
}

static bool is_final(HvVcpuState state)
{
    return state == HV_VCPU_HALTED || state == HV_VCPU_CRASHED;
}

/* Keeps account of run and steal time, and tells the guest (HvTimeInfo). */
static void keep_time(HvVcpu *vcpu, HvVcpuState from, HvVcpuState to, HvTime now)
{
    HvTime lasted = now > vcpu->time.since_ns ? now - vcpu->time.since_ns : 0;
    uint64_t place = G_STRUCT_OFFSET(HvBootInfo, time) + vcpu->sched.vcpu * sizeof(HvTimeInfo);
    if (from == HV_VCPU_READY)
        vcpu->time.steal_ns += lasted;
    else if (from == HV_VCPU_RUNNING)
        vcpu->time.run_ns += lasted;
    vcpu->time.since_ns = now;
    vcpu->time.running = to == HV_VCPU_RUNNING;
    if (from == HV_VCPU_RUNNING || to == HV_VCPU_RUNNING)
        hv_memory_write(vcpu->vm->memory, HV_GPA(HV_GUEST_BOOT_INFO + place), &vcpu->time,
                        sizeof(vcpu->time));
}

void hv_vcpu_set_state(HvVcpu *vcpu, HvVcpuState to, HvWhy why, HvStamp at)
{
    HvHost *host = vcpu->vm->host;
    HvVcpuState from = vcpu->state;
    g_assert(transitions[from] & (1u << to));

    vcpu->state = to;
    keep_time(vcpu, from, to, at.time);
    vcpu->vm->runnable += is_runnable(to);
    vcpu->vm->runnable -= is_runnable(from);
    HV_REPORT(host, vcpu_state, at, vcpu->sched.vm, vcpu->sched.vcpu, from, to, why);
    if (is_final(to)) {
        hv_vcpu_set_deadline(vcpu, HV_TIME_NEVER, at.time);
        hv_event_queue_remove(&host->events, &vcpu->throttle_end);
        vcpu->throttled = false;
        if (vcpu->job != NULL)
            hv_job_stop(vcpu->job);
        host->config.policy->remove(host->policy, &vcpu->sched);
        hv_dispatch_arm_timer(host);
    }
}

static void note_leave(HvVcpu *vcpu, HvVcpuState to, HvWhy why, bool evicted)
{
    g_assert(vcpu->state == HV_VCPU_RUNNING);
    if (is_final(vcpu->leave_to))
        return;
    if (vcpu->leave_to == HV_VCPU_RUNNING)
        vcpu->evicted = evicted; /* else it has left the guest already */
    vcpu->leave_to = to;
    vcpu->leave_why = why;
    vcpu->vm->host->on_pcpu[vcpu->pcpu->number] = NULL;
}

void hv_vcpu_leave(HvVcpu *vcpu, HvVcpuState to, HvWhy why)
{
    note_leave(vcpu, to, why, false);
}

void hv_vcpu_evict(HvVcpu *vcpu, HvVcpuState to, HvWhy why)
{
    note_leave(vcpu, to, why, true);
}

void hv_vcpu_stay(HvVcpu *vcpu)
{
    vcpu->leave_to = HV_VCPU_RUNNING;
    vcpu->leave_why = HV_WHY_DISPATCH;
    vcpu->evicted = false;
    if (vcpu->pcpu == NULL)
        return;
    vcpu->vm->host->on_pcpu[vcpu->pcpu->number] = &vcpu->sched;
    if (vcpu->job != NULL)
        hv_job_stay(vcpu);
}

void hv_vcpu_make_ready(HvVcpu *vcpu, HvReadyWhy ready, HvWhy why, HvTime now)
{
    vcpu->needs_frame = false; /* if it still does it will ask again */
    hv_vcpu_set_state(vcpu, HV_VCPU_READY, why, (HvStamp){now, HV_NO_PCPU});
    hv_dispatch_ready(vcpu, ready, now);
    hv_host_watch_memory(vcpu->vm->host, now);
}

/* ---- Interrupts --------------------------------------------------------- */

bool hv_vcpu_has_interrupt(const HvVcpu *vcpu)
{
    uint64_t any = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(vcpu->pending); i++)
        any |= vcpu->pending[i];
    return any != 0;
}

void hv_vcpu_raise(HvVcpu *vcpu, uint8_t vector, uint64_t frame_id, HvStamp at)
{
    if (is_final(vcpu->state))
        return;
    HvTime seen = vcpu->pcpu != NULL ? MAX(vcpu->pcpu->clock, at.time) : at.time;
    vcpu->pending[vector / 64] |= UINT64_C(1) << (vector % 64);
    HV_REPORT(vcpu->vm->host, interrupt_raised, at, vcpu->sched.vm, vcpu->sched.vcpu, vector,
              frame_id, seen - at.time);
    if (vcpu->state == HV_VCPU_BLOCKED && vcpu->vm->state == HV_VM_RUNNING && !vcpu->throttled)
        hv_vcpu_make_ready(vcpu, HV_READY_WOKEN, HV_WHY_INTERRUPT, at.time);
}

void hv_vcpu_set_deadline(HvVcpu *vcpu, HvTime deadline, HvTime now)
{
    HvEventQueue *events = &vcpu->vm->host->events;
    vcpu->deadline = deadline;
    if (deadline == HV_TIME_NEVER)
        hv_event_queue_remove(events, &vcpu->timer);
    else
        hv_event_queue_put(events, &vcpu->timer, MAX(deadline, now));
}
