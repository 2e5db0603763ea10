/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect.c: what checks and commands ask for, as far as a table of keys cannot
 * say it: paths into the result, ranges, and keys that depend on each other. */
#include "sim/scenario/reader.h"

#include <string.h>

/* ---- Counters ----------------------------------------------------------- */

/* What the result document counts in each scope; one that ends with '*' takes
 * any word there. Lists of the document are addressed by name or number. */
static const char *const vm_counters[] = {"exit_code",
                                          "exits",
                                          "exits.io",
                                          "exits.mmio",
                                          "exits.page_fault",
                                          "exits.halt",
                                          "exits.interrupt_window",
                                          "exits.preempt",
                                          "exits.shutdown",
                                          "exits.error",
                                          "memory.size_bytes",
                                          "memory.resident_pages",
                                          "memory.faults",
                                          "memory.shared_pages",
                                          "memory.shares",
                                          "memory.copies",
                                          "memory.ballooned_pages",
                                          "memory.balloon_target",
                                          "memory.inflates",
                                          "memory.deflates",
                                          "memory.balloon_used",
                                          "memory.balloon_refused",
                                          "memory.guest_says.reports",
                                          "memory.guest_says.free_bytes",
                                          "memory.guest_says.faults",
                                          "memory.target_pages",
                                          "memory.active_ppm",
                                          "memory.working_set_pages",
                                          "memory.swapped_pages",
                                          "memory.swap_ins",
                                          "memory.swap_outs",
                                          "memory.reference_count",
                                          "memory.reference_hits",
                                          "memory.reference_misses",
                                          "vcpus.N.*",
                                          "nics.N.*",
                                          "throttle.exits",
                                          "throttle.device_operations",
                                          "throttle.waited_ns",
                                          "last_mark",
                                          "memory.blocks_mapped",
                                          "memory.blocks_reclaimed",
                                          NULL};
static const char *const vcpu_counters[] = {
    "ran_ns",       "ready_ns",    "blocked_ns",  "dispatches",    "preemptions", "arrival_ns",
    "first_run_ns", "end_ns",      "response_ns", "turnaround_ns", "waiting_ns",  "longest_wait_ns",
    "wake_wait_ns", "entitled_ns", "steal_ns",    "migrations",    NULL};
static const char *const job_counters[] = {
    "arrival_ns", "first_run_ns", "completion_ns", "response_ns",      "turnaround_ns",
    "waiting_ns", "releases",     "done",          "deadlines_missed", "worst_response_ns",
    NULL};
static const char *const scheduler_counters[] = {
    "jain_ppm",        "switches",         "migrations", "preemptions",
    "longest_wait_ns", "deadlines_missed", NULL};
static const char *const nic_counters[] = {"tx_frames", "rx_frames", "dropped", NULL};
static const char *const network_counters[] = {"frames", "dropped", "dropped.*", NULL};
static const char *const pcpu_counters[] = {"busy_ns", "idle_ns", "switches", NULL};

typedef struct {
    SimReader *reader;
    const SimPath *path;
    const char *text; /* the whole */
    const char *rest; /* what has not been read */
} CounterPath;

/* Takes the word before the next '.'; NULL when nothing is left. g_free(). */
static char *next_word(CounterPath *p)
{
    if (!*p->rest)
        return NULL;
    const char *end = strchrnul(p->rest, '.');
    char *word = g_strndup(p->rest, (size_t)(end - p->rest));
    p->rest = *end ? end + 1 : end;
    return word;
}

static bool fail_counter(CounterPath *p, const char *word, const char *what,
                         const char *const *words)
{
    g_autofree char *quoted = sim_quote(p->text);
    g_autofree char *says = g_strdup_printf("%s %s", quoted, what);
    return sim_reader_fail_word(p->reader, p->path, word ? word : "", says, words,
                                sim_word_count(words));
}

/* A number below count, as the next word. */
static bool counter_item(CounterPath *p, const char *of, uint64_t count, uint32_t *ret_item)
{
    g_autofree char *word = next_word(p);
    guint64 number;
    if (word && g_ascii_string_to_unsigned(word, 10, 0, count - 1, &number, NULL)) {
        *ret_item = (uint32_t)number;
        return true;
    }
    g_autofree char *quoted = sim_quote(p->text);
    return sim_reader_fail(p->reader, p->path,
                           "%s does not number one of the %s; allowed: 0 to %" G_GUINT64_FORMAT,
                           quoted, of, count - 1);
}

