/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.c: from a scenario to the parts that the loop moves.
 *
 * Everything is created at time 0 and in the order of the scenario, so the
 * numbers of VMs, networks and NICs in the trace are their places in the file.
 */
#include "sim/engine/observe-arp.h"
#include "sim/engine/private.h"

#include <string.h>

#include "hv-core/limits.h"

bool sim_engine_load_images(SimEngine *engine, const char *guest_directory, GError **error)
{
    for (unsigned vm = 0; vm < engine->scenario->vm_count; vm++)
        if (!sim_engine_image(engine, vm, guest_directory, error))
            return false;
    return true;
}

/* The trace's metadata: what a run must have in common with another to be equal. */
char *sim_engine_metadata(SimEngine *engine)
{
    GString *text = g_string_new("{\"format\":\"hvlab-trace/1\",\"backend\":\"");

    g_string_append_printf(text, "%s\",\"seed\":%" G_GUINT64_FORMAT ",\"images\":[",
                           engine->backend->name, engine->scenario->seed);
    for (unsigned i = 0; i < engine->images->len; i++) {
        const SimLoadedImage *image = engine->images->pdata[i];

        g_string_append(text, i ? ",{\"program\":" : "{\"program\":");
        sim_json_string(text, image->program, strlen(image->program));
        g_string_append_printf(text, ",\"sha256\":\"%s\"}", image->sha256);
    }
    g_string_append_printf(text, "],\"scenario\":%s}", engine->scenario->effective_json);
    return g_string_free(text, FALSE);
}

static void announce_host(SimEngine *engine)
{
    const SimScenarioHost *host = &engine->scenario->host;

    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, 0, RunStart, engine->backend->name,
                   strlen(engine->backend->name), .seed = engine->scenario->seed);
    const char *policy =
        engine->policy ? sim_own_policy_ops(engine->policy)->name : host->scheduler.policy;

    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, 0, HostCreated, policy, strlen(policy),
                   .host = 0, .pcpus = host->pcpus, .frames = host->memory_bytes / HV_PAGE_SIZE,
                   .clock_hz = host->clock_hz, .slice_ns = host->scheduler.slice_ns,
                   .exit_ns = host->costs.exit_ns, .switch_ns = host->costs.switch_ns,
                   .fault_ns = host->costs.fault_ns);
}

static HvMemoryPolicy memory_policy(const SimEngine *engine)
{
    const SimScenarioMemoryPolicy *policy = &engine->scenario->host.memory_policy;
    bool heaps_only = policy->frames > 0 || policy->trace_references;
    HvMemoryPolicy memory = {
        .trace_references = policy->trace_references,
        .resident_programs = heaps_only,
        .seed = engine->scenario->seed,
        .future = engine->future,
        .future_count = engine->future_count,
    };

    memory.by_shares = sim_scenario_memory_by_shares(engine->scenario);
    memory.tax_ppm = (uint32_t)policy->tax_ppm;
    memory.statistics_ns = policy->statistics_ns;
    memory.sample_pages = (unsigned)policy->sample_pages;
    memory.sample_period_ns = policy->sample_period_ns;
    memory.balloon = policy->balloon;
    memory.balance_ns = policy->balance_ns;
    memory.wait_ns = policy->wait_ns;
    memory.low_ppm = (uint32_t)policy->low_ppm;
    memory.block_pages = (HvPageNo)(policy->mapping_bytes / HV_PAGE_SIZE);
    memory.kill_largest = policy->out_of_memory == SIM_OUT_OF_MEMORY_KILL;
    memory.no_overcommit = !policy->overcommit;
    if (policy->share) {
        memory.scan_ns = policy->scan_ns;
        memory.scan_pages = policy->scan_pages;
    }
    /* A first run for opt only collects references: it has no need to replace. */
    if (policy->replacement == SIM_REPLACEMENT_NONE || engine->collects_references)
        return memory;
    memory.replacement = hv_replacement_find(sim_replacement_name(policy->replacement));
    memory.frame_limit = policy->frames;
    memory.batch = policy->trace_references ? 1 : policy->batch;
    memory.swap_pages = policy->swap_bytes / HV_PAGE_SIZE;
    memory.sample_ns = memory.replacement->tick != NULL ? policy->sample_ns : 0;
    return memory;
}

