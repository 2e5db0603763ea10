/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline.c: where rows are, what is at a place, and the rows in words. */
#include <math.h>

#include "gui/draw/paint.h"

#include <glib/gi18n.h>
#include "gui/draw/timeline-private.h"

static unsigned count_pcpus(const GuiLanes *lanes)
{
    unsigned count = 0;

    while (count < gui_lanes_count(lanes) && gui_lanes_info(lanes, count).is_pcpu)
        count++;
    return count;
}

/* What a row is called, in as many words as fit; g_free(). */
char *timeline_name(const GuiTheme *theme, const GuiTextStyle *style, GuiLaneInfo info, double room)
{
    char *name = info.is_pcpu ? g_strdup_printf("pCPU %u", info.pcpu)
                              : g_strdup_printf("%s  vCPU %u", info.vm_name, info.vcpu);

    /* Of two vCPUs of a VM the number must be seen. */
    if (!info.is_pcpu && room > 0 && gui_text_width(theme, style, name) > room) {
        g_free(name);
        name =
            info.vcpu ? g_strdup_printf("%s  %u", info.vm_name, info.vcpu) : g_strdup(info.vm_name);
    }
    return name;
}

static double widest_name(const GuiLanes *lanes, const GuiTheme *theme)
{
    double widest = 0;

    for (unsigned row = 0; row < MIN(gui_lanes_count(lanes), 64); row++) {
        GuiLaneInfo info = gui_lanes_info(lanes, row);
        const GuiTextStyle style = {.size = 1, .bold = info.is_pcpu};
        g_autofree char *name = timeline_name(theme, &style, info, 0);
        double sign = info.is_pcpu ? 0 : 18;
        widest = MAX(widest, gui_text_width(theme, &style, name) + sign);
    }
    return widest;
}

GuiTimeline gui_timeline_layout(const GuiLanes *lanes, double width, double height,
                                const GuiTheme *theme)
{
    double s = theme->scale, room, full;
    GuiTimeline timeline = {
        .width = width,
        .height = height,
        .gutter = floor(MIN(MAX(widest_name(lanes, theme) + 24 * s, 80 * s), width * 0.3)),
        .axis_height = floor(34 * s),
        .legend_height = floor((14 + 20 * timeline_legend_lines(theme, width)) * s),
        .rows = gui_lanes_count(lanes),
        .pcpus = count_pcpus(lanes),
        .theme = theme};
    unsigned vcpus = timeline.rows - timeline.pcpus;

    /* Rows are as high as there is room for, within reason. */
    room = MAX(height - timeline.axis_height - timeline.legend_height, 1);
    full = timeline.pcpus * 40 * s + vcpus * 64 * s;
    double shrink = CLAMP(room / MAX(full, 1), 0.36, 2);
    timeline.pcpu_height = floor(40 * s * shrink);
    timeline.vcpu_height = floor(64 * s * shrink);
    timeline.marks_height = 4 * CLAMP(floor(5 * s * shrink), 2, floor(7 * s));
    timeline.rows_height = timeline.pcpus * timeline.pcpu_height + vcpus * timeline.vcpu_height;
    return timeline;
}

GuiRect gui_timeline_row(const GuiTimeline *timeline, const GuiTimelineView *view, unsigned row)
{
    bool is_pcpu = row < timeline->pcpus;
    double y = timeline->axis_height - view->scroll_y;

    y += is_pcpu ? row * timeline->pcpu_height
                 : timeline->pcpus * timeline->pcpu_height +
                       (row - timeline->pcpus) * timeline->vcpu_height;
    return (GuiRect){timeline->gutter, y, MAX(timeline->width - timeline->gutter, 1),
                     is_pcpu ? timeline->pcpu_height : timeline->vcpu_height};
}

GuiRect timeline_bar(const GuiTimeline *timeline, GuiRect row, bool is_pcpu)
{
    double gap = MAX(2, floor(row.height * 0.12));
    double strip = is_pcpu ? 0 : timeline->marks_height + 2;

    return (GuiRect){row.x, floor(row.y + gap / 2), row.width,
                     MAX(floor(row.height - gap - strip), 3)};
}

