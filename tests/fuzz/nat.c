/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat.c: fuzzes the core of a NAT with a script of packets and times.
 *
 * The input is a list of records: a byte that says what to do, a byte of length,
 * then so many bytes. A packet gets a right IP checksum, and its outer addresses are
 * made to fit its direction, as random ones would hardly meet a row. Whatever
 * happens: what comes in passes only if the NAT expects it, a packet that was sound
 * is sound afterwards, the table keeps its bound, and in the end every port is
 * given back.
 */
#include "tests/netsim/nat-bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_ROWS 16

static bool make_sound(Packet *p, const uint8_t *bytes, size_t length, bool outbound)
{
    memset(p, 0, sizeof *p);
    if (length < 20)
        return false;
    memcpy(p->bytes, bytes, length);
    p->length = length;
    p->bytes[0] = 0x45;
    net_put_16(p->bytes + 2, (uint16_t)length);
    net_put_32(p->bytes + (outbound ? 12 : 16), outbound ? NET_IP4(10, 0, 2, 15) : BENCH_OUTSIDE);
    net_ipv4_seal(p->bytes);
    return true;
}

static void put_through(Bench *b, const uint8_t *bytes, size_t length, bool outbound)
{
    Packet p;

    if (!make_sound(&p, bytes, length, outbound))
        return;
    bool is_whole = (net_get_16(p.bytes + 6) & 0x3fff) == 0;
    bool was_sound = is_whole && packet_is_sound(&p);
    bool expected = net_nat_expects(b->nat, p.bytes, p.length, b->now);
    NetNatVerdict verdict = outbound ? net_nat_outbound(b->nat, p.bytes, p.length, b->now)
                                     : net_nat_inbound(b->nat, p.bytes, p.length, b->now);
    NetIpv4 ip;

    g_assert(net_ipv4_parse(p.bytes, p.length, &ip) > 0);
    if (verdict.passes) {
        g_assert(net_ipv4_sound(p.bytes, &ip));
        g_assert(!was_sound || packet_is_sound(&p));
        g_assert(outbound || expected);
        g_assert(verdict.row->id > 0 && verdict.row->expires > b->now);
    }
    g_assert(net_nat_count(b->nat) <= MAX_ROWS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Bench *b = bench_new(MAX_ROWS);
    NetForward rule = {.protocol = NET_PROTOCOL_TCP,
                       .host_port = 2222,
                       .guest_address = NET_IP4(10, 0, 2, 15),
                       .guest_port = 22};

    net_nat_add_alias(b->nat, NET_IP4(10, 0, 2, 2), 0, NET_IP4(127, 0, 0, 1));
    net_nat_add_alias(b->nat, NET_IP4(10, 0, 2, 3), 53, NET_IP4(192, 168, 1, 1));
    net_nat_add_forward(b->nat, &rule);
    while (size >= 2) {
        size_t length = MIN(data[1], size - 2);
        switch (data[0] % 4) {
        case 0: put_through(b, data + 2, length, true); break;
        case 1: put_through(b, data + 2, length, false); break;
        case 2:
            b->now += (NetTime)length * 10 * NET_NS_PER_SECOND;
            net_nat_advance(b->nat, b->now);
            break;
        default: b->taken[length % 3][data[0] * 256u + data[1]] |= length > 60; break;
        }
        data += 2 + length;
        size -= 2 + length;
    }
    b->now += NET_NAT_ESTABLISHED_NS;
    net_nat_advance(b->nat, b->now);
    g_assert(net_nat_count(b->nat) == 0 && net_nat_deadline(b->nat) == NET_TIME_NEVER);
    g_assert(b->taken_count == 1); /* the rule's */
    bench_free(b);
    return 0;
}
