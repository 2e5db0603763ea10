/* SPDX-License-Identifier: GPL-2.0-or-later */
/* steps.c: places of steps by one walk over the trace, answers by one over their
 * stretch, and the comparison of what was given. */
#include "sim/lab/steps.h"

#include <inttypes.h>
#include <string.h>

#include "sim/export/result.h"
#include "sim/lab/evaluate.h"
#include "sim/model/match.h"

/* ---- Places -------------------------------------------------------------- */

static bool find_event(const SimScenario *scenario, SimReader *reader, const SimStop *stop,
                       uint64_t from, LabPlace *ret_place)
{
    SimCursor cursor = sim_reader_at(reader, from);
    SimFilter filter = {0};
    SimRecord record;
    uint64_t left = stop->count;
    int type = sim_event_find(stop->event.type);

    if (type < 0)
        return false;
    sim_filter_add(&filter, (unsigned)type);
    while (sim_reader_next_of(reader, &cursor, &filter, &record)) {
        if (!sim_event_matches(scenario, &record, &stop->event) || --left > 0)
            continue;
        ret_place->time = record.time;
        ret_place->index = record.index + (stop->kind == SIM_STOP_AFTER);
        return true;
    }
    return false;
}

/* After everything that happens at the time, if the run has come so far. */
static bool find_time(SimReader *reader, uint64_t time, LabPlace *ret_place)
{
    if (sim_reader_end_time(reader) < time)
        return false;
    ret_place->time = time;
    ret_place->index = sim_reader_at_time(reader, time + 1).index;
    return true;
}

GArray *lab_steps_place(const SimScenario *scenario, SimReader *reader)
{
    GArray *places = g_array_new(FALSE, TRUE, sizeof(LabPlace));
    LabPlace place = {.found = true};

    for (size_t i = 0; i < scenario->step_count; i++) {
        const SimStop *stop = &scenario->steps[i].stop;

        /* Once one is not found, what follows it has not happened either. */
        if (place.found && scenario->steps[i].has_stop)
            place.found = stop->kind == SIM_STOP_AT
                              ? find_time(reader, stop->at_ns, &place)
                              : find_event(scenario, reader, stop, place.index, &place);
        g_array_append_val(places, place);
    }
    return places;
}

int lab_step_at(const GArray *places, uint64_t index)
{
    int step = -1;

    for (unsigned i = 0; i < places->len; i++) {
        const LabPlace *place = &g_array_index(places, LabPlace, i);

        if (place->found && place->index <= index)
            step = (int)i;
    }
    return step;
}

/* The next place after step's own; NULL: it is the last, or the next is not reached. */
static const LabPlace *next_place(const GArray *places, unsigned step, bool *ret_reached)
{
    const LabPlace *own = &g_array_index(places, LabPlace, step);

    *ret_reached = own->found;
    for (unsigned i = step + 1; i < places->len; i++) {
        const LabPlace *place = &g_array_index(places, LabPlace, i);

        if (!place->found)
            *ret_reached = false;
        if (!place->found || place->index > own->index)
            return place->found ? place : NULL;
    }
    return NULL;
}

uint64_t lab_step_end(const GArray *places, unsigned step, SimReader *reader)
{
    bool reached;
    const LabPlace *next = next_place(places, step, &reached);

    return next ? next->index : sim_reader_count(reader);
}

/* ---- Words --------------------------------------------------------------- */

char *lab_port_name(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);
    const SimModelPort *peer = port ? sim_model_port(model, port->peer) : NULL;

    if (port && port->vm == SIM_NONE && peer && peer->vm != SIM_NONE)
        port = peer;

    const SimModelVm *vm = port ? sim_model_vm(model, port->vm) : NULL;

    if (!vm)
        return g_strdup_printf("%s-%u", port && port->kind ? port->kind : "port", number);
    return port->nic == 0 ? g_strdup_printf("vm:%s", vm->name)
                          : g_strdup_printf("vm:%s.%u", vm->name, port->nic);
}

static bool is_port(const char *field)
{
    static const char *const ports[] = {"port", "in_port", "from_port", "from", "to", NULL};

    return g_strv_contains(ports, field);
}

/* A field's value in the words in which a person would name it. */
static char *value_word(const SimModel *model, const SimFieldInfo *field, uint64_t value)
{
    unsigned number = (unsigned)value;

    if (field->kind == SIM_KIND_ENUM)
        return g_strdup(sim_name(field->values, number));
    if (field->kind == SIM_KIND_BOOL)
        return g_strdup(value ? "true" : "false");
    if (field->kind == SIM_KIND_IPV4)
        return g_strdup_printf("%u.%u.%u.%u", number >> 24, number >> 16 & 255, number >> 8 & 255,
                               number & 255);
    if (field->kind == SIM_KIND_MAC)
        return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(value >> 40 & 255),
                               (unsigned)(value >> 32 & 255), number >> 24, number >> 16 & 255,
                               number >> 8 & 255, number & 255);
    if (field->kind == SIM_KIND_HEX)
        return g_strdup_printf("0x%" PRIx64, value);
    if (field->size == 4 && is_port(field->name))
        return lab_port_name(model, number);
    if (!strcmp(field->name, "network") && sim_model_network(model, number))
        return g_strdup(sim_model_network(model, number)->name);
    if ((!strcmp(field->name, "vm") || g_str_has_suffix(field->name, "_vm")) &&
        sim_model_vm(model, number))
        return g_strdup_printf("vm:%s", sim_model_vm(model, number)->name);
    return g_strdup_printf("%" PRIu64, value);
}

