/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-nat.c: the NAT core, packet by packet, with values worked out by hand.
 *
 * The outside is one address with every port free but those in `taken`. What must
 * hold for any sequence of packets is in test-nat-shadow.c.
 */
#include "tests/netsim/nat-bench.h"

#define GUEST  NET_IP4(10, 0, 2, 15)
#define SERVER NET_IP4(203, 0, 113, 10)
#define S      NET_NS_PER_SECOND

/* --- translation --- */

static void test_udp_out_and_back(void)
{
    Bench *b = bench_new(0);
    Packet p = packet_udp(GUEST, 5000, SERVER, 53, "question");

    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 5000, SERVER, 53); /* the port is preserved */
    p = packet_udp(SERVER, 53, BENCH_OUTSIDE, 5000, "answer");
    assert_in(b, &p, NULL);
    assert_packet(&p, SERVER, 53, GUEST, 5000);
    g_assert_cmpuint(net_nat_count(b->nat), ==, 1);
    bench_free(b);
}

static void test_nobody_gets_in(void)
{
    Bench *b = bench_new(0);
    Packet p = packet_udp(GUEST, 5000, SERVER, 53, "question");

    assert_out(b, &p, NULL);
    p = packet_udp(SERVER, 54, BENCH_OUTSIDE, 5000, "another port");
    assert_in(b, &p, "nat-no-row");
    p = packet_udp(SERVER + 1, 53, BENCH_OUTSIDE, 5000, "another machine");
    assert_in(b, &p, "nat-no-row");
    p = packet_tcp(SERVER, 53, BENCH_OUTSIDE, 5000, NET_TCP_SYN, 1, 0);
    assert_in(b, &p, "nat-no-row");
    p = packet_echo(SERVER, BENCH_OUTSIDE, NET_ICMP_ECHO_REQUEST, 5000);
    assert_in(b, &p, "nat-no-row");
    p = packet_tcp(GUEST, 5000, SERVER, 80, NET_TCP_ACK, 1, 1);
    assert_out(b, &p, "nat-not-syn");
    p = packet_echo(GUEST, SERVER, NET_ICMP_ECHO_REPLY, 1);
    assert_out(b, &p, "nat-no-row");
    p = packet_other(GUEST, SERVER, 47); /* GRE */
    assert_out(b, &p, "nat-protocol");
    p = packet_udp(GUEST, 5000, NET_IP4(224, 0, 0, 251), 5353, "multicast");
    assert_out(b, &p, "nat-group-address");
    g_assert_cmpuint(net_nat_count(b->nat), ==, 1);
    bench_free(b);
}

static void test_two_guests_one_port(void)
{
    Bench *b = bench_new(0);
    Packet p = packet_udp(GUEST, 5000, SERVER, 53, "a");

    assert_out(b, &p, NULL);
    p = packet_udp(GUEST + 1, 5000, SERVER, 53, "b");
    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 1024, SERVER, 53); /* the next free one */
    p = packet_udp(GUEST + 1, 5000, SERVER + 1, 53, "b once more");
    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 1024, SERVER + 1, 53); /* whomever it talks to */
    p = packet_udp(GUEST, 7, SERVER, 53, "a well-known port is not taken outside");
    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 1025, SERVER, 53);
    p = packet_udp(SERVER, 53, BENCH_OUTSIDE, 1024, "for b");
    assert_in(b, &p, NULL);
    assert_packet(&p, SERVER, 53, GUEST + 1, 5000);
    bench_free(b);
}

static void test_echo(void)
{
    Bench *b = bench_new(0);
    Packet p = packet_echo(GUEST, SERVER, NET_ICMP_ECHO_REQUEST, 77);

    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 77, SERVER, 0);
    p = packet_echo(GUEST + 1, SERVER, NET_ICMP_ECHO_REQUEST, 77);
    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 1024, SERVER, 0);
    p = packet_echo(SERVER, BENCH_OUTSIDE, NET_ICMP_ECHO_REPLY, 1024);
    assert_in(b, &p, NULL);
    assert_packet(&p, SERVER, 0, GUEST + 1, 77);
    bench_free(b);
}

