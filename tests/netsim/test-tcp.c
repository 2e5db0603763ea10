/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-tcp.c: TCP between two stacks: what goes over the wire, state by state, and
 * what its owner is told. For bad cables see test-tcp-transfer.c. */
#include "tests/netsim/tcp-lab.h"

static const char *const event_names[] = {"accepted", "connected", "readable", "writable", "ended"};

/* Writes what happens into the log, and reads what arrives. */
static void on_event(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    TcpHost *host = user;
    const NetTcpConnection *c = net_stack_tcp_look(&host->stack, id);
    char bytes[64];
    int count;

    g_string_append(host->log, event_names[event]);
    if (event == NET_TCP_ENDED)
        g_string_append_printf(host->log, " (%s)", net_tcp_end_name(c->end));
    if (event == NET_TCP_READABLE) {
        while ((count = net_stack_tcp_receive(&host->stack, id, bytes, sizeof bytes, now)) > 0)
            g_string_append_printf(host->log, " \"%.*s\"", count, bytes);
        if (count == NET_STACK_END)
            g_string_append(host->log, " end");
    }
    g_string_append_c(host->log, '\n');
}

static NetTcpId accepted_id; /* the last one */

/* A server: remembers the id; closes when the client has. */
static void on_server(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    TcpHost *host = user;

    accepted_id = id;
    on_event(user, id, event, now);
    if (event == NET_TCP_READABLE && net_stack_tcp_look(&host->stack, id)->fin_taken)
        net_stack_tcp_close(&host->stack, id, now);
}

static NetTcpState state_of(const TcpHost *host, NetTcpId id)
{
    const NetTcpConnection *c = net_stack_tcp_look(&host->stack, id);

    return c != NULL ? (NetTcpState)c->state : NET_TCP_CLOSED;
}

static NetTcpId connect_to(TcpHost *host, uint16_t port)
{
    NetTcpId id = 0;
    NetIp4 to = host->lab->hosts[1 - host->number].address;

    g_assert_cmpint(
        net_stack_tcp_connect(&host->stack, to, port, on_event, host, host->lab->now, &id), ==, 0);
    return id;
}

/* Sequence numbers and ports replaced by what they are relative to. */
static char *flags_of(const char *wire)
{
    GString *out = g_string_new("");
    g_auto(GStrv) lines = g_strsplit(wire, "\n", -1);

    for (char **line = lines; *line && **line; line++) {
        const char *open = strchr(*line, '['), *close = strchr(*line, ']');
        const char *len = strstr(*line, "Len=");
        g_assert_nonnull(open);
        g_string_append_printf(out, "%c %.*s %d\n", **line, (int)(close - open + 1), open,
                               len ? atoi(len + 4) : 0);
    }
    return g_string_free(out, FALSE);
}

static void assert_wire(TcpLab *lab, const char *expected)
{
    g_autofree char *flags = flags_of(lab->wire->str);

    g_assert_cmpstr(flags, ==, expected);
    g_string_truncate(lab->wire, 0);
}

static void assert_log(TcpHost *host, const char *expected)
{
    g_assert_cmpstr(host->log->str, ==, expected);
    g_string_truncate(host->log, 0);
}

