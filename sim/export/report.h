/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h: what `hvlab run` prints for people.
 *
 * A short timeline of the telling moments, what each VM printed, and tables of
 * CPU time, exits, memory, networks and checks. All numbers are those of the
 * result document (result.h); the timeline is picked from the events.
 */
#pragma once

#include <glib.h>
#include <json-c/json.h>

#include "sim/trace/reader.h"

typedef struct {
    json_object *result;
    SimReader *reader;
    const char *backend_why; /* a sentence, or NULL */
    bool colour;             /* ANSI escapes: the output is a terminal */
} SimReportInput;

void sim_report_text(GString *out, const SimReportInput *input);
