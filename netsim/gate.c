/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate.c: whose is a port of the host, and the way between host and NATs; see gate.h. */
#include "netsim/gate.h"

#include <string.h>

#include "netsim/fragment.h"
#include "netsim/nat-private.h"
#include "netsim/proto/wire.h"

#define PORTS     (UINT16_MAX + 1u)
#define FRAGMENTS 64u

struct NetGateSide {
    NetGate *gate;
    uint16_t number; /* from 1 */
    NetNat *nat;
    uint32_t port; /* of the host's part */
    NetMac own, peer;
};

/* A port taken on one address only. */
typedef struct {
    NetIp4 address;
    uint16_t port, side;
    uint8_t protocol;
} Listener;

/* The packet whose first fragment went to a side. */
typedef struct {
    NetIp4 source, destination;
    uint16_t id, side; /* side 0: free */
    uint8_t protocol;
} Fragment;

struct NetGate {
    NetPart *host;
    NetStack *stack;
    GPtrArray *sides;   /* of NetGateSide; number n is at n - 1 */
    uint16_t *owner[3]; /* by port, of TCP, UDP, ICMP echo: the side's number; 0: nobody */
    GArray *listeners;  /* of Listener */
    Fragment fragments[FRAGMENTS];
    unsigned next_fragment;
};

#define REPORT(gate, event, ...)                                                                   \
    do {                                                                                           \
        void *user_;                                                                               \
        const NetObserver *observer_ = net_world_observer((gate)->host->world, &user_);            \
        if (observer_->event != NULL)                                                              \
            observer_->event(user_, __VA_ARGS__);                                                  \
    } while (0)

/* --- making --- */

NetGate *net_gate_new(NetPart *host, NetStack *stack)
{
    NetGate *gate = g_new0(NetGate, 1);

    gate->host = host;
    gate->stack = stack;
    gate->sides = g_ptr_array_new_with_free_func(g_free);
    gate->listeners = g_array_new(FALSE, FALSE, sizeof(Listener));
    for (unsigned i = 0; i < G_N_ELEMENTS(gate->owner); i++)
        gate->owner[i] = g_new0(uint16_t, PORTS);
    return gate;
}

void net_gate_free(NetGate *gate)
{
    if (gate == NULL)
        return;
    for (unsigned i = 0; i < G_N_ELEMENTS(gate->owner); i++)
        g_free(gate->owner[i]);
    g_array_unref(gate->listeners);
    g_ptr_array_unref(gate->sides);
    g_free(gate);
}

NetGateSide *net_gate_add_side(NetGate *gate)
{
    NetGateSide *side = g_new0(NetGateSide, 1);

    g_ptr_array_add(gate->sides, side);
    side->gate = gate;
    side->number = (uint16_t)gate->sides->len;
    return side;
}

NetPortId net_gate_join(NetGateSide *side, NetNat *nat, NetNetworkId network, NetMac own,
                        NetMac peer, NetTime now)
{
    NetPart *host = side->gate->host;

    side->nat = nat;
    side->port = net_part_port_count(host);
    side->own = own;
    side->peer = peer;
    return net_world_add_port_on(host->world, host, network, now);
}

void net_gate_leave(NetGate *gate, uint32_t port)
{
    for (guint i = 0; i < gate->sides->len; i++) {
        NetGateSide *side = gate->sides->pdata[i];
        if (side->port == port)
            side->nat = NULL;
    }
}

static NetGateSide *side_at(const NetGate *gate, uint16_t number)
{
    return number == 0 ? NULL : gate->sides->pdata[number - 1];
}

/* --- ports of the host --- */

static uint16_t *owner_of(const NetGate *gate, uint8_t protocol, uint16_t port)
{
    unsigned kind = protocol == NET_PROTOCOL_TCP ? 0 : protocol == NET_PROTOCOL_UDP ? 1 : 2;

    return &gate->owner[kind][port];
}

/* Has a side the port on this address? 0: nobody has. any: on whichever address. */
static uint16_t find_owner(const NetGate *gate, uint8_t protocol, NetIp4 address, uint16_t port,
                           bool any)
{
    uint16_t owner = *owner_of(gate, protocol, port);

    for (guint i = 0; owner == 0 && i < gate->listeners->len; i++) {
        const Listener *listener = &g_array_index(gate->listeners, Listener, i);
        if (listener->protocol == protocol && listener->port == port &&
            (any || listener->address == address))
            owner = listener->side;
    }
    return owner;
}

bool net_gate_port_taken(const NetGate *gate, uint8_t protocol, uint16_t port)
{
    return find_owner(gate, protocol, 0, port, true) != 0;
}

static NetIp4 gate_source_for(void *user, NetIp4 to)
{
    NetGateSide *side = user;

    return net_stack_source(side->gate->stack, to);
}

