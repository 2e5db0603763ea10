/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-emulated-run.c: counting and slicing, changed code, blocked accesses, decoding. */
#include <string.h>

#include "hv-core/cpu/emulated/decode.h"
#include "tests/cpu/cpu-fixture.h"

#define CODE(text)  text, sizeof(text) - 1
#define NS_PER_INSN 10 /* the fixture's clock is 100 MHz */

static HvCpuExit run_for(CpuFixture *f, unsigned instructions)
{
    f->run.budget_ns = instructions * NS_PER_INSN;
    return hv_cpu_run(f->cpu, &f->run);
}

/* ---- Changed code --------------------------------------------------------------- */

/* mov byte [the immediate of the next instruction], 7; mov al, 1; hlt */
static void test_code_changes_itself(void)
{
    g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);

    cpu_fixture_load(f, CPU_CODE, CODE("\xc6\x05\x01\x00\x00\x00\x07\xb0\x01\xf4"));
    cpu_fixture_start(f, 0);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmphex(cpu_fixture_reg(f, HV_RAX), ==, 7);
    g_assert_cmpuint(f->run.instructions, ==, 3);
}

static void test_code_changed_by_a_device(void)
{
    g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);

    for (uint8_t value = 1; value < 5; value++) {
        const uint8_t code[] = {0xb0, value, 0xf4}; /* mov al, value; hlt */

        cpu_fixture_load(f, CPU_CODE, code, sizeof code);
        cpu_fixture_start(f, 0);
        g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
        g_assert_cmphex(cpu_fixture_reg(f, HV_RAX), ==, value);
    }
}

static HvAccessResult answer_by_writing_code(CpuFixture *f, HvAccess *access)
{
    access->value = 0;
    g_assert_cmpint(hv_memory_write(f->memory, HV_GPA(CPU_CODE + 8), "\x09", 1), ==, 0);
    return HV_ACCESS_DONE;
}

/* mov eax, [device]; mov al, 1; hlt: the device changes what comes next. */
static void test_code_changed_during_an_access(void)
{
    g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);
    HvCpuRegs regs = cpu_fixture_regs(0);

    f->answer = answer_by_writing_code;
    cpu_fixture_load(f, CPU_CODE, CODE("\x90\x8b\x83\x00\x00\x00\x00\xb0\x01\xf4"));
    regs.gpr[HV_RBX] = CPU_DEVICE;
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmphex(cpu_fixture_reg(f, HV_RAX), ==, 9);
}

/* A page of code is given another frame; the same address has other code. */
static void test_code_remapped(void)
{
    g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);

    cpu_fixture_load(f, CPU_CODE, CODE("\xb0\x01\xf4"));
    cpu_fixture_start(f, 0);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    cpu_fixture_map(f, CPU_CODE / HV_PAGE_SIZE, true);
    cpu_fixture_load(f, CPU_CODE, CODE("\xb0\x02\xf4"));
    cpu_fixture_start(f, 0);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmphex(cpu_fixture_reg(f, HV_RAX), ==, 2);
}

/* ---- Counting ---------------------------------------------------------------------- */

/* rep stosb of 1000, stopped after 100 iterations by the budget; then an
 * interrupt, whose handler returns to the same instruction. */
static void test_rep_interrupted(void)
{
    g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);
    HvCpuRegs regs = cpu_fixture_regs(0);

    cpu_fixture_load(f, CPU_CODE, CODE("\xf3\xaa\xf4"));
    cpu_fixture_load(f, CPU_CODE + 0x100, CODE("\x48\xff\xc3\x48\xcf")); /* inc rbx; iretq */
    cpu_fixture_set_vector(f, 40, CPU_CODE + 0x100);
    regs.gpr[HV_RCX] = 1000;
    regs.gpr[HV_RDI] = CPU_DATA;
    regs.gpr[HV_RAX] = 0x55;
    regs.rflags |= 0x200;
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_cmpint(run_for(f, 100), ==, HV_CPU_BUDGET);
    g_assert_cmpuint(f->run.instructions, ==, 100);
    hv_cpu_get_regs(f->cpu, &regs);
    g_assert_cmpuint(regs.gpr[HV_RCX], ==, 900);
    g_assert_cmphex(regs.gpr[HV_RDI], ==, CPU_DATA + 100);
    g_assert_cmphex(regs.rip, ==, CPU_CODE);
    g_assert_true(hv_cpu_interrupt(f->cpu, 40));
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmpuint(f->run.instructions, ==, 2 + 900 + 1);
    g_assert_cmpuint(cpu_fixture_reg(f, HV_RBX), ==, 1);
    g_assert_cmpuint(cpu_fixture_reg(f, HV_RCX), ==, 0);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_DATA + 992), ==, UINT64_C(0x5555555555555555));
}

