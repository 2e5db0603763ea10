/* SPDX-License-Identifier: GPL-2.0-or-later */
/* picture.c: a view as a file: PNG, SVG or PDF. */
#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <stdio.h>
#include <string.h>

#include "gui/draw/memory.h"
#include "gui/draw/packets.h"
#include "gui/draw/pages.h"
#include "gui/draw/stage.h"
#include "gui/draw/text.h"
#include "gui/draw/ticks.h"
#include "gui/draw/timeline.h"
#include "gui/render/render.h"

/* ---- The caption: the time, and what just happened -------------------------------------- */

/* As large as the picture is. */
static GuiTheme caption_theme(const RenderOptions *options)
{
    double scale = MIN(options->width / 1000.0, options->height / 640.0);

    return gui_theme(options->theme.kind, options->theme.scale * CLAMP(scale, 0.9, 2.4),
                     options->theme.font);
}

static double caption_height(const RenderOptions *options)
{
    GuiTheme theme = caption_theme(options);

    return options->caption ? theme.text * 2.8 : 0;
}

/* A time with all its digits, grouped: "12.345 678 ms". */
static char *time_text(uint64_t ns)
{
    g_autofree char *plain = gui_tick_label(ns, 1);

    return g_strdup_printf("t = %s", plain);
}

/* lead: in bold before the caption; NULL: nothing. */
static void draw_caption(const RenderOptions *options, const char *lead, const char *caption,
                         cairo_t *cr)
{
    const GuiTheme own = caption_theme(options), *theme = &own;
    double height = caption_height(options), top = options->height - height;
    double x = theme->text * 1.2;

    if (height <= 0)
        return;
    cairo_rectangle(cr, 0, top, options->width, height);
    gui_set_colour(cr, theme->card, 1);
    cairo_fill(cr);
    cairo_rectangle(cr, 0, top, options->width, 1);
    gui_set_colour(cr, theme->card_line, 1);
    cairo_fill(cr);
    if (lead) {
        gui_set_colour(cr, theme->accent, 1);
        x += gui_text(cr, theme, GUI_TEXT(.bold = true), x, top + height / 2, 0, lead);
        x += theme->text * 1.5;
    }
    gui_set_colour(cr, theme->ink, 1);
    gui_text(cr, theme, GUI_TEXT(), x, top + height / 2, options->width - x - theme->text, caption);
}

/* ---- Views -------------------------------------------------------------------------------- */

static void draw_stage(const RenderOptions *options, const GuiScene *scene, cairo_t *cr,
                       double height)
{
    g_autoptr(GuiStage) stage =
        gui_stage_new(scene->model, options->width, height, &options->theme);
    double width, tall, scale;

    gui_stage_size(stage, &width, &tall);
    scale = MIN(1, MIN(options->width / width, height / tall));
    cairo_save(cr);
    cairo_translate(cr, (options->width - width * scale) / 2, 0);
    cairo_scale(cr, scale, scale);
    gui_stage_draw(stage, cr, scene);
    cairo_restore(cr);
}

static void draw_timeline(const RenderOptions *options, GuiSession *session, const GuiScene *scene,
                          cairo_t *cr, double height)
{
    const GuiLanes *lanes = gui_session_lanes(session);
    GuiTimeline timeline = gui_timeline_layout(lanes, options->width, height, &options->theme);
    GuiTimelineView view = {.span = {0, MAX(gui_session_end_time(session), 1)}};

    if (options->from != SIM_TIME_NEVER)
        view.span.from = options->from;
    if (options->to != SIM_TIME_NEVER)
        view.span.to = options->to;
    if (view.span.to <= view.span.from)
        view.span.to = view.span.from + 1;
    gui_timeline_draw(&timeline, &view, cr, lanes, scene, NULL);
}

static void draw_memory(const RenderOptions *options, const GuiScene *scene, cairo_t *cr,
                        double height)
{
    const SimModelVm *vm = options->vm ? sim_model_find_vm(scene->model, options->vm) : NULL;
    g_autoptr(GuiMemory) memory =
        gui_memory_new(scene->model, vm ? vm->host : 0, vm ? vm->vm : GUI_MEMORY_ALL,
                       options->width, height, &options->theme);

    gui_memory_draw(memory, cr, scene);
}

/* The frame that was asked for, else the last one that there was at the time. */
static uint64_t chosen_frame(const RenderOptions *options, const GuiScene *scene)
{
    uint32_t count = gui_frames_before(scene->frames, scene->model->events - 1);

    if (options->frame > 0 || count == 0)
        return options->frame;
    return gui_frames_get(scene->frames, count - 1)->frame;
}

static void draw_packets(const RenderOptions *options, GuiScene *scene, cairo_t *cr, double height)
{
    const GuiTheme *theme = &options->theme;
    uint32_t count = gui_frames_count(scene->frames), first = 0;
    double detail_height = 0;
    GuiFrameInfo info;

    scene->selected = (GuiEntity){.kind = GUI_ENTITY_FRAME, .number = chosen_frame(options, scene)};
    int64_t row = gui_frames_find(scene->frames, scene->selected.number);
    g_autoptr(GuiPacketDetail) detail = NULL;
    if (gui_frames_info(scene->frames, scene->reader, scene->selected.number, &info)) {
        double width;
        detail = gui_packet_detail_new(&info, options->width, 10, theme);
        gui_packet_detail_size(detail, &width, &detail_height);
    }
    GuiPacketList list =
        gui_packet_list(options->width, MAX(height - detail_height, height * 0.3), theme);
    if (row > (int64_t)list.visible / 2)
        first = (uint32_t)MIN(row - list.visible / 2, MAX(count, list.visible) - list.visible);
    gui_packet_list_draw(&list, cr, scene, first);
    if (detail) {
        cairo_translate(cr, 0, list.height);
        gui_packet_detail_draw(detail, cr, (GuiFieldChoice){-1, -1});
    }
}

