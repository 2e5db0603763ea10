/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model.c: life, copies and queries of a model; apply.c changes it. */
#include "sim/model/model.h"

#include <string.h>

#include "sim/model/apply.h"
#include "sim/model/shared.h"

/* ---- Parts: free and copy ------------------------------------------------- */

static void host_free(void *data)
{
    SimModelHost *host = data;

    g_free(host->policy);
    g_free(host);
}

static void vm_free(void *data)
{
    SimModelVm *vm = data;

    g_free(vm->name);
    g_free(vm->vcpus);
    g_free(vm->nics);
    sim_text_unref(vm->console);
    sim_text_unref(vm->references);
    sim_pages_unref(vm->pages);
    g_free(vm->fault.message);
    g_free(vm->fault.symbol);
    g_free(vm);
}

static void network_free(void *data)
{
    SimModelNetwork *network = data;

    g_free(network->name);
    g_array_unref(network->macs);
    g_array_unref(network->nat);
    g_array_unref(network->rules);
    g_array_unref(network->leases);
    g_ptr_array_unref(network->switches);
    g_free(network);
}

static void port_free(void *data)
{
    SimModelPort *port = data;

    g_free(port->kind);
    g_free(port);
}

static void probe_clear(void *data)
{
    SimModelProbe *probe = data;

    g_free(probe->from);
    g_free(probe->to);
}

static void reach_clear(void *data)
{
    SimModelReach *reach = data;

    g_free(reach->from);
    g_free(reach->to);
    g_free(reach->why);
}

static void endpoint_clear(void *data)
{
    SimModelEndpoint *endpoint = data;

    g_free(endpoint->name);
}

static void check_clear(void *data)
{
    SimModelCheck *check = data;

    g_free(check->id);
    g_free(check->detail);
}

static void *host_copy(const void *data)
{
    SimModelHost *host = g_memdup2(data, sizeof(*host));

    host->policy = g_strdup(host->policy);
    return host;
}

static void *vm_copy(const void *data)
{
    SimModelVm *vm = g_memdup2(data, sizeof(*vm));

    vm->name = g_strdup(vm->name);
    vm->vcpus = g_memdup2(vm->vcpus, vm->vcpu_count * sizeof(*vm->vcpus));
    vm->nics = g_memdup2(vm->nics, vm->nic_count * sizeof(*vm->nics));
    sim_text_ref(vm->console);
    sim_text_ref(vm->references);
    sim_pages_ref(vm->pages);
    vm->fault.message = g_strdup(vm->fault.message);
    vm->fault.symbol = g_strdup(vm->fault.symbol);
    return vm;
}

static void *network_copy(const void *data)
{
    SimModelNetwork *network = g_memdup2(data, sizeof(*network));

    network->name = g_strdup(network->name);
    network->macs = g_array_copy(network->macs);
    network->nat = g_array_copy(network->nat);
    network->rules = g_array_copy(network->rules);
    network->leases = g_array_copy(network->leases);
    network->switches = sim_apply_switches_copy(network->switches);
    return network;
}

static void *port_copy(const void *data)
{
    SimModelPort *port = g_memdup2(data, sizeof(*port));

    port->kind = g_strdup(port->kind);
    return port;
}

static GPtrArray *list_copy(const GPtrArray *list, GDestroyNotify free, void *(*copy)(const void *))
{
    GPtrArray *result = g_ptr_array_new_full(list->len, free);

    for (guint i = 0; i < list->len; i++)
        g_ptr_array_add(result, copy(list->pdata[i]));
    return result;
}

/* ---- Flights: a set by (frame, to) ----------------------------------------- */

static guint flight_hash(const void *data)
{
    const SimFlight *flight = data;
    uint64_t hash = (flight->frame * UINT64_C(0x9e3779b97f4a7c15)) ^ flight->to;

    return (guint)(hash ^ hash >> 32);
}

static gboolean flight_equal(const void *a, const void *b)
{
    const SimFlight *one = a, *other = b;

    return one->frame == other->frame && one->to == other->to;
}

