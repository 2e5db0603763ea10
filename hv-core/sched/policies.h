/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policies.h: the built-in policies, one per file, in the order in which a course
 * meets them. Everyone else finds them by name with hv_policy_find(). */
#pragma once

#include "hv-core/sched/policy.h"

extern const HvPolicyOps hv_policy_rr;       /* rr.c */
extern const HvPolicyOps hv_policy_fifo;     /* fifo.c */
extern const HvPolicyOps hv_policy_sjf;      /* sjf.c */
extern const HvPolicyOps hv_policy_stcf;     /* stcf.c */
extern const HvPolicyOps hv_policy_priority; /* priority.c */
extern const HvPolicyOps hv_policy_mlfq;     /* mlfq.c */
extern const HvPolicyOps hv_policy_lottery;  /* lottery.c */
extern const HvPolicyOps hv_policy_stride;   /* stride.c */
extern const HvPolicyOps hv_policy_credit;   /* credit.c */
extern const HvPolicyOps hv_policy_cfs;      /* cfs.c */
extern const HvPolicyOps hv_policy_eevdf;    /* eevdf.c */
extern const HvPolicyOps hv_policy_sedf;     /* sedf.c */
extern const HvPolicyOps hv_policy_gang;     /* gang.c */
