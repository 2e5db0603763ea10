/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-exits.c: exits, what was done for them, their way through the layers, and the code
 * around them, in runs written by hand. */
#include <string.h>

#include "gui/session/code.h"
#include "gui/session/exit-path.h"
#include "tests/gui/detailed-sample.h"

static GuiSession *open_trace(const SimTrace *trace)
{
    GuiSession *session = gui_session_new();
    g_autoptr(GError) error = NULL;
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    gui_session_open_memory(session, data, size, &error);
    g_assert_no_error(error);
    while (gui_session_index(session, 1000))
        ;
    return session;
}

static unsigned type_of(GuiSession *session, uint64_t index)
{
    SimRecord record;

    g_assert_true(sim_reader_get(gui_session_reader(session), index, &record));
    return record.type;
}

/* The sample's only exit, a page fault at 600 that costs 50. */
static void test_current(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = open_trace(trace);
    GuiExit exit, other;
    GuiExitEffects effects;
    g_autofree char *text = NULL;

    g_assert_false(gui_exit_current(session, &exit)); /* nothing has happened */
    gui_session_seek(session, 599);
    g_assert_false(gui_exit_current(session, &exit));
    gui_session_seek(session, 600);
    g_assert_true(gui_exit_current(session, &exit));
    g_assert_cmpuint(exit.time, ==, 600);
    g_assert_cmpuint(exit.exit.kind, ==, SIM_EXIT_PAGE_FAULT);
    g_assert_false(exit.has_registers);
    g_assert_cmpint(gui_exit_ring(&exit), ==, -1);
    gui_session_seek(session, 9000);
    g_assert_true(gui_exit_current(session, &other));
    g_assert_cmpuint(other.index, ==, exit.index);
    g_assert_false(gui_exit_step(session, &exit, 1, &other));
    g_assert_false(gui_exit_step(session, &exit, -1, &other));
    /* b has none. */
    gui_session_select(session, (GuiEntity){GUI_ENTITY_VM, 1, 0, 0});
    g_assert_false(gui_exit_current(session, &other));
    gui_session_select(session, (GuiEntity){GUI_ENTITY_EVENT, 0, 0, exit.index});
    g_assert_true(gui_exit_current(session, &other));

    effects = gui_exit_effects(session, &exit);
    g_assert_cmpuint(effects.count, ==, 1);
    g_assert_cmpuint(type_of(session, effects.events[0]), ==, SIM_EVENT_PAGE_MAPPED);
    g_assert_false(effects.left);
    g_assert_true(effects.returned);
    g_assert_cmpuint(effects.returned_at, ==, 650);
    text = gui_exit_text(&exit);
    g_assert_cmpstr(text, ==,
                    "Second-level page fault: the guest writes to guest page 20, address 0x14000");
}

static void test_way(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = open_trace(trace);
    static const GuiLevel type2[] = {GUI_LEVEL_KERNEL,  GUI_LEVEL_HYPERVISOR, GUI_LEVEL_DEVICES,
                                     GUI_LEVEL_DEVICES, GUI_LEVEL_HYPERVISOR, GUI_LEVEL_KERNEL};
    /* The hypervisor finds the page frame itself: no control domain. */
    static const GuiLevel type1[] = {GUI_LEVEL_KERNEL, GUI_LEVEL_HYPERVISOR, GUI_LEVEL_HYPERVISOR,
                                     GUI_LEVEL_KERNEL};
    GuiExit exit;

    gui_session_seek(session, 1000);
    g_assert_true(gui_exit_current(session, &exit));

    g_autoptr(GuiPath) two = gui_path_new(session, &exit, GUI_TYPE_2);
    g_autoptr(GuiPath) one = gui_path_new(session, &exit, GUI_TYPE_1);

    g_assert_cmpuint(two->steps->len, ==, G_N_ELEMENTS(type2));
    for (unsigned i = 0; i < two->steps->len; i++)
        g_assert_cmpint(g_array_index(two->steps, GuiPathStep, i).level, ==, type2[i]);
    g_assert_cmpstr(g_array_index(two->steps, GuiPathStep, 3).text, ==,
                    "a's page 20 gets page frame 101, because the guest touched it.");
    g_assert_true(g_array_index(two->steps, GuiPathStep, 3).recorded);
    g_assert_cmpstr(g_array_index(two->steps, GuiPathStep, 4).crossing, ==, "ioctl KVM_RUN");
    g_assert_cmpuint(one->steps->len, ==, G_N_ELEMENTS(type1));
    for (unsigned i = 0; i < one->steps->len; i++)
        g_assert_cmpint(g_array_index(one->steps, GuiPathStep, i).level, ==, type1[i]);
    /* What did not run says so. */
    g_assert_nonnull(strstr(two->note, "emulated"));
    g_assert_nonnull(strstr(one->note, "no such hypervisor ran"));
}

