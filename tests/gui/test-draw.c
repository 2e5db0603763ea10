/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-draw.c: geometry, ticks, layouts and hit-testing, with numbers worked out by hand;
 * and that no layout puts one thing on another. */
#include <math.h>

#include "gui/draw/memory.h"
#include "gui/draw/packets.h"
#include "gui/draw/stage.h"
#include "gui/draw/ticks.h"
#include "gui/draw/timeline.h"
#include "tests/gui/busy-sample.h"

/* ---- Plain functions ------------------------------------------------------------------ */

static void test_ticks(void)
{
    /* 1 ms over 1000 pixels, 90 apart: every 100 us. */
    GuiTicks ticks = gui_ticks((GuiSpan){0, 1000000}, 1000, 90);

    g_assert_cmpuint(ticks.step, ==, 100000);
    g_assert_cmpuint(ticks.first, ==, 0);
    g_assert_cmpuint(ticks.count, ==, 10);
    /* From 1050 to 1950: 1200, 1400, ... 1800 when they must be 200 apart. */
    ticks = gui_ticks((GuiSpan){1050, 1950}, 900, 150);
    g_assert_cmpuint(ticks.step, ==, 200);
    g_assert_cmpuint(ticks.first, ==, 1200);
    g_assert_cmpuint(ticks.count, ==, 4);
    /* A single ns is a span too, and so is all of time. */
    ticks = gui_ticks((GuiSpan){7, 8}, 1000, 100);
    g_assert_cmpuint(ticks.step, ==, 1);
    g_assert_cmpuint(ticks.count, ==, 1);
    ticks = gui_ticks((GuiSpan){0, UINT64_MAX}, 1000, 100);
    g_assert_cmpuint(ticks.count, <=, 10);
}

