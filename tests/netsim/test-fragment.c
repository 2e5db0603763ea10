/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-fragment.c: datagrams in pieces: how they are cut, in which orders they are put
 * together, when they are given up; and MTUs of paths. */
#include "tests/netsim/tcp-lab.h"

static void on_datagram(void *user, const NetDatagram *d)
{
    GString *log = user;
    g_autofree char *line = g_strdup_printf("%zu\n", d->length);

    for (size_t i = 0; i < d->length; i++)
        g_assert_cmpuint(d->bytes[i], ==, (uint8_t)(i * 7 + i / 251));
    /* All pieces of one may have come twice: then it comes twice. */
    if (!g_str_has_suffix(log->str, line))
        g_string_append(log, line);
}

static const NetUdpOps udp_ops = {.receive = on_datagram};

static uint8_t pattern[9000];

static void setup(TcpLab *lab)
{
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7 + i / 251);
    net_stack_udp_bind(&lab->hosts[1].stack, 9, &udp_ops, lab->hosts[1].log);
    /* Both learn the other's MAC address first. */
    net_stack_udp_send(&lab->hosts[0].stack, 9, lab->hosts[1].address, 9, "", 0, 0);
    tcp_lab_run(lab, 10 * MS);
    g_string_truncate(lab->hosts[1].log, 0);
    g_string_truncate(lab->wire, 0);
}

static int send_bytes(TcpLab *lab, size_t length)
{
    return net_stack_udp_send(&lab->hosts[0].stack, 9, lab->hosts[1].address, 9, pattern, length,
                              lab->now);
}

/* 8 bytes of UDP header and 4000 are 4008 of payload; 1480 fit: 1480, 1480, 1048. */
static void test_cut(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);

    setup(lab);
    g_assert_cmpint(send_bytes(lab, 4000), ==, 0);
    g_assert_nonnull(strstr(lab->wire->str, "off=0\n"));
    g_assert_nonnull(strstr(lab->wire->str, "off=1480\n"));
    g_assert_nonnull(strstr(lab->wire->str, "off=2960\n"));
    tcp_lab_run(lab, 20 * MS);
    g_assert_cmpstr(lab->hosts[1].log->str, ==, "4000\n");
    g_assert_cmpuint(lab->hosts[1].stack.counters.fragments, ==, 3);
    g_assert_cmpuint(lab->hosts[1].stack.counters.reassembled, ==, 1);
    g_assert_cmpuint(lab->hosts[0].stack.counters.fragmented, ==, 1);
    g_assert_true(tcp_lab_next(lab) == NET_TIME_NEVER);
    /* The longest, and one that just fits. */
    g_assert_cmpint(send_bytes(lab, 8972), ==, 0);
    g_assert_cmpint(send_bytes(lab, 1472), ==, 0);
    tcp_lab_run(lab, 40 * MS);
    g_assert_cmpstr(lab->hosts[1].log->str, ==, "4000\n8972\n1472\n");
}

static void on_echo(void *user, const NetEchoResult *result)
{
    g_string_append_printf(user, "%d %zu code %u mtu %u\n", result->outcome, result->payload_bytes,
                           result->code, result->mtu);
}

/* A long echo comes back as long. */
static void test_echo(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    NetPing ping = {.to = NET_IP4(10, 0, 0, 2),
                    .payload = pattern,
                    .payload_bytes = 5000,
                    .timeout_ns = SECOND,
                    .done = on_echo,
                    .user = lab->hosts[0].log};

    setup(lab);
    g_assert_cmpint(net_stack_ping(&lab->hosts[0].stack, &ping, lab->now), ==, 0);
    tcp_lab_run(lab, 20 * MS);
    g_assert_cmpstr(lab->hosts[0].log->str, ==, "0 5000 code 0 mtu 0\n");
}

