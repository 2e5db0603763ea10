/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world-switch.c: switches, trunks and ports go by name in the file; here the names
 * become numbers, once everything that can have one has been read. */
#include "sim/scenario/reader.h"

#include <string.h>

size_t sim_scenario_switch_count(const SimScenarioNetwork *network)
{
    return MAX(network->switch_count, 1);
}

const SimScenarioSwitch *sim_scenario_switch(const SimScenarioNetwork *network, size_t number)
{
    return network->switch_count == 0 ? &network->only : &network->switches[number];
}

/* ---- Names ------------------------------------------------------------------ */

/* "VALUE WHAT; did you mean ...": word is none of the names. */
static bool fail_name(SimReader *reader, const SimPath *path, const char *word, const char *what,
                      GPtrArray *names)
{
    g_autofree char *quoted = sim_quote(word);
    g_autofree char *says = g_strdup_printf("%s %s", quoted, what);
    g_ptr_array_add(names, NULL);
    return sim_reader_fail_word(reader, path, word, says, (const char *const *)names->pdata,
                                names->len - 1);
}

static bool find_switch(SimReader *reader, const SimPath *path, const SimScenarioNetwork *network,
                        SimScenarioRef *ref)
{
    if (!ref->name)
        return true;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (size_t i = 0; i < sim_scenario_switch_count(network); i++) {
        const char *name = sim_scenario_switch(network, i)->name;
        ref->index = (uint32_t)i;
        if (strcmp(ref->name, name ? name : network->name) == 0)
            return true;
        g_ptr_array_add(names, (gpointer)(name ? name : network->name));
    }
    return fail_name(reader, path, ref->name, "is not a switch of the network", names);
}

static bool find_trunk(SimReader *reader, const SimPath *path, const SimScenarioNetwork *network,
                       const char *word, uint32_t *ret_index)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (size_t i = 0; i < network->trunk_count; i++) {
        *ret_index = (uint32_t)i;
        if (strcmp(word, network->trunks[i].name) == 0)
            return true;
        g_ptr_array_add(names, network->trunks[i].name);
    }
    return fail_name(reader, path, word, "is not a trunk of the network", names);
}

static bool is_on(const SimScenario *scenario, uint32_t vm, uint32_t nic, uint32_t network)
{
    return nic < scenario->vms[vm].nic_count &&
           scenario->vms[vm].nics[nic].network.index == network;
}

/* "a" or "a.1" after "vm:". */
static bool find_vm_port(SimReader *reader, const SimPath *path, uint32_t network,
                         SimScenarioPort *port)
{
    const SimScenario *scenario = reader->scenario;
    g_auto(GStrv) parts = g_strsplit(port->name + strlen("vm:"), ".", 2);
    int vm = sim_scenario_find_vm(scenario, parts[0] ? parts[0] : "");
    guint64 nic = 0;
    if (vm < 0) {
        g_autoptr(GPtrArray) names = sim_reference_names(reader, SIM_KEY_VM);
        g_autofree char *quoted = sim_quote(port->name);
        g_autofree char *what = g_strdup_printf("%s names no VM", quoted);
        return sim_reader_fail_word(reader, path, parts[0] ? parts[0] : "", what,
                                    (const char *const *)names->pdata, names->len);
    }
    if (parts[1] && !g_ascii_string_to_unsigned(parts[1], 10, 0, SIM_MAX_NICS - 1, &nic, NULL))
        return sim_reader_fail(reader, path, "\"%s\" is not vm:NAME.NIC, with NIC a number from 0",
                               port->name);
    while (!parts[1] && nic < scenario->vms[vm].nic_count &&
           !is_on(scenario, (uint32_t)vm, (uint32_t)nic, network))
        nic++;
    if (!is_on(scenario, (uint32_t)vm, (uint32_t)nic, network))
        return sim_reader_fail(reader, path, "\"%s\" has no such NIC on network \"%s\"", port->name,
                               scenario->networks[network].name);
    port->index = (uint32_t)vm;
    port->nic = (uint32_t)nic;
    return true;
}

