/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journey.c: one function per type of event makes a hop, as in sim/export/trail.c; what
 * belongs to the family is known by the frames' ids. */
#include "gui/session/journey.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include <string.h>

#include "netsim/proto/headers.h"
#include "netsim/proto/text.h"

#define BACK_EVENTS 64u /* how far before a frame was sent its kick may lie */

/* A vCPU that has been told of a frame and has not yet looked. */
typedef struct {
    uint64_t frame;
    uint16_t vm, vcpu;
    bool woken;
} Waiting;

typedef struct {
    GuiJourney *journey;
    GuiSession *session;
    const SimModel *model;
    GHashTable *family;  /* ids of frames */
    GArray *waiting;     /* of Waiting */
    SimRecord page;      /* the last page that was mapped; type 0: none */
    uint64_t page_event; /* its place */
    uint64_t last_hop;   /* place of the last event that made one */
} Journey;

static bool ours(const Journey *j, uint64_t frame)
{
    return g_hash_table_contains(j->family, &frame);
}

static void take_in(Journey *j, uint64_t frame)
{
    g_hash_table_add(j->family, g_memdup2(&frame, sizeof(frame)));
}

/* Takes the texts over. */
static GuiHop *add(Journey *j, const SimRecord *record, uint64_t event, GuiHopKind kind,
                   uint64_t frame, GuiEntity entity, char *where, char *what, char *because)
{
    const GuiHop hop = {kind, event, record->time, frame, entity, where, what, because, NULL};

    g_array_append_val(j->journey->hops, hop);
    j->last_hop = event;
    return &g_array_index(j->journey->hops, GuiHop, j->journey->hops->len - 1);
}

/* ---- Names ---------------------------------------------------------------------------- */

static char *vm_text(const Journey *j, unsigned vm)
{
    const SimModelVm *found = sim_model_vm(j->model, vm);

    return g_strdup_printf("vm:%s", found ? found->name : "?");
}

static char *port_text(const Journey *j, uint32_t port)
{
    return sim_model_port_name(j->model, port);
}

/* Who is at the other end of a port's cable. */
static char *beyond(const Journey *j, uint32_t number)
{
    const SimModelPort *port = sim_model_port(j->model, number);

    return port_text(j, port && port->peer != SIM_MODEL_NO_PORT ? port->peer : number);
}

static GuiEntity at_port(uint32_t port)
{
    return (GuiEntity){GUI_ENTITY_PORT, port, 0, 0};
}

static GuiEntity at_vcpu(unsigned vm, unsigned vcpu)
{
    return (GuiEntity){GUI_ENTITY_VCPU, vm, vcpu, 0};
}

static char *ip_text(uint32_t ip)
{
    char text[NET_IP4_TEXT_BYTES];

    net_ip4_format(ip, text);
    return g_strdup(text);
}

/* Why a packet goes to the MAC address that its frame is for: what the sender's routing
 * table and ARP cache must have said. NULL: no packet. */
static char *route_text(const Journey *j, uint64_t frame)
{
    GuiFrameInfo info;
    NetEthernet ethernet;
    NetIpv4 ip;
    uint64_t mac = 0;

    if (!gui_frames_info(gui_session_frames(j->session), gui_session_reader(j->session), frame,
                         &info))
        return NULL;

    size_t header = net_ethernet_parse(info.bytes, info.kept, &ethernet);

    if (header == 0 || ethernet.type != NET_TYPE_IPV4 ||
        net_ipv4_parse_quoted(info.bytes + header, info.kept - header, &ip) == 0)
        return NULL;
    for (unsigned i = 0; i < 6; i++)
        mac = mac << 8 | ethernet.destination.byte[i];

    g_autofree char *to = ip_text(ip.destination);

    for (unsigned v = 0; v < j->model->vms->len; v++) {
        const SimModelVm *vm = sim_model_vm(j->model, v);

        for (unsigned n = 0; vm && n < vm->nic_count; n++)
            if (vm->nics[n].mac == mac)
                return g_strdup_printf(_("routing table: %s is on this network; its ARP cache says "
                                         "where"),
                                       to);
    }
    for (unsigned i = 0; i < j->model->endpoints->len; i++) {
        const SimModelEndpoint *end = &g_array_index(j->model->endpoints, SimModelEndpoint, i);

        if (end->mac == mac && end->ip == ip.destination)
            return g_strdup_printf(_("routing table: %s is on this network"), to);
    }
    if (ethernet.destination.byte[0] & 1)
        return g_strdup_printf(_("%s is for everybody on this network"), to);
    return g_strdup_printf(_("routing table: the way to %s begins at the gateway"), to);
}

