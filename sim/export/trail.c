/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trail.c: what happened to the frames of a probe, as sentences; see trail.h.
 *
 * One function per type of event, in a table, as in moments.c. A model is folded
 * alongside, for names and for what is where. Who made a frame is seen from the port
 * where it first enters a cable; only then is it told of.
 */
#include "sim/export/trail.h"

#include <inttypes.h>
#include <string.h>

#include "netsim/proto/dissect.h"
#include "sim/export/trail-private.h"

typedef struct {
    SimTrail *trail;
    SimModel *model;
    SimModelProbe probe;
    SimProbeFrames frames;
    SimWires *wires;
    GHashTable *fresh;    /* frame id -> SimRecord of a frame that has not entered a cable yet */
    GHashTable *made;     /* the same of the probe's frames, for good */
    GHashTable *asked;    /* machines (sim_machine_of()) that a request has come to */
    GHashTable *involved; /* and those that sent one of the frames */
    GHashTable *heard;    /* an ARP question that matters has come to them */
    GHashTable *rows;     /* part << 32 | number of a NAT's row -> it, in words */
    GHashTable *rules;    /* part << 32 | number of a forward rule -> its name */
    uint64_t arrived;     /* the frame by which the request arrived */
    bool under_way;       /* the probe has been sent */
} SimTelling;

static void clear_hop(void *data)
{
    SimHop *hop = data;

    g_free(hop->where);
    g_free(hop->what);
    g_free(hop->because);
}

/* Takes the texts over. */
static void tell(SimTelling *telling, const SimRecord *record, SimHopKind kind, uint64_t frame,
                 char *where, char *what, char *because, bool end)
{
    const SimHop hop = {kind, record->time, frame, where, what, because, end};

    g_array_append_val(telling->trail->hops, hop);
}

/* ---- Frames come into being ------------------------------------------------------ */

static void put_number(GHashTable *set, uint64_t number)
{
    g_hash_table_add(set, g_memdup2(&number, sizeof(number)));
}

static void put_record(GHashTable *table, uint64_t frame, const SimRecord *record)
{
    g_hash_table_insert(table, g_memdup2(&frame, sizeof(frame)),
                        g_memdup2(record, sizeof(*record)));
}

static char *summary(const uint8_t *bytes, size_t length)
{
    g_autofree NetDissection *frame = g_new(NetDissection, 1);

    net_dissect(bytes, length, frame);
    return g_strdup_printf("%s %s > %s: %s", frame->protocol, frame->source, frame->destination,
                           frame->info);
}

/* What is sent again says nothing new. */
static bool was_told(const SimTelling *telling, SimHopKind kind, const char *where,
                     const char *says)
{
    for (guint i = 0; i < telling->trail->hops->len; i++) {
        const SimHop *hop = &g_array_index(telling->trail->hops, SimHop, i);
        if (hop->kind == kind && !strcmp(hop->where, where) && g_str_has_suffix(hop->what, says))
            return true;
    }
    return false;
}

static char *reason(const SimTelling *telling, uint64_t parent, const SimRecord *record,
                    SimHopKind kind, uint32_t port)
{
    if (kind == SIM_HOP_ARP)
        return NULL;
    return sim_passes_frames(telling->model, port)
               ? sim_reason_to_change(telling->model, port,
                                      g_hash_table_lookup(telling->made, &parent), record)
               : sim_reason_to_send(telling->wires, telling->model, port, record->blob,
                                    record->blob_size);
}

