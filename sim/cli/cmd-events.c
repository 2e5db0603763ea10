/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-events.c: hvlab events [TYPE]: the reference page of trace events. */
#include <stdio.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/trace/event.h"

int cli_events(int argc, char **argv)
{
    gboolean markdown = FALSE;
    const GOptionEntry entries[] = {{"markdown", 0, 0, G_OPTION_ARG_NONE, &markdown,
                                     "Print Markdown instead of plain text", NULL},
                                    G_OPTION_ENTRY_NULL};
    g_autoptr(GString) text = g_string_new(NULL);
    int exit;

    if (!cli_parse(&argc, &argv, entries, "[TYPE]",
                   "Prints the reference page of trace events: their names, fields, units and "
                   "meaning; of one type when it is named.",
                   0, 1, &exit))
        return exit;
    if (argc > 1 && sim_event_find(argv[1]) < 0) {
        cli_error("there is no event type '%s'; 'hvlab events' lists all", argv[1]);
        return CLI_BAD_INPUT;
    }
    sim_event_reference(text, argc > 1 ? argv[1] : NULL, markdown);
    fputs(text->str, stdout);
    return CLI_OK;
}
