/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forward.c: out of the one port where the destination lives, or out of all others.
 *
 * Flooding is what makes storms, so this is where they are controlled: each port may
 * have so many of its frames flooded a second (broadcast, multicast, unknown), and a
 * tenth of that at once. */
#include "netsim/switch/private.h"

#include <string.h>

#include "netsim/proto/wire.h"

static bool is_reserved(NetMac mac)
{
    static const uint8_t prefix[5] = {0x01, 0x80, 0xc2, 0x00, 0x00};

    return memcmp(mac.byte, prefix, sizeof prefix) == 0 && mac.byte[5] < 0x10;
}

/* Does a flooded frame of the VLAN leave by this port? */
static bool takes_part(const NetSwitch *sw, uint32_t port, uint16_t vlan)
{
    return sw->ports[port].leader == port && sw->ports[port].up &&
           net_tree_forwards(&sw->ports[port].tree) && net_port_has_vlan(sw, port, vlan);
}

static uint32_t count_others(const NetPass *pass)
{
    const NetSwitch *sw = pass->sw;
    uint32_t others = 0;

    if (!sw->config.vlans && !sw->tree.on)
        return sw->up_count - sw->ports[pass->in].up;
    for (uint32_t port = 0; port < sw->port_count; port++)
        others += port != pass->in && takes_part(sw, port, pass->vlan);
    return others;
}

static bool storms(NetPass *pass)
{
    uint32_t fps = pass->sw->config.storm_fps;

    return fps != 0 &&
           !net_bucket_try(&net_pass_port(pass)->storm, 1, fps, MAX(fps / 10, 1), pass->now);
}

NetDropReason net_pass_flood(NetPass *pass)
{
    NetSwitch *sw = pass->sw;
    uint32_t others = count_others(pass);

    if (others == 0)
        return NET_DROP_NO_OTHER_PORT;
    if (storms(pass))
        return NET_DROP_STORM_CONTROL;
    NET_SWITCH_REPORT(sw, switch_flood, pass->now, net_pass_port(pass)->id, others, pass->frame);
    for (uint32_t port = 0; port < sw->port_count; port++) {
        if (port != pass->in && takes_part(sw, port, pass->vlan))
            net_pass_output(pass, port);
    }
    return NET_TAKEN;
}

NetDropReason net_stage_forward(NetPass *pass)
{
    NetSwitch *sw = pass->sw;

    if (net_mac_is_group(pass->destination))
        return is_reserved(pass->destination) ? NET_DROP_RESERVED_MULTICAST : net_pass_flood(pass);
    int64_t found = net_mac_table_find(sw->table, pass->vlan, pass->destination);
    if (found < 0)
        return net_pass_flood(pass);
    uint32_t out = (uint32_t)found;
    if (out == pass->in)
        return NET_DROP_SAME_PORT;
    NET_SWITCH_REPORT(sw, switch_forward, pass->now, net_pass_port(pass)->id, sw->ports[out].id,
                      pass->frame);
    net_pass_output(pass, out);
    if (sw->promiscuous > 0)
        net_pass_copy_promiscuous(pass, out);
    return NET_TAKEN;
}
