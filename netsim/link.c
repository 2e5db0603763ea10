/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.c: when a frame enters a cable, when it arrives, and why it may not; see link.h. */
#include "netsim/link.h"

#define BITS_NS (8 * NET_NS_PER_SECOND) /* a byte at 1 bit/s */

static bool queue_is_full(const NetLinkConfig *config, NetTime waits_ns)
{
    /* waits_ns * rate_bps bits wait, times 10^9. */
    return (unsigned __int128)waits_ns * config->rate_bps >
           (unsigned __int128)config->queue_bytes * BITS_NS;
}

bool net_link_send(NetLinkWay *way, const NetLinkConfig *config, size_t length, NetTime now,
                   NetTime *ret_departs, NetTime *ret_arrives)
{
    if (config->rate_bps == NET_RATE_UNLIMITED) {
        *ret_departs = now;
        *ret_arrives = now + config->latency_ns;
        return true;
    }
    if (now >= way->busy_until) {
        way->busy_until = now;
        way->remainder = 0;
    } else if (queue_is_full(config, way->busy_until - now)) {
        return false;
    }
    uint64_t work = length * BITS_NS + way->remainder;
    *ret_departs = way->busy_until;
    way->busy_until += work / config->rate_bps;
    way->remainder = work % config->rate_bps;
    *ret_arrives = way->busy_until + config->latency_ns;
    return true;
}

void net_link_reset(NetLinkWay *way)
{
    *way = (NetLinkWay){0};
}
