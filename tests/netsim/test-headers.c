/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-headers.c: checksums and headers against bytes worked out by hand, and
 * against each other with random ones. */
#include <glib.h>
#include <string.h>

#include "netsim/proto/checksum.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/text.h"
#include "netsim/proto/wire.h"

#define ROUNDS 20000

/* RFC 1071 3: the words 0001 f203 f4f5 f6f7 add up to ddf2. */
static void test_checksum_rfc1071(void)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

    g_assert_cmphex(net_checksum(bytes, sizeof bytes), ==, 0x220d);
    /* An odd last byte is the first of its word: 0001 + f200 = f201. */
    g_assert_cmphex(net_checksum(bytes, 3), ==, 0x0dfe);
    g_assert_cmphex(net_checksum(bytes, 0), ==, 0xffff);
}

/* Word by word, as RFC 1071 1 defines it. */
static uint16_t plain_checksum(const uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < length; i++)
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void test_checksum_random(void)
{
    uint8_t bytes[2048];

    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t offset = g_test_rand_int_range(0, 8);
        size_t length = g_test_rand_int_range(0, round % 16 == 0 ? 2000 : 100);
        bool ones = g_test_rand_int_range(0, 4) == 0; /* carries all the way */
        for (size_t i = 0; i < length; i++)
            bytes[offset + i] = ones ? 0xff : (uint8_t)g_test_rand_int();
        uint16_t expected = plain_checksum(bytes + offset, length);
        g_assert_cmphex(net_checksum(bytes + offset, length), ==, expected);

        size_t cut = length > 0 ? g_test_rand_int_range(0, (int)length) & ~1u : 0;
        uint64_t sum = net_sum(net_sum(0, bytes + offset, cut), bytes + offset + cut, length - cut);
        g_assert_cmphex(net_sum_finish(sum), ==, expected);
    }
}

/* 4500 + 0054 + 0001 + 0000 + 4001 + 0a00 + 0001 + 0a00 + 0002 = 9959, of which
 * the complement is 66a6. */
static void test_ipv4_by_hand(void)
{
    static const uint8_t expected[20] = {0x45, 0x00, 0x00, 0x54, 0x00, 0x01, 0x00,
                                         0x00, 0x40, 0x01, 0x66, 0xa6, 0x0a, 0x00,
                                         0x00, 0x01, 0x0a, 0x00, 0x00, 0x02};
    NetIpv4 header = {
        .total_bytes = 84,
        .id = 1,
        .ttl = 64,
        .protocol = NET_PROTOCOL_ICMP,
        .source = NET_IP4(10, 0, 0, 1),
        .destination = NET_IP4(10, 0, 0, 2),
    };
    uint8_t bytes[84] = {0};

    g_assert_cmpuint(net_ipv4_write(bytes, &header), ==, 20);
    net_ipv4_seal(bytes);
    g_assert_cmpmem(bytes, 20, expected, 20);
    g_assert_cmpuint(net_ipv4_parse(bytes, sizeof bytes, &header), ==, 20);
    g_assert_true(net_ipv4_sound(bytes, &header));
    bytes[8]--;
    g_assert_false(net_ipv4_sound(bytes, &header));
}

/* 0800 + 0001 + 0001 = 0802. */
static void test_icmp_by_hand(void)
{
    NetIcmp header = {.type = NET_ICMP_ECHO_REQUEST, .id = 1, .sequence = 1};
    static const uint8_t expected[8] = {8, 0, 0xf7, 0xfd, 0, 1, 0, 1};
    uint8_t bytes[8];

    net_icmp_write(bytes, &header);
    net_icmp_seal(bytes, sizeof bytes);
    g_assert_cmpmem(bytes, 8, expected, 8);
    g_assert_true(net_icmp_sound(bytes, 8));
}

/* Pseudo-header 0a00 + 0001 + 0a00 + 0002 + 0011 + 000a = 141e; header 03e8 + 0007
 * + 000a = 03f9; "hi" is 6869; together 8080, of which the complement is 7f7f. */
