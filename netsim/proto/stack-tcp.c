/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-tcp.c: the owner's side of TCP, and the ends of connections. */
#include "netsim/proto/stack-tcp-private.h"

void net_stack_tcp_init(NetStack *stack, const NetTcpMemory *memory)
{
    stack->tcp.memory = *memory;
    stack->tcp.secret = net_stack_random(stack);
}

void net_stack_tcp_give_buffers(NetStack *stack, uint8_t *buffers, uint32_t send_bytes,
                                uint32_t receive_bytes)
{
    stack->tcp.memory.buffers = buffers;
    stack->tcp.memory.send_bytes = send_bytes;
    stack->tcp.memory.receive_bytes = receive_bytes;
}

/* --- listeners --- */

/* An ephemeral port on which there is no connection to a peer, nor a listener; 0: all
 * are taken. For a listener the peer is 0. */
static uint16_t ephemeral_port(NetStack *stack, NetIp4 from, NetIp4 to, uint16_t to_port)
{
    for (unsigned i = NET_STACK_FIRST_PORT; i <= 65535; i++) {
        uint16_t port = stack->next_port;
        stack->next_port = port == 65535 ? NET_STACK_FIRST_PORT : (uint16_t)(port + 1);
        if (net_tcp_listener(stack, port) == NULL &&
            net_tcp_find(stack, from, port, to, to_port) == NULL &&
            (stack->ops->port_taken == NULL ||
             !stack->ops->port_taken(stack->user, NET_PROTOCOL_TCP, port)))
            return port;
    }
    return 0;
}

int net_stack_tcp_listen(NetStack *stack, uint16_t port, NetTcpHandler handler, void *user)
{
    NetTcpListener *listener = NULL;

    if (net_tcp_listener(stack, port) != NULL)
        return NET_STACK_IN_USE;
    for (unsigned i = 0; i < NET_TCP_MAX_LISTENERS && listener == NULL; i++) {
        if (stack->tcp.listeners[i].port == 0)
            listener = &stack->tcp.listeners[i];
    }
    if (port == 0)
        port = ephemeral_port(stack, 0, 0, 0);
    if (listener == NULL || port == 0 || stack->tcp.memory.count == 0)
        return NET_STACK_NO_ROOM;
    *listener = (NetTcpListener){port, handler, user};
    return port;
}

void net_stack_tcp_unlisten(NetStack *stack, uint16_t port)
{
    for (unsigned i = 0; port != 0 && i < NET_TCP_MAX_LISTENERS; i++) {
        if (stack->tcp.listeners[i].port == port)
            stack->tcp.listeners[i] = (NetTcpListener){0};
    }
}

/* --- opening --- */

/* RFC 9293 3.4.1, RFC 6528: a clock of 4 us plus a number that only we can know. */
static uint32_t first_sequence(const NetStack *stack, const NetTcpConnection *c, NetTime now)
{
    uint64_t z = stack->tcp.secret ^ ((uint64_t)c->remote << 32 | c->local);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z ^= (uint64_t)c->local_port << 16 | c->remote_port;
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(z >> 16) + (uint32_t)(now / 4000);
}

void net_tcp_open(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    c->send_first = first_sequence(stack, c, now);
    c->send_unacked = c->send_next = c->send_most = c->send_first;
    c->send_begin = c->send_first + 1;
    c->mss = NET_MAX_MTU;
    c->timeout_ns = NET_TCP_FIRST_RTO_NS;
    net_tcp_path_mtu(c, (uint32_t)net_ip_mtu(stack, c->remote));
}

int net_stack_tcp_connect(NetStack *stack, NetIp4 to, uint16_t port, NetTcpHandler handler,
                          void *user, NetTime now, NetTcpId *ret_id)
{
    NetIp4 from = net_stack_source(stack, to);

    if (port == 0 || net_ip_is_group(stack, to))
        return NET_STACK_BAD;
    if (from == 0)
        return NET_STACK_NO_ROUTE;
    uint16_t local_port = ephemeral_port(stack, from, to, port);
    NetTcpConnection *c = local_port != 0 ? net_tcp_claim(stack, from, local_port, to, port) : NULL;
    if (c == NULL)
        return NET_STACK_NO_ROOM;
    c->owned = true;
    c->handler = handler;
    c->user = user;
    c->state = NET_TCP_SYN_SENT;
    net_tcp_open(stack, c, now);
    *ret_id = net_tcp_id(stack, c);
    net_tcp_output(stack, c, now);
    return NET_STACK_OK;
}

