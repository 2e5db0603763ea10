/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c: one VM's second-level page table and the accessors over it.
 *
 * The table is an array with an entry per guest page, its order that of the
 * guest's addresses. The accessors work in two passes: the first makes every
 * page of the range present (and writable), asking the fault hook; the second
 * copies. So an access that is refused half-way has transferred nothing.
 */
#include "hv-core/memory/memory.h"

#include <errno.h>
#include <string.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/limits.h"

/* Making one page of a range present may take another one of the same range
 * away when the host is short of memory. After this many attempts to have all
 * of them at once the access is refused. */
#define FAULT_ROUNDS 8

struct HvMemory {
    HvPool *pool;
    HvPageNo page_count;
    HvPageNo resident_count;
    HvMemoryEntry *table;
    HvMemoryFault fault;
    void *fault_user;
    HvMemoryListener listener;
};

HvMemory *hv_memory_new(HvPool *pool, uint64_t size_bytes, GError **error)
{
    if (size_bytes == 0 || size_bytes % HV_PAGE_SIZE != 0 || size_bytes > HV_MAX_VM_BYTES) {
        g_set_error(error, HV_ERROR, HV_ERROR_INVALID,
                    "a VM with %" G_GUINT64_FORMAT " bytes of memory: it must be a multiple of %u, "
                    "at most %u",
                    size_bytes, HV_PAGE_SIZE, HV_MAX_VM_BYTES);
        return NULL;
    }

    HvMemory *memory = g_new0(HvMemory, 1);
    memory->pool = pool;
    memory->page_count = (HvPageNo)(size_bytes / HV_PAGE_SIZE);
    memory->table = g_new0(HvMemoryEntry, memory->page_count);
    for (HvPageNo page = 0; page < memory->page_count; page++)
        memory->table[page].frame = HV_FRAME_NONE;
    return memory;
}

void hv_memory_free(HvMemory *memory)
{
    if (memory == NULL)
        return;
    for (HvPageNo page = 0; page < memory->page_count; page++)
        if (memory->table[page].frame != HV_FRAME_NONE)
            hv_pool_unref(memory->pool, memory->table[page].frame);
    g_free(memory->table);
    g_free(memory);
}

HvPool *hv_memory_pool(const HvMemory *memory)
{
    return memory->pool;
}

HvPageNo hv_memory_page_count(const HvMemory *memory)
{
    return memory->page_count;
}

HvPageNo hv_memory_resident_count(const HvMemory *memory)
{
    return memory->resident_count;
}

void hv_memory_set_fault(HvMemory *memory, HvMemoryFault fault, void *user)
{
    memory->fault = fault;
    memory->fault_user = user;
}

void hv_memory_set_listener(HvMemory *memory, const HvMemoryListener *listener)
{
    memory->listener = listener != NULL ? *listener : (HvMemoryListener){0};
}

const HvMemoryEntry *hv_memory_entry(const HvMemory *memory, HvPageNo page)
{
    g_assert(page < memory->page_count);
    return &memory->table[page];
}

/* ---- Changing the table ------------------------------------------------- */

static void tell_changing(HvMemory *memory, HvPageNo page)
{
    if (memory->listener.changing != NULL)
        memory->listener.changing(memory->listener.user, memory, page);
}

void hv_memory_map(HvMemory *memory, HvPageNo page, HvFrameNo frame, bool writable)
{
    g_assert(page < memory->page_count);
    g_assert(frame < hv_pool_frame_count(memory->pool));

    HvMemoryEntry *entry = &memory->table[page];
    HvFrameNo old = entry->frame;
    if (old != HV_FRAME_NONE)
        tell_changing(memory, page);
    entry->frame = frame;
    entry->writable = writable;
    entry->watched = false;
    if (old != HV_FRAME_NONE)
        hv_pool_unref(memory->pool, old);
    else
        memory->resident_count++;
    if (memory->listener.mapped != NULL)
        memory->listener.mapped(memory->listener.user, memory, page);
}

void hv_memory_unmap(HvMemory *memory, HvPageNo page)
{
    g_assert(page < memory->page_count);

    HvMemoryEntry *entry = &memory->table[page];
    HvFrameNo old = entry->frame;
    g_assert(old != HV_FRAME_NONE && !entry->pinned);
    tell_changing(memory, page);
    entry->frame = HV_FRAME_NONE;
    entry->writable = false;
    entry->watched = false;
    hv_pool_unref(memory->pool, old);
    memory->resident_count--;
}

