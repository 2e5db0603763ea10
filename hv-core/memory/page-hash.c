/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page-hash.c: a hash of a page's contents.
 *
 * Four lanes of 64 bits take in eight bytes each in turn, by multiplying and
 * rotating, and are mixed into one number at the end. Four, because a multiplication
 * takes three to four cycles and one can begin in each. It is no secret: who builds
 * two pages with one hash makes the sharer compare them, and that is all. */
#include <string.h>

#include "hv-core/memory/sharing.h"

#define LANES   4
#define PRIME_1 UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio, made odd */
#define PRIME_2 UINT64_C(0xd6e8feb86659fd93)

static inline uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static inline uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return GUINT64_FROM_LE(word);
}

uint64_t hv_page_hash(const uint8_t page[HV_PAGE_SIZE])
{
    uint64_t lane[LANES] = {1, 2, 3, 4}, hash = 0;

    for (unsigned at = 0; at < HV_PAGE_SIZE; at += LANES * 8)
        for (unsigned i = 0; i < LANES; i++)
            lane[i] = rotate((lane[i] ^ word_at(page + at + 8 * i)) * PRIME_1, 29);
    for (unsigned i = 0; i < LANES; i++) {
        hash = (hash ^ lane[i]) * PRIME_2;
        hash ^= hash >> 32;
    }
    return hash;
}
