/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-mmio.h: what every virtio device shares: the registers of the MMIO
 * transport, version 2 (virtio 1.2, 4.2), feature negotiation, the device's
 * status and its queues.
 *
 * A device is an HvVirtio with an HvVirtioOps. Its life, as the driver drives
 * it through the Status register (3.1.1): reset, ACKNOWLEDGE, DRIVER, features,
 * FEATURES_OK, queues, DRIVER_OK. Steps out of order are refused and reported
 * as HV_DEVICE_BAD_CONFIG. When a queue turns out malformed the device sets
 * DEVICE_NEEDS_RESET, tells the driver once, and does nothing more until it is
 * reset (2.1.2).
 *
 * Registers are read and written as aligned 32-bit words, the device's
 * configuration space in any natural width.
 */
#pragma once

#include "hv-core/devices/device.h"
#include "hv-core/devices/virtqueue.h"

#define HV_VIRTIO_MAGIC        0x74726976u /* "virt" */
#define HV_VIRTIO_VERSION      2u
#define HV_VIRTIO_VENDOR       0x4c564800u /* "\0HVL" */
#define HV_VIRTIO_MAX_QUEUES   3u
#define HV_VIRTIO_CONFIG_BYTES 32u

/* Registers: 4.2.2. */
enum {
    HV_VIRTIO_REG_MAGIC = 0x000,
    HV_VIRTIO_REG_VERSION = 0x004,
    HV_VIRTIO_REG_DEVICE_ID = 0x008,
    HV_VIRTIO_REG_VENDOR_ID = 0x00c,
    HV_VIRTIO_REG_DEVICE_FEATURES = 0x010,
    HV_VIRTIO_REG_DEVICE_FEATURES_SEL = 0x014,
    HV_VIRTIO_REG_DRIVER_FEATURES = 0x020,
    HV_VIRTIO_REG_DRIVER_FEATURES_SEL = 0x024,
    HV_VIRTIO_REG_QUEUE_SEL = 0x030,
    HV_VIRTIO_REG_QUEUE_NUM_MAX = 0x034,
    HV_VIRTIO_REG_QUEUE_NUM = 0x038,
    HV_VIRTIO_REG_QUEUE_READY = 0x044,
    HV_VIRTIO_REG_QUEUE_NOTIFY = 0x050,
    HV_VIRTIO_REG_INTERRUPT_STATUS = 0x060,
    HV_VIRTIO_REG_INTERRUPT_ACK = 0x064,
    HV_VIRTIO_REG_STATUS = 0x070,
    HV_VIRTIO_REG_QUEUE_DESC_LOW = 0x080,
    HV_VIRTIO_REG_QUEUE_DESC_HIGH = 0x084,
    HV_VIRTIO_REG_QUEUE_DRIVER_LOW = 0x090,
    HV_VIRTIO_REG_QUEUE_DRIVER_HIGH = 0x094,
    HV_VIRTIO_REG_QUEUE_DEVICE_LOW = 0x0a0,
    HV_VIRTIO_REG_QUEUE_DEVICE_HIGH = 0x0a4,
    HV_VIRTIO_REG_SHM_SEL = 0x0ac,
    HV_VIRTIO_REG_SHM_LEN_LOW = 0x0b0,
    HV_VIRTIO_REG_SHM_LEN_HIGH = 0x0b4,
    HV_VIRTIO_REG_SHM_BASE_LOW = 0x0b8,
    HV_VIRTIO_REG_SHM_BASE_HIGH = 0x0bc,
    HV_VIRTIO_REG_CONFIG_GENERATION = 0x0fc,
    HV_VIRTIO_REG_CONFIG = 0x100,
};

/* Device status: 2.1. */
enum {
    HV_VIRTIO_ACKNOWLEDGE = 1,
    HV_VIRTIO_DRIVER = 2,
    HV_VIRTIO_DRIVER_OK = 4,
    HV_VIRTIO_FEATURES_OK = 8,
    HV_VIRTIO_NEEDS_RESET = 64,
    HV_VIRTIO_FAILED = 128,
};

/* Bits of InterruptStatus. */
enum { HV_VIRTIO_INTERRUPT_USED = 1, HV_VIRTIO_INTERRUPT_CONFIG = 2 };

#define HV_VIRTIO_F_VERSION_1 (UINT64_C(1) << 32)

typedef struct HvVirtio HvVirtio;

typedef struct {
    HvDeviceOps device; /* name and free are the device's own, the rest hv_virtio_* */
    uint32_t device_id; /* 5: 1 network, 3 console, 5 balloon */
    unsigned queue_count;
    uint64_t features; /* offered beside VERSION_1 */
    unsigned config_bytes;
    /* The driver notified a queue that is ready, DRIVER_OK being set. */
    void (*notified)(HvVirtio *virtio, unsigned queue);
    /* The driver wrote value to its configuration space, inside config_bytes and
     * aligned; false: not there. NULL: no field is writable. */
    bool (*config_written)(HvVirtio *virtio, unsigned offset, unsigned size, uint64_t value);
    /* The driver reset the device; may be NULL. */
    void (*reset)(HvVirtio *virtio);
} HvVirtioOps;

struct HvVirtio {
    HvDevice device;
    const HvVirtioOps *ops;
    HvMemory *memory;
    HvVirtqueue queues[HV_VIRTIO_MAX_QUEUES];
    uint8_t config[HV_VIRTIO_CONFIG_BYTES];
    uint64_t driver_features;
    uint32_t device_features_sel, driver_features_sel, queue_sel;
    uint32_t status, interrupt_status, config_generation;
};

void hv_virtio_init(HvVirtio *virtio, const HvVirtioOps *ops, uint8_t slot, HvMemory *memory,
                    const HvDeviceClient *client, void *user);

/* Hooks for HvVirtioOps.device. */
uint64_t hv_virtio_read(HvDevice *device, uint64_t offset, unsigned size);
void hv_virtio_write(HvDevice *device, uint64_t offset, unsigned size, uint64_t value);
void hv_virtio_reset(HvDevice *device);

/* May the device use this queue: driver up, queue ready, no reset needed? */
bool hv_virtio_queue_live(const HvVirtio *virtio, unsigned queue);

/* Tells the driver, if it wants to know, that buffers were given back in a
 * queue. frame_id: the Ethernet frame that came in with them, or 0. */
void hv_virtio_used(HvVirtio *virtio, unsigned queue, uint64_t frame_id);

/* Something in a queue is malformed: reports HV_DEVICE_BAD_CHAIN with the number
 * of a descriptor, and the device needs a reset. */
void hv_virtio_bad_chain(HvVirtio *virtio, unsigned queue, uint16_t descriptor);

/* Changes bytes of the configuration space and tells the driver. */
void hv_virtio_set_config(HvVirtio *virtio, unsigned offset, const void *bytes, unsigned size);
