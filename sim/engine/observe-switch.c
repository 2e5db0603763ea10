/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observe-switch.c: policies, flow tables, spanning trees and teams, written into the
 * trace. What a flow does is put into words here, because the trace keeps the words.
 */
#include "sim/engine/observe-switch.h"

#include <string.h>

#include "netsim/proto/headers.h"
#include "netsim/proto/text.h"
#include "sim/engine/private.h"

_Static_assert((int)NET_DROP_LINK_LOSS == (int)SIM_NET_DROP_LINK_LOSS, "NetDrop");
_Static_assert((int)NET_DROP_NOT_FOR_IT == (int)SIM_NET_DROP_NOT_FOR_IT, "NetDrop");
_Static_assert((int)NET_COPY_COUNT == (int)SIM_COPY_COUNT, "CopyWhy");
_Static_assert((int)NET_TREE_STATE_COUNT == (int)SIM_TREE_STATE_COUNT, "TreeState");
_Static_assert((int)NET_TREE_FORWARDING == (int)SIM_TREE_FORWARDING, "TreeState");
_Static_assert((int)NET_TREE_ROLE_COUNT == (int)SIM_TREE_ROLE_COUNT, "TreeRole");
_Static_assert((int)NET_PROMISCUOUS_ALLOW_ALL == (int)SIM_PROMISCUOUS_ALLOW_ALL, "Promiscuous");

#define TRACE(user, at, Name, ...)                                                                 \
    SIM_TRACE(((SimEngine *)(user))->trace, SIM_SOURCE_WORLD, at, Name, __VA_ARGS__)

static uint16_t network_of(const SimEngine *engine, NetPortId port)
{
    return g_array_index(engine->port_network, uint16_t, port);
}

static uint16_t network_of_part(const SimEngine *engine, NetPartId part)
{
    return (uint16_t)g_array_index(engine->part_info, NetPartInfo, part).network;
}

/* ---- Settings -------------------------------------------------------------- */

void sim_observe_switch(void *user, NetTime at, NetPartId part, NetNetworkId network,
                        const NetSwitchConfig *config)
{
    SimEngine *engine = user;
    uint64_t mac = 0;

    for (int i = 0; i < 6; i++)
        mac = mac << 8 | config->address.byte[i];
    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, at, SwitchCreated, config->name,
                   strlen(config->name), .mac = mac, .part = part, .storm_fps = config->storm_fps,
                   .network = network, .priority = config->tree.priority, .vlans = config->vlans,
                   .spanning_tree = config->tree.hello_ns != 0);
}

void sim_observe_port_config(void *user, NetTime at, NetPortId port, bool vlans,
                             const NetPortConfig *config)
{
    SimEngine *engine = user;
    g_autoptr(GString) text = g_string_new(NULL);

    for (uint32_t i = 0; i < config->vlan_count; i++) {
        g_string_append_printf(text, "%s%u", i > 0 ? "," : "", config->vlans[i].first);
        if (config->vlans[i].last != config->vlans[i].first)
            g_string_append_printf(text, "-%u", config->vlans[i].last);
    }
    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, at, PortConfig, text->str, text->len,
                   .rate_cap_bps = config->rate_cap.rate_bps, .port = port,
                   .mac_limit = config->mac_limit, .network = network_of(engine, port),
                   .vlan = vlans ? config->vlan : 0, .acl_in = config->acl_in.count,
                   .acl_out = config->acl_out.count,
                   .mode = !vlans                                 ? SIM_PORT_VLAN_NONE
                           : config->vlan_mode == NET_VLAN_ACCESS ? SIM_PORT_VLAN_ACCESS
                                                                  : SIM_PORT_VLAN_TRUNK,
                   .promiscuous = config->promiscuous, .refuse_forged = config->refuse_forged,
                   .refuse_mac_changes = config->refuse_mac_changes);
}

void sim_observe_link_quality(void *user, NetTime at, NetPortId from, const NetLinkQuality *quality)
{
    TRACE(user, at, LinkQuality, .delay_ns = quality->delay_ns, .jitter_ns = quality->jitter_ns,
          .from = from, .loss_ppm = quality->loss_ppm, .duplicate_ppm = quality->duplicate_ppm,
          .reorder_ppm = quality->reorder_ppm, .network = network_of(user, from));
}

/* ---- Flow tables ------------------------------------------------------------ */

static void add_mac(GString *text, const char *what, NetMac mac)
{
    char buffer[NET_MAC_TEXT_BYTES];

    net_mac_format(mac, buffer);
    g_string_append_printf(text, " %s %s", what, buffer);
}

static void add_ip(GString *text, const char *what, NetIp4 address, NetIp4 mask)
{
    g_string_append_printf(text, " %s %u.%u.%u.%u", what, address >> 24, address >> 16 & 255,
                           address >> 8 & 255, address & 255);
    if (mask != UINT32_MAX)
        g_string_append_printf(text, "/%d", __builtin_popcount(mask));
}

static void add_ports(GString *text, const char *what, uint16_t first, uint16_t last)
{
    g_string_append_printf(text, " %s %u", what, first);
    if (last != first)
        g_string_append_printf(text, "-%u", last);
}

