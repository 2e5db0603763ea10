/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.h: who runs next.
 *
 * A policy is one file with one ops table and no knowledge of KVM, guests or
 * time sources: it is told which vCPUs become ready and how long each ran, and
 * is asked, when a pCPU is free, which vCPU it shall run and for how long.
 * The scheduler keeps the promise that every vCPU the policy has been told is
 * ready, and no other, may be picked, and that calls come in order of virtual
 * time (equal times: in the order in which the world made them happen).
 */
#pragma once

#include <glib.h>

#include "hv-core/types.h"

/* What a policy knows of a vCPU. The scheduler owns it; id never changes. */
typedef struct {
    uint32_t id; /* in order of creation over the whole host */
    uint16_t vm, vcpu;
    uint32_t weight;   /* share in relation to others; 256 is normal */
    uint32_t priority; /* larger runs first */
    uint32_t cap_ppm;  /* of one pCPU; 0: none */
    uint64_t affinity; /* bit n: may run on pCPU n */
    void *policy_data; /* the policy's own, between add and remove */
} HvSchedVcpu;

typedef enum {
    HV_READY_NEW,     /* first time */
    HV_READY_WOKEN,   /* was blocked */
    HV_READY_SLICE,   /* used up its slice */
    HV_READY_PREEMPT, /* taken off its pCPU before the end of its slice */
    HV_READY_YIELD,   /* gave up the rest of its slice */
} HvReadyWhy;

typedef struct {
    HvTime slice_ns;
    unsigned pcpu_count;
    uint64_t seed; /* for policies that draw lots */
} HvPolicyParams;

/* All hooks but preempts are required. */
typedef struct HvPolicyOps {
    const char *name;
    const char *title; /* a line for lists */
    void *(*create)(const HvPolicyParams *params);
    void (*destroy)(void *policy);
    void (*add)(void *policy, HvSchedVcpu *vcpu);
    void (*remove)(void *policy, HvSchedVcpu *vcpu); /* not ready, not running */
    void (*ready)(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now);
    /* Takes back ready(): the VM was paused or killed. */
    void (*unready)(void *policy, HvSchedVcpu *vcpu, HvTime now);
    /* The vCPU that pcpu runs now, no longer ready from here on; NULL leaves the
     * pCPU idle. *ret_slice_ns, at least 1, is set with it. */
    HvSchedVcpu *(*pick)(void *policy, unsigned pcpu, HvTime now, HvTime *ret_slice_ns);
    /* vcpu ran for ran_ns and left its pCPU; a ready() follows if it still can run. */
    void (*ran)(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now);
    /* candidate has just become ready: shall it take the place of running? */
    bool (*preempts)(void *policy, HvSchedVcpu *candidate, HvSchedVcpu *running, HvTime now);
} HvPolicyOps;

/* The built-in policies, ended by NULL. */
extern const HvPolicyOps *const hv_policies[];
const HvPolicyOps *hv_policy_find(const char *name);
