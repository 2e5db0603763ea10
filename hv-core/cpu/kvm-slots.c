/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-slots.c: keeps KVM's memory slots equal to the second-level table.
 *
 * An update has four steps over the pages marked dirty: delete the slots that
 * say something wrong about one of them (all pages of a deleted slot become
 * dirty), delete what should be merged, map other frames into the window where
 * its slots stay, create slots over what is present and uncovered. So splitting,
 * merging and growing are all the same: delete, then create over maximal ranges.
 */
#include "hv-core/cpu/kvm-slots.h"

#include <errno.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "hv-core/cpu/cpu.h"

#define WORD_BITS      64u
#define NO_SLOT        UINT16_MAX
#define MIN_LIMIT      256u /* slots that are not worth merging */
#define PAGES_PER_SLOT 16u  /* slots allowed for a VM with many pages: resident / this */

/* ---- Dirty pages -------------------------------------------------------- */

static void mark_dirty(HvKvmSlots *slots, HvPageNo first, HvPageNo count)
{
    for (HvPageNo page = first; page < first + count; page++)
        slots->dirty[page / WORD_BITS] |= UINT64_C(1) << (page % WORD_BITS);
    slots->dirty_first = MIN(slots->dirty_first, first);
    slots->dirty_last = MAX(slots->dirty_last, first + count - 1);
}

/* The first dirty page at or after page; page_count when there is none. */
static HvPageNo next_dirty(const HvKvmSlots *slots, HvPageNo page)
{
    while (page <= slots->dirty_last) {
        uint64_t word = slots->dirty[page / WORD_BITS] >> (page % WORD_BITS);

        if (word != 0)
            return page + (HvPageNo)__builtin_ctzll(word);
        page = (page / WORD_BITS + 1) * WORD_BITS;
    }
    return slots->page_count;
}

static void forget_dirty(HvKvmSlots *slots)
{
    for (HvPageNo i = slots->dirty_first / WORD_BITS; i <= slots->dirty_last / WORD_BITS; i++)
        slots->dirty[i] = 0;
    slots->dirty_first = slots->page_count;
    slots->dirty_last = 0;
}

static void on_change(void *user, HvMemory *memory, HvPageNo page)
{
    mark_dirty(user, page, 1);
}

/* ---- Single slots ------------------------------------------------------- */

