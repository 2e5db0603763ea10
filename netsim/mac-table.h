/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mac-table.h: which port leads to which address, per VLAN.
 *
 * A bounded hash table of rows, which are also threaded on a list from the one
 * heard from longest ago to the one heard from last: so learning, looking up and
 * ageing take the same time however full the table is, and rows age in an order
 * that no hash decides.
 *
 * The rows lie in one array; buckets hold the number of their first row, each row that
 * of the next one in its bucket. Numbers count from 1: 0 is "none". What is asked for
 * each frame is inline.
 */
#pragma once

#include <glib.h>
#include <string.h>

#include "netsim/proto/types.h"

typedef struct {
    NetMac mac;
    uint16_t vlan;
    uint32_t port; /* as the switch numbers its ports */
    NetTime last_seen;
} NetMacEntry;

typedef struct {
    NetMacEntry entry;
    uint64_t key;
    uint32_t next;         /* in its bucket, or on the free list */
    uint32_t older, newer; /* on the list by last_seen */
} NetMacTableRow;

typedef struct {
    NetMacTableRow *rows; /* [0] is the head of the list: its newer is the oldest row */
    uint32_t *buckets;
    unsigned bucket_shift; /* 64 less the binary logarithm of their number */
    uint32_t used;         /* rows ever used, from 1 */
    uint32_t capacity;
    uint32_t max_rows;
    uint32_t free; /* first of the rows given back */
} NetMacTable;

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

/* --- for each frame --- */

/* Of the six bytes of an address, in the byte order of the machine, which nothing shows. */
static inline uint64_t net_mac_table_key(uint16_t vlan, const uint8_t *mac)
{
    uint32_t first;
    uint16_t last;

    memcpy(&first, mac, sizeof first);
    memcpy(&last, mac + sizeof first, sizeof last);
    return (uint64_t)vlan << 48 | (uint64_t)last << 32 | first;
}

static inline uint32_t *net_mac_table_bucket(const NetMacTable *table, uint64_t key)
{
    /* Multiplicative hashing (Knuth, TAOCP vol. 3, 6.4): the high bits are mixed best. */
    return &table->buckets[(key * UINT64_C(0x9e3779b97f4a7c15)) >> table->bucket_shift];
}

/* The number of the row; 0: none. */
static inline uint32_t net_mac_table_row(const NetMacTable *table, uint64_t key)
{
    uint32_t row = *net_mac_table_bucket(table, key);

    while (row != 0 && table->rows[row].key != key)
        row = table->rows[row].next;
    return row;
}

/* The row was heard from just now. */
static inline void net_mac_table_touch(NetMacTable *table, uint32_t number, NetTime now)
{
    NetMacTableRow *rows = table->rows, *row = &rows[number];
    uint32_t newest = rows[0].older;

    row->entry.last_seen = now;
    if (number == newest)
        return;
    rows[row->older].newer = row->newer;
    rows[row->newer].older = row->older;
    row->older = newest;
    row->newer = 0;
    rows[newest].newer = rows[0].older = number;
}

/* The port, or -1. */
static inline int64_t net_mac_table_find(const NetMacTable *table, uint16_t vlan, NetMac mac)
{
    uint32_t row = net_mac_table_row(table, net_mac_table_key(vlan, mac.byte));

    return row != 0 ? (int64_t)table->rows[row].entry.port : -1;
}

/* --- ageing --- */

/* The row heard from longest ago; NULL: the table is empty. */
const NetMacEntry *net_mac_table_oldest(const NetMacTable *table);
/* The row after this one on that list; NULL: it was the last. */
const NetMacEntry *net_mac_table_next(const NetMacTable *table, const NetMacEntry *entry);
void net_mac_table_remove(NetMacTable *table, const NetMacEntry *entry);
