/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-dhcp.c: DHCP messages against bytes put down by hand from RFC 2131 and 2132. */
#include <glib.h>
#include <string.h>

#include "netsim/proto/dhcp.h"
#include "netsim/proto/wire.h"

/* An OFFER: fixed fields, cookie, options. Returns its length. */
static size_t put_offer(uint8_t *bytes, const uint8_t *options, size_t option_bytes)
{
    static const uint8_t head[] = {
        2,    1,    6,    0,    /* BOOTREPLY, Ethernet, 6 bytes of address, no hops */
        0xde, 0xad, 0xbe, 0xef, /* xid */
        0,    3,    0x80, 0,    /* 3 s, broadcast */
        0,    0,    0,    0,    /* ciaddr */
        10,   0,    2,    15,   /* yiaddr */
        10,   0,    2,    4,    /* siaddr */
        0,    0,    0,    0,    /* giaddr */
        2,    0,    0,    0,    0, 1,
    };

    memset(bytes, 0, 240);
    memcpy(bytes, head, sizeof head);
    net_put_32(bytes + 236, 0x63825363);
    memcpy(bytes + 240, options, option_bytes);
    return 240 + option_bytes;
}

static void test_parse(void)
{
    static const uint8_t options[] = {
        53,  1,  2,                                  /* OFFER */
        1,   4,  255, 255,  255,  0,                 /* mask */
        0,   0,                                      /* padding */
        3,   8,  10,  0,    2,    2,    10, 0, 2, 9, /* two routers */
        6,   4,  10,  0,    2,    3,                 /* DNS */
        51,  4,  0,   1,    0x51, 0x80,              /* 86400 s */
        54,  4,  10,  0,    2,    2,                 /* server */
        15,  3,  'l', 'a',  'b',                     /* domain */
        26,  2,  5,   0xdc,                          /* MTU 1500 */
        77,  1,  9,                                  /* one that we do not know */
        255, 12, 1,   'x',                           /* behind the end: not read */
    };
    uint8_t bytes[400];
    NetDhcp d;

    size_t length = put_offer(bytes, options, sizeof options);
    g_assert_cmpuint(net_dhcp_parse(bytes, length, &d), ==, length);
    g_assert_cmpuint(d.operation, ==, NET_DHCP_BOOTREPLY);
    g_assert_cmphex(d.xid, ==, 0xdeadbeef);
    g_assert_cmpuint(d.seconds, ==, 3);
    g_assert_true(d.broadcast);
    g_assert_cmphex(d.yours, ==, NET_IP4(10, 0, 2, 15));
    g_assert_cmphex(d.next, ==, NET_IP4(10, 0, 2, 4));
    g_assert_cmpuint(d.mac.byte[5], ==, 1);
    g_assert_cmpuint(d.type, ==, NET_DHCP_OFFER);
    g_assert_cmpuint(net_dhcp_prefix(d.mask), ==, 24);
    g_assert_cmphex(d.router, ==, NET_IP4(10, 0, 2, 2));
    g_assert_cmpuint(d.dns_count, ==, 1);
    g_assert_cmphex(d.dns[0], ==, NET_IP4(10, 0, 2, 3));
    g_assert_cmpuint(d.lease_s, ==, 86400);
    g_assert_cmphex(d.server, ==, NET_IP4(10, 0, 2, 2));
    g_assert_cmpstr(d.domain, ==, "lab");
    g_assert_cmpuint(d.mtu, ==, 1500);
    g_assert_cmpstr(d.host_name, ==, "");
    g_assert_cmpstr(net_dhcp_type_name(d.type), ==, "OFFER");
    g_assert_null(net_dhcp_type_name(9));
    g_assert_null(net_dhcp_type_name(0));
}

/* Options may go on in the field for the boot file's name (RFC 2132 9.3). */
static void test_overload(void)
{
    static const uint8_t options[] = {53, 1, 5, 52, 1, 1, 255};
    uint8_t bytes[400];
    NetDhcp d;

    size_t length = put_offer(bytes, options, sizeof options);
    memcpy(bytes + 108, "\x33\x04\x00\x00\x00\x3c\xff", 7);
    g_assert_cmpuint(net_dhcp_parse(bytes, length, &d), >, 0);
    g_assert_cmpuint(d.lease_s, ==, 60);
}

