/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-tcp-private.h: how the files of TCP call each other.
 *
 *   stack-tcp.c         the owner's functions; opening, ending, telling
 *   stack-tcp-table.c   finding a connection, the one whose timer is next
 *   stack-tcp-input.c   a segment arrives (RFC 9293 3.10.7)
 *   stack-tcp-data.c    its bytes: order, acknowledgments, what the reader fetches
 *   stack-tcp-ack.c     its acknowledgment: round trips, congestion
 *   stack-tcp-output.c  segments out, timers
 *
 * Sequence numbers wrap round at 2^32; two of them are compared by the sign of their
 * difference, as all of interest lie within 2^31 of each other.
 */
#pragma once

#include "netsim/proto/stack-private.h"

/* Does sequence number a come before b? */
static inline bool net_tcp_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static inline uint32_t net_tcp_least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* A segment that came in. */
typedef struct {
    NetTcp tcp;
    NetIp4 from, to;
    const uint8_t *bytes;
    uint32_t length; /* of the payload */
    NetTime now;
} NetTcpSegment;

/* What the owner is to be told when a segment or a timer has been dealt with. */
typedef enum {
    NET_TCP_TELL_OPEN = 1,
    NET_TCP_TELL_READABLE = 2,
    NET_TCP_TELL_WRITABLE = 4,
} NetTcpTell;

/* stack-tcp-table.c */
NetTcpConnection *net_tcp_find(NetStack *stack, NetIp4 local, uint16_t local_port, NetIp4 remote,
                               uint16_t remote_port);
NetTcpConnection *net_tcp_by_id(const NetStack *stack, NetTcpId id);
NetTcpId net_tcp_id(const NetStack *stack, const NetTcpConnection *c);
/* A slot with its addresses, state CLOSED, all else 0; NULL: the table is full. A
 * connection in TIME-WAIT, the one to end next, makes room. */
NetTcpConnection *net_tcp_claim(NetStack *stack, NetIp4 local, uint16_t local_port, NetIp4 remote,
                                uint16_t remote_port);
void net_tcp_free(NetStack *stack, NetTcpConnection *c);
/* Puts a connection where its timers belong after they have changed. */
void net_tcp_schedule(NetStack *stack, NetTcpConnection *c);
/* The one whose timer is due first; NULL: none has one. */
NetTcpConnection *net_tcp_first_due(const NetStack *stack);
const NetTcpListener *net_tcp_listener(const NetStack *stack, uint16_t port);

/* stack-tcp.c */
/* Fills in what both ways of opening have in common, and chooses the ISN. */
void net_tcp_open(NetStack *stack, NetTcpConnection *c, NetTime now);
/* No segment will come or go any more: tells the owner, or frees the slot. */
void net_tcp_end(NetStack *stack, NetTcpConnection *c, NetTcpEnd why, NetTime now);
/* Calls the handler. False: it has given up the connection. */
bool net_tcp_tell(NetStack *stack, NetTcpConnection *c, NetTcpEvent event, NetTime now);
/* Tells what has happened, then sends what is to be sent. */
void net_tcp_settle(NetStack *stack, NetTcpConnection *c, unsigned tell, NetTime now);
/* Both FINs are acknowledged, or our own is: TIME-WAIT. */
void net_tcp_time_wait(NetStack *stack, NetTcpConnection *c, NetTime now);

/* stack-tcp-data.c */
/* The window to write into a segment; moves receive_edge. */
uint32_t net_tcp_window(NetTcpConnection *c);
/* Takes the payload and the FIN of an acceptable segment. Returns a NetTcpTell. */
unsigned net_tcp_take(NetStack *stack, NetTcpConnection *c, const NetTcpSegment *segment);

/* stack-tcp-ack.c */
/* Takes the acknowledgment and window of an acceptable segment. */
unsigned net_tcp_acknowledge(NetStack *stack, NetTcpConnection *c, const NetTcpSegment *segment);
/* The retransmission timer has run out: RFC 6298 5, RFC 5681 3.1. */
void net_tcp_congested(NetTcpConnection *c);
void net_tcp_first_window(NetTcpConnection *c);

/* stack-tcp-output.c */
/* Sends what windows allow, and an acknowledgment if one is owed. */
void net_tcp_output(NetStack *stack, NetTcpConnection *c, NetTime now);
void net_tcp_send_ack(NetStack *stack, NetTcpConnection *c, NetTime now);
/* Sends the first unacknowledged segment again. */
void net_tcp_resend(NetStack *stack, NetTcpConnection *c, NetTime now);
void net_tcp_send_reset(NetStack *stack, NetTcpConnection *c, NetTime now);
/* The answer to a segment that belongs to no connection (RFC 9293 3.10.7.1). */
void net_tcp_reject(NetStack *stack, const NetTcpSegment *segment);
/* Is there something sent that is not acknowledged? */
bool net_tcp_in_flight(const NetTcpConnection *c);
/* The path takes no packets longer than mtu. */
void net_tcp_path_mtu(NetTcpConnection *c, uint32_t mtu);

/* stack-probe.c */
bool net_probe_expected_at(const NetStack *stack, uint16_t port, NetTime now, NetTime *ret_until);
/* Looks at the first bytes of a connection whose maybe_probe is set; clears that when
 * it has become clear what they are. Returns what the program that listens is to be
 * told then. The connection may be gone afterwards. */
unsigned net_probe_look(NetStack *stack, NetTcpConnection *c, NetTime now);