/* The rest of the path is one of counters. */
static bool counter_name(CounterPath *p, const char *const *counters, SimExpectCounter *counter)
{
    for (size_t i = 0; counters[i]; i++) {
        size_t length = strlen(counters[i]);
        if (strstr(counters[i], ".N."))
            continue; /* named for the message only, read before */
        bool open = counters[i][length - 1] == '*';
        if (open ? strncmp(p->rest, counters[i], length - 1) == 0 && p->rest[length - 1] &&
                       !strchr(p->rest + length - 1, '.')
                 : strcmp(p->rest, counters[i]) == 0) {
            counter->path = g_strdup(p->text);
            counter->name = counter->path + (p->rest - p->text);
            return true;
        }
    }
    return fail_counter(p, p->rest, "counts nothing", counters);
}

static bool counter_in_vm(CounterPath *p, SimExpectCounter *counter)
{
    const SimScenarioVm *vm = &p->reader->scenario->vms[counter->index];
    counter->scope = SIM_COUNTER_VM;
    if (g_str_has_prefix(p->rest, "vcpus.")) {
        g_free(next_word(p));
        counter->scope = SIM_COUNTER_VCPU;
        return counter_item(p, "VM's vCPUs", vm->vcpus, &counter->item) &&
               counter_name(p, vcpu_counters, counter);
    }
    if (g_str_has_prefix(p->rest, "nics.")) {
        if (vm->nic_count == 0)
            return sim_reader_fail(p->reader, p->path, "VM \"%s\" has no NIC", vm->name);
        g_free(next_word(p));
        counter->scope = SIM_COUNTER_NIC;
        return counter_item(p, "VM's NICs", vm->nic_count, &counter->item) &&
               counter_name(p, nic_counters, counter);
    }
    return counter_name(p, vm_counters, counter);
}

/* The number of the element of a list, by name or number; -1: no such. */
static int element(const char *word, int by_name, size_t count)
{
    guint64 number;
    if (by_name >= 0 || count == 0)
        return by_name;
    return g_ascii_string_to_unsigned(word, 10, 0, count - 1, &number, NULL) ? (int)number : -1;
}

static bool counter_in_job(CounterPath *p, SimExpectCounter *counter)
{
    const SimScenario *scenario = p->reader->scenario;
    g_autofree char *name = next_word(p);
    int index = -1;
    for (size_t i = 0; i < scenario->job_count; i++)
        if (g_strcmp0(scenario->jobs[i].name, name) == 0)
            index = (int)i;
    index = element(name ? name : "", index, scenario->job_count);
    if (index < 0) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (size_t i = 0; i < scenario->job_count; i++)
            g_ptr_array_add(names, scenario->jobs[i].name);
        g_ptr_array_add(names, NULL);
        return fail_counter(p, name, "names no job", (const char *const *)names->pdata);
    }
    counter->scope = SIM_COUNTER_JOB;
    counter->index = (uint32_t)index;
    return counter_name(p, job_counters, counter);
}

bool sim_counter_read(SimReader *reader, const SimPath *path, const char *text,
                      SimExpectCounter *counter)
{
    static const char *const scopes[] = {"vms.NAME",  "networks.NAME", "pcpus.N",
                                         "jobs.NAME", "scheduler",     NULL};
    const SimScenario *scenario = reader->scenario;
    CounterPath p = {reader, path, text, text};
    g_autofree char *scope = next_word(&p);
    if (g_strcmp0(scope, "pcpus") == 0) {
        counter->scope = SIM_COUNTER_PCPU;
        return counter_item(&p, "host's pCPUs", scenario->host.pcpus, &counter->index) &&
               counter_name(&p, pcpu_counters, counter);
    }
    if (g_strcmp0(scope, "scheduler") == 0) {
        counter->scope = SIM_COUNTER_SCHEDULER;
        return counter_name(&p, scheduler_counters, counter);
    }
    if (g_strcmp0(scope, "jobs") == 0)
        return counter_in_job(&p, counter);
    bool is_vm = g_strcmp0(scope, "vms") == 0;
    if (!is_vm && g_strcmp0(scope, "networks") != 0)
        return fail_counter(&p, scope, "counts nothing", scopes);

    g_autofree char *name = next_word(&p);
    const char *word = name ? name : "";
    int index =
        is_vm ? element(word, sim_scenario_find_vm(scenario, word), scenario->vm_count)
              : element(word, sim_scenario_find_network(scenario, word), scenario->network_count);
    if (index < 0) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (size_t i = 0; i < (is_vm ? scenario->vm_count : scenario->network_count); i++)
            g_ptr_array_add(names, is_vm ? scenario->vms[i].name : scenario->networks[i].name);
        g_ptr_array_add(names, NULL);
        return fail_counter(&p, word, is_vm ? "names no VM" : "names no network",
                            (const char *const *)names->pdata);
    }
    counter->index = (uint32_t)index;
    if (is_vm)
        return counter_in_vm(&p, counter);
    counter->scope = SIM_COUNTER_NETWORK;
    return counter_name(&p, network_counters, counter);
}

