/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c: a trace opened, taken in, followed, closed. */
#include "gui/session/session-private.h"

#include <string.h>

/* What opening takes in before it returns: enough for a first picture. */
#define FIRST_EVENTS 32768u

G_DEFINE_FINAL_TYPE(GuiSession, gui_session, G_TYPE_OBJECT)

static guint signals[GUI_SIGNAL_COUNT];

void gui_session_emit(GuiSession *session, unsigned signal)
{
    g_signal_emit(session, signals[signal], 0);
}

/* ---- Life -------------------------------------------------------------------- */

static void free_model(void *data)
{
    sim_model_free(data);
}

/* All that was made of a trace, empty. */
static void make_empty(GuiSession *session)
{
    session->front = sim_model_new();
    session->model = sim_model_new();
    session->keys = g_ptr_array_new_with_free_func(free_model);
    session->key_events = GUI_KEYFRAME_EVENTS;
    session->types = g_array_new(FALSE, TRUE, sizeof(SimFilter));
    session->frames = gui_frames_new();
    session->lanes = gui_lanes_new();
    session->cursor = (SimCursor){0};
    session->at_end = true;
    session->size = 0;
    session->start = 0;
    session->time = 0;
    session->selected = GUI_NOTHING;
}

static void free_all(GuiSession *session)
{
    g_clear_pointer(&session->reader, sim_reader_free);
    g_clear_pointer(&session->front, sim_model_free);
    g_clear_pointer(&session->model, sim_model_free);
    g_clear_pointer(&session->keys, g_ptr_array_unref);
    g_clear_pointer(&session->types, g_array_unref);
    g_clear_pointer(&session->frames, gui_frames_free);
    g_clear_pointer(&session->lanes, gui_lanes_free);
    g_clear_pointer(&session->damage, g_free);
}

static void gui_session_init(GuiSession *session)
{
    make_empty(session);
}

static void gui_session_finalize(GObject *object)
{
    free_all(GUI_SESSION(object));
    G_OBJECT_CLASS(gui_session_parent_class)->finalize(object);
}