/* ---- Rewriting -------------------------------------------------------------------------- */

static const NetLayer *same_layer(const NetDissection *whole, NetLayerKind kind)
{
    for (unsigned i = 0; i < whole->layer_count; i++)
        if (whole->layers[i].kind == kind && !whole->layers[i].quoted)
            return &whole->layers[i];
    return NULL;
}

static const NetField *same_field(const NetDissection *whole, const NetLayer *layer,
                                  const char *name)
{
    for (unsigned f = layer->first_field; f < layer->first_field + layer->field_count; f++)
        if (!strcmp(whole->fields[f].name, name))
            return &whole->fields[f];
    return NULL;
}

GArray *gui_field_changes(const GuiFrameInfo *before, const GuiFrameInfo *after)
{
    GArray *changes = g_array_new(FALSE, TRUE, sizeof(GuiFieldChange));
    g_autofree NetDissection *old = g_new(NetDissection, 1), *new = g_new(NetDissection, 1);

    net_dissect_kept(before->bytes, before->kept, before->length, old);
    net_dissect_kept(after->bytes, after->kept, after->length, new);
    for (unsigned i = 0; i < new->layer_count; i++) {
        const NetLayer *layer = &new->layers[i], *was = same_layer(old, layer->kind);

        for (unsigned f = 0; was && !layer->quoted && f < layer->field_count; f++) {
            const NetField *field = &new->fields[layer->first_field + f];
            const NetField *had = same_field(old, was, field->name);
            GuiFieldChange change = {.layer = net_layer_short_name(layer->kind),
                                     .field = field->name};

            if (!had || !strcmp(had->text, field->text))
                continue;
            g_strlcpy(change.before, had->text, sizeof(change.before));
            g_strlcpy(change.after, field->text, sizeof(change.after));
            g_array_append_val(changes, change);
        }
    }
    return changes;
}

static void frame_new(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventFrameNew *event = SIM_FIELDS(record, FrameNew);
    GuiFrameInfo before, after;
    GuiHop *hop;

    if (!ours(j, event->frame) && !(event->parent && ours(j, event->parent)))
        return;
    take_in(j, event->frame);
    hop = add(j, record, at, event->parent ? GUI_HOP_REWRITE : GUI_HOP_NETWORK, event->frame,
              (GuiEntity){GUI_ENTITY_FRAME, SIM_MODEL_NO_PORT, 0, event->frame},
              g_strdup(_("network")),
              event->parent ? g_strdup_printf(_("sends it on as frame %" PRIu64), event->frame)
                            : g_strdup(_("makes the frame")),
              route_text(j, event->frame));
    if (event->parent &&
        gui_frames_info(gui_session_frames(j->session), gui_session_reader(j->session),
                        event->parent, &before) &&
        gui_frames_info(gui_session_frames(j->session), gui_session_reader(j->session),
                        event->frame, &after))
        hop->changes = gui_field_changes(&before, &after);
}

/* ---- At the sender ------------------------------------------------------------------------ */

