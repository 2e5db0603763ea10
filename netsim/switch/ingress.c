/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ingress.c: of which VLAN is what comes in?
 *
 * IEEE 802.1Q 6.9: an untagged frame is of its port's own VLAN (an access port's, or
 * a trunk's native one), a tagged one of the VLAN that its tag names. From then on a
 * frame has two forms, without and with a tag; egress.c picks one for each port that
 * the frame leaves by.
 */
#include "netsim/switch/private.h"

#include <string.h>

#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

bool net_port_has_vlan(const NetSwitch *sw, uint32_t number, uint16_t vlan)
{
    const NetSwitchPort *port = &sw->ports[number];

    if (!sw->config.vlans || vlan == port->config.vlan)
        return true;
    if (port->config.vlan_mode == NET_VLAN_ACCESS)
        return false;
    return port->vlans == NULL || port->vlans[vlan / 64] >> (vlan % 64) & 1;
}

/* The tag of a frame, if it has one; priority tags (802.1Q 6.9.1) name VLAN 0. */
static bool read_tag(const NetFrame *frame, uint16_t *ret_vlan)
{
    if (frame->length < NET_ETHERNET_BYTES + NET_VLAN_TAG_BYTES ||
        net_get_16(frame->bytes + 12) != NET_TYPE_VLAN)
        return false;
    *ret_vlan = net_get_16(frame->bytes + 14) & 0xfff;
    return true;
}

NetDropReason net_pass_classify(NetPass *pass)
{
    const NetPortConfig *config = &net_pass_port(pass)->config;
    uint16_t tag = 0;
    bool tagged = read_tag(pass->frame, &tag);

    pass->forms[tagged] = tag != 0 || !tagged ? pass->frame : NULL;
    if (tag == 0) {
        pass->vlan = config->vlan;
        return config->vlan == NET_NO_NATIVE_VLAN ? NET_DROP_NO_NATIVE_VLAN : NET_PASS_ON;
    }
    pass->vlan = tag;
    if (config->vlan_mode == NET_VLAN_ACCESS)
        return NET_DROP_VLAN_TAGGED;
    return tag <= NET_MAX_VLAN && net_port_has_vlan(pass->sw, pass->in, tag)
               ? NET_PASS_ON
               : NET_DROP_VLAN_NOT_ALLOWED;
}

NetDropReason net_stage_vlan(NetPass *pass)
{
    return net_pass_classify(pass);
}

void net_pass_clear(NetPass *pass)
{
    for (unsigned i = 0; i < 2; i++) {
        if (pass->own[i])
            net_frame_unref(pass->forms[i]);
        pass->own[i] = false;
        pass->forms[i] = NULL;
    }
}
