/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack.h: a small IP stack for guests and simulated endpoints.
 *
 * The stack does no I/O, reads no clock and allocates nothing. Its owner provides
 * the memory (one NetStack, a plain struct), hands in what arrives
 * (net_stack_input), says when time has passed (net_stack_advance, due at
 * net_stack_deadline), and sends what comes out of ops->send. Everything happens
 * inside these calls. Calls carry `now`, which may not go back.
 *
 * It speaks Ethernet II, ARP (RFC 826, cache rules of RFC 1122 2.3.2), IPv4
 * (RFC 791, host rules of RFC 1122 3), ICMP (RFC 792), UDP (RFC 768) and TCP
 * (stack-tcp.h). Datagrams too long for a network go out in fragments, and those
 * that come in so are put together, up to 9000 bytes.
 *
 * Hosts of several NICs follow the weak model of RFC 1122 3.3.4.2: a packet for
 * any of the stack's addresses is taken on any NIC. ARP answers only for the
 * address of the NIC that was asked. A host never forwards.
 *
 * Callbacks may call net_stack_ping, net_stack_udp_*, net_stack_tcp_* and the routing
 * functions, not net_stack_input or net_stack_advance. Bytes handed to a callback are valid
 * during the call only.
 *
 * Start reading stack.c at net_stack_input().
 */
#pragma once

#include "netsim/proto/stack-tcp.h"
#include "netsim/proto/types.h"

#define NET_STACK_MAX_NICS    8
#define NET_STACK_MAX_ROUTES  24 /* two per NIC and some more */
#define NET_STACK_MAX_ECHOES  16 /* echo requests waiting for their answer */
#define NET_STACK_MAX_SOCKETS 16 /* bound UDP ports */
#define NET_STACK_MAX_HELD    16 /* packets waiting for ARP, or for loopback */
#define NET_STACK_HELD_BYTES  12288

/* The ARP cache: an address lives in one of the ways of set (address % sets). */
#define NET_ARP_SETS 8
#define NET_ARP_WAYS 8

/* Datagrams that come in pieces: how many at a time, how long each, for how long. */
#define NET_STACK_MAX_REASSEMBLY   4
#define NET_STACK_REASSEMBLY_BYTES (NET_MAX_MTU - 20)
#define NET_STACK_REASSEMBLY_NS    (30 * NET_NS_PER_SECOND)

/* Ways known to take shorter packets only (RFC 1191). */
#define NET_STACK_MAX_PATHS      8
#define NET_STACK_PATH_NS        (600 * NET_NS_PER_SECOND)
#define NET_STACK_LEAST_PATH_MTU 68

#define NET_ARP_RETRY_NS      NET_NS_PER_SECOND        /* RFC 1122 2.3.2.1: one a second */
#define NET_ARP_TRIES         3                        /* requests before giving up */
#define NET_ARP_FRESH_NS      (60 * NET_NS_PER_SECOND) /* then confirmed by asking again */
#define NET_STACK_LOOPBACK_NS 1000                     /* from oneself to oneself */
#define NET_STACK_TTL         64
#define NET_STACK_FIRST_PORT  49152u /* ephemeral ports: RFC 6335 6 */

/* What the functions below return when they refuse. */
enum {
    NET_STACK_OK = 0,
    NET_STACK_NO_ROUTE = -1, /* neither on a local network nor behind a gateway */
    NET_STACK_TOO_LONG = -2, /* fits no packet, or not the MTU and may not be fragmented */
    NET_STACK_NO_ROOM = -3,  /* a table is full */
    NET_STACK_IN_USE = -4,   /* the port is taken */
    NET_STACK_BAD = -5,      /* an argument makes no sense */
    NET_STACK_END = -6,      /* of a TCP connection: no more bytes this way */
};

typedef struct {
    NetMac mac;
    NetIp4 address; /* 0: none yet; such a NIC receives broadcasts only */
    uint8_t prefix;
    NetIp4 gateway; /* 0: none */
    uint16_t mtu;   /* 0: NET_DEFAULT_MTU */
} NetStackNic;

