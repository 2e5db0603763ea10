/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-endpoint.c: machines that are no VMs: three of them on one switch, what they
 * answer, what they refuse, and what their probes report. */
#include "netsim/endpoint.h"

#include <string.h>

#include "netsim/proto/headers.h"

typedef struct {
    NetWorld *world;
    uint64_t frame_ids;
    NetPart *parts[3]; /* 10.0.0.1, .2, .3; .2 offers all services, .3 none */
    GString *log;
} Lan;

/* --- what is reported --- */

static void nic(void *user, NetTime at, NetPortId port, NetEndpointKind kind, uint32_t number,
                const char *name, const NetStackNic *nic)
{
    g_string_append_printf(((Lan *)user)->log, "nic %s %d %u\n", name, kind, number);
}

static void seen(void *user, NetTime at, NetEndpointKind kind, uint32_t number, NetProbeKind how,
                 uint64_t nonce, NetIp4 from)
{
    g_string_append_printf(((Lan *)user)->log, "seen by %u: %d %" G_GUINT64_FORMAT " from .%u\n",
                           number, how, nonce, from & 255);
}

static void over(void *user, NetTime at, NetEndpointKind kind, uint32_t number, uint32_t id,
                 const NetProbeResult *result)
{
    static const char *const names[NET_PROBE_OUTCOME_COUNT] = {
        "answered", "reset", "other answer", "timeout", "icmp", "no route", "no arp", "not sent",
    };
    bool answered = result->outcome == NET_PROBE_ANSWERED;
    GString *log = ((Lan *)user)->log;

    g_string_append_printf(log, "over %u of %u: %s", id, number, names[result->outcome]);
    if (result->outcome == NET_PROBE_UNREACHABLE)
        g_string_append_printf(log, " %u/%u", result->icmp_type, result->icmp_code);
    if (result->by != 0)
        g_string_append_printf(log, " by .%u", result->by & 255);
    g_string_append(log, (result->rtt_ns > 0) == answered ? "\n" : " rtt?\n");
}

static void dropped(void *user, NetTime at, NetPortId in, uint64_t frame, NetDropReason why)
{
    g_string_append_printf(((Lan *)user)->log, "drop %s\n", net_drop_reason_name(why));
}

/* --- the LAN --- */

static void lan_add(Lan *lan, NetNetworkId network, unsigned i)
{
    static const char *const names[] = {"lan:a", "lan:b", "lan:c"};
    const NetName known = {"www", NET_IP4(10, 0, 0, 9)};
    const NetEndpointConfig config = {
        .kind = NET_ENDPOINT_LAN,
        .number = i,
        .name = names[i],
        .services = i == 1 ? NET_SERVICE_ECHO | NET_SERVICE_HTTP | NET_SERVICE_DNS : 0,
        .names = &known,
        .name_count = 1,
        .seed = i,
    };
    const NetStackNic nic = {
        .mac = {{2, 0, 0, 0, 0, (uint8_t)(i + 1)}},
        .address = NET_IP4(10, 0, 0, i + 1),
        .prefix = 24,
        .gateway = i == 0 ? NET_IP4(10, 0, 0, 3) : 0,
    };

    lan->parts[i] = net_endpoint_new(&config);
    net_world_add_part(lan->world, lan->parts[i], network, i, 0, 0);
    net_world_plug(lan->world, network, net_endpoint_add_nic(lan->parts[i], network, &nic, 0), 0);
}

static Lan *lan_new(void)
{
    Lan *lan = g_new0(Lan, 1);
    const NetWorldConfig config = {
        .frame_ids = &lan->frame_ids,
        .observer = {.endpoint_nic = nic,
                     .probe_seen = seen,
                     .probe_over = over,
                     .router_drop = dropped},
        .observer_user = lan,
    };
    NetNetworkId network;

    lan->log = g_string_new(NULL);
    lan->world = net_world_new(&config);
    g_assert_true(net_world_add_network(
        lan->world, &(NetNetworkConfig){.name = "n", .mode = "internal"}, 0, &network, NULL));
    for (unsigned i = 0; i < 3; i++)
        lan_add(lan, network, i);
    g_assert_cmpstr(lan->log->str, ==, "nic lan:a 1 0\nnic lan:b 1 1\nnic lan:c 1 2\n");
    g_string_truncate(lan->log, 0);
    return lan;
}

static void lan_free(Lan *lan)
{
    net_world_free(lan->world);
    g_string_free(lan->log, TRUE);
    g_free(lan);
}

/* Sends a probe from .1 and lets five seconds pass. What was reported. */
static const char *ask_from(Lan *lan, unsigned from, NetTime at, const NetEndpointProbe *probe)
{
    g_string_truncate(lan->log, 0);
    net_endpoint_probe(lan->parts[from], probe, at);
    net_world_advance(lan->world, at + 5 * NET_NS_PER_SECOND);
    return lan->log->str;
}

