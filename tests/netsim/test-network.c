/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-network.c: the world as its owner sees it: wiring, times, order, lookahead. */
#include <glib.h>
#include <string.h>

#include "tests/netsim/recorder.h"

typedef struct {
    NetWorld *world;
    GString *events;
    uint64_t frame_ids;
} Fixture;

static Fixture *fixture_new(void)
{
    Fixture *f = g_new0(Fixture, 1);

    f->events = g_string_new("");
    NetWorldConfig config = {&f->frame_ids, recorder, f->events};
    f->world = net_world_new(&config);
    return f;
}

static void fixture_free(Fixture *f)
{
    net_world_free(f->world);
    g_string_free(f->events, TRUE);
    g_free(f);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static NetNetworkId add_network(Fixture *f, const char *name, NetTime latency_ns)
{
    NetNetworkConfig config = {.name = name, .mode = "internal", .latency_ns = latency_ns};
    NetNetworkId network;

    g_assert_true(net_world_add_network(f->world, &config, 0, &network, NULL));
    return network;
}

static NetPortId attach(Fixture *f, NetNetworkId network, uint32_t vm)
{
    NetPortId port;

    g_assert_true(net_world_attach(f->world, network, vm, 7, 0, &port, NULL));
    return port;
}

static void fill_frame(uint8_t *bytes, unsigned from, unsigned to, size_t length)
{
    memset(bytes, 0, length);
    bytes[0] = bytes[6] = 2;
    bytes[5] = (uint8_t)to;
    bytes[11] = (uint8_t)from;
    bytes[12] = 8;
}

/* The whole of one frame's way, every time worked out: 1500 bytes take 12 us onto
 * each of two cables of 10 us, so it arrives 44 us after it left. */
static void test_one_frame(void)
{
    g_autoptr(Fixture) f = fixture_new();
    NetNetworkId network = add_network(f, "lab", 0);
    NetPortId a = attach(f, network, 3), b = attach(f, network, 4);
    uint8_t bytes[1500];
    NetDelivery delivery;

    g_assert_cmpstr(f->events->str, ==,
                    "0 network 0 lab internal\n"
                    "0 part 0 switch in 0 vm 0 nic 0\n"
                    "0 part 1 nic in 0 vm 3 nic 7\n"
                    "0 port 0 of 1 number 0\n"
                    "0 port 1 of 0 number 0\n"
                    "0 link 0 1 latency 10000 rate 1000000000\n"
                    "0 port 0 up\n"
                    "0 port 1 up\n"
                    "0 part 2 nic in 0 vm 4 nic 7\n"
                    "0 port 2 of 2 number 0\n"
                    "0 port 3 of 0 number 1\n"
                    "0 link 2 3 latency 10000 rate 1000000000\n"
                    "0 port 2 up\n"
                    "0 port 3 up\n");
    g_string_truncate(f->events, 0);
    fill_frame(bytes, 1, 2, sizeof bytes);
    f->frame_ids = 41;
    net_world_transmit_bytes(f->world, a, bytes, sizeof bytes, 0, 1000);
    g_assert_cmpuint(net_world_deadline(f->world), ==, 1000);
    g_assert_cmpuint(net_world_advance(f->world, 30000), ==, 30000);
    g_assert_cmpuint(net_world_deadline(f->world), ==, 45000);
    g_assert_cmpuint(net_world_advance(f->world, 90000), ==, 45000); /* early: there is output */
    g_assert_cmpstr(f->events->str, ==,
                    "1000 frame 42 enters 0 to 1 departs 1000 arrives 23000\n"
                    "23000 frame 42 received 1\n"
                    "23000 learned 02:00:00:00:00:01 at 1\n"
                    "23000 frame 42 flooded 1 to 1 ports\n"
                    "23000 frame 42 enters 3 to 2 departs 23000 arrives 45000\n"
                    "45000 frame 42 delivered 2\n");
    g_assert_true(net_world_take_delivery(f->world, &delivery));
    g_assert_cmpuint(delivery.time, ==, 45000);
    g_assert_cmpuint(delivery.port, ==, b);
    g_assert_cmpuint(delivery.vm, ==, 4);
    g_assert_cmpuint(delivery.nic, ==, 7);
    g_assert_cmpuint(delivery.frame->id, ==, 42);
    g_assert_cmpmem(delivery.frame->bytes, delivery.frame->length, bytes, sizeof bytes);
    g_assert_cmpuint(delivery.frame->refs, ==, 1);
    net_frame_unref(delivery.frame);
    g_assert_false(net_world_take_delivery(f->world, &delivery));
    g_assert_cmpuint(net_world_advance(f->world, 90000), ==, 90000);

    NetPortInfo info;
    net_world_port(f->world, a, &info);
    g_assert_cmpuint(info.out_frames, ==, 1);
    g_assert_cmpuint(info.out_bytes, ==, 1500);
    g_assert_cmpuint(info.peer, ==, 1);
    g_assert_true(info.up);
    net_world_port(f->world, b, &info);
    g_assert_cmpuint(info.in_frames, ==, 1);
    g_assert_cmpuint(info.vm, ==, 4);
}

/* Handed in out of order and ahead of time, on two NICs: they leave in order of
 * time, and in the order handed in where times are equal. */
static void test_future_transmissions(void)
{
    g_autoptr(Fixture) f = fixture_new();
    NetNetworkId network = add_network(f, "lab", 1);
    NetPortId a = attach(f, network, 0), b = attach(f, network, 1);
    uint8_t bytes[60];

    g_string_truncate(f->events, 0);
    fill_frame(bytes, 1, 2, sizeof bytes);
    net_world_transmit_bytes(f->world, a, bytes, sizeof bytes, 10, 5000);
    net_world_transmit_bytes(f->world, b, bytes, sizeof bytes, 11, 3000);
    net_world_transmit_bytes(f->world, b, bytes, sizeof bytes, 12, 5000);
    g_assert_cmpuint(net_world_deadline(f->world), ==, 3000);
    net_world_advance(f->world, 3000);
    g_assert_cmpstr(f->events->str, ==, "3000 frame 11 enters 2 to 3 departs 3000 arrives 3481\n");
    NetDelivery delivery;
    while (net_world_advance(f->world, 5000) < 5000) {
        while (net_world_take_delivery(f->world, &delivery))
            net_frame_unref(delivery.frame);
    }
    g_assert_true(g_str_has_suffix(f->events->str,
                                   "5000 frame 10 enters 0 to 1 departs 5000 arrives 5481\n"
                                   "5000 frame 12 enters 2 to 3 departs 5000 arrives 5481\n"));
}

/* Networks are islands. */
static void test_islands(void)
{
    g_autoptr(Fixture) f = fixture_new();
    NetNetworkId first = add_network(f, "one", 5), second = add_network(f, "two", 0);
    NetPortId a = attach(f, first, 0), b;
    uint8_t bytes[60];

    attach(f, second, 1);
    g_assert_true(net_world_lookahead(f->world) == NET_TIME_NEVER);
    b = attach(f, second, 2);
    g_assert_cmpuint(net_world_lookahead(f->world), ==, 20000);
    attach(f, first, 3);
    g_assert_cmpuint(net_world_lookahead(f->world), ==, 10);
    net_world_set_link(f->world, b, false, 0);
    net_world_advance(f->world, 0);
    g_assert_cmpuint(net_world_lookahead(f->world), ==, 10);

    fill_frame(bytes, 1, 2, sizeof bytes);
    bytes[0] = 3; /* to a group */
    net_world_transmit_bytes(f->world, a, bytes, sizeof bytes, 0, 0);
    NetTime reached;
    NetDelivery delivery;
    unsigned count = 0;
    do {
        reached = net_world_advance(f->world, NET_NS_PER_SECOND);
        for (; net_world_take_delivery(f->world, &delivery); count++) {
            g_assert_cmpuint(delivery.vm, ==, 3);
            net_frame_unref(delivery.frame);
        }
    } while (reached < NET_NS_PER_SECOND);
    g_assert_cmpuint(count, ==, 1);
    g_assert_cmpint(net_world_find_network(f->world, "two"), ==, second);
    g_assert_cmpint(net_world_find_network(f->world, "three"), ==, -1);
    g_assert_cmpstr(net_world_network_name(f->world, first), ==, "one");
    g_assert_cmpstr(net_world_network_mode(f->world, first), ==, "internal");
    g_assert_cmpuint(net_world_network_count(f->world), ==, 2);
}

static void test_bad_config(void)
{
    static const struct {
        NetNetworkConfig config;
        const char *message;
    } cases[] = {
        {{.name = "n", .mode = "bridge"}, "network \"n\": unknown mode \"bridge\""},
        {{.name = "n", .mode = "internal", .mtu = 67},
         "network \"n\": MTU is 67; allowed is 68 to 9000"},
        {{.name = "n", .mode = "internal", .rate_bps = 999},
         "network \"n\": rate in bit/s is 999; allowed is 1000 to 10000000000000"},
        {{.name = "n", .mode = "internal", .latency_ns = UINT64_MAX},
         "network \"n\": latency in ns is 18446744073709551615; allowed is 1 to 3600000000000"},
    };
    g_autoptr(Fixture) f = fixture_new();
    NetNetworkId network = 99;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(net_world_add_network(f->world, &cases[i].config, 0, &network, &error));
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
    g_assert_cmpuint(network, ==, 99);
    g_assert_cmpuint(net_world_network_count(f->world), ==, 0);
    g_assert_cmpstr(f->events->str, ==, "");
}

/* A sender faster than its cable: 512 KiB may wait, the rest is dropped. */
static void test_queue_full(void)
{
    g_autoptr(Fixture) f = fixture_new();
    NetNetworkId network = add_network(f, "lab", 0);
    NetPortId a = attach(f, network, 0);
    uint8_t bytes[1500];
    NetPortInfo info;

    fill_frame(bytes, 1, 2, sizeof bytes);
    for (unsigned i = 0; i < 400; i++)
        net_world_transmit_bytes(f->world, a, bytes, sizeof bytes, 0, 0);
    net_world_advance(f->world, 0);
    net_world_port(f->world, a, &info);
    /* 524,288 = 349 * 1500 + 788: the 350th frame still finds 523,500 bytes before it. */
    g_assert_cmpuint(info.out_frames, ==, 350);
    g_assert_cmpuint(info.dropped[NET_DROP_LINK_QUEUE_FULL], ==, 50);
}

/* The same traffic, advanced in steps of random sizes: the same events. */
static char *run_sliced(guint32 slicing)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autoptr(GRand) traffic = g_rand_new_with_seed(1), slices = g_rand_new_with_seed(slicing);
    NetNetworkId network = add_network(f, "lab", 0);
    NetPortId ports[6];
    NetTime end = 0;
    uint8_t bytes[1514];

    for (unsigned i = 0; i < 6; i++)
        ports[i] = attach(f, network, i);
    for (unsigned i = 0; i < 2000; i++) {
        unsigned from = g_rand_int_range(traffic, 0, 6);
        fill_frame(bytes, from, g_rand_int_range(traffic, 0, 8), sizeof bytes);
        end += g_rand_int_range(traffic, 0, 5000);
        net_world_transmit_bytes(f->world, ports[from], bytes, g_rand_int_range(traffic, 10, 1514),
                                 0, end);
        if (i % 100 == 0)
            net_world_set_link(f->world, ports[i / 100 % 6], i / 600 % 2, end);
    }
    end += NET_NS_PER_SECOND;
    for (NetTime limit = 0, reached = 0; reached < end;) {
        NetDelivery delivery;
        limit = slicing == 0 ? end : MIN(end, reached + g_rand_int_range(slices, 1, 100000));
        reached = net_world_advance(f->world, limit);
        while (net_world_take_delivery(f->world, &delivery)) {
            g_assert_cmpuint(delivery.time, ==, reached);
            net_frame_unref(delivery.frame);
        }
    }
    return g_strdup(f->events->str);
}

