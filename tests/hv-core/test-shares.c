/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-shares.c: what policies give, measured on a whole host with scripted CPUs:
 * shares by weight, caps, reservations, deadlines, and that nobody gains by
 * yielding. */
#include "tests/hv-core/host-fixture.h"

#define MS UINT64_C(1000000)

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture_set_up(fixture, data);
    fixture->log.kinds = 0;
    fixture->config.memory_frames = 65536;
    fixture->config.lookahead_ns = HV_TIME_NEVER;
    fixture->config.policy_params = (HvPolicyParams){.slice_ns = MS,
                                                     .accounting_ns = 3 * MS,
                                                     .levels = 3,
                                                     .latency_ns = MS,
                                                     .boost_ns = HV_TIME_NEVER};
}

/* What each VM's first vCPU was charged; the log keeps no more than eight apart, so
 * the fixture's observer is replaced. */
typedef struct {
    HvTime ran_ns[64];
    uint64_t missed, done;
} Charges;

static void on_deschedule(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvTime ran_ns,
                          HvWhy why)
{
    ((Charges *)user)->ran_ns[vm] += ran_ns;
}

static void on_missed(void *user, HvStamp at, uint16_t vm, uint64_t release)
{
    ((Charges *)user)->missed++;
}

static void on_done(void *user, HvStamp at, uint16_t vm, uint64_t release)
{
    ((Charges *)user)->done++;
}

static const HvObserver charges_observer = {
    .deschedule = on_deschedule, .deadline_missed = on_missed, .job_done = on_done};

static void observe(Fixture *fixture, Charges *charges)
{
    *charges = (Charges){0};
    fixture->config.observer = charges_observer;
    fixture->config.observer_user = charges;
}

/* ---- Shares -------------------------------------------------------------------- */

/* What `count` vCPUs of these weights are entitled to of pcpus CPUs, in parts of
 * one: nobody has more than one. */
static void entitle(const uint32_t *weights, unsigned count, unsigned pcpus, double *shares)
{
    double left = MIN(pcpus, count);
    for (unsigned i = 0; i < count; i++)
        shares[i] = 0;
    for (bool again = true; again;) {
        double weight = 0, given = 0;
        again = false;
        for (unsigned i = 0; i < count; i++)
            weight += shares[i] == 0 ? weights[i] : 0;
        for (unsigned i = 0; i < count; i++)
            if (shares[i] == 0 && left * weights[i] / weight >= 1) {
                shares[i] = 1;
                given++;
                again = true;
            }
        left -= given;
        for (unsigned i = 0; i < count && !again; i++)
            shares[i] = shares[i] == 0 ? left * weights[i] / weight : shares[i];
    }
}

static void check_shares(Fixture *fixture, const HvPolicyOps *policy, unsigned count,
                         unsigned pcpus, unsigned kind)
{
    static const uint32_t mixes[3][4] = {
        {256, 256, 256, 256}, {256, 512, 768, 512}, {100, 50, 250, 400}};
    Charges charges;
    double shares[64];
    uint32_t weights[64];
    HvTime until = 0;
    set_up(fixture, NULL);
    observe(fixture, &charges);
    fixture->config.policy = policy;
    fixture->config.pcpu_count = pcpus;
    fixture_host(fixture);
    for (unsigned i = 0; i < count; i++) {
        fixture->vm.weight = weights[i] = mixes[kind][i % 4];
        fixture_start(fixture, &fixture_burner);
    }
    entitle(weights, count, pcpus, shares);
    /* 100 slices for the one that gets least. */
    for (unsigned i = 0; i < count; i++)
        until = MAX(until, (HvTime)(100.0 * (double)MS / shares[i]));
    until = MAX(until, 300 * MS);
    fixture_run(fixture, until);
    for (unsigned i = 0; i < count; i++)
        hv_vm_kill(hv_host_vm(fixture->host, i), until);
    hv_host_advance(fixture->host, until + MS, HV_TIME_NEVER);
    for (unsigned i = 0; i < count; i++) {
        double got = (double)charges.ran_ns[i] / (double)until;
        if (got < shares[i] * 0.99 || got > shares[i] * 1.01)
            g_error("%s, %u vCPUs on %u pCPUs, mix %u: vCPU %u got %.4f of a pCPU, not %.4f",
                    policy->name, count, pcpus, kind, i, got, shares[i]);
    }
    fixture_tear_down(fixture, NULL);
    *fixture = (Fixture){0};
}