static int set_region(HvKvmSlots *slots, uint16_t number, const HvKvmSlot *slot, bool present)
{
    uint64_t offset = (uint64_t)slot->first * HV_PAGE_SIZE;
    const uint8_t *address =
        slot->frame == HV_FRAME_NONE
            ? slots->window + offset
            : hv_pool_data(hv_memory_pool(slots->memory)) + (size_t)slot->frame * HV_PAGE_SIZE;
    struct kvm_userspace_memory_region region = {
        .slot = number,
        .flags = slot->writable ? 0 : KVM_MEM_READONLY,
        .guest_phys_addr = offset,
        .memory_size = present ? (uint64_t)slot->count * HV_PAGE_SIZE : 0,
        .userspace_addr = (uintptr_t)address,
    };

    return ioctl(slots->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}

static void set_page_slots(HvKvmSlots *slots, const HvKvmSlot *slot, uint16_t number)
{
    for (HvPageNo page = slot->first; page < slot->first + slot->count; page++)
        slots->page_slot[page] = number;
}

static int create_slot(HvKvmSlots *slots, const HvKvmSlot *slot)
{
    uint16_t number;

    if (slots->free_numbers->len > 0) {
        number = g_array_index(slots->free_numbers, uint16_t, slots->free_numbers->len - 1);
        g_array_set_size(slots->free_numbers, slots->free_numbers->len - 1);
    } else if (slots->slots->len < slots->max) {
        number = (uint16_t)slots->slots->len;
        g_array_set_size(slots->slots, slots->slots->len + 1);
    } else {
        return -ENOSPC;
    }
    g_array_index(slots->slots, HvKvmSlot, number) = *slot;
    set_page_slots(slots, slot, number);
    slots->count++;
    return set_region(slots, number, slot, true);
}

static int delete_slot(HvKvmSlots *slots, uint16_t number)
{
    HvKvmSlot slot = g_array_index(slots->slots, HvKvmSlot, number);

    g_array_index(slots->slots, HvKvmSlot, number).count = 0;
    g_array_append_val(slots->free_numbers, number);
    set_page_slots(slots, &slot, NO_SLOT);
    mark_dirty(slots, slot.first, slot.count);
    slots->count--;
    return set_region(slots, number, &slot, false);
}

/* ---- The steps of an update --------------------------------------------- */

/* KVM may let the guest access this page without asking. */
static bool is_free_to_use(const HvMemoryEntry *entry)
{
    return entry->frame != HV_FRAME_NONE && !entry->watched;
}

static bool is_other_kind(const HvKvmSlot *slot, const HvMemoryEntry *entry)
{
    return !is_free_to_use(entry) || entry->writable != slot->writable;
}

/* Which frame a page of the window is can change beneath its slot. */
static bool is_wrong(const HvKvmSlot *slot, const HvMemoryEntry *entry, HvPageNo page)
{
    return is_other_kind(slot, entry) ||
           (slot->frame != HV_FRAME_NONE && entry->frame != slot->frame + (page - slot->first));
}

static int delete_wrong_slots(HvKvmSlots *slots)
{
    HvPageNo page = next_dirty(slots, slots->dirty_first);

    for (; page < slots->page_count; page = next_dirty(slots, page + 1)) {
        uint16_t number = slots->page_slot[page];

        if (number == NO_SLOT || !is_wrong(&g_array_index(slots->slots, HvKvmSlot, number),
                                           hv_memory_entry(slots->memory, page), page))
            continue;
        int ret = delete_slot(slots, number);
        if (ret < 0)
            return ret;
    }
    return 0;
}

/* The end of the range of dirty, present, uncovered pages of one writability
 * that begins at page; page itself when it is none of those. */
static HvPageNo range_end(const HvKvmSlots *slots, HvPageNo page)
{
    bool writable = hv_memory_entry(slots->memory, page)->writable;

    while (page < slots->page_count && slots->page_slot[page] == NO_SLOT) {
        const HvMemoryEntry *entry = hv_memory_entry(slots->memory, page);

        if (!is_free_to_use(entry) || entry->writable != writable ||
            next_dirty(slots, page) != page)
            break;
        page++;
    }
    return page;
}

static unsigned count_new_ranges(const HvKvmSlots *slots)
{
    HvPageNo page = next_dirty(slots, slots->dirty_first);
    unsigned count = 0;

    while (page < slots->page_count) {
        HvPageNo end = range_end(slots, page);

        if (end > page)
            count++;
        page = next_dirty(slots, MAX(end, page + 1));
    }
    return count;
}

/* Could the slot also cover page, which is next to it? */
static bool could_cover(const HvKvmSlots *slots, const HvKvmSlot *slot, HvPageNo page)
{
    return page < slots->page_count && !is_other_kind(slot, hv_memory_entry(slots->memory, page));
}

/* When there are to be too many slots: deletes those that a new one could
 * cover together with a neighbour, and sets the limit so that the next time
 * comes only after many more pages. */
static int make_room(HvKvmSlots *slots)
{
    if (slots->count + count_new_ranges(slots) <= slots->limit)
        return 0;

    for (guint i = 0; i < slots->slots->len; i++) {
        const HvKvmSlot *slot = &g_array_index(slots->slots, HvKvmSlot, i);

        /* Page 0 has none before it: 0 - 1 is outside. */
        if (slot->count == 0 || !(could_cover(slots, slot, slot->first - 1) ||
                                  could_cover(slots, slot, slot->first + slot->count)))
            continue;
        int ret = delete_slot(slots, (uint16_t)i);
        if (ret < 0)
            return ret;
    }
    unsigned needed = slots->count + count_new_ranges(slots);
    unsigned by_size = hv_memory_resident_count(slots->memory) / PAGES_PER_SLOT;
    slots->limit = MIN(slots->max, MAX(MAX(MIN_LIMIT, by_size), 2 * needed));
    slots->merges++;
    return 0;
}

static int map_frames(HvKvmSlots *slots, HvPageNo page, HvPageNo count, HvFrameNo frame)
{
    size_t length = (size_t)count * HV_PAGE_SIZE;
    void *address = slots->window + (size_t)page * HV_PAGE_SIZE;

    if (mmap(address, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
             hv_pool_fd(hv_memory_pool(slots->memory)), (off_t)frame * HV_PAGE_SIZE) == MAP_FAILED)
        return -errno;
    for (HvPageNo i = 0; i < count; i++)
        slots->window_frame[page + i] = frame + i;
    return 0;
}

static HvFrameNo frame_of(const HvKvmSlots *slots, HvPageNo page)
{
    return hv_memory_entry(slots->memory, page)->frame;
}

/* The end of the pages from first on, before end, whose frames follow each other. */
static HvPageNo run_end(const HvKvmSlots *slots, HvPageNo first, HvPageNo end)
{
    HvPageNo page = first + 1;

    while (page < end && frame_of(slots, page) == frame_of(slots, first) + (page - first))
        page++;
    return page;
}

static bool is_mapped(const HvKvmSlots *slots, HvPageNo first, HvPageNo end)
{
    for (HvPageNo page = first; page < end; page++)
        if (slots->window_frame[page] != frame_of(slots, page))
            return false;
    return true;
}

/* What became absent stays mapped: nothing but KVM reads the window, through slots. */
static int map_range(HvKvmSlots *slots, HvPageNo first, HvPageNo end)
{
    while (first < end) {
        HvPageNo next = run_end(slots, first, end);
        int ret = 0;

        if (!is_mapped(slots, first, next))
            ret = map_frames(slots, first, next - first, frame_of(slots, first));
        if (ret < 0)
            return ret;
        first = next;
    }
    return 0;
}

/* The pages of slots that stay and lie in the window. */
static int update_window(HvKvmSlots *slots)
{
    HvPageNo page = next_dirty(slots, slots->dirty_first);

    for (; page < slots->page_count; page = next_dirty(slots, page + 1)) {
        uint16_t number = slots->page_slot[page];
        int ret = 0;

        if (number != NO_SLOT &&
            g_array_index(slots->slots, HvKvmSlot, number).frame == HV_FRAME_NONE)
            ret = map_range(slots, page, page + 1);
        if (ret < 0)
            return ret;
    }
    return 0;
}

static int cover(HvKvmSlots *slots, HvPageNo first, HvPageNo end)
{
    const HvMemoryEntry *entry = hv_memory_entry(slots->memory, first);
    HvKvmSlot slot = {first, end - first, entry->writable, entry->frame};

    if (run_end(slots, first, end) < end) {
        int ret = map_range(slots, first, end);
        if (ret < 0)
            return ret;
        slot.frame = HV_FRAME_NONE;
    }
    return create_slot(slots, &slot);
}

static int create_slots(HvKvmSlots *slots)
{
    HvPageNo page = next_dirty(slots, slots->dirty_first);

    while (page < slots->page_count) {
        HvPageNo end = range_end(slots, page);

        if (end > page) {
            int ret = cover(slots, page, end);
            if (ret < 0)
                return ret;
        }
        page = next_dirty(slots, MAX(end, page + 1));
    }
    return 0;
}

int hv_kvm_slots_update(HvKvmSlots *slots)
{
    int (*const steps[])(HvKvmSlots *) = {delete_wrong_slots, make_room, update_window,
                                          create_slots};

    if (hv_kvm_slots_are_current(slots))
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        int ret = steps[i](slots);
        if (ret < 0)
            return ret;
    }
    forget_dirty(slots);
    return 0;
}

