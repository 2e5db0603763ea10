/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-pager.c: page frames are taken and given back, and no content is lost. */
#include <string.h>

#include "hv-core/memory/pager.h"

#define VMS      3
#define VM_PAGES 24
#define FRAMES   20
#define PINNED   2 /* pages of each VM */
#define SLOTS    128

typedef struct {
    HvPool *pool;
    HvPager *pager;
    HvMemory *memory[VMS];
    uint8_t shadow[VMS][VM_PAGES]; /* what each page holds: one value, over and over */
    bool touched[VMS][VM_PAGES];
    unsigned swapped_out;
} World;

static void on_swapped_out(void *user, HvPageRef page, HvFrameNo frame, uint32_t slot)
{
    World *world = user;

    world->swapped_out++;
    g_assert_cmpuint(hv_memory_entry(world->memory[page.vm], page.page)->frame, ==, HV_FRAME_NONE);
    g_assert_true(hv_pager_is_swapped(world->pager, page));
}

static void world_init(World *world, const char *policy, HvFrameNo limit, HvFrameNo slots)
{
    memset(world, 0, sizeof(*world));
    world->pool = hv_pool_new(FRAMES, NULL);
    const HvPagerConfig config = {.pool = world->pool,
                                  .replacement = policy ? hv_replacement_find(policy) : NULL,
                                  .frame_limit = limit,
                                  .swap_pages = slots,
                                  .seed = 3,
                                  .swapped_out = on_swapped_out,
                                  .user = world};
    world->pager = hv_pager_new(&config, NULL);
    for (unsigned vm = 0; vm < VMS; vm++) {
        HvMemory *memory = world->memory[vm] = hv_memory_new(world->pool, VM_PAGES * 4096, NULL);

        for (HvPageNo page = 0; page < PINNED; page++) {
            hv_memory_map(memory, page, hv_pool_alloc(world->pool), true);
            hv_memory_pin(memory, page);
        }
        hv_pager_add_memory(world->pager, memory);
    }
}

static void world_clear(World *world)
{
    for (unsigned vm = 0; vm < VMS; vm++)
        hv_memory_free(world->memory[vm]);
    hv_pager_free(world->pager);
    g_assert_cmpuint(hv_pool_free_count(world->pool), ==, FRAMES);
    hv_pool_free(world->pool);
}

static uint8_t *bytes_of(World *world, unsigned vm, HvPageNo page)
{
    HvFrameNo frame = hv_memory_entry(world->memory[vm], page)->frame;

    return hv_pool_data(world->pool) + (size_t)frame * HV_PAGE_SIZE;
}

/* What a CPU's access to an absent or watched page leads to. */
static bool access_page(World *world, unsigned vm, HvPageNo page, bool write)
{
    HvPageRef ref = {(uint16_t)vm, page};
    uint32_t slot;

    if (hv_memory_entry(world->memory[vm], page)->frame == HV_FRAME_NONE) {
        HvFrameNo frame = hv_pager_take_frame(world->pager, NULL);

        if (frame == HV_FRAME_NONE)
            return false;
        hv_pager_swap_in(world->pager, ref, frame, &slot);
        hv_memory_map(world->memory[vm], page, frame, true);
        hv_pager_mapped(world->pager, ref);
        hv_pager_referenced(world->pager, ref, write);
    } else if (hv_memory_entry(world->memory[vm], page)->watched) {
        hv_pager_referenced(world->pager, ref, write);
    }
    return true;
}

static void check_content(World *world, unsigned vm, HvPageNo page)
{
    const uint8_t *bytes = bytes_of(world, vm, page);

    for (unsigned i = 0; i < HV_PAGE_SIZE; i += 511)
        g_assert_cmpuint(bytes[i], ==, world->shadow[vm][page]);
}

/* Every frame is free, pinned or pageable; every page that was touched is present
 * or in swap space. */
