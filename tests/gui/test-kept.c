/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-kept.c: a picture that was kept and painted where it changed is the one that is
 * drawn anew, pixel for pixel, at every event of a run, forth and back, with anything
 * selected; and bars written as pixels are those drawn as rectangles. */
#include <string.h>

#include "gui/draw/layer.h"
#include "gui/draw/stage.h"
#include "gui/draw/timeline.h"
#include "tests/gui/busy-sample.h"

#define WIDTH  700
#define HEIGHT 460

static cairo_surface_t *new_picture(void)
{
    return cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
}

/* Edges that lie between two pixels are blended once more where a box is painted anew:
 * a shade, no more. */
static void assert_same(cairo_surface_t *one, cairo_surface_t *other, unsigned most)
{
    const uint8_t *a, *b;
    size_t size = (size_t)cairo_image_surface_get_stride(one) * HEIGHT;

    cairo_surface_flush(one);
    cairo_surface_flush(other);
    a = cairo_image_surface_get_data(one);
    b = cairo_image_surface_get_data(other);
    for (size_t i = 0; i < size; i++) {
        if (i % 4 != 3 && (unsigned)ABS(a[i] - b[i]) > most)
            g_error("at %zu, %zu: %u and %u", i / 4 % WIDTH, i / 4 / WIDTH, a[i], b[i]);
    }
}

/* ---- The stage -------------------------------------------------------------------------- */

static void draw_anew(cairo_surface_t *surface, const GuiScene *scene, const GuiTheme *theme)
{
    g_autoptr(GuiStage) stage = gui_stage_new(scene->model, WIDTH, HEIGHT, theme);
    cairo_t *cr = cairo_create(surface);

    gui_stage_draw(stage, cr, scene);
    cairo_destroy(cr);
}

static void compare_at(GuiSession *session, GuiStage **stage, const GuiTheme *theme,
                       cairo_surface_t *kept, cairo_surface_t *fresh)
{
    GuiScene scene = gui_scene(session, 0);
    cairo_t *cr = cairo_create(kept);

    if (!*stage || !gui_stage_fits(*stage, scene.model, WIDTH, HEIGHT, theme)) {
        g_clear_pointer(stage, gui_stage_free);
        *stage = gui_stage_new(scene.model, WIDTH, HEIGHT, theme);
    }
    gui_stage_draw(*stage, cr, &scene);
    cairo_destroy(cr);
    draw_anew(fresh, &scene, theme);
    assert_same(kept, fresh, 2);
    gui_scene_clear(&scene);
}

static void follow(SimTrace *trace, uint64_t from)
{
    static const GuiEntity chosen[] = {
        {.kind = GUI_ENTITY_NONE},        {.kind = GUI_ENTITY_VM, .a = 1},
        {.kind = GUI_ENTITY_HOST},        {.kind = GUI_ENTITY_PCPU},
        {.kind = GUI_ENTITY_NIC, .a = 1}, {.kind = GUI_ENTITY_PORT, .a = 1},
        {.kind = GUI_ENTITY_NETWORK}};
    g_autoptr(GuiSession) session = gui_session_new();
    GuiTheme theme = gui_theme(GUI_THEME_LIGHT, 1, NULL);
    cairo_surface_t *kept = new_picture(), *fresh = new_picture();
    GuiStage *stage = NULL;
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    while (gui_session_index(session, 1 << 20)) {
    }
    for (uint64_t i = from; i < MIN(gui_session_event_count(session), from + 90); i++) {
        gui_session_seek_event(session, i);
        if (i % 4 == 0)
            gui_session_select(session, chosen[i / 4 % G_N_ELEMENTS(chosen)]);
        compare_at(session, &stage, &theme, kept, fresh);
    }
    for (uint64_t time = gui_session_time(session); time > 700; time -= time / 7) {
        gui_session_seek(session, time);
        compare_at(session, &stage, &theme, kept, fresh);
    }
    gui_stage_free(stage);
    cairo_surface_destroy(kept);
    cairo_surface_destroy(fresh);
}

static void test_stage(void)
{
    g_autoptr(SimTrace) trace = sample_trace();

    follow(trace, 1);
}

static void test_busy_stage(void)
{
    const Busy busy = {.vms = 5, .networks = 2, .pcpus = 2, .turns = 12, .flights = 9};
    g_autoptr(SimTrace) trace = busy_trace(&busy, NULL);

    follow(trace, 60);
}

/* ---- The timeline ----------------------------------------------------------------------- */

typedef struct {
    GuiSession *session;
    SimTrace *trace;
    GuiTheme theme;
    GuiTimeline layout;
} Rows;

