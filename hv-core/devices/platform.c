/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform.c: see platform.h. A table has each register's width and hooks. */
#include "hv-core/devices/platform.h"

#include <string.h>

/* Vectors below are the CPU's own exceptions, which no device may send. */
#define FIRST_FREE_VECTOR 32

typedef struct {
    HvDevice device;
    HvMemory *memory;
    const HvPlatformClient *client;
} Platform;

static uint64_t read_now(Platform *platform)
{
    return platform->client->now(platform->device.user);
}

static uint64_t read_deadline(Platform *platform)
{
    return platform->client->deadline(platform->device.user);
}

static void write_deadline(Platform *platform, uint64_t value)
{
    platform->client->set_deadline(platform->device.user, value);
}

static void write_exit(Platform *platform, uint64_t value)
{
    platform->client->program_exit(platform->device.user, (uint32_t)value);
}

static void write_power_off(Platform *platform, uint64_t value)
{
    platform->client->power_off(platform->device.user);
}

static void write_ipi(Platform *platform, uint64_t value)
{
    uint32_t vcpu = (uint32_t)(value >> 8);
    uint8_t vector = (uint8_t)value;
    if (vector < FIRST_FREE_VECTOR || !platform->client->ipi(platform->device.user, vcpu, vector))
        hv_device_bad_config(&platform->device, HV_PLATFORM_IPI, value);
}

/* A guest that cannot even say where its report is has crashed all the same. */
static void report_fault(Platform *platform, bool fatal, uint64_t gpa)
{
    HvCrashReport report;
    if (hv_memory_read(platform->memory, HV_GPA(gpa), &report, sizeof(report)) != 0) {
        memset(&report, 0, sizeof(report));
        g_strlcpy(report.message, "the report lies outside memory", sizeof(report.message));
    }
    report.message[sizeof(report.message) - 1] = '\0';
    platform->client->fault(platform->device.user, fatal, &report);
}

static void write_crash(Platform *platform, uint64_t value)
{
    report_fault(platform, true, value);
}

static void write_fault(Platform *platform, uint64_t value)
{
    report_fault(platform, false, value);
}

static void write_yield(Platform *platform, uint64_t value)
{
    platform->client->yield(platform->device.user);
}

static void write_mark(Platform *platform, uint64_t value)
{
    platform->client->mark(platform->device.user, value);
}

static void write_started(Platform *platform, uint64_t value)
{
    platform->client->started(platform->device.user);
}

typedef struct {
    unsigned size; /* 0: no register here */
    uint64_t (*read)(Platform *platform);
    void (*write)(Platform *platform, uint64_t value);
} Register;

/* Registers are 8 bytes apart. */
static const Register registers[] = {
    [HV_PLATFORM_NOW / 8] = {.size = 8, .read = read_now},
    [HV_PLATFORM_DEADLINE / 8] = {.size = 8, .read = read_deadline, .write = write_deadline},
    [HV_PLATFORM_EXIT / 8] = {.size = 4, .write = write_exit},
    [HV_PLATFORM_POWER_OFF / 8] = {.size = 4, .write = write_power_off},
    [HV_PLATFORM_IPI / 8] = {.size = 4, .write = write_ipi},
    [HV_PLATFORM_CRASH / 8] = {.size = 8, .write = write_crash},
    [HV_PLATFORM_YIELD / 8] = {.size = 4, .write = write_yield},
    [HV_PLATFORM_MARK / 8] = {.size = 8, .write = write_mark},
    [HV_PLATFORM_FAULT / 8] = {.size = 8, .write = write_fault},
    [HV_PLATFORM_STARTED / 8] = {.size = 4, .write = write_started},
};

static const Register *find_register(uint64_t offset, unsigned size)
{
    static const Register none;
    if (offset % 8 != 0 || offset / 8 >= G_N_ELEMENTS(registers))
        return &none;
    const Register *found = &registers[offset / 8];
    return found->size == size ? found : &none;
}

static uint64_t platform_read(HvDevice *device, uint64_t offset, unsigned size)
{
    const Register *found = find_register(offset, size);
    if (found->read == NULL)
        return hv_device_bad_access(device, offset, 0);
    return found->read((Platform *)device);
}

static void platform_write(HvDevice *device, uint64_t offset, unsigned size, uint64_t value)
{
    const Register *found = find_register(offset, size);
    if (found->write == NULL)
        hv_device_bad_access(device, offset, value);
    else
        found->write((Platform *)device, value);
}

static void platform_free(HvDevice *device)
{
    g_free(device);
}

static const HvDeviceOps platform_ops = {
    .name = "platform",
    .read = platform_read,
    .write = platform_write,
    .free = platform_free,
};

HvDevice *hv_platform_new(HvMemory *memory, const HvDeviceClient *device_client,
                          const HvPlatformClient *client, void *user)
{
    Platform *platform = g_new0(Platform, 1);
    platform->device = (HvDevice){
        .ops = &platform_ops, .client = device_client, .user = user, .slot = HV_SLOT_PLATFORM};
    platform->memory = memory;
    platform->client = client;
    return &platform->device;
}
