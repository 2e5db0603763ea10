/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-references.c: reference strings typed into a scenario. Which accesses find their
 * page, and which page goes, is on real guests what a person has found on paper, for each
 * policy; it is read where a student reads it, in the result of the run. */
#include <json-c/json.h>
#include <string.h>

#include "sim/engine/engine.h"
#include "sim/export/result.h"
#include "sim/model/model.h"
#include "sim/scenario/scenario.h"

typedef struct {
    const char *policy;
    unsigned frames;
    const char *pages;
    const char *answer; /* a miss has a *, and in brackets the page that goes */
} Exercise;

/* Belady, Nelson and Shedler (1969): more frames, more faults, with fifo. */
#define BELADY "1,2,3,4,1,2,5,1,2,3,4,5"
/* Silberschatz, Galvin and Gagne, "Operating System Concepts", chapter 10.4; 0 is 8 here. */
#define CONCEPTS "7,8,1,2,8,3,8,4,2,3,8,3,2,1,2,8,1,7,8,1"
/* Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 22; 0 is 4 here. */
#define PIECES "4,1,2,4,1,3,4,3,1,2,1"

static const Exercise exercises[] = {
    {"fifo", 3, BELADY, "1* 2* 3* 4*(1) 1*(2) 2*(3) 5*(4) 1 2 3*(1) 4*(2) 5"},
    {"fifo", 4, BELADY, "1* 2* 3* 4* 1 2 5*(1) 1*(2) 2*(3) 3*(4) 4*(5) 5*(1)"},
    {"lru", 3, BELADY, "1* 2* 3* 4*(1) 1*(2) 2*(3) 5*(4) 1 2 3*(5) 4*(1) 5*(2)"},
    {"lru", 4, BELADY, "1* 2* 3* 4* 1 2 5*(3) 1 2 3*(4) 4*(5) 5*(1)"},
    {"opt", 3, BELADY, "1* 2* 3* 4*(3) 1 2 5*(4) 1 2 3*(1) 4*(2) 5"},
    {"opt", 4, BELADY, "1* 2* 3* 4* 1 2 5*(4) 1 2 3 4*(1) 5"},
    /* At 4 all bits are set: the hand clears them and comes back to 1. Then 2 has been used
     * again and is spared, 3 goes. At 6 all are set once more. */
    {"clock", 3, "1,2,3,4,2,5,2,6", "1* 2* 3* 4*(1) 2 5*(3) 2 6*(4)"},
    {"fifo", 3, "1,2,3,4,2,5,2,6", "1* 2* 3* 4*(1) 2 5*(2) 2*(3) 6*(4)"},
    /* 15, 12 and 9 faults, says the book. */
    {"fifo", 3, CONCEPTS,
     "7* 8* 1* 2*(7) 8 3*(8) 8*(1) 4*(2) 2*(3) 3*(8) 8*(4) 3 2 1*(2) 2*(3) 8 1 7*(8) 8*(1) 1*(2)"},
    {"lru", 3, CONCEPTS,
     "7* 8* 1* 2*(7) 8 3*(1) 8 4*(2) 2*(3) 3*(8) 8*(4) 3 2 1*(8) 2 8*(3) 1 7*(2) 8 1"},
    {"opt", 3, CONCEPTS, "7* 8* 1* 2*(7) 8 3*(1) 8 4*(8) 2 3 8*(4) 3 2 1*(3) 2 8 1 7*(2) 8 1"},
    /* 4 hits for fifo, 6 for lru and the optimum. In the end neither 4 nor 3 is needed any
     * more: that goes which has been there longest. */
    {"fifo", 3, PIECES, "4* 1* 2* 4 1 3*(4) 4*(1) 3 1*(2) 2*(3) 1"},
    {"lru", 3, PIECES, "4* 1* 2* 4 1 3*(2) 4 3 1 2*(4) 1"},
    {"opt", 3, PIECES, "4* 1* 2* 4 1 3*(2) 4 3 1 2*(4) 1"},
};

static SimScenario *scenario_of(const Exercise *exercise)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "{\"format\": \"hvlab-scenario/1\", \"id\": \"t\", \"title\": \"t\", \"run\": {\"until\": "
        "\"50ms\"}, \"host\": {\"memory\": \"16MiB\", \"memory_policy\": {\"replacement\": \"%s\", "
        "\"frames\": %u, \"trace_references\": true}}, \"vms\": [{\"name\": \"a\", \"program\": "
        "\"touch\", \"args\": [\"--pages\", \"%s\"]}]}",
        exercise->policy, exercise->frames, exercise->pages);
    SimScenario *scenario =
        sim_scenario_load_text(text, strlen(text), "t.json", ".", NULL, NULL, &error);

    g_assert_no_error(error);
    return scenario;
}

static json_object *run(const SimScenario *scenario)
{
    g_autoptr(GError) error = NULL;
    const SimEngineConfig config = {
        .scenario = scenario, .backend = "emulated", .guest_directory = g_getenv("GUEST_DIR")};
    g_autoptr(SimEngine) engine = sim_engine_new(&config, &error);

    g_assert_no_error(error);
    while (sim_engine_run(engine, SIM_TIME_NEVER))
        ;
    sim_trace_finish(sim_engine_trace(engine));

    size_t size;
    const uint8_t *data = sim_trace_data(sim_engine_trace(engine), &size);
    g_autoptr(SimReader) reader = sim_reader_new_memory(data, size, &error);

    g_assert_no_error(error);

    g_autoptr(SimModel) model = sim_model_fold(reader);
    const SimResultInput input = {
        .scenario = scenario, .model = model, .metadata = sim_reader_metadata(reader)};

    return sim_result_new(&input);
}

static json_object *memory_of(json_object *result)
{
    json_object *vms = json_object_object_get(result, "vms");

    return json_object_object_get(json_object_array_get_idx(vms, 0), "memory");
}

static void append_reference(GString *text, json_object *reference)
{
    json_object *evicted = json_object_object_get(reference, "evicted");

    g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "",
                           json_object_get_string(json_object_object_get(reference, "page")));
    if (!json_object_get_boolean(json_object_object_get(reference, "hit")))
        g_string_append_c(text, '*');
    if (evicted != NULL)
        g_string_append_printf(text, "(%s)", json_object_get_string(evicted));
}

static void test_exercise(gconstpointer data)
{
    const Exercise *exercise = data;
    g_autoptr(SimScenario) scenario = scenario_of(exercise);
    json_object *result = run(scenario), *memory = memory_of(result);
    json_object *references = json_object_object_get(memory, "references");
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned misses = 0;

    for (size_t i = 0; i < json_object_array_length(references); i++)
        append_reference(text, json_object_array_get_idx(references, i));
    g_assert_cmpstr(text->str, ==, exercise->answer);
    for (const char *c = exercise->answer; *c; c++)
        misses += *c == '*';
    g_assert_cmpuint(json_object_get_uint64(json_object_object_get(memory, "reference_misses")), ==,
                     misses);
    json_object_put(result);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(exercises); i++) {
        g_autofree char *path =
            g_strdup_printf("/references/%s/%u/%u", exercises[i].policy, exercises[i].frames, i);

        g_test_add_data_func(path, &exercises[i], test_exercise);
    }
    return g_test_run();
}
