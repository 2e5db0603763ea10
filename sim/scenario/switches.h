/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switches.h: what a scenario says of switches, their ports, and the cables between
 * them; part of scenario.h, whose rules hold here too.
 */
#pragma once

#include "sim/scenario/types.h"

#define SIM_MAX_SWITCHES     64u /* of one network */
#define SIM_MAX_TRUNKS       256u
#define SIM_MAX_TRUNK_CABLES 4u
#define SIM_MAX_VLANS        16u /* named for one trunk */
#define SIM_MAX_RULES        256u
#define SIM_MAX_FLOWS        1024u
#define SIM_MAX_FLOW_ACTIONS 8u
#define SIM_MAX_MIRRORS      8u

/* A port of a switch, by what is plugged into it: "vm:a" (its first NIC on the network),
 * "vm:a.1" (its NIC 1), "trunk:t". name NULL: left out. */
typedef struct {
    char *name;
    bool is_trunk;
    uint32_t index; /* of the VM or of the trunk in its network */
    uint32_t nic;
} SimScenarioPort;

typedef enum { SIM_TYPE_ANY, SIM_TYPE_ARP, SIM_TYPE_IPV4, SIM_TYPE_IPV6 } SimFrameType;
typedef enum { SIM_IP_ANY, SIM_IP_ICMP, SIM_IP_UDP, SIM_IP_TCP } SimIpProtocol;

/* What a frame must look like; zero: any. */
typedef struct {
    SimScenarioPort in;
    uint8_t source[6], destination[6];
    uint64_t vlan;
    uint64_t type;                     /* SimFrameType */
    SimCidr source_ip, destination_ip; /* prefix 0: any */
    uint64_t protocol;                 /* SimIpProtocol */
    uint64_t source_port, destination_port;
} SimScenarioMatch;

/* A rule of an access list. */
typedef struct {
    uint64_t deny; /* 0: allow */
    SimScenarioMatch match;
} SimScenarioRule;

typedef struct {
    SimScenarioRule *in, *out; /* into the switch, out of it to the NIC */
    size_t in_count, out_count;
} SimScenarioAcl;

typedef enum {
    SIM_ACTION_OUTPUT, /* port */
    SIM_ACTION_FLOOD,
    SIM_ACTION_NORMAL,
    SIM_ACTION_DROP,
    SIM_ACTION_CONTROLLER,
    SIM_ACTION_SET_SOURCE,         /* mac */
    SIM_ACTION_SET_DESTINATION,    /* mac */
    SIM_ACTION_SET_SOURCE_IP,      /* ip */
    SIM_ACTION_SET_DESTINATION_IP, /* ip */
    SIM_ACTION_PUSH_VLAN,          /* vlan */
    SIM_ACTION_POP_VLAN,
} SimActionKind;

typedef struct {
    unsigned kind; /* SimActionKind */
    SimScenarioPort port;
    uint8_t mac[6];
    uint32_t ip;
    uint64_t vlan;
} SimScenarioAction;

typedef struct {
    char *name;
    uint64_t priority;
    SimScenarioMatch match;
    SimScenarioAction *actions;
    size_t action_count;
} SimScenarioFlow;

typedef enum { SIM_DIRECTION_BOTH, SIM_DIRECTION_IN, SIM_DIRECTION_OUT } SimDirection;

typedef struct {
    SimScenarioPort from, to;
    uint64_t direction; /* SimDirection, as the switch sees it */
} SimScenarioMirror;

/* Spanning tree; hello_ns 0: none. */
typedef struct {
    uint64_t hello_ns, max_age_ns, forward_delay_ns;
} SimScenarioTree;

typedef struct {
    char *name; /* NULL for a network's only switch that has none */
    uint64_t priority;
    uint64_t mac_rows;
    uint64_t storm_control; /* frames a second; 0: off */
    SimScenarioFlow *flows;
    size_t flow_count;
    SimScenarioMirror *mirrors;
    size_t mirror_count;
} SimScenarioSwitch;

typedef struct {
    uint16_t vlan[SIM_MAX_VLANS];
    uint16_t count; /* 0: all */
} SimVlans;

/* What goes wrong on cables. */
typedef struct {
    uint64_t delay_ns, jitter_ns;
    uint64_t loss_ppm, duplicate_ppm, reorder_ppm;
} SimLinkQuality;

typedef struct {
    char *name;
    SimScenarioRef a, b; /* switches of its network */
    uint64_t cables;
    uint64_t by_source; /* of a team: each source keeps to one cable; else failover */
    SimVlans vlans;
    uint64_t native;                          /* 0: none */
    uint64_t rate_bps, latency_ns, mtu, cost; /* 0: the network's; by the rate */
} SimScenarioTrunk;

typedef struct {
    uint64_t rate_bps; /* 0: none */
    uint64_t burst_bytes;
} SimRate;

typedef struct {
    bool is_set; /* the NIC takes part in VLANs itself */
    SimVlans vlans;
    uint64_t native;
} SimNicTrunk;

typedef enum {
    SIM_PROMISCUOUS_MODE_DENY,
    SIM_PROMISCUOUS_MODE_ALLOW_VMS,
    SIM_PROMISCUOUS_MODE_ALLOW_ALL,
} SimPromiscuousMode;

/* The switch port of a NIC. */
typedef struct {
    SimScenarioRef on; /* the network's switch; name NULL: the first */
    uint64_t vlan;     /* 0: none named */
    SimNicTrunk trunk;
    uint64_t promiscuous; /* SimPromiscuousMode */
    bool forged_transmits, mac_changes;
    uint64_t mac_limit;
    SimScenarioAcl acl;
    SimRate rate_cap, shape;
} SimNicPort;
