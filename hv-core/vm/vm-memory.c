/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm-memory.c: a page is touched that has no page frame, or may not be written, or
 * is watched: the second-level page fault.
 *
 * A page that a guest, or a device on its behalf, touches for the first time gets
 * a frame of zeroes; one that was swapped out gets a frame and its contents back.
 * Which frame that is, and whose it was, is the pager's affair; whether its neighbours
 * come with it, that of vm-blocks.c. A page that is
 * mapped read-only shares its frame with others, or did: a write breaks the sharing
 * with a copy, or takes the frame over when nobody else is left. When no frame is
 * left and none can be taken, the VM that needs one crashes, and the others go on.
 */
#include <string.h>

#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vm.h"

static uint8_t *frame_bytes(HvPool *pool, HvFrameNo frame)
{
    return hv_pool_data(pool) + (size_t)frame * HV_PAGE_SIZE;
}

static HvPageRef page_ref(const HvVm *vm, HvPageNo page)
{
    return (HvPageRef){vm->number, page};
}

static void report(HvVm *vm, HvPageNo page)
{
    const HvMemoryEntry *entry = hv_memory_entry(vm->memory, page);
    vm->page_time = hv_vm_stamp(vm).time;
    HV_REPORT(vm->host, page_mapped, hv_vm_stamp(vm), vm->number, page, entry->frame,
              entry->writable, entry->pinned, true);
}

static void charge(HvVm *vm, HvTime cost_ns)
{
    if (vm->acting != NULL)
        vm->acting->cost_ns += cost_ns;
}

/* ---- Frames --------------------------------------------------------------- */

static HvFrameNo take_frame(HvVm *vm, HvPageRef *ret_victim)
{
    HvFrameNo frame =
        vm->released ? HV_FRAME_NONE : hv_host_take_frame_for(vm->host, vm, ret_victim);
    if (frame == HV_FRAME_NONE && !vm->must_wait)
        vm->out_of_memory = true;
    return frame;
}

static void map(HvVm *vm, HvPageNo page, HvFrameNo frame)
{
    hv_memory_map(vm->memory, page, frame, true);
    vm->host->in_hand = HV_FRAME_NONE;
    hv_pager_mapped(vm->host->pager, page_ref(vm, page));
    report(vm, page);
    charge(vm, vm->host->config.costs.fault_ns);
}

/* Maps a frame that was taken for a page which is absent. */
static void fill(HvVm *vm, HvPageNo page, HvFrameNo frame)
{
    HvHost *host = vm->host;
    uint32_t slot;
    hv_vm_balloon_touched(vm, page);
    if (hv_pager_swap_in(host->pager, page_ref(vm, page), frame, &slot)) {
        HV_REPORT(host, swapped_in, hv_vm_stamp(vm), vm->number, page, frame, slot);
        charge(vm, host->config.costs.swap_in_ns);
    }
    map(vm, page, frame);
}

static bool bring_in(HvVm *vm, HvPageNo page, HvPageRef *ret_victim)
{
    HvFrameNo frame = take_frame(vm, ret_victim);
    if (frame == HV_FRAME_NONE)
        return false;
    bool fresh = !hv_pager_is_swapped(vm->host->pager, page_ref(vm, page));
    fill(vm, page, frame);
    if (fresh)
        hv_vm_map_block(vm, page);
    return true;
}

/* The page is to have a frame of its own, and no longer the one that it shares. */
static void leave_frame(HvVm *vm, HvPageNo page)
{
    HvHost *host = vm->host;
    HvPageRef ref = page_ref(vm, page);
    host->needy = vm;
    if (hv_sharing_has(host->sharing, ref))
        hv_sharing_leave(host->sharing, ref);
    else if (hv_pager_is_pageable(host->pager, ref))
        hv_pager_unmapped(host->pager, ref);
    host->needy = NULL;
}

/* A page that shares its frame is written. Where frames are scarce, taking one for it
 * may have sent the page itself to swap space, or those that it shared with. */
static bool break_sharing(HvVm *vm, HvPageNo page)
{
    HvPool *pool = vm->host->pool;
    const HvMemoryEntry *entry = hv_memory_entry(vm->memory, page);
    HvFrameNo frame = take_frame(vm, NULL);
    if (frame == HV_FRAME_NONE)
        return false;
    if (entry->frame == HV_FRAME_NONE) {
        fill(vm, page, frame);
        return true;
    }
    memcpy(frame_bytes(pool, frame), frame_bytes(pool, entry->frame), HV_PAGE_SIZE);
    leave_frame(vm, page);
    map(vm, page, frame);
    charge(vm, vm->host->config.costs.copy_ns);
    return true;
}

static bool make_writable(HvVm *vm, HvPageNo page)
{
    const HvMemoryEntry *entry = hv_memory_entry(vm->memory, page);
    if (entry->writable)
        return true;
    if (hv_pool_info(vm->host->pool, entry->frame)->refs > 1)
        return break_sharing(vm, page);
    hv_memory_protect(vm->memory, page, true);
    if (!entry->pinned && !hv_pager_is_pageable(vm->host->pager, page_ref(vm, page)))
        hv_pager_mapped(vm->host->pager, page_ref(vm, page));
    report(vm, page);
    return true;
}

bool hv_vm_resolve_fault(HvVm *vm, HvPageNo page, bool write)
{
    if (hv_memory_entry(vm->memory, page)->frame == HV_FRAME_NONE)
        return bring_in(vm, page, NULL);
    return !write || make_writable(vm, page);
}

bool hv_vm_memory_fault(void *user, HvMemory *memory, HvPageNo page, bool write)
{
    return hv_vm_resolve_fault(user, page, write);
}

/* ---- References ----------------------------------------------------------- */

bool hv_vm_resolve_access(HvVm *vm, HvPageNo page, bool write)
{
    HvHost *host = vm->host;
    HvPageRef victim = {.page = HV_NO_PAGE};
    bool hit = hv_memory_entry(vm->memory, page)->frame != HV_FRAME_NONE;
    hv_host_page_used(vm, page);
    if (!hit && !bring_in(vm, page, &victim))
        return false;
    if (write && !make_writable(vm, page))
        return false;
    if (!hv_pager_is_pageable(host->pager, page_ref(vm, page)))
        return true;
    hv_pager_referenced(host->pager, page_ref(vm, page), write);
    if (!host->config.memory.trace_references)
        return true;
    const HvPageReference reference = {
        .page = page,
        .write = write,
        .hit = hit,
        .evicted = victim.page != HV_NO_PAGE,
        .evicted_vm = victim.vm,
        .evicted_page = victim.page,
    };
    HV_REPORT(host, page_referenced, hv_vm_stamp(vm), vm->number, hv_vm_acting_vcpu(vm),
              &reference);
    return true;
}
