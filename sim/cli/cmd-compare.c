/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-compare.c: hvlab compare SCENARIO --vary PATH=V1,V2: the same scenario under each
 * value, side by side, and where each two runs part ways.
 *
 * Every run is a process of its own, `hvlab run --format=json --trace`, several at a
 * time; what it wrote is read when all are over. All variants are loaded once before
 * any is run, so a wrong value costs no waiting. Where the network is what differs, or with
 * --reach, each variant is run once more by `hvlab reach`, for who reaches whom.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/cli/cli.h"
#include "sim/cli/vary.h"
#include "sim/cli/world.h"
#include "sim/export/parting.h"
#include "sim/export/side-by-side.h"
#include "sim/export/words.h"

extern char **environ;

typedef struct {
    CliWorld world;
    char **vary;
    char *format;
    int jobs;
    gboolean reach;
} CompareOptions;

typedef struct {
    const CliVariant *variant;
    char *result_path, *trace_path, *error_path;
    bool asks; /* it is the second run now, `hvlab reach` */
    char *matrix_path;
    pid_t pid; /* while it runs */
    int exit;
    json_object *result, *matrix; /* matrix: the document hvlab-reach/1; NULL: not asked for */
    SimReader *reader;
    SimModel *model; /* of the world as it ended, for names */
    GArray *moments; /* of SimMoment */
} Run;

/* ---- Running --------------------------------------------------------------- */

static GPtrArray *arguments(const Run *run, const CompareOptions *options, const char *scenario)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    const CliWorld *world = &options->world;

    g_ptr_array_add(argv, g_strdup("hvlab"));
    g_ptr_array_add(argv, g_strdup(run->asks ? "reach" : "run"));
    g_ptr_array_add(argv, g_strdup("--format=json"));
    if (!run->asks)
        g_ptr_array_add(argv, g_strdup_printf("--trace=%s", run->trace_path));
    if (world->backend)
        g_ptr_array_add(argv, g_strdup_printf("--backend=%s", world->backend));
    if (world->seed)
        g_ptr_array_add(argv, g_strdup_printf("--seed=%s", world->seed));
    if (world->until)
        g_ptr_array_add(argv, g_strdup_printf("--until=%s", world->until));
    for (char **set = world->set; set && *set; set++)
        g_ptr_array_add(argv, g_strdup_printf("--set=%s", *set));
    for (char **set = run->variant->sets; *set; set++)
        g_ptr_array_add(argv, g_strdup_printf("--set=%s", *set));
    g_ptr_array_add(argv, g_strdup("--"));
    g_ptr_array_add(argv, g_strdup(scenario));
    g_ptr_array_add(argv, NULL);
    return argv;
}