static void test_udp_by_hand(void)
{
    NetIp4 from = NET_IP4(10, 0, 0, 1), to = NET_IP4(10, 0, 0, 2);
    NetUdp header = {.source_port = 1000, .destination_port = 7, .total_bytes = 10};
    uint8_t bytes[10];

    net_udp_write(bytes, &header);
    memcpy(bytes + 8, "hi", 2);
    net_udp_seal(bytes, 10, from, to);
    g_assert_cmphex(net_get_16(bytes + 6), ==, 0x7f7f);
    g_assert_cmpuint(net_udp_parse(bytes, 10, &header), ==, 8);
    g_assert_true(net_udp_sound(bytes, &header, from, to));
    g_assert_false(net_udp_sound(bytes, &header, from, to + 1));

    /* Without its payload the datagram adds up to 1817. A payload of ffff - 1817
     * makes that ffff and the checksum 0, which is sent as ffff. */
    net_put_16(bytes + 8, 0xffff - 0x1817);
    net_udp_seal(bytes, 10, from, to);
    g_assert_cmphex(net_get_16(bytes + 6), ==, 0xffff);
    net_udp_parse(bytes, 10, &header);
    g_assert_true(net_udp_sound(bytes, &header, from, to));
    net_put_16(bytes + 6, 0); /* none: always fine */
    net_udp_parse(bytes, 10, &header);
    g_assert_true(net_udp_sound(bytes, &header, from, to + 1));
}

/* The example of a resolution in RFC 826, with addresses of ours. */
static void test_arp_by_hand(void)
{
    static const uint8_t expected[28] = {0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 1,
                                         10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2};
    NetArp arp = {
        .operation = NET_ARP_REQUEST,
        .sender_mac = {{2, 0, 0, 0, 0, 1}},
        .sender_ip = NET_IP4(10, 0, 0, 1),
        .target_ip = NET_IP4(10, 0, 0, 2),
    };
    uint8_t bytes[28];

    g_assert_cmpuint(net_arp_write(bytes, &arp), ==, 28);
    g_assert_cmpmem(bytes, 28, expected, 28);
    g_assert_cmpuint(net_arp_parse(bytes, 27, &arp), ==, 0);
    bytes[1] = 6; /* IEEE 802 hardware: not ours */
    g_assert_cmpuint(net_arp_parse(bytes, 28, &arp), ==, 0);
}

static void test_vlan_bounds(void)
{
    uint8_t bytes[26] = {[12] = 0x88, 0xa8, 0xe0, 100, 0x81, 0x00, 0x1f,
                         0xff,        0x81, 0x00, 0,   5,    8,    0};
    NetEthernet ethernet;

    /* Three tags: two are taken, the third is left as the type. */
    g_assert_cmpuint(net_ethernet_parse(bytes, 26, &ethernet), ==, 22);
    g_assert_cmpuint(ethernet.tag_count, ==, 2);
    g_assert_cmphex(ethernet.tags[0].tpid, ==, NET_TYPE_QINQ);
    g_assert_cmpuint(ethernet.tags[0].priority, ==, 7);
    g_assert_cmpuint(ethernet.tags[0].vlan, ==, 100);
    g_assert_false(ethernet.tags[0].drop_eligible);
    g_assert_cmpuint(ethernet.tags[1].vlan, ==, 4095);
    g_assert_true(ethernet.tags[1].drop_eligible);
    g_assert_cmpuint(ethernet.tags[1].priority, ==, 0);
    g_assert_cmphex(ethernet.type, ==, NET_TYPE_VLAN);
    for (size_t length = 0; length < 22; length++)
        g_assert_cmpuint(net_ethernet_parse(bytes, length, &ethernet), ==, 0);
    net_put_16(bytes + 12, NET_TYPE_ARP);
    g_assert_cmpuint(net_ethernet_parse(bytes, 13, &ethernet), ==, 0);
    g_assert_cmpuint(net_ethernet_parse(bytes, 14, &ethernet), ==, 14);
}

