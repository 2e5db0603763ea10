/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-contract.c: the same guests with the same answers on every backend.
 *
 * Most run in ring 0 and in ring 3: some hosts execute the two by quite
 * different means. Expected values are worked out in the comments.
 */
#include "tests/cpu/cpu-contract.h"

#include <string.h>

#include "tests/cpu/cpu-fixture.h"
#include "tests/cpu/cpu-guests.h"

#define PAGES 1536 /* 6 MiB */

typedef struct {
    const HvCpuBackend *backend;
    unsigned ring;
    void (*test)(CpuFixture *f, unsigned ring);
    const char *skip; /* the reason, or NULL */
} Case;

#define LOAD(f, guest) cpu_fixture_load(f, CPU_CODE, guest, sizeof guest)

static void check_regs(CpuFixture *f, const uint64_t expected[][2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        g_assert_cmphex(cpu_fixture_reg(f, (unsigned)expected[i][0]), ==, expected[i][1]);
}

static void check_log(CpuFixture *f, guint index, HvAccessKind kind, uint64_t gpa, unsigned size,
                      uint64_t value)
{
    const HvAccess *access = &cpu_fixture_log(f, index)->access;

    g_assert_cmpint(access->kind, ==, kind);
    g_assert_cmphex(access->gpa.value, ==, gpa);
    g_assert_cmpuint(access->size, ==, size);
    g_assert_cmphex(access->value, ==, value);
}

/* How often the client was asked about this page. */
static unsigned asked_about(CpuFixture *f, uint64_t gpa)
{
    unsigned count = 0;

    for (guint i = 0; i < f->log->len; i++) {
        const HvAccess *access = &cpu_fixture_log(f, i)->access;
        bool memory = access->kind == HV_ACCESS_READ || access->kind == HV_ACCESS_WRITE;
        count += memory && access->gpa.value >> HV_PAGE_SHIFT == gpa >> HV_PAGE_SHIFT;
    }
    return count;
}

/* Starts the guest with up to three registers set. */
static void start_with(CpuFixture *f, unsigned ring, const uint64_t values[][2], size_t count)
{
    HvCpuRegs regs = cpu_fixture_regs(ring);

    for (size_t i = 0; i < count; i++)
        regs.gpr[values[i][0]] = values[i][1];
    hv_cpu_set_regs(f->cpu, &regs);
}

#define START(f, ring, ...)                                                                        \
    do {                                                                                           \
        const uint64_t start_values[][2] = {__VA_ARGS__};                                          \
        start_with(f, ring, start_values, G_N_ELEMENTS(start_values));                             \
    } while (0)
#define CHECK_REGS(f, ...)                                                                         \
    do {                                                                                           \
        const uint64_t expected_values[][2] = {__VA_ARGS__};                                       \
        check_regs(f, expected_values, G_N_ELEMENTS(expected_values));                             \
    } while (0)

/* ---- Computing ---------------------------------------------------------- */

static void test_sum(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_sum);
    cpu_fixture_start(f, ring);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(f->log->len, ==, 1);
    check_log(f, 0, HV_ACCESS_WRITE, CPU_DEVICE_END, 4, 500500); /* 1000 * 1001 / 2 */
    CHECK_REGS(f, {HV_RAX, 500500}, {HV_RCX, 0});
    g_assert_cmpuint(f->run.used_ns, >=, 1);
}

