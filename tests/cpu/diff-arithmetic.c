/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-arithmetic.c: arithmetic, logic, shifts, bits. Encodings and undefined
 * flags: Intel SDM vol. 2, each instruction's own page. */
#include "tests/cpu/diff-generate-private.h"

static unsigned bits_of(const DiffInsn *insn)
{
    return insn->size * 8u;
}

static unsigned immediate_size(const DiffInsn *insn)
{
    return insn->size == 8 ? 4 : insn->size;
}

/* G and E in either order; returns which of them is written. */
static bool pick_two(DiffGenerator *g, DiffInsn *insn, unsigned use, bool lockable)
{
    bool byte = insn->size == 1;
    bool to_reg = diff_chance(g, 50);
    bool lock = lockable && !to_reg && diff_chance(g, 15);

    insn->has_modrm = true;
    insn->opcode |= to_reg ? 2 : 0;
    diff_pick_reg(g, insn, byte, to_reg && use & DIFF_WRITE);
    use = to_reg ? DIFF_READ : use;
    if (lock)
        diff_pick_memory(g, insn, insn->size, use | DIFF_ALIGNED);
    else
        diff_pick_rm(g, insn, byte, insn->size, use);
    insn->lock = lock;
    return to_reg;
}

/* ---- The eight of group 1, and TEST --------------------------------------- */

enum { OR = 1, ADC = 2, SBB = 3, AND = 4, XOR = 6, CMP = 7 };

static void emit_alu(DiffGenerator *g)
{
    unsigned op = diff_below(g, 8);
    DiffInsn insn = diff_begin(g, op << 3, 1);
    bool byte = insn.size == 1;
    unsigned use = op == CMP ? DIFF_READ : DIFF_READ | DIFF_WRITE;
    unsigned form = diff_below(g, 10);
    bool to_reg = false;

    if (op == ADC || op == SBB)
        diff_need_flags(g, DIFF_CF);
    insn.opcode |= !byte;
    if (form < 6) {
        to_reg = pick_two(g, &insn, use, op != CMP);
    } else if (form == 6) { /* AL, AX, EAX, RAX with an immediate */
        insn.opcode |= 4;
        diff_pick_immediate(g, &insn, immediate_size(&insn));
    } else {
        bool lock = op != CMP && diff_chance(g, 15);
        bool short_one = !byte && diff_chance(g, 50);
        insn.opcode = byte ? 0x80 : short_one ? 0x83 : 0x81;
        insn.reg = (uint8_t)op;
        diff_pick_immediate(g, &insn, short_one ? 1 : immediate_size(&insn));
        if (lock)
            diff_pick_memory(g, &insn, insn.size, use | DIFF_ALIGNED);
        else
            diff_pick_rm(g, &insn, byte, insn.size, use);
        insn.lock = lock;
    }
    diff_emit(g, &insn);
    if (to_reg && use & DIFF_WRITE)
        diff_wrote(g, diff_whole(&insn, insn.reg, byte));
    else if (use & DIFF_WRITE)
        diff_wrote_rm(g, &insn); /* form 6: rm is 0, RAX */
    bool logic = op == OR || op == AND || op == XOR;
    diff_flags(g, DIFF_ARITHMETIC, logic ? DIFF_AF : 0);
}

static void emit_test(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, 0, 1);
    bool byte = insn.size == 1;

    switch (diff_below(g, 3)) {
    case 0:
        insn.opcode = 0x84 | !byte;
        diff_pick_reg(g, &insn, byte, false);
        diff_pick_rm(g, &insn, byte, insn.size, DIFF_READ);
        break;
    case 1:
        insn.opcode = 0xa8 | !byte;
        diff_pick_immediate(g, &insn, immediate_size(&insn));
        break;
    default:
        insn.opcode = 0xf6 | !byte;
        insn.reg = (uint8_t)diff_below(g, g->plain ? 1 : 2); /* both are TEST; Unicorn knows one */
        diff_pick_immediate(g, &insn, immediate_size(&insn));
        diff_pick_rm(g, &insn, byte, insn.size, DIFF_READ);
    }
    diff_emit(g, &insn);
    diff_flags(g, DIFF_ARITHMETIC, DIFF_AF);
}

