/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.h: the simulated network as a whole; the face netsim shows.
 *
 * A NetWorld holds networks. A network has a mode, which is a recipe: it says
 * which parts (switches, later routers, servers) are made and how a NIC that is
 * attached gets wired to them. After that nobody asks for the mode again.
 *
 * The world is passive. Its owner hands in frames (net_world_transmit), asks for
 * the next time something happens (net_world_deadline), lets it happen
 * (net_world_advance), and takes what reached a NIC (net_world_take_delivery).
 * Equal calls give equal events: the order is total by (time, class, creation
 * number), the classes being cable commands, timers of parts, arrivals, and
 * transmissions.
 */
#pragma once

#include "netsim/observer.h"

#define NET_MAX_NETWORKS          4096
#define NET_MAX_PORTS             65536 /* in the whole world */
#define NET_MAX_STEPS_PER_INSTANT 1000000
#define NET_MAX_PORTS_PER_NIC     4 /* that attaching one makes */
#define NET_MAX_MAC_ROWS          (1u << 20)
#define NET_MIN_MTU               68u /* RFC 791 3.2 */
#define NET_MIN_RATE_BPS          UINT64_C(1000)
#define NET_MAX_LATENCY_NS        (3600 * NET_NS_PER_SECOND)
#define NET_MAX_RATE_BPS          UINT64_C(10000000000000)

#define NET_DEFAULT_LATENCY_NS  UINT64_C(10000) /* of each link: a NIC to its switch */
#define NET_DEFAULT_RATE_BPS    UINT64_C(1000000000)
#define NET_DEFAULT_QUEUE_BYTES (512u * 1024)             /* that wait to enter a link, each way */
#define NET_DEFAULT_AGEING_NS   (300 * NET_NS_PER_SECOND) /* IEEE 802.1Q, table 8-6 */
#define NET_DEFAULT_MAC_ROWS    4096

typedef struct NetWorld NetWorld;

#define NET_ERROR net_error_quark()
GQuark net_error_quark(void);
typedef enum {
    NET_ERROR_CONFIG, /* a value is out of its range, or a name is unknown */
    NET_ERROR_LIMIT,
} NetError;

typedef struct {
    uint64_t *frame_ids;  /* counter shared with others: the last Ethernet frame id given */
    NetObserver observer; /* copied */
    void *observer_user;
    uint64_t seed; /* of what goes wrong on cables */
} NetWorldConfig;

NetWorld *net_world_new(const NetWorldConfig *config);
void net_world_free(NetWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetWorld, net_world_free)

/* What arrives at a port of the host goes to a port behind the NAT. */
typedef struct NetForward {
    const char *name;    /* or NULL */
    uint8_t protocol;    /* NET_PROTOCOL_TCP or NET_PROTOCOL_UDP */
    NetIp4 host_address; /* 0: every address of the host */
    uint16_t host_port;
    NetIp4 guest_address; /* 0, mode nat only: what the DHCP server there gives */
    uint16_t guest_port;
    uint32_t vm; /* mode nat: behind whose router; NET_ANY_VM: of the first NIC attached */
} NetForward;

#define NET_ANY_VM         UINT32_MAX
#define NET_MAX_FORWARDS   4096 /* of a network */
#define NET_MAX_DHCP_RANGE 65536u

typedef struct {
    NetMac mac;
    NetIp4 address;
} NetReservation;

typedef enum {
    NET_DHCP_AS_MODE, /* host-only, nat-network, nat: a server; internal: none */
    NET_DHCP_ON,
    NET_DHCP_OFF,
} NetDhcpChoice;

/* Zero: as the mode has it. The mode bridged has no server of its own. */
typedef struct {
    NetDhcpChoice choice;
    NetIp4 server;
    NetIp4 first, last;
    NetTime lease_ns;
    const NetReservation *reservations;
    size_t reservation_count;
} NetDhcpConfig;

/* Zero means the default, here and below, except where said otherwise. Arrays and
 * strings are copied. */
