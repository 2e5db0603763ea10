/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat.c: which row a packet follows, and whether it may make one; see nat.h. */
#include "netsim/nat-private.h"

#include <stdlib.h>
#include <string.h>

#define LOOPBACK_NETWORK 127u

/* --- making --- */

NetNat *net_nat_new(const NetNatConfig *config)
{
    static const NetNatReports silent;
    NetNat *nat = g_new0(NetNat, 1);

    nat->config = *config;
    if (nat->config.max_rows == 0)
        nat->config.max_rows = NET_NAT_DEFAULT_ROWS;
    if (nat->config.reports == NULL)
        nat->config.reports = &silent;
    nat->free_slot = nat->free_binding = NET_NAT_NONE;
    nat->next_port = 1024;
    for (unsigned i = 0; i < NET_NAT_LIST_COUNT; i++)
        nat->lists[i] = (NetNatList){NET_NAT_NONE, NET_NAT_NONE};
    nat->forwards = g_ptr_array_new();
    return nat;
}

static void free_forward(NetForward *forward)
{
    if (forward != NULL)
        g_free((char *)forward->name);
    g_free(forward);
}

void net_nat_free(NetNat *nat)
{
    if (nat == NULL)
        return;
    for (guint i = 0; i < nat->forwards->len; i++)
        free_forward(nat->forwards->pdata[i]);
    g_ptr_array_unref(nat->forwards);
    g_free(nat->slots);
    g_free(nat->bindings);
    g_free(nat->by_inside);
    g_free(nat->by_outside);
    g_free(nat->by_binding);
    g_free(nat);
}

void net_nat_add_alias(NetNat *nat, NetIp4 inside, uint16_t port, NetIp4 outside)
{
    g_assert(nat->alias_count < NET_NAT_MAX_ALIASES);
    nat->aliases[nat->alias_count++] = (NetNatAlias){inside, outside, port};
}

/* --- forward rules --- */

const NetForward *net_nat_forward(const NetNat *nat, uint16_t rule)
{
    return rule < nat->forwards->len ? nat->forwards->pdata[rule] : NULL;
}

int net_nat_add_forward(NetNat *nat, const NetForward *forward)
{
    if (nat->forwards->len == NET_MAX_FORWARDS ||
        !nat->config.outside->take_port(nat->config.outside_user, forward->protocol,
                                        forward->host_address, forward->host_port))
        return -1;
    NetForward *copy = g_new(NetForward, 1);
    *copy = *forward;
    copy->name = g_strdup(forward->name);
    g_ptr_array_add(nat->forwards, copy);
    return (int)nat->forwards->len - 1;
}

bool net_nat_remove_forward(NetNat *nat, const char *name, uint16_t *ret_rule,
                            NetForward *ret_forward)
{
    for (guint i = 0; i < nat->forwards->len; i++) {
        NetForward *forward = nat->forwards->pdata[i];
        if (forward == NULL || g_strcmp0(forward->name, name) != 0)
            continue;
        nat->config.outside->give_port(nat->config.outside_user, forward->protocol,
                                       forward->host_address, forward->host_port);
        *ret_forward = *forward;
        ret_forward->name = NULL;
        free_forward(forward);
        nat->forwards->pdata[i] = NULL; /* its number is not given again */
        *ret_rule = (uint16_t)i;
        return true;
    }
    return false;
}

/* The rule that a packet to an outside address meets: one for that very address
 * before one for all of them. */
static uint16_t find_rule(const NetNat *nat, uint8_t protocol, NetSocketAddress to)
{
    uint16_t found = NET_NO_RULE;

    for (guint i = 0; i < nat->forwards->len; i++) {
        const NetForward *forward = nat->forwards->pdata[i];
        if (forward == NULL || forward->protocol != protocol || forward->host_port != to.port)
            continue;
        if (forward->host_address == to.address)
            return (uint16_t)i;
        if (forward->host_address == 0)
            found = (uint16_t)i;
    }
    return found;
}

/* --- aliases --- */

