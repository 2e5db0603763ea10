/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switches.c: what a scenario says of switches, ports and trunks, in netsim's words;
 * and the commands that change them while the world runs.
 *
 * A scenario names ports by who is plugged in, netsim by number: so flow tables and
 * mirrors are filled once all NICs are attached.
 */
#include <string.h>

#include "netsim/proto/headers.h"
#include "sim/engine/private.h"

/* ---- Building ---------------------------------------------------------------- */

static NetLinkQuality quality_of(const SimLinkQuality *from)
{
    return (NetLinkQuality){
        .delay_ns = from->delay_ns,
        .jitter_ns = from->jitter_ns,
        .loss_ppm = (uint32_t)from->loss_ppm,
        .duplicate_ppm = (uint32_t)from->duplicate_ppm,
        .reorder_ppm = (uint32_t)from->reorder_ppm,
    };
}

static void set_vlans(NetPortConfig *port, const SimVlans *vlans, uint64_t native)
{
    port->vlan_mode = NET_VLAN_TRUNK;
    port->vlan = native == 0 ? NET_NO_NATIVE_VLAN : (uint16_t)native;
    port->vlan_count = vlans->count;
    for (uint16_t i = 0; i < vlans->count; i++)
        port->vlans[i] = (NetVlanRange){vlans->vlan[i], vlans->vlan[i]};
}

static NetTrunkConfig trunk_of(const SimScenarioTrunk *from)
{
    NetTrunkConfig trunk = {
        .a = from->a.index,
        .b = from->b.index,
        .cables = (uint32_t)from->cables,
        .team = from->by_source ? NET_TEAM_SOURCE_MAC : NET_TEAM_FAILOVER,
        .rate_bps = from->rate_bps,
        .latency_ns = from->latency_ns,
        .port = {.mtu = (uint32_t)from->mtu, .path_cost = (uint32_t)from->cost},
    };

    set_vlans(&trunk.port, &from->vlans, from->native);
    return trunk;
}

void sim_engine_network_config(const SimScenarioNetwork *network, NetNetworkConfig *config)
{
    size_t count = sim_scenario_switch_count(network);
    NetSwitchConfig *switches = g_new0(NetSwitchConfig, count);
    NetTrunkConfig *trunks = g_new0(NetTrunkConfig, MAX(network->trunk_count, 1));

    for (size_t i = 0; i < count; i++) {
        const SimScenarioSwitch *from = sim_scenario_switch(network, i);
        switches[i] = (NetSwitchConfig){
            .name = from->name,
            .mac_rows = (uint32_t)from->mac_rows,
            .vlans = network->vlans,
            .storm_fps = (uint32_t)from->storm_control,
            .tree = {.hello_ns = network->tree.hello_ns,
                     .max_age_ns = network->tree.max_age_ns,
                     .forward_delay_ns = network->tree.forward_delay_ns,
                     .priority = (uint16_t)from->priority},
        };
    }
    for (size_t i = 0; i < network->trunk_count; i++)
        trunks[i] = trunk_of(&network->trunks[i]);
    config->quality = quality_of(&network->quality);
    config->switches = switches;
    config->switch_count = (uint32_t)count;
    config->trunks = trunks;
    config->trunk_count = (uint32_t)network->trunk_count;
}

void sim_engine_network_clear(NetNetworkConfig *config)
{
    g_free((void *)config->switches);
    g_free((void *)config->trunks);
}

/* ---- Matches and lists --------------------------------------------------------- */

static bool is_mac(const uint8_t mac[6])
{
    static const uint8_t none[6];

    return memcmp(mac, none, sizeof(none)) != 0;
}

static NetIp4 mask_of(SimCidr cidr)
{
    return net_ip4_mask(cidr.prefix);
}

static void match_frame(NetMatch *match, const SimScenarioMatch *from)
{
    static const uint16_t types[] = {0, NET_TYPE_ARP, NET_TYPE_IPV4, 0x86dd};

    if (is_mac(from->source)) {
        match->fields |= NET_MATCH_SOURCE;
        memcpy(match->source.byte, from->source, 6);
    }
    if (is_mac(from->destination)) {
        match->fields |= NET_MATCH_DESTINATION;
        memcpy(match->destination.byte, from->destination, 6);
    }
    if (from->vlan) {
        match->fields |= NET_MATCH_VLAN;
        match->vlan = (uint16_t)from->vlan;
    }
    if (from->type != SIM_TYPE_ANY) {
        match->fields |= NET_MATCH_TYPE;
        match->type = types[from->type];
    }
}

