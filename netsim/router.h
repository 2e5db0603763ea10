/* SPDX-License-Identifier: GPL-2.0-or-later */
/* router.h: the part that passes packets on between networks (RFC 1812).
 *
 * An IP stack of its own (proto/stack.h: ARP, echo, errors) and, between what
 * comes in and that stack, the decision: is the packet for the router, or does it
 * go on? Then its TTL goes down by one, a NAT may translate it, and the routes
 * say by which port it leaves, in a new frame that names the old one as its parent.
 *
 * The same part is the LAN's router, the NAT of a virtual machine (its outer port
 * is a cable to the host: gate.h), and, with one port and nothing to forward, the
 * DHCP server of a network. What it has of these is given by its configuration.
 */
#pragma once

#include "netsim/dhcp-server.h"
#include "netsim/nat.h"
#include "netsim/outside.h"
#include "netsim/part.h"
#include "netsim/proto/stack.h"

#define NET_ROUTER_ALIASES 4u

typedef struct {
    const char *kind;     /* "router", "nat", "dhcp-server" */
    bool forwards;        /* between its ports */
    NetIp4 dns;           /* its address as a DNS server, inside; 0: it is none */
    NetIp4 dns_upstream;  /* whom names are asked that it does not know; 0: nobody */
    const NetName *names; /* that its DNS knows beside its leases; copied */
    size_t name_count;
    uint64_t seed; /* of numbers that its stack chooses */
} NetRouterConfig;

NetPart *net_router_new(const NetRouterConfig *config);

/* A port with an IP address. The first one is the inside. */
typedef struct {
    NetStackNic nic;
    NetIp4 aliases[NET_ROUTER_ALIASES]; /* that it answers ARP for beside its own; 0: none */
} NetRouterPort;

NetPortId net_router_add_port(NetPart *router, NetNetworkId network, const NetRouterPort *port,
                              NetTime now);
/* The outer end of a NAT: a cable to the host, where no addresses are asked for. */
NetPortId net_router_add_cable(NetPart *router, NetNetworkId network, NetMac own, NetMac peer,
                               NetTime now);

/* Owned by the router from here. The server answers on the first port. */
void net_router_set_dhcp(NetPart *router, NetDhcpServer *server);
/* A NAT between the first port and all others. outside NULL: with the address and
 * the ports of the router's second port. */
NetNat *net_router_set_nat(NetPart *router, const NetNatOutside *outside, void *outside_user,
                           uint32_t max_rows);

bool net_part_is_router(const NetPart *part);
NetNat *net_router_nat(NetPart *router); /* NULL: none */

/* Forward rules, reported. -1: see net_nat_add_forward(). */
int net_router_add_forward(NetPart *router, const NetForward *forward, NetTime now);
bool net_router_remove_forward(NetPart *router, const char *name, NetTime now);
