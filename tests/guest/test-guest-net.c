/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-guest-net.c: guest programs that speak TCP, DHCP and DNS with a stack of the
 * test's at the far end of the cable, the shell, and TCP probes. Argument: the backend. */
#include <glib.h>
#include <string.h>

#include "netsim/proto/dhcp.h"
#include "netsim/proto/dns.h"
#include "tests/guest/machine.h"

#define CONNECTIONS  4
#define BUFFER_BYTES 8192
#define PEER         NET_IP4(10, 0, 0, 1)
#define GUEST        NET_IP4(10, 0, 0, 2)

static const HvCpuBackend *backend;
static NetTcpConnection connections[CONNECTIONS];
static uint8_t buffers[CONNECTIONS][2][BUFFER_BYTES];
static GString *got; /* what the peer has read */
static bool over;    /* the peer's connection */

static Machine *start(const MachineConfig *config)
{
    Machine *m = machine_new(backend, config);

    memset(connections, 0, sizeof connections);
    net_stack_tcp_init(m->peers[0], &(NetTcpMemory){connections, CONNECTIONS, buffers[0][0],
                                                    BUFFER_BYTES, BUFFER_BYTES});
    g_string_truncate(got, 0);
    over = false;
    return m;
}

static bool is_over(const Machine *m)
{
    return over;
}

static bool has_exited(const Machine *m)
{
    return m->exited;
}

static const char *wanted; /* in the console's text */

static bool has_printed(const Machine *m)
{
    return strstr(m->console->str, wanted) != NULL;
}

static void wait_for(Machine *m, const char *text)
{
    wanted = text;
    if (!machine_run_until(m, has_printed))
        g_error("no \"%s\" in: %s", text, m->console->str);
}

/* --- TCP --- */

static void on_client(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    NetStack *stack = user;
    char bytes[1000];
    int count = 0;

    if (event == NET_TCP_READABLE) {
        while ((count = net_stack_tcp_receive(stack, id, bytes, sizeof bytes, now)) > 0)
            g_string_append_len(got, bytes, count);
    }
    if (count == NET_STACK_END || event == NET_TCP_ENDED) {
        net_stack_tcp_close(stack, id, now);
        over = true;
    }
}

static void fetch(Machine *m, const char *request)
{
    NetStack *peer = m->peers[0];
    NetTcpId id;

    g_string_truncate(got, 0);
    over = false;
    g_assert_cmpint(net_stack_tcp_connect(peer, GUEST, 80, on_client, peer, m->now, &id), ==, 0);
    net_stack_tcp_send(peer, id, request, strlen(request), m->now);
    g_assert_true(machine_run_until(m, is_over));
}