static NetEndpointProbe probe_to(NetProbeKind kind, NetIp4 to, uint16_t port)
{
    return (NetEndpointProbe){.id = 7,
                              .kind = kind,
                              .to = to,
                              .port = port,
                              .nonce = 99,
                              .timeout_ns = NET_NS_PER_SECOND};
}

static const char *ask(Lan *lan, NetTime at, NetProbeKind kind, NetIp4 to, uint16_t port)
{
    const NetEndpointProbe probe = probe_to(kind, to, port);

    return ask_from(lan, 0, at, &probe);
}

static void test_icmp(void)
{
    Lan *lan = lan_new();

    g_assert_cmpstr(ask(lan, 0, NET_PROBE_ICMP, NET_IP4(10, 0, 0, 2), 0), ==,
                    "seen by 1: 0 99 from .1\nover 7 of 0: answered\n");
    /* Nobody there: ARP asks three times, the probe waits a second. */
    g_assert_cmpstr(ask(lan, 10 * NET_NS_PER_SECOND, NET_PROBE_ICMP, NET_IP4(10, 0, 0, 77), 0), ==,
                    "over 7 of 0: no arp by .77\n");
    lan_free(lan);
}

/* Why a probe did not even leave: by each protocol, before and after ARP has given up. */
static void test_not_left(void)
{
    Lan *lan = lan_new();

    for (NetProbeKind kind = NET_PROBE_ICMP; kind <= NET_PROBE_TCP; kind++) {
        NetTime at = 20 * kind * NET_NS_PER_SECOND;
        NetEndpointProbe probe = probe_to(kind, NET_IP4(10, 0, 0, 77), 9);

        g_assert_cmpstr(ask_from(lan, 1, at, &probe), ==, "over 7 of 1: no arp by .77\n");
        probe.timeout_ns = 4 * NET_NS_PER_SECOND;
        g_assert_cmpstr(ask_from(lan, 1, at + 10 * NET_NS_PER_SECOND, &probe), ==,
                        "over 7 of 1: no arp by .77\n");
        probe.to = NET_IP4(10, 9, 9, 9); /* .2 has no gateway */
        g_assert_cmpstr(ask_from(lan, 1, at + 15 * NET_NS_PER_SECOND, &probe), ==,
                        "over 7 of 1: no route\n");
    }
    lan_free(lan);
}

static void test_udp(void)
{
    Lan *lan = lan_new();

    g_assert_cmpstr(ask(lan, 0, NET_PROBE_UDP, NET_IP4(10, 0, 0, 2), 7), ==,
                    "seen by 1: 1 99 from .1\nover 7 of 0: answered\n");
    /* It has arrived, though nobody listens there: ICMP says so. */
    g_assert_cmpstr(ask(lan, 10 * NET_NS_PER_SECOND, NET_PROBE_UDP, NET_IP4(10, 0, 0, 3), 7), ==,
                    "seen by 2: 1 99 from .1\nover 7 of 0: icmp 3/3 by .3\n");
    lan_free(lan);
}

static void test_tcp(void)
{
    Lan *lan = lan_new();

    /* Nobody listens, and nobody expects it: a reset. */
    g_assert_cmpstr(ask(lan, 0, NET_PROBE_TCP, NET_IP4(10, 0, 0, 3), 4000), ==,
                    "over 7 of 0: reset\n");
    g_assert_true(net_endpoint_expect(lan->parts[2], 4000, 99, 20 * NET_NS_PER_SECOND,
                                      10 * NET_NS_PER_SECOND));
    g_assert_cmpstr(ask(lan, 10 * NET_NS_PER_SECOND, NET_PROBE_TCP, NET_IP4(10, 0, 0, 3), 4000), ==,
                    "seen by 2: 2 99 from .1\nover 7 of 0: answered\n");
    /* A service listens there: the probe is answered all the same. */
    g_assert_true(
        net_endpoint_expect(lan->parts[1], 80, 99, 40 * NET_NS_PER_SECOND, 30 * NET_NS_PER_SECOND));
    g_assert_cmpstr(ask(lan, 30 * NET_NS_PER_SECOND, NET_PROBE_TCP, NET_IP4(10, 0, 0, 2), 80), ==,
                    "seen by 1: 2 99 from .1\nover 7 of 0: answered\n");
    lan_free(lan);
}

/* .3 is the gateway of .1, but no router: what is for others ends there. */
static void test_forwards_nothing(void)
{
    Lan *lan = lan_new();

    g_assert_cmpstr(ask(lan, 0, NET_PROBE_ICMP, NET_IP4(10, 9, 9, 9), 0), ==,
                    "drop not-forwarding\nover 7 of 0: timeout\n");
    lan_free(lan);
}

/* --- services, seen by a stack that stands in for a VM --- */

typedef struct {
    Lan lan;
    NetPortId port;
    NetStack stack;
    NetTcpConnection connections[4];
    uint8_t buffers[4 * 2 * 2048];
    NetTime now;
    GString *got;
} Client;

