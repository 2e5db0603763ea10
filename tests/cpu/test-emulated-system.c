/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-emulated-system.c: exceptions and their error codes, paging bits,
 * stacks, interrupt shadows. Handlers are a single HLT, so a test sees the
 * frame as the processor pushed it. */
#include "tests/cpu/cpu-fixture.h"

#define HANDLER(vector) (0x12000u + (vector)*16u)
#define PT              (CPU_TABLES + 3 * 0x1000u) /* maps the first 2 MiB */
#define IST1_TOP        0x26000u

typedef struct {
    uint64_t error, rip, cs, rflags, rsp, ss;
} Frame;

static CpuFixture *new_with_handlers(void)
{
    CpuFixture *f = cpu_fixture_new(&hv_cpu_emulated, 512);

    for (unsigned vector = 0; vector < 32; vector++) {
        cpu_fixture_load(f, HANDLER(vector), "\xf4", 1);
        cpu_fixture_set_vector(f, (uint8_t)vector, HANDLER(vector));
    }
    return f;
}

/* Runs code until a handler halts; which vector it was and its frame. */
static unsigned run_to_handler(CpuFixture *f, unsigned ring, const char *code, size_t size,
                               bool has_error, Frame *frame)
{
    HvCpuRegs regs;

    cpu_fixture_load(f, CPU_CODE, code, size);
    cpu_fixture_start(f, ring);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    hv_cpu_get_regs(f->cpu, &regs);
    uint64_t at = regs.gpr[HV_RSP] - (has_error ? 0 : 8);
    uint64_t *words = &frame->error;
    for (unsigned i = has_error ? 0 : 1; i < 6; i++)
        words[i] = cpu_fixture_peek(f, at + 8 * i);
    g_assert_cmphex(regs.segment[HV_CS].selector, ==, CPU_SELECTOR_CODE0);
    return (unsigned)(regs.rip - 1 - HANDLER(0)) / 16;
}

static uint64_t pte(CpuFixture *f, uint64_t address)
{
    return cpu_fixture_peek(f, PT + address / HV_PAGE_SIZE * 8);
}

static void set_pte(CpuFixture *f, uint64_t address, uint64_t value)
{
    cpu_fixture_load(f, PT + address / HV_PAGE_SIZE * 8, &value, 8);
}

static uint64_t cr2(CpuFixture *f)
{
    HvCpuRegs regs;

    hv_cpu_get_regs(f->cpu, &regs);
    return regs.cr2;
}

#define CODE(text) text, sizeof(text) - 1

/* ---- Exceptions --------------------------------------------------------------- */

static void test_exceptions(void)
{
    static const struct {
        const char *what, *code;
        unsigned size, ring, vector, offset;
        bool has_error;
        uint64_t error;
    } rows[] = {
        {"xor ecx, ecx; div ecx", CODE("\x31\xc9\xf7\xf1"), 3, 0, 2, false, 0},
        {"nop; ud2", CODE("\x90\x0f\x0b"), 3, 6, 1, false, 0},
        {"movaps: no SSE", CODE("\x0f\x28\xc1"), 3, 6, 0, false, 0},
        {"fld1: no x87", CODE("\xd9\xe8"), 3, 6, 0, false, 0},
        {"rdtsc", CODE("\x0f\x31"), 0, 6, 0, false, 0},
        {"rdrand eax", CODE("\x0f\xc7\xf0"), 0, 6, 0, false, 0},
        {"lock add eax, eax", CODE("\xf0\x01\xc0"), 0, 6, 0, false, 0},
        {"into: none in 64-bit mode", CODE("\xce"), 3, 6, 0, false, 0},
        {"int3 in ring 0", CODE("\xcc"), 0, 3, 1, false, 0},
        {"hlt in ring 3", CODE("\xf4"), 3, 13, 0, true, 0},
        {"cli in ring 3", CODE("\xfa"), 3, 13, 0, true, 0},
        {"in al, dx in ring 3", CODE("\xec"), 3, 13, 0, true, 0},
        {"mov rax, cr0 in ring 3", CODE("\x0f\x20\xc0"), 3, 13, 0, true, 0},
        {"int 0x10: gate of ring 0", CODE("\xcd\x10"), 3, 13, 0, true, 0x10 * 8 + 2},
        {"int 0x50: empty gate", CODE("\xcd\x50"), 0, 13, 0, true, 0x50 * 8 + 2},
        {"mov ds, ax beyond the GDT", CODE("\x66\xb8\x80\x00\x8e\xd8"), 0, 13, 4, true, 0x80},
        {"mov ss, ax of ring 3", CODE("\x66\xb8\x1b\x00\x8e\xd0"), 0, 13, 4, true, 0x18},
        {"load from a non-canonical address", CODE("\x48\xa1\x00\x00\x00\x00\x00\x80\x00\x00"), 3,
         13, 0, true, 0},
        {"push at a non-canonical address", CODE("\x48\xbc\x00\x00\x00\x00\x00\x90\x00\x00\x50"), 3,
         12, 10, true, 0},
        {"jump to a non-canonical address",
         CODE("\x48\xb8\x00\x00\x00\x00\x00\x80\x00\x00\xff\xe0"), 3, 13, 10, true, 0},
        {"16 bytes of prefixes",
         CODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"
              "\x66\x90"),
         3, 13, 0, true, 0},
        {"rdmsr of no MSR", CODE("\x31\xc9\x0f\x32"), 0, 13, 2, true, 0},
        {"turning paging off", CODE("\x31\xc0\x0f\x22\xc0"), 0, 13, 2, true, 0},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(CpuFixture) f = new_with_handlers();
        Frame frame;

        g_test_message("%s", rows[i].what);
        unsigned vector =
            run_to_handler(f, rows[i].ring, rows[i].code, rows[i].size, rows[i].has_error, &frame);
        g_assert_cmpuint(vector, ==, rows[i].vector);
        g_assert_cmphex(frame.rip, ==, CPU_CODE + rows[i].offset);
        g_assert_cmphex(frame.cs, ==, rows[i].ring ? CPU_SELECTOR_CODE3 : CPU_SELECTOR_CODE0);
        if (rows[i].has_error)
            g_assert_cmphex(frame.error, ==, rows[i].error);
    }
}

