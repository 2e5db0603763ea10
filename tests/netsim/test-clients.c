/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-clients.c: the stack's DHCP and DNS clients against servers of a few lines. */
#include "netsim/proto/dhcp.h"
#include "netsim/proto/dns.h"
#include "tests/netsim/tcp-lab.h"

/* --- DHCP --- */

static struct {
    bool silent, refuses;
    NetIp4 gives;
    uint32_t lease_s;
    unsigned answers;
} server;

static void answer_dhcp(void *user, const NetDatagram *d)
{
    TcpHost *host = user;
    NetDhcp in, out;
    uint8_t bytes[NET_DHCP_MAX_BYTES];

    g_assert_cmpuint(net_dhcp_parse(d->bytes, d->length, &in), >, 0);
    g_string_append_printf(host->log, "%u: %s from %08x for %08x\n",
                           (unsigned)(host->lab->now / SECOND), net_dhcp_type_name(in.type),
                           d->from, in.requested != 0 ? in.requested : in.client);
    if (in.type == NET_DHCP_DECLINE) {
        g_assert_cmphex(in.server, ==, NET_IP4(10, 0, 0, 2));
        g_assert_cmphex(in.client, ==, 0);
        g_assert_cmpuint(in.parameter_count, ==, 0);
        server.gives++;
    }
    if (server.silent || in.type == NET_DHCP_RELEASE || in.type == NET_DHCP_DECLINE)
        return;
    out = (NetDhcp){
        .operation = NET_DHCP_BOOTREPLY,
        .xid = in.xid,
        .broadcast = in.broadcast,
        .yours = server.gives,
        .mac = in.mac,
        .type = in.type == NET_DHCP_DISCOVER ? NET_DHCP_OFFER
                : server.refuses             ? NET_DHCP_NAK
                                             : NET_DHCP_ACK,
        .server = NET_IP4(10, 0, 0, 2),
        .mask = net_ip4_mask(24),
        .router = NET_IP4(10, 0, 0, 254),
        .dns_count = 1,
        .dns = {NET_IP4(10, 0, 0, 2)},
        .lease_s = server.lease_s,
    };
    server.answers++;
    size_t length = net_dhcp_write(bytes, &out);
    net_stack_udp_send(&host->stack, 67, in.broadcast ? NET_IP4_BROADCAST : d->from, 68, bytes,
                       length, d->now);
}

static const NetUdpOps dhcp_server = {.receive = answer_dhcp};

static TcpLab *dhcp_lab(void)
{
    TcpLab *lab = tcp_lab_new(1);

    memset(&server, 0, sizeof server);
    server.lease_s = 1000;
    server.gives = NET_IP4(10, 0, 0, 77);
    net_stack_udp_bind(&lab->hosts[1].stack, 67, &dhcp_server, &lab->hosts[1]);
    net_stack_set_address(&lab->hosts[0].stack, 0, 0, 0, 0, 0);
    g_string_truncate(lab->wire, 0);
    return lab;
}

static void assert_log(TcpHost *host, const char *expected)
{
    g_assert_cmpstr(host->log->str, ==, expected);
    g_string_truncate(host->log, 0);
}

/* From nothing to an address: DISCOVER, OFFER, REQUEST, ACK; then renewed at half of
 * the lease, by unicast. */
static void test_bound(void)
{
    g_autoptr(TcpLab) lab = dhcp_lab();
    NetStack *stack = &lab->hosts[0].stack;
    const NetDhcpClient *client = &stack->dhcp[0];

    g_assert_cmpint(net_stack_dhcp_start(stack, 1, 0), ==, NET_STACK_BAD);
    g_assert_cmpint(net_stack_dhcp_start(stack, 0, 0), ==, 0);
    g_assert_cmpint(client->state, ==, NET_DHCP_SELECTING);
    tcp_lab_run(lab, 100 * MS);
    assert_log(&lab->hosts[1],
               "0: DISCOVER from 00000000 for 00000000\n0: REQUEST from 00000000 for 0a00004d\n");
    g_assert_cmpint(client->state, ==, NET_DHCP_BOUND);
    g_assert_cmphex(stack->nics[0].address, ==, NET_IP4(10, 0, 0, 77));
    g_assert_cmphex(net_stack_source(stack, NET_IP4(8, 8, 8, 8)), ==, NET_IP4(10, 0, 0, 77));
    g_assert_cmphex(net_stack_name_server(stack), ==, NET_IP4(10, 0, 0, 2));
    g_assert_cmpuint(client->renew_at - client->bound_at, ==, 500 * SECOND);
    g_assert_cmpuint(client->rebind_at - client->bound_at, ==, 875 * SECOND);

    tcp_lab_run(lab, 501 * SECOND);
    assert_log(&lab->hosts[1], "500: REQUEST from 0a00004d for 0a00004d\n");
    g_assert_cmpint(client->state, ==, NET_DHCP_BOUND);
    g_assert_cmpuint(client->bound_at / SECOND, ==, 500);
    net_stack_dhcp_release(stack, 0, lab->now);
    tcp_lab_run(lab, 502 * SECOND);
    assert_log(&lab->hosts[1], "501: RELEASE from 0a00004d for 0a00004d\n");
    g_assert_cmphex(stack->nics[0].address, ==, 0);
    g_assert_cmphex(net_stack_source(stack, NET_IP4(8, 8, 8, 8)), ==, 0);
    g_assert_true(tcp_lab_next(lab) == NET_TIME_NEVER);
}

