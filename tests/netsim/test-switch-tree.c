/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-switch-tree.c: several switches: the spanning tree, teams of cables; and cables that
 * are slow, bad or shaped. Cables: 1 Gbit/s, 10 us, so a BPDU of 60 bytes takes 10,480 ns. */
#include "tests/netsim/switch-net.h"

#include "netsim/link.h"
#include "netsim/proto/bpdu.h"

static void test_bpdu(void)
{
    const NetMac source = {{2, 0x68, 0x77, 0, 0, 1}};
    const NetBpdu bpdu = {.type = NET_BPDU_CONFIG,
                          .topology_change = true,
                          .topology_change_ack = true,
                          .root = UINT64_C(0x1000026877000000),
                          .cost = 4,
                          .bridge = UINT64_C(0x8000026877000001),
                          .port = 0x8002,
                          .message_age_ns = 1000 * MS,
                          .max_age_ns = 20000 * MS,
                          .hello_ns = 2000 * MS,
                          .forward_delay_ns = 15000 * MS};
    /* By hand: 802.3 length 38, LLC, protocol 0, version 0, type 0, flags 81, then the fields. */
    static const uint8_t expected[] = {
        0x01, 0x80, 0xc2, 0,    0,    0, 2,    0x68, 0x77, 0, 0,  1, 0, 38, 0x42, 0x42, 0x03, 0,
        0,    0,    0,    0x81, 0x10, 0, 2,    0x68, 0x77, 0, 0,  0, 0, 0,  0,    4,    0x80, 0,
        2,    0x68, 0x77, 0,    0,    1, 0x80, 2,    1,    0, 20, 0, 2, 0,  15,   0};
    uint8_t bytes[NET_BPDU_FRAME_BYTES], again[NET_BPDU_FRAME_BYTES];
    NetBpdu read;

    net_bpdu_write_frame(bytes, source, &bpdu);
    g_assert_cmpmem(bytes, sizeof expected, expected, sizeof expected);
    g_assert_cmpuint(net_bpdu_parse(bytes + 14, sizeof bytes - 14, &read), ==, 38);
    g_assert_cmphex(read.root, ==, bpdu.root);
    g_assert_cmpuint(read.forward_delay_ns, ==, bpdu.forward_delay_ns);
    net_bpdu_write_frame(again, source, &read);
    g_assert_cmpmem(again, sizeof again, bytes, sizeof bytes);
    for (size_t length = 0; length < 38; length++)
        g_assert_cmpuint(net_bpdu_parse(bytes + 14, length, &read), ==, 0);
    net_bpdu_write_frame(bytes, source, &(NetBpdu){.type = NET_BPDU_TCN});
    g_assert_cmpuint(bytes[13], ==, 7);
    g_assert_cmpuint(net_bpdu_parse(bytes + 14, 7, &read), ==, 7);
    g_assert_cmpuint(read.type, ==, NET_BPDU_TCN);
}

#define SECOND (1000 * MS)

static NetTreeConfig quick(uint16_t priority)
{
    return (NetTreeConfig){100 * MS, 1 * SECOND, 750 * MS, priority};
}

/* Switches 0, 1, 2 in a ring, 0 the root; ports in pairs: 0-1, 2-3, 4-5. */
static SwitchNet *ring(bool tree)
{
    const NetSwitchConfig switches[3] = {
        {.name = "a", .tree = tree ? quick(1) : (NetTreeConfig){0}},
        {.name = "b", .tree = tree ? quick(2) : (NetTreeConfig){0}},
        {.name = "c", .tree = tree ? quick(3) : (NetTreeConfig){0}},
    };
    static const NetTrunkConfig trunks[3] = {{.a = 0, .b = 1, .cables = 1},
                                             {.a = 0, .b = 2, .cables = 1},
                                             {.a = 1, .b = 2, .cables = 1}};
    SwitchNet *net = switch_net_new((NetNetworkConfig){
        .switches = switches, .switch_count = 3, .trunks = trunks, .trunk_count = 3});

    for (uint32_t i = 0; i < 3; i++)
        switch_net_attach(net, i, (NetPortConfig){0});
    return net;
}

