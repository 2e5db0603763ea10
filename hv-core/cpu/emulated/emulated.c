/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulated.c: the backend `emulated`: machines, CPUs, and the run.
 *
 * A run is a budget of instructions, computed from the budget of time so that
 * instruction N ends at floor(N * 10^9 / clock_hz) ns whatever came between.
 * execute.c does blocks; what a block cannot do is done here between them:
 * interrupts and exceptions, the instruction after STI, single steps, and the
 * last instructions of the budget, for which a shorter block is made.
 */
#include <string.h>

#include "hv-core/cpu/emulated/execute.h"
#include "hv-core/cpu/emulated/flags.h"
#include "hv-core/cpu/emulated/mmu.h"
#include "hv-core/cpu/emulated/system.h"

static HvEmulatedCpu *emulated(HvCpu *cpu)
{
    return (HvEmulatedCpu *)cpu;
}

/* ---- Machines ------------------------------------------------------------------ */

static void entry_changing(void *user, HvMemory *memory, HvPageNo page)
{
    HvFrameNo frame = hv_memory_entry(memory, page)->frame;

    if (frame != HV_FRAME_NONE)
        hv_mmu_forget_frame(user, frame);
}

static bool probe(GError **error)
{
    return true;
}

static HvCpuMachine *machine_new(HvMemory *memory, uint64_t clock_hz, GError **error)
{
    if (clock_hz == 0) {
        g_set_error(error, HV_ERROR, HV_ERROR_INVALID, "a CPU clock of 0 Hz executes nothing");
        return NULL;
    }
    HvCpuMachine *machine = g_new0(HvCpuMachine, 1);
    HvMemoryListener listener = {.changing = entry_changing, .user = machine};

    machine->memory = memory;
    machine->pool = hv_memory_pool(memory);
    machine->pool_data = hv_pool_data(machine->pool);
    machine->page_count = hv_memory_page_count(memory);
    machine->clock_hz = clock_hz;
    hv_memory_set_listener(memory, &listener);
    return machine;
}

static void machine_free(HvCpuMachine *machine)
{
    if (!machine)
        return;
    hv_memory_set_listener(machine->memory, NULL);
    g_free(machine->arena);
    g_free(machine);
}

/* ---- CPUs ------------------------------------------------------------------------ */

/* After reset a CPU is in real mode, which is not supported: set_regs() first. */
static HvCpu *cpu_new(HvCpuMachine *machine, unsigned index, const HvCpuClient *client,
                      GError **error)
{
    if (machine->cpu_count == G_N_ELEMENTS(machine->cpu)) {
        g_set_error(error, HV_ERROR, HV_ERROR_INVALID, "more than %u CPUs in a machine",
                    (unsigned)G_N_ELEMENTS(machine->cpu));
        return NULL;
    }
    HvEmulatedCpu *cpu = g_new0(HvEmulatedCpu, 1);

    cpu->base.backend = &hv_cpu_emulated;
    cpu->machine = machine;
    cpu->client = *client;
    cpu->index = index;
    cpu->pending_vector = -1;
    cpu->rip = 0xfff0;
    cpu->cr0 = HV_CR0_ET;
    cpu->dr[6] = 0xffff0ff0;
    cpu->dr[7] = 0x400;
    hv_set_rflags(cpu, HV_FLAG_ONE);
    hv_mmu_flush(cpu);
    hv_mmu_select(cpu);
    machine->cpu[machine->cpu_count++] = cpu;
    return &cpu->base;
}

static void cpu_free(HvCpu *base)
{
    HvEmulatedCpu *cpu = emulated(base);

    if (!cpu)
        return;
    HvCpuMachine *machine = cpu->machine;
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        if (machine->cpu[i] == cpu) {
            machine->cpu[i] = machine->cpu[--machine->cpu_count];
            break;
        }
    }
    g_free(cpu);
}

static void get_regs(HvCpu *base, HvCpuRegs *regs)
{
    const HvEmulatedCpu *cpu = emulated(base);

    memcpy(regs->gpr, cpu->gpr, sizeof(regs->gpr));
    memcpy(regs->segment, cpu->segment, sizeof(regs->segment));
    regs->rip = cpu->rip;
    regs->rflags = hv_get_rflags(cpu);
    regs->tr = cpu->tr;
    regs->ldt = cpu->ldt;
    regs->gdt = cpu->gdt;
    regs->idt = cpu->idt;
    regs->cr0 = cpu->cr0;
    regs->cr2 = cpu->cr2;
    regs->cr3 = cpu->cr3;
    regs->cr4 = cpu->cr4;
    regs->efer = cpu->efer;
    regs->star = cpu->star;
    regs->lstar = cpu->lstar;
    regs->cstar = cpu->cstar;
    regs->sfmask = cpu->sfmask;
    regs->kernel_gs_base = cpu->kernel_gs_base;
}

