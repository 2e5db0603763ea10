/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-switch-vlan.c: access and trunk ports, by hand and against a reference model. */
#include "tests/netsim/switch-net.h"

static NetPortConfig access_port(uint16_t vlan)
{
    return (NetPortConfig){.vlan_mode = NET_VLAN_ACCESS, .vlan = vlan};
}

static NetPortConfig trunk_port(uint16_t native, uint16_t first, uint16_t last)
{
    return (NetPortConfig){.vlan_mode = NET_VLAN_TRUNK,
                           .vlan = native,
                           .vlans = {{first, last}},
                           .vlan_count = first != 0};
}

static SwitchNet *vlan_net(void)
{
    static const NetSwitchConfig config = {.vlans = true};

    return switch_net_new((NetNetworkConfig){.switches = &config, .switch_count = 1});
}

/* Stations 0 and 1 in VLAN 10, 2 in VLAN 20, 3 behind a trunk of 10 to 19 with native VLAN 20. */
static SwitchNet *office(void)
{
    SwitchNet *net = vlan_net();

    switch_net_attach(net, 0, access_port(10));
    switch_net_attach(net, 0, access_port(10));
    switch_net_attach(net, 0, access_port(20));
    switch_net_attach(net, 0, trunk_port(20, 10, 19));
    return net;
}

static void test_access(void)
{
    g_autoptr(SwitchNet) net = office();

    g_assert_cmphex(switch_net_say(net, 0, all_stations, 0), ==, 0xa); /* 1, and the trunk */
    g_assert_cmpuint(net->last_bytes[1], ==, 60);
    /* On the trunk: 802.1Q, VLAN 10, then the type that was there before. */
    g_assert_cmpuint(net->last_bytes[3], ==, 64);
    g_assert_cmphex(net_get_32(net->last[3] + 12), ==, 0x8100000a);
    g_assert_cmphex(net_get_16(net->last[3] + 16), ==, 0x88b5);
    /* VLAN 20 goes untagged there, and not at all to VLAN 10. */
    g_assert_cmphex(switch_net_say(net, 2, all_stations, 1 * MS), ==, 0x8);
    g_assert_cmpuint(net->last_bytes[3], ==, 60);
    switch_net_expect(net, "");

    /* The same address in two VLANs is two addresses. */
    g_assert_cmphex(switch_net_say(net, 1, station_mac(0), 2 * MS), ==, 0x1);
    g_assert_cmphex(switch_net_say(net, 2, station_mac(0), 3 * MS), ==, 0x8);
}

static void test_trunk(void)
{
    g_autoptr(SwitchNet) net = office();

    g_assert_cmphex(switch_net_send_tagged(net, 3, all_stations, 10, 0), ==, 0x3);
    g_assert_cmpuint(net->last_bytes[0], ==, 60);
    g_assert_cmphex(net_get_16(net->last[0] + 12), ==, 0x88b5);
    /* Untagged, and with a priority tag: the native VLAN. */
    g_assert_cmphex(switch_net_say(net, 3, all_stations, 1 * MS), ==, 0x4);
    g_assert_cmphex(switch_net_send_tagged(net, 3, all_stations, 0, 2 * MS), ==, 0x4);
    g_assert_cmpuint(net->last_bytes[2], ==, 60);
    switch_net_expect(net, "");
    g_assert_cmphex(switch_net_send_tagged(net, 3, all_stations, 30, 3 * MS), ==, 0);
    switch_net_expect(net, "drop vlan-not-allowed\n");
    g_assert_cmphex(switch_net_send_tagged(net, 3, all_stations, 4095, 4 * MS), ==, 0);
    switch_net_expect(net, "drop vlan-not-allowed\n");
    g_assert_cmphex(switch_net_send_tagged(net, 0, all_stations, 10, 5 * MS), ==, 0);
    switch_net_expect(net, "drop vlan-tagged\n");
}

static void test_no_native(void)
{
    g_autoptr(SwitchNet) net = vlan_net();

    switch_net_attach(net, 0, trunk_port(NET_NO_NATIVE_VLAN, 0, 0));
    switch_net_attach(net, 0, access_port(0)); /* VLAN 1 */
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 0), ==, 0);
    switch_net_expect(net, "drop no-native-vlan\n");
    g_assert_cmphex(switch_net_send_tagged(net, 0, all_stations, 1, 1 * MS), ==, 0x2);
    g_assert_cmphex(switch_net_say(net, 1, all_stations, 2 * MS), ==, 0x1);
    g_assert_cmphex(net_get_32(net->last[0] + 12), ==, 0x81000001);
}

