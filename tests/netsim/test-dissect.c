/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-dissect.c: frames written down by hand, and what a person should read of them. */
#include <glib.h>
#include <string.h>

#include "netsim/proto/dissect.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

static const NetField *field_of(const NetDissection *d, NetLayerKind kind, const char *name)
{
    for (unsigned i = 0; i < d->layer_count; i++) {
        for (unsigned j = 0; d->layers[i].kind == kind && j < d->layers[i].field_count; j++) {
            const NetField *field = &d->fields[d->layers[i].first_field + j];
            if (strcmp(field->name, name) == 0)
                return field;
        }
    }
    g_error("no field \"%s\"", name);
}

/* An echo request without payload. Checksums as in test-headers.c: the IP header
 * adds up to 9921 (its length is 84 - 28 = 0x38 less than there). */
static const uint8_t echo_frame[42] = {
    2,    0, 0, 0,  0,  2, 2, 0, 0,  0, 0,    1,    0x08, 0x00,       /* Ethernet */
    0x45, 0, 0, 28, 0,  1, 0, 0, 64, 1, 0x66, 0xde,                   /* IPv4 */
    10,   0, 0, 1,  10, 0, 0, 2, 8,  0, 0xf7, 0xfd, 0,    1,    0, 1, /* ICMP */
};

static void test_echo(void)
{
    NetDissection d;

    net_dissect(echo_frame, sizeof echo_frame, &d);
    g_assert_cmpstr(d.info, ==, "Echo (ping) request id=0x0001 seq=1 ttl=64");
    g_assert_cmpstr(d.protocol, ==, "ICMP");
    g_assert_cmpstr(d.source, ==, "10.0.0.1");
    g_assert_cmpstr(d.destination, ==, "10.0.0.2");
    g_assert_false(d.malformed);
    g_assert_false(d.bad_checksum);
    g_assert_cmpuint(d.layer_count, ==, 3);
    g_assert_cmpuint(d.layers[1].offset, ==, 14);
    g_assert_cmpuint(d.layers[1].length, ==, 20);

    const NetField *ttl = field_of(&d, NET_LAYER_IPV4, "Time to live");
    g_assert_cmpuint(ttl->bit_offset, ==, (14 + 8) * 8);
    g_assert_cmpuint(ttl->bit_width, ==, 8);
    g_assert_cmpuint(ttl->value, ==, 64);
    g_assert_cmpstr(ttl->text, ==, "64");
    g_assert_cmpstr(field_of(&d, NET_LAYER_ETHERNET, "Type")->text, ==, "0x0800 (IPv4)");
    g_assert_cmpstr(field_of(&d, NET_LAYER_ICMP, "Type")->text, ==, "8 (Echo (ping) request)");
    g_assert_cmpstr(field_of(&d, NET_LAYER_ICMP, "Checksum")->text, ==, "0xf7fd (right)");
}

static void test_wrong_checksum(void)
{
    uint8_t frame[sizeof echo_frame];
    NetDissection d;

    memcpy(frame, echo_frame, sizeof frame);
    frame[41]++;
    net_dissect(frame, sizeof frame, &d);
    g_assert_true(d.bad_checksum);
    g_assert_false(d.malformed);
    g_assert_true(field_of(&d, NET_LAYER_ICMP, "Checksum")->bad);
    g_assert_false(field_of(&d, NET_LAYER_IPV4, "Checksum")->bad);
}

