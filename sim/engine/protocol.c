/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protocol.c: see protocol.h. One table of operations with the keys of each, one
 * function per key. */
#include "sim/engine/protocol.h"

#include <string.h>

#include "sim/scenario/source.h"
#include "sim/scenario/units.h"

#define MAX_DEPTH 16u

typedef struct {
    const SimScenario *scenario;
    const SimScenarioKnown *known;
    GError **error;
} Parse;

/* Takes the value of a key into the request; false: error is set. */
typedef bool (*Take)(const Parse *parse, json_object *value, SimRequest *request);

typedef struct {
    const char *key; /* NULL ends a list */
    bool required;
    Take take;
} KeyRule;

static bool fail(const Parse *parse, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(const Parse *parse, const char *format, ...)
{
    va_list args;
    g_autofree char *message = NULL;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(parse->error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_INVALID, message);
    return false;
}

/* ---- Keys ---------------------------------------------------------------- */

static bool take_duration(const Parse *parse, const char *key, json_object *value, uint64_t *ret_ns)
{
    g_autofree char *quoted = sim_quote_value(value);

    if (json_object_is_type(value, json_type_string) &&
        sim_quantity_parse(&sim_duration, json_object_get_string(value), ret_ns) == SIM_UNIT_OK &&
        *ret_ns < SIM_TIME_NEVER)
        return true;
    return fail(parse, "%s: %s is not a duration; allowed: %s, as a string", key, quoted,
                sim_duration.shape);
}

static bool take_to(const Parse *parse, json_object *value, SimRequest *request)
{
    request->has_to = true;
    return take_duration(parse, "to", value, &request->to_ns);
}

static bool take_resolution(const Parse *parse, json_object *value, SimRequest *request)
{
    if (!take_duration(parse, "resolution", value, &request->resolution_ns))
        return false;
    return request->resolution_ns > 0 || fail(parse, "resolution: is at least 1ns");
}

static bool take_until(const Parse *parse, json_object *value, SimRequest *request)
{
    bool is_list = json_object_is_type(value, json_type_array);
    size_t count = is_list ? json_object_array_length(value) : 1;

    if (count < 1 || count > SIM_REQUEST_MAX_UNTIL)
        return fail(parse, "until: %zu events; allowed: 1 to %u", count, SIM_REQUEST_MAX_UNTIL);
    request->until = g_new0(SimExpectEvent, count);
    for (size_t i = 0; i < count; i++) {
        json_object *one = is_list ? json_object_array_get_idx(value, i) : value;

        if (!sim_scenario_parse_event(parse->scenario, parse->known,
                                      json_object_to_json_string(one), "until", &request->until[i],
                                      parse->error))
            return false;
        request->until_count++;
    }
    return true;
}

/* One condition; its names are those of the scenario. */
static SimCondition *take_condition(const Parse *parse, json_object *value)
{
    const SimScenario *scenario = parse->scenario;
    g_autofree const char **vms = g_new(const char *, scenario->vm_count);
    g_autofree const char **networks = g_new(const char *, scenario->network_count);
    const SimConditionNames names = {vms, networks, (unsigned)scenario->vm_count,
                                     (unsigned)scenario->network_count};
    g_autofree char *quoted = sim_quote_value(value);
    SimCondition *condition;

    if (!json_object_is_type(value, json_type_string)) {
        fail(parse, "when: %s is not a condition, as a string", quoted);
        return NULL;
    }
    for (size_t i = 0; i < scenario->vm_count; i++)
        vms[i] = scenario->vms[i].name;
    for (size_t i = 0; i < scenario->network_count; i++)
        networks[i] = scenario->networks[i].name;
    condition = sim_condition_parse(json_object_get_string(value), &names, NULL, parse->error);
    if (!condition)
        g_prefix_error(parse->error, "when: %s: ", quoted);
    return condition;
}

static bool take_when(const Parse *parse, json_object *value, SimRequest *request)
{
    bool is_list = json_object_is_type(value, json_type_array);
    size_t count = is_list ? json_object_array_length(value) : 1;

    if (count < 1 || count > SIM_REQUEST_MAX_WHEN)
        return fail(parse, "when: %zu conditions; allowed: 1 to %u", count, SIM_REQUEST_MAX_WHEN);
    request->when = g_new0(SimCondition *, count);
    for (size_t i = 0; i < count; i++) {
        request->when[i] =
            take_condition(parse, is_list ? json_object_array_get_idx(value, i) : value);
        if (!request->when[i])
            return false;
        request->when_count++;
    }
    return true;
}

/* What a step may be one of, and the types of event that it stops at. */
typedef struct {
    const char *name;
    int types[10]; /* ended by -1 */
} StepKind;

static const StepKind step_kinds[] = {
    {"event", {-1}}, /* any */
    {"frame",
     {SIM_EVENT_FRAME_SENT, SIM_EVENT_FRAME_RECEIVED, SIM_EVENT_FRAME_DROPPED, SIM_EVENT_LINK_ENTER,
      SIM_EVENT_LINK_DROP, SIM_EVENT_SWITCH_RECEIVE, SIM_EVENT_SWITCH_DROP,
      SIM_EVENT_FRAME_DELIVERED, -1}},
    {"exit", {SIM_EVENT_EXIT, -1}},
    {"decision", {SIM_EVENT_DISPATCH, SIM_EVENT_DESCHEDULE, -1}},
    {"fault", {SIM_EVENT_PAGE_MAPPED, SIM_EVENT_GUEST_FAULT, -1}},
    {"console", {SIM_EVENT_CONSOLE, -1}},
    {"command", {SIM_EVENT_COMMAND, -1}},
};

static bool take_of(const Parse *parse, json_object *value, SimRequest *request)
{
    const char *word =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    const char *names[G_N_ELEMENTS(step_kinds)];

    for (size_t i = 0; i < G_N_ELEMENTS(step_kinds); i++) {
        const StepKind *kind = &step_kinds[i];

        names[i] = kind->name;
        if (strcmp(kind->name, word) != 0)
            continue;
        for (const int *type = kind->types; *type >= 0; type++)
            sim_filter_add(&request->of, (unsigned)*type);
        for (unsigned type = 0; kind->types[0] < 0 && type < SIM_EVENT_TYPE_COUNT; type++)
            sim_filter_add(&request->of, type);
        return true;
    }

    g_autofree char *allowed = sim_join(names, G_N_ELEMENTS(names));
    g_autofree char *quoted = sim_quote_value(value);

    return fail(parse, "of: %s is no kind of step; allowed: %s", quoted, allowed);
}

static bool take_command(const Parse *parse, json_object *value, SimRequest *request)
{
    if (!json_object_is_type(value, json_type_object))
        return fail(parse, "command: is not an object, as in a timeline");
    request->timed = json_object_object_get_ex(value, "at", NULL);
    return sim_scenario_parse_command(parse->scenario, json_object_to_json_string(value), "command",
                                      &request->command, parse->error);
}

static bool take_string(const Parse *parse, const char *key, json_object *value, char **ret_text)
{
    if (!json_object_is_type(value, json_type_string))
        return fail(parse, "%s: is not a string", key);
    if (strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
        return fail(parse, "%s: has a NUL character", key);
    *ret_text = g_strdup(json_object_get_string(value));
    return true;
}

static bool take_text(const Parse *parse, json_object *value, SimRequest *request)
{
    return take_string(parse, "text", value, &request->text);
}

static bool take_name(const Parse *parse, json_object *value, SimRequest *request)
{
    return take_string(parse, "name", value, &request->name);
}

/* Taken before all others. */
static bool take_nothing(const Parse *parse, json_object *value, SimRequest *request)
{
    return true;
}

#define HEAD                                                                                       \
    {"op", true, take_nothing},                                                                    \
    {                                                                                              \
        "id", false, take_nothing                                                                  \
    }

static const KeyRule run_keys[] = {HEAD,
                                   {"to", false, take_to},
                                   {"until", false, take_until},
                                   {"when", false, take_when},
                                   {"resolution", false, take_resolution},
                                   {NULL}};
static const KeyRule step_keys[] = {HEAD, {"of", true, take_of}, {"to", false, take_to}, {NULL}};
static const KeyRule command_keys[] = {HEAD, {"command", true, take_command}, {NULL}};
static const KeyRule load_keys[] = {
    HEAD, {"text", true, take_text}, {"name", false, take_name}, {NULL}};
static const KeyRule no_keys[] = {HEAD, {NULL}};

static const struct {
    const char *name;
    const KeyRule *keys;
} operations[] = {
    [SIM_OP_RUN] = {"run", run_keys},      [SIM_OP_STEP] = {"step", step_keys},
    [SIM_OP_PAUSE] = {"pause", no_keys},   [SIM_OP_COMMAND] = {"command", command_keys},
    [SIM_OP_FINISH] = {"finish", no_keys}, [SIM_OP_STATE] = {"state", no_keys},
    [SIM_OP_QUIT] = {"quit", no_keys},     [SIM_OP_LOAD] = {"load", load_keys},
};

/* ---- The whole ----------------------------------------------------------- */

/* The name of an operation as request->op; false: there is no such, or not now. */
static bool find_op(const Parse *parse, json_object *values, SimRequest *request)
{
    json_object *value = json_object_object_get(values, "op");
    const char *word =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
    const char *names[SIM_OP_COUNT];
    size_t count = 0;

    for (int op = 0; op < SIM_OP_COUNT; op++) {
        if ((op == SIM_OP_LOAD) == (parse->scenario != NULL))
            continue;
        names[count++] = operations[op].name;
        if (word && !strcmp(operations[op].name, word)) {
            request->op = op;
            return true;
        }
    }

    g_autofree char *allowed = sim_join(names, count);
    g_autofree char *quoted = sim_quote_value(value);
    const char *nearest = word ? sim_nearest(word, names, count) : NULL;

    if (!value)
        return fail(parse, "op: is missing; allowed: %s", allowed);
    return fail(parse, "op: %s is no operation%s%s%s allowed: %s", quoted,
                nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : ";",
                allowed);
}

static bool take_id(const Parse *parse, json_object *values, SimRequest *request)
{
    json_object *id;
    const char *text;

    if (!json_object_object_get_ex(values, "id", &id) || !id)
        return true;
    text =
        json_object_to_json_string_ext(id, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if ((!json_object_is_type(id, json_type_int) && !json_object_is_type(id, json_type_string)) ||
        strlen(text) > SIM_REQUEST_MAX_ID_BYTES)
        return fail(parse, "id: is not a whole number or a short string");
    g_free(request->id);
    request->id = g_strdup(text);
    return true;
}

static const KeyRule *find_key(const KeyRule *rules, const char *key)
{
    for (; rules->key; rules++)
        if (!strcmp(rules->key, key))
            return rules;
    return NULL;
}

static bool fail_key(const Parse *parse, const SimRequest *request, const char *key)
{
    g_autofree char *quoted = sim_quote(key);
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const KeyRule *rule = operations[request->op].keys; rule->key; rule++)
        g_ptr_array_add(names, (gpointer)rule->key);

    g_autofree char *allowed = sim_join((const char *const *)names->pdata, names->len);

    return fail(parse, "%s: is no key of %s; allowed: %s", quoted, operations[request->op].name,
                allowed);
}

static bool take_keys(const Parse *parse, json_object *values, SimRequest *request)
{
    const KeyRule *rules = operations[request->op].keys;

    json_object_object_foreach(values, key, value)
    {
        const KeyRule *rule = find_key(rules, key);

        if (!rule)
            return fail_key(parse, request, key);
        if (!rule->take(parse, value, request))
            return false;
    }
    for (; rules->key; rules++)
        if (rules->required && !json_object_object_get_ex(values, rules->key, NULL))
            return fail(parse, "%s: is missing", rules->key);
    return true;
}

bool sim_request_parse(const char *line, size_t length, const SimScenario *scenario,
                       const SimScenarioKnown *known, SimRequest *ret_request, GError **error)
{
    const Parse parse = {scenario, known, error};
    SimRequest request = {.id = g_strdup("null"), .to_ns = SIM_TIME_NEVER};
    g_autoptr(SimSource) source = sim_source_new(line, length, "request", MAX_DEPTH, error);
    json_object *values = source ? sim_source_values(source) : NULL;
    bool good = false;

    if (source && !json_object_is_type(values, json_type_object))
        fail(&parse, "a request is an object");
    else if (source)
        good = take_id(&parse, values, &request) && find_op(&parse, values, &request) &&
               take_keys(&parse, values, &request);
    json_object_put(values);
    if (good) {
        *ret_request = request;
        return true;
    }
    *ret_request = (SimRequest){.id = g_steal_pointer(&request.id)};
    sim_request_clear(&request);
    return false;
}

void sim_request_clear(SimRequest *request)
{
    for (size_t i = 0; i < request->until_count; i++)
        sim_expect_event_clear(&request->until[i]);
    g_free(request->until);
    for (size_t i = 0; i < request->when_count; i++)
        sim_condition_free(request->when[i]);
    g_free(request->when);
    g_free(request->id);
    g_free(request->text);
    g_free(request->name);
    sim_command_clear(&request->command);
    memset(request, 0, sizeof(*request));
}
