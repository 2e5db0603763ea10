/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session-private.h: what session.c (the trace) and seek.c (the time) share. */
#pragma once

#include "gui/session/session.h"

#define GUI_KEYFRAME_EVENTS (UINT64_C(1) << 16) /* between keyframes, to begin with */

struct _GuiSession {
    GObject parent;

    SimReader *reader; /* NULL: no trace is open */
    size_t size;       /* of the trace's bytes when last looked at; 0: not known */
    char *damage;

    /* Everything that has been taken in. */
    SimModel *front;  /* the model after all of it */
    SimCursor cursor; /* of the next event */
    bool at_end;      /* there is no more at present */
    GPtrArray *keys;  /* of SimModel: [i] is the model after i * key_events events */
    uint64_t key_events;
    GArray *types; /* of SimFilter: per SIM_READER_STRIDE events */
    GuiFrames *frames;
    GuiLanes *lanes;
    uint64_t start; /* events that build the world, before anything happens */

    /* The selected moment. */
    SimModel *model;
    uint64_t time;

    GuiEntity selected;
};

enum {
    GUI_SIGNAL_TRACE_CHANGED,
    GUI_SIGNAL_TRACE_GROWN,
    GUI_SIGNAL_TIME_CHANGED,
    GUI_SIGNAL_SELECTION_CHANGED,
    GUI_SIGNAL_COUNT
};

void gui_session_emit(GuiSession *session, unsigned signal);
/* Takes in up to max_events; TRUE: there were any. */
bool gui_session_take_in(GuiSession *session, uint64_t max_events);
/* Makes position events the applied ones and time the selected time. */
void gui_session_go(GuiSession *session, uint64_t position, uint64_t time);
