/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-slots.h: a VM's second-level page table as KVM memory slots.
 *
 * HvMemory's table says which guest page is which page frame. KVM is told the
 * same by memory slots. A *slot* tells KVM that a range of guest pages is a
 * range of this process's address space: slots cover exactly the present pages,
 * neighbours of equal writability together. What no slot covers, and a write to
 * a read-only slot, comes back from KVM as an MMIO exit.
 *
 * Where the frames of a range follow each other, as they do for what the loader
 * put in place and for every single page, the slot is a range of the pool itself.
 * Else it is one of the *window*: a range of addresses as long as the guest's
 * memory, in which those pages are their frames mapped from the pool's memfd.
 *
 * A slot can neither grow nor change, only come and go, and when one goes KVM
 * forgets what it had mapped and the guest faults its working set in anew.
 * Hence: changes of the table are only noted; hv_kvm_slots_update(), called
 * before the guest runs, does them in one batch. The first one makes few big
 * slots out of what the loader put in place. Afterwards a page that appears
 * gets a slot of its own, and when slots have become too many, those with a
 * neighbour that they could be one with are replaced by bigger ones.
 */
#pragma once

#include <glib.h>

#include "hv-core/memory/memory.h"
#include "hv-core/types.h"

typedef struct {
    HvPageNo first;
    HvPageNo count; /* 0: this number is free */
    bool writable;
    HvFrameNo frame; /* of the first page, and so on: in the pool; HV_FRAME_NONE: in the window */
} HvKvmSlot;

typedef struct {
    HvMemory *memory; /* borrowed */
    int vm_fd;        /* borrowed */
    HvPageNo page_count;

    uint8_t *window;
    HvFrameNo *window_frame; /* per page: the frame mapped there; HV_FRAME_NONE: none yet */

    GArray *slots;        /* HvKvmSlot; the index is KVM's slot number */
    GArray *free_numbers; /* uint16_t, a stack */
    uint16_t *page_slot;  /* per page: number of the slot that covers it */
    unsigned count;       /* slots in use */
    unsigned limit;       /* more than this many: merge */
    unsigned max;         /* what KVM allows */
    uint64_t merges;

    /* Pages whose entry may have changed since the last update: a bitmap, with
     * the range in which to look (dirty_first > dirty_last: none). */
    uint64_t *dirty;
    HvPageNo dirty_first;
    HvPageNo dirty_last;
} HvKvmSlots;

/* Becomes the memory's listener. max is KVM_CAP_NR_MEMSLOTS. On failure there
 * is nothing to clear. */
bool hv_kvm_slots_init(HvKvmSlots *slots, HvMemory *memory, int vm_fd, unsigned max,
                       GError **error);
void hv_kvm_slots_clear(HvKvmSlots *slots);

/* Makes KVM's view that of the table. Returns 0 or -errno, after which the VM
 * must not run again. */
int hv_kvm_slots_update(HvKvmSlots *slots);

static inline bool hv_kvm_slots_are_current(const HvKvmSlots *slots)
{
    return slots->dirty_first > slots->dirty_last;
}
