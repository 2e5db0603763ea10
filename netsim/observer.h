/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer.h: what netsim reports while it works.
 *
 * One function per kind of event; a member that is NULL is not called. An
 * observer may not call back into netsim. Times never go back.
 *
 * A port is one end of a cable: of a NIC or of a switch. Ports, parts (switches
 * and NICs) and networks are numbered in order of creation over the whole world;
 * the events part_new, port_new and link_new tell a reader how all of it is wired.
 */
#pragma once

#include "netsim/frame.h"
#include "netsim/proto/stack.h"
#include "netsim/settings.h"

/* Why a frame went no further. */
typedef enum {
    NET_DROP_LINK_DOWN,          /* the cable is unplugged, or was while the frame was under way */
    NET_DROP_LINK_QUEUE_FULL,    /* more waits to be sent than the queue holds */
    NET_DROP_RUNT,               /* shorter than an Ethernet header */
    NET_DROP_OVERSIZE,           /* longer than the network's MTU allows */
    NET_DROP_BAD_SOURCE,         /* source address is a group address or all zeros */
    NET_DROP_RESERVED_MULTICAST, /* 01:80:c2:00:00:0x stays on its link (IEEE 802.1Q 8.6.3) */
    NET_DROP_SAME_PORT,          /* destination is on the segment it came from */
    NET_DROP_NO_OTHER_PORT,      /* to be flooded, but no other port is up */
    /* Routers, and hosts that are none. */
    NET_DROP_NOT_FORWARDING, /* for somebody else, and this is a host, no router */
    NET_DROP_TTL_EXCEEDED,   /* the last hop that its TTL allowed */
    NET_DROP_NO_ROUTE,       /* no route to the destination */
    NET_DROP_NO_ARP_ANSWER,  /* the next hop does not say what its MAC address is */
    NET_DROP_TOO_BIG,        /* longer than the next MTU, and "don't fragment" is set */
    NET_DROP_MALFORMED,      /* headers contradict themselves, or a checksum is wrong */
    NET_DROP_MARTIAN,        /* an address that may not be on this wire (RFC 1812 5.3.7) */
    NET_DROP_ROUTER_BUSY,    /* too many packets wait for ARP */
    /* NAT. */
    NET_DROP_NAT_NO_ROW,        /* from outside, and neither a row nor a rule lets it in */
    NET_DROP_NAT_NOT_SYN,       /* TCP from inside, no row, and not the start of a connection */
    NET_DROP_NAT_PROTOCOL,      /* neither TCP, UDP nor ICMP echo */
    NET_DROP_NAT_TABLE_FULL,    /* no row is free */
    NET_DROP_NAT_NO_PORT,       /* no port of the outside address is free */
    NET_DROP_NAT_FRAGMENT,      /* a fragment whose first one was not seen */
    NET_DROP_NAT_GROUP_ADDRESS, /* broadcast and multicast do not pass */
    NET_DROP_WIFI_UNKNOWN,      /* nobody behind the bridge has this IP address */
    NET_DROP_LINK_LOSS,         /* the cable is bad, as it was asked to be */
    NET_DROP_VLAN_TAGGED,       /* a tag on an access port */
    NET_DROP_VLAN_NOT_ALLOWED,  /* a VLAN that the port is not in */
    NET_DROP_NO_NATIVE_VLAN,    /* no tag on a trunk without a native VLAN */
    NET_DROP_PORT_BLOCKED,      /* by the spanning tree */
    NET_DROP_FORGED_SOURCE,     /* source address is not the NIC's own */
    NET_DROP_MAC_CHANGED,       /* its NIC uses another address than its own */
    NET_DROP_MAC_LIMIT,         /* one address more than may live on the port */
    NET_DROP_RATE_CAP,          /* more than the port may send */
    NET_DROP_ACL_IN,            /* a rule of the port's list for what comes in */
    NET_DROP_ACL_OUT,           /* and for what goes out */
    NET_DROP_STORM_CONTROL,     /* more flooded frames than the port may cause */
    NET_DROP_FLOW,              /* the flow table says so, or leads nowhere */
    NET_DROP_NOT_FOR_IT,        /* flooded, but hidden from a NIC that may see its own only */
    NET_DROP_COUNT
} NetDropReason;

/* Why a row left a MAC table. */
typedef enum {
    NET_AGED_IDLE,      /* not heard from for the ageing time */
    NET_AGED_PORT_DOWN, /* its port's cable was unplugged */
    NET_AGED_COUNT
} NetAgedReason;

/* --- what routers, NATs and servers report, see nat.h and dhcp-server.h --- */

typedef struct {
    NetIp4 address;
    uint16_t port; /* of ICMP echo: the identifier */
} NetSocketAddress;