static void check_counts(World *world, HvFrameNo limit)
{
    HvFrameNo pageable = hv_pager_pageable_count(world->pager);

    g_assert_cmpuint(hv_pool_free_count(world->pool) + pageable + VMS * PINNED, ==, FRAMES);
    if (limit)
        g_assert_cmpuint(pageable, <=, limit);
    for (unsigned vm = 0; vm < VMS; vm++) {
        unsigned swapped = 0;

        for (HvPageNo page = PINNED; page < VM_PAGES; page++) {
            HvPageRef ref = {(uint16_t)vm, page};
            bool present = hv_memory_entry(world->memory[vm], page)->frame != HV_FRAME_NONE;

            g_assert_true(world->touched[vm][page] ==
                          (present || hv_pager_is_swapped(world->pager, ref)));
            g_assert_false(present && hv_pager_is_swapped(world->pager, ref));
            g_assert_true(present == hv_pager_is_pageable(world->pager, ref));
            swapped += hv_pager_is_swapped(world->pager, ref);
        }
        g_assert_cmpuint(hv_pager_swapped_count(world->pager, (uint16_t)vm), ==, swapped);
    }
}

/* Random accesses against the shadow copy, for every policy, with and without a limit. */
static void test_random(void)
{
    static const char *const names[] = {"fifo", "clock", "lru", "nru", "random"};
    g_autoptr(GRand) random = g_rand_new_with_seed(11);

    for (unsigned round = 0; round < 2 * G_N_ELEMENTS(names); round++) {
        HvFrameNo limit = round % 2 ? 5 : 0;
        World world;

        world_init(&world, names[round / 2], limit, SLOTS);
        for (unsigned i = 0; i < 4000; i++) {
            unsigned vm = (unsigned)g_rand_int_range(random, 0, VMS);
            HvPageNo page = (HvPageNo)g_rand_int_range(random, PINNED, VM_PAGES);
            bool write = g_rand_boolean(random);

            g_assert_true(access_page(&world, vm, page, write));
            world.touched[vm][page] = true;
            check_content(&world, vm, page);
            if (write) {
                world.shadow[vm][page] = (uint8_t)g_rand_int(random);
                memset(bytes_of(&world, vm, page), world.shadow[vm][page], HV_PAGE_SIZE);
            }
            if (i % 50 == 0)
                hv_pager_tick(world.pager);
            if (i % 100 == 0)
                check_counts(&world, limit);
        }
        check_counts(&world, limit);
        g_assert_cmpuint(world.swapped_out, >, 1000);
        world_clear(&world);
    }
}

/* 14 of the 20 frames are not pinned. Without a policy the 15th page gets none; with
 * 3 slots the 18th. Nothing that was there is lost. */
static void test_out_of_memory(void)
{
    static const struct {
        const char *policy;
        HvFrameNo slots;
        unsigned fit;
    } cases[] = {{NULL, 0, 14}, {NULL, 8, 14}, {"fifo", 0, 14}, {"fifo", 3, 17}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        World world;
        unsigned fit = 0;

        world_init(&world, cases[i].policy, 0, cases[i].slots);
        for (; access_page(&world, fit % VMS, PINNED + fit / VMS, true); fit++) {
            world.touched[fit % VMS][PINNED + fit / VMS] = true;
            world.shadow[fit % VMS][PINNED + fit / VMS] = (uint8_t)(fit + 1);
            memset(bytes_of(&world, fit % VMS, PINNED + fit / VMS), (int)fit + 1, HV_PAGE_SIZE);
        }
        g_assert_cmpuint(fit, ==, cases[i].fit);
        check_counts(&world, 0);
        for (unsigned vm = 0; vm < VMS; vm++)
            for (HvPageNo page = PINNED; page < VM_PAGES; page++)
                if (hv_memory_entry(world.memory[vm], page)->frame != HV_FRAME_NONE)
                    check_content(&world, vm, page);
        world_clear(&world);
    }
}

/* A VM that ends gives back its slots and is no victim any more. */
static void test_remove(void)
{
    World world;

    world_init(&world, "fifo", 4, 8);
    for (HvPageNo page = PINNED; page < PINNED + 10; page++)
        g_assert_true(access_page(&world, 0, page, true));
    g_assert_cmpuint(hv_pager_swapped_count(world.pager, 0), ==, 6);
    hv_pager_remove_memory(world.pager, 0);
    g_assert_cmpuint(hv_pager_pageable_count(world.pager), ==, 0);
    for (HvPageNo page = PINNED; page < PINNED + 12; page++)
        g_assert_true(access_page(&world, 1, page, true));
    g_assert_cmpuint(hv_pager_swapped_count(world.pager, 1), ==, 8);
    g_assert_false(access_page(&world, 1, PINNED + 12, true)); /* all 8 slots are in use */
    world_clear(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pager/random", test_random);
    g_test_add_func("/pager/out-of-memory", test_out_of_memory);
    g_test_add_func("/pager/remove", test_remove);
    return g_test_run();
}
