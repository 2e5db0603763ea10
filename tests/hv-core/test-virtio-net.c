/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-virtio-net.c: the network card, both directions, and what it does when
 * the guest is slow or wrong. */
#include <string.h>

#include "hv-core/devices/virtio-net.h"
#include "tests/hv-core/virtio-driver.h"

#define SIZE 8
#define RX   HV_NET_QUEUE_RECEIVE
#define TX   HV_NET_QUEUE_TRANSMIT

static const uint8_t mac[6] = {0x52, 0x54, 0, 1, 2, 3};

typedef struct {
    Driver driver;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    driver_init(&fixture->driver);
    fixture->driver.device =
        hv_virtio_net_new(3, fixture->driver.memory, mac, 1500, &driver_client, &fixture->driver);
    if (data == NULL)
        driver_start(&fixture->driver, HV_NET_F_MAC, 2, SIZE);
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

/* Frames here are 20 readable bytes. */
#define FRAME_A "frame-a-89012345678A"
#define FRAME_B "frame-b-89012345678B"

static void receive(Driver *driver, uint64_t id, const char *frame)
{
    hv_virtio_net_receive(driver->device, id, (const uint8_t *)frame, (uint32_t)strlen(frame));
}

/* A receive buffer of `bytes` as descriptor and chain number index. */
static void give_buffer(Driver *driver, uint16_t index, uint32_t bytes)
{
    driver_descriptor(driver, RX, index, DRIVER_BUFFERS + index * UINT64_C(0x1000), bytes, WRITE,
                      0);
    driver_offer(driver, RX, SIZE, index);
}

static void test_identity(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    HvDevice *device = driver->device;
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_DEVICE_ID), ==, 1);
    g_assert_cmphex(driver_get(driver, HV_VIRTIO_REG_DEVICE_FEATURES), ==,
                    1u << 3 | 1u << 5 | 1u << 16);
    for (unsigned i = 0; i < 6; i++)
        g_assert_cmphex(device->ops->read(device, 0x100 + i, 1), ==, mac[i]);
    g_assert_cmpuint(device->ops->read(device, 0x106, 2), ==, 1);
    g_assert_cmpuint(device->ops->read(device, 0x10a, 2), ==, 1500);
}

/* Two frames at one kick, the first in two parts: both leave, one interrupt. */
static void test_transmit(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_write(driver, 0x40000, "............frame-a-", 20);
    driver_write(driver, 0x41000, "89012345678A", 12);
    driver_write(driver, 0x42000, "............" FRAME_B, 32);
    driver_descriptor(driver, TX, 0, 0x40000, 20, NEXT, 1);
    driver_descriptor(driver, TX, 1, 0x41000, 12, 0, 0);
    driver_descriptor(driver, TX, 2, 0x42000, 32, 0, 0);
    driver_offer(driver, TX, SIZE, 0);
    driver_offer(driver, TX, SIZE, 2);
    kick(driver, TX);
    driver_expect(driver, "kick 3 queue 1\nsent 3 20 " FRAME_A "\nsent 3 20 " FRAME_B
                          "\ninterrupt 3 frame 0\n");
    g_assert_cmpuint(driver_used_index(driver, TX), ==, 2);
    g_assert_cmpuint(driver_read32(driver, driver_used(TX) + 4), ==, 0);
    g_assert_cmpuint(driver_read32(driver, driver_used(TX) + 8), ==, 0);
    g_assert_cmpuint(driver_read32(driver, driver_used(TX) + 12), ==, 2);

    kick(driver, TX); /* nothing new: nothing done, no interrupt */
    driver_expect(driver, "kick 3 queue 1\n");
}

static void test_transmit_quietly(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_write(driver, 0x40000, "............" FRAME_A, 32);
    driver_descriptor(driver, TX, 0, 0x40000, 32, 0, 0);
    driver_set_available_flags(driver, TX, 1);
    driver_offer(driver, TX, SIZE, 0);
    kick(driver, TX);
    driver_expect(driver, "kick 3 queue 1\nsent 3 20 " FRAME_A "\n");
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_INTERRUPT_STATUS), ==, 0);
}

typedef struct {
    const char *name;
    uint32_t length; /* of the chain, header included; three parts at most */
    uint16_t flags;
    bool good;
} TxSize;

