/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.h: numbers that the kernel's assembler and C files share.
 *
 * A vCPU's page of kernel stack (abi.h) is used like this:
 *
 *   0x000  stack, grows down from VCPU_BLOCK into the unmapped page below
 *   0x800  struct Vcpu, beginning with the saved registers of the program
 *   0xc00  stack of the double-fault handler, grows down from the page's end
 *
 * So the page that RSP points into says which vCPU this is: no GS base needed.
 */
#pragma once

#define KERNEL_STACKS       0x60000
#define KERNEL_STACK_STRIDE 0x2000
#define VCPU_PAGE           0x1000 /* offset of the stack page in its stride */
#define VCPU_BLOCK          0x800
#define VCPU_PAGE_BYTES     0x1000
#define MAX_VCPUS           16

#define USER_ENTRY        0x10000
#define USER_ENTRY_STRIDE 64
#define VECTOR_STUBS      0x11000
#define VECTOR_STUB_BYTES 16
#define VECTOR_COUNT      49

/* Selectors: the order that SYSCALL and SYSRET want. */
#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_DATA   0x1b
#define USER_CODE   0x23
#define FIRST_TSS   0x28
#define TSS_STRIDE  128
#define TSS_RSP0    4

#define VECTOR_UD      6
#define VECTOR_DF      8
#define VECTOR_PF      14
#define VECTOR_SYSCALL 256

/* struct Context */
#define CONTEXT_BYTES 176
#define CONTEXT_CS    144
