/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debug.c: what a kernel should not do, on request, so that tests can show what
 * the hypervisor makes of it. */
#include "hv-core/guest/kernel/kernel.h"

#define PTE_NX (UINT64_C(1) << 63)

/* The fourth of the page tables maps the first 2 MiB. */
static uint64_t *const first_pages = (uint64_t *)(HV_GUEST_PAGE_TABLES + 3 * 4096u);

static int64_t device_read(uint64_t address, uint64_t size)
{
    uint64_t value = 0;
    switch (size) {
    case 1: __asm__ volatile("movb (%1), %b0" : "+r"(value) : "r"(address) : "memory"); break;
    case 2: __asm__ volatile("movw (%1), %w0" : "+r"(value) : "r"(address) : "memory"); break;
    case 4: value = mmio_read32(address); break;
    default: value = mmio_read64(address); break;
    }
    return (int64_t)value;
}

static int64_t device_write(uint64_t address, uint64_t size, uint64_t value)
{
    switch (size) {
    case 1: __asm__ volatile("movb %b0, (%1)" : : "r"(value), "r"(address) : "memory"); break;
    case 2: __asm__ volatile("movw %w0, (%1)" : : "r"(value), "r"(address) : "memory"); break;
    case 4: mmio_write32(address, (uint32_t)value); break;
    default: mmio_write64(address, value); break;
    }
    return 0;
}

static void triple_fault(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) empty = {0, 0};
    __asm__ volatile("lidt %0; ud2" : : "m"(empty));
}

static int64_t make_executable(uint64_t address)
{
    if (!is_user(address, 1) || address >= HV_GUEST_IMAGE_END)
        return SYS_ERROR_BAD;
    first_pages[address / 4096] &= ~PTE_NX;
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
    return 0;
}

static void overflow_stack(void)
{
    /* Below the stack lies a page that is not mapped. */
    __asm__ volatile("1: push %%rax; jmp 1b" : : : "memory");
}

int64_t debug_call(const struct Context *context)
{
    switch (context->rdi) {
    case SYS_DEBUG_READ: return device_read(context->rsi, context->rdx);
    case SYS_DEBUG_WRITE: return device_write(context->rsi, context->rdx, context->r8);
    case SYS_DEBUG_TRIPLE_FAULT: triple_fault(); return 0;
    case SYS_DEBUG_HALT_OFF: halt_for_good();
    case SYS_DEBUG_EXECUTABLE: return make_executable(context->rsi);
    case SYS_DEBUG_PANIC: kernel_crash(context, "kernel panic on request");
    case SYS_DEBUG_OVERFLOW: overflow_stack(); return 0;
    default: return SYS_ERROR_BAD;
    }
}
