/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pager.c: see pager.h. */
#include "hv-core/memory/pager.h"

#include <string.h>

#define NO_SLOT UINT32_MAX

typedef struct {
    HvMemory *memory; /* NULL: it has ended */
    uint32_t *slots;  /* of each page in swap space, or NO_SLOT */
    HvPageNo swapped;
    HvFrameNo pageable;
    void *policy; /* with choose_vm: of its own pages; else that of all */
} Vm;

struct HvPager {
    HvPagerConfig config;
    void *policy;
    HvPool *swap; /* NULL: none */
    GArray *vms;  /* of Vm, by number */
    /* By frame: the page that is alone in it, .page HV_NO_PAGE for frames that are
     * not pageable. */
    HvPageRef *owner;
    HvFrameNo pageable;
};

static Vm *vm_of(const HvPager *pager, uint16_t vm)
{
    g_assert(vm < pager->vms->len);
    return &g_array_index(pager->vms, Vm, vm);
}

static HvFrameNo frame_of(const HvPager *pager, HvPageRef page)
{
    return hv_memory_entry(vm_of(pager, page.vm)->memory, page.page)->frame;
}

static uint8_t *bytes_of(HvPool *pool, HvFrameNo frame)
{
    return hv_pool_data(pool) + (size_t)frame * HV_PAGE_SIZE;
}

static void watch(void *user, HvFrameNo frame)
{
    HvPager *pager = user;
    HvPageRef page = pager->owner[frame];

    hv_memory_watch(vm_of(pager, page.vm)->memory, page.page, true);
}

/* ---- Creation ------------------------------------------------------------ */

static void *create_policy(HvPager *pager)
{
    const HvPagerConfig *config = &pager->config;
    const HvReplacementParams params = {
        .frame_count = hv_pool_frame_count(config->pool),
        .seed = config->seed,
        .future = config->future,
        .future_count = config->future_count,
        .watch = config->trace ? NULL : watch,
        .user = pager,
    };

    return config->replacement != NULL ? config->replacement->create(&params) : NULL;
}

HvPager *hv_pager_new(const HvPagerConfig *config, GError **error)
{
    g_autoptr(HvPager) pager = g_new0(HvPager, 1);
    HvFrameNo frames = hv_pool_frame_count(config->pool);

    pager->config = *config;
    pager->vms = g_array_new(FALSE, TRUE, sizeof(Vm));
    pager->owner = g_new(HvPageRef, frames);
    for (HvFrameNo frame = 0; frame < frames; frame++)
        pager->owner[frame].page = HV_NO_PAGE;
    if (config->swap_pages > 0) {
        pager->swap = hv_pool_new(config->swap_pages, error);
        if (pager->swap == NULL)
            return NULL;
    }
    if (config->choose_vm == NULL)
        pager->policy = create_policy(pager);
    return g_steal_pointer(&pager);
}

static void vm_clear(HvPager *pager, Vm *vm)
{
    if (pager->config.choose_vm != NULL && vm->policy != NULL)
        pager->config.replacement->destroy(vm->policy);
    g_free(vm->slots);
}

void hv_pager_free(HvPager *pager)
{
    if (pager == NULL)
        return;
    for (guint i = 0; i < pager->vms->len; i++)
        vm_clear(pager, &g_array_index(pager->vms, Vm, i));
    g_array_unref(pager->vms);
    if (pager->policy != NULL)
        pager->config.replacement->destroy(pager->policy);
    if (pager->swap != NULL)
        hv_pool_free(pager->swap);
    g_free(pager->owner);
    g_free(pager);
}

void hv_pager_add_memory(HvPager *pager, HvMemory *memory)
{
    HvPageNo count = hv_memory_page_count(memory);
    Vm vm = {.memory = memory, .slots = g_new(uint32_t, count), .policy = pager->policy};

    if (pager->config.choose_vm != NULL)
        vm.policy = create_policy(pager);

    for (HvPageNo page = 0; page < count; page++)
        vm.slots[page] = NO_SLOT;
    g_array_append_val(pager->vms, vm);
    for (HvPageNo page = 0; page < count; page++) {
        const HvMemoryEntry *entry = hv_memory_entry(memory, page);

        if (entry->frame != HV_FRAME_NONE && !entry->pinned)
            hv_pager_mapped(pager, (HvPageRef){(uint16_t)(pager->vms->len - 1), page});
    }
}

void hv_pager_remove_memory(HvPager *pager, uint16_t number)
{
    Vm *vm = vm_of(pager, number);

    if (vm->memory == NULL)
        return;
    for (HvPageNo page = 0; page < hv_memory_page_count(vm->memory); page++) {
        if (hv_pager_is_pageable(pager, (HvPageRef){number, page}))
            hv_pager_unmapped(pager, (HvPageRef){number, page});
        if (vm->slots[page] != NO_SLOT)
            hv_pool_unref(pager->swap, vm->slots[page]);
    }
    g_clear_pointer(&vm->slots, g_free);
    vm->memory = NULL;
    vm->swapped = 0;
}