/* Handshake, a request, an answer, and the close from the client's side. */
static void test_conversation(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0], *b = &lab->hosts[1];

    g_assert_cmpint(net_stack_tcp_listen(&b->stack, 80, on_server, b), ==, 80);
    g_assert_cmpint(net_stack_tcp_listen(&b->stack, 80, on_server, b), ==, NET_STACK_IN_USE);
    NetTcpId id = connect_to(a, 80);
    g_assert_cmpint(state_of(a, id), ==, NET_TCP_SYN_SENT);
    tcp_lab_run(lab, 100 * MS);
    assert_wire(lab, "0 [SYN] 0\n1 [SYN, ACK] 0\n0 [ACK] 0\n");
    assert_log(a, "connected\n");
    assert_log(b, "accepted\n");
    g_assert_cmpint(state_of(a, id), ==, NET_TCP_ESTABLISHED);
    g_assert_cmpint(state_of(b, accepted_id), ==, NET_TCP_ESTABLISHED);
    g_assert_cmpuint(net_stack_tcp_look(&a->stack, id)->mss, ==, 1460);

    g_assert_cmpint(net_stack_tcp_send(&a->stack, id, "hello", 5, lab->now), ==, 5);
    tcp_lab_run(lab, 200 * MS);
    assert_log(b, "readable \"hello\"\n");
    net_stack_tcp_send(&b->stack, accepted_id, "yes?", 4, lab->now);
    tcp_lab_run(lab, 300 * MS);
    assert_log(a, "readable \"yes?\"\n");
    assert_wire(lab, "0 [PSH, ACK] 5\n1 [ACK] 0\n1 [PSH, ACK] 4\n0 [ACK] 0\n");

    net_stack_tcp_shutdown(&a->stack, id, lab->now);
    g_assert_cmpint(net_stack_tcp_send(&a->stack, id, "x", 1, lab->now), ==, NET_STACK_END);
    g_assert_cmpint(state_of(a, id), ==, NET_TCP_FIN_WAIT_1);
    tcp_lab_run(lab, 400 * MS);
    assert_wire(lab, "0 [FIN, ACK] 0\n1 [FIN, ACK] 0\n0 [ACK] 0\n");
    assert_log(b, "readable end\n");
    assert_log(a, "readable end\nended (closed)\n");
    g_assert_cmpint(state_of(a, id), ==, NET_TCP_TIME_WAIT);
    g_assert_cmpuint(b->stack.tcp.in_use, ==, 0);
    net_stack_tcp_close(&a->stack, id, lab->now);
    g_assert_null(net_stack_tcp_look(&a->stack, id));
    g_assert_cmpuint(a->stack.tcp.in_use, ==, 1);
    tcp_lab_run(lab, 61 * SECOND);
    g_assert_cmpuint(a->stack.tcp.in_use, ==, 0);
    g_assert_true(tcp_lab_next(lab) == NET_TIME_NEVER);
    assert_wire(lab, "");
}

/* Nobody listens: a reset. Nobody is there: ARP gives up after three seconds. The
 * cable is cut: SYNs after 1, 2, 4, 8 and 16 s, and after 63 s the end. */
static void test_no_connection(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0];
    NetTcpId id = connect_to(a, 81), other;

    tcp_lab_run(lab, 100 * MS);
    assert_wire(lab, "0 [SYN] 0\n1 [RST, ACK] 0\n");
    assert_log(a, "ended (connection refused)\n");
    g_assert_cmpuint(a->stack.tcp.in_use, ==, 1);
    net_stack_tcp_close(&a->stack, id, lab->now);
    g_assert_cmpuint(a->stack.tcp.in_use, ==, 0);

    lab->cut = true;
    id = connect_to(a, 81);
    tcp_lab_run(lab, lab->now + 63 * SECOND - 1);
    assert_wire(lab, "0 [SYN] 0\n0 [SYN] 0\n0 [SYN] 0\n0 [SYN] 0\n0 [SYN] 0\n0 [SYN] 0\n");
    assert_log(a, "");
    tcp_lab_run(lab, lab->now + 1);
    assert_log(a, "ended (timed out)\n");
    net_stack_tcp_close(&a->stack, id, lab->now);

    net_stack_tcp_connect(&a->stack, NET_IP4(10, 0, 0, 9), 80, on_event, a, lab->now, &id);
    tcp_lab_run(lab, lab->now + 3 * SECOND);
    assert_log(a, "ended (destination unreachable)\n");
    net_stack_tcp_close(&a->stack, id, lab->now);
    g_assert_cmpint(
        net_stack_tcp_connect(&a->stack, NET_IP4(8, 8, 8, 8), 80, on_event, a, lab->now, &other),
        ==, NET_STACK_NO_ROUTE);
    g_assert_cmpint(
        net_stack_tcp_connect(&a->stack, NET_IP4_BROADCAST, 80, on_event, a, lab->now, &other), ==,
        NET_STACK_BAD);
    g_assert_cmpint(state_of(a, 0), ==, NET_TCP_CLOSED);
    g_assert_cmpint(net_stack_tcp_send(&a->stack, id, "", 0, lab->now), ==, NET_STACK_BAD);
}

