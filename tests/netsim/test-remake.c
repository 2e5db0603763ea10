/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-remake.c: a network gets another mode while the world runs: who reaches whom is
 * then what the manual says of the new mode, whatever the network was before. */
#include "tests/netsim/mode-lab.h"

/* What the manual says of a mode, and the addresses that a and b have there. */
typedef struct {
    const char *mode;
    NetIp4 a, b, gateway, host;
    bool peer, to_host, to_lan, from_lan;
} Expect;

#define LAN(n) NET_IP4(192, 168, 1, n)

static const Expect expects[] = {
    {"internal", NET_IP4(10, 7, 0, 1), NET_IP4(10, 7, 0, 2), 0, LAN(10), true, false, false, false},
    {"host-only", NET_IP4(192, 168, 56, 11), NET_IP4(192, 168, 56, 12), 0, NET_IP4(192, 168, 56, 1),
     true, true, false, false},
    {"nat", NET_IP4(10, 0, 2, 15), NET_IP4(10, 0, 2, 15), NET_IP4(10, 0, 2, 2), LAN(10), false,
     true, true, false},
    {"nat-network", NET_IP4(10, 0, 2, 4), NET_IP4(10, 0, 2, 5), NET_IP4(10, 0, 2, 1), LAN(10), true,
     true, true, false},
    {"bridged", LAN(101), LAN(102), LAN(1), LAN(10), true, true, true, true},
};

static bool is_reply(const char *what)
{
    return g_str_has_prefix(what, "reply");
}

static void set_address(LabVm *vm, NetIp4 address, NetIp4 gateway)
{
    net_stack_set_address(&vm->stack, 0, address, 24, gateway, vm->lab->now);
}

static void remake(Lab *lab, NetNetworkId network, const NetNetworkConfig *config)
{
    g_autoptr(GError) error = NULL;

    net_world_remake_network(lab->world, network, config, lab->now, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < lab->vm_count; i++) {
        NetNicConfig nic = {.network = network, .vm = i, .mac = lab->vms[i].stack.nics[0].mac};
        net_world_attach_again(lab->world, lab->vms[i].port, &nic, lab->now);
    }
}

/* The printer is no bare stack: it is asked by the MAC table whether a frame of a's came. */
static void check(Lab *lab, const Expect *expect)
{
    LabVm *a = &lab->vms[0], *b = &lab->vms[1];

    set_address(a, expect->a, expect->gateway);
    set_address(b, expect->b, expect->gateway);
    if (expect->a != expect->b) {
        g_assert_cmpint(is_reply(lab_ping(a, expect->b)), ==, expect->peer);
        g_assert_cmpint(is_reply(lab_ping(b, expect->a)), ==, expect->peer);
    }
    g_assert_cmpint(is_reply(lab_ping(a, expect->host)), ==, expect->to_host);
    g_assert_cmpint(is_reply(lab_ping(b, LAB_PRINTER)), ==, expect->to_lan);
    g_assert_cmpint(is_reply(lab_ping(b, LAB_SERVER)), ==, expect->to_lan);
    g_assert_cmpstr(net_world_network_mode(lab->world, 0), ==, expect->mode);
}

/* From each mode to each other one, and on, with a frame of a's on its way each time. */
static void test_every_pair(void)
{
    for (size_t from = 0; from < G_N_ELEMENTS(expects); from++) {
        Lab *lab = lab_new();
        NetNetworkId net = lab_network(
            lab, &(NetNetworkConfig){.name = "net", .mode = (char *)expects[from].mode});

        lab_outside(lab);
        LabVm *a = lab_vm(lab, net, expects[from].a, expects[from].gateway);
        lab_vm(lab, net, expects[from].b, expects[from].gateway);
        check(lab, &expects[from]);
        for (size_t to = 0; to < 2 * G_N_ELEMENTS(expects); to++) {
            const Expect *expect = &expects[to % G_N_ELEMENTS(expects)];
            NetPing ping = {.to = expect->host, .timeout_ns = NET_NS_PER_SECOND};
            net_stack_ping(&a->stack, &ping, lab->now);
            lab_run(lab, 15 * 1000);
            remake(lab, net, &(NetNetworkConfig){.mode = expect->mode});
            check(lab, expect);
        }
        lab_free(lab);
    }
}