typedef enum {
    NET_PROBE_ICMP,
    NET_PROBE_UDP,
    NET_PROBE_TCP,
} NetProbeKind;

/* How a packet reached this stack. */
typedef enum {
    NET_ARRIVED_DIRECTLY, /* in a frame to our MAC address */
    NET_ARRIVED_BY_GROUP, /* in a broadcast or multicast frame */
    NET_ARRIVED_FROM_SELF,
} NetArrival;

typedef enum {
    NET_ARP_FREE,
    NET_ARP_INCOMPLETE, /* asked, no answer yet; packets are held */
    NET_ARP_REACHABLE,  /* known; asked again when used after NET_ARP_FRESH_NS */
    NET_ARP_PROBE,      /* known and in use, but old: a unicast request is under way */
} NetArpState;

typedef struct {
    NetIp4 address;
    NetMac mac;
    uint8_t nic;
    uint8_t state;    /* NetArpState */
    uint8_t tries;    /* requests sent in this state */
    NetTime deadline; /* incomplete, probe: when to ask again */
    NetTime confirmed;
    NetTime used;
} NetArpEntry;

typedef struct {
    /* Sends one Ethernet frame, without FCS. bytes are valid during the call only.
     * stack->tag is that of net_stack_send_packet(); 0: a packet of the stack's own. */
    void (*send)(void *user, unsigned nic, const uint8_t *bytes, size_t length);
    /* An echo request or datagram whose payload begins with a probe (below) has
     * arrived for this stack, or a TCP connection that brings an expected one. May
     * be NULL. Called before the request is answered. */
    void (*probe_seen)(void *user, NetProbeKind kind, uint64_t nonce, NetIp4 from);

    /* DHCP has given a NIC an address, or taken it away. May be NULL. */
    void (*configured)(void *user, unsigned nic, NetTime now);

    /* An entry of the ARP cache has come (from NET_ARP_FREE), changed, was confirmed again,
     * or is about to go: entry->state is NET_ARP_FREE then, the rest as it was. May be NULL. */
    void (*arp_changed)(void *user, const NetArpEntry *entry, NetArpState from, NetTime now);

    /* The rest is for routers, and for hosts whose ports others share. May be NULL. */

    /* An IPv4 packet has arrived, sound, for whomever (a fragment is one too). True:
     * the owner has dealt with it. It may call net_stack_send_packet(). */
    bool (*divert)(void *user, unsigned nic, const uint8_t *packet, size_t length,
                   NetArrival arrival, NetTime now);
    /* A packet of net_stack_send_packet() came to nothing, as nobody answered ARP.
     * Of its bytes, the first NET_STACK_HEAD_BYTES at most. */
    void (*undelivered)(void *user, const uint8_t *packet, size_t length, uint64_t tag,
                        NetTime now);
    /* Is a port (with ICMP an echo id) somebody else's? Then it is not chosen. */
    bool (*port_taken)(void *user, uint8_t protocol, uint16_t port);
} NetStackOps;

#define NET_STACK_HEAD_BYTES 68u /* the longest IPv4 header and what ICMP quotes behind it */

/* --- echo client --- */

typedef enum {
    NET_ECHO_REPLY,
    NET_ECHO_TIMEOUT,
    NET_ECHO_UNREACHABLE,   /* ICMP said so (from, code), or nobody answered ARP (from 0, code 1) */
    NET_ECHO_TIME_EXCEEDED, /* a router at `from` found the TTL used up */
} NetEchoOutcome;

typedef struct {
    NetEchoOutcome outcome;
    NetIp4 to;   /* who was asked */
    NetIp4 from; /* who answered; 0: nobody */
    uint16_t id, sequence;
    uint8_t ttl;  /* of the answer */
    uint8_t code; /* ICMP code of an unreachable or time exceeded */
    uint16_t mtu; /* with "fragmentation needed" (RFC 1191): what would fit */
    NetTime rtt_ns;
    const uint8_t *payload; /* of the reply */
    size_t payload_bytes;
} NetEchoResult;

