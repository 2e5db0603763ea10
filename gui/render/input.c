/* SPDX-License-Identifier: GPL-2.0-or-later */
/* input.c: opens a trace; runs a scenario first, with the program hvlab. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "gui/render/render.h"

static bool is_trace(const char *path)
{
    char start[sizeof(SIM_TRACE_MAGIC) - 1] = "";
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(start, 1, sizeof(start), file) : 0;

    if (file)
        fclose(file);
    return size == sizeof(start) && memcmp(start, SIM_TRACE_MAGIC, size) == 0;
}

/* The program hvlab: $HVLAB_PROGRAM (hvlab sets it when it starts us), else where it was
 * built or installed beside us. g_free(). */
static char *find_hvlab(void)
{
    const char *given = g_getenv("HVLAB_PROGRAM");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self ? self : ".");
    char *path;

    if (given && *given)
        return g_strdup(given);
    path = g_build_filename(folder, "hvlab", NULL);
    if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
        return path;
    g_free(path);
    return g_build_filename(folder, "..", "..", "sim", "cli", "hvlab", NULL);
}

/* set: one value more; NULL: none. */
static int run_scenario(const RenderOptions *options, const char *scenario, const char *set,
                        const char *trace)
{
    g_autofree char *hvlab = find_hvlab();
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    const char *backend = options->backend;
    int status;

    /* Only there is it the change alone that makes a difference. */
    if (options->view == RENDER_COMPARE && !backend)
        backend = "emulated";
    g_ptr_array_add(argv, hvlab);
    g_ptr_array_add(argv, (void *)"run");
    g_ptr_array_add(argv, (void *)"--trace");
    g_ptr_array_add(argv, (void *)trace);
    if (backend) {
        g_ptr_array_add(argv, (void *)"--backend");
        g_ptr_array_add(argv, (void *)backend);
    }
    /* Registers and code; said first, so that --set may say otherwise. */
    if (options->view == RENDER_EXITS) {
        g_ptr_array_add(argv, (void *)"--set");
        g_ptr_array_add(argv, (void *)"run.detail=full");
    }
    for (char **one = options->set; one && *one; one++) {
        g_ptr_array_add(argv, (void *)"--set");
        g_ptr_array_add(argv, *one);
    }
    if (set) {
        g_ptr_array_add(argv, (void *)"--set");
        g_ptr_array_add(argv, (void *)set);
    }
    g_ptr_array_add(argv, (void *)"--");
    g_ptr_array_add(argv, (void *)scenario);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                      NULL, NULL, &status, &error)) {
        render_error("%s", error->message);
        return RENDER_UNAVAILABLE;
    }
    if (!WIFEXITED(status))
        return RENDER_DEFECT;
    /* Exit code 1 says that a check failed: the trace is there all the same. */
    return WEXITSTATUS(status) == 1 ? RENDER_OK : WEXITSTATUS(status);
}

static GuiSession *open_trace(const char *path, int *ret_exit)
{
    g_autoptr(GuiSession) session = gui_session_new();
    g_autoptr(GError) error = NULL;

    *ret_exit = RENDER_BAD_INPUT;
    if (!gui_session_open(session, path, &error)) {
        render_error("%s", error->message);
        return NULL;
    }
    while (gui_session_index(session, 1 << 20)) {
    }
    if (gui_session_damage(session)) {
        render_error("%s: %s", path, gui_session_damage(session));
        return NULL;
    }
    if (gui_session_event_count(session) == 0) {
        render_error("%s: the trace has no events", path);
        return NULL;
    }
    return g_steal_pointer(&session);
}

GuiSession *render_open(const RenderOptions *options, const char *path, const char *set,
                        int *ret_exit)
{
    g_autofree char *folder = NULL, *trace = NULL;
    GuiSession *session = NULL;

    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        render_error("render: %s is a folder; a scenario or a trace is needed", path);
        *ret_exit = RENDER_BAD_INPUT;
        return NULL;
    }
    if (is_trace(path) && (options->backend || options->set || set)) {
        render_error("render: %s: this run is over; --%s is for a scenario, which is run first",
                     path,
                     options->backend ? "backend"
                     : options->set   ? "set"
                                      : "vary");
        *ret_exit = RENDER_BAD_INPUT;
        return NULL;
    }
    if (is_trace(path) || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return open_trace(path, ret_exit);
    folder = g_dir_make_tmp("hvlab-render-XXXXXX", NULL);
    if (!folder) {
        render_error("no temporary folder can be made: %s", g_strerror(errno));
        *ret_exit = RENDER_UNAVAILABLE;
        return NULL;
    }
    trace = g_build_filename(folder, "run.hvtrace", NULL);
    *ret_exit = run_scenario(options, path, set, trace);
    if (*ret_exit == RENDER_OK)
        session = open_trace(trace, ret_exit);
    /* What is mapped stays readable. */
    g_remove(trace);
    g_rmdir(folder);
    return session;
}
