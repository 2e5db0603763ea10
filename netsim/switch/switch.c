/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switch.c: a frame comes in, and leaves where its destination lives; see switch.h.
 *
 * This is all of an ordinary switch: is it a frame, where does its sender live, where
 * its receiver. What else a port may ask of a frame are stages, each one function in a
 * file of its own, which lets the frame pass on, takes it, or names the reason to drop
 * it. The order of the table is the order of the way.
 */
#include "netsim/switch/switch.h"

#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"
#include "netsim/switch/private.h"

static NetDropReason (*const stages[NET_STAGE_COUNT])(NetPass *pass) = {
    [NET_STAGE_MIRROR] = net_stage_mirror,     [NET_STAGE_TREE] = net_stage_tree,
    [NET_STAGE_VLAN] = net_stage_vlan,         [NET_STAGE_POLICY] = net_stage_policy,
    [NET_STAGE_RATE_CAP] = net_stage_rate_cap, [NET_STAGE_ACL] = net_stage_acl,
};

/* Of the Ethernet header and its tags; 0: it is cut off. */
static size_t header_length(const NetFrame *frame)
{
    NetEthernet ethernet;

    if (frame->length < NET_ETHERNET_BYTES)
        return 0;
    uint16_t type = net_get_16(frame->bytes + 12);
    if (type != NET_TYPE_VLAN && type != NET_TYPE_QINQ)
        return NET_ETHERNET_BYTES;
    return net_ethernet_parse(frame->bytes, frame->length, &ethernet);
}

/* Is it a frame at all, and short enough? */
static NetDropReason check(NetPass *pass)
{
    static const NetMac nobody;
    const NetFrame *frame = pass->frame;
    size_t header_bytes = header_length(frame);

    if (header_bytes == 0)
        return NET_DROP_RUNT;
    if (frame->length - header_bytes > net_pass_port(pass)->mtu)
        return NET_DROP_OVERSIZE;
    memcpy(pass->destination.byte, frame->bytes, 6);
    memcpy(pass->source.byte, frame->bytes + 6, 6);
    return net_mac_is_group(pass->source) || net_mac_equal(pass->source, nobody)
               ? NET_DROP_BAD_SOURCE
               : NET_PASS_ON;
}

/* To where the receiver lives; if that is not known, to everybody. */
NetDropReason net_pass_forward(NetPass *pass)
{
    NetSwitch *sw = pass->sw;

    if (net_mac_is_group(pass->destination))
        return net_mac_is_reserved(pass->destination) ? NET_DROP_RESERVED_MULTICAST
                                                      : net_pass_flood(pass);
    int64_t found = net_mac_table_find(sw->table, pass->vlan, pass->destination);
    if (found < 0)
        return net_pass_flood(pass);
    uint32_t out = (uint32_t)found;
    if (out == pass->in)
        return NET_DROP_SAME_PORT;
    NET_SWITCH_REPORT(sw, switch_forward, pass->now, net_pass_port(pass)->id, sw->ports[out].id,
                      pass->frame);
    net_pass_output(pass, out);
    if (sw->promiscuous > 0)
        net_pass_copy_promiscuous(pass, out);
    return NET_TAKEN;
}

/* The whole way. */
static NetDropReason decide(NetPass *pass)
{
    NetDropReason why = check(pass);
    uint32_t left = net_pass_port(pass)->stages;

    for (; why == NET_PASS_ON && left != 0; left &= left - 1)
        why = stages[__builtin_ctz(left)](pass);
    if (why == NET_PASS_ON)
        why = net_pass_learn(pass);
    if (why == NET_PASS_ON && pass->sw->flows->len > 0)
        why = net_pass_flows(pass);
    return why == NET_PASS_ON ? net_pass_forward(pass) : why;
}

/* The short way, which gives what the whole way would: nothing is asked of the frame,
 * and both addresses are known. False: it has to go the whole way. */
static inline bool pass_by(NetSwitch *sw, uint32_t in, NetFrame *frame, NetTime now)
{
    const NetSwitchPort *port = &sw->ports[in];
    NetMacTable *table = sw->table;

    if (!port->plain_entry || sw->promiscuous > 0 || frame->length < NET_ETHERNET_BYTES ||
        frame->length > NET_ETHERNET_BYTES + port->mtu ||
        net_get_16(frame->bytes + 12) == NET_TYPE_VLAN ||
        net_get_16(frame->bytes + 12) == NET_TYPE_QINQ)
        return false;
    /* Known addresses are no group's. */
    uint64_t destination = net_mac_table_key(0, frame->bytes);
    uint32_t from = net_mac_table_row(table, net_mac_table_key(0, frame->bytes + 6));
    uint32_t to = net_mac_table_row(table, destination);
    if (from == 0 || to == 0 || table->rows[from].entry.port != in)
        return false;
    uint32_t number = table->rows[to].entry.port;
    const NetSwitchPort *out = &sw->ports[number];
    if (number == in || !out->plain_exit ||
        (out->owner != NET_ANY_OWNER && out->owner != destination))
        return false;
    net_mac_table_touch(table, from, now);
    NET_SWITCH_REPORT(sw, switch_forward, now, port->id, out->id, frame);
    net_part_send(&sw->part, number, frame, now);
    return true;
}

/* Not inline: what it needs on the stack, the short way need not pay for. */
static G_NO_INLINE void go_whole_way(NetSwitch *sw, uint32_t number, NetFrame *frame, NetTime now)
{
    NetPass pass;

    pass.sw = sw;
    pass.in = sw->ports[number].leader;
    pass.frame = frame;
    pass.now = now;
    pass.vlan = 0;
    pass.learn_only = pass.read = false;
    pass.forms[0] = pass.forms[1] = NULL;
    pass.own[0] = pass.own[1] = false;

    NetDropReason why = decide(&pass);
    if (why != NET_TAKEN) {
        net_part_count_drop(&sw->part, pass.in, why);
        NET_SWITCH_REPORT(sw, switch_drop, now, sw->ports[pass.in].id, frame, why);
    }
    net_pass_clear(&pass);
}

void net_switch_receive(NetPart *part, uint32_t number, NetFrame *frame, NetTime now)
{
    NetSwitch *sw = (NetSwitch *)part;

    sw->passes++;
    NET_SWITCH_REPORT(sw, switch_received, now, sw->ports[number].id, frame);
    if (!pass_by(sw, number, frame, now))
        go_whole_way(sw, number, frame, now);
}