/* ---- Answers ------------------------------------------------------------- */

typedef struct {
    const SimScenario *scenario;
    SimReader *reader;
    const SimModel *model; /* at the end of the stretch */
    uint64_t from, to;     /* events of the stretch */
} LabStretch;

static void add_once(GPtrArray *words, char *word)
{
    if (g_ptr_array_find_with_equal_func(words, word, g_str_equal, NULL))
        g_free(word);
    else
        g_ptr_array_add(words, word);
}

/* Goes to the next event of the stretch that fits. */
static bool next_event(const LabStretch *the, const SimExpectEvent *event, SimCursor *cursor,
                       SimRecord *record)
{
    SimFilter filter = {0};
    int type = sim_event_find(event->type);

    if (type < 0)
        return false;
    sim_filter_add(&filter, (unsigned)type);
    while (sim_reader_next_of(the->reader, cursor, &filter, record) && record->index < the->to)
        if (sim_event_matches(the->scenario, record, event))
            return true;
    return false;
}

static void answer_by_event(const LabStretch *the, const SimStepAnswer *asked, GPtrArray *words,
                            uint64_t *ret_count)
{
    SimCursor cursor = sim_reader_at(the->reader, the->from);
    SimRecord record;

    while (next_event(the, &asked->event, &cursor, &record)) {
        size_t offset;
        const SimFieldInfo *field =
            asked->field ? sim_event_field(sim_event_info(record.type), asked->field, &offset)
                         : NULL;

        ++*ret_count;
        if (field)
            add_once(words,
                     value_word(the->model, field,
                                sim_field_value(field, (const uint8_t *)record.fields + offset)));
    }
    if (!asked->field)
        add_once(words, g_strdup_printf("%" PRIu64, *ret_count));
}

typedef struct {
    uint64_t index;
    const char *id;
} LabHappened;

static int compare_happened(const void *a, const void *b)
{
    uint64_t x = ((const LabHappened *)a)->index, y = ((const LabHappened *)b)->index;

    return x < y ? -1 : x > y;
}

/* The options by the first event that each stands for; what never happened is left out. */
static void answer_by_options(const LabStretch *the, const SimStepPredict *predict,
                              GPtrArray *words)
{
    g_autoptr(GArray) happened = g_array_new(FALSE, FALSE, sizeof(LabHappened));

    for (size_t i = 0; i < predict->option_count; i++) {
        SimCursor cursor = sim_reader_at(the->reader, the->from);
        SimRecord record;

        if (next_event(the, &predict->options[i].event, &cursor, &record)) {
            LabHappened entry = {record.index, predict->options[i].id};

            g_array_append_val(happened, entry);
        }
    }
    g_array_sort(happened, compare_happened);
    for (unsigned i = 0; i < happened->len; i++)
        g_ptr_array_add(words, g_strdup(g_array_index(happened, LabHappened, i).id));
}

static uint64_t answer_by_counter(const LabStretch *the, const SimExpectCounter *counter)
{
    SimResultInput input = {.scenario = the->scenario,
                            .model = the->model,
                            .metadata = sim_reader_metadata(the->reader)};
    json_object *result = sim_result_new(&input);
    uint64_t value = lab_counter_value(result, counter);

    json_object_put(result);
    return value;
}

static SimModel *model_after(SimReader *reader, uint64_t events)
{
    SimModel *model = sim_model_new();
    SimCursor cursor = {0};
    SimRecord record;

    while (cursor.index < events && sim_reader_next(reader, &cursor, &record))
        sim_model_apply(model, &record);
    return model;
}

