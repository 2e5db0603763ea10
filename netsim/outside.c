/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outside.c: the host, its LAN and the Internet, made and wired; see outside.h. */
#include "netsim/outside-private.h"

#include <string.h>

#include "netsim/endpoint.h"
#include "netsim/router.h"
#include "netsim/segment.h"
#include "netsim/wifi.h"
#include "netsim/world-private.h"

#define LAN_SUBNET      NET_IP4(192, 168, 1, 0)
#define INTERNET_PREFIX 24

const NetLinkConfig net_link_inside_host = {
    .latency_ns = NET_INSIDE_HOST_NS, .rate_bps = NET_RATE_UNLIMITED, .queue_bytes = UINT32_MAX};

/* Both are segments like others; machines are plugged in, NICs of VMs are not attached. */
const NetMode net_mode_lan = {
    .name = "lan", .create = net_segment_create, .attach = net_segment_attach};
const NetMode net_mode_internet = {
    .name = "internet", .create = net_segment_create, .attach = net_segment_attach};

NetMac net_mac_of_ip(NetIp4 address)
{
    return (NetMac){{0x52, 0x55, (uint8_t)(address >> 24), (uint8_t)(address >> 16),
                     (uint8_t)(address >> 8), (uint8_t)address}};
}

static void fill_in(NetOutsideConfig *config)
{
    if (config->lan_subnet == 0)
        config->lan_subnet = LAN_SUBNET;
    if (config->lan_prefix == 0)
        config->lan_prefix = 24;
    if (config->lan_router == 0)
        config->lan_router = config->lan_subnet + 1;
    if (config->lan_host == 0)
        config->lan_host = config->lan_subnet + 10;
    if (config->lan_dhcp.first == 0)
        config->lan_dhcp.first = config->lan_subnet + 100;
    if (config->lan_dhcp.last == 0)
        config->lan_dhcp.last = config->lan_subnet + 199;
    if (config->internet_latency_ns == 0)
        config->internet_latency_ns = NET_DEFAULT_INTERNET_LATENCY_NS;
}

static const char *name_of(void *user, NetMac mac)
{
    return net_world_machine_name(user, mac);
}

/* --- the LAN's router --- */

static NetDhcpServer *lan_dhcp(NetWorld *world, const NetOutsideConfig *config)
{
    NetDhcpServerConfig dhcp = {
        .address = config->lan_router,
        .subnet = config->lan_subnet,
        .prefix = config->lan_prefix,
        .first = config->lan_dhcp.first,
        .last = config->lan_dhcp.last,
        .router = config->lan_router,
        .dns = config->lan_router,
        .lease_ns = config->lan_dhcp.lease_ns,
        .reservations = config->lan_dhcp.reservations,
        .reservation_count = config->lan_dhcp.reservation_count,
        .name_of = name_of,
        .user = world,
    };

    return net_dhcp_server_new(&dhcp);
}

static void make_router(NetWorld *world, const NetOutside *outside, const NetOutsideConfig *config,
                        NetTime now)
{
    g_autofree NetName *names = g_new(NetName, config->name_count + 2);
    NetRouterConfig router_config = {
        .kind = "router",
        .forwards = true,
        .dns = config->lan_router,
        .names = names,
        .name_count = config->name_count + 2,
        .seed = config->lan_router,
    };
    NetRouterPort ports[2] = {
        {.nic = {.mac = net_mac_of_ip(config->lan_router),
                 .address = config->lan_router,
                 .prefix = config->lan_prefix}},
        {.nic = {.mac = net_mac_of_ip(NET_INTERNET_ROUTER),
                 .address = NET_INTERNET_ROUTER,
                 .prefix = INTERNET_PREFIX}},
    };

    if (config->name_count > 0)
        memcpy(names, config->names, config->name_count * sizeof *names);
    names[config->name_count] = (NetName){"host", config->lan_host};
    names[config->name_count + 1] = (NetName){"router", config->lan_router};
    NetPart *router = net_router_new(&router_config);
    net_world_add_part(world, router, outside->lan->id, 0, 0, now);
    net_world_plug(world, outside->lan->id,
                   net_router_add_port(router, outside->lan->id, &ports[0], now), now);
    net_world_plug(world, outside->internet->id,
                   net_router_add_port(router, outside->internet->id, &ports[1], now), now);
    net_router_set_nat(router, NULL, NULL, 0);
    if (config->lan_dhcp.choice != NET_DHCP_OFF)
        net_router_set_dhcp(router, lan_dhcp(world, config));
}

/* --- the host --- */

/* Is anything bridged to the LAN, and that by a wireless adapter? */
static bool has_bridged(const NetWorld *world, bool *ret_wifi)
{
    bool any = false;

    *ret_wifi = false;
    for (guint i = 0; i < world->networks->len; i++) {
        const NetNetwork *network = world->networks->pdata[i];
        const NetRecipe *recipe = net_mode_recipe(network->mode);
        const bool on_lan = recipe != NULL && recipe->on_lan;
        any |= on_lan;
        *ret_wifi |= on_lan && network->config.wifi;
    }
    return any;
}

