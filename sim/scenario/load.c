/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.c: the way from a file to a SimScenario: read the text, parse it, put
 * the overrides in, read it along the table, complete it. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/scenario/reader.h"

/* The mode of each network as values have it; NULL: none that is text. */
static GPtrArray *modes_of(json_object *networks)
{
    GPtrArray *modes = g_ptr_array_new_with_free_func(g_free);
    json_object *mode;

    for (size_t i = 0; i < json_object_array_length(networks); i++) {
        json_object *network = json_object_array_get_idx(networks, i);
        bool has = json_object_is_type(network, json_type_object) &&
                   json_object_object_get_ex(network, "mode", &mode);
        g_ptr_array_add(modes, has ? g_strdup(json_object_get_string(mode)) : NULL);
    }
    return modes;
}

/* What a network's own mode had and another one has no use for goes first, so that whatever
 * else is given is held against the new mode. */
static void change_modes(json_object *values, const char *const *overrides, GPtrArray *set_aside)
{
    json_object *networks = NULL;
    bool any = false;

    if (!json_object_is_type(values, json_type_object) ||
        !json_object_object_get_ex(values, "networks", &networks) ||
        !json_object_is_type(networks, json_type_array))
        return;
    g_autoptr(GPtrArray) before = modes_of(networks);

    for (; overrides && *overrides; overrides++)
        any |= sim_override_changes_mode(values, *overrides);
    if (!any)
        return;
    g_autoptr(GPtrArray) now = modes_of(networks);

    for (guint i = 0; i < now->len; i++) {
        char *note = g_strcmp0(before->pdata[i], now->pdata[i]) != 0
                         ? sim_set_aside(values, json_object_array_get_idx(networks, i))
                         : NULL;
        if (note)
            g_ptr_array_add(set_aside, note);
    }
}

static json_object *values_with_overrides(const SimSource *source, const char *const *overrides,
                                          GPtrArray *applied, GPtrArray *set_aside, GError **error)
{
    json_object *values = sim_source_values(source);
    change_modes(values, overrides, set_aside);
    for (; overrides && *overrides; overrides++) {
        SimOverride *override = sim_override_apply(values, *overrides, error);
        if (!override) {
            json_object_put(values);
            return NULL;
        }
        g_ptr_array_add(applied, override);
    }
    return values;
}

static bool read_scenario(SimReader *reader, json_object *values)
{
    SimScenario *scenario = reader->scenario;
    sim_jobs_preset_costs(values);
    if (!sim_object_read(reader, &sim_scenario_object, NULL, values, scenario) ||
        !sim_world_complete(reader))
        return false;
    scenario->effective_json = sim_canonical_text(values);
    return scenario->effective_json ||
           sim_reader_fail(reader, NULL, "nested more than %u deep", SIM_MAX_FILE_DEPTH);
}

SimScenario *sim_scenario_load_text(const char *text, size_t length, const char *name,
                                    const char *directory, const SimScenarioKnown *known,
                                    const char *const *overrides, GError **error)
{
    g_autoptr(SimSource) source = sim_source_new(text, length, name, SIM_MAX_FILE_DEPTH, error);
    if (!source)
        return NULL;
    g_autoptr(GPtrArray) applied =
        g_ptr_array_new_with_free_func((GDestroyNotify)sim_override_free);
    g_autoptr(SimScenario) scenario = g_new0(SimScenario, 1);
    g_autoptr(GPtrArray) set_aside = g_ptr_array_new();
    scenario->directory = g_strdup(directory);
    SimReader reader = {source, applied, known, scenario, error};

    g_autoptr(GError) wrong = NULL;
    json_object *values = values_with_overrides(source, overrides, applied, set_aside, &wrong);
    g_ptr_array_add(set_aside, NULL);
    scenario->set_aside = (char **)g_ptr_array_free(g_steal_pointer(&set_aside), FALSE);
    if (wrong) {
        g_propagate_error(error, g_steal_pointer(&wrong));
        return NULL;
    }
    bool ok = read_scenario(&reader, values);
    json_object_put(values);
    return ok ? g_steal_pointer(&scenario) : NULL;
}