static void match_packet(NetMatch *match, const SimScenarioMatch *from)
{
    static const uint8_t protocols[] = {0, NET_PROTOCOL_ICMP, NET_PROTOCOL_UDP, NET_PROTOCOL_TCP};

    if (from->source_ip.prefix) {
        match->fields |= NET_MATCH_SOURCE_IP;
        match->source_ip = from->source_ip.address;
        match->source_mask = mask_of(from->source_ip);
    }
    if (from->destination_ip.prefix) {
        match->fields |= NET_MATCH_DESTINATION_IP;
        match->destination_ip = from->destination_ip.address;
        match->destination_mask = mask_of(from->destination_ip);
    }
    if (from->protocol != SIM_IP_ANY) {
        match->fields |= NET_MATCH_PROTOCOL;
        match->protocol = protocols[from->protocol];
    }
    if (from->source_port) {
        match->fields |= NET_MATCH_SOURCE_PORT;
        match->source_first = match->source_last = (uint16_t)from->source_port;
    }
    if (from->destination_port) {
        match->fields |= NET_MATCH_DESTINATION_PORT;
        match->destination_first = match->destination_last = (uint16_t)from->destination_port;
    }
}

static NetAcl acl_of(const SimScenarioRule *rules, size_t count)
{
    NetAclRule *to = g_new0(NetAclRule, MAX(count, 1));

    for (size_t i = 0; i < count; i++) {
        to[i].allow = !rules[i].deny;
        match_packet(&to[i].match, &rules[i].match);
    }
    return (NetAcl){to, (uint32_t)count};
}

static NetRate rate_of(const SimRate *from)
{
    return (NetRate){from->rate_bps, (uint32_t)from->burst_bytes};
}

void sim_engine_nic_config(const SimScenario *scenario, const SimScenarioNic *nic,
                           NetNicConfig *config)
{
    static const NetPromiscuous promiscuous[] = {NET_PROMISCUOUS_DENY, NET_PROMISCUOUS_ALLOW_VMS,
                                                 NET_PROMISCUOUS_ALLOW_ALL};
    const SimNicPort *from = &nic->port;
    NetPortConfig *port = &config->port;

    config->on_switch = from->on.index;
    config->shape = rate_of(&from->shape);
    *port = (NetPortConfig){
        .mac = config->mac,
        .promiscuous = promiscuous[from->promiscuous],
        .refuse_forged = !from->forged_transmits,
        .refuse_mac_changes = !from->mac_changes,
        .is_vm = true,
        .mac_limit = (uint32_t)from->mac_limit,
        .vlan = (uint16_t)from->vlan,
        .acl_in = acl_of(from->acl.in, from->acl.in_count),
        .acl_out = acl_of(from->acl.out, from->acl.out_count),
        .rate_cap = rate_of(&from->rate_cap),
    };
    if (from->trunk.is_set)
        set_vlans(port, &from->trunk.vlans, from->trunk.native);
}

void sim_engine_nic_clear(NetNicConfig *config)
{
    g_free((void *)config->port.acl_in.rules);
    g_free((void *)config->port.acl_out.rules);
}

/* ---- Flow tables and mirrors ------------------------------------------------------ */

static NetPortId peer_of(const SimEngine *engine, NetPortId port)
{
    NetPortInfo info;

    net_world_port(engine->net, port, &info);
    return info.peer;
}

/* The port of a network's switch that is meant. */
static NetPortId port_of(const SimEngine *engine, uint32_t network, uint32_t on,
                         const SimScenarioPort *port)
{
    const SimScenarioNetwork *scenario = &engine->scenario->networks[network];

    if (port->is_trunk)
        return net_world_trunk_port(engine->net, network, port->index, 0,
                                    scenario->trunks[port->index].b.index == on);
    return peer_of(engine, engine->vm_port[port->index][port->nic]);
}

static NetFlow flow_of(const SimEngine *engine, uint32_t network, uint32_t on,
                       const SimScenarioFlow *from)
{
    NetFlow flow = {.priority = (uint32_t)from->priority,
                    .action_count = (uint32_t)from->action_count};

    g_strlcpy(flow.name, from->name, sizeof(flow.name));
    match_frame(&flow.match, &from->match);
    match_packet(&flow.match, &from->match);
    if (from->match.in.name) {
        flow.match.fields |= NET_MATCH_IN_PORT;
        flow.match.in_port = port_of(engine, network, on, &from->match.in);
    }
    for (size_t i = 0; i < from->action_count; i++) {
        const SimScenarioAction *action = &from->actions[i];
        flow.actions[i] = (NetAction){
            .kind = (NetActionKind)action->kind, .ip = action->ip, .vlan = (uint16_t)action->vlan};
        memcpy(flow.actions[i].mac.byte, action->mac, 6);
        if (action->kind == SIM_ACTION_OUTPUT)
            flow.actions[i].port = port_of(engine, network, on, &action->port);
    }
    return flow;
}