/* The exit and the queue kick that made the device look: they lie just before. */
static void add_kick(Journey *j, uint64_t sent, uint64_t time, unsigned vm)
{
    SimReader *reader = gui_session_reader(j->session);
    SimRecord record;

    for (uint64_t at = sent; at-- > 0 && sent - at <= BACK_EVENTS;) {
        const SimEventQueueKick *kick;

        if (!sim_reader_get(reader, at, &record) || record.type != SIM_EVENT_QUEUE_KICK)
            continue;
        kick = SIM_FIELDS(&record, QueueKick);
        if (kick->vm != vm || record.time != time)
            continue;
        add(j, &record, at, GUI_HOP_CPU, 0, at_vcpu(vm, kick->vcpu), vm_text(j, vm),
            g_strdup_printf(_("its driver kicks queue %u of the NIC"), kick->queue),
            g_strdup(_("the frame lies ready in the guest's memory")));
        return;
    }
}

static void frame_sent(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventFrameSent *event = SIM_FIELDS(record, FrameSent);
    SimReader *reader = gui_session_reader(j->session);
    SimRecord next;

    if (!ours(j, event->frame))
        return;
    add_kick(j, at, record->time, event->vm);
    /* The access that was the kick is reported once it is done. */
    for (uint64_t i = at + 1; i <= at + 4 && sim_reader_get(reader, i, &next); i++) {
        const SimEventExit *exit = SIM_FIELDS(&next, Exit);

        if (next.type != SIM_EVENT_EXIT || exit->vm != event->vm || next.time != record->time)
            continue;
        add(j, &next, i, GUI_HOP_CPU, event->frame, at_vcpu(event->vm, exit->vcpu),
            vm_text(j, event->vm),
            g_strdup_printf(_("exits to the hypervisor, which costs %.3f \302\265s"),
                            (double)exit->cost_ns / 1e3),
            g_strdup_printf("%s",
                            sim_enum_ExitKind.values[MIN(exit->kind, SIM_EXIT_COUNT - 1)].meaning));
        break;
    }
    add(j, record, at, GUI_HOP_NETWORK, event->frame,
        (GuiEntity){GUI_ENTITY_NIC, event->vm, event->nic, 0}, vm_text(j, event->vm),
        g_strdup_printf(_("its NIC sends frame %" PRIu64 ", %u bytes"), event->frame,
                        event->length),
        route_text(j, event->frame));
}

/* ---- Cables, switches --------------------------------------------------------------------- */

static void link_enter(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventLinkEnter *event = SIM_FIELDS(record, LinkEnter);

    if (!ours(j, event->frame))
        return;

    g_autofree char *to = port_text(j, event->to);

    add(j, record, at, GUI_HOP_NETWORK, event->frame, at_port(event->from),
        port_text(j, event->from),
        g_strdup_printf(
            _("onto the cable to %s, for %.3f \302\265s"), to,
            event->arrive_ns > record->time ? (double)(event->arrive_ns - record->time) / 1e3 : 0),
        NULL);
}

static void switch_forward(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventSwitchForward *event = SIM_FIELDS(record, SwitchForward);

    if (!ours(j, event->frame))
        return;

    g_autofree char *to = beyond(j, event->port);

    add(j, record, at, GUI_HOP_DECISION, event->frame, at_port(event->port),
        port_text(j, event->port), g_strdup_printf(_("forwards it to %s alone"), to),
        g_strdup_printf(_("MAC table: the destination lives at the port of %s"), to));
}

static bool for_everybody(const Journey *j, uint64_t frame)
{
    GuiFrameInfo info;

    return gui_frames_info(gui_session_frames(j->session), gui_session_reader(j->session), frame,
                           &info) &&
           info.kept > 0 && (info.bytes[0] & 1);
}