/* ---- NOT NEG INC DEC MUL IMUL DIV IDIV ------------------------------------- */

static void emit_unary(DiffGenerator *g)
{
    unsigned op = diff_below(g, 4); /* inc, dec, not, neg */
    DiffInsn insn = diff_begin(g, op < 2 ? 0xfe : 0xf6, 1);
    bool byte = insn.size == 1;
    bool lock = diff_chance(g, 10) && !(g->plain && op == 3); /* Unicorn's LOCK NEG is wrong */

    insn.opcode |= !byte;
    insn.reg = (uint8_t)op;
    if (lock)
        diff_pick_memory(g, &insn, insn.size, DIFF_READ | DIFF_WRITE | DIFF_ALIGNED);
    else
        diff_pick_rm(g, &insn, byte, insn.size, DIFF_READ | DIFF_WRITE);
    insn.lock = lock;
    diff_emit(g, &insn);
    diff_wrote_rm(g, &insn);
    if (op < 2)
        diff_flags(g, DIFF_ARITHMETIC & ~DIFF_CF, 0);
    else if (op == 3)
        diff_flags(g, DIFF_ARITHMETIC, 0);
}

static void emit_multiply(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, 0xf6, 1);
    bool byte = insn.size == 1;

    if (byte || diff_chance(g, 40)) { /* MUL, IMUL E */
        insn.opcode |= !byte;
        insn.reg = (uint8_t)(4 + diff_below(g, 2));
        diff_pick_rm(g, &insn, byte, insn.size, DIFF_READ);
        diff_emit(g, &insn);
        diff_wrote(g, HV_RAX);
        diff_wrote(g, HV_RDX);
    } else {
        unsigned immediate = diff_below(g, 3); /* none, byte, as wide as the operand */
        if (immediate)
            diff_pick_immediate(g, &insn, immediate == 1 ? 1 : immediate_size(&insn));
        insn.opcode = immediate == 0 ? 0xaf : immediate == 1 ? 0x6b : 0x69;
        insn.two_bytes = immediate == 0;
        unsigned reg = diff_pick_reg(g, &insn, false, true);
        diff_pick_rm(g, &insn, false, insn.size, DIFF_READ);
        diff_emit(g, &insn);
        diff_wrote(g, reg);
    }
    diff_flags(g, DIFF_ARITHMETIC, DIFF_SF | DIFF_ZF | DIFF_AF | DIFF_PF);
}

static void emit_divide_by(DiffGenerator *g, DiffInsn *insn)
{
    insn->opcode = insn->size == 1 ? 0xf6 : 0xf7;
    insn->reg = (uint8_t)(6 + diff_below(g, 2));
    diff_flags(g, 0, DIFF_ARITHMETIC); /* before it: #DE may leave them any */
    diff_emit(g, insn);
    diff_wrote(g, HV_RAX);
    diff_wrote(g, HV_RDX);
}

/* One that does not fault: a small dividend, by a number that is not 0. */
static void emit_divide(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, 0, 1);

    if (g->wild) {
        diff_pick_rm(g, &insn, insn.size == 1, insn.size, DIFF_READ);
        emit_divide_by(g, &insn);
        return;
    }
    uint64_t most = insn.size == 1 ? 0x7f : (UINT64_C(1) << (bits_of(&insn) - 1)) - 1;
    uint64_t dividend = diff_interesting(g) & most;
    uint64_t divisor = diff_interesting(g) & most;
    bool negative = diff_chance(g, 20);
    diff_set_reg(g, HV_RAX, dividend);
    diff_set_reg(g, HV_RDX, 0);
    diff_set_reg(g, HV_RBX, divisor ? divisor : 3);
    insn.has_modrm = true;
    insn.byte_rm = insn.size == 1;
    insn.rm = HV_RBX;
    if (negative) { /* neg rbx: the dividend is positive, so no overflow either way */
        DiffInsn neg = diff_sized(g, 0xf7, 8);
        neg.has_modrm = true;
        neg.reg = 3;
        neg.rm = HV_RBX;
        diff_emit(g, &neg);
        diff_wrote(g, HV_RBX);
    }
    emit_divide_by(g, &insn);
}

