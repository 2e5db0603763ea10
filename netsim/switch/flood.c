/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flood.c: out of all other ports, because the destination is a group or not known.
 *
 * Flooding is what makes storms, so this is where they are controlled: each port may
 * have so many of its frames flooded a second (broadcast, multicast, unknown), and a
 * tenth of that at once. */
#include "netsim/switch/private.h"

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