/* A frame that is lost or owned twice is a defect of ours, never of a guest. */
static void count_frames(void *user)
{
    SimEngine *engine = user;

    if (engine->host != NULL && engine->frames_wrong == NULL)
        hv_host_check(engine->host, &engine->frames_wrong);
}

static bool build_host(SimEngine *engine, HvTime lookahead_ns, GError **error)
{
    const SimScenarioHost *host = &engine->scenario->host;
    HvHostConfig config = {
        .backend = engine->backend,
        .pcpu_count = host->pcpus,
        .memory_frames = host->memory_bytes / HV_PAGE_SIZE,
        .clock_hz = host->clock_hz,
        .lookahead_ns = lookahead_ns,
        .quantum_ns = host->quantum_ns,
        .costs = {.exit_ns = host->costs.exit_ns,
                  .switch_ns = host->costs.switch_ns,
                  .fault_ns = host->costs.fault_ns,
                  .copy_ns = host->costs.copy_ns,
                  .swap_out_ns = host->costs.swap_out_ns,
                  .swap_in_ns = host->costs.swap_in_ns},
        .memory = memory_policy(engine),
        .exit_registers = engine->scenario->run.detail == SIM_DETAIL_FULL,
        .policy = engine->policy ? sim_own_policy_ops(engine->policy)
                                 : hv_policy_find(host->scheduler.policy),
        .policy_params = {.slice_ns = host->scheduler.slice_ns,
                          .levels = (unsigned)host->scheduler.levels,
                          .slice_doubles = host->scheduler.slice_doubles,
                          .allotment_ns = host->scheduler.allotment_ns,
                          .boost_ns = host->scheduler.boost_ns,
                          .accounting_ns = host->scheduler.accounting_ns,
                          .latency_ns = host->scheduler.latency_ns,
                          .user = engine->policy,
                          .pcpu_count = host->pcpus,
                          .seed = engine->scenario->seed},
        .frame_ids = &engine->frame_ids,
        .observer = sim_hv_observer,
        .observer_user = engine,
    };

    if (engine->check_frames)
        config.observer.reported = count_frames;
    engine->host = hv_host_new(&config, error);
    return engine->host != NULL;
}

static GArray *reservations_of(const SimScenario *scenario, const SimScenarioDhcp *dhcp)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(NetReservation));

    for (size_t i = 0; i < dhcp->reservation_count; i++) {
        const SimScenarioReservation *from = &dhcp->reservations[i];
        NetReservation reservation = {.address = from->address};

        memcpy(reservation.mac.byte, scenario->vms[from->vm.index].nics[from->nic].mac, 6);
        g_array_append_val(list, reservation);
    }
    return list;
}

/* What belongs to a mode, addresses and rules, counts only in the mode of the file. */
void sim_engine_describe_network(const SimEngine *engine, uint32_t number, const SimWiring *wiring,
                                 NetNetworkConfig *config, GArray **ret_reservations,
                                 GArray **ret_forwards)
{
    const SimScenarioNetwork *network = &engine->scenario->networks[number];
    const SimScenarioDhcp *dhcp = &network->dhcp;
    bool as_in_file = wiring->mode == network->mode;

    *ret_reservations = reservations_of(engine->scenario, dhcp);
    *ret_forwards = g_array_new(FALSE, FALSE, sizeof(NetForward));
    *config = (NetNetworkConfig){
        .name = network->name,
        .mode = sim_network_mode_name(wiring->mode),
        .latency_ns = network->latency_ns,
        .rate_bps = network->rate_bps,
        .mtu = network->mtu,
        .mac_ageing_ns = network->mac_ageing_ns,
        .subnet = wiring->subnet.address,
        .prefix = wiring->subnet.prefix,
        .wifi = as_in_file && network->wifi,
    };
    sim_engine_network_config(network, config);
    if (!as_in_file)
        return;
    for (size_t i = 0; i < network->forward_count; i++) {
        const NetForward forward = sim_engine_forward(&network->forwards[i]);

        g_array_append_val(*ret_forwards, forward);
    }
    config->forwards = (const NetForward *)(*ret_forwards)->data;
    config->forward_count = (*ret_forwards)->len;
    config->dhcp = (NetDhcpConfig){
        .choice = network->has_dhcp ? NET_DHCP_ON : NET_DHCP_OFF,
        .server = dhcp->server,
        .first = dhcp->range.first,
        .last = dhcp->range.last,
        .lease_ns = dhcp->lease_ns,
        .reservations = (const NetReservation *)(*ret_reservations)->data,
        .reservation_count = (*ret_reservations)->len,
    };
}

