/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-sharing.c: equal pages share a frame until one is written; beside that pages
 * are swapped; and no content is lost in any mix of it. */
#include <string.h>

#include "hv-core/memory/sharing.h"

#define VMS      3
#define VM_PAGES 24
#define FRAMES   48
#define KINDS    5 /* of contents: kind k is the byte k all over, so 0 is a page of zeroes */

typedef struct {
    HvPool *pool;
    HvPager *pager;
    HvSharing *sharing;
    HvMemory *memory[VMS];
    uint8_t shadow[VMS][VM_PAGES];
    bool touched[VMS][VM_PAGES];
    unsigned shared, unshared, zero;
} World;

static HvPageRef ref_of(unsigned vm, HvPageNo page)
{
    return (HvPageRef){(uint16_t)vm, page};
}

static void on_shared(void *user, HvPageRef page, HvFrameNo frame, HvFrameNo old_frame, bool zero)
{
    World *world = user;
    const HvMemoryEntry *entry = hv_memory_entry(world->memory[page.vm], page.page);

    g_assert_cmpuint(entry->frame, ==, frame);
    g_assert_false(entry->writable);
    g_assert_true(zero == (world->shadow[page.vm][page.page] == 0));
    world->shared++;
    world->zero += zero;
}

static void on_unshared(void *user, HvPageRef page)
{
    ((World *)user)->unshared++;
}

static bool on_none_pageable(void *user)
{
    return hv_sharing_give_up(((World *)user)->sharing);
}

static void world_init(World *world, HvFrameNo frames)
{
    memset(world, 0, sizeof(*world));
    world->pool = hv_pool_new(frames, NULL);
    const HvPagerConfig pager = {.pool = world->pool,
                                 .replacement = hv_replacement_find("fifo"),
                                 .swap_pages = VMS * VM_PAGES,
                                 .make_pageable = on_none_pageable,
                                 .user = world};
    world->pager = hv_pager_new(&pager, NULL);
    const HvSharingConfig sharing = {.pool = world->pool,
                                     .pager = world->pager,
                                     .shared = on_shared,
                                     .unshared = on_unshared,
                                     .user = world};
    world->sharing = hv_sharing_new(&sharing);
    for (unsigned vm = 0; vm < VMS; vm++) {
        world->memory[vm] = hv_memory_new(world->pool, VM_PAGES * 4096, NULL);
        hv_pager_add_memory(world->pager, world->memory[vm]);
        hv_sharing_add_memory(world->sharing, world->memory[vm]);
    }
}

static void world_clear(World *world)
{
    HvFrameNo frames = hv_pool_frame_count(world->pool);

    for (unsigned vm = 0; vm < VMS; vm++)
        hv_memory_free(world->memory[vm]);
    hv_sharing_free(world->sharing);
    hv_pager_free(world->pager);
    g_assert_cmpuint(hv_pool_free_count(world->pool), ==, frames);
    hv_pool_free(world->pool);
}

static uint8_t *bytes_of(World *world, unsigned vm, HvPageNo page)
{
    HvFrameNo frame = hv_memory_entry(world->memory[vm], page)->frame;

    return hv_pool_data(world->pool) + (size_t)frame * HV_PAGE_SIZE;
}

static void map_new(World *world, unsigned vm, HvPageNo page, HvFrameNo frame)
{
    hv_memory_map(world->memory[vm], page, frame, true);
    hv_pager_mapped(world->pager, ref_of(vm, page));
}

static void read_page(World *world, unsigned vm, HvPageNo page)
{
    uint32_t slot;

    if (hv_memory_entry(world->memory[vm], page)->frame == HV_FRAME_NONE) {
        HvFrameNo frame = hv_pager_take_frame(world->pager, NULL);

        g_assert_cmpuint(frame, !=, HV_FRAME_NONE);
        hv_pager_swap_in(world->pager, ref_of(vm, page), frame, &slot);
        map_new(world, vm, page, frame);
        world->touched[vm][page] = true;
    }
    for (unsigned i = 0; i < HV_PAGE_SIZE; i += 455)
        g_assert_cmpuint(bytes_of(world, vm, page)[i], ==, world->shadow[vm][page]);
}

/* As hv-core/vm/vm-memory.c does it. */
static void write_page(World *world, unsigned vm, HvPageNo page, uint8_t kind)
{
    uint32_t slot;

    read_page(world, vm, page);
    if (hv_sharing_has(world->sharing, ref_of(vm, page))) {
        HvFrameNo frame = hv_pager_take_frame(world->pager, NULL);

        g_assert_cmpuint(frame, !=, HV_FRAME_NONE);
        if (hv_memory_entry(world->memory[vm], page)->frame == HV_FRAME_NONE)
            g_assert_true(hv_pager_swap_in(world->pager, ref_of(vm, page), frame, &slot));
        else if (hv_sharing_has(world->sharing, ref_of(vm, page)))
            hv_sharing_leave(world->sharing, ref_of(vm, page));
        else if (hv_pager_is_pageable(world->pager, ref_of(vm, page)))
            hv_pager_unmapped(world->pager, ref_of(vm, page));
        map_new(world, vm, page, frame);
    } else {
        hv_memory_protect(world->memory[vm], page, true);
    }
    memset(bytes_of(world, vm, page), kind, HV_PAGE_SIZE);
    world->shadow[vm][page] = kind;
}

