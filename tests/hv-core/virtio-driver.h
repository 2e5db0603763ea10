/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-driver.h: the other side of a virtqueue, for tests: a small guest
 * memory, a driver that writes descriptors and rings into it, and a client that
 * notes what a device asks for, one line of text each.
 */
#pragma once

#include "hv-core/devices/virtio-mmio.h"

#define DRIVER_MEMORY_BYTES (1u << 20)
#define DRIVER_BUFFERS      0x40000u /* free for a test's buffers */

typedef struct {
    HvPool *pool;
    HvMemory *memory;
    HvDevice *device; /* owned; set by the test */
    GString *log;     /* what the device asked its client for */
} Driver;

extern const HvDeviceClient driver_client; /* user is a Driver */

void driver_init(Driver *driver);
void driver_clear(Driver *driver);

/* The lines noted since the last call; they must be exactly these. */
void driver_expect(Driver *driver, const char *lines);

/* Guest memory: must succeed. */
void driver_write(Driver *driver, uint64_t gpa, const void *bytes, size_t size);
void driver_read(Driver *driver, uint64_t gpa, void *bytes, size_t size);
uint16_t driver_read16(Driver *driver, uint64_t gpa);
uint32_t driver_read32(Driver *driver, uint64_t gpa);

/* Where the rings of queue number queue lie. */
uint64_t driver_descriptors(unsigned queue);
uint64_t driver_available(unsigned queue);
uint64_t driver_used(unsigned queue);

/* One entry of the descriptor table. */
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
void driver_descriptor(Driver *driver, unsigned queue, uint16_t index, uint64_t gpa,
                       uint32_t length, uint16_t flags, uint16_t next);
/* Puts head into the available ring of a queue of `size` and counts idx up. */
void driver_offer(Driver *driver, unsigned queue, uint16_t size, uint16_t head);
void driver_set_available_index(Driver *driver, unsigned queue, uint16_t index);
void driver_set_available_flags(Driver *driver, unsigned queue, uint16_t flags);
uint16_t driver_used_index(Driver *driver, unsigned queue);

/* Registers. */
uint32_t driver_get(Driver *driver, uint64_t offset);
void driver_set(Driver *driver, uint64_t offset, uint32_t value);
/* Reset, features (own ones and VERSION_1), queues of `size`, DRIVER_OK. */
void driver_start(Driver *driver, uint64_t features, unsigned queues, uint16_t size);
void driver_setup_queue(Driver *driver, unsigned queue, uint16_t size);
