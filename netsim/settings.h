/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settings.h: what a person can set on cables, switch ports and switches.
 *
 * Zero means "nothing special" everywhere: a port that is all zeros is a port of a
 * plain learning switch, a cable whose quality is all zeros is perfect. Pointers
 * are borrowed for the call that takes the struct; what is kept is copied.
 */
#pragma once

#include <glib.h>

#include "netsim/proto/types.h"

typedef uint32_t NetPortId;
typedef uint32_t NetPartId;
typedef uint32_t NetNetworkId;
#define NET_NO_PORT UINT32_MAX

/* --- cables --- */

/* What goes wrong on a cable, each way by itself, decided by the world's seed. */
typedef struct {
    NetTime delay_ns;  /* on top of the cable's latency */
    NetTime jitter_ns; /* up to so much more; frames stay in order */
    uint32_t loss_ppm; /* of a million frames, so many are lost under way */
    uint32_t duplicate_ppm;
    uint32_t reorder_ppm; /* held back by as long again, so that later ones overtake */
} NetLinkQuality;

/* A token bucket: so many bits a second, and so many bytes at once. 0 bit/s: none. */
typedef struct {
    uint64_t rate_bps;
    uint32_t burst_bytes;
} NetRate;

/* --- matching frames --- */

enum {
    NET_MATCH_IN_PORT = 1u << 0,
    NET_MATCH_SOURCE = 1u << 1, /* MAC addresses */
    NET_MATCH_DESTINATION = 1u << 2,
    NET_MATCH_VLAN = 1u << 3,
    NET_MATCH_TYPE = 1u << 4,
    NET_MATCH_SOURCE_IP = 1u << 5, /* from here on: only IPv4 frames match */
    NET_MATCH_DESTINATION_IP = 1u << 6,
    NET_MATCH_PROTOCOL = 1u << 7,
    NET_MATCH_SOURCE_PORT = 1u << 8, /* only UDP and TCP, not a later fragment */
    NET_MATCH_DESTINATION_PORT = 1u << 9,
};

typedef struct {
    uint32_t fields;   /* that must agree: NET_MATCH_... */
    NetPortId in_port; /* the switch's end of the cable */
    NetMac source, destination;
    uint16_t vlan; /* that the frame belongs to; 0: none */
    uint16_t type; /* EtherType behind the tags */
    NetIp4 source_ip, source_mask;
    NetIp4 destination_ip, destination_mask;
    uint8_t protocol;
    uint16_t source_first, source_last; /* ports, a range */
    uint16_t destination_first, destination_last;
} NetMatch;

/* --- access control lists --- */

#define NET_MAX_ACL_RULES 256

typedef struct {
    NetMatch match;
    bool allow;
} NetAclRule;

/* The first rule that matches decides; an IPv4 frame that none matches passes. Frames
 * other than IPv4 (ARP) always pass. */
typedef struct {
    const NetAclRule *rules;
    uint32_t count;
} NetAcl;

/* --- ports of a switch --- */

typedef enum {
    NET_VLAN_ACCESS, /* untagged frames, all of one VLAN */
    NET_VLAN_TRUNK,  /* tagged frames of several VLANs, untagged ones of the native VLAN */
} NetVlanMode;

#define NET_MAX_VLAN        4094u
#define NET_DEFAULT_VLAN    1u
#define NET_MAX_VLAN_RANGES 16
#define NET_NO_NATIVE_VLAN  UINT16_MAX

typedef struct {
    uint16_t first, last;
} NetVlanRange;

/* What a NIC may see that is not for it. */
typedef enum {
    NET_PROMISCUOUS_UNSET,     /* what a physical switch sends out of its port */
    NET_PROMISCUOUS_DENY,      /* nothing: flooded frames for others are hidden from it too */
    NET_PROMISCUOUS_ALLOW_VMS, /* everything between VMs */
    NET_PROMISCUOUS_ALLOW_ALL, /* everything */
} NetPromiscuous;