static void test_registers(CpuFixture *f, unsigned ring)
{
    HvCpuRegs set = cpu_fixture_regs(ring);
    HvCpuRegs got;

    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        set.gpr[i] = UINT64_C(0x1111111100000000) * i + 0x77 + i;
    set.segment[HV_FS].base = 0x123456789000;
    set.segment[HV_GS].base = 0xffff800000001000;
    set.star = 0x0013000800000000;
    set.lstar = 0xffff800000012340;
    set.cstar = 0x5550;
    set.sfmask = 0x47700;
    set.kernel_gs_base = 0xffff900000000000;
    set.cr2 = 0xabcd;
    hv_cpu_set_regs(f->cpu, &set);
    memset(&got, 0xff, sizeof got);
    hv_cpu_get_regs(f->cpu, &got);

    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        g_assert_cmphex(got.gpr[i], ==, set.gpr[i]);
    g_assert_cmphex(got.rip, ==, set.rip);
    g_assert_cmphex(got.rflags, ==, set.rflags);
    for (unsigned i = 0; i < HV_SEGMENT_COUNT; i++) {
        g_assert_cmphex(got.segment[i].selector, ==, set.segment[i].selector);
        g_assert_cmphex(got.segment[i].attributes, ==, set.segment[i].attributes);
        g_assert_cmphex(got.segment[i].limit, ==, set.segment[i].limit);
        g_assert_cmphex(got.segment[i].base, ==, set.segment[i].base);
    }
    g_assert_cmphex(got.tr.base, ==, CPU_TSS);
    g_assert_cmphex(got.tr.selector, ==, CPU_SELECTOR_TSS);
    g_assert_cmphex(got.gdt.base, ==, CPU_GDT);
    g_assert_cmphex(got.gdt.limit, ==, 55);
    g_assert_cmphex(got.idt.base, ==, CPU_IDT);
    g_assert_cmphex(got.idt.limit, ==, 4095);
    g_assert_cmphex(got.cr0, ==, set.cr0);
    g_assert_cmphex(got.cr2, ==, set.cr2);
    g_assert_cmphex(got.cr3, ==, set.cr3);
    g_assert_cmphex(got.cr4, ==, set.cr4);
    g_assert_cmphex(got.efer, ==, set.efer);
    g_assert_cmphex(got.star, ==, set.star);
    g_assert_cmphex(got.lstar, ==, set.lstar);
    g_assert_cmphex(got.cstar, ==, set.cstar);
    g_assert_cmphex(got.sfmask, ==, set.sfmask);
    g_assert_cmphex(got.kernel_gs_base, ==, set.kernel_gs_base);
}

static void test_budget(CpuFixture *f, unsigned ring)
{
    const HvTime budget = 20 * HV_NS_PER_SECOND / 1000;
    uint64_t before = 0;

    LOAD(f, guest_spin);
    cpu_fixture_start(f, ring);
    for (int i = 0; i < 3; i++) {
        f->run.budget_ns = budget;
        g_assert_cmpint(hv_cpu_run(f->cpu, &f->run), ==, HV_CPU_BUDGET);
        g_assert_cmpuint(f->run.used_ns, >, budget * 99 / 100);
        g_assert_cmpuint(f->run.used_ns, <, budget * 2);
        uint64_t after = cpu_fixture_reg(f, HV_RAX);
        g_assert_cmpuint(after, >, before);
        before = after;
    }
    f->run.budget_ns = 0;
    g_assert_cmpint(hv_cpu_run(f->cpu, &f->run), ==, HV_CPU_BUDGET);
    g_assert_cmpuint(f->run.used_ns, ==, 0);
    g_assert_cmpuint(cpu_fixture_reg(f, HV_RAX), ==, before);
}

static void test_kick(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_sum);
    cpu_fixture_start(f, ring);
    f->backend->kick(f->cpu);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_BUDGET);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_RAX, 500500});
}

/* ---- Devices ------------------------------------------------------------ */

static void test_mmio_read(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_mmio_read);
    START(f, ring, {HV_RBX, CPU_DEVICE});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    /* The device's byte at n is 0x81 + 0x11 * n. */
    CHECK_REGS(f, {HV_RAX, 0x92}, {HV_RCX, 0xb4a3}, {HV_RDX, 0xf8e7d6c5},
               {HV_RSI, 0x806f5e4d3c2b1a09}, {HV_RDI, 0xb4}, {HV_R8, 0xffffffff806f5e4d});
    check_log(f, 0, HV_ACCESS_READ, CPU_DEVICE + 1, 1, 0x92);
    check_log(f, 1, HV_ACCESS_READ, CPU_DEVICE + 2, 2, 0xb4a3);
    check_log(f, 2, HV_ACCESS_READ, CPU_DEVICE + 4, 4, 0xf8e7d6c5);
    check_log(f, 3, HV_ACCESS_READ, CPU_DEVICE + 8, 8, 0x806f5e4d3c2b1a09);
    g_assert_cmpuint(f->log->len, ==, 7);
}

