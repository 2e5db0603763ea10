/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ports.c: a switch is made; its ports come, are set and go; see switch.h. */
#include "netsim/switch/switch.h"

#include <string.h>

#include "netsim/switch/tree-private.h"

void net_switch_plan(NetSwitch *sw, uint32_t number)
{
    NetSwitchPort *port = &sw->ports[number];
    const NetPortConfig *config = &port->config;
    uint32_t plan = 0;

    plan |= (uint32_t)(port->mirrors != 0) << NET_STAGE_MIRROR;
    plan |= (uint32_t)port->tree.on << NET_STAGE_TREE;
    plan |= (uint32_t)sw->config.vlans << NET_STAGE_VLAN;
    plan |= (uint32_t)(config->refuse_forged || config->refuse_mac_changes) << NET_STAGE_POLICY;
    plan |= (uint32_t)(config->rate_cap.rate_bps != 0) << NET_STAGE_RATE_CAP;
    plan |= (uint32_t)(config->acl_in.count != 0) << NET_STAGE_ACL;
    port->stages = plan;
    bool asks = sw->config.vlans || port->tree.on || !port->up || config->refuse_mac_changes ||
                config->acl_out.count != 0 || port->mtu < sw->config.mtu;
    port->checked = asks || config->promiscuous == NET_PROMISCUOUS_DENY;
    port->plain_entry = plan == 0 && sw->flows->len == 0 && port->leader == number;
    port->plain_exit = !asks && port->team_size == 0 && port->mirrors == 0;
    port->owner = config->promiscuous == NET_PROMISCUOUS_DENY
                      ? net_mac_table_key(0, config->mac.byte)
                      : NET_ANY_OWNER;
}

/* --- ports --- */

static void switch_port_added(NetPart *part, uint32_t number, NetPortId id)
{
    NetSwitch *sw = (NetSwitch *)part;

    g_assert(number == sw->port_count);
    sw->ports = g_renew(NetSwitchPort, sw->ports, number + 1);
    sw->port_count = number + 1;
    sw->ports[number] = (NetSwitchPort){
        .id = id, .leader = number, .mtu = sw->config.mtu, .config.vlan = NET_DEFAULT_VLAN};
    net_switch_plan(sw, number);
}

static void switch_port_changed(NetPart *part, uint32_t number, bool cable_up, NetTime now)
{
    NetSwitch *sw = (NetSwitch *)part;
    uint32_t leader = sw->ports[number].leader;
    NetSwitchPort *port = &sw->ports[leader];

    sw->ports[number].cable_up = cable_up;
    bool up = port->team_size == 0 ? cable_up : net_team_changed(sw, leader, now);
    if (up == port->up)
        return;
    port->up = up;
    sw->up_count = up ? sw->up_count + 1 : sw->up_count - 1;
    net_switch_plan(sw, leader);
    if (!up)
        net_switch_forget_port(sw, leader, NET_AGED_PORT_DOWN, now);
    net_tree_port_changed(sw, leader, up, now);
}

uint32_t net_switch_find_port(const NetSwitch *sw, NetPortId id)
{
    for (uint32_t i = 0; i < sw->port_count; i++) {
        if (sw->ports[i].id == id)
            return sw->ports[i].leader;
    }
    return UINT32_MAX;
}

static void copy_acl(NetAcl *acl, const NetAcl *from)
{
    g_free((void *)acl->rules);
    acl->count = MIN(from->count, NET_MAX_ACL_RULES);
    acl->rules = g_memdup2(from->rules, acl->count * sizeof *acl->rules);
}

static uint64_t *vlan_bits(const NetPortConfig *config)
{
    if (config->vlan_mode == NET_VLAN_ACCESS || config->vlan_count == 0)
        return NULL;
    uint64_t *bits = g_new0(uint64_t, (NET_MAX_VLAN + 64) / 64);
    for (uint32_t i = 0; i < config->vlan_count; i++) {
        for (uint32_t v = config->vlans[i].first; v <= MIN(config->vlans[i].last, NET_MAX_VLAN);
             v++)
            bits[v / 64] |= UINT64_C(1) << (v % 64);
    }
    return bits;
}

