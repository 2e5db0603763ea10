/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fragment.c: see fragment.h. */
#include "netsim/fragment.h"

#include <string.h>

#include "netsim/proto/checksum.h"
#include "netsim/proto/wire.h"

#define MORE_FRAGMENTS 0x2000u
#define OFFSET_MASK    0x1fffu /* in units of 8 bytes */

size_t net_fragment_next(const uint8_t *packet, uint16_t mtu, size_t *at, uint8_t *piece)
{
    size_t header_bytes = (packet[0] & 15u) * 4u;
    size_t payload_bytes = net_get_16(packet + 2) - header_bytes;
    uint16_t word = net_get_16(packet + 6);

    if (*at >= payload_bytes || mtu < header_bytes + 8)
        return 0;
    size_t room = (mtu - header_bytes) / 8 * 8;
    size_t bytes = payload_bytes - *at < room ? payload_bytes - *at : room;
    bool more = word & MORE_FRAGMENTS || *at + bytes < payload_bytes;
    memcpy(piece, packet, header_bytes);
    memcpy(piece + header_bytes, packet + header_bytes + *at, bytes);
    net_put_16(piece + 2, (uint16_t)(header_bytes + bytes));
    net_put_16(piece + 6,
               (uint16_t)(((word & OFFSET_MASK) + *at / 8) | (more ? MORE_FRAGMENTS : 0)));
    net_put_16(piece + 10, 0);
    net_put_16(piece + 10, net_checksum(piece, header_bytes));
    *at += bytes;
    return header_bytes + bytes;
}