/* port: where it enters a cable for the first time. record: of the time when it was made. */
static void add_frame(SimTelling *telling, const SimRecord *record, uint64_t frame, uint64_t parent,
                      uint32_t port)
{
    const SimModel *model = telling->model;
    const uint64_t machine = sim_machine_of(model, port);
    const SimMaker maker = {
        .is_asker = parent == 0 && sim_is_end(model, port, telling->probe.from_end),
        .was_asked = g_hash_table_contains(telling->asked, &machine),
        .is_involved = g_hash_table_contains(telling->involved, &machine),
        .heard_arp = g_hash_table_contains(telling->heard, &machine),
    };
    SimHopKind kind;
    NetEthernet ethernet;

    if (!sim_probe_frames_add(&telling->frames, frame, parent, record->blob, record->blob_size,
                              maker, &kind))
        return;
    put_record(telling->made, frame, record);
    if (!sim_passes_frames(model, port)) {
        put_number(telling->involved, machine);
        if (net_ethernet_parse(record->blob, record->blob_size, &ethernet) > 0)
            sim_probe_frames_involve(&telling->frames, sim_mac_number(ethernet.source));
    }
    if (parent != 0 && parent == telling->arrived) { /* it was only on its way through */
        telling->trail->arrived = false;
        telling->arrived = 0;
    }

    g_autofree char *says = summary(record->blob, record->blob_size);
    g_autofree char *where = sim_place_name(model, port);

    if (parent == 0 && was_told(telling, kind, where, says))
        return;
    tell(telling, record, kind, frame, g_steal_pointer(&where),
         g_strdup_printf(parent ? "sends it on as %s" : "sends %s", says),
         reason(telling, parent, record, kind, port), false);
}

static void frame_sent(SimTelling *telling, const SimRecord *record)
{
    const SimEventFrameSent *event = SIM_FIELDS(record, FrameSent);
    const SimModelNic *nic = sim_model_nic(telling->model, event->vm, event->nic);

    if (nic)
        add_frame(telling, record, event->frame, 0, nic->port);
}

static void frame_new(SimTelling *telling, const SimRecord *record)
{
    put_record(telling->fresh, SIM_FIELDS(record, FrameNew)->frame, record);
}

/* A frame is at the port of whoever made it. */
static void leaves(SimTelling *telling, uint64_t frame, uint32_t port)
{
    const SimRecord *record = g_hash_table_lookup(telling->fresh, &frame);
    NetEthernet ethernet;

    if (!record)
        return;
    if (!sim_passes_frames(telling->model, port) &&
        net_ethernet_parse(record->blob, record->blob_size, &ethernet) > 0)
        sim_wires_see(telling->wires, port, sim_mac_number(ethernet.source));
    if (telling->under_way)
        add_frame(telling, record, frame, SIM_FIELDS(record, FrameNew)->parent, port);
    g_hash_table_remove(telling->fresh, &frame);
}

/* Whom it is on its way to will have been asked, or has heard of an ARP question. */
static void comes_to(SimTelling *telling, uint64_t frame, uint32_t from, uint32_t to)
{
    const SimRecord *record = g_hash_table_lookup(telling->made, &frame);
    const uint64_t machine = sim_machine_of(telling->model, to);
    NetEthernet ethernet;
    SimHopKind kind;

    if (!record || !sim_probe_frames_find(&telling->frames, frame, &kind) ||
        sim_passes_frames(telling->model, to) ||
        net_ethernet_parse(record->blob, record->blob_size, &ethernet) == 0)
        return;
    if (kind == SIM_HOP_ARP)
        put_number(telling->heard, machine);
    else if (sim_wires_find(telling->wires, from, sim_mac_number(ethernet.destination)) == to)
        put_number(telling->involved, machine);
    if (kind == SIM_HOP_REQUEST)
        put_number(telling->asked, machine);
}

static void link_enter(SimTelling *telling, const SimRecord *record)
{
    const SimEventLinkEnter *event = SIM_FIELDS(record, LinkEnter);

    leaves(telling, event->frame, event->from);
    comes_to(telling, event->frame, event->from, event->to);
}

/* ---- Switches and cables ------------------------------------------------------------ */

static void switch_forward(SimTelling *telling, const SimRecord *record)
{
    const SimEventSwitchForward *event = SIM_FIELDS(record, SwitchForward);
    g_autofree char *to = sim_place_beyond(telling->model, event->port);
    SimHopKind kind;

    if (sim_probe_frames_find(&telling->frames, event->frame, &kind))
        tell(telling, record, kind, event->frame, sim_place_name(telling->model, event->port),
             g_strdup_printf("forwards it to %s", to),
             g_strdup_printf("MAC table: the destination lives at the port of %s", to), false);
}

