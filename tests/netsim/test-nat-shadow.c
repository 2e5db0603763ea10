/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-nat-shadow.c: random packets both ways through a NAT, against a list.
 *
 * The list is what a NAT must do in its simplest form: it is searched from one end
 * to the other, and knows nothing of hashes, bindings or timer lists. After every
 * packet: what passes passes for a row of the list, is translated as the row says,
 * no two rows look the same from outside, and the NAT has as many rows as the list.
 */
#include "tests/netsim/nat-bench.h"

#define MAX_ROWS 48
#define STEPS    200000
#define S        NET_NS_PER_SECOND

typedef struct {
    uint8_t protocol;
    NetSocketAddress inside, peer;
    uint16_t outside_port;
    NetTime expires;
} Row;

typedef struct {
    Bench *bench;
    Row rows[MAX_ROWS];
    unsigned count;
    GRand *random;
    unsigned made, passed_in, refused_in, full;
} Shadow;

static NetTime lifetime(uint8_t protocol)
{
    return protocol == NET_PROTOCOL_UDP    ? 300 * S
           : protocol == NET_PROTOCOL_ICMP ? 60 * S
                                           : 240 * S;
}

static void forget_old(Shadow *s)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < s->count; i++) {
        if (s->rows[i].expires > s->bench->now)
            s->rows[kept++] = s->rows[i];
    }
    s->count = kept;
}

static bool is_same(NetSocketAddress a, NetSocketAddress b)
{
    return a.address == b.address && a.port == b.port;
}

static Row *find_inside(Shadow *s, const Row *key)
{
    for (unsigned i = 0; i < s->count; i++) {
        Row *row = &s->rows[i];
        if (row->protocol == key->protocol && is_same(row->inside, key->inside) &&
            is_same(row->peer, key->peer))
            return row;
    }
    return NULL;
}

static Row *find_outside(Shadow *s, uint8_t protocol, uint16_t port, NetSocketAddress peer)
{
    for (unsigned i = 0; i < s->count; i++) {
        Row *row = &s->rows[i];
        if (row->protocol == protocol && row->outside_port == port && is_same(row->peer, peer))
            return row;
    }
    return NULL;
}

/* --- packets from few addresses and ports, so that they meet --- */

static Row random_flow(Shadow *s)
{
    static const uint8_t protocols[] = {NET_PROTOCOL_TCP, NET_PROTOCOL_UDP, NET_PROTOCOL_ICMP};
    Row row = {
        .protocol = protocols[g_rand_int_range(s->random, 0, 3)],
        .inside = {NET_IP4(10, 0, 2, 15) + (NetIp4)g_rand_int_range(s->random, 0, 3),
                   (uint16_t)g_rand_int_range(s->random, 2000, 2006)},
        .peer = {NET_IP4(203, 0, 113, 10) + (NetIp4)g_rand_int_range(s->random, 0, 3),
                 (uint16_t)g_rand_int_range(s->random, 80, 83)},
    };

    if (row.protocol == NET_PROTOCOL_ICMP)
        row.peer.port = 0;
    return row;
}

static Packet packet_of(uint8_t protocol, NetSocketAddress from, NetSocketAddress to, bool outbound)
{
    switch (protocol) {
    case NET_PROTOCOL_TCP:
        return packet_tcp(from.address, from.port, to.address, to.port,
                          outbound ? NET_TCP_SYN : NET_TCP_SYN | NET_TCP_ACK, 1, outbound ? 0 : 2);
    case NET_PROTOCOL_UDP: return packet_udp(from.address, from.port, to.address, to.port, "x");
    default:
        return packet_echo(from.address, to.address,
                           outbound ? NET_ICMP_ECHO_REQUEST : NET_ICMP_ECHO_REPLY,
                           outbound ? from.port : to.port);
    }
}

static uint16_t outside_port_of(const Packet *p)
{
    return net_get_16(p->bytes + 20 + (p->bytes[9] == NET_PROTOCOL_ICMP ? 4 : 0));
}