static void test_ipv4_bounds(void)
{
    uint8_t bytes[64] = {0x46, 0, 0, 30, [8] = 64, 17};
    NetIpv4 header;

    g_assert_cmpuint(net_ipv4_parse(bytes, 30, &header), ==, 24);
    g_assert_cmpuint(net_ipv4_parse(bytes, 29, &header), ==, 0);         /* total > length */
    g_assert_cmpuint(net_ipv4_parse_quoted(bytes, 24, &header), ==, 24); /* may be cut off */
    g_assert_cmpuint(net_ipv4_parse_quoted(bytes, 23, &header), ==, 0);  /* not in its header */
    bytes[3] = 23;                                                       /* total < header */
    g_assert_cmpuint(net_ipv4_parse(bytes, 64, &header), ==, 0);
    bytes[3] = 64;
    bytes[0] = 0x44; /* header < 20 */
    g_assert_cmpuint(net_ipv4_parse(bytes, 64, &header), ==, 0);
    bytes[0] = 0x4f; /* header 60 */
    g_assert_cmpuint(net_ipv4_parse(bytes, 64, &header), ==, 60);
    bytes[0] = 0x65; /* version 6 */
    g_assert_cmpuint(net_ipv4_parse(bytes, 64, &header), ==, 0);
}

static void test_tcp_options(void)
{
    /* A SYN with MSS 1460, NOP, window scale 7; header of 28 bytes. */
    uint8_t bytes[28] = {0xc0, 0,    0, 80, 0, 0, 0, 1, 0, 0,    0, 0, 0x70, 0x02,
                         0xfa, 0xf0, 0, 0,  0, 0, 2, 4, 5, 0xb4, 1, 3, 3,    7};
    NetTcp tcp;

    g_assert_cmpuint(net_tcp_parse(bytes, 28, &tcp), ==, 28);
    g_assert_cmpuint(tcp.source_port, ==, 49152);
    g_assert_cmpuint(tcp.destination_port, ==, 80);
    g_assert_cmpuint(tcp.flags, ==, NET_TCP_SYN);
    g_assert_cmpuint(tcp.window, ==, 64240);
    g_assert_cmpuint(tcp.mss, ==, 1460);
    g_assert_cmpint(tcp.window_scale, ==, 7);
    g_assert_cmpuint(net_tcp_parse(bytes, 27, &tcp), ==, 0);
    bytes[26] = 4; /* the option runs over the header's end */
    g_assert_cmpuint(net_tcp_parse(bytes, 28, &tcp), ==, 28);
    g_assert_cmpint(tcp.window_scale, ==, -1);
    bytes[21] = 0; /* an option of no length */
    g_assert_cmpuint(net_tcp_parse(bytes, 28, &tcp), ==, 28);
    g_assert_cmpuint(tcp.mss, ==, 0);
}

static void fill_random(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)g_test_rand_int();
}

