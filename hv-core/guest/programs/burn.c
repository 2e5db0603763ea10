/* SPDX-License-Identifier: GPL-2.0-or-later */
/* burn [TIME | --loops N]: uses that much CPU time on every vCPU, or burns for
 * ever. TIME is time on the CPU, not on the clock: the first rounds measure how
 * long a loop takes when nobody else runs in between (the shortest one counts),
 * then as many loops are run as TIME holds. */
#include "hv-core/guest/hvlab.h"

#define MEASURED_ROUNDS 9
#define ROUNDS_PER_TIME 200 /* short, to fit between two switches to somebody else */
#define LEAST_ROUND_NS  (20 * NS_PER_US)
#define MOST_ROUND_NS   (200 * NS_PER_US)
#define FIRST_ROUND     256u
#define MAX_VCPUS       16

static uint64_t loops_wanted; /* 0: by time_wanted_ns, or for ever if that is 0 too */
static uint64_t time_wanted_ns;
static volatile uint32_t ready;               /* the arguments have been read */
static volatile uint32_t finished[MAX_VCPUS]; /* by vCPU */
static uint64_t loops_done[MAX_VCPUS];

static void burn(uint64_t loops)
{
    while (loops > 0) {
        __asm__ volatile("" : "+r"(loops)); /* keeps the compiler from skipping it */
        loops--;
    }
}

static uint64_t time_of(uint64_t loops)
{
    uint64_t start = now_ns();
    burn(loops);
    return now_ns() - start;
}

/* The shortest of several measurements: one in which nobody else ran. */
static uint64_t least_time_of(uint64_t loops, uint64_t *done)
{
    uint64_t least_ns = UINT64_MAX;
    for (unsigned i = 0; i < MEASURED_ROUNDS; i++) {
        uint64_t ns = time_of(loops);
        *done += loops;
        if (ns < least_ns)
            least_ns = ns;
    }
    return least_ns;
}

static uint64_t burn_time(uint64_t wanted_ns)
{
    uint64_t round_ns = wanted_ns / ROUNDS_PER_TIME;
    if (round_ns < LEAST_ROUND_NS || round_ns > MOST_ROUND_NS)
        round_ns = round_ns < LEAST_ROUND_NS ? LEAST_ROUND_NS : MOST_ROUND_NS;
    uint64_t done = 0, round = FIRST_ROUND;
    uint64_t clock_ns = least_time_of(0, &done); /* what looking at the clock itself takes */
    while (time_of(round) < round_ns + clock_ns) {
        done += round;
        round *= 2;
    }
    done += round;
    uint64_t measured_ns = least_time_of(round, &done);
    measured_ns -= clock_ns < measured_ns ? clock_ns : 0;
    uint64_t total =
        wanted_ns / measured_ns * round + wanted_ns % measured_ns * round / measured_ns;
    if (total > done) {
        burn(total - done);
        done = total;
    }
    return done;
}

static void burn_vcpu(unsigned vcpu)
{
    if (loops_wanted) {
        burn(loops_wanted);
        loops_done[vcpu] = loops_wanted;
    } else if (time_wanted_ns) {
        loops_done[vcpu] = burn_time(time_wanted_ns);
    } else {
        for (;;)
            burn(UINT64_MAX);
    }
    finished[vcpu] = 1;
}

/* The other vCPUs start when vCPU 0 has read the arguments. */
void hv_vcpu_main(unsigned vcpu)
{
    wait(&ready, 0, FOREVER);
    burn_vcpu(vcpu);
    wake(0);
}

static bool read_arguments(int argc, char **argv)
{
    const char *end;
    if (argc == 1)
        return true;
    if (argc == 2)
        return parse_time(argv[1], NS_PER_MS, &time_wanted_ns) && time_wanted_ns > 0;
    if (argc != 3 || strcmp(argv[1], "--loops") != 0)
        return false;
    loops_wanted = parse_number(argv[2], &end);
    return *end == '\0' && loops_wanted > 0;
}

int main(int argc, char **argv)
{
    if (!read_arguments(argc, argv)) {
        print("usage: burn [TIME | --loops N]\n");
        return 2;
    }
    ready = 1;
    for (unsigned i = 1; i < vcpu_count(); i++)
        wake(i);
    burn_vcpu(0);
    for (unsigned i = 0; i < vcpu_count(); i++) {
        wait(&finished[i], 0, FOREVER);
        printf("burn: vCPU %u: %lu loops\n", i, loops_done[i]);
    }
    return 0;
}