/* The server falls silent: renewing at 500, 687 (half of what is left to 875) and 781 s
 * and 875 s, from then on from all, until the address goes at 1000 s. */
static void test_expires(void)
{
    g_autoptr(TcpLab) lab = dhcp_lab();
    NetStack *stack = &lab->hosts[0].stack;

    net_stack_dhcp_start(stack, 0, 0);
    tcp_lab_run(lab, SECOND);
    g_string_truncate(lab->hosts[1].log, 0);
    server.silent = true;
    tcp_lab_run(lab, 874 * SECOND);
    assert_log(&lab->hosts[1], "500: REQUEST from 0a00004d for 0a00004d\n"
                               "687: REQUEST from 0a00004d for 0a00004d\n"
                               "781: REQUEST from 0a00004d for 0a00004d\n");
    g_assert_cmpint(stack->dhcp[0].state, ==, NET_DHCP_RENEWING);
    tcp_lab_run(lab, 999 * SECOND);
    g_assert_cmpint(stack->dhcp[0].state, ==, NET_DHCP_REBINDING);
    g_assert_cmphex(stack->nics[0].address, ==, NET_IP4(10, 0, 0, 77));
    assert_log(&lab->hosts[1], "875: REQUEST from 0a00004d for 0a00004d\n"
                               "937: REQUEST from 0a00004d for 0a00004d\n");
    tcp_lab_run(lab, 1001 * SECOND);
    g_assert_cmphex(stack->nics[0].address, ==, 0);
    assert_log(&lab->hosts[1], "1000: DISCOVER from 00000000 for 00000000\n");
    server.silent = false;
    tcp_lab_run(lab, 1010 * SECOND);
    g_assert_cmphex(stack->nics[0].address, ==, NET_IP4(10, 0, 0, 77));
}

/* Nobody answers: DISCOVERs after 4, 8, 16, 32 and 64 s, each a second more or less. */
static void test_silence(void)
{
    g_autoptr(TcpLab) lab = dhcp_lab();
    static const unsigned gaps[] = {4, 8, 16, 32, 64, 64};
    unsigned at = 0;

    server.silent = true;
    net_stack_dhcp_start(&lab->hosts[0].stack, 0, 0);
    tcp_lab_run(lab, 200 * SECOND);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(lab->hosts[1].log->str), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), >=, 6);
    for (unsigned i = 0; i < 5; i++) {
        unsigned next = (unsigned)atoi(lines[i + 1]);
        g_assert_cmpuint(next - at, >=, gaps[i] - 2);
        g_assert_cmpuint(next - at, <=, gaps[i] + 2);
        at = next;
    }
}

/* NAK when renewing: the address goes at once, and the client begins again. */
static void test_nak(void)
{
    g_autoptr(TcpLab) lab = dhcp_lab();
    NetStack *stack = &lab->hosts[0].stack;

    net_stack_dhcp_start(stack, 0, 0);
    tcp_lab_run(lab, SECOND);
    server.refuses = true;
    tcp_lab_run(lab, 500 * SECOND + 500 * MS);
    g_assert_cmpint(stack->dhcp[0].state, ==, NET_DHCP_INIT);
    g_assert_cmphex(stack->nics[0].address, ==, 0);
    server.refuses = false;
    tcp_lab_run(lab, 510 * SECOND);
    g_assert_cmpint(stack->dhcp[0].state, ==, NET_DHCP_BOUND);
}

