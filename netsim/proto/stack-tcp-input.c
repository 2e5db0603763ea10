/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-tcp-input.c: a segment arrives: RFC 9293 3.10.7, state by state, with the
 * checks of RFC 5961 against segments that somebody else made up. */
#include "netsim/proto/stack-tcp-private.h"
#include "netsim/proto/wire.h"

static uint32_t sequence_length(const NetTcpSegment *segment)
{
    return segment->length + !!(segment->tcp.flags & NET_TCP_SYN) +
           !!(segment->tcp.flags & NET_TCP_FIN);
}

/* Says where we are. To segments without content at most so often: else two sides
 * that disagree would go on telling each other for ever. */
static void challenge(NetStack *stack, NetTcpConnection *c, const NetTcpSegment *segment)
{
    if (sequence_length(segment) == 0 || segment->tcp.flags & NET_TCP_SYN) {
        if (segment->now < c->challenge_at)
            return;
        c->challenge_at = segment->now + NET_TCP_CHALLENGE_NS;
    }
    stack->tcp.counters.challenges++;
    net_tcp_send_ack(stack, c, segment->now);
    net_tcp_schedule(stack, c);
}

/* --- LISTEN: 3.10.7.2 --- */

static void take_peer_syn(NetTcpConnection *c, const NetTcp *tcp)
{
    uint16_t mss = tcp->mss != 0 ? tcp->mss : NET_TCP_DEFAULT_MSS;

    c->receive_first = tcp->sequence;
    c->receive_next = tcp->sequence + 1;
    c->receive_edge = c->receive_next;
    c->send_window = c->send_window_most = tcp->window;
    c->window_sequence = tcp->sequence;
    c->window_ack = tcp->acknowledgment;
    mss = mss < NET_TCP_LEAST_MSS ? NET_TCP_LEAST_MSS : mss;
    if (mss < c->mss)
        c->mss = mss;
    net_tcp_window(c);
}

static void listen(NetStack *stack, const NetTcpSegment *segment)
{
    const NetTcp *tcp = &segment->tcp;
    const NetTcpListener *listener = net_tcp_listener(stack, tcp->destination_port);
    NetTime until;
    bool expected = net_probe_expected_at(stack, tcp->destination_port, segment->now, &until);

    if (tcp->flags & NET_TCP_RST)
        return;
    if ((listener == NULL && !expected) || tcp->flags & NET_TCP_ACK ||
        !(tcp->flags & NET_TCP_SYN)) {
        stack->counters.no_socket++;
        net_tcp_reject(stack, segment);
        return;
    }
    NetTcpConnection *c =
        net_tcp_claim(stack, segment->to, tcp->destination_port, segment->from, tcp->source_port);
    if (c == NULL)
        return; /* the peer will try again */
    c->passive = true;
    c->maybe_probe = expected;
    c->handler = listener != NULL ? listener->handler : NULL;
    c->user = listener != NULL ? listener->user : NULL;
    net_tcp_open(stack, c, segment->now);
    c->state = NET_TCP_SYN_RECEIVED;
    if (expected)
        c->linger_at = until;
    take_peer_syn(c, tcp);
    net_tcp_output(stack, c, segment->now);
}

/* --- SYN-SENT: 3.10.7.3 --- */

static unsigned established(NetTcpConnection *c, const NetTcp *tcp)
{
    c->send_window = c->send_window_most = tcp->window;
    c->window_sequence = tcp->sequence;
    c->window_ack = tcp->acknowledgment;
    net_tcp_first_window(c);
    c->state = c->fin_queued ? NET_TCP_FIN_WAIT_1 : NET_TCP_ESTABLISHED;
    c->owned |= c->passive && c->handler != NULL && !c->maybe_probe;
    return NET_TCP_TELL_OPEN;
}

static void in_syn_sent(NetStack *stack, NetTcpConnection *c, const NetTcpSegment *segment)
{
    const NetTcp *tcp = &segment->tcp;
    bool ack = tcp->flags & NET_TCP_ACK;

    if (ack && tcp->acknowledgment != c->send_first + 1) {
        net_tcp_reject(stack, segment);
        return;
    }
    if (tcp->flags & NET_TCP_RST) {
        if (ack)
            net_tcp_end(stack, c, NET_TCP_END_REFUSED, segment->now);
        return;
    }
    if (!(tcp->flags & NET_TCP_SYN))
        return;
    take_peer_syn(c, tcp);
    if (!ack) { /* both began at once: answer the SYN, repeat our own */
        c->state = NET_TCP_SYN_RECEIVED;
        c->send_next = c->send_first;
        c->retransmit_at = NET_TIME_NEVER;
        net_tcp_output(stack, c, segment->now);
        return;
    }
    unsigned tell = established(c, tcp);
    tell |= net_tcp_acknowledge(stack, c, segment);
    /* RFC 9293 lets data come with the SYN; we take it when it is sent again. */
    c->ack_owed = 2;
    net_tcp_settle(stack, c, tell, segment->now);
}

