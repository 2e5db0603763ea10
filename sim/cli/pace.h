/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.h: a run with uplinks: as fast as the wall clock, with frames coming and going.
 */
#pragma once

#include "sim/cli/outputs.h"
#include "sim/engine/uplink.h"

/* The real ends of the uplinks of a run. */
typedef struct {
    GPtrArray *ends; /* of SimUplink, by uplink */
} CliUplinks;

/* Opens each NET=SPEC (uplink.h) and joins it to its network. NULL ends the list. */
bool cli_uplinks_open(CliUplinks *uplinks, char **specs, SimEngine *engine,
                      const SimScenario *scenario, GError **error);
void cli_uplinks_close(CliUplinks *uplinks);

/* Runs to the end. Virtual time follows the wall clock; when the host cannot keep up,
 * that is said once a second and the clock is set back, so that nobody outside waits
 * ever longer. An uplink whose other side goes away is said, and the run goes on. */
bool cli_uplinks_run(CliUplinks *uplinks, SimEngine *engine, CliOutputs *outputs, GError **error);
