/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change.c: see change.h. A change is a list of PATH=VALUE, so that whoever reads
 * of it can run it: hvlab run SCENARIO --set PATH=VALUE.
 *
 * They are guesses, from the smallest to the largest: a cable, a gateway, an
 * address, what a switch does (change-switch.c), a forward rule, another network,
 * another mode. Whether one is right is
 * for a run to say; one that makes no valid scenario is passed over.
 */
#include "sim/cli/change-private.h"

#include <string.h>

static void free_change(void *data)
{
    CliChange *change = data;

    g_free(change->text);
    g_strfreev(change->set);
    g_free(change);
}

void cli_change_add(CliChanges *changes, char *text, char *set)
{
    CliChange *change = g_new0(CliChange, 1);

    change->text = text;
    change->set = g_new0(char *, 2);
    change->set[0] = set;
    g_ptr_array_add(changes->changes, change);
}

static char *ip_text(uint32_t a)
{
    return g_strdup_printf("%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

const char *cli_change_plain(json_object *value)
{
    return json_object_to_json_string_ext(value,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

json_object *cli_change_element(const CliChanges *changes, const char *list, size_t index)
{
    return json_object_array_get_idx(json_object_object_get(changes->values, list), index);
}

json_object *cli_change_nic(const CliChanges *changes, size_t vm, size_t nic)
{
    return json_object_array_get_idx(
        json_object_object_get(cli_change_element(changes, "vms", vm), "nics"), nic);
}

json_object *cli_change_copy(json_object *value)
{
    return json_tokener_parse(cli_change_plain(value));
}

const SimScenarioVm *cli_change_vm(const CliChanges *changes, const SimScenarioEndpoint *end)
{
    return end->kind == SIM_ENDPOINT_VM ? &changes->scenario->vms[end->index] : NULL;
}

/* ---- Cables -------------------------------------------------------------------- */

static void unplug(CliChanges *changes, const SimScenarioEndpoint *end)
{
    const SimScenarioVm *vm = cli_change_vm(changes, end);
    json_object *timeline = json_object_object_get(changes->values, "timeline"), *list, *command;

    if (!vm)
        return;
    list = timeline ? cli_change_copy(timeline) : json_object_new_array();
    command = json_object_new_object();
    json_object_object_add(command, "at", json_object_new_string("1us"));
    json_object_object_add(command, "do", json_object_new_string("unplug"));
    json_object_object_add(command, "vm", json_object_new_string(vm->name));
    json_object_array_add(list, command);
    cli_change_add(changes, g_strdup_printf("with the cable of vm:%s pulled", vm->name),
                   g_strdup_printf("timeline=%s", cli_change_plain(list)));
    json_object_put(list);
}

/* ---- Addresses and gateways ------------------------------------------------------ */

/* The router that a network of this mode has; 0: none. */
static uint32_t right_gateway(const SimScenario *scenario, const SimScenarioVm *vm, size_t nic)
{
    const NetRecipe *recipe =
        sim_network_recipe(scenario->networks[vm->nics[nic].network.index].mode);
    uint32_t subnet =
        sim_scenario_nic_subnet(scenario, (unsigned)(vm - scenario->vms), (unsigned)nic).address;

    /* The host of a host-only network is no router, but the only one who could be. */
    return recipe->on_lan        ? scenario->lan.router
           : recipe->router != 0 ? subnet + recipe->router
           : recipe->host != 0   ? subnet + recipe->host
                                 : 0;
}

static void fix_gateway(CliChanges *changes, const SimScenarioEndpoint *end)
{
    const SimScenarioVm *vm = cli_change_vm(changes, end);

    for (size_t n = 0; vm && n < vm->nic_count; n++) {
        uint32_t right = right_gateway(changes->scenario, vm, n);
        g_autofree char *text = ip_text(right);

        if (right != 0 && vm->nics[n].gateway != right &&
            (!vm->nics[n].dhcp || vm->nics[n].gateway != 0))
            cli_change_add(
                changes, g_strdup_printf("with gateway %s at NIC %zu of vm:%s", text, n, vm->name),
                g_strdup_printf("vms.%s.nics.%zu.gateway=%s", vm->name, n, text));
    }
}

/* An address outside the subnet, or a wish for one that nobody grants. */
static void fix_address(CliChanges *changes, const SimScenarioEndpoint *end)
{
    const SimScenarioVm *vm = cli_change_vm(changes, end);

    for (size_t n = 0; vm && n < vm->nic_count; n++) {
        const SimScenarioNic *nic = &vm->nics[n];
        SimCidr subnet = sim_scenario_nic_subnet(changes->scenario, end->index, (unsigned)n);
        uint32_t mask = 0xffffffffu << (32 - subnet.prefix);
        bool in_vain = nic->dhcp && !changes->scenario->networks[nic->network.index].has_dhcp;
        bool outside = !nic->dhcp && ((nic->address.address & mask) != subnet.address ||
                                      nic->address.prefix != subnet.prefix);
        g_autofree char *text = ip_text(subnet.address);

        if (!in_vain && !outside)
            continue;
        json_object *values = cli_change_copy(cli_change_nic(changes, end->index, n));

        json_object_object_del(values, "address");
        json_object_object_del(values, "dhcp");
        cli_change_add(
            changes,
            g_strdup_printf("with an address of %s/%u at NIC %zu of vm:%s", text, subnet.prefix, n,
                            vm->name),
            g_strdup_printf("vms.%s.nics.%zu=%s", vm->name, n, cli_change_plain(values)));
        json_object_put(values);
    }
}

/* ---- Forward rules ---------------------------------------------------------------- */

static unsigned host_port_for(unsigned port)
{
    return port == 22 ? 2222 : port == 80 ? 8080 : port < 50000 ? port + 10000 : port;
}

static bool is_free(const SimScenario *scenario, SimProtocol protocol, unsigned port)
{
    for (size_t i = 0; i < scenario->network_count; i++)
        for (size_t r = 0; r < scenario->networks[i].forward_count; r++)
            if (scenario->networks[i].forwards[r].protocol == protocol &&
                scenario->networks[i].forwards[r].host_port == port)
                return false;
    return true;
}

static json_object *rules_of(const CliChanges *changes, size_t network)
{
    json_object *rules =
        json_object_object_get(cli_change_element(changes, "networks", network), "forward");

    return rules ? cli_change_copy(rules) : json_object_new_array();
}

static json_object *new_rule(const CliChanges *changes, const SimScenarioVm *vm, bool own_router,
                             unsigned port, unsigned host_port)
{
    json_object *rule = json_object_new_object();
    g_autofree char *name = g_strdup_printf("why-%u", host_port);
    g_autofree char *address = ip_text(changes->address);

    json_object_object_add(rule, "name", json_object_new_string(name));
    json_object_object_add(rule, "protocol",
                           json_object_new_string(sim_protocol_name(changes->question->protocol)));
    json_object_object_add(rule, "host_port", json_object_new_int((int)host_port));
    if (own_router)
        json_object_object_add(rule, "vm", json_object_new_string(vm->name));
    else
        json_object_object_add(rule, "guest_address", json_object_new_string(address));
    json_object_object_add(rule, "guest_port", json_object_new_int((int)port));
    return rule;
}

static void add_rule(CliChanges *changes)
{
    const SimScenarioVm *vm = cli_change_vm(changes, &changes->question->to);
    unsigned port = changes->question->port, host_port = host_port_for(port);
    const char *protocol = sim_protocol_name(changes->question->protocol);

    if (!vm || changes->question->protocol == SIM_PROTOCOL_ICMP)
        return;
    while (!is_free(changes->scenario, changes->question->protocol, host_port))
        host_port++;
    for (size_t n = 0; n < vm->nic_count; n++) {
        size_t number = vm->nics[n].network.index;
        const SimScenarioNetwork *network = &changes->scenario->networks[number];
        const NetRecipe *recipe = sim_network_recipe(network->mode);
        bool own_router = !recipe->has_switch;

        if (!recipe->has_nat || (!own_router && changes->address == 0))
            continue;
        json_object *rules = rules_of(changes, number);

        json_object_array_add(rules, new_rule(changes, vm, own_router, port, host_port));
        cli_change_add(
            changes,
            g_strdup_printf("with a forward rule %s %u -> %u on %s", protocol, host_port, port,
                            network->name),
            g_strdup_printf("networks.%s.forward=%s", network->name, cli_change_plain(rules)));
        json_object_put(rules);
    }
}

static void remove_rules(CliChanges *changes)
{
    for (size_t i = 0; i < changes->scenario->network_count; i++) {
        const SimScenarioNetwork *network = &changes->scenario->networks[i];

        for (size_t r = 0; r < network->forward_count; r++) {
            json_object *rules = rules_of(changes, i);

            json_object_array_del_idx(rules, r, 1);
            cli_change_add(
                changes,
                g_strdup_printf("without forward rule %s on %s", network->forwards[r].name,
                                network->name),
                g_strdup_printf("networks.%s.forward=%s", network->name, cli_change_plain(rules)));
            json_object_put(rules);
        }
    }
}

/* ---- Networks ----------------------------------------------------------------------- */

/* What a VM's NIC keeps on another network: all but what belongs to the old one's addresses. */
static json_object *moved_nic(const CliChanges *changes, size_t vm, size_t nic, const char *network)
{
    json_object *values = cli_change_copy(cli_change_nic(changes, vm, nic));

    json_object_object_del(values, "address");
    json_object_object_del(values, "gateway");
    json_object_object_del(values, "dhcp");
    json_object_object_add(values, "network", json_object_new_string(network));
    return values;
}

/* One end's NIC is plugged into the network of the other. */
static void join(CliChanges *changes, const SimScenarioEndpoint *mover,
                 const SimScenarioEndpoint *other)
{
    const SimScenarioVm *vm = cli_change_vm(changes, mover), *peer = cli_change_vm(changes, other);

    if (!vm || !peer)
        return;
    const char *to = peer->nics[0].network.name;

    for (size_t n = 0; n < vm->nic_count; n++)
        if (!strcmp(vm->nics[n].network.name, to))
            return;
    json_object *values = moved_nic(changes, mover->index, 0, to);

    cli_change_add(changes, g_strdup_printf("with NIC 0 of vm:%s on network %s", vm->name, to),
                   g_strdup_printf("vms.%s.nics.0=%s", vm->name, cli_change_plain(values)));
    json_object_put(values);
}

static void same_vlan(CliChanges *changes)
{
    const SimScenarioVm *from = cli_change_vm(changes, &changes->question->from);
    const SimScenarioVm *to = cli_change_vm(changes, &changes->question->to);
    json_object *theirs, *ours;

    if (!from || !to)
        return;
    theirs =
        json_object_object_get(cli_change_nic(changes, changes->question->to.index, 0), "vlan");
    ours =
        json_object_object_get(cli_change_nic(changes, changes->question->from.index, 0), "vlan");
    if (!ours || (theirs && !strcmp(cli_change_plain(theirs), cli_change_plain(ours))))
        return;
    cli_change_add(
        changes,
        g_strdup_printf("with NIC 0 of vm:%s in VLAN %s", to->name, cli_change_plain(ours)),
        g_strdup_printf("vms.%s.nics.0.vlan=%s", to->name, cli_change_plain(ours)));
}

/* Another mode; what has no use in it is set aside by itself (sim/scenario/aside.c). */
static void set_mode(CliChanges *changes, size_t number, SimNetworkMode mode)
{
    const char *network = changes->scenario->networks[number].name;
    const char *name = sim_network_mode_name(mode);

    cli_change_add(changes, g_strdup_printf("with %s in mode %s", network, name),
                   g_strdup_printf("networks.%s.mode=%s", network, name));
}

static void modes(CliChanges *changes, const SimScenarioEndpoint *end, const SimNetworkMode *order)
{
    const SimScenarioVm *vm = cli_change_vm(changes, end);

    for (int i = 0; vm && i < 5; i++)
        for (size_t n = 0; n < vm->nic_count; n++) {
            size_t number = vm->nics[n].network.index;

            if (changes->scenario->networks[number].mode != order[i])
                set_mode(changes, number, order[i]);
        }
}

/* ---- All ------------------------------------------------------------------------------ */

GPtrArray *cli_changes(const SimScenario *scenario, const SimReachQuestion *question,
                       const SimModelReach *answer, uint32_t address)
{
    static const SimNetworkMode more[] = {SIM_MODE_NAT_NETWORK, SIM_MODE_HOST_ONLY,
                                          SIM_MODE_BRIDGED, SIM_MODE_NAT, SIM_MODE_INTERNAL};
    static const SimNetworkMode less[] = {SIM_MODE_INTERNAL, SIM_MODE_NAT, SIM_MODE_HOST_ONLY,
                                          SIM_MODE_NAT_NETWORK, SIM_MODE_BRIDGED};
    const SimScenarioEndpoint *ends[] = {&question->from, &question->to};
    const SimNetworkMode *order = answer->reached ? less : more;
    CliChanges changes = {.scenario = scenario,
                          .question = question,
                          .values = json_tokener_parse(scenario->effective_json),
                          .changes = g_ptr_array_new_with_free_func(free_change),
                          .address = address};

    if (answer->reached && answer->via == SIM_VIA_PORT_FORWARD)
        remove_rules(&changes);
    for (int i = 0; i < 2 && answer->reached; i++)
        unplug(&changes, ends[i]);
    if (!answer->reached)
        cli_change_timeline(&changes);
    for (int i = 0; i < 2 && !answer->reached; i++)
        fix_gateway(&changes, ends[i]);
    for (int i = 0; i < 2 && !answer->reached; i++)
        fix_address(&changes, ends[i]);
    if (!answer->reached) {
        same_vlan(&changes);
        for (int i = 0; i < 2; i++)
            cli_change_nic_port(&changes, ends[i]);
        for (int i = 0; i < 2; i++)
            cli_change_switches(&changes, ends[i]);
        add_rule(&changes);
        join(&changes, ends[1], ends[0]);
        join(&changes, ends[0], ends[1]);
    }
    modes(&changes, ends[0], order);
    if (!cli_change_vm(&changes, ends[0]) || !cli_change_vm(&changes, ends[1]) ||
        cli_change_vm(&changes, ends[0])->nics[0].network.index !=
            cli_change_vm(&changes, ends[1])->nics[0].network.index)
        modes(&changes, ends[1], order);
    json_object_put(changes.values);
    return changes.changes;
}
