/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry.S: all that is not C: the first instructions of a vCPU, the entries for
 * exceptions, interrupts and system calls, and the CPU's tables, which are
 * complete at link time so that booting takes no loops.
 *
 * System calls. SYSCALL leads to LSTAR, normally in ring 0 but with the
 * program's RSP. On some virtualized hosts (PVM: KVM without hardware
 * virtualization below it) it leads there *still in ring 3*. So each vCPU has an
 * LSTAR entry of its own, in a page that ring 3 may execute: in ring 3 it
 * executes UD2, and the handler of that exception finds the return address in
 * RCX and the flags in R11, where SYSCALL has put them. In ring 0 it builds the
 * same stack frame as an interrupt would. The return is always by IRETQ.
 */
        .file   "entry.S"       /* else the linker names a temporary file */

#include "hv-core/guest/kernel/layout.h"

#define MSR_STAR   0xc0000081
#define MSR_LSTAR  0xc0000082
#define MSR_SFMASK 0xc0000084
/* Cleared by SYSCALL: AC, NT, DF, IF, TF. */
#define SFMASK     0x44700

        .section .user_entry, "ax", @progbits
        .globl  syscall_entries
        .type   syscall_entries, @function
syscall_entries:
        .set    vcpu, 0
        .rept   MAX_VCPUS
        .balign USER_ENTRY_STRIDE
        mov     %cs, %r10d
        test    $3, %r10b
        jz      1f
        ud2
1:      mov     %rsp, %r10
        mov     kernel_tss + vcpu * TSS_STRIDE + TSS_RSP0, %rsp
        push    $USER_DATA
        push    %r10
        push    %r11
        push    $USER_CODE
        push    %rcx
        push    $0
        push    $VECTOR_SYSCALL
        jmp     kernel_entry
        .set    vcpu, vcpu + 1
        .endr
        .size   syscall_entries, . - syscall_entries

/* One stub for each vector, at VECTOR_STUBS + vector * VECTOR_STUB_BYTES. Some
 * exceptions push an error code; for the others the stub pushes 0. */
        .section .kernel.vectors, "ax", @progbits
        .globl  vector_stubs
        .type   vector_stubs, @function
vector_stubs:
        .set    vector, 0
        .rept   VECTOR_COUNT
        .balign VECTOR_STUB_BYTES
        .if     vector != 8 && vector != 10 && vector != 11 && vector != 12 && \
                vector != 13 && vector != 14 && vector != 17 && vector != 21 && \
                vector != 29 && vector != 30
        push    $0
        .endif
        push    $vector
        jmp     kernel_entry
        .set    vector, vector + 1
        .endr
        .size   vector_stubs, . - vector_stubs

        .text
/* Everything enters here. From ring 3 RSP points into the struct Context that
 * the TSS named, so pushing the registers saves them where they belong. */
        .globl  kernel_entry
        .type   kernel_entry, @function
kernel_entry:
        push    %rdi
        push    %rsi
        push    %rdx
        push    %rcx
        push    %rax
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        cld
        mov     %rsp, %rdi
        testb   $3, CONTEXT_CS(%rsp)
        jz      1f
        and     $-VCPU_PAGE_BYTES, %rsp
        add     $VCPU_BLOCK, %rsp
        call    kernel_enter
        jmp     kernel_resume
1:      call    kernel_interrupted
        .size   kernel_entry, . - kernel_entry

/* Goes on with the struct Context in RAX. */
        .globl  kernel_resume
        .type   kernel_resume, @function
kernel_resume:
        mov     %rax, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rax
        pop     %rcx
        pop     %rdx
        pop     %rsi
        pop     %rdi
        add     $16, %rsp
        iretq
        .size   kernel_resume, . - kernel_resume

/* A vCPU's first instruction; its index is in RDI. */
        .globl  kernel_start
        .type   kernel_start, @function
kernel_start:
        mov     %edi, %ebx
        shl     $13, %edi               /* * KERNEL_STACK_STRIDE */
        lea     KERNEL_STACKS + VCPU_PAGE + VCPU_BLOCK(%rdi), %rsp
        lgdt    gdt_register
        lidt    idt_register
        mov     %ebx, %eax
        shl     $4, %eax
        add     $FIRST_TSS, %eax
        ltr     %ax
        mov     $MSR_STAR, %ecx
        xor     %eax, %eax
        mov     $((USER_DATA - 8) << 16 | KERNEL_CODE), %edx
        wrmsr
        mov     $MSR_LSTAR, %ecx
        mov     %ebx, %eax
        shl     $6, %eax                /* * USER_ENTRY_STRIDE */
        add     $USER_ENTRY, %eax
        xor     %edx, %edx
        wrmsr
        mov     $MSR_SFMASK, %ecx
        mov     $SFMASK, %eax
        wrmsr
        mov     %rsp, %rdi              /* struct Vcpu begins where the stack ends */
        mov     %ebx, %esi
        call    kernel_boot
        jmp     kernel_resume
        .size   kernel_start, . - kernel_start

        .section .kernel.tables, "aw", @progbits
/* kernel_tss_low and _mid are the TSS's address in pieces: see guest.ld. */
        .balign 16
kernel_gdt:
        .quad   0
        .quad   0x00af9b000000ffff      /* KERNEL_CODE */
        .quad   0x00cf93000000ffff      /* KERNEL_DATA */
        .quad   0x00cff3000000ffff      /* USER_DATA */
        .quad   0x00affb000000ffff      /* USER_CODE */
        .set    vcpu, 0
        .rept   MAX_VCPUS
        .word   0x67, kernel_tss_low + vcpu * TSS_STRIDE
        .byte   kernel_tss_mid, 0x89, 0, 0
        .quad   0
        .set    vcpu, vcpu + 1
        .endr
kernel_gdt_end:

/* Interrupt gates, ring 0. The double fault has a stack of its own (IST 1). */
        .balign 16
kernel_idt:
        .set    vector, 0
        .rept   VECTOR_COUNT
        .word   (VECTOR_STUBS & 0xffff) + vector * VECTOR_STUB_BYTES, KERNEL_CODE
        .if     vector == VECTOR_DF
        .byte   1
        .else
        .byte   0
        .endif
        .byte   0x8e
        .word   VECTOR_STUBS >> 16
        .quad   0
        .set    vector, vector + 1
        .endr
kernel_idt_end:

        .balign 16
gdt_register:
        .word   kernel_gdt_end - kernel_gdt - 1
        .quad   kernel_gdt
        .balign 16
idt_register:
        .word   kernel_idt_end - kernel_idt - 1
        .quad   kernel_idt

/* RSP0 points behind the saved registers of whatever runs in ring 3 on that
 * vCPU: first the program's. */
        .balign MAX_VCPUS * TSS_STRIDE
        .globl  kernel_tss
kernel_tss:
        .set    page, KERNEL_STACKS + VCPU_PAGE
        .rept   MAX_VCPUS
        .long   0
        .quad   page + VCPU_BLOCK + CONTEXT_BYTES, 0, 0        /* RSP0 to RSP2 */
        .quad   0
        .quad   page + VCPU_PAGE_BYTES, 0, 0, 0, 0, 0, 0       /* IST1 to IST7 */
        .quad   0
        .word   0, 0x68
        .balign TSS_STRIDE
        .set    page, page + KERNEL_STACK_STRIDE
        .endr

        .section .note.GNU-stack, "", @progbits
