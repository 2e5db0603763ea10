/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modes.c: the recipes of proto/recipe.h, wired. README.md has a picture of each. */
#include "netsim/modes.h"

#include <string.h>

#include "netsim/endpoint.h"
#include "netsim/outside-private.h"
#include "netsim/proto/dns.h"
#include "netsim/router.h"
#include "netsim/segment.h"
#include "netsim/world-private.h"

#define LOOPBACK NET_IP4(127, 0, 0, 1)

static const NetRecipe *recipe_of(const NetNetwork *network)
{
    return net_mode_recipe(network->mode);
}

static void preset_subnet(NetNetwork *network)
{
    if (network->config.prefix == 0) {
        network->config.subnet = recipe_of(network)->subnet;
        network->config.prefix = 24;
    }
}

/* Of an address that the recipe counts from the subnet's; 0: none. */
static NetIp4 at(NetIp4 subnet, uint8_t number)
{
    return number != 0 ? subnet + number : 0;
}

static NetDhcpServerConfig preset_dhcp(const NetNetwork *network, NetIp4 subnet, uint8_t prefix)
{
    const NetRecipe *recipe = recipe_of(network);

    return (NetDhcpServerConfig){
        .address = at(subnet, recipe->dhcp_server),
        .subnet = subnet,
        .prefix = prefix,
        .first = at(subnet, recipe->first_lease),
        .last = at(subnet, recipe->last_lease),
        .router = at(subnet, recipe->router),
        .dns = at(subnet, recipe->dns),
    };
}

/* --- DHCP servers --- */

static const char *name_of(void *user, NetMac mac)
{
    return net_world_machine_name(user, mac);
}

/* preset: the mode's; what the configuration says goes before it. */
static NetDhcpServer *make_dhcp(NetWorld *world, const NetNetwork *network,
                                const NetDhcpServerConfig *preset)
{
    const NetDhcpConfig *given = &network->config.dhcp;
    NetDhcpServerConfig config = *preset;

    if (given->server != 0)
        config.address = given->server;
    if (given->first != 0)
        config.first = given->first;
    if (given->last != 0)
        config.last = given->last;
    if (network->config.mtu != NET_DEFAULT_MTU)
        config.mtu = (uint16_t)network->config.mtu;
    config.lease_ns = given->lease_ns;
    config.reservations = given->reservations;
    config.reservation_count = given->reservation_count;
    config.name_of = name_of;
    config.user = world;
    return net_dhcp_server_new(&config);
}

/* A server that is a machine of its own at the network's switch. */
static void add_dhcp_server(NetWorld *world, NetNetwork *network, NetTime now)
{
    const NetDhcpServerConfig preset =
        preset_dhcp(network, network->config.subnet, network->config.prefix);
    NetDhcpServer *server = make_dhcp(world, network, &preset);
    NetIp4 address = net_dhcp_server_address(server);
    NetRouterConfig config = {.kind = "dhcp-server", .seed = address};
    NetRouterPort port = {.nic = {.mac = net_mac_of_ip(address),
                                  .address = address,
                                  .prefix = preset.prefix,
                                  .mtu = (uint16_t)network->config.mtu}};
    NetPart *part = net_router_new(&config);

    net_world_add_part(world, part, network->id, 0, 0, now);
    net_segment_join(world, network, net_router_add_port(part, network->id, &port, now), now);
    net_router_set_dhcp(part, server);
}

/* --- internal: a switch, and a DHCP server if one is asked for --- */

static void internal_create(NetWorld *world, NetNetwork *network, NetTime now)
{
    net_segment_create(world, network, now);
    if (network->config.dhcp.choice == NET_DHCP_ON && network->config.prefix != 0)
        add_dhcp_server(world, network, now);
}

/* --- host-only: the host is there too, at .1 --- */

static void host_only_create(NetWorld *world, NetNetwork *network, NetTime now)
{
    preset_subnet(network);
    net_segment_create(world, network, now);
    if (network->config.dhcp.choice != NET_DHCP_OFF)
        add_dhcp_server(world, network, now);
}

