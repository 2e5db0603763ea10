/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c: commands, from the timeline or from a person.
 *
 * A command is carried out when the world has reached its time, and is then an
 * event of the trace with its JSON text, so that a run can be repeated from its
 * trace. One that makes no sense in the state of things (start a running VM) is
 * recorded as refused and changes nothing.
 */
#include "sim/engine/private.h"

#include <string.h>

/* ---- As JSON ------------------------------------------------------------- */

static void append_word(GString *text, const char *key, const char *value)
{
    g_string_append_printf(text, ",\"%s\":", key);
    sim_json_string(text, value, strlen(value));
}

static void append_number(GString *text, const char *key, uint64_t value, const char *unit)
{
    g_string_append_printf(text, ",\"%s\":%s%" G_GUINT64_FORMAT "%s%s", key, *unit ? "\"" : "",
                           value, unit, *unit ? "\"" : "");
}

static void append_address(GString *text, const char *key, uint32_t address)
{
    g_string_append_printf(text, ",\"%s\":\"%u.%u.%u.%u\"", key, address >> 24, address >> 16 & 255,
                           address >> 8 & 255, address & 255);
}

static void append_rule(GString *text, const SimCommand *command)
{
    const SimScenarioForward *rule = &command->forward;

    append_word(text, "network", command->network.name);
    g_string_append(text, ",\"rule\":{\"name\":");
    sim_json_string(text, rule->name, strlen(rule->name));
    append_word(text, "protocol", sim_protocol_name(rule->protocol));
    if (rule->host_address != 0)
        append_address(text, "host_address", rule->host_address);
    append_number(text, "host_port", rule->host_port, "");
    if (rule->guest_address != 0)
        append_address(text, "guest_address", rule->guest_address);
    append_number(text, "guest_port", rule->guest_port, "");
    if (rule->vm.name)
        append_word(text, "vm", rule->vm.name);
    g_string_append_c(text, '}');
}

static void append_by(GString *text, const SimCommand *command)
{
    if (command->answered_by.name)
        append_word(text, "answered_by", command->answered_by.name);
}

static void append_pcpus(GString *text, uint64_t affinity)
{
    const char *comma = "";

    g_string_append(text, ",\"affinity\":[");
    for (unsigned i = 0; i < 64; i++)
        if (affinity >> i & 1) {
            g_string_append_printf(text, "%s%u", comma, i);
            comma = ",";
        }
    g_string_append_c(text, ']');
}

static void append_share(GString *text, const char *key, uint64_t ppm)
{
    g_string_append_printf(text, ",\"%s\":\"%" G_GUINT64_FORMAT ".%04u%%\"", key, ppm / 10000,
                           (unsigned)(ppm % 10000));
}

static void append_sched(GString *text, const SimCommand *command)
{
    const SimScenarioSched *sched = &command->sched;
    const uint64_t values[] = {sched->weight,          sched->priority, sched->cap_ppm,
                               sched->reservation_ppm, sched->affinity, sched->period_ns,
                               sched->slice_ns};

    if (command->vcpu >= 0)
        append_number(text, "vcpu", (uint64_t)command->vcpu, "");
    for (unsigned i = 0; sim_sched_words[i]; i++) {
        const char *word = sim_sched_words[i];
        bool share = !strcmp(word, "cap") || !strcmp(word, "reservation");
        bool time = !strcmp(word, "period") || !strcmp(word, "slice");

        if (!(command->sched_what >> i & 1))
            continue;
        if (share)
            append_share(text, word, values[i]);
        else if (!strcmp(word, "affinity"))
            append_pcpus(text, values[i]);
        else
            append_number(text, word, values[i], time ? "ns" : "");
    }
}

static void append_throttle(GString *text, const char *what, const SimThrottle *limit)
{
    g_string_append_printf(
        text, ",\"%s\":{\"rate\":%" G_GUINT64_FORMAT ",\"burst\":%" G_GUINT64_FORMAT "}", what,
        limit->rate, limit->burst);
}

static void append_memory(GString *text, const SimCommand *command)
{
    const SimMemoryShares *memory = &command->memory;

    if (command->memory_what & HV_SET_MEMORY_SHARES)
        append_number(text, "shares", memory->shares, "");
    if (command->memory_what & HV_SET_MEMORY_RESERVATION)
        append_number(text, "reservation", memory->reservation_bytes / 1024, "KiB");
    if (command->memory_what & HV_SET_MEMORY_LIMIT)
        append_number(text, "limit", memory->limit_bytes / 1024, "KiB");
}