static HvCpuPosition position(HvCpu *base)
{
    const HvEmulatedCpu *cpu = emulated(base);

    return (HvCpuPosition){cpu->rip, hv_get_rflags(cpu)};
}

static void set_regs(HvCpu *base, const HvCpuRegs *regs)
{
    HvEmulatedCpu *cpu = emulated(base);

    memcpy(cpu->gpr, regs->gpr, sizeof(regs->gpr));
    memcpy(cpu->segment, regs->segment, sizeof(regs->segment));
    cpu->rip = regs->rip;
    cpu->tr = regs->tr;
    cpu->ldt = regs->ldt;
    cpu->gdt = regs->gdt;
    cpu->idt = regs->idt;
    cpu->cr0 = regs->cr0;
    cpu->cr2 = regs->cr2;
    cpu->cr3 = regs->cr3;
    cpu->cr4 = regs->cr4;
    cpu->efer = regs->efer;
    cpu->star = regs->star;
    cpu->lstar = regs->lstar;
    cpu->cstar = regs->cstar;
    cpu->sfmask = regs->sfmask;
    cpu->kernel_gs_base = regs->kernel_gs_base;
    hv_set_rflags(cpu, regs->rflags);
    cpu->shadow = false;
    cpu->pending_vector = -1;
    cpu->replay.count = 0;
    cpu->repeat.valid = false;
    cpu->midway = false;
    cpu->debug_trap = false;
    hv_set_cpl(cpu, cpu->segment[HV_CS].selector & 3);
    hv_mmu_flush(cpu);
}

/* ---- Time -------------------------------------------------------------------------- */

/* How many instructions end within budget_ns from now. time_rest is what of
 * the last nanosecond the instructions so far have used, in 1 / clock_hz ns. */
static int64_t instructions_in(const HvEmulatedCpu *cpu, HvTime budget_ns)
{
    unsigned __int128 end =
        ((unsigned __int128)budget_ns + 1) * cpu->machine->clock_hz - 1 - cpu->time_rest;
    unsigned __int128 count = end / HV_NS_PER_SECOND;

    return count > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)count;
}

static HvTime charge(HvEmulatedCpu *cpu, uint64_t instructions)
{
    unsigned __int128 end = cpu->time_rest + (unsigned __int128)instructions * HV_NS_PER_SECOND;

    cpu->time_rest = (uint64_t)(end % cpu->machine->clock_hz);
    return (HvTime)(end / cpu->machine->clock_hz);
}

/* ---- Running ------------------------------------------------------------------------- */

static bool can_interrupt(const HvEmulatedCpu *cpu)
{
    return cpu->system_flags & HV_FLAG_IF && !cpu->shadow && !cpu->midway &&
           cpu->pending_vector < 0;
}

/* Executes up to limit instructions from rip, in a block made for it. */
static HvStatus execute_few(HvEmulatedCpu *cpu, int64_t limit)
{
    HvBlock *block;
    int64_t rest = cpu->budget - limit;
    HvStatus status = hv_block_at_rip(cpu, limit, &block);

    if (status != HV_OK)
        return status;
    cpu->budget -= rest;
    cpu->run_budget -= rest;
    status = hv_execute(cpu, block);
    cpu->budget += rest;
    cpu->run_budget += rest;
    return status;
}

/* One instruction, with what comes after one: the end of an interrupt shadow,
 * and the trap of RFLAGS.TF. */
static HvStatus execute_one(HvEmulatedCpu *cpu)
{
    bool shadow = cpu->shadow, traps = cpu->system_flags & HV_FLAG_TF;
    int64_t before = cpu->budget;

    cpu->shadow = false;
    HvStatus status = execute_few(cpu, 1);
    if (status == HV_OK && cpu->budget < before)
        cpu->debug_trap = traps;
    else if (status != HV_FAULT)
        cpu->shadow = shadow; /* it was not executed */
    return status;
}

/* An exception takes the time of one instruction, so that a guest whose
 * handlers fault endlessly still uses up its budget. */
static void deliver_fault(HvEmulatedCpu *cpu)
{
    if (hv_deliver_fault(cpu) == HV_OK)
        cpu->budget--;
}

static void deliver_debug_trap(HvEmulatedCpu *cpu)
{
    cpu->dr[6] |= 1u << 14; /* BS */
    hv_raise(cpu, HV_VECTOR_DB);
    if (hv_deliver_fault(cpu) == HV_OK)
        cpu->debug_trap = false;
}