typedef struct {
    const char *name;
    const char *mode;      /* one of net_world_modes() */
    NetTime latency_ns;    /* of each link */
    uint64_t rate_bps;     /* of each link, each way; NET_RATE_UNLIMITED: takes no time */
    uint32_t queue_bytes;  /* before each link, each way */
    uint32_t mtu;          /* largest IP packet; frames may be longer by their headers */
    NetTime mac_ageing_ns; /* NET_TIME_NEVER: rows stay */
    uint32_t mac_rows;     /* bound on the MAC table */
    NetIp4 subnet;         /* 0: as the mode has it, for nat 10.0.(n+2).0/24 by the NIC */
    uint8_t prefix;        /* of the subnet */
    NetDhcpConfig dhcp;
    const NetForward *forwards; /* nat and nat-network */
    size_t forward_count;
    uint32_t nat_rows;      /* bound on each NAT's table */
    bool wifi;              /* bridged: the host's NIC is a wireless one */
    NetLinkQuality quality; /* of each link */
    /* Switches and what joins them; none: one that is called as the network. Name, MTU,
     * ageing time and rows may be left to the network. */
    const NetSwitchConfig *switches;
    uint32_t switch_count;
    const NetTrunkConfig *trunks;
    uint32_t trunk_count;
} NetNetworkConfig;

#define NET_RATE_UNLIMITED UINT64_MAX

/* Names of the modes, NULL-terminated. */
const char *const *net_world_modes(void);
/* Where a network touches the host (proto/recipe.h), net_world_add_outside() is called
 * (outside.h), after the networks were added and before NICs are attached. */

bool net_world_add_network(NetWorld *world, const NetNetworkConfig *config, NetTime now,
                           NetNetworkId *ret_network, GError **error);

typedef struct {
    NetNetworkId network;
    uint32_t vm, nic;   /* the caller's tag, handed back with deliveries */
    NetMac mac;         /* zero: not known here */
    uint32_t on_switch; /* number of the network's switch that its cable leads to */
    NetPortConfig port; /* of the switch's end */
    NetRate shape;      /* of its cable, each way */
} NetNicConfig;

/* Attaches a NIC. Its cable is plugged. */
bool net_world_attach_nic(NetWorld *world, const NetNicConfig *config, NetTime now,
                          NetPortId *ret_port, GError **error);
/* The same for a NIC of which nothing is known but whose it is. */
bool net_world_attach(NetWorld *world, NetNetworkId network, uint32_t vm, uint32_t nic, NetTime now,
                      NetPortId *ret_port, GError **error);

/* --- another mode, while the world runs (remake.c) --- */

/* Takes everything that the network had apart and makes it anew as config says, whose name
 * does not count. NICs and uplinks stay, and are left without a cable until each is attached
 * again. Rows, rules and leases of what is gone are reported as over. Refused, with nothing
 * changed: config is wrong, or there is no host, no LAN, no room for it. */
bool net_world_remake_network(NetWorld *world, NetNetworkId network, const NetNetworkConfig *config,
                              NetTime now, GError **error);
/* config is as for attaching; its network is the port's. */
void net_world_attach_again(NetWorld *world, NetPortId port, const NetNicConfig *config,
                            NetTime now);

/* A way out of the simulation, wired as a NIC would be (uplink.h). tag comes back with
 * deliveries as `nic`, beside NET_UPLINK_VM. */
bool net_world_attach_uplink(NetWorld *world, NetNetworkId network, uint32_t tag, NetTime now,
                             NetPortId *ret_port, GError **error);
#define NET_UPLINK_VM UINT32_MAX

/* A forward rule more, or one less, while the world runs (from `at` on; not before
 * the time reached). Refused: the port is taken; there is no rule of that name. */
bool net_world_add_forward(NetWorld *world, NetNetworkId network, const NetForward *forward,
                           NetTime at, GError **error);
bool net_world_remove_forward(NetWorld *world, NetNetworkId network, const char *name, NetTime at);

/* --- what can be set while the world runs, from `now` (the time reached) on --- */

/* Of the cable at a port, both ways. */
void net_world_set_quality(NetWorld *world, NetPortId port, const NetLinkQuality *quality,
                           NetTime now);
/* Of the switch port at the other end of a NIC's cable; false: there is no switch. */
bool net_world_set_acl(NetWorld *world, NetPortId nic_port, bool in, const NetAcl *acl,
                       NetTime now);
