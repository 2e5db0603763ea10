/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moments.c: a table from event type to a function that says what happened, with
 * how many of the kind are told. The names come from a model folded alongside. */
#include "sim/export/moments.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "netsim/proto/dissect.h"
#include "sim/export/moments-private.h"
#include "sim/export/words.h"
#include "sim/model/model.h"
#include "sim/scenario/scenario.h"

static void tell(SimTelling *telling, const SimRecord *record, char *who, char *text)
{
    const SimMoment moment = {record->time, who, text};

    g_array_append_val(telling->moments, moment);
}

static char *vm_name(const SimTelling *telling, unsigned number)
{
    const SimModelVm *vm = sim_model_vm(telling->model, number);

    return vm ? g_strdup_printf("vm:%s", vm->name) : g_strdup_printf("vm %u", number);
}

static char *network_name(const SimTelling *telling, unsigned number)
{
    const SimModelNetwork *network = sim_model_network(telling->model, number);

    return network ? g_strdup(network->name) : g_strdup_printf("network %u", number);
}

/* Whose cable a switch port is, or whose port. */
static char *port_name(const SimTelling *telling, uint32_t number)
{
    const SimModelPort *port = sim_model_port(telling->model, number);
    bool is_switch = port && !strcmp(port->kind, "switch") && port->peer != SIM_MODEL_NO_PORT;
    const SimModelPort *peer = is_switch ? sim_model_port(telling->model, port->peer) : NULL;

    if (peer && !strcmp(peer->kind, "uplink"))
        return g_strdup("the uplink");
    const SimModelSwitch *sw =
        peer ? sim_model_switch(telling->model, peer->network, peer->part) : NULL;
    if (sw)
        return g_strdup_printf("the cable to %s (port %u)", sw->name, port->number);
    return sim_model_port_name(telling->model, is_switch ? port->peer : number);
}

/* The switch that a port belongs to: "s1", or the network's name where it has but one. */
static char *switch_name(const SimTelling *telling, uint32_t number)
{
    const SimModelPort *port = sim_model_port(telling->model, number);
    const SimModelSwitch *sw =
        port ? sim_model_switch(telling->model, port->network, port->part) : NULL;

    return sw ? g_strdup(sw->name) : network_name(telling, port ? port->network : SIM_NONE);
}

static char *blob_text(const SimRecord *record)
{
    return g_utf8_make_valid((const char *)record->blob, record->blob_size);
}

/* The same for the other files of moments. */

void sim_tell(SimTelling *telling, const SimRecord *record, char *who, char *text)
{
    tell(telling, record, who, text);
}

char *sim_blob_text(const SimRecord *record)
{
    return blob_text(record);
}

char *sim_moment_vm(const SimTelling *telling, unsigned number)
{
    return vm_name(telling, number);
}

static void tell_vm_state(SimTelling *telling, const SimRecord *record)
{
    const SimEventVmState *event = SIM_FIELDS(record, VmState);
    const char *state = sim_name(SIM_NAMES(VmState), event->to);
    g_autofree char *meaning =
        g_strdup(sim_enum_Why.values[MIN(event->why, SIM_WHY_COUNT)].meaning);

    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf("%s %s%s%s%s", event->to == SIM_VM_CRASHED ? "has" : "is", state,
                         event->to == SIM_VM_RUNNING ? "" : " (",
                         event->to == SIM_VM_RUNNING || !meaning ? "" : meaning,
                         event->to == SIM_VM_RUNNING ? "" : ")"));
}

static void tell_program_exit(SimTelling *telling, const SimRecord *record)
{
    const SimEventProgramExit *event = SIM_FIELDS(record, ProgramExit);

    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf("program ends with exit code %d", (int32_t)event->code));
}

static void tell_guest_fault(SimTelling *telling, const SimRecord *record)
{
    const SimEventGuestFault *event = SIM_FIELDS(record, GuestFault);
    g_autofree char *text = blob_text(record);
    g_auto(GStrv) parts = g_strsplit(text, "\n", 2);

    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf("%s: %s at 0x%" PRIx64 "%s%s", event->fatal ? "crash" : "program fault",
                         parts[0] ? parts[0] : "", event->rip, parts[0] && parts[1] ? " in " : "",
                         parts[0] && parts[1] ? parts[1] : ""));
}