static bool supported_mode(const HvEmulatedCpu *cpu)
{
    const uint16_t code64 = HV_SEG_L;

    return cpu->efer & HV_EFER_LMA && cpu->cr0 & HV_CR0_PG && cpu->cr4 & HV_CR4_PAE &&
           (cpu->segment[HV_CS].attributes & (HV_SEG_L | HV_SEG_DB)) == code64;
}

/* Is there a reason to end the run before the next instruction? */
static bool at_an_end(HvEmulatedCpu *cpu, bool want_window, HvCpuExit *ret_exit)
{
    if (cpu->exiting) {
        *ret_exit = cpu->exit;
        return true;
    }
    if (cpu->stop) {
        cpu->stop = false;
        *ret_exit = HV_CPU_STOPPED;
        return true;
    }
    if (want_window && can_interrupt(cpu)) {
        *ret_exit = HV_CPU_INTERRUPT_WINDOW;
        return true;
    }
    if (atomic_exchange(&cpu->kicked, 0) || cpu->budget <= 0) {
        *ret_exit = HV_CPU_BUDGET;
        return true;
    }
    return false;
}

/* Executes what can be executed in one go. */
static HvStatus execute_some(HvEmulatedCpu *cpu)
{
    HvBlock *block;

    if (cpu->shadow || cpu->system_flags & HV_FLAG_TF)
        return execute_one(cpu);
    HvStatus status = hv_block_at_rip(cpu, cpu->budget, &block);
    return status == HV_OK ? hv_execute(cpu, block) : status;
}

static HvCpuExit run_until_exit(HvEmulatedCpu *cpu, bool want_window)
{
    HvCpuExit exit;

    if (!supported_mode(cpu)) {
        hv_leave(cpu, HV_CPU_ERROR, HV_CPU_ERROR_UNSUPPORTED);
        return HV_CPU_ERROR;
    }
    if (cpu->pending_vector >= 0 &&
        hv_deliver_interrupt(cpu, (uint8_t)cpu->pending_vector) == HV_OK)
        cpu->pending_vector = -1;
    for (;;) {
        atomic_store(&cpu->attention, 0);
        if (cpu->debug_trap)
            deliver_debug_trap(cpu);
        if (at_an_end(cpu, want_window, &exit))
            return exit;
        HvStatus status = execute_some(cpu);
        if (status == HV_FAULT)
            deliver_fault(cpu);
    }
}

static HvCpuExit run(HvCpu *base, HvCpuRun *run)
{
    HvEmulatedCpu *cpu = emulated(base);

    cpu->run = run;
    cpu->run_budget = cpu->budget = instructions_in(cpu, run->budget_ns);
    cpu->exiting = false;
    cpu->stop = false;
    cpu->error = HV_CPU_ERROR_NONE;
    cpu->error_gpa = HV_GPA(0);
    cpu->replay.position = 0;
    cpu->block = NULL;

    HvCpuExit exit = run_until_exit(cpu, run->want_window);
    run->instructions = (uint64_t)(cpu->run_budget - cpu->budget);
    run->used_ns = charge(cpu, run->instructions);
    cpu->insn_number += run->instructions;
    run->error = cpu->error;
    run->error_gpa = cpu->error_gpa;
    run->error_rip = cpu->rip;
    cpu->midway = exit == HV_CPU_BLOCKED && cpu->replay.count > 0 &&
                  cpu->replay.instruction == cpu->insn_number;
    cpu->run_budget = cpu->budget = 0;
    cpu->run = NULL;
    return exit;
}

/* Delivered at the start of the next run, where the client can be asked for
 * the stack's page. */
static bool interrupt(HvCpu *base, uint8_t vector)
{
    HvEmulatedCpu *cpu = emulated(base);

    if (!can_interrupt(cpu))
        return false;
    cpu->pending_vector = vector;
    return true;
}

static void kick(HvCpu *base)
{
    HvEmulatedCpu *cpu = emulated(base);

    atomic_store(&cpu->kicked, 1);
    atomic_store(&cpu->attention, 1);
}

const HvCpuBackend hv_cpu_emulated = {
    .name = "emulated",
    .probe = probe,
    .machine_new = machine_new,
    .machine_free = machine_free,
    .cpu_new = cpu_new,
    .cpu_free = cpu_free,
    .get_regs = get_regs,
    .position = position,
    .set_regs = set_regs,
    .run = run,
    .interrupt = interrupt,
    .kick = kick,
};
