/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packets.c: the list of frames. */
#include "gui/draw/packets.h"

#include <glib/gi18n.h>

#include <string.h>

#include "gui/draw/paint.h"
#include "gui/draw/ticks.h"

enum { COLUMNS = 7 };

static const struct {
    const char *title;
    double width; /* in heights of text; 0: what is left */
} columns[COLUMNS] = {{N_("No."), 4},          {N_("Time"), 9},     {N_("Source"), 10},
                      {N_("Destination"), 10}, {N_("Protocol"), 6}, {N_("Length"), 5},
                      {N_("Info"), 0}};

/* ---- Rows -------------------------------------------------------------------------------- */

GuiPacketRow gui_packet_row(const GuiFrames *frames, SimReader *reader, uint32_t number)
{
    GuiPacketRow row = {.number = number + 1, .protocol = "?"};
    NetDissection dissection;
    GuiFrameInfo info;
    SimRecord record;
    const GuiFrame *frame = gui_frames_get(frames, number);

    row.frame = frame->frame;
    row.time = frame->time;
    if (!sim_reader_get(reader, frame->event, &record))
        return row;
    info.bytes = record.blob;
    info.kept = record.blob_size;
    row.length = record.type == SIM_EVENT_FRAME_SENT  ? SIM_FIELDS(&record, FrameSent)->length
                 : record.type == SIM_EVENT_FRAME_NEW ? SIM_FIELDS(&record, FrameNew)->length
                                                      : 0;
    net_dissect_kept(info.bytes, info.kept, row.length, &dissection);
    row.protocol = dissection.protocol;
    row.bad = dissection.malformed || dissection.bad_checksum;
    memcpy(row.source, dissection.source, sizeof(row.source));
    memcpy(row.destination, dissection.destination, sizeof(row.destination));
    memcpy(row.info, dissection.info, sizeof(row.info));
    return row;
}

/* ---- The list ------------------------------------------------------------------------------ */

GuiPacketList gui_packet_list(double width, double height, const GuiTheme *theme)
{
    GuiPacketList list = {.width = width,
                          .height = height,
                          .row_height = theme->text * 1.75,
                          .header_height = theme->text * 2.1,
                          .theme = theme};
    double x = theme->text * 0.8, scale = MIN(1, width / (theme->text * 62));

    for (unsigned i = 0; i < COLUMNS; i++) {
        list.columns[i] = x;
        x += columns[i].width * theme->text * scale;
    }
    list.columns[COLUMNS] = width;
    list.visible = (unsigned)MAX((height - list.header_height) / list.row_height, 0);
    return list;
}

static void draw_header(const GuiPacketList *list, cairo_t *cr)
{
    const GuiTheme *theme = list->theme;

    cairo_rectangle(cr, 0, 0, list->width, list->header_height);
    gui_set_colour(cr, gui_mix(theme->card, theme->line, 0.16), 1);
    cairo_fill(cr);
    gui_set_colour(cr, theme->ink, 1);
    for (unsigned i = 0; i < COLUMNS; i++)
        gui_text(cr, theme, GUI_TEXT(.size = 0.9, .bold = true), list->columns[i],
                 list->header_height / 2, list->columns[i + 1] - list->columns[i] - 6,
                 _(columns[i].title));
}

static void draw_cell(const GuiPacketList *list, cairo_t *cr, unsigned column, double y, bool mono,
                      const char *text)
{
    gui_text(cr, list->theme, GUI_TEXT(.size = 0.9, .mono = mono), list->columns[column], y,
             list->columns[column + 1] - list->columns[column] - 8, text);
}

static void draw_row(const GuiPacketList *list, cairo_t *cr, const GuiScene *scene,
                     const GuiPacketRow *row, double top, bool odd)
{
    const GuiTheme *theme = list->theme;
    bool chosen = scene->selected.kind == GUI_ENTITY_FRAME && scene->selected.number == row->frame;
    double y = top + list->row_height / 2, alpha = row->time > scene->time ? 0.45 : 1;
    g_autofree char *number = g_strdup_printf("%u", row->number);
    g_autofree char *time = gui_tick_label(row->time, 1);
    g_autofree char *length = g_strdup_printf("%u", row->length);
    g_autofree char *info = row->bad ? g_strdup_printf("\342\232\240 %s", row->info) : NULL;

    cairo_rectangle(cr, 0, top, list->width, list->row_height);
    gui_set_colour(cr,
                   chosen ? theme->accent
                   : odd  ? theme->card
                          : gui_mix(theme->card, theme->ground, 0.6),
                   chosen ? 0.25 : 1);
    cairo_fill(cr);
    if (chosen) {
        cairo_rectangle(cr, 0, top, 4, list->row_height);
        gui_set_colour(cr, theme->accent, 1);
        cairo_fill(cr);
    }
    gui_set_colour(cr, theme->ink, alpha);
    draw_cell(list, cr, 0, y, false, number);
    draw_cell(list, cr, 1, y, false, time);
    draw_cell(list, cr, 2, y, false, row->source);
    draw_cell(list, cr, 3, y, false, row->destination);
    draw_cell(list, cr, 5, y, false, length);
    gui_set_colour(cr, row->bad ? theme->bad : theme->ink, alpha);
    draw_cell(list, cr, 6, y, false, info ? info : row->info);
    cairo_save(cr);
    cairo_push_group(cr);
    gui_paint_tag(cr, theme, list->columns[4], y, 0.78, gui_protocol_colour(theme, row->protocol),
                  (GuiColour){1, 1, 1}, row->protocol);
    cairo_pop_group_to_source(cr);
    cairo_paint_with_alpha(cr, alpha);
    cairo_restore(cr);
}

void gui_packet_list_draw(const GuiPacketList *list, cairo_t *cr, const GuiScene *scene,
                          uint32_t first)
{
    uint32_t count = gui_frames_count(scene->frames);
    double y = list->header_height;

    gui_set_colour(cr, list->theme->card, 1);
    cairo_rectangle(cr, 0, 0, list->width, list->height);
    cairo_fill(cr);
    cairo_save(cr);
    cairo_rectangle(cr, 0, 0, list->width, list->height);
    cairo_clip(cr);
    for (uint32_t i = first; i < count && y < list->height; i++, y += list->row_height) {
        GuiPacketRow row = gui_packet_row(scene->frames, scene->reader, i);
        draw_row(list, cr, scene, &row, y, i % 2);
    }
    draw_header(list, cr);
    cairo_restore(cr);
}

int64_t gui_packet_list_at(const GuiPacketList *list, uint32_t count, uint32_t first, double y)
{
    if (y < list->header_height || y >= list->height)
        return -1;
    int64_t row = first + (int64_t)((y - list->header_height) / list->row_height);
    return row < count ? row : -1;
}
