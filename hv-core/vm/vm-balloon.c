/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm-balloon.c: what the host makes of the pages that a guest names to its balloon.
 *
 * A page that is given becomes absent: its page frame, or its slot of swap space, is
 * free at once. When it is touched again it gets a frame of zeroes like any other, and
 * is in the balloon no longer, whether the guest has taken it back first (as it must)
 * or not. So a guest that gives pages and goes on using them has not given them by
 * the host's count, and is asked again. A page given twice counts once; one that lies
 * outside, or is pinned, not at all. What the guest says about itself (`actual`) is
 * looked at by nobody.
 */
#include "hv-core/devices/virtio-balloon.h"
#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vm.h"

static HvDevice *device_of(const HvVm *vm)
{
    return vm->bus.slots[HV_SLOT_BALLOON];
}

bool hv_vm_is_ballooned(const HvVm *vm, HvPageNo page)
{
    return vm->page_marks != NULL && (vm->page_marks[page] & HV_MARK_BALLOONED);
}

static void deflate(HvVm *vm, HvPageNo page, bool used)
{
    vm->page_marks[page] &= (uint8_t)~HV_MARK_BALLOONED;
    vm->ballooned--;
    HV_REPORT(vm->host, page_deflated, hv_vm_stamp(vm), vm->number, page, used);
}

void hv_vm_balloon_touched(HvVm *vm, HvPageNo page)
{
    if (hv_vm_is_ballooned(vm, page))
        deflate(vm, page, true);
}

/* ---- What the guest names ------------------------------------------------ */

static HvBalloonRefusal why_not(const HvVm *vm, HvPageNo page, bool inflate)
{
    if (page >= hv_memory_page_count(vm->memory))
        return HV_BALLOON_OUTSIDE;
    if (hv_vm_is_ballooned(vm, page) != inflate)
        return HV_BALLOON_REFUSAL_COUNT;
    return inflate ? HV_BALLOON_TWICE : HV_BALLOON_NOT_GIVEN;
}

static void inflate_page(HvVm *vm, HvPageNo page)
{
    HvHost *host = vm->host;
    HvFrameNo frame = hv_memory_entry(vm->memory, page)->frame;
    if (frame != HV_FRAME_NONE)
        hv_host_drop_page(host, vm, page);
    else
        hv_pager_forget(host->pager, (HvPageRef){vm->number, page});
    if (vm->page_marks == NULL)
        vm->page_marks = g_malloc0(hv_memory_page_count(vm->memory));
    vm->page_marks[page] |= HV_MARK_BALLOONED;
    vm->ballooned++;
    HV_REPORT(host, page_ballooned, hv_vm_stamp(vm), vm->number, page, frame);
}

void hv_vm_balloon(HvVm *vm, bool inflate, const uint32_t *pages, uint32_t count)
{
    HvPageNo first[HV_BALLOON_REFUSAL_COUNT];
    uint32_t refused[HV_BALLOON_REFUSAL_COUNT] = {0};
    if (vm->released)
        return;
    for (uint32_t i = 0; i < count; i++) {
        HvBalloonRefusal why = why_not(vm, pages[i], inflate);
        if (why == HV_BALLOON_REFUSAL_COUNT && inflate &&
            hv_memory_entry(vm->memory, pages[i])->pinned)
            why = HV_BALLOON_PINNED;
        if (why == HV_BALLOON_REFUSAL_COUNT && inflate) {
            inflate_page(vm, pages[i]);
        } else if (why == HV_BALLOON_REFUSAL_COUNT) {
            deflate(vm, pages[i], false);
        } else {
            if (refused[why]++ == 0)
                first[why] = pages[i];
        }
    }
    for (unsigned why = 0; why < HV_BALLOON_REFUSAL_COUNT; why++)
        if (refused[why] > 0)
            HV_REPORT(vm->host, balloon_refused, hv_vm_stamp(vm), vm->number, first[why],
                      refused[why], (HvBalloonRefusal)why);
    hv_host_frames_came(vm->host, hv_vm_stamp(vm).time);
}

/* ---- What the host asks for ---------------------------------------------- */

bool hv_vm_can_balloon(const HvVm *vm)
{
    return device_of(vm) != NULL && vm->state == HV_VM_RUNNING && !vm->released &&
           hv_virtio_balloon_is_driven(device_of(vm));
}

HvPageNo hv_vm_balloon_target(const HvVm *vm)
{
    return device_of(vm) != NULL ? hv_virtio_balloon_target(device_of(vm)) : 0;
}

void hv_vm_ask_balloon(HvVm *vm, HvPageNo pages, HvBalloonWhy why)
{
    HvPageNo before = hv_vm_balloon_target(vm);
    pages = MIN(pages, hv_memory_page_count(vm->memory));
    if (pages == before)
        return;
    HV_REPORT(vm->host, balloon_target, hv_vm_stamp(vm), vm->number, pages, before, why);
    hv_virtio_balloon_set_target(device_of(vm), pages);
}

bool hv_vm_set_balloon(HvVm *vm, HvPageNo pages, HvTime now)
{
    bool over = vm->state != HV_VM_OFF && vm->state != HV_VM_RUNNING && vm->state != HV_VM_PAUSED;
    if (device_of(vm) == NULL || over || pages > hv_memory_page_count(vm->memory))
        return false;
    hv_host_begin_input(vm->host, now);
    vm->balloon_held = true;
    hv_vm_ask_balloon(vm, pages, HV_BALLOON_BY_COMMAND);
    return true;
}

bool hv_vm_release_balloon(HvVm *vm, HvTime now)
{
    if (!vm->balloon_held || vm->released)
        return false;
    hv_host_begin_input(vm->host, now);
    vm->balloon_held = false;
    if (!vm->host->config.memory.balloon)
        hv_vm_ask_balloon(vm, 0, HV_BALLOON_BY_COMMAND);
    return true;
}
