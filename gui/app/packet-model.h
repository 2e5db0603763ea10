/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packet-model.h: the frames of a trace as a list for GTK: one object per row, made when
 * a row is looked at. With a filter only the rows that fit; they are found a slice at a
 * time, so that a filter over a million frames does not hold up the window. */
#pragma once

#include <gio/gio.h>

#include "gui/session/session.h"

#define GUI_TYPE_PACKET (gui_packet_get_type())
G_DECLARE_FINAL_TYPE(GuiPacket, gui_packet, GUI, PACKET, GObject)

typedef enum {
    GUI_PACKET_NUMBER,
    GUI_PACKET_TIME,
    GUI_PACKET_SOURCE,
    GUI_PACKET_DESTINATION,
    GUI_PACKET_PROTOCOL,
    GUI_PACKET_LENGTH,
    GUI_PACKET_INFO,
    GUI_PACKET_COLUMNS
} GuiPacketColumn;

uint64_t gui_packet_frame(GuiPacket *packet);
uint64_t gui_packet_time(GuiPacket *packet);
/* The text of one column; g_free(). */
char *gui_packet_text(GuiPacket *packet, GuiPacketColumn column);
/* All of it in one sentence, for a screen reader; g_free(). */
char *gui_packet_sentence(GuiPacket *packet);

#define GUI_TYPE_PACKET_MODEL (gui_packet_model_get_type())
G_DECLARE_FINAL_TYPE(GuiPacketModel, gui_packet_model, GUI, PACKET_MODEL, GObject)

GuiPacketModel *gui_packet_model_new(GuiSession *session);
/* A filter as in gui/session/filter.h; "" for all. FALSE: it is wrong, and nothing has changed. */
gboolean gui_packet_model_filter(GuiPacketModel *model, const char *text, GError **error);
/* The row of a frame; -1: it is not in the list. */
int gui_packet_model_find(GuiPacketModel *model, uint64_t frame);
