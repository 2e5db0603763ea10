/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-tcp-ack.c: what an acknowledgment tells: that bytes have arrived, how long
 * that took (RFC 6298), how much more the peer takes, and, by its being repeated,
 * that a segment was lost (RFC 5681, RFC 6582). */
#include "netsim/proto/stack-tcp-private.h"

#define MOST_CONGESTION_WINDOW 0x400000u /* 4 MiB: above every window there is */
#define FAST_RETRANSMIT        3         /* repeated acknowledgments (RFC 5681 3.2) */

/* --- round trips: RFC 6298 2 --- */

static void measure(NetTcpConnection *c, NetTime sample)
{
    if (c->round_trip_ns == 0) {
        c->round_trip_ns = sample;
        c->variation_ns = sample / 2;
    } else {
        NetTime error =
            c->round_trip_ns > sample ? c->round_trip_ns - sample : sample - c->round_trip_ns;
        c->variation_ns = (3 * c->variation_ns + error) / 4;
        c->round_trip_ns = (7 * c->round_trip_ns + sample) / 8;
    }
    c->timeout_ns = c->round_trip_ns + 4 * c->variation_ns;
    if (c->timeout_ns < NET_TCP_LEAST_RTO_NS)
        c->timeout_ns = NET_TCP_LEAST_RTO_NS;
    if (c->timeout_ns > NET_TCP_MOST_RTO_NS)
        c->timeout_ns = NET_TCP_MOST_RTO_NS;
}

/* --- congestion: RFC 5681 --- */

void net_tcp_first_window(NetTcpConnection *c)
{
    uint32_t four = 4 * (uint32_t)c->mss, two = 2 * (uint32_t)c->mss;

    /* RFC 5681 3.1; a SYN that was lost says that the path is full. */
    c->congestion_window = c->tries > 0 ? c->mss : net_tcp_least(four, two > 4380 ? two : 4380);
    c->slow_start_threshold = MOST_CONGESTION_WINDOW;
    c->recover = c->send_first;
}

static uint32_t half_of_flight(const NetTcpConnection *c)
{
    uint32_t half = (c->send_most - c->send_unacked) / 2, least = 2 * (uint32_t)c->mss;

    return half > least ? half : least;
}

void net_tcp_congested(NetTcpConnection *c)
{
    if (c->tries <= 1)
        c->slow_start_threshold = half_of_flight(c);
    c->congestion_window = c->mss;
    c->recovering = false;
    c->duplicate_acks = 0;
    c->recover = c->send_most;
}

static void grow(NetTcpConnection *c, uint32_t acknowledged)
{
    uint32_t mss = c->mss;

    if (c->congestion_window < c->slow_start_threshold) {
        c->congestion_window += net_tcp_least(acknowledged, mss);
    } else {
        uint32_t step = mss * mss / c->congestion_window;
        c->congestion_window += step > 0 ? step : 1;
    }
    if (c->congestion_window > MOST_CONGESTION_WINDOW)
        c->congestion_window = MOST_CONGESTION_WINDOW;
}

/* RFC 6582 3.2: while in fast recovery, an acknowledgment of a part says that the
 * segment behind it is lost too. */
static void recover_on(NetStack *stack, NetTcpConnection *c, uint32_t acknowledged, NetTime now)
{
    if (!net_tcp_before(c->send_unacked, c->recover)) {
        c->recovering = false;
        c->congestion_window = c->slow_start_threshold;
        return;
    }
    uint32_t keep = c->congestion_window > acknowledged ? c->congestion_window - acknowledged : 0;
    c->congestion_window = keep + c->mss;
    net_tcp_resend(stack, c, now);
}

static void repeated(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    if (c->duplicate_acks < UINT8_MAX)
        c->duplicate_acks++;
    if (c->recovering) {
        c->congestion_window += c->mss; /* one more has left the network */
    } else if (c->duplicate_acks == FAST_RETRANSMIT &&
               net_tcp_before(c->recover, c->send_unacked)) {
        c->slow_start_threshold = half_of_flight(c);
        c->recover = c->send_most;
        c->recovering = true;
        net_tcp_resend(stack, c, now);
        c->congestion_window = c->slow_start_threshold + FAST_RETRANSMIT * c->mss;
    }
}