static bool check_file(const char *path, GError **error)
{
    GStatBuf info;
    const char *wrong = NULL;
    if (g_stat(path, &info) != 0)
        wrong = g_strerror(errno);
    else if (!S_ISREG(info.st_mode))
        wrong = "not a regular file";
    else if (info.st_size > (off_t)SIM_MAX_FILE_BYTES)
        wrong = "larger than 4MiB, the most that a scenario may have";
    if (wrong)
        g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_FILE, "%s: %s", path, wrong);
    return !wrong;
}

SimScenario *sim_scenario_load(const char *path, const SimScenarioKnown *known,
                               const char *const *overrides, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) wrong = NULL;
    size_t length;
    if (!check_file(path, error))
        return NULL;
    if (!g_file_get_contents(path, &text, &length, &wrong)) {
        g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_FILE, "%s: cannot be read: %s",
                    path, g_strerror(errno));
        return NULL;
    }
    g_autofree char *directory = g_path_get_dirname(path);
    return sim_scenario_load_text(text, length, path, directory, known, overrides, error);
}

void sim_scenario_free(SimScenario *scenario)
{
    if (!scenario)
        return;
    sim_object_clear(&sim_scenario_object, scenario);
    g_free(scenario->effective_json);
    g_strfreev(scenario->set_aside);
    g_free(scenario->directory);
    g_free(scenario);
}

int sim_scenario_find_vm(const SimScenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->vm_count; i++)
        if (g_strcmp0(scenario->vms[i].name, name) == 0)
            return (int)i;
    return -1;
}

int sim_scenario_find_network(const SimScenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->network_count; i++)
        if (g_strcmp0(scenario->networks[i].name, name) == 0)
            return (int)i;
    return -1;
}

char *sim_scenario_program_path(const SimScenario *scenario, unsigned vm)
{
    return g_build_filename(scenario->directory ? scenario->directory : ".",
                            scenario->vms[vm].program, NULL);
}

/* One object outside of a file. Reading it changes nothing in the scenario. */
static bool parse_object(const SimScenario *scenario, const SimScenarioKnown *known,
                         const SimObject *object, const char *json, const char *name,
                         void *structure, GError **error)
{
    g_autoptr(SimSource) source =
        sim_source_new(json, strlen(json), name, SIM_MAX_FILE_DEPTH, error);
    if (!source)
        return false;
    SimReader reader = {source, NULL, known, (SimScenario *)scenario, error};
    json_object *values = sim_source_values(source);
    bool ok = sim_object_read(&reader, object, NULL, values, structure);
    json_object_put(values);
    if (!ok)
        sim_object_clear(object, structure);
    return ok;
}

bool sim_scenario_parse_command(const SimScenario *scenario, const char *json, const char *name,
                                SimCommand *ret_command, GError **error)
{
    SimCommand command = {0};
    if (!parse_object(scenario, NULL, &sim_command_object, json, name, &command, error))
        return false;
    *ret_command = command;
    return true;
}

void sim_command_copy(SimCommand *to, const SimCommand *from)
{
    *to = *from;
    sim_object_own(&sim_command_object, to);
}

void sim_command_clear(SimCommand *command)
{
    sim_object_clear(&sim_command_object, command);
    memset(command, 0, sizeof *command);
}

bool sim_scenario_parse_event(const SimScenario *scenario, const SimScenarioKnown *known,
                              const char *json, const char *name, SimExpectEvent *ret_event,
                              GError **error)
{
    SimExpectEvent event = {0};
    if (!parse_object(scenario, known, &sim_event_object, json, name, &event, error))
        return false;
    *ret_event = event;
    return true;
}

void sim_expect_event_clear(SimExpectEvent *event)
{
    sim_object_clear(&sim_event_object, event);
    memset(event, 0, sizeof *event);
}
