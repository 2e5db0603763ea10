/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-policy-check.c: every built-in policy keeps its promises in random worlds
 * (hv-core/sched/check.h), and the checker finds each kind of broken promise. The
 * run queue against a shadow. */
#include <string.h>

#include "hv-core/sched/check.h"
#include "hv-core/sched/line.h"

/* ---- The run queue ---------------------------------------------------------- */

#define NODES 60

static void test_runq(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    HvRunq queue;
    HvSchedVcpu vcpus[NODES] = {0};
    HvRunNode nodes[NODES] = {0};
    hv_runq_init(&queue);
    for (unsigned i = 0; i < NODES; i++) {
        nodes[i].vcpu = &vcpus[i];
        vcpus[i].params.affinity = 1 + (uint64_t)g_rand_int_range(rand, 0, 7);
    }
    for (unsigned round = 0; round < 100000; round++) {
        unsigned i = (unsigned)g_rand_int_range(rand, 0, NODES);
        unsigned pcpu = (unsigned)g_rand_int_range(rand, 0, 3);
        const HvRunNode *least = NULL;
        switch (g_rand_int_range(rand, 0, 4)) {
        case 0:
        case 1:
            if (nodes[i].heap == NULL)
                hv_runq_put(&queue, &nodes[i], (uint64_t)g_rand_int_range(rand, 0, 9),
                            g_rand_boolean(rand) ? hv_runq_last(&queue) : hv_runq_before(&queue));
            break;
        case 2:
            hv_runq_remove(&queue, &nodes[i]);
            vcpus[i].params.affinity = 1 + (uint64_t)g_rand_int_range(rand, 0, 7);
            break;
        default:
            vcpus[i].params.affinity = 1 + (uint64_t)g_rand_int_range(rand, 0, 7);
            hv_runq_refile(&queue, &nodes[i]);
            for (unsigned k = 0; k < NODES; k++)
                if (nodes[k].heap != NULL && hv_sched_may_run(&vcpus[k], pcpu) &&
                    (least == NULL || nodes[k].key < least->key ||
                     (nodes[k].key == least->key && nodes[k].rank < least->rank)))
                    least = &nodes[k];
            g_assert_true(hv_runq_first(&queue, pcpu) == least);
        }
    }
    hv_runq_clear(&queue);
}

/* ---- Every policy ------------------------------------------------------------ */

static void test_policy(gconstpointer data)
{
    const HvPolicyOps *ops = data;
    unsigned worlds = g_test_slow() ? 400 : 40;
    for (unsigned seed = 0; seed < worlds; seed++) {
        HvPolicyCheck check = {
            .ops = ops,
            .pcpu_count = 1 + seed % 4,
            .vcpu_count = 1 + seed * 7 % 23,
            .seed = seed,
            .rounds = 3000,
            .affinities = seed % 3 == 0,
            .caps = seed % 4 == 1,
        };
        g_autofree char *wrong = hv_policy_check(&check);
        g_assert_cmpstr(wrong, ==, NULL);
    }
}

/* ---- The checker ------------------------------------------------------------- */

static unsigned picks;
static HvSchedVcpu *first_seen;

static void note_first(void *policy, HvSchedVcpu *vcpu)
{
    picks = 0;
    if (vcpu->id == 0)
        first_seen = vcpu;
    hv_line_add(policy, vcpu);
}

/* Picks a vCPU that runs already. */
static HvSchedVcpu *pick_twice(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    ret->slice_ns = 1000000;
    if (++picks > 50) {
        hv_line_unready(policy, first_seen, now);
        return first_seen;
    }
    return hv_policy_find("rr")->pick(policy, pcpu, now, ret);
}

/* Never runs vCPU 0 again after some time. */
static void forget_one(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    if (vcpu->id != 0 || picks++ < 20)
        hv_policy_find("rr")->ready(policy, vcpu, why, now);
}

static HvSchedVcpu *pick_lazily(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    return ++picks % 50 == 0 ? NULL : hv_policy_find("rr")->pick(policy, pcpu, now, ret);
}

static HvSchedVcpu *pick_for_nothing(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    HvSchedVcpu *vcpu = hv_policy_find("rr")->pick(policy, pcpu, now, ret);
    ret->slice_ns = ++picks == 100 ? 0 : ret->slice_ns;
    return vcpu;
}

static HvSchedVcpu *pick_anywhere(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    HvRunNode *node = hv_runq_first_of_all(&((HvLine *)policy)->queue);
    ret->slice_ns = 1000000;
    if (node != NULL)
        hv_runq_remove(&((HvLine *)policy)->queue, node);
    return node != NULL ? node->vcpu : NULL;
}

static int preempts_nobody(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    return 17;
}

static HvTime always_due(void *policy)
{
    return 0;
}

static uint64_t does_nothing(void *policy, HvTime now)
{
    return 0;
}

static char *check_broken(const HvPolicyOps *broken)
{
    char *wrong = NULL;
    for (unsigned seed = 0; seed < 10 && wrong == NULL; seed++) {
        HvPolicyCheck check = {.ops = broken,
                               .pcpu_count = 2,
                               .vcpu_count = 6,
                               .seed = seed,
                               .rounds = 2000,
                               .affinities = broken->pick == pick_anywhere};
        wrong = hv_policy_check(&check);
    }
    return wrong;
}

#define FINDS(what, ...)                                                                           \
    do {                                                                                           \
        HvPolicyOps broken = *hv_policy_find("rr");                                                \
        broken.add = note_first;                                                                   \
        __VA_ARGS__;                                                                               \
        g_autofree char *wrong = check_broken(&broken);                                            \
        g_assert_nonnull(wrong);                                                                   \
        g_assert_nonnull(strstr(wrong, what));                                                     \
    } while (0)

static void test_checker(void)
{
    FINDS("which is not ready", broken.pick = pick_twice);
    FINDS("is left idle while vCPU 0 is ready", broken.ready = forget_one);
    FINDS("vCPU 0 is lost", broken.ready = forget_one; broken.uses = HV_USES_CAP;
          broken.may_starve = true);
    FINDS("is left idle while", broken.pick = pick_lazily);
    FINDS("a slice of 0 ns", broken.pick = pick_for_nothing);
    FINDS("on which it may not run", broken.pick = pick_anywhere);
    FINDS("names pCPU 17", broken.preempts = preempts_nobody);
    FINDS("again and again", broken.deadline = always_due; broken.timer = does_nothing);
    /* A stack: who came last is first, and the bottom waits. */
    FINDS("the policy declares", broken = *hv_policy_find("priority"); broken.may_starve = false;
          broken.wait_slices = 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy-check/runq", test_runq);
    for (unsigned i = 0; hv_policies[i] != NULL; i++) {
        g_autofree char *name = g_strdup_printf("/policy-check/%s", hv_policies[i]->name);
        g_test_add_data_func(name, hv_policies[i], test_policy);
    }
    g_test_add_func("/policy-check/checker", test_checker);
    return g_test_run();
}
