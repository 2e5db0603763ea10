/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply-switch.c: switches by name, what their ports do, flow tables, spanning trees. */
#include "sim/model/apply.h"

#include <string.h>

/* ---- Life ------------------------------------------------------------------- */

static void flow_clear(void *data)
{
    SimModelFlow *flow = data;

    g_free(flow->name);
    g_free(flow->text);
}

static GArray *flows_new(void)
{
    GArray *flows = g_array_new(FALSE, FALSE, sizeof(SimModelFlow));

    g_array_set_clear_func(flows, flow_clear);
    return flows;
}

static void switch_free(void *data)
{
    SimModelSwitch *sw = data;

    g_free(sw->name);
    g_array_unref(sw->flows);
    g_free(sw);
}

GPtrArray *sim_apply_switches_new(void)
{
    return g_ptr_array_new_with_free_func(switch_free);
}

GPtrArray *sim_apply_switches_copy(const GPtrArray *switches)
{
    GPtrArray *copies = sim_apply_switches_new();

    for (guint i = 0; i < switches->len; i++) {
        const SimModelSwitch *from = switches->pdata[i];
        SimModelSwitch *sw = g_memdup2(from, sizeof(*sw));

        sw->name = g_strdup(from->name);
        sw->flows = flows_new();
        for (guint f = 0; f < from->flows->len; f++) {
            SimModelFlow flow = g_array_index(from->flows, SimModelFlow, f);
            flow.name = g_strdup(flow.name);
            flow.text = g_strdup(flow.text);
            g_array_append_val(sw->flows, flow);
        }
        g_ptr_array_add(copies, sw);
    }
    return copies;
}

/* ---- Who is who --------------------------------------------------------------- */

static SimModelNetwork *find_network(SimModel *model, unsigned network)
{
    return network < model->networks->len ? model->networks->pdata[network] : NULL;
}

static SimModelPort *find_port(SimModel *model, uint32_t port)
{
    return port < model->ports->len ? model->ports->pdata[port] : NULL;
}

const SimModelSwitch *sim_model_switch(const SimModel *model, unsigned number, uint32_t part)
{
    const SimModelNetwork *network = sim_model_network(model, number);

    for (guint i = 0; network && i < network->switches->len; i++) {
        const SimModelSwitch *sw = network->switches->pdata[i];
        if (sw->part == part)
            return sw;
    }
    return NULL;
}

static SimModelSwitch *find_switch(SimModel *model, unsigned network, uint32_t part)
{
    return (SimModelSwitch *)sim_model_switch(model, network, part);
}

/* ---- Settings ------------------------------------------------------------------ */

static bool switch_created(SimModel *model, const SimRecord *record)
{
    const SimEventSwitchCreated *event = SIM_FIELDS(record, SwitchCreated);
    SimModelNetwork *network = find_network(model, event->network);
    SimModelSwitch *sw;

    if (!network || find_switch(model, event->network, event->part) ||
        network->switches->len >= SIM_MODEL_MAX_PORTS)
        return false;
    sw = g_new0(SimModelSwitch, 1);
    sw->name = sim_apply_text(record);
    sw->part = event->part;
    sw->vlans = event->vlans;
    sw->spanning_tree = event->spanning_tree;
    sw->priority = event->priority;
    sw->mac = event->mac;
    sw->root_port = SIM_MODEL_NO_PORT;
    sw->flows = flows_new();
    g_ptr_array_add(network->switches, sw);
    return true;
}

static bool port_config(SimModel *model, const SimRecord *record)
{
    const SimEventPortConfig *event = SIM_FIELDS(record, PortConfig);
    SimModelPort *port = find_port(model, event->port);

    if (!port)
        return false;
    port->vlan_mode = event->mode;
    port->vlan = event->vlan;
    port->promiscuous = event->promiscuous;
    return true;
}

/* ---- Flow tables ---------------------------------------------------------------- */

static bool flow_added(SimModel *model, const SimRecord *record)
{
    const SimEventFlowAdded *event = SIM_FIELDS(record, FlowAdded);
    SimModelSwitch *sw = find_switch(model, event->network, event->part);
    SimModelFlow flow = {.flow = event->flow, .priority = event->priority};
    guint at = 0;
    char *newline;

    if (!sw || sw->flows->len >= SIM_MODEL_MAX_FLOWS)
        return false;
    flow.name = sim_apply_text(record);
    newline = strchr(flow.name, '\n');
    flow.text = g_strdup(newline ? newline + 1 : "");
    if (newline)
        *newline = '\0';
    while (at < sw->flows->len &&
           g_array_index(sw->flows, SimModelFlow, at).priority >= flow.priority)
        at++;
    g_array_insert_val(sw->flows, at, flow);
    return true;
}

