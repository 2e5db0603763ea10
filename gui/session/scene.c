/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene.c: what has just happened, gathered from the events before the selected moment, and
 * the frames that stand somewhere at it. */
#include "gui/session/scene.h"

/* No more events than this are looked at: enough for any instant that a person can see. */
#define MOST_EVENTS 4096u

static uint64_t default_linger(const SimModel *model)
{
    uint64_t longest = 0;

    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        longest = MAX(longest, MIN(port->latency_ns, UINT64_C(1000000000)));
    }
    return longest > 0 ? 2 * longest : 1000000;
}

static bool from_link(const SimRecord *record, GuiHappening *ret)
{
    const SimEventLinkDrop *drop = SIM_FIELDS(record, LinkDrop);

    if (record->type != SIM_EVENT_LINK_DROP)
        return false;
    ret->kind = GUI_HAPPENED_DROP;
    ret->frame = drop->frame;
    ret->port = drop->from;
    ret->network = drop->network;
    ret->why = sim_name(SIM_NAMES(NetDrop), drop->why);
    return true;
}

static bool from_switch(const SimRecord *record, GuiHappening *ret)
{
    switch (record->type) {
    case SIM_EVENT_SWITCH_DROP: {
        const SimEventSwitchDrop *event = SIM_FIELDS(record, SwitchDrop);
        ret->kind = GUI_HAPPENED_DROP;
        ret->frame = event->frame;
        ret->port = event->in_port;
        ret->network = event->network;
        ret->why = sim_name(SIM_NAMES(NetDrop), event->why);
        return true;
    }
    case SIM_EVENT_SWITCH_FLOOD: {
        const SimEventSwitchFlood *event = SIM_FIELDS(record, SwitchFlood);
        ret->kind = GUI_HAPPENED_FLOOD;
        ret->frame = event->frame;
        ret->port = event->in_port;
        ret->network = event->network;
        return true;
    }
    case SIM_EVENT_SWITCH_FORWARD: {
        const SimEventSwitchForward *event = SIM_FIELDS(record, SwitchForward);
        ret->kind = GUI_HAPPENED_FORWARD;
        ret->frame = event->frame;
        ret->port = event->port;
        ret->network = event->network;
        return true;
    }
    case SIM_EVENT_MAC_LEARNED: {
        const SimEventMacLearned *event = SIM_FIELDS(record, MacLearned);
        ret->kind = GUI_HAPPENED_LEARNED;
        ret->port = event->port;
        ret->network = event->network;
        return true;
    }
    default: return false;
    }
}

static uint32_t port_of_nic(const SimModel *model, unsigned vm, unsigned nic)
{
    const SimModelNic *found = sim_model_nic(model, vm, nic);

    return found ? found->port : SIM_MODEL_NO_PORT;
}

static bool from_nic(const SimModel *model, const SimRecord *record, GuiHappening *ret)
{
    if (record->type == SIM_EVENT_FRAME_DROPPED) {
        const SimEventFrameDropped *event = SIM_FIELDS(record, FrameDropped);
        ret->kind = GUI_HAPPENED_DROP;
        ret->frame = event->frame;
        ret->vm = event->vm;
        ret->nic = event->nic;
        ret->why = sim_name(SIM_NAMES(RxDrop), event->why);
    } else if (record->type == SIM_EVENT_FRAME_RECEIVED) {
        const SimEventFrameReceived *event = SIM_FIELDS(record, FrameReceived);
        ret->kind = GUI_HAPPENED_RECEIVED;
        ret->frame = event->frame;
        ret->vm = event->vm;
        ret->nic = event->nic;
    } else {
        return false;
    }
    ret->port = port_of_nic(model, ret->vm, ret->nic);
    return true;
}

static GArray *gather(GuiSession *session, uint64_t linger_ns)
{
    GArray *happenings = g_array_new(FALSE, FALSE, sizeof(GuiHappening));
    const SimModel *model = gui_session_model(session);
    SimReader *reader = gui_session_reader(session);
    uint64_t time = gui_session_time(session), position = gui_session_position(session);
    SimRecord record;

    if (!reader || position == 0)
        return happenings;
    SimCursor cursor = sim_reader_at_time(reader, time > linger_ns ? time - linger_ns : 0);
    if (cursor.index + MOST_EVENTS < position)
        cursor = sim_reader_at(reader, position - MOST_EVENTS);
    while (cursor.index < position && sim_reader_next(reader, &cursor, &record)) {
        GuiHappening happening = {.time = record.time,
                                  .event = record.index,
                                  .port = SIM_MODEL_NO_PORT,
                                  .network = SIM_NONE,
                                  .vm = SIM_NONE,
                                  .nic = SIM_NONE};
        if (from_link(&record, &happening) || from_switch(&record, &happening) ||
            from_nic(model, &record, &happening))
            g_array_append_val(happenings, happening);
    }
    return happenings;
}

/* ---- Frames that stand ------------------------------------------------------------------ */

/* Events of one instant that are looked at, before the moment and after it. */
#define INSTANT_EVENTS 64u

typedef struct {
    const SimModel *model;
    uint64_t time;
    GArray *flights; /* of SimFlight */
} Standing;

