/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evaluate.c: one function per kind of check. Each says whether it holds and
 * writes a sentence about what it found. */
#include "sim/lab/evaluate.h"

#include <inttypes.h>
#include <string.h>

#include "sim/model/match.h"

typedef struct {
    const SimScenario *scenario;
    json_object *result;
    SimReader *reader;
    unsigned check;
} LabCase;

typedef enum SimCheckOutcome (*LabJudge)(const LabCase *the, const SimExpect *expect,
                                         char **ret_detail);

static json_object *list_item(json_object *object, const char *list, size_t index)
{
    json_object *found = object ? json_object_object_get(object, list) : NULL;

    return found && index < json_object_array_length(found)
               ? json_object_array_get_idx(found, index)
               : NULL;
}

/* ---- reach --------------------------------------------------------------- */

/* The answer to the question that a check asked: an event "reach". */
static bool find_reach(const LabCase *the, SimRecord *ret_record)
{
    SimCursor cursor = {0};
    SimFilter filter = {0};
    bool found = false;
    SimRecord record;

    sim_filter_add(&filter, SIM_EVENT_REACH);
    while (sim_reader_next_of(the->reader, &cursor, &filter, &record))
        if (SIM_FIELDS(&record, Reach)->check == the->check) {
            *ret_record = record;
            found = true;
        }
    return found;
}

static enum SimCheckOutcome judge_reach(const LabCase *the, const SimExpect *expect,
                                        char **ret_detail)
{
    const SimExpectReach *reach = &expect->reach;
    const SimScenarioEndpoint *who = reach->answered_by.name ? &reach->answered_by : &reach->to;
    SimRecord record;

    if (!find_reach(the, &record)) {
        *ret_detail = g_strdup_printf("%s could not be asked to reach %s (the run ended before)",
                                      reach->from.name, reach->to.name);
        return SIM_CHECK_FAILED;
    }

    const SimEventReach *answer = SIM_FIELDS(&record, Reach);
    g_autofree char *text = g_strndup((const char *)record.blob, record.blob_size);
    const char *newline = strchr(text, '\n');
    g_autofree char *port = reach->protocol == SIM_PROTOCOL_ICMP
                                ? g_strdup("")
                                : g_strdup_printf(" port %u", answer->port);

    *ret_detail = g_strdup_printf(
        "%s %s %s by %s%s: %s", reach->from.name, answer->reached ? "reaches" : "does not reach",
        who->name, sim_protocol_name(reach->protocol), port, newline ? newline + 1 : "");
    return answer->reached == reach->is ? SIM_CHECK_PASSED : SIM_CHECK_FAILED;
}

/* ---- counter ------------------------------------------------------------- */

/* The value of a dotted name below object: the sum of all where it names an object
 * of counters. A counter that never counted (a drop reason that did not occur) is 0. */
static uint64_t dotted_value(json_object *object, const char *name)
{
    g_auto(GStrv) words = g_strsplit(name, ".", -1);
    uint64_t sum = 0;

    for (char **word = words; *word && object; word++)
        object = json_object_object_get(object, *word);
    if (!json_object_is_type(object, json_type_object))
        return object ? json_object_get_uint64(object) : 0;
    json_object_object_foreach(object, key, value)
    {
        (void)key;
        sum += json_object_get_uint64(value);
    }
    return sum;
}

static json_object *counter_object(json_object *result, const SimExpectCounter *counter)
{
    switch (counter->scope) {
    case SIM_COUNTER_VM: return list_item(result, "vms", counter->index);
    case SIM_COUNTER_VCPU:
        return list_item(list_item(result, "vms", counter->index), "vcpus", counter->item);
    case SIM_COUNTER_NIC:
        return list_item(list_item(result, "vms", counter->index), "nics", counter->item);
    case SIM_COUNTER_NETWORK: return list_item(result, "networks", counter->index);
    case SIM_COUNTER_JOB: return list_item(result, "jobs", counter->index);
    case SIM_COUNTER_SCHEDULER: return json_object_object_get(result, "scheduler");
    case SIM_COUNTER_PCPU: return list_item(result, "pcpus", counter->index);
    }
    return NULL;
}

