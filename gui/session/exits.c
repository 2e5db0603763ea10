/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exits.c: see exits.h. */
#include "gui/session/exits.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include <string.h>

#define LOOK_EVENTS 20000u /* so far a search goes for what belongs to an exit */
#define LOOK_EXITS  20000u

/* ---- Finding one ------------------------------------------------------------------------ */

static void take_registers(GuiSession *session, GuiExit *exit)
{
    SimRecord record;
    const SimEventRegisters *registers;

    if (!sim_reader_get(gui_session_reader(session), exit->index + 1, &record) ||
        record.type != SIM_EVENT_REGISTERS || record.source != exit->source)
        return;
    registers = SIM_FIELDS(&record, Registers);
    if (registers->vm != exit->exit.vm || registers->vcpu != exit->exit.vcpu)
        return;
    exit->has_registers = true;
    exit->registers = *registers;
    exit->code = record.blob;
    exit->code_bytes = record.blob_size;
}

bool gui_exit_get(GuiSession *session, uint64_t index, GuiExit *ret)
{
    SimReader *reader = gui_session_reader(session);
    SimRecord record;

    if (!reader || !sim_reader_get(reader, index, &record) || record.type != SIM_EVENT_EXIT)
        return false;
    *ret = (GuiExit){.index = index,
                     .time = record.time,
                     .source = record.source,
                     .exit = *SIM_FIELDS(&record, Exit)};
    take_registers(session, ret);
    return true;
}

static bool is_of(const GuiExit *exit, GuiEntity who)
{
    if (who.kind == GUI_ENTITY_VM || who.kind == GUI_ENTITY_NIC)
        return exit->exit.vm == who.a;
    if (who.kind == GUI_ENTITY_VCPU)
        return exit->exit.vm == who.a && exit->exit.vcpu == who.b;
    return true;
}

/* The next one from event number from on, or the last one before it. */
static bool find(GuiSession *session, uint64_t from, int direction, GuiEntity who, GuiExit *ret)
{
    SimFilter filter = gui_step_filter(GUI_STEP_EXIT);

    for (unsigned i = 0; i < LOOK_EXITS; i++) {
        int64_t index = gui_session_find(session, &filter, from, direction);
        GuiExit exit;

        if (index < 0 || !gui_exit_get(session, (uint64_t)index, &exit))
            return false;
        if (is_of(&exit, who)) {
            *ret = exit;
            return true;
        }
        from = (uint64_t)index + (direction > 0);
    }
    return false;
}

bool gui_exit_current(GuiSession *session, GuiExit *ret)
{
    GuiEntity selected = gui_session_selected(session);

    if (selected.kind == GUI_ENTITY_EVENT && gui_exit_get(session, selected.number, ret))
        return true;
    return find(session, gui_session_position(session), -1, selected, ret);
}

bool gui_exit_step(GuiSession *session, const GuiExit *from, int direction, GuiExit *ret)
{
    GuiEntity who = {GUI_ENTITY_VCPU, from->exit.vm, from->exit.vcpu, 0};

    return find(session, from->index + (direction > 0), direction, who, ret);
}

/* ---- What was done for it ---------------------------------------------------------------- */

/* Whom an event is about: its fields vm and vcpu, where it has them. */
static bool is_about(const SimRecord *record, const GuiExit *exit)
{
    const SimEventInfo *info = sim_event_info(record->type);
    const uint8_t *fields = record->fields;
    size_t at;
    const SimFieldInfo *vm = sim_event_field(info, "vm", &at);

    if (!vm || sim_field_value(vm, fields + at) != exit->exit.vm)
        return false;

    const SimFieldInfo *vcpu = sim_event_field(info, "vcpu", &at);

    return !vcpu || sim_field_value(vcpu, fields + at) == exit->exit.vcpu;
}

static void add(GuiExitEffects *effects, uint64_t index)
{
    if (effects->count < GUI_EXIT_EFFECTS)
        effects->events[effects->count++] = index;
}

/* Before these on a pCPU its guest was running. */
static bool begins_guest(unsigned type)
{
    return type == SIM_EVENT_EXIT || type == SIM_EVENT_REGISTERS || type == SIM_EVENT_DISPATCH ||
           type == SIM_EVENT_INTERRUPT_TAKEN;
}

/* At the instant of the exit, and standing before it. */
static void gather_before(SimReader *reader, const GuiExit *exit, GuiExitEffects *effects)
{
    uint64_t first = exit->index;
    SimRecord record;

    while (first > 0 && exit->index - first < LOOK_EVENTS &&
           sim_reader_get(reader, first - 1, &record) && record.time == exit->time &&
           record.source == exit->source && !begins_guest(record.type))
        first--;
    for (; first < exit->index; first++)
        add(effects, first);
}

