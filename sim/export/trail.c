/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trail.c: what happened to the frames of a probe, as sentences; see trail.h.
 *
 * One function per type of event, in a table, as in moments.c. A model is folded
 * alongside, for names and for what a NIC knows of its network.
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
    GHashTable *makers; /* frame id -> MAC address of who made it, until it enters a cable */
    GHashTable *macs;   /* MAC address -> whose port its frames entered a cable at */
    GHashTable *rows;   /* part << 32 | number of a NAT's row -> it, in words */
    GHashTable *rules;  /* part << 32 | number of a forward rule -> its name */
    bool under_way;     /* the probe has been sent */
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

static char *ip_text(uint32_t a)
{
    return g_strdup_printf("%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

static char *mac_text(uint64_t mac)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(mac >> 40 & 255),
                           (unsigned)(mac >> 32 & 255), (unsigned)(mac >> 24 & 255),
                           (unsigned)(mac >> 16 & 255), (unsigned)(mac >> 8 & 255),
                           (unsigned)(mac & 255));
}

/* "vm:b" for the port of a switch where b's cable ends. */
static char *beyond(const SimTelling *telling, uint32_t number)
{
    const SimModelPort *port = sim_model_port(telling->model, number);

    return sim_model_port_name(telling->model,
                               port && port->peer != SIM_MODEL_NO_PORT ? port->peer : number);
}

/* Is this the port of an endpoint? */
static bool is_end(const SimTelling *telling, uint32_t number, SimModelEnd end)
{
    const SimModelPort *port = sim_model_port(telling->model, number);

    if (!port)
        return false;
    if (port->vm != SIM_NONE)
        return end.kind == SIM_AT_VM && end.number == port->vm;
    for (guint i = 0; i < telling->model->endpoints->len; i++) {
        const SimModelEndpoint *endpoint =
            &g_array_index(telling->model->endpoints, SimModelEndpoint, i);
        const SimModelPort *own = sim_model_port(telling->model, endpoint->port);

        if (own && own->part == port->part)
            return endpoint->kind == end.kind && endpoint->number == end.number;
    }
    return false;
}

/* ---- How a machine chooses its next hop ---------------------------------------- */

/* Whose MAC address this is; NULL: nobody's that the trace names. ret_ip: his IP address there; 0:
 * not known. */
static char *mac_owner(const SimTelling *telling, uint64_t mac, uint32_t *ret_ip)
{
    const SimModel *model = telling->model;

    *ret_ip = 0;
    for (guint v = 0; v < model->vms->len; v++) {
        const SimModelVm *vm = sim_model_vm(model, v);
        for (unsigned n = 0; n < vm->nic_count; n++)
            if (vm->nics[n].mac == mac) {
                *ret_ip = vm->nics[n].ip;
                return g_strdup_printf("vm:%s", vm->name);
            }
    }
    for (guint i = 0; i < model->endpoints->len; i++) {
        const SimModelEndpoint *endpoint = &g_array_index(model->endpoints, SimModelEndpoint, i);
        if (endpoint->mac == mac) {
            *ret_ip = endpoint->ip;
            return g_strdup(endpoint->name);
        }
    }
    return g_strdup(g_hash_table_lookup(telling->macs, &mac));
}

/* Why a packet goes to the machine that its frame is addressed to. */
static char *route_text(const SimTelling *telling, const uint8_t *bytes, size_t length)
{
    NetEthernet ethernet;
    NetIpv4 ip;
    size_t header_bytes = net_ethernet_parse(bytes, length, &ethernet);
    uint32_t owner_ip;

    if (header_bytes == 0 || ethernet.type != NET_TYPE_IPV4 ||
        net_ipv4_parse_quoted(bytes + header_bytes, length - header_bytes, &ip) == 0)
        return NULL;

    uint64_t mac = sim_mac_number(ethernet.destination);
    g_autofree char *to = ip_text(ip.destination), *address = mac_text(mac);
    g_autofree char *owner = mac_owner(telling, mac, &owner_ip);

    bool is_vm = owner && g_str_has_prefix(owner, "vm:"); /* which does not route for others */

    if (owner && (owner_ip == ip.destination || is_vm))
        return g_strdup_printf("routing table: %s is on this network; ARP cache: it is at %s (%s)",
                               to, address, owner);
    return g_strdup_printf("routing table: the way to %s begins at %s%s%s%s", to,
                           owner ? owner : address, owner ? " (" : "", owner ? address : "",
                           owner ? ")" : "");
}

/* ---- Frames come into being ------------------------------------------------------ */

static char *summary(const uint8_t *bytes, size_t length)
{
    g_autofree NetDissection *frame = g_new(NetDissection, 1);

    net_dissect(bytes, length, frame);
    return g_strdup_printf("%s %s > %s: %s", frame->protocol, frame->source, frame->destination,
                           frame->info);
}

