/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.c: fuzzes the DNS codec: names stay in their buffers, reading ends, and what
 * was understood is written and understood again. */
#include <glib.h>
#include <string.h>

#include "netsim/proto/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const NetDns *d)
{
    static NetDns back;
    uint8_t bytes[NET_DNS_MAX_BYTES];
    size_t length = net_dns_write(bytes, sizeof bytes, d);

    g_assert(length > 0);
    g_assert(net_dns_parse(bytes, length, &back) == length);
    g_assert(back.id == d->id && back.code == d->code && back.is_response == d->is_response);
    g_assert(strcmp(back.name, d->name) == 0 && back.type == d->type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static NetDns d;
    static NetDnsRecord r;
    size_t at = net_dns_parse(data, size, &d);

    if (at == 0)
        return 0;
    g_assert(at <= size);
    again(&d);
    unsigned records = d.answer_count + d.authority_count + d.additional_count;
    for (unsigned i = 0; i < records; i++) {
        size_t next = net_dns_parse_record(data, size, at, &r);
        if (next == 0)
            break;
        g_assert(next > at && next <= size);
        g_assert(strlen(r.name) < sizeof r.name && strlen(r.target) < sizeof r.target);
        at = next;
    }
    return 0;
}
