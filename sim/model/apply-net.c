/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply-net.c: what happens on networks: wiring, switches, frames on cables. */
#include "sim/model/apply.h"

static SimModelNetwork *find_network(SimModel *model, unsigned network)
{
    return network < model->networks->len ? model->networks->pdata[network] : NULL;
}

static SimModelPort *find_port(SimModel *model, uint32_t port)
{
    return port < model->ports->len ? model->ports->pdata[port] : NULL;
}

/* ---- Wiring ---------------------------------------------------------------- */

static bool network_created(SimModel *model, const SimRecord *record)
{
    const SimEventNetworkCreated *event = SIM_FIELDS(record, NetworkCreated);
    SimModelNetwork *network;

    if (event->network != model->networks->len || event->network >= SIM_MODEL_MAX_NETWORKS)
        return false;
    network = g_new0(SimModelNetwork, 1);
    network->name = sim_apply_text(record);
    network->mode = event->mode;
    network->macs = g_array_new(FALSE, FALSE, sizeof(SimModelMacRow));
    network->nat = g_array_new(FALSE, FALSE, sizeof(SimModelNatRow));
    network->rules = g_array_new(FALSE, FALSE, sizeof(SimModelRule));
    network->leases = g_array_new(FALSE, FALSE, sizeof(SimModelLease));
    network->switches = sim_apply_switches_new();
    g_ptr_array_add(model->networks, network);
    return true;
}

/* The NIC that a port belongs to learns of it, whichever of the two came first. */
static void join_nic(SimModel *model, uint32_t number)
{
    const SimModelPort *port = find_port(model, number);
    SimModelVm *vm = sim_apply_vm(model, port->vm);

    if (vm && port->nic < vm->nic_count)
        vm->nics[port->nic].port = number;
}

static bool port_created(SimModel *model, const SimRecord *record)
{
    const SimEventPortCreated *event = SIM_FIELDS(record, PortCreated);
    SimModelPort *port;

    if (event->port != model->ports->len || event->port >= SIM_MODEL_MAX_PORTS)
        return false;
    port = g_new0(SimModelPort, 1);
    *port = (SimModelPort){.kind = sim_apply_text(record),
                           .part = event->part,
                           .number = event->number,
                           .network = event->network,
                           .vm = event->vm,
                           .nic = event->nic,
                           .peer = SIM_MODEL_NO_PORT,
                           .up = true};
    g_ptr_array_add(model->ports, port);
    join_nic(model, event->port);
    return true;
}

static bool link_created(SimModel *model, const SimRecord *record)
{
    const SimEventLinkCreated *event = SIM_FIELDS(record, LinkCreated);
    SimModelPort *a = find_port(model, event->a), *b = find_port(model, event->b);

    if (!a || !b || a == b || a->peer != SIM_MODEL_NO_PORT || b->peer != SIM_MODEL_NO_PORT)
        return false;
    a->peer = event->b;
    b->peer = event->a;
    a->latency_ns = b->latency_ns = event->latency_ns;
    a->rate_bps = b->rate_bps = event->rate_bps;
    return true;
}

static bool link_gone(SimModel *model, const SimRecord *record)
{
    const SimEventLinkGone *event = SIM_FIELDS(record, LinkGone);
    SimModelPort *a = find_port(model, event->a), *b = find_port(model, event->b);

    if (!a || !b || a->peer != event->b || b->peer != event->a)
        return false;
    a->peer = b->peer = SIM_MODEL_NO_PORT;
    return true;
}

static bool port_gone(SimModel *model, const SimRecord *record)
{
    const SimEventPortGone *event = SIM_FIELDS(record, PortGone);
    SimModelPort *port = find_port(model, event->port);

    if (!port)
        return false;
    port->gone = true;
    sim_apply_forget_arp(model, SIM_NONE, event->port);
    for (guint i = 0; i < model->endpoints->len; i++)
        if (g_array_index(model->endpoints, SimModelEndpoint, i).port == event->port) {
            g_array_remove_index(model->endpoints, i);
            break;
        }
    return true;
}

/* What was in its tables went with the parts that had them. */
static bool network_mode(SimModel *model, const SimRecord *record)
{
    const SimEventNetworkMode *event = SIM_FIELDS(record, NetworkMode);
    SimModelNetwork *network = find_network(model, event->network);

    if (!network)
        return false;
    network->mode = event->to;
    g_array_set_size(network->macs, 0);
    g_array_set_size(network->nat, 0);
    g_array_set_size(network->rules, 0);
    g_array_set_size(network->leases, 0);
    g_ptr_array_set_size(network->switches, 0);
    return true;
}

