/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paint.c: states, owners, labels. */
#include "gui/draw/paint.h"

#include <glib/gi18n.h>

#include "sim/trace/event.h"

const char *gui_state_word(GuiVcpuClass class)
{
    static const char *const words[GUI_VCPU_CLASS_COUNT] = {
        [GUI_VCPU_OFF] = N_("off"),     [GUI_VCPU_RUNNING] = N_("running"),
        [GUI_VCPU_READY] = N_("ready"), [GUI_VCPU_BLOCKED] = N_("blocked"),
        [GUI_VCPU_ENDED] = N_("ended"),
    };

    return _(words[class]);
}

GuiVcpuClass gui_state_class(unsigned state)
{
    static const GuiVcpuClass classes[SIM_VCPU_STATE_COUNT] = {
        [SIM_VCPU_NEW] = GUI_VCPU_OFF,         [SIM_VCPU_READY] = GUI_VCPU_READY,
        [SIM_VCPU_RUNNING] = GUI_VCPU_RUNNING, [SIM_VCPU_BLOCKED] = GUI_VCPU_BLOCKED,
        [SIM_VCPU_HALTED] = GUI_VCPU_ENDED,    [SIM_VCPU_CRASHED] = GUI_VCPU_ENDED,
    };

    return state < SIM_VCPU_STATE_COUNT ? classes[state] : GUI_VCPU_OFF;
}

/* Stripes as a tile of 8 by 8: filling with it is much faster than clipping lines. */
static cairo_pattern_t *make_ready_pattern(const GuiTheme *theme)
{
    cairo_surface_t *tile = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 8, 8);
    cairo_t *cr = cairo_create(tile);
    cairo_pattern_t *pattern;

    gui_set_colour(cr, gui_mix(theme->ready, theme->card, 0.35), 1);
    cairo_paint(cr);
    gui_set_colour(cr, theme->ready, 1);
    cairo_set_line_width(cr, 2.6);
    for (int i = -8; i <= 8; i += 8) {
        cairo_move_to(cr, i - 1, 9);
        cairo_line_to(cr, i + 9, -1);
    }
    cairo_stroke(cr);
    cairo_destroy(cr);
    pattern = cairo_pattern_create_for_surface(tile);
    cairo_surface_destroy(tile);
    cairo_pattern_set_extend(pattern, CAIRO_EXTEND_REPEAT);
    return pattern;
}

static cairo_pattern_t *ready_pattern(const GuiTheme *theme)
{
    static cairo_pattern_t *made[GUI_THEME_COUNT];

    if (!made[theme->kind])
        made[theme->kind] = make_ready_pattern(theme);
    return made[theme->kind];
}

void gui_paint_state(cairo_t *cr, const GuiTheme *theme, GuiRect box, GuiVcpuClass class)
{
    cairo_save(cr);
    gui_rounded(cr, box, 4);
    switch (class) {
    case GUI_VCPU_RUNNING:
        gui_set_colour(cr, theme->running, 1);
        cairo_fill(cr);
        break;
    case GUI_VCPU_READY:
        cairo_set_source(cr, ready_pattern(theme));
        cairo_fill(cr);
        break;
    default: cairo_new_path(cr); gui_paint_card(cr, box, 4, theme->inset, theme->card_line, 1);
    }
    cairo_restore(cr);
}

void gui_paint_owner(cairo_t *cr, const GuiTheme *theme, GuiRect box, unsigned owner)
{
    cairo_pattern_t *pattern = gui_owner_pattern(theme, owner);

    cairo_save(cr);
    cairo_set_source(cr, pattern);
    cairo_rectangle(cr, box.x, box.y, box.width, box.height);
    cairo_fill(cr);
    cairo_restore(cr);
    cairo_pattern_destroy(pattern);
}

void gui_paint_card(cairo_t *cr, GuiRect box, double radius, GuiColour fill, GuiColour line,
                    double line_width)
{
    /* Two fills: outlining a round corner takes several times as long as filling it. */
    gui_rounded(cr, gui_rect_inset(box, -line_width / 2), radius + line_width / 2);
    gui_set_colour(cr, line, 1);
    cairo_fill(cr);
    gui_rounded(cr, gui_rect_inset(box, line_width / 2), MAX(radius - line_width / 2, 0));
    gui_set_colour(cr, fill, 1);
    cairo_fill(cr);
}

double gui_tag_width(const GuiTheme *theme, double size, const char *text)
{
    return gui_text_width(theme, &(GuiTextStyle){.size = size, .bold = true}, text) +
           theme->text * size;
}

double gui_paint_tag(cairo_t *cr, const GuiTheme *theme, double x, double y, double size,
                     GuiColour ground, GuiColour ink, const char *text)
{
    const GuiTextStyle style = {.size = size, .bold = true};
    double width = gui_tag_width(theme, size, text), height = theme->text * size * 1.6;

    gui_rounded(cr, (GuiRect){x, y - height / 2, width, height}, height / 2);
    gui_set_colour(cr, ground, 1);
    cairo_fill(cr);
    gui_set_colour(cr, ink, 1);
    gui_text(cr, theme, &style, x + theme->text * size / 2, y, 0, text);
    return width;
}

void gui_paint_cross(cairo_t *cr, GuiRect box, GuiColour colour, double line_width)
{
    cairo_move_to(cr, box.x, box.y);
    cairo_line_to(cr, box.x + box.width, box.y + box.height);
    cairo_move_to(cr, box.x + box.width, box.y);
    cairo_line_to(cr, box.x, box.y + box.height);
    gui_set_colour(cr, colour, 1);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_width(cr, line_width);
    cairo_stroke(cr);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
}

bool gui_is_vector(cairo_t *cr)
{
    cairo_surface_type_t type = cairo_surface_get_type(cairo_get_group_target(cr));

    return type == CAIRO_SURFACE_TYPE_SVG || type == CAIRO_SURFACE_TYPE_PDF ||
           type == CAIRO_SURFACE_TYPE_PS || type == CAIRO_SURFACE_TYPE_RECORDING;
}
