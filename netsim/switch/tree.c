/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.c: the spanning tree algorithm and protocol, procedure by procedure.
 *
 * The procedures have the numbers of IEEE 802.1D-1998 8.6 and 8.7. What differs: a
 * port that leads to no other switch takes no part and forwards at once (what vendors
 * call an edge port), the hold time is half a hello time, and a BPDU grows older by a
 * twentieth of the maximum age at each bridge (with the default times both are the
 * standard's one second).
 */
#include "netsim/switch/tree-private.h"

#include <string.h>

#include "netsim/proto/bpdu.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

#define NO_PORT UINT32_MAX

static bool is_root(const NetSwitch *sw)
{
    return sw->tree.root == sw->tree.id;
}

static bool is_designated(const NetSwitch *sw, uint32_t number)
{
    const NetTreePort *port = &sw->ports[number].tree;

    return port->designated_bridge == sw->tree.id && port->designated_port == port->id;
}

static NetTreeRole role_of(const NetSwitch *sw, uint32_t number)
{
    if (number == sw->tree.root_port)
        return NET_TREE_ROOT;
    return is_designated(sw, number) ? NET_TREE_DESIGNATED : NET_TREE_ALTERNATE;
}

/* The one setter of a port's state. */
static void set_state(NetSwitch *sw, uint32_t number, NetTreeState state, NetTime now)
{
    NetTreePort *port = &sw->ports[number].tree;
    NetTreeState from = port->state;

    if (from == state)
        return;
    port->state = state;
    NET_SWITCH_REPORT(sw, tree_port, now, sw->ports[number].id, from, state, role_of(sw, number));
}

static void set_change(NetSwitch *sw, bool change)
{
    sw->tree.change = change;
    sw->ageing_ns = change ? MIN(sw->tree.forward_delay, sw->config.ageing_ns)
                           : sw->config.ageing_ns; /* 8.3.5: addresses may be elsewhere now */
}

/* --- sending (8.6.1, 8.6.6) --- */

static void send_bpdu(NetSwitch *sw, uint32_t number, const NetBpdu *bpdu, NetTime now)
{
    uint8_t bytes[NET_BPDU_FRAME_BYTES];
    NetMac source = sw->config.address;

    net_bpdu_write_frame(bytes, source, bpdu);
    g_autoptr(NetFrame) frame = net_part_new_frame(&sw->part, 0, bytes, sizeof bytes, now);
    net_part_send(&sw->part, sw->ports[number].team_size == 0 ? number : sw->ports[number].active,
                  frame, now);
}

static NetTime message_age(const NetSwitch *sw, NetTime now)
{
    const NetTree *tree = &sw->tree;

    if (is_root(sw))
        return 0;
    NetTime left = sw->ports[tree->root_port].tree.message_age_at - now;
    return tree->max_age - MIN(left, tree->max_age) + tree->max_age / 20;
}

static void transmit_config(NetSwitch *sw, uint32_t number, NetTime now)
{
    NetTree *tree = &sw->tree;
    NetTreePort *port = &sw->ports[number].tree;
    NetBpdu bpdu = {
        .type = NET_BPDU_CONFIG,
        .topology_change = tree->change,
        .topology_change_ack = port->change_ack,
        .root = tree->root,
        .cost = tree->root_cost,
        .bridge = tree->id,
        .port = port->id,
        .message_age_ns = message_age(sw, now),
        .max_age_ns = tree->max_age,
        .hello_ns = tree->hello,
        .forward_delay_ns = tree->forward_delay,
    };

    if (port->hold_at != NET_TIME_NEVER) {
        port->config_pending = true;
        return;
    }
    if (bpdu.message_age_ns >= tree->max_age)
        return;
    port->change_ack = port->config_pending = false;
    port->hold_at = now + tree->hello / 2;
    send_bpdu(sw, number, &bpdu, now);
}

static void transmit_tcn(NetSwitch *sw, NetTime now)
{
    if (sw->tree.root_port != NO_PORT)
        send_bpdu(sw, sw->tree.root_port, &(NetBpdu){.type = NET_BPDU_TCN}, now);
}

/* 8.6.4 */
static void generate_configs(NetSwitch *sw, NetTime now)
{
    for (uint32_t i = 0; i < sw->port_count; i++) {
        if (sw->ports[i].tree.state != NET_TREE_DISABLED && is_designated(sw, i))
            transmit_config(sw, i, now);
    }
}

/* --- deciding (8.6.7 to 8.6.13) --- */

/* A first, and then B, C, D only among equals: less than 0 when the first is better. */
#define COMPARE(a, b)                                                                              \
    if ((a) != (b))                                                                                \
    return (a) < (b) ? -1 : 1

static int compare_paths(const NetSwitch *sw, uint32_t x, uint32_t y)
{
    const NetTreePort *a = &sw->ports[x].tree, *b = &sw->ports[y].tree;

    COMPARE(a->designated_root, b->designated_root);
    COMPARE((uint64_t)a->designated_cost + a->path_cost,
            (uint64_t)b->designated_cost + b->path_cost);
    COMPARE(a->designated_bridge, b->designated_bridge);
    COMPARE(a->designated_port, b->designated_port);
    COMPARE(a->id, b->id);
    return 0;
}

/* 8.6.8: which port leads to the best root by the cheapest way? */
static void select_root(NetSwitch *sw)
{
    NetTree *tree = &sw->tree;
    uint32_t best = NO_PORT;

    for (uint32_t i = 0; i < sw->port_count; i++) {
        const NetTreePort *port = &sw->ports[i].tree;
        if (port->state != NET_TREE_DISABLED && !is_designated(sw, i) &&
            port->designated_root < tree->id && (best == NO_PORT || compare_paths(sw, i, best) < 0))
            best = i;
    }
    tree->root_port = best;
    tree->root = best == NO_PORT ? tree->id : sw->ports[best].tree.designated_root;
    tree->root_cost =
        best == NO_PORT ? 0 : sw->ports[best].tree.designated_cost + sw->ports[best].tree.path_cost;
}

static void become_designated(NetSwitch *sw, uint32_t number)
{
    NetTreePort *port = &sw->ports[number].tree;

    port->designated_root = sw->tree.root;
    port->designated_cost = sw->tree.root_cost;
    port->designated_bridge = sw->tree.id;
    port->designated_port = port->id;
}

/* Is this bridge better for the port's cable than the one heard there? */
static bool is_better(const NetSwitch *sw, uint32_t number)
{
    const NetTreePort *port = &sw->ports[number].tree;

    if (is_designated(sw, number) || port->designated_root != sw->tree.root)
        return true;
    if (sw->tree.root_cost != port->designated_cost)
        return sw->tree.root_cost < port->designated_cost;
    if (sw->tree.id != port->designated_bridge)
        return sw->tree.id < port->designated_bridge;
    return port->id <= port->designated_port;
}

/* 8.6.7 */
static void update_configuration(NetSwitch *sw)
{
    select_root(sw);
    for (uint32_t i = 0; i < sw->port_count; i++) {
        if (sw->ports[i].tree.on && is_better(sw, i))
            become_designated(sw, i);
    }
}

/* 8.6.14 */
static void detect_change(NetSwitch *sw, NetTime now)
{
    NetTree *tree = &sw->tree;

    if (is_root(sw)) {
        set_change(sw, true);
        tree->change_at = now + tree->max_age + tree->forward_delay;
    } else if (!tree->change_detected) {
        transmit_tcn(sw, now);
        tree->notify_at = now + tree->hello;
    }
    tree->change_detected = true;
}

static void make_forwarding(NetSwitch *sw, uint32_t number, NetTime now)
{
    if (sw->ports[number].tree.state != NET_TREE_BLOCKING)
        return;
    set_state(sw, number, NET_TREE_LISTENING, now);
    sw->ports[number].tree.forward_at = now + sw->tree.forward_delay;
}

static void make_blocking(NetSwitch *sw, uint32_t number, NetTime now)
{
    NetTreePort *port = &sw->ports[number].tree;

    if (port->state == NET_TREE_FORWARDING || port->state == NET_TREE_LEARNING)
        detect_change(sw, now);
    set_state(sw, number, NET_TREE_BLOCKING, now);
    port->forward_at = NET_TIME_NEVER;
    port->change_ack = port->config_pending = false;
}

/* 8.6.11 */
static void select_states(NetSwitch *sw, NetTime now)
{
    for (uint32_t i = 0; i < sw->port_count; i++) {
        NetTreePort *port = &sw->ports[i].tree;
        if (port->state == NET_TREE_DISABLED)
            continue;
        if (i == sw->tree.root_port) {
            port->change_ack = port->config_pending = false;
            make_forwarding(sw, i, now);
        } else if (is_designated(sw, i)) {
            port->message_age_at = NET_TIME_NEVER;
            make_forwarding(sw, i, now);
        } else {
            make_blocking(sw, i, now);
        }
    }
}

/* It has become the root: its own times hold, and it is it who says hello. */
static void take_over(NetSwitch *sw, NetTime now)
{
    NetTree *tree = &sw->tree;

    tree->max_age = sw->config.tree.max_age_ns;
    tree->hello = sw->config.tree.hello_ns;
    tree->forward_delay = sw->config.tree.forward_delay_ns;
    detect_change(sw, now);
    tree->notify_at = NET_TIME_NEVER;
    generate_configs(sw, now);
    tree->hello_at = now + tree->hello;
}

static void report_root(NetSwitch *sw, NetTime now)
{
    NetTree *tree = &sw->tree;

    if (tree->told_root == tree->root && tree->told_port == tree->root_port)
        return;
    tree->told_root = tree->root;
    tree->told_port = tree->root_port;
    NET_SWITCH_REPORT(sw, tree_root, now, sw->part.info.part, tree->id, tree->root, tree->root_cost,
                      tree->root_port == NO_PORT ? NET_NO_PORT : sw->ports[tree->root_port].id);
}

/* --- what comes in (8.7.1, 8.7.2) --- */

/* 8.6.2.2: is this better than what is known of the cable, or news from the same port? */
static bool supersedes(const NetSwitch *sw, uint32_t number, const NetBpdu *bpdu)
{
    const NetTreePort *port = &sw->ports[number].tree;

    if (bpdu->root != port->designated_root)
        return bpdu->root < port->designated_root;
    if (bpdu->cost != port->designated_cost)
        return bpdu->cost < port->designated_cost;
    if (bpdu->bridge != port->designated_bridge)
        return bpdu->bridge < port->designated_bridge;
    return bpdu->bridge != sw->tree.id || bpdu->port <= port->designated_port;
}

static void take_times(NetSwitch *sw, const NetBpdu *bpdu, NetTime now)
{
    NetTree *tree = &sw->tree;

    tree->max_age = bpdu->max_age_ns;
    tree->hello = MAX(bpdu->hello_ns, 1);
    tree->forward_delay = bpdu->forward_delay_ns;
    set_change(sw, bpdu->topology_change);
    generate_configs(sw, now);
    if (bpdu->topology_change_ack) {
        tree->change_detected = false;
        tree->notify_at = NET_TIME_NEVER;
    }
}

static void receive_config(NetSwitch *sw, uint32_t number, const NetBpdu *bpdu, NetTime now)
{
    NetTree *tree = &sw->tree;
    NetTreePort *port = &sw->ports[number].tree;
    bool was_root = is_root(sw);

    if (!supersedes(sw, number, bpdu)) {
        if (is_designated(sw, number))
            transmit_config(sw, number, now);
        return;
    }
    port->designated_root = bpdu->root;
    port->designated_cost = bpdu->cost;
    port->designated_bridge = bpdu->bridge;
    port->designated_port = bpdu->port;
    port->message_age_at = now + bpdu->max_age_ns - MIN(bpdu->message_age_ns, bpdu->max_age_ns);
    update_configuration(sw);
    select_states(sw, now);
    if (was_root && !is_root(sw)) {
        tree->hello_at = NET_TIME_NEVER;
        if (tree->change_detected) {
            tree->change_at = NET_TIME_NEVER;
            transmit_tcn(sw, now);
            tree->notify_at = now + tree->hello;
        }
    }
    if (number == tree->root_port)
        take_times(sw, bpdu, now);
}

static void receive_tcn(NetSwitch *sw, uint32_t number, NetTime now)
{
    if (!is_designated(sw, number))
        return;
    detect_change(sw, now);
    sw->ports[number].tree.change_ack = true;
    transmit_config(sw, number, now);
}

NetDropReason net_stage_tree(NetPass *pass)
{
    NetSwitch *sw = pass->sw;
    NetTreeState state = net_pass_port(pass)->tree.state;
    const uint8_t *payload = pass->frame->bytes + NET_ETHERNET_BYTES;
    NetBpdu bpdu;

    if (!net_mac_equal(pass->destination, net_bridge_group)) {
        pass->learn_only = state == NET_TREE_LEARNING;
        return state == NET_TREE_FORWARDING || state == NET_TREE_LEARNING ? NET_PASS_ON
                                                                          : NET_DROP_PORT_BLOCKED;
    }
    if (net_bpdu_parse(payload, pass->frame->length - NET_ETHERNET_BYTES, &bpdu) == 0)
        return NET_DROP_RESERVED_MULTICAST;
    NET_SWITCH_REPORT(sw, tree_heard, pass->now, net_pass_port(pass)->id, pass->frame);
    if (bpdu.type == NET_BPDU_TCN)
        receive_tcn(sw, pass->in, pass->now);
    else if (bpdu.message_age_ns < bpdu.max_age_ns)
        receive_config(sw, pass->in, &bpdu, pass->now);
    report_root(sw, pass->now);
    net_part_arm(&sw->part);
    return NET_TAKEN;
}

/* --- timers (8.7.3 to 8.7.8) --- */

static void message_age_expired(NetSwitch *sw, uint32_t number, NetTime now)
{
    bool was_root = is_root(sw);

    sw->ports[number].tree.message_age_at = NET_TIME_NEVER;
    become_designated(sw, number);
    update_configuration(sw);
    select_states(sw, now);
    if (is_root(sw) && !was_root)
        take_over(sw, now);
}

static void forward_delay_expired(NetSwitch *sw, uint32_t number, NetTime now)
{
    NetTreePort *port = &sw->ports[number].tree;

    port->forward_at = NET_TIME_NEVER;
    if (port->state == NET_TREE_LISTENING) {
        set_state(sw, number, NET_TREE_LEARNING, now);
        port->forward_at = now + sw->tree.forward_delay;
    } else if (port->state == NET_TREE_LEARNING) {
        set_state(sw, number, NET_TREE_FORWARDING, now);
        detect_change(sw, now);
    }
}

static void port_timers(NetSwitch *sw, uint32_t number, NetTime now)
{
    NetTreePort *port = &sw->ports[number].tree;

    if (port->message_age_at <= now)
        message_age_expired(sw, number, now);
    if (port->forward_at <= now)
        forward_delay_expired(sw, number, now);
    if (port->hold_at <= now) {
        port->hold_at = NET_TIME_NEVER;
        if (port->config_pending)
            transmit_config(sw, number, now);
    }
}

void net_tree_advance(NetSwitch *sw, NetTime now)
{
    NetTree *tree = &sw->tree;

    if (!tree->on)
        return;
    if (tree->hello_at <= now) {
        tree->hello_at = now + tree->hello;
        generate_configs(sw, now);
    }
    if (tree->notify_at <= now) {
        tree->notify_at = now + tree->hello;
        transmit_tcn(sw, now);
    }
    if (tree->change_at <= now) {
        tree->change_at = NET_TIME_NEVER;
        tree->change_detected = false;
        set_change(sw, false);
    }
    for (uint32_t i = 0; i < sw->port_count; i++) {
        if (sw->ports[i].tree.on)
            port_timers(sw, i, now);
    }
    report_root(sw, now);
}

NetTime net_tree_deadline(const NetSwitch *sw)
{
    const NetTree *tree = &sw->tree;
    NetTime least = MIN(tree->hello_at, MIN(tree->notify_at, tree->change_at));

    if (!tree->on)
        return NET_TIME_NEVER;
    for (uint32_t i = 0; i < sw->port_count; i++) {
        const NetTreePort *port = &sw->ports[i].tree;
        if (port->on)
            least = MIN(least, MIN(port->message_age_at, MIN(port->forward_at, port->hold_at)));
    }
    return least;
}

/* --- ports that come and go (8.8) --- */

static uint64_t bridge_id(const NetSwitchConfig *config)
{
    uint64_t id = config->tree.priority;

    for (unsigned i = 0; i < 6; i++)
        id = id << 8 | config->address.byte[i];
    return id;
}

void net_tree_new(NetSwitch *sw)
{
    uint64_t id = bridge_id(&sw->config);

    sw->tree = (NetTree){
        .on = sw->config.tree.hello_ns > 0,
        .id = id,
        .root = id,
        .root_port = NO_PORT,
        .max_age = sw->config.tree.max_age_ns,
        .hello = sw->config.tree.hello_ns,
        .forward_delay = sw->config.tree.forward_delay_ns,
        .hello_at = NET_TIME_NEVER,
        .notify_at = NET_TIME_NEVER,
        .change_at = NET_TIME_NEVER,
        .told_port = NO_PORT,
    };
}

void net_tree_add_port(NetSwitch *sw, uint32_t number, uint32_t path_cost)
{
    sw->ports[number].tree = (NetTreePort){
        .on = sw->tree.on,
        .state = NET_TREE_DISABLED,
        .id = (uint16_t)(0x8000 | (number + 1)),
        .path_cost = path_cost,
        .message_age_at = NET_TIME_NEVER,
        .forward_at = NET_TIME_NEVER,
        .hold_at = NET_TIME_NEVER,
    };
}

static void enable(NetSwitch *sw, uint32_t number, NetTime now)
{
    become_designated(sw, number);
    set_state(sw, number, NET_TREE_BLOCKING, now);
    select_states(sw, now);
    transmit_config(sw, number, now);
    if (is_root(sw) && sw->tree.hello_at == NET_TIME_NEVER)
        sw->tree.hello_at = now + sw->tree.hello;
}

static void disable(NetSwitch *sw, uint32_t number, NetTime now)
{
    NetTreePort *port = &sw->ports[number].tree;
    bool was_root = is_root(sw);

    become_designated(sw, number);
    set_state(sw, number, NET_TREE_DISABLED, now);
    port->change_ack = port->config_pending = false;
    port->message_age_at = port->forward_at = port->hold_at = NET_TIME_NEVER;
    update_configuration(sw);
    select_states(sw, now);
    if (is_root(sw) && !was_root)
        take_over(sw, now);
}

void net_tree_port_changed(NetSwitch *sw, uint32_t number, bool up, NetTime now)
{
    if (!sw->ports[number].tree.on)
        return;
    if (up)
        enable(sw, number, now);
    else
        disable(sw, number, now);
    report_root(sw, now);
}
