/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat-rewrite.c: what a packet's bytes say to a NAT, and how they are changed.
 *
 * Checksums are not computed anew but changed by what the addresses and ports
 * changed (RFC 1624): so a wrong checksum stays wrong, and a packet of any length
 * costs the same. Only an ICMP error, which is short, is sealed anew.
 */
#include "netsim/nat-private.h"
#include "netsim/proto/wire.h"

/* Where a transport's header keeps its checksum; 0: none that we know. */
static size_t checksum_offset(uint8_t protocol)
{
    switch (protocol) {
    case NET_PROTOCOL_TCP: return 16;
    case NET_PROTOCOL_UDP: return 6;
    case NET_PROTOCOL_ICMP: return 2;
    default: return 0;
    }
}

/* --- looking --- */

static bool is_error(uint8_t type)
{
    return type == NET_ICMP_UNREACHABLE || type == 4 || type == NET_ICMP_TIME_EXCEEDED ||
           type == 12; /* source quench and parameter problem of RFC 792 */
}

/* An error quotes at least 8 bytes behind the IP header: the ports are among them. */
static NetNatKind look_at_quoted(NetNatPacket *packet)
{
    NetIpv4 ip;
    uint8_t *quoted = packet->transport + NET_ICMP_BYTES;
    size_t length = packet->transport_bytes - NET_ICMP_BYTES;
    size_t header_bytes = net_ipv4_parse_quoted(quoted, length, &ip);

    if (header_bytes == 0 || length - header_bytes < NET_ICMP_QUOTE_BYTES || ip.fragment_offset > 0)
        return NET_NAT_BAD;
    const uint8_t *transport = quoted + header_bytes;
    packet->quoted = quoted;
    packet->quoted_bytes = length;
    packet->protocol = ip.protocol;
    packet->source.address = ip.source;
    packet->destination.address = ip.destination;
    if (ip.protocol == NET_PROTOCOL_TCP || ip.protocol == NET_PROTOCOL_UDP) {
        packet->source.port = net_get_16(transport);
        packet->destination.port = net_get_16(transport + 2);
    } else if (ip.protocol == NET_PROTOCOL_ICMP && transport[0] == NET_ICMP_ECHO_REQUEST) {
        packet->source.port = net_get_16(transport + 4);
    } else {
        return NET_NAT_OTHER;
    }
    return NET_NAT_ERROR;
}

static NetNatKind look_at_icmp(NetNatPacket *packet)
{
    NetIcmp icmp;

    if (net_icmp_parse(packet->transport, packet->transport_bytes, &icmp) == 0)
        return NET_NAT_BAD;
    packet->icmp_type = icmp.type;
    if (is_error(icmp.type)) /* RFC 5508 REQ-3: one with a wrong checksum goes no further */
        return net_icmp_sound(packet->transport, packet->transport_bytes) ? look_at_quoted(packet)
                                                                          : NET_NAT_BAD;
    if (icmp.type == NET_ICMP_ECHO_REQUEST)
        packet->source.port = icmp.id;
    else if (icmp.type == NET_ICMP_ECHO_REPLY)
        packet->destination.port = icmp.id;
    else
        return NET_NAT_OTHER;
    return NET_NAT_FLOW;
}

static NetNatKind look_at_transport(NetNatPacket *packet)
{
    NetUdp udp;

    if (packet->ip.fragment_offset > 0)
        return checksum_offset(packet->protocol) > 0 ? NET_NAT_FRAGMENT : NET_NAT_OTHER;
    switch (packet->protocol) {
    case NET_PROTOCOL_TCP:
        if (net_tcp_parse(packet->transport, packet->transport_bytes, &packet->tcp) == 0)
            return NET_NAT_BAD;
        packet->source.port = packet->tcp.source_port;
        packet->destination.port = packet->tcp.destination_port;
        return NET_NAT_FLOW;
    case NET_PROTOCOL_UDP:
        /* A first fragment holds less than its header says: so no net_udp_parse() here. */
        if (packet->transport_bytes < NET_UDP_BYTES ||
            (!packet->ip.more_fragments &&
             net_udp_parse(packet->transport, packet->transport_bytes, &udp) == 0))
            return NET_NAT_BAD;
        packet->source.port = net_get_16(packet->transport);
        packet->destination.port = net_get_16(packet->transport + 2);
        return NET_NAT_FLOW;
    case NET_PROTOCOL_ICMP: return look_at_icmp(packet);
    default: return NET_NAT_OTHER;
    }
}

