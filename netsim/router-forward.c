/* SPDX-License-Identifier: GPL-2.0-or-later */
/* router-forward.c: a packet's way through a router (RFC 1812 5.2).
 *
 * The decision is in net_router_divert(): a packet that came in is for the router
 * itself (its stack takes it), for a server in it, or goes on. What goes on is
 * copied to router->packet and changed there.
 *
 * Errors (RFC 1812 4.3) are about a packet as one side of the NAT knows it. Where
 * that is not the side that the error goes to, it is translated like any other.
 */
#include "netsim/router-private.h"

#include <string.h>

#include "netsim/fragment.h"
#include "netsim/proto/dns.h"
#include "netsim/proto/wire.h"

/* --- errors --- */

typedef struct {
    uint8_t type, code;
    uint16_t mtu; /* with NET_UNREACHABLE_TOO_BIG */
} Refusal;

static const Refusal net_unreachable = {NET_ICMP_UNREACHABLE, NET_UNREACHABLE_NET, 0};
static const Refusal host_unreachable = {NET_ICMP_UNREACHABLE, NET_UNREACHABLE_HOST, 0};
static const Refusal port_unreachable = {NET_ICMP_UNREACHABLE, NET_UNREACHABLE_PORT, 0};
static const Refusal time_exceeded = {NET_ICMP_TIME_EXCEEDED, 0, 0};

static bool is_group(NetIp4 address)
{
    return address == 0 || address >> 28 >= 14;
}

/* RFC 1122 3.2.2: no errors about errors, about later fragments, nor to a group. */
static bool may_be_refused(const uint8_t *packet, size_t length, const NetIpv4 *ip)
{
    if (ip->fragment_offset > 0 || is_group(ip->source) || is_group(ip->destination))
        return false;
    if (ip->protocol != NET_PROTOCOL_ICMP)
        return true;
    return length > ip->header_bytes && (packet[ip->header_bytes] == NET_ICMP_ECHO_REQUEST ||
                                         packet[ip->header_bytes] == NET_ICMP_ECHO_REPLY);
}

/* Writes an error about the packet (its first bytes, at least) and returns its length. */
static size_t write_error(uint8_t *bytes, const uint8_t *packet, size_t length, const NetIpv4 *ip,
                          const Refusal *refusal, NetIp4 from)
{
    size_t quoted = MIN(length, (size_t)ip->header_bytes + NET_ICMP_QUOTE_BYTES);
    NetIpv4 header = {
        .header_bytes = NET_IPV4_BYTES,
        .total_bytes = (uint16_t)(NET_IPV4_BYTES + NET_ICMP_BYTES + quoted),
        .ttl = NET_STACK_TTL,
        .protocol = NET_PROTOCOL_ICMP,
        .source = from,
        .destination = ip->source,
    };
    NetIcmp icmp = {.type = refusal->type, .code = refusal->code, .sequence = refusal->mtu};

    net_ipv4_write(bytes, &header);
    net_ipv4_seal(bytes);
    net_icmp_write(bytes + NET_IPV4_BYTES, &icmp);
    memcpy(bytes + NET_IPV4_BYTES + NET_ICMP_BYTES, packet, quoted);
    net_icmp_seal(bytes + NET_IPV4_BYTES, NET_ICMP_BYTES + quoted);
    return header.total_bytes;
}

/* Is it an address of the inside, behind the NAT? */
static bool is_inside(const NetRouter *router, NetIp4 address)
{
    const NetStackNic *nic = &router->stack.nics[router->ports[0].nic];

    return ((address ^ nic->address) & net_ip4_mask(nic->prefix)) == 0;
}

/* The first port that is not the inside, if it is a cable; else 0. */
static uint32_t cable_of(const NetRouter *router)
{
    return router->port_count > 1 && router->ports[1].is_cable ? 1 : 0;
}

static void send_own(NetRouter *router, const uint8_t *packet, size_t length, bool to_outside)
{
    if (to_outside && cable_of(router) != 0)
        net_router_send_on_cable(router, cable_of(router), packet, length, 0);
    else
        net_stack_send_packet(&router->stack, packet, length, 0, router->now);
}

/* Whom an error goes to, and which side's addresses the refused packet has. */
typedef enum {
    TO_INSIDE,            /* it came from inside, and is as it came */
    TO_INSIDE_TRANSLATED, /* it came from inside, and has its outside addresses already */
    TO_OUTSIDE,
    TO_OUTSIDE_TRANSLATED,
} Whom;

