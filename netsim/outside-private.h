/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outside-private.h: what recipes (modes.c) see of the outside. */
#pragma once

#include "netsim/modes.h"
#include "netsim/outside.h"

struct NetOutside {
    NetPart *host;
    NetNetwork *lan, *internet; /* NULL: there is none */
    NetPart *bridge; /* the switch or wireless adapter inside the host; NULL: nothing is bridged */
    NetPortId host_port; /* of the host, on the LAN */
    NetIp4 lan_host, lan_router;
};

/* There is a bridge between the host and the LAN from now on, if there was none. */
void net_outside_need_bridge(NetWorld *world, bool wifi, NetTime now);

/* The host's end of whatever does not leave the host: fast, and not for nothing. */
#define NET_INSIDE_HOST_NS 1000u
extern const NetLinkConfig net_link_inside_host;

extern const NetMode net_mode_lan, net_mode_internet;
