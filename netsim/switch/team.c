/* SPDX-License-Identifier: GPL-2.0-or-later */
/* team.c: several cables that are one port.
 *
 * The switch learns and floods by the team's first port, the leader. Both ends see a
 * cable go at the same time, so both leave it at the same time and nothing comes in
 * by a cable that the other end does not use.
 */
#include "netsim/switch/private.h"

static uint32_t first_whole(const NetSwitch *sw, uint32_t leader)
{
    for (uint32_t i = 0; i < sw->ports[leader].team_size; i++) {
        if (sw->ports[leader + i].cable_up)
            return leader + i;
    }
    return leader;
}

/* The n-th cable that is whole, n counted round. */
static uint32_t nth_whole(const NetSwitch *sw, uint32_t leader, uint32_t n)
{
    uint32_t whole[NET_MAX_TRUNK_CABLES], count = 0;

    for (uint32_t i = 0; i < sw->ports[leader].team_size; i++) {
        if (sw->ports[leader + i].cable_up)
            whole[count++] = leader + i;
    }
    return count > 0 ? whole[n % count] : leader;
}

uint32_t net_team_member(const NetSwitch *sw, uint32_t leader, NetMac source)
{
    const NetSwitchPort *port = &sw->ports[leader];
    uint32_t sum = 0;

    if (port->team == NET_TEAM_FAILOVER)
        return port->active;
    for (unsigned i = 0; i < 6; i++)
        sum += source.byte[i];
    return nth_whole(sw, leader, sum);
}

bool net_team_changed(NetSwitch *sw, uint32_t leader, NetTime now)
{
    NetSwitchPort *port = &sw->ports[leader];
    uint32_t before = port->active;

    port->active = first_whole(sw, leader);
    if (port->active != before)
        NET_SWITCH_REPORT(sw, team_active, now, sw->ports[before].id, sw->ports[port->active].id);
    return sw->ports[port->active].cable_up;
}

void net_switch_team(NetPart *part, uint32_t first, uint32_t count, NetTeamPolicy policy)
{
    NetSwitch *sw = (NetSwitch *)part;

    g_assert(count >= 2 && count <= NET_MAX_TRUNK_CABLES && first + count <= sw->port_count);
    sw->ports[first].team_size = count;
    sw->ports[first].team = policy;
    sw->ports[first].active = first;
    for (uint32_t i = 0; i < count; i++)
        sw->ports[first + i].leader = first;
    for (uint32_t i = 0; i < count; i++)
        net_switch_plan(sw, first + i);
}
