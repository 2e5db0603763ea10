/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer.h: what netsim reports while it works.
 *
 * One function per kind of event; a member that is NULL is not called. An
 * observer may not call back into netsim. Times never go back.
 *
 * A port is one end of a cable: of a NIC or of a switch. Ports, parts (switches
 * and NICs) and networks are numbered in order of creation over the whole world;
 * the events part_new, port_new and link_new tell a reader how all of it is wired.
 */
#pragma once

#include "netsim/frame.h"

typedef uint32_t NetPortId;
typedef uint32_t NetPartId;
typedef uint32_t NetNetworkId;
#define NET_NO_PORT UINT32_MAX

/* Why a frame went no further. */
typedef enum {
    NET_DROP_LINK_DOWN,          /* the cable is unplugged, or was while the frame was under way */
    NET_DROP_LINK_QUEUE_FULL,    /* more waits to be sent than the queue holds */
    NET_DROP_RUNT,               /* shorter than an Ethernet header */
    NET_DROP_OVERSIZE,           /* longer than the network's MTU allows */
    NET_DROP_BAD_SOURCE,         /* source address is a group address or all zeros */
    NET_DROP_RESERVED_MULTICAST, /* 01:80:c2:00:00:0x stays on its link (IEEE 802.1Q 8.6.3) */
    NET_DROP_SAME_PORT,          /* destination is on the segment it came from */
    NET_DROP_NO_OTHER_PORT,      /* to be flooded, but no other port is up */
    NET_DROP_COUNT
} NetDropReason;

/* Why a row left a MAC table. */
typedef enum {
    NET_AGED_IDLE,      /* not heard from for the ageing time */
    NET_AGED_PORT_DOWN, /* its port's cable was unplugged */
    NET_AGED_COUNT
} NetAgedReason;

/* Names as traces and reports print them: "link-queue-full". Never NULL. */
const char *net_drop_reason_name(NetDropReason reason);
const char *net_aged_reason_name(NetAgedReason reason);

/* What a part is, and for a NIC whose. */
typedef struct {
    NetPartId part;
    NetNetworkId network;
    const char *kind; /* "nic", "switch" */
    uint32_t vm, nic; /* the tag given to net_world_attach, for kind "nic" */
} NetPartInfo;

typedef struct {
    void (*network_new)(void *user, NetTime at, NetNetworkId network, const char *name,
                        const char *mode);
    void (*part_new)(void *user, NetTime at, const NetPartInfo *info);
    /* number: which port of its part, from 0. */
    void (*port_new)(void *user, NetTime at, NetPortId port, NetPartId part, uint32_t number);
    void (*link_new)(void *user, NetTime at, NetPortId a, NetPortId b, NetTime latency_ns,
                     uint64_t rate_bps);
    /* The cable at this port was plugged or unplugged; reported for both of its ends. */
    void (*port_state)(void *user, NetTime at, NetPortId port, bool up);

    /* netsim made a frame of its own (parent 0) or rewrote one. A frame that came
     * from outside was reported by who sent it. */
    void (*frame_new)(void *user, NetTime at, const NetFrame *frame);
    /* A frame goes onto the cable at this port: the first bit leaves at departs
     * (later than `at` when others wait before it), the last arrives at arrives. */
    void (*link_enter)(void *user, NetTime at, NetPortId from, NetPortId to, const NetFrame *frame,
                       NetTime departs, NetTime arrives);
    /* from: the port where the frame was to leave, or had left. */
    void (*link_drop)(void *user, NetTime at, NetPortId from, const NetFrame *frame,
                      NetDropReason why);
    /* A frame arrived at a NIC: it waits to be taken by net_world_take_delivery(). */
    void (*delivered)(void *user, NetTime at, NetPortId port, const NetFrame *frame);

    void (*switch_received)(void *user, NetTime at, NetPortId in, const NetFrame *frame);
    void (*switch_learned)(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac);
    void (*switch_moved)(void *user, NetTime at, NetPortId from, NetPortId to, uint16_t vlan,
                         NetMac mac);
    void (*switch_aged)(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac,
                        NetAgedReason why);
    /* The table is full: this address stays unknown. */
    void (*switch_table_full)(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac);
    /* The MAC table knew the way. */
    void (*switch_forward)(void *user, NetTime at, NetPortId in, NetPortId out,
                           const NetFrame *frame);
    /* Group address, or unknown: out of every other port that is up, `ports` of
     * them; each copy is a link_enter of its own. */
    void (*switch_flood)(void *user, NetTime at, NetPortId in, uint32_t ports,
                         const NetFrame *frame);
    void (*switch_drop)(void *user, NetTime at, NetPortId in, const NetFrame *frame,
                        NetDropReason why);
    /* More than NET_MAX_STEPS_PER_INSTANT steps without time passing: the world
     * has stopped for good. */
    void (*overrun)(void *user, NetTime at, uint64_t steps);
} NetObserver;
