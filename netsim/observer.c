/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer.c: names of reasons, as traces and reports print them. */
#include "netsim/observer.h"

static const char *const drop_names[NET_DROP_COUNT] = {
    [NET_DROP_LINK_DOWN] = "link-down",
    [NET_DROP_LINK_QUEUE_FULL] = "link-queue-full",
    [NET_DROP_RUNT] = "runt",
    [NET_DROP_OVERSIZE] = "oversize",
    [NET_DROP_BAD_SOURCE] = "bad-source",
    [NET_DROP_RESERVED_MULTICAST] = "reserved-multicast",
    [NET_DROP_SAME_PORT] = "same-port",
    [NET_DROP_NO_OTHER_PORT] = "no-other-port",
    [NET_DROP_NOT_FORWARDING] = "not-forwarding",
    [NET_DROP_TTL_EXCEEDED] = "ttl-exceeded",
    [NET_DROP_NO_ROUTE] = "no-route",
    [NET_DROP_NO_ARP_ANSWER] = "no-arp-answer",
    [NET_DROP_TOO_BIG] = "too-big",
    [NET_DROP_MALFORMED] = "malformed",
    [NET_DROP_MARTIAN] = "martian",
    [NET_DROP_ROUTER_BUSY] = "router-busy",
    [NET_DROP_NAT_NO_ROW] = "nat-no-row",
    [NET_DROP_NAT_NOT_SYN] = "nat-not-syn",
    [NET_DROP_NAT_PROTOCOL] = "nat-protocol",
    [NET_DROP_NAT_TABLE_FULL] = "nat-table-full",
    [NET_DROP_NAT_NO_PORT] = "nat-no-port",
    [NET_DROP_NAT_FRAGMENT] = "nat-fragment",
    [NET_DROP_NAT_GROUP_ADDRESS] = "nat-group-address",
    [NET_DROP_WIFI_UNKNOWN] = "wifi-unknown",
    [NET_DROP_LINK_LOSS] = "link-loss",
    [NET_DROP_VLAN_TAGGED] = "vlan-tagged",
    [NET_DROP_VLAN_NOT_ALLOWED] = "vlan-not-allowed",
    [NET_DROP_NO_NATIVE_VLAN] = "no-native-vlan",
    [NET_DROP_PORT_BLOCKED] = "port-blocked",
    [NET_DROP_FORGED_SOURCE] = "forged-source",
    [NET_DROP_MAC_CHANGED] = "mac-changed",
    [NET_DROP_MAC_LIMIT] = "mac-limit",
    [NET_DROP_RATE_CAP] = "rate-cap",
    [NET_DROP_ACL_IN] = "acl-in",
    [NET_DROP_ACL_OUT] = "acl-out",
    [NET_DROP_STORM_CONTROL] = "storm-control",
    [NET_DROP_FLOW] = "flow",
    [NET_DROP_NOT_FOR_IT] = "not-for-it",
};

static const char *const aged_names[NET_AGED_COUNT] = {
    [NET_AGED_IDLE] = "idle",
    [NET_AGED_PORT_DOWN] = "port-down",
};

static const char *const nat_state_names[NET_NAT_STATE_COUNT] = {
    [NET_NAT_UDP] = "udp",
    [NET_NAT_ICMP] = "icmp",
    [NET_NAT_SYN_SENT] = "syn-sent",
    [NET_NAT_SYN_RECEIVED] = "syn-received",
    [NET_NAT_ESTABLISHED] = "established",
    [NET_NAT_FIN_WAIT] = "fin-wait",
    [NET_NAT_CLOSING] = "closing",
    [NET_NAT_TIME_WAIT] = "time-wait",
    [NET_NAT_RESET] = "reset",
};

static const char *const dhcp_event_names[NET_DHCP_EVENT_COUNT] = {
    [NET_DHCP_EVENT_DISCOVER] = "discover",
    [NET_DHCP_EVENT_OFFER] = "offer",
    [NET_DHCP_EVENT_REQUEST] = "request",
    [NET_DHCP_EVENT_ACK] = "ack",
    [NET_DHCP_EVENT_NAK] = "nak",
    [NET_DHCP_EVENT_RELEASE] = "release",
    [NET_DHCP_EVENT_DECLINE] = "decline",
    [NET_DHCP_EVENT_INFORM] = "inform",
    [NET_DHCP_EVENT_EXHAUSTED] = "exhausted",
    [NET_DHCP_EVENT_EXPIRED] = "expired",
};

static const char *const dns_outcome_names[NET_DNS_OUTCOME_COUNT] = {
    [NET_DNS_FOUND] = "found",
    [NET_DNS_NOT_FOUND] = "not-found",
    [NET_DNS_FORWARDED] = "forwarded",
    [NET_DNS_UNABLE] = "unable",
};

static const char *const tree_names[NET_TREE_STATE_COUNT] = {
    [NET_TREE_DISABLED] = "disabled",     [NET_TREE_BLOCKING] = "blocking",
    [NET_TREE_LISTENING] = "listening",   [NET_TREE_LEARNING] = "learning",
    [NET_TREE_FORWARDING] = "forwarding",
};

const char *net_drop_reason_name(NetDropReason reason)
{
    return (unsigned)reason < NET_DROP_COUNT ? drop_names[reason] : "unknown";
}

const char *net_aged_reason_name(NetAgedReason reason)
{
    return (unsigned)reason < NET_AGED_COUNT ? aged_names[reason] : "unknown";
}

const char *net_nat_state_name(NetNatState state)
{
    return (unsigned)state < NET_NAT_STATE_COUNT ? nat_state_names[state] : "unknown";
}

const char *net_dhcp_event_name(NetDhcpEventKind kind)
{
    return (unsigned)kind < NET_DHCP_EVENT_COUNT ? dhcp_event_names[kind] : "unknown";
}

const char *net_dns_outcome_name(NetDnsOutcome outcome)
{
    return (unsigned)outcome < NET_DNS_OUTCOME_COUNT ? dns_outcome_names[outcome] : "unknown";
}

const char *net_tree_state_name(NetTreeState state)
{
    return (unsigned)state < NET_TREE_STATE_COUNT ? tree_names[state] : "unknown";
}