static GHashTable *flights_new(void)
{
    return g_hash_table_new_full(flight_hash, flight_equal, g_free, NULL);
}

/* ---- Life ---------------------------------------------------------------- */

SimModel *sim_model_new(void)
{
    SimModel *model = g_new0(SimModel, 1);

    model->hosts = g_ptr_array_new_with_free_func(host_free);
    model->vms = g_ptr_array_new_with_free_func(vm_free);
    model->networks = g_ptr_array_new_with_free_func(network_free);
    model->ports = g_ptr_array_new_with_free_func(port_free);
    model->pcpus = g_array_new(FALSE, FALSE, sizeof(SimModelPcpu));
    model->probes = g_array_new(FALSE, FALSE, sizeof(SimModelProbe));
    g_array_set_clear_func(model->probes, probe_clear);
    model->reaches = g_array_new(FALSE, FALSE, sizeof(SimModelReach));
    g_array_set_clear_func(model->reaches, reach_clear);
    model->endpoints = g_array_new(FALSE, FALSE, sizeof(SimModelEndpoint));
    g_array_set_clear_func(model->endpoints, endpoint_clear);
    model->checks = g_array_new(FALSE, FALSE, sizeof(SimModelCheck));
    g_array_set_clear_func(model->checks, check_clear);
    model->arp = g_array_new(FALSE, FALSE, sizeof(SimModelArpRow));
    model->flights = flights_new();
    return model;
}

SimModel *sim_model_copy(const SimModel *model)
{
    SimModel *copy = g_memdup2(model, sizeof(*model));
    GHashTableIter iter;
    void *flight;

    copy->backend = g_strdup(model->backend);
    copy->hosts = list_copy(model->hosts, host_free, host_copy);
    copy->vms = list_copy(model->vms, vm_free, vm_copy);
    copy->networks = list_copy(model->networks, network_free, network_copy);
    copy->ports = list_copy(model->ports, port_free, port_copy);
    copy->pcpus = g_array_copy(model->pcpus);
    copy->probes = g_array_copy(model->probes);
    g_array_set_clear_func(copy->probes, probe_clear);
    for (guint i = 0; i < copy->probes->len; i++) {
        SimModelProbe *probe = &g_array_index(copy->probes, SimModelProbe, i);
        probe->from = g_strdup(probe->from);
        probe->to = g_strdup(probe->to);
    }
    copy->reaches = g_array_copy(model->reaches);
    g_array_set_clear_func(copy->reaches, reach_clear);
    for (guint i = 0; i < copy->reaches->len; i++) {
        SimModelReach *reach = &g_array_index(copy->reaches, SimModelReach, i);
        reach->from = g_strdup(reach->from);
        reach->to = g_strdup(reach->to);
        reach->why = g_strdup(reach->why);
    }
    copy->endpoints = g_array_copy(model->endpoints);
    g_array_set_clear_func(copy->endpoints, endpoint_clear);
    for (guint i = 0; i < copy->endpoints->len; i++) {
        SimModelEndpoint *endpoint = &g_array_index(copy->endpoints, SimModelEndpoint, i);
        endpoint->name = g_strdup(endpoint->name);
    }
    copy->checks = g_array_copy(model->checks);
    g_array_set_clear_func(copy->checks, check_clear);
    for (guint i = 0; i < copy->checks->len; i++) {
        SimModelCheck *check = &g_array_index(copy->checks, SimModelCheck, i);
        check->id = g_strdup(check->id);
        check->detail = g_strdup(check->detail);
    }
    copy->arp = g_array_copy(model->arp);
    copy->flights = flights_new();
    g_hash_table_iter_init(&iter, model->flights);
    while (g_hash_table_iter_next(&iter, &flight, NULL))
        g_hash_table_add(copy->flights, g_memdup2(flight, sizeof(SimFlight)));
    return copy;
}