/* A SYN on the wire between any two ports, to put in by hand. */
static void put_in(TcpLab *lab, unsigned to, NetTcp tcp, const char *data)
{
    uint8_t frame[200];
    TcpHost *from = &lab->hosts[1 - to], *host = &lab->hosts[to];
    NetEthernet ethernet = {.destination = host->stack.nics[0].mac,
                            .source = from->stack.nics[0].mac,
                            .type = NET_TYPE_IPV4};
    uint8_t *at = frame + net_ethernet_write(frame, &ethernet);
    size_t header = net_tcp_write(at + 20, &tcp), length = header + strlen(data);
    NetIpv4 ip = {.total_bytes = (uint16_t)(20 + length),
                  .ttl = 64,
                  .protocol = NET_PROTOCOL_TCP,
                  .source = from->address,
                  .destination = host->address};

    net_ipv4_write(at, &ip);
    net_ipv4_seal(at);
    memcpy(at + 20 + header, data, strlen(data));
    net_tcp_seal(at + 20, (uint16_t)length, ip.source, ip.destination);
    net_stack_input(&host->stack, 0, frame, NET_ETHERNET_BYTES + 20 + length, lab->now);
}

/* RFC 9293 figure 8: both send a SYN before they see the other's. */
static void test_simultaneous_open(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0], *b = &lab->hosts[1];
    NetTcpId id = connect_to(a, 50000), other;

    /* b's next port is made to be 50000, and it connects to the port that a chose. */
    b->stack.next_port = 50000;
    uint16_t port = net_stack_tcp_look(&a->stack, id)->local_port;
    net_stack_tcp_connect(&b->stack, a->address, port, on_event, b, lab->now, &other);
    tcp_lab_run(lab, 500 * MS);
    g_assert_cmpint(state_of(a, id), ==, NET_TCP_ESTABLISHED);
    g_assert_cmpint(state_of(b, other), ==, NET_TCP_ESTABLISHED);
    assert_log(a, "connected\n");
    assert_log(b, "connected\n");
    /* b knows a's MAC address from the request with which a asks for b's. */
    assert_wire(lab, "1 [SYN] 0\n0 [SYN] 0\n0 [SYN, ACK] 0\n1 [SYN, ACK] 0\n");

    /* And both close at once: CLOSING, then TIME-WAIT on both sides. */
    net_stack_tcp_shutdown(&a->stack, id, lab->now);
    net_stack_tcp_shutdown(&b->stack, other, lab->now);
    tcp_lab_run(lab, lab->now + MS);
    g_assert_cmpint(state_of(a, id), ==, NET_TCP_CLOSING);
    tcp_lab_run(lab, lab->now + 500 * MS);
    g_assert_cmpint(state_of(a, id), ==, NET_TCP_TIME_WAIT);
    g_assert_cmpint(state_of(b, other), ==, NET_TCP_TIME_WAIT);
    assert_wire(lab, "0 [FIN, ACK] 0\n1 [FIN, ACK] 0\n1 [ACK] 0\n0 [ACK] 0\n");
}

/* A SYN that comes twice is answered twice; a third after the connection is open
 * gets a challenge, and the connection stays (RFC 5961 4). */
static void test_duplicate_syn(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *b = &lab->hosts[1];
    NetTcp syn = {.source_port = 1000,
                  .destination_port = 80,
                  .sequence = 0xfffffff0,
                  .flags = NET_TCP_SYN,
                  .window = 1000,
                  .mss = 1000};

    net_stack_tcp_listen(&b->stack, 80, on_server, b);
    lab->pass = NULL;
    put_in(lab, 1, syn, "");
    const NetTcpConnection *c = &b->connections[0];
    put_in(lab, 1, syn, "");
    g_assert_cmpint(c->state, ==, NET_TCP_SYN_RECEIVED);
    g_assert_cmpuint(b->stack.tcp.in_use, ==, 1);
    g_assert_cmpuint(c->mss, ==, 1000);
    g_assert_cmpuint(c->receive_next, ==, 0xfffffff1);
    NetTcp ack = syn;
    ack.flags = NET_TCP_ACK;
    ack.mss = 0;
    ack.sequence = 0xfffffff1;
    ack.acknowledgment = c->send_first + 1;
    put_in(lab, 1, ack, "");
    g_assert_cmpint(c->state, ==, NET_TCP_ESTABLISHED);
    put_in(lab, 1, syn, "");
    g_assert_cmpint(c->state, ==, NET_TCP_ESTABLISHED);
    g_assert_cmpuint(b->stack.tcp.counters.challenges, ==, 1);

    /* Data over the wrap of sequence numbers, out of order and overlapping. */
    ack.sequence = 0xfffffff1 + 10;
    put_in(lab, 1, ack, "klmnopqrst");
    ack.sequence = 0xfffffff1 + 18;
    put_in(lab, 1, ack, "stuvw");
    ack.sequence = 0xfffffff1;
    put_in(lab, 1, ack, "abcde");
    ack.sequence = 0xfffffff1 + 3;
    put_in(lab, 1, ack, "defghijkl");
    assert_log(b, "accepted\nreadable \"abcde\"\nreadable \"fghijklmnopqrstuvw\"\n");

    /* A reset that is near but not right only makes us say where we are. */
    NetTcp rst = {.source_port = 1000,
                  .destination_port = 80,
                  .sequence = c->receive_next + 100,
                  .flags = NET_TCP_RST};
    lab->now += SECOND;
    put_in(lab, 1, rst, "");
    g_assert_cmpint(c->state, ==, NET_TCP_ESTABLISHED);
    g_assert_cmpuint(b->stack.tcp.counters.challenges, ==, 2);
    rst.sequence = c->receive_next;
    put_in(lab, 1, rst, "");
    assert_log(b, "ended (reset by peer)\n");
    net_stack_tcp_close(&b->stack, accepted_id, lab->now);
    g_assert_cmpuint(b->stack.tcp.in_use, ==, 0);
}

