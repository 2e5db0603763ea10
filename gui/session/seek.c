/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seek.c: going to a moment of the trace, by time, by number, by step. */
#include <string.h>

#include "gui/session/session-private.h"

/* Seeking beyond what has been taken in takes in so much at a time. */
#define SLICE_EVENTS 65536u

/* A model from which folding up to position is shortest; the session's own if that is it. */
static void nearest_model(GuiSession *session, uint64_t position)
{
    uint64_t here = session->model->events;
    uint64_t key = MIN(position / session->key_events, (uint64_t)session->keys->len - 1);
    uint64_t key_events = key * session->key_events;
    const SimModel *from = session->keys->pdata[key];

    if (position == session->front->events)
        from = session->front;
    else if (here <= position && here >= key_events)
        return;
    sim_model_free(session->model);
    session->model = sim_model_copy(from);
}

void gui_session_go(GuiSession *session, uint64_t position, uint64_t time)
{
    SimRecord record;

    if (session->keys->len == 0)
        return; /* not one event */
    if (session->model->events != position)
        nearest_model(session, position);
    SimCursor cursor = sim_reader_at(session->reader, session->model->events);
    while (session->model->events < position && sim_reader_next(session->reader, &cursor, &record))
        sim_model_apply(session->model, &record);
    session->time = MAX(time, session->model->time);
}

static void go_and_tell(GuiSession *session, uint64_t position, uint64_t time)
{
    if (position == session->model->events && time == session->time)
        return;
    gui_session_go(session, position, time);
    gui_session_emit(session, GUI_SIGNAL_TIME_CHANGED);
}

uint64_t gui_session_time(GuiSession *session)
{
    return session->time;
}

uint64_t gui_session_position(GuiSession *session)
{
    return session->model->events;
}

const SimModel *gui_session_model(GuiSession *session)
{
    return session->model;
}

static gboolean event_at(GuiSession *session, uint64_t index, SimRecord *ret_record)
{
    return session->reader && index < session->front->events &&
           sim_reader_get(session->reader, index, ret_record);
}

gboolean gui_session_last_event(GuiSession *session, SimRecord *ret_record)
{
    return session->model->events > 0 && event_at(session, session->model->events - 1, ret_record);
}

gboolean gui_session_next_event(GuiSession *session, SimRecord *ret_record)
{
    return event_at(session, session->model->events, ret_record);
}

/* Takes in what lies before a time, or before an event. */
static void take_in_up_to(GuiSession *session, uint64_t time, uint64_t index)
{
    bool grown = false;

    while (!session->at_end && (session->front->time <= time && session->front->events <= index))
        grown |= gui_session_take_in(session, SLICE_EVENTS);
    if (grown)
        gui_session_emit(session, GUI_SIGNAL_TRACE_GROWN);
}

void gui_session_seek(GuiSession *session, uint64_t time)
{
    uint64_t position;

    if (!session->reader)
        return;
    take_in_up_to(session, time, UINT64_MAX);
    if (time >= session->front->time) {
        go_and_tell(session, session->front->events, session->front->time);
        return;
    }
    position = sim_reader_at_time(session->reader, time + 1).index;
    go_and_tell(session, MIN(position, session->front->events), time);
}

void gui_session_seek_event(GuiSession *session, uint64_t index)
{
    SimRecord record;

    if (!session->reader)
        return;
    take_in_up_to(session, UINT64_MAX, index);
    if (session->front->events == 0)
        return;
    index = MIN(index, session->front->events - 1);
    if (sim_reader_get(session->reader, index, &record))
        go_and_tell(session, index + 1, record.time);
}

/* ---- Steps ---------------------------------------------------------------------- */

SimFilter gui_step_filter(GuiStep step)
{
    static const uint8_t packet[] = {
        SIM_EVENT_FRAME_SENT,    SIM_EVENT_SWITCH_FORWARD, SIM_EVENT_SWITCH_FLOOD,
        SIM_EVENT_SWITCH_DROP,   SIM_EVENT_LINK_DROP,      SIM_EVENT_FRAME_RECEIVED,
        SIM_EVENT_FRAME_DROPPED, SIM_EVENT_EGRESS_DROP,    SIM_EVENT_ROUTER_FORWARD,
        SIM_EVENT_ROUTER_DROP,   SIM_EVENT_NAT_DROP};
    SimFilter filter = {{0}};

    switch (step) {
    case GUI_STEP_PACKET:
        for (size_t i = 0; i < G_N_ELEMENTS(packet); i++)
            sim_filter_add(&filter, packet[i]);
        break;
    case GUI_STEP_EXIT: sim_filter_add(&filter, SIM_EVENT_EXIT); break;
    case GUI_STEP_DECISION:
        sim_filter_add(&filter, SIM_EVENT_DISPATCH);
        sim_filter_add(&filter, SIM_EVENT_DESCHEDULE);
        break;
    default:
        for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++)
            sim_filter_add(&filter, type);
    }
    return filter;
}

