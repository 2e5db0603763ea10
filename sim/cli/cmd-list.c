/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-list.c: hvlab list [FOLDER]: the scenarios there are. */
#include <stdio.h>
#include <string.h>

#include "sim/cli/cli.h"

static void print_row(const SimScenarioInfo *info, int id_width)
{
    if (info->error)
        printf("%-*s  does not load: %s\n", id_width, info->path, info->error);
    else
        printf("%-*s  level %" G_GUINT64_FORMAT "  %3" G_GUINT64_FORMAT " min  %s\n", id_width,
               info->path, info->level, info->minutes, info->title);
}

static void append_json(GString *text, const SimScenarioInfo *info)
{
    g_string_append(text, text->len > 1 ? ",\n {\"path\":" : "\n {\"path\":");
    sim_json_string(text, info->path, strlen(info->path));
    if (info->error) {
        g_string_append(text, ",\"error\":");
        sim_json_string(text, info->error, strlen(info->error));
    } else {
        g_string_append(text, ",\"id\":");
        sim_json_string(text, info->id, strlen(info->id));
        g_string_append(text, ",\"title\":");
        sim_json_string(text, info->title, strlen(info->title));
        g_string_append_printf(text,
                               ",\"level\":%" G_GUINT64_FORMAT ",\"minutes\":%" G_GUINT64_FORMAT,
                               info->level, info->minutes);
    }
    g_string_append_c(text, '}');
}

int cli_list(int argc, char **argv)
{
    g_autofree char *format = NULL;
    const GOptionEntry entries[] = {
        {"format", 0, 0, G_OPTION_ARG_STRING, &format, "text (default) or json", "FORMAT"},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GError) error = NULL;
    int exit;

    if (!cli_parse(&argc, &argv, entries, "[FOLDER]",
                   "Lists the scenarios below a folder (scenarios/ when left out).", 0, 1, &exit))
        return exit;
    if (!cli_format_is(format, "list", &exit))
        return exit;

    g_autofree char *folder = argc > 1 ? g_strdup(argv[1]) : cli_scenario_directory();
    g_autoptr(GPtrArray) list = sim_scenario_list(folder, &error);

    if (!list)
        return cli_fail(g_steal_pointer(&error));
    if (cli_format_json(format)) {
        g_autoptr(GString) text = g_string_new("[");

        for (unsigned i = 0; i < list->len; i++)
            append_json(text, list->pdata[i]);
        puts(g_string_append(text, "\n]")->str);
        return CLI_OK;
    }

    size_t width = 0;

    for (unsigned i = 0; i < list->len; i++)
        width = MAX(width, strlen(((const SimScenarioInfo *)list->pdata[i])->path));
    for (unsigned i = 0; i < list->len; i++)
        print_row(list->pdata[i], (int)width);
    if (list->len == 0)
        printf("no scenarios below %s\n", folder);
    return CLI_OK;
}
