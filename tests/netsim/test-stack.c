/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-stack.c: stacks wired back to back, on virtual time.
 *
 * A Lab is a cable of 1 ms that joins up to three hosts: a frame that one sends
 * reaches the others one millisecond later. run() moves time to the next thing
 * that is due, as the engine does.
 */
#include <glib.h>
#include <string.h>

#include "netsim/proto/dissect.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/stack.h"
#include "netsim/proto/wire.h"

#define MS        NET_NS_PER_MS
#define CABLE_NS  MS
#define MAX_HOSTS 3

typedef struct Lab Lab;

typedef struct {
    Lab *lab;
    unsigned number;
    NetStack stack;
    GString *log; /* what its callbacks were told */
} Host;

typedef struct {
    NetTime arrives;
    unsigned from, nic;
    GBytes *bytes;
} Flight;

struct Lab {
    NetTime now;
    Host hosts[MAX_HOSTS];
    unsigned host_count;
    GQueue flights; /* of Flight */
    GString *wire;  /* "0: Who has ..." one line per frame sent */
    bool cut;       /* the cable is unplugged */
};

static void on_send(void *user, unsigned nic, const uint8_t *bytes, size_t length)
{
    Host *host = user;
    NetDissection *d = g_new(NetDissection, 1);

    net_dissect(bytes, length, d);
    g_assert_false(d->malformed);
    g_assert_false(d->bad_checksum);
    g_string_append_printf(host->lab->wire, "%u: %s\n", host->number, d->info);
    g_free(d);
    if (host->lab->cut)
        return;
    Flight *flight = g_new(Flight, 1);
    *flight = (Flight){host->lab->now + CABLE_NS, host->number, nic, g_bytes_new(bytes, length)};
    g_queue_push_tail(&host->lab->flights, flight);
}

static void on_probe(void *user, NetProbeKind kind, uint64_t nonce, NetIp4 from)
{
    Host *host = user;

    g_string_append_printf(host->log, "probe %s %" G_GINT64_MODIFIER "x from %08x\n",
                           kind == NET_PROBE_ICMP ? "icmp" : "udp", nonce, from);
}

static const NetStackOps host_ops = {.send = on_send, .probe_seen = on_probe};

static NetMac mac_of(unsigned host, unsigned nic)
{
    return (NetMac){{2, 0, 0, 0, (uint8_t)nic, (uint8_t)(host + 1)}};
}

static Lab *lab_new(unsigned host_count)
{
    Lab *lab = g_new0(Lab, 1);

    lab->host_count = host_count;
    lab->wire = g_string_new("");
    for (unsigned i = 0; i < host_count; i++) {
        Host *host = &lab->hosts[i];
        host->lab = lab;
        host->number = i;
        host->log = g_string_new("");
        net_stack_init(&host->stack, &host_ops, host, i);
        NetStackNic nic = {.mac = mac_of(i, 0), .address = NET_IP4(10, 0, 0, i + 1), .prefix = 24};
        g_assert_cmpint(net_stack_add_nic(&host->stack, &nic), ==, 0);
    }
    return lab;
}

static void lab_free(Lab *lab)
{
    Flight *flight;

    while ((flight = g_queue_pop_head(&lab->flights)) != NULL) {
        g_bytes_unref(flight->bytes);
        g_free(flight);
    }
    for (unsigned i = 0; i < lab->host_count; i++)
        g_string_free(lab->hosts[i].log, TRUE);
    g_string_free(lab->wire, TRUE);
    g_free(lab);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lab, lab_free)

static void arrive(Lab *lab, Flight *flight)
{
    for (unsigned i = 0; i < lab->host_count; i++) {
        gsize length;
        const uint8_t *bytes = g_bytes_get_data(flight->bytes, &length);
        if (i != flight->from)
            net_stack_input(&lab->hosts[i].stack, flight->nic, bytes, length, lab->now);
    }
    g_bytes_unref(flight->bytes);
    g_free(flight);
}

