/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.h: a run as one page of HTML that needs nothing else.
 *
 * The page is a row of sections. Each has the stage at a moment (SVG, with its
 * description in words), a caption, and the events since the moment before as rows.
 * Where the scenario is a lesson, its steps come in between, with what they ask. All
 * is in the page itself, so it works from a file, on a phone and with a screen reader;
 * without scripts all sections are shown one below the other.
 */
#pragma once

#include "gui/render/render.h"
#include "sim/lab/steps.h"

/* One section: a moment, and the lesson's step that it belongs to, or none. */
typedef struct {
    uint64_t time;
    uint64_t position; /* events that have happened */
    int64_t event;     /* that the caption tells of; -1: none */
    int step;          /* the lesson's step that begins here; -1: none */
} ReplayMoment;

#define REPLAY_MOST 60u /* sections of a page, steps of a lesson aside */

/* The moments worth a section. GArray of ReplayMoment. places may be NULL. */
GArray *replay_moments(GuiSession *session, const GArray *places);
/* What a lesson's step asks, as a form, with its answer. */
void replay_question(GString *out, const SimScenario *scenario, SimReader *reader,
                     const GArray *places, unsigned step);

gboolean render_replay(const RenderOptions *options, GuiSession *session, GError **error);
