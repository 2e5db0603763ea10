/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-switch-policy.c: what a port lets in and out, and who may look on. Every number was
 * worked out by hand. Cables: 1 Gbit/s, 10 us; a frame of 60 bytes. */
#include "tests/netsim/switch-net.h"

#include "netsim/bucket.h"

static const NetMac stranger = {{2, 0, 0, 0, 0xee, 1}}, other = {{2, 0, 0, 0, 0xee, 2}};

static SwitchNet *plain_net(void)
{
    return switch_net_new((NetNetworkConfig){0});
}

static void test_bucket(void)
{
    NetBucket bucket = {0};

    /* 10 a second, 2 at once: two now, the third after 100 ms. */
    g_assert_true(net_bucket_try(&bucket, 1, 10, 2, 0));
    g_assert_true(net_bucket_try(&bucket, 1, 10, 2, 0));
    g_assert_false(net_bucket_try(&bucket, 1, 10, 2, 99 * MS));
    g_assert_true(net_bucket_try(&bucket, 1, 10, 2, 100 * MS));
    g_assert_false(net_bucket_try(&bucket, 1, 10, 2, 199 * MS));
    /* After a long pause there are two again, not twenty. */
    g_assert_true(net_bucket_try(&bucket, 2, 10, 2, 2000 * MS));
    g_assert_false(net_bucket_try(&bucket, 1, 10, 2, 2000 * MS));
    /* Thirds of a second add up: 3 a second, exactly 3 in the second second. */
    bucket = (NetBucket){0};
    unsigned passed = 0;
    for (NetTime t = 0; t < 2000; t++)
        passed += net_bucket_try(&bucket, 1, 3, 1, t * MS);
    g_assert_cmpuint(passed, ==, 6);
}

static void test_forged(void)
{
    g_autoptr(SwitchNet) net = plain_net();

    switch_net_attach(net, 0, (NetPortConfig){.refuse_forged = true});
    switch_net_attach(net, 0, (NetPortConfig){0});
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 0), ==, 2);
    g_assert_cmphex(switch_net_send(net, 0, stranger, all_stations, 60, 1 * MS), ==, 0);
    switch_net_expect(net, "drop forged-source\n");
    g_assert_cmphex(switch_net_send(net, 1, stranger, all_stations, 60, 2 * MS), ==, 1);
}

static void test_mac_changes(void)
{
    g_autoptr(SwitchNet) net = plain_net();

    switch_net_attach(net, 0, (NetPortConfig){.refuse_mac_changes = true});
    switch_net_attach(net, 0, (NetPortConfig){0});
    g_assert_cmphex(switch_net_say(net, 1, all_stations, 0), ==, 1);
    /* It may send as somebody else, but hears nothing while it does. */
    g_assert_cmphex(switch_net_send(net, 0, stranger, all_stations, 60, 1 * MS), ==, 2);
    g_assert_cmphex(switch_net_say(net, 1, all_stations, 2 * MS), ==, 0);
    switch_net_expect(net, "egress mac-changed\n");
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 3 * MS), ==, 2);
    g_assert_cmphex(switch_net_say(net, 1, all_stations, 4 * MS), ==, 1);
}

static void test_mac_limit(void)
{
    g_autoptr(SwitchNet) net = switch_net_new((NetNetworkConfig){.mac_ageing_ns = 10 * MS});

    switch_net_attach(net, 0, (NetPortConfig){.mac_limit = 2});
    switch_net_attach(net, 0, (NetPortConfig){0});
    switch_net_say(net, 0, all_stations, 0);
    switch_net_send(net, 0, stranger, all_stations, 60, 1 * MS);
    g_assert_cmphex(switch_net_send(net, 0, other, all_stations, 60, 2 * MS), ==, 0);
    switch_net_expect(net, "drop mac-limit\n");
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 3 * MS), ==, 2); /* a known one */
    /* stranger has aged out at 11 ms: there is room. */
    g_assert_cmphex(switch_net_send(net, 0, other, all_stations, 60, 12 * MS), ==, 2);
    /* An address that moves away makes room too. */
    switch_net_send(net, 1, other, all_stations, 60, 12 * MS + MS);
    g_assert_cmphex(switch_net_send(net, 0, stranger, all_stations, 60, 14 * MS), ==, 2);
}

