/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulated-guest.c: compiled C for the interpreter to execute, as a flat binary.
 *
 * Linked at its load address without libraries; begins with entry(), which the
 * linker puts first. What is computed is left in memory for the host to check.
 */
#include <stdint.h>

#include "tests/bench/emulated-guest.h"

/* ---- SHA-256 (FIPS 180-4) ------------------------------------------------------- */

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t value, unsigned count)
{
    return value >> count | value << (32 - count);
}

static void sha256_block(uint32_t state[8], const uint8_t *bytes)
{
    uint32_t w[64], v[8];

    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
               (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
    for (unsigned i = 16; i < 64; i++) {
        uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    for (unsigned i = 0; i < 8; i++)
        v[i] = state[i];
    for (unsigned i = 0; i < 64; i++) {
        uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t first = v[7] + s1 + choice + round_constants[i] + w[i];
        uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        v[7] = v[6], v[6] = v[5], v[5] = v[4], v[4] = v[3] + first;
        v[3] = v[2], v[2] = v[1], v[1] = v[0], v[0] = first + s0 + majority;
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += v[i];
}

static void sha256(uint8_t *bytes, uint64_t size, uint32_t state[8])
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t *end = bytes + size; /* size is a multiple of 64; there is room for one block more */

    for (unsigned i = 0; i < 8; i++)
        state[i] = start[i];
    end[0] = 0x80;
    for (unsigned i = 1; i < 56; i++)
        end[i] = 0;
    for (unsigned i = 0; i < 8; i++)
        end[56 + i] = (uint8_t)(size * 8 >> (56 - 8 * i));
    for (uint64_t at = 0; at <= size; at += 64)
        sha256_block(state, bytes + at);
}

/* ---- Sorting, and CRC-32 ----------------------------------------------------------- */

static void sort(uint32_t *values, int64_t first, int64_t last)
{
    while (first < last) {
        uint32_t pivot = values[first + (last - first) / 2];
        int64_t low = first, high = last;

        while (low <= high) {
            while (values[low] < pivot)
                low++;
            while (values[high] > pivot)
                high--;
            if (low <= high) {
                uint32_t value = values[low];
                values[low++] = values[high];
                values[high--] = value;
            }
        }
        sort(values, first, high);
        first = low;
    }
}

static void fill(uint32_t *values, uint64_t count)
{
    uint32_t state = 1;

    for (uint64_t i = 0; i < count; i++)
        values[i] = state = state * 1664525 + 1013904223;
}

static uint32_t crc32(uint32_t *table, const uint8_t *bytes, uint64_t size)
{
    uint32_t crc = 0xffffffff;

    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
    }
    for (uint64_t i = 0; i < size; i++)
        crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
    return ~crc;
}

/* ---- The beginning ------------------------------------------------------------------ */

__attribute__((section(".text.first"))) void entry(uint64_t work, uint64_t rounds)
{
    uint32_t *result = (uint32_t *)BENCH_RESULT;
    uint32_t *data = (uint32_t *)BENCH_DATA;

    while (rounds--) {
        fill(data, BENCH_DATA_BYTES / sizeof *data);
        if (work == BENCH_SHA256)
            sha256((uint8_t *)data, BENCH_DATA_BYTES, result);
        else if (work == BENCH_SORT)
            sort(data, 0, BENCH_DATA_BYTES / sizeof *data - 1);
        else
            result[0] = crc32(result + 8, (uint8_t *)data, BENCH_DATA_BYTES);
    }
}
