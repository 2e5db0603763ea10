/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packet-filter.h: the entry above the list of frames, and what is said about what was typed
 * there: what is wrong with it, how many frames fit, and (a button) what may be written. */
#pragma once

#include "gui/app/common.h"
#include "gui/app/packet-model.h"

/* model: whose filter it is; kept. */
GtkWidget *gui_packet_filter_new(GuiPacketModel *model);