/* Whatever parses is written back to the same bytes. */
static void test_round_trip(void)
{
    uint8_t bytes[80], again[80];
    unsigned parsed[5] = {0};

    for (unsigned round = 0; round < ROUNDS; round++) {
        NetEthernet ethernet;
        NetArp arp;
        NetIpv4 ip;
        NetIcmp icmp;
        NetUdp udp;
        size_t length;

        fill_random(bytes, sizeof bytes);
        if (round % 2 == 0)
            net_put_16(bytes + 12, round % 4 == 0 ? NET_TYPE_VLAN : NET_TYPE_QINQ);
        if (round % 3 == 0)
            net_put_16(bytes + 16, NET_TYPE_VLAN);
        length = net_ethernet_parse(bytes, sizeof bytes, &ethernet);
        g_assert_cmpuint(net_ethernet_write(again, &ethernet), ==, length);
        g_assert_cmpmem(bytes, length, again, length);
        parsed[0]++;

        memcpy(bytes, (uint8_t[]){0, 1, 8, 0, 6, 4}, 6);
        length = net_arp_parse(bytes, sizeof bytes, &arp);
        g_assert_cmpuint(length, ==, 28);
        net_arp_write(again, &arp);
        g_assert_cmpmem(bytes, length, again, length);
        parsed[1]++;

        bytes[0] = 0x45;
        net_put_16(bytes + 2, (uint16_t)g_test_rand_int_range(0, 120));
        bytes[6] &= 0x7f; /* the reserved bit is not kept */
        length = net_ipv4_parse(bytes, sizeof bytes, &ip);
        if (length > 0) {
            net_ipv4_write(again, &ip);
            g_assert_cmpmem(bytes, length, again, length);
            parsed[2]++;
        }
        length = net_icmp_parse(bytes, sizeof bytes, &icmp);
        net_icmp_write(again, &icmp);
        g_assert_cmpmem(bytes, length, again, length);
        parsed[3]++;

        net_put_16(bytes + 4, (uint16_t)g_test_rand_int_range(0, 120));
        length = net_udp_parse(bytes, sizeof bytes, &udp);
        if (length > 0) {
            net_udp_write(again, &udp);
            g_assert_cmpmem(bytes, length, again, length);
            parsed[4]++;
        }
    }
    for (unsigned i = 0; i < 5; i++)
        g_assert_cmpuint(parsed[i], >, ROUNDS / 10);
}

static void test_text(void)
{
    static const char *const bad_ip4[] = {"",          "1.2.3",    "1.2.3.4.",
                                          "1.2.3.256", "1..2.3",   "0001.2.3.4",
                                          " 1.2.3.4",  "1.2.3.4 ", "a.b.c.d"};
    static const char *const bad_mac[] = {"",
                                          "02:00:00:00:00",
                                          "02:00:00:00:00:0",
                                          "0g:0:0:0:0:0",
                                          "02-00-00-00-00-01",
                                          "02:00:00:00:00:01:"};
    char buffer[NET_MAC_TEXT_BYTES];
    NetIp4 address;
    NetMac mac;

    net_ip4_format(NET_IP4(255, 255, 255, 255), buffer);
    g_assert_cmpstr(buffer, ==, "255.255.255.255");
    g_assert_true(net_ip4_parse("192.168.56.1", &address));
    g_assert_cmphex(address, ==, 0xc0a83801);
    g_assert_true(net_mac_parse("02:00:0A:bc:00:ff", &mac));
    net_mac_format(mac, buffer);
    g_assert_cmpstr(buffer, ==, "02:00:0a:bc:00:ff");
    for (size_t i = 0; i < G_N_ELEMENTS(bad_ip4); i++)
        g_assert_false(net_ip4_parse(bad_ip4[i], &address));
    for (size_t i = 0; i < G_N_ELEMENTS(bad_mac); i++)
        g_assert_false(net_mac_parse(bad_mac[i], &mac));

    char small[6];
    NetText text = net_text_begin(small, sizeof small);
    net_text_string(&text, "seq=");
    net_text_decimal(&text, 123);
    g_assert_cmpstr(small, ==, "seq=1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/headers/checksum/rfc1071", test_checksum_rfc1071);
    g_test_add_func("/headers/checksum/random", test_checksum_random);
    g_test_add_func("/headers/ipv4/by-hand", test_ipv4_by_hand);
    g_test_add_func("/headers/ipv4/bounds", test_ipv4_bounds);
    g_test_add_func("/headers/icmp/by-hand", test_icmp_by_hand);
    g_test_add_func("/headers/udp/by-hand", test_udp_by_hand);
    g_test_add_func("/headers/arp/by-hand", test_arp_by_hand);
    g_test_add_func("/headers/vlan/bounds", test_vlan_bounds);
    g_test_add_func("/headers/tcp/options", test_tcp_options);
    g_test_add_func("/headers/round-trip", test_round_trip);
    g_test_add_func("/headers/text", test_text);
    return g_test_run();
}