/* ---- Shifts ----------------------------------------------------------------- */

enum { ROL, ROR, RCL, RCR, SHL, SHR, SAL, SAR };

#define COUNT_UNKNOWN 256u

/* count is masked; COUNT_UNKNOWN: it may be any. */
static void shift_flags(DiffGenerator *g, unsigned op, unsigned count, unsigned bits)
{
    bool rotate = op <= RCR;
    unsigned written = rotate ? DIFF_CF | DIFF_OF : DIFF_ARITHMETIC;
    unsigned undefined = count == 1 ? 0 : DIFF_OF;

    if (count == 0)
        return;
    if (!rotate)
        undefined |= DIFF_AF;
    if ((op == SHL || op == SHR || op == SAL) && count >= bits)
        undefined |= DIFF_CF;
    diff_flags(g, count == COUNT_UNKNOWN ? 0 : written, undefined);
}

/* CL gets a count that the generator knows, or keeps one that it does not. */
static unsigned count_in_cl(DiffGenerator *g, unsigned mask)
{
    if (diff_chance(g, 60))
        diff_set_reg(g, HV_RCX, diff_below(g, 4) ? diff_below(g, 70) : diff_interesting(g));
    return g->known & 1u << HV_RCX ? g->value[HV_RCX] & mask : COUNT_UNKNOWN;
}

static void emit_shift(DiffGenerator *g)
{
    unsigned op = diff_below(g, 8);
    DiffInsn insn = diff_begin(g, 0, 1);
    bool byte = insn.size == 1;
    unsigned mask = insn.size == 8 ? 63 : 31;
    unsigned form = diff_below(g, 3);
    unsigned count = 1;

    if (op == RCL || op == RCR)
        diff_need_flags(g, DIFF_CF);
    if (form == 0) {
        unsigned immediate = diff_chance(g, 30) ? diff_below(g, 3) : diff_below(g, 256);
        insn.immediate = immediate;
        insn.immediate_bytes = 1;
        count = immediate & mask;
    } else if (form == 1) {
        count = count_in_cl(g, mask);
    }
    insn.opcode = (form == 0 ? 0xc0 : form == 1 ? 0xd2 : 0xd0) | !byte;
    insn.reg = (uint8_t)op;
    diff_pick_rm(g, &insn, byte, insn.size, DIFF_READ | DIFF_WRITE);
    diff_emit(g, &insn);
    diff_wrote_rm(g, &insn);
    shift_flags(g, op, count, bits_of(&insn));
}

/* A count beyond the width (16 bits) would leave the result undefined. */
static void emit_double_shift(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, diff_chance(g, 50) ? 0x0fa4 : 0x0fac, 2);
    unsigned most = insn.size == 2 ? 17 : bits_of(&insn);
    unsigned count = diff_below(g, most);

    diff_pick_reg(g, &insn, false, false);
    if (g->plain || diff_chance(g, 50)) { /* Unicorn forgets the immediate in RIP + disp */
        insn.opcode |= 1;
        diff_set_reg(g, HV_RCX, count | (diff_random(g) & ~UINT64_C(63)));
    } else {
        insn.immediate = count;
        insn.immediate_bytes = 1;
    }
    diff_pick_rm(g, &insn, false, insn.size, DIFF_READ | DIFF_WRITE);
    diff_emit(g, &insn);
    diff_wrote_rm(g, &insn);
    if (count)
        diff_flags(g, DIFF_ARITHMETIC, DIFF_AF | (count > 1 ? DIFF_OF : 0));
}

/* ---- Bits ---------------------------------------------------------------- */

/* BT BTS BTR BTC. With a bit number in a register memory is a string of bits,
 * so the number must be one that the generator knows. */
