/* SPDX-License-Identifier: GPL-2.0-or-later */
/* throttle.h: limits on what a VM may ask of the hypervisor, so that one VM's flood
 * does not starve others: exits a second, and device operations a second.
 *
 * Each limit is a token bucket: it holds `burst` tokens, and `rate` come in a second.
 * An operation takes one. A vCPU that has taken the last one is *throttled*: it leaves
 * its pCPU, blocked, until there is one again. So in any time t a VM has at most
 * burst + rate * t operations, and more only by what several vCPUs did at the same
 * moment, or by what a single notification of a queue led to (a queue may hold many
 * frames): then the bucket is in debt, which must be paid off first.
 *
 * Exits are those that the guest causes: port I/O, device registers, second-level page
 * faults, HLT. Device operations are frames that a NIC sends and texts that a virtio
 * console takes.
 */
#pragma once

#include "hv-core/host.h"
#include "hv-core/sched/events.h"

typedef struct HvVcpu HvVcpu;

typedef struct {
    HvThrottle limit; /* rate 0: none */
    int64_t level;    /* tokens, in parts of 1 / HV_NS_PER_SECOND; below 0: debt */
    HvTime filled;    /* level is as of this time */
} HvBucket;

/* Gives the VM a limit, and its bucket as many tokens as it holds. Reports it. */
void hv_throttle_set(HvVm *vm, HvThrottleKind kind, HvThrottle limit, HvTime now);

/* The VM has done `count` operations. */
void hv_throttle_count(HvVm *vm, HvThrottleKind kind, unsigned count, HvTime now);

/* After an access: notes that the vCPU is to leave if a bucket is empty. */
void hv_throttle_check(HvVcpu *vcpu);

/* It has left for that: wakes it when there are tokens. */
void hv_throttle_wait(HvVcpu *vcpu, HvTime now);

/* HvVcpu.throttle_end. */
void hv_throttle_end_fires(HvEvent *event);
