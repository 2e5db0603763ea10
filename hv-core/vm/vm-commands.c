/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm-commands.c: what the world outside does to a VM: start, pause, resume,
 * kill, change its weight or limits, type on its console, hand it a frame (host.h).
 *
 * All of it happens in the host's turn. A vCPU that runs on a pCPU whose clock
 * is ahead leaves at that clock.
 */
#include "hv-core/devices/virtio-console.h"
#include "hv-core/devices/virtio-net.h"
#include "hv-core/vm/host-private.h"
#include "hv-core/vm/job.h"
#include "hv-core/vm/vm.h"

static bool has_ended(const HvVm *vm)
{
    return vm->state == HV_VM_HALTED || vm->state == HV_VM_CRASHED || vm->state == HV_VM_KILLED;
}

bool hv_vm_start(HvVm *vm, HvTime now)
{
    if (vm->state != HV_VM_OFF)
        return false;
    hv_host_begin_input(vm->host, now);
    if (!hv_host_can_promise(vm->host, vm, now))
        return false;
    hv_vm_set_state(vm, HV_VM_RUNNING, HV_WHY_START, now);
    if (vm->vcpus[0].job != NULL && !hv_job_start(&vm->vcpus[0], now))
        return true; /* its guest did not boot: an event, like any crash */
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        hv_vcpu_make_ready(&vm->vcpus[i], HV_READY_NEW, HV_WHY_START, now);
    return true;
}

/* A vCPU that waits for an interrupt goes on waiting; one that runs or could
 * run is held until the VM is resumed. */
static void hold_vcpu(HvVcpu *vcpu, HvTime now)
{
    if (vcpu->state == HV_VCPU_RUNNING) {
        bool halting = vcpu->leave_why == HV_WHY_HLT && !hv_vcpu_has_interrupt(vcpu);
        if (!halting)
            hv_vcpu_evict(vcpu, HV_VCPU_BLOCKED, HV_WHY_PAUSE);
        vcpu->held = !halting;
    } else if (vcpu->state == HV_VCPU_READY) {
        hv_dispatch_unready(vcpu, now);
        hv_vcpu_set_state(vcpu, HV_VCPU_BLOCKED, HV_WHY_PAUSE, (HvStamp){now, HV_NO_PCPU});
        vcpu->held = true;
    }
}

static void release_vcpu(HvVcpu *vcpu, HvTime now)
{
    bool wakes =
        vcpu->held || vcpu->needs_frame || (hv_vcpu_has_interrupt(vcpu) && !vcpu->throttled);
    if (vcpu->state == HV_VCPU_RUNNING && vcpu->leave_why == HV_WHY_PAUSE)
        hv_vcpu_stay(vcpu); /* it has not left yet */
    else if (vcpu->state == HV_VCPU_BLOCKED && wakes)
        hv_vcpu_make_ready(vcpu, HV_READY_WOKEN, HV_WHY_RESUME, now);
    vcpu->held = false;
}

bool hv_vm_pause(HvVm *vm, HvTime now)
{
    if (vm->state != HV_VM_RUNNING)
        return false;
    hv_host_begin_input(vm->host, now);
    hv_vm_set_state(vm, HV_VM_PAUSED, HV_WHY_PAUSE, now);
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        hold_vcpu(&vm->vcpus[i], now);
    return true;
}

bool hv_vm_resume(HvVm *vm, HvTime now)
{
    if (vm->state != HV_VM_PAUSED)
        return false;
    hv_host_begin_input(vm->host, now);
    hv_vm_set_state(vm, HV_VM_RUNNING, HV_WHY_RESUME, now);
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        release_vcpu(&vm->vcpus[i], now);
    return true;
}

bool hv_vm_kill(HvVm *vm, HvTime now)
{
    if (vm->state != HV_VM_RUNNING && vm->state != HV_VM_PAUSED)
        return false;
    hv_host_begin_input(vm->host, now);
    hv_vm_end(vm, HV_VM_KILLED, HV_WHY_KILL, now);
    return true;
}

bool hv_vm_set_weight(HvVm *vm, uint32_t weight, HvTime now)
{
    return hv_vm_set_sched(vm, -1, &(HvSchedParams){.weight = weight}, HV_SET_WEIGHT, now);
}

