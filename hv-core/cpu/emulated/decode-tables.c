/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode-tables.c: the opcode map of 64-bit mode (Intel SDM vol. 2, appendix
 * A), without what HvInsn does not support. An empty row is unsupported. */
#include "hv-core/cpu/emulated/decode-tables.h"

enum {
    M = HV_ROW_MODRM,
    B = HV_ROW_BYTE,
    D64 = HV_ROW_DEFAULT64,
    S64 = HV_ROW_SIZE64,
    I8 = HV_ROW_IMM8,
    I16 = HV_ROW_IMM16,
    IZ = HV_ROW_IMM,
    LK = HV_ROW_LOCK,
    PRIV = HV_ROW_PRIVILEGED,
    MEM = HV_ROW_MEMORY_ONLY,
    REG = HV_ROW_REGISTER_ONLY,
    OPREG = HV_ROW_OPCODE_REG,
    CR = HV_ROW_MODRM | HV_ROW_MOD_IGNORED | HV_ROW_SIZE64 | HV_ROW_PRIVILEGED,
};

typedef enum {
    GROUP_1,  /* add .. cmp E, I */
    GROUP_2,  /* shifts */
    GROUP_3,  /* test, not, neg, mul, div */
    GROUP_4,  /* inc, dec byte */
    GROUP_5,  /* inc, dec, call, jmp, push */
    GROUP_6,  /* sldt, str, lldt, ltr */
    GROUP_7,  /* descriptor tables, invlpg, swapgs */
    GROUP_8,  /* bt E, imm8 */
    GROUP_9,  /* cmpxchg8b */
    GROUP_11, /* mov E, I */
    GROUP_POP,
    GROUP_FENCE,
    GROUP_COUNT
} HvOpcodeGroup;

#define ROW(name, operands, bits)                                                                  \
    {                                                                                              \
        .id = HV_I_##name, .form = HV_FORM_##operands + 1, .flags = (bits)                         \
    }
/* bits count for all rows of the group. */
#define GRP(group, bits)                                                                           \
    {                                                                                              \
        .id = (group), .flags = HV_ROW_GROUP | (bits)                                              \
    }

#define ALU(first, name, lock)                                                                     \
    [first] = ROW(name, EG, M | B | (lock)), [(first) + 1] = ROW(name, EG, M | (lock)),            \
    [(first) + 2] = ROW(name, GE, M | B), [(first) + 3] = ROW(name, GE, M),                        \
    [(first) + 4] = ROW(name, EI, B | I8), [(first) + 5] = ROW(name, EI, IZ)

#define ROW8(first, ...)                                                                           \
    [first] = __VA_ARGS__, [(first) + 1] = __VA_ARGS__, [(first) + 2] = __VA_ARGS__,               \
    [(first) + 3] = __VA_ARGS__, [(first) + 4] = __VA_ARGS__, [(first) + 5] = __VA_ARGS__,         \
    [(first) + 6] = __VA_ARGS__, [(first) + 7] = __VA_ARGS__

