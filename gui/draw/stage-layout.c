/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage-layout.c: where hosts and VMs are.
 *
 * VMs stand in a grid. The cables of those in upper rows go down through the gaps
 * between the columns, so a gap is as wide as the cables in it need.
 */
#include "gui/draw/stage-private.h"

#include <math.h>

#define MARGIN     12.0
#define PAD        14.0
#define HEADER     34.0
#define PCPU       30.0
#define ROW_GAP    24.0
#define PLUG_WIDTH 26.0

static const struct {
    double width, height, gap, cable_gap, plug;
    double lane;  /* between cables in a gap */
    double frame; /* room for an envelope in a gap, where there is room */
} forms[] = {
    [STAGE_FULL] = {182, 138, 18, 84, 16, 10, 54},
    [STAGE_COMPACT] = {112, 70, 14, 56, 12, 8, 44},
    [STAGE_TINY] = {62, 36, 10, 44, 8, 6, 36},
};

/* ---- The grid --------------------------------------------------------------------- */

typedef struct {
    unsigned columns, rows, lanes;
    double gap, width;
} Grid;

static unsigned most_nics(const SimModel *model)
{
    unsigned most = 0;

    for (guint i = 0; i < model->vms->len; i++)
        most = MAX(most, sim_model_vm(model, i)->nic_count);
    return most;
}

/* The grid of count VMs with the fewest rows that is no wider than width. */
static Grid choose_grid(StageForm form, unsigned count, unsigned nics, double width)
{
    Grid grid = {.columns = 1, .rows = MAX(count, 1)};

    for (unsigned rows = 1; rows <= MAX(count, 1); rows++) {
        unsigned columns = (count + rows - 1) / rows;
        double gap = MAX(forms[form].gap, 8 + ((rows - 1) * MIN(nics, 4) + 1) * forms[form].lane);
        grid = (Grid){.columns = MAX(columns, 1), .rows = rows, .gap = gap};
        if (columns * (forms[form].width + gap) <= width)
            break;
    }
    /* A little wider where there is room. */
    double room = width / grid.columns - grid.gap;
    grid.width = CLAMP(room, forms[form].width, forms[form].width * 1.3);
    grid.gap = CLAMP(width / grid.columns - grid.width, grid.gap,
                     grid.gap + forms[form].frame + (grid.rows == 1 ? 16 : 0));
    grid.lanes = (grid.rows - 1) * MIN(nics, 4);
    return grid;
}

static void place_plug(GuiStage *stage, uint32_t port, double x, double y)
{
    StagePort *place = stage_port(stage, port);
    double width = stage->form == STAGE_TINY ? 12 : PLUG_WIDTH;

    if (!place)
        return;
    place->box = (GuiRect){x - width / 2, y, width, forms[stage->form].plug};
    place->at = (GuiPoint){x, y + forms[stage->form].plug};
    place->placed = true;
    place->below = true;
}

static void place_vm(GuiStage *stage, const SimModel *model, uint32_t number, GuiRect box,
                     const Grid *grid, unsigned row)
{
    StageVm *place = &g_array_index(stage->vms, StageVm, number);
    const SimModelVm *vm = sim_model_vm(model, number);
    double lane = forms[stage->form].lane;
    unsigned nics = grid->rows > 1 ? grid->lanes / (grid->rows - 1) : 1;

    /* The lanes of upper rows lie in the middle of the gap at the left, those of the
     * uppermost row outermost. */
    *place = (StageVm){.vm = number, .box = box, .row = row, .lane = lane};
    if (row > 0)
        place->lane_x = box.x - grid->gap / 2 +
                        ((double)(grid->rows - 1 - row) * nics - (grid->lanes - 1) / 2.0) * lane;
    for (unsigned i = 0; i < vm->nic_count; i++) {
        double x = box.x + box.width * (i + 1) / (vm->nic_count + 1);
        place_plug(stage, vm->nics[i].port, x, box.y + box.height);
    }
}

/* ---- Hosts --------------------------------------------------------------------------- */

static unsigned vms_of(const SimModel *model, uint32_t host)
{
    unsigned count = 0;

    for (guint i = 0; i < model->vms->len; i++)
        count += sim_model_vm(model, i)->host == host;
    return count;
}

