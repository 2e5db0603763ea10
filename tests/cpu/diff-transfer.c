/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-transfer.c: moves, exchanges, strings, the stack, branches. */
#include "tests/cpu/diff-generate-private.h"

#include <glib.h>
#include <string.h>

unsigned diff_condition_flags(unsigned cc)
{
    static const uint16_t flags[] = {
        DIFF_OF, DIFF_CF, DIFF_ZF,           DIFF_CF | DIFF_ZF,
        DIFF_SF, DIFF_PF, DIFF_SF | DIFF_OF, DIFF_ZF | DIFF_SF | DIFF_OF,
    };

    return flags[cc >> 1];
}

/* ---- Moves ------------------------------------------------------------------ */

static void emit_move(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, 0x88, 1);
    bool byte = insn.size == 1;

    insn.opcode |= !byte;
    if (diff_chance(g, 50)) { /* to a register */
        insn.opcode |= 2;
        unsigned reg = diff_pick_reg(g, &insn, byte, true);
        diff_pick_rm(g, &insn, byte, insn.size, DIFF_READ);
        diff_emit(g, &insn);
        diff_wrote(g, reg);
        return;
    }
    if (diff_chance(g, 50)) {
        diff_pick_reg(g, &insn, byte, false);
    } else {
        insn.opcode = 0xc6 | !byte;
        diff_pick_immediate(g, &insn, insn.size == 8 ? 4 : insn.size);
    }
    diff_pick_rm(g, &insn, byte, insn.size, DIFF_WRITE);
    diff_emit(g, &insn);
    diff_wrote_rm(g, &insn);
}

static void emit_move_immediate(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, 0xb0, 1);

    insn.opcode = insn.size == 1 ? 0xb0 : 0xb8;
    diff_pick_rm_reg(g, &insn, insn.size == 1, true);
    diff_pick_immediate(g, &insn, insn.size);
    diff_emit(g, &insn);
    diff_wrote_rm(g, &insn);
}

/* A register that the generator then knows: an address, or a small number. */
static void emit_known(DiffGenerator *g)
{
    unsigned reg = diff_below(g, HV_GPR_COUNT);

    if (reg != HV_RSP)
        diff_set_reg(g, reg,
                     diff_chance(g, 60) ? DIFF_DATA + diff_below(g, 3 * DIFF_PAGE)
                                        : diff_below(g, 64));
}

static void emit_move_offset(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, 0xa0, 1);
    bool write = diff_chance(g, 50);
    uint64_t target = diff_target(g, insn.size, write ? DIFF_WRITE : DIFF_READ);

    insn.opcode |= (insn.size != 1) | (write ? 2 : 0);
    insn.address32 = target >> 32 == 0 && diff_chance(g, 20);
    insn.immediate = target;
    insn.immediate_bytes = insn.address32 ? 4 : 8;
    diff_emit(g, &insn);
    if (!write)
        diff_wrote(g, HV_RAX);
}

/* MOVZX, MOVSX, MOVSXD. */
static void emit_extend(DiffGenerator *g)
{
    static const uint16_t opcodes[] = {0x0fb6, 0x0fb7, 0x0fbe, 0x0fbf, 0x63};
    static const uint8_t bytes[] = {1, 2, 1, 2, 4};
    unsigned which = diff_below(g, 5);
    DiffInsn insn = diff_begin(g, opcodes[which], 2);
    bool byte = bytes[which] == 1;

    if (which == 4 && insn.size == 2)
        insn.size = 8; /* MOVSXD of 16 bits is odd, and reads how much? */
    unsigned reg = diff_pick_reg(g, &insn, false, true);
    insn.has_modrm = true;
    if (byte && insn.size != 8 && diff_chance(g, 30)) {
        insn.no_rex = true; /* AH..BH */
        insn.reg &= 7;
        if (insn.reg == HV_RSP)
            insn.reg = HV_RBP;
        reg = insn.reg;
    }
    diff_pick_rm(g, &insn, byte, bytes[which], DIFF_READ);
    diff_emit(g, &insn);
    diff_wrote(g, reg);
}

