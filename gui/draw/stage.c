/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage.c: choosing a layout, and what the stage tells of it. */
#include "gui/draw/stage-private.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include <math.h>
#include <string.h>

#include "netsim/proto/text.h"
#include "gui/session/names.h"

/* ---- Choosing ----------------------------------------------------------------------- */

static guint count_nics(const SimModel *model)
{
    guint count = 0;

    for (guint i = 0; i < model->vms->len; i++)
        count += sim_model_vm(model, i)->nic_count;
    return count;
}

static guint count_links(const SimModel *model)
{
    guint count = 0;

    for (guint i = 0; i < model->ports->len; i++)
        count += ((SimModelPort *)model->ports->pdata[i])->peer != SIM_MODEL_NO_PORT;
    return count;
}

/* Forms from the one with most in it, each at zooms from large to small; with long cables,
 * on which frames are seen best, before short ones. Where there are cables, VMs in one row
 * come first, even if less is said of them: no cable passes another VM then. */
static const struct {
    StageForm form;
    bool one_row, tight;
    double largest, smallest;
} choices[] = {{STAGE_FULL, true, false, 2.4, 0.85},    {STAGE_FULL, true, true, 1.1, 0.82},
               {STAGE_COMPACT, true, false, 1.7, 0.85}, {STAGE_COMPACT, true, true, 1.2, 0.8},
               {STAGE_FULL, false, false, 2.4, 0.85},   {STAGE_FULL, false, true, 1.1, 0.82},
               {STAGE_COMPACT, false, false, 1.7, 0.9}, {STAGE_COMPACT, false, true, 1.2, 0.75},
               {STAGE_TINY, false, false, 1.4, 0.75},   {STAGE_TINY, false, true, 1.0, 0.6}};

static bool try_layout(GuiStage *stage, const SimModel *model)
{
    /* Large pictures of little are better with long cables: there frames are seen. */
    double wish = stage->zoom > 1.05 && stage->form == STAGE_FULL ? 36 : 0;
    double height = stage->asked_height / stage->zoom;
    double needed = stage_place(stage, model, wish);

    stage->height = MAX(height, needed);
    return needed <= height + 0.5 && stage->width <= stage->asked_width / stage->zoom + 0.5;
}

static bool has_one_row(const GuiStage *stage)
{
    for (guint i = 0; i < stage->vms->len; i++) {
        if (g_array_index(stage->vms, StageVm, i).row > 0)
            return false;
    }
    return true;
}

static void choose(GuiStage *stage, const SimModel *model)
{
    double scale = stage->asked_theme.scale;

    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
        if (choices[i].one_row && model->ports->len == 0)
            continue;
        for (double zoom = choices[i].largest; zoom > choices[i].smallest - 0.01; zoom -= 0.05) {
            stage->form = choices[i].form;
            stage->tight = choices[i].tight;
            stage->zoom = zoom * scale;
            if (try_layout(stage, model) && (!choices[i].one_row || has_one_row(stage)))
                return;
        }
    }
}

/* Room that is left over goes to the cables first, then above and below. */
static void use_room(GuiStage *stage, const SimModel *model)
{
    double wish = stage->zoom > 1.05 && stage->form == STAGE_FULL ? 36 : 0;
    double height = stage->asked_height / stage->zoom;
    double needed = stage_place(stage, model, wish);
    unsigned gaps = 1;

    for (guint i = 0; i < stage->parts->len; i++)
        gaps = MAX(gaps, g_array_index(stage->parts, StagePart, i).rank);
    if (needed < height)
        needed = stage_place(stage, model, wish + MIN((height - needed) / gaps, 180));
    stage->shift_y = MAX((height - needed) / 2, 0);
    stage->height = MAX(height, needed);
}

GuiStage *gui_stage_new(const SimModel *model, double width, double height, const GuiTheme *theme)
{
    GuiStage *stage = g_new0(GuiStage, 1);

    stage->asked_theme = *theme;
    stage->theme = gui_theme(theme->kind, 1, theme->font);
    stage->asked_width = MAX(width, 1);
    stage->asked_height = MAX(height, 1);
    stage->hosts = g_array_new(FALSE, FALSE, sizeof(StageHost));
    stage->vms = g_array_new(FALSE, TRUE, sizeof(StageVm));
    stage->parts = g_array_new(FALSE, FALSE, sizeof(StagePart));
    stage->ports = g_array_new(FALSE, TRUE, sizeof(StagePort));
    stage->cables = g_array_new(FALSE, FALSE, sizeof(StageCable));
    g_array_set_size(stage->vms, model->vms->len);
    g_array_set_size(stage->ports, model->ports->len);
    stage->kept = stage_kept_new();
    stage->model_hosts = model->hosts->len;
    stage->model_vms = model->vms->len;
    stage->model_ports = model->ports->len;
    stage->model_nics = count_nics(model);
    stage->model_links = count_links(model);
    stage_find_parts(stage, model);
    choose(stage, model);
    use_room(stage, model);
    return stage;
}