/* ---- Pageable pages ------------------------------------------------------ */

bool hv_pager_is_pageable(const HvPager *pager, HvPageRef page)
{
    if (vm_of(pager, page.vm)->memory == NULL)
        return false;

    HvFrameNo frame = frame_of(pager, page);

    return frame != HV_FRAME_NONE && pager->owner[frame].page == page.page &&
           pager->owner[frame].vm == page.vm;
}

void hv_pager_mapped(HvPager *pager, HvPageRef page)
{
    Vm *vm = vm_of(pager, page.vm);
    HvFrameNo frame = frame_of(pager, page);

    g_assert(frame != HV_FRAME_NONE && pager->owner[frame].page == HV_NO_PAGE);
    pager->owner[frame] = page;
    pager->pageable++;
    vm->pageable++;
    if (vm->policy != NULL)
        pager->config.replacement->added(vm->policy, frame, page);
    if (pager->config.trace)
        watch(pager, frame);
}

void hv_pager_unmapped(HvPager *pager, HvPageRef page)
{
    Vm *vm = vm_of(pager, page.vm);
    HvFrameNo frame = frame_of(pager, page);

    g_assert(hv_pager_is_pageable(pager, page));
    pager->owner[frame].page = HV_NO_PAGE;
    pager->pageable--;
    vm->pageable--;
    if (vm->policy != NULL)
        pager->config.replacement->removed(vm->policy, frame);
}

void hv_pager_referenced(HvPager *pager, HvPageRef page, bool write)
{
    const HvReplacementOps *ops = pager->config.replacement;
    Vm *vm = vm_of(pager, page.vm);

    g_assert(hv_pager_is_pageable(pager, page));
    if (!pager->config.trace)
        hv_memory_watch(vm->memory, page.page, false);
    if (vm->policy != NULL && ops->referenced != NULL)
        ops->referenced(vm->policy, frame_of(pager, page), write);
}

void hv_pager_tick(HvPager *pager)
{
    const HvReplacementOps *ops = pager->config.replacement;

    if (ops == NULL || ops->tick == NULL)
        return;
    if (pager->policy != NULL)
        ops->tick(pager->policy);
    for (guint i = 0; pager->policy == NULL && i < pager->vms->len; i++)
        ops->tick(g_array_index(pager->vms, Vm, i).policy);
}

/* ---- Taking frames ------------------------------------------------------- */

bool hv_pager_swap_out(HvPager *pager, HvPageRef page)
{
    Vm *vm = vm_of(pager, page.vm);
    HvFrameNo frame = frame_of(pager, page);
    uint32_t slot = pager->swap != NULL ? hv_pool_alloc(pager->swap) : HV_FRAME_NONE;

    if (slot == HV_FRAME_NONE)
        return false;
    memcpy(bytes_of(pager->swap, slot), bytes_of(pager->config.pool, frame), HV_PAGE_SIZE);
    if (hv_pager_is_pageable(pager, page))
        hv_pager_unmapped(pager, page);
    hv_memory_unmap(vm->memory, page.page);
    vm->slots[page.page] = slot;
    vm->swapped++;
    if (pager->config.swapped_out != NULL)
        pager->config.swapped_out(pager->config.user, page, frame, slot);
    return true;
}

static bool must_take(const HvPager *pager)
{
    HvFrameNo limit = pager->config.frame_limit;

    return hv_pool_free_count(pager->config.pool) == 0 || (limit > 0 && pager->pageable >= limit);
}

static HvFrameNo victim(HvPager *pager)
{
    const HvPagerConfig *config = &pager->config;

    if (config->choose_vm == NULL)
        return config->replacement->victim(pager->policy);

    int vm = config->choose_vm(config->user);

    return vm < 0 ? HV_FRAME_NONE : config->replacement->victim(vm_of(pager, (uint16_t)vm)->policy);
}

static HvFrameNo choose(HvPager *pager)
{
    const HvPagerConfig *config = &pager->config;

    if (config->replacement == NULL)
        return HV_FRAME_NONE;

    HvFrameNo frame = victim(pager);

    if (frame == HV_FRAME_NONE && config->make_pageable != NULL &&
        config->make_pageable(config->user))
        frame = victim(pager);
    return frame;
}

bool hv_pager_take_from(HvPager *pager, uint16_t number, HvPageRef *ret_victim)
{
    const Vm *vm = vm_of(pager, number);

    g_assert(pager->config.choose_vm != NULL);
    if (vm->policy == NULL)
        return false;

    HvFrameNo frame = pager->config.replacement->victim(vm->policy);

    if (frame == HV_FRAME_NONE)
        return false;
    *ret_victim = pager->owner[frame];
    return hv_pager_swap_out(pager, *ret_victim);
}

/* One page goes; false: none can. */
static bool take_one(HvPager *pager, HvPageRef *ret_victim)
{
    HvFrameNo frame = choose(pager);

    if (frame == HV_FRAME_NONE)
        return false;
    *ret_victim = pager->owner[frame];
    return hv_pager_swap_out(pager, *ret_victim);
}