/* Why a switch floods a frame; g_free(). */
static char *flood_reason(const SimTelling *telling, uint64_t frame, uint32_t in_port)
{
    const SimRecord *record = g_hash_table_lookup(telling->made, &frame);
    const SimModelPort *port = sim_model_port(telling->model, in_port);
    const SimModelSwitch *sw =
        port ? sim_model_switch(telling->model, port->network, port->part) : NULL;
    NetEthernet ethernet = {0};
    g_autofree char *vlan = NULL;

    if (record)
        net_ethernet_parse(record->blob, record->blob_size, &ethernet);
    if (sw && sw->vlans)
        vlan = g_strdup_printf(" in VLAN %u",
                               ethernet.tag_count > 0 ? ethernet.tags[0].vlan : port->vlan);
    return g_strdup_printf(ethernet.destination.byte[0] & 1
                               ? "its destination is everybody%s (broadcast)"
                               : "MAC table: no row%s has the destination",
                           vlan ? vlan : "");
}

static void switch_flood(SimTelling *telling, const SimRecord *record)
{
    const SimEventSwitchFlood *event = SIM_FIELDS(record, SwitchFlood);
    SimHopKind kind;

    if (sim_probe_frames_find(&telling->frames, event->frame, &kind))
        tell(telling, record, kind, event->frame, sim_place_name(telling->model, event->in_port),
             g_strdup_printf("floods it to %u port%s", event->ports, event->ports == 1 ? "" : "s"),
             flood_reason(telling, event->frame, event->in_port), false);
}

/* For who looks on. */
static void switch_copy(SimTelling *telling, const SimRecord *record)
{
    const SimEventSwitchCopy *event = SIM_FIELDS(record, SwitchCopy);
    g_autofree char *to = sim_place_beyond(telling->model, event->port);
    SimHopKind kind;

    if (sim_probe_frames_find(&telling->frames, event->frame, &kind))
        tell(telling, record, kind, event->frame, sim_place_name(telling->model, event->in_port),
             g_strdup_printf("copies it to %s", to),
             g_strdup(sim_enum_CopyWhy.values[MIN(event->why, SIM_COPY_COUNT - 1)].meaning), false);
}

static void flow_match(SimTelling *telling, const SimRecord *record)
{
    const SimEventFlowMatch *event = SIM_FIELDS(record, FlowMatch);
    const SimModelPort *port = sim_model_port(telling->model, event->in_port);
    const SimModelSwitch *sw =
        port ? sim_model_switch(telling->model, port->network, port->part) : NULL;
    SimHopKind kind;

    if (!sw || !sim_probe_frames_find(&telling->frames, event->frame, &kind))
        return;
    for (guint i = 0; i < sw->flows->len; i++) {
        const SimModelFlow *flow = &g_array_index(sw->flows, SimModelFlow, i);
        if (flow->flow == event->flow)
            tell(telling, record, kind, event->frame,
                 sim_place_name(telling->model, event->in_port), g_strdup("looks it up"),
                 g_strdup_printf("flow table, entry %s: %s", flow->name, flow->text), false);
    }
}

static void to_controller(SimTelling *telling, const SimRecord *record)
{
    const SimEventToController *event = SIM_FIELDS(record, ToController);
    SimHopKind kind;

    if (sim_probe_frames_find(&telling->frames, event->frame, &kind))
        tell(telling, record, kind, event->frame, sim_place_name(telling->model, event->in_port),
             g_strdup("hands it to its controller"), NULL, true);
}

/* A wireless adapter has one MAC address for all, which the access point knows. */
static void wifi_rewrite(SimTelling *telling, const SimRecord *record)
{
    const SimEventWifiRewrite *event = SIM_FIELDS(record, WifiRewrite);
    g_autofree char *address = sim_trail_ip(event->address);
    bool outbound = event->direction == SIM_NAT_OUTBOUND;
    SimHopKind kind;

    if (sim_probe_frames_find(&telling->frames, event->frame, &kind))
        tell(telling, record, kind, event->frame, sim_place_name(telling->model, event->port),
             g_strdup(outbound ? "puts the host's MAC address in place of the VM's"
                               : "puts the VM's MAC address in place of the host's"),
             outbound ? g_strdup("wireless bridge: the access point takes frames from the host's "
                                 "address only")
                      : g_strdup_printf(
                            "wireless bridge: whose it is it knows by the IP address %s", address),
             false);
}