/* --- all other states: 3.10.7.4 --- */

/* Does the segment touch the window? One that is closed takes empty segments only,
 * but what else they say counts. */
static bool is_acceptable(const NetTcpConnection *c, const NetTcpSegment *segment)
{
    uint32_t first = segment->tcp.sequence, length = sequence_length(segment);
    uint32_t last = first + (length > 0 ? length - 1 : 0);

    if (c->receive_edge == c->receive_next)
        return first == c->receive_next;
    return (!net_tcp_before(first, c->receive_next) && net_tcp_before(first, c->receive_edge)) ||
           (length > 0 && !net_tcp_before(last, c->receive_next) &&
            net_tcp_before(last, c->receive_edge));
}

static void unacceptable(NetStack *stack, NetTcpConnection *c, const NetTcpSegment *segment)
{
    const NetTcp *tcp = &segment->tcp;

    if (tcp->flags & NET_TCP_RST)
        return;
    if (c->state == NET_TCP_TIME_WAIT && tcp->flags & NET_TCP_FIN)
        net_tcp_time_wait(stack, c, segment->now); /* the peer missed our last ACK */
    challenge(stack, c, segment);
}

static void reset(NetStack *stack, NetTcpConnection *c, const NetTcpSegment *segment)
{
    stack->tcp.counters.resets_in++;
    if (segment->tcp.sequence != c->receive_next)
        challenge(stack, c, segment); /* RFC 5961 3.2: a guess would be near, not right */
    else if (c->state == NET_TCP_TIME_WAIT)
        return; /* RFC 1337 */
    else if (c->state == NET_TCP_SYN_RECEIVED && !c->passive)
        net_tcp_end(stack, c, NET_TCP_END_REFUSED, segment->now);
    else
        net_tcp_end(stack, c, NET_TCP_END_RESET, segment->now);
}

/* The acknowledgment. False: the segment is not to be looked at further. */
static bool take_ack(NetStack *stack, NetTcpConnection *c, const NetTcpSegment *segment,
                     unsigned *tell)
{
    uint32_t ack = segment->tcp.acknowledgment;

    if (c->state == NET_TCP_SYN_RECEIVED) {
        if (ack != c->send_first + 1) {
            net_tcp_reject(stack, segment);
            return false;
        }
        *tell |= established(c, &segment->tcp);
    }
    if (net_tcp_before(c->send_most, ack) || net_tcp_before(ack, c->send_unacked - 65535)) {
        challenge(stack, c, segment);
        return false;
    }
    *tell |= net_tcp_acknowledge(stack, c, segment);
    if (c->state == NET_TCP_LAST_ACK && ack == c->send_begin + c->send_queued + 1) {
        net_tcp_end(stack, c, NET_TCP_END_CLOSED, segment->now);
        return false;
    }
    return true;
}

/* The SYN that we have answered, again: our answer was lost, or this is the peer's
 * answer to a SYN that we sent at the same time. False: nothing is left of it. */
static bool take_syn_again(NetStack *stack, NetTcpConnection *c, NetTcpSegment *segment)
{
    NetTcp *tcp = &segment->tcp;

    if (c->state != NET_TCP_SYN_RECEIVED || !(tcp->flags & NET_TCP_SYN) ||
        tcp->flags & NET_TCP_RST || tcp->sequence != c->receive_first)
        return true;
    if (tcp->flags & NET_TCP_ACK) {
        tcp->sequence++;
        tcp->flags &= (uint8_t)~NET_TCP_SYN;
        return true;
    }
    c->send_next = c->send_first;
    net_tcp_output(stack, c, segment->now);
    return false;
}