static void test_shares(gconstpointer data)
{
    static const unsigned counts[] = {2, 8, 64}, pcpus[] = {1, 2, 4};
    Fixture fixture = {0};
    for (unsigned c = 0; c < 3; c++)
        for (unsigned p = 0; p < 3; p++)
            for (unsigned kind = 0; kind < 3; kind++)
                check_shares(&fixture, data, counts[c], pcpus[p], kind);
}

/* ---- Caps and reservations --------------------------------------------------------- */

static void test_caps(Fixture *fixture, gconstpointer data)
{
    static const uint32_t caps[] = {100000, 330000, 500000, 900000, 0};
    Charges charges;
    observe(fixture, &charges);
    fixture->config.policy = hv_policy_find("credit");
    fixture->config.pcpu_count = 2;
    fixture_host(fixture);
    for (unsigned i = 0; i < G_N_ELEMENTS(caps); i++) {
        fixture->vm.cap_ppm = caps[i];
        fixture_start(fixture, &fixture_burner);
    }
    for (HvTime now = MS / 2; now < 400 * MS; now += MS / 2) {
        fixture_run(fixture, now);
        for (unsigned i = 0; i < G_N_ELEMENTS(caps); i++)
            if (caps[i] != 0)
                g_assert_cmpuint(charges.ran_ns[i], <=, now * caps[i] / 1000000 + MS);
    }
    /* Two pCPUs for 0.1 + 0.33 + 0.5 + 0.9 and one without a cap, which has the rest. */
    g_assert_cmpuint(charges.ran_ns[0], >=, 38 * MS);
    g_assert_cmpuint(charges.ran_ns[1], >=, 125 * MS);
}

static void test_cap_alone(Fixture *fixture, gconstpointer data)
{
    Charges charges;
    observe(fixture, &charges);
    fixture->config.policy = hv_policy_find("credit");
    fixture_host(fixture);
    fixture->vm.cap_ppm = 250000;
    fixture_start(fixture, &fixture_burner);
    fixture_run(fixture, 300 * MS); /* nobody else wants the pCPU, and yet */
    g_assert_cmpuint(charges.ran_ns[0], <=, 76 * MS);
    g_assert_cmpuint(charges.ran_ns[0], >=, 73 * MS);
}

static void test_reservation(Fixture *fixture, gconstpointer data)
{
    Charges charges;
    observe(fixture, &charges);
    fixture->config.policy = hv_policy_find("credit");
    fixture_host(fixture);
    fixture->vm.weight = 10;
    fixture->vm.reservation_ppm = 400000;
    fixture_start(fixture, &fixture_burner);
    fixture->vm.reservation_ppm = 0;
    fixture->vm.weight = 1000;
    fixture_start(fixture, &fixture_burner);
    fixture_run(fixture, 1000 * MS);
    g_assert_cmpuint(charges.ran_ns[0], >=, 390 * MS);
    g_assert_cmpuint(charges.ran_ns[0], <=, 410 * MS);
}

/* ---- Yielding before the tick -------------------------------------------------------- */

/* Computes for nearly a slice, yields, and begins anew. */
static const FakeOp sly[] = {RUN(MS - 20000), PLATFORM(YIELD, 4, 0), JUMP(0)};
static const FakeScript sly_script = {.ops = sly};

