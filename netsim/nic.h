/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nic.h: where a network ends: the cable's end at a NIC of a VM.
 *
 * What a NIC receives is queued for the owner of the world; what the VM sends
 * comes in by net_world_transmit(). So this part has one port and no logic.
 */
#pragma once

#include "netsim/part.h"

NetPart *net_nic_new(void);
bool net_part_is_nic(const NetPart *part);