/* ---- Paging --------------------------------------------------------------------- */

enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40 };
#define NX (UINT64_C(1) << 63)

static void test_page_faults(void)
{
    /* mov eax, [CPU_DATA + 8]; mov [CPU_DATA + 8], eax; jmp to it */
    static const char load[] = "\x8b\x04\x25\x08\x00\x04\x00";
    static const char store[] = "\x89\x04\x25\x08\x00\x04\x00";
    static const char jump[] = "\xb8\x08\x00\x04\x00\xff\xe0";
    static const struct {
        const char *code;
        unsigned ring;
        uint64_t bits; /* of the page's entry */
        uint64_t error;
    } rows[] = {
        {load, 3, W | U, 4},
        {store, 3, W | U, 6},
        {load, 0, W | U, 0},
        {store, 0, W | U, 2},
        {load, 3, P | W, 5},
        {store, 3, P | W, 7},
        {store, 3, P | U, 7},
        {store, 0, P | U, 3},
        {jump, 3, P | W | U | NX, 0x15},
        {jump, 3, 0, 0x14},
        {load, 3, P | W | U | UINT64_C(1) << 51, 0xd},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(CpuFixture) f = new_with_handlers();
        Frame frame;

        set_pte(f, CPU_DATA, CPU_DATA | rows[i].bits);
        g_assert_cmpuint(run_to_handler(f, rows[i].ring, rows[i].code, 7, true, &frame), ==, 14);
        g_assert_cmphex(frame.error, ==, rows[i].error);
        g_assert_cmphex(cr2(f), ==, CPU_DATA + 8);
        g_assert_cmphex(frame.rip, ==, rows[i].code == jump ? CPU_DATA + 8 : CPU_CODE);
        g_assert_cmphex(pte(f, CPU_DATA), ==, CPU_DATA | rows[i].bits); /* no A, no D */
    }
}

static void test_accessed_dirty(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();

    /* mov eax, [CPU_DATA]; hlt; mov [CPU_DATA], eax; hlt */
    cpu_fixture_load(f, CPU_CODE,
                     CODE("\x8b\x04\x25\x00\x00\x04\x00\xf4"
                          "\x89\x04\x25\x00\x00\x04\x00\xf4"));
    cpu_fixture_start(f, 0);
    g_assert_cmphex(pte(f, CPU_DATA) & (A | D), ==, 0);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmphex(pte(f, CPU_DATA) & (A | D), ==, A);
    g_assert_cmphex(pte(f, CPU_CODE) & (A | D), ==, A);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmphex(pte(f, CPU_DATA) & (A | D), ==, A | D);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_TABLES) & (A | D), ==, A);
}

static void test_write_protect_off(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    HvCpuRegs regs = cpu_fixture_regs(0);

    cpu_fixture_load(f, CPU_CODE, CODE("\x89\x04\x25\x00\x00\x04\x00\xf4"));
    set_pte(f, CPU_DATA, CPU_DATA | P | U);
    regs.cr0 &= ~UINT64_C(0x10000);
    regs.gpr[HV_RAX] = 0x1234;
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_DATA), ==, 0x1234);
    g_assert_cmphex(pte(f, CPU_DATA), ==, CPU_DATA | P | U | A | D);
}

