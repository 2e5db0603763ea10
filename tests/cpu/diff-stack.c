/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-stack.c: the stack and branches. RSP is always known, branches go
 * forward except for small loops, so a block ends. */
#include "tests/cpu/diff-generate-private.h"

#include <glib.h>
#include <string.h>

#define SP (g->value[HV_RSP])

/* ---- The stack ---------------------------------------------------------------- */

static void set_stack(DiffGenerator *g)
{
    if (SP < DIFF_STACK + 0x300 || SP > DIFF_STACK + 0xd00)
        diff_set_reg(g, HV_RSP, DIFF_STACK + 0x800);
}

/* 8 bytes, or 2 with the 66 prefix. */
static DiffInsn stack_insn(DiffGenerator *g, unsigned opcode)
{
    DiffInsn insn = diff_sized(g, opcode, diff_chance(g, 85) ? 8 : 2);

    insn.default64 = true;
    return insn;
}

static void emit_push(DiffGenerator *g)
{
    DiffInsn insn = stack_insn(g, 0x50);

    switch (diff_below(g, 4)) {
    case 0:
        insn.opcode = 0xff;
        insn.reg = 6;
        diff_pick_memory(g, &insn, insn.size, DIFF_READ);
        break;
    case 1:
        insn.opcode = 0x6a;
        diff_pick_immediate(g, &insn, 1);
        break;
    case 2:
        insn.opcode = 0x68;
        diff_pick_immediate(g, &insn, insn.size == 8 ? 4 : 2);
        break;
    default: diff_pick_rm_reg(g, &insn, false, false);
    }
    diff_emit(g, &insn);
    SP -= insn.size;
}

static void emit_pop(DiffGenerator *g)
{
    DiffInsn insn = stack_insn(g, 0x58);

    if (diff_chance(g, 50)) {
        diff_pick_rm_reg(g, &insn, false, true);
        diff_emit(g, &insn);
        diff_wrote_rm(g, &insn);
        SP += insn.size;
        return;
    }
    insn.opcode = 0x8f;
    SP += insn.size; /* an address with RSP means RSP after the pop */
    diff_pick_memory(g, &insn, insn.size, DIFF_WRITE);
    diff_emit(g, &insn);
}

static void emit_pushf(DiffGenerator *g)
{
    diff_need_flags(g, DIFF_ARITHMETIC);
    DiffInsn insn = stack_insn(g, 0x9c);
    diff_emit(g, &insn);
    SP -= insn.size;
}

/* Not TF (a trap after each instruction) and not AC (systems differ); NT only
 * natively, for some hosts clear it when they take a guest's CPU away. Where
 * IOPL does not matter (Unicorn runs in ring 0), nothing but the results of arithmetic. */
static void emit_popf(DiffGenerator *g)
{
    DiffInsn push = stack_insn(g, 0x68);
    DiffInsn insn = stack_insn(g, 0x9d);

    push.size = insn.size;
    unsigned without = DIFF_TF | DIFF_AC | (g->native ? 0 : DIFF_NT);
    unsigned with = g->plain ? DIFF_ARITHMETIC | DIFF_DF : 0x7fffffff & ~without;
    push.immediate = (diff_random(g) & with) | DIFF_IF;
    push.immediate_bytes = push.size == 8 ? 4 : 2;
    diff_emit(g, &push);
    diff_emit(g, &insn);
    diff_flags(g, DIFF_ARITHMETIC, 0);
}

static void emit_enter(DiffGenerator *g)
{
    unsigned level = diff_chance(g, 60) ? 0 : diff_below(g, 5);
    unsigned size = diff_below(g, 64);
    const uint8_t bytes[] = {0xc8, (uint8_t)size, 0, (uint8_t)(level | (diff_below(g, 4) << 5))};

    diff_set_reg(g, HV_RBP, g->wild ? diff_target(g, 8, DIFF_READ) : DIFF_STACK + 0x800);
    diff_emit_bytes(g, bytes, sizeof bytes);
    g->value[HV_RBP] = SP - 8;
    SP -= 8 + 8 * level + size;
}