/* Lets everything due up to a time happen. */
static void run(Lab *lab, NetTime until)
{
    for (unsigned steps = 0; steps < 100000; steps++) {
        Flight *flight = g_queue_peek_head(&lab->flights);
        NetTime next = flight != NULL ? flight->arrives : NET_TIME_NEVER;
        for (unsigned i = 0; i < lab->host_count; i++)
            next = MIN(next, net_stack_deadline(&lab->hosts[i].stack));
        if (next > until) {
            lab->now = until;
            return;
        }
        lab->now = MAX(lab->now, next);
        if (flight != NULL && flight->arrives <= lab->now)
            arrive(lab, g_queue_pop_head(&lab->flights));
        for (unsigned i = 0; i < lab->host_count; i++)
            net_stack_advance(&lab->hosts[i].stack, lab->now);
    }
    g_assert_not_reached();
}

static void on_echo(void *user, const NetEchoResult *result)
{
    static const char *const names[] = {"reply", "timeout", "unreachable", "exceeded"};
    Host *host = user;

    g_string_append_printf(host->log, "%s to %08x from %08x id %u seq %u ttl %u code %u rtt %u us",
                           names[result->outcome], result->to, result->from, result->id,
                           result->sequence, result->ttl, result->code,
                           (unsigned)(result->rtt_ns / 1000));
    g_string_append_printf(host->log, " \"%.*s\"\n", (int)result->payload_bytes,
                           (const char *)result->payload);
}

static int ping(Host *host, NetIp4 to, uint16_t sequence, NetTime timeout_ns)
{
    NetPing request = {
        .to = to,
        .id = 7,
        .sequence = sequence,
        .payload = "abc",
        .payload_bytes = 3,
        .timeout_ns = timeout_ns,
        .done = on_echo,
        .user = host,
    };
    return net_stack_ping(&host->stack, &request, host->lab->now);
}

/* ARP there and back, echo there and back: 4 cables of 1 ms. Then without ARP, 2. */
static void test_ping(void)
{
    g_autoptr(Lab) lab = lab_new(3);
    Host *a = &lab->hosts[0];

    g_assert_cmpint(ping(a, NET_IP4(10, 0, 0, 2), 1, 500 * MS), ==, 0);
    g_assert_cmpstr(a->log->str, ==, "");
    run(lab, 100 * MS);
    g_assert_cmpint(ping(a, NET_IP4(10, 0, 0, 2), 2, 500 * MS), ==, 0);
    run(lab, 2000 * MS);
    g_assert_cmpstr(lab->wire->str, ==,
                    "0: Who has 10.0.0.2? Tell 10.0.0.1\n"
                    "1: 10.0.0.2 is at 02:00:00:00:00:02\n"
                    "0: Echo (ping) request id=0x0007 seq=1 ttl=64\n"
                    "1: Echo (ping) reply id=0x0007 seq=1 ttl=64\n"
                    "0: Echo (ping) request id=0x0007 seq=2 ttl=64\n"
                    "1: Echo (ping) reply id=0x0007 seq=2 ttl=64\n");
    g_assert_cmpstr(a->log->str, ==,
                    "reply to 0a000002 from 0a000002 id 7 seq 1 ttl 64 code 0 rtt 4000 us \"abc\"\n"
                    "reply to 0a000002 from 0a000002 id 7 seq 2 ttl 64 code 0 rtt 2000 us "
                    "\"abc\"\n");
    g_assert_true(net_stack_deadline(&a->stack) == NET_TIME_NEVER);
    /* c saw the broadcast only: unicast frames were not for it. */
    g_assert_cmpuint(lab->hosts[2].stack.counters.frames_in, ==, 6);
    g_assert_cmpuint(lab->hosts[2].stack.counters.not_for_us, ==, 5);
}