/* The server gives an address that somebody has: its own. The client finds out by ARP, says
 * so, and after ten seconds asks again. It never had the address. */
static void test_declines(void)
{
    g_autoptr(TcpLab) lab = dhcp_lab();
    NetStack *stack = &lab->hosts[0].stack;

    server.gives = NET_IP4(10, 0, 0, 2);
    net_stack_dhcp_start(stack, 0, 0);
    tcp_lab_run(lab, 9 * SECOND);
    assert_log(&lab->hosts[1], "0: DISCOVER from 00000000 for 00000000\n"
                               "0: REQUEST from 00000000 for 0a000002\n"
                               "0: DECLINE from 00000000 for 0a000002\n");
    g_assert_cmpint(stack->dhcp[0].state, ==, NET_DHCP_INIT);
    g_assert_cmphex(stack->nics[0].address, ==, 0);
    g_assert_cmphex(stack->dhcp[0].address, ==, 0);
    tcp_lab_run(lab, 11 * SECOND);
    assert_log(&lab->hosts[1], "10: DISCOVER from 00000000 for 00000000\n"
                               "10: REQUEST from 00000000 for 0a000003\n");
    g_assert_cmpint(stack->dhcp[0].state, ==, NET_DHCP_BOUND);
    g_assert_cmphex(stack->nics[0].address, ==, NET_IP4(10, 0, 0, 3));
}

static void hear_arp(TcpLab *lab, uint8_t mac, NetIp4 sender, NetIp4 target)
{
    uint8_t frame[NET_ETHERNET_BYTES + NET_ARP_BYTES];
    const NetEthernet ethernet = {
        .destination = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
        .source = {{2, 0, 0, 0, 0, mac}},
        .type = NET_TYPE_ARP,
    };
    const NetArp arp = {.operation = NET_ARP_REQUEST,
                        .sender_mac = ethernet.source,
                        .sender_ip = sender,
                        .target_ip = target};

    net_ethernet_write(frame, &ethernet);
    net_arp_write(frame + NET_ETHERNET_BYTES, &arp);
    net_stack_input(&lab->hosts[0].stack, 0, frame, sizeof frame, lab->now);
}

/* While it checks (4 ms to 24 ms): another that checks the same address is a conflict, ARP
 * about other addresses is none, nor is its own frame that comes back to it. */
static void test_checking(void)
{
    const NetIp4 given = NET_IP4(10, 0, 0, 77), other = NET_IP4(10, 0, 0, 78);

    for (unsigned conflict = 0; conflict < 2; conflict++) {
        g_autoptr(TcpLab) lab = dhcp_lab();
        NetStack *stack = &lab->hosts[0].stack;

        net_stack_dhcp_start(stack, 0, 0);
        tcp_lab_run(lab, 10 * MS);
        g_assert_cmpint(stack->dhcp[0].state, ==, NET_DHCP_CHECKING);
        g_assert_cmphex(stack->nics[0].address, ==, 0);
        hear_arp(lab, 0x99, other, given);
        hear_arp(lab, 0x99, 0, other);
        hear_arp(lab, stack->nics[0].mac.byte[5], 0, given);
        g_assert_cmpint(stack->dhcp[0].state, ==, NET_DHCP_CHECKING);
        if (conflict == 1)
            hear_arp(lab, 0x99, 0, given);
        tcp_lab_run(lab, 30 * MS);
        g_assert_cmpint(stack->dhcp[0].state, ==, conflict == 1 ? NET_DHCP_INIT : NET_DHCP_BOUND);
    }
}

/* --- DNS --- */

static void answer_dns(void *user, const NetDatagram *d)
{
    TcpHost *host = user;
    NetDns message;
    uint8_t bytes[NET_DNS_MAX_BYTES];
    NetDnsRecord alias = {.name = "www.lab",
                          .type = NET_DNS_CNAME,
                          .class = NET_DNS_CLASS_IN,
                          .ttl_s = 9,
                          .target = "a.lab"};
    NetDnsRecord address = {.name = "a.lab",
                            .type = NET_DNS_A,
                            .class = NET_DNS_CLASS_IN,
                            .ttl_s = 60,
                            .address = NET_IP4(10, 0, 0, 5)};

    g_assert_cmpuint(net_dns_parse(d->bytes, d->length, &message), ==, d->length);
    g_string_append_printf(host->log, "%u: %s\n", (unsigned)(host->lab->now / SECOND),
                           message.name);
    message.is_response = true;
    if (strcmp(message.name, "slow") == 0)
        return;
    if (strcmp(message.name, "broken") == 0)
        message.code = NET_DNS_SERVER_FAILURE;
    else if (!g_str_has_suffix(message.name, ".lab"))
        message.code = NET_DNS_NAME_ERROR;
    size_t length = net_dns_write(bytes, sizeof bytes, &message);
    if (strcmp(message.name, "www.lab") == 0)
        length = net_dns_add_answer(bytes, length, sizeof bytes, &alias);
    if (message.code == 0)
        length = net_dns_add_answer(bytes, length, sizeof bytes, &address);
    /* An answer with another id, as somebody else would guess it, comes first. */
    bytes[0] ^= 1;
    net_stack_udp_send(&host->stack, 53, d->from, d->from_port, bytes, length, d->now);
    bytes[0] ^= 1;
    net_stack_udp_send(&host->stack, 53, d->from, d->from_port, bytes, length, d->now);
}

