/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bus.c: from an address to a device; see bus.h. */
#include "hv-core/devices/bus.h"

void hv_bus_init(HvBus *bus, const HvDeviceClient *client, void *user)
{
    *bus = (HvBus){.client = client, .user = user};
}

void hv_bus_clear(HvBus *bus)
{
    for (unsigned slot = 0; slot < HV_BUS_SLOTS; slot++)
        hv_device_free(g_steal_pointer(&bus->slots[slot]));
}

void hv_bus_add(HvBus *bus, HvDevice *device)
{
    g_assert(device->slot < HV_BUS_SLOTS && bus->slots[device->slot] == NULL);
    bus->slots[device->slot] = device;
}

static uint64_t low_bytes(uint64_t value, unsigned size)
{
    return size >= 8 ? value : value & ((UINT64_C(1) << (size * 8)) - 1);
}

/* The device that answers at gpa; else reports the access and returns NULL. */
static HvDevice *find_device(HvBus *bus, HvGpa gpa, unsigned size, uint64_t value)
{
    uint8_t slot = HV_BUS_NO_SLOT;
    if (gpa.value >= HV_GUEST_DEVICES) {
        uint64_t page = (gpa.value - HV_GUEST_DEVICES) >> HV_PAGE_SHIFT;
        if (page < HV_BUS_SLOTS && bus->slots[page] != NULL)
            slot = (uint8_t)page;
    }
    if (slot != HV_BUS_NO_SLOT && gpa.value % size == 0)
        return bus->slots[slot];
    bus->client->error(bus->user, slot, HV_DEVICE_BAD_ACCESS, gpa.value, value);
    return NULL;
}

uint64_t hv_bus_read(HvBus *bus, HvGpa gpa, unsigned size)
{
    HvDevice *device = find_device(bus, gpa, size, 0);
    if (device == NULL)
        return low_bytes(UINT64_MAX, size);
    return low_bytes(device->ops->read(device, gpa.value & HV_PAGE_MASK, size), size);
}

void hv_bus_write(HvBus *bus, HvGpa gpa, unsigned size, uint64_t value)
{
    value = low_bytes(value, size);
    HvDevice *device = find_device(bus, gpa, size, value);
    if (device != NULL)
        device->ops->write(device, gpa.value & HV_PAGE_MASK, size, value);
}
