/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-virtio-balloon.c: the balloon's registers and queues, with a right and a wrong driver. */
#include "hv-core/devices/virtio-balloon.h"
#include "tests/hv-core/virtio-driver.h"

#define QUEUE_SIZE 8

static void set_up(Driver *driver, gconstpointer data)
{
    driver_init(driver);
    driver->device =
        hv_virtio_balloon_new(HV_SLOT_BALLOON, driver->memory, false, &driver_client, driver);
    driver_start(driver, HV_BALLOON_F_MUST_TELL, 2, QUEUE_SIZE);
    driver_expect(driver, "");
}

static void tear_down(Driver *driver, gconstpointer data)
{
    driver_clear(driver);
}

/* One chain of one readable part. */
static void name_pages(Driver *driver, unsigned queue, uint16_t index, const void *pages,
                       uint32_t bytes)
{
    driver_write(driver, DRIVER_BUFFERS, pages, bytes);
    driver_descriptor(driver, queue, index, DRIVER_BUFFERS, bytes, 0, 0);
    driver_offer(driver, queue, QUEUE_SIZE, index);
    driver_set(driver, HV_VIRTIO_REG_QUEUE_NOTIFY, queue);
}

static void test_identity(Driver *driver, gconstpointer data)
{
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_DEVICE_ID), ==, 5);
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_CONFIG), ==, 0);
    g_assert_true(hv_virtio_balloon_is_driven(driver->device));
}

static void test_target(Driver *driver, gconstpointer data)
{
    hv_virtio_balloon_set_target(driver->device, 77);
    driver_expect(driver, "interrupt 11 frame 0\n");
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_CONFIG), ==, 77);
    g_assert_cmpuint(hv_virtio_balloon_target(driver->device), ==, 77);
    driver_set(driver, HV_VIRTIO_REG_CONFIG + 4, 70);
    g_assert_cmpuint(hv_virtio_balloon_actual(driver->device), ==, 70);
    driver_expect(driver, "");
    /* num_pages is not the driver's to write, nor is anything behind actual. */
    driver_set(driver, HV_VIRTIO_REG_CONFIG, 3);
    driver_set(driver, HV_VIRTIO_REG_CONFIG + 8, 3);
    g_assert_cmpuint(hv_virtio_balloon_target(driver->device), ==, 77);
    driver_expect(driver, "bad-access 11 0xc000b100 0x3\n"
                          "bad-access 11 0xc000b108 0x3\n");
}

static void test_pages(Driver *driver, gconstpointer data)
{
    const uint32_t pages[] = {300, 301, 17};

    name_pages(driver, HV_BALLOON_QUEUE_INFLATE, 0, pages, sizeof(pages));
    driver_expect(driver, "kick 11 queue 0\ninflate 3 from 300\ninterrupt 11 frame 0\n");
    name_pages(driver, HV_BALLOON_QUEUE_DEFLATE, 0, pages, 4);
    driver_expect(driver, "kick 11 queue 1\ndeflate 1 from 300\ninterrupt 11 frame 0\n");
    g_assert_cmpuint(driver_used_index(driver, 0), ==, 1);
    g_assert_cmpuint(driver_used_index(driver, 1), ==, 1);
}

/* Half a number; more than one may name at once; a buffer that the device is to write. */
static void test_bad_chains(Driver *driver, gconstpointer data)
{
    static uint32_t many[HV_BALLOON_MAX_CHAIN_PAGES + 1];

    name_pages(driver, 0, 0, many, 6);
    driver_expect(driver, "kick 11 queue 0\nbad-chain 11 0x0 0x0\ninterrupt 11 frame 0\n");
    driver_start(driver, 0, 2, QUEUE_SIZE);
    driver_set_available_index(driver, 0, 0);
    name_pages(driver, 0, 0, many, sizeof(many));
    driver_expect(driver, "kick 11 queue 0\nbad-chain 11 0x0 0x0\ninterrupt 11 frame 0\n");
    g_assert_false(hv_virtio_balloon_is_driven(driver->device));
    driver_start(driver, 0, 2, QUEUE_SIZE);
    driver_set_available_index(driver, 0, 0);
    driver_descriptor(driver, 0, 3, DRIVER_BUFFERS, 4, WRITE, 0);
    driver_offer(driver, 0, QUEUE_SIZE, 3);
    driver_set(driver, HV_VIRTIO_REG_QUEUE_NOTIFY, 0);
    driver_expect(driver, "kick 11 queue 0\nbad-chain 11 0x0 0x3\ninterrupt 11 frame 0\n");
}

