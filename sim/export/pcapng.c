/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng.c: frames as Wireshark reads them (draft-ietf-opsawg-pcapng).
 *
 * One interface per switch port, seen from the switch: a frame appears once on
 * the port where it comes in, with the switch's decision as its comment, and
 * once on each port where it leaves. A frame that a cable did not carry appears
 * with the reason. The packet id is the frame's id in the trace, the same on
 * every port. A NAT's ports are interfaces too: what it translates appears where it
 * came in, with its addresses before and after, and what it refuses with the reason.
 * Whoever else drops a frame (a router, the host, a VM's NIC) gets an interface with the
 * first frame that ends there.
 *
 * A decision is reported just after the frame came in, so that packet waits for
 * it (`held`). Bytes are recorded only once, when a frame is sent or made: they
 * are kept for a while, the oldest forgotten first.
 */
#include "sim/export/private.h"

#include <string.h>

#include "netsim/proto/headers.h"
#include "netsim/proto/text.h"
#include "sim/model/model.h"

#define SECTION_HEADER_BLOCK  0x0a0d0d0au
#define INTERFACE_BLOCK       1u
#define ENHANCED_PACKET_BLOCK 6u
#define BYTE_ORDER_MAGIC      0x1a2b3c4du
#define LINKTYPE_ETHERNET     1u

enum {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_APPLICATION = 4, /* section header */
    OPTION_IF_NAME = 2,     /* interface */
    OPTION_IF_DESCRIPTION = 3,
    OPTION_IF_SPEED = 8,
    OPTION_IF_TSRESOL = 9,
    OPTION_FLAGS = 2, /* packet */
    OPTION_PACKET_ID = 5,
};

enum { INBOUND = 1, OUTBOUND = 2 };

#define KEPT_BYTES   (32u << 20) /* of frames */
#define NO_INTERFACE UINT32_MAX

typedef struct {
    uint64_t id, parent;
    uint32_t length; /* of the whole frame */
    uint32_t kept;   /* bytes here */
    uint8_t bytes[];
} Frame;

typedef struct {
    SimModel *model;
    GHashTable *frames; /* id (in the Frame) -> Frame */
    GQueue *order;      /* of the same, oldest first */
    size_t kept_bytes;
    GArray *interfaces; /* uint32_t by port: its number in the file, or NO_INTERFACE */
    uint32_t interface_count;
    bool holds; /* a frame that came in and waits for the decision: */
    uint64_t held_frame, held_time;
    uint32_t held_port;
    GString *held_learned; /* what the switch learned from it; "" */
} Pcapng;

/* ---- Blocks ---------------------------------------------------------------- */

static void add_u16(GString *out, uint16_t value)
{
    g_string_append_len(out, (const char *)&value, sizeof(value));
}

static void add_u32(GString *out, uint32_t value)
{
    g_string_append_len(out, (const char *)&value, sizeof(value));
}

static void add_padded(GString *out, const void *bytes, size_t size)
{
    static const char zeros[4];

    g_string_append_len(out, bytes, (gssize)size);
    g_string_append_len(out, zeros, (gssize)(-size & 3));
}

static void add_option(GString *out, uint16_t code, const void *value, size_t size)
{
    size = MIN(size, UINT16_MAX);
    add_u16(out, code);
    add_u16(out, (uint16_t)size);
    add_padded(out, value, size);
}

/* Begins a block; returns its place, for end_block(). */
static size_t begin_block(GString *out, uint32_t type)
{
    size_t at = out->len;

    add_u32(out, type);
    add_u32(out, 0);
    return at;
}

static void end_block(GString *out, size_t at)
{
    uint32_t length;

    add_u16(out, OPTION_END);
    add_u16(out, 0);
    length = (uint32_t)(out->len - at + 4);
    memcpy(out->str + at + 4, &length, sizeof(length));
    add_u32(out, length);
}

static void add_section(GString *out)
{
    size_t block = begin_block(out, SECTION_HEADER_BLOCK);

    add_u32(out, BYTE_ORDER_MAGIC);
    add_u16(out, 1); /* version 1.0 */
    add_u16(out, 0);
    add_u32(out, UINT32_MAX); /* length of the section: not given */
    add_u32(out, UINT32_MAX);
    add_option(out, OPTION_APPLICATION, "hvlab", 5);
    end_block(out, block);
}

/* ---- Names ----------------------------------------------------------------- */

static const char *network_name(const Pcapng *p, unsigned number)
{
    const SimModelNetwork *network = sim_model_network(p->model, number);

    return network ? network->name : "?";
}

/* "port 1 (vm:a)"; free with g_free(). */
static char *port_name(const Pcapng *p, uint32_t number)
{
    const SimModelPort *port = sim_model_port(p->model, number);
    const SimModelPort *peer = port ? sim_model_port(p->model, port->peer) : NULL;
    const SimModelVm *vm = peer ? sim_model_vm(p->model, peer->vm) : NULL;

    if (!port)
        return g_strdup("port ?");
    if (vm && vm->nic_count > 1)
        return g_strdup_printf("port %u (vm:%s nic %u)", port->number, vm->name, peer->nic);
    if (vm)
        return g_strdup_printf("port %u (vm:%s)", port->number, vm->name);
    if (peer && !strcmp(peer->kind, "uplink"))
        return g_strdup_printf("port %u (uplink)", port->number);
    return g_strdup_printf("port %u", port->number);
}

/* ---- Interfaces ------------------------------------------------------------ */

/* A port whose part decides on frames: of a switch; of a NAT, where no switch is at the
 * other end of its cable: there the frame is in the capture already, and once more would
 * look to Wireshark like a retransmission. */
static bool is_deciding(const Pcapng *p, const SimModelPort *port)
{
    const SimModelPort *peer = sim_model_port(p->model, port->peer);

    return strcmp(port->kind, "switch") == 0 ||
           (strcmp(port->kind, "nat") == 0 && !(peer && strcmp(peer->kind, "switch") == 0));
}

/* "host", "vm:a", "router" */
static char *machine_name(const Pcapng *p, uint32_t number)
{
    char *name = sim_model_port_name(p->model, number);

    *strchrnul(name, ' ') = '\0'; /* the network's */
    return name;
}

static void add_interface(SimExport *out, Pcapng *p, const SimModelPort *port, uint32_t number)
{
    size_t block = begin_block(out->buffer, INTERFACE_BLOCK);
    g_autofree char *where = port_name(p, number);
    const char *network = network_name(p, port->network);
    g_autofree char *name = NULL, *description = NULL;
    const uint8_t nanoseconds = 9;

    if (is_deciding(p, port)) {
        name = strcmp(port->kind, "switch") == 0
                   ? g_strdup_printf("%s/%u", network, port->number)
                   : g_strdup_printf("%s/%s%u.%u", network, port->kind, port->part, port->number);
        description = g_strdup_printf("%s of %s %s", where, port->kind, network);
    } else {
        g_autofree char *who = machine_name(p, number);

        name = g_strdup_printf("%s/%s", network, who);
        description = g_strdup_printf("%s, which drops frames", who);
    }
    add_u16(out->buffer, LINKTYPE_ETHERNET);
    add_u16(out->buffer, 0);
    add_u32(out->buffer, 0); /* no snap length of the format's own */
    add_option(out->buffer, OPTION_IF_NAME, name, strlen(name));
    add_option(out->buffer, OPTION_IF_DESCRIPTION, description, strlen(description));
    if (port->rate_bps > 0 && port->rate_bps < UINT64_MAX)
        add_option(out->buffer, OPTION_IF_SPEED, &port->rate_bps, sizeof(port->rate_bps));
    add_option(out->buffer, OPTION_IF_TSRESOL, &nanoseconds, sizeof(nanoseconds));
    end_block(out->buffer, block);
}

/* Describes every port that decides and has none yet: late, when all have names. */
static void add_interfaces(SimExport *out, Pcapng *p)
{
    for (uint32_t i = p->interfaces->len; i < p->model->ports->len; i++) {
        const SimModelPort *port = sim_model_port(p->model, i);
        uint32_t number = NO_INTERFACE;

        if (is_deciding(p, port)) {
            number = p->interface_count++;
            add_interface(out, p, port, i);
        }
        g_array_append_val(p->interfaces, number);
    }
}

/* A port that has one only because something ends there. */
static void need_interface(SimExport *out, Pcapng *p, uint32_t number)
{
    const SimModelPort *port = sim_model_port(p->model, number);

    add_interfaces(out, p);
    if (!port || g_array_index(p->interfaces, uint32_t, number) != NO_INTERFACE)
        return;
    g_array_index(p->interfaces, uint32_t, number) = p->interface_count++;
    add_interface(out, p, port, number);
}

static bool is_switch_port(const Pcapng *p, uint32_t number)
{
    const SimModelPort *port = sim_model_port(p->model, number);

    return port && strcmp(port->kind, "switch") == 0;
}

/* ---- Frames ---------------------------------------------------------------- */

static void keep_frame(Pcapng *p, uint64_t id, uint64_t parent, uint32_t length,
                       const SimRecord *record)
{
    Frame *frame;

    if (g_hash_table_contains(p->frames, &id))
        return;
    frame = g_malloc(sizeof(*frame) + record->blob_size);
    *frame = (Frame){id, parent, MAX(length, record->blob_size), record->blob_size};
    memcpy(frame->bytes, record->blob, record->blob_size);
    g_hash_table_insert(p->frames, &frame->id, frame);
    g_queue_push_tail(p->order, frame);
    p->kept_bytes += sizeof(*frame) + frame->kept;
    while (p->kept_bytes > KEPT_BYTES && p->order->length > 1) {
        Frame *oldest = g_queue_pop_head(p->order);
        p->kept_bytes -= sizeof(*oldest) + oldest->kept;
        g_hash_table_remove(p->frames, &oldest->id);
    }
}

static void add_packet(SimExport *out, Pcapng *p, uint32_t port, uint64_t time, uint64_t id,
                       uint32_t direction, const char *comment)
{
    const Frame *frame = g_hash_table_lookup(p->frames, &id);
    size_t block;

    add_interfaces(out, p);
    if (!frame || port >= p->interfaces->len ||
        g_array_index(p->interfaces, uint32_t, port) == NO_INTERFACE)
        return;
    block = begin_block(out->buffer, ENHANCED_PACKET_BLOCK);
    add_u32(out->buffer, g_array_index(p->interfaces, uint32_t, port));
    add_u32(out->buffer, (uint32_t)(time >> 32));
    add_u32(out->buffer, (uint32_t)time);
    add_u32(out->buffer, frame->kept);
    add_u32(out->buffer, frame->length);
    add_padded(out->buffer, frame->bytes, frame->kept);
    add_option(out->buffer, OPTION_COMMENT, comment, strlen(comment));
    if (frame->parent) {
        g_autofree char *from =
            g_strdup_printf("rewritten from frame %" G_GUINT64_FORMAT, frame->parent);
        add_option(out->buffer, OPTION_COMMENT, from, strlen(from));
    }
    add_option(out->buffer, OPTION_FLAGS, &direction, sizeof(direction));
    add_option(out->buffer, OPTION_PACKET_ID, &id, sizeof(id));
    end_block(out->buffer, block);
}

/* ---- Decisions -------------------------------------------------------------- */

/* "acl-in (a rule of the port for what comes in)" */
static char *reason_text(unsigned why)
{
    return g_strdup_printf("%s (%s)", sim_name(SIM_NAMES(NetDrop), why),
                           sim_enum_NetDrop.values[MIN(why, SIM_NET_DROP_COUNT - 1)].meaning);
}

/* The frame that came in goes out with the decision; "" if none was reported. */
static void release_held(SimExport *out, Pcapng *p, const char *decision)
{
    const SimModelPort *port = sim_model_port(p->model, p->held_port);
    g_autofree char *comment = NULL;

    if (!p->holds)
        return;
    p->holds = false;
    comment = g_strdup_printf("switch %s: %s%s", port ? network_name(p, port->network) : "?",
                              *decision ? decision : "took it in", p->held_learned->str);
    add_packet(out, p, p->held_port, p->held_time, p->held_frame, INBOUND, comment);
}

static bool is_held(const Pcapng *p, uint64_t frame, uint32_t port)
{
    return p->holds && p->held_frame == frame && p->held_port == port;
}

static void hold(SimExport *out, Pcapng *p, const SimRecord *record)
{
    const SimEventSwitchReceive *event = SIM_FIELDS(record, SwitchReceive);

    release_held(out, p, "");
    p->holds = true;
    p->held_frame = event->frame;
    p->held_port = event->port;
    p->held_time = record->time;
    g_string_truncate(p->held_learned, 0);
}

static void learned(Pcapng *p, uint64_t mac, uint32_t port, const char *how)
{
    NetMac address;
    char text[NET_MAC_TEXT_BYTES];
    g_autofree char *where = port_name(p, port);

    if (!p->holds || p->held_port != port)
        return;
    for (unsigned i = 0; i < 6; i++)
        address.byte[i] = (uint8_t)(mac >> (40 - 8 * i));
    net_mac_format(address, text);
    g_string_append_printf(p->held_learned, "; %s %s on %s", how, text, where);
}

static const char *flood_reason(const Pcapng *p, uint64_t id)
{
    const Frame *frame = g_hash_table_lookup(p->frames, &id);
    NetEthernet header;

    if (!frame || net_ethernet_parse(frame->bytes, frame->kept, &header) == 0)
        return "";
    for (unsigned i = 0; i < 6; i++) {
        if (header.destination.byte[i] != 0xff)
            return header.destination.byte[0] & 1 ? ", destination is a group"
                                                  : ", destination unknown";
    }
    return ", destination is broadcast";
}

static void flooded(SimExport *out, Pcapng *p, const SimEventSwitchFlood *event)
{
    g_autofree char *decision =
        g_strdup_printf("flooded to %u port%s%s", event->ports, event->ports == 1 ? "" : "s",
                        flood_reason(p, event->frame));

    if (is_held(p, event->frame, event->in_port))
        release_held(out, p, decision);
}

static void forwarded(SimExport *out, Pcapng *p, const SimEventSwitchForward *event)
{
    g_autofree char *where = port_name(p, event->port);
    g_autofree char *decision = g_strdup_printf("forwarded to %s", where);

    if (is_held(p, event->frame, event->in_port))
        release_held(out, p, decision);
}

static void dropped(SimExport *out, Pcapng *p, const SimEventSwitchDrop *event)
{
    g_autofree char *why = reason_text(event->why);
    g_autofree char *decision = g_strdup_printf("dropped: %s", why);

    if (is_held(p, event->frame, event->in_port))
        release_held(out, p, decision);
}

/* A frame that one port did not let out appears there with the reason. */
static void kept_in(SimExport *out, Pcapng *p, const SimRecord *record)
{
    const SimEventEgressDrop *event = SIM_FIELDS(record, EgressDrop);
    g_autofree char *why = reason_text(event->why);
    g_autofree char *comment =
        g_strdup_printf("switch %s: not let out: %s", network_name(p, event->network), why);

    release_held(out, p, "");
    add_packet(out, p, event->port, record->time, event->frame, OUTBOUND, comment);
}

/* ---- What NATs decide --------------------------------------------------------- */

static void append_socket(GString *text, const SimModelSocket *socket)
{
    uint32_t a = socket->address;

    g_string_append_printf(text, "%u.%u.%u.%u:%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255,
                           socket->port);
}

static void append_way(GString *text, const SimModelSocket *from, const SimModelSocket *to)
{
    append_socket(text, from);
    g_string_append(text, " > ");
    append_socket(text, to);
}

static const SimModelNatRow *find_row(const Pcapng *p, uint32_t part, uint32_t number)
{
    for (guint n = 0; n < p->model->networks->len; n++) {
        const SimModelNetwork *network = p->model->networks->pdata[n];

        for (guint i = 0; i < network->nat->len; i++) {
            const SimModelNatRow *row = &g_array_index(network->nat, SimModelNatRow, i);
            if (row->part == part && row->row == number)
                return row;
        }
    }
    return NULL;
}

/* A frame that a NAT translates appears where it came in, with what its addresses were and
 * what they become. */
static void translated(SimExport *out, Pcapng *p, const SimRecord *record)
{
    const SimEventNatRewrite *event = SIM_FIELDS(record, NatRewrite);
    const SimModelPort *port = sim_model_port(p->model, event->port);
    const SimModelNatRow *row = port ? find_row(p, port->part, event->row) : NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    if (!row)
        return;
    g_autofree char *who = sim_model_port_name(p->model, event->port);

    g_string_printf(text, "%s: row %u: ", who, event->row);
    if (event->direction == SIM_NAT_OUTBOUND) {
        append_way(text, &row->inside, &row->inside_peer);
        g_string_append(text, " becomes ");
        append_way(text, &row->outside, &row->outside_peer);
    } else {
        append_way(text, &row->outside_peer, &row->outside);
        g_string_append(text, " becomes ");
        append_way(text, &row->inside_peer, &row->inside);
    }
    release_held(out, p, "");
    add_packet(out, p, event->port, record->time, event->frame, INBOUND, text->str);
}

static void ends_here(SimExport *out, Pcapng *p, const SimRecord *record, uint64_t frame,
                      uint32_t port, unsigned reason)
{
    g_autofree char *who = sim_model_port_name(p->model, port);
    g_autofree char *why = reason_text(reason);
    g_autofree char *comment = g_strdup_printf("%s: dropped: %s", who, why);

    release_held(out, p, "");
    need_interface(out, p, port);
    add_packet(out, p, port, record->time, frame,
               reason == SIM_NET_DROP_NO_ARP_ANSWER ? OUTBOUND : INBOUND, comment);
}

static void refused(SimExport *out, Pcapng *p, const SimRecord *record)
{
    const SimEventNatDrop *event = SIM_FIELDS(record, NatDrop);

    ends_here(out, p, record, event->frame, event->port, event->why);
}

/* ---- What ends elsewhere -------------------------------------------------------- */

/* At a router, at a host that is none, at a wireless bridge. */
static void not_passed_on(SimExport *out, Pcapng *p, const SimRecord *record)
{
    const SimEventRouterDrop *event = SIM_FIELDS(record, RouterDrop);

    ends_here(out, p, record, event->frame, event->port, event->why);
}

/* At a VM's NIC, before the guest. */
static void not_taken(SimExport *out, Pcapng *p, const SimRecord *record)
{
    const SimEventFrameDropped *event = SIM_FIELDS(record, FrameDropped);
    const SimModelNic *nic = sim_model_nic(p->model, event->vm, event->nic);

    if (!nic || nic->port == SIM_MODEL_NO_PORT)
        return;
    g_autofree char *who = sim_model_port_name(p->model, nic->port);
    g_autofree char *comment = g_strdup_printf(
        "%s: dropped by its NIC: %s (%s)", who, sim_name(SIM_NAMES(RxDrop), event->why),
        sim_enum_RxDrop.values[MIN(event->why, SIM_RX_DROP_COUNT - 1)].meaning);

    release_held(out, p, "");
    need_interface(out, p, nic->port);
    add_packet(out, p, nic->port, record->time, event->frame, INBOUND, comment);
}

static void matched(Pcapng *p, const SimEventFlowMatch *event)
{
    const SimModelPort *port = sim_model_port(p->model, event->in_port);
    const SimModelSwitch *sw = port ? sim_model_switch(p->model, port->network, port->part) : NULL;

    for (guint i = 0; sw && p->holds && i < sw->flows->len; i++) {
        const SimModelFlow *flow = &g_array_index(sw->flows, SimModelFlow, i);
        if (flow->flow == event->flow)
            g_string_append_printf(p->held_learned, "; by flow %s", flow->name);
    }
}

static void left(SimExport *out, Pcapng *p, const SimRecord *record)
{
    const SimEventLinkEnter *event = SIM_FIELDS(record, LinkEnter);
    g_autofree char *where = port_name(p, event->from);
    g_autofree char *comment = NULL;

    if (!is_switch_port(p, event->from))
        return;
    comment = g_strdup_printf("switch %s: leaves by %s", network_name(p, event->network), where);
    if (event->start_ns > record->time) {
        char *waits = g_strdup_printf("%s after waiting %" G_GUINT64_FORMAT " ns", comment,
                                      (uint64_t)(event->start_ns - record->time));
        g_free(comment);
        comment = waits;
    }
    add_packet(out, p, event->from, record->time, event->frame, OUTBOUND, comment);
}

/* "switch net0", "host" */
static char *part_name(const Pcapng *p, const SimModelPort *port, uint32_t number)
{
    return strcmp(port->kind, "switch") == 0
               ? g_strdup_printf("switch %s", network_name(p, port->network))
               : sim_model_port_name(p->model, number);
}

/* A cable did not carry a frame: it appears where it was to leave, or, if only the other end
 * has an interface, there. had_left: it was on the cable already. */
static void lost(SimExport *out, Pcapng *p, const SimRecord *record, bool had_left)
{
    const SimEventLinkDrop *event = SIM_FIELDS(record, LinkDrop);
    const SimModelPort *from = sim_model_port(p->model, event->from);
    const SimModelPort *peer = from ? sim_model_port(p->model, from->peer) : NULL;
    g_autofree char *why = reason_text(event->why);
    bool at_peer = from && peer && !is_deciding(p, from) && is_deciding(p, peer);

    if (!from)
        return;
    g_autofree char *who = part_name(p, at_peer ? peer : from, at_peer ? from->peer : event->from);
    g_autofree char *comment =
        at_peer    ? g_strdup_printf("cable to %s: dropped: %s", who, why)
        : had_left ? g_strdup_printf("cable from %s: dropped after it had left: %s", who, why)
                   : g_strdup_printf("%s: dropped: %s", who, why);

    need_interface(out, p, at_peer ? from->peer : event->from);
    add_packet(out, p, at_peer ? from->peer : event->from, record->time, event->frame,
               at_peer ? INBOUND : OUTBOUND, comment);
}

/* ---- The format ------------------------------------------------------------- */

static void *pcapng_begin(SimExport *out)
{
    Pcapng *p = g_new0(Pcapng, 1);

    p->model = sim_model_new();
    p->frames = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    p->order = g_queue_new();
    p->interfaces = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    p->held_learned = g_string_new(NULL);
    add_section(out->buffer);
    return p;
}

static void pcapng_apply(SimExport *out, void *state, const SimRecord *record)
{
    Pcapng *p = state;
    bool had_left = false;

    if (record->type == SIM_EVENT_LINK_DROP) {
        const SimEventLinkDrop *event = SIM_FIELDS(record, LinkDrop);
        const SimModelPort *from = sim_model_port(p->model, event->from);
        const SimFlight key = {.frame = event->frame, .to = from ? from->peer : 0};
        had_left = g_hash_table_contains(p->model->flights, &key);
    }
    sim_model_apply(p->model, record);
    if (p->holds && record->time > p->held_time)
        release_held(out, p, "");

    switch (record->type) {
    case SIM_EVENT_FRAME_SENT: {
        const SimEventFrameSent *event = SIM_FIELDS(record, FrameSent);
        keep_frame(p, event->frame, 0, event->length, record);
        break;
    }
    case SIM_EVENT_FRAME_NEW: {
        const SimEventFrameNew *event = SIM_FIELDS(record, FrameNew);
        keep_frame(p, event->frame, event->parent, event->length, record);
        break;
    }
    case SIM_EVENT_SWITCH_RECEIVE: hold(out, p, record); break;
    case SIM_EVENT_MAC_LEARNED:
        learned(p, SIM_FIELDS(record, MacLearned)->mac, SIM_FIELDS(record, MacLearned)->port,
                "learned");
        break;
    case SIM_EVENT_MAC_MOVED:
        learned(p, SIM_FIELDS(record, MacMoved)->mac, SIM_FIELDS(record, MacMoved)->port,
                "now finds");
        break;
    case SIM_EVENT_SWITCH_FLOOD: flooded(out, p, SIM_FIELDS(record, SwitchFlood)); break;
    case SIM_EVENT_SWITCH_FORWARD: forwarded(out, p, SIM_FIELDS(record, SwitchForward)); break;
    case SIM_EVENT_SWITCH_DROP: dropped(out, p, SIM_FIELDS(record, SwitchDrop)); break;
    case SIM_EVENT_EGRESS_DROP: kept_in(out, p, record); break;
    case SIM_EVENT_NAT_REWRITE: translated(out, p, record); break;
    case SIM_EVENT_NAT_DROP: refused(out, p, record); break;
    case SIM_EVENT_ROUTER_DROP: not_passed_on(out, p, record); break;
    case SIM_EVENT_FRAME_DROPPED: not_taken(out, p, record); break;
    case SIM_EVENT_FLOW_MATCH: matched(p, SIM_FIELDS(record, FlowMatch)); break;
    case SIM_EVENT_TO_CONTROLLER: release_held(out, p, "handed to the controller"); break;
    case SIM_EVENT_BPDU_RECEIVED: release_held(out, p, "taken in: spanning tree"); break;
    case SIM_EVENT_LINK_ENTER: left(out, p, record); break;
    case SIM_EVENT_LINK_DROP: lost(out, p, record, had_left); break;
    default: break;
    }
}

static void pcapng_end(SimExport *out, void *state)
{
    release_held(out, state, "");
    add_interfaces(out, state);
}

static void pcapng_free(void *state)
{
    Pcapng *p = state;

    sim_model_free(p->model);
    g_hash_table_unref(p->frames);
    g_queue_free(p->order);
    g_array_unref(p->interfaces);
    g_string_free(p->held_learned, TRUE);
    g_free(p);
}

const SimExportFormat sim_export_pcapng = {
    .name = "pcapng",
    .title = "a capture for Wireshark, one interface per port of a switch or a NAT",
    .begin = pcapng_begin,
    .apply = pcapng_apply,
    .end = pcapng_end,
    .free = pcapng_free,
};
