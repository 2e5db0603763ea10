/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checksum.c: adds in 128 bits, where 64-bit words can be summed without minding
 * the carries until the end. */
#include "netsim/proto/checksum.h"

#include "netsim/proto/wire.h"

static uint64_t fold_64(unsigned __int128 sum)
{
    sum = (uint64_t)sum + (sum >> 64);
    return (uint64_t)sum + (uint64_t)(sum >> 64);
}

static uint64_t load_64(const uint8_t *bytes)
{
    uint64_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

uint64_t net_sum(uint64_t sum, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    unsigned __int128 wide = sum;

    for (; length >= 32; length -= 32, at += 32) {
        wide += load_64(at);
        wide += load_64(at + 8);
        wide += load_64(at + 16);
        wide += load_64(at + 24);
    }
    for (; length >= 8; length -= 8, at += 8)
        wide += load_64(at);
    if (length > 0) {
        /* What is missing counts as zero, an odd last byte as the first of two. */
        uint8_t rest[8] = {0};
        for (size_t i = 0; i < length; i++)
            rest[i] = at[i];
        wide += load_64(rest);
    }
    return fold_64(wide);
}

uint64_t net_sum_pseudo(uint64_t sum, NetIp4 source, NetIp4 destination, uint8_t protocol,
                        uint16_t length)
{
    uint8_t pseudo[12];

    net_put_32(pseudo, source);
    net_put_32(pseudo + 4, destination);
    pseudo[8] = 0;
    pseudo[9] = protocol;
    net_put_16(pseudo + 10, length);
    return net_sum(sum, pseudo, sizeof pseudo);
}

uint16_t net_sum_finish(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);

    uint16_t word = (uint16_t)~sum;
    uint8_t wire[2];
    __builtin_memcpy(wire, &word, sizeof wire);
    return net_get_16(wire);
}
