/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-memory.c: the host's page frames: whose turn it is to give some up, which
 * pages are in use, which could share a frame.
 *
 * The pager and the sharer (hv-core/memory) decide; here they get their turns in
 * virtual time, and what they do is reported. Their own work is done by the
 * hypervisor beside the VMs and is charged to none of them, but for swapping, which
 * the vCPU that needs the frame waits for.
 */
#include "hv-core/vm/host-private.h"

/* ---- What they tell ------------------------------------------------------- */

static HvStamp stamp_of(const HvHost *host)
{
    return host->needy != NULL ? hv_vm_stamp(host->needy) : (HvStamp){host->now, HV_NO_PCPU};
}

static void on_swapped_out(void *user, HvPageRef page, HvFrameNo frame, uint32_t slot)
{
    HvHost *host = user;
    HV_REPORT(host, swapped_out, stamp_of(host), page.vm, page.page, frame, slot);
    hv_host_block_torn(host, page);
    if (host->needy != NULL && host->needy->acting != NULL)
        host->needy->acting->cost_ns += host->config.costs.swap_out_ns;
}

static void on_shared(void *user, HvPageRef page, HvFrameNo frame, HvFrameNo old_frame, bool zero)
{
    HvHost *host = user;
    HV_REPORT(host, page_shared, stamp_of(host), page.vm, page.page, frame, old_frame, zero);
    hv_vm_split_block(hv_host_vm(host, page.vm), page.page);
    hv_host_keep_sampled(hv_host_vm(host, page.vm), page.page);
}

static void on_unshared(void *user, HvPageRef page)
{
    HvHost *host = user;
    HV_REPORT(host, page_unshared, stamp_of(host), page.vm, page.page);
}

/* A vCPU on kvm may have run past the time of the sharer's turn. What it has touched since
 * must not be shared before it was touched: the VM's pages wait for the next turn. */
static bool may_look(void *user, uint16_t vm)
{
    HvHost *host = user;
    return host->needy != NULL || hv_host_vm(host, vm)->page_time <= host->now;
}

static bool on_none_pageable(void *user)
{
    return hv_sharing_give_up(((HvHost *)user)->sharing);
}

/* ---- Frames of whole VMs --------------------------------------------------- */

static bool is_over(const HvVm *vm)
{
    return vm->state == HV_VM_HALTED || vm->state == HV_VM_CRASHED || vm->state == HV_VM_KILLED;
}

static HvFrameNo count_pageable(const HvHost *host, const HvVm *vm)
{
    HvFrameNo count = 0;
    for (HvPageNo page = 0; page < hv_memory_page_count(vm->memory); page++)
        count += hv_pager_is_pageable(host->pager, (HvPageRef){vm->number, page});
    return count;
}

void hv_host_drop_page(HvHost *host, HvVm *vm, HvPageNo page)
{
    HvPageRef ref = {vm->number, page};
    HvVm *needy = host->needy;
    host->needy = vm;
    hv_vm_split_block(vm, page);
    if (hv_sharing_has(host->sharing, ref))
        hv_sharing_leave(host->sharing, ref);
    else if (hv_pager_is_pageable(host->pager, ref))
        hv_pager_unmapped(host->pager, ref);
    hv_memory_unmap(vm->memory, page);
    host->needy = needy;
}

/* All pages that are not pinned become absent, and stay so. */
static void release(HvHost *host, HvVm *vm, HvStamp at)
{
    vm->released = true;
    for (HvPageNo page = 0; page < hv_memory_page_count(vm->memory); page++) {
        const HvMemoryEntry *entry = hv_memory_entry(vm->memory, page);
        HvFrameNo frame = entry->frame;
        if (frame == HV_FRAME_NONE || entry->pinned)
            continue;
        hv_host_drop_page(host, vm, page);
        HV_REPORT(host, page_unmapped, at, vm->number, page, frame);
    }
    hv_pager_remove_memory(host->pager, vm->number);
}

static void release_ended(HvHost *host, HvStamp at)
{
    for (guint i = 0; i < host->vms->len; i++) {
        HvVm *vm = g_ptr_array_index(host->vms, i);
        if (is_over(vm) && !vm->released)
            release(host, vm, at);
    }
}

/* The VM that holds the most, if that is another one than the asker. */
static bool kill_largest(HvHost *host, const HvVm *asker, HvStamp at)
{
    HvVm *largest = NULL;
    HvFrameNo most = 0;
    for (guint i = 0; i < host->vms->len; i++) {
        HvVm *vm = g_ptr_array_index(host->vms, i);
        HvFrameNo count = vm->released || vm->state == HV_VM_OFF ? 0 : count_pageable(host, vm);
        if (count > most) {
            largest = vm;
            most = count;
        }
    }
    if (largest == NULL || largest == asker)
        return false;
    release(host, largest, at);
    hv_vm_end_later(largest, HV_VM_KILLED, HV_WHY_OUT_OF_MEMORY, at.time);
    return true;
}

static void scan(HvHost *host, unsigned pages)
{
    unsigned freed = hv_sharing_scan(host->sharing, pages);
    HvScan result = {
        .pages = MIN(pages, hv_sharing_page_count(host->sharing)),
        .freed = freed,
        .shared_frames = hv_sharing_frames(host->sharing),
        .sharing_pages = hv_sharing_pages(host->sharing),
    };

    HV_REPORT(host, scan, stamp_of(host), &result);
}

