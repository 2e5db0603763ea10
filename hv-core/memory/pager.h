/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pager.h: whose page frame is taken when there is none left.
 *
 * Every host has one pager for all its VMs. It stands between "this page needs a
 * frame" (hv-core/vm decides that) and the pool. While there are free frames it
 * hands them out. When there are none, or as many are in use as the scenario
 * allows, it asks the replacement policy for a victim, writes the victim's contents
 * to swap space, takes its frame and hands that out. Touched again, the page gets
 * another frame and its contents back.
 *
 * Pages that may be taken are *pageable*: present, not pinned, and alone in their
 * frame. hv-core/vm says when a page becomes so (hv_pager_mapped) and when it stops
 * to be (hv_pager_unmapped).
 *
 * The swap space is a pool of its own, of slots as large as a page: what a swap
 * file is elsewhere. Nothing here knows of time, of costs, or of vCPUs.
 */
#pragma once

#include "hv-core/memory/memory.h"
#include "hv-core/memory/replacement/replacement.h"

typedef struct HvPager HvPager;

typedef struct {
    HvPool *pool;                        /* must outlive the pager */
    const HvReplacementOps *replacement; /* NULL: no page is ever taken away */
    HvFrameNo frame_limit;               /* pageable pages at most; 0: as the pool allows */
    HvFrameNo swap_pages;                /* size of the swap space */
    /* When a frame must be taken, so many pages go at once: where the guests' mappings
     * are dear to change (kvm) that is much cheaper. 0 means 1. */
    unsigned batch;
    bool trace; /* tracing mode: pageable pages are watched always */
    /* Each VM's pages are replaced by themselves; whose turn it is to lose one,
     * choose_vm says: the number of a VM, or -1 when none may. Else NULL. */
    int (*choose_vm)(void *user);
    uint64_t seed;
    const HvPageRef *future; /* for a policy that needs it, see replacement.h */
    size_t future_count;
    /* A page went to a slot of the swap space; it is absent now. */
    void (*swapped_out)(void *user, HvPageRef page, HvFrameNo frame, uint32_t slot);
    /* No page is pageable: whoever keeps pages from being so (sharing.h) may make some
     * pageable now. False: it cannot. May be NULL. */
    bool (*make_pageable)(void *user);
    void *user;
} HvPagerConfig;

HvPager *hv_pager_new(const HvPagerConfig *config, GError **error);
void hv_pager_free(HvPager *pager);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvPager, hv_pager_free)

/* The memory of VM number vm, which is new; VMs come in the order of their
 * numbers. Its pages that are present and not pinned are pageable from now on. */
void hv_pager_add_memory(HvPager *pager, HvMemory *memory);
/* It ends: nothing of it is pageable any more, and its slots are free. */
void hv_pager_remove_memory(HvPager *pager, uint16_t vm);

/* A page frame with one reference, the caller's; HV_FRAME_NONE: none is free, and
 * none can be taken (no policy, no pageable page, or no swap space left).
 * *ret_victim, if not NULL: the page that lost its frame for it last; .page is
 * HV_NO_PAGE when there was none. */
HvFrameNo hv_pager_take_frame(HvPager *pager, HvPageRef *ret_victim);
#define HV_NO_PAGE UINT32_MAX

/* Writes a present page that is not pinned to swap space and takes its reference on its
 * frame away; false: no slot is left. */
bool hv_pager_swap_out(HvPager *pager, HvPageRef page);

/* One page of this VM goes to swap space; with choose_vm only. False: none can. */
bool hv_pager_take_from(HvPager *pager, uint16_t vm, HvPageRef *ret_victim);

/* Copies what a page held when it was swapped out into frame and frees its slot;
 * false: it is not in swap space. */
bool hv_pager_swap_in(HvPager *pager, HvPageRef page, HvFrameNo frame, uint32_t *ret_slot);
/* What the absent page held is not wanted any more: its slot is free, if it has one. */
void hv_pager_forget(HvPager *pager, HvPageRef page);
bool hv_pager_is_swapped(const HvPager *pager, HvPageRef page);

/* The page, which has been mapped to a frame of its own, is pageable from now on;
 * or no longer is. In that order, and never for a pinned page. */
void hv_pager_mapped(HvPager *pager, HvPageRef page);
void hv_pager_unmapped(HvPager *pager, HvPageRef page);
bool hv_pager_is_pageable(const HvPager *pager, HvPageRef page);

/* A CPU accesses a pageable page: it was absent or watched until now. Outside
 * tracing mode that ends the watch. */
void hv_pager_referenced(HvPager *pager, HvPageRef page, bool write);
/* A sampling interval is over. */
void hv_pager_tick(HvPager *pager);

HvFrameNo hv_pager_pageable_count(const HvPager *pager);
HvFrameNo hv_pager_pageable_of(const HvPager *pager, uint16_t vm);
/* Pages of the VM that are in swap space. */
HvPageNo hv_pager_swapped_count(const HvPager *pager, uint16_t vm);

/* For tests: do owners of frames, slots and counts agree? Else a sentence, g_free(). */
bool hv_pager_check(const HvPager *pager, char **ret_what);
