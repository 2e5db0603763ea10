/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-host.c: schedules worked out by hand: who runs when, for how long, and
 * what it costs. */
#include "tests/hv-core/host-fixture.h"

/* ---- One vCPU ----------------------------------------------------------- */

static void test_halts(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {RUN(60), HLT};
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops});
    g_assert_cmpuint(hv_host_deadline(fixture->host), ==, 0);
    fixture_run(fixture, 1000);
    host_log_expect(&fixture->log, "0 host vm0 off->running start\n"
                                   "0 host 0.0 new->ready start\n"
                                   "0 p0 0.0 ready->running dispatch\n"
                                   "0 p0 0.0 on 100\n"
                                   "70 p0 0.0 exit halt at 2 0x0 0x0 size 0 r cost 0\n"
                                   "70 p0 0.0 off 70 hlt-forever\n"
                                   "70 p0 0.0 running->halted hlt-forever\n"
                                   "70 host vm0 running->halted hlt-forever\n");
    g_assert_cmpint(hv_vm_state(vm), ==, HV_VM_HALTED);
    g_assert_cmpuint(hv_host_deadline(fixture->host), ==, HV_TIME_NEVER);
    HvPcpuStats stats = hv_host_pcpu_stats(fixture->host, 0, 1000);
    g_assert_cmpuint(stats.busy_ns, ==, 70);
    g_assert_cmpuint(stats.idle_ns, ==, 930);
    g_assert_cmpuint(stats.switches, ==, 0);
}

/* 160 of work in slices of 100, alone: it is its own successor, and that is no
 * switch. The slice's end costs an exit of 7. */
static void test_alone(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {RUN(150), HLT};
    fixture->config.costs = (HvCosts){.exit_ns = 7, .switch_ns = 1000};
    fixture->log.kinds = LOG_DISPATCH | LOG_EXITS;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_run(fixture, 1000);
    host_log_expect(&fixture->log, "0 p0 0.0 on 100\n"
                                   "100 p0 0.0 exit preempt at 0 0x0 0x0 size 0 r cost 7\n"
                                   "107 p0 0.0 off 107 slice-end\n"
                                   "107 p0 0.0 on 100\n"
                                   "167 p0 0.0 exit halt at 2 0x0 0x0 size 0 r cost 7\n"
                                   "174 p0 0.0 off 67 hlt-forever\n");
}

/* ---- Several on one pCPU ------------------------------------------------ */

/* Slice 100, exit 5, switch 3. A: 0 to 100, and 5 for the exit. B: pays 3 from
 * 105, its slice is 108 to 208, 5 more. C: 213, 216 to 316, 321. A again. */
static void test_round_robin(Fixture *fixture, gconstpointer data)
{
    fixture->config.costs = (HvCosts){.exit_ns = 5, .switch_ns = 3};
    fixture->log.kinds = LOG_DISPATCH;
    fixture_host(fixture);
    for (unsigned i = 0; i < 3; i++)
        fixture_start(fixture, &fixture_burner);
    fixture_run(fixture, 429);
    host_log_expect(&fixture->log, "0 p0 0.0 on 100\n"
                                   "105 p0 0.0 off 105 slice-end\n"
                                   "105 p0 1.0 on 100\n"
                                   "213 p0 1.0 off 108 slice-end\n"
                                   "213 p0 2.0 on 100\n"
                                   "321 p0 2.0 off 108 slice-end\n"
                                   "321 p0 0.0 on 100\n");
    /* 424 + 5 = 429 is reached, but what happens then is for the next call. */
    g_assert_cmpuint(hv_host_deadline(fixture->host), ==, 429);
    fixture_run(fixture, 430);
    host_log_expect(&fixture->log, "429 p0 0.0 off 108 slice-end\n"
                                   "429 p0 1.0 on 100\n");
    /* The switch keeps the pCPU busy until 432, past the horizon. */
    g_assert_cmpuint(hv_host_deadline(fixture->host), ==, 432);
    HvPcpuStats stats = hv_host_pcpu_stats(fixture->host, 0, 432);
    g_assert_cmpuint(stats.busy_ns, ==, 432);
    g_assert_cmpuint(stats.switches, ==, 4);
}

