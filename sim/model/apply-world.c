/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply-world.c: creation, the run as a whole, probes and checks; and the table
 * of all handlers, through which sim_model_apply() goes.
 */
#include "sim/model/apply.h"

#include <string.h>

#include "sim/model/entitlement.h"
#include "sim/model/shared.h"

SimModelVm *sim_apply_vm(SimModel *model, unsigned vm)
{
    return vm < model->vms->len ? model->vms->pdata[vm] : NULL;
}

char *sim_apply_text(const SimRecord *record)
{
    return g_strndup((const char *)record->blob, record->blob_size);
}

/* ---- Creation ------------------------------------------------------------ */

static bool run_start(SimModel *model, const SimRecord *record)
{
    if (model->backend)
        return false;
    model->backend = sim_apply_text(record);
    model->seed = SIM_FIELDS(record, RunStart)->seed;
    return true;
}

static bool host_created(SimModel *model, const SimRecord *record)
{
    const SimEventHostCreated *event = SIM_FIELDS(record, HostCreated);
    const SimModelPcpu idle = {.vm = SIM_NONE,
                               .vcpu = SIM_NONE,
                               .last_vm = SIM_NONE,
                               .last_vcpu = SIM_NONE,
                               .since = record->time};
    SimModelHost *host;

    if (event->host != model->hosts->len || model->hosts->len >= SIM_MODEL_MAX_HOSTS ||
        model->pcpus->len + event->pcpus > UINT16_MAX)
        return false;
    host = g_new0(SimModelHost, 1);
    host->policy = sim_apply_text(record);
    host->pcpus = event->pcpus;
    host->first_pcpu = (uint16_t)model->pcpus->len;
    host->frames = event->frames;
    host->clock_hz = event->clock_hz;
    host->slice_ns = event->slice_ns;
    host->exit_ns = event->exit_ns;
    host->switch_ns = event->switch_ns;
    host->fault_ns = event->fault_ns;
    g_ptr_array_add(model->hosts, host);
    for (unsigned i = 0; i < event->pcpus; i++)
        g_array_append_val(model->pcpus, idle);
    return true;
}

static bool vm_created(SimModel *model, const SimRecord *record)
{
    const SimEventVmCreated *event = SIM_FIELDS(record, VmCreated);
    SimModelVm *vm;

    if (event->vm != model->vms->len || event->vm >= SIM_MODEL_MAX_VMS ||
        event->vcpus > SIM_MODEL_MAX_VCPUS || event->memory_pages > SIM_MODEL_MAX_PAGES)
        return false;
    vm = g_new0(SimModelVm, 1);
    vm->name = sim_apply_text(record);
    vm->vm = event->vm;
    vm->host = event->host;
    vm->since = record->time;
    vm->weight = event->weight;
    vm->memory_pages = event->memory_pages;
    vm->pages = sim_pages_new(event->memory_pages);
    vm->console = sim_text_new();
    vm->references = sim_text_new();
    vm->vcpu_count = event->vcpus;
    vm->vcpus = g_new0(SimModelVcpu, event->vcpus);
    for (unsigned i = 0; i < event->vcpus; i++) {
        vm->vcpus[i].since = record->time;
        vm->vcpus[i].pcpu = vm->vcpus[i].last_pcpu = SIM_MODEL_NO_PCPU;
        vm->vcpus[i].weight = event->weight;
    }
    g_ptr_array_add(model->vms, vm);
    return true;
}

/* ---- The run -------------------------------------------------------------- */

static bool command(SimModel *model, const SimRecord *record)
{
    model->commands++;
    return true;
}

static bool trace_limit(SimModel *model, const SimRecord *record)
{
    model->limited = true;
    return true;
}

static bool scenario_end(SimModel *model, const SimRecord *record)
{
    sim_entitle_settle(model, record->time);
    return true;
}

static bool run_end(SimModel *model, const SimRecord *record)
{
    const SimEventRunEnd *event = SIM_FIELDS(record, RunEnd);

    sim_entitle_settle(model, record->time);
    model->ended = true;
    model->end_reason = event->reason;
    model->dropped_events = event->dropped_events;
    return true;
}

static bool nothing(SimModel *model, const SimRecord *record)
{
    return true;
}

/* ---- Probes and checks ----------------------------------------------------- */

static bool probe_sent(SimModel *model, const SimRecord *record)
{
    const SimEventProbeSent *event = SIM_FIELDS(record, ProbeSent);
    SimModelProbe probe = {.probe = event->probe,
                           .nonce = event->nonce,
                           .question = event->question,
                           .from_end = {event->from_kind, event->from},
                           .to_end = {event->to_kind, event->to},
                           .by_rule = event->by_rule,
                           .check = event->check,
                           .address = event->address,
                           .port = event->port,
                           .protocol = event->protocol,
                           .sent = record->time};
    char *blank;

    if (model->probes->len >= SIM_MODEL_MAX_ENTRIES)
        return false;
    probe.from = sim_apply_text(record);
    blank = strchr(probe.from, ' ');
    probe.to = g_strdup(blank ? blank + 1 : "");
    if (blank)
        *blank = '\0';
    g_array_append_val(model->probes, probe);
    return true;
}

/* The last one sent with this number. */
static SimModelProbe *find_probe(SimModel *model, uint32_t number)
{
    for (guint i = model->probes->len; i-- > 0;) {
        SimModelProbe *probe = &g_array_index(model->probes, SimModelProbe, i);
        if (probe->probe == number)
            return probe;
    }
    return NULL;
}

