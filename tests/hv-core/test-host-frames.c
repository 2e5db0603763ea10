/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-host-frames.c: Ethernet frames and text through the whole host, with
 * scripts as drivers: from a queue kick to the output, and from a delivery to
 * the wake-up of the vCPU that takes the interrupt. */
#include <string.h>

#include "hv-core/devices/virtio-net.h"
#include "tests/hv-core/host-fixture.h"
#include "tests/hv-core/virtio-driver.h"

#define QUEUE_SIZE 8

/* A driver that sets its device up: 18 writes of 10 ns, so it is up at 180. */
#define REG(slot, reg, value) WRITE(DEVICE(slot, HV_VIRTIO_REG_##reg), 4, value)
#define SET_UP_QUEUE(slot, queue)                                                                  \
    REG(slot, QUEUE_SEL, queue), REG(slot, QUEUE_NUM, QUEUE_SIZE),                                 \
        REG(slot, QUEUE_DESC_LOW, 0x10000 + (queue)*0x4000),                                       \
        REG(slot, QUEUE_DRIVER_LOW, 0x11000 + (queue)*0x4000),                                     \
        REG(slot, QUEUE_DEVICE_LOW, 0x12000 + (queue)*0x4000), REG(slot, QUEUE_READY, 1)
#define SET_UP(slot)                                                                               \
    REG(slot, STATUS, 1), REG(slot, STATUS, 3), REG(slot, DRIVER_FEATURES_SEL, 1),                 \
        REG(slot, DRIVER_FEATURES, 1), REG(slot, STATUS, 11), SET_UP_QUEUE(slot, 0),               \
        SET_UP_QUEUE(slot, 1), REG(slot, STATUS, 15)

static const HvBootNic nic = {.mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500};

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture_set_up(fixture, data);
    fixture->vm.nics = &nic;
    fixture->vm.nic_count = 1;
    fixture->config.policy_params.slice_ns = 1000;
    fixture->log.kinds = LOG_FRAMES | LOG_INTERRUPTS | LOG_DEVICES;
}

/* For writing rings: the helper's functions need no more than the memory. */
static Driver rings_of(HvVm *vm)
{
    return (Driver){.memory = hv_vm_memory(vm)};
}

static void prepare_send(HvVm *vm, uint16_t index, const char *frame)
{
    Driver rings = rings_of(vm);
    uint64_t at = DRIVER_BUFFERS + index * UINT64_C(0x1000);
    driver_write(&rings, at + 12, frame, strlen(frame));
    driver_descriptor(&rings, 1, index, at, (uint32_t)(12 + strlen(frame)), 0, 0);
    driver_offer(&rings, 1, QUEUE_SIZE, index);
}

static void prepare_receive(HvVm *vm, uint16_t index)
{
    Driver rings = rings_of(vm);
    uint64_t at = DRIVER_BUFFERS + (16 + index) * UINT64_C(0x1000);
    driver_descriptor(&rings, 0, index, at, 2048, WRITE, 0);
    driver_offer(&rings, 0, QUEUE_SIZE, index);
}

static void deliver(Fixture *fixture, uint64_t id, const char *frame, HvTime now)
{
    hv_host_deliver(fixture->host, 0, 0, id, (const uint8_t *)frame, (uint32_t)strlen(frame), now);
}

/* ---- Sending ------------------------------------------------------------ */

static const FakeOp sender[] = {SET_UP(HV_SLOT_NIC0), RUN(20), REG(HV_SLOT_NIC0, QUEUE_NOTIFY, 1),
                                RUN(50), HLT};