/* Instructions of 30 in slices of 100. First slice: three end by 90; the slice is
 * charged in full, so 10 are credit. Second: 110 for three, 20 are left. Third:
 * 120 for four. Ten instructions have taken 300, as if nothing had been cut. */
static void test_credit(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {STEP(30), STEP(30), STEP(30), STEP(30), STEP(30), STEP(30),
                                 STEP(30), STEP(30), STEP(30), STEP(30), HLT};
    fixture->config.clock_hz = 33333334; /* an instruction takes at most 30 ns */
    fixture->log.kinds = LOG_DISPATCH | LOG_EXITS;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_run(fixture, 1000);
    host_log_expect(&fixture->log, "0 p0 0.0 on 100\n"
                                   "100 p0 0.0 exit preempt at 3 0x0 0x0 size 0 r cost 0\n"
                                   "100 p0 0.0 off 100 slice-end\n"
                                   "100 p0 0.0 on 100\n"
                                   "200 p0 0.0 exit preempt at 6 0x0 0x0 size 0 r cost 0\n"
                                   "200 p0 0.0 off 100 slice-end\n"
                                   "200 p0 0.0 on 100\n"
                                   "300 p0 0.0 exit preempt at 10 0x0 0x0 size 0 r cost 0\n"
                                   "300 p0 0.0 off 100 slice-end\n"
                                   "300 p0 0.0 on 100\n"
                                   "310 p0 0.0 exit halt at 11 0x0 0x0 size 0 r cost 0\n"
                                   "310 p0 0.0 off 10 hlt-forever\n");
}

/* A device access happens when its instruction begins; a yield gives the rest
 * of the slice away. */
static void test_yield(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {RUN(40), PLATFORM(YIELD, 4, 0), RUN(20), HLT};
    fixture->config.costs.exit_ns = 4;
    fixture->log.kinds = LOG_STATES | LOG_DISPATCH | LOG_EXITS;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_start(fixture, &fixture_burner);
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 200);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "0 p0 0.0 on 100\n"
                                   "40 p0 0.0 exit mmio at 1 0xc0000030 0x0 size 4 w cost 4\n"
                                   "54 p0 0.0 off 54 yield\n"
                                   "54 p0 0.0 running->ready yield\n"
                                   "54 p0 1.0 ready->running dispatch\n"
                                   "54 p0 1.0 on 100\n"
                                   "154 p0 1.0 exit preempt at 0 0x0 0x0 size 0 r cost 4\n"
                                   "158 p0 1.0 off 104 slice-end\n"
                                   "158 p0 1.0 running->ready slice-end\n"
                                   "158 p0 0.0 ready->running dispatch\n"
                                   "158 p0 0.0 on 100\n"
                                   "188 p0 0.0 exit halt at 4 0x0 0x0 size 0 r cost 4\n"
                                   "192 p0 0.0 off 34 hlt-forever\n"
                                   "192 p0 0.0 running->halted hlt-forever\n"
                                   "192 host vm0 running->halted hlt-forever\n"
                                   "192 p0 1.0 ready->running dispatch\n"
                                   "192 p0 1.0 on 100\n");
}

/* ---- Several pCPUs ------------------------------------------------------ */

/* Three burners on two pCPUs: at every slice end the one that waits gets the
 * pCPU, and who leaves waits for the other's slice end. */
