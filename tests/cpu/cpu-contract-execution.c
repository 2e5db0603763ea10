/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-contract-execution.c: computing, budgets, exceptions, interrupts, several machines. */
#include <string.h>

#include "tests/cpu/cpu-contract-private.h"
#include "tests/cpu/cpu-guests.h"

/* ---- Computing ---------------------------------------------------------- */

static void test_sum(CpuFixture *f, unsigned ring)
{
    LOAD(f, guest_sum);
    cpu_fixture_start(f, ring);
    g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
    g_assert_cmpuint(f->log->len, ==, 1);
    cpu_check_log(f, 0, HV_ACCESS_WRITE, CPU_DEVICE_END, 4, 500500); /* 1000 * 1001 / 2 */
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
    g_autoptr(CpuFixture) other = cpu_fixture_new(f->backend, CPU_CONTRACT_PAGES);
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

const CpuContractCase cpu_contract_execution[] = {
    {"sum", test_sum, CPU_RINGS},
    {"registers", test_registers, CPU_RINGS},
    {"budget", test_budget, CPU_RINGS},
    {"kick", test_kick, CPU_RINGS},
    {"exception", test_exception, CPU_RINGS},
    {"interrupt", test_interrupt, CPU_RINGS},
    {"interrupt-before-start", test_interrupt_before_start, CPU_RINGS},
    {"window", test_window, CPU_RING0},
    {"window-open-already", test_window_open_already, CPU_RINGS},
    {"halt-and-wake", test_halt_and_wake, CPU_RING0},
    {"two-machines", test_two_machines, CPU_RINGS},
    {NULL},
};
