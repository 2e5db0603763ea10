/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entity.c: comparing and naming what can be selected. */
#include "gui/session/entity.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include <string.h>

bool gui_entity_equal(GuiEntity one, GuiEntity other)
{
    return one.kind == other.kind && one.a == other.a && one.b == other.b &&
           one.number == other.number;
}

bool gui_entity_within(GuiEntity thing, GuiEntity selected)
{
    if (selected.kind == GUI_ENTITY_NONE || thing.kind == GUI_ENTITY_NONE)
        return false;
    if (selected.kind == GUI_ENTITY_FRAME && thing.kind == GUI_ENTITY_FRAME)
        return thing.number == selected.number;
    if (selected.kind == GUI_ENTITY_VM &&
        (thing.kind == GUI_ENTITY_VM || thing.kind == GUI_ENTITY_VCPU ||
         thing.kind == GUI_ENTITY_NIC || thing.kind == GUI_ENTITY_PAGE))
        return thing.a == selected.a;
    return gui_entity_equal(thing, selected);
}

static const char *vm_name(const SimModel *model, uint32_t vm)
{
    const SimModelVm *found = sim_model_vm(model, vm);

    return found ? found->name : "?";
}

static char *part_name(const SimModel *model, uint32_t part)
{
    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        if (port->part == part)
            return g_strdup_printf(_("%s (part %u)"), port->kind, part);
    }
    return g_strdup_printf(_("part %u"), part);
}

/* "switch net0", of several in a network "switch net0 s1"; else what it is. g_free(). */
static char *port_owner(const SimModel *model, const SimModelPort *port)
{
    const SimModelNetwork *network = sim_model_network(model, port->network);

    if (!network || strcmp(port->kind, "switch") != 0)
        return g_strdup(port->kind);
    for (guint i = 0; i < network->switches->len && network->switches->len > 1; i++) {
        const SimModelSwitch *own = network->switches->pdata[i];
        if (own->part == port->part && own->name && own->name[0] &&
            strcmp(own->name, network->name) != 0)
            return g_strdup_printf(_("switch %s %s"), network->name, own->name);
    }
    return g_strdup_printf(_("switch %s"), network->name);
}

static char *port_name(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);

    if (port && port->vm != SIM_NONE)
        return g_strdup_printf(_("NIC %u of VM %s"), port->nic, vm_name(model, port->vm));
    const SimModelPort *peer = port ? sim_model_port(model, port->peer) : NULL;
    g_autofree char *owner = port ? port_owner(model, port) : NULL;
    if (owner && peer && peer->vm != SIM_NONE)
        return g_strdup_printf(_("port %u of %s, to VM %s"), port->number, owner,
                               vm_name(model, peer->vm));
    if (owner)
        return g_strdup_printf(_("port %u of %s"), port->number, owner);
    return g_strdup_printf(_("port %u"), number);
}

char *gui_entity_name(const SimModel *model, GuiEntity entity)
{
    const SimModelNetwork *network = sim_model_network(model, entity.a);

    switch (entity.kind) {
    case GUI_ENTITY_HOST: return g_strdup_printf(_("host %u"), entity.a);
    case GUI_ENTITY_PCPU: return g_strdup_printf("pCPU %u", entity.a);
    case GUI_ENTITY_VM: return g_strdup_printf("VM %s", vm_name(model, entity.a));
    case GUI_ENTITY_VCPU:
        return g_strdup_printf(_("vCPU %u of VM %s"), entity.b, vm_name(model, entity.a));
    case GUI_ENTITY_NIC:
        return g_strdup_printf(_("NIC %u of VM %s"), entity.b, vm_name(model, entity.a));
    case GUI_ENTITY_NETWORK: return g_strdup_printf(_("network %s"), network ? network->name : "?");
    case GUI_ENTITY_PART: return part_name(model, entity.a);
    case GUI_ENTITY_PORT: return port_name(model, entity.a);
    case GUI_ENTITY_FRAME: return g_strdup_printf(_("frame %" PRIu64), entity.number);
    case GUI_ENTITY_PAGE:
        return g_strdup_printf(_("page %u of VM %s"), entity.b, vm_name(model, entity.a));
    case GUI_ENTITY_PAGE_FRAME: return g_strdup_printf(_("page frame %u"), entity.b);
    case GUI_ENTITY_EVENT: return g_strdup_printf(_("event %" PRIu64), entity.number);
    default: return g_strdup(_("nothing"));
    }
}