static void emit_leave(DiffGenerator *g)
{
    uint64_t frame =
        g->wild ? diff_target(g, 8, DIFF_READ) : DIFF_STACK + 0x600 + diff_below(g, 0x400);

    diff_set_reg(g, HV_RBP, frame);
    diff_emit_bytes(g, "\xc9", 1);
    diff_wrote(g, HV_RBP);
    SP = frame + 8;
}

/* LEA, ADD and SUB as a compiler moves RSP. */
static void emit_move_stack(DiffGenerator *g)
{
    int8_t distance = (int8_t)(8 * (int)diff_below(g, 30) - 120);
    uint8_t lea[] = {0x48, 0x8d, 0x64, 0x24, (uint8_t)distance};
    uint8_t add[] = {0x48, 0x83, 0xc4, (uint8_t)distance};

    if (diff_chance(g, 50)) {
        diff_emit_bytes(g, lea, sizeof lea);
    } else {
        diff_emit_bytes(g, add, sizeof add);
        diff_flags(g, DIFF_ARITHMETIC, 0);
    }
    SP += (uint64_t)(int64_t)distance;
}

static void emit_stack(DiffGenerator *g)
{
    static const DiffKind kinds[] = {
        {emit_push, 10}, {emit_pop, 10},  {emit_pushf, 3},      {emit_popf, 3},
        {emit_enter, 2}, {emit_leave, 2}, {emit_move_stack, 3}, {0},
    };

    if (!g->wild)
        set_stack(g);
    else if (diff_chance(g, 50))
        diff_set_reg(g, HV_RSP, diff_target(g, 8, DIFF_READ | DIFF_WRITE));
    diff_emit_kind(g, kinds);
}

/* ---- Bodies: instructions that may be skipped or repeated ----------------------- */

static void emit_body(DiffGenerator *g, unsigned count)
{
    unsigned end = g->block.count + count;

    g->inside = true;
    while (g->block.count < end)
        diff_emit_simple(g);
    g->inside = false;
}

/* A branch whose target is not known yet; returns where its displacement ends. */
static unsigned emit_branch(DiffGenerator *g, const void *opcode, unsigned opcode_bytes,
                            unsigned displacement_bytes)
{
    uint8_t bytes[8] = {0};

    memcpy(bytes, opcode, opcode_bytes);
    diff_emit_bytes(g, bytes, opcode_bytes + displacement_bytes);
    return g->block.size;
}

static void set_branch(DiffGenerator *g, unsigned from, unsigned bytes, unsigned to)
{
    int32_t distance = (int32_t)to - (int32_t)from;

    g_assert(bytes == 4 || distance == (int8_t)distance);
    memcpy(g->block.code + from - bytes, &distance, bytes);
}

/* Jcc or JRCXZ over a body. */
static void emit_skip(DiffGenerator *g)
{
    unsigned cc = diff_below(g, 16);
    unsigned form = diff_below(g, 5);
    unsigned bytes = form < 2 ? 4 : 1;
    uint8_t opcode[2] = {0x0f, (uint8_t)(0x80 + cc)};
    unsigned from;

    if (form < 4)
        diff_need_flags(g, diff_condition_flags(cc));
    uint16_t known = g->known, undefined = g->undefined, written = g->written;
    if (form == 4 && diff_chance(g, 30)) {
        from = emit_branch(g, "\x67\xe3", 2, 1); /* jecxz */
    } else if (form == 4) {
        from = emit_branch(g, "\xe3", 1, 1);
    } else if (bytes == 4) {
        from = emit_branch(g, opcode, 2, 4);
    } else {
        opcode[0] = (uint8_t)(0x70 + cc);
        from = emit_branch(g, opcode, 1, 1);
    }
    uint64_t value[HV_GPR_COUNT];
    memcpy(value, g->value, sizeof value);
    g->written = 0;
    emit_body(g, 1 + diff_below(g, 3));
    set_branch(g, from, bytes, g->block.size);
    g->known = known & (uint16_t)~g->written;
    g->written |= written;
    memcpy(g->value, value, sizeof value);
    g->undefined |= undefined;
}

