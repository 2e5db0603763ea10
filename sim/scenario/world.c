/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.c: the scenario as a whole: what no single value shows to be wrong,
 * and the addresses that the file leaves to us. */
#include "sim/scenario/reader.h"

#include <string.h>

#define ARG_BYTES 2048u /* arguments and the program's name, each ended by NUL, in a guest */

typedef struct {
    SimReader *reader;
    SimScenario *scenario;
    GHashTable *macs;      /* "segment/mac" -> NIC, packed as below */
    GHashTable *addresses; /* segment << 32 | address -> NIC */
    uint32_t *cursors;     /* of each network: where the search for a free address goes on */
} World;

static gpointer pack_nic(size_t vm, size_t nic)
{
    return GUINT_TO_POINTER((guint)(vm * SIM_MAX_NICS + nic));
}

/* Reports something about a key of a NIC. */
static bool fail_nic(World *w, size_t vm, size_t nic, const char *key, const char *what)
{
    SimPath vms = {NULL, "vms", 0}, element = {&vms, NULL, vm}, nics = {&element, "nics", 0},
            at = {&nics, NULL, nic}, leaf = {&at, key, 0};
    return sim_reader_fail(w->reader, key ? &leaf : &at, "%s", what);
}

static bool fail_taken(World *w, size_t vm, size_t nic, const char *key, const char *value,
                       gpointer first)
{
    guint other = GPOINTER_TO_UINT(first);
    g_autofree char *what =
        g_strdup_printf("%s is taken by vms[%u].nics[%u]; each NIC of a network needs its own",
                        value, other / SIM_MAX_NICS, other % SIM_MAX_NICS);
    return fail_nic(w, vm, nic, key, what);
}

/* A number for all NICs that one cable or switch joins: bridged networks are all on the LAN, and
 * behind a NAT of its own each NIC is alone. */
static uint64_t segment_of(const World *w, size_t v, size_t n)
{
    const SimScenarioNic *nic = &w->scenario->vms[v].nics[n];
    const NetRecipe *recipe = sim_network_recipe(w->scenario->networks[nic->network.index].mode);
    if (recipe->on_lan)
        return SIM_MAX_NETWORKS;
    return recipe->has_switch ? nic->network.index : SIM_MAX_NETWORKS + 1 + v * SIM_MAX_NICS + n;
}

