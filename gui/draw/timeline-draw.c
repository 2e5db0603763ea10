/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline-draw.c: axis, names, names in bars, the selected time, the legend. */
#include <math.h>

#include "gui/draw/layer.h"

#include <glib/gi18n.h>
#include "gui/draw/paint.h"
#include "gui/draw/timeline-private.h"

static double rows_bottom(const GuiTimeline *timeline)
{
    return timeline->height - timeline->legend_height;
}

/* ---- The axis ----------------------------------------------------------------------------- */

static void draw_axis(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr)
{
    const GuiTheme *theme = timeline->theme;
    double pixels = timeline->width - timeline->gutter;
    GuiTicks ticks = gui_ticks(view->span, pixels, 110 * theme->scale);
    double y = timeline->axis_height;

    for (unsigned i = 0; i < ticks.count; i++) {
        uint64_t time = ticks.first + i * ticks.step;
        double x = floor(gui_timeline_x(timeline, view, time)) + 0.5;
        g_autofree char *label = gui_tick_label(time, ticks.step);
        double half = gui_text_width(theme, GUI_TEXT(.size = 0.85), label) / 2;
        gui_set_colour(cr, theme->dim, 1);
        gui_text(cr, theme, GUI_TEXT(.size = 0.85, .align = GUI_ALIGN_CENTRE),
                 CLAMP(x, timeline->gutter + half, timeline->width - half - 4), y / 2, 0, label);
    }
    for (unsigned i = 0; i < ticks.count; i++) {
        double x = floor(gui_timeline_x(timeline, view, ticks.first + i * ticks.step));
        cairo_rectangle(cr, x, y - 6, 1, rows_bottom(timeline) - y + 6);
    }
    gui_set_colour(cr, theme->line, 0.28);
    cairo_fill(cr);
    gui_set_colour(cr, theme->line, 0.6);
    for (uint64_t i = 0; ticks.minor > 1 && i <= (uint64_t)(ticks.count + 1) * ticks.minor; i++) {
        uint64_t base = ticks.first >= ticks.step ? ticks.first - ticks.step : 0;
        uint64_t time = base + i * (ticks.step / ticks.minor);
        double x = floor(gui_timeline_x(timeline, view, time));
        if (time >= view->span.from && x <= timeline->width)
            cairo_rectangle(cr, x, y - 3, 1, 3);
    }
    cairo_fill(cr);
}

/* ---- Names -------------------------------------------------------------------------------- */

static void draw_name(const GuiTimeline *timeline, cairo_t *cr, const GuiLanes *lanes,
                      GuiEntity selected, unsigned row, GuiRect box)
{
    const GuiTheme *theme = timeline->theme;
    GuiLaneInfo info = gui_lanes_info(lanes, row);
    GuiEntity entity = info.is_pcpu
                           ? (GuiEntity){.kind = GUI_ENTITY_PCPU, .a = info.pcpu}
                           : (GuiEntity){.kind = GUI_ENTITY_VCPU, .a = info.vm, .b = info.vcpu};
    GuiRect bar = timeline_bar(timeline, box, info.is_pcpu);
    double y = bar.y + bar.height / 2, x = 12 * theme->scale;
    double size = CLAMP(bar.height / theme->text, 0.7, 1);
    const GuiTextStyle style = {.size = size, .bold = info.is_pcpu};

    if (gui_entity_within(entity, selected)) {
        cairo_rectangle(cr, 0, box.y, timeline->width, box.height);
        gui_set_colour(cr, theme->accent, 0.13);
        cairo_fill(cr);
    }
    if (!info.is_pcpu) {
        gui_paint_owner(cr, theme, (GuiRect){x, y - 6, 12, 12}, info.vm);
        x += 18;
    }
    g_autofree char *name = timeline_name(theme, &style, info, timeline->gutter - x - 6);
    gui_set_colour(cr, theme->ink, 1);
    gui_text(cr, theme, &style, x, y, timeline->gutter - x - 6, name);
}

