/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-ip.c: routes, and IPv4 in and out (RFC 791, RFC 1122 3.2 and 3.3). */
#include "netsim/proto/stack-private.h"
#include "netsim/proto/wire.h"

#define ALL_HOSTS NET_IP4(224, 0, 0, 1) /* RFC 1112 4 */

static bool is_loopback(NetIp4 address)
{
    return address >> 24 == 127;
}

static bool is_multicast(NetIp4 address)
{
    return address >> 28 == 14;
}

/* Is it the broadcast address of a network? One of 31 bits has none (RFC 3021). */
static bool is_broadcast_of(NetIp4 address, NetIp4 network, unsigned prefix)
{
    NetIp4 mask = net_ip4_mask(prefix);

    return prefix <= 30 && network != 0 && address == ((network & mask) | ~mask);
}

static bool is_broadcast(const NetStack *stack, NetIp4 address)
{
    if (address == NET_IP4_BROADCAST)
        return true;
    for (unsigned i = 0; i < stack->nic_count; i++) {
        if (is_broadcast_of(address, stack->nics[i].address, stack->nics[i].prefix))
            return true;
    }
    return false;
}

/* The NIC that has an address; -1: none. */
static int nic_of(const NetStack *stack, NetIp4 address)
{
    for (unsigned i = 0; i < stack->nic_count; i++) {
        if (address != 0 && stack->nics[i].address == address)
            return (int)i;
    }
    return -1;
}

/* --- routes --- */

static int add_route(NetStack *stack, NetRoute route)
{
    route.network &= net_ip4_mask(route.prefix);
    for (unsigned i = 0; i < NET_STACK_MAX_ROUTES; i++) {
        if (stack->routes[i].in_use)
            continue;
        stack->routes[i] = route;
        return NET_STACK_OK;
    }
    return NET_STACK_NO_ROOM;
}

int net_stack_add_route(NetStack *stack, NetIp4 network, unsigned prefix, NetIp4 gateway,
                        unsigned nic)
{
    if (prefix > 32 || nic >= stack->nic_count)
        return NET_STACK_BAD;
    return add_route(stack,
                     (NetRoute){network, gateway, (uint8_t)prefix, (uint8_t)nic, true, false});
}

static const NetRoute *find_route(const NetStack *stack, NetIp4 to)
{
    const NetRoute *best = NULL;

    for (unsigned i = 0; i < NET_STACK_MAX_ROUTES; i++) {
        const NetRoute *route = &stack->routes[i];
        if (route->in_use && (to & net_ip4_mask(route->prefix)) == route->network &&
            (best == NULL || route->prefix > best->prefix) && stack->nics[route->nic].address != 0)
            best = route;
    }
    return best;
}

void net_stack_set_address(NetStack *stack, unsigned nic, NetIp4 address, unsigned prefix,
                           NetIp4 gateway, NetTime now)
{
    if (nic >= stack->nic_count || prefix > 32)
        return;
    for (unsigned i = 0; i < NET_STACK_MAX_ROUTES; i++) {
        if (stack->routes[i].automatic && stack->routes[i].nic == nic)
            stack->routes[i] = (NetRoute){0};
    }
    stack->nics[nic].address = address;
    stack->nics[nic].prefix = (uint8_t)prefix;
    stack->nics[nic].gateway = gateway;
    net_ip_add_routes(stack, nic);
    net_arp_restart(stack, nic, now);
}

void net_ip_add_routes(NetStack *stack, unsigned nic)
{
    const NetStackNic *n = &stack->nics[nic];

    if (n->address != 0)
        add_route(stack, (NetRoute){n->address, 0, n->prefix, (uint8_t)nic, true, true});
    if (n->gateway != 0)
        add_route(stack, (NetRoute){0, n->gateway, 0, (uint8_t)nic, true, true});
}

/* How a packet begins its way. */
typedef struct {
    enum { HOP_LOOPBACK, HOP_UNICAST, HOP_BROADCAST, HOP_MULTICAST } kind;
    unsigned nic;
    NetIp4 next_hop;
    NetIp4 source;
} Hop;

static bool find_hop(const NetStack *stack, NetIp4 to, Hop *ret)
{
    int own = nic_of(stack, to);

    if (to == 0 || stack->nic_count == 0)
        return false;
    if (own >= 0 || is_loopback(to)) {
        *ret = (Hop){HOP_LOOPBACK, own >= 0 ? (unsigned)own : 0, to, to};
        return true;
    }
    const NetRoute *route = find_route(stack, to);
    *ret = (Hop){.kind = HOP_UNICAST, .nic = route != NULL ? route->nic : 0, .next_hop = to};
    ret->source = stack->nics[ret->nic].address;
    if (to == NET_IP4_BROADCAST)
        ret->kind = HOP_BROADCAST;
    else if (is_multicast(to))
        ret->kind = HOP_MULTICAST;
    else if (route == NULL)
        return false;
    else if (route->gateway != 0)
        ret->next_hop = route->gateway;
    else if (is_broadcast_of(to, route->network, route->prefix))
        ret->kind = HOP_BROADCAST;
    return true;
}

