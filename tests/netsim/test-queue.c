/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-queue.c: the heap against sorting. */
#include <glib.h>

#include "netsim/queue.h"

static void test_order(void)
{
    NetQueue queue = {0};

    g_assert_true(net_queue_first(&queue) == NET_TIME_NEVER);
    net_queue_push(&queue, 1, &(NetEvent){.time = 5, .target = 1});
    net_queue_push(&queue, 0, &(NetEvent){.time = 5, .target = 2});
    net_queue_push(&queue, 1, &(NetEvent){.time = 5, .target = 3});
    net_queue_push(&queue, 3, &(NetEvent){.time = 4, .target = 4});
    net_queue_push(&queue, 0, &(NetEvent){.time = 5, .target = 5});
    g_assert_cmpuint(net_queue_first(&queue), ==, 4);
    /* By time, then class, then age. */
    static const unsigned expected[] = {4, 2, 5, 1, 3};
    for (unsigned i = 0; i < 5; i++)
        g_assert_cmpuint(net_queue_pop(&queue).target, ==, expected[i]);
    g_assert_true(net_queue_first(&queue) == NET_TIME_NEVER);
    net_queue_clear(&queue);
}

static gint compare(gconstpointer a, gconstpointer b)
{
    const NetEvent *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* Random pushes and pops, with many equal times, beside a sorted array. */
static void test_random(void)
{
    NetQueue queue = {0};
    g_autoptr(GArray) model = g_array_new(FALSE, FALSE, sizeof(NetEvent));
    uint64_t created = 0;

    for (unsigned round = 0; round < 20000; round++) {
        bool grow = round / 2000 % 2 == 0;
        if (model->len == 0 || g_test_rand_int_range(0, 3) < (grow ? 2 : 1)) {
            unsigned class = g_test_rand_int_range(0, 4);
            NetEvent event = {.time = g_test_rand_int_range(0, 50), .target = round};
            net_queue_push(&queue, class, &event);
            event.order = (uint64_t) class << 56 | created++;
            g_array_append_val(model, event);
            g_array_sort(model, compare);
        } else {
            NetEvent first = net_queue_pop(&queue);
            g_assert_cmpuint(first.target, ==, g_array_index(model, NetEvent, 0).target);
            g_array_remove_index(model, 0);
        }
        g_assert_cmpuint(queue.count, ==, model->len);
        g_assert_true(net_queue_first(&queue) ==
                      (model->len > 0 ? g_array_index(model, NetEvent, 0).time : NET_TIME_NEVER));
    }
    net_queue_clear(&queue);
}

/* What is still queued is given up with its frames. */
static void test_clear(void)
{
    NetQueue queue = {0};
    g_autoptr(NetFrame) frame = net_frame_new(1, 0, (const uint8_t *)"x", 1);

    for (unsigned i = 0; i < 10; i++)
        net_queue_push(&queue, 0, &(NetEvent){.frame = net_frame_ref(frame)});
    g_assert_cmpuint(frame->refs, ==, 11);
    net_queue_clear(&queue);
    g_assert_cmpuint(frame->refs, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/queue/order", test_order);
    g_test_add_func("/queue/random", test_random);
    g_test_add_func("/queue/clear", test_clear);
    return g_test_run();
}
