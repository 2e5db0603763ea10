/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-throttle.c: limits on exits and device operations. Schedules worked out by hand,
 * with 10 million tokens a second, one each 100 ns; and what limits are for: that one
 * VM's flood does not starve another. */
#include <string.h>

#include "tests/hv-core/host-fixture.h"
#include "tests/hv-core/virtio-driver.h"

#define RATE 10000000u

/* An exit each 20 ns: the mark, when its instruction begins, and a jump. */
static const FakeOp marks[] = {MARK(1), JUMP(0)};
static const FakeScript marker = {.ops = marks};

static void limit(Fixture *fixture, HvThrottleKind kind, uint32_t rate, uint32_t burst)
{
    fixture->vm.throttles[kind] = (HvThrottle){rate, burst};
}

static unsigned count(const Fixture *fixture, const char *what)
{
    unsigned found = 0;
    for (const char *at = fixture->log.text->str; (at = strstr(at, what)) != NULL; at++)
        found++;
    return found;
}

/* ---- By hand ---------------------------------------------------------------- */

/* Two tokens. The exit at 0 takes one. At 20 there are 1.2, the exit leaves 0.2: 80 ns
 * for the rest of one. From 100: the jump, an exit at 110, of 1.1 tokens. And so on. */
static void test_exits(Fixture *fixture, gconstpointer data)
{
    fixture->log.kinds = LOG_DISPATCH | LOG_DEVICES;
    limit(fixture, HV_THROTTLE_EXITS, RATE, 2);
    fixture_host(fixture);
    fixture_start(fixture, &marker);
    fixture_run(fixture, 300);
    host_log_expect(&fixture->log, "0 host vm0 limit exits 10000000/s burst 2\n"
                                   "0 p0 0.0 on 100\n"
                                   "0 p0 0.0 mark 1\n"
                                   "20 p0 0.0 mark 1\n"
                                   "20 p0 0.0 throttled exits until 100\n"
                                   "30 p0 0.0 off 30 throttled\n"
                                   "100 p0 0.0 on 100\n"
                                   "110 p0 0.0 mark 1\n"
                                   "110 p0 0.0 throttled exits until 200\n"
                                   "120 p0 0.0 off 20 throttled\n"
                                   "200 p0 0.0 on 100\n"
                                   "210 p0 0.0 mark 1\n"
                                   "210 p0 0.0 throttled exits until 300\n"
                                   "220 p0 0.0 off 20 throttled\n");
}

/* The timer fires at 50; the vCPU takes the interrupt when its throttling is over. */
static void test_interrupt(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {PLATFORM(DEADLINE, 8, 50), MARK(1), RUN_ON, RUN(5), IRET};
    fixture->log.kinds = LOG_STATES | LOG_INTERRUPTS;
    limit(fixture, HV_THROTTLE_EXITS, RATE, 2);
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops, .handler = 3, .interrupts = true});
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 150);
    /* At 10: 2 - 1 + 0.1 - 1 = 0.1 tokens. */
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "20 p0 0.0 running->blocked throttled\n"
                                   "50 host 0.0 raise 32 frame 0 late 0\n"
                                   "100 host 0.0 blocked->ready throttled\n"
                                   "100 p0 0.0 ready->running dispatch\n"
                                   "100 p0 0.0 take 32\n");
}

static void test_lifted(Fixture *fixture, gconstpointer data)
{
    fixture->log.kinds = LOG_STATES;
    limit(fixture, HV_THROTTLE_EXITS, 1000, 1);
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &marker);
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 40);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "10 p0 0.0 running->blocked throttled\n");
    g_assert_true(hv_vm_set_throttle(vm, HV_THROTTLE_EXITS, (HvThrottle){0}, 40));
    fixture_run(fixture, 90);
    host_log_expect(&fixture->log, "40 host 0.0 blocked->ready throttled\n"
                                   "40 p0 0.0 ready->running dispatch\n");
    g_assert_true(hv_vm_kill(vm, 90));
    g_assert_false(hv_vm_set_throttle(vm, HV_THROTTLE_EXITS, (HvThrottle){1, 1}, 90));
}

