/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-tcp-output.c: segments out, and what happens when a timer runs out.
 *
 * net_tcp_output() is called whenever something may have become possible: bytes
 * were queued, a window opened, an acknowledgment is owed. It sends from SND.NXT on
 * as far as the peer's window and the congestion window go (RFC 9293 3.8.6, RFC 5681).
 * A retransmission sets SND.NXT back and calls it again.
 */
#include "netsim/proto/stack-tcp-private.h"
#include "netsim/proto/wire.h"

#define DATA_OFFSET (NET_ETHERNET_BYTES + NET_IPV4_BYTES + NET_TCP_BYTES)

static NetTcp header_of(const NetTcpConnection *c, uint32_t sequence, uint8_t flags)
{
    return (NetTcp){
        .source_port = c->local_port,
        .destination_port = c->remote_port,
        .sequence = sequence,
        .acknowledgment = flags & NET_TCP_ACK ? c->receive_next : 0,
        .flags = flags,
    };
}

/* Sends the segment whose payload lies at its place in stack->out. */
static void transmit(NetStack *stack, NetTcp *tcp, NetIp4 from, NetIp4 to, uint32_t length,
                     NetTime now)
{
    uint8_t *at = net_stack_transport(stack);
    NetOutgoing outgoing = {
        .source = from,
        .destination = to,
        .protocol = NET_PROTOCOL_TCP,
        .ttl = NET_STACK_TTL,
        .dont_fragment = true,
    };
    size_t total = net_tcp_write(at, tcp) + length;

    net_tcp_seal(at, (uint16_t)total, from, to);
    stack->tcp.counters.segments_out++;
    net_ip_send(stack, &outgoing, total, now);
}

/* Copies queued bytes to where the payload of a segment goes. */
static void copy_out(NetStack *stack, const NetTcpConnection *c, uint32_t sequence, uint32_t length)
{
    uint32_t at = (c->send_head + (sequence - c->send_begin)) % c->send_size;
    uint32_t first = net_tcp_least(length, c->send_size - at);

    __builtin_memcpy(stack->out + DATA_OFFSET, c->send_bytes + at, first);
    __builtin_memcpy(stack->out + DATA_OFFSET + first, c->send_bytes, length - first);
}

/* Every segment carries our acknowledgment, so none is owed after it. */
static void send_segment(NetStack *stack, NetTcpConnection *c, uint32_t sequence, uint32_t length,
                         uint8_t flags, NetTime now)
{
    NetTcp tcp = header_of(c, sequence, flags);

    if (flags & NET_TCP_SYN)
        tcp.mss = (uint16_t)(net_ip_nic_mtu(stack, c->remote) - NET_IPV4_BYTES - NET_TCP_BYTES);
    tcp.window = (uint16_t)net_tcp_window(c);
    if (length > 0)
        copy_out(stack, c, sequence, length);
    if (net_tcp_before(sequence, c->send_most)) {
        c->retransmissions++;
        stack->tcp.counters.retransmissions++;
    }
    c->ack_owed = 0;
    c->ack_at = NET_TIME_NEVER;
    transmit(stack, &tcp, c->local, c->remote, length, now);
}

/* --- what may be sent --- */

static uint32_t end_of_data(const NetTcpConnection *c)
{
    return c->send_begin + c->send_queued;
}

bool net_tcp_in_flight(const NetTcpConnection *c)
{
    return net_tcp_before(c->send_unacked, c->send_next);
}

static bool is_open(const NetTcpConnection *c)
{
    return c->state >= NET_TCP_ESTABLISHED && c->state != NET_TCP_TIME_WAIT;
}

/* How many bytes may go out now. A window that lets only a part of them through is
 * left alone until it has opened further (RFC 9293 3.8.6.2.1). */
