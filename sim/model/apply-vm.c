/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply-vm.c: what happens to VMs: CPU and devices. */
#include "sim/model/apply.h"

#include "sim/model/entitlement.h"
#include "sim/model/shared.h"

static SimModelVcpu *find_vcpu(SimModel *model, unsigned vm, unsigned vcpu)
{
    SimModelVm *owner = sim_apply_vm(model, vm);

    return owner && vcpu < owner->vcpu_count ? &owner->vcpus[vcpu] : NULL;
}

/* The pCPU on which an event happened; NULL: the world. */
static SimModelPcpu *find_pcpu(SimModel *model, const SimRecord *record)
{
    if (record->source == SIM_SOURCE_WORLD || record->source > model->pcpus->len)
        return NULL;
    return &g_array_index(model->pcpus, SimModelPcpu, record->source - 1u);
}

/* ---- CPU ------------------------------------------------------------------ */

static bool vm_state(SimModel *model, const SimRecord *record)
{
    const SimEventVmState *event = SIM_FIELDS(record, VmState);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm)
        return false;
    vm->state = event->to;
    vm->why = event->why;
    vm->since = record->time;
    if (event->to != SIM_VM_RUNNING && event->to != SIM_VM_PAUSED)
        sim_apply_forget_arp(model, event->vm, SIM_MODEL_NO_PORT);
    return true;
}

/* What a change of state means for the metrics of scheduling. */
static void follow_state(SimModel *model, const SimEventVcpuState *event, SimModelVcpu *vcpu,
                         uint64_t now)
{
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    uint64_t lasted = now - vcpu->since;

    if (!vcpu->arrived && event->to == SIM_VCPU_READY) {
        vcpu->arrived = true;
        vcpu->arrival_ns = now;
    }
    if (vcpu->state == SIM_VCPU_READY) {
        vcpu->longest_wait_ns = MAX(vcpu->longest_wait_ns, lasted);
        if (event->to == SIM_VCPU_RUNNING && vcpu->why != SIM_WHY_SLICE_END &&
            vcpu->why != SIM_WHY_PREEMPTED && vcpu->why != SIM_WHY_YIELD &&
            vcpu->why != SIM_WHY_START)
            vcpu->wake_wait_ns = MAX(vcpu->wake_wait_ns, lasted);
    }
    if (vcpu->state == SIM_VCPU_BLOCKED && vcpu->why == SIM_WHY_THROTTLED)
        vm->throttled_ns += lasted;
    if (event->to == SIM_VCPU_RUNNING && !vcpu->has_run) {
        vcpu->has_run = true;
        vcpu->first_run_ns = now;
    }
    if (event->to == SIM_VCPU_HALTED || event->to == SIM_VCPU_CRASHED) {
        vcpu->ended = vcpu->arrived;
        vcpu->end_ns = now;
    }
    if (event->to == SIM_VCPU_READY || event->to == SIM_VCPU_RUNNING)
        sim_entitle_join(model, vm, vcpu, now);
    else
        sim_entitle_leave(model, vm, vcpu, now);
}

static bool vcpu_state(SimModel *model, const SimRecord *record)
{
    const SimEventVcpuState *event = SIM_FIELDS(record, VcpuState);
    SimModelVcpu *vcpu = find_vcpu(model, event->vm, event->vcpu);

    if (!vcpu)
        return false;
    follow_state(model, event, vcpu, record->time);
    vcpu->in_state_ns[vcpu->state] += record->time - vcpu->since;
    vcpu->state = event->to;
    vcpu->why = event->why;
    vcpu->since = record->time;
    if (event->to == SIM_VCPU_RUNNING && record->source != SIM_SOURCE_WORLD)
        vcpu->pcpu = record->source - 1;
    else
        vcpu->pcpu = SIM_MODEL_NO_PCPU;
    return true;
}

/* What the pCPU did until now goes into its sums. */
static void pcpu_account(SimModelPcpu *pcpu, uint64_t now)
{
    if (pcpu->vm != SIM_NONE)
        pcpu->busy_ns += now - pcpu->since;
    else
        pcpu->idle_ns += now - pcpu->since;
    pcpu->since = now;
}

static bool dispatch(SimModel *model, const SimRecord *record)
{
    const SimEventDispatch *event = SIM_FIELDS(record, Dispatch);
    SimModelVcpu *vcpu = find_vcpu(model, event->vm, event->vcpu);
    SimModelPcpu *pcpu = find_pcpu(model, record);

    if (!vcpu || !pcpu)
        return false;
    pcpu_account(pcpu, record->time);
    pcpu->dispatches++;
    pcpu->switches += pcpu->last_vm != event->vm || pcpu->last_vcpu != event->vcpu;
    pcpu->vm = pcpu->last_vm = event->vm;
    pcpu->vcpu = pcpu->last_vcpu = event->vcpu;
    vcpu->dispatches++;
    vcpu->migrations +=
        vcpu->last_pcpu != SIM_MODEL_NO_PCPU && vcpu->last_pcpu != record->source - 1;
    vcpu->last_pcpu = record->source - 1;
    return true;
}

