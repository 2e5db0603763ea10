/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-platform.c: the registers of the platform page, one by one. */
#include <string.h>

#include "hv-core/devices/platform.h"
#include "tests/hv-core/virtio-driver.h"

static HvTime timer;

static HvTime now(void *user)
{
    return 123456789012;
}

static HvTime deadline(void *user)
{
    return timer;
}

static void set_deadline(void *user, HvTime value)
{
    timer = value;
}

G_GNUC_PRINTF(2, 3)
static void note(void *user, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(((Driver *)user)->log, format, args);
    va_end(args);
}

static void program_exit(void *user, uint32_t code)
{
    note(user, "exit %u\n", code);
}

static void power_off(void *user)
{
    note(user, "power-off\n");
}

static bool ipi(void *user, uint32_t vcpu, uint8_t vector)
{
    note(user, "ipi %u %u\n", vcpu, vector);
    return vcpu < 2;
}

static void fault(void *user, bool fatal, const HvCrashReport *report)
{
    note(user, "%s %" G_GUINT64_FORMAT " %s\n", fatal ? "crash" : "fault", report->vector,
         report->message);
}

static void yield(void *user)
{
    note(user, "yield\n");
}

static void mark(void *user, uint64_t number)
{
    note(user, "mark %" G_GUINT64_FORMAT "\n", number);
}

static const HvPlatformClient platform_client = {
    .now = now,
    .deadline = deadline,
    .set_deadline = set_deadline,
    .program_exit = program_exit,
    .power_off = power_off,
    .ipi = ipi,
    .fault = fault,
    .yield = yield,
    .mark = mark,
};

static void set_up(Driver *driver, gconstpointer data)
{
    timer = HV_TIME_NEVER;
    driver_init(driver);
    driver->device = hv_platform_new(driver->memory, &driver_client, &platform_client, driver);
}

static void tear_down(Driver *driver, gconstpointer data)
{
    driver_expect(driver, "");
    driver_clear(driver);
}

static uint64_t get(Driver *driver, uint64_t offset, unsigned size)
{
    return driver->device->ops->read(driver->device, offset, size);
}

static void set(Driver *driver, uint64_t offset, unsigned size, uint64_t value)
{
    driver->device->ops->write(driver->device, offset, size, value);
}

static void test_time(Driver *driver, gconstpointer data)
{
    g_assert_cmpuint(get(driver, 0x00, 8), ==, 123456789012);
    g_assert_cmphex(get(driver, 0x08, 8), ==, UINT64_MAX);
    set(driver, 0x08, 8, 5000000000);
    g_assert_cmpuint(get(driver, 0x08, 8), ==, 5000000000);
}

static void test_commands(Driver *driver, gconstpointer data)
{
    set(driver, 0x10, 4, 3);
    set(driver, 0x30, 4, 0);
    set(driver, 0x38, 8, UINT64_C(1) << 40);
    set(driver, 0x18, 4, 0);
    driver_expect(driver, "exit 3\nyield\nmark 1099511627776\npower-off\n");
}

static void test_ipi(Driver *driver, gconstpointer data)
{
    set(driver, 0x20, 4, 1 << 8 | 48);
    driver_expect(driver, "ipi 1 48\n");
    set(driver, 0x20, 4, 2 << 8 | 255); /* no such vCPU */
    driver_expect(driver, "ipi 2 255\nbad-config 0 0xc0000020 0x2ff\n");
    set(driver, 0x20, 4, 1 << 8 | 31); /* an exception */
    driver_expect(driver, "bad-config 0 0xc0000020 0x11f\n");
}

static void test_reports(Driver *driver, gconstpointer data)
{
    HvCrashReport report = {.vector = 14, .message = "page fault"};
    driver_write(driver, 0x5ff0, &report, sizeof(report)); /* across two pages */
    set(driver, 0x40, 8, 0x5ff0);
    set(driver, 0x28, 8, 0x5ff0);
    driver_expect(driver, "fault 14 page fault\ncrash 14 page fault\n");

    memset(report.message, 'm', sizeof(report.message)); /* without its NUL */
    driver_write(driver, 0x5ff0, &report, sizeof(report));
    set(driver, 0x40, 8, 0x5ff0);
    g_assert_cmpuint(driver->log->len, ==, strlen("fault 14 \n") + 71);
    g_string_truncate(driver->log, 0);

    set(driver, 0x28, 8, DRIVER_MEMORY_BYTES - 8);
    set(driver, 0x28, 8, UINT64_MAX - 3);
    driver_expect(driver, "crash 0 the report lies outside memory\n"
                          "crash 0 the report lies outside memory\n");
}

/* Other widths, no register, the wrong direction. */
static void test_bad_access(Driver *driver, gconstpointer data)
{
    g_assert_cmphex(get(driver, 0x00, 4), ==, UINT64_MAX);
    g_assert_cmphex(get(driver, 0x10, 4), ==, UINT64_MAX);
    g_assert_cmphex(get(driver, 0x04, 4), ==, UINT64_MAX);
    g_assert_cmphex(get(driver, 0x48, 8), ==, UINT64_MAX);
    g_assert_cmphex(get(driver, 0xff8, 8), ==, UINT64_MAX);
    driver_expect(driver, "bad-access 0 0xc0000000 0x0\nbad-access 0 0xc0000010 0x0\n"
                          "bad-access 0 0xc0000004 0x0\nbad-access 0 0xc0000048 0x0\n"
                          "bad-access 0 0xc0000ff8 0x0\n");
    set(driver, 0x00, 8, 1);
    set(driver, 0x18, 8, 2);
    set(driver, 0x18, 1, 3);
    set(driver, 0x50, 4, 4);
    driver_expect(driver, "bad-access 0 0xc0000000 0x1\nbad-access 0 0xc0000018 0x2\n"
                          "bad-access 0 0xc0000018 0x3\nbad-access 0 0xc0000050 0x4\n");
}

#define ADD(path, function) g_test_add("/platform/" path, Driver, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("time", test_time);
    ADD("commands", test_commands);
    ADD("ipi", test_ipi);
    ADD("reports", test_reports);
    ADD("bad-access", test_bad_access);
    return g_test_run();
}
