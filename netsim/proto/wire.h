/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wire.h: big-endian numbers at any address. */
#pragma once

#include "netsim/proto/types.h"

static inline uint16_t net_get_16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t net_get_32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t net_get_64(const uint8_t *at)
{
    return (uint64_t)net_get_32(at) << 32 | net_get_32(at + 4);
}

static inline void net_put_16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void net_put_32(uint8_t *at, uint32_t value)
{
    net_put_16(at, (uint16_t)(value >> 16));
    net_put_16(at + 2, (uint16_t)value);
}

static inline void net_put_64(uint8_t *at, uint64_t value)
{
    net_put_32(at, (uint32_t)(value >> 32));
    net_put_32(at + 4, (uint32_t)value);
}

static inline bool net_mac_equal(NetMac a, NetMac b)
{
    return __builtin_memcmp(a.byte, b.byte, sizeof a.byte) == 0;
}

/* Group addresses (multicast and broadcast) have the lowest bit of the first byte set. */
static inline bool net_mac_is_group(NetMac mac)
{
    return mac.byte[0] & 1;
}