HvFrameNo hv_pager_take_frame(HvPager *pager, HvPageRef *ret_victim)
{
    HvPageRef victim = {.page = HV_NO_PAGE};

    if (must_take(pager))
        for (unsigned i = 0; i < MAX(pager->config.batch, 1); i++)
            if (!take_one(pager, &victim))
                break;
    if (must_take(pager))
        return HV_FRAME_NONE;
    if (ret_victim != NULL)
        *ret_victim = victim;
    return hv_pool_alloc(pager->config.pool);
}

bool hv_pager_is_swapped(const HvPager *pager, HvPageRef page)
{
    return vm_of(pager, page.vm)->slots[page.page] != NO_SLOT;
}

void hv_pager_forget(HvPager *pager, HvPageRef page)
{
    Vm *vm = vm_of(pager, page.vm);

    if (vm->memory == NULL || vm->slots[page.page] == NO_SLOT)
        return;
    hv_pool_unref(pager->swap, vm->slots[page.page]);
    vm->slots[page.page] = NO_SLOT;
    vm->swapped--;
}

bool hv_pager_swap_in(HvPager *pager, HvPageRef page, HvFrameNo frame, uint32_t *ret_slot)
{
    Vm *vm = vm_of(pager, page.vm);
    uint32_t slot = vm->slots[page.page];

    if (slot == NO_SLOT)
        return false;
    memcpy(bytes_of(pager->config.pool, frame), bytes_of(pager->swap, slot), HV_PAGE_SIZE);
    hv_pool_unref(pager->swap, slot);
    vm->slots[page.page] = NO_SLOT;
    vm->swapped--;
    *ret_slot = slot;
    return true;
}

HvFrameNo hv_pager_pageable_count(const HvPager *pager)
{
    return pager->pageable;
}

HvFrameNo hv_pager_pageable_of(const HvPager *pager, uint16_t vm)
{
    return vm_of(pager, vm)->pageable;
}

HvPageNo hv_pager_swapped_count(const HvPager *pager, uint16_t vm)
{
    return vm_of(pager, vm)->swapped;
}

/* ---- For tests ----------------------------------------------------------- */

/* One VM's slots, each with one reference, of pages that are absent. */
static bool check_slots(const HvPager *pager, unsigned number, HvPageNo *ret_used, char **ret_what)
{
    const Vm *vm = &g_array_index(pager->vms, Vm, number);
    HvPageNo used = 0;

    for (HvPageNo page = 0; page < hv_memory_page_count(vm->memory); page++) {
        uint32_t slot = vm->slots[page];

        if (slot == NO_SLOT)
            continue;
        used++;
        if (hv_memory_entry(vm->memory, page)->frame == HV_FRAME_NONE &&
            hv_pool_info(pager->swap, slot)->refs == 1)
            continue;
        *ret_what = g_strdup_printf("page %u of VM %u has slot %u, and a frame or a second owner",
                                    page, number, slot);
        return false;
    }
    *ret_used += used;
    if (used == vm->swapped)
        return true;
    *ret_what =
        g_strdup_printf("VM %u has %u pages in swap space, not %u", number, used, vm->swapped);
    return false;
}

static bool check_owners(const HvPager *pager, HvFrameNo *pageable, char **ret_what)
{
    for (HvFrameNo frame = 0; frame < hv_pool_frame_count(pager->config.pool); frame++) {
        HvPageRef page = pager->owner[frame];

        if (page.page == HV_NO_PAGE)
            continue;
        pageable[page.vm]++;
        if (hv_pager_is_pageable(pager, page) && frame_of(pager, page) == frame &&
            !hv_memory_entry(vm_of(pager, page.vm)->memory, page.page)->pinned)
            continue;
        *ret_what = g_strdup_printf("frame %u is said to be that of page %u of VM %u", frame,
                                    page.page, page.vm);
        return false;
    }
    return true;
}

bool hv_pager_check(const HvPager *pager, char **ret_what)
{
    g_autofree HvFrameNo *pageable = g_new0(HvFrameNo, pager->vms->len + 1);
    HvFrameNo all = 0;
    HvPageNo used = 0;

    if (!check_owners(pager, pageable, ret_what))
        return false;
    for (guint i = 0; i < pager->vms->len; i++) {
        const Vm *vm = &g_array_index(pager->vms, Vm, i);

        all += vm->pageable;
        if (vm->pageable != pageable[i]) {
            *ret_what = g_strdup_printf("VM %u has %u pageable pages, not %u", i, pageable[i],
                                        vm->pageable);
            return false;
        }
        if (vm->memory != NULL && !check_slots(pager, i, &used, ret_what))
            return false;
    }
    if (all == pager->pageable &&
        (pager->swap == NULL ||
         hv_pool_frame_count(pager->swap) - hv_pool_free_count(pager->swap) == used))
        return true;
    *ret_what = g_strdup_printf("%u pages are pageable, not %u, or slots are not the %u of pages",
                                all, pager->pageable, used);
    return false;
}
