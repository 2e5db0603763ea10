/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench.h: alternating measurements, and the line that reports one.
 *
 * A figure by itself says as much about the machine as about the program. So
 * each is measured together with a reference that does the least that could
 * do, in turns, and what counts is the ratio of the least of each: whatever else
 * the machine does makes a measurement longer, never shorter.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* CPU time of the calling thread, in ns: what another process on the machine
 * takes away does not count. */
double bench_cpu_ns(void);
double bench_wall_ns(void);

typedef double (*BenchMeasure)(void *user); /* one measurement, in whatever unit */

typedef struct {
    double value;     /* the least measured */
    double reference; /* the least of the reference */
} BenchPair;

/* Measures both in turns, once and then rounds times each. Less is better in both. */
BenchPair bench_alternate(BenchMeasure measure, BenchMeasure reference, void *user,
                          unsigned rounds);

typedef struct {
    const char *name;
    double value;
    const char *unit;
    double ratio;
    const char *against;
    double target;
    bool at_least; /* the ratio should be at least the target, else at most */
} BenchFigure;

/* Prints the figure as one line of JSON on stdout. */
void bench_report(const BenchFigure *figure);