void net_stack_tcp_set_handler(NetStack *stack, NetTcpId id, NetTcpHandler handler, void *user)
{
    NetTcpConnection *c = net_tcp_by_id(stack, id);

    if (c == NULL)
        return;
    c->handler = handler;
    c->user = user;
}

/* --- bytes out; for bytes in see stack-tcp-data.c --- */

int net_stack_tcp_send(NetStack *stack, NetTcpId id, const void *bytes, size_t length, NetTime now)
{
    NetTcpConnection *c = net_tcp_by_id(stack, id);

    if (c == NULL)
        return NET_STACK_BAD;
    if (c->end != NET_TCP_NOT_ENDED || c->fin_queued)
        return NET_STACK_END;
    uint32_t room = c->send_size - c->send_queued;
    uint32_t take = length < room ? (uint32_t)length : room;
    uint32_t at = (c->send_head + c->send_queued) % c->send_size;
    uint32_t first = net_tcp_least(take, c->send_size - at);
    if (take > 0) {
        __builtin_memcpy(c->send_bytes + at, bytes, first);
        __builtin_memcpy(c->send_bytes, (const uint8_t *)bytes + first, take - first);
    }
    c->send_queued += take;
    c->wants_room = take < length;
    net_tcp_output(stack, c, now);
    return (int)take;
}

/* --- the end --- */

static void queue_fin(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    if (c->fin_queued)
        return;
    c->fin_queued = true;
    if (c->state == NET_TCP_ESTABLISHED)
        c->state = NET_TCP_FIN_WAIT_1;
    else if (c->state == NET_TCP_CLOSE_WAIT)
        c->state = NET_TCP_LAST_ACK;
    net_tcp_output(stack, c, now);
}

void net_stack_tcp_shutdown(NetStack *stack, NetTcpId id, NetTime now)
{
    NetTcpConnection *c = net_tcp_by_id(stack, id);

    if (c != NULL && c->end == NET_TCP_NOT_ENDED)
        queue_fin(stack, c, now);
}

/* Resets and frees a connection that nobody holds any more. */
static void drop(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    bool quiet = c->end != NET_TCP_NOT_ENDED || c->state == NET_TCP_SYN_SENT;

    if (!quiet)
        net_tcp_send_reset(stack, c, now);
    net_tcp_free(stack, c);
}

void net_stack_tcp_close(NetStack *stack, NetTcpId id, NetTime now)
{
    NetTcpConnection *c = net_tcp_by_id(stack, id);

    if (c == NULL)
        return;
    c->owned = false;
    if (c->state == NET_TCP_TIME_WAIT)
        return; /* its timer frees it */
    if (c->end != NET_TCP_NOT_ENDED || c->receive_waiting > 0 ||
        (c->state == NET_TCP_SYN_SENT && c->send_queued == 0)) {
        drop(stack, c, now);
        return;
    }
    if (c->state == NET_TCP_FIN_WAIT_2)
        c->linger_at = now + NET_TCP_2MSL_NS;
    net_tcp_schedule(stack, c);
    queue_fin(stack, c, now);
}

void net_stack_tcp_abort(NetStack *stack, NetTcpId id, NetTime now)
{
    NetTcpConnection *c = net_tcp_by_id(stack, id);

    if (c == NULL)
        return;
    c->owned = false;
    drop(stack, c, now);
}

static void stop_timers(NetStack *stack, NetTcpConnection *c)
{
    c->retransmit_at = c->ack_at = c->linger_at = NET_TIME_NEVER;
    c->ack_owed = 0;
    net_tcp_schedule(stack, c);
}

