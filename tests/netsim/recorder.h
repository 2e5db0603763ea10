/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorder.h: an observer that writes every event as a line, for tests to compare.
 *
 * A line is "TIME event ...", frames by their id and ports by their number. */
#pragma once

#include "netsim/network.h"
#include "netsim/proto/text.h"

static inline const char *record_mac(NetMac mac)
{
    static char buffer[NET_MAC_TEXT_BYTES];

    net_mac_format(mac, buffer);
    return buffer;
}

#define RECORD(...) g_string_append_printf(user, __VA_ARGS__)
#define T           G_GUINT64_FORMAT

static void record_network_new(void *user, NetTime at, NetNetworkId network, const char *name,
                               const char *mode)
{
    RECORD("%" T " network %u %s %s\n", at, network, name, mode);
}

static void record_part_new(void *user, NetTime at, const NetPartInfo *info)
{
    RECORD("%" T " part %u %s in %u vm %u nic %u\n", at, info->part, info->kind, info->network,
           info->vm, info->nic);
}

static void record_port_new(void *user, NetTime at, NetPortId port, NetPartId part, uint32_t number,
                            NetNetworkId network)
{
    RECORD("%" T " port %u of %u number %u\n", at, port, part, number);
}

static void record_link_new(void *user, NetTime at, NetPortId a, NetPortId b, NetTime latency_ns,
                            uint64_t rate_bps)
{
    RECORD("%" T " link %u %u latency %" T " rate %" T "\n", at, a, b, latency_ns, rate_bps);
}

static void record_port_state(void *user, NetTime at, NetPortId port, bool up)
{
    RECORD("%" T " port %u %s\n", at, port, up ? "up" : "down");
}

static void record_link_enter(void *user, NetTime at, NetPortId from, NetPortId to,
                              const NetFrame *frame, NetTime departs, NetTime arrives)
{
    RECORD("%" T " frame %" T " enters %u to %u departs %" T " arrives %" T "\n", at, frame->id,
           from, to, departs, arrives);
}

static void record_link_drop(void *user, NetTime at, NetPortId from, const NetFrame *frame,
                             NetDropReason why)
{
    RECORD("%" T " frame %" T " lost at %u %s\n", at, frame->id, from, net_drop_reason_name(why));
}

static void record_delivered(void *user, NetTime at, NetPortId port, const NetFrame *frame)
{
    RECORD("%" T " frame %" T " delivered %u\n", at, frame->id, port);
}

static void record_switch_received(void *user, NetTime at, NetPortId in, const NetFrame *frame)
{
    RECORD("%" T " frame %" T " received %u\n", at, frame->id, in);
}

static void record_switch_learned(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac)
{
    RECORD("%" T " learned %s at %u\n", at, record_mac(mac), port);
}

static void record_switch_moved(void *user, NetTime at, NetPortId from, NetPortId to, uint16_t vlan,
                                NetMac mac)
{
    RECORD("%" T " moved %s from %u to %u\n", at, record_mac(mac), from, to);
}

static void record_switch_aged(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac,
                               NetAgedReason why)
{
    RECORD("%" T " aged %s at %u %s\n", at, record_mac(mac), port, net_aged_reason_name(why));
}

static void record_switch_table_full(void *user, NetTime at, NetPortId port, uint16_t vlan,
                                     NetMac mac)
{
    RECORD("%" T " full %s at %u\n", at, record_mac(mac), port);
}

static void record_switch_forward(void *user, NetTime at, NetPortId in, NetPortId out,
                                  const NetFrame *frame)
{
    RECORD("%" T " frame %" T " forwarded %u to %u\n", at, frame->id, in, out);
}

static void record_switch_flood(void *user, NetTime at, NetPortId in, uint32_t ports,
                                const NetFrame *frame)
{
    RECORD("%" T " frame %" T " flooded %u to %u ports\n", at, frame->id, in, ports);
}

static void record_switch_drop(void *user, NetTime at, NetPortId in, const NetFrame *frame,
                               NetDropReason why)
{
    RECORD("%" T " frame %" T " dropped %u %s\n", at, frame->id, in, net_drop_reason_name(why));
}

static void record_overrun(void *user, NetTime at, uint64_t steps)
{
    RECORD("%" T " overrun\n", at);
}

/* observer_user is the GString. */
static const NetObserver recorder = {
    .network_new = record_network_new,
    .part_new = record_part_new,
    .port_new = record_port_new,
    .link_new = record_link_new,
    .port_state = record_port_state,
    .link_enter = record_link_enter,
    .link_drop = record_link_drop,
    .delivered = record_delivered,
    .switch_received = record_switch_received,
    .switch_learned = record_switch_learned,
    .switch_moved = record_switch_moved,
    .switch_aged = record_switch_aged,
    .switch_table_full = record_switch_table_full,
    .switch_forward = record_switch_forward,
    .switch_flood = record_switch_flood,
    .switch_drop = record_switch_drop,
    .overrun = record_overrun,
};
#undef RECORD
#undef T
