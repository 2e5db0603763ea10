/* SPDX-License-Identifier: GPL-2.0-or-later */
/* side-by-side.h: the result documents of several runs ("hvlab-result/1") as one table.
 *
 * A row is a place in the document by its path (vms.a.exits.mmio), as checks name it;
 * a column is a run. The telling numbers have rows in any case, all others only where
 * the runs differ.
 */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

/* results: of json_object *, one per run; titles as many. Appends to out. */
void sim_side_by_side(GString *out, GPtrArray *results, const char *const *titles);

typedef struct {
    char *path;
    char **cells; /* one for each run, ended by NULL */
    bool differs;
} SimSideRow;

/* The same rows, the telling ones first and all of the others: GPtrArray of SimSideRow *,
 * which owns them. */
GPtrArray *sim_side_by_side_rows(GPtrArray *results);
