/* SPDX-License-Identifier: GPL-2.0-or-later */
/* match.h: does a frame look like this? What access control lists and flow tables ask.
 */
#pragma once

#include "netsim/frame.h"
#include "netsim/settings.h"

/* The headers of a frame that rules ask about. */
typedef struct {
    NetPortId in_port;
    NetMac destination, source;
    uint16_t vlan;
    uint16_t type;
    bool is_ip;     /* a sound IPv4 header: */
    bool has_ports; /* and the first piece of a UDP or TCP packet: */
    uint8_t protocol;
    NetIp4 source_ip, destination_ip;
    uint16_t source_port, destination_port;
} NetPacket;

/* The frame has an Ethernet header (net_ethernet_parse() took it). */
void net_packet_read(NetPacket *packet, const NetFrame *frame, NetPortId in_port, uint16_t vlan);
bool net_match(const NetMatch *match, const NetPacket *packet);