/* A store across two pages whose second one faults changes nothing. */
static void test_crossing_store(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    const uint64_t last = CPU_DATA + HV_PAGE_SIZE - 8;
    Frame frame;

    set_pte(f, CPU_DATA + HV_PAGE_SIZE, 0);
    /* mov qword [CPU_DATA + 0xffc], -1 */
    g_assert_cmpuint(run_to_handler(f, 3, CODE("\x48\xc7\x04\x25\xfc\x0f\x04\x00\xff\xff\xff\xff"),
                                    true, &frame),
                     ==, 14);
    g_assert_cmphex(frame.error, ==, 6);
    g_assert_cmphex(cr2(f), ==, CPU_DATA + HV_PAGE_SIZE);
    g_assert_cmphex(cpu_fixture_peek(f, last), ==, 0);
}

/* An instruction that ends in a page that may not be executed. */
static void test_crossing_fetch(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    const uint64_t next = CPU_CODE + HV_PAGE_SIZE;
    HvCpuRegs regs = cpu_fixture_regs(3);

    set_pte(f, next, next | P | U | NX);
    cpu_fixture_load(f, next - 2, CODE("\xb8\x01\x02\x03\x04")); /* mov eax, imm32 */
    regs.rip = next - 2;
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmphex(cr2(f), ==, next);
    hv_cpu_get_regs(f->cpu, &regs);
    g_assert_cmphex(cpu_fixture_peek(f, regs.gpr[HV_RSP]), ==, 0x15);
    g_assert_cmphex(cpu_fixture_peek(f, regs.gpr[HV_RSP] + 8), ==, next - 2);
}

/* ---- Stacks --------------------------------------------------------------------- */

static void set_gate_ist(CpuFixture *f, unsigned vector, unsigned ist)
{
    const uint8_t byte = (uint8_t)ist;
    const uint64_t top = IST1_TOP;

    cpu_fixture_load(f, CPU_IDT + vector * 16 + 4, &byte, 1);
    cpu_fixture_load(f, CPU_TSS + 0x24, &top, 8);
}

static void test_stack_of_ring0(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    Frame frame;

    g_assert_cmpuint(run_to_handler(f, 3, CODE("\x0f\x0b"), false, &frame), ==, 6);
    g_assert_cmphex(cpu_fixture_reg(f, HV_RSP), ==, CPU_STACK0 - 40);
    g_assert_cmphex(frame.rsp, ==, CPU_STACK3);
    g_assert_cmphex(frame.ss, ==, CPU_SELECTOR_DATA3);
    g_assert_cmphex(frame.rflags, ==, 0x10202); /* RF in the image of a fault */
}

static void test_stack_of_ist(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    Frame frame;

    set_gate_ist(f, 6, 1);
    g_assert_cmpuint(run_to_handler(f, 0, CODE("\x6a\x00\x0f\x0b"), false, &frame), ==, 6);
    g_assert_cmphex(cpu_fixture_reg(f, HV_RSP), ==, IST1_TOP - 40);
    g_assert_cmphex(frame.rsp, ==, CPU_STACK0 - 8);
    g_assert_cmphex(frame.ss, ==, CPU_SELECTOR_DATA0);
}

static void clear_vector(CpuFixture *f, unsigned vector)
{
    const uint64_t nothing[2] = {0};

    cpu_fixture_load(f, CPU_IDT + vector * 16, nothing, sizeof nothing);
}

static void test_double_fault(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    Frame frame;

    clear_vector(f, 13); /* #GP, then #GP for want of a gate */
    g_assert_cmpuint(run_to_handler(f, 3, CODE("\xf4"), true, &frame), ==, 8);
    g_assert_cmphex(frame.error, ==, 0);
    g_assert_cmphex(frame.rip, ==, CPU_CODE);
}

/* #UD is benign: a #GP met while delivering it is delivered as a #GP. */
static void test_benign_then_fault(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    Frame frame;

    clear_vector(f, 6);
    g_assert_cmpuint(run_to_handler(f, 3, CODE("\x0f\x0b"), true, &frame), ==, 13);
    g_assert_cmphex(frame.error, ==, 6 * 8 + 2 + 1);
}

/* A page fault whose frame cannot be pushed is a double fault; with a stack of
 * its own that can be delivered. */
static void test_stack_overflow(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    Frame frame;

    set_gate_ist(f, 8, 1);
    set_pte(f, CPU_STACK0 - HV_PAGE_SIZE, 0);
    g_assert_cmpuint(run_to_handler(f, 0, CODE("\x50"), true, &frame), ==, 8);
    g_assert_cmphex(cr2(f), ==, CPU_STACK0 - 8);
    g_assert_cmphex(frame.rsp, ==, CPU_STACK0);
}

