/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-engine.c: how many events a second the whole engine passes on.
 *
 * A scenario whose one VM is over soon, and beside it as many parts of the network as
 * are to have an event pending. A part does nothing but say when it wants to be called
 * next, at a random time (the hold model, as in bench-queue.c). Nearly every event has
 * its own instant, so each goes through a turn of the engine's loop: what is next in the
 * world, is it the network's, settling the trace, the network's turn, the part, what was
 * delivered, is the run over. CPU time counts. Argument: the folder of the guest images.
 */
#include <stdio.h>

#include "netsim/part.h"
#include "sim/engine/private.h"
#include "tests/bench/bench.h"

#define TICKS    2000000u
#define ROUNDS   5
#define MEAN_NS  UINT64_C(1000000)
#define BEGIN_NS UINT64_C(1000000000) /* the VM is over by then */
#define SCENARIO                                                                                   \
    "{\"format\":\"hvlab-scenario/1\",\"id\":\"bench\",\"title\":\"Bench\","                       \
    "\"run\":{\"until\":\"3600s\"},\"host\":{\"pcpus\":1,\"memory\":\"16MiB\"},"                   \
    "\"networks\":[{\"name\":\"net\",\"mode\":\"internal\"}],"                                     \
    "\"vms\":[{\"name\":\"a\",\"program\":\"hello\",\"memory\":\"2MiB\"}]}"

typedef struct {
    NetPart part;
    NetTime next;
} Ticker;

static uint64_t ticks;
static uint64_t random_state = 1;

/* Xorshift: Marsaglia, "Xorshift RNGs", 2003. Uniform, mean MEAN_NS. */
static NetTime increment(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return 1 + (uint64_t)(((unsigned __int128)random_state * (2 * MEAN_NS)) >> 64);
}

static NetTime ticker_deadline(const NetPart *part)
{
    return ((const Ticker *)part)->next;
}

static void ticker_advance(NetPart *part, NetTime now)
{
    ((Ticker *)part)->next = now + increment();
    ticks++;
}

static void ticker_free(NetPart *part)
{
    /* They lie behind each other, in one piece. */
}

static const NetPartOps ticker_ops = {
    .kind = "ticker",
    .deadline = ticker_deadline,
    .advance = ticker_advance,
    .free = ticker_free,
};

static void add_tickers(SimEngine *engine, Ticker *tickers, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        Ticker *ticker = &tickers[i];

        ticker->part.ops = &ticker_ops;
        ticker->next = BEGIN_NS + increment();
        net_world_add_part(engine->net, &ticker->part, 0, 0, 0, 0);
        net_part_arm(&ticker->part);
    }
}

static double ns_per_event(SimEngine *engine, unsigned pending)
{
    uint64_t before = ticks;
    double start = bench_cpu_ns();

    sim_engine_run(engine, sim_engine_now(engine) + TICKS * MEAN_NS / pending);
    return (bench_cpu_ns() - start) / (double)(ticks - before);
}

static void bench_pending(const char *guests, unsigned pending, double target)
{
    const SimScenarioKnown known = {0};
    g_autofree Ticker *tickers = g_new0(Ticker, pending); /* freed after the engine */
    g_autoptr(GError) error = NULL;
    g_autoptr(SimScenario) scenario =
        sim_scenario_load_text(SCENARIO, strlen(SCENARIO), "bench", ".", &known, NULL, &error);
    g_assert_no_error(error);
    const SimEngineConfig config = {
        .scenario = scenario, .backend = "emulated", .guest_directory = guests};
    g_autoptr(SimEngine) engine = sim_engine_new(&config, &error);
    g_assert_no_error(error);
    double best = 1e9;

    add_tickers(engine, tickers, pending);
    sim_engine_run(engine, BEGIN_NS);
    for (unsigned i = 0; i < ROUNDS; i++) {
        double ns = ns_per_event(engine, pending);
        best = MIN(best, ns);
    }

    g_autofree char *name = g_strdup_printf("engine-%u", pending);

    bench_report(&(BenchFigure){.name = name,
                                .value = 1e9 / best,
                                .unit = "events/s",
                                .ratio = 1e9 / best / target,
                                .against = pending == 1000 ? "10 M/s" : "5 M/s",
                                .target = 1,
                                .at_least = true});
}

int main(int argc, char **argv)
{
    g_assert_cmpint(argc, ==, 2);
    bench_pending(argv[1], 1000, 10e6);
    bench_pending(argv[1], 100000, 5e6);
    return 0;
}