/* RFC 5508 REQ-4: the error comes to who sent the packet, about the packet he sent. */
static void test_error_in(void)
{
    Bench *b = bench_new(0);
    Packet p = packet_udp(GUEST, 5000, SERVER, 53, "question");

    assert_out(b, &p, NULL);
    Packet error = packet_error(NET_IP4(192, 168, 1, 1), &p, NET_ICMP_TIME_EXCEEDED, 0);
    assert_in(b, &error, NULL);
    NetIpv4 ip, quoted;
    g_assert_cmpuint(net_ipv4_parse(error.bytes, error.length, &ip), ==, 20);
    g_assert_cmphex(ip.source, ==, NET_IP4(192, 168, 1, 1));
    g_assert_cmphex(ip.destination, ==, GUEST);
    g_assert_true(net_icmp_sound(error.bytes + 20, error.length - 20));
    g_assert_cmpuint(net_ipv4_parse_quoted(error.bytes + 28, error.length - 28, &quoted), ==, 20);
    g_assert_true(net_ipv4_sound(error.bytes + 28, &quoted));
    g_assert_cmphex(quoted.source, ==, GUEST);
    g_assert_cmphex(quoted.destination, ==, SERVER);
    g_assert_cmpuint(net_get_16(error.bytes + 48), ==, 5000);
    /* One about a packet that was never sent does not pass. */
    Packet forged = packet_udp(BENCH_OUTSIDE, 5001, SERVER, 53, "never sent");
    error = packet_error(NET_IP4(192, 168, 1, 1), &forged, NET_ICMP_UNREACHABLE, 3);
    assert_in(b, &error, "nat-no-row");
    bench_free(b);
}

static void test_wrong_checksum_stays_wrong(void)
{
    Bench *b = bench_new(0);
    Packet p = packet_udp(GUEST, 5000, SERVER, 53, "question");

    p.bytes[30] ^= 0x40; /* in the payload */
    g_assert_true(net_nat_outbound(b->nat, p.bytes, p.length, b->now).passes);
    NetUdp udp;
    net_udp_parse(p.bytes + 20, p.length - 20, &udp);
    g_assert_false(net_udp_sound(p.bytes + 20, &udp, BENCH_OUTSIDE, SERVER));
    p = packet_udp(GUEST, 5000, SERVER, 53, "none"); /* RFC 768: 0 is none, and stays so */
    net_put_16(p.bytes + 26, 0);
    g_assert_true(net_nat_outbound(b->nat, p.bytes, p.length, b->now).passes);
    g_assert_cmpuint(net_get_16(p.bytes + 26), ==, 0);
    bench_free(b);
}

static void test_fragments(void)
{
    Bench *b = bench_new(0);
    Packet first = packet_udp(GUEST, 5000, SERVER, 53, "0123456789abcdef");
    Packet second = packet_fragment(&first, 8), later = packet_fragment(&first, 8);

    packet_cut(&first, 20 + 16); /* "more fragments" */
    net_put_16(later.bytes + 4, 999);
    net_ipv4_seal(later.bytes);
    assert_out(b, &first, NULL);
    assert_out(b, &second, NULL);
    g_assert_cmphex(net_get_32(second.bytes + 12), ==, BENCH_OUTSIDE);
    assert_out(b, &later, "nat-fragment"); /* of a packet whose beginning was not seen */
    b->now = 31 * S;                       /* 30 s later it is forgotten */
    Packet late = packet_fragment(&second, 16);
    net_put_32(late.bytes + 12, GUEST);
    net_ipv4_seal(late.bytes);
    assert_out(b, &late, "nat-fragment");
    bench_free(b);
}

/* --- TCP --- */

#define OUT(flags, seq, ack) step_tcp(b, NET_NAT_OUTBOUND, flags, seq, ack)
#define IN(flags, seq, ack)  step_tcp(b, NET_NAT_INBOUND, flags, seq, ack)