static void test_mmio_write(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_mmio_write);
    START(f, ring, {HV_RBX, CPU_DEVICE}, {HV_RAX, 0x1122334455667788});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    check_log(f, 0, HV_ACCESS_WRITE, CPU_DEVICE + 0x11, 1, 0x88);
    check_log(f, 1, HV_ACCESS_WRITE, CPU_DEVICE + 0x12, 2, 0x7788);
    check_log(f, 2, HV_ACCESS_WRITE, CPU_DEVICE + 0x14, 4, 0x55667788);
    check_log(f, 3, HV_ACCESS_WRITE, CPU_DEVICE + 0x18, 8, 0x1122334455667788);
    check_log(f, 4, HV_ACCESS_WRITE, CPU_DEVICE + 0x20, 4, 0x12345678);
    g_assert_cmpuint(f->log->len, ==, 6);
}

static void test_mmio_modify(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_mmio_modify);
    START(f, ring, {HV_RBX, CPU_DEVICE});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    /* 0x81 + 0x11 * 0x40 = 0xc1, so it reads 0xf4e3d2c1; 0xc1 | 0xf0 = 0xf1. */
    check_log(f, 0, HV_ACCESS_READ, CPU_DEVICE + 0x40, 4, 0xf4e3d2c1);
    check_log(f, 1, HV_ACCESS_WRITE, CPU_DEVICE + 0x40, 4, 0xf4e3d2f1);
    g_assert_cmpuint(f->log->len, ==, 3);
}

static void test_ports(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_ports);
    cpu_fixture_start(f, ring);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    check_log(f, 0, HV_ACCESS_PORT_OUT, 0xe9, 1, 0x41);
    check_log(f, 1, HV_ACCESS_PORT_OUT, 0x1234, 2, 0xbeef);
    check_log(f, 2, HV_ACCESS_PORT_OUT, 0x1234, 4, 0xdeadbeef);
    /* 0x81 + 0x11 * 0x60 = 0xe1; 0x81 + 0x11 * 0x34 = 0xf5. */
    check_log(f, 3, HV_ACCESS_PORT_IN, 0x60, 1, 0xe1);
    check_log(f, 4, HV_ACCESS_PORT_IN, 0x1234, 2, 0x06f5);
    check_log(f, 5, HV_ACCESS_PORT_IN, 0x1234, 4, 0x281706f5);
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
        check_log(f, i, HV_ACCESS_PORT_OUT, 0xe9, 1, (uint8_t) "hello"[i]);
    for (guint i = 5; i < 8; i++)
        check_log(f, i, HV_ACCESS_PORT_IN, 0x60, 2, 0xf2e1);
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

/* ---- Memory ------------------------------------------------------------- */

static void test_absent_move(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_move);
    START(f, ring, {HV_RDI, CPU_ABSENT + 0x10}, {HV_RAX, 0x1122334455667788});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    check_log(f, 0, HV_ACCESS_WRITE, CPU_ABSENT + 0x10, 8, 0x1122334455667788);
    g_assert_cmpuint(f->log->len, ==, 2);
    CHECK_REGS(f, {HV_RCX, 0x1122334455667788});
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + 0x10), ==, 0x1122334455667788);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + 0x18), ==, 0);
}

static void test_absent_crossing(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_move);
    START(f, ring, {HV_RDI, CPU_ABSENT + 0xffd}, {HV_RAX, 0x1122334455667788});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_RCX, 0x1122334455667788});
    g_assert_cmpuint(asked_about(f, CPU_ABSENT), ==, 1);
    g_assert_cmpuint(asked_about(f, CPU_ABSENT + 0x1000), ==, 1);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + 0x1000), ==, 0x1122334455);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + 0xff8), ==, UINT64_C(0x6677880000000000));
}

static void test_absent_locked(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_locked_add);
    START(f, ring, {HV_RDI, CPU_ABSENT + 0x1008});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_RCX, 11});
    g_assert_cmpuint(asked_about(f, CPU_ABSENT + 0x1000), ==, 1);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + 0x1008), ==, 11);
}

static void test_absent_exchange(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_exchange);
    START(f, ring, {HV_RDI, CPU_ABSENT}, {HV_RAX, 33});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_RAX, 0}, {HV_RCX, 33});
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT), ==, 42);
}