/* --- what has arrived --- */

/* Lets go of bytes up to sequence number `to`. */
static unsigned release(NetTcpConnection *c, uint32_t to)
{
    uint32_t count =
        net_tcp_before(c->send_begin, to) ? net_tcp_least(to - c->send_begin, c->send_queued) : 0;

    c->send_begin += count;
    c->send_queued -= count;
    c->send_head = (c->send_head + count) % c->send_size;
    c->bytes_out += count;
    if (count == 0 || !c->wants_room)
        return 0;
    c->wants_room = false;
    return NET_TCP_TELL_WRITABLE;
}

static void fin_arrived(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    switch (c->state) {
    case NET_TCP_FIN_WAIT_1:
        c->state = NET_TCP_FIN_WAIT_2;
        if (!c->owned)
            c->linger_at = now + NET_TCP_2MSL_NS;
        break;
    case NET_TCP_CLOSING: net_tcp_time_wait(stack, c, now); break;
    default: break; /* LAST-ACK is over: net_tcp_input() ends it */
    }
}

static unsigned advance(NetStack *stack, NetTcpConnection *c, const NetTcpSegment *segment)
{
    uint32_t ack = segment->tcp.acknowledgment, acknowledged = ack - c->send_unacked;
    uint32_t end = c->send_begin + c->send_queued;

    if (c->timing && !net_tcp_before(ack, c->timed_sequence)) {
        measure(c, segment->now - c->timed_at);
        c->timing = false;
    }
    c->tries = 0;
    c->duplicate_acks = 0;
    c->send_unacked = ack;
    if (net_tcp_before(c->send_next, ack))
        c->send_next = ack;
    uint32_t begin = c->send_begin;
    unsigned tell = release(c, ack);
    c->retransmit_at =
        net_tcp_before(ack, c->send_most) ? segment->now + c->timeout_ns : NET_TIME_NEVER;
    if (c->recovering)
        recover_on(stack, c, acknowledged, segment->now);
    else
        grow(c, c->send_begin - begin);
    if (c->fin_queued && ack == end + 1)
        fin_arrived(stack, c, segment->now);
    return tell;
}

/* RFC 9293 3.10.7.4: a window is believed if it is newer than the one we have. */
static void take_window(NetTcpConnection *c, const NetTcp *tcp)
{
    if (!net_tcp_before(c->window_sequence, tcp->sequence) &&
        (c->window_sequence != tcp->sequence || net_tcp_before(tcp->acknowledgment, c->window_ack)))
        return;
    c->send_window = tcp->window;
    c->window_sequence = tcp->sequence;
    c->window_ack = tcp->acknowledgment;
    if (c->send_window > c->send_window_most)
        c->send_window_most = c->send_window;
}

unsigned net_tcp_acknowledge(NetStack *stack, NetTcpConnection *c, const NetTcpSegment *segment)
{
    const NetTcp *tcp = &segment->tcp;
    uint32_t window = c->send_window;
    unsigned tell = 0;

    take_window(c, tcp);
    if (net_tcp_before(c->send_unacked, tcp->acknowledgment)) {
        tell = advance(stack, c, segment);
    } else if (tcp->acknowledgment == c->send_unacked) {
        if (window == 0)
            c->tries = 0; /* it answers our probes: it is alive */
        if (window == 0 && c->send_window > 0) {
            c->send_next = c->send_unacked; /* what the probe carried was not taken */
            c->retransmit_at = NET_TIME_NEVER;
        } else if (segment->length == 0 && tcp->window == window &&
                   !(tcp->flags & (NET_TCP_SYN | NET_TCP_FIN)) &&
                   net_tcp_before(c->send_unacked, c->send_most)) {
            repeated(stack, c, segment->now);
        }
    }
    return tell;
}