static char *command_json(const SimCommand *command, uint64_t at)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "{\"at\":\"%" G_GUINT64_FORMAT "ns\"", at);
    if (command->json) {
        g_string_append_printf(text, ",%s", command->json + 1);
        return g_string_free(text, FALSE);
    }
    append_word(text, "do", sim_command_name(command->kind));
    switch ((SimCommandKind)command->kind) {
    case SIM_COMMAND_PING:
        append_word(text, "from", command->from.name);
        append_word(text, "to", command->to.name);
        append_by(text, command);
        append_word(text, "protocol", sim_protocol_name(command->protocol));
        if (command->protocol != SIM_PROTOCOL_ICMP)
            append_number(text, "port", command->port, "");
        append_number(text, "count", command->count, "");
        append_number(text, "interval", command->interval_ns, "ns");
        append_number(text, "timeout", command->timeout_ns, "ns");
        break;
    case SIM_COMMAND_CONNECT:
        append_word(text, "from", command->from.name);
        append_word(text, "to", command->to.name);
        append_by(text, command);
        append_number(text, "port", command->port, "");
        append_number(text, "count", command->count, "");
        append_number(text, "interval", command->interval_ns, "ns");
        append_number(text, "timeout", command->timeout_ns, "ns");
        break;
    case SIM_COMMAND_FORWARD_ADD: append_rule(text, command); break;
    case SIM_COMMAND_FORWARD_REMOVE:
        append_word(text, "network", command->network.name);
        append_word(text, "name", command->text);
        break;
    case SIM_COMMAND_SET_MODE:
        append_word(text, "network", command->network.name);
        append_word(text, "mode", sim_network_mode_name((SimNetworkMode)command->mode));
        break;
    case SIM_COMMAND_PLUG:
    case SIM_COMMAND_UNPLUG:
        append_word(text, "vm", command->vm.name);
        append_number(text, "nic", command->nic, "");
        break;
    case SIM_COMMAND_SET_WEIGHT:
        append_word(text, "vm", command->vm.name);
        append_number(text, "weight", command->weight, "");
        break;
    case SIM_COMMAND_SET_SCHEDULING:
        append_word(text, "vm", command->vm.name);
        append_sched(text, command);
        break;
    case SIM_COMMAND_SET_BALLOON:
        append_word(text, "vm", command->vm.name);
        if (command->balloon_bytes != SIM_BALLOON_RELEASED)
            append_number(text, "size", command->balloon_bytes / 1024, "KiB");
        break;
    case SIM_COMMAND_SET_MEMORY:
        append_word(text, "vm", command->vm.name);
        append_memory(text, command);
        break;
    case SIM_COMMAND_SET_TAX: append_share(text, "tax", command->tax_ppm); break;
    case SIM_COMMAND_SET_THROTTLE:
        append_word(text, "vm", command->vm.name);
        if (command->throttle_what & 1u << HV_THROTTLE_EXITS)
            append_throttle(text, "exits", &command->throttles.exits);
        if (command->throttle_what & 1u << HV_THROTTLE_DEVICE_OPERATIONS)
            append_throttle(text, "device_operations", &command->throttles.device_operations);
        break;
    case SIM_COMMAND_TYPE:
        append_word(text, "vm", command->vm.name);
        append_word(text, "text", command->text);
        break;
    default: append_word(text, "vm", command->vm.name); break;
    }
    g_string_append_c(text, '}');
    return g_string_free(text, FALSE);
}

/* ---- Carrying out -------------------------------------------------------- */

static void send_probe(SimEngine *engine, SimDue *due)
{
    const SimCommand *command = &due->command;

    const SimScenarioEndpoint *by =
        command->answered_by.name ? &command->answered_by : &command->to;

    sim_engine_ask(engine, sim_engine_end(&command->from), sim_engine_end(&command->to),
                   sim_engine_end(by), command->protocol, command->port, command->timeout_ns,
                   SIM_NONE);
}

static bool start_pings(SimEngine *engine, const SimCommand *command)
{
    for (uint64_t i = 0; i < command->count; i++) {
        SimDue *due = sim_engine_due(engine, engine->now + i * command->interval_ns, send_probe);

        sim_command_copy(&due->command, command);
        due->scripted = true;
    }
    return true;
}

/* The network follows in its turn, so of several commands at one instant each
 * is seen against the one before it. */
static bool set_cable(SimEngine *engine, const SimCommand *command, bool up)
{
    NetPortId port = engine->vm_port[command->vm.index][command->nic];
    uint32_t *unplugged = &engine->unplugged[command->vm.index], bit = 1u << command->nic;

    if (!(*unplugged & bit) == up)
        return false;
    *unplugged ^= bit;
    net_world_set_link(engine->net, port, up, engine->now);
    return true;
}

_Static_assert(HV_SET_SLICE == 1u << 6, "the bits of sched_what are those of HV_SET_*");

static bool set_scheduling(HvVm *vm, const SimCommand *command, uint64_t now)
{
    HvSchedParams params = sim_engine_sched_params(&command->sched);

    return hv_vm_set_sched(vm, (int)command->vcpu, &params, (unsigned)command->sched_what, now);
}

