/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policies.h: the built-in policies, one per file. Everyone else finds them by
 * name with hv_policy_find(). */
#pragma once

#include "hv-core/sched/policy.h"

extern const HvPolicyOps hv_policy_rr; /* rr.c */