static void in_open_states(NetStack *stack, NetTcpConnection *c, NetTcpSegment *segment)
{
    const NetTcp *tcp = &segment->tcp;
    unsigned tell = 0;

    if (!take_syn_again(stack, c, segment))
        return;
    if (!is_acceptable(c, segment)) {
        unacceptable(stack, c, segment);
        return;
    }
    if (tcp->flags & NET_TCP_RST) {
        reset(stack, c, segment);
        return;
    }
    if (tcp->flags & NET_TCP_SYN) {
        challenge(stack, c, segment); /* RFC 5961 4.2 */
        return;
    }
    if (!(tcp->flags & NET_TCP_ACK) || !take_ack(stack, c, segment, &tell))
        return;
    /* Nobody is there to read what comes now (RFC 9293 3.10.7.4, after CLOSE). */
    bool unheard = !c->owned && !c->maybe_probe && !c->is_probe && segment->length > 0 &&
                   net_tcp_before(c->receive_next, tcp->sequence + segment->length);
    if (unheard && c->state != NET_TCP_TIME_WAIT) {
        net_tcp_send_reset(stack, c, segment->now);
        net_tcp_free(stack, c);
        return;
    }
    if (c->state != NET_TCP_TIME_WAIT && c->state != NET_TCP_CLOSING)
        tell |= net_tcp_take(stack, c, segment);
    else if (tcp->flags & NET_TCP_FIN)
        c->ack_owed = 2;
    net_tcp_settle(stack, c, tell, segment->now);
}

/* --- in --- */

static bool parse(NetStack *stack, const NetPacket *packet, NetTcpSegment *ret)
{
    *ret = (NetTcpSegment){
        .from = packet->ip.source, .to = packet->ip.destination, .now = packet->now};
    size_t header_bytes = net_tcp_parse(packet->payload, packet->payload_bytes, &ret->tcp);

    if (header_bytes == 0 || ret->tcp.source_port == 0 || ret->tcp.destination_port == 0) {
        stack->counters.malformed++;
        return false;
    }
    if (!net_tcp_sound(packet->payload, (uint16_t)packet->payload_bytes, ret->from, ret->to)) {
        stack->counters.bad_checksum++;
        return false;
    }
    ret->bytes = packet->payload + header_bytes;
    ret->length = (uint32_t)(packet->payload_bytes - header_bytes);
    return true;
}

void net_tcp_input(NetStack *stack, const NetPacket *packet)
{
    NetTcpSegment segment;

    if (packet->to_group || packet->ip.source == 0 || !parse(stack, packet, &segment))
        return;
    const NetTcp *tcp = &segment.tcp;
    stack->tcp.counters.segments_in++;
    NetTcpConnection *c =
        net_tcp_find(stack, segment.to, tcp->destination_port, segment.from, tcp->source_port);
    /* RFC 9293 3.6.1: a new connection may follow one in TIME-WAIT. */
    if (c != NULL && c->state == NET_TCP_TIME_WAIT && !c->owned &&
        (tcp->flags & (NET_TCP_SYN | NET_TCP_ACK | NET_TCP_RST)) == NET_TCP_SYN &&
        net_tcp_before(c->receive_next, tcp->sequence) &&
        net_tcp_listener(stack, tcp->destination_port) != NULL) {
        net_tcp_free(stack, c);
        c = NULL;
    }
    if (c == NULL)
        listen(stack, &segment);
    else if (c->state == NET_TCP_SYN_SENT)
        in_syn_sent(stack, c, &segment);
    else if (c->state == NET_TCP_CLOSED)
        net_tcp_reject(stack, &segment);
    else
        in_open_states(stack, c, &segment);
}

/* An ICMP error about a segment of ours. Only one that names what is under way is
 * believed (RFC 5927 4); only a connection that is not open yet ends by it. */
void net_tcp_refused(NetStack *stack, const NetIpv4 *ip, const uint8_t *quote, NetIp4 from,
                     const NetIcmp *icmp, NetTime now)
{
    uint32_t sequence = net_get_32(quote + 4);
    NetTcpConnection *c =
        net_tcp_find(stack, ip->source, net_get_16(quote), ip->destination, net_get_16(quote + 2));

    if (c == NULL || c->state == NET_TCP_CLOSED || net_tcp_before(sequence, c->send_unacked) ||
        !net_tcp_before(sequence, c->send_most))
        return;
    if (icmp->type == NET_ICMP_UNREACHABLE && icmp->code == NET_UNREACHABLE_TOO_BIG) {
        uint16_t mtu = icmp->sequence != 0 ? icmp->sequence : NET_IPV4_LEAST_MTU, mss = c->mss;
        net_path_learn(stack, c->remote, mtu, now);
        net_tcp_path_mtu(c, mtu);
        if (c->mss == mss)
            return; /* nothing new: sending again would only bring the same answer */
        c->send_next = c->send_unacked;
        net_tcp_output(stack, c, now);
    } else if (icmp->type == NET_ICMP_UNREACHABLE &&
               (c->state == NET_TCP_SYN_SENT || c->state == NET_TCP_SYN_RECEIVED)) {
        c->refused_by = from;
        c->refused_code = icmp->code;
        net_tcp_end(stack, c, NET_TCP_END_UNREACHABLE, now);
    }
}
