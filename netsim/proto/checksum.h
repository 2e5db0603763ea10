/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checksum.h: the Internet checksum (RFC 1071).
 *
 * The one's complement of the one's complement sum of all 16-bit words. Such a
 * sum does not care in which byte order the words are read (RFC 1071 2 B), nor
 * how many are added at once as long as every carry comes back in at the bottom:
 * so we add eight bytes at a time, as this machine reads them, and turn the two
 * bytes of the result round at the end.
 */
#pragma once

#include "netsim/proto/types.h"

/* Adds bytes to a sum begun with 0. All but the last piece have even lengths. */
uint64_t net_sum(uint64_t sum, const void *bytes, size_t length);

/* Adds the pseudo-header that UDP and TCP checksums cover (RFC 768, RFC 9293 3.1). */
uint64_t net_sum_pseudo(uint64_t sum, NetIp4 source, NetIp4 destination, uint8_t protocol,
                        uint16_t length);

/* The checksum, as a number to be written big-endian. Over bytes that hold a
 * right checksum it is 0. */
uint16_t net_sum_finish(uint64_t sum);

static inline uint16_t net_checksum(const void *bytes, size_t length)
{
    return net_sum_finish(net_sum(0, bytes, length));
}