typedef struct {
    NetIp4 to;
    uint16_t id, sequence;
    uint8_t ttl; /* 0: NET_STACK_TTL */
    bool dont_fragment;
    const void *payload;
    size_t payload_bytes;
    NetTime timeout_ns;
    /* Called once, with the outcome. May be NULL. */
    void (*done)(void *user, const NetEchoResult *result);
    void *user;
} NetPing;

/* --- UDP --- */

typedef struct {
    NetIp4 from, to; /* `to` may be a broadcast address */
    uint16_t from_port, to_port;
    uint8_t nic;
    const uint8_t *bytes;
    size_t length;
    NetTime now;
} NetDatagram;

/* Why a packet came to nothing: an ICMP error (RFC 792). Nobody answered ARP: the one
 * that a router would have sent, "host unreachable", from nobody. */
typedef struct {
    NetIp4 from; /* 0: nobody answered ARP */
    uint8_t type, code;
} NetRefusal;

typedef struct {
    void (*receive)(void *user, const NetDatagram *datagram);
    /* A datagram sent from this port was refused. May be NULL. */
    void (*unreachable)(void *user, NetIp4 to, uint16_t to_port, const NetRefusal *refusal);
    /* Datagrams to this port answer probes of our own: they are not reported to
     * probe_seen although they carry the probe back. */
    bool takes_probe_answers;
} NetUdpOps;

/* --- DHCP client: see stack-dhcp.c --- */

typedef enum {
    NET_DHCP_IDLE, /* the address was given by the owner */
    NET_DHCP_INIT,
    NET_DHCP_SELECTING,
    NET_DHCP_REQUESTING,
    NET_DHCP_CHECKING, /* it has one, and asks by ARP whether somebody else has it */
    NET_DHCP_BOUND,
    NET_DHCP_RENEWING,
    NET_DHCP_REBINDING,
} NetDhcpState;

#define NET_DHCP_CLIENT_DNS 3

typedef struct {
    uint8_t state; /* NetDhcpState */
    uint8_t tries;
    uint8_t prefix;
    uint8_t dns_count;
    uint32_t xid;
    NetIp4 offered, address, server, router; /* address 0: none */
    uint16_t mtu;                            /* 0: the server said nothing */
    NetIp4 dns[NET_DHCP_CLIENT_DNS];
    char domain[48];
    NetTime began, deadline;
    NetTime bound_at, renew_at, rebind_at, expires_at;
} NetDhcpClient;

/* --- DNS client: see stack-dns.c --- */

#define NET_STACK_MAX_RESOLVING    4
#define NET_STACK_MAX_NAME_SERVERS 8
#define NET_NAME_MAX_ADDRESSES     4
#define NET_NAME_BYTES             256

typedef enum {
    NET_NAME_FOUND,
    NET_NAME_UNKNOWN,   /* there is no such name, or it has no address */
    NET_NAME_NO_ANSWER, /* no server answered */
    NET_NAME_FAILED,    /* a server answered that it cannot or will not */
} NetNameOutcome;

typedef struct {
    NetNameOutcome outcome;
    const char *name; /* as it was asked for */
    NetIp4 server;    /* that answered, or was asked last */
    uint8_t code;     /* NET_DNS_NO_ERROR... */
    uint8_t count;
    NetIp4 addresses[NET_NAME_MAX_ADDRESSES];
    uint32_t ttl_s;
    char canonical[NET_NAME_BYTES]; /* what the name is an alias of, else the name */
} NetNameResult;

typedef void (*NetNameDone)(void *user, const NetNameResult *result, NetTime now);

typedef struct {
    bool in_use;
    uint8_t tries;
    uint16_t port, id;
    NetIp4 server;
    NetTime deadline;
    NetNameDone done;
    void *user;
    char name[NET_NAME_BYTES];
} NetResolving;

/* --- TCP probes --- */

#define NET_STACK_MAX_EXPECTED   16
#define NET_STACK_MAX_TCP_PROBES 12