uint64_t lab_counter_value(json_object *result, const SimExpectCounter *counter)
{
    return dotted_value(counter_object(result, counter), counter->name);
}

/* "5", "at least 3", "at most 7", "3 to 7" */
static char *range_text(uint64_t min, uint64_t max)
{
    if (min == max)
        return g_strdup_printf("%" PRIu64, min);
    if (max == UINT64_MAX)
        return g_strdup_printf("at least %" PRIu64, min);
    if (min == 0)
        return g_strdup_printf("at most %" PRIu64, max);
    return g_strdup_printf("%" PRIu64 " to %" PRIu64, min, max);
}

static enum SimCheckOutcome in_range(uint64_t value, uint64_t min, uint64_t max)
{
    return value >= min && value <= max ? SIM_CHECK_PASSED : SIM_CHECK_FAILED;
}

static enum SimCheckOutcome judge_counter(const LabCase *the, const SimExpect *expect,
                                          char **ret_detail)
{
    const SimExpectCounter *counter = &expect->counter;
    uint64_t value = lab_counter_value(the->result, counter);
    g_autofree char *range = range_text(counter->min, counter->max);

    *ret_detail = g_strdup_printf("%s is %" PRIu64 "; expected %s", counter->path, value, range);
    return in_range(value, counter->min, counter->max);
}

/* ---- console ------------------------------------------------------------- */

static enum SimCheckOutcome judge_console(const LabCase *the, const SimExpect *expect,
                                          char **ret_detail)
{
    const SimExpectConsole *console = &expect->console;
    json_object *vm = list_item(the->result, "vms", console->vm.index);
    const char *text = json_object_get_string(json_object_object_get(vm, "console"));
    bool found = console->kind == SIM_CONSOLE_MATCHES
                     ? g_regex_match_simple(console->text, text, G_REGEX_MULTILINE, 0)
                     : strstr(text, console->text) != NULL;
    bool wanted = console->kind != SIM_CONSOLE_LACKS;

    *ret_detail = g_strdup_printf("the console of %s %s \"%s\"", console->vm.name,
                                  found ? "has" : "does not have", console->text);
    return found == wanted ? SIM_CHECK_PASSED : SIM_CHECK_FAILED;
}

/* ---- share --------------------------------------------------------------- */

static uint64_t ran_ns(json_object *vm, int64_t vcpu)
{
    json_object *vcpus = json_object_object_get(vm, "vcpus");
    uint64_t sum = 0;

    for (size_t i = 0; i < json_object_array_length(vcpus); i++)
        if (vcpu < 0 || (int64_t)i == vcpu)
            sum += dotted_value(json_object_array_get_idx(vcpus, i), "ran_ns");
    return sum;
}

static enum SimCheckOutcome judge_share(const LabCase *the, const SimExpect *expect,
                                        char **ret_detail)
{
    const SimExpectShare *share = &expect->share;
    json_object *vms = json_object_object_get(the->result, "vms");
    json_object *pcpus = json_object_object_get(the->result, "pcpus");
    uint64_t own = ran_ns(list_item(the->result, "vms", share->vm.index), share->vcpu);
    uint64_t all = 0;

    if (share->of_host)
        all = dotted_value(the->result, "virtual_ns") * json_object_array_length(pcpus);
    else
        for (size_t i = 0; i < json_object_array_length(vms); i++)
            all += ran_ns(json_object_array_get_idx(vms, i), -1);
    if (all == 0) {
        *ret_detail = g_strdup("no vCPU ran at all");
        return SIM_CHECK_FAILED;
    }

    uint64_t ppm = (uint64_t)((unsigned __int128)own * 1000000 / all);

    *ret_detail = g_strdup_printf(
        "%s had %" PRIu64 ".%02" PRIu64 " %% of the CPU time %s; expected %" PRIu64 ".%02" PRIu64
        " to %" PRIu64 ".%02" PRIu64 " %%",
        share->vm.name, ppm / 10000, ppm / 100 % 100,
        share->of_host ? "that the host has" : "that was used", share->min_ppm / 10000,
        share->min_ppm / 100 % 100, share->max_ppm / 10000, share->max_ppm / 100 % 100);
    return in_range(ppm, share->min_ppm, share->max_ppm);
}

