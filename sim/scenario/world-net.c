/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world-net.c: networks, LAN and Internet as a whole: the subnets that the file
 * leaves to us, who holds which address, and what is wrong with forward rules and
 * DHCP servers.
 *
 * Defaults are those of VirtualBox: host-only 192.168.56.0/24 with the host at .1
 * and DHCP at .100; nat 10.0.(n+2).0/24 for NIC n of each VM, gateway .2, DNS .3;
 * nat-network 10.0.2.0/24, gateway .1, the host's loopback .2, DHCP .3.
 */
#include "sim/scenario/reader.h"

#define MOST_HOST_ONLY         7u /* the host's IP stack has eight NICs, one is the LAN's */
#define FIRST_LAN_MACHINE      50u
#define FIRST_INTERNET_MACHINE 10u

static bool inside(SimCidr subnet, uint32_t address)
{
    uint32_t host = ~sim_prefix_mask(subnet.prefix);
    return (address & ~host) == subnet.address && (address & host) != 0 && (address & host) != host;
}

static char *cidr_text(SimCidr cidr)
{
    g_autofree char *address = sim_format_ipv4(cidr.address);
    return g_strdup_printf("%s/%u", address, cidr.prefix);
}

static bool fail_outside(SimReader *reader, const SimPath *at, uint32_t address, SimCidr subnet,
                         const char *of)
{
    g_autofree char *text = sim_format_ipv4(address), *range = cidr_text(subnet);
    return sim_reader_fail(reader, at, "%s is not an address of a host in %s, the subnet of %s",
                           text, range, of);
}

SimCidr sim_scenario_nic_subnet(const SimScenario *scenario, unsigned vm, unsigned nic)
{
    const SimScenarioNetwork *network =
        &scenario->networks[scenario->vms[vm].nics[nic].network.index];
    const NetRecipe *recipe = sim_network_recipe(network->mode);
    if (recipe->subnet_source != NET_SUBNET_BY_NIC || network->subnet.prefix != 0)
        return network->subnet;
    return (SimCidr){recipe->subnet + (nic << 8), 24};
}

const NetRecipe *sim_network_recipe(uint64_t mode)
{
    return net_recipe_find(sim_network_mode_name((SimNetworkMode)mode));
}

/* ---- Subnets ------------------------------------------------------------ */

static bool default_subnet(SimReader *reader, size_t number, unsigned *host_nics)
{
    SimScenario *scenario = reader->scenario;
    SimScenarioNetwork *network = &scenario->networks[number];
    const NetRecipe *recipe = sim_network_recipe(network->mode);
    SimPath list = {NULL, "networks", 0}, at = {&list, NULL, number}, key = {&at, "subnet", 0};
    bool given = network->subnet.prefix != 0;
    if (recipe->has_host_nic && *host_nics == MOST_HOST_ONLY)
        return sim_reader_fail(reader, &at,
                               "one host-only network too many; allowed: %u, as "
                               "the host has no room for more NICs",
                               MOST_HOST_ONLY);
    switch ((NetSubnetSource)recipe->subnet_source) {
    case NET_SUBNET_OF_LAN:
        if (given)
            return sim_reader_fail(reader, &key,
                                   "a bridged network has the LAN's subnet; give it "
                                   "in lan.subnet");
        network->subnet = scenario->lan.subnet;
        break;
    case NET_SUBNET_BY_HOST_NIC:
        if (!given)
            network->subnet = (SimCidr){recipe->subnet + (*host_nics << 8), 24};
        break;
    case NET_SUBNET_BY_NETWORK:
        if (!given)
            network->subnet = (SimCidr){recipe->subnet + ((uint32_t)number << 8), 24};
        break;
    case NET_SUBNET_FIXED:
        if (!given)
            network->subnet = (SimCidr){recipe->subnet, 24};
        break;
    case NET_SUBNET_BY_NIC: break;
    }
    *host_nics += recipe->has_host_nic;
    if (recipe->longest_prefix == 0 || network->subnet.prefix <= recipe->longest_prefix)
        return true;
    return sim_reader_fail(reader, &key, "too small for a network of mode %s; allowed: up to /%u",
                           sim_network_mode_name((SimNetworkMode)network->mode),
                           recipe->longest_prefix);
}

