/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.c: when a frame enters a cable, when it arrives, and why it may not; see link.h. */
#include "netsim/link.h"

#define BITS_NS (8 * NET_NS_PER_SECOND) /* a byte at 1 bit/s */

/* waits_ns * rate bits wait, times 10^9. */
static bool queue_is_full(const NetLinkConfig *config, uint64_t rate_bps, NetTime waits_ns)
{
    return (unsigned __int128)waits_ns * rate_bps >
           (unsigned __int128)config->queue_bytes * BITS_NS;
}

bool net_link_may_wait(NetLinkWay *way, const NetLinkConfig *config, NetTime wait_ns)
{
    if (queue_is_full(config, config->rate_bps, wait_ns))
        return false;
    way->fine_wait = wait_ns;
    return true;
}

/* The frame begins to be sent once the bucket lets it, and those before it go no faster. */
bool net_link_shape(NetLinkWay *way, const NetLinkConfig *config, size_t length, NetTime now,
                    NetTime *from)
{
    const NetRate *shape = &config->shape;
    NetTime ready = net_bucket_ready(&way->shaper, length * 8, shape->rate_bps,
                                     shape->burst_bytes * UINT64_C(8), now);

    *from = MAX(*from, ready);
    if (*from > now && queue_is_full(config, MIN(shape->rate_bps, config->rate_bps), *from - now))
        return false;
    net_bucket_take(&way->shaper, length * 8, shape->rate_bps, *from);
    return true;
}

void net_link_measure(NetLinkWay *way, const NetLinkConfig *config, size_t length)
{
    way->length = length;
    way->takes = length * BITS_NS / config->rate_bps;
    way->rest = length * BITS_NS % config->rate_bps;
}

void net_link_reset(NetLinkWay *way)
{
    way->busy_until = 0;
    way->remainder = 0;
    way->shaper = (NetBucket){0};
    way->last_arrival = 0;
}

/* --- bad ways --- */

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014. */
static uint64_t next_random(NetLinkWay *way)
{
    uint64_t z = way->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Uniform below a bound, as far as 2^64 is many times larger than it. */
static uint64_t random_below(NetLinkWay *way, uint64_t bound)
{
    return (uint64_t)((unsigned __int128)next_random(way) * bound >> 64);
}

void net_link_seed(NetLinkWay *way, uint64_t seed, uint32_t number)
{
    way->random = seed ^ (number + UINT64_C(1)) * UINT64_C(0xd6e8feb86659fd93);
    way->random = next_random(way);
}

void net_link_set_quality(NetLinkWay *way, const NetLinkQuality *quality)
{
    way->quality = *quality;
    way->is_bad = quality->delay_ns != 0 || quality->jitter_ns != 0 || quality->loss_ppm != 0 ||
                  quality->duplicate_ppm != 0 || quality->reorder_ppm != 0;
}

NetLinkFate net_link_suffer(NetLinkWay *way, const NetLinkConfig *config, NetTime *arrives)
{
    const NetLinkQuality *bad = &way->quality;
    NetLinkFate fate = {
        .lost = random_below(way, 1000000) < bad->loss_ppm,
        .twice = random_below(way, 1000000) < bad->duplicate_ppm,
    };
    bool held_back = random_below(way, 1000000) < bad->reorder_ppm;

    *arrives += bad->delay_ns + random_below(way, bad->jitter_ns + 1);
    if (held_back) {
        *arrives += config->latency_ns + bad->delay_ns + bad->jitter_ns;
    } else {
        *arrives = MAX(*arrives, way->last_arrival);
        way->last_arrival = *arrives;
    }
    return fate;
}