static void assert_types(GuiSession *session, const GuiExitEffects *effects, const unsigned *types,
                         unsigned count)
{
    g_assert_cmpuint(effects->count, ==, count);
    for (unsigned i = 0; i < count; i++)
        g_assert_cmpuint(type_of(session, effects->events[i]), ==, types[i]);
}

static void test_effects(void)
{
    g_autoptr(SimTrace) trace = detailed_trace();
    g_autoptr(GuiSession) session = open_trace(trace);
    static const unsigned kick[] = {SIM_EVENT_QUEUE_KICK, SIM_EVENT_FRAME_SENT,
                                    SIM_EVENT_LINK_ENTER};
    static const unsigned halt[] = {SIM_EVENT_DESCHEDULE,       SIM_EVENT_VCPU_STATE,
                                    SIM_EVENT_INTERRUPT_RAISED, SIM_EVENT_VCPU_STATE,
                                    SIM_EVENT_VCPU_STATE,       SIM_EVENT_DISPATCH};
    GuiExit exit;
    GuiExitEffects effects;

    gui_session_seek(session, 150);
    g_assert_true(gui_exit_current(session, &exit));
    effects = gui_exit_effects(session, &exit);
    assert_types(session, &effects, kick, G_N_ELEMENTS(kick));
    g_assert_false(effects.left);

    g_assert_true(gui_exit_step(session, &exit, 1, &exit));
    g_assert_cmpuint(exit.time, ==, 200);
    effects = gui_exit_effects(session, &exit);
    assert_types(session, &effects, halt, G_N_ELEMENTS(halt));
    g_assert_true(effects.left);
    g_assert_true(effects.returned);
    g_assert_cmpuint(effects.returned_at, ==, 600);
}

static void test_code(void)
{
    g_autoptr(SimTrace) trace = detailed_trace();
    g_autoptr(GuiSession) session = open_trace(trace);
    g_autoptr(GuiCode) known = gui_code_new(gui_session_reader(session));
    static const char *const wanted[] = {"push rbp", "mov rbp, rsp", "mov dword ptr [rbx], eax",
                                         "pop rbp",  "ret",          "call 0x1000 <f>"};
    g_autofree char *inside = NULL;
    GuiExit exit;

    gui_session_seek(session, 150);
    g_assert_true(gui_exit_current(session, &exit));
    g_assert_true(exit.has_registers);
    g_assert_cmpint(gui_exit_ring(&exit), ==, 0);
    g_assert_cmpstr(gui_code_program(known, 0), ==, "test");
    g_assert_false(gui_code_has_vm(known, 1));
    inside = gui_code_function(known, 0, exit.registers.rip);
    g_assert_cmpstr(inside, ==, "f+0x4");
    g_assert_null(gui_code_function(known, 0, 0x100e)); /* behind the segment */
    g_assert_null(gui_code_function(known, 1, 0x1000));
    if (!gui_code_can_disassemble()) {
        g_test_skip("built without Capstone");
        return;
    }

    g_autoptr(GArray) list = gui_code_around(known, &exit, 2, 3);

    g_assert_cmpuint(list->len, ==, G_N_ELEMENTS(wanted));
    for (unsigned i = 0; i < list->len; i++) {
        const GuiInstruction *at = &g_array_index(list, GuiInstruction, i);

        g_assert_cmpstr(at->text, ==, wanted[i]);
        g_assert_true(at->current == (i == 2));
        g_assert_cmpstr(at->function, ==, i == 0 ? "f" : i == 5 ? "g" : NULL);
    }
    g_assert_cmpstr(g_array_index(list, GuiInstruction, 1).bytes, ==, "48 89 e5");

    /* The bytes at the exit are others than the image's: they are believed. */
    static const uint8_t other[] = {0x90, 0xf4};

    exit.code = other;
    exit.code_bytes = sizeof(other);

    g_autoptr(GArray) believed = gui_code_around(known, &exit, 2, 3);

    g_assert_cmpuint(believed->len, ==, 2);
    g_assert_cmpstr(g_array_index(believed, GuiInstruction, 0).text, ==, "nop");
    g_assert_cmpstr(g_array_index(believed, GuiInstruction, 1).text, ==, "hlt");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exits/current", test_current);
    g_test_add_func("/exits/way", test_way);
    g_test_add_func("/exits/effects", test_effects);
    g_test_add_func("/exits/code", test_code);
    return g_test_run();
}