static bool host_only_join(NetWorld *world, NetNetwork *network, NetTime now, GError **error)
{
    NetIp4 address = at(network->config.subnet, recipe_of(network)->host);
    NetStackNic nic = {
        .mac = net_mac_of_ip(address),
        .address = address,
        .prefix = network->config.prefix,
        .mtu = (uint16_t)network->config.mtu,
    };
    NetPortId port = net_endpoint_add_nic(world->outside->host, network->id, &nic, now);

    if (port == NET_NO_PORT) {
        g_set_error(error, NET_ERROR, NET_ERROR_LIMIT,
                    "network \"%s\": the host has no room for another NIC; %d fit",
                    network->config.name, NET_STACK_MAX_NICS);
        return false;
    }
    net_segment_join(world, network, port, now);
    return true;
}

/* --- bridged: the switch is joined to the LAN's by the host's NIC --- */

static bool bridged_join(NetWorld *world, NetNetwork *network, NetTime now, GError **error)
{
    NetOutside *outside = world->outside;

    if (outside->lan == NULL) {
        g_set_error(error, NET_ERROR, NET_ERROR_CONFIG,
                    "network \"%s\": there is no LAN to bridge to", network->config.name);
        return false;
    }
    NetPortId own = net_world_add_port(world, network->segment, now);
    net_outside_need_bridge(world, network->config.wifi, now);
    NetPortId theirs = net_world_add_port(world, outside->bridge, now);
    network->outer = theirs;
    net_world_add_link(world, own, theirs, &net_link_inside_host, now);
    return true;
}

/* --- nat and nat-network: a router whose outside is the host's --- */

/* Where its inside is. */
typedef struct {
    NetIp4 subnet;
    uint8_t prefix;
    NetIp4 gateway, dns, loopback;
    uint32_t vm; /* nat: behind whose NIC */
} NatPlan;

static NatPlan plan_nat(const NetNetwork *network, NetIp4 subnet, uint8_t prefix, uint32_t vm)
{
    const NetRecipe *recipe = recipe_of(network);

    return (NatPlan){
        .subnet = subnet,
        .prefix = prefix,
        .gateway = at(subnet, recipe->router),
        .dns = at(subnet, recipe->dns),
        .loopback = at(subnet, recipe->loopback),
        .vm = vm,
    };
}

/* The router, its NAT, and the cable to the host. Returns the router; *ret_inside is
 * its inner port, without a cable yet. */
static NetPart *make_nat(NetWorld *world, NetNetwork *network, const NatPlan *plan, NetTime now,
                         NetPortId *ret_inside)
{
    NetOutside *outside = world->outside;
    NetIp4 upstream = outside->lan != NULL ? outside->lan_router : 0;
    NetRouterConfig config = {
        .kind = "nat",
        .forwards = true,
        .dns = plan->dns,
        .dns_upstream = upstream,
        .seed = (uint64_t)plan->gateway << 32 | network->routers->len,
    };
    NetRouterPort port = {
        .nic = {.mac = net_mac_of_ip(plan->gateway),
                .address = plan->gateway,
                .prefix = plan->prefix,
                .mtu = (uint16_t)network->config.mtu},
        .aliases = {plan->dns != plan->gateway ? plan->dns : 0,
                    plan->loopback != plan->gateway ? plan->loopback : 0},
    };
    NetMac nat_mac = net_mac_of_ip(plan->gateway), host_mac = net_mac_of_ip(LOOPBACK);
    NetGateSide *side = net_gate_add_side(net_endpoint_gate(outside->host));
    NetPart *router = net_router_new(&config);

    nat_mac.byte[1]++; /* the same machine's other side */
    net_world_add_part(world, router, network->id, 0, 0, now);
    *ret_inside = net_router_add_port(router, network->id, &port, now);
    NetNat *nat = net_router_set_nat(router, &net_gate_outside, side, network->config.nat_rows);
    net_nat_add_alias(nat, plan->loopback, 0, LOOPBACK);
    if (upstream != 0)
        net_nat_add_alias(nat, plan->dns, NET_DNS_PORT, upstream);
    NetPortId own = net_router_add_cable(router, network->id, nat_mac, host_mac, now);
    NetPortId host = net_gate_join(side, nat, network->id, host_mac, nat_mac, now);
    net_world_add_link(world, own, host, &net_link_inside_host, now);
    g_array_append_val(network->routers, ((NetNetworkRouter){router, plan->vm}));
    return router;
}

