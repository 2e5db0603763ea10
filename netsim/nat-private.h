/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat-private.h: what the files of the NAT core share.
 *
 *   nat.c          decides: which row does a packet follow, may it make one
 *   nat-table.c    rows, found by either side; ports; expiry
 *   nat-tcp.c      the state of a TCP connection, as seen from the middle
 *   nat-rewrite.c  a packet's bytes: what they say, and how they are changed
 */
#pragma once

#include "netsim/nat.h"
#include "netsim/proto/headers.h"

#define NET_NAT_NONE UINT32_MAX

/* Rows with the same timeout are on one list, the one to expire first at its head:
 * a packet that refreshes a row puts it at the tail. */
typedef enum {
    NET_NAT_LIST_UDP,
    NET_NAT_LIST_ICMP,
    NET_NAT_LIST_TRANSITORY,
    NET_NAT_LIST_ESTABLISHED,
    NET_NAT_LIST_COUNT
} NetNatListKind;

/* One direction of a TCP connection. */
typedef struct {
    bool fin, fin_acked;
    uint32_t fin_end; /* the sequence number after the FIN */
} NetNatTcpSide;

typedef struct {
    NetNatRow row;
    NetNatTcpSide side[2]; /* by NetNatDirection of who sends */
    bool in_use;
    bool own_port;                /* its port is not its binding's, or it has none */
    uint8_t list;                 /* NetNatListKind */
    uint32_t prev, next;          /* on that list; next also of the free ones */
    uint32_t in_chain, out_chain; /* of rows with equal hashes */
    uint32_t binding;             /* NET_NAT_NONE: made by a rule */
} NetNatSlot;

/* An inside address and port, and its port outside. */
typedef struct {
    NetSocketAddress inside;
    uint16_t outside_port;
    uint8_t protocol;
    uint32_t rows;  /* that use it; 0: free */
    uint32_t chain; /* of bindings with equal hashes; of the free ones */
} NetNatBinding;

#define NET_NAT_FRAGMENTS   64u
#define NET_NAT_FRAGMENT_NS (30 * NET_NS_PER_SECOND)

/* The packet whose first fragment went by: the others have no ports. */
typedef struct {
    NetIp4 source, destination; /* before translation */
    uint16_t id;
    uint8_t protocol;
    NetTime expires; /* 0: free */
    uint32_t slot, row_id;
} NetNatFragment;

typedef struct {
    NetIp4 inside, outside;
    uint16_t port;
} NetNatAlias;

typedef struct {
    uint32_t first, last;
} NetNatList;

struct NetNat {
    NetNatConfig config;
    NetNatSlot *slots;
    NetNatBinding *bindings;
    uint32_t *by_inside, *by_outside, *by_binding; /* first slot of each chain */
    uint32_t capacity; /* of slots, bindings and the three tables: a power of two */
    uint32_t used, free_slot, free_binding, used_bindings, count;
    uint32_t next_id;
    NetNatList lists[NET_NAT_LIST_COUNT];
    uint16_t next_port;
    bool no_port[3]; /* TCP, UDP, ICMP: none was free, and none was given back since */
    NetNatFragment fragments[NET_NAT_FRAGMENTS];
    uint32_t next_fragment;
    NetNatAlias aliases[NET_NAT_MAX_ALIASES];
    unsigned alias_count;
    GPtrArray *forwards; /* of NetForward; NULL where one was removed */
};

/* --- nat-rewrite.c --- */

typedef enum {
    NET_NAT_FLOW,     /* TCP, UDP or echo, with ports */
    NET_NAT_ERROR,    /* an ICMP error; the ports are those of the packet it quotes */
    NET_NAT_FRAGMENT, /* not the first one: no ports */
    NET_NAT_OTHER,    /* a protocol that does not pass */
    NET_NAT_BAD,
} NetNatKind;

typedef struct {
    NetNatKind kind;
    NetIpv4 ip;
    uint8_t *bytes, *transport;
    size_t transport_bytes;
    uint8_t protocol;                     /* of the flow: for an error, that of the quoted packet */
    NetSocketAddress source, destination; /* for an error, the quoted packet's */
    uint8_t *quoted;                      /* its IP header */
    size_t quoted_bytes;
    NetTcp tcp;
    uint8_t icmp_type;
} NetNatPacket;

void net_nat_look(uint8_t *bytes, size_t length, NetNatPacket *ret);
/* Gives a packet new addresses and ports, and right checksums. */
void net_nat_rewrite(const NetNatPacket *packet, NetSocketAddress source,
                     NetSocketAddress destination);
/* The same for the packet that an error quotes, and new addresses for the error. */
void net_nat_rewrite_error(const NetNatPacket *packet, NetSocketAddress quoted_source,
                           NetSocketAddress quoted_destination, NetIp4 source, NetIp4 destination);

/* --- nat-tcp.c --- */

/* A segment goes by: the row's new state. */
NetNatState net_nat_tcp_step(NetNatSlot *slot, const NetNatPacket *packet,
                             NetNatDirection direction);

/* --- nat-table.c --- */

NetNatSlot *net_nat_find_inside(const NetNat *nat, uint8_t protocol, NetSocketAddress inside,
                                NetSocketAddress peer);
NetNatSlot *net_nat_find_outside(const NetNat *nat, uint8_t protocol, NetSocketAddress outside,
                                 NetSocketAddress peer);
/* A new row, with its outside address chosen; its port and id are filled in here.
 * NULL: *ret_why. preset_port: the port is given (by a rule), not to be taken. */
NetNatSlot *net_nat_add_row(NetNat *nat, const NetNatRow *row, bool preset_port, NetTime now,
                            NetDropReason *ret_why);
/* A packet went by: the row has its state's time to live again. */
void net_nat_refresh(NetNat *nat, NetNatSlot *slot, NetNatState state, NetTime now);
