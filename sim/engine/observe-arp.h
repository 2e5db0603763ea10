/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observe-arp.h: ARP caches; members of both observers, user is the SimEngine. */
#pragma once

#include "hv-core/host.h"
#include "netsim/observer.h"

/* Where a guest image has its cache. */
HvWatchConfig sim_arp_watch(void);

void sim_observe_watched(void *user, HvStamp at, uint16_t vm, const void *bytes, uint32_t size);
void sim_observe_arp(void *user, NetTime at, NetPortId port, const NetArpEntry *entry,
                     NetArpState from);