static const char *word(json_object *command, const char *key)
{
    json_object *value = json_object_object_get(command, key);

    return value ? json_object_get_string(value) : "";
}

/* "give vm:a cap 50.0000%, weight 100" */
static char *sched_words(json_object *command, const char *vm)
{
    GString *text = g_string_new(NULL);
    json_object *vcpu = json_object_object_get(command, "vcpu");
    const char *comma = " ";

    g_string_printf(text, "give vm:%s", vm);
    if (vcpu)
        g_string_append_printf(text, " (vCPU %s)", json_object_get_string(vcpu));
    for (unsigned i = 0; sim_sched_words[i]; i++)
        if (json_object_object_get(command, sim_sched_words[i])) {
            g_string_append_printf(text, "%s%s %s", comma, sim_sched_words[i],
                                   word(command, sim_sched_words[i]));
            comma = ", ";
        }
    return g_string_free(text, FALSE);
}

/* "give vm:a memory: shares 2000, limit 1024KiB" */
static char *memory_words(json_object *command, const char *vm)
{
    static const char *const keys[] = {"shares", "reservation", "limit"};
    GString *text = g_string_new(NULL);
    const char *comma = ": ";

    g_string_printf(text, "give vm:%s memory", vm);
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
        if (json_object_object_get(command, keys[i])) {
            g_string_append_printf(text, "%s%s %s", comma, keys[i], word(command, keys[i]));
            comma = ", ";
        }
    return g_string_free(text, FALSE);
}

/* A command in words; NULL: not one that is known here. */
static char *command_words(json_object *command)
{
    const char *what = word(command, "do"), *vm = word(command, "vm");

    if (!strcmp(what, "ping")) {
        uint64_t count = json_object_get_uint64(json_object_object_get(command, "count"));
        g_autofree char *times =
            count == 1 ? g_strdup("") : g_strdup_printf(" %" PRIu64 " times", count);

        return g_strdup_printf("ping %s from %s%s by %s", word(command, "to"),
                               word(command, "from"), times, word(command, "protocol"));
    }
    if (!strcmp(what, "connect"))
        return g_strdup_printf("connect to port %s of %s from %s", word(command, "port"),
                               word(command, "to"), word(command, "from"));
    if (!strcmp(what, "forward-add")) {
        json_object *rule = json_object_object_get(command, "rule");

        return g_strdup_printf("add forward rule %s to %s: %s port %s of the host leads to port %s",
                               word(rule, "name"), word(command, "network"), word(rule, "protocol"),
                               word(rule, "host_port"), word(rule, "guest_port"));
    }
    if (!strcmp(what, "forward-remove"))
        return g_strdup_printf("remove forward rule %s from %s", word(command, "name"),
                               word(command, "network"));
    if (!strcmp(what, "set-mode"))
        return g_strdup_printf("wire %s anew, by mode %s", word(command, "network"),
                               word(command, "mode"));
    if (!strcmp(what, "plug"))
        return g_strdup_printf("plug a cable into NIC %s of vm:%s", word(command, "nic"), vm);
    if (!strcmp(what, "unplug"))
        return g_strdup_printf("unplug the cable of NIC %s of vm:%s", word(command, "nic"), vm);
    if (!strcmp(what, "plug-trunk") || !strcmp(what, "unplug-trunk"))
        return g_strdup_printf("%s cable %s of trunk %s", *what == 'p' ? "plug in" : "unplug",
                               word(command, "cable"), word(command, "trunk"));
    if (!strcmp(what, "flow-remove"))
        return g_strdup_printf("remove the flow %s", word(command, "name"));
    if (!strcmp(what, "flow-add"))
        return g_strdup_printf("add the flow %s",
                               word(json_object_object_get(command, "flow"), "name"));
    if (!strcmp(what, "set-acl"))
        return g_strdup_printf("set the access lists of NIC %s of vm:%s", word(command, "nic"), vm);
    if (!strcmp(what, "set-weight"))
        return g_strdup_printf("give vm:%s the weight %s", vm, word(command, "weight"));
    if (!strcmp(what, "set-throttle"))
        return g_strdup_printf("limit what vm:%s may ask of the hypervisor", vm);
    if (!strcmp(what, "set-scheduling"))
        return sched_words(command, vm);
    if (!strcmp(what, "set-memory"))
        return memory_words(command, vm);
    if (!strcmp(what, "set-tax"))
        return g_strdup_printf("tax idle memory by %s", word(command, "tax"));
    if (!strcmp(what, "set-balloon") && !json_object_object_get(command, "size"))
        return g_strdup_printf("let the memory policy have vm:%s's balloon again", vm);
    if (!strcmp(what, "set-balloon"))
        return g_strdup_printf("ask vm:%s for %s of its memory", vm, word(command, "size"));
    if (!strcmp(what, "type"))
        return g_strdup_printf(
            "type %s on the console of vm:%s",
            json_object_to_json_string_ext(json_object_object_get(command, "text"),
                                           JSON_C_TO_STRING_NOSLASHESCAPE),
            vm);
    return *what && *vm ? g_strdup_printf("%s vm:%s", what, vm) : NULL;
}

