/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage-draw-net.c: switches and other parts, cables, ports, and what just happened there. */
#include <math.h>
#include <string.h>

#include "gui/draw/paint.h"

#include <glib/gi18n.h>
#include "gui/draw/stage-private.h"
#include "gui/session/names.h"

static bool port_up(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);

    return port && port->up;
}

static bool selected_port(const GuiScene *scene, uint32_t port)
{
    const SimModelPort *found = sim_model_port(scene->model, port);

    return (scene->selected.kind == GUI_ENTITY_PORT && scene->selected.a == port) ||
           (found && scene->selected.kind == GUI_ENTITY_NIC && found->vm == scene->selected.a &&
            found->nic == scene->selected.b);
}

/* ---- Cables ---------------------------------------------------------------------------- */

static void cable_path(cairo_t *cr, const StageCable *cable)
{
    for (unsigned i = 0; i < cable->count; i++) {
        GuiPoint here = cable->points[i];
        if (i == 0 || i == cable->count - 1) {
            cairo_line_to(cr, here.x, here.y);
            continue;
        }
        /* Corners are round. */
        GuiPoint before = cable->points[i - 1], after = cable->points[i + 1];
        double in = hypot(here.x - before.x, here.y - before.y);
        double out = hypot(after.x - here.x, after.y - here.y);
        double radius = MIN(6, MIN(in, out) / 2);
        if (in < 0.5 || out < 0.5)
            continue;
        cairo_line_to(cr, here.x + (before.x - here.x) * radius / in,
                      here.y + (before.y - here.y) * radius / in);
        cairo_curve_to(cr, here.x, here.y, here.x, here.y,
                       here.x + (after.x - here.x) * radius / out,
                       here.y + (after.y - here.y) * radius / out);
    }
}

/* An unplugged cable hangs from the far end: dashed, and short of the plug. */
static void draw_unplugged(cairo_t *cr, const GuiTheme *theme, const StageCable *cable)
{
    const double dashes[2] = {4, 4};
    GuiPoint plug = cable->points[0], next = cable->points[1];
    double length = hypot(next.x - plug.x, next.y - plug.y);
    double short_of = MIN(14, length / 2) / MAX(length, 1);
    StageCable cut = *cable;

    cut.points[0].x += (next.x - plug.x) * short_of;
    cut.points[0].y += (next.y - plug.y) * short_of;
    cairo_set_dash(cr, dashes, 2, 0);
    gui_set_colour(cr, theme->bad, 1);
    cairo_set_line_width(cr, 2);
    cairo_new_path(cr);
    cable_path(cr, &cut);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_rectangle(cr, cut.points[0].x - 5, cut.points[0].y - 3, 10, 7);
    cairo_fill(cr);
}

void stage_draw_cable(const GuiStage *stage, cairo_t *cr, const GuiScene *scene,
                      const StageCable *cable)
{
    const GuiTheme *theme = &stage->theme;
    bool chosen = selected_port(scene, cable->a) || selected_port(scene, cable->b);

    if (!port_up(scene->model, cable->a) || !port_up(scene->model, cable->b)) {
        draw_unplugged(cr, theme, cable);
        return;
    }
    /* Ground beside the line keeps cables apart where one passes another. */
    cairo_new_path(cr);
    cable_path(cr, cable);
    gui_set_colour(cr, gui_mix(theme->ground, theme->card, 0.55), 1);
    cairo_set_line_width(cr, 6);
    cairo_stroke_preserve(cr);
    gui_set_colour(cr, chosen ? theme->accent : theme->line, 1);
    cairo_set_line_width(cr, chosen ? 4 : 2.4);
    cairo_stroke(cr);
}

uint64_t stage_cable_state(const GuiScene *scene, const StageCable *cable)
{
    return (uint64_t)(selected_port(scene, cable->a) || selected_port(scene, cable->b)) << 1 |
           (port_up(scene->model, cable->a) && port_up(scene->model, cable->b));
}

/* ---- Ports ------------------------------------------------------------------------------- */

