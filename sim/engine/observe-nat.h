/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observe-nat.h: members of the observer of netsim, for routers, NATs and servers; user
 * is the SimEngine. */
#pragma once

#include "netsim/observer.h"

void sim_observe_router_forward(void *user, NetTime at, NetPortId in, NetPortId out,
                                NetIp4 next_hop, const NetFrame *frame);
void sim_observe_router_drop(void *user, NetTime at, NetPortId in, uint64_t frame,
                             NetDropReason why);
void sim_observe_wifi_rewrite(void *user, NetTime at, NetPortId in, const NetFrame *frame,
                              NetMac mac, NetIp4 address, bool outbound);
void sim_observe_nat_new(void *user, NetTime at, NetPortId port, const NetNatRow *row,
                         const NetFrame *frame);
void sim_observe_nat_state(void *user, NetTime at, NetPortId port, const NetNatRow *row);
void sim_observe_nat_rewrite(void *user, NetTime at, NetPortId in, const NetNatRow *row,
                             NetNatDirection direction, const NetFrame *frame);
void sim_observe_nat_drop(void *user, NetTime at, NetPortId in, const NetFrame *frame,
                          NetDropReason why);
void sim_observe_nat_expired(void *user, NetTime at, NetPortId port, const NetNatRow *row);
void sim_observe_nat_rule(void *user, NetTime at, NetPortId port, uint16_t rule,
                          const struct NetForward *forward, bool up);
void sim_observe_dhcp(void *user, NetTime at, NetPortId port, const NetDhcpEvent *event,
                      const NetFrame *frame);
void sim_observe_dns(void *user, NetTime at, NetPortId port, const char *name,
                     NetDnsOutcome outcome, NetIp4 address, const NetFrame *frame);
