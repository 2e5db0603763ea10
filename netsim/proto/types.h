/* SPDX-License-Identifier: GPL-2.0-or-later */
/* types.h: time and addresses as the network speaks of them.
 *
 * Everything in netsim/proto is freestanding C: it is compiled into guests, into
 * simulated endpoints and into the programs that show frames, and it needs
 * nothing but memcpy, memset and memcmp from whoever links it.
 *
 * On the wire numbers are big-endian; in these types they are plain numbers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t NetTime; /* virtual ns since the run began */
#define NET_TIME_NEVER    UINT64_MAX
#define NET_NS_PER_SECOND UINT64_C(1000000000)
#define NET_NS_PER_MS     UINT64_C(1000000)

typedef struct {
    uint8_t byte[6]; /* in the order of the wire */
} NetMac;

/* IPv4 address in host byte order: 10.0.0.1 is 0x0a000001. 0: none. */
typedef uint32_t NetIp4;

#define NET_IP4(a, b, c, d)                                                                        \
    (((NetIp4)(a) << 24) | ((NetIp4)(b) << 16) | ((NetIp4)(c) << 8) | (NetIp4)(d))
#define NET_IP4_BROADCAST 0xffffffffu

#define NET_MAX_MTU         9000u /* largest IP packet in one frame, jumbo */
#define NET_DEFAULT_MTU     1500u
#define NET_MAX_FRAME_BYTES 9216u /* longest Ethernet frame anywhere */

static inline NetIp4 net_ip4_mask(unsigned prefix)
{
    return prefix == 0 ? 0 : 0xffffffffu << (32 - (prefix > 32 ? 32 : prefix));
}
