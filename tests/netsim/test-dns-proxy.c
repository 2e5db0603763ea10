/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-dns-proxy.c: one query in, one answer out. */
#include <glib.h>
#include <string.h>

#include "netsim/dns-proxy.h"

static NetIp4 find(void *user, const char *name)
{
    return net_dns_name_equal(name, "printer") ? NET_IP4(192, 168, 1, 50) : 0;
}

static NetDnsProxyAnswer ask(const char *name, uint16_t type, bool has_upstream, NetDns *ret)
{
    NetDnsProxy proxy = {.find = find, .has_upstream = has_upstream};
    NetDns query = {
        .id = 77, .question_count = 1, .type = type, .class = 1, .recursion_desired = true};
    uint8_t bytes[NET_DNS_MAX_BYTES];
    NetDnsProxyAnswer answer;

    g_strlcpy(query.name, name, sizeof query.name);
    net_dns_proxy_input(&proxy, bytes, net_dns_write(bytes, sizeof bytes, &query), &answer);
    if (answer.length > 0) {
        g_assert_cmpuint(net_dns_parse(answer.bytes, answer.length, ret), >, 0);
        g_assert_cmpuint(ret->id, ==, 77);
        g_assert_true(ret->is_response && ret->recursion_desired && ret->recursion_available);
    }
    return answer;
}

static void test_found(void)
{
    NetDns reply;
    NetDnsRecord record;
    NetDnsProxyAnswer answer = ask("Printer", NET_DNS_A, true, &reply);

    g_assert_cmpint(answer.outcome, ==, NET_DNS_FOUND);
    g_assert_cmphex(answer.address, ==, NET_IP4(192, 168, 1, 50));
    g_assert_cmpuint(reply.answer_count, ==, 1);
    size_t at = net_dns_parse(answer.bytes, answer.length, &reply);
    g_assert_cmpuint(net_dns_parse_record(answer.bytes, answer.length, at, &record), ==,
                     answer.length);
    g_assert_cmphex(record.address, ==, NET_IP4(192, 168, 1, 50));
    g_assert_cmpuint(record.ttl_s, ==, 60);
    /* The name exists, though it has no IPv6 address: no error, no record. */
    answer = ask("printer", NET_DNS_AAAA, true, &reply);
    g_assert_cmpint(answer.outcome, ==, NET_DNS_FOUND);
    g_assert_cmpuint(reply.code, ==, NET_DNS_NO_ERROR);
    g_assert_cmpuint(reply.answer_count, ==, 0);
}

static void test_not_found(void)
{
    NetDns reply;
    NetDnsProxyAnswer answer = ask("nobody", NET_DNS_A, false, &reply);

    g_assert_cmpint(answer.outcome, ==, NET_DNS_NOT_FOUND);
    g_assert_cmpuint(reply.code, ==, NET_DNS_NAME_ERROR);
    answer = ask("nobody", NET_DNS_A, true, &reply);
    g_assert_cmpint(answer.outcome, ==, NET_DNS_FORWARDED);
    g_assert_cmpuint(answer.length, ==, 0);
    g_assert_cmpstr(answer.name, ==, "nobody");
}

static void test_nonsense(void)
{
    NetDnsProxy proxy = {.find = find};
    NetDnsProxyAnswer answer;
    NetDns reply;
    uint8_t bytes[12] = {0x12, 0x34};

    net_dns_proxy_input(&proxy, bytes, 11, &answer); /* no header: nobody to answer */
    g_assert_cmpuint(answer.length, ==, 0);
    net_dns_proxy_input(&proxy, bytes, 12, &answer); /* no question */
    g_assert_cmpuint(net_dns_parse(answer.bytes, answer.length, &reply), >, 0);
    g_assert_cmpuint(reply.code, ==, NET_DNS_FORMAT_ERROR);
    g_assert_cmpuint(reply.id, ==, 0x1234);
    bytes[2] = 0x80; /* an answer itself: silence, or two servers would talk for ever */
    net_dns_proxy_input(&proxy, bytes, 12, &answer);
    g_assert_cmpuint(answer.length, ==, 0);
    bytes[2] = 2 << 3; /* opcode: server status */
    bytes[5] = 1;
    net_dns_proxy_input(&proxy, bytes, 12, &answer);
    g_assert_cmpint(answer.outcome, ==, NET_DNS_UNABLE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns-proxy/found", test_found);
    g_test_add_func("/dns-proxy/not-found", test_not_found);
    g_test_add_func("/dns-proxy/nonsense", test_nonsense);
    return g_test_run();
}
