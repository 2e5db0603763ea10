/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sharing.c: see sharing.h.
 *
 * Two tables by hash. `shared` leads to a frame that several pages have; `hints`
 * to a page that had this hash when it was looked at. A hint costs nothing to keep
 * wrong: the page may have been written since, so it is compared before it counts.
 * All tables are looked up and never walked, so nothing depends on their order.
 */
#include "hv-core/memory/sharing.h"

#include <string.h>

typedef struct {
    HvFrameNo frame;
    uint64_t hash;
    GArray *pages; /* of HvPageRef, in the order in which they came */
} Group;

struct HvSharing {
    HvSharingConfig config;
    GPtrArray *memories; /* of HvMemory, by number of the VM */
    GHashTable *shared;  /* hash -> Group, which it owns */
    GHashTable *hints;   /* hash -> HvPageRef, packed */
    Group **group;       /* by frame; NULL: not shared */
    HvPageRef next;      /* to be looked at */
    HvFrameNo next_up;   /* the frame from which on one is looked for to give up */
    HvPageRef leaving;   /* may have its frame still, or its place in the group */
    unsigned pages;      /* that share a frame */
};

static HvMemory *memory_of(const HvSharing *sharing, uint16_t vm)
{
    return sharing->memories->pdata[vm];
}

static HvFrameNo frame_of(const HvSharing *sharing, HvPageRef page)
{
    return hv_memory_entry(memory_of(sharing, page.vm), page.page)->frame;
}

static const uint8_t *bytes_of(const HvSharing *sharing, HvFrameNo frame)
{
    return hv_pool_data(sharing->config.pool) + (size_t)frame * HV_PAGE_SIZE;
}

static bool same_contents(const HvSharing *sharing, HvFrameNo a, HvFrameNo b)
{
    return memcmp(bytes_of(sharing, a), bytes_of(sharing, b), HV_PAGE_SIZE) == 0;
}

static bool is_zero(const uint8_t *bytes)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, HV_PAGE_SIZE - 1) == 0;
}

static void group_free(void *data)
{
    Group *group = data;

    g_array_unref(group->pages);
    g_free(group);
}

HvSharing *hv_sharing_new(const HvSharingConfig *config)
{
    HvSharing *sharing = g_new0(HvSharing, 1);

    sharing->config = *config;
    sharing->leaving.page = HV_NO_PAGE;
    sharing->memories = g_ptr_array_new();
    sharing->shared = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, group_free);
    sharing->hints = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    sharing->group = g_new0(Group *, hv_pool_frame_count(config->pool));
    return sharing;
}

void hv_sharing_free(HvSharing *sharing)
{
    if (sharing == NULL)
        return;
    g_ptr_array_unref(sharing->memories);
    g_hash_table_unref(sharing->shared);
    g_hash_table_unref(sharing->hints);
    g_free(sharing->group);
    g_free(sharing);
}

void hv_sharing_add_memory(HvSharing *sharing, HvMemory *memory)
{
    g_ptr_array_add(sharing->memories, memory);
}

/* ---- Groups --------------------------------------------------------------- */

/* The page becomes one of the group, whose frame it has from now on. */
static void join(HvSharing *sharing, Group *group, HvPageRef page)
{
    HvMemory *memory = memory_of(sharing, page.vm);
    HvFrameNo old = frame_of(sharing, page);

    hv_pager_unmapped(sharing->config.pager, page);
    if (old == group->frame) {
        hv_memory_protect(memory, page.page, false);
    } else {
        hv_pool_ref(sharing->config.pool, group->frame);
        hv_memory_map(memory, page.page, group->frame, false);
    }
    g_array_append_val(group->pages, page);
    sharing->pages++;
    if (sharing->config.shared != NULL)
        sharing->config.shared(sharing->config.user, page, group->frame, old,
                               is_zero(bytes_of(sharing, group->frame)));
}

static Group *new_group(HvSharing *sharing, HvPageRef first, uint64_t hash)
{
    Group *group = g_new0(Group, 1);

    group->frame = frame_of(sharing, first);
    group->hash = hash;
    group->pages = g_array_new(FALSE, FALSE, sizeof(HvPageRef));
    g_hash_table_insert(sharing->shared, &group->hash, group);
    sharing->group[group->frame] = group;
    join(sharing, group, first);
    return group;
}

