/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syscall.h: what ring 3 may ask of the guest kernel.
 *
 * Number in RAX, arguments in RDI, RSI, RDX, R8, result in RAX; RCX, R10 and
 * R11 are lost. A negative result is one of SYS_ERROR_*. Programs use hvlab.h;
 * only the code in user/ calls these.
 *
 * The IP stack runs in ring 3 too, as an *upcall*: on an interrupt of a NIC,
 * the control console or the alarm, the kernel puts the program aside and runs
 * the function given with SYS_UPCALL on a stack of its own, until that calls
 * SYS_UPCALL_RETURN. Meanwhile interrupts are only noted.
 */
#pragma once

#include <stdint.h>

enum {
    SYS_EXIT,    /* (code): the program ends, on all vCPUs */
    SYS_NOW,     /* -> virtual time in ns */
    SYS_YIELD,   /* gives up the rest of the time slice */
    SYS_MARK,    /* (number): an event in the trace */
    SYS_WAIT,    /* (uint32_t *word, value, deadline): returns when *word != value or at deadline;
                    looks again after each upcall and each SYS_WAKE. word NULL: only at deadline */
    SYS_WAKE,    /* (vcpu): makes a waiting vCPU look at its word */
    SYS_STOP,    /* this vCPU, which is not vCPU 0, sleeps for good */
    SYS_STARTED, /* a job's program begins its work */
    SYS_SEND,    /* (slot, address, length): out of a console or a NIC; returns when taken */

    /* vCPU 0 only, for user/net.c: */
    SYS_OPEN,          /* (slot, address, stride, count): sets up a NIC or the control console,
                          which receives into count buffers, stride bytes apart */
    SYS_RECEIVE,       /* (slot) -> buffer << 32 | length of the next one received, which is
                          ours until the next SYS_RECEIVE for this slot */
    SYS_ALARM,         /* (deadline): an upcall then; UINT64_MAX: none */
    SYS_UPCALL,        /* (function, stack top): from now on upcalls come */
    SYS_UPCALL_RETURN, /* ends an upcall */

    /* vCPU 0 only, for user/balloon.c and tests: */
    SYS_BALLOON, /* (SYS_BALLOON_*, ...) */

    SYS_PAGING, /* (SYS_PAGING_*, ...), in programs that use user/paging.c */

    SYS_DEBUG, /* (SYS_DEBUG_*, ...): ways to misbehave in ring 0, for tests */
    SYS_COUNT
};

enum {
    SYS_PAGING_MAP,     /* (address in the window, address of a page, writable) */
    SYS_PAGING_UNMAP,   /* (address in the window) */
    SYS_PAGING_ENTRY,   /* (address in the window) -> its page-table entry */
    SYS_PAGING_HANDLER, /* (function, stack top): called with the address and the error code
                           of a fault in the window; ends with */
    SYS_PAGING_RETURN,  /* back to the instruction that faulted */
};

enum {
    SYS_DEBUG_READ,         /* (address, size) -> value: a device register */
    SYS_DEBUG_WRITE,        /* (address, size, value) */
    SYS_DEBUG_TRIPLE_FAULT, /* loads an empty IDT, then faults */
    SYS_DEBUG_HALT_OFF,     /* halts with interrupts off */
    SYS_DEBUG_EXECUTABLE,   /* (address): lets ring 3 execute that page of the first 2 MiB */
    SYS_DEBUG_PANIC,        /* the kernel gives up */
    SYS_DEBUG_OVERFLOW,     /* the kernel overflows its stack */
};

enum {
    SYS_BALLOON_OPEN,   /* sets the device up, once */
    SYS_BALLOON_TARGET, /* -> how many pages the hypervisor wants to be in the balloon */
    SYS_BALLOON_GIVE,   /* (array of uint32_t page numbers, count) */
    SYS_BALLOON_TAKE,   /* the same: they are to come back */
    SYS_BALLOON_ACTUAL, /* (how many pages are in the balloon) */
    SYS_BALLOON_FREE,   /* (how many pages of the heap are free): the hypervisor wants to know */
};

enum {
    SYS_ERROR_BAD = -1,   /* an argument makes no sense */
    SYS_ERROR_EMPTY = -2, /* nothing received */
    SYS_ERROR_IO = -3,    /* the device does not work */
};

/* Argument of an upcall: bit HV_SLOT_* for each device that interrupted, and */
#define UPCALL_ALARM (1u << 30)
#define UPCALL_ENDED (1u << 31) /* the program has ended */
