/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outside.c: what is no VM: the host as a machine on networks, the LAN, the
 * Internet. Builds them from the scenario, and knows of all endpoints what they
 * are called and which addresses they have.
 */
#include "netsim/outside.h"

#include <string.h>

#include "netsim/endpoint.h"
#include "netsim/proto/headers.h"
#include "sim/engine/private.h"

_Static_assert((int)SIM_ENDPOINT_VM == (int)SIM_AT_VM, "SimEndpointKind");
_Static_assert((int)SIM_ENDPOINT_INTERNET == (int)SIM_AT_INTERNET, "SimEndpointKind");
_Static_assert((int)SIM_SERVICE_ECHO == (int)NET_SERVICE_ECHO, "services");
_Static_assert((int)SIM_SERVICE_HTTP == (int)NET_SERVICE_HTTP, "services");
_Static_assert((int)SIM_SERVICE_DNS == (int)NET_SERVICE_DNS, "services");

SimEnd sim_engine_end(const SimScenarioEndpoint *endpoint)
{
    return (SimEnd){(uint8_t)endpoint->kind, (uint16_t)endpoint->index};
}

char *sim_engine_end_name(const SimEngine *engine, SimEnd end)
{
    const SimScenario *scenario = engine->scenario;

    switch (end.kind) {
    case SIM_AT_VM: return g_strdup_printf("vm:%s", scenario->vms[end.number].name);
    case SIM_AT_LAN: return g_strdup_printf("lan:%s", scenario->lan.hosts[end.number].name);
    case SIM_AT_INTERNET:
        return g_strdup_printf("internet:%s", scenario->internet.servers[end.number].name);
    default: return g_strdup("host");
    }
}

NetPart *sim_engine_end_part(const SimEngine *engine, SimEnd end)
{
    switch (end.kind) {
    case SIM_AT_HOST: return engine->host_part;
    case SIM_AT_LAN: return engine->lan_part[end.number];
    case SIM_AT_INTERNET: return engine->server_part[end.number];
    default: return NULL;
    }
}

/* ---- Building --------------------------------------------------------------- */

/* The names that the LAN's DNS knows. They point into the scenario. */
static GArray *all_names(const SimScenario *scenario)
{
    GArray *names = g_array_new(FALSE, FALSE, sizeof(NetName));
    const NetName host = {"host", scenario->lan.host};

    g_array_append_val(names, host);
    for (size_t i = 0; i < scenario->lan.host_count; i++) {
        const NetName name = {scenario->lan.hosts[i].name, scenario->lan.hosts[i].address};
        g_array_append_val(names, name);
    }
    for (size_t i = 0; i < scenario->internet.server_count; i++) {
        const NetName name = {scenario->internet.servers[i].name,
                              scenario->internet.servers[i].address};
        g_array_append_val(names, name);
    }
    return names;
}

static NetPart *new_endpoint(SimEngine *engine, SimEnd end, NetEndpointKind kind, unsigned services,
                             const GArray *names)
{
    g_autofree char *name = sim_engine_end_name(engine, end);
    const NetEndpointConfig config = {
        .kind = kind,
        .number = end.number,
        .name = name,
        .services = services,
        .names = (const NetName *)names->data,
        .name_count = names->len,
        .seed = engine->scenario->seed * UINT64_C(0x9e3779b97f4a7c15) +
                ((uint64_t)end.kind << 32 | end.number),
    };

    return net_endpoint_new(&config);
}

/* A machine with one NIC, on the switch of a network. */
static NetPart *add_machine(SimEngine *engine, SimEnd end, NetEndpointKind kind,
                            const SimScenarioMachine *machine, NetNetworkId network, SimCidr subnet,
                            NetIp4 gateway, const GArray *names)
{
    NetPart *part = new_endpoint(engine, end, kind, machine->services, names);
    const NetStackNic nic = {
        .mac = net_mac_of_ip(machine->address),
        .address = machine->address,
        .prefix = subnet.prefix,
        .gateway = gateway,
    };

    net_world_add_part(engine->net, part, network, end.number, 0, engine->now);
    net_world_plug(engine->net, network, net_endpoint_add_nic(part, network, &nic, engine->now),
                   engine->now);
    return part;
}

