/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-validate.c: hvlab validate FILE...: is this a scenario that would run? */
#include <stdio.h>

#include "sim/cli/cli.h"

int cli_validate(int argc, char **argv)
{
    g_auto(GStrv) overrides = NULL;
    const GOptionEntry entries[] = {{"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &overrides,
                                     "Replace a value before checking", "PATH=VALUE"},
                                    G_OPTION_ENTRY_NULL};
    int exit = CLI_OK;

    if (!cli_parse(&argc, &argv, entries, "SCENARIO...",
                   "Checks scenario files without running them. Says for each file what is wrong, "
                   "where, and what is allowed.",
                   1, G_MAXINT, &exit))
        return exit;

    g_autoptr(CliKnown) known = cli_known_new();

    for (int i = 1; i < argc; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(SimScenario) scenario = sim_scenario_load(argv[i], cli_known_lists(known),
                                                            (const char *const *)overrides, &error);

        if (scenario) {
            printf("%s: ok: %s\n", argv[i], scenario->title);
        } else {
            cli_error("%s", error->message);
            exit = CLI_BAD_INPUT;
        }
    }
    return exit;
}