/* Three requests a second apart, then all that was held is refused. */
static void test_arp_fails(void)
{
    g_autoptr(Lab) lab = lab_new(2);
    Host *a = &lab->hosts[0];

    ping(a, NET_IP4(10, 0, 0, 9), 1, 60 * NET_NS_PER_SECOND);
    ping(a, NET_IP4(10, 0, 0, 9), 2, 60 * NET_NS_PER_SECOND);
    run(lab, 2999 * MS);
    g_assert_cmpstr(a->log->str, ==, "");
    run(lab, 3000 * MS);
    g_assert_cmpstr(lab->wire->str, ==,
                    "0: Who has 10.0.0.9? Tell 10.0.0.1\n"
                    "0: Who has 10.0.0.9? Tell 10.0.0.1\n"
                    "0: Who has 10.0.0.9? Tell 10.0.0.1\n");
    g_assert_cmpstr(
        a->log->str, ==,
        "unreachable to 0a000009 from 00000000 id 7 seq 1 ttl 0 code 1 rtt 3000000 us \"\"\n"
        "unreachable to 0a000009 from 00000000 id 7 seq 2 ttl 0 code 1 rtt 3000000 us \"\"\n");
    g_assert_cmpuint(a->stack.held_count, ==, 0);
    g_assert_cmpuint(a->stack.held_used, ==, 0);
    g_assert_true(net_stack_deadline(&a->stack) == NET_TIME_NEVER);
}

static void test_timeout(void)
{
    g_autoptr(Lab) lab = lab_new(2);
    Host *a = &lab->hosts[0];

    ping(a, NET_IP4(10, 0, 0, 2), 1, 100 * MS);
    run(lab, 50 * MS);
    lab->cut = true;
    ping(a, NET_IP4(10, 0, 0, 2), 2, 100 * MS);
    g_assert_cmpuint(net_stack_deadline(&a->stack), ==, 150 * MS);
    run(lab, 149 * MS);
    g_assert_null(strstr(a->log->str, "timeout"));
    run(lab, 150 * MS);
    g_assert_nonnull(strstr(a->log->str, "timeout to 0a000002 from 00000000 id 7 seq 2 ttl 0 code "
                                         "0 rtt 100000 us"));
}

static void on_repeat(void *user, const NetEchoResult *result)
{
    Host *host = user;

    g_string_append(host->log, result->outcome == NET_ECHO_UNREACHABLE ? "u" : "?");
    if (host->log->len < 3) {
        NetPing again = {.to = result->to,
                         .timeout_ns = 60 * NET_NS_PER_SECOND,
                         .done = on_repeat,
                         .user = host};
        net_stack_ping(&host->stack, &again, host->lab->now);
    }
}

/* A callback may ping the same address again: that asks by ARP anew. */
static void test_ping_from_callback(void)
{
    g_autoptr(Lab) lab = lab_new(1);
    Host *a = &lab->hosts[0];
    NetPing first = {.to = NET_IP4(10, 0, 0, 9),
                     .timeout_ns = 60 * NET_NS_PER_SECOND,
                     .done = on_repeat,
                     .user = a};

    net_stack_ping(&a->stack, &first, 0);
    run(lab, 8999 * MS);
    g_assert_cmpstr(a->log->str, ==, "uu");
    run(lab, 9000 * MS);
    g_assert_cmpstr(a->log->str, ==, "uuu");
    g_assert_true(net_stack_deadline(&a->stack) == NET_TIME_NEVER);
}

static void test_routes(void)
{
    g_autoptr(Lab) lab = lab_new(1);
    NetStack *stack = &lab->hosts[0].stack;
    NetStackNic second = {.mac = mac_of(0, 1),
                          .address = NET_IP4(10, 1, 0, 5),
                          .prefix = 16,
                          .gateway = NET_IP4(10, 1, 0, 1)};

    g_assert_cmpint(ping(&lab->hosts[0], NET_IP4(192, 168, 1, 1), 1, MS), ==, NET_STACK_NO_ROUTE);
    g_assert_cmpint(net_stack_add_nic(stack, &second), ==, 1);
    g_assert_cmphex(net_stack_source(stack, NET_IP4(10, 0, 0, 77)), ==, NET_IP4(10, 0, 0, 1));
    g_assert_cmphex(net_stack_source(stack, NET_IP4(10, 1, 9, 9)), ==, NET_IP4(10, 1, 0, 5));
    g_assert_cmphex(net_stack_source(stack, NET_IP4(192, 168, 1, 1)), ==, NET_IP4(10, 1, 0, 5));
    g_assert_cmphex(net_stack_source(stack, NET_IP4(10, 1, 0, 5)), ==, NET_IP4(10, 1, 0, 5));

    /* Through a gateway it is the gateway that is asked for. */
    g_assert_cmpint(ping(&lab->hosts[0], NET_IP4(192, 168, 1, 1), 1, MS), ==, 0);
    g_assert_cmpint(
        net_stack_add_route(stack, NET_IP4(192, 168, 1, 0), 24, NET_IP4(10, 0, 0, 3), 0), ==, 0);
    g_assert_cmpint(ping(&lab->hosts[0], NET_IP4(192, 168, 1, 1), 2, MS), ==, 0);
    g_assert_cmpstr(lab->wire->str, ==,
                    "0: Who has 10.1.0.1? Tell 10.1.0.5\n"
                    "0: Who has 10.0.0.3? Tell 10.0.0.1\n");
    g_assert_cmpint(net_stack_add_route(stack, 0, 33, 0, 0), ==, NET_STACK_BAD);
    g_assert_cmpint(net_stack_add_route(stack, 0, 0, 0, 2), ==, NET_STACK_BAD);
}

