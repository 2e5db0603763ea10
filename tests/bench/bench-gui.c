/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-gui.c: what opening, jumping and drawing cost, over made-up runs: a file of 10
 * million events, a timeline of a million, a stage with 16 VMs and 200 frames on cables.
 *
 * The targets are times and sizes, so the ratio reported is against the target.
 */
#include <malloc.h>
#include <unistd.h>

#include "gui/draw/stage.h"
#include "gui/draw/timeline.h"
#include "tests/bench/bench.h"
#include "tests/gui/busy-sample.h"

#define EVENTS_PER_TURN 22u
#define ROUNDS          9u

static const Busy many = {
    .vms = 16, .networks = 3, .pcpus = 4, .turns = 10000000 / EVENTS_PER_TURN};

static void report(const char *name, double value, const char *unit, double target)
{
    const BenchFigure figure = {name, value, unit, value / target, "target", 1, false};

    bench_report(&figure);
}

static double heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)info.uordblks + (double)info.hblkhd;
}

static int compare_doubles(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;

    return one < other ? -1 : one > other;
}

static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof(*values), compare_doubles);
    return values[count / 2];
}

/* The run as a file; it is deleted with the last reader. */
static char *write_file(void)
{
    const SimTraceOptions options = {.limit_bytes = UINT64_C(2) << 30, .forget_flushed = true};
    g_autoptr(SimTrace) trace = sim_trace_new("{}", &options, NULL);
    char *path = g_strdup("/tmp/hvlab-bench-XXXXXX");
    int fd = g_mkstemp(path);

    busy_create(trace, &many);
    for (uint64_t turn = 0; turn < many.turns; turn++) {
        uint64_t time = 1000 + turn * BUSY_TURN_NS;
        busy_turn(trace, &many, turn, time);
        sim_trace_settle(trace, time + BUSY_TURN_NS);
        if (sim_trace_unflushed(trace) > (1u << 20) && !sim_trace_flush(trace, fd, NULL))
            g_error("the trace cannot be written to /tmp");
    }
    sim_trace_finish(trace);
    sim_trace_flush(trace, fd, NULL);
    close(fd);
    return path;
}

static double draw_stage(GuiSession *session, cairo_t *cr, const GuiTheme *theme)
{
    double before = bench_cpu_ns();
    GuiScene scene = gui_scene(session, 0);
    g_autoptr(GuiStage) stage = gui_stage_new(scene.model, 1920, 1080, theme);

    gui_stage_draw(stage, cr, &scene);
    gui_scene_clear(&scene);
    return (bench_cpu_ns() - before) / 1e6;
}

static void bench_opening(cairo_t *cr, const GuiTheme *theme)
{
    g_autofree char *path = write_file();
    double heap = heap_bytes(), before = bench_wall_ns(), worst = 0;
    g_autoptr(GuiSession) session = gui_session_new();
    g_autoptr(GRand) chance = g_rand_new_with_seed(1);

    if (!gui_session_open(session, path, NULL))
        g_error("%s does not open", path);
    draw_stage(session, cr, theme);
    report("gui-first-picture", (bench_wall_ns() - before) / 1e6, "ms", 1500);
    while (gui_session_index(session, 1 << 20)) {
    }
    report("gui-taken-in-10M-events", (bench_wall_ns() - before) / 1e6, "ms", 1500);
    report("gui-heap-10M-events", (heap_bytes() - heap) / 1e6, "MB", 200);
    for (unsigned i = 0; i < 60; i++) {
        double start = bench_wall_ns();
        gui_session_seek(session,
                         (uint64_t)(g_rand_double(chance) * (double)gui_session_end_time(session)));
        worst = MAX(worst, (bench_wall_ns() - start) / 1e6);
    }
    report("gui-longest-jump", worst, "ms", 50);
    unlink(path);
}

/* Drawn again and again as time goes on, which is what a window does; then as time goes on
 * and each time another span is shown, so that no part can be kept. */