static uint32_t sendable(const NetTcpConnection *c)
{
    uint32_t window = net_tcp_least(c->send_window, c->congestion_window);
    uint32_t flight = c->send_next - c->send_unacked;
    uint32_t queued = end_of_data(c) - c->send_next;
    uint32_t usable = window > flight ? window - flight : 0;
    uint32_t length = net_tcp_least(net_tcp_least(queued, usable), c->mss);

    if (!net_tcp_before(c->send_next, end_of_data(c)))
        return 0;
    if (length < queued && length < c->mss && length < c->send_window_most / 2)
        return 0;
    return length;
}

static void sent(NetTcpConnection *c, uint32_t sequence, uint32_t count, NetTime now)
{
    c->send_next = sequence + count;
    if (!c->timing && !net_tcp_before(sequence, c->send_most)) {
        c->timing = true;
        c->timed_sequence = c->send_next;
        c->timed_at = now;
    }
    if (net_tcp_before(c->send_most, c->send_next))
        c->send_most = c->send_next;
    if (c->retransmit_at == NET_TIME_NEVER)
        c->retransmit_at = now + c->timeout_ns;
}

/* Sends up to length bytes at SND.NXT, and the FIN if it comes next. */
static void send_next(NetStack *stack, NetTcpConnection *c, uint32_t length, NetTime now)
{
    uint32_t sequence = c->send_next;
    bool last = sequence + length == end_of_data(c);
    bool fin = last && c->fin_queued;
    uint8_t flags =
        (uint8_t)(NET_TCP_ACK | (fin ? NET_TCP_FIN : 0) | (last && length > 0 ? NET_TCP_PSH : 0));

    send_segment(stack, c, sequence, length, flags, now);
    sent(c, sequence, length + fin, now);
}

static void send_syn(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    uint8_t flags = NET_TCP_SYN | (c->state == NET_TCP_SYN_RECEIVED ? NET_TCP_ACK : 0);

    send_segment(stack, c, c->send_first, 0, flags, now);
    sent(c, c->send_first, 1, now);
}

void net_tcp_send_ack(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    NetTcp tcp = header_of(c, c->send_most, NET_TCP_ACK);

    tcp.window = (uint16_t)net_tcp_window(c);
    c->ack_owed = 0;
    c->ack_at = NET_TIME_NEVER;
    transmit(stack, &tcp, c->local, c->remote, 0, now);
}

void net_tcp_output(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    bool syn = c->state == NET_TCP_SYN_SENT || c->state == NET_TCP_SYN_RECEIVED;

    if (syn && c->send_next == c->send_first)
        send_syn(stack, c, now);
    while (is_open(c)) {
        uint32_t length = sendable(c);
        bool fin = c->fin_queued && c->send_next + length == end_of_data(c);
        if (length == 0 && !fin)
            break;
        send_next(stack, c, length, now);
    }
    /* Bytes that a closed window keeps back: the timer will probe it. */
    if (is_open(c) && c->retransmit_at == NET_TIME_NEVER && !net_tcp_in_flight(c) &&
        net_tcp_before(c->send_next, end_of_data(c)))
        c->retransmit_at = now + c->timeout_ns;
    if (c->ack_owed >= 2)
        net_tcp_send_ack(stack, c, now);
    else if (c->ack_owed == 1 && c->ack_at == NET_TIME_NEVER)
        c->ack_at = now + NET_TCP_ACK_DELAY_NS;
    net_tcp_schedule(stack, c);
}

void net_tcp_resend(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    uint32_t next = c->send_next;
    uint32_t length = net_tcp_before(c->send_unacked, end_of_data(c))
                          ? net_tcp_least(c->mss, end_of_data(c) - c->send_unacked)
                          : 0;

    c->timing = false;
    c->send_next = c->send_unacked;
    send_next(stack, c, length, now);
    if (net_tcp_before(c->send_next, next))
        c->send_next = next;
}

/* --- resets --- */

void net_tcp_send_reset(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    NetTcp tcp = header_of(c, c->send_next, NET_TCP_RST | NET_TCP_ACK);

    stack->tcp.counters.resets_out++;
    transmit(stack, &tcp, c->local, c->remote, 0, now);
}