/* What came of a probe, as its sender sees it. */
typedef enum {
    NET_PROBE_ANSWERED,      /* the very bytes came back */
    NET_PROBE_REFUSED,       /* TCP: a reset */
    NET_PROBE_OTHER_ANSWER,  /* an answer came, but not with these bytes */
    NET_PROBE_TIMED_OUT,     /* it left, and nothing came back in time */
    NET_PROBE_UNREACHABLE,   /* an ICMP error came back */
    NET_PROBE_NO_ROUTE,      /* it did not leave: no route */
    NET_PROBE_NO_ARP_ANSWER, /* it did not leave: nobody answers ARP for the next hop */
    NET_PROBE_NOT_SENT,      /* it did not leave: a table is full */
    NET_PROBE_OUTCOME_COUNT
} NetProbeOutcome;

typedef struct {
    NetProbeOutcome outcome;
    NetIp4 by; /* unreachable: who said so; no answer to ARP: who was asked for */
    uint8_t icmp_type, icmp_code; /* of what said so */
    NetTime rtt_ns;               /* answered */
} NetProbeResult;

typedef struct {
    NetIp4 to;
    uint16_t port;
    uint64_t nonce;
    NetTime timeout_ns;
    /* Called once, never from inside net_stack_probe_tcp(). */
    void (*done)(void *user, const NetProbeResult *result);
    void *user;
} NetTcpProbe;

typedef struct {
    uint16_t port; /* 0: free */
    uint64_t nonce;
    NetTime until;
} NetExpectedProbe;

typedef struct {
    NetTcpProbe probe;
    NetTcpId id;
    NetTime sent, deadline;
    NetProbeResult result;
    uint8_t got;       /* bytes of the answer */
    bool in_use, over; /* over: done is told at the next advance */
} NetTcpProbing;

typedef struct {
    NetExpectedProbe expected[NET_STACK_MAX_EXPECTED];
    NetTcpProbing probing[NET_STACK_MAX_TCP_PROBES];
} NetProbeTable;

/* --- the struct; readers may look, only stack*.c writes --- */

/* The cache as one row of entries, as it lies in a NetStack. */
#define NET_ARP_ENTRIES (NET_ARP_SETS * NET_ARP_WAYS)

/* "REACHABLE". Never NULL. */
const char *net_arp_state_name(NetArpState state);

typedef struct {
    NetIp4 network;
    NetIp4 gateway; /* 0: on link */
    uint8_t prefix;
    uint8_t nic;
    bool in_use;
    bool automatic; /* goes with the NIC's address */
} NetRoute;

typedef enum {
    NET_HELD_FOR_ARP,
    NET_HELD_LOOPBACK, /* addressed to this stack itself; arrives at `due` */
    NET_HELD_REFUSED,  /* nobody answered ARP: its sender is about to be told */
} NetHeldState;

/* A frame that waits in held_bytes, one after another in the order of `held`. */
typedef struct {
    NetIp4 next_hop;
    NetTime due;
    uint64_t tag; /* of net_stack_send_packet(); 0: a packet of the stack's own */
    uint16_t length;
    uint8_t nic;
    uint8_t state; /* NetHeldState */
} NetHeld;

typedef struct {
    NetPing ping; /* payload is not kept */
    NetTime sent, deadline;
    bool in_use;
} NetEcho;

typedef struct {
    const NetUdpOps *ops;
    void *user;
    uint16_t port; /* 0: free */
} NetUdpSocket;

/* A datagram that comes in pieces; its bytes are in reassembly_bytes. */
typedef struct {
    NetIp4 source, destination;
    uint16_t id;
    uint8_t protocol;
    bool in_use;
    uint8_t ttl, nic;  /* of the first piece */
    uint16_t total;    /* bytes of payload; 0: the last piece has not come */
    uint16_t highest;  /* the end of the farthest piece so far */
    uint16_t received; /* bytes */
    NetTime deadline;
    uint8_t present[(NET_STACK_REASSEMBLY_BYTES + 63) / 64]; /* a bit for each 8 bytes */
} NetReassembly;

typedef struct {
    NetIp4 to; /* 0: free */
    uint16_t mtu;
    NetTime until;
} NetPath;

