/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-mac-table.c: the table against a plain list in the same order. */
#include <glib.h>
#include <string.h>

#include "netsim/mac-table.h"

static NetMac mac_number(unsigned number)
{
    return (NetMac){{2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}};
}

static void test_by_hand(void)
{
    g_autoptr(NetMacTable) table = net_mac_table_new(2);
    uint32_t old = 99;

    g_assert_null(net_mac_table_oldest(table));
    g_assert_cmpint(net_mac_table_learn(table, 1, mac_number(1), 5, 10, &old), ==, NET_MAC_LEARNED);
    g_assert_cmpint(net_mac_table_learn(table, 2, mac_number(1), 6, 11, &old), ==, NET_MAC_LEARNED);
    g_assert_cmpint(net_mac_table_find(table, 1, mac_number(1)), ==, 5);
    g_assert_cmpint(net_mac_table_find(table, 2, mac_number(1)), ==, 6);
    g_assert_cmpint(net_mac_table_find(table, 3, mac_number(1)), ==, -1);
    g_assert_cmpint(net_mac_table_learn(table, 1, mac_number(2), 7, 12, &old), ==, NET_MAC_FULL);
    g_assert_cmpint(net_mac_table_learn(table, 1, mac_number(1), 5, 13, &old), ==, NET_MAC_KNOWN);
    g_assert_cmpuint(old, ==, 99);
    /* The row of VLAN 2 has now been silent for longest. */
    g_assert_cmpuint(net_mac_table_oldest(table)->vlan, ==, 2);
    g_assert_cmpint(net_mac_table_learn(table, 2, mac_number(1), 8, 14, &old), ==, NET_MAC_MOVED);
    g_assert_cmpuint(old, ==, 6);
    net_mac_table_remove(table, net_mac_table_oldest(table));
    g_assert_cmpint(net_mac_table_find(table, 1, mac_number(1)), ==, -1);
    g_assert_cmpint(net_mac_table_learn(table, 1, mac_number(2), 7, 15, &old), ==, NET_MAC_LEARNED);
}

static int model_find(GArray *model, uint16_t vlan, NetMac mac)
{
    for (guint i = 0; i < model->len; i++) {
        const NetMacEntry *entry = &g_array_index(model, NetMacEntry, i);
        if (entry->vlan == vlan && memcmp(entry->mac.byte, mac.byte, 6) == 0)
            return (int)i;
    }
    return -1;
}

static void check_equal(NetMacTable *table, GArray *model)
{
    const NetMacEntry *entry = net_mac_table_oldest(table);

    for (guint i = 0; i < model->len; i++, entry = net_mac_table_next(table, entry)) {
        const NetMacEntry *expected = &g_array_index(model, NetMacEntry, i);
        g_assert_cmpmem(entry->mac.byte, 6, expected->mac.byte, 6);
        g_assert_cmpuint(entry->vlan, ==, expected->vlan);
        g_assert_cmpuint(entry->port, ==, expected->port);
        g_assert_cmpuint(entry->last_seen, ==, expected->last_seen);
    }
    g_assert_null(entry);
}

static void test_random(void)
{
    g_autoptr(NetMacTable) table = net_mac_table_new(150);
    g_autoptr(GArray) model = g_array_new(FALSE, FALSE, sizeof(NetMacEntry));
    unsigned seen[4] = {0};

    for (unsigned now = 0; now < 20000; now++) {
        NetMacEntry entry = {
            .mac = mac_number(g_test_rand_int_range(0, 100)),
            .vlan = g_test_rand_int_range(0, 2),
            .port = g_test_rand_int_range(0, 3),
            .last_seen = now,
        };
        int at = model_find(model, entry.vlan, entry.mac);
        g_assert_cmpint(net_mac_table_find(table, entry.vlan, entry.mac), ==,
                        at < 0 ? -1 : (int)g_array_index(model, NetMacEntry, at).port);
        if (model->len > 0 && g_test_rand_int_range(0, now / 4000 % 2 ? 2 : 20) == 0) {
            guint victim = g_test_rand_int_range(0, (int)model->len);
            const NetMacEntry *gone = net_mac_table_oldest(table);
            for (guint i = 0; i < victim; i++)
                gone = net_mac_table_next(table, gone);
            net_mac_table_remove(table, gone);
            g_array_remove_index(model, victim);
        } else {
            uint32_t old = 99;
            NetMacLearned result =
                net_mac_table_learn(table, entry.vlan, entry.mac, entry.port, now, &old);
            seen[result]++;
            if (at >= 0) {
                uint32_t was = g_array_index(model, NetMacEntry, at).port;
                g_assert_cmpint(result, ==, was == entry.port ? NET_MAC_KNOWN : NET_MAC_MOVED);
                g_assert_cmpuint(old, ==, was == entry.port ? 99 : was);
                g_array_remove_index(model, at);
                g_array_append_val(model, entry);
            } else if (model->len == 150) {
                g_assert_cmpint(result, ==, NET_MAC_FULL);
            } else {
                g_assert_cmpint(result, ==, NET_MAC_LEARNED);
                g_array_append_val(model, entry);
            }
        }
        if (now % 16 == 0)
            check_equal(table, model);
    }
    for (unsigned i = 0; i < 4; i++)
        g_assert_cmpuint(seen[i], >, 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mac-table/by-hand", test_by_hand);
    g_test_add_func("/mac-table/random", test_random);
    return g_test_run();
}