static HvSchedParams merge(const HvSchedParams *old, const HvSchedParams *new, unsigned what)
{
    HvSchedParams params = *old;
    if (what & HV_SET_WEIGHT)
        params.weight = new->weight;
    if (what & HV_SET_PRIORITY)
        params.priority = new->priority;
    if (what & HV_SET_CAP)
        params.cap_ppm = new->cap_ppm;
    if (what & HV_SET_RESERVATION)
        params.reservation_ppm = new->reservation_ppm;
    if (what & HV_SET_AFFINITY)
        params.affinity = new->affinity;
    if (what & HV_SET_PERIOD)
        params.period_ns = new->period_ns;
    if (what & HV_SET_SLICE)
        params.slice_ns = new->slice_ns;
    return params;
}

static void set_sched(HvVcpu *vcpu, const HvSchedParams *params, HvTime now)
{
    HvHost *host = vcpu->vm->host;
    HV_REPORT(host, sched_params, (HvStamp){now, HV_NO_PCPU}, vcpu->sched.vm, vcpu->sched.vcpu,
              params);
    hv_dispatch_change(vcpu, params, now);
}

bool hv_vm_set_sched(HvVm *vm, int number, const HvSchedParams *params, unsigned what, HvTime now)
{
    HvSchedParams wanted = *params;
    if (has_ended(vm) || number >= (int)vm->vcpu_count ||
        ((what & HV_SET_WEIGHT) && wanted.weight == 0))
        return false;
    wanted.affinity = hv_host_affinity(vm->host, wanted.affinity);
    if ((what & HV_SET_AFFINITY) && wanted.affinity == 0)
        return false;
    if (number < 0 && (what & HV_SET_CAP) && wanted.cap_ppm != 0)
        wanted.cap_ppm = MAX(wanted.cap_ppm / vm->vcpu_count, 1);
    if (number < 0)
        wanted.reservation_ppm /= vm->vcpu_count;
    hv_host_begin_input(vm->host, now);
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        HvVcpu *vcpu = &vm->vcpus[i];
        HvSchedParams merged = merge(&vcpu->sched.params, &wanted, what);
        if ((number < 0 || number == (int)i) && vcpu->state != HV_VCPU_HALTED &&
            vcpu->state != HV_VCPU_CRASHED)
            set_sched(vcpu, &merged, now);
    }
    return true;
}

bool hv_vm_set_throttle(HvVm *vm, HvThrottleKind kind, HvThrottle limit, HvTime now)
{
    if (has_ended(vm))
        return false;
    hv_host_begin_input(vm->host, now);
    hv_throttle_set(vm, kind, limit, now);
    return true;
}

/* ---- Input to devices --------------------------------------------------- */

/* A device may have needed a page for it. */
static void end_device_input(HvVm *vm, HvTime now)
{
    if (vm->out_of_memory)
        hv_vm_end(vm, HV_VM_CRASHED, HV_WHY_OUT_OF_MEMORY, now);
}

bool hv_vm_console_write(HvVm *vm, uint8_t slot, const void *bytes, size_t size, HvTime now)
{
    if (has_ended(vm) || (slot != HV_SLOT_CONSOLE && slot != HV_SLOT_CONTROL))
        return false;
    hv_host_begin_input(vm->host, now);
    bool taken = hv_virtio_console_input(vm->bus.slots[slot], bytes, size);
    end_device_input(vm, now);
    return taken;
}

void hv_host_deliver(HvHost *host, uint16_t number, uint8_t nic, uint64_t frame_id,
                     const uint8_t *bytes, uint32_t length, HvTime now)
{
    HvVm *vm = hv_host_vm(host, number);
    g_return_if_fail(vm != NULL && length <= HV_MAX_FRAME_BYTES);
    g_return_if_fail(nic < HV_MAX_NICS_PER_VM && vm->bus.slots[HV_SLOT_NIC0 + nic] != NULL);
    hv_host_begin_input(host, now);
    if (vm->state != HV_VM_RUNNING) {
        HV_REPORT(host, frame_dropped, (HvStamp){now, HV_NO_PCPU}, number, nic, frame_id,
                  HV_RX_DROP_NOT_READY);
        return;
    }
    hv_virtio_net_receive(vm->bus.slots[HV_SLOT_NIC0 + nic], frame_id, bytes, length);
    end_device_input(vm, now);
}
