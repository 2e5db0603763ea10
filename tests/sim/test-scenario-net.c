/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-scenario-net.c: networking modes, what lies outside, and forward rules: what
 * is filled in, and what is refused with which words. */
#include "tests/sim/scenario-helper.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* Line 2: a network. Line 3: two VMs on it, the keys of whose NICs follow. Line 4: more. */
#define WITH(network, a, b, more)                                                                  \
    HEAD "\"networks\":[{\"name\":\"n\"," network "}],\n"                                          \
         "\"vms\":[{\"name\":\"a\",\"program\":\"idle\",\"nics\":[{\"network\":\"n\"" a "}]},"     \
         "{\"name\":\"b\",\"program\":\"idle\",\"nics\":[{\"network\":\"n\"" b "}]}],\n" more      \
         "\"seed\":1}"
#define RULES(mode, rules) WITH("\"mode\":\"" mode "\",\"forward\":[" rules "]", "", "", "")
#define SSH                "\"name\":\"ssh\",\"host_port\":2222,\"guest_port\":22"

#define ROUTES(address, routes)                                                                    \
    WITH("\"mode\":\"internal\"", address ",\"routes\":[" routes "]", "", "")
#define ROUTE(to, via) "{\"to\":\"" to "\",\"via\":\"" via "\"}"

/* ---- What is filled in ---------------------------------------------------- */

static void assert_subnet(const SimScenario *s, uint32_t address, unsigned prefix)
{
    g_assert_cmpuint(s->networks[0].subnet.address, ==, address);
    g_assert_cmpuint(s->networks[0].subnet.prefix, ==, prefix);
}

static void test_host_only(void)
{
    g_autoptr(SimScenario) s = test_load_good(
        WITH("\"mode\":\"host-only\"", "", ",\"address\":\"192.168.56.7\"", ""), NULL);
    assert_subnet(s, IP(192, 168, 56, 0), 24);
    g_assert_true(s->networks[0].has_dhcp);
    g_assert_cmpuint(s->networks[0].dhcp.server, ==, IP(192, 168, 56, 100));
    g_assert_cmpuint(s->networks[0].dhcp.range.first, ==, IP(192, 168, 56, 101));
    g_assert_cmpuint(s->networks[0].dhcp.range.last, ==, IP(192, 168, 56, 254));
    g_assert_true(s->vms[0].nics[0].dhcp);
    g_assert_cmpuint(s->vms[0].nics[0].address.address, ==, 0);
    g_assert_false(s->vms[1].nics[0].dhcp);
    g_assert_cmpuint(s->vms[1].nics[0].address.address, ==, IP(192, 168, 56, 7));
    g_assert_cmpuint(s->vms[1].nics[0].address.prefix, ==, 24);
    g_assert_false(s->has_outside);
}

/* Without a server addresses are the lowest free ones: .1 is the host's. */
static void test_no_server(void)
{
    g_autoptr(SimScenario) s =
        test_load_good(WITH("\"mode\":\"host-only\",\"dhcp\":false", "", "", ""), NULL);
    g_assert_false(s->networks[0].has_dhcp);
    g_assert_cmpuint(s->vms[0].nics[0].address.address, ==, IP(192, 168, 56, 2));
    g_assert_cmpuint(s->vms[1].nics[0].address.address, ==, IP(192, 168, 56, 3));
    g_autoptr(SimScenario) again = test_load_good(s->effective_json, NULL);
    g_assert_cmpstr(again->effective_json, ==, s->effective_json);
}

