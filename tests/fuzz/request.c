/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.c: any bytes as requests to an engine (sim/engine/protocol.h), a line each.
 * Each is a request whose numbers are in their ranges, or an error of one line; its
 * id comes back as JSON in both cases. */
#include <json-c/json.h>
#include <string.h>

#include "sim/engine/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
    "{\"format\":\"hvlab-scenario/1\",\"id\":\"t/t\",\"title\":\"T\",\"run\":{\"until\":\"1s\"},"
    "\"host\":{\"pcpus\":1,\"memory\":\"32MiB\"},\"networks\":[{\"name\":\"n\",\"mode\":"
    "\"internal\"}],\"vms\":[{\"name\":\"a\",\"program\":\"idle\",\"memory\":\"2MiB\",\"nics\":"
    "[{\"network\":\"n\"}]},{\"name\":\"b\",\"program\":\"idle\",\"memory\":\"2MiB\",\"nics\":"
    "[{\"network\":\"n\"}]}]}";

static void check_line(const SimScenario *scenario, const char *line, size_t length)
{
    static const char *const events[] = {"exit", "frame-sent", NULL};
    static const char *const fields[] = {"exit.vm", "exit.kind", "frame-sent.vm", NULL};
    const SimScenarioKnown known = {NULL, NULL, events, fields};
    g_autoptr(GError) error = NULL;
    SimRequest request;
    bool good = sim_request_parse(line, length, scenario, &known, &request, &error);
    json_object *id;

    g_assert_true(good == !error);
    g_assert_nonnull(request.id);
    g_assert_cmpuint(strlen(request.id), <=, SIM_REQUEST_MAX_ID_BYTES);
    id = json_tokener_parse(request.id);
    g_assert_true(id || !strcmp(request.id, "null"));
    json_object_put(id);
    if (error) {
        g_assert_null(strchr(error->message, '\n'));
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        g_assert_cmpuint(request.until_count, ==, 0);
    } else {
        g_assert_cmpuint(request.op, <, SIM_OP_COUNT);
        g_assert_true((request.op == SIM_OP_LOAD) == !scenario);
        g_assert_cmpuint(request.until_count, <=, SIM_REQUEST_MAX_UNTIL);
        if (request.op == SIM_OP_COMMAND && request.command.kind != SIM_COMMAND_PING)
            g_assert_cmpuint(request.command.vm.index, <, scenario->vm_count);
        for (size_t i = 0; i < request.until_count; i++)
            g_assert_nonnull(request.until[i].type);
    }
    sim_request_clear(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static SimScenario *scenario;
    const char *at = (const char *)data, *end = at + size;

    if (!scenario)
        scenario = sim_scenario_load_text(text, strlen(text), "t", ".", NULL, NULL, NULL);
    g_assert_nonnull(scenario);
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        stop = stop ? stop : end;
        check_line(scenario, at, (size_t)(stop - at));
        check_line(NULL, at, (size_t)(stop - at));
        at = stop + 1;
    }
    return 0;
}
