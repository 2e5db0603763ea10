/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mac-table.c: rows in one array; buckets hold the number of their first row, each
 * row that of the next one in its bucket. Numbers count from 1: 0 is "none". */
#include "netsim/mac-table.h"

#include <string.h>

#define LEAST_ROWS 64

typedef struct {
    NetMacEntry entry;
    uint64_t key;
    uint32_t next;         /* in its bucket, or on the free list */
    uint32_t older, newer; /* on the list by last_seen */
} Row;

struct NetMacTable {
    Row *rows; /* [0] is the head of the list: its newer is the oldest row */
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t used; /* rows ever used, from 1 */
    uint32_t capacity;
    uint32_t max_rows;
    uint32_t free; /* first of the rows given back */
};

static uint64_t key_of(uint16_t vlan, NetMac mac)
{
    uint64_t key = vlan;

    for (unsigned i = 0; i < 6; i++)
        key = key << 8 | mac.byte[i];
    return key;
}

static uint32_t *bucket_of(const NetMacTable *table, uint64_t key)
{
    /* Multiplicative hashing (Knuth, TAOCP vol. 3, 6.4): the high bits are mixed best. */
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
    return &table->buckets[(hash >> 32) & table->bucket_mask];
}

/* Room for `capacity` rows, at load one half at most. */
static void resize(NetMacTable *table, uint32_t capacity)
{
    uint32_t buckets = 2;

    while (buckets < 2 * capacity)
        buckets *= 2;
    table->capacity = capacity;
    table->rows = g_renew(Row, table->rows, (size_t)capacity + 1);
    g_free(table->buckets);
    table->buckets = g_new0(uint32_t, buckets);
    table->bucket_mask = buckets - 1;
    for (uint32_t i = 1; i <= table->used; i++) {
        uint32_t *bucket = bucket_of(table, table->rows[i].key);
        table->rows[i].next = *bucket;
        *bucket = i;
    }
}

NetMacTable *net_mac_table_new(uint32_t max_rows)
{
    NetMacTable *table = g_new0(NetMacTable, 1);

    table->max_rows = max_rows;
    resize(table, MIN(LEAST_ROWS, max_rows));
    table->rows[0] = (Row){0};
    return table;
}

void net_mac_table_free(NetMacTable *table)
{
    if (table == NULL)
        return;
    g_free(table->rows);
    g_free(table->buckets);
    g_free(table);
}

static uint32_t find(const NetMacTable *table, uint64_t key)
{
    uint32_t row = *bucket_of(table, key);

    while (row != 0 && table->rows[row].key != key)
        row = table->rows[row].next;
    return row;
}

static void unlink_row(NetMacTable *table, uint32_t row)
{
    table->rows[table->rows[row].older].newer = table->rows[row].newer;
    table->rows[table->rows[row].newer].older = table->rows[row].older;
}

static void link_newest(NetMacTable *table, uint32_t row)
{
    uint32_t newest = table->rows[0].older;

    table->rows[row].older = newest;
    table->rows[row].newer = 0;
    table->rows[newest].newer = row;
    table->rows[0].older = row;
}

/* A row that nobody uses; 0: none is left. */
static uint32_t take_row(NetMacTable *table)
{
    uint32_t row = table->free;

    if (row != 0) {
        table->free = table->rows[row].next;
        return row;
    }
    if (table->used == table->max_rows)
        return 0;
    if (table->used == table->capacity)
        resize(table, MIN(table->capacity * 2, table->max_rows));
    return ++table->used;
}

NetMacLearned net_mac_table_learn(NetMacTable *table, uint16_t vlan, NetMac mac, uint32_t port,
                                  NetTime now, uint32_t *ret_old_port)
{
    uint64_t key = key_of(vlan, mac);
    uint32_t row = find(table, key);
    NetMacLearned result = NET_MAC_KNOWN;

    if (row != 0) {
        unlink_row(table, row);
        if (table->rows[row].entry.port != port) {
            *ret_old_port = table->rows[row].entry.port;
            result = NET_MAC_MOVED;
        }
    } else {
        row = take_row(table);
        if (row == 0)
            return NET_MAC_FULL;
        uint32_t *bucket = bucket_of(table, key);
        table->rows[row] = (Row){.entry = {.mac = mac, .vlan = vlan}, .key = key, .next = *bucket};
        *bucket = row;
        result = NET_MAC_LEARNED;
    }
    table->rows[row].entry.port = port;
    table->rows[row].entry.last_seen = now;
    link_newest(table, row);
    return result;
}

int64_t net_mac_table_find(const NetMacTable *table, uint16_t vlan, NetMac mac)
{
    uint32_t row = find(table, key_of(vlan, mac));

    return row != 0 ? (int64_t)table->rows[row].entry.port : -1;
}

static const NetMacEntry *entry_at(const NetMacTable *table, uint32_t row)
{
    return row != 0 ? &table->rows[row].entry : NULL;
}

const NetMacEntry *net_mac_table_oldest(const NetMacTable *table)
{
    return entry_at(table, table->rows[0].newer);
}

const NetMacEntry *net_mac_table_next(const NetMacTable *table, const NetMacEntry *entry)
{
    const Row *row = (const Row *)entry; /* entry is its first member */

    return entry_at(table, row->newer);
}

void net_mac_table_remove(NetMacTable *table, const NetMacEntry *entry)
{
    uint32_t number = (uint32_t)((const Row *)entry - table->rows);
    uint32_t *at = bucket_of(table, table->rows[number].key);

    while (*at != number)
        at = &table->rows[*at].next;
    *at = table->rows[number].next;
    unlink_row(table, number);
    table->rows[number].next = table->free;
    table->free = number;
}
