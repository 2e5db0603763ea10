/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uplink.h: where a network ends in the real world: a port of a switch whose other end
 * is outside of the simulation.
 *
 * What the switch sends there is queued for the owner of the world, as for a NIC
 * (net_world_take_delivery, vm = NET_UPLINK_VM, nic = its number); what comes in from
 * outside is transmitted from its port (net_world_transmit_bytes). The owner does the
 * I/O; netsim knows nothing of it.
 */
#pragma once

#include "netsim/part.h"

NetPart *net_uplink_new(void);
bool net_part_is_uplink(const NetPart *part);
