/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply-memory.c: what happens to the pages of VMs. */
#include "sim/model/apply.h"

#include "sim/model/shared.h"

static SimModelHost *host_of(SimModel *model, const SimModelVm *vm)
{
    return vm->host < model->hosts->len ? model->hosts->pdata[vm->host] : NULL;
}

/* Takes what a page counts for out of the VM's sums (sign -1) or puts it in (1). */
static void count_page(SimModelVm *vm, SimModelPage page, int sign)
{
    if (page.frame == SIM_MODEL_NO_FRAME)
        return;
    vm->resident_pages += (uint32_t)sign;
    if (page.flags & SIM_PAGE_PINNED)
        vm->pinned_pages += (uint32_t)sign;
    if (page.flags & SIM_PAGE_SHARED)
        vm->shared_pages += (uint32_t)sign;
}

/* From now on the pages around this one are pages like any others (SIM_PAGE_BLOCK false), or
 * one block. */
static void mark_block(SimModelVm *vm, uint32_t number, bool whole)
{
    uint32_t first = number - number % vm->block_pages;

    for (uint32_t i = first; i < MIN(first + vm->block_pages, vm->memory_pages); i++) {
        SimModelPage page = sim_pages_get(vm->pages, i);
        page.flags = (uint8_t)(whole ? page.flags | SIM_PAGE_BLOCK : page.flags & ~SIM_PAGE_BLOCK);
        sim_pages_set(&vm->pages, i, page);
    }
}

/* The page changes from what it was. Its old frame is free then unless others share
 * it, or this page keeps it; the new one is taken unless others have it already. */
static void change_page(SimModel *model, SimModelVm *vm, uint32_t number, SimModelPage page)
{
    SimModelHost *host = host_of(model, vm);
    SimModelPage before = sim_pages_get(vm->pages, number);

    count_page(vm, before, -1);
    count_page(vm, page, 1);
    page.flags |= before.flags & SIM_PAGE_BLOCK;
    sim_pages_set(&vm->pages, number, page);
    /* Who loses a page of a block or shares one has split it. */
    if ((page.flags & SIM_PAGE_BLOCK) &&
        (page.frame == SIM_MODEL_NO_FRAME || (page.flags & SIM_PAGE_SHARED)))
        mark_block(vm, number, false);
    if (!host || before.frame == page.frame)
        return;
    if (before.frame != SIM_MODEL_NO_FRAME && !(before.flags & SIM_PAGE_SHARED))
        host->frames_used--;
    if (page.frame != SIM_MODEL_NO_FRAME && !(page.flags & SIM_PAGE_SHARED))
        host->frames_used++;
}

static bool page_mapped(SimModel *model, const SimRecord *record)
{
    const SimEventPageMapped *event = SIM_FIELDS(record, PageMapped);
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    SimModelPage page = {.frame = event->frame, .flags = SIM_PAGE_TOUCHED};

    if (!vm || event->page >= vm->memory_pages || event->frame == SIM_MODEL_NO_FRAME)
        return false;
    page.flags |= (event->writable ? SIM_PAGE_WRITABLE : 0) |
                  (event->pinned ? SIM_PAGE_PINNED : 0) | (event->demand ? SIM_PAGE_DEMAND : 0);
    vm->copies += !!(sim_pages_get(vm->pages, event->page).flags & SIM_PAGE_SHARED);
    change_page(model, vm, event->page, page);
    vm->demand_faults += event->demand;
    return true;
}

static bool block_mapped(SimModel *model, const SimRecord *record)
{
    const SimEventBlockMapped *event = SIM_FIELDS(record, BlockMapped);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm || event->pages == 0 || event->pages > SIM_MODEL_MAX_BLOCK ||
        event->page >= vm->memory_pages || event->page % event->pages != 0)
        return false;
    vm->blocks_mapped++;
    vm->block_pages = event->pages;
    mark_block(vm, event->page, true);
    return true;
}

static bool block_reclaimed(SimModel *model, const SimRecord *record)
{
    SimModelVm *vm = sim_apply_vm(model, SIM_FIELDS(record, BlockReclaimed)->vm);

    if (vm)
        vm->blocks_reclaimed++;
    return vm != NULL;
}

static bool page_unmapped(SimModel *model, const SimRecord *record)
{
    const SimEventPageUnmapped *event = SIM_FIELDS(record, PageUnmapped);
    const SimModelPage absent = {.frame = SIM_MODEL_NO_FRAME, .flags = SIM_PAGE_TOUCHED};
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    SimModelPage before;

    if (!vm || event->page >= vm->memory_pages)
        return false;
    before = sim_pages_get(vm->pages, event->page);
    if (before.frame != event->frame || before.frame == SIM_MODEL_NO_FRAME)
        return false;
    change_page(model, vm, event->page, absent);
    vm->unmaps++;
    return true;
}

