/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ask.h: runs a scenario and then asks who reaches whom: what `hvlab reach` and
 * `hvlab why` share.
 */
#pragma once

#include "sim/cli/world.h"

/* A run that is over, and its answers: the last ones of model->reaches, in the order
 * of the questions. */
typedef struct {
    SimEngine *engine; /* owns the trace */
    SimReader *reader; /* of its trace */
    SimModel *model;
} CliAnswers;

/* Every endpoint of a scenario: VMs that have a NIC, the host, the LAN, the
 * Internet. Array of SimScenarioEndpoint; g_array_unref() frees the names too. */
GArray *cli_endpoints(const SimScenario *scenario);
/* The one called so, NULL: none. */
const SimScenarioEndpoint *cli_find_endpoint(const GArray *endpoints, const char *name);

/* A port at which it makes sense to ask an endpoint: where a forward rule leads, else 80. */
unsigned cli_usual_port(const SimScenario *scenario, const SimScenarioEndpoint *to,
                        SimProtocol protocol);

/* Runs the scenario, without its checks, and asks. False: error. */
bool cli_ask(CliAnswers *answers, const CliWorld *world, const SimScenario *scenario,
             const SimReachQuestion *questions, size_t count, GError **error);
/* The answer to question number i of count; NULL: the run ended before. */
const SimModelReach *cli_answer(const CliAnswers *answers, size_t i, size_t count);
void cli_answers_clear(CliAnswers *answers);
