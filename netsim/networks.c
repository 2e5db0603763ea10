/* SPDX-License-Identifier: GPL-2.0-or-later */
/* networks.c: networks and NICs of the world, and questions about them. */
#include <string.h>

#include "netsim/nic.h"
#include "netsim/proto/wire.h"
#include "netsim/router.h"
#include "netsim/uplink.h"
#include "netsim/world-private.h"

G_DEFINE_QUARK(net - error - quark, net_error)

/* --- making --- */

static bool check_range(const char *name, uint64_t value, uint64_t least, uint64_t most,
                        GError **error)
{
    if (value >= least && value <= most)
        return true;
    g_set_error(error, NET_ERROR, NET_ERROR_CONFIG,
                "%s is %" G_GUINT64_FORMAT "; allowed is %" G_GUINT64_FORMAT
                " to %" G_GUINT64_FORMAT,
                name, value, least, most);
    return false;
}

void net_network_fill_in(NetNetworkConfig *config)
{
    if (config->latency_ns == 0)
        config->latency_ns = NET_DEFAULT_LATENCY_NS;
    if (config->rate_bps == 0)
        config->rate_bps = NET_DEFAULT_RATE_BPS;
    if (config->queue_bytes == 0)
        config->queue_bytes = NET_DEFAULT_QUEUE_BYTES;
    if (config->mtu == 0)
        config->mtu = NET_DEFAULT_MTU;
    if (config->mac_ageing_ns == 0)
        config->mac_ageing_ns = NET_DEFAULT_AGEING_NS;
    if (config->mac_rows == 0)
        config->mac_rows = NET_DEFAULT_MAC_ROWS;
}

/* What a mistake in the switches of a network would be; the rest has defaults. */
static bool check_switches(const NetNetworkConfig *config, GError **error)
{
    uint32_t count = MAX(config->switch_count, 1);

    if (!check_range("number of switches", count, 1, NET_MAX_SWITCHES, error) ||
        !check_range("number of trunks", config->trunk_count, 0, NET_MAX_TRUNKS, error))
        return false;
    for (uint32_t i = 0; i < config->trunk_count; i++) {
        const NetTrunkConfig *trunk = &config->trunks[i];
        if (!check_range("switch of a trunk", trunk->a, 0, count - 1, error) ||
            !check_range("switch of a trunk", trunk->b, 0, count - 1, error) ||
            !check_range("cables of a trunk", trunk->cables, 1, NET_MAX_TRUNK_CABLES, error))
            return false;
    }
    return true;
}

static bool check_numbers(const NetNetworkConfig *config, GError **error)
{
    return check_range("latency in ns", config->latency_ns, 1, NET_MAX_LATENCY_NS, error) &&
           (config->rate_bps == NET_RATE_UNLIMITED ||
            check_range("rate in bit/s", config->rate_bps, NET_MIN_RATE_BPS, NET_MAX_RATE_BPS,
                        error)) &&
           check_range("MTU", config->mtu, NET_MIN_MTU, NET_MAX_MTU, error) &&
           check_range("MAC table rows", config->mac_rows, 1, NET_MAX_MAC_ROWS, error) &&
           check_switches(config, error);
}

bool net_network_check(const NetNetworkConfig *config, GError **error)
{
    if (check_numbers(config, error))
        return true;
    g_prefix_error(error, "network \"%s\": ", config->name);
    return false;
}

void net_network_own_config(NetNetwork *network, const NetNetworkConfig *config)
{
    NetForward *forwards = g_new0(NetForward, config->forward_count);

    network->config = *config;
    network->config.name = g_strdup(config->name);
    for (size_t i = 0; i < config->forward_count; i++) {
        forwards[i] = config->forwards[i];
        forwards[i].name = g_strdup(config->forwards[i].name);
    }
    network->config.forwards = forwards;
    network->config.dhcp.reservations =
        g_memdup2(config->dhcp.reservations,
                  config->dhcp.reservation_count * sizeof *config->dhcp.reservations);
}

NetNetwork *net_world_make_network(NetWorld *world, const NetMode *mode,
                                   const NetNetworkConfig *config, NetTime now, GError **error)
{
    NetNetworkConfig filled = *config;

    if (world->networks->len == NET_MAX_NETWORKS) {
        g_set_error(error, NET_ERROR, NET_ERROR_LIMIT, "more than %d networks", NET_MAX_NETWORKS);
        return NULL;
    }
    net_network_fill_in(&filled);
    if (!net_network_check(&filled, error))
        return NULL;
    NetNetwork *network = g_new0(NetNetwork, 1);
    net_network_own_config(network, &filled);
    network->id = world->networks->len;
    network->config.mode = mode->name;
    network->mode = mode;
    network->outer = NET_NO_PORT;
    network->routers = g_array_new(FALSE, FALSE, sizeof(NetNetworkRouter));
    g_ptr_array_add(world->networks, network);

    void *user;
    const NetObserver *observer = net_world_observer(world, &user);
    if (observer->network_new != NULL)
        observer->network_new(user, now, network->id, network->config.name, mode->name);
    mode->create(world, network, now);
    network->config.switches = NULL; /* were the caller's */
    network->config.trunks = NULL;
    return network;
}

