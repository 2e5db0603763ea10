/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flows.c: the flow table, by which a program decides instead of the switch.
 *
 * What software-defined networking means (McKeown et al., "OpenFlow: enabling
 * innovation in campus networks", CCR 38(2), 2008): an ordered table of matches, each
 * with a list of actions. The first match decides; without one the switch goes on by
 * itself, as if the table ended in "everything: normal". Actions that change the frame
 * work on a copy of its bytes, which becomes a new frame when it is sent.
 */
#include "netsim/switch/private.h"

#include <string.h>

#include "netsim/proto/checksum.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

typedef struct {
    NetFlow flow;
    uint32_t number; /* in order of creation, from 1 */
} Entry;

typedef struct {
    NetPass *pass;
    bool changed;  /* bytes differ from pass->frame */
    NetFrame *own; /* made here, to be given up at the end */
    size_t length;
    uint8_t bytes[NET_MAX_FRAME_BYTES];
} Edit;

/* --- the table --- */

static Entry *entry_at(const NetSwitch *sw, guint i)
{
    return &g_array_index(sw->flows, Entry, i);
}

static int find_flow(const NetSwitch *sw, const char *name)
{
    for (guint i = 0; i < sw->flows->len; i++) {
        if (strcmp(entry_at(sw, i)->flow.name, name) == 0)
            return (int)i;
    }
    return -1;
}

static void plan_all(NetSwitch *sw)
{
    for (uint32_t port = 0; port < sw->port_count; port++)
        net_switch_plan(sw, port);
}

bool net_switch_remove_flow(NetPart *part, const char *name, NetTime now)
{
    NetSwitch *sw = (NetSwitch *)part;
    int at = find_flow(sw, name);

    if (at < 0)
        return false;
    uint32_t number = entry_at(sw, (guint)at)->number;
    g_array_remove_index(sw->flows, (guint)at);
    plan_all(sw);
    NET_SWITCH_REPORT(sw, flow_removed, now, part->info.part, number);
    return true;
}

bool net_switch_add_flow(NetPart *part, const NetFlow *flow, NetTime now)
{
    NetSwitch *sw = (NetSwitch *)part;
    Entry entry = {.flow = *flow};
    guint at = 0;

    net_switch_remove_flow(part, flow->name, now);
    if (sw->flows->len == NET_MAX_FLOWS)
        return false;
    entry.number = ++sw->flows_made;
    while (at < sw->flows->len && entry_at(sw, at)->flow.priority >= flow->priority)
        at++;
    g_array_insert_val(sw->flows, at, entry);
    plan_all(sw);
    NET_SWITCH_REPORT(sw, flow_added, now, part->info.part, entry.number, flow);
    return true;
}

/* --- changing a frame --- */

/* Where the type behind the tags is; the frame has been parsed before. */
static size_t type_offset(const Edit *edit)
{
    NetEthernet ethernet;

    return net_ethernet_parse(edit->bytes, edit->length, &ethernet) - 2;
}

/* RFC 1624: what a 32-bit word of it changes by is what the checksum changes by. */
static void mend_checksum(uint8_t *at, NetIp4 from, NetIp4 to)
{
    uint32_t sum = (uint16_t)~net_get_16(at);

    sum += (uint16_t) ~(from >> 16) + (uint16_t)~from + (to >> 16) + (to & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    net_put_16(at, (uint16_t)~sum);
}

/* offset: of the address in the IP header. Only in IPv4 frames. */
static void set_ip(Edit *edit, size_t offset, NetIp4 address)
{
    size_t type = type_offset(edit), start = type + 2;
    uint8_t *ip = edit->bytes + start;
    NetIpv4 header;
    size_t bytes;

    if (net_get_16(edit->bytes + type) != NET_TYPE_IPV4 ||
        (bytes = net_ipv4_parse(ip, edit->length - start, &header)) == 0)
        return;
    NetIp4 before = net_get_32(ip + offset);
    net_put_32(ip + offset, address);
    mend_checksum(ip + 10, before, address);
    if (header.fragment_offset != 0)
        return;
    /* UDP and TCP sum up the addresses too; a UDP checksum of 0 means none. */
    if (header.protocol == NET_PROTOCOL_UDP && header.total_bytes >= bytes + NET_UDP_BYTES &&
        net_get_16(ip + bytes + 6) != 0)
        mend_checksum(ip + bytes + 6, before, address);
    if (header.protocol == NET_PROTOCOL_TCP && header.total_bytes >= bytes + NET_TCP_BYTES)
        mend_checksum(ip + bytes + 16, before, address);
}

static void push_vlan(Edit *edit, uint16_t vlan)
{
    if (edit->length + NET_VLAN_TAG_BYTES > sizeof edit->bytes)
        return;
    memmove(edit->bytes + 16, edit->bytes + 12, edit->length - 12);
    net_put_16(edit->bytes + 12, NET_TYPE_VLAN);
    net_put_16(edit->bytes + 14, vlan);
    edit->length += NET_VLAN_TAG_BYTES;
}

static void pop_vlan(Edit *edit)
{
    if (net_get_16(edit->bytes + 12) != NET_TYPE_VLAN ||
        edit->length < NET_ETHERNET_BYTES + NET_VLAN_TAG_BYTES)
        return;
    edit->length -= NET_VLAN_TAG_BYTES;
    memmove(edit->bytes + 12, edit->bytes + 16, edit->length - 12);
}

static void change(Edit *edit, const NetAction *action)
{
    edit->changed = true;
    switch (action->kind) {
    case NET_ACTION_SET_SOURCE: memcpy(edit->bytes + 6, action->mac.byte, 6); break;
    case NET_ACTION_SET_DESTINATION: memcpy(edit->bytes, action->mac.byte, 6); break;
    case NET_ACTION_SET_SOURCE_IP: set_ip(edit, 12, action->ip); break;
    case NET_ACTION_SET_DESTINATION_IP: set_ip(edit, 16, action->ip); break;
    case NET_ACTION_PUSH_VLAN: push_vlan(edit, action->vlan); break;
    case NET_ACTION_POP_VLAN: pop_vlan(edit); break;
    default: g_assert_not_reached();
    }
}

/* What was changed becomes the frame that passes. */
static void commit(Edit *edit)
{
    NetPass *pass = edit->pass;
    uint16_t vlan = pass->vlan;

    if (!edit->changed)
        return;
    net_pass_clear(pass);
    NetFrame *frame =
        net_part_new_frame(&pass->sw->part, pass->frame->id, edit->bytes, edit->length, pass->now);
    net_frame_unref(edit->own);
    edit->own = pass->frame = frame;
    edit->changed = false;
    pass->read = false;
    memcpy(pass->destination.byte, frame->bytes, 6);
    memcpy(pass->source.byte, frame->bytes + 6, 6);
    if (!pass->sw->config.vlans)
        return;
    net_pass_classify(pass);
    if (pass->forms[1] == NULL)
        pass->vlan = vlan; /* untagged: it stays where it was */
}

/* --- deciding --- */

static bool output(NetPass *pass, NetPortId id)
{
    NetSwitch *sw = pass->sw;
    uint32_t port = net_switch_find_port(sw, id);

    if (port == UINT32_MAX)
        return false;
    NET_SWITCH_REPORT(sw, switch_forward, pass->now, net_pass_port(pass)->id, sw->ports[port].id,
                      pass->frame);
    net_pass_output(pass, port);
    return true;
}

static NetDropReason act(Edit *edit, const Entry *entry)
{
    NetPass *pass = edit->pass;
    NetDropReason result = NET_DROP_FLOW;

    for (uint32_t i = 0; i < entry->flow.action_count; i++) {
        const NetAction *action = &entry->flow.actions[i];
        if (action->kind > NET_ACTION_CONTROLLER) {
            change(edit, action);
            continue;
        }
        commit(edit);
        switch (action->kind) {
        case NET_ACTION_OUTPUT: result = output(pass, action->port) ? NET_TAKEN : result; break;
        case NET_ACTION_FLOOD: result = net_pass_flood(pass); break;
        case NET_ACTION_NORMAL: return net_pass_forward(pass);
        case NET_ACTION_CONTROLLER:
            NET_SWITCH_REPORT(pass->sw, to_controller, pass->now, net_pass_port(pass)->id,
                              entry->number, pass->frame);
            result = NET_TAKEN;
            break;
        default: return NET_DROP_FLOW;
        }
    }
    return result;
}

NetDropReason net_pass_flows(NetPass *pass)
{
    const NetSwitch *sw = pass->sw;
    const NetPacket *packet = net_pass_packet(pass);
    const Entry *entry = NULL;

    for (guint i = 0; i < sw->flows->len && entry == NULL; i++) {
        if (net_match(&entry_at(sw, i)->flow.match, packet))
            entry = entry_at(sw, i);
    }
    if (entry == NULL)
        return NET_PASS_ON;
    NET_SWITCH_REPORT(sw, flow_match, pass->now, net_pass_port(pass)->id, entry->number,
                      pass->frame);

    Edit edit = {.pass = pass, .length = pass->frame->length};
    NetFrame *before = pass->frame;
    memcpy(edit.bytes, before->bytes, before->length);
    NetDropReason result = act(&edit, entry);
    net_pass_clear(pass);
    pass->frame = before;
    net_frame_unref(edit.own);
    return result;
}

GArray *net_flows_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(Entry));
}