static void assert_text(char *text, const char *expected)
{
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static void test_labels(void)
{
    assert_text(gui_tick_label(0, 100), "0");
    assert_text(gui_tick_label(1500000, 500000), "1.5 ms");
    assert_text(gui_tick_label(2000000, 500000), "2 ms");
    assert_text(gui_tick_label(1234567890, 10), "1.23456789 s");
    assert_text(gui_tick_label(250000, 50000), "250 \302\265s");
    assert_text(gui_tick_label(999, 1), "999 ns");
    assert_text(gui_duration(0), "0");
    assert_text(gui_duration(12345), "12.3 \302\265s");
    assert_text(gui_duration(2000000000), "2 s");
    assert_text(gui_duration(1050000), "1.05 ms");
}

static void test_zoom(void)
{
    GuiSpan span = gui_span_zoom((GuiSpan){0, 1000}, 500, 2, 1000, 10);

    /* Twice as close around 500: 250 to 750; and back. */
    g_assert_cmpuint(span.from, ==, 250);
    g_assert_cmpuint(span.to, ==, 750);
    span = gui_span_zoom(span, 500, 0.5, 1000, 10);
    g_assert_cmpuint(span.from, ==, 0);
    g_assert_cmpuint(span.to, ==, 1000);
    /* No closer than 10 ns, no further than all. */
    span = gui_span_zoom((GuiSpan){400, 420}, 410, 100, 1000, 10);
    g_assert_cmpuint(span.to - span.from, ==, 10);
    span = gui_span_pan((GuiSpan){400, 500}, -1000, 1000);
    g_assert_cmpuint(span.from, ==, 0);
    g_assert_cmpuint(span.to, ==, 100);
    span = gui_span_pan((GuiSpan){400, 500}, INT64_MAX, 1000);
    g_assert_cmpuint(span.from, ==, 900);
    g_assert_cmpuint(gui_span_time((GuiSpan){100, 200}, 1000, 500), ==, 150);
    g_assert_cmpuint(gui_span_time((GuiSpan){100, 200}, 1000, 99999), ==, 199);
    g_assert_cmpfloat(gui_span_x((GuiSpan){100, 200}, 1000, 150), ==, 500);
}

static void test_paths(void)
{
    const GuiPoint corner[3] = {{0, 0}, {0, 30}, {10, 30}};
    GuiPoint at = gui_path_at(corner, 3, 0.5);

    g_assert_cmpfloat(gui_path_length(corner, 3), ==, 40);
    g_assert_cmpfloat(at.x, ==, 0);
    g_assert_cmpfloat(at.y, ==, 20);
    at = gui_path_at(corner, 3, 0.9);
    g_assert_cmpfloat_with_epsilon(at.x, 6, 1e-9);
    g_assert_cmpfloat_with_epsilon(at.y, 30, 1e-9);
    g_assert_cmpfloat(gui_ease(0), ==, 0);
    g_assert_cmpfloat(gui_ease(0.5), ==, 0.5);
    g_assert_cmpfloat(gui_ease(1), ==, 1);
    for (double f = 0; f < 1; f += 0.05)
        g_assert_cmpfloat(gui_ease(f + 0.05), >, gui_ease(f));
}

static void test_items(void)
{
    g_autoptr(GArray) items = gui_items_new();
    GuiEntity a = {.kind = GUI_ENTITY_VM, .a = 0}, b = {.kind = GUI_ENTITY_VM, .a = 1};
    GuiEntity c = {.kind = GUI_ENTITY_VM, .a = 2}, small = {.kind = GUI_ENTITY_PORT, .a = 3};

    gui_items_add(items, a, (GuiRect){0, 0, 100, 100}, g_strdup("a"));
    gui_items_add(items, b, (GuiRect){200, 0, 100, 100}, g_strdup("b"));
    gui_items_add(items, c, (GuiRect){0, 200, 100, 100}, g_strdup("c"));
    gui_items_add(items, small, (GuiRect){48, 80, 4, 4}, g_strdup("small"));
    /* What lies above wins; a small thing may be missed by a little. */
    g_assert_cmpstr(gui_items_at(items, 50, 81, 0)->name, ==, "small");
    g_assert_cmpstr(gui_items_at(items, 60, 60, 3)->name, ==, "a");
    g_assert_null(gui_items_at(items, 150, 150, 3));
    g_assert_cmpstr(gui_items_at(items, 102, 50, 3)->name, ==, "a");
    g_assert_cmpstr(gui_items_toward(items, a, GUI_RIGHT)->name, ==, "b");
    g_assert_cmpstr(gui_items_toward(items, a, GUI_DOWN)->name, ==, "small");
    g_assert_cmpstr(gui_items_toward(items, c, GUI_UP)->name, ==, "a"); /* its edge is nearer */
    g_assert_null(gui_items_toward(items, b, GUI_RIGHT));

    /* From a wide thing down to what stands right below a part of it, not to the far middle. */
    GuiEntity wide = {.kind = GUI_ENTITY_HOST}, far = {.kind = GUI_ENTITY_NETWORK};
    gui_items_add(items, wide, (GuiRect){0, -60, 1000, 40}, g_strdup("wide"));
    gui_items_add(items, far, (GuiRect){450, 500, 100, 40}, g_strdup("far"));
    g_assert_cmpstr(gui_items_toward(items, wide, GUI_DOWN)->name, ==, "b");
    g_assert_cmpstr(gui_items_toward(items, b, GUI_UP)->name, ==, "wide");
}

/* ---- Lanes: any sum, against adding up by hand ---------------------------------------------- */

/* Running time of VM 0 within [from, to): its turns begin at 1000 + vms * k turns and
 * last 18000 ns. */
static uint64_t expected_running(const Busy *busy, uint64_t from, uint64_t to)
{
    uint64_t sum = 0;

    for (uint64_t turn = 0; turn < busy->turns; turn += busy->vms) {
        uint64_t begin = 1000 + turn * BUSY_TURN_NS, end = begin + 18000;
        sum += MIN(end, to) > MAX(begin, from) ? MIN(end, to) - MAX(begin, from) : 0;
    }
    return sum;
}

static void test_level_of_detail(void)
{
    const Busy busy = {.vms = 3, .networks = 1, .pcpus = 2, .turns = 3000};
    g_autoptr(SimTrace) trace = busy_trace(&busy, NULL);
    g_autoptr(GuiSession) session = gui_session_new();
    g_autoptr(GRand) chance = g_rand_new_with_seed(3);
    uint64_t end = 3000ull * BUSY_TURN_NS, ns[GUI_LANE_CLASSES], marks[GUI_MARK_COUNT], exits = 0;
    size_t size;
    const void *data = sim_trace_data(trace, &size);
    GuiLaneCursor cursor = {0};

    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    while (gui_session_index(session, 10000)) {
    }
    for (unsigned i = 0; i < 300; i++) {
        uint64_t from = (uint64_t)(g_rand_double(chance) * (double)end);
        uint64_t to = from + (uint64_t)(g_rand_double(chance) * (double)(end - from)) + 1;
        /* The cursor may stand anywhere. */
        gui_lanes_sums(gui_session_lanes(session), 2, from, to, &cursor, ns, marks);
        g_assert_cmpuint(ns[GUI_VCPU_RUNNING], ==, expected_running(&busy, from, to));
    }
    /* A picture's columns are the sums of their spans, near and far. */
    for (unsigned i = 0; i < 40; i++) {
        enum { COLUMNS = 53 };
        uint64_t from = (uint64_t)(g_rand_double(chance) * (double)end), columns[COLUMNS][8];
        uint64_t length = end >> g_rand_int_range(chance, 0, 24);
        uint8_t kinds[COLUMNS];
        gui_lanes_columns(gui_session_lanes(session), 2, from, from + length, COLUMNS, columns,
                          kinds);
        for (unsigned x = 0; x < COLUMNS; x++) {
            uint64_t left = from + MAX(length, 1) * x / COLUMNS;
            uint64_t right = from + MAX(length, 1) * (x + 1) / COLUMNS;
            gui_lanes_sums(gui_session_lanes(session), 2, left, MAX(right, left + 1), &cursor, ns,
                           NULL);
            g_assert_cmpmem(columns[x], sizeof(ns), ns, sizeof(ns));
            gui_lanes_sums(gui_session_lanes(session), 2, left, right, &cursor, NULL, marks);
            for (unsigned kind = 0; kind < GUI_MARK_COUNT; kind++)
                g_assert_cmpint(kinds[x] >> kind & 1, ==, marks[kind] > 0);
        }
    }
    /* Column by column gives the same as all at once: 7 exits a turn, 1000 turns. */
    cursor = (GuiLaneCursor){0};
    for (unsigned x = 0; x < 977; x++) {
        gui_lanes_sums(gui_session_lanes(session), 2, end * x / 977, end * (x + 1) / 977, &cursor,
                       NULL, marks);
        exits += marks[GUI_MARK_EXIT];
    }
    g_assert_cmpuint(exits, ==, 7 * 1000);
}

/* ---- Layouts ------------------------------------------------------------------------------------
 */

static void assert_apart(const GArray *items, GuiEntityKind kind)
{
    for (guint i = 0; i < items->len; i++) {
        const GuiItem *one = &g_array_index(items, GuiItem, i);
        for (guint j = 0; j < i; j++) {
            const GuiItem *other = &g_array_index(items, GuiItem, j);
            if (one->entity.kind == kind && other->entity.kind == kind &&
                gui_rect_overlaps(one->box, other->box))
                g_error("%s lies on %s", one->name, other->name);
        }
    }
}

static void check_stage(GuiSession *session, double width, double height, GuiThemeKind kind,
                        double scale)
{
    GuiTheme theme = gui_theme(kind, scale, NULL);
    GuiScene scene = gui_scene(session, 0);
    g_autoptr(GuiStage) stage = gui_stage_new(scene.model, width, height, &theme);
    g_autoptr(GArray) items = gui_stage_items(stage, &scene);
    double real_width, real_height;

    gui_stage_size(stage, &real_width, &real_height);
    g_assert_true(gui_stage_fits(stage, scene.model, width, height, &theme));
    g_assert_false(gui_stage_fits(stage, scene.model, width + 1, height, &theme));
    assert_apart(items, GUI_ENTITY_VM);
    assert_apart(items, GUI_ENTITY_NETWORK);
    assert_apart(items, GUI_ENTITY_NIC);
    for (guint i = 0; i < items->len; i++) {
        const GuiItem *item = &g_array_index(items, GuiItem, i);
        GuiPoint at = gui_rect_centre(item->box);
        g_assert_cmpfloat(item->box.x, >=, 0);
        g_assert_cmpfloat(item->box.x + item->box.width, <=, real_width + 0.5);
        g_assert_cmpfloat(item->box.y + item->box.height, <=, real_height + 0.5);
        /* Whoever clicks into the middle of a VM means it. */
        if (item->entity.kind == GUI_ENTITY_VM)
            g_assert_true(gui_entity_equal(gui_stage_hit(stage, &scene, at.x, at.y), item->entity));
    }
    gui_scene_clear(&scene);
}

/* Arrow keys alone lead from the first thing on the stage to each other. */
static void check_reachable(GuiSession *session, double width, double height)
{
    GuiTheme theme = gui_theme(GUI_THEME_LIGHT, 1, NULL);
    GuiScene scene = gui_scene(session, 0);
    g_autoptr(GuiStage) stage = gui_stage_new(scene.model, width, height, &theme);
    g_autoptr(GArray) items = gui_stage_items(stage, &scene);
    g_autofree bool *seen = g_new0(bool, items->len);
    g_autofree unsigned *todo = g_new(unsigned, items->len);
    unsigned count = 1;

    todo[0] = 0;
    seen[0] = true;
    for (unsigned i = 0; i < count; i++) {
        const GuiItem *from = &g_array_index(items, GuiItem, todo[i]);

        for (GuiDirection way = GUI_LEFT; way <= GUI_DOWN; way++) {
            const GuiItem *to = gui_items_toward(items, from->entity, way);
            size_t number = to ? (size_t)(to - &g_array_index(items, GuiItem, 0)) : 0;

            if (!seen[number])
                todo[count++] = (unsigned)number;
            seen[number] = true;
        }
    }
    for (unsigned i = 0; i < items->len; i++)
        if (!seen[i])
            g_test_message("%g x %g: no way to %s", width, height,
                           g_array_index(items, GuiItem, i).name);
    g_assert_cmpuint(count, ==, items->len);
    gui_scene_clear(&scene);
}

static void test_stage_layouts(void)
{
    static const struct {
        unsigned vms, networks;
    } worlds[] = {{2, 1}, {3, 1}, {3, 3}, {7, 2}, {16, 3}, {33, 5}, {64, 4}, {64, 1}};
    static const double sizes[][2] = {{900, 600}, {1600, 900}, {2560, 1440}, {360, 640}};

    for (size_t i = 0; i < G_N_ELEMENTS(worlds); i++) {
        const Busy busy = {.vms = worlds[i].vms, .networks = worlds[i].networks, .pcpus = 4};
        g_autoptr(SimTrace) trace = busy_trace(&busy, NULL);
        g_autoptr(GuiSession) session = gui_session_new();
        size_t size;
        const void *data = sim_trace_data(trace, &size);
        g_assert_true(gui_session_open_memory(session, data, size, NULL));
        gui_session_seek(session, 0);
        for (size_t j = 0; j < G_N_ELEMENTS(sizes); j++) {
            check_stage(session, sizes[j][0], sizes[j][1], GUI_THEME_LIGHT, 1);
            check_stage(session, sizes[j][0], sizes[j][1], GUI_THEME_DARK, 2);
            check_reachable(session, sizes[j][0], sizes[j][1]);
        }
    }
}

static void test_stage_frames(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = gui_session_new();
    GuiTheme theme = gui_theme(GUI_THEME_LIGHT, 1, NULL);
    size_t size;
    const void *data = sim_trace_data(trace, &size);
    double before = 0;

    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    g_autoptr(GuiStage) stage = gui_stage_new(gui_session_model(session), 900, 600, &theme);
    /* Frame 1 goes down a's cable from 1000 to 2000. */
    for (uint64_t time = 1100; time < 2000; time += 200) {
        gui_session_seek(session, time);
        GuiScene scene = gui_scene(session, 0);
        g_autoptr(GArray) frames = gui_stage_frames(stage, &scene);
        g_assert_cmpuint(frames->len, ==, 1);
        const GuiItem *item = &g_array_index(frames, GuiItem, 0);
        g_assert_cmpstr(item->name, ==, "ARP frame 1, on its way");
        g_assert_cmpfloat(item->box.y, >, before);
        before = item->box.y;
        GuiPoint at = gui_rect_centre(item->box);
        GuiEntity hit = gui_stage_hit(stage, &scene, at.x, at.y);
        g_assert_cmpint(hit.kind, ==, GUI_ENTITY_FRAME);
        g_assert_cmpuint(hit.number, ==, 1);
        g_assert_cmpuint(hit.a, ==, 1); /* the switch's port */
        gui_scene_clear(&scene);
    }
}

static void test_timeline_hits(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = gui_session_new();
    GuiTheme theme = gui_theme(GUI_THEME_LIGHT, 1, NULL);
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    const GuiLanes *lanes = gui_session_lanes(session);
    GuiTimeline timeline = gui_timeline_layout(lanes, 1132, 600, &theme);
    GuiTimelineView view = {.span = {0, 10000}};
    /* As wide as the names need; then 10 ns a pixel. */
    double gutter = timeline.gutter;
    g_assert_cmpfloat(gutter, >=, 80);
    timeline = gui_timeline_layout(lanes, gutter + 1000, 600, &theme);
    g_assert_cmpfloat(gui_timeline_x(&timeline, &view, 5000), ==, gutter + 500);
    g_assert_cmpuint(gui_timeline_time_at(&timeline, &view, gutter + 500), ==, 5000);
    g_assert_cmpint(gui_timeline_row_at(&timeline, &view, 5), ==, -1);
    GuiRect row = gui_timeline_row(&timeline, &view, 2);
    GuiEntity hit = gui_timeline_hit(&timeline, &view, lanes, gui_session_reader(session),
                                     row.x + 5, row.y + 5);
    g_assert_cmpint(hit.kind, ==, GUI_ENTITY_VCPU);
    g_assert_cmpuint(hit.a, ==, 1);
    /* a's only fault is at 600: in the second of the four lines of marks. */
    row = gui_timeline_row(&timeline, &view, 1);
    bool found = false;
    for (double y = row.y; y < row.y + row.height; y++) {
        hit =
            gui_timeline_hit(&timeline, &view, lanes, gui_session_reader(session), gutter + 61, y);
        found |= hit.kind == GUI_ENTITY_EVENT;
    }
    g_assert_true(found);
    g_autoptr(GArray) items = gui_timeline_items(&timeline, &view, lanes);
    g_assert_cmpstr(g_array_index(items, GuiItem, 1).name, ==,
                    "vCPU 0 of VM a, running 34.0 %, ready 5.0 %, blocked 40.0 %, 0 exits, "
                    "1 faults, 0 interrupts, 3 frames");
}

static void test_packets(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = gui_session_new();
    GuiTheme theme = gui_theme(GUI_THEME_LIGHT, 1, NULL);
    GuiFrameInfo info;
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    const GuiFrames *frames = gui_session_frames(session);
    GuiPacketRow row = gui_packet_row(frames, gui_session_reader(session), 2);
    g_assert_cmpstr(row.protocol, ==, "ICMP");
    g_assert_cmpstr(row.destination, ==, "10.0.0.2");
    GuiPacketList list = gui_packet_list(900, 300, &theme);
    g_assert_cmpint(gui_packet_list_at(&list, 3, 1, list.header_height + 1), ==, 1);
    g_assert_cmpint(gui_packet_list_at(&list, 3, 1, list.header_height + 2.5 * list.row_height), ==,
                    -1);
    g_assert_true(gui_frames_info(frames, gui_session_reader(session), 3, &info));
    g_autoptr(GuiPacketDetail) detail = gui_packet_detail_new(&info, 1600, 500, &theme);
    /* Whichever field's box is clicked, that field is meant. */
    const NetDissection *dissection = gui_packet_detail_dissection(detail);
    g_assert_cmpuint(dissection->layer_count, >=, 3);
    bool seen[NET_DISSECT_MAX_FIELDS] = {false};
    unsigned count = 0;
    for (double y = 0; y < 500; y += 4) {
        for (double x = 0; x < 1600; x += 6) {
            GuiFieldChoice choice = gui_packet_detail_at(detail, x, y);
            g_assert_cmpint(choice.field, <, (int)dissection->field_count);
            if (choice.field >= 0 && !seen[choice.field]) {
                seen[choice.field] = true;
                count++;
            }
        }
    }
    g_assert_cmpuint(count, ==, dissection->field_count);
}

static void test_memory(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = gui_session_new();
    GuiTheme theme = gui_theme(GUI_THEME_LIGHT, 1, NULL);
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    gui_session_seek(session, SIM_TIME_NEVER);
    const SimModel *model = gui_session_model(session);
    g_autoptr(GuiMemory) memory = gui_memory_new(model, 0, GUI_MEMORY_ALL, 1600, 900, &theme);
    GuiScene scene = gui_scene(session, 0);
    g_autoptr(GArray) items = gui_memory_items(memory, &scene);
    /* A title and the first cell of the host and of each VM. */
    static const char *const names[] = {"Host: 2 of 4096 page frames in use",
                                        "page frame 0: free",
                                        "a: 2 of 512 pages",
                                        "page 0 of a: untouched or free",
                                        "b: 0 of 512 pages",
                                        "page 0 of b: untouched or free"};
    g_assert_cmpuint(items->len, ==, 6);
    for (guint i = 0; i < items->len; i++) {
        GuiRect box = g_array_index(items, GuiItem, i).box;
        g_assert_cmpstr(g_array_index(items, GuiItem, i).name, ==, names[i]);
        for (guint j = 0; j < i; j++)
            g_assert_false(gui_rect_overlaps(box, g_array_index(items, GuiItem, j).box));
        if (i % 2 == 0)
            continue;
        GuiEntity first = gui_memory_hit(memory, box.x + 1, box.y + 1);
        g_assert_cmpint(first.kind, ==, i == 1 ? GUI_ENTITY_PAGE_FRAME : GUI_ENTITY_PAGE);
        g_assert_cmpuint(first.b, ==, 0);
    }
    /* From a page in the middle arrow keys lead to those around it. */
    scene.selected = (GuiEntity){.kind = GUI_ENTITY_PAGE, .a = 1, .b = 100};
    g_autoptr(GArray) around = gui_memory_items(memory, &scene);
    g_assert_cmpuint(around->len, ==, 10);
    g_assert_cmpuint(gui_items_toward(around, scene.selected, GUI_RIGHT)->entity.b, ==, 101);
    g_assert_cmpuint(gui_items_toward(around, scene.selected, GUI_LEFT)->entity.b, ==, 99);
    g_assert_cmpuint(gui_items_toward(around, scene.selected, GUI_DOWN)->entity.b, >, 101);
    gui_scene_clear(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/draw/ticks", test_ticks);
    g_test_add_func("/draw/labels", test_labels);
    g_test_add_func("/draw/zoom", test_zoom);
    g_test_add_func("/draw/paths", test_paths);
    g_test_add_func("/draw/items", test_items);
    g_test_add_func("/draw/level-of-detail", test_level_of_detail);
    g_test_add_func("/draw/stage-layouts", test_stage_layouts);
    g_test_add_func("/draw/stage-frames", test_stage_frames);
    g_test_add_func("/draw/timeline-hits", test_timeline_hits);
    g_test_add_func("/draw/packets", test_packets);
    g_test_add_func("/draw/memory", test_memory);
    return g_test_run();
}