NetIp4 net_stack_source(const NetStack *stack, NetIp4 to)
{
    Hop hop;

    return find_hop(stack, to, &hop) ? hop.source : 0;
}

int net_ip_room(const NetStack *stack, NetIp4 to)
{
    Hop hop;

    if (!find_hop(stack, to, &hop))
        return NET_STACK_NO_ROUTE;
    return NET_MAX_MTU - NET_IPV4_BYTES - 8; /* in fragments, if need be */
}

unsigned net_ip_nic_mtu(const NetStack *stack, NetIp4 to)
{
    Hop hop;

    return find_hop(stack, to, &hop) ? stack->nics[hop.nic].mtu : NET_IPV4_LEAST_MTU;
}

unsigned net_ip_mtu(const NetStack *stack, NetIp4 to)
{
    for (unsigned i = 0; i < NET_STACK_MAX_PATHS; i++) {
        if (stack->paths[i].to == to && to != 0)
            return stack->paths[i].mtu;
    }
    return net_ip_nic_mtu(stack, to);
}

bool net_ip_is_group(const NetStack *stack, NetIp4 address)
{
    return is_multicast(address) || is_broadcast(stack, address);
}

bool net_stack_next_hop(const NetStack *stack, NetIp4 to, unsigned *ret_nic, NetIp4 *ret_next_hop)
{
    Hop hop;

    if (!find_hop(stack, to, &hop))
        return false;
    *ret_nic = hop.nic;
    *ret_next_hop = hop.next_hop;
    return true;
}

bool net_stack_is_own(const NetStack *stack, NetIp4 address)
{
    return is_loopback(address) || nic_of(stack, address) >= 0;
}

/* --- out --- */

/* Puts the packet in stack->out on its way. */
static int send_by(NetStack *stack, const Hop *hop, size_t frame_bytes, NetTime now)
{
    NetMac mac = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    NetHeld held = {
        .next_hop = hop->next_hop,
        .due = now + NET_STACK_LOOPBACK_NS,
        .tag = stack->tag,
        .length = (uint16_t)frame_bytes,
        .nic = (uint8_t)hop->nic,
        .state = NET_HELD_LOOPBACK,
    };

    switch (hop->kind) {
    case HOP_LOOPBACK: net_stack_timer(stack, held.due); return net_stack_hold(stack, &held);
    case HOP_UNICAST: return net_arp_send(stack, hop->nic, hop->next_hop, frame_bytes, now);
    case HOP_MULTICAST: /* RFC 1112 6.4: the low 23 bits of the address */
        mac = (NetMac){{0x01, 0x00, 0x5e, hop->next_hop >> 16 & 0x7f, hop->next_hop >> 8 & 0xff,
                        hop->next_hop & 0xff}};
        break;
    case HOP_BROADCAST: break;
    }
    net_stack_send_to(stack, hop->nic, mac, NET_TYPE_IPV4, stack->out, frame_bytes);
    return NET_STACK_OK;
}

static int send_packet(NetStack *stack, const Hop *hop, const NetIpv4 *header, NetTime now)
{
    uint8_t *packet = stack->out + NET_ETHERNET_BYTES;

    net_ipv4_write(packet, header);
    net_ipv4_seal(packet);
    return send_by(stack, hop, NET_ETHERNET_BYTES + (size_t)header->total_bytes, now);
}

/* RFC 791 3.2: pieces of multiples of 8 bytes. Each is moved to where the payload of a
 * packet lies, over the one that was sent before it. */
static int send_in_pieces(NetStack *stack, const Hop *hop, NetIpv4 *header, size_t length,
                          NetTime now)
{
    size_t most = (stack->nics[hop->nic].mtu - NET_IPV4_BYTES) & ~(size_t)7;
    uint8_t *to = net_stack_transport(stack);

    if (stack->nics[hop->nic].mtu < NET_IPV4_BYTES + 8)
        return NET_STACK_TOO_LONG;
    stack->counters.fragmented++;
    for (size_t offset = 0; offset < length; offset += most) {
        size_t piece = length - offset < most ? length - offset : most;
        if (offset > 0)
            __builtin_memcpy(to, to + offset, piece);
        header->fragment_offset = (uint16_t)offset;
        header->more_fragments = offset + piece < length;
        header->total_bytes = (uint16_t)(NET_IPV4_BYTES + piece);
        int result = send_packet(stack, hop, header, now);
        if (result < 0)
            return result;
    }
    return NET_STACK_OK;
}

