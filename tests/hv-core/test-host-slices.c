/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-host-slices.c: the properties that grading rests on. A world made at
 * random runs once in one go, and again in random slices, with kicks between:
 * the events must be the same, letter for letter, under every policy. And in every such run the
 * accounts must agree: what vCPUs were charged is what pCPUs were busy. */
#include <string.h>

#include "tests/hv-core/host-fixture.h"

#define MAX_OPS  40
#define UNTIL    20000
#define COMMANDS 6

/* A world: scripts, their VMs, and what is done to it when. */
typedef struct {
    HvHostConfig config;
    unsigned vm_count;
    unsigned vcpus[4];
    uint64_t affinity[4];
    HvThrottle throttles[4];
    FakeScript scripts[4][3];
    FakeOp ops[4][3][MAX_OPS];
    struct {
        HvTime time;
        unsigned vm, kind;
    } commands[COMMANDS];
} World;

static uint64_t one_of(GRand *rand, const uint64_t *values, unsigned count)
{
    return values[g_rand_int_range(rand, 0, count)];
}

static FakeOp random_op(GRand *rand, unsigned vcpus)
{
    unsigned ns = g_rand_int_range(rand, 1, 12);
    unsigned target = g_rand_int_range(rand, 0, vcpus);
    FakeOp op = {.ns = ns, .size = 4, .kind = FAKE_WRITE, .address = DEVICE(0, 0)};
    switch (g_rand_int_range(rand, 0, 12)) {
    case 0: return (FakeOp){.kind = FAKE_HLT, .ns = ns};
    case 1: return (FakeOp){.kind = FAKE_STI, .ns = ns};
    case 2: return (FakeOp){.kind = FAKE_CLI, .ns = ns};
    case 3: op.address += HV_PLATFORM_YIELD; break;
    case 4:
        op.address += HV_PLATFORM_IPI;
        op.value = target << 8 | g_rand_int_range(rand, 33, 60);
        break;
    case 5:
        op.address += HV_PLATFORM_DEADLINE;
        op.size = 8;
        op.value = g_rand_int_range(rand, 0, UNTIL);
        break;
    case 6:
        op.address = (uint64_t)g_rand_int_range(rand, 200, 260) * HV_PAGE_SIZE;
        op.kind = g_rand_boolean(rand) ? FAKE_READ : FAKE_WRITE;
        break;
    case 7:
        op.address += HV_PLATFORM_MARK;
        op.size = 8;
        break;
    case 8: return (FakeOp){.kind = FAKE_STEP, .ns = ns};
    default: return (FakeOp){.kind = FAKE_RUN, .ns = g_rand_int_range(rand, 1, 300)};
    }
    return op;
}

/* Operations in a loop, and behind them a short interrupt handler. */
static void random_script(GRand *rand, FakeScript *script, FakeOp *ops, unsigned vcpus)
{
    unsigned count = g_rand_int_range(rand, 4, MAX_OPS - 4), i;
    ops[0] = (FakeOp){.kind = FAKE_STI, .ns = 1};
    ops[1] = (FakeOp){.kind = FAKE_RUN, .ns = 10};
    for (i = 2; i < count; i++)
        ops[i] = random_op(rand, vcpus);
    ops[i++] = (FakeOp){.kind = FAKE_JUMP, .ns = 2, .value = g_rand_int_range(rand, 0, 2)};
    *script = (FakeScript){.ops = ops, .handler = i, .interrupts = g_rand_boolean(rand)};
    ops[i++] = (FakeOp){.kind = FAKE_RUN, .ns = g_rand_int_range(rand, 1, 40)};
    ops[i++] = (FakeOp){.kind = FAKE_IRET, .ns = 3};
}

static unsigned policy_count(void)
{
    unsigned count = 0;
    while (hv_policies[count] != NULL)
        count++;
    return count;
}

static World *random_world(guint32 seed)
{
    static const uint64_t lookaheads[] = {1, 7, 50, 1000, HV_TIME_NEVER};
    static const uint64_t quanta[] = {1, 10, 100};
    static const uint64_t costs[] = {0, 0, 1, 5, 90};
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    World *world = g_new0(World, 1);
    world->config.pcpu_count = g_rand_int_range(rand, 1, 4);
    world->config.lookahead_ns = one_of(rand, lookaheads, G_N_ELEMENTS(lookaheads));
    world->config.quantum_ns = one_of(rand, quanta, G_N_ELEMENTS(quanta));
    world->config.costs.exit_ns = one_of(rand, costs, G_N_ELEMENTS(costs));
    world->config.costs.switch_ns = one_of(rand, costs, G_N_ELEMENTS(costs));
    world->config.costs.fault_ns = one_of(rand, costs, G_N_ELEMENTS(costs));
    world->config.policy_params.slice_ns = g_rand_int_range(rand, 1, 1000);
    world->config.policy_params.levels = 3;
    world->config.policy_params.boost_ns = 3000;
    world->config.policy_params.accounting_ns = 700;
    world->config.policy = hv_policies[seed % policy_count()];
    world->vm_count = g_rand_int_range(rand, 1, 5);
    for (unsigned vm = 0; vm < world->vm_count; vm++) {
        world->vcpus[vm] = g_rand_int_range(rand, 1, 4);
        world->affinity[vm] = g_rand_boolean(rand) ? 0 : 1;
        if (g_rand_boolean(rand))
            world->throttles[vm] = (HvThrottle){g_rand_int_range(rand, 1000000, 100000000),
                                                g_rand_int_range(rand, 1, 20)};
        for (unsigned i = 0; i < world->vcpus[vm]; i++)
            random_script(rand, &world->scripts[vm][i], world->ops[vm][i], world->vcpus[vm]);
    }
    HvTime time = 0;
    for (unsigned i = 0; i < COMMANDS; i++) {
        time += g_rand_int_range(rand, 0, UNTIL / COMMANDS);
        world->commands[i].time = time;
        world->commands[i].vm = g_rand_int_range(rand, 0, world->vm_count);
        world->commands[i].kind = g_rand_int_range(rand, 0, 8);
    }
    return world;
}

