/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.h: one opened trace, and the one time at which all views look at it.
 *
 * The session owns the reader of the trace, the model of the world at the selected
 * time, what is selected, and the indexes that views need. Views read it, call the
 * functions below, and redraw on its signals. GLib only, no GTK; one thread.
 *
 * Position. Many events can lie at one instant, so a moment is a pair: `position`
 * events have been applied (the next one is number `position`), and the time is at
 * or after the last of them. gui_session_seek() applies everything at or before
 * the time asked for; stepping stops wherever an event is.
 *
 * Opening is quick whatever the size: gui_session_open() reads the first events
 * and shows the start; gui_session_index() takes in more, a slice per call, and
 * is called from an idle handler (or in a loop) until it returns FALSE. It makes
 *
 *   keyframes  copies of the model at regular distances. A seek copies the nearest
 *              one before and folds on from there. At most GUI_SESSION_KEYFRAMES are
 *              kept; when there are more, every second one goes and the distance
 *              doubles.
 *   types      per SIM_READER_STRIDE events, which types are among them, so that
 *              "the next drop" skips what cannot hold one.
 *   frames     frames.h, for lists of packets and labels of frames
 *   lanes      lanes.h, for timelines
 *
 * Signals, all without arguments:
 *   "trace-changed"      another trace was opened, or it was closed
 *   "trace-grown"        more events are known (indexed)
 *   "time-changed"       the selected time, position and model are others
 *   "selection-changed"
 */
#pragma once

#include <glib-object.h>

#include "gui/session/entity.h"
#include "gui/session/frames.h"
#include "gui/session/lanes.h"
#include "sim/model/model.h"
#include "sim/trace/reader.h"

#define GUI_SESSION_KEYFRAMES 256u

#define GUI_TYPE_SESSION (gui_session_get_type())
G_DECLARE_FINAL_TYPE(GuiSession, gui_session, GUI, SESSION, GObject)

GuiSession *gui_session_new(void);

/* ---- The trace ------------------------------------------------------------ */

/* Opens a trace file in place of the one that is open, at time 0. On failure nothing
 * has changed. A damaged or cut-off file opens as far as it goes; see
 * gui_session_damage(). */
gboolean gui_session_open(GuiSession *session, const char *path, GError **error);
/* The same for a trace in memory, which is borrowed and must stay. */
gboolean gui_session_open_memory(GuiSession *session, const void *data, size_t size,
                                 GError **error);
void gui_session_close(GuiSession *session);
bool gui_session_is_open(GuiSession *session);

/* Takes in up to max_events more; FALSE: all that is there has been taken in. */
gboolean gui_session_index(GuiSession *session, uint64_t max_events);
/* The file has grown (somebody else writes it): looks at its new end, and takes in up
 * to max_events of it. Does not change the selected time. */
gboolean gui_session_refresh(GuiSession *session, uint64_t max_events, GError **error);
/* The same for a trace in memory: data holds the same bytes and more behind them. */
void gui_session_grow_memory(GuiSession *session, const void *data, size_t size,
                             uint64_t max_events);

uint64_t gui_session_event_count(GuiSession *session); /* taken in so far */
uint64_t gui_session_end_time(GuiSession *session);    /* of the last of these */
bool gui_session_complete(GuiSession *session);        /* a run-end event is among them */
/* How much of the file has been taken in, from 0 to 1. */
double gui_session_progress(GuiSession *session);
/* What is wrong with the file, for people; NULL: nothing found so far. */
const char *gui_session_damage(GuiSession *session);
/* The trace's metadata, JSON; NULL: none open. */
const char *gui_session_metadata(GuiSession *session);

/* ---- The selected time ------------------------------------------------------ */

uint64_t gui_session_time(GuiSession *session);
uint64_t gui_session_position(GuiSession *session);
/* The world at that time. Never NULL; empty while no trace is open. Holds until the
 * next call that changes the time. */
const SimModel *gui_session_model(GuiSession *session);
/* The event that was applied last; FALSE: none yet. */
gboolean gui_session_last_event(GuiSession *session, SimRecord *ret_record);
/* The event that comes next; FALSE: none known. */
gboolean gui_session_next_event(GuiSession *session, SimRecord *ret_record);

/* To any time; beyond the end there is the end. */
void gui_session_seek(GuiSession *session, uint64_t time);
/* To just after event number index. */
void gui_session_seek_event(GuiSession *session, uint64_t index);

typedef enum {
    GUI_STEP_EVENT,    /* any */
    GUI_STEP_PACKET,   /* a frame is sent, switched, flooded, routed, dropped, received */
    GUI_STEP_EXIT,     /* a guest is left for the hypervisor */
    GUI_STEP_DECISION, /* a scheduler puts a vCPU on a pCPU, or takes it off */
    GUI_STEP_COUNT
} GuiStep;

/* The types of event that a step stops at. */
SimFilter gui_step_filter(GuiStep step);
/* To just after the next event of such a type (direction 1), or back to just after the
 * one before the current one (-1). FALSE: there is none, nothing changed. Going back
 * before the first one leads to the start. */
gboolean gui_session_step(GuiSession *session, GuiStep step, int direction);
gboolean gui_session_step_to(GuiSession *session, const SimFilter *filter, int direction);
/* Where that would lead, without going there: number of the event; -1: none. */
int64_t gui_session_find(GuiSession *session, const SimFilter *filter, uint64_t from,
                         int direction);

/* The frame that something has happened to last, as a step by packets sees it; 0: none yet. */
uint64_t gui_session_frame_here(GuiSession *session);

/* ---- The selection ---------------------------------------------------------- */

GuiEntity gui_session_selected(GuiSession *session);
void gui_session_select(GuiSession *session, GuiEntity entity);

/* ---- What views draw from ----------------------------------------------------- */

SimReader *gui_session_reader(GuiSession *session); /* NULL: none open */
const GuiFrames *gui_session_frames(GuiSession *session);
const GuiLanes *gui_session_lanes(GuiSession *session);
