/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm-devices.c: a VM's devices, and what it does for them.
 *
 * Devices work either because a vCPU touches them (it is then vm->acting, and
 * everything carries the time of its access) or in the host's turn (a frame or
 * a line of text comes in). Interrupts of devices go to vCPU 0. When another
 * vCPU is the cause, vCPU 0 must not feel it before that time, so the interrupt
 * is posted.
 */
#include <string.h>

#include "hv-core/devices/platform.h"
#include "hv-core/devices/virtio-balloon.h"
#include "hv-core/devices/virtio-console.h"
#include "hv-core/devices/virtio-net.h"
#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vm.h"

/* ---- Interrupts --------------------------------------------------------- */

static void raise_on(HvVm *vm, HvVcpu *target, uint8_t vector, uint64_t frame_id)
{
    HvStamp at = hv_vm_stamp(vm);
    if (vm->acting == NULL || vm->acting == target)
        hv_vcpu_raise(target, vector, frame_id, at);
    else
        hv_host_post(vm->host,
                     &(HvPost){.vm = vm, .vcpu = target, .vector = vector, .frame_id = frame_id},
                     at.time);
}

static uint8_t vector_of(uint8_t slot)
{
    if (slot >= HV_SLOT_NIC0)
        return (uint8_t)(HV_VECTOR_NIC0 + slot - HV_SLOT_NIC0);
    return slot == HV_SLOT_CONTROL ? HV_VECTOR_CONTROL : HV_VECTOR_CONSOLE;
}

/* ---- HvDeviceClient ----------------------------------------------------- */

static void on_error(void *user, uint8_t slot, HvDeviceErrorKind kind, uint64_t address,
                     uint64_t value)
{
    HvVm *vm = user;
    HV_REPORT(vm->host, device_error, hv_vm_stamp(vm), vm->number, hv_vm_acting_vcpu(vm), slot,
              kind, address, value);
}

static void on_interrupt(void *user, uint8_t slot, uint64_t frame_id)
{
    HvVm *vm = user;
    raise_on(vm, &vm->vcpus[0], vector_of(slot), frame_id);
}

static void on_kick(void *user, uint8_t slot, uint16_t queue)
{
    HvVm *vm = user;
    HV_REPORT(vm->host, queue_kick, hv_vm_stamp(vm), vm->number, hv_vm_acting_vcpu(vm), slot,
              queue);
    if (vm->watch != NULL && vm->acting == &vm->vcpus[0])
        hv_vm_look_at_watch(vm, hv_vm_stamp(vm));
}

static void on_frame_sent(void *user, uint8_t slot, const uint8_t *bytes, uint32_t length)
{
    HvVm *vm = user;
    HvHost *host = vm->host;
    HvOutFrame *frame = g_malloc(sizeof(*frame) + length);
    hv_throttle_count(vm, HV_THROTTLE_DEVICE_OPERATIONS, 1, hv_vm_stamp(vm).time);
    frame->time = hv_vm_stamp(vm).time;
    frame->id = ++*host->config.frame_ids;
    frame->vm = vm->number;
    frame->nic = slot - HV_SLOT_NIC0;
    frame->length = length;
    memcpy(frame->bytes, bytes, length);
    g_queue_push_tail(&host->frames, frame);
    HV_REPORT(host, frame_sent, hv_vm_stamp(vm), vm->number, frame->nic, frame->id, bytes, length);
}

static void on_frame_received(void *user, uint8_t slot, uint64_t frame_id, uint32_t length)
{
    HvVm *vm = user;
    HV_REPORT(vm->host, frame_received, hv_vm_stamp(vm), vm->number, slot - HV_SLOT_NIC0, frame_id,
              length);
}

static void on_frame_dropped(void *user, uint8_t slot, uint64_t frame_id, HvRxDrop why)
{
    HvVm *vm = user;
    HV_REPORT(vm->host, frame_dropped, hv_vm_stamp(vm), vm->number, slot - HV_SLOT_NIC0, frame_id,
              why);
}

static void put_out(HvVm *vm, uint8_t slot, const uint8_t *bytes, uint32_t length)
{
    HvHost *host = vm->host;
    HV_REPORT(host, console, hv_vm_stamp(vm), vm->number, slot, bytes, length);
    if (slot != HV_SLOT_CONTROL)
        return;
    HvOutControl *control = g_malloc(sizeof(*control) + length);
    control->time = hv_vm_stamp(vm).time;
    control->vm = vm->number;
    control->length = length;
    memcpy(control->bytes, bytes, length);
    g_queue_push_tail(&host->controls, control);
}

static void on_balloon(void *user, bool inflate, const uint32_t *pages, uint32_t count)
{
    hv_vm_balloon(user, inflate, pages, count);
}

