/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm-memory.c: which page frame a touched page gets.
 *
 * A page that a guest, or a device on its behalf, touches for the first time
 * gets the lowest free frame of the host. A page that is mapped read-only
 * shares its frame with others, or did: a write breaks the sharing with a copy,
 * or takes the frame over when nobody else is left. When no frame is left the
 * VM has had more than the host has; then it crashes, and the others go on.
 * Policies for memory (balloon, swap) would begin here, before that.
 */
#include <string.h>

#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vm.h"

static uint8_t *frame_bytes(HvPool *pool, HvFrameNo frame)
{
    return hv_pool_data(pool) + (size_t)frame * HV_PAGE_SIZE;
}

static void report(HvVm *vm, HvPageNo page)
{
    const HvMemoryEntry *entry = hv_memory_entry(vm->memory, page);
    HV_REPORT(vm->host, page_mapped, hv_vm_stamp(vm), vm->number, page, entry->frame,
              entry->writable, entry->pinned, true);
}

static bool give_frame(HvVm *vm, HvPageNo page, HvFrameNo copy_of)
{
    HvPool *pool = vm->host->pool;
    HvFrameNo frame = hv_pool_alloc(pool);
    if (frame == HV_FRAME_NONE) {
        vm->out_of_memory = true;
        return false;
    }
    if (copy_of != HV_FRAME_NONE)
        memcpy(frame_bytes(pool, frame), frame_bytes(pool, copy_of), HV_PAGE_SIZE);
    hv_memory_map(vm->memory, page, frame, true);
    report(vm, page);
    if (vm->acting != NULL)
        vm->acting->cost_ns += vm->host->config.costs.fault_ns;
    return true;
}

bool hv_vm_resolve_fault(HvVm *vm, HvPageNo page, bool write)
{
    const HvMemoryEntry *entry = hv_memory_entry(vm->memory, page);
    HvFrameNo frame = entry->frame;
    if (frame == HV_FRAME_NONE)
        return give_frame(vm, page, HV_FRAME_NONE);
    if (!write || entry->writable)
        return true;
    if (hv_pool_info(vm->host->pool, frame)->refs > 1)
        return give_frame(vm, page, frame);
    hv_memory_protect(vm->memory, page, true);
    report(vm, page);
    return true;
}

bool hv_vm_memory_fault(void *user, HvMemory *memory, HvPageNo page, bool write)
{
    return hv_vm_resolve_fault(user, page, write);
}
