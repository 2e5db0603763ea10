/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sha256.c: SHA-256 (FIPS 180-4, section 6.2), four blocks at a time.
 *
 * A block of 64 bytes goes through 64 rounds, and each round needs one word of
 * the block's *message schedule*. Rounds must be done one after the other, since
 * each begins with what the last one left. The schedule depends on its block
 * alone: so those of four blocks are worked out together, one block in each lane
 * of a vector (GCC's vector types, which every CPU has in some form).
 */
#include "sim/engine/sha256.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BLOCK_BYTES 64u
#define ROUNDS      64u
#define STATE_WORDS 8u
#define LANES       4u

typedef uint32_t Lanes __attribute__((vector_size(LANES * sizeof(uint32_t))));

/* The first 32 bits of the fractional parts of the square roots, and below of the cube
 * roots, of the first primes (5.3.3, 4.2.2). */
static const uint32_t first_state[STATE_WORDS] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* Of a word, or of every lane of a vector. */
#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))

/* ---- The schedule --------------------------------------------------------- */

static uint32_t big_endian_word(const uint8_t *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof(word));
    return GUINT32_FROM_BE(word);
}

/* Of `count` blocks, one in each lane; the rounds' constants are added already. */
static void schedule(Lanes words[ROUNDS], const uint8_t *blocks, size_t count)
{
    for (unsigned t = 0; t < 16; t++)
        for (size_t lane = 0; lane < LANES; lane++)
            words[t][lane] =
                lane < count ? big_endian_word(blocks + lane * BLOCK_BYTES + 4 * t) : 0;
    for (unsigned t = 16; t < ROUNDS; t++) {
        Lanes a = words[t - 15], b = words[t - 2];

        words[t] = words[t - 16] + (ROTATE(a, 7) ^ ROTATE(a, 18) ^ a >> 3) + words[t - 7] +
                   (ROTATE(b, 17) ^ ROTATE(b, 19) ^ b >> 10);
    }
    for (unsigned t = 0; t < ROUNDS; t++)
        words[t] += constants[t];
}

/* ---- The rounds ----------------------------------------------------------- */

/* The eight variables change their places from round to round; here their names do. `ab` is
 * a ^ b of the round before, which is b ^ c of this one: the majority of a, b and c is b
 * unless both a and c differ from it. */
#define ROUND(a, b, c, d, e, f, g, h, word)                                                        \
    do {                                                                                           \
        uint32_t sum =                                                                             \
            h + (word) + (g ^ (e & (f ^ g))) + (ROTATE(e, 6) ^ ROTATE(e, 11) ^ ROTATE(e, 25));     \
        uint32_t now = a ^ b;                                                                      \
        d += sum;                                                                                  \
        h = sum + (ROTATE(a, 2) ^ ROTATE(a, 13) ^ ROTATE(a, 22)) + (b ^ (now & ab));               \
        ab = now;                                                                                  \
    } while (false)

static void do_rounds(uint32_t state[STATE_WORDS], const Lanes words[ROUNDS], size_t lane)
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7], ab = b ^ c;

    for (unsigned t = 0; t < ROUNDS; t += 8) {
        ROUND(a, b, c, d, e, f, g, h, words[t][lane]);
        ROUND(h, a, b, c, d, e, f, g, words[t + 1][lane]);
        ROUND(g, h, a, b, c, d, e, f, words[t + 2][lane]);
        ROUND(f, g, h, a, b, c, d, e, words[t + 3][lane]);
        ROUND(e, f, g, h, a, b, c, d, words[t + 4][lane]);
        ROUND(d, e, f, g, h, a, b, c, words[t + 5][lane]);
        ROUND(c, d, e, f, g, h, a, b, words[t + 6][lane]);
        ROUND(b, c, d, e, f, g, h, a, words[t + 7][lane]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

static void add_blocks(uint32_t state[STATE_WORDS], const uint8_t *bytes, size_t count)
{
    Lanes words[ROUNDS];

    for (size_t done = 0; done < count; done += LANES) {
        size_t lanes = MIN(count - done, LANES);

        schedule(words, bytes + done * BLOCK_BYTES, lanes);
        for (size_t lane = 0; lane < lanes; lane++)
            do_rounds(state, words, lane);
    }
}

/* ---- The whole ------------------------------------------------------------ */

char *sim_sha256(const void *bytes, size_t size)
{
    uint32_t state[STATE_WORDS];
    uint8_t end[2 * BLOCK_BYTES] = {0}; /* the rest, a bit that is set, zeros, the length in bits */
    size_t whole = size / BLOCK_BYTES, rest = size % BLOCK_BYTES;
    size_t end_blocks = rest + 1 + sizeof(uint64_t) <= BLOCK_BYTES ? 1 : 2;
    uint64_t bits = GUINT64_TO_BE((uint64_t)size * 8);
    GString *text = g_string_sized_new(2 * sizeof(state));

    memcpy(state, first_state, sizeof(state));
    add_blocks(state, bytes, whole);
    if (rest > 0)
        memcpy(end, (const uint8_t *)bytes + whole * BLOCK_BYTES, rest);
    end[rest] = 0x80;
    memcpy(end + end_blocks * BLOCK_BYTES - sizeof(bits), &bits, sizeof(bits));
    add_blocks(state, end, end_blocks);
    for (unsigned i = 0; i < STATE_WORDS; i++)
        g_string_append_printf(text, "%08x", state[i]);
    return g_string_free(text, FALSE);
}
