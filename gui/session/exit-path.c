/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit-path.c: what happens on the way is one table, a row for each kind of exit. */
#include "gui/session/exit-path.h"

#include <glib/gi18n.h>

#include <string.h>

#include "gui/session/scene.h"

#define MOST_EFFECTS 9u /* of them in the picture */

/* What each layer does for a kind of exit. */
typedef struct {
    const char *kvm;        /* KVM, with the exit in its hands */
    const char *hvlab;      /* hvlab, when KVM_RUN has returned */
    const char *type1;      /* the hypervisor of type 1 */
    const char *control;    /* its control domain; NULL: it is not asked */
    const char *kvm_back;   /* KVM, on the way back */
    const char *type1_back; /* the hypervisor of type 1, on the way back */
    const char *resumes;    /* the guest then */
} Way;

static const Way ways[SIM_EXIT_COUNT] = {
    [SIM_EXIT_IO] = {N_("The port is none of KVM's own devices, so KVM_EXIT_IO"),
                     N_("The device model of the port takes the access"),
                     N_("The port belongs to a device model elsewhere: a request goes there"),
                     N_("The device model takes the access"),
                     N_("Puts a value read into the register"),
                     N_("Puts a value read into the register"),
                     N_("goes on behind the instruction")},
    [SIM_EXIT_MMIO] = {N_("No memory slot is there: KVM decodes the instruction; KVM_EXIT_MMIO"),
                       N_("The device model takes the access to its register"),
                       N_("Decodes the instruction; the address belongs to a device model"),
                       N_("The device model takes the access to its register"),
                       N_("Completes the instruction: value into the register, RIP behind it"),
                       N_("Completes the instruction: value into the register, RIP behind it"),
                       N_("goes on behind the instruction")},
    [SIM_EXIT_PAGE_FAULT] =
        {N_("The second-level table has no such page and no memory slot has it: KVM_EXIT_MMIO"),
         N_("The memory manager gives the page a page frame"),
         N_("Finds a page frame and enters it in the second-level table itself"), NULL,
         N_("The page is in a memory slot now"), N_("Nothing is left to do"),
         N_("does the access, now to memory")},
    [SIM_EXIT_HALT] = {N_("HLT was intercepted: KVM_EXIT_HLT"),
                       N_("The scheduler puts the vCPU aside until an interrupt is pending"),
                       N_("Its own scheduler puts the vCPU aside until an interrupt is pending"),
                       NULL, N_("Injects the interrupt that woke it"),
                       N_("Injects the interrupt that woke it"),
                       N_("goes on, in its interrupt handler")},
    [SIM_EXIT_INTERRUPT_WINDOW] = {N_("The guest can be interrupted: KVM_EXIT_IRQ_WINDOW_OPEN"),
                                   N_("The pending interrupt is handed over (KVM_INTERRUPT)"),
                                   N_("Injects the pending interrupt itself"), NULL,
                                   N_("Injects the interrupt on entry"),
                                   N_("Enters with the interrupt injected"),
                                   N_("goes on, in its interrupt handler")},
    [SIM_EXIT_PREEMPT] = {N_("A timer of the host interrupts the guest: KVM_EXIT_INTR"),
                          N_("The scheduler looks who should run"),
                          N_("Its own timer; its own scheduler "
                             "looks who should run"),
                          NULL, N_("Loads the registers of the vCPU"),
                          N_("Loads the registers of the vCPU"), N_("goes on where it was")},
    [SIM_EXIT_SHUTDOWN] = {N_("Triple fault: KVM_EXIT_SHUTDOWN"),
                           N_("The VM is over: it has crashed"),
                           N_("Triple fault: the domain is ended"), N_("Destroys the domain"), NULL,
                           NULL, NULL},
    [SIM_EXIT_ERROR] = {N_("KVM cannot go on with this guest"), N_("The VM is over"),
                        N_("The domain is ended"), N_("Destroys the domain"), NULL, NULL, NULL},
};

const char *gui_level_name(GuiArchitecture architecture, GuiLevel level)
{
    static const char *const names[GUI_ARCHITECTURE_COUNT][GUI_LEVEL_COUNT] = {
        [GUI_TYPE_2] = {N_("ring 3"), N_("ring 0"), "KVM", "hvlab"},
        [GUI_TYPE_1] = {N_("ring 3"), N_("ring 0"), N_("hyperv."), N_("control")}};

    return _(names[architecture][level]);
}

const char *gui_level_words(GuiArchitecture architecture, GuiLevel level)
{
    static const char *const words[GUI_ARCHITECTURE_COUNT][GUI_LEVEL_COUNT] = {
        [GUI_TYPE_2] = {N_("the guest's program"), N_("the guest's kernel"),
                        N_("KVM in the host's kernel"), N_("hvlab, a process of the host")},
        [GUI_TYPE_1] = {N_("the guest's program"), N_("the guest's kernel"),
                        N_("the hypervisor on the bare machine"), N_("the control domain")}};

    return _(words[architecture][level]);
}

/* ---- Steps ------------------------------------------------------------------------------------
 */

static void add(GuiPath *path, GuiLevel level, const char *crossing, char *text)
{
    GuiPathStep step = {.level = level, .crossing = g_strdup(crossing), .text = text};

    g_array_append_val(path->steps, step);
}

static GuiPathStep *last(GuiPath *path)
{
    return &g_array_index(path->steps, GuiPathStep, path->steps->len - 1);
}

