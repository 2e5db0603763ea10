/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.h: does a policy keep its promises?
 *
 * The checker is a machine without guests: it calls a policy's hooks as the
 * scheduler would (policy.h), with vCPUs that compute, wait, yield, are paused,
 * changed and removed at random, and finds out whether the policy
 *   - picks only vCPUs that are ready and may run there, for a slice of at least 1 ns;
 *   - never picks one twice, never loses one: when all else is over, who is still
 *     ready gets its turn;
 *   - leaves no pCPU idle while somebody is ready for it (unless it has caps or
 *     budgets, which are for that);
 *   - lets nobody wait longer than it says (wait_slices), if it does not say that
 *     vCPUs may starve;
 *   - preempts only who runs, and does not let its timer stand still.
 */
#pragma once

#include "hv-core/sched/policy.h"

typedef struct {
    const HvPolicyOps *ops;
    unsigned pcpu_count; /* at most HV_MAX_PCPUS */
    unsigned vcpu_count;
    uint64_t seed;   /* of this random world */
    unsigned rounds; /* decisions after which the machine is emptied */
    bool affinities; /* some vCPUs may not run everywhere */
    bool caps;       /* some vCPUs have caps, or budgets */
    /* NULL, or asked after every call of a hook: what went wrong outside of the
     * policy's own promises (its process has died, say); NULL: nothing. */
    const char *(*broken)(void *user);
    void *user;
} HvPolicyCheck;

/* NULL: all is well; else a sentence that says what is wrong. g_free(). */
char *hv_policy_check(const HvPolicyCheck *check);