static void drop(SimTelling *telling, const SimRecord *record, uint64_t frame, uint32_t port,
                 unsigned why)
{
    SimHopKind kind;

    if (sim_probe_frames_find(&telling->frames, frame, &kind))
        tell(telling, record, kind, frame, sim_place_name(telling->model, port),
             g_strdup_printf("drops it (%s)", sim_name(SIM_NAMES(NetDrop), why)),
             g_strdup(sim_enum_NetDrop.values[MIN(why, SIM_NET_DROP_COUNT - 1)].meaning), true);
}

static void switch_drop(SimTelling *telling, const SimRecord *record)
{
    const SimEventSwitchDrop *event = SIM_FIELDS(record, SwitchDrop);

    drop(telling, record, event->frame, event->in_port, event->why);
}

static void link_drop(SimTelling *telling, const SimRecord *record)
{
    const SimEventLinkDrop *event = SIM_FIELDS(record, LinkDrop);

    leaves(telling, event->frame, event->from);
    drop(telling, record, event->frame, event->from, event->why);
}

/* ---- NATs and routers --------------------------------------------------------------- */

static uint64_t part_key(const SimTelling *telling, uint32_t port_number, uint32_t number)
{
    const SimModelPort *port = sim_model_port(telling->model, port_number);

    return (uint64_t)(port ? port->part : UINT32_MAX) << 32 | number;
}

static void put(GHashTable *table, uint64_t key, char *text)
{
    g_hash_table_insert(table, g_memdup2(&key, sizeof(key)), text);
}

/* "10.0.2.15:49152"; of ICMP echo the port is the identifier. */
static char *socket_text(uint32_t address, uint16_t port)
{
    g_autofree char *ip = sim_trail_ip(address);

    return g_strdup_printf("%s:%u", ip, port);
}

static void nat_new(SimTelling *telling, const SimRecord *record)
{
    const SimEventNatNew *event = SIM_FIELDS(record, NatNew);
    g_autofree char *inside = socket_text(event->inside, event->inside_port);
    g_autofree char *outside = socket_text(event->outside, event->outside_port);
    g_autofree char *peer = sim_trail_ip(event->outside_peer);

    put(telling->rows, part_key(telling, event->port, event->row),
        g_strdup_printf("%s inside is %s outside, with %s", inside, outside, peer));
}

static void nat_rule(SimTelling *telling, const SimRecord *record)
{
    const SimEventNatRule *event = SIM_FIELDS(record, NatRule);

    put(telling->rules, part_key(telling, event->port, event->rule),
        g_strndup((const char *)record->blob, record->blob_size));
}

static void nat_rewrite(SimTelling *telling, const SimRecord *record)
{
    const SimEventNatRewrite *event = SIM_FIELDS(record, NatRewrite);
    uint64_t row_key = part_key(telling, event->port, event->row);
    uint64_t rule_key = part_key(telling, event->port, event->rule);
    const char *row = g_hash_table_lookup(telling->rows, &row_key);
    const char *rule =
        event->rule != SIM_NONE ? g_hash_table_lookup(telling->rules, &rule_key) : NULL;
    SimHopKind kind;

    if (sim_probe_frames_find(&telling->frames, event->frame, &kind))
        tell(telling, record, kind, event->frame, sim_place_name(telling->model, event->port),
             g_strdup(event->direction == SIM_NAT_OUTBOUND ? "translates it on its way out"
                                                           : "translates it on its way in"),
             g_strdup_printf("NAT table, row %u%s%s: %s", event->row,
                             rule ? ", by forward rule " : "", rule ? rule : "",
                             row ? row : "not recorded"),
             false);
}

static void nat_drop(SimTelling *telling, const SimRecord *record)
{
    const SimEventNatDrop *event = SIM_FIELDS(record, NatDrop);

    drop(telling, record, event->frame, event->port, event->why);
}

static void router_drop(SimTelling *telling, const SimRecord *record)
{
    const SimEventRouterDrop *event = SIM_FIELDS(record, RouterDrop);

    drop(telling, record, event->frame, event->port, event->why);
}