static void tell_command(SimTelling *telling, const SimRecord *record)
{
    const SimEventCommand *event = SIM_FIELDS(record, Command);
    g_autofree char *text = blob_text(record);
    json_object *command = json_tokener_parse(text);
    g_autofree char *words =
        json_object_is_type(command, json_type_object) ? command_words(command) : NULL;

    tell(telling, record, g_strdup("command"),
         g_strdup_printf("%s%s", words ? words : text,
                         event->refused ? " (refused: makes no sense in this state)" : ""));
    json_object_put(command);
}

static void tell_reach(SimTelling *telling, const SimRecord *record)
{
    const SimEventReach *event = SIM_FIELDS(record, Reach);
    g_autofree char *text = sim_blob_text(record);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 2);
    g_auto(GStrv) names = lines[0] ? g_strsplit(lines[0], " ", 2) : NULL;
    bool icmp = event->protocol == SIM_PROBE_PROTOCOL_ICMP;
    g_autofree char *port = icmp ? g_strdup("") : g_strdup_printf(" port %u", event->port);

    if (names && names[0] && names[1])
        sim_tell(telling, record, g_strdup("probe"),
                 g_strdup_printf("%s %s %s by %s%s: %s", names[0],
                                 event->reached ? "reaches" : "does not reach", names[1],
                                 sim_name(SIM_NAMES(ProbeProtocol), event->protocol), port,
                                 lines[1] ? lines[1] : ""));
}

static void tell_frame_sent(SimTelling *telling, const SimRecord *record)
{
    const SimEventFrameSent *event = SIM_FIELDS(record, FrameSent);
    NetDissection frame;

    net_dissect_kept(record->blob, record->blob_size, event->length, &frame);
    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf("sends frame %" PRIu64 ": %s, %s", event->frame, frame.protocol,
                         frame.info));
}

static void tell_learned(SimTelling *telling, const SimRecord *record)
{
    const SimEventMacLearned *event = SIM_FIELDS(record, MacLearned);
    g_autofree char *port = port_name(telling, event->port);
    g_autoptr(GString) mac = g_string_new(NULL);

    for (int shift = 40; shift >= 0; shift -= 8)
        g_string_append_printf(mac, "%s%02x", shift == 40 ? "" : ":",
                               (unsigned)(event->mac >> shift & 0xff));
    tell(telling, record, switch_name(telling, event->port),
         g_strdup_printf("the switch learns that %s has the address %s", port, mac->str));
}

static void tell_flood(SimTelling *telling, const SimRecord *record)
{
    const SimEventSwitchFlood *event = SIM_FIELDS(record, SwitchFlood);

    tell(telling, record, switch_name(telling, event->in_port),
         g_strdup_printf("the switch floods frame %" PRIu64 " to %u port%s", event->frame,
                         event->ports, event->ports == 1 ? "" : "s"));
}

static void tell_drop(SimTelling *telling, unsigned network, const SimRecord *record,
                      uint64_t frame, unsigned why)
{
    tell(telling, record, network_name(telling, network),
         g_strdup_printf("frame %" PRIu64 " is dropped: %s (%s)", frame,
                         sim_name(SIM_NAMES(NetDrop), why),
                         sim_enum_NetDrop.values[MIN(why, SIM_NET_DROP_COUNT - 1)].meaning));
}

static void tell_switch_drop(SimTelling *telling, const SimRecord *record)
{
    const SimEventSwitchDrop *event = SIM_FIELDS(record, SwitchDrop);

    tell_drop(telling, event->network, record, event->frame, event->why);
}

