/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modes.h: networking modes, each a recipe that wires parts.
 *
 * To add a mode: add what it brings to the table in proto/recipe.c, write its functions in
 * modes.c, or in a file of its own, and add them to the table there. Nothing else asks
 * which mode a network has.
 */
#pragma once

#include "netsim/part.h"
#include "netsim/proto/recipe.h"

/* A network, as its recipe sees it. The strings of config are the network's own. */
typedef struct {
    NetNetworkId id;
    NetNetworkConfig config; /* defaults filled in */
    const struct NetMode *mode;
    NetPart *segment; /* the first switch, to which others are wired; set by create;
                         NULL: each NIC has its own */
    NetPart *switches[NET_MAX_SWITCHES];
    uint32_t switch_count;
    NetPortId (*trunk_ports)[2]; /* of each trunk: the first port at each end */
    NetPortId outer;             /* bridged: its port of the host's bridge; NET_NO_PORT */
    GArray *routers;             /* of NetNetworkRouter: its NATs */
} NetNetwork;

typedef struct {
    NetPart *router;
    uint32_t vm; /* mode nat: behind whose NIC; else NET_ANY_VM */
} NetNetworkRouter;

typedef struct NetMode {
    const char *name;
    /* Makes the parts that the network has before any NIC is attached. */
    void (*create)(NetWorld *world, NetNetwork *network, NetTime now);
    /* Joins the network to what lies outside, once that exists. May be NULL. */
    bool (*join)(NetWorld *world, NetNetwork *network, NetTime now, GError **error);
    /* Wires a NIC, which has its one port already. */
    void (*attach)(NetWorld *world, NetNetwork *network, NetPortId nic_port,
                   const NetNicConfig *nic, NetTime now);
} NetMode;

const NetMode *net_mode_find(const char *name); /* NULL: no such */

/* NULL: the LAN and the Internet, which outside.h makes. */
static inline const NetRecipe *net_mode_recipe(const NetMode *mode)
{
    return net_recipe_find(mode->name);
}
