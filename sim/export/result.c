/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result.c: see result.h. One function per object of the document. */
#include "sim/export/result.h"

#include "sim/export/result-cpu.h"
#include "sim/export/result-nat.h"

#include <string.h>

static void add_string(json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, json_object_new_string(value));
}

static void add_number(json_object *object, const char *key, uint64_t value)
{
    json_object_object_add(object, key, json_object_new_uint64(value));
}

/* Times are those of the scenario's own time, without the probes after it. */
static const SimModel *times_of(const SimResultInput *input)
{
    return input->at_end ? input->at_end : input->model;
}

static json_object *pcpu_rows(const SimModel *model)
{
    json_object *rows = json_object_new_array();

    for (unsigned i = 0; i < model->pcpus->len; i++) {
        const SimModelPcpu *pcpu = sim_model_pcpu(model, i);
        json_object *row = json_object_new_object();

        add_number(row, "busy_ns", sim_model_busy_ns(pcpu, model->time));
        add_number(row, "idle_ns", sim_model_idle_ns(pcpu, model->time));
        add_number(row, "switches", pcpu->switches);
        json_object_array_add(rows, row);
    }
    return rows;
}

static json_object *vcpu_rows(const SimModel *model, const SimModelVm *vm)
{
    json_object *rows = json_object_new_array();

    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        const SimModelVcpu *vcpu = &vm->vcpus[i];
        json_object *row = json_object_new_object();

        add_string(row, "state", sim_name(SIM_NAMES(VcpuState), vcpu->state));
        add_number(row, "ran_ns", sim_model_vcpu_ns(vcpu, SIM_VCPU_RUNNING, model->time));
        add_number(row, "ready_ns", sim_model_vcpu_ns(vcpu, SIM_VCPU_READY, model->time));
        add_number(row, "blocked_ns", sim_model_vcpu_ns(vcpu, SIM_VCPU_BLOCKED, model->time));
        add_number(row, "dispatches", vcpu->dispatches);
        add_number(row, "preemptions", vcpu->preemptions);
        sim_result_vcpu(row, model, vcpu);
        json_object_array_add(rows, row);
    }
    return rows;
}

static json_object *exit_counts(const SimModelVm *vm)
{
    json_object *exits = json_object_new_object();

    for (unsigned kind = 0; kind < SIM_EXIT_COUNT; kind++) {
        g_autofree char *key = g_strdup(sim_name(SIM_NAMES(ExitKind), kind));

        add_number(exits, g_strdelimit(key, "-", '_'), sim_model_exits(vm, kind));
    }
    return exits;
}

/* Tracing mode. A page is numbered within its VM's heap, as the program that touches
 * it would; one of another VM that lost its frame is named with that VM. */
static void add_references(json_object *memory, const SimModel *model, const SimModelVm *vm)
{
    json_object *rows = json_object_new_array();
    size_t count;
    const SimModelReference *references = sim_model_references(vm, &count);

    for (size_t i = 0; i < count; i++) {
        const SimModelReference *reference = &references[i];
        const SimModelVm *loser = sim_model_vm(model, reference->evicted_vm);
        json_object *row = json_object_new_object();

        add_number(row, "page", reference->page);
        json_object_object_add(row, "hit", json_object_new_boolean(reference->hit));
        json_object_object_add(row, "write", json_object_new_boolean(reference->write));
        if (loser)
            add_number(row, "evicted", reference->evicted_page - loser->heap_page);
        else
            json_object_object_add(row, "evicted", NULL);
        if (loser && loser != vm)
            add_string(row, "evicted_vm", loser->name);
        json_object_array_add(rows, row);
    }
    json_object_object_add(memory, "references", rows);
}

