/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paging-kernel.c: page tables that a program builds itself.
 *
 * Linked only into programs that ask for it (user/paging.c). The program gets a window
 * of 512 virtual pages at HV_GUEST_WINDOW, where nothing is mapped at first; with
 * SYS_PAGING it writes the entries of the window's page table. Tables lie in the
 * kernel's data, which is always resident. A fault in the window goes to the program's
 * handler, as a signal would: what it interrupted is kept here until SYS_PAGING_RETURN.
 *
 * Accessed and dirty bits are left to the processor, other than those of the rest of
 * memory (abi.h): to see them set is part of the lesson.
 */
#include "hv-core/guest/kernel/kernel.h"

#define PTE_PRESENT  (UINT64_C(1) << 0)
#define PTE_WRITABLE (UINT64_C(1) << 1)
#define PTE_USER     (UINT64_C(1) << 2)
#define PTE_ACCESSED (UINT64_C(1) << 5)
#define PTE_NX       (UINT64_C(1) << 63)
#define PTE_TABLE    (PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_ACCESSED)

#define PAGE_BYTES 4096u
#define ENTRIES    512u

static _Alignas(PAGE_BYTES) uint64_t directory[ENTRIES];
static _Alignas(PAGE_BYTES) uint64_t table[ENTRIES];
static struct Context interrupted;
static bool in_handler;
static uint64_t handler, handler_stack;

/* The second of the page tables maps the first 512 GiB, one GiB an entry. */
static uint64_t *const gibs = (uint64_t *)(HV_GUEST_PAGE_TABLES + PAGE_BYTES);

static void open_window(void)
{
    directory[0] = (uint64_t)table | PTE_TABLE;
    gibs[HV_GUEST_WINDOW >> 30] = (uint64_t)directory | PTE_TABLE;
}

static uint64_t *entry_of(uint64_t address)
{
    if (address % PAGE_BYTES != 0 || address < HV_GUEST_WINDOW ||
        address >= HV_GUEST_WINDOW + ENTRIES * PAGE_BYTES)
        return NULL;
    return &table[(address - HV_GUEST_WINDOW) / PAGE_BYTES];
}

static int64_t set_entry(uint64_t address, uint64_t value)
{
    uint64_t *entry = entry_of(address);
    if (!entry)
        return SYS_ERROR_BAD;
    open_window();
    *entry = value;
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
    return 0;
}

int64_t paging_call(struct Vcpu *vcpu, struct Context *context)
{
    uint64_t a = context->rsi, b = context->rdx;
    switch (context->rdi) {
    case SYS_PAGING_MAP:
        if (b % PAGE_BYTES != 0 || !is_user(b, PAGE_BYTES))
            return SYS_ERROR_BAD;
        return set_entry(a, b | PTE_PRESENT | PTE_USER | PTE_NX | (context->r8 ? PTE_WRITABLE : 0));
    case SYS_PAGING_UNMAP: return set_entry(a, 0);
    case SYS_PAGING_ENTRY: return entry_of(a) ? (int64_t)*entry_of(a) : SYS_ERROR_BAD;
    case SYS_PAGING_HANDLER:
        if (vcpu->index != 0 || !is_user(a, 1) || !is_user(b - 8, 8))
            return SYS_ERROR_BAD;
        handler = a;
        handler_stack = b;
        return 0;
    case SYS_PAGING_RETURN:
        if (!in_handler || vcpu->in_upcall)
            return SYS_ERROR_BAD;
        in_handler = false;
        *context = interrupted;
        return (int64_t)interrupted.rax; /* which is where the result of this call goes */
    default: return SYS_ERROR_BAD;
    }
}

bool paging_fault(struct Vcpu *vcpu, struct Context *context)
{
    uint64_t address;
    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    if (context->vector != VECTOR_PF || handler == 0 || in_handler || vcpu->index != 0 ||
        vcpu->in_upcall || !entry_of(address & -(uint64_t)PAGE_BYTES))
        return false;
    interrupted = *context;
    in_handler = true;
    context->rip = handler;
    context->rsp = handler_stack - 8;
    context->rdi = address;
    context->rsi = context->error_code;
    return true;
}
