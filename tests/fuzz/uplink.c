/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uplink.c: any bytes as the stream of an uplink's socket (sim/engine/uplink.h). Cut
 * into pieces as the first byte says, it gives the same frames as in one piece, and the
 * same verdict. */
#include "netsim/proto/types.h"
#include "sim/engine/uplink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *user, const uint8_t *bytes, size_t length)
{
    g_assert_true(length >= 1 && length <= NET_MAX_FRAME_BYTES);
    sim_framing_add(user, bytes, length);
}

static GByteArray *frames_of(const uint8_t *data, size_t size, size_t piece, bool *ret_good)
{
    GByteArray *frames = g_byte_array_new();
    SimFraming framing = {0};

    *ret_good = true;
    for (size_t at = 0; at < size && *ret_good; at += piece)
        *ret_good = sim_framing_feed(&framing, data + at, MIN(piece, size - at), take, frames);
    if (framing.pending) {
        g_assert_cmpuint(framing.pending->len, <=, NET_MAX_FRAME_BYTES + 4);
        g_byte_array_unref(framing.pending);
    }
    return frames;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool whole_good, pieces_good;

    if (size < 2)
        return 0;

    GByteArray *whole = frames_of(data + 1, size - 1, size, &whole_good);
    GByteArray *pieces = frames_of(data + 1, size - 1, data[0] + 1u, &pieces_good);

    g_assert_true(whole_good == pieces_good);
    g_assert_cmpuint(whole->len, ==, pieces->len);
    g_assert_true(whole->len == 0 || memcmp(whole->data, pieces->data, whole->len) == 0);
    g_byte_array_unref(whole);
    g_byte_array_unref(pieces);
    return 0;
}