typedef struct {
    uint64_t frames_in, frames_out;
    uint64_t not_for_us;        /* another MAC or IP address */
    uint64_t malformed;         /* too short, bad lengths or versions */
    uint64_t bad_checksum;      /* IPv4, ICMP or UDP */
    uint64_t fragments;         /* that came in */
    uint64_t reassembled;       /* datagrams put together from them */
    uint64_t reassembly_failed; /* given up: a piece did not come, or made no sense */
    uint64_t fragmented;        /* datagrams sent in pieces */
    uint64_t unknown_protocol;
    uint64_t no_socket;
    uint64_t held_full;         /* packets dropped while ARP was under way */
    uint64_t arp_failed;        /* packets dropped because nobody answered ARP */
    uint64_t address_conflicts; /* somebody else's ARP names our address (RFC 5227) */
} NetStackCounters;

struct NetStack {
    const NetStackOps *ops;
    void *user;
    NetStackNic nics[NET_STACK_MAX_NICS];
    unsigned nic_count;
    NetRoute routes[NET_STACK_MAX_ROUTES];
    NetArpEntry arp[NET_ARP_SETS][NET_ARP_WAYS];
    NetEcho echoes[NET_STACK_MAX_ECHOES];
    NetUdpSocket sockets[NET_STACK_MAX_SOCKETS];
    NetHeld held[NET_STACK_MAX_HELD];
    unsigned arp_waiting; /* entries that are incomplete or probe */
    unsigned held_count;
    size_t held_used;  /* bytes */
    uint64_t random;   /* state of the stack's own generator */
    uint64_t tag;      /* of the packet on its way to ops->send */
    uint64_t came_tag; /* during divert: of the packet, if it came from this stack itself */
    uint16_t next_ip_id;
    uint16_t next_port;
    NetTime timer; /* earliest deadline of all tables */
    bool timer_stale;
    NetTcpTable tcp;
    NetProbeTable probes;
    NetDhcpClient dhcp[NET_STACK_MAX_NICS];
    NetResolving resolving[NET_STACK_MAX_RESOLVING];
    NetIp4 name_server; /* beside those of DHCP; 0: none */
    NetReassembly reassembly[NET_STACK_MAX_REASSEMBLY];
    NetPath paths[NET_STACK_MAX_PATHS];
    NetStackCounters counters;

    /* From here on bytes, which nobody reads before they were written. */
    uint8_t reassembly_bytes[NET_STACK_MAX_REASSEMBLY][20 + NET_STACK_REASSEMBLY_BYTES];
    uint8_t held_bytes[NET_STACK_HELD_BYTES];
    uint8_t out[NET_MAX_FRAME_BYTES]; /* the frame being built */
};

/* Starts a stack without NICs. ops is kept, not copied. */
void net_stack_init(NetStack *stack, const NetStackOps *ops, void *user, uint64_t seed);

/* Adds a NIC with its routes (its network, and all else by its gateway) and
 * returns its number, from 0; negative: refused. */
int net_stack_add_nic(NetStack *stack, const NetStackNic *nic);

/* Makes a NIC another one, with the routes of that; nothing is announced. Address 0: it
 * takes part in nothing until it is made another one again. */
int net_stack_replace_nic(NetStack *stack, unsigned number, const NetStackNic *nic, NetTime now);

/* Adds a route; of the routes that match the longest prefix wins, then the one
 * added first. gateway 0: on link at the NIC. */
int net_stack_add_route(NetStack *stack, NetIp4 network, unsigned prefix, NetIp4 gateway,
                        unsigned nic);

/* Gives a NIC another address (0: none) with its routes in place of those it had, and
 * announces it (RFC 5227). */
void net_stack_set_address(NetStack *stack, unsigned nic, NetIp4 address, unsigned prefix,
                           NetIp4 gateway, NetTime now);

/* The NIC asks for its address by DHCP from now on (RFC 2131). ops->configured tells
 * of success, stack->dhcp[nic] where it is. */
int net_stack_dhcp_start(NetStack *stack, unsigned nic, NetTime now);
/* Gives the address back, and asks no more. */
void net_stack_dhcp_release(NetStack *stack, unsigned nic, NetTime now);
/* "BOUND", as RFC 2131 figure 5 names it. Never NULL. */
const char *net_dhcp_state_name(NetDhcpState state);