typedef enum {
    NET_NAT_UDP,          /* idle for 5 min: gone (RFC 4787 REQ-5) */
    NET_NAT_ICMP,         /* 60 s (RFC 5508 REQ-2) */
    NET_NAT_SYN_SENT,     /* TCP, and so are all below; 4 min (RFC 5382 REQ-5), but ... */
    NET_NAT_SYN_RECEIVED, /* a SYN from each side */
    NET_NAT_ESTABLISHED,  /* ... 2 h 4 min */
    NET_NAT_FIN_WAIT,     /* one side has closed */
    NET_NAT_CLOSING,      /* both have */
    NET_NAT_TIME_WAIT,    /* and both FINs are acknowledged */
    NET_NAT_RESET,        /* a RST went by */
    NET_NAT_STATE_COUNT
} NetNatState;

#define NET_NO_RULE UINT16_MAX

/* A row of a NAT's table: one connection, as each side sees it. A packet from
 * inside to inside_peer leaves as one from outside to outside_peer, and back. The
 * two peers are the same but where the NAT stands in for somebody: 10.0.2.2 inside
 * is 127.0.0.1 outside. */
typedef struct {
    uint32_t id; /* of its NAT, from 1, never given twice */
    uint8_t protocol;
    uint8_t state;    /* NetNatState */
    bool from_inside; /* who began */
    uint16_t rule;    /* the forward rule that let it in, by number; NET_NO_RULE */
    NetSocketAddress inside, inside_peer;
    NetSocketAddress outside, outside_peer;
    NetTime created, expires; /* expires moves on with every packet */
    uint64_t packets_out, packets_in;
} NetNatRow;

typedef enum {
    NET_NAT_OUTBOUND,
    NET_NAT_INBOUND,
} NetNatDirection;

typedef enum {
    NET_DHCP_EVENT_DISCOVER,
    NET_DHCP_EVENT_OFFER,
    NET_DHCP_EVENT_REQUEST,
    NET_DHCP_EVENT_ACK,
    NET_DHCP_EVENT_NAK,
    NET_DHCP_EVENT_RELEASE,
    NET_DHCP_EVENT_DECLINE,
    NET_DHCP_EVENT_INFORM,
    NET_DHCP_EVENT_EXHAUSTED, /* a DISCOVER stays unanswered: no address is left */
    NET_DHCP_EVENT_EXPIRED,   /* a lease has run out */
    NET_DHCP_EVENT_COUNT
} NetDhcpEventKind;

typedef struct {
    NetDhcpEventKind kind;
    NetMac mac;
    NetIp4 address; /* offered, given, asked for, given back; 0: none */
    NetTime lease_ns;
    char name[64]; /* the client's; "" */
} NetDhcpEvent;

typedef enum {
    NET_LEASE_OFFERED,  /* kept for a client that was made an offer */
    NET_LEASE_BOUND,    /* a client has it */
    NET_LEASE_DECLINED, /* somebody else uses it, a client said */
} NetLeaseState;

typedef struct {
    NetIp4 address;
    NetMac mac;
    uint8_t state; /* NetLeaseState */
    NetTime expires;
    char name[64];
} NetLease;

typedef enum {
    NET_DNS_FOUND,     /* answered from names known here */
    NET_DNS_NOT_FOUND, /* NXDOMAIN */
    NET_DNS_FORWARDED, /* passed on to another server */
    NET_DNS_UNABLE,    /* not a query for an address, or none at all */
    NET_DNS_OUTCOME_COUNT
} NetDnsOutcome;

/* --- machines that are no VMs, see endpoint.h --- */

typedef enum {
    NET_ENDPOINT_HOST,
    NET_ENDPOINT_LAN,
    NET_ENDPOINT_INTERNET,
} NetEndpointKind;

/* --- switches --- */

/* Why somebody gets a copy of a frame that is not for it. */
typedef enum {
    NET_COPY_MIRROR,      /* a mirror port */
    NET_COPY_PROMISCUOUS, /* a NIC that may see what goes between others */
    NET_COPY_COUNT
} NetCopyReason;

/* Of a port that takes part in the spanning tree (IEEE 802.1D-1998 8.4). */
typedef enum {
    NET_TREE_DISABLED, /* no cable */
    NET_TREE_BLOCKING, /* would close a loop */
    NET_TREE_LISTENING,
    NET_TREE_LEARNING,
    NET_TREE_FORWARDING,
    NET_TREE_STATE_COUNT
} NetTreeState;

typedef enum {
    NET_TREE_ROOT,       /* nearest to the root */
    NET_TREE_DESIGNATED, /* nearer to the root than what else is on its cable */
    NET_TREE_ALTERNATE,  /* neither */
    NET_TREE_ROLE_COUNT
} NetTreeRole;

