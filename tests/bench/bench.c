/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench.c: see bench.h. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <time.h>

static double clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double bench_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

double bench_wall_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

BenchPair bench_alternate(BenchMeasure measure, BenchMeasure reference, void *user, unsigned rounds)
{
    BenchPair least = {measure(user), reference(user)};

    for (unsigned i = 0; i < rounds; i++) {
        least.value = MIN(least.value, measure(user));
        least.reference = MIN(least.reference, reference(user));
    }
    return least;
}

void bench_report(const BenchFigure *figure)
{
    bool holds =
        figure->at_least ? figure->ratio >= figure->target : figure->ratio <= figure->target;

    printf("{\"bench\": \"%s\", \"value\": %.4g, \"unit\": \"%s\", \"ratio\": %.4f, "
           "\"against\": \"%s\", \"target\": %.4g, \"holds\": %s}\n",
           figure->name, figure->value, figure->unit, figure->ratio, figure->against,
           figure->target, holds ? "true" : "false");
    fflush(stdout);
}