/* A JMP over bytes that are never executed. */
static void emit_jump(DiffGenerator *g)
{
    unsigned gap = diff_below(g, 20);

    if (diff_chance(g, 30)) { /* through a register or memory */
        bool memory = diff_chance(g, 40);
        unsigned reg = memory ? HV_RAX : HV_RDX;
        DiffInsn insn = diff_sized(g, 0xff, 8);
        insn.default64 = true;
        insn.has_modrm = true;
        insn.reg = 4;
        insn.rm = (uint8_t)reg;
        /* Where it goes depends on how long the instructions up to it are. */
        uint8_t lea[] = {0x48, 0x8d, (uint8_t)(0x05 | reg << 3), 0, 0, 0, 0};
        diff_emit_bytes(g, lea, sizeof lea);
        unsigned from = g->block.size;
        diff_wrote(g, reg);
        if (memory) { /* push rax; jmp [rsp] */
            insn.in_memory = true;
            insn.memory = (DiffMemory){.base = HV_RSP, .index = DIFF_NO_REG};
            set_stack(g);
            diff_emit_bytes(g, "\x50", 1);
            SP -= 8;
        }
        diff_emit(g, &insn);
        set_branch(g, from, 4, g->block.size + gap);
    } else {
        bool near = diff_chance(g, 50);
        unsigned from = emit_branch(g, near ? "\xeb" : "\xe9", 1, near ? 1 : 4);
        set_branch(g, from, near ? 1 : 4, from + gap);
    }
    for (unsigned i = 0; i < gap; i++)
        g->block.code[g->block.size++] = (uint8_t)diff_random(g);
}

/* ECX times a body that leaves RCX and its own addresses alone. */
static void emit_loop(DiffGenerator *g)
{
    unsigned kind = diff_below(g, 3); /* loopne, loope, loop */

    for (int i = 0; i < 6; i++) {
        DiffGenerator before = *g;
        diff_set_reg(g, HV_RCX, 1 + diff_below(g, 5));
        diff_wrote(g, HV_RCX); /* known only the first time round */
        g->written = g->used = 0;
        g->undefined = DIFF_ARITHMETIC;
        unsigned start = g->block.size;
        emit_body(g, 1 + diff_below(g, 4));
        if (kind < 2)
            diff_need_flags(g, DIFF_ZF);
        uint8_t opcode = (uint8_t)(0xe0 + kind);
        unsigned from = emit_branch(g, &opcode, 1, 1);
        bool near = (int)start - (int)from >= -128;
        if (near && !(g->written & (g->used | 1u << HV_RCX))) {
            set_branch(g, from, 1, start);
            diff_wrote(g, HV_RCX);
            g->written |= before.written;
            return;
        }
        uint64_t random = g->random;
        *g = before;
        g->random = random;
    }
}

/* jmp over; function: body; ret; over: call function */
static void emit_call(DiffGenerator *g)
{
    unsigned give_back = diff_chance(g, 30) ? 8 * diff_below(g, 8) : 0;

    set_stack(g);
    uint16_t undefined = g->undefined;
    unsigned over = emit_branch(g, "\xe9", 1, 4);
    unsigned function = g->block.size;
    SP -= 8;
    emit_body(g, 1 + diff_below(g, 2));
    SP += 8;
    uint16_t after = g->undefined;
    uint8_t ret[] = {0xc2, (uint8_t)give_back, 0};
    if (give_back)
        diff_emit_bytes(g, ret, 3);
    else
        diff_emit_bytes(g, "\xc3", 1);
    set_branch(g, over, 4, g->block.size);
    g->undefined = undefined; /* the CALL comes before the body */
    unsigned from = emit_branch(g, "\xe8", 1, 4);
    set_branch(g, from, 4, function);
    g->undefined = after;
    SP += give_back;
}

const DiffKind diff_stack_kinds[] = {{emit_stack, 1}, {0}};
const DiffKind diff_branch_kinds[] = {
    {emit_skip, 10}, {emit_jump, 3}, {emit_loop, 3}, {emit_call, 4}, {0}};