static void on_datagram(void *user, const NetDatagram *d)
{
    Host *host = user;

    g_string_append_printf(host->log, "udp %08x:%u to %08x:%u \"%.*s\"\n", d->from, d->from_port,
                           d->to, d->to_port, (int)d->length, (const char *)d->bytes);
    if (d->to_port == 7)
        net_stack_udp_send(&host->stack, 7, d->from, d->from_port, d->bytes, d->length, d->now);
}

static void on_refused(void *user, NetIp4 to, uint16_t to_port, const NetRefusal *refusal)
{
    Host *host = user;

    g_string_append_printf(host->log, "refused %08x:%u code %u\n", to, to_port, refusal->code);
}

static const NetUdpOps logger = {.receive = on_datagram, .unreachable = on_refused};

static void test_udp(void)
{
    g_autoptr(Lab) lab = lab_new(2);
    Host *a = &lab->hosts[0], *b = &lab->hosts[1];
    NetIp4 to = NET_IP4(10, 0, 0, 2);

    g_assert_cmpint(net_stack_udp_bind(&b->stack, 7, &logger, b), ==, 7);
    g_assert_cmpint(net_stack_udp_bind(&b->stack, 7, &logger, b), ==, NET_STACK_IN_USE);
    int port = net_stack_udp_bind(&a->stack, 0, &logger, a);
    g_assert_cmpint(port, >=, NET_STACK_FIRST_PORT);
    g_assert_cmpint(net_stack_udp_send(&a->stack, (uint16_t)port, to, 7, "hello", 5, lab->now), ==,
                    0);
    run(lab, 50 * MS);
    g_autofree char *expected = g_strdup_printf("udp 0a000002:7 to 0a000001:%d \"hello\"\n", port);
    g_assert_cmpstr(a->log->str, ==, expected);

    /* Nobody listens on 8: ICMP port unreachable (code 3) comes back. */
    g_string_truncate(a->log, 0);
    net_stack_udp_send(&a->stack, (uint16_t)port, to, 8, "x", 1, lab->now);
    run(lab, 100 * MS);
    g_assert_cmpstr(a->log->str, ==, "refused 0a000002:8 code 3\n");
    g_assert_nonnull(strstr(lab->wire->str, "1: Destination unreachable (Port unreachable)\n"));
    g_assert_cmpuint(b->stack.counters.no_socket, ==, 1);

    /* Nobody answers ARP: host unreachable (code 1), from ourselves. */
    g_string_truncate(a->log, 0);
    net_stack_udp_send(&a->stack, (uint16_t)port, NET_IP4(10, 0, 0, 9), 8, "x", 1, lab->now);
    run(lab, 5000 * MS);
    g_assert_cmpstr(a->log->str, ==, "refused 0a000009:8 code 1\n");

    net_stack_udp_close(&b->stack, 7);
    g_string_truncate(a->log, 0);
    net_stack_udp_send(&a->stack, (uint16_t)port, to, 7, "", 0, lab->now);
    run(lab, 5100 * MS);
    g_assert_cmpstr(a->log->str, ==, "refused 0a000002:7 code 3\n");
}

