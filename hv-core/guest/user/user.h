/* SPDX-License-Identifier: GPL-2.0-or-later */
/* user.h: what the files of the SDK share in ring 3.
 *
 * start.c   first code of a vCPU in ring 3; the machine and time
 * string.c  memory and strings
 * print.c   text
 * net.c     the IP stack: when it runs, and the network calls of hvlab.h
 * control.c probe commands on the control console
 */
#pragma once

#include "hv-core/guest/abi.h"
#include "hv-core/guest/hvlab.h"
#include "hv-core/guest/syscall.h"
#include "netsim/proto/stack.h"

static inline const HvBootInfo *boot_info(void)
{
    return (const HvBootInfo *)HV_GUEST_BOOT_INFO;
}

static inline int64_t syscall4(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    register uint64_t r8 __asm__("r8") = d;
    int64_t result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r8)
                     : "rcx", "r10", "r11", "memory");
    return result;
}

static inline int64_t syscall3(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    int64_t result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r10", "r11", "memory");
    return result;
}

static inline int64_t syscall1(uint64_t number, uint64_t a)
{
    int64_t result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a)
                     : "rcx", "r10", "r11", "memory");
    return result;
}

/* start.c */
void user_start(unsigned vcpu) __attribute__((noreturn));
/* Takes size bytes of the heap's beginning away, before main() starts. */
uint8_t *heap_take(uint64_t size);

/* print.c */
size_t format_unsigned(char *to, uint64_t value, unsigned base);

/* net.c */
void net_start(void);

/* control.c */
void control_start(NetStack *stack);
void control_input(const char *bytes, size_t length, NetTime now);
void control_seen(NetProbeKind kind, uint64_t nonce, NetIp4 from);
void control_advance(NetTime now);
NetTime control_deadline(void);