static void egress_drop(SimTelling *telling, const SimRecord *record)
{
    const SimEventEgressDrop *event = SIM_FIELDS(record, EgressDrop);

    leaves(telling, event->frame, event->port);
    drop(telling, record, event->frame, event->port, event->why);
}

/* ---- Ends ----------------------------------------------------------------------------- */

/* A frame is at a machine: is it the end of the way there, or of the way back? */
static void frame_delivered(SimTelling *telling, const SimRecord *record)
{
    const SimEventFrameDelivered *event = SIM_FIELDS(record, FrameDelivered);
    SimHopKind kind;

    if (!sim_probe_frames_find(&telling->frames, event->frame, &kind))
        return;
    if (kind == SIM_HOP_REQUEST && sim_is_end(telling->model, event->port, telling->probe.to_end)) {
        telling->trail->arrived = true;
        telling->arrived = event->frame;
    }
    if (kind == SIM_HOP_ANSWER && sim_is_end(telling->model, event->port, telling->probe.from_end))
        telling->trail->answered = telling->trail->arrived;
    if (kind != SIM_HOP_ARP)
        tell(telling, record, kind, event->frame, sim_place_name(telling->model, event->port),
             g_strdup("receives it"), NULL, false);
}

static void frame_dropped(SimTelling *telling, const SimRecord *record)
{
    const SimEventFrameDropped *event = SIM_FIELDS(record, FrameDropped);
    const SimModelVm *vm = sim_model_vm(telling->model, event->vm);
    SimHopKind kind;

    if (vm && sim_probe_frames_find(&telling->frames, event->frame, &kind))
        tell(telling, record, kind, event->frame, g_strdup_printf("vm:%s", vm->name),
             g_strdup_printf("its NIC drops it (%s)", sim_name(SIM_NAMES(RxDrop), event->why)),
             g_strdup(sim_enum_RxDrop.values[MIN(event->why, SIM_RX_DROP_COUNT - 1)].meaning),
             true);
}

static void probe_seen(SimTelling *telling, const SimRecord *record)
{
    const SimEventProbeSeen *event = SIM_FIELDS(record, ProbeSeen);
    g_autofree char *from = sim_trail_ip(event->address);
    char *who = NULL;

    if (event->probe != telling->probe.probe)
        return;
    if (event->by_kind == SIM_AT_VM) {
        const SimModelVm *vm = sim_model_vm(telling->model, event->by);
        who = vm ? g_strdup_printf("vm:%s", vm->name) : NULL;
    }
    for (guint i = 0; !who && i < telling->model->endpoints->len; i++) {
        const SimModelEndpoint *endpoint =
            &g_array_index(telling->model->endpoints, SimModelEndpoint, i);
        if (endpoint->kind == event->by_kind && endpoint->number == event->by)
            who = g_strdup(endpoint->name);
    }
    tell(telling, record, SIM_HOP_WORD, 0, who ? who : g_strdup("?"),
         g_strdup_printf("confirms the probe's nonce; it came from %s", from), NULL, false);
}

/* What came back: the answer, or something else instead. */
static char *result_text(const SimEventProbeResult *event)
{
    g_autofree char *by = sim_trail_ip(event->by);
    g_autofree char *error =
        g_ascii_strdown(net_icmp_error_name(event->icmp_type, event->icmp_code), -1);

    switch (event->outcome) {
    case SIM_PROBE_REPLY:
        return g_strdup_printf("has its answer after %" PRIu64 ".%03u ms", event->rtt_ns / 1000000,
                               (unsigned)(event->rtt_ns / 1000 % 1000));
    case SIM_PROBE_UNREACHABLE: return g_strdup_printf("gives up: %s answered: %s", by, error);
    case SIM_PROBE_NO_ARP_ANSWER: return g_strdup_printf("gives up: nobody answers ARP for %s", by);
    default:
        return g_strdup_printf(
            "gives up: %s",
            sim_enum_ProbeOutcome.values[MIN(event->outcome, SIM_PROBE_COUNT - 1)].meaning);
    }
}

