/* SPDX-License-Identifier: GPL-2.0-or-later */
/* egress.c: the last look at a frame, once for each port that it is to leave by.
 *
 * May it leave here at all; with or without a VLAN tag; and, where the port is a team
 * of cables, by which one. A frame's bytes never change: one with another tag is a
 * new frame that names this one as its parent, and is made once for all ports.
 */
#include "netsim/switch/private.h"

#include <string.h>

#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

#define ADDRESS_BYTES 12u /* before the tag */

/* The frame without a tag, or with one of its VLAN. */
static NetFrame *form_of(NetPass *pass, bool tagged)
{
    const NetFrame *frame = pass->frame;
    uint8_t bytes[NET_MAX_FRAME_BYTES];
    size_t rest = ADDRESS_BYTES, at = ADDRESS_BYTES;

    if (pass->forms[tagged] != NULL)
        return pass->forms[tagged];
    if (net_get_16(frame->bytes + ADDRESS_BYTES) == NET_TYPE_VLAN)
        rest += NET_VLAN_TAG_BYTES;
    memcpy(bytes, frame->bytes, ADDRESS_BYTES);
    if (tagged) {
        net_put_16(bytes + at, NET_TYPE_VLAN);
        net_put_16(bytes + at + 2, pass->vlan);
        at += NET_VLAN_TAG_BYTES;
    }
    size_t length = MIN(frame->length - rest, sizeof bytes - at);
    memcpy(bytes + at, frame->bytes + rest, length);
    pass->forms[tagged] =
        net_part_new_frame(&pass->sw->part, frame->id, bytes, at + length, pass->now);
    pass->own[tagged] = true;
    return pass->forms[tagged];
}

static bool is_too_long(const NetPass *pass, const NetSwitchPort *out)
{
    NetEthernet ethernet;

    return out->mtu < pass->sw->config.mtu &&
           pass->frame->length -
                   net_ethernet_parse(pass->frame->bytes, pass->frame->length, &ethernet) >
               out->mtu;
}

static NetDropReason judge(NetPass *pass, uint32_t number)
{
    const NetSwitchPort *out = &pass->sw->ports[number];
    bool for_others =
        !net_mac_is_group(pass->destination) && !net_mac_equal(pass->destination, out->config.mac);

    if (!out->up)
        return NET_DROP_LINK_DOWN;
    if (!net_tree_forwards(&out->tree))
        return NET_DROP_PORT_BLOCKED;
    if (!net_port_has_vlan(pass->sw, number, pass->vlan))
        return NET_DROP_VLAN_NOT_ALLOWED;
    if (is_too_long(pass, out))
        return NET_DROP_OVERSIZE;
    if (for_others && out->config.promiscuous == NET_PROMISCUOUS_DENY)
        return NET_DROP_NOT_FOR_IT;
    if (out->changed)
        return NET_DROP_MAC_CHANGED;
    return net_pass_may_leave(pass, out) ? NET_PASS_ON : NET_DROP_ACL_OUT;
}

bool net_pass_output(NetPass *pass, uint32_t number)
{
    NetSwitch *sw = pass->sw;
    NetSwitchPort *out = &sw->ports[number];
    NetFrame *frame = pass->frame;

    if (out->checked) {
        NetDropReason why = judge(pass, number);
        if (why != NET_PASS_ON) {
            net_part_count_drop(&sw->part, number, why);
            NET_SWITCH_REPORT(sw, switch_egress_drop, pass->now, net_pass_port(pass)->id, out->id,
                              frame, why);
            return false;
        }
    }
    if (sw->config.vlans)
        frame = form_of(pass,
                        out->config.vlan_mode == NET_VLAN_TRUNK && pass->vlan != out->config.vlan);
    out->passed = sw->passes;
    net_part_send(&sw->part,
                  out->team_size == 0 ? number : net_team_member(sw, number, pass->source), frame,
                  pass->now);
    if (out->mirrors & NET_MIRROR_OUT)
        net_pass_copy_mirrors(pass, number, NET_MIRROR_OUT, frame);
    return true;
}