static void test_absent_string(CpuFixture *f, unsigned ring)
{
    enum { COUNT = 6000 };
    g_autofree uint8_t *pattern = g_malloc(COUNT);
    g_autofree uint8_t *copy = g_malloc(COUNT);

    for (unsigned i = 0; i < COUNT; i++)
        pattern[i] = (uint8_t)(i * 13 + i / 256);
    LOAD(f, guest_copy);
    cpu_fixture_load(f, CPU_DATA + 0x123, pattern, COUNT);
    START(f, ring, {HV_RSI, CPU_DATA + 0x123}, {HV_RDI, CPU_ABSENT + 0xf00}, {HV_RCX, COUNT});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_RCX, 0}, {HV_RSI, CPU_DATA + 0x123 + COUNT},
               {HV_RDI, CPU_ABSENT + 0xf00 + COUNT});
    g_assert_cmpint(hv_memory_read(f->memory, HV_GPA(CPU_ABSENT + 0xf00), copy, COUNT), ==, 0);
    g_assert_cmpmem(copy, COUNT, pattern, COUNT);
    for (unsigned page = 0; page < 3; page++)
        g_assert_cmpuint(asked_about(f, CPU_ABSENT + page * HV_PAGE_SIZE), ==, 1);

    /* From absent to absent: zeroes. */
    START(f, ring, {HV_RSI, CPU_ABSENT + 0x10800}, {HV_RDI, CPU_ABSENT + 0x20400}, {HV_RCX, COUNT});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpint(hv_memory_read(f->memory, HV_GPA(CPU_ABSENT + 0x20400), copy, COUNT), ==, 0);
    for (unsigned i = 0; i < COUNT; i++)
        g_assert_cmpuint(copy[i], ==, 0);
    g_assert_cmpuint(asked_about(f, CPU_ABSENT + 0x10000), ==, 1);
    g_assert_cmpuint(asked_about(f, CPU_ABSENT + 0x11000), ==, 1);
}

static void test_absent_fill(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_fill);
    START(f, ring, {HV_RDI, CPU_ABSENT + 4}, {HV_RAX, 0x0102030405060708}, {HV_RCX, 1100});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    for (unsigned i = 0; i < 1100; i++)
        g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + 4 + 8 * i), ==, 0x0102030405060708);
    for (unsigned page = 0; page < 3; page++)
        g_assert_cmpuint(asked_about(f, CPU_ABSENT + page * HV_PAGE_SIZE), ==, 1);
}

static void test_absent_stack(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_push);
    START(f, ring, {HV_RSP, CPU_ABSENT + 0x6000}, {HV_RAX, 0x5566});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_RCX, 0x5566}, {HV_RDX, CPU_ABSENT + 0x5ff8}, {HV_RSP, CPU_ABSENT + 0x6000});
    g_assert_cmpuint(asked_about(f, CPU_ABSENT + 0x5000), ==, 1);
}

static void test_read_only(CpuFixture *f, unsigned ring)
{
    uint64_t five = 5;

    LOAD(f, guest_add_at);
    cpu_fixture_load(f, CPU_ABSENT, &five, sizeof five);
    hv_memory_protect(f->memory, CPU_ABSENT >> HV_PAGE_SHIFT, false);
    START(f, ring, {HV_RDI, CPU_ABSENT});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_RCX, 42});
    g_assert_cmpuint(asked_about(f, CPU_ABSENT), ==, 1);
    g_assert_cmpint(cpu_fixture_log(f, 0)->access.kind, ==, HV_ACCESS_WRITE);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT), ==, 42);
}

/* A page that is read first is given read-only, as one shared by others would
 * be; writing it then asks again. */
static HvAccessResult answer_read_only_first(CpuFixture *f, HvAccess *access)
{
    if (access->kind == HV_ACCESS_READ && access->gpa.value < CPU_DEVICE) {
        cpu_fixture_map(f, hv_gpa_page(access->gpa), false);
        return HV_ACCESS_RAM;
    }
    return cpu_fixture_standard_answer(f, access);
}

