/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-cycles.c: a session is opened, follows a run as it grows, is looked at and closed, a
 * thousand times; then as many bytes and objects are in use as after the first hundred. */
#include <malloc.h>

#include "gui/draw/pages.h"
#include "gui/draw/stage.h"
#include "gui/draw/timeline.h"
#include "tests/sim/trace-sample.h"

#define WARM_UP 100u
#define CYCLES  1000u
#define SPARE   (96u << 10) /* bytes that may be added: a hundred a cycle */
#define FIRST   512u        /* bytes of the trace that are there when it is opened */
#define SLICE   256u        /* that come at once later */

static unsigned living; /* sessions */

static void gone(void *user, GObject *object)
{
    living--;
}

/* Each view once, at the selected time. */
static void look(GuiSession *session, cairo_t *cr)
{
    GuiTheme theme = gui_theme(GUI_THEME_LIGHT, 1, NULL);
    GuiScene scene = gui_scene(session, 0);
    const GuiLanes *lanes = gui_session_lanes(session);
    GuiTimeline timeline = gui_timeline_layout(lanes, 640, 400, &theme);
    GuiTimelineView view = {.span = {0, MAX(gui_session_end_time(session), 1)}};
    g_autoptr(GuiStage) stage = gui_stage_new(scene.model, 640, 400, &theme);
    g_autoptr(GArray) items = gui_stage_items(stage, &scene);
    g_autoptr(GuiCode) code = gui_code_new(gui_session_reader(session));
    GuiSheet *const sheets[] = {
        gui_page_tables(scene.model, NULL), gui_page_rows(&scene), gui_page_way(session, 1),
        gui_page_console(scene.model, GUI_PAGE_ALL), gui_page_exits(session, code)};

    gui_stage_draw(stage, cr, &scene);
    gui_timeline_draw(&timeline, &view, cr, lanes, &scene, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(sheets); i++) {
        gui_sheet_lay_out(sheets[i], &theme, 640);
        gui_sheet_draw(sheets[i], cr);
        gui_sheet_free(sheets[i]);
    }
    gui_scene_clear(&scene);
}

/* The run comes slice by slice, as a live one does. */
static void run(GuiSession *session, const void *bytes, size_t size)
{
    for (size_t known = FIRST + SLICE; known < size; known += SLICE)
        gui_session_grow_memory(session, bytes, known, 1000);
    gui_session_grow_memory(session, bytes, size, UINT64_MAX);
    while (gui_session_index(session, 1000)) {
    }
    g_assert_true(gui_session_complete(session));
}

static void cycle(const void *bytes, size_t size, cairo_t *cr, bool looks)
{
    GuiSession *session = gui_session_new();

    living++;
    g_object_weak_ref(G_OBJECT(session), gone, NULL);
    g_assert_true(gui_session_open_memory(session, bytes, FIRST, NULL));
    run(session, bytes, size);
    for (unsigned step = 0; step < GUI_STEP_COUNT; step++) {
        gui_session_seek(session, 0);
        g_assert_true(gui_session_step(session, (GuiStep)step, 1));
    }
    gui_session_select(session, (GuiEntity){.kind = GUI_ENTITY_FRAME, .number = 1});
    gui_session_seek(session, SIM_TIME_NEVER);
    gui_session_step(session, GUI_STEP_EVENT, -1);
    if (looks)
        look(session, cr);
    gui_session_close(session);
    g_object_unref(session);
}

static size_t in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void test_session(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 640, 400);
    cairo_t *cr = cairo_create(surface);
    size_t size, before = 0, after;
    const void *bytes = sim_trace_data(trace, &size);

    for (unsigned i = 0; i < WARM_UP + CYCLES; i++) {
        if (i == WARM_UP)
            before = in_use();
        cycle(bytes, size, cr, i % 10 == 9); /* drawing takes longest */
    }
    after = in_use();
    g_test_message("%zu bytes in use before, %zu after", before, after);
    g_assert_cmpuint(living, ==, 0);
    g_assert_cmpuint(after, <, before + SPARE);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
}

/* The measure itself sees what a cycle would lose. */
static void test_measure(void)
{
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
    size_t before = in_use();

    if (before == 0) {
        g_test_skip("this allocator does not count (a sanitizer's)");
        return;
    }
    for (unsigned i = 0; i < CYCLES; i++)
        g_ptr_array_add(lost, g_malloc(256));
    g_assert_cmpuint(in_use(), >, before + SPARE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cycles/measure", test_measure);
    g_test_add_func("/cycles/session", test_session);
    return g_test_run();
}
