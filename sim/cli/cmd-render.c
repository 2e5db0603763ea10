/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-render.c: hvlab render and hvlab gui: start the programs hvlab-render and hvlab-gui in
 * place of this one, so that hvlab itself needs no graphics library. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/cli.h"

/* Where a program of ours is: beside this one once installed, in its own folder of the
 * build tree else. NULL: nowhere. g_free(). */
static char *find_program(const char *self, const char *folder, const char *name)
{
    g_autofree char *here = g_path_get_dirname(self);
    char *path = g_build_filename(here, name, NULL);

    if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
        return path;
    g_free(path);
    path = g_build_filename(here, "..", "..", "gui", folder, name, NULL);
    if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
        return path;
    g_free(path);
    return NULL;
}

static int start(const char *folder, const char *name, const char *needs, char **argv)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *program = self ? find_program(self, folder, name) : NULL;
    g_autofree char *scenarios = cli_scenario_directory();
    const char *command = argv[0];
    g_autofree char *called = g_strdup_printf("hvlab %s", command); /* its --help says so */

    if (!program) {
        cli_error("%s: the program %s was not built: it needs %s", command, name, needs);
        return CLI_UNAVAILABLE;
    }
    g_setenv("HVLAB_PROGRAM", self, TRUE);
    g_setenv("HVLAB_SCENARIOS", scenarios, TRUE);
    argv[0] = called;
    execv(program, argv);
    cli_error("%s: %s: %s", command, program, g_strerror(errno));
    return CLI_UNAVAILABLE;
}

int cli_render(int argc, char **argv)
{
    (void)argc;
    return start("render", "hvlab-render",
                 "cairo and Pango (packages libcairo2-dev and libpango1.0-dev)", argv);
}

int cli_gui(int argc, char **argv)
{
    (void)argc;
    return start("app", "hvlab-gui",
                 "GTK 4, libadwaita and GtkSourceView (packages libgtk-4-dev, libadwaita-1-dev, "
                 "libgtksourceview-5-dev and gettext)",
                 argv);
}
