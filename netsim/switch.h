/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switch.h: a learning Ethernet switch (IEEE 802.1Q 8.6 to 8.8).
 *
 * Learns the source address of every frame, forwards to the one port that leads
 * to the destination, floods when none is known. Rows age out when not heard from
 * for a while, or at once when their port's cable is unplugged. Every decision is
 * reported with its reason. The one place where a frame is forwarded is
 * switch_receive() in switch.c.
 *
 * Frames with VLAN tags pass as they are; all addresses are in one table.
 */
#pragma once

#include "netsim/part.h"

typedef struct {
    uint32_t mtu;      /* of the payload behind the Ethernet header and its tags */
    NetTime ageing_ns; /* NET_TIME_NEVER: rows stay */
    uint32_t mac_rows; /* bound on the MAC table */
} NetSwitchConfig;

/* A switch without ports: net_world_add_port() gives it some. */
NetPart *net_switch_new(const NetSwitchConfig *config);
