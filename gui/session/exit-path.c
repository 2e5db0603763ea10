/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit-path.c: what happens on the way is one table, a row for each kind of exit. */
#include "gui/session/exit-path.h"

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
    [SIM_EXIT_IO] = {"The port is none of KVM's own devices, so KVM_EXIT_IO",
                     "The device model of the port takes the access",
                     "The port belongs to a device model elsewhere: a request goes there",
                     "The device model takes the access", "Puts a value read into the register",
                     "Puts a value read into the register", "goes on behind the instruction"},
    [SIM_EXIT_MMIO] = {"No memory slot is there: KVM decodes the instruction; KVM_EXIT_MMIO",
                       "The device model takes the access to its register",
                       "Decodes the instruction; the address belongs to a device model",
                       "The device model takes the access to its register",
                       "Completes the instruction: value into the register, RIP behind it",
                       "Completes the instruction: value into the register, RIP behind it",
                       "goes on behind the instruction"},
    [SIM_EXIT_PAGE_FAULT] =
        {"The second-level table has no such page and no memory slot has it: KVM_EXIT_MMIO",
         "The memory manager gives the page a page frame",
         "Finds a page frame and enters it in the second-level table itself", NULL,
         "The page is in a memory slot now", "Nothing is left to do",
         "does the access, now to memory"},
    [SIM_EXIT_HALT] = {"HLT was intercepted: KVM_EXIT_HLT",
                       "The scheduler puts the vCPU aside until an interrupt is pending",
                       "Its own scheduler puts the vCPU aside until an interrupt is pending", NULL,
                       "Injects the interrupt that woke it", "Injects the interrupt that woke it",
                       "goes on, in its interrupt handler"},
    [SIM_EXIT_INTERRUPT_WINDOW] = {"The guest can be interrupted: KVM_EXIT_IRQ_WINDOW_OPEN",
                                   "The pending interrupt is handed over (KVM_INTERRUPT)",
                                   "Injects the pending interrupt itself", NULL,
                                   "Injects the interrupt on entry",
                                   "Enters with the interrupt injected",
                                   "goes on, in its interrupt handler"},
    [SIM_EXIT_PREEMPT] = {"A timer of the host interrupts the guest: KVM_EXIT_INTR",
                          "The scheduler looks who should run",
                          "Its own timer; its own scheduler "
                          "looks who should run",
                          NULL, "Loads the registers of the vCPU",
                          "Loads the registers of the vCPU", "goes on where it was"},
    [SIM_EXIT_SHUTDOWN] = {"Triple fault: KVM_EXIT_SHUTDOWN", "The VM is over: it has crashed",
                           "Triple fault: the domain is ended", "Destroys the domain", NULL, NULL,
                           NULL},
    [SIM_EXIT_ERROR] = {"KVM cannot go on with this guest", "The VM is over", "The domain is ended",
                        "Destroys the domain", NULL, NULL, NULL},
};

const char *gui_level_name(GuiArchitecture architecture, GuiLevel level)
{
    static const char *const names[GUI_ARCHITECTURE_COUNT][GUI_LEVEL_COUNT] = {
        [GUI_TYPE_2] = {"ring 3", "ring 0", "KVM", "hvlab"},
        [GUI_TYPE_1] = {"ring 3", "ring 0", "hyperv.", "control"}};

    return names[architecture][level];
}

const char *gui_level_words(GuiArchitecture architecture, GuiLevel level)
{
    static const char *const words[GUI_ARCHITECTURE_COUNT][GUI_LEVEL_COUNT] = {
        [GUI_TYPE_2] = {"the guest's program", "the guest's kernel", "KVM in the host's kernel",
                        "hvlab, a process of the host"},
        [GUI_TYPE_1] = {"the guest's program", "the guest's kernel",
                        "the hypervisor on the bare machine", "the control domain"}};

    return words[architecture][level];
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
            g_strdup("Before: a system call or an interrupt led into the kernel (not recorded)"));
    if (ring == 3)
        add(path, GUI_LEVEL_PROGRAM, NULL, g_steal_pointer(&what));
    else
        add(path, GUI_LEVEL_KERNEL, ring == 0 ? "system call, interrupt" : NULL,
            ring == 0 ? g_steal_pointer(&what)
                      : g_strdup_printf("%s (whether in the kernel or the program is not recorded)",
                                        what));
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
        add(path, level, NULL, g_strdup_printf("... and %u events more", effects->count - shown));
}

/* What the hypervisor does last. */
static const char *back_of(const GuiPath *path, const GuiExit *exit, const Way *way)
{
    if (exit->exit.write && (exit->exit.kind == SIM_EXIT_MMIO || exit->exit.kind == SIM_EXIT_IO))
        return "The write is done: RIP goes behind the instruction";
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
            g_strdup("The vCPU has not run again up to the end of what is recorded"));
        return;
    }
    add(path, GUI_LEVEL_HYPERVISOR, asked ? type2 ? "ioctl KVM_RUN" : "hypercall" : NULL,
        g_strdup(back_of(path, exit, way)));
    add(path, from, "VM entry", g_strdup_printf("The guest %s", way->resumes));
}

static void add_steps(GuiPath *path, GuiSession *session, const GuiExit *exit)
{
    const Way *way = &ways[MIN(exit->exit.kind, SIM_EXIT_COUNT - 1)];
    GuiExitEffects effects = gui_exit_effects(session, exit);
    GuiLevel from = add_guest(path, exit);
    bool type2 = path->architecture == GUI_TYPE_2;

    add(path, GUI_LEVEL_HYPERVISOR, "VM exit", g_strdup(type2 ? way->kvm : way->type1));
    if (type2)
        add(path, GUI_LEVEL_DEVICES, "KVM_RUN returns", g_strdup(way->hvlab));
    else if (way->control)
        add(path, GUI_LEVEL_DEVICES, "event, switch", g_strdup(way->control));
    if (type2)
        add_effects(path, session, &effects, GUI_LEVEL_DEVICES);
    add_return(path, exit, &effects, way, from);
}

/* ---- The whole ----------------------------------------------------------------------------------
 */

static char *note_of(GuiArchitecture architecture, const SimModel *model)
{
    if (architecture == GUI_TYPE_1)
        return g_strdup("For comparison: no such hypervisor ran here.");
    if (!g_strcmp0(model->backend, "kvm"))
        return g_strdup("The way of this run: real hardware was left and entered again by KVM.");
    return g_strdup("This run was emulated: hvlab's interpreter played the CPU and KVM, so the "
                    "crossings were calls within one process.");
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
    path->title = g_strdup(architecture == GUI_TYPE_2 ? "Type 2: KVM and a process of the host"
                                                      : "Type 1: a hypervisor on the bare machine");
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