bool net_world_add_network(NetWorld *world, const NetNetworkConfig *config, NetTime now,
                           NetNetworkId *ret_network, GError **error)
{
    const NetMode *mode = net_mode_find(config->mode);

    if (mode == NULL) {
        g_set_error(error, NET_ERROR, NET_ERROR_CONFIG, "network \"%s\": unknown mode \"%s\"",
                    config->name, config->mode);
        return false;
    }
    NetNetwork *network = net_world_make_network(world, mode, config, now, error);
    if (network == NULL)
        return false;
    *ret_network = network->id;
    return world->outside == NULL || mode->join == NULL || mode->join(world, network, now, error);
}

/* A part with one port, which the network's mode wires. */
static bool attach_part(NetWorld *world, NetPart *part, const NetNicConfig *config, NetTime now,
                        NetPortId *ret_port, GError **error)
{
    NetNetwork *network = world->networks->pdata[config->network];

    if (world->ports->len + NET_MAX_PORTS_PER_NIC > NET_MAX_PORTS) {
        g_set_error(error, NET_ERROR, NET_ERROR_LIMIT, "more than %d ports", NET_MAX_PORTS);
        part->ops->free(part);
        return false;
    }
    net_world_add_part(world, part, config->network, config->vm, config->nic, now);
    *ret_port = net_world_add_port(world, part, now);
    network->mode->attach(world, network, *ret_port, config, now);
    return true;
}

bool net_world_attach_nic(NetWorld *world, const NetNicConfig *config, NetTime now,
                          NetPortId *ret_port, GError **error)
{
    return attach_part(world, net_nic_new(), config, now, ret_port, error);
}

bool net_world_attach_uplink(NetWorld *world, NetNetworkId network, uint32_t tag, NetTime now,
                             NetPortId *ret_port, GError **error)
{
    const NetNicConfig config = {.network = network, .vm = NET_UPLINK_VM, .nic = tag};

    return attach_part(world, net_uplink_new(), &config, now, ret_port, error);
}

bool net_world_attach(NetWorld *world, NetNetworkId network, uint32_t vm, uint32_t nic, NetTime now,
                      NetPortId *ret_port, GError **error)
{
    const NetNicConfig config = {.network = network, .vm = vm, .nic = nic};

    return net_world_attach_nic(world, &config, now, ret_port, error);
}

/* --- changing --- */

/* Whose router a rule is for: in mode nat that of the rule's VM, or the first. */
static NetPart *router_for(const NetNetwork *network, uint32_t vm)
{
    for (guint i = 0; i < network->routers->len; i++) {
        const NetNetworkRouter *row = &g_array_index(network->routers, NetNetworkRouter, i);
        if (vm == NET_ANY_VM || row->vm == NET_ANY_VM || row->vm == vm)
            return row->router;
    }
    return NULL;
}

bool net_world_add_forward(NetWorld *world, NetNetworkId id, const NetForward *forward, NetTime at,
                           GError **error)
{
    const NetNetwork *network = world->networks->pdata[id];
    NetPart *router = router_for(network, forward->vm);

    if (router != NULL && net_router_add_forward(router, forward, at) >= 0)
        return true;
    g_set_error(error, NET_ERROR, NET_ERROR_CONFIG, "network \"%s\": %s", network->config.name,
                router == NULL ? "there is no NAT" : "the host's port is taken");
    return false;
}

bool net_world_remove_forward(NetWorld *world, NetNetworkId id, const char *name, NetTime at)
{
    const NetNetwork *network = world->networks->pdata[id];

    for (guint i = 0; i < network->routers->len; i++) {
        if (net_router_remove_forward(g_array_index(network->routers, NetNetworkRouter, i).router,
                                      name, at))
            return true;
    }
    return false;
}

static gint64 number_of(NetMac mac)
{
    return (gint64)net_get_16(mac.byte) << 32 | net_get_32(mac.byte + 2);
}

void net_world_name_machine(NetWorld *world, NetMac mac, const char *name)
{
    gint64 *key = g_new(gint64, 1);

    if (world->machines == NULL)
        world->machines = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    *key = number_of(mac);
    g_hash_table_replace(world->machines, key, g_strdup(name));
}

const char *net_world_machine_name(const NetWorld *world, NetMac mac)
{
    gint64 key = number_of(mac);

    return world->machines != NULL ? g_hash_table_lookup(world->machines, &key) : NULL;
}

/* --- questions --- */

/* The part that stands for all parts that p is connected to. */
static uint32_t find_root(GArray *roots, uint32_t part)
{
    uint32_t *root = &g_array_index(roots, uint32_t, part);

    while (*root != part) {
        part = *root;
        root = &g_array_index(roots, uint32_t, part);
    }
    return part;
}

