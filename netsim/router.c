/* SPDX-License-Identifier: GPL-2.0-or-later */
/* router.c: the part around the stack: ports, frames in and out, time; see router.h. */
#include "netsim/router-private.h"

#include <string.h>

#include "netsim/proto/wire.h"

#define LEAST_CABLE_MTU NET_MAX_MTU

/* --- out --- */

static void send_frame(NetRouter *router, uint32_t port, const uint8_t *bytes, size_t length,
                       uint64_t parent)
{
    g_autoptr(NetFrame) frame =
        net_part_new_frame(&router->part, parent, bytes, length, router->now);

    net_part_send(&router->part, port, frame, router->now);
}

static void stack_send(void *user, unsigned nic, const uint8_t *bytes, size_t length)
{
    NetRouter *router = user;

    send_frame(router, router->port_of_nic[nic], bytes, length, router->stack.tag);
}

void net_router_send_on_cable(NetRouter *router, uint32_t port, const uint8_t *packet,
                              size_t length, uint64_t parent)
{
    const NetRouterPortState *state = &router->ports[port];
    NetEthernet header = {.destination = state->peer, .source = state->own, .type = NET_TYPE_IPV4};
    uint8_t bytes[NET_MAX_FRAME_BYTES];

    net_ethernet_write(bytes, &header);
    memcpy(bytes + NET_ETHERNET_BYTES, packet, length);
    send_frame(router, port, bytes, NET_ETHERNET_BYTES + length, parent);
}

void net_router_drop(NetRouter *router, uint32_t port, uint64_t frame, NetDropReason why)
{
    net_part_count_drop(&router->part, port, why);
    NET_ROUTER_REPORT(router, router_drop, router->now, net_router_port_id(router, port), frame,
                      why);
}

/* --- in --- */

/* Somebody asks who has one of the addresses that this port answers for. */
static bool answer_for_alias(NetRouter *router, uint32_t port, const NetEthernet *ethernet,
                             const uint8_t *payload, size_t length)
{
    const NetRouterPortState *state = &router->ports[port];
    NetArp arp;

    if (ethernet->type != NET_TYPE_ARP || net_arp_parse(payload, length, &arp) == 0 ||
        arp.operation != NET_ARP_REQUEST || arp.target_ip == 0)
        return false;
    for (unsigned i = 0; i < NET_ROUTER_ALIASES; i++) {
        if (state->aliases[i] != arp.target_ip)
            continue;
        uint8_t bytes[NET_ETHERNET_BYTES + NET_ARP_BYTES];
        NetEthernet header = {
            .destination = arp.sender_mac, .source = state->own, .type = NET_TYPE_ARP};
        NetArp reply = {
            .operation = NET_ARP_REPLY,
            .sender_mac = state->own,
            .sender_ip = arp.target_ip,
            .target_mac = arp.sender_mac,
            .target_ip = arp.sender_ip,
        };
        net_arp_write(bytes + net_ethernet_write(bytes, &header), &reply);
        send_frame(router, port, bytes, sizeof bytes, 0);
        return true;
    }
    return false;
}

static void receive_on_cable(NetRouter *router, uint32_t port, const NetEthernet *ethernet,
                             const uint8_t *payload, size_t length)
{
    NetIpv4 ip;

    if (!net_mac_equal(ethernet->destination, router->ports[port].own))
        return; /* the host sends nothing else */
    if (ethernet->type != NET_TYPE_IPV4 || net_ipv4_parse(payload, length, &ip) == 0 ||
        !net_ipv4_sound(payload, &ip))
        net_router_drop(router, port, router->frame->id, NET_DROP_MALFORMED);
    else
        net_router_from_cable(router, payload, ip.total_bytes);
}

static void router_receive(NetPart *part, uint32_t port, NetFrame *frame, NetTime now)
{
    NetRouter *router = (NetRouter *)part;
    NetEthernet ethernet;
    size_t header_bytes = net_ethernet_parse(frame->bytes, frame->length, &ethernet);

    router->frame = frame;
    router->in = port;
    router->now = now;
    if (header_bytes == 0) {
        net_router_drop(router, port, frame->id, NET_DROP_RUNT);
    } else if (router->ports[port].is_cable) {
        receive_on_cable(router, port, &ethernet, frame->bytes + header_bytes,
                         frame->length - header_bytes);
    } else {
        answer_for_alias(router, port, &ethernet, frame->bytes + header_bytes,
                         frame->length - header_bytes);
        net_stack_input(&router->stack, router->ports[port].nic, frame->bytes, frame->length, now);
    }
    router->frame = NULL;
}

/* --- time --- */

