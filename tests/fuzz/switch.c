/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switch.c: fuzzes two switches with frames of any bytes, by access and trunk ports.
 *
 * The input is a row of frames: a byte for the station that sends it, two for the
 * length, then the bytes. The switches have VLANs, a spanning tree on the trunk between
 * them, access lists, a flow table that rewrites, a mirror and small tables. Beyond
 * memory errors: no frame is delivered longer than a tag more than it was, everything
 * that arrives has an Ethernet header, and the MAC tables stay in their bounds.
 */
#include <glib.h>
#include <string.h>

#include "netsim/network.h"
#include "netsim/proto/headers.h"

#define STATIONS 4u
#define MAC_ROWS 8u
#define FRAME_NS 100000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static NetPortId port_of(const NetWorld *world, NetPortId nic)
{
    NetPortInfo info;

    net_world_port(world, nic, &info);
    return info.peer;
}

static void add_flows(NetWorld *world, const NetPortId *nics)
{
    const NetFlow rewrite = {
        .name = "rewrite",
        .priority = 2,
        .match = {.fields = NET_MATCH_TYPE, .type = NET_TYPE_IPV4},
        .actions = {{.kind = NET_ACTION_SET_SOURCE_IP, .ip = NET_IP4(10, 9, 9, 9)},
                    {.kind = NET_ACTION_SET_DESTINATION_IP, .ip = NET_IP4(10, 8, 8, 8)},
                    {.kind = NET_ACTION_OUTPUT, .port = port_of(world, nics[1])},
                    {.kind = NET_ACTION_NORMAL}},
        .action_count = 4};
    const NetFlow tags = {
        .name = "tags",
        .priority = 1,
        .match = {.fields = NET_MATCH_IN_PORT, .in_port = port_of(world, nics[2])},
        .actions = {{.kind = NET_ACTION_POP_VLAN},
                    {.kind = NET_ACTION_PUSH_VLAN, .vlan = 10},
                    {.kind = NET_ACTION_FLOOD}},
        .action_count = 3};
    const NetMirror mirror = {port_of(world, nics[0]), port_of(world, nics[1]),
                              NET_MIRROR_IN | NET_MIRROR_OUT};

    net_world_add_flow(world, 0, 0, &rewrite, 0);
    net_world_add_flow(world, 0, 0, &tags, 0);
    net_world_add_mirror(world, 0, 0, &mirror);
}

static NetWorld *make_world(uint64_t *frame_ids, NetPortId *nics)
{
    const NetTreeConfig tree = {10 * NET_NS_PER_MS, 60 * NET_NS_PER_MS, 20 * NET_NS_PER_MS, 1};
    const NetSwitchConfig switches[2] = {
        {.name = "a", .vlans = true, .mac_rows = MAC_ROWS, .storm_fps = 5000, .tree = tree},
        {.name = "b", .vlans = true, .mac_rows = MAC_ROWS, .tree = tree}};
    const NetTrunkConfig trunks[2] = {{.a = 0, .b = 1, .cables = 2}, {.a = 0, .b = 1, .cables = 1}};
    const NetNetworkConfig network = {.name = "n",
                                      .mode = "internal",
                                      .switches = switches,
                                      .switch_count = 2,
                                      .trunks = trunks,
                                      .trunk_count = 2};
    static const NetAclRule deny = {
        .match = {.fields = NET_MATCH_DESTINATION_PORT, .destination_last = 1023}};
    const NetWorldConfig config = {.frame_ids = frame_ids};
    NetWorld *world = net_world_new(&config);
    NetNetworkId id;

    g_assert(net_world_add_network(world, &network, 0, &id, NULL));
    for (unsigned i = 0; i < STATIONS; i++) {
        const NetNicConfig nic = {.vm = i,
                                  .on_switch = i % 2,
                                  .port = {.vlan_mode = i < 2 ? NET_VLAN_ACCESS : NET_VLAN_TRUNK,
                                           .vlan = 10,
                                           .mac_limit = i,
                                           .acl_in = {&deny, i == 0},
                                           .acl_out = {&deny, i == 3}}};
        g_assert(net_world_attach_nic(world, &nic, 0, &nics[i], NULL));
    }
    add_flows(world, nics);
    return world;
}

static void take_all(NetWorld *world, NetTime until)
{
    NetDelivery delivery;
    NetTime reached;

    do {
        reached = net_world_advance(world, until);
        while (net_world_take_delivery(world, &delivery)) {
            g_assert(delivery.frame->length >= NET_ETHERNET_BYTES &&
                     delivery.frame->length <= NET_MAX_FRAME_BYTES);
            net_frame_unref(delivery.frame);
        }
    } while (reached < until);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t frame_ids = 0;
    NetPortId nics[STATIONS];
    g_autoptr(NetWorld) world = make_world(&frame_ids, nics);
    NetTime now = 50 * NET_NS_PER_MS; /* the trunk forwards */

    take_all(world, now);
    for (size_t at = 0; at + 3 <= size; now += FRAME_NS) {
        unsigned station = data[at] % STATIONS;
        size_t length = MIN((size_t)(data[at + 1] << 8 | data[at + 2]) % 2048, size - at - 3);
        net_world_transmit_bytes(world, nics[station], data + at + 3, length, 0, now);
        at += 3 + length;
        take_all(world, now + FRAME_NS - 1);
    }
    take_all(world, now + 100 * NET_NS_PER_MS);
    g_autoptr(GArray) rows = net_world_mac_table(world, 0);
    g_assert(rows->len <= 2 * MAC_ROWS);
    return 0;
}