static void add_machines(SimEngine *engine, const GArray *names)
{
    const SimScenario *scenario = engine->scenario;
    const SimScenarioLan *lan = &scenario->lan;

    for (size_t i = 0; i < lan->host_count; i++)
        engine->lan_part[i] =
            add_machine(engine, (SimEnd){SIM_AT_LAN, i}, NET_ENDPOINT_LAN, &lan->hosts[i],
                        net_world_lan(engine->net), lan->subnet, lan->router, names);
    for (size_t i = 0; i < scenario->internet.server_count; i++)
        engine->server_part[i] =
            add_machine(engine, (SimEnd){SIM_AT_INTERNET, i}, NET_ENDPOINT_INTERNET,
                        &scenario->internet.servers[i], net_world_internet(engine->net),
                        SIM_INTERNET_SUBNET, NET_INTERNET_ROUTER, names);
}

static void note_addresses(SimEngine *engine)
{
    const SimScenario *scenario = engine->scenario;

    engine->vm_address = g_new0(uint32_t *, scenario->vm_count);
    for (size_t vm = 0; vm < scenario->vm_count; vm++) {
        engine->vm_address[vm] = g_new0(uint32_t, scenario->vms[vm].nic_count);
        for (size_t n = 0; n < scenario->vms[vm].nic_count; n++)
            engine->vm_address[vm][n] = scenario->vms[vm].nics[n].address.address;
    }
}

static void keep_rule(SimEngine *engine, uint32_t network, const SimScenarioForward *rule)
{
    SimRule *kept = g_new0(SimRule, 1);

    kept->network = network;
    kept->rule = *rule;
    kept->rule.name = g_strdup(rule->name);
    kept->rule.vm.name = NULL;
    g_ptr_array_add(engine->rules, kept);
}

static void free_rule(void *data)
{
    SimRule *rule = data;

    g_free(rule->rule.name);
    g_free(rule);
}

/* Once for all of it, or first without the LAN and then for the LAN. */
static bool make_outside(SimEngine *engine, bool lan, GError **error)
{
    const SimScenario *scenario = engine->scenario;
    g_autoptr(GArray) names = all_names(scenario);
    NetPart *host = NULL;

    if (!engine->host_part)
        engine->host_part = host = new_endpoint(engine, (SimEnd){SIM_AT_HOST, 0}, NET_ENDPOINT_HOST,
                                                NET_SERVICE_ECHO | NET_SERVICE_HTTP, names);
    const NetOutsideConfig config = {
        .host = host,
        .no_lan = !lan,
        .lan_subnet = scenario->lan.subnet.address,
        .lan_prefix = scenario->lan.subnet.prefix,
        .lan_router = scenario->lan.router,
        .lan_host = scenario->lan.host,
        .names = (const NetName *)names->data,
        .name_count = names->len,
    };
    if (!net_world_add_outside(engine->net, &config, engine->now, error))
        return false;
    if (lan)
        add_machines(engine, names);
    return true;
}

bool sim_engine_need_outside(SimEngine *engine, bool lan, GError **error)
{
    bool has_lan = net_world_lan(engine->net) >= 0;

    return (engine->host_part && (has_lan || !lan)) || make_outside(engine, lan, error);
}

bool sim_engine_build_outside(SimEngine *engine, GError **error)
{
    const SimScenario *scenario = engine->scenario;
    bool touched = scenario->has_outside;

    note_addresses(engine);
    engine->rules = g_ptr_array_new_with_free_func(free_rule);
    engine->lan_part = g_new0(NetPart *, scenario->lan.host_count + 1);
    engine->server_part = g_new0(NetPart *, scenario->internet.server_count + 1);
    for (size_t i = 0; i < scenario->network_count; i++) {
        touched |= net_recipe_touches_host(engine->wiring[i].recipe);
        for (size_t r = 0; r < scenario->networks[i].forward_count; r++)
            keep_rule(engine, i, &scenario->networks[i].forwards[r]);
    }
    return !touched || make_outside(engine, scenario->has_outside, error);
}

