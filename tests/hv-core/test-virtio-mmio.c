/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-virtio-mmio.c: the registers every virtio device has, and the bus that
 * leads to them. The device under test counts what reaches it. */
#include "hv-core/devices/bus.h"
#include "tests/hv-core/virtio-driver.h"

typedef struct {
    HvVirtio virtio;
    unsigned notified[2], resets;
} Probe;

static void probe_notified(HvVirtio *virtio, unsigned queue)
{
    ((Probe *)virtio)->notified[queue]++;
}

static void probe_reset(HvVirtio *virtio)
{
    ((Probe *)virtio)->resets++;
}

static void probe_free(HvDevice *device)
{
    g_free(device);
}

#define PROBE_FEATURES (UINT64_C(1) << 5 | UINT64_C(1) << 40)

static const HvVirtioOps probe_ops = {
    .device = {.name = "probe",
               .read = hv_virtio_read,
               .write = hv_virtio_write,
               .reset = hv_virtio_reset,
               .free = probe_free},
    .device_id = 42,
    .queue_count = 2,
    .features = PROBE_FEATURES,
    .config_bytes = 12,
    .notified = probe_notified,
    .reset = probe_reset,
};

#define SLOT 4 /* its page begins at 0xc0004000 */

typedef struct {
    Driver driver;
    Probe *probe;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    driver_init(&fixture->driver);
    fixture->probe = g_new0(Probe, 1);
    hv_virtio_init(&fixture->probe->virtio, &probe_ops, SLOT, fixture->driver.memory,
                   &driver_client, &fixture->driver);
    fixture->driver.device = &fixture->probe->virtio.device;
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    driver_expect(&fixture->driver, ""); /* nothing that the test did not ask for */
    driver_clear(&fixture->driver);
}

static void test_identity(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    g_assert_cmphex(driver_get(driver, 0x000), ==, 0x74726976);
    g_assert_cmpuint(driver_get(driver, 0x004), ==, 2);
    g_assert_cmpuint(driver_get(driver, 0x008), ==, 42);
    g_assert_cmphex(driver_get(driver, 0x00c), ==, 0x4c564800);
    g_assert_cmphex(driver_get(driver, 0x010), ==, 1u << 5);
    driver_set(driver, 0x014, 1);
    g_assert_cmphex(driver_get(driver, 0x010), ==, 1u << 8 | 1); /* bits 40 and 32 */
    driver_set(driver, 0x014, 2);
    g_assert_cmphex(driver_get(driver, 0x010), ==, 0);
    g_assert_cmpuint(driver_get(driver, 0x034), ==, 256);
    driver_set(driver, 0x030, 2);
    g_assert_cmpuint(driver_get(driver, 0x034), ==, 0); /* there is no third queue */
    g_assert_cmpuint(driver_get(driver, 0x044), ==, 0);
    driver_set(driver, 0x0ac, 0);
    g_assert_cmphex(driver_get(driver, 0x0b0), ==, 0xffffffff); /* no shared memory */
    g_assert_cmphex(driver_get(driver, 0x0b4), ==, 0xffffffff);
}

static void test_life(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_start(driver, PROBE_FEATURES, 2, 8);
    g_assert_true(hv_virtio_queue_live(&fixture->probe->virtio, 0));
    driver_set(driver, HV_VIRTIO_REG_QUEUE_NOTIFY, 1);
    driver_expect(driver, "kick 4 queue 1\n");
    g_assert_cmpuint(fixture->probe->notified[1], ==, 1);
    g_assert_cmpuint(fixture->probe->notified[0], ==, 0);

    unsigned resets = fixture->probe->resets;
    driver_set(driver, HV_VIRTIO_REG_STATUS, 0);
    g_assert_cmpuint(fixture->probe->resets, ==, resets + 1);
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_STATUS), ==, 0);
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_QUEUE_READY), ==, 0);
    g_assert_false(hv_virtio_queue_live(&fixture->probe->virtio, 0));
    driver_set(driver, HV_VIRTIO_REG_QUEUE_NOTIFY, 1);
    driver_expect(driver, "bad-config 4 0xc0004050 0x1\n");
    driver_start(driver, 0, 1, 256); /* and once more, with less */
    driver_set(driver, HV_VIRTIO_REG_QUEUE_NOTIFY, 1);
    driver_expect(driver, "bad-config 4 0xc0004050 0x1\n"); /* queue 1 is not ready */
}