static void add_frame(SimTelling *telling, const SimRecord *record, uint64_t frame, uint64_t parent,
                      bool from_asker, char *where)
{
    g_autofree char *place = where;
    SimHopKind kind;
    NetEthernet ethernet;
    bool first = true;

    if (!sim_probe_frames_add(&telling->frames, frame, parent, record->blob, record->blob_size,
                              from_asker, &kind))
        return;
    if (net_ethernet_parse(record->blob, record->blob_size, &ethernet) > 0)
        sim_probe_frames_involve(&telling->frames, sim_mac_number(ethernet.source));
    g_autofree char *says = summary(record->blob, record->blob_size);

    /* What is sent again says nothing new. */
    for (guint i = 0; i < telling->trail->hops->len && parent == 0; i++) {
        const SimHop *hop = &g_array_index(telling->trail->hops, SimHop, i);
        if (hop->kind == kind && g_str_has_suffix(hop->what, says))
            first = false;
    }
    if (first)
        tell(telling, record, kind, frame, g_steal_pointer(&place),
             g_strdup_printf(parent ? "sends it on as %s" : "sends %s", says),
             kind == SIM_HOP_ARP ? NULL : route_text(telling, record->blob, record->blob_size),
             false);
}

static void frame_sent(SimTelling *telling, const SimRecord *record)
{
    const SimEventFrameSent *event = SIM_FIELDS(record, FrameSent);
    const SimModelVm *vm = sim_model_vm(telling->model, event->vm);
    SimModelEnd from = telling->probe.from_end;

    if (vm)
        add_frame(telling, record, event->frame, 0,
                  from.kind == SIM_AT_VM && from.number == event->vm,
                  g_strdup_printf("vm:%s", vm->name));
}

/* Does a packet that a machine outside made itself come from the asker? Its frame need not say: to
 * a NAT on the host it goes by a cable of its own. */
static bool is_askers(const SimTelling *telling, const SimRecord *record)
{
    SimModelEnd from = telling->probe.from_end;
    NetEthernet ethernet;
    NetIpv4 ip;
    size_t header_bytes = net_ethernet_parse(record->blob, record->blob_size, &ethernet);

    if (from.kind == SIM_AT_VM || header_bytes == 0 || ethernet.type != NET_TYPE_IPV4 ||
        net_ipv4_parse_quoted((const uint8_t *)record->blob + header_bytes,
                              record->blob_size - header_bytes, &ip) == 0)
        return false;
    if (from.kind == SIM_AT_HOST && ip.source >> 24 == 127)
        return true;
    for (guint i = 0; i < telling->model->endpoints->len; i++) {
        const SimModelEndpoint *endpoint =
            &g_array_index(telling->model->endpoints, SimModelEndpoint, i);
        if (endpoint->kind == from.kind && endpoint->number == from.number &&
            endpoint->ip == ip.source)
            return true;
    }
    return false;
}

static void frame_new(SimTelling *telling, const SimRecord *record)
{
    const SimEventFrameNew *event = SIM_FIELDS(record, FrameNew);
    NetEthernet ethernet;
    uint32_t ip;

    if (net_ethernet_parse(record->blob, record->blob_size, &ethernet) == 0)
        return;
    uint64_t mac = sim_mac_number(ethernet.source);
    g_autofree char *owner = mac_owner(telling, mac, &ip);

    if (!owner)
        g_hash_table_insert(telling->makers, g_memdup2(&event->frame, sizeof(event->frame)),
                            g_memdup2(&mac, sizeof(mac)));
    if (telling->under_way)
        add_frame(telling, record, event->frame, event->parent,
                  event->parent == 0 && is_askers(telling, record), g_strdup(owner ? owner : ""));
}

/* A frame whose maker no address names: the port where it enters a cable does. */
static void link_enter(SimTelling *telling, const SimRecord *record)
{
    const SimEventLinkEnter *event = SIM_FIELDS(record, LinkEnter);
    const uint64_t *mac = g_hash_table_lookup(telling->makers, &event->frame);

    if (!mac)
        return;
    char *name = sim_model_port_name(telling->model, event->from);

    for (guint i = telling->trail->hops->len; i-- > 0;) {
        SimHop *hop = &g_array_index(telling->trail->hops, SimHop, i);

        if (hop->frame != event->frame || *hop->where)
            continue;
        g_free(hop->where);
        hop->where = g_strdup(name);
    }
    g_hash_table_insert(telling->macs, g_memdup2(mac, sizeof(*mac)), name);
    g_hash_table_remove(telling->makers, &event->frame);
}

/* ---- Switches and cables ------------------------------------------------------------ */

static void switch_forward(SimTelling *telling, const SimRecord *record)
{
    const SimEventSwitchForward *event = SIM_FIELDS(record, SwitchForward);
    g_autofree char *to = beyond(telling, event->port);
    SimHopKind kind;

    if (sim_probe_frames_find(&telling->frames, event->frame, &kind))
        tell(telling, record, kind, event->frame, sim_model_port_name(telling->model, event->port),
             g_strdup_printf("forwards it to %s", to),
             g_strdup_printf("MAC table: the destination lives at the port of %s", to), false);
}