static void program_switch(SimEngine *engine, uint32_t network, uint32_t on)
{
    static const unsigned directions[] = {NET_MIRROR_IN | NET_MIRROR_OUT, NET_MIRROR_IN,
                                          NET_MIRROR_OUT};
    const SimScenarioSwitch *sw = sim_scenario_switch(&engine->scenario->networks[network], on);

    for (size_t i = 0; i < sw->flow_count; i++) {
        NetFlow flow = flow_of(engine, network, on, &sw->flows[i]);
        net_world_add_flow(engine->net, network, on, &flow, engine->now);
    }
    for (size_t i = 0; i < sw->mirror_count; i++) {
        NetMirror mirror = {port_of(engine, network, on, &sw->mirrors[i].from),
                            port_of(engine, network, on, &sw->mirrors[i].to),
                            directions[sw->mirrors[i].direction]};
        net_world_add_mirror(engine->net, network, on, &mirror);
    }
}

void sim_engine_program_network(SimEngine *engine, uint32_t number)
{
    const SimScenarioNetwork *network = &engine->scenario->networks[number];

    g_free(engine->cut_trunks[number]);
    engine->cut_trunks[number] = g_new0(uint8_t, network->trunk_count + 1);
    if (!engine->wiring[number].recipe->has_switch)
        return;
    for (uint32_t i = 0; i < sim_scenario_switch_count(network); i++)
        program_switch(engine, number, i);
}

void sim_engine_program_switches(SimEngine *engine)
{
    engine->cut_trunks = g_new0(uint8_t *, engine->scenario->network_count + 1);
    for (uint32_t n = 0; n < engine->scenario->network_count; n++)
        sim_engine_program_network(engine, n);
}

void sim_engine_free_trunks(SimEngine *engine)
{
    for (size_t n = 0; engine->cut_trunks && n < engine->scenario->network_count; n++)
        g_free(engine->cut_trunks[n]);
    g_free(engine->cut_trunks);
}

/* ---- Commands ---------------------------------------------------------------------- */

static NetPortId trunk_port(const SimEngine *engine, const SimCommand *command)
{
    return net_world_trunk_port(engine->net, command->network.index, command->on.index,
                                (uint32_t)command->nic, false);
}

static bool set_trunk(SimEngine *engine, const SimCommand *command, bool up)
{
    uint8_t *cut = &engine->cut_trunks[command->network.index][command->on.index];
    uint8_t bit = (uint8_t)(1u << command->nic);

    if (!(*cut & bit) == up)
        return false;
    *cut ^= bit;
    net_world_set_link(engine->net, trunk_port(engine, command), up, engine->now);
    return true;
}

static bool set_acl(SimEngine *engine, const SimCommand *command)
{
    NetPortId port = engine->vm_port[command->vm.index][command->nic];
    NetAcl in = acl_of(command->acl.in, command->acl.in_count);
    NetAcl out = acl_of(command->acl.out, command->acl.out_count);
    bool done = net_world_set_acl(engine->net, port, true, &in, engine->now) &&
                net_world_set_acl(engine->net, port, false, &out, engine->now);

    g_free((void *)in.rules);
    g_free((void *)out.rules);
    return done;
}

bool sim_engine_switch_command(SimEngine *engine, const SimCommand *command)
{
    NetLinkQuality quality = quality_of(&command->quality);
    NetFlow flow;

    if (command->network.name && !engine->wiring[command->network.index].recipe->has_switch)
        return false;
    switch ((SimCommandKind)command->kind) {
    case SIM_COMMAND_SET_LINK_QUALITY:
        net_world_set_quality(engine->net,
                              command->vm.name ? engine->vm_port[command->vm.index][command->nic]
                                               : trunk_port(engine, command),
                              &quality, engine->now);
        return true;
    case SIM_COMMAND_PLUG_TRUNK: return set_trunk(engine, command, true);
    case SIM_COMMAND_UNPLUG_TRUNK: return set_trunk(engine, command, false);
    case SIM_COMMAND_FLOW_ADD:
        flow = flow_of(engine, command->network.index, command->on.index, &command->flow);
        return net_world_add_flow(engine->net, command->network.index, command->on.index, &flow,
                                  engine->now);
    case SIM_COMMAND_FLOW_REMOVE:
        return net_world_remove_flow(engine->net, command->network.index, command->on.index,
                                     command->text, engine->now);
    case SIM_COMMAND_SET_ACL: return set_acl(engine, command);
    default: g_assert_not_reached();
    }
}
