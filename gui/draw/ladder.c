/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ladder.c: a panel for each way: title, note, heads of the columns, then the steps. The
 * heights of texts are measured once, when the picture is laid out. */
#include "gui/draw/ladder.h"

#include <glib/gi18n.h>

#include <math.h>

#include "gui/draw/paint.h"
#include "gui/draw/text.h"

#define PANEL_WIDTH 400.0 /* of one at least, to stand beside another */
#define LANE_WIDTH  54.0
#define PAD         14.0
#define GAP         12.0
#define ROW_GAP     12.0
#define DOT         5.0

typedef struct {
    double y, height;   /* of its row */
    double text_height; /* without the line that says how it was come to */
} Row;

typedef struct {
    const GuiPath *path;
    GuiRect box;
    double note_y, head_y, rows_y; /* rows_y: behind the heads */
    GArray *rows;                  /* of Row */
} Panel;

struct GuiLadder {
    const GuiTheme *theme;
    Panel *panels;
    unsigned count;
    double height;
};

static const GuiTextStyle text_style = {.size = 1}, note_style = {.size = 0.88},
                          head_style = {.size = 0.82, .align = GUI_ALIGN_CENTRE},
                          title_style = {.size = 1.08, .bold = true};

static double scaled(const GuiLadder *ladder, double value)
{
    return value * ladder->theme->scale;
}

static double lane_x(const GuiLadder *ladder, const Panel *panel, GuiLevel level)
{
    return panel->box.x + scaled(ladder, PAD) + scaled(ladder, LANE_WIDTH) * (level + 0.5);
}

/* Where the words of the steps stand. */
static GuiRect text_box(const GuiLadder *ladder, const Panel *panel, double y)
{
    double x =
        panel->box.x + scaled(ladder, PAD + GAP) + scaled(ladder, LANE_WIDTH) * GUI_LEVEL_COUNT;

    return (GuiRect){x, y, panel->box.x + panel->box.width - scaled(ladder, PAD) - x, 1000};
}

/* ---- Layout ------------------------------------------------------------------------------ */

/* cr draws nowhere: it measures. */
static void lay_out_panel(GuiLadder *ladder, Panel *panel, cairo_t *cr)
{
    const GuiTheme *theme = ladder->theme;
    double inner = panel->box.width - 2 * scaled(ladder, PAD);
    double line = gui_text_height(theme, &note_style);
    double y = panel->box.y + scaled(ladder, PAD);

    y += gui_text_height(theme, &title_style) + scaled(ladder, 2);
    panel->note_y = y;
    y += gui_text_wrapped(cr, theme, &note_style, (GuiRect){0, 0, inner, 1000}, panel->path->note);
    panel->head_y = y + scaled(ladder, 8) + gui_text_height(theme, &head_style) / 2;
    y = panel->rows_y = panel->head_y + gui_text_height(theme, &head_style) / 2 + scaled(ladder, 8);
    for (unsigned i = 0; i < panel->path->steps->len; i++) {
        const GuiPathStep *step = &g_array_index(panel->path->steps, GuiPathStep, i);
        Row row = {.y = y};

        row.text_height =
            gui_text_wrapped(cr, theme, &text_style, text_box(ladder, panel, 0), step->text);
        row.height = row.text_height + (step->crossing ? line : 0);
        y += row.height + scaled(ladder, ROW_GAP);
        g_array_append_val(panel->rows, row);
    }
    panel->box.height = y - panel->box.y;
}

