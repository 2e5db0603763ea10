/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switch-net.h: a network of switches with a few stations, for the tests of what a switch
 * can be set to do. A station is a NIC with the MAC address 02:00:00:00:00:0N, N its
 * number from 1 in the order of attaching. Events that the recorder does not write are
 * counted or written as lines here.
 */
#pragma once

#include <glib.h>
#include <string.h>

#include "netsim/network.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

#define MS            NET_NS_PER_MS
#define MAX_STATIONS  16
#define STATION_BYTES 60

typedef struct {
    NetWorld *world;
    NetNetworkId network;
    uint64_t frame_ids;
    NetPortId nics[MAX_STATIONS];
    unsigned count;
    GString *log; /* "drop REASON\n", "egress REASON\n", "copy WHY\n", "tree PORT STATE\n", ... */
    uint8_t last[MAX_STATIONS][NET_MAX_FRAME_BYTES]; /* what each got last */
    size_t last_bytes[MAX_STATIONS];
    unsigned got[MAX_STATIONS]; /* frames */
    NetTime last_at[MAX_STATIONS];
} SwitchNet;

static inline NetMac station_mac(unsigned number)
{
    return (NetMac){{2, 0, 0, 0, 0, (uint8_t)(number + 1)}};
}

static const NetMac all_stations = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

#define LOG(...) g_string_append_printf(((SwitchNet *)user)->log, __VA_ARGS__)

static void log_drop(void *user, NetTime at, NetPortId in, const NetFrame *frame, NetDropReason why)
{
    LOG("drop %s\n", net_drop_reason_name(why));
}

static void log_egress(void *user, NetTime at, NetPortId in, NetPortId out, const NetFrame *frame,
                       NetDropReason why)
{
    LOG("egress %s\n", net_drop_reason_name(why));
}

static void log_link_drop(void *user, NetTime at, NetPortId from, const NetFrame *frame,
                          NetDropReason why)
{
    LOG("lost %s\n", net_drop_reason_name(why));
}

static void log_copy(void *user, NetTime at, NetPortId in, NetPortId out, const NetFrame *frame,
                     NetCopyReason why)
{
    LOG("copy %s\n", why == NET_COPY_MIRROR ? "mirror" : "promiscuous");
}

static void log_tree_port(void *user, NetTime at, NetPortId port, NetTreeState from,
                          NetTreeState to, NetTreeRole role)
{
    LOG("%" G_GUINT64_FORMAT " port %u %s\n", at, port, net_tree_state_name(to));
}

static void log_tree_root(void *user, NetTime at, NetPartId part, uint64_t bridge, uint64_t root,
                          uint32_t cost, NetPortId root_port)
{
    LOG("%" G_GUINT64_FORMAT " bridge %u root %u cost %u by %d\n", at, (unsigned)(bridge >> 48),
        (unsigned)(root >> 48), cost, (int)root_port);
}

static void log_team(void *user, NetTime at, NetPortId from, NetPortId to)
{
    LOG("team %u to %u\n", from, to);
}

static void log_flow(void *user, NetTime at, NetPortId in, uint32_t number, const NetFrame *frame)
{
    LOG("flow %u\n", number);
}

static void log_controller(void *user, NetTime at, NetPortId in, uint32_t number,
                           const NetFrame *frame)
{
    LOG("controller %u\n", number);
}

static const NetObserver switch_net_observer = {
    .switch_drop = log_drop,
    .switch_egress_drop = log_egress,
    .link_drop = log_link_drop,
    .switch_copy = log_copy,
    .tree_port = log_tree_port,
    .tree_root = log_tree_root,
    .team_active = log_team,
    .flow_match = log_flow,
    .to_controller = log_controller,
};
#undef LOG

static inline SwitchNet *switch_net_new(NetNetworkConfig config)
{
    SwitchNet *net = g_new0(SwitchNet, 1);
    const NetWorldConfig world = {
        .frame_ids = &net->frame_ids, .observer = switch_net_observer, .observer_user = net};

    net->log = g_string_new(NULL);
    net->world = net_world_new(&world);
    config.name = "net";
    config.mode = "internal";
    g_assert_true(net_world_add_network(net->world, &config, 0, &net->network, NULL));
    return net;
}

static inline void switch_net_free(SwitchNet *net)
{
    net_world_free(net->world);
    g_string_free(net->log, TRUE);
    g_free(net);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SwitchNet, switch_net_free)

/* Attaches a station; its port gets the station's MAC address. */
static inline unsigned switch_net_attach(SwitchNet *net, uint32_t on_switch, NetPortConfig port)
{
    unsigned number = net->count++;
    NetNicConfig nic = {.network = net->network,
                        .vm = number,
                        .mac = station_mac(number),
                        .on_switch = on_switch,
                        .port = port};

    nic.port.mac = nic.mac;
    g_assert_true(net_world_attach_nic(net->world, &nic, 0, &net->nics[number], NULL));
    return number;
}

/* The switch's end of a station's cable. */
static inline NetPortId switch_net_port(const SwitchNet *net, unsigned station)
{
    NetPortInfo info;

    net_world_port(net->world, net->nics[station], &info);
    return info.peer;
}

/* Lets time pass; who got a frame, as a bit for each station. */
static inline unsigned switch_net_run(SwitchNet *net, NetTime until)
{
    NetDelivery delivery;
    unsigned got = 0;
    NetTime reached;

    do {
        reached = net_world_advance(net->world, until);
        while (net_world_take_delivery(net->world, &delivery)) {
            got |= 1u << delivery.vm;
            net->got[delivery.vm]++;
            net->last_at[delivery.vm] = delivery.time;
            net->last_bytes[delivery.vm] = delivery.frame->length;
            memcpy(net->last[delivery.vm], delivery.frame->bytes, delivery.frame->length);
            net_frame_unref(delivery.frame);
        }
    } while (reached < until);
    return got;
}

/* A frame of so many bytes at a time; then almost a millisecond passes. */
static inline unsigned switch_net_send(SwitchNet *net, unsigned from, NetMac source,
                                       NetMac destination, size_t length, NetTime at)
{
    uint8_t bytes[NET_MAX_FRAME_BYTES] = {0};

    memcpy(bytes, destination.byte, 6);
    memcpy(bytes + 6, source.byte, 6);
    bytes[12] = 0x88;
    bytes[13] = 0xb5;
    net_world_transmit_bytes(net->world, net->nics[from], bytes, length, 0, at);
    return switch_net_run(net, at + MS - 1);
}

/* The same with a VLAN tag. */
static inline unsigned switch_net_send_tagged(SwitchNet *net, unsigned from, NetMac destination,
                                              uint16_t vlan, NetTime at)
{
    uint8_t bytes[STATION_BYTES + 4] = {0};
    NetMac source = station_mac(from);

    memcpy(bytes, destination.byte, 6);
    memcpy(bytes + 6, source.byte, 6);
    net_put_16(bytes + 12, NET_TYPE_VLAN);
    net_put_16(bytes + 14, vlan);
    net_put_16(bytes + 16, 0x88b5);
    net_world_transmit_bytes(net->world, net->nics[from], bytes, sizeof bytes, 0, at);
    return switch_net_run(net, at + MS - 1);
}

/* From its own address. */
static inline unsigned switch_net_say(SwitchNet *net, unsigned from, NetMac destination, NetTime at)
{
    return switch_net_send(net, from, station_mac(from), destination, STATION_BYTES, at);
}

/* The log since the last call is exactly this. */
static inline void switch_net_expect(SwitchNet *net, const char *log)
{
    g_assert_cmpstr(net->log->str, ==, log);
    g_string_truncate(net->log, 0);
}
