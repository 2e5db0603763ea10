/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm-commands.c: what the world outside does to a VM: start, pause, resume,
 * kill, change its weight, type on its console, hand it a frame (host.h).
 *
 * All of it happens in the host's turn. A vCPU that runs on a pCPU whose clock
 * is ahead leaves at that clock.
 */
#include "hv-core/devices/virtio-console.h"
#include "hv-core/devices/virtio-net.h"
#include "hv-core/vm/host-private.h"
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
    hv_vm_set_state(vm, HV_VM_RUNNING, HV_WHY_START, now);
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
    bool wakes = vcpu->held || hv_vcpu_has_interrupt(vcpu);
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
    if (weight == 0 || has_ended(vm))
        return false;
    hv_host_begin_input(vm->host, now);
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        vm->vcpus[i].sched.weight = weight;
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