static void draw_plug(const GuiStage *stage, cairo_t *cr, const GuiScene *scene, uint32_t number,
                      GuiRect box)
{
    const GuiTheme *theme = &stage->theme;
    bool up = port_up(scene->model, number), chosen = selected_port(scene, number);
    const SimModelPort *port = sim_model_port(scene->model, number);

    gui_paint_card(cr, box, 3, up ? theme->card : theme->inset,
                   chosen ? theme->accent
                   : up   ? theme->line
                          : theme->bad,
                   chosen ? 3 : 1.6);
    if (stage->form == STAGE_TINY)
        return;
    g_autofree char *label =
        stage->form == STAGE_FULL ? g_strdup(_("nic")) : g_strdup_printf("%u", port->nic);
    gui_set_colour(cr, up ? theme->dim : theme->bad, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.68, .align = GUI_ALIGN_CENTRE), box.x + box.width / 2,
             box.y + box.height / 2, 0, label);
}

bool stage_port_waits(const SimModelPort *port)
{
    return port->standby || (port->in_tree && port->tree_state != SIM_TREE_FORWARDING);
}

static void draw_barrier(cairo_t *cr, const GuiTheme *theme, const StagePort *place)
{
    double y = place->at.y + (place->below ? 4 : -4);

    cairo_rectangle(cr, place->at.x - 9, y - 2, 18, 4);
    gui_set_colour(cr, theme->warn, 1);
    cairo_fill(cr);
}

static void draw_socket(const GuiStage *stage, cairo_t *cr, const GuiScene *scene, uint32_t number,
                        GuiRect box)
{
    const GuiTheme *theme = &stage->theme;
    const SimModelPort *port = sim_model_port(scene->model, number);
    bool chosen = selected_port(scene, number), closed = port->up && stage_port_waits(port);
    g_autofree char *label = g_strdup_printf("%u", port->number);

    gui_paint_card(cr, box, 3, theme->inset,
                   chosen      ? theme->accent
                   : !port->up ? theme->bad
                   : closed    ? theme->warn
                               : theme->line,
                   chosen || closed ? 3 : 1.3);
    if (closed) /* a barrier across the cable */
        draw_barrier(cr, theme, stage_port(stage, number));
    if (box.width < 12)
        return;
    gui_set_colour(cr, port->up ? theme->ink : theme->bad, 1);
    gui_text(cr, theme,
             GUI_TEXT(.size = stage->form == STAGE_TINY ? 0.6 : 0.72, .align = GUI_ALIGN_CENTRE),
             box.x + box.width / 2, box.y + box.height / 2, 0, label);
}

void stage_draw_port(const GuiStage *stage, cairo_t *cr, const GuiScene *scene, uint32_t number)
{
    const StagePort *place = stage_port(stage, number);
    const SimModelPort *port = sim_model_port(scene->model, number);

    if (!place->placed || !port)
        return;
    if (port->vm != SIM_NONE)
        draw_plug(stage, cr, scene, number, place->box);
    else
        draw_socket(stage, cr, scene, number, place->box);
}

uint64_t stage_port_state(const GuiScene *scene, uint32_t port)
{
    const SimModelPort *own = sim_model_port(scene->model, port);

    return (uint64_t)selected_port(scene, port) << 2 |
           (uint64_t)(own && stage_port_waits(own)) << 1 | port_up(scene->model, port);
}

/* ---- Decisions ------------------------------------------------------------ */

static char *decision_text(const GuiScene *scene, const GuiHappening *happening)
{
    const SimModelPort *port = sim_model_port(scene->model, happening->port);

    switch (happening->kind) {
    case GUI_HAPPENED_FLOOD: return g_strdup(_("flooded: a copy to every other port"));
    case GUI_HAPPENED_FORWARD:
        return port ? g_strdup_printf(_("forwarded to port %u only"), port->number) : NULL;
    case GUI_HAPPENED_LEARNED:
        return port ? g_strdup_printf(_("learned an address at port %u"), port->number) : NULL;
    default: return NULL;
    }
}