static NetTime router_deadline(const NetPart *part)
{
    NetRouter *router = (NetRouter *)part;
    NetTime deadline = net_stack_deadline(&router->stack);

    if (router->nat != NULL)
        deadline = MIN(deadline, net_nat_deadline(router->nat));
    if (router->dhcp != NULL)
        deadline = MIN(deadline, net_dhcp_server_deadline(router->dhcp));
    return deadline;
}

static void router_advance(NetPart *part, NetTime now)
{
    NetRouter *router = (NetRouter *)part;
    NetDhcpEvent event;

    router->now = now;
    router->in = 0;
    while (router->dhcp != NULL && net_dhcp_server_expire(router->dhcp, now, &event))
        NET_ROUTER_REPORT(router, dhcp, now, net_router_port_id(router, 0), &event, NULL);
    if (router->nat != NULL)
        net_nat_advance(router->nat, now);
    net_stack_advance(&router->stack, now);
}

/* --- what the NAT reports --- */

static void row_new(void *user, const NetNatRow *row)
{
    NetRouter *router = user;

    NET_ROUTER_REPORT(router, nat_new, router->now, net_router_port_id(router, 0), row,
                      router->frame);
}

static void row_state(void *user, const NetNatRow *row)
{
    NetRouter *router = user;

    NET_ROUTER_REPORT(router, nat_state, router->now, net_router_port_id(router, 0), row);
}

static void row_gone(void *user, NetTime at, const NetNatRow *row)
{
    NetRouter *router = user;

    NET_ROUTER_REPORT(router, nat_expired, at, net_router_port_id(router, 0), row);
}

static const NetNatReports nat_reports = {
    .row_new = row_new,
    .row_state = row_state,
    .row_gone = row_gone,
};

/* --- the outside of a router with an address of its own --- */

static uint8_t *taken_bit(NetRouter *router, uint8_t protocol, uint16_t port, uint8_t *ret_mask)
{
    unsigned kind = protocol == NET_PROTOCOL_TCP ? 0 : protocol == NET_PROTOCOL_UDP ? 1 : 2;

    if (router->taken[kind] == NULL)
        router->taken[kind] = g_malloc0((UINT16_MAX + 1) / 8);
    *ret_mask = (uint8_t)(1u << port % 8);
    return &router->taken[kind][port / 8];
}

static NetIp4 own_source_for(void *user, NetIp4 to)
{
    const NetRouter *router = user;
    unsigned nic;
    NetIp4 next_hop;

    if (!net_stack_next_hop(&router->stack, to, &nic, &next_hop) || nic == router->ports[0].nic)
        return 0;
    return router->stack.nics[nic].address;
}

static bool own_take_port(void *user, uint8_t protocol, NetIp4 address, uint16_t port)
{
    uint8_t mask, *byte = taken_bit(user, protocol, port, &mask);

    if (*byte & mask)
        return false;
    *byte |= mask;
    return true;
}

static void own_give_port(void *user, uint8_t protocol, NetIp4 address, uint16_t port)
{
    uint8_t mask, *byte = taken_bit(user, protocol, port, &mask);

    *byte &= (uint8_t)~mask;
}

static const NetNatOutside own_outside = {
    .source_for = own_source_for,
    .take_port = own_take_port,
    .give_port = own_give_port,
};

/* --- live state --- */

static void router_list_nat(const NetPart *part, GArray *rows)
{
    const NetRouter *router = (const NetRouter *)part;

    if (router->nat != NULL)
        net_nat_list(router->nat, rows);
}

static void router_list_leases(const NetPart *part, GArray *leases)
{
    const NetRouter *router = (const NetRouter *)part;

    if (router->dhcp != NULL)
        net_dhcp_server_list(router->dhcp, leases);
}

/* --- the end --- */

static void router_retire(NetPart *part, NetTime now)
{
    NetRouter *router = (NetRouter *)part;
    NetDhcpEvent event;

    router->now = now;
    for (uint32_t rule = 0; router->nat != NULL && rule < NET_MAX_FORWARDS; rule++) {
        const NetForward *forward = net_nat_forward(router->nat, (uint16_t)rule);
        g_autofree char *name = forward != NULL ? g_strdup(forward->name) : NULL;
        if (forward != NULL)
            net_router_remove_forward(part, name, now);
    }
    if (router->nat != NULL)
        net_nat_clear(router->nat, now);
    /* A server is asked no more; who has an address of it does not hear of that. */
    while (router->dhcp != NULL && net_dhcp_server_expire(router->dhcp, NET_TIME_NEVER - 1, &event))
        NET_ROUTER_REPORT(router, dhcp, now, net_router_port_id(router, 0), &event, NULL);
}

/* --- making --- */

static void router_free(NetPart *part)
{
    NetRouter *router = (NetRouter *)part;

    for (size_t i = 0; i < router->config.name_count; i++)
        g_free((char *)router->names[i].name);
    for (unsigned i = 0; i < G_N_ELEMENTS(router->taken); i++)
        g_free(router->taken[i]);
    g_free(router->names);
    net_dhcp_server_free(router->dhcp);
    net_nat_free(router->nat);
    g_free(router);
}