static void test_ring(void)
{
    g_autoptr(SwitchNet) net = ring(true);

    g_string_truncate(net->log, 0);
    /* The BPDUs sent at once arrive, and both others know the root, 4 away. */
    switch_net_run(net, 1 * MS);
    switch_net_expect(net, "10480 bridge 2 root 1 cost 4 by 1\n"
                           "10480 bridge 3 root 1 cost 4 by 3\n");
    /* Held back for half a hello time, b says on the cable to c that it is nearer: c blocks. */
    switch_net_run(net, 100 * MS);
    switch_net_expect(net, "50010480 port 5 blocking\n");
    switch_net_run(net, 1600 * MS);
    /* At equal times in the order in which the timers were set. */
    switch_net_expect(net, "750000000 port 3 learning\n750000000 port 1 learning\n"
                           "750000000 port 4 learning\n750000000 port 0 learning\n"
                           "750000000 port 2 learning\n"
                           "1500000000 port 3 forwarding\n1500000000 port 1 forwarding\n"
                           "1500000000 port 4 forwarding\n1500000000 port 0 forwarding\n"
                           "1500000000 port 2 forwarding\n");
    /* Each gets a broadcast once, though there is a ring. */
    for (unsigned i = 0; i < 3; i++) {
        memset(net->got, 0, sizeof net->got);
        g_assert_cmphex(switch_net_say(net, i, all_stations, (1600 + i) * MS), ==, 7u & ~(1u << i));
        g_assert_cmpuint(net->got[0] + net->got[1] + net->got[2], ==, 2);
    }
    g_string_truncate(net->log, 0);

    /* The cable 0-2 breaks: c's blocked port takes over, by way of b, after twice 750 ms. */
    net_world_set_link(net->world, 2, false, 2000 * MS);
    switch_net_run(net, 3600 * MS);
    switch_net_expect(net, "2000000000 port 2 disabled\n"
                           "2000000000 port 3 disabled\n"
                           "2000000000 port 5 listening\n"
                           "2000000000 bridge 3 root 1 cost 8 by 5\n"
                           "2750000000 port 5 learning\n"
                           "3500000000 port 5 forwarding\n");
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 3600 * MS), ==, 6);
}

/* The root falls silent, its cables whole: after the maximum age the next one takes over. */
static void test_root_dies(void)
{
    const NetSwitchConfig switches[2] = {{.name = "a", .tree = quick(1)},
                                         {.name = "b", .tree = quick(2)}};
    static const NetTrunkConfig trunk = {.a = 0, .b = 1, .cables = 1};
    static const NetLinkQuality dead = {.loss_ppm = 1000000};
    g_autoptr(SwitchNet) net = switch_net_new((NetNetworkConfig){
        .switches = switches, .switch_count = 2, .trunks = &trunk, .trunk_count = 1});

    switch_net_run(net, 2000 * MS);
    g_assert_nonnull(strstr(net->log->str, "bridge 2 root 1 cost 4 by 1\n"));
    g_string_truncate(net->log, 0);
    net_world_set_quality(net->world, 0, &dead, 2000 * MS);
    switch_net_run(net, 4000 * MS);
    /* Heard last at 2 s and 10,480 ns or a little before; 1 s later it is given up. */
    g_assert_nonnull(strstr(net->log->str, " bridge 2 root 2 cost 0 by -1\n"));
    const char *line = strstr(net->log->str, " bridge 2 root 2");
    while (line > net->log->str && line[-1] != '\n')
        line--;
    NetTime at = g_ascii_strtoull(line, NULL, 10);
    g_assert_cmpuint(at, >=, 2850 * MS);
    g_assert_cmpuint(at, <=, 3050 * MS);
}

