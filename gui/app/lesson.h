/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lesson.h: the guided steps of the scenario whose trace is open.
 *
 * Knows where each step stands in the trace, which one is being shown, and what
 * was answered. A trace without steps is a lesson of none. Signal "changed": the
 * step shown, an answer, or the whole lesson are others. No widgets.
 */
#pragma once

#include "gui/session/session.h"
#include "sim/lab/steps.h"

#define GUI_TYPE_LESSON (gui_lesson_get_type())
G_DECLARE_FINAL_TYPE(GuiLesson, gui_lesson, GUI, LESSON, GObject)

GuiLesson *gui_lesson_new(GuiSession *session);

/* The scenario in the trace's metadata; NULL: no trace is open, or it holds none. */
const SimScenario *gui_lesson_scenario(GuiLesson *lesson);
/* The trace has grown: more steps may have their place. */
void gui_lesson_update(GuiLesson *lesson);

unsigned gui_lesson_count(GuiLesson *lesson);
const SimStep *gui_lesson_step(GuiLesson *lesson, unsigned step);
/* The step that belongs to the session's time; -1: none. */
int gui_lesson_current(GuiLesson *lesson);
/* The place of a step; NULL: the run has not come so far. */
const LabPlace *gui_lesson_place(GuiLesson *lesson, unsigned step);
/* Shows a step: goes to its time at once. */
void gui_lesson_go(GuiLesson *lesson, unsigned step);
/* The place that playing from here must stop at; NULL: play on. */
const LabPlace *gui_lesson_stop(GuiLesson *lesson);

/* Answers what a step asks: words ended by NULL; NULL: only show me. */
void gui_lesson_answer(GuiLesson *lesson, unsigned step, const char *const *given);
/* What came of it; NULL: not answered yet. */
const LabReveal *gui_lesson_reveal(GuiLesson *lesson, unsigned step);
bool gui_lesson_was_guess(GuiLesson *lesson, unsigned step);
/* Forgets the answer. */
void gui_lesson_retry(GuiLesson *lesson, unsigned step);
unsigned gui_lesson_right(GuiLesson *lesson); /* how many were answered right */
unsigned gui_lesson_asked(GuiLesson *lesson); /* how many steps ask something */
