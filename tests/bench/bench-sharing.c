/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-sharing.c: how fast the sharer looks at pages: the hash alone, and a whole scan
 * over pages that are all different (so that each is hashed, looked up and remembered).
 * The reference is one GB of page contents a second. */
#include <stdio.h>

#include "hv-core/memory/sharing.h"
#include "tests/bench/bench.h"

#define PAGES  8192u /* 32 MiB: more than caches hold */
#define ROUNDS 7
#define TARGET 1.0 /* bytes a ns: a GB a second */

typedef struct {
    HvPool *pool;
    HvPager *pager;
    HvSharing *sharing;
    HvMemory *memory;
    uint64_t sum; /* so that nothing is left out */
} Bench;

static void set_up(Bench *bench)
{
    bench->pool = hv_pool_new(PAGES, NULL);
    bench->memory = hv_memory_new(bench->pool, PAGES * (uint64_t)HV_PAGE_SIZE, NULL);
    const HvPagerConfig pager = {.pool = bench->pool};
    bench->pager = hv_pager_new(&pager, NULL);
    for (HvPageNo page = 0; page < PAGES; page++) {
        hv_memory_map(bench->memory, page, hv_pool_alloc(bench->pool), true);
        uint64_t *words = (uint64_t *)(hv_pool_data(bench->pool) + (size_t)page * HV_PAGE_SIZE);
        for (unsigned i = 0; i < HV_PAGE_SIZE / 8; i++)
            words[i] = (page * 512u + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    }
    hv_pager_add_memory(bench->pager, bench->memory);
    const HvSharingConfig sharing = {.pool = bench->pool, .pager = bench->pager};
    bench->sharing = hv_sharing_new(&sharing);
    hv_sharing_add_memory(bench->sharing, bench->memory);
}

static void tear_down(Bench *bench)
{
    hv_sharing_free(bench->sharing);
    hv_pager_free(bench->pager);
    hv_memory_free(bench->memory);
    hv_pool_free(bench->pool);
}

static double measure_hash(void *user)
{
    Bench *bench = user;
    double before = bench_cpu_ns();
    for (HvPageNo page = 0; page < PAGES; page++)
        bench->sum += hv_page_hash(hv_pool_data(bench->pool) + (size_t)page * HV_PAGE_SIZE);
    return bench_cpu_ns() - before;
}

static double measure_scan(void *user)
{
    Bench *bench = user;
    double before = bench_cpu_ns();
    bench->sum += hv_sharing_scan(bench->sharing, PAGES);
    return bench_cpu_ns() - before;
}

/* What the target allows. */
static double measure_target(void *user)
{
    return PAGES * (double)HV_PAGE_SIZE / TARGET;
}

static void report(Bench *bench, const char *name, BenchMeasure measure)
{
    BenchPair pair = bench_alternate(measure, measure_target, bench, ROUNDS);
    bench_report(&(BenchFigure){name, PAGES * (double)HV_PAGE_SIZE / pair.value, "GB/s",
                                pair.reference / pair.value, "1 GB/s", 1.0, true});
}

int main(void)
{
    Bench bench = {0};
    set_up(&bench);
    report(&bench, "page-hash", measure_hash);
    report(&bench, "sharing-scan", measure_scan);
    if (bench.sum == 1)
        puts("");
    tear_down(&bench);
    return 0;
}
