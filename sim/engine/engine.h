/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.h: builds the world a scenario describes and runs it.
 *
 * The engine owns a host with its VMs (hv-core), a network (netsim) and the
 * trace, and has the one loop in which time passes. It runs only as far as it
 * is allowed to (sim_engine_run) and then waits, so pacing, progress and
 * writing the trace to a file are its client's. All that happens is in the
 * trace; the engine keeps no results of its own.
 *
 * A run has two phases: the scenario's own time, and after it the questions who
 * reaches whom, those of its reach checks and the client's, one at a time.
 */
#pragma once

#include <glib.h>

#include "sim/scenario/scenario.h"
#include "sim/trace/reader.h"

typedef struct SimEngine SimEngine;

/* Does one endpoint reach another? Asked when the scenario's own time is over. */
typedef struct {
    SimScenarioEndpoint from, to; /* names are not looked at */
    SimProtocol protocol;
    unsigned port; /* of udp and tcp */
} SimReachQuestion;

typedef struct {
    const SimScenario *scenario; /* borrowed, must outlive the engine */
    const char *backend;         /* "auto", "kvm" or "emulated" */
    const char *guest_directory; /* where NAME.elf of the known programs are */
    const char *policy;          /* a shared object instead of host.scheduler.policy; NULL: none */
    bool trust_policy;           /* it runs in this process, not in a jail of its own */
    bool forget_flushed;         /* see SimTraceOptions */
    const SimReachQuestion *questions; /* copied; asked after the reach checks', in this order */
    size_t question_count;
    bool skip_checks;  /* ask only these */
    bool check_frames; /* for tests: after each event of the host its page frames are counted.
                          Slow */
} SimEngineConfig;

/* Builds the world; no guest code has run yet. Errors: HV_ERROR (this host
 * cannot), HV_ERROR_INVALID (an image), NET_ERROR. */
SimEngine *sim_engine_new(const SimEngineConfig *config, GError **error);
void sim_engine_free(SimEngine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimEngine, sim_engine_free)

/* Why the policy that config->policy named has failed; NULL: it has not. */
const char *sim_engine_policy_failed(const SimEngine *engine);

/* With config->check_frames: the first mistake that was found; NULL: none. */
const char *sim_engine_frames_wrong(const SimEngine *engine);

/* Runs until virtual time grant_ns, or until the run is over. True while there is
 * more to do. Time may stop a little before grant_ns or pass it by what one
 * instruction and its costs take. */
bool sim_engine_run(SimEngine *engine, uint64_t grant_ns);

/* What sim_engine_run() does when nothing is left that could happen: end the run
 * (so it begins), or let time pass up to the grant, as somebody may still give a
 * command. */
void sim_engine_stay_when_idle(SimEngine *engine, bool stay);
/* Nothing will happen any more by itself. */
bool sim_engine_is_idle(const SimEngine *engine);
/* The earliest time at which anything happens; SIM_TIME_NEVER: nothing will. */
uint64_t sim_engine_deadline(const SimEngine *engine);

/* ---- Uplinks: ways out of the simulation ---- */

/* Joins an uplink to a network, before the run begins. They are numbered from 0. */
bool sim_engine_add_uplink(SimEngine *engine, unsigned network, GError **error);
/* A frame comes in from outside, at time at_ns or as soon as one can, and this time is
 * returned. Copied. It is in the trace, so that the same run can be done again without
 * the uplink (sim_engine_replay_uplinks). */
uint64_t sim_engine_uplink_input(SimEngine *engine, unsigned uplink, const void *bytes,
                                 size_t length, uint64_t at_ns);
/* The next frame that goes out; false: none. g_bytes_unref(). Frames that nobody takes
 * are kept, so take them after each sim_engine_run(). */
bool sim_engine_take_uplink_output(SimEngine *engine, unsigned *ret_uplink, GBytes **ret_frame);
/* Adds the uplinks that the run of this trace had, and plans all that came in by them.
 * Error: the trace is of another scenario, backend or set of images. */
bool sim_engine_replay_uplinks(SimEngine *engine, SimReader *trace, GError **error);

/* Ends the scenario's own time here; what is left of the run are its checks' probes. */
void sim_engine_finish(SimEngine *engine);

typedef enum {
    SIM_PHASE_MAIN,   /* the scenario's own time */
    SIM_PHASE_PROBES, /* what the reach checks ask */
    SIM_PHASE_DONE,
} SimPhase;

SimPhase sim_engine_phase(const SimEngine *engine);

/* Ends the run soon, with a whole trace. Safe in a signal handler. */
void sim_engine_interrupt(SimEngine *engine);

/* A command from a person; takes effect at command->at_ns or as soon as one can,
 * and this time is returned. Copied. It is in the trace like those of the timeline. */
uint64_t sim_engine_command(SimEngine *engine, const SimCommand *command);
/* The earliest time at which a command can take effect so that the same run comes of
 * it when it is known before: as far as time was granted. */
uint64_t sim_engine_command_time(const SimEngine *engine);

uint64_t sim_engine_now(const SimEngine *engine);
SimTrace *sim_engine_trace(SimEngine *engine);
const char *sim_engine_backend(const SimEngine *engine);
/* A sentence: which backend runs and why. */
const char *sim_engine_backend_why(const SimEngine *engine);
