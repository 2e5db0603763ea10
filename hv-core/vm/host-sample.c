/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-sample.c: how much of its memory each VM uses: its working set, estimated by
 * sampling (C. A. Waldspurger, "Memory Resource Management in VMware ESX Server", OSDI
 * 2002, section 5.3).
 *
 * At the begin of each period some pages of a VM are picked at random. Those that have
 * a page frame are watched; an absent one is noticed in any case when it is touched. At
 * the end of the period the part of them that was used is an estimate of the part of
 * the VM's memory that is in use. It is smoothed by two moving averages, a slow and a
 * fast one, and the larger of them counts: a VM that begins to use more is believed
 * soon, one that uses less not before a while has gone by.
 *
 * The paper picks 100 pages each 30 s; the scenario says what is done here. The error
 * is that of a sample: with n pages, about 1 / (2 sqrt(n)) at worst.
 */
#include "hv-core/vm/host-private.h"

#define PPM        1000000u
#define SLOW_SHIFT 3 /* each period counts an eighth */
#define FAST_SHIFT 1 /* a half */

/* SplitMix64, as the guests have it. */
static uint64_t random_number(HvSampling *sampling)
{
    uint64_t z = sampling->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static bool is_watched(const HvVm *vm, HvPageNo page)
{
    return hv_memory_entry(vm->memory, page)->watched;
}

/* No page is picked twice; in a VM with few pages some draws are in vain. */
static void pick(HvVm *vm, unsigned count)
{
    HvSampling *sampling = &vm->sampling;
    HvPageNo pages = hv_memory_page_count(vm->memory);
    if (sampling->picked == NULL)
        sampling->picked = g_array_new(FALSE, FALSE, sizeof(HvPageNo));
    if (vm->page_marks == NULL)
        vm->page_marks = g_malloc0(pages);
    sampling->used = 0;
    for (unsigned draw = 0; draw < count; draw++) {
        HvPageNo page = (HvPageNo)(random_number(sampling) % pages);
        const HvMemoryEntry *entry = hv_memory_entry(vm->memory, page);
        if (entry->pinned || (vm->page_marks[page] & HV_MARK_SAMPLED))
            continue;
        vm->page_marks[page] |= HV_MARK_SAMPLED;
        g_array_append_val(sampling->picked, page);
        if (entry->frame != HV_FRAME_NONE && !entry->watched)
            hv_memory_watch(vm->memory, page, true);
    }
}

void hv_host_page_used(HvVm *vm, HvPageNo page)
{
    HvPageRef ref = {vm->number, page};
    if (vm->page_marks != NULL && (vm->page_marks[page] & HV_MARK_SAMPLED)) {
        vm->page_marks[page] &= (uint8_t)~HV_MARK_SAMPLED;
        vm->sampling.used++;
    }
    /* Of a pageable page the pager ends the watch, when it has learned of it. */
    if (is_watched(vm, page) && !hv_pager_is_pageable(vm->host->pager, ref))
        hv_memory_watch(vm->memory, page, false);
}

void hv_host_keep_sampled(HvVm *vm, HvPageNo page)
{
    if (vm->page_marks != NULL && (vm->page_marks[page] & HV_MARK_SAMPLED))
        hv_memory_watch(vm->memory, page, true);
}

static uint32_t towards(uint32_t average, uint32_t value, unsigned shift)
{
    int64_t step = ((int64_t)value - average) / (1 << shift);
    return (uint32_t)(average + step);
}

static void end_period(HvVm *vm, HvTime now)
{
    HvSampling *sampling = &vm->sampling;
    HvPageNo pages = hv_memory_page_count(vm->memory);
    unsigned sampled = sampling->picked->len;
    if (sampled == 0)
        return;
    uint32_t part = (uint32_t)((uint64_t)sampling->used * PPM / sampled);
    sampling->slow_ppm = sampling->begun ? towards(sampling->slow_ppm, part, SLOW_SHIFT) : part;
    sampling->fast_ppm = sampling->begun ? towards(sampling->fast_ppm, part, FAST_SHIFT) : part;
    sampling->begun = true;
    HvWorkingSet set = {
        .sampled = sampled,
        .used = sampling->used,
        .active_ppm = MAX(sampling->slow_ppm, sampling->fast_ppm),
    };
    set.pages = (HvPageNo)((uint64_t)set.active_ppm * pages / PPM);
    HV_REPORT(vm->host, working_set, (HvStamp){now, HV_NO_PCPU}, vm->number, &set);
    for (guint i = 0; i < sampled; i++)
        vm->page_marks[g_array_index(sampling->picked, HvPageNo, i)] &= (uint8_t)~HV_MARK_SAMPLED;
    g_array_set_size(sampling->picked, 0);
}

static void period_fires(HvEvent *event)
{
    HvHost *host = (HvHost *)((char *)event - G_STRUCT_OFFSET(HvHost, period));
    for (guint i = 0; i < host->vms->len; i++) {
        HvVm *vm = g_ptr_array_index(host->vms, i);
        if (vm->state != HV_VM_RUNNING || vm->released)
            continue;
        if (vm->sampling.picked != NULL)
            end_period(vm, event->time);
        pick(vm, host->config.memory.sample_pages);
    }
    hv_host_next_turn(host, event, host->config.memory.sample_period_ns);
}

void hv_host_init_sampling(HvHost *host)
{
    host->period.fire = period_fires;
}

uint32_t hv_host_active_ppm(const HvHost *host, const HvVm *vm)
{
    const HvSampling *sampling = &vm->sampling;
    return sampling->begun ? MAX(sampling->slow_ppm, sampling->fast_ppm) : PPM;
}

void hv_host_sampling_clear(HvVm *vm)
{
    if (vm->sampling.picked != NULL)
        g_array_unref(vm->sampling.picked);
}
