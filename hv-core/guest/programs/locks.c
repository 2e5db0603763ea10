/* SPDX-License-Identifier: GPL-2.0-or-later */
/* locks [polite] [TIME]: all vCPUs take one spinlock again and again, hold it for
 * a while, and compute a while without it. After TIME (200ms) each says how often
 * it had the lock and how much CPU time it wasted in spinning, and vCPU 0 how much
 * time was stolen from them all; it marks the wasted time, in us. With "polite" a
 * vCPU that finds the lock taken by one that does not run yields. */
#include "hv-core/guest/hvlab.h"

#define MAX_VCPUS 16

/* Iterations of some three instructions: 60 us with the lock and 420 us without, at
 * 100 million instructions a second. So four vCPUs that run at the same time seldom
 * wait for each other. */
#define HELD   2000
#define UNHELD 14000

static SpinLock lock;
static Barrier barrier;
static volatile uint32_t ready;
static volatile uint32_t finished[MAX_VCPUS];
static volatile uint64_t taken[MAX_VCPUS], spun[MAX_VCPUS];
static uint64_t time_ns = 200 * NS_PER_MS;
static bool polite;

static void compute(unsigned loops)
{
    while (loops > 0) {
        __asm__ volatile("" : "+r"(loops));
        loops--;
    }
}

static void work(unsigned vcpu)
{
    barrier_wait(&barrier, vcpu_count());
    uint64_t end = now_ns() + time_ns, before = spins(vcpu);
    while (now_ns() < end) {
        if (polite)
            spin_lock_politely(&lock);
        else
            spin_lock(&lock);
        compute(HELD);
        spin_unlock(&lock);
        compute(UNHELD);
        taken[vcpu]++;
    }
    spun[vcpu] = spins(vcpu) - before;
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
    if (at < argc && strcmp(argv[at], "polite") == 0) {
        polite = true;
        at++;
    }
    if (at < argc && !parse_time(argv[at++], NS_PER_MS, &time_ns))
        return false;
    return at == argc;
}

int main(int argc, char **argv)
{
    uint64_t sum = 0, stolen = 0, ran = 0, wasted_us = 0;
    if (!read_arguments(argc, argv)) {
        print("usage: locks [polite] [TIME]\n");
        return 2;
    }
    uint64_t round_ps = spin_round_ps();
    ready = 1;
    for (unsigned i = 1; i < vcpu_count(); i++)
        wake(i);
    work(0);
    for (unsigned i = 0; i < vcpu_count(); i++) {
        wait(&finished[i], 0, FOREVER);
        uint64_t us = spun[i] * round_ps / (1000 * NS_PER_US);
        printf("locks: vCPU %u had the lock %lu times, and spun for %lu us\n", i, taken[i], us);
        wasted_us += us;
        sum += taken[i];
        stolen += steal_ns(i);
        ran += run_ns(i);
    }
    printf("locks: %lu times in all; ran %lu ms, %lu ms were stolen; wasted %lu ms in spinning\n",
           sum, ran / NS_PER_MS, stolen / NS_PER_MS, wasted_us / 1000);
    mark(wasted_us);
    return 0;
}
