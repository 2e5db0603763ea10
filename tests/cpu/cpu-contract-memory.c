/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-contract-memory.c: absent, read-only and remapped pages, on every backend. */
#include "tests/cpu/cpu-contract-private.h"
#include "tests/cpu/cpu-guests.h"

/* ---- Memory ------------------------------------------------------------- */

static void test_absent_move(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_move);
    START(f, ring, {HV_RDI, CPU_ABSENT + 0x10}, {HV_RAX, 0x1122334455667788});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    cpu_check_log(f, 0, HV_ACCESS_WRITE, CPU_ABSENT + 0x10, 8, 0x1122334455667788);
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
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT), ==, 1);
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT + 0x1000), ==, 1);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + 0x1000), ==, 0x1122334455);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + 0xff8), ==, UINT64_C(0x6677880000000000));
}

static void test_absent_locked(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_locked_add);
    START(f, ring, {HV_RDI, CPU_ABSENT + 0x1008});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_RCX, 11});
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT + 0x1000), ==, 1);
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
        g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT + page * HV_PAGE_SIZE), ==, 1);

    /* From absent to absent: zeroes. */
    START(f, ring, {HV_RSI, CPU_ABSENT + 0x10800}, {HV_RDI, CPU_ABSENT + 0x20400}, {HV_RCX, COUNT});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpint(hv_memory_read(f->memory, HV_GPA(CPU_ABSENT + 0x20400), copy, COUNT), ==, 0);
    for (unsigned i = 0; i < COUNT; i++)
        g_assert_cmpuint(copy[i], ==, 0);
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT + 0x10000), ==, 1);
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT + 0x11000), ==, 1);
}

static void test_absent_fill(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_fill);
    START(f, ring, {HV_RDI, CPU_ABSENT + 4}, {HV_RAX, 0x0102030405060708}, {HV_RCX, 1100});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    for (unsigned i = 0; i < 1100; i++)
        g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + 4 + 8 * i), ==, 0x0102030405060708);
    for (unsigned page = 0; page < 3; page++)
        g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT + page * HV_PAGE_SIZE), ==, 1);
}

static void test_absent_stack(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_push);
    START(f, ring, {HV_RSP, CPU_ABSENT + 0x6000}, {HV_RAX, 0x5566});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    CHECK_REGS(f, {HV_RCX, 0x5566}, {HV_RDX, CPU_ABSENT + 0x5ff8}, {HV_RSP, CPU_ABSENT + 0x6000});
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT + 0x5000), ==, 1);
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
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT), ==, 1);
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
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT), ==, 1);
    LOAD(f, guest_add_at);
    START(f, ring, {HV_RDI, CPU_ABSENT});
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT), ==, 2);
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
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT), ==, 0);
    CHECK_REGS(f, {HV_RCX, 0x1111});

    hv_memory_unmap(f->memory, page);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT), ==, 1);
    CHECK_REGS(f, {HV_RDX, 0});

    cpu_fixture_map(f, page, true); /* another frame in its place */
    cpu_fixture_load(f, CPU_ABSENT, &three, sizeof three);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(cpu_asked_about(f, CPU_ABSENT), ==, 1);
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

const CpuContractCase cpu_contract_memory[] = {
    {"absent-move", test_absent_move, CPU_RINGS},
    {"absent-crossing", test_absent_crossing, CPU_RINGS},
    {"absent-locked", test_absent_locked, CPU_RINGS},
    {"absent-exchange", test_absent_exchange, CPU_RINGS},
    {"absent-string", test_absent_string, CPU_RINGS},
    {"absent-fill", test_absent_fill, CPU_RINGS},
    {"absent-stack", test_absent_stack, CPU_RINGS},
    {"read-only", test_read_only, CPU_RINGS},
    {"read-then-write", test_read_then_write, CPU_RINGS},
    {"unmap-and-remap", test_unmap_and_remap, CPU_RINGS},
    {"many-pages", test_many_pages, CPU_RINGS},
    {NULL},
};