/* A reader that does not read: the window closes, is probed, and opens again. */
static void on_lazy(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    accepted_id = id;
}

static void test_zero_window(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0], *b = &lab->hosts[1];
    g_autofree char *bytes = g_malloc(40000), *back = g_malloc0(40000);

    for (unsigned i = 0; i < 40000; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    net_stack_tcp_listen(&b->stack, 80, on_lazy, b);
    NetTcpId id = connect_to(a, 80);
    g_assert_cmpint(net_stack_tcp_send(&a->stack, id, bytes, 40000, lab->now), ==, LAB_BUFFER);
    tcp_lab_run(lab, SECOND);
    int sent = LAB_BUFFER;
    sent += net_stack_tcp_send(&a->stack, id, bytes + sent, 40000 - (size_t)sent, lab->now);
    g_assert_cmpint(sent, ==, 2 * LAB_BUFFER);
    tcp_lab_run(lab, 2 * SECOND);
    const NetTcpConnection *c = net_stack_tcp_look(&a->stack, id);
    g_assert_cmpuint(c->send_window, ==, 0);
    g_string_truncate(lab->wire, 0);
    /* Probes go on for ever, ever more seldom, a minute apart in the end. */
    tcp_lab_run(lab, 1000 * SECOND);
    g_assert_cmpint(c->state, ==, NET_TCP_ESTABLISHED);
    g_autofree char *flags = flags_of(lab->wire->str);
    unsigned probes = 0;
    for (const char *at = flags; (at = strstr(at, "0 [ACK] 1\n")) != NULL; at++)
        probes++;
    g_assert_cmpuint(probes, >=, 18);
    g_assert_cmpuint(probes, <=, 30);
    /* The reader wakes up: all arrives, in order. */
    int got = 0;
    for (unsigned i = 0; i < 400 && got < 40000; i++) {
        int count = net_stack_tcp_receive(&b->stack, accepted_id, back + got, 1000, lab->now);
        got += MAX(count, 0);
        if (sent < 40000)
            sent += net_stack_tcp_send(&a->stack, id, bytes + sent, 40000 - (size_t)sent, lab->now);
        tcp_lab_run(lab, lab->now + 2 * MS);
    }
    g_assert_cmpmem(back, (size_t)got, bytes, 40000);
}

/* Who closes with bytes unread, or is sent bytes afterwards, resets. */
static void test_close_unread(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0], *b = &lab->hosts[1];

    net_stack_tcp_listen(&b->stack, 80, on_lazy, b);
    NetTcpId id = connect_to(a, 80);
    net_stack_tcp_send(&a->stack, id, "unread", 6, lab->now);
    tcp_lab_run(lab, 100 * MS);
    net_stack_tcp_close(&b->stack, accepted_id, lab->now);
    tcp_lab_run(lab, 200 * MS);
    assert_log(a, "connected\nended (reset by peer)\n");
    net_stack_tcp_close(&a->stack, id, lab->now);

    id = connect_to(a, 80);
    tcp_lab_run(lab, 300 * MS);
    net_stack_tcp_close(&b->stack, accepted_id, lab->now);
    tcp_lab_run(lab, 400 * MS);
    assert_log(a, "connected\nreadable end\n");
    net_stack_tcp_send(&a->stack, id, "late", 4, lab->now);
    tcp_lab_run(lab, 500 * MS);
    assert_log(a, "ended (reset by peer)\n");
    g_assert_cmpuint(b->stack.tcp.in_use, ==, 0);
}

