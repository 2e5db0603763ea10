/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage-draw-vm.c: hosts and the cards of VMs. */
#include <math.h>
#include <string.h>

#include "gui/draw/paint.h"

#include <glib/gi18n.h>
#include "gui/draw/stage-private.h"
#include "netsim/proto/text.h"
#include "gui/session/names.h"

/* ---- The host ------------------------------------------------------------------------ */

static void draw_pcpu(const GuiStage *stage, cairo_t *cr, const GuiScene *scene, GuiRect box,
                      unsigned number)
{
    const GuiTheme *theme = &stage->theme;
    const SimModelPcpu *pcpu = sim_model_pcpu(scene->model, number);
    const SimModelVm *vm = sim_model_vm(scene->model, pcpu->vm);
    GuiEntity entity = {.kind = GUI_ENTITY_PCPU, .a = number};
    bool chosen = gui_entity_equal(entity, scene->selected);
    g_autofree char *label = g_strdup_printf("pCPU %u", number);
    double x = box.x + 8, y = box.y + box.height / 2;

    gui_paint_card(cr, box, 6, theme->inset, chosen ? theme->accent : theme->card_line,
                   chosen ? 2.5 : 1);
    gui_set_colour(cr, theme->dim, 1);
    if (box.width > 100)
        x += gui_text(cr, theme, GUI_TEXT(.size = 0.85), x, y, box.width - 16, label) + 8;
    if (!vm) {
        gui_text(cr, theme, GUI_TEXT(.size = 0.85), x, y, box.x + box.width - x - 4, _("idle"));
        return;
    }
    gui_paint_owner(cr, theme, (GuiRect){x, y - 6, 12, 12}, pcpu->vm);
    g_autofree char *who =
        vm->vcpu_count > 1 ? g_strdup_printf("%s:%u", vm->name, pcpu->vcpu) : g_strdup(vm->name);
    gui_set_colour(cr, theme->ink, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.9, .bold = true), x + 17, y,
             MAX(box.x + box.width - x - 20, 8), who);
}

static void draw_frames_gauge(const GuiTheme *theme, cairo_t *cr, const SimModelHost *host,
                              GuiRect header)
{
    g_autofree char *text =
        g_strdup_printf(_("%u of %u page frames in use"), host->frames_used, host->frames);
    double share = host->frames ? (double)host->frames_used / host->frames : 0;
    double right = header.x + header.width, y = header.y + header.height / 2;
    double width = gui_text_width(theme, GUI_TEXT(.size = 0.85), text);
    GuiRect gauge = {right - width - 102, y - 5, 90, 10};

    if (header.width < width + 330)
        return;
    gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.85, .align = GUI_ALIGN_RIGHT), right, y, 0, text);
    gui_paint_card(cr, gauge, 5, theme->inset, theme->card_line, 1);
    if (share > 0) {
        gauge.width = MAX(gauge.width * MIN(share, 1), 6);
        gui_rounded(cr, gauge, 5);
        gui_set_colour(cr, theme->accent, 1);
        cairo_fill(cr);
    }
}

void stage_draw_host(const GuiStage *stage, cairo_t *cr, const GuiScene *scene,
                     const StageHost *place)
{
    const GuiTheme *theme = &stage->theme;
    const SimModelHost *host =
        place->host < scene->model->hosts->len ? scene->model->hosts->pdata[place->host] : NULL;
    GuiEntity entity = {.kind = GUI_ENTITY_HOST, .a = place->host};
    bool chosen = gui_entity_equal(entity, scene->selected);
    double y = place->header.y + place->header.height / 2, x = place->header.x;
    g_autofree char *title =
        place->host ? g_strdup_printf(_("Host %u"), place->host) : g_strdup(_("Host"));

    if (!host)
        return;
    gui_paint_card(cr, place->box, 14, gui_mix(theme->ground, theme->card, 0.55),
                   chosen ? theme->accent : theme->card_line, chosen ? 3 : 1.5);
    gui_set_colour(cr, theme->ink, 1);
    x += gui_text(cr, theme, GUI_TEXT(.size = 1.15, .bold = true), x, y, 0, title) + 12;
    g_autofree char *about =
        g_strdup_printf(ngettext("%u pCPU, %s scheduler", "%u pCPUs, %s scheduler", host->pcpus),
                        host->pcpus, host->policy);
    gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.9), x, y,
             MAX(place->header.x + place->header.width - x, 10), about);
    draw_frames_gauge(theme, cr, host, place->header);
    if (place->pcpus.height <= 0 || host->pcpus == 0)
        return;
    double step = MIN((place->pcpus.width + 8) / host->pcpus, 170);
    for (unsigned i = 0; i < host->pcpus && step >= 34; i++)
        draw_pcpu(
            stage, cr, scene,
            (GuiRect){place->pcpus.x + i * step, place->pcpus.y, step - 8, place->pcpus.height},
            host->first_pcpu + i);
}

