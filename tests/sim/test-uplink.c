/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-uplink.c: frames that come in from outside and go out: the protocol of the
 * socket, and a run with an uplink that is done again from its trace. */
#include <glib/gstdio.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "netsim/proto/types.h"
#include "sim/engine/uplink.h"
#include "tests/sim/engine-helper.h"

/* ---- Framing --------------------------------------------------------------- */

static void append_frame(void *user, const uint8_t *bytes, size_t length)
{
    g_ptr_array_add(user, g_bytes_new(bytes, length));
}

static GPtrArray *frame_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

static GBytes *random_frame(GRand *random)
{
    size_t length = (size_t)g_rand_int_range(random, 1, NET_MAX_FRAME_BYTES + 1);
    uint8_t *bytes = g_malloc(length);

    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)g_rand_int(random);
    return g_bytes_new_take(bytes, length);
}

/* However the stream is cut, the same frames come out. */
static void test_framing(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(21);
    g_autoptr(GPtrArray) sent = frame_list();
    g_autoptr(GByteArray) stream = g_byte_array_new();

    for (int i = 0; i < 60; i++) {
        GBytes *frame = random_frame(random);

        g_ptr_array_add(sent, frame);
        sim_framing_add(stream, g_bytes_get_data(frame, NULL), g_bytes_get_size(frame));
    }
    for (int most = 1; most < 100000; most = most * 5 + 1) {
        g_autoptr(GPtrArray) got = frame_list();
        SimFraming framing = {0};

        for (size_t at = 0; at < stream->len;) {
            size_t piece = (size_t)g_rand_int_range(random, 1, most + 1);

            piece = MIN(piece, stream->len - at);
            g_assert_true(sim_framing_feed(&framing, stream->data + at, piece, append_frame, got));
            at += piece;
        }
        g_assert_cmpuint(framing.pending->len, ==, 0);
        g_byte_array_unref(framing.pending);
        g_assert_cmpuint(got->len, ==, sent->len);
        for (unsigned i = 0; i < sent->len; i++)
            g_assert_true(g_bytes_equal(got->pdata[i], sent->pdata[i]));
    }
}

static void test_framing_wrong(void)
{
    static const uint8_t too_long[] = {0, 0, 0x24, 0x01};          /* 9217 */
    static const uint8_t empty[] = {0, 0, 0, 0, 0, 0, 0, 1, 0x55}; /* nothing, then a frame */
    g_autoptr(GPtrArray) got = frame_list();
    SimFraming framing = {0};

    for (size_t i = 0; i + 1 < sizeof(too_long); i++)
        g_assert_true(sim_framing_feed(&framing, too_long + i, 1, append_frame, got));
    g_assert_false(sim_framing_feed(&framing, too_long + 3, 1, append_frame, got));
    g_byte_array_set_size(framing.pending, 0);
    g_assert_true(sim_framing_feed(&framing, empty, sizeof(empty), append_frame, got));
    g_assert_cmpuint(got->len, ==, 1);
    g_byte_array_unref(framing.pending);
}

/* ---- Sockets --------------------------------------------------------------- */

static void expect_error(const char *spec, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(sim_uplink_open(spec, &error));
    g_assert_nonnull(strstr(error->message, part));
    g_assert_null(strchr(error->message, '\n'));
}

static void test_errors(void)
{
    expect_error("tpa:x", "allowed: tap:IFNAME, unix:PATH");
    expect_error("tap:", "1 to 15 characters");
    expect_error("tap:abcdefghijklmnop", "1 to 15 characters");
    expect_error("unix:", "1 to 107 characters");
    expect_error("unix:/no/such/socket", "nobody listens there");
    expect_error("listen:/no/such/folder/x", "No such file");
}

static void wait_for(int fd, short events)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};

    g_assert_cmpint(poll(&poll_fd, 1, 10000), ==, 1);
}

