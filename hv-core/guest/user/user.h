/* SPDX-License-Identifier: GPL-2.0-or-later */
/* user.h: what the files of the SDK share in ring 3.
 *
 * start.c   first code of a vCPU in ring 3; the machine and time
 * string.c  memory and strings
 * print.c   text
 * net.c     the IP stack: when it runs
 * ping.c, udp.c, tcp.c, name.c, tables.c  the network calls of hvlab.h
 * console.c what is typed into the VM's console
 * control.c probe commands on the control console
 * balloon.c which pages are given up when the hypervisor wants some
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

uint64_t heap_base(void); /* where the program's part of the heap begins */
uint64_t heap_top(void);  /* and ends, whatever is in the balloon */

/* balloon.c */
void balloon_start(void);
void balloon_adjust(bool program_ended); /* the hypervisor wants another number */
/* heap_begin() was called. */
void balloon_program_uses_all(void);
uint64_t balloon_heap_end(void);

/* print.c */
size_t format_unsigned(char *to, uint64_t value, unsigned base);

/* net.c */
extern NetStack net_stack;           /* of the VM; only between net_lock() and net_unlock() */
extern volatile uint32_t net_events; /* upcalls so far */
void net_start(void);
void net_want_upcalls(void);
void net_touch_upcall_stack(void);
void net_open_receiver(unsigned slot, uint8_t *base, uint32_t stride, unsigned count);
void net_lock(void);
void net_unlock(void);
/* The time that is so much from now. */
uint64_t net_deadline(uint64_t timeout_ns);
/* Sleeps until an upcall has come since net_events was `seen`; false: the deadline has. */
bool net_wait(uint32_t seen, uint64_t deadline);
/* Waits a while for the address that DHCP gives; once in a program's life. */
void net_ready(void);

/* name.c: a name that needs no asking */
bool resolve_now(const char *name, uint32_t *ret_address);

/* console.c */
void console_input(const char *bytes, size_t length);

/* control.c */
void control_start(NetStack *stack);
void control_input(const char *bytes, size_t length, NetTime now);
void control_seen(NetProbeKind kind, uint64_t nonce, NetIp4 from);
void control_advance(NetTime now);
NetTime control_deadline(void);