/* Being short of frames, the sharer looks at everything, but not all the time. */
static void scan_all(HvHost *host, HvTime now)
{
    HvTime interval = host->config.memory.scan_ns;
    if (interval == 0 || (host->scanned_all != 0 && now < host->scanned_all + interval))
        return;
    host->scanned_all = now;
    scan(host, UINT_MAX);
}

/* A VM that holds as much as it may gives up one of its own pages. */
static bool keep_limit(HvHost *host, const HvVm *vm, HvPageRef *ret_victim)
{
    HvPageNo limit = vm->memory_params.limit;
    return !host->config.memory.by_shares || limit == 0 ||
           hv_memory_resident_count(vm->memory) < limit ||
           hv_pager_take_from(host->pager, vm->number, ret_victim);
}

HvFrameNo hv_host_take_frame_for(HvHost *host, HvVm *vm, HvPageRef *ret_victim)
{
    HvStamp at = hv_vm_stamp(vm);
    HvPageRef own = {.page = HV_NO_PAGE}, *victim = ret_victim != NULL ? ret_victim : &own;
    host->needy = vm;
    if (!keep_limit(host, vm, &own)) {
        host->needy = NULL;
        return HV_FRAME_NONE;
    }
    if (hv_pool_free_count(host->pool) == 0)
        release_ended(host, at);
    if (hv_pool_free_count(host->pool) == 0)
        scan_all(host, at.time);
    HvFrameNo frame = HV_FRAME_NONE;
    if (!hv_host_wait_for_frame(host, vm)) {
        frame = hv_pager_take_frame(host->pager, victim);
        if (frame == HV_FRAME_NONE && host->config.memory.kill_largest &&
            kill_largest(host, vm, at))
            frame = hv_pager_take_frame(host->pager, victim);
    }
    if (frame != HV_FRAME_NONE && victim->page == HV_NO_PAGE)
        *victim = own;
    host->in_hand = frame;
    hv_host_reclaim_torn(host, at);
    host->needy = NULL;
    hv_host_check_low(host, at.time);
    return frame;
}

/* ---- Their turns ---------------------------------------------------------- */

static bool somebody_runs(const HvHost *host)
{
    for (guint i = 0; i < host->vms->len; i++)
        if (((const HvVm *)g_ptr_array_index(host->vms, i))->runnable > 0)
            return true;
    return false;
}

/* Where nobody runs nothing changes: the next turn comes after the next wake-up. */
void hv_host_next_turn(HvHost *host, HvEvent *event, HvTime interval)
{
    if (somebody_runs(host))
        hv_event_queue_put(&host->events, event, event->time + interval);
}

static void sample_fires(HvEvent *event)
{
    HvHost *host = (HvHost *)((char *)event - G_STRUCT_OFFSET(HvHost, sample));
    hv_pager_tick(host->pager);
    hv_host_next_turn(host, event, host->config.memory.sample_ns);
}

static void scan_fires(HvEvent *event)
{
    HvHost *host = (HvHost *)((char *)event - G_STRUCT_OFFSET(HvHost, scan));
    scan(host, host->config.memory.scan_pages);
    hv_host_next_turn(host, event, host->config.memory.scan_ns);
}

static void wake(HvHost *host, HvEvent *event, HvTime interval, HvTime now)
{
    if (interval > 0 && event->place == 0)
        hv_event_queue_put(&host->events, event, now + interval);
}

void hv_host_watch_memory(HvHost *host, HvTime now)
{
    wake(host, &host->sample, host->config.memory.sample_ns, now);
    wake(host, &host->scan, host->config.memory.scan_ns, now);
    wake(host, &host->statistics, host->config.memory.statistics_ns, now);
    if (host->config.memory.balloon)
        wake(host, &host->balance, host->config.memory.balance_ns, now);
    if (host->config.memory.sample_pages > 0)
        wake(host, &host->period, host->config.memory.sample_period_ns, now);
}

/* ---- Creation ------------------------------------------------------------- */

bool hv_host_init_memory(HvHost *host, GError **error)
{
    const HvMemoryPolicy *memory = &host->config.memory;
    const HvPagerConfig pager = {
        .pool = host->pool,
        .replacement = memory->replacement,
        .frame_limit = memory->frame_limit,
        .swap_pages = memory->swap_pages,
        .batch = memory->batch,
        .trace = memory->trace_references,
        .choose_vm = memory->by_shares ? hv_host_choose_vm : NULL,
        .seed = memory->seed,
        .future = memory->future,
        .future_count = memory->future_count,
        .swapped_out = on_swapped_out,
        .make_pageable = on_none_pageable,
        .user = host,
    };
    host->sample.fire = sample_fires;
    host->scan.fire = scan_fires;
    hv_host_init_balloon(host);
    hv_host_init_sampling(host);
    host->torn = g_array_new(FALSE, FALSE, sizeof(HvPageRef));
    host->pager = hv_pager_new(&pager, error);
    if (host->pager == NULL)
        return false;
    const HvSharingConfig sharing = {
        .pool = host->pool,
        .pager = host->pager,
        .may_look = may_look,
        .shared = on_shared,
        .unshared = on_unshared,
        .user = host,
    };
    host->sharing = hv_sharing_new(&sharing);
    return true;
}

void hv_host_clear_memory(HvHost *host)
{
    hv_sharing_free(host->sharing);
    hv_pager_free(host->pager);
    if (host->torn != NULL)
        g_array_unref(host->torn);
}