static double sly_share(Fixture *fixture, const char *policy)
{
    Charges charges;
    observe(fixture, &charges);
    fixture->config.policy = hv_policy_find(policy);
    fixture_host(fixture);
    fixture_start(fixture, &sly_script);
    fixture_start(fixture, &fixture_burner);
    fixture_run(fixture, 500 * MS);
    return (double)charges.ran_ns[0] / (500.0 * (double)MS);
}

static void test_sly_credit(Fixture *fixture, gconstpointer data)
{
    double share = sly_share(fixture, "credit");
    g_assert_cmpfloat(share, >, 0.48);
    g_assert_cmpfloat(share, <, 0.51);
}

/* By the old rule 4 it stays at the top and has the CPU for itself. */
static void test_sly_mlfq(Fixture *fixture, gconstpointer data)
{
    fixture->config.policy_params.allotment_ns = HV_TIME_NEVER;
    g_assert_cmpfloat(sly_share(fixture, "mlfq"), >, 0.95);
}

/* With an allotment it does not: what is left of it each time is too little for it. */
static void test_sly_mlfq_allotment(Fixture *fixture, gconstpointer data)
{
    double share = sly_share(fixture, "mlfq");
    g_assert_cmpfloat(share, >, 0.3);
    g_assert_cmpfloat(share, <, 0.55);
}

/* ---- Deadlines ---------------------------------------------------------------------- */

static const FakeOp job[] = {RUN(50), PLATFORM(STARTED, 4, 0), RUN_ON};
static const FakeScript job_script = {.ops = job};

/* Random periodic tasks whose use of the pCPU adds up to at most `most` percent. */
static double add_tasks(Fixture *fixture, GRand *rand, unsigned most)
{
    double used = 0;
    unsigned tasks = (unsigned)g_rand_int_range(rand, 2, 6);
    for (unsigned i = 0; i < tasks; i++) {
        HvTime period = (HvTime)g_rand_int_range(rand, 2, 21) * MS;
        double part = i + 1 < tasks ? (most / 100.0 - used) * g_rand_double_range(rand, 0.2, 0.7)
                                    : most / 100.0 - used;
        HvTime length = (HvTime)(part * (double)period);
        HvJobConfig config = {
            .length_ns = MAX(length, 1), .period_ns = period, .deadline_ns = period};
        fixture->vm.job = &config;
        fixture_start(fixture, &job_script);
        used += (double)config.length_ns / (double)period;
    }
    return used;
}

static void test_deadlines(void)
{
    for (guint32 seed = 0; seed < 60; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        Fixture fixture = {0};
        Charges charges;
        set_up(&fixture, NULL);
        observe(&fixture, &charges);
        fixture.config.policy = hv_policy_find("sedf");
        fixture_host(&fixture);
        bool too_much = seed % 6 == 5;
        double used = add_tasks(&fixture, rand, too_much ? 130 : 100);
        fixture_run(&fixture, 2000 * MS);
        g_assert_cmpuint(charges.done, >, 100);
        if (used > 1.2)
            g_assert_cmpuint(charges.missed, >, 0);
        else if (used <= 1)
            g_assert_cmpuint(charges.missed, ==, 0);
        fixture_tear_down(&fixture, NULL);
    }
}

/* A vCPU with a budget has it in every period, and no more, whatever others do. */
static void test_budget(Fixture *fixture, gconstpointer data)
{
    Charges charges;
    observe(fixture, &charges);
    fixture->config.policy = hv_policy_find("sedf");
    fixture_host(fixture);
    fixture->vm.period_ns = 10 * MS;
    fixture->vm.slice_ns = 3 * MS;
    fixture_start(fixture, &fixture_burner);
    fixture->vm.period_ns = 20 * MS;
    fixture->vm.slice_ns = 10 * MS;
    fixture_start(fixture, &fixture_burner);
    fixture->vm.period_ns = fixture->vm.slice_ns = 0;
    fixture_start(fixture, &fixture_burner);
    fixture_run(fixture, 1000 * MS);
    g_assert_cmpuint(charges.ran_ns[0], ==, 300 * MS);
    g_assert_cmpuint(charges.ran_ns[1], ==, 500 * MS);
    g_assert_cmpuint(charges.ran_ns[2], >=, 198 * MS);
}