/* Eight slots: the ninth SYN is dropped; a connection in TIME-WAIT makes room. */
static void test_table_full(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0], *b = &lab->hosts[1];
    NetTcpId ids[LAB_CONNECTIONS], other;

    net_stack_tcp_listen(&b->stack, 80, on_lazy, b);
    for (unsigned i = 0; i < LAB_CONNECTIONS; i++)
        ids[i] = connect_to(a, 80);
    g_assert_cmpint(net_stack_tcp_connect(&a->stack, b->address, 80, on_event, a, lab->now, &other),
                    ==, NET_STACK_NO_ROOM);
    tcp_lab_run(lab, 100 * MS);
    for (unsigned i = 0; i < LAB_CONNECTIONS; i++)
        g_assert_cmpint(state_of(a, ids[i]), ==, NET_TCP_ESTABLISHED);
    put_in(lab, 1,
           (NetTcp){.source_port = 99, .destination_port = 80, .flags = NET_TCP_SYN, .window = 9},
           "");
    g_assert_cmpuint(b->stack.tcp.counters.table_full, ==, 1);

    net_stack_tcp_close(&a->stack, ids[3], lab->now);
    tcp_lab_run(lab, 200 * MS);
    net_stack_tcp_close(&b->stack, accepted_id, lab->now);
    for (unsigned i = 0; i < LAB_CONNECTIONS; i++) { /* the one that sees the end */
        NetTcpConnection *c = &b->connections[i];
        if (c->state == NET_TCP_CLOSE_WAIT)
            net_stack_tcp_close(&b->stack, (uint32_t)c->generation << 16 | (i + 1), lab->now);
    }
    tcp_lab_run(lab, 300 * MS);
    unsigned waiting = 0;
    for (unsigned i = 0; i < LAB_CONNECTIONS; i++)
        waiting += a->connections[i].state == NET_TCP_TIME_WAIT;
    g_assert_cmpuint(waiting, ==, 1);
    other = connect_to(a, 80);
    g_assert_cmpint(state_of(a, other), ==, NET_TCP_SYN_SENT);
}

/* --- thousands of small ones --- */

#define MANY 3000

static void on_many(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    TcpHost *host = user;
    uint8_t bytes[64];
    int count = 0;

    if (event == NET_TCP_CONNECTED)
        net_stack_tcp_send(&host->stack, id, "?", 1, now);
    if (event == NET_TCP_READABLE) {
        while ((count = net_stack_tcp_receive(&host->stack, id, bytes, sizeof bytes, now)) > 0) {
            if (host->number == 1)
                net_stack_tcp_send(&host->stack, id, bytes, (size_t)count, now);
            else
                net_stack_tcp_shutdown(&host->stack, id, now);
        }
    }
    if (event == NET_TCP_ENDED || count == NET_STACK_END)
        net_stack_tcp_close(&host->stack, id, now);
}

/* Without buffers of the owner's: each asks, is answered, and closes. A lost frame in
 * twenty, so that thousands of timers run. */
static void test_many(void)
{
    static NetTcpConnection connections[2][MANY];
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0], *b = &lab->hosts[1];

    g_string_free(lab->wire, TRUE);
    lab->wire = NULL;
    net_stack_udp_send(&a->stack, 1, b->address, 1, "", 0, 0);
    tcp_lab_run(lab, 10 * MS);
    lab->loss = 5;
    memset(connections, 0, sizeof connections);
    for (unsigned i = 0; i < 2; i++)
        net_stack_tcp_init(&lab->hosts[i].stack, &(NetTcpMemory){connections[i], MANY});
    net_stack_tcp_listen(&b->stack, 80, on_many, b);
    for (unsigned i = 0; i < MANY; i++) {
        NetTcpId id;
        g_assert_cmpint(net_stack_tcp_connect(&a->stack, b->address, 80, on_many, a, lab->now, &id),
                        ==, 0);
    }
    g_assert_cmpuint(a->stack.tcp.in_use, ==, MANY);
    tcp_lab_run(lab, 60 * SECOND);
    uint64_t asked = 0, answered = 0;
    for (unsigned i = 0; i < MANY; i++) {
        asked += connections[0][i].bytes_out;
        answered += connections[0][i].bytes_in;
    }
    g_assert_cmpuint(asked, ==, MANY);
    g_assert_cmpuint(answered, ==, MANY);
    tcp_lab_run(lab, 400 * SECOND);
    g_assert_cmpuint(a->stack.tcp.in_use, ==, 0);
    g_assert_cmpuint(b->stack.tcp.in_use, ==, 0);
    g_assert_true(tcp_lab_next(lab) == NET_TIME_NEVER);
}