/* At 300 MHz instruction N ends at floor(N * 10 / 3) ns: 3, 6, 10, 13 ... */
static void test_fraction_of_a_nanosecond(void)
{
    static const struct {
        HvTime budget, used;
        uint64_t instructions;
    } rows[] = {{2, 0, 0}, {3, 3, 1}, {3, 3, 1}, {3, 0, 0}, {4, 4, 1}, {10, 10, 3}, {9, 6, 2}};
    g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);
    HvCpuClient client = {0};
    HvCpuRegs regs = cpu_fixture_regs(0);
    HvCpuMachine *machine = hv_cpu_emulated.machine_new(f->memory, 300000000, NULL);
    HvCpu *cpu = hv_cpu_emulated.cpu_new(machine, 0, &client, NULL);

    cpu_fixture_load(f, CPU_CODE, CODE("\xeb\xfe"));
    hv_cpu_set_regs(cpu, &regs);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        HvCpuRun run = {.budget_ns = rows[i].budget};

        g_assert_cmpint(hv_cpu_run(cpu, &run), ==, HV_CPU_BUDGET);
        g_assert_cmpuint(run.used_ns, ==, rows[i].used);
        g_assert_cmpuint(run.instructions, ==, rows[i].instructions);
    }
    hv_cpu_emulated.cpu_free(cpu);
    hv_cpu_emulated.machine_free(machine);
}

/* A loop with a bit of everything:
 *     mov ecx, 300
 * 1:  push rcx; mov rdi, CPU_DATA; lea esi, [rdi+64]; mov ecx, 7; rep movsb
 *     imul eax, eax, 31; add eax, [rdi]; adc ebx, eax; call 2f
 *     sub edx, ebx; ror edx, 5; cmp edx, eax; setb [rsi]; cmovs ebp, edx
 *     pop rcx; dec ecx; jnz 1b; hlt
 * 2:  xor [rdi], eax; inc byte [rdi+3]; cmp eax, ebx; ja 3f; neg edx
 * 3:  ret */
static const char mixed[] =
    "\xb9\x2c\x01\x00\x00"
    "\x51\x48\xc7\xc7\x00\x00\x04\x00\x8d\x77\x40\xb9\x07\x00\x00\x00\xf3\xa4"
    "\x6b\xc0\x1f\x03\x07\x11\xc3\xe8\x17\x00\x00\x00"
    "\x29\xda\xc1\xca\x05\x39\xc2\x0f\x92\x06\x0f\x48\xea"
    "\x59\xff\xc9\x75\xd0\xf4\x90\x90\x90\x90"
    "\x31\x07\xfe\x47\x03\x39\xd8\x77\x02\xf7\xda"
    "\xc3";

static void start_mixed(CpuFixture *f)
{
    HvCpuRegs regs = cpu_fixture_regs(0);

    cpu_fixture_load(f, CPU_CODE, CODE(mixed));
    for (unsigned i = 0; i < 64; i++) {
        const uint64_t value = i * UINT64_C(0x0123456789abcdef);
        cpu_fixture_load(f, CPU_DATA + 8 * i, &value, 8);
    }
    regs.gpr[HV_RAX] = 12345;
    hv_cpu_set_regs(f->cpu, &regs);
}

static void assert_same(CpuFixture *f, CpuFixture *g)
{
    HvCpuRegs a, b;

    hv_cpu_get_regs(f->cpu, &a);
    hv_cpu_get_regs(g->cpu, &b);
    g_assert_cmpmem(a.gpr, sizeof a.gpr, b.gpr, sizeof b.gpr);
    g_assert_cmphex(a.rip, ==, b.rip);
    g_assert_cmphex(a.rflags, ==, b.rflags);
}

/* Sliced at random, the run goes through the same states as one instruction at
 * a time, and ends with the same count. */