static NetIp4 address_towards(const NetRouter *router, NetIp4 to)
{
    unsigned nic;
    NetIp4 next_hop;

    if (router->nat != NULL || !net_stack_next_hop(&router->stack, to, &nic, &next_hop))
        nic = router->ports[0].nic;
    return router->stack.nics[nic].address;
}

/* Tells whoever sent a packet that it goes no further. */
static void refuse(NetRouter *router, const uint8_t *packet, size_t length, const Refusal *refusal,
                   Whom whom)
{
    uint8_t bytes[NET_IPV4_BYTES + NET_ICMP_BYTES + NET_STACK_HEAD_BYTES];
    NetIpv4 ip;
    NetNatVerdict verdict = {.passes = true};

    if (net_ipv4_parse_quoted(packet, length, &ip) == 0 || !may_be_refused(packet, length, &ip))
        return;
    NetIp4 from = whom == TO_OUTSIDE ? ip.destination : address_towards(router, ip.source);
    size_t error_bytes = write_error(bytes, packet, length, &ip, refusal, from);
    if (whom == TO_INSIDE_TRANSLATED)
        verdict = net_nat_inbound(router->nat, bytes, error_bytes, router->now);
    else if (whom == TO_OUTSIDE_TRANSLATED)
        verdict = net_nat_outbound(router->nat, bytes, error_bytes, router->now);
    if (verdict.passes)
        send_own(router, bytes, error_bytes, whom == TO_OUTSIDE || whom == TO_OUTSIDE_TRANSLATED);
}

/* --- sending on --- */

static int send_in_pieces(NetRouter *router, uint16_t mtu)
{
    uint8_t piece[NET_MAX_FRAME_BYTES];
    size_t at = 0, length;
    int result = NET_STACK_OK;

    while (result == NET_STACK_OK &&
           (length = net_fragment_next(router->packet, mtu, &at, piece)) > 0)
        result =
            net_stack_send_packet(&router->stack, piece, length, router->frame->id, router->now);
    return result;
}

/* Sends router->packet by the stack's routes. whom: who hears of it if that fails. */
static void send_routed(NetRouter *router, size_t length, Whom whom)
{
    NetIpv4 ip;
    unsigned nic;
    NetIp4 next_hop;

    net_ipv4_parse(router->packet, length, &ip);
    if (!net_stack_next_hop(&router->stack, ip.destination, &nic, &next_hop)) {
        net_router_drop(router, router->in, router->frame->id, NET_DROP_NO_ROUTE);
        refuse(router, router->packet, length, &net_unreachable, whom);
        return;
    }
    uint16_t mtu = router->stack.nics[nic].mtu;
    NET_ROUTER_REPORT(router, router_forward, router->now, net_router_port_id(router, router->in),
                      net_router_port_id(router, router->port_of_nic[nic]), next_hop,
                      router->frame);
    if (length > mtu && ip.dont_fragment) {
        Refusal too_big = {NET_ICMP_UNREACHABLE, NET_UNREACHABLE_TOO_BIG, mtu};
        net_router_drop(router, router->in, router->frame->id, NET_DROP_TOO_BIG);
        refuse(router, router->packet, length, &too_big, whom);
        return;
    }
    int result = length > mtu ? send_in_pieces(router, mtu)
                              : net_stack_send_packet(&router->stack, router->packet, length,
                                                      router->frame->id, router->now);
    if (result != NET_STACK_OK)
        net_router_drop(router, router->in, router->frame->id, NET_DROP_ROUTER_BUSY);
}

/* Takes one from the TTL (RFC 1812 5.3.1) of router->packet; false: it is used up. */
static bool take_hop(NetRouter *router, const NetIpv4 *ip)
{
    uint8_t *packet = router->packet;

    if (ip->ttl <= 1)
        return false;
    packet[8]--;
    /* RFC 1141: the header's checksum goes up by what the TTL's word went down. */
    uint32_t sum = net_get_16(packet + 10) + 0x100u;
    net_put_16(packet + 10, (uint16_t)(sum + (sum >> 16)));
    return true;
}

static void drop_by_nat(NetRouter *router, NetDropReason why)
{
    net_part_count_drop(&router->part, router->in, why);
    NET_ROUTER_REPORT(router, nat_drop, router->now, net_router_port_id(router, router->in),
                      router->frame, why);
}