static void test_read_then_write(CpuFixture *f, unsigned ring)
{
    f->answer = answer_read_only_first;
    LOAD(f, guest_load);
    START(f, ring, {HV_RDI, CPU_ABSENT});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(asked_about(f, CPU_ABSENT), ==, 1);
    LOAD(f, guest_add_at);
    START(f, ring, {HV_RDI, CPU_ABSENT});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(asked_about(f, CPU_ABSENT), ==, 2);
    CHECK_REGS(f, {HV_RCX, 37});
}

static void test_unmap_and_remap(CpuFixture *f, unsigned ring)
{
    const HvPageNo page = CPU_ABSENT >> HV_PAGE_SHIFT;
    uint64_t one = 0x1111, three = 0x3333;

    LOAD(f, guest_load);
    cpu_fixture_load(f, CPU_ABSENT, &one, sizeof one);
    START(f, ring, {HV_RDI, CPU_ABSENT}, {HV_RDX, 99});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(asked_about(f, CPU_ABSENT), ==, 0);
    CHECK_REGS(f, {HV_RCX, 0x1111});

    hv_memory_unmap(f->memory, page);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(asked_about(f, CPU_ABSENT), ==, 1);
    CHECK_REGS(f, {HV_RDX, 0});

    cpu_fixture_map(f, page, true); /* another frame in its place */
    cpu_fixture_load(f, CPU_ABSENT, &three, sizeof three);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(asked_about(f, CPU_ABSENT), ==, 1);
    CHECK_REGS(f, {HV_R8, 0x3333});
}

/* 700 pages touched every other one, then those between: what each holds stays
 * so however the backend arranges them. */
static void test_many_pages(CpuFixture *f, unsigned ring)
{
    enum { COUNT = 350 };
    const uint64_t start = CPU_LARGE + HV_PAGE_SIZE;

    LOAD(f, guest_touch_pages);
    START(f, ring, {HV_RDI, start}, {HV_RDX, 2 * HV_PAGE_SIZE}, {HV_RCX, COUNT}, {HV_RAX, 1000});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    START(f, ring, {HV_RDI, start + HV_PAGE_SIZE}, {HV_RDX, 2 * HV_PAGE_SIZE}, {HV_RCX, COUNT},
          {HV_RAX, 5000});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(f->log->len, ==, 2 * COUNT + 2);
    for (unsigned i = 0; i < COUNT; i++) {
        uint64_t gpa = start + i * 2 * HV_PAGE_SIZE;
        g_assert_cmpuint(cpu_fixture_peek(f, gpa), ==, 1000 + i);
        g_assert_cmpuint(cpu_fixture_peek(f, gpa + HV_PAGE_SIZE), ==, 5000 + i);
    }

    LOAD(f, guest_sum_pages);
    START(f, ring, {HV_RDI, start}, {HV_RDX, HV_PAGE_SIZE}, {HV_RCX, 2 * COUNT});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    /* 350 * (1000 + 5000) + 2 * (0 + ... + 349) */
    CHECK_REGS(f, {HV_RAX, 350 * 6000 + 349 * 350});
    g_assert_cmpuint(f->log->len, ==, 2 * COUNT + 3);
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
    g_assert_cmpuint(asked_about(f, CPU_ABSENT), ==, 2);
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

/* ---- Exceptions and interrupts ------------------------------------------ */

#define HANDLER (CPU_CODE + 0x2000)

static void load_handler(CpuFixture *f, uint8_t vector, const void *bytes, size_t size)
{
    cpu_fixture_load(f, HANDLER, bytes, size);
    cpu_fixture_set_vector(f, vector, HANDLER);
}

static void test_exception(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_ud2);
    load_handler(f, 6, guest_skip_handler, sizeof guest_skip_handler);
    cpu_fixture_start(f, ring);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_R15, 1}, {HV_RAX, 5});
}

static void test_interrupt(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_wait);
    load_handler(f, 32, guest_handler, sizeof guest_handler);
    HvCpuRegs regs = cpu_fixture_regs(ring);
    regs.rflags |= 0x200;
    hv_cpu_set_regs(f->cpu, &regs);
    f->run.budget_ns = 1000000;
    g_assert_cmpint(hv_cpu_run(f->cpu, &f->run), ==, HV_CPU_BUDGET);
    g_assert_true(hv_cpu_interrupt(f->cpu, 32));
    g_assert_false(hv_cpu_interrupt(f->cpu, 32)); /* the handler runs with interrupts off */
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_R15, 1}, {HV_RSP, regs.gpr[HV_RSP]});
}