/* Rows and leases end with their NAT and server, and the host's ports are free again. */
static void test_what_ends(void)
{
    const NetForward rule = {.name = "ssh",
                             .protocol = NET_PROTOCOL_TCP,
                             .host_port = 2222,
                             .guest_address = NET_IP4(10, 0, 2, 4),
                             .guest_port = 22};
    const NetNetworkConfig config = {
        .name = "net", .mode = "nat-network", .forwards = &rule, .forward_count = 1};
    Lab *lab = lab_new();
    NetNetworkId net = lab_network(lab, &config);

    lab_outside(lab);
    LabVm *a = lab_vm(lab, net, 0, 0);
    g_assert_cmpint(net_stack_dhcp_start(&a->stack, 0, lab->now), ==, NET_STACK_OK);
    lab_run(lab, NET_NS_PER_SECOND);
    g_assert_true(is_reply(lab_ping(a, LAB_PRINTER)));
    lab_reset(lab);
    remake(lab, net, &(NetNetworkConfig){.mode = "internal"});
    g_assert_cmpstr(lab->log->str, ==,
                    "dhcp expired 10.0.2.4\n"
                    "row 1: over at 7 s\n");
    g_autoptr(GArray) rows = net_world_nat_table(lab->world, net);
    g_autoptr(GArray) leases = net_world_leases(lab->world, net);
    g_assert_cmpuint(rows->len + leases->len, ==, 0);
    /* If the port were not free, the rule would not be made. */
    remake(lab, net, &config);
    g_assert_false(net_world_add_forward(lab->world, net, &rule, lab->now, NULL));
    g_assert_true(net_world_remove_forward(lab->world, net, "ssh", lab->now));
    g_assert_true(net_world_add_forward(lab->world, net, &rule, lab->now, NULL));
    lab_free(lab);
}

/* After it the NIC asks anew, and the LAN's router answers. */
static void test_dhcp_again(void)
{
    Lab *lab = lab_new();
    NetNetworkId net = lab_network(lab, &(NetNetworkConfig){.name = "net", .mode = "nat"});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, net, 0, 0);
    net_stack_dhcp_start(&a->stack, 0, lab->now);
    lab_run(lab, NET_NS_PER_SECOND);
    g_assert_cmphex(a->stack.nics[0].address, ==, NET_IP4(10, 0, 2, 15));
    remake(lab, net, &(NetNetworkConfig){.mode = "bridged"});
    net_stack_dhcp_start(&a->stack, 0, lab->now);
    lab_run(lab, NET_NS_PER_SECOND);
    g_assert_cmphex(a->stack.nics[0].address, ==, LAN(100));
    g_assert_true(is_reply(lab_ping(a, LAB_PRINTER)));
    lab_free(lab);
}

static void test_refused(void)
{
    Lab *lab = lab_new();
    NetNetworkId net = lab_network(lab, &(NetNetworkConfig){.name = "net", .mode = "internal"});
    LabVm *a = lab_vm(lab, net, NET_IP4(10, 7, 0, 1), 0);

    lab_vm(lab, net, NET_IP4(10, 7, 0, 2), 0);
    for (size_t i = 1; i < G_N_ELEMENTS(expects); i++) {
        g_autoptr(GError) error = NULL;
        NetNetworkConfig config = {.mode = expects[i].mode};
        g_assert_false(net_world_remake_network(lab->world, net, &config, lab->now, &error));
        g_assert_error(error, NET_ERROR, NET_ERROR_CONFIG);
    }
    g_assert_true(is_reply(lab_ping(a, NET_IP4(10, 7, 0, 2))));
    lab_free(lab);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/remake/every-pair", test_every_pair);
    g_test_add_func("/remake/what-ends", test_what_ends);
    g_test_add_func("/remake/dhcp-again", test_dhcp_again);
    g_test_add_func("/remake/refused", test_refused);
    return g_test_run();
}
