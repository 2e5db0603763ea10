/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report-cpu.h: the sections of the text report on scheduling and on jobs, without
 * their headings. */
#pragma once

#include <glib.h>
#include <json-c/json.h>

/* Each appends its table; nothing when the result has no jobs. */
void sim_report_scheduling(GString *out, json_object *result);
void sim_report_jobs(GString *out, json_object *result);
/* A line for each VM that was throttled. */
void sim_report_throttles(GString *out, json_object *vms);

/* report.c: 1234567 ns as "1.234 ms". */
void sim_report_duration(GString *out, uint64_t ns);