static bool probe_seen(SimModel *model, const SimRecord *record)
{
    const SimEventProbeSeen *event = SIM_FIELDS(record, ProbeSeen);
    SimModelProbe *probe = find_probe(model, event->probe);

    if (event->probe == 0)
        return true; /* nobody's */
    if (!probe)
        return false;
    if (probe->nonce != event->nonce)
        return true;
    if (probe->to_end.kind == event->by_kind && probe->to_end.number == event->by)
        probe->seen = true;
    else
        probe->seen_by_other = true;
    return true;
}

static bool probe_result(SimModel *model, const SimRecord *record)
{
    const SimEventProbeResult *event = SIM_FIELDS(record, ProbeResult);
    SimModelProbe *probe = find_probe(model, event->probe);

    if (!probe)
        return false;
    probe->over = true;
    probe->outcome = event->outcome;
    probe->confirmed = event->confirmed;
    probe->rtt_ns = event->rtt_ns;
    return true;
}

static bool reach(SimModel *model, const SimRecord *record)
{
    const SimEventReach *event = SIM_FIELDS(record, Reach);
    SimModelReach reach = {.question = event->question,
                           .probe = event->probe,
                           .from_end = {event->from_kind, event->from},
                           .to_end = {event->to_kind, event->to},
                           .port = event->port,
                           .check = event->check,
                           .protocol = event->protocol,
                           .via = event->via,
                           .outcome = event->outcome,
                           .reached = event->reached,
                           .time = record->time,
                           .rtt_ns = event->rtt_ns};
    g_autofree char *text = sim_apply_text(record);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 2);
    g_auto(GStrv) names = lines[0] ? g_strsplit(lines[0], " ", 2) : NULL;

    if (model->reaches->len >= SIM_MODEL_MAX_ENTRIES || !names || !names[0] || !names[1])
        return false;
    reach.from = g_strdup(names[0]);
    reach.to = g_strdup(names[1]);
    reach.why = g_strdup(lines[1] ? lines[1] : "");
    g_array_append_val(model->reaches, reach);
    return true;
}

static bool endpoint_nic(SimModel *model, const SimRecord *record)
{
    const SimEventEndpointNic *event = SIM_FIELDS(record, EndpointNic);
    SimModelEndpoint endpoint = {.kind = event->kind,
                                 .number = event->number,
                                 .mac = event->mac,
                                 .ip = event->ip,
                                 .prefix = event->prefix,
                                 .network = event->network,
                                 .port = event->port};

    if (model->endpoints->len >= SIM_MODEL_MAX_ENTRIES)
        return false;
    endpoint.name = sim_apply_text(record);
    g_array_append_val(model->endpoints, endpoint);
    return true;
}

static bool check_result(SimModel *model, const SimRecord *record)
{
    const SimEventCheckResult *event = SIM_FIELDS(record, CheckResult);
    SimModelCheck check = {.check = event->check,
                           .outcome = event->outcome,
                           .points = event->points,
                           .earned = event->earned};
    char *newline;

    if (model->checks->len >= SIM_MODEL_MAX_ENTRIES)
        return false;
    check.id = sim_apply_text(record);
    newline = strchr(check.id, '\n');
    check.detail = g_strdup(newline ? newline + 1 : "");
    if (newline)
        *newline = '\0';
    g_array_append_val(model->checks, check);
    return true;
}

/* ---- The table ------------------------------------------------------------ */

void sim_apply_world_handlers(SimHandler *table)
{
    table[SIM_EVENT_RUN_START] = run_start;
    table[SIM_EVENT_HOST_CREATED] = host_created;
    table[SIM_EVENT_VM_CREATED] = vm_created;
    table[SIM_EVENT_COMMAND] = command;
    table[SIM_EVENT_PROBE_SENT] = probe_sent;
    table[SIM_EVENT_PROBE_SEEN] = probe_seen;
    table[SIM_EVENT_PROBE_RESULT] = probe_result;
    table[SIM_EVENT_REACH] = reach;
    table[SIM_EVENT_ENDPOINT_NIC] = endpoint_nic;
    table[SIM_EVENT_CHECK_RESULT] = check_result;
    table[SIM_EVENT_TRACE_LIMIT] = trace_limit;
    table[SIM_EVENT_SCENARIO_END] = scenario_end;
    table[SIM_EVENT_RUN_END] = run_end;
}

void sim_model_apply(SimModel *model, const SimRecord *record)
{
    static SimHandler handlers[SIM_EVENT_TYPE_COUNT];
    static gsize made;

    if (g_once_init_enter(&made)) {
        for (unsigned i = 0; i < SIM_EVENT_TYPE_COUNT; i++)
            handlers[i] = nothing;
        sim_apply_world_handlers(handlers);
        sim_apply_vm_handlers(handlers);
        sim_apply_memory_handlers(handlers);
        sim_apply_net_handlers(handlers);
        sim_apply_switch_handlers(handlers);
        sim_apply_nat_handlers(handlers);
        sim_apply_arp_handlers(handlers);
        g_once_init_leave(&made, 1);
    }
    model->time = record->time;
    model->events++;
    model->counts[record->type]++;
    if (!handlers[record->type](model, record))
        model->ignored++;
}
