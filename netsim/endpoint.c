/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint.c: the part around the stack: frames in and out, time, services, and
 * probes; see endpoint.h. */
#include "netsim/endpoint.h"

#include <string.h>

#include "netsim/dns-proxy.h"
#include "netsim/endpoint-private.h"
#include "netsim/proto/headers.h"

#define NO_PORT UINT32_MAX /* of a NIC that was taken away */

static NetEndpoint *endpoint_of(NetPart *part)
{
    return (NetEndpoint *)part;
}

/* --- frames --- */

/* The stack's number of the NIC at a port; -1: it is the end of a NAT's cable. */
static int nic_at(const NetEndpoint *endpoint, uint32_t port)
{
    for (unsigned nic = 0; nic < endpoint->stack.nic_count; nic++) {
        if (endpoint->nic_port[nic] == port)
            return (int)nic;
    }
    return -1;
}

static void stack_send(void *user, unsigned nic, const uint8_t *bytes, size_t length)
{
    NetEndpoint *endpoint = user;
    g_autoptr(NetFrame) frame =
        net_part_new_frame(&endpoint->part, endpoint->stack.tag, bytes, length, endpoint->now);

    if (endpoint->nic_port[nic] != NO_PORT)
        net_part_send(&endpoint->part, endpoint->nic_port[nic], frame, endpoint->now);
}

static void drop(NetEndpoint *endpoint, NetDropReason why)
{
    void *user;
    const NetObserver *observer = net_world_observer(endpoint->part.world, &user);

    net_part_count_drop(&endpoint->part, endpoint->in_port, why);
    if (observer->router_drop != NULL)
        observer->router_drop(user, endpoint->now,
                              net_part_port_id(&endpoint->part, endpoint->in_port),
                              endpoint->in_frame->id, why);
}

/* A packet has come in, for whomever. The NATs on the host get theirs, and what is
 * for nobody here ends here, as this is no router. */
static bool stack_divert(void *user, unsigned nic, const uint8_t *packet, size_t length,
                         NetArrival arrival, NetTime now)
{
    NetEndpoint *endpoint = user;
    NetIpv4 ip;

    if (endpoint->gate != NULL &&
        net_gate_divert(endpoint->gate, endpoint->in_port, packet, length, arrival,
                        arrival == NET_ARRIVED_FROM_SELF ? NULL : endpoint->in_frame, now))
        return true;
    if (arrival != NET_ARRIVED_DIRECTLY || net_ipv4_parse(packet, length, &ip) == 0 ||
        net_stack_is_own(&endpoint->stack, ip.destination) ||
        ip.destination >= NET_IP4(224, 0, 0, 0))
        return false;
    drop(endpoint, NET_DROP_NOT_FORWARDING);
    return true;
}

static bool stack_port_taken(void *user, uint8_t protocol, uint16_t port)
{
    NetEndpoint *endpoint = user;

    return endpoint->gate != NULL && net_gate_port_taken(endpoint->gate, protocol, port);
}

static void stack_undelivered(void *user, const uint8_t *packet, size_t length, uint64_t tag,
                              NetTime now)
{
    NetEndpoint *endpoint = user;
    void *observer_user;
    const NetObserver *observer = net_world_observer(endpoint->part.world, &observer_user);

    if (observer->router_drop != NULL)
        observer->router_drop(observer_user, now, net_part_port_id(&endpoint->part, 0), tag,
                              NET_DROP_NO_ARP_ANSWER);
    if (endpoint->gate != NULL)
        net_gate_undelivered(endpoint->gate, packet, length, tag, now);
}

static void stack_arp_changed(void *user, const NetArpEntry *entry, NetArpState from, NetTime now)
{
    NetEndpoint *endpoint = user;
    uint32_t port = endpoint->nic_port[entry->nic];
    void *observer_user;
    const NetObserver *observer = net_world_observer(endpoint->part.world, &observer_user);

    if (observer->arp_changed != NULL && port != NO_PORT)
        observer->arp_changed(observer_user, now, net_part_port_id(&endpoint->part, port), entry,
                              from);
}

