/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-switch.c: decisions of the switch, by hand and against a reference model. */
#include <glib.h>
#include <string.h>

#include "tests/netsim/recorder.h"

typedef struct {
    NetWorld *world;
    GString *events;
    uint64_t frame_ids;
    NetPortId nics[16];
    unsigned nic_count;
} Net;

static Net *net_new(unsigned nics, NetNetworkConfig config)
{
    Net *net = g_new0(Net, 1);
    NetNetworkId network;

    net->events = g_string_new("");
    NetWorldConfig world = {&net->frame_ids, recorder, net->events};
    net->world = net_world_new(&world);
    config.name = "net";
    config.mode = "internal";
    g_assert_true(net_world_add_network(net->world, &config, 0, &network, NULL));
    for (unsigned i = 0; i < nics; i++)
        g_assert_true(net_world_attach(net->world, network, i, 0, 0, &net->nics[i], NULL));
    net->nic_count = nics;
    g_string_truncate(net->events, 0);
    return net;
}

static void net_free(Net *net)
{
    net_world_free(net->world);
    g_string_free(net->events, TRUE);
    g_free(net);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Net, net_free)

/* Sends a frame of so many bytes between stations; who got it, as a bit per NIC. */
static unsigned send_bytes(Net *net, unsigned nic, const uint8_t *bytes, size_t length, NetTime at)
{
    NetDelivery delivery;
    unsigned got = 0;

    net_world_transmit_bytes(net->world, net->nics[nic], bytes, length, 0, at);
    while (net_world_advance(net->world, at + 999999) < at + 999999) {
        while (net_world_take_delivery(net->world, &delivery)) {
            g_assert_cmpmem(delivery.frame->bytes, delivery.frame->length, bytes, length);
            g_assert_cmpuint(delivery.port, ==, net->nics[delivery.vm]);
            g_assert_cmpuint(got & 1u << delivery.vm, ==, 0); /* not twice */
            got |= 1u << delivery.vm;
            net_frame_unref(delivery.frame);
        }
    }
    return got;
}

static NetMac station(unsigned number)
{
    return (NetMac){{2, 0, 0, 0, 0, (uint8_t)(number + 1)}};
}

static const NetMac everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static unsigned send_frame(Net *net, unsigned nic, NetMac from, NetMac to, size_t length,
                           NetTime at)
{
    g_autofree uint8_t *bytes = g_malloc0(MAX(length, 14));

    memcpy(bytes, to.byte, 6);
    memcpy(bytes + 6, from.byte, 6);
    bytes[12] = 0x08;
    return send_bytes(net, nic, bytes, length, at);
}

static void expect(Net *net, const char *event)
{
    if (strstr(net->events->str, event) == NULL)
        g_error("\"%s\" is not in\n%s", event, net->events->str);
    g_string_truncate(net->events, 0);
}

#define MS NET_NS_PER_MS

