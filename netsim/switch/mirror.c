/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mirror.c: copies for who looks on: mirror ports, and NICs that may be promiscuous.
 *
 * A mirror (SPAN) port gets what passes another port, as it is on that cable. A
 * promiscuous NIC gets what the switch carries between others. Nobody gets the same
 * frame twice: a port that was sent something in this pass is left out.
 */
#include "netsim/switch/private.h"

static void copy(NetPass *pass, uint32_t to, NetFrame *frame, NetCopyReason why)
{
    NetSwitch *sw = pass->sw;
    NetSwitchPort *port = &sw->ports[to];

    if (to == pass->in || port->passed == sw->passes || !port->up)
        return;
    port->passed = sw->passes;
    NET_SWITCH_REPORT(sw, switch_copy, pass->now, net_pass_port(pass)->id, port->id, frame, why);
    net_part_send(&sw->part, to, frame, pass->now);
}

void net_pass_copy_mirrors(NetPass *pass, uint32_t port, unsigned direction, NetFrame *frame)
{
    const NetSwitch *sw = pass->sw;

    for (uint32_t i = 0; i < sw->mirror_count; i++) {
        const NetMirror *mirror = &sw->mirrors[i];
        if (mirror->from == port && mirror->directions & direction)
            copy(pass, mirror->to, frame, NET_COPY_MIRROR);
    }
}

NetDropReason net_stage_mirror(NetPass *pass)
{
    net_pass_copy_mirrors(pass, pass->in, NET_MIRROR_IN, pass->frame);
    return NET_PASS_ON;
}

void net_pass_copy_promiscuous(NetPass *pass, uint32_t out)
{
    NetSwitch *sw = pass->sw;
    bool between_vms = net_pass_port(pass)->config.is_vm && sw->ports[out].config.is_vm;

    for (uint32_t i = 0; i < sw->port_count; i++) {
        NetPromiscuous may = sw->ports[i].config.promiscuous;
        if ((may == NET_PROMISCUOUS_ALLOW_ALL ||
             (may == NET_PROMISCUOUS_ALLOW_VMS && between_vms)) &&
            net_port_has_vlan(sw, i, pass->vlan))
            copy(pass, i, pass->frame, NET_COPY_PROMISCUOUS);
    }
}
