/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-routers.c: what routers, gates and servers do for real stacks: leases, names,
 * forward rules, refusals that find their way back. */
#include "netsim/proto/dhcp.h"
#include "netsim/proto/dns.h"
#include "tests/netsim/mode-lab.h"

#define GUEST NET_IP4(10, 0, 2, 15)
#define NAT   NET_IP4(10, 0, 2, 2)

/* --- datagrams --- */

static void on_datagram(void *user, const NetDatagram *datagram)
{
    LabVm *vm = user;
    char from[24];
    NetText text = net_text_begin(from, sizeof from);

    net_text_ip4(&text, datagram->from);
    g_string_append_printf(vm->heard, "%.*s from %s:%u\n", (int)datagram->length,
                           (const char *)datagram->bytes, from, datagram->from_port);
    net_stack_udp_send(&vm->stack, datagram->to_port, datagram->from, datagram->from_port, "yes", 3,
                       datagram->now);
}

static void on_answer(void *user, const NetDatagram *datagram)
{
    LabVm *vm = user;

    g_string_append_printf(vm->heard, "%.*s\n", (int)datagram->length,
                           (const char *)datagram->bytes);
}

static void on_refusal(void *user, NetIp4 to, uint16_t to_port, const NetRefusal *refusal)
{
    LabVm *vm = user;

    g_string_append_printf(vm->heard, "refused, code %u\n", refusal->code);
}

static const NetUdpOps service_ops = {.receive = on_datagram};
static const NetUdpOps client_ops = {.receive = on_answer, .unreachable = on_refusal};

/* Sends "hello" and returns what came back. */
static const char *ask(LabVm *vm, NetIp4 to, uint16_t port)
{
    int from = net_stack_udp_bind(&vm->stack, 0, &client_ops, vm);

    g_string_truncate(vm->heard, 0);
    net_stack_udp_send(&vm->stack, (uint16_t)from, to, port, "hello", 5, vm->lab->now);
    lab_run(vm->lab, 10 * NET_NS_PER_SECOND);
    net_stack_udp_close(&vm->stack, (uint16_t)from);
    return vm->heard->str;
}

/* --- forward rules --- */

static const NetForward echo_rule = {.name = "echo",
                                     .protocol = NET_PROTOCOL_UDP,
                                     .host_port = 5000,
                                     .guest_port = 7,
                                     .vm = NET_ANY_VM};

/* Two VMs, each behind a NAT of its own; the rule leads to the first. */
static Lab *two_behind_nats(LabVm **ret_a, LabVm **ret_b, NetIp4 a_address)
{
    Lab *lab = lab_new();
    NetNetworkId nat = lab_network(
        lab, &(NetNetworkConfig){
                 .name = "nat0", .mode = "nat", .forwards = &echo_rule, .forward_count = 1});

    lab_outside(lab);
    *ret_a = lab_vm(lab, nat, a_address, NAT);
    *ret_b = lab_vm(lab, nat, GUEST, NAT);
    return lab;
}

static void test_forward(void)
{
    LabVm *a, *b;
    Lab *lab = two_behind_nats(&a, &b, GUEST);

    net_stack_udp_bind(&a->stack, 7, &service_ops, a);
    g_assert_cmpstr(ask(b, LAB_HOST, 5000), ==, "yes\n");
    /* Both are 10.0.2.15, and see each other as the host. */
    g_assert_true(g_str_has_prefix(a->heard->str, "hello from 192.168.1.10:"));
    g_assert_nonnull(strstr(lab->log->str, "192.168.1.10:5000 to 192.168.1.10:"));
    g_assert_nonnull(strstr(lab->log->str, " by rule\n"));
    /* Also to itself, and by the loopback address of the host. */
    g_string_truncate(a->heard, 0);
    g_assert_nonnull(strstr(ask(a, LAB_HOST, 5000), "yes\n"));
    g_assert_cmpstr(ask(b, NAT, 5000), ==, "yes\n");
    g_assert_nonnull(strstr(a->heard->str, "hello from 10.0.2.2:"));
    lab_free(lab);
}

static void test_no_rule(void)
{
    LabVm *a, *b;
    Lab *lab = two_behind_nats(&a, &b, GUEST);

    /* Nobody is there: the host itself says so, and the NAT brings the word. */
    g_assert_cmpstr(ask(b, LAB_HOST, 5001), ==, "refused, code 3\n");
    g_assert_cmpstr(ask(b, LAB_PRINTER, 5001), ==, "refused, code 3\n");
    g_assert_cmpstr(ask(b, LAB_SERVER, 5001), ==, "refused, code 3\n");
    /* Nobody answers ARP: on the LAN, in the Internet. */
    g_assert_cmpstr(ask(b, NET_IP4(192, 168, 1, 77), 9), ==, "refused, code 1\n");
    g_assert_cmpstr(ask(b, NET_IP4(203, 0, 113, 77), 9), ==, "refused, code 1\n");
    /* No route: the LAN's router knows no more than the Internet. */
    g_assert_cmpstr(ask(b, NET_IP4(8, 8, 8, 8), 9), ==, "refused, code 0\n");
    lab_free(lab);
}

