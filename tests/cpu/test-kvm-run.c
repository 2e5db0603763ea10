/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-kvm-run.c: what only the kvm backend does: signals, threads, KVM's limits. */
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/cpu/cpu-fixture.h"
#include "tests/cpu/cpu-guests.h"

#define PAGES  512
#define NOBODY 65534
#define MS     UINT64_C(1000000)

static char *skip_reason; /* NULL: KVM works */

#define LOAD(f, guest) cpu_fixture_load(f, CPU_CODE, guest, sizeof guest)

/* ---- Ends of a run from outside ----------------------------------------- */

typedef struct {
    CpuFixture *f;
    pthread_t runner;
    int runs; /* atomic: the guest has told us that it runs */
    int over; /* atomic: the run has ended */
} Race;

static HvAccessResult answer_runs(CpuFixture *f, HvAccess *access)
{
    Race *race = f->user;

    __atomic_store_n(&race->runs, 1, __ATOMIC_SEQ_CST);
    return HV_ACCESS_DONE;
}

static void wait_until_it_runs(Race *race)
{
    while (!__atomic_load_n(&race->runs, __ATOMIC_SEQ_CST))
        sched_yield();
}

static void start_spinning(CpuFixture *f, Race *race)
{
    HvCpuRegs regs = cpu_fixture_regs(3);

    *race = (Race){.f = f, .runner = pthread_self()};
    f->user = race;
    f->answer = answer_runs;
    LOAD(f, guest_tell_and_spin);
    regs.gpr[HV_RBX] = CPU_DEVICE;
    hv_cpu_set_regs(f->cpu, &regs);
}

static void *kick_from_thread(void *user)
{
    Race *race = user;

    wait_until_it_runs(race);
    race->f->backend->kick(race->f->cpu);
    return NULL;
}

static void test_kick_from_thread(CpuFixture *f)
{
    for (int i = 0; i < 20; i++) {
        Race race;
        pthread_t thread;

        start_spinning(f, &race);
        g_assert_cmpint(pthread_create(&thread, NULL, kick_from_thread, &race), ==, 0);
        f->run.budget_ns = HV_TIME_NEVER;
        g_assert_cmpint(hv_cpu_run(f->cpu, &f->run), ==, HV_CPU_BUDGET);
        g_assert_cmpuint(f->run.used_ns, >, 0);
        pthread_join(thread, NULL);
    }
}

static HvCpu *kicked_by_signal;

static void on_user_signal(int number)
{
    if (kicked_by_signal != NULL)
        kicked_by_signal->backend->kick(kicked_by_signal);
}

static void *signal_once(void *user)
{
    Race *race = user;

    wait_until_it_runs(race);
    pthread_kill(race->runner, SIGUSR1);
    return NULL;
}

static void test_kick_from_signal(CpuFixture *f)
{
    struct sigaction old, action = {.sa_handler = on_user_signal};

    sigaction(SIGUSR1, &action, &old);
    kicked_by_signal = f->cpu;
    for (int i = 0; i < 20; i++) {
        Race race;
        pthread_t thread;

        start_spinning(f, &race);
        g_assert_cmpint(pthread_create(&thread, NULL, signal_once, &race), ==, 0);
        f->run.budget_ns = HV_TIME_NEVER;
        g_assert_cmpint(hv_cpu_run(f->cpu, &f->run), ==, HV_CPU_BUDGET);
        pthread_join(thread, NULL);
    }
    kicked_by_signal = NULL;
    sigaction(SIGUSR1, &old, NULL);
}

static void *signal_often(void *user)
{
    Race *race = user;

    wait_until_it_runs(race);
    while (!__atomic_load_n(&race->over, __ATOMIC_SEQ_CST)) {
        pthread_kill(race->runner, SIGUSR1);
        sched_yield();
    }
    return NULL;
}