static void translate_out(NetRouter *router, const uint8_t *packet, size_t length)
{
    NetNatVerdict verdict = net_nat_outbound(router->nat, router->packet, length, router->now);

    if (!verdict.passes) {
        drop_by_nat(router, verdict.why);
        if (verdict.why == NET_DROP_NO_ROUTE)
            refuse(router, packet, length, &net_unreachable, TO_INSIDE);
        return;
    }
    NET_ROUTER_REPORT(router, nat_rewrite, router->now, net_router_port_id(router, router->in),
                      verdict.row, NET_NAT_OUTBOUND, router->frame);
    uint32_t cable = cable_of(router);
    if (cable == 0) {
        send_routed(router, length, TO_INSIDE_TRANSLATED);
        return;
    }
    NET_ROUTER_REPORT(router, router_forward, router->now, net_router_port_id(router, router->in),
                      net_router_port_id(router, cable), 0, router->frame);
    net_router_send_on_cable(router, cable, router->packet, length, router->frame->id);
}

static void translate_in(NetRouter *router, size_t length)
{
    NetNatVerdict verdict = net_nat_inbound(router->nat, router->packet, length, router->now);

    if (!verdict.passes) {
        drop_by_nat(router, verdict.why);
        return;
    }
    NET_ROUTER_REPORT(router, nat_rewrite, router->now, net_router_port_id(router, router->in),
                      verdict.row, NET_NAT_INBOUND, router->frame);
    send_routed(router, length, TO_OUTSIDE_TRANSLATED);
}

/* The packet is not for the router, or only as far as the NAT stands in for somebody
 * (as_somebody). */
static void go_on(NetRouter *router, const uint8_t *packet, size_t length, const NetIpv4 *ip,
                  bool as_somebody)
{
    bool from_inside = router->in == 0;
    bool stays_inside = from_inside && is_inside(router, ip->destination) && !as_somebody;

    memcpy(router->packet, packet, length);
    if (is_group(ip->source) || ip->source >> 24 == 127 || is_group(ip->destination) ||
        (from_inside && ip->destination >> 24 == 127) ||
        (from_inside && router->nat != NULL && !is_inside(router, ip->source))) {
        net_router_drop(router, router->in, router->frame->id, NET_DROP_MARTIAN);
    } else if (!take_hop(router, ip)) {
        net_router_drop(router, router->in, router->frame->id, NET_DROP_TTL_EXCEEDED);
        refuse(router, packet, length, &time_exceeded, from_inside ? TO_INSIDE : TO_OUTSIDE);
    } else if (router->nat == NULL || stays_inside) {
        send_routed(router, length, TO_INSIDE);
    } else if (from_inside) {
        translate_out(router, packet, length);
    } else {
        translate_in(router, length);
    }
}

/* --- deciding --- */

/* An echo request comes back as its reply. */
static void echo(NetRouter *router, const uint8_t *packet, const NetIpv4 *ip)
{
    size_t length = ip->total_bytes;
    uint8_t *reply = router->packet, *icmp = reply + ip->header_bytes;

    memcpy(reply, packet, length);
    memcpy(reply + 12, packet + 16, 4);
    memcpy(reply + 16, packet + 12, 4);
    reply[8] = NET_STACK_TTL;
    net_ipv4_seal(reply);
    icmp[0] = NET_ICMP_ECHO_REPLY;
    net_icmp_seal(icmp, length - ip->header_bytes);
    net_stack_send_packet(&router->stack, reply, length, 0, router->now);
}

/* A packet from inside to the address of the DNS server, which is the router itself by
 * another name: it answers DNS (below) and ping, and has nothing else there. */
static bool answer_as_dns_server(NetRouter *router, const uint8_t *packet, size_t length,
                                 const NetIpv4 *ip)
{
    const uint8_t *transport = packet + ip->header_bytes;
    bool whole = ip->fragment_offset == 0 && !ip->more_fragments &&
                 ip->header_bytes == NET_IPV4_BYTES &&
                 length >= (size_t)ip->header_bytes + NET_UDP_BYTES;

    if (router->nat == NULL || ip->destination != router->config.dns ||
        net_stack_is_own(&router->stack, ip->destination))
        return false;
    if (ip->protocol == NET_PROTOCOL_ICMP && whole && transport[0] == NET_ICMP_ECHO_REQUEST) {
        if (net_icmp_sound(transport, ip->total_bytes - ip->header_bytes))
            echo(router, packet, ip);
        return true;
    }
    if (ip->protocol != NET_PROTOCOL_ICMP && whole && net_get_16(transport + 2) != NET_DNS_PORT) {
        net_router_drop(router, router->in, router->frame->id, NET_DROP_NO_ROUTE);
        refuse(router, packet, length, &port_unreachable, TO_INSIDE);
        return true;
    }
    return false;
}

