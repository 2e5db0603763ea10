/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-filter.c: filters of frames, over the three frames of trace-sample.h, and the way of
 * each of them through CPU, memory and network. */
#include "gui/session/filter.h"
#include "gui/session/journey.h"
#include "tests/sim/trace-sample.h"

/* Frame 1: ARP, who has 10.0.0.2? 42 bytes, 1000 ns. 2: the answer, 3500 ns. 3: ping. */
static uint64_t fitting(GuiSession *session, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GuiFilter) filter = gui_filter_new(text, &error);
    uint64_t set = 0;

    g_assert_no_error(error);
    for (uint32_t row = 0; row < 3; row++) {
        GuiFrameInfo info;
        NetDissection whole;

        g_assert_true(gui_frames_info(gui_session_frames(session), gui_session_reader(session),
                                      row + 1, &info));
        net_dissect(info.bytes, info.kept, &whole);
        if (gui_filter_fits(filter, &(GuiFilterFrame){.whole = &whole,
                                                      .number = row + 1,
                                                      .length = info.length,
                                                      .time = info.frame.time}))
            set = set * 10 + row + 1;
    }
    return set;
}

static GuiSession *sample_session(SimTrace *trace)
{
    GuiSession *session = gui_session_new();
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    while (gui_session_index(session, 1000))
        ;
    return session;
}

static void test_filter(void)
{
    static const struct {
        const char *text;
        uint64_t frames;
    } cases[] = {
        {"", 123},
        {"  ", 123},
        {"arp", 12},
        {"ARP", 12},
        {"!arp", 3},
        {"not arp", 3},
        {"icmp or arp.opcode == 2", 23},
        {"icmp || arp.opcode == 2", 23},
        {"arp and arp.opcode == 2", 2},
        {"arp && !(arp.opcode == 2)", 1},
        {"eth.src == 02:00:00:00:00:0a", 13},
        {"eth.addr == 02:00:00:00:00:0b", 23},
        {"eth.src != 02:00:00:00:00:0a", 2},
        {"ip.addr == 10.0.0.2", 3},
        {"ip.addr != 10.0.0.2", 12}, /* none has it, or none is there */
        {"ip.dst == 10.0.0.0/8", 3},
        {"ip.dst == 10.1.0.0/16", 0},
        {"ip.ttl >= 64 and ip.ttl <= 64", 3},
        {"ip.ttl > 64 or ip.ttl < 64", 0},
        {"ip.proto eq 1", 3},
        {"ip.proto eq 0x1", 3},
        {"frame.len > 42", 3},
        {"frame.number ge 2", 23},
        {"frame.time < 3.5us", 1},
        {"frame.time le 3500ns", 12},
        {"\"who has\"", 1},
        {"\"10.0.0.2\"", 123},
        {"icmp.seq", 3},
        {"tcp.port == 80", 0},
        {"arp or icmp and udp", 12}, /* and binds closer */
        {"(arp or icmp) and udp", 0},
        {"!!arp", 12},
    };
    SimTrace *trace = sample_trace();
    g_autoptr(GuiSession) session = sample_session(trace);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        g_assert_cmpuint(fitting(session, cases[i].text), ==, cases[i].frames);
    }
    g_clear_object(&session);
    sim_trace_free(trace);
}

static void test_filter_errors(void)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"ip.adr == 10.0.0.2", "Character 1: there is no protocol or field ip.adr, maybe ip.addr"},
        {"arp and", "Character 8: a protocol or a field is missing at the end"},
        {"arp or ) ", "Character 8: a protocol or a field is missing before )"},
        {"(arp", "Character 5: a closing parenthesis is missing"},
        {"arp icmp", "Character 5: after that comes \"and\", \"or\", or nothing"},
        {"ip.addr == 10.0.0", "Character 12: 10.0.0 is no address"},
        {"ip.addr == 10.0.0.1/33", "Character 12: 10.0.0.1/33 is no address"},
        {"eth.src == 02:00", "Character 12: 02:00 is no MAC address"},
        {"tcp.port == http", "Character 13: http is no number"},
        {"tcp.port = 80", "Character 10: write == to compare"},
        {"tcp.port ==", "Character 12: nothing is no number"},
        {"frame.time > 5", "Character 14: 5 is no time"},
        {"dns.qry.name > lab", "Character 14: > does not go with dns.qry.name"},
        {"ip.addr contains 10", "Character 9: contains does not go with ip.addr"},
        {"\"who", "Character 1: the closing quotation mark is missing"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(gui_filter_new(cases[i].text, &error));
        g_assert_nonnull(error);
        g_test_message("%s: %s", cases[i].text, error->message);
        g_assert_true(g_str_has_prefix(error->message, cases[i].says));
    }
}

/* Any text gives a filter or a message, whatever stands in it. */
static void test_filter_any_text(void)
{
    static const char *const pieces[] = {
        "arp", "ip.addr", "==", "10.0.0.1", "(",  ")", "!",    "and",
        "or",  "not",     "\"", "!=",       "80", " ", "\xff", "&&"};
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    g_autofree NetDissection *whole = g_new0(NetDissection, 1);
    unsigned good = 0;

    net_dissect(NULL, 0, whole);

    for (unsigned round = 0; round < 20000; round++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GError) error = NULL;

        for (int i = g_rand_int_range(random, 0, 12); i > 0; i--) {
            g_string_append(text, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
            g_string_append_c(text, ' ');
        }

        g_autoptr(GuiFilter) filter = gui_filter_new(text->str, &error);

        g_assert_true((filter == NULL) == (error != NULL));
        if (filter) {
            gui_filter_fits(filter, &(GuiFilterFrame){.whole = whole});
            good++;
        }
    }
    g_assert_cmpuint(good, >, 1000);
    for (unsigned depth = 1; depth < 2000; depth += 37) {
        g_autofree char *open = g_strnfill(depth, '(');
        g_autofree char *text = g_strconcat(open, "arp", NULL);

        g_assert_null(gui_filter_new(text, NULL));
    }
}

