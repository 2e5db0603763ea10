/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-tcp-table.c: the table of connections.
 *
 * The owner gives one array. Beside what belongs to a connection, its elements hold
 * item i of two more arrays of indices, so that no other memory is needed: the heads
 * of a hash table's buckets, chained by addresses and ports; and a binary heap with
 * the connection whose timer is due first on top (Cormen et al., "Introduction to
 * Algorithms", ch. 6). Both say index + 1, 0 for none.
 */
#include "netsim/proto/stack-tcp-private.h"

/* --- finding --- */

static uint32_t *bucket_of(NetStack *stack, NetIp4 local, uint16_t local_port, NetIp4 remote,
                           uint16_t remote_port)
{
    uint64_t key = (uint64_t)remote << 32 | (uint32_t)remote_port << 16 | local_port;

    key = (key ^ local) * UINT64_C(0x9e3779b97f4a7c15);
    return &stack->tcp.memory.connections[(key >> 32) % stack->tcp.memory.count].bucket;
}

static bool is_between(const NetTcpConnection *c, NetIp4 local, uint16_t local_port, NetIp4 remote,
                       uint16_t remote_port)
{
    return c->remote == remote && c->remote_port == remote_port && c->local_port == local_port &&
           c->local == local;
}

NetTcpConnection *net_tcp_find(NetStack *stack, NetIp4 local, uint16_t local_port, NetIp4 remote,
                               uint16_t remote_port)
{
    NetTcpConnection *all = stack->tcp.memory.connections;

    if (stack->tcp.memory.count == 0)
        return NULL;
    for (uint32_t i = *bucket_of(stack, local, local_port, remote, remote_port); i != 0;
         i = all[i - 1].next_in_bucket) {
        if (is_between(&all[i - 1], local, local_port, remote, remote_port))
            return &all[i - 1];
    }
    return NULL;
}

NetTcpId net_tcp_id(const NetStack *stack, const NetTcpConnection *c)
{
    return (uint32_t)c->generation << 16 | (uint32_t)(c - stack->tcp.memory.connections + 1);
}

NetTcpConnection *net_tcp_by_id(const NetStack *stack, NetTcpId id)
{
    uint32_t number = id & 0xffff;

    if (number == 0 || number > stack->tcp.memory.count)
        return NULL;
    NetTcpConnection *c = &stack->tcp.memory.connections[number - 1];
    return c->in_use && c->owned && c->generation == id >> 16 ? c : NULL;
}

const NetTcpListener *net_tcp_listener(const NetStack *stack, uint16_t port)
{
    for (unsigned i = 0; port != 0 && i < NET_TCP_MAX_LISTENERS; i++) {
        if (stack->tcp.listeners[i].port == port)
            return &stack->tcp.listeners[i];
    }
    return NULL;
}

/* --- the heap of timers --- */

/* Ties go to the lower index, so that the order does not depend on history. */
static bool is_earlier(const NetTcpConnection *a, const NetTcpConnection *b)
{
    return a->heap_time != b->heap_time ? a->heap_time < b->heap_time : a < b;
}

static NetTcpConnection *at_place(const NetTcpTable *tcp, uint32_t place)
{
    NetTcpConnection *all = tcp->memory.connections;

    return &all[all[place - 1].heap_item];
}

static void put(NetTcpTable *tcp, uint32_t place, NetTcpConnection *c)
{
    NetTcpConnection *all = tcp->memory.connections;

    all[place - 1].heap_item = (uint32_t)(c - all);
    c->heap_place = place;
}

static void move_up(NetTcpTable *tcp, NetTcpConnection *c)
{
    uint32_t place = c->heap_place;

    for (; place > 1 && is_earlier(c, at_place(tcp, place / 2)); place /= 2)
        put(tcp, place, at_place(tcp, place / 2));
    put(tcp, place, c);
}

static void move_down(NetTcpTable *tcp, NetTcpConnection *c)
{
    uint32_t place = c->heap_place;

    for (;;) {
        uint32_t child = 2 * place;
        if (child > tcp->heap_count)
            break;
        if (child < tcp->heap_count && is_earlier(at_place(tcp, child + 1), at_place(tcp, child)))
            child++;
        if (!is_earlier(at_place(tcp, child), c))
            break;
        put(tcp, place, at_place(tcp, child));
        place = child;
    }
    put(tcp, place, c);
}

static void leave_heap(NetTcpTable *tcp, NetTcpConnection *c)
{
    NetTcpConnection *last = at_place(tcp, tcp->heap_count);
    uint32_t place = c->heap_place;

    tcp->heap_count--;
    c->heap_place = 0;
    if (last == c)
        return;
    put(tcp, place, last);
    move_up(tcp, last);
    move_down(tcp, last);
}

static NetTime earliest_timer(const NetTcpConnection *c)
{
    NetTime time = c->retransmit_at < c->ack_at ? c->retransmit_at : c->ack_at;

    return c->linger_at < time ? c->linger_at : time;
}

void net_tcp_schedule(NetStack *stack, NetTcpConnection *c)
{
    NetTcpTable *tcp = &stack->tcp;
    NetTime time = earliest_timer(c);

    if (c->heap_place != 0 && time == c->heap_time)
        return;
    stack->timer_stale = true;
    net_stack_timer(stack, time);
    c->heap_time = time;
    if (time == NET_TIME_NEVER) {
        if (c->heap_place != 0)
            leave_heap(tcp, c);
        return;
    }
    if (c->heap_place == 0)
        put(tcp, ++tcp->heap_count, c);
    move_up(tcp, c);
    move_down(tcp, c);
}

NetTcpConnection *net_tcp_first_due(const NetStack *stack)
{
    return stack->tcp.heap_count > 0 ? at_place(&stack->tcp, 1) : NULL;
}

/* --- slots --- */

/* Of those in TIME-WAIT that nobody holds the one that would end first. */
static NetTcpConnection *oldest_time_wait(NetStack *stack)
{
    NetTcpConnection *best = NULL;

    for (uint32_t i = 0; i < stack->tcp.memory.count; i++) {
        NetTcpConnection *c = &stack->tcp.memory.connections[i];
        if (c->in_use && !c->owned && c->state == NET_TCP_TIME_WAIT &&
            (best == NULL || c->linger_at < best->linger_at))
            best = c;
    }
    return best;
}

static NetTcpConnection *free_slot(NetStack *stack)
{
    NetTcpTable *tcp = &stack->tcp;

    if (tcp->in_use == tcp->memory.count) {
        NetTcpConnection *old = oldest_time_wait(stack);
        if (old == NULL)
            return NULL;
        net_tcp_free(stack, old);
        return old;
    }
    while (tcp->memory.connections[tcp->first_free].in_use)
        tcp->first_free++;
    return &tcp->memory.connections[tcp->first_free];
}

NetTcpConnection *net_tcp_claim(NetStack *stack, NetIp4 local, uint16_t local_port, NetIp4 remote,
                                uint16_t remote_port)
{
    const NetTcpMemory *memory = &stack->tcp.memory;
    NetTcpConnection *c = free_slot(stack);

    if (c == NULL) {
        stack->tcp.counters.table_full++;
        return NULL;
    }
    uint32_t index = (uint32_t)(c - memory->connections);
    *c = (NetTcpConnection){
        .local = local,
        .remote = remote,
        .local_port = local_port,
        .remote_port = remote_port,
        .in_use = true,
        .generation = (uint16_t)(c->generation + 1),
        .retransmit_at = NET_TIME_NEVER,
        .ack_at = NET_TIME_NEVER,
        .linger_at = NET_TIME_NEVER,
        .heap_time = NET_TIME_NEVER,
        .bucket = c->bucket,
        .heap_item = c->heap_item,
        .send_bytes = c->tiny,
        .send_size = NET_TCP_TINY_BYTES,
        .receive_bytes = c->tiny + NET_TCP_TINY_BYTES,
        .receive_size = NET_TCP_TINY_BYTES,
    };
    if (memory->buffers != NULL) {
        size_t each = (size_t)memory->send_bytes + memory->receive_bytes;
        c->send_bytes = memory->buffers + index * each;
        c->send_size = memory->send_bytes;
        c->receive_bytes = c->send_bytes + memory->send_bytes;
        c->receive_size = memory->receive_bytes;
    }
    uint32_t *bucket = bucket_of(stack, local, local_port, remote, remote_port);
    c->next_in_bucket = *bucket;
    *bucket = index + 1;
    stack->tcp.in_use++;
    return c;
}

void net_tcp_free(NetStack *stack, NetTcpConnection *c)
{
    NetTcpConnection *all = stack->tcp.memory.connections;
    uint32_t index = (uint32_t)(c - all);
    uint32_t *link = bucket_of(stack, c->local, c->local_port, c->remote, c->remote_port);

    while (*link != index + 1)
        link = &all[*link - 1].next_in_bucket;
    *link = c->next_in_bucket;
    if (c->heap_place != 0)
        leave_heap(&stack->tcp, c);
    stack->timer_stale = true;
    c->in_use = false;
    c->owned = false;
    c->state = NET_TCP_CLOSED;
    stack->tcp.in_use--;
    if (index < stack->tcp.first_free)
        stack->tcp.first_free = index;
}
