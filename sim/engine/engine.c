/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.c: the one loop in which time passes.
 *
 * The host and the network are passive. Each turn of the loop finds the next
 * time at which the world outside the host does something (the horizon: the
 * network's deadline, a command, a frame that leaves a NIC), lets the host run
 * up to it, takes what came out, and then does what is due at the horizon, in
 * this order: commands and outputs, the network, deliveries to NICs. Where only
 * the network has anything to do, a turn is shorter.
 *
 * What comes out of the host is stamped with the pCPU's own clock, which may be
 * ahead of the others; it therefore waits in `due` until the world is there.
 */
#include "sim/engine/private.h"

#include <string.h>

/* More turns than this at one instant means that time stands still. */
#define MAX_TURNS_PER_INSTANT 1000000u
#define SNAP_BYTES                                                                                 \
    342u /* of each Ethernet frame in the trace, unless detail is full: a                          \
            DHCP message of the usual length is whole */

/* From the pCPU that put something out to the world that takes it: so that effects lie behind
 * their causes in the trace, where at equal times the world comes before the pCPUs. */
#define HANDOVER_NS 1

static void due_free(SimDue *due)
{
    g_free(due->frame);
    g_free(due->control);
    g_clear_pointer(&due->input, g_bytes_unref);
    sim_command_clear(&due->command);
    g_free(due);
}

static int compare_due(gconstpointer a, gconstpointer b, gpointer user)
{
    const SimDue *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->external != y->external)
        return x->external ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* The loop looks at it several times a turn. */
static void find_first_due(SimEngine *engine)
{
    GSequenceIter *first = g_sequence_get_begin_iter(engine->due);

    engine->first_due = g_sequence_iter_is_end(first) ? NULL : g_sequence_get(first);
}

static void take_due(SimEngine *engine, SimDue *due)
{
    g_sequence_remove(due->place);
    find_first_due(engine);
}

static SimDue *add_due(SimEngine *engine, uint64_t time, SimDueRun run, bool external)
{
    SimDue *due = g_new0(SimDue, 1);

    due->time = MAX(time, engine->now);
    due->order = engine->due_made++;
    due->run = run;
    due->external = external;
    due->place = g_sequence_insert_sorted(engine->due, due, compare_due, NULL);
    find_first_due(engine);
    return due;
}

SimDue *sim_engine_due(SimEngine *engine, uint64_t time, SimDueRun run)
{
    return add_due(engine, time, run, false);
}

SimDue *sim_engine_due_external(SimEngine *engine, uint64_t time, SimDueRun run)
{
    return add_due(engine, time, run, true);
}

void sim_engine_due_cancel(SimEngine *engine, SimDue *due)
{
    take_due(engine, due);
    due_free(due);
}

/* ---- What comes out of the host ------------------------------------------ */

static void frame_leaves(SimEngine *engine, SimDue *due)
{
    const HvOutFrame *frame = due->frame;

    net_world_transmit_bytes(engine->net, engine->vm_port[frame->vm][frame->nic], frame->bytes,
                             frame->length, frame->id, engine->now);
}

static void control_arrives(SimEngine *engine, SimDue *due)
{
    const HvOutControl *control = due->control;
    GString *line = engine->control_line[control->vm];

    for (uint32_t i = 0; i < control->length; i++) {
        if (control->bytes[i] == '\n') {
            sim_engine_control_line(engine, control->vm, line->str);
            g_string_truncate(line, 0);
        } else if (line->len < 512) {
            g_string_append_c(line, control->bytes[i]);
        }
    }
}

static bool take_outputs(SimEngine *engine)
{
    HvOutFrame *frame;
    HvOutControl *control;
    bool any = false;

    if (!hv_host_has_output(engine->host))
        return false;
    while ((frame = hv_host_take_frame(engine->host))) {
        sim_engine_due(engine, frame->time + HANDOVER_NS, frame_leaves)->frame = frame;
        any = true;
    }
    while ((control = hv_host_take_control(engine->host))) {
        sim_engine_due(engine, control->time + HANDOVER_NS, control_arrives)->control = control;
        any = true;
    }
    return any;
}

/* ---- Phases -------------------------------------------------------------- */

/* A pCPU may have run ahead of the world: what it reported from now on is not
 * part of the run. */
static void end_run(SimEngine *engine, uint8_t reason)
{
    sim_trace_cut(engine->trace, engine->now);
    SIM_TRACE(engine->trace, SIM_SOURCE_WORLD, engine->now, RunEnd, .reason = reason,
              .dropped_events = sim_trace_dropped(engine->trace));
    sim_trace_settle(engine->trace, engine->now + 1);
    engine->phase = SIM_PHASE_DONE;
}

/* Asks what the next reach check asks, or the client; false when there is nothing left. */
static bool next_question(SimEngine *engine)
{
    const SimScenario *scenario = engine->scenario;

    while (engine->next_check < scenario->check_count) {
        size_t number = engine->next_check++;
        const SimScenarioCheck *check = &scenario->checks[number];

        if (check->expect.kind != SIM_EXPECT_REACH)
            continue;

        const SimExpectReach *reach = &check->expect.reach;

        sim_engine_ask(engine, sim_engine_end(&reach->from), sim_engine_end(&reach->to),
                       sim_engine_end(reach->answered_by.name ? &reach->answered_by : &reach->to),
                       reach->protocol, reach->port, SIM_PROBE_TIMEOUT_NS, number);
        return true;
    }
    if (engine->next_question == engine->asked->len)
        return false;
    const SimReachQuestion *asked =
        &g_array_index(engine->asked, SimReachQuestion, engine->next_question++);
    SimEnd to = sim_engine_end(&asked->to);

    sim_engine_ask(engine, sim_engine_end(&asked->from), to, to, asked->protocol, asked->port,
                   SIM_PROBE_TIMEOUT_NS, SIM_NONE);
    return true;
}

/* The scenario's own time is over, for this reason: on to the probes, or the end.
 * What was planned for later does not happen. */
static void end_main(SimEngine *engine, uint8_t reason)
{
    GSequenceIter *next, *iter = g_sequence_get_begin_iter(engine->due);

    for (; !g_sequence_iter_is_end(iter); iter = next) {
        SimDue *due = g_sequence_get(iter);

        next = g_sequence_iter_next(iter);
        if (due->scripted)
            sim_engine_due_cancel(engine, due);
    }
    if (reason == SIM_END_IDLE)
        engine->now++; /* what pCPUs did last, at this very time, is part of it */
    SIM_TRACE(engine->trace, SIM_SOURCE_WORLD, engine->now, ScenarioEnd, .reason = reason);
    engine->end_reason = reason;
    engine->phase = SIM_PHASE_PROBES;
    engine->phase_end = SIM_TIME_NEVER;
}

static void step_probes(SimEngine *engine)
{
    if (engine->questions_open == 0 && !next_question(engine))
        end_run(engine, engine->end_reason);
}

/* Nothing is left that could happen by itself. */
static bool is_idle(const SimEngine *engine)
{
    return net_world_deadline(engine->net) == NET_TIME_NEVER && !engine->first_due &&
           hv_host_deadline(engine->host) == HV_TIME_NEVER;
}

/* ---- The loop ------------------------------------------------------------ */

static uint64_t horizon(const SimEngine *engine)
{
    const SimDue *due = engine->first_due;
    uint64_t time = MIN(engine->phase_end, net_world_deadline(engine->net));

    return due ? MIN(time, due->time) : time;
}

static void run_due(SimEngine *engine)
{
    SimDue *due;

    while ((due = engine->first_due) && due->time <= engine->now) {
        take_due(engine, due);
        due->run(engine, due);
        due_free(due);
    }
}

/* The network's turn: what is due now, and what reached a NIC by it. */
static void run_network(SimEngine *engine)
{
    NetDelivery delivery;

    while (net_world_deadline(engine->net) <= engine->now && !engine->net_overrun) {
        net_world_advance(engine->net, engine->now);
        while (net_world_take_delivery(engine->net, &delivery)) {
            if (delivery.vm == NET_UPLINK_VM)
                sim_engine_uplink_output(engine, delivery.nic, delivery.frame);
            else
                hv_host_deliver(engine->host, delivery.vm, delivery.nic, delivery.frame->id,
                                delivery.frame->bytes, delivery.frame->length, engine->now);
            net_frame_unref(delivery.frame);
        }
    }
    engine->done = engine->now + 1;
}

static void count_turn(SimEngine *engine, uint64_t before)
{
    if (engine->now > before) {
        engine->turns = 0;
        return;
    }
    if (++engine->turns == MAX_TURNS_PER_INSTANT) {
        SIM_TRACE(engine->trace, SIM_SOURCE_WORLD, engine->now, Livelock, .steps = engine->turns);
        end_run(engine, SIM_END_LIVELOCK);
    }
}

/* Only the network has anything to do up to this time, or at it. */
static bool others_rest(const SimEngine *engine, uint64_t time, uint64_t grant)
{
    const SimDue *due = engine->first_due;

    return time >= engine->now && time < grant && time < engine->phase_end &&
           (!due || time < due->time) && time < hv_host_deadline(engine->host) &&
           !hv_host_has_output(engine->host);
}

/* One turn; false when the host has reached the grant. */
static bool turn(SimEngine *engine, uint64_t grant)
{
    uint64_t before = engine->now, next = net_world_deadline(engine->net);

    if (others_rest(engine, next, grant)) { /* the host need not be asked how far it gets */
        engine->now = next;
        sim_trace_settle(engine->trace, next);
        count_turn(engine, before);
        run_network(engine);
        return true;
    }
    uint64_t limit = horizon(engine);
    uint64_t reached = hv_host_advance(engine->host, limit, grant);
    bool output = take_outputs(engine);

    if (!output && !engine->stays && is_idle(engine))
        reached = hv_host_quiet_since(engine->host); /* however far it was allowed to go */
    engine->now = MAX(engine->now, MIN(reached, limit));
    sim_trace_settle(engine->trace, engine->now);
    count_turn(engine, before);
    if (reached < limit)
        return output || is_idle(engine);
    run_due(engine);
    run_network(engine);
    return true;
}

static bool phase_over(SimEngine *engine)
{
    if (engine->net_overrun || hv_host_stuck(engine->host)) {
        end_run(engine, SIM_END_LIVELOCK);
    } else if (engine->policy && sim_own_policy_failed(engine->policy)) {
        const char *why = sim_own_policy_failed(engine->policy);

        SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, engine->now, Note, why, strlen(why));
        end_run(engine, SIM_END_POLICY);
    } else if (engine->host_failed) {
        end_run(engine, SIM_END_HOST_ERROR);
    } else if (engine->phase == SIM_PHASE_MAIN && engine->now >= engine->phase_end) {
        end_main(engine, engine->phase_end_reason);
    } else if (engine->phase == SIM_PHASE_MAIN && !engine->stays && is_idle(engine)) {
        end_main(engine, SIM_END_IDLE);
    }
    if (engine->phase == SIM_PHASE_PROBES)
        step_probes(engine);
    return engine->phase == SIM_PHASE_DONE;
}

