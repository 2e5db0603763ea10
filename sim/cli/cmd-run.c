/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-run.c: hvlab run SCENARIO: runs it and prints what happened.
 *
 * The engine runs in slices of virtual time; between two of them the trace is
 * written as far as it has come and progress is shown. Nothing is written before
 * the scenario has been found good. Ctrl-C ends the run: the trace is whole, the
 * report says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cli/cli.h"
#include "sim/cli/world.h"
#include "sim/export/export.h"
#include "sim/export/report.h"

#define SLICES            400      /* of the scenario's time between two looks around, */
#define LEAST_SLICE_NS    10000000 /* but not shorter; the probes at the end may take a second */
#define PROGRESS_AFTER_NS 1000000000
#define PROGRESS_EVERY_NS 100000000

typedef struct {
    CliWorld world;
    char *trace, *pcapng, *format;
} RunOptions;

static void options_clear(RunOptions *options)
{
    cli_world_clear(&options->world);
    g_free(options->trace);
    g_free(options->pcapng);
    g_free(options->format);
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
    int trace_fd; /* -1: none */
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

static bool flush_trace(Run *run, GError **error)
{
    return run->trace_fd < 0 ||
           sim_trace_flush(sim_engine_trace(run->engine), run->trace_fd, error);
}

static bool run_to_end(Run *run, GError **error)
{
    uint64_t slice = MAX(run->scenario->run.until_ns / SLICES, LEAST_SLICE_NS);
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND}, old;
    bool good = true;

    running = run->engine;
    sigaction(SIGINT, &action, &old);
    for (uint64_t grant = slice; good && sim_engine_run(run->engine, grant); grant += slice) {
        good = flush_trace(run, error);
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

static gboolean to_stream(void *user, const void *bytes, size_t size, GError **error)
{
    if (fwrite(bytes, 1, size, user) == size)
        return TRUE;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s", g_strerror(errno));
    return FALSE;
}

static bool write_pcapng(SimReader *reader, FILE *stream, GError **error)
{
    bool good = sim_export_trace(sim_export_find("pcapng"), reader, to_stream, stream, error);

    if (fclose(stream) != 0 && good) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s", g_strerror(errno));
        good = false;
    }
    return good;
}

static int report(Run *run, const RunOptions *options, FILE *pcapng)
{
    g_autoptr(GError) error = NULL;
    CliVerdict verdict;

    cli_verdict_make(&verdict, run->engine, run->scenario, (uint64_t)(wall_ns() - run->started_ns));

    /* First the files: whoever reads stdout may go away (hvlab run ... | head). */
    bool written =
        flush_trace(run, &error) && (!pcapng || write_pcapng(verdict.reader, pcapng, &error));
    int exit = verdict.exit;

    /* stdout carries the capture when that was asked for. */
    print_result(run, verdict.result, verdict.reader, cli_format_json(options->format),
                 options->pcapng && !strcmp(options->pcapng, "-") ? stderr : stdout);
    cli_verdict_clear(&verdict);
    return written ? exit : cli_fail(g_steal_pointer(&error));
}

/* ---- The command --------------------------------------------------------- */

static int open_output(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        cli_error("%s: cannot be written: %s", path, g_strerror(errno));
    return fd;
}

/* Would one output overwrite the other? Devices and pipes take both. */
static bool same_file(const char *a, const char *b)
{
    g_autofree char *one = a ? g_canonicalize_filename(a, NULL) : NULL;
    g_autofree char *other = b ? g_canonicalize_filename(b, NULL) : NULL;
    struct stat x, y;

    if (!one || !other || !strcmp(b, "-"))
        return false;
    if (stat(one, &x) != 0 || stat(other, &y) != 0)
        return !strcmp(one, other);
    return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int run_engine(Run *run, const RunOptions *options)
{
    g_autoptr(GError) error = NULL;
    FILE *pcapng = NULL;
    int pcapng_fd, exit;

    if (same_file(options->trace, options->pcapng)) {
        cli_error("%s: the trace and the capture cannot be the same file", options->trace);
        return CLI_BAD_INPUT;
    }
    if (options->trace && (run->trace_fd = open_output(options->trace)) < 0)
        return CLI_BAD_INPUT;
    if (options->pcapng) {
        if ((pcapng_fd = !strcmp(options->pcapng, "-") ? dup(STDOUT_FILENO)
                                                       : open_output(options->pcapng)) < 0)
            return CLI_BAD_INPUT;
        pcapng = fdopen(pcapng_fd, "wb");
    }
    exit =
        run_to_end(run, &error) ? report(run, options, pcapng) : cli_fail(g_steal_pointer(&error));
    if (run->trace_fd >= 0 && close(run->trace_fd) != 0) {
        cli_error("%s: %s", options->trace, g_strerror(errno));
        exit = CLI_BAD_INPUT;
    }
    return exit;
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

    Run run = {.engine = engine, .scenario = scenario, .trace_fd = -1, .started_ns = started};

    return run_engine(&run, options);
}

int cli_run(int argc, char **argv)
{
    RunOptions options = {0};
    const GOptionEntry entries[] = {
        CLI_WORLD_ENTRIES(&options.world),
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &options.trace, "Write the trace to FILE", "FILE"},
        {"pcapng", 0, 0, G_OPTION_ARG_FILENAME, &options.pcapng,
         "Write what went over the networks to FILE, for Wireshark", "FILE"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.format, "text (default) or json", "FORMAT"},
        G_OPTION_ENTRY_NULL};
    int exit;

    if (cli_parse(&argc, &argv, entries, "SCENARIO",
                  "Runs a scenario and prints what happened. Exit code: 0 every check passed, "
                  "1 a check failed, 2 bad input, 3 this host cannot.",
                  1, 1, &exit) &&
        cli_format_is(options.format, "run", &exit))
        exit = run_scenario(argv[1], &options);
    options_clear(&options);
    return exit;
}
