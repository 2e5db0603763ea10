/* SPDX-License-Identifier: GPL-2.0-or-later */
/* steps.c: the keys of a lesson's steps: where it stops, what it asks, and where
 * in the trace the answer stands; and what no single key can say about them. */
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/table-private.h"

static const char *const view_words[] = {[SIM_VIEW_STAGE] = "stage",
                                         [SIM_VIEW_TIMELINE] = "timeline",
                                         [SIM_VIEW_PACKETS] = "packets",
                                         [SIM_VIEW_MEMORY] = "memory",
                                         [SIM_VIEW_TABLES] = "tables",
                                         [SIM_VIEW_CONSOLE] = "console",
                                         NULL};
static const char *const predict_words[] = {[SIM_PREDICT_CHOICE] = "choice",
                                            [SIM_PREDICT_NUMBER] = "number",
                                            [SIM_PREDICT_PORTS] = "ports",
                                            [SIM_PREDICT_ORDER] = "order",
                                            NULL};

/* ---- Where it stops ----------------------------------------------------- */

static bool finish_stop(SimReader *reader, const SimPath *path, json_object *values,
                        void *structure)
{
    SimStop *stop = structure;
    if (stop->kind != SIM_STOP_AT)
        return sim_event_complete(reader, path, &stop->event);
    SimPath at = {path, "where", 0};
    return stop->event.where_count == 0 ||
           sim_reader_fail(reader, &at, "says which event, but \"at\" is a time");
}

#define WHERE(type)                                                                                \
    {                                                                                              \
        "where", SIM_KEY_WHERE, .preset = "{}", .max = 16, FIELD(type, event.where),               \
                                COUNT(type, event.where_count),                                    \
                                .meaning = "Only events whose fields have these values."           \
    }

static const SimKey stop_keys[] = {
    {"before", SIM_KEY_EVENT, .choice = true, FIELD(SimStop, event.type),
     .meaning = "Just before the first event of this type since the step before."},
    {"after", SIM_KEY_EVENT, .choice = true, FIELD(SimStop, event.type),
     .meaning = "Just after the first event of this type since the step before."},
    {"at", DURATION, .choice = true, .min = 0, .max = 3600 * SECOND, FIELD(SimStop, at_ns),
     .meaning = "At this time of the run."},
    WHERE(SimStop),
    {"count", SIM_KEY_INTEGER, .preset = "1", .min = 1, .max = 1000000, FIELD(SimStop, count),
     .meaning = "Not the first such event, but the second, the third, ..."},
    {NULL}};
static const SimObject stop_object = {"an object",
                                      stop_keys,
                                      sizeof(SimStop),
                                      .choice_required = true,
                                      .kind_offset = offsetof(SimStop, kind),
                                      .finish = finish_stop};

/* ---- What it asks ------------------------------------------------------- */

static bool finish_option(SimReader *reader, const SimPath *path, json_object *values,
                          void *structure)
{
    SimStepOption *option = structure;
    SimPath at = {path, "where", 0}, min = {path, "min", 0};
    if (!option->event.type && option->event.where_count > 0)
        return sim_reader_fail(reader, &at, "says which event, but \"event\" is missing");
    if (option->min > option->max)
        return sim_reader_fail(reader, &min,
                               "%" G_GUINT64_FORMAT " is more than max, %" G_GUINT64_FORMAT,
                               option->min, option->max);
    return !option->event.type || sim_event_complete(reader, path, &option->event);
}