static bool build_network(SimEngine *engine, size_t number, GError **error)
{
    g_autoptr(GArray) reservations = NULL;
    g_autoptr(GArray) forwards = NULL;
    NetNetworkConfig config;
    NetNetworkId id;

    sim_engine_describe_network(engine, number, &engine->wiring[number], &config, &reservations,
                                &forwards);
    bool added = net_world_add_network(engine->net, &config, 0, &id, error);
    sim_engine_network_clear(&config);
    g_assert(!added || id == number);
    return added;
}

static bool build_networks(SimEngine *engine, GError **error)
{
    const NetWorldConfig world = {
        .frame_ids = &engine->frame_ids,
        .observer = sim_net_observer,
        .observer_user = engine,
        .seed = engine->scenario->seed,
    };

    engine->net = net_world_new(&world);
    for (size_t i = 0; i < engine->scenario->network_count; i++)
        if (!build_network(engine, i, error))
            return false;
    return sim_engine_build_outside(engine, error);
}

static void announce_vm(SimEngine *engine, unsigned vm)
{
    const SimScenarioVm *config = &engine->scenario->vms[vm];

    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, 0, VmCreated, config->name,
                   strlen(config->name), .vm = vm, .host = 0, .vcpus = config->vcpus,
                   .memory_pages = config->memory_bytes / HV_PAGE_SIZE, .weight = config->weight);
    for (size_t n = 0; n < config->nic_count; n++) {
        const SimScenarioNic *nic = &config->nics[n];
        uint64_t mac = 0;

        for (int i = 0; i < 6; i++)
            mac = mac << 8 | nic->mac[i];
        SIM_TRACE(engine->trace, SIM_SOURCE_WORLD, 0, NicCreated, .vm = vm, .nic = n, .mac = mac,
                  .ip = nic->address.address, .prefix = nic->address.prefix,
                  .network = nic->network.index);
    }
}

void sim_engine_describe_nic(const SimEngine *engine, unsigned vm, unsigned nic,
                             NetNicConfig *config)
{
    const SimScenarioNic *from = &engine->scenario->vms[vm].nics[nic];

    *config = (NetNicConfig){.network = from->network.index, .vm = vm, .nic = nic};
    memcpy(config->mac.byte, from->mac, sizeof(config->mac.byte));
    sim_engine_nic_config(engine->scenario, from, config);
}

static bool attach_nics(SimEngine *engine, unsigned vm, GError **error)
{
    const SimScenarioVm *config = &engine->scenario->vms[vm];

    engine->vm_port[vm] = g_new0(NetPortId, config->nic_count);
    for (size_t n = 0; n < config->nic_count; n++) {
        NetNicConfig nic;

        sim_engine_describe_nic(engine, vm, n, &nic);
        bool added = net_world_attach_nic(engine->net, &nic, 0, &engine->vm_port[vm][n], error);
        sim_engine_nic_clear(&nic);
        if (!added)
            return false;
        net_world_name_machine(engine->net, nic.mac, config->name);
    }
    return true;
}

typedef struct {
    HvBootHost *hosts;
    unsigned count;
} Names;

/* The first to have a name keeps it. */
static void add_name(Names *names, const char *name, uint32_t address)
{
    for (unsigned i = 0; i < names->count; i++)
        if (!strcmp(names->hosts[i].name, name))
            return;
    if (names->count == HV_BOOT_MAX_HOSTS || address == 0)
        return;
    g_strlcpy(names->hosts[names->count].name, name, sizeof(names->hosts[0].name));
    names->hosts[names->count++].address = address;
}

