/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observe-nat.c: what routers, NATs, DHCP and DNS servers report, written into the trace. */
#include "sim/engine/observe-nat.h"

#include <string.h>

#include "sim/engine/private.h"

_Static_assert((int)NET_NAT_STATE_COUNT == (int)SIM_NAT_STATE_COUNT, "NatState");
_Static_assert((int)NET_NAT_RESET == (int)SIM_NAT_RESET, "NatState");
_Static_assert((int)NET_NAT_INBOUND == (int)SIM_NAT_INBOUND, "NatDirection");
_Static_assert((int)NET_DHCP_EVENT_COUNT == (int)SIM_DHCP_COUNT, "DhcpWhat");
_Static_assert((int)NET_DHCP_EVENT_NAK == (int)SIM_DHCP_NAK, "DhcpWhat");
_Static_assert((int)NET_DNS_OUTCOME_COUNT == (int)SIM_DNS_COUNT, "DnsOutcome");
_Static_assert(NET_NO_RULE == SIM_NONE, "rule");

#define TRACE(user, at, Name, ...)                                                                 \
    SIM_TRACE(((SimEngine *)(user))->trace, SIM_SOURCE_WORLD, at, Name, __VA_ARGS__)
#define TRACE_TEXT(user, at, Name, text, ...)                                                      \
    SIM_TRACE_BLOB(((SimEngine *)(user))->trace, SIM_SOURCE_WORLD, at, Name, text, strlen(text),   \
                   __VA_ARGS__)

static uint16_t network_of(const SimEngine *engine, NetPortId port)
{
    return g_array_index(engine->port_network, uint16_t, port);
}

void sim_observe_router_forward(void *user, NetTime at, NetPortId in, NetPortId out,
                                NetIp4 next_hop, const NetFrame *frame)
{
    TRACE(user, at, RouterForward, .frame = frame->id, .in_port = in, .port = out,
          .next_hop = next_hop, .network = network_of(user, in));
}

void sim_observe_router_drop(void *user, NetTime at, NetPortId in, uint64_t frame,
                             NetDropReason why)
{
    TRACE(user, at, RouterDrop, .frame = frame, .port = in, .why = why,
          .network = network_of(user, in));
}

static uint64_t mac_number(NetMac mac)
{
    uint64_t number = 0;

    for (int i = 0; i < 6; i++)
        number = number << 8 | mac.byte[i];
    return number;
}

void sim_observe_wifi_rewrite(void *user, NetTime at, NetPortId in, const NetFrame *frame,
                              NetMac mac, NetIp4 address, bool outbound)
{
    TRACE(user, at, WifiRewrite, .frame = frame->id, .mac = mac_number(mac), .port = in,
          .address = address, .network = network_of(user, in),
          .direction = outbound ? SIM_NAT_OUTBOUND : SIM_NAT_INBOUND);
}

void sim_observe_nat_new(void *user, NetTime at, NetPortId port, const NetNatRow *row,
                         const NetFrame *frame)
{
    TRACE(user, at, NatNew, .frame = frame != NULL ? frame->id : 0, .expires_ns = row->expires,
          .row = row->id, .port = port, .inside = row->inside.address,
          .inside_peer = row->inside_peer.address, .outside = row->outside.address,
          .outside_peer = row->outside_peer.address, .inside_port = row->inside.port,
          .inside_peer_port = row->inside_peer.port, .outside_port = row->outside.port,
          .outside_peer_port = row->outside_peer.port, .rule = row->rule,
          .network = network_of(user, port), .protocol = row->protocol,
          .from_inside = row->from_inside, .state = row->state);
}

void sim_observe_nat_state(void *user, NetTime at, NetPortId port, const NetNatRow *row)
{
    TRACE(user, at, NatState, .expires_ns = row->expires, .row = row->id, .port = port,
          .network = network_of(user, port), .state = row->state);
}

void sim_observe_nat_rewrite(void *user, NetTime at, NetPortId in, const NetNatRow *row,
                             NetNatDirection direction, const NetFrame *frame)
{
    TRACE(user, at, NatRewrite, .frame = frame->id, .expires_ns = row->expires, .row = row->id,
          .port = in, .rule = row->rule, .network = network_of(user, in), .direction = direction);
}

void sim_observe_nat_drop(void *user, NetTime at, NetPortId in, const NetFrame *frame,
                          NetDropReason why)
{
    TRACE(user, at, NatDrop, .frame = frame->id, .port = in, .why = why,
          .network = network_of(user, in));
}

void sim_observe_nat_expired(void *user, NetTime at, NetPortId port, const NetNatRow *row)
{
    TRACE(user, at, NatExpired, .row = row->id, .port = port, .network = network_of(user, port));
}

void sim_observe_nat_rule(void *user, NetTime at, NetPortId port, uint16_t rule,
                          const struct NetForward *forward, bool up)
{
    TRACE_TEXT(user, at, NatRule, forward->name != NULL ? forward->name : "", .port = port,
               .host_address = forward->host_address, .guest_address = forward->guest_address,
               .host_port = forward->host_port, .guest_port = forward->guest_port, .rule = rule,
               .network = network_of(user, port), .protocol = forward->protocol, .up = up);
}

void sim_observe_dhcp(void *user, NetTime at, NetPortId port, const NetDhcpEvent *event,
                      const NetFrame *frame)
{
    TRACE_TEXT(user, at, Dhcp, event->name, .frame = frame != NULL ? frame->id : 0,
               .mac = mac_number(event->mac), .lease_ns = event->lease_ns, .port = port,
               .address = event->address, .network = network_of(user, port), .what = event->kind);
    if (event->kind == NET_DHCP_EVENT_ACK)
        sim_engine_lease(user, event->mac, event->address);
    else if (event->kind == NET_DHCP_EVENT_DECLINE && event->lease_ns > 0) /* believed */
        sim_engine_lease(user, event->mac, 0);
}

void sim_observe_dns(void *user, NetTime at, NetPortId port, const char *name,
                     NetDnsOutcome outcome, NetIp4 address, const NetFrame *frame)
{
    TRACE_TEXT(user, at, Dns, name, .frame = frame->id, .port = port, .address = address,
               .network = network_of(user, port), .outcome = outcome);
}