static void do_command(Fixture *fixture, const World *world, unsigned i)
{
    HvVm *vm = hv_host_vm(fixture->host, world->commands[i].vm);
    HvTime now = world->commands[i].time;
    switch (world->commands[i].kind) {
    case 0:
    case 1: hv_vm_pause(vm, now); break;
    case 2:
    case 3: hv_vm_resume(vm, now); break;
    case 4: hv_vm_kill(vm, now); break;
    case 5: hv_vm_set_throttle(vm, HV_THROTTLE_EXITS, (HvThrottle){.rate = 0}, now); break;
    case 6: hv_vm_set_throttle(vm, HV_THROTTLE_EXITS, (HvThrottle){20000000, 3}, now); break;
    default: hv_vm_set_weight(vm, 100, now); break;
    }
}

/* Up to the horizon: in one go, or with grants and kicks that rand chooses. */
static void advance(Fixture *fixture, HvTime horizon, GRand *rand)
{
    HvTime grant = 0, reached = 0;
    if (rand == NULL) {
        fixture_run(fixture, horizon);
        return;
    }
    while (reached < horizon) {
        grant = MIN(horizon, grant + g_rand_int_range(rand, 1, 200));
        if (g_rand_int_range(rand, 0, 5) == 0)
            hv_host_kick(fixture->host);
        HvTime now = hv_host_advance(fixture->host, horizon, grant);
        g_assert_cmpuint(now, >=, reached);
        g_assert_cmpuint(now, <=, grant);
        reached = now;
    }
}

static void check_accounts(Fixture *fixture, HvTime now)
{
    for (unsigned i = 0; i < fixture->config.pcpu_count; i++) {
        HvPcpuStats stats = hv_host_pcpu_stats(fixture->host, i, now);
        /* The one that runs has not been descheduled yet. */
        g_assert_cmpuint(fixture->log.ran_ns[i], <=, stats.busy_ns);
        g_assert_cmpuint(stats.busy_ns + stats.idle_ns, >=, now);
    }
    g_autofree char *what = NULL;
    if (!hv_host_check(fixture->host, &what))
        g_error("%s", what);
}

/* Kills what still runs, so that every dispatch has its end; then what was
 * charged to vCPUs is what the pCPUs were busy. */
static void end_and_check(Fixture *fixture, const World *world)
{
    for (unsigned vm = 0; vm < world->vm_count; vm++)
        hv_vm_kill(hv_host_vm(fixture->host, vm), UNTIL);
    fixture_run(fixture, UNTIL + 1000000);
    g_assert_cmpuint(hv_host_deadline(fixture->host), ==, HV_TIME_NEVER);
    for (unsigned i = 0; i < fixture->config.pcpu_count; i++) {
        HvPcpuStats stats = hv_host_pcpu_stats(fixture->host, i, UNTIL + 1000000);
        g_assert_cmpuint(fixture->log.ran_ns[i], ==, stats.busy_ns);
        g_assert_cmpuint(stats.busy_ns + stats.idle_ns, ==, UNTIL + 1000000);
    }
}

/* The whole log of a run. */
static char *play(const World *world, GRand *rand)
{
    Fixture fixture = {0};
    fixture_set_up(&fixture, NULL);
    HvHostConfig defaults = fixture.config;
    fixture.config = world->config;
    fixture.config.backend = defaults.backend;
    fixture.config.memory_frames = defaults.memory_frames;
    fixture.config.clock_hz = 83333334; /* an instruction takes at most 12 ns */
    fixture.config.frame_ids = defaults.frame_ids;
    fixture.config.observer = defaults.observer;
    fixture.config.observer_user = defaults.observer_user;
    fixture_host(&fixture);
    for (unsigned vm = 0; vm < world->vm_count; vm++) {
        fixture.vm.vcpu_count = world->vcpus[vm];
        fixture.vm.affinity = world->affinity[vm];
        fixture.vm.throttles[HV_THROTTLE_EXITS] = world->throttles[vm];
        fixture_start(&fixture, world->scripts[vm]);
    }
    for (unsigned i = 0; i < COMMANDS; i++) {
        advance(&fixture, world->commands[i].time, rand);
        do_command(&fixture, world, i);
        check_accounts(&fixture, world->commands[i].time);
    }
    advance(&fixture, UNTIL, rand);
    end_and_check(&fixture, world);
    char *text = g_strdup(fixture.log.text->str);
    fixture_tear_down(&fixture, NULL);
    return text;
}

static void test_slices(void)
{
    unsigned worlds = g_test_slow() ? 3000 : 150;
    uint64_t bytes = 0;
    for (guint32 seed = 0; seed < worlds; seed++) {
        g_autofree World *world = random_world(seed);
        g_autofree char *whole = play(world, NULL);
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed + 1);
        g_autofree char *sliced = play(world, rand);
        if (g_strcmp0(whole, sliced) != 0)
            g_test_message("world %u parts ways", seed);
        g_assert_cmpstr(whole, ==, sliced);
        bytes += strlen(whole);
    }
    g_assert_cmpuint(bytes / worlds, >, 1000); /* these worlds are not empty */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-slices/slices", test_slices);
    return g_test_run();
}