static bool find_port(SimReader *reader, const SimPath *path, const char *key, uint32_t network,
                      SimScenarioPort *port)
{
    SimPath at = {path, key, 0};
    if (!port->name)
        return true;
    if (g_str_has_prefix(port->name, "vm:"))
        return find_vm_port(reader, &at, network, port);
    port->is_trunk = g_str_has_prefix(port->name, "trunk:");
    if (port->is_trunk)
        return find_trunk(reader, &at, &reader->scenario->networks[network],
                          port->name + strlen("trunk:"), &port->index);
    return sim_reader_fail(reader, &at,
                           "\"%s\" is not a port; allowed: vm:NAME, vm:NAME.NIC, "
                           "trunk:NAME",
                           port->name);
}

/* ---- Flows ------------------------------------------------------------------- */

static bool find_flow_ports(SimReader *reader, const SimPath *path, uint32_t network,
                            SimScenarioFlow *flow)
{
    SimPath match = {path, "match", 0}, actions = {path, "actions", 0};
    if (!find_port(reader, &match, "in", network, &flow->match.in))
        return false;
    for (size_t i = 0; i < flow->action_count; i++) {
        SimPath at = {&actions, NULL, i};
        if (flow->actions[i].kind == SIM_ACTION_OUTPUT &&
            !find_port(reader, &at, "output", network, &flow->actions[i].port))
            return false;
    }
    return true;
}

static bool complete_switch(SimReader *reader, const SimPath *path, uint32_t network,
                            SimScenarioSwitch *sw)
{
    SimPath flows = {path, "flows", 0}, mirrors = {path, "mirrors", 0};
    for (size_t i = 0; i < sw->flow_count; i++) {
        SimPath at = {&flows, NULL, i};
        if (!find_flow_ports(reader, &at, network, &sw->flows[i]))
            return false;
    }
    for (size_t i = 0; i < sw->mirror_count; i++) {
        SimPath at = {&mirrors, NULL, i};
        if (!find_port(reader, &at, "from", network, &sw->mirrors[i].from) ||
            !find_port(reader, &at, "to", network, &sw->mirrors[i].to))
            return false;
    }
    return true;
}

/* ---- Networks ------------------------------------------------------------------- */

static bool complete_trunk(SimReader *reader, const SimPath *path, SimScenarioNetwork *network,
                           SimScenarioTrunk *trunk)
{
    SimPath a = {path, "a", 0}, b = {path, "b", 0};
    network->vlans |= trunk->vlans.count > 0;
    return find_switch(reader, &a, network, &trunk->a) &&
           find_switch(reader, &b, network, &trunk->b);
}

static bool complete_network(SimReader *reader, uint32_t number)
{
    SimScenarioNetwork *network = &reader->scenario->networks[number];
    SimPath networks = {NULL, "networks", 0}, path = {&networks, NULL, number},
            switches = {&path, "switches", 0}, trunks = {&path, "trunks", 0},
            only = {&path, "switch", 0};
    bool has_switch = sim_network_recipe(network->mode)->has_switch;
    if (!has_switch && (network->switch_count > 0 || network->trunk_count > 0))
        return sim_reader_fail(reader, &path,
                               "a network of mode nat has no switch: each VM has a "
                               "router of its own");
    for (size_t i = 0; i < network->switch_count; i++) {
        SimPath at = {&switches, NULL, i};
        if (!network->switches[i].name)
            return sim_reader_fail(reader, &at,
                                   "\"name\" is missing; each switch of several "
                                   "needs one");
        if (!complete_switch(reader, &at, number, &network->switches[i]))
            return false;
    }
    for (size_t i = 0; i < network->trunk_count; i++) {
        SimPath at = {&trunks, NULL, i};
        if (!complete_trunk(reader, &at, network, &network->trunks[i]))
            return false;
    }
    return complete_switch(reader, &only, number, &network->only);
}

static bool complete_nic(SimReader *reader, size_t vm, size_t number)
{
    SimScenarioNic *nic = &reader->scenario->vms[vm].nics[number];
    SimScenarioNetwork *network = &reader->scenario->networks[nic->network.index];
    SimPath vms = {NULL, "vms", 0}, element = {&vms, NULL, vm}, nics = {&element, "nics", 0},
            at = {&nics, NULL, number}, on = {&at, "switch", 0}, trunk = {&at, "trunk", 0};
    if (nic->port.vlan > 0 && nic->port.trunk.is_set)
        return sim_reader_fail(reader, &trunk,
                               "cannot stand beside \"vlan\"; one of them is enough");
    network->vlans |= nic->port.vlan > 0 || nic->port.trunk.is_set;
    return find_switch(reader, &on, network, &nic->port.on);
}

