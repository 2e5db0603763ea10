/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-sha256.c: the examples of the standard, and every length against GLib's. */
#include <glib.h>
#include <string.h>

#include "sim/engine/sha256.h"

#define MOST_BYTES 1500u /* 23 blocks and a rest: all lanes, several times */

/* NIST, "Examples with Intermediate Values": SHA-256. */
static void test_standard(void)
{
    static const struct {
        const char *text, *hash;
    } examples[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
        g_autofree char *hash = sim_sha256(examples[i].text, strlen(examples[i].text));

        g_assert_cmpstr(hash, ==, examples[i].hash);
    }
}

static void test_million(void)
{
    g_autofree char *text = g_malloc(1000000);

    memset(text, 'a', 1000000);
    g_autofree char *hash = sim_sha256(text, 1000000);
    g_assert_cmpstr(hash, ==, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Also from places that are not aligned to anything. */
static void test_lengths(void)
{
    g_autofree guint8 *bytes = g_malloc(MOST_BYTES + 8);
    GRand *random = g_rand_new_with_seed(1);

    for (size_t i = 0; i < MOST_BYTES + 8; i++)
        bytes[i] = (guint8)g_rand_int(random);
    g_rand_free(random);
    for (size_t size = 0; size <= MOST_BYTES; size++) {
        const guint8 *from = bytes + size % 8;
        g_autofree char *ours = sim_sha256(from, size);
        g_autofree char *theirs = g_compute_checksum_for_data(G_CHECKSUM_SHA256, from, size);

        g_assert_cmpstr(ours, ==, theirs);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sha256/standard", test_standard);
    g_test_add_func("/sha256/million", test_million);
    g_test_add_func("/sha256/lengths", test_lengths);
    return g_test_run();
}