bool sim_engine_run(SimEngine *engine, uint64_t grant_ns)
{
    if (engine->phase == SIM_PHASE_DONE)
        return false;
    do {
        if (__atomic_load_n(&engine->interrupted, __ATOMIC_RELAXED)) {
            end_run(engine, SIM_END_INTERRUPTED);
            return false;
        }
        if (phase_over(engine))
            return false;
        if (engine->now >= grant_ns)
            break;
    } while (turn(engine, grant_ns) && engine->phase != SIM_PHASE_DONE);
    engine->granted = MAX(engine->granted, grant_ns);
    return engine->phase != SIM_PHASE_DONE;
}

void sim_engine_stay_when_idle(SimEngine *engine, bool stay)
{
    engine->stays = stay;
}

bool sim_engine_is_idle(const SimEngine *engine)
{
    return engine->phase == SIM_PHASE_MAIN && is_idle(engine);
}

uint64_t sim_engine_deadline(const SimEngine *engine)
{
    return MIN(horizon(engine), hv_host_deadline(engine->host));
}

SimPhase sim_engine_phase(const SimEngine *engine)
{
    return engine->phase;
}

uint64_t sim_engine_command_time(const SimEngine *engine)
{
    return MAX(MAX(engine->now, engine->granted), engine->done);
}

