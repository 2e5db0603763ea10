/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-cycles.c: a window is opened, runs a scenario, shows each view and is closed, again and
 * again: with it go its session, its engine and its widgets, and as many bytes are in use as
 * before. 6 times; 1,000 times with HVLAB_TEST_ALL.
 *
 * No object of ours may stay. GTK and what is below it keep things on purpose (glyphs, styles) and
 * give memory back piecemeal, some 35 KiB a window with GTK 4.8: so bytes are compared after half
 * of the cycles and after all, and that much may be added, but not the run or the widgets. */
#include <malloc.h>

#include "gui/app/common.h"
#include "gui/app/window-private.h"

#define WARM_UP       2u
#define FEW           6u
#define MANY          1000u
#define SPARE_A_CYCLE (96u << 10) /* a window alone takes several hundred KiB */

static AdwApplication *application;
static GFile *scenario;
static unsigned living; /* windows, sessions, engines */

static void gone(void *user, GObject *object)
{
    living--;
}

static void watch(void *object)
{
    living++;
    g_object_weak_ref(object, gone, NULL);
}

static void settle(void)
{
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

static void look(GuiWindow *window)
{
    static const char *const views[] = {"timeline", "packets", "memory", "tables",
                                        "console",  "exits",   "stage"};

    for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
        adw_view_stack_set_visible_child_name(window->view_stack, views[i]);
        gtk_test_widget_wait_for_draw(GTK_WIDGET(window));
    }
}

static gboolean set_late(void *user)
{
    *(bool *)user = true;
    return G_SOURCE_CONTINUE;
}

static void cycle(void)
{
    GuiWindow *window = GUI_WINDOW(gui_window_new(application, NULL));

    watch(window);
    watch(window->session);
    watch(window->engine);
    gtk_window_present(GTK_WINDOW(window));
    gui_window_open(window, scenario);
    while (!gui_session_is_open(window->session) || !gui_session_complete(window->session))
        g_main_context_iteration(NULL, TRUE);
    gui_session_seek(window->session, SIM_TIME_NEVER);
    gui_session_select(window->session, (GuiEntity){.kind = GUI_ENTITY_FRAME, .number = 1});
    look(window);
    gui_session_step(window->session, GUI_STEP_EVENT, -1);
    gtk_window_destroy(GTK_WINDOW(window));
    settle();
    /* A frame clock or the engine's pipes may hold the last references for a turn or two. */
    bool late = false;
    guint limit = g_timeout_add_seconds(10, set_late, &late);
    while (living > 0 && !late)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(living, ==, 0);
    g_source_remove(limit);
}

static size_t in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void test_window(void)
{
    unsigned cycles = g_getenv("HVLAB_TEST_ALL") ? MANY : FEW;
    size_t before = 0, after;

    for (unsigned i = 0; i < WARM_UP + cycles; i++) {
        if (i == WARM_UP + cycles / 2)
            before = in_use();
        cycle();
    }
    after = in_use();
    g_test_message("%u cycles: %zu bytes in use after half of them, %zu after all", cycles, before,
                   after);
    g_assert_cmpuint(after, <, before + cycles / 2 * SPARE_A_CYCLE);
}

int main(int argc, char **argv)
{
    gtk_test_init(&argc, &argv, NULL);
    adw_init();
    g_assert_cmpint(argc, ==, 2);
    scenario = g_file_new_for_path(argv[1]);
    application = ADW_APPLICATION(adw_application_new("org.hvlab.Test", G_APPLICATION_NON_UNIQUE));
    g_assert_true(g_application_register(G_APPLICATION(application), NULL, NULL));
    g_test_add_func("/cycles/window", test_window);
    return g_test_run();
}
