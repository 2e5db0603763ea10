/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.c: the scenarios below a folder, in the order of their paths. */
#include <string.h>

#include "sim/scenario/scenario.h"

#define MAX_FOLDERS 3u

void sim_scenario_info_free(SimScenarioInfo *info)
{
    if (!info)
        return;
    g_free(info->path);
    g_free(info->id);
    g_free(info->title);
    g_free(info->error);
    g_free(info);
}

static void add_file(GPtrArray *infos, const char *path)
{
    SimScenarioInfo *info = g_new0(SimScenarioInfo, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(SimScenario) scenario = sim_scenario_load(path, NULL, NULL, &error);
    info->path = g_strdup(path);
    if (scenario) {
        info->id = g_strdup(scenario->id);
        info->title = g_strdup(scenario->title);
        info->level = scenario->meta.level;
        info->minutes = scenario->meta.minutes;
    } else {
        info->error = g_strdup(error->message);
    }
    g_ptr_array_add(infos, info);
}

static bool add_folder(GPtrArray *infos, const char *directory, unsigned depth, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, error);
    if (!dir)
        return false;
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        if (name[0] == '.' || g_file_test(path, G_FILE_TEST_IS_SYMLINK))
            continue;
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            if (depth < MAX_FOLDERS)
                add_folder(infos, path, depth + 1, NULL);
        } else if (g_str_has_suffix(name, ".json") && !g_str_has_suffix(name, ".schema.json")) {
            add_file(infos, path);
        }
    }
    return true;
}

static int compare_infos(gconstpointer a, gconstpointer b)
{
    const SimScenarioInfo *x = *(SimScenarioInfo *const *)a, *y = *(SimScenarioInfo *const *)b;
    return strcmp(x->path, y->path);
}

GPtrArray *sim_scenario_list(const char *directory, GError **error)
{
    g_autoptr(GPtrArray) infos =
        g_ptr_array_new_with_free_func((GDestroyNotify)sim_scenario_info_free);
    if (!add_folder(infos, directory, 0, error))
        return NULL;
    g_ptr_array_sort(infos, compare_infos);
    return g_steal_pointer(&infos);
}