/* ---- Creation ----------------------------------------------------------- */

static void mark_present_pages(HvKvmSlots *slots)
{
    for (HvPageNo page = 0; page < slots->page_count; page++)
        if (hv_memory_entry(slots->memory, page)->frame != HV_FRAME_NONE)
            mark_dirty(slots, page, 1);
}

bool hv_kvm_slots_init(HvKvmSlots *slots, HvMemory *memory, int vm_fd, unsigned max, GError **error)
{
    HvPageNo page_count = hv_memory_page_count(memory);
    void *window = mmap(NULL, (size_t)page_count * HV_PAGE_SIZE, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (window == MAP_FAILED) {
        g_set_error(error, HV_ERROR, HV_ERROR_FAILED,
                    "cannot reserve %u pages of address space for a VM: %s", page_count,
                    g_strerror(errno));
        return false;
    }
    *slots = (HvKvmSlots){
        .memory = memory,
        .vm_fd = vm_fd,
        .page_count = page_count,
        .window = window,
        .window_frame = g_new(HvFrameNo, page_count),
        .slots = g_array_new(FALSE, TRUE, sizeof(HvKvmSlot)),
        .free_numbers = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
        .page_slot = g_new(uint16_t, page_count),
        .limit = MIN(MIN_LIMIT, max),
        .max = MIN(max, NO_SLOT),
        .dirty = g_new0(uint64_t, page_count / WORD_BITS + 1),
        .dirty_first = page_count,
    };
    for (HvPageNo page = 0; page < page_count; page++) {
        slots->window_frame[page] = HV_FRAME_NONE;
        slots->page_slot[page] = NO_SLOT;
    }
    mark_present_pages(slots);
    hv_memory_set_listener(memory, &(HvMemoryListener){on_change, on_change, slots});
    return true;
}

void hv_kvm_slots_clear(HvKvmSlots *slots)
{
    hv_memory_set_listener(slots->memory, NULL);
    munmap(slots->window, (size_t)slots->page_count * HV_PAGE_SIZE);
    g_free(slots->window_frame);
    g_array_free(slots->slots, TRUE);
    g_array_free(slots->free_numbers, TRUE);
    g_free(slots->page_slot);
    g_free(slots->dirty);
}
