/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policies.c: the table of built-in policies. A new policy is a file of its own
 * and a line here. */
#include "hv-core/sched/policies.h"

#include <string.h>

const HvPolicyOps *const hv_policies[] = {
    &hv_policy_rr,       &hv_policy_fifo,
    &hv_policy_sjf,      &hv_policy_stcf,
    &hv_policy_priority, &hv_policy_mlfq,
    &hv_policy_lottery,  &hv_policy_stride,
    &hv_policy_credit,   &hv_policy_cfs,
    &hv_policy_eevdf,    &hv_policy_sedf,
    &hv_policy_gang,     NULL,
};

const HvPolicyOps *hv_policy_find(const char *name)
{
    for (unsigned i = 0; name != NULL && hv_policies[i] != NULL; i++)
        if (strcmp(hv_policies[i]->name, name) == 0)
            return hv_policies[i];
    return NULL;
}