static void gui_session_class_init(GuiSessionClass *class)
{
    static const char *const names[GUI_SIGNAL_COUNT] = {
        [GUI_SIGNAL_TRACE_CHANGED] = "trace-changed",
        [GUI_SIGNAL_TRACE_GROWN] = "trace-grown",
        [GUI_SIGNAL_TIME_CHANGED] = "time-changed",
        [GUI_SIGNAL_SELECTION_CHANGED] = "selection-changed",
    };

    G_OBJECT_CLASS(class)->finalize = gui_session_finalize;
    for (unsigned i = 0; i < GUI_SIGNAL_COUNT; i++)
        signals[i] = g_signal_new(names[i], GUI_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
}

GuiSession *gui_session_new(void)
{
    return g_object_new(GUI_TYPE_SESSION, NULL);
}

/* ---- Taking in ------------------------------------------------------------------ */

/* Twice the distance between keyframes: every second one goes. */
static void thin_out(GuiSession *session)
{
    GPtrArray *kept = g_ptr_array_new_with_free_func(free_model);

    for (guint i = 0; i < session->keys->len; i += 2) {
        g_ptr_array_add(kept, session->keys->pdata[i]);
        session->keys->pdata[i] = NULL;
    }
    g_ptr_array_unref(session->keys);
    session->keys = kept;
    session->key_events *= 2;
}

static void remember_key(GuiSession *session)
{
    if (session->keys->len == GUI_SESSION_KEYFRAMES)
        thin_out(session);
    if (session->front->events == session->keys->len * session->key_events)
        g_ptr_array_add(session->keys, sim_model_copy(session->front));
}

/* The world is in the trace before anything happens in it. */
static bool builds_world(unsigned type)
{
    switch (type) {
    case SIM_EVENT_VM_STATE:
    case SIM_EVENT_VCPU_STATE:
    case SIM_EVENT_DISPATCH:
    case SIM_EVENT_COMMAND:
    case SIM_EVENT_FRAME_NEW:
    case SIM_EVENT_LINK_ENTER:
    case SIM_EVENT_RUN_END: return false;
    default: return true;
    }
}

static void take_one(GuiSession *session, const SimRecord *record)
{
    uint64_t block = record->index / SIM_READER_STRIDE;

    if (session->front->events == session->keys->len * session->key_events)
        remember_key(session);
    if (record->index == session->start && record->time == 0 && builds_world(record->type))
        session->start = record->index + 1;
    if (block >= session->types->len)
        g_array_set_size(session->types, (guint)block + 1);
    sim_filter_add(&g_array_index(session->types, SimFilter, (guint)block), record->type);
    sim_model_apply(session->front, record);
    gui_frames_add(session->frames, record);
    gui_lanes_add(session->lanes, record);
}

bool gui_session_take_in(GuiSession *session, uint64_t max_events)
{
    uint64_t before = session->cursor.index;
    g_autoptr(GError) error = NULL;
    SimRecord record;

    if (!session->reader)
        return false;
    while (max_events-- > 0) {
        if (!sim_reader_next(session->reader, &session->cursor, &record)) {
            session->at_end = true;
            if (!session->damage && !sim_reader_check(session->reader, &error))
                session->damage = g_strdup(error->message);
            break;
        }
        take_one(session, &record);
    }
    return session->cursor.index != before;
}

gboolean gui_session_index(GuiSession *session, uint64_t max_events)
{
    if (!session->at_end && gui_session_take_in(session, max_events))
        gui_session_emit(session, GUI_SIGNAL_TRACE_GROWN);
    return !session->at_end;
}

/* ---- Opening and closing ----------------------------------------------------------- */

static void take_over(GuiSession *session, SimReader *reader, size_t size)
{
    free_all(session);
    make_empty(session);
    session->reader = reader;
    session->size = size;
    if (reader) {
        session->at_end = false;
        gui_session_take_in(session, FIRST_EVENTS);
        gui_session_go(session, session->start, 0);
    }
    gui_session_emit(session, GUI_SIGNAL_TRACE_CHANGED);
    gui_session_emit(session, GUI_SIGNAL_SELECTION_CHANGED);
    gui_session_emit(session, GUI_SIGNAL_TIME_CHANGED);
}

gboolean gui_session_open(GuiSession *session, const char *path, GError **error)
{
    SimReader *reader = sim_reader_open(path, error);

    if (reader)
        take_over(session, reader, sim_reader_size(reader));
    return reader != NULL;
}

gboolean gui_session_open_memory(GuiSession *session, const void *data, size_t size, GError **error)
{
    SimReader *reader = sim_reader_new_memory(data, size, error);

    if (reader)
        take_over(session, reader, size);
    return reader != NULL;
}

void gui_session_close(GuiSession *session)
{
    if (session->reader)
        take_over(session, NULL, 0);
}

/* The trace may have more than before: its end is to be found anew. */
static void look_again(GuiSession *session, uint64_t max_events)
{
    session->size = sim_reader_size(session->reader);
    session->at_end = false;
    gui_session_index(session, max_events);
}

gboolean gui_session_refresh(GuiSession *session, uint64_t max_events, GError **error)
{
    if (!session->reader)
        return TRUE;
    if (!sim_reader_refresh(session->reader, error))
        return FALSE;
    look_again(session, max_events);
    return TRUE;
}

void gui_session_grow_memory(GuiSession *session, const void *data, size_t size,
                             uint64_t max_events)
{
    if (!session->reader)
        return;
    sim_reader_update(session->reader, data, size);
    look_again(session, max_events);
}

/* ---- What there is -------------------------------------------------------------------- */

bool gui_session_is_open(GuiSession *session)
{
    return session->reader != NULL;
}

uint64_t gui_session_event_count(GuiSession *session)
{
    return session->front->events;
}

uint64_t gui_session_end_time(GuiSession *session)
{
    return session->front->time;
}

bool gui_session_complete(GuiSession *session)
{
    return session->front->ended;
}

double gui_session_progress(GuiSession *session)
{
    if (session->at_end || session->size == 0)
        return 1;
    return CLAMP((double)session->cursor.offset / (double)session->size, 0, 1);
}

const char *gui_session_damage(GuiSession *session)
{
    return session->damage;
}

const char *gui_session_metadata(GuiSession *session)
{
    return session->reader ? sim_reader_metadata(session->reader) : NULL;
}

SimReader *gui_session_reader(GuiSession *session)
{
    return session->reader;
}

const GuiFrames *gui_session_frames(GuiSession *session)
{
    return session->frames;
}

const GuiLanes *gui_session_lanes(GuiSession *session)
{
    return session->lanes;
}

/* ---- The selection ----------------------------------------------------------------------- */

GuiEntity gui_session_selected(GuiSession *session)
{
    return session->selected;
}

void gui_session_select(GuiSession *session, GuiEntity entity)
{
    if (gui_entity_equal(entity, session->selected))
        return;
    session->selected = entity;
    gui_session_emit(session, GUI_SIGNAL_SELECTION_CHANGED);
}
