/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.h: the spanning tree (IEEE 802.1D-1998 clause 8), as state of a switch.
 *
 * Bridges agree on one of them as the root, each on the port that is nearest to it
 * (the root port), and each cable on the bridge that is nearer (the designated one).
 * Ports that are neither are blocked, which cuts every loop. A port on its way to
 * forwarding waits twice, listening and learning, so that no loop can exist even for
 * a moment. Names are those of the standard.
 */
#pragma once

#include "netsim/observer.h"
#include "netsim/settings.h"

typedef struct {
    bool on;            /* takes part */
    NetTreeState state; /* NET_TREE_DISABLED unless on */
    uint16_t id;
    uint32_t path_cost;
    /* What was heard, or is said, on this port: the best bridge on its cable. */
    uint64_t designated_root, designated_bridge;
    uint32_t designated_cost;
    uint16_t designated_port;
    bool change_ack, config_pending;
    /* Timers, as the times at which they go off; NET_TIME_NEVER: stopped. */
    NetTime message_age_at, forward_at, hold_at;
} NetTreePort;

typedef struct {
    bool on;
    uint64_t id, root;
    uint32_t root_cost;
    uint32_t root_port;                    /* UINT32_MAX: none, it is the root itself */
    NetTime max_age, hello, forward_delay; /* the root's */
    bool change, change_detected;
    NetTime hello_at, notify_at, change_at;
    uint64_t told_root; /* what was reported last */
    uint32_t told_port;
} NetTree;

/* May frames pass? True for ports that take no part. */
static inline bool net_tree_forwards(const NetTreePort *port)
{
    return !port->on || port->state == NET_TREE_FORWARDING;
}
