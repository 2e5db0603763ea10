/* SPDX-License-Identifier: GPL-2.0-or-later */
/* match.c: the headers of a frame, and whether a rule's fields agree with them. */
#include "netsim/switch/match.h"

#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

static void read_ip(NetPacket *packet, const uint8_t *bytes, size_t length)
{
    NetIpv4 ip;
    size_t header_bytes = net_ipv4_parse(bytes, length, &ip);

    if (header_bytes == 0)
        return;
    packet->is_ip = true;
    packet->protocol = ip.protocol;
    packet->source_ip = ip.source;
    packet->destination_ip = ip.destination;
    /* The ports are the first four bytes of both, and only of a packet's first piece. */
    if ((ip.protocol == NET_PROTOCOL_UDP || ip.protocol == NET_PROTOCOL_TCP) &&
        ip.fragment_offset == 0 && ip.total_bytes >= header_bytes + 4) {
        packet->has_ports = true;
        packet->source_port = net_get_16(bytes + header_bytes);
        packet->destination_port = net_get_16(bytes + header_bytes + 2);
    }
}

void net_packet_read(NetPacket *packet, const NetFrame *frame, NetPortId in_port, uint16_t vlan)
{
    NetEthernet ethernet = {0};
    size_t header_bytes = net_ethernet_parse(frame->bytes, frame->length, &ethernet);

    *packet = (NetPacket){.in_port = in_port,
                          .destination = ethernet.destination,
                          .source = ethernet.source,
                          .vlan = vlan,
                          .type = ethernet.type};
    if (ethernet.type == NET_TYPE_IPV4)
        read_ip(packet, frame->bytes + header_bytes, frame->length - header_bytes);
}

static bool match_ip(const NetMatch *match, const NetPacket *packet)
{
    uint32_t fields = match->fields;

    if (fields < NET_MATCH_SOURCE_IP)
        return true;
    if (!packet->is_ip)
        return false;
    if (fields & NET_MATCH_SOURCE_IP &&
        (packet->source_ip & match->source_mask) != match->source_ip)
        return false;
    if (fields & NET_MATCH_DESTINATION_IP &&
        (packet->destination_ip & match->destination_mask) != match->destination_ip)
        return false;
    if (fields & NET_MATCH_PROTOCOL && packet->protocol != match->protocol)
        return false;
    if (fields & NET_MATCH_SOURCE_PORT &&
        (!packet->has_ports || packet->source_port < match->source_first ||
         packet->source_port > match->source_last))
        return false;
    return !(fields & NET_MATCH_DESTINATION_PORT) ||
           (packet->has_ports && packet->destination_port >= match->destination_first &&
            packet->destination_port <= match->destination_last);
}

bool net_match(const NetMatch *match, const NetPacket *packet)
{
    uint32_t fields = match->fields;

    if (fields & NET_MATCH_IN_PORT && packet->in_port != match->in_port)
        return false;
    if (fields & NET_MATCH_SOURCE && !net_mac_equal(packet->source, match->source))
        return false;
    if (fields & NET_MATCH_DESTINATION && !net_mac_equal(packet->destination, match->destination))
        return false;
    if (fields & NET_MATCH_VLAN && packet->vlan != match->vlan)
        return false;
    if (fields & NET_MATCH_TYPE && packet->type != match->type)
        return false;
    return match_ip(match, packet);
}
