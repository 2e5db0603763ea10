/* SPDX-License-Identifier: GPL-2.0-or-later */
/* comparison.c: see comparison.h. */
#include "gui/session/comparison.h"

uint64_t gui_comparison_end(GuiSession *a, GuiSession *b)
{
    return MAX(MAX(gui_session_end_time(a), gui_session_end_time(b)), 1) + 1;
}

uint64_t gui_parting_time(const GuiParting *parting)
{
    if (!parting->has_a)
        return parting->time_b;
    if (!parting->has_b)
        return parting->time_a;
    return MIN(parting->time_a, parting->time_b);
}

static void go(GuiSession *session, bool has, uint64_t index)
{
    if (has)
        gui_session_seek_event(session, index);
    else
        gui_session_seek(session, gui_session_end_time(session));
}

void gui_parting_go(const GuiParting *parting, GuiSession *a, GuiSession *b)
{
    go(a, parting->has_a, parting->index_a);
    go(b, parting->has_b, parting->index_b);
}
