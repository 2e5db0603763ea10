/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exits.c: see exits.h. */
#include "gui/draw/exits.h"

#include <string.h>

#include <glib/gi18n.h>
#include <inttypes.h>

#include "gui/session/scene.h"
#include "gui/session/names.h"

#define MOST_ROWS   64u /* vCPUs in the table */
#define CODE_BEFORE 7u
#define CODE_AFTER  8u

/* ---- Counts ----------------------------------------------------------------------------- */

/* The kinds of exit that there were, a bit each. */
static uint32_t used_kinds(const SimModel *model)
{
    uint32_t used = 0;

    for (unsigned kind = 0; kind < SIM_EXIT_COUNT; kind++)
        for (unsigned vm = 0; vm < model->vms->len; vm++)
            if (sim_model_vm(model, vm) && sim_model_exits(sim_model_vm(model, vm), kind) > 0)
                used |= 1u << kind;
    return used;
}

static char *count_cells(const SimModelVm *vm, unsigned number, uint32_t used)
{
    const SimModelVcpu *vcpu = &vm->vcpus[number];
    g_autofree char *cost = gui_time_text(vcpu->exit_cost_ns);
    GString *cells = g_string_new(NULL);
    uint64_t all = 0;

    g_string_printf(cells, "%s, vCPU %u", vm->name, number);
    for (unsigned kind = 0; kind < SIM_EXIT_COUNT; kind++) {
        all += vcpu->exits[kind];
        if (used >> kind & 1)
            g_string_append_printf(cells, "\t%" G_GUINT64_FORMAT, vcpu->exits[kind]);
    }
    g_string_append_printf(cells, "\t%" G_GUINT64_FORMAT "\t%s", all, cost);
    return g_string_free(cells, FALSE);
}

GuiTable *gui_exit_counts(const SimModel *model)
{
    uint32_t used = used_kinds(model);
    g_autoptr(GString) head = g_string_new("vCPU");
    GuiTable *table;

    for (unsigned kind = 0; kind < SIM_EXIT_COUNT; kind++)
        if (used >> kind & 1)
            g_string_append_printf(head, "\t%s", gui_name(SIM_NAMES(ExitKind), kind));
    g_string_append_printf(head, "\t%s\t%s", _("all"), _("cost"));
    table = gui_table_new(N_("Exits so far"), "", head->str);
    table->right = UINT32_MAX & ~1u;
    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);

        for (unsigned n = 0; vm && n < vm->vcpu_count; n++)
            gui_table_add(table, count_cells(vm, n, used));
    }
    if (table->rows->len > MOST_ROWS) {
        unsigned more = table->rows->len - MOST_ROWS;

        g_ptr_array_set_size(table->rows, MOST_ROWS);
        gui_table_add(table, g_strdup_printf(_("and %u more"), more))->dim = true;
    }
    return table;
}

/* ---- One exit --------------------------------------------------------------------------- */

char *gui_exit_title(GuiSession *session, const GuiExit *exit)
{
    const SimModelVm *vm = sim_model_vm(gui_session_model(session), exit->exit.vm);
    g_autofree char *when = gui_time_text(exit->time);

    return g_strdup_printf(_("Exit of %s, vCPU %u, at %s"), vm ? vm->name : "?", exit->exit.vcpu,
                           when);
}

char *gui_exit_words(const GuiCode *code, const GuiExit *exit)
{
    g_autofree char *what = gui_exit_text(exit), *cost = gui_time_text(exit->exit.cost_ns);
    g_autofree char *function =
        exit->has_registers ? gui_code_function(code, exit->exit.vm, exit->registers.rip) : NULL;
    int ring = gui_exit_ring(exit);
    GString *text = g_string_new(what);

    if (exit->exit.rip)
        g_string_append_printf(text, _("; RIP 0x%" PRIx64), exit->exit.rip);
    if (function)
        g_string_append_printf(text, _(", in %s"), function);
    if (ring >= 0)
        g_string_append(text, ring == 0 ? _(" of the guest's kernel") : _(" of the program"));
    g_string_append_printf(text, _(". It cost %s."), cost);
    return g_string_free(text, FALSE);
}