static void emit_bit(DiffGenerator *g)
{
    unsigned op = diff_below(g, 4);
    unsigned use = op == 0 ? DIFF_READ : DIFF_READ | DIFF_WRITE;
    DiffInsn insn = diff_begin(g, 0x0fba, 2);
    bool memory = g->wild || diff_chance(g, 50);

    insn.has_modrm = true;
    insn.lock = memory && op && diff_chance(g, 10);
    if (insn.lock)
        use |= DIFF_ALIGNED;
    if (diff_chance(g, 50)) {
        insn.reg = (uint8_t)(4 + op);
        diff_pick_immediate(g, &insn, 1);
        if (memory)
            diff_pick_memory(g, &insn, insn.size, use);
    } else if (memory) {
        int64_t number = (int64_t)(diff_random(g) % 4096) - 2048;
        insn.opcode = (uint8_t)(0xa3 + 8 * op);
        insn.reg = diff_chance(g, 50) ? HV_RDX : HV_RAX;
        diff_set_reg(g, insn.reg,
                     insn.size == 8   ? (uint64_t)number
                     : insn.size == 4 ? (uint32_t)number
                                      : (uint16_t)number);
        int64_t word = number >> (insn.size == 8 ? 6 : insn.size == 4 ? 5 : 4);
        uint64_t target = diff_target(g, insn.size, use);
        diff_address(g, &insn, target - (uint64_t)(word * insn.size));
        if (insn.address32 && !g->native && g->wild)
            insn.address32 = false;
    } else {
        insn.opcode = (uint8_t)(0xa3 + 8 * op);
        diff_pick_reg(g, &insn, false, false);
    }
    if (!memory)
        diff_pick_rm_reg(g, &insn, false, op != 0);
    diff_emit(g, &insn);
    if (op)
        diff_wrote_rm(g, &insn);
    diff_flags(g, DIFF_CF, DIFF_OF | DIFF_SF | DIFF_AF | DIFF_PF);
}

/* BSF, BSR: of 0 the result is undefined, so a CMOVZ replaces it. */
static void emit_scan(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, diff_chance(g, 50) ? 0x0fbc : 0x0fbd, 2);
    unsigned reg = diff_pick_reg(g, &insn, false, true);

    diff_pick_rm(g, &insn, false, insn.size, DIFF_READ);
    diff_emit(g, &insn);
    diff_wrote(g, reg);
    diff_flags(g, DIFF_ZF, DIFF_ARITHMETIC & ~DIFF_ZF);
    DiffInsn cmovz = diff_sized(g, 0x0f44, 8);
    cmovz.has_modrm = true;
    cmovz.reg = (uint8_t)reg;
    cmovz.rm = HV_RSP;
    diff_emit(g, &cmovz);
}

/* ---- Flags themselves ------------------------------------------------------ */

static void emit_flag(DiffGenerator *g)
{
    static const uint8_t opcodes[] = {0xf5, 0xf8, 0xf9, 0xfc, 0xfd}; /* cmc clc stc cld std */
    unsigned which = diff_below(g, 5);

    if (which == 0)
        diff_need_flags(g, DIFF_CF);
    diff_emit_bytes(g, &opcodes[which], 1);
    if (which < 3)
        diff_flags(g, DIFF_CF, 0);
}

static void emit_ah_flags(DiffGenerator *g)
{
    unsigned flags = DIFF_SF | DIFF_ZF | DIFF_AF | DIFF_PF | DIFF_CF;

    if (diff_chance(g, 50)) {
        diff_emit_bytes(g, "\x9e", 1); /* sahf */
        diff_flags(g, flags, 0);
    } else {
        diff_need_flags(g, flags);
        diff_emit_bytes(g, "\x9f", 1); /* lahf */
        diff_wrote(g, HV_RAX);
    }
}

/* CBW CWDE CDQE, CWD CDQ CQO. */
static void emit_widen(DiffGenerator *g)
{
    bool accumulator = diff_chance(g, 50);
    DiffInsn insn = diff_begin(g, accumulator ? 0x98 : 0x99, 2);

    diff_emit(g, &insn);
    diff_wrote(g, accumulator ? HV_RAX : HV_RDX);
}

const DiffKind diff_arithmetic_kinds[] = {
    {emit_alu, 30},
    {emit_test, 6},
    {emit_unary, 8},
    {emit_multiply, 8},
    {emit_divide, 3},
    {emit_shift, 20},
    {emit_double_shift, 8},
    {emit_bit, 8},
    {emit_scan, 5},
    {emit_flag, 5},
    {emit_ah_flags, 3},
    {emit_widen, 4},
    {0},
};