void sim_engine_finish(SimEngine *engine)
{
    if (engine->phase != SIM_PHASE_MAIN)
        return;
    engine->phase_end = MIN(engine->phase_end, sim_engine_command_time(engine));
    engine->phase_end_reason = SIM_END_COMMAND;
}

void sim_engine_interrupt(SimEngine *engine)
{
    __atomic_store_n(&engine->interrupted, 1, __ATOMIC_RELAXED);
    hv_host_kick(engine->host);
}

/* ---- Making one ---------------------------------------------------------- */

static SimEngine *engine_alloc(const SimEngineConfig *config)
{
    SimEngine *engine = g_new0(SimEngine, 1);
    size_t vm_count = config->scenario->vm_count;

    engine->scenario = config->scenario;
    engine->wiring = g_new0(SimWiring, config->scenario->network_count + 1);
    for (size_t i = 0; i < config->scenario->network_count; i++) {
        const SimScenarioNetwork *network = &config->scenario->networks[i];
        engine->wiring[i] = (SimWiring){(SimNetworkMode)network->mode,
                                        sim_network_recipe(network->mode), network->subnet};
    }
    engine->snap_bytes = config->scenario->run.detail == SIM_DETAIL_FULL ? UINT32_MAX : SNAP_BYTES;
    engine->phase_end = config->scenario->run.until_ns;
    engine->phase_end_reason = SIM_END_UNTIL;
    engine->images = g_ptr_array_new_with_free_func((GDestroyNotify)sim_loaded_image_free);
    engine->part_info = g_array_new(FALSE, FALSE, sizeof(NetPartInfo));
    engine->port_network = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    engine->probes = g_array_new(FALSE, TRUE, sizeof(SimProbe));
    engine->uplinks = g_array_new(FALSE, FALSE, sizeof(NetPortId));
    engine->questions = g_ptr_array_new_with_free_func((GDestroyNotify)sim_engine_question_free);
    engine->asked = g_array_new(FALSE, FALSE, sizeof(SimReachQuestion));
    if (config->question_count)
        g_array_append_vals(engine->asked, config->questions, config->question_count);
    engine->check_frames = config->check_frames;
    engine->next_check = config->skip_checks ? config->scenario->check_count : 0;
    engine->due = g_sequence_new(NULL);
    engine->vm_port = g_new0(NetPortId *, vm_count);
    engine->heap_page = g_new0(uint32_t, vm_count);
    engine->arp = g_new0(NetArpEntry *, vm_count);
    engine->unplugged = g_new0(uint32_t, vm_count);
    engine->control_line = g_new0(GString *, vm_count);
    for (size_t vm = 0; vm < vm_count; vm++)
        engine->control_line[vm] = g_string_new(NULL);
    return engine;
}

