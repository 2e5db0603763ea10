/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-images.c: every view, light, dark and in high contrast, of the small run of
 * trace-sample.h, of a busy one, and of one whose pages are in all states; drawn and
 * compared with a picture that a person has looked at and found good.
 *
 * Two pictures are the same when no more than one pixel in a hundred differs by more
 * than a quarter of full brightness in any colour: another version of cairo or Pango
 * draws edges of letters a little differently, and no more. With --write the pictures
 * that are kept are made anew: look at them before committing.
 *
 * DejaVu Sans is named, so that all machines draw the same letters; where it is not
 * installed the test is skipped.
 */
#include <stdio.h>
#include <string.h>

#include <pango/pangocairo.h>

#include "gui/draw/compare.h"
#include "gui/draw/memory.h"
#include "gui/draw/packets.h"
#include "gui/draw/pages.h"
#include "gui/draw/tables.h"
#include "gui/draw/stage.h"
#include "gui/draw/timeline.h"
#include "gui/draw/translation.h"
#include "tests/gui/busy-sample.h"
#include "tests/gui/detailed-sample.h"

#define WIDTH  640
#define HEIGHT 420

typedef struct {
    const char *name;
    GuiThemeKind theme;
    uint64_t time;
    void (*draw)(GuiSession *session, cairo_t *cr, const GuiTheme *theme);
    SimTrace *(*trace)(void); /* NULL: sample_trace() */
} Picture;

static const char *folder;
static bool writing;

/* ---- The views -------------------------------------------------------------------------- */

static void draw_stage(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    GuiScene scene = gui_scene(session, 0);
    g_autoptr(GuiStage) stage = gui_stage_new(scene.model, WIDTH, HEIGHT, theme);

    gui_stage_draw(stage, cr, &scene);
    gui_scene_clear(&scene);
}

static void draw_timeline(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    const GuiLanes *lanes = gui_session_lanes(session);
    GuiScene scene = gui_scene(session, 0);
    GuiTimeline timeline = gui_timeline_layout(lanes, WIDTH, HEIGHT, theme);
    GuiTimelineView view = {.span = {0, 10000}, .marked = {2000, 3000}};

    gui_timeline_draw(&timeline, &view, cr, lanes, &scene, NULL);
    gui_scene_clear(&scene);
}

static void draw_memory(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    GuiScene scene = gui_scene(session, 0);
    g_autoptr(GuiMemory) memory =
        gui_memory_new(scene.model, 0, GUI_MEMORY_ALL, WIDTH, HEIGHT, theme);

    gui_memory_draw(memory, cr, &scene);
    gui_scene_clear(&scene);
}

static void draw_packets(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    GuiScene scene = gui_scene(session, 0);
    GuiPacketList list = gui_packet_list(WIDTH, 110, theme);
    GuiFrameInfo info;

    scene.selected = (GuiEntity){.kind = GUI_ENTITY_FRAME, .number = 2};
    gui_packet_list_draw(&list, cr, &scene, 0);
    g_assert_true(gui_frames_info(scene.frames, scene.reader, 2, &info));
    g_autoptr(GuiPacketDetail) detail = gui_packet_detail_new(&info, WIDTH, HEIGHT - 110, theme);
    cairo_translate(cr, 0, 110);
    gui_packet_detail_draw(detail, cr, (GuiFieldChoice){1, 8});
    gui_scene_clear(&scene);
}

/* ---- The views that are sheets -------------------------------------------------------------- */

/* Takes over the sheet. larger: how much larger than the picture the page is. */
static void draw_page(GuiSheet *sheet, cairo_t *cr, const GuiTheme *theme, double larger)
{
    gui_sheet_fit(sheet, theme, 1.3, WIDTH * larger, HEIGHT * larger);
    gui_set_colour(cr, theme->ground, 1);
    cairo_paint(cr);
    cairo_scale(cr, 1 / larger, 1 / larger);
    gui_sheet_draw(sheet, cr);
    gui_sheet_free(sheet);
}

static void draw_sheet(GuiSheet *sheet, cairo_t *cr, const GuiTheme *theme)
{
    draw_page(sheet, cr, theme, 1);
}

