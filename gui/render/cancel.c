/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cancel.c: being told to end while there are temporary files: the signal is noted, the
 * work ends at its next step, what it made is removed, and then the signal has its way. */
#include <signal.h>
#include <stdio.h>

#include "gui/render/render.h"

static volatile sig_atomic_t told; /* the signal; 0: none */
static volatile sig_atomic_t helper;

static void note(int number)
{
    told = number;
    if (helper > 0)
        kill((pid_t)helper, SIGTERM);
}

void render_listen(void)
{
    const struct sigaction action = {.sa_handler = note};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void render_set_helper(int pid)
{
    helper = pid;
}

gboolean render_goes_on(const RenderOptions *options, double share, GError **error)
{
    static int last = -1;
    int percent = (int)(share * 100);

    if (options->progress && percent != last) {
        printf("%d\n", percent);
        fflush(stdout);
        last = percent;
    }
    if (told)
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INTR, "cancelled");
    return !told;
}

void render_end_if_told(void)
{
    if (!told)
        return;
    signal(told, SIG_DFL);
    raise(told);
}