/* An internal network has no server, but a NIC may ask all the same. */
static void test_internal(void)
{
    g_autoptr(SimScenario) s =
        test_load_good(WITH("\"mode\":\"internal\"", "", ",\"dhcp\":true", ""), NULL);
    assert_subnet(s, IP(10, 0, 0, 0), 24);
    g_assert_false(s->networks[0].has_dhcp);
    g_assert_cmpuint(s->vms[0].nics[0].address.address, ==, IP(10, 0, 0, 1));
    g_assert_true(s->vms[1].nics[0].dhcp);
    g_assert_cmpuint(s->vms[1].nics[0].address.address, ==, 0);

    g_autoptr(SimScenario) served = test_load_good(
        WITH("\"mode\":\"internal\",\"dhcp\":{\"range\":\"10.0.0.20-29\",\"lease\":\"60s\","
             "\"reservations\":[{\"vm\":\"b\",\"address\":\"10.0.0.80\"}]}",
             "", "", ""),
        NULL);
    const SimScenarioDhcp *dhcp = &served->networks[0].dhcp;
    g_assert_true(served->networks[0].has_dhcp && served->vms[0].nics[0].dhcp);
    g_assert_cmpuint(dhcp->server, ==, IP(10, 0, 0, 100));
    g_assert_cmpuint(dhcp->range.first, ==, IP(10, 0, 0, 20));
    g_assert_cmpuint(dhcp->range.last, ==, IP(10, 0, 0, 29));
    g_assert_cmpuint(dhcp->lease_ns, ==, UINT64_C(60000000000));
    g_assert_cmpuint(dhcp->reservations[0].vm.index, ==, 1);
}

static void test_nat(void)
{
    g_autoptr(SimScenario) s = test_load_good(
        RULES("nat",
              "{" SSH "},{\"name\":\"b\",\"protocol\":\"udp\",\"host_address\":\"127.0.0.1\","
              "\"host_port\":2222,\"guest_port\":7,\"vm\":\"b\"}"),
        NULL);
    const SimScenarioForward *rules = s->networks[0].forwards;
    g_assert_true(s->has_outside && s->networks[0].has_dhcp && s->vms[0].nics[0].dhcp);
    g_assert_cmpuint(s->networks[0].subnet.prefix, ==, 0);
    g_assert_cmpuint(sim_scenario_nic_subnet(s, 1, 0).address, ==, IP(10, 0, 2, 0));
    g_assert_cmpuint(s->networks[0].forward_count, ==, 2);
    g_assert_cmpuint(rules[0].protocol, ==, SIM_PROTOCOL_TCP);
    g_assert_cmpuint(rules[0].host_address, ==, 0);
    g_assert_cmpuint(rules[0].vm.index, ==, 0); /* the first on the network */
    g_assert_cmpuint(rules[1].protocol, ==, SIM_PROTOCOL_UDP);
    g_assert_cmpuint(rules[1].host_address, ==, IP(127, 0, 0, 1));
    g_assert_cmpuint(rules[1].vm.index, ==, 1);
    g_assert_cmpuint(s->lan.subnet.address, ==, IP(192, 168, 1, 0));
    g_assert_cmpuint(s->lan.router, ==, IP(192, 168, 1, 1));
    g_assert_cmpuint(s->lan.host, ==, IP(192, 168, 1, 10));
}

/* In mode nat two VMs may have one address: each is alone behind its router. */
static void test_nat_alone(void)
{
    g_autoptr(SimScenario) s =
        test_load_good(WITH("\"mode\":\"nat\",\"dhcp\":false", "",
                            ",\"address\":\"10.0.2.4\"},{\"network\":\"n\"", ""),
                       NULL);
    g_assert_cmpuint(s->vms[0].nics[0].address.address, ==, IP(10, 0, 2, 1));
    g_assert_cmpuint(s->vms[1].nics[0].address.address, ==, IP(10, 0, 2, 4));
    g_assert_cmpuint(s->vms[1].nics[1].address.address, ==, IP(10, 0, 3, 1));
}

static void test_nat_network(void)
{
    g_autoptr(SimScenario) s =
        test_load_good(RULES("nat-network", "{" SSH ",\"guest_address\":\"10.0.2.4\"}"), NULL);
    assert_subnet(s, IP(10, 0, 2, 0), 24);
    g_assert_cmpuint(s->networks[0].dhcp.server, ==, IP(10, 0, 2, 3));
    g_assert_cmpuint(s->networks[0].dhcp.range.first, ==, IP(10, 0, 2, 4));
    g_assert_cmpuint(s->networks[0].dhcp.range.last, ==, IP(10, 0, 2, 254));
    g_assert_cmpuint(s->networks[0].forwards[0].guest_address, ==, IP(10, 0, 2, 4));
}

