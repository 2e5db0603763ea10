/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trail-frames.c: which frames belong to a probe; see trail-private.h.
 *
 * An echo request or a datagram is known by the nonce in its payload. Of a TCP
 * connection the SYN and what answers it are followed, no more: the rest goes the
 * same way. An answer is a frame in the opposite direction of a request, as a
 * machine on the way had it.
 */
#include <string.h>

#include "netsim/proto/stack.h"
#include "netsim/proto/wire.h"
#include "sim/export/trail-private.h"

void sim_probe_frames_init(SimProbeFrames *frames, const SimModelProbe *probe)
{
    *frames = (SimProbeFrames){
        .nonce = probe->nonce,
        .address = probe->address,
        .port = probe->port,
        .protocol = probe->protocol,
        .kinds = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
        .flows = g_array_new(FALSE, FALSE, sizeof(SimFlow)),
        .askers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
    };
}

void sim_probe_frames_clear(SimProbeFrames *frames)
{
    g_hash_table_unref(frames->kinds);
    g_hash_table_unref(frames->askers);
    g_array_unref(frames->flows);
}

uint64_t sim_mac_number(NetMac mac)
{
    uint64_t number = 0;

    for (int i = 0; i < 6; i++)
        number = number << 8 | mac.byte[i];
    return number;
}

void sim_probe_frames_involve(SimProbeFrames *frames, uint64_t mac)
{
    g_hash_table_add(frames->askers, g_memdup2(&mac, sizeof(mac)));
}

bool sim_probe_frames_find(const SimProbeFrames *frames, uint64_t frame, SimHopKind *ret_kind)
{
    guint found = GPOINTER_TO_UINT(g_hash_table_lookup(frames->kinds, &frame));

    if (found == 0)
        return false;
    *ret_kind = (SimHopKind)(found - 1);
    return true;
}

/* ---- What a packet is ------------------------------------------------------- */

typedef struct {
    SimFlow flow;
    bool opens;            /* an echo request, a datagram, a SYN */
    bool answers;          /* an echo reply, a datagram, a SYN with ACK, a reset */
    bool has_nonce;        /* and no other's */
    const uint8_t *quoted; /* by an ICMP error; NULL: none */
    size_t quoted_bytes;
} Packet;

static bool carries(const SimProbeFrames *frames, const uint8_t *bytes, size_t length)
{
    uint64_t nonce;

    return net_probe_read(bytes, length, &nonce) && nonce == frames->nonce;
}

static void read_icmp(const SimProbeFrames *frames, const uint8_t *at, size_t length, Packet *ret)
{
    NetIcmp icmp;

    if (net_icmp_parse(at, length, &icmp) == 0)
        return;
    ret->flow.source_port = ret->flow.destination_port = icmp.id;
    ret->opens = icmp.type == NET_ICMP_ECHO_REQUEST;
    ret->answers = icmp.type == NET_ICMP_ECHO_REPLY;
    ret->has_nonce = carries(frames, at + NET_ICMP_BYTES, length - NET_ICMP_BYTES);
    if (icmp.type == NET_ICMP_UNREACHABLE || icmp.type == NET_ICMP_TIME_EXCEEDED) {
        ret->quoted = at + NET_ICMP_BYTES;
        ret->quoted_bytes = length - NET_ICMP_BYTES;
    }
}

static void read_transport(const SimProbeFrames *frames, const uint8_t *at, size_t length,
                           Packet *ret)
{
    NetUdp udp;
    NetTcp tcp;

    /* An ICMP error quotes eight bytes, which hold the ports at least. */
    if (ret->flow.protocol != NET_PROTOCOL_ICMP && length >= 4) {
        ret->flow.source_port = net_get_16(at);
        ret->flow.destination_port = net_get_16(at + 2);
    }
    if (ret->flow.protocol == NET_PROTOCOL_ICMP) {
        read_icmp(frames, at, length, ret);
    } else if (ret->flow.protocol == NET_PROTOCOL_UDP && net_udp_parse(at, length, &udp) > 0) {
        ret->has_nonce = carries(frames, at + NET_UDP_BYTES, length - NET_UDP_BYTES);
        ret->opens = ret->answers = ret->has_nonce;
    } else if (ret->flow.protocol == NET_PROTOCOL_TCP && net_tcp_parse(at, length, &tcp) > 0) {
        ret->opens = (tcp.flags & (NET_TCP_SYN | NET_TCP_ACK)) == NET_TCP_SYN;
        ret->answers = (tcp.flags & NET_TCP_RST) != 0 ||
                       (tcp.flags & (NET_TCP_SYN | NET_TCP_ACK)) == (NET_TCP_SYN | NET_TCP_ACK);
    }
}

