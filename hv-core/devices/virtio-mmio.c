/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-mmio.c: see virtio-mmio.h. Section numbers are those of virtio 1.2. */
#include "hv-core/devices/virtio-mmio.h"

#include <string.h>

void hv_virtio_init(HvVirtio *virtio, const HvVirtioOps *ops, uint8_t slot, HvMemory *memory,
                    const HvDeviceClient *client, void *user)
{
    g_assert(ops->queue_count <= HV_VIRTIO_MAX_QUEUES);
    g_assert(ops->config_bytes <= HV_VIRTIO_CONFIG_BYTES);
    *virtio = (HvVirtio){
        .device = {.ops = &ops->device, .client = client, .user = user, .slot = slot},
        .ops = ops,
        .memory = memory,
    };
    for (unsigned i = 0; i < HV_VIRTIO_MAX_QUEUES; i++)
        hv_virtqueue_init(&virtio->queues[i], memory);
}

/* ---- For the device ----------------------------------------------------- */

static void raise_interrupt(HvVirtio *virtio, uint32_t cause, uint64_t frame_id)
{
    virtio->interrupt_status |= cause;
    virtio->device.client->interrupt(virtio->device.user, virtio->device.slot, frame_id);
}

bool hv_virtio_queue_live(const HvVirtio *virtio, unsigned queue)
{
    return (virtio->status & (HV_VIRTIO_DRIVER_OK | HV_VIRTIO_NEEDS_RESET | HV_VIRTIO_FAILED)) ==
               HV_VIRTIO_DRIVER_OK &&
           virtio->queues[queue].ready;
}

void hv_virtio_used(HvVirtio *virtio, unsigned queue, uint64_t frame_id)
{
    if (hv_virtqueue_wants_interrupt(&virtio->queues[queue]))
        raise_interrupt(virtio, HV_VIRTIO_INTERRUPT_USED, frame_id);
}

void hv_virtio_bad_chain(HvVirtio *virtio, unsigned queue, uint16_t descriptor)
{
    HvDevice *device = &virtio->device;
    device->client->error(device->user, device->slot, HV_DEVICE_BAD_CHAIN, queue, descriptor);
    virtio->status |= HV_VIRTIO_NEEDS_RESET;
    if (virtio->status & HV_VIRTIO_DRIVER_OK)
        raise_interrupt(virtio, HV_VIRTIO_INTERRUPT_CONFIG, 0);
}

void hv_virtio_set_config(HvVirtio *virtio, unsigned offset, const void *bytes, unsigned size)
{
    g_assert(offset + size <= virtio->ops->config_bytes);
    memcpy(virtio->config + offset, bytes, size);
    virtio->config_generation++;
    if (virtio->status & HV_VIRTIO_DRIVER_OK)
        raise_interrupt(virtio, HV_VIRTIO_INTERRUPT_CONFIG, 0);
}

void hv_virtio_reset(HvDevice *device)
{
    HvVirtio *virtio = (HvVirtio *)device;
    for (unsigned i = 0; i < HV_VIRTIO_MAX_QUEUES; i++)
        hv_virtqueue_init(&virtio->queues[i], virtio->memory);
    virtio->driver_features = 0;
    virtio->device_features_sel = virtio->driver_features_sel = virtio->queue_sel = 0;
    virtio->status = 0;
    virtio->interrupt_status = 0;
    if (virtio->ops->reset != NULL)
        virtio->ops->reset(virtio);
}

/* ---- Status and features (2.1, 2.2, 3.1.1) ------------------------------ */

static uint64_t offered_features(const HvVirtio *virtio)
{
    return HV_VIRTIO_F_VERSION_1 | virtio->ops->features;
}

static bool features_acceptable(const HvVirtio *virtio)
{
    return (virtio->driver_features & HV_VIRTIO_F_VERSION_1) &&
           (virtio->driver_features & ~offered_features(virtio)) == 0;
}

/* What must be set before the bits on the left may be. */
static const struct {
    uint32_t bit, needs;
} status_order[] = {
    {HV_VIRTIO_ACKNOWLEDGE, 0},
    {HV_VIRTIO_DRIVER, HV_VIRTIO_ACKNOWLEDGE},
    {HV_VIRTIO_FEATURES_OK, HV_VIRTIO_ACKNOWLEDGE | HV_VIRTIO_DRIVER},
    {HV_VIRTIO_DRIVER_OK, HV_VIRTIO_ACKNOWLEDGE | HV_VIRTIO_DRIVER | HV_VIRTIO_FEATURES_OK},
    {HV_VIRTIO_FAILED, 0},
};