#define PLACES                                                                                     \
    "\"lan\":{\"subnet\":\"172.16.0.0/16\",\"hosts\":[{\"name\":\"printer\"},{\"name\":\"nas\","   \
    "\"address\":\"172.16.0.50\",\"services\":\"dns\"}]},"                                         \
    "\"internet\":{\"servers\":[{\"name\":\"web\"}]},"

static void test_outside(void)
{
    g_autoptr(SimScenario) s = test_load_good(
        WITH("\"mode\":\"bridged\"", "", "",
             PLACES "\"checks\":[{\"id\":\"k\",\"title\":\"K\",\"expect\":{\"reach\":{\"from\":"
                    "\"lan:nas\",\"to\":\"internet:web\",\"protocol\":\"tcp\",\"port\":80,"
                    "\"answered_by\":\"host\"}}}],"),
        NULL);
    const SimExpectReach *reach = &s->checks[0].expect.reach;
    assert_subnet(s, IP(172, 16, 0, 0), 16);
    g_assert_true(s->vms[0].nics[0].dhcp);
    g_assert_cmpuint(s->lan.hosts[0].address, ==, IP(172, 16, 0, 51)); /* .50 is given */
    g_assert_cmpuint(s->lan.hosts[0].services, ==, SIM_SERVICE_ECHO | SIM_SERVICE_HTTP);
    g_assert_cmpuint(s->lan.hosts[1].services, ==, SIM_SERVICE_DNS);
    g_assert_cmpuint(s->internet.servers[0].address, ==, IP(203, 0, 113, 10));
    g_assert_cmpuint(reach->from.kind, ==, SIM_ENDPOINT_LAN);
    g_assert_cmpuint(reach->from.index, ==, 1);
    g_assert_cmpuint(reach->to.kind, ==, SIM_ENDPOINT_INTERNET);
    g_assert_cmpuint(reach->protocol, ==, SIM_PROTOCOL_TCP);
    g_assert_cmpuint(reach->answered_by.kind, ==, SIM_ENDPOINT_HOST);
    g_autoptr(SimScenario) again = test_load_good(s->effective_json, NULL);
    g_assert_cmpstr(again->effective_json, ==, s->effective_json);
}

static void test_commands(void)
{
    g_autoptr(SimScenario) s = test_load_good(
        WITH("\"mode\":\"nat\"", "", "",
             "\"timeline\":[{\"at\":\"1ms\",\"do\":\"connect\",\"from\":\"host\",\"to\":\"vm:a\","
             "\"port\":22},{\"at\":\"2ms\",\"do\":\"forward-add\",\"network\":\"n\",\"rule\":{" SSH
             ",\"vm\":\"b\"}},{\"at\":\"3ms\",\"do\":\"forward-remove\",\"network\":\"n\",\"name\":"
             "\"ssh\"}],"),
        NULL);
    g_assert_cmpuint(s->timeline[0].kind, ==, SIM_COMMAND_CONNECT);
    g_assert_cmpuint(s->timeline[0].protocol, ==, SIM_PROTOCOL_TCP);
    g_assert_cmpuint(s->timeline[1].forward.host_port, ==, 2222);
    g_assert_cmpuint(s->timeline[1].forward.vm.index, ==, 1);
    g_assert_cmpstr(s->timeline[2].text, ==, "ssh");
}

/* ---- What is refused ------------------------------------------------------ */

