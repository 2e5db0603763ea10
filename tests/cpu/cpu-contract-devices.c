/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-contract-devices.c: device registers and ports, accesses that block, and how a run ends. */
#include "tests/cpu/cpu-contract-private.h"
#include "tests/cpu/cpu-guests.h"

/* ---- Devices ------------------------------------------------------------ */

static void test_mmio_read(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_mmio_read);
    START(f, ring, {HV_RBX, CPU_DEVICE});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    /* The device's byte at n is 0x81 + 0x11 * n. */
    CHECK_REGS(f, {HV_RAX, 0x92}, {HV_RCX, 0xb4a3}, {HV_RDX, 0xf8e7d6c5},
               {HV_RSI, 0x806f5e4d3c2b1a09}, {HV_RDI, 0xb4}, {HV_R8, 0xffffffff806f5e4d});
    cpu_check_log(f, 0, HV_ACCESS_READ, CPU_DEVICE + 1, 1, 0x92);
    cpu_check_log(f, 1, HV_ACCESS_READ, CPU_DEVICE + 2, 2, 0xb4a3);
    cpu_check_log(f, 2, HV_ACCESS_READ, CPU_DEVICE + 4, 4, 0xf8e7d6c5);
    cpu_check_log(f, 3, HV_ACCESS_READ, CPU_DEVICE + 8, 8, 0x806f5e4d3c2b1a09);
    g_assert_cmpuint(f->log->len, ==, 7);
}

static void test_mmio_write(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_mmio_write);
    START(f, ring, {HV_RBX, CPU_DEVICE}, {HV_RAX, 0x1122334455667788});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    cpu_check_log(f, 0, HV_ACCESS_WRITE, CPU_DEVICE + 0x11, 1, 0x88);
    cpu_check_log(f, 1, HV_ACCESS_WRITE, CPU_DEVICE + 0x12, 2, 0x7788);
    cpu_check_log(f, 2, HV_ACCESS_WRITE, CPU_DEVICE + 0x14, 4, 0x55667788);
    cpu_check_log(f, 3, HV_ACCESS_WRITE, CPU_DEVICE + 0x18, 8, 0x1122334455667788);
    cpu_check_log(f, 4, HV_ACCESS_WRITE, CPU_DEVICE + 0x20, 4, 0x12345678);
    g_assert_cmpuint(f->log->len, ==, 6);
}

static void test_mmio_modify(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_mmio_modify);
    START(f, ring, {HV_RBX, CPU_DEVICE});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    /* 0x81 + 0x11 * 0x40 = 0xc1, so it reads 0xf4e3d2c1; 0xc1 | 0xf0 = 0xf1. */
    cpu_check_log(f, 0, HV_ACCESS_READ, CPU_DEVICE + 0x40, 4, 0xf4e3d2c1);
    cpu_check_log(f, 1, HV_ACCESS_WRITE, CPU_DEVICE + 0x40, 4, 0xf4e3d2f1);
    g_assert_cmpuint(f->log->len, ==, 3);
}

static void test_ports(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_ports);
    cpu_fixture_start(f, ring);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    cpu_check_log(f, 0, HV_ACCESS_PORT_OUT, 0xe9, 1, 0x41);
    cpu_check_log(f, 1, HV_ACCESS_PORT_OUT, 0x1234, 2, 0xbeef);
    cpu_check_log(f, 2, HV_ACCESS_PORT_OUT, 0x1234, 4, 0xdeadbeef);
    /* 0x81 + 0x11 * 0x60 = 0xe1; 0x81 + 0x11 * 0x34 = 0xf5. */
    cpu_check_log(f, 3, HV_ACCESS_PORT_IN, 0x60, 1, 0xe1);
    cpu_check_log(f, 4, HV_ACCESS_PORT_IN, 0x1234, 2, 0x06f5);
    cpu_check_log(f, 5, HV_ACCESS_PORT_IN, 0x1234, 4, 0x281706f5);
    CHECK_REGS(f, {HV_RBX, 0xdeadbee1}, {HV_RCX, 0xdead06f5}, {HV_RAX, 0x281706f5});
}

static void test_port_strings(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_port_strings);
    cpu_fixture_load(f, CPU_DATA, "hello", 5);
    cpu_fixture_start(f, ring);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmpuint(f->log->len, ==, 8);
    for (guint i = 0; i < 5; i++)
        cpu_check_log(f, i, HV_ACCESS_PORT_OUT, 0xe9, 1, (uint8_t) "hello"[i]);
    for (guint i = 5; i < 8; i++)
        cpu_check_log(f, i, HV_ACCESS_PORT_IN, 0x60, 2, 0xf2e1);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_DATA + 0x100), ==, 0xf2e1f2e1f2e1);
    CHECK_REGS(f, {HV_RCX, 0}, {HV_RSI, CPU_DATA + 5}, {HV_RDI, CPU_DATA + 0x106});
}