static void test_status_order(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_set(driver, 0x070, HV_VIRTIO_DRIVER); /* before ACKNOWLEDGE */
    driver_expect(driver, "bad-config 4 0xc0004070 0x2\n");
    driver_set(driver, 0x070, 1);
    driver_set(driver, 0x070, 1 | HV_VIRTIO_FEATURES_OK); /* before DRIVER */
    driver_expect(driver, "bad-config 4 0xc0004070 0x9\n");
    driver_set(driver, 0x070, 3);
    driver_set(driver, 0x070, 7); /* DRIVER_OK before FEATURES_OK */
    driver_expect(driver, "bad-config 4 0xc0004070 0x7\n");
    driver_set(driver, 0x070, 1); /* takes DRIVER back */
    driver_expect(driver, "bad-config 4 0xc0004070 0x1\n");
    driver_set(driver, 0x070, 3 | 16); /* no such bit */
    driver_expect(driver, "bad-config 4 0xc0004070 0x13\n");
    driver_set(driver, 0x070, 3 | HV_VIRTIO_NEEDS_RESET); /* the device's to set */
    driver_expect(driver, "bad-config 4 0xc0004070 0x43\n");
    g_assert_cmpuint(driver_get(driver, 0x070), ==, 3);
    driver_set(driver, 0x070, 3 | HV_VIRTIO_FAILED);
    g_assert_cmpuint(driver_get(driver, 0x070), ==, 3 | HV_VIRTIO_FAILED);
}

/* What the driver accepts, and whether FEATURES_OK stays set. */
static const struct {
    uint64_t features;
    bool good;
} negotiations[] = {
    {HV_VIRTIO_F_VERSION_1, true},
    {HV_VIRTIO_F_VERSION_1 | PROBE_FEATURES, true},
    {0, false},                                         /* a legacy driver */
    {PROBE_FEATURES, false},                            /* likewise */
    {HV_VIRTIO_F_VERSION_1 | UINT64_C(1) << 28, false}, /* indirect descriptors */
    {HV_VIRTIO_F_VERSION_1 | UINT64_C(1) << 63, false},
};

static void test_features(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    for (unsigned i = 0; i < G_N_ELEMENTS(negotiations); i++) {
        driver_set(driver, 0x070, 0);
        driver_set(driver, 0x070, 3);
        for (unsigned half = 0; half < 2; half++) {
            driver_set(driver, 0x024, half);
            driver_set(driver, 0x020, (uint32_t)(negotiations[i].features >> (32 * half)));
        }
        driver_set(driver, 0x070, 11);
        g_assert_cmpuint(driver_get(driver, 0x070), ==, negotiations[i].good ? 11 : 3);
        if (!negotiations[i].good)
            g_assert_true(g_str_has_prefix(driver->log->str, "bad-config 4 0xc0004020 "));
        g_string_truncate(driver->log, 0);
    }
    driver_start(driver, PROBE_FEATURES, 0, 8);
    driver_set(driver, 0x024, 0);
    driver_set(driver, 0x020, 1u << 5); /* too late */
    driver_expect(driver, "bad-config 4 0xc0004020 0x20\n");
    g_assert_cmphex(fixture->probe->virtio.driver_features, ==,
                    HV_VIRTIO_F_VERSION_1 | PROBE_FEATURES);
}

static void test_queue_setup(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_set(driver, 0x070, 3);
    driver_set(driver, 0x038, 8);
    driver_set(driver, 0x044, 1); /* before FEATURES_OK */
    driver_expect(driver, "bad-config 4 0xc0004044 0x1\n");

    driver_start(driver, 0, 1, 8);
    driver_set(driver, 0x030, 0);
    driver_set(driver, 0x038, 16); /* the queue is ready: too late */
    driver_set(driver, 0x080, 0x1000);
    driver_set(driver, 0x044, 1);
    driver_expect(driver, "bad-config 4 0xc0004038 0x10\nbad-config 4 0xc0004080 0x1000\n"
                          "bad-config 4 0xc0004044 0x1\n");
    g_assert_cmpuint(fixture->probe->virtio.queues[0].size, ==, 8);
    g_assert_cmphex(fixture->probe->virtio.queues[0].descriptors, ==, driver_descriptors(0));
    driver_set(driver, 0x044, 0);
    g_assert_cmpuint(driver_get(driver, 0x044), ==, 0);

    driver_set(driver, 0x030, 1);
    driver_set(driver, 0x038, 257); /* more than QueueNumMax */
    driver_set(driver, 0x038, 6);   /* no power of two: seen when it becomes ready */
    driver_set(driver, 0x044, 1);
    driver_expect(driver, "bad-config 4 0xc0004038 0x101\nbad-config 4 0xc0004044 0x1\n");
    driver_set(driver, 0x038, 8);
    driver_set(driver, 0x084, 1); /* descriptors beyond 4 GiB */
    driver_set(driver, 0x044, 1);
    driver_expect(driver, "bad-config 4 0xc0004044 0x1\n");
    g_assert_cmpuint(driver_get(driver, 0x044), ==, 0);

    driver_set(driver, 0x030, 7); /* no such queue */
    driver_set(driver, 0x038, 8);
    driver_set(driver, 0x044, 1);
    driver_expect(driver, "bad-config 4 0xc0004038 0x8\nbad-config 4 0xc0004044 0x1\n");
}