/* Any order, any piece twice: put together all the same. */
static void test_random_order(void)
{
    for (uint32_t seed = 1; seed < 50; seed++) {
        g_autoptr(TcpLab) lab = tcp_lab_new(seed);
        g_autoptr(GString) expected = g_string_new("");
        setup(lab);
        lab->reorder = 60;
        lab->duplicate = 30;
        for (unsigned i = 0; i < 10; i++) {
            size_t length = (size_t)g_rand_int_range(lab->random, 1400, 8900);
            send_bytes(lab, length);
            tcp_lab_run(lab, lab->now + 20 * MS);
            g_string_append_printf(expected, "%zu\n", length);
        }
        g_assert_cmpstr(lab->hosts[1].log->str, ==, expected->str);
        /* Pieces that came twice after the rest begin a datagram that never ends. */
        tcp_lab_run(lab, lab->now + 31 * SECOND);
        g_assert_true(tcp_lab_next(lab) == NET_TIME_NEVER);
    }
}

static bool drop_second(TcpLab *lab, unsigned from, const uint8_t *bytes, size_t length)
{
    return from != 0 || net_get_16(bytes + 14 + 6) != (0x2000 | 1480 / 8);
}

/* A piece that does not come: 30 s later the datagram is given up and its sender told. */
static void test_missing_piece(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);

    setup(lab);
    lab->pass = drop_second;
    send_bytes(lab, 4000);
    tcp_lab_run(lab, 30 * SECOND);
    g_assert_null(strstr(lab->wire->str, "1:"));
    tcp_lab_run(lab, 31 * SECOND);
    g_assert_nonnull(strstr(lab->wire->str, "1: Time-to-live exceeded (in reassembly)\n"));
    g_assert_cmpstr(lab->hosts[1].log->str, ==, "");
    g_assert_cmpuint(lab->hosts[1].stack.counters.reassembly_failed, ==, 1);
}

/* One piece, put in by hand. */
static void put_in(TcpLab *lab, uint16_t id, uint16_t offset, size_t length, bool more)
{
    uint8_t frame[1600] = {0};
    NetEthernet ethernet = {.destination = lab->hosts[1].stack.nics[0].mac,
                            .source = lab->hosts[0].stack.nics[0].mac,
                            .type = NET_TYPE_IPV4};
    uint8_t *at = frame + net_ethernet_write(frame, &ethernet);
    NetIpv4 ip = {.total_bytes = (uint16_t)(20 + length),
                  .id = id,
                  .more_fragments = more,
                  .fragment_offset = offset,
                  .ttl = 64,
                  .protocol = NET_PROTOCOL_UDP,
                  .source = lab->hosts[0].address,
                  .destination = lab->hosts[1].address};

    net_ipv4_write(at, &ip);
    net_ipv4_seal(at);
    net_stack_input(&lab->hosts[1].stack, 0, frame, 34 + length, lab->now);
}

static void test_nonsense(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    NetStack *stack = &lab->hosts[1].stack;

    setup(lab);
    put_in(lab, 1, 0, 15, true); /* not a multiple of 8 */
    g_assert_cmpuint(stack->counters.reassembly_failed, ==, 1);
    put_in(lab, 2, 8976, 16, true); /* beyond the longest */
    g_assert_cmpuint(stack->counters.reassembly_failed, ==, 2);
    put_in(lab, 3, 0, 16, true);
    put_in(lab, 3, 8, 16, true); /* covers a part of the first */
    g_assert_cmpuint(stack->counters.reassembly_failed, ==, 3);
    put_in(lab, 4, 16, 8, false);
    put_in(lab, 4, 24, 8, true); /* behind the end */
    g_assert_cmpuint(stack->counters.reassembly_failed, ==, 4);
    put_in(lab, 5, 32, 8, true);
    put_in(lab, 5, 8, 8, false); /* an end before what was there */
    g_assert_cmpuint(stack->counters.reassembly_failed, ==, 5);
    /* Four slots; the fifth datagram pushes the oldest out. */
    for (uint16_t id = 10; id < 15; id++) {
        lab->now += MS;
        put_in(lab, id, 8, 8, true);
    }
    g_assert_cmpuint(stack->counters.reassembly_failed, ==, 6);
    tcp_lab_run(lab, lab->now + 31 * SECOND);
    g_assert_cmpuint(stack->counters.reassembly_failed, ==, 10);
    g_assert_cmpuint(stack->counters.reassembled, ==, 0);
}

