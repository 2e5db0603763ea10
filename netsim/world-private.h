/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world-private.h: what world.c (parts, ports, the order of events) and networks.c
 * (networks, NICs, questions about them) share. */
#pragma once

#include "netsim/link.h"
#include "netsim/modes.h"
#include "netsim/part.h"
#include "netsim/queue.h"

typedef struct NetPort {
    NetPart *part;
    NetPortId id;
    uint32_t number;      /* which port of its part */
    struct NetPort *peer; /* NULL: no cable yet */
    uint16_t epoch;       /* counts unpluggings: a frame under way from before is lost */
    bool up;
    bool is_end; /* of a NIC or an uplink: frames are handed in here */
    bool gone;   /* with its part */
    uint64_t out_frames, in_frames;
    uint64_t out_bytes, in_bytes;
    NetLinkConfig config; /* of the cable */
    NetLinkWay way;       /* out of here */
    /* The rest is not asked for each frame. */
    NetNetworkId network;
    struct NetPort *former; /* the peer when the cable was last unplugged */
    uint64_t dropped[NET_DROP_COUNT];
} NetPort;

typedef struct NetOutside NetOutside; /* outside-private.h */

struct NetWorld {
    NetWorldConfig config;
    NetTime now; /* the time reached */
    NetQueue queue;
    GPtrArray *networks; /* of NetNetwork */
    GPtrArray *parts;    /* of NetPart */
    GPtrArray *ports;    /* of NetPort */
    NetDelivery *deliveries;
    uint32_t delivery_count, delivery_capacity;
    uint32_t taken; /* so many deliveries are the owner's already */
    uint64_t steps; /* at the instant `now` */
    bool stopped;
    NetOutside *outside;  /* NULL: there is none */
    GHashTable *machines; /* names by MAC address, as a number; NULL: none is known */
};

/* networks.c: a network of a mode that need not be in the table. NULL: refused. */
NetNetwork *net_world_make_network(NetWorld *world, const NetMode *mode,
                                   const NetNetworkConfig *config, NetTime now, GError **error);
/* Its steps, for who makes one anew: defaults filled in; is it sound; what the configuration
 * points to becomes the network's own, or is given up (world.c). */
void net_network_fill_in(NetNetworkConfig *config);
bool net_network_check(const NetNetworkConfig *config, GError **error);
void net_network_own_config(NetNetwork *network, const NetNetworkConfig *config);
void net_network_disown_config(NetNetwork *network);
/* The name that net_world_name_machine() gave; NULL: none. */
const char *net_world_machine_name(const NetWorld *world, NetMac mac);

static inline NetPort *net_world_port_at(const NetWorld *world, NetPortId port)
{
    return world->ports->pdata[port];
}