/* Gives one machine its address, and finds it free. */
static bool place_machine(SimReader *reader, const SimPath *at, SimCidr subnet, const char *of,
                          GHashTable *taken, uint32_t first, uint32_t *address, const char *who)
{
    uint32_t host = ~sim_prefix_mask(subnet.prefix);
    while (*address == 0 && first < host) {
        uint32_t candidate = subnet.address + first++;
        if (!g_hash_table_contains(taken, GUINT_TO_POINTER(candidate)))
            *address = candidate;
    }
    if (!inside(subnet, *address))
        return fail_outside(reader, at, *address ? *address : subnet.address + host, subnet, of);
    const char *holder = g_hash_table_lookup(taken, GUINT_TO_POINTER(*address));
    g_autofree char *text = sim_format_ipv4(*address);
    if (holder)
        return sim_reader_fail(reader, at, "%s is the address of %s; each needs its own", text,
                               holder);
    g_hash_table_insert(taken, GUINT_TO_POINTER(*address), (gpointer)who);
    return true;
}

static bool place_machines(SimReader *reader, const SimPath *list, SimCidr subnet, const char *of,
                           GHashTable *taken, uint32_t first, SimScenarioMachine *machines,
                           size_t count)
{
    /* Those that the file places come first. */
    for (int given = 1; given >= 0; given--)
        for (size_t i = 0; i < count; i++) {
            SimPath element = {list, NULL, i}, at = {&element, "address", 0};
            if ((machines[i].address != 0) != given)
                continue;
            if (!place_machine(reader, &at, subnet, of, taken, first, &machines[i].address,
                               machines[i].name))
                return false;
        }
    return true;
}

static bool complete_outside(SimReader *reader)
{
    SimScenario *scenario = reader->scenario;
    SimScenarioLan *lan = &scenario->lan;
    g_autoptr(GHashTable) on_lan = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) on_internet = g_hash_table_new(NULL, NULL);
    SimPath at = {NULL, "lan", 0}, subnet = {&at, "subnet", 0}, router = {&at, "router", 0},
            host = {&at, "host", 0}, hosts = {&at, "hosts", 0}, internet = {NULL, "internet", 0},
            servers = {&internet, "servers", 0};
    scenario->has_outside = lan->subnet.prefix != 0 || scenario->internet.server_count > 0;
    for (size_t i = 0; i < scenario->network_count; i++)
        scenario->has_outside |=
            net_recipe_touches_lan(sim_network_recipe(scenario->networks[i].mode));
    if (lan->subnet.prefix == 0)
        lan->subnet = (SimCidr){192u << 24 | 168u << 16 | 1u << 8, 24};
    if (!scenario->has_outside) { /* it may come yet: set-mode */
        lan->router = lan->subnet.address + 1;
        lan->host = lan->subnet.address + 10;
        return true;
    }
    if (lan->subnet.prefix > 28)
        return sim_reader_fail(reader, &subnet, "too small for a LAN; allowed: up to /28");
    return place_machine(reader, &router, lan->subnet, "the LAN", on_lan, 1, &lan->router,
                         "the LAN's router") &&
           place_machine(reader, &host, lan->subnet, "the LAN", on_lan, 10, &lan->host,
                         "the host") &&
           place_machines(reader, &hosts, lan->subnet, "the LAN", on_lan,
                          lan->subnet.prefix > 24 ? 2 : FIRST_LAN_MACHINE, lan->hosts,
                          lan->host_count) &&
           place_machines(reader, &servers, SIM_INTERNET_SUBNET, "the Internet", on_internet,
                          FIRST_INTERNET_MACHINE, scenario->internet.servers,
                          scenario->internet.server_count);
}