static bool start(Run *run, const CompareOptions *options, const char *scenario)
{
    g_autoptr(GPtrArray) argv = arguments(run, options, scenario);
    posix_spawn_file_actions_t actions;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO,
                                     run->asks ? run->matrix_path : run->result_path,
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, run->error_path,
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    error = posix_spawn(&run->pid, "/proc/self/exe", &actions, NULL, (char **)argv->pdata, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        cli_error("a run cannot be started: %s", g_strerror(error));
    return !error;
}

/* Waits for any one run to end. */
static void wait_for_one(Run *runs, unsigned count)
{
    int status;
    pid_t pid = waitpid(-1, &status, 0);

    for (unsigned i = 0; i < count; i++)
        if (pid > 0 && runs[i].pid == pid) {
            runs[i].pid = 0;
            runs[i].exit = WIFEXITED(status) ? WEXITSTATUS(status) : CLI_DEFECT;
        }
}

/* All of them, at most `jobs` at a time. False: one could not be started. */
static bool run_all(Run *runs, unsigned count, const CompareOptions *options, const char *scenario)
{
    unsigned jobs = options->jobs > 0 ? (unsigned)options->jobs : g_get_num_processors();
    unsigned running = 0;
    bool good = true;

    for (unsigned i = 0; i < count && good; i++) {
        if (running == jobs) {
            wait_for_one(runs, count);
            running--;
        }
        good = start(&runs[i], options, scenario);
        running += good;
    }
    for (; running > 0; running--)
        wait_for_one(runs, count);
    return good;
}

/* ---- Who reaches whom -------------------------------------------------------- */

static bool is_of_network(const char *path)
{
    return g_str_has_prefix(path, "networks") || g_str_has_prefix(path, "lan") ||
           g_str_has_prefix(path, "internet") || strstr(path, ".nics") != NULL;
}

/* Each variant is asked, in a second run. False: one could not be started. */
static bool ask_all(Run *runs, unsigned count, const CompareOptions *options, const char *scenario)
{
    g_autofree int *exits = g_new(int, count);
    bool wanted = options->reach;

    for (char **vary = options->vary; *vary; vary++)
        wanted |= is_of_network(*vary);
    for (unsigned i = 0; i < count; i++) {
        wanted &= runs[i].exit == CLI_OK || runs[i].exit == CLI_CHECK_FAILED;
        exits[i] = runs[i].exit;
        runs[i].asks = true;
    }
    if (!wanted)
        return true;

    bool good = run_all(runs, count, options, scenario);

    for (unsigned i = 0; i < count; i++) {
        g_autofree char *text = NULL;

        if (g_file_get_contents(runs[i].matrix_path, &text, NULL, NULL))
            runs[i].matrix = json_tokener_parse(text);
        runs[i].exit = exits[i];
    }
    return good;
}

static json_object *cell_of(const Run *run, size_t number)
{
    return json_object_array_get_idx(json_object_object_get(run->matrix, "reachability"), number);
}

static const char *word_of(json_object *cell, const char *key, const char *otherwise)
{
    const char *text = json_object_get_string(json_object_object_get(cell, key));

    return text ? text : otherwise;
}

static void print_cell_row(const Run *runs, unsigned count, size_t number)
{
    json_object *first = cell_of(&runs[0], number);
    g_autofree char *what =
        g_strdup_printf("%s -> %s %s", word_of(first, "from", "?"), word_of(first, "to", "?"),
                        word_of(first, "protocol", "?"));
    bool differs = false;

    for (unsigned i = 1; i < count; i++)
        differs |=
            strcmp(word_of(cell_of(&runs[i], number), "via", "-"), word_of(first, "via", "-")) != 0;
    printf("%c %-36s", differs ? '*' : ' ', what);
    for (unsigned i = 0; i < count; i++)
        printf("  %*s", (int)MAX(strlen(runs[i].variant->title), 12),
               word_of(cell_of(&runs[i], number), "via", "-"));
    putchar('\n');
}

/* The matrices side by side: a row for each pair of endpoints, a column for each run. */
static void print_matrices(const Run *runs, unsigned count)
{
    size_t rows = SIZE_MAX;

    for (unsigned i = 0; i < count; i++)
        rows = MIN(rows, runs[i].matrix ? json_object_array_length(json_object_object_get(
                                              runs[i].matrix, "reachability"))
                                        : 0);
    if (rows == 0)
        return;
    printf("Who reaches whom, and how (-: not at all; *: not the same in all)\n%-38s", "");
    for (unsigned i = 0; i < count; i++)
        printf("  %*s", (int)MAX(strlen(runs[i].variant->title), 12), runs[i].variant->title);
    putchar('\n');
    for (size_t number = 0; number < rows; number++)
        print_cell_row(runs, count, number);
    putchar('\n');
}

/* ---- What came of it --------------------------------------------------------- */

/* Reads what a run left. False: it has no result; it said why, and so do we. */
static bool collect(Run *run)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL, *said = NULL;

    if (run->exit == CLI_OK || run->exit == CLI_CHECK_FAILED) {
        if (g_file_get_contents(run->result_path, &text, NULL, &error))
            run->result = json_tokener_parse(text);
        if (run->result)
            run->reader = sim_reader_open(run->trace_path, &error);
        if (run->reader) {
            run->model = sim_model_fold(run->reader);
            run->moments = sim_all_moments(run->reader);
            return true;
        }
        run->exit = CLI_DEFECT;
        cli_error("%s: its result cannot be read: %s", run->variant->title,
                  error ? error->message : "not JSON");
        return false;
    }
    if (g_file_get_contents(run->error_path, &said, NULL, NULL) && *said)
        cli_error("%s: %s", run->variant->title,
                  g_strchomp(g_str_has_prefix(said, "hvlab: ") ? said + 7 : said));
    else
        cli_error("%s: ended with exit code %d", run->variant->title, run->exit);
    return false;
}