static bool sched_params(SimModel *model, const SimRecord *record)
{
    const SimEventSchedParams *event = SIM_FIELDS(record, SchedParams);
    SimModelVcpu *vcpu = find_vcpu(model, event->vm, event->vcpu);

    if (!vcpu)
        return false;
    sim_entitle_change(model, sim_apply_vm(model, event->vm), vcpu, event->weight, event->cap_ppm,
                       record->time);
    return true;
}

/* ---- Jobs ------------------------------------------------------------------- */

static bool job_released(SimModel *model, const SimRecord *record)
{
    SimModelVm *vm = sim_apply_vm(model, SIM_FIELDS(record, JobReleased)->vm);

    if (!vm)
        return false;
    vm->job.releases++;
    vm->job.released_ns = record->time;
    return true;
}

static bool job_done(SimModel *model, const SimRecord *record)
{
    SimModelVm *vm = sim_apply_vm(model, SIM_FIELDS(record, JobDone)->vm);

    if (!vm)
        return false;
    vm->job.done++;
    vm->job.done_ns = record->time;
    vm->job.worst_ns = MAX(vm->job.worst_ns, record->time - vm->job.released_ns);
    return true;
}

static bool deadline_missed(SimModel *model, const SimRecord *record)
{
    SimModelVm *vm = sim_apply_vm(model, SIM_FIELDS(record, DeadlineMissed)->vm);

    if (vm)
        vm->job.missed++;
    return vm != NULL;
}

static bool deschedule(SimModel *model, const SimRecord *record)
{
    const SimEventDeschedule *event = SIM_FIELDS(record, Deschedule);
    SimModelVcpu *vcpu = find_vcpu(model, event->vm, event->vcpu);
    SimModelPcpu *pcpu = find_pcpu(model, record);

    if (!vcpu || !pcpu || pcpu->vm != event->vm || pcpu->vcpu != event->vcpu)
        return false;
    pcpu_account(pcpu, record->time);
    pcpu->vm = pcpu->vcpu = SIM_NONE;
    vcpu->charged_ns += event->ran_ns;
    vcpu->longest_run_ns = MAX(vcpu->longest_run_ns, event->ran_ns);
    vcpu->preemptions += event->why == SIM_WHY_SLICE_END || event->why == SIM_WHY_PREEMPTED;
    return true;
}

static bool guest_exit(SimModel *model, const SimRecord *record)
{
    const SimEventExit *event = SIM_FIELDS(record, Exit);
    SimModelVcpu *vcpu = find_vcpu(model, event->vm, event->vcpu);

    if (!vcpu)
        return false;
    vcpu->exits[event->kind]++;
    vcpu->exit_cost_ns += event->cost_ns;
    return true;
}

static bool interrupt_raised(SimModel *model, const SimRecord *record)
{
    const SimEventInterruptRaised *event = SIM_FIELDS(record, InterruptRaised);
    SimModelVcpu *vcpu = find_vcpu(model, event->vm, event->vcpu);

    if (vcpu)
        vcpu->interrupts_raised++;
    return vcpu != NULL;
}

static bool interrupt_taken(SimModel *model, const SimRecord *record)
{
    const SimEventInterruptTaken *event = SIM_FIELDS(record, InterruptTaken);
    SimModelVcpu *vcpu = find_vcpu(model, event->vm, event->vcpu);

    if (vcpu)
        vcpu->interrupts_taken++;
    return vcpu != NULL;
}

/* ---- The program ------------------------------------------------------------ */

static bool program_exit(SimModel *model, const SimRecord *record)
{
    const SimEventProgramExit *event = SIM_FIELDS(record, ProgramExit);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm)
        return false;
    vm->exited = true;
    vm->exit_code = event->code;
    return true;
}

static bool guest_fault(SimModel *model, const SimRecord *record)
{
    const SimEventGuestFault *event = SIM_FIELDS(record, GuestFault);
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    SimModelFault *fault;
    char **lines;

    if (!vm)
        return false;
    fault = &vm->fault;
    g_free(fault->message);
    g_free(fault->symbol);
    g_autofree char *text = sim_apply_text(record);
    lines = g_strsplit(text, "\n", 2);
    *fault = (SimModelFault){
        .count = fault->count + 1,
        .time = record->time,
        .fatal = event->fatal,
        .vector = event->vector,
        .vcpu = event->vcpu,
        .rip = event->rip,
        .cr2 = event->cr2,
        .error_code = event->error_code,
        .message = g_strdup(lines[0]),
        .symbol = lines[0] && lines[1] && *lines[1] ? g_strdup(lines[1]) : NULL,
    };
    g_strfreev(lines);
    return true;
}

