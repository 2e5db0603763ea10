/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpu-run.c: runs a vCPU on its pCPU and deals with what ends the run.
 *
 * Accounting: the guest's own time is run_begin + used_ns. The pCPU's clock
 * follows it, plus the costs of what the hypervisor did meanwhile; a vCPU that
 * has credit first uses time which the clock has already passed (vcpu.h).
 */
#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vcpu.h"

#define RFLAGS_IF (UINT64_C(1) << 9)

/* ---- Exits -------------------------------------------------------------- */

#define CODE_BYTES 32u /* two instructions at least: x86 has none longer than 15 */

/* Guests map their memory one to one, and code is never taken away (guest/abi.h). */
static void add_code(const HvVcpu *vcpu, HvExit *exit)
{
    HvMemory *memory = vcpu->vm->memory;
    uint64_t page = exit->rip >> HV_PAGE_SHIFT, offset = exit->rip & HV_PAGE_MASK;
    if (page >= hv_memory_page_count(memory))
        return;
    HvFrameNo frame = hv_memory_entry(memory, (HvPageNo)page)->frame;
    if (frame == HV_FRAME_NONE)
        return;
    exit->code = hv_pool_data(vcpu->vm->host->pool) + (size_t)frame * HV_PAGE_SIZE + offset;
    exit->code_bytes = MIN(CODE_BYTES, HV_PAGE_SIZE - (unsigned)offset);
}

void hv_vcpu_tell_exit(HvVcpu *vcpu, HvExit *exit, const HvCpuRegs *regs, HvStamp at)
{
    HvHost *host = vcpu->vm->host;
    if (host->config.exit_registers) {
        exit->regs = regs;
        add_code(vcpu, exit);
    }
    HV_REPORT(host, exit, at, vcpu->sched.vm, vcpu->sched.vcpu, exit);
    if (host->config.exit_registers)
        hv_vm_tell_tables(vcpu->vm, regs->cr3, at);
}

void hv_vcpu_report_exit(HvVcpu *vcpu, HvExit *exit)
{
    HvHost *host = vcpu->vm->host;
    HvPcpu *pcpu = vcpu->pcpu;
    exit->cost_ns = host->config.costs.exit_ns;
    if (host->config.observer.exit != NULL) {
        HvCpuRegs regs;
        if (host->config.exit_registers)
            hv_cpu_get_regs(vcpu->cpu, &regs);
        if (exit->rip == 0)
            exit->rip = hv_cpu_position(vcpu->cpu).rip;
        hv_vcpu_tell_exit(vcpu, exit, &regs, (HvStamp){pcpu->clock, pcpu->number});
    }
    pcpu->clock += exit->cost_ns;
}

/* exit: NULL when it has been reported. */
static void crash(HvVcpu *vcpu, HvExit *exit, HvWhy why)
{
    hv_vcpu_leave(vcpu, HV_VCPU_CRASHED, why);
    hv_vm_end_later(vcpu->vm, HV_VM_CRASHED, why, vcpu->pcpu->clock);
    if (exit != NULL)
        hv_vcpu_report_exit(vcpu, exit);
}

static void on_halt(HvVcpu *vcpu)
{
    HvCpuPosition at = hv_cpu_position(vcpu->cpu);
    HvVm *vm = vcpu->vm;
    if (vm->watch != NULL && vcpu == &vm->vcpus[0])
        hv_vm_look_at_watch(vm, (HvStamp){vcpu->pcpu->clock, vcpu->pcpu->number});
    hv_throttle_count(vcpu->vm, HV_THROTTLE_EXITS, 1, vcpu->pcpu->clock);
    hv_vcpu_report_exit(vcpu, &(HvExit){.kind = HV_EXIT_HALT, .rip = at.rip});
    vcpu->window_asked = false;
    if (at.rflags & RFLAGS_IF)
        hv_vcpu_leave(vcpu, HV_VCPU_BLOCKED, HV_WHY_HLT);
    else
        hv_vcpu_leave(vcpu, HV_VCPU_HALTED, HV_WHY_HLT_FOREVER);
}

static HvWhy why_of_error(const HvVcpu *vcpu)
{
    switch (vcpu->run.error) {
    case HV_CPU_ERROR_FETCH: return HV_WHY_FETCH;
    case HV_CPU_ERROR_ACCESS: return vcpu->crash_why;
    case HV_CPU_ERROR_UNSUPPORTED: return HV_WHY_UNSUPPORTED;
    default: return HV_WHY_HOST_ERROR;
    }
}

static void on_error(HvVcpu *vcpu)
{
    HvWhy why = why_of_error(vcpu);
    HvExit exit = {
        .kind = HV_EXIT_ERROR,
        .rip = vcpu->run.error_rip,
        .address = vcpu->run.error_gpa.value,
    };
    crash(vcpu, why == HV_WHY_OUT_OF_MEMORY ? NULL : &exit, why);
}

