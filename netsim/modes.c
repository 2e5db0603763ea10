/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modes.c: the recipes. */
#include "netsim/modes.h"

#include <string.h>

#include "netsim/switch.h"

/* internal: one switch, one cable from each NIC to it, and nothing else: no host,
 * no router, no DHCP. */

static void internal_create(NetWorld *world, NetNetwork *network, NetTime now)
{
    NetSwitchConfig config = {
        .mtu = network->config.mtu,
        .ageing_ns = network->config.mac_ageing_ns,
        .mac_rows = network->config.mac_rows,
    };

    network->segment = net_switch_new(&config);
    net_world_add_part(world, network->segment, network->id, 0, 0, now);
}

static void attach_to_segment(NetWorld *world, NetNetwork *network, NetPortId nic_port, NetTime now)
{
    NetLinkConfig link = {
        .latency_ns = network->config.latency_ns,
        .rate_bps = network->config.rate_bps,
        .queue_bytes = network->config.queue_bytes,
    };
    NetPortId port = net_world_add_port(world, network->segment, now);

    net_world_add_link(world, nic_port, port, &link, now);
}

static const NetMode modes[] = {
    {.name = "internal", .create = internal_create, .attach = attach_to_segment},
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
