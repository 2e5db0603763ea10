/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage-kept.c: drawing the stage.
 *
 * Most of it stands still while frames move, and an event changes one or two things of
 * it. So all that stands still is kept as pixels. Each thing there has a box and a
 * number that says what it looks like; where a number is another than it was, the box
 * is painted anew, with whatever else is seen in it.
 */
#include "gui/draw/stage-private.h"

#include <string.h>

/* Borders, shadows and plugs reach this far beyond a thing's box, in units. */
#define BESIDE 6.0

typedef enum { THING_HOST, THING_CABLE, THING_PART, THING_VM, THING_PORT } ThingKind;

typedef struct {
    ThingKind kind;
    guint index; /* in the stage's list of its kind */
    GuiRect box; /* in units */
    uint64_t state;
    bool changed;
} Thing;

struct StageKept {
    GuiLayer *layer;
    GArray *things;    /* of Thing, in the order in which they are drawn */
    SimReader *reader; /* of the trace that was painted */
    GuiEntity host;    /* that was selected then, for its border is around everything */
};

StageKept *stage_kept_new(void)
{
    StageKept *kept = g_new0(StageKept, 1);

    kept->layer = gui_layer_new();
    kept->things = g_array_new(FALSE, FALSE, sizeof(Thing));
    return kept;
}

void stage_kept_free(StageKept *kept)
{
    if (!kept)
        return;
    gui_layer_free(kept->layer);
    g_array_unref(kept->things);
    g_free(kept);
}

uint64_t stage_mix_text(uint64_t sum, const char *text)
{
    return text ? stage_mix(sum, g_str_hash(text) ^ (uint64_t)strlen(text) << 32)
                : stage_mix(sum, 1);
}

/* ---- Things ----------------------------------------------------------------------------- */

static GuiRect cable_box(const StageCable *cable)
{
    GuiPoint low = cable->points[0], high = low;

    for (unsigned i = 1; i < cable->count; i++) {
        low.x = MIN(low.x, cable->points[i].x);
        low.y = MIN(low.y, cable->points[i].y);
        high.x = MAX(high.x, cable->points[i].x);
        high.y = MAX(high.y, cable->points[i].y);
    }
    return (GuiRect){low.x, low.y, high.x - low.x, high.y - low.y};
}

static void add_thing(GArray *things, ThingKind kind, guint index, GuiRect box)
{
    Thing thing = {.kind = kind, .index = index, .box = gui_rect_inset(box, -BESIDE)};

    g_array_append_val(things, thing);
}

static void find_things(const GuiStage *stage, GArray *things)
{
    if (things->len > 0)
        return;
    for (guint i = 0; i < stage->hosts->len; i++)
        add_thing(things, THING_HOST, i, g_array_index(stage->hosts, StageHost, i).box);
    for (guint i = 0; i < stage->cables->len; i++)
        add_thing(things, THING_CABLE, i, cable_box(&g_array_index(stage->cables, StageCable, i)));
    for (guint i = 0; i < stage->parts->len; i++)
        add_thing(things, THING_PART, i, g_array_index(stage->parts, StagePart, i).box);
    for (guint i = 0; i < stage->vms->len; i++)
        add_thing(things, THING_VM, i, g_array_index(stage->vms, StageVm, i).box);
    for (guint i = 0; i < stage->ports->len; i++) {
        if (stage_port(stage, i)->placed)
            add_thing(things, THING_PORT, i, stage_port(stage, i)->box);
    }
}

static uint64_t state_of(const GuiStage *stage, const GuiScene *scene, const Thing *thing)
{
    switch (thing->kind) {
    case THING_HOST:
        return stage_host_state(scene, &g_array_index(stage->hosts, StageHost, thing->index));
    case THING_CABLE:
        return stage_cable_state(scene, &g_array_index(stage->cables, StageCable, thing->index));
    case THING_PART:
        return stage_part_state(stage, scene,
                                &g_array_index(stage->parts, StagePart, thing->index));
    case THING_VM: return stage_vm_state(scene, &g_array_index(stage->vms, StageVm, thing->index));
    case THING_PORT: return stage_port_state(scene, thing->index);
    }
    return 0;
}

static void draw_thing(const GuiStage *stage, cairo_t *cr, const GuiScene *scene,
                       const Thing *thing)
{
    switch (thing->kind) {
    case THING_HOST:
        stage_draw_host(stage, cr, scene, &g_array_index(stage->hosts, StageHost, thing->index));
        break;
    case THING_CABLE:
        stage_draw_cable(stage, cr, scene, &g_array_index(stage->cables, StageCable, thing->index));
        break;
    case THING_PART:
        stage_draw_part(stage, cr, scene, &g_array_index(stage->parts, StagePart, thing->index));
        break;
    case THING_VM:
        stage_draw_vm(stage, cr, scene, &g_array_index(stage->vms, StageVm, thing->index));
        break;
    case THING_PORT: stage_draw_port(stage, cr, scene, thing->index); break;
    }
}

