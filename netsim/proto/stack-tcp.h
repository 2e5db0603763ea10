/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-tcp.h: TCP as the owner of a stack sees it (RFC 9293).
 *
 * Connections live in memory that the owner gives with net_stack_tcp_init(): an
 * array of NetTcpConnection and, if it wants more than a few bytes under way, one
 * block of buffers that is dealt out to them evenly. Nothing is allocated later, so
 * a table that is full refuses.
 *
 * A connection is named by a NetTcpId, which no other connection ever has again.
 * Whoever holds an id (because net_stack_tcp_connect returned it, or an event
 * NET_TCP_ACCEPTED brought it) gives it up by net_stack_tcp_close() or _abort(),
 * also when the connection has ended by itself.
 *
 *     listen -> ACCEPTED                    server
 *     connect -> CONNECTED                  client
 *     READABLE -> receive until it returns 0 or NET_STACK_END
 *     send takes what fits; when it took less than offered: WRITABLE -> send the rest
 *     ENDED -> the connection is over, net_stack_tcp_look(id)->end says why
 *
 * What is implemented: three-way handshake, also simultaneous; sliding windows;
 * the MSS option; out-of-order segments kept as far as the window reaches;
 * retransmission (RFC 6298, Karn's algorithm); slow start, congestion avoidance,
 * fast retransmit and recovery (RFC 5681, RFC 6582); delayed acknowledgments;
 * zero-window probes; orderly close with TIME-WAIT; resets, and challenge
 * acknowledgments for those that miss (RFC 5961); path MTU discovery (RFC 1191).
 * Left out: urgent data, selective acknowledgments, Nagle's algorithm (every send
 * goes out at once, as with TCP_NODELAY elsewhere). And window scaling (RFC 7323): it
 * would say windows of more than 64 KiB, and no owner gives a connection so much (guests
 * 16 KiB each way, endpoints 4 KiB), because many of them have 2 MiB of memory in all. So
 * what one connection carries over a long link is its buffer a round trip.
 */
#pragma once

#include "netsim/proto/types.h"

#define NET_TCP_MAX_LISTENERS 24
#define NET_TCP_MAX_RANGES    8  /* runs of out-of-order bytes that are kept */
#define NET_TCP_TINY_BYTES    64 /* each way, where the owner gave no buffers */

#define NET_TCP_FIRST_RTO_NS NET_NS_PER_SECOND        /* RFC 6298 2.1 */
#define NET_TCP_LEAST_RTO_NS (200 * NET_NS_PER_MS)    /* RFC 6298 2.4 says 1 s; all use less */
#define NET_TCP_MOST_RTO_NS  (60 * NET_NS_PER_SECOND) /* RFC 6298 2.5 */
#define NET_TCP_ACK_DELAY_NS (40 * NET_NS_PER_MS)     /* RFC 9293 3.8.6.3 allows 500 ms */
#define NET_TCP_2MSL_NS      (60 * NET_NS_PER_SECOND) /* TIME-WAIT */
#define NET_TCP_CHALLENGE_NS (500 * NET_NS_PER_MS)    /* between two of them */
#define NET_TCP_SYN_TRIES    6   /* after 1, 2, 4, 8, 16 and 32 s: 63 s in all */
#define NET_TCP_DATA_TRIES   10  /* retransmissions in a row before giving up */
#define NET_TCP_DEFAULT_MSS  536 /* of a peer that names none (RFC 9293 3.7.1) */
#define NET_TCP_LEAST_MSS    64  /* smaller ones are not believed */

/* 0: no connection. */
typedef uint32_t NetTcpId;

/* RFC 9293 3.3.2. */
typedef enum {
    NET_TCP_CLOSED,
    NET_TCP_SYN_SENT,
    NET_TCP_SYN_RECEIVED,
    NET_TCP_ESTABLISHED,
    NET_TCP_FIN_WAIT_1,
    NET_TCP_FIN_WAIT_2,
    NET_TCP_CLOSE_WAIT,
    NET_TCP_CLOSING,
    NET_TCP_LAST_ACK,
    NET_TCP_TIME_WAIT,
    NET_TCP_STATE_COUNT
} NetTcpState;

typedef enum {
    NET_TCP_NOT_ENDED,
    NET_TCP_END_CLOSED,      /* both sides closed, all bytes arrived */
    NET_TCP_END_REFUSED,     /* the SYN was answered by a reset */
    NET_TCP_END_RESET,       /* the peer reset the connection */
    NET_TCP_END_TIMEOUT,     /* the peer did not answer any more */
    NET_TCP_END_UNREACHABLE, /* ICMP said so, or nobody answered ARP, before it was open */
} NetTcpEnd;