static void add_event(json_object *object, const char *key, const Run *run, bool has,
                      const SimRecord *record)
{
    g_autoptr(GString) text = g_string_new(NULL);
    json_object *event = NULL;

    if (has) {
        g_autofree char *words = sim_event_words(run->model, record);

        sim_record_to_json(record, text);
        event = json_tokener_parse(text->str);
        json_object_object_add(event, "words", json_object_new_string(words));
    }
    json_object_object_add(object, key, event);
}

static void add_moment(json_object *object, const char *key, const SimMoment *moment)
{
    json_object *row = NULL;

    if (moment->who) {
        row = json_object_new_object();
        json_object_object_add(row, "time_ns", json_object_new_uint64(moment->time));
        json_object_object_add(row, "who", json_object_new_string(moment->who));
        json_object_object_add(row, "text", json_object_new_string(moment->text));
    }
    json_object_object_add(object, key, row);
}

static json_object *parting_json(Run *runs, unsigned a, unsigned b)
{
    SimParting parting = sim_parting_find(runs[a].reader, runs[b].reader);
    json_object *object = json_object_new_object();

    json_object_object_add(object, "a", json_object_new_int64(a));
    json_object_object_add(object, "b", json_object_new_int64(b));
    json_object_object_add(object, "same", json_object_new_boolean(parting.same));
    json_object_object_add(object, "events_alike", json_object_new_uint64(parting.alike));
    if (!parting.same) {
        add_event(object, "event_a", &runs[a], parting.has_a, &parting.a);
        add_event(object, "event_b", &runs[b], parting.has_b, &parting.b);
    }

    SimMomentParting moments = sim_parting_of_moments(runs[a].moments, runs[b].moments);

    add_moment(object, "moment_a", &moments.a);
    add_moment(object, "moment_b", &moments.b);
    return object;
}

static json_object *strings(char *const *list)
{
    json_object *array = json_object_new_array();

    for (; list && *list; list++)
        json_object_array_add(array, json_object_new_string(*list));
    return array;
}

static json_object *document(Run *runs, unsigned count)
{
    json_object *object = json_object_new_object(), *list = json_object_new_array();
    json_object *partings = json_object_new_array();

    json_object_object_add(object, "format", json_object_new_string("hvlab-compare/1"));
    json_object_object_add(object, "scenario",
                           json_object_get(json_object_object_get(runs[0].result, "scenario")));
    for (unsigned i = 0; i < count; i++) {
        json_object *row = json_object_new_object();

        json_object_object_add(row, "title", json_object_new_string(runs[i].variant->title));
        json_object_object_add(row, "set", strings(runs[i].variant->sets));
        json_object_object_add(row, "set_aside", strings(runs[i].variant->set_aside));
        json_object_object_add(row, "exit_code", json_object_new_int(runs[i].exit));
        json_object_object_add(row, "result", json_object_get(runs[i].result));
        if (runs[i].matrix)
            json_object_object_add(
                row, "reachability",
                json_object_get(json_object_object_get(runs[i].matrix, "reachability")));
        json_object_array_add(list, row);
    }
    for (unsigned a = 0; a < count; a++)
        for (unsigned b = a + 1; b < count; b++)
            json_object_array_add(partings, parting_json(runs, a, b));
    json_object_object_add(object, "runs", list);
    json_object_object_add(object, "partings", partings);
    return object;
}

static void print_event(const Run *run, bool has, const SimRecord *record)
{
    g_autofree char *words = has ? sim_event_words(run->model, record) : NULL;
    g_autofree char *at = has ? sim_time_words(record->time) : NULL;

    if (has)
        printf("      %s: at %s, %s\n", run->variant->title, at, words);
    else
        printf("      %s: nothing more happens\n", run->variant->title);
}

/* Does a run owe its times to the host's own CPU? */
static bool uses_kvm(const Run *runs, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!strcmp(word_of(runs[i].result, "backend", ""), "kvm"))
            return true;
    return false;
}

/* Of networks whose mode is varied. */
static void print_set_aside(const Run *runs, unsigned count)
{
    bool any = false;

    for (unsigned i = 0; i < count; i++)
        for (char **at = runs[i].variant->set_aside; at && *at; at++) {
            if (!any)
                printf("What another mode has no use for is set aside\n");
            any = true;
            printf("  %s: %s\n", runs[i].variant->title, *at);
        }
    if (any)
        putchar('\n');
}