static void test_notify_early(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_set(driver, 0x050, 0);
    driver_start(driver, 0, 2, 8);
    driver_set(driver, 0x050, 2); /* no such queue */
    driver_set(driver, 0x050, UINT32_MAX);
    driver_expect(driver, "bad-config 4 0xc0004050 0x0\nbad-config 4 0xc0004050 0x2\n"
                          "bad-config 4 0xc0004050 0xffffffff\n");
    g_assert_cmpuint(fixture->probe->notified[0], ==, 0);
}

static void test_interrupts(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_start(driver, 0, 2, 8);
    hv_virtio_used(&fixture->probe->virtio, 0, 99);
    driver_expect(driver, "interrupt 4 frame 99\n");
    g_assert_cmpuint(driver_get(driver, 0x060), ==, 1);
    driver_set(driver, 0x064, 2); /* acknowledges another cause */
    g_assert_cmpuint(driver_get(driver, 0x060), ==, 1);
    driver_set(driver, 0x064, 1);
    g_assert_cmpuint(driver_get(driver, 0x060), ==, 0);
    driver_set_available_flags(driver, 0, 1);
    hv_virtio_used(&fixture->probe->virtio, 0, 100);
    g_assert_cmpuint(driver_get(driver, 0x060), ==, 0);
}

static void test_needs_reset(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    driver_start(driver, 0, 2, 8);
    hv_virtio_bad_chain(&fixture->probe->virtio, 1, 6);
    driver_expect(driver, "bad-chain 4 0x1 0x6\ninterrupt 4 frame 0\n");
    g_assert_cmpuint(driver_get(driver, 0x070), ==, 15 | 64);
    g_assert_cmpuint(driver_get(driver, 0x060), ==, 2);
    g_assert_false(hv_virtio_queue_live(&fixture->probe->virtio, 0));
    driver_set(driver, 0x050, 0); /* nothing happens any more, silently */
    g_assert_cmpuint(fixture->probe->notified[0], ==, 0);
    driver_start(driver, 0, 2, 8);
    driver_set(driver, 0x050, 0);
    g_assert_cmpuint(fixture->probe->notified[0], ==, 1);
    driver_expect(driver, "kick 4 queue 0\n");
}