static void test_interrupt_before_start(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_wait);
    load_handler(f, 32, guest_handler, sizeof guest_handler);
    HvCpuRegs regs = cpu_fixture_regs(ring);
    hv_cpu_set_regs(f->cpu, &regs);
    regs.rflags &= ~UINT64_C(0x200);
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_false(hv_cpu_interrupt(f->cpu, 32));
    regs.rflags |= 0x200;
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_true(hv_cpu_interrupt(f->cpu, 32));
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_R15, 1});
}

static void test_window(CpuFixture *f, unsigned ring)
{
    HvCpuRegs regs;

    LOAD(f, guest_window);
    load_handler(f, 32, guest_handler, sizeof guest_handler);
    cpu_fixture_start(f, ring);
    g_assert_false(hv_cpu_interrupt(f->cpu, 32));
    f->run.want_window = true;
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_INTERRUPT_WINDOW);
    hv_cpu_get_regs(f->cpu, &regs);
    g_assert_cmphex(regs.rflags & 0x200, ==, 0x200);
    g_assert_cmphex(regs.gpr[HV_RAX], ==, 1);
    g_assert_true(hv_cpu_interrupt(f->cpu, 32));
    f->run.want_window = false;
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    CHECK_REGS(f, {HV_RAX, 2}, {HV_R15, 1});
}

static void test_window_open_already(CpuFixture *f, unsigned ring)
{
    HvCpuRegs regs = cpu_fixture_regs(ring);

    LOAD(f, guest_wait);
    load_handler(f, 32, guest_handler, sizeof guest_handler);
    regs.rflags |= 0x200;
    hv_cpu_set_regs(f->cpu, &regs);
    f->run.want_window = true;
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_INTERRUPT_WINDOW);
    g_assert_true(hv_cpu_interrupt(f->cpu, 32));
    f->run.want_window = false;
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_R15, 1});
}

/* STI lets one more instruction pass before an interrupt can come: HLT is
 * reached, and woken. */
static void test_halt_and_wake(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_sti_halt);
    load_handler(f, 32, guest_handler, sizeof guest_handler);
    cpu_fixture_start(f, ring);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_true(hv_cpu_interrupt(f->cpu, 32));
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    CHECK_REGS(f, {HV_RAX, 3}, {HV_R15, 1});
}

/* ---- Several machines on one thread ------------------------------------- */

static void load_counter(CpuFixture *f, HvCpu *cpu, unsigned index, unsigned ring, uint64_t count)
{
    HvCpuRegs regs = cpu_fixture_regs(ring);

    LOAD(f, guest_count);
    regs.gpr[HV_RDI] = CPU_ABSENT + index * 8;
    regs.gpr[HV_RCX] = count;
    hv_cpu_set_regs(cpu, &regs);
}

static void test_two_machines(CpuFixture *f, unsigned ring)
{
    enum { MACHINES = 2, CPUS = 2 };
    const uint64_t counts[MACHINES][CPUS] = {{20000, 30000}, {40000, 10000}};
    g_autoptr(CpuFixture) other = cpu_fixture_new(f->backend, PAGES);
    CpuFixture *machines[MACHINES] = {f, other};
    HvCpu *cpus[MACHINES][CPUS];
    bool done[MACHINES][CPUS] = {0};
    unsigned left = MACHINES * CPUS;

    for (unsigned m = 0; m < MACHINES; m++) {
        cpus[m][0] = machines[m]->cpu;
        cpus[m][1] = cpu_fixture_add_cpu(machines[m], 1);
        for (unsigned c = 0; c < CPUS; c++)
            load_counter(machines[m], cpus[m][c], c, ring, counts[m][c]);
    }
    while (left > 0) {
        for (unsigned i = 0; i < MACHINES * CPUS; i++) {
            HvCpuRun run = {.budget_ns = 200000};
            unsigned m = i / CPUS, c = i % CPUS;
            if (done[m][c])
                continue;
            HvCpuExit exit = hv_cpu_run(cpus[m][c], &run);
            g_assert_true(exit == HV_CPU_BUDGET || exit == HV_CPU_STOPPED);
            done[m][c] = exit == HV_CPU_STOPPED;
            left -= done[m][c];
        }
    }
    for (unsigned m = 0; m < MACHINES; m++) {
        for (unsigned c = 0; c < CPUS; c++)
            g_assert_cmpuint(cpu_fixture_peek(machines[m], CPU_ABSENT + c * 8), ==, counts[m][c]);
        f->backend->cpu_free(cpus[m][1]);
    }
}

