/* SPDX-License-Identifier: GPL-2.0-or-later */
/* learn.c: where addresses live, how many a port may have, and when they are forgotten. */
#include "netsim/switch/private.h"

NetDropReason net_pass_learn(NetPass *pass)
{
    NetSwitch *sw = pass->sw;
    NetSwitchPort *port = net_pass_port(pass);
    uint32_t old = 0;

    if (port->config.mac_limit != 0 && port->macs >= port->config.mac_limit &&
        net_mac_table_find(sw->table, pass->vlan, pass->source) != (int64_t)pass->in)
        return NET_DROP_MAC_LIMIT;
    switch (net_mac_table_learn(sw->table, pass->vlan, pass->source, pass->in, pass->now, &old)) {
    case NET_MAC_KNOWN: break;
    case NET_MAC_LEARNED:
        port->macs++;
        NET_SWITCH_REPORT(sw, switch_learned, pass->now, port->id, pass->vlan, pass->source);
        net_part_arm(&sw->part);
        break;
    case NET_MAC_MOVED:
        sw->ports[old].macs--;
        port->macs++;
        NET_SWITCH_REPORT(sw, switch_moved, pass->now, sw->ports[old].id, port->id, pass->vlan,
                          pass->source);
        break;
    case NET_MAC_FULL:
        NET_SWITCH_REPORT(sw, switch_table_full, pass->now, port->id, pass->vlan, pass->source);
        break;
    }
    return pass->learn_only ? NET_DROP_PORT_BLOCKED : NET_PASS_ON;
}

static void forget(NetSwitch *sw, const NetMacEntry *entry, NetAgedReason why, NetTime now)
{
    NetMacEntry gone = *entry;

    net_mac_table_remove(sw->table, entry);
    sw->ports[gone.port].macs--;
    NET_SWITCH_REPORT(sw, switch_aged, now, sw->ports[gone.port].id, gone.vlan, gone.mac, why);
}

NetTime net_switch_ageing_deadline(const NetSwitch *sw)
{
    const NetMacEntry *oldest = net_mac_table_oldest(sw->table);

    if (oldest == NULL || sw->ageing_ns > NET_TIME_NEVER - oldest->last_seen)
        return NET_TIME_NEVER;
    return oldest->last_seen + sw->ageing_ns;
}

void net_switch_age(NetSwitch *sw, NetTime now)
{
    while (net_switch_ageing_deadline(sw) <= now)
        forget(sw, net_mac_table_oldest(sw->table), NET_AGED_IDLE, now);
}

void net_switch_forget_port(NetSwitch *sw, uint32_t port, NetAgedReason why, NetTime now)
{
    const NetMacEntry *entry, *next;

    for (entry = net_mac_table_oldest(sw->table); entry != NULL; entry = next) {
        next = net_mac_table_next(sw->table, entry);
        if (entry->port == port)
            forget(sw, entry, why, now);
    }
}