/* Broadcasts reach every socket, are answered by no error, and pass by echo. */
static void test_broadcast(void)
{
    g_autoptr(Lab) lab = lab_new(3);
    Host *a = &lab->hosts[0];

    net_stack_udp_bind(&lab->hosts[1].stack, 9, &logger, &lab->hosts[1]);
    net_stack_udp_send(&a->stack, 1, NET_IP4_BROADCAST, 9, "1", 1, 0);
    net_stack_udp_send(&a->stack, 1, NET_IP4(10, 0, 0, 255), 9, "2", 1, 0);
    ping(a, NET_IP4(10, 0, 0, 255), 1, MS);
    run(lab, 10 * MS);
    g_assert_cmpstr(lab->hosts[1].log->str, ==,
                    "udp 0a000001:1 to ffffffff:9 \"1\"\n"
                    "udp 0a000001:1 to 0a0000ff:9 \"2\"\n");
    g_assert_null(strstr(lab->wire->str, "1:"));
    g_assert_null(strstr(lab->wire->str, "2:"));
}

static void test_limits(void)
{
    g_autoptr(Lab) lab = lab_new(1);
    Host *a = &lab->hosts[0];
    static const uint8_t long_payload[8973];
    NetPing big = {.to = NET_IP4(10, 0, 0, 2), .payload = long_payload, .payload_bytes = 8973};

    /* 9000 - 20 - 8 = 8972; in one piece 1500 - 20 - 8 = 1472. */
    g_assert_cmpint(net_stack_ping(&a->stack, &big, 0), ==, NET_STACK_TOO_LONG);
    g_assert_cmpint(net_stack_udp_send(&a->stack, 1, big.to, 2, long_payload, 8973, 0), ==,
                    NET_STACK_TOO_LONG);
    big.payload_bytes = 1473;
    big.dont_fragment = true;
    g_assert_cmpint(net_stack_ping(&a->stack, &big, 0), ==, NET_STACK_TOO_LONG);
    big.payload_bytes = 1472;
    /* 12288 bytes hold 8 frames of 1514. */
    for (unsigned i = 0; i < 8; i++)
        g_assert_cmpint(net_stack_udp_send(&a->stack, 1, big.to, 2, long_payload, 1472, 0), ==, 0);
    g_assert_cmpint(net_stack_udp_send(&a->stack, 1, big.to, 2, long_payload, 1472, 0), ==,
                    NET_STACK_NO_ROOM);
    g_assert_cmpuint(a->stack.counters.held_full, ==, 1);

    /* One set of the cache has 8 ways; all are waiting. */
    for (unsigned i = 1; i < 8; i++)
        net_stack_udp_send(&a->stack, 1, NET_IP4(10, 0, 0, 2 + 8 * i), 2, "", 0, 0);
    g_assert_cmpint(net_stack_udp_send(&a->stack, 1, NET_IP4(10, 0, 0, 66), 2, "", 0, 0), ==,
                    NET_STACK_NO_ROOM);
    run(lab, 10 * NET_NS_PER_SECOND);
    for (unsigned i = 0; i < NET_STACK_MAX_ECHOES; i++)
        g_assert_cmpint(ping(a, NET_IP4(127, 0, 0, 1), (uint16_t)i, NET_NS_PER_SECOND), ==, 0);
    g_assert_cmpint(ping(a, NET_IP4(127, 0, 0, 1), 99, MS), ==, NET_STACK_NO_ROOM);
}

/* To oneself: nothing on the wire; 1 us there and 1 us back. */
static void test_loopback(void)
{
    g_autoptr(Lab) lab = lab_new(2);
    Host *a = &lab->hosts[0];

    ping(a, NET_IP4(10, 0, 0, 1), 1, 100 * MS);
    ping(a, NET_IP4(127, 0, 0, 1), 2, 100 * MS);
    run(lab, MS);
    g_assert_cmpstr(a->log->str, ==,
                    "reply to 0a000001 from 0a000001 id 7 seq 1 ttl 64 code 0 rtt 2 us \"abc\"\n"
                    "reply to 7f000001 from 7f000001 id 7 seq 2 ttl 64 code 0 rtt 2 us \"abc\"\n");
    g_assert_cmpstr(lab->wire->str, ==, "");
}

