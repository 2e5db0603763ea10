/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mac-table.h: which port leads to which address, per VLAN.
 *
 * A bounded hash table of rows, which are also threaded on a list from the one
 * heard from longest ago to the one heard from last: so learning, looking up and
 * ageing take the same time however full the table is, and rows age in an order
 * that no hash decides.
 */
#pragma once

#include <glib.h>

#include "netsim/proto/types.h"

typedef struct NetMacTable NetMacTable;

typedef struct {
    NetMac mac;
    uint16_t vlan;
    uint32_t port; /* as the switch numbers its ports */
    NetTime last_seen;
} NetMacEntry;

typedef enum {
    NET_MAC_KNOWN,   /* was there; last_seen is now */
    NET_MAC_LEARNED, /* a new row */
    NET_MAC_MOVED,   /* was there at another port */
    NET_MAC_FULL,    /* no row free; nothing learned */
} NetMacLearned;

NetMacTable *net_mac_table_new(uint32_t max_rows);
void net_mac_table_free(NetMacTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetMacTable, net_mac_table_free)

/* ret_old_port is set for NET_MAC_MOVED. Times never go back. */
NetMacLearned net_mac_table_learn(NetMacTable *table, uint16_t vlan, NetMac mac, uint32_t port,
                                  NetTime now, uint32_t *ret_old_port);
/* The port, or -1. */
int64_t net_mac_table_find(const NetMacTable *table, uint16_t vlan, NetMac mac);

/* The row heard from longest ago; NULL: the table is empty. */
const NetMacEntry *net_mac_table_oldest(const NetMacTable *table);
/* The row after this one on that list; NULL: it was the last. */
const NetMacEntry *net_mac_table_next(const NetMacTable *table, const NetMacEntry *entry);
void net_mac_table_remove(NetMacTable *table, const NetMacEntry *entry);