static void switch_flood(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventSwitchFlood *event = SIM_FIELDS(record, SwitchFlood);

    if (ours(j, event->frame))
        add(j, record, at, GUI_HOP_DECISION, event->frame, at_port(event->in_port),
            port_text(j, event->in_port),
            g_strdup_printf(
                ngettext("floods it to %u other port", "floods it to %u other ports", event->ports),
                event->ports),
            g_strdup(for_everybody(j, event->frame)
                         ? _("its destination is a group address: it is for everybody")
                         : _("MAC table: no row has the destination")));
}

static void mac_learned(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventMacLearned *event = SIM_FIELDS(record, MacLearned);
    SimReader *reader = gui_session_reader(j->session);
    SimRecord before;

    /* It is learned from the frame that the switch has just taken in. */
    if (at == 0 || !sim_reader_get(reader, at - 1, &before) ||
        before.type != SIM_EVENT_SWITCH_RECEIVE ||
        !ours(j, SIM_FIELDS(&before, SwitchReceive)->frame))
        return;

    g_autofree char *from = beyond(j, event->port);

    add(j, record, at, GUI_HOP_DECISION, SIM_FIELDS(&before, SwitchReceive)->frame,
        at_port(event->port), port_text(j, event->port),
        g_strdup_printf(_("learns that its source lives at the port of %s"), from),
        g_strdup(_("the frame came in there")));
}

static void copy(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventSwitchCopy *event = SIM_FIELDS(record, SwitchCopy);

    if (!ours(j, event->frame))
        return;

    g_autofree char *to = beyond(j, event->port);

    add(j, record, at, GUI_HOP_DECISION, event->frame, at_port(event->port),
        port_text(j, event->port), g_strdup_printf(_("sends a copy to %s"), to),
        g_strdup(sim_enum_CopyWhy.values[MIN(event->why, SIM_COPY_COUNT - 1)].meaning));
}

static void flow_match(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventFlowMatch *event = SIM_FIELDS(record, FlowMatch);

    if (ours(j, event->frame))
        add(j, record, at, GUI_HOP_DECISION, event->frame, at_port(event->in_port),
            port_text(j, event->in_port),
            g_strdup_printf(_("does what entry %u of its flow table says"), event->flow),
            g_strdup(_("the entry of highest priority that the frame fits")));
}

static void drop(Journey *j, const SimRecord *record, uint64_t at, uint64_t frame, uint32_t port,
                 unsigned why)
{
    const SimValueInfo *value = &sim_enum_NetDrop.values[MIN(why, SIM_NET_DROP_COUNT - 1)];

    if (ours(j, frame))
        add(j, record, at, GUI_HOP_DROP, frame, at_port(port), port_text(j, port),
            g_strdup_printf(_("drops it: %s"), value->name), g_strdup(_(value->meaning)));
}

static void switch_drop(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventSwitchDrop *event = SIM_FIELDS(record, SwitchDrop);

    drop(j, record, at, event->frame, event->in_port, event->why);
}

static void egress_drop(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventEgressDrop *event = SIM_FIELDS(record, EgressDrop);

    drop(j, record, at, event->frame, event->port, event->why);
}

static void link_drop(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventLinkDrop *event = SIM_FIELDS(record, LinkDrop);

    drop(j, record, at, event->frame, event->from, event->why);
}

/* ---- Routers and NATs ----------------------------------------------------------------------- */

static void router_forward(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventRouterForward *event = SIM_FIELDS(record, RouterForward);

    if (!ours(j, event->frame))
        return;

    g_autofree char *to = beyond(j, event->port), *hop = ip_text(event->next_hop);

    add(j, record, at, GUI_HOP_DECISION, event->frame, at_port(event->port),
        port_text(j, event->port), g_strdup_printf(_("passes the packet on, to %s"), to),
        event->next_hop ? g_strdup_printf(_("routing table: the next hop is %s"), hop)
                        : g_strdup(_("it has only one way out")));
}

static void router_drop(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventRouterDrop *event = SIM_FIELDS(record, RouterDrop);

    drop(j, record, at, event->frame, event->port, event->why);
}