char *stage_decision(const GuiStage *stage, const GuiScene *scene, const StagePart *part,
                     bool *ret_fresh)
{
    const GuiHappening *last = NULL;
    uint64_t newest = 0;

    for (unsigned i = 0; i < scene->happening_count; i++) {
        const GuiHappening *one = &scene->happenings[i];
        const StagePort *port = stage_port(stage, one->port);
        if (one->kind <= GUI_HAPPENED_LEARNED && one->kind != GUI_HAPPENED_DROP && port &&
            port->placed && sim_model_port(scene->model, one->port)->vm == SIM_NONE &&
            &g_array_index(stage->parts, StagePart, port->part_index) == part &&
            !(last && one->kind == GUI_HAPPENED_LEARNED))
            last = one;
        newest = MAX(newest, one->time);
    }
    for (unsigned i = 0; i < scene->standing_count; i++)
        newest = MAX(newest, scene->standing[i].arrives_ns);
    *ret_fresh = last && last->time >= newest;
    return last ? decision_text(scene, last) : NULL;
}

/* ---- Parts --------------------------------------------------------------------------------- */

static double label_y(const StagePart *part)
{
    return part->box.y + part->box.height / 2;
}

static unsigned count_addresses(const SimModelNetwork *network, uint32_t part)
{
    unsigned count = 0;

    for (guint i = 0; i < network->macs->len; i++)
        count += g_array_index(network->macs, SimModelMacRow, i).part == part;
    return count;
}

/* As much as there is room for; NULL: nothing. g_free(). */
static char *about_text(const GuiTheme *theme, const StagePart *part,
                        const SimModelNetwork *network, double room)
{
    unsigned known = count_addresses(network, part->part);
    const char *mode = gui_name(SIM_NAMES(NetMode), network->mode);
    char *texts[] = {
        g_strdup_printf(
            ngettext("switch (%s), %u address known", "switch (%s), %u addresses known", known),
            mode, known),
        g_strdup_printf(ngettext("%u address known", "%u addresses known", known), known),
        g_strdup_printf(ngettext("%u address", "%u addresses", known), known)};
    char *fitting = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (!fitting && gui_text_width(theme, GUI_TEXT(.size = 0.85), texts[i]) <= room)
            fitting = texts[i];
        else
            g_free(texts[i]);
    }
    return fitting;
}

/* Beside a switch's name: what it is, and at the right what it decided last. */
static void draw_about(const GuiStage *stage, cairo_t *cr, const GuiScene *scene,
                       const StagePart *part, const SimModelNetwork *network, double used)
{
    const GuiTheme *theme = &stage->theme;
    bool fresh;
    g_autofree char *decision = stage_decision(stage, scene, part, &fresh);
    double x = part->box.x + 12 + used, right = part->box.x + part->box.width - 12, width;

    if (decision) {
        width = gui_tag_width(theme, 0.85, decision);
        if (width < right - x) {
            gui_paint_tag(cr, theme, right - width, label_y(part), 0.85,
                          fresh ? theme->accent : gui_mix(theme->card, theme->accent, 0.3),
                          fresh ? theme->card : theme->ink, decision);
            right -= width + 10;
        }
    }
    g_autofree char *about = about_text(theme, part, network, right - x);
    gui_set_colour(cr, theme->dim, 1);
    if (about)
        gui_text(cr, theme, GUI_TEXT(.size = 0.85), x, label_y(part), 0, about);
}

static GuiEntity part_entity(const StagePart *part)
{
    return part->is_switch ? (GuiEntity){.kind = GUI_ENTITY_NETWORK, .a = part->network}
                           : (GuiEntity){.kind = GUI_ENTITY_PART, .a = part->part};
}

