/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-encode.h: one instruction of 64-bit mode to bytes (Intel SDM vol. 2, 2.1 and 2.2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DIFF_NO_REG 0xffu

typedef struct {
    uint8_t base, index; /* DIFF_NO_REG: none */
    uint8_t scale;       /* log2 */
    bool rip_relative;   /* disp is the address meant */
    int64_t disp;
} DiffMemory;

typedef struct {
    uint8_t opcode;
    bool two_bytes; /* 0F before the opcode */
    uint8_t size;   /* of operands: 1, 2, 4, 8 */
    bool default64; /* 8 needs no REX.W */
    bool has_modrm;
    uint8_t reg, rm;        /* register numbers, or the opcode's extension in reg */
    bool byte_reg, byte_rm; /* they are byte registers: 4..7 are SPL..DIL unless no_rex */
    bool no_rex;            /* 4..7 of byte registers are AH..BH; all registers are below 8 */
    bool in_memory;         /* E is memory rather than rm */
    DiffMemory memory;
    uint8_t immediate_bytes;
    uint64_t immediate;
    uint8_t rep;     /* 0, F2 or F3 */
    uint8_t segment; /* a segment prefix or 0 */
    bool lock, address32;
    bool needless_rex; /* 40 even where it changes nothing */
} DiffInsn;

/* Encodes insn, which will lie at address, into bytes (at least 20). Returns its length. */
unsigned diff_encode(const DiffInsn *insn, uint64_t address, uint8_t *bytes);