static bool console(SimModel *model, const SimRecord *record)
{
    const SimEventConsole *event = SIM_FIELDS(record, Console);
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    size_t kept;

    if (!vm)
        return false;
    if (event->slot != SIM_MODEL_CONSOLE_SLOT)
        return true;
    kept = MIN(record->blob_size, SIM_MODEL_MAX_CONSOLE - sim_text_length(vm->console));
    if (kept > 0)
        sim_text_append(&vm->console, record->blob, kept);
    vm->console_lost += record->blob_size - kept;
    return true;
}

static bool throttle_set(SimModel *model, const SimRecord *record)
{
    const SimEventThrottleSet *event = SIM_FIELDS(record, ThrottleSet);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (vm) {
        vm->throttles[event->kind].rate = event->rate;
        vm->throttles[event->kind].burst = event->burst;
    }
    return vm != NULL;
}

static bool throttled(SimModel *model, const SimRecord *record)
{
    const SimEventThrottled *event = SIM_FIELDS(record, Throttled);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (vm)
        vm->throttles[event->kind].times++;
    return vm != NULL;
}

static bool mark(SimModel *model, const SimRecord *record)
{
    const SimEventMark *event = SIM_FIELDS(record, Mark);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (vm)
        vm->last_mark = event->number;
    return vm != NULL;
}

/* ---- Devices -------------------------------------------------------------- */

static SimModelNic *find_nic(SimModel *model, unsigned vm, unsigned nic)
{
    SimModelVm *owner = sim_apply_vm(model, vm);

    return owner && nic < owner->nic_count ? &owner->nics[nic] : NULL;
}

static bool queue_kick(SimModel *model, const SimRecord *record)
{
    SimModelVm *vm = sim_apply_vm(model, SIM_FIELDS(record, QueueKick)->vm);

    if (vm)
        vm->kicks++;
    return vm != NULL;
}

static bool device_error(SimModel *model, const SimRecord *record)
{
    const SimEventDeviceError *event = SIM_FIELDS(record, DeviceError);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (vm)
        vm->device_errors[event->kind]++;
    return vm != NULL;
}

static bool frame_sent(SimModel *model, const SimRecord *record)
{
    const SimEventFrameSent *event = SIM_FIELDS(record, FrameSent);
    SimModelNic *nic = find_nic(model, event->vm, event->nic);

    if (!nic)
        return false;
    nic->tx_frames++;
    nic->tx_bytes += event->length;
    return true;
}

static bool frame_received(SimModel *model, const SimRecord *record)
{
    const SimEventFrameReceived *event = SIM_FIELDS(record, FrameReceived);
    SimModelNic *nic = find_nic(model, event->vm, event->nic);

    if (!nic)
        return false;
    nic->rx_frames++;
    nic->rx_bytes += event->length;
    return true;
}

static bool frame_dropped(SimModel *model, const SimRecord *record)
{
    const SimEventFrameDropped *event = SIM_FIELDS(record, FrameDropped);
    SimModelNic *nic = find_nic(model, event->vm, event->nic);

    if (nic)
        nic->dropped[event->why]++;
    return nic != NULL;
}

void sim_apply_vm_handlers(SimHandler *table)
{
    table[SIM_EVENT_VM_STATE] = vm_state;
    table[SIM_EVENT_VCPU_STATE] = vcpu_state;
    table[SIM_EVENT_DISPATCH] = dispatch;
    table[SIM_EVENT_DESCHEDULE] = deschedule;
    table[SIM_EVENT_SCHED_PARAMS] = sched_params;
    table[SIM_EVENT_JOB_RELEASED] = job_released;
    table[SIM_EVENT_JOB_DONE] = job_done;
    table[SIM_EVENT_DEADLINE_MISSED] = deadline_missed;
    table[SIM_EVENT_EXIT] = guest_exit;
    table[SIM_EVENT_INTERRUPT_RAISED] = interrupt_raised;
    table[SIM_EVENT_INTERRUPT_TAKEN] = interrupt_taken;
    table[SIM_EVENT_PROGRAM_EXIT] = program_exit;
    table[SIM_EVENT_GUEST_FAULT] = guest_fault;
    table[SIM_EVENT_CONSOLE] = console;
    table[SIM_EVENT_MARK] = mark;
    table[SIM_EVENT_THROTTLE_SET] = throttle_set;
    table[SIM_EVENT_THROTTLED] = throttled;
    table[SIM_EVENT_QUEUE_KICK] = queue_kick;
    table[SIM_EVENT_DEVICE_ERROR] = device_error;
    table[SIM_EVENT_FRAME_SENT] = frame_sent;
    table[SIM_EVENT_FRAME_RECEIVED] = frame_received;
    table[SIM_EVENT_FRAME_DROPPED] = frame_dropped;
}
