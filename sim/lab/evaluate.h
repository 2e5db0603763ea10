/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evaluate.h: does what a scenario's checks expect hold in this run?
 *
 * Everything is judged from the trace, through the result document made of it
 * (sim/export/result.h) and the events themselves, so what is graded is what
 * was recorded and can be shown. The evaluator runs nothing: the probes of reach
 * checks were sent by the engine and are events of the trace.
 */
#pragma once

#include <json-c/json.h>

#include "sim/scenario/scenario.h"
#include "sim/trace/reader.h"

typedef struct {
    unsigned check; /* its place in the scenario's list */
    enum SimCheckOutcome outcome;
    unsigned earned; /* points */
    char *detail;    /* a sentence: what was found, and what was expected */
} LabVerdict;

/* Judges all checks. backend is the name of the one that ran. GArray of
 * LabVerdict; g_array_unref() frees the details. */
GArray *lab_evaluate(const SimScenario *scenario, const char *backend, json_object *result,
                     SimReader *reader);

/* Puts the verdicts into the result document: checks[] and score. */
void lab_add_to_result(const SimScenario *scenario, const GArray *verdicts, json_object *result);

/* A number of the result document; what never counted is 0. */
uint64_t lab_counter_value(json_object *result, const SimExpectCounter *counter);