/* A flow or a mirror more, or one flow less, in a network's switch. Ports are the
 * switch's own. False: no room, no such flow or port, or the network has no such switch. */
bool net_world_add_flow(NetWorld *world, NetNetworkId network, uint32_t number, const NetFlow *flow,
                        NetTime now);
bool net_world_remove_flow(NetWorld *world, NetNetworkId network, uint32_t number, const char *name,
                           NetTime now);
bool net_world_add_mirror(NetWorld *world, NetNetworkId network, uint32_t number,
                          const NetMirror *mirror);
/* The end of a trunk's cable at the switch a (or b) of its config. */
NetPortId net_world_trunk_port(const NetWorld *world, NetNetworkId network, uint32_t trunk,
                               uint32_t cable, bool at_b);

/* How DNS calls the machine with this MAC address once it has a lease. */
void net_world_name_machine(NetWorld *world, NetMac mac, const char *name);

/* A frame leaves the NIC at a time that is not before the time reached, nor
 * before the port's last one. The frame is borrowed (a reference is taken). */
void net_world_transmit(NetWorld *world, NetPortId port, NetFrame *frame, NetTime at);
/* The same from bytes, which are copied. id 0: the next of the shared counter. */
void net_world_transmit_bytes(NetWorld *world, NetPortId port, const uint8_t *bytes, size_t length,
                              uint64_t id, NetTime at);

/* Plugs or unplugs the cable of a port at a time not before the time reached. */
void net_world_set_link(NetWorld *world, NetPortId port, bool up, NetTime at);

/* The earliest time at which something happens; NET_TIME_NEVER: nothing will. */
NetTime net_world_deadline(const NetWorld *world);

/* Does everything due at times up to limit, and returns the time reached: limit,
 * or the earlier time at which frames were delivered (all of that instant). */
NetTime net_world_advance(NetWorld *world, NetTime limit);

typedef struct {
    NetTime time;
    NetPortId port;
    uint32_t vm, nic; /* the tag given to net_world_attach */
    NetFrame *frame;  /* a reference, now the taker's */
} NetDelivery;

/* The next delivery, in order; false: none. */
bool net_world_take_delivery(NetWorld *world, NetDelivery *ret_delivery);

/* Has the world stopped for good (observer: overrun)? */
bool net_world_stopped(const NetWorld *world);

/* The least time between a frame's leaving any NIC and its reaching another one,
 * cables unplugged or not; NET_TIME_NEVER: no NIC can reach another. */
NetTime net_world_lookahead(const NetWorld *world);

/* --- live state, for reports and tests --- */

typedef struct {
    NetPortId port;
    NetPartId part;
    NetNetworkId network;
    uint32_t number;  /* which port of its part */
    const char *kind; /* of its part */
    uint32_t vm, nic; /* for kind "nic" */
    NetPortId peer;   /* the other end of its cable */
    bool up;
    uint64_t out_frames, out_bytes;   /* put on the cable here */
    uint64_t in_frames, in_bytes;     /* taken from the cable here */
    uint64_t dropped[NET_DROP_COUNT]; /* leaving here, or just after coming in here */
} NetPortInfo;

uint32_t net_world_port_count(const NetWorld *world);
void net_world_port(const NetWorld *world, NetPortId port, NetPortInfo *ret_info);

uint32_t net_world_network_count(const NetWorld *world);
const char *net_world_network_name(const NetWorld *world, NetNetworkId network);
const char *net_world_network_mode(const NetWorld *world, NetNetworkId network);
/* -1: no such network. */
int64_t net_world_find_network(const NetWorld *world, const char *name);

typedef struct {
    uint16_t vlan;
    NetMac mac;
    NetPortId port;
    NetTime last_seen;
} NetMacRow;

/* The rows of a network's NATs, by (part, id): of NetNatRow. g_array_unref(). */
GArray *net_world_nat_table(const NetWorld *world, NetNetworkId network);
/* The leases of a network's DHCP servers, by (part, address): of NetLease. */
GArray *net_world_leases(const NetWorld *world, NetNetworkId network);

/* The rows of a network's switches, by (switch, VLAN, address). g_array_unref(). */
GArray *net_world_mac_table(const NetWorld *world, NetNetworkId network);