bool sim_world_subnets(SimReader *reader)
{
    unsigned host_nics = 0;
    if (!complete_outside(reader))
        return false;
    for (size_t i = 0; i < reader->scenario->network_count; i++)
        if (!default_subnet(reader, i, &host_nics))
            return false;
    return true;
}

/* Whose address on the LAN it is. */
static const char *holder_on_lan(const SimScenarioLan *lan, uint32_t address)
{
    if (address == lan->router || address == lan->host)
        return address == lan->host ? "the host" : "the LAN's router";
    for (size_t i = 0; i < lan->host_count; i++)
        if (lan->hosts[i].address == address)
            return lan->hosts[i].name;
    return NULL;
}

const char *sim_world_holder(const SimScenario *scenario, size_t vm, size_t nic, uint32_t address)
{
    const SimScenarioNetwork *network =
        &scenario->networks[scenario->vms[vm].nics[nic].network.index];
    const NetRecipe *recipe = sim_network_recipe(network->mode);
    uint32_t low = address - sim_scenario_nic_subnet(scenario, vm, nic).address;
    if (network->has_dhcp && network->dhcp.server == address)
        return "the DHCP server";
    if (recipe->on_lan)
        return holder_on_lan(&scenario->lan, address);
    return low == 0                  ? NULL
           : low == recipe->host     ? "the host"
           : low == recipe->router   ? "the router"
           : low == recipe->dns      ? "the DNS server"
           : low == recipe->loopback ? "the host's loopback"
                                     : NULL;
}

/* ---- DHCP servers ------------------------------------------------------- */

static void default_dhcp(SimScenarioNetwork *network)
{
    SimScenarioDhcp *dhcp = &network->dhcp;
    uint32_t net = network->subnet.address, most = ~sim_prefix_mask(network->subnet.prefix) - 1;
    const NetRecipe *recipe = sim_network_recipe(network->mode);
    if (dhcp->server == 0)
        dhcp->server = net + recipe->dhcp_server;
    if (dhcp->range.first == 0)
        dhcp->range =
            (SimAddressRange){net + recipe->first_lease, net + MIN(most, recipe->last_lease)};
}

static bool check_reservation(SimReader *reader, const SimPath *at, size_t network,
                              SimScenarioReservation *reservation, GHashTable *taken)
{
    const SimScenario *scenario = reader->scenario;
    int vm = sim_scenario_find_vm(scenario, reservation->vm.name);
    SimPath name = {at, "vm", 0}, nic = {at, "nic", 0}, address = {at, "address", 0};
    SimCidr subnet = scenario->networks[network].subnet;
    if (vm < 0) {
        g_autoptr(GPtrArray) names = sim_reference_names(reader, SIM_KEY_VM);
        g_autofree char *quoted = sim_quote(reservation->vm.name);
        g_autofree char *what = g_strdup_printf("%s is not the name of a VM", quoted);
        return sim_reader_fail_word(reader, &name, reservation->vm.name, what,
                                    (const char *const *)names->pdata, names->len);
    }
    reservation->vm.index = (uint32_t)vm;
    if (reservation->nic >= scenario->vms[vm].nic_count ||
        scenario->vms[vm].nics[reservation->nic].network.index != network)
        return sim_reader_fail(reader, &nic, "VM \"%s\" has no NIC %" G_GUINT64_FORMAT " here",
                               scenario->vms[vm].name, reservation->nic);
    if (!inside(subnet, reservation->address))
        return fail_outside(reader, &address, reservation->address, subnet,
                            scenario->networks[network].name);
    if (!g_hash_table_add(taken, GUINT_TO_POINTER(reservation->address))) {
        g_autofree char *text = sim_format_ipv4(reservation->address);
        return sim_reader_fail(reader, &address, "%s is taken; each needs its own", text);
    }
    return true;
}