/* A reset forgets what the guest said, and not what it is asked for. */
static void test_reset(Driver *driver, gconstpointer data)
{
    hv_virtio_balloon_set_target(driver->device, 5);
    driver_set(driver, HV_VIRTIO_REG_CONFIG + 4, 5);
    driver_set(driver, HV_VIRTIO_REG_STATUS, 0);
    g_assert_cmpuint(hv_virtio_balloon_actual(driver->device), ==, 0);
    g_assert_cmpuint(hv_virtio_balloon_target(driver->device), ==, 5);
    g_assert_false(hv_virtio_balloon_is_driven(driver->device));
}

/* ---- Statistics ------------------------------------------------------------ */

static void set_up_statistics(Driver *driver, gconstpointer data)
{
    driver_init(driver);
    driver->device =
        hv_virtio_balloon_new(HV_SLOT_BALLOON, driver->memory, true, &driver_client, driver);
    driver_start(driver, HV_BALLOON_F_MUST_TELL | HV_BALLOON_F_STATS_VQ, 3, QUEUE_SIZE);
    driver_expect(driver, "");
}

typedef struct __attribute__((packed)) {
    uint16_t tag;
    uint64_t value;
} Statistic;

/* The driver leaves its buffer; asked, it gets it back, fills it anew, and leaves it again.
 * Tags that are not known, and one that comes twice, do no harm. */
static void test_statistics(Driver *driver, gconstpointer data)
{
    const Statistic first[] = {{5, 2097152}, {4, 4096}, {3, 7}};
    const Statistic second[] = {{4, 1}, {999, 5}, {4, UINT64_MAX}};
    hv_virtio_balloon_ask_statistics(driver->device); /* it has no buffer yet */
    driver_expect(driver, "");
    name_pages(driver, 2, 0, first, sizeof(first));
    driver_expect(driver, "kick 11 queue 2\nfree 4096 of 2097152, 7 faults\n");
    g_assert_cmpuint(driver_used_index(driver, 2), ==, 0);
    hv_virtio_balloon_ask_statistics(driver->device);
    driver_expect(driver, "interrupt 11 frame 0\n");
    g_assert_cmpuint(driver_used_index(driver, 2), ==, 1);
    hv_virtio_balloon_ask_statistics(driver->device); /* it was asked already */
    driver_expect(driver, "");
    name_pages(driver, 2, 0, second, sizeof(second));
    driver_expect(driver, "kick 11 queue 2\nfree 18446744073709551615 of 0, 0 faults\n");
}

/* Half an entry; more than one may say at once; a second buffer beside the one held. */
static void test_bad_statistics(Driver *driver, gconstpointer data)
{
    static uint32_t bytes[(HV_BALLOON_MAX_STATISTICS + 1) * sizeof(Statistic) / 4 + 1];
    const uint32_t sizes[] = {15, (HV_BALLOON_MAX_STATISTICS + 1) * sizeof(Statistic)};
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        name_pages(driver, 2, 0, bytes, sizes[i]);
        driver_expect(driver, "kick 11 queue 2\nbad-chain 11 0x2 0x0\ninterrupt 11 frame 0\n");
        hv_virtio_balloon_ask_statistics(driver->device);
        driver_expect(driver, "");
        driver_start(driver, HV_BALLOON_F_STATS_VQ, 3, QUEUE_SIZE);
        driver_set_available_index(driver, 2, 0);
    }
    name_pages(driver, 2, 0, bytes, sizeof(Statistic));
    driver_expect(driver, "kick 11 queue 2\nfree 0 of 0, 0 faults\n");
    name_pages(driver, 2, 1, bytes, sizeof(Statistic));
    driver_expect(driver, "kick 11 queue 2\nbad-chain 11 0x2 0x1\ninterrupt 11 frame 0\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/virtio-balloon/" name, Driver, NULL, set_up, function, tear_down)
    TEST("identity", test_identity);
    TEST("target", test_target);
    TEST("pages", test_pages);
    TEST("bad-chains", test_bad_chains);
    TEST("reset", test_reset);
    g_test_add("/virtio-balloon/statistics", Driver, NULL, set_up_statistics, test_statistics,
               tear_down);
    g_test_add("/virtio-balloon/bad-statistics", Driver, NULL, set_up_statistics,
               test_bad_statistics, tear_down);
    return g_test_run();
}
