/* SPDX-License-Identifier: GPL-2.0-or-later */
/* part.h: what a network is made of.
 *
 * A part has numbered ports and one ops table: a switch, a NIC's end of the
 * cable, later a NAT router or a DHCP server. Parts know nothing of each other:
 * they receive frames on ports and send frames out of ports, and the world
 * carries them along the links in between.
 *
 * To add a part: write its ops, embed NetPart as the first member of its struct,
 * and let a mode (modes.c) create it with net_world_add_part() and wire it with
 * net_world_add_port() and net_world_add_link().
 */
#pragma once

#include "netsim/network.h"

typedef struct NetPart NetPart;

/* Order of calls: any number of receive, advance and port_changed, at times that
 * never go back; then free. A part may call the net_part_ functions below from
 * within any of them, and never calls another part. */
typedef struct {
    const char *kind;
    /* A frame came in on a port. It is borrowed: take a reference to keep it. */
    void (*receive)(NetPart *part, uint32_t port, NetFrame *frame, NetTime now);
    /* When advance is due; asked again after every call here. May be NULL: never. */
    NetTime (*deadline)(const NetPart *part);
    /* Not asked after receive, which calls net_part_arm() when the deadline comes nearer. */
    bool arms_itself;
    /* Called at the deadline, or sooner: then there may be nothing to do yet. NULL
     * where deadline is. */
    void (*advance)(NetPart *part, NetTime now);
    /* The part has one more port, without a cable yet. May be NULL. */
    void (*port_added)(NetPart *part, uint32_t port, NetPortId id);
    /* The cable at a port was plugged or unplugged. May be NULL. */
    void (*port_changed)(NetPart *part, uint32_t port, bool up, NetTime now);
    /* The rows of a MAC table, appended to an array of NetMacRow. May be NULL. */
    void (*list_macs)(const NetPart *part, GArray *rows);
    /* Appended to arrays of NetNatRow and NetLease. May be NULL. */
    void (*list_nat)(const NetPart *part, GArray *rows);
    void (*list_leases)(const NetPart *part, GArray *leases);
    /* The part is about to be taken out of its network: it reports the end of what it
     * holds (rows, rules, leases), and gives back what it has of others. May be NULL. */
    void (*retire)(NetPart *part, NetTime now);
    void (*free)(NetPart *part);
} NetPartOps;

struct NetPart {
    const NetPartOps *ops;
    /* The rest is the world's, set by net_world_add_part(). */
    NetWorld *world;
    const NetObserver *observer; /* of the world; each of its functions may be NULL */
    void *observer_user;
    NetPartInfo info;
    NetTime armed;          /* when advance will be called; NET_TIME_NEVER: it will not */
    struct NetPort **ports; /* by the part's own number of the port */
    uint32_t port_count;
    bool gone; /* taken out: it is called no more */
};

typedef struct {
    NetTime latency_ns;   /* at least 1 */
    uint64_t rate_bps;    /* NET_RATE_UNLIMITED: a frame takes no time to send */
    uint32_t queue_bytes; /* that may wait, each way */
    NetRate shape;        /* no more than this enters, each way; what is above waits */
} NetLinkConfig;

/* The world owns the part from here on. vm and nic are a NIC's tag, else 0. */
NetPartId net_world_add_part(NetWorld *world, NetPart *part, NetNetworkId network, uint32_t vm,
                             uint32_t nic, NetTime now);
/* Gives a part its next port. */
NetPortId net_world_add_port(NetWorld *world, NetPart *part, NetTime now);
/* The same on another network than the part's own: a router has a foot in each. */
NetPortId net_world_add_port_on(NetWorld *world, NetPart *part, NetNetworkId network, NetTime now);
/* Joins two ports, which have no cable yet, by one. */
void net_world_add_link(NetWorld *world, NetPortId a, NetPortId b, const NetLinkConfig *config,
                        NetTime now);
/* Takes the cable between a port and its peer away; frames on it are lost. Both
 * ports may have another one then. A port without cable: nothing. */
void net_world_remove_link(NetWorld *world, NetPortId port, NetTime now);
/* A port is gone for good, with its cable. Its number is not given again. */
void net_world_remove_port(NetWorld *world, NetPortId port, NetTime now);
/* A part is gone for good, with its ports. */
void net_world_remove_part(NetWorld *world, NetPart *part, NetTime now);

/* Sends a frame, borrowed, out of a port. What comes of it is the link's affair. */
void net_part_send(NetPart *part, uint32_t port, NetFrame *frame, NetTime now);
uint32_t net_part_port_count(const NetPart *part);
NetPortId net_part_port_id(const NetPart *part, uint32_t port);
bool net_part_port_is_up(const NetPart *part, uint32_t port);
/* A frame that came in on a port goes no further: counts it; the part reports it. */
void net_part_count_drop(NetPart *part, uint32_t port, NetDropReason why);
/* When a part next wants to be called may have changed. */
void net_part_arm(NetPart *part);
/* A frame reached a NIC: queues it for net_world_take_delivery(). */
void net_part_deliver(NetPart *part, uint32_t port, NetFrame *frame, NetTime now);
/* A new frame with the next id, reported as frame_new. The caller owns it. */
NetFrame *net_part_new_frame(NetPart *part, uint64_t parent, const uint8_t *bytes, size_t length,
                             NetTime now);

/* To call one function of the observer, if it is set; parts have it in NetPart. */
const NetObserver *net_world_observer(const NetWorld *world, void **ret_user);
