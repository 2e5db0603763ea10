/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-shares.c: how much of the host's memory each VM is to have.
 *
 * A VM has shares, a reservation that nobody takes from it, and a limit that it does
 * not exceed. Who needs a page frame when none is free takes it from the VM that pays
 * the fewest shares for each page it holds: min-funding revocation. With an idle-memory
 * tax t, an idle page costs as much as k = 1 / (1 - t) pages in use, so that who has
 * much memory and uses little of it has to give first (C. A. Waldspurger, "Memory
 * Resource Management in VMware ESX Server", OSDI 2002, section 5):
 *
 *     rho = shares / (pages * (f + k * (1 - f)))      f: the part that is in use
 *
 * The VM with the lowest rho loses a page. Here its reciprocal, the cost, is computed
 * in whole numbers, and the highest loses. f is the estimate of host-sample.c; without
 * one everything counts as used.
 */
#include "hv-core/vm/host-private.h"

#define PPM UINT64_C(1000000)

static bool is_promised(const HvVm *vm)
{
    return vm->state == HV_VM_RUNNING || vm->state == HV_VM_PAUSED;
}

/* ---- Whose turn it is to give ---------------------------------------------- */

uint64_t hv_host_memory_cost(const HvHost *host, const HvVm *vm, HvPageNo holds)
{
    const HvMemoryPolicy *memory = &host->config.memory;
    if (!memory->by_shares)
        return holds; /* then shares do not matter: who holds the most */
    uint64_t used = hv_host_active_ppm(host, vm), idle = PPM - used;
    uint64_t each_ppm = used + idle * PPM / (PPM - MIN(memory->tax_ppm, PPM - 1));
    unsigned __int128 cost = (unsigned __int128)holds * each_ppm * 1000;
    cost /= vm->memory_params.shares;
    return cost > UINT64_MAX ? UINT64_MAX : (uint64_t)cost;
}

HvPageNo hv_host_takeable(const HvVm *vm, HvPageNo holds)
{
    HvPageNo reservation = vm->memory_params.reservation;
    return holds > reservation ? holds - reservation : 0;
}

int hv_host_choose_vm(void *user)
{
    HvHost *host = user;
    int chosen = -1;
    uint64_t highest = 0;
    for (guint i = 0; i < host->vms->len; i++) {
        const HvVm *vm = g_ptr_array_index(host->vms, i);
        HvPageNo holds = hv_memory_resident_count(vm->memory);
        if (vm->released || hv_pager_pageable_of(host->pager, vm->number) == 0 ||
            hv_host_takeable(vm, holds) == 0)
            continue;
        uint64_t cost = hv_host_memory_cost(host, vm, holds);
        if (chosen < 0 || cost > highest) {
            chosen = vm->number;
            highest = cost;
        }
    }
    return chosen;
}

/* ---- Promises --------------------------------------------------------------- */

/* What must be there for the VM whatever others do. */
static uint64_t promise_to(const HvHost *host, const HvVm *vm)
{
    return host->config.memory.no_overcommit ? hv_memory_page_count(vm->memory)
                                             : vm->memory_params.reservation;
}

/* What the host has left beside its promises to all other VMs. */
static uint64_t left_for(const HvHost *host, const HvVm *vm)
{
    uint64_t left = hv_pool_frame_count(host->pool);
    for (guint i = 0; i < host->vms->len; i++) {
        const HvVm *other = g_ptr_array_index(host->vms, i);
        if (other != vm && is_promised(other))
            left -= MIN(left, promise_to(host, other));
    }
    return left;
}

bool hv_host_can_promise(const HvHost *host, const HvVm *vm, HvTime now)
{
    uint64_t left = left_for(host, vm), wants = promise_to(host, vm);
    if (wants <= left)
        return true;
    HV_REPORT(host, vm_refused, (HvStamp){now, HV_NO_PCPU}, vm->number, (HvPageNo)wants,
              (HvFrameNo)left);
    return false;
}

/* ---- Changed while it runs ---------------------------------------------------- */

static bool can_change_to(const HvVm *vm, const HvMemoryParams *params)
{
    HvPageNo raised = params->reservation > vm->memory_params.reservation ? params->reservation : 0;
    return params->shares > 0 && params->reservation <= hv_memory_page_count(vm->memory) &&
           (params->limit == 0 || params->limit >= params->reservation) &&
           (!is_promised(vm) || raised <= left_for(vm->host, vm));
}

/* What it holds beyond its limit is taken from it: by its replacement policy, as ever. */
static void take_beyond_limit(HvVm *vm, HvTime now)
{
    HvHost *host = vm->host;
    HvPageNo limit = vm->memory_params.limit;
    HvPageRef victim;
    host->needy = vm;
    while (limit != 0 && hv_memory_resident_count(vm->memory) > limit &&
           hv_pager_take_from(host->pager, vm->number, &victim))
        hv_host_reclaim_torn(host, (HvStamp){now, HV_NO_PCPU});
    host->needy = NULL;
    hv_host_frames_came(host, now);
}

bool hv_vm_set_memory(HvVm *vm, const HvMemoryParams *wanted, unsigned what, HvTime now)
{
    HvHost *host = vm->host;
    HvMemoryParams params = vm->memory_params;
    if (what & HV_SET_MEMORY_SHARES)
        params.shares = wanted->shares;
    if (what & HV_SET_MEMORY_RESERVATION)
        params.reservation = wanted->reservation;
    if (what & HV_SET_MEMORY_LIMIT)
        params.limit = wanted->limit;
    bool over = vm->state != HV_VM_OFF && !is_promised(vm);
    if (!host->config.memory.by_shares || over || vm->released || !can_change_to(vm, &params))
        return false;
    hv_host_begin_input(host, now);
    vm->memory_params = params;
    HV_REPORT(host, memory_params, (HvStamp){now, HV_NO_PCPU}, vm->number, &params);
    take_beyond_limit(vm, now);
    return true;
}

bool hv_host_set_memory_tax(HvHost *host, uint32_t tax_ppm, HvTime now)
{
    if (!host->config.memory.by_shares || tax_ppm >= PPM)
        return false;
    hv_host_begin_input(host, now);
    host->config.memory.tax_ppm = tax_ppm;
    return true;
}