/* A packet from inside to an address that the router has, or answers ARP for. */
static bool divert_to_own(NetRouter *router, const uint8_t *packet, size_t length,
                          const NetIpv4 *ip)
{
    const uint8_t *transport = packet + ip->header_bytes;
    bool has_ports = ip->fragment_offset == 0 && length >= (size_t)ip->header_bytes + NET_UDP_BYTES;
    NetRouterDns dns = net_router_answer_dns(router, packet, ip);

    if (dns == NET_ROUTER_ANSWERED ||
        (dns == NET_ROUTER_NOT_DNS && answer_as_dns_server(router, packet, length, ip)))
        return true;
    if (dns == NET_ROUTER_NOT_DNS) {
        if (router->nat == NULL || !net_nat_is_alias(router->nat, ip->destination))
            return false;
        if (has_ports && ip->protocol == NET_PROTOCOL_UDP && router->dhcp != NULL &&
            net_get_16(transport + 2) == NET_DHCP_SERVER_PORT)
            return false; /* the stack's socket has it */
        if (has_ports && ip->protocol == NET_PROTOCOL_ICMP &&
            transport[0] == NET_ICMP_ECHO_REQUEST &&
            net_stack_is_own(&router->stack, ip->destination))
            return false; /* the router answers ping itself */
    }
    go_on(router, packet, length, ip, true);
    return true;
}

bool net_router_divert(void *user, unsigned nic, const uint8_t *packet, size_t length,
                       NetArrival arrival, NetTime now)
{
    NetRouter *router = user;
    NetIpv4 ip;

    if (arrival != NET_ARRIVED_DIRECTLY || router->frame == NULL)
        return false;
    net_ipv4_parse(packet, length, &ip);
    bool is_own = net_stack_is_own(&router->stack, ip.destination);
    if (router->in == 0 &&
        (is_own || (router->nat != NULL && net_nat_is_alias(router->nat, ip.destination)) ||
         ip.destination == router->config.dns))
        return divert_to_own(router, packet, length, &ip);
    if (router->in != 0 && is_own) {
        if (router->nat == NULL || !net_nat_expects(router->nat, packet, length, now))
            return false;
    } else if (!router->config.forwards) {
        net_router_drop(router, router->in, router->frame->id, NET_DROP_NOT_FORWARDING);
        return true;
    }
    go_on(router, packet, length, &ip, false);
    return true;
}

void net_router_from_cable(NetRouter *router, const uint8_t *packet, size_t length)
{
    NetIpv4 ip;

    net_ipv4_parse(packet, length, &ip);
    memcpy(router->packet, packet, length);
    if (!take_hop(router, &ip)) {
        net_router_drop(router, router->in, router->frame->id, NET_DROP_TTL_EXCEEDED);
        refuse(router, packet, length, &time_exceeded, TO_OUTSIDE);
        return;
    }
    translate_in(router, length);
}

void net_router_undelivered(void *user, const uint8_t *packet, size_t length, uint64_t tag,
                            NetTime now)
{
    NetRouter *router = user;
    NetIpv4 ip;
    unsigned nic = router->ports[0].nic;
    NetIp4 next_hop;

    if (net_ipv4_parse_quoted(packet, length, &ip) == 0)
        return;
    net_stack_next_hop(&router->stack, ip.destination, &nic, &next_hop);
    net_router_drop(router, router->port_of_nic[nic], tag, NET_DROP_NO_ARP_ANSWER);
    Whom whom = TO_INSIDE;
    if (router->nat != NULL && !is_inside(router, ip.destination))
        whom = TO_INSIDE_TRANSLATED;
    else if (router->nat != NULL && !is_inside(router, ip.source))
        whom = TO_OUTSIDE_TRANSLATED;
    else if (router->nat != NULL && net_nat_is_alias(router->nat, ip.source))
        whom = TO_OUTSIDE_TRANSLATED;
    refuse(router, packet, length, &host_unreachable, whom);
}
