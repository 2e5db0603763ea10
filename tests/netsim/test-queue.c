/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-queue.c: runs and radix heap against sorting. */
#include <glib.h>

#include "netsim/queue.h"

static void push(NetQueue *queue, NetTime time, unsigned class, uint32_t target)
{
    NetEvent *event = net_queue_push(queue, time, class);

    event->frame = NULL;
    event->target = GUINT_TO_POINTER(target);
}

static void test_order(void)
{
    NetQueue queue;

    net_queue_init(&queue);
    g_assert_true(net_queue_first(&queue) == NET_TIME_NEVER);
    push(&queue, 5, 1, 1);
    push(&queue, 5, 0, 2);
    push(&queue, 5, 1, 3);
    push(&queue, 4, 3, 4);
    push(&queue, 5, 0, 5);
    g_assert_cmpuint(net_queue_first(&queue), ==, 4);
    /* By time, then class, then age. */
    static const unsigned expected[] = {4, 2, 5, 1, 3};
    for (unsigned i = 0; i < 5; i++)
        g_assert_true(net_queue_pop(&queue, net_queue_first(&queue)).target ==
                      GUINT_TO_POINTER(expected[i]));
    g_assert_true(net_queue_first(&queue) == NET_TIME_NEVER);
    net_queue_clear(&queue);
}

typedef struct {
    NetEvent event;
    unsigned created;
} Expected;

static gint compare(gconstpointer a, gconstpointer b)
{
    const Expected *x = a, *y = b;

    if (x->event.time != y->event.time)
        return x->event.time < y->event.time ? -1 : 1;
    if (x->event.class != y->event.class)
        return x->event.class < y->event.class ? -1 : 1;
    return x->created < y->created ? -1 : 1;
}

/* How far ahead: mostly equal or near times, now and then ages away. */
static NetTime random_distance(void)
{
    unsigned bits = (unsigned)g_test_rand_int_range(0, 44);
    NetTime far = (NetTime)(guint32)g_test_rand_int() << 32 | (guint32)g_test_rand_int();

    return g_test_rand_int_range(0, 2) ? (NetTime)g_test_rand_int_range(0, 4) : far >> (63 - bits);
}

/* Random pushes and pops beside a sorted array. */
static void test_random(void)
{
    NetQueue queue;
    g_autoptr(GArray) model = g_array_new(FALSE, FALSE, sizeof(Expected));
    NetTime now = 0;

    net_queue_init(&queue);
    for (unsigned round = 0; round < 20000; round++) {
        bool grow = round / 1000 % 2 == 0;
        if (model->len == 0 || g_test_rand_int_range(0, 3) < (grow ? 2 : 1)) {
            Expected new = {{.time = now + random_distance(), .target = GUINT_TO_POINTER(round)},
                            round};
            new.event.class = (uint8_t)g_test_rand_int_range(0, NET_EVENT_CLASSES);
            push(&queue, new.event.time, new.event.class, round);
            g_array_append_val(model, new);
            g_array_sort(model, compare);
        } else {
            NetEvent first = net_queue_pop(&queue, net_queue_first(&queue));
            const Expected *expected = &g_array_index(model, Expected, 0);
            g_assert_true(first.target == expected->event.target);
            g_assert_cmpuint(first.time, ==, expected->event.time);
            now = first.time;
            g_array_remove_index(model, 0);
        }
        g_assert_cmpuint(net_queue_count(&queue), ==, model->len);
        g_assert_true(
            net_queue_first(&queue) ==
            (model->len > 0 ? g_array_index(model, Expected, 0).event.time : NET_TIME_NEVER));
    }
    net_queue_clear(&queue);
}

/* The ends of time, and the carry from digit to digit. */
static void test_edges(void)
{
    static const NetTime times[] = {0, 63, 64, 4095, 4096, UINT64_C(1) << 60, NET_TIME_NEVER - 1};
    NetQueue queue;

    net_queue_init(&queue);
    for (unsigned i = G_N_ELEMENTS(times); i-- > 0;)
        push(&queue, times[i], 0, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(times); i++) {
        g_assert_cmpuint(net_queue_first(&queue), ==, times[i]);
        g_assert_cmpuint(net_queue_pop(&queue, net_queue_first(&queue)).time, ==, times[i]);
    }
    g_assert_cmpuint(net_queue_count(&queue), ==, 0);
    net_queue_clear(&queue);
}

/* What is still queued is given up with its frames. */
static void test_clear(void)
{
    NetQueue queue;
    g_autoptr(NetFrame) frame = net_frame_new(1, 0, (const uint8_t *)"x", 1);

    net_queue_init(&queue);
    for (unsigned i = 0; i < 10; i++)
        net_queue_push(&queue, 10 - i, 0)->frame = net_frame_ref(frame);
    g_assert_cmpuint(frame->refs, ==, 11);
    net_queue_clear(&queue);
    g_assert_cmpuint(frame->refs, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/queue/order", test_order);
    g_test_add_func("/queue/random", test_random);
    g_test_add_func("/queue/edges", test_edges);
    g_test_add_func("/queue/clear", test_clear);
    return g_test_run();
}