/* ---- Ranges ------------------------------------------------------------- */

static bool has(json_object *values, const char *key, uint64_t *ret_value)
{
    json_object *value;
    if (!json_object_object_get_ex(values, key, &value))
        return false;
    *ret_value = json_object_get_uint64(value);
    return true;
}

/* min, max and equals of an object, whose types have been checked. */
static bool read_range(SimReader *reader, const SimPath *path, json_object *values,
                       uint64_t *ret_min, uint64_t *ret_max)
{
    uint64_t min = 0, max = UINT64_MAX, equals;
    bool has_min = has(values, "min", &min), has_max = has(values, "max", &max);
    if (has(values, "equals", &equals)) {
        if (has_min || has_max) {
            SimPath at = {path, "equals", 0};
            return sim_reader_fail(reader, &at, "cannot stand beside min or max");
        }
        min = max = equals;
    } else if (!has_min && !has_max) {
        return sim_reader_fail(reader, path, "says no number; allowed: min, max, or equals");
    }
    if (min > max) {
        SimPath at = {path, "min", 0};
        return sim_reader_fail(
            reader, &at, "%" G_GUINT64_FORMAT " is more than max, %" G_GUINT64_FORMAT, min, max);
    }
    *ret_min = min;
    *ret_max = max;
    return true;
}

bool sim_finish_counter(SimReader *reader, const SimPath *path, json_object *values, void *counter)
{
    SimExpectCounter *expect = counter;
    return read_range(reader, path, values, &expect->min, &expect->max);
}

static uint64_t ppm_of(json_object *values, const char *key)
{
    uint64_t value = 0;
    sim_quantity_parse(&sim_percent, json_object_get_string(json_object_object_get(values, key)),
                       &value);
    return value;
}

bool sim_finish_share(SimReader *reader, const SimPath *path, json_object *values, void *share)
{
    SimExpectShare *expect = share;
    uint64_t is = ppm_of(values, "is"), within = ppm_of(values, "within"), vcpu;
    expect->min_ppm = is > within ? is - within : 0;
    expect->max_ppm = MIN(is + within, 1000000);
    expect->of_host =
        strcmp(json_object_get_string(json_object_object_get(values, "of")), "host") == 0;
    expect->vcpu = -1;
    if (has(values, "vcpu", &vcpu)) {
        const SimScenarioVm *vm = &reader->scenario->vms[expect->vm.index];
        SimPath at = {path, "vcpu", 0};
        if (vcpu >= vm->vcpus)
            return sim_reader_fail(reader, &at,
                                   "VM \"%s\" has no vCPU %" G_GUINT64_FORMAT
                                   "; allowed: 0 to %" G_GUINT64_FORMAT,
                                   vm->name, vcpu, vm->vcpus - 1);
        expect->vcpu = (int64_t)vcpu;
    }
    return true;
}

/* ---- Events ------------------------------------------------------------- */