static void nat_network_create(NetWorld *world, NetNetwork *network, NetTime now)
{
    preset_subnet(network);
    net_segment_create(world, network, now);
    if (network->config.dhcp.choice != NET_DHCP_OFF)
        add_dhcp_server(world, network, now);
}

static bool nat_network_join(NetWorld *world, NetNetwork *network, NetTime now, GError **error)
{
    NatPlan plan = plan_nat(network, network->config.subnet, network->config.prefix, NET_ANY_VM);
    NetPortId inside;
    NetPart *router = make_nat(world, network, &plan, now, &inside);

    net_segment_join(world, network, inside, now);
    for (size_t i = 0; i < network->config.forward_count; i++)
        net_router_add_forward(router, &network->config.forwards[i], now);
    return true;
}

static void nat_create(NetWorld *world, NetNetwork *network, NetTime now)
{
    /* All of it comes with the NICs. */
}

/* Rules for this VM's router: those that name it, and those that name nobody if this
 * is the first one. A VM's second NIC here gets none. */
static void add_forwards(NetNetwork *network, NetPart *router, uint32_t vm, NetTime now)
{
    bool first = network->routers->len == 1;

    for (guint i = 0; i + 1 < network->routers->len; i++) {
        if (g_array_index(network->routers, NetNetworkRouter, i).vm == vm)
            return;
    }
    for (size_t i = 0; i < network->config.forward_count; i++) {
        const NetForward *forward = &network->config.forwards[i];
        if (forward->vm == vm || (forward->vm == NET_ANY_VM && first))
            net_router_add_forward(router, forward, now);
    }
}

static void nat_attach(NetWorld *world, NetNetwork *network, NetPortId nic_port,
                       const NetNicConfig *nic, NetTime now)
{
    bool given = network->config.prefix != 0;
    NetIp4 subnet = given ? network->config.subnet
                          : recipe_of(network)->subnet + ((NetIp4)(nic->nic & 0xff) << 8);
    NatPlan plan = plan_nat(network, subnet, given ? network->config.prefix : 24, nic->vm);
    const NetDhcpServerConfig preset = preset_dhcp(network, subnet, plan.prefix);
    NetLinkConfig link = {
        .latency_ns = network->config.latency_ns,
        .rate_bps = network->config.rate_bps,
        .queue_bytes = network->config.queue_bytes,
    };
    NetPortId inside;
    NetPart *router = make_nat(world, network, &plan, now, &inside);

    net_world_add_link(world, nic_port, inside, &link, now);
    if (network->config.dhcp.choice != NET_DHCP_OFF)
        net_router_set_dhcp(router, make_dhcp(world, network, &preset));
    add_forwards(network, router, nic->vm, now);
}

/* --- the table --- */

/* How each recipe of the table is wired. */
static const NetMode modes[] = {
    {.name = "internal", .create = internal_create, .attach = net_segment_attach},
    {.name = "host-only",
     .create = host_only_create,
     .join = host_only_join,
     .attach = net_segment_attach},
    {.name = "nat", .create = nat_create, .attach = nat_attach},
    {.name = "nat-network",
     .create = nat_network_create,
     .join = nat_network_join,
     .attach = net_segment_attach},
    {.name = "bridged",
     .create = net_segment_create,
     .join = bridged_join,
     .attach = net_segment_attach},
};

const NetMode *net_mode_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    }
    return NULL;
}

const char *const *net_world_modes(void)
{
    static const char *names[G_N_ELEMENTS(modes) + 1];

    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++)
        names[i] = modes[i].name;
    return names;
}