typedef enum {
    NET_TCP_ACCEPTED,  /* to a listener's handler: a connection is open, id is yours */
    NET_TCP_CONNECTED, /* net_stack_tcp_connect succeeded */
    NET_TCP_READABLE,  /* bytes have arrived, or the end of them */
    NET_TCP_WRITABLE,  /* the peer has taken bytes: there is room again */
    NET_TCP_ENDED,     /* the connection is over; the id is still to be closed */
} NetTcpEvent;

/* May call every function of TCP, also for other connections. */
typedef void (*NetTcpHandler)(void *user, NetTcpId id, NetTcpEvent event, NetTime now);

/* Sequence numbers [begin, end) that have arrived before those in front of them. */
typedef struct {
    uint32_t begin, end;
} NetTcpRange;

/* A connection, the transmission control block of RFC 9293 3.3.1. Readers may look,
 * only stack-tcp*.c write. */
typedef struct {
    NetIp4 local, remote;
    uint16_t local_port, remote_port;
    uint8_t state;        /* NetTcpState */
    uint8_t end;          /* NetTcpEnd */
    bool in_use;          /* the slot is taken */
    bool owned;           /* somebody holds the id */
    bool passive;         /* a listener opened it */
    bool is_probe;        /* the stack's own, see stack-probe.c */
    bool end_told;        /* the owner knows that it is over */
    bool maybe_probe;     /* open, but its first bytes are looked at before anybody is told */
    uint8_t refused_code; /* ended as unreachable: ICMP's code, and who said so; 0: no ARP answer */
    NetIp4 refused_by;
    uint16_t generation; /* of the slot: part of the id */
    NetTcpHandler handler;
    void *user;

    uint32_t send_first;   /* ISS */
    uint32_t send_unacked; /* SND.UNA */
    uint32_t send_next;    /* SND.NXT; goes back when the timer retransmits */
    uint32_t send_most;    /* the highest SND.NXT ever */
    uint32_t send_window;  /* SND.WND */
    uint32_t send_window_most;
    uint32_t window_sequence, window_ack; /* SND.WL1, SND.WL2 */
    uint32_t send_begin;                  /* sequence number of the first byte in the buffer */
    uint32_t send_queued;                 /* bytes in the buffer, acknowledged ones not */
    uint32_t send_head;                   /* where in the ring the first one lies */
    bool fin_queued;                      /* a FIN follows the queued bytes */
    bool wants_room;                      /* a send took less than it was offered */

    uint32_t receive_first;    /* IRS */
    uint32_t receive_next;     /* RCV.NXT */
    uint32_t receive_edge;     /* the right edge of the window that the peer was told */
    uint32_t receive_waiting;  /* bytes in order that nobody has fetched */
    uint32_t receive_head;     /* where in the ring the first of them lies */
    bool fin_known, fin_taken; /* a FIN has arrived; all before it has, too */
    uint32_t fin_sequence;
    uint8_t range_count;
    NetTcpRange ranges[NET_TCP_MAX_RANGES]; /* apart from each other, ascending */
    uint8_t ack_owed; /* segments taken and not acknowledged; from 2 on at once */

    uint16_t mss; /* of what we send */
    uint32_t congestion_window, slow_start_threshold;
    uint32_t recover; /* end of what was sent when the fast recovery began */
    uint8_t duplicate_acks;
    bool recovering;

    bool timing; /* the round trip of the segment that ends at timed_sequence */
    uint32_t timed_sequence;
    NetTime timed_at;
    NetTime round_trip_ns, variation_ns; /* SRTT, RTTVAR; 0: not measured yet */
    NetTime timeout_ns;                  /* RTO */
    uint8_t tries;                       /* retransmissions in a row */

    NetTime retransmit_at; /* also of zero-window probes */
    NetTime ack_at;
    NetTime linger_at; /* the end of TIME-WAIT, of a FIN-WAIT-2 that nobody holds, of a look */
    NetTime challenge_at;

    uint64_t bytes_in, bytes_out; /* payload: taken in order; acknowledged */
    uint32_t retransmissions;
    uint8_t *send_bytes, *receive_bytes;
    uint32_t send_size, receive_size;
    uint8_t tiny[2 * NET_TCP_TINY_BYTES];

    /* Of the table, see stack-tcp-table.c: item i of three arrays of indices. */
    uint32_t bucket, next_in_bucket; /* index + 1; 0: none */
    uint32_t heap_item;
    uint32_t heap_place; /* of this connection, + 1 */
    NetTime heap_time;
} NetTcpConnection;