static bool overlaps(const SimFilter *one, const SimFilter *other)
{
    for (size_t i = 0; i < G_N_ELEMENTS(one->bits); i++) {
        if (one->bits[i] & other->bits[i])
            return true;
    }
    return false;
}

/* The first (or last) event of such a type with from <= number < to; -1: none. */
static int64_t find_between(GuiSession *session, const SimFilter *filter, uint64_t from,
                            uint64_t to, bool last)
{
    SimCursor cursor = sim_reader_at(session->reader, from);
    int64_t found = -1;
    SimRecord record;

    while (cursor.index < to && sim_reader_next(session->reader, &cursor, &record)) {
        if (sim_filter_has(filter, record.type)) {
            found = (int64_t)record.index;
            if (!last)
                break;
        }
    }
    return found;
}

static int64_t find_forward(GuiSession *session, const SimFilter *filter, uint64_t from)
{
    for (;; take_in_up_to(session, UINT64_MAX, session->front->events)) {
        uint64_t end = session->front->events;
        while (from < end) {
            uint64_t block = from / SIM_READER_STRIDE;
            uint64_t to = MIN((block + 1) * SIM_READER_STRIDE, end);
            int64_t found = -1;
            if (overlaps(filter, &g_array_index(session->types, SimFilter, (guint)block)))
                found = find_between(session, filter, from, to, false);
            if (found >= 0)
                return found;
            from = to;
        }
        if (session->at_end)
            return -1;
    }
}

static int64_t find_back(GuiSession *session, const SimFilter *filter, uint64_t before)
{
    before = MIN(before, session->front->events);
    while (before > 0) {
        uint64_t block = (before - 1) / SIM_READER_STRIDE;
        uint64_t from = block * SIM_READER_STRIDE;
        int64_t found = -1;
        if (overlaps(filter, &g_array_index(session->types, SimFilter, (guint)block)))
            found = find_between(session, filter, from, before, true);
        if (found >= 0)
            return found;
        before = from;
    }
    return -1;
}

int64_t gui_session_find(GuiSession *session, const SimFilter *filter, uint64_t from, int direction)
{
    if (!session->reader)
        return -1;
    return direction > 0 ? find_forward(session, filter, from) : find_back(session, filter, from);
}

gboolean gui_session_step_to(GuiSession *session, const SimFilter *filter, int direction)
{
    uint64_t position = session->model->events;
    int64_t event;

    if (!session->reader || (direction < 0 && position <= session->start))
        return FALSE;
    event = gui_session_find(session, filter, position, direction);
    /* Just after it is where we stand already: the one before it is meant. */
    if (direction < 0 && event == (int64_t)position - 1 && session->time == session->model->time)
        event = find_back(session, filter, (uint64_t)event);
    if (direction < 0 && event < (int64_t)session->start) {
        go_and_tell(session, session->start, 0);
        return TRUE;
    }
    if (event < 0)
        return FALSE;
    gui_session_seek_event(session, (uint64_t)event);
    return TRUE;
}

gboolean gui_session_step(GuiSession *session, GuiStep step, int direction)
{
    SimFilter filter = gui_step_filter(step);

    return gui_session_step_to(session, &filter, direction);
}

uint64_t gui_session_frame_here(GuiSession *session)
{
    SimFilter filter = gui_step_filter(GUI_STEP_PACKET);
    int64_t event = gui_session_find(session, &filter, session->model->events, -1);
    uint64_t frame = 0;
    SimRecord record;

    /* All of these types begin with the frame's id. */
    if (event >= 0 && sim_reader_get(session->reader, (uint64_t)event, &record))
        memcpy(&frame, record.fields, sizeof(frame));
    return frame;
}