static void test_two_pcpus(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {RUN(30), HLT};
    fixture->config.pcpu_count = 2;
    fixture->log.kinds = LOG_DISPATCH;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops});
    for (unsigned i = 0; i < 3; i++)
        fixture_start(fixture, &fixture_burner);
    fixture_run(fixture, 250);
    host_log_expect(&fixture->log, "0 p0 0.0 on 100\n"
                                   "0 p1 1.0 on 100\n"
                                   "40 p0 0.0 off 40 hlt-forever\n"
                                   "40 p0 2.0 on 100\n"
                                   "100 p1 1.0 off 100 slice-end\n"
                                   "100 p1 3.0 on 100\n"
                                   "140 p0 2.0 off 100 slice-end\n"
                                   "140 p0 1.0 on 100\n"
                                   "200 p1 3.0 off 100 slice-end\n"
                                   "200 p1 2.0 on 100\n"
                                   "240 p0 1.0 off 100 slice-end\n"
                                   "240 p0 3.0 on 100\n");
}

/* vCPUs bound to pCPU 0 leave pCPU 1 idle; the one that may run anywhere is
 * taken over by it as soon as pCPU 0 lets it go. */
static void test_affinity(Fixture *fixture, gconstpointer data)
{
    fixture->config.pcpu_count = 2;
    fixture->log.kinds = LOG_DISPATCH;
    fixture_host(fixture);
    fixture->vm.affinity = 0;
    HvVm *any = fixture_vm(fixture, &fixture_burner);
    fixture->vm.affinity = 1;
    HvVm *bound = fixture_vm(fixture, &fixture_burner);
    g_assert_true(hv_vm_start(bound, 0));
    fixture_run(fixture, 50);
    g_assert_true(hv_vm_start(any, 50));
    fixture_run(fixture, 130);
    host_log_expect(&fixture->log, "0 p0 1.0 on 100\n"
                                   "50 p1 0.0 on 100\n"
                                   "100 p0 1.0 off 100 slice-end\n"
                                   "100 p0 1.0 on 100\n");
    HvPcpuStats stats = hv_host_pcpu_stats(fixture->host, 1, 130);
    g_assert_cmpuint(stats.busy_ns, ==, 80);
    g_assert_cmpuint(stats.idle_ns, ==, 50);
}

static void test_affinity_to_none(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    fixture_host(fixture);
    fake_cpu_play(0, 0, &fixture_burner);
    fixture->vm.affinity = 2;
    g_assert_null(hv_host_add_vm(fixture->host, &fixture->vm, 0, &error));
    g_assert_error(error, HV_ERROR, HV_ERROR_INVALID);
}

/* Steps: with marks every 10 the order of the log is the order of execution.
 * pCPU 0 goes first, up to the lookahead of 50 beyond pCPU 1, which then goes
 * as far beyond pCPU 0; but each access ends a step, so they alternate by one
 * mark (10 ns) each. With plain running between marks the steps show. */
static void test_lookahead(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {RUN(20), MARK(1), RUN(70), MARK(2), HLT};
    fixture->config.pcpu_count = 2;
    fixture->log.kinds = LOG_DEVICES;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_run(fixture, 500);
    /* p0: step to 50 at most, mark 1 at 20 ends it at 30. p1: to 80 at most, the
     * same. p0: to 80, nothing there. p1 from 30: to 130, but its slice ends at
     * 100: mark 2 at 100 comes in the next slice. p0 from 80 likewise. */
    host_log_expect(&fixture->log, "20 p0 0.0 mark 1\n"
                                   "20 p1 1.0 mark 1\n"
                                   "100 p0 0.0 mark 2\n"
                                   "100 p1 1.0 mark 2\n");
}

/* Two vCPUs of one VM are interleaved by the quantum (10), two VMs are not. The
 * second one's mark at 45 is executed after the first one's at 90 or before it. */