void gui_stage_free(GuiStage *stage)
{
    if (!stage)
        return;
    g_array_unref(stage->hosts);
    g_array_unref(stage->vms);
    g_array_unref(stage->parts);
    g_array_unref(stage->ports);
    g_array_unref(stage->cables);
    stage_kept_free(stage->kept);
    g_free(stage);
}

bool gui_stage_fits(const GuiStage *stage, const SimModel *model, double width, double height,
                    const GuiTheme *theme)
{
    return stage->asked_width == MAX(width, 1) && stage->asked_height == MAX(height, 1) &&
           stage->asked_theme.kind == theme->kind && stage->asked_theme.scale == theme->scale &&
           strcmp(stage->asked_theme.font, theme->font) == 0 &&
           stage->model_hosts == model->hosts->len && stage->model_vms == model->vms->len &&
           stage->model_ports == model->ports->len && stage->model_nics == count_nics(model) &&
           stage->model_links == count_links(model);
}

void gui_stage_size(const GuiStage *stage, double *ret_width, double *ret_height)
{
    *ret_width = MAX(stage->asked_width, stage->width * stage->zoom);
    *ret_height = MAX(stage->asked_height, stage->height * stage->zoom);
}

/* ---- Items ------------------------------------------------------------------------------ */

static GuiRect in_pixels(const GuiStage *stage, GuiRect units)
{
    return (GuiRect){units.x * stage->zoom, (units.y + stage->shift_y) * stage->zoom,
                     units.width * stage->zoom, units.height * stage->zoom};
}

static void add_item(const GuiStage *stage, GArray *items, GuiEntity entity, GuiRect box,
                     char *name)
{
    gui_items_add(items, entity, in_pixels(stage, box), name);
}

static char *vm_words(const SimModelVm *vm)
{
    GString *words = g_string_new(NULL);
    g_autofree char *name = g_utf8_make_valid(vm->name, -1);

    g_string_printf(words, _("VM %s, %s"), name, gui_name(SIM_NAMES(VmState), vm->state));
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        g_string_append_printf(words, _(", vCPU %u %s"), i,
                               gui_name(SIM_NAMES(VcpuState), vm->vcpus[i].state));
    g_string_append_printf(words, _(", %u of %u pages of memory in use"), vm->resident_pages,
                           vm->memory_pages);
    return g_string_free(words, FALSE);
}

static char *nic_words(const SimModelVm *vm, const SimModelNic *nic, unsigned number, bool up)
{
    g_autofree char *name = g_utf8_make_valid(vm->name, -1);
    char address[NET_IP4_TEXT_BYTES];

    net_ip4_format(nic->ip, address);
    return g_strdup_printf(_("NIC %u of VM %s, %s, %s"), number, name,
                           nic->ip ? address : _("without address"),
                           up ? _("plugged in") : _("unplugged"));
}

static void add_vms(const GuiStage *stage, const SimModel *model, GArray *items)
{
    for (guint i = 0; i < MIN(stage->vms->len, model->vms->len); i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        add_item(stage, items, (GuiEntity){.kind = GUI_ENTITY_VM, .a = i},
                 g_array_index(stage->vms, StageVm, i).box, vm_words(vm));
        for (unsigned j = 0; j < vm->nic_count; j++) {
            const StagePort *plug = stage_port(stage, vm->nics[j].port);
            const SimModelPort *port = sim_model_port(model, vm->nics[j].port);
            if (plug && plug->placed && port)
                add_item(stage, items, (GuiEntity){.kind = GUI_ENTITY_NIC, .a = i, .b = j},
                         plug->box, nic_words(vm, &vm->nics[j], j, port->up));
        }
    }
}

static const char *port_words(const SimModelPort *port)
{
    if (!port->up)
        return _("down");
    if (port->standby)
        return _("up, standby of its team");
    if (port->in_tree && port->tree_state != SIM_TREE_FORWARDING)
        return gui_name(SIM_NAMES(TreeState), port->tree_state);
    return _("up");
}