/* Names as traces and reports print them: "link-queue-full". Never NULL. */
const char *net_drop_reason_name(NetDropReason reason);
const char *net_aged_reason_name(NetAgedReason reason);
const char *net_nat_state_name(NetNatState state);
const char *net_dhcp_event_name(NetDhcpEventKind kind);
const char *net_dns_outcome_name(NetDnsOutcome outcome);
const char *net_tree_state_name(NetTreeState state);

struct NetForward; /* network.h */

/* What a part is, and for a NIC whose. */
typedef struct {
    NetPartId part;
    NetNetworkId network;
    const char *kind; /* "nic", "switch", "router", "nat", "dhcp-server", "host", ... */
    uint32_t vm, nic; /* the tag given to net_world_attach, for kind "nic" */
} NetPartInfo;

typedef struct {
    void (*network_new)(void *user, NetTime at, NetNetworkId network, const char *name,
                        const char *mode);
    void (*part_new)(void *user, NetTime at, const NetPartInfo *info);
    /* number: which port of its part, from 0. network: the port's, mostly its part's;
     * a router or the host has ports on several. */
    void (*port_new)(void *user, NetTime at, NetPortId port, NetPartId part, uint32_t number,
                     NetNetworkId network);
    void (*link_new)(void *user, NetTime at, NetPortId a, NetPortId b, NetTime latency_ns,
                     uint64_t rate_bps);
    /* The network is made anew by another mode: what it had is gone, what it will have is
     * yet to come. */
    void (*network_mode)(void *user, NetTime at, NetNetworkId network, const char *mode);
    /* The cable is taken away (both ends are down); the port, with its part. */
    void (*link_gone)(void *user, NetTime at, NetPortId a, NetPortId b);
    void (*port_gone)(void *user, NetTime at, NetPortId port);
    /* The cable at this port was plugged or unplugged; reported for both of its ends. */
    void (*port_state)(void *user, NetTime at, NetPortId port, bool up);

    /* netsim made a frame of its own (parent 0) or rewrote one. A frame that came
     * from outside was reported by who sent it. */
    void (*frame_new)(void *user, NetTime at, const NetFrame *frame);
    /* A frame goes onto the cable at this port: the first bit leaves at departs
     * (later than `at` when others wait before it), the last arrives at arrives. */
    void (*link_enter)(void *user, NetTime at, NetPortId from, NetPortId to, const NetFrame *frame,
                       NetTime departs, NetTime arrives);
    /* from: the port where the frame was to leave, or had left. */
    void (*link_drop)(void *user, NetTime at, NetPortId from, const NetFrame *frame,
                      NetDropReason why);
    /* A frame arrived at a NIC: it waits to be taken by net_world_take_delivery(). */
    void (*delivered)(void *user, NetTime at, NetPortId port, const NetFrame *frame);

    void (*switch_received)(void *user, NetTime at, NetPortId in, const NetFrame *frame);
    void (*switch_learned)(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac);
    void (*switch_moved)(void *user, NetTime at, NetPortId from, NetPortId to, uint16_t vlan,
                         NetMac mac);
    void (*switch_aged)(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac,
                        NetAgedReason why);
    /* The table is full: this address stays unknown. */
    void (*switch_table_full)(void *user, NetTime at, NetPortId port, uint16_t vlan, NetMac mac);
    /* The MAC table knew the way. */
    void (*switch_forward)(void *user, NetTime at, NetPortId in, NetPortId out,
                           const NetFrame *frame);
    /* Group address, or unknown: out of every other port that is up, `ports` of
     * them; each copy is a link_enter of its own. */
    void (*switch_flood)(void *user, NetTime at, NetPortId in, uint32_t ports,
                         const NetFrame *frame);
    void (*switch_drop)(void *user, NetTime at, NetPortId in, const NetFrame *frame,
                        NetDropReason why);
    /* A router passes a frame's packet on by another port. The frame that leaves
     * names this one as its parent, now or once ARP has answered. */
    void (*router_forward)(void *user, NetTime at, NetPortId in, NetPortId out, NetIp4 next_hop,
                           const NetFrame *frame);
    void (*router_drop)(void *user, NetTime at, NetPortId in, uint64_t frame, NetDropReason why);

    /* A wireless adapter puts the host's MAC address in place of a VM's (outbound), or
     * the other way round. The frame that leaves names this one as its parent. */
    void (*wifi_rewrite)(void *user, NetTime at, NetPortId in, const NetFrame *frame, NetMac mac,
                         NetIp4 address, bool outbound);

    /* A NAT has a new row, because of this frame. port: one of the NAT's own. */
    void (*nat_new)(void *user, NetTime at, NetPortId port, const NetNatRow *row,
                    const NetFrame *frame);
    void (*nat_state)(void *user, NetTime at, NetPortId port, const NetNatRow *row);
    /* A packet is translated as the row says. The frame that it leaves in names this
     * one as its parent. */
    void (*nat_rewrite)(void *user, NetTime at, NetPortId in, const NetNatRow *row,
                        NetNatDirection direction, const NetFrame *frame);
    void (*nat_drop)(void *user, NetTime at, NetPortId in, const NetFrame *frame,
                     NetDropReason why);
    void (*nat_expired)(void *user, NetTime at, NetPortId port, const NetNatRow *row);
    /* A forward rule came (up) or went. rule->name may be "". */
    void (*nat_rule)(void *user, NetTime at, NetPortId port, uint16_t rule,
                     const struct NetForward *forward, bool up);

    /* frame: what set it off; NULL for NET_DHCP_EVENT_EXPIRED. */
    void (*dhcp)(void *user, NetTime at, NetPortId port, const NetDhcpEvent *event,
                 const NetFrame *frame);
    /* A query arrived in this frame. address: the answer; 0: none. */
    void (*dns)(void *user, NetTime at, NetPortId port, const char *name, NetDnsOutcome outcome,
                NetIp4 address, const NetFrame *frame);

    /* In the ARP cache of a machine that is no VM: see NetStackOps.arp_changed. port: of the
     * NIC that the entry is for. */
    void (*arp_changed)(void *user, NetTime at, NetPortId port, const NetArpEntry *entry,
                        NetArpState from);

    /* A machine that is no VM has a NIC. number: the caller's, see endpoint.h. */
    void (*endpoint_nic)(void *user, NetTime at, NetPortId port, NetEndpointKind kind,
                         uint32_t number, const char *name, const NetStackNic *nic);
    /* A probe with this nonce has reached it. */
    void (*probe_seen)(void *user, NetTime at, NetEndpointKind kind, uint32_t number,
                       NetProbeKind how, uint64_t nonce, NetIp4 from);
    /* A probe of its own, by the id that the caller gave, is over. */
    void (*probe_over)(void *user, NetTime at, NetEndpointKind kind, uint32_t number, uint32_t id,
                       const NetProbeResult *result);

    /* A frame was to leave by a port, but that one port did not let it out. */
    void (*switch_egress_drop)(void *user, NetTime at, NetPortId in, NetPortId out,
                               const NetFrame *frame, NetDropReason why);
    void (*switch_copy)(void *user, NetTime at, NetPortId in, NetPortId out, const NetFrame *frame,
                        NetCopyReason why);

    void (*switch_new)(void *user, NetTime at, NetPartId part, NetNetworkId network,
                       const NetSwitchConfig *config);
    /* What holds for a port of a switch from now on; vlans: frames belong to VLANs there. */
    void (*port_config)(void *user, NetTime at, NetPortId port, bool vlans,
                        const NetPortConfig *config);
    /* Flows are numbered from 1 in each switch; one that is replaced gets a new number. */
    void (*flow_added)(void *user, NetTime at, NetPartId part, uint32_t number,
                       const NetFlow *flow);
    void (*flow_removed)(void *user, NetTime at, NetPartId part, uint32_t number);
    void (*flow_match)(void *user, NetTime at, NetPortId in, uint32_t number,
                       const NetFrame *frame);
    void (*to_controller)(void *user, NetTime at, NetPortId in, uint32_t number,
                          const NetFrame *frame);
    void (*tree_port)(void *user, NetTime at, NetPortId port, NetTreeState from, NetTreeState to,
                      NetTreeRole role);
    /* What a bridge now takes for the root. root_port: NET_NO_PORT when it is the root. */
    void (*tree_root)(void *user, NetTime at, NetPartId part, uint64_t bridge, uint64_t root,
                      uint32_t cost, NetPortId root_port);
    /* A BPDU: it goes no further, and is not dropped. */
    void (*tree_heard)(void *user, NetTime at, NetPortId port, const NetFrame *frame);
    /* Another cable of a team carries its frames. */
    void (*team_active)(void *user, NetTime at, NetPortId from, NetPortId to);
    /* What goes wrong from now on with frames that enter the cable at this port. */
    void (*link_quality)(void *user, NetTime at, NetPortId from, const NetLinkQuality *quality);
    /* More than NET_MAX_STEPS_PER_INSTANT steps without time passing: the world
     * has stopped for good. */
    void (*overrun)(void *user, NetTime at, uint64_t steps);
} NetObserver;