/* One segment of the connection GUEST:5000 to SERVER:80; the row's state after it. */
static const char *step_tcp(Bench *b, NetNatDirection direction, uint8_t flags, uint32_t sequence,
                            uint32_t acknowledgment)
{
    Packet p = direction == NET_NAT_OUTBOUND
                   ? packet_tcp(GUEST, 5000, SERVER, 80, flags, sequence, acknowledgment)
                   : packet_tcp(SERVER, 80, BENCH_OUTSIDE, 5000, flags, sequence, acknowledgment);
    NetNatVerdict verdict = direction == NET_NAT_OUTBOUND
                                ? net_nat_outbound(b->nat, p.bytes, p.length, b->now)
                                : net_nat_inbound(b->nat, p.bytes, p.length, b->now);

    return verdict.passes ? net_nat_state_name(verdict.row->state)
                          : net_drop_reason_name(verdict.why);
}

static void test_tcp_life(void)
{
    Bench *b = bench_new(0);

    g_assert_cmpstr(OUT(NET_TCP_SYN, 100, 0), ==, "syn-sent");
    g_assert_cmpuint(net_nat_deadline(b->nat), ==, 240 * S);
    g_assert_cmpstr(IN(NET_TCP_SYN | NET_TCP_ACK, 900, 101), ==, "syn-received");
    b->now = 10 * S;
    g_assert_cmpstr(OUT(NET_TCP_ACK, 101, 901), ==, "established");
    g_assert_cmpuint(net_nat_deadline(b->nat), ==, (10 + 7440) * S); /* RFC 5382 REQ-5 */
    g_assert_cmpstr(OUT(NET_TCP_FIN | NET_TCP_ACK, 101, 901), ==, "fin-wait");
    g_assert_cmpuint(net_nat_deadline(b->nat), ==, 250 * S);
    g_assert_cmpstr(IN(NET_TCP_ACK, 901, 102), ==, "fin-wait");
    g_assert_cmpstr(IN(NET_TCP_FIN | NET_TCP_ACK, 901, 102), ==, "closing");
    b->now = 20 * S;
    g_assert_cmpstr(OUT(NET_TCP_ACK, 102, 902), ==, "time-wait");
    g_assert_cmpuint(net_nat_deadline(b->nat), ==, 260 * S);
    g_assert_cmpstr(OUT(NET_TCP_SYN, 7000, 0), ==, "syn-sent"); /* the same ports anew */
    g_assert_cmpstr(IN(NET_TCP_RST | NET_TCP_ACK, 0, 7001), ==, "reset");
    net_nat_advance(b->nat, 20 * S + 240 * S - 1);
    g_assert_cmpuint(net_nat_count(b->nat), ==, 1);
    net_nat_advance(b->nat, 20 * S + 240 * S);
    g_assert_cmpuint(net_nat_count(b->nat), ==, 0);
    g_assert_cmpuint(net_nat_deadline(b->nat), ==, NET_TIME_NEVER);
    g_assert_cmpuint(b->taken_count, ==, 0);
    g_assert_cmpstr(IN(NET_TCP_ACK, 901, 102), ==, "nat-no-row");
    bench_free(b);
}

static void test_tcp_both_open(void) /* RFC 9293 figure 7; RFC 5382 REQ-2 */
{
    Bench *b = bench_new(0);

    g_assert_cmpstr(OUT(NET_TCP_SYN, 100, 0), ==, "syn-sent");
    g_assert_cmpstr(IN(NET_TCP_SYN, 300, 0), ==, "syn-received");
    g_assert_cmpstr(OUT(NET_TCP_SYN | NET_TCP_ACK, 100, 301), ==, "established");
    bench_free(b);
}

static void test_timeouts(void)
{
    Bench *b = bench_new(0);
    Packet p = packet_udp(GUEST, 5000, SERVER, 53, "q");

    assert_out(b, &p, NULL);
    g_assert_cmpuint(net_nat_deadline(b->nat), ==, 300 * S);
    b->now = 299 * S;
    p = packet_udp(SERVER, 53, BENCH_OUTSIDE, 5000, "a");
    assert_in(b, &p, NULL); /* refreshes as well */
    p = packet_echo(GUEST, SERVER, NET_ICMP_ECHO_REQUEST, 5);
    assert_out(b, &p, NULL);
    g_assert_cmpuint(net_nat_deadline(b->nat), ==, (299 + 60) * S);
    net_nat_advance(b->nat, 359 * S);
    g_assert_cmpuint(net_nat_count(b->nat), ==, 1);
    g_assert_cmpuint(net_nat_deadline(b->nat), ==, 599 * S);
    bench_free(b);
}

