/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switch.c: receive, learn, forward; see switch.h. */
#include "netsim/switch.h"

#include <string.h>

#include "netsim/mac-table.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

#define NO_VLAN 0 /* where the MAC table keeps addresses of networks without VLANs */

typedef struct {
    NetPart part;
    NetSwitchConfig config;
    NetMacTable *table;
    uint32_t up_count; /* ports whose cable is plugged */
} Switch;

#define REPORT(sw, event, ...)                                                                     \
    do {                                                                                           \
        void *user_;                                                                               \
        const NetObserver *observer_ = net_world_observer((sw)->part.world, &user_);               \
        if (observer_->event != NULL)                                                              \
            observer_->event(user_, __VA_ARGS__);                                                  \
    } while (0)

static NetPortId id_of(const Switch *sw, uint32_t port)
{
    return net_part_port_id(&sw->part, port);
}

static void drop(Switch *sw, uint32_t in, const NetFrame *frame, NetDropReason why, NetTime now)
{
    net_part_count_drop(&sw->part, in, why);
    REPORT(sw, switch_drop, now, id_of(sw, in), frame, why);
}

static void learn(Switch *sw, uint32_t in, NetMac source, NetTime now)
{
    uint32_t old = 0;

    switch (net_mac_table_learn(sw->table, NO_VLAN, source, in, now, &old)) {
    case NET_MAC_LEARNED: REPORT(sw, switch_learned, now, id_of(sw, in), NO_VLAN, source); break;
    case NET_MAC_MOVED:
        REPORT(sw, switch_moved, now, id_of(sw, old), id_of(sw, in), NO_VLAN, source);
        break;
    case NET_MAC_FULL: REPORT(sw, switch_table_full, now, id_of(sw, in), NO_VLAN, source); break;
    case NET_MAC_KNOWN: break;
    }
}

static void flood(Switch *sw, uint32_t in, NetFrame *frame, NetTime now)
{
    uint32_t others = sw->up_count - net_part_port_is_up(&sw->part, in);

    if (others == 0) {
        drop(sw, in, frame, NET_DROP_NO_OTHER_PORT, now);
        return;
    }
    REPORT(sw, switch_flood, now, id_of(sw, in), others, frame);
    for (uint32_t port = 0; port < net_part_port_count(&sw->part); port++) {
        if (port != in && net_part_port_is_up(&sw->part, port))
            net_part_send(&sw->part, port, frame, now);
    }
}

/* May a frame pass? NET_DROP_COUNT: yes. */
static NetDropReason judge(const Switch *sw, const NetFrame *frame, NetEthernet *ret_ethernet)
{
    static const NetMac nobody;
    size_t header_bytes = net_ethernet_parse(frame->bytes, frame->length, ret_ethernet);

    if (header_bytes == 0)
        return NET_DROP_RUNT;
    if (frame->length - header_bytes > sw->config.mtu)
        return NET_DROP_OVERSIZE;
    if (net_mac_is_group(ret_ethernet->source) || net_mac_equal(ret_ethernet->source, nobody))
        return NET_DROP_BAD_SOURCE;
    return NET_DROP_COUNT;
}

static bool is_reserved(NetMac mac)
{
    static const uint8_t prefix[5] = {0x01, 0x80, 0xc2, 0x00, 0x00};

    return memcmp(mac.byte, prefix, sizeof prefix) == 0 && mac.byte[5] < 0x10;
}

static void switch_receive(NetPart *part, uint32_t in, NetFrame *frame, NetTime now)
{
    Switch *sw = (Switch *)part;
    NetEthernet ethernet;

    REPORT(sw, switch_received, now, id_of(sw, in), frame);
    NetDropReason why = judge(sw, frame, &ethernet);
    if (why != NET_DROP_COUNT) {
        drop(sw, in, frame, why, now);
        return;
    }
    learn(sw, in, ethernet.source, now);

    if (is_reserved(ethernet.destination)) {
        drop(sw, in, frame, NET_DROP_RESERVED_MULTICAST, now);
        return;
    }
    int64_t out = net_mac_is_group(ethernet.destination)
                      ? -1
                      : net_mac_table_find(sw->table, NO_VLAN, ethernet.destination);
    if (out < 0) {
        flood(sw, in, frame, now);
    } else if ((uint32_t)out == in) {
        drop(sw, in, frame, NET_DROP_SAME_PORT, now);
    } else {
        REPORT(sw, switch_forward, now, id_of(sw, in), id_of(sw, (uint32_t)out), frame);
        net_part_send(part, (uint32_t)out, frame, now);
    }
}

static void forget(Switch *sw, const NetMacEntry *entry, NetAgedReason why, NetTime now)
{
    NetMacEntry gone = *entry;

    net_mac_table_remove(sw->table, entry);
    REPORT(sw, switch_aged, now, id_of(sw, gone.port), gone.vlan, gone.mac, why);
}

static NetTime switch_deadline(const NetPart *part)
{
    const Switch *sw = (const Switch *)part;
    const NetMacEntry *oldest = net_mac_table_oldest(sw->table);

    if (oldest == NULL || sw->config.ageing_ns > NET_TIME_NEVER - oldest->last_seen)
        return NET_TIME_NEVER;
    return oldest->last_seen + sw->config.ageing_ns;
}

static void switch_advance(NetPart *part, NetTime now)
{
    Switch *sw = (Switch *)part;

    while (switch_deadline(part) <= now)
        forget(sw, net_mac_table_oldest(sw->table), NET_AGED_IDLE, now);
}

static void switch_port_changed(NetPart *part, uint32_t port, bool up, NetTime now)
{
    Switch *sw = (Switch *)part;
    const NetMacEntry *entry, *next;

    sw->up_count = up ? sw->up_count + 1 : sw->up_count - 1;
    if (up)
        return;
    for (entry = net_mac_table_oldest(sw->table); entry != NULL; entry = next) {
        next = net_mac_table_next(sw->table, entry);
        if (entry->port == port)
            forget(sw, entry, NET_AGED_PORT_DOWN, now);
    }
}

static void switch_list_macs(const NetPart *part, GArray *rows)
{
    const Switch *sw = (const Switch *)part;
    const NetMacEntry *entry;

    for (entry = net_mac_table_oldest(sw->table); entry != NULL;
         entry = net_mac_table_next(sw->table, entry)) {
        NetMacRow row = {
            .vlan = entry->vlan,
            .mac = entry->mac,
            .port = id_of(sw, entry->port),
            .last_seen = entry->last_seen,
        };
        g_array_append_val(rows, row);
    }
}

static void switch_free(NetPart *part)
{
    Switch *sw = (Switch *)part;

    net_mac_table_free(sw->table);
    g_free(sw);
}

static const NetPartOps switch_ops = {
    .kind = "switch",
    .receive = switch_receive,
    .deadline = switch_deadline,
    .advance = switch_advance,
    .port_changed = switch_port_changed,
    .list_macs = switch_list_macs,
    .free = switch_free,
};

NetPart *net_switch_new(const NetSwitchConfig *config)
{
    Switch *sw = g_new0(Switch, 1);

    sw->part.ops = &switch_ops;
    sw->config = *config;
    sw->table = net_mac_table_new(config->mac_rows);
    return &sw->part;
}
