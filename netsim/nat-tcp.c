/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat-tcp.c: the state of a TCP connection, seen from the middle (RFC 5382 2 and 5).
 *
 * The NAT sees the segments of both sides, and from their flags what both must
 * think. It judges no windows: a segment passes whatever it carries, as long as
 * the addresses have a row; its state only decides how long that row lives.
 *
 *     SYN ->               syn-sent
 *         <- SYN (ACK)     syn-received
 *     ACK ->               established
 *     FIN either way       fin-wait
 *     FIN the other way    closing
 *     ACKs of both         time-wait
 *     RST either way       reset
 */
#include "netsim/nat-private.h"

/* Is a at or after b, in sequence numbers (RFC 9293 3.4)? */
static bool is_reached(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) >= 0;
}

static uint32_t segment_end(const NetNatPacket *packet)
{
    const NetTcp *tcp = &packet->tcp;
    uint32_t data = (uint32_t)(packet->transport_bytes - tcp->header_bytes);

    return tcp->sequence + data + ((tcp->flags & NET_TCP_SYN) != 0) +
           ((tcp->flags & NET_TCP_FIN) != 0);
}

static NetNatState close_step(NetNatSlot *slot, const NetNatPacket *packet,
                              NetNatDirection direction, NetNatState state)
{
    NetNatTcpSide *own = &slot->side[direction], *other = &slot->side[1 - direction];

    if (packet->tcp.flags & NET_TCP_FIN && !own->fin)
        *own = (NetNatTcpSide){.fin = true, .fin_end = segment_end(packet)};
    if (packet->tcp.flags & NET_TCP_ACK && other->fin &&
        is_reached(packet->tcp.acknowledgment, other->fin_end))
        other->fin_acked = true;
    if (own->fin && other->fin)
        return own->fin_acked && other->fin_acked ? NET_NAT_TIME_WAIT : NET_NAT_CLOSING;
    return own->fin || other->fin ? NET_NAT_FIN_WAIT : state;
}

NetNatState net_nat_tcp_step(NetNatSlot *slot, const NetNatPacket *packet,
                             NetNatDirection direction)
{
    NetNatState state = slot->row.state;
    uint8_t flags = packet->tcp.flags;
    bool opener = (direction == NET_NAT_OUTBOUND) == slot->row.from_inside;

    if (flags & NET_TCP_RST)
        return NET_NAT_RESET;
    if (flags & NET_TCP_SYN) {
        bool over = state == NET_NAT_TIME_WAIT || state == NET_NAT_RESET;
        if (opener && over && !(flags & NET_TCP_ACK)) { /* the same ports once more */
            slot->side[0] = slot->side[1] = (NetNatTcpSide){0};
            return NET_NAT_SYN_SENT;
        }
        if (!opener && state == NET_NAT_SYN_SENT)
            return NET_NAT_SYN_RECEIVED;
    }
    if (state == NET_NAT_SYN_RECEIVED && opener && flags & NET_TCP_ACK)
        state = NET_NAT_ESTABLISHED;
    if (state == NET_NAT_RESET || state == NET_NAT_TIME_WAIT)
        return state;
    return close_step(slot, packet, direction, state);
}