/* --- rules and aliases --- */

static void test_forward(void)
{
    Bench *b = bench_new(0);
    NetForward rule = {.name = "ssh",
                       .protocol = NET_PROTOCOL_TCP,
                       .host_port = 2222,
                       .guest_address = GUEST,
                       .guest_port = 22};
    NetForward one = rule;
    uint16_t number;
    NetForward gone;

    g_assert_cmpint(net_nat_add_forward(b->nat, &rule), ==, 0);
    g_assert_cmpint(net_nat_add_forward(b->nat, &rule), ==, -1); /* the port is taken */
    one.name = "other";
    one.host_port = 2223;
    g_assert_cmpint(net_nat_add_forward(b->nat, &one), ==, 1);

    Packet p = packet_tcp(SERVER, 4000, BENCH_OUTSIDE, 2222, NET_TCP_SYN, 1, 0);
    g_assert_true(net_nat_expects(b->nat, p.bytes, p.length, 0));
    assert_in(b, &p, NULL);
    assert_packet(&p, SERVER, 4000, GUEST, 22);
    p = packet_tcp(GUEST, 22, SERVER, 4000, NET_TCP_SYN | NET_TCP_ACK, 9, 2);
    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 2222, SERVER, 4000);
    /* The same client port by the other rule: inside it must look different. */
    p = packet_tcp(SERVER, 4000, BENCH_OUTSIDE, 2223, NET_TCP_SYN, 1, 0);
    assert_in(b, &p, NULL);
    assert_packet(&p, SERVER, 4001, GUEST, 22);
    /* Not a SYN, not the protocol, not the port. */
    p = packet_tcp(SERVER, 4009, BENCH_OUTSIDE, 2222, NET_TCP_ACK, 1, 1);
    g_assert_false(net_nat_expects(b->nat, p.bytes, p.length, 0));
    assert_in(b, &p, "nat-no-row");
    p = packet_udp(SERVER, 4000, BENCH_OUTSIDE, 2222, "x");
    assert_in(b, &p, "nat-no-row");
    /* The rule goes; its connection stays. */
    g_assert_true(net_nat_remove_forward(b->nat, "ssh", &number, &gone));
    g_assert_false(net_nat_remove_forward(b->nat, "ssh", &number, &gone));
    p = packet_tcp(SERVER, 4000, BENCH_OUTSIDE, 2222, NET_TCP_ACK, 2, 10);
    assert_in(b, &p, NULL);
    p = packet_tcp(SERVER, 4010, BENCH_OUTSIDE, 2222, NET_TCP_SYN, 1, 0);
    assert_in(b, &p, "nat-no-row");
    bench_free(b);
}

static void test_alias(void)
{
    Bench *b = bench_new(0);
    NetForward rule = {
        .protocol = NET_PROTOCOL_TCP, .host_port = 2222, .guest_address = GUEST, .guest_port = 22};

    net_nat_add_alias(b->nat, NET_IP4(10, 0, 2, 2), 0, NET_IP4(127, 0, 0, 1));
    net_nat_add_alias(b->nat, NET_IP4(10, 0, 2, 3), 53, NET_IP4(192, 168, 1, 1));
    net_nat_add_forward(b->nat, &rule);
    Packet p = packet_udp(GUEST, 5000, NET_IP4(10, 0, 2, 3), 53, "q");
    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 5000, NET_IP4(192, 168, 1, 1), 53);
    /* The same server by its own address: not the same connection. */
    p = packet_udp(GUEST, 5000, NET_IP4(192, 168, 1, 1), 53, "q");
    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 1024, NET_IP4(192, 168, 1, 1), 53);
    p = packet_udp(NET_IP4(192, 168, 1, 1), 53, BENCH_OUTSIDE, 5000, "a");
    assert_in(b, &p, NULL);
    assert_packet(&p, NET_IP4(10, 0, 2, 3), 53, GUEST, 5000);
    /* The host itself knocks: inside it is 10.0.2.2. */
    p = packet_tcp(NET_IP4(127, 0, 0, 1), 4000, BENCH_OUTSIDE, 2222, NET_TCP_SYN, 1, 0);
    assert_in(b, &p, NULL);
    assert_packet(&p, NET_IP4(10, 0, 2, 2), 4000, GUEST, 22);
    bench_free(b);
}

