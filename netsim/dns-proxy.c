/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns-proxy.c: one query, one answer; see dns-proxy.h. */
#include "netsim/dns-proxy.h"

#include <string.h>

#include "netsim/proto/wire.h"

static void finish(NetDnsProxyAnswer *answer, const NetDns *query, NetDnsOutcome outcome,
                   uint8_t code)
{
    NetDns reply = {
        .id = query->id,
        .is_response = true,
        .opcode = query->opcode,
        .recursion_desired = query->recursion_desired,
        .recursion_available = true,
        .code = code,
        .question_count = query->question_count > 0,
        .type = query->type,
        .class = query->class,
    };

    g_strlcpy(reply.name, query->name, sizeof reply.name);
    answer->outcome = outcome;
    answer->length = net_dns_write(answer->bytes, sizeof answer->bytes, &reply);
}

static void add_address(NetDnsProxyAnswer *answer, const NetDns *query)
{
    NetDnsRecord record = {
        .type = NET_DNS_A,
        .class = NET_DNS_CLASS_IN,
        .ttl_s = NET_DNS_PROXY_TTL_S,
        .address = answer->address,
    };

    g_strlcpy(record.name, query->name, sizeof record.name);
    size_t length =
        net_dns_add_answer(answer->bytes, answer->length, sizeof answer->bytes, &record);
    if (length > 0)
        answer->length = length;
}

void net_dns_proxy_input(const NetDnsProxy *proxy, const uint8_t *bytes, size_t length,
                         NetDnsProxyAnswer *ret)
{
    NetDns query;

    ret->outcome = NET_DNS_UNABLE;
    ret->name[0] = '\0';
    ret->address = 0;
    ret->length = 0;
    if (net_dns_parse(bytes, length, &query) == 0) {
        if (length < NET_DNS_HEADER_BYTES || bytes[2] & 0x80)
            return; /* nobody to answer, or an answer itself */
        query = (NetDns){.id = net_get_16(bytes)};
        finish(ret, &query, NET_DNS_UNABLE, NET_DNS_FORMAT_ERROR);
        return;
    }
    if (query.is_response)
        return;
    if (query.opcode != 0 || query.question_count != 1 || query.class != NET_DNS_CLASS_IN) {
        finish(ret, &query, NET_DNS_UNABLE,
               query.opcode != 0 ? NET_DNS_NOT_IMPLEMENTED : NET_DNS_FORMAT_ERROR);
        return;
    }
    g_strlcpy(ret->name, query.name, sizeof ret->name);
    NetIp4 address = proxy->find(proxy->user, query.name);
    if (address != 0) { /* the name is known, though maybe not in what was asked for */
        ret->address = query.type == NET_DNS_A ? address : 0;
        finish(ret, &query, NET_DNS_FOUND, NET_DNS_NO_ERROR);
        if (ret->address != 0 && ret->length > 0)
            add_address(ret, &query);
    } else if (proxy->has_upstream) {
        ret->outcome = NET_DNS_FORWARDED;
    } else {
        finish(ret, &query, NET_DNS_NOT_FOUND, NET_DNS_NAME_ERROR);
    }
}