static bool gate_take_port(void *user, uint8_t protocol, NetIp4 address, uint16_t port)
{
    NetGateSide *side = user;
    NetGate *gate = side->gate;

    if (net_stack_port_in_use(gate->stack, protocol, port) ||
        find_owner(gate, protocol, address, port, address == 0) != 0)
        return false;
    if (address == 0) {
        *owner_of(gate, protocol, port) = side->number;
    } else {
        Listener listener = {address, port, side->number, protocol};
        g_array_append_val(gate->listeners, listener);
    }
    return true;
}

static void gate_give_port(void *user, uint8_t protocol, NetIp4 address, uint16_t port)
{
    NetGateSide *side = user;
    NetGate *gate = side->gate;

    if (address == 0)
        *owner_of(gate, protocol, port) = 0;
    for (guint i = 0; address != 0 && i < gate->listeners->len; i++) {
        const Listener *listener = &g_array_index(gate->listeners, Listener, i);
        if (listener->protocol == protocol && listener->port == port &&
            listener->address == address) {
            g_array_remove_index(gate->listeners, i);
            return;
        }
    }
}

const NetNatOutside net_gate_outside = {
    .source_for = gate_source_for,
    .take_port = gate_take_port,
    .give_port = gate_give_port,
};

/* --- to a NAT --- */

static void send_to_side(const NetGateSide *side, const uint8_t *packet, size_t length,
                         uint64_t parent, NetTime now)
{
    NetEthernet header = {.destination = side->peer, .source = side->own, .type = NET_TYPE_IPV4};
    uint8_t bytes[NET_MAX_FRAME_BYTES];

    net_ethernet_write(bytes, &header);
    memcpy(bytes + NET_ETHERNET_BYTES, packet, length);
    g_autoptr(NetFrame) frame =
        net_part_new_frame(side->gate->host, parent, bytes, NET_ETHERNET_BYTES + length, now);
    net_part_send(side->gate->host, side->port, frame, now);
}

static Fragment *find_fragment(NetGate *gate, const NetIpv4 *ip)
{
    for (unsigned i = 0; i < FRAGMENTS; i++) {
        Fragment *fragment = &gate->fragments[i];
        if (fragment->side != 0 && fragment->id == ip->id && fragment->source == ip->source &&
            fragment->destination == ip->destination && fragment->protocol == ip->protocol)
            return fragment;
    }
    return NULL;
}

static void note_fragment(NetGate *gate, const NetIpv4 *ip, const NetGateSide *side)
{
    Fragment *fragment = find_fragment(gate, ip);

    if (fragment == NULL) {
        fragment = &gate->fragments[gate->next_fragment];
        gate->next_fragment = (gate->next_fragment + 1) % FRAGMENTS;
    }
    *fragment = (Fragment){ip->source, ip->destination, ip->id, side->number, ip->protocol};
}

/* The side that a packet to the host is for, by port; NULL: the host itself. */
static NetGateSide *find_side(NetGate *gate, const NetNatPacket *packet)
{
    const NetSocketAddress *local = &packet->destination;

    switch (packet->kind) {
    case NET_NAT_ERROR: local = &packet->source; break; /* of what it quotes */
    case NET_NAT_FLOW: break;
    case NET_NAT_FRAGMENT: {
        const Fragment *fragment = find_fragment(gate, &packet->ip);
        return fragment != NULL ? side_at(gate, fragment->side) : NULL;
    }
    default: return NULL;
    }
    if (packet->kind == NET_NAT_FLOW && packet->protocol == NET_PROTOCOL_ICMP &&
        packet->icmp_type != NET_ICMP_ECHO_REPLY)
        return NULL;
    return side_at(gate, find_owner(gate, packet->protocol, local->address, local->port, false));
}

bool net_gate_divert(NetGate *gate, uint32_t port, const uint8_t *bytes, size_t length,
                     NetArrival arrival, const NetFrame *frame, NetTime now)
{
    NetNatPacket packet;

    if (arrival == NET_ARRIVED_BY_GROUP || gate->sides->len == 0)
        return false;
    net_nat_look((uint8_t *)bytes, length, &packet); /* which writes nothing */
    if (!net_stack_is_own(gate->stack, packet.ip.destination))
        return false;
    NetGateSide *side = find_side(gate, &packet);
    if (side == NULL || side->nat == NULL || !net_nat_expects(side->nat, bytes, length, now))
        return false;
    if (packet.kind == NET_NAT_FLOW && packet.ip.more_fragments)
        note_fragment(gate, &packet.ip, side);
    if (frame != NULL)
        REPORT(gate, router_forward, now, net_part_port_id(gate->host, port),
               net_part_port_id(gate->host, side->port), 0, frame);
    send_to_side(side, bytes, length, frame != NULL ? frame->id : gate->stack->came_tag, now);
    return true;
}

/* --- from a NAT --- */