bool hv_sharing_has(const HvSharing *sharing, HvPageRef page)
{
    HvFrameNo frame = frame_of(sharing, page);

    return frame != HV_FRAME_NONE && sharing->group[frame] != NULL;
}

static void remove_page(Group *group, HvPageRef page)
{
    for (guint i = 0; i < group->pages->len; i++) {
        const HvPageRef *other = &g_array_index(group->pages, HvPageRef, i);

        if (other->vm == page.vm && other->page == page.page) {
            g_array_remove_index(group->pages, i);
            return;
        }
    }
    g_assert_not_reached();
}

static void left(HvSharing *sharing, Group *group, HvPageRef page)
{
    remove_page(group, page);
    sharing->pages--;
    if (group->pages->len > 1)
        return;

    HvPageRef last = {.page = HV_NO_PAGE};

    if (group->pages->len == 1) {
        last = g_array_index(group->pages, HvPageRef, 0);
        hv_pager_mapped(sharing->config.pager, last);
        sharing->pages--;
    }
    sharing->group[group->frame] = NULL;
    g_hash_table_remove(sharing->shared, &group->hash);
    if (last.page != HV_NO_PAGE && sharing->config.unshared != NULL)
        sharing->config.unshared(sharing->config.user, last);
}

void hv_sharing_leave(HvSharing *sharing, HvPageRef page)
{
    Group *group = sharing->group[frame_of(sharing, page)];

    g_assert(group != NULL);
    sharing->leaving = page;
    left(sharing, group, page);
    sharing->leaving.page = HV_NO_PAGE;
}

/* All frames take turns. */
static Group *next_group(HvSharing *sharing)
{
    HvFrameNo count = hv_pool_frame_count(sharing->config.pool);

    for (HvFrameNo i = 0; i < count; i++) {
        HvFrameNo frame = (sharing->next_up + i) % count;

        if (sharing->group[frame] == NULL)
            continue;
        sharing->next_up = frame + 1;
        return sharing->group[frame];
    }
    return NULL;
}

bool hv_sharing_give_up(HvSharing *sharing)
{
    Group *group = next_group(sharing);
    bool last = false;

    while (group != NULL && !last) {
        HvPageRef page = g_array_index(group->pages, HvPageRef, 0);

        last = group->pages->len == 2; /* the group ends when one of two leaves */
        sharing->leaving = page;

        bool gone = hv_pager_swap_out(sharing->config.pager, page);

        if (gone)
            left(sharing, group, page);
        sharing->leaving.page = HV_NO_PAGE;
        if (!gone)
            return false;
    }
    return group != NULL;
}

/* ---- Looking at pages ------------------------------------------------------ */

static void remember(HvSharing *sharing, uint64_t hash, HvPageRef page)
{
    g_hash_table_replace(sharing->hints, g_memdup2(&hash, sizeof(hash)),
                         g_memdup2(&page, sizeof(page)));
}

/* The page that was seen with this hash, if it can still be shared with frame. */
static const HvPageRef *hint_for(const HvSharing *sharing, uint64_t hash, HvFrameNo frame)
{
    const HvPageRef *hint = g_hash_table_lookup(sharing->hints, &hash);
    HvFrameNo other = hint != NULL ? frame_of(sharing, *hint) : HV_FRAME_NONE;

    if (other == HV_FRAME_NONE || other == frame ||
        !hv_pager_is_pageable(sharing->config.pager, *hint) ||
        !same_contents(sharing, other, frame))
        return NULL;
    return hint;
}

/* Returns whether that has freed a frame. */
static bool look_at(HvSharing *sharing, HvPageRef page)
{
    HvFrameNo frame = frame_of(sharing, page);

    if (frame == HV_FRAME_NONE || !hv_pager_is_pageable(sharing->config.pager, page))
        return false;

    uint64_t hash = hv_page_hash(bytes_of(sharing, frame));
    Group *group = g_hash_table_lookup(sharing->shared, &hash);

    if (group != NULL) {
        if (!same_contents(sharing, group->frame, frame))
            return false;
        join(sharing, group, page);
        return true;
    }
    const HvPageRef *hint = hint_for(sharing, hash, frame);

    if (hint == NULL) {
        remember(sharing, hash, page);
        return false;
    }
    join(sharing, new_group(sharing, *hint, hash), page);
    g_hash_table_remove(sharing->hints, &hash);
    return true;
}