static bool read_packet(const SimProbeFrames *frames, const uint8_t *bytes, size_t length,
                        Packet *ret)
{
    NetIpv4 ip;
    size_t header_bytes = net_ipv4_parse_quoted(bytes, length, &ip);

    memset(ret, 0, sizeof(*ret));
    if (header_bytes == 0)
        return false;
    ret->flow =
        (SimFlow){.source = ip.source, .destination = ip.destination, .protocol = ip.protocol};
    read_transport(frames, bytes + header_bytes, length - header_bytes, ret);
    return true;
}

bool sim_flow_read(const uint8_t *bytes, size_t length, SimFlow *ret)
{
    const SimProbeFrames nobodys = {0};
    NetEthernet ethernet;
    size_t header_bytes = net_ethernet_parse(bytes, length, &ethernet);
    Packet packet;

    if (header_bytes == 0 || ethernet.type != NET_TYPE_IPV4 ||
        !read_packet(&nobodys, bytes + header_bytes, length - header_bytes, &packet))
        return false;
    *ret = packet.flow;
    return true;
}

/* ---- Whose it is ------------------------------------------------------------- */

static bool flow_is(const SimFlow *a, const SimFlow *b, bool reversed)
{
    const SimFlow turned = {b->destination, b->source, b->destination_port, b->source_port,
                            b->protocol};
    const SimFlow *other = reversed ? &turned : b;

    return a->source == other->source && a->destination == other->destination &&
           a->source_port == other->source_port && a->destination_port == other->destination_port &&
           a->protocol == other->protocol;
}

static bool knows(const SimProbeFrames *frames, const SimFlow *flow, bool reversed)
{
    for (guint i = 0; i < frames->flows->len; i++)
        if (flow_is(flow, &g_array_index(frames->flows, SimFlow, i), reversed))
            return true;
    return false;
}

static bool classify_packet(const SimProbeFrames *frames, const Packet *packet, SimMaker maker,
                            SimHopKind *ret_kind)
{
    bool tcp = frames->protocol == SIM_PROBE_PROTOCOL_TCP;
    Packet quoted;

    *ret_kind = SIM_HOP_REQUEST;
    if (maker.is_asker && packet->opens && (tcp || packet->has_nonce) &&
        packet->flow.destination == frames->address &&
        (tcp ? packet->flow.protocol == NET_PROTOCOL_TCP : true) &&
        (frames->port == 0 || packet->flow.destination_port == frames->port))
        return true;
    *ret_kind = SIM_HOP_ANSWER;
    if (!maker.was_asked)
        return false;
    if (packet->answers && knows(frames, &packet->flow, true))
        return true;
    return packet->quoted && read_packet(frames, packet->quoted, packet->quoted_bytes, &quoted) &&
           knows(frames, &quoted.flow, false);
}

static bool classify_arp(const SimProbeFrames *frames, const uint8_t *bytes, size_t length,
                         SimMaker maker)
{
    NetArp arp;
    uint64_t target;

    if (net_arp_parse(bytes, length, &arp) == 0)
        return false;
    target = sim_mac_number(arp.target_mac);
    return maker.is_involved || (arp.operation == NET_ARP_REPLY && maker.heard_arp &&
                                 g_hash_table_contains(frames->askers, &target));
}

bool sim_probe_frames_add(SimProbeFrames *frames, uint64_t frame, uint64_t parent,
                          const uint8_t *bytes, size_t length, SimMaker maker, SimHopKind *ret_kind)
{
    NetEthernet ethernet;
    size_t header_bytes = net_ethernet_parse(bytes, length, &ethernet);
    const uint8_t *inside = bytes + header_bytes;
    size_t inside_bytes = length - header_bytes;
    bool is_packet, found = parent != 0 && sim_probe_frames_find(frames, parent, ret_kind);
    Packet packet;

    if (header_bytes == 0)
        return false;
    is_packet =
        ethernet.type == NET_TYPE_IPV4 && read_packet(frames, inside, inside_bytes, &packet);
    if (!found && is_packet)
        found = classify_packet(frames, &packet, maker, ret_kind);
    if (!found && ethernet.type == NET_TYPE_ARP) {
        found = classify_arp(frames, inside, inside_bytes, maker);
        *ret_kind = SIM_HOP_ARP;
    }
    if (!found)
        return false;
    g_hash_table_insert(frames->kinds, g_memdup2(&frame, sizeof(frame)),
                        GUINT_TO_POINTER(*ret_kind + 1));
    if (*ret_kind == SIM_HOP_REQUEST && is_packet)
        g_array_append_val(frames->flows, packet.flow);
    return true;
}