static void test_forward_to_a_vm_that_is_off(void)
{
    LabVm *a, *b;
    Lab *lab = two_behind_nats(&a, &b, 0); /* nobody in there answers ARP */

    g_assert_cmpstr(ask(b, LAB_HOST, 5000), ==, "refused, code 1\n");
    g_assert_nonnull(strstr(lab->log->str, "drop: no-arp-answer\n"));
    lab_free(lab);
}

static void test_rules_while_running(void)
{
    LabVm *a, *b;
    Lab *lab = two_behind_nats(&a, &b, GUEST);
    NetForward more = echo_rule;
    g_autoptr(GError) error = NULL;

    net_stack_udp_bind(&a->stack, 7, &service_ops, a);
    g_assert_false(net_world_add_forward(lab->world, 0, &more, lab->now, &error));
    g_assert_cmpstr(error->message, ==, "network \"nat0\": the host's port is taken");
    g_clear_error(&error);
    more.name = "more";
    more.host_port = 6000;
    g_assert_true(net_world_add_forward(lab->world, 0, &more, lab->now, &error));
    g_assert_cmpstr(ask(b, LAB_HOST, 6000), ==, "yes\n");
    g_assert_true(net_world_remove_forward(lab->world, 0, "more", lab->now));
    g_assert_false(net_world_remove_forward(lab->world, 0, "more", lab->now));
    g_assert_cmpstr(ask(b, LAB_HOST, 6000), ==, "refused, code 3\n");
    lab_free(lab);
}

static void test_table_full(void)
{
    Lab *lab = lab_new();
    NetNetworkId nat =
        lab_network(lab, &(NetNetworkConfig){.name = "nat0", .mode = "nat", .nat_rows = 2});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, nat, GUEST, NAT);
    ask(a, LAB_PRINTER, 7);
    ask(a, LAB_PRINTER, 7);
    g_assert_cmpstr(ask(a, LAB_PRINTER, 7), ==, "");
    g_assert_nonnull(strstr(lab->log->str, "nat drop: nat-table-full\n"));
    g_autoptr(GArray) rows = net_world_nat_table(lab->world, nat);
    g_assert_cmpuint(rows->len, ==, 2);
    lab_run(lab, 300 * NET_NS_PER_SECOND); /* 5 minutes later there is room */
    g_assert_cmpstr(ask(a, LAB_PRINTER, 7), ==, "hello\n");
    lab_free(lab);
}

/* Somebody inside sends from an address that is not there: it goes nowhere. */
static void test_martian(void)
{
    Lab *lab = lab_new();
    NetNetworkId net = lab_network(lab, &(NetNetworkConfig){.name = "n", .mode = "nat-network"});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, net, NET_IP4(172, 16, 0, 1), 0);
    net_stack_add_route(&a->stack, NET_IP4(10, 0, 2, 0), 24, 0, 0);
    net_stack_add_route(&a->stack, 0, 0, NET_IP4(10, 0, 2, 1), 0);
    g_assert_cmpstr(ask(a, LAB_PRINTER, 7), ==, "");
    g_assert_cmpstr(lab->log->str, ==, "drop: martian\n");
    lab_free(lab);
}

/* --- leases --- */

static void on_dhcp(void *user, const NetDatagram *datagram)
{
    LabVm *vm = user;
    NetDhcp m;
    char a[3][24];
    NetIp4 addresses[3];

    g_assert_cmpuint(net_dhcp_parse(datagram->bytes, datagram->length, &m), >, 0);
    addresses[0] = m.yours;
    addresses[1] = m.router;
    addresses[2] = m.dns_count > 0 ? m.dns[0] : 0;
    for (unsigned i = 0; i < 3; i++) {
        NetText text = net_text_begin(a[i], sizeof a[i]);
        net_text_ip4(&text, addresses[i]);
    }
    g_string_printf(vm->heard, "%s by router %s dns %s", a[0], a[1], a[2]);
}

static const char *discover(LabVm *vm)
{
    static const NetUdpOps ops = {.receive = on_dhcp};
    NetDhcp m = {.operation = NET_DHCP_BOOTREQUEST,
                 .type = NET_DHCP_DISCOVER,
                 .xid = 1,
                 .broadcast = true,
                 .mac = vm->stack.nics[0].mac};
    uint8_t bytes[NET_DHCP_MAX_BYTES];

    net_stack_udp_bind(&vm->stack, NET_DHCP_CLIENT_PORT, &ops, vm);
    g_string_assign(vm->heard, "nothing");
    net_stack_udp_send(&vm->stack, NET_DHCP_CLIENT_PORT, NET_IP4_BROADCAST, NET_DHCP_SERVER_PORT,
                       bytes, net_dhcp_write(bytes, &m), vm->lab->now);
    lab_run(vm->lab, NET_NS_PER_SECOND);
    return vm->heard->str;
}