void sim_model_free(SimModel *model)
{
    if (!model)
        return;
    g_free(model->backend);
    g_ptr_array_unref(model->hosts);
    g_ptr_array_unref(model->vms);
    g_ptr_array_unref(model->networks);
    g_ptr_array_unref(model->ports);
    g_array_unref(model->pcpus);
    g_array_unref(model->probes);
    g_array_unref(model->reaches);
    g_array_unref(model->endpoints);
    g_array_unref(model->checks);
    g_array_unref(model->arp);
    g_hash_table_unref(model->flights);
    g_free(model);
}

/* ---- Queries -------------------------------------------------------------- */

static const void *at(const GPtrArray *list, uint32_t number)
{
    return number < list->len ? list->pdata[number] : NULL;
}

const SimModelVm *sim_model_vm(const SimModel *model, unsigned vm)
{
    return at(model->vms, vm);
}

const SimModelVm *sim_model_find_vm(const SimModel *model, const char *name)
{
    for (guint i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = model->vms->pdata[i];
        if (strcmp(vm->name, name) == 0)
            return vm;
    }
    return NULL;
}

const SimModelVcpu *sim_model_vcpu(const SimModel *model, unsigned vm, unsigned vcpu)
{
    const SimModelVm *owner = sim_model_vm(model, vm);

    return owner && vcpu < owner->vcpu_count ? &owner->vcpus[vcpu] : NULL;
}

const SimModelNic *sim_model_nic(const SimModel *model, unsigned vm, unsigned nic)
{
    const SimModelVm *owner = sim_model_vm(model, vm);

    return owner && nic < owner->nic_count ? &owner->nics[nic] : NULL;
}

const SimModelPcpu *sim_model_pcpu(const SimModel *model, unsigned pcpu)
{
    return pcpu < model->pcpus->len ? &g_array_index(model->pcpus, SimModelPcpu, pcpu) : NULL;
}

const SimModelNetwork *sim_model_network(const SimModel *model, unsigned network)
{
    return at(model->networks, network);
}

static const SimModelPort *first_port(const SimModel *model, uint32_t part)
{
    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        if (port->part == part)
            return port;
    }
    return NULL;
}

unsigned sim_model_part_network(const SimModel *model, uint32_t part)
{
    const SimModelPort *port = first_port(model, part);

    return port ? port->network : SIM_NONE;
}

const NetRecipe *sim_model_recipe(const SimModelNetwork *network)
{
    return net_recipe_find(sim_name(SIM_NAMES(NetMode), network->mode));
}

unsigned sim_model_part_vm(const SimModel *model, uint32_t part)
{
    const SimModelPort *port = first_port(model, part);
    const SimModelPort *peer = port ? sim_model_port(model, port->peer) : NULL;

    return peer ? peer->vm : SIM_NONE;
}

const SimModelPort *sim_model_port(const SimModel *model, uint32_t port)
{
    return at(model->ports, port);
}

static uint64_t since(uint64_t then, uint64_t now)
{
    return now > then ? now - then : 0;
}

uint64_t sim_model_vcpu_ns(const SimModelVcpu *vcpu, enum SimVcpuState state, uint64_t at)
{
    return vcpu->in_state_ns[state] + (vcpu->state == state ? since(vcpu->since, at) : 0);
}

uint64_t sim_model_busy_ns(const SimModelPcpu *pcpu, uint64_t at)
{
    return pcpu->busy_ns + (pcpu->vm != SIM_NONE ? since(pcpu->since, at) : 0);
}

uint64_t sim_model_idle_ns(const SimModelPcpu *pcpu, uint64_t at)
{
    return pcpu->idle_ns + (pcpu->vm == SIM_NONE ? since(pcpu->since, at) : 0);
}

SimModelPage sim_model_page(const SimModelVm *vm, uint32_t page)
{
    return sim_pages_get(vm->pages, page);
}

const SimModelReference *sim_model_references(const SimModelVm *vm, size_t *ret_count)
{
    *ret_count = sim_text_length(vm->references) / sizeof(SimModelReference);
    return (const SimModelReference *)(const void *)sim_text_get(vm->references);
}