static void test_triple_fault(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();

    clear_vector(f, 13);
    clear_vector(f, 8);
    cpu_fixture_load(f, CPU_CODE, "\xf4", 1);
    cpu_fixture_start(f, 3);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_SHUTDOWN);
}

/* Handlers that fault endlessly still use up the budget. */
static void test_endless_faults(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();

    cpu_fixture_load(f, HANDLER(6), "\x0f\x0b", 2);
    set_gate_ist(f, 6, 1);
    cpu_fixture_load(f, CPU_CODE, "\x0f\x0b", 2);
    cpu_fixture_start(f, 0);
    f->run.budget_ns = 1000;
    g_assert_cmpint(hv_cpu_run(f->cpu, &f->run), ==, HV_CPU_BUDGET);
    g_assert_cmpuint(f->run.instructions, ==, 100);
}

/* ---- Shadows and single steps ------------------------------------------------------ */

static HvCpuExit step(CpuFixture *f)
{
    f->run.budget_ns = 10;
    return hv_cpu_run(f->cpu, &f->run);
}

static void test_sti_shadow(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    HvCpuRegs regs;

    cpu_fixture_load(f, CPU_CODE, CODE("\xfb\x90\x90\xf4")); /* sti; nop; nop; hlt */
    cpu_fixture_start(f, 0);
    step(f);
    g_assert_false(hv_cpu_interrupt(f->cpu, 20));
    step(f);
    g_assert_true(hv_cpu_interrupt(f->cpu, 20));
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    hv_cpu_get_regs(f->cpu, &regs);
    g_assert_cmphex(regs.rip, ==, HANDLER(20) + 1);
    g_assert_cmphex(cpu_fixture_peek(f, regs.gpr[HV_RSP]), ==, CPU_CODE + 2);
}

static void test_window_after_sti(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    HvCpuRegs regs;

    cpu_fixture_load(f, CPU_CODE, CODE("\xfb\x90\x90\xf4"));
    cpu_fixture_start(f, 0);
    f->run.want_window = true;
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_INTERRUPT_WINDOW);
    g_assert_cmpuint(f->run.instructions, ==, 2);
    hv_cpu_get_regs(f->cpu, &regs);
    g_assert_cmphex(regs.rip, ==, CPU_CODE + 2);
}

static void test_mov_ss_shadow(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    HvCpuRegs regs = cpu_fixture_regs(0);

    cpu_fixture_load(f, CPU_CODE, CODE("\x8e\xd0\x90\xf4")); /* mov ss, eax; nop; hlt */
    regs.rflags |= 0x200;
    regs.gpr[HV_RAX] = CPU_SELECTOR_DATA0;
    hv_cpu_set_regs(f->cpu, &regs);
    step(f);
    g_assert_false(hv_cpu_interrupt(f->cpu, 20));
    step(f);
    g_assert_true(hv_cpu_interrupt(f->cpu, 20));
}

static void test_single_step(void)
{
    g_autoptr(CpuFixture) f = new_with_handlers();
    Frame frame;

    /* pushf; or byte [rsp+1], 1; popf; nop; nop */
    unsigned vector =
        run_to_handler(f, 0, CODE("\x9c\x80\x4c\x24\x01\x01\x9d\x90\x90\xf4"), false, &frame);
    g_assert_cmpuint(vector, ==, 1);
    g_assert_cmphex(frame.rip, ==, CPU_CODE + 8);
    g_assert_cmphex(frame.rflags & 0x100, ==, 0x100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emulated/exceptions", test_exceptions);
    g_test_add_func("/emulated/page-faults", test_page_faults);
    g_test_add_func("/emulated/accessed-dirty", test_accessed_dirty);
    g_test_add_func("/emulated/write-protect-off", test_write_protect_off);
    g_test_add_func("/emulated/crossing-store", test_crossing_store);
    g_test_add_func("/emulated/crossing-fetch", test_crossing_fetch);
    g_test_add_func("/emulated/stack-of-ring0", test_stack_of_ring0);
    g_test_add_func("/emulated/stack-of-ist", test_stack_of_ist);
    g_test_add_func("/emulated/double-fault", test_double_fault);
    g_test_add_func("/emulated/benign-then-fault", test_benign_then_fault);
    g_test_add_func("/emulated/stack-overflow", test_stack_overflow);
    g_test_add_func("/emulated/triple-fault", test_triple_fault);
    g_test_add_func("/emulated/endless-faults", test_endless_faults);
    g_test_add_func("/emulated/sti-shadow", test_sti_shadow);
    g_test_add_func("/emulated/window-after-sti", test_window_after_sti);
    g_test_add_func("/emulated/mov-ss-shadow", test_mov_ss_shadow);
    g_test_add_func("/emulated/single-step", test_single_step);
    return g_test_run();
}
