/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-tcp-data.c: bytes that come in.
 *
 * The receive buffer is a ring: bytes in order that nobody has fetched yet, behind
 * them room for as many as the window says. A segment that comes early is put where
 * it belongs in that room at once; ranges[] says which parts of it are filled. When
 * the gap in front closes, they are in order without having moved.
 */
#include "netsim/proto/stack-tcp-private.h"

/* --- the window --- */

uint32_t net_tcp_window(NetTcpConnection *c)
{
    uint32_t free = net_tcp_least(c->receive_size - c->receive_waiting, 65535);
    uint32_t told = c->receive_edge - c->receive_next;
    uint32_t step = net_tcp_least(c->receive_size / 2, c->mss);

    /* It opens in steps worth a segment (RFC 9293 3.8.6.2.2), and never shrinks. */
    if (free >= told + step)
        c->receive_edge = c->receive_next + free;
    return c->receive_edge - c->receive_next;
}

/* --- order --- */

/* Notes that [begin, end) is there. False: there are too many gaps. */
static bool add_range(NetTcpConnection *c, uint32_t begin, uint32_t end)
{
    unsigned first = 0, last;

    while (first < c->range_count && net_tcp_before(c->ranges[first].end, begin))
        first++;
    for (last = first; last < c->range_count && !net_tcp_before(end, c->ranges[last].begin); last++)
        ;
    if (first == last) { /* it touches none: make room for it */
        if (c->range_count == NET_TCP_MAX_RANGES)
            return false;
        for (unsigned i = c->range_count; i > first; i--)
            c->ranges[i] = c->ranges[i - 1];
        c->ranges[first] = (NetTcpRange){begin, end};
        c->range_count++;
        return true;
    }
    if (net_tcp_before(begin, c->ranges[first].begin))
        c->ranges[first].begin = begin;
    if (net_tcp_before(c->ranges[last - 1].end, end))
        c->ranges[last - 1].end = end;
    c->ranges[first].end = c->ranges[last - 1].end;
    for (unsigned i = last; i < c->range_count; i++)
        c->ranges[first + 1 + i - last] = c->ranges[i];
    c->range_count -= (uint8_t)(last - first - 1);
    return true;
}

static void copy_in(NetTcpConnection *c, uint32_t sequence, const uint8_t *bytes, uint32_t length)
{
    uint32_t at =
        (c->receive_head + c->receive_waiting + (sequence - c->receive_next)) % c->receive_size;
    uint32_t first = net_tcp_least(length, c->receive_size - at);

    __builtin_memcpy(c->receive_bytes + at, bytes, first);
    __builtin_memcpy(c->receive_bytes, bytes + first, length - first);
}

/* Moves RCV.NXT over a first range that has no gap before it. */
static bool close_gap(NetTcpConnection *c)
{
    if (c->range_count == 0 || net_tcp_before(c->receive_next, c->ranges[0].begin))
        return false;
    uint32_t count = c->ranges[0].end - c->receive_next;
    c->receive_next += count;
    c->receive_waiting += count;
    c->bytes_in += count;
    c->range_count--;
    for (unsigned i = 0; i < c->range_count; i++)
        c->ranges[i] = c->ranges[i + 1];
    return true;
}

/* Puts what lies inside the window where it belongs. */
static bool take_bytes(NetStack *stack, NetTcpConnection *c, uint32_t sequence,
                       const uint8_t *bytes, uint32_t length)
{
    if (net_tcp_before(sequence, c->receive_next)) {
        uint32_t old = net_tcp_least(c->receive_next - sequence, length);
        sequence += old;
        bytes += old;
        length -= old;
    }
    if (net_tcp_before(c->receive_edge, sequence + length))
        length = net_tcp_before(sequence, c->receive_edge) ? c->receive_edge - sequence : 0;
    if (length == 0)
        return false;
    if (sequence != c->receive_next)
        stack->tcp.counters.out_of_order++;
    if (!add_range(c, sequence, sequence + length))
        return false;
    copy_in(c, sequence, bytes, length);
    return close_gap(c);
}

/* The peer has sent its last byte, and we have all of them. */
static void take_fin(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    c->fin_taken = true;
    c->receive_next++;
    if (!net_tcp_before(c->receive_next, c->receive_edge))
        c->receive_edge = c->receive_next;
    switch (c->state) {
    case NET_TCP_ESTABLISHED: c->state = NET_TCP_CLOSE_WAIT; break;
    case NET_TCP_FIN_WAIT_1: c->state = NET_TCP_CLOSING; break;
    case NET_TCP_FIN_WAIT_2: net_tcp_time_wait(stack, c, now); break;
    default: break;
    }
}

unsigned net_tcp_take(NetStack *stack, NetTcpConnection *c, const NetTcpSegment *segment)
{
    uint32_t sequence = segment->tcp.sequence, end = sequence + segment->length;
    bool had_gap = c->range_count > 0;
    unsigned tell = 0;

    if (segment->length > 0 && !c->fin_taken) {
        bool in_order = take_bytes(stack, c, sequence, segment->bytes, segment->length);
        /* What comes out of order, or closes a gap, is acknowledged at once (RFC 5681 4.2). */
        c->ack_owed = in_order && !had_gap && c->ack_owed == 0 ? 1 : 2;
        tell |= in_order ? NET_TCP_TELL_READABLE : 0;
    }
    if (segment->tcp.flags & NET_TCP_FIN && !c->fin_known &&
        !net_tcp_before(c->receive_edge, end)) {
        c->fin_known = true;
        c->fin_sequence = end;
    }
    if (segment->tcp.flags & NET_TCP_FIN)
        c->ack_owed = 2;
    if (c->fin_known && !c->fin_taken && c->fin_sequence == c->receive_next) {
        take_fin(stack, c, segment->now);
        tell |= NET_TCP_TELL_READABLE;
    }
    return tell;
}

/* --- what the reader fetches --- */

int net_stack_tcp_receive(NetStack *stack, NetTcpId id, void *buffer, size_t size, NetTime now)
{
    NetTcpConnection *c = net_tcp_by_id(stack, id);

    if (c == NULL)
        return NET_STACK_BAD;
    if (c->receive_waiting == 0)
        return c->fin_taken || c->end != NET_TCP_NOT_ENDED ? NET_STACK_END : 0;
    uint32_t take = size < c->receive_waiting ? (uint32_t)size : c->receive_waiting;
    uint32_t first = net_tcp_least(take, c->receive_size - c->receive_head);
    __builtin_memcpy(buffer, c->receive_bytes + c->receive_head, first);
    __builtin_memcpy((uint8_t *)buffer + first, c->receive_bytes, take - first);
    c->receive_head = (c->receive_head + take) % c->receive_size;
    c->receive_waiting -= take;
    /* A peer that was stopped, or will be soon, learns that there is room again. */
    uint32_t edge = c->receive_edge;
    bool low = c->receive_edge - c->receive_next < c->receive_size / 2;
    if (c->end == NET_TCP_NOT_ENDED && !c->fin_taken && low) {
        net_tcp_window(c);
        if (c->receive_edge != edge) {
            net_tcp_send_ack(stack, c, now);
            net_tcp_schedule(stack, c);
        }
    }
    return (int)take;
}