void net_switch_configure(NetPart *part, uint32_t number, const NetPortConfig *config, NetTime now)
{
    NetSwitch *sw = (NetSwitch *)part;
    NetSwitchPort *port = &sw->ports[number];
    NetAcl in = port->config.acl_in, out = port->config.acl_out;

    sw->promiscuous -= port->config.promiscuous >= NET_PROMISCUOUS_ALLOW_VMS;
    port->config = *config;
    sw->promiscuous += config->promiscuous >= NET_PROMISCUOUS_ALLOW_VMS;
    copy_acl(&in, &config->acl_in);
    copy_acl(&out, &config->acl_out);
    port->config.acl_in = in;
    port->config.acl_out = out;
    if (config->vlan == 0)
        port->config.vlan = NET_DEFAULT_VLAN;
    port->mtu = config->mtu != 0 ? MIN(config->mtu, sw->config.mtu) : sw->config.mtu;
    g_free(port->vlans);
    port->vlans = vlan_bits(config);
    if (config->bridge && sw->tree.on && !port->tree.on)
        net_tree_add_port(sw, number, MAX(config->path_cost, 1));
    net_switch_plan(sw, number);
    NET_SWITCH_REPORT(sw, port_config, now, port->id, sw->config.vlans, &port->config);
}

void net_switch_set_acl(NetPart *part, uint32_t number, bool in, const NetAcl *acl, NetTime now)
{
    NetSwitch *sw = (NetSwitch *)part;
    NetSwitchPort *port = &sw->ports[number];

    copy_acl(in ? &port->config.acl_in : &port->config.acl_out, acl);
    net_switch_plan(sw, number);
    NET_SWITCH_REPORT(sw, port_config, now, port->id, sw->config.vlans, &port->config);
}

bool net_switch_add_mirror(NetPart *part, const NetMirror *mirror)
{
    NetSwitch *sw = (NetSwitch *)part;
    uint32_t from = net_switch_find_port(sw, mirror->from);
    uint32_t to = net_switch_find_port(sw, mirror->to);

    if (sw->mirror_count == NET_MAX_MIRRORS || from == UINT32_MAX || to == UINT32_MAX)
        return false;
    sw->mirrors[sw->mirror_count++] = (NetMirror){from, to, mirror->directions};
    sw->ports[from].mirrors |= (uint8_t)mirror->directions;
    net_switch_plan(sw, from);
    return true;
}

/* --- the rest of being a part --- */

static NetTime switch_deadline(const NetPart *part)
{
    const NetSwitch *sw = (const NetSwitch *)part;
    NetTime ageing = net_switch_ageing_deadline(sw);

    return sw->tree.on ? MIN(ageing, net_tree_deadline(sw)) : ageing;
}

static void switch_advance(NetPart *part, NetTime now)
{
    NetSwitch *sw = (NetSwitch *)part;

    net_switch_age(sw, now);
    net_tree_advance(sw, now);
}

static void switch_list_macs(const NetPart *part, GArray *rows)
{
    const NetSwitch *sw = (const NetSwitch *)part;
    const NetMacEntry *entry;

    for (entry = net_mac_table_oldest(sw->table); entry != NULL;
         entry = net_mac_table_next(sw->table, entry)) {
        NetMacRow row = {
            .vlan = entry->vlan,
            .mac = entry->mac,
            .port = sw->ports[entry->port].id,
            .last_seen = entry->last_seen,
        };
        g_array_append_val(rows, row);
    }
}

static void switch_free(NetPart *part)
{
    NetSwitch *sw = (NetSwitch *)part;

    for (uint32_t i = 0; i < sw->port_count; i++) {
        g_free((void *)sw->ports[i].config.acl_in.rules);
        g_free((void *)sw->ports[i].config.acl_out.rules);
        g_free(sw->ports[i].vlans);
    }
    net_mac_table_free(sw->table);
    g_array_unref(sw->flows);
    g_free(sw->ports);
    g_free(sw->name);
    g_free(sw);
}

static const NetPartOps switch_ops = {
    .kind = "switch",
    .receive = net_switch_receive,
    .deadline = switch_deadline,
    .arms_itself = true,
    .advance = switch_advance,
    .port_added = switch_port_added,
    .port_changed = switch_port_changed,
    .list_macs = switch_list_macs,
    .free = switch_free,
};

NetPart *net_switch_new(const NetSwitchConfig *config)
{
    NetSwitch *sw = g_new0(NetSwitch, 1);

    sw->part.ops = &switch_ops;
    sw->config = *config;
    sw->name = g_strdup(config->name != NULL ? config->name : "");
    sw->config.name = sw->name;
    sw->ageing_ns = config->ageing_ns;
    sw->table = net_mac_table_new(config->mac_rows);
    sw->flows = net_flows_new();
    net_tree_new(sw);
    return &sw->part;
}

bool net_part_is_switch(const NetPart *part)
{
    return part->ops == &switch_ops;
}

const char *net_switch_name(const NetPart *part)
{
    return ((const NetSwitch *)part)->name;
}