static void test_slicing(void)
{
    g_autoptr(CpuFixture) single = cpu_fixture_new(&hv_cpu_emulated, 512);
    g_autoptr(CpuFixture) sliced = cpu_fixture_new(&hv_cpu_emulated, 512);
    g_autoptr(CpuFixture) whole = cpu_fixture_new(&hv_cpu_emulated, 512);
    uint64_t steps = 0, total = 0;
    HvCpuExit exit = HV_CPU_BUDGET;

    start_mixed(single);
    start_mixed(sliced);
    start_mixed(whole);
    while (exit == HV_CPU_BUDGET) {
        exit = run_for(sliced, (unsigned)g_test_rand_int_range(1, 60));
        total += sliced->run.instructions;
        while (steps < total) {
            run_for(single, 1);
            steps += single->run.instructions;
        }
        assert_same(single, sliced);
    }
    g_assert_cmpint(exit, ==, HV_CPU_HALT);
    g_assert_cmpint(cpu_fixture_run(whole), ==, HV_CPU_HALT);
    g_assert_cmpuint(whole->run.instructions, ==, total);
    assert_same(single, whole);
    for (unsigned i = 0; i < 64; i++)
        g_assert_cmphex(cpu_fixture_peek(sliced, CPU_DATA + 8 * i), ==,
                        cpu_fixture_peek(whole, CPU_DATA + 8 * i));
    g_assert_cmpuint(total, >, 300 * 20);
}

/* ---- Blocked accesses -------------------------------------------------------------- */

typedef struct {
    unsigned reads, writes, blocks;
    uint64_t written;
} Device;

/* Answers reads with 5; the first write is blocked. */
static HvAccessResult answer_blocking(CpuFixture *f, HvAccess *access)
{
    Device *device = f->user;

    if (access->kind == HV_ACCESS_READ) {
        device->reads++;
        access->value = 5;
        return HV_ACCESS_DONE;
    }
    if (device->blocks == 0) {
        device->blocks++;
        return HV_ACCESS_BLOCK;
    }
    device->writes++;
    device->written = access->value;
    return HV_ACCESS_DONE;
}

/* add [device], eax: the read is not made again when the write has blocked,
 * and no interrupt comes between. */
static void test_blocked_in_the_middle(void)
{
    g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);
    HvCpuRegs regs = cpu_fixture_regs(0);
    Device device = {0};

    f->answer = answer_blocking;
    f->user = &device;
    cpu_fixture_load(f, CPU_CODE, CODE("\x90\x01\x03\x90\xf4")); /* nop; add [rbx], eax */
    regs.gpr[HV_RAX] = 3;
    regs.gpr[HV_RBX] = CPU_DEVICE;
    regs.rflags |= 0x200;
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_BLOCKED);
    g_assert_cmpuint(f->run.instructions, ==, 1);
    g_assert_false(hv_cpu_interrupt(f->cpu, 40));
    hv_cpu_get_regs(f->cpu, &regs);
    g_assert_cmphex(regs.rip, ==, CPU_CODE + 1);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmpuint(f->run.instructions, ==, 3);
    g_assert_cmpuint(device.reads, ==, 1);
    g_assert_cmpuint(device.writes, ==, 1);
    g_assert_cmpuint(device.written, ==, 8);
}

static HvAccessResult answer_absent_blocking(CpuFixture *f, HvAccess *access)
{
    Device *device = f->user;

    if (device->blocks++ == 0)
        return HV_ACCESS_BLOCK;
    return cpu_fixture_standard_answer(f, access);
}

/* A store across two absent pages: nothing is stored until both are there. */
static void test_blocked_across_pages(void)
{
    g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);
    HvCpuRegs regs = cpu_fixture_regs(0);
    Device device = {0};

    f->answer = answer_absent_blocking;
    f->user = &device;
    cpu_fixture_load(f, CPU_CODE, CODE("\x48\x89\x03\xf4")); /* mov [rbx], rax; hlt */
    cpu_fixture_map(f, CPU_ABSENT / HV_PAGE_SIZE, true);
    regs.gpr[HV_RAX] = UINT64_C(0x1122334455667788);
    regs.gpr[HV_RBX] = CPU_ABSENT + HV_PAGE_SIZE - 4;
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_BLOCKED);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + HV_PAGE_SIZE - 8), ==, 0);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    g_assert_cmphex(cpu_fixture_peek(f, CPU_ABSENT + HV_PAGE_SIZE - 4), ==, regs.gpr[HV_RAX]);
}

/* int3 whose handler's stack is absent and blocks: delivered once it is there. */
static void test_blocked_delivery(void)
{
    g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);
    HvCpuRegs regs = cpu_fixture_regs(0);
    Device device = {0};

    f->answer = answer_absent_blocking;
    f->user = &device;
    cpu_fixture_load(f, CPU_CODE, CODE("\xcc\x90\xf4"));
    cpu_fixture_load(f, CPU_CODE + 0x100, "\xf4", 1);
    cpu_fixture_set_vector(f, 3, CPU_CODE + 0x100);
    regs.gpr[HV_RSP] = CPU_ABSENT + HV_PAGE_SIZE;
    hv_cpu_set_regs(f->cpu, &regs);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_BLOCKED);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
    hv_cpu_get_regs(f->cpu, &regs);
    g_assert_cmphex(regs.rip, ==, CPU_CODE + 0x101);
    g_assert_cmphex(cpu_fixture_peek(f, regs.gpr[HV_RSP]), ==, CPU_CODE + 1);
}