static NetSocketAddress alias_outside(const NetNat *nat, NetSocketAddress inside)
{
    NetSocketAddress outside = inside;
    bool exact = false;

    for (unsigned i = 0; i < nat->alias_count; i++) {
        const NetNatAlias *alias = &nat->aliases[i];
        if (alias->inside != inside.address || (alias->port != 0 && alias->port != inside.port) ||
            (exact && alias->port == 0))
            continue;
        exact = alias->port != 0;
        outside.address = alias->outside;
    }
    return outside;
}

/* Somebody outside begins a connection: by what name do those inside know him? Any
 * loopback address is the host's. */
static NetSocketAddress alias_inside(const NetNat *nat, NetSocketAddress outside)
{
    for (unsigned i = 0; i < nat->alias_count; i++) {
        const NetNatAlias *alias = &nat->aliases[i];
        bool both_loopback =
            alias->outside >> 24 == LOOPBACK_NETWORK && outside.address >> 24 == LOOPBACK_NETWORK;
        if (alias->port == 0 && (alias->outside == outside.address || both_loopback))
            return (NetSocketAddress){alias->inside, outside.port};
    }
    return outside;
}

bool net_nat_is_alias(const NetNat *nat, NetIp4 inside)
{
    for (unsigned i = 0; i < nat->alias_count; i++) {
        if (nat->aliases[i].inside == inside && nat->aliases[i].port == 0)
            return true;
    }
    return false;
}

/* --- fragments --- */

static NetNatFragment *find_fragment(NetNat *nat, const NetIpv4 *ip, NetTime now)
{
    for (unsigned i = 0; i < NET_NAT_FRAGMENTS; i++) {
        NetNatFragment *fragment = &nat->fragments[i];
        if (fragment->expires > now && fragment->id == ip->id && fragment->source == ip->source &&
            fragment->destination == ip->destination && fragment->protocol == ip->protocol)
            return fragment;
    }
    return NULL;
}

/* A first fragment goes by: what follows it shall find its row. The oldest note gives way. */
static void note_fragment(NetNat *nat, const NetNatPacket *packet, const NetNatSlot *slot,
                          NetTime now)
{
    NetNatFragment *fragment = find_fragment(nat, &packet->ip, now);

    if (fragment == NULL) {
        fragment = &nat->fragments[nat->next_fragment];
        nat->next_fragment = (nat->next_fragment + 1) % NET_NAT_FRAGMENTS;
    }
    *fragment = (NetNatFragment){
        .source = packet->ip.source,
        .destination = packet->ip.destination,
        .id = packet->ip.id,
        .protocol = packet->ip.protocol,
        .expires = now + NET_NAT_FRAGMENT_NS,
        .slot = (uint32_t)(slot - nat->slots),
        .row_id = slot->row.id,
    };
}

static NetNatSlot *slot_of_fragment(NetNat *nat, const NetNatPacket *packet, NetTime now)
{
    NetNatFragment *fragment = find_fragment(nat, &packet->ip, now);

    if (fragment == NULL)
        return NULL;
    NetNatSlot *slot = &nat->slots[fragment->slot];
    return slot->in_use && slot->row.id == fragment->row_id ? slot : NULL;
}

/* --- rows --- */

static NetNatVerdict refuse(NetDropReason why)
{
    return (NetNatVerdict){.why = why};
}

static NetNatVerdict pass(const NetNatSlot *slot)
{
    return (NetNatVerdict){.passes = true, .row = &slot->row};
}

static bool is_group(NetIp4 address)
{
    return address >> 28 >= 14; /* multicast, and 240.0.0.0/4 with the broadcast address */
}

static bool is_opening(const NetNatPacket *packet)
{
    return (packet->tcp.flags & (NET_TCP_SYN | NET_TCP_ACK | NET_TCP_RST | NET_TCP_FIN)) ==
           NET_TCP_SYN;
}

static uint8_t first_state(uint8_t protocol)
{
    return protocol == NET_PROTOCOL_TCP   ? NET_NAT_SYN_SENT
           : protocol == NET_PROTOCOL_UDP ? NET_NAT_UDP
                                          : NET_NAT_ICMP;
}