static const struct {
    const char *name, *text, *message;
} wrong[] = {
    {"clash",
     RULES("nat", "{" SSH "},{\"name\":\"x\",\"host_port\":2222,\"guest_port\":80,"
                  "\"host_address\":\"127.0.0.1\"}"),
     "x.json:2: networks[0].forward[1].host_port: tcp 2222 of the host is taken by "
     "networks[0].forward[0]; each rule needs its own"},
    {"same-name", RULES("nat", "{" SSH "},{\"name\":\"ssh\",\"host_port\":2223,\"guest_port\":22}"),
     "x.json:2: networks[0].forward[1].name: \"ssh\" is taken by forward[0]; each needs its own"},
    {"low-port", RULES("nat", "{\"name\":\"web\",\"host_port\":80,\"guest_port\":80}"),
     "x.json:2: networks[0].forward[0].host_port: 80 is below 1024: the host gives such a port to "
     "nobody without privilege, and VirtualBox refuses to start the VM; allowed: a whole number "
     "from 1024 to 65535"},
    {"no-guest-address", RULES("nat-network", "{" SSH "}"),
     "x.json:2: networks[0].forward[0]: \"guest_address\" is missing; mode nat-network has several "
     "VMs behind one router, so a rule must say which one it leads to"},
    {"guest-outside", RULES("nat-network", "{" SSH ",\"guest_address\":\"10.0.3.4\"}"),
     "x.json:2: networks[0].forward[0].guest_address: 10.0.3.4 is not an address of a host in "
     "10.0.2.0/24, the subnet of n"},
    {"nat-guest-outside", RULES("nat", "{" SSH ",\"guest_address\":\"10.0.3.15\"}"),
     "x.json:2: networks[0].forward[0].guest_address: 10.0.3.15 is not an address of a host in "
     "10.0.2.0/24, the subnet of n"},
    {"no-nat", RULES("host-only", "{" SSH "}"),
     "x.json:2: networks[0].forward: mode host-only has no NAT, so nothing to forward; forward "
     "rules need mode nat or nat-network"},
    {"whose-address", RULES("nat", "{" SSH ",\"host_address\":\"192.168.1.11\"}"),
     "x.json:2: networks[0].forward[0].host_address: 192.168.1.11 is no address of the host; "
     "allowed: 192.168.1.10, 127.0.0.1, the host's address on a host-only network, or \"\" for "
     "every one"},
    {"whose-router", RULES("nat", "{" SSH ",\"vm\":\"c\"}"),
     "x.json:2: networks[0].forward[0].vm: \"c\" is no VM on this network; allowed: a, b"},
    {"bridged-subnet", WITH("\"mode\":\"bridged\",\"subnet\":\"10.0.0.0/24\"", "", "", ""),
     "x.json:2: networks[0].subnet: a bridged network has the LAN's subnet; give it in lan.subnet"},
    {"bridged-dhcp", WITH("\"mode\":\"bridged\",\"dhcp\":false", "", "", ""),
     "x.json:2: networks[0].dhcp: on a bridged network the LAN's own router gives addresses; leave "
     "it out"},
    {"nat-dhcp", WITH("\"mode\":\"nat\",\"dhcp\":{\"server\":\"10.0.2.9\"}", "", "", ""),
     "x.json:2: networks[0].dhcp: in mode nat the router of each VM has a server of its own, which "
     "gives .15; allowed: lease, or false"},
    {"dhcp-true", WITH("\"mode\":\"internal\",\"dhcp\":true", "", "", ""),
     "x.json:2: networks[0].dhcp: true is not an object (a DHCP server), or false"},
    {"range", WITH("\"mode\":\"host-only\",\"dhcp\":{\"range\":\"192.168.56.9-5\"}", "", "", ""),
     "x.json:2: networks[0].dhcp.range: \"192.168.56.9-5\" ends before it begins; allowed: first "
     "and last, such as 10.0.0.4-10.0.0.254"},
    {"range-outside",
     WITH("\"mode\":\"host-only\",\"dhcp\":{\"range\":\"192.168.57.9-15\"}", "", "", ""),
     "x.json:2: networks[0].dhcp.range: 192.168.57.9 is not an address of a host in "
     "192.168.56.0/24, the subnet of n"},
    {"server-in-range",
     WITH("\"mode\":\"host-only\",\"dhcp\":{\"range\":\"192.168.56.90-110\"}", "", "", ""),
     "x.json:2: networks[0].dhcp.range: the server's own address lies in it"},
    {"small", WITH("\"mode\":\"internal\",\"subnet\":\"10.0.0.0/28\",\"dhcp\":{}", "", "", ""),
     "x.json:2: networks[0].dhcp: the subnet is smaller than /24, so give server and range; or "
     "false for no server"},
    {"too-small", WITH("\"mode\":\"nat-network\",\"subnet\":\"10.0.0.0/30\"", "", "", ""),
     "x.json:2: networks[0].subnet: too small for a network of mode nat-network; allowed: up to "
     "/29"},
    {"reservation-vm",
     WITH("\"mode\":\"host-only\",\"dhcp\":{\"reservations\":[{\"vm\":\"x\",\"address\":"
          "\"192.168.56.5\"}]}",
          "", "", ""),
     "x.json:2: networks[0].dhcp.reservations[0].vm: \"x\" is not the name of a VM; allowed: a, b"},
    {"reservation-twice",
     WITH("\"mode\":\"host-only\",\"dhcp\":{\"reservations\":[{\"vm\":\"a\",\"address\":"
          "\"192.168.56.5\"},{\"vm\":\"b\",\"address\":\"192.168.56.5\"}]}",
          "", "", ""),
     "x.json:2: networks[0].dhcp.reservations[1].address: 192.168.56.5 is taken; each needs its "
     "own"},
    {"dhcp-and-address",
     WITH("\"mode\":\"internal\"", ",\"address\":\"10.0.0.1\",\"dhcp\":true", "", ""),
     "x.json:3: vms[0].nics[0].dhcp: cannot stand beside \"address\"; one of them is enough"},
    {"address-of-host", WITH("\"mode\":\"host-only\"", ",\"address\":\"192.168.56.1\"", "", ""),
     "x.json:3: vms[0].nics[0].address: 192.168.56.1 is the address of the host on this network"},
    {"address-of-printer", WITH("\"mode\":\"bridged\"", ",\"address\":\"172.16.0.51\"", "", PLACES),
     "x.json:3: vms[0].nics[0].address: 172.16.0.51 is the address of printer on this network"},
    {"lan-twice",
     WITH("\"mode\":\"bridged\"", "", "",
          "\"lan\":{\"hosts\":[{\"name\":\"p\",\"address\":\"192.168.1.10\"}]},"),
     "x.json:4: lan.hosts[0].address: 192.168.1.10 is the address of the host; each needs its own"},
    {"lan-outside",
     WITH("\"mode\":\"bridged\"", "", "",
          "\"lan\":{\"hosts\":[{\"name\":\"p\",\"address\":\"192.168.2.10\"}]},"),
     "x.json:4: lan.hosts[0].address: 192.168.2.10 is not an address of a host in 192.168.1.0/24, "
     "the subnet of the LAN"},
    {"server-outside",
     WITH("\"mode\":\"nat\"", "", "",
          "\"internet\":{\"servers\":[{\"name\":\"w\",\"address\":\"8.8.8.8\"}]},"),
     "x.json:4: internet.servers[0].address: 8.8.8.8 is not an address of a host in "
     "203.0.113.0/24, the subnet of the Internet"},
    {"no-such-machine",
     WITH("\"mode\":\"bridged\"", "", "",
          PLACES "\"timeline\":[{\"at\":\"1ms\",\"do\":\"ping\",\"from\":\"vm:a\",\"to\":"
                 "\"lan:web\"}],"),
     "x.json:4: timeline[0].to: \"lan:web\" is not an endpoint; did you mean \"lan:nas\"? allowed: "
     "vm:a, vm:b, host, lan:printer, lan:nas, internet:web"},
    {"command-no-nat",
     WITH("\"mode\":\"bridged\"", "", "",
          "\"timeline\":[{\"at\":\"1ms\",\"do\":\"forward-remove\",\"network\":\"n\",\"name\":"
          "\"x\"}],"),
     "x.json:4: timeline[0].network: \"n\" has mode bridged and no NAT; forward rules need mode "
     "nat or nat-network"},
    {"wifi", WITH("\"mode\":\"nat\",\"wifi\":true", "", "", ""),
     "x.json:2: networks[0].wifi: mode nat does not use the host's NIC as a bridge; only mode "
     "bridged "
     "does"},
    {"command-rule",
     WITH("\"mode\":\"nat-network\"", "", "",
          "\"timeline\":[{\"at\":\"1ms\",\"do\":\"forward-add\",\"network\":\"n\",\"rule\":{" SSH
          "}}],"),
     "x.json:4: timeline[0].rule: \"guest_address\" is missing; mode nat-network has several VMs "
     "behind one router, so a rule must say which one it leads to"},
    {"route-to-stranger", ROUTES("", ROUTE("10.2.0.0/24", "10.0.1.1")),
     "x.json:3: vms[0].nics[0].routes[0].via: 10.0.1.1 is no neighbour of this NIC; allowed: an "
     "address of 10.0.0.0/24"},
    {"route-to-itself", ROUTES(",\"address\":\"10.0.0.9\"", ROUTE("10.2.0.0/24", "10.0.0.9")),
     "x.json:3: vms[0].nics[0].routes[0].via: 10.0.0.9 is this NIC's own address; allowed: another "
     "of 10.0.0.0/24"},
    {"route-by-dhcp", ROUTES(",\"dhcp\":true", ROUTE("10.2.0.0/24", "192.168.1.1")),
     "x.json:3: vms[0].nics[0].routes[0].via: 192.168.1.1 is no neighbour of this NIC; allowed: an "
     "address of 10.0.0.0/24"},
    {"route-host-bits", ROUTES("", ROUTE("10.2.0.1/24", "10.0.0.9")),
     "x.json:3: vms[0].nics[0].routes[0].to: \"10.2.0.1/24\" has bits set behind the network part; "
     "allowed: an IPv4 network such as 10.0.0.0/24, from /8 to /30"},
    {"route-no-via", ROUTES("", "{\"to\":\"10.2.0.0/24\"}"),
     "x.json:3: vms[0].nics[0].routes[0]: \"via\" is missing; allowed: an IPv4 address such as "
     "10.0.0.1"},
};

