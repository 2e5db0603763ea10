/* SPDX-License-Identifier: GPL-2.0-or-later */
/* router-serve.c: what a router answers itself: DHCP and DNS.
 *
 * Both are datagrams in, datagrams out. DHCP comes through a socket of the stack;
 * its answers may go to a client that has no address yet and so no ARP: they are
 * put into frames here. DNS is looked at before the stack is, as its address need
 * not be one of the stack's, and a query may have to go on to another server.
 */
#include "netsim/router-private.h"

#include <string.h>

#include "netsim/proto/wire.h"

/* Puts IP and UDP headers before the payload, which lies behind their room. */
static size_t finish_datagram(uint8_t *packet, NetSocketAddress from, NetSocketAddress to,
                              size_t payload_bytes)
{
    NetUdp udp = {
        .source_port = from.port,
        .destination_port = to.port,
        .total_bytes = (uint16_t)(NET_UDP_BYTES + payload_bytes),
    };
    NetIpv4 ip = {
        .header_bytes = NET_IPV4_BYTES,
        .total_bytes = (uint16_t)(NET_IPV4_BYTES + udp.total_bytes),
        .ttl = NET_STACK_TTL,
        .protocol = NET_PROTOCOL_UDP,
        .source = from.address,
        .destination = to.address,
    };

    net_ipv4_write(packet, &ip);
    net_ipv4_seal(packet);
    net_udp_write(packet + NET_IPV4_BYTES, &udp);
    net_udp_seal(packet + NET_IPV4_BYTES, udp.total_bytes, from.address, to.address);
    return ip.total_bytes;
}

/* --- DHCP --- */

static void send_dhcp(NetRouter *router, const NetDhcpAnswer *answer, NetTime now)
{
    uint8_t bytes[NET_ETHERNET_BYTES + NET_IPV4_BYTES + NET_UDP_BYTES + NET_DHCP_MAX_BYTES];
    NetEthernet ethernet = {
        .destination = answer->mac, .source = router->ports[0].own, .type = NET_TYPE_IPV4};
    uint8_t *packet = bytes + net_ethernet_write(bytes, &ethernet);
    NetIp4 own = router->stack.nics[router->ports[0].nic].address;

    memcpy(packet + NET_IPV4_BYTES + NET_UDP_BYTES, answer->bytes, answer->length);
    size_t length =
        finish_datagram(packet, (NetSocketAddress){own, NET_DHCP_SERVER_PORT},
                        (NetSocketAddress){answer->address, NET_DHCP_CLIENT_PORT}, answer->length);
    g_autoptr(NetFrame) frame =
        net_part_new_frame(&router->part, 0, bytes, NET_ETHERNET_BYTES + length, now);
    net_part_send(&router->part, 0, frame, now);
}

static void dhcp_receive(void *user, const NetDatagram *datagram)
{
    NetRouter *router = user;
    NetDhcpAnswer answer;

    if (datagram->nic != router->ports[0].nic || router->frame == NULL)
        return;
    net_dhcp_server_input(router->dhcp, datagram->bytes, datagram->length, datagram->now, &answer);
    for (unsigned i = 0; i < answer.event_count; i++)
        NET_ROUTER_REPORT(router, dhcp, datagram->now, net_router_port_id(router, 0),
                          &answer.events[i], router->frame);
    if (answer.length > 0)
        send_dhcp(router, &answer, datagram->now);
}

const NetUdpOps net_router_dhcp_ops = {.receive = dhcp_receive};

/* --- DNS --- */

static NetIp4 find_name(void *user, const char *name)
{
    const NetRouter *router = user;

    /* What it was told before what a client calls itself: so nobody takes a name over. */
    for (size_t i = 0; i < router->config.name_count; i++) {
        if (net_dns_name_equal(router->names[i].name, name))
            return router->names[i].address;
    }
    return router->dhcp != NULL ? net_dhcp_server_find(router->dhcp, name) : 0;
}

NetRouterDns net_router_answer_dns(NetRouter *router, const uint8_t *packet, const NetIpv4 *ip)
{
    const uint8_t *transport = packet + ip->header_bytes;
    NetDnsProxy proxy = {
        .find = find_name, .user = router, .has_upstream = router->config.dns_upstream != 0};
    NetDnsProxyAnswer answer;
    NetUdp udp;

    if (router->config.dns == 0 || ip->destination != router->config.dns ||
        ip->protocol != NET_PROTOCOL_UDP || ip->fragment_offset > 0 || ip->more_fragments ||
        net_udp_parse(transport, ip->total_bytes - ip->header_bytes, &udp) == 0 ||
        udp.destination_port != NET_DNS_PORT ||
        !net_udp_sound(transport, &udp, ip->source, ip->destination))
        return NET_ROUTER_NOT_DNS;
    net_dns_proxy_input(&proxy, transport + NET_UDP_BYTES, udp.total_bytes - NET_UDP_BYTES,
                        &answer);
    NET_ROUTER_REPORT(router, dns, router->now, net_router_port_id(router, router->in), answer.name,
                      answer.outcome, answer.address, router->frame);
    if (answer.outcome == NET_DNS_FORWARDED)
        return NET_ROUTER_PASS_ON;
    if (answer.length > 0) {
        uint8_t bytes[NET_IPV4_BYTES + NET_UDP_BYTES + NET_DNS_MAX_BYTES];
        memcpy(bytes + NET_IPV4_BYTES + NET_UDP_BYTES, answer.bytes, answer.length);
        size_t length =
            finish_datagram(bytes, (NetSocketAddress){ip->destination, NET_DNS_PORT},
                            (NetSocketAddress){ip->source, udp.source_port}, answer.length);
        net_stack_send_packet(&router->stack, bytes, length, 0, router->now);
    }
    return NET_ROUTER_ANSWERED;
}
