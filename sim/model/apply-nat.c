/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply-nat.c: what NATs and DHCP servers have in their tables at a time.
 *
 * A network may have several of them (mode nat: one per NIC), told apart by part. Each
 * table of a network is sorted by part and then by its own key.
 */
#include <string.h>

#include "sim/model/apply.h"

/* Where a row with this part and key is, or would be. Rows begin with both. */
static guint find(const GArray *rows, guint row_size, uint32_t part, uint32_t key, bool *ret_found)
{
    guint low = 0, high = rows->len;
    uint32_t at[2] = {0};

    while (low < high) {
        guint middle = low + (high - low) / 2;
        memcpy(at, rows->data + (gsize)middle * row_size, sizeof at);
        if (at[0] < part || (at[0] == part && at[1] < key))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < rows->len)
        memcpy(at, rows->data + (gsize)low * row_size, sizeof at);
    *ret_found = low < rows->len && at[0] == part && at[1] == key;
    return low;
}

#define FIND(rows, Type, part, key, found) find(rows, sizeof(Type), part, key, found)

/* The network of an event and the part of its port; false: there is no such. */
static bool locate(SimModel *model, unsigned number, uint32_t port_number,
                   SimModelNetwork **ret_network, uint32_t *ret_part)
{
    const SimModelPort *port = sim_model_port(model, port_number);

    if (number >= model->networks->len || port == NULL)
        return false;
    *ret_network = model->networks->pdata[number];
    *ret_part = port->part;
    return true;
}

/* ---- NAT -------------------------------------------------------------------- */

static bool nat_new(SimModel *model, const SimRecord *record)
{
    const SimEventNatNew *event = SIM_FIELDS(record, NatNew);
    SimModelNetwork *network;
    uint32_t part;
    bool found;

    if (!locate(model, event->network, event->port, &network, &part) ||
        network->nat->len >= SIM_MODEL_MAX_ROWS)
        return false;
    guint at = FIND(network->nat, SimModelNatRow, part, event->row, &found);
    if (found)
        return false;
    SimModelNatRow row = {
        .part = part,
        .row = event->row,
        .protocol = event->protocol,
        .state = event->state,
        .from_inside = event->from_inside,
        .rule = event->rule,
        .inside = {event->inside, event->inside_port},
        .inside_peer = {event->inside_peer, event->inside_peer_port},
        .outside = {event->outside, event->outside_port},
        .outside_peer = {event->outside_peer, event->outside_peer_port},
        .since = record->time,
        .expires_ns = event->expires_ns,
    };
    g_array_insert_val(network->nat, at, row);
    return true;
}

/* The row that an event names; NULL: no such. */
static SimModelNatRow *find_row(SimModel *model, unsigned network_number, uint32_t port,
                                uint32_t number)
{
    SimModelNetwork *network;
    uint32_t part;
    bool found;

    if (!locate(model, network_number, port, &network, &part))
        return NULL;
    guint at = FIND(network->nat, SimModelNatRow, part, number, &found);
    return found ? &g_array_index(network->nat, SimModelNatRow, at) : NULL;
}

static bool nat_state(SimModel *model, const SimRecord *record)
{
    const SimEventNatState *event = SIM_FIELDS(record, NatState);
    SimModelNatRow *row = find_row(model, event->network, event->port, event->row);

    if (row == NULL)
        return false;
    row->state = event->state;
    row->expires_ns = event->expires_ns;
    return true;
}

/* The network of a NAT, by any of its ports; they were made one soon after another. */
static unsigned network_of_nat(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number), *first = port;

    while (first != NULL && first->part == port->part && first->number > 0 && number > 0) {
        const SimModelPort *before = sim_model_port(model, --number);
        if (before->part == port->part)
            first = before;
    }
    return first != NULL ? first->network : SIM_NONE;
}

static bool nat_rewrite(SimModel *model, const SimRecord *record)
{
    const SimEventNatRewrite *event = SIM_FIELDS(record, NatRewrite);
    /* A router that is of one network may have its outside on another. */
    unsigned network = network_of_nat(model, event->port);
    SimModelNatRow *row = find_row(model, network, event->port, event->row);

    if (row == NULL)
        return false;
    if (event->direction == SIM_NAT_OUTBOUND)
        row->packets_out++;
    else
        row->packets_in++;
    row->expires_ns = event->expires_ns;
    return true;
}

static bool nat_expired(SimModel *model, const SimRecord *record)
{
    const SimEventNatExpired *event = SIM_FIELDS(record, NatExpired);
    SimModelNetwork *network;
    uint32_t part;
    bool found;

    if (!locate(model, event->network, event->port, &network, &part))
        return false;
    guint at = FIND(network->nat, SimModelNatRow, part, event->row, &found);
    if (found)
        g_array_remove_index(network->nat, at);
    return found;
}

static void copy_text(char *to, gsize size, const SimRecord *record)
{
    gsize length = MIN(record->blob_size, size - 1);

    memcpy(to, record->blob, length);
    to[length] = '\0';
}

