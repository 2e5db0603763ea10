/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode.h: bytes to one x86-64 instruction.
 *
 * hv_decode() reads one instruction of 64-bit mode and describes it: which
 * instruction, which operands, how long. It knows nothing of registers' values
 * or of how instructions are executed, so it also serves the guest checker.
 *
 * The set of instructions is what compilers emit for `-march=x86-64
 * -mgeneral-regs-only`, plus the system instructions of a small 64-bit kernel.
 * Everything else (x87, SSE, AVX, BMI, cmpxchg16b, popcnt, lzcnt, rdtsc,
 * rdrand ...) is HV_DECODE_UNSUPPORTED: the interpreter raises #UD there, and
 * the checker refuses the image. The source for encodings is the Intel SDM,
 * volume 2, appendix A (opcode map).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    HV_DECODE_OK,
    HV_DECODE_TRUNCATED,   /* the instruction goes on past the bytes available */
    HV_DECODE_UNSUPPORTED, /* not an instruction of the set above: #UD */
    HV_DECODE_TOO_LONG,    /* more than 15 bytes: #GP(0) */
} HvDecodeStatus;

#define HV_MAX_INSN_BYTES 15u

typedef enum {
    /* The first eight are in the order of the opcode map and of group 1. */
    HV_I_ADD,
    HV_I_OR,
    HV_I_ADC,
    HV_I_SBB,
    HV_I_AND,
    HV_I_SUB,
    HV_I_XOR,
    HV_I_CMP,
    HV_I_TEST,
    HV_I_MOV,
    /* In the order of group 2. */
    HV_I_ROL,
    HV_I_ROR,
    HV_I_RCL,
    HV_I_RCR,
    HV_I_SHL,
    HV_I_SHR,
    HV_I_SAL,
    HV_I_SAR,
    HV_I_SHLD,
    HV_I_SHRD,
    HV_I_INC,
    HV_I_DEC,
    HV_I_NOT,
    HV_I_NEG,
    HV_I_MUL,
    HV_I_IMUL1,
    HV_I_IMUL,
    HV_I_DIV,
    HV_I_IDIV,
    HV_I_LEA,
    HV_I_MOVZX,
    HV_I_MOVSX,
    HV_I_XCHG,
    HV_I_XADD,
    HV_I_CMPXCHG,
    HV_I_CMPXCHG8B,
    HV_I_BSWAP,
    HV_I_BSF,
    HV_I_BSR,
    HV_I_BT,
    HV_I_BTS,
    HV_I_BTR,
    HV_I_BTC,
    HV_I_CMOV,
    HV_I_SETCC,
    HV_I_CBW,
    HV_I_CWD,
    HV_I_XLAT,
    HV_I_PUSH,
    HV_I_POP,
    HV_I_PUSHF,
    HV_I_POPF,
    HV_I_ENTER,
    HV_I_LEAVE,
    HV_I_LAHF,
    HV_I_SAHF,
    HV_I_CMC,
    HV_I_CLC,
    HV_I_STC,
    HV_I_CLD,
    HV_I_STD,
    HV_I_NOP, /* also pause, endbr64, prefetches and fences */
    HV_I_JCC,
    HV_I_JMP,
    HV_I_JMP_NEAR,
    HV_I_CALL,
    HV_I_CALL_NEAR,
    HV_I_RET,
    HV_I_LOOPNE,
    HV_I_LOOPE,
    HV_I_LOOP,
    HV_I_JRCXZ,
    HV_I_MOVS,
    HV_I_CMPS,
    HV_I_STOS,
    HV_I_LODS,
    HV_I_SCAS,
    HV_I_INS,
    HV_I_OUTS,
    HV_I_IN,
    HV_I_OUT,
    HV_I_INT3,
    HV_I_INT,
    HV_I_IRET,
    HV_I_RETF,
    HV_I_JMP_FAR,
    HV_I_CALL_FAR,
    HV_I_SYSCALL,
    HV_I_SYSRET,
    HV_I_HLT,
    HV_I_CLI,
    HV_I_STI,
    HV_I_CPUID,
    HV_I_PUSH_SEG,
    HV_I_POP_SEG,
    HV_I_MOV_FROM_SEG,
    HV_I_MOV_TO_SEG,
    HV_I_SGDT,
    HV_I_SIDT,
    HV_I_LGDT,
    HV_I_LIDT,
    HV_I_SLDT,
    HV_I_STR,
    HV_I_LLDT,
    HV_I_LTR,
    HV_I_SMSW,
    HV_I_LMSW,
    HV_I_INVLPG,
    HV_I_SWAPGS,
    HV_I_CLTS,
    HV_I_CACHE, /* invd, wbinvd */
    HV_I_MOV_FROM_CR,
    HV_I_MOV_TO_CR,
    HV_I_MOV_FROM_DR,
    HV_I_MOV_TO_DR,
    HV_I_RDMSR,
    HV_I_WRMSR,
    HV_I_COUNT
} HvInsnId;

/* Which operands. E is the register or memory operand of ModRM (rm / memory),
 * G the register of ModRM (reg), I the immediate. The first named is written. */
typedef enum {
    HV_FORM_NONE,
    HV_FORM_E,
    HV_FORM_EG,
    HV_FORM_GE,
    HV_FORM_EI,
    HV_FORM_GEI, /* imul r, r/m, imm */
    HV_FORM_EGI, /* shld and shrd by an immediate */
    HV_FORM_I,
    HV_FORM_J, /* a relative jump: imm is the distance from the next instruction */
} HvInsnForm;

#define HV_REG_NONE 16u   /* no base, no index */
#define HV_REG_HIGH 0x10u /* flag in a byte register's number: bits 8..15 (AH CH DH BH) */

typedef struct {
    HvInsnId id;
    HvInsnForm form;
    uint8_t length;
    uint8_t size;        /* operand size in bytes: 1, 2, 4, 8 */
    uint8_t source_size; /* of E, for movzx and movsx; else equal to size */
    uint8_t cc;          /* condition of jcc, setcc, cmovcc: 0..15 as encoded */
    uint8_t reg, rm;     /* register numbers; of byte registers with HV_REG_HIGH */
    bool memory;         /* E is in memory, at segment base + base + (index << shift) + disp */
    uint8_t base, index; /* HV_REG_NONE when absent */
    uint8_t shift;
    uint8_t segment;   /* HV_ES .. HV_GS: of the memory operand */
    bool rip_relative; /* disp counts from the next instruction */
    bool address32;    /* the address is cut to 32 bits (before the segment base) */
    bool lock;
    uint8_t rep; /* 0, 0xf3 or 0xf2 */
    bool rex_w;
    bool privileged; /* cannot be executed in ring 3 (with IOPL 0 and no I/O bitmap) */
    int64_t disp;
    int64_t imm;  /* sign-extended */
    uint8_t imm2; /* nesting level of enter */
} HvInsn;

/* Decodes the instruction that begins at bytes. On anything but HV_DECODE_OK
 * insn is undefined. */
HvDecodeStatus hv_decode(const uint8_t *bytes, size_t available, HvInsn *insn);

/* The same, for who only needs the length. Outputs are untouched on failure;
 * each may be NULL. */
HvDecodeStatus hv_decode_length(const uint8_t *bytes, size_t available, unsigned *ret_length,
                                bool *ret_privileged);