static void test_decisions(void)
{
    g_autoptr(Net) net = net_new(3, (NetNetworkConfig){0});
    static const NetMac reserved = {{1, 0x80, 0xc2, 0, 0, 0}},
                        ordinary = {{1, 0x80, 0xc2, 0, 0, 16}};
    static const NetMac nobody = {{0}};

    /* Ports: NIC 0, switch 1, NIC 2, switch 3, NIC 4, switch 5. */
    g_assert_cmpuint(send_frame(net, 0, station(0), station(1), 60, 0 * MS), ==, 6);
    expect(net, "learned 02:00:00:00:00:01 at 1\n10480 frame 1 flooded 1 to 2 ports\n");
    g_assert_cmpuint(send_frame(net, 1, station(1), station(0), 60, 1 * MS), ==, 1);
    expect(net, "frame 2 forwarded 3 to 1\n");
    g_assert_cmpuint(send_frame(net, 0, station(0), station(1), 60, 2 * MS), ==, 2);
    expect(net, "frame 3 forwarded 1 to 3\n");
    g_assert_cmpuint(send_frame(net, 2, station(2), everybody, 60, 3 * MS), ==, 3);
    expect(net, "frame 4 flooded 5 to 2 ports\n");
    /* Station 1 is now behind NIC 2: the frame for it came from its own port. */
    g_assert_cmpuint(send_frame(net, 2, station(1), station(2), 60, 4 * MS), ==, 0);
    expect(net, "moved 02:00:00:00:00:02 from 3 to 5\n4010480 frame 5 dropped 5 same-port\n");
    g_assert_cmpuint(send_frame(net, 0, everybody, station(1), 60, 5 * MS), ==, 0);
    expect(net, "frame 6 dropped 1 bad-source\n");
    g_assert_cmpuint(send_frame(net, 0, nobody, station(1), 60, 6 * MS), ==, 0);
    expect(net, "frame 7 dropped 1 bad-source\n");
    g_assert_cmpuint(send_frame(net, 0, station(0), reserved, 60, 7 * MS), ==, 0);
    expect(net, "frame 8 dropped 1 reserved-multicast\n");
    g_assert_cmpuint(send_frame(net, 0, station(0), ordinary, 60, 8 * MS), ==, 6);
    g_assert_cmpuint(send_frame(net, 0, station(0), station(1), 13, 9 * MS), ==, 0);
    expect(net, "frame 10 dropped 1 runt\n");
    g_assert_cmpuint(send_frame(net, 0, station(0), everybody, 14, 10 * MS), ==, 6);
    g_assert_cmpuint(send_frame(net, 0, station(0), everybody, 1514, 11 * MS), ==, 6);
    g_assert_cmpuint(send_frame(net, 0, station(0), everybody, 1515, 12 * MS), ==, 0);
    expect(net, "frame 13 dropped 1 oversize\n");

    NetPortInfo info;
    net_world_port(net->world, 1, &info);
    g_assert_cmpstr(info.kind, ==, "switch");
    g_assert_cmpuint(info.in_frames, ==, 10);
    g_assert_cmpuint(info.dropped[NET_DROP_RUNT], ==, 1);
    g_assert_cmpuint(info.dropped[NET_DROP_OVERSIZE], ==, 1);
    g_assert_cmpuint(info.dropped[NET_DROP_BAD_SOURCE], ==, 2);
}

/* A VLAN tag does not count as payload. */
static void test_tagged_length(void)
{
    g_autoptr(Net) net = net_new(2, (NetNetworkConfig){.mtu = 100});
    uint8_t bytes[119] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0,
                          0,    0,    1,    0x81, 0,    0,    5, 8, 0};

    g_assert_cmpuint(send_bytes(net, 0, bytes, 118, 0), ==, 2);
    g_assert_cmpuint(send_bytes(net, 0, bytes, 119, MS), ==, 0);
}

static void test_ageing(void)
{
    g_autoptr(Net) net = net_new(3, (NetNetworkConfig){.mac_ageing_ns = 10 * MS});

    send_frame(net, 0, station(0), everybody, 60, 0);
    send_frame(net, 1, station(1), everybody, 60, 5 * MS);
    g_assert_cmpuint(send_frame(net, 2, station(2), station(0), 60, 6 * MS), ==, 1);
    send_frame(net, 0, station(0), everybody, 60, 9 * MS); /* heard again: lives to 19 ms */
    g_string_truncate(net->events, 0);
    g_assert_cmpuint(net_world_advance(net->world, 15 * MS), ==, 15 * MS);
    g_assert_cmpstr(net->events->str, ==, "");
    net_world_advance(net->world, 17 * MS);
    /* 60 bytes take 480 ns, the cable 10 us: heard at 5 ms and 10,480 ns. */
    g_assert_cmpstr(net->events->str, ==,
                    "15010480 aged 02:00:00:00:00:02 at 3 idle\n"
                    "16010480 aged 02:00:00:00:00:03 at 5 idle\n");
    g_assert_cmpuint(send_frame(net, 2, station(2), station(1), 60, 17 * MS), ==, 3);
    g_assert_cmpuint(send_frame(net, 2, station(2), station(0), 60, 18 * MS), ==, 1);
    /* This one comes at the very instant at which the row is too old: timers first. */
    g_assert_cmpuint(send_frame(net, 2, station(2), station(0), 60, 19 * MS), ==, 3);

    /* Nothing is heard any more: all rows go, then nothing is left to wait for. */
    net_world_advance(net->world, 100 * MS);
    g_assert_true(net_world_deadline(net->world) == NET_TIME_NEVER);
    g_autoptr(GArray) rows = net_world_mac_table(net->world, 0);
    g_assert_cmpuint(rows->len, ==, 0);
}

