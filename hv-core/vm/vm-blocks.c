/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm-blocks.c: huge mappings. Memory may be mapped in blocks larger than a page: who
 * touches one page gets the whole aligned block around it at once. That is one fault
 * instead of many, and memory that nobody may ever touch.
 *
 * A block is mapped as one only if it is fresh (all other pages of it are absent and
 * hold nothing) and if there are frames for it without taking any from somebody;
 * otherwise the page comes alone. What was mapped as one goes as one: when the pager
 * takes one page of it, the rest goes to swap space too. Pages that were swapped out
 * come back one by one. Whoever shares or gives back a single page of a block splits
 * it: from then on its pages are pages like any others.
 *
 * Hardware wants the frames of such a block side by side (an x86 page-directory entry
 * maps 2 MiB). Here they may lie anywhere: the pool knows no fragmentation.
 *
 * Source: Navarro, Iyer, Druschel, Cox: Practical, transparent operating system support
 * for superpages, OSDI 2002; Linux, Documentation/admin-guide/mm/transhuge.rst.
 */
#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vm.h"

static HvPageNo block_size(const HvVm *vm)
{
    return vm->host->config.memory.block_pages;
}

static HvPageNo first_of(const HvVm *vm, HvPageNo page)
{
    return page - page % block_size(vm);
}

static bool is_fresh(const HvVm *vm, HvPageNo page)
{
    HvPageRef ref = {vm->number, page};
    return hv_memory_entry(vm->memory, page)->frame == HV_FRAME_NONE &&
           !hv_pager_is_swapped(vm->host->pager, ref) && !hv_vm_is_ballooned(vm, page);
}

/* Are there frames for so many more pages, and may the VM have them? */
static bool has_room(const HvVm *vm, HvPageNo more)
{
    const HvHost *host = vm->host;
    HvFrameNo limit = host->config.memory.frame_limit;
    HvPageNo own = vm->memory_params.limit;
    return hv_pool_free_count(host->pool) >= more &&
           (limit == 0 || hv_pager_pageable_count(host->pager) + more <= limit) &&
           (own == 0 || hv_memory_resident_count(vm->memory) + more <= own);
}

static bool can_be_whole(const HvVm *vm, HvPageNo page)
{
    HvPageNo count = block_size(vm), first = first_of(vm, page);
    if (first + count > hv_memory_page_count(vm->memory) || !has_room(vm, count - 1))
        return false;
    for (HvPageNo other = first; other < first + count; other++)
        if (other != page && !is_fresh(vm, other))
            return false;
    return true;
}

static void map_beside(HvVm *vm, HvPageNo page)
{
    HvHost *host = vm->host;
    HvFrameNo frame = hv_pool_alloc(host->pool);
    hv_memory_map(vm->memory, page, frame, true);
    hv_pager_mapped(host->pager, (HvPageRef){vm->number, page});
    hv_host_keep_sampled(vm, page);
    HV_REPORT(host, page_mapped, hv_vm_stamp(vm), vm->number, page, frame, true, false, false);
}

void hv_vm_map_block(HvVm *vm, HvPageNo page)
{
    if (block_size(vm) < 2 || !can_be_whole(vm, page))
        return;
    HvPageNo first = first_of(vm, page), end = first + block_size(vm);
    HV_REPORT(vm->host, block_mapped, hv_vm_stamp(vm), vm->number, first, block_size(vm));
    for (HvPageNo other = first; other < end; other++)
        if (other != page)
            map_beside(vm, other);
    if (vm->page_marks == NULL)
        vm->page_marks = g_malloc0(hv_memory_page_count(vm->memory));
    vm->page_marks[first] |= HV_MARK_WHOLE;
}

bool hv_vm_split_block(HvVm *vm, HvPageNo page)
{
    if (block_size(vm) < 2 || vm->page_marks == NULL)
        return false;
    uint8_t *marks = &vm->page_marks[first_of(vm, page)];
    bool whole = *marks & HV_MARK_WHOLE;
    *marks &= (uint8_t)~HV_MARK_WHOLE;
    return whole;
}

/* ---- Reclaim ---------------------------------------------------------------- */

void hv_host_block_torn(HvHost *host, HvPageRef page)
{
    HvVm *vm = hv_host_vm(host, page.vm);
    if (!hv_vm_split_block(vm, page.page))
        return;
    HvPageRef block = {page.vm, first_of(vm, page.page)};
    g_array_append_val(host->torn, block);
}

void hv_host_reclaim_torn(HvHost *host, HvStamp at)
{
    while (host->torn->len > 0) {
        HvPageRef page = g_array_index(host->torn, HvPageRef, host->torn->len - 1);
        HvPageNo end = page.page + host->config.memory.block_pages;
        g_array_set_size(host->torn, host->torn->len - 1);
        HV_REPORT(host, block_reclaimed, at, page.vm, page.page, end - page.page);
        for (; page.page < end; page.page++)
            if (hv_pager_is_pageable(host->pager, page) && !hv_pager_swap_out(host->pager, page))
                break; /* swap space is full */
    }
}
