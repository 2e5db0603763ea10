/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.h: when a frame that enters a cable leaves it at the other end.
 *
 * A cable is two ways, one each direction, that do not disturb each other. A way
 * sends one frame at a time, length * 8 bits at rate_bps; the last bit arrives
 * latency_ns after it was sent. A frame that finds the way busy waits behind
 * those before it, unless sending them takes longer than sending queue_bytes
 * would: then it is dropped. (Preamble, FCS and gap between frames are left out,
 * as a virtual cable has none.)
 */
#pragma once

#include "netsim/part.h"

typedef struct {
    NetTime busy_until; /* when the last frame's last bit has been sent */
    uint64_t remainder; /* of that time, in 1/rate_bps ns: carried into the next frame's,
                           so that a busy way sends exactly rate_bps */
} NetLinkWay;

/* A frame of so many bytes is to be sent. False: the queue is full. */
bool net_link_send(NetLinkWay *way, const NetLinkConfig *config, size_t length, NetTime now,
                   NetTime *ret_departs, NetTime *ret_arrives);

/* The cable was unplugged: what was waiting is gone. */
void net_link_reset(NetLinkWay *way);