static void probe_result(SimTelling *telling, const SimRecord *record)
{
    const SimEventProbeResult *event = SIM_FIELDS(record, ProbeResult);

    if (event->probe == telling->probe.probe)
        tell(telling, record, SIM_HOP_WORD, 0, g_strdup(telling->probe.from), result_text(event),
             NULL, event->outcome != SIM_PROBE_REPLY);
}

typedef void (*SimTeller)(SimTelling *telling, const SimRecord *record);
static const SimTeller tellers[SIM_EVENT_TYPE_COUNT] = {
    [SIM_EVENT_FRAME_SENT] = frame_sent,
    [SIM_EVENT_FRAME_NEW] = frame_new,
    [SIM_EVENT_LINK_ENTER] = link_enter,
    [SIM_EVENT_SWITCH_FORWARD] = switch_forward,
    [SIM_EVENT_SWITCH_FLOOD] = switch_flood,
    [SIM_EVENT_SWITCH_DROP] = switch_drop,
    [SIM_EVENT_SWITCH_COPY] = switch_copy,
    [SIM_EVENT_FLOW_MATCH] = flow_match,
    [SIM_EVENT_TO_CONTROLLER] = to_controller,
    [SIM_EVENT_WIFI_REWRITE] = wifi_rewrite,
    [SIM_EVENT_EGRESS_DROP] = egress_drop,
    [SIM_EVENT_LINK_DROP] = link_drop,
    [SIM_EVENT_NAT_NEW] = nat_new,
    [SIM_EVENT_NAT_RULE] = nat_rule,
    [SIM_EVENT_NAT_REWRITE] = nat_rewrite,
    [SIM_EVENT_NAT_DROP] = nat_drop,
    [SIM_EVENT_ROUTER_DROP] = router_drop,
    [SIM_EVENT_FRAME_DELIVERED] = frame_delivered,
    [SIM_EVENT_FRAME_DROPPED] = frame_dropped,
    [SIM_EVENT_PROBE_SEEN] = probe_seen,
    [SIM_EVENT_PROBE_RESULT] = probe_result,
};

/* ---- All ------------------------------------------------------------------------------- */

/* A machine that sends no frame at all had nowhere to send one to. */
static void tell_no_frame(SimTelling *telling, const SimModelReach *reach)
{
    const SimModel *model = telling->model;
    g_autofree char *to = sim_trail_ip(telling->probe.address);
    SimModelEnd from = telling->probe.from_end;
    bool own = false;

    if (telling->frames.kinds && g_hash_table_size(telling->frames.kinds) > 0)
        return;
    if (from.kind == SIM_AT_VM)
        for (unsigned n = 0; n < sim_model_vm(model, from.number)->nic_count; n++)
            own |= sim_model_nic(model, from.number, n)->ip == telling->probe.address;
    else
        for (guint i = 0; i < model->endpoints->len; i++) {
            const SimModelEndpoint *endpoint =
                &g_array_index(model->endpoints, SimModelEndpoint, i);
            own |= endpoint->kind == from.kind && endpoint->number == from.number &&
                   endpoint->ip == telling->probe.address;
        }
    const SimHop hop = {.kind = SIM_HOP_WORD,
                        .time = telling->probe.sent,
                        .where = g_strdup(telling->probe.from),
                        .what = g_strdup("sends no frame at all"),
                        .because = own ? g_strdup_printf("%s is its own address", to)
                                       : g_strdup_printf("routing table: no route to %s", to),
                        .end = true};

    g_array_prepend_val(telling->trail->hops, hop);
}

/* There was no address to try. */
static void tell_no_try(SimTrail *trail, const SimModelReach *reach)
{
    const SimHop hop = {.kind = SIM_HOP_WORD,
                        .time = reach->time,
                        .where = g_strdup(reach->from),
                        .what = g_strdup("has no address to send to"),
                        .because = g_strdup(reach->why),
                        .end = true};

    g_array_append_val(trail->hops, hop);
}

static const SimModelReach *find_reach(const SimModel *model, uint32_t question)
{
    for (guint i = 0; i < model->reaches->len; i++) {
        const SimModelReach *reach = &g_array_index(model->reaches, SimModelReach, i);
        if (reach->question == question)
            return reach;
    }
    return NULL;
}

