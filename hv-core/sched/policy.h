/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.h: who runs next.
 *
 * A policy is one file with one ops table and no knowledge of KVM, guests or
 * time sources: it is told which vCPUs become ready and how long each ran, and
 * is asked, when a pCPU is free, which vCPU it shall run and for how long.
 * The scheduler keeps the promise that every vCPU the policy has been told is
 * ready, and no other, may be picked, and that calls come in order of virtual
 * time (equal times: in the order in which the world made them happen).
 *
 * This header is also what a policy of your own includes, one that hvlab loads
 * with --policy (`hvlab policy new NAME` writes the file to begin with). It
 * needs nothing but types.h, and HV_POLICY_VERSION changes when it does.
 *
 * The life of a vCPU, as a policy sees it:
 *
 *   add -> ready -> pick -> ran -> ready ...         it used its slice, or yielded
 *                        -> ran -> (waits) -> ready  it blocked, and woke
 *                        -> ran -> remove            it ended
 *          ready -> unready                          its VM was paused or killed
 *
 * Preemption. When a vCPU becomes ready and no pCPU is idle, `preempts` may name
 * a pCPU whose vCPU makes room for it. `deadline` and `timer` are for what a
 * policy does at certain times (accounting, budgets, a boost): the scheduler
 * calls `timer` when the time has come; it may take vCPUs off their pCPUs.
 */
#pragma once

#include "hv-core/types.h"

#define HV_POLICY_VERSION 1

#define HV_NORMAL_WEIGHT 256u

/* What a person sets for a vCPU, also while it runs. Policies use what concerns
 * them (HvPolicyOps.uses) and leave the rest. */
typedef struct {
    uint32_t weight;          /* share in relation to others; 256 is normal, never 0 */
    uint32_t priority;        /* larger runs first */
    uint32_t cap_ppm;         /* at most this part of a pCPU; 0: no cap */
    uint32_t reservation_ppm; /* at least this part of a pCPU while it wants it */
    uint64_t affinity;        /* bit n: may run on pCPU n; never 0 */
    HvTime period_ns;         /* of a periodic budget; 0: none */
    HvTime slice_ns;          /* its own slice, or its budget per period; 0: the policy's */
} HvSchedParams;

/* What a policy knows of a vCPU. The scheduler owns it and writes all of it but
 * policy_data; id never changes. */
typedef struct {
    uint32_t id; /* in order of creation over the whole host */
    uint16_t vm, vcpu;
    HvSchedParams params;
    uint16_t pcpu;      /* that it runs on; HV_NO_PCPU: it does not run */
    uint16_t last_pcpu; /* that it ran on last; HV_NO_PCPU: it never did */
    HvTime since;       /* while it runs: when its slice began */
    HvTime burst_ns;    /* a job's CPU time up to its next wait or its end, as of the last time it
                           left a pCPU; 0: not known, it is no job */
    HvTime deadline;    /* by which a job must be done; HV_TIME_NEVER: none */
    void *policy_data;  /* the policy's own, between add and remove */
} HvSchedVcpu;

typedef enum {
    HV_READY_NEW,     /* first time */
    HV_READY_WOKEN,   /* was blocked */
    HV_READY_SLICE,   /* used up its slice */
    HV_READY_PREEMPT, /* taken off its pCPU before the end of its slice */
    HV_READY_YIELD,   /* gave up the rest of its slice */
} HvReadyWhy;

typedef struct {
    HvTime slice_ns; /* how long a turn is */
    unsigned pcpu_count;
    uint64_t seed;        /* for policies that draw lots */
    unsigned levels;      /* mlfq: its queues */
    bool slice_doubles;   /* mlfq: each lower queue has twice the slice */
    HvTime allotment_ns;  /* mlfq: CPU time at a level; 0: one slice; HV_TIME_NEVER: only who uses
                             a whole slice at once goes down */
    HvTime boost_ns;      /* mlfq: everybody to the top this often; HV_TIME_NEVER: never */
    HvTime accounting_ns; /* credit: credits are given out this often */
    HvTime latency_ns;    /* cfs: everybody has a turn in this time; 0: eight slices */
    /* By pCPU: who runs there and has not been told to leave; NULL: nobody. The
     * scheduler's array; it lives as long as the policy. */
    HvSchedVcpu *const *running;
    void *user; /* of whoever made the ops table, if it is not a policy's own */
} HvPolicyParams;