void net_nat_look(uint8_t *bytes, size_t length, NetNatPacket *ret)
{
    *ret = (NetNatPacket){.kind = NET_NAT_BAD, .bytes = bytes};
    size_t header_bytes = net_ipv4_parse(bytes, length, &ret->ip);

    if (header_bytes == 0)
        return;
    ret->transport = bytes + header_bytes;
    ret->transport_bytes = ret->ip.total_bytes - header_bytes;
    ret->protocol = ret->ip.protocol;
    ret->source.address = ret->ip.source;
    ret->destination.address = ret->ip.destination;
    ret->kind = look_at_transport(ret);
}

/* --- changing --- */

/* RFC 1624 (eqn. 3): HC' = ~(~HC + ~m + m'), with the sums of all words changed. */
static void adjust(uint8_t *checksum, uint32_t out, uint32_t in)
{
    uint32_t sum = (uint16_t)~net_get_16(checksum);

    sum += (uint16_t) ~(out >> 16) + (uint32_t)(uint16_t)~out;
    sum += (in >> 16) + (in & 0xffff);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    net_put_16(checksum, (uint16_t)~sum);
}

/* New addresses for the packet at `ip`. */
static void put_addresses(uint8_t *ip, NetIp4 source, NetIp4 destination)
{
    adjust(ip + 10, net_get_32(ip + 12), source);
    adjust(ip + 10, net_get_32(ip + 16), destination);
    net_put_32(ip + 12, source);
    net_put_32(ip + 16, destination);
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
    while (length > 0 && bytes[length - 1] == 0)
        length--;
    return length == 0;
}

/* New ports, and the transport's checksum, which covers the addresses too but with
 * ICMP. The header may be cut off (length) behind the ports. */
static void put_ports(uint8_t *transport, size_t length, uint8_t protocol, const uint8_t *ip,
                      NetSocketAddress source, NetSocketAddress destination)
{
    size_t at = checksum_offset(protocol);
    bool has_checksum = at + 2 <= length;

    if (protocol == NET_PROTOCOL_ICMP) {
        uint16_t id = transport[0] == NET_ICMP_ECHO_REPLY ? destination.port : source.port;
        adjust(transport + at, net_get_16(transport + 4), id);
        net_put_16(transport + 4, id);
        /* The one message that RFC 1624's sum gets wrong: nothing but zeros. */
        if (net_get_16(transport + at) == 0 && is_zero(transport, length))
            net_put_16(transport + at, 0xffff);
        return;
    }
    if (protocol == NET_PROTOCOL_UDP && has_checksum && net_get_16(transport + at) == 0)
        has_checksum = false; /* the sender has not computed one: RFC 768 */
    if (has_checksum) {
        adjust(transport + at, net_get_32(ip + 12), source.address);
        adjust(transport + at, net_get_32(ip + 16), destination.address);
        adjust(transport + at, net_get_32(transport),
               (uint32_t)source.port << 16 | destination.port);
        if (protocol == NET_PROTOCOL_UDP && net_get_16(transport + at) == 0)
            net_put_16(transport + at, 0xffff);
    }
    net_put_16(transport, source.port);
    net_put_16(transport + 2, destination.port);
}

void net_nat_rewrite(const NetNatPacket *packet, NetSocketAddress source,
                     NetSocketAddress destination)
{
    if (packet->kind == NET_NAT_FLOW)
        put_ports(packet->transport, packet->transport_bytes, packet->protocol, packet->bytes,
                  source, destination);
    put_addresses(packet->bytes, source.address, destination.address);
}

void net_nat_rewrite_error(const NetNatPacket *packet, NetSocketAddress quoted_source,
                           NetSocketAddress quoted_destination, NetIp4 source, NetIp4 destination)
{
    uint8_t *transport = packet->quoted + (packet->quoted[0] & 15) * 4;

    put_ports(transport, packet->quoted_bytes - (size_t)(transport - packet->quoted),
              packet->protocol, packet->quoted, quoted_source, quoted_destination);
    put_addresses(packet->quoted, quoted_source.address, quoted_destination.address);
    net_icmp_seal(packet->transport, packet->transport_bytes);
    put_addresses(packet->bytes, source, destination);
}
