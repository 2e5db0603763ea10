/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-guests.h: small guests for tests of a CPU backend, as machine code.
 *
 * Each is position-independent and meant to be put at CPU_CODE. CPU_END ends a
 * guest in any ring: it writes EAX to the device register at CPU_DEVICE_END,
 * which the fixture answers by stopping the run.
 */
#pragma once

#include <stdint.h>

/* No test uses all of them. */
#define CPU_GUEST static const uint8_t __attribute__((unused))

/* movabs [0xc0000ff8], eax */
#define CPU_END 0xa3, 0xf8, 0x0f, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00

/* clang-format off */
/* Adds 1000 + 999 + ... + 1. */
CPU_GUEST guest_sum[] = {
    0x31, 0xc0,                                  /* xor eax, eax */
    0xb9, 0xe8, 0x03, 0x00, 0x00,                /* mov ecx, 1000 */
    0x48, 0x01, 0xc8,                            /* 1: add rax, rcx */
    0x48, 0xff, 0xc9,                            /* dec rcx */
    0x75, 0xf8,                                  /* jnz 1b */
    CPU_END,
};

/* For ever. */
CPU_GUEST guest_spin[] = {
    0x48, 0xff, 0xc0,                            /* 1: inc rax */
    0xeb, 0xfb,                                  /* jmp 1b */
};

CPU_GUEST guest_halt[] = {
    0xb8, 0x07, 0x00, 0x00, 0x00,                /* mov eax, 7 */
    0xf4,                                        /* hlt */
    0xb8, 0x08, 0x00, 0x00, 0x00,                /* mov eax, 8 */
    0xf4,                                        /* hlt */
};

/* Every width out and in; ring 0. */
CPU_GUEST guest_ports[] = {
    0xba, 0x34, 0x12, 0x00, 0x00,                /* mov edx, 0x1234 */
    0xb8, 0x41, 0x00, 0x00, 0x00,                /* mov eax, 0x41 */
    0xe6, 0xe9,                                  /* out 0xe9, al */
    0xb8, 0xef, 0xbe, 0x00, 0x00,                /* mov eax, 0xbeef */
    0x66, 0xef,                                  /* out dx, ax */
    0xb8, 0xef, 0xbe, 0xad, 0xde,                /* mov eax, 0xdeadbeef */
    0xef,                                        /* out dx, eax */
    0xe4, 0x60,                                  /* in al, 0x60 */
    0x48, 0x89, 0xc3,                            /* mov rbx, rax */
    0x66, 0xed,                                  /* in ax, dx */
    0x48, 0x89, 0xc1,                            /* mov rcx, rax */
    0xed,                                        /* in eax, dx */
    0xf4,                                        /* hlt */
};

/* Five bytes out of memory, three words into it; ring 0. */
CPU_GUEST guest_port_strings[] = {
    0xfc,                                        /* cld */
    0xbe, 0x00, 0x00, 0x04, 0x00,                /* mov esi, 0x40000 */
    0xb9, 0x05, 0x00, 0x00, 0x00,                /* mov ecx, 5 */
    0xba, 0xe9, 0x00, 0x00, 0x00,                /* mov edx, 0xe9 */
    0xf3, 0x6e,                                  /* rep outsb */
    0xbf, 0x00, 0x01, 0x04, 0x00,                /* mov edi, 0x40100 */
    0xb9, 0x03, 0x00, 0x00, 0x00,                /* mov ecx, 3 */
    0xba, 0x60, 0x00, 0x00, 0x00,                /* mov edx, 0x60 */
    0x66, 0xf3, 0x6d,                            /* rep insw */
    0xf4,                                        /* hlt */
};

/* Every width from the device at RBX. */
CPU_GUEST guest_mmio_read[] = {
    0x8a, 0x43, 0x01,                            /* mov al, [rbx+0x01] */
    0x66, 0x8b, 0x4b, 0x02,                      /* mov cx, [rbx+0x02] */
    0x8b, 0x53, 0x04,                            /* mov edx, [rbx+0x04] */
    0x48, 0x8b, 0x73, 0x08,                      /* mov rsi, [rbx+0x08] */
    0x0f, 0xb6, 0x7b, 0x03,                      /* movzx edi, byte ptr [rbx+0x03] */
    0x4c, 0x63, 0x43, 0x0c,                      /* movsxd r8, dword ptr [rbx+0x0c] */
    CPU_END,
};

