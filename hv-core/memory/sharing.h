/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sharing.h: pages with the same contents share one page frame.
 *
 * Content-based page sharing (C. A. Waldspurger, "Memory Resource Management in
 * VMware ESX Server", OSDI 2002, section 4). The sharer looks at a few pages at a
 * time, in the order of VMs and pages, and again from the begin when it has seen
 * all. It hashes what a page holds. If a shared frame with the same hash is known,
 * or a page that had the same hash when it was looked at, the two are compared byte
 * by byte; when they are equal both pages are mapped read-only to one frame, and the
 * other frame is free. The first write breaks the sharing: the writer gets a copy.
 *
 * Only pageable pages are looked at (pager.h), and a page that shares its frame is
 * not pageable while it does: taking it would free no frame. When all others have
 * gone, the last one is pageable again. Should nothing else be pageable, the sharer
 * gives up a frame: all pages that share it but one go to swap space. Nobody's pages are watched or
 * hashed by the guest, which notices nothing but the time that a copy takes.
 */
#pragma once

#include "hv-core/memory/pager.h"

typedef struct HvSharing HvSharing;

typedef struct {
    HvPool *pool; /* both must outlive the sharer */
    HvPager *pager;
    /* The page is mapped read-only now, to frame, which it shares. Its own frame
     * before was old_frame: the same one for the page that gave the frame. */
    void (*shared)(void *user, HvPageRef page, HvFrameNo frame, HvFrameNo old_frame, bool zero);
    /* May pages of this VM be looked at now? NULL: always. */
    bool (*may_look)(void *user, uint16_t vm);
    /* The page is alone in its frame again, because all others have left. */
    void (*unshared)(void *user, HvPageRef page);
    void *user;
} HvSharingConfig;

HvSharing *hv_sharing_new(const HvSharingConfig *config);
void hv_sharing_free(HvSharing *sharing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvSharing, hv_sharing_free)

/* The memory of the next VM, as in hv_pager_add_memory(). */
void hv_sharing_add_memory(HvSharing *sharing, HvMemory *memory);

/* Pages of all VMs. */
unsigned hv_sharing_page_count(const HvSharing *sharing);

/* Looks at the next pages; at most all of them once. Returns how many frames that
 * has freed. */
unsigned hv_sharing_scan(HvSharing *sharing, unsigned pages);

/* Is the page's frame shared with others? */
bool hv_sharing_has(const HvSharing *sharing, HvPageRef page);
/* A page that shares its frame is about to leave it: it is written, or goes away.
 * When only one other is left, that one is pageable again (still read-only). */
void hv_sharing_leave(HvSharing *sharing, HvPageRef page);

/* Makes one page pageable that shares its frame, by sending the others to swap space.
 * False: nothing is shared, or there is no room. */
bool hv_sharing_give_up(HvSharing *sharing);

/* Frames that are shared, and pages that share them. */
unsigned hv_sharing_frames(const HvSharing *sharing);
unsigned hv_sharing_pages(const HvSharing *sharing);

/* For tests: do groups, mappings and counts agree? Else a sentence, g_free(). */
bool hv_sharing_check(const HvSharing *sharing, char **ret_what);

/* 64 bits of what a page holds; equal for equal pages, on every machine. */
uint64_t hv_page_hash(const uint8_t page[HV_PAGE_SIZE]);
