/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-host-interrupts.c: timers, interrupts between vCPUs and from devices,
 * sleeping and waking, and commands on a VM, worked out by hand. */
#include "tests/hv-core/host-fixture.h"

#define DEADLINE(time)    PLATFORM(DEADLINE, 8, time)
#define IPI(vcpu, vector) PLATFORM(IPI, 4, (vcpu) << 8 | (vector))

/* ---- Timers ------------------------------------------------------------- */

/* Sets a timer, sleeps, is woken, does 20 of work in the handler, sleeps again. */
static void test_timer(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {DEADLINE(500), HLT, RUN(30), HLT, RUN(20), IRET};
    fixture->config.costs.exit_ns = 3;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops, .handler = 4, .interrupts = true});
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 1000);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "0 p0 0.0 on 100\n"
                                   "0 p0 0.0 exit mmio at 0 0xc0000008 0x1f4 size 8 w cost 3\n"
                                   "23 p0 0.0 exit halt at 2 0x0 0x0 size 0 r cost 3\n"
                                   "26 p0 0.0 off 26 hlt\n"
                                   "26 p0 0.0 running->blocked hlt\n"
                                   "500 host 0.0 raise 32 frame 0 late 0\n"
                                   "500 host 0.0 blocked->ready interrupt\n"
                                   "500 p0 0.0 ready->running dispatch\n"
                                   "500 p0 0.0 on 100\n"
                                   "500 p0 0.0 take 32\n"
                                   "570 p0 0.0 exit halt at 4 0x0 0x0 size 0 r cost 3\n"
                                   "573 p0 0.0 off 73 hlt\n"
                                   "573 p0 0.0 running->blocked hlt\n");
}

/* A running guest is interrupted at the very time of its deadline, in the middle
 * of a slice; setting it anew moves it; ~0 turns it off; the register reads back. */
static void test_timer_moves(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {DEADLINE(90),
                                 DEADLINE(60),
                                 RUN(100),
                                 DEADLINE(160),
                                 DEADLINE(UINT64_MAX),
                                 RUN_ON,
                                 READ(DEVICE(0, HV_PLATFORM_DEADLINE), 8),
                                 IRET};
    fixture->log.kinds = LOG_INTERRUPTS;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops, .handler = 6, .interrupts = true});
    fixture_run(fixture, 1000);
    host_log_expect(&fixture->log, "60 host 0.0 raise 32 frame 0 late 0\n"
                                   "60 p0 0.0 take 32\n");
    g_assert_cmphex(fake_cpu_value(hv_vm_cpu(vm, 0)), ==, UINT64_MAX); /* off: it has fired */
}

/* A deadline in the past fires at once, that is at the time of the access. */
static void test_timer_past(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {RUN(50), DEADLINE(20), RUN_ON, MARK(7), IRET};
    fixture->log.kinds = LOG_INTERRUPTS | LOG_DEVICES;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops, .handler = 3, .interrupts = true});
    fixture_run(fixture, 90);
    /* Set at 50, by an instruction that ends at 60. */
    host_log_expect(&fixture->log, "50 host 0.0 raise 32 frame 0 late 10\n"
                                   "60 p0 0.0 take 32\n"
                                   "60 p0 0.0 mark 7\n");
}

/* Costs make the pCPU busy past the deadline: the interrupt is late by as much. */
static void test_timer_late(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {DEADLINE(200), RUN(50), MARK(1), RUN_ON, IRET};
    fixture->config.costs.exit_ns = 100;
    fixture->config.policy_params.slice_ns = 1000;
    fixture->log.kinds = LOG_INTERRUPTS | LOG_DEVICES;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops, .handler = 4, .interrupts = true});
    fixture_run(fixture, 1000);
    /* 0: deadline, until 10 + 100. Mark at 160, until 170 + 100 = 270. */
    host_log_expect(&fixture->log, "160 p0 0.0 mark 1\n"
                                   "200 host 0.0 raise 32 frame 0 late 70\n"
                                   "270 p0 0.0 take 32\n");
}

/* The time that a guest reads is that of the reading instruction, costs
 * included, in the middle of a run as well. */