static void test_arp(void)
{
    uint8_t frame[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06};
    NetArp arp = {
        .operation = NET_ARP_REQUEST,
        .sender_mac = {{2, 0, 0, 0, 0, 1}},
        .sender_ip = NET_IP4(10, 0, 0, 1),
        .target_ip = NET_IP4(10, 0, 0, 2),
    };
    NetDissection d;

    net_arp_write(frame + 14, &arp);
    net_dissect(frame, sizeof frame, &d);
    g_assert_cmpstr(d.info, ==, "Who has 10.0.0.2? Tell 10.0.0.1");
    g_assert_cmpstr(d.protocol, ==, "ARP");
    g_assert_cmpstr(d.destination, ==, "ff:ff:ff:ff:ff:ff");
    arp.operation = NET_ARP_REPLY;
    net_arp_write(frame + 14, &arp);
    net_dissect(frame, sizeof frame, &d);
    g_assert_cmpstr(d.info, ==, "10.0.0.1 is at 02:00:00:00:00:01");
    net_dissect(frame, sizeof frame - 1, &d);
    g_assert_true(d.malformed);
    g_assert_cmpstr(d.info, ==, "Malformed ARP");
}

/* Inserts a tag of VLAN 7, priority 5, into the echo. */
static void test_vlan(void)
{
    uint8_t frame[sizeof echo_frame + 4];
    NetDissection d;

    memcpy(frame, echo_frame, 12);
    memcpy(frame + 12, (uint8_t[]){0x81, 0x00, 0xa0, 7}, 4);
    memcpy(frame + 16, echo_frame + 12, sizeof echo_frame - 12);
    net_dissect(frame, sizeof frame, &d);
    g_assert_cmpstr(d.info, ==, "[VLAN 7] Echo (ping) request id=0x0001 seq=1 ttl=64");
    g_assert_cmpuint(field_of(&d, NET_LAYER_VLAN, "VLAN")->value, ==, 7);
    g_assert_cmpuint(field_of(&d, NET_LAYER_VLAN, "VLAN")->bit_offset, ==, 14 * 8 + 4);
    g_assert_cmpuint(field_of(&d, NET_LAYER_VLAN, "Priority")->value, ==, 5);
    g_assert_cmpuint(field_of(&d, NET_LAYER_IPV4, "Version")->bit_offset, ==, 18 * 8);
}

/* A port unreachable quotes the IP header and 8 bytes of a datagram of 100. */
static void test_quoted(void)
{
    uint8_t frame[14 + 20 + 8 + 20 + 8];
    NetIpv4 ip = {.total_bytes = 56,
                  .ttl = 64,
                  .protocol = 1,
                  .source = NET_IP4(10, 0, 0, 2),
                  .destination = NET_IP4(10, 0, 0, 1)};
    NetIpv4 inner = {.total_bytes = 128,
                     .ttl = 64,
                     .protocol = 17,
                     .source = NET_IP4(10, 0, 0, 1),
                     .destination = NET_IP4(10, 0, 0, 2)};
    NetUdp udp = {.source_port = 1000, .destination_port = 53, .total_bytes = 108};
    NetDissection d;

    memcpy(frame, echo_frame, 14);
    net_ipv4_write(frame + 14, &ip);
    net_ipv4_seal(frame + 14);
    net_icmp_write(frame + 34, &(NetIcmp){.type = 3, .code = 3});
    net_ipv4_write(frame + 42, &inner);
    net_ipv4_seal(frame + 42);
    net_udp_write(frame + 62, &udp);
    net_icmp_seal(frame + 34, 36);
    net_dissect(frame, sizeof frame, &d);
    g_assert_false(d.malformed);
    g_assert_false(d.bad_checksum);
    g_assert_cmpstr(d.info, ==, "Destination unreachable (Port unreachable)");
    g_assert_cmpstr(d.source, ==, "10.0.0.2");
    g_assert_cmpuint(d.layer_count, ==, 5);
    g_assert_true(d.layers[4].quoted);
    g_assert_cmpuint(field_of(&d, NET_LAYER_UDP, "Destination port")->value, ==, 53);
}