GuiRect timeline_strip(const GuiTimeline *timeline, GuiRect row)
{
    GuiRect bar = timeline_bar(timeline, row, false);

    return (GuiRect){row.x, bar.y + bar.height + 1, row.width, timeline->marks_height};
}

int gui_timeline_row_at(const GuiTimeline *timeline, const GuiTimelineView *view, double y)
{
    if (y < timeline->axis_height || y >= timeline->height - timeline->legend_height)
        return -1;
    y += view->scroll_y - timeline->axis_height;
    if (y < timeline->pcpus * timeline->pcpu_height)
        return (int)(y / timeline->pcpu_height);
    y -= timeline->pcpus * timeline->pcpu_height;
    unsigned row = timeline->pcpus + (unsigned)(y / timeline->vcpu_height);
    return row < timeline->rows ? (int)row : -1;
}

uint64_t gui_timeline_time_at(const GuiTimeline *timeline, const GuiTimelineView *view, double x)
{
    return gui_span_time(view->span, timeline->width - timeline->gutter, x - timeline->gutter);
}

double gui_timeline_x(const GuiTimeline *timeline, const GuiTimelineView *view, uint64_t time)
{
    return timeline->gutter + gui_span_x(view->span, timeline->width - timeline->gutter, time);
}

/* ---- Hitting ------------------------------------------------------------------------------ */

static bool makes_mark(const SimRecord *record, unsigned vm, unsigned vcpu, unsigned kind)
{
    switch (record->type) {
    case SIM_EVENT_EXIT: {
        const SimEventExit *event = SIM_FIELDS(record, Exit);
        return event->vm == vm && event->vcpu == vcpu &&
               kind == (event->kind == SIM_EXIT_PAGE_FAULT ? GUI_MARK_FAULT : GUI_MARK_EXIT);
    }
    case SIM_EVENT_GUEST_FAULT:
        return kind == GUI_MARK_FAULT && SIM_FIELDS(record, GuestFault)->vm == vm;
    case SIM_EVENT_INTERRUPT_TAKEN:
        return kind == GUI_MARK_INTERRUPT && SIM_FIELDS(record, InterruptTaken)->vm == vm &&
               SIM_FIELDS(record, InterruptTaken)->vcpu == vcpu;
    case SIM_EVENT_FRAME_SENT:
        return kind == GUI_MARK_FRAME && SIM_FIELDS(record, FrameSent)->vm == vm;
    case SIM_EVENT_FRAME_RECEIVED:
        return kind == GUI_MARK_FRAME && SIM_FIELDS(record, FrameReceived)->vm == vm;
    default: return false;
    }
}

/* The event of a mark: it is at the mark's time. */
static GuiEntity mark_event(SimReader *reader, const GuiMark *mark, GuiLaneInfo info)
{
    SimCursor cursor = sim_reader_at_time(reader, mark->time);
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record) && record.time == mark->time) {
        if (makes_mark(&record, info.vm, info.vcpu, mark->kind))
            return (GuiEntity){.kind = GUI_ENTITY_EVENT, .number = record.index};
    }
    return GUI_NOTHING;
}

static GuiEntity hit_mark(const GuiTimeline *timeline, const GuiTimelineView *view,
                          const GuiLanes *lanes, SimReader *reader, unsigned row, double x,
                          unsigned kind)
{
    GuiMark marks[256];
    uint64_t from = gui_timeline_time_at(timeline, view, x - 4);
    uint64_t to = gui_timeline_time_at(timeline, view, x + 4) + 1;
    unsigned count = MIN(gui_lanes_marks(lanes, row, from, to, marks, 256), 256);
    const GuiMark *best = NULL;

    for (unsigned i = 0; i < count; i++) {
        double away = fabs(gui_timeline_x(timeline, view, marks[i].time) - x);
        if (marks[i].kind == kind &&
            (!best || away < fabs(gui_timeline_x(timeline, view, best->time) - x)))
            best = &marks[i];
    }
    return best ? mark_event(reader, best, gui_lanes_info(lanes, row)) : GUI_NOTHING;
}

