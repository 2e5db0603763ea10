/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crash.c: tells the hypervisor what went wrong, in the words of the CPU. */
#include "hv-core/guest/kernel/kernel.h"

static const char exceptions[][28] = {
    [0] = "divide error",      [1] = "debug exception",
    [3] = "breakpoint",        [4] = "overflow",
    [5] = "bound exceeded",    [6] = "invalid instruction",
    [7] = "no floating point", [8] = "double fault",
    [10] = "invalid TSS",      [11] = "segment not present",
    [12] = "stack fault",      [13] = "general protection fault",
    [14] = "page fault",       [16] = "floating-point error",
    [17] = "alignment check",  [19] = "vector floating-point error",
};

static HvCrashReport report;

static void fill(const struct Context *context, const char *message)
{
    uint64_t cr2;
    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    report.vector = context->vector;
    report.error_code = context->error_code;
    report.rip = context->rip;
    report.rsp = context->rsp;
    report.cr2 = cr2;
    report.rflags = context->rflags;
    report.cs = context->cs;
    size_t i = 0;
    for (; message[i] && i < sizeof report.message - 1; i++)
        report.message[i] = message[i];
    report.message[i] = '\0';
}

void report_fault(const struct Context *context)
{
    bool known = context->vector < sizeof exceptions / sizeof exceptions[0];
    fill(context, known ? exceptions[context->vector] : "unknown exception");
    mmio_write64(PLATFORM(HV_PLATFORM_FAULT), (uint64_t)&report);
}

void kernel_crash(const struct Context *context, const char *message)
{
    fill(context, message);
    mmio_write64(PLATFORM(HV_PLATFORM_CRASH), (uint64_t)&report);
    halt_for_good();
}