static void test_refused(void)
{
    static const uint8_t options[] = {53, 1, 2, 51, 3, 0, 0, 1, 255};
    static const uint8_t running_over[] = {53, 1, 2, 12, 200, 'x'};
    uint8_t bytes[400];
    NetDhcp d;

    /* A lease of three bytes. */
    g_assert_cmpuint(net_dhcp_parse(bytes, put_offer(bytes, options, 9), &d), ==, 0);
    g_assert_cmpuint(net_dhcp_parse(bytes, put_offer(bytes, options, 3), &d), ==, 243);
    g_assert_cmpuint(net_dhcp_parse(bytes, 239, &d), ==, 0);
    /* What runs over the end is not there. */
    size_t length = put_offer(bytes, running_over, sizeof running_over);
    g_assert_cmpuint(net_dhcp_parse(bytes, length, &d), ==, length);
    g_assert_cmpstr(d.host_name, ==, "");
    bytes[236] = 0;
    g_assert_cmpuint(net_dhcp_parse(bytes, length, &d), ==, 0);
    bytes[236] = 0x63;
    bytes[0] = 3;
    g_assert_cmpuint(net_dhcp_parse(bytes, length, &d), ==, 0);
    bytes[0] = 1;
    bytes[2] = 16;
    g_assert_cmpuint(net_dhcp_parse(bytes, length, &d), ==, 0);
}

static void test_write(void)
{
    static const uint8_t expected[] = {53, 1, 1, 61, 7, 1, 2, 0, 0, 0, 0, 1, 55, 2, 1, 3, 255, 0};
    NetDhcp d = {
        .operation = NET_DHCP_BOOTREQUEST,
        .xid = 0x01020304,
        .broadcast = true,
        .mac = {{2, 0, 0, 0, 0, 1}},
        .type = NET_DHCP_DISCOVER,
        .client_id_bytes = 7,
        .client_id = {1, 2, 0, 0, 0, 0, 1},
        .parameter_count = 2,
        .parameters = {NET_DHCP_OPTION_MASK, NET_DHCP_OPTION_ROUTER},
    };
    uint8_t bytes[NET_DHCP_MAX_BYTES];

    g_assert_cmpuint(net_dhcp_write(bytes, &d), ==, NET_DHCP_LEAST_BYTES);
    g_assert_cmpmem(bytes, 12, "\1\1\6\0\1\2\3\4\0\0\x80\0", 12);
    g_assert_cmpmem(bytes + 28, 6, d.mac.byte, 6);
    g_assert_cmpmem(bytes + 236, 4, "\x63\x82\x53\x63", 4);
    g_assert_cmpmem(bytes + 240, sizeof expected, expected, sizeof expected);
}

/* Everything that a message can hold comes back, and fits. */
static void test_round_trip(void)
{
    NetDhcp d = {
        .operation = NET_DHCP_BOOTREPLY,
        .hops = 1,
        .xid = 7,
        .seconds = 9,
        .client = 1,
        .yours = 2,
        .next = 3,
        .relay = 4,
        .mac = {{2, 0, 0, 0, 0, 9}},
        .type = NET_DHCP_NAK,
        .requested = 5,
        .server = 6,
        .mask = net_ip4_mask(20),
        .router = 7,
        .broadcasts = 8,
        .dns_count = 3,
        .dns = {1, 2, 3},
        .lease_s = NET_DHCP_FOREVER,
        .renewal_s = 10,
        .rebinding_s = 11,
        .mtu = 576,
        .most_bytes = 600,
        .parameter_count = NET_DHCP_MAX_PARAMETERS,
        .client_id_bytes = NET_DHCP_CLIENT_ID_MOST,
    };
    uint8_t bytes[NET_DHCP_MAX_BYTES], again[NET_DHCP_MAX_BYTES];
    NetDhcp back;

    memset(d.parameters, 3, sizeof d.parameters);
    memset(d.client_id, 4, sizeof d.client_id);
    memset(d.host_name, 'h', sizeof d.host_name - 1);
    memset(d.domain, 'd', sizeof d.domain - 1);
    memset(d.message, 'm', sizeof d.message - 1);
    size_t length = net_dhcp_write(bytes, &d);
    /* 240, 17 options with 2 bytes each in front, 1 + 2 * 2 + 8 * 4 + 12 + 16 + 32 + 3 * 47,
     * the end. */
    g_assert_cmpuint(length, ==, 240 + 34 + 1 + 4 + 32 + 12 + 16 + 32 + 141 + 1);
    g_assert_cmpuint(net_dhcp_parse(bytes, length, &back), ==, length);
    /* Not the structs themselves: what lies between their fields is anybody's. */
    g_assert_cmpmem(again, net_dhcp_write(again, &back), bytes, length);
}

static void test_prefix(void)
{
    g_assert_cmpuint(net_dhcp_prefix(0), ==, 0);
    g_assert_cmpuint(net_dhcp_prefix(0xffffffff), ==, 32);
    g_assert_cmpuint(net_dhcp_prefix(0xfffffffc), ==, 30);
    g_assert_cmpuint(net_dhcp_prefix(0xff00ff00), ==, 33);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dhcp/parse", test_parse);
    g_test_add_func("/dhcp/overload", test_overload);
    g_test_add_func("/dhcp/refused", test_refused);
    g_test_add_func("/dhcp/write", test_write);
    g_test_add_func("/dhcp/round-trip", test_round_trip);
    g_test_add_func("/dhcp/prefix", test_prefix);
    return g_test_run();
}
