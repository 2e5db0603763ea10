/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ticks.c: round times, and moving on an axis. Integers wherever a time is meant. */
#include "gui/draw/ticks.h"

#include <math.h>
#include <stdio.h>

#define LARGEST_STEP UINT64_C(5000000000000000000)

GuiTicks gui_ticks(GuiSpan span, double pixels, double apart)
{
    static const unsigned rounds[3] = {1, 2, 5}, minors[3] = {5, 4, 5};
    uint64_t length = span.to > span.from ? span.to - span.from : 1;
    double least = (double)length * apart / MAX(pixels, 1);
    uint64_t power = 1;
    unsigned which = 0;
    GuiTicks ticks;

    while ((double)(power * rounds[which]) < least && power * rounds[which] < LARGEST_STEP) {
        which = (which + 1) % 3;
        if (which == 0)
            power *= 10;
    }
    ticks.step = power * rounds[which];
    ticks.minor = ticks.step == 1 ? 1 : minors[which];
    ticks.first = span.from / ticks.step * ticks.step;
    if (ticks.first < span.from)
        ticks.first = ticks.first > UINT64_MAX - ticks.step ? UINT64_MAX : ticks.first + ticks.step;
    ticks.count = ticks.first < span.from + length
                      ? (unsigned)((span.from + length - 1 - ticks.first) / ticks.step) + 1
                      : 0;
    return ticks;
}

typedef struct {
    uint64_t ns;
    const char *name;
} Unit;

static const Unit units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "\302\265s"}, {1, "ns"}};

/* ns as a decimal of a unit, with just so many digits behind the point. */
static char *in_unit(uint64_t ns, Unit unit, unsigned digits)
{
    uint64_t whole = ns / unit.ns, part = ns % unit.ns, scale = unit.ns;

    for (unsigned i = 0; i < digits; i++)
        scale /= 10;
    if (digits == 0)
        return g_strdup_printf("%" G_GUINT64_FORMAT " %s", whole, unit.name);
    return g_strdup_printf("%" G_GUINT64_FORMAT ".%0*" G_GUINT64_FORMAT " %s", whole, (int)digits,
                           part / scale, unit.name);
}

char *gui_tick_label(uint64_t time, uint64_t step)
{
    uint64_t largest = MAX(time, step);
    unsigned unit = 0, digits = 0;

    if (time == 0)
        return g_strdup("0");
    while (unit < 3 && largest < units[unit].ns)
        unit++;
    for (uint64_t place = units[unit].ns; place > 1 && time % place != 0; place /= 10)
        digits++;
    /* No more than steps need: all times on the axis are multiples of it. */
    return in_unit(time, units[unit], digits);
}

char *gui_duration(uint64_t ns)
{
    unsigned unit = 0, digits;
    uint64_t whole;

    if (ns == 0)
        return g_strdup("0");
    while (unit < 3 && ns < units[unit].ns)
        unit++;
    whole = ns / units[unit].ns;
    digits = unit == 3 || whole >= 100 ? 0 : whole >= 10 ? 1 : 2;
    /* Zeros at the end say nothing. */
    while (digits > 0) {
        uint64_t place = units[unit].ns;
        for (unsigned i = 0; i < digits; i++)
            place /= 10;
        if (ns % units[unit].ns / place % 10 != 0)
            break;
        digits--;
    }
    return in_unit(ns, units[unit], digits);
}

double gui_span_x(GuiSpan span, double pixels, uint64_t time)
{
    double length = (double)(span.to - span.from);

    if (time >= span.from)
        return (double)(time - span.from) / length * pixels;
    return -((double)(span.from - time) / length * pixels);
}

uint64_t gui_span_time(GuiSpan span, double pixels, double x)
{
    double share = CLAMP(x / MAX(pixels, 1), 0, 1);
    uint64_t length = span.to - span.from;
    uint64_t ns = (uint64_t)((double)length * share);

    return span.from + MIN(ns, length - 1);
}

/* A span of a length within [0, end), as near to from as possible. */
static GuiSpan place_span(uint64_t from, uint64_t length, uint64_t end)
{
    length = CLAMP(length, 1, end);
    from = MIN(from, end - length);
    return (GuiSpan){from, from + length};
}

GuiSpan gui_span_zoom(GuiSpan span, uint64_t time, double factor, uint64_t end, uint64_t least)
{
    uint64_t length = span.to - span.from, longer;
    double share = CLAMP((double)(time - span.from) / (double)length, 0, 1), before;

    end = MAX(end, 1);
    longer =
        (uint64_t)CLAMP((double)length / MAX(factor, 1e-9), (double)MIN(least, end), (double)end);
    before = share * (double)longer;
    return place_span((double)time > before ? time - (uint64_t)before : 0, longer, end);
}

GuiSpan gui_span_pan(GuiSpan span, int64_t ns, uint64_t end)
{
    uint64_t length = span.to - span.from, from = span.from;

    if (ns < 0)
        from = from > (uint64_t)-ns ? from - (uint64_t)-ns : 0;
    else
        from = from > UINT64_MAX - (uint64_t)ns ? UINT64_MAX : from + (uint64_t)ns;
    return place_span(from, length, MAX(end, 1));
}