/* Names in stretches that are wide enough for them. */
static void draw_stretch_names(const GuiTimeline *timeline, const GuiTimelineView *view,
                               cairo_t *cr, const GuiLanes *lanes, unsigned row, GuiRect bar)
{
    enum { MOST = 200 };
    const GuiTheme *theme = timeline->theme;
    GuiLaneInfo info = gui_lanes_info(lanes, row);
    GuiStretch stretches[MOST];
    unsigned count =
        gui_lanes_stretches(lanes, row, view->span.from, view->span.to, stretches, MOST);

    if (count > MOST || bar.height < 12 * theme->scale)
        return;
    for (unsigned i = 0; i < count; i++) {
        double left = MAX(gui_timeline_x(timeline, view, stretches[i].from), timeline->gutter);
        double right = stretches[i].to == SIM_TIME_NEVER
                           ? timeline->width
                           : MIN(gui_timeline_x(timeline, view, stretches[i].to), timeline->width);
        const char *text = info.is_pcpu ? gui_lanes_vm_name(lanes, stretches[i].vm)
                                        : gui_state_word((GuiVcpuClass)stretches[i].class);
        bool quiet = !info.is_pcpu && stretches[i].class != GUI_VCPU_RUNNING &&
                     stretches[i].class != GUI_VCPU_READY;
        if (!text || (!info.is_pcpu && stretches[i].class == GUI_VCPU_OFF) ||
            gui_tag_width(theme, 0.8, text) + 6 > right - left)
            continue;
        double width = gui_tag_width(theme, 0.8, text), middle = (left + right) / 2;
        double y = bar.y + bar.height / 2;
        if (quiet) {
            gui_set_colour(cr, theme->dim, 1);
            gui_text(cr, theme, GUI_TEXT(.size = 0.8, .align = GUI_ALIGN_CENTRE), middle, y, 0,
                     text);
        } else {
            gui_paint_tag(cr, theme, middle - width / 2, y, MIN(0.8, bar.height / 22), theme->card,
                          theme->ink, text);
        }
    }
}

/* ---- Times ------------------------------------------------------------------------------------
 */

static void draw_marked(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr)
{
    const GuiTheme *theme = timeline->theme;
    double left, right;

    if (view->marked.to <= view->marked.from)
        return;
    left =
        CLAMP(gui_timeline_x(timeline, view, view->marked.from), timeline->gutter, timeline->width);
    right =
        CLAMP(gui_timeline_x(timeline, view, view->marked.to), timeline->gutter, timeline->width);
    cairo_rectangle(cr, left, timeline->axis_height - 4, right - left,
                    rows_bottom(timeline) - timeline->axis_height + 4);
    gui_set_colour(cr, theme->accent, 0.18);
    cairo_fill_preserve(cr);
    gui_set_colour(cr, theme->accent, 0.9);
    cairo_set_line_width(cr, 1.5);
    cairo_stroke(cr);
}

static void draw_now(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr,
                     uint64_t time)
{
    const GuiTheme *theme = timeline->theme;
    double x = gui_timeline_x(timeline, view, time), width;
    g_autofree char *label = gui_tick_label(time, 1);

    if (time < view->span.from || x > timeline->width + 1)
        return;
    x = MIN(x, timeline->width - 2);
    cairo_rectangle(cr, floor(x) - 0.5, timeline->axis_height - 8, 2,
                    rows_bottom(timeline) - timeline->axis_height + 8);
    gui_set_colour(cr, theme->accent, 1);
    cairo_fill(cr);
    width = gui_tag_width(theme, 0.85, label);
    gui_paint_tag(cr, theme, CLAMP(x - width / 2, timeline->gutter, timeline->width - width - 2),
                  timeline->axis_height / 2, 0.85, theme->accent, theme->card, label);
}

/* ---- The legend ---------------------------------------------------------------------------------
 */

