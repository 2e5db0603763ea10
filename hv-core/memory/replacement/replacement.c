/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replacement.c: the list of replacement policies. */
#include "hv-core/memory/replacement/replacement.h"

#include <string.h>

static const HvReplacementOps *const policies[] = {
    &hv_replacement_fifo, &hv_replacement_clock,  &hv_replacement_lru,
    &hv_replacement_nru,  &hv_replacement_random, &hv_replacement_opt,
};

const HvReplacementOps *hv_replacement_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++)
        if (!strcmp(policies[i]->name, name))
            return policies[i];
    return NULL;
}

const char *const *hv_replacement_names(void)
{
    static const char *names[G_N_ELEMENTS(policies) + 1];

    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++)
        names[i] = policies[i]->name;
    return names;
}
