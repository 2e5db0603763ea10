/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.h: every Ethernet frame of a trace, in the order in which they came into being.
 *
 * Grows with the trace. It keeps where in the trace a frame's bytes are, not the
 * bytes: a list of packets is made row by row, for the rows that are seen.
 */
#pragma once

#include "netsim/proto/dissect.h"
#include "sim/trace/reader.h"

typedef struct {
    uint64_t frame; /* its id */
    uint64_t event; /* the event that brought it into being, with its bytes */
    uint64_t time;
} GuiFrame;

typedef struct GuiFrames GuiFrames;

GuiFrames *gui_frames_new(void);
void gui_frames_free(GuiFrames *frames);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiFrames, gui_frames_free)

/* Takes in the next event of the trace; others than births of frames are passed over. */
void gui_frames_add(GuiFrames *frames, const SimRecord *record);

uint32_t gui_frames_count(const GuiFrames *frames);
/* row must be below the count. */
const GuiFrame *gui_frames_get(const GuiFrames *frames, uint32_t row);
/* The row of a frame by its id; -1: none. */
int64_t gui_frames_find(const GuiFrames *frames, uint64_t frame);
/* How many came into being at or before the event number event. */
uint32_t gui_frames_before(const GuiFrames *frames, uint64_t event);

/* What is known of one frame; the bytes are in the trace (see SimRecord). */
typedef struct {
    GuiFrame frame;
    const uint8_t *bytes;
    uint32_t kept, length; /* bytes kept, bytes of the whole frame */
    uint64_t parent;       /* frame that it was rewritten from; 0: none */
    uint16_t vm, nic;      /* that sent it; SIM_NONE: the network made it */
} GuiFrameInfo;

bool gui_frames_info(const GuiFrames *frames, SimReader *reader, uint64_t frame, GuiFrameInfo *ret);
/* "ARP", "ICMP", ... ; "?" for a frame that is not known. Remembered, so cheap to ask again. */
const char *gui_frames_protocol(const GuiFrames *frames, SimReader *reader, uint64_t frame);