/* A frame that was sent for it enters its cable one ns later, in the world. */
static bool is_sent_frame(SimReader *reader, const GuiExitEffects *effects, const SimRecord *record)
{
    for (unsigned i = 0; record->type == SIM_EVENT_LINK_ENTER && i < effects->count; i++) {
        SimRecord sent;

        if (sim_reader_get(reader, effects->events[i], &sent) &&
            sent.type == SIM_EVENT_FRAME_SENT &&
            SIM_FIELDS(&sent, FrameSent)->frame == SIM_FIELDS(record, LinkEnter)->frame)
            return true;
    }
    return false;
}

static bool concerns(SimReader *reader, const GuiExit *exit, const GuiExitEffects *effects,
                     const SimRecord *record)
{
    uint64_t handled = exit->time + exit->exit.cost_ns;

    if (is_sent_frame(reader, effects, record) && record->time <= handled + 1)
        return true;
    /* While it is being handled, all that the pCPU does; then all that happens to the vCPU. */
    if (!effects->left)
        return record->source == exit->source && record->time <= handled;
    return is_about(record, exit) && record->type != SIM_EVENT_FRAME_RECEIVED;
}

static void gather_after(SimReader *reader, const GuiExit *exit, GuiExitEffects *effects)
{
    SimCursor cursor = sim_reader_at(reader, exit->index + 1);
    uint64_t handled = exit->time + exit->exit.cost_ns;
    SimRecord record;

    while (cursor.index < exit->index + LOOK_EVENTS && sim_reader_next(reader, &cursor, &record)) {
        if (record.type == SIM_EVENT_REGISTERS || !concerns(reader, exit, effects, &record)) {
            if (!effects->left && record.time > handled + 1)
                return;
            continue;
        }
        if (record.type == SIM_EVENT_EXIT)
            return;
        add(effects, record.index);
        if (record.type == SIM_EVENT_DESCHEDULE && is_about(&record, exit)) {
            effects->left = true;
            effects->returned = false;
        }
        if (record.type == SIM_EVENT_DISPATCH && is_about(&record, exit)) {
            effects->returned = true;
            effects->returned_at = record.time;
            return;
        }
    }
}

GuiExitEffects gui_exit_effects(GuiSession *session, const GuiExit *exit)
{
    SimReader *reader = gui_session_reader(session);
    GuiExitEffects effects = {.returned = exit->exit.kind != SIM_EXIT_SHUTDOWN &&
                                          exit->exit.kind != SIM_EXIT_ERROR,
                              .returned_at = exit->time + exit->exit.cost_ns};

    gather_before(reader, exit, &effects);
    gather_after(reader, exit, &effects);
    return effects;
}

/* ---- Words ------------------------------------------------------------------------------------
 */

int gui_exit_ring(const GuiExit *exit)
{
    return exit->has_registers ? exit->registers.cs & 3 : -1;
}

char *gui_exit_text(const GuiExit *exit)
{
    const SimEventExit *e = &exit->exit;
    const char *verb = e->write ? _("writes") : _("reads");

    switch (e->kind) {
    case SIM_EXIT_IO:
        return g_strdup_printf(
            _("Port I/O: the guest %s 0x%" PRIx64 " (%u bytes), port 0x%" PRIx64 ""), verb,
            e->value, e->size, e->address);
    case SIM_EXIT_MMIO:
        return g_strdup_printf(
            _("Device register: the guest %s 0x%" PRIx64 " (%u bytes) at 0x%" PRIx64 ""), verb,
            e->value, e->size, e->address);
    case SIM_EXIT_PAGE_FAULT:
        return g_strdup_printf(_("Second-level page fault: the guest %s guest page %" PRIu64
                                 ", address 0x%" PRIx64 ""),
                               e->write ? _("writes to") : _("reads"), e->address / 4096,
                               e->address);
    case SIM_EXIT_HALT: return g_strdup(_("HLT: the guest waits for an interrupt"));
    case SIM_EXIT_INTERRUPT_WINDOW:
        return g_strdup(_("Interrupt window: the guest can take an interrupt now"));
    case SIM_EXIT_PREEMPT: return g_strdup(_("The hypervisor takes the CPU back"));
    case SIM_EXIT_SHUTDOWN: return g_strdup(_("Triple fault: the virtual CPU gives up"));
    default: return g_strdup(_("The backend cannot go on"));
    }
}
