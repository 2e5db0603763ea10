/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp.c: fuzzes the DHCP codec: what was understood is written and understood
 * again as the same message. */
#include <glib.h>
#include <string.h>

#include "netsim/proto/dhcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static NetDhcp d, back;
    uint8_t bytes[NET_DHCP_MAX_BYTES];
    NetDhcpOption option;

    for (size_t at = 0; net_dhcp_next_option(data, size, &at, &option);)
        g_assert(at <= size && option.value + option.length <= data + size);
    if (net_dhcp_parse(data, size, &d) == 0)
        return 0;
    g_assert(strlen(d.host_name) < sizeof d.host_name && strlen(d.message) < sizeof d.message);
    size_t length = net_dhcp_write(bytes, &d);
    g_assert(length <= sizeof bytes);
    g_assert(net_dhcp_parse(bytes, length, &back) == length);
    g_assert(back.xid == d.xid && back.type == d.type && back.requested == d.requested &&
             back.lease_s == d.lease_s && back.dns_count == d.dns_count);
    g_assert(strcmp(back.domain, d.domain) == 0);
    return 0;
}
