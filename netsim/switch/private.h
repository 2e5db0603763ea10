/* SPDX-License-Identifier: GPL-2.0-or-later */
/* private.h: what the stages of the switch share: its ports, and a frame's pass through it.
 */
#pragma once

#include <string.h>

#include "netsim/bucket.h"
#include "netsim/mac-table.h"
#include "netsim/switch/match.h"
#include "netsim/switch/switch.h"
#include "netsim/switch/tree.h"

/* What a stage says of a frame: a reason to drop it, or one of these. */
#define NET_PASS_ON NET_DROP_COUNT                        /* to the next stage */
#define NET_TAKEN   ((NetDropReason)(NET_DROP_COUNT + 1)) /* it went where it should */

#define NET_ANY_OWNER UINT64_MAX /* no key: of no VLAN */

/* The stages between check and learning (switch.c), in their order. A port keeps a bit
 * for each that it needs, so a frame on a plain port is asked nothing that could not
 * matter. */
typedef enum {
    NET_STAGE_MIRROR,   /* mirror.c: copies of what comes in */
    NET_STAGE_TREE,     /* tree.c: the spanning tree's own frames, and blocked ports */
    NET_STAGE_VLAN,     /* ingress.c: of which VLAN is it? */
    NET_STAGE_POLICY,   /* policy.c: is the sender who it says it is? */
    NET_STAGE_RATE_CAP, /* policy.c: does it send too much? */
    NET_STAGE_ACL,      /* policy.c: may it send this? */
    NET_STAGE_COUNT
} NetStage;

typedef struct {
    NetPortId id;
    bool cable_up;
    bool up;          /* of a team's first port: any cable of the team is */
    uint32_t stages;  /* bit n: NetStage n has something to do here */
    bool plain_entry; /* of what comes in here nothing is asked */
    bool plain_exit;  /* what leaves here for its owner is just sent */
    uint64_t owner;   /* key of the address that it may hear only; or NET_ANY_OWNER */
    uint32_t leader;  /* first port of its team; itself if it is in none */

    NetPortConfig config; /* the rules of its ACLs are the switch's own */
    uint32_t mtu;
    uint64_t *vlans; /* of a trunk: bit n for VLAN n; NULL: all */
    NetBucket cap, storm;
    uint32_t macs;   /* addresses that live here */
    bool changed;    /* its NIC uses another address than its own */
    bool checked;    /* what leaves here is looked at (egress.c) */
    uint8_t mirrors; /* directions in which somebody wants copies */
    uint64_t passed; /* number of the last pass that sent something here */

    uint32_t team_size; /* of a team's first port; 0: no team */
    uint32_t active;    /* port of the team that carries everything */
    NetTeamPolicy team;
    NetTreePort tree;
} NetSwitchPort;

typedef struct {
    NetPart part;
    NetSwitchConfig config;
    char *name;
    NetMacTable *table;
    NetTime ageing_ns; /* now: shorter while the spanning tree changes */
    NetSwitchPort *ports;
    uint32_t port_count;
    uint32_t up_count;    /* logical ports that are up */
    uint32_t promiscuous; /* ports that want more than is theirs */
    uint64_t passes;      /* frames taken in */
    GArray *flows;        /* flows.c has its elements, by priority */
    uint32_t flows_made;
    NetMirror mirrors[NET_MAX_MIRRORS]; /* ports are numbers of the switch */
    uint32_t mirror_count;
    NetTree tree;
} NetSwitch;

/* A frame on its way through the switch. */
typedef struct {
    NetSwitch *sw;
    uint32_t in; /* logical port */
    NetFrame *frame;
    NetTime now;
    NetMac destination, source;
    uint16_t vlan;      /* 0: the switch knows no VLANs */
    bool learn_only;    /* the spanning tree lets it in no further */
    bool read;          /* packet is filled in */
    NetFrame *forms[2]; /* the frame without a VLAN tag, and with one; NULL: not made yet */
    bool own[2];        /* made here */
    NetPacket packet;
} NetPass;

