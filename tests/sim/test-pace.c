/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-pace.c: a run with an uplink follows the wall clock, and says when it does not keep
 * up. The clock is the test's own: it moves by so much with every look at it, as if what
 * the program did in between had taken that long, and while the program waits. */
#include "sim/cli/pace.h"
#include "tests/sim/engine-helper.h"

#define MS UINT64_C(1000000)

typedef struct {
    uint64_t now, per_look;
    unsigned looks, waits;
    GString *lags; /* what was said, in ms */
} TestClock;

static uint64_t look(void *user)
{
    TestClock *clock = user;
    uint64_t now = clock->now;

    clock->now += clock->per_look;
    clock->looks++;
    return now;
}

static int wait_for(void *user, struct pollfd *fds, unsigned count, uint64_t ns)
{
    TestClock *clock = user;

    g_assert_cmpuint(count, ==, 0);
    clock->now += ns;
    clock->waits += ns > 0;
    return 0;
}

static void lags(void *user, uint64_t ns)
{
    TestClock *clock = user;

    g_assert_cmpuint(ns % MS, ==, 0);
    g_string_append_printf(clock->lags, "%u ", (unsigned)(ns / MS));
}

/* Runs a VM with this program for so long. What was said. */
static char *run(TestClock *clock, const char *program, const char *until)
{
    const CliClock as_clock = {look, wait_for, lags, clock};
    CliOutputs outputs = {.trace.fd = -1, .pcapng.fd = -1};
    CliUplinks uplinks = {0};
    char *none[] = {NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "{\"format\":\"hvlab-scenario/1\",\"id\":\"t/"
        "t\",\"title\":\"T\",\"run\":{\"until\":\"%s\"},"
        "\"host\":{\"pcpus\":1,\"memory\":\"16MiB\"},\"vms\":[{\"name\":\"a\",\"program\":\"%s\","
        "\"memory\":\"2MiB\"}]}",
        until, program);
    g_autoptr(SimScenario) scenario = load_text(text);
    g_autoptr(SimEngine) engine = engine_of(scenario, "emulated");

    clock->lags = g_string_new(NULL);
    g_assert_true(cli_uplinks_open(&uplinks, none, engine, scenario, &error));
    g_assert_true(cli_uplinks_run(&uplinks, engine, &outputs, &as_clock, &error));
    cli_uplinks_close(&uplinks);
    return g_string_free(clock->lags, FALSE);
}

/* Each look takes 300 ms, and there are three a turn: when the turn begins, when the engine
 * has run 20 ms, and before it waits. After the first run it is 600 ms, and 20 have been
 * done: 580 are lost, which is said at once. Each later turn loses 900 - 20. After the third
 * (2400 ms) a second has gone by since something was said: 2 * 880. What the fourth loses is
 * said at the end, as the fifth is the last. */
static void test_slow(void)
{
    TestClock clock = {.per_look = 300 * MS};
    g_autofree char *said = run(&clock, "burn", "100ms");

    g_assert_cmpstr(said, ==, "580 1760 880 ");
}

/* 190 ms behind is not worth a word: it may catch up. */
static void test_hiccup(void)
{
    TestClock clock = {.now = 5, .per_look = 95 * MS};
    g_autofree char *said = run(&clock, "burn", "25ms");

    g_assert_cmpstr(said, ==, "");
}

/* A fast host: the run takes as long as it says, and nothing is said. */
static void test_fast(void)
{
    TestClock clock = {.per_look = 1000};
    g_autofree char *said = run(&clock, "burn", "50ms");

    g_assert_cmpstr(said, ==, "");
    g_assert_cmpuint(clock.now, >=, 50 * MS);
    g_assert_cmpuint(clock.now, <, 51 * MS);
}

/* While nobody does anything it sleeps, 100 ms at a time: ten times in a second, and a few
 * more while the guest boots. */
static void test_idle(void)
{
    TestClock clock = {.per_look = 1000};
    g_autofree char *said = run(&clock, "idle", "1s");

    g_assert_cmpstr(said, ==, "");
    g_assert_cmpuint(clock.now, >=, 1000 * MS);
    g_assert_cmpuint(clock.now, <, 1001 * MS);
    g_assert_cmpuint(clock.waits, >=, 10);
    g_assert_cmpuint(clock.waits, <, 30);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    guest_directory = argv[1];
    g_test_add_func("/pace/slow", test_slow);
    g_test_add_func("/pace/hiccup", test_hiccup);
    g_test_add_func("/pace/fast", test_fast);
    g_test_add_func("/pace/idle", test_idle);
    return g_test_run();
}