static void tell_link_drop(SimTelling *telling, const SimRecord *record)
{
    const SimEventLinkDrop *event = SIM_FIELDS(record, LinkDrop);

    tell_drop(telling, event->network, record, event->frame, event->why);
}

static void tell_egress_drop(SimTelling *telling, const SimRecord *record)
{
    const SimEventEgressDrop *event = SIM_FIELDS(record, EgressDrop);
    g_autofree char *port = port_name(telling, event->port);

    tell(telling, record, switch_name(telling, event->in_port),
         g_strdup_printf("frame %" PRIu64 " is not sent to %s: %s (%s)", event->frame, port,
                         sim_name(SIM_NAMES(NetDrop), event->why),
                         sim_enum_NetDrop.values[MIN(event->why, SIM_NET_DROP_COUNT - 1)].meaning));
}

static void tell_flow_added(SimTelling *telling, const SimRecord *record)
{
    g_autofree char *text = blob_text(record);
    g_auto(GStrv) parts = g_strsplit(text, "\n", 2);

    tell(telling, record, network_name(telling, SIM_FIELDS(record, FlowAdded)->network),
         g_strdup_printf("new flow %s: %s", parts[0] ? parts[0] : "",
                         parts[0] && parts[1] ? parts[1] : ""));
}

static void tell_flow_match(SimTelling *telling, const SimRecord *record)
{
    const SimEventFlowMatch *event = SIM_FIELDS(record, FlowMatch);

    tell(telling, record, switch_name(telling, event->in_port),
         g_strdup_printf("flow %u decides on frame %" PRIu64, event->flow, event->frame));
}

static void tell_controller(SimTelling *telling, const SimRecord *record)
{
    const SimEventToController *event = SIM_FIELDS(record, ToController);

    tell(telling, record, switch_name(telling, event->in_port),
         g_strdup_printf("the controller is asked about frame %" PRIu64, event->frame));
}

static void tell_table_full(SimTelling *telling, const SimRecord *record)
{
    tell(telling, record, switch_name(telling, SIM_FIELDS(record, MacTableFull)->port),
         g_strdup("the MAC table is full"));
}

static void tell_tree_port(SimTelling *telling, const SimRecord *record)
{
    const SimEventTreePort *event = SIM_FIELDS(record, TreePort);
    g_autofree char *port = port_name(telling, event->port);

    if (event->to == SIM_TREE_BLOCKING || event->to == SIM_TREE_FORWARDING)
        tell(telling, record, switch_name(telling, event->port),
             g_strdup_printf("%s is %s now, as %s port", port,
                             sim_name(SIM_NAMES(TreeState), event->to),
                             sim_name(SIM_NAMES(TreeRole), event->role)));
}

static void tell_team(SimTelling *telling, const SimRecord *record)
{
    const SimEventTeamActive *event = SIM_FIELDS(record, TeamActive);
    const SimModelPort *port = sim_model_port(telling->model, event->port);

    tell(telling, record, switch_name(telling, event->port),
         g_strdup_printf("the team goes over to the cable at port %u", port ? port->number : 0));
}

static void tell_page(SimTelling *telling, const SimRecord *record)
{
    const SimEventPageMapped *event = SIM_FIELDS(record, PageMapped);

    if (event->demand)
        tell(telling, record, vm_name(telling, event->vm),
             g_strdup_printf("touches page %u and is given page frame %u", event->page,
                             event->frame));
}

static void tell_block(SimTelling *telling, const SimRecord *record)
{
    const SimEventBlockMapped *event = SIM_FIELDS(record, BlockMapped);

    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf("is given the whole block with it: pages %u to %u", event->page,
                         event->page + event->pages - 1));
}

static void tell_block_reclaimed(SimTelling *telling, const SimRecord *record)
{
    const SimEventBlockReclaimed *event = SIM_FIELDS(record, BlockReclaimed);

    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf("loses a whole block: pages %u to %u", event->page,
                         event->page + event->pages - 1));
}

static void tell_received(SimTelling *telling, const SimRecord *record)
{
    const SimEventFrameReceived *event = SIM_FIELDS(record, FrameReceived);

    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf("receives frame %" PRIu64, event->frame));
}

