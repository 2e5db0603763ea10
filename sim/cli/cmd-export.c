/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-export.c: hvlab export TRACE: a trace in other tools' formats. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/export/export.h"

typedef struct {
    FILE *stream;
    const char *path;
} Output;

static gboolean to_output(void *user, const void *bytes, size_t size, GError **error)
{
    Output *output = user;

    if (fwrite(bytes, 1, size, output->stream) == size)
        return TRUE;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", output->path,
                g_strerror(errno));
    return FALSE;
}

static bool fail_output(const char *path, GError **error)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path,
                g_strerror(errno));
    return false;
}

/* Writes into a temporary file beside the one asked for, so that a failed export
 * leaves what was there. What is there and no file (a device, a pipe) is written
 * itself: a file must not take its place. */
static bool export_to(SimReader *reader, const char *format, const char *path, GError **error)
{
    bool to_stdout = !strcmp(path, "-");
    bool in_place = to_stdout || (g_file_test(path, G_FILE_TEST_EXISTS) &&
                                  !g_file_test(path, G_FILE_TEST_IS_REGULAR));
    g_autofree char *temporary = in_place ? g_strdup(path) : g_strdup_printf("%s.part", path);
    Output output = {to_stdout ? stdout : fopen(temporary, "wb"), to_stdout ? "stdout" : path};

    if (!output.stream) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "%s: cannot be written: %s", path, g_strerror(errno));
        return false;
    }

    bool good = sim_export_trace(sim_export_find(format), reader, to_output, &output, error);

    if ((to_stdout ? fflush(stdout) : fclose(output.stream)) != 0 && good)
        good = fail_output(output.path, error);
    if (in_place)
        return good;
    if (good && rename(temporary, path) != 0)
        good = fail_output(path, error);
    if (!good)
        remove(temporary);
    return good;
}

static void warn_if_cut(SimReader *reader, const char *path)
{
    size_t cut = sim_reader_cut_bytes(reader);

    if (cut)
        cli_error("%s: ends in the middle of a record; exported what is before its last %zu bytes",
                  path, cut);
}

int cli_export(int argc, char **argv)
{
    g_autofree char *pcapng = NULL, *perfetto = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"pcapng", 0, 0, G_OPTION_ARG_FILENAME, &pcapng,
         "A capture for Wireshark, one interface per port of a switch or a NAT", "FILE"},
        {"perfetto", 0, 0, G_OPTION_ARG_FILENAME, &perfetto,
         "A timeline for ui.perfetto.dev (Chrome trace JSON)", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Every event as a line of JSON, to stdout", NULL},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GError) error = NULL;
    int exit;

    if (!cli_parse(&argc, &argv, entries, "TRACE",
                   "Turns a trace (from hvlab run --trace) into other tools' formats. FILE may be "
                   "- for stdout.",
                   1, 1, &exit))
        return exit;
    if (!pcapng && !perfetto && !json) {
        cli_error("export: to what? Give --pcapng FILE, --perfetto FILE or --json");
        return CLI_BAD_INPUT;
    }

    g_autoptr(SimReader) reader = sim_reader_open(argv[1], &error);

    if (!reader || !sim_reader_check(reader, &error))
        return cli_fail(g_steal_pointer(&error));
    if ((pcapng && !export_to(reader, "pcapng", pcapng, &error)) ||
        (perfetto && !export_to(reader, "perfetto", perfetto, &error)) ||
        (json && !export_to(reader, "json", "-", &error)))
        return cli_fail(g_steal_pointer(&error));
    warn_if_cut(reader, argv[1]);
    return CLI_OK;
}