static void stand(Standing *standing, uint64_t frame, uint32_t from, uint32_t to, bool arrived)
{
    SimFlight flight = {frame, from, to, arrived ? 0 : standing->time, standing->time};
    const SimFlight *known;

    if (!sim_model_port(standing->model, from) || !sim_model_port(standing->model, to))
        return;
    for (guint i = 0; i < standing->flights->len; i++) {
        known = &g_array_index(standing->flights, SimFlight, i);
        if (known->frame == frame && known->to == to)
            return;
    }
    if (!g_hash_table_contains(standing->model->flights, &flight))
        g_array_append_val(standing->flights, flight);
}

static uint32_t peer_of(const Standing *standing, uint32_t port)
{
    const SimModelPort *found = sim_model_port(standing->model, port);

    return found ? found->peer : SIM_MODEL_NO_PORT;
}

/* Copies of a frame leave a switch by links that the events after this moment name. False:
 * none of them is recorded. */
static bool stand_leaving(Standing *standing, SimReader *reader, uint64_t position, uint64_t frame)
{
    SimCursor cursor = sim_reader_at(reader, position);
    uint64_t end = position + INSTANT_EVENTS;
    bool any = false;
    SimRecord record;

    while (cursor.index < end && sim_reader_next(reader, &cursor, &record) &&
           record.time == standing->time) {
        const SimEventLinkEnter *enter = SIM_FIELDS(&record, LinkEnter);
        if (record.type != SIM_EVENT_LINK_ENTER || enter->frame != frame)
            continue;
        stand(standing, frame, enter->from, enter->to, false);
        any = true;
    }
    return any;
}

static void stand_flooded(Standing *standing, SimReader *reader, uint64_t position,
                          const SimEventSwitchFlood *event, bool last)
{
    if (last && !stand_leaving(standing, reader, position, event->frame))
        stand(standing, event->frame, peer_of(standing, event->in_port), event->in_port, true);
}

/* What one event of this instant left standing; last: it is the one before the moment. */
static void stand_of(Standing *standing, SimReader *reader, uint64_t position,
                     const SimRecord *record)
{
    bool last = record->index + 1 == position;

    switch (record->type) {
    case SIM_EVENT_FRAME_SENT: {
        const SimEventFrameSent *event = SIM_FIELDS(record, FrameSent);
        uint32_t port = port_of_nic(standing->model, event->vm, event->nic);
        stand(standing, event->frame, port, peer_of(standing, port), false);
        break;
    }
    case SIM_EVENT_FRAME_RECEIVED: {
        const SimEventFrameReceived *event = SIM_FIELDS(record, FrameReceived);
        uint32_t port = port_of_nic(standing->model, event->vm, event->nic);
        stand(standing, event->frame, peer_of(standing, port), port, true);
        break;
    }
    case SIM_EVENT_SWITCH_FORWARD: {
        const SimEventSwitchForward *event = SIM_FIELDS(record, SwitchForward);
        if (last)
            stand(standing, event->frame, event->port, peer_of(standing, event->port), false);
        break;
    }
    case SIM_EVENT_SWITCH_RECEIVE: {
        const SimEventSwitchReceive *event = SIM_FIELDS(record, SwitchReceive);
        if (last)
            stand(standing, event->frame, peer_of(standing, event->port), event->port, true);
        break;
    }
    case SIM_EVENT_SWITCH_FLOOD:
        stand_flooded(standing, reader, position, SIM_FIELDS(record, SwitchFlood), last);
        break;
    default: break;
    }
}

static void find_standing(GuiSession *session, GuiScene *scene)
{
    Standing standing = {scene->model, scene->time, g_array_new(FALSE, FALSE, sizeof(SimFlight))};
    uint64_t position = gui_session_position(session);
    SimRecord record;

    if (scene->reader && position > 0) {
        SimCursor cursor =
            sim_reader_at(scene->reader, position > INSTANT_EVENTS ? position - INSTANT_EVENTS : 0);
        while (cursor.index < position && sim_reader_next(scene->reader, &cursor, &record)) {
            if (record.time == scene->time)
                stand_of(&standing, scene->reader, position, &record);
        }
    }
    scene->standing_count = standing.flights->len;
    scene->standing = (SimFlight *)g_array_free(standing.flights, FALSE);
}

GuiScene gui_scene(GuiSession *session, uint64_t linger_ns)
{
    GuiScene scene = {.model = gui_session_model(session),
                      .time = gui_session_time(session),
                      .reader = gui_session_reader(session),
                      .frames = gui_session_frames(session),
                      .selected = gui_session_selected(session)};
    GArray *happenings;

    scene.linger_ns = linger_ns ? linger_ns : default_linger(scene.model);
    happenings = gather(session, scene.linger_ns);
    scene.happening_count = happenings->len;
    scene.happenings = (GuiHappening *)g_array_free(happenings, FALSE);
    find_standing(session, &scene);
    return scene;
}

void gui_scene_clear(GuiScene *scene)
{
    g_free((void *)scene->happenings);
    g_free((void *)scene->standing);
    *scene = (GuiScene){0};
}