static void test_paused(Fixture *fixture, gconstpointer data)
{
    fixture->log.kinds = LOG_STATES;
    limit(fixture, HV_THROTTLE_EXITS, RATE, 1);
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &marker);
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 50);
    g_assert_true(hv_vm_pause(vm, 50));
    fixture_run(fixture, 150);
    g_assert_true(hv_vm_resume(vm, 150));
    fixture_run(fixture, 155);
    /* Its time is over at 100, but the VM is paused until 150. */
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "10 p0 0.0 running->blocked throttled\n"
                                   "50 host vm0 running->paused pause\n"
                                   "150 host vm0 paused->running resume\n"
                                   "150 host 0.0 blocked->ready resume\n"
                                   "150 p0 0.0 ready->running dispatch\n");
}

static void test_killed(Fixture *fixture, gconstpointer data)
{
    limit(fixture, HV_THROTTLE_EXITS, 1000, 1);
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &marker);
    fixture_run(fixture, 50);
    g_assert_true(hv_vm_kill(vm, 50));
    fixture_run(fixture, 100);
    g_assert_cmpint(hv_vm_vcpu_state(vm, 0), ==, HV_VCPU_HALTED);
    g_assert_cmpuint(hv_host_deadline(fixture->host), ==, HV_TIME_NEVER);
}

/* One notification, three frames, a bucket of one token: a debt of two, and a token
 * for the next operation make 300 ns. */
static void test_device_operations(Fixture *fixture, gconstpointer data)
{
#define REG(reg, value) WRITE(DEVICE(HV_SLOT_NIC0, HV_VIRTIO_REG_##reg), 4, value)
    static const FakeOp ops[] = {REG(STATUS, 1),
                                 REG(STATUS, 3),
                                 REG(DRIVER_FEATURES_SEL, 1),
                                 REG(DRIVER_FEATURES, 1),
                                 REG(STATUS, 11),
                                 REG(QUEUE_SEL, 1),
                                 REG(QUEUE_NUM, 8),
                                 REG(QUEUE_DESC_LOW, 0x14000),
                                 REG(QUEUE_DRIVER_LOW, 0x15000),
                                 REG(QUEUE_DEVICE_LOW, 0x16000),
                                 REG(QUEUE_READY, 1),
                                 REG(STATUS, 15),
                                 REG(QUEUE_NOTIFY, 1),
                                 RUN_ON}; /* the notification at 120 */
    static const HvBootNic nic = {.mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500};
    fixture->log.kinds = LOG_FRAMES;
    fixture->vm.nics = &nic;
    fixture->vm.nic_count = 1;
    fixture->config.policy_params.slice_ns = 1000;
    limit(fixture, HV_THROTTLE_DEVICE_OPERATIONS, RATE, 1);
    fixture_host(fixture);
    HvVm *vm = fixture_vm(fixture, &(FakeScript){.ops = ops});
    Driver rings = {.memory = hv_vm_memory(vm)};
    for (uint16_t i = 0; i < 3; i++) {
        uint64_t at = DRIVER_BUFFERS + i * UINT64_C(0x1000);
        driver_descriptor(&rings, 1, i, at, 12 + 60, 0, 0);
        driver_offer(&rings, 1, 8, i);
    }
    g_assert_true(hv_vm_start(vm, 0));
    fixture->log.kinds = LOG_FRAMES | LOG_STATES | LOG_DEVICES;
    g_string_truncate(fixture->log.text, 0);
    for (HvOutFrame *frame; hv_host_advance(fixture->host, 500, HV_TIME_NEVER) < 500;)
        while ((frame = hv_host_take_frame(fixture->host)) != NULL)
            g_free(frame);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "120 p0 0.0 kick slot 3 queue 1\n"
                                   "120 p0 vm0 nic0 sent frame 1 60\n"
                                   "120 p0 vm0 nic0 sent frame 2 60\n"
                                   "120 p0 vm0 nic0 sent frame 3 60\n"
                                   "120 p0 0.0 throttled device-operations until 420\n"
                                   "130 p0 0.0 running->blocked throttled\n"
                                   "420 host 0.0 blocked->ready throttled\n"
                                   "420 p0 0.0 ready->running dispatch\n");
}