static void switch_flood(SimTelling *telling, const SimRecord *record)
{
    const SimEventSwitchFlood *event = SIM_FIELDS(record, SwitchFlood);
    SimHopKind kind;

    if (sim_probe_frames_find(&telling->frames, event->frame, &kind))
        tell(telling, record, kind, event->frame,
             sim_model_port_name(telling->model, event->in_port),
             g_strdup_printf("floods it to %u port%s", event->ports, event->ports == 1 ? "" : "s"),
             g_strdup(kind == SIM_HOP_ARP ? "it is for everybody, or its destination is in no row "
                                            "of the MAC table"
                                          : "MAC table: no row has the destination"),
             false);
}

static void drop(SimTelling *telling, const SimRecord *record, uint64_t frame, uint32_t port,
                 unsigned why)
{
    SimHopKind kind;

    if (sim_probe_frames_find(&telling->frames, frame, &kind))
        tell(telling, record, kind, frame, sim_model_port_name(telling->model, port),
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
    g_autofree char *ip = ip_text(address);

    return g_strdup_printf("%s:%u", ip, port);
}

static void nat_new(SimTelling *telling, const SimRecord *record)
{
    const SimEventNatNew *event = SIM_FIELDS(record, NatNew);
    g_autofree char *inside = socket_text(event->inside, event->inside_port);
    g_autofree char *outside = socket_text(event->outside, event->outside_port);
    g_autofree char *peer = ip_text(event->outside_peer);

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
        tell(telling, record, kind, event->frame, sim_model_port_name(telling->model, event->port),
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
    if (kind == SIM_HOP_REQUEST && is_end(telling, event->port, telling->probe.to_end))
        telling->trail->arrived = true;
    if (kind == SIM_HOP_ANSWER && telling->trail->arrived &&
        is_end(telling, event->port, telling->probe.from_end))
        telling->trail->answered = true;
    if (kind != SIM_HOP_ARP)
        tell(telling, record, kind, event->frame, sim_model_port_name(telling->model, event->port),
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
    g_autofree char *from = ip_text(event->address);
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

static void probe_result(SimTelling *telling, const SimRecord *record)
{
    const SimEventProbeResult *event = SIM_FIELDS(record, ProbeResult);

    if (event->probe == telling->probe.probe)
        tell(telling, record, SIM_HOP_WORD, 0, g_strdup(telling->probe.from),
             event->outcome == SIM_PROBE_REPLY
                 ? g_strdup_printf("has its answer after %" PRIu64 ".%03u ms",
                                   event->rtt_ns / 1000000, (unsigned)(event->rtt_ns / 1000 % 1000))
                 : g_strdup_printf(
                       "gives up: %s",
                       sim_enum_ProbeOutcome.values[MIN(event->outcome, SIM_PROBE_COUNT - 1)]
                           .meaning),
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
    g_autofree char *to = ip_text(telling->probe.address);
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

SimTrail *sim_trail_new(SimReader *reader, uint32_t question)
{
    SimTrail *trail = g_new0(SimTrail, 1);
    g_autoptr(SimModel) model = sim_model_fold(reader);
    const SimModelReach *reach = find_reach(model, question);
    const SimModelProbe *probe = reach ? find_probe(model, reach->probe) : NULL;
    SimTelling telling = {.trail = trail, .model = model};

    trail->hops = g_array_new(FALSE, FALSE, sizeof(SimHop));
    g_array_set_clear_func(trail->hops, clear_hop);
    if (!probe)
        return trail;
    telling.probe = *probe;
    telling.makers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    telling.rows = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    telling.rules = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    telling.macs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    sim_probe_frames_init(&telling.frames, probe);
    if (probe->from_end.kind == SIM_AT_VM) {
        const SimModelVm *vm = sim_model_vm(model, probe->from_end.number);
        for (unsigned n = 0; vm && n < vm->nic_count; n++)
            sim_probe_frames_involve(&telling.frames, vm->nics[n].mac);
    } else {
        for (guint i = 0; i < model->endpoints->len; i++) {
            const SimModelEndpoint *endpoint =
                &g_array_index(model->endpoints, SimModelEndpoint, i);
            if (endpoint->kind == probe->from_end.kind &&
                endpoint->number == probe->from_end.number)
                sim_probe_frames_involve(&telling.frames, endpoint->mac);
        }
    }
    follow(&telling, reader);
    tell_no_frame(&telling, reach);
    sim_probe_frames_clear(&telling.frames);
    g_hash_table_unref(telling.makers);
    g_hash_table_unref(telling.macs);
    g_hash_table_unref(telling.rows);
    g_hash_table_unref(telling.rules);
    return trail;
}

void sim_trail_free(SimTrail *trail)
{
    if (!trail)
        return;
    g_array_unref(trail->hops);
    g_free(trail);
}
