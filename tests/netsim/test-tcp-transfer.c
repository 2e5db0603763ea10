/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-tcp-transfer.c: TCP over cables that lose, repeat and reorder frames: random
 * bytes both ways arrive whole and in order, in bounded time; and what one loss
 * costs, worked out by hand. */
#include "tests/netsim/tcp-lab.h"

#define MOST_BYTES 60000

/* One direction of a connection: what is to be sent, and how far that has come. */
typedef struct {
    TcpHost *host;
    NetTcpId id;
    uint8_t out[MOST_BYTES], in[MOST_BYTES];
    size_t out_bytes, out_done, in_done;
    bool open, end_seen, over;
    NetTcpEnd end;
    NetTime ended_at;
} Side;

static void push(Side *side, NetTime now)
{
    while (side->out_done < side->out_bytes) {
        size_t some = (size_t)g_rand_int_range(side->host->lab->random, 1, 5000);
        size_t piece = MIN(side->out_bytes - side->out_done, some);
        int took = net_stack_tcp_send(&side->host->stack, side->id, side->out + side->out_done,
                                      piece, now);
        if (took <= 0)
            return;
        side->out_done += (size_t)took;
    }
    net_stack_tcp_shutdown(&side->host->stack, side->id, now);
}

static void pull(Side *side, NetTime now)
{
    int count;

    do {
        size_t some = (size_t)g_rand_int_range(side->host->lab->random, 1, 4000);
        size_t room = MIN(sizeof side->in - side->in_done, some);
        uint8_t spare;
        count = room > 0 ? net_stack_tcp_receive(&side->host->stack, side->id,
                                                 side->in + side->in_done, room, now)
                         : net_stack_tcp_receive(&side->host->stack, side->id, &spare, 1, now);
        g_assert_true(room > 0 || count <= 0);
        side->in_done += (size_t)MAX(count, 0);
    } while (count > 0);
    side->end_seen = count == NET_STACK_END;
}

static void on_side(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    Side *side = user;

    side->id = id;
    switch (event) {
    case NET_TCP_ACCEPTED:
    case NET_TCP_CONNECTED:
        side->open = true;
        push(side, now);
        break;
    case NET_TCP_READABLE: pull(side, now); break;
    case NET_TCP_WRITABLE: push(side, now); break;
    case NET_TCP_ENDED:
        side->over = true;
        side->end = (NetTcpEnd)net_stack_tcp_look(&side->host->stack, id)->end;
        side->ended_at = now;
        net_stack_tcp_close(&side->host->stack, id, now);
        break;
    }
}

static void fill(Side *side, TcpHost *host, size_t length)
{
    memset(side, 0, sizeof *side);
    side->host = host;
    side->out_bytes = length;
    for (size_t i = 0; i < length; i++)
        side->out[i] = (uint8_t)g_rand_int(host->lab->random);
}

static void begin(TcpLab *lab, Side sides[2], size_t a_bytes, size_t b_bytes)
{
    TcpHost *a = &lab->hosts[0], *b = &lab->hosts[1];

    g_string_free(lab->wire, TRUE);
    lab->wire = NULL;
    fill(&sides[0], a, a_bytes);
    fill(&sides[1], b, b_bytes);
    net_stack_tcp_listen(&b->stack, 80, on_side, &sides[1]);
    g_assert_cmpint(net_stack_tcp_connect(&a->stack, b->address, 80, on_side, &sides[0], lab->now,
                                          &sides[0].id),
                    ==, 0);
}

static void assert_transferred(const Side *from, const Side *to)
{
    g_assert_true(to->over && to->end_seen);
    g_assert_cmpint(to->end, ==, NET_TCP_END_CLOSED);
    g_assert_cmpmem(to->in, to->in_done, from->out, from->out_bytes);
}

/* Loss up to 15 %, repetition, reordering by up to 5 ms, all kinds of lengths. */
static void test_random(void)
{
    static Side sides[2];

    for (uint32_t seed = 1; seed <= 60; seed++) {
        g_autoptr(TcpLab) lab = tcp_lab_new(seed);
        /* Both learn each other's MAC address, before ARP can fail three times. */
        net_stack_udp_send(&lab->hosts[0].stack, 1, lab->hosts[1].address, 1, "", 0, 0);
        tcp_lab_run(lab, 10 * MS);
        lab->loss = (unsigned)g_rand_int_range(lab->random, 0, 16);
        lab->duplicate = (unsigned)g_rand_int_range(lab->random, 0, 20);
        lab->reorder = (unsigned)g_rand_int_range(lab->random, 0, 50);
        begin(lab, sides, (size_t)g_rand_int_range(lab->random, 0, MOST_BYTES),
              seed % 3 == 0 ? 0 : (size_t)g_rand_int_range(lab->random, 0, MOST_BYTES));
        tcp_lab_run(lab, 600 * SECOND);
        assert_transferred(&sides[0], &sides[1]);
        assert_transferred(&sides[1], &sides[0]);
        /* Nothing is left behind, on either side. */
        tcp_lab_run(lab, 800 * SECOND);
        for (unsigned i = 0; i < 2; i++) {
            g_assert_cmpuint(lab->hosts[i].stack.tcp.in_use, ==, 0);
            g_assert_cmpuint(lab->hosts[i].stack.tcp.heap_count, ==, 0);
            g_assert_cmpuint(lab->hosts[i].stack.held_count, ==, 0);
        }
        g_assert_true(tcp_lab_next(lab) == NET_TIME_NEVER);
    }
}

