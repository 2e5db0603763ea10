/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modes.c: the recipes. */
#include "netsim/modes.h"

#include <string.h>

#include "netsim/segment.h"

static const NetMode modes[] = {
    /* A switch, a cable from each NIC to it, and nothing else: no host, no router, no DHCP. */
    {.name = "internal", .create = net_segment_create, .attach = net_segment_attach},
};

const NetMode *net_mode_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    }
    return NULL;
}

const char *const *net_world_modes(void)
{
    static const char *names[G_N_ELEMENTS(modes) + 1];

    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++)
        names[i] = modes[i].name;
    return names;
}
