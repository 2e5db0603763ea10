/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bucket.h: a token bucket, which turns "so much a second, so much at once" into yes or no.
 *
 * It is kept as the time at which the bucket would be full again: every token taken
 * moves that time on, and when it lies further ahead than filling the whole bucket
 * takes, the bucket is empty. (The same rule by another name: the generic cell rate
 * algorithm, ITU-T I.371.) What a division leaves over is carried on.
 */
#pragma once

#include "netsim/proto/types.h"

typedef struct {
    NetTime full_at;
    uint64_t remainder; /* of that time, in 1/rate ns */
} NetBucket;

/* What taking so much from a bucket of so much a second costs in time. */
static inline NetTime net_bucket_cost(NetBucket *bucket, uint64_t amount, uint64_t per_second)
{
    unsigned __int128 work = (unsigned __int128)amount * NET_NS_PER_SECOND + bucket->remainder;

    bucket->remainder = (uint64_t)(work % per_second);
    return (NetTime)(work / per_second);
}

/* When there will be as much as asked for: now, or later. */
static inline NetTime net_bucket_ready(const NetBucket *bucket, uint64_t amount,
                                       uint64_t per_second, uint64_t depth, NetTime now)
{
    uint64_t missing = amount > depth ? 0 : depth - amount; /* what may be out at that time */
    NetTime allowed = (NetTime)((unsigned __int128)missing * NET_NS_PER_SECOND / per_second);

    return bucket->full_at > now + allowed ? bucket->full_at - allowed : now;
}

static inline void net_bucket_take(NetBucket *bucket, uint64_t amount, uint64_t per_second,
                                   NetTime at)
{
    if (bucket->full_at <= at) {
        bucket->full_at = at;
        bucket->remainder = 0;
    }
    bucket->full_at += net_bucket_cost(bucket, amount, per_second);
}

/* Takes the amount if it is there. */
static inline bool net_bucket_try(NetBucket *bucket, uint64_t amount, uint64_t per_second,
                                  uint64_t depth, NetTime now)
{
    if (net_bucket_ready(bucket, amount, per_second, depth, now) > now)
        return false;
    net_bucket_take(bucket, amount, per_second, now);
    return true;
}