static const TxSize tx_sizes[] = {
    {"shortest", 12 + 14, 0, true},       {"too-short", 12 + 13, 0, false},
    {"header-only", 12, 0, false},        {"no-header", 4, 0, false},
    {"longest", 12 + 9216, 0, true},      {"too-long", 12 + 9217, 0, false},
    {"all-of-memory", 0x80000, 0, false}, {"writable", 12 + 100, WRITE, false},
};

static void test_transmit_size(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    const TxSize *size = data;
    driver_start(driver, 0, 2, SIZE);
    driver_descriptor(driver, TX, 4, 0x40000, size->length, size->flags, 0);
    driver_offer(driver, TX, SIZE, 4);
    kick(driver, TX);
    g_autofree char *expected =
        size->good ? g_strdup_printf("kick 3 queue 1\nsent 3 %u \ninterrupt 3 frame 0\n",
                                     size->length - 12)
                   : g_strdup("kick 3 queue 1\nbad-chain 3 0x1 0x4\ninterrupt 3 frame 0\n");
    driver_expect(driver, expected);
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_STATUS) & 64, ==, size->good ? 0 : 64);
}

/* Frames before a malformed chain leave; it and what follows does not. */
static void test_transmit_bad(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_write(driver, 0x40000, "............" FRAME_A, 32);
    driver_descriptor(driver, TX, 0, 0x40000, 32, 0, 0);
    driver_descriptor(driver, TX, 1, 0x40000, 32, NEXT, 9);
    driver_offer(driver, TX, SIZE, 0);
    driver_offer(driver, TX, SIZE, 1);
    driver_offer(driver, TX, SIZE, 0);
    kick(driver, TX);
    driver_expect(driver, "kick 3 queue 1\nsent 3 20 " FRAME_A
                          "\nbad-chain 3 0x1 0x9\ninterrupt 3 frame 0\n");
    kick(driver, TX);
    receive(driver, 5, FRAME_A);
    driver_expect(driver, "dropped 3 frame 5 not-ready\n");
}

static void test_receive(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    static const uint8_t header[12] = {[10] = 1};
    uint8_t got[32];
    give_buffer(driver, 6, 2048);
    receive(driver, 77, FRAME_A);
    driver_expect(driver, "received 3 frame 77 20\ninterrupt 3 frame 77\n");
    g_assert_cmpuint(driver_used_index(driver, RX), ==, 1);
    g_assert_cmpuint(driver_read32(driver, driver_used(RX) + 4), ==, 6);
    g_assert_cmpuint(driver_read32(driver, driver_used(RX) + 8), ==, 32);
    driver_read(driver, DRIVER_BUFFERS + 6 * 0x1000, got, 32);
    g_assert_cmpmem(got, 12, header, 12);
    g_assert_cmpmem(got + 12, 20, FRAME_A, 20);
}

static void test_receive_fits(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    give_buffer(driver, 0, 32);
    give_buffer(driver, 1, 31);
    receive(driver, 1, FRAME_A); /* 12 + 20 fit exactly */
    receive(driver, 2, FRAME_B); /* one byte too long: the buffer stays offered */
    receive(driver, 3, "nineteen-byte-frame");
    driver_expect(driver, "received 3 frame 1 20\ninterrupt 3 frame 1\n"
                          "dropped 3 frame 2 too-long\n"
                          "received 3 frame 3 19\ninterrupt 3 frame 3\n");
}

/* A guest without buffers: frames wait, in order, until it gives some. */
static void test_backlog(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    receive(driver, 1, FRAME_A);
    receive(driver, 2, FRAME_B);
    driver_expect(driver, "");
    give_buffer(driver, 0, 64);
    receive(driver, 3, FRAME_A); /* without a kick: the oldest takes the buffer */
    driver_expect(driver, "received 3 frame 1 20\ninterrupt 3 frame 1\n");
    give_buffer(driver, 1, 64);
    give_buffer(driver, 2, 64);
    give_buffer(driver, 3, 64);
    kick(driver, RX);
    driver_expect(driver, "kick 3 queue 0\nreceived 3 frame 2 20\ninterrupt 3 frame 2\n"
                          "received 3 frame 3 20\ninterrupt 3 frame 3\n");
    uint8_t got[20];
    driver_read(driver, DRIVER_BUFFERS + 0x1000 + 12, got, 20);
    g_assert_cmpmem(got, 20, FRAME_B, 20);
}