void hv_memory_protect(HvMemory *memory, HvPageNo page, bool writable)
{
    g_assert(page < memory->page_count);

    HvMemoryEntry *entry = &memory->table[page];
    g_assert(entry->frame != HV_FRAME_NONE);
    if (entry->writable == writable)
        return;
    tell_changing(memory, page);
    entry->writable = writable;
}

void hv_memory_pin(HvMemory *memory, HvPageNo page)
{
    g_assert(page < memory->page_count);
    g_assert(memory->table[page].frame != HV_FRAME_NONE);
    memory->table[page].pinned = true;
}

void hv_memory_watch(HvMemory *memory, HvPageNo page, bool watched)
{
    g_assert(page < memory->page_count);

    HvMemoryEntry *entry = &memory->table[page];
    g_assert(entry->frame != HV_FRAME_NONE && !entry->pinned);
    if (entry->watched == watched)
        return;
    if (watched)
        tell_changing(memory, page);
    entry->watched = watched;
    if (!watched && memory->listener.mapped != NULL)
        memory->listener.mapped(memory->listener.user, memory, page);
}

/* ---- Accessors ---------------------------------------------------------- */

static bool in_range(const HvMemory *memory, HvGpa gpa, size_t size)
{
    uint64_t end = (uint64_t)memory->page_count * HV_PAGE_SIZE;

    return gpa.value <= end && size <= end - gpa.value;
}

static bool is_ready(const HvMemoryEntry *entry, bool write)
{
    return entry->frame != HV_FRAME_NONE && (entry->writable || !write);
}

/* Pages first..last are present, and writable if they are to be written. */
static bool make_ready(HvMemory *memory, HvPageNo first, HvPageNo last, bool write)
{
    for (int round = 0; round < FAULT_ROUNDS; round++) {
        bool asked = false;

        for (HvPageNo page = first; page <= last; page++) {
            if (is_ready(&memory->table[page], write))
                continue;
            if (memory->fault == NULL || !memory->fault(memory->fault_user, memory, page, write))
                return false;
            asked = true;
        }
        if (!asked)
            return true;
    }
    return false;
}

/* The bytes at gpa, which lie in one ready page. */
static uint8_t *ready_bytes(HvMemory *memory, uint64_t gpa)
{
    HvFrameNo frame = memory->table[gpa >> HV_PAGE_SHIFT].frame;

    return hv_pool_data(memory->pool) + (size_t)frame * HV_PAGE_SIZE + (gpa & HV_PAGE_MASK);
}

static size_t bytes_to_page_end(uint64_t gpa, size_t size)
{
    return MIN(size, HV_PAGE_SIZE - (gpa & HV_PAGE_MASK));
}

int hv_memory_read(HvMemory *memory, HvGpa gpa, void *buffer, size_t size)
{
    if (size == 0)
        return 0;
    if (!in_range(memory, gpa, size) ||
        !make_ready(memory, hv_gpa_page(gpa), hv_gpa_page(HV_GPA(gpa.value + size - 1)), false))
        return -EFAULT;

    uint8_t *to = buffer;
    for (uint64_t at = gpa.value; size > 0;) {
        size_t count = bytes_to_page_end(at, size);

        memcpy(to, ready_bytes(memory, at), count);
        to += count;
        at += count;
        size -= count;
    }
    return 0;
}

int hv_memory_write(HvMemory *memory, HvGpa gpa, const void *buffer, size_t size)
{
    if (size == 0)
        return 0;
    if (!in_range(memory, gpa, size) ||
        !make_ready(memory, hv_gpa_page(gpa), hv_gpa_page(HV_GPA(gpa.value + size - 1)), true))
        return -EFAULT;

    const uint8_t *from = buffer;
    for (uint64_t at = gpa.value; size > 0;) {
        size_t count = bytes_to_page_end(at, size);

        hv_pool_frame_written(memory->pool, memory->table[at >> HV_PAGE_SHIFT].frame);
        memcpy(ready_bytes(memory, at), from, count);
        from += count;
        at += count;
        size -= count;
    }
    return 0;
}
