/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.h: the host's page frames and each VM's second-level page table.
 *
 * The simulated host has one pool of 4 KiB page frames (HvPool; a memfd, so
 * that the kvm backend can map single frames into a VM's window). Each VM has
 * an HvMemory: the table guest page -> page frame, with present, writable and
 * pinned bits. That table is the second-level page table, whichever backend
 * runs the VM: the emulated MMU reads it in its own TLB fill, and on KVM its
 * present ranges are the memslots.
 *
 * A page starts absent. Who decides which frame a touched page gets is not
 * this file: an absent page makes the CPU call HvCpuClient.access, a device
 * or loader goes through hv_memory_read/write, which call HvMemory's own fault
 * hook; both end in hv_memory_map(). Taking pages away is hv_memory_unmap().
 *
 * Listeners (the CPU backend) hear of every change before it takes effect for
 * the guest, so that they can drop slots and TLB entries.
 *
 * A page can be watched: it has its frame, but a CPU asks its client at every
 * access as if it had none. That is how a hypervisor learns which pages are in
 * use on hardware that does not tell: it takes the mapping away and waits.
 *
 * Decoded code: the emulated backend marks frames it has decoded code from
 * (hv_pool_mark_code). Everyone who writes a frame calls hv_pool_frame_written()
 * first or uses the accessors here, which do; a marked frame's code_version
 * then goes up and its mark is cleared.
 */
#pragma once

#include <glib.h>

#include "hv-core/types.h"

/* ---- The pool ----------------------------------------------------------- */

typedef struct HvPool HvPool;

typedef struct {
    uint32_t refs;         /* mappings of this frame; 0 = free */
    uint32_t code_version; /* goes up when a frame marked has_code is written */
    bool has_code;
} HvFrameInfo;

/* A pool of frame_count zeroed page frames (1..HV_MAX_POOL_FRAMES). */
HvPool *hv_pool_new(HvFrameNo frame_count, GError **error);
void hv_pool_free(HvPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvPool, hv_pool_free)

HvFrameNo hv_pool_frame_count(const HvPool *pool);
HvFrameNo hv_pool_free_count(const HvPool *pool);

/* The lowest free frame, zeroed, with one reference; HV_FRAME_NONE when all
 * are in use. Lowest first, so that equal runs get equal frames. */
HvFrameNo hv_pool_alloc(HvPool *pool);
void hv_pool_ref(HvPool *pool, HvFrameNo frame);
void hv_pool_unref(HvPool *pool, HvFrameNo frame);

/* The frame's 4096 bytes in this process. The base never moves: frame f is at
 * hv_pool_data(pool) + f * HV_PAGE_SIZE. Unallocated frames hold no host RAM. */
uint8_t *hv_pool_data(const HvPool *pool);
int hv_pool_fd(const HvPool *pool); /* the memfd, owned by the pool */
const HvFrameInfo *hv_pool_info(const HvPool *pool, HvFrameNo frame);
void hv_pool_mark_code(HvPool *pool, HvFrameNo frame);
void hv_pool_frame_written(HvPool *pool, HvFrameNo frame);

/* ---- One VM's memory ---------------------------------------------------- */

typedef struct HvMemory HvMemory;

typedef struct {
    HvFrameNo frame; /* HV_FRAME_NONE when absent */
    bool writable;
    bool pinned;  /* resident from load on, taken by no policy */
    bool watched; /* present, but every access by a CPU is asked for first */
} HvMemoryEntry;

typedef struct {
    /* Entry of page is about to change (unmapped, remapped, watched or its
     * writability changed). The old entry is still in place. */
    void (*changing)(void *user, HvMemory *memory, HvPageNo page);
    /* Entry of page has been mapped or is no longer watched; the new entry is in
     * place. */
    void (*mapped)(void *user, HvMemory *memory, HvPageNo page);
    void *user;
} HvMemoryListener;

/* Called by the accessors below when a device, the loader or a command touches
 * an absent page (or writes a read-only one). Makes it present (writable) with
 * hv_memory_map() and returns true, or returns false. */
typedef bool (*HvMemoryFault)(void *user, HvMemory *memory, HvPageNo page, bool write);

/* size_bytes is a multiple of HV_PAGE_SIZE. The pool must outlive the memory. */
HvMemory *hv_memory_new(HvPool *pool, uint64_t size_bytes, GError **error);
void hv_memory_free(HvMemory *memory); /* gives its frames back */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvMemory, hv_memory_free)

HvPool *hv_memory_pool(const HvMemory *memory);
HvPageNo hv_memory_page_count(const HvMemory *memory);
HvPageNo hv_memory_resident_count(const HvMemory *memory);
void hv_memory_set_fault(HvMemory *memory, HvMemoryFault fault, void *user);
/* The one listener; NULL: none. Copied. */
void hv_memory_set_listener(HvMemory *memory, const HvMemoryListener *listener);

/* The entry of page; page must be < page count. The table never moves. */
const HvMemoryEntry *hv_memory_entry(const HvMemory *memory, HvPageNo page);

/* Puts frame at page, taking over the caller's reference; the reference on a
 * frame that was there before is dropped. */
void hv_memory_map(HvMemory *memory, HvPageNo page, HvFrameNo frame, bool writable);
/* Makes a present page absent and drops its frame's reference. Not for pinned ones. */
void hv_memory_unmap(HvMemory *memory, HvPageNo page);
void hv_memory_protect(HvMemory *memory, HvPageNo page, bool writable);
void hv_memory_pin(HvMemory *memory, HvPageNo page); /* the page must be present */
/* From now on CPUs ask before they access the page, or no longer do. A CPU on
 * kvm can ask only once: its client then ends the watch. Not for pinned pages;
 * the page must be present, and mapping it anew ends the watch. */
void hv_memory_watch(HvMemory *memory, HvPageNo page, bool watched);

/* The one way for devices, loader and commands to touch guest memory. Returns
 * 0, or -EFAULT when any byte is outside the VM's memory or the fault hook
 * refused; then nothing was transferred. */
int hv_memory_read(HvMemory *memory, HvGpa gpa, void *buffer, size_t size);
int hv_memory_write(HvMemory *memory, HvGpa gpa, const void *buffer, size_t size);
