/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-session.c: the session over the small run of trace-sample.h, whose times and
 * numbers of events a person can follow, and over a long made-up one. */
#include <malloc.h>

#include "gui/session/scene.h"
#include "tests/sim/trace-sample.h"

typedef struct {
    SimTrace *trace;
    const void *data;
    size_t size;
    GuiSession *session;
} Fixture;

static void open_sample(Fixture *f, const void *user)
{
    g_autoptr(GError) error = NULL;

    f->trace = sample_trace();
    f->data = sim_trace_data(f->trace, &f->size);
    f->session = gui_session_new();
    g_assert_true(gui_session_open_memory(f->session, f->data, f->size, &error));
    g_assert_no_error(error);
}

static void close_sample(Fixture *f, const void *user)
{
    g_object_unref(f->session);
    sim_trace_free(f->trace);
}

/* The model after the first events, folded without any session. */
static SimModel *fold_first(Fixture *f, uint64_t events)
{
    g_autoptr(SimReader) reader = sample_reader(f->trace);
    SimModel *model = sim_model_new();
    SimCursor cursor = {0};
    SimRecord record;

    while (model->events < events && sim_reader_next(reader, &cursor, &record))
        sim_model_apply(model, &record);
    return model;
}

static void assert_same(const SimModel *one, const SimModel *other)
{
    g_assert_cmpuint(one->events, ==, other->events);
    g_assert_cmpuint(one->time, ==, other->time);
    g_assert_cmpmem(one->counts, sizeof(one->counts), other->counts, sizeof(other->counts));
    g_assert_cmpuint(g_hash_table_size(one->flights), ==, g_hash_table_size(other->flights));
    for (unsigned i = 0; i < one->vms->len; i++) {
        const SimModelVm *a = sim_model_vm(one, i), *b = sim_model_vm(other, i);
        g_assert_cmpint(a->state, ==, b->state);
        g_assert_cmpuint(a->resident_pages, ==, b->resident_pages);
        g_assert_cmpint(a->vcpus[0].state, ==, b->vcpus[0].state);
        g_assert_cmpstr(sim_model_console(a, NULL), ==, sim_model_console(b, NULL));
    }
}

static void test_opening(Fixture *f, const void *user)
{
    /* The host, a network, two VMs, two NICs, four ports, two cables, a page, and the
     * start of the run: 14 events build the world. */
    g_assert_cmpuint(gui_session_position(f->session), ==, 14);
    g_assert_cmpuint(gui_session_time(f->session), ==, 0);
    g_assert_cmpuint(gui_session_model(f->session)->vms->len, ==, 2);
    g_assert_cmpint(sim_model_vm(gui_session_model(f->session), 0)->state, ==, SIM_VM_OFF);
    g_assert_false(gui_session_index(f->session, 1000));
    g_assert_cmpuint(gui_session_end_time(f->session), ==, 10000);
    g_assert_true(gui_session_complete(f->session));
    g_assert_null(gui_session_damage(f->session));
    g_assert_cmpfloat(gui_session_progress(f->session), ==, 1);
}

static void test_seeking(Fixture *f, const void *user)
{
    /* Frame 1 is on a's cable from 1000 to 2000. */
    gui_session_seek(f->session, 1500);
    g_assert_cmpuint(g_hash_table_size(gui_session_model(f->session)->flights), ==, 1);
    g_assert_cmpuint(gui_session_time(f->session), ==, 1500);
    gui_session_seek(f->session, 999);
    g_assert_cmpuint(g_hash_table_size(gui_session_model(f->session)->flights), ==, 0);
    g_assert_cmpuint(gui_session_time(f->session), ==, 999);
    gui_session_seek(f->session, SIM_TIME_NEVER);
    g_assert_cmpuint(gui_session_time(f->session), ==, 10000);
    g_assert_cmpuint(gui_session_position(f->session), ==, gui_session_event_count(f->session));
    gui_session_seek(f->session, 0);
    g_assert_cmpuint(gui_session_position(f->session), ==, 14);
}

