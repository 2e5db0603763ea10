/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start.c: where ring 3 begins, and the calls about the machine and time. */
#include "hv-core/guest/user/user.h"

extern uint8_t guest_end[]; /* guest.ld: the first byte behind the image */

#define PAGE_BYTES 4096u

static uint64_t heap_taken; /* bytes */

static char **arguments(char **argv)
{
    const HvBootInfo *boot = boot_info();
    char *next = (char *)boot->args;
    for (unsigned i = 0; i < boot->argc; i++) {
        argv[i] = next;
        next += strlen(next) + 1;
    }
    argv[boot->argc] = NULL;
    return argv;
}

/* The guest kernel starts every vCPU here. */
void user_start(unsigned vcpu)
{
    if (vcpu != 0) {
        hv_vcpu_main(vcpu);
        for (;;)
            syscall1(SYS_STOP, 0);
    }
    if (boot_info()->nic_count != 0)
        net_start();
    if (boot_info()->balloon) {
        net_want_upcalls();
        balloon_start();
    }
    char *argv[HV_BOOT_MAX_ARGS + 1];
    exit(main((int)boot_info()->argc, arguments(argv)));
}

void exit(int code)
{
    for (;;)
        syscall1(SYS_EXIT, (uint32_t)code);
}

unsigned vcpu_count(void)
{
    return boot_info()->vcpu_count;
}

/* Each vCPU has a stack of its own, that of vCPU 0 highest. */
unsigned vcpu_index(void)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0);
    return (unsigned)((boot_info()->memory_bytes - here) / HV_GUEST_STACK_BYTES);
}

uint64_t memory_bytes(void)
{
    return boot_info()->memory_bytes;
}

uint64_t heap_base(void)
{
    uint64_t end = (uint64_t)guest_end + heap_taken;
    return (end + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
}

uint64_t heap_top(void)
{
    const HvBootInfo *boot = boot_info();
    return boot->memory_bytes - boot->vcpu_count * (uint64_t)HV_GUEST_STACK_BYTES;
}

uint8_t *heap_begin(void)
{
    balloon_program_uses_all();
    return (uint8_t *)heap_base();
}

uint8_t *heap_end(void)
{
    return (uint8_t *)balloon_heap_end();
}

uint8_t *heap_take(uint64_t size)
{
    uint8_t *begin = (uint8_t *)heap_base();
    heap_taken = (uint64_t)(begin - guest_end) + size;
    return begin;
}

void yield(void)
{
    syscall1(SYS_YIELD, 0);
}

void mark(uint64_t number)
{
    syscall1(SYS_MARK, number);
}

void started(void)
{
    syscall1(SYS_STARTED, 0);
}

/* SplitMix64 (Steele, Lea and Flood, 2014), begun at the VM's seed. */
uint64_t random_number(void)
{
    static uint64_t state;
    state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = state + boot_info()->seed;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t now_ns(void)
{
    return (uint64_t)syscall1(SYS_NOW, 0);
}

void wait(const volatile uint32_t *word, uint32_t value, uint64_t deadline_ns)
{
    syscall3(SYS_WAIT, (uint64_t)word, value, deadline_ns);
}

void wake(unsigned vcpu)
{
    syscall1(SYS_WAKE, vcpu);
}

void sleep_ns(uint64_t ns)
{
    uint64_t now = now_ns();
    wait(NULL, 0, ns < FOREVER - now ? now + ns : FOREVER);
}

/* ---- Ways to misbehave --------------------------------------------------- */

uint64_t debug_device_read(uint64_t address, unsigned size)
{
    return (uint64_t)syscall3(SYS_DEBUG, SYS_DEBUG_READ, address, size);
}

void debug_device_write(uint64_t address, unsigned size, uint64_t value)
{
    syscall4(SYS_DEBUG, SYS_DEBUG_WRITE, address, size, value);
}

void debug_triple_fault(void)
{
    syscall1(SYS_DEBUG, SYS_DEBUG_TRIPLE_FAULT);
}

void debug_halt_off(void)
{
    syscall1(SYS_DEBUG, SYS_DEBUG_HALT_OFF);
}

int debug_executable(void *page)
{
    return (int)syscall3(SYS_DEBUG, SYS_DEBUG_EXECUTABLE, (uint64_t)page, 0);
}

void debug_panic(void)
{
    syscall1(SYS_DEBUG, SYS_DEBUG_PANIC);
}

void debug_stack_overflow(void)
{
    syscall1(SYS_DEBUG, SYS_DEBUG_OVERFLOW);
}