/* A packet from inside that no row fits: it may make one. */
static NetNatSlot *open_outbound(NetNat *nat, const NetNatPacket *packet, NetTime now,
                                 NetDropReason *ret_why)
{
    NetNatRow row = {
        .protocol = packet->protocol,
        .state = first_state(packet->protocol),
        .from_inside = true,
        .rule = NET_NO_RULE,
        .inside = packet->source,
        .inside_peer = packet->destination,
        .outside_peer = alias_outside(nat, packet->destination),
    };

    row.outside.address =
        nat->config.outside->source_for(nat->config.outside_user, row.outside_peer.address);
    if (packet->protocol == NET_PROTOCOL_TCP && !is_opening(packet))
        *ret_why = NET_DROP_NAT_NOT_SYN;
    else if (packet->protocol == NET_PROTOCOL_ICMP && packet->icmp_type != NET_ICMP_ECHO_REQUEST)
        *ret_why = NET_DROP_NAT_NO_ROW;
    else if (row.outside.address == 0)
        *ret_why = NET_DROP_NO_ROUTE;
    else
        return net_nat_add_row(nat, &row, false, now, ret_why);
    return NULL;
}

/* A packet from outside that no row fits: a rule may let it in. */
static NetNatSlot *open_inbound(NetNat *nat, const NetNatPacket *packet, NetTime now,
                                NetDropReason *ret_why)
{
    uint16_t rule = find_rule(nat, packet->protocol, packet->destination);

    *ret_why = NET_DROP_NAT_NO_ROW;
    if (rule == NET_NO_RULE || (packet->protocol == NET_PROTOCOL_TCP && !is_opening(packet)))
        return NULL;
    const NetForward *forward = nat->forwards->pdata[rule];
    NetNatRow row = {
        .protocol = packet->protocol,
        .state = first_state(packet->protocol),
        .rule = rule,
        .inside = {forward->guest_address, forward->guest_port},
        .inside_peer = alias_inside(nat, packet->source),
        .outside = packet->destination,
        .outside_peer = packet->source,
    };
    /* Two rules may lead one client's port to the same guest's: then inside he gets
     * another port, as answers could not be told apart. */
    for (unsigned i = 0; net_nat_find_inside(nat, row.protocol, row.inside, row.inside_peer); i++) {
        if (i == UINT16_MAX) {
            *ret_why = NET_DROP_NAT_NO_PORT;
            return NULL;
        }
        row.inside_peer.port = row.inside_peer.port == UINT16_MAX ? 1024 : row.inside_peer.port + 1;
    }
    return net_nat_add_row(nat, &row, true, now, ret_why);
}

static void step(NetNat *nat, NetNatSlot *slot, const NetNatPacket *packet,
                 NetNatDirection direction, NetTime now)
{
    NetNatState state = slot->row.state;

    if (packet->kind == NET_NAT_FLOW && packet->protocol == NET_PROTOCOL_TCP)
        state = net_nat_tcp_step(slot, packet, direction);
    if (direction == NET_NAT_OUTBOUND)
        slot->row.packets_out++;
    else
        slot->row.packets_in++;
    net_nat_refresh(nat, slot, state, now);
    if (packet->kind == NET_NAT_FLOW && packet->ip.more_fragments)
        note_fragment(nat, packet, slot, now);
}

static NetNatVerdict pass_error_out(NetNat *nat, const NetNatPacket *packet)
{
    const NetNatSlot *slot =
        net_nat_find_inside(nat, packet->protocol, packet->destination, packet->source);

    if (slot == NULL)
        return refuse(NET_DROP_NAT_NO_ROW);
    net_nat_rewrite_error(packet, slot->row.outside_peer, slot->row.outside,
                          slot->row.outside.address, slot->row.outside_peer.address);
    return pass(slot);
}