/* Equal seeds, equal runs. */
static void test_determinism(void)
{
    static Side sides[2];
    NetTime ended[2];
    uint64_t frames[2];

    for (unsigned round = 0; round < 2; round++) {
        g_autoptr(TcpLab) lab = tcp_lab_new(7);
        lab->loss = 10;
        lab->reorder = 30;
        begin(lab, sides, 50000, 50000);
        tcp_lab_run(lab, 600 * SECOND);
        ended[round] = sides[0].ended_at;
        frames[round] = lab->frames;
    }
    g_assert_cmpuint(ended[0], ==, ended[1]);
    g_assert_cmpuint(frames[0], ==, frames[1]);
}

/* Drops the n-th frame with payload from host 0. */
typedef struct {
    unsigned seen, drop;
} Dropper;

static bool drop_nth(TcpLab *lab, unsigned from, const uint8_t *bytes, size_t length)
{
    Dropper *dropper = lab->user;

    if (from != 0 || length < 1000)
        return true;
    return ++dropper->seen != dropper->drop;
}

/* 20 segments of 1460 bytes. The first flight is 3 (RFC 5681: 4380 bytes), and grows.
 * If one in the middle is lost, three repeated acknowledgments bring it again within
 * a round trip, long before a timer. If it is the last one, only the timer helps. */
static void test_one_loss(void)
{
    static Side sides[2];
    NetTime smooth = 0, fast = 0, slow = 0;

    for (unsigned drop = 0; drop <= 20; drop++) {
        g_autoptr(TcpLab) lab = tcp_lab_new(1);
        Dropper dropper = {.drop = drop};
        lab->pass = drop_nth;
        lab->user = &dropper;
        begin(lab, sides, 20 * 1460, 0);
        tcp_lab_run(lab, 10 * SECOND);
        assert_transferred(&sides[0], &sides[1]);
        g_assert_cmpuint(lab->hosts[0].stack.tcp.counters.retransmissions, ==, drop > 0);
        if (drop == 0)
            smooth = sides[1].ended_at;
        else if (drop == 10)
            fast = sides[1].ended_at;
        else if (drop == 20)
            slow = sides[1].ended_at;
    }
    g_assert_cmpuint(fast, <, smooth + 20 * MS);
    g_assert_cmpuint(slow, >=, smooth + 150 * MS);
    g_assert_cmpuint(slow, <=, smooth + 450 * MS);
}

/* Slow start: a flight of 3, then one more segment for each acknowledgment. The receiver
 * has nothing to send: its FIN acknowledges the first one, an ACK the next two. */
static void test_slow_start(void)
{
    static Side sides[2];
    g_autoptr(TcpLab) lab = tcp_lab_new(1);

    begin(lab, sides, 60000, 0);
    /* ARP 2 ms, handshake 2 ms; at 4 ms the first flight leaves. */
    tcp_lab_run(lab, 4 * MS);
    const NetTcpConnection *c = net_stack_tcp_look(&lab->hosts[0].stack, sides[0].id);
    g_assert_cmpint(c->state, ==, NET_TCP_ESTABLISHED);
    g_assert_cmpuint(c->congestion_window, ==, 4380);
    g_assert_cmpuint(c->send_next - c->send_unacked, ==, 3 * 1460);
    g_assert_cmpuint(c->round_trip_ns, ==, 4 * MS); /* of the SYN, ARP included */
    g_assert_cmpuint(c->timeout_ns, ==, NET_TCP_LEAST_RTO_NS);
    tcp_lab_run(lab, 6 * MS);
    g_assert_cmpuint(c->congestion_window, ==, 5 * 1460);
    g_assert_cmpuint(c->send_next - c->send_unacked, ==, 5 * 1460);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcp-transfer/random", test_random);
    g_test_add_func("/tcp-transfer/determinism", test_determinism);
    g_test_add_func("/tcp-transfer/one-loss", test_one_loss);
    g_test_add_func("/tcp-transfer/slow-start", test_slow_start);
    return g_test_run();
}
