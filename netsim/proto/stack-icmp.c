/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-icmp.c: echo both ways, and errors both ways (RFC 792, RFC 1122 3.2.2). */
#include "netsim/proto/stack-private.h"
#include "netsim/proto/wire.h"

/* --- the echo client --- */

int net_stack_ping(NetStack *stack, const NetPing *ping, NetTime now)
{
    int room = net_ip_room(stack, ping->to);
    NetEcho *echo = NULL;

    for (unsigned i = 0; i < NET_STACK_MAX_ECHOES && echo == NULL; i++) {
        if (!stack->echoes[i].in_use)
            echo = &stack->echoes[i];
    }
    if (room < 0)
        return room;
    if (ping->payload_bytes > (size_t)room)
        return NET_STACK_TOO_LONG;
    if (echo == NULL)
        return NET_STACK_NO_ROOM;

    NetIcmp header = {
        .type = NET_ICMP_ECHO_REQUEST,
        .id = ping->id,
        .sequence = ping->sequence,
    };
    NetOutgoing outgoing = {
        .destination = ping->to,
        .protocol = NET_PROTOCOL_ICMP,
        .ttl = ping->ttl != 0 ? ping->ttl : NET_STACK_TTL,
        .dont_fragment = ping->dont_fragment,
    };
    net_icmp_write(net_stack_transport(stack), &header);
    if (ping->payload_bytes > 0)
        __builtin_memcpy(net_stack_payload(stack), ping->payload, ping->payload_bytes);
    net_icmp_seal(net_stack_transport(stack), NET_ICMP_BYTES + ping->payload_bytes);
    int result = net_ip_send(stack, &outgoing, NET_ICMP_BYTES + ping->payload_bytes, now);
    if (result < 0)
        return result;

    *echo = (NetEcho){
        .ping = *ping,
        .sent = now,
        .deadline = net_stack_later(now, ping->timeout_ns),
        .in_use = true,
    };
    echo->ping.payload = NULL;
    net_stack_timer(stack, echo->deadline);
    return NET_STACK_OK;
}

/* The echo is over. Its slot is free before the callback, which may ping again. */
static void finish(NetStack *stack, NetEcho *echo, NetEchoResult *result, NetTime now)
{
    NetPing ping = echo->ping;

    result->to = ping.to;
    result->id = ping.id;
    result->sequence = ping.sequence;
    result->rtt_ns = now - echo->sent;
    echo->in_use = false;
    stack->timer_stale = true;
    if (ping.done != NULL)
        ping.done(ping.user, result);
}

static NetEcho *find_echo(NetStack *stack, NetIp4 to, uint16_t id, uint16_t sequence)
{
    for (unsigned i = 0; i < NET_STACK_MAX_ECHOES; i++) {
        NetEcho *echo = &stack->echoes[i];
        if (echo->in_use && echo->ping.to == to && echo->ping.id == id &&
            echo->ping.sequence == sequence)
            return echo;
    }
    return NULL;
}

void net_echo_advance(NetStack *stack, NetTime now)
{
    for (unsigned i = 0; i < NET_STACK_MAX_ECHOES; i++) {
        NetEcho *echo = &stack->echoes[i];
        if (echo->in_use && echo->deadline <= now) {
            NetEchoResult result = {.outcome = NET_ECHO_TIMEOUT};
            finish(stack, echo, &result, now);
        }
    }
}

NetTime net_echo_deadline(const NetStack *stack)
{
    NetTime deadline = NET_TIME_NEVER;

    for (unsigned i = 0; i < NET_STACK_MAX_ECHOES; i++) {
        if (stack->echoes[i].in_use && stack->echoes[i].deadline < deadline)
            deadline = stack->echoes[i].deadline;
    }
    return deadline;
}

/* --- in --- */

/* RFC 1122 3.2.2.6: the answer goes to who asked, from the address that was asked,
 * with the data as it came. Requests to a broadcast address stay unanswered. */
static void answer_echo(NetStack *stack, const NetPacket *packet)
{
    uint8_t *reply = net_stack_transport(stack);
    uint64_t nonce;

    if (packet->to_group)
        return;
    if (stack->ops->probe_seen != NULL &&
        net_probe_read(packet->payload + NET_ICMP_BYTES, packet->payload_bytes - NET_ICMP_BYTES,
                       &nonce))
        stack->ops->probe_seen(stack->user, NET_PROBE_ICMP, nonce, packet->ip.source);
    if (packet->payload_bytes > NET_MAX_MTU - NET_IPV4_BYTES)
        return;
    __builtin_memcpy(reply, packet->payload, packet->payload_bytes);
    reply[0] = NET_ICMP_ECHO_REPLY;
    net_icmp_seal(reply, packet->payload_bytes);
    NetOutgoing outgoing = {
        .source = packet->ip.destination,
        .destination = packet->ip.source,
        .protocol = NET_PROTOCOL_ICMP,
        .ttl = NET_STACK_TTL,
    };
    net_ip_send(stack, &outgoing, packet->payload_bytes, packet->now);
}

