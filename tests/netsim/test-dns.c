/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-dns.c: DNS messages against bytes put down by hand from RFC 1035 4. */
#include <glib.h>
#include <string.h>

#include "netsim/proto/dns.h"

/* "www.lab" is an alias of "a.lab", which is 10.0.0.1. */
static const uint8_t response[] = {
    0x12, 0x34, 0x85, 0x80, 0, 1,   0,   2,   0, 0,  0, 0, /* authoritative, recursion both ways */
    3,    'w',  'w',  'w',  3, 'l', 'a', 'b', 0, 0,  1, 0, 1, /* at 12; "lab" at 16 */
    0xc0, 12,   0,    5,    0, 1,   0,   0,   0, 60, 0, 4, 1,
    'a',  0xc0, 16, /* at 25; "a.lab" at 37 */
    0xc0, 37,   0,    1,    0, 1,   0,   0,   1, 0,  0, 4, 10,
    0,    0,    1,
};

static void test_parse(void)
{
    NetDns d;
    NetDnsRecord r;

    size_t at = net_dns_parse(response, sizeof response, &d);
    g_assert_cmpuint(at, ==, 25);
    g_assert_cmphex(d.id, ==, 0x1234);
    g_assert_true(d.is_response && d.authoritative && d.recursion_desired &&
                  d.recursion_available && !d.truncated);
    g_assert_cmpuint(d.code, ==, NET_DNS_NO_ERROR);
    g_assert_cmpstr(d.name, ==, "www.lab");
    g_assert_cmpuint(d.type, ==, NET_DNS_A);
    g_assert_cmpuint(d.class, ==, NET_DNS_CLASS_IN);
    g_assert_cmpuint(d.answer_count, ==, 2);
    at = net_dns_parse_record(response, sizeof response, at, &r);
    g_assert_cmpuint(at, ==, 41);
    g_assert_cmpstr(r.name, ==, "www.lab");
    g_assert_cmpstr(r.target, ==, "a.lab");
    g_assert_cmpuint(r.ttl_s, ==, 60);
    at = net_dns_parse_record(response, sizeof response, at, &r);
    g_assert_cmpuint(at, ==, sizeof response);
    g_assert_cmpstr(r.name, ==, "a.lab");
    g_assert_cmphex(r.address, ==, NET_IP4(10, 0, 0, 1));
    g_assert_cmpuint(r.ttl_s, ==, 256);
}

/* Every prefix of a message is refused somewhere, and none is read beyond. */
static void test_cut_off(void)
{
    for (size_t length = 0; length < sizeof response; length++) {
        g_autofree uint8_t *bytes = g_memdup2(response, length);
        NetDns d;
        NetDnsRecord r;
        size_t at = net_dns_parse(bytes, length, &d);
        for (unsigned i = 0; at != 0 && i < d.answer_count; i++)
            at = net_dns_parse_record(bytes, length, at, &r);
        g_assert_cmpuint(at, ==, 0);
    }
}

static void test_loops(void)
{
    /* A name that points to itself, to behind itself, and round in two steps. */
    static const uint8_t self[] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1};
    static const uint8_t ahead[] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 14, 0, 1, 0, 1, 0, 0};
    static const uint8_t label[] = {0, 1, 0, 0,   0,    1,  0, 0, 0, 0,
                                    0, 0, 1, 'a', 0xc0, 12, 0, 1, 0, 1};
    static const uint8_t reserved[] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 1, 0, 1};
    static const uint8_t control[] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, '\n', 0, 0, 1, 0, 1};
    NetDns d;

    g_assert_cmpuint(net_dns_parse(self, sizeof self, &d), ==, 0);
    g_assert_cmpuint(net_dns_parse(ahead, sizeof ahead, &d), ==, 0);
    g_assert_cmpuint(net_dns_parse(label, sizeof label, &d), ==, 0);
    g_assert_cmpuint(net_dns_parse(reserved, sizeof reserved, &d), ==, 0);
    g_assert_cmpuint(net_dns_parse(control, sizeof control, &d), ==, 0);
}

static void test_write(void)
{
    NetDns d = {
        .id = 0x1234,
        .is_response = true,
        .authoritative = true,
        .recursion_desired = true,
        .recursion_available = true,
        .question_count = 1,
        .name = "www.lab",
        .type = NET_DNS_A,
        .class = NET_DNS_CLASS_IN,
    };
    NetDnsRecord alias = {.name = "WWW.lab.",
                          .type = NET_DNS_CNAME,
                          .class = NET_DNS_CLASS_IN,
                          .ttl_s = 60,
                          .target = "a.lab"};
    NetDnsRecord address = {.name = "a.lab",
                            .type = NET_DNS_A,
                            .class = NET_DNS_CLASS_IN,
                            .ttl_s = 256,
                            .address = NET_IP4(10, 0, 0, 1)};
    uint8_t bytes[NET_DNS_MAX_BYTES];

    size_t length = net_dns_write(bytes, sizeof bytes, &d);
    g_assert_cmpuint(length, ==, 25);
    g_assert_cmpmem(bytes + 12, 13, response + 12, 13);
    length = net_dns_add_answer(bytes, length, sizeof bytes, &alias);
    /* The pointer, 10 bytes, "a.lab" in 7. */
    g_assert_cmpuint(length, ==, 25 + 2 + 10 + 7);
    g_assert_cmpmem(bytes + 25, 10, response + 25, 10);
    g_assert_cmpuint(net_dns_add_answer(bytes, length, length + 20, &address), ==, 0);
    length = net_dns_add_answer(bytes, length, length + 21, &address);
    g_assert_cmpuint(length, ==, 44 + 21);

    NetDns back;
    NetDnsRecord r;
    size_t at = net_dns_parse(bytes, length, &back);
    g_assert_cmpuint(back.answer_count, ==, 2);
    at = net_dns_parse_record(bytes, length, at, &r);
    g_assert_cmpstr(r.target, ==, "a.lab");
    g_assert_cmpuint(net_dns_parse_record(bytes, length, at, &r), ==, length);
    g_assert_cmphex(r.address, ==, NET_IP4(10, 0, 0, 1));
}

static void test_names(void)
{
    char longest[300];

    g_assert_true(net_dns_name_valid("a"));
    g_assert_true(net_dns_name_valid("printer.lan."));
    g_assert_false(net_dns_name_valid(""));
    g_assert_false(net_dns_name_valid("a..b"));
    g_assert_false(net_dns_name_valid(".a"));
    g_assert_false(net_dns_name_valid("a b"));
    /* Labels end at 63 bytes, names at 255 on the wire: 3 * 64 + 62 + 1. */
    memset(longest, 'x', sizeof longest);
    longest[63] = longest[127] = longest[191] = '.';
    longest[253] = '\0';
    g_assert_true(net_dns_name_valid(longest));
    longest[253] = 'x';
    longest[254] = '\0';
    g_assert_false(net_dns_name_valid(longest));
    longest[64] = '\0';
    longest[63] = 'x';
    g_assert_false(net_dns_name_valid(longest));

    g_assert_true(net_dns_name_equal("A.Lab", "a.lab."));
    g_assert_true(net_dns_name_equal("", "."));
    g_assert_false(net_dns_name_equal("a.lab", "a.labs"));
    g_assert_false(net_dns_name_equal("a", "b"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns/parse", test_parse);
    g_test_add_func("/dns/cut-off", test_cut_off);
    g_test_add_func("/dns/loops", test_loops);
    g_test_add_func("/dns/write", test_write);
    g_test_add_func("/dns/names", test_names);
    return g_test_run();
}
