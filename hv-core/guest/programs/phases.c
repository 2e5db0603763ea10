/* SPDX-License-Identifier: GPL-2.0-or-later */
/* phases [polite] [COUNT]: all vCPUs compute a phase, wait for each other at a
 * barrier, and begin the next, COUNT (100) times, as parallel programs do. vCPU 0
 * says how long that took and how much CPU time was wasted in spinning at the
 * barrier, and marks that, in us. With "polite" a vCPU that waits yields while
 * another one does not run. */
#include "hv-core/guest/hvlab.h"

#define MAX_VCPUS 16

#define LOOPS 10000 /* of some three instructions: 300 us at 100 million a second */

static Barrier barrier;
static volatile uint32_t ready;
static volatile uint32_t finished[MAX_VCPUS];
static uint64_t phases = 100;
static bool polite;

static void meet(void)
{
    if (polite)
        barrier_wait_politely(&barrier, vcpu_count());
    else
        barrier_wait(&barrier, vcpu_count());
}

static void work(unsigned vcpu)
{
    for (uint64_t i = 0; i < phases; i++) {
        for (unsigned loops = LOOPS; loops > 0; loops--)
            __asm__ volatile("" : "+r"(loops));
        meet();
    }
    finished[vcpu] = 1;
}

void hv_vcpu_main(unsigned vcpu)
{
    wait(&ready, 0, FOREVER);
    work(vcpu);
    wake(0);
}

static bool read_arguments(int argc, char **argv)
{
    int at = 1;
    const char *end = "";
    if (at < argc && strcmp(argv[at], "polite") == 0) {
        polite = true;
        at++;
    }
    if (at < argc)
        phases = parse_number(argv[at++], &end);
    return at == argc && phases > 0 && !*end;
}

int main(int argc, char **argv)
{
    uint64_t wasted_us = 0;
    if (!read_arguments(argc, argv)) {
        print("usage: phases [polite] [COUNT]\n");
        return 2;
    }
    uint64_t round_ps = spin_round_ps(), begin = now_ns();
    ready = 1;
    for (unsigned i = 1; i < vcpu_count(); i++)
        wake(i);
    work(0);
    uint64_t took = now_ns() - begin;
    for (unsigned i = 0; i < vcpu_count(); i++) {
        wait(&finished[i], 0, FOREVER);
        wasted_us += spins(i) * round_ps / (1000 * NS_PER_US);
    }
    printf("phases: %lu phases of %u vCPUs in %lu us; wasted %lu us in spinning\n", phases,
           vcpu_count(), took / NS_PER_US, wasted_us);
    mark(wasted_us);
    return 0;
}
