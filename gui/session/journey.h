/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journey.h: the way of one Ethernet frame, hop by hop, through CPU, memory and network.
 *
 * A frame keeps its id from the guest's queue kick to the wake-up of the vCPU that
 * receives it; one that was rewritten on the way names the frame that it was made from.
 * So a journey is that of a whole family: from the kick that sent the first of them to
 * the last interrupt that announced one. At each hop it says who decided what, and why;
 * where a frame was rewritten, which fields changed.
 *
 * It is looked for in the trace at one go, from the birth of the family on. What is
 * looked at is bounded, so that it never holds up a window: see `cut`.
 */
#pragma once

#include "gui/session/session.h"

#define GUI_JOURNEY_MAX_HOPS  500u
#define GUI_JOURNEY_MAX_QUIET 200000u /* events without a hop, after which it is over */

typedef enum {
    GUI_HOP_CPU,      /* kick, exit, interrupt, scheduling: something at a vCPU */
    GUI_HOP_MEMORY,   /* a page gets a page frame for it */
    GUI_HOP_NETWORK,  /* sent, on a cable, delivered, received */
    GUI_HOP_DECISION, /* a switch, router or NAT decides */
    GUI_HOP_REWRITE,  /* a new frame is made from it; see `changes` */
    GUI_HOP_DROP,     /* it goes no further here */
} GuiHopKind;

/* A field that is another one in the new frame. */
typedef struct {
    const char *layer, *field; /* "IPv4", "Source address"; static */
    char before[NET_DISSECT_TEXT_BYTES], after[NET_DISSECT_TEXT_BYTES];
} GuiFieldChange;

typedef struct {
    GuiHopKind kind;
    uint64_t event, time; /* the event's place in the trace */
    uint64_t frame;       /* which of the family */
    GuiEntity entity;     /* where it is: a vCPU, a port, a page */
    char *where, *what;   /* "switch net0", "forwards it to b"; never NULL */
    char *because;        /* NULL: nothing to decide */
    GArray *changes;      /* of GuiFieldChange; NULL but for GUI_HOP_REWRITE */
} GuiHop;

typedef struct {
    GArray *hops; /* of GuiHop, in the order of the trace */
    bool cut;     /* there may be more than was looked at */
} GuiJourney;

/* Of a frame and its family; empty if the trace does not know it. */
GuiJourney *gui_journey_new(GuiSession *session, uint64_t frame);
void gui_journey_free(GuiJourney *journey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiJourney, gui_journey_free)

/* "VM", "CPU", "network" ...: a word for what a hop is, so that colour need not say it. */
const char *gui_hop_word(GuiHopKind kind);
/* What differs between two frames, field by field; g_array_unref(). */
GArray *gui_field_changes(const GuiFrameInfo *before, const GuiFrameInfo *after);