const HvOpcodeRow hv_opcodes[256] = {
    ALU(0x00, ADD, LK),
    ALU(0x08, OR, LK),
    ALU(0x10, ADC, LK),
    ALU(0x18, SBB, LK),
    ALU(0x20, AND, LK),
    ALU(0x28, SUB, LK),
    ALU(0x30, XOR, LK),
    ALU(0x38, CMP, 0),
    ROW8(0x50, ROW(PUSH, E, OPREG | D64)),
    ROW8(0x58, ROW(POP, E, OPREG | D64)),
    [0x63] = ROW(MOVSX, GE, M | HV_ROW_SOURCE32),
    [0x68] = ROW(PUSH, I, D64 | IZ),
    [0x69] = ROW(IMUL, GEI, M | IZ),
    [0x6a] = ROW(PUSH, I, D64 | I8),
    [0x6b] = ROW(IMUL, GEI, M | I8),
    [0x6c] = ROW(INS, NONE, B | PRIV),
    [0x6d] = ROW(INS, NONE, PRIV),
    [0x6e] = ROW(OUTS, NONE, B | PRIV),
    [0x6f] = ROW(OUTS, NONE, PRIV),
    ROW8(0x70, ROW(JCC, J, S64 | I8)),
    ROW8(0x78, ROW(JCC, J, S64 | I8)),
    [0x80] = GRP(GROUP_1, B | I8),
    [0x81] = GRP(GROUP_1, IZ),
    [0x83] = GRP(GROUP_1, I8),
    [0x84] = ROW(TEST, EG, M | B),
    [0x85] = ROW(TEST, EG, M),
    [0x86] = ROW(XCHG, EG, M | B | LK),
    [0x87] = ROW(XCHG, EG, M | LK),
    [0x88] = ROW(MOV, EG, M | B),
    [0x89] = ROW(MOV, EG, M),
    [0x8a] = ROW(MOV, GE, M | B),
    [0x8b] = ROW(MOV, GE, M),
    [0x8c] = ROW(MOV_FROM_SEG, EG, M),
    [0x8d] = ROW(LEA, GE, M | MEM),
    [0x8e] = ROW(MOV_TO_SEG, GE, M | HV_ROW_SOURCE16),
    [0x8f] = GRP(GROUP_POP, D64),
    ROW8(0x90, ROW(XCHG, EG, OPREG)),
    [0x98] = ROW(CBW, NONE, 0),
    [0x99] = ROW(CWD, NONE, 0),
    [0x9c] = ROW(PUSHF, NONE, D64),
    [0x9d] = ROW(POPF, NONE, D64),
    [0x9e] = ROW(SAHF, NONE, 0),
    [0x9f] = ROW(LAHF, NONE, 0),
    [0xa0] = ROW(MOV, GE, B | HV_ROW_MOFFS),
    [0xa1] = ROW(MOV, GE, HV_ROW_MOFFS),
    [0xa2] = ROW(MOV, EG, B | HV_ROW_MOFFS),
    [0xa3] = ROW(MOV, EG, HV_ROW_MOFFS),
    [0xa4] = ROW(MOVS, NONE, B),
    [0xa5] = ROW(MOVS, NONE, 0),
    [0xa6] = ROW(CMPS, NONE, B),
    [0xa7] = ROW(CMPS, NONE, 0),
    [0xa8] = ROW(TEST, EI, B | I8),
    [0xa9] = ROW(TEST, EI, IZ),
    [0xaa] = ROW(STOS, NONE, B),
    [0xab] = ROW(STOS, NONE, 0),
    [0xac] = ROW(LODS, NONE, B),
    [0xad] = ROW(LODS, NONE, 0),
    [0xae] = ROW(SCAS, NONE, B),
    [0xaf] = ROW(SCAS, NONE, 0),
    ROW8(0xb0, ROW(MOV, EI, OPREG | B | I8)),
    ROW8(0xb8, ROW(MOV, EI, OPREG | HV_ROW_IMM_FULL)),
    [0xc0] = GRP(GROUP_2, B | I8),
    [0xc1] = GRP(GROUP_2, I8),
    [0xc2] = ROW(RET, I, S64 | I16),
    [0xc3] = ROW(RET, NONE, S64),
    [0xc6] = GRP(GROUP_11, B | I8),
    [0xc7] = GRP(GROUP_11, IZ),
    [0xc8] = ROW(ENTER, I, D64 | I16),
    [0xc9] = ROW(LEAVE, NONE, D64),
    [0xca] = ROW(RETF, I, I16),
    [0xcb] = ROW(RETF, NONE, 0),
    [0xcc] = ROW(INT3, NONE, 0),
    [0xcd] = ROW(INT, I, B | I8),
    [0xcf] = ROW(IRET, NONE, 0),
    [0xd0] = GRP(GROUP_2, B | HV_ROW_ONE),
    [0xd1] = GRP(GROUP_2, HV_ROW_ONE),
    [0xd2] = GRP(GROUP_2, B),
    [0xd3] = GRP(GROUP_2, 0),
    [0xd7] = ROW(XLAT, NONE, B),
    [0xe0] = ROW(LOOPNE, J, S64 | I8),
    [0xe1] = ROW(LOOPE, J, S64 | I8),
    [0xe2] = ROW(LOOP, J, S64 | I8),
    [0xe3] = ROW(JRCXZ, J, S64 | I8),
    [0xe4] = ROW(IN, I, B | I8 | PRIV),
    [0xe5] = ROW(IN, I, I8 | PRIV),
    [0xe6] = ROW(OUT, I, B | I8 | PRIV),
    [0xe7] = ROW(OUT, I, I8 | PRIV),
    [0xe8] = ROW(CALL, J, S64 | IZ),
    [0xe9] = ROW(JMP, J, S64 | IZ),
    [0xeb] = ROW(JMP, J, S64 | I8),
    [0xec] = ROW(IN, NONE, B | PRIV),
    [0xed] = ROW(IN, NONE, PRIV),
    [0xee] = ROW(OUT, NONE, B | PRIV),
    [0xef] = ROW(OUT, NONE, PRIV),
    [0xf4] = ROW(HLT, NONE, PRIV),
    [0xf5] = ROW(CMC, NONE, 0),
    [0xf6] = GRP(GROUP_3, B),
    [0xf7] = GRP(GROUP_3, 0),
    [0xf8] = ROW(CLC, NONE, 0),
    [0xf9] = ROW(STC, NONE, 0),
    [0xfa] = ROW(CLI, NONE, PRIV),
    [0xfb] = ROW(STI, NONE, PRIV),
    [0xfc] = ROW(CLD, NONE, 0),
    [0xfd] = ROW(STD, NONE, 0),
    [0xfe] = GRP(GROUP_4, B),
    [0xff] = GRP(GROUP_5, 0),
};