GuiLadder *gui_ladder_new(const GuiPath *const *paths, unsigned count, double width,
                          const GuiTheme *theme)
{
    GuiLadder *ladder = g_new0(GuiLadder, 1);
    cairo_surface_t *nowhere = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
    cairo_t *cr = cairo_create(nowhere);
    double gap = GAP * theme->scale, y = 0;
    bool beside = (width - gap * (count - 1)) / count >= PANEL_WIDTH * theme->scale;
    double panel_width = beside ? (width - gap * (count - 1)) / count : width;

    ladder->theme = theme;
    ladder->count = count;
    ladder->panels = g_new0(Panel, count);
    for (unsigned i = 0; i < count; i++) {
        Panel *panel = &ladder->panels[i];

        panel->path = paths[i];
        panel->rows = g_array_new(FALSE, TRUE, sizeof(Row));
        panel->box = (GuiRect){beside ? i * (panel_width + gap) : 0, beside ? 0 : y,
                               MAX(panel_width, scaled(ladder, 300)), 0};
        lay_out_panel(ladder, panel, cr);
        y = panel->box.y + panel->box.height + gap;
        ladder->height = MAX(ladder->height, panel->box.y + panel->box.height);
    }
    for (unsigned i = 0; beside && i < count; i++)
        ladder->panels[i].box.height = ladder->height;
    cairo_destroy(cr);
    cairo_surface_destroy(nowhere);
    return ladder;
}

void gui_ladder_free(GuiLadder *ladder)
{
    if (!ladder)
        return;
    for (unsigned i = 0; i < ladder->count; i++)
        g_array_unref(ladder->panels[i].rows);
    g_free(ladder->panels);
    g_free(ladder);
}