/* Any base, any index: nothing is accessed. */
static void emit_lea(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, 0x8d, 2);
    unsigned reg = diff_pick_reg(g, &insn, false, true);
    unsigned index = diff_below(g, 20);

    insn.has_modrm = true;
    insn.in_memory = true;
    insn.address32 = diff_chance(g, 15);
    insn.memory.base = diff_chance(g, 80) ? (uint8_t)diff_below(g, 16) : DIFF_NO_REG;
    insn.memory.index = index < 16 && index != HV_RSP ? (uint8_t)index : DIFF_NO_REG;
    insn.memory.scale = (uint8_t)diff_below(g, 4);
    insn.memory.disp = diff_chance(g, 50) ? (int8_t)diff_random(g) : (int32_t)diff_random(g);
    if (diff_chance(g, 10))
        insn.memory = (DiffMemory){.rip_relative = true, .disp = (int32_t)diff_random(g) >> 2};
    diff_emit(g, &insn);
    diff_wrote(g, reg);
}

static void emit_cmov(DiffGenerator *g)
{
    unsigned cc = diff_below(g, 16);

    diff_need_flags(g, diff_condition_flags(cc));
    DiffInsn insn = diff_begin(g, 0x0f40 + cc, 2);
    unsigned reg = diff_pick_reg(g, &insn, false, true);
    diff_pick_rm(g, &insn, false, insn.size, DIFF_READ);
    diff_emit(g, &insn);
    diff_wrote(g, reg);
}

static void emit_setcc(DiffGenerator *g)
{
    unsigned cc = diff_below(g, 16);

    diff_need_flags(g, diff_condition_flags(cc));
    DiffInsn insn = diff_sized(g, 0x0f90 + cc, 1);
    insn.no_rex = diff_chance(g, 40);
    insn.reg = (uint8_t)diff_below(g, 8); /* ignored */
    diff_pick_rm(g, &insn, true, 1, DIFF_WRITE);
    diff_emit(g, &insn);
    diff_wrote_rm(g, &insn);
}

static void emit_bswap(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, 0x0fc8, 4);

    diff_pick_rm_reg(g, &insn, false, true);
    diff_emit(g, &insn);
    diff_wrote_rm(g, &insn);
}

static void emit_xlat(DiffGenerator *g)
{
    uint64_t base = diff_target(g, 256, DIFF_READ);
    DiffInsn insn = diff_sized(g, 0xd7, diff_chance(g, 20) ? 8 : 4);

    diff_set_reg(g, HV_RBX, base);
    insn.address32 = base >> 32 == 0 && diff_chance(g, 20);
    diff_emit(g, &insn);
    diff_wrote(g, HV_RAX);
}

static void emit_nop(DiffGenerator *g)
{
    static const struct {
        uint8_t count, bytes[9];
    } nops[] = {
        {1, {0x90}},
        {2, {0x66, 0x90}},
        {2, {0xf3, 0x90}},
        {2, {0x48, 0x90}},
        {4, {0x0f, 0x1f, 0x40, 0x00}},
        {9, {0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}},
        {4, {0xf3, 0x0f, 0x1e, 0xfa}}, /* endbr64 */
        {3, {0x0f, 0xae, 0xe8}},       /* lfence */
        {3, {0x0f, 0xae, 0xf0}},       /* mfence */
        {3, {0x0f, 0xae, 0xf8}},       /* sfence */
        {3, {0x0f, 0x18, 0x08}},       /* prefetcht0 [rax] */
        {3, {0x0f, 0x0d, 0x0b}},       /* prefetchw [rbx] */
        {3, {0x0f, 0x1f, 0xc1}},
    };
    unsigned which = diff_below(g, G_N_ELEMENTS(nops));

    diff_emit_bytes(g, nops[which].bytes, nops[which].count);
}

/* ---- Exchanges ---------------------------------------------------------------- */

/* XCHG, XADD, CMPXCHG with memory or a register. A CMPXCHG of 32 bits that does
 * not exchange leaves the upper half of the register alone, but not Unicorn. */