/* We listen, a peer connects; frames go both ways; the peer goes. */
static void test_listen(void)
{
    g_autofree char *folder = g_dir_make_tmp("hvlab-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "socket", NULL);
    g_autofree char *listening = g_strconcat("listen:", path, NULL);
    g_autofree char *connecting = g_strconcat("unix:", path, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(SimUplink) a = sim_uplink_open(listening, &error);
    g_autoptr(GPtrArray) got = frame_list();
    g_autoptr(GRand) random = g_rand_new_with_seed(9);

    g_assert_no_error(error);
    sim_uplink_send(a, (const uint8_t *)"lost", 4); /* nobody is there yet */
    g_assert_cmpuint(sim_uplink_counts(a).dropped, ==, 1);

    SimUplink *b = sim_uplink_open(connecting, &error);

    g_assert_no_error(error);
    wait_for(sim_uplink_fd(a), POLLIN);
    g_assert_true(sim_uplink_read(a, append_frame, got, &error)); /* accepts */
    for (int i = 0; i < 50; i++) {
        g_autoptr(GBytes) frame = random_frame(random);

        sim_uplink_send(b, g_bytes_get_data(frame, NULL), g_bytes_get_size(frame));
        while (sim_uplink_wants_to_write(b) || got->len < (unsigned)i + 1) {
            g_assert_true(sim_uplink_flush(b, &error));
            wait_for(sim_uplink_fd(a), POLLIN);
            g_assert_true(sim_uplink_read(a, append_frame, got, &error));
        }
        g_assert_true(g_bytes_equal(got->pdata[i], frame));
    }
    sim_uplink_free(b);
    wait_for(sim_uplink_fd(a), POLLIN);
    g_assert_false(sim_uplink_read(a, append_frame, got, &error));
    g_assert_nonnull(strstr(error->message, "the other side is gone"));
    g_clear_pointer(&a, sim_uplink_free);
    g_assert_cmpint(g_rmdir(folder), ==, 0); /* and the socket was taken away */
}

/* The other side does not read: frames are dropped and counted, memory is bounded. */
static void test_full(void)
{
    g_autofree char *folder = g_dir_make_tmp("hvlab-XXXXXX", NULL);
    g_autofree char *spec = g_strconcat("listen:", folder, "/socket", NULL);
    g_autofree char *to = g_strconcat("unix:", folder, "/socket", NULL);
    g_autoptr(SimUplink) a = sim_uplink_open(spec, NULL);
    g_autoptr(SimUplink) b = sim_uplink_open(to, NULL);
    uint8_t frame[1500] = {0};

    for (int i = 0; i < 100000; i++) {
        sim_uplink_send(b, frame, sizeof(frame));
        g_assert_true(sim_uplink_flush(b, NULL));
    }
    g_assert_cmpuint(sim_uplink_counts(b).dropped, >, 90000);
    g_assert_cmpuint(sim_uplink_counts(b).dropped + sim_uplink_counts(b).out, ==, 100000);
    g_clear_pointer(&a, sim_uplink_free);
    g_rmdir(folder);
}

/* ---- A run, and again ------------------------------------------------------- */

static SimScenario *scenario(void)
{
    static const char text[] =
        "{\"format\":\"hvlab-scenario/1\",\"id\":\"t/t\",\"title\":\"T\",\"run\":{\"until\":"
        "\"60ms\"},\"host\":{\"pcpus\":2,\"memory\":\"32MiB\",\"scheduler\":{\"policy\":\"rr\","
        "\"slice\":\"1ms\"}},\"networks\":[{\"name\":\"n\",\"mode\":\"internal\"}],\"vms\":["
        "{\"name\":\"a\",\"program\":\"idle\",\"memory\":\"2MiB\",\"nics\":[{\"network\":\"n\"}]},"
        "{\"name\":\"b\",\"program\":\"ping\",\"args\":[\"a\",\"5\",\"5\"],\"memory\":\"2MiB\","
        "\"nics\":[{\"network\":\"n\"}]},{\"name\":\"c\",\"program\":\"burn\",\"memory\":"
        "\"2MiB\"}],\"seed\":7}";

    return load_text(text);
}

static SimEngine *staying_engine(const SimScenario *of)
{
    SimEngine *engine = engine_of(of, "emulated");

    sim_engine_stay_when_idle(engine, true);
    return engine;
}

static GBytes *trace_of(SimEngine *engine)
{
    size_t size;

    sim_trace_finish(sim_engine_trace(engine));

    const uint8_t *data = sim_trace_data(sim_engine_trace(engine), &size);

    return g_bytes_new(data, size);
}

/* Who has 10.0.0.1? From 10.0.0.200 at 02:00:00:00:00:99. */
static const uint8_t arp_request[42] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,    0,  0, 0, 0,   0x99, 8, 6, 0, 1, 8, 0,  6, 4, 0,
    1,    2,    0,    0,    0,    0,    0x99, 10, 0, 0, 200, 0,    0, 0, 0, 0, 0, 10, 0, 0, 1};

/* Does a frame that goes out answer it? */
static bool is_arp_reply(GBytes *frame)
{
    gsize length;
    const uint8_t *bytes = g_bytes_get_data(frame, &length);
    static const uint8_t to_us[] = {2, 0, 0, 0, 0, 0x99, 2, 0x68, 0x76, 0, 0, 0, 8, 6};
    static const uint8_t reply[] = {0, 2, 2, 0x68, 0x76, 0, 0, 0, 10, 0, 0, 1};

    return length >= 42 && !memcmp(bytes, to_us, sizeof(to_us)) &&
           !memcmp(bytes + 20, reply, sizeof(reply));
}

/* Frames come in at random moments of a run that is sliced at random. */
static GBytes *live_run(const SimScenario *of, GRand *random, unsigned *ret_replies)
{
    g_autoptr(SimEngine) engine = staying_engine(of);
    unsigned uplink, given = 0;
    GBytes *frame;

    g_assert_true(sim_engine_add_uplink(engine, 0, NULL));
    while (sim_engine_run(engine, sim_engine_command_time(engine) + 1 +
                                      (uint64_t)g_rand_int_range(random, 0, 400000))) {
        uint64_t at = sim_engine_command_time(engine);

        while (sim_engine_take_uplink_output(engine, &uplink, &frame)) {
            g_assert_cmpuint(uplink, ==, 0);
            *ret_replies += is_arp_reply(frame);
            g_bytes_unref(frame);
        }
        for (; given < 30 && g_rand_int_range(random, 0, 3) == 0; given++)
            g_assert_cmpuint(
                sim_engine_uplink_input(engine, 0, arp_request, sizeof(arp_request), 0), ==, at);
    }
    return trace_of(engine);
}

static void test_replay(void)
{
    g_autoptr(SimScenario) of = scenario();
    g_autoptr(GRand) random = g_rand_new_with_seed(5);

    for (int round = 0; round < 8; round++) {
        unsigned replies = 0, uplink;
        g_autoptr(GBytes) live = live_run(of, random, &replies);
        gsize size;
        const void *data = g_bytes_get_data(live, &size);
        g_autoptr(SimReader) reader = sim_reader_new_memory(data, size, NULL);
        g_autoptr(SimEngine) again = staying_engine(of);
        g_autoptr(GError) error = NULL;
        GBytes *frame;

        g_assert_cmpuint(replies, >, 5);
        g_assert_true(sim_engine_replay_uplinks(again, reader, &error));
        run_to_end(again);
        g_assert_false(sim_engine_take_uplink_output(again, &uplink, &frame));

        g_autoptr(GBytes) replayed = trace_of(again);

        g_assert_true(g_bytes_equal(live, replayed));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    guest_directory = argv[1];
    g_test_add_func("/uplink/framing/pieces", test_framing);
    g_test_add_func("/uplink/framing/wrong", test_framing_wrong);
    g_test_add_func("/uplink/errors", test_errors);
    g_test_add_func("/uplink/listen", test_listen);
    g_test_add_func("/uplink/full", test_full);
    g_test_add_func("/uplink/replay", test_replay);
    return g_test_run();
}