static void go_on(HvSharing *sharing)
{
    if (++sharing->next.page < hv_memory_page_count(memory_of(sharing, sharing->next.vm)))
        return;
    sharing->next.page = 0;
    sharing->next.vm = (uint16_t)((sharing->next.vm + 1u) % sharing->memories->len);
    /* Hints of pages that have been written since would add up for ever. */
    if (sharing->next.vm == 0)
        g_hash_table_remove_all(sharing->hints);
}

unsigned hv_sharing_page_count(const HvSharing *sharing)
{
    unsigned all = 0;

    for (guint vm = 0; vm < sharing->memories->len; vm++)
        all += hv_memory_page_count(memory_of(sharing, (uint16_t)vm));
    return all;
}

unsigned hv_sharing_scan(HvSharing *sharing, unsigned pages)
{
    unsigned all = hv_sharing_page_count(sharing), freed = 0;

    for (unsigned i = 0; i < MIN(pages, all); i++) {
        if (sharing->config.may_look == NULL ||
            sharing->config.may_look(sharing->config.user, sharing->next.vm))
            freed += look_at(sharing, sharing->next);
        go_on(sharing);
    }
    return freed;
}

unsigned hv_sharing_frames(const HvSharing *sharing)
{
    return g_hash_table_size(sharing->shared);
}

unsigned hv_sharing_pages(const HvSharing *sharing)
{
    return sharing->pages;
}

/* ---- For tests ------------------------------------------------------------- */

static bool is_leaving(const HvSharing *sharing, HvPageRef page)
{
    return page.page == sharing->leaving.page && page.vm == sharing->leaving.vm;
}

/* The leaving page still has this frame. */
static bool leaves_from(const HvSharing *sharing, HvFrameNo frame)
{
    return sharing->leaving.page != HV_NO_PAGE && frame_of(sharing, sharing->leaving) == frame;
}

static bool check_page(const HvSharing *sharing, const Group *group, HvPageRef page, char **ret)
{
    const HvMemoryEntry *entry = hv_memory_entry(memory_of(sharing, page.vm), page.page);

    if (entry->frame == group->frame && !entry->writable && !entry->pinned &&
        !hv_pager_is_pageable(sharing->config.pager, page))
        return true;
    *ret = g_strdup_printf("page %u of VM %u is one of those that share frame %u, but has frame "
                           "%d%s",
                           page.page, page.vm, group->frame, (int)entry->frame,
                           entry->writable ? ", writable" : "");
    return false;
}

static bool check_group(const HvSharing *sharing, HvFrameNo frame, unsigned *pages, char **ret)
{
    const Group *group = sharing->group[frame];
    uint32_t refs = hv_pool_info(sharing->config.pool, frame)->refs, expected = 0;

    for (guint i = 0; i < group->pages->len; i++) {
        HvPageRef page = g_array_index(group->pages, HvPageRef, i);

        (*pages)++;
        if (is_leaving(sharing, page))
            continue;
        expected++;
        if (!check_page(sharing, group, page, ret))
            return false;
    }
    expected += leaves_from(sharing, frame);
    if (group->frame == frame && refs == expected)
        return true;
    *ret = g_strdup_printf("frame %u is shared by %u pages, not %u", frame, refs, expected);
    return false;
}

bool hv_sharing_check(const HvSharing *sharing, char **ret_what)
{
    unsigned pages = 0;

    for (HvFrameNo frame = 0; frame < hv_pool_frame_count(sharing->config.pool); frame++) {
        uint32_t alone = 1 + leaves_from(sharing, frame);

        if (sharing->group[frame] != NULL) {
            if (!check_group(sharing, frame, &pages, ret_what))
                return false;
        } else if (hv_pool_info(sharing->config.pool, frame)->refs > alone) {
            *ret_what = g_strdup_printf("frame %u has several owners, and is not shared", frame);
            return false;
        }
    }
    if (pages == sharing->pages)
        return true;
    *ret_what = g_strdup_printf("%u pages share frames, not %u", pages, sharing->pages);
    return false;
}