static void emit_exchange(DiffGenerator *g)
{
    static const uint16_t opcodes[] = {0x86, 0x0fc0, 0x0fb0};
    unsigned which = diff_below(g, 3);
    DiffInsn insn = diff_begin(g, opcodes[which], 1);
    bool byte = insn.size == 1;

    if (g->plain && which == 2 && insn.size == 4)
        insn.size = 8;
    insn.opcode |= !byte;
    insn.has_modrm = true;
    unsigned reg = diff_pick_reg(g, &insn, byte, true);
    diff_pick_rm(g, &insn, byte, insn.size, DIFF_READ | DIFF_WRITE | DIFF_ALIGNED);
    insn.lock = insn.in_memory && diff_chance(g, 50);
    diff_emit(g, &insn);
    diff_wrote_rm(g, &insn);
    diff_wrote(g, which == 2 ? HV_RAX : reg);
    if (which)
        diff_flags(g, DIFF_ARITHMETIC, 0);
}

static void emit_exchange_rax(DiffGenerator *g)
{
    DiffInsn insn = diff_begin(g, 0x90, 2);

    diff_pick_rm_reg(g, &insn, false, true);
    diff_emit(g, &insn);
    diff_wrote_rm(g, &insn);
    diff_wrote(g, HV_RAX);
}

static void emit_cmpxchg8b(DiffGenerator *g)
{
    DiffInsn insn = diff_sized(g, 0x0fc7, diff_chance(g, 80) ? 4 : 2); /* 66 means nothing */

    insn.reg = 1;
    diff_pick_memory(g, &insn, 8, DIFF_READ | DIFF_WRITE | DIFF_ALIGNED);
    insn.lock = diff_chance(g, 50);
    diff_emit(g, &insn);
    diff_wrote(g, HV_RAX);
    diff_wrote(g, HV_RDX);
    diff_flags(g, DIFF_ZF, 0);
}

/* ---- Strings ------------------------------------------------------------------ */

static uint64_t string_start(DiffGenerator *g, unsigned bytes, bool tame)
{
    if (g->wild && !tame)
        return diff_target(g, bytes, DIFF_READ | DIFF_WRITE);
    return DIFF_DATA + DIFF_PAGE + diff_below(g, DIFF_PAGE); /* either way it stays in 0..2 */
}

static void emit_string(DiffGenerator *g)
{
    static const uint8_t opcodes[] = {0xa4, 0xa6, 0xaa, 0xac, 0xae};
    unsigned which = diff_below(g, 5); /* movs cmps stos lods scas */
    DiffInsn insn = diff_begin(g, opcodes[which], 1);
    unsigned count = diff_chance(g, 80) ? diff_below(g, 12) : diff_below(g, 200);
    bool compares = which == 1 || which == 4;
    /* KVMs that emulate what raised #GP read the other operand of CMPS first. */
    bool tame = which == 1 && !g->native;

    insn.no_rex = false;
    insn.opcode |= insn.size != 1;
    insn.rep = diff_chance(g, 30) ? 0 : diff_chance(g, 50) ? 0xf3 : 0xf2;
    if (which == 0 || which == 1 || which == 3)
        diff_set_reg(g, HV_RSI, string_start(g, insn.size, tame));
    if (which != 3)
        diff_set_reg(g, HV_RDI, string_start(g, insn.size, false));
    if (insn.rep)
        diff_set_reg(g, HV_RCX, count);
    uint64_t both = g->value[HV_RSI] | g->value[HV_RDI];
    insn.address32 =
        g->known >> HV_RSI & 1 && g->known >> HV_RDI & 1 && both >> 32 == 0 && diff_chance(g, 15);
    if (diff_chance(g, 50))
        diff_emit_bytes(g, diff_chance(g, 50) ? "\xfc" : "\xfd", 1); /* cld, std */
    diff_emit(g, &insn);
    diff_wrote(g, HV_RSI);
    diff_wrote(g, HV_RDI);
    if (insn.rep)
        diff_wrote(g, HV_RCX);
    if (which == 3)
        diff_wrote(g, HV_RAX);
    if (compares && (count || !insn.rep))
        diff_flags(g, DIFF_ARITHMETIC, 0);
}

const DiffKind diff_transfer_kinds[] = {
    {emit_move, 20},        {emit_move_immediate, 5},
    {emit_known, 10},       {emit_move_offset, 3},
    {emit_extend, 10},      {emit_lea, 8},
    {emit_cmov, 8},         {emit_setcc, 6},
    {emit_bswap, 3},        {emit_xlat, 2},
    {emit_nop, 3},          {emit_exchange, 9},
    {emit_exchange_rax, 3}, {emit_cmpxchg8b, 3},
    {emit_string, 8},       {0},
};
