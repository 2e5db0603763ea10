/* SPDX-License-Identifier: GPL-2.0-or-later */
/* segment.c: the switches of a network and the cables to them; see segment.h. */
#include "netsim/segment.h"

#include <string.h>

#include "netsim/switch/switch.h"
#include "netsim/world-private.h"

static NetLinkConfig link_of(const NetNetwork *network)
{
    return (NetLinkConfig){
        .latency_ns = network->config.latency_ns,
        .rate_bps = network->config.rate_bps,
        .queue_bytes = network->config.queue_bytes,
    };
}

static void join(NetWorld *world, const NetNetwork *network, NetPortId a, NetPortId b,
                 const NetLinkConfig *link, NetTime now)
{
    static const NetLinkQuality perfect;

    net_world_add_link(world, a, b, link, now);
    if (memcmp(&network->config.quality, &perfect, sizeof perfect) != 0)
        net_world_set_quality(world, a, &network->config.quality, now);
}

/* --- switches --- */

/* What a switch leaves to its network. */
static NetSwitchConfig switch_config(const NetNetwork *network, uint32_t number)
{
    const NetNetworkConfig *of = &network->config;
    NetSwitchConfig config = {0};

    if (number < of->switch_count)
        config = of->switches[number];
    if (config.name == NULL)
        config.name = of->name;
    if (config.mtu == 0)
        config.mtu = of->mtu;
    if (config.ageing_ns == 0)
        config.ageing_ns = of->mac_ageing_ns;
    if (config.mac_rows == 0)
        config.mac_rows = of->mac_rows;
    config.address = (NetMac){
        {0x02, 0x68, 0x77, (uint8_t)(network->id >> 8), (uint8_t)network->id, (uint8_t)number}};
    return config;
}

static NetPart *make_switch(NetWorld *world, const NetNetwork *network,
                            const NetSwitchConfig *config, NetTime now)
{
    NetPart *part = net_switch_new(config);
    NetPartId id = net_world_add_part(world, part, network->id, 0, 0, now);

    if (part->observer->switch_new != NULL)
        part->observer->switch_new(part->observer_user, now, id, network->id, config);
    return part;
}

static void add_switch(NetWorld *world, NetNetwork *network, uint32_t number, NetTime now)
{
    NetSwitchConfig config = switch_config(network, number);

    network->switches[number] = make_switch(world, network, &config, now);
}

NetPart *net_segment_make_bridge(NetWorld *world, const NetNetwork *network, const char *name,
                                 NetTime now)
{
    NetSwitchConfig config = switch_config(network, NET_MAX_SWITCHES);

    config.name = name;
    return make_switch(world, network, &config, now);
}

/* --- trunks --- */

/* IEEE 802.1D-1998 table 8-5, and on in its manner. */
static uint32_t path_cost(uint64_t rate_bps)
{
    static const struct {
        uint64_t rate_bps;
        uint32_t cost;
    } table[] = {{UINT64_C(10000000000), 2}, {1000000000, 4}, {100000000, 19}, {10000000, 100}};

    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (rate_bps >= table[i].rate_bps)
            return table[i].cost;
    }
    return 250;
}

static NetPortId add_trunk_ports(NetWorld *world, NetPart *part, const NetTrunkConfig *trunk,
                                 const NetPortConfig *config, NetTime now)
{
    NetPortId first = NET_NO_PORT;
    uint32_t number = net_part_port_count(part);

    for (uint32_t i = 0; i < trunk->cables; i++) {
        NetPortId port = net_world_add_port(world, part, now);
        if (i == 0)
            first = port;
        net_switch_configure(part, number + i, config, now);
    }
    if (trunk->cables > 1)
        net_switch_team(part, number, trunk->cables, trunk->team);
    return first;
}

