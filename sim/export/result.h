/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result.h: the document that `hvlab run --format=json` prints.
 *
 * It is made from the scenario (names, programs) and the model folded from the
 * whole trace (all that was counted). Its keys are a contract: keys may be added,
 * not renamed. checks[] and score are added by sim/lab.
 */
#pragma once

#include <json-c/json.h>

#include "sim/model/model.h"
#include "sim/scenario/scenario.h"

typedef struct {
    const SimScenario *scenario;
    const SimModel *model;
    const SimModel *at_end; /* at the event scenario-end, for times; NULL: there is none */
    const char *metadata;   /* of the trace: the images' SHA-256 are in it */
    uint64_t wall_ns;       /* 0 when read from a file */
} SimResultInput;

/* "format": "hvlab-result/1". json_object_put() it. */
json_object *sim_result_new(const SimResultInput *input);

/* The answers to who reaches whom, one object each, of the last `most` questions. */
json_object *sim_reach_rows(const SimModel *model, unsigned most);