static void nat_rewrite(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventNatRewrite *event = SIM_FIELDS(record, NatRewrite);

    if (ours(j, event->frame))
        add(j, record, at, GUI_HOP_DECISION, event->frame, at_port(event->port),
            port_text(j, event->port),
            g_strdup_printf(_("translates it on its way %s"),
                            event->direction == SIM_NAT_OUTBOUND ? _("out") : _("in")),
            event->rule == SIM_NONE
                ? g_strdup_printf(_("NAT table: row %u"), event->row)
                : g_strdup_printf(_("NAT table: row %u, which forward rule %u made"), event->row,
                                  event->rule));
}

static void nat_drop(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventNatDrop *event = SIM_FIELDS(record, NatDrop);

    drop(j, record, at, event->frame, event->port, event->why);
}

static void wifi_rewrite(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventWifiRewrite *event = SIM_FIELDS(record, WifiRewrite);

    if (!ours(j, event->frame))
        return;

    g_autofree char *ip = ip_text(event->address);

    add(j, record, at, GUI_HOP_DECISION, event->frame, at_port(event->port),
        port_text(j, event->port),
        g_strdup(event->direction == SIM_NAT_OUTBOUND
                     ? _("puts the host's MAC address in place of the VM's")
                     : _("puts the VM's MAC address in place of the host's")),
        g_strdup_printf(_("a wireless station sends under its own address only; the VM is %s"),
                        ip));
}

/* ---- At the receiver --------------------------------------------------------------------------
 */

static void frame_delivered(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventFrameDelivered *event = SIM_FIELDS(record, FrameDelivered);

    if (ours(j, event->frame))
        add(j, record, at, GUI_HOP_NETWORK, event->frame, at_port(event->port),
            port_text(j, event->port), g_strdup(_("arrives")), NULL);
}

static void frame_received(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventFrameReceived *event = SIM_FIELDS(record, FrameReceived);

    if (!ours(j, event->frame))
        return;
    /* A page that the NIC was the first to write got its page frame for that. */
    if (j->page.type == SIM_EVENT_PAGE_MAPPED && j->page_event + 1 == at) {
        const SimEventPageMapped *page = SIM_FIELDS(&j->page, PageMapped);

        if (page->vm == event->vm)
            add(j, &j->page, j->page_event, GUI_HOP_MEMORY, event->frame,
                (GuiEntity){GUI_ENTITY_PAGE, page->vm, page->page, 0}, vm_text(j, page->vm),
                g_strdup_printf(_("its page %u gets page frame %u"), page->page, page->frame),
                g_strdup(_("the buffer lies there, and nobody had touched it before")));
    }
    add(j, record, at, GUI_HOP_NETWORK, event->frame,
        (GuiEntity){GUI_ENTITY_NIC, event->vm, event->nic, 0}, vm_text(j, event->vm),
        g_strdup(_("its NIC writes it into the guest's memory")), NULL);
}

static void frame_dropped(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventFrameDropped *event = SIM_FIELDS(record, FrameDropped);
    const SimValueInfo *value = &sim_enum_RxDrop.values[MIN(event->why, SIM_RX_DROP_COUNT - 1)];

    if (ours(j, event->frame))
        add(j, record, at, GUI_HOP_DROP, event->frame,
            (GuiEntity){GUI_ENTITY_NIC, event->vm, event->nic, 0}, vm_text(j, event->vm),
            g_strdup_printf(_("its NIC drops it: %s"), value->name), g_strdup(_(value->meaning)));
}

static void interrupt_raised(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventInterruptRaised *event = SIM_FIELDS(record, InterruptRaised);
    Waiting waiting = {.frame = event->frame, .vm = event->vm, .vcpu = event->vcpu};

    if (!event->frame || !ours(j, event->frame))
        return;
    add(j, record, at, GUI_HOP_CPU, event->frame, at_vcpu(event->vm, event->vcpu),
        vm_text(j, event->vm),
        g_strdup_printf(_("interrupt %u becomes pending on vCPU %u"), event->vector, event->vcpu),
        g_strdup(_("the NIC has a frame for the guest")));
    g_array_append_val(j->waiting, waiting);
}

