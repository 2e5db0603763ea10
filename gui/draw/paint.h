/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paint.h: what several views paint alike: states, owners, labels, marks. */
#pragma once

#include "gui/draw/geometry.h"
#include "gui/draw/text.h"
#include "gui/draw/theme.h"
#include "gui/session/lanes.h"

/* Fills a box as a vCPU's state: running plain, ready striped, blocked and the rest pale. */
void gui_paint_state(cairo_t *cr, const GuiTheme *theme, GuiRect box, GuiVcpuClass class);
const char *gui_state_word(GuiVcpuClass class);
GuiVcpuClass gui_state_class(unsigned vcpu_state); /* of enum SimVcpuState */

/* Fills a box in an owner's colour and pattern. */
void gui_paint_owner(cairo_t *cr, const GuiTheme *theme, GuiRect box, unsigned owner);

/* A box with a border; radius in pixels. */
void gui_paint_card(cairo_t *cr, GuiRect box, double radius, GuiColour fill, GuiColour line,
                    double line_width);

/* A small label: text on a rounded ground of the given colour, left end at x. Its width. */
double gui_paint_tag(cairo_t *cr, const GuiTheme *theme, double x, double y, double size,
                     GuiColour ground, GuiColour ink, const char *text);
double gui_tag_width(const GuiTheme *theme, double size, const char *text);

/* A cross in a box, for what was dropped or crashed. */
void gui_paint_cross(cairo_t *cr, GuiRect box, GuiColour colour, double line_width);

/* Does the picture go to paper or SVG, where rectangles are better than pixels? */
bool gui_is_vector(cairo_t *cr);