static const SimKey option_keys[] = {
    {"id", SIM_KEY_TEXT, .required = true, .min = 1, .max = 64, FIELD(SimStepOption, id),
     .meaning = "The answer that makes it right, as a word: vm:a, port-down; nobody: there is no "
                "such event."},
    {"text", SIM_KEY_TEXT, .min = 1, .max = 200, FIELD(SimStepOption, text),
     .meaning = "What a person reads; the id when left out."},
    {"because", SIM_KEY_TEXT, .min = 1, .max = 400, FIELD(SimStepOption, because),
     .meaning = "Why it is right, or wrong."},
    {"event", SIM_KEY_EVENT, FIELD(SimStepOption, event.type),
     .meaning = "Of an order: the event that it stands for, the first of its type."},
    WHERE(SimStepOption),
    {"min", SIM_KEY_INTEGER, .min = 0, .max = MOST_WHOLE, FIELD(SimStepOption, min),
     .meaning = "With max: right when the answer is a number in this range, whatever the id."},
    {"max", SIM_KEY_INTEGER, .min = 1, .max = MOST_WHOLE, FIELD(SimStepOption, max),
     .meaning = "The end of the range."},
    {NULL}};
static const SimObject option_object = {"an object (an option)", option_keys, sizeof(SimStepOption),
                                        NO_KIND, .finish = finish_option};

static bool finish_answer(SimReader *reader, const SimPath *path, json_object *values,
                          void *structure)
{
    SimStepAnswer *answer = structure;
    SimPath where = {path, "where", 0}, field = {path, "field", 0};
    if (answer->kind == SIM_ANSWER_EVENT)
        return sim_event_complete(reader, path, &answer->event) &&
               (!answer->field ||
                sim_field_check(reader, &field, answer->event.type, answer->field));
    if (answer->event.where_count > 0 || answer->field)
        return sim_reader_fail(reader, answer->field ? &field : &where,
                               "belongs to an event, and \"counter\" is none");
    return true;
}

static const SimKey answer_keys[] = {
    {"event", SIM_KEY_EVENT, .choice = true, FIELD(SimStepAnswer, event.type),
     .meaning = "Events of this type between this step and the next."},
    {"counter", SIM_KEY_COUNTER, .choice = true, FIELD(SimStepAnswer, counter),
     .meaning = "This number of the result, at the next step: vms.a.memory.resident_pages."},
    WHERE(SimStepAnswer),
    {"field", SIM_KEY_TEXT, .min = 1, .max = 64, FIELD(SimStepAnswer, field),
     .meaning = "Their field that is the answer; when left out it is how many there are."},
    {NULL}};
static const SimObject answer_object = {"an object",
                                        answer_keys,
                                        sizeof(SimStepAnswer),
                                        .choice_required = true,
                                        .kind_offset = offsetof(SimStepAnswer, kind),
                                        .finish = finish_answer};

/* The kinds that let one pick from a list have one, and the others have none. */
static bool check_options(SimReader *reader, const SimPath *path, const SimStepPredict *predict)
{
    bool needs = predict->kind == SIM_PREDICT_CHOICE || predict->kind == SIM_PREDICT_ORDER;
    SimPath at = {path, "options", 0};
    if (needs && predict->option_count < 2)
        return sim_reader_fail(reader, &at,
                               "%" G_GSIZE_FORMAT " to choose from; allowed: a list of 2 to 12 "
                               "objects",
                               predict->option_count);
    if (!needs && predict->option_count > 0)
        return sim_reader_fail(reader, &at, "cannot stand beside \"kind\": \"%s\"",
                               predict_words[predict->kind]);
    return true;
}

/* What is computed must be of the kind that is asked for. */
static bool check_answer(SimReader *reader, const SimPath *path, const SimStepPredict *predict,
                         bool given)
{
    SimPath answer = {path, "answer", 0}, counter = {&answer, "counter", 0},
            field = {&answer, "field", 0};
    size_t events = 0;
    for (size_t i = 0; i < predict->option_count; i++)
        events += predict->options[i].event.type != NULL;
    if (predict->kind == SIM_PREDICT_ORDER && events == predict->option_count) {
        return !given ||
               sim_reader_fail(reader, &answer, "every option names its event; that is enough");
    }
    if (!given)
        return sim_reader_fail(reader, path, "\"answer\" is missing; allowed: an object");
    if (predict->kind != SIM_PREDICT_ORDER && predict->kind != SIM_PREDICT_PORTS)
        return true;
    if (predict->answer.kind == SIM_ANSWER_COUNTER)
        return sim_reader_fail(reader, &counter, "one number cannot be %s; allowed: event",
                               predict->kind == SIM_PREDICT_ORDER ? "an order" : "a set of ports");
    return predict->answer.field ||
           sim_reader_fail(reader, &field, "is missing: which field of the events");
}

