/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paging.c: page tables that a program builds itself (hvlab.h). The kernel's side is
 * kernel/paging-kernel.c. */
#include "hv-core/guest/user/user.h"

#define STACK_BYTES 8192u

static uint8_t stack[STACK_BYTES] __attribute__((aligned(16)));
static PageFaultHandler handler;

int page_map(void *at, const void *page, bool writable)
{
    return (int)syscall4(SYS_PAGING, SYS_PAGING_MAP, (uint64_t)at, (uint64_t)page, writable);
}

int page_unmap(void *at)
{
    return (int)syscall3(SYS_PAGING, SYS_PAGING_UNMAP, (uint64_t)at, 0);
}

uint64_t page_entry(void *at)
{
    return (uint64_t)syscall3(SYS_PAGING, SYS_PAGING_ENTRY, (uint64_t)at, 0);
}

/* The kernel enters here, on a stack of its own, instead of the instruction that
 * faulted; after SYS_PAGING_RETURN that is executed again. */
static void faulted(uint64_t address, uint64_t error_code)
{
    if (!handler((void *)address, error_code & 2)) {
        printf("fault at 0x%lx, and nobody to mend it\n", address);
        exit(139);
    }
    syscall1(SYS_PAGING, SYS_PAGING_RETURN);
    __builtin_unreachable();
}

void on_page_fault(PageFaultHandler function)
{
    handler = function;
    syscall3(SYS_PAGING, SYS_PAGING_HANDLER, (uint64_t)faulted, (uint64_t)(stack + sizeof stack));
}
