/* SPDX-License-Identifier: GPL-2.0-or-later */
/* router-private.h: what the files of the router share.
 *
 *   router.c          the part: ports, frames in and out, time
 *   router-forward.c  a packet's way through: routes, TTL, NAT, errors
 *   router-serve.c    what a router answers itself: DHCP, DNS
 */
#pragma once

#include "netsim/dns-proxy.h"
#include "netsim/proto/headers.h"
#include "netsim/router.h"

#define NET_ROUTER_MAX_PORTS 8u
#define NET_ROUTER_NO_NIC    UINT32_MAX

typedef struct {
    bool is_cable; /* to the host: no ARP, no addresses */
    uint32_t nic;  /* of the stack; NET_ROUTER_NO_NIC for a cable */
    NetMac own, peer;
    NetIp4 aliases[NET_ROUTER_ALIASES];
} NetRouterPortState;

typedef struct {
    NetPart part;
    NetPartOps ops; /* with the kind of this one */
    NetRouterConfig config;
    NetStack stack;
    NetRouterPortState ports[NET_ROUTER_MAX_PORTS];
    uint32_t port_count;
    uint32_t port_of_nic[NET_STACK_MAX_NICS];
    NetDhcpServer *dhcp;
    NetNat *nat;
    uint8_t *taken[3]; /* ports of its own outside address: a bit each; TCP, UDP, ICMP */
    NetName *names;

    /* While a frame is being dealt with. */
    const NetFrame *frame;
    uint32_t in;                         /* the port it came in on */
    NetTime now;                         /* of this call */
    uint8_t packet[NET_MAX_FRAME_BYTES]; /* what becomes of its packet */
} NetRouter;

#define NET_ROUTER_REPORT(router, event, ...)                                                      \
    do {                                                                                           \
        void *user_;                                                                               \
        const NetObserver *observer_ = net_world_observer((router)->part.world, &user_);           \
        if (observer_->event != NULL)                                                              \
            observer_->event(user_, __VA_ARGS__);                                                  \
    } while (0)

static inline NetPortId net_router_port_id(const NetRouter *router, uint32_t port)
{
    return net_part_port_id(&router->part, port);
}

/* --- router.c --- */

/* Sends a packet on a cable, in a frame that names its parent. */
void net_router_send_on_cable(NetRouter *router, uint32_t port, const uint8_t *packet,
                              size_t length, uint64_t parent);
void net_router_drop(NetRouter *router, uint32_t port, uint64_t frame, NetDropReason why);

/* --- router-forward.c --- */

/* NetStackOps.divert and .undelivered. */
bool net_router_divert(void *user, unsigned nic, const uint8_t *packet, size_t length,
                       NetArrival arrival, NetTime now);
void net_router_undelivered(void *user, const uint8_t *packet, size_t length, uint64_t tag,
                            NetTime now);
/* A packet came from the host. */
void net_router_from_cable(NetRouter *router, const uint8_t *packet, size_t length);

/* --- router-serve.c --- */

extern const NetUdpOps net_router_dhcp_ops; /* user: the router */
typedef enum {
    NET_ROUTER_NOT_DNS,
    NET_ROUTER_ANSWERED,
    NET_ROUTER_PASS_ON, /* a query for the next server */
} NetRouterDns;

/* A packet for the router came from inside: is it a DNS query? */
NetRouterDns net_router_answer_dns(NetRouter *router, const uint8_t *packet, const NetIpv4 *ip);
