/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage-frames.c: frames on cables, as envelopes with the protocol's name.
 *
 * An envelope is where its frame is: as far along the cable as time has come between
 * leaving and arriving. Those too near to each other to be told apart share one, with
 * their number.
 */
#include <math.h>
#include <string.h>

#include "gui/draw/paint.h"
#include "gui/draw/stage-private.h"

static const struct {
    double width, height, text;
} sizes[] = {
    [STAGE_FULL] = {54, 36, 0.85}, [STAGE_COMPACT] = {44, 30, 0.75}, [STAGE_TINY] = {36, 24, 0.64}};

static double progress(const SimFlight *flight, uint64_t time)
{
    if (time <= flight->departs_ns)
        return 0;
    if (time >= flight->arrives_ns)
        return 1;
    return (double)(time - flight->departs_ns) / (double)(flight->arrives_ns - flight->departs_ns);
}

/* Is the frame addressed to all? */
static bool is_broadcast(const GuiScene *scene, uint64_t frame)
{
    GuiFrameInfo info;

    return scene->frames && scene->reader &&
           gui_frames_info(scene->frames, scene->reader, frame, &info) && info.kept >= 6 &&
           (info.bytes[0] & 1);
}

static bool place_envelope(const GuiStage *stage, const GuiScene *scene, const SimFlight *flight,
                           StageEnvelope *ret)
{
    unsigned count;
    const GuiPoint *way = stage_cable(stage, flight->from, &count);
    double height = sizes[stage->form].height, length, edge;

    if (!way || stage_port(stage, flight->from)->cable != stage_port(stage, flight->to)->cable)
        return false;
    /* From just outside one end to just before the other. */
    length = gui_path_length(way, count);
    edge = MIN((height / 2 + 2) / MAX(length, 1), 0.5);
    double along = edge + (1 - 2 * edge) * progress(flight, scene->time);
    GuiPoint at = gui_path_at(way, count, along);
    GuiPoint ahead = gui_path_at(way, count, MIN(along + edge, 1));
    *ret = (StageEnvelope){.flight = *flight,
                           .count = 1,
                           .box = stage_envelope_box(stage, at),
                           .way = {ahead.x - at.x, ahead.y - at.y},
                           .waiting = scene->time < flight->departs_ns};
    return true;
}

/* Envelopes that lie on each other: those of the same way become one, those of opposite
 * ways move aside. */
static bool join(GArray *envelopes, guint first, StageEnvelope *next)
{
    for (guint i = envelopes->len; i-- > first;) {
        StageEnvelope *one = &g_array_index(envelopes, StageEnvelope, i);
        GuiPoint a = gui_rect_centre(one->box), b = gui_rect_centre(next->box);
        if (fabs(a.y - b.y) >= next->box.height * 0.8 || fabs(a.x - b.x) >= next->box.width * 0.6)
            continue;
        if (one->flight.from == next->flight.from && one->flight.to == next->flight.to) {
            one->count++;
            return true;
        }
        if (one->flight.from == next->flight.to && a.x == b.x) {
            one->box.x -= next->box.width / 2 + 1;
            next->box.x += next->box.width / 2 + 1;
        }
    }
    return false;
}

static int by_cable(const void *a, const void *b)
{
    const SimFlight *one = a, *other = b;
    uint32_t one_low = MIN(one->from, one->to), other_low = MIN(other->from, other->to);

    if (one_low != other_low)
        return one_low < other_low ? -1 : 1;
    if (one->from != other->from)
        return one->from < other->from ? -1 : 1;
    if (one->arrives_ns != other->arrives_ns)
        return one->arrives_ns < other->arrives_ns ? -1 : 1;
    return one->frame < other->frame ? -1 : one->frame > other->frame;
}

/* Frames on cables, and those that stand at an end of one; g_free(). */
static SimFlight *all_flights(const GuiScene *scene, unsigned *ret_count)
{
    unsigned count;
    SimFlight *flights = sim_model_flights(scene->model, &count);

    *ret_count = count + scene->standing_count;
    flights = g_renew(SimFlight, flights, *ret_count + 1);
    for (unsigned i = 0; i < scene->standing_count; i++)
        flights[count + i] = scene->standing[i];
    return flights;
}