static void tell_job_done(SimTelling *telling, const SimRecord *record)
{
    const SimEventJobDone *event = SIM_FIELDS(record, JobDone);

    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf("the job is done (arrival %" PRIu64 ")", event->release));
}

static void tell_missed(SimTelling *telling, const SimRecord *record)
{
    const SimEventDeadlineMissed *event = SIM_FIELDS(record, DeadlineMissed);

    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf("misses its deadline (arrival %" PRIu64 ")", event->release));
}

static const char *throttle_words(unsigned kind)
{
    return kind == SIM_THROTTLE_EXITS ? "exits" : "device operations";
}

static void tell_throttle_set(SimTelling *telling, const SimRecord *record)
{
    const SimEventThrottleSet *event = SIM_FIELDS(record, ThrottleSet);
    const char *what = throttle_words(event->kind);

    tell(telling, record, vm_name(telling, event->vm),
         event->rate ? g_strdup_printf("may have %u %s a second, %u at once", event->rate, what,
                                       event->burst)
                     : g_strdup_printf("may have as many %s as it wants", what));
}

static void tell_throttled(SimTelling *telling, const SimRecord *record)
{
    const SimEventThrottled *event = SIM_FIELDS(record, Throttled);
    g_autofree char *until = sim_time_words(event->until_ns);

    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf("has had too many %s and must wait until %s", throttle_words(event->kind),
                         until));
}

static void tell_device_error(SimTelling *telling, const SimRecord *record)
{
    const SimEventDeviceError *event = SIM_FIELDS(record, DeviceError);

    tell(telling, record, vm_name(telling, event->vm),
         g_strdup_printf(
             "is refused by the device in slot %u: %s (%s), address 0x%" PRIx64, event->slot,
             sim_name(SIM_NAMES(DeviceErrorKind), event->kind),
             sim_enum_DeviceErrorKind.values[MIN(event->kind, SIM_DEVICE_COUNT - 1)].meaning,
             event->address));
}

static void tell_note(SimTelling *telling, const SimRecord *record)
{
    tell(telling, record, g_strdup("hvlab"), blob_text(record));
}

static void tell_end(SimTelling *telling, const SimRecord *record)
{
    unsigned reason = MIN(SIM_FIELDS(record, RunEnd)->reason, SIM_END_COUNT - 1);

    tell(telling, record, g_strdup("hvlab"),
         g_strdup_printf("the run ends: %s", sim_enum_EndReason.values[reason].meaning));
}

static const struct {
    void (*tell)(SimTelling *telling, const SimRecord *record);
    unsigned most; /* of this type are told */
} tellers[SIM_EVENT_TYPE_COUNT] = {
    [SIM_EVENT_VM_STATE] = {tell_vm_state, 16},
    [SIM_EVENT_PROGRAM_EXIT] = {tell_program_exit, 16},
    [SIM_EVENT_GUEST_FAULT] = {tell_guest_fault, 8},
    [SIM_EVENT_COMMAND] = {tell_command, 16},
    [SIM_EVENT_REACH] = {tell_reach, 16},
    [SIM_EVENT_FRAME_SENT] = {tell_frame_sent, 6},
    [SIM_EVENT_FRAME_RECEIVED] = {tell_received, 4},
    [SIM_EVENT_MAC_LEARNED] = {tell_learned, 8},
    [SIM_EVENT_SWITCH_FLOOD] = {tell_flood, 2},
    [SIM_EVENT_SWITCH_DROP] = {tell_switch_drop, 4},
    [SIM_EVENT_LINK_DROP] = {tell_link_drop, 4},
    [SIM_EVENT_EGRESS_DROP] = {tell_egress_drop, 4},
    [SIM_EVENT_FLOW_ADDED] = {tell_flow_added, 8},
    [SIM_EVENT_FLOW_MATCH] = {tell_flow_match, 6},
    [SIM_EVENT_TO_CONTROLLER] = {tell_controller, 4},
    [SIM_EVENT_MAC_TABLE_FULL] = {tell_table_full, 2},
    [SIM_EVENT_TREE_PORT] = {tell_tree_port, 16},
    [SIM_EVENT_TEAM_ACTIVE] = {tell_team, 8},
    [SIM_EVENT_NAT_NEW] = {sim_tell_nat_new, 8},
    [SIM_EVENT_NAT_DROP] = {sim_tell_nat_drop, 4},
    [SIM_EVENT_NAT_EXPIRED] = {sim_tell_nat_expired, 4},
    [SIM_EVENT_ROUTER_DROP] = {sim_tell_router_drop, 4},
    [SIM_EVENT_DHCP] = {sim_tell_dhcp, 16},
    [SIM_EVENT_DNS] = {sim_tell_dns, 8},
    [SIM_EVENT_ARP_ENTRY] = {sim_tell_arp, 4},
    [SIM_EVENT_PAGE_MAPPED] = {tell_page, 4},
    [SIM_EVENT_BLOCK_MAPPED] = {tell_block, 4},
    [SIM_EVENT_BLOCK_RECLAIMED] = {tell_block_reclaimed, 4},
    [SIM_EVENT_BALLOON_TARGET] = {sim_tell_balloon_target, 8},
    [SIM_EVENT_PAGE_DEFLATED] = {sim_tell_deflated, 4},
    [SIM_EVENT_BALLOON_REFUSED] = {sim_tell_balloon_refused, 4},
    [SIM_EVENT_WORKING_SET] = {sim_tell_working_set, 4},
    [SIM_EVENT_VM_REFUSED] = {sim_tell_vm_refused, 8},
    [SIM_EVENT_DEVICE_ERROR] = {tell_device_error, 4},
    [SIM_EVENT_JOB_DONE] = {tell_job_done, 8},
    [SIM_EVENT_DEADLINE_MISSED] = {tell_missed, 8},
    [SIM_EVENT_THROTTLE_SET] = {tell_throttle_set, 8},
    [SIM_EVENT_THROTTLED] = {tell_throttled, 2},
    [SIM_EVENT_NOTE] = {tell_note, 8},
    [SIM_EVENT_TRACE_LIMIT] = {tell_note, 1},
    [SIM_EVENT_RUN_END] = {tell_end, 1},
};