static void add_trunk(NetWorld *world, NetNetwork *network, uint32_t number, NetTime now)
{
    const NetTrunkConfig *trunk = &network->config.trunks[number];
    NetPortId *ends = network->trunk_ports[number];
    NetLinkConfig link = link_of(network);
    NetPortConfig port = trunk->port;

    if (trunk->rate_bps != 0)
        link.rate_bps = trunk->rate_bps;
    if (trunk->latency_ns != 0)
        link.latency_ns = trunk->latency_ns;
    port.bridge = true;
    port.vlan_mode = NET_VLAN_TRUNK;
    if (port.path_cost == 0)
        port.path_cost = path_cost(link.rate_bps);
    ends[0] = add_trunk_ports(world, network->switches[trunk->a], trunk, &port, now);
    ends[1] = add_trunk_ports(world, network->switches[trunk->b], trunk, &port, now);
    for (uint32_t i = 0; i < trunk->cables; i++)
        join(world, network, ends[0] + i, ends[1] + i, &link, now);
}

void net_segment_create(NetWorld *world, NetNetwork *network, NetTime now)
{
    network->switch_count = MAX(network->config.switch_count, 1);
    for (uint32_t i = 0; i < network->switch_count; i++)
        add_switch(world, network, i, now);
    network->segment = network->switches[0];
    network->trunk_ports = g_malloc0_n(MAX(network->config.trunk_count, 1), sizeof(NetPortId[2]));
    for (uint32_t i = 0; i < network->config.trunk_count; i++)
        add_trunk(world, network, i, now);
}

/* --- what is wired to them --- */

NetPortId net_segment_join(NetWorld *world, NetNetwork *network, NetPortId port, NetTime now)
{
    NetLinkConfig link = link_of(network);
    NetPortId own = net_world_add_port(world, network->segment, now);

    join(world, network, port, own, &link, now);
    return own;
}

void net_segment_attach(NetWorld *world, NetNetwork *network, NetPortId nic_port,
                        const NetNicConfig *nic, NetTime now)
{
    static const NetPortConfig plain;
    NetLinkConfig link = link_of(network);
    NetPart *part = network->switches[nic->on_switch];
    uint32_t number = net_part_port_count(part);
    NetPortId own = net_world_add_port(world, part, now);

    link.shape = nic->shape;
    if (memcmp(&nic->port, &plain, sizeof plain) != 0)
        net_switch_configure(part, number, &nic->port, now);
    join(world, network, nic_port, own, &link, now);
}

/* --- what can be set while the world runs --- */

static NetPart *switch_at(const NetWorld *world, NetNetworkId id, uint32_t number)
{
    const NetNetwork *network = world->networks->pdata[id];

    return number < network->switch_count ? network->switches[number] : NULL;
}

bool net_world_add_flow(NetWorld *world, NetNetworkId network, uint32_t number, const NetFlow *flow,
                        NetTime now)
{
    NetPart *part = switch_at(world, network, number);

    return part != NULL && net_switch_add_flow(part, flow, now);
}

bool net_world_remove_flow(NetWorld *world, NetNetworkId network, uint32_t number, const char *name,
                           NetTime now)
{
    NetPart *part = switch_at(world, network, number);

    return part != NULL && net_switch_remove_flow(part, name, now);
}

bool net_world_add_mirror(NetWorld *world, NetNetworkId network, uint32_t number,
                          const NetMirror *mirror)
{
    NetPart *part = switch_at(world, network, number);

    return part != NULL && net_switch_add_mirror(part, mirror);
}

bool net_world_set_acl(NetWorld *world, NetPortId nic_port, bool in, const NetAcl *acl, NetTime now)
{
    const NetPort *port = net_world_port_at(world, nic_port)->peer;

    if (port == NULL || !net_part_is_switch(port->part))
        return false;
    net_switch_set_acl(port->part, port->number, in, acl, now);
    return true;
}

NetPortId net_world_trunk_port(const NetWorld *world, NetNetworkId id, uint32_t trunk,
                               uint32_t cable, bool at_b)
{
    const NetNetwork *network = world->networks->pdata[id];

    return network->trunk_ports[trunk][at_b] + cable;
}
