/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sha256.h: SHA-256 (FIPS 180-4) of bytes in memory.
 *
 * Every guest image is known by its SHA-256, so every run begins with this; it
 * takes two thirds of the time of GLib's (what that was worth to a short run:
 * tests/bench/README.md).
 */
#pragma once

#include <stddef.h>

/* 64 hexadecimal digits; g_free() it. */
char *sim_sha256(const void *bytes, size_t size);