/* What /etc/hosts would say: every VM that shares a network with vm, by its address there if it is
 * a static one, then the host, the LAN and the Internet; as far as the table has room. */
static unsigned fill_hosts(SimEngine *engine, unsigned vm, HvBootHost *hosts)
{
    const SimScenario *scenario = engine->scenario;
    const SimScenarioVm *self = &scenario->vms[vm];
    Names names = {hosts, 0};

    for (size_t other = 0; other < scenario->vm_count; other++)
        for (size_t n = 0; n < scenario->vms[other].nic_count; n++) {
            const SimScenarioNic *nic = &scenario->vms[other].nics[n];

            for (size_t i = 0; i < self->nic_count; i++)
                if (self->nics[i].network.index == nic->network.index)
                    add_name(&names, scenario->vms[other].name, nic->address.address);
        }
    for (size_t i = 0; i < self->nic_count; i++) {
        const SimScenarioNetwork *network = &scenario->networks[self->nics[i].network.index];

        const NetRecipe *recipe = sim_network_recipe(network->mode);

        if (recipe->has_host_nic)
            add_name(&names, "host", network->subnet.address + recipe->host);
    }
    add_name(&names, "host", scenario->has_outside ? scenario->lan.host : 0);
    for (size_t i = 0; i < scenario->lan.host_count; i++)
        add_name(&names, scenario->lan.hosts[i].name, scenario->lan.hosts[i].address);
    for (size_t i = 0; i < scenario->internet.server_count; i++)
        add_name(&names, scenario->internet.servers[i].name, scenario->internet.servers[i].address);
    return names.count;
}

HvSchedParams sim_engine_sched_params(const SimScenarioSched *sched)
{
    return (HvSchedParams){
        .weight = (uint32_t)sched->weight,
        .priority = (uint32_t)sched->priority,
        .cap_ppm = (uint32_t)sched->cap_ppm,
        .reservation_ppm = (uint32_t)sched->reservation_ppm,
        .affinity = sched->affinity,
        .period_ns = sched->period_ns,
        .slice_ns = sched->slice_ns,
    };
}

static HvThrottle throttle(const SimThrottle *limit)
{
    return (HvThrottle){(uint32_t)limit->rate, (uint32_t)limit->burst};
}

void sim_engine_throttles(const SimScenarioThrottles *throttles, HvThrottle *ret_limits)
{
    ret_limits[HV_THROTTLE_EXITS] = throttle(&throttles->exits);
    ret_limits[HV_THROTTLE_DEVICE_OPERATIONS] = throttle(&throttles->device_operations);
}

/* g_free() the waits, which ret_config points to, after use. */
static HvJobWait *job_config(const SimScenarioJob *job, HvJobConfig *ret_config)
{
    HvJobWait *waits = g_new(HvJobWait, job->io_count + 1);

    for (size_t i = 0; i < job->io_count; i++)
        waits[i] = (HvJobWait){job->io[i].after_ns, job->io[i].for_ns};
    *ret_config = (HvJobConfig){
        .length_ns = job->length_ns,
        .waits = waits,
        .wait_count = (unsigned)job->io_count,
        .deadline_ns = job->deadline_ns,
        .period_ns = job->period_ns,
        .releases = job->releases,
    };
    return waits;
}

