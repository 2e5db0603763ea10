/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bus.h: the window in guest-physical memory behind which the devices are.
 *
 * It begins at HV_GUEST_DEVICES and has one page per slot (abi.h). An access
 * that no device can answer (no device in the slot, unaligned, outside the
 * window altogether) is reported as HV_DEVICE_BAD_ACCESS; it reads as all ones
 * and writes nothing, as on a PC's bus where nobody answers.
 */
#pragma once

#include "hv-core/devices/device.h"
#include "hv-core/limits.h"

#define HV_BUS_SLOTS   (HV_SLOT_BALLOON + 1)
#define HV_BUS_NO_SLOT UINT8_MAX /* an access outside every device's page */

typedef struct {
    HvDevice *slots[HV_BUS_SLOTS]; /* owned; NULL: nothing there */
    const HvDeviceClient *client;
    void *user;
} HvBus;

void hv_bus_init(HvBus *bus, const HvDeviceClient *client, void *user);
void hv_bus_clear(HvBus *bus); /* frees the devices */

/* Puts device into the slot that it names, which must be empty; takes it over. */
void hv_bus_add(HvBus *bus, HvDevice *device);

/* One access by a vCPU; size is 1, 2, 4 or 8. A read gives size bytes, the rest zero. */
uint64_t hv_bus_read(HvBus *bus, HvGpa gpa, unsigned size);
void hv_bus_write(HvBus *bus, HvGpa gpa, unsigned size, uint64_t value);
