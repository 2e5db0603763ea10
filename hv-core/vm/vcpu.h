/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpu.h: one vCPU of a VM: its state, its interrupts, and running it.
 *
 * States, and who changes them:
 *
 *            start            dispatch
 *      NEW ---------> READY ------------> RUNNING ---> HALTED, CRASHED
 *                     ^   ^  slice end,      |
 *           interrupt |   |  yield, preempt  | HLT, pause
 *                     |   +------------------+
 *                     +------- BLOCKED <-----+
 *
 * A running vCPU never changes state on the spot. Whoever finds that it must
 * go notes it with hv_vcpu_leave() or hv_vcpu_evict(); it goes when its pCPU next decides
 * (sched/dispatch.c), at the pCPU's own time.
 *
 * Time: while the CPU backend runs, the pCPU's clock stands at the begin of the
 * run. A run executes whole instructions only. When less time is left to the
 * end of a step than the next one takes, the pCPU's clock goes to that end all
 * the same and the vCPU keeps what it did not use as *credit* for its next run,
 * so that steps may be shorter than an instruction and yet nothing is lost.
 */
#pragma once

#include "hv-core/cpu/cpu.h"
#include "hv-core/guest/abi.h"
#include "hv-core/observer.h"
#include "hv-core/sched/dispatch.h"
#include "hv-core/sched/events.h"
#include "hv-core/sched/policy.h"

typedef struct HvVm HvVm;
typedef struct HvJob HvJob;

#define HV_VECTOR_COUNT 256u

struct HvVcpu {
    HvSchedVcpu sched; /* first, so that what a policy picks leads here */
    HvVm *vm;
    HvCpu *cpu;
    HvJob *job; /* vm/job.h; NULL: it is none */
    HvVcpuState state;
    HvPcpu *pcpu; /* while RUNNING */

    HvTimeInfo time; /* what the guest is told */

    /* Noted by hv_vcpu_leave() or _evict(); HV_VCPU_RUNNING: it stays. */
    HvVcpuState leave_to;
    HvWhy leave_why;
    bool evicted;
    bool held;      /* BLOCKED only because its VM is paused */
    bool throttled; /* BLOCKED until throttle_end, whatever interrupts come */
    HvEvent throttle_end;

    /* Interrupts. */
    uint64_t pending[HV_VECTOR_COUNT / 64];
    bool window_asked; /* one could not be taken; the CPU will say when it can */
    HvEvent timer;
    HvTime deadline; /* HV_TIME_NEVER: the timer is off */

    /* The run in progress or the last one. */
    HvCpuRun run;
    HvTime run_begin; /* the guest's time then, at most the pCPU's clock */
    HvTime cost_ns;   /* charged meanwhile */
    HvTime credit_ns; /* charged, but not used by the guest yet */
    HvStamp at;       /* of the access that the host serves now */
    bool needs_frame; /* it waits for one; up to: */
    HvTime frame_by;  /* 0: it has not begun to wait */
    HvWhy crash_why;  /* why an access was answered HV_ACCESS_CRASH */
};

/* Creates CPU number index of the VM in state HV_VCPU_NEW. */
bool hv_vcpu_init(HvVcpu *vcpu, HvVm *vm, unsigned index, GError **error);
void hv_vcpu_clear(HvVcpu *vcpu);

/* The one place where a vCPU's state changes and where that is reported. */
void hv_vcpu_set_state(HvVcpu *vcpu, HvVcpuState to, HvWhy why, HvStamp at);

/* Notes that a running vCPU is to go into state `to`: because of what it did
 * itself, or evicted, which takes an exit of its own. The first reason that is
 * final stays. hv_vcpu_stay() takes it back. */
void hv_vcpu_leave(HvVcpu *vcpu, HvVcpuState to, HvWhy why);
void hv_vcpu_evict(HvVcpu *vcpu, HvVcpuState to, HvWhy why);
void hv_vcpu_stay(HvVcpu *vcpu);

/* READY from another state than RUNNING. */
void hv_vcpu_make_ready(HvVcpu *vcpu, HvReadyWhy ready, HvWhy why, HvTime now);

/* ---- Interrupts --------------------------------------------------------- */

/* Sets vector pending and wakes the vCPU if it waits for one. The vCPU may have
 * run past this time: then the interrupt is reported as late by that much. */
void hv_vcpu_raise(HvVcpu *vcpu, uint8_t vector, uint64_t frame_id, HvStamp at);
bool hv_vcpu_has_interrupt(const HvVcpu *vcpu);
/* Sets the timer; a deadline before now fires at now. HV_TIME_NEVER: off. */
void hv_vcpu_set_deadline(HvVcpu *vcpu, HvTime deadline, HvTime now);

/* ---- Running ------------------------------------------------------------ */

typedef enum {
    HV_RUN_UNTIL,  /* nothing fits any more before `until` */
    HV_RUN_EXIT,   /* the guest did something: the step is over */
    HV_RUN_KICKED, /* somebody wants the host to return */
} HvRunResult;

/* Begins a step: offers the guest a pending interrupt. */
void hv_vcpu_begin_step(HvVcpu *vcpu);

/* Runs guest code on its pCPU until `until` at most and moves the pCPU's clock. */
HvRunResult hv_vcpu_run(HvVcpu *vcpu, HvTime until);

/* The step ends at `end`, where the pCPU's clock now goes. */
void hv_vcpu_end_step(HvVcpu *vcpu, HvTime end);

/* Tells the observer; regs are those of the vCPU now. */
void hv_vcpu_tell_exit(HvVcpu *vcpu, HvExit *exit, const HvCpuRegs *regs, HvStamp at);

/* An exit that happened outside a run: adds what it costs, reports it, charges. */
void hv_vcpu_report_exit(HvVcpu *vcpu, HvExit *exit);

/* The HvCpuClient hook, vm/vcpu-access.c; user is the HvVcpu. */
HvAccessResult hv_vcpu_access(void *user, HvCpu *cpu, HvAccess *access);