static void add_parts(const GuiStage *stage, const SimModel *model, GArray *items)
{
    for (guint i = 0; i < stage->parts->len; i++) {
        const StagePart *part = &g_array_index(stage->parts, StagePart, i);
        const SimModelNetwork *network = sim_model_network(model, part->network);
        if (part->is_switch && network)
            add_item(stage, items, (GuiEntity){.kind = GUI_ENTITY_NETWORK, .a = part->network},
                     part->box,
                     g_strdup_printf(ngettext("network %s, mode %s, %u address learned",
                                              "network %s, mode %s, %u addresses learned",
                                              network->macs->len),
                                     part->title, gui_name(SIM_NAMES(NetMode), network->mode),
                                     network->macs->len));
        else
            add_item(stage, items, (GuiEntity){.kind = GUI_ENTITY_PART, .a = part->part}, part->box,
                     g_strdup(part->title));
    }
    for (guint i = 0; i < MIN(stage->ports->len, model->ports->len); i++) {
        const SimModelPort *port = model->ports->pdata[i];
        GuiEntity entity = {.kind = GUI_ENTITY_PORT, .a = i};
        if (port->vm == SIM_NONE && stage_port(stage, i)->placed) {
            char *name = gui_entity_name(model, entity);
            add_item(stage, items, entity, stage_port(stage, i)->box,
                     g_strdup_printf("%s, %s", name, port_words(port)));
            g_free(name);
        }
    }
}

GArray *gui_stage_items(const GuiStage *stage, const GuiScene *scene)
{
    GArray *items = gui_items_new();

    for (guint i = 0; i < MIN(stage->hosts->len, scene->model->hosts->len); i++) {
        const SimModelHost *host = scene->model->hosts->pdata[i];
        add_item(
            stage, items, (GuiEntity){.kind = GUI_ENTITY_HOST, .a = i},
            g_array_index(stage->hosts, StageHost, i).header,
            g_strdup_printf(ngettext("host %u, %u pCPU, %u of %u page frames in use",
                                     "host %u, %u pCPUs, %u of %u page frames in use", host->pcpus),
                            i, host->pcpus, host->frames_used, host->frames));
    }
    add_vms(stage, scene->model, items);
    add_parts(stage, scene->model, items);
    return items;
}

GArray *gui_stage_frames(const GuiStage *stage, const GuiScene *scene)
{
    g_autoptr(GArray) envelopes = stage_envelopes(stage, scene);
    GArray *items = gui_items_new();

    for (guint i = 0; i < envelopes->len; i++) {
        const StageEnvelope *one = &g_array_index(envelopes, StageEnvelope, i);
        GString *name = g_string_new(NULL);
        g_string_printf(name, _("%s frame %" PRIu64), one->protocol, one->flight.frame);
        if (one->count > 1)
            g_string_append_printf(name, _(" and %u more"), one->count - 1);
        g_string_append(name, one->waiting ? _(", waiting for its cable") : _(", on its way"));
        add_item(
            stage, items,
            (GuiEntity){.kind = GUI_ENTITY_FRAME, .a = one->flight.to, .number = one->flight.frame},
            one->box, g_string_free(name, FALSE));
    }
    return items;
}

GuiEntity gui_stage_hit(const GuiStage *stage, const GuiScene *scene, double x, double y)
{
    g_autoptr(GArray) frames = gui_stage_frames(stage, scene);
    g_autoptr(GArray) items = gui_stage_items(stage, scene);
    const GuiItem *item = gui_items_at(frames, x, y, 6);

    if (!item)
        item = gui_items_at(items, x, y, 4);
    if (!item) {
        for (guint i = 0; i < stage->hosts->len; i++) {
            if (gui_rect_contains(in_pixels(stage, g_array_index(stage->hosts, StageHost, i).box),
                                  x, y))
                return (GuiEntity){.kind = GUI_ENTITY_HOST, .a = i};
        }
    }
    return item ? item->entity : GUI_NOTHING;
}

const GuiPoint *stage_cable(const GuiStage *stage, uint32_t from_port, unsigned *ret_count)
{
    const StagePort *port = stage_port(stage, from_port);

    if (!port || port->cable < 0)
        return NULL;
    const StageCable *cable = &g_array_index(stage->cables, StageCable, port->cable);
    *ret_count = cable->count;
    return cable->a == from_port ? cable->points : cable->back;
}