uint64_t stage_host_state(const GuiScene *scene, const StageHost *place)
{
    const SimModelHost *host =
        place->host < scene->model->hosts->len ? scene->model->hosts->pdata[place->host] : NULL;
    uint64_t sum = place->host;

    if (!host)
        return sum;
    sum = stage_mix(sum, host->frames_used);
    sum = stage_mix(sum, host->frames);
    sum = stage_mix_text(sum, host->policy);
    for (unsigned i = 0; i < host->pcpus; i++) {
        const SimModelPcpu *pcpu = sim_model_pcpu(scene->model, host->first_pcpu + i);
        sum = stage_mix(sum, (uint64_t)pcpu->vm << 32 | pcpu->vcpu);
    }
    if (scene->selected.kind == GUI_ENTITY_HOST || scene->selected.kind == GUI_ENTITY_PCPU)
        sum = stage_mix(sum, (uint64_t)scene->selected.kind << 32 | scene->selected.a);
    return sum;
}

/* ---- A VM ------------------------------------------------------------------------------- */

/* A sign for each state, so that the word can be left out where there is no room. */
static void draw_state_sign(cairo_t *cr, const GuiTheme *theme, const SimModelVm *vm, double x,
                            double y, double size)
{
    GuiRect box = {x - size / 2, y - size / 2, size, size};

    switch (vm->state) {
    case SIM_VM_RUNNING:
        cairo_move_to(cr, box.x, box.y);
        cairo_line_to(cr, box.x + size, y);
        cairo_line_to(cr, box.x, box.y + size);
        cairo_close_path(cr);
        gui_set_colour(cr, theme->good, 1);
        cairo_fill(cr);
        break;
    case SIM_VM_PAUSED:
        cairo_rectangle(cr, box.x, box.y, size * 0.35, size);
        cairo_rectangle(cr, box.x + size * 0.65, box.y, size * 0.35, size);
        gui_set_colour(cr, theme->warn, 1);
        cairo_fill(cr);
        break;
    case SIM_VM_CRASHED:
    case SIM_VM_KILLED: gui_paint_cross(cr, box, theme->bad, size * 0.28); break;
    case SIM_VM_HALTED:
        cairo_rectangle(cr, box.x, box.y, size, size);
        gui_set_colour(cr, theme->dim, 1);
        cairo_fill(cr);
        break;
    default:
        cairo_arc(cr, x, y, size / 2 - 1, 0, 2 * G_PI);
        gui_set_colour(cr, theme->dim, 1);
        cairo_set_line_width(cr, 2);
        cairo_stroke(cr);
    }
}

static GuiColour state_colour(const GuiTheme *theme, const SimModelVm *vm)
{
    return vm->state == SIM_VM_RUNNING                                 ? theme->good
           : vm->state == SIM_VM_CRASHED || vm->state == SIM_VM_KILLED ? theme->bad
           : vm->state == SIM_VM_PAUSED                                ? theme->warn
                                                                       : theme->dim;
}