double gui_ladder_height(const GuiLadder *ladder)
{
    return ladder->height;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

static void draw_lanes(const GuiLadder *ladder, const Panel *panel, cairo_t *cr)
{
    const GuiTheme *theme = ladder->theme;
    double bottom = panel->box.y + panel->box.height - scaled(ladder, PAD) / 2;
    double border = lane_x(ladder, panel, GUI_LEVEL_KERNEL) + scaled(ladder, LANE_WIDTH) / 2;
    const double dashes[] = {4, 4};

    for (unsigned level = 0; level < GUI_LEVEL_COUNT; level++) {
        double x = lane_x(ladder, panel, (GuiLevel)level);

        gui_set_colour(cr, theme->inset, 1);
        gui_rounded(cr,
                    (GuiRect){x - scaled(ladder, LANE_WIDTH) / 2 + 2, panel->rows_y - 4,
                              scaled(ladder, LANE_WIDTH) - 4, bottom - panel->rows_y + 4},
                    4);
        cairo_fill(cr);
        gui_set_colour(cr, theme->ink, 1);
        gui_text(cr, theme, &head_style, x, panel->head_y, scaled(ladder, LANE_WIDTH) - 2,
                 gui_level_name(panel->path->architecture, (GuiLevel)level));
    }
    /* Left of it is the guest. */
    gui_set_colour(cr, theme->dim, 1);
    cairo_set_line_width(cr, 1.5);
    cairo_set_dash(cr, dashes, 2, 0);
    cairo_move_to(cr, border, panel->head_y - scaled(ladder, 8));
    cairo_line_to(cr, border, bottom);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
}

static GuiPoint dot_at(const GuiLadder *ladder, const Panel *panel, unsigned number)
{
    const Row *row = &g_array_index(panel->rows, Row, number);
    const GuiPathStep *step = &g_array_index(panel->path->steps, GuiPathStep, number);
    double line = gui_text_height(ladder->theme, &note_style);

    return (GuiPoint){lane_x(ladder, panel, step->level),
                      row->y + (step->crossing ? line : 0) +
                          gui_text_height(ladder->theme, &text_style) / 2};
}

/* Down, then across to the next dot, with a head where it comes from the side. */
static void draw_way(const GuiLadder *ladder, cairo_t *cr, GuiPoint from, GuiPoint to)
{
    double side = to.x > from.x ? -1 : 1, reach = scaled(ladder, DOT);

    gui_set_colour(cr, ladder->theme->line, 1);
    cairo_set_line_width(cr, 2 * ladder->theme->scale);
    cairo_move_to(cr, from.x, from.y + reach);
    cairo_line_to(cr, from.x, to.x == from.x ? to.y - reach : to.y);
    if (to.x != from.x)
        cairo_line_to(cr, to.x + side * reach, to.y);
    cairo_stroke(cr);
    if (to.x == from.x)
        return;
    cairo_move_to(cr, to.x + side * reach, to.y);
    cairo_rel_line_to(cr, side * 1.4 * reach, -0.8 * reach);
    cairo_rel_line_to(cr, 0, 1.6 * reach);
    cairo_close_path(cr);
    cairo_fill(cr);
}

static void draw_step(const GuiLadder *ladder, const Panel *panel, cairo_t *cr, unsigned number)
{
    const GuiTheme *theme = ladder->theme;
    const Row *row = &g_array_index(panel->rows, Row, number);
    const GuiPathStep *step = &g_array_index(panel->path->steps, GuiPathStep, number);
    GuiPoint dot = dot_at(ladder, panel, number);
    double line = gui_text_height(theme, &note_style), y = row->y;
    GuiRect box = text_box(ladder, panel, y);

    if (number > 0)
        draw_way(ladder, cr, dot_at(ladder, panel, number - 1), dot);
    cairo_arc(cr, dot.x, dot.y, scaled(ladder, DOT), 0, 2 * G_PI);
    gui_set_colour(cr, step->recorded ? theme->accent : theme->card, 1);
    cairo_fill_preserve(cr);
    gui_set_colour(cr, step->recorded ? theme->accent : theme->line, 1);
    cairo_set_line_width(cr, 2 * theme->scale);
    cairo_stroke(cr);
    if (step->crossing) {
        gui_set_colour(cr, theme->accent, 1);
        gui_text(cr, theme, &note_style, box.x, y + line / 2, box.width, step->crossing);
        y += line;
    }
    gui_set_colour(cr, step->recorded ? theme->ink : theme->dim, 1);
    box.y = y;
    gui_text_wrapped(cr, theme, &text_style, box, step->text);
}

void gui_ladder_draw(const GuiLadder *ladder, cairo_t *cr, double height)
{
    const GuiTheme *theme = ladder->theme;

    for (unsigned i = 0; i < ladder->count; i++) {
        const Panel *panel = &ladder->panels[i];
        double x = panel->box.x + scaled(ladder, PAD);
        double inner = panel->box.width - 2 * scaled(ladder, PAD);

        gui_paint_card(cr, gui_rect_inset(panel->box, 0.5), 10, theme->card, theme->card_line, 1);
        gui_set_colour(cr, theme->ink, 1);
        gui_text(cr, theme, &title_style, x,
                 panel->box.y + scaled(ladder, PAD) + gui_text_height(theme, &title_style) / 2,
                 inner, panel->path->title);
        gui_set_colour(cr, theme->dim, 1);
        gui_text_wrapped(cr, theme, &note_style, (GuiRect){x, panel->note_y, inner, 1000},
                         panel->path->note);
        draw_lanes(ladder, panel, cr);
        for (unsigned step = 0; step < panel->path->steps->len; step++)
            draw_step(ladder, panel, cr, step);
    }
}

/* ---- Things -----------------------------------------------------------------------------------
 */

char *gui_ladder_step_words(const GuiPath *path, unsigned number)
{
    const GuiPathStep *step = &g_array_index(path->steps, GuiPathStep, number);

    return g_strdup_printf(
        _("Step %u of %u, %s%s%s: %s%s"), number + 1, path->steps->len,
        gui_level_words(path->architecture, step->level), step->crossing ? _(", after ") : "",
        step->crossing ? step->crossing : "", step->text, step->recorded ? _(" (recorded)") : "");
}

GArray *gui_ladder_items(const GuiLadder *ladder)
{
    GArray *items = gui_items_new();

    for (unsigned i = 0; i < ladder->count; i++) {
        const Panel *panel = &ladder->panels[i];

        for (unsigned number = 0; number < panel->path->steps->len; number++) {
            const GuiPathStep *step = &g_array_index(panel->path->steps, GuiPathStep, number);
            const Row *row = &g_array_index(panel->rows, Row, number);
            g_autofree char *words = gui_ladder_step_words(panel->path, number);

            gui_items_add(items, (GuiEntity){GUI_ENTITY_EVENT, i + 1, number + 1, step->event},
                          (GuiRect){panel->box.x + scaled(ladder, PAD), row->y - 3,
                                    panel->box.width - 2 * scaled(ladder, PAD), row->height + 6},
                          g_strdup_printf("%s. %s", panel->path->title, words));
        }
    }
    return items;
}