static bool finish_predict(SimReader *reader, const SimPath *path, json_object *values,
                           void *structure)
{
    const SimStepPredict *predict = structure;
    return check_options(reader, path, predict) &&
           check_answer(reader, path, predict, json_object_object_get(values, "answer") != NULL);
}

static const SimKey predict_keys[] = {
    {"ask", SIM_KEY_TEXT, .required = true, .min = 1, .max = 300, FIELD(SimStepPredict, ask),
     .meaning = "The question."},
    {"kind", WORD(predict_words), .required = true, FIELD(SimStepPredict, kind),
     .meaning = "choice: one option; number; ports: click all that are meant; order: put the "
                "options in order."},
    {"options", LIST(option_object), .preset = "[]", .max = 12, .unique = "id",
     FIELD(SimStepPredict, options), COUNT(SimStepPredict, option_count),
     .meaning = "What there is to choose from, or to put in order."},
    {"tolerance", SIM_KEY_INTEGER, .preset = "0", .min = 0, .max = MOST_WHOLE,
     FIELD(SimStepPredict, tolerance), .meaning = "Of a number: how far off is still right."},
    {"unit", SIM_KEY_TEXT, .min = 1, .max = 32, FIELD(SimStepPredict, unit),
     .meaning = "Of a number: pages, frames, ms."},
    {"because", SIM_KEY_TEXT, .min = 1, .max = 400, FIELD(SimStepPredict, because),
     .meaning = "What is said with the answer."},
    {"answer", OBJECT(answer_object), FIELD(SimStepPredict, answer),
     .meaning = "Where in the trace the answer stands."},
    {NULL}};
static const SimObject predict_object = {"an object", predict_keys, sizeof(SimStepPredict), NO_KIND,
                                         .finish = finish_predict};

/* ---- A step ------------------------------------------------------------- */

static bool finish_step(SimReader *reader, const SimPath *path, json_object *values,
                        void *structure)
{
    SimStep *step = structure;
    step->has_stop = json_object_object_get(values, "stop") != NULL;
    step->has_command = json_object_object_get(values, "do") != NULL;
    return true;
}

static const SimKey step_keys[] = {
    {"id", SIM_KEY_NAME, .required = true, FIELD(SimStep, id), .meaning = "What reports call it."},
    {"title", SIM_KEY_TEXT, .required = true, .min = 1, .max = 100, FIELD(SimStep, title),
     .meaning = "Its heading."},
    {"text", SIM_KEY_LINES, .preset = "\"\"", .max = 4096, FIELD(SimStep, text),
     .meaning = "What there is to see, in Markdown: a string, or a list of lines. Best are no more "
                "than three."},
    {"view", WORD(view_words), .preset = "\"stage\"", FIELD(SimStep, view),
     .meaning = "The view to look at."},
    {"stop", OBJECT(stop_object), FIELD(SimStep, stop),
     .meaning = "Where the run stands still for it; where the step before is when left out."},
    {"do", OBJECT(sim_command_object), FIELD(SimStep, command),
     .meaning = "A command that belongs to the step; given at its time like one in the timeline."},
    {"predict", OBJECT(predict_object), FIELD(SimStep, predict),
     .meaning = "A question to answer before going on."},
    {NULL}};

const SimObject sim_step_object = {"an object (a step)", step_keys, sizeof(SimStep), NO_KIND,
                                   .finish = finish_step};

const char *sim_view_name(SimView view)
{
    return view_words[view];
}