static json_object *memory_counts(const SimModel *model, const SimModelVm *vm)
{
    json_object *memory = json_object_new_object();

    add_number(memory, "size_bytes", (uint64_t)vm->memory_pages * 4096);
    add_number(memory, "resident_pages", vm->resident_pages);
    add_number(memory, "pinned_pages", vm->pinned_pages);
    add_number(memory, "shared_pages", vm->shared_pages);
    add_number(memory, "ballooned_pages", vm->ballooned_pages);
    add_number(memory, "swapped_pages", vm->swapped_pages);
    add_number(memory, "faults", vm->demand_faults);
    add_number(memory, "shares", vm->shares);
    add_number(memory, "copies", vm->copies);
    add_number(memory, "swap_ins", vm->swap_ins);
    add_number(memory, "swap_outs", vm->swap_outs);
    add_number(memory, "blocks_mapped", vm->blocks_mapped);
    add_number(memory, "blocks_reclaimed", vm->blocks_reclaimed);
    add_number(memory, "balloon_target", vm->balloon_target);
    add_number(memory, "inflates", vm->inflates);
    add_number(memory, "deflates", vm->deflates);
    add_number(memory, "balloon_used", vm->balloon_used);
    add_number(memory, "balloon_refused", vm->balloon_refused);
    if (vm->guest_reports != 0) {
        json_object *says = json_object_new_object();

        add_number(says, "reports", vm->guest_reports);
        add_number(says, "total_bytes", vm->guest_total_bytes);
        add_number(says, "free_bytes", vm->guest_free_bytes);
        add_number(says, "faults", vm->guest_faults);
        json_object_object_add(memory, "guest_says", says);
    }
    if (vm->memory_shares != 0) {
        add_number(memory, "shares_given", vm->memory_shares);
        add_number(memory, "reservation_pages", vm->memory_reservation);
        add_number(memory, "limit_pages", vm->memory_limit);
    }
    add_number(memory, "target_pages", vm->memory_target);
    add_number(memory, "estimates", vm->estimates);
    add_number(memory, "active_ppm", vm->active_ppm);
    add_number(memory, "working_set_pages", vm->working_set_pages);
    add_number(memory, "reference_count", vm->reference_count);
    add_number(memory, "reference_hits", vm->reference_hits);
    add_number(memory, "reference_misses", vm->reference_count - vm->reference_hits);
    if (vm->reference_count > 0)
        add_references(memory, model, vm);
    return memory;
}

char *sim_mac_text(uint64_t mac)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(mac >> 40 & 255),
                           (unsigned)(mac >> 32 & 255), (unsigned)(mac >> 24 & 255),
                           (unsigned)(mac >> 16 & 255), (unsigned)(mac >> 8 & 255),
                           (unsigned)(mac & 255));
}