bool sim_where_read(SimReader *reader, const SimKey *key, const SimPath *path, json_object *value,
                    SimEventField **ret_fields, size_t *ret_count)
{
    size_t count = (size_t)json_object_object_length(value);
    if (count > key->max)
        return sim_reader_fail(reader, path,
                               "%" G_GSIZE_FORMAT " fields; allowed: at most %" G_GUINT64_FORMAT,
                               count, key->max);
    SimEventField *fields = g_new0(SimEventField, MAX(count, 1));
    *ret_fields = fields;
    *ret_count = count;
    size_t i = 0;
    json_object_object_foreach(value, name, element)
    {
        SimEventField *field = &fields[i++];
        bool is_int = json_object_is_type(element, json_type_int);
        bool is_bool = json_object_is_type(element, json_type_boolean);
        if (!is_int && !is_bool && !json_object_is_type(element, json_type_string)) {
            SimPath at = {path, name, 0};
            g_autofree char *quoted = sim_quote_value(element);
            return sim_reader_fail(reader, &at,
                                   "%s is not a value of a field; allowed: a string, a whole "
                                   "number, true or false",
                                   quoted);
        }
        field->field = g_strdup(name);
        field->text = g_strdup(json_object_get_string(element));
        field->is_number = is_int || is_bool;
        field->number = is_int ? json_object_get_int64(element) : json_object_get_boolean(element);
        if (!field->is_number)
            field->number = 0;
    }
    return true;
}

/* The fields that events of a type have; known lists "type.field". */
static GPtrArray *fields_of(const char *const *known, const char *type)
{
    GPtrArray *fields = g_ptr_array_new();
    size_t length = strlen(type);
    for (size_t i = 0; known[i]; i++)
        if (strncmp(known[i], type, length) == 0 && known[i][length] == '.')
            g_ptr_array_add(fields, (gpointer)(known[i] + length + 1));
    g_ptr_array_add(fields, NULL);
    return fields;
}

/* Every field of where is one that events of this type have. */
static bool check_fields(SimReader *reader, const SimPath *path, const SimExpectEvent *event)
{
    SimPath where = {path, "where", 0};
    for (size_t i = 0; i < event->where_count; i++) {
        const char *field = event->where[i].field;
        SimPath at = {&where, field, 0};
        if (!sim_field_check(reader, &at, event->type, field))
            return false;
    }
    return true;
}

/* A trace knows VMs and networks by number: names become numbers here. */
static bool number_names(SimReader *reader, const SimPath *path, SimExpectEvent *event)
{
    SimPath where = {path, "where", 0};
    for (size_t i = 0; i < event->where_count; i++) {
        SimEventField *field = &event->where[i];
        bool network = strcmp(field->field, "network") == 0;
        bool vm = strcmp(field->field, "vm") == 0 || g_str_has_suffix(field->field, "_vm");
        if (field->is_number || (!network && !vm))
            continue;
        field->number = network ? sim_scenario_find_network(reader->scenario, field->text)
                                : sim_scenario_find_vm(reader->scenario, field->text);
        field->is_number = field->number >= 0;
        if (field->is_number)
            continue;
        SimPath at = {&where, field->field, 0};
        g_autoptr(GPtrArray) names =
            sim_reference_names(reader, network ? SIM_KEY_NETWORK : SIM_KEY_VM);
        g_autofree char *quoted = sim_quote(field->text);
        g_autofree char *what =
            g_strdup_printf("%s is not the name of a %s", quoted, network ? "network" : "VM");
        return sim_reader_fail_word(reader, &at, field->text, what,
                                    (const char *const *)names->pdata, names->len);
    }
    return true;
}

bool sim_event_complete(SimReader *reader, const SimPath *path, SimExpectEvent *event)
{
    return check_fields(reader, path, event) && number_names(reader, path, event);
}

bool sim_field_check(SimReader *reader, const SimPath *path, const char *type, const char *field)
{
    const char *const *known = reader->known ? reader->known->event_fields : NULL;
    if (!known)
        return true;
    g_autoptr(GPtrArray) fields = fields_of(known, type);
    const char *const *names = (const char *const *)fields->pdata;
    return sim_word_index(names, field) >= 0 ||
           sim_reader_fail_word(reader, path, field, "not a field of this event", names,
                                sim_word_count(names));
}

bool sim_finish_event(SimReader *reader, const SimPath *path, json_object *values, void *event)
{
    SimExpectEvent *expect = event;
    json_object *count, *present, *absent;
    bool none = false;
    if (json_object_object_get_ex(values, "count", &count)) {
        SimPath at = {path, "count", 0};
        if (!read_range(reader, &at, count, &expect->min, &expect->max))
            return false;
    } else {
        if (json_object_object_get_ex(values, "present", &present))
            none = !json_object_get_boolean(present);
        else if (json_object_object_get_ex(values, "absent", &absent))
            none = json_object_get_boolean(absent);
        expect->min = none ? 0 : 1;
        expect->max = none ? 0 : UINT64_MAX;
    }
    return sim_event_complete(reader, path, expect);
}