/* Any way to a moment leads to the model that folding from the start gives. */
static void test_every_moment(Fixture *f, const void *user)
{
    g_autoptr(GRand) chance = g_rand_new_with_seed(7);
    uint32_t count;

    while (gui_session_index(f->session, 5)) {
    }
    count = (uint32_t)gui_session_event_count(f->session);
    for (unsigned i = 0; i < 300; i++) {
        uint64_t index = (uint64_t)g_rand_int_range(chance, 0, (gint32)count);
        gui_session_seek_event(f->session, index);
        g_autoptr(SimModel) model = fold_first(f, index + 1);
        assert_same(gui_session_model(f->session), model);
    }
}

static void count_signal(GuiSession *session, void *user)
{
    ++*(unsigned *)user;
}

static void test_stepping(Fixture *f, const void *user)
{
    unsigned changes = 0;
    SimRecord record;

    g_signal_connect(f->session, "time-changed", G_CALLBACK(count_signal), &changes);
    /* Packet by packet: sent at 1000, flooded at 2000, received at 3000. */
    g_assert_true(gui_session_step(f->session, GUI_STEP_PACKET, 1));
    g_assert_cmpuint(gui_session_time(f->session), ==, 1000);
    g_assert_true(gui_session_step(f->session, GUI_STEP_PACKET, 1));
    g_assert_true(gui_session_last_event(f->session, &record));
    g_assert_cmpint(record.type, ==, SIM_EVENT_SWITCH_FLOOD);
    g_assert_true(gui_session_step(f->session, GUI_STEP_PACKET, 1));
    g_assert_cmpuint(gui_session_time(f->session), ==, 3000);
    g_assert_cmpuint(changes, ==, 3);
    g_assert_true(gui_session_step(f->session, GUI_STEP_PACKET, -1));
    g_assert_cmpuint(gui_session_time(f->session), ==, 2000);
    g_assert_true(gui_session_step(f->session, GUI_STEP_PACKET, -1));
    g_assert_true(gui_session_step(f->session, GUI_STEP_PACKET, -1));
    /* Before the first one there is the start, and before that nothing. */
    g_assert_cmpuint(gui_session_position(f->session), ==, 14);
    g_assert_false(gui_session_step(f->session, GUI_STEP_PACKET, -1));
    g_assert_cmpuint(changes, ==, 6);
}

static void test_stepping_from_between(Fixture *f, const void *user)
{
    /* At 2500 the flood of 2000 has been, but one stands after it: back leads to it. */
    gui_session_seek(f->session, 2500);
    g_assert_true(gui_session_step(f->session, GUI_STEP_PACKET, -1));
    g_assert_cmpuint(gui_session_time(f->session), ==, 2000);
    /* The only exit is at 600; there is none after it. */
    g_assert_true(gui_session_step(f->session, GUI_STEP_EXIT, -1));
    g_assert_cmpuint(gui_session_time(f->session), ==, 600);
    g_assert_false(gui_session_step(f->session, GUI_STEP_EXIT, 1));
    g_assert_cmpuint(gui_session_time(f->session), ==, 600);
    /* a leaves the pCPU at 1500. */
    g_assert_true(gui_session_step(f->session, GUI_STEP_DECISION, 1));
    g_assert_cmpuint(gui_session_time(f->session), ==, 1500);
}

static void test_happenings(Fixture *f, const void *user)
{
    GuiScene scene;

    gui_session_seek(f->session, 7500);
    scene = gui_scene(f->session, 0);
    /* Latency is 1000: what happened from 5500 on. a received frame 2 at 5500, frame 3
     * was forwarded and dropped at 7500. */
    g_assert_cmpuint(scene.linger_ns, ==, 2000);
    g_assert_cmpuint(scene.happening_count, ==, 3);
    g_assert_cmpint(scene.happenings[0].kind, ==, GUI_HAPPENED_RECEIVED);
    g_assert_cmpuint(scene.happenings[0].port, ==, 0);
    g_assert_cmpint(scene.happenings[1].kind, ==, GUI_HAPPENED_FORWARD);
    g_assert_cmpint(scene.happenings[2].kind, ==, GUI_HAPPENED_DROP);
    g_assert_cmpuint(scene.happenings[2].port, ==, 3);
    g_assert_cmpstr(scene.happenings[2].why, ==, "port-down");
    g_autofree char *caption = gui_scene_caption(f->session);
    g_assert_cmpstr(caption, ==,
                    "Frame 3 is dropped at port 1 (to b): the cable is unplugged, or was on the "
                    "way.");
    gui_scene_clear(&scene);
}