/* ---- Changes while running ------------------------------------------------------------ */

static void test_change_weight(gconstpointer data)
{
    Fixture fixture = {0};
    Charges charges;
    set_up(&fixture, NULL);
    observe(&fixture, &charges);
    fixture.config.policy = data;
    fixture_host(&fixture);
    fixture_start(&fixture, &fixture_burner);
    HvVm *b = fixture_start(&fixture, &fixture_burner);
    fixture_run(&fixture, 300 * MS);
    HvTime a_before = charges.ran_ns[0], b_before = charges.ran_ns[1];
    g_assert_true(hv_vm_set_sched(b, -1, &(HvSchedParams){.weight = 768}, HV_SET_WEIGHT, 300 * MS));
    g_assert_false(hv_vm_set_sched(b, -1, &(HvSchedParams){.weight = 0}, HV_SET_WEIGHT, 300 * MS));
    g_assert_false(hv_vm_set_sched(b, 1, &(HvSchedParams){.weight = 1}, HV_SET_WEIGHT, 300 * MS));
    fixture_run(&fixture, 1300 * MS);
    double a = (double)(charges.ran_ns[0] - a_before),
           both = a + (double)(charges.ran_ns[1] - b_before);
    g_assert_cmpfloat(a / both, >, 0.23);
    g_assert_cmpfloat(a / both, <, 0.27);
    fixture_tear_down(&fixture, NULL);
}

/* Taken off a pCPU that it may not have any more. */
static void test_change_affinity(Fixture *fixture, gconstpointer data)
{
    Charges charges;
    observe(fixture, &charges);
    fixture->config.policy = hv_policy_find("rr");
    fixture->config.pcpu_count = 2;
    fixture_host(fixture);
    HvVm *a = fixture_start(fixture, &fixture_burner);
    fixture->vm.affinity = 2;
    fixture_start(fixture, &fixture_burner);
    fixture_run(fixture, 100 * MS);
    g_assert_true(
        hv_vm_set_sched(a, 0, &(HvSchedParams){.affinity = 2}, HV_SET_AFFINITY, 100 * MS));
    g_assert_false(
        hv_vm_set_sched(a, 0, &(HvSchedParams){.affinity = 4}, HV_SET_AFFINITY, 100 * MS));
    fixture_run(fixture, 200 * MS);
    g_assert_cmpuint(hv_host_pcpu_stats(fixture->host, 0, 200 * MS).busy_ns, <=, 101 * MS);
    g_assert_cmpuint(hv_host_pcpu_stats(fixture->host, 1, 200 * MS).busy_ns, >=, 199 * MS);
}

#define ADD(name, function)                                                                        \
    g_test_add("/shares/" name, Fixture, NULL, set_up, function, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; hv_policies[i] != NULL; i++) {
        g_autofree char *name = g_strdup_printf("/shares/by-weight/%s", hv_policies[i]->name);
        g_autofree char *change =
            g_strdup_printf("/shares/weight-changed/%s", hv_policies[i]->name);
        if (!hv_policies[i]->proportional)
            continue;
        g_test_add_data_func(name, hv_policies[i], test_shares);
        g_test_add_data_func(change, hv_policies[i], test_change_weight);
    }
    ADD("caps", test_caps);
    ADD("cap-alone", test_cap_alone);
    ADD("reservation", test_reservation);
    ADD("yield-before-the-tick/credit", test_sly_credit);
    ADD("yield-before-the-tick/mlfq-old-rule", test_sly_mlfq);
    ADD("yield-before-the-tick/mlfq", test_sly_mlfq_allotment);
    g_test_add_func("/shares/deadlines", test_deadlines);
    ADD("budget", test_budget);
    ADD("affinity-changed", test_change_affinity);
    return g_test_run();
}