GArray *stage_envelopes(const GuiStage *stage, const GuiScene *scene)
{
    GArray *envelopes = g_array_new(FALSE, FALSE, sizeof(StageEnvelope));
    unsigned count;
    g_autofree SimFlight *flights = all_flights(scene, &count);
    guint first = 0;
    uint32_t cable = SIM_MODEL_NO_PORT;

    qsort(flights, count, sizeof(*flights), by_cable);
    for (unsigned i = 0; i < count; i++) {
        StageEnvelope next;
        uint32_t low = MIN(flights[i].from, flights[i].to);
        if (low != cable)
            first = envelopes->len;
        cable = low;
        if (!place_envelope(stage, scene, &flights[i], &next) || join(envelopes, first, &next))
            continue;
        next.protocol = stage_frame_protocol(scene, flights[i].frame);
        next.broadcast = is_broadcast(scene, flights[i].frame);
        g_array_append_val(envelopes, next);
    }
    return envelopes;
}

/* ---- Drawing --------------------------------------------------------------------------------- */

/* Waves at both sides of a frame to all. */
static void draw_waves(cairo_t *cr, const GuiTheme *theme, GuiRect box)
{
    double y = box.y + box.height / 2;

    gui_set_colour(cr, theme->ink, 0.75);
    cairo_set_line_width(cr, 1.6);
    for (int i = 0; i < 2; i++) {
        double radius = 5 + 4.5 * i;
        cairo_new_sub_path(cr);
        cairo_arc(cr, box.x - 1, y, radius, G_PI - 0.75, G_PI + 0.75);
        cairo_new_sub_path(cr);
        cairo_arc(cr, box.x + box.width + 1, y, radius, -0.75, 0.75);
    }
    cairo_stroke(cr);
}

/* A protocol's name may be smaller than others before it is cut. */
static void draw_label(const GuiStage *stage, cairo_t *cr, GuiRect band, const char *protocol)
{
    GuiTextStyle style = {.size = sizes[stage->form].text, .bold = true, .align = GUI_ALIGN_CENTRE};
    double room = band.width - 3, width = gui_text_width(&stage->theme, &style, protocol);

    if (width > room)
        style.size *= MAX(room / width, 0.7);
    gui_set_colour(cr, (GuiColour){1, 1, 1}, 1);
    gui_text(cr, &stage->theme, &style, band.x + band.width / 2, band.y + band.height / 2,
             band.width - 2, protocol);
}

GuiRect stage_envelope_box(const GuiStage *stage, GuiPoint centre)
{
    double width = sizes[stage->form].width, height = sizes[stage->form].height;

    return (GuiRect){centre.x - width / 2, centre.y - height / 2, width, height};
}

const char *stage_frame_protocol(const GuiScene *scene, uint64_t frame)
{
    return scene->frames && scene->reader ? gui_frames_protocol(scene->frames, scene->reader, frame)
                                          : "?";
}

void stage_draw_paper(const GuiStage *stage, cairo_t *cr, GuiRect box, const char *protocol,
                      bool broadcast)
{
    const GuiTheme *theme = &stage->theme;
    double flap = box.height * 0.42;
    GuiRect band = {box.x + 1, box.y + flap + 1, box.width - 2, box.height - flap - 2};

    if (broadcast)
        draw_waves(cr, theme, box);
    gui_paint_card(cr, box, 4, theme->paper, theme->paper_ink, 1.4);
    cairo_move_to(cr, box.x + 1.5, box.y + 1.5);
    cairo_line_to(cr, box.x + box.width / 2, box.y + flap);
    cairo_line_to(cr, box.x + box.width - 1.5, box.y + 1.5);
    gui_set_colour(cr, theme->paper_ink, 0.8);
    cairo_set_line_width(cr, 1.2);
    cairo_stroke(cr);
    gui_rounded(cr, band, 3);
    gui_set_colour(cr, gui_protocol_colour(theme, protocol), 1);
    cairo_fill(cr);
    draw_label(stage, cr, band, protocol);
}

/* On a screen many envelopes look the same: each kind is drawn once and then copied. */
#define STAMP_MARGIN 16.0

typedef struct {
    const char *protocol; /* the stamps' keys are the label and whether it goes to all */
    bool broadcast;
    cairo_surface_t *surface;
} Stamp;

typedef struct {
    GArray *stamps;
    double scale; /* pixels per unit; 0: no copies, everything is drawn */
} Stamps;

static void stamp_clear(void *data)
{
    cairo_surface_destroy(((Stamp *)data)->surface);
}

static Stamps stamps_new(cairo_t *cr)
{
    double x = 1, y = 0;
    Stamps stamps = {.stamps = g_array_new(FALSE, FALSE, sizeof(Stamp))};

    g_array_set_clear_func(stamps.stamps, stamp_clear);
    cairo_user_to_device_distance(cr, &x, &y);
    if (cairo_surface_get_type(cairo_get_group_target(cr)) == CAIRO_SURFACE_TYPE_IMAGE && y == 0)
        stamps.scale = x;
    return stamps;
}

