/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cli.c: what the commands share; see cli.h. */
#include "sim/cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hv-core/sched/policy.h"
#include "sim/trace/trace.h"

void cli_error(const char *format, ...)
{
    va_list args;

    fputs("hvlab: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

int cli_fail(GError *error)
{
    int exit = CLI_BAD_INPUT;

    if (g_error_matches(error, HV_ERROR, HV_ERROR_UNAVAILABLE))
        exit = CLI_UNAVAILABLE;
    else if (g_error_matches(error, HV_ERROR, HV_ERROR_FAILED))
        exit = CLI_DEFECT;
    cli_error("%s", error->message);
    g_error_free(error);
    return exit;
}

bool cli_parse(int *argc, char ***argv, const GOptionEntry *entries, const char *positional,
               const char *summary, int minimum, int maximum, int *ret_exit)
{
    g_autoptr(GOptionContext) context = g_option_context_new(positional);
    g_autoptr(GError) error = NULL;
    const char *command = (*argv)[0];
    gboolean help = FALSE;
    const GOptionEntry help_entry[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this text", NULL}, G_OPTION_ENTRY_NULL};
    g_autofree char *name = g_strdup_printf("hvlab %s", command);

    g_set_prgname(name);
    g_option_context_set_summary(context, summary);
    g_option_context_set_help_enabled(context, FALSE);
    if (entries)
        g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, help_entry, NULL);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        cli_error("%s; 'hvlab %s --help' lists the options", error->message, command);
        *ret_exit = CLI_BAD_INPUT;
        return false;
    }
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);

        fputs(text, stdout);
        *ret_exit = CLI_OK;
        return false;
    }
    if (*argc >= 2 && !strcmp((*argv)[1], "--")) {
        (*argv)++;
        (*argc)--;
    }
    if (*argc - 1 < minimum || *argc - 1 > maximum) {
        cli_error("%s: %s; usage: hvlab %s%s%s", command,
                  *argc - 1 > maximum ? "too many arguments"
                  : *argc == 1        ? "a file name is missing"
                                      : "an argument is missing",
                  command, positional ? " " : "", positional ? positional : "");
        *ret_exit = CLI_BAD_INPUT;
        return false;
    }
    return true;
}

bool cli_wants_colour(FILE *stream)
{
    const char *no_color = g_getenv("NO_COLOR");

    return isatty(fileno(stream)) && !(no_color && *no_color);
}

/* A folder at its place in relation to this very program, so that an installed hvlab finds
 * what belongs to it wherever it was installed; NULL: it is not there. */
static char *beside_program(const char *relative)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
    g_autofree char *path = folder ? g_build_filename(folder, relative, NULL) : NULL;

    return path && g_file_test(path, G_FILE_TEST_IS_DIR) ? g_canonicalize_filename(path, NULL)
                                                         : NULL;
}

/* Named by a variable, else as built, else as installed, else where it was built. */
static char *find_directory(const char *variable, const char *built, const char *installed,
                            const char *otherwise)
{
    const char *named = variable ? g_getenv(variable) : NULL;
    char *found = NULL;

    if (named && *named)
        return g_strdup(named);
    if (built)
        found = beside_program(built);
    if (!found)
        found = beside_program(installed);
    return found ? found : g_strdup(otherwise);
}

char *cli_guest_directory(void)
{
    return find_directory("HVLAB_GUESTS", "../../hv-core/guest", "../lib/hvlab/guests",
                          HVLAB_GUEST_DIR);
}

char *cli_scenario_directory(void)
{
    return find_directory("HVLAB_SCENARIOS", NULL, "../share/hvlab/scenarios", HVLAB_SCENARIO_DIR);
}

char *cli_include_directory(void)
{
    return find_directory(NULL, NULL, "../include/hvlab", HVLAB_INCLUDE_DIR);
}

bool cli_format_json(const char *format)
{
    return format && !strcmp(format, "json");
}

bool cli_format_is(const char *format, const char *command, int *ret_exit)
{
    if (!format || !strcmp(format, "text") || !strcmp(format, "json"))
        return true;
    cli_error("%s: --format=%s: allowed are text and json", command, format);
    *ret_exit = CLI_BAD_INPUT;
    return false;
}

struct CliKnown {
    GPtrArray *programs, *policies, *events, *event_fields;
    GStringChunk *text; /* what event_fields points to; every run begins with this */
    SimScenarioKnown lists;
};

static int compare_strings(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_programs(GPtrArray *programs)
{
    g_autofree char *directory = cli_guest_directory();
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".elf"))
            g_ptr_array_add(programs, g_strndup(name, strlen(name) - 4));
    g_ptr_array_sort(programs, compare_strings);
}

static void list_events(CliKnown *known)
{
    char path[128];

    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        const SimEventInfo *info = sim_event_info(type);
        char *end;

        g_ptr_array_add(known->events, (char *)info->name);
        g_assert(strlen(info->name) < sizeof(path) / 2);
        end = g_stpcpy(g_stpcpy(path, info->name), ".");
        for (const SimFieldInfo *field = info->fields; field->name; field++) {
            g_strlcpy(end, field->name, sizeof(path) / 2);
            g_ptr_array_add(known->event_fields, g_string_chunk_insert(known->text, path));
        }
    }
}

CliKnown *cli_known_new(void)
{
    CliKnown *known = g_new0(CliKnown, 1);

    known->programs = g_ptr_array_new_with_free_func(g_free);
    known->policies = g_ptr_array_new();
    known->events = g_ptr_array_new();
    known->event_fields = g_ptr_array_new();
    known->text = g_string_chunk_new(16384);
    find_programs(known->programs);
    for (size_t i = 0; hv_policies[i]; i++)
        g_ptr_array_add(known->policies, (char *)hv_policies[i]->name);
    list_events(known);
    for (GPtrArray **list = (GPtrArray *[]){known->programs, known->policies, known->events,
                                            known->event_fields, NULL};
         *list; list++)
        g_ptr_array_add(*list, NULL);
    known->lists = (SimScenarioKnown){
        /* No images at all: the engine will say which file it looked for. */
        .programs = known->programs->pdata[0] ? (const char *const *)known->programs->pdata : NULL,
        .policies = (const char *const *)known->policies->pdata,
        .events = (const char *const *)known->events->pdata,
        .event_fields = (const char *const *)known->event_fields->pdata,
    };
    return known;
}

void cli_known_free(CliKnown *known)
{
    if (!known)
        return;
    g_ptr_array_free(known->programs, TRUE);
    g_ptr_array_free(known->policies, TRUE);
    g_ptr_array_free(known->events, TRUE);
    g_ptr_array_free(known->event_fields, TRUE);
    g_string_chunk_free(known->text);
    g_free(known);
}

const SimScenarioKnown *cli_known_lists(const CliKnown *known)
{
    return &known->lists;
}