static void test_table_full(void)
{
    g_autoptr(Net) net = net_new(3, (NetNetworkConfig){.mac_rows = 2, .mac_ageing_ns = 5 * MS});

    send_frame(net, 0, station(0), everybody, 60, 0);
    send_frame(net, 0, station(1), everybody, 60, 1 * MS);
    g_string_truncate(net->events, 0);
    send_frame(net, 1, station(2), everybody, 60, 2 * MS);
    expect(net, "full 02:00:00:00:00:03 at 3\n");
    /* So what is sent to it goes everywhere. */
    g_assert_cmpuint(send_frame(net, 0, station(0), station(2), 60, 3 * MS), ==, 6);
    /* Row 1 ages out at 6 ms and some: there is room again. */
    send_frame(net, 1, station(2), everybody, 60, 7 * MS);
    g_assert_cmpuint(send_frame(net, 0, station(0), station(2), 60, 8 * MS), ==, 2);
}

static void test_unplug(void)
{
    g_autoptr(Net) net = net_new(3, (NetNetworkConfig){0});

    send_frame(net, 1, station(1), everybody, 60, 0);
    send_frame(net, 2, station(2), everybody, 60, 1 * MS);
    g_string_truncate(net->events, 0);
    net_world_set_link(net->world, net->nics[1], false, 2 * MS);
    net_world_advance(net->world, 2 * MS);
    g_assert_cmpstr(net->events->str, ==,
                    "2000000 port 2 down\n"
                    "2000000 port 3 down\n"
                    "2000000 aged 02:00:00:00:00:02 at 3 port-down\n");
    g_assert_cmpuint(send_frame(net, 0, station(0), station(1), 60, 3 * MS), ==, 4);
    expect(net, "flooded 1 to 1 ports\n");
    g_assert_cmpuint(send_frame(net, 1, station(1), station(0), 60, 4 * MS), ==, 0);
    expect(net, "lost at 2 link-down\n");
    net_world_set_link(net->world, net->nics[2], false, 5 * MS);
    g_assert_cmpuint(send_frame(net, 0, station(0), everybody, 60, 5 * MS), ==, 0);
    expect(net, "dropped 1 no-other-port\n");
    net_world_set_link(net->world, net->nics[1], true, 6 * MS);
    g_assert_cmpuint(send_frame(net, 0, station(0), everybody, 60, 6 * MS), ==, 2);

    /* A frame on a cable that is pulled is lost, even if plugged in again at once. */
    g_string_truncate(net->events, 0);
    net_world_set_link(net->world, net->nics[0], false, 7 * MS + 5000);
    net_world_set_link(net->world, net->nics[0], true, 7 * MS + 5000);
    g_assert_cmpuint(send_frame(net, 0, station(0), everybody, 60, 7 * MS), ==, 0);
    expect(net, "7010480 frame 7 lost at 0 link-down\n");
    g_assert_cmpuint(send_frame(net, 0, station(0), everybody, 60, 8 * MS), ==, 2);
}

/* Ten lines that say what a learning switch does. */
static unsigned reference(int table[], unsigned ports, unsigned in, unsigned from, int to)
{
    unsigned others = ((1u << ports) - 1) & ~(1u << in);

    table[from] = (int)in;
    if (to < 0 || table[to] < 0)
        return others;
    return others & 1u << table[to];
}

