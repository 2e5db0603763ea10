/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat.h: the core of a NAT (network address translation with ports, RFC 3022).
 *
 * A table of rows, one a connection, that says how the addresses and ports of a
 * packet change on its way: see NetNatRow. A packet from inside makes a row; a
 * packet from outside needs one, or a forward rule that makes it one. So nothing
 * gets in that nobody inside asked for.
 *
 * Rules that this one keeps (REQ numbers are of the RFCs):
 *  - One inside address and port has one outside port, whomever it talks to
 *    (RFC 4787 REQ-1, RFC 5382 REQ-1), the same number where that is free (port
 *    preservation), else the next free one.
 *  - What comes in must come from where something was sent to: address and port
 *    (RFC 4787 5, the strictest of its three filterings).
 *  - TCP follows the handshake and the close of both sides; timeouts: established
 *    2 h 4 min, all other states 4 min (RFC 5382 REQ-5). UDP 5 min (RFC 4787
 *    REQ-5), ICMP echo 60 s (RFC 5508 REQ-1 and 2). Packets both ways refresh.
 *  - ICMP errors are translated, the packet that they quote too (RFC 5508 REQ-4
 *    and 5); they neither make nor refresh rows.
 *  - A row goes when its time is over, never to make room for another: when the
 *    table is full, the newcomer is refused.
 *
 * The core translates packets (from the IP header on) in place. It knows no
 * frames, links or routes: those are the router's (router.h). It is passive like
 * a part: advance when its deadline is due.
 */
#pragma once

#include "netsim/network.h"

#define NET_NAT_DEFAULT_ROWS 16384u
#define NET_NAT_MAX_ROWS     (1u << 20)
#define NET_NAT_MAX_ALIASES  4u

#define NET_NAT_UDP_NS         (300 * NET_NS_PER_SECOND)
#define NET_NAT_ICMP_NS        (60 * NET_NS_PER_SECOND)
#define NET_NAT_TRANSITORY_NS  (240 * NET_NS_PER_SECOND)
#define NET_NAT_ESTABLISHED_NS (7440 * NET_NS_PER_SECOND)

typedef struct NetNat NetNat;

/* Whose addresses and ports the outside has: a router's own, or the host's (gate.h). */
typedef struct {
    /* The address that a packet to `to` leaves with; 0: there is no way there. */
    NetIp4 (*source_for)(void *user, NetIp4 to);
    /* Takes a port of the outside (with ICMP, an echo id) for this NAT alone, or
     * says that it is taken. address 0: every one. */
    bool (*take_port)(void *user, uint8_t protocol, NetIp4 address, uint16_t port);
    void (*give_port)(void *user, uint8_t protocol, NetIp4 address, uint16_t port);
} NetNatOutside;

/* What the NAT says while a packet is being translated. Members may be NULL. */
typedef struct {
    void (*row_new)(void *user, const NetNatRow *row);
    void (*row_state)(void *user, const NetNatRow *row);
    void (*row_gone)(void *user, NetTime at, const NetNatRow *row);
} NetNatReports;

typedef struct {
    uint32_t max_rows; /* 0: NET_NAT_DEFAULT_ROWS */
    const NetNatOutside *outside;
    void *outside_user;
    const NetNatReports *reports; /* NULL: nobody listens */
    void *reports_user;
} NetNatConfig;

NetNat *net_nat_new(const NetNatConfig *config);
void net_nat_free(NetNat *nat);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetNat, net_nat_free)

/* The NAT stands in for somebody: inside he is called `inside`, outside `outside`
 * (10.0.2.2 is the host's 127.0.0.1). port 0: every port. */
void net_nat_add_alias(NetNat *nat, NetIp4 inside, uint16_t port, NetIp4 outside);

/* Is it an inside address that the NAT stands in with for somebody on every port? */
bool net_nat_is_alias(const NetNat *nat, NetIp4 inside);

/* A forward rule; its guest address is not 0 here. Copied. Its number, or -1: the
 * port is taken, or there are too many. */
int net_nat_add_forward(NetNat *nat, const NetForward *forward);
/* Rows that it made stay until they end. ret_forward: what it was, without its name.
 * False: no such. */
bool net_nat_remove_forward(NetNat *nat, const char *name, uint16_t *ret_rule,
                            NetForward *ret_forward);

typedef struct {
    bool passes;
    NetDropReason why;    /* unless it passes */
    const NetNatRow *row; /* that it followed, until the next call */
} NetNatVerdict;

/* Translates a sound IPv4 packet in place. Outbound: it came from inside. Inbound:
 * it is for an address of the outside. */
NetNatVerdict net_nat_outbound(NetNat *nat, uint8_t *packet, size_t length, NetTime now);
NetNatVerdict net_nat_inbound(NetNat *nat, uint8_t *packet, size_t length, NetTime now);
/* Would net_nat_inbound let it pass? Changes nothing. */
bool net_nat_expects(NetNat *nat, const uint8_t *packet, size_t length, NetTime now);

NetTime net_nat_deadline(const NetNat *nat);
void net_nat_advance(NetNat *nat, NetTime now);
/* Ends every row, each reported, and gives their ports back. */
void net_nat_clear(NetNat *nat, NetTime now);

uint32_t net_nat_count(const NetNat *nat);
/* Rows by id, appended to an array of NetNatRow. */
void net_nat_list(const NetNat *nat, GArray *rows);
const NetForward *net_nat_forward(const NetNat *nat, uint16_t rule); /* NULL: no such */
