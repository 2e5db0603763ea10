/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trail-wire.c: who is where; see trail-private.h.
 *
 * A MAC address means something on its own wire only: behind two NATs the gateway may have
 * the same one. So an address is looked up from the port where a frame was seen: along the
 * cables and through everything that passes frames on as they are.
 */
#include <string.h>

#include "sim/export/trail-private.h"

/* A machine sends frames from this address by this port. */
typedef struct {
    uint64_t mac;
    uint32_t port;
} Sender;

struct SimWires {
    const SimModel *model;
    GArray *senders; /* of Sender: those of which no event names the address */
};

SimWires *sim_wires_new(const SimModel *model)
{
    SimWires *wires = g_new0(SimWires, 1);

    wires->model = model;
    wires->senders = g_array_new(FALSE, FALSE, sizeof(Sender));
    return wires;
}

void sim_wires_free(SimWires *wires)
{
    if (!wires)
        return;
    g_array_unref(wires->senders);
    g_free(wires);
}

bool sim_passes_frames(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);

    return port && (!strcmp(port->kind, "switch") || !strcmp(port->kind, "wifi"));
}

void sim_wires_see(SimWires *wires, uint32_t port, uint64_t mac)
{
    const Sender sender = {mac, port};

    for (guint i = 0; i < wires->senders->len; i++) {
        const Sender *known = &g_array_index(wires->senders, Sender, i);
        if (known->mac == mac && known->port == port)
            return;
    }
    g_array_append_val(wires->senders, sender);
}

/* Does the machine at this port have the address? */
static bool has_mac(const SimWires *wires, uint32_t number, uint64_t mac)
{
    const SimModel *model = wires->model;
    const SimModelPort *port = sim_model_port(model, number);
    const SimModelNic *nic =
        port->vm != SIM_NONE ? sim_model_nic(model, port->vm, port->nic) : NULL;

    if (nic && nic->mac == mac)
        return true;
    for (guint i = 0; i < model->endpoints->len; i++) {
        const SimModelEndpoint *endpoint = &g_array_index(model->endpoints, SimModelEndpoint, i);
        if (endpoint->port == number && endpoint->mac == mac)
            return true;
    }
    for (guint i = 0; i < wires->senders->len; i++) {
        const Sender *known = &g_array_index(wires->senders, Sender, i);
        if (known->port == number && known->mac == mac)
            return true;
    }
    return false;
}

/* Every port that a frame can get to which leaves by port `from`, in the order of the search.
 * True for one of them ends it. */
uint32_t sim_wires_find(const SimWires *wires, uint32_t from, uint64_t mac)
{
    const SimModel *model = wires->model;
    g_autofree bool *seen = g_new0(bool, model->ports->len);
    g_autoptr(GArray) leave = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    uint32_t only = SIM_MODEL_NO_PORT, ends = 0;

    g_array_append_val(leave, from);
    for (guint next = 0; next < leave->len; next++) {
        const SimModelPort *port = sim_model_port(model, g_array_index(leave, uint32_t, next));
        const SimModelPort *peer = port ? sim_model_port(model, port->peer) : NULL;

        if (!peer || seen[port->peer])
            continue;
        seen[port->peer] = true;
        if (!sim_passes_frames(model, port->peer)) {
            if (has_mac(wires, port->peer, mac))
                return port->peer;
            only = port->peer;
            ends++;
            continue;
        }
        for (uint32_t i = 0; i < model->ports->len; i++) {
            const SimModelPort *other = sim_model_port(model, i);
            if (other->part == peer->part && i != port->peer && !seen[i] && !other->gone)
                g_array_append_val(leave, i);
        }
    }
    return ends == 1 && leave->len == 1 ? only : SIM_MODEL_NO_PORT;
}

uint64_t sim_machine_of(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);

    if (!port)
        return UINT64_MAX;
    return port->vm != SIM_NONE ? UINT64_C(1) << 32 | port->vm : port->part;
}

bool sim_is_end(const SimModel *model, uint32_t number, SimModelEnd end)
{
    const SimModelPort *port = sim_model_port(model, number);

    if (!port)
        return false;
    if (port->vm != SIM_NONE)
        return end.kind == SIM_AT_VM && end.number == port->vm;
    for (guint i = 0; i < model->endpoints->len; i++) {
        const SimModelEndpoint *endpoint = &g_array_index(model->endpoints, SimModelEndpoint, i);
        const SimModelPort *own = sim_model_port(model, endpoint->port);

        if (own && own->part == port->part)
            return endpoint->kind == end.kind && endpoint->number == end.number;
    }
    return false;
}

uint32_t sim_port_ip(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);
    const SimModelNic *nic =
        port && port->vm != SIM_NONE ? sim_model_nic(model, port->vm, port->nic) : NULL;

    for (guint i = 0; !nic && i < model->endpoints->len; i++) {
        const SimModelEndpoint *endpoint = &g_array_index(model->endpoints, SimModelEndpoint, i);
        if (endpoint->port == number)
            return endpoint->ip;
    }
    return nic ? nic->ip : 0;
}

/* Of a router with ports on two networks the first, so that it has one name. */
static uint32_t first_port_of(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);

    for (uint32_t i = 0; port && !strcmp(port->kind, "router") && i < number; i++)
        if (sim_model_port(model, i)->part == port->part)
            return i;
    return number;
}

/* A network of several switches calls each by its own name. */
char *sim_place_name(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);
    const SimModelNetwork *network = port ? sim_model_network(model, port->network) : NULL;
    const SimModelSwitch *sw =
        network && network->switches->len > 1 && !strcmp(port->kind, "switch")
            ? sim_model_switch(model, port->network, port->part)
            : NULL;

    return sw && *sw->name ? g_strdup_printf("switch %s", sw->name)
                           : sim_model_port_name(model, first_port_of(model, number));
}

char *sim_place_beyond(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);

    return sim_place_name(model, port && port->peer != SIM_MODEL_NO_PORT ? port->peer : number);
}
