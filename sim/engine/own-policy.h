/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own-policy.h: a scheduling policy of one's own, from a shared object.
 *
 * It looks like any policy to the scheduler: a table of hooks. Behind them a
 * process of its own runs the student's code, in a jail (sim/cli/policy-jail.c):
 * it can compute and answer, and nothing else. Each hook sends the call there,
 * waits for the answer, and looks at it: a vCPU that is not ready, a pCPU on which
 * it may not run, a slice of 0 is not taken. A policy that lies, crashes, or does
 * not answer in time has failed: sim_own_policy_failed() says how, and nobody is
 * picked from then on, so that the run can be ended.
 */
#pragma once

#include "sim/engine/policy-server.h"

typedef struct SimOwnPolicy SimOwnPolicy;

/* path: of the shared object. jail: the program whose "policy jail PATH" serves it
 * (NULL: the running one); trusted: no process, the code runs in this one. NULL and
 * HV_ERROR_INVALID if it cannot be loaded or is no policy. */
SimOwnPolicy *sim_own_policy_new(const char *path, const char *jail, bool trusted, GError **error);
void sim_own_policy_free(SimOwnPolicy *own);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimOwnPolicy, sim_own_policy_free)

const HvPolicyOps *sim_own_policy_ops(const SimOwnPolicy *own);
/* A sentence, NULL: it has not. */
const char *sim_own_policy_failed(const SimOwnPolicy *own);
