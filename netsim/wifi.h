/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wifi.h: a wireless adapter that VMs are bridged by.
 *
 * An access point knows a station by one MAC address, and sends nothing for others:
 * so a bridge cannot simply pass the VMs' frames on. What hypervisors do instead:
 *
 *  - outwards, the source address (in ARP also the sender's) becomes the host's;
 *    the adapter remembers which VM has the IP address that it was sent from;
 *  - inwards, a frame to the host's address is looked at: if its packet (or ARP
 *    question or answer) is for an IP address of a VM, it gets the VM's address;
 *  - DHCP requests get the broadcast flag, because an offer to the VM's own address
 *    would never come through the air.
 *
 * Between the host and its VMs, and among them, nothing is changed.
 */
#pragma once

#include "netsim/part.h"

#define NET_WIFI_MAX_STATIONS 1024u

/* Port 0 is the air, port 1 the host with this MAC address, the others are networks
 * bridged. */
NetPart *net_wifi_new(NetMac host);
