/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device.h: a device on a VM's MMIO bus, and what it may ask of its VM.
 *
 * A device is passive: it works only while one of its hooks runs, which is when
 * a vCPU touches one of its registers or when the outside hands it something.
 * It knows its slot (abi.h) and nothing of vCPUs, time or the host: whatever it
 * has to say goes through an HvDeviceClient, which the VM implements once for
 * all its devices.
 *
 * A device trusts nothing that the guest wrote. Registers are checked here and
 * in the device, guest memory is touched through hv_memory_read() and
 * hv_memory_write() only. Nonsense is reported to the client and has no other
 * effect; it is never an error of the host's.
 */
#pragma once

#include "hv-core/memory/memory.h"
#include "hv-core/observer.h"

typedef struct HvDevice HvDevice;

/* read and write are required, reset and free may be NULL. Offsets are inside
 * the device's page and naturally aligned; size is 1, 2, 4 or 8. */
typedef struct {
    const char *name;
    uint64_t (*read)(HvDevice *device, uint64_t offset, unsigned size);
    void (*write)(HvDevice *device, uint64_t offset, unsigned size, uint64_t value);
    void (*reset)(HvDevice *device); /* to the state after creation */
    void (*free)(HvDevice *device);
} HvDeviceOps;

/* All hooks are required. None may call back into the device that calls it.
 * Bytes are borrowed for the call. */
typedef struct {
    /* The guest misused a device. What address and value mean depends on kind:
     *   BAD_ACCESS  address and the value written (0 for a read)
     *   BAD_CONFIG  address of the register and the value written
     *   BAD_CHAIN   number of the queue and of the descriptor */
    void (*error)(void *user, uint8_t slot, HvDeviceErrorKind kind, uint64_t address,
                  uint64_t value);
    /* Set the device's vector pending. frame_id: the Ethernet frame that this
     * announces, 0 if none. */
    void (*interrupt)(void *user, uint8_t slot, uint64_t frame_id);
    /* The guest notified a queue. Comes before what the device does about it. */
    void (*kick)(void *user, uint8_t slot, uint16_t queue);
    void (*frame_sent)(void *user, uint8_t slot, const uint8_t *bytes, uint32_t length);
    void (*frame_received)(void *user, uint8_t slot, uint64_t frame_id, uint32_t length);
    void (*frame_dropped)(void *user, uint8_t slot, uint64_t frame_id, HvRxDrop why);
    void (*console_output)(void *user, uint8_t slot, const uint8_t *bytes, uint32_t length);
    /* The guest gives pages to its balloon, or takes them back; any numbers. */
    void (*balloon)(void *user, bool inflate, const uint32_t *pages, uint32_t count);
    /* What the guest says of its memory. */
    void (*guest_memory)(void *user, const HvGuestMemory *says);
} HvDeviceClient;

/* Every device begins with this. client and user must outlive it. */
struct HvDevice {
    const HvDeviceOps *ops;
    const HvDeviceClient *client;
    void *user;
    uint8_t slot;
};

/* The guest-physical address of a register of this device. */
uint64_t hv_device_address(const HvDevice *device, uint64_t offset);

/* Reports HV_DEVICE_BAD_ACCESS at offset; value is what was written, 0 for a
 * read. Returns all ones, which is what such a read gives. */
uint64_t hv_device_bad_access(HvDevice *device, uint64_t offset, uint64_t value);

/* Reports HV_DEVICE_BAD_CONFIG: value cannot be written to the register now. */
void hv_device_bad_config(HvDevice *device, uint64_t offset, uint64_t value);

void hv_device_free(HvDevice *device); /* NULL is fine */