static void handle_exit(HvVcpu *vcpu, HvCpuExit exit)
{
    switch (exit) {
    case HV_CPU_BUDGET:
    case HV_CPU_STOPPED: /* the access has been dealt with */
    case HV_CPU_BLOCKED: /* and so it has here: the vCPU waits for a page frame */ break;
    case HV_CPU_HALT: on_halt(vcpu); break;
    case HV_CPU_INTERRUPT_WINDOW:
        vcpu->window_asked = false;
        hv_vcpu_report_exit(vcpu, &(HvExit){.kind = HV_EXIT_INTERRUPT_WINDOW});
        break;
    case HV_CPU_SHUTDOWN:
        crash(vcpu, &(HvExit){.kind = HV_EXIT_SHUTDOWN}, HV_WHY_TRIPLE_FAULT);
        break;
    case HV_CPU_ERROR: on_error(vcpu); break;
    }
}

/* ---- Steps -------------------------------------------------------------- */

static uint8_t highest_pending(const HvVcpu *vcpu)
{
    for (int i = G_N_ELEMENTS(vcpu->pending) - 1; i >= 0; i--)
        if (vcpu->pending[i] != 0)
            return (uint8_t)(i * 64 + 63 - __builtin_clzll(vcpu->pending[i]));
    g_assert_not_reached();
}

/* One at a time: what else is pending waits for the window that the guest opens
 * when it is through with the first. Once a window was asked for, only that
 * counts, so that it does not matter where runs were cut in the meantime. */
void hv_vcpu_begin_step(HvVcpu *vcpu)
{
    if (vcpu->window_asked || !hv_vcpu_has_interrupt(vcpu))
        return;
    uint8_t vector = highest_pending(vcpu);
    if (hv_cpu_interrupt(vcpu->cpu, vector)) {
        HvPcpu *pcpu = vcpu->pcpu;
        vcpu->pending[vector / 64] &= ~(UINT64_C(1) << (vector % 64));
        HV_REPORT(vcpu->vm->host, interrupt_taken, (HvStamp){pcpu->clock, pcpu->number},
                  vcpu->sched.vm, vcpu->sched.vcpu, vector);
    }
    vcpu->window_asked = hv_vcpu_has_interrupt(vcpu);
}

/* Moves the pCPU's clock by what the run used and cost. */
static void charge(HvVcpu *vcpu)
{
    HvPcpu *pcpu = vcpu->pcpu;
    HvTime guest = vcpu->run_begin + vcpu->run.used_ns;
    vcpu->credit_ns = guest < pcpu->clock ? pcpu->clock - guest : 0;
    pcpu->clock = MAX(pcpu->clock, guest) + vcpu->cost_ns;
    vcpu->cost_ns = 0;
}

static HvCpuExit run_once(HvVcpu *vcpu, HvTime until)
{
    HvHost *host = vcpu->vm->host;
    vcpu->run_begin = vcpu->pcpu->clock - vcpu->credit_ns;
    vcpu->run = (HvCpuRun){.budget_ns = until - vcpu->run_begin, .want_window = vcpu->window_asked};
    /* In this order: a kick either is seen here or finds whom to kick. */
    host->running = vcpu->cpu;
    HvCpuExit exit = host->kicked ? HV_CPU_BUDGET : hv_cpu_run(vcpu->cpu, &vcpu->run);
    host->running = NULL;
    charge(vcpu);
    return exit;
}

HvRunResult hv_vcpu_run(HvVcpu *vcpu, HvTime until)
{
    HvHost *host = vcpu->vm->host;
    HvPcpu *pcpu = vcpu->pcpu;
    for (;;) {
        HvCpuExit exit = run_once(vcpu, until);
        if (exit != HV_CPU_BUDGET) {
            handle_exit(vcpu, exit);
            return HV_RUN_EXIT;
        }
        if (host->kicked)
            return HV_RUN_KICKED;
        /* Not even one instruction fits: a run would execute nothing. */
        if (pcpu->clock >= until || vcpu->run.used_ns == 0 ||
            until - pcpu->clock + vcpu->credit_ns < host->instruction_ns)
            return HV_RUN_UNTIL;
    }
}

void hv_vcpu_end_step(HvVcpu *vcpu, HvTime end)
{
    HvPcpu *pcpu = vcpu->pcpu;
    if (pcpu->clock >= end)
        return;
    vcpu->credit_ns = MIN(vcpu->credit_ns + (end - pcpu->clock), vcpu->vm->host->instruction_ns);
    pcpu->clock = end;
}
