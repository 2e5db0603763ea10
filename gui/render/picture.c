/* SPDX-License-Identifier: GPL-2.0-or-later */
/* picture.c: a view as a file: PNG, SVG or PDF. */
#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <stdio.h>
#include <string.h>

#include "gui/draw/memory.h"
#include "gui/draw/packets.h"
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

static void draw_caption(const RenderOptions *options, GuiSession *session, cairo_t *cr)
{
    const GuiTheme own = caption_theme(options), *theme = &own;
    double height = caption_height(options), top = options->height - height;
    double x = theme->text * 1.2;
    g_autofree char *time = time_text(gui_session_time(session));
    g_autofree char *caption = gui_scene_caption(session);

    if (height <= 0)
        return;
    cairo_rectangle(cr, 0, top, options->width, height);
    gui_set_colour(cr, theme->card, 1);
    cairo_fill(cr);
    cairo_rectangle(cr, 0, top, options->width, 1);
    gui_set_colour(cr, theme->card_line, 1);
    cairo_fill(cr);
    gui_set_colour(cr, theme->accent, 1);
    x += gui_text(cr, theme, GUI_TEXT(.bold = true), x, top + height / 2, 0, time);
    x += theme->text * 1.5;
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

void render_view(const RenderOptions *options, GuiSession *session, cairo_t *cr)
{
    GuiScene scene = gui_scene(session, 0);
    double height = options->height - caption_height(options);

    cairo_save(cr);
    gui_set_colour(cr, options->theme.ground, 1);
    cairo_paint(cr);
    cairo_rectangle(cr, 0, 0, options->width, height);
    cairo_clip(cr);
    if (options->view == RENDER_STAGE)
        draw_stage(options, &scene, cr, height);
    else if (options->view == RENDER_TIMELINE)
        draw_timeline(options, session, &scene, cr, height);
    else if (options->view == RENDER_MEMORY)
        draw_memory(options, &scene, cr, height);
    else
        draw_packets(options, &scene, cr, height);
    cairo_restore(cr);
    draw_caption(options, session, cr);
    gui_scene_clear(&scene);
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

static gboolean draw_file(const RenderOptions *options, GuiSession *session, const char *path,
                          bool png, GError **error)
{
    cairo_surface_t *surface = surface_for(options, png ? ".png" : path);
    cairo_t *cr = cairo_create(surface);
    cairo_status_t status;

    render_view(options, session, cr);
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

gboolean render_write_png(const RenderOptions *options, GuiSession *session, const char *path,
                          GError **error)
{
    return draw_file(options, session, path, true, error);
}

gboolean render_picture(const RenderOptions *options, GuiSession *session, GError **error)
{
    return draw_file(options, session, options->output, g_str_has_suffix(options->output, ".png"),
                     error);
}
