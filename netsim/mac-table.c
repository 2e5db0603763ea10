/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mac-table.c: rows come, move and go; see mac-table.h. */
#include "netsim/mac-table.h"

#define LEAST_ROWS 64

/* Room for `capacity` rows, at load one half at most. */
static void resize(NetMacTable *table, uint32_t capacity)
{
    uint32_t buckets = 2;

    for (table->bucket_shift = 63; buckets < 2 * capacity; table->bucket_shift--)
        buckets *= 2;
    table->capacity = capacity;
    table->rows = g_renew(NetMacTableRow, table->rows, (size_t)capacity + 1);
    g_free(table->buckets);
    table->buckets = g_new0(uint32_t, buckets);
    for (uint32_t i = 1; i <= table->used; i++) {
        uint32_t *bucket = net_mac_table_bucket(table, table->rows[i].key);
        table->rows[i].next = *bucket;
        *bucket = i;
    }
}

NetMacTable *net_mac_table_new(uint32_t max_rows)
{
    NetMacTable *table = g_new0(NetMacTable, 1);

    table->max_rows = max_rows;
    resize(table, MIN(LEAST_ROWS, max_rows));
    table->rows[0] = (NetMacTableRow){0};
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

/* Into the list, before the head: the newest. */
static void link_row(NetMacTable *table, uint32_t row)
{
    uint32_t newest = table->rows[0].older;

    table->rows[row].older = newest;
    table->rows[row].newer = 0;
    table->rows[newest].newer = table->rows[0].older = row;
}

NetMacLearned net_mac_table_learn(NetMacTable *table, uint16_t vlan, NetMac mac, uint32_t port,
                                  NetTime now, uint32_t *ret_old_port)
{
    uint64_t key = net_mac_table_key(vlan, mac.byte);
    uint32_t number = net_mac_table_row(table, key);

    if (number != 0) {
        NetMacEntry *entry = &table->rows[number].entry;
        uint32_t old = entry->port;
        entry->port = port;
        net_mac_table_touch(table, number, now);
        if (old == port)
            return NET_MAC_KNOWN;
        *ret_old_port = old;
        return NET_MAC_MOVED;
    }
    number = take_row(table);
    if (number == 0)
        return NET_MAC_FULL;
    uint32_t *bucket = net_mac_table_bucket(table, key);
    table->rows[number] = (NetMacTableRow){
        .entry = {.mac = mac, .vlan = vlan, .port = port, .last_seen = now},
        .key = key,
        .next = *bucket,
    };
    *bucket = number;
    link_row(table, number);
    return NET_MAC_LEARNED;
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
    const NetMacTableRow *row = (const NetMacTableRow *)entry; /* entry is its first member */

    return entry_at(table, row->newer);
}

void net_mac_table_remove(NetMacTable *table, const NetMacEntry *entry)
{
    NetMacTableRow *row = (NetMacTableRow *)entry;
    uint32_t number = (uint32_t)(row - table->rows);
    uint32_t *at = net_mac_table_bucket(table, row->key);

    while (*at != number)
        at = &table->rows[*at].next;
    *at = row->next;
    table->rows[row->older].newer = row->newer;
    table->rows[row->newer].older = row->older;
    row->next = table->free;
    table->free = number;
}