static const struct {
    GuiVcpuClass class;
    const char *text;
} legend_states[] = {{GUI_VCPU_RUNNING, N_("running")},
                     {GUI_VCPU_READY, N_("ready, another one runs (steal)")},
                     {GUI_VCPU_BLOCKED, N_("blocked")}};

#define LEGEND_TEXT  GUI_TEXT(.size = 0.85)
#define LEGEND_START 12.0
#define MARKS_WORDS  _("marks, from above:")

static double states_legend_width(const GuiTheme *theme)
{
    double width = LEGEND_START * theme->scale;

    for (size_t i = 0; i < G_N_ELEMENTS(legend_states); i++)
        width += gui_text_width(theme, LEGEND_TEXT, _(legend_states[i].text)) + 46 * theme->scale;
    return width;
}

static double marks_legend_width(const GuiTheme *theme)
{
    double width = gui_text_width(theme, LEGEND_TEXT, MARKS_WORDS) + 10 * theme->scale;

    for (unsigned kind = 0; kind < GUI_MARK_COUNT; kind++)
        width += gui_text_width(theme, LEGEND_TEXT, timeline_mark_word(kind)) + 31 * theme->scale;
    return width;
}

unsigned timeline_legend_lines(const GuiTheme *theme, double width)
{
    return states_legend_width(theme) + marks_legend_width(theme) <= width ? 1 : 2;
}

/* From x on; where it ends. */
static double draw_states_legend(const GuiTheme *theme, cairo_t *cr, double x, double y)
{
    double s = theme->scale;

    for (size_t i = 0; i < G_N_ELEMENTS(legend_states); i++) {
        GuiRect box = {x, y - 6 * s, 22 * s, 12 * s};
        gui_paint_state(cr, theme, box, legend_states[i].class);
        if (legend_states[i].class == GUI_VCPU_BLOCKED) {
            gui_rounded(cr, box, 4);
            gui_set_colour(cr, gui_mix(theme->blocked, theme->inset, 0.55), 1);
            cairo_fill(cr);
        }
        gui_set_colour(cr, theme->dim, 1);
        x += 28 * s;
        x += gui_text(cr, theme, LEGEND_TEXT, x, y, 0, _(legend_states[i].text)) + 18 * s;
    }
    return x;
}

static void draw_marks_legend(const GuiTheme *theme, cairo_t *cr, double x, double y)
{
    double s = theme->scale;

    gui_set_colour(cr, theme->dim, 1);
    x += gui_text(cr, theme, LEGEND_TEXT, x, y, 0, MARKS_WORDS) + 10 * s;
    for (unsigned kind = 0; kind < GUI_MARK_COUNT; kind++) {
        cairo_rectangle(cr, x, y + (kind - 1.5) * 4 * s - 1.5 * s, 12 * s, 3 * s);
        gui_set_colour(cr, timeline_mark_colour(theme, kind), 1);
        cairo_fill(cr);
        gui_set_colour(cr, theme->dim, 1);
        x += 17 * s;
        x += gui_text(cr, theme, LEGEND_TEXT, x, y, 0, timeline_mark_word(kind)) + 14 * s;
    }
}

static void draw_legend(const GuiTimeline *timeline, cairo_t *cr)
{
    const GuiTheme *theme = timeline->theme;
    double s = theme->scale, x = LEGEND_START * s, y = rows_bottom(timeline) + 17 * s;

    cairo_rectangle(cr, 0, rows_bottom(timeline), timeline->width, timeline->legend_height);
    gui_set_colour(cr, theme->ground, 1);
    cairo_fill(cr);
    double end = draw_states_legend(theme, cr, x, y);
    if (timeline_legend_lines(theme, timeline->width) == 1)
        draw_marks_legend(theme, cr, end, y);
    else
        draw_marks_legend(theme, cr, x, y + 20 * s);
}

/* ---- All of it ------------------------------------------------------------------------------ */