static bool complete_mac(World *w, size_t v, size_t n)
{
    static const uint8_t none[6];
    SimScenarioNic *nic = &w->scenario->vms[v].nics[n];
    uint8_t *mac = nic->mac;
    if (memcmp(mac, none, sizeof none) == 0) {
        uint8_t ours[6] = {0x02, 0x68, 0x76, (uint8_t)(v >> 8), (uint8_t)v, (uint8_t)n};
        memcpy(mac, ours, sizeof ours);
    }
    char *key =
        g_strdup_printf("%" G_GUINT64_FORMAT "/%02x:%02x:%02x:%02x:%02x:%02x", segment_of(w, v, n),
                        mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    gpointer first;
    if (g_hash_table_lookup_extended(w->macs, key, NULL, &first)) {
        bool ok = fail_taken(w, v, n, "mac", strchr(key, '/') + 1, first);
        g_free(key);
        return ok;
    }
    g_hash_table_insert(w->macs, key, pack_nic(v, n));
    return true;
}

static gint64 address_key(const World *w, size_t v, size_t n, uint32_t address)
{
    return (gint64)(segment_of(w, v, n) << 32 | address);
}

static void take_address(World *w, size_t v, size_t n)
{
    const SimScenarioNic *nic = &w->scenario->vms[v].nics[n];
    gint64 *key = g_new(gint64, 1);
    *key = address_key(w, v, n, nic->address.address);
    g_hash_table_insert(w->addresses, key, pack_nic(v, n));
}

/* An address that the file gives. */
static bool check_address(World *w, size_t v, size_t n)
{
    SimScenarioNic *nic = &w->scenario->vms[v].nics[n];
    const SimScenarioNetwork *network = &w->scenario->networks[nic->network.index];
    if (nic->address.address == 0) {
        nic->dhcp |= network->has_dhcp;
        return true;
    }
    if (nic->dhcp)
        return fail_nic(w, v, n, "dhcp", "cannot stand beside \"address\"; one of them is enough");
    if (nic->address.prefix == 0)
        nic->address.prefix = sim_scenario_nic_subnet(w->scenario, v, n).prefix;
    uint32_t address = nic->address.address, host = ~sim_prefix_mask(nic->address.prefix);
    g_autofree char *text = sim_format_ipv4(address);
    g_autofree char *what = NULL;
    if ((address & host) == 0 || (address & host) == host)
        what = g_strdup_printf("%s with /%u is the %s address, not one of a host", text,
                               nic->address.prefix, address & host ? "broadcast" : "network's own");
    if (what)
        return fail_nic(w, v, n, "address", what);
    const char *holder = sim_world_holder(w->scenario, v, n, address);
    if (holder)
        what = g_strdup_printf("%s is the address of %s on this network", text, holder);
    if (what)
        return fail_nic(w, v, n, "address", what);
    gint64 key = address_key(w, v, n, address);
    gpointer first;
    if (g_hash_table_lookup_extended(w->addresses, &key, NULL, &first))
        return fail_taken(w, v, n, "address", text, first);
    take_address(w, v, n);
    return true;
}

/* An address that the file leaves to us. */
static bool assign_address(World *w, size_t v, size_t n)
{
    SimScenarioNic *nic = &w->scenario->vms[v].nics[n];
    if (nic->address.address != 0 || nic->dhcp)
        return true;
    const SimScenarioNetwork *network = &w->scenario->networks[nic->network.index];
    SimCidr subnet = sim_scenario_nic_subnet(w->scenario, v, n);
    uint32_t host_bits = ~sim_prefix_mask(subnet.prefix);
    uint32_t own = 0, *cursor = sim_network_recipe(network->mode)->has_switch
                                    ? &w->cursors[nic->network.index]
                                    : &own;
    while (++*cursor < host_bits) {
        uint32_t address = subnet.address + *cursor;
        gint64 key = address_key(w, v, n, address);
        if (g_hash_table_contains(w->addresses, &key) ||
            sim_world_holder(w->scenario, v, n, address))
            continue;
        nic->address = (SimCidr){address, subnet.prefix};
        take_address(w, v, n);
        return true;
    }
    *cursor = host_bits - 1;
    g_autofree char *text = sim_format_ipv4(subnet.address);
    g_autofree char *what = g_strdup_printf("no address is left in %s/%u of network \"%s\"; give "
                                            "the network a larger \"subnet\"",
                                            text, subnet.prefix, network->name);
    return fail_nic(w, v, n, NULL, what);
}

/* A router must be a neighbour, else nobody could ask for it by ARP. */
static bool check_routes(World *w, size_t v, size_t n)
{
    const SimScenarioVm *vm = &w->scenario->vms[v];
    const SimScenarioNic *nic = &vm->nics[n];
    SimCidr own = nic->address.address ? nic->address : sim_scenario_nic_subnet(w->scenario, v, n);
    SimPath vms = {NULL, "vms", 0}, element = {&vms, NULL, v}, nics = {&element, "nics", 0},
            at = {&nics, NULL, n}, list = {&at, "routes", 0};
    size_t count = 0;

    for (size_t i = 0; i < nic->route_count; i++) {
        SimPath route = {&list, NULL, i}, leaf = {&route, "via", 0};
        uint32_t via = nic->routes[i].via, mask = sim_prefix_mask(own.prefix);
        g_autofree char *text = sim_format_ipv4(via);
        g_autofree char *network = sim_format_ipv4(own.address & mask);

        if (((via ^ own.address) & mask) != 0)
            return sim_reader_fail(w->reader, &leaf,
                                   "%s is no neighbour of this NIC; allowed: an address of %s/%u",
                                   text, network, own.prefix);
        if (via == nic->address.address)
            return sim_reader_fail(w->reader, &leaf,
                                   "%s is this NIC's own address; allowed: another of %s/%u", text,
                                   network, own.prefix);
    }
    for (size_t i = 0; i <= n; i++)
        count += vm->nics[i].route_count;
    return count <= SIM_MAX_VM_ROUTES ||
           sim_reader_fail(w->reader, &list,
                           "that makes %" G_GSIZE_FORMAT " routes of the VM; allowed: at most %u",
                           count, SIM_MAX_VM_ROUTES);
}

static bool for_each_nic(World *w, bool (*what)(World *w, size_t vm, size_t nic))
{
    for (size_t v = 0; v < w->scenario->vm_count; v++)
        for (size_t n = 0; n < w->scenario->vms[v].nic_count; n++)
            if (!what(w, v, n))
                return false;
    return true;
}

static bool complete_nics(SimReader *reader)
{
    SimScenario *scenario = reader->scenario;
    g_autoptr(GHashTable) macs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) addresses =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autofree uint32_t *cursors = g_new0(uint32_t, scenario->network_count + 1);
    World world = {reader, scenario, macs, addresses, cursors};
    return for_each_nic(&world, complete_mac) && for_each_nic(&world, check_address) &&
           for_each_nic(&world, assign_address) && for_each_nic(&world, check_routes);
}

