/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform.h: the device in slot 0 through which a guest talks to the
 * hypervisor itself: time, its one-shot timer, interrupts between vCPUs, the
 * end of the program or of the VM, reports of crashes (abi.h lists the
 * registers).
 *
 * The device checks widths and arguments; what happens then is the VM's and is
 * reached through an HvPlatformClient. "This vCPU" is the one whose access runs.
 */
#pragma once

#include "hv-core/devices/device.h"

/* All hooks are required. */
typedef struct {
    HvTime (*now)(void *user);
    /* The timer of this vCPU: absolute, HV_TIME_NEVER when disarmed. */
    HvTime (*deadline)(void *user);
    void (*set_deadline)(void *user, HvTime deadline);
    void (*program_exit)(void *user, uint32_t code);
    void (*power_off)(void *user);
    /* Sends vector to a vCPU of this VM; false: there is no such vCPU. */
    bool (*ipi)(void *user, uint32_t vcpu, uint8_t vector);
    /* The guest kernel reports a crash of its own (fatal) or of its program. */
    void (*fault)(void *user, bool fatal, const HvCrashReport *report);
    void (*yield)(void *user);
    void (*mark)(void *user, uint64_t number);
    void (*started)(void *user);
} HvPlatformClient;

/* A new platform device for slot HV_SLOT_PLATFORM. Both clients get the same
 * user; clients, user and memory must outlive the device. */
HvDevice *hv_platform_new(HvMemory *memory, const HvDeviceClient *device_client,
                          const HvPlatformClient *client, void *user);