static void check_new_port(Shadow *s, const Row *row)
{
    for (unsigned i = 0; i < s->count; i++) {
        const Row *other = &s->rows[i];
        if (other->protocol != row->protocol)
            continue;
        /* One inside address and port has one outside port, and nobody else has it. */
        g_assert_cmpint(other->outside_port == row->outside_port, ==,
                        is_same(other->inside, row->inside));
    }
}

static void go_out(Shadow *s)
{
    Row key = random_flow(s);
    Packet p = packet_of(key.protocol, key.inside, key.peer, true);
    Row *row = find_inside(s, &key);

    if (row == NULL && s->count == MAX_ROWS) {
        assert_out(s->bench, &p, "nat-table-full");
        s->full++;
        return;
    }
    assert_out(s->bench, &p, NULL);
    if (row == NULL) {
        key.outside_port = outside_port_of(&p);
        check_new_port(s, &key);
        row = &s->rows[s->count++];
        *row = key;
        s->made++;
    }
    assert_packet(&p, BENCH_OUTSIDE, row->outside_port, row->peer.address, row->peer.port);
    row->expires = s->bench->now + lifetime(row->protocol);
}

static void come_in(Shadow *s)
{
    Row any = random_flow(s);
    uint16_t port = (uint16_t)(g_rand_boolean(s->random) ? any.inside.port
                                                         : g_rand_int_range(s->random, 1024, 1040));
    NetSocketAddress to = {BENCH_OUTSIDE, port};
    Packet p = packet_of(any.protocol, any.peer, to, false);
    Row *row = find_outside(s, any.protocol, port, any.peer);

    g_assert_cmpint(net_nat_expects(s->bench->nat, p.bytes, p.length, s->bench->now), ==,
                    row != NULL);
    if (row == NULL) {
        assert_in(s->bench, &p, "nat-no-row");
        s->refused_in++;
        return;
    }
    assert_in(s->bench, &p, NULL);
    assert_packet(&p, row->peer.address, row->peer.port, row->inside.address, row->inside.port);
    row->expires = s->bench->now + lifetime(row->protocol);
    s->passed_in++;
}

static void let_time_pass(Shadow *s)
{
    Bench *b = s->bench;

    b->now += (NetTime)g_rand_int_range(s->random, 1, 40) * S;
    net_nat_advance(b->nat, b->now);
    forget_old(s);
    NetTime earliest = NET_TIME_NEVER;
    for (unsigned i = 0; i < s->count; i++)
        earliest = MIN(earliest, s->rows[i].expires);
    g_assert_cmpuint(net_nat_deadline(b->nat), ==, earliest);
}

static void test_shadow(void)
{
    Shadow s = {.bench = bench_new(MAX_ROWS),
                .random = g_rand_new_with_seed((guint32)g_test_rand_int())};

    for (unsigned i = 0; i < STEPS; i++) {
        unsigned what = (unsigned)g_rand_int_range(s.random, 0, 50);
        if (what == 0)
            let_time_pass(&s);
        else if (what < 20)
            go_out(&s);
        else
            come_in(&s);
        g_assert_cmpuint(net_nat_count(s.bench->nat), ==, s.count);
    }
    /* Everything that can happen did. */
    g_assert_cmpuint(s.made, >, 100);
    g_assert_cmpuint(s.passed_in, >, 100);
    g_assert_cmpuint(s.refused_in, >, 100);
    g_assert_cmpuint(s.full, >, 100);
    s.bench->now += 7440 * S;
    net_nat_advance(s.bench->nat, s.bench->now);
    g_assert_cmpuint(net_nat_count(s.bench->nat), ==, 0);
    g_assert_cmpuint(s.bench->taken_count, ==, 0);
    g_rand_free(s.random);
    bench_free(s.bench);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nat/shadow", test_shadow);
    return g_test_run();
}