static bool memory_layout(SimModel *model, const SimRecord *record)
{
    const SimEventMemoryLayout *event = SIM_FIELDS(record, MemoryLayout);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm || event->heap_page > vm->memory_pages ||
        event->heap_pages > vm->memory_pages - event->heap_page)
        return false;
    vm->heap_page = event->heap_page;
    vm->heap_pages = event->heap_pages;
    return true;
}

/* ---- Swap space ----------------------------------------------------------- */

static bool page_swapped_out(SimModel *model, const SimRecord *record)
{
    const SimEventPageSwappedOut *event = SIM_FIELDS(record, PageSwappedOut);
    const SimModelPage swapped = {.frame = SIM_MODEL_NO_FRAME,
                                  .flags = SIM_PAGE_TOUCHED | SIM_PAGE_SWAPPED};
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    SimModelPage before;

    if (!vm || event->page >= vm->memory_pages)
        return false;
    before = sim_pages_get(vm->pages, event->page);
    if (before.frame != event->frame || before.frame == SIM_MODEL_NO_FRAME)
        return false;
    change_page(model, vm, event->page, swapped);
    vm->swapped_pages++;
    vm->swap_outs++;
    return true;
}

/* The page stays absent until page-mapped, which follows. */
static bool page_swapped_in(SimModel *model, const SimRecord *record)
{
    const SimEventPageSwappedIn *event = SIM_FIELDS(record, PageSwappedIn);
    const SimModelPage absent = {.frame = SIM_MODEL_NO_FRAME, .flags = SIM_PAGE_TOUCHED};
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm || event->page >= vm->memory_pages ||
        !(sim_pages_get(vm->pages, event->page).flags & SIM_PAGE_SWAPPED))
        return false;
    change_page(model, vm, event->page, absent);
    vm->swapped_pages--;
    vm->swap_ins++;
    return true;
}

/* ---- Sharing -------------------------------------------------------------- */

/* The present page that an event names; false: there is none. */
static bool present_page(SimModelVm *vm, uint32_t number, SimModelPage *ret_page)
{
    if (!vm || number >= vm->memory_pages)
        return false;
    *ret_page = sim_pages_get(vm->pages, number);
    return ret_page->frame != SIM_MODEL_NO_FRAME;
}

static bool page_shared(SimModel *model, const SimRecord *record)
{
    const SimEventPageShared *event = SIM_FIELDS(record, PageShared);
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    SimModelPage page;

    if (!present_page(vm, event->page, &page) || page.frame != event->old_frame ||
        event->frame == SIM_MODEL_NO_FRAME)
        return false;
    page.frame = event->frame;
    page.flags = (page.flags & ~SIM_PAGE_WRITABLE) | SIM_PAGE_SHARED;
    change_page(model, vm, event->page, page);
    vm->shares++;
    return true;
}

static bool page_unshared(SimModel *model, const SimRecord *record)
{
    const SimEventPageUnshared *event = SIM_FIELDS(record, PageUnshared);
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    SimModelPage page;

    if (!present_page(vm, event->page, &page) || !(page.flags & SIM_PAGE_SHARED))
        return false;
    page.flags &= ~SIM_PAGE_SHARED;
    change_page(model, vm, event->page, page);
    return true;
}

/* ---- The balloon ---------------------------------------------------------- */

static bool balloon_target(SimModel *model, const SimRecord *record)
{
    const SimEventBalloonTarget *event = SIM_FIELDS(record, BalloonTarget);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm)
        return false;
    vm->balloon_target = event->pages;
    vm->balloon_commanded = event->why == SIM_BALLOON_BY_COMMAND && event->pages > 0;
    return true;
}

static bool page_ballooned(SimModel *model, const SimRecord *record)
{
    const SimEventPageBallooned *event = SIM_FIELDS(record, PageBallooned);
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    SimModelPage before, page = {.frame = SIM_MODEL_NO_FRAME, .flags = SIM_PAGE_BALLOONED};

    if (!vm || event->page >= vm->memory_pages)
        return false;
    before = sim_pages_get(vm->pages, event->page);
    if (before.frame != event->frame || (before.flags & SIM_PAGE_BALLOONED))
        return false;
    page.flags |= before.flags & SIM_PAGE_TOUCHED;
    vm->swapped_pages -= !!(before.flags & SIM_PAGE_SWAPPED);
    change_page(model, vm, event->page, page);
    vm->ballooned_pages++;
    vm->inflates++;
    return true;
}