/* ---- The rest ----------------------------------------------------------- */

bool sim_finish_console(SimReader *reader, const SimPath *path, json_object *values, void *console)
{
    const SimExpectConsole *expect = console;
    if (expect->kind != SIM_CONSOLE_MATCHES)
        return true;
    g_autoptr(GError) wrong = NULL;
    g_autoptr(GRegex) regex = g_regex_new(expect->text, G_REGEX_MULTILINE, 0, &wrong);
    if (regex)
        return true;
    SimPath at = {path, "matches", 0};
    g_autofree char *quoted = sim_quote(expect->text);
    g_autofree char *says = sim_quote(wrong->message);
    return sim_reader_fail(reader, &at, "%s is not a regular expression: %s", quoted, says);
}

static bool check_ends(SimReader *reader, const SimPath *path, const SimScenarioEndpoint *from,
                       const SimScenarioEndpoint *to)
{
    SimPath at = {path, "to", 0};
    return from->kind != to->kind || from->index != to->index ||
           sim_reader_fail(reader, &at, "from and to are both %s; name two", to->name);
}

bool sim_finish_reach(SimReader *reader, const SimPath *path, json_object *values, void *reach)
{
    const SimExpectReach *expect = reach;
    return check_ends(reader, path, &expect->from, &expect->to);
}

/* The number of the word becomes that of the protocol. */
bool sim_finish_forward(SimReader *reader, const SimPath *path, json_object *values, void *forward)
{
    SimScenarioForward *rule = forward;
    SimPath at = {path, "host_port", 0};
    rule->protocol = rule->protocol == 0 ? SIM_PROTOCOL_TCP : SIM_PROTOCOL_UDP;
    return rule->host_port >= 1024 ||
           sim_reader_fail(reader, &at,
                           "%" G_GUINT64_FORMAT " is below 1024: the host gives such a port to "
                           "nobody without privilege, and VirtualBox refuses to start the VM; "
                           "allowed: a whole number from 1024 to 65535",
                           rule->host_port);
}

static bool finish_cable(SimReader *reader, const SimPath *path, const SimCommand *c)
{
    const SimScenarioVm *vm = &reader->scenario->vms[c->vm.index];
    SimPath at = {path, "nic", 0};
    if (vm->nic_count == 0)
        return sim_reader_fail(reader, &at, "VM \"%s\" has no NIC", vm->name);
    if (c->nic >= vm->nic_count)
        return sim_reader_fail(reader, &at,
                               "VM \"%s\" has no NIC %" G_GUINT64_FORMAT
                               "; allowed: 0 to %" G_GSIZE_FORMAT,
                               vm->name, c->nic, vm->nic_count - 1);
    return true;
}

/* A rule that the timeline adds is checked against the network only once subnets are known: see
 * world-net.c. */
static bool finish_forward(SimReader *reader, const SimPath *path, SimCommand *c)
{
    SimPath rule = {path, "rule", 0}, at = {&rule, "vm", 0};
    const char *name = c->forward.vm.name;
    int vm = name ? sim_scenario_find_vm(reader->scenario, name) : 0;
    if (vm >= 0) {
        c->forward.vm.index = (uint32_t)vm;
        return true;
    }
    g_autoptr(GPtrArray) names = sim_reference_names(reader, SIM_KEY_VM);
    g_autofree char *quoted = sim_quote(name);
    g_autofree char *what = g_strdup_printf("%s is not the name of a VM", quoted);
    return sim_reader_fail_word(reader, &at, name, what, (const char *const *)names->pdata,
                                names->len);
}

bool sim_finish_command(SimReader *reader, const SimPath *path, json_object *values, void *command)
{
    SimCommand *c = command;
    switch ((SimCommandKind)c->kind) {
    case SIM_COMMAND_PING: return check_ends(reader, path, &c->from, &c->to);
    case SIM_COMMAND_CONNECT:
        c->protocol = SIM_PROTOCOL_TCP;
        return check_ends(reader, path, &c->from, &c->to);
    case SIM_COMMAND_PLUG:
    case SIM_COMMAND_UNPLUG: return finish_cable(reader, path, c);
    case SIM_COMMAND_FORWARD_ADD: return finish_forward(reader, path, c);
    default: return true;
    }
}
