/* SPDX-License-Identifier: GPL-2.0-or-later */
/* theme.h: colours, type and measures of all views.
 *
 * Whatever a colour says is also said by a word, a shape or a pattern: nothing
 * may depend on telling colours apart.
 */
#pragma once

#include <stdbool.h>

#include <cairo.h>

typedef struct {
    double r, g, b;
} GuiColour;

typedef enum { GUI_THEME_LIGHT, GUI_THEME_DARK, GUI_THEME_CONTRAST, GUI_THEME_COUNT } GuiThemeKind;

#define GUI_THEME_OWNERS 8

typedef struct {
    GuiThemeKind kind;
    GuiColour ground;          /* behind everything */
    GuiColour card, card_line; /* boxes and their borders */
    GuiColour inset;           /* sunken: gauges, empty slots */
    GuiColour ink, dim;        /* text; less important text */
    GuiColour line;            /* cables, axes */
    GuiColour accent;          /* selection, the time line */
    GuiColour running, ready, blocked, ended;
    GuiColour good, warn, bad;
    GuiColour paper, paper_ink;         /* envelopes */
    GuiColour owners[GUI_THEME_OWNERS]; /* VMs, by their number */
    const char *font;                   /* family */
    const char *mono;
    double text;  /* height of ordinary text in pixels, scale applied */
    double scale; /* of text and with it of everything else; 1: 13 pixel text */
} GuiTheme;

/* scale: 1 ordinary, 2 for a projector. font NULL: "DejaVu Sans". */
GuiTheme gui_theme(GuiThemeKind kind, double scale, const char *font);
/* "light", "dark", "contrast"; -1: none of these. */
int gui_theme_find(const char *name);
const char *gui_theme_name(GuiThemeKind kind);

void gui_set_colour(cairo_t *cr, GuiColour colour, double alpha);
GuiColour gui_mix(GuiColour one, GuiColour other, double share_of_other);
/* The colour of a protocol's label; the label itself is always written too. */
GuiColour gui_protocol_colour(const GuiTheme *theme, const char *protocol);
/* The pattern that goes with owners[index]: 0 plain, 1 stripes, 2 dots, ... as a cairo
 * pattern in (ink on fill); cairo_pattern_destroy() it. */
cairo_pattern_t *gui_owner_pattern(const GuiTheme *theme, unsigned owner);