static cairo_surface_t *find_stamp(const GuiStage *stage, Stamps *stamps, const StageEnvelope *one)
{
    Stamp stamp = {one->protocol, one->broadcast, NULL};
    double width = one->box.width, height = one->box.height;

    for (guint i = 0; i < stamps->stamps->len; i++) {
        const Stamp *known = &g_array_index(stamps->stamps, Stamp, i);
        if (known->broadcast == one->broadcast && strcmp(known->protocol, one->protocol) == 0)
            return known->surface;
    }
    stamp.surface = cairo_image_surface_create(
        CAIRO_FORMAT_ARGB32, (int)ceil((width + 2 * STAMP_MARGIN) * stamps->scale),
        (int)ceil((height + 2 * STAMP_MARGIN) * stamps->scale));
    cairo_t *cr = cairo_create(stamp.surface);
    cairo_scale(cr, stamps->scale, stamps->scale);
    stage_draw_paper(stage, cr, (GuiRect){STAMP_MARGIN, STAMP_MARGIN, width, height}, one->protocol,
                     one->broadcast);
    cairo_destroy(cr);
    g_array_append_val(stamps->stamps, stamp);
    return stamp.surface;
}

static void stamp_paper(const GuiStage *stage, cairo_t *cr, Stamps *stamps,
                        const StageEnvelope *one)
{
    double x = one->box.x - STAMP_MARGIN, y = one->box.y - STAMP_MARGIN;
    cairo_surface_t *surface = find_stamp(stage, stamps, one);

    /* At whole pixels, so that it stays sharp. */
    cairo_user_to_device(cr, &x, &y);
    cairo_save(cr);
    cairo_identity_matrix(cr);
    cairo_set_source_surface(cr, surface, round(x), round(y));
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_paint(cr);
    cairo_restore(cr);
}

/* A point at the side that goes ahead. */
static void draw_point(cairo_t *cr, const GuiTheme *theme, const StageEnvelope *one)
{
    bool upright = fabs(one->way.y) >= fabs(one->way.x);
    double side = upright ? (one->way.y < 0 ? -1 : 1) : (one->way.x < 0 ? -1 : 1);
    double half = (upright ? one->box.height : one->box.width) / 2, base = one->box.height * 0.2;
    GuiPoint middle = gui_rect_centre(one->box);
    GuiPoint tip = middle, left = middle, right = middle;

    *(upright ? &tip.y : &tip.x) += side * (half + base);
    *(upright ? &left.y : &left.x) += side * (half - 1);
    *(upright ? &right.y : &right.x) += side * (half - 1);
    *(upright ? &left.x : &left.y) -= base * 1.1;
    *(upright ? &right.x : &right.y) += base * 1.1;
    cairo_move_to(cr, tip.x, tip.y);
    cairo_line_to(cr, left.x, left.y);
    cairo_line_to(cr, right.x, right.y);
    cairo_close_path(cr);
    gui_set_colour(cr, theme->ink, 1);
    cairo_fill(cr);
}

static void draw_envelope(const GuiStage *stage, cairo_t *cr, const GuiScene *scene, Stamps *stamps,
                          const StageEnvelope *one)
{
    const GuiTheme *theme = &stage->theme;
    GuiRect box = one->box;
    bool chosen =
        scene->selected.kind == GUI_ENTITY_FRAME && scene->selected.number == one->flight.frame;

    for (unsigned i = MIN(one->count - 1, 2); i > 0; i--)
        gui_paint_card(cr, (GuiRect){box.x + 3.0 * i, box.y - 3.0 * i, box.width, box.height}, 4,
                       theme->paper, theme->paper_ink, 1);
    draw_point(cr, theme, one);
    if (chosen)
        gui_paint_card(cr, gui_rect_inset(box, -4), 7, theme->accent, theme->accent, 1);
    if (stamps->scale > 0)
        stamp_paper(stage, cr, stamps, one);
    else
        stage_draw_paper(stage, cr, box, one->protocol, one->broadcast);
    if (one->count > 1) {
        g_autofree char *text = g_strdup_printf("\303\227%u", one->count);
        gui_paint_tag(cr, theme, box.x + box.width - 8, box.y - 2, 0.7, theme->ink, theme->card,
                      text);
    }
}

void stage_draw_envelopes(const GuiStage *stage, cairo_t *cr, const GuiScene *scene)
{
    g_autoptr(GArray) envelopes = stage_envelopes(stage, scene);
    Stamps stamps = stamps_new(cr);

    for (guint i = 0; i < envelopes->len; i++)
        draw_envelope(stage, cr, scene, &stamps, &g_array_index(envelopes, StageEnvelope, i));
    g_array_unref(stamps.stamps);
}
