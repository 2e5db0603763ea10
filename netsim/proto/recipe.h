/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recipe.h: what each networking mode brings, as one table.
 *
 * A mode is a recipe of parts. netsim/modes.c wires them; whoever else must know of them
 * (the reader of scenarios, the engine, what is drawn) asks this table whether there is a
 * switch, a NAT, a NIC of the host's, and at which address, never which mode it is.
 * The addresses are those of the manual of VirtualBox.
 */
#pragma once

#include "netsim/proto/types.h"

/* Where a network's subnet comes from if nobody gives one. */
typedef enum {
    NET_SUBNET_FIXED,       /* NetRecipe.subnet */
    NET_SUBNET_BY_NETWORK,  /* and on by 256 addresses for each network before it */
    NET_SUBNET_BY_HOST_NIC, /* the same for each network with a NIC of the host's */
    NET_SUBNET_BY_NIC,      /* the same for each NIC that its VM has before */
    NET_SUBNET_OF_LAN,      /* the LAN's, always */
} NetSubnetSource;

/* Addresses are counted from the subnet's; 0: there is none. */
typedef struct {
    const char *name;
    bool has_switch;        /* its NICs share switches; else each has a cable to a NAT of its own */
    bool has_nat;           /* so forward rules are possible */
    bool has_host_nic;      /* the host is on it too */
    bool on_lan;            /* its switch is joined to the LAN by the host's NIC */
    bool serves_dhcp;       /* somebody gives addresses without being asked for */
    uint8_t subnet_source;  /* NetSubnetSource */
    uint8_t longest_prefix; /* of a subnet in which all that is below has room; 0: any has */
    NetIp4 subnet;
    uint8_t host, router, loopback, dns;
    uint8_t dhcp_server, first_lease, last_lease;
} NetRecipe;

/* NULL: no such. */
const NetRecipe *net_recipe(unsigned number);
const NetRecipe *net_recipe_find(const char *name);

/* Needs a host that it ends at. */
static inline bool net_recipe_touches_host(const NetRecipe *recipe)
{
    return recipe->has_nat || recipe->has_host_nic || recipe->on_lan;
}

/* Needs what lies beyond the host. */
static inline bool net_recipe_touches_lan(const NetRecipe *recipe)
{
    return recipe->has_nat || recipe->on_lan;
}
