/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-udp.c: sockets and datagrams (RFC 768, RFC 1122 4.1). */
#include "netsim/proto/stack-private.h"

static NetUdpSocket *find_socket(NetStack *stack, uint16_t port)
{
    for (unsigned i = 0; i < NET_STACK_MAX_SOCKETS; i++) {
        if (stack->sockets[i].port == port)
            return &stack->sockets[i];
    }
    return NULL;
}

static bool is_taken(NetStack *stack, uint16_t port)
{
    return find_socket(stack, port) != NULL ||
           (stack->ops->port_taken != NULL &&
            stack->ops->port_taken(stack->user, NET_PROTOCOL_UDP, port));
}

/* 0: all are taken. */
static uint16_t ephemeral_port(NetStack *stack)
{
    for (unsigned i = NET_STACK_FIRST_PORT; i <= 65535; i++) {
        uint16_t port = stack->next_port;
        stack->next_port = port == 65535 ? NET_STACK_FIRST_PORT : (uint16_t)(port + 1);
        if (!is_taken(stack, port))
            return port;
    }
    return 0;
}

int net_stack_udp_bind(NetStack *stack, uint16_t port, const NetUdpOps *ops, void *user)
{
    NetUdpSocket *socket = find_socket(stack, 0);

    if (port != 0 && find_socket(stack, port) != NULL)
        return NET_STACK_IN_USE;
    if (socket == NULL)
        return NET_STACK_NO_ROOM;
    if (port == 0)
        port = ephemeral_port(stack);
    if (port == 0)
        return NET_STACK_NO_ROOM;
    *socket = (NetUdpSocket){.ops = ops, .user = user, .port = port};
    return port;
}

void net_stack_udp_close(NetStack *stack, uint16_t port)
{
    NetUdpSocket *socket = port != 0 ? find_socket(stack, port) : NULL;

    if (socket != NULL)
        *socket = (NetUdpSocket){0};
}

int net_udp_send(NetStack *stack, const NetOutgoing *outgoing, uint16_t from_port, uint16_t to_port,
                 size_t length, NetTime now)
{
    NetUdp header = {
        .source_port = from_port,
        .destination_port = to_port,
        .total_bytes = (uint16_t)(NET_UDP_BYTES + length),
    };
    uint8_t *at = net_stack_transport(stack);

    net_udp_write(at, &header);
    net_udp_seal(at, header.total_bytes, outgoing->source, outgoing->destination);
    return net_ip_send(stack, outgoing, header.total_bytes, now);
}

int net_stack_udp_send(NetStack *stack, uint16_t from_port, NetIp4 to, uint16_t to_port,
                       const void *bytes, size_t length, NetTime now)
{
    int room = net_ip_room(stack, to);

    if (room < 0)
        return room;
    if (length > (size_t)room)
        return NET_STACK_TOO_LONG;
    NetOutgoing outgoing = {
        .source = net_stack_source(stack, to),
        .destination = to,
        .protocol = NET_PROTOCOL_UDP,
        .ttl = NET_STACK_TTL,
    };
    if (length > 0)
        __builtin_memcpy(net_stack_payload(stack), bytes, length);
    return net_udp_send(stack, &outgoing, from_port, to_port, length, now);
}

void net_udp_input(NetStack *stack, const NetPacket *packet)
{
    NetUdp udp;
    uint64_t nonce;

    if (net_udp_parse(packet->payload, packet->payload_bytes, &udp) == 0) {
        stack->counters.malformed++;
        return;
    }
    if (!net_udp_sound(packet->payload, &udp, packet->ip.source, packet->ip.destination)) {
        stack->counters.bad_checksum++;
        return;
    }
    NetDatagram datagram = {
        .from = packet->ip.source,
        .to = packet->ip.destination,
        .from_port = udp.source_port,
        .to_port = udp.destination_port,
        .nic = packet->nic,
        .bytes = packet->payload + NET_UDP_BYTES,
        .length = udp.total_bytes - NET_UDP_BYTES,
        .now = packet->now,
    };
    NetUdpSocket *socket =
        udp.destination_port != 0 ? find_socket(stack, udp.destination_port) : NULL;
    bool is_answer = socket != NULL && socket->ops->takes_probe_answers;
    if (stack->ops->probe_seen != NULL && !is_answer &&
        net_probe_read(datagram.bytes, datagram.length, &nonce))
        stack->ops->probe_seen(stack->user, NET_PROBE_UDP, nonce, datagram.from);
    if (socket != NULL) {
        socket->ops->receive(socket->user, &datagram);
    } else {
        stack->counters.no_socket++;
        net_icmp_send_error(stack, packet, NET_ICMP_UNREACHABLE, NET_UNREACHABLE_PORT);
    }
}

void net_udp_refused(NetStack *stack, uint16_t port, NetIp4 to, uint16_t to_port,
                     const NetRefusal *refusal)
{
    NetUdpSocket *socket = port != 0 ? find_socket(stack, port) : NULL;

    if (socket != NULL && socket->ops->unreachable != NULL)
        socket->ops->unreachable(socket->user, to, to_port, refusal);
}