/* Two frames at one kick, at 200. The host returns at once with both. */
static void test_send(Fixture *fixture, gconstpointer data)
{
    fixture->config.costs.exit_ns = 0;
    fixture_host(fixture);
    HvVm *vm = fixture_vm(fixture, &(FakeScript){.ops = sender});
    prepare_send(vm, 0, "first frame, 20 long");
    prepare_send(vm, 1, "second frame, of 23 ...");
    g_assert_true(hv_vm_start(vm, 0));
    fixture->frame_ids = 41;
    g_string_truncate(fixture->log.text, 0);
    g_assert_cmpuint(hv_host_advance(fixture->host, 10000, HV_TIME_NEVER), ==, 200);
    host_log_expect(&fixture->log, "200 p0 0.0 kick slot 3 queue 1\n"
                                   "200 p0 vm0 nic0 sent frame 42 20\n"
                                   "200 p0 vm0 nic0 sent frame 43 23\n"
                                   "200 p0 0.0 raise 35 frame 0 late 0\n");
    /* Nothing goes on before the outputs are taken. */
    g_assert_cmpuint(hv_host_advance(fixture->host, 10000, HV_TIME_NEVER), ==, 200);
    g_autofree HvOutFrame *first = hv_host_take_frame(fixture->host);
    g_assert_cmpuint(hv_host_advance(fixture->host, 10000, HV_TIME_NEVER), ==, 200);
    g_autofree HvOutFrame *second = hv_host_take_frame(fixture->host);
    g_assert_null(hv_host_take_frame(fixture->host));
    g_assert_cmpuint(first->time, ==, 200);
    g_assert_cmpuint(first->id, ==, 42);
    g_assert_cmpuint(first->vm, ==, 0);
    g_assert_cmpuint(first->nic, ==, 0);
    g_assert_cmpmem(first->bytes, first->length, "first frame, 20 long", 20);
    g_assert_cmpuint(second->id, ==, 43);
    g_assert_cmpmem(second->bytes, second->length, "second frame, of 23 ...", 23);
    fixture_run(fixture, 10000);
}

/* pCPU 0 sends at 200 while pCPU 1 is behind (lookahead 50): the frame's time is
 * after the time reached. */
static void test_send_ahead(Fixture *fixture, gconstpointer data)
{
    static const FakeOp burn[] = {RUN(1000), HLT};
    fixture->config.pcpu_count = 2;
    fixture_host(fixture);
    HvVm *vm = fixture_vm(fixture, &(FakeScript){.ops = sender});
    prepare_send(vm, 0, "first frame, 20 long");
    g_assert_true(hv_vm_start(vm, 0));
    fixture_start(fixture, &(FakeScript){.ops = burn});
    HvTime reached = hv_host_advance(fixture->host, 10000, HV_TIME_NEVER);
    g_autofree HvOutFrame *frame = hv_host_take_frame(fixture->host);
    g_assert_cmpuint(frame->time, ==, 200);
    g_assert_cmpuint(reached, <=, 200);
    g_assert_cmpuint(reached, >=, 150);
}

/* The kick was made by vCPU 1; vCPU 0, which gets the interrupt, is behind and
 * must not feel it before 200. */
static void test_send_from_vcpu_1(Fixture *fixture, gconstpointer data)
{
    static const FakeOp idle[] = {HLT, RUN(5), CLI, HLT, RUN(1), IRET};
    const FakeScript scripts[] = {{.ops = idle, .handler = 4, .interrupts = true}, {.ops = sender}};
    fixture->config.pcpu_count = 2;
    fixture->vm.vcpu_count = 2;
    fixture_host(fixture);
    HvVm *vm = fixture_vm(fixture, scripts);
    prepare_send(vm, 0, "first frame, 20 long");
    g_assert_true(hv_vm_start(vm, 0));
    g_string_truncate(fixture->log.text, 0);
    hv_host_advance(fixture->host, 10000, HV_TIME_NEVER);
    g_free(hv_host_take_frame(fixture->host));
    fixture_run(fixture, 10000);
    host_log_expect(&fixture->log, "200 p1 0.1 kick slot 3 queue 1\n"
                                   "200 p1 vm0 nic0 sent frame 1 20\n"
                                   "200 host 0.0 raise 35 frame 0 late 0\n"
                                   "200 p0 0.0 take 35\n");
}

/* ---- Receiving ---------------------------------------------------------- */