/* What has changed since the first frame came: the switch knows both, a waits. */
static void draw_tables(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    uint64_t time = gui_session_time(session);

    gui_session_seek(session, 1500);
    g_autoptr(GPtrArray) before = gui_world_tables(gui_session_model(session));
    gui_session_seek(session, time);
    draw_sheet(gui_page_tables(gui_session_model(session), before), cr, theme);
}

static void draw_rows(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    GuiScene scene = gui_scene(session, 0);

    scene.selected = (GuiEntity){.kind = GUI_ENTITY_VM, .a = 1};
    draw_sheet(gui_page_rows(&scene), cr, theme);
    gui_scene_clear(&scene);
}

static void draw_console(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    draw_sheet(gui_page_console(gui_session_model(session), GUI_PAGE_ALL), cr, theme);
}

static void draw_way(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    draw_sheet(gui_page_way(session, 1), cr, theme);
}

static void draw_exits(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    g_autoptr(GuiCode) code = gui_code_new(gui_session_reader(session));

    draw_page(gui_page_exits(session, code), cr, theme, 2);
}

/* More than there is room for. */
static void draw_exits_small(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    g_autoptr(GuiCode) code = gui_code_new(gui_session_reader(session));

    draw_sheet(gui_page_exits(session, code), cr, theme);
}

/* The run beside itself, as if they parted at 4500 ns. */
static void draw_compare(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    const GuiCompare compare = {.titles = {"slice=1ms", "slice=10ms"},
                                .sessions = {session, session},
                                .span = {0, 10000},
                                .parting = {.known = true,
                                            .alike = 20,
                                            .has_a = true,
                                            .has_b = true,
                                            .time_a = 4500,
                                            .time_b = 6000},
                                .theme = theme};

    gui_compare_draw(&compare, cr, WIDTH, HEIGHT);
}

/* ---- Runs ------------------------------------------------------------------------------- */

/* Sixteen VMs on three networks, frames on all cables. */
static SimTrace *busy_run(void)
{
    const Busy busy = {.vms = 16, .networks = 3, .pcpus = 4, .turns = 200, .flights = 40};

    return busy_trace(&busy, NULL);
}

#define BUSY_END SIM_TIME_NEVER

static void map(SimTrace *t, unsigned vm, uint32_t page, uint32_t frame, bool writable, bool pinned)
{
    SIM_TRACE(t, SAMPLE_WORLD, 10 + vm, PageMapped, .page = page, .frame = frame,
              .vm = (uint16_t)vm, .writable = writable, .pinned = pinned);
}

/* Two VMs of 64 pages. Of each: 4 pages pinned, 8 writable, 4 read-only, 4 shared with the
 * other one, 4 swapped out, 4 in the balloon, 4 taken away, the rest untouched. */
static SimTrace *pages_run(void)
{
    SimTrace *t = sim_trace_new("{}", NULL, NULL);

    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, RunStart, "emulated", 8, .seed = 1);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, HostCreated, "rr", 2, .pcpus = 1, .frames = 96,
                   .clock_hz = 100000000, .slice_ns = 1000000);
    for (unsigned vm = 0; vm < 2; vm++) {
        uint32_t first = vm * 32;
        SIM_TRACE_BLOB(t, SAMPLE_WORLD, 10 + vm, VmCreated, vm ? "db" : "web", vm ? 2 : 3,
                       .vm = (uint16_t)vm, .vcpus = 1, .memory_pages = 64, .weight = 256);
        for (uint32_t i = 0; i < 32; i++)
            map(t, vm, i, first + i, i < 12 || i >= 16, i < 4);
        for (uint32_t i = 16; i < 20; i++)
            SIM_TRACE(t, SAMPLE_WORLD, 10 + vm, PageShared, .page = i, .frame = i,
                      .old_frame = first + i, .vm = (uint16_t)vm);
        for (uint32_t i = 20; i < 24; i++)
            SIM_TRACE(t, SAMPLE_WORLD, 10 + vm, PageSwappedOut, .page = i, .frame = first + i,
                      .slot = i, .vm = (uint16_t)vm);
        for (uint32_t i = 24; i < 28; i++)
            SIM_TRACE(t, SAMPLE_WORLD, 10 + vm, PageBallooned, .page = i, .frame = first + i,
                      .vm = (uint16_t)vm);
        for (uint32_t i = 28; i < 32; i++)
            SIM_TRACE(t, SAMPLE_WORLD, 10 + vm, PageUnmapped, .page = i, .frame = first + i,
                      .vm = (uint16_t)vm);
    }
    sim_trace_finish(t);
    return t;
}

