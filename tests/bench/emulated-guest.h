/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulated-guest.h: what bench-emulated.c and its guest agree on. */
#pragma once

#define BENCH_LOAD       0x10000u  /* the binary */
#define BENCH_RESULT     0x40000u  /* SHA-256 as 8 words, or CRC-32 */
#define BENCH_DATA       0x100000u /* filled by the guest; sorted in place */
#define BENCH_DATA_BYTES 0x10000u

enum { BENCH_SHA256, BENCH_SORT, BENCH_CRC32, BENCH_WORK_COUNT };