/* What a vCPU does, in as many words as there is room for; number: as one of several. g_free(). */
static char *vcpu_words(const GuiTheme *theme, const SimModelVcpu *vcpu, unsigned number, bool one,
                        double room)
{
    GuiVcpuClass class = gui_state_class(vcpu->state);
    bool throttled = class == GUI_VCPU_BLOCKED && vcpu->why == SIM_WHY_THROTTLED;
    const char *word = throttled ? _("throttled") : gui_name(SIM_NAMES(VcpuState), vcpu->state);
    char *texts[3] = {NULL};
    char *fitting = NULL;

    if (!one)
        texts[0] = g_strdup_printf("%u: %s", number, word);
    else if (class == GUI_VCPU_RUNNING && vcpu->pcpu != SIM_MODEL_NO_PCPU)
        texts[0] = g_strdup_printf(_("running on pCPU %u"), vcpu->pcpu);
    else if (class == GUI_VCPU_READY)
        texts[0] = g_strdup(_("ready, waits for a pCPU"));
    else if (class == GUI_VCPU_BLOCKED)
        texts[0] = g_strdup(throttled                     ? _("throttled: limit used up")
                            : vcpu->why == SIM_WHY_MEMORY ? _("blocked: waits for memory")
                                                          : _("blocked: waits (HLT)"));
    texts[1] = one ? g_strdup(word) : NULL;
    texts[2] = g_strdup_printf("%u", number);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        bool last = i + 1 == G_N_ELEMENTS(texts);
        if (texts[i] && !fitting &&
            (last || gui_text_width(theme, GUI_TEXT(.size = 0.85), texts[i]) <= room))
            fitting = g_steal_pointer(&texts[i]);
        g_free(texts[i]);
    }
    return fitting;
}

static void draw_vcpu(const GuiTheme *theme, cairo_t *cr, const SimModelVm *vm, unsigned number,
                      GuiRect box)
{
    const SimModelVcpu *vcpu = &vm->vcpus[number];
    GuiVcpuClass class = gui_state_class(vcpu->state);

    gui_paint_state(cr, theme, box, class);
    if (box.width < 14)
        return;
    g_autofree char *text = vcpu_words(theme, vcpu, number, vm->vcpu_count == 1, box.width - 4);
    if (class == GUI_VCPU_RUNNING)
        gui_set_colour(
            cr, theme->kind == GUI_THEME_DARK ? (GuiColour){0.04, 0.1, 0.07} : (GuiColour){1, 1, 1},
            1);
    else if (class == GUI_VCPU_READY)
        gui_set_colour(cr, (GuiColour){0.1, 0.08, 0}, 1);
    else
        gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.85, .align = GUI_ALIGN_CENTRE), box.x + box.width / 2,
             box.y + box.height / 2, box.width - 4, text);
}

static void draw_vcpus(const GuiTheme *theme, cairo_t *cr, const SimModelVm *vm, GuiRect box)
{
    unsigned count = vm->vcpu_count;

    if (count == 0)
        return;
    double step = (box.width + 3) / count;
    for (unsigned i = 0; i < count; i++)
        draw_vcpu(theme, cr, vm, i, (GuiRect){box.x + i * step, box.y, step - 3, box.height});
}

/* ---- Its memory ----------------------------------------------------------------------------- */

/* One cell for each page while they fit; else a cell for several, in use if any is. */
static void draw_pages(const GuiTheme *theme, cairo_t *cr, const SimModelVm *vm, unsigned owner,
                       GuiRect box, double zoom)
{
    unsigned rows = vm->memory_pages <= 256 ? 4 : 8, columns, cells;
    double cell_height = box.height / rows, cell;

    cells = MIN(vm->memory_pages, rows * 64);
    columns = MAX((cells + rows - 1) / MAX(rows, 1), 1);
    cell = box.width / columns;
    cairo_rectangle(cr, box.x, box.y, box.width, box.height);
    gui_set_colour(cr, theme->inset, 1);
    cairo_fill(cr);
    for (unsigned row = 0; row < rows; row++) {
        unsigned run = 0;
        for (unsigned column = 0; column <= columns; column++) {
            uint64_t index = (uint64_t)row * columns + column;
            uint32_t first = (uint32_t)(index * vm->memory_pages / MAX(cells, 1));
            uint32_t end = (uint32_t)((index + 1) * vm->memory_pages / MAX(cells, 1));
            bool used = false;
            for (uint32_t page = first; column < columns && page < MIN(end, vm->memory_pages);
                 page++)
                used |= sim_model_page(vm, page).frame != SIM_MODEL_NO_FRAME;
            if (used) {
                run++;
            } else if (run > 0) {
                cairo_rectangle(cr, box.x + (column - run) * cell, box.y + row * cell_height,
                                run * cell, cell_height);
                run = 0;
            }
        }
    }
    gui_set_colour(cr, theme->owners[owner % GUI_THEME_OWNERS], 1);
    cairo_fill(cr);
    for (unsigned i = 1; i < columns && cell * zoom >= 4; i++) {
        cairo_move_to(cr, box.x + i * cell, box.y);
        cairo_rel_line_to(cr, 0, box.height);
    }
    for (unsigned i = 1; i < rows; i++) {
        cairo_move_to(cr, box.x, box.y + i * cell_height);
        cairo_rel_line_to(cr, box.width, 0);
    }
    gui_set_colour(cr, theme->card, 0.75);
    cairo_set_line_width(cr, 0.5);
    cairo_stroke(cr);
    cairo_rectangle(cr, box.x, box.y, box.width, box.height);
    gui_set_colour(cr, theme->card_line, 1);
    cairo_set_line_width(cr, 1);
    cairo_stroke(cr);
}