/* a has said more than fits on the page, b nothing. */
static SimTrace *talk_run(void)
{
    SimTrace *t = sim_trace_new("{}", NULL, NULL);

    sample_create(t);
    for (unsigned i = 1; i <= 60; i++) {
        g_autofree char *line = g_strdup_printf(
            "64 bytes from 10.0.0.2: icmp_seq=%u ttl=64 time=0.%03u ms\n", i, 300 + i * 7 % 100);

        SIM_TRACE_BLOB(t, SAMPLE_CPU, 100 * i, Console, line, (uint32_t)strlen(line), .slot = 1);
    }
    sim_trace_finish(t);
    return t;
}

/* One address through tables in pages 8 to 11 to page 12, in page frame 300. */
static SimTrace *mapped_run(void)
{
    static const uint64_t entries[] = {0x9027, 0xa027, 0xb027, UINT64_C(0x800000000000c067)};
    SimTrace *t = sim_trace_new("{}", NULL, NULL);

    sample_create(t);
    SIM_TRACE(t, SAMPLE_WORLD, 50, PageMapped, .vm = 0, .page = 12, .frame = 300, .writable = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 100, Exit, .kind = SIM_EXIT_MMIO);
    SIM_TRACE(t, SAMPLE_WORLD, 100, Registers, .cr3 = 0x8000);
    for (unsigned i = 0; i < 4; i++)
        SIM_TRACE_BLOB(t, SAMPLE_WORLD, 100, PageTable, &entries[i], 8, .page = 8 + i, .first = i,
                       .level = (uint8_t)(4 - i));
    sim_trace_finish(t);
    return t;
}

static void draw_translation(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    const SimModel *model = gui_session_model(session);
    g_autoptr(SimTables) tables = sim_tables_new();
    double width, height;

    sim_tables_advance(tables, gui_session_reader(session), model->events);
    /* Indexes 0, 1, 2 and 3; the second one ends at the third table. */
    for (unsigned i = 0; i < 2; i++) {
        SimWalk walk = sim_tables_walk(tables, 0, i ? 0x40c03abc : 0x40403abc);
        g_autoptr(GuiTranslation) picture = gui_translation_new(model, 0, &walk, WIDTH, theme);
        gui_translation_size(picture, &width, &height);
        cairo_save(cr);
        cairo_rectangle(cr, 0, 0, WIDTH, height);
        cairo_clip(cr);
        gui_translation_draw(picture, cr, (GuiEntity){.kind = GUI_ENTITY_PAGE, .b = 9});
        cairo_restore(cr);
        cairo_translate(cr, 0, height);
    }
}

/* A shared page frame is selected: lines lead to the pages of both VMs. */
static void draw_pages(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    gui_session_select(session, (GuiEntity){.kind = GUI_ENTITY_PAGE_FRAME, .b = 17});
    draw_memory(session, cr, theme);
}

static void draw_busy_timeline(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    const GuiLanes *lanes = gui_session_lanes(session);
    GuiScene scene = gui_scene(session, 0);
    GuiTimeline timeline = gui_timeline_layout(lanes, WIDTH, HEIGHT, theme);
    GuiTimelineView view = {.span = {0, 200 * BUSY_TURN_NS}};

    scene.selected = (GuiEntity){.kind = GUI_ENTITY_VM, .a = 3};
    gui_timeline_draw(&timeline, &view, cr, lanes, &scene, NULL);
    gui_scene_clear(&scene);
}