/* What the file says of a server, against the subnet. */
static bool check_dhcp(SimReader *reader, size_t number)
{
    SimScenarioNetwork *network = &reader->scenario->networks[number];
    SimScenarioDhcp *dhcp = &network->dhcp;
    g_autoptr(GHashTable) taken = g_hash_table_new(NULL, NULL);
    SimPath list = {NULL, "networks", 0}, element = {&list, NULL, number},
            at = {&element, "dhcp", 0}, server = {&at, "server", 0}, range = {&at, "range", 0},
            reservations = {&at, "reservations", 0};
    if (dhcp->lease_ns == 0)
        dhcp->lease_ns = UINT64_C(1200000000000);
    if (!sim_network_recipe(network->mode)->has_switch)
        return dhcp->server == 0 && dhcp->range.first == 0 && dhcp->reservation_count == 0
                   ? true
                   : sim_reader_fail(reader, &at,
                                     "in mode nat the router of each VM has a server of its own, "
                                     "which gives .15; allowed: lease, or false");
    bool small = sim_network_recipe(network->mode)->dhcp_server >
                     ~sim_prefix_mask(network->subnet.prefix) - 1 &&
                 (dhcp->server == 0 || dhcp->range.first == 0);
    if (small)
        return sim_reader_fail(reader, &at,
                               "the subnet is smaller than /24, so give server and "
                               "range; or false for no server");
    default_dhcp(network);
    if (!inside(network->subnet, dhcp->server))
        return fail_outside(reader, &server, dhcp->server, network->subnet, network->name);
    if (!inside(network->subnet, dhcp->range.first) || !inside(network->subnet, dhcp->range.last))
        return fail_outside(reader, &range,
                            inside(network->subnet, dhcp->range.first) ? dhcp->range.last
                                                                       : dhcp->range.first,
                            network->subnet, network->name);
    if (dhcp->server >= dhcp->range.first && dhcp->server <= dhcp->range.last)
        return sim_reader_fail(reader, &range, "the server's own address lies in it");
    g_hash_table_add(taken, GUINT_TO_POINTER(dhcp->server));
    for (size_t i = 0; i < dhcp->reservation_count; i++) {
        SimPath one = {&reservations, NULL, i};
        if (!check_reservation(reader, &one, number, &dhcp->reservations[i], taken))
            return false;
    }
    return true;
}

bool sim_world_dhcp(SimReader *reader)
{
    for (size_t i = 0; i < reader->scenario->network_count; i++) {
        SimScenarioNetwork *network = &reader->scenario->networks[i];
        SimPath list = {NULL, "networks", 0}, element = {&list, NULL, i},
                at = {&element, "dhcp", 0};
        bool given = network->dhcp.lease_ns != 0;
        const NetRecipe *recipe = sim_network_recipe(network->mode);
        if (recipe->on_lan && (given || network->dhcp_off))
            return sim_reader_fail(reader, &at,
                                   "on a bridged network the LAN's own router gives "
                                   "addresses; leave it out");
        network->has_dhcp = given || (recipe->serves_dhcp && !network->dhcp_off);
        if (network->has_dhcp && !recipe->on_lan && !check_dhcp(reader, i))
            return false;
    }
    return true;
}

/* ---- Forward rules ------------------------------------------------------ */

/* Does the host have this address? */
static bool is_of_host(const SimScenario *scenario, uint32_t address)
{
    if (address == (127u << 24 | 1) || address == scenario->lan.host)
        return true;
    for (size_t i = 0; i < scenario->network_count; i++) {
        const NetRecipe *recipe = sim_network_recipe(scenario->networks[i].mode);
        if (recipe->has_host_nic && address == scenario->networks[i].subnet.address + recipe->host)
            return true;
    }
    return false;
}