static void draw_gauge(const GuiTheme *theme, cairo_t *cr, const SimModelVm *vm, unsigned owner,
                       GuiRect box)
{
    double share = vm->memory_pages ? (double)vm->resident_pages / vm->memory_pages : 0;

    gui_paint_card(cr, box, box.height / 2, theme->inset, theme->card_line, 1);
    if (share > 0) {
        box.width = MAX(box.width * MIN(share, 1), 4);
        gui_rounded(cr, box, box.height / 2);
        gui_set_colour(cr, theme->owners[owner % GUI_THEME_OWNERS], 1);
        cairo_fill(cr);
    }
}

/* ---- The card ----------------------------------------------------------------------------------
 */

/* The last line of the console that says anything; NULL: none. */
static char *last_line(const SimModelVm *vm)
{
    size_t length;
    const char *text = sim_model_console(vm, &length);
    size_t end, start;

    for (end = length; end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r'); end--) {
    }
    for (start = end; start > 0 && text[start - 1] != '\n' && end - start < 200; start--) {
    }
    return end > start ? g_utf8_make_valid(text + start, (gssize)(end - start)) : NULL;
}

static char *address_text(const SimModelVm *vm)
{
    char text[NET_IP4_TEXT_BYTES];

    if (vm->nic_count == 0)
        return g_strdup(_("no network"));
    if (vm->nics[0].ip == 0)
        return g_strdup(_("no address"));
    net_ip4_format(vm->nics[0].ip, text);
    return vm->nic_count == 1 ? g_strdup(text)
                              : g_strdup_printf(_("%s and %u more"), text, vm->nic_count - 1);
}

static void draw_full(const GuiTheme *theme, cairo_t *cr, const SimModelVm *vm, GuiRect in,
                      double zoom)
{
    g_autofree char *line = last_line(vm), *address = address_text(vm);
    g_autofree char *pages =
        g_strdup_printf(_("%u of %u pages"), vm->resident_pages, vm->memory_pages);
    double right = in.x + in.width, y = in.y;

    draw_vcpus(theme, cr, vm, (GuiRect){in.x, y + 26, in.width, 20});
    gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.8), in.x, y + 57, 0, _("memory"));
    gui_text(cr, theme, GUI_TEXT(.size = 0.8, .align = GUI_ALIGN_RIGHT), right, y + 57, 0, pages);
    draw_pages(theme, cr, vm, vm->vm, (GuiRect){in.x, y + 65, in.width, 24}, zoom);
    gui_set_colour(cr, line ? theme->ink : theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.75, .mono = true), in.x, y + 100, in.width,
             line ? line : _("console: nothing yet"));
    gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.8, .align = GUI_ALIGN_CENTRE), in.x + in.width / 2,
             y + 117, in.width, address);
}

static void draw_compact(const GuiTheme *theme, cairo_t *cr, const SimModelVm *vm, GuiRect in)
{
    draw_vcpus(theme, cr, vm, (GuiRect){in.x, in.y + 20, in.width, 16});
    draw_gauge(theme, cr, vm, vm->vm, (GuiRect){in.x, in.y + 43, in.width, 9});
}