CPU_GUEST guest_mmio_write[] = {
    0x88, 0x43, 0x11,                            /* mov [rbx+0x11], al */
    0x66, 0x89, 0x43, 0x12,                      /* mov [rbx+0x12], ax */
    0x89, 0x43, 0x14,                            /* mov [rbx+0x14], eax */
    0x48, 0x89, 0x43, 0x18,                      /* mov [rbx+0x18], rax */
    0xc7, 0x43, 0x20, 0x78, 0x56, 0x34, 0x12,    /* mov dword ptr [rbx+0x20], 0x12345678 */
    CPU_END,
};

/* One instruction that reads and writes. */
CPU_GUEST guest_mmio_modify[] = {
    0x81, 0x4b, 0x40, 0xf0, 0x00, 0x00, 0x00,    /* or dword ptr [rbx+0x40], 0xf0 */
    CPU_END,
};

/* A store and a load at RDI. */
CPU_GUEST guest_move[] = {
    0x48, 0x89, 0x07,                            /* mov [rdi], rax */
    0x48, 0x8b, 0x0f,                            /* mov rcx, [rdi] */
    CPU_END,
};

CPU_GUEST guest_load[] = {
    0x48, 0x8b, 0x0f,                            /* mov rcx, [rdi] */
    CPU_END,
    0x48, 0x8b, 0x17,                            /* mov rdx, [rdi] */
    CPU_END,
    0x4c, 0x8b, 0x07,                            /* mov r8, [rdi] */
    CPU_END,
};

CPU_GUEST guest_store[] = {
    0x48, 0x89, 0x07,                            /* mov [rdi], rax */
    CPU_END,
    0xeb, 0xf2,                                  /* jmp store */
};

CPU_GUEST guest_locked_add[] = {
    0xf0, 0x48, 0x83, 0x07, 0x05,                /* lock add qword ptr [rdi], 5 */
    0xf0, 0x48, 0x83, 0x07, 0x06,                /* lock add qword ptr [rdi], 6 */
    0x48, 0x8b, 0x0f,                            /* mov rcx, [rdi] */
    CPU_END,
};

CPU_GUEST guest_exchange[] = {
    0x48, 0x87, 0x07,                            /* xchg [rdi], rax */
    0x48, 0xc7, 0xc1, 0x09, 0x00, 0x00, 0x00,    /* mov rcx, 9 */
    0xf0, 0x48, 0x0f, 0xc1, 0x0f,                /* lock xadd [rdi], rcx */
    CPU_END,
};

CPU_GUEST guest_copy[] = {
    0xfc,                                        /* cld */
    0xf3, 0xa4,                                  /* rep movsb */
    CPU_END,
};

CPU_GUEST guest_fill[] = {
    0xfc,                                        /* cld */
    0xf3, 0x48, 0xab,                            /* rep stosq */
    CPU_END,
};

/* A stack at RSP. */
CPU_GUEST guest_push[] = {
    0x50,                                        /* push rax */
    0x59,                                        /* pop rcx */
    0xe8, 0x09, 0x00, 0x00, 0x00,                /* call 1f */
    CPU_END,
    0x48, 0x89, 0xe2,                            /* 1: mov rdx, rsp */
    0xc3,                                        /* ret */
};

/* Writes RAX into RCX pages from RDI, RDX bytes apart, counting RAX up. */
CPU_GUEST guest_touch_pages[] = {
    0x48, 0x89, 0x07,                            /* 1: mov [rdi], rax */
    0x48, 0x01, 0xd7,                            /* add rdi, rdx */
    0x48, 0xff, 0xc0,                            /* inc rax */
    0x48, 0xff, 0xc9,                            /* dec rcx */
    0x75, 0xf2,                                  /* jnz 1b */
    CPU_END,
};