/* The host's VMs from (x, y) on; the y below them. */
static double place_vms(GuiStage *stage, const SimModel *model, uint32_t host, GuiRect area)
{
    unsigned count = vms_of(model, host), number = 0;
    Grid grid = choose_grid(stage->form, count, most_nics(model), area.width);
    double height = forms[stage->form].height, step = grid.width + grid.gap;
    double plug = forms[stage->form].plug, x = area.x, y = area.y;
    double used = grid.columns * step;

    x += MAX((area.width - used) / 2, 0);
    for (guint i = 0; i < model->vms->len; i++) {
        if (sim_model_vm(model, i)->host != host)
            continue;
        unsigned column = number % grid.columns, row = number / grid.columns;
        /* The gap is left of each column: there the cables of upper rows go. */
        double before = grid.rows > 1 ? grid.gap : grid.gap / 2;
        GuiRect box = {x + before + column * step, y + row * (height + plug + ROW_GAP), grid.width,
                       height};
        place_vm(stage, model, i, box, &grid, grid.rows - 1 - row);
        number++;
    }
    stage->width = MAX(stage->width, x + used + PAD + MARGIN);
    return y + grid.rows * (height + plug) + (grid.rows - 1) * ROW_GAP;
}

static double place_host(GuiStage *stage, const SimModel *model, uint32_t number, double x,
                         double width)
{
    StageHost host = {.host = number, .box = {x, MARGIN, width, 0}};
    double y = MARGIN;
    bool pcpus = stage->form != STAGE_TINY;

    host.header = (GuiRect){x + PAD, y, width - 2 * PAD, HEADER};
    host.pcpus = (GuiRect){x + PAD, y + HEADER, width - 2 * PAD, pcpus ? PCPU - 6 : 0};
    y += HEADER + (pcpus ? PCPU + 4 : 0);
    y = place_vms(stage, model, number, (GuiRect){x + PAD, y, width - 2 * PAD, 0});
    host.box.height = y + PAD - MARGIN;
    g_array_append_val(stage->hosts, host);
    return y;
}

/* All hosts side by side, as wide as they have VMs; the y below their VMs. */
static double place_hosts(GuiStage *stage, const SimModel *model, double width)
{
    double x = MARGIN, bottom = 0, room = width - 2 * MARGIN;
    unsigned hosts = model->hosts->len;
    double gaps = MARGIN * (hosts > 1 ? hosts - 1 : 0);

    for (guint i = 0; i < hosts; i++) {
        double share = (vms_of(model, i) + 1.0) / (model->vms->len + hosts);
        double own = (room - gaps) * share;
        double below = place_host(stage, model, i, x, own);
        bottom = MAX(bottom, below);
        x += own + MARGIN;
    }
    return MAX(bottom, MARGIN + HEADER);
}

static void close_host(GuiStage *stage, const SimModel *model, double vms_bottom)
{
    if (stage->hosts->len == 1) {
        StageHost *host = &g_array_index(stage->hosts, StageHost, 0);
        double bottom = stage_parts_bottom(stage, model, false, vms_bottom);
        host->box.width = MAX(host->box.width, stage->width - 2 * MARGIN);
        host->box.height = bottom + PAD - host->box.y;
        stage->inside = host->box;
    }
}

double stage_place(GuiStage *stage, const SimModel *model, double extra_gap)
{
    double y, vms_bottom, width = stage->asked_width / stage->zoom;

    stage->width = width;
    stage->gap = forms[stage->form].cable_gap * (stage->tight ? 0.68 : 1) + extra_gap;
    g_array_set_size(stage->hosts, 0);
    g_array_set_size(stage->cables, 0);
    for (guint i = 0; i < stage->ports->len; i++)
        *stage_port(stage, i) =
            (StagePort){.cable = -1, .part_index = stage_port(stage, i)->part_index};
    vms_bottom = place_hosts(stage, model, width);
    if (stage->hosts->len > 1)
        vms_bottom += PAD;
    y = stage_place_parts(stage, model, vms_bottom, stage->gap);
    close_host(stage, model, vms_bottom);
    stage_lay_cables(stage, model);
    return MAX(y, vms_bottom) + PAD + MARGIN;
}