/* The owner's colour and pattern along the left edge of a card. */
static void draw_owner_edge(const GuiTheme *theme, cairo_t *cr, GuiRect box, double radius,
                            double width, unsigned owner)
{
    cairo_pattern_t *pattern = gui_owner_pattern(theme, owner);
    double left = box.x + 0.6, top = box.y + 0.6, bottom = box.y + box.height - 0.6;
    /* Where the round corner passes the edge's right side. */
    double turn = acos(CLAMP((radius - width) / radius, 0, 1));
    double rise = radius * (1 - sin(turn));

    cairo_new_path(cr);
    cairo_move_to(cr, box.x + width, bottom - rise);
    cairo_arc(cr, left + radius, bottom - radius, radius, G_PI - turn, G_PI);
    cairo_line_to(cr, left, top + radius);
    cairo_arc(cr, left + radius, top + radius, radius, G_PI, G_PI + turn);
    cairo_line_to(cr, box.x + width, bottom - rise);
    cairo_close_path(cr);
    cairo_set_source(cr, pattern);
    cairo_fill(cr);
    cairo_pattern_destroy(pattern);
}

void stage_draw_vm(const GuiStage *stage, cairo_t *cr, const GuiScene *scene, const StageVm *place)
{
    const GuiTheme *theme = &stage->theme;
    const SimModelVm *vm = sim_model_vm(scene->model, place->vm);
    GuiEntity entity = {.kind = GUI_ENTITY_VM, .a = place->vm};
    bool chosen = gui_entity_equal(entity, scene->selected);
    bool tiny = stage->form == STAGE_TINY, full = stage->form == STAGE_FULL;
    GuiRect box = place->box, in = gui_rect_inset(box, tiny ? 5 : 9);
    double title = tiny ? 0.85 : full ? 1.1 : 0.95, sign = tiny ? 8 : 10, state = 0;

    if (!vm)
        return;
    gui_paint_card(cr, box, tiny ? 6 : 10, theme->card, chosen ? theme->accent : theme->card_line,
                   chosen ? 3 : 1.2);
    draw_owner_edge(theme, cr, box, tiny ? 6 : 10, tiny ? 5 : 7, place->vm);
    in.x += tiny ? 3 : 5;
    in.width -= tiny ? 3 : 5;
    double y = in.y + (full ? 8 : 7);
    draw_state_sign(cr, theme, vm, in.x + in.width - sign / 2, y, sign);
    if (full) {
        gui_set_colour(cr, state_colour(theme, vm), 1);
        state = gui_text(cr, theme, GUI_TEXT(.size = 0.8, .align = GUI_ALIGN_RIGHT),
                         in.x + in.width - sign - 5, y, 0, gui_name(SIM_NAMES(VmState), vm->state));
    }
    g_autofree char *name = g_utf8_make_valid(vm->name, -1);
    gui_set_colour(cr, theme->ink, 1);
    gui_text(cr, theme, &(GuiTextStyle){.size = title, .bold = true}, in.x, y,
             in.width - sign - state - (tiny ? 3 : 10), name);
    if (full)
        draw_full(theme, cr, vm, in, stage->zoom);
    else if (!tiny)
        draw_compact(theme, cr, vm, in);
    else
        draw_gauge(theme, cr, vm, place->vm, (GuiRect){in.x, in.y + 18, in.width, 6});
}

/* Which pages are present is told by how often one came or went. */
uint64_t stage_vm_state(const GuiScene *scene, const StageVm *place)
{
    const SimModelVm *vm = sim_model_vm(scene->model, place->vm);
    uint64_t sum = place->vm;
    size_t length;

    if (!vm)
        return sum;
    sum = stage_mix(sum, (uint64_t)vm->state << 32 | vm->resident_pages);
    sum = stage_mix(sum, vm->demand_faults);
    sum = stage_mix(sum, vm->unmaps);
    sum = stage_mix(sum, vm->swap_ins << 32 | vm->swap_outs);
    sum = stage_mix(sum, vm->ballooned_pages);
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        sum = stage_mix(sum, (uint64_t)vm->vcpus[i].state << 40 | (uint64_t)vm->vcpus[i].why << 32 |
                                 vm->vcpus[i].pcpu);
    for (unsigned i = 0; i < vm->nic_count; i++)
        sum = stage_mix(sum, vm->nics[i].ip);
    sim_model_console(vm, &length);
    sum = stage_mix(sum, length + vm->console_lost);
    return stage_mix(
        sum, gui_entity_equal((GuiEntity){.kind = GUI_ENTITY_VM, .a = place->vm}, scene->selected));
}