int net_stack_send_packet(NetStack *stack, const uint8_t *packet, size_t length, uint64_t tag,
                          NetTime now)
{
    NetIpv4 ip;
    Hop hop;

    if (net_ipv4_parse(packet, length, &ip) == 0 || ip.total_bytes != length)
        return NET_STACK_BAD;
    if (!find_hop(stack, ip.destination, &hop))
        return NET_STACK_NO_ROUTE;
    if (length > stack->nics[hop.nic].mtu)
        return NET_STACK_TOO_LONG;
    __builtin_memcpy(stack->out + NET_ETHERNET_BYTES, packet, length);
    stack->tag = tag;
    int result = send_by(stack, &hop, NET_ETHERNET_BYTES + length, now);
    stack->tag = 0;
    return result;
}

int net_ip_send(NetStack *stack, const NetOutgoing *outgoing, size_t transport_bytes, NetTime now)
{
    Hop hop;

    if (outgoing->by_nic)
        hop = (Hop){HOP_BROADCAST, outgoing->nic, outgoing->destination, outgoing->source};
    else if (!find_hop(stack, outgoing->destination, &hop))
        return NET_STACK_NO_ROUTE;
    bool fits = NET_IPV4_BYTES + transport_bytes <= stack->nics[hop.nic].mtu;
    if (NET_IPV4_BYTES + transport_bytes > NET_MAX_MTU || (!fits && outgoing->dont_fragment))
        return NET_STACK_TOO_LONG;
    NetIpv4 header = {
        .total_bytes = (uint16_t)(NET_IPV4_BYTES + transport_bytes),
        .id = stack->next_ip_id++,
        .dont_fragment = outgoing->dont_fragment,
        .ttl = outgoing->ttl,
        .protocol = outgoing->protocol,
        .source = outgoing->source != 0 ? outgoing->source : hop.source,
        .destination = outgoing->destination,
    };
    if (!fits && hop.kind != HOP_LOOPBACK)
        return send_in_pieces(stack, &hop, &header, transport_bytes, now);
    return send_packet(stack, &hop, &header, now);
}

/* --- in --- */

/* May a packet say that it comes from here (RFC 1122 3.2.1.3)? */
static bool is_source(const NetStack *stack, NetIp4 source, NetArrival arrival)
{
    if (arrival != NET_ARRIVED_FROM_SELF && (is_loopback(source) || nic_of(stack, source) >= 0))
        return false;
    return !is_multicast(source) && !is_broadcast(stack, source);
}

static bool is_for_us(const NetStack *stack, const NetPacket *packet, NetArrival arrival)
{
    NetIp4 to = packet->ip.destination;

    if (packet->to_group)
        return is_broadcast(stack, to) || to == ALL_HOSTS;
    if (arrival == NET_ARRIVED_FROM_SELF)
        return true;
    /* RFC 1122 3.3.6: a packet for one host does not come in a broadcast frame. */
    return arrival == NET_ARRIVED_DIRECTLY && nic_of(stack, to) >= 0;
}

void net_ip_deliver(NetStack *stack, const NetPacket *packet)
{
    if (packet->ip.protocol == NET_PROTOCOL_ICMP) {
        net_icmp_input(stack, packet);
    } else if (packet->ip.protocol == NET_PROTOCOL_UDP) {
        net_udp_input(stack, packet);
    } else if (packet->ip.protocol == NET_PROTOCOL_TCP && stack->tcp.memory.count > 0) {
        net_tcp_input(stack, packet);
    } else {
        stack->counters.unknown_protocol++;
        net_icmp_send_error(stack, packet, NET_ICMP_UNREACHABLE, NET_UNREACHABLE_PROTOCOL);
    }
}

void net_ip_input(NetStack *stack, unsigned nic, const uint8_t *bytes, size_t length,
                  NetArrival arrival, NetTime now)
{
    NetPacket packet = {.packet = bytes, .now = now, .nic = (uint8_t)nic};
    size_t header_bytes = net_ipv4_parse(bytes, length, &packet.ip);

    if (header_bytes == 0) {
        stack->counters.malformed++;
        return;
    }
    if (!net_ipv4_sound(bytes, &packet.ip)) {
        stack->counters.bad_checksum++;
        return;
    }
    if (stack->ops->divert != NULL &&
        stack->ops->divert(stack->user, nic, bytes, packet.ip.total_bytes, arrival, now))
        return;
    packet.payload = bytes + header_bytes;
    packet.payload_bytes = packet.ip.total_bytes - header_bytes;
    packet.to_group =
        is_multicast(packet.ip.destination) || is_broadcast(stack, packet.ip.destination);
    if (!is_source(stack, packet.ip.source, arrival) || !is_for_us(stack, &packet, arrival)) {
        stack->counters.not_for_us++;
        return;
    }
    if (packet.ip.more_fragments || packet.ip.fragment_offset > 0)
        net_fragment_input(stack, &packet);
    else
        net_ip_deliver(stack, &packet);
}