const HvOpcodeRow hv_opcodes_0f[256] = {
    [0x00] = GRP(GROUP_6, 0),
    [0x01] = GRP(GROUP_7, 0),
    [0x05] = ROW(SYSCALL, NONE, 0),
    [0x06] = ROW(CLTS, NONE, PRIV),
    [0x07] = ROW(SYSRET, NONE, PRIV),
    [0x08] = ROW(CACHE, NONE, PRIV),
    [0x09] = ROW(CACHE, NONE, PRIV),
    [0x0d] = ROW(NOP, E, M | MEM),
    ROW8(0x18, ROW(NOP, E, M)),
    [0x20] = ROW(MOV_FROM_CR, EG, CR),
    [0x21] = ROW(MOV_FROM_DR, EG, CR),
    [0x22] = ROW(MOV_TO_CR, GE, CR),
    [0x23] = ROW(MOV_TO_DR, GE, CR),
    [0x30] = ROW(WRMSR, NONE, PRIV),
    [0x32] = ROW(RDMSR, NONE, PRIV),
    ROW8(0x40, ROW(CMOV, GE, M)),
    ROW8(0x48, ROW(CMOV, GE, M)),
    ROW8(0x80, ROW(JCC, J, S64 | IZ)),
    ROW8(0x88, ROW(JCC, J, S64 | IZ)),
    ROW8(0x90, ROW(SETCC, E, M | B)),
    ROW8(0x98, ROW(SETCC, E, M | B)),
    [0xa0] = ROW(PUSH_SEG, NONE, D64 | HV_ROW_OPCODE_SEG),
    [0xa1] = ROW(POP_SEG, NONE, D64 | HV_ROW_OPCODE_SEG),
    [0xa2] = ROW(CPUID, NONE, 0),
    [0xa3] = ROW(BT, EG, M),
    [0xa4] = ROW(SHLD, EGI, M | I8),
    [0xa5] = ROW(SHLD, EG, M),
    [0xa8] = ROW(PUSH_SEG, NONE, D64 | HV_ROW_OPCODE_SEG),
    [0xa9] = ROW(POP_SEG, NONE, D64 | HV_ROW_OPCODE_SEG),
    [0xab] = ROW(BTS, EG, M | LK),
    [0xac] = ROW(SHRD, EGI, M | I8),
    [0xad] = ROW(SHRD, EG, M),
    [0xae] = GRP(GROUP_FENCE, 0),
    [0xaf] = ROW(IMUL, GE, M),
    [0xb0] = ROW(CMPXCHG, EG, M | B | LK),
    [0xb1] = ROW(CMPXCHG, EG, M | LK),
    [0xb3] = ROW(BTR, EG, M | LK),
    [0xb6] = ROW(MOVZX, GE, M | HV_ROW_SOURCE8),
    [0xb7] = ROW(MOVZX, GE, M | HV_ROW_SOURCE16),
    [0xba] = GRP(GROUP_8, I8),
    [0xbb] = ROW(BTC, EG, M | LK),
    [0xbc] = ROW(BSF, GE, M),
    [0xbd] = ROW(BSR, GE, M),
    [0xbe] = ROW(MOVSX, GE, M | HV_ROW_SOURCE8),
    [0xbf] = ROW(MOVSX, GE, M | HV_ROW_SOURCE16),
    [0xc0] = ROW(XADD, EG, M | B | LK),
    [0xc1] = ROW(XADD, EG, M | LK),
    [0xc7] = GRP(GROUP_9, 0),
    ROW8(0xc8, ROW(BSWAP, E, OPREG)),
};

