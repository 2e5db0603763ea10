/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device.c: what all devices share; see device.h. */
#include "hv-core/devices/device.h"

uint64_t hv_device_address(const HvDevice *device, uint64_t offset)
{
    return HV_GUEST_DEVICES + device->slot * (uint64_t)HV_PAGE_SIZE + offset;
}

uint64_t hv_device_bad_access(HvDevice *device, uint64_t offset, uint64_t value)
{
    device->client->error(device->user, device->slot, HV_DEVICE_BAD_ACCESS,
                          hv_device_address(device, offset), value);
    return UINT64_MAX;
}

void hv_device_bad_config(HvDevice *device, uint64_t offset, uint64_t value)
{
    device->client->error(device->user, device->slot, HV_DEVICE_BAD_CONFIG,
                          hv_device_address(device, offset), value);
}

void hv_device_free(HvDevice *device)
{
    if (device != NULL && device->ops->free != NULL)
        device->ops->free(device);
}