/* ---- event --------------------------------------------------------------- */

static enum SimCheckOutcome judge_event(const LabCase *the, const SimExpect *expect,
                                        char **ret_detail)
{
    const SimExpectEvent *event = &expect->event;
    g_autofree char *range = range_text(event->min, event->max);
    SimCursor cursor = {0};
    SimFilter filter = {0};
    SimRecord record;
    uint64_t count = 0;

    sim_filter_add(&filter, sim_event_find(event->type));
    while (sim_reader_next_of(the->reader, &cursor, &filter, &record))
        count += sim_event_matches(the->scenario, &record, event);
    *ret_detail =
        g_strdup_printf("%" PRIu64 " %s event%s%s; expected %s", count, event->type,
                        count == 1 ? "" : "s", event->where_count ? " as asked for" : "", range);
    return in_range(count, event->min, event->max);
}

/* ---- All ----------------------------------------------------------------- */

static const LabJudge judges[] = {
    [SIM_EXPECT_REACH] = judge_reach,     [SIM_EXPECT_COUNTER] = judge_counter,
    [SIM_EXPECT_CONSOLE] = judge_console, [SIM_EXPECT_SHARE] = judge_share,
    [SIM_EXPECT_EVENT] = judge_event,
};

/* Can this check be judged on this backend? */
static bool suits(const SimScenarioCheck *check, const char *backend)
{
    if (check->requires & SIM_REQUIRES_EMULATED)
        return !strcmp(backend, "emulated");
    if (check->requires & SIM_REQUIRES_KVM)
        return !strcmp(backend, "kvm");
    return true;
}

static void clear_verdict(void *data)
{
    LabVerdict *verdict = data;

    g_free(verdict->detail);
}

GArray *lab_evaluate(const SimScenario *scenario, const char *backend, json_object *result,
                     SimReader *reader)
{
    GArray *verdicts = g_array_new(FALSE, TRUE, sizeof(LabVerdict));

    g_array_set_clear_func(verdicts, clear_verdict);
    for (size_t i = 0; i < scenario->check_count; i++) {
        const SimScenarioCheck *check = &scenario->checks[i];
        const LabCase the = {scenario, result, reader, i};
        LabVerdict verdict = {.check = i, .outcome = SIM_CHECK_SKIPPED};

        if (suits(check, backend))
            verdict.outcome = judges[check->expect.kind](&the, &check->expect, &verdict.detail);
        else
            verdict.detail = g_strdup_printf("not judged on the backend %s", backend);
        if (verdict.outcome == SIM_CHECK_PASSED)
            verdict.earned = check->points;
        g_array_append_val(verdicts, verdict);
    }
    return verdicts;
}

void lab_add_to_result(const SimScenario *scenario, const GArray *verdicts, json_object *result)
{
    json_object *checks = json_object_new_array();
    json_object *score = json_object_new_object();
    uint64_t earned = 0, possible = 0;

    for (unsigned i = 0; i < verdicts->len; i++) {
        const LabVerdict *verdict = &g_array_index(verdicts, LabVerdict, i);
        const SimScenarioCheck *check = &scenario->checks[verdict->check];
        bool skipped = verdict->outcome == SIM_CHECK_SKIPPED;
        json_object *row = json_object_new_object();

        json_object_object_add(row, "id", json_object_new_string(check->id));
        json_object_object_add(row, "title", json_object_new_string(check->title));
        json_object_object_add(row, "points", json_object_new_uint64(check->points));
        json_object_object_add(row, "earned", json_object_new_uint64(verdict->earned));
        json_object_object_add(row, "passed",
                               json_object_new_boolean(verdict->outcome == SIM_CHECK_PASSED));
        json_object_object_add(row, "skipped", json_object_new_boolean(skipped));
        json_object_object_add(row, "detail", json_object_new_string(verdict->detail));
        json_object_array_add(checks, row);
        earned += verdict->earned;
        possible += skipped ? 0 : check->points;
    }
    json_object_object_add(result, "checks", checks);
    json_object_object_add(score, "earned", json_object_new_uint64(earned));
    json_object_object_add(score, "possible", json_object_new_uint64(possible));
    json_object_object_add(result, "score", score);
}