static void test_probes(void)
{
    g_autoptr(Lab) lab = lab_new(2);
    Host *a = &lab->hosts[0], *b = &lab->hosts[1];
    static const NetUdpOps prober = {.receive = on_datagram, .takes_probe_answers = true};
    uint8_t probe[NET_PROBE_BYTES];
    NetPing request = {.to = NET_IP4(10, 0, 0, 2),
                       .payload = probe,
                       .payload_bytes = sizeof probe,
                       .timeout_ns = MS * 100};

    net_probe_write(probe, UINT64_C(0x0123456789abcdef));
    g_assert_cmpmem(probe, 16, "hvprobe1\x01\x23\x45\x67\x89\xab\xcd\xef", 16);
    net_stack_ping(&a->stack, &request, 0);
    net_stack_udp_bind(&a->stack, 5000, &prober, a);
    net_stack_udp_bind(&b->stack, 7, &logger, b);
    net_stack_udp_send(&a->stack, 5000, request.to, 7, probe, sizeof probe, 0);
    net_stack_udp_send(&a->stack, 5000, request.to, 8, probe, 15, 0); /* cut off: no probe */
    run(lab, 100 * MS);
    g_assert_nonnull(strstr(b->log->str, "probe icmp 123456789abcdef from 0a000001\n"));
    g_assert_nonnull(strstr(b->log->str, "probe udp 123456789abcdef from 0a000001\n"));
    g_assert_null(strstr(a->log->str, "probe udp")); /* the answer is not reported */
    g_assert_nonnull(strstr(a->log->str, "udp 0a000002:7 to 0a000001:5000"));
}

/* --- frames put in by hand --- */

typedef struct {
    uint8_t bytes[128];
    size_t length;
} Raw;

/* An IPv4 packet for host 0, with a right header checksum. */
static Raw raw_ip(NetIp4 source, NetIp4 destination, uint8_t protocol, size_t payload)
{
    Raw raw = {.length = 34 + payload};
    NetEthernet ethernet = {
        .destination = mac_of(0, 0), .source = mac_of(1, 0), .type = NET_TYPE_IPV4};
    NetIpv4 ip = {.total_bytes = (uint16_t)(20 + payload),
                  .ttl = 9,
                  .protocol = protocol,
                  .source = source,
                  .destination = destination};

    net_ethernet_write(raw.bytes, &ethernet);
    net_ipv4_write(raw.bytes + 14, &ip);
    net_ipv4_seal(raw.bytes + 14);
    return raw;
}

static void put_in(Lab *lab, const Raw *raw)
{
    net_stack_input(&lab->hosts[0].stack, 0, raw->bytes, raw->length, lab->now);
}

static void test_refusals(void)
{
    g_autoptr(Lab) lab = lab_new(1);
    NetStackCounters *counters = &lab->hosts[0].stack.counters;
    NetIp4 us = NET_IP4(10, 0, 0, 1), them = NET_IP4(10, 0, 0, 2);
    Raw raw = raw_ip(them, us, NET_PROTOCOL_UDP, 8);

    raw.bytes[14 + 10] ^= 1;
    put_in(lab, &raw);
    g_assert_cmpuint(counters->bad_checksum, ==, 1);

    raw = raw_ip(them, NET_IP4(10, 0, 0, 3), NET_PROTOCOL_UDP, 8);
    put_in(lab, &raw);
    g_assert_cmpuint(counters->not_for_us, ==, 1);
    raw = raw_ip(NET_IP4(10, 0, 0, 255), us, NET_PROTOCOL_UDP, 8); /* from a broadcast address */
    put_in(lab, &raw);
    g_assert_cmpuint(counters->not_for_us, ==, 2);
    raw = raw_ip(us, us, NET_PROTOCOL_ICMP, 8); /* from ourselves, on the wire */
    put_in(lab, &raw);
    g_assert_cmpuint(counters->not_for_us, ==, 3);
    raw = raw_ip(them, us, NET_PROTOCOL_UDP, 8); /* a unicast packet in a broadcast frame */
    memset(raw.bytes, 0xff, 6);
    put_in(lab, &raw);
    g_assert_cmpuint(counters->not_for_us, ==, 4);
    raw = raw_ip(NET_IP4(127, 0, 0, 1), us, NET_PROTOCOL_UDP, 8);
    put_in(lab, &raw);
    g_assert_cmpuint(counters->not_for_us, ==, 5);

    raw = raw_ip(them, us, NET_PROTOCOL_UDP, 8);
    raw.bytes[14 + 6] = 0x20; /* more fragments */
    net_ipv4_seal(raw.bytes + 14);
    put_in(lab, &raw);
    g_assert_cmpuint(counters->fragments, ==, 1);

    raw = raw_ip(them, us, NET_PROTOCOL_UDP, 7); /* shorter than a UDP header */
    put_in(lab, &raw);
    raw.length = 13;
    put_in(lab, &raw);
    g_assert_cmpuint(counters->malformed, ==, 2);
    g_assert_cmpstr(lab->wire->str, ==, "");

    /* A protocol that nobody speaks here: the sender is told, after ARP. */
    raw = raw_ip(them, us, NET_PROTOCOL_TCP, 20);
    put_in(lab, &raw);
    g_assert_cmpuint(counters->unknown_protocol, ==, 1);
    g_assert_cmpstr(lab->wire->str, ==, "0: Who has 10.0.0.2? Tell 10.0.0.1\n");
}

