/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp-server.h: a DHCP server without a socket (RFC 2131 4.3).
 *
 * Bytes of a message in, bytes of the answer out; who carries them is the part
 * that it lives in (router.h). A client is known by its client identifier, or by
 * its MAC address when it sends none. It is offered, in this order: its
 * reservation, the address it has or had, the one it asks for, the free one that
 * nobody had for longest, from the lowest on (RFC 2131 4.3.1).
 *
 * An offer is kept for NET_DHCP_OFFER_NS. An address that a client declines is
 * not given out for a lease's time. Memory is bounded by the range: a client that
 * invents identities (DHCP starvation) empties the range and no more.
 */
#pragma once

#include "netsim/network.h"
#include "netsim/proto/dhcp.h"

#define NET_DHCP_OFFER_NS         (30 * NET_NS_PER_SECOND)
#define NET_DHCP_DEFAULT_LEASE_NS (1200 * NET_NS_PER_SECOND)

typedef struct NetDhcpServer NetDhcpServer;

typedef struct {
    NetIp4 address; /* the server's own: what it identifies itself by */
    NetIp4 subnet;
    uint8_t prefix;
    NetIp4 first, last;                 /* the range it gives out */
    NetIp4 router, dns;                 /* what clients are told; 0: nothing */
    uint16_t mtu;                       /* 0: nothing */
    NetTime lease_ns;                   /* NET_TIME_NEVER: without end */
    const NetReservation *reservations; /* copied */
    size_t reservation_count;
    /* What a client that does not say its name is called; NULL: nothing. May be NULL. */
    const char *(*name_of)(void *user, NetMac mac);
    void *user;
} NetDhcpServerConfig;

NetDhcpServer *net_dhcp_server_new(const NetDhcpServerConfig *config);
void net_dhcp_server_free(NetDhcpServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetDhcpServer, net_dhcp_server_free)

typedef struct {
    unsigned event_count; /* what came in, and what came of it */
    NetDhcpEvent events[2];
    size_t length;  /* of the answer; 0: none */
    NetIp4 address; /* where it goes, to port 68; NET_IP4_BROADCAST with MAC ff:.. */
    NetMac mac;
    uint8_t bytes[NET_DHCP_MAX_BYTES];
} NetDhcpAnswer;

/* A datagram came to port 67. Any bytes are safe. */
void net_dhcp_server_input(NetDhcpServer *server, const uint8_t *bytes, size_t length, NetTime now,
                           NetDhcpAnswer *ret);

NetTime net_dhcp_server_deadline(const NetDhcpServer *server);
/* The next lease that is over; false: none. Call until it says so. */
bool net_dhcp_server_expire(NetDhcpServer *server, NetTime now, NetDhcpEvent *ret);

/* By address, appended to an array of NetLease. */
void net_dhcp_server_list(const NetDhcpServer *server, GArray *leases);
/* The address of the client that calls itself so; 0: none. Case does not matter. */
NetIp4 net_dhcp_server_find(const NetDhcpServer *server, const char *name);
NetIp4 net_dhcp_server_address(const NetDhcpServer *server); /* its own */
/* The first address of its range. */
NetIp4 net_dhcp_server_first(const NetDhcpServer *server);
