/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpu-access.c: what a vCPU cannot do by itself, in the middle of its run: the
 * exit path. Port I/O, device registers, and pages that are absent or read-only.
 *
 * The guest stops after each such access, because it was charged for it and
 * because what the access did must be seen by everyone before time goes on. Where
 * time is not exact anyhow and entering the guest is dear (kvm), it stops only
 * if the access led to something, or when the charges have added up.
 *
 * The exit is reported last, when its whole cost is known; all that it led to
 * carries the same time, that of the accessing instruction.
 */
#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vcpu.h"

static HvStamp stamp_now(const HvVcpu *vcpu)
{
    const HvPcpu *pcpu = vcpu->pcpu;
    HvTime guest = vcpu->run_begin + vcpu->run.used_ns;
    if (pcpu == NULL)
        return (HvStamp){vcpu->vm->host->now, HV_NO_PCPU}; /* a job boots, outside of time */
    return (HvStamp){MAX(pcpu->clock, guest) + vcpu->cost_ns, pcpu->number};
}

static bool is_write(const HvAccess *access)
{
    return access->kind == HV_ACCESS_WRITE || access->kind == HV_ACCESS_PORT_OUT;
}

static uint64_t all_ones(unsigned size)
{
    return size >= 8 ? UINT64_MAX : (UINT64_C(1) << (size * 8)) - 1;
}

/* The only port is that of debug output. */
static HvExitKind access_port(HvVm *vm, HvAccess *access)
{
    if (access->kind == HV_ACCESS_PORT_OUT && access->gpa.value == HV_PORT_DEBUG &&
        access->size == 1) {
        hv_vm_debug_output(vm, (uint8_t)access->value);
        return HV_EXIT_IO;
    }
    uint64_t value = is_write(access) ? access->value : 0;
    vm->bus.client->error(vm, HV_BUS_NO_SLOT, HV_DEVICE_BAD_ACCESS, access->gpa.value, value);
    access->value = is_write(access) ? value : all_ones(access->size);
    return HV_EXIT_IO;
}

static HvExitKind access_device(HvVm *vm, HvAccess *access)
{
    if (is_write(access))
        hv_bus_write(&vm->bus, access->gpa, access->size, access->value);
    else
        access->value = hv_bus_read(&vm->bus, access->gpa, access->size);
    return HV_EXIT_MMIO;
}

static bool is_memory(const HvVm *vm, const HvAccess *access)
{
    return access->gpa.value >> HV_PAGE_SHIFT < hv_memory_page_count(vm->memory);
}

static void report_exit(HvVcpu *vcpu, const HvAccess *access, HvExitKind kind, HvTime cost_ns)
{
    HvHost *host = vcpu->vm->host;
    if (host->config.observer.exit == NULL || vcpu->pcpu == NULL)
        return;
    HvCpuRegs regs;
    if (host->config.exit_registers)
        hv_cpu_get_regs(vcpu->cpu, &regs);
    HvExit exit = {
        .kind = kind,
        .rip = access->rip,
        .address = access->gpa.value,
        .value = access->value,
        .size = (uint8_t)access->size,
        .write = is_write(access),
        .cost_ns = cost_ns,
    };
    hv_vcpu_tell_exit(vcpu, &exit, &regs, vcpu->at);
}

/* See above. "Something": the vCPU is to leave, has an interrupt to take, or
 * somebody else has the turn before the step ends. */
static bool must_stop(const HvVcpu *vcpu)
{
    const HvHost *host = vcpu->vm->host;
    const HvPcpu *pcpu = vcpu->pcpu;
    HvTime least = host->config.backend->least_run_ns;
    if (pcpu == NULL || least == 0 || vcpu->cost_ns >= least / 10)
        return true;
    return vcpu->leave_to != HV_VCPU_RUNNING ||
           (hv_vcpu_has_interrupt(vcpu) && !vcpu->window_asked) || hv_host_has_output(host) ||
           hv_event_queue_time(&host->events) < pcpu->step_end ||
           vcpu->at.time + vcpu->cost_ns >= pcpu->step_end;
}

HvAccessResult hv_vcpu_access(void *user, HvCpu *cpu, HvAccess *access)
{
    HvVcpu *vcpu = user;
    HvVm *vm = vcpu->vm;
    if (access->kind == HV_ACCESS_FETCH) {
        vcpu->crash_why = HV_WHY_FETCH;
        return HV_ACCESS_CRASH;
    }

    HvTime cost_before = vcpu->cost_ns;
    HvAccessResult result = HV_ACCESS_DONE;
    HvExitKind kind;
    vcpu->at = stamp_now(vcpu);
    vm->acting = vcpu;
    if (access->kind == HV_ACCESS_PORT_IN || access->kind == HV_ACCESS_PORT_OUT) {
        kind = access_port(vm, access);
    } else if (is_memory(vm, access)) {
        kind = HV_EXIT_PAGE_FAULT;
        result = HV_ACCESS_RAM;
        vm->may_wait = vcpu->pcpu != NULL;
        hv_vm_resolve_access(vm, hv_gpa_page(access->gpa), is_write(access));
        vm->may_wait = false;
    } else {
        kind = access_device(vm, access);
    }
    if (vm->must_wait) {
        vm->must_wait = false;
        result = HV_ACCESS_BLOCK;
        hv_vcpu_leave(vcpu, HV_VCPU_BLOCKED, HV_WHY_MEMORY);
    }
    vm->acting = NULL;

    vcpu->cost_ns += vm->host->config.costs.exit_ns;
    if (vcpu->pcpu != NULL && result != HV_ACCESS_BLOCK) { /* which asks again */
        hv_throttle_count(vm, HV_THROTTLE_EXITS, 1, vcpu->at.time);
        hv_throttle_check(vcpu);
    }
    access->stop = must_stop(vcpu);
    report_exit(vcpu, access, kind, vcpu->cost_ns - cost_before);
    if (vm->out_of_memory) {
        vcpu->crash_why = HV_WHY_OUT_OF_MEMORY;
        return HV_ACCESS_CRASH;
    }
    return result;
}