/* Frames in use are those that a walk over all pages finds, and no more. */
static unsigned check(World *world)
{
    HvFrameNo frames = hv_pool_frame_count(world->pool), used = 0;
    g_autofree uint32_t *refs = g_new0(uint32_t, frames);
    unsigned sharers = 0, groups = 0;

    for (unsigned vm = 0; vm < VMS; vm++)
        for (HvPageNo page = 0; page < VM_PAGES; page++) {
            HvFrameNo frame = hv_memory_entry(world->memory[vm], page)->frame;

            if (frame != HV_FRAME_NONE)
                refs[frame]++;
        }
    for (HvFrameNo frame = 0; frame < frames; frame++) {
        g_assert_cmpuint(hv_pool_info(world->pool, frame)->refs, ==, refs[frame]);
        used += refs[frame] > 0;
        groups += refs[frame] > 1;
        sharers += refs[frame] > 1 ? refs[frame] : 0;
    }
    g_assert_cmpuint(hv_sharing_frames(world->sharing), ==, groups);
    g_assert_cmpuint(hv_sharing_pages(world->sharing), ==, sharers);
    g_assert_cmpuint(hv_pager_pageable_count(world->pager), ==, used - groups);
    return used;
}

/* 30 pages: ten of each VM, page p holds p % 5. After two rounds 5 frames are left,
 * each shared by 6 pages. VM 0 writes page 1 (kind 1): it gets a copy, 5 share on. */
static void test_worked_out(void)
{
    World world;

    world_init(&world, FRAMES);
    for (unsigned vm = 0; vm < VMS; vm++)
        for (HvPageNo page = 0; page < 10; page++)
            write_page(&world, vm, page, (uint8_t)(page % KINDS));
    g_assert_cmpuint(check(&world), ==, 30);
    hv_sharing_scan(world.sharing, VMS * VM_PAGES);
    g_assert_cmpuint(check(&world), ==, 5);
    g_assert_cmpuint(hv_sharing_pages(world.sharing), ==, 30);
    g_assert_cmpuint(world.shared, ==, 30);
    g_assert_cmpuint(world.zero, ==, 6);
    write_page(&world, 0, 1, 9);
    g_assert_cmpuint(check(&world), ==, 6);
    g_assert_cmpuint(hv_sharing_pages(world.sharing), ==, 29);
    g_assert_cmpuint(world.unshared, ==, 0);
    /* The other five of kind 1 leave one after the other: with the fourth the fifth is alone. */
    write_page(&world, 0, 6, 9);
    write_page(&world, 1, 1, 9);
    write_page(&world, 1, 6, 9);
    g_assert_cmpuint(world.unshared, ==, 0);
    write_page(&world, 2, 1, 9);
    g_assert_cmpuint(world.unshared, ==, 1);
    g_assert_true(hv_pager_is_pageable(world.pager, ref_of(2, 6)));
    g_assert_cmpuint(hv_memory_entry(world.memory[2], 6)->writable, ==, false);
    g_assert_cmpuint(check(&world), ==, 4 + 6);
    world_clear(&world);
}

/* A few pages at a time come to the same. */
static void test_in_steps(void)
{
    World world;

    world_init(&world, FRAMES);
    for (unsigned vm = 0; vm < VMS; vm++)
        for (HvPageNo page = 0; page < 10; page++)
            write_page(&world, vm, page, (uint8_t)(page % KINDS));
    for (unsigned i = 0; i < VMS * VM_PAGES; i += 3)
        hv_sharing_scan(world.sharing, 3);
    g_assert_cmpuint(check(&world), ==, 5);
    world_clear(&world);
}

/* Any mix against the shadow copy; with 16 frames for 72 pages it swaps as well. */
static void test_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(17);
    static const HvFrameNo sizes[] = {FRAMES, 16};

    for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
        int kinds = s ? 40 : 12;
        World world;

        world_init(&world, sizes[s]);
        for (unsigned i = 0; i < 20000; i++) {
            unsigned vm = (unsigned)g_rand_int_range(random, 0, VMS);
            HvPageNo page = (HvPageNo)g_rand_int_range(random, 0, VM_PAGES);

            switch (g_rand_int_range(random, 0, 4)) {
            case 0: read_page(&world, vm, page); break;
            case 1:
            case 2:
                write_page(&world, vm, page, (uint8_t)g_rand_int_range(random, 0, kinds));
                break;
            default: hv_sharing_scan(world.sharing, (unsigned)g_rand_int_range(random, 1, 40));
            }
            if (i % 64 == 0)
                check(&world);
        }
        check(&world);
        for (unsigned vm = 0; vm < VMS; vm++)
            for (HvPageNo page = 0; page < VM_PAGES; page++)
                if (world.touched[vm][page])
                    read_page(&world, vm, page);
        g_assert_cmpuint(world.shared, >, 1000);
        g_assert_cmpuint(world.unshared, >, 50);
        world_clear(&world);
    }
}

/* One bit anywhere makes another hash. */
static void test_hash(void)
{
    uint8_t page[HV_PAGE_SIZE] = {0};
    uint64_t zero = hv_page_hash(page);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    g_assert_cmpuint(zero, ==, hv_page_hash(page));
    for (unsigned bit = 0; bit < HV_PAGE_SIZE * 8; bit += 7) {
        uint64_t hash;

        page[bit / 8] ^= (uint8_t)(1u << bit % 8);
        hash = hv_page_hash(page);
        page[bit / 8] ^= (uint8_t)(1u << bit % 8);
        g_assert_cmpuint(hash, !=, zero);
        g_assert_true(g_hash_table_add(seen, g_memdup2(&hash, sizeof(hash))));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sharing/worked-out", test_worked_out);
    g_test_add_func("/sharing/in-steps", test_in_steps);
    g_test_add_func("/sharing/random", test_random);
    g_test_add_func("/sharing/hash", test_hash);
    return g_test_run();
}
