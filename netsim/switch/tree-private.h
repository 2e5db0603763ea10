/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree-private.h: how the switch drives its part of the spanning tree (tree.c). */
#pragma once

#include "netsim/switch/private.h"

void net_tree_new(NetSwitch *sw);
/* The port takes part, once it is up. */
void net_tree_add_port(NetSwitch *sw, uint32_t number, uint32_t path_cost);
void net_tree_port_changed(NetSwitch *sw, uint32_t number, bool up, NetTime now);
NetTime net_tree_deadline(const NetSwitch *sw);
void net_tree_advance(NetSwitch *sw, NetTime now);
