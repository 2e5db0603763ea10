/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observe-switch.h: the observer's functions for what switches report beyond learning
 * and forwarding (observe-switch.c); observe-net.c has the others and the whole.
 */
#pragma once

#include "netsim/observer.h"

void sim_observe_egress_drop(void *user, NetTime at, NetPortId in, NetPortId out,
                             const NetFrame *frame, NetDropReason why);
void sim_observe_copy(void *user, NetTime at, NetPortId in, NetPortId out, const NetFrame *frame,
                      NetCopyReason why);
void sim_observe_switch(void *user, NetTime at, NetPartId part, NetNetworkId network,
                        const NetSwitchConfig *config);
void sim_observe_port_config(void *user, NetTime at, NetPortId port, bool vlans,
                             const NetPortConfig *config);
void sim_observe_flow_added(void *user, NetTime at, NetPartId part, uint32_t number,
                            const NetFlow *flow);
void sim_observe_flow_removed(void *user, NetTime at, NetPartId part, uint32_t number);
void sim_observe_flow_match(void *user, NetTime at, NetPortId in, uint32_t number,
                            const NetFrame *frame);
void sim_observe_to_controller(void *user, NetTime at, NetPortId in, uint32_t number,
                               const NetFrame *frame);
void sim_observe_tree_port(void *user, NetTime at, NetPortId port, NetTreeState from,
                           NetTreeState to, NetTreeRole role);
void sim_observe_tree_root(void *user, NetTime at, NetPartId part, uint64_t bridge, uint64_t root,
                           uint32_t cost, NetPortId root_port);
void sim_observe_tree_heard(void *user, NetTime at, NetPortId port, const NetFrame *frame);
void sim_observe_team_active(void *user, NetTime at, NetPortId from, NetPortId to);
void sim_observe_link_quality(void *user, NetTime at, NetPortId from,
                              const NetLinkQuality *quality);