LabAnswer *lab_step_answer(const SimScenario *scenario, SimReader *reader, const GArray *places,
                           unsigned step)
{
    const SimStepPredict *predict = &scenario->steps[step].predict;
    LabAnswer *answer = g_new0(LabAnswer, 1);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    LabStretch the = {.scenario = scenario,
                      .reader = reader,
                      .from = g_array_index(places, LabPlace, step).index,
                      .to = lab_step_end(places, step, reader)};
    g_autoptr(SimModel) model = model_after(reader, the.to);

    next_place(places, step, &answer->known);
    the.model = model;
    if (predict->kind == SIM_PREDICT_ORDER && predict->options[0].event.type)
        answer_by_options(&the, predict, words);
    else if (predict->answer.kind == SIM_ANSWER_COUNTER)
        add_once(words,
                 g_strdup_printf("%" PRIu64, answer_by_counter(&the, &predict->answer.counter)));
    else
        answer_by_event(&the, &predict->answer, words, &answer->count);
    if (words->len == 0)
        add_once(words, g_strdup(LAB_NOBODY));
    g_ptr_array_add(words, NULL);
    answer->words = (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
    return answer;
}

void lab_answer_free(LabAnswer *answer)
{
    if (!answer)
        return;
    g_strfreev(answer->words);
    g_free(answer);
}

/* ---- Reveal -------------------------------------------------------------- */

static const SimStepOption *find_option(const SimStepPredict *predict, const char *id)
{
    for (size_t i = 0; id && i < predict->option_count; i++)
        if (!strcmp(predict->options[i].id, id))
            return &predict->options[i];
    return NULL;
}

/* The option of a choice that is right: by its range, else by its id. */
static const SimStepOption *right_option(const SimStepPredict *predict, const char *word)
{
    guint64 number;

    if (g_ascii_string_to_unsigned(word, 10, 0, UINT64_MAX, &number, NULL))
        for (size_t i = 0; i < predict->option_count; i++) {
            const SimStepOption *option = &predict->options[i];

            if (option->max > 0 && number >= option->min && number <= option->max)
                return option;
        }
    return find_option(predict, word);
}

static bool is_near(const char *given, const char *word, uint64_t tolerance)
{
    guint64 guess, number;

    return g_ascii_string_to_unsigned(given, 10, 0, UINT64_MAX, &guess, NULL) &&
           g_ascii_string_to_unsigned(word, 10, 0, UINT64_MAX, &number, NULL) &&
           (guess > number ? guess - number : number - guess) <= tolerance;
}

static bool same_set(const char *const *a, const char *const *b)
{
    if (g_strv_length((char **)a) != g_strv_length((char **)b))
        return false;
    for (; *a; a++)
        if (!g_strv_contains(b, *a))
            return false;
    return true;
}

static bool is_right(const SimStepPredict *predict, const LabAnswer *answer,
                     const char *const *given)
{
    const char *const *words = (const char *const *)answer->words;
    const char *none[] = {NULL};

    if (predict->kind == SIM_PREDICT_PORTS)
        return same_set(given, strcmp(words[0], LAB_NOBODY) ? words : none);
    if (predict->kind == SIM_PREDICT_ORDER)
        return g_strv_equal(given, words);
    if (!given[0])
        return false;
    if (predict->kind == SIM_PREDICT_NUMBER)
        return is_near(given[0], words[0], predict->tolerance);

    const SimStepOption *option = right_option(predict, words[0]);

    return option && !strcmp(option->id, given[0]);
}

/* The answer as a person reads it. */
static char *answer_text(const SimStepPredict *predict, const LabAnswer *answer)
{
    const char *unit = predict->unit ? predict->unit : "";
    g_autoptr(GPtrArray) texts = g_ptr_array_new();

    if (predict->kind == SIM_PREDICT_NUMBER)
        return g_strstrip(g_strdup_printf("%s %s", answer->words[0], unit));
    if (predict->kind == SIM_PREDICT_CHOICE) {
        const SimStepOption *option = right_option(predict, answer->words[0]);

        if (option && option->max > 0)
            return g_strstrip(g_strdup_printf("%s %s", answer->words[0], unit));
        return g_strdup(option && option->text ? option->text : answer->words[0]);
    }
    for (char **word = answer->words; *word; word++) {
        const SimStepOption *option = find_option(predict, *word);

        g_ptr_array_add(texts, option && option->text ? option->text : *word);
    }
    g_ptr_array_add(texts, NULL);
    return g_strjoinv(predict->kind == SIM_PREDICT_ORDER ? ", then " : ", ", (char **)texts->pdata);
}

/* What the author says: of the option that was given if it is wrong, of the right
 * one, and of the question as a whole. */
static char *because_text(const SimStepPredict *predict, const LabAnswer *answer, bool right,
                          const char *given)
{
    const SimStepOption *option = NULL;
    g_autoptr(GPtrArray) parts = g_ptr_array_new();

    if (predict->kind == SIM_PREDICT_CHOICE && !right && given) {
        option = find_option(predict, given);
        if (option && option->because)
            g_ptr_array_add(parts, option->because);
    }
    if (predict->kind == SIM_PREDICT_CHOICE)
        option = right_option(predict, answer->words[0]);
    if (option && option->because && !parts->len)
        g_ptr_array_add(parts, option->because);
    if (predict->because)
        g_ptr_array_add(parts, predict->because);
    g_ptr_array_add(parts, NULL);
    return parts->len > 1 ? g_strjoinv(" ", (char **)parts->pdata) : NULL;
}

LabReveal *lab_step_reveal(const SimStepPredict *predict, const LabAnswer *answer,
                           const char *const *given)
{
    LabReveal *reveal = g_new0(LabReveal, 1);

    reveal->right = given && is_right(predict, answer, given);
    reveal->answer = answer_text(predict, answer);
    reveal->because = because_text(predict, answer, reveal->right, given ? given[0] : NULL);
    return reveal;
}

void lab_reveal_free(LabReveal *reveal)
{
    if (!reveal)
        return;
    g_free(reveal->answer);
    g_free(reveal->because);
    g_free(reveal);
}