/* ---- Views that are sheets ------------------------------------------------------------------ */

double render_largest(const RenderOptions *options)
{
    return CLAMP(MIN(options->width / 800.0, options->height / 450.0), 1, 2.4);
}

static uint32_t vm_number(const RenderOptions *options, const SimModel *model)
{
    const SimModelVm *vm = options->vm ? sim_model_find_vm(model, options->vm) : NULL;

    return vm ? vm->vm : GUI_PAGE_ALL;
}

static GuiSheet *exits_sheet(const RenderOptions *options, GuiSession *session)
{
    g_autoptr(GuiCode) code = gui_code_new(gui_session_reader(session));
    uint32_t vm = vm_number(options, gui_session_model(session));

    if (vm != GUI_PAGE_ALL)
        gui_session_select(session, (GuiEntity){.kind = GUI_ENTITY_VM, .a = vm});
    return gui_page_exits(session, code);
}

static GuiSheet *make_sheet(const RenderOptions *options, GuiSession *session,
                            const GuiScene *scene)
{
    switch (options->view) {
    case RENDER_WAY: return gui_page_way(session, chosen_frame(options, scene));
    case RENDER_EXITS: return exits_sheet(options, session);
    case RENDER_CONSOLE: return gui_page_console(scene->model, vm_number(options, scene->model));
    case RENDER_ROWS: return gui_page_rows(scene);
    default: return gui_page_tables(scene->model, NULL);
    }
}

static void draw_sheet(const RenderOptions *options, GuiSession *session, const GuiScene *scene,
                       cairo_t *cr, double height)
{
    g_autoptr(GuiSheet) sheet = make_sheet(options, session, scene);

    gui_sheet_fit(sheet, &options->theme, render_largest(options), options->width, height);
    gui_sheet_draw(sheet, cr);
}

/* ---- Any view ---------------------------------------------------------------------------------
 */

static void draw_session(const RenderOptions *options, cairo_t *cr, double width, double height,
                         void *user)
{
    GuiSession *session = user;
    GuiScene scene = gui_scene(session, 0);

    switch (options->view) {
    case RENDER_STAGE: draw_stage(options, &scene, cr, height); break;
    case RENDER_TIMELINE: draw_timeline(options, session, &scene, cr, height); break;
    case RENDER_MEMORY: draw_memory(options, &scene, cr, height); break;
    case RENDER_PACKETS: draw_packets(options, &scene, cr, height); break;
    default: draw_sheet(options, session, &scene, cr, height);
    }
    gui_scene_clear(&scene);
}

static void draw_all(const RenderOptions *options, const RenderDrawing *drawing, cairo_t *cr)
{
    double height = options->height - caption_height(options);

    cairo_save(cr);
    gui_set_colour(cr, options->theme.ground, 1);
    cairo_paint(cr);
    cairo_rectangle(cr, 0, 0, options->width, height);
    cairo_clip(cr);
    drawing->draw(options, cr, options->width, height, drawing->user);
    cairo_restore(cr);
    draw_caption(options, drawing->lead, drawing->caption, cr);
}

/* ---- Files ------------------------------------------------------------------------------------
 */

static cairo_surface_t *surface_for(const RenderOptions *options, const char *path)
{
    if (g_str_has_suffix(path, ".svg"))
        return cairo_svg_surface_create(path, options->width, options->height);
    if (g_str_has_suffix(path, ".pdf"))
        return cairo_pdf_surface_create(path, options->width, options->height);
    return cairo_image_surface_create(CAIRO_FORMAT_RGB24, options->width, options->height);
}

static gboolean fail(cairo_status_t status, const char *path, GError **error)
{
    if (status == CAIRO_STATUS_SUCCESS)
        return TRUE;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: cannot be written: %s", path,
                cairo_status_to_string(status));
    return FALSE;
}

gboolean render_draw_file(const RenderOptions *options, const RenderDrawing *drawing,
                          const char *path, bool png, GError **error)
{
    cairo_surface_t *surface = surface_for(options, png ? ".png" : path);
    cairo_t *cr = cairo_create(surface);
    cairo_status_t status;

    draw_all(options, drawing, cr);
    status = cairo_status(cr);
    cairo_destroy(cr);
    if (status == CAIRO_STATUS_SUCCESS && png)
        status = cairo_surface_write_to_png(surface, path);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return fail(status, path, error);
}

static gboolean draw_moment(const RenderOptions *options, GuiSession *session, const char *path,
                            bool png, GError **error)
{
    g_autofree char *time = time_text(gui_session_time(session));
    g_autofree char *caption = gui_scene_caption(session);
    const RenderDrawing drawing = {draw_session, session, time, caption};

    return render_draw_file(options, &drawing, path, png, error);
}

gboolean render_write_png(const RenderOptions *options, GuiSession *session, const char *path,
                          GError **error)
{
    return draw_moment(options, session, path, true, error);
}

gboolean render_picture(const RenderOptions *options, GuiSession *session, GError **error)
{
    return draw_moment(options, session, options->output, g_str_has_suffix(options->output, ".png"),
                       error);
}