/* Whose router has the rule, where each VM has one. */
static bool find_forward_vm(SimReader *reader, uint32_t number, const SimPath *at,
                            SimScenarioForward *rule)
{
    const SimScenario *scenario = reader->scenario;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    SimPath key = {at, "vm", 0};
    rule->vm.index = UINT32_MAX;
    for (size_t v = 0; v < scenario->vm_count; v++) {
        bool here = false;
        for (size_t n = 0; n < scenario->vms[v].nic_count; n++)
            here |= scenario->vms[v].nics[n].network.index == number;
        if (!here)
            continue;
        g_ptr_array_add(names, scenario->vms[v].name);
        if (rule->vm.index == UINT32_MAX &&
            (!rule->vm.name || g_strcmp0(rule->vm.name, scenario->vms[v].name) == 0))
            rule->vm.index = (uint32_t)v;
    }
    if (!rule->vm.name || rule->vm.index != UINT32_MAX)
        return true;
    g_autofree char *quoted = sim_quote(rule->vm.name);
    g_autofree char *what = g_strdup_printf("%s is no VM on this network", quoted);
    return sim_reader_fail_word(reader, &key, rule->vm.name, what,
                                (const char *const *)names->pdata, names->len);
}

/* Where each VM has a router: the subnet of the VM's first NIC on the network. */
static SimCidr forward_subnet(const SimScenario *scenario, uint32_t number,
                              const SimScenarioForward *rule)
{
    const SimScenarioVm *vm =
        rule->vm.index < scenario->vm_count ? &scenario->vms[rule->vm.index] : NULL;
    for (size_t n = 0; vm && n < vm->nic_count; n++)
        if (vm->nics[n].network.index == number)
            return sim_scenario_nic_subnet(scenario, rule->vm.index, (unsigned)n);
    return scenario->networks[number].subnet;
}

bool sim_world_check_forward(SimReader *reader, uint32_t number, const SimPath *at,
                             SimScenarioForward *rule)
{
    const SimScenario *scenario = reader->scenario;
    const SimScenarioNetwork *network = &scenario->networks[number];
    SimPath guest = {at, "guest_address", 0}, host = {at, "host_address", 0}, vm = {at, "vm", 0};
    if (rule->host_address != 0 && !is_of_host(scenario, rule->host_address)) {
        g_autofree char *text = sim_format_ipv4(rule->host_address);
        g_autofree char *lan = sim_format_ipv4(scenario->lan.host);
        return sim_reader_fail(reader, &host,
                               "%s is no address of the host; allowed: %s, 127.0.0.1, the host's "
                               "address on a host-only network, or \"\" for every one",
                               text, lan);
    }
    if (!sim_network_recipe(network->mode)->has_switch) {
        if (!find_forward_vm(reader, number, at, rule))
            return false;
    } else {
        rule->vm.index = UINT32_MAX;
        if (rule->vm.name)
            return sim_reader_fail(reader, &vm,
                                   "in mode nat-network guest_address says where a "
                                   "rule leads; leave it out");
        if (rule->guest_address == 0)
            return sim_reader_fail(reader, at,
                                   "\"guest_address\" is missing; mode nat-network has "
                                   "several VMs behind one router, so a rule must say "
                                   "which one it leads to");
    }
    SimCidr subnet = forward_subnet(scenario, number, rule);
    if (rule->guest_address == 0 || subnet.prefix == 0 || inside(subnet, rule->guest_address))
        return true;
    return fail_outside(reader, &guest, rule->guest_address, subnet, network->name);
}

/* Do both ask for the same port of the host? */
static bool clash(const SimScenarioForward *a, const SimScenarioForward *b)
{
    return a->protocol == b->protocol && a->host_port == b->host_port &&
           (a->host_address == 0 || b->host_address == 0 || a->host_address == b->host_address);
}