/* Every part's root: equal for two parts that links connect, however far apart. */
static GArray *connected_parts(const NetWorld *world)
{
    GArray *roots = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), world->parts->len);

    for (uint32_t i = 0; i < world->parts->len; i++)
        g_array_append_val(roots, i);
    for (NetPortId i = 0; i < world->ports->len; i++) {
        const NetPort *port = net_world_port_at(world, i);
        if (port->peer == NULL)
            continue;
        uint32_t a = find_root(roots, port->part->info.part);
        uint32_t b = find_root(roots, port->peer->part->info.part);
        g_array_index(roots, uint32_t, MAX(a, b)) = MIN(a, b);
    }
    return roots;
}

/* A way from NIC to NIC begins on one NIC's cable and ends on another's, and may
 * be longer between: so the sum of the two shortest cables that meet somewhere is
 * a bound, and exact where one switch joins them. */
NetTime net_world_lookahead(const NetWorld *world)
{
    g_autoptr(GArray) roots = connected_parts(world);
    g_autofree NetTime *shortest = g_new(NetTime, world->parts->len);
    NetTime least = NET_TIME_NEVER;

    for (uint32_t i = 0; i < world->parts->len; i++)
        shortest[i] = NET_TIME_NEVER;
    for (NetPortId i = 0; i < world->ports->len; i++) {
        const NetPort *port = net_world_port_at(world, i);
        if (port->peer == NULL || !net_part_is_nic(port->part))
            continue;
        if (net_part_is_nic(port->peer->part)) {
            least = MIN(least, port->config.latency_ns);
            continue;
        }
        NetTime *other = &shortest[find_root(roots, port->part->info.part)];
        if (*other != NET_TIME_NEVER)
            least = MIN(least, *other + port->config.latency_ns);
        *other = MIN(*other, port->config.latency_ns);
    }
    return least;
}

uint32_t net_world_port_count(const NetWorld *world)
{
    return world->ports->len;
}

void net_world_port(const NetWorld *world, NetPortId id, NetPortInfo *ret_info)
{
    const NetPort *port = net_world_port_at(world, id);

    *ret_info = (NetPortInfo){
        .port = id,
        .part = port->part->info.part,
        .network = port->network,
        .number = port->number,
        .kind = port->part->info.kind,
        .vm = port->part->info.vm,
        .nic = port->part->info.nic,
        .peer = port->peer != NULL ? port->peer->id : NET_NO_PORT,
        .up = port->up,
        .out_frames = port->out_frames,
        .out_bytes = port->out_bytes,
        .in_frames = port->in_frames,
        .in_bytes = port->in_bytes,
    };
    memcpy(ret_info->dropped, port->dropped, sizeof ret_info->dropped);
}

uint32_t net_world_network_count(const NetWorld *world)
{
    return world->networks->len;
}

static const NetNetwork *network_at(const NetWorld *world, NetNetworkId network)
{
    return world->networks->pdata[network];
}

const char *net_world_network_name(const NetWorld *world, NetNetworkId network)
{
    return network_at(world, network)->config.name;
}

const char *net_world_network_mode(const NetWorld *world, NetNetworkId network)
{
    return network_at(world, network)->config.mode;
}

int64_t net_world_find_network(const NetWorld *world, const char *name)
{
    for (NetNetworkId i = 0; i < world->networks->len; i++) {
        if (strcmp(network_at(world, i)->config.name, name) == 0)
            return i;
    }
    return -1;
}

static int compare_rows(gconstpointer a, gconstpointer b)
{
    const NetMacRow *row_a = a, *row_b = b;

    if (row_a->vlan != row_b->vlan)
        return row_a->vlan < row_b->vlan ? -1 : 1;
    return memcmp(row_a->mac.byte, row_b->mac.byte, sizeof row_a->mac.byte);
}

GArray *net_world_mac_table(const NetWorld *world, NetNetworkId network)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(NetMacRow));

    for (uint32_t i = 0; i < world->parts->len; i++) {
        const NetPart *part = world->parts->pdata[i];
        if (part->info.network != network || part->ops->list_macs == NULL)
            continue;
        g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NetMacRow));
        part->ops->list_macs(part, rows);
        g_array_sort(rows, compare_rows);
        g_array_append_vals(all, rows->data, rows->len);
    }
    return all;
}

GArray *net_world_nat_table(const NetWorld *world, NetNetworkId network)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(NetNatRow));

    for (uint32_t i = 0; i < world->parts->len; i++) {
        const NetPart *part = world->parts->pdata[i];
        if (part->info.network == network && part->ops->list_nat != NULL)
            part->ops->list_nat(part, rows);
    }
    return rows;
}

GArray *net_world_leases(const NetWorld *world, NetNetworkId network)
{
    GArray *leases = g_array_new(FALSE, FALSE, sizeof(NetLease));

    for (uint32_t i = 0; i < world->parts->len; i++) {
        const NetPart *part = world->parts->pdata[i];
        if (part->info.network == network && part->ops->list_leases != NULL)
            part->ops->list_leases(part, leases);
    }
    return leases;
}