/* Tells the NAT, and by it the sender, that a packet of its goes no further (RFC 792). */
static void refuse(const NetGateSide *side, const uint8_t *packet, size_t length, uint8_t code,
                   uint16_t mtu, NetTime now)
{
    uint8_t bytes[NET_IPV4_BYTES + NET_ICMP_BYTES + NET_STACK_HEAD_BYTES];
    NetIpv4 ip;

    if (net_ipv4_parse_quoted(packet, length, &ip) == 0 || ip.fragment_offset > 0)
        return;
    size_t quoted = MIN(length, (size_t)ip.header_bytes + NET_ICMP_QUOTE_BYTES);
    NetIpv4 header = {
        .total_bytes = (uint16_t)(NET_IPV4_BYTES + NET_ICMP_BYTES + quoted),
        .ttl = NET_STACK_TTL,
        .protocol = NET_PROTOCOL_ICMP,
        .source = ip.source,
        .destination = ip.source,
    };
    NetIcmp icmp = {.type = NET_ICMP_UNREACHABLE, .code = code, .sequence = mtu};

    net_ipv4_write(bytes, &header);
    net_ipv4_seal(bytes);
    net_icmp_write(bytes + NET_IPV4_BYTES, &icmp);
    memcpy(bytes + NET_IPV4_BYTES + NET_ICMP_BYTES, packet, quoted);
    net_icmp_seal(bytes + NET_IPV4_BYTES, NET_ICMP_BYTES + quoted);
    send_to_side(side, bytes, header.total_bytes, 0, now);
}

static void drop(NetGate *gate, uint32_t port, uint64_t frame, NetDropReason why, NetTime now)
{
    net_part_count_drop(gate->host, port, why);
    REPORT(gate, router_drop, now, net_part_port_id(gate->host, port), frame, why);
}

static int send_in_pieces(NetGate *gate, const NetFrame *frame, const uint8_t *packet, uint16_t mtu,
                          NetTime now)
{
    uint8_t piece[NET_MAX_FRAME_BYTES];
    size_t at = 0, length;
    int result = NET_STACK_OK;

    while (result == NET_STACK_OK && (length = net_fragment_next(packet, mtu, &at, piece)) > 0)
        result = net_stack_send_packet(gate->stack, piece, length, frame->id, now);
    return result;
}

static void pass_on(NetGate *gate, const NetGateSide *side, const NetFrame *frame,
                    const uint8_t *packet, const NetIpv4 *ip, NetTime now)
{
    size_t length = ip->total_bytes;
    unsigned nic;
    NetIp4 next_hop;

    if (!net_stack_next_hop(gate->stack, ip->destination, &nic, &next_hop)) {
        drop(gate, side->port, frame->id, NET_DROP_NO_ROUTE, now);
        refuse(side, packet, length, NET_UNREACHABLE_NET, 0, now);
        return;
    }
    uint16_t mtu = gate->stack->nics[nic].mtu;
    if (length > mtu && ip->dont_fragment) {
        drop(gate, side->port, frame->id, NET_DROP_TOO_BIG, now);
        refuse(side, packet, length, NET_UNREACHABLE_TOO_BIG, mtu, now);
        return;
    }
    int result = length > mtu ? send_in_pieces(gate, frame, packet, mtu, now)
                              : net_stack_send_packet(gate->stack, packet, length, frame->id, now);
    if (result != NET_STACK_OK)
        drop(gate, side->port, frame->id, NET_DROP_ROUTER_BUSY, now);
}

bool net_gate_receive(NetGate *gate, uint32_t port, NetFrame *frame, NetTime now)
{
    const NetGateSide *side = NULL;
    NetEthernet ethernet;
    NetIpv4 ip;

    for (guint i = 0; i < gate->sides->len && side == NULL; i++) {
        const NetGateSide *candidate = gate->sides->pdata[i];
        if (candidate->nat != NULL && candidate->port == port)
            side = candidate;
    }
    if (side == NULL)
        return false;
    size_t header_bytes = net_ethernet_parse(frame->bytes, frame->length, &ethernet);
    const uint8_t *packet = frame->bytes + header_bytes;
    if (header_bytes == 0 || ethernet.type != NET_TYPE_IPV4 ||
        net_ipv4_parse(packet, frame->length - header_bytes, &ip) == 0)
        drop(gate, port, frame->id, NET_DROP_MALFORMED, now);
    else
        pass_on(gate, side, frame, packet, &ip, now);
    return true;
}

bool net_gate_undelivered(NetGate *gate, const uint8_t *packet, size_t length, uint64_t tag,
                          NetTime now)
{
    NetIpv4 ip;
    size_t header_bytes = net_ipv4_parse_quoted(packet, length, &ip);

    if (tag == 0 || header_bytes == 0 || length - header_bytes < NET_ICMP_QUOTE_BYTES)
        return false;
    /* The port that it was sent from says whose it was. */
    bool is_icmp = ip.protocol == NET_PROTOCOL_ICMP;
    uint16_t port = net_get_16(packet + header_bytes + (is_icmp ? 4 : 0));
    const NetGateSide *side = side_at(gate, find_owner(gate, ip.protocol, ip.source, port, false));
    if (side == NULL)
        return false;
    refuse(side, packet, length, NET_UNREACHABLE_HOST, 0, now);
    return true;
}