static bool nic_created(SimModel *model, const SimRecord *record)
{
    const SimEventNicCreated *event = SIM_FIELDS(record, NicCreated);
    SimModelVm *vm = sim_apply_vm(model, event->vm);

    if (!vm || event->nic != vm->nic_count || event->nic >= SIM_MODEL_MAX_NICS)
        return false;
    vm->nics = g_renew(SimModelNic, vm->nics, vm->nic_count + 1);
    vm->nics[vm->nic_count++] = (SimModelNic){.mac = event->mac,
                                              .ip = event->ip,
                                              .prefix = event->prefix,
                                              .network = event->network,
                                              .port = SIM_MODEL_NO_PORT};
    for (uint32_t i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        if (port->vm == event->vm && port->nic == event->nic)
            join_nic(model, i);
    }
    return true;
}

static bool link_state(SimModel *model, const SimRecord *record)
{
    const SimEventLinkState *event = SIM_FIELDS(record, LinkState);
    SimModelPort *port = find_port(model, event->port);

    if (port)
        port->up = event->up;
    return port != NULL;
}

/* ---- Cables ---------------------------------------------------------------- */

static gboolean has_arrived(gpointer flight, gpointer unused, gpointer now)
{
    return ((const SimFlight *)flight)->arrives_ns < *(const uint64_t *)now;
}

/* Only switches and NICs say that a frame has come; of others the time tells. */
static void sweep_flights(SimModel *model, uint64_t now)
{
    if (g_hash_table_size(model->flights) < MAX(model->flights_sweep, 64))
        return;
    g_hash_table_foreach_remove(model->flights, has_arrived, &now);
    model->flights_sweep = 2 * g_hash_table_size(model->flights);
}

static bool link_enter(SimModel *model, const SimRecord *record)
{
    const SimEventLinkEnter *event = SIM_FIELDS(record, LinkEnter);
    SimModelPort *from = find_port(model, event->from);
    SimFlight flight = {event->frame, event->from, event->to, event->start_ns, event->arrive_ns};

    sweep_flights(model, record->time);
    if (!from || !find_port(model, event->to) ||
        g_hash_table_size(model->flights) >= SIM_MODEL_MAX_FLIGHTS)
        return false;
    from->frames_out++;
    g_hash_table_add(model->flights, g_memdup2(&flight, sizeof(flight)));
    return true;
}

/* A frame came out of the cable at a port. */
static SimModelPort *arrive(SimModel *model, uint64_t frame, uint32_t number)
{
    const SimFlight key = {.frame = frame, .to = number};
    SimModelPort *port = find_port(model, number);

    g_hash_table_remove(model->flights, &key);
    if (port)
        port->frames_in++;
    return port;
}

static bool frame_delivered(SimModel *model, const SimRecord *record)
{
    const SimEventFrameDelivered *event = SIM_FIELDS(record, FrameDelivered);

    return arrive(model, event->frame, event->port) != NULL;
}

static bool link_drop(SimModel *model, const SimRecord *record)
{
    const SimEventLinkDrop *event = SIM_FIELDS(record, LinkDrop);
    SimModelPort *from = find_port(model, event->from);
    SimModelNetwork *network = find_network(model, event->network);

    if (!from || !network)
        return false;
    const SimFlight key = {.frame = event->frame, .to = from->peer};
    g_hash_table_remove(model->flights, &key);
    from->dropped++;
    network->dropped[event->why]++;
    return true;
}

/* ---- Switches --------------------------------------------------------------- */

static bool switch_receive(SimModel *model, const SimRecord *record)
{
    const SimEventSwitchReceive *event = SIM_FIELDS(record, SwitchReceive);
    SimModelNetwork *network = find_network(model, event->network);

    if (!arrive(model, event->frame, event->port) || !network)
        return false;
    network->frames++;
    return true;
}

static bool switch_forward(SimModel *model, const SimRecord *record)
{
    SimModelNetwork *network = find_network(model, SIM_FIELDS(record, SwitchForward)->network);

    if (network)
        network->forwarded++;
    return network != NULL;
}

static bool switch_flood(SimModel *model, const SimRecord *record)
{
    SimModelNetwork *network = find_network(model, SIM_FIELDS(record, SwitchFlood)->network);

    if (network)
        network->flooded++;
    return network != NULL;
}

