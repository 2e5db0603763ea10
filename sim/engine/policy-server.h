/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy-server.h: runs a policy that comes from a shared object.
 *
 * The policy's side of own-policy.h: it holds a copy of what the scheduler knows
 * of each vCPU, and turns each call, a struct of numbers, into a call of the
 * policy's hook. It runs in a jailed process of its own, or, if the policy is
 * trusted, in the engine's.
 */
#pragma once

#include <glib.h>

#include "hv-core/limits.h"
#include "hv-core/sched/policy.h"

#define SIM_POLICY_SYMBOL "hv_policy" /* const HvPolicyOps in the shared object */
#define SIM_NO_ID         UINT32_MAX

typedef enum {
    SIM_CALL_CREATE, /* params */
    SIM_CALL_ADD,
    SIM_CALL_REMOVE,
    SIM_CALL_READY, /* number: HvReadyWhy */
    SIM_CALL_UNREADY,
    SIM_CALL_PICK,     /* number: pCPU -> id or SIM_NO_ID, slice_ns, key */
    SIM_CALL_RAN,      /* time: ran_ns */
    SIM_CALL_PREEMPTS, /* -> pCPU or -1 */
    SIM_CALL_TIMER,    /* -> mask */
    SIM_CALL_CHANGED,  /* before */
    SIM_CALL_DEADLINE, /* -> time */
    SIM_CALL_COUNT
} SimPolicyCallKind;

typedef struct {
    uint32_t kind; /* SimPolicyCallKind */
    uint32_t number;
    uint64_t now, time;
    HvSchedVcpu vcpu; /* policy_data means nothing */
    HvSchedParams before;
    HvPolicyParams params;          /* running means nothing */
    uint32_t running[HV_MAX_PCPUS]; /* ids; SIM_NO_ID: nobody */
} SimPolicyCall;

typedef struct {
    uint64_t value;
    HvSchedPick pick;
} SimPolicyAnswer;

/* What there is to know of a policy; strings are cut off. */
typedef struct {
    char error[256]; /* "": none */
    char name[32], title[128], key[64];
    uint64_t wait_slices;
    uint32_t uses;
    bool proportional, may_starve, has_preempts, has_timer, has_changed;
} SimPolicyHello;

typedef struct SimPolicyServer SimPolicyServer;

/* Loads the shared object; what is wrong stands in hello->error. */
SimPolicyServer *sim_policy_server_new(const char *path, SimPolicyHello *hello);
void sim_policy_server_free(SimPolicyServer *server);
void sim_policy_serve(SimPolicyServer *server, const SimPolicyCall *call, SimPolicyAnswer *answer);