static void add_match(GString *text, const NetMatch *match)
{
    uint32_t fields = match->fields;

    if (fields == 0)
        g_string_append(text, " everything");
    if (fields & NET_MATCH_IN_PORT)
        g_string_append_printf(text, " in port %u", match->in_port);
    if (fields & NET_MATCH_SOURCE)
        add_mac(text, "from", match->source);
    if (fields & NET_MATCH_DESTINATION)
        add_mac(text, "to", match->destination);
    if (fields & NET_MATCH_VLAN)
        g_string_append_printf(text, " vlan %u", match->vlan);
    if (fields & NET_MATCH_TYPE)
        g_string_append_printf(text, " type 0x%04x", match->type);
    if (fields & NET_MATCH_SOURCE_IP)
        add_ip(text, "from", match->source_ip, match->source_mask);
    if (fields & NET_MATCH_DESTINATION_IP)
        add_ip(text, "to", match->destination_ip, match->destination_mask);
    if (fields & NET_MATCH_PROTOCOL)
        g_string_append_printf(text, " protocol %u", match->protocol);
    if (fields & NET_MATCH_SOURCE_PORT)
        add_ports(text, "from port", match->source_first, match->source_last);
    if (fields & NET_MATCH_DESTINATION_PORT)
        add_ports(text, "to port", match->destination_first, match->destination_last);
}

static void add_action(GString *text, const NetAction *action)
{
    switch (action->kind) {
    case NET_ACTION_OUTPUT: g_string_append_printf(text, " output %u", action->port); break;
    case NET_ACTION_FLOOD: g_string_append(text, " flood"); break;
    case NET_ACTION_NORMAL: g_string_append(text, " normal"); break;
    case NET_ACTION_DROP: g_string_append(text, " drop"); break;
    case NET_ACTION_CONTROLLER: g_string_append(text, " controller"); break;
    case NET_ACTION_SET_SOURCE: add_mac(text, "set source", action->mac); break;
    case NET_ACTION_SET_DESTINATION: add_mac(text, "set destination", action->mac); break;
    case NET_ACTION_SET_SOURCE_IP: add_ip(text, "set source", action->ip, UINT32_MAX); break;
    case NET_ACTION_SET_DESTINATION_IP:
        add_ip(text, "set destination", action->ip, UINT32_MAX);
        break;
    case NET_ACTION_PUSH_VLAN: g_string_append_printf(text, " push vlan %u", action->vlan); break;
    case NET_ACTION_POP_VLAN: g_string_append(text, " pop vlan"); break;
    case NET_ACTION_COUNT: break;
    }
}

void sim_observe_flow_added(void *user, NetTime at, NetPartId part, uint32_t number,
                            const NetFlow *flow)
{
    SimEngine *engine = user;
    g_autoptr(GString) text = g_string_new(flow->name);

    g_string_append(text, "\nmatch");
    add_match(text, &flow->match);
    g_string_append(text, ":");
    for (uint32_t i = 0; i < flow->action_count; i++) {
        g_string_append(text, i > 0 ? "," : "");
        add_action(text, &flow->actions[i]);
    }
    if (flow->action_count == 0)
        g_string_append(text, " drop");
    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, at, FlowAdded, text->str, text->len,
                   .part = part, .flow = number, .priority = flow->priority,
                   .network = network_of_part(engine, part));
}

void sim_observe_flow_removed(void *user, NetTime at, NetPartId part, uint32_t number)
{
    TRACE(user, at, FlowRemoved, .part = part, .flow = number,
          .network = network_of_part(user, part));
}

void sim_observe_flow_match(void *user, NetTime at, NetPortId in, uint32_t number,
                            const NetFrame *frame)
{
    TRACE(user, at, FlowMatch, .frame = frame->id, .in_port = in, .flow = number,
          .network = network_of(user, in));
}

void sim_observe_to_controller(void *user, NetTime at, NetPortId in, uint32_t number,
                               const NetFrame *frame)
{
    TRACE(user, at, ToController, .frame = frame->id, .in_port = in, .flow = number,
          .network = network_of(user, in));
}

/* ---- Frames ------------------------------------------------------------------ */

void sim_observe_egress_drop(void *user, NetTime at, NetPortId in, NetPortId out,
                             const NetFrame *frame, NetDropReason why)
{
    TRACE(user, at, EgressDrop, .frame = frame->id, .in_port = in, .port = out, .why = why,
          .network = network_of(user, in));
}

void sim_observe_copy(void *user, NetTime at, NetPortId in, NetPortId out, const NetFrame *frame,
                      NetCopyReason why)
{
    TRACE(user, at, SwitchCopy, .frame = frame->id, .in_port = in, .port = out, .why = why,
          .network = network_of(user, in));
}

/* ---- Spanning tree and teams ---------------------------------------------------- */

void sim_observe_tree_port(void *user, NetTime at, NetPortId port, NetTreeState from,
                           NetTreeState to, NetTreeRole role)
{
    TRACE(user, at, TreePort, .port = port, .network = network_of(user, port), .from = from,
          .to = to, .role = role);
}

void sim_observe_tree_root(void *user, NetTime at, NetPartId part, uint64_t bridge, uint64_t root,
                           uint32_t cost, NetPortId root_port)
{
    TRACE(user, at, TreeRoot, .bridge = bridge, .root = root, .part = part, .cost = cost,
          .root_port = root_port, .network = network_of_part(user, part));
}

void sim_observe_tree_heard(void *user, NetTime at, NetPortId port, const NetFrame *frame)
{
    TRACE(user, at, BpduReceived, .frame = frame->id, .port = port,
          .network = network_of(user, port));
}

void sim_observe_team_active(void *user, NetTime at, NetPortId from, NetPortId to)
{
    TRACE(user, at, TeamActive, .from_port = from, .port = to, .network = network_of(user, to));
}
