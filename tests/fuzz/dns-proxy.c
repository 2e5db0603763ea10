/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns-proxy.c: fuzzes the DNS proxy with one query. Whatever it is, an answer is a
 * well-formed response with the query's id, and never answers a response. */
#include <glib.h>
#include <string.h>

#include "netsim/dns-proxy.h"
#include "netsim/proto/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static NetIp4 find(void *user, const char *name)
{
    return strlen(name) % 2 == 0 ? NET_IP4(10, 0, 2, 15) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (unsigned i = 0; i < 2; i++) {
        NetDnsProxy proxy = {.find = find, .has_upstream = i == 1};
        NetDnsProxyAnswer answer;
        NetDns reply;
        NetDnsRecord record;

        net_dns_proxy_input(&proxy, data, size, &answer);
        g_assert(answer.length == 0 || answer.outcome != NET_DNS_FORWARDED);
        if (answer.length == 0)
            continue;
        g_assert(!(data[2] & 0x80));
        size_t at = net_dns_parse(answer.bytes, answer.length, &reply);
        g_assert(at > 0 && reply.is_response && reply.id == net_get_16(data));
        for (unsigned n = 0; n < reply.answer_count; n++) {
            at = net_dns_parse_record(answer.bytes, answer.length, at, &record);
            g_assert(at > 0 && record.address == answer.address);
        }
    }
    return 0;
}
