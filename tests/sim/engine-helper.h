/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine-helper.h: a scenario that is given as text, an engine that runs it, and what its
 * trace says. */
#pragma once

#include <glib.h>
#include <string.h>

#include "sim/engine/engine.h"
#include "sim/model/model.h"
#include "sim/trace/reader.h"

static const char *guest_directory; /* of the guest images; main() sets it */

static inline SimScenario *load_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    SimScenario *scenario =
        sim_scenario_load_text(text, strlen(text), "test", ".", NULL, NULL, &error);

    g_assert_no_error(error);
    return scenario;
}

static inline SimEngine *engine_of(const SimScenario *scenario, const char *backend)
{
    const SimEngineConfig config = {
        .scenario = scenario, .backend = backend, .guest_directory = guest_directory};
    g_autoptr(GError) error = NULL;
    SimEngine *engine = sim_engine_new(&config, &error);

    g_assert_no_error(error);
    return engine;
}

static inline void run_to_end(SimEngine *engine)
{
    while (sim_engine_run(engine, UINT64_MAX))
        ;
}

/* Of the whole trace, which remains the engine's. */
static inline SimReader *reader_of(SimEngine *engine)
{
    g_autoptr(GError) error = NULL;
    size_t size;

    sim_trace_finish(sim_engine_trace(engine));

    const uint8_t *data = sim_trace_data(sim_engine_trace(engine), &size);
    SimReader *reader = sim_reader_new_memory(data, size, &error);

    g_assert_no_error(error);
    return reader;
}

/* What the trace folds to; it is in order, and the model knows all that is in it. */
static inline SimModel *model_of(SimEngine *engine)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SimReader) reader = reader_of(engine);
    SimModel *model = sim_model_fold(reader);

    g_assert_true(sim_reader_check(reader, &error));
    g_assert_cmpuint(model->ignored, ==, 0);
    return model;
}