static void test_random(void)
{
    enum { STATIONS = 12, PORTS = 5 };
    g_autoptr(Net) net = net_new(PORTS, (NetNetworkConfig){.mac_ageing_ns = NET_TIME_NEVER});
    int table[STATIONS];

    for (unsigned i = 0; i < STATIONS; i++)
        table[i] = -1;
    for (unsigned round = 0; round < 5000; round++) {
        unsigned in = g_test_rand_int_range(0, PORTS);
        unsigned from = g_test_rand_int_range(0, STATIONS);
        int to = g_test_rand_int_range(-1, STATIONS);
        unsigned expected = reference(table, PORTS, in, from, to);
        unsigned got =
            send_frame(net, in, station(from), to < 0 ? everybody : station((unsigned)to),
                       (size_t)g_test_rand_int_range(14, 1500), round * MS);
        g_assert_cmphex(got, ==, expected);
        g_string_truncate(net->events, 0);
    }
    g_autoptr(GArray) rows = net_world_mac_table(net->world, 0);
    g_assert_cmpuint(rows->len, ==, STATIONS);
    for (unsigned i = 0; i < STATIONS; i++) {
        const NetMacRow *row = &g_array_index(rows, NetMacRow, i);
        g_assert_cmpmem(row->mac.byte, 6, station(i).byte, 6);
        g_assert_cmpuint(row->port, ==, (unsigned)table[i] * 2 + 1);
    }
}

/* A plain switch with four stations at five ports, of which some hear only what is theirs. */
static Net *net_of_owners(bool long_way)
{
    Net *net = net_new(0, (NetNetworkConfig){.mac_ageing_ns = 20 * MS, .mtu = 1000});
    const NetFlow never = {.name = "never", .match = {.fields = NET_MATCH_TYPE, .type = 0x1234}};

    for (unsigned i = 0; i < 5; i++) {
        NetNicConfig nic = {.vm = i, .mac = station(i)};
        nic.port.mac = nic.mac;
        nic.port.promiscuous = i < 3 ? NET_PROMISCUOUS_DENY : 0;
        nic.port.mtu = i == 4 ? 500 : 0;
        g_assert_true(net_world_attach_nic(net->world, &nic, 0, &net->nics[i], NULL));
    }
    if (long_way)
        g_assert_true(net_world_add_flow(net->world, 0, 0, &never, 0));
    g_string_truncate(net->events, 0);
    return net;
}

/* The short way through the switch reports and does what the whole way does, which a flow
 * that matches nothing makes every frame go. */
static void test_short_way(void)
{
    g_autoptr(Net) short_way = net_of_owners(false);
    g_autoptr(Net) whole_way = net_of_owners(true);

    for (unsigned round = 0; round < 5000; round++) {
        uint8_t bytes[1200] = {0};
        unsigned in = g_test_rand_int_range(0, 5);
        size_t length = (size_t)g_test_rand_int_range(12, g_test_rand_bit() ? 100 : 1100);
        NetMac to = g_test_rand_int_range(0, 20) == 0
                        ? everybody
                        : station((unsigned)g_test_rand_int_range(0, 6));
        NetMac from =
            station(g_test_rand_int_range(0, 8) ? in : (unsigned)g_test_rand_int_range(0, 6));
        memcpy(bytes, to.byte, 6);
        memcpy(bytes + 6, from.byte, 6);
        bytes[12] = g_test_rand_int_range(0, 10) ? 0x08 : 0x81;
        NetTime at = round * 2 * MS;
        g_assert_cmphex(send_bytes(short_way, in, bytes, length, at), ==,
                        send_bytes(whole_way, in, bytes, length, at));
        g_assert_cmpstr(short_way->events->str, ==, whole_way->events->str);
        g_string_truncate(short_way->events, 0);
        g_string_truncate(whole_way->events, 0);
        if (g_test_rand_int_range(0, 50) == 0) {
            unsigned nic = g_test_rand_int_range(0, 5);
            bool up = g_test_rand_bit();
            net_world_set_link(short_way->world, short_way->nics[nic], up, at + MS + MS / 2);
            net_world_set_link(whole_way->world, whole_way->nics[nic], up, at + MS + MS / 2);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/switch/decisions", test_decisions);
    g_test_add_func("/switch/tagged-length", test_tagged_length);
    g_test_add_func("/switch/ageing", test_ageing);
    g_test_add_func("/switch/table-full", test_table_full);
    g_test_add_func("/switch/unplug", test_unplug);
    g_test_add_func("/switch/random", test_random);
    g_test_add_func("/switch/short-way", test_short_way);
    return g_test_run();
}