static void on_guest_memory(void *user, const HvGuestMemory *says)
{
    HvVm *vm = user;
    HV_REPORT(vm->host, guest_memory, hv_vm_stamp(vm), vm->number, says);
}

static void on_console_output(void *user, uint8_t slot, const uint8_t *bytes, uint32_t length)
{
    hv_throttle_count(user, HV_THROTTLE_DEVICE_OPERATIONS, 1, hv_vm_stamp(user).time);
    put_out(user, slot, bytes, length);
}

static const HvDeviceClient device_client = {
    .error = on_error,
    .interrupt = on_interrupt,
    .kick = on_kick,
    .frame_sent = on_frame_sent,
    .frame_received = on_frame_received,
    .frame_dropped = on_frame_dropped,
    .console_output = on_console_output,
    .balloon = on_balloon,
    .guest_memory = on_guest_memory,
};

void hv_vm_debug_output(HvVm *vm, uint8_t byte)
{
    put_out(vm, HV_SLOT_CONSOLE, &byte, 1);
}

/* ---- HvPlatformClient --------------------------------------------------- */

static HvTime get_now(void *user)
{
    return hv_vm_stamp(user).time;
}

static HvTime get_deadline(void *user)
{
    return ((HvVm *)user)->acting->deadline;
}

static void set_deadline(void *user, HvTime deadline)
{
    HvVm *vm = user;
    hv_vcpu_set_deadline(vm->acting, deadline, hv_vm_stamp(vm).time);
}

static void on_program_exit(void *user, uint32_t code)
{
    HvVm *vm = user;
    HV_REPORT(vm->host, program_exit, hv_vm_stamp(vm), vm->number, code);
}

static void on_power_off(void *user)
{
    HvVm *vm = user;
    hv_vcpu_leave(vm->acting, HV_VCPU_HALTED, HV_WHY_POWER_OFF);
    hv_vm_end_later(vm, HV_VM_HALTED, HV_WHY_POWER_OFF, hv_vm_stamp(vm).time);
}

static bool on_ipi(void *user, uint32_t vcpu, uint8_t vector)
{
    HvVm *vm = user;
    if (vcpu >= vm->vcpu_count)
        return false;
    raise_on(vm, &vm->vcpus[vcpu], vector, 0);
    return true;
}

static void on_fault(void *user, bool fatal, const HvCrashReport *report)
{
    HvVm *vm = user;
    const char *symbol = hv_elf_symbol(vm->elf, report->rip, NULL);
    HV_REPORT(vm->host, guest_fault, hv_vm_stamp(vm), vm->number, hv_vm_acting_vcpu(vm), fatal,
              report, symbol != NULL ? symbol : "");
    if (!fatal)
        return;
    hv_vcpu_leave(vm->acting, HV_VCPU_CRASHED, HV_WHY_GUEST_PANIC);
    hv_vm_end_later(vm, HV_VM_CRASHED, HV_WHY_GUEST_PANIC, hv_vm_stamp(vm).time);
}

static void on_yield(void *user)
{
    hv_vcpu_leave(((HvVm *)user)->acting, HV_VCPU_READY, HV_WHY_YIELD);
}

static void on_mark(void *user, uint64_t number)
{
    HvVm *vm = user;
    HV_REPORT(vm->host, mark, hv_vm_stamp(vm), vm->number, hv_vm_acting_vcpu(vm), number);
}

static void on_started(void *user)
{
    ((HvVm *)user)->started = true;
}

static const HvPlatformClient platform_client = {
    .now = get_now,
    .deadline = get_deadline,
    .set_deadline = set_deadline,
    .program_exit = on_program_exit,
    .power_off = on_power_off,
    .ipi = on_ipi,
    .fault = on_fault,
    .yield = on_yield,
    .mark = on_mark,
    .started = on_started,
};

/* ---- The bus ------------------------------------------------------------ */

void hv_vm_add_devices(HvVm *vm, const HvVmConfig *config)
{
    HvBus *bus = &vm->bus;
    hv_bus_init(bus, &device_client, vm);
    hv_bus_add(bus, hv_platform_new(vm->memory, &device_client, &platform_client, vm));
    hv_bus_add(bus, hv_virtio_console_new(HV_SLOT_CONSOLE, vm->memory, &device_client, vm));
    hv_bus_add(bus, hv_virtio_console_new(HV_SLOT_CONTROL, vm->memory, &device_client, vm));
    if (config->balloon)
        hv_bus_add(bus, hv_virtio_balloon_new(HV_SLOT_BALLOON, vm->memory,
                                              vm->host->config.memory.statistics_ns > 0,
                                              &device_client, vm));
    for (unsigned i = 0; i < config->nic_count; i++)
        hv_bus_add(bus,
                   hv_virtio_net_new((uint8_t)(HV_SLOT_NIC0 + i), vm->memory, config->nics[i].mac,
                                     config->nics[i].mtu, &device_client, vm));
}
