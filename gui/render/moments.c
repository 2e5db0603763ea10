/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moments.c: the moments of a run that get a section of their own. */
#include "gui/render/replay.h"

static SimFilter telling_types(void)
{
    static const uint8_t types[] = {
        SIM_EVENT_FRAME_SENT,    SIM_EVENT_SWITCH_FLOOD, SIM_EVENT_SWITCH_FORWARD,
        SIM_EVENT_SWITCH_DROP,   SIM_EVENT_LINK_DROP,    SIM_EVENT_FRAME_RECEIVED,
        SIM_EVENT_FRAME_DROPPED, SIM_EVENT_VM_STATE,     SIM_EVENT_LINK_STATE,
        SIM_EVENT_PROGRAM_EXIT,  SIM_EVENT_GUEST_FAULT,  SIM_EVENT_RUN_END};
    SimFilter filter = {{0}};

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        sim_filter_add(&filter, types[i]);
    return filter;
}

static bool moves_frame(unsigned type)
{
    return type == SIM_EVENT_FRAME_SENT || type == SIM_EVENT_SWITCH_FLOOD ||
           type == SIM_EVENT_SWITCH_FORWARD;
}

/* Just after an event; for one that sends a frame off, half way to what comes next, so
 * that the frame is seen on its cable. */
static ReplayMoment moment_of(GuiSession *session, const SimRecord *record, int64_t next)
{
    SimReader *reader = gui_session_reader(session);
    ReplayMoment moment = {.time = record->time,
                           .position = record->index + 1,
                           .event = (int64_t)record->index,
                           .step = -1};
    SimRecord after;

    if (next >= 0 && moves_frame(record->type) && sim_reader_get(reader, (uint64_t)next, &after) &&
        after.time > record->time + 1) {
        moment.time += MIN((after.time - record->time) / 2, UINT64_C(10000000));
        moment.position = sim_reader_at_time(reader, moment.time + 1).index;
    }
    return moment;
}

/* Up to most moments from event `from` on, and before `to`. */
static void add_between(GuiSession *session, GArray *moments, uint64_t from, uint64_t to,
                        unsigned most)
{
    SimFilter filter = telling_types();
    int64_t event = gui_session_find(session, &filter, from, 1);

    for (unsigned i = 0; i < most && event >= 0 && (uint64_t)event < to; i++) {
        SimRecord record, next;
        if (!sim_reader_get(gui_session_reader(session), (uint64_t)event, &record))
            return;
        int64_t after = gui_session_find(session, &filter, record.index + 1, 1);
        /* Of several at one instant the last says most. */
        while (after >= 0 && (uint64_t)after < to &&
               sim_reader_get(gui_session_reader(session), (uint64_t)after, &next) &&
               next.time == record.time) {
            record = next;
            after = gui_session_find(session, &filter, next.index + 1, 1);
        }
        ReplayMoment moment = moment_of(session, &record, after);
        if (moment.position > to) /* the next step begins while the frame is on its way */
            moment = (ReplayMoment){record.time, record.index + 1, (int64_t)record.index, -1};
        if (moment.position < to || to == gui_session_event_count(session))
            g_array_append_val(moments, moment);
        event = after;
    }
}

GArray *replay_moments(GuiSession *session, const GArray *places)
{
    GArray *moments = g_array_new(FALSE, FALSE, sizeof(ReplayMoment));
    uint64_t end = gui_session_event_count(session);
    unsigned steps = places ? places->len : 0;

    gui_session_seek_event(session, 0);
    if (steps == 0) {
        ReplayMoment start = {.position = gui_session_position(session), .event = -1, .step = -1};
        g_array_append_val(moments, start);
        add_between(session, moments, 0, end, REPLAY_MOST);
    }
    for (unsigned i = 0; i < steps; i++) {
        const LabPlace *place = &g_array_index(places, LabPlace, i);
        const LabPlace *next = i + 1 < steps ? &g_array_index(places, LabPlace, i + 1) : NULL;
        ReplayMoment moment = {
            .time = place->time, .position = place->index, .event = -1, .step = (int)i};
        g_array_append_val(moments, moment);
        /* After a lesson's last step there is nothing more to tell. */
        if (next)
            add_between(session, moments, place->index, next->index, MAX(REPLAY_MOST / steps, 3));
    }
    return moments;
}
