/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switch.h: an Ethernet switch (IEEE 802.1Q 8.6 to 8.8).
 *
 * Learns the source address of every frame per VLAN, forwards to the one port that
 * leads to the destination, floods when none is known. Rows age out when not heard
 * from for a while, or at once when their port's cable is unplugged. On the way a
 * frame passes a row of stages, each of which may drop it: switch.c has the list,
 * and README.md here says what each is for. Every decision is reported with its
 * reason. The one place where a frame is forwarded is
 * net_switch_receive() in switch.c.
 */
#pragma once

#include "netsim/part.h"

/* A switch without ports: net_world_add_port() gives it some, which are plain until
 * net_switch_configure() says otherwise. The name is copied. */
NetPart *net_switch_new(const NetSwitchConfig *config);

/* --- ports; numbers are the switch's own --- */

void net_switch_configure(NetPart *part, uint32_t port, const NetPortConfig *config, NetTime now);
void net_switch_set_acl(NetPart *part, uint32_t port, bool in, const NetAcl *acl, NetTime now);
/* Makes one logical port of `count` ports from `first` on. */
void net_switch_team(NetPart *part, uint32_t first, uint32_t count, NetTeamPolicy policy);

/* --- flow table and mirrors; false: there is no more room, or no such flow --- */

/* One of the same name is replaced. */
bool net_switch_add_flow(NetPart *part, const NetFlow *flow, NetTime now);
bool net_switch_remove_flow(NetPart *part, const char *name, NetTime now);
bool net_switch_add_mirror(NetPart *part, const NetMirror *mirror);

bool net_part_is_switch(const NetPart *part);
const char *net_switch_name(const NetPart *part);