void sim_engine_free_outside(SimEngine *engine)
{
    for (size_t vm = 0; engine->vm_address && vm < engine->scenario->vm_count; vm++)
        g_free(engine->vm_address[vm]);
    g_free(engine->vm_address);
    g_free(engine->lan_part);
    g_free(engine->server_part);
    g_clear_pointer(&engine->rules, g_ptr_array_unref);
}

/* ---- Addresses --------------------------------------------------------------- */

static bool is_on(const SimScenarioVm *vm, uint32_t network)
{
    for (size_t n = 0; n < vm->nic_count; n++)
        if (vm->nics[n].network.index == network)
            return true;
    return false;
}

/* Is `from` on a network by itself, not by way of a router? */
static bool is_near(const SimEngine *engine, SimEnd from, uint32_t network)
{
    const NetRecipe *recipe = engine->wiring[network].recipe;

    switch (from.kind) {
    case SIM_AT_VM: return is_on(&engine->scenario->vms[from.number], network);
    case SIM_AT_HOST: return recipe->has_host_nic || recipe->on_lan;
    case SIM_AT_LAN: return recipe->on_lan;
    default: return false;
    }
}

static void add_address(GArray *addresses, uint32_t address)
{
    for (guint i = 0; i < addresses->len; i++)
        if (g_array_index(addresses, uint32_t, i) == address)
            return;
    if (address != 0)
        g_array_append_val(addresses, address);
}

static void add_vm_addresses(const SimEngine *engine, GArray *addresses, unsigned number,
                             SimEnd from)
{
    const SimScenarioVm *vm = &engine->scenario->vms[number];

    for (int near = 1; near >= 0; near--)
        for (size_t n = 0; n < vm->nic_count; n++)
            if (is_near(engine, from, vm->nics[n].network.index) == near)
                add_address(addresses, engine->vm_address[number][n]);
}

/* Of the host: its address on a network that `from` is on comes first. */
static void add_near_host_address(const SimEngine *engine, GArray *addresses, SimEnd from)
{
    const SimScenario *scenario = engine->scenario;

    for (size_t i = 0; i < scenario->network_count; i++) {
        const SimWiring *wiring = &engine->wiring[i];

        if (!is_near(engine, from, i))
            continue;
        if (wiring->recipe->has_host_nic)
            add_address(addresses, wiring->subnet.address + wiring->recipe->host);
        else if (wiring->recipe->on_lan)
            add_address(addresses, scenario->lan.host);
    }
    if (net_world_lan(engine->net) >= 0)
        add_address(addresses, scenario->lan.host);
}

GArray *sim_engine_end_addresses(const SimEngine *engine, SimEnd end, SimEnd from)
{
    GArray *addresses = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    NetPart *part = sim_engine_end_part(engine, end);

    if (end.kind == SIM_AT_VM)
        add_vm_addresses(engine, addresses, end.number, from);
    if (end.kind == SIM_AT_HOST && part)
        add_near_host_address(engine, addresses, from);
    for (unsigned nic = 0; part && nic < net_endpoint_nic_count(part); nic++)
        add_address(addresses, net_endpoint_address(part, nic));
    return addresses;
}

bool sim_engine_end_has_address(const SimEngine *engine, SimEnd end, uint32_t address)
{
    g_autoptr(GArray) addresses = sim_engine_end_addresses(engine, end, end);

    for (guint i = 0; i < addresses->len; i++)
        if (g_array_index(addresses, uint32_t, i) == address)
            return true;
    return false;
}

