/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio.h: what the drivers of virtio devices share (virtio 1.2: 2.7 split virtqueues,
 * 4.2 MMIO). The initialization of a device is in virtio.c. */
#pragma once

#include "hv-core/guest/kernel/kernel.h"

/* Registers (4.2.2). */
enum {
    REG_DRIVER_FEATURES = 0x20,
    REG_DRIVER_FEATURES_SEL = 0x24,
    REG_QUEUE_SEL = 0x30,
    REG_QUEUE_NUM = 0x38,
    REG_QUEUE_READY = 0x44,
    REG_QUEUE_NOTIFY = 0x50,
    REG_INTERRUPT_ACK = 0x64,
    REG_STATUS = 0x70,
    REG_QUEUE_DESC = 0x80,
    REG_QUEUE_DRIVER = 0x90,
    REG_QUEUE_DEVICE = 0xa0,
    REG_CONFIG = 0x100,
};

enum {
    STATUS_ACKNOWLEDGE = 1,
    STATUS_DRIVER = 2,
    STATUS_DRIVER_OK = 4,
    STATUS_FEATURES_OK = 8,
};

enum { DESC_NEXT = 1, DESC_WRITE = 2 };
enum { AVAIL_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };

#define FEATURE_VERSION_1_WORD 1 /* VIRTIO_F_VERSION_1 is bit 32 */
#define FEATURE_VERSION_1_BIT  1
#define INTERRUPT_ANY          3 /* used buffers, or another configuration */

struct Descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct UsedElement {
    uint32_t id;
    uint32_t length;
};

static inline uint64_t reg(unsigned slot, unsigned offset)
{
    return (uint64_t)HV_GUEST_DEVICES + slot * 4096u + offset;
}

/* Orders accesses to the rings: x86 keeps stores in order, compilers do not. */
static inline void barrier(void)
{
    __asm__ volatile("" : : : "memory");
}

/* The steps of 3.1.1 in this order; the queues come between the two. The first goes up to
 * FEATURES_OK; false: the device does not want to. */
bool virtio_negotiate(unsigned slot, uint32_t features);
void virtio_set_queue(unsigned slot, unsigned queue, unsigned size, const struct Descriptor *table,
                      const void *avail, const volatile void *used);
void virtio_driver_ok(unsigned slot);