static void test_leases(void)
{
    static const struct {
        NetNetworkConfig config;
        const char *offer;
    } cases[] = {
        {{.name = "n", .mode = "nat"}, "10.0.2.15 by router 10.0.2.2 dns 10.0.2.3"},
        {{.name = "n", .mode = "nat-network"}, "10.0.2.4 by router 10.0.2.1 dns 10.0.2.1"},
        {{.name = "n", .mode = "host-only"}, "192.168.56.101 by router 0.0.0.0 dns 0.0.0.0"},
        {{.name = "n", .mode = "bridged"}, "192.168.1.100 by router 192.168.1.1 dns 192.168.1.1"},
        {{.name = "n", .mode = "bridged", .wifi = true},
         "192.168.1.100 by router 192.168.1.1 dns 192.168.1.1"},
        {{.name = "n", .mode = "internal"}, "nothing"},
        {{.name = "n",
          .mode = "internal",
          .subnet = NET_IP4(10, 7, 0, 0),
          .prefix = 24,
          .dhcp = {.choice = NET_DHCP_ON}},
         "10.7.0.101 by router 0.0.0.0 dns 0.0.0.0"},
        {{.name = "n", .mode = "nat", .dhcp = {.choice = NET_DHCP_OFF}}, "nothing"},
        {{.name = "n",
          .mode = "nat-network",
          .dhcp = {.first = NET_IP4(10, 0, 2, 40), .last = NET_IP4(10, 0, 2, 41)}},
         "10.0.2.40 by router 10.0.2.1 dns 10.0.2.1"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Lab *lab = lab_new();
        NetNetworkId id = lab_network(lab, &cases[i].config);
        lab_outside(lab);
        g_assert_cmpstr(discover(lab_vm(lab, id, 0, 0)), ==, cases[i].offer);
        lab_free(lab);
    }
}

/* --- names --- */

static void on_dns(void *user, const NetDatagram *datagram)
{
    LabVm *vm = user;
    NetDns reply;
    NetDnsRecord record = {0};
    size_t at = net_dns_parse(datagram->bytes, datagram->length, &reply);

    g_assert_cmpuint(at, >, 0);
    if (reply.answer_count > 0)
        g_assert_cmpuint(net_dns_parse_record(datagram->bytes, datagram->length, at, &record), >,
                         0);
    g_string_printf(vm->heard, "%u.%u code %u", record.address >> 8 & 255, record.address & 255,
                    reply.code);
}

static const char *look_up(LabVm *vm, NetIp4 server, const char *name)
{
    static const NetUdpOps ops = {.receive = on_dns};
    NetDns query = {.id = 9,
                    .recursion_desired = true,
                    .question_count = 1,
                    .type = NET_DNS_A,
                    .class = NET_DNS_CLASS_IN};
    uint8_t bytes[NET_DNS_MAX_BYTES];
    int from = net_stack_udp_bind(&vm->stack, 0, &ops, vm);

    g_strlcpy(query.name, name, sizeof query.name);
    g_string_assign(vm->heard, "nothing");
    net_stack_udp_send(&vm->stack, (uint16_t)from, server, NET_DNS_PORT, bytes,
                       net_dns_write(bytes, sizeof bytes, &query), vm->lab->now);
    lab_run(vm->lab, NET_NS_PER_SECOND);
    net_stack_udp_close(&vm->stack, (uint16_t)from);
    return vm->heard->str;
}

static void test_names(void)
{
    Lab *lab = lab_new();
    NetNetworkId nat = lab_network(lab, &(NetNetworkConfig){.name = "nat0", .mode = "nat"});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, nat, GUEST, NAT);
    g_assert_cmpstr(look_up(a, NET_IP4(10, 0, 2, 3), "printer"), ==, "1.50 code 0");
    g_assert_nonnull(strstr(lab->log->str, "dns printer forwarded\n"));
    g_assert_nonnull(strstr(lab->log->str, "to 10.0.2.3:53 as 192.168.1.10:"));
    g_assert_nonnull(strstr(lab->log->str, "dns printer found\n"));
    g_assert_cmpstr(look_up(a, NET_IP4(10, 0, 2, 3), "SERVER"), ==, "113.10 code 0");
    g_assert_cmpstr(look_up(a, NET_IP4(10, 0, 2, 3), "host"), ==, "1.10 code 0");
    g_assert_cmpstr(look_up(a, NET_IP4(10, 0, 2, 3), "nobody"), ==, "0.0 code 3");
    g_assert_cmpstr(look_up(a, NET_IP4(192, 168, 1, 1), "printer"), ==, "1.50 code 0");
    /* The server's address answers ping, too, and has no other service. */
    g_assert_cmpstr(lab_ping(a, NET_IP4(10, 0, 2, 3)), ==, "reply from 10.0.2.3 ttl 64");
    lab_free(lab);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/routers/forward", test_forward);
    g_test_add_func("/routers/no-rule", test_no_rule);
    g_test_add_func("/routers/forward-to-a-vm-that-is-off", test_forward_to_a_vm_that_is_off);
    g_test_add_func("/routers/rules-while-running", test_rules_while_running);
    g_test_add_func("/routers/table-full", test_table_full);
    g_test_add_func("/routers/martian", test_martian);
    g_test_add_func("/routers/leases", test_leases);
    g_test_add_func("/routers/names", test_names);
    return g_test_run();
}
