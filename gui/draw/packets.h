/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packets.h: frames as rows, and one frame taken apart.
 *
 * The list is as in Wireshark: number, time, source, destination, protocol, length,
 * and a line that sums up. The detail shows the layers as boxes, one inside the
 * other as in the frame itself, each with its fields; and the bytes, in which the
 * chosen field or layer is marked.
 */
#pragma once

#include "gui/draw/geometry.h"
#include "gui/draw/theme.h"
#include "gui/session/scene.h"

/* ---- One row --------------------------------------------------------------- */

typedef struct {
    uint64_t frame, time;
    uint32_t number; /* from 1 */
    uint32_t length;
    const char *protocol;
    bool bad; /* malformed, or a checksum does not fit */
    char source[NET_DISSECT_TEXT_BYTES], destination[NET_DISSECT_TEXT_BYTES];
    char info[NET_DISSECT_INFO_BYTES];
} GuiPacketRow;

/* row must be below gui_frames_count(). */
GuiPacketRow gui_packet_row(const GuiFrames *frames, SimReader *reader, uint32_t row);

/* ---- The list ---------------------------------------------------------------- */

typedef struct {
    double width, height, row_height, header_height;
    double columns[8]; /* left edges of the 7 columns, and the right edge */
    unsigned visible;  /* whole rows that fit */
    const GuiTheme *theme;
} GuiPacketList;

GuiPacketList gui_packet_list(double width, double height, const GuiTheme *theme);
/* Draws from row first on. Rows after scene->time are dimmed, the selected one marked. */
void gui_packet_list_draw(const GuiPacketList *list, cairo_t *cr, const GuiScene *scene,
                          uint32_t first);
/* The row at y, counted from first; -1: none. */
int64_t gui_packet_list_at(const GuiPacketList *list, uint32_t count, uint32_t first, double y);

/* ---- One frame ------------------------------------------------------------------ */

typedef struct {
    int layer, field; /* in the dissection; -1: none */
} GuiFieldChoice;

typedef struct GuiPacketDetail GuiPacketDetail;

GuiPacketDetail *gui_packet_detail_new(const GuiFrameInfo *info, double width, double height,
                                       const GuiTheme *theme);
void gui_packet_detail_free(GuiPacketDetail *detail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiPacketDetail, gui_packet_detail_free)

const NetDissection *gui_packet_detail_dissection(const GuiPacketDetail *detail);
void gui_packet_detail_size(const GuiPacketDetail *detail, double *ret_width, double *ret_height);
void gui_packet_detail_draw(const GuiPacketDetail *detail, cairo_t *cr, GuiFieldChoice choice);
/* The field or layer whose box or bytes are at (x, y). */
GuiFieldChoice gui_packet_detail_at(const GuiPacketDetail *detail, double x, double y);