static Waiting *find_waiting(Journey *j, unsigned vm, unsigned vcpu)
{
    for (unsigned i = 0; i < j->waiting->len; i++) {
        Waiting *waiting = &g_array_index(j->waiting, Waiting, i);

        if (waiting->vm == vm && waiting->vcpu == vcpu)
            return waiting;
    }
    return NULL;
}

static void vcpu_state(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventVcpuState *event = SIM_FIELDS(record, VcpuState);
    Waiting *waiting = find_waiting(j, event->vm, event->vcpu);

    if (!waiting || waiting->woken || event->to != SIM_VCPU_READY)
        return;
    waiting->woken = true;
    add(j, record, at, GUI_HOP_CPU, waiting->frame, at_vcpu(event->vm, event->vcpu),
        vm_text(j, event->vm),
        g_strdup_printf(_("its vCPU %u is ready, and waits for a pCPU"), event->vcpu),
        g_strdup(sim_enum_Why.values[MIN(event->why, SIM_WHY_COUNT - 1)].meaning));
}

static void dispatch(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventDispatch *event = SIM_FIELDS(record, Dispatch);
    const Waiting *waiting = find_waiting(j, event->vm, event->vcpu);

    if (waiting)
        add(j, record, at, GUI_HOP_CPU, waiting->frame, at_vcpu(event->vm, event->vcpu),
            vm_text(j, event->vm),
            g_strdup_printf(_("the scheduler puts its vCPU %u on pCPU %d"), event->vcpu,
                            record->source - 1),
            g_strdup(_("it was ready, and its turn has come")));
}

static void interrupt_taken(Journey *j, const SimRecord *record, uint64_t at)
{
    const SimEventInterruptTaken *event = SIM_FIELDS(record, InterruptTaken);
    const Waiting *waiting = find_waiting(j, event->vm, event->vcpu);

    if (!waiting)
        return;
    add(j, record, at, GUI_HOP_CPU, waiting->frame, at_vcpu(event->vm, event->vcpu),
        vm_text(j, event->vm),
        g_strdup_printf(_("takes interrupt %u: the guest's IP stack looks at the frame"),
                        event->vector),
        NULL);
    g_array_remove_index(j->waiting, (unsigned)(waiting - &g_array_index(j->waiting, Waiting, 0)));
}

/* ---- All ---------------------------------------------------------------------------------------
 */

static void page_mapped(Journey *j, const SimRecord *record, uint64_t at)
{
    j->page = *record;
    j->page_event = at;
}

static void (*const followers[SIM_EVENT_TYPE_COUNT])(Journey *, const SimRecord *, uint64_t) = {
    [SIM_EVENT_FRAME_NEW] = frame_new,
    [SIM_EVENT_FRAME_SENT] = frame_sent,
    [SIM_EVENT_LINK_ENTER] = link_enter,
    [SIM_EVENT_LINK_DROP] = link_drop,
    [SIM_EVENT_MAC_LEARNED] = mac_learned,
    [SIM_EVENT_SWITCH_FORWARD] = switch_forward,
    [SIM_EVENT_SWITCH_FLOOD] = switch_flood,
    [SIM_EVENT_SWITCH_DROP] = switch_drop,
    [SIM_EVENT_SWITCH_COPY] = copy,
    [SIM_EVENT_EGRESS_DROP] = egress_drop,
    [SIM_EVENT_FLOW_MATCH] = flow_match,
    [SIM_EVENT_ROUTER_FORWARD] = router_forward,
    [SIM_EVENT_ROUTER_DROP] = router_drop,
    [SIM_EVENT_NAT_REWRITE] = nat_rewrite,
    [SIM_EVENT_NAT_DROP] = nat_drop,
    [SIM_EVENT_WIFI_REWRITE] = wifi_rewrite,
    [SIM_EVENT_FRAME_DELIVERED] = frame_delivered,
    [SIM_EVENT_FRAME_RECEIVED] = frame_received,
    [SIM_EVENT_FRAME_DROPPED] = frame_dropped,
    [SIM_EVENT_INTERRUPT_RAISED] = interrupt_raised,
    [SIM_EVENT_INTERRUPT_TAKEN] = interrupt_taken,
    [SIM_EVENT_VCPU_STATE] = vcpu_state,
    [SIM_EVENT_DISPATCH] = dispatch,
    [SIM_EVENT_PAGE_MAPPED] = page_mapped,
};