/* The place of a flow in its switch's table, or -1. */
static int find_flow(const SimModelSwitch *sw, uint32_t number)
{
    for (guint i = 0; sw && i < sw->flows->len; i++) {
        if (g_array_index(sw->flows, SimModelFlow, i).flow == number)
            return (int)i;
    }
    return -1;
}

static bool flow_removed(SimModel *model, const SimRecord *record)
{
    const SimEventFlowRemoved *event = SIM_FIELDS(record, FlowRemoved);
    SimModelSwitch *sw = find_switch(model, event->network, event->part);
    int at = find_flow(sw, event->flow);

    if (at >= 0)
        g_array_remove_index(sw->flows, (guint)at);
    return at >= 0;
}

static bool flow_match(SimModel *model, const SimRecord *record)
{
    const SimEventFlowMatch *event = SIM_FIELDS(record, FlowMatch);
    const SimModelPort *in = find_port(model, event->in_port);
    SimModelSwitch *sw = in ? find_switch(model, event->network, in->part) : NULL;
    int at = find_flow(sw, event->flow);

    if (at >= 0)
        g_array_index(sw->flows, SimModelFlow, at).frames++;
    return at >= 0;
}

/* ---- Frames ---------------------------------------------------------------------- */

static bool egress_drop(SimModel *model, const SimRecord *record)
{
    const SimEventEgressDrop *event = SIM_FIELDS(record, EgressDrop);
    SimModelNetwork *network = find_network(model, event->network);
    SimModelPort *port = find_port(model, event->port);

    if (!network || !port || event->why >= SIM_NET_DROP_COUNT)
        return false;
    network->dropped[event->why]++;
    port->dropped++;
    return true;
}

static bool switch_copy(SimModel *model, const SimRecord *record)
{
    SimModelNetwork *network = find_network(model, SIM_FIELDS(record, SwitchCopy)->network);

    if (network)
        network->copied++;
    return network != NULL;
}

/* ---- Spanning tree and teams -------------------------------------------------------- */

static bool tree_port(SimModel *model, const SimRecord *record)
{
    const SimEventTreePort *event = SIM_FIELDS(record, TreePort);
    SimModelPort *port = find_port(model, event->port);

    if (!port)
        return false;
    port->in_tree = true;
    port->tree_state = event->to;
    port->tree_role = event->role;
    return true;
}

static bool tree_root(SimModel *model, const SimRecord *record)
{
    const SimEventTreeRoot *event = SIM_FIELDS(record, TreeRoot);
    SimModelSwitch *sw = find_switch(model, event->network, event->part);

    if (!sw)
        return false;
    sw->bridge = event->bridge;
    sw->root = event->root;
    sw->root_cost = event->cost;
    sw->root_port = event->root_port;
    return true;
}

static bool team_active(SimModel *model, const SimRecord *record)
{
    const SimEventTeamActive *event = SIM_FIELDS(record, TeamActive);
    SimModelPort *from = find_port(model, event->from_port), *to = find_port(model, event->port);

    if (!from || !to)
        return false;
    from->standby = true;
    to->standby = false;
    return true;
}

void sim_apply_switch_handlers(SimHandler *table)
{
    table[SIM_EVENT_SWITCH_CREATED] = switch_created;
    table[SIM_EVENT_PORT_CONFIG] = port_config;
    table[SIM_EVENT_FLOW_ADDED] = flow_added;
    table[SIM_EVENT_FLOW_REMOVED] = flow_removed;
    table[SIM_EVENT_FLOW_MATCH] = flow_match;
    table[SIM_EVENT_EGRESS_DROP] = egress_drop;
    table[SIM_EVENT_SWITCH_COPY] = switch_copy;
    table[SIM_EVENT_TREE_PORT] = tree_port;
    table[SIM_EVENT_TREE_ROOT] = tree_root;
    table[SIM_EVENT_TEAM_ACTIVE] = team_active;
}