static void test_transport(void)
{
    uint8_t frame[14 + 20 + 24];
    NetIpv4 ip = {.total_bytes = 44,
                  .ttl = 64,
                  .protocol = 6,
                  .source = NET_IP4(10, 0, 0, 1),
                  .destination = NET_IP4(10, 0, 0, 2)};
    static const uint8_t syn[24] = {0xc0, 0,    0,    80,   0, 0, 0, 9, 0, 0, 0, 0,
                                    0x60, 0x02, 0xfa, 0xf0, 0, 0, 0, 0, 2, 4, 5, 0xb4};
    NetDissection d;

    memcpy(frame, echo_frame, 14);
    net_ipv4_write(frame + 14, &ip);
    net_ipv4_seal(frame + 14);
    memcpy(frame + 34, syn, sizeof syn);
    net_dissect(frame, sizeof frame, &d);
    g_assert_cmpstr(d.info, ==, "49152 \u2192 80 [SYN] Seq=9 Win=64240 Len=0 MSS=1460");
    g_assert_true(d.bad_checksum);

    ip.protocol = 17;
    ip.total_bytes = 30; /* 2 bytes of payload; what is behind fills the frame up */
    net_ipv4_write(frame + 14, &ip);
    net_ipv4_seal(frame + 14);
    net_udp_write(frame + 34,
                  &(NetUdp){.source_port = 1, .destination_port = 7, .total_bytes = 10});
    net_udp_seal(frame + 34, 10, ip.source, ip.destination);
    net_dissect(frame, sizeof frame, &d);
    g_assert_cmpstr(d.info, ==, "1 \u2192 7 Len=2");
    g_assert_false(d.bad_checksum);
    g_assert_cmpstr(d.fields[d.field_count - 1].text, ==, "2 bytes");
}

/* Whatever the bytes: fields lie inside the frame and their layers inside the lists. */
static void test_random(void)
{
    static const uint16_t types[] = {NET_TYPE_IPV4, NET_TYPE_ARP, NET_TYPE_VLAN, NET_TYPE_QINQ};
    uint8_t frame[200];
    unsigned whole = 0;

    for (unsigned round = 0; round < 50000; round++) {
        size_t length = g_test_rand_int_range(0, sizeof frame + 1);
        for (size_t i = 0; i < length; i++)
            frame[i] = (uint8_t)g_test_rand_int();
        if (length >= 38) {
            net_put_16(frame + 12, types[round % 4]);
            if (round % 4 == 0) {
                frame[14] = 0x45;
                net_put_16(frame + 16, (uint16_t)(length - 14));
                net_put_16(frame + 20, 0);
                frame[23] = (uint8_t[]){1, 6, 17}[round % 3];
                if (round % 3 == 0 && length > 60) {
                    net_put_16(frame + 34, 0x0303);
                    frame[42] = 0x45;
                }
            }
        }
        NetDissection d;
        net_dissect(frame, length, &d);
        whole += !d.malformed;
        g_assert_cmpuint(strlen(d.info), >, 0);
        g_assert_true(g_utf8_validate(d.info, -1, NULL));
        unsigned fields = 0;
        for (unsigned i = 0; i < d.layer_count; i++) {
            g_assert_cmpuint(d.layers[i].first_field, ==, fields);
            fields += d.layers[i].field_count;
            g_assert_cmpuint(d.layers[i].offset + d.layers[i].length, <=, length);
        }
        g_assert_cmpuint(fields, ==, d.field_count);
        g_assert_cmpuint(d.field_count, <, NET_DISSECT_MAX_FIELDS);
        for (unsigned i = 0; i < d.field_count; i++)
            g_assert_cmpuint(d.fields[i].bit_offset + d.fields[i].bit_width, <=, length * 8);
    }
    g_assert_cmpuint(whole, >, 10000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dissect/echo", test_echo);
    g_test_add_func("/dissect/wrong-checksum", test_wrong_checksum);
    g_test_add_func("/dissect/arp", test_arp);
    g_test_add_func("/dissect/vlan", test_vlan);
    g_test_add_func("/dissect/quoted", test_quoted);
    g_test_add_func("/dissect/transport", test_transport);
    g_test_add_func("/dissect/random", test_random);
    return g_test_run();
}
