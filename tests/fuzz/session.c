/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c: any bytes as a trace that somebody opens, looks at and clicks into.
 *
 * Bytes that begin with the magic get the right version and hash, as in trace.c. What
 * must hold: stepping back leads where stepping forward came from, sums of a row are
 * no longer than the span, and whatever is drawn, nothing fails: each view, as a window and
 * `hvlab render` show it, and two runs compared.
 */
#include "gui/draw/compare.h"
#include "gui/draw/memory.h"
#include "gui/draw/packets.h"
#include "gui/draw/pages.h"
#include "gui/draw/stage.h"
#include "gui/draw/tables.h"
#include "gui/draw/text.h"
#include "gui/draw/timeline.h"

#define WIDTH  320
#define HEIGHT 200

static void draw_stage(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    GuiScene scene = gui_scene(session, 0);
    g_autoptr(GuiStage) stage = gui_stage_new(scene.model, WIDTH, HEIGHT, theme);
    g_autofree char *caption = gui_scene_caption(session);

    g_assert(g_utf8_validate(caption, -1, NULL));
    gui_stage_draw(stage, cr, &scene);
    gui_stage_hit(stage, &scene, WIDTH / 2, HEIGHT / 2);
    gui_scene_clear(&scene);
}

static void draw_rest(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    const GuiLanes *lanes = gui_session_lanes(session);
    GuiScene scene = gui_scene(session, 0);
    GuiTimeline timeline = gui_timeline_layout(lanes, WIDTH, HEIGHT, theme);
    GuiTimelineView view = {.span = {0, MAX(gui_session_end_time(session), 1)}};
    g_autoptr(GuiMemory) memory =
        gui_memory_new(scene.model, 0, GUI_MEMORY_ALL, WIDTH, HEIGHT, theme);
    GuiPacketList list = gui_packet_list(WIDTH, HEIGHT, theme);

    gui_timeline_draw(&timeline, &view, cr, lanes, &scene, NULL);
    gui_timeline_hit(&timeline, &view, lanes, scene.reader, WIDTH * 0.7, HEIGHT / 2);
    gui_memory_draw(memory, cr, &scene);
    gui_memory_hit(memory, WIDTH / 2, HEIGHT / 2);
    gui_packet_list_draw(&list, cr, &scene, 0);
    for (uint32_t row = 0; row < MIN(gui_frames_count(scene.frames), 4); row++) {
        GuiFrameInfo info;
        if (!gui_frames_info(scene.frames, scene.reader, gui_frames_get(scene.frames, row)->frame,
                             &info))
            continue;
        g_autoptr(GuiPacketDetail) detail = gui_packet_detail_new(&info, WIDTH, HEIGHT, theme);
        gui_packet_detail_draw(detail, cr, gui_packet_detail_at(detail, WIDTH * 0.3, 30));
    }
    gui_scene_clear(&scene);
}

/* Takes over the sheet. */
static void draw_sheet(GuiSheet *sheet, cairo_t *cr, const GuiTheme *theme)
{
    gui_sheet_fit(sheet, theme, 1, WIDTH, HEIGHT);
    gui_sheet_draw(sheet, cr);
    gui_sheet_free(sheet);
}

/* The views that are tables and texts; before: the tables of the start. */
static void draw_sheets(GuiSession *session, cairo_t *cr, const GuiTheme *theme,
                        const GPtrArray *before)
{
    GuiScene scene = gui_scene(session, 0);
    g_autoptr(GuiCode) code = gui_code_new(gui_session_reader(session));

    draw_sheet(gui_page_tables(scene.model, before), cr, theme);
    draw_sheet(gui_page_rows(&scene), cr, theme);
    draw_sheet(gui_page_console(scene.model, GUI_PAGE_ALL), cr, theme);
    draw_sheet(gui_page_exits(session, code), cr, theme);
    if (gui_frames_count(scene.frames) > 0)
        draw_sheet(gui_page_way(session, gui_frames_get(scene.frames, 0)->frame), cr, theme);
    gui_scene_clear(&scene);
}

/* The run and itself: they are alike, whatever it is. */
static void draw_compare(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    SimReader *reader = gui_session_reader(session);
    GuiCompare compare = {.titles = {"one", "other"},
                          .sessions = {session, session},
                          .span = {0, gui_comparison_end(session, session)},
                          .parting = gui_parting_find(reader, reader),
                          .theme = theme};
    g_autofree char *words = gui_parting_words(&compare.parting, session, session);
    g_autoptr(GPtrArray) rows = gui_comparison_rows(session, session);

    g_assert(compare.parting.same && g_utf8_validate(words, -1, NULL));
    for (unsigned i = 0; rows && i < rows->len; i++)
        g_assert(!((const SimSideRow *)rows->pdata[i])->differs);
    gui_compare_draw(&compare, cr, WIDTH, HEIGHT);
}

static void walk(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    for (unsigned i = 0; i < 4 && gui_session_step(session, (GuiStep)(i % GUI_STEP_COUNT), 1); i++)
        draw_stage(session, cr, theme);
    gui_session_seek(session, gui_session_end_time(session) / 2);
    draw_stage(session, cr, theme);
    gui_session_seek(session, SIM_TIME_NEVER);
    uint64_t end = gui_session_position(session);
    if (gui_session_step(session, GUI_STEP_EVENT, -1)) {
        g_assert(gui_session_position(session) < end);
        gui_session_step(session, GUI_STEP_EVENT, 1);
        g_assert(gui_session_position(session) <= end);
    }
    draw_stage(session, cr, theme);
}

/* A few events can promise a world of any size; drawing all of it takes as long. */
static bool is_small(GuiSession *session)
{
    const SimModel *model = gui_session_model(session);
    uint64_t pages = 0;

    for (guint i = 0; i < model->vms->len; i++)
        pages += sim_model_vm(model, i)->memory_pages;
    return gui_lanes_count(gui_session_lanes(session)) <= 256 && model->vms->len <= 64 &&
           pages <= (1u << 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *bytes = g_memdup2(data, size ? size : 1);
    g_autoptr(GuiSession) session = gui_session_new();
    GuiTheme theme = gui_theme(GUI_THEME_LIGHT, 1, NULL);
    SimTraceHeader header;

    if (size >= sizeof(header)) {
        memcpy(&header, bytes, sizeof(header));
        header.version = SIM_TRACE_VERSION;
        header.schema_hash = sim_event_schema_hash();
        memcpy(bytes, &header, sizeof(header));
    }
    if (!gui_session_open_memory(session, bytes, size, NULL))
        return 0;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    cairo_t *cr = cairo_create(surface);
    gui_session_seek(session, SIM_TIME_NEVER);
    if (is_small(session)) {
        gui_session_seek(session, 0);
        g_autoptr(GPtrArray) before = gui_world_tables(gui_session_model(session));
        walk(session, cr, &theme);
        draw_rest(session, cr, &theme);
        draw_sheets(session, cr, &theme, before);
        draw_compare(session, cr, &theme);
    }
    g_assert(cairo_status(cr) == CAIRO_STATUS_SUCCESS);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return 0;
}