static const NetUdpOps dns_server = {.receive = answer_dns};

static void on_name(void *user, const NetNameResult *r, NetTime now)
{
    static const char *const outcomes[] = {"found", "unknown", "no answer", "failed"};
    TcpHost *host = user;

    g_string_append_printf(host->log, "%u: %s %s", (unsigned)(now / SECOND), r->name,
                           outcomes[r->outcome]);
    if (r->outcome == NET_NAME_FOUND)
        g_string_append_printf(host->log, " %s %08x ttl %u", r->canonical, r->addresses[0],
                               r->ttl_s);
    g_string_append_c(host->log, '\n');
}

static void test_dns(void)
{
    g_autoptr(TcpLab) lab = tcp_lab_new(1);
    TcpHost *a = &lab->hosts[0];
    NetStack *stack = &a->stack;

    net_stack_udp_bind(&lab->hosts[1].stack, 53, &dns_server, &lab->hosts[1]);
    g_assert_cmpint(net_stack_resolve(stack, "a.lab", on_name, a, 0), ==, NET_STACK_NO_ROUTE);
    stack->name_server = lab->hosts[1].address;
    g_assert_cmpint(net_stack_resolve(stack, "a..lab", on_name, a, 0), ==, NET_STACK_BAD);
    g_assert_cmpint(net_stack_resolve(stack, "www.lab", on_name, a, 0), ==, 0);
    tcp_lab_run(lab, SECOND);
    assert_log(a, "0: www.lab found a.lab 0a000005 ttl 60\n");
    net_stack_resolve(stack, "nowhere", on_name, a, lab->now);
    net_stack_resolve(stack, "broken", on_name, a, lab->now);
    tcp_lab_run(lab, 2 * SECOND);
    assert_log(a, "1: nowhere unknown\n1: broken failed\n");

    /* Four at a time; each is asked three times, two seconds apart. */
    g_string_truncate(lab->hosts[1].log, 0);
    for (unsigned i = 0; i < NET_STACK_MAX_RESOLVING; i++)
        g_assert_cmpint(net_stack_resolve(stack, "slow", on_name, a, lab->now), ==, 0);
    g_assert_cmpint(net_stack_resolve(stack, "slow", on_name, a, lab->now), ==, NET_STACK_NO_ROOM);
    tcp_lab_run(lab, 9 * SECOND);
    assert_log(a, "8: slow no answer\n8: slow no answer\n8: slow no answer\n8: slow no answer\n");
    g_assert_cmpuint(strlen(lab->hosts[1].log->str), ==, 12 * strlen("2: slow\n"));
    g_assert_true(tcp_lab_next(lab) == NET_TIME_NEVER);

    /* A server that has no such port open says so at once. */
    net_stack_udp_close(&lab->hosts[1].stack, 53);
    net_stack_resolve(stack, "a.lab", on_name, a, lab->now);
    tcp_lab_run(lab, 10 * SECOND);
    assert_log(a, "9: a.lab no answer\n");
    for (unsigned i = 0; i < NET_STACK_MAX_SOCKETS; i++)
        g_assert_cmpuint(stack->sockets[i].port, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dhcp-client/bound", test_bound);
    g_test_add_func("/dhcp-client/expires", test_expires);
    g_test_add_func("/dhcp-client/silence", test_silence);
    g_test_add_func("/dhcp-client/nak", test_nak);
    g_test_add_func("/dhcp-client/declines", test_declines);
    g_test_add_func("/dhcp-client/checking", test_checking);
    g_test_add_func("/dns-client", test_dns);
    return g_test_run();
}
