/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dispatch.h: the pCPUs, and which vCPU is on which.
 *
 * A pCPU is a clock and the vCPU that it runs. Between two calls of the main
 * loop (vm/host.c) it is in one of three situations:
 *   - it is idle: no vCPU is ready for it, its clock stands until one is;
 *   - it runs a vCPU that may go on;
 *   - it has something to decide: its vCPU leaves, or it has none and asks the
 *     policy. Decisions are made when the pCPU's clock is the lowest of all,
 *     so that the policy hears of everything in order of time.
 *
 * Costs: a dispatch of another vCPU than the one before costs costs.switch_ns.
 * The vCPU pays before its slice begins, so that a slice is as long as the
 * policy says, whatever switching costs.
 */
#pragma once

#include "hv-core/sched/events.h"
#include "hv-core/sched/policy.h"
#include "hv-core/types.h"

typedef struct HvHost HvHost;
typedef struct HvVcpu HvVcpu;

typedef struct {
    uint16_t number;
    bool idle;
    HvTime clock;
    HvVcpu *current; /* NULL: idle, or about to ask the policy */
    HvVcpu *last;    /* the last one it ran */
    HvTime dispatched_at;
    HvTime slice_end;
    HvTime step_end; /* of the step in progress */
    HvTime busy_ns;
    uint64_t switches;
} HvPcpu;

/* The pCPU with the lowest clock of all that are not idle, the lowest number
 * among equals; NULL: all are idle. */
HvPcpu *hv_dispatch_next(HvHost *host);

/* The lowest clock of the pCPUs that are not idle, `except` left out. */
HvTime hv_dispatch_lowest_clock(const HvHost *host, const HvPcpu *except);

/* Has this pCPU something to decide before it can run? */
bool hv_dispatch_pending(HvPcpu *pcpu);

/* Decides: the vCPU that leaves does so, the policy picks the next, which is
 * dispatched. Or, when leaving costs time, pays that first and decides at the
 * next call. Only for the pCPU with the lowest clock. */
void hv_dispatch(HvHost *host, HvPcpu *pcpu);

/* The policy's timer is set to what the policy says. After every call of a hook
 * that may change it; this file's own functions do so themselves. */
void hv_dispatch_arm_timer(HvHost *host);

/* A vCPU can run from now on: tells the policy, wakes idle pCPUs that may run
 * it, or else asks the policy whether it takes the place of another. */
void hv_dispatch_ready(HvVcpu *vcpu, HvReadyWhy why, HvTime now);

/* A ready vCPU cannot run any more. */
void hv_dispatch_unready(HvVcpu *vcpu, HvTime now);

/* A vCPU is about to be freed, whatever it is doing: the policy is told in the order
 * that its ops ask for, so that it looks at none that is gone. Reports nothing. */
void hv_dispatch_forget(HvVcpu *vcpu);

/* Gives the vCPU other parameters: tells the policy, takes it off a pCPU that it
 * may not run on any more, and lets idle pCPUs ask again. */
void hv_dispatch_change(HvVcpu *vcpu, const HvSchedParams *params, HvTime now);

/* HvHost.policy_timer: calls the policy's timer hook. */
void hv_dispatch_timer_fires(HvEvent *event);
