/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.h: when a frame that enters a cable leaves it at the other end.
 *
 * A cable is two ways, one each direction, that do not disturb each other. A way
 * sends one frame at a time, length * 8 bits at rate_bps; the last bit arrives
 * latency_ns after it was sent. A frame that finds the way busy waits behind
 * those before it, unless sending them takes longer than sending queue_bytes
 * would: then it is dropped. (Preamble, FCS and gap between frames are left out,
 * as a virtual cable has none.)
 *
 * A way may be shaped: then a frame also waits until a token bucket holds as many
 * bits as it has, and goes at the full rate once it may. And a way may be bad
 * (NetLinkQuality): late, out of order, twice, or lost. What happens to which frame
 * comes from the seed, the way's number and how many frames it has carried.
 */
#pragma once

#include "netsim/bucket.h"
#include "netsim/part.h"

typedef struct {
    NetTime busy_until; /* when the last frame's last bit has been sent */
    uint64_t remainder; /* of that time, in 1/rate_bps ns: carried into the next frame's,
                           so that a busy way sends exactly rate_bps */
    size_t length;      /* of the last frame; frames often come in one length: */
    NetTime takes;      /* how long one of that length takes, */
    uint64_t rest;      /* and 1/rate_bps ns of this more */
    NetTime fine_wait;  /* the longest wait known not to be too long */
    bool is_bad;        /* any of quality is set */
    NetBucket shaper;
    uint64_t random; /* state of the way's own generator */
    NetTime last_arrival;
    NetLinkQuality quality;
} NetLinkWay;

/* What becomes of a frame on a bad way. */
typedef struct {
    bool lost, twice;
} NetLinkFate;

/* For the inline function. */
void net_link_measure(NetLinkWay *way, const NetLinkConfig *config, size_t length);
bool net_link_may_wait(NetLinkWay *way, const NetLinkConfig *config, NetTime wait_ns);
bool net_link_shape(NetLinkWay *way, const NetLinkConfig *config, size_t length, NetTime now,
                    NetTime *from);

/* A frame of so many bytes is to be sent. False: the queue is full. A way always has
 * the same config. */
static inline bool net_link_send(NetLinkWay *way, const NetLinkConfig *config, size_t length,
                                 NetTime now, NetTime *ret_departs, NetTime *ret_arrives)
{
    NetTime from = MAX(now, way->busy_until);

    if (G_UNLIKELY(config->shape.rate_bps != 0)) {
        if (!net_link_shape(way, config, length, now, &from))
            return false;
    } else if (from - now > way->fine_wait && !net_link_may_wait(way, config, from - now)) {
        return false;
    }
    *ret_departs = from;
    *ret_arrives = from + config->latency_ns;
    if (config->rate_bps == NET_RATE_UNLIMITED)
        return true;
    if (G_UNLIKELY(length != way->length))
        net_link_measure(way, config, length);
    if (from > way->busy_until)
        way->remainder = 0;
    way->remainder += way->rest;
    way->busy_until = from + way->takes;
    if (way->remainder >= config->rate_bps) {
        way->remainder -= config->rate_bps;
        way->busy_until++;
    }
    *ret_arrives = way->busy_until + config->latency_ns;
    return true;
}

/* Begins the way's generator; seed is the world's, number the way's own. */
void net_link_seed(NetLinkWay *way, uint64_t seed, uint32_t number);
void net_link_set_quality(NetLinkWay *way, const NetLinkQuality *quality);
/* A frame that was sent, on a way that is bad: may move its arrival. */
NetLinkFate net_link_suffer(NetLinkWay *way, const NetLinkConfig *config, NetTime *arrives);

/* The cable was unplugged: what was waiting is gone. */
void net_link_reset(NetLinkWay *way);
