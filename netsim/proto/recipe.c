/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recipe.c: the table of modes; see recipe.h. */
#include "netsim/proto/recipe.h"

static const NetRecipe recipes[] = {
    {.name = "internal",
     .has_switch = true,
     .subnet_source = NET_SUBNET_BY_NETWORK,
     .subnet = NET_IP4(10, 0, 0, 0),
     .dhcp_server = 100,
     .first_lease = 101,
     .last_lease = 254},
    {.name = "host-only",
     .has_switch = true,
     .has_host_nic = true,
     .serves_dhcp = true,
     .subnet_source = NET_SUBNET_BY_HOST_NIC,
     .subnet = NET_IP4(192, 168, 56, 0),
     .host = 1,
     .dhcp_server = 100,
     .first_lease = 101,
     .last_lease = 254},
    {.name = "bridged",
     .has_switch = true,
     .on_lan = true,
     .serves_dhcp = true,
     .subnet_source = NET_SUBNET_OF_LAN},
    {.name = "nat",
     .has_nat = true,
     .serves_dhcp = true,
     .subnet_source = NET_SUBNET_BY_NIC,
     .longest_prefix = 27,
     .subnet = NET_IP4(10, 0, 2, 0),
     .router = 2,
     .loopback = 2,
     .dns = 3,
     .dhcp_server = 2,
     .first_lease = 15,
     .last_lease = 15},
    {.name = "nat-network",
     .has_switch = true,
     .has_nat = true,
     .serves_dhcp = true,
     .subnet_source = NET_SUBNET_FIXED,
     .longest_prefix = 29,
     .subnet = NET_IP4(10, 0, 2, 0),
     .router = 1,
     .loopback = 2,
     .dns = 1,
     .dhcp_server = 3,
     .first_lease = 4,
     .last_lease = 254},
};

#define COUNT (sizeof(recipes) / sizeof(recipes[0]))

static bool is_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return *a == *b;
}

const NetRecipe *net_recipe(unsigned number)
{
    return number < COUNT ? &recipes[number] : 0;
}

const NetRecipe *net_recipe_find(const char *name)
{
    for (unsigned i = 0; i < COUNT; i++)
        if (is_equal(recipes[i].name, name))
            return &recipes[i];
    return 0;
}