/* The one frame that stands at a cable's end after the next step by packets; none: to 0. */
static void step_and_look(Fixture *f, uint64_t frame, uint32_t from, uint32_t to, bool arrived)
{
    g_assert_true(gui_session_step(f->session, GUI_STEP_PACKET, 1));
    GuiScene scene = gui_scene(f->session, 0);

    g_assert_cmpuint(scene.standing_count, ==, frame ? 1 : 0);
    if (frame) {
        g_assert_cmpuint(scene.standing[0].frame, ==, frame);
        g_assert_cmpuint(scene.standing[0].from, ==, from);
        g_assert_cmpuint(scene.standing[0].to, ==, to);
        g_assert_cmpuint(scene.standing[0].arrives_ns, ==, scene.time);
        g_assert_cmpuint(scene.standing[0].departs_ns, ==, arrived ? 0 : scene.time);
    }
    gui_scene_clear(&scene);
}

/* NIC 0 is port 0, its cable leads to port 1; NIC 1 is port 2, and port 3. A frame that is sent
 * is on its cable already, for in this trace that comes first within an instant. Then: flooded
 * out of port 3, received; the answer forwarded out of port 1, received; the ping forwarded;
 * and dropped, which is a happening. */
static void test_standing(Fixture *f, const void *user)
{
    gui_session_seek(f->session, 0);
    step_and_look(f, 0, 0, 0, false);
    step_and_look(f, 1, 3, 2, false);
    step_and_look(f, 1, 3, 2, true);
    step_and_look(f, 0, 0, 0, false);
    step_and_look(f, 2, 1, 0, false);
    step_and_look(f, 2, 1, 0, true);
    step_and_look(f, 0, 0, 0, false);
    step_and_look(f, 3, 3, 2, false);
    step_and_look(f, 0, 0, 0, false);
    /* Between two events nothing stands: what is on its way is on a cable. */
    gui_session_seek(f->session, 1500);
    GuiScene scene = gui_scene(f->session, 0);
    g_assert_cmpuint(scene.standing_count, ==, 0);
    gui_scene_clear(&scene);
}

static void test_frames(Fixture *f, const void *user)
{
    const GuiFrames *frames = gui_session_frames(f->session);
    SimReader *reader = gui_session_reader(f->session);
    GuiFrameInfo info;

    g_assert_cmpuint(gui_frames_count(frames), ==, 3);
    g_assert_cmpstr(gui_frames_protocol(frames, reader, 1), ==, "ARP");
    g_assert_cmpstr(gui_frames_protocol(frames, reader, 3), ==, "ICMP");
    g_assert_cmpstr(gui_frames_protocol(frames, reader, 4), ==, "?");
    g_assert_true(gui_frames_info(frames, reader, 2, &info));
    g_assert_cmpuint(info.frame.time, ==, 3500);
    g_assert_cmpuint(info.vm, ==, 1);
    g_assert_cmpuint(info.length, ==, SAMPLE_ARP);
    g_assert_cmpuint(gui_frames_before(frames, gui_frames_get(frames, 1)->event), ==, 2);
}

