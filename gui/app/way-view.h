/* SPDX-License-Identifier: GPL-2.0-or-later */
/* way-view.h: the way of one frame, hop by hop, as rows. Choosing a row goes to that moment
 * and selects what it is about: a port, a vCPU, a page; so all views follow the frame from
 * the network into CPU and memory. */
#pragma once

#include "gui/app/common.h"

GtkWidget *gui_way_view_new(GuiSession *session);
/* Which frame's; 0: none. */
void gui_way_view_set_frame(GtkWidget *view, uint64_t frame);