static void client_send(void *user, unsigned nic, const uint8_t *bytes, size_t length)
{
    Client *client = user;

    net_world_transmit_bytes(client->lan.world, client->port, bytes, length, 0, client->now);
}

static const NetStackOps client_ops = {.send = client_send};

static void client_run(Client *client, NetTime until)
{
    NetDelivery delivery;

    while (client->now < until) {
        NetTime next = MIN(until, net_stack_deadline(&client->stack));

        client->now = net_world_advance(client->lan.world, MAX(next, client->now));
        while (net_world_take_delivery(client->lan.world, &delivery)) {
            net_stack_input(&client->stack, 0, delivery.frame->bytes, delivery.frame->length,
                            client->now);
            net_frame_unref(delivery.frame);
        }
        net_stack_advance(&client->stack, client->now);
    }
}

static Client *client_new(void)
{
    Client *client = g_new0(Client, 1);
    const NetStackNic nic = {
        .mac = {{2, 0, 0, 0, 0, 9}}, .address = NET_IP4(10, 0, 0, 9), .prefix = 24};

    client->lan.log = g_string_new(NULL);
    client->lan.world = net_world_new(&(NetWorldConfig){.frame_ids = &client->lan.frame_ids});
    NetNetworkId network;
    g_assert_true(net_world_add_network(client->lan.world,
                                        &(NetNetworkConfig){.name = "n", .mode = "internal"}, 0,
                                        &network, NULL));
    lan_add(&client->lan, network, 1);
    g_assert_true(net_world_attach(client->lan.world, network, 0, 0, 0, &client->port, NULL));
    net_stack_init(&client->stack, &client_ops, client, 5);
    net_stack_tcp_init(&client->stack,
                       &(NetTcpMemory){client->connections, 4, client->buffers, 2048, 2048});
    net_stack_add_nic(&client->stack, &nic);
    client->got = g_string_new(NULL);
    return client;
}

static void client_free(Client *client)
{
    net_world_free(client->lan.world);
    g_string_free(client->lan.log, TRUE);
    g_string_free(client->got, TRUE);
    g_free(client);
}

static void client_tcp(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    Client *client = user;
    char bytes[100];
    int count;

    while ((count = net_stack_tcp_receive(&client->stack, id, bytes, sizeof bytes, now)) > 0)
        g_string_append_len(client->got, bytes, count);
    if (count == NET_STACK_END)
        net_stack_tcp_close(&client->stack, id, now);
}

static NetTcpId client_says(Client *client, uint16_t port, const char *text)
{
    NetTcpId id;

    g_assert_cmpint(net_stack_tcp_connect(&client->stack, NET_IP4(10, 0, 0, 2), port, client_tcp,
                                          client, client->now, &id),
                    ==, NET_STACK_OK);
    g_assert_cmpint(net_stack_tcp_send(&client->stack, id, text, strlen(text), client->now), ==,
                    (int)strlen(text));
    client_run(client, client->now + NET_NS_PER_SECOND);
    return id;
}

static void test_http(void)
{
    Client *client = client_new();

    client_says(client, 80, "GET / HTTP/1.1\r\nHost: b\r\n\r\n");
    g_assert_true(g_str_has_prefix(client->got->str,
                                   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                                   "Content-Length: "));
    g_assert_nonnull(strstr(client->got->str, "\r\nConnection: close\r\n\r\n<html><body><h1>lan:b"
                                              "</h1><p>You came from 10.0.0.9, port "));
    g_assert_true(g_str_has_suffix(client->got->str, ".</p></body></html>\n"));
    client_free(client);
}

/* A request whose end does not come is not answered; the end may come in pieces. */
static void test_http_pieces(void)
{
    Client *client = client_new();
    NetTcpId id = client_says(client, 80, "GET / HTTP/1.1\r\n\r");

    g_assert_cmpstr(client->got->str, ==, "");
    net_stack_tcp_send(&client->stack, id, "\n", 1, client->now);
    client_run(client, client->now + NET_NS_PER_SECOND);
    g_assert_true(g_str_has_prefix(client->got->str, "HTTP/1.1 200 OK\r\n"));
    client_free(client);
}

static void test_echo(void)
{
    Client *client = client_new();
    NetTcpId id = client_says(client, 7, "one two three");

    g_assert_cmpstr(client->got->str, ==, "one two three");
    net_stack_tcp_close(&client->stack, id, client->now);
    client_run(client, client->now + NET_NS_PER_SECOND);
    client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/icmp", test_icmp);
    g_test_add_func("/endpoint/not-left", test_not_left);
    g_test_add_func("/endpoint/udp", test_udp);
    g_test_add_func("/endpoint/tcp", test_tcp);
    g_test_add_func("/endpoint/forwards-nothing", test_forwards_nothing);
    g_test_add_func("/endpoint/http", test_http);
    g_test_add_func("/endpoint/http-pieces", test_http_pieces);
    g_test_add_func("/endpoint/echo", test_echo);
    return g_test_run();
}