static void test_lanes(Fixture *f, const void *user)
{
    const GuiLanes *lanes = gui_session_lanes(f->session);
    uint64_t ns[GUI_LANE_CLASSES], marks[GUI_MARK_COUNT];
    GuiLaneCursor cursor = {0};
    GuiStretch stretch;

    g_assert_cmpuint(gui_lanes_count(lanes), ==, 3);
    /* The pCPU: a from 100 to 1500, b to 6000, a to 8000, then b. */
    gui_lanes_sums(lanes, 0, 0, 10000, &cursor, ns, NULL);
    g_assert_cmpuint(ns[GUI_PCPU_IDLE], ==, 100);
    g_assert_cmpuint(ns[1], ==, 1400 + 2000);
    g_assert_cmpuint(ns[2], ==, 4500 + 2000);
    g_assert_cmpuint(gui_lanes_class_vm(lanes, 0, 2), ==, 1);
    /* a: runs 1400, blocked 1500 to 5500, ready to 6000, runs to 8000. */
    cursor = (GuiLaneCursor){0};
    gui_lanes_sums(lanes, 1, 1000, 7000, &cursor, ns, marks);
    g_assert_cmpuint(ns[GUI_VCPU_RUNNING], ==, 500 + 1000);
    g_assert_cmpuint(ns[GUI_VCPU_BLOCKED], ==, 4000);
    g_assert_cmpuint(ns[GUI_VCPU_READY], ==, 500);
    g_assert_cmpuint(marks[GUI_MARK_FRAME], ==, 3);
    g_assert_cmpuint(marks[GUI_MARK_FAULT], ==, 0);
    g_assert_true(gui_lanes_stretch(lanes, 1, 5600, &stretch));
    g_assert_cmpuint(stretch.from, ==, 5500);
    g_assert_cmpuint(stretch.to, ==, 6000);
    g_assert_cmpint(stretch.class, ==, GUI_VCPU_READY);
}

static void test_growing(Fixture *f, const void *user)
{
    g_autoptr(GuiSession) session = gui_session_new();
    SimTraceHeader header;
    unsigned grown = 0;

    memcpy(&header, f->data, sizeof(header));
    g_assert_true(gui_session_open_memory(session, f->data, header.header_bytes, NULL));
    g_assert_cmpuint(gui_session_event_count(session), ==, 0);
    g_signal_connect(session, "trace-grown", G_CALLBACK(count_signal), &grown);
    /* Byte by byte, as a file that is being written: no record is seen too early. */
    for (size_t size = header.header_bytes; size <= f->size; size += 7)
        gui_session_grow_memory(session, f->data, size, 1000);
    gui_session_grow_memory(session, f->data, f->size, 1000);
    g_assert_cmpuint(gui_session_event_count(session), ==, gui_session_event_count(f->session));
    g_assert_cmpuint(grown, >, 40);
    gui_session_seek(session, SIM_TIME_NEVER);
    g_autoptr(SimModel) model = fold_first(f, UINT64_MAX);
    assert_same(gui_session_model(session), model);
}

static void test_selection(Fixture *f, const void *user)
{
    unsigned changes = 0;
    GuiEntity vm = {.kind = GUI_ENTITY_VM, .a = 1}, vcpu = {.kind = GUI_ENTITY_VCPU, .a = 1};

    g_signal_connect(f->session, "selection-changed", G_CALLBACK(count_signal), &changes);
    gui_session_select(f->session, vm);
    gui_session_select(f->session, vm);
    g_assert_cmpuint(changes, ==, 1);
    g_assert_true(gui_entity_within(vcpu, gui_session_selected(f->session)));
    g_assert_false(gui_entity_within(vm, vcpu));
    g_autofree char *name = gui_entity_name(gui_session_model(f->session), vcpu);
    g_assert_cmpstr(name, ==, "vCPU 0 of VM b");
}

static void test_not_a_trace(Fixture *f, const void *user)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(gui_session_open(f->session, "/nonexistent/x.hvtrace", &error));
    g_assert_nonnull(error);
    g_assert_true(gui_session_is_open(f->session));
    gui_session_close(f->session);
    g_assert_false(gui_session_is_open(f->session));
    gui_session_seek(f->session, 5);
    g_assert_false(gui_session_step(f->session, GUI_STEP_EVENT, 1));
    g_assert_cmpuint(gui_session_model(f->session)->vms->len, ==, 0);
}

/* ---- A long run ---------------------------------------------------------------- */

/* count dispatches, each 10 ns after the one before, a console line every 1000. */
static SimTrace *long_trace(uint64_t count)
{
    SimTrace *trace = sim_trace_new("{}", NULL, NULL);

    sample_create(trace);
    for (uint64_t i = 1; i <= count; i++) {
        SIM_TRACE(trace, SAMPLE_CPU, 10 * i, Dispatch, .vm = i % 2);
        if (i % 1000 == 0)
            SIM_TRACE_BLOB(trace, SAMPLE_CPU, 10 * i, Console, "line\n", 5, .slot = 1);
        if (i % 4096 == 0)
            sim_trace_settle(trace, 10 * i);
    }
    sim_trace_finish(trace);
    return trace;
}