static void test_backlog_full(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    for (unsigned id = 1; id <= 256; id++)
        receive(driver, id, FRAME_A);
    driver_expect(driver, "");
    receive(driver, 257, FRAME_A);
    driver_expect(driver, "dropped 3 frame 257 no-buffer\n");
    give_buffer(driver, 0, 64);
    kick(driver, RX);
    receive(driver, 258, FRAME_A); /* room again */
    driver_expect(driver, "kick 3 queue 0\nreceived 3 frame 1 20\ninterrupt 3 frame 1\n");

    driver_set(driver, HV_VIRTIO_REG_STATUS, 0);
    GString *expected = g_string_new(NULL);
    for (unsigned id = 2; id <= 258; id++)
        if (id != 257)
            g_string_append_printf(expected, "dropped 3 frame %u not-ready\n", id);
    driver_expect(driver, expected->str);
    g_string_free(expected, TRUE);
}

static void test_not_ready(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    receive(driver, 9, FRAME_A);
    driver_expect(driver, "dropped 3 frame 9 not-ready\n");
    driver_start(driver, 0, 1, SIZE); /* without a transmit queue one can still receive */
    give_buffer(driver, 0, 64);
    receive(driver, 10, FRAME_A);
    driver_expect(driver, "received 3 frame 10 20\ninterrupt 3 frame 10\n");
}

/* A malformed receive chain: the frame that met it and all that waited are lost. */
static void test_receive_bad(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    receive(driver, 1, FRAME_A);
    receive(driver, 2, FRAME_A);
    driver_descriptor(driver, RX, 3, DRIVER_BUFFERS, 64, 0, 0); /* readable */
    driver_offer(driver, RX, SIZE, 3);
    kick(driver, RX);
    driver_expect(driver, "kick 3 queue 0\ndropped 3 frame 1 not-ready\nbad-chain 3 0x0 0x3\n"
                          "interrupt 3 frame 0\ndropped 3 frame 2 not-ready\n");
    receive(driver, 3, FRAME_A);
    driver_expect(driver, "dropped 3 frame 3 not-ready\n");
}

/* The host has no page frame for the guest's buffer. */
static void test_no_memory(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    give_buffer(driver, 0, 2048);
    while (hv_pool_alloc(driver->pool) != HV_FRAME_NONE) {
    }
    receive(driver, 1, FRAME_A);
    driver_expect(driver, "dropped 3 frame 1 not-ready\nbad-chain 3 0x0 0x0\n"
                          "interrupt 3 frame 0\n");
}

static void test_link(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    hv_virtio_net_set_link(driver->device, false);
    driver_expect(driver, "interrupt 3 frame 0\n");
    g_assert_cmpuint(driver->device->ops->read(driver->device, 0x106, 2), ==, 0);
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_INTERRUPT_STATUS), ==, 2);
    hv_virtio_net_set_link(driver->device, true);
    driver_expect(driver, "interrupt 3 frame 0\n");
    g_assert_cmpuint(driver->device->ops->read(driver->device, 0x106, 2), ==, 1);
}

#define ADD(path, data, function)                                                                  \
    g_test_add("/virtio-net/" path, Fixture, data, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("identity", NULL, test_identity);
    ADD("transmit", NULL, test_transmit);
    ADD("transmit-quietly", NULL, test_transmit_quietly);
    ADD("transmit-bad", NULL, test_transmit_bad);
    ADD("receive", NULL, test_receive);
    ADD("receive-fits", NULL, test_receive_fits);
    ADD("backlog", NULL, test_backlog);
    ADD("backlog-full", NULL, test_backlog_full);
    ADD("not-ready", "driver not started", test_not_ready);
    ADD("receive-bad", NULL, test_receive_bad);
    ADD("no-memory", NULL, test_no_memory);
    ADD("link", NULL, test_link);
    for (unsigned i = 0; i < G_N_ELEMENTS(tx_sizes); i++) {
        g_autofree char *path = g_strdup_printf("/virtio-net/transmit-size/%s", tx_sizes[i].name);
        g_test_add(path, Fixture, &tx_sizes[i], set_up, test_transmit_size, tear_down);
    }
    return g_test_run();
}
