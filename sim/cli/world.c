/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.c: see world.h. */
#include "sim/cli/world.h"

#include <string.h>

#include "sim/cli/cli.h"
#include "sim/export/result.h"
#include "sim/lab/evaluate.h"

void cli_world_clear(CliWorld *world)
{
    g_free(world->backend);
    g_free(world->seed);
    g_free(world->until);
    g_free(world->policy);
    g_strfreev(world->set);
    memset(world, 0, sizeof(*world));
}

/* ---- Before a run --------------------------------------------------------- */

/* --seed and --until are short for --set seed=... and --set run.until=... */
static char **all_overrides(const CliWorld *world)
{
    GPtrArray *list = g_ptr_array_new();

    for (char **set = world->set; set && *set; set++)
        g_ptr_array_add(list, g_strdup(*set));
    if (world->seed)
        g_ptr_array_add(list, g_strdup_printf("seed=%s", world->seed));
    if (world->until)
        g_ptr_array_add(list, g_strdup_printf("run.until=%s", world->until));
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

/* A message names the option that was given, not the one that it is short for. */
static void name_option(GError *error, const char *value, const char *long_form, const char *option)
{
    g_autofree char *said = g_strdup_printf("--set %s=%s", long_form, value);
    g_autofree char *meant = g_strdup_printf("--%s %s", option, value);
    g_autoptr(GString) message = g_string_new(error->message);

    g_string_replace(message, said, meant, 0);
    g_free(error->message);
    error->message = g_strdup(message->str);
}

SimScenario *cli_world_load(const CliWorld *world, const char *path, const char *text,
                            const SimScenarioKnown *known, GError **error)
{
    g_auto(GStrv) overrides = all_overrides(world);
    const char *const *list = (const char *const *)overrides;
    g_autoptr(GError) wrong = NULL;
    SimScenario *scenario =
        text ? sim_scenario_load_text(text, strlen(text), path, ".", known, list, &wrong)
             : sim_scenario_load(path, known, list, &wrong);

    if (scenario)
        return scenario;
    if (world->seed)
        name_option(wrong, world->seed, "seed", "seed");
    if (world->until)
        name_option(wrong, world->until, "run.until", "until");
    g_propagate_error(error, g_steal_pointer(&wrong));
    return NULL;
}

void cli_world_tell_set_aside(const SimScenario *scenario)
{
    for (char **at = scenario->set_aside; at && *at; at++)
        cli_error("%s", *at);
}

SimEngine *cli_world_engine(const CliWorld *world, const SimScenario *scenario, GError **error)
{
    g_autofree char *guests = cli_guest_directory();
    const SimEngineConfig config = {
        .scenario = scenario,
        .backend = world->backend ? world->backend : "auto",
        .guest_directory = guests,
        .policy = world->policy,
        .trust_policy = world->trust_policy,
    };

    return sim_engine_new(&config, error);
}

/* ---- After it ------------------------------------------------------------- */

static int exit_code(const SimModel *model, const GArray *verdicts)
{
    if (model->ended && model->end_reason == SIM_END_INTERRUPTED)
        return CLI_INTERRUPTED;
    if (model->ended && model->end_reason == SIM_END_HOST_ERROR)
        return CLI_DEFECT;
    if (model->ended &&
        (model->end_reason == SIM_END_LIVELOCK || model->end_reason == SIM_END_POLICY))
        return CLI_CHECK_FAILED;
    for (unsigned i = 0; i < verdicts->len; i++)
        if (g_array_index(verdicts, LabVerdict, i).outcome == SIM_CHECK_FAILED)
            return CLI_CHECK_FAILED;
    return CLI_OK;
}

/* The verdicts become events of the trace, so that who reads it has them too. */
static void record_verdicts(SimEngine *engine, const SimScenario *scenario, const GArray *verdicts)
{
    SimTrace *trace = sim_engine_trace(engine);

    for (unsigned i = 0; i < verdicts->len; i++) {
        const LabVerdict *verdict = &g_array_index(verdicts, LabVerdict, i);
        const SimScenarioCheck *check = &scenario->checks[verdict->check];
        g_autofree char *text = g_strdup_printf("%s\n%s", check->id, verdict->detail);

        SIM_TRACE_BLOB(trace, SIM_SOURCE_WORLD, sim_engine_now(engine) + 1, CheckResult, text,
                       strlen(text), .check = verdict->check, .outcome = verdict->outcome,
                       .points = check->points, .earned = verdict->earned);
    }
    sim_trace_finish(trace);
}

/* The state at the end of all, and at the end of the scenario's own time, if it had one. */
static SimModel *fold(SimReader *reader, SimModel **ret_at_end)
{
    SimModel *model = sim_model_new();
    SimCursor cursor = {0};
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record)) {
        sim_model_apply(model, &record);
        if (record.type == SIM_EVENT_SCENARIO_END && !*ret_at_end)
            *ret_at_end = sim_model_copy(model);
    }
    return model;
}

void cli_verdict_make(CliVerdict *verdict, SimEngine *engine, const SimScenario *scenario,
                      uint64_t wall_ns)
{
    g_autoptr(GError) error = NULL;
    size_t size;
    const uint8_t *data = sim_trace_data(sim_engine_trace(engine), &size);

    verdict->reader = sim_reader_new_memory(data, size, &error);
    g_assert_no_error(error);

    g_autoptr(SimModel) at_end = NULL;
    g_autoptr(SimModel) model = fold(verdict->reader, &at_end);
    const SimResultInput input = {
        .scenario = scenario,
        .model = model,
        .at_end = at_end,
        .metadata = sim_reader_metadata(verdict->reader),
        .wall_ns = wall_ns,
    };

    verdict->result = sim_result_new(&input);

    g_autoptr(GArray) verdicts =
        lab_evaluate(scenario, sim_engine_backend(engine), verdict->result, verdict->reader);

    verdict->exit = exit_code(model, verdicts);
    if (sim_engine_policy_failed(engine))
        cli_error("%s", sim_engine_policy_failed(engine));
    lab_add_to_result(scenario, verdicts, verdict->result);
    record_verdicts(engine, scenario, verdicts);
}

void cli_verdict_clear(CliVerdict *verdict)
{
    sim_reader_free(verdict->reader);
    json_object_put(verdict->result);
    memset(verdict, 0, sizeof(*verdict));
}