/* --- probes --- */

static void on_probed(void *user, const NetProbeResult *result)
{
    static const char *const names[NET_PROBE_OUTCOME_COUNT] = {
        "answered", "refused", "other answer", "timed out", "unreachable", "no route", "no arp",
    };
    TcpHost *host = user;

    g_string_append_printf(host->log, "%s, %u ms\n", names[result->outcome],
                           (unsigned)(result->rtt_ns / MS));
}

static void probe(TcpHost *host, uint16_t port, uint64_t nonce)
{
    NetTcpProbe probe = {.to = host->lab->hosts[1 - host->number].address,
                         .port = port,
                         .nonce = nonce,
                         .timeout_ns = SECOND,
                         .done = on_probed,
                         .user = host};

    g_assert_cmpint(net_stack_probe_tcp(&host->stack, &probe, host->lab->now), ==, 0);
}

/* Where nobody listens the stack itself answers, but only what it expects. ARP takes
 * 2 ms, then SYN, SYN-ACK, bytes, bytes: 4 ms. */
static void test_probe(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0], *b = &lab->hosts[1];

    net_stack_expect_probe(&b->stack, 22, 0xabc, SECOND);
    probe(a, 22, 0xabc);
    tcp_lab_run(lab, 100 * MS);
    assert_log(b, "probe abc\n");
    assert_log(a, "answered, 6 ms\n");
    /* The handshake's last ACK rides on the bytes. */
    assert_wire(lab, "0 [SYN] 0\n1 [SYN, ACK] 0\n0 [PSH, ACK] 16\n1 [PSH, ACK] 16\n"
                     "0 [FIN, ACK] 0\n1 [FIN, ACK] 0\n0 [ACK] 0\n");
    g_assert_cmpuint(b->stack.tcp.in_use, ==, 0);

    probe(a, 22, 0xabc); /* used up */
    tcp_lab_run(lab, 200 * MS);
    assert_log(a, "refused, 0 ms\n");
    net_stack_expect_probe(&b->stack, 22, 0xabc, 2 * SECOND);
    probe(a, 22, 0xdef); /* another nonce */
    tcp_lab_run(lab, 300 * MS);
    assert_log(a, "refused, 0 ms\n");
    assert_log(b, "");
    lab->cut = true;
    probe(a, 22, 0xabc);
    tcp_lab_run(lab, 3 * SECOND);
    assert_log(a, "timed out, 0 ms\n");
    g_assert_cmpuint(a->stack.tcp.in_use, ==, 1); /* the first one's TIME-WAIT */
}

/* Where a program listens it does not hear of probes, and hears late of others. */
static void test_probe_with_listener(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0], *b = &lab->hosts[1];

    net_stack_tcp_listen(&b->stack, 80, on_server, b);
    net_stack_expect_probe(&b->stack, 80, 5, 2 * SECOND);
    NetTcpId id = connect_to(a, 80), silent = connect_to(a, 80);
    probe(a, 80, 5);
    tcp_lab_run(lab, SECOND);
    assert_log(b, "probe 5\n");
    /* One that speaks is known at once not to be a probe, a silent one in the end.
     * With the probe gone nothing is expected any more. */
    net_stack_tcp_send(&a->stack, id, "GET", 3, lab->now);
    tcp_lab_run(lab, SECOND + 100 * MS);
    assert_log(b, "accepted\nreadable \"GET\"\n");
    tcp_lab_run(lab, 3 * SECOND);
    assert_log(b, "accepted\n");
    g_assert_cmpint(state_of(a, silent), ==, NET_TCP_ESTABLISHED);
    assert_log(a, "connected\nconnected\nanswered, 6 ms\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcp/conversation", test_conversation);
    g_test_add_func("/tcp/no-connection", test_no_connection);
    g_test_add_func("/tcp/simultaneous", test_simultaneous_open);
    g_test_add_func("/tcp/duplicate-syn", test_duplicate_syn);
    g_test_add_func("/tcp/zero-window", test_zero_window);
    g_test_add_func("/tcp/close-unread", test_close_unread);
    g_test_add_func("/tcp/table-full", test_table_full);
    g_test_add_func("/tcp/many", test_many);
    g_test_add_func("/tcp/probe", test_probe);
    g_test_add_func("/tcp/probe-with-listener", test_probe_with_listener);
    return g_test_run();
}
