/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel.h: the parts of the guest kernel and what they share.
 *
 * main.c     from the first instruction on; which code a vCPU runs next
 * syscall.c  what programs ask for
 * virtio.c   consoles and NICs
 * balloon.c  the balloon
 * crash.c    reports about faults
 * entry.S    entries, exits and tables
 *
 * The kernel is small on purpose: on some hosts ring 0 runs a thousand times
 * slower than ring 3. It always runs with interrupts off, but for the moment in
 * which a vCPU waits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv-core/guest/abi.h"
#include "hv-core/guest/kernel/layout.h"
#include "hv-core/guest/syscall.h"

#define NEVER UINT64_MAX

/* The registers of an interrupted ring 3 (or of the kernel), as kernel_entry
 * pushes them. */
struct Context {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

_Static_assert(sizeof(struct Context) == CONTEXT_BYTES, "layout.h says so");
_Static_assert(offsetof(struct Context, cs) == CONTEXT_CS, "layout.h says so");
_Static_assert(KERNEL_STACKS == HV_GUEST_KERNEL_STACKS, "abi.h says so");
_Static_assert(KERNEL_STACK_STRIDE == HV_GUEST_KERNEL_STACK_STRIDE, "abi.h says so");
_Static_assert(VCPU_PAGE + VCPU_PAGE_BYTES == KERNEL_STACK_STRIDE, "the page is the last one");
_Static_assert(USER_ENTRY == HV_GUEST_USER_ENTRY, "abi.h says so");

/* A vCPU, at VCPU_BLOCK in its page of kernel stack. The page is zero at the start. */
struct Vcpu {
    struct Context program;
    struct Context upcall; /* vCPU 0 only, like the next four */
    uint64_t upcall_function;
    uint64_t upcall_stack;
    uint64_t alarm;   /* when the next upcall is due without an interrupt */
    uint32_t pending; /* argument of the next upcall; 0: none */
    uint32_t index;
    bool in_upcall;
    bool waiting; /* the program waits, in SYS_WAIT */
    uint32_t wait_value;
    uint32_t *wait_word;
    uint64_t wait_deadline;
    uint64_t armed; /* what HV_PLATFORM_DEADLINE was set to */
};

_Static_assert(VCPU_BLOCK + sizeof(struct Vcpu) <= 0xc00, "the double fault's stack follows");

/* The task state segment (Intel SDM vol. 3, 8.7). */
struct Tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
    uint8_t unused[TSS_STRIDE - 0x68];
} __attribute__((packed));

_Static_assert(sizeof(struct Tss) == TSS_STRIDE, "layout.h says so");

extern struct Tss kernel_tss[MAX_VCPUS];

static inline const HvBootInfo *boot_info(void)
{
    return (const HvBootInfo *)HV_GUEST_BOOT_INFO;
}

static inline struct Vcpu *vcpu_at(unsigned index)
{
    return (struct Vcpu *)(uintptr_t)(KERNEL_STACKS + index * KERNEL_STACK_STRIDE + VCPU_PAGE +
                                      VCPU_BLOCK);
}

/* Device registers: plain moves, which every hypervisor can decode. */
static inline uint32_t mmio_read32(uint64_t address)
{
    uint32_t value;
    __asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static inline uint64_t mmio_read64(uint64_t address)
{
    uint64_t value;
    __asm__ volatile("movq (%1), %0" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static inline void mmio_write32(uint64_t address, uint32_t value)
{
    __asm__ volatile("movl %0, (%1)" : : "r"(value), "r"(address) : "memory");
}

static inline void mmio_write64(uint64_t address, uint64_t value)
{
    __asm__ volatile("movq %0, (%1)" : : "r"(value), "r"(address) : "memory");
}

#define PLATFORM(reg) ((uint64_t)HV_GUEST_DEVICES + (reg))

__attribute__((noreturn)) static inline void halt_for_good(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" : : : "memory");
}

/* main.c */
struct Context *kernel_boot(struct Vcpu *vcpu, unsigned index);
struct Context *kernel_enter(struct Context *context);
struct Context *kernel_interrupted(struct Context *context);
void program_end(struct Vcpu *vcpu);
void arm_timer(struct Vcpu *vcpu);
/* Does all of [address, address + size) belong to ring 3? */
bool is_user(uint64_t address, uint64_t size);

/* syscall.c */
void kernel_syscall(struct Vcpu *vcpu, struct Context *context);

/* virtio.c */
int64_t virtio_open(uint64_t slot, uint64_t address, uint64_t stride, uint64_t count);
int64_t virtio_send(uint64_t slot, uint64_t address, uint64_t length);
int64_t virtio_receive(uint64_t slot);
void virtio_acknowledge(unsigned slot);
/* Is there anyone outside to answer to? */
bool virtio_receives(void);

/* balloon.c */
extern uint64_t page_faults; /* that the program has dealt with by itself */
int64_t balloon_call(uint64_t what, uint64_t address, uint64_t count);

/* paging-kernel.c, in programs that build page tables of their own; else NULL */
__attribute__((weak)) int64_t paging_call(struct Vcpu *vcpu, struct Context *context);
/* A fault that the program wants to see itself: its handler runs next. */
__attribute__((weak)) bool paging_fault(struct Vcpu *vcpu, struct Context *context);

/* crash.c */
void report_fault(const struct Context *context);
__attribute__((noreturn)) void kernel_crash(const struct Context *context, const char *message);

/* debug.c */
int64_t debug_call(const struct Context *context);