static void test_mac_flood_is_bounded(void)
{
    g_autoptr(SwitchNet) net = switch_net_new((NetNetworkConfig){.mac_rows = 100});

    switch_net_attach(net, 0, (NetPortConfig){0});
    switch_net_attach(net, 0, (NetPortConfig){0});
    for (unsigned i = 0; i < 20000; i++) {
        NetMac mac = {{2, 1, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 0}};
        g_assert_cmphex(switch_net_send(net, 0, mac, all_stations, 60, i * MS), ==, 2);
    }
    g_autoptr(GArray) rows = net_world_mac_table(net->world, net->network);
    g_assert_cmpuint(rows->len, ==, 100);
}

/* 8 kbit/s, 1000 bytes at once: two frames of 500 bytes, and then one every 500 ms. */
static void test_rate_cap(void)
{
    g_autoptr(SwitchNet) net = plain_net();

    switch_net_attach(net, 0, (NetPortConfig){.rate_cap = {8000, 1000}});
    switch_net_attach(net, 0, (NetPortConfig){0});
    g_assert_cmphex(switch_net_send(net, 0, station_mac(0), all_stations, 500, 0), ==, 2);
    g_assert_cmphex(switch_net_send(net, 0, station_mac(0), all_stations, 500, 1 * MS), ==, 2);
    g_assert_cmphex(switch_net_send(net, 0, station_mac(0), all_stations, 500, 2 * MS), ==, 0);
    switch_net_expect(net, "drop rate-cap\n");
    g_assert_cmphex(switch_net_send(net, 0, station_mac(0), all_stations, 500, 499 * MS), ==, 0);
    g_assert_cmphex(switch_net_send(net, 0, station_mac(0), all_stations, 500, 501 * MS), ==, 2);
}

/* 20 frames a second to be flooded, 2 at once; what has one place to go is not counted. */
static void test_storm_control(void)
{
    static const NetSwitchConfig config = {.storm_fps = 20};
    g_autoptr(SwitchNet) net =
        switch_net_new((NetNetworkConfig){.switches = &config, .switch_count = 1});

    switch_net_attach(net, 0, (NetPortConfig){0});
    switch_net_attach(net, 0, (NetPortConfig){0});
    g_assert_cmphex(switch_net_say(net, 1, all_stations, 0), ==, 1);
    for (unsigned i = 0; i < 3; i++)
        g_assert_cmphex(switch_net_say(net, 0, all_stations, (1 + i) * MS), ==, i < 2 ? 2 : 0);
    switch_net_expect(net, "drop storm-control\n");
    g_assert_cmphex(switch_net_say(net, 0, station_mac(1), 4 * MS), ==, 2);
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 52 * MS), ==, 2);
}

/* A loop of two cables, without a spanning tree: what is in it stays bounded. */
static void test_storm_is_bounded(void)
{
    static const NetSwitchConfig switches[2] = {{.name = "a"}, {.name = "b"}};
    static const NetTrunkConfig trunks[3] = {{.a = 0, .b = 1, .cables = 1},
                                             {.a = 0, .b = 1, .cables = 1},
                                             {.a = 1, .b = 0, .cables = 1}};
    g_autoptr(SwitchNet) net = switch_net_new((NetNetworkConfig){.switches = switches,
                                                                 .switch_count = 2,
                                                                 .trunks = trunks,
                                                                 .trunk_count = 3,
                                                                 .rate_bps = UINT64_C(100000000),
                                                                 .queue_bytes = 6000});

    switch_net_attach(net, 0, (NetPortConfig){0});
    switch_net_attach(net, 1, (NetPortConfig){0});
    switch_net_say(net, 0, all_stations, 0);
    switch_net_run(net, 50 * MS);
    g_assert_cmpuint(net->got[1], >, 1000); /* 60 bytes at 100 Mbit/s take 4.8 us */
    g_assert_cmpuint(net->got[1], <, 50000000 / 4800 + 2);
    /* At most 100 frames wait before each of 8 cable ends that carry something, and at
     * most 3 are under way on it: sent and not yet arrived. */
    uint64_t out = 0, in = 0;
    for (NetPortId port = 0; port < net_world_port_count(net->world); port++) {
        NetPortInfo info;
        net_world_port(net->world, port, &info);
        out += info.out_frames;
        in += info.in_frames;
    }
    g_assert_cmpuint(out - in, >, 0);
    g_assert_cmpuint(out - in, <=, 8 * 104);
}

/* --- access lists --- */

