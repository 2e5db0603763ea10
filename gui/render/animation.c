/* SPDX-License-Identifier: GPL-2.0-or-later */
/* animation.c: a run as an animated GIF.
 *
 * The pictures are drawn one after another into a temporary folder; choosing colours
 * and packing them is ImageMagick's work (the program `convert`), which does it well.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include <glib/gstdio.h>

#include "gui/render/render.h"

static char *picture_path(const char *folder, unsigned number)
{
    g_autofree char *name = g_strdup_printf("%05u.png", number);

    return g_build_filename(folder, name, NULL);
}

static gboolean draw_all(const RenderOptions *options, GuiSession *session, const char *folder,
                         unsigned count, GError **error)
{
    uint64_t end = gui_session_end_time(session);
    uint64_t from = options->from == SIM_TIME_NEVER ? 0 : options->from;
    uint64_t to = options->to == SIM_TIME_NEVER ? end : MIN(options->to, end);

    for (unsigned i = 0; i < count; i++) {
        double share = count > 1 ? (double)i / (count - 1) : 0;
        g_autofree char *path = picture_path(folder, i);
        if (!render_goes_on(options, 0.85 * i / count, error))
            return FALSE;
        gui_session_seek(session, from + (uint64_t)((double)(MAX(to, from) - from) * share));
        if (!render_write_png(options, session, path, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean pack(const RenderOptions *options, const char *folder, int *ret_exit,
                     GError **error)
{
    g_autofree char *delay = g_strdup_printf("%.0f", 100 / options->per_second);
    g_autofree char *pattern = g_build_filename(folder, "*.png", NULL);
    const char *const argv[] = {"convert", "-delay",  delay,          "-loop",         "0",
                                pattern,   "-layers", "OptimizePlus", options->output, NULL};
    GPid pid;
    int status;

    if (!g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                       NULL, NULL, &pid, error)) {
        g_prefix_error(error, "a .gif needs the program convert (package imagemagick): ");
        *ret_exit = RENDER_UNAVAILABLE;
        return FALSE;
    }
    render_set_helper(pid);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    render_set_helper(0);
    if (!render_goes_on(options, 1, error)) {
        g_remove(options->output);
        return FALSE;
    }
    if (!g_spawn_check_wait_status(status, error)) {
        g_prefix_error(error, "%s: convert could not write it: ", options->output);
        return FALSE;
    }
    return TRUE;
}

gboolean render_animation(const RenderOptions *options, GuiSession *session, int *ret_exit,
                          GError **error)
{
    unsigned count = (unsigned)MAX(options->seconds * options->per_second, 2);
    g_autofree char *folder = g_dir_make_tmp("hvlab-render-XXXXXX", error);
    gboolean good;

    if (!folder)
        return FALSE;
    good =
        draw_all(options, session, folder, count, error) && pack(options, folder, ret_exit, error);
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *path = picture_path(folder, i);
        g_remove(path);
    }
    g_rmdir(folder);
    return good;
}