static void stack_probe_seen(void *user, NetProbeKind kind, uint64_t nonce, NetIp4 from)
{
    NetEndpoint *endpoint = user;
    void *observer_user;
    const NetObserver *observer = net_world_observer(endpoint->part.world, &observer_user);

    if (observer->probe_seen != NULL)
        observer->probe_seen(observer_user, endpoint->now, endpoint->config.kind,
                             endpoint->config.number, kind, nonce, from);
}

static const NetStackOps stack_ops = {
    .send = stack_send,
    .probe_seen = stack_probe_seen,
    .arp_changed = stack_arp_changed,
    .divert = stack_divert,
    .undelivered = stack_undelivered,
    .port_taken = stack_port_taken,
};

static void endpoint_receive(NetPart *part, uint32_t port, NetFrame *frame, NetTime now)
{
    NetEndpoint *endpoint = endpoint_of(part);
    int nic = nic_at(endpoint, port);
    void *user;
    const NetObserver *observer = net_world_observer(part->world, &user);

    endpoint->now = now;
    if (observer->delivered != NULL)
        observer->delivered(user, now, net_part_port_id(part, port), frame);
    endpoint->in_port = port;
    endpoint->in_frame = frame;
    if ((endpoint->gate == NULL || !net_gate_receive(endpoint->gate, port, frame, now)) && nic >= 0)
        net_stack_input(&endpoint->stack, (unsigned)nic, frame->bytes, frame->length, now);
    endpoint->in_frame = NULL;
}

static NetTime endpoint_deadline(const NetPart *part)
{
    NetEndpoint *endpoint = endpoint_of((NetPart *)part);

    return MIN(net_stack_deadline(&endpoint->stack), net_endpoint_probe_deadline(endpoint));
}

static void endpoint_advance(NetPart *part, NetTime now)
{
    NetEndpoint *endpoint = endpoint_of(part);

    endpoint->now = now;
    endpoint->in_port = 0;
    net_stack_advance(&endpoint->stack, now);
    net_endpoint_probe_advance(endpoint);
}

static void endpoint_free(NetPart *part)
{
    NetEndpoint *endpoint = endpoint_of(part);

    net_gate_free(endpoint->gate);
    net_endpoint_free_tcp(endpoint);
    for (size_t i = 0; i < endpoint->config.name_count; i++)
        g_free((char *)endpoint->config.names[i].name);
    g_free((NetName *)endpoint->config.names);
    g_free((char *)endpoint->config.name);
    g_free(endpoint);
}

/* --- UDP services --- */

static void echo_datagram(void *user, const NetDatagram *datagram)
{
    NetEndpoint *endpoint = user;

    net_stack_udp_send(&endpoint->stack, datagram->to_port, datagram->from, datagram->from_port,
                       datagram->bytes, datagram->length, datagram->now);
}

static const NetUdpOps echo_ops = {.receive = echo_datagram};

static NetIp4 find_name(void *user, const char *name)
{
    const NetEndpoint *endpoint = user;

    for (size_t i = 0; i < endpoint->config.name_count; i++) {
        if (g_ascii_strcasecmp(endpoint->config.names[i].name, name) == 0)
            return endpoint->config.names[i].address;
    }
    return 0;
}

static void answer_query(void *user, const NetDatagram *datagram)
{
    NetEndpoint *endpoint = user;
    const NetDnsProxy proxy = {.find = find_name, .user = endpoint};
    NetDnsProxyAnswer answer;
    void *observer_user;
    const NetObserver *observer = net_world_observer(endpoint->part.world, &observer_user);

    net_dns_proxy_input(&proxy, datagram->bytes, datagram->length, &answer);
    if (observer->dns != NULL && endpoint->in_frame != NULL)
        observer->dns(observer_user, datagram->now,
                      net_part_port_id(&endpoint->part, endpoint->in_port), answer.name,
                      answer.outcome, answer.address, endpoint->in_frame);
    if (answer.length > 0)
        net_stack_udp_send(&endpoint->stack, datagram->to_port, datagram->from, datagram->from_port,
                           answer.bytes, answer.length, datagram->now);
}

static const NetUdpOps dns_ops = {.receive = answer_query};

static void start_services(NetEndpoint *endpoint)
{
    if (endpoint->config.services & NET_SERVICE_ECHO)
        net_stack_udp_bind(&endpoint->stack, NET_ECHO_PORT, &echo_ops, endpoint);
    if (endpoint->config.services & NET_SERVICE_DNS)
        net_stack_udp_bind(&endpoint->stack, NET_DNS_PORT, &dns_ops, endpoint);
    net_endpoint_listen(endpoint);
}