/* ---- The way of a frame -------------------------------------------------------------------- */

static void assert_way(GuiSession *session, uint64_t frame, const char *const *expected)
{
    g_autoptr(GuiJourney) journey = gui_journey_new(session, frame);
    unsigned i;

    for (i = 0; i < journey->hops->len && expected[i]; i++) {
        const GuiHop *hop = &g_array_index(journey->hops, GuiHop, i);
        g_autofree char *says = g_strdup_printf("%u %s %s: %s", (unsigned)hop->time,
                                                gui_hop_word(hop->kind), hop->where, hop->what);

        g_assert_cmpstr(says, ==, expected[i]);
    }
    g_assert_cmpuint(journey->hops->len, ==, i);
    g_assert_null(expected[i]);
    g_assert_false(journey->cut);
}

static void test_journey(void)
{
    static const char *const asked[] = {
        "1000 network vm:a: onto the cable to switch net0, for 1.000 \302\265s",
        "1000 CPU vm:a: its driver kicks queue 1 of the NIC",
        "1000 network vm:a: its NIC sends frame 1, 42 bytes",
        "2000 decision switch net0: learns that its source lives at the port of vm:a",
        "2000 decision switch net0: floods it to 1 other port",
        "2000 network switch net0: onto the cable to vm:b, for 1.000 \302\265s",
        "3000 network vm:b: arrives",
        "3000 network vm:b: its NIC writes it into the guest's memory",
        "3000 CPU vm:b: interrupt 35 becomes pending on vCPU 0",
        "3200 CPU vm:b: takes interrupt 35: the guest's IP stack looks at the frame",
        NULL};
    static const char *const dropped[] = {
        "6500 network vm:a: onto the cable to switch net0, for 1.000 \302\265s",
        "6500 network vm:a: its NIC sends frame 3, 58 bytes",
        "7500 decision switch net0: forwards it to vm:b alone",
        "7500 dropped switch net0: drops it: port-down", NULL};
    static const char *const none[] = {NULL};
    SimTrace *trace = sample_trace();
    g_autoptr(GuiSession) session = sample_session(trace);

    assert_way(session, 1, asked);
    assert_way(session, 3, dropped);
    assert_way(session, 99, none);
    g_clear_object(&session);
    sim_trace_free(trace);
}

/* A frame that is rewritten twice: the way is that of all three, whichever is asked for. */
static void test_journey_rewritten(void)
{
    SimTrace *trace = sim_trace_new("{}", NULL, NULL);
    uint8_t ping[SAMPLE_PING];

    sample_create(trace);
    sample_ping(ping);
    SIM_TRACE_BLOB(trace, SAMPLE_WORLD, 100, FrameNew, ping, sizeof(ping), .frame = 1,
                   .length = sizeof(ping));
    for (unsigned i = 2; i <= 3; i++) {
        ping[NET_ETHERNET_BYTES + 8]--; /* time to live */
        net_ipv4_seal(ping + NET_ETHERNET_BYTES);
        SIM_TRACE_BLOB(trace, SAMPLE_WORLD, 100 * i, FrameNew, ping, sizeof(ping), .frame = i,
                       .parent = i - 1, .length = sizeof(ping));
    }
    /* One that says it comes from itself, and one from a frame that is not there. */
    SIM_TRACE_BLOB(trace, SAMPLE_WORLD, 500, FrameNew, ping, sizeof(ping), .frame = 7, .parent = 7,
                   .length = sizeof(ping));
    SIM_TRACE_BLOB(trace, SAMPLE_WORLD, 500, FrameNew, ping, sizeof(ping), .frame = 8, .parent = 77,
                   .length = sizeof(ping));
    sim_trace_finish(trace);

    g_autoptr(GuiSession) session = sample_session(trace);

    for (uint64_t frame = 1; frame <= 3; frame++) {
        g_autoptr(GuiJourney) journey = gui_journey_new(session, frame);
        const GuiHop *last = &g_array_index(journey->hops, GuiHop, 2);
        const GuiFieldChange *change;

        g_assert_cmpuint(journey->hops->len, ==, 3);
        g_assert_cmpint(last->kind, ==, GUI_HOP_REWRITE);
        g_assert_cmpuint(last->frame, ==, 3);
        g_assert_cmpuint(last->changes->len, ==, 2);
        change = &g_array_index(last->changes, GuiFieldChange, 0);
        g_assert_cmpstr(change->field, ==, "Time to live");
        g_assert_cmpstr(change->before, ==, "63");
        g_assert_cmpstr(change->after, ==, "62");
        change = &g_array_index(last->changes, GuiFieldChange, 1);
        g_assert_cmpstr(change->field, ==, "Checksum");
    }
    for (uint64_t frame = 7; frame <= 8; frame++) {
        g_autoptr(GuiJourney) journey = gui_journey_new(session, frame);

        g_assert_cmpuint(journey->hops->len, ==, 1);
    }
    g_clear_object(&session);
    sim_trace_free(trace);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/filter/frames", test_filter);
    g_test_add_func("/filter/errors", test_filter_errors);
    g_test_add_func("/filter/any-text", test_filter_any_text);
    g_test_add_func("/journey/sample", test_journey);
    g_test_add_func("/journey/rewritten", test_journey_rewritten);
    return g_test_run();
}