void sim_engine_lease(SimEngine *engine, NetMac mac, uint32_t address)
{
    const SimScenario *scenario = engine->scenario;

    for (size_t vm = 0; vm < scenario->vm_count; vm++)
        for (size_t n = 0; n < scenario->vms[vm].nic_count; n++)
            if (scenario->vms[vm].nics[n].dhcp &&
                !memcmp(scenario->vms[vm].nics[n].mac, mac.byte, sizeof(mac.byte)))
                engine->vm_address[vm][n] = address;
}

/* ---- Forward rules ------------------------------------------------------------ */

NetForward sim_engine_forward(const SimScenarioForward *rule)
{
    return (NetForward){
        .name = rule->name,
        .protocol = rule->protocol == SIM_PROTOCOL_TCP ? NET_PROTOCOL_TCP : NET_PROTOCOL_UDP,
        .host_address = rule->host_address,
        .host_port = rule->host_port,
        .guest_address = rule->guest_address,
        .guest_port = rule->guest_port,
        .vm = rule->vm.index,
    };
}

bool sim_engine_rule_leads_to(const SimEngine *engine, const SimRule *rule, unsigned vm)
{
    const SimScenarioVm *config = &engine->scenario->vms[vm];
    bool own_router = !engine->wiring[rule->network].recipe->has_switch;

    if (own_router && rule->rule.vm.index != vm)
        return false;
    for (size_t n = 0; n < config->nic_count; n++)
        if (config->nics[n].network.index == rule->network &&
            ((own_router && rule->rule.guest_address == 0) ||
             rule->rule.guest_address == engine->vm_address[vm][n]))
            return true;
    return false;
}

/* Where a rule leads that comes while the world runs: behind whose router, where each
 * VM has one (without a name, that of the first VM there); else its address says it. */
static bool direct_rule(const SimEngine *engine, uint32_t network, SimScenarioForward *rule)
{
    const SimScenario *scenario = engine->scenario;
    uint32_t vm = rule->vm.name ? rule->vm.index : 0;

    if (engine->wiring[network].recipe->has_switch) {
        rule->vm.index = UINT32_MAX;
        return rule->guest_address != 0;
    }
    while (!rule->vm.name && vm < scenario->vm_count && !is_on(&scenario->vms[vm], network))
        vm++;
    rule->vm.index = vm;
    return vm < scenario->vm_count && is_on(&scenario->vms[vm], network);
}

bool sim_engine_add_rule(SimEngine *engine, uint32_t network, const SimScenarioForward *given)
{
    SimScenarioForward directed = *given, *rule = &directed;

    if (!direct_rule(engine, network, rule))
        return false;

    const NetForward forward = sim_engine_forward(rule);

    for (guint i = 0; i < engine->rules->len; i++) {
        const SimRule *other = engine->rules->pdata[i];

        if (other->network == network && !strcmp(other->rule.name, rule->name))
            return false;
    }
    if (!net_world_add_forward(engine->net, network, &forward, engine->now, NULL))
        return false;
    keep_rule(engine, network, rule);
    return true;
}

bool sim_engine_remove_rule(SimEngine *engine, uint32_t network, const char *name)
{
    for (guint i = 0; i < engine->rules->len; i++) {
        const SimRule *rule = engine->rules->pdata[i];

        if (rule->network != network || strcmp(rule->rule.name, name))
            continue;
        g_ptr_array_remove_index(engine->rules, i);
        return net_world_remove_forward(engine->net, network, name, engine->now);
    }
    return false;
}

void sim_engine_reset_rules(SimEngine *engine, uint32_t network, bool as_in_file)
{
    const SimScenarioNetwork *scenario = &engine->scenario->networks[network];

    for (guint i = engine->rules->len; i-- > 0;)
        if (((const SimRule *)engine->rules->pdata[i])->network == network)
            g_ptr_array_remove_index(engine->rules, i);
    for (size_t i = 0; as_in_file && i < scenario->forward_count; i++)
        keep_rule(engine, network, &scenario->forwards[i]);
}