/* --- making one --- */

/* One kind for each, so that events and pictures say what it is. */
static const NetPartOps endpoint_ops[] = {
    [NET_ENDPOINT_HOST] = {.kind = "host",
                           .receive = endpoint_receive,
                           .deadline = endpoint_deadline,
                           .advance = endpoint_advance,
                           .free = endpoint_free},
    [NET_ENDPOINT_LAN] = {.kind = "lan",
                          .receive = endpoint_receive,
                          .deadline = endpoint_deadline,
                          .advance = endpoint_advance,
                          .free = endpoint_free},
    [NET_ENDPOINT_INTERNET] = {.kind = "internet",
                               .receive = endpoint_receive,
                               .deadline = endpoint_deadline,
                               .advance = endpoint_advance,
                               .free = endpoint_free},
};

NetPart *net_endpoint_new(const NetEndpointConfig *config)
{
    NetEndpoint *endpoint = g_new0(NetEndpoint, 1);
    NetName *names = g_new0(NetName, config->name_count);

    endpoint->part.ops = &endpoint_ops[config->kind];
    endpoint->config = *config;
    endpoint->config.name = g_strdup(config->name);
    for (size_t i = 0; i < config->name_count; i++)
        names[i] = (NetName){g_strdup(config->names[i].name), config->names[i].address};
    endpoint->config.names = names;
    net_stack_init(&endpoint->stack, &stack_ops, endpoint, config->seed);
    net_endpoint_give_tcp(endpoint);
    start_services(endpoint);
    return &endpoint->part;
}

/* The place of one that was taken away serves again. */
static int place_nic(NetEndpoint *endpoint, const NetStackNic *nic, NetTime now)
{
    int free = nic_at(endpoint, NO_PORT);

    return free >= 0 ? net_stack_replace_nic(&endpoint->stack, (unsigned)free, nic, now)
                     : net_stack_add_nic(&endpoint->stack, nic);
}

void net_endpoint_remove_port(NetPart *part, uint32_t port, NetTime now)
{
    NetEndpoint *endpoint = endpoint_of(part);
    int nic = nic_at(endpoint, port);

    endpoint->now = now;
    if (endpoint->gate != NULL)
        net_gate_leave(endpoint->gate, port);
    if (nic < 0)
        return;
    endpoint->nic_port[nic] = NO_PORT;
    net_stack_set_address(&endpoint->stack, (unsigned)nic, 0, 0, 0, now);
    net_part_arm(part);
}

bool net_endpoint_has_room(const NetPart *part)
{
    const NetEndpoint *endpoint = (const NetEndpoint *)part;

    return endpoint->stack.nic_count < NET_STACK_MAX_NICS || nic_at(endpoint, NO_PORT) >= 0;
}

NetPortId net_endpoint_add_nic(NetPart *part, NetNetworkId network, const NetStackNic *nic,
                               NetTime now)
{
    NetEndpoint *endpoint = endpoint_of(part);
    int number = place_nic(endpoint, nic, now);
    void *user;
    const NetObserver *observer = net_world_observer(part->world, &user);

    if (number < 0)
        return NET_NO_PORT;
    NetPortId port = net_world_add_port_on(part->world, part, network, now);
    endpoint->nic_port[number] = net_part_port_count(part) - 1;
    if (observer->endpoint_nic != NULL)
        observer->endpoint_nic(user, now, port, endpoint->config.kind, endpoint->config.number,
                               endpoint->config.name, nic);
    return port;
}

NetGate *net_endpoint_gate(NetPart *part)
{
    NetEndpoint *endpoint = endpoint_of(part);

    if (endpoint->gate == NULL)
        endpoint->gate = net_gate_new(part, &endpoint->stack);
    return endpoint->gate;
}

unsigned net_endpoint_nic_count(const NetPart *part)
{
    return ((const NetEndpoint *)part)->stack.nic_count;
}

NetIp4 net_endpoint_address(const NetPart *part, unsigned nic)
{
    return ((const NetEndpoint *)part)->stack.nics[nic].address;
}