static void test_now(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {RUN(35), READ(DEVICE(0, HV_PLATFORM_NOW), 8), RUN(5),
                                 READ(DEVICE(0, HV_PLATFORM_NOW), 8), HLT};
    fixture->config.costs.exit_ns = 8;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_run(fixture, 36);
    g_assert_cmpuint(fake_cpu_value(hv_vm_cpu(vm, 0)), ==, 0); /* would end at 45 */
    fixture_run(fixture, 50);
    g_assert_cmpuint(fake_cpu_value(hv_vm_cpu(vm, 0)), ==, 36); /* the horizon cut it there */
    fixture_run(fixture, 1000);
    g_assert_cmpuint(fake_cpu_value(hv_vm_cpu(vm, 0)), ==, 45 + 8 + 5);
}

/* ---- Windows and priorities --------------------------------------------- */

/* Interrupts off until 40: both vectors wait, the window opens with STI, which
 * is an exit; then the higher goes first, the other when IRET opens the next. */
static void test_window(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {IPI(0, 40), IPI(0, 200), RUN(10), STI, RUN_ON, RUN(5), IRET};
    fixture->config.costs.exit_ns = 1;
    fixture->config.policy_params.slice_ns = 1000;
    fixture->log.kinds = LOG_INTERRUPTS | LOG_EXITS;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops, .handler = 5});
    fixture_run(fixture, 200);
    host_log_expect(&fixture->log, "0 p0 0.0 raise 40 frame 0 late 0\n"
                                   "0 p0 0.0 exit mmio at 0 0xc0000020 0x28 size 4 w cost 1\n"
                                   "11 p0 0.0 raise 200 frame 0 late 0\n"
                                   "11 p0 0.0 exit mmio at 1 0xc0000020 0xc8 size 4 w cost 1\n"
                                   "42 p0 0.0 exit window at 4 0x0 0x0 size 0 r cost 1\n"
                                   "43 p0 0.0 take 200\n"
                                   "58 p0 0.0 exit window at 4 0x0 0x0 size 0 r cost 1\n"
                                   "59 p0 0.0 take 40\n");
}

/* HLT in the shadow of STI with an interrupt pending does not block; with interrupts off it is the
 * end, pending or not. */
static void test_hlt_pending(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {IPI(0, 40), STI, HLT, CLI, IPI(0, 41), HLT, IRET};
    fixture->log.kinds = LOG_INTERRUPTS | LOG_STATES;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops, .handler = 6});
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 200);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "0 p0 0.0 raise 40 frame 0 late 0\n"
                                   "30 p0 0.0 take 40\n"
                                   "50 p0 0.0 raise 41 frame 0 late 0\n"
                                   "70 p0 0.0 running->halted hlt-forever\n"
                                   "70 host vm0 running->halted hlt-forever\n");
}

/* ---- Between vCPUs ------------------------------------------------------ */

/* vCPU 1 on pCPU 1 sleeps from 10 on and is woken by vCPU 0 at 70, not earlier,
 * although pCPU 0 gets there in one step. */
static void test_ipi_wakes(Fixture *fixture, gconstpointer data)
{
    static const FakeOp caller[] = {RUN(70), IPI(1, 48), RUN(20), HLT};
    static const FakeOp sleeper[] = {HLT, CLI, HLT, IRET};
    const FakeScript scripts[] = {{.ops = caller},
                                  {.ops = sleeper, .handler = 3, .interrupts = true}};
    fixture->config.pcpu_count = 2;
    fixture->config.quantum_ns = 1000;
    fixture->config.lookahead_ns = 1000;
    fixture->config.policy_params.slice_ns = 1000;
    fixture->vm.vcpu_count = 2;
    fixture->log.kinds = LOG_INTERRUPTS | LOG_STATES;
    fixture_host(fixture);
    fixture_start(fixture, scripts);
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 200);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "0 p1 0.1 ready->running dispatch\n"
                                   "10 p1 0.1 running->blocked hlt\n"
                                   "70 host 0.1 raise 48 frame 0 late 0\n"
                                   "70 host 0.1 blocked->ready interrupt\n"
                                   "70 p1 0.1 ready->running dispatch\n"
                                   "70 p1 0.1 take 48\n"
                                   "100 p1 0.1 running->halted hlt-forever\n"
                                   "110 p0 0.0 running->halted hlt-forever\n"
                                   "110 host vm0 running->halted hlt-forever\n");
}

/* The target has run ahead (quantum 100): it gets the interrupt at its own time,
 * which is later, and the report says by how much. */