const char *sim_model_console(const SimModelVm *vm, size_t *ret_length)
{
    if (ret_length)
        *ret_length = sim_text_length(vm->console);
    return sim_text_get(vm->console);
}

uint64_t sim_model_exits(const SimModelVm *vm, enum SimExitKind kind)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < vm->vcpu_count; i++)
        sum += vm->vcpus[i].exits[kind];
    return sum;
}

uint64_t sim_model_nic_dropped(const SimModelNic *nic)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < SIM_RX_DROP_COUNT; i++)
        sum += nic->dropped[i];
    return sum;
}

static int compare_flights(const void *a, const void *b)
{
    const SimFlight *one = a, *other = b;

    if (one->departs_ns != other->departs_ns)
        return one->departs_ns < other->departs_ns ? -1 : 1;
    if (one->frame != other->frame)
        return one->frame < other->frame ? -1 : 1;
    return one->to < other->to ? -1 : one->to > other->to;
}

SimFlight *sim_model_flights(const SimModel *model, unsigned *ret_count)
{
    SimFlight *flights = g_new(SimFlight, g_hash_table_size(model->flights) + 1);
    GHashTableIter iter;
    void *flight;
    unsigned count = 0;

    g_hash_table_iter_init(&iter, model->flights);
    while (g_hash_table_iter_next(&iter, &flight, NULL))
        if (((const SimFlight *)flight)->arrives_ns >= model->time)
            flights[count++] = *(const SimFlight *)flight;
    qsort(flights, count, sizeof(*flights), compare_flights);
    *ret_count = count;
    return flights;
}

SimModel *sim_model_fold(SimReader *reader)
{
    SimModel *model = sim_model_new();
    SimCursor cursor = {0};
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record))
        sim_model_apply(model, &record);
    return model;
}

char *sim_model_port_name(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);
    const SimModelVm *vm = port && port->vm != SIM_NONE ? sim_model_vm(model, port->vm) : NULL;
    const SimModelNetwork *network = port ? sim_model_network(model, port->network) : NULL;

    if (vm)
        return g_strdup_printf("vm:%s", vm->name);
    for (guint i = 0; i < model->endpoints->len; i++) {
        const SimModelEndpoint *endpoint = &g_array_index(model->endpoints, SimModelEndpoint, i);
        const SimModelPort *own = sim_model_port(model, endpoint->port);
        if (port && own && own->part == port->part)
            return g_strdup(endpoint->name);
    }
    if (port && !strcmp(port->kind, "uplink"))
        return g_strdup("uplink");
    vm = port && !strcmp(port->kind, "nat")
             ? sim_model_vm(model, sim_model_part_vm(model, port->part))
             : NULL;
    if (vm)
        return g_strdup_printf("%s of vm:%s", port->kind, vm->name);
    return port ? g_strdup_printf("%s%s%s", port->kind, network ? " " : "",
                                  network ? network->name : "")
                : g_strdup_printf("port %u", number);
}

unsigned sim_model_arp_network(const SimModel *model, const SimModelArpRow *row)
{
    const SimModelNic *nic = sim_model_nic(model, row->vm, row->nic);
    const SimModelPort *port = sim_model_port(model, row->port);

    return nic ? nic->network : port ? port->network : SIM_NONE;
}

char *sim_model_arp_owner(const SimModel *model, const SimModelArpRow *row)
{
    const SimModelVm *vm = row->vm != SIM_NONE ? sim_model_vm(model, row->vm) : NULL;

    if (!vm)
        return sim_model_port_name(model, row->port);
    return vm->nic_count > 1 ? g_strdup_printf("vm:%s nic %u", vm->name, row->nic)
                             : g_strdup_printf("vm:%s", vm->name);
}

const char *sim_model_arp_state(const SimModelArpRow *row, uint64_t at)
{
    bool old = since(row->confirmed_ns, at) > SIM_MODEL_ARP_FRESH_NS;

    return row->state == SIM_ARP_REACHABLE && old ? "stale"
                                                  : sim_name(SIM_NAMES(ArpState), row->state);
}