/* Asks the DNS server for the addresses of a name. done is called once, later.
 * NET_STACK_BAD: this is no name; NET_STACK_NO_ROUTE: no server is known. */
int net_stack_resolve(NetStack *stack, const char *name, NetNameDone done, void *user, NetTime now);
/* The server that would be asked first; 0: none. */
NetIp4 net_stack_name_server(const NetStack *stack);

/* A frame has arrived at a NIC. Any bytes of any length are safe. */
void net_stack_input(NetStack *stack, unsigned nic, const uint8_t *frame, size_t length,
                     NetTime now);

/* Does what is due by now: ARP retries, timeouts, packets to oneself. */
void net_stack_advance(NetStack *stack, NetTime now);

/* When net_stack_advance has something to do; NET_TIME_NEVER: nothing is waited
 * for. Ask again after every call of any function here. */
NetTime net_stack_deadline(NetStack *stack);

/* Sends one echo request (RFC 792). The outcome comes to ping->done, later: never
 * from inside this call. Negative: nothing was sent and done is not called. */
int net_stack_ping(NetStack *stack, const NetPing *ping, NetTime now);

/* Binds a UDP port (0: an ephemeral one) on every address. ops is kept, not
 * copied. Returns the port, or negative. */
int net_stack_udp_bind(NetStack *stack, uint16_t port, const NetUdpOps *ops, void *user);
void net_stack_udp_close(NetStack *stack, uint16_t port);

/* Sends one datagram from a port of ours, bound or not. */
int net_stack_udp_send(NetStack *stack, uint16_t from_port, NetIp4 to, uint16_t to_port,
                       const void *bytes, size_t length, NetTime now);

/* Does the stack itself use a port, or wait for an echo reply with this id? */
bool net_stack_port_in_use(const NetStack *stack, uint8_t protocol, uint16_t port);

/* The address that a packet to `to` would carry as its source; 0: no route. */
NetIp4 net_stack_source(const NetStack *stack, NetIp4 to);

/* By which NIC a packet to `to` leaves, and for whose MAC address ARP asks (an address
 * of the stack's own: itself). False: no route. */
bool net_stack_next_hop(const NetStack *stack, NetIp4 to, unsigned *ret_nic, NetIp4 *ret_next_hop);

/* Is it an address of this stack, of a NIC or 127.0.0.0/8? */
bool net_stack_is_own(const NetStack *stack, NetIp4 address);

/* Sends a finished IPv4 packet, from its header on, on the way that the routes have
 * for its destination. tag, not 0, goes with it to ops->send or ops->undelivered. */
int net_stack_send_packet(NetStack *stack, const uint8_t *packet, size_t length, uint64_t tag,
                          NetTime now);

/* --- probes: payloads that name themselves by a nonce, see hv-core/guest/abi.h --- */

#define NET_PROBE_BYTES 16

void net_probe_write(uint8_t bytes[NET_PROBE_BYTES], uint64_t nonce);
/* Does the payload begin with a probe? */
bool net_probe_read(const uint8_t *bytes, size_t length, uint64_t *ret_nonce);

/* Until a time, a TCP connection to the port that begins with this nonce is a probe:
 * probe_seen is told, the bytes are sent back, and no program hears of it. Where
 * none listens, the stack itself takes the connection; where one does, it is told
 * of connections only when their first bytes have turned out not to be the probe. */
int net_stack_expect_probe(NetStack *stack, uint16_t port, uint64_t nonce, NetTime until);

/* Connects, sends the probe, waits for it to come back. */
int net_stack_probe_tcp(NetStack *stack, const NetTcpProbe *probe, NetTime now);

/* What came of a probe by ICMP or UDP, which its owner sends himself: its echo is over;
 * it was refused; its time is over; it could not even be sent. */
NetProbeResult net_probe_echoed(const NetStack *stack, const NetEchoResult *echo, uint64_t nonce);
NetProbeResult net_probe_refused(const NetStack *stack, NetIp4 to, const NetRefusal *refusal);
NetProbeResult net_probe_unanswered(const NetStack *stack, NetIp4 to);
NetProbeResult net_probe_unsent(int error);