static const HvOpcodeRow groups[GROUP_COUNT][8] = {
    [GROUP_1] = {ROW(ADD, EI, M | LK), ROW(OR, EI, M | LK), ROW(ADC, EI, M | LK),
                 ROW(SBB, EI, M | LK), ROW(AND, EI, M | LK), ROW(SUB, EI, M | LK),
                 ROW(XOR, EI, M | LK), ROW(CMP, EI, M)},
    [GROUP_2] = {ROW(ROL, E, M), ROW(ROR, E, M), ROW(RCL, E, M), ROW(RCR, E, M), ROW(SHL, E, M),
                 ROW(SHR, E, M), ROW(SHL, E, M), ROW(SAR, E, M)},
    [GROUP_3] = {ROW(TEST, EI, M | IZ), ROW(TEST, EI, M | IZ), ROW(NOT, E, M | LK),
                 ROW(NEG, E, M | LK), ROW(MUL, E, M), ROW(IMUL1, E, M), ROW(DIV, E, M),
                 ROW(IDIV, E, M)},
    [GROUP_4] = {ROW(INC, E, M | LK), ROW(DEC, E, M | LK)},
    [GROUP_5] = {ROW(INC, E, M | LK), ROW(DEC, E, M | LK), ROW(CALL_NEAR, E, M | S64),
                 ROW(CALL_FAR, E, M | MEM), ROW(JMP_NEAR, E, M | S64), ROW(JMP_FAR, E, M | MEM),
                 ROW(PUSH, E, M | D64)},
    [GROUP_6] = {ROW(SLDT, E, M), ROW(STR, E, M), ROW(LLDT, E, M | PRIV | HV_ROW_SOURCE16),
                 ROW(LTR, E, M | PRIV | HV_ROW_SOURCE16)},
    [GROUP_7] = {ROW(SGDT, E, M | MEM),
                 ROW(SIDT, E, M | MEM),
                 ROW(LGDT, E, M | MEM | PRIV),
                 ROW(LIDT, E, M | MEM | PRIV),
                 ROW(SMSW, E, M),
                 {0},
                 ROW(LMSW, E, M | PRIV | HV_ROW_SOURCE16),
                 ROW(INVLPG, E, M | MEM | PRIV)},
    [GROUP_8] = {{0},
                 {0},
                 {0},
                 {0},
                 ROW(BT, EI, M),
                 ROW(BTS, EI, M | LK),
                 ROW(BTR, EI, M | LK),
                 ROW(BTC, EI, M | LK)},
    [GROUP_9] = {{0}, ROW(CMPXCHG8B, E, M | LK | MEM)},
    [GROUP_11] = {ROW(MOV, EI, M)},
    [GROUP_POP] = {ROW(POP, E, M)},
    [GROUP_FENCE] = {{0},
                     {0},
                     {0},
                     {0},
                     {0},
                     ROW(NOP, NONE, M | REG | HV_ROW_NO_PREFIX),
                     ROW(NOP, NONE, M | REG | HV_ROW_NO_PREFIX),
                     ROW(NOP, NONE, M | REG | HV_ROW_NO_PREFIX)},
};

const HvOpcodeRow *hv_opcode_group(unsigned group, unsigned reg, bool is_register, unsigned rm)
{
    static const HvOpcodeRow swapgs = ROW(SWAPGS, NONE, M | PRIV);
    static const HvOpcodeRow unsupported = {0};

    if (group == GROUP_7 && is_register && reg == 7)
        return rm == 0 ? &swapgs : &unsupported;
    return &groups[group][reg];
}