/* A router says that the TTL was used up: it quotes our request. */
static void test_time_exceeded(void)
{
    g_autoptr(Lab) lab = lab_new(1);
    Host *a = &lab->hosts[0];
    NetIp4 router = NET_IP4(10, 0, 0, 254), far = NET_IP4(8, 8, 8, 8);

    net_stack_add_route(&a->stack, 0, 0, router, 0);
    ping(a, far, 5, NET_NS_PER_SECOND);
    Raw raw = raw_ip(router, NET_IP4(10, 0, 0, 1), NET_PROTOCOL_ICMP, 8 + 28);
    Raw quoted = raw_ip(NET_IP4(10, 0, 0, 1), far, NET_PROTOCOL_ICMP, 8);
    net_icmp_write(quoted.bytes + 34, &(NetIcmp){.type = 8, .id = 7, .sequence = 5});
    net_icmp_write(raw.bytes + 34, &(NetIcmp){.type = NET_ICMP_TIME_EXCEEDED});
    memcpy(raw.bytes + 42, quoted.bytes + 14, 28);
    net_icmp_seal(raw.bytes + 34, 36);
    put_in(lab, &raw);
    g_assert_cmpstr(a->log->str, ==,
                    "exceeded to 08080808 from 0a0000fe id 7 seq 5 ttl 0 code 0 rtt 0 us \"\"\n");
}

static void put_in_arp(Lab *lab, uint16_t operation, NetMac sender, NetIp4 sender_ip,
                       NetIp4 target_ip)
{
    Raw raw = {.length = 42};
    NetEthernet ethernet = {.destination = mac_of(0, 0), .source = sender, .type = NET_TYPE_ARP};
    NetArp arp = {.operation = operation,
                  .sender_mac = sender,
                  .sender_ip = sender_ip,
                  .target_ip = target_ip};

    net_ethernet_write(raw.bytes, &ethernet);
    net_arp_write(raw.bytes + 14, &arp);
    put_in(lab, &raw);
}

static const NetArpEntry *cached(Lab *lab, NetIp4 address)
{
    for (unsigned i = 0; i < NET_ARP_WAYS; i++) {
        const NetArpEntry *entry = &lab->hosts[0].stack.arp[address % NET_ARP_SETS][i];
        if (entry->address == address && entry->state != NET_ARP_FREE)
            return entry;
    }
    return NULL;
}

/* RFC 826: unknown senders are kept only when we are the target, known ones are
 * always refreshed. */
static void test_arp_learns(void)
{
    g_autoptr(Lab) lab = lab_new(1);
    NetIp4 us = NET_IP4(10, 0, 0, 1), them = NET_IP4(10, 0, 0, 2), other = NET_IP4(10, 0, 0, 3);

    put_in_arp(lab, NET_ARP_REQUEST, mac_of(1, 0), them, other);
    g_assert_null(cached(lab, them));
    put_in_arp(lab, NET_ARP_REQUEST, mac_of(1, 0), them, us);
    g_assert_nonnull(cached(lab, them));
    g_assert_cmpstr(lab->wire->str, ==, "0: 10.0.0.1 is at 02:00:00:00:00:01\n");
    put_in_arp(lab, NET_ARP_REPLY, mac_of(2, 0), them, other); /* it has a new card */
    g_assert_cmpmem(cached(lab, them)->mac.byte, 6, mac_of(2, 0).byte, 6);
    put_in_arp(lab, NET_ARP_REQUEST, mac_of(2, 0), us, us);
    g_assert_cmpuint(lab->hosts[0].stack.counters.address_conflicts, ==, 1);
    g_assert_null(cached(lab, us));
}