static void test_ipi_late(Fixture *fixture, gconstpointer data)
{
    static const FakeOp target[] = {RUN_ON, RUN(10), IRET};
    static const FakeOp caller[] = {RUN(30), IPI(0, 50), RUN_ON};
    const FakeScript scripts[] = {{.ops = target, .handler = 1, .interrupts = true},
                                  {.ops = caller}};
    fixture->config.pcpu_count = 2;
    fixture->config.quantum_ns = 80;
    fixture->config.lookahead_ns = 80;
    fixture->vm.vcpu_count = 2;
    fixture->log.kinds = LOG_INTERRUPTS;
    fixture_host(fixture);
    fixture_start(fixture, scripts);
    fixture_run(fixture, 200);
    host_log_expect(&fixture->log, "30 host 0.0 raise 50 frame 0 late 50\n"
                                   "80 p0 0.0 take 50\n");
}

static void test_ipi_nobody(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {IPI(1, 50), IPI(0, 14), HLT};
    fixture->log.kinds = LOG_DEVICES | LOG_INTERRUPTS;
    fixture_host(fixture);
    fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_run(fixture, 100);
    host_log_expect(&fixture->log, "0 p0 0.0 slot 0 bad-config 0xc0000020 0x132\n"
                                   "10 p0 0.0 slot 0 bad-config 0xc0000020 0xe\n");
}

/* vCPU 1 powers the VM off at 40; vCPU 0 is ahead at 80 and stops there. */
static void test_power_off(Fixture *fixture, gconstpointer data)
{
    static const FakeOp runs[] = {RUN_ON};
    static const FakeOp ends[] = {RUN(40), PLATFORM(POWER_OFF, 4, 0), RUN_ON};
    const FakeScript scripts[] = {{.ops = runs}, {.ops = ends}, {.ops = runs}};
    fixture->config.pcpu_count = 2;
    fixture->config.quantum_ns = 80;
    fixture->config.lookahead_ns = 80;
    fixture->vm.vcpu_count = 3;
    fixture->log.kinds = LOG_STATES | LOG_EXITS;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, scripts);
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 200);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "0 p1 0.1 ready->running dispatch\n"
                                   "40 p1 0.1 exit mmio at 1 0xc0000018 0x0 size 4 w cost 0\n"
                                   "40 host vm0 running->halted power-off\n"
                                   "40 host 0.2 ready->halted power-off\n"
                                   "50 p1 0.1 running->halted power-off\n"
                                   "80 p0 0.0 exit preempt at 0 0x0 0x0 size 0 r cost 0\n"
                                   "80 p0 0.0 running->halted power-off\n");
    g_assert_cmpint(hv_vm_state(vm), ==, HV_VM_HALTED);
    g_assert_cmpint(hv_vm_vcpu_state(vm, 2), ==, HV_VCPU_HALTED);
    g_assert_false(hv_vm_kill(vm, 200));
    g_assert_false(hv_vm_start(vm, 200));
}

/* ---- Commands ----------------------------------------------------------- */

/* Pause at 50, resume at 300: what ran is ready again, what slept sleeps on. Its
 * timer fires meanwhile (100) and is taken at 300. */
static void test_pause(Fixture *fixture, gconstpointer data)
{
    static const FakeOp runs[] = {RUN_ON};
    static const FakeOp sleeps[] = {DEADLINE(100), HLT, CLI, HLT, IRET};
    const FakeScript scripts[] = {{.ops = runs}, {.ops = sleeps, .handler = 4, .interrupts = true}};
    fixture->config.pcpu_count = 2;
    fixture->config.quantum_ns = 10;
    fixture->vm.vcpu_count = 2;
    fixture->log.kinds = LOG_STATES | LOG_INTERRUPTS;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, scripts);
    g_assert_false(hv_vm_resume(vm, 0));
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 50);
    g_assert_true(hv_vm_pause(vm, 50));
    g_assert_false(hv_vm_pause(vm, 50));
    fixture_run(fixture, 300);
    g_assert_cmpuint(hv_host_deadline(fixture->host), ==, HV_TIME_NEVER);
    g_assert_true(hv_vm_resume(vm, 300));
    fixture_run(fixture, 350);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "0 p1 0.1 ready->running dispatch\n"
                                   "20 p1 0.1 running->blocked hlt\n"
                                   "50 host vm0 running->paused pause\n"
                                   "50 p0 0.0 running->blocked pause\n"
                                   "100 host 0.1 raise 32 frame 0 late 0\n"
                                   "300 host vm0 paused->running resume\n"
                                   "300 host 0.0 blocked->ready resume\n"
                                   "300 host 0.1 blocked->ready resume\n"
                                   "300 p0 0.0 ready->running dispatch\n"
                                   "300 p1 0.1 ready->running dispatch\n"
                                   "300 p1 0.1 take 32\n"
                                   "330 p1 0.1 running->halted hlt-forever\n");
}

