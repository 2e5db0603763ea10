/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene.h: what is to be drawn: the world at a time, with what has just happened.
 *
 * A model holds what is, not what happens: a frame that a switch drops is gone in
 * the same instant. So a scene has, beside the model, the happenings of the last
 * moments: drops, decisions of switches, learned addresses. A view shows them as
 * long as they are young. And it has the frames that stand somewhere at this very
 * instant: one that a NIC has just sent or received, or a switch decided on, is on
 * no cable, yet it is what the step was about.
 */
#pragma once

#include "gui/session/session.h"

typedef enum {
    GUI_HAPPENED_DROP,    /* `why` says why, in words */
    GUI_HAPPENED_FLOOD,   /* a switch sends to every other port */
    GUI_HAPPENED_FORWARD, /* a switch sends to one port */
    GUI_HAPPENED_LEARNED, /* a switch learned an address */
    GUI_HAPPENED_RECEIVED /* a NIC gave a frame to its guest */
} GuiHappeningKind;

typedef struct {
    GuiHappeningKind kind;
    uint64_t time, event, frame;
    uint32_t port;    /* where; SIM_MODEL_NO_PORT: nowhere in the network */
    uint16_t network; /* SIM_NONE: none */
    uint16_t vm, nic; /* of RECEIVED, and of drops at a NIC; else SIM_NONE */
    const char *why;  /* of DROP: "port-down"; else NULL. Static. */
} GuiHappening;

typedef struct {
    const SimModel *model;
    uint64_t time; /* not before model->time */
    SimReader *reader;
    const GuiFrames *frames;
    const GuiHappening *happenings; /* in the order of time */
    unsigned happening_count;
    uint64_t linger_ns; /* how long they are shown */
    /* At one end of a cable: departs_ns == time, at its beginning; before, at its end. */
    const SimFlight *standing;
    unsigned standing_count;
    GuiEntity selected;
} GuiScene;

/* The scene at the session's time; holds until the next change of it. linger_ns 0:
 * chosen from the latency of links. Free with gui_scene_clear(). */
GuiScene gui_scene(GuiSession *session, uint64_t linger_ns);
void gui_scene_clear(GuiScene *scene);

/* One sentence: what the last event was, as a caption under the stage; g_free(). */
char *gui_scene_caption(GuiSession *session);
/* A command in words: "The cable of b is pulled"; as it is if it is not known; g_free(). */
char *gui_command_words(const char *json);
/* One sentence of any event; g_free(). */
char *gui_event_sentence(const SimModel *model, const SimRecord *record);
/* A time of the run with all digits that people read: "1.234 ms", "2.000001 s"; g_free(). */
char *gui_time_text(uint64_t ns);
