/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-sched.c: the event queue against a shadow, and round robin by itself. */
#include "hv-core/sched/events.h"
#include "hv-core/sched/policy.h"

/* ---- Events ------------------------------------------------------------- */

#define EVENTS 200

/* The shadow: an array that is searched for the least (time, order). */
typedef struct {
    bool queued;
    HvTime time;
    uint64_t order;
} Shadow;

static int shadow_first(const Shadow *shadow)
{
    int first = -1;
    for (int i = 0; i < EVENTS; i++) {
        if (!shadow[i].queued)
            continue;
        if (first < 0 || shadow[i].time < shadow[first].time ||
            (shadow[i].time == shadow[first].time && shadow[i].order < shadow[first].order))
            first = i;
    }
    return first;
}

static void test_events_random(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    HvEventQueue queue;
    HvEvent events[EVENTS] = {0};
    Shadow shadow[EVENTS] = {0};
    hv_event_queue_init(&queue);
    for (uint64_t order = 0; order < 200000; order++) {
        int i = g_rand_int_range(rand, 0, EVENTS);
        switch (g_rand_int_range(rand, 0, 4)) {
        case 0:
        case 1: /* few different times, so that many are equal */
            shadow[i] = (Shadow){true, (HvTime)g_rand_int_range(rand, 0, 50), order};
            hv_event_queue_put(&queue, &events[i], shadow[i].time);
            break;
        case 2:
            shadow[i].queued = false;
            hv_event_queue_remove(&queue, &events[i]);
            break;
        default: {
            int first = shadow_first(shadow);
            g_assert_cmpuint(hv_event_queue_time(&queue), ==,
                             first < 0 ? HV_TIME_NEVER : shadow[first].time);
            g_assert_true(hv_event_queue_take(&queue) == (first < 0 ? NULL : &events[first]));
            if (first >= 0)
                shadow[first].queued = false;
        }
        }
    }
    hv_event_queue_clear(&queue);
}

static void test_events_equal_times(void)
{
    HvEventQueue queue;
    HvEvent a = {0}, b = {0}, c = {0};
    hv_event_queue_init(&queue);
    hv_event_queue_put(&queue, &a, 5);
    hv_event_queue_put(&queue, &b, 5);
    hv_event_queue_put(&queue, &c, 4);
    hv_event_queue_put(&queue, &a, 5); /* put anew: now behind b */
    g_assert_true(hv_event_queue_take(&queue) == &c);
    g_assert_true(hv_event_queue_take(&queue) == &b);
    g_assert_true(hv_event_queue_take(&queue) == &a);
    g_assert_null(hv_event_queue_take(&queue));
    g_assert_cmpuint(hv_event_queue_time(&queue), ==, HV_TIME_NEVER);
    hv_event_queue_clear(&queue);
}

/* ---- Policies ----------------------------------------------------------- */

static void test_find(void)
{
    g_assert_nonnull(hv_policy_find("rr"));
    g_assert_null(hv_policy_find("nonesuch"));
    g_assert_null(hv_policy_find(NULL));
    for (unsigned i = 0; hv_policies[i] != NULL; i++) {
        g_assert_true(hv_policy_find(hv_policies[i]->name) == hv_policies[i]);
        g_assert_nonnull(hv_policies[i]->title);
    }
}

static void test_round_robin(void)
{
    const HvPolicyOps *rr = hv_policy_find("rr");
    void *policy = rr->create(&(HvPolicyParams){.slice_ns = 30, .pcpu_count = 2});
    HvSchedVcpu v[3];
    HvSchedPick slice = {0};
    for (unsigned i = 0; i < 3; i++) {
        v[i] = (HvSchedVcpu){.id = i, .params.affinity = 3};
        rr->add(policy, &v[i]);
        rr->ready(policy, &v[i], HV_READY_NEW, 0);
    }
    g_assert_true(rr->pick(policy, 0, 0, &slice) == &v[0]);
    g_assert_cmpuint(slice.slice_ns, ==, 30);
    rr->ran(policy, &v[0], 30, 30);
    rr->ready(policy, &v[0], HV_READY_SLICE, 30);
    g_assert_true(rr->pick(policy, 0, 30, &slice) == &v[1]);
    rr->unready(policy, &v[2], 40); /* its VM is paused */
    g_assert_true(rr->pick(policy, 1, 40, &slice) == &v[0]);
    g_assert_null(rr->pick(policy, 1, 50, &slice));
    for (unsigned i = 0; i < 3; i++)
        rr->remove(policy, &v[i]);
    rr->destroy(policy);
}

/* The queue is one, but each pCPU takes the first that may run on it. */
static void test_round_robin_affinity(void)
{
    const HvPolicyOps *rr = hv_policy_find("rr");
    void *policy = rr->create(&(HvPolicyParams){.slice_ns = 30, .pcpu_count = 2});
    HvSchedVcpu a = {.params.affinity = 2}, b = {.params.affinity = 1}, c = {.params.affinity = 3};
    HvSchedVcpu *all[] = {&a, &b, &c};
    HvSchedPick slice;
    for (unsigned i = 0; i < 3; i++) {
        rr->add(policy, all[i]);
        rr->ready(policy, all[i], HV_READY_NEW, 0);
    }
    g_assert_true(rr->pick(policy, 0, 0, &slice) == &b);
    g_assert_true(rr->pick(policy, 0, 0, &slice) == &c);
    g_assert_null(rr->pick(policy, 0, 0, &slice));
    g_assert_true(rr->pick(policy, 1, 0, &slice) == &a);
    for (unsigned i = 0; i < 3; i++)
        rr->remove(policy, all[i]);
    rr->destroy(policy);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sched/events/random", test_events_random);
    g_test_add_func("/sched/events/equal-times", test_events_equal_times);
    g_test_add_func("/sched/find", test_find);
    g_test_add_func("/sched/round-robin", test_round_robin);
    g_test_add_func("/sched/round-robin-affinity", test_round_robin_affinity);
    return g_test_run();
}
