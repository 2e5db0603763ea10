/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-sched.c: what a scheduling decision costs with 1,000 vCPUs ready, for every
 * policy: the one that ran leaves and is ready again, the next is picked. Measured in
 * turns with the same on an array that is searched for the least key, which is
 * what a first attempt looks like. */
#include <stdio.h>

#include "hv-core/sched/policy.h"
#include "tests/bench/bench.h"

#define VCPUS     1000
#define DECISIONS 20000
#define ROUNDS    5
#define SLICE_NS  1000000

typedef struct {
    const HvPolicyOps *ops;
    void *policy;
    HvPolicyParams params;
    HvSchedVcpu vcpus[VCPUS];
    HvSchedVcpu *running[1];
    HvTime now;
    uint64_t keys[VCPUS];
} World;

static void set_up(World *world, const HvPolicyOps *ops)
{
    world->ops = ops;
    world->params = (HvPolicyParams){.slice_ns = SLICE_NS,
                                     .pcpu_count = 1,
                                     .levels = 3,
                                     .boost_ns = HV_TIME_NEVER,
                                     .accounting_ns = 30 * SLICE_NS,
                                     .running = world->running};
    world->policy = ops->create(&world->params);
    for (unsigned i = 0; i < VCPUS; i++) {
        world->vcpus[i] = (HvSchedVcpu){
            .id = i,
            .vm = (uint16_t)i,
            .params = {.weight = 64u << i % 4, .priority = i % 5, .affinity = 1},
            .pcpu = HV_NO_PCPU,
            .last_pcpu = HV_NO_PCPU,
            .burst_ns = 1 + i * 7919u % 100000u,
            .deadline = SLICE_NS * (HvTime)(1 + i * 31u % 500u),
        };
        ops->add(world->policy, &world->vcpus[i]);
        ops->ready(world->policy, &world->vcpus[i], HV_READY_NEW, 0);
        world->keys[i] = i;
    }
}

static void tear_down(World *world)
{
    for (unsigned i = 0; i < VCPUS; i++) {
        world->ops->unready(world->policy, &world->vcpus[i], world->now);
        world->ops->remove(world->policy, &world->vcpus[i]);
    }
    world->ops->destroy(world->policy);
}

static void decide(World *world)
{
    HvSchedPick pick = {0};
    if (world->ops->deadline != NULL)
        while (world->ops->deadline(world->policy) <= world->now)
            world->ops->timer(world->policy, world->now);
    HvSchedVcpu *vcpu = world->ops->pick(world->policy, 0, world->now, &pick);
    HvTime ran_ns = MIN(pick.slice_ns, SLICE_NS);
    vcpu->pcpu = vcpu->last_pcpu = 0;
    vcpu->since = world->now;
    world->running[0] = vcpu;
    world->now += ran_ns;
    world->running[0] = NULL;
    vcpu->pcpu = HV_NO_PCPU;
    world->ops->ran(world->policy, vcpu, ran_ns, world->now);
    world->ops->ready(world->policy, vcpu, HV_READY_SLICE, world->now);
}

static double measure(void *user)
{
    double begin = bench_cpu_ns();
    for (unsigned i = 0; i < DECISIONS; i++)
        decide(user);
    return (bench_cpu_ns() - begin) / DECISIONS;
}

static double search(void *user)
{
    World *world = user;
    double begin = bench_cpu_ns();
    for (unsigned i = 0; i < DECISIONS / 10; i++) {
        unsigned least = 0;
        for (unsigned k = 1; k < VCPUS; k++)
            if (world->keys[k] < world->keys[least])
                least = k;
        world->keys[least] += VCPUS;
        __asm__ volatile("" : : "r"(world->keys) : "memory");
    }
    return (bench_cpu_ns() - begin) / (DECISIONS / 10);
}

int main(void)
{
    for (unsigned i = 0; hv_policies[i] != NULL; i++) {
        g_autofree World *world = g_new0(World, 1);
        g_autofree char *name = g_strdup_printf("decision-%s", hv_policies[i]->name);
        set_up(world, hv_policies[i]);
        BenchPair pair = bench_alternate(measure, search, world, ROUNDS);
        tear_down(world);
        printf("{\"bench\": \"%s\", \"value\": %.0f, \"unit\": \"ns\", \"ratio\": %.2f, "
               "\"against\": \"searching an array\", \"target\": 1000, \"holds\": %s}\n",
               name, pair.value, pair.value / pair.reference,
               pair.value <= 1000 ? "true" : "false");
    }
    return 0;
}