/* A switch inside the host, or its wireless adapter: to the LAN by the first port, which
 * is returned. */
static NetPortId make_bridge(NetWorld *world, NetOutside *outside, bool wifi, NetTime now)
{
    if (wifi) {
        outside->bridge = net_wifi_new(net_mac_of_ip(outside->lan_host));
        net_world_add_part(world, outside->bridge, outside->lan->id, 0, 0, now);
    } else {
        outside->bridge = net_segment_make_bridge(world, outside->lan, "host-bridge", now);
    }
    return net_world_add_port(world, outside->bridge, now);
}

/* The host's cable to the LAN then leads to its bridge, and the bridge's to the LAN. */
void net_outside_need_bridge(NetWorld *world, bool wifi, NetTime now)
{
    NetOutside *outside = world->outside;

    if (outside->bridge != NULL)
        return;
    const NetPort *lan_port = net_world_port_at(world, outside->host_port)->peer;
    NetLinkConfig cable = lan_port->config;
    net_world_remove_link(world, outside->host_port, now);
    net_world_add_link(world, make_bridge(world, outside, wifi, now), lan_port->id, &cable, now);
    net_world_add_link(world, outside->host_port, net_world_add_port(world, outside->bridge, now),
                       &net_link_inside_host, now);
}

static void plug_host(NetWorld *world, NetOutside *outside, const NetOutsideConfig *config,
                      NetTime now)
{
    NetStackNic nic = {
        .mac = net_mac_of_ip(config->lan_host),
        .address = config->lan_host,
        .prefix = config->lan_prefix,
        .gateway = config->lan_router,
    };
    NetPortId port = net_endpoint_add_nic(outside->host, outside->lan->id, &nic, now);
    bool wifi;

    outside->host_port = port;

    if (!has_bridged(world, &wifi)) {
        net_world_plug(world, outside->lan->id, port, now);
        return;
    }
    net_world_plug(world, outside->lan->id, make_bridge(world, outside, wifi, now), now);
    net_world_add_link(world, port, net_world_add_port(world, outside->bridge, now),
                       &net_link_inside_host, now);
}

/* --- all of it --- */

static bool make_lan(NetWorld *world, NetOutside *outside, const NetOutsideConfig *config,
                     NetTime now, GError **error)
{
    NetNetworkConfig lan = {.name = "lan", .latency_ns = config->lan_latency_ns};
    NetNetworkConfig internet = {.name = "internet", .latency_ns = config->internet_latency_ns};

    outside->lan = net_world_make_network(world, &net_mode_lan, &lan, now, error);
    if (outside->lan == NULL)
        return false;
    outside->internet = net_world_make_network(world, &net_mode_internet, &internet, now, error);
    if (outside->internet == NULL)
        return false;
    make_router(world, outside, config, now);
    return true;
}

bool net_world_add_outside(NetWorld *world, const NetOutsideConfig *given, NetTime now,
                           GError **error)
{
    NetOutsideConfig config = *given;
    bool first = world->outside == NULL;
    NetOutside *outside = first ? g_new0(NetOutside, 1) : world->outside;
    guint before = world->networks->len;

    g_assert(first || (outside->lan == NULL && config.host == NULL && !config.no_lan));
    fill_in(&config);
    world->outside = outside;
    if (first)
        outside->host = config.host;
    outside->lan_host = config.lan_host;
    outside->lan_router = config.lan_router;
    if (!config.no_lan && !make_lan(world, outside, &config, now, error)) {
        if (first)
            config.host->ops->free(config.host);
        return false;
    }
    NetNetworkId home = outside->lan != NULL ? outside->lan->id : 0;
    if (first)
        net_world_add_part(world, config.host, home, 0, 0, now);
    if (outside->lan != NULL)
        plug_host(world, outside, &config, now);
    for (guint i = 0; first && i < before; i++) {
        NetNetwork *network = world->networks->pdata[i];
        if (network->mode->join != NULL && !network->mode->join(world, network, now, error))
            return false;
    }
    return true;
}

static int64_t id_of(const NetNetwork *network)
{
    return network != NULL ? (int64_t)network->id : -1;
}

int64_t net_world_lan(const NetWorld *world)
{
    return id_of(world->outside != NULL ? world->outside->lan : NULL);
}

int64_t net_world_internet(const NetWorld *world)
{
    return id_of(world->outside != NULL ? world->outside->internet : NULL);
}

void net_world_plug(NetWorld *world, NetNetworkId id, NetPortId port, NetTime now)
{
    NetNetwork *network = world->networks->pdata[id];

    g_assert(network->segment != NULL);
    net_segment_join(world, network, port, now);
}
