/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-driver.c: see virtio-driver.h. */
#include "tests/hv-core/virtio-driver.h"

static bool fault(void *user, HvMemory *memory, HvPageNo page, bool write)
{
    HvFrameNo frame = hv_pool_alloc(hv_memory_pool(memory));
    if (frame == HV_FRAME_NONE)
        return false;
    hv_memory_map(memory, page, frame, true);
    return true;
}

void driver_init(Driver *driver)
{
    *driver = (Driver){.log = g_string_new(NULL)};
    driver->pool = hv_pool_new(DRIVER_MEMORY_BYTES / HV_PAGE_SIZE, NULL);
    driver->memory = hv_memory_new(driver->pool, DRIVER_MEMORY_BYTES, NULL);
    g_assert_nonnull(driver->memory);
    hv_memory_set_fault(driver->memory, fault, NULL);
}

void driver_clear(Driver *driver)
{
    hv_device_free(driver->device);
    hv_memory_free(driver->memory);
    hv_pool_free(driver->pool);
    g_string_free(driver->log, TRUE);
}

/* ---- The client --------------------------------------------------------- */

static const char *const error_names[HV_DEVICE_COUNT] = {
    [HV_DEVICE_BAD_ACCESS] = "bad-access",
    [HV_DEVICE_BAD_CHAIN] = "bad-chain",
    [HV_DEVICE_BAD_CONFIG] = "bad-config",
};

static const char *const drop_names[HV_RX_DROP_COUNT] = {
    [HV_RX_DROP_NO_BUFFER] = "no-buffer",
    [HV_RX_DROP_NOT_READY] = "not-ready",
    [HV_RX_DROP_TOO_LONG] = "too-long",
};

G_GNUC_PRINTF(2, 3)
static void note(void *user, const char *format, ...)
{
    Driver *driver = user;
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(driver->log, format, args);
    va_end(args);
    g_string_append_c(driver->log, '\n');
}

static void note_error(void *user, uint8_t slot, HvDeviceErrorKind kind, uint64_t address,
                       uint64_t value)
{
    note(user, "%s %u 0x%" G_GINT64_MODIFIER "x 0x%" G_GINT64_MODIFIER "x", error_names[kind], slot,
         address, value);
}

static void note_interrupt(void *user, uint8_t slot, uint64_t frame_id)
{
    note(user, "interrupt %u frame %" G_GUINT64_FORMAT, slot, frame_id);
}

static void note_kick(void *user, uint8_t slot, uint16_t queue)
{
    note(user, "kick %u queue %u", slot, queue);
}

/* Bytes are noted as text: tests send readable frames. */
static void note_sent(void *user, uint8_t slot, const uint8_t *bytes, uint32_t length)
{
    note(user, "sent %u %u %.*s", slot, length, (int)MIN(length, 40), (const char *)bytes);
}

static void note_received(void *user, uint8_t slot, uint64_t frame_id, uint32_t length)
{
    note(user, "received %u frame %" G_GUINT64_FORMAT " %u", slot, frame_id, length);
}

static void note_dropped(void *user, uint8_t slot, uint64_t frame_id, HvRxDrop why)
{
    note(user, "dropped %u frame %" G_GUINT64_FORMAT " %s", slot, frame_id, drop_names[why]);
}

static void note_output(void *user, uint8_t slot, const uint8_t *bytes, uint32_t length)
{
    note(user, "output %u %u %.*s", slot, length, (int)MIN(length, 40), (const char *)bytes);
}

/* The first page stands for all. */
static void note_balloon(void *user, bool inflate, const uint32_t *pages, uint32_t count)
{
    note(user, "%s %u from %u", inflate ? "inflate" : "deflate", count, count > 0 ? pages[0] : 0);
}

static void note_guest_memory(void *user, const HvGuestMemory *says)
{
    note(user, "free %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " faults",
         says->free_bytes, says->total_bytes, says->faults);
}

const HvDeviceClient driver_client = {
    .error = note_error,
    .interrupt = note_interrupt,
    .kick = note_kick,
    .frame_sent = note_sent,
    .frame_received = note_received,
    .frame_dropped = note_dropped,
    .console_output = note_output,
    .balloon = note_balloon,
    .guest_memory = note_guest_memory,
};

void driver_expect(Driver *driver, const char *lines)
{
    g_assert_cmpstr(driver->log->str, ==, lines);
    g_string_truncate(driver->log, 0);
}

/* ---- Guest memory and rings --------------------------------------------- */

void driver_write(Driver *driver, uint64_t gpa, const void *bytes, size_t size)
{
    g_assert_cmpint(hv_memory_write(driver->memory, HV_GPA(gpa), bytes, size), ==, 0);
}