static void test_team(void)
{
    static const NetSwitchConfig switches[2] = {{.name = "a"}, {.name = "b"}};
    const NetTrunkConfig trunk = {.a = 0, .b = 1, .cables = 2};
    g_autoptr(SwitchNet) net = switch_net_new((NetNetworkConfig){
        .switches = switches, .switch_count = 2, .trunks = &trunk, .trunk_count = 1});

    /* Ports 0 and 1 at a, 2 and 3 at b. */
    switch_net_attach(net, 0, (NetPortConfig){0});
    switch_net_attach(net, 1, (NetPortConfig){0});
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 0), ==, 2);
    g_assert_cmpuint(net->got[1], ==, 1); /* not by both cables */
    net_world_set_link(net->world, 0, false, 1 * MS);
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 1 * MS), ==, 2);
    switch_net_expect(net, "team 0 to 1\nteam 2 to 3\n");
    g_assert_cmphex(switch_net_say(net, 1, station_mac(0), 2 * MS), ==, 1); /* still known */
    net_world_set_link(net->world, 0, true, 3 * MS);
    switch_net_run(net, 4 * MS);
    switch_net_expect(net, "team 1 to 0\nteam 3 to 2\n");
    net_world_set_link(net->world, 0, false, 5 * MS);
    net_world_set_link(net->world, 1, false, 5 * MS);
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 5 * MS), ==, 0);
    net_world_set_link(net->world, 1, true, 6 * MS);
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 6 * MS), ==, 2);
}

/* Sources are spread over both cables, and each keeps to one. */
static void test_team_by_source(void)
{
    static const NetSwitchConfig switches[2] = {{.name = "a"}, {.name = "b"}};
    const NetTrunkConfig trunk = {.a = 0, .b = 1, .cables = 2, .team = NET_TEAM_SOURCE_MAC};
    g_autoptr(SwitchNet) net = switch_net_new((NetNetworkConfig){
        .switches = switches, .switch_count = 2, .trunks = &trunk, .trunk_count = 1});
    NetPortInfo first, second;

    switch_net_attach(net, 0, (NetPortConfig){0});
    switch_net_attach(net, 1, (NetPortConfig){0});
    for (unsigned i = 0; i < 8; i++) /* the sum of an address's bytes, even or odd */
        g_assert_cmphex(switch_net_send(net, 0, station_mac(i), all_stations, 60, i * MS), ==, 2);
    net_world_port(net->world, 0, &first);
    net_world_port(net->world, 1, &second);
    g_assert_cmpuint(first.out_frames, ==, 4);
    g_assert_cmpuint(second.out_frames, ==, 4);
}

/* --- cables --- */

/* 1000 frames, 1 us apart, over one way. */
typedef struct {
    unsigned lost, twice, overtaken;
    NetTime sum, least, most;
} Journey;

static Journey travel(const NetLinkQuality *quality, uint64_t seed)
{
    const NetLinkConfig config = {.latency_ns = 10000, .rate_bps = NET_RATE_UNLIMITED};
    Journey journey = {.least = NET_TIME_NEVER};
    NetLinkWay way = {0};
    NetTime last = 0;

    net_link_seed(&way, seed, 3);
    net_link_set_quality(&way, quality);
    for (NetTime t = 0; t < 1000; t++) {
        NetTime departs = 0, arrives = 0;
        g_assert_true(net_link_send(&way, &config, 60, t * 1000, &departs, &arrives));
        NetLinkFate fate = net_link_suffer(&way, &config, &arrives);
        NetTime took = arrives - t * 1000;
        journey.lost += fate.lost;
        journey.twice += fate.twice;
        journey.overtaken += arrives < last;
        last = MAX(last, arrives);
        journey.sum += took;
        journey.least = MIN(journey.least, took);
        journey.most = MAX(journey.most, took);
    }
    return journey;
}