static void test_quantum(Fixture *fixture, gconstpointer data)
{
    static const FakeOp late[] = {RUN(90), MARK(1), HLT};
    static const FakeOp early[] = {RUN(45), MARK(2), HLT};
    const FakeScript scripts[] = {{.ops = late}, {.ops = early}};
    fixture->config.pcpu_count = 2;
    fixture->config.lookahead_ns = 1000;
    fixture->config.policy_params.slice_ns = 1000;
    fixture->config.quantum_ns = 10;
    fixture->log.kinds = LOG_DEVICES;
    fixture_host(fixture);
    if (data != NULL) {
        fixture->vm.vcpu_count = 2;
        fixture_start(fixture, scripts);
        fixture_run(fixture, 500);
        host_log_expect(&fixture->log, "45 p1 0.1 mark 2\n90 p0 0.0 mark 1\n");
    } else {
        fixture_start(fixture, &scripts[0]);
        fixture_start(fixture, &scripts[1]);
        fixture_run(fixture, 500);
        host_log_expect(&fixture->log, "90 p0 0.0 mark 1\n45 p1 1.0 mark 2\n");
    }
}

/* ---- Grants, horizons, kicks -------------------------------------------- */

static void test_grant(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {STEP(30), MARK(1), STEP(30), STEP(30), MARK(2), RUN_ON};
    fixture->config.clock_hz = 33333334;
    fixture->log.kinds = LOG_DEVICES;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops});
    /* Up to 35 the first instruction ends, at 30. The mark's would end at 40. */
    g_assert_cmpuint(hv_host_advance(fixture->host, 1000, 35), ==, 30);
    g_assert_cmpuint(hv_host_advance(fixture->host, 1000, 39), ==, 30);
    host_log_expect(&fixture->log, "");
    g_assert_cmpuint(hv_host_advance(fixture->host, 1000, 40), ==, 40);
    host_log_expect(&fixture->log, "30 p0 0.0 mark 1\n");
    g_assert_cmpuint(hv_host_advance(fixture->host, 1000, 71), ==, 70);
    /* A horizon is different: the step ends there, with 21 of credit, of which
     * the instruction uses 30: it ends at 100, where the slice also ends. */
    g_assert_cmpuint(hv_host_advance(fixture->host, 91, HV_TIME_NEVER), ==, 91);
    g_assert_cmpuint(hv_host_advance(fixture->host, 120, HV_TIME_NEVER), ==, 120);
    host_log_expect(&fixture->log, "100 p0 0.0 mark 2\n");
}

static void test_kick(Fixture *fixture, gconstpointer data)
{
    fixture_host(fixture);
    fixture_start(fixture, &fixture_burner);
    hv_host_kick(fixture->host);
    g_assert_cmpuint(hv_host_advance(fixture->host, 1000, HV_TIME_NEVER), ==, 0);
    g_assert_cmpuint(hv_host_advance(fixture->host, 1000, HV_TIME_NEVER), ==, 1000);
}

/* A guest that stops time: accesses that take and cost nothing. */
static void test_stuck(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {
        {.kind = FAKE_IN, .ns = 0, .address = 0x80, .size = 1},
        {.kind = FAKE_JUMP, .ns = 0, .value = 0},
    };
    fixture->log.kinds = LOG_STATES;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops});
    g_string_truncate(fixture->log.text, 0);
    g_assert_cmpuint(hv_host_advance(fixture->host, 1000, HV_TIME_NEVER), ==, 0);
    g_assert_true(hv_host_stuck(fixture->host));
    g_assert_cmpuint(fixture->log.exits, <=, HV_MAX_STEPS_AT_ONE_INSTANT);
    uint64_t events = fixture->log.events;
    g_assert_cmpuint(hv_host_advance(fixture->host, 2000, HV_TIME_NEVER), ==, 0);
    g_assert_cmpuint(fixture->log.events, ==, events);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n");
}

/* Yielding at once, again and again, takes 1 ns each time. */
static void test_yield_forever(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {
        {.kind = FAKE_WRITE, .ns = 0, .address = DEVICE(0, HV_PLATFORM_YIELD), .size = 4},
        {.kind = FAKE_JUMP, .ns = 0, .value = 0},
    };
    fixture->log.kinds = LOG_DISPATCH;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_run(fixture, 3);
    host_log_expect(&fixture->log, "0 p0 0.0 on 100\n1 p0 0.0 off 1 yield\n1 p0 0.0 on 100\n"
                                   "2 p0 0.0 off 1 yield\n2 p0 0.0 on 100\n");
    g_assert_false(hv_host_stuck(fixture->host));
}