/* Two switches, a trunk of VLANs 1 and 10 between them. */
static void test_between_switches(void)
{
    static const NetSwitchConfig switches[2] = {{.name = "a", .vlans = true},
                                                {.name = "b", .vlans = true}};
    const NetTrunkConfig trunk = {
        .a = 0,
        .b = 1,
        .cables = 1,
        .port = {.vlan = 1, .vlans = {{1, 1}, {10, 10}}, .vlan_count = 2}};
    g_autoptr(SwitchNet) net = switch_net_new((NetNetworkConfig){
        .switches = switches, .switch_count = 2, .trunks = &trunk, .trunk_count = 1});

    for (uint32_t sw = 0; sw < 2; sw++)
        for (uint16_t vlan = 1; vlan <= 19; vlan += 9)
            switch_net_attach(net, sw, access_port(vlan)); /* 1, 10, 19 on each */
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 0 * MS), ==, 0x8);
    g_assert_cmphex(switch_net_say(net, 1, all_stations, 1 * MS), ==, 0x10);
    g_assert_cmpuint(net->last_bytes[4], ==, 60);
    switch_net_expect(net, "");
    g_assert_cmphex(switch_net_say(net, 2, all_stations, 2 * MS), ==, 0);
    switch_net_expect(net, "drop no-other-port\n");
}

/* --- the model check --- */

enum { STATIONS = 12, PORTS = 8, VLANS = 3 };

/* What port p is: VLANs 1 to 3, as an access port, or (6 and 7) a trunk of some. */
static bool has_vlan(unsigned port, unsigned vlan)
{
    return port < 6 ? port % 3 + 1 == vlan : port == 6 ? vlan != 3 : true;
}

/* Ten lines that say what a switch with VLANs does. */
static unsigned reference(int table[VLANS + 1][STATIONS], unsigned in, unsigned vlan, unsigned from,
                          int to)
{
    unsigned out = 0;

    if (!has_vlan(in, vlan))
        return 0;
    table[vlan][from] = (int)in;
    for (unsigned port = 0; port < PORTS; port++)
        if (port != in && has_vlan(port, vlan) &&
            (to < 0 || table[vlan][to] < 0 || table[vlan][to] == (int)port))
            out |= 1u << port;
    return out;
}

static void test_random(void)
{
    g_autoptr(SwitchNet) net = vlan_net();
    int table[VLANS + 1][STATIONS];

    memset(table, -1, sizeof table);
    for (unsigned port = 0; port < PORTS; port++)
        switch_net_attach(net, 0,
                          port < 6    ? access_port((uint16_t)(port % 3 + 1))
                          : port == 6 ? trunk_port(1, 1, 2)
                                      : trunk_port(2, 0, 0));
    for (unsigned round = 0; round < 4000; round++) {
        unsigned in = (unsigned)g_test_rand_int_range(0, PORTS);
        unsigned from = (unsigned)g_test_rand_int_range(0, STATIONS);
        int to = g_test_rand_int_range(-1, STATIONS);
        bool tagged = in >= 6 && g_test_rand_bit();
        unsigned vlan = tagged    ? (unsigned)g_test_rand_int_range(1, VLANS + 1)
                        : in == 6 ? 1
                        : in == 7 ? 2
                                  : in % 3 + 1;
        NetMac destination = to < 0 ? all_stations : station_mac((unsigned)to);
        NetMac source = station_mac(from);
        uint8_t bytes[STATION_BYTES] = {0};
        unsigned expected = reference(table, in, vlan, from, to);

        memcpy(bytes, destination.byte, 6);
        memcpy(bytes + 6, source.byte, 6);
        net_put_16(bytes + 12, tagged ? NET_TYPE_VLAN : 0x88b5);
        net_put_16(bytes + 14, tagged ? (uint16_t)vlan : 0);
        net_world_transmit_bytes(net->world, net->nics[in], bytes, sizeof bytes, 0, round * MS);
        g_assert_cmphex(switch_net_run(net, round * MS + MS - 1), ==, expected);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/switch/vlan/access", test_access);
    g_test_add_func("/switch/vlan/trunk", test_trunk);
    g_test_add_func("/switch/vlan/no-native", test_no_native);
    g_test_add_func("/switch/vlan/between-switches", test_between_switches);
    g_test_add_func("/switch/vlan/random", test_random);
    return g_test_run();
}
