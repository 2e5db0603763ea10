/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat-bench.h: a NAT on a bench: packets are made, put through it, and looked at. */
#pragma once

#include <glib.h>
#include <string.h>

#include "netsim/nat.h"
#include "netsim/proto/checksum.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

#define BENCH_OUTSIDE NET_IP4(192, 168, 1, 10)

typedef struct {
    NetNat *nat;
    NetTime now;
    bool taken[3][65536]; /* ports of TCP, UDP and ICMP */
    uint32_t taken_count; /* by the NAT */
} Bench;

typedef struct {
    size_t length;
    uint8_t bytes[256];
} Packet;

/* --- the outside --- */

static inline NetIp4 bench_source_for(void *user, NetIp4 to)
{
    return BENCH_OUTSIDE;
}

static inline bool *bench_port(void *user, uint8_t protocol, uint16_t port)
{
    Bench *b = user;

    return &b->taken[protocol == NET_PROTOCOL_TCP ? 0 : protocol == NET_PROTOCOL_UDP ? 1 : 2][port];
}

static inline bool bench_take(void *user, uint8_t protocol, NetIp4 address, uint16_t port)
{
    bool *taken = bench_port(user, protocol, port);

    if (*taken)
        return false;
    ((Bench *)user)->taken_count++;
    return *taken = true;
}

static inline void bench_give(void *user, uint8_t protocol, NetIp4 address, uint16_t port)
{
    bool *taken = bench_port(user, protocol, port);

    g_assert_true(*taken);
    *taken = false;
    ((Bench *)user)->taken_count--;
}

static inline Bench *bench_new(uint32_t max_rows)
{
    static const NetNatOutside outside = {bench_source_for, bench_take, bench_give};
    Bench *b = g_new0(Bench, 1);
    NetNatConfig config = {.max_rows = max_rows, .outside = &outside, .outside_user = b};

    b->nat = net_nat_new(&config);
    return b;
}

static inline void bench_free(Bench *b)
{
    net_nat_free(b->nat);
    g_free(b);
}

/* --- packets --- */

static inline uint8_t *packet_begin(Packet *p, NetIp4 from, NetIp4 to, uint8_t protocol,
                                    size_t transport_bytes)
{
    NetIpv4 ip = {.total_bytes = (uint16_t)(20 + transport_bytes),
                  .id = 7,
                  .ttl = 64,
                  .protocol = protocol,
                  .source = from,
                  .destination = to};

    memset(p, 0, sizeof *p);
    p->length = ip.total_bytes;
    net_ipv4_write(p->bytes, &ip);
    net_ipv4_seal(p->bytes);
    return p->bytes + 20;
}

static inline Packet packet_udp(NetIp4 from, uint16_t from_port, NetIp4 to, uint16_t to_port,
                                const char *text)
{
    Packet p;
    NetUdp udp = {from_port, to_port, (uint16_t)(8 + strlen(text)), 0};
    uint8_t *at = packet_begin(&p, from, to, NET_PROTOCOL_UDP, udp.total_bytes);

    net_udp_write(at, &udp);
    memcpy(at + 8, text, strlen(text));
    net_udp_seal(at, udp.total_bytes, from, to);
    return p;
}

static inline Packet packet_tcp(NetIp4 from, uint16_t from_port, NetIp4 to, uint16_t to_port,
                                uint8_t flags, uint32_t sequence, uint32_t acknowledgment)
{
    Packet p;
    uint8_t *at = packet_begin(&p, from, to, NET_PROTOCOL_TCP, 20);

    net_put_16(at, from_port);
    net_put_16(at + 2, to_port);
    net_put_32(at + 4, sequence);
    net_put_32(at + 8, acknowledgment);
    at[12] = 5 << 4;
    at[13] = flags;
    net_put_16(at + 16,
               net_sum_finish(net_sum(net_sum_pseudo(0, from, to, NET_PROTOCOL_TCP, 20), at, 20)));
    return p;
}

