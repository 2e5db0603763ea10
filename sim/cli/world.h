/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.h: from the command line to a world that can run, and from a world that
 * has run to its verdicts: what the commands that run a scenario share.
 */
#pragma once

#include <json-c/json.h>

#include "sim/engine/engine.h"
#include "sim/model/model.h"

/* The options that such commands have in common. Zero-initialised. */
typedef struct {
    char *backend, *seed, *until, *policy;
    gboolean trust_policy;
    char **set;
} CliWorld;

/* They, as rows of a GOptionEntry table. */
#define CLI_WORLD_ENTRIES(world)                                                                   \
    {"policy",                                                                                     \
     0,                                                                                            \
     0,                                                                                            \
     G_OPTION_ARG_FILENAME,                                                                        \
     &(world)->policy,                                                                             \
     "Schedule by a policy of your own, ./NAME.so (hvlab policy new)",                             \
     "FILE"},                                                                                      \
        {"trust-policy",                                                                           \
         0,                                                                                        \
         0,                                                                                        \
         G_OPTION_ARG_NONE,                                                                        \
         &(world)->trust_policy,                                                                   \
         "Run it in this process, without a jail: to debug it",                                    \
         NULL},                                                                                    \
        {"backend",                                                                                \
         0,                                                                                        \
         0,                                                                                        \
         G_OPTION_ARG_STRING,                                                                      \
         &(world)->backend,                                                                        \
         "auto (default: kvm where it works), kvm or emulated",                                    \
         "NAME"},                                                                                  \
        {"seed",  0, 0, G_OPTION_ARG_STRING, &(world)->seed, "Another seed than the scenario's",   \
         "NUMBER"},                                                                                \
        {"until",                                                                                  \
         0,                                                                                        \
         0,                                                                                        \
         G_OPTION_ARG_STRING,                                                                      \
         &(world)->until,                                                                          \
         "Run to this virtual time, for example 500ms",                                            \
         "TIME"},                                                                                  \
    {                                                                                              \
        "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(world)->set,                                     \
            "Replace a value of the scenario, for example host.scheduler.slice=5ms or "            \
            "vms.a.memory=4MiB; may be given several times",                                       \
            "PATH=VALUE"                                                                           \
    }

void cli_world_clear(CliWorld *world);

/* The scenario at path with the options' values in it. text (NULL: the file is
 * read) is the file's content, and path then only its name for messages. */
SimScenario *cli_world_load(const CliWorld *world, const char *path, const char *text,
                            const SimScenarioKnown *known, GError **error);
/* Says on stderr what another mode of a network has set aside. */
void cli_world_tell_set_aside(const SimScenario *scenario);

/* An engine on the backend asked for. The scenario must outlive it. */
SimEngine *cli_world_engine(const CliWorld *world, const SimScenario *scenario, GError **error);

/* ---- After a run ---------------------------------------------------------- */

/* What a run came to. */
typedef struct {
    SimReader *reader;   /* of the engine's trace */
    json_object *result; /* "hvlab-result/1", with checks and score */
    int exit;            /* enum CliExit */
} CliVerdict;

/* Judges a run that is over. The verdicts become the last events of its trace. */
void cli_verdict_make(CliVerdict *verdict, SimEngine *engine, const SimScenario *scenario,
                      uint64_t wall_ns);
void cli_verdict_clear(CliVerdict *verdict);