static NetNatVerdict pass_error_in(NetNat *nat, const NetNatPacket *packet)
{
    const NetNatSlot *slot =
        net_nat_find_outside(nat, packet->protocol, packet->source, packet->destination);

    if (slot == NULL)
        return refuse(NET_DROP_NAT_NO_ROW);
    const NetNatRow *row = &slot->row;
    NetIp4 from = packet->ip.source == row->outside_peer.address ? row->inside_peer.address
                  : packet->ip.source >> 24 == LOOPBACK_NETWORK
                      ? alias_inside(nat, (NetSocketAddress){packet->ip.source, 0}).address
                      : packet->ip.source;
    net_nat_rewrite_error(packet, row->inside, row->inside_peer, from, row->inside.address);
    return pass(slot);
}

/* What is neither a flow nor an error: a later fragment, or nothing that passes. */
static NetDropReason judge(const NetNatPacket *packet)
{
    switch (packet->kind) {
    case NET_NAT_OTHER: return NET_DROP_NAT_PROTOCOL;
    case NET_NAT_BAD: return NET_DROP_MALFORMED;
    default: return NET_DROP_COUNT;
    }
}

/* The row of a whole packet, or of a first fragment; a new one if it may begin one. */
static NetNatSlot *slot_of_flow(NetNat *nat, const NetNatPacket *packet, NetNatDirection direction,
                                NetTime now, NetDropReason *ret_why)
{
    NetNatSlot *slot;

    if (direction == NET_NAT_OUTBOUND) {
        slot = net_nat_find_inside(nat, packet->protocol, packet->source, packet->destination);
        return slot != NULL ? slot : open_outbound(nat, packet, now, ret_why);
    }
    slot = net_nat_find_outside(nat, packet->protocol, packet->destination, packet->source);
    return slot != NULL ? slot : open_inbound(nat, packet, now, ret_why);
}

static inline NetNatVerdict translate(NetNat *nat, uint8_t *bytes, size_t length,
                                      NetNatDirection direction, NetTime now)
{
    bool out = direction == NET_NAT_OUTBOUND;
    NetDropReason why = NET_DROP_NAT_FRAGMENT;
    NetNatPacket packet;

    net_nat_look(bytes, length, &packet);
    if (judge(&packet) != NET_DROP_COUNT)
        return refuse(judge(&packet));
    if (is_group(packet.ip.destination))
        return refuse(NET_DROP_NAT_GROUP_ADDRESS);
    if (packet.kind == NET_NAT_ERROR)
        return out ? pass_error_out(nat, &packet) : pass_error_in(nat, &packet);
    NetNatSlot *slot = packet.kind == NET_NAT_FRAGMENT
                           ? slot_of_fragment(nat, &packet, now)
                           : slot_of_flow(nat, &packet, direction, now, &why);
    if (slot == NULL)
        return refuse(why);
    step(nat, slot, &packet, direction, now);
    net_nat_rewrite(&packet, out ? slot->row.outside : slot->row.inside_peer,
                    out ? slot->row.outside_peer : slot->row.inside);
    return pass(slot);
}

NetNatVerdict net_nat_outbound(NetNat *nat, uint8_t *bytes, size_t length, NetTime now)
{
    return translate(nat, bytes, length, NET_NAT_OUTBOUND, now);
}

NetNatVerdict net_nat_inbound(NetNat *nat, uint8_t *bytes, size_t length, NetTime now)
{
    return translate(nat, bytes, length, NET_NAT_INBOUND, now);
}

bool net_nat_expects(NetNat *nat, const uint8_t *bytes, size_t length, NetTime now)
{
    NetNatPacket packet;

    net_nat_look((uint8_t *)bytes, length, &packet); /* which writes nothing */
    switch (packet.kind) {
    case NET_NAT_FLOW:
        return net_nat_find_outside(nat, packet.protocol, packet.destination, packet.source) !=
                   NULL ||
               (find_rule(nat, packet.protocol, packet.destination) != NET_NO_RULE &&
                (packet.protocol != NET_PROTOCOL_TCP || is_opening(&packet)));
    case NET_NAT_ERROR:
        return net_nat_find_outside(nat, packet.protocol, packet.source, packet.destination) !=
               NULL;
    case NET_NAT_FRAGMENT: return slot_of_fragment(nat, &packet, now) != NULL;
    default: return false;
    }
}
