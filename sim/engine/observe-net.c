/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observe-net.c: what netsim reports, written into the trace.
 *
 * All of it comes from the world (source 0). The trace names the network beside
 * each port, which netsim does not repeat: it is looked up by port.
 */
#include "sim/engine/observe-arp.h"
#include "sim/engine/observe-nat.h"
#include "sim/engine/observe-switch.h"
#include "sim/engine/private.h"

#include <string.h>

#include "netsim/proto/types.h"

_Static_assert((int)NET_DROP_COUNT == (int)SIM_NET_DROP_COUNT, "NetDrop");
_Static_assert((int)NET_DROP_SAME_PORT == (int)SIM_NET_DROP_SAME_PORT, "NetDrop");
_Static_assert((int)NET_DROP_NAT_NO_ROW == (int)SIM_NET_DROP_NAT_NO_ROW, "NetDrop");
_Static_assert((int)NET_AGED_COUNT == (int)SIM_AGED_COUNT, "AgedWhy");

#define TRACE(user, at, Name, ...)                                                                 \
    SIM_TRACE(((SimEngine *)(user))->trace, SIM_SOURCE_WORLD, at, Name, __VA_ARGS__)

static uint16_t network_of(const SimEngine *engine, NetPortId port)
{
    return g_array_index(engine->port_network, uint16_t, port);
}

static uint64_t mac_number(NetMac mac)
{
    uint64_t number = 0;

    for (int i = 0; i < 6; i++)
        number = number << 8 | mac.byte[i];
    return number;
}

static uint8_t mode_number(const char *mode)
{
    uint8_t number = 0;

    while (number < SIM_NET_MODE_COUNT && strcmp(sim_name(SIM_NAMES(NetMode), number), mode))
        number++;
    return number;
}

static void network_new(void *user, NetTime at, NetNetworkId network, const char *name,
                        const char *mode)
{
    SimEngine *engine = user;

    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, at, NetworkCreated, name, strlen(name),
                   .network = network, .mode = mode_number(mode));
}

static void network_mode(void *user, NetTime at, NetNetworkId network, const char *mode)
{
    const SimEngine *engine = user;

    TRACE(user, at, NetworkMode, .network = network,
          .from = mode_number(sim_network_mode_name(engine->wiring[network].mode)),
          .to = mode_number(mode));
}

static void link_gone(void *user, NetTime at, NetPortId a, NetPortId b)
{
    TRACE(user, at, LinkGone, .a = a, .b = b);
}

static void port_gone(void *user, NetTime at, NetPortId port)
{
    TRACE(user, at, PortGone, .port = port, .network = network_of(user, port));
}

static void part_new(void *user, NetTime at, const NetPartInfo *info)
{
    SimEngine *engine = user;

    g_assert(engine->part_info->len == info->part);
    g_array_append_vals(engine->part_info, info, 1);
}

static void port_new(void *user, NetTime at, NetPortId port, NetPartId part, uint32_t number,
                     NetNetworkId on)
{
    SimEngine *engine = user;
    const NetPartInfo *info = &g_array_index(engine->part_info, NetPartInfo, part);
    uint16_t network = on;
    bool is_nic = !strcmp(info->kind, "nic");

    g_assert(engine->port_network->len == port);
    g_array_append_val(engine->port_network, network);
    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, at, PortCreated, info->kind, strlen(info->kind),
                   .port = port, .part = part, .number = number, .network = network,
                   .vm = is_nic ? info->vm : SIM_NONE, .nic = is_nic ? info->nic : SIM_NONE);
}

static void link_new(void *user, NetTime at, NetPortId a, NetPortId b, NetTime latency_ns,
                     uint64_t rate_bps)
{
    TRACE(user, at, LinkCreated, .a = a, .b = b, .latency_ns = latency_ns, .rate_bps = rate_bps);
}

static void port_state(void *user, NetTime at, NetPortId port, bool up)
{
    TRACE(user, at, LinkState, .port = port, .up = up, .network = network_of(user, port));
}

static void frame_new(void *user, NetTime at, const NetFrame *frame)
{
    SimEngine *engine = user;

    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, at, FrameNew, frame->bytes,
                   MIN(frame->length, engine->snap_bytes), .frame = frame->id,
                   .parent = frame->parent, .length = frame->length);
}

static void link_enter(void *user, NetTime at, NetPortId from, NetPortId to, const NetFrame *frame,
                       NetTime departs, NetTime arrives)
{
    TRACE(user, at, LinkEnter, .frame = frame->id, .from = from, .to = to, .start_ns = departs,
          .arrive_ns = arrives, .network = network_of(user, from));
}

static void link_drop(void *user, NetTime at, NetPortId from, const NetFrame *frame,
                      NetDropReason why)
{
    TRACE(user, at, LinkDrop, .frame = frame->id, .from = from, .why = why,
          .network = network_of(user, from));
}

static void delivered(void *user, NetTime at, NetPortId port, const NetFrame *frame)
{
    TRACE(user, at, FrameDelivered, .frame = frame->id, .port = port,
          .network = network_of(user, port));
}

static void switch_received(void *user, NetTime at, NetPortId in, const NetFrame *frame)
{
    TRACE(user, at, SwitchReceive, .frame = frame->id, .port = in, .network = network_of(user, in));
}