static void test_keyframes(void)
{
    g_autoptr(SimTrace) trace = long_trace(400000);
    g_autoptr(GuiSession) session = gui_session_new();
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    g_assert_true(gui_session_open_memory(session, data, size, NULL));
    while (gui_session_index(session, 10000)) {
    }
    /* Back and forth over keyframes: dispatch i is at 10 i, one line per 1000. */
    for (uint64_t i = 0; i < 40; i++) {
        uint64_t dispatches = (i * 7919 * 131) % 400000 + 1;
        gui_session_seek(session, 10 * dispatches);
        const SimModel *model = gui_session_model(session);
        g_assert_cmpuint(model->counts[SIM_EVENT_DISPATCH], ==, dispatches);
        size_t length;
        const char *text = sim_model_console(sim_model_vm(model, 0), &length);
        g_assert_cmpuint(length, ==, dispatches / 1000 * 5);
        g_assert_cmpuint(strlen(text), ==, length);
    }
}

/* Opening, running through and closing again leaves nothing behind. */
static void test_no_growth(Fixture *f, const void *user)
{
    size_t before = 0;

    if (g_getenv("HVLAB_SANITIZED")) {
        g_test_skip("the sanitizer's allocator does not count");
        return;
    }
    for (unsigned i = 0; i < 1000; i++) {
        g_autoptr(GuiSession) session = gui_session_new();
        g_assert_true(gui_session_open_memory(session, f->data, f->size, NULL));
        while (gui_session_step(session, GUI_STEP_PACKET, 1)) {
        }
        GuiScene scene = gui_scene(session, 0);
        gui_scene_clear(&scene);
        gui_session_seek(session, 1500);
        gui_session_close(session);
        if (i == 499) /* by then the allocator's own stores are full */
            before = mallinfo2().uordblks;
    }
    g_assert_cmpuint(mallinfo2().uordblks, <, before + 32768);
}

/* ---- Commands in words -------------------------------------------------------------- */

static void test_commands(void)
{
    static const char *const cases[][2] = {
        {"{\"do\":\"set-balloon\",\"vm\":\"a\",\"size\":\"64KiB\"}",
         "The balloon of a is to hold 64KiB"},
        {"{\"do\":\"set-balloon\",\"vm\":\"a\"}", "The memory policy has the balloon of a again"},
        {"{\"do\":\"set-memory\",\"vm\":\"a\",\"limit\":\"1024KiB\"}",
         "Memory of a: limit 1024KiB"},
        {"{\"do\":\"set-memory\",\"vm\":\"a\",\"shares\":2000,\"reservation\":\"64KiB\"}",
         "Memory of a: shares 2000, reservation 64KiB"},
        {"{\"do\":\"set-tax\",\"tax\":\"50%\"}", "The tax on idle memory is 50%"},
        {"{\"do\":\"set-throttle\",\"vm\":\"a\",\"exits\":{\"rate\":100},"
         "\"device_operations\":{\"rate\":0}}",
         "a may have 100 exits a second; a may have as many device operations as it wants"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = gui_command_words(cases[i][0]);
        g_assert_cmpstr(words, ==, cases[i][1]);
    }
}

#define ADD(name, function)                                                                        \
    g_test_add("/session/" name, Fixture, NULL, open_sample, function, close_sample)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("opening", test_opening);
    ADD("seeking", test_seeking);
    ADD("every-moment", test_every_moment);
    ADD("stepping", test_stepping);
    ADD("stepping-from-between", test_stepping_from_between);
    ADD("happenings", test_happenings);
    ADD("standing", test_standing);
    ADD("frames", test_frames);
    ADD("lanes", test_lanes);
    ADD("growing", test_growing);
    ADD("selection", test_selection);
    ADD("not-a-trace", test_not_a_trace);
    ADD("no-growth", test_no_growth);
    g_test_add_func("/session/keyframes", test_keyframes);
    g_test_add_func("/session/commands", test_commands);
    return g_test_run();
}
