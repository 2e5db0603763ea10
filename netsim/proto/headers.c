/* SPDX-License-Identifier: GPL-2.0-or-later */
/* headers.c: one parser and one writer per header, in the order of headers.h. */
#include "netsim/proto/headers.h"

#include "netsim/proto/checksum.h"
#include "netsim/proto/wire.h"

static bool is_tag(uint16_t type)
{
    return type == NET_TYPE_VLAN || type == NET_TYPE_QINQ;
}

size_t net_ethernet_parse(const uint8_t *bytes, size_t length, NetEthernet *ret)
{
    size_t at = 12;

    if (length < NET_ETHERNET_BYTES)
        return 0;
    __builtin_memcpy(ret->destination.byte, bytes, 6);
    __builtin_memcpy(ret->source.byte, bytes + 6, 6);
    ret->tag_count = 0;
    ret->type = net_get_16(bytes + at);
    while (is_tag(ret->type) && ret->tag_count < NET_MAX_VLAN_TAGS) {
        if (length < at + NET_VLAN_TAG_BYTES + 2)
            return 0;
        uint16_t control = net_get_16(bytes + at + 2);
        ret->tags[ret->tag_count++] = (NetVlanTag){
            .tpid = ret->type,
            .priority = (uint8_t)(control >> 13),
            .drop_eligible = control >> 12 & 1,
            .vlan = control & 0xfff,
        };
        at += NET_VLAN_TAG_BYTES;
        ret->type = net_get_16(bytes + at);
    }
    return at + 2;
}

size_t net_ethernet_write(uint8_t *bytes, const NetEthernet *header)
{
    size_t at = 12;

    __builtin_memcpy(bytes, header->destination.byte, 6);
    __builtin_memcpy(bytes + 6, header->source.byte, 6);
    for (unsigned i = 0; i < header->tag_count; i++, at += NET_VLAN_TAG_BYTES) {
        const NetVlanTag *tag = &header->tags[i];
        net_put_16(bytes + at, tag->tpid);
        net_put_16(bytes + at + 2, (uint16_t)((tag->priority & 7) << 13 | tag->drop_eligible << 12 |
                                              (tag->vlan & 0xfff)));
    }
    net_put_16(bytes + at, header->type);
    return at + 2;
}

/* Hardware type Ethernet, protocol type IPv4, and the lengths of their addresses. */
static const uint8_t arp_kind[6] = {0, 1, 0x08, 0x00, 6, 4};

size_t net_arp_parse(const uint8_t *bytes, size_t length, NetArp *ret)
{
    if (length < NET_ARP_BYTES || __builtin_memcmp(bytes, arp_kind, sizeof arp_kind) != 0)
        return 0;
    ret->operation = net_get_16(bytes + 6);
    __builtin_memcpy(ret->sender_mac.byte, bytes + 8, 6);
    ret->sender_ip = net_get_32(bytes + 14);
    __builtin_memcpy(ret->target_mac.byte, bytes + 18, 6);
    ret->target_ip = net_get_32(bytes + 24);
    return NET_ARP_BYTES;
}

size_t net_arp_write(uint8_t *bytes, const NetArp *header)
{
    __builtin_memcpy(bytes, arp_kind, sizeof arp_kind);
    net_put_16(bytes + 6, header->operation);
    __builtin_memcpy(bytes + 8, header->sender_mac.byte, 6);
    net_put_32(bytes + 14, header->sender_ip);
    __builtin_memcpy(bytes + 18, header->target_mac.byte, 6);
    net_put_32(bytes + 24, header->target_ip);
    return NET_ARP_BYTES;
}