/* No rule before this one, of this network or one before it, asks for its port. */
static bool check_clash(SimReader *reader, const SimPath *at, size_t network, size_t number)
{
    const SimScenario *scenario = reader->scenario;
    const SimScenarioForward *rule = &scenario->networks[network].forwards[number];
    SimPath key = {at, "host_port", 0};
    for (size_t n = 0; n <= network; n++) {
        size_t count = n < network ? scenario->networks[n].forward_count : number;
        for (size_t i = 0; i < count; i++)
            if (clash(rule, &scenario->networks[n].forwards[i]))
                return sim_reader_fail(reader, &key,
                                       "%s %" G_GUINT64_FORMAT " of the host is taken by "
                                       "networks[%" G_GSIZE_FORMAT "].forward[%" G_GSIZE_FORMAT
                                       "]; each rule needs its own",
                                       sim_protocol_name(rule->protocol), rule->host_port, n, i);
    }
    return true;
}

static bool check_forwards(SimReader *reader, size_t number)
{
    SimScenarioNetwork *network = &reader->scenario->networks[number];
    SimPath list = {NULL, "networks", 0}, element = {&list, NULL, number},
            at = {&element, "forward", 0};
    if (network->forward_count > 0 && !sim_network_recipe(network->mode)->has_nat)
        return sim_reader_fail(reader, &at,
                               "mode %s has no NAT, so nothing to forward; forward rules need mode "
                               "nat or nat-network",
                               sim_network_mode_name(network->mode));
    for (size_t i = 0; i < network->forward_count; i++) {
        SimPath one = {&at, NULL, i};
        if (!sim_world_check_forward(reader, (uint32_t)number, &one, &network->forwards[i]) ||
            !check_clash(reader, &one, number, i))
            return false;
    }
    return true;
}

static bool check_wifi(SimReader *reader, size_t number)
{
    const SimScenarioNetwork *network = &reader->scenario->networks[number];
    SimPath list = {NULL, "networks", 0}, element = {&list, NULL, number},
            at = {&element, "wifi", 0};

    return !network->wifi || sim_network_recipe(network->mode)->on_lan ||
           sim_reader_fail(
               reader, &at,
               "mode %s does not use the host's NIC as a bridge; only mode bridged does",
               sim_network_mode_name(network->mode));
}

/* A command about rules, against the network as it is then. Once set-mode has made it anew
 * the file cannot tell: the engine sees. */
static bool check_rule_command(SimReader *reader, size_t number)
{
    SimScenario *scenario = reader->scenario;
    SimCommand *command = &scenario->timeline[number];
    const SimScenarioNetwork *network = &scenario->networks[command->network.index];
    SimPath timeline = {NULL, "timeline", 0}, at = {&timeline, NULL, number},
            rule = {&at, "rule", 0}, key = {&at, "network", 0};
    for (size_t i = 0; i < number; i++)
        if (scenario->timeline[i].kind == SIM_COMMAND_SET_MODE &&
            scenario->timeline[i].network.index == command->network.index)
            return true;
    if (!sim_network_recipe(network->mode)->has_nat)
        return sim_reader_fail(reader, &key,
                               "\"%s\" has mode %s and no NAT; forward rules need mode nat "
                               "or nat-network",
                               network->name, sim_network_mode_name(network->mode));
    return command->kind != SIM_COMMAND_FORWARD_ADD ||
           sim_world_check_forward(reader, command->network.index, &rule, &command->forward);
}

bool sim_world_forwards(SimReader *reader)
{
    SimScenario *scenario = reader->scenario;
    for (size_t i = 0; i < scenario->network_count; i++)
        if (!check_forwards(reader, i) || !check_wifi(reader, i))
            return false;
    for (size_t i = 0; i < scenario->command_count; i++) {
        uint64_t kind = scenario->timeline[i].kind;
        if ((kind == SIM_COMMAND_FORWARD_ADD || kind == SIM_COMMAND_FORWARD_REMOVE) &&
            !check_rule_command(reader, i))
            return false;
    }
    return true;
}