/* ---- Properties --------------------------------------------------------------- */

/* Three vCPUs on two pCPUs use one bucket: no more than it gives, and one for each
 * vCPU that was on its way; and not much less either. */
static void test_bound(Fixture *fixture, gconstpointer data)
{
    static const struct {
        uint32_t rate, burst;
    } limits[] = {{1000000, 1}, {RATE, 5}, {30000000, 100}, {3, 7}, {12345678, 2}};
    const FakeScript scripts[] = {marker, marker, marker};
    const HvTime until = 100000;
    for (unsigned i = 0; i < G_N_ELEMENTS(limits); i++) {
        uint64_t tokens = limits[i].burst + limits[i].rate * until / HV_NS_PER_SECOND;
        fixture->config.pcpu_count = 2;
        fixture->vm.vcpu_count = 3;
        fixture->log.kinds = LOG_DEVICES;
        limit(fixture, HV_THROTTLE_EXITS, limits[i].rate, limits[i].burst);
        fixture_host(fixture);
        fixture_start(fixture, scripts);
        fixture_run(fixture, until);
        unsigned done = count(fixture, "mark 1");
        g_assert_cmpuint(done, <=, tokens + 3);
        g_assert_cmpuint(done + 3, >=, tokens * 9 / 10);
        fixture_tear_down(fixture, NULL);
        fixture_set_up(fixture, NULL);
    }
    fixture_host(fixture);
}

/* A VM that yields all the time makes the other one pay for a switch again and again.
 * Of 10000 ns the other VM has its slices of 100, and for each 50 to switch. */
static HvTime victim_ran(Fixture *fixture, uint32_t rate)
{
    static const FakeOp yields[] = {PLATFORM(YIELD, 4, 0), JUMP(0)};
    fixture->config.costs = (HvCosts){.exit_ns = 5, .switch_ns = 50};
    fixture->config.policy = hv_policy_find("rr");
    fixture_host(fixture);
    limit(fixture, HV_THROTTLE_EXITS, rate, 1);
    fixture_start(fixture, &(FakeScript){.ops = yields});
    limit(fixture, HV_THROTTLE_EXITS, 0, 1);
    fixture_start(fixture, &fixture_burner);
    fixture_run(fixture, 10000);
    HvTime ran = 0;
    const char *line = fixture->log.text->str;
    for (; (line = strstr(line, " 1.0 off ")) != NULL; line++)
        ran += g_ascii_strtoull(line + strlen(" 1.0 off "), NULL, 10);
    fixture_tear_down(fixture, NULL);
    fixture_set_up(fixture, NULL);
    return ran;
}

static void test_flood(Fixture *fixture, gconstpointer data)
{
    HvTime without = victim_ran(fixture, 0), with = victim_ran(fixture, 1000000);
    /* Without: a turn of the other VM is 50 + 20 + 5, one of its own 50 + 100 + 5. With
     * ten yields in the whole time that happens ten times. */
    g_assert_cmpuint(without, <=, 6900);
    g_assert_cmpuint(with, >=, 9000);
    fixture_host(fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add("/throttle/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
    ADD("exits", test_exits);
    ADD("interrupt", test_interrupt);
    ADD("lifted", test_lifted);
    ADD("paused", test_paused);
    ADD("killed", test_killed);
    ADD("device-operations", test_device_operations);
    ADD("bound", test_bound);
    ADD("flood", test_flood);
    return g_test_run();
}