static const SimModelProbe *find_probe(const SimModel *model, uint32_t number)
{
    for (guint i = 0; i < model->probes->len; i++) {
        const SimModelProbe *probe = &g_array_index(model->probes, SimModelProbe, i);
        if (probe->probe == number)
            return probe;
    }
    return NULL;
}

/* Everything from the probe's being sent to its end, and before it who made which frames. */
static void follow(SimTelling *telling, SimReader *reader)
{
    SimCursor cursor = {0};
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record)) {
        bool names = record.type == SIM_EVENT_FRAME_NEW || record.type == SIM_EVENT_LINK_ENTER ||
                     record.type == SIM_EVENT_NAT_NEW || record.type == SIM_EVENT_NAT_RULE;

        sim_model_apply(telling->model, &record);
        if (record.type == SIM_EVENT_PROBE_SENT &&
            SIM_FIELDS(&record, ProbeSent)->probe == telling->probe.probe)
            telling->under_way = true;
        if (tellers[record.type] && (telling->under_way || names))
            tellers[record.type](telling, &record);
        if (record.type == SIM_EVENT_PROBE_RESULT &&
            SIM_FIELDS(&record, ProbeResult)->probe == telling->probe.probe)
            return;
    }
}

static void telling_init(SimTelling *telling, SimTrail *trail, const SimModelProbe *probe)
{
    *telling = (SimTelling){
        .trail = trail,
        .model = sim_model_new(),
        .probe = *probe,
        .fresh = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
        .made = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
        .asked = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
        .involved = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
        .heard = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
        .rows = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
        .rules = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
    };
    telling->wires = sim_wires_new(telling->model);
    sim_probe_frames_init(&telling->frames, probe);
}

static void telling_clear(SimTelling *telling)
{
    sim_probe_frames_clear(&telling->frames);
    sim_wires_free(telling->wires);
    g_hash_table_unref(telling->fresh);
    g_hash_table_unref(telling->made);
    g_hash_table_unref(telling->asked);
    g_hash_table_unref(telling->involved);
    g_hash_table_unref(telling->heard);
    g_hash_table_unref(telling->rows);
    g_hash_table_unref(telling->rules);
    sim_model_free(telling->model);
}

/* The asker's ARP questions matter from the beginning. */
static void involve_asker(SimTelling *telling, const SimModel *model)
{
    for (uint32_t i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = sim_model_port(model, i);
        const SimModelNic *nic =
            port->vm != SIM_NONE ? sim_model_nic(model, port->vm, port->nic) : NULL;

        if (!sim_is_end(model, i, telling->probe.from_end))
            continue;
        put_number(telling->involved, sim_machine_of(model, i));
        if (nic)
            sim_probe_frames_involve(&telling->frames, nic->mac);
    }
    for (guint i = 0; i < model->endpoints->len; i++) {
        const SimModelEndpoint *endpoint = &g_array_index(model->endpoints, SimModelEndpoint, i);
        if (sim_is_end(model, endpoint->port, telling->probe.from_end))
            sim_probe_frames_involve(&telling->frames, endpoint->mac);
    }
}

SimTrail *sim_trail_new(SimReader *reader, uint32_t question)
{
    SimTrail *trail = g_new0(SimTrail, 1);
    g_autoptr(SimModel) all = sim_model_fold(reader);
    const SimModelReach *reach = find_reach(all, question);
    const SimModelProbe *probe = reach ? find_probe(all, reach->probe) : NULL;
    SimTelling telling;

    trail->hops = g_array_new(FALSE, FALSE, sizeof(SimHop));
    g_array_set_clear_func(trail->hops, clear_hop);
    if (!probe) {
        if (reach)
            tell_no_try(trail, reach);
        return trail;
    }
    telling_init(&telling, trail, probe);
    involve_asker(&telling, all);
    follow(&telling, reader);
    tell_no_frame(&telling, reach);
    telling_clear(&telling);
    return trail;
}

void sim_trail_free(SimTrail *trail)
{
    if (!trail)
        return;
    g_array_unref(trail->hops);
    g_free(trail);
}