/* The backend that the scenario needs, and why; NULL: any will do. */
static const char *needed_backend(const SimScenario *scenario, const char **ret_why)
{
    *ret_why = "its \"requires\" says so";
    if (scenario->requires & SIM_REQUIRES_EMULATED)
        return "emulated";
    if (scenario->requires & SIM_REQUIRES_KVM)
        return "kvm";
    *ret_why = "\"trace_references\" sees every access to memory";
    return scenario->host.memory_policy.trace_references ? "emulated" : NULL;
}

static bool backend_suits(SimEngine *engine, GError **error)
{
    const char *why, *needs = needed_backend(engine->scenario, &why);

    if (!needs || !strcmp(needs, engine->backend->name))
        return true;
    g_set_error(error, HV_ERROR, HV_ERROR_UNAVAILABLE,
                "scenario %s requires the backend %s (%s); this run would use %s (%s)",
                engine->scenario->id, needs, why, engine->backend->name, engine->backend_why);
    return false;
}

static bool learn_future(SimEngine *engine, const SimEngineConfig *config, GError **error);

static SimEngine *engine_new(const SimEngineConfig *config, bool collects_references,
                             GError **error)
{
    g_autoptr(SimEngine) engine = engine_alloc(config);
    const char *why, *wanted = config->backend, *needs = needed_backend(config->scenario, &why);

    engine->collects_references = collects_references;
    if (!strcmp(wanted, "auto") && needs)
        wanted = needs;
    engine->backend = hv_cpu_backend_find(wanted, &engine->backend_why, error);
    if (!engine->backend || !backend_suits(engine, error))
        return NULL;
    if (config->policy) {
        engine->policy = sim_own_policy_new(config->policy, NULL, config->trust_policy, error);
        if (!engine->policy)
            return NULL;
    }
    if (!sim_engine_load_images(engine, config->guest_directory, error))
        return NULL;
    if (!collects_references &&
        config->scenario->host.memory_policy.replacement == SIM_REPLACEMENT_OPT &&
        !learn_future(engine, config, error))
        return NULL;

    g_autofree char *metadata = sim_engine_metadata(engine);
    const SimTraceOptions options = {.limit_bytes = config->scenario->run.trace_limit_bytes,
                                     .forget_flushed = config->forget_flushed};

    engine->trace = sim_trace_new(metadata, &options, error);
    if (!engine->trace || !sim_engine_build(engine, error))
        return NULL;
    return g_steal_pointer(&engine);
}