void stage_draw_part(const GuiStage *stage, cairo_t *cr, const GuiScene *scene,
                     const StagePart *part)
{
    const GuiTheme *theme = &stage->theme;
    const SimModelNetwork *network = sim_model_network(scene->model, part->network);
    bool chosen = gui_entity_equal(part_entity(part), scene->selected);
    double x = part->box.x + 12, room = part->box.width - 24;
    GuiColour fill = part->is_switch ? gui_mix(theme->card, theme->accent, 0.10) : theme->card;

    gui_paint_card(cr, part->box, part->is_switch ? 8 : 12, fill,
                   chosen            ? theme->accent
                   : part->is_switch ? gui_mix(theme->line, theme->accent, 0.4)
                                     : theme->line,
                   chosen ? 3 : 1.5);
    gui_set_colour(cr, theme->ink, 1);
    if (!part->is_switch) {
        gui_text(cr, theme, GUI_TEXT(.bold = true, .align = GUI_ALIGN_CENTRE),
                 part->box.x + part->box.width / 2, label_y(part), room, part->title);
        return;
    }
    double width = gui_text(cr, theme, GUI_TEXT(.bold = true), x, label_y(part), room, part->title);
    if (!network || room - width < 70)
        return;
    draw_about(stage, cr, scene, part, network, width + 10);
}

uint64_t stage_part_state(const GuiStage *stage, const GuiScene *scene, const StagePart *part)
{
    const SimModelNetwork *network = sim_model_network(scene->model, part->network);
    bool fresh = false;
    g_autofree char *decision = part->is_switch ? stage_decision(stage, scene, part, &fresh) : NULL;
    uint64_t sum = stage_mix_text(fresh, decision);

    if (network && part->is_switch) {
        sum = stage_mix(sum, count_addresses(network, part->part));
        sum = stage_mix(sum, (uint64_t)network->mode);
    }
    return stage_mix(sum, gui_entity_equal(part_entity(part), scene->selected));
}

/* ---- What just happened ---------------------------------------------------------------------- */

/* What a tag must not hide, if there is any place where it need not: other tags, crosses, and
 * frames on their way. Other tags it never hides: where frames are dropped at many places at
 * once, only those whose tag lies on no other say why. */
#define MOST_TAGS 64u

typedef struct {
    GuiRect tags[MOST_TAGS], crosses[MOST_TAGS];
    unsigned tag_count, cross_count;
    const GArray *envelopes; /* of StageEnvelope */
} Tags;

static bool covers_any(const GArray *envelopes, GuiRect box)
{
    for (guint i = 0; i < envelopes->len; i++) {
        if (gui_rect_overlaps(box, g_array_index(envelopes, StageEnvelope, i).box))
            return true;
    }
    return false;
}

static bool tag_fits(const GuiStage *stage, const Tags *tags, GuiRect box, bool hides_nothing)
{
    bool fits = box.x >= 2 && box.x + box.width <= stage->width - 2 && tags->tag_count < MOST_TAGS;

    for (unsigned i = 0; i < tags->tag_count && fits; i++)
        fits = !gui_rect_overlaps(box, tags->tags[i]);
    for (unsigned i = 0; i < tags->cross_count && fits && hides_nothing; i++)
        fits = !gui_rect_overlaps(box, tags->crosses[i]);
    return fits && !(hides_nothing && covers_any(tags->envelopes, box));
}

/* Beside the paper, or beyond it, away from the port. False: there is no room. */
static bool place_tag(const GuiStage *stage, const Tags *tags, GuiRect paper, double cross,
                      bool below, double width, double height, GuiRect *ret)
{
    for (unsigned attempt = 0; attempt < 16; attempt++) {
        bool hides_nothing = attempt < 12, left = attempt % 2;
        unsigned row = hides_nothing ? attempt / 2 : 0;
        double x = left ? paper.x - cross * 0.8 - width : paper.x + paper.width + 6;
        double y = paper.y + (paper.height - height) / 2 + (below ? 1.0 : -1.0) * row * height / 2;
        *ret = (GuiRect){x, y, width, height};
        if (tag_fits(stage, tags, *ret, hides_nothing))
            return true;
    }
    return false;
}

static void draw_cross(const GuiTheme *theme, cairo_t *cr, GuiPoint at, double size)
{
    GuiRect box = {at.x - size / 2, at.y - size / 2, size, size};

    cairo_new_sub_path(cr);
    cairo_arc(cr, at.x, at.y, size * 0.72, 0, 2 * G_PI);
    gui_set_colour(cr, theme->card, 1);
    cairo_fill_preserve(cr);
    gui_set_colour(cr, theme->bad, 1);
    cairo_set_line_width(cr, size / 9);
    cairo_stroke(cr);
    gui_paint_cross(cr, gui_rect_inset(box, size * 0.27), theme->bad, size / 6.5);
}

