/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns-proxy.h: answers DNS queries from the names that it knows (RFC 1035 4, 7).
 *
 * Bytes of a query in, bytes of the answer out; who carries them is the part that
 * it lives in (router.h). A name that it does not know is somebody else's to
 * answer if it was told that there is another server, else it does not exist
 * (NXDOMAIN). It keeps no state of queries: one that is passed on is translated
 * by the NAT like any other packet, which keeps the row.
 */
#pragma once

#include "netsim/network.h"
#include "netsim/proto/dns.h"

#define NET_DNS_PROXY_TTL_S 60u /* how long an answer may be kept */

typedef struct {
    /* The address of a name; 0: not known. */
    NetIp4 (*find)(void *user, const char *name);
    void *user;
    bool has_upstream;
} NetDnsProxy;

typedef struct {
    NetDnsOutcome outcome;
    char name[NET_DNS_NAME_BYTES]; /* asked for */
    NetIp4 address;
    size_t length; /* of the answer; 0: none, as with NET_DNS_FORWARDED */
    uint8_t bytes[NET_DNS_MAX_BYTES];
} NetDnsProxyAnswer;

/* A datagram came to port 53. Any bytes are safe. */
void net_dns_proxy_input(const NetDnsProxy *proxy, const uint8_t *bytes, size_t length,
                         NetDnsProxyAnswer *ret);