/* Bits may be set one by one or several at once, never cleared but by a reset. */
static bool status_acceptable(const HvVirtio *virtio, uint32_t status)
{
    uint32_t added = status & ~virtio->status;
    if ((virtio->status & ~status) != 0)
        return false;
    for (unsigned i = 0; i < G_N_ELEMENTS(status_order); i++) {
        if (!(added & status_order[i].bit))
            continue;
        if ((status & status_order[i].needs) != status_order[i].needs)
            return false;
        added &= ~status_order[i].bit;
    }
    return added == 0;
}

static void write_status(HvVirtio *virtio, uint32_t status)
{
    if (status == 0) {
        hv_virtio_reset(&virtio->device);
        return;
    }
    if (!status_acceptable(virtio, status)) {
        hv_device_bad_config(&virtio->device, HV_VIRTIO_REG_STATUS, status);
        return;
    }
    bool features_now = status & ~virtio->status & HV_VIRTIO_FEATURES_OK;
    if (features_now && !features_acceptable(virtio)) {
        /* The driver learns it by reading the bit back as 0 (3.1.1, step 6). */
        hv_device_bad_config(&virtio->device, HV_VIRTIO_REG_DRIVER_FEATURES,
                             virtio->driver_features);
        status &= ~(uint32_t)(HV_VIRTIO_FEATURES_OK | HV_VIRTIO_DRIVER_OK);
    }
    virtio->status = status;
}

static uint32_t read_features(const HvVirtio *virtio)
{
    uint64_t offered = offered_features(virtio);
    switch (virtio->device_features_sel) {
    case 0: return (uint32_t)offered;
    case 1: return (uint32_t)(offered >> 32);
    default: return 0;
    }
}

static bool write_features(HvVirtio *virtio, uint32_t value)
{
    if (virtio->status & HV_VIRTIO_FEATURES_OK || virtio->driver_features_sel > 1)
        return value == 0;
    unsigned shift = virtio->driver_features_sel * 32;
    virtio->driver_features &= ~(UINT64_C(0xffffffff) << shift);
    virtio->driver_features |= (uint64_t)value << shift;
    return true;
}

/* ---- Queues ------------------------------------------------------------- */

static HvVirtqueue *selected_queue(HvVirtio *virtio)
{
    return virtio->queue_sel < virtio->ops->queue_count ? &virtio->queues[virtio->queue_sel] : NULL;
}

static void set_half(uint64_t *address, bool high, uint32_t value)
{
    unsigned shift = high ? 32 : 0;
    *address = (*address & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)value << shift;
}

/* Everything but QueueReady is fixed while the queue is ready. */
static bool write_queue_setup(HvVirtio *virtio, uint64_t offset, uint32_t value)
{
    HvVirtqueue *queue = selected_queue(virtio);
    if (queue == NULL || queue->ready)
        return false;
    switch (offset) {
    case HV_VIRTIO_REG_QUEUE_NUM:
        if (value > HV_MAX_QUEUE_SIZE)
            return false;
        queue->size = (uint16_t)value;
        return true;
    case HV_VIRTIO_REG_QUEUE_DESC_LOW:
    case HV_VIRTIO_REG_QUEUE_DESC_HIGH:
        set_half(&queue->descriptors, offset == HV_VIRTIO_REG_QUEUE_DESC_HIGH, value);
        return true;
    case HV_VIRTIO_REG_QUEUE_DRIVER_LOW:
    case HV_VIRTIO_REG_QUEUE_DRIVER_HIGH:
        set_half(&queue->available, offset == HV_VIRTIO_REG_QUEUE_DRIVER_HIGH, value);
        return true;
    default: set_half(&queue->used, offset == HV_VIRTIO_REG_QUEUE_DEVICE_HIGH, value); return true;
    }
}

/* Queues are set up between FEATURES_OK and DRIVER_OK (3.1.1, step 7). */
static bool write_queue_ready(HvVirtio *virtio, uint32_t value)
{
    HvVirtqueue *queue = selected_queue(virtio);
    if (queue == NULL || value > 1)
        return false;
    if (value == 0) {
        queue->ready = false;
        return true;
    }
    return !queue->ready && (virtio->status & HV_VIRTIO_FEATURES_OK) && hv_virtqueue_enable(queue);
}

static bool write_notify(HvVirtio *virtio, uint32_t value)
{
    if (virtio->status & HV_VIRTIO_NEEDS_RESET)
        return true; /* it was told; what it still says is not looked at */
    if (value >= virtio->ops->queue_count || !hv_virtio_queue_live(virtio, value))
        return false;
    virtio->device.client->kick(virtio->device.user, virtio->device.slot, (uint16_t)value);
    virtio->ops->notified(virtio, value);
    return true;
}

/* ---- Registers ---------------------------------------------------------- */

