/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm.h: what the files of the kvm backend share. Nobody else includes it.
 *
 * A virtual CPU of KVM is a file descriptor and a page of memory shared with
 * the kernel, struct kvm_run. KVM_RUN executes guest code until something
 * needs us, and says in kvm_run what. The answer goes into the same place, and
 * the *next* KVM_RUN finishes the instruction with it. So between two calls a
 * CPU is in one of the phases of HvKvmPhase.
 */
#pragma once

#include <glib.h>
#include <linux/kvm.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/cpu/kvm-slots.h"
#include "hv-core/cpu/kvm-timer.h"
#include "hv-core/memory/memory.h"

typedef enum {
    HV_KVM_SETTLED,    /* at the border of two instructions */
    HV_KVM_UNFINISHED, /* the exit was answered, KVM has not yet taken the answer */
    HV_KVM_UNANSWERED, /* kvm_run holds an exit that nobody has looked at, or whose answer
                          was HV_ACCESS_BLOCK */
    HV_KVM_FAILED,     /* KVM refused something: never runs again */
} HvKvmPhase;

enum {
    HV_KVM_STAR,
    HV_KVM_LSTAR,
    HV_KVM_CSTAR,
    HV_KVM_SFMASK,
    HV_KVM_KERNEL_GS_BASE,
    HV_KVM_MSR_COUNT
};

struct HvCpuMachine {
    HvMemory *memory; /* borrowed */
    int vm_fd;
    size_t run_bytes;               /* of struct kvm_run and what lies behind it */
    const struct kvm_cpuid2 *cpuid; /* what this host can; never freed */
    HvKvmSlots slots;
    HvKvmTimer timer;
};

typedef struct {
    HvCpu base;
    HvCpuMachine *machine;
    HvCpuClient client;
    int fd;
    struct kvm_run *run; /* shared with the kernel */

    HvKvmPhase phase;
    unsigned answered; /* of the exit in kvm_run: bytes (MMIO) or elements (port I/O) done */
    bool stop;         /* one of its answers asked to stop */
    bool in_access;    /* inside the client's callback */
    HvTime started_ns; /* this thread's CPU time when the run began, */
    HvTime away_ns;    /* what of it was then spent in the client's callback, */
    HvTime used_ns;    /* and by the guest, when last asked */

    /* kvm_run->s.regs mirrors the CPU after a KVM_RUN that was asked to copy it
     * there, and after set_regs(). */
    bool have_regs;
    bool have_sregs;
    bool have_msrs;    /* msrs[] is what the CPU has */
    bool window_known; /* kvm_run->ready_for_interrupt_injection is meant */
    uint64_t msrs[HV_KVM_MSR_COUNT];

    bool have_mask; /* mask is what KVM blocks while the guest runs */
    uint64_t mask;

    int kicked;  /* atomic */
    int running; /* atomic: the thread inside run(), 0 if none */
} HvKvmCpu;

/* ---- kvm-regs.c --------------------------------------------------------- */

void hv_kvm_get_regs(HvCpu *cpu, HvCpuRegs *regs);
HvCpuPosition hv_kvm_position(HvCpu *cpu);
void hv_kvm_set_regs(HvCpu *cpu, const HvCpuRegs *regs);

/* Makes kvm_run->s.regs.regs (and .sregs) valid, by an ioctl if need be. */
void hv_kvm_need_regs(HvKvmCpu *cpu);
void hv_kvm_need_sregs(HvKvmCpu *cpu);

/* ---- kvm-run.c ---------------------------------------------------------- */

HvCpuExit hv_kvm_run(HvCpu *cpu, HvCpuRun *run);
HvTime hv_kvm_clock_ns(void); /* CPU time of the calling thread */
/* What the guest used of it in this run, up to now_ns of that clock. */
HvTime hv_kvm_used_ns(HvKvmCpu *cpu, HvTime now_ns);
bool hv_kvm_interrupt(HvCpu *cpu, uint8_t vector);
void hv_kvm_kick(HvCpu *cpu);

/* Lets KVM finish the instruction whose exit was answered, and no other. The
 * CPU is then settled, or has another exit to answer, or has failed. */
void hv_kvm_settle(HvKvmCpu *cpu);

/* Settles at any price: exits on the way are answered with nothing. For when
 * the CPU is about to get another state. */
void hv_kvm_abandon(HvKvmCpu *cpu);

/* ---- kvm-exit.c --------------------------------------------------------- */

/* Answers the exit in kvm_run. True: the guest may go on (the phase is
 * HV_KVM_UNFINISHED or _SETTLED); false: the run ends with *ret_exit. */
bool hv_kvm_answer(HvKvmCpu *cpu, HvCpuRun *run, HvCpuExit *ret_exit);

/* Ends the run, and the CPU, with an error at the present instruction. */
HvCpuExit hv_kvm_fail(HvKvmCpu *cpu, HvCpuRun *run, HvCpuError error, HvGpa gpa);

/* ---- kvm-walk.c --------------------------------------------------------- */

/* Walks the guest's page tables as its CPU would. False: not mapped. */
bool hv_kvm_translate(HvKvmCpu *cpu, uint64_t linear, HvGpa *ret_gpa);

/* The linear address of the next instruction. */
uint64_t hv_kvm_linear_rip(HvKvmCpu *cpu);
