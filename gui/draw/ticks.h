/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ticks.h: a time axis: where its lines are, what is written there, and moving on it. */
#pragma once

#include <glib.h>
#include <stdint.h>

/* What an axis shows: from (included) to (not). to > from. */
typedef struct {
    uint64_t from, to;
} GuiSpan;

typedef struct {
    uint64_t first, step; /* ns: multiples of step, from the first one in the span */
    unsigned count;
    unsigned minor; /* small lines per step: 2, 4 or 5 */
} GuiTicks;

/* Lines at round times (1, 2 or 5 times a power of ten), at least apart pixels apart. */
GuiTicks gui_ticks(GuiSpan span, double pixels, double apart);
/* A time as it is written on an axis with that step: "1.25 ms", with just the digits
 * needed to tell neighbours apart; g_free(). */
char *gui_tick_label(uint64_t time, uint64_t step);
/* A duration for people: "12.3 ms", "4 us", three digits; g_free(). */
char *gui_duration(uint64_t ns);

double gui_span_x(GuiSpan span, double pixels, uint64_t time);
uint64_t gui_span_time(GuiSpan span, double pixels, double x); /* held within the span */
/* Zooms by factor (above 1: closer) with time staying where it is; never past
 * [0, end), never closer than least ns. */
GuiSpan gui_span_zoom(GuiSpan span, uint64_t time, double factor, uint64_t end, uint64_t least);
/* Moves by ns, never past [0, end). */
GuiSpan gui_span_pan(GuiSpan span, int64_t ns, uint64_t end);