static void test_http(void)
{
    g_autoptr(Machine) m = start(&(MachineConfig){.args = {"http", "80", "3"}, .nic_count = 1});

    wait_for(m, "listening on TCP port 80\n");
    fetch(m, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    g_assert_true(g_str_has_prefix(got->str, "HTTP/1.1 200 OK\r\n"));
    g_assert_true(g_str_has_suffix(got->str, "Content-Length: 19\r\nConnection: close\r\n\r\n"
                                             "Hello from this VM\n"));
    fetch(m, "GET /bytes/50000 HTTP/1.1\r\n\r\n");
    const char *body = strstr(got->str, "\r\n\r\n") + 4;
    g_assert_cmpuint(strlen(body), ==, 50000);
    for (unsigned i = 0; i < 50000; i++)
        g_assert_cmpint(body[i], ==, 'a' + i % 26);
    fetch(m, "POST / HTTP/1.1\r\n\r\n");
    g_assert_true(g_str_has_prefix(got->str, "HTTP/1.1 400 "));
    g_assert_true(machine_run_until(m, has_exited));
    g_assert_cmpuint(m->exit_code, ==, 0);
}

static void on_web(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    static const char page[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi\n";
    NetStack *stack = user;
    char bytes[1000];
    int count;

    if (event == NET_TCP_ENDED)
        net_stack_tcp_close(stack, id, now);
    if (event != NET_TCP_READABLE)
        return;
    while ((count = net_stack_tcp_receive(stack, id, bytes, sizeof bytes, now)) > 0)
        g_string_append_len(got, bytes, count);
    if (!g_str_has_suffix(got->str, "\r\n\r\n"))
        return;
    net_stack_tcp_send(stack, id, page, strlen(page), now);
    net_stack_tcp_shutdown(stack, id, now);
}

static void test_get(void)
{
    g_autoptr(Machine) m =
        start(&(MachineConfig){.args = {"get", "http://peer:8080/x"}, .nic_count = 1});

    net_stack_tcp_listen(m->peers[0], 8080, on_web, m->peers[0]);
    g_assert_true(machine_run_until(m, has_exited));
    g_assert_cmpstr(got->str, ==,
                    "GET /x HTTP/1.1\r\nHost: peer\r\nUser-Agent: hvlab\r\n"
                    "Connection: close\r\n\r\n");
    /* What `printf 'hi\n' | cksum` prints. */
    g_assert_true(
        g_str_has_prefix(m->console->str, "hi\nget: status 200, 3 bytes, cksum 1479881546\n"));
    g_assert_cmpuint(m->exit_code, ==, 0);
}

static void test_get_nothing(void)
{
    g_autoptr(Machine) m = start(&(MachineConfig){.args = {"get", "peer:9"}, .nic_count = 1});

    g_assert_true(machine_run_until(m, has_exited));
    g_assert_cmpstr(m->console->str, ==, "get: peer: connection refused\n");
    g_assert_cmpuint(m->exit_code, ==, 1);
}

/* --- the shell, also without a NIC --- */

static void test_shell(void)
{
    g_autoptr(Machine) m = machine_new(backend, &(MachineConfig){.args = {"shell", "hello", "me"}});

    wait_for(m, "Hello, me\n$ ");
    machine_type(m, "hello  you\nfoo\nex");
    wait_for(m, "127\n$ ");
    machine_type(m, "it\n");
    g_assert_true(machine_run_until(m, has_exited));
    g_assert_cmpstr(m->console->str, ==,
                    "Hello, me\n$ hello  you\nHello, you\n$ foo\nfoo: command not found\n"
                    "foo: exit code 127\n$ exit\n");
}

/* --- DHCP and DNS --- */

static void answer_dhcp(void *user, const NetDatagram *d)
{
    NetDhcp in;
    uint8_t bytes[NET_DHCP_MAX_BYTES];

    g_assert_cmpuint(net_dhcp_parse(d->bytes, d->length, &in), >, 0);
    NetDhcp out = {.operation = NET_DHCP_BOOTREPLY,
                   .xid = in.xid,
                   .yours = NET_IP4(10, 0, 0, 15),
                   .mac = in.mac,
                   .type = in.type == NET_DHCP_DISCOVER ? NET_DHCP_OFFER : NET_DHCP_ACK,
                   .server = PEER,
                   .mask = net_ip4_mask(24),
                   .router = PEER,
                   .dns_count = 1,
                   .dns = {PEER},
                   .lease_s = 600};
    size_t length = net_dhcp_write(bytes, &out);
    net_stack_udp_send(user, 67, NET_IP4_BROADCAST, 68, bytes, length, d->now);
}

static void answer_dns(void *user, const NetDatagram *d)
{
    NetDns message;
    uint8_t bytes[NET_DNS_MAX_BYTES];

    g_assert_cmpuint(net_dns_parse(d->bytes, d->length, &message), >, 0);
    message.is_response = true;
    size_t length = net_dns_write(bytes, sizeof bytes, &message);
    NetDnsRecord record = {.type = NET_DNS_A, .class = NET_DNS_CLASS_IN, .address = PEER};
    g_strlcpy(record.name, message.name, sizeof record.name);
    length = net_dns_add_answer(bytes, length, sizeof bytes, &record);
    net_stack_udp_send(user, 53, d->from, d->from_port, bytes, length, d->now);
}

static const NetUdpOps dhcp_server = {.receive = answer_dhcp};
static const NetUdpOps dns_server = {.receive = answer_dns};

static void test_dhcp(void)
{
    g_autoptr(Machine) m =
        start(&(MachineConfig){.args = {"shell", "dhcp"}, .nic_count = 1, .dhcp = true});

    net_stack_udp_bind(m->peers[0], 67, &dhcp_server, m->peers[0]);
    net_stack_udp_bind(m->peers[0], 53, &dns_server, m->peers[0]);
    wait_for(m, "nic 0: BOUND, address 10.0.0.15/24\n"
                "  gateway     10.0.0.1\n"
                "  name server 10.0.0.1\n"
                "  DHCP server 10.0.0.1, lease 600 s\n");
    machine_type(m, "nslookup www.lab\nping printer.lab 1\n");
    wait_for(m, "Server:  10.0.0.1\nName:    www.lab\nAddress: 10.0.0.1\n");
    wait_for(m, "PING printer.lab (10.0.0.1)");
    wait_for(m, "64 bytes from 10.0.0.1");
    machine_type(m, "dhcp release\n");
    wait_for(m, "nic 0: IDLE, address 0.0.0.0/0\n");
}

/* A program that uses the network at once waits for the address first. */
static void test_dhcp_first(void)
{
    g_autoptr(Machine) m =
        start(&(MachineConfig){.args = {"ping", "10.0.0.1", "1"}, .nic_count = 1, .dhcp = true});

    net_stack_udp_bind(m->peers[0], 67, &dhcp_server, m->peers[0]);
    g_assert_true(machine_run_until(m, has_exited));
    g_assert_cmpuint(m->exit_code, ==, 0);
}

/* --- TCP probes --- */

static const char *control_wanted;

static bool has_said(const Machine *m)
{
    return strstr(m->control->str, control_wanted) != NULL;
}

static void assert_says(Machine *m, const char *text)
{
    control_wanted = text;
    if (!machine_run_until(m, has_said))
        g_error("no \"%s\" in: %s", text, m->control->str);
}

static void on_probed(void *user, const NetProbeResult *result)
{
    g_assert_cmpint(result->outcome, ==, NET_PROBE_ANSWERED);
    over = true;
}

static void test_probes(void)
{
    g_autoptr(Machine) m = start(&(MachineConfig){.args = {"spin"}, .nic_count = 1});
    NetTcpProbe probe = {PEER + 1, 22, 0xabc, 2 * NET_NS_PER_SECOND, on_probed, NULL};

    machine_run(m, 5 * MACHINE_MS);
    machine_control(m, "probe 1 tcp 10.0.0.1 22 00000000000000ff 2000\n");
    assert_says(m, "probe 1 refused\n");
    net_stack_expect_probe(m->peers[0], 22, 0xff, 3600 * NET_NS_PER_SECOND);
    machine_control(m, "probe 2 tcp 10.0.0.1 22 00000000000000ff 2000\n");
    assert_says(m, "probe 2 reply 10.0.0.1 00000000000000ff ");
    machine_control(m, "expect 3 tcp 22 0000000000000abc 2000\n");
    machine_run(m, m->now + 5 * MACHINE_MS);
    g_assert_cmpint(net_stack_probe_tcp(m->peers[0], &probe, m->now), ==, 0);
    g_assert_true(machine_run_until(m, is_over));
    assert_says(m, "seen tcp 0000000000000abc 10.0.0.1\n");
    machine_control(m, "expect 4 udp 22 0000000000000abc 2000\n");
    assert_says(m, "error an expect command that makes no sense\n");
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    backend = hv_cpu_backend_find(argc > 1 ? argv[1] : "auto", NULL, &error);
    if (!backend) {
        g_print("1..0 # SKIP %s\n", error->message);
        return 0;
    }
    got = g_string_new("");
    g_test_add_func("/guest-net/http", test_http);
    g_test_add_func("/guest-net/get", test_get);
    g_test_add_func("/guest-net/get-nothing", test_get_nothing);
    g_test_add_func("/guest-net/shell", test_shell);
    g_test_add_func("/guest-net/dhcp", test_dhcp);
    g_test_add_func("/guest-net/dhcp-first", test_dhcp_first);
    g_test_add_func("/guest-net/probes", test_probes);
    return g_test_run();
}