typedef struct {
    uint16_t port; /* 0: free */
    NetTcpHandler handler;
    void *user;
} NetTcpListener;

/* What the owner gives. connections: all bytes 0. buffers: count * (send_bytes + receive_bytes)
 * bytes, or NULL. */
typedef struct {
    NetTcpConnection *connections;
    uint32_t count; /* at most 65535 */
    uint8_t *buffers;
    uint32_t send_bytes, receive_bytes; /* of one connection */
} NetTcpMemory;

typedef struct {
    uint64_t segments_in, segments_out;
    uint64_t retransmissions;
    uint64_t resets_in, resets_out;
    uint64_t challenges;
    uint64_t out_of_order;
    uint64_t table_full; /* SYNs that were dropped */
} NetTcpCounters;

/* TCP's part of a NetStack. */
typedef struct {
    NetTcpMemory memory;
    NetTcpListener listeners[NET_TCP_MAX_LISTENERS];
    uint32_t heap_count;
    uint32_t in_use;
    uint32_t first_free; /* where to look for a free slot first */
    uint64_t secret;     /* of initial sequence numbers (RFC 6528) */
    NetTcpCounters counters;
} NetTcpTable;

typedef struct NetStack NetStack;

/* Gives the stack its connections; before that TCP is refused by ICMP. memory is
 * copied, what it points to is kept. Once. */
void net_stack_tcp_init(NetStack *stack, const NetTcpMemory *memory);
/* Gives buffers to a stack that has none yet; connections opened from now on use
 * them. buffers: as many bytes as in NetTcpMemory. */
void net_stack_tcp_give_buffers(NetStack *stack, uint8_t *buffers, uint32_t send_bytes,
                                uint32_t receive_bytes);

/* Takes connections to a port on every address. Returns the port (an ephemeral one
 * for 0), or NET_STACK_IN_USE, _NO_ROOM. */
int net_stack_tcp_listen(NetStack *stack, uint16_t port, NetTcpHandler handler, void *user);
/* Connections that it has accepted go on. */
void net_stack_tcp_unlisten(NetStack *stack, uint16_t port);

/* Begins to connect; CONNECTED or ENDED follow, never from inside this call. The
 * local port is an ephemeral one. Returns 0, or NET_STACK_NO_ROUTE, _NO_ROOM, _BAD. */
int net_stack_tcp_connect(NetStack *stack, NetIp4 to, uint16_t port, NetTcpHandler handler,
                          void *user, NetTime now, NetTcpId *ret_id);
/* Changes who is told about a connection: for handlers of ACCEPTED. */
void net_stack_tcp_set_handler(NetStack *stack, NetTcpId id, NetTcpHandler handler, void *user);

/* Takes as many bytes as there is room for and returns how many; also before the
 * connection is open. NET_STACK_END: it is over, or was closed by us. */
int net_stack_tcp_send(NetStack *stack, NetTcpId id, const void *bytes, size_t length, NetTime now);
/* Fetches what has arrived: how many bytes; 0: none now; NET_STACK_END: no more ever. */
int net_stack_tcp_receive(NetStack *stack, NetTcpId id, void *buffer, size_t size, NetTime now);
/* No more bytes from us: a FIN behind what was sent. Receiving goes on. */
void net_stack_tcp_shutdown(NetStack *stack, NetTcpId id, NetTime now);
/* Shuts down and gives up the id: what was sent still arrives, no event comes. If
 * bytes are unread or yet to come, the peer is told by a reset (RFC 9293 3.10.4). */
void net_stack_tcp_close(NetStack *stack, NetTcpId id, NetTime now);
/* Resets the connection and gives up the id. */
void net_stack_tcp_abort(NetStack *stack, NetTcpId id, NetTime now);

/* The connection of an id, to read its addresses and state; NULL: given up. */
const NetTcpConnection *net_stack_tcp_look(const NetStack *stack, NetTcpId id);

/* "ESTABLISHED", as netstat writes it; "reset by peer". Never NULL. */
const char *net_tcp_state_name(NetTcpState state);
const char *net_tcp_end_name(NetTcpEnd end);

/* To list all connections, TIME-WAIT included: those of index 0 to
 * stack->tcp.memory.count - 1 whose in_use is set. Listeners: stack->tcp.listeners. */
