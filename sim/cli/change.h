/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change.h: small changes of a scenario that might turn "does not reach" into
 * "reaches", or the other way round: what `hvlab why` tries.
 */
#pragma once

#include <glib.h>

#include "sim/engine/engine.h"
#include "sim/model/model.h"

typedef struct {
    char *text; /* goes on from "it reaches ": "with a forward rule tcp 2222 -> 22 on nat0" */
    char **set; /* PATH=VALUE, as for --set; ended by NULL */
} CliChange;

/* The changes worth trying, the smallest first, for a question with this answer.
 * address: at which the first probe was sent; 0: none. GPtrArray of CliChange *,
 * which it owns. */
GPtrArray *cli_changes(const SimScenario *scenario, const SimReachQuestion *question,
                       const SimModelReach *answer, uint32_t address);