/* Signals that mean something else to the program do not end a run. */
static void test_foreign_signals(CpuFixture *f)
{
    struct sigaction old, action = {.sa_handler = on_user_signal};
    Race race;
    pthread_t thread;

    sigaction(SIGUSR1, &action, &old);
    start_spinning(f, &race);
    g_assert_cmpint(pthread_create(&thread, NULL, signal_often, &race), ==, 0);
    f->run.budget_ns = 20 * MS;
    g_assert_cmpint(hv_cpu_run(f->cpu, &f->run), ==, HV_CPU_BUDGET);
    __atomic_store_n(&race.over, 1, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    sigaction(SIGUSR1, &old, NULL);
    g_assert_cmpuint(f->run.used_ns, >, 20 * MS * 99 / 100);
}

/* ---- The budget --------------------------------------------------------- */

static void *run_for_a_while(void *user)
{
    CpuFixture *f = user;

    f->run.budget_ns = 2 * MS;
    g_assert_cmpint(hv_cpu_run(f->cpu, &f->run), ==, HV_CPU_BUDGET);
    g_assert_cmpuint(f->run.used_ns, >, 2 * MS * 99 / 100);
    return NULL;
}

/* The timer follows the machine to another thread and back. */
static void test_other_thread(CpuFixture *f)
{
    pthread_t thread;

    LOAD(f, guest_spin);
    cpu_fixture_start(f, 3);
    run_for_a_while(f);
    g_assert_cmpint(pthread_create(&thread, NULL, run_for_a_while, f), ==, 0);
    pthread_join(thread, NULL);
    run_for_a_while(f);
}

/* Budgets shorter than an entry into the guest takes still get it forward. */
static void test_tiny_budgets(CpuFixture *f)
{
    LOAD(f, guest_sum);
    cpu_fixture_start(f, 3);
    for (int i = 0; i < 100000; i++) {
        f->run.budget_ns = 1;
        HvCpuExit exit = hv_cpu_run(f->cpu, &f->run);
        g_assert_cmpuint(f->run.used_ns, >=, 1);
        if (exit == HV_CPU_STOPPED) {
            g_assert_cmpuint(cpu_fixture_reg(f, HV_RAX), ==, 500500);
            return;
        }
        g_assert_cmpint(exit, ==, HV_CPU_BUDGET);
    }
    g_assert_not_reached();
}

/* ---- KVM's limits ------------------------------------------------------- */

/* KVM emulates what touches an absent page, and has no x87. */
static void test_unsupported(CpuFixture *f)
{
    HvCpuRegs regs = cpu_fixture_regs(3);

    LOAD(f, guest_x87_load);
    regs.gpr[HV_RDI] = CPU_ABSENT;
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_ERROR);
    g_assert_cmpint(f->run.error, ==, HV_CPU_ERROR_UNSUPPORTED);
    g_assert_cmphex(f->run.error_rip, ==, CPU_CODE);
    /* And that was the end of this CPU. */
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_ERROR);
}

static void test_sixteen_cpus(CpuFixture *f)
{
    HvCpu *cpus[15];

    LOAD(f, guest_count);
    for (unsigned i = 0; i < G_N_ELEMENTS(cpus); i++) {
        HvCpuRegs regs = cpu_fixture_regs(3);

        cpus[i] = cpu_fixture_add_cpu(f, i + 1);
        regs.gpr[HV_RDI] = CPU_ABSENT;
        regs.gpr[HV_RCX] = 100;
        hv_cpu_set_regs(cpus[i], &regs);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(cpus); i++) {
        HvCpuRun run = {.budget_ns = 1000 * MS};
        g_assert_cmpint(hv_cpu_run(cpus[i], &run), ==, HV_CPU_STOPPED);
    }
    g_assert_cmpuint(cpu_fixture_peek(f, CPU_ABSENT), ==, 1500);
    for (unsigned i = 0; i < G_N_ELEMENTS(cpus); i++)
        f->backend->cpu_free(cpus[i]);
}

/* ---- Probing ------------------------------------------------------------ */

static void test_no_permission(void)
{
    g_autoptr(GError) error = NULL;

    if (geteuid() != 0 || access("/dev/kvm", F_OK) != 0) {
        g_test_skip("only root can give up the right to use /dev/kvm");
        return;
    }
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
        return;
    }
    if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        g_error("cannot become nobody");
    if (access("/dev/kvm", R_OK | W_OK) == 0)
        return; /* everybody may use it here */
    g_assert_false(hv_cpu_kvm.probe(&error));
    g_assert_error(error, HV_ERROR, HV_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, "usermod -aG kvm"));
    g_clear_error(&error);
    HvMemory *no_memory = NULL;
    g_assert_null(hv_cpu_kvm.machine_new(no_memory, 1, &error));
    g_assert_error(error, HV_ERROR, HV_ERROR_UNAVAILABLE);
}

/* ---- The list ----------------------------------------------------------- */

static void run_test(gconstpointer data)
{
    void (*const *test)(CpuFixture *) = data;

    if (skip_reason != NULL) {
        g_test_skip(skip_reason);
        return;
    }
    g_autoptr(CpuFixture) fixture = cpu_fixture_new(&hv_cpu_kvm, PAGES);
    (*test)(fixture);
}

int main(int argc, char **argv)
{
    static const struct {
        void (*test)(CpuFixture *);
        const char *path;
    } tests[] = {
        {test_kick_from_thread, "/kvm/run/kick-from-thread"},
        {test_kick_from_signal, "/kvm/run/kick-from-signal"},
        {test_foreign_signals, "/kvm/run/foreign-signals"},
        {test_other_thread, "/kvm/run/other-thread"},
        {test_tiny_budgets, "/kvm/run/tiny-budgets"},
        {test_unsupported, "/kvm/run/unsupported"},
        {test_sixteen_cpus, "/kvm/run/sixteen-cpus"},
    };
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (!hv_cpu_kvm.probe(&error))
        skip_reason = error->message;
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_data_func(tests[i].path, &tests[i].test, run_test);
    g_test_add_func("/kvm/probe/no-permission", test_no_permission);
    return g_test_run();
}
