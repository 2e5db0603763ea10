/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.h: what may stand at a place in a scenario's text: keys and values, from the
 * table of the format (sim/scenario/table.h). */
#pragma once

#include <glib.h>

#include "gui/session/json-text.h"

typedef struct {
    char *word;    /* as it is written, without quotation marks */
    char *insert;  /* what is put in the place of the word there (and of its marks) */
    char *meaning; /* may be NULL */
} GuiSuggestion;

/* GPtrArray of GuiSuggestion *, which it owns. policies: known scheduling policies, ended by
 * NULL; may be NULL. */
GPtrArray *gui_suggest(const char *text, const GuiJsonPlace *place, const char *const *policies);
/* Which line an error of sim_scenario_load_text() is about, from 1; 0: it does not say. name: as
 * given there. */
unsigned gui_error_line(const char *message, const char *name);