static void take_echo_reply(NetStack *stack, const NetPacket *packet, const NetIcmp *icmp)
{
    NetEcho *echo = find_echo(stack, packet->ip.source, icmp->id, icmp->sequence);
    NetEchoResult result = {
        .outcome = NET_ECHO_REPLY,
        .from = packet->ip.source,
        .ttl = packet->ip.ttl,
        .payload = packet->payload + NET_ICMP_BYTES,
        .payload_bytes = packet->payload_bytes - NET_ICMP_BYTES,
    };

    if (echo != NULL)
        finish(stack, echo, &result, packet->now);
}

void net_stack_refused(NetStack *stack, const uint8_t *bytes, size_t length, NetIp4 from,
                       const NetIcmp *icmp, NetTime now)
{
    NetIpv4 ip;
    size_t header_bytes = net_ipv4_parse_quoted(bytes, length, &ip);

    if (header_bytes == 0 || length - header_bytes < NET_ICMP_QUOTE_BYTES)
        return;
    const uint8_t *quote = bytes + header_bytes;
    bool too_big = icmp->type == NET_ICMP_UNREACHABLE && icmp->code == NET_UNREACHABLE_TOO_BIG;
    if (ip.protocol == NET_PROTOCOL_TCP) {
        net_tcp_refused(stack, &ip, quote, from, icmp, now);
    } else if (ip.protocol == NET_PROTOCOL_UDP) {
        const NetRefusal refusal = {from, icmp->type, icmp->code};
        net_udp_refused(stack, net_get_16(quote), ip.destination, net_get_16(quote + 2), &refusal);
    } else if (ip.protocol == NET_PROTOCOL_ICMP && quote[0] == NET_ICMP_ECHO_REQUEST) {
        NetEcho *echo =
            find_echo(stack, ip.destination, net_get_16(quote + 4), net_get_16(quote + 6));
        NetEchoResult result = {
            .outcome =
                icmp->type == NET_ICMP_UNREACHABLE ? NET_ECHO_UNREACHABLE : NET_ECHO_TIME_EXCEEDED,
            .from = from,
            .code = icmp->code,
            .mtu = too_big ? icmp->sequence : 0,
        };
        if (echo != NULL)
            finish(stack, echo, &result, now);
    }
}

void net_icmp_input(NetStack *stack, const NetPacket *packet)
{
    NetIcmp icmp;

    if (net_icmp_parse(packet->payload, packet->payload_bytes, &icmp) == 0) {
        stack->counters.malformed++;
        return;
    }
    if (!net_icmp_sound(packet->payload, packet->payload_bytes)) {
        stack->counters.bad_checksum++;
        return;
    }
    switch (icmp.type) {
    case NET_ICMP_ECHO_REQUEST: answer_echo(stack, packet); break;
    case NET_ICMP_ECHO_REPLY: take_echo_reply(stack, packet, &icmp); break;
    case NET_ICMP_UNREACHABLE:
    case NET_ICMP_TIME_EXCEEDED:
        net_stack_refused(stack, packet->payload + NET_ICMP_BYTES,
                          packet->payload_bytes - NET_ICMP_BYTES, packet->ip.source, &icmp,
                          packet->now);
        break;
    default: stack->counters.unknown_protocol++; break;
    }
}

/* --- errors out --- */

void net_icmp_send_error(NetStack *stack, const NetPacket *packet, uint8_t type, uint8_t code)
{
    size_t quoted = packet->ip.header_bytes + NET_ICMP_QUOTE_BYTES;
    NetIcmp header = {.type = type, .code = code};

    /* RFC 1122 3.2.2: never about a broadcast, nor to somebody without an address. */
    if (packet->to_group || packet->ip.source == 0)
        return;
    if (quoted > packet->ip.total_bytes)
        quoted = packet->ip.total_bytes;
    net_icmp_write(net_stack_transport(stack), &header);
    __builtin_memcpy(net_stack_payload(stack), packet->packet, quoted);
    net_icmp_seal(net_stack_transport(stack), NET_ICMP_BYTES + quoted);
    NetOutgoing outgoing = {
        .source = packet->ip.destination,
        .destination = packet->ip.source,
        .protocol = NET_PROTOCOL_ICMP,
        .ttl = NET_STACK_TTL,
    };
    net_ip_send(stack, &outgoing, NET_ICMP_BYTES + quoted, packet->now);
}