/* Pause and resume at one time, before the vCPU has left its pCPU: nothing happened. */
static void test_pause_and_resume(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {RUN_ON};
    fixture->log.kinds = LOG_STATES;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_run(fixture, 50);
    g_string_truncate(fixture->log.text, 0);
    g_assert_true(hv_vm_pause(vm, 50));
    g_assert_true(hv_vm_resume(vm, 50));
    fixture_run(fixture, 90);
    host_log_expect(&fixture->log, "50 host vm0 running->paused pause\n"
                                   "50 host vm0 paused->running resume\n");
}

/* Kill: who runs leaves at its own time, who waits is gone at once; the pCPU
 * goes to the next VM. */
static void test_kill(Fixture *fixture, gconstpointer data)
{
    static const FakeOp runs[] = {RUN_ON};
    const FakeScript scripts[] = {{.ops = runs}, {.ops = runs}};
    fixture->config.costs.exit_ns = 5;
    fixture->log.kinds = LOG_STATES;
    fixture_host(fixture);
    fixture->vm.vcpu_count = 2;
    HvVm *vm = fixture_start(fixture, scripts);
    fixture->vm.vcpu_count = 1;
    HvVm *other = fixture_vm(fixture, scripts);
    g_assert_false(hv_vm_kill(other, 0)); /* it is off */
    g_assert_true(hv_vm_start(other, 0));
    fixture_run(fixture, 30);
    g_string_truncate(fixture->log.text, 0);
    g_assert_true(hv_vm_kill(vm, 30));
    fixture_run(fixture, 90);
    host_log_expect(&fixture->log, "30 host vm0 running->killed kill\n"
                                   "30 host 0.1 ready->halted kill\n"
                                   "35 p0 0.0 running->halted kill\n"
                                   "35 p0 1.0 ready->running dispatch\n");
    g_assert_cmpint(hv_vm_state(vm), ==, HV_VM_KILLED);
    g_assert_false(hv_vm_console_write(vm, HV_SLOT_CONSOLE, "x", 1, 90));
    g_assert_true(hv_vm_console_write(other, HV_SLOT_CONSOLE, "x", 1, 90));
    g_assert_false(hv_vm_set_weight(other, 0, 90));
    g_assert_true(hv_vm_set_weight(other, 512, 90));
    g_assert_false(hv_vm_set_weight(vm, 512, 90)); /* it was killed */
}

/* A command during a suspended step ends it there: the same as if the command
 * had been known before. */
static void test_command_in_step(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {RUN(100), MARK(1), RUN_ON};
    fixture->log.kinds = LOG_STATES | LOG_DEVICES;
    fixture->config.policy_params.slice_ns = 1000;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops});
    g_string_truncate(fixture->log.text, 0);
    g_assert_cmpuint(hv_host_advance(fixture->host, 5000, 40), ==, 40);
    g_assert_true(hv_vm_pause(vm, 40));
    g_assert_cmpuint(hv_host_advance(fixture->host, 5000, 300), ==, 300);
    g_assert_true(hv_vm_resume(vm, 300));
    fixture_run(fixture, 400);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "40 host vm0 running->paused pause\n"
                                   "40 p0 0.0 running->blocked pause\n"
                                   "300 host vm0 paused->running resume\n"
                                   "300 host 0.0 blocked->ready resume\n"
                                   "300 p0 0.0 ready->running dispatch\n"
                                   "360 p0 0.0 mark 1\n");
}

#define ADD(path, function)                                                                        \
    g_test_add("/host-interrupts/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("timer", test_timer);
    ADD("timer-moves", test_timer_moves);
    ADD("timer-past", test_timer_past);
    ADD("timer-late", test_timer_late);
    ADD("now", test_now);
    ADD("window", test_window);
    ADD("hlt-pending", test_hlt_pending);
    ADD("ipi-wakes", test_ipi_wakes);
    ADD("ipi-late", test_ipi_late);
    ADD("ipi-nobody", test_ipi_nobody);
    ADD("power-off", test_power_off);
    ADD("pause", test_pause);
    ADD("pause-and-resume", test_pause_and_resume);
    ADD("kill", test_kill);
    ADD("command-in-step", test_command_in_step);
    return g_test_run();
}