static void rows_init(Rows *rows)
{
    const Busy busy = {.vms = 5, .networks = 2, .pcpus = 2, .turns = 400};
    size_t size;

    rows->trace = busy_trace(&busy, NULL);
    rows->session = gui_session_new();
    rows->theme = gui_theme(GUI_THEME_LIGHT, 1, NULL);
    const void *data = sim_trace_data(rows->trace, &size);
    g_assert_true(gui_session_open_memory(rows->session, data, size, NULL));
    while (gui_session_index(rows->session, 1 << 20)) {
    }
    rows->layout =
        gui_timeline_layout(gui_session_lanes(rows->session), WIDTH, HEIGHT, &rows->theme);
}

static void rows_clear(Rows *rows)
{
    g_object_unref(rows->session);
    sim_trace_free(rows->trace);
}

static void draw_rows(Rows *rows, cairo_t *cr, const GuiTimelineView *view, GuiEntity selected,
                      GuiTimelineCache *cache)
{
    GuiScene scene = gui_scene(rows->session, 0);

    scene.selected = selected;
    scene.time = (view->span.from + view->span.to) / 2;
    gui_timeline_draw(&rows->layout, view, cr, gui_session_lanes(rows->session), &scene, cache);
    gui_scene_clear(&scene);
}

static void test_timeline(void)
{
    Rows rows;
    g_autoptr(GuiTimelineCache) cache = gui_timeline_cache_new();
    cairo_surface_t *kept = new_picture(), *fresh = new_picture();
    cairo_t *to_kept = cairo_create(kept), *to_fresh = cairo_create(fresh);

    rows_init(&rows);
    uint64_t end = gui_session_end_time(rows.session);
    for (unsigned i = 0; i < 40; i++) {
        /* Each is drawn three times: then it is kept, and shown as it was kept. */
        GuiTimelineView view = {.span = {end / 100 * (i / 4), end - end / 90 * (i / 4)},
                                .marked = {0, i / 8 * 1000},
                                .scroll_y = i / 12 * 10};
        GuiEntity selected = {.kind = i / 10 ? GUI_ENTITY_VM : GUI_ENTITY_NONE, .a = i / 10};
        for (unsigned j = 0; j < 3; j++)
            draw_rows(&rows, to_kept, &view, selected, cache);
        draw_rows(&rows, to_fresh, &view, selected, NULL);
        assert_same(kept, fresh, 0);
    }
    cairo_destroy(to_kept);
    cairo_destroy(to_fresh);
    cairo_surface_destroy(kept);
    cairo_surface_destroy(fresh);
    rows_clear(&rows);
}

/* Where the picture is not at whole pixels, or only a part of it may be drawn, bars come
 * from a copy: the same ones. */
static void test_pixels_and_copy(void)
{
    Rows rows;
    cairo_surface_t *whole = new_picture(), *moved = new_picture();

    rows_init(&rows);
    GuiTimelineView view = {.span = {0, gui_session_end_time(rows.session)}};
    for (unsigned i = 0; i < 2; i++) {
        cairo_t *cr = cairo_create(i ? moved : whole);
        if (i) { /* two boxes that make up all of it: no single one to write into */
            cairo_rectangle(cr, 0, 0, WIDTH / 3, HEIGHT);
            cairo_rectangle(cr, WIDTH / 3, 0, WIDTH, HEIGHT / 2);
            cairo_rectangle(cr, WIDTH / 3, HEIGHT / 2, WIDTH, HEIGHT);
            cairo_clip(cr);
        }
        draw_rows(&rows, cr, &view, GUI_NOTHING, NULL);
        cairo_destroy(cr);
    }
    assert_same(whole, moved, 0);
    /* A picture that begins outside of the image: what is seen of it is the same. */
    cairo_t *cr = cairo_create(moved);
    cairo_translate(cr, -301, -77);
    draw_rows(&rows, cr, &view, GUI_NOTHING, NULL);
    cairo_destroy(cr);
    cairo_surface_flush(moved);
    cairo_surface_flush(whole);
    for (int y = 0; y < HEIGHT - 77; y++) {
        const uint8_t *a = cairo_image_surface_get_data(moved) +
                           (ptrdiff_t)y * cairo_image_surface_get_stride(moved);
        const uint8_t *b = cairo_image_surface_get_data(whole) +
                           (ptrdiff_t)(y + 77) * cairo_image_surface_get_stride(whole) + 301 * 4;
        for (int x = 0; x < (WIDTH - 301) * 4; x++)
            g_assert_true(x % 4 == 3 || a[x] == b[x]);
    }
    cairo_surface_destroy(whole);
    cairo_surface_destroy(moved);
    rows_clear(&rows);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kept/stage", test_stage);
    g_test_add_func("/kept/busy-stage", test_busy_stage);
    g_test_add_func("/kept/timeline", test_timeline);
    g_test_add_func("/kept/pixels-and-copy", test_pixels_and_copy);
    return g_test_run();
}