/* An entry older than 60 s is used on, while its owner is asked; when that does not
 * answer three times it goes. */
static void test_arp_probe(void)
{
    g_autoptr(Lab) lab = lab_new(2);
    Host *a = &lab->hosts[0];
    NetIp4 them = NET_IP4(10, 0, 0, 2);

    ping(a, them, 1, 100 * MS);
    run(lab, 61 * NET_NS_PER_SECOND);
    g_string_truncate(lab->wire, 0);
    ping(a, them, 2, 100 * MS);
    g_assert_cmpstr(lab->wire->str, ==,
                    "0: Who has 10.0.0.2? Tell 10.0.0.1\n"
                    "0: Echo (ping) request id=0x0007 seq=2 ttl=64\n");
    run(lab, 62 * NET_NS_PER_SECOND);
    g_assert_cmpint(cached(lab, them)->state, ==, NET_ARP_REACHABLE);
    g_assert_cmpuint(cached(lab, them)->confirmed, >, 61 * NET_NS_PER_SECOND);

    lab->cut = true;
    run(lab, 130 * NET_NS_PER_SECOND);
    ping(a, them, 3, 100 * MS);
    g_assert_cmpint(cached(lab, them)->state, ==, NET_ARP_PROBE);
    run(lab, 133 * NET_NS_PER_SECOND - 1);
    g_assert_nonnull(cached(lab, them));
    run(lab, 133 * NET_NS_PER_SECOND);
    g_assert_null(cached(lab, them));
}

/* Equal calls, equal frames; and 1,000 pings leave nothing behind. */
static void test_determinism(void)
{
    char *wires[2];

    for (unsigned round = 0; round < 2; round++) {
        g_autoptr(Lab) lab = lab_new(3);
        for (unsigned i = 0; i < 1000; i++) {
            ping(&lab->hosts[i % 3], NET_IP4(10, 0, 0, 1 + i % 4), (uint16_t)i, 5 * MS);
            run(lab, lab->now + 3 * MS);
        }
        run(lab, lab->now + 10 * NET_NS_PER_SECOND);
        for (unsigned i = 0; i < 3; i++) {
            g_assert_cmpuint(lab->hosts[i].stack.held_count, ==, 0);
            g_assert_cmpuint(lab->hosts[i].stack.arp_waiting, ==, 0);
            g_assert_true(net_stack_deadline(&lab->hosts[i].stack) == NET_TIME_NEVER);
        }
        wires[round] = g_strconcat(lab->wire->str, lab->hosts[0].log->str, NULL);
    }
    g_assert_cmpstr(wires[0], ==, wires[1]);
    g_assert_cmpuint(strlen(wires[0]), >, 40000);
    g_free(wires[0]);
    g_free(wires[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stack/ping", test_ping);
    g_test_add_func("/stack/timeout", test_timeout);
    g_test_add_func("/stack/ping-from-callback", test_ping_from_callback);
    g_test_add_func("/stack/arp/fails", test_arp_fails);
    g_test_add_func("/stack/arp/learns", test_arp_learns);
    g_test_add_func("/stack/arp/probe", test_arp_probe);
    g_test_add_func("/stack/routes", test_routes);
    g_test_add_func("/stack/udp", test_udp);
    g_test_add_func("/stack/broadcast", test_broadcast);
    g_test_add_func("/stack/limits", test_limits);
    g_test_add_func("/stack/loopback", test_loopback);
    g_test_add_func("/stack/probes", test_probes);
    g_test_add_func("/stack/refusals", test_refusals);
    g_test_add_func("/stack/time-exceeded", test_time_exceeded);
    g_test_add_func("/stack/determinism", test_determinism);
    return g_test_run();
}