CPU_GUEST guest_add_at[] = {
    0x48, 0x83, 0x07, 0x25,                      /* add qword ptr [rdi], 37 */
    0x48, 0x8b, 0x0f,                            /* mov rcx, [rdi] */
    CPU_END,
};

CPU_GUEST guest_jump[] = {
    0xff, 0xe7,                                  /* jmp rdi */
};

CPU_GUEST guest_ud2[] = {
    0x0f, 0x0b,                                  /* ud2 */
    0xb8, 0x05, 0x00, 0x00, 0x00,                /* mov eax, 5 */
    CPU_END,
};

/* Interrupts off, work, interrupts on, spin until R15 changes; then off again. */
CPU_GUEST guest_window[] = {
    0xb8, 0x01, 0x00, 0x00, 0x00,                /* mov eax, 1 */
    0xfb,                                        /* sti */
    0x4d, 0x85, 0xff,                            /* 1: test r15, r15 */
    0x74, 0xfb,                                  /* jz 1b */
    0xfa,                                        /* cli */
    0xb8, 0x02, 0x00, 0x00, 0x00,                /* mov eax, 2 */
    0xf4,                                        /* hlt */
};

CPU_GUEST guest_sti_halt[] = {
    0xfb,                                        /* sti */
    0xf4,                                        /* hlt */
    0xb8, 0x03, 0x00, 0x00, 0x00,                /* mov eax, 3 */
    0xf4,                                        /* hlt */
};

/* Ring 3: spins until R15 changes. */
CPU_GUEST guest_wait[] = {
    0x4d, 0x85, 0xff,                            /* 1: test r15, r15 */
    0x74, 0xfb,                                  /* jz 1b */
    CPU_END,
};

/* Ring 3: counts up what RDI points to, RCX times. */
CPU_GUEST guest_count[] = {
    0x48, 0xff, 0x07,                            /* 1: inc qword ptr [rdi] */
    0x48, 0xff, 0xc9,                            /* dec rcx */
    0x75, 0xf8,                                  /* jnz 1b */
    CPU_END,
    0xeb, 0xed,                                  /* jmp count */
};

/* Interrupt: counts in R15. */
CPU_GUEST guest_handler[] = {
    0x49, 0xff, 0xc7,                            /* inc r15 */
    0x48, 0xcf,                                  /* iretq */
};

/* Exception without error code: counts in R15, skips two bytes. */
CPU_GUEST guest_skip_handler[] = {
    0x49, 0xff, 0xc7,                            /* inc r15 */
    0x48, 0x83, 0x04, 0x24, 0x02,                /* add qword ptr [rsp], 2 */
    0x48, 0xcf,                                  /* iretq */
};

/* An instruction whose second half is in the next page: put at the page's last bytes. */
CPU_GUEST guest_cross_nops[] = {
    0x48, 0xb8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, /* movabs rax, 0x1122334455667788 */
    CPU_END,
};

/* Adds up the first words of RCX pages from RDI, RDX bytes apart. */
CPU_GUEST guest_sum_pages[] = {
    0x48, 0x03, 0x07,                            /* 1: add rax, [rdi] */
    0x48, 0x01, 0xd7,                            /* add rdi, rdx */
    0x48, 0xff, 0xc9,                            /* dec rcx */
    0x75, 0xf5,                                  /* jnz 1b */
    CPU_END,
};

/* What KVM cannot emulate when RDI is absent. */
CPU_GUEST guest_x87_load[] = {
    0xdd, 0x07,                                  /* fld qword ptr [rdi] */
    CPU_END,
};

/* Tells the device at RBX that it runs, then counts for ever. */
CPU_GUEST guest_tell_and_spin[] = {
    0x89, 0x03,                                  /* mov [rbx], eax */
    0x48, 0xff, 0xc0,                            /* 1: inc rax */
    0xeb, 0xfb,                                  /* jmp 1b */
};

/* clang-format on */