static HvAccessResult answer_time(CpuFixture *f, HvAccess *access)
{
    GArray *times = f->user;

    g_array_append_val(times, f->run.used_ns);
    return cpu_fixture_standard_answer(f, access);
}

/* Each access happens at a time, after the one before it. */
static void test_time_in_access(CpuFixture *f, unsigned ring)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(HvTime));

    f->user = times;
    f->answer = answer_time;
    LOAD(f, guest_mmio_write);
    START(f, ring, {HV_RBX, CPU_DEVICE});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(times->len, ==, 6);
    for (guint i = 1; i < times->len; i++)
        g_assert_cmpuint(g_array_index(times, HvTime, i), >, g_array_index(times, HvTime, i - 1));
    g_assert_cmpuint(f->run.used_ns, >, g_array_index(times, HvTime, 5));
}

/* What the callback sees of the CPU; RIP may be that of the next instruction. */
static void test_registers_in_access(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_move);
    START(f, ring, {HV_RDI, CPU_DEVICE}, {HV_RAX, 77}, {HV_R12, 12});
    f->look = true;
    f->answer = cpu_fixture_standard_answer;
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    /* The last access is that of CPU_END, 9 bytes long, 6 after the start. */
    g_assert_true(f->seen.rip == CPU_CODE + 6 || f->seen.rip == CPU_CODE + 15);
    g_assert_cmphex(f->seen.gpr[HV_RAX], ==, 77);
    g_assert_cmphex(f->seen.gpr[HV_R12], ==, 12);
    g_assert_cmphex(f->seen.gpr[HV_RCX], ==, 0xf8e7d6c5b4a39281);
    g_assert_cmphex(f->seen.cr3, ==, CPU_TABLES);
    g_assert_cmpuint(f->seen.segment[HV_CS].selector & 3, ==, ring);
    /* At rest it is that of the next one for sure. */
    HvCpuRegs regs;
    hv_cpu_get_regs(f->cpu, &regs);
    g_assert_cmphex(regs.rip, ==, CPU_CODE + 15);
}

/* ---- Blocking and ending ------------------------------------------------ */

static HvAccessResult answer_block_first(CpuFixture *f, HvAccess *access)
{
    return f->log->len == 0 ? HV_ACCESS_BLOCK : cpu_fixture_standard_answer(f, access);
}

static void check_blocked_once(CpuFixture *f, HvCpuExit last_exit)
{
    f->answer = answer_block_first;
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_BLOCKED);
    g_assert_cmpuint(f->log->len, ==, 1);
    g_assert_cmpint(cpu_fixture_run(f), ==, last_exit);
    const HvAccess *first = &cpu_fixture_log(f, 0)->access;
    const HvAccess *again = &cpu_fixture_log(f, 1)->access;
    g_assert_cmpint(again->kind, ==, first->kind);
    g_assert_cmphex(again->gpa.value, ==, first->gpa.value);
    g_assert_cmpuint(again->size, ==, first->size);
}

static void test_block_page(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_locked_add);
    START(f, ring, {HV_RDI, CPU_ABSENT});
    check_blocked_once(f, HV_CPU_STOPPED);
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT), ==, 2);
    CHECK_REGS(f, {HV_RCX, 11});
}

static void test_block_device(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_mmio_read);
    START(f, ring, {HV_RBX, CPU_DEVICE});
    check_blocked_once(f, HV_CPU_STOPPED);
    g_assert_cmpuint(f->log->len, ==, 8); /* seven accesses, one of them twice */
    CHECK_REGS(f, {HV_RAX, 0x92}, {HV_RCX, 0xb4a3}, {HV_R8, 0xffffffff806f5e4d});
}

static void test_block_port(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_ports);
    cpu_fixture_start(f, ring);
    check_blocked_once(f, HV_CPU_HALT);
    g_assert_cmpuint(f->log->len, ==, 7); /* six, one of them twice */
    CHECK_REGS(f, {HV_RAX, 0x281706f5});
}

/* Blocked for good: the CPU gets another state and knows nothing of the old. */
static void test_block_and_reset(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_move);
    START(f, ring, {HV_RDI, CPU_DEVICE}, {HV_RAX, 1});
    f->answer = answer_block_first;
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_BLOCKED);
    LOAD(f, guest_sum);
    cpu_fixture_start(f, ring);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(f->log->len, ==, 2);
    CHECK_REGS(f, {HV_RAX, 500500});
}