static char *ip_text(uint32_t ip)
{
    return g_strdup_printf("%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

static json_object *nic_rows(const SimModel *model, const SimModelVm *vm)
{
    json_object *rows = json_object_new_array();

    for (unsigned i = 0; i < vm->nic_count; i++) {
        const SimModelNic *nic = &vm->nics[i];
        const SimModelNetwork *network = sim_model_network(model, nic->network);
        g_autofree char *mac = sim_mac_text(nic->mac);
        g_autofree char *ip = ip_text(nic->ip);
        json_object *row = json_object_new_object();

        add_string(row, "mac", mac);
        add_string(row, "ip", ip);
        add_string(row, "network", network ? network->name : "");
        add_number(row, "tx_frames", nic->tx_frames);
        add_number(row, "rx_frames", nic->rx_frames);
        add_number(row, "dropped", sim_model_nic_dropped(nic));
        json_object_array_add(rows, row);
    }
    return rows;
}

static json_object *fault_object(const SimModelVm *vm)
{
    json_object *fault = json_object_new_object();

    add_string(fault, "message", vm->fault.message ? vm->fault.message : "");
    add_string(fault, "function", vm->fault.symbol ? vm->fault.symbol : "");
    add_number(fault, "vector", vm->fault.vector);
    add_number(fault, "rip", vm->fault.rip);
    add_number(fault, "address", vm->fault.cr2);
    json_object_object_add(fault, "fatal", json_object_new_boolean(vm->fault.fatal));
    return fault;
}

static json_object *vm_row(const SimResultInput *input, unsigned number)
{
    const SimModel *times = times_of(input);
    const SimModelVm *vm = sim_model_vm(input->model, number);
    json_object *row = json_object_new_object();
    size_t length;
    const char *console = sim_model_console(vm, &length);
    g_autofree char *text = g_utf8_make_valid(console, (gssize)length);

    add_string(row, "name", vm->name);
    add_string(row, "program", input->scenario->vms[number].program);
    add_string(row, "state", sim_name(SIM_NAMES(VmState), vm->state));
    add_string(row, "why", sim_name(SIM_NAMES(Why), vm->why));
    if (vm->refused)
        json_object_object_add(row, "refused", json_object_new_boolean(true));
    json_object_object_add(row, "exit_code",
                           vm->exited ? json_object_new_int64((int32_t)vm->exit_code) : NULL);
    add_number(row, "last_mark", vm->last_mark);
    add_string(row, "console", text);
    if (vm->fault.count)
        json_object_object_add(row, "fault", fault_object(vm));
    json_object_object_add(row, "vcpus", vcpu_rows(times, sim_model_vm(times, number)));
    json_object_object_add(row, "exits", exit_counts(vm));
    sim_result_throttle(row, input->model, vm);
    json_object_object_add(row, "memory", memory_counts(input->model, vm));
    json_object_object_add(row, "nics", nic_rows(input->model, vm));
    return row;
}

/* What is on the far end of a switch port: "vm:a", "host", "router lan"; "" when nothing is known.
 */
static char *port_endpoint(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);

    return port && port->peer != SIM_MODEL_NO_PORT ? sim_model_port_name(model, port->peer)
                                                   : g_strdup("");
}

static json_object *mac_rows(const SimModel *model, const SimModelNetwork *network)
{
    json_object *rows = json_object_new_array();

    for (unsigned i = 0; i < network->macs->len; i++) {
        const SimModelMacRow *mac = &g_array_index(network->macs, SimModelMacRow, i);
        const SimModelPort *port = sim_model_port(model, mac->port);
        g_autofree char *address = sim_mac_text(mac->mac);
        g_autofree char *endpoint = port_endpoint(model, mac->port);
        json_object *row = json_object_new_object();

        const SimModelSwitch *sw = port ? sim_model_switch(model, port->network, port->part) : NULL;

        add_string(row, "mac", address);
        add_string(row, "switch", sw ? sw->name : "");
        add_number(row, "vlan", mac->vlan);
        add_number(row, "port", port ? port->number : 0);
        add_string(row, "endpoint", endpoint);
        add_number(row, "since_ns", mac->since);
        json_object_array_add(rows, row);
    }
    return rows;
}

static json_object *flow_rows(const SimModelSwitch *sw)
{
    json_object *rows = json_object_new_array();

    for (unsigned i = 0; i < sw->flows->len; i++) {
        const SimModelFlow *flow = &g_array_index(sw->flows, SimModelFlow, i);
        json_object *row = json_object_new_object();

        add_string(row, "name", flow->name);
        add_number(row, "priority", flow->priority);
        add_string(row, "does", flow->text);
        add_number(row, "frames", flow->frames);
        json_object_array_add(rows, row);
    }
    return rows;
}

static json_object *switch_port_rows(const SimModel *model, const SimModelSwitch *sw)
{
    json_object *rows = json_object_new_array();

    for (unsigned i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = sim_model_port(model, i);
        if (port->part != sw->part)
            continue;
        const SimModelPort *peer = sim_model_port(model, port->peer);
        const SimModelSwitch *other =
            peer ? sim_model_switch(model, peer->network, peer->part) : NULL;
        g_autofree char *endpoint =
            other ? g_strdup_printf("switch:%s", other->name) : port_endpoint(model, i);
        json_object *row = json_object_new_object();

        add_number(row, "number", port->number);
        add_string(row, "endpoint", endpoint);
        json_object_object_add(row, "up", json_object_new_boolean(port->up));
        if (port->vlan_mode != SIM_PORT_VLAN_NONE) {
            add_string(row, "vlan_mode", sim_name(SIM_NAMES(PortVlan), port->vlan_mode));
            add_number(row, "vlan", port->vlan == UINT16_MAX ? 0 : port->vlan);
        }
        if (port->in_tree) {
            add_string(row, "tree_state", sim_name(SIM_NAMES(TreeState), port->tree_state));
            add_string(row, "tree_role", sim_name(SIM_NAMES(TreeRole), port->tree_role));
        }
        add_number(row, "frames_in", port->frames_in);
        add_number(row, "frames_out", port->frames_out);
        add_number(row, "dropped", port->dropped);
        json_object_array_add(rows, row);
    }
    return rows;
}

static json_object *switch_rows(const SimModel *model, const SimModelNetwork *network)
{
    json_object *rows = json_object_new_array();

    for (unsigned i = 0; i < network->switches->len; i++) {
        const SimModelSwitch *sw = network->switches->pdata[i];
        json_object *row = json_object_new_object();

        add_string(row, "name", sw->name);
        if (sw->spanning_tree) {
            json_object_object_add(row, "is_root",
                                   json_object_new_boolean(sw->root_port == SIM_MODEL_NO_PORT));
            add_number(row, "root_cost", sw->root_cost);
        }
        json_object_object_add(row, "flows", flow_rows(sw));
        json_object_object_add(row, "ports", switch_port_rows(model, sw));
        json_object_array_add(rows, row);
    }
    return rows;
}

static json_object *network_rows(const SimModel *model)
{
    json_object *rows = json_object_new_array();

    for (unsigned i = 0; i < model->networks->len; i++) {
        const SimModelNetwork *network = sim_model_network(model, i);
        json_object *row = json_object_new_object();
        json_object *dropped = json_object_new_object();

        for (unsigned why = 0; why < SIM_NET_DROP_COUNT; why++)
            if (network->dropped[why])
                add_number(dropped, sim_name(SIM_NAMES(NetDrop), why), network->dropped[why]);
        add_string(row, "name", network->name);
        add_string(row, "mode", sim_name(SIM_NAMES(NetMode), network->mode));
        add_number(row, "frames", network->frames);
        add_number(row, "forwarded", network->forwarded);
        add_number(row, "flooded", network->flooded);
        add_number(row, "copied", network->copied);
        json_object_object_add(row, "dropped", dropped);
        json_object_object_add(row, "mac_table", mac_rows(model, network));
        json_object_object_add(row, "switches", switch_rows(model, network));
        json_object_object_add(row, "nat_table", sim_result_nat_table(model, network));
        json_object_object_add(row, "forward", sim_result_rules(model, network));
        json_object_object_add(row, "leases", sim_result_leases(network));
        json_object_array_add(rows, row);
    }
    return rows;
}

json_object *sim_reach_rows(const SimModel *model, unsigned most)
{
    json_object *rows = json_object_new_array();
    unsigned count = model->reaches->len;

    for (unsigned i = count > most ? count - most : 0; i < count; i++) {
        const SimModelReach *reach = &g_array_index(model->reaches, SimModelReach, i);
        json_object *row = json_object_new_object();

        add_string(row, "from", reach->from);
        add_string(row, "to", reach->to);
        add_string(row, "protocol", sim_name(SIM_NAMES(ProbeProtocol), reach->protocol));
        if (reach->protocol != SIM_PROBE_PROTOCOL_ICMP)
            add_number(row, "port", reach->port);
        json_object_object_add(row, "reached", json_object_new_boolean(reach->reached));
        json_object_object_add(
            row, "via",
            reach->reached ? json_object_new_string(sim_name(SIM_NAMES(ReachVia), reach->via))
                           : NULL);
        add_string(row, "outcome", sim_name(SIM_NAMES(ProbeOutcome), reach->outcome));
        add_string(row, "why", reach->why);
        json_object_array_add(rows, row);
    }
    return rows;
}

/* They stand before the scenario in the metadata, which is long: no more is read than they. */
static json_object *image_rows(const char *metadata)
{
    static const char key[] = "\"images\":";
    const char *at = metadata ? strstr(metadata, key) : NULL;
    struct json_tokener *tokener = json_tokener_new();
    json_object *rows = at ? json_tokener_parse_ex(tokener, at + strlen(key), -1) : NULL;

    json_tokener_free(tokener);
    return rows ? rows : json_object_new_array();
}

json_object *sim_result_new(const SimResultInput *input)
{
    const SimModel *model = input->model;
    json_object *result = json_object_new_object();
    json_object *scenario = json_object_new_object();
    json_object *vms = json_object_new_array();

    add_string(result, "format", "hvlab-result/1");
    add_string(scenario, "id", input->scenario->id);
    add_string(scenario, "title", input->scenario->title);
    json_object_object_add(result, "scenario", scenario);
    add_string(result, "backend", model->backend ? model->backend : "");
    add_number(result, "seed", model->seed);
    add_number(result, "virtual_ns", times_of(input)->time);
    add_number(result, "wall_ns", input->wall_ns);
    add_number(result, "events", model->events);
    add_string(result, "ended",
               model->ended ? sim_name(SIM_NAMES(EndReason), model->end_reason) : "cut off");
    json_object_object_add(result, "images", image_rows(input->metadata));
    json_object_object_add(result, "pcpus", pcpu_rows(times_of(input)));
    json_object_object_add(result, "scheduler", sim_result_scheduler(times_of(input)));
    json_object_object_add(result, "jobs", sim_result_jobs(input));
    for (unsigned i = 0; i < model->vms->len; i++)
        json_object_array_add(vms, vm_row(input, i));
    json_object_object_add(result, "vms", vms);
    json_object_object_add(result, "networks", network_rows(model));
    json_object_object_add(result, "arp", sim_result_arp(model));
    json_object_object_add(result, "reachability", sim_reach_rows(model, UINT_MAX));
    return result;
}