static void clear_moment(void *data)
{
    SimMoment *moment = data;

    g_free(moment->who);
    g_free(moment->text);
}

/* Loader's pages are not told and so do not count. */
static bool counts(const SimModel *model, const SimRecord *record)
{
    if (record->type == SIM_EVENT_ARP_ENTRY)
        return sim_counts_arp(model, record);
    if (record->type == SIM_EVENT_TREE_PORT)
        return SIM_FIELDS(record, TreePort)->to == SIM_TREE_BLOCKING ||
               SIM_FIELDS(record, TreePort)->to == SIM_TREE_FORWARDING;
    if (record->type == SIM_EVENT_PAGE_DEFLATED)
        return SIM_FIELDS(record, PageDeflated)->used;
    return record->type != SIM_EVENT_PAGE_MAPPED || SIM_FIELDS(record, PageMapped)->demand;
}

GArray *sim_all_moments(SimReader *reader)
{
    g_autoptr(SimModel) model = sim_model_new();
    SimTelling telling = {g_array_new(FALSE, FALSE, sizeof(SimMoment)), model};
    SimCursor cursor = {0};
    SimRecord record;

    g_array_set_clear_func(telling.moments, clear_moment);
    while (telling.moments->len < SIM_MOST_MOMENTS && sim_reader_next(reader, &cursor, &record)) {
        sim_model_apply(model, &record);
        if (tellers[record.type].tell && counts(model, &record) &&
            record.type != SIM_EVENT_PAGE_MAPPED && record.type != SIM_EVENT_BLOCK_MAPPED)
            tellers[record.type].tell(&telling, &record);
    }
    return telling.moments;
}

GArray *sim_moments(SimReader *reader, uint64_t *ret_left_out)
{
    g_autoptr(SimModel) model = sim_model_new();
    SimTelling telling = {g_array_new(FALSE, FALSE, sizeof(SimMoment)), model};
    unsigned told[SIM_EVENT_TYPE_COUNT] = {0};
    SimCursor cursor = {0};
    SimRecord record;

    *ret_left_out = 0;
    g_array_set_clear_func(telling.moments, clear_moment);
    while (sim_reader_next(reader, &cursor, &record)) {
        sim_model_apply(model, &record);
        if (!tellers[record.type].tell || !counts(model, &record))
            continue;
        if (told[record.type]++ < tellers[record.type].most)
            tellers[record.type].tell(&telling, &record);
        else
            ++*ret_left_out;
    }
    return telling.moments;
}