static bool set_throttles(HvVm *vm, const SimCommand *command, uint64_t now)
{
    HvThrottle limits[HV_THROTTLE_COUNT];
    bool done = true;

    sim_engine_throttles(&command->throttles, limits);
    for (unsigned kind = 0; kind < HV_THROTTLE_COUNT; kind++)
        if (command->throttle_what >> kind & 1)
            done = hv_vm_set_throttle(vm, kind, limits[kind], now) && done;
    return done;
}

static bool set_balloon(HvVm *vm, const SimCommand *command, uint64_t now)
{
    if (command->balloon_bytes == SIM_BALLOON_RELEASED)
        return hv_vm_release_balloon(vm, now);
    return hv_vm_set_balloon(vm, command->balloon_bytes / HV_PAGE_SIZE, now);
}

static bool set_memory(HvVm *vm, const SimCommand *command, uint64_t now)
{
    const HvMemoryParams params = {
        .shares = (uint32_t)command->memory.shares,
        .reservation = command->memory.reservation_bytes / HV_PAGE_SIZE,
        .limit = command->memory.limit_bytes / HV_PAGE_SIZE,
    };

    return hv_vm_set_memory(vm, &params, (unsigned)command->memory_what, now);
}

static bool carry_out(SimEngine *engine, const SimCommand *command)
{
    HvVm *vm = command->vm.name ? hv_host_vm(engine->host, command->vm.index) : NULL;

    switch ((SimCommandKind)command->kind) {
    case SIM_COMMAND_PING:
    case SIM_COMMAND_CONNECT: return start_pings(engine, command);
    case SIM_COMMAND_FORWARD_ADD:
        return sim_engine_add_rule(engine, command->network.index, &command->forward);
    case SIM_COMMAND_FORWARD_REMOVE:
        return sim_engine_remove_rule(engine, command->network.index, command->text);
    case SIM_COMMAND_SET_MODE:
        return sim_engine_set_mode(engine, command->network.index, (SimNetworkMode)command->mode);
    case SIM_COMMAND_PLUG: return set_cable(engine, command, true);
    case SIM_COMMAND_UNPLUG: return set_cable(engine, command, false);
    case SIM_COMMAND_START: return hv_vm_start(vm, engine->now);
    case SIM_COMMAND_PAUSE: return hv_vm_pause(vm, engine->now);
    case SIM_COMMAND_RESUME: return hv_vm_resume(vm, engine->now);
    case SIM_COMMAND_KILL: return hv_vm_kill(vm, engine->now);
    case SIM_COMMAND_SET_WEIGHT: return hv_vm_set_weight(vm, command->weight, engine->now);
    case SIM_COMMAND_SET_SCHEDULING: return set_scheduling(vm, command, engine->now);
    case SIM_COMMAND_SET_BALLOON: return set_balloon(vm, command, engine->now);
    case SIM_COMMAND_SET_MEMORY: return set_memory(vm, command, engine->now);
    case SIM_COMMAND_SET_TAX:
        return hv_host_set_memory_tax(engine->host, (uint32_t)command->tax_ppm, engine->now);
    case SIM_COMMAND_SET_THROTTLE: return set_throttles(vm, command, engine->now);
    case SIM_COMMAND_TYPE:
        return hv_vm_console_write(vm, HV_SLOT_CONSOLE, command->text, strlen(command->text),
                                   engine->now);
    case SIM_COMMAND_SET_LINK_QUALITY:
    case SIM_COMMAND_PLUG_TRUNK:
    case SIM_COMMAND_UNPLUG_TRUNK:
    case SIM_COMMAND_FLOW_ADD:
    case SIM_COMMAND_FLOW_REMOVE:
    case SIM_COMMAND_SET_ACL: return sim_engine_switch_command(engine, command);
    case SIM_COMMAND_COUNT: break;
    }
    g_assert_not_reached();
}

static void run_command(SimEngine *engine, SimDue *due)
{
    g_autofree char *text = command_json(&due->command, engine->now);
    SimEventCommand *event;

    /* First the command, then what comes of it; only then is it known whether it was refused. */
    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, engine->now, Command, text, strlen(text),
                   .number = ++engine->commands_done);
    if (carry_out(engine, &due->command))
        return;
    event = sim_trace_last_pending(engine->trace, SIM_SOURCE_WORLD, SIM_EVENT_COMMAND);
    if (event)
        event->refused = true;
}

void sim_engine_schedule_command(SimEngine *engine, const SimCommand *command)
{
    SimDue *due = sim_engine_due_external(engine, command->at_ns, run_command);

    sim_command_copy(&due->command, command);
    due->scripted = true;
}

uint64_t sim_engine_command(SimEngine *engine, const SimCommand *command)
{
    SimCommand timed = *command;

    timed.at_ns = MAX(command->at_ns, sim_engine_command_time(engine));
    sim_engine_schedule_command(engine, &timed);
    return timed.at_ns;
}