typedef struct {
    NetMac mac; /* of the NIC at the other end; zero: not known, and then the next three idle */
    NetPromiscuous promiscuous;
    bool refuse_forged;      /* drop what it sends under another address than its own */
    bool refuse_mac_changes; /* while it uses another address, nothing is sent to it */
    bool is_vm;              /* as allow-vms means it */
    uint32_t mac_limit;      /* addresses that may live here; 0: any number */
    NetVlanMode vlan_mode;
    uint16_t vlan; /* access VLAN, or a trunk's native one (or NET_NO_NATIVE_VLAN); 0: 1 */
    NetVlanRange vlans[NET_MAX_VLAN_RANGES]; /* of a trunk; none: all */
    uint32_t vlan_count;
    NetAcl acl_in, acl_out; /* into the switch, out of it */
    NetRate rate_cap;       /* into the switch: what is above is dropped */
    uint32_t mtu;           /* of this port; 0: the switch's */
    bool bridge;            /* leads to another switch: takes part in the spanning tree */
    uint32_t path_cost;     /* of the spanning tree; 0: by the cable's rate */
} NetPortConfig;

/* --- flow tables --- */

#define NET_MAX_FLOWS        4096
#define NET_MAX_FLOW_ACTIONS 8
#define NET_MAX_FLOW_NAME    32

typedef enum {
    NET_ACTION_OUTPUT, /* out of a port */
    NET_ACTION_FLOOD,
    NET_ACTION_NORMAL, /* as a switch without a flow table does */
    NET_ACTION_DROP,
    NET_ACTION_CONTROLLER, /* tell whoever programs the switch */
    NET_ACTION_SET_SOURCE,
    NET_ACTION_SET_DESTINATION,
    NET_ACTION_SET_SOURCE_IP,
    NET_ACTION_SET_DESTINATION_IP,
    NET_ACTION_PUSH_VLAN,
    NET_ACTION_POP_VLAN,
    NET_ACTION_COUNT
} NetActionKind;

typedef struct {
    NetActionKind kind;
    NetPortId port;
    NetMac mac;
    NetIp4 ip;
    uint16_t vlan;
} NetAction;

typedef struct {
    char name[NET_MAX_FLOW_NAME];
    uint32_t priority; /* larger is asked first; equal ones in the order they came */
    NetMatch match;
    NetAction actions[NET_MAX_FLOW_ACTIONS];
    uint32_t action_count; /* 0: drop */
} NetFlow;

/* --- mirrors --- */

#define NET_MAX_MIRRORS 8

enum { NET_MIRROR_IN = 1u << 0, NET_MIRROR_OUT = 1u << 1 };

/* Copies of what passes a port (as it is on the cable) also leave by another one. */
typedef struct {
    NetPortId from, to;
    unsigned directions;
} NetMirror;

/* --- switches and the cables between them --- */

/* Spanning tree, IEEE 802.1D-1998 clause 8. hello_ns 0: none. */
typedef struct {
    NetTime hello_ns, max_age_ns, forward_delay_ns;
    uint16_t priority; /* the lowest becomes the root */
} NetTreeConfig;

typedef struct {
    const char *name;
    uint32_t mtu;       /* of the payload behind the Ethernet header and its tags */
    NetTime ageing_ns;  /* NET_TIME_NEVER: rows stay */
    uint32_t mac_rows;  /* bound on the MAC table */
    bool vlans;         /* frames belong to VLANs; else tags pass as they are */
    uint32_t storm_fps; /* frames a second that each port may have flooded; 0: any number */
    NetTreeConfig tree;
    NetMac address; /* of the switch itself */
} NetSwitchConfig;

#define NET_MAX_SWITCHES     64 /* of one network */
#define NET_MAX_TRUNKS       256
#define NET_MAX_TRUNK_CABLES 4

typedef enum {
    NET_TEAM_FAILOVER,   /* the first cable that is whole carries everything */
    NET_TEAM_SOURCE_MAC, /* every source address keeps to one cable */
} NetTeamPolicy;

/* Two switches of a network, joined by one cable or a team of several. */
typedef struct {
    uint32_t a, b; /* numbers of the switches in their network */
    uint32_t cables;
    NetTeamPolicy team;
    NetPortConfig port; /* both ends */
    uint64_t rate_bps;  /* 0: the network's; so too below */
    NetTime latency_ns;
} NetTrunkConfig;