static const FakeOp receiver[] = {
    SET_UP(HV_SLOT_NIC0), STI, HLT, RUN(30), CLI, HLT, REG(HV_SLOT_NIC0, INTERRUPT_ACK, 1), IRET};
#define RECEIVER_HANDLER 23

static HvVm *start_receiver(Fixture *fixture)
{
    fixture_host(fixture);
    HvVm *vm = fixture_vm(fixture, &(FakeScript){.ops = receiver, .handler = RECEIVER_HANDLER});
    prepare_receive(vm, 0);
    g_assert_true(hv_vm_start(vm, 0));
    g_string_truncate(fixture->log.text, 0);
    return vm;
}

/* Asleep since 200; a frame at 500 wakes it. */
static void test_receive(Fixture *fixture, gconstpointer data)
{
    HvVm *vm = start_receiver(fixture);
    fixture->log.kinds |= LOG_STATES;
    fixture_run(fixture, 500);
    deliver(fixture, 77, "a frame for the guest", 500);
    fixture_run(fixture, 600);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "200 p0 0.0 running->blocked hlt\n"
                                   "500 host vm0 nic0 received frame 77 21\n"
                                   "500 host 0.0 raise 35 frame 77 late 0\n"
                                   "500 host 0.0 blocked->ready interrupt\n"
                                   "500 p0 0.0 ready->running dispatch\n"
                                   "500 p0 0.0 take 35\n"
                                   "570 p0 0.0 running->halted hlt-forever\n"
                                   "570 host vm0 running->halted hlt-forever\n");
    Driver rings = rings_of(vm);
    char got[21];
    driver_read(&rings, DRIVER_BUFFERS + 16 * 0x1000 + 12, got, 21);
    g_assert_cmpmem(got, 21, "a frame for the guest", 21);
}

/* To a VM that is off, not set up yet, paused or over. */
static void test_receive_not_ready(Fixture *fixture, gconstpointer data)
{
    fixture_host(fixture);
    HvVm *vm = fixture_vm(fixture, &(FakeScript){.ops = receiver, .handler = RECEIVER_HANDLER});
    deliver(fixture, 1, "a frame for the guest", 0);
    g_assert_true(hv_vm_start(vm, 0));
    fixture_run(fixture, 100);
    deliver(fixture, 2, "a frame for the guest", 100);
    fixture_run(fixture, 300);
    g_assert_true(hv_vm_pause(vm, 300));
    deliver(fixture, 3, "a frame for the guest", 300);
    g_assert_true(hv_vm_kill(vm, 300));
    deliver(fixture, 4, "a frame for the guest", 300);
    host_log_expect(&fixture->log, "0 host vm0 nic0 dropped frame 1 not-ready\n"
                                   "100 host vm0 nic0 dropped frame 2 not-ready\n"
                                   "300 host vm0 nic0 dropped frame 3 not-ready\n"
                                   "300 host vm0 nic0 dropped frame 4 not-ready\n");
}

/* A frame for whose buffer the host has no page frame left. */
static void test_receive_no_memory(Fixture *fixture, gconstpointer data)
{
    HvVm *vm = start_receiver(fixture);
    HvPool *pool = hv_memory_pool(hv_vm_memory(vm));
    fixture->log.kinds = LOG_FRAMES | LOG_STATES;
    fixture_run(fixture, 500);
    g_string_truncate(fixture->log.text, 0);
    HvFrameNo spare = hv_pool_free_count(pool);
    g_autofree HvFrameNo *taken = g_new(HvFrameNo, spare);
    for (HvFrameNo i = 0; i < spare; i++)
        taken[i] = hv_pool_alloc(pool);
    deliver(fixture, 5, "a frame for the guest", 500);
    fixture_run(fixture, 600);
    host_log_expect(&fixture->log, "500 host vm0 nic0 dropped frame 5 not-ready\n"
                                   "500 host 0.0 blocked->ready interrupt\n"
                                   "500 host vm0 running->crashed out-of-memory\n"
                                   "500 host 0.0 ready->halted out-of-memory\n");
    for (HvFrameNo i = 0; i < spare; i++)
        hv_pool_unref(pool, taken[i]);
}