/* ---- Decoding ------------------------------------------------------------------------ */

static void test_decode_length(void)
{
    static const struct {
        const char *bytes;
        unsigned size;
        HvDecodeStatus status;
        unsigned length;
        bool privileged;
    } rows[] = {
        {CODE("\x90"), HV_DECODE_OK, 1, false},
        {CODE("\x48\x8b\x84\x24\x00\x01\x00\x00"), HV_DECODE_OK, 8, false},
        {CODE("\x48\xb8\x00\x00\x00\x00\x00\x00\x00\x00"), HV_DECODE_OK, 10, false},
        {CODE("\x66\xc7\x04\x25\x00\x00\x00\x00\x01\x02"), HV_DECODE_OK, 10, false},
        {CODE("\xf7\x00\x01\x02\x03\x04"), HV_DECODE_OK, 6, false}, /* test [rax], imm32 */
        {CODE("\xf7\x10"), HV_DECODE_OK, 2, false},                 /* not [rax] */
        {CODE("\xf3\x0f\x1e\xfa"), HV_DECODE_OK, 4, false},         /* endbr64 */
        {CODE("\x0f\x1f\x84\x00\x00\x00\x00\x00"), HV_DECODE_OK, 8, false},
        {CODE("\xf3\x0f\xbc\xc0"), HV_DECODE_OK, 4, false}, /* rep bsf */
        {CODE("\x0f\x01\xf8"), HV_DECODE_OK, 3, true},      /* swapgs */
        {CODE("\xf4"), HV_DECODE_OK, 1, true},
        {CODE("\x8b"), HV_DECODE_TRUNCATED, 0, false},
        {CODE("\xe8\x00\x00"), HV_DECODE_TRUNCATED, 0, false},
        {CODE("\x0f\x28\xc1"), HV_DECODE_UNSUPPORTED, 0, false},     /* movaps */
        {CODE("\x48\x0f\xc7\x08"), HV_DECODE_UNSUPPORTED, 0, false}, /* cmpxchg16b */
        {CODE("\xf3\x0f\xb8\xc0"), HV_DECODE_UNSUPPORTED, 0, false}, /* popcnt */
        {CODE("\xf3\x0f\xbd\xc0"), HV_DECODE_UNSUPPORTED, 0, false}, /* lzcnt */
        {CODE("\xc5\xf8\x77"), HV_DECODE_UNSUPPORTED, 0, false},     /* vzeroupper */
        {CODE("\x0f\x31"), HV_DECODE_UNSUPPORTED, 0, false},         /* rdtsc */
        {CODE("\x0f\x0b"), HV_DECODE_UNSUPPORTED, 0, false},         /* ud2 */
        {CODE("\xf0\x39\x00"), HV_DECODE_UNSUPPORTED, 0, false},     /* lock cmp */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        unsigned length = 0;
        bool privileged = false;

        g_assert_cmpint(
            hv_decode_length((const uint8_t *)rows[i].bytes, rows[i].size, &length, &privileged),
            ==, rows[i].status);
        g_assert_cmpuint(length, ==, rows[i].length);
        g_assert_true(privileged == rows[i].privileged);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emulated/code/changes-itself", test_code_changes_itself);
    g_test_add_func("/emulated/code/changed-by-a-device", test_code_changed_by_a_device);
    g_test_add_func("/emulated/code/changed-during-an-access", test_code_changed_during_an_access);
    g_test_add_func("/emulated/code/remapped", test_code_remapped);
    g_test_add_func("/emulated/rep-interrupted", test_rep_interrupted);
    g_test_add_func("/emulated/fraction-of-a-nanosecond", test_fraction_of_a_nanosecond);
    g_test_add_func("/emulated/slicing", test_slicing);
    g_test_add_func("/emulated/blocked/in-the-middle", test_blocked_in_the_middle);
    g_test_add_func("/emulated/blocked/across-pages", test_blocked_across_pages);
    g_test_add_func("/emulated/blocked/delivery", test_blocked_delivery);
    g_test_add_func("/emulated/decode-length", test_decode_length);
    return g_test_run();
}
