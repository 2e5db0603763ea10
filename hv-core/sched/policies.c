/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policies.c: the table of built-in policies. A new policy is a file of its own
 * and a line here. */
#include "hv-core/sched/policies.h"

const HvPolicyOps *const hv_policies[] = {
    &hv_policy_rr,
    NULL,
};

const HvPolicyOps *hv_policy_find(const char *name)
{
    for (unsigned i = 0; hv_policies[i] != NULL; i++)
        if (g_strcmp0(hv_policies[i]->name, name) == 0)
            return hv_policies[i];
    return NULL;
}
