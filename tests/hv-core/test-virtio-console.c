/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-virtio-console.c: bytes out, bytes in, and what waits. */
#include <string.h>

#include "hv-core/devices/virtio-console.h"
#include "tests/hv-core/virtio-driver.h"

#define SIZE 8
#define RX   HV_CONSOLE_QUEUE_RECEIVE
#define TX   HV_CONSOLE_QUEUE_TRANSMIT

typedef struct {
    Driver driver;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    driver_init(&fixture->driver);
    fixture->driver.device =
        hv_virtio_console_new(2, fixture->driver.memory, &driver_client, &fixture->driver);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    driver_expect(&fixture->driver, "");
    driver_clear(&fixture->driver);
}

static void kick(Driver *driver, unsigned queue)
{
    driver_set(driver, HV_VIRTIO_REG_QUEUE_NOTIFY, queue);
}

static void give_buffer(Driver *driver, uint16_t index, uint32_t bytes)
{
    driver_descriptor(driver, RX, index, DRIVER_BUFFERS + index * UINT64_C(0x1000), bytes, WRITE,
                      0);
    driver_offer(driver, RX, SIZE, index);
}

static void expect_text(Driver *driver, uint64_t gpa, const char *text)
{
    char got[64];
    driver_read(driver, gpa, got, strlen(text));
    g_assert_cmpmem(got, strlen(text), text, strlen(text));
}

static void test_print(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_DEVICE_ID), ==, 3);
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_DEVICE_FEATURES), ==, 0);
    driver_start(driver, 0, 2, SIZE);
    driver_write(driver, 0x40000, "hello, ", 7);
    driver_write(driver, 0x41000, "world", 5);
    driver_descriptor(driver, TX, 0, 0x40000, 7, NEXT, 1);
    driver_descriptor(driver, TX, 1, 0x41000, 5, 0, 0);
    driver_offer(driver, TX, SIZE, 0);
    driver_offer(driver, TX, SIZE, 1);
    kick(driver, TX);
    driver_expect(driver, "kick 2 queue 1\noutput 2 12 hello, world\noutput 2 5 world\n"
                          "interrupt 2 frame 0\n");
    g_assert_cmpuint(driver_used_index(driver, TX), ==, 2);
}

static void test_print_size(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_start(driver, 0, 2, SIZE);
    driver_descriptor(driver, TX, 0, 0x40000, 0x10000, 0, 0); /* 64 KiB: the most */
    driver_offer(driver, TX, SIZE, 0);
    kick(driver, TX);
    driver_expect(driver, "kick 2 queue 1\noutput 2 65536 \ninterrupt 2 frame 0\n");
    driver_descriptor(driver, TX, 1, 0x40000, 0x10001, 0, 0);
    driver_offer(driver, TX, SIZE, 1);
    kick(driver, TX);
    driver_expect(driver, "kick 2 queue 1\nbad-chain 2 0x1 0x1\ninterrupt 2 frame 0\n");
}

static void test_input(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_start(driver, 0, 2, SIZE);
    give_buffer(driver, 0, 4);
    give_buffer(driver, 1, 4);
    g_assert_true(hv_virtio_console_input(driver->device, "abcdefghij", 10));
    driver_expect(driver, "interrupt 2 frame 0\n");
    g_assert_cmpuint(driver_used_index(driver, RX), ==, 2);
    g_assert_cmpuint(driver_read32(driver, driver_used(RX) + 8), ==, 4);
    expect_text(driver, DRIVER_BUFFERS, "abcd");
    expect_text(driver, DRIVER_BUFFERS + 0x1000, "efgh");
    give_buffer(driver, 2, 100);
    kick(driver, RX);
    driver_expect(driver, "kick 2 queue 0\ninterrupt 2 frame 0\n");
    g_assert_cmpuint(driver_read32(driver, driver_used(RX) + 4 + 2 * 8 + 4), ==, 2);
    expect_text(driver, DRIVER_BUFFERS + 0x2000, "ij");
}

/* What is typed before the driver is there, and over a reset, is not lost. */
static void test_input_early(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    g_assert_true(hv_virtio_console_input(driver->device, "early", 5));
    driver_start(driver, 0, 2, SIZE);
    give_buffer(driver, 0, 3);
    kick(driver, RX);
    driver_expect(driver, "kick 2 queue 0\ninterrupt 2 frame 0\n");
    expect_text(driver, DRIVER_BUFFERS, "ear");
    driver_set_available_index(driver, RX, 0);
    driver_start(driver, 0, 2, SIZE);
    give_buffer(driver, 0, 3);
    kick(driver, RX);
    driver_expect(driver, "kick 2 queue 0\ninterrupt 2 frame 0\n");
    expect_text(driver, DRIVER_BUFFERS, "ly");
}

static void test_input_full(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    g_autofree char *half = g_strnfill(0x8000, 'x');
    g_assert_true(hv_virtio_console_input(driver->device, half, 0x8000));
    g_assert_false(hv_virtio_console_input(driver->device, half, 0x8001));
    g_assert_true(hv_virtio_console_input(driver->device, half, 0x8000));
    g_assert_false(hv_virtio_console_input(driver->device, "!", 1));
    driver_start(driver, 0, 2, SIZE);
    give_buffer(driver, 0, 1);
    kick(driver, RX);
    driver_expect(driver, "kick 2 queue 0\ninterrupt 2 frame 0\n");
    g_assert_true(hv_virtio_console_input(driver->device, "!", 1));
}

static void test_input_bad(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_start(driver, 0, 2, SIZE);
    give_buffer(driver, 0, 2);
    driver_descriptor(driver, RX, 5, DRIVER_BUFFERS, 64, 0, 0); /* readable */
    driver_offer(driver, RX, SIZE, 5);
    g_assert_true(hv_virtio_console_input(driver->device, "abc", 3));
    driver_expect(driver, "bad-chain 2 0x0 0x5\ninterrupt 2 frame 0\n");
    g_assert_cmpuint(driver_used_index(driver, RX), ==, 1);
    kick(driver, TX);
    kick(driver, RX);
}

#define ADD(path, function)                                                                        \
    g_test_add("/virtio-console/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("print", test_print);
    ADD("print-size", test_print_size);
    ADD("input", test_input);
    ADD("input-early", test_input_early);
    ADD("input-full", test_input_full);
    ADD("input-bad", test_input_bad);
    return g_test_run();
}