static const Picture pictures[] = {
    {"stage-frame", GUI_THEME_LIGHT, 2500, draw_stage, NULL},
    {"stage-drop", GUI_THEME_DARK, 7600, draw_stage, NULL},
    {"stage-contrast", GUI_THEME_CONTRAST, 1500, draw_stage, NULL},
    {"stage-busy", GUI_THEME_LIGHT, BUSY_END, draw_stage, busy_run},
    {"stage-busy-dark", GUI_THEME_DARK, BUSY_END, draw_stage, busy_run},
    {"timeline", GUI_THEME_LIGHT, 5000, draw_timeline, NULL},
    {"timeline-contrast", GUI_THEME_CONTRAST, 5000, draw_timeline, NULL},
    {"timeline-busy", GUI_THEME_LIGHT, 1000000, draw_busy_timeline, busy_run},
    {"timeline-busy-dark", GUI_THEME_DARK, 1000000, draw_busy_timeline, busy_run},
    {"memory", GUI_THEME_LIGHT, 5000, draw_memory, NULL},
    {"memory-pages", GUI_THEME_LIGHT, 100, draw_pages, pages_run},
    {"memory-pages-dark", GUI_THEME_DARK, 100, draw_pages, pages_run},
    {"memory-pages-contrast", GUI_THEME_CONTRAST, 100, draw_pages, pages_run},
    {"translation", GUI_THEME_LIGHT, 100, draw_translation, mapped_run},
    {"translation-dark", GUI_THEME_DARK, 100, draw_translation, mapped_run},
    {"packets", GUI_THEME_LIGHT, 5000, draw_packets, NULL},
    {"packets-dark", GUI_THEME_DARK, 5000, draw_packets, NULL},
    {"packets-contrast", GUI_THEME_CONTRAST, 5000, draw_packets, NULL},
    {"tables", GUI_THEME_LIGHT, 6000, draw_tables, NULL},
    {"tables-dark", GUI_THEME_DARK, 6000, draw_tables, NULL},
    {"tables-busy", GUI_THEME_LIGHT, BUSY_END, draw_tables, busy_run},
    {"rows", GUI_THEME_LIGHT, 2500, draw_rows, NULL},
    {"rows-dark", GUI_THEME_DARK, 2500, draw_rows, NULL},
    {"console", GUI_THEME_LIGHT, SIM_TIME_NEVER, draw_console, talk_run},
    {"console-dark", GUI_THEME_DARK, SIM_TIME_NEVER, draw_console, talk_run},
    {"way", GUI_THEME_LIGHT, 2500, draw_way, NULL},
    {"way-dark", GUI_THEME_DARK, 2500, draw_way, NULL},
    {"exits", GUI_THEME_LIGHT, 150, draw_exits, detailed_trace},
    {"exits-dark", GUI_THEME_DARK, 150, draw_exits, detailed_trace},
    {"exits-contrast", GUI_THEME_CONTRAST, 150, draw_exits, detailed_trace},
    {"exits-small", GUI_THEME_LIGHT, 150, draw_exits_small, detailed_trace},
    {"compare", GUI_THEME_LIGHT, 5000, draw_compare, NULL},
    {"compare-dark", GUI_THEME_DARK, 5000, draw_compare, NULL},
};

/* ---- Comparing ------------------------------------------------------------------------------ */

typedef struct {
    const unsigned char *data;
    ptrdiff_t stride;
} Pixels;

static Pixels pixels_of(cairo_surface_t *surface)
{
    return (Pixels){cairo_image_surface_get_data(surface), cairo_image_surface_get_stride(surface)};
}

static uint32_t pixel_at(const Pixels *pixels, int x, int y)
{
    return ((const uint32_t *)(pixels->data + y * pixels->stride))[x];
}

static bool pixel_differs(uint32_t one, uint32_t other)
{
    for (int shift = 0; shift < 24; shift += 8) {
        int a = (int)(one >> shift & 0xff), b = (int)(other >> shift & 0xff);
        if (ABS(a - b) > 64)
            return true;
    }
    return false;
}

/* Is a pixel like this one nowhere within a pixel of its place? Versions of Pango and FreeType
 * put the same letter up to a pixel apart. */
static bool is_lost(uint32_t pixel, const Pixels *in, int x, int y)
{
    for (int row = MAX(y - 1, 0); row <= MIN(y + 1, HEIGHT - 1); row++)
        for (int column = MAX(x - 1, 0); column <= MIN(x + 1, WIDTH - 1); column++)
            if (!pixel_differs(pixel, pixel_at(in, column, row)))
                return false;
    return true;
}

