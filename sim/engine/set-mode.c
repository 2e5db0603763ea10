/* SPDX-License-Identifier: GPL-2.0-or-later */
/* set-mode.c: a network is wired anew by another mode, while its VMs run.
 *
 * The parts of the old mode go, those of the new one come (netsim/remake.c), and each NIC
 * gets its cable there. A VM is told no more than that its cable is another one: if its
 * address came by DHCP it asks again, if it was set by hand it stays, right or wrong. In
 * the mode of its file a network has the file's subnet, DHCP server and forward rules; in
 * another one, what that mode has by itself. Host and LAN come with the first network that
 * touches them.
 */
#include "sim/engine/private.h"

#include <string.h>

static bool is_taken(const SimEngine *engine, uint32_t but, uint32_t address)
{
    for (size_t i = 0; i < engine->scenario->network_count; i++)
        if (i != but && engine->wiring[i].subnet.address == address)
            return true;
    return false;
}

static SimWiring wiring_of(const SimEngine *engine, uint32_t number, SimNetworkMode mode)
{
    const SimScenarioNetwork *network = &engine->scenario->networks[number];
    const NetRecipe *recipe = sim_network_recipe(mode);
    SimWiring wiring = {.mode = mode, .recipe = recipe};
    uint32_t subnet = recipe->subnet;

    if (mode == (SimNetworkMode)network->mode) {
        wiring.subnet = network->subnet;
    } else if (recipe->subnet_source == NET_SUBNET_BY_NETWORK) {
        wiring.subnet = (SimCidr){subnet + ((number & 0xffff) << 8), 24};
    } else if (recipe->subnet_source == NET_SUBNET_BY_HOST_NIC) {
        while ((subnet >> 8 & 255) < 255 && is_taken(engine, number, subnet))
            subnet += 256;
        wiring.subnet = (SimCidr){subnet, 24};
    }
    return wiring;
}

static bool remake(SimEngine *engine, uint32_t number, const SimWiring *wiring)
{
    g_autoptr(GArray) reservations = NULL;
    g_autoptr(GArray) forwards = NULL;
    NetNetworkConfig config;

    sim_engine_describe_network(engine, number, wiring, &config, &reservations, &forwards);
    bool done = net_world_remake_network(engine->net, number, &config, engine->now, NULL);
    sim_engine_network_clear(&config);
    return done;
}

static void attach_nic(SimEngine *engine, unsigned vm, unsigned nic)
{
    NetPortId port = engine->vm_port[vm][nic];
    g_autofree char *line = g_strdup_printf("cable %u\n", nic);
    NetNicConfig config;

    sim_engine_describe_nic(engine, vm, nic, &config);
    net_world_attach_again(engine->net, port, &config, engine->now);
    sim_engine_nic_clear(&config);
    if (engine->unplugged[vm] >> nic & 1)
        net_world_set_link(engine->net, port, false, engine->now);
    if (!engine->scenario->vms[vm].nics[nic].dhcp)
        return;
    engine->vm_address[vm][nic] = 0;
    sim_engine_tell_guest(engine, vm, line);
}

static void attach_all(SimEngine *engine, uint32_t number)
{
    const SimScenario *scenario = engine->scenario;

    for (unsigned vm = 0; vm < scenario->vm_count; vm++)
        for (unsigned n = 0; n < scenario->vms[vm].nic_count; n++)
            if (scenario->vms[vm].nics[n].network.index == number)
                attach_nic(engine, vm, n);
    for (guint i = 0; i < engine->uplinks->len; i++) {
        NetPortId port = g_array_index(engine->uplinks, NetPortId, i);
        const NetNicConfig config = {.network = number, .vm = NET_UPLINK_VM, .nic = i};

        if (g_array_index(engine->port_network, uint16_t, port) == number)
            net_world_attach_again(engine->net, port, &config, engine->now);
    }
}

static void add_word(GString *list, const char *before, const char *word)
{
    g_string_append_printf(list, "%s%s%s", list->len > 0 ? ", " : "", before, word);
}

/* What the file gives to a network and another mode has no use for. */
static void note_set_aside(SimEngine *engine, uint32_t number, SimNetworkMode mode)
{
    const SimScenarioNetwork *network = &engine->scenario->networks[number];
    g_autoptr(GString) list = g_string_new(NULL);

    if (mode == (SimNetworkMode)network->mode)
        return;
    for (guint i = 0; i < engine->rules->len; i++) {
        const SimRule *rule = engine->rules->pdata[i];
        if (rule->network == number)
            add_word(list, "forward rule ", rule->rule.name);
    }
    if (network->dhcp.reservation_count > 0)
        add_word(list, "", "reserved addresses");
    if (network->dhcp_off)
        add_word(list, "", "having no DHCP server");
    if (network->wifi)
        add_word(list, "", "wifi");
    if (list->len == 0)
        return;
    g_autofree char *text = g_strdup_printf("%s in mode %s sets aside: %s", network->name,
                                            sim_network_mode_name(mode), list->str);

    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, engine->now, Note, text, strlen(text));
}

bool sim_engine_set_mode(SimEngine *engine, uint32_t number, SimNetworkMode mode)
{
    const SimWiring wiring = wiring_of(engine, number, mode);

    if (engine->wiring[number].mode == mode)
        return false;
    if (net_recipe_touches_host(wiring.recipe) &&
        !sim_engine_need_outside(engine, net_recipe_touches_lan(wiring.recipe), NULL))
        return false;
    if (!remake(engine, number, &wiring))
        return false;
    engine->wiring[number] = wiring;
    note_set_aside(engine, number, mode);
    sim_engine_reset_rules(engine, number, mode == engine->scenario->networks[number].mode);
    attach_all(engine, number);
    sim_engine_program_network(engine, number);
    /* VMs may be nearer to each other now. */
    hv_host_set_lookahead(engine->host, net_world_lookahead(engine->net));
    return true;
}