static bool nat_rule(SimModel *model, const SimRecord *record)
{
    const SimEventNatRule *event = SIM_FIELDS(record, NatRule);
    SimModelNetwork *network;
    uint32_t part;
    bool found;

    if (!locate(model, event->network, event->port, &network, &part))
        return false;
    guint at = FIND(network->rules, SimModelRule, part, event->rule, &found);
    if (found == event->up)
        return false;
    if (!event->up) {
        g_array_remove_index(network->rules, at);
        return true;
    }
    if (network->rules->len >= SIM_MODEL_MAX_ROWS)
        return false;
    SimModelRule rule = {
        .part = part,
        .rule = event->rule,
        .protocol = event->protocol,
        .host = {event->host_address, event->host_port},
        .guest = {event->guest_address, event->guest_port},
    };
    copy_text(rule.name, sizeof rule.name, record);
    g_array_insert_val(network->rules, at, rule);
    return true;
}

/* ---- DHCP --------------------------------------------------------------------- */

static bool give_lease(SimModelNetwork *network, uint32_t part, const SimRecord *record)
{
    const SimEventDhcp *event = SIM_FIELDS(record, Dhcp);
    bool found;
    guint at = FIND(network->leases, SimModelLease, part, event->address, &found);
    SimModelLease lease = {
        .part = part,
        .address = event->address,
        .mac = event->mac,
        .declined = event->what == SIM_DHCP_DECLINE,
        .since = record->time,
        .expires_ns = event->lease_ns > SIM_TIME_NEVER - record->time
                          ? SIM_TIME_NEVER
                          : record->time + event->lease_ns,
    };

    copy_text(lease.name, sizeof lease.name, record);
    if (!found && network->leases->len >= SIM_MODEL_MAX_ROWS)
        return false;
    if (!found)
        g_array_insert_val(network->leases, at, lease);
    else
        g_array_index(network->leases, SimModelLease, at) = lease;
    return true;
}

static void end_lease(SimModelNetwork *network, uint32_t part, const SimEventDhcp *event)
{
    bool found;
    guint at = FIND(network->leases, SimModelLease, part, event->address, &found);

    if (found && g_array_index(network->leases, SimModelLease, at).mac == event->mac)
        g_array_remove_index(network->leases, at);
}

/* The VM's NIC with this MAC address has this IP address from now on; or, if `is`, has none. */
static void set_nic(SimModel *model, uint64_t mac, uint32_t address, uint32_t is)
{
    for (guint v = 0; v < model->vms->len; v++) {
        const SimModelVm *vm = model->vms->pdata[v];
        for (unsigned n = 0; n < vm->nic_count; n++)
            if (vm->nics[n].mac == mac && (is == 0 || vm->nics[n].ip == is))
                vm->nics[n].ip = address;
    }
}

static bool dhcp(SimModel *model, const SimRecord *record)
{
    const SimEventDhcp *event = SIM_FIELDS(record, Dhcp);
    SimModelNetwork *network;
    uint32_t part;

    if (!locate(model, event->network, event->port, &network, &part))
        return false;
    switch (event->what) {
    case SIM_DHCP_ACK:
        set_nic(model, event->mac, event->address, 0);
        return give_lease(network, part, record);
    case SIM_DHCP_DECLINE:
        set_nic(model, event->mac, 0, event->address);
        return event->lease_ns == 0 || give_lease(network, part, record);
    case SIM_DHCP_RELEASE:
    case SIM_DHCP_EXPIRED:
        if (event->address != 0)
            set_nic(model, event->mac, 0, event->address);
        end_lease(network, part, event);
        break;
    default: break;
    }
    return true;
}

/* ---- Drops --------------------------------------------------------------------- */

static bool count_drop(SimModel *model, unsigned number, uint32_t port_number, uint8_t why)
{
    SimModelNetwork *network;
    uint32_t part;

    if (!locate(model, number, port_number, &network, &part))
        return false;
    SimModelPort *port = model->ports->pdata[port_number];
    network->dropped[why]++;
    port->dropped++;
    return true;
}

static bool nat_drop(SimModel *model, const SimRecord *record)
{
    const SimEventNatDrop *event = SIM_FIELDS(record, NatDrop);

    return count_drop(model, event->network, event->port, event->why);
}

static bool router_drop(SimModel *model, const SimRecord *record)
{
    const SimEventRouterDrop *event = SIM_FIELDS(record, RouterDrop);

    return count_drop(model, event->network, event->port, event->why);
}

void sim_apply_nat_handlers(SimHandler *table)
{
    table[SIM_EVENT_NAT_NEW] = nat_new;
    table[SIM_EVENT_NAT_STATE] = nat_state;
    table[SIM_EVENT_NAT_REWRITE] = nat_rewrite;
    table[SIM_EVENT_NAT_EXPIRED] = nat_expired;
    table[SIM_EVENT_NAT_RULE] = nat_rule;
    table[SIM_EVENT_NAT_DROP] = nat_drop;
    table[SIM_EVENT_ROUTER_DROP] = router_drop;
    table[SIM_EVENT_DHCP] = dhcp;
}