void driver_read(Driver *driver, uint64_t gpa, void *bytes, size_t size)
{
    g_assert_cmpint(hv_memory_read(driver->memory, HV_GPA(gpa), bytes, size), ==, 0);
}

uint16_t driver_read16(Driver *driver, uint64_t gpa)
{
    uint16_t value;
    driver_read(driver, gpa, &value, sizeof(value));
    return value;
}

uint32_t driver_read32(Driver *driver, uint64_t gpa)
{
    uint32_t value;
    driver_read(driver, gpa, &value, sizeof(value));
    return value;
}

uint64_t driver_descriptors(unsigned queue)
{
    return 0x10000 + queue * UINT64_C(0x4000);
}

uint64_t driver_available(unsigned queue)
{
    return driver_descriptors(queue) + 0x1000;
}

uint64_t driver_used(unsigned queue)
{
    return driver_descriptors(queue) + 0x2000;
}

void driver_descriptor(Driver *driver, unsigned queue, uint16_t index, uint64_t gpa,
                       uint32_t length, uint16_t flags, uint16_t next)
{
    uint64_t at = driver_descriptors(queue) + index * UINT64_C(16);
    driver_write(driver, at, &gpa, 8);
    driver_write(driver, at + 8, &length, 4);
    driver_write(driver, at + 12, &flags, 2);
    driver_write(driver, at + 14, &next, 2);
}

void driver_offer(Driver *driver, unsigned queue, uint16_t size, uint16_t head)
{
    uint64_t ring = driver_available(queue);
    uint16_t index = driver_read16(driver, ring + 2);
    driver_write(driver, ring + 4 + (index % size) * UINT64_C(2), &head, 2);
    driver_set_available_index(driver, queue, (uint16_t)(index + 1));
}

void driver_set_available_index(Driver *driver, unsigned queue, uint16_t index)
{
    driver_write(driver, driver_available(queue) + 2, &index, 2);
}

void driver_set_available_flags(Driver *driver, unsigned queue, uint16_t flags)
{
    driver_write(driver, driver_available(queue), &flags, 2);
}

uint16_t driver_used_index(Driver *driver, unsigned queue)
{
    return driver_read16(driver, driver_used(queue) + 2);
}

/* ---- Registers ---------------------------------------------------------- */

uint32_t driver_get(Driver *driver, uint64_t offset)
{
    return (uint32_t)driver->device->ops->read(driver->device, offset, 4);
}

void driver_set(Driver *driver, uint64_t offset, uint32_t value)
{
    driver->device->ops->write(driver->device, offset, 4, value);
}

void driver_setup_queue(Driver *driver, unsigned queue, uint16_t size)
{
    driver_set(driver, HV_VIRTIO_REG_QUEUE_SEL, queue);
    driver_set(driver, HV_VIRTIO_REG_QUEUE_NUM, size);
    driver_set(driver, HV_VIRTIO_REG_QUEUE_DESC_LOW, (uint32_t)driver_descriptors(queue));
    driver_set(driver, HV_VIRTIO_REG_QUEUE_DRIVER_LOW, (uint32_t)driver_available(queue));
    driver_set(driver, HV_VIRTIO_REG_QUEUE_DEVICE_LOW, (uint32_t)driver_used(queue));
    driver_set(driver, HV_VIRTIO_REG_QUEUE_READY, 1);
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_QUEUE_READY), ==, 1);
}

void driver_start(Driver *driver, uint64_t features, unsigned queues, uint16_t size)
{
    uint32_t status = HV_VIRTIO_ACKNOWLEDGE | HV_VIRTIO_DRIVER;
    features |= HV_VIRTIO_F_VERSION_1;
    driver_set(driver, HV_VIRTIO_REG_STATUS, 0);
    driver_set(driver, HV_VIRTIO_REG_STATUS, status);
    for (unsigned half = 0; half < 2; half++) {
        driver_set(driver, HV_VIRTIO_REG_DRIVER_FEATURES_SEL, half);
        driver_set(driver, HV_VIRTIO_REG_DRIVER_FEATURES, (uint32_t)(features >> (half * 32)));
    }
    driver_set(driver, HV_VIRTIO_REG_STATUS, status |= HV_VIRTIO_FEATURES_OK);
    for (unsigned queue = 0; queue < queues; queue++)
        driver_setup_queue(driver, queue, size);
    driver_set(driver, HV_VIRTIO_REG_STATUS, status |= HV_VIRTIO_DRIVER_OK);
    g_assert_cmpuint(driver_get(driver, HV_VIRTIO_REG_STATUS), ==, status);
}
