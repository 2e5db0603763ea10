/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.h: any one event as a line that a person can read, with the names that the
 * world's parts have. (moments.h tells a story instead, of few events.)
 */
#pragma once

#include "sim/model/model.h"
#include "sim/trace/reader.h"

/* "pCPU 0: exit: vm a, vcpu 0, mmio, address 0xc0000000, write"; g_free(). model holds
 * the world as it is built at least; NULL: numbers instead of names. */
char *sim_event_words(const SimModel *model, const SimRecord *record);

/* A virtual time or duration with the unit that fits: "1.234567 ms"; g_free(). */
char *sim_time_words(uint64_t ns);