static size_t ip_frame(uint8_t *bytes, NetMac to, NetMac from, NetIp4 source, NetIp4 destination,
                       uint8_t protocol, uint16_t port)
{
    const NetEthernet ethernet = {.destination = to, .source = from, .type = NET_TYPE_IPV4};
    const NetIpv4 ip = {.total_bytes = NET_IPV4_BYTES + NET_UDP_BYTES + 4,
                        .ttl = 64,
                        .protocol = protocol,
                        .source = source,
                        .destination = destination};
    const NetUdp udp = {1234, port, NET_UDP_BYTES + 4, 0};
    size_t at = net_ethernet_write(bytes, &ethernet);

    net_ipv4_write(bytes + at, &ip);
    net_ipv4_seal(bytes + at);
    net_udp_write(bytes + at + NET_IPV4_BYTES, &udp);
    memset(bytes + at + NET_IPV4_BYTES + NET_UDP_BYTES, 0x5a, 4);
    if (protocol == NET_PROTOCOL_UDP)
        net_udp_seal(bytes + at + NET_IPV4_BYTES, NET_UDP_BYTES + 4, source, destination);
    return at + ip.total_bytes;
}

static unsigned say_ip(SwitchNet *net, unsigned from, NetIp4 destination, uint8_t protocol,
                       uint16_t port, NetTime at)
{
    uint8_t bytes[100];
    size_t length = ip_frame(bytes, station_mac(1 - from), station_mac(from),
                             NET_IP4(10, 0, 0, from + 1), destination, protocol, port);

    net_world_transmit_bytes(net->world, net->nics[from], bytes, length, 0, at);
    return switch_net_run(net, at + MS - 1);
}

#define B NET_IP4(10, 0, 0, 2)

static void test_acl(void)
{
    const NetAclRule rules[] = {
        {.match = {.fields = NET_MATCH_PROTOCOL | NET_MATCH_DESTINATION_PORT,
                   .protocol = NET_PROTOCOL_UDP,
                   .destination_first = 50,
                   .destination_last = 60},
         .allow = true},
        {.match = {.fields = NET_MATCH_DESTINATION_IP,
                   .destination_ip = NET_IP4(10, 0, 0, 0),
                   .destination_mask = net_ip4_mask(24)}},
    };
    const NetAcl list = {rules, 2}, none = {NULL, 0};
    g_autoptr(SwitchNet) net = plain_net();

    switch_net_attach(net, 0, (NetPortConfig){.acl_in = list});
    switch_net_attach(net, 0, (NetPortConfig){0});
    g_assert_cmphex(say_ip(net, 0, B, NET_PROTOCOL_UDP, 50, 0), ==, 2);
    g_assert_cmphex(say_ip(net, 0, B, NET_PROTOCOL_UDP, 60, 1 * MS), ==, 2);
    switch_net_expect(net, "");
    g_assert_cmphex(say_ip(net, 0, B, NET_PROTOCOL_UDP, 61, 2 * MS), ==, 0);
    g_assert_cmphex(say_ip(net, 0, B, NET_PROTOCOL_TCP, 50, 3 * MS), ==, 0);
    switch_net_expect(net, "drop acl-in\ndrop acl-in\n");
    g_assert_cmphex(say_ip(net, 0, NET_IP4(10, 0, 1, 1), NET_PROTOCOL_TCP, 50, 4 * MS), ==, 2);
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 5 * MS), ==, 2); /* not IPv4 */
    g_assert_cmphex(say_ip(net, 1, B, NET_PROTOCOL_TCP, 1, 6 * MS), ==, 1);

    /* The same for what goes out, and then nothing at all. */
    g_assert_true(net_world_set_acl(net->world, net->nics[0], true, &none, 7 * MS));
    g_assert_true(net_world_set_acl(net->world, net->nics[0], false, &list, 7 * MS));
    g_assert_cmphex(say_ip(net, 0, B, NET_PROTOCOL_TCP, 50, 7 * MS), ==, 2);
    g_assert_cmphex(say_ip(net, 1, B, NET_PROTOCOL_TCP, 50, 8 * MS), ==, 0);
    switch_net_expect(net, "egress acl-out\n");
    g_assert_true(net_world_set_acl(net->world, net->nics[0], false, &none, 9 * MS));
    g_assert_cmphex(say_ip(net, 1, B, NET_PROTOCOL_TCP, 50, 9 * MS), ==, 1);
}

/* --- who looks on --- */

