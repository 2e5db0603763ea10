/* SPDX-License-Identifier: GPL-2.0-or-later */
/* segment.h: what most networking modes have in common: switches, trunks between
 * them, and a cable from each NIC to one of them. A recipe (modes.c) calls these and
 * adds what is its own.
 */
#pragma once

#include "netsim/modes.h"

/* Makes the network's switches and trunks; network->segment, the first of them, is then
 * where others are wired to. */
void net_segment_create(NetWorld *world, NetNetwork *network, NetTime now);
/* A switch more, of which the network itself knows nothing, without cables. */
NetPart *net_segment_make_bridge(NetWorld *world, const NetNetwork *network, const char *name,
                                 NetTime now);
/* Gives the first switch one more port and joins it to `port` by a cable such as the
 * network's. */
NetPortId net_segment_join(NetWorld *world, NetNetwork *network, NetPortId port, NetTime now);
/* The same for a NIC, with what its config says: NetMode.attach of modes that have a
 * segment. */
void net_segment_attach(NetWorld *world, NetNetwork *network, NetPortId nic_port,
                        const NetNicConfig *nic, NetTime now);