/* The policy opt knows the references to come: those of a run before this one. */
static bool learn_future(SimEngine *engine, const SimEngineConfig *config, GError **error)
{
    SimEngineConfig first = *config;

    first.forget_flushed = false;

    g_autoptr(SimEngine) before = engine_new(&first, true, error);

    if (!before)
        return false;
    sim_engine_run(before, SIM_TIME_NEVER);
    engine->future = sim_engine_references(before, &engine->future_count);
    return true;
}

SimEngine *sim_engine_new(const SimEngineConfig *config, GError **error)
{
    return engine_new(config, false, error);
}

void sim_engine_free(SimEngine *engine)
{
    SimDue *due;

    if (!engine)
        return;
    while ((due = engine->first_due)) {
        take_due(engine, due);
        due_free(due);
    }
    g_sequence_free(engine->due);
    hv_host_free(engine->host);
    sim_own_policy_free(engine->policy);
    net_world_free(engine->net);
    sim_trace_free(engine->trace);
    for (size_t vm = 0; vm < engine->scenario->vm_count; vm++) {
        g_free(engine->vm_port[vm]);
        g_free(engine->arp[vm]);
        g_string_free(engine->control_line[vm], TRUE);
    }
    g_free(engine->vm_port);
    g_free(engine->wiring);
    g_free(engine->heap_page);
    g_free(engine->arp);
    g_free(engine->future);
    g_free(engine->frames_wrong);
    g_free(engine->unplugged);
    sim_engine_free_trunks(engine);
    g_free(engine->control_line);
    sim_engine_uplinks_clear(engine);
    g_array_unref(engine->probes);
    g_array_unref(engine->asked);
    g_ptr_array_unref(engine->questions);
    sim_engine_free_outside(engine);
    g_array_unref(engine->part_info);
    g_array_unref(engine->port_network);
    g_ptr_array_unref(engine->images);
    g_free(engine->backend_why);
    g_free(engine);
}

const char *sim_engine_frames_wrong(const SimEngine *engine)
{
    return engine->frames_wrong;
}

const char *sim_engine_policy_failed(const SimEngine *engine)
{
    return engine->policy ? sim_own_policy_failed(engine->policy) : NULL;
}

uint64_t sim_engine_now(const SimEngine *engine)
{
    return engine->now;
}

SimTrace *sim_engine_trace(SimEngine *engine)
{
    return engine->trace;
}

const char *sim_engine_backend(const SimEngine *engine)
{
    return engine->backend->name;
}

const char *sim_engine_backend_why(const SimEngine *engine)
{
    return engine->backend_why;
}