/* --- bounds --- */

static void test_ten_thousand(void)
{
    Bench *b = bench_new(0);

    for (uint32_t i = 0; i < 10000; i++) {
        Packet p =
            packet_tcp(GUEST + i % 7, (uint16_t)(2000 + i), SERVER + i % 11, 80, NET_TCP_SYN, i, 0);
        assert_out(b, &p, NULL);
    }
    g_assert_cmpuint(net_nat_count(b->nat), ==, 10000);
    for (uint32_t i = 0; i < 10000; i++) {
        Packet p = packet_tcp(SERVER + i % 11, 80, BENCH_OUTSIDE, (uint16_t)(2000 + i),
                              NET_TCP_SYN | NET_TCP_ACK, 1, i + 1);
        assert_in(b, &p, NULL);
        assert_packet(&p, SERVER + i % 11, 80, GUEST + i % 7, (uint16_t)(2000 + i));
    }
    net_nat_advance(b->nat, 240 * S);
    g_assert_cmpuint(net_nat_count(b->nat), ==, 0);
    g_assert_cmpuint(b->taken_count, ==, 0); /* nothing leaks */
    bench_free(b);
}

static void test_table_full(void)
{
    Bench *b = bench_new(100);
    Packet p;

    for (uint16_t i = 0; i < 100; i++) {
        p = packet_udp(GUEST, 2000 + i, SERVER, 53, "q");
        assert_out(b, &p, NULL);
    }
    p = packet_udp(GUEST, 3000, SERVER, 53, "one too many");
    assert_out(b, &p, "nat-table-full");
    p = packet_udp(GUEST, 2000, SERVER, 53, "who is in stays in");
    assert_out(b, &p, NULL);
    b->now = 300 * S;
    net_nat_advance(b->nat, b->now);
    p = packet_udp(GUEST, 3000, SERVER, 53, "now there is room");
    assert_out(b, &p, NULL);
    g_assert_cmpuint(b->taken_count, ==, 1);
    bench_free(b);
}

static void test_no_port(void)
{
    Bench *b = bench_new(0);
    Packet p;

    for (uint32_t port = 0; port <= UINT16_MAX; port++)
        b->taken[1][port] = port != 4242; /* UDP */
    p = packet_udp(GUEST, 2000, SERVER, 53, "the only one");
    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 4242, SERVER, 53);
    p = packet_udp(GUEST, 2001, SERVER, 53, "none is left");
    assert_out(b, &p, "nat-no-port");
    p = packet_udp(GUEST, 2000, SERVER + 1, 53, "the one has it already");
    assert_out(b, &p, NULL);
    p = packet_tcp(GUEST, 2001, SERVER, 80, NET_TCP_SYN, 1, 0);
    assert_out(b, &p, NULL); /* TCP has ports of its own */
    b->now = 300 * S;
    net_nat_advance(b->nat, b->now);
    p = packet_udp(GUEST, 2001, SERVER, 53, "free again");
    assert_out(b, &p, NULL);
    assert_packet(&p, BENCH_OUTSIDE, 4242, SERVER, 53);
    bench_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nat/udp", test_udp_out_and_back);
    g_test_add_func("/nat/nobody-gets-in", test_nobody_gets_in);
    g_test_add_func("/nat/two-guests-one-port", test_two_guests_one_port);
    g_test_add_func("/nat/echo", test_echo);
    g_test_add_func("/nat/error-in", test_error_in);
    g_test_add_func("/nat/wrong-checksum", test_wrong_checksum_stays_wrong);
    g_test_add_func("/nat/fragments", test_fragments);
    g_test_add_func("/nat/tcp-life", test_tcp_life);
    g_test_add_func("/nat/tcp-both-open", test_tcp_both_open);
    g_test_add_func("/nat/timeouts", test_timeouts);
    g_test_add_func("/nat/forward", test_forward);
    g_test_add_func("/nat/alias", test_alias);
    g_test_add_func("/nat/ten-thousand", test_ten_thousand);
    g_test_add_func("/nat/table-full", test_table_full);
    g_test_add_func("/nat/no-port", test_no_port);
    return g_test_run();
}