static bool switch_drop(SimModel *model, const SimRecord *record)
{
    const SimEventSwitchDrop *event = SIM_FIELDS(record, SwitchDrop);
    SimModelNetwork *network = find_network(model, event->network);
    SimModelPort *in = find_port(model, event->in_port);

    if (!network || !in)
        return false;
    network->dropped[event->why]++;
    in->dropped++;
    return true;
}

/* ---- MAC tables ------------------------------------------------------------- */

/* By VLAN, address, part. */
static int compare_rows(gconstpointer one, gconstpointer other)
{
    const SimModelMacRow *a = one, *b = other;

    if (a->vlan != b->vlan)
        return a->vlan < b->vlan ? -1 : 1;
    if (a->mac != b->mac)
        return a->mac < b->mac ? -1 : 1;
    return a->part < b->part ? -1 : a->part > b->part;
}

guint sim_apply_find_row(const GArray *rows, const void *row, GCompareFunc order, bool *ret_found)
{
    const guint size = g_array_get_element_size((GArray *)rows);
    guint low = 0, high = rows->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (order(rows->data + (size_t)middle * size, row) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = low < rows->len && order(rows->data + (size_t)low * size, row) == 0;
    return low;
}

static bool set_row(SimModel *model, unsigned number, SimModelMacRow row)
{
    SimModelNetwork *network = find_network(model, number);
    const SimModelPort *port = find_port(model, row.port);
    bool found;
    guint at;

    if (!network || !port)
        return false;
    row.part = port->part;
    at = sim_apply_find_row(network->macs, &row, compare_rows, &found);
    if (found)
        g_array_index(network->macs, SimModelMacRow, at) = row;
    else if (network->macs->len >= SIM_MODEL_MAX_ROWS)
        return false;
    else
        g_array_insert_val(network->macs, at, row);
    return true;
}

static bool mac_learned(SimModel *model, const SimRecord *record)
{
    const SimEventMacLearned *event = SIM_FIELDS(record, MacLearned);

    return set_row(model, event->network,
                   (SimModelMacRow){event->mac, event->port, event->vlan, .since = record->time});
}

static bool mac_moved(SimModel *model, const SimRecord *record)
{
    const SimEventMacMoved *event = SIM_FIELDS(record, MacMoved);

    return set_row(model, event->network,
                   (SimModelMacRow){event->mac, event->port, event->vlan, .since = record->time});
}

static bool mac_aged(SimModel *model, const SimRecord *record)
{
    const SimEventMacAged *event = SIM_FIELDS(record, MacAged);
    SimModelNetwork *network = find_network(model, event->network);
    const SimModelPort *port = find_port(model, event->port);
    const SimModelMacRow row = {
        .mac = event->mac, .vlan = event->vlan, .part = port ? port->part : 0};
    bool found = false;
    guint at = network && port ? sim_apply_find_row(network->macs, &row, compare_rows, &found) : 0;

    if (found)
        g_array_remove_index(network->macs, at);
    return found;
}

void sim_apply_net_handlers(SimHandler *table)
{
    table[SIM_EVENT_NETWORK_CREATED] = network_created;
    table[SIM_EVENT_PORT_CREATED] = port_created;
    table[SIM_EVENT_LINK_CREATED] = link_created;
    table[SIM_EVENT_LINK_GONE] = link_gone;
    table[SIM_EVENT_PORT_GONE] = port_gone;
    table[SIM_EVENT_NETWORK_MODE] = network_mode;
    table[SIM_EVENT_NIC_CREATED] = nic_created;
    table[SIM_EVENT_LINK_STATE] = link_state;
    table[SIM_EVENT_LINK_ENTER] = link_enter;
    table[SIM_EVENT_LINK_DROP] = link_drop;
    table[SIM_EVENT_FRAME_DELIVERED] = frame_delivered;
    table[SIM_EVENT_SWITCH_RECEIVE] = switch_receive;
    table[SIM_EVENT_SWITCH_FORWARD] = switch_forward;
    table[SIM_EVENT_SWITCH_FLOOD] = switch_flood;
    table[SIM_EVENT_SWITCH_DROP] = switch_drop;
    table[SIM_EVENT_MAC_LEARNED] = mac_learned;
    table[SIM_EVENT_MAC_MOVED] = mac_moved;
    table[SIM_EVENT_MAC_AGED] = mac_aged;
}