static void print_moment(const Run *run, const SimMoment *moment)
{
    g_autofree char *at = sim_time_words(moment->time);

    if (moment->who)
        printf("      %s: at %s, %s: %s\n", run->variant->title, at, moment->who, moment->text);
    else
        printf("      %s: nothing that the other has not\n", run->variant->title);
}

/* The first thing that is done in one of them only, and the first event that is not the same. */
static void print_parting(const Run *a, const Run *b)
{
    SimMomentParting moments = sim_parting_of_moments(a->moments, b->moments);
    SimParting parting = sim_parting_find(a->reader, b->reader);

    printf("  %s and %s: %" G_GUINT64_FORMAT " events alike%s\n", a->variant->title,
           b->variant->title, parting.alike, parting.same ? ", to the end" : "");
    if (parting.same)
        return;
    if (moments.same) {
        printf("    the same things are done, at other times or with other numbers\n");
    } else {
        printf("    the first thing that only one of them does\n");
        print_moment(a, &moments.a);
        print_moment(b, &moments.b);
    }
    printf("    the first event that is not the same\n");
    print_event(a, parting.has_a, &parting.a);
    print_event(b, parting.has_b, &parting.b);
}

static void print_partings(const Run *runs, unsigned count)
{
    printf("Where they part ways (after the VMs have been built)\n");
    for (unsigned a = 0; a < count; a++)
        for (unsigned b = a + 1; b < count; b++)
            print_parting(&runs[a], &runs[b]);
}

static void print_text(Run *runs, unsigned count)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GPtrArray) results = g_ptr_array_new();
    g_autofree const char **titles = g_new0(const char *, count);
    json_object *scenario = json_object_object_get(runs[0].result, "scenario");

    for (unsigned i = 0; i < count; i++) {
        titles[i] = runs[i].variant->title;
        g_ptr_array_add(results, runs[i].result);
    }
    printf("%s (%s)\n%s\n", json_object_get_string(json_object_object_get(scenario, "title")),
           json_object_get_string(json_object_object_get(scenario, "id")),
           uses_kvm(runs, count) ? "Backend: kvm, so some of it differs from run to run anyway; "
                                   "not so with --backend=emulated\n"
                                 : "");
    print_set_aside(runs, count);
    if (runs[0].matrix) { /* what was asked for comes first, the numbers last */
        print_matrices(runs, count);
        print_partings(runs, count);
        putchar('\n');
    }
    sim_side_by_side(out, results, titles);
    fputs(out->str, stdout);
    if (!runs[0].matrix) {
        putchar('\n');
        print_partings(runs, count);
    }
}

/* ---- The command --------------------------------------------------------------- */

/* A message names the option that was given. */
static void name_vary(GError *error, const CliVariant *variant)
{
    for (char **set = variant->sets; *set; set++) {
        g_autofree char *said = g_strdup_printf("--set %s", *set);
        g_autofree char *meant = g_strdup_printf("--vary %s", *set);
        g_autoptr(GString) message = g_string_new(error->message);

        g_string_replace(message, said, meant, 0);
        g_free(error->message);
        error->message = g_strdup(message->str);
    }
}

/* Does every variant load? */
static bool check_variants(GPtrArray *variants, const CompareOptions *options, const char *path,
                           GError **error)
{
    g_autoptr(CliKnown) known = cli_known_new();

    for (unsigned i = 0; i < variants->len; i++) {
        CliVariant *variant = variants->pdata[i];
        g_autoptr(GPtrArray) sets = g_ptr_array_new();
        CliWorld world = options->world;

        for (char **set = world.set; set && *set; set++)
            g_ptr_array_add(sets, *set);
        for (char **set = variant->sets; *set; set++)
            g_ptr_array_add(sets, *set);
        g_ptr_array_add(sets, NULL);
        world.set = (char **)sets->pdata;

        g_autoptr(SimScenario) scenario =
            cli_world_load(&world, path, NULL, cli_known_lists(known), error);

        if (!scenario) {
            name_vary(*error, variant);
            return false;
        }
        variant->set_aside = g_steal_pointer(&scenario->set_aside);
    }
    return true;
}