static bool build_vm(SimEngine *engine, unsigned vm, GError **error)
{
    const SimScenarioVm *config = &engine->scenario->vms[vm];
    const SimLoadedImage *image = sim_engine_image(engine, vm, NULL, error);
    g_autofree HvBootHost *hosts = g_new0(HvBootHost, HV_BOOT_MAX_HOSTS);
    HvBootNic nics[HV_BOOT_MAX_NICS] = {0};
    const char *args[SIM_MAX_ARGS + 2] = {config->program};
    gsize image_bytes;
    const void *bytes = g_bytes_get_data(image->bytes, &image_bytes);

    for (size_t i = 0; i < config->arg_count; i++)
        args[i + 1] = config->args[i];
    _Static_assert(SIM_MAX_ROUTES == HV_BOOT_NIC_ROUTES, "routes of a NIC");
    for (size_t n = 0; n < config->nic_count; n++) {
        const SimScenarioNic *nic = &config->nics[n];

        memcpy(nics[n].mac, nic->mac, 6);
        nics[n].mtu = engine->scenario->networks[nic->network.index].mtu;
        nics[n].address = nic->address.address;
        nics[n].prefix = nic->address.prefix;
        nics[n].gateway = nic->gateway;
        nics[n].dhcp = nic->dhcp;
        for (size_t i = 0; i < nic->route_count; i++)
            nics[n].routes[i] = (HvBootRoute){.network = nic->routes[i].to.address,
                                              .gateway = nic->routes[i].via,
                                              .prefix = nic->routes[i].to.prefix};
    }
    HvSchedParams own[SIM_MAX_VCPUS] = {0};
    g_autofree HvJobWait *waits = NULL;
    HvJobConfig job = {0};

    for (size_t i = 0; i < config->vcpu_scheduling_count; i++)
        own[i] = sim_engine_sched_params(&config->vcpu_scheduling[i]);
    if (config->job)
        waits = job_config(&engine->scenario->jobs[config->job - 1], &job);
    HvVmConfig vm_config = {
        .name = config->name,
        .image = bytes,
        .image_bytes = image_bytes,
        .args = args,
        .memory_bytes = config->memory_bytes,
        .vcpu_count = config->vcpus,
        .weight = config->weight,
        .priority = config->priority,
        .cap_ppm = config->cap_ppm,
        .affinity = config->affinity,
        .reservation_ppm = config->reservation_ppm,
        .period_ns = config->period_ns,
        .slice_ns = config->slice_ns,
        .vcpu_params = own,
        .memory = {.shares = (uint32_t)config->memory_shares,
                   .reservation = config->memory_reservation_bytes / HV_PAGE_SIZE,
                   .limit = config->memory_limit_bytes / HV_PAGE_SIZE},
        .balloon = config->balloon,
        .job = config->job ? &job : NULL,
        .seed = engine->scenario->seed * UINT64_C(0x9e3779b97f4a7c15) + vm,
        .nics = nics,
        .nic_count = config->nic_count,
        .hosts = hosts,
        .host_count = fill_hosts(engine, vm, hosts),
        .watch = sim_arp_watch(),
    };

    sim_engine_throttles(&config->throttle, vm_config.throttles);
    if (!hv_host_add_vm(engine->host, &vm_config, 0, error)) {
        g_prefix_error(error, "vms.%s: ", config->name);
        return false;
    }
    return true;
}

/* That it was refused, for want of memory, is an event of hv-core's. */
static void start_vm(SimEngine *engine, SimDue *due)
{
    hv_vm_start(hv_host_vm(engine->host, due->vm), engine->now);
}

bool sim_engine_build(SimEngine *engine, GError **error)
{
    const SimScenario *scenario = engine->scenario;

    announce_host(engine);
    if (!build_networks(engine, error))
        return false;
    for (unsigned vm = 0; vm < scenario->vm_count; vm++) {
        announce_vm(engine, vm);
        if (!attach_nics(engine, vm, error))
            return false;
    }
    sim_engine_program_switches(engine);
    if (!build_host(engine, net_world_lookahead(engine->net), error))
        return false;
    for (unsigned vm = 0; vm < scenario->vm_count; vm++)
        if (!build_vm(engine, vm, error))
            return false;
    if (scenario->run.detail == SIM_DETAIL_FULL)
        sim_engine_record_code(engine);
    sim_trace_settle_first(engine->trace); /* who follows sees the world before it runs */
    for (unsigned vm = 0; vm < scenario->vm_count; vm++)
        if (scenario->vms[vm].start_at_ns != SIM_TIME_NEVER) {
            SimDue *due = sim_engine_due_external(engine, scenario->vms[vm].start_at_ns, start_vm);

            due->vm = vm;
            due->scripted = true;
        }
    for (size_t i = 0; i < scenario->command_count; i++)
        sim_engine_schedule_command(engine, &scenario->timeline[i]);
    return true;
}