bool sim_world_switches(SimReader *reader)
{
    SimScenario *scenario = reader->scenario;
    for (size_t i = 0; i < scenario->network_count; i++)
        if (!complete_network(reader, (uint32_t)i))
            return false;
    for (size_t v = 0; v < scenario->vm_count; v++)
        for (size_t n = 0; n < scenario->vms[v].nic_count; n++)
            if (!complete_nic(reader, v, n))
                return false;
    return true;
}

bool sim_finish_nic_trunk(SimReader *reader, const SimPath *path, json_object *values, void *trunk)
{
    ((SimNicTrunk *)trunk)->is_set = true;
    return true;
}

/* ---- Commands -------------------------------------------------------------------- */

static bool has_nic(SimReader *reader, const SimPath *path, const SimCommand *c)
{
    const SimScenarioVm *vm = &reader->scenario->vms[c->vm.index];
    SimPath at = {path, "nic", 0};
    return c->nic < vm->nic_count ||
           sim_reader_fail(reader, &at, "VM \"%s\" has no NIC %" G_GUINT64_FORMAT, vm->name,
                           c->nic);
}

/* A trunk of c->network, and the cable of it. */
static bool has_trunk(SimReader *reader, const SimPath *path, SimCommand *c)
{
    const SimScenarioNetwork *network = &reader->scenario->networks[c->network.index];
    SimPath at = {path, "trunk", 0};
    if (!find_trunk(reader, &at, network, c->on.name, &c->on.index))
        return false;
    const SimScenarioTrunk *trunk = &network->trunks[c->on.index];
    return c->nic < trunk->cables ||
           sim_reader_fail(reader, path, "trunk \"%s\" has no cable %" G_GUINT64_FORMAT,
                           trunk->name, c->nic);
}

static bool finish_quality(SimReader *reader, const SimPath *path, SimCommand *c)
{
    bool is_trunk = c->network.name && c->on.name;
    if (c->vm.name && !c->network.name && !c->on.name)
        return has_nic(reader, path, c);
    if (!c->vm.name && is_trunk)
        return has_trunk(reader, path, c);
    return sim_reader_fail(reader, path,
                           "says not which cable; allowed: vm and nic, or network, "
                           "trunk and nic");
}

/* The command without "at", in canonical form, as a trace records it. */
static char *text_of(json_object *values)
{
    json_object *copy = NULL;
    if (json_object_deep_copy(values, &copy, NULL) != 0)
        return NULL;
    json_object_object_del(copy, "at");
    char *text = sim_canonical_text(copy);
    json_object_put(copy);
    return text;
}

bool sim_finish_switch_command(SimReader *reader, const SimPath *path, json_object *values,
                               void *command)
{
    SimCommand *c = command;
    SimPath on = {path, "switch", 0}, flow = {path, "flow", 0};
    c->json = text_of(values);
    switch ((SimCommandKind)c->kind) {
    case SIM_COMMAND_SET_LINK_QUALITY: return finish_quality(reader, path, c);
    case SIM_COMMAND_PLUG_TRUNK:
    case SIM_COMMAND_UNPLUG_TRUNK: return has_trunk(reader, path, c);
    case SIM_COMMAND_SET_ACL: return has_nic(reader, path, c);
    case SIM_COMMAND_FLOW_ADD:
    case SIM_COMMAND_FLOW_REMOVE:
        return find_switch(reader, &on, &reader->scenario->networks[c->network.index], &c->on) &&
               (c->kind == SIM_COMMAND_FLOW_REMOVE ||
                find_flow_ports(reader, &flow, c->network.index, &c->flow));
    default: g_assert_not_reached();
    }
}

void sim_clear_switch_command(void *command)
{
    g_clear_pointer(&((SimCommand *)command)->json, g_free);
}

void sim_own_switch_command(void *command)
{
    SimCommand *c = command;
    c->json = g_strdup(c->json);
}