size_t net_ipv4_parse_quoted(const uint8_t *bytes, size_t length, NetIpv4 *ret)
{
    if (length < NET_IPV4_BYTES || bytes[0] >> 4 != 4)
        return 0;
    ret->header_bytes = (uint8_t)((bytes[0] & 15) * 4);
    ret->tos = bytes[1];
    ret->total_bytes = net_get_16(bytes + 2);
    ret->id = net_get_16(bytes + 4);
    uint16_t fragment = net_get_16(bytes + 6);
    ret->dont_fragment = fragment >> 14 & 1;
    ret->more_fragments = fragment >> 13 & 1;
    ret->fragment_offset = (uint16_t)((fragment & 0x1fff) * 8);
    ret->ttl = bytes[8];
    ret->protocol = bytes[9];
    ret->checksum = net_get_16(bytes + 10);
    ret->source = net_get_32(bytes + 12);
    ret->destination = net_get_32(bytes + 16);
    if (ret->header_bytes < NET_IPV4_BYTES || ret->header_bytes > length ||
        ret->total_bytes < ret->header_bytes)
        return 0;
    return ret->header_bytes;
}

size_t net_ipv4_parse(const uint8_t *bytes, size_t length, NetIpv4 *ret)
{
    size_t header_bytes = net_ipv4_parse_quoted(bytes, length, ret);

    return header_bytes > 0 && ret->total_bytes <= length ? header_bytes : 0;
}

size_t net_ipv4_write(uint8_t *bytes, const NetIpv4 *header)
{
    bytes[0] = 4 << 4 | NET_IPV4_BYTES / 4;
    bytes[1] = header->tos;
    net_put_16(bytes + 2, header->total_bytes);
    net_put_16(bytes + 4, header->id);
    net_put_16(bytes + 6, (uint16_t)(header->dont_fragment << 14 | header->more_fragments << 13 |
                                     (header->fragment_offset / 8 & 0x1fff)));
    bytes[8] = header->ttl;
    bytes[9] = header->protocol;
    net_put_16(bytes + 10, header->checksum);
    net_put_32(bytes + 12, header->source);
    net_put_32(bytes + 16, header->destination);
    return NET_IPV4_BYTES;
}

void net_ipv4_seal(uint8_t *bytes)
{
    net_put_16(bytes + 10, 0);
    net_put_16(bytes + 10, net_checksum(bytes, NET_IPV4_BYTES));
}

bool net_ipv4_sound(const uint8_t *bytes, const NetIpv4 *header)
{
    return net_checksum(bytes, header->header_bytes) == 0;
}

size_t net_icmp_parse(const uint8_t *bytes, size_t length, NetIcmp *ret)
{
    if (length < NET_ICMP_BYTES)
        return 0;
    ret->type = bytes[0];
    ret->code = bytes[1];
    ret->checksum = net_get_16(bytes + 2);
    ret->id = net_get_16(bytes + 4);
    ret->sequence = net_get_16(bytes + 6);
    return NET_ICMP_BYTES;
}

size_t net_icmp_write(uint8_t *bytes, const NetIcmp *header)
{
    bytes[0] = header->type;
    bytes[1] = header->code;
    net_put_16(bytes + 2, header->checksum);
    net_put_16(bytes + 4, header->id);
    net_put_16(bytes + 6, header->sequence);
    return NET_ICMP_BYTES;
}

void net_icmp_seal(uint8_t *bytes, size_t length)
{
    net_put_16(bytes + 2, 0);
    net_put_16(bytes + 2, net_checksum(bytes, length));
}

bool net_icmp_sound(const uint8_t *bytes, size_t length)
{
    return net_checksum(bytes, length) == 0;
}

size_t net_udp_parse(const uint8_t *bytes, size_t length, NetUdp *ret)
{
    if (length < NET_UDP_BYTES)
        return 0;
    ret->source_port = net_get_16(bytes);
    ret->destination_port = net_get_16(bytes + 2);
    ret->total_bytes = net_get_16(bytes + 4);
    ret->checksum = net_get_16(bytes + 6);
    return ret->total_bytes >= NET_UDP_BYTES && ret->total_bytes <= length ? NET_UDP_BYTES : 0;
}

size_t net_udp_write(uint8_t *bytes, const NetUdp *header)
{
    net_put_16(bytes, header->source_port);
    net_put_16(bytes + 2, header->destination_port);
    net_put_16(bytes + 4, header->total_bytes);
    net_put_16(bytes + 6, header->checksum);
    return NET_UDP_BYTES;
}