/* All but the selected time, which moves. */
static void draw_still(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr,
                       const GuiLanes *lanes, GuiEntity selected)
{
    const GuiTheme *theme = timeline->theme;
    double bottom = rows_bottom(timeline);

    gui_set_colour(cr, theme->ground, 1);
    cairo_paint(cr);
    cairo_save(cr);
    cairo_rectangle(cr, 0, timeline->axis_height - 10, timeline->width,
                    MAX(bottom - timeline->axis_height + 10, 0));
    cairo_clip(cr);
    timeline_paint_bars(timeline, view, cr, lanes);
    for (unsigned row = 0; row < MIN(timeline->rows, gui_lanes_count(lanes)); row++) {
        GuiRect box = gui_timeline_row(timeline, view, row);
        if (box.y + box.height < timeline->axis_height || box.y > bottom)
            continue;
        draw_name(timeline, cr, lanes, selected, row, box);
        draw_stretch_names(timeline, view, cr, lanes, row,
                           timeline_bar(timeline, box, row < timeline->pcpus));
    }
    cairo_restore(cr);
    cairo_rectangle(cr, 0, 0, timeline->width, timeline->axis_height - 10);
    gui_set_colour(cr, theme->ground, 1);
    cairo_fill(cr);
    draw_axis(timeline, view, cr);
    draw_marked(timeline, view, cr);
    draw_legend(timeline, cr);
}

/* All that the still part of a picture follows from. */
typedef struct {
    uint64_t lanes;
    GuiTimelineView view;
    double width, height, scale;
    GuiThemeKind theme;
    GuiEntity selected;
    const char *font;
} Key;

struct GuiTimelineCache {
    GuiLayer *layer;
    Key key; /* of the last picture */
    bool painted;
};

GuiTimelineCache *gui_timeline_cache_new(void)
{
    GuiTimelineCache *cache = g_new0(GuiTimelineCache, 1);

    cache->layer = gui_layer_new();
    return cache;
}

void gui_timeline_cache_free(GuiTimelineCache *cache)
{
    if (!cache)
        return;
    gui_layer_free(cache->layer);
    g_free(cache);
}

static bool same_key(const Key *one, const Key *other)
{
    return one->lanes == other->lanes && one->view.span.from == other->view.span.from &&
           one->view.span.to == other->view.span.to &&
           one->view.marked.from == other->view.marked.from &&
           one->view.marked.to == other->view.marked.to &&
           one->view.scroll_y == other->view.scroll_y && one->width == other->width &&
           one->height == other->height && one->scale == other->scale &&
           one->theme == other->theme && gui_entity_equal(one->selected, other->selected) &&
           g_strcmp0(one->font, other->font) == 0;
}

/* FALSE: it has to be drawn. */
static bool draw_kept(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr,
                      const GuiLanes *lanes, GuiEntity selected, GuiTimelineCache *cache)
{
    const GuiTheme *theme = timeline->theme;
    Key key = {gui_lanes_revision(lanes),
               *view,
               timeline->width,
               timeline->height,
               theme->scale,
               theme->kind,
               selected,
               theme->font};
    bool empty;

    if (!gui_layer_fit(cache->layer, cr, timeline->width, timeline->height, &empty))
        return false;
    if (empty || !same_key(&key, &cache->key)) {
        /* While somebody zooms, or a run grows, each picture is another one. */
        cache->key = key;
        cache->painted = false;
        return false;
    }
    if (!cache->painted) {
        cairo_t *own = gui_layer_begin(cache->layer);
        draw_still(timeline, view, own, lanes, selected);
        cairo_destroy(own);
        cache->painted = true;
    }
    gui_layer_show(cache->layer, cr);
    return true;
}

void gui_timeline_draw(const GuiTimeline *timeline, const GuiTimelineView *view, cairo_t *cr,
                       const GuiLanes *lanes, const GuiScene *scene, GuiTimelineCache *cache)
{
    if (!cache || !draw_kept(timeline, view, cr, lanes, scene->selected, cache))
        draw_still(timeline, view, cr, lanes, scene->selected);
    draw_now(timeline, view, cr, scene->time);
}
