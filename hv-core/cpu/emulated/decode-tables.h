/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode-tables.h: the opcode map as rows. Private to decode.c. */
#pragma once

#include "hv-core/cpu/emulated/decode.h"

enum {
    HV_ROW_MODRM = 1u << 0,
    HV_ROW_GROUP = 1u << 1,     /* id is a group; ModRM.reg picks the row */
    HV_ROW_BYTE = 1u << 2,      /* operand size 1 */
    HV_ROW_DEFAULT64 = 1u << 3, /* 8 bytes, or 2 with the 66 prefix */
    HV_ROW_SIZE64 = 1u << 4,    /* always 8 bytes */
    HV_ROW_IMM8 = 1u << 6,      /* a sign-extended byte */
    HV_ROW_IMM16 = 1u << 7,
    HV_ROW_IMM = 1u << 8,      /* as wide as the operand, at most 4 */
    HV_ROW_IMM_FULL = 1u << 9, /* as wide as the operand */
    HV_ROW_ONE = 1u << 10,     /* the immediate is 1, without a byte for it */
    HV_ROW_LOCK = 1u << 11,    /* LOCK allowed */
    HV_ROW_PRIVILEGED = 1u << 12,
    HV_ROW_MEMORY_ONLY = 1u << 13,
    HV_ROW_REGISTER_ONLY = 1u << 14,
    HV_ROW_OPCODE_REG = 1u << 15, /* E is the register in the opcode's low bits */
    HV_ROW_OPCODE_SEG = 1u << 16,
    HV_ROW_SOURCE8 = 1u << 17, /* E is narrower than the operand size */
    HV_ROW_SOURCE16 = 1u << 18,
    HV_ROW_SOURCE32 = 1u << 19,
    HV_ROW_MOFFS = 1u << 20,       /* E is in memory at an absolute address */
    HV_ROW_MOD_IGNORED = 1u << 21, /* ModRM.rm is a register whatever mod says */
    HV_ROW_NO_PREFIX = 1u << 22,   /* 66, f2, f3 make another instruction of it */

    HV_ROW_ANY_IMM = HV_ROW_IMM8 | HV_ROW_IMM16 | HV_ROW_IMM | HV_ROW_IMM_FULL,
    HV_ROW_UNSUPPORTED = 0, /* of form: the row is empty */
};

typedef struct {
    uint8_t id;   /* HvInsnId or HvOpcodeGroup */
    uint8_t form; /* HvInsnForm + 1, or HV_ROW_UNSUPPORTED */
    uint32_t flags;
} HvOpcodeRow;

extern const HvOpcodeRow hv_opcodes[256];
extern const HvOpcodeRow hv_opcodes_0f[256];

/* The row of group for ModRM.reg reg; of some groups it depends on whether rm
 * is a register, and which. */
const HvOpcodeRow *hv_opcode_group(unsigned group, unsigned reg, bool is_register, unsigned rm);
