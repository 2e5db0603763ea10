/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-check.c: are the host's page frames conserved? Each is free, or owned once for
 * each page that is mapped to it, or in hand: taken for a page that will have it in a
 * moment. What pager and sharer know of them must agree with that, and a page in a
 * balloon holds nothing. Tests ask after every event (HvObserver.reported); nothing is
 * changed here.
 */
#include "hv-core/vm/host-private.h"

/* Counts a VM's mappings; false: its resident count is wrong. */
static bool count_mappings(const HvVm *vm, uint32_t *refs, char **ret_what)
{
    HvPageNo resident = 0;
    for (HvPageNo page = 0; page < hv_memory_page_count(vm->memory); page++) {
        HvFrameNo frame = hv_memory_entry(vm->memory, page)->frame;
        if (frame == HV_FRAME_NONE)
            continue;
        refs[frame]++;
        resident++;
    }
    if (resident == hv_memory_resident_count(vm->memory))
        return true;
    *ret_what = g_strdup_printf("VM %u has %u resident pages, not %u", vm->number, resident,
                                hv_memory_resident_count(vm->memory));
    return false;
}

static bool check_frames(const HvHost *host, const uint32_t *refs, char **ret_what)
{
    HvFrameNo count = hv_pool_frame_count(host->pool), free = 0;
    for (HvFrameNo frame = 0; frame < count; frame++) {
        uint32_t known = hv_pool_info(host->pool, frame)->refs;
        free += known == 0;
        if (known == refs[frame])
            continue;
        *ret_what = g_strdup_printf("frame %u has %u mappings, not %u", frame, refs[frame], known);
        return false;
    }
    if (free == hv_pool_free_count(host->pool))
        return true;
    *ret_what = g_strdup_printf("%u frames are free, not %u", free, hv_pool_free_count(host->pool));
    return false;
}

static bool check_balloon(const HvVm *vm, char **ret_what)
{
    HvPageNo count = 0;
    if (vm->page_marks == NULL)
        return true;
    for (HvPageNo page = 0; page < hv_memory_page_count(vm->memory); page++) {
        if (!hv_vm_is_ballooned(vm, page))
            continue;
        count++;
        if (hv_memory_entry(vm->memory, page)->frame == HV_FRAME_NONE &&
            (vm->released || !hv_pager_is_swapped(vm->host->pager, (HvPageRef){vm->number, page})))
            continue;
        *ret_what = g_strdup_printf("page %u of VM %u is in the balloon and holds something", page,
                                    vm->number);
        return false;
    }
    if (count == vm->ballooned)
        return true;
    *ret_what = g_strdup_printf("VM %u has %u pages in its balloon, not %u", vm->number, count,
                                vm->ballooned);
    return false;
}

bool hv_host_check(const HvHost *host, char **ret_what)
{
    g_autofree uint32_t *refs = g_new0(uint32_t, hv_pool_frame_count(host->pool));
    if (host->in_hand != HV_FRAME_NONE)
        refs[host->in_hand]++;
    if (host->newcomer != NULL && host->newcomer->memory != NULL &&
        !count_mappings(host->newcomer, refs, ret_what))
        return false;
    for (guint i = 0; i < host->vms->len; i++) {
        const HvVm *vm = g_ptr_array_index(host->vms, i);
        if (!count_mappings(vm, refs, ret_what) || !check_balloon(vm, ret_what))
            return false;
    }
    return check_frames(host, refs, ret_what) && hv_pager_check(host->pager, ret_what) &&
           hv_sharing_check(host->sharing, ret_what);
}
