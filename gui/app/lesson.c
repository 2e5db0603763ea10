/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lesson.c: follows the session's position through the places of the steps. */
#include "gui/app/lesson.h"

#include <json-c/json.h>
#include <string.h>

typedef struct {
    LabReveal *reveal; /* NULL: not answered */
    bool guessed;
} Answered;

struct _GuiLesson {
    GObject parent;
    GuiSession *session;
    SimScenario *scenario; /* NULL: none */
    GArray *places;        /* of LabPlace */
    GArray *answers;       /* of Answered */
    uint64_t placed_at;    /* events there were when the places were found */
    int current;
};

G_DEFINE_FINAL_TYPE(GuiLesson, gui_lesson, G_TYPE_OBJECT)

static unsigned changed_signal;

static void changed(GuiLesson *lesson)
{
    g_signal_emit(lesson, changed_signal, 0);
}

/* ---- What the trace says ---------------------------------------------------- */

/* A trace's metadata has the scenario as it was run. */
static SimScenario *scenario_of(const char *metadata)
{
    json_object *all = metadata ? json_tokener_parse(metadata) : NULL;
    json_object *inner = NULL;
    SimScenario *scenario = NULL;

    if (json_object_is_type(all, json_type_object) &&
        json_object_object_get_ex(all, "scenario", &inner)) {
        const char *text = json_object_to_json_string_ext(inner, JSON_C_TO_STRING_PLAIN);

        scenario = sim_scenario_load_text(text, strlen(text), "the trace", NULL, NULL, NULL, NULL);
    }
    json_object_put(all);
    return scenario;
}

static void clear_answer(void *data)
{
    lab_reveal_free(((Answered *)data)->reveal);
}

static void find_places(GuiLesson *lesson)
{
    SimReader *reader = gui_session_reader(lesson->session);

    g_clear_pointer(&lesson->places, g_array_unref);
    if (lesson->scenario && reader)
        lesson->places = lab_steps_place(lesson->scenario, reader);
    lesson->placed_at = gui_session_event_count(lesson->session);
}

static void follow(GuiLesson *lesson)
{
    uint64_t position = gui_session_position(lesson->session);
    int at = lesson->places ? lab_step_at(lesson->places, position) : -1;

    /* Several steps may share a place: then the one that was gone to stays. */
    if (at >= 0 && lesson->current >= 0 && lesson->current < at) {
        const LabPlace *mine = &g_array_index(lesson->places, LabPlace, lesson->current);

        if (mine->index == g_array_index(lesson->places, LabPlace, at).index)
            return;
    }
    if (at != lesson->current) {
        lesson->current = at;
        changed(lesson);
    }
}

static void trace_changed(GuiSession *session, GuiLesson *lesson)
{
    g_clear_pointer(&lesson->scenario, sim_scenario_free);
    lesson->scenario = scenario_of(gui_session_metadata(session));
    g_array_set_size(lesson->answers, 0);
    g_array_set_size(lesson->answers, gui_lesson_count(lesson));
    lesson->current = -1;
    find_places(lesson);
    follow(lesson);
    changed(lesson);
}

static void time_changed(GuiSession *session, GuiLesson *lesson)
{
    follow(lesson);
}

void gui_lesson_update(GuiLesson *lesson)
{
    if (!lesson->scenario || !lesson->scenario->step_count ||
        lesson->placed_at == gui_session_event_count(lesson->session))
        return;
    find_places(lesson);
    follow(lesson);
    changed(lesson);
}

/* ---- Queries ------------------------------------------------------------------ */

const SimScenario *gui_lesson_scenario(GuiLesson *lesson)
{
    return lesson->scenario;
}

unsigned gui_lesson_count(GuiLesson *lesson)
{
    return lesson->scenario ? (unsigned)lesson->scenario->step_count : 0;
}

const SimStep *gui_lesson_step(GuiLesson *lesson, unsigned step)
{
    g_assert(step < gui_lesson_count(lesson));
    return &lesson->scenario->steps[step];
}

int gui_lesson_current(GuiLesson *lesson)
{
    return lesson->current;
}