#define NET_SWITCH_REPORT(sw, event, ...)                                                          \
    do {                                                                                           \
        const NetObserver *observer_ = (sw)->part.observer;                                        \
        if (observer_->event != NULL)                                                              \
            observer_->event((sw)->part.observer_user, __VA_ARGS__);                               \
    } while (0)

/* 01:80:c2:00:00:0x stays on its link. */
static inline bool net_mac_is_reserved(NetMac mac)
{
    static const uint8_t prefix[5] = {0x01, 0x80, 0xc2, 0x00, 0x00};

    return memcmp(mac.byte, prefix, sizeof prefix) == 0 && mac.byte[5] < 0x10;
}

static inline NetSwitchPort *net_pass_port(const NetPass *pass)
{
    return &pass->sw->ports[pass->in];
}

static inline const NetPacket *net_pass_packet(NetPass *pass)
{
    if (!pass->read)
        net_packet_read(&pass->packet, pass->frame, net_pass_port(pass)->id, pass->vlan);
    pass->read = true;
    return &pass->packet;
}

/* --- the stages --- */

NetDropReason net_stage_mirror(NetPass *pass);
NetDropReason net_stage_tree(NetPass *pass);
NetDropReason net_stage_vlan(NetPass *pass);
NetDropReason net_stage_policy(NetPass *pass);
NetDropReason net_stage_rate_cap(NetPass *pass);
NetDropReason net_stage_acl(NetPass *pass);

/* learn.c: an address that is new here, or was elsewhere. */
NetDropReason net_pass_learn(NetPass *pass);
/* flows.c: does somebody's program decide? */
NetDropReason net_pass_flows(NetPass *pass);
/* switch.c: to where the receiver lives; else flood. */
NetDropReason net_pass_forward(NetPass *pass);
/* flood.c */
NetDropReason net_pass_flood(NetPass *pass);

/* --- what they share --- */

/* ingress.c: the frame's VLAN, from its tag and its port; also fills in the forms. */
NetDropReason net_pass_classify(NetPass *pass);
bool net_port_has_vlan(const NetSwitch *sw, uint32_t port, uint16_t vlan);
void net_pass_clear(NetPass *pass);

/* egress.c: the last stages, for each port that the frame leaves by: may it, in which
 * form, by which cable. False: not by this one, which has been reported. */
bool net_pass_output(NetPass *pass, uint32_t port);

GArray *net_flows_new(void); /* flows.c */

/* policy.c: does the ACL of the port let it out? */
bool net_pass_may_leave(NetPass *pass, const NetSwitchPort *out);

/* mirror.c: copies for ports that may see what goes from pass->in to out. */
void net_pass_copy_promiscuous(NetPass *pass, uint32_t out);
void net_pass_copy_mirrors(NetPass *pass, uint32_t port, unsigned direction, NetFrame *frame);

/* learn.c */
void net_switch_forget_port(NetSwitch *sw, uint32_t port, NetAgedReason why, NetTime now);
NetTime net_switch_ageing_deadline(const NetSwitch *sw);
void net_switch_age(NetSwitch *sw, NetTime now);

/* team.c: the cable of a team that a frame leaves by. */
uint32_t net_team_member(const NetSwitch *sw, uint32_t leader, NetMac source);
/* A cable of a team was plugged or unplugged; is any of them whole now? */
bool net_team_changed(NetSwitch *sw, uint32_t leader, NetTime now);

/* switch.c: NetPartOps.receive */
void net_switch_receive(NetPart *part, uint32_t number, NetFrame *frame, NetTime now);
/* ports.c: a logical port of the switch, by any of its cables. UINT32_MAX: not one of its. */
uint32_t net_switch_find_port(const NetSwitch *sw, NetPortId id);
/* What a port needs has changed. */
void net_switch_plan(NetSwitch *sw, uint32_t port);
