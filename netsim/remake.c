/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remake.c: a network gets another mode while the world runs.
 *
 * What the recipe of the old mode made is taken out: its parts retire (a NAT's rows and
 * rules and a server's leases end, each reported), their ports and cables go, and so do
 * the ports that the host and its bridge had for them. Numbers of parts and ports are not
 * given again, so whoever follows the events is never in doubt. Then the recipe of the new
 * mode runs, as if the network were new, under its old number.
 */
#include <string.h>

#include "netsim/endpoint.h"
#include "netsim/nic.h"
#include "netsim/outside-private.h"
#include "netsim/uplink.h"
#include "netsim/world-private.h"

#define SPARE_PORTS 64u /* beside those of NICs: what a recipe makes */

/* --- may it be done? --- */

static bool refuse(const NetNetworkConfig *config, const char *why, GError **error)
{
    g_set_error(error, NET_ERROR, NET_ERROR_CONFIG, "network \"%s\": %s", config->name, why);
    return false;
}

static bool is_attached(const NetPart *part)
{
    return net_part_is_nic(part) || net_part_is_uplink(part);
}

static uint32_t ports_needed(const NetWorld *world, NetNetworkId network,
                             const NetNetworkConfig *config)
{
    uint32_t needed = SPARE_PORTS + config->trunk_count * 2 * NET_MAX_TRUNK_CABLES;

    for (guint i = 0; i < world->parts->len; i++) {
        const NetPart *part = world->parts->pdata[i];
        if (part->info.network == network && is_attached(part))
            needed += NET_MAX_PORTS_PER_NIC;
    }
    return needed;
}

static bool may_remake(const NetWorld *world, const NetNetwork *network, const NetMode *mode,
                       const NetNetworkConfig *config, GError **error)
{
    const NetOutside *outside = world->outside;
    const NetRecipe *recipe = net_mode_recipe(mode);
    bool more_nics = recipe->has_host_nic && !net_mode_recipe(network->mode)->has_host_nic;

    if (net_recipe_touches_host(recipe) && outside == NULL)
        return refuse(config, "there is no host to join it to", error);
    if (recipe->on_lan && outside->lan == NULL)
        return refuse(config, "there is no LAN to bridge to", error);
    if (more_nics && !net_endpoint_has_room(outside->host))
        return refuse(config, "the host has no room for another NIC", error);
    if (world->ports->len + ports_needed(world, network->id, config) > NET_MAX_PORTS)
        return refuse(config, "no port numbers are left", error);
    return net_network_check(config, error);
}

/* --- taking apart --- */

static void take_apart(NetWorld *world, NetNetwork *network, NetTime now)
{
    NetPart *host = world->outside != NULL ? world->outside->host : NULL;

    for (guint i = 0; i < world->parts->len; i++) {
        NetPart *part = world->parts->pdata[i];
        bool its = part->info.network == network->id && part != host && !is_attached(part);
        if (its && !part->gone)
            net_world_remove_part(world, part, now); /* with the cables to the NICs */
    }
    for (uint32_t i = 0; host != NULL && i < net_part_port_count(host); i++) {
        NetPortId id = net_part_port_id(host, i);
        const NetPort *port = net_world_port_at(world, id);
        if (port->network != network->id || port->gone)
            continue;
        net_endpoint_remove_port(host, i, now);
        net_world_remove_port(world, id, now);
    }
    if (network->outer != NET_NO_PORT)
        net_world_remove_port(world, network->outer, now);
}

static void forget(NetNetwork *network)
{
    network->outer = NET_NO_PORT;
    network->segment = NULL;
    network->switch_count = 0;
    memset(network->switches, 0, sizeof network->switches);
    g_clear_pointer(&network->trunk_ports, g_free);
    g_array_set_size(network->routers, 0);
}

/* --- making anew --- */

bool net_world_remake_network(NetWorld *world, NetNetworkId id, const NetNetworkConfig *given,
                              NetTime now, GError **error)
{
    NetNetwork *network = world->networks->pdata[id];
    const NetMode *mode = net_mode_find(given->mode);
    g_autofree char *name = g_strdup(network->config.name);
    NetNetworkConfig config = *given;
    void *user;
    const NetObserver *observer = net_world_observer(world, &user);

    config.name = name;
    if (mode == NULL)
        return refuse(&config, "unknown mode", error);
    net_network_fill_in(&config);
    if (!may_remake(world, network, mode, &config, error))
        return false;
    take_apart(world, network, now);
    forget(network);
    net_network_disown_config(network);
    net_network_own_config(network, &config);
    network->config.mode = mode->name;
    network->mode = mode;
    if (observer->network_mode != NULL)
        observer->network_mode(user, now, id, mode->name);
    mode->create(world, network, now);
    network->config.switches = NULL; /* were the caller's */
    network->config.trunks = NULL;
    return world->outside == NULL || mode->join == NULL || mode->join(world, network, now, error);
}

void net_world_attach_again(NetWorld *world, NetPortId id, const NetNicConfig *config, NetTime now)
{
    const NetPort *port = net_world_port_at(world, id);
    NetNetwork *network = world->networks->pdata[port->network];

    g_assert(port->peer == NULL && is_attached(port->part));
    network->mode->attach(world, network, id, config, now);
}