/* ---- Preemption --------------------------------------------------------- */

/* Round robin, but who becomes ready takes the place of who runs. */
static int always_preempts(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    return 0;
}

static void test_preempts(Fixture *fixture, gconstpointer data)
{
    static HvPolicyOps ops;
    ops = *hv_policy_find("rr");
    ops.preempts = always_preempts;
    fixture->config.policy = &ops;
    fixture->config.costs.exit_ns = 2;
    fixture->log.kinds = LOG_DISPATCH | LOG_EXITS;
    fixture_host(fixture);
    HvVm *second = fixture_vm(fixture, &fixture_burner);
    fixture_start(fixture, &fixture_burner);
    fixture_run(fixture, 30);
    g_assert_true(hv_vm_start(second, 30));
    fixture_run(fixture, 140);
    host_log_expect(&fixture->log, "0 p0 1.0 on 100\n"
                                   "30 p0 1.0 exit preempt at 0 0x0 0x0 size 0 r cost 2\n"
                                   "32 p0 1.0 off 32 preempted\n"
                                   "32 p0 0.0 on 100\n"
                                   "132 p0 0.0 exit preempt at 0 0x0 0x0 size 0 r cost 2\n"
                                   "134 p0 0.0 off 102 slice-end\n"
                                   "134 p0 1.0 on 100\n"); /* it was first in the queue */
}

/* ---- Configuration ------------------------------------------------------ */

static void test_config(void)
{
    uint64_t ids = 0;
    const HvHostConfig good = {.backend = &fake_cpu,
                               .pcpu_count = 1,
                               .memory_frames = 16,
                               .clock_hz = 1,
                               .policy = hv_policy_find("rr"),
                               .frame_ids = &ids};
    HvHostConfig bad[] = {good, good, good, good, good, good, good};
    bad[0].pcpu_count = 0;
    bad[1].pcpu_count = HV_MAX_PCPUS + 1;
    bad[2].memory_frames = 0;
    bad[3].clock_hz = 0;
    bad[4].policy = NULL;
    bad[5].frame_ids = NULL;
    bad[6].backend = NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(hv_host_new(&bad[i], &error));
        g_assert_error(error, HV_ERROR, HV_ERROR_INVALID);
    }
    g_autoptr(HvHost) host = hv_host_new(&good, NULL);
    g_assert_nonnull(host);
    g_assert_null(hv_host_vm(host, 0));
    g_assert_cmpuint(hv_host_advance(host, 50, HV_TIME_NEVER), ==, 50);
}

#define ADD(path, data, function)                                                                  \
    g_test_add("/host/" path, Fixture, data, fixture_set_up, function, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("halts", NULL, test_halts);
    ADD("alone", NULL, test_alone);
    ADD("round-robin", NULL, test_round_robin);
    ADD("credit", NULL, test_credit);
    ADD("yield", NULL, test_yield);
    ADD("two-pcpus", NULL, test_two_pcpus);
    ADD("affinity", NULL, test_affinity);
    ADD("affinity-to-none", NULL, test_affinity_to_none);
    ADD("lookahead", NULL, test_lookahead);
    ADD("quantum/one-vm", "one", test_quantum);
    ADD("quantum/two-vms", NULL, test_quantum);
    ADD("grant", NULL, test_grant);
    ADD("kick", NULL, test_kick);
    ADD("stuck", NULL, test_stuck);
    ADD("yield-forever", NULL, test_yield_forever);
    ADD("preempts", NULL, test_preempts);
    g_test_add_func("/host/config", test_config);
    return g_test_run();
}