bool net_tcp_tell(NetStack *stack, NetTcpConnection *c, NetTcpEvent event, NetTime now)
{
    uint16_t generation = c->generation;

    if (!c->owned || c->handler == NULL)
        return c->in_use;
    c->handler(c->user, net_tcp_id(stack, c), event, now);
    return c->in_use && c->generation == generation;
}

void net_tcp_end(NetStack *stack, NetTcpConnection *c, NetTcpEnd why, NetTime now)
{
    if (c->end != NET_TCP_NOT_ENDED)
        return;
    c->end = (uint8_t)why;
    c->state = NET_TCP_CLOSED;
    stop_timers(stack, c);
    c->end_told = true;
    if (!c->owned)
        net_tcp_free(stack, c);
    else
        net_tcp_tell(stack, c, NET_TCP_ENDED, now);
}

void net_tcp_time_wait(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    c->state = NET_TCP_TIME_WAIT;
    c->end = NET_TCP_END_CLOSED;
    c->retransmit_at = NET_TIME_NEVER;
    c->linger_at = now + NET_TCP_2MSL_NS;
    net_tcp_schedule(stack, c);
}

void net_tcp_settle(NetStack *stack, NetTcpConnection *c, unsigned tell, NetTime now)
{
    uint16_t generation = c->generation;

    if (c->maybe_probe) { /* while its first bytes are looked at, nobody is told anything */
        tell = net_probe_look(stack, c, now);
        if (!c->in_use || c->generation != generation)
            return;
    }
    if (tell & NET_TCP_TELL_OPEN &&
        !net_tcp_tell(stack, c, c->passive ? NET_TCP_ACCEPTED : NET_TCP_CONNECTED, now))
        return;
    if (tell & NET_TCP_TELL_READABLE && !net_tcp_tell(stack, c, NET_TCP_READABLE, now))
        return;
    if (tell & NET_TCP_TELL_WRITABLE && !net_tcp_tell(stack, c, NET_TCP_WRITABLE, now))
        return;
    net_tcp_output(stack, c, now);
    if (c->end != NET_TCP_NOT_ENDED && c->owned && !c->end_told) {
        c->end_told = true;
        net_tcp_tell(stack, c, NET_TCP_ENDED, now);
    }
}

/* --- looking --- */

const NetTcpConnection *net_stack_tcp_look(const NetStack *stack, NetTcpId id)
{
    return net_tcp_by_id(stack, id);
}

const char *net_tcp_state_name(NetTcpState state)
{
    static const char *const names[NET_TCP_STATE_COUNT] = {
        [NET_TCP_CLOSED] = "CLOSED",
        [NET_TCP_SYN_SENT] = "SYN-SENT",
        [NET_TCP_SYN_RECEIVED] = "SYN-RECEIVED",
        [NET_TCP_ESTABLISHED] = "ESTABLISHED",
        [NET_TCP_FIN_WAIT_1] = "FIN-WAIT-1",
        [NET_TCP_FIN_WAIT_2] = "FIN-WAIT-2",
        [NET_TCP_CLOSE_WAIT] = "CLOSE-WAIT",
        [NET_TCP_CLOSING] = "CLOSING",
        [NET_TCP_LAST_ACK] = "LAST-ACK",
        [NET_TCP_TIME_WAIT] = "TIME-WAIT",
    };

    return (unsigned)state < NET_TCP_STATE_COUNT ? names[state] : "?";
}

const char *net_tcp_end_name(NetTcpEnd end)
{
    static const char *const names[] = {
        [NET_TCP_NOT_ENDED] = "open",
        [NET_TCP_END_CLOSED] = "closed",
        [NET_TCP_END_REFUSED] = "connection refused",
        [NET_TCP_END_RESET] = "reset by peer",
        [NET_TCP_END_TIMEOUT] = "timed out",
        [NET_TCP_END_UNREACHABLE] = "destination unreachable",
    };

    return (unsigned)end < sizeof names / sizeof names[0] ? names[end] : "?";
}