static HvAccessResult answer_crash(CpuFixture *f, HvAccess *access)
{
    return HV_ACCESS_CRASH;
}

static void test_crash(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_move);
    START(f, ring, {HV_RDI, CPU_ABSENT + 0x20});
    f->answer = answer_crash;
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_ERROR);
    g_assert_cmpint(f->run.error, ==, HV_CPU_ERROR_ACCESS);
    g_assert_cmphex(f->run.error_gpa.value, ==, CPU_ABSENT + 0x20);
}

static void check_fetch_error(CpuFixture *f, uint64_t gpa, uint64_t rip)
{
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_ERROR);
    g_assert_cmpint(f->run.error, ==, HV_CPU_ERROR_FETCH);
    g_assert_cmphex(f->run.error_gpa.value, ==, gpa);
    g_assert_cmphex(f->run.error_rip, ==, rip);
    for (guint i = 0; i < f->log->len; i++)
        g_assert_cmpint(cpu_fixture_log(f, i)->access.kind, ==, HV_ACCESS_FETCH);
}

static HvAccessResult answer_no_fetch(CpuFixture *f, HvAccess *access)
{
    return access->kind == HV_ACCESS_FETCH ? HV_ACCESS_CRASH
                                           : cpu_fixture_standard_answer(f, access);
}

static void test_fetch_absent(CpuFixture *f, unsigned ring)
{
    f->answer = answer_no_fetch;
    LOAD(f, guest_jump);
    START(f, ring, {HV_RDI, CPU_ABSENT + 0x123});
    check_fetch_error(f, CPU_ABSENT + 0x123, CPU_ABSENT + 0x123);
}

static void test_fetch_device(CpuFixture *f, unsigned ring)
{
    f->answer = answer_no_fetch;
    LOAD(f, guest_jump);
    START(f, ring, {HV_RDI, CPU_DEVICE + 0x100});
    check_fetch_error(f, CPU_DEVICE + 0x100, CPU_DEVICE + 0x100);
}

static void test_fetch_crossing(CpuFixture *f, unsigned ring)
{
    const uint64_t last = CPU_CODE + CPU_CODE_BYTES - 4;

    f->answer = answer_no_fetch;
    LOAD(f, guest_jump);
    cpu_fixture_load(f, last, guest_cross_nops, 4); /* the first 4 of its 10 bytes */
    START(f, ring, {HV_RDI, last});
    check_fetch_error(f, last + 4, last);
}

static void test_halt(CpuFixture *f, unsigned ring)
{
    HvCpuRegs regs;

    LOAD(f, guest_halt);
    cpu_fixture_start(f, ring);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    hv_cpu_get_regs(f->cpu, &regs);
    g_assert_cmphex(regs.rip, ==, CPU_CODE + 6);
    g_assert_cmpuint(regs.gpr[HV_RAX], ==, 7);
    g_assert_false(hv_cpu_interrupt(f->cpu, 32)); /* interrupts are off */
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    CHECK_REGS(f, {HV_RAX, 8});
}

static void test_shutdown(CpuFixture *f, unsigned ring)
{
    HvCpuRegs regs = cpu_fixture_regs(ring);

    LOAD(f, guest_ud2);
    regs.idt.limit = 0;
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_SHUTDOWN);
}

const CpuContractCase cpu_contract_devices[] = {
    {"mmio-read", test_mmio_read, CPU_RINGS},
    {"mmio-write", test_mmio_write, CPU_RINGS},
    {"mmio-modify", test_mmio_modify, CPU_RINGS},
    {"ports", test_ports, CPU_RING0},
    {"port-strings", test_port_strings, CPU_RING0},
    {"time-in-access", test_time_in_access, CPU_RINGS},
    {"registers-in-access", test_registers_in_access, CPU_RINGS},
    {"block-page", test_block_page, CPU_RINGS},
    {"block-device", test_block_device, CPU_RINGS},
    {"block-port", test_block_port, CPU_RING0},
    {"block-and-reset", test_block_and_reset, CPU_RINGS},
    {"crash", test_crash, CPU_RINGS},
    {"fetch-absent", test_fetch_absent, CPU_RINGS},
    {"fetch-device", test_fetch_device, CPU_RINGS},
    {"fetch-crossing", test_fetch_crossing, CPU_RINGS},
    {"halt", test_halt, CPU_RING0},
    {"shutdown", test_shutdown, CPU_RINGS},
    {NULL},
};