/* ---- Painting ----------------------------------------------------------------------------- */

static void to_units(const GuiStage *stage, cairo_t *cr)
{
    cairo_scale(cr, stage->zoom, stage->zoom);
    cairo_translate(cr, 0, stage->shift_y);
}

static GuiRect in_pixels(const GuiStage *stage, GuiRect box)
{
    return (GuiRect){box.x * stage->zoom, (box.y + stage->shift_y) * stage->zoom,
                     box.width * stage->zoom, box.height * stage->zoom};
}

/* Of the host's box only what is in its header changes. */
static GuiRect changing_box(const GuiStage *stage, const Thing *thing)
{
    const StageHost *host;
    GuiRect box;

    if (thing->kind != THING_HOST)
        return thing->box;
    host = &g_array_index(stage->hosts, StageHost, thing->index);
    box = host->header;
    box.height += MAX(host->pcpus.y + host->pcpus.height - box.y - box.height, 0);
    return gui_rect_inset(box, -BESIDE);
}

static void draw_things(const GuiStage *stage, cairo_t *cr, const GuiScene *scene,
                        const GArray *things, const GuiRect *within)
{
    for (guint i = 0; i < things->len; i++) {
        const Thing *thing = &g_array_index(things, Thing, i);
        if (!within || gui_rect_overlaps(thing->box, *within))
            draw_thing(stage, cr, scene, thing);
    }
}

void stage_draw_still(const GuiStage *stage, cairo_t *cr, const GuiScene *scene)
{
    g_autoptr(GArray) things = g_array_new(FALSE, FALSE, sizeof(Thing));

    find_things(stage, things);
    gui_set_colour(cr, stage->theme.ground, 1);
    cairo_paint(cr);
    cairo_save(cr);
    to_units(stage, cr);
    draw_things(stage, cr, scene, things, NULL);
    cairo_restore(cr);
}

static void repaint_box(const GuiStage *stage, cairo_t *cr, const GuiScene *scene, GuiRect box)
{
    GuiRect outer = gui_layer_outer(stage->kept->layer, in_pixels(stage, box));

    cairo_save(cr);
    cairo_rectangle(cr, outer.x, outer.y, outer.width, outer.height);
    cairo_clip(cr);
    gui_set_colour(cr, stage->theme.ground, 1);
    cairo_paint(cr);
    to_units(stage, cr);
    draw_things(stage, cr, scene, stage->kept->things, &box);
    cairo_restore(cr);
}

/* FALSE: what has changed is told by the things. */
static bool all_changed(StageKept *kept, const GuiScene *scene)
{
    GuiEntity host = scene->selected.kind == GUI_ENTITY_HOST ? scene->selected : GUI_NOTHING;
    bool changed = kept->reader != scene->reader || !gui_entity_equal(kept->host, host);

    kept->reader = scene->reader;
    kept->host = host;
    return changed;
}

static void update(const GuiStage *stage, const GuiScene *scene, bool empty)
{
    StageKept *kept = stage->kept;
    bool all = all_changed(kept, scene) || empty;
    cairo_t *cr = gui_layer_begin(kept->layer);

    find_things(stage, kept->things);
    for (guint i = 0; i < kept->things->len; i++) {
        Thing *thing = &g_array_index(kept->things, Thing, i);
        uint64_t state = state_of(stage, scene, thing);
        thing->changed = state != thing->state;
        thing->state = state;
    }
    for (guint i = 0; i < kept->things->len && !all; i++) {
        const Thing *thing = &g_array_index(kept->things, Thing, i);
        if (thing->changed)
            repaint_box(stage, cr, scene, changing_box(stage, thing));
    }
    if (all)
        stage_draw_still(stage, cr, scene);
    cairo_destroy(cr);
}

void gui_stage_draw(const GuiStage *stage, cairo_t *cr, const GuiScene *scene)
{
    double width, height;
    bool empty;

    gui_stage_size(stage, &width, &height);
    cairo_save(cr);
    if (gui_layer_fit(stage->kept->layer, cr, width, height, &empty)) {
        update(stage, scene, empty);
        gui_layer_show(stage->kept->layer, cr);
    } else {
        stage_draw_still(stage, cr, scene);
    }
    to_units(stage, cr);
    stage_draw_envelopes(stage, cr, scene);
    stage_draw_happenings(stage, cr, scene);
    cairo_restore(cr);
}