GuiEntity gui_timeline_hit(const GuiTimeline *timeline, const GuiTimelineView *view,
                           const GuiLanes *lanes, SimReader *reader, double x, double y)
{
    int row = gui_timeline_row_at(timeline, view, y);
    GuiLaneInfo info;

    if (row < 0 || (unsigned)row >= gui_lanes_count(lanes))
        return GUI_NOTHING;
    info = gui_lanes_info(lanes, (unsigned)row);
    if (info.is_pcpu)
        return (GuiEntity){.kind = GUI_ENTITY_PCPU, .a = info.pcpu};
    GuiRect strip = timeline_strip(timeline, gui_timeline_row(timeline, view, (unsigned)row));
    if (reader && x >= timeline->gutter && gui_rect_contains(strip, x, y)) {
        unsigned kind = (unsigned)((y - strip.y) / strip.height * GUI_MARK_COUNT);
        GuiEntity event = hit_mark(timeline, view, lanes, reader, (unsigned)row, x, kind);
        if (event.kind != GUI_ENTITY_NONE)
            return event;
    }
    return (GuiEntity){.kind = GUI_ENTITY_VCPU, .a = info.vm, .b = info.vcpu};
}

/* ---- In words ------------------------------------------------------------------------------- */

const char *timeline_mark_word(unsigned kind)
{
    static const char *const words[GUI_MARK_COUNT] = {
        [GUI_MARK_EXIT] = N_("exits"),
        [GUI_MARK_FAULT] = N_("faults"),
        [GUI_MARK_INTERRUPT] = N_("interrupts"),
        [GUI_MARK_FRAME] = N_("frames"),
    };

    return _(words[kind]);
}

static void append_share(GString *words, const char *what, uint64_t ns, uint64_t length)
{
    g_string_append_printf(words, ", %s %.1f %%", what, 100.0 * (double)ns / (double)length);
}

static char *row_words(const GuiLanes *lanes, unsigned row, GuiSpan span)
{
    uint64_t ns[GUI_LANE_CLASSES], marks[GUI_MARK_COUNT], length = MAX(span.to - span.from, 1);
    GuiLaneInfo info = gui_lanes_info(lanes, row);
    GString *words = g_string_new(NULL);
    GuiLaneCursor cursor = {0};

    gui_lanes_sums(lanes, row, span.from, span.to, &cursor, ns, marks);
    if (info.is_pcpu) {
        g_string_printf(words, "pCPU %u", info.pcpu);
        append_share(words, _("busy"), length - MIN(ns[GUI_PCPU_IDLE], length), length);
    } else {
        g_string_printf(words, _("vCPU %u of VM %s"), info.vcpu, info.vm_name);
        append_share(words, _("running"), ns[GUI_VCPU_RUNNING], length);
        append_share(words, _("ready"), ns[GUI_VCPU_READY], length);
        append_share(words, _("blocked"), ns[GUI_VCPU_BLOCKED], length);
        for (unsigned i = 0; i < GUI_MARK_COUNT; i++)
            g_string_append_printf(words, ", %" G_GUINT64_FORMAT " %s", marks[i],
                                   timeline_mark_word(i));
    }
    return g_string_free(words, FALSE);
}

GArray *gui_timeline_items(const GuiTimeline *timeline, const GuiTimelineView *view,
                           const GuiLanes *lanes)
{
    GuiSpan span = view->marked.to > view->marked.from ? view->marked : view->span;
    GArray *items = gui_items_new();

    for (unsigned row = 0; row < MIN(timeline->rows, gui_lanes_count(lanes)); row++) {
        GuiLaneInfo info = gui_lanes_info(lanes, row);
        GuiEntity entity = info.is_pcpu
                               ? (GuiEntity){.kind = GUI_ENTITY_PCPU, .a = info.pcpu}
                               : (GuiEntity){.kind = GUI_ENTITY_VCPU, .a = info.vm, .b = info.vcpu};
        gui_items_add(items, entity, gui_timeline_row(timeline, view, row),
                      row_words(lanes, row, span));
    }
    return items;
}