/* A guest whose costs keep the pCPU busy: the frame is late by as much. */
static void test_receive_late(Fixture *fixture, gconstpointer data)
{
    static const FakeOp busy[] = {SET_UP(HV_SLOT_NIC0), STI, MARK(1), RUN_ON, IRET};
    fixture->config.costs.exit_ns = 40;
    fixture->config.policy_params.slice_ns = 10000;
    fixture_host(fixture);
    HvVm *vm = fixture_vm(fixture, &(FakeScript){.ops = busy, .handler = 21});
    prepare_receive(vm, 0);
    g_assert_true(hv_vm_start(vm, 0));
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 925); /* 18 * 50 + 10: the mark is at 910, until 960 */
    deliver(fixture, 6, "a frame for the guest", 925);
    fixture_run(fixture, 1000);
    host_log_expect(&fixture->log, "910 p0 0.0 mark 1\n"
                                   "925 host vm0 nic0 received frame 6 21\n"
                                   "925 host 0.0 raise 35 frame 6 late 35\n"
                                   "960 p0 0.0 take 35\n");
}

/* ---- Consoles ----------------------------------------------------------- */

static void test_control(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {
        SET_UP(HV_SLOT_CONTROL), STI, HLT, REG(HV_SLOT_CONTROL, QUEUE_NOTIFY, 1), CLI, HLT, IRET};
    static const char answer[] = "probe 1 timeout\n";
    fixture_host(fixture);
    HvVm *vm = fixture_vm(fixture, &(FakeScript){.ops = ops, .handler = 23});
    Driver rings = rings_of(vm);
    driver_descriptor(&rings, 0, 0, DRIVER_BUFFERS, 512, WRITE, 0);
    driver_offer(&rings, 0, QUEUE_SIZE, 0);
    driver_write(&rings, DRIVER_BUFFERS + 0x1000, answer, strlen(answer));
    driver_descriptor(&rings, 1, 3, DRIVER_BUFFERS + 0x1000, (uint32_t)strlen(answer), 0, 0);
    driver_offer(&rings, 1, QUEUE_SIZE, 3);
    g_assert_true(hv_vm_start(vm, 0));
    fixture_run(fixture, 400);
    g_string_truncate(fixture->log.text, 0);
    g_assert_false(hv_vm_console_write(vm, HV_SLOT_NIC0, "x", 1, 400));
    g_assert_true(hv_vm_console_write(vm, HV_SLOT_CONTROL, "probe 1\n", 8, 400));
    g_assert_cmpuint(hv_host_advance(fixture->host, 1000, HV_TIME_NEVER), ==, 410);
    host_log_expect(&fixture->log, "400 host 0.0 raise 34 frame 0 late 0\n"
                                   "400 p0 0.0 take 34\n"
                                   "410 p0 0.0 kick slot 2 queue 1\n"
                                   "410 p0 vm0 slot 2 prints \"probe 1 timeout\\n\"\n"
                                   "410 p0 0.0 raise 34 frame 0 late 0\n");
    char got[8];
    driver_read(&rings, DRIVER_BUFFERS, got, 8);
    g_assert_cmpmem(got, 8, "probe 1\n", 8);
    g_autofree HvOutControl *control = hv_host_take_control(fixture->host);
    g_assert_cmpuint(control->time, ==, 410);
    g_assert_cmpmem(control->bytes, control->length, answer, strlen(answer));
    g_assert_null(hv_host_take_control(fixture->host));
    fixture_run(fixture, 1000);
}

#define ADD(path, function)                                                                        \
    g_test_add("/host-frames/" path, Fixture, NULL, set_up, function, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("send", test_send);
    ADD("send-ahead", test_send_ahead);
    ADD("send-from-vcpu-1", test_send_from_vcpu_1);
    ADD("receive", test_receive);
    ADD("receive-not-ready", test_receive_not_ready);
    ADD("receive-no-memory", test_receive_no_memory);
    ADD("receive-late", test_receive_late);
    ADD("control", test_control);
    return g_test_run();
}
