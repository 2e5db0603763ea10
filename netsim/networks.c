/* SPDX-License-Identifier: GPL-2.0-or-later */
/* networks.c: networks and NICs of the world, and questions about them. */
#include <string.h>

#include "netsim/nic.h"
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

static void fill_in_defaults(NetNetworkConfig *config)
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

static bool check_config(const NetNetworkConfig *config, GError **error)
{
    return check_range("latency in ns", config->latency_ns, 1, NET_MAX_LATENCY_NS, error) &&
           (config->rate_bps == NET_RATE_UNLIMITED ||
            check_range("rate in bit/s", config->rate_bps, NET_MIN_RATE_BPS, NET_MAX_RATE_BPS,
                        error)) &&
           check_range("MTU", config->mtu, NET_MIN_MTU, NET_MAX_MTU, error) &&
           check_range("MAC table rows", config->mac_rows, 1, NET_MAX_MAC_ROWS, error) &&
           check_switches(config, error);
}

bool net_world_add_network(NetWorld *world, const NetNetworkConfig *config, NetTime now,
                           NetNetworkId *ret_network, GError **error)
{
    const NetMode *mode = net_mode_find(config->mode);
    NetNetworkConfig filled = *config;

    if (mode == NULL) {
        g_set_error(error, NET_ERROR, NET_ERROR_CONFIG, "network \"%s\": unknown mode \"%s\"",
                    config->name, config->mode);
        return false;
    }
    if (world->networks->len == NET_MAX_NETWORKS) {
        g_set_error(error, NET_ERROR, NET_ERROR_LIMIT, "more than %d networks", NET_MAX_NETWORKS);
        return false;
    }
    fill_in_defaults(&filled);
    if (!check_config(&filled, error)) {
        g_prefix_error(error, "network \"%s\": ", config->name);
        return false;
    }
    NetNetwork *network = g_new0(NetNetwork, 1);
    network->id = world->networks->len;
    network->config = filled;
    network->config.name = g_strdup(config->name);
    network->config.mode = mode->name;
    network->mode = mode;
    g_ptr_array_add(world->networks, network);

    void *user;
    const NetObserver *observer = net_world_observer(world, &user);
    if (observer->network_new != NULL)
        observer->network_new(user, now, network->id, network->config.name, mode->name);
    mode->create(world, network, now);
    network->config.switches = NULL; /* were the caller's */
    network->config.trunks = NULL;
    *ret_network = network->id;
    return true;
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
        if (port->peer == NET_NO_PORT)
            continue;
        uint32_t a = find_root(roots, port->part->info.part);
        uint32_t b = find_root(roots, net_world_port_at(world, port->peer)->part->info.part);
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
        if (port->peer == NET_NO_PORT || !net_part_is_nic(port->part))
            continue;
        if (net_part_is_nic(net_world_port_at(world, port->peer)->part)) {
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
        .peer = port->peer,
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
