/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.h: a run with uplinks: as fast as the wall clock, with frames coming and going.
 */
#pragma once

#include <poll.h>

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

/* The wall clock that a run follows, and who is told that it does not keep up. */
typedef struct {
    uint64_t (*now)(void *user); /* in ns, from whenever; never goes back */
    /* poll(2) for at most so many ns, which go by on this clock. */
    int (*wait)(void *user, struct pollfd *fds, unsigned count, uint64_t ns);
    void (*lags)(void *user, uint64_t ns); /* by so much, since this was last said */
    void *user;
} CliClock;

/* This host's own; on stderr. */
extern const CliClock cli_wall_clock;

/* Runs to the end. Virtual time follows the wall clock; when the host cannot keep up, the
 * clock is set back, so that nobody outside waits ever longer. That is said at once, then
 * once a second, and what is left of it at the end. An uplink whose other side goes away is
 * said, and the run goes on. */
bool cli_uplinks_run(CliUplinks *uplinks, SimEngine *engine, CliOutputs *outputs,
                     const CliClock *clock, GError **error);