static bool page_deflated(SimModel *model, const SimRecord *record)
{
    const SimEventPageDeflated *event = SIM_FIELDS(record, PageDeflated);
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    SimModelPage page;

    if (!vm || event->page >= vm->memory_pages)
        return false;
    page = sim_pages_get(vm->pages, event->page);
    if (!(page.flags & SIM_PAGE_BALLOONED))
        return false;
    page.flags &= (uint8_t)~SIM_PAGE_BALLOONED;
    sim_pages_set(&vm->pages, event->page, page);
    vm->ballooned_pages--;
    vm->deflates += !event->used;
    vm->balloon_used += event->used;
    return true;
}

static bool balloon_refused(SimModel *model, const SimRecord *record)
{
    const SimEventBalloonRefused *event = SIM_FIELDS(record, BalloonRefused);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm)
        return false;
    vm->balloon_refused += event->count;
    return true;
}

/* ---- Shares of memory ------------------------------------------------------ */

static bool memory_params(SimModel *model, const SimRecord *record)
{
    const SimEventMemoryParams *event = SIM_FIELDS(record, MemoryParams);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm)
        return false;
    vm->memory_shares = event->shares;
    vm->memory_reservation = event->reservation;
    vm->memory_limit = event->limit;
    return true;
}

static bool memory_target(SimModel *model, const SimRecord *record)
{
    const SimEventMemoryTarget *event = SIM_FIELDS(record, MemoryTarget);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm)
        return false;
    vm->memory_target = event->pages;
    return true;
}

static bool guest_memory(SimModel *model, const SimRecord *record)
{
    const SimEventGuestMemory *event = SIM_FIELDS(record, GuestMemory);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm)
        return false;
    vm->guest_total_bytes = event->total_bytes;
    vm->guest_free_bytes = event->free_bytes;
    vm->guest_faults = event->faults;
    vm->guest_reports++;
    return true;
}

static bool working_set(SimModel *model, const SimRecord *record)
{
    const SimEventWorkingSet *event = SIM_FIELDS(record, WorkingSet);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm)
        return false;
    vm->active_ppm = event->active_ppm;
    vm->working_set_pages = event->pages;
    vm->estimates++;
    return true;
}

static bool vm_refused(SimModel *model, const SimRecord *record)
{
    SimModelVm *vm = sim_apply_vm(model, SIM_FIELDS(record, VmRefused)->vm);

    if (!vm)
        return false;
    vm->refused = true;
    return true;
}

/* ---- References ----------------------------------------------------------- */

static bool page_reference(SimModel *model, const SimRecord *record)
{
    const SimEventPageReference *event = SIM_FIELDS(record, PageReference);
    SimModelVm *vm = sim_apply_vm(model, event->vm);
    const SimModelReference reference = {
        .page = event->heap_page,
        .evicted_page = event->evicted_page,
        .evicted_vm = event->evicted_vm,
        .hit = event->hit,
        .write = event->write,
    };

    if (!vm)
        return false;
    vm->reference_count++;
    vm->reference_hits += event->hit;
    if (vm->reference_count <= SIM_MODEL_MAX_REFERENCES)
        sim_text_append(&vm->references, &reference, sizeof(reference));
    return true;
}

void sim_apply_memory_handlers(SimHandler *table)
{
    table[SIM_EVENT_PAGE_MAPPED] = page_mapped;
    table[SIM_EVENT_PAGE_UNMAPPED] = page_unmapped;
    table[SIM_EVENT_MEMORY_LAYOUT] = memory_layout;
    table[SIM_EVENT_PAGE_SWAPPED_OUT] = page_swapped_out;
    table[SIM_EVENT_PAGE_SWAPPED_IN] = page_swapped_in;
    table[SIM_EVENT_PAGE_SHARED] = page_shared;
    table[SIM_EVENT_PAGE_UNSHARED] = page_unshared;
    table[SIM_EVENT_BLOCK_MAPPED] = block_mapped;
    table[SIM_EVENT_BLOCK_RECLAIMED] = block_reclaimed;
    table[SIM_EVENT_PAGE_REFERENCE] = page_reference;
    table[SIM_EVENT_BALLOON_TARGET] = balloon_target;
    table[SIM_EVENT_PAGE_BALLOONED] = page_ballooned;
    table[SIM_EVENT_PAGE_DEFLATED] = page_deflated;
    table[SIM_EVENT_BALLOON_REFUSED] = balloon_refused;
    table[SIM_EVENT_MEMORY_PARAMS] = memory_params;
    table[SIM_EVENT_MEMORY_TARGET] = memory_target;
    table[SIM_EVENT_GUEST_MEMORY] = guest_memory;
    table[SIM_EVENT_WORKING_SET] = working_set;
    table[SIM_EVENT_VM_REFUSED] = vm_refused;
}
