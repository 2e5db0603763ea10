/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route [add NETWORK/PREFIX GATEWAY]: prints the routes, or adds one; "default" is
 * 0.0.0.0/0. Of those that match an address the one with the longest prefix decides.
 * Exit code 0: done; 1: no NIC is on the gateway's network; 2: bad usage. */
#include "hv-core/guest/hvlab.h"

static int list(void)
{
    RouteInfo route;
    unsigned routes = 0;
    print("Network            Gateway          NIC\n");
    for (unsigned at = 0; route_next(&at, &route); routes++) {
        char network[ADDRESS_TEXT_BYTES + 4], gateway[ADDRESS_TEXT_BYTES];
        address_text(route.network, network);
        snprintf(network + strlen(network), 4, "/%u", route.prefix);
        printf("%-18s %-16s %u\n", network,
               route.gateway != 0 ? address_text(route.gateway, gateway) : "(here)", route.nic);
    }
    if (routes == 0)
        print("(no routes)\n");
    return 0;
}

/* "192.168.1.0/24", which is changed: the '/' becomes its end. */
static bool parse_network(char *text, uint32_t *ret_network, uint64_t *ret_prefix)
{
    const char *end = "";
    *ret_network = 0;
    *ret_prefix = 0;
    if (strcmp(text, "default") == 0)
        return true;
    char *slash = text;
    while (*slash != '\0' && *slash != '/')
        slash++;
    if (*slash == '\0')
        return false;
    *slash = '\0';
    *ret_prefix = parse_number(slash + 1, &end);
    return *end == '\0' && slash[1] != '\0' && *ret_prefix <= 32 && resolve(text, ret_network);
}

int main(int argc, char **argv)
{
    uint32_t network, gateway;
    uint64_t prefix;
    if (argc == 1)
        return list();
    if (argc != 4 || strcmp(argv[1], "add") != 0 || !parse_network(argv[2], &network, &prefix) ||
        !resolve(argv[3], &gateway)) {
        print("usage: route [add NETWORK/PREFIX GATEWAY]\n");
        return 2;
    }
    if (!route_add(network, (unsigned)prefix, gateway)) {
        printf("route: no NIC is on the network of %s, or there is no room\n", argv[3]);
        return 1;
    }
    return list();
}
