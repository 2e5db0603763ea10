/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outside.h: what lies around the VMs: the host, its LAN, the Internet.
 *
 *     host ----- LAN switch ---- router ---- Internet switch ---- servers
 *     .10            |           .1    203.0.113.1                203.0.113.x
 *                LAN machines
 *
 * One host, made by whoever owns the world (endpoint.h), with one NIC on the LAN
 * and one on each host-only network; NATs reach it by cables of their own
 * (gate.h). The LAN and the Internet are networks like others, with a switch
 * each, and come after the scenario's in number. The LAN's router gives leases
 * and names, and translates to its one address in the Internet.
 */
#pragma once

#include "netsim/part.h"

typedef struct {
    const char *name;
    NetIp4 address;
} NetName;

/* Zero: as in the picture. Arrays and strings are copied. */
typedef struct {
    NetPart *host; /* a part without ports, not yet in the world, which owns it from here */
    bool no_lan;   /* only host-only networks: the host has no other NIC */
    NetIp4 lan_subnet;
    uint8_t lan_prefix;
    NetIp4 lan_router, lan_host;
    NetDhcpConfig lan_dhcp;                      /* .100 to .199 */
    NetTime lan_latency_ns, internet_latency_ns; /* of each link there */
    const NetName *names; /* that the LAN's DNS knows: LAN machines, servers, the host */
    size_t name_count;
} NetOutsideConfig;

#define NET_INTERNET_SUBNET NET_IP4(203, 0, 113, 0) /* /24, RFC 5737 */
#define NET_INTERNET_ROUTER NET_IP4(203, 0, 113, 1)

#define NET_DEFAULT_INTERNET_LATENCY_NS (5 * NET_NS_PER_MS)

/* Makes all of it, and joins to it every network that was added before; networks
 * added later join at once. Once per world; or twice, first with no_lan, then without
 * and without host: then the host there is comes to the LAN. */
bool net_world_add_outside(NetWorld *world, const NetOutsideConfig *config, NetTime now,
                           GError **error);

/* The numbers of the two networks; -1: there is none. */
int64_t net_world_lan(const NetWorld *world);
int64_t net_world_internet(const NetWorld *world);

/* Lays a cable from a port to the switch of a network, which has one (not `nat`). */
void net_world_plug(NetWorld *world, NetNetworkId network, NetPortId port, NetTime now);

/* The MAC address of what is built in: 52:55 and the IP address. */
NetMac net_mac_of_ip(NetIp4 address);