static GPtrArray *read_variants(const CompareOptions *options, GError **error)
{
    g_autoptr(GPtrArray) varies = g_ptr_array_new_with_free_func((GDestroyNotify)cli_vary_free);

    for (char **text = options->vary; text && *text; text++) {
        CliVary *vary = cli_vary_parse(*text, error);

        if (!vary)
            return NULL;
        g_ptr_array_add(varies, vary);
    }
    if (varies->len == 0) {
        g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_SET,
                    "compare: what shall be different? Give --vary PATH=VALUE,VALUE");
        return NULL;
    }
    return cli_vary_product(varies, error);
}

/* The worst of them is that of the comparison. */
static int finish(Run *runs, unsigned count, const CompareOptions *options)
{
    int exit = CLI_OK;
    bool good = true;

    for (unsigned i = 0; i < count; i++) {
        good &= collect(&runs[i]);
        exit = MAX(exit, runs[i].exit);
    }
    if (good && cli_format_json(options->format)) {
        json_object *object = document(runs, count);

        puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
                                                        JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(object);
    } else if (good) {
        print_text(runs, count);
    }
    return exit;
}

static int compare(const char *path, const CompareOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) variants = read_variants(options, &error);
    g_autofree char *folder = NULL;
    g_autofree Run *runs = NULL;
    int exit = CLI_DEFECT;

    if (!variants || !check_variants(variants, options, path, &error) ||
        !(folder = g_dir_make_tmp("hvlab-compare-XXXXXX", &error)))
        return cli_fail(g_steal_pointer(&error));
    runs = g_new0(Run, variants->len);
    for (unsigned i = 0; i < variants->len; i++) {
        runs[i].variant = variants->pdata[i];
        runs[i].result_path = g_strdup_printf("%s/%u.json", folder, i);
        runs[i].trace_path = g_strdup_printf("%s/%u.hvtrace", folder, i);
        runs[i].error_path = g_strdup_printf("%s/%u.err", folder, i);
        runs[i].matrix_path = g_strdup_printf("%s/%u.reach.json", folder, i);
    }

    /* The runs get Ctrl-C too and end; we go on, and take away what they wrote. */
    signal(SIGINT, SIG_IGN);
    if (run_all(runs, variants->len, options, path) && ask_all(runs, variants->len, options, path))
        exit = finish(runs, variants->len, options);
    for (unsigned i = 0; i < variants->len; i++) {
        g_unlink(runs[i].result_path);
        g_unlink(runs[i].trace_path);
        g_unlink(runs[i].error_path);
        g_unlink(runs[i].matrix_path);
        sim_model_free(runs[i].model);
        g_clear_pointer(&runs[i].moments, g_array_unref);
        sim_reader_free(runs[i].reader);
        json_object_put(runs[i].result);
        json_object_put(runs[i].matrix);
        g_free(runs[i].result_path);
        g_free(runs[i].trace_path);
        g_free(runs[i].error_path);
        g_free(runs[i].matrix_path);
    }
    g_rmdir(folder);
    return exit;
}

int cli_compare(int argc, char **argv)
{
    CompareOptions options = {0};
    const GOptionEntry entries[] = {
        {"vary", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.vary,
         "What is different from run to run, for example host.scheduler.slice=1ms,5ms,10ms; "
         "given twice, every value of one with every value of the other",
         "PATH=V1,V2"},
        CLI_WORLD_ENTRIES(&options.world),
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.format, "text (default) or json", "FORMAT"},
        {"reach", 0, 0, G_OPTION_ARG_NONE, &options.reach,
         "Also ask who reaches whom, as hvlab reach does (without asking for it: where networks, "
         "NICs, the LAN or the Internet differ)",
         NULL},
        {"jobs", 0, 0, G_OPTION_ARG_INT, &options.jobs,
         "Runs at a time (default: as many as there are CPUs)", "N"},
        G_OPTION_ENTRY_NULL};
    int exit;

    if (cli_parse(&argc, &argv, entries, "SCENARIO",
                  "Runs a scenario once for each value and prints the results side by side, and "
                  "the first event at which each two runs part ways. A row with * differs.",
                  1, 1, &exit) &&
        cli_format_is(options.format, "compare", &exit)) {
        if (options.jobs < 0) {
            cli_error("compare: --jobs=%d: allowed: 1 or more", options.jobs);
            exit = CLI_BAD_INPUT;
        } else {
            exit = compare(argv[1], &options);
        }
    }
    cli_world_clear(&options.world);
    g_strfreev(options.vary);
    g_free(options.format);
    return exit;
}