/* Pixels of either picture that the other one lacks. */
static unsigned count_differences(cairo_surface_t *one, cairo_surface_t *other)
{
    const Pixels a = pixels_of(one), b = pixels_of(other);
    unsigned count = 0;

    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            if (pixel_differs(pixel_at(&a, x, y), pixel_at(&b, x, y)))
                count +=
                    is_lost(pixel_at(&a, x, y), &b, x, y) || is_lost(pixel_at(&b, x, y), &a, x, y);
    return count;
}

static void compare(cairo_surface_t *drawn, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".png", NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);

    if (writing) {
        g_assert_cmpint(cairo_surface_write_to_png(drawn, path), ==, CAIRO_STATUS_SUCCESS);
        return;
    }
    cairo_surface_t *kept = cairo_image_surface_create_from_png(path);
    g_assert_cmpint(cairo_surface_status(kept), ==, CAIRO_STATUS_SUCCESS);
    g_assert_cmpint(cairo_image_surface_get_width(kept), ==, WIDTH);
    g_assert_cmpint(cairo_image_surface_get_height(kept), ==, HEIGHT);
    unsigned different = count_differences(drawn, kept);
    cairo_surface_destroy(kept);
    if (different > WIDTH * HEIGHT / 100) {
        cairo_surface_write_to_png(drawn, file);
        g_test_message("%s: %u pixels differ; what was drawn is in %s", name, different, file);
    }
    g_assert_cmpuint(different, <=, WIDTH * HEIGHT / 100);
}

static bool has_font(void)
{
    PangoFontFamily **families;
    bool found = false;
    int count;

    pango_font_map_list_families(pango_cairo_font_map_get_default(), &families, &count);
    for (int i = 0; i < count; i++)
        found |= strcmp(pango_font_family_get_name(families[i]), "DejaVu Sans") == 0;
    g_free(families);
    return found;
}

static void test_picture(const void *data)
{
    const Picture *picture = data;
    g_autoptr(SimTrace) trace = picture->trace ? picture->trace() : sample_trace();
    g_autoptr(GuiSession) session = gui_session_new();
    GuiTheme theme = gui_theme(picture->theme, 1, NULL);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    cairo_t *cr = cairo_create(surface);
    size_t size;
    const void *bytes = sim_trace_data(trace, &size);

    if (!has_font()) {
        g_test_skip("the font DejaVu Sans is not installed");
    } else if (picture->draw == draw_exits && !gui_code_can_disassemble()) {
        g_test_skip("built without Capstone");
    } else {
        g_assert_true(gui_session_open_memory(session, bytes, size, NULL));
        while (gui_session_index(session, 1 << 20)) {
        }
        gui_session_seek(session, picture->time);
        picture->draw(session, cr, &theme);
        cairo_surface_flush(surface);
        compare(surface, picture->name);
    }
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
}

/* The comparison itself: a picture is like itself, and unlike one in another theme. */
static void test_comparison(void)
{
    cairo_surface_t *one = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    cairo_surface_t *other = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    cairo_t *cr = cairo_create(other);

    g_assert_cmpuint(count_differences(one, other), ==, 0);
    cairo_rectangle(cr, 10, 10, 20, 30);
    cairo_set_source_rgb(cr, 0.5, 0, 0);
    cairo_fill(cr);
    cairo_surface_flush(other);
    g_assert_cmpuint(count_differences(one, other), ==, 600);
    cairo_destroy(cr);
    cairo_surface_destroy(one);
    cairo_surface_destroy(other);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = argc > 1 ? argv[1] : ".";
    writing = argc > 2 && strcmp(argv[2], "--write") == 0;
    g_test_add_func("/images/comparison", test_comparison);
    for (size_t i = 0; i < G_N_ELEMENTS(pictures); i++) {
        g_autofree char *path = g_strconcat("/images/", pictures[i].name, NULL);
        g_test_add_data_func(path, &pictures[i], test_picture);
    }
    return g_test_run();
}
