/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-run.c: hvlab run SCENARIO: runs it and prints what happened.
 *
 * The engine runs in slices of virtual time; between two of them trace and capture
 * are written as far as they have come (outputs.h) and progress is shown. Nothing is
 * written before the scenario has been found good. Ctrl-C ends the run: the trace is
 * whole, the report says so.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/cli.h"
#include "sim/cli/outputs.h"
#include "sim/cli/pace.h"
#include "sim/cli/world.h"
#include "sim/export/report.h"

#define SLICE_NS          10000000 /* of virtual time between two looks around */
#define PROGRESS_AFTER_NS 1000000000
#define PROGRESS_EVERY_NS 100000000

typedef struct {
    CliWorld world;
    char *trace, *pcapng, *format, *replay;
    char **uplinks;
} RunOptions;

static void options_clear(RunOptions *options)
{
    cli_world_clear(&options->world);
    g_free(options->trace);
    g_free(options->pcapng);
    g_free(options->format);
    g_free(options->replay);
    g_strfreev(options->uplinks);
}

static SimEngine *volatile running; /* for the signal handler only */

static void on_interrupt(int signal)
{
    SimEngine *engine = running;

    (void)signal;
    if (engine)
        sim_engine_interrupt(engine);
}

static int64_t wall_ns(void)
{
    return g_get_monotonic_time() * 1000;
}

/* ---- Running ------------------------------------------------------------- */

typedef struct {
    SimEngine *engine;
    const SimScenario *scenario;
    CliOutputs *outputs;
    CliUplinks *uplinks;
    int64_t started_ns;
    int64_t shown_ns; /* when progress was last shown; 0: never */
} Run;

static void show_progress(Run *run)
{
    int64_t now = wall_ns();
    uint64_t done = MIN(sim_engine_now(run->engine), run->scenario->run.until_ns);

    if (!isatty(STDERR_FILENO) || now - run->started_ns < PROGRESS_AFTER_NS ||
        now - run->shown_ns < PROGRESS_EVERY_NS)
        return;
    run->shown_ns = now;
    fprintf(stderr, "\r%3u %% of %s, %.1f s so far (Ctrl-C ends the run) ",
            (unsigned)((unsigned __int128)done * 100 / run->scenario->run.until_ns),
            run->scenario->id, (double)(now - run->started_ns) / 1e9);
}

static void hide_progress(Run *run)
{
    if (run->shown_ns)
        fputs("\r\033[K", stderr);
}

static bool run_to_end(Run *run, GError **error)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND}, old;
    bool good = true;

    running = run->engine;
    sigaction(SIGINT, &action, &old);
    if (run->uplinks->ends)
        good = cli_uplinks_run(run->uplinks, run->engine, run->outputs, &cli_wall_clock, error);
    for (uint64_t grant = SLICE_NS; good && sim_engine_run(run->engine, grant); grant += SLICE_NS) {
        good = cli_outputs_follow(run->outputs, run->engine, error);
        show_progress(run);
    }
    sigaction(SIGINT, &old, NULL);
    running = NULL;
    hide_progress(run);
    return good;
}

/* ---- After the run ------------------------------------------------------- */

static void print_result(Run *run, json_object *result, SimReader *reader, bool json, FILE *stream)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (json) {
        fprintf(stream, "%s\n",
                json_object_to_json_string_ext(result, JSON_C_TO_STRING_PRETTY |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE));
        return;
    }

    const SimReportInput input = {
        .result = result,
        .reader = reader,
        .backend_why = sim_engine_backend_why(run->engine),
        .colour = cli_wants_colour(stream),
    };

    sim_report_text(text, &input);
    fputs(text->str, stream);
}

static int report(Run *run, const RunOptions *options)
{
    g_autoptr(GError) error = NULL;
    CliVerdict verdict;

    cli_verdict_make(&verdict, run->engine, run->scenario, (uint64_t)(wall_ns() - run->started_ns));

    /* First the files: whoever reads stdout may go away (hvlab run ... | head). */
    bool written = cli_outputs_close(run->outputs, run->engine, &error);
    int exit = verdict.exit;

    print_result(run, verdict.result, verdict.reader, cli_format_json(options->format),
                 run->outputs->takes_stdout ? stderr : stdout);
    cli_verdict_clear(&verdict);
    return written ? exit : cli_fail(g_steal_pointer(&error));
}