static void switch_learned(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac)
{
    TRACE(user, at, MacLearned, .port = port, .vlan = vlan, .mac = mac_number(mac),
          .network = network_of(user, port));
}

static void switch_moved(void *user, NetTime at, NetPortId from, NetPortId to, uint16_t vlan,
                         NetMac mac)
{
    TRACE(user, at, MacMoved, .from_port = from, .port = to, .vlan = vlan, .mac = mac_number(mac),
          .network = network_of(user, to));
}

static void switch_aged(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac,
                        NetAgedReason why)
{
    TRACE(user, at, MacAged, .port = port, .vlan = vlan, .mac = mac_number(mac), .why = why,
          .network = network_of(user, port));
}

static void switch_table_full(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac)
{
    TRACE(user, at, MacTableFull, .port = port, .vlan = vlan, .mac = mac_number(mac),
          .network = network_of(user, port));
}

static void switch_forward(void *user, NetTime at, NetPortId in, NetPortId out,
                           const NetFrame *frame)
{
    TRACE(user, at, SwitchForward, .frame = frame->id, .in_port = in, .port = out,
          .network = network_of(user, in));
}

static void switch_flood(void *user, NetTime at, NetPortId in, uint32_t ports,
                         const NetFrame *frame)
{
    TRACE(user, at, SwitchFlood, .frame = frame->id, .in_port = in, .ports = ports,
          .network = network_of(user, in));
}

static void switch_drop(void *user, NetTime at, NetPortId in, const NetFrame *frame,
                        NetDropReason why)
{
    TRACE(user, at, SwitchDrop, .frame = frame->id, .in_port = in, .why = why,
          .network = network_of(user, in));
}

/* ---- Machines that are no VMs --------------------------------------------- */

static const uint8_t end_kinds[] = {
    [NET_ENDPOINT_HOST] = SIM_AT_HOST,
    [NET_ENDPOINT_LAN] = SIM_AT_LAN,
    [NET_ENDPOINT_INTERNET] = SIM_AT_INTERNET,
};

static void endpoint_nic(void *user, NetTime at, NetPortId port, NetEndpointKind kind,
                         uint32_t number, const char *name, const NetStackNic *nic)
{
    SimEngine *engine = user;

    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, at, EndpointNic, name, strlen(name),
                   .mac = mac_number(nic->mac), .ip = nic->address, .prefix = nic->prefix,
                   .port = port, .network = network_of(user, port), .number = number,
                   .kind = end_kinds[kind]);
}

static void probe_seen(void *user, NetTime at, NetEndpointKind kind, uint32_t number,
                       NetProbeKind how, uint64_t nonce, NetIp4 from)
{
    sim_engine_seen(user, (SimEnd){end_kinds[kind], number}, how, nonce, from);
}

static void probe_over(void *user, NetTime at, NetEndpointKind kind, uint32_t number, uint32_t id,
                       const NetProbeResult *result)
{
    sim_engine_probe_over(user, id, result);
}

static void overrun(void *user, NetTime at, uint64_t steps)
{
    SimEngine *engine = user;

    engine->net_overrun = true;
    TRACE(user, at, Livelock, .steps = steps);
}

const NetObserver sim_net_observer = {
    .network_new = network_new,
    .part_new = part_new,
    .port_new = port_new,
    .link_new = link_new,
    .network_mode = network_mode,
    .link_gone = link_gone,
    .port_gone = port_gone,
    .port_state = port_state,
    .frame_new = frame_new,
    .link_enter = link_enter,
    .link_drop = link_drop,
    .delivered = delivered,
    .switch_received = switch_received,
    .switch_learned = switch_learned,
    .switch_moved = switch_moved,
    .switch_aged = switch_aged,
    .switch_table_full = switch_table_full,
    .switch_forward = switch_forward,
    .switch_flood = switch_flood,
    .switch_drop = switch_drop,
    .switch_egress_drop = sim_observe_egress_drop,
    .switch_copy = sim_observe_copy,
    .switch_new = sim_observe_switch,
    .port_config = sim_observe_port_config,
    .flow_added = sim_observe_flow_added,
    .flow_removed = sim_observe_flow_removed,
    .flow_match = sim_observe_flow_match,
    .to_controller = sim_observe_to_controller,
    .tree_port = sim_observe_tree_port,
    .tree_root = sim_observe_tree_root,
    .tree_heard = sim_observe_tree_heard,
    .team_active = sim_observe_team_active,
    .link_quality = sim_observe_link_quality,
    .router_forward = sim_observe_router_forward,
    .router_drop = sim_observe_router_drop,
    .wifi_rewrite = sim_observe_wifi_rewrite,
    .nat_new = sim_observe_nat_new,
    .nat_state = sim_observe_nat_state,
    .nat_rewrite = sim_observe_nat_rewrite,
    .nat_drop = sim_observe_nat_drop,
    .nat_expired = sim_observe_nat_expired,
    .nat_rule = sim_observe_nat_rule,
    .dhcp = sim_observe_dhcp,
    .dns = sim_observe_dns,
    .arp_changed = sim_observe_arp,
    .endpoint_nic = endpoint_nic,
    .probe_seen = probe_seen,
    .probe_over = probe_over,
    .overrun = overrun,
};