static uint64_t read_config(HvVirtio *virtio, uint64_t offset, unsigned size)
{
    uint64_t at = offset - HV_VIRTIO_REG_CONFIG, value = 0;
    if (at + size > virtio->ops->config_bytes)
        return hv_device_bad_access(&virtio->device, offset, 0);
    memcpy(&value, virtio->config + at, size);
    return value;
}

uint64_t hv_virtio_read(HvDevice *device, uint64_t offset, unsigned size)
{
    HvVirtio *virtio = (HvVirtio *)device;
    if (offset >= HV_VIRTIO_REG_CONFIG)
        return read_config(virtio, offset, size);
    if (size != 4)
        return hv_device_bad_access(device, offset, 0);

    HvVirtqueue *queue = selected_queue(virtio);
    switch (offset) {
    case HV_VIRTIO_REG_MAGIC: return HV_VIRTIO_MAGIC;
    case HV_VIRTIO_REG_VERSION: return HV_VIRTIO_VERSION;
    case HV_VIRTIO_REG_DEVICE_ID: return virtio->ops->device_id;
    case HV_VIRTIO_REG_VENDOR_ID: return HV_VIRTIO_VENDOR;
    case HV_VIRTIO_REG_DEVICE_FEATURES: return read_features(virtio);
    case HV_VIRTIO_REG_QUEUE_NUM_MAX: return queue != NULL ? HV_MAX_QUEUE_SIZE : 0;
    case HV_VIRTIO_REG_QUEUE_READY: return queue != NULL && queue->ready;
    case HV_VIRTIO_REG_INTERRUPT_STATUS: return virtio->interrupt_status;
    case HV_VIRTIO_REG_STATUS: return virtio->status;
    case HV_VIRTIO_REG_SHM_LEN_LOW: /* no shared memory: a length of -1 (4.2.2) */
    case HV_VIRTIO_REG_SHM_LEN_HIGH:
    case HV_VIRTIO_REG_SHM_BASE_LOW:
    case HV_VIRTIO_REG_SHM_BASE_HIGH: return UINT32_MAX;
    case HV_VIRTIO_REG_CONFIG_GENERATION: return virtio->config_generation;
    default: return hv_device_bad_access(device, offset, 0);
    }
}

static void write_config(HvVirtio *virtio, uint64_t offset, unsigned size, uint64_t value)
{
    uint64_t at = offset - HV_VIRTIO_REG_CONFIG;
    if (virtio->ops->config_written == NULL || at + size > virtio->ops->config_bytes ||
        !virtio->ops->config_written(virtio, (unsigned)at, size, value))
        hv_device_bad_access(&virtio->device, offset, value);
}

void hv_virtio_write(HvDevice *device, uint64_t offset, unsigned size, uint64_t wide)
{
    HvVirtio *virtio = (HvVirtio *)device;
    uint32_t value = (uint32_t)wide;
    bool good = true;
    if (offset >= HV_VIRTIO_REG_CONFIG) {
        write_config(virtio, offset, size, wide);
        return;
    }
    if (size != 4) {
        hv_device_bad_access(device, offset, wide);
        return;
    }

    switch (offset) {
    case HV_VIRTIO_REG_DEVICE_FEATURES_SEL: virtio->device_features_sel = value; break;
    case HV_VIRTIO_REG_DRIVER_FEATURES_SEL: virtio->driver_features_sel = value; break;
    case HV_VIRTIO_REG_QUEUE_SEL: virtio->queue_sel = value; break;
    case HV_VIRTIO_REG_SHM_SEL: break; /* there are no regions to select */
    case HV_VIRTIO_REG_INTERRUPT_ACK: virtio->interrupt_status &= ~value; break;
    case HV_VIRTIO_REG_STATUS: write_status(virtio, value); break;
    case HV_VIRTIO_REG_DRIVER_FEATURES: good = write_features(virtio, value); break;
    case HV_VIRTIO_REG_QUEUE_READY: good = write_queue_ready(virtio, value); break;
    case HV_VIRTIO_REG_QUEUE_NOTIFY: good = write_notify(virtio, value); break;
    case HV_VIRTIO_REG_QUEUE_NUM:
    case HV_VIRTIO_REG_QUEUE_DESC_LOW:
    case HV_VIRTIO_REG_QUEUE_DESC_HIGH:
    case HV_VIRTIO_REG_QUEUE_DRIVER_LOW:
    case HV_VIRTIO_REG_QUEUE_DRIVER_HIGH:
    case HV_VIRTIO_REG_QUEUE_DEVICE_LOW:
    case HV_VIRTIO_REG_QUEUE_DEVICE_HIGH: good = write_queue_setup(virtio, offset, value); break;
    default: hv_device_bad_access(device, offset, wide); break;
    }
    if (!good)
        hv_device_bad_config(device, offset, value);
}