static void test_routes(void)
{
    g_autoptr(SimScenario) s = test_load_good(
        ROUTES(",\"address\":\"10.7.0.2/16\"",
               ROUTE("10.2.0.0/24", "10.7.9.254") "," ROUTE("192.168.0.0/16", "10.7.0.1")),
        NULL);
    const SimScenarioNic *nic = &s->vms[0].nics[0];
    g_assert_cmpuint(nic->route_count, ==, 2);
    g_assert_cmphex(nic->routes[0].to.address, ==, IP(10, 2, 0, 0));
    g_assert_cmpuint(nic->routes[0].to.prefix, ==, 24);
    g_assert_cmphex(nic->routes[0].via, ==, IP(10, 7, 9, 254));
    g_assert_cmphex(nic->routes[1].via, ==, IP(10, 7, 0, 1));
    g_assert_cmpuint(s->vms[1].nics[0].route_count, ==, 0);
}

/* The host has a NIC on each, and no room for more than eight. */
static void test_many_host_only(void)
{
    GString *networks = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 8; i++) {
        g_string_append_printf(networks, "%s{\"name\":\"n%d\",\"mode\":\"host-only\"}",
                               i ? "," : "", i);
        if (i < 6)
            continue;
        g_autofree char *text = g_strdup_printf(HEAD "\"networks\":[%s],\n" VM_A, networks->str);
        g_autoptr(SimScenario) scenario = test_load(text, NULL, &error);
        g_assert_true((scenario != NULL) == (i == 6));
        if (scenario)
            g_assert_cmpuint(scenario->networks[6].subnet.address, ==, IP(192, 168, 62, 0));
    }
    g_assert_cmpstr(
        error->message, ==,
        "x.json:2: networks[7]: one host-only network too many; allowed: 7, as the host "
        "has no room for more NICs");
    g_string_free(networks, TRUE);
}

static void test_wrong(gconstpointer number)
{
    gsize i = GPOINTER_TO_SIZE(number);
    g_autoptr(GError) error = NULL;
    g_assert_null(test_load(wrong[i].text, NULL, &error));
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, wrong[i].message);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-net/host-only", test_host_only);
    g_test_add_func("/scenario-net/no-server", test_no_server);
    g_test_add_func("/scenario-net/internal", test_internal);
    g_test_add_func("/scenario-net/nat", test_nat);
    g_test_add_func("/scenario-net/nat-alone", test_nat_alone);
    g_test_add_func("/scenario-net/nat-network", test_nat_network);
    g_test_add_func("/scenario-net/outside", test_outside);
    g_test_add_func("/scenario-net/commands", test_commands);
    g_test_add_func("/scenario-net/many-host-only", test_many_host_only);
    g_test_add_func("/scenario-net/routes", test_routes);
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *path = g_strconcat("/scenario-net/wrong/", wrong[i].name, NULL);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_wrong);
    }
    return g_test_run();
}