void net_tcp_reject(NetStack *stack, const NetTcpSegment *segment)
{
    const NetTcp *in = &segment->tcp;
    NetTcp tcp = {
        .source_port = in->destination_port,
        .destination_port = in->source_port,
        .flags = NET_TCP_RST,
    };

    if (in->flags & NET_TCP_RST)
        return;
    if (in->flags & NET_TCP_ACK) {
        tcp.sequence = in->acknowledgment;
    } else {
        tcp.flags |= NET_TCP_ACK;
        tcp.acknowledgment = in->sequence + segment->length + !!(in->flags & NET_TCP_SYN) +
                             !!(in->flags & NET_TCP_FIN);
    }
    stack->tcp.counters.resets_out++;
    transmit(stack, &tcp, segment->to, segment->from, 0, segment->now);
}

/* --- timers --- */

void net_tcp_path_mtu(NetTcpConnection *c, uint32_t mtu)
{
    uint32_t most = mtu > NET_IPV4_BYTES + NET_TCP_BYTES + NET_TCP_LEAST_MSS
                        ? mtu - NET_IPV4_BYTES - NET_TCP_BYTES
                        : NET_TCP_LEAST_MSS;

    if (most < c->mss)
        c->mss = (uint16_t)most;
}

/* Bytes that the window holds back, all or so many of them that it is not worth a
 * segment: the timer sends what it lets through all the same, and one byte beyond its
 * edge if that is nothing, to hear how it is now (RFC 9293 3.8.6.1). */
static uint32_t probe_length(const NetTcpConnection *c)
{
    uint32_t queued = end_of_data(c) - c->send_unacked;
    uint32_t length = net_tcp_least(net_tcp_least(queued, c->send_window), c->mss);

    if (!is_open(c) || !net_tcp_before(c->send_unacked, end_of_data(c)) ||
        (c->send_window > 0 && net_tcp_in_flight(c)))
        return 0;
    return length > 0 ? length : 1;
}

static void retransmit(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    bool syn = c->state == NET_TCP_SYN_SENT || c->state == NET_TCP_SYN_RECEIVED;
    unsigned most = syn ? NET_TCP_SYN_TRIES : NET_TCP_DATA_TRIES;

    if (++c->tries > most || (syn && c->tries == most)) {
        net_tcp_end(stack, c, NET_TCP_END_TIMEOUT, now);
        return;
    }
    c->timeout_ns *= 2;
    if (c->timeout_ns > NET_TCP_MOST_RTO_NS)
        c->timeout_ns = NET_TCP_MOST_RTO_NS;
    c->timing = false;
    c->retransmit_at = NET_TIME_NEVER;
    uint32_t length = probe_length(c);
    if (length == 0 && !syn)
        net_tcp_congested(c);
    c->send_next = c->send_unacked;
    if (length > 0)
        send_next(stack, c, length, now);
    net_tcp_output(stack, c, now);
}

static void lingered(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    c->linger_at = NET_TIME_NEVER;
    if (c->maybe_probe) {
        net_tcp_settle(stack, c, 0, now); /* the expectation is over */
    } else if (c->state == NET_TCP_TIME_WAIT) {
        c->state = NET_TCP_CLOSED;
        net_tcp_schedule(stack, c);
        if (!c->owned)
            net_tcp_free(stack, c);
    } else {
        net_tcp_end(stack, c, NET_TCP_END_TIMEOUT, now);
    }
}

/* One timer at a time: each may end the connection. */
static void run_timer(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    if (c->linger_at <= now) {
        lingered(stack, c, now);
    } else if (c->retransmit_at <= now) {
        retransmit(stack, c, now);
    } else {
        net_tcp_send_ack(stack, c, now);
        net_tcp_schedule(stack, c);
    }
}

void net_tcp_advance(NetStack *stack, NetTime now)
{
    NetTcpConnection *c;

    while ((c = net_tcp_first_due(stack)) != NULL && c->heap_time <= now)
        run_timer(stack, c, now);
}

NetTime net_tcp_deadline(const NetStack *stack)
{
    const NetTcpConnection *c = net_tcp_first_due(stack);

    return c != NULL ? c->heap_time : NET_TIME_NEVER;
}
