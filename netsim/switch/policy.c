/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.c: what a port lets its NIC send: under which address, how much, to whom.
 *
 * The three policies have the meaning of VMware's vSwitch security page. "Forged
 * transmits" is about what a VM sends: a source address that is not its NIC's own.
 * "MAC address changes" is about what it gets: a VM that took another address hears
 * nothing until it goes back to its own (egress.c). The rate cap polices: what is
 * above it is dropped at once (shaping, which delays instead, is the cable's: link.h).
 */
#include "netsim/switch/private.h"

#include "netsim/proto/wire.h"

NetDropReason net_stage_policy(NetPass *pass)
{
    NetSwitchPort *port = net_pass_port(pass);
    bool own = net_mac_equal(pass->source, port->config.mac);

    if (!own && port->config.refuse_forged)
        return NET_DROP_FORGED_SOURCE;
    port->changed = !own && port->config.refuse_mac_changes;
    return NET_PASS_ON;
}

NetDropReason net_stage_rate_cap(NetPass *pass)
{
    NetSwitchPort *port = net_pass_port(pass);
    const NetRate *cap = &port->config.rate_cap;

    return net_bucket_try(&port->cap, pass->frame->length * UINT64_C(8), cap->rate_bps,
                          cap->burst_bytes * UINT64_C(8), pass->now)
               ? NET_PASS_ON
               : NET_DROP_RATE_CAP;
}

static bool acl_allows(const NetAcl *acl, const NetPacket *packet)
{
    if (!packet->is_ip)
        return true;
    for (uint32_t i = 0; i < acl->count; i++) {
        if (net_match(&acl->rules[i].match, packet))
            return acl->rules[i].allow;
    }
    return true;
}

NetDropReason net_stage_acl(NetPass *pass)
{
    return acl_allows(&net_pass_port(pass)->config.acl_in, net_pass_packet(pass)) ? NET_PASS_ON
                                                                                  : NET_DROP_ACL_IN;
}

bool net_pass_may_leave(NetPass *pass, const NetSwitchPort *out)
{
    return out->config.acl_out.count == 0 ||
           acl_allows(&out->config.acl_out, net_pass_packet(pass));
}
