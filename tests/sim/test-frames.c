/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-frames.c SCENARIOS GUESTS BACKEND: page frames are conserved. The scenarios of
 * scenarios/memory run with the host's frames counted after each of its events: each is
 * free or owned, shared ones by as many pages as the sharer says, slots of swap space by
 * one page (hv_host_check()). And the picture that a reader folds from
 * the trace has as many frames in use, and takes each event for possible. */
#include <string.h>

#include "sim/engine/engine.h"
#include "sim/model/model.h"
#include "sim/trace/reader.h"

typedef struct {
    const char *scenario;
    const char *overrides[4];
} Run;

static const Run runs[] = {
    {"balloon-or-swap", {"run.until=150ms"}},
    {"belady", {NULL}},
    {"belady", {"host.memory_policy.replacement=opt"}},
    {"equal-pages", {NULL}},
    {"huge-mappings", {NULL}},
    {"huge-mappings", {"host.memory=3MiB", "vms.a.args=[\"600\",\"--times\",\"2\"]"}},
    {"idle-tax", {NULL}},
    {"out-of-memory", {NULL}},
    {"overcommit", {"run.until=150ms"}},
    {"overcommit", {"run.until=150ms", "host.pcpus=2"}},
    {"thrashing", {NULL}},
    {"two-levels", {NULL}},
    {"until-it-hurts", {"run.until=150ms"}},
    {"working-sets", {NULL}},
};

static const char *scenarios, *guests, *backend;

static uint64_t frames_in_use(const SimModel *model)
{
    return ((const SimModelHost *)model->hosts->pdata[0])->frames_used;
}

static void test_run(gconstpointer data)
{
    const Run *run = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strdup_printf("%s/memory/%s.json", scenarios, run->scenario);
    g_autoptr(SimScenario) scenario = sim_scenario_load(path, NULL, run->overrides, &error);

    g_assert_no_error(error);

    const SimEngineConfig config = {
        .scenario = scenario, .backend = backend, .guest_directory = guests, .check_frames = true};
    g_autoptr(SimEngine) engine = sim_engine_new(&config, &error);

    if (engine == NULL && strcmp(backend, "kvm") == 0) {
        g_test_skip(error->message); /* it requires emulated, or there is no kvm */
        return;
    }
    g_assert_no_error(error);
    while (sim_engine_run(engine, SIM_TIME_NEVER))
        ;
    g_assert_cmpstr(sim_engine_frames_wrong(engine), ==, NULL);
    sim_trace_finish(sim_engine_trace(engine));

    size_t size;
    const uint8_t *bytes = sim_trace_data(sim_engine_trace(engine), &size);
    g_autoptr(SimReader) reader = sim_reader_new_memory(bytes, size, &error);

    g_assert_no_error(error);

    g_autoptr(SimModel) model = sim_model_fold(reader);

    /* Where pCPUs run ahead of each other, what one did may carry a later time than what
     * another one made of it. */
    if (scenario->host.pcpus == 1)
        g_assert_cmpuint(model->ignored, ==, 0);
    g_assert_cmpuint(frames_in_use(model), >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert(argc == 4);
    scenarios = argv[1];
    guests = argv[2];
    backend = argv[3];
    for (unsigned i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_autofree char *path = g_strdup_printf("/frames/%s/%u", runs[i].scenario, i);

        g_test_add_data_func(path, &runs[i], test_run);
    }
    return g_test_run();
}