static void clear_hop(void *data)
{
    GuiHop *hop = data;

    g_free(hop->where);
    g_free(hop->what);
    g_free(hop->because);
    g_clear_pointer(&hop->changes, g_array_unref);
}

/* The oldest of the family: rewritten from nothing. */
static bool find_eldest(GuiSession *session, uint64_t frame, GuiFrameInfo *ret)
{
    SimReader *reader = gui_session_reader(session);
    GuiFrameInfo parent;

    if (!reader || !gui_frames_info(gui_session_frames(session), reader, frame, ret))
        return false;
    /* A parent is older; so this ends, whatever the trace says. */
    while (ret->parent &&
           gui_frames_info(gui_session_frames(session), reader, ret->parent, &parent) &&
           parent.frame.event < ret->frame.event)
        *ret = parent;
    return true;
}

GuiJourney *gui_journey_new(GuiSession *session, uint64_t frame)
{
    GuiJourney *journey = g_new0(GuiJourney, 1);
    GuiFrameInfo eldest;
    SimCursor cursor;
    SimFilter filter = {0};
    SimRecord record;

    journey->hops = g_array_new(FALSE, FALSE, sizeof(GuiHop));
    g_array_set_clear_func(journey->hops, clear_hop);
    if (!find_eldest(session, frame, &eldest))
        return journey;

    Journey j = {
        .journey = journey,
        .session = session,
        .model = gui_session_model(session),
        .family = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
        .waiting = g_array_new(FALSE, FALSE, sizeof(Waiting)),
        .last_hop = eldest.frame.event,
    };

    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++)
        if (followers[type])
            sim_filter_add(&filter, type);
    take_in(&j, eldest.frame.frame);
    /* The world's events of one instant lie before those of the CPU that they come from. */
    cursor = sim_reader_at_time(gui_session_reader(session), eldest.frame.time);
    while (sim_reader_next_of(gui_session_reader(session), &cursor, &filter, &record)) {
        uint64_t at = cursor.index - 1;

        journey->cut = journey->hops->len >= GUI_JOURNEY_MAX_HOPS;
        if (journey->cut || at - MIN(at, j.last_hop) > GUI_JOURNEY_MAX_QUIET ||
            at >= gui_session_event_count(session))
            break;
        followers[record.type](&j, &record, at);
    }
    g_hash_table_unref(j.family);
    g_array_unref(j.waiting);
    return journey;
}

void gui_journey_free(GuiJourney *journey)
{
    if (!journey)
        return;
    g_array_unref(journey->hops);
    g_free(journey);
}

const char *gui_hop_word(GuiHopKind kind)
{
    static const char *const words[] = {[GUI_HOP_CPU] = "CPU",
                                        [GUI_HOP_MEMORY] = N_("memory"),
                                        [GUI_HOP_NETWORK] = N_("network"),
                                        [GUI_HOP_DECISION] = N_("decision"),
                                        [GUI_HOP_REWRITE] = N_("rewritten"),
                                        [GUI_HOP_DROP] = N_("dropped")};

    return _(words[kind]);
}