static void test_config(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    HvDevice *device = driver->device;
    static const uint8_t bytes[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    hv_virtio_set_config(&fixture->probe->virtio, 0, bytes, 12);
    g_assert_cmphex(device->ops->read(device, 0x105, 1), ==, 0x06);
    g_assert_cmphex(device->ops->read(device, 0x106, 2), ==, 0x0807);
    g_assert_cmphex(device->ops->read(device, 0x108, 4), ==, 0x0c0b0a09);
    g_assert_cmphex(device->ops->read(device, 0x100, 8), ==, 0x0807060504030201);
    g_assert_cmphex(device->ops->read(device, 0x108, 8), ==, UINT64_MAX); /* ends before */
    driver_expect(driver, "bad-access 4 0xc0004108 0x0\n");
    device->ops->write(device, 0x100, 1, 7);
    driver_expect(driver, "bad-access 4 0xc0004100 0x7\n");
    g_assert_cmphex(device->ops->read(device, 0x100, 1), ==, 1);

    uint32_t generation = driver_get(driver, 0x0fc);
    driver_start(driver, 0, 0, 8);
    hv_virtio_set_config(&fixture->probe->virtio, 3, bytes, 1);
    driver_expect(driver, "interrupt 4 frame 0\n");
    g_assert_cmpuint(driver_get(driver, 0x060), ==, 2);
    g_assert_cmpuint(driver_get(driver, 0x0fc), ==, generation + 1);
    g_assert_cmphex(device->ops->read(device, 0x103, 1), ==, 1);
}

/* Registers that do not exist, cannot be read, cannot be written, have another width. */
static void test_bad_access(Fixture *fixture, gconstpointer data)
{
    HvDevice *device = fixture->driver.device;
    static const uint16_t no_read[] = {0x018, 0x038, 0x050, 0x064, 0x080, 0x0a4, 0x0c0};
    static const uint16_t no_write[] = {0x000, 0x010, 0x034, 0x060, 0x0b0, 0x0fc, 0x0c0, 0x018};
    for (unsigned i = 0; i < G_N_ELEMENTS(no_read); i++) {
        g_assert_cmphex(device->ops->read(device, no_read[i], 4), ==, UINT64_MAX);
        g_autofree char *line = g_strdup_printf("bad-access 4 0xc000%x 0x0\n", 0x4000 + no_read[i]);
        driver_expect(&fixture->driver, line);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(no_write); i++) {
        device->ops->write(device, no_write[i], 4, 5);
        g_autofree char *line =
            g_strdup_printf("bad-access 4 0xc000%x 0x5\n", 0x4000 + no_write[i]);
        driver_expect(&fixture->driver, line);
    }
    g_assert_cmphex(device->ops->read(device, 0x070, 1), ==, UINT64_MAX);
    device->ops->write(device, 0x070, 8, 1);
    driver_expect(&fixture->driver, "bad-access 4 0xc0004070 0x0\nbad-access 4 0xc0004070 0x1\n");
    g_assert_cmpuint(driver_get(&fixture->driver, 0x070), ==, 0);
}

static void test_bus(Fixture *fixture, gconstpointer data)
{
    Driver *driver = &fixture->driver;
    HvBus bus;
    hv_bus_init(&bus, &driver_client, driver);
    hv_bus_add(&bus, g_steal_pointer(&driver->device));
    g_assert_cmphex(hv_bus_read(&bus, HV_GPA(0xc0004000), 4), ==, 0x74726976);
    hv_bus_write(&bus, HV_GPA(0xc0004070), 4, UINT64_C(0xff00000001)); /* upper half ignored */
    g_assert_cmphex(hv_bus_read(&bus, HV_GPA(0xc0004070), 4), ==, 1);
    driver_expect(driver, "");

    g_assert_cmphex(hv_bus_read(&bus, HV_GPA(0xc0004002), 4), ==, 0xffffffff); /* unaligned */
    g_assert_cmphex(hv_bus_read(&bus, HV_GPA(0xc0004018), 4), ==, 0xffffffff); /* no register */
    g_assert_cmphex(hv_bus_read(&bus, HV_GPA(0xc0003000), 2), ==, 0xffff);     /* empty slot */
    g_assert_cmphex(hv_bus_read(&bus, HV_GPA(0xc00ff000), 1), ==, 0xff);       /* no slot */
    g_assert_cmphex(hv_bus_read(&bus, HV_GPA(0xbfffffff), 1), ==, 0xff);       /* below all */
    g_assert_cmphex(hv_bus_read(&bus, HV_GPA(UINT64_MAX - 7), 8), ==, UINT64_MAX);
    driver_expect(driver, "bad-access 4 0xc0004002 0x0\nbad-access 4 0xc0004018 0x0\n"
                          "bad-access 255 0xc0003000 0x0\nbad-access 255 0xc00ff000 0x0\n"
                          "bad-access 255 0xbfffffff 0x0\nbad-access 255 0xfffffffffffffff8 0x0\n");
    hv_bus_write(&bus, HV_GPA(0xc0004071), 2, 0x12345);
    hv_bus_write(&bus, HV_GPA(0xc0000000), 4, 9);
    driver_expect(driver, "bad-access 4 0xc0004071 0x2345\nbad-access 255 0xc0000000 0x9\n");
    hv_bus_clear(&bus);
}

#define ADD(path, function)                                                                        \
    g_test_add("/virtio-mmio/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("identity", test_identity);
    ADD("life", test_life);
    ADD("status-order", test_status_order);
    ADD("features", test_features);
    ADD("queue-setup", test_queue_setup);
    ADD("notify-early", test_notify_early);
    ADD("interrupts", test_interrupts);
    ADD("needs-reset", test_needs_reset);
    ADD("config", test_config);
    ADD("bad-access", test_bad_access);
    ADD("bus", test_bus);
    return g_test_run();
}