static bool check_arguments(SimReader *reader)
{
    for (size_t v = 0; v < reader->scenario->vm_count; v++) {
        const SimScenarioVm *vm = &reader->scenario->vms[v];
        size_t bytes = strlen(vm->program) + 1;
        for (size_t i = 0; i < vm->arg_count; i++)
            bytes += strlen(vm->args[i]) + 1;
        SimPath vms = {NULL, "vms", 0}, element = {&vms, NULL, v}, at = {&element, "args", 0};
        if (bytes > ARG_BYTES)
            return sim_reader_fail(reader, &at,
                                   "%" G_GSIZE_FORMAT " bytes with the program's name and a NUL "
                                   "after each; allowed: at most %u",
                                   bytes, ARG_BYTES);
    }
    return true;
}

/* More memory may be promised than there is, but each VM keeps some for good. */
static bool check_memory(SimReader *reader)
{
    const SimScenario *scenario = reader->scenario;
    uint64_t least = scenario->vm_count * (uint64_t)SIM_VM_PINNED_BYTES;
    if (scenario->host.memory_bytes >= least)
        return true;
    SimPath host = {NULL, "host", 0}, at = {&host, "memory", 0};
    g_autofree char *has = sim_quantity_format(&sim_size, scenario->host.memory_bytes);
    g_autofree char *each = sim_quantity_format(&sim_size, SIM_VM_PINNED_BYTES);
    g_autofree char *needs = sim_quantity_format(&sim_size, least);
    return sim_reader_fail(reader, &at,
                           "%s cannot hold %" G_GSIZE_FORMAT " VMs, of which each keeps %s "
                           "resident; allowed: at least %s",
                           has, scenario->vm_count, each, needs);
}

static int compare_commands(gconstpointer a, gconstpointer b, gpointer unused)
{
    uint64_t x = ((const SimCommand *)a)->at_ns, y = ((const SimCommand *)b)->at_ns;
    return x < y ? -1 : x > y;
}

/* What steps do is part of the run like everything in the timeline. */
static void add_steps_to_timeline(SimScenario *scenario)
{
    size_t count = scenario->command_count;
    for (size_t i = 0; i < scenario->step_count; i++)
        count += scenario->steps[i].has_command;
    scenario->timeline = g_renew(SimCommand, scenario->timeline, MAX(count, 1));
    for (size_t i = 0; i < scenario->step_count; i++)
        if (scenario->steps[i].has_command)
            sim_command_copy(&scenario->timeline[scenario->command_count++],
                             &scenario->steps[i].command);
}

static bool check_vms(SimReader *reader)
{
    const SimScenario *scenario = reader->scenario;
    SimPath vms = {NULL, "vms", 0};
    if (scenario->vm_count == 0)
        return sim_reader_fail(reader, &vms,
                               "there is none; allowed: a list of 1 to %u objects "
                               "(or \"jobs\")",
                               SIM_MAX_VMS);
    for (size_t v = 0; v < scenario->vm_count; v++) {
        const SimScenarioVm *vm = &scenario->vms[v];
        SimPath element = {&vms, NULL, v}, at = {&element, "vcpu_scheduling", 0};
        if (vm->vcpu_scheduling_count > vm->vcpus)
            return sim_reader_fail(
                reader, &at, "%" G_GSIZE_FORMAT " elements; the VM has %" G_GUINT64_FORMAT " vCPUs",
                vm->vcpu_scheduling_count, vm->vcpus);
    }
    return true;
}

bool sim_world_complete(SimReader *reader)
{
    SimScenario *scenario = reader->scenario;
    if (!check_vms(reader))
        return false;
    for (size_t v = 0; v < scenario->vm_count; v++)
        scenario->vms[v].program_is_file = strchr(scenario->vms[v].program, '/') != NULL;
    add_steps_to_timeline(scenario);
    sim_world_balloons(scenario);
    /* g_qsort_with_data() is stable: equal times stay in the order of the file. */
    g_qsort_with_data(scenario->timeline, (int)scenario->command_count, sizeof(SimCommand),
                      compare_commands, NULL);
    return sim_world_subnets(reader) && sim_world_dhcp(reader) && complete_nics(reader) &&
           sim_world_forwards(reader) && sim_world_switches(reader) && check_arguments(reader) &&
           check_memory(reader);
}