static void test_promiscuous(void)
{
    g_autoptr(SwitchNet) net = plain_net();

    switch_net_attach(net, 0, (NetPortConfig){.is_vm = true});
    switch_net_attach(net, 0, (NetPortConfig){.is_vm = true});
    switch_net_attach(net, 0, (NetPortConfig){.promiscuous = NET_PROMISCUOUS_DENY});
    switch_net_attach(net, 0, (NetPortConfig){.promiscuous = NET_PROMISCUOUS_ALLOW_VMS});
    switch_net_attach(net, 0, (NetPortConfig){.promiscuous = NET_PROMISCUOUS_ALLOW_ALL});
    switch_net_attach(net, 0, (NetPortConfig){0}); /* no VM: the host, say */
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 0), ==, 0x3e);
    /* For an address that nobody has: everybody but the port that may not look. */
    g_assert_cmphex(switch_net_say(net, 0, stranger, 1 * MS), ==, 0x3a);
    switch_net_expect(net, "egress not-for-it\n");
    g_assert_cmphex(switch_net_say(net, 1, station_mac(0), 2 * MS), ==, 0x19);
    switch_net_expect(net, "copy promiscuous\ncopy promiscuous\n");
    /* Not between VMs: only who may see all. */
    g_assert_cmphex(switch_net_say(net, 5, station_mac(0), 3 * MS), ==, 0x11);
    switch_net_expect(net, "copy promiscuous\n");
}

static void test_mirror(void)
{
    g_autoptr(SwitchNet) net = plain_net();

    for (unsigned i = 0; i < 4; i++)
        switch_net_attach(net, 0, (NetPortConfig){0});
    const NetMirror in = {switch_net_port(net, 0), switch_net_port(net, 2), NET_MIRROR_IN};
    const NetMirror both = {switch_net_port(net, 0), switch_net_port(net, 3),
                            NET_MIRROR_IN | NET_MIRROR_OUT};
    const NetMirror nowhere = {switch_net_port(net, 0), net->nics[0], NET_MIRROR_IN};

    g_assert_true(net_world_add_mirror(net->world, net->network, 0, &in));
    g_assert_true(net_world_add_mirror(net->world, net->network, 0, &both));
    g_assert_false(net_world_add_mirror(net->world, net->network, 0, &nowhere));
    switch_net_say(net, 1, all_stations, 0);
    g_string_truncate(net->log, 0);
    g_assert_cmphex(switch_net_say(net, 0, station_mac(1), 1 * MS), ==, 0xe);
    switch_net_expect(net, "copy mirror\ncopy mirror\n");
    g_assert_cmphex(switch_net_say(net, 1, station_mac(0), 2 * MS), ==, 0x9);
    switch_net_expect(net, "copy mirror\n");
    /* What they get anyway, they get once. */
    net->got[2] = net->got[3] = 0;
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 3 * MS), ==, 0xe);
    g_assert_cmpuint(net->got[2] + net->got[3], <=, 4);
}

/* --- flow tables --- */

static void test_flows(void)
{
    g_autoptr(SwitchNet) net = plain_net();

    for (unsigned i = 0; i < 3; i++)
        switch_net_attach(net, 0, (NetPortConfig){0});
    const NetFlow rewrite = {
        .name = "rewrite",
        .priority = 10,
        .match = {.fields = NET_MATCH_DESTINATION_IP | NET_MATCH_PROTOCOL,
                  .destination_ip = B,
                  .destination_mask = UINT32_MAX,
                  .protocol = NET_PROTOCOL_UDP},
        .actions = {{.kind = NET_ACTION_SET_DESTINATION_IP, .ip = NET_IP4(10, 0, 0, 3)},
                    {.kind = NET_ACTION_SET_DESTINATION, .mac = station_mac(2)},
                    {.kind = NET_ACTION_OUTPUT, .port = switch_net_port(net, 2)}},
        .action_count = 3};
    const NetFlow drop = {.name = "drop",
                          .priority = 20,
                          .match = {.fields = NET_MATCH_DESTINATION_PORT,
                                    .destination_first = 9,
                                    .destination_last = 9}};
    NetFlow ask = {.name = "ask",
                   .priority = 30,
                   .match = {.fields = NET_MATCH_TYPE, .type = 0x88b5},
                   .actions = {{.kind = NET_ACTION_CONTROLLER}},
                   .action_count = 1};

    g_assert_true(net_world_add_flow(net->world, net->network, 0, &rewrite, 0));
    g_assert_true(net_world_add_flow(net->world, net->network, 0, &drop, 0));
    g_assert_false(net_world_add_flow(net->world, net->network, 1, &drop, 0));
    g_assert_cmphex(say_ip(net, 0, B, NET_PROTOCOL_UDP, 7, 0), ==, 4);
    switch_net_expect(net, "flow 1\n");
    /* The right address, and both checksums still hold. */
    NetIpv4 ip;
    NetUdp udp;
    g_assert_cmpmem(net->last[2], 6, station_mac(2).byte, 6);
    g_assert_cmpuint(net_ipv4_parse(net->last[2] + 14, net->last_bytes[2] - 14, &ip), ==, 20);
    g_assert_cmphex(ip.destination, ==, NET_IP4(10, 0, 0, 3));
    g_assert_true(net_ipv4_sound(net->last[2] + 14, &ip));
    g_assert_cmpuint(net_udp_parse(net->last[2] + 34, net->last_bytes[2] - 34, &udp), ==, 8);
    g_assert_cmpuint(udp.checksum, !=, 0);
    g_assert_true(net_udp_sound(net->last[2] + 34, &udp, ip.source, ip.destination));

    /* The higher priority is asked first. */
    g_assert_cmphex(say_ip(net, 0, B, NET_PROTOCOL_UDP, 9, 1 * MS), ==, 0);
    switch_net_expect(net, "flow 2\ndrop flow\n");
    /* No entry matches: a switch like any other. */
    g_assert_cmphex(switch_net_say(net, 1, all_stations, 2 * MS), ==, 5);
    switch_net_expect(net, "");
    g_assert_true(net_world_add_flow(net->world, net->network, 0, &ask, 3 * MS));
    g_assert_cmphex(switch_net_say(net, 1, all_stations, 3 * MS), ==, 0);
    switch_net_expect(net, "flow 3\ncontroller 3\n");
    /* Replaced by one of the same name; then gone. */
    ask.actions[0].kind = NET_ACTION_NORMAL;
    g_assert_true(net_world_add_flow(net->world, net->network, 0, &ask, 4 * MS));
    g_assert_cmphex(switch_net_say(net, 1, all_stations, 4 * MS), ==, 5);
    switch_net_expect(net, "flow 4\n");
    g_assert_true(net_world_remove_flow(net->world, net->network, 0, "ask", 5 * MS));
    g_assert_false(net_world_remove_flow(net->world, net->network, 0, "ask", 5 * MS));
    g_assert_cmphex(switch_net_say(net, 1, all_stations, 5 * MS), ==, 5);
    switch_net_expect(net, "");
}