static const NetPartOps router_ops = {
    .receive = router_receive,
    .deadline = router_deadline,
    .advance = router_advance,
    .list_nat = router_list_nat,
    .list_leases = router_list_leases,
    .retire = router_retire,
    .free = router_free,
};

static void stack_arp_changed(void *user, const NetArpEntry *entry, NetArpState from, NetTime now)
{
    NetRouter *router = user;
    NetPortId port = net_router_port_id(router, router->port_of_nic[entry->nic]);

    NET_ROUTER_REPORT(router, arp_changed, now, port, entry, from);
}

static const NetStackOps stack_ops = {
    .send = stack_send,
    .arp_changed = stack_arp_changed,
    .divert = net_router_divert,
    .undelivered = net_router_undelivered,
};

NetPart *net_router_new(const NetRouterConfig *config)
{
    NetRouter *router = g_new0(NetRouter, 1);

    router->ops = router_ops;
    router->ops.kind = config->kind;
    router->part.ops = &router->ops;
    router->config = *config;
    router->names = g_new0(NetName, config->name_count);
    for (size_t i = 0; i < config->name_count; i++)
        router->names[i] = (NetName){g_strdup(config->names[i].name), config->names[i].address};
    net_stack_init(&router->stack, &stack_ops, router, config->seed);
    return &router->part;
}

static NetPortId add_port(NetRouter *router, NetNetworkId network, const NetRouterPortState *state,
                          NetTime now)
{
    g_assert(router->port_count < NET_ROUTER_MAX_PORTS);
    router->ports[router->port_count++] = *state;
    return net_world_add_port_on(router->part.world, &router->part, network, now);
}

NetPortId net_router_add_port(NetPart *part, NetNetworkId network, const NetRouterPort *port,
                              NetTime now)
{
    NetRouter *router = (NetRouter *)part;
    int nic = net_stack_add_nic(&router->stack, &port->nic);
    NetRouterPortState state = {.nic = (uint32_t)nic, .own = port->nic.mac};

    g_assert(nic >= 0);
    memcpy(state.aliases, port->aliases, sizeof state.aliases);
    router->port_of_nic[nic] = router->port_count;
    return add_port(router, network, &state, now);
}

NetPortId net_router_add_cable(NetPart *part, NetNetworkId network, NetMac own, NetMac peer,
                               NetTime now)
{
    NetRouterPortState state = {
        .is_cable = true, .nic = NET_ROUTER_NO_NIC, .own = own, .peer = peer};

    return add_port((NetRouter *)part, network, &state, now);
}

void net_router_set_dhcp(NetPart *part, NetDhcpServer *server)
{
    NetRouter *router = (NetRouter *)part;

    router->dhcp = server;
    net_stack_udp_bind(&router->stack, NET_DHCP_SERVER_PORT, &net_router_dhcp_ops, router);
}

NetNat *net_router_set_nat(NetPart *part, const NetNatOutside *outside, void *outside_user,
                           uint32_t max_rows)
{
    NetRouter *router = (NetRouter *)part;
    NetNatConfig config = {
        .max_rows = max_rows,
        .outside = outside != NULL ? outside : &own_outside,
        .outside_user = outside != NULL ? outside_user : router,
        .reports = &nat_reports,
        .reports_user = router,
    };

    router->nat = net_nat_new(&config);
    return router->nat;
}

bool net_part_is_router(const NetPart *part)
{
    return part->ops->receive == router_receive;
}

NetNat *net_router_nat(NetPart *part)
{
    return ((NetRouter *)part)->nat;
}

int net_router_add_forward(NetPart *part, const NetForward *forward, NetTime now)
{
    NetRouter *router = (NetRouter *)part;
    NetForward complete = *forward;

    if (complete.guest_address == 0 && router->dhcp != NULL)
        complete.guest_address = net_dhcp_server_first(router->dhcp);
    int rule = net_nat_add_forward(router->nat, &complete);
    if (rule >= 0)
        NET_ROUTER_REPORT(router, nat_rule, now, net_router_port_id(router, 0), (uint16_t)rule,
                          net_nat_forward(router->nat, (uint16_t)rule), true);
    return rule;
}

bool net_router_remove_forward(NetPart *part, const char *name, NetTime now)
{
    NetRouter *router = (NetRouter *)part;
    NetForward forward;
    uint16_t rule;

    if (!net_nat_remove_forward(router->nat, name, &rule, &forward))
        return false;
    forward.name = name;
    NET_ROUTER_REPORT(router, nat_rule, now, net_router_port_id(router, 0), rule, &forward, false);
    return true;
}