static inline Packet packet_echo(NetIp4 from, NetIp4 to, uint8_t type, uint16_t id)
{
    Packet p;
    NetIcmp icmp = {.type = type, .id = id, .sequence = 1};
    uint8_t *at = packet_begin(&p, from, to, NET_PROTOCOL_ICMP, 16);

    net_icmp_write(at, &icmp);
    net_icmp_seal(at, 16);
    return p;
}

static inline Packet packet_other(NetIp4 from, NetIp4 to, uint8_t protocol)
{
    Packet p;

    packet_begin(&p, from, to, protocol, 16);
    return p;
}

/* An ICMP error about a packet, to who sent it. */
static inline Packet packet_error(NetIp4 from, const Packet *about, uint8_t type, uint8_t code)
{
    Packet p;
    NetIcmp icmp = {.type = type, .code = code};
    uint8_t *at = packet_begin(&p, from, net_get_32(about->bytes + 12), NET_PROTOCOL_ICMP, 8 + 28);

    net_icmp_write(at, &icmp);
    memcpy(at + 8, about->bytes, 28);
    net_icmp_seal(at, 36);
    return p;
}

/* The rest of a packet from `offset` of its payload on, as a fragment. */
static inline Packet packet_fragment(const Packet *whole, uint16_t offset)
{
    Packet p;
    size_t bytes = whole->length - 20 - offset;
    uint8_t *at = packet_begin(&p, net_get_32(whole->bytes + 12), net_get_32(whole->bytes + 16),
                               whole->bytes[9], bytes);

    memcpy(at, whole->bytes + 20 + offset, bytes);
    net_put_16(p.bytes + 6, offset / 8);
    net_ipv4_seal(p.bytes);
    return p;
}

/* Leaves the first `length` bytes of a packet, as its first fragment. */
static inline void packet_cut(Packet *p, size_t length)
{
    p->length = length;
    net_put_16(p->bytes + 2, (uint16_t)length);
    net_put_16(p->bytes + 6, 0x2000);
    net_ipv4_seal(p->bytes);
}

/* --- looking --- */

static inline bool packet_is_sound(const Packet *p)
{
    NetIpv4 ip;
    NetUdp udp;
    const uint8_t *at = p->bytes + 20;
    uint16_t length = (uint16_t)(p->length - 20);

    if (net_ipv4_parse(p->bytes, p->length, &ip) == 0 || !net_ipv4_sound(p->bytes, &ip))
        return false;
    switch (ip.protocol) {
    case NET_PROTOCOL_TCP: return net_tcp_sound(at, length, ip.source, ip.destination);
    case NET_PROTOCOL_ICMP: return net_icmp_sound(at, length);
    default:
        return net_udp_parse(at, length, &udp) > 0 &&
               net_udp_sound(at, &udp, ip.source, ip.destination);
    }
}

/* The ports as the NAT sees them: of echo, the id at the inside's end. */
static inline void assert_packet(const Packet *p, NetIp4 from, uint16_t from_port, NetIp4 to,
                                 uint16_t to_port)
{
    const uint8_t *at = p->bytes + 20;

    g_assert_true(packet_is_sound(p));
    g_assert_cmphex(net_get_32(p->bytes + 12), ==, from);
    g_assert_cmphex(net_get_32(p->bytes + 16), ==, to);
    if (p->bytes[9] == NET_PROTOCOL_ICMP) {
        g_assert_cmpuint(net_get_16(at + 4), ==, from_port + to_port);
        return;
    }
    g_assert_cmpuint(net_get_16(at), ==, from_port);
    g_assert_cmpuint(net_get_16(at + 2), ==, to_port);
}

/* why NULL: it passes. */
static inline void assert_verdict(NetNatVerdict verdict, const char *why)
{
    g_assert_cmpstr(verdict.passes ? NULL : net_drop_reason_name(verdict.why), ==, why);
}

static inline void assert_out(Bench *b, Packet *p, const char *why)
{
    assert_verdict(net_nat_outbound(b->nat, p->bytes, p->length, b->now), why);
}

static inline void assert_in(Bench *b, Packet *p, const char *why)
{
    assert_verdict(net_nat_inbound(b->nat, p->bytes, p->length, b->now), why);
}