static void test_flow_tags(void)
{
    g_autoptr(SwitchNet) net = plain_net();

    for (unsigned i = 0; i < 2; i++)
        switch_net_attach(net, 0, (NetPortConfig){0});
    const NetFlow push = {
        .name = "push",
        .match = {.fields = NET_MATCH_IN_PORT, .in_port = switch_net_port(net, 0)},
        .actions = {{.kind = NET_ACTION_PUSH_VLAN, .vlan = 7},
                    {.kind = NET_ACTION_OUTPUT, .port = switch_net_port(net, 1)}},
        .action_count = 2};
    const NetFlow pop = {.name = "pop",
                         .match = {.fields = NET_MATCH_IN_PORT, .in_port = switch_net_port(net, 1)},
                         .actions = {{.kind = NET_ACTION_POP_VLAN}, {.kind = NET_ACTION_FLOOD}},
                         .action_count = 2};

    g_assert_true(net_world_add_flow(net->world, net->network, 0, &push, 0));
    g_assert_true(net_world_add_flow(net->world, net->network, 0, &pop, 0));
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 0), ==, 2);
    g_assert_cmpuint(net->last_bytes[1], ==, 64);
    g_assert_cmphex(net_get_32(net->last[1] + 12), ==, 0x81000007);
    g_assert_cmphex(net_get_16(net->last[1] + 16), ==, 0x88b5);
    g_assert_cmphex(switch_net_send_tagged(net, 1, all_stations, 7, 1 * MS), ==, 1);
    g_assert_cmpuint(net->last_bytes[0], ==, 60);
    g_assert_cmphex(net_get_16(net->last[0] + 12), ==, 0x88b5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/switch/bucket", test_bucket);
    g_test_add_func("/switch/forged", test_forged);
    g_test_add_func("/switch/mac-changes", test_mac_changes);
    g_test_add_func("/switch/mac-limit", test_mac_limit);
    g_test_add_func("/switch/mac-flood", test_mac_flood_is_bounded);
    g_test_add_func("/switch/rate-cap", test_rate_cap);
    g_test_add_func("/switch/storm-control", test_storm_control);
    g_test_add_func("/switch/storm", test_storm_is_bounded);
    g_test_add_func("/switch/acl", test_acl);
    g_test_add_func("/switch/promiscuous", test_promiscuous);
    g_test_add_func("/switch/mirror", test_mirror);
    g_test_add_func("/switch/flows", test_flows);
    g_test_add_func("/switch/flow-tags", test_flow_tags);
    return g_test_run();
}