static const double cross_sizes[] = {[STAGE_FULL] = 20, [STAGE_COMPACT] = 16, [STAGE_TINY] = 12};

/* Where a frame that was dropped at a port lies: just outside of it. */
static GuiRect dropped_paper(const GuiStage *stage, const StagePort *port)
{
    GuiRect paper = stage_envelope_box(stage, gui_rect_centre(port->box));

    paper.y += (port->below ? 1 : -1) * (port->box.height / 2 + paper.height / 2 + 2);
    return paper;
}

/* The frame itself, crossed out where it ended, and beside it why; how many ended there. Other
 * frames at that place stay in sight. */
static void draw_drop(const GuiStage *stage, cairo_t *cr, const GuiScene *scene,
                      const GuiHappening *happening, unsigned count, Tags *tags)
{
    const GuiTheme *theme = &stage->theme;
    const StagePort *port = stage_port(stage, happening->port);
    g_autofree char *text =
        count > 1 ? g_strdup_printf(_("dropped \303\227%u: %s"), count, _(happening->why))
                  : g_strdup_printf(_("dropped: %s"), _(happening->why));
    double size = cross_sizes[stage->form], letters = stage->form == STAGE_FULL ? 0.9 : 0.75;
    double width = gui_tag_width(theme, letters, text), height = theme->text * letters * 1.7;
    double age = scene->linger_ns ? (double)(scene->time - happening->time) / scene->linger_ns : 0;
    GuiRect paper = dropped_paper(stage, port), box;

    cairo_push_group(cr);
    if (!covers_any(tags->envelopes, paper))
        stage_draw_paper(stage, cr, paper, stage_frame_protocol(scene, happening->frame), false);
    draw_cross(theme, cr, (GuiPoint){paper.x + 2, paper.y + 4}, size);
    if (place_tag(stage, tags, paper, size, port->below, width, height, &box)) {
        gui_paint_tag(cr, theme, box.x, box.y + height / 2, letters, theme->bad, theme->card, text);
        tags->tags[tags->tag_count++] = box;
    }
    cairo_pop_group_to_source(cr);
    cairo_paint_with_alpha(cr, 1 - 0.55 * MIN(age, 1));
}

/* The drops that are seen at one port as one. */
typedef struct {
    const GuiHappening *last;
    unsigned count;
} Drops;

static Drops *drops_at(Drops *all, unsigned *count, const GuiHappening *drop)
{
    for (unsigned i = 0; i < *count; i++) {
        if (all[i].last->port == drop->port)
            return &all[i];
    }
    if (*count == MOST_TAGS)
        return NULL;
    all[*count] = (Drops){.last = drop};
    return &all[(*count)++];
}

void stage_draw_happenings(const GuiStage *stage, cairo_t *cr, const GuiScene *scene)
{
    Tags tags = {.tag_count = 0};
    Drops all[MOST_TAGS];
    unsigned count = 0;

    /* The last one first: what is newest says why. */
    for (unsigned i = scene->happening_count; i-- > 0;) {
        const GuiHappening *one = &scene->happenings[i];
        const StagePort *port = stage_port(stage, one->port);
        Drops *drops = one->kind == GUI_HAPPENED_DROP && port && port->placed
                           ? drops_at(all, &count, one)
                           : NULL;
        if (drops && drops->last->why == one->why)
            drops->count++;
    }
    if (count == 0)
        return;
    g_autoptr(GArray) envelopes = stage_envelopes(stage, scene);
    tags.envelopes = envelopes;
    for (unsigned i = 0; i < count; i++) {
        GuiRect paper = dropped_paper(stage, stage_port(stage, all[i].last->port));
        double size = cross_sizes[stage->form];
        tags.crosses[tags.cross_count++] =
            (GuiRect){paper.x - size * 0.8, paper.y - size * 0.8, size * 1.7, size * 1.7};
    }
    for (unsigned i = 0; i < count; i++)
        draw_drop(stage, cr, scene, all[i].last, all[i].count, &tags);
}