/* ---- Registers ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t offset;
} registers[] = {
#define REGISTER(name)                                                                             \
    {                                                                                              \
#name, offsetof(SimEventRegisters, name)                                                   \
    }
    REGISTER(rax), REGISTER(rbx), REGISTER(rcx),    REGISTER(rdx), REGISTER(rsi),
    REGISTER(rdi), REGISTER(rbp), REGISTER(rsp),    REGISTER(r8),  REGISTER(r9),
    REGISTER(r10), REGISTER(r11), REGISTER(r12),    REGISTER(r13), REGISTER(r14),
    REGISTER(r15), REGISTER(rip), REGISTER(rflags), REGISTER(cr2), REGISTER(cr3),
#undef REGISTER
};

static uint64_t register_of(const SimEventRegisters *from, size_t number)
{
    uint64_t value;

    memcpy(&value, (const char *)from + registers[number].offset, sizeof(value));
    return value;
}

GuiTable *gui_exit_registers(GuiSession *session, const GuiExit *exit)
{
    GuiTable *table =
        gui_table_new(N_("Registers (changed since its exit before: \342\227\217)"), "", NULL);
    const size_t half = G_N_ELEMENTS(registers) / 2;
    GuiExit earlier;
    bool known = gui_exit_step(session, exit, -1, &earlier) && earlier.has_registers;

    table->mono = true;
    table->dim = 1u << 0 | 1u << 2;
    for (size_t row = 0; row < half; row++) {
        GString *cells = g_string_new(NULL);
        uint32_t strong = 0;

        for (unsigned side = 0; side < 2; side++) {
            size_t number = row + side * half;
            uint64_t value = register_of(&exit->registers, number);
            bool changed = known && value != register_of(&earlier.registers, number);

            strong |= changed ? 3u << 2 * side : 0;
            g_string_append_printf(cells, "%s%s%s\t%016" G_GINT64_MODIFIER "x", side ? "\t" : "",
                                   changed ? "\342\227\217 " : "", registers[number].name, value);
        }
        gui_table_add(table, g_string_free(cells, FALSE))->strong = strong;
    }
    gui_table_add(
        table, g_strdup_printf(_("cs\t0x%x (ring %d)"), exit->registers.cs, gui_exit_ring(exit)));
    return table;
}

/* ---- Code ---------------------------------------------------------------------------------- */

GuiTable *gui_exit_code(GuiSession *session, const GuiCode *code, const GuiExit *exit)
{
    GuiTable *table = gui_table_new(N_("Code around RIP"), "", NULL);
    g_autoptr(GArray) list = gui_code_around(code, exit, CODE_BEFORE, CODE_AFTER);

    table->mono = true;
    table->dim = 1u << 1 | 1u << 2;
    table->right = 1u << 1;
    for (unsigned i = 0; i < list->len; i++) {
        const GuiInstruction *at = &g_array_index(list, GuiInstruction, i);
        GuiRow *row;

        if (at->function)
            gui_table_add(table, g_strdup_printf("\t\t\t%s:", at->function))->strong = 1u << 3;
        row = gui_table_add(table, g_strdup_printf("%s\t%" G_GINT64_MODIFIER "x\t%s\t%s",
                                                   at->current ? "\342\226\266" : "", at->address,
                                                   at->bytes, at->text));
        row->here = at->current;
        table->focus = at->current ? (int)table->rows->len - 1 : table->focus;
        row->strong = at->current ? 1u << 3 : 0;
    }
    /* What KVM reports of a device access depends on the machine. */
    if (list->len > 0 && !g_strcmp0(gui_session_model(session)->backend, "kvm") &&
        (exit->exit.kind == SIM_EXIT_MMIO || exit->exit.kind == SIM_EXIT_IO))
        gui_table_add(table, g_strdup_printf(
                                 "\t\t\t%s",
                                 _("On kvm, RIP may stand behind the instruction that was left.")))
            ->dim = true;
    if (list->len == 0)
        gui_table_add(table,
                      g_strdup(gui_code_can_disassemble() ? _("Its code was not recorded")
                                                          : _("hvlab was built without Capstone")))
            ->dim = true;
    return table;
}