/* A policy's answer when it picks. */
typedef struct {
    HvTime slice_ns; /* for how long, at least 1; HV_TIME_NEVER: until it gives up the pCPU */
    uint64_t key;    /* what decided it, for people: see HvPolicyOps.key */
} HvSchedPick;

/* Bits of HvPolicyOps.uses: which of HvSchedParams and of a job play a role. */
enum {
    HV_USES_WEIGHT = 1u << 0,
    HV_USES_PRIORITY = 1u << 1,
    HV_USES_CAP = 1u << 2,
    HV_USES_RESERVATION = 1u << 3,
    HV_USES_PERIOD = 1u << 4,
    HV_USES_BURST = 1u << 5,
    HV_USES_DEADLINE = 1u << 6,
};

/* All hooks but those marked as optional are required. now never goes back. */
typedef struct HvPolicyOps {
    unsigned version; /* HV_POLICY_VERSION */
    const char *name;
    const char *title;  /* a line for lists */
    const char *key;    /* what HvSchedPick.key is: "pass", "ticket drawn"; NULL: nothing */
    unsigned uses;      /* HV_USES_* */
    bool proportional;  /* who always wants to run gets CPU time by weight */
    bool may_starve;    /* a ready vCPU may have to wait for ever */
    HvTime wait_slices; /* else: it waits at most so many slices for each vCPU there is */

    void *(*create)(const HvPolicyParams *params); /* params lives as long as the policy */
    void (*destroy)(void *policy);
    void (*add)(void *policy, HvSchedVcpu *vcpu);
    void (*remove)(void *policy, HvSchedVcpu *vcpu); /* not ready, not running */
    void (*ready)(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now);
    /* Takes back ready(): the VM was paused or killed. */
    void (*unready)(void *policy, HvSchedVcpu *vcpu, HvTime now);
    /* The vCPU that pcpu runs now, no longer ready from here on; NULL leaves the
     * pCPU idle until somebody becomes ready, or timer() has been called. */
    HvSchedVcpu *(*pick)(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret);
    /* vcpu ran for ran_ns and left its pCPU (still vcpu->last_pcpu); a ready()
     * follows if it can go on. */
    void (*ran)(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now);

    /* Optional. candidate has just become ready and no pCPU is idle: the pCPU on
     * which it may run and whose vCPU makes room for it; -1: none. */
    int (*preempts)(void *policy, HvSchedVcpu *candidate, HvTime now);
    /* Optional, both or none: the next time at which timer() shall be called;
     * HV_TIME_NEVER: none, which must be so when nobody is ready or runs. */
    HvTime (*deadline)(void *policy);
    /* Returns the pCPUs (bit n: pCPU n) whose vCPU leaves now. All idle pCPUs
     * will ask pick() again. */
    uint64_t (*timer)(void *policy, HvTime now);
    /* Optional. vcpu->params were changed; before is what they were. */
    void (*changed)(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before, HvTime now);
} HvPolicyOps;

/* How long a running vCPU has had its pCPU. (That pCPU's clock may be ahead of
 * now or, right after a dispatch, its slice may only begin.) */
static inline HvTime hv_sched_ran(const HvSchedVcpu *running, HvTime now)
{
    return now > running->since ? now - running->since : 0;
}

static inline bool hv_sched_may_run(const HvSchedVcpu *vcpu, unsigned pcpu)
{
    return vcpu->params.affinity >> pcpu & 1;
}

/* The built-in policies, ended by NULL. */
extern const HvPolicyOps *const hv_policies[];
const HvPolicyOps *hv_policy_find(const char *name);