/* ---- The list ----------------------------------------------------------- */

enum { RING0 = 1, RING3 = 2, BOTH = RING0 | RING3 };

static const struct {
    const char *name;
    void (*test)(CpuFixture *f, unsigned ring);
    unsigned rings;
} contract[] = {
    {"sum", test_sum, BOTH},
    {"registers", test_registers, BOTH},
    {"budget", test_budget, BOTH},
    {"kick", test_kick, BOTH},
    {"mmio-read", test_mmio_read, BOTH},
    {"mmio-write", test_mmio_write, BOTH},
    {"mmio-modify", test_mmio_modify, BOTH},
    {"ports", test_ports, RING0},
    {"port-strings", test_port_strings, RING0},
    {"time-in-access", test_time_in_access, BOTH},
    {"registers-in-access", test_registers_in_access, BOTH},
    {"absent-move", test_absent_move, BOTH},
    {"absent-crossing", test_absent_crossing, BOTH},
    {"absent-locked", test_absent_locked, BOTH},
    {"absent-exchange", test_absent_exchange, BOTH},
    {"absent-string", test_absent_string, BOTH},
    {"absent-fill", test_absent_fill, BOTH},
    {"absent-stack", test_absent_stack, BOTH},
    {"read-only", test_read_only, BOTH},
    {"read-then-write", test_read_then_write, BOTH},
    {"unmap-and-remap", test_unmap_and_remap, BOTH},
    {"many-pages", test_many_pages, BOTH},
    {"block-page", test_block_page, BOTH},
    {"block-device", test_block_device, BOTH},
    {"block-port", test_block_port, RING0},
    {"block-and-reset", test_block_and_reset, BOTH},
    {"crash", test_crash, BOTH},
    {"fetch-absent", test_fetch_absent, BOTH},
    {"fetch-device", test_fetch_device, BOTH},
    {"fetch-crossing", test_fetch_crossing, BOTH},
    {"halt", test_halt, RING0},
    {"shutdown", test_shutdown, BOTH},
    {"exception", test_exception, BOTH},
    {"interrupt", test_interrupt, BOTH},
    {"interrupt-before-start", test_interrupt_before_start, BOTH},
    {"window", test_window, RING0},
    {"window-open-already", test_window_open_already, BOTH},
    {"halt-and-wake", test_halt_and_wake, RING0},
    {"two-machines", test_two_machines, BOTH},
};

static void run_case(gconstpointer data)
{
    const Case *c = data;

    if (c->skip != NULL) {
        g_test_skip(c->skip);
        return;
    }
    g_autoptr(CpuFixture) fixture = cpu_fixture_new(c->backend, PAGES);
    c->test(fixture, c->ring);
}

static void free_case(gpointer data)
{
    Case *c = data;

    g_free((char *)c->skip);
    g_free(c);
}

void cpu_contract_add_tests(const HvCpuBackend *backend)
{
    g_autoptr(GError) error = NULL;
    bool works = backend->probe(&error);

    for (size_t i = 0; i < G_N_ELEMENTS(contract); i++) {
        for (unsigned ring = 0; ring <= 3; ring += 3) {
            if (!(contract[i].rings & (ring == 0 ? RING0 : RING3)))
                continue;
            g_autofree char *path =
                g_strdup_printf("/%s/ring%u/%s", backend->name, ring, contract[i].name);
            Case *c = g_new(Case, 1);
            *c = (Case){backend, ring, contract[i].test, works ? NULL : g_strdup(error->message)};
            g_test_add_data_func_full(path, c, run_case, free_case);
        }
    }
}