void net_udp_seal(uint8_t *bytes, uint16_t length, NetIp4 source, NetIp4 destination)
{
    net_put_16(bytes + 6, 0);
    uint64_t sum = net_sum_pseudo(0, source, destination, NET_PROTOCOL_UDP, length);
    uint16_t checksum = net_sum_finish(net_sum(sum, bytes, length));
    /* 0 would say "no checksum"; 0xffff is the same number in one's complement. */
    net_put_16(bytes + 6, checksum == 0 ? 0xffff : checksum);
}

bool net_udp_sound(const uint8_t *bytes, const NetUdp *header, NetIp4 source, NetIp4 destination)
{
    if (header->checksum == 0)
        return true;
    uint64_t sum = net_sum_pseudo(0, source, destination, NET_PROTOCOL_UDP, header->total_bytes);
    return net_sum_finish(net_sum(sum, bytes, header->total_bytes)) == 0;
}

/* Kinds of TCP options: RFC 9293 3.2, RFC 7323 2.2. */
enum {
    TCP_OPTION_END = 0,
    TCP_OPTION_NOP = 1,
    TCP_OPTION_MSS = 2,
    TCP_OPTION_WINDOW_SCALE = 3,
};

static void parse_tcp_options(const uint8_t *at, const uint8_t *end, NetTcp *ret)
{
    while (at < end && *at != TCP_OPTION_END) {
        if (*at == TCP_OPTION_NOP) {
            at++;
            continue;
        }
        if (end - at < 2 || at[1] < 2 || at[1] > end - at)
            return;
        if (at[0] == TCP_OPTION_MSS && at[1] == 4)
            ret->mss = net_get_16(at + 2);
        if (at[0] == TCP_OPTION_WINDOW_SCALE && at[1] == 3)
            ret->window_scale = at[2];
        at += at[1];
    }
}

size_t net_tcp_parse(const uint8_t *bytes, size_t length, NetTcp *ret)
{
    if (length < NET_TCP_BYTES)
        return 0;
    *ret = (NetTcp){
        .source_port = net_get_16(bytes),
        .destination_port = net_get_16(bytes + 2),
        .sequence = net_get_32(bytes + 4),
        .acknowledgment = net_get_32(bytes + 8),
        .header_bytes = (uint8_t)((bytes[12] >> 4) * 4),
        .flags = bytes[13],
        .window = net_get_16(bytes + 14),
        .checksum = net_get_16(bytes + 16),
        .urgent = net_get_16(bytes + 18),
        .window_scale = -1,
    };
    if (ret->header_bytes < NET_TCP_BYTES || ret->header_bytes > length)
        return 0;
    parse_tcp_options(bytes + NET_TCP_BYTES, bytes + ret->header_bytes, ret);
    return ret->header_bytes;
}

size_t net_tcp_write(uint8_t *bytes, const NetTcp *header)
{
    size_t length = NET_TCP_BYTES + (header->mss != 0 ? 4 : 0);

    net_put_16(bytes, header->source_port);
    net_put_16(bytes + 2, header->destination_port);
    net_put_32(bytes + 4, header->sequence);
    net_put_32(bytes + 8, header->acknowledgment);
    bytes[12] = (uint8_t)(length / 4 << 4);
    bytes[13] = header->flags;
    net_put_16(bytes + 14, header->window);
    net_put_16(bytes + 16, header->checksum);
    net_put_16(bytes + 18, header->urgent);
    if (header->mss != 0) {
        bytes[20] = TCP_OPTION_MSS;
        bytes[21] = 4;
        net_put_16(bytes + 22, header->mss);
    }
    return length;
}

void net_tcp_seal(uint8_t *bytes, uint16_t length, NetIp4 source, NetIp4 destination)
{
    uint64_t sum = net_sum_pseudo(0, source, destination, NET_PROTOCOL_TCP, length);

    net_put_16(bytes + 16, 0);
    net_put_16(bytes + 16, net_sum_finish(net_sum(sum, bytes, length)));
}

bool net_tcp_sound(const uint8_t *bytes, uint16_t length, NetIp4 source, NetIp4 destination)
{
    uint64_t sum = net_sum_pseudo(0, source, destination, NET_PROTOCOL_TCP, length);
    return net_sum_finish(net_sum(sum, bytes, length)) == 0;
}
