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
};

static const char *const aged_names[NET_AGED_COUNT] = {
    [NET_AGED_IDLE] = "idle",
    [NET_AGED_PORT_DOWN] = "port-down",
};

const char *net_drop_reason_name(NetDropReason reason)
{
    return (unsigned)reason < NET_DROP_COUNT ? drop_names[reason] : "unknown";
}

const char *net_aged_reason_name(NetAgedReason reason)
{
    return (unsigned)reason < NET_AGED_COUNT ? aged_names[reason] : "unknown";
}
