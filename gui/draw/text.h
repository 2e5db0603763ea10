/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h: lines of text in pictures, measured and drawn with Pango.
 *
 * Laying out a line costs far more than drawing it, and views draw the same lines
 * again and again: so the last few thousand are kept.
 */
#pragma once

#include "gui/draw/geometry.h"
#include "gui/draw/theme.h"

typedef enum { GUI_ALIGN_LEFT, GUI_ALIGN_CENTRE, GUI_ALIGN_RIGHT } GuiAlign;

typedef struct {
    double size; /* times the theme's text; 0 stands for 1 */
    bool bold, mono;
    GuiAlign align;
} GuiTextStyle;

#define GUI_TEXT(...) (&(GuiTextStyle){__VA_ARGS__})

double gui_text_width(const GuiTheme *theme, const GuiTextStyle *style, const char *text);
double gui_text_height(const GuiTheme *theme, const GuiTextStyle *style);

/* One line in the current colour, centred on y from top to bottom; x is its left end,
 * middle or right end as the style says. What is wider than width (0: any width) ends
 * in dots. Returns the width drawn. */
double gui_text(cairo_t *cr, const GuiTheme *theme, const GuiTextStyle *style, double x, double y,
                double width, const char *text);
/* Wrapped into a box, from its top; returns the height used. */
double gui_text_wrapped(cairo_t *cr, const GuiTheme *theme, const GuiTextStyle *style, GuiRect box,
                        const char *text);

void gui_rounded(cairo_t *cr, GuiRect rect, double radius);
/* Frees the lines that are kept: for tests that count memory. */
void gui_text_forget(void);