/* A cable on which packets above 1000 bytes do not pass, and a host that says so: TCP
 * finds out and goes on with segments of 960 bytes. */
static bool narrow(TcpLab *lab, unsigned from, const uint8_t *bytes, size_t length)
{
    uint8_t frame[14 + 20 + 8 + 28];
    NetEthernet ethernet = {.destination = lab->hosts[0].stack.nics[0].mac,
                            .source = lab->hosts[1].stack.nics[0].mac,
                            .type = NET_TYPE_IPV4};
    NetIpv4 ip = {.total_bytes = 56,
                  .ttl = 64,
                  .protocol = NET_PROTOCOL_ICMP,
                  .source = lab->hosts[1].address,
                  .destination = lab->hosts[0].address};
    NetIcmp icmp = {NET_ICMP_UNREACHABLE, NET_UNREACHABLE_TOO_BIG, 0, 0, 1000};

    if (from != 0 || length <= 1014)
        return true;
    g_assert_true(bytes[14 + 6] & 0x40); /* don't fragment */
    uint8_t *at = frame + net_ethernet_write(frame, &ethernet);
    net_ipv4_write(at, &ip);
    net_ipv4_seal(at);
    net_icmp_write(at + 20, &icmp);
    memcpy(at + 28, bytes + 14, 28);
    net_icmp_seal(at + 20, 36);
    tcp_lab_fly(lab, 1, frame, sizeof frame);
    return false;
}

static void on_server(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    TcpHost *host = user;
    uint8_t bytes[4000];

    if (event != NET_TCP_READABLE)
        return;
    for (int count;
         (count = net_stack_tcp_receive(&host->stack, id, bytes, sizeof bytes, now)) > 0;)
        g_string_append_len(host->log, (const char *)bytes, count);
}

static void test_path_mtu(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0], *b = &lab->hosts[1];
    NetTcpId id;

    setup(lab);
    lab->pass = narrow;
    net_stack_tcp_listen(&b->stack, 80, on_server, b);
    net_stack_tcp_connect(&a->stack, b->address, 80, NULL, NULL, lab->now, &id);
    g_assert_cmpint(net_stack_tcp_send(&a->stack, id, pattern, 9000, lab->now), ==, 9000);
    tcp_lab_run(lab, lab->now + SECOND);
    g_assert_cmpmem(b->log->str, b->log->len, pattern, 9000);
    g_assert_cmpuint(net_stack_tcp_look(&a->stack, id)->mss, ==, 960);
    /* The next connection knows it already, until ten minutes have passed. */
    net_stack_tcp_connect(&a->stack, b->address, 80, NULL, NULL, lab->now, &id);
    g_assert_cmpuint(net_stack_tcp_look(&a->stack, id)->mss, ==, 960);
    tcp_lab_run(lab, lab->now + 601 * SECOND);
    net_stack_tcp_connect(&a->stack, b->address, 80, NULL, NULL, lab->now, &id);
    g_assert_cmpuint(net_stack_tcp_look(&a->stack, id)->mss, ==, 1460);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fragment/cut", test_cut);
    g_test_add_func("/fragment/echo", test_echo);
    g_test_add_func("/fragment/random-order", test_random_order);
    g_test_add_func("/fragment/missing-piece", test_missing_piece);
    g_test_add_func("/fragment/nonsense", test_nonsense);
    g_test_add_func("/fragment/path-mtu", test_path_mtu);
    return g_test_run();
}