static double draw_timeline(GuiSession *session, cairo_t *cr, const GuiTheme *theme, bool zoom)
{
    const GuiLanes *lanes = gui_session_lanes(session);
    GuiTimeline timeline = gui_timeline_layout(lanes, 1920, 1080, theme);
    g_autoptr(GuiTimelineCache) cache = gui_timeline_cache_new();
    uint64_t end = gui_session_end_time(session);
    GuiScene scene = gui_scene(session, 0);
    double times[ROUNDS];

    for (unsigned i = 0; i < ROUNDS + 2; i++) {
        GuiTimelineView view = {.span = {0, end - (zoom ? i : 0)}};
        scene.time = end / (ROUNDS + 2) * i;
        double before = bench_cpu_ns();
        gui_timeline_draw(&timeline, &view, cr, lanes, &scene, cache);
        if (i > 1) /* by then it is kept */
            times[i - 2] = (bench_cpu_ns() - before) / 1e6;
    }
    gui_scene_clear(&scene);
    return median(times, ROUNDS);
}

static void bench_timeline(cairo_t *cr, const GuiTheme *theme)
{
    const Busy busy = {.vms = 16, .networks = 3, .pcpus = 4, .turns = 1000000 / EVENTS_PER_TURN};
    g_autoptr(SimTrace) trace = busy_trace(&busy, NULL);
    g_autoptr(GuiSession) session = gui_session_new();
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    gui_session_open_memory(session, data, size, NULL);
    while (gui_session_index(session, 1 << 20)) {
    }
    report("gui-timeline-1M-events", draw_timeline(session, cr, theme, false), "ms", 2.5);
    report("gui-timeline-1M-events-zooming", draw_timeline(session, cr, theme, true), "ms", 2.5);
}

static void bench_stage(cairo_t *cr, const GuiTheme *theme)
{
    const Busy busy = {.vms = 16, .networks = 3, .pcpus = 4, .turns = 4000, .flights = 200};
    g_autoptr(SimTrace) trace = busy_trace(&busy, NULL);
    g_autoptr(GuiSession) session = gui_session_new();
    double moved[ROUNDS], changed[ROUNDS];
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    gui_session_open_memory(session, data, size, NULL);
    gui_session_seek(session, SIM_TIME_NEVER);
    GuiScene scene = gui_scene(session, 0);
    g_autoptr(GuiStage) stage = gui_stage_new(scene.model, 1920, 1080, theme);
    gui_stage_draw(stage, cr, &scene);
    for (unsigned i = 0; i < ROUNDS; i++) {
        scene.time -= BUSY_FLIGHT_NS / 100; /* all frames are elsewhere */
        double before = bench_cpu_ns();
        gui_stage_draw(stage, cr, &scene);
        moved[i] = (bench_cpu_ns() - before) / 1e6;
        scene.selected = (GuiEntity){.kind = GUI_ENTITY_VM, .a = i}; /* two cards are others */
        before = bench_cpu_ns();
        gui_stage_draw(stage, cr, &scene);
        changed[i] = (bench_cpu_ns() - before) / 1e6;
    }
    report("gui-stage-16-vms-200-frames", median(moved, ROUNDS), "ms", 8);
    report("gui-stage-16-vms-200-frames-2-changed", median(changed, ROUNDS), "ms", 8);
    gui_scene_clear(&scene);
}

/* Without arguments all of it; else "timeline", "stage", "opening". */
static bool wanted(int argc, char **argv, const char *part)
{
    for (int i = 1; i < argc; i++) {
        if (g_str_equal(argv[i], part))
            return true;
    }
    return argc == 1;
}

int main(int argc, char **argv)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1920, 1080);
    cairo_t *cr = cairo_create(surface);
    GuiTheme theme = gui_theme(GUI_THEME_LIGHT, 1, NULL);

    if (wanted(argc, argv, "timeline"))
        bench_timeline(cr, &theme);
    if (wanted(argc, argv, "stage"))
        bench_stage(cr, &theme);
    if (wanted(argc, argv, "opening"))
        bench_opening(cr, &theme);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return 0;
}
