/* SPDX-License-Identifier: GPL-2.0-or-later */
/* breakpoints.h: a list of conditions on events (sim/trace/condition.h), and looking for
 * the next event at which one of them holds.
 *
 * A condition that is well written for one run may name a VM that another one has not:
 * it then stays in the list with its error, and holds nowhere. Signal "changed": the
 * list, or what a condition means, is another.
 */
#pragma once

#include "gui/session/session.h"
#include "sim/trace/condition.h"

#define GUI_MAX_BREAKPOINTS 64u

#define GUI_TYPE_BREAKPOINTS (gui_breakpoints_get_type())
G_DECLARE_FINAL_TYPE(GuiBreakpoints, gui_breakpoints, GUI, BREAKPOINTS, GObject)

/* Follows the session to the traces that it opens. */
GuiBreakpoints *gui_breakpoints_new(GuiSession *session);

unsigned gui_breakpoints_count(GuiBreakpoints *breakpoints);
typedef struct {
    const char *text;
    bool enabled;
    const char *error; /* what is wrong with it in this run; NULL: nothing */
} GuiBreakpoint;
GuiBreakpoint gui_breakpoints_get(GuiBreakpoints *breakpoints, unsigned number);
/* FALSE: it is not well written, or there are too many. */
gboolean gui_breakpoints_add(GuiBreakpoints *breakpoints, const char *text, GError **error);
void gui_breakpoints_remove(GuiBreakpoints *breakpoints, unsigned number);
void gui_breakpoints_enable(GuiBreakpoints *breakpoints, unsigned number, bool enabled);
/* The texts of those that are enabled and have no error, ended by NULL; g_strfreev(). */
char **gui_breakpoints_active(GuiBreakpoints *breakpoints);
/* The first of these that holds of an event; -1: none. */
int gui_breakpoints_at(GuiBreakpoints *breakpoints, const SimRecord *record);

/* A condition with the names of the session's run. */
SimCondition *gui_condition_new(GuiSession *session, const char *text, GError **error);

/* ---- Looking for the next -------------------------------------------------------- */

typedef enum { GUI_SEARCH_FOUND, GUI_SEARCH_NOTHING, GUI_SEARCH_MORE } GuiSearchResult;

typedef struct GuiSearch GuiSearch;

/* From after the selected moment on (direction 1), or back (-1). Takes over condition;
 * NULL: the breakpoints that are enabled now. */
GuiSearch *gui_search_new(GuiSession *session, GuiBreakpoints *breakpoints, SimCondition *condition,
                          int direction);
void gui_search_free(GuiSearch *search);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiSearch, gui_search_free)

/* Looks at `most` events that may be it. MORE: call it again. NOTHING: not in what is
 * recorded so far; called again once there is more, it looks at that. */
GuiSearchResult gui_search_step(GuiSearch *search, unsigned most, uint64_t *ret_event);