static void test_quality(void)
{
    Journey all = travel(&(NetLinkQuality){.loss_ppm = 1000000, .duplicate_ppm = 1000000}, 1);
    Journey tenth = travel(&(NetLinkQuality){.loss_ppm = 100000, .delay_ns = 5000}, 1);
    Journey jitter = travel(&(NetLinkQuality){.jitter_ns = 20000}, 1);
    Journey reorder = travel(&(NetLinkQuality){.reorder_ppm = 50000}, 1);

    g_assert_cmpuint(all.lost, ==, 1000);
    g_assert_cmpuint(all.twice, ==, 1000);
    /* 100 expected, sqrt(90) the deviation: five of them. */
    g_assert_cmpuint(tenth.lost, >, 52);
    g_assert_cmpuint(tenth.lost, <, 148);
    g_assert_cmpuint(tenth.least, ==, 15000);
    g_assert_cmpuint(tenth.most, ==, 15000);
    g_assert_cmpuint(jitter.least, >=, 10000);
    g_assert_cmpuint(jitter.most, <=, 30000);
    g_assert_cmpuint(jitter.most - jitter.least, >, 10000);
    g_assert_cmpuint(jitter.overtaken, ==, 0); /* frames stay in order */
    g_assert_cmpuint(reorder.most, ==, 20000);
    g_assert_cmpuint(reorder.overtaken, >, 300); /* each held back is overtaken by ten */

    /* The same seed, the same accidents; another, others. */
    g_assert_cmpuint(travel(&(NetLinkQuality){.jitter_ns = 20000}, 1).sum, ==, jitter.sum);
    g_assert_cmpuint(travel(&(NetLinkQuality){.jitter_ns = 20000}, 2).sum, !=, jitter.sum);
}

static void test_bad_cable(void)
{
    static const NetLinkQuality dead = {.loss_ppm = 1000000}, twice = {.duplicate_ppm = 1000000},
                                fine = {0};
    g_autoptr(SwitchNet) net = switch_net_new((NetNetworkConfig){0});

    switch_net_attach(net, 0, (NetPortConfig){0});
    switch_net_attach(net, 0, (NetPortConfig){0});
    net_world_set_quality(net->world, net->nics[0], &dead, 0);
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 0), ==, 0);
    switch_net_expect(net, "lost link-loss\n");
    net_world_set_quality(net->world, net->nics[0], &twice, 1 * MS);
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 1 * MS), ==, 2);
    g_assert_cmpuint(net->got[1], ==, 2);
    net_world_set_quality(net->world, net->nics[0], &fine, 2 * MS);
    g_assert_cmphex(switch_net_say(net, 0, all_stations, 2 * MS), ==, 2);
    g_assert_cmpuint(net->got[1], ==, 3);
}

/* 8 Mbit/s and 1000 bytes at once: of five frames of 500 bytes, two go at once, then one
 * every 500 us; 500 bytes at 1 Gbit/s take 4 us, the cable 10 us. */
static void test_shape(void)
{
    const NetLinkConfig config = {
        .latency_ns = 10000, .rate_bps = 1000000000, .queue_bytes = 1500, .shape = {8000000, 1000}};
    static const NetTime expected[] = {0, 4000, 500000, 1000000, 1500000};
    NetLinkWay way = {0};
    NetTime departs = 0, arrives = 0;

    for (unsigned i = 0; i < 5; i++) {
        g_assert_true(net_link_send(&way, &config, 500, 0, &departs, &arrives));
        g_assert_cmpuint(departs, ==, expected[i]);
        g_assert_cmpuint(arrives, ==, expected[i] + 14000);
    }
    /* 1500 bytes wait: no more. After a while there is room again. */
    g_assert_false(net_link_send(&way, &config, 500, 0, &departs, &arrives));
    g_assert_true(net_link_send(&way, &config, 500, 1000000, &departs, &arrives));
    g_assert_cmpuint(departs, ==, 2000000);
    net_link_reset(&way);
    g_assert_true(net_link_send(&way, &config, 500, 3000000, &departs, &arrives));
    g_assert_cmpuint(departs, ==, 3000000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tree/bpdu", test_bpdu);
    g_test_add_func("/tree/ring", test_ring);
    g_test_add_func("/tree/root-dies", test_root_dies);
    g_test_add_func("/team/failover", test_team);
    g_test_add_func("/team/by-source", test_team_by_source);
    g_test_add_func("/link/quality", test_quality);
    g_test_add_func("/link/bad-cable", test_bad_cable);
    g_test_add_func("/link/shape", test_shape);
    return g_test_run();
}