/* The guest, up to the instruction that it was left at. */
static GuiLevel add_guest(GuiPath *path, const GuiExit *exit)
{
    int ring = gui_exit_ring(exit);
    g_autofree char *what = gui_exit_text(exit);

    if (ring == 0)
        add(path, GUI_LEVEL_PROGRAM, NULL,
            g_strdup(
                _("Before: a system call or an interrupt led into the kernel (not recorded)")));
    if (ring == 3)
        add(path, GUI_LEVEL_PROGRAM, NULL, g_steal_pointer(&what));
    else
        add(path, GUI_LEVEL_KERNEL, ring == 0 ? _("system call, interrupt") : NULL,
            ring == 0 ? g_steal_pointer(&what)
                      : g_strdup_printf(
                            _("%s (whether in the kernel or the program is not recorded)"), what));
    last(path)->recorded = true;
    last(path)->event = exit->index;
    return ring == 3 ? GUI_LEVEL_PROGRAM : GUI_LEVEL_KERNEL;
}

static void add_effects(GuiPath *path, GuiSession *session, const GuiExitEffects *effects,
                        GuiLevel level)
{
    unsigned shown = MIN(effects->count, MOST_EFFECTS);

    for (unsigned i = 0; i < shown; i++) {
        SimRecord record;

        if (!sim_reader_get(gui_session_reader(session), effects->events[i], &record))
            continue;
        add(path, level, NULL, gui_event_sentence(gui_session_model(session), &record));
        last(path)->recorded = true;
        last(path)->event = record.index;
    }
    if (effects->count > shown)
        add(path, level, NULL,
            g_strdup_printf(_("... and %u events more"), effects->count - shown));
}

/* What the hypervisor does last. */
static const char *back_of(const GuiPath *path, const GuiExit *exit, const Way *way)
{
    if (exit->exit.write && (exit->exit.kind == SIM_EXIT_MMIO || exit->exit.kind == SIM_EXIT_IO))
        return N_("The write is done: RIP goes behind the instruction");
    return path->architecture == GUI_TYPE_2 ? way->kvm_back : way->type1_back;
}

static void add_return(GuiPath *path, const GuiExit *exit, const GuiExitEffects *effects,
                       const Way *way, GuiLevel from)
{
    bool type2 = path->architecture == GUI_TYPE_2;
    bool asked = type2 || way->control;

    if (!way->resumes)
        return;
    if (!effects->returned) {
        add(path, asked ? GUI_LEVEL_DEVICES : GUI_LEVEL_HYPERVISOR, NULL,
            g_strdup(_("The vCPU has not run again up to the end of what is recorded")));
        return;
    }
    add(path, GUI_LEVEL_HYPERVISOR, asked ? type2 ? _("ioctl KVM_RUN") : _("hypercall") : NULL,
        g_strdup(_(back_of(path, exit, way))));
    add(path, from, _("VM entry"), g_strdup_printf(_("The guest %s"), _(way->resumes)));
}

static void add_steps(GuiPath *path, GuiSession *session, const GuiExit *exit)
{
    const Way *way = &ways[MIN(exit->exit.kind, SIM_EXIT_COUNT - 1)];
    GuiExitEffects effects = gui_exit_effects(session, exit);
    GuiLevel from = add_guest(path, exit);
    bool type2 = path->architecture == GUI_TYPE_2;

    add(path, GUI_LEVEL_HYPERVISOR, _("VM exit"), g_strdup(_(type2 ? way->kvm : way->type1)));
    if (type2)
        add(path, GUI_LEVEL_DEVICES, _("KVM_RUN returns"), g_strdup(_(way->hvlab)));
    else if (way->control)
        add(path, GUI_LEVEL_DEVICES, _("event, switch"), g_strdup(_(way->control)));
    if (type2)
        add_effects(path, session, &effects, GUI_LEVEL_DEVICES);
    add_return(path, exit, &effects, way, from);
}

/* ---- The whole ----------------------------------------------------------------------------------
 */

static char *note_of(GuiArchitecture architecture, const SimModel *model)
{
    if (architecture == GUI_TYPE_1)
        return g_strdup(_("For comparison: no such hypervisor ran here."));
    if (!g_strcmp0(model->backend, "kvm"))
        return g_strdup(_("The way of this run: real hardware was left and entered again by KVM."));
    return g_strdup(_("This run was emulated: hvlab's interpreter played the CPU and KVM, so the "
                      "crossings were calls within one process."));
}

static void step_clear(void *data)
{
    GuiPathStep *step = data;

    g_free(step->crossing);
    g_free(step->text);
}

GuiPath *gui_path_new(GuiSession *session, const GuiExit *exit, GuiArchitecture architecture)
{
    GuiPath *path = g_new0(GuiPath, 1);

    path->architecture = architecture;
    path->title =
        g_strdup(architecture == GUI_TYPE_2 ? _("Type 2: KVM and a process of the host")
                                            : _("Type 1: a hypervisor on the bare machine"));
    path->note = note_of(architecture, gui_session_model(session));
    path->steps = g_array_new(FALSE, TRUE, sizeof(GuiPathStep));
    g_array_set_clear_func(path->steps, step_clear);
    add_steps(path, session, exit);
    return path;
}

void gui_path_free(GuiPath *path)
{
    if (!path)
        return;
    g_array_unref(path->steps);
    g_free(path->title);
    g_free(path->note);
    g_free(path);
}