static void test_slicing(void)
{
    g_autofree char *whole = run_sliced(0);

    g_assert_nonnull(strstr(whole, "link-down"));
    g_assert_nonnull(strstr(whole, "forwarded"));
    for (guint32 slicing = 1; slicing < 5; slicing++) {
        g_autofree char *sliced = run_sliced(slicing);
        g_assert_cmpstr(sliced, ==, whole);
    }
}

/* What is under way or not taken when the world is freed is freed with it (ASan). */
static void test_free_midway(void)
{
    g_autoptr(Fixture) f = fixture_new();
    NetNetworkId network = add_network(f, "lab", 0);
    NetPortId a = attach(f, network, 0);
    uint8_t bytes[60];

    attach(f, network, 1);
    fill_frame(bytes, 1, 2, sizeof bytes);
    for (unsigned i = 0; i < 3; i++)
        net_world_transmit_bytes(f->world, a, bytes, sizeof bytes, 0, i * 1000000);
    g_assert_cmpuint(net_world_advance(f->world, 1005000), ==, 20960);
    g_assert_false(net_world_stopped(f->world));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network/one-frame", test_one_frame);
    g_test_add_func("/network/future-transmissions", test_future_transmissions);
    g_test_add_func("/network/islands", test_islands);
    g_test_add_func("/network/bad-config", test_bad_config);
    g_test_add_func("/network/queue-full", test_queue_full);
    g_test_add_func("/network/slicing", test_slicing);
    g_test_add_func("/network/free-midway", test_free_midway);
    return g_test_run();
}
