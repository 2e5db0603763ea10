/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.c: each half of the picture is a timeline of its own with a title above it. */
#include "gui/draw/compare.h"

#include <glib/gi18n.h>

#include "gui/draw/paint.h"
#include "gui/draw/text.h"

#define TITLE_HEIGHT 26.0

static const GuiTextStyle title_style = {.bold = true}, note_style = {.size = 0.88};

typedef struct {
    double y, height; /* of the timeline, title excluded */
    GuiTimeline layout;
    GuiTimelineView view;
} Half;

static Half half_of(const GuiCompare *compare, unsigned number, double width, double height)
{
    double title = TITLE_HEIGHT * compare->theme->scale, each = height / 2;
    Half half = {.y = number * each + title, .height = each - title};

    half.layout = gui_timeline_layout(gui_session_lanes(compare->sessions[number]), width,
                                      half.height, compare->theme);
    half.view.span = compare->span;
    return half;
}

uint64_t gui_compare_time_at(const GuiCompare *compare, double width, double height, double x)
{
    Half half = half_of(compare, 0, width, height);

    return gui_timeline_time_at(&half.layout, &half.view, x);
}

static void draw_parting(const GuiCompare *compare, cairo_t *cr, const Half *half, bool note)
{
    const GuiTheme *theme = compare->theme;
    uint64_t time = gui_parting_time(&compare->parting);
    double x = gui_timeline_x(&half->layout, &half->view, time);
    const double dashes[] = {5, 4};

    if (time < compare->span.from || time >= compare->span.to)
        return;
    gui_set_colour(cr, theme->bad, 1);
    cairo_set_line_width(cr, 2);
    cairo_set_dash(cr, dashes, 2, 0);
    cairo_move_to(cr, x, half->layout.axis_height - 6);
    cairo_line_to(cr, x, half->height - half->layout.legend_height);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
    if (!note)
        return;

    const char *text = _("they part ways here");
    double wide = gui_tag_width(theme, note_style.size, text);
    double most = half->layout.width - wide - 4; /* beside the title, wherever that ends */
    double least = MIN(24 + gui_text_width(theme, &title_style, compare->titles[0]), most);
    double left = CLAMP(x - wide / 2, least, most);

    gui_paint_tag(cr, theme, left, -TITLE_HEIGHT * theme->scale / 2, note_style.size, theme->bad,
                  theme->ground, text);
}

void gui_compare_draw(const GuiCompare *compare, cairo_t *cr, double width, double height)
{
    const GuiTheme *theme = compare->theme;

    gui_set_colour(cr, theme->ground, 1);
    cairo_paint(cr);
    for (unsigned i = 0; i < 2; i++) {
        Half half = half_of(compare, i, width, height);
        GuiScene scene = gui_scene(compare->sessions[i], 0);

        gui_set_colour(cr, theme->ink, 1);
        gui_text(cr, theme, &title_style, 12, half.y - TITLE_HEIGHT * theme->scale / 2, width - 24,
                 compare->titles[i]);
        cairo_save(cr);
        cairo_translate(cr, 0, half.y);
        cairo_save(cr);
        cairo_rectangle(cr, 0, 0, width, half.height);
        cairo_clip(cr);
        gui_timeline_draw(&half.layout, &half.view, cr, gui_session_lanes(compare->sessions[i]),
                          &scene, NULL);
        cairo_restore(cr);
        if (compare->parting.known && !compare->parting.same)
            draw_parting(compare, cr, &half, i == 0);
        cairo_restore(cr);
        gui_scene_clear(&scene);
    }
}

GArray *gui_compare_items(const GuiCompare *compare, double width, double height)
{
    GArray *all = gui_items_new();

    for (unsigned i = 0; i < 2; i++) {
        Half half = half_of(compare, i, width, height);
        g_autoptr(GArray) items =
            gui_timeline_items(&half.layout, &half.view, gui_session_lanes(compare->sessions[i]));

        for (unsigned n = 0; n < items->len; n++) {
            const GuiItem *item = &g_array_index(items, GuiItem, n);
            GuiEntity entity = item->entity;
            GuiRect box = {0, item->box.y + half.y, half.layout.gutter, item->box.height};

            entity.number = i + 1;
            gui_items_add(
                all, entity, box,
                g_strdup_printf(_("%s run: %s"), i == 0 ? _("First") : _("Second"), item->name));
        }
    }
    return all;
}
