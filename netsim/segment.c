/* SPDX-License-Identifier: GPL-2.0-or-later */
/* segment.c: the switch of a network and the cables to it; see segment.h. */
#include "netsim/segment.h"

#include "netsim/switch.h"

void net_segment_create(NetWorld *world, NetNetwork *network, NetTime now)
{
    NetSwitchConfig config = {
        .mtu = network->config.mtu,
        .ageing_ns = network->config.mac_ageing_ns,
        .mac_rows = network->config.mac_rows,
    };

    network->segment = net_switch_new(&config);
    net_world_add_part(world, network->segment, network->id, 0, 0, now);
}

NetPortId net_segment_join(NetWorld *world, NetNetwork *network, NetPortId port, NetTime now)
{
    NetLinkConfig link = {
        .latency_ns = network->config.latency_ns,
        .rate_bps = network->config.rate_bps,
        .queue_bytes = network->config.queue_bytes,
    };
    NetPortId own = net_world_add_port(world, network->segment, now);

    net_world_add_link(world, port, own, &link, now);
    return own;
}

void net_segment_attach(NetWorld *world, NetNetwork *network, NetPortId nic_port,
                        const NetNicConfig *nic, NetTime now)
{
    net_segment_join(world, network, nic_port, now);
}
