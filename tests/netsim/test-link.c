/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-link.c: times on a cable, worked out by hand. */
#include <glib.h>

#include "netsim/link.h"

static const NetLinkConfig gigabit = {
    .latency_ns = 10000,
    .rate_bps = 1000000000,
    .queue_bytes = 3000,
};

static void check_send(NetLinkWay *way, const NetLinkConfig *config, size_t length, NetTime now,
                       NetTime departs, NetTime arrives)
{
    NetTime real_departs = 0, real_arrives = 0;

    g_assert_true(net_link_send(way, config, length, now, &real_departs, &real_arrives));
    g_assert_cmpuint(real_departs, ==, departs);
    g_assert_cmpuint(real_arrives, ==, arrives);
}

/* 1500 bytes are 12,000 bits: 12 us at 1 Gbit/s, and 10 us of latency. */
static void test_by_hand(void)
{
    NetLinkWay way = {0};

    check_send(&way, &gigabit, 1500, 5000, 5000, 27000);
    /* Sent at once, it waits until 5 + 12 us. 64 bytes take 512 ns. */
    check_send(&way, &gigabit, 64, 5000, 17000, 27512);
    /* Once the way is free again nothing waits. */
    check_send(&way, &gigabit, 64, 17512, 17512, 28024);
    check_send(&way, &gigabit, 0, 50000, 50000, 60000);
}

/* One bit takes 1/3 ns at 3 Gbit/s: 8 bits 2 2/3 ns. Three such frames take 8 ns,
 * not three times 2 nor three times 3; but a pause forgets the remainder. */
static void test_remainder(void)
{
    NetLinkConfig config = {.latency_ns = 1, .rate_bps = 3000000000, .queue_bytes = 1000};
    NetLinkWay way = {0};

    check_send(&way, &config, 1, 0, 0, 2 + 1);
    check_send(&way, &config, 1, 0, 2, 5 + 1);
    check_send(&way, &config, 1, 0, 5, 8 + 1);
    check_send(&way, &config, 1, 100, 100, 102 + 1);

    /* 1,000 frames of 1514 bytes, always busy: 12,112,000 bits at 3 Gbit/s take
     * 4,037,333 1/3 ns. */
    way = (NetLinkWay){0};
    config.queue_bytes = UINT32_MAX;
    NetTime departs = 0, arrives = 0;
    for (unsigned i = 0; i < 1000; i++)
        g_assert_true(net_link_send(&way, &config, 1514, 0, &departs, &arrives));
    g_assert_cmpuint(arrives, ==, 4037333 + 1);
}

/* 3,000 bytes may still be to be sent when a frame comes, what is being sent
 * included: two frames before it are fine, three are not. */
static void test_queue(void)
{
    NetLinkWay way = {0};
    NetTime departs = 0, arrives = 0;

    check_send(&way, &gigabit, 1500, 0, 0, 22000);
    check_send(&way, &gigabit, 1500, 0, 12000, 34000);
    check_send(&way, &gigabit, 1500, 0, 24000, 46000); /* exactly 3,000 bytes before it */
    g_assert_false(net_link_send(&way, &gigabit, 1500, 0, &departs, &arrives));
    g_assert_false(net_link_send(&way, &gigabit, 60, 11999, &departs, &arrives));
    check_send(&way, &gigabit, 60, 12000, 36000, 46480);
    net_link_reset(&way);
    check_send(&way, &gigabit, 1500, 12000, 12000, 34000);
}

static void test_unlimited(void)
{
    NetLinkConfig config = {.latency_ns = 7, .rate_bps = NET_RATE_UNLIMITED};
    NetLinkWay way = {0};

    for (unsigned i = 0; i < 100; i++)
        check_send(&way, &config, 9000, 3, 3, 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link/by-hand", test_by_hand);
    g_test_add_func("/link/remainder", test_remainder);
    g_test_add_func("/link/queue", test_queue);
    g_test_add_func("/link/unlimited", test_unlimited);
    return g_test_run();
}
