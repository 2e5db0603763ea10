/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-start.c: from exec to exit of `hvlab run scenarios/first/hello.json`.
 *
 * On kvm in turns with the least program that runs the same guest image
 * (raw-hello.c), on emulated against a stated time. Wall time: what a person
 * waits for. Arguments: the program hvlab, raw-hello, the image, the scenario. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hv-core/cpu/cpu.h"
#include "tests/bench/bench.h"

#define ROUNDS 41

extern char **environ;

typedef struct {
    char *const *measured;
    char *const *reference;
} Programs;

static double run_ms(char *const *argv)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);

    double start = bench_wall_ns();

    g_assert_cmpint(posix_spawn(&child, argv[0], &actions, NULL, argv, environ), ==, 0);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);

    double took = (bench_wall_ns() - start) / 1e6;

    posix_spawn_file_actions_destroy(&actions);
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return took;
}

static double measured(void *user)
{
    return run_ms(((const Programs *)user)->measured);
}

static double reference(void *user)
{
    return run_ms(((const Programs *)user)->reference);
}

int main(int argc, char **argv)
{
    g_assert_cmpint(argc, ==, 5);

    char *const raw[] = {argv[2], argv[3], NULL};
    char *const kvm[] = {argv[1], "run", "--backend=kvm", argv[4], NULL};
    char *const emulated[] = {argv[1], "run", "--backend=emulated", argv[4], NULL};
    char *const nothing[] = {"/bin/true", NULL};

    if (hv_cpu_backend_find("kvm", NULL, NULL)) {
        Programs programs = {kvm, raw};
        BenchPair pair = bench_alternate(measured, reference, &programs, ROUNDS);

        bench_report(&(BenchFigure){
            .name = "exec-to-exit-kvm",
            .value = pair.value,
            .unit = "ms",
            .ratio = pair.value / pair.reference,
            .against = "static raw-KVM program that runs the same guest image",
            .target = 2.0,
        });
    }

    Programs programs = {emulated, nothing};
    BenchPair pair = bench_alternate(measured, reference, &programs, ROUNDS);

    bench_report(&(BenchFigure){
        .name = "exec-to-exit-emulated",
        .value = pair.value,
        .unit = "ms",
        .ratio = pair.value / 10.0,
        .against = "10 ms",
        .target = 1.0,
    });
    return 0;
}