/* ---- The command --------------------------------------------------------- */

static int run_engine(Run *run, const RunOptions *options)
{
    g_autoptr(GError) error = NULL;
    int exit;

    if (!cli_outputs_open(run->outputs, options->trace, options->pcapng))
        return CLI_BAD_INPUT;
    if (run_to_end(run, &error))
        return report(run, options);
    exit = cli_fail(g_steal_pointer(&error));
    cli_outputs_close(run->outputs, run->engine, NULL);
    return exit;
}

/* The uplinks asked for, or what came in by those of an earlier run. */
static bool open_uplinks(Run *run, const RunOptions *options, GError **error)
{
    if (options->replay) {
        g_autoptr(SimReader) trace = sim_reader_open(options->replay, error);

        sim_engine_stay_when_idle(run->engine, true); /* as it was then */
        if (!trace || !sim_engine_replay_uplinks(run->engine, trace, error)) {
            g_prefix_error(error, "--replay-uplink %s: ", options->replay);
            return false;
        }
    }
    return !options->uplinks ||
           cli_uplinks_open(run->uplinks, options->uplinks, run->engine, run->scenario, error);
}

static int run_scenario(const char *path, const RunOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CliKnown) known = cli_known_new();
    int64_t started = wall_ns();
    g_autoptr(SimScenario) scenario =
        cli_world_load(&options->world, path, NULL, cli_known_lists(known), &error);
    g_autoptr(SimEngine) engine =
        scenario ? cli_world_engine(&options->world, scenario, &error) : NULL;

    if (!engine)
        return cli_fail(g_steal_pointer(&error));
    cli_world_tell_set_aside(scenario);

    CliUplinks uplinks = {0};
    CliOutputs outputs;
    Run run = {.engine = engine,
               .scenario = scenario,
               .outputs = &outputs,
               .uplinks = &uplinks,
               .started_ns = started};
    int exit;

    if (open_uplinks(&run, options, &error))
        exit = run_engine(&run, options);
    else
        exit = cli_fail(g_steal_pointer(&error));
    cli_uplinks_close(&uplinks);
    return exit;
}

int cli_run(int argc, char **argv)
{
    RunOptions options = {0};
    const GOptionEntry entries[] = {
        CLI_WORLD_ENTRIES(&options.world),
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &options.trace,
         "Write the trace to FILE while running; - is stdout", "FILE"},
        {"pcapng", 0, 0, G_OPTION_ARG_FILENAME, &options.pcapng,
         "Write what goes over the networks to FILE while running; - is stdout, so "
         "'hvlab run --pcapng - SCENARIO | wireshark -k -i -' shows it live, and so does a FIFO",
         "FILE"},
        {"uplink", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.uplinks,
         "Join a network to the real world: NET=tap:IFNAME (a TAP interface), NET=unix:PATH (a "
         "socket on which passt or QEMU listens) or NET=listen:PATH (QEMU connects). The run "
         "follows the wall clock. May be given several times",
         "NET=TO"},
        {"replay-uplink", 0, 0, G_OPTION_ARG_FILENAME, &options.replay,
         "Do a run with uplinks again without them: what came in is taken from its trace", "TRACE"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.format, "text (default) or json", "FORMAT"},
        G_OPTION_ENTRY_NULL};
    int exit;

    if (cli_parse(&argc, &argv, entries, "SCENARIO",
                  "Runs a scenario and prints what happened. Exit code: 0 every check passed, "
                  "1 a check failed, 2 bad input, 3 this host cannot.",
                  1, 1, &exit) &&
        cli_format_is(options.format, "run", &exit)) {
        if (options.uplinks && options.replay) {
            cli_error("run: --uplink and --replay-uplink cannot stand together");
            exit = CLI_BAD_INPUT;
        } else {
            exit = run_scenario(argv[1], &options);
        }
    }
    options_clear(&options);
    return exit;
}