const LabPlace *gui_lesson_place(GuiLesson *lesson, unsigned step)
{
    const LabPlace *place = lesson->places && step < lesson->places->len
                                ? &g_array_index(lesson->places, LabPlace, step)
                                : NULL;

    return place && place->found ? place : NULL;
}

const LabPlace *gui_lesson_stop(GuiLesson *lesson)
{
    uint64_t position = gui_session_position(lesson->session);

    for (unsigned i = 0; i < gui_lesson_count(lesson); i++) {
        const LabPlace *place = gui_lesson_place(lesson, i);

        if (place && place->index > position)
            return place;
    }
    return NULL;
}

void gui_lesson_go(GuiLesson *lesson, unsigned step)
{
    const LabPlace *place = gui_lesson_place(lesson, step);

    if (!place)
        return;
    lesson->current = (int)step;
    if (place->index > 0)
        gui_session_seek_event(lesson->session, place->index - 1);
    else
        gui_session_seek(lesson->session, 0);
    lesson->current = (int)step;
    changed(lesson);
}

/* ---- Answers ------------------------------------------------------------------ */

static Answered *answered(GuiLesson *lesson, unsigned step)
{
    g_assert(step < lesson->answers->len);
    return &g_array_index(lesson->answers, Answered, step);
}

void gui_lesson_answer(GuiLesson *lesson, unsigned step, const char *const *given)
{
    const SimStep *asked = gui_lesson_step(lesson, step);
    Answered *mine = answered(lesson, step);

    if (!asked->predict.ask)
        return;

    g_autoptr(LabAnswer) answer = lab_step_answer(
        lesson->scenario, gui_session_reader(lesson->session), lesson->places, step);

    lab_reveal_free(mine->reveal);
    mine->reveal = lab_step_reveal(&asked->predict, answer, given);
    mine->guessed = given != NULL;
    changed(lesson);
}

const LabReveal *gui_lesson_reveal(GuiLesson *lesson, unsigned step)
{
    return answered(lesson, step)->reveal;
}

bool gui_lesson_was_guess(GuiLesson *lesson, unsigned step)
{
    return answered(lesson, step)->guessed;
}

void gui_lesson_retry(GuiLesson *lesson, unsigned step)
{
    g_clear_pointer(&answered(lesson, step)->reveal, lab_reveal_free);
    changed(lesson);
}

unsigned gui_lesson_right(GuiLesson *lesson)
{
    unsigned right = 0;

    for (unsigned i = 0; i < gui_lesson_count(lesson); i++) {
        const LabReveal *reveal = gui_lesson_reveal(lesson, i);

        right += reveal && reveal->right;
    }
    return right;
}

unsigned gui_lesson_asked(GuiLesson *lesson)
{
    unsigned asked = 0;

    for (unsigned i = 0; i < gui_lesson_count(lesson); i++)
        asked += gui_lesson_step(lesson, i)->predict.ask != NULL;
    return asked;
}

/* ---- Life --------------------------------------------------------------------- */

static void lesson_finalize(GObject *object)
{
    GuiLesson *lesson = GUI_LESSON(object);

    g_signal_handlers_disconnect_by_data(lesson->session, lesson);
    g_object_unref(lesson->session);
    sim_scenario_free(lesson->scenario);
    g_clear_pointer(&lesson->places, g_array_unref);
    g_array_unref(lesson->answers);
    G_OBJECT_CLASS(gui_lesson_parent_class)->finalize(object);
}

static void gui_lesson_class_init(GuiLessonClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lesson_finalize;
    changed_signal = g_signal_new("changed", GUI_TYPE_LESSON, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
}

static void gui_lesson_init(GuiLesson *lesson)
{
    lesson->current = -1;
    lesson->answers = g_array_new(FALSE, TRUE, sizeof(Answered));
    g_array_set_clear_func(lesson->answers, clear_answer);
}

GuiLesson *gui_lesson_new(GuiSession *session)
{
    GuiLesson *lesson = g_object_new(GUI_TYPE_LESSON, NULL);

    lesson->session = g_object_ref(session);
    g_signal_connect(session, "trace-changed", G_CALLBACK(trace_changed), lesson);
    g_signal_connect(session, "time-changed", G_CALLBACK(time_changed), lesson);
    trace_changed(session, lesson);
    return lesson;
}
