/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-generate.c: see diff-generate.h. Operands, accounts, whole blocks. */
#include "tests/cpu/diff-generate-private.h"

#include <glib.h>
#include <string.h>

#define LEAST_INSNS 24
#define MOST_INSNS  64
#define RESERVE     12 /* instructions that one kind may emit beyond that */

const uint8_t diff_page_kinds[DIFF_PAGES] = {
    DIFF_WRITABLE,  DIFF_WRITABLE, DIFF_WRITABLE,   DIFF_WRITABLE, DIFF_ABSENT,
    DIFF_READ_ONLY, DIFF_WRITABLE, DIFF_SUPERVISOR, DIFF_ABSENT,
};

/* ---- Random numbers ----------------------------------------------------- */

/* splitmix64 (Steele, Lea and Flood, 2014). */
uint64_t diff_random(DiffGenerator *g)
{
    uint64_t z = g->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned diff_below(DiffGenerator *g, unsigned limit)
{
    return (unsigned)((diff_random(g) >> 32) * limit >> 32);
}

bool diff_chance(DiffGenerator *g, unsigned percent)
{
    return diff_below(g, 100) < percent;
}

uint64_t diff_interesting(DiffGenerator *g)
{
    uint64_t random = diff_random(g);
    unsigned bit = diff_below(g, 64);

    /* What crosses the canonical boundary is #GP; some KVM find an absent page before it. */
    if (!g->native && bit == 47)
        bit = 46;
    switch (diff_below(g, 8)) {
    case 0: return random % 16;
    case 1: return -(random % 16);
    case 2: return (UINT64_C(1) << bit) - random % 3;
    case 3: return ~((UINT64_C(1) << bit) - random % 3);
    case 4: return random >> bit;
    case 5: return (uint64_t)((int64_t)random >> bit);
    case 6: return UINT64_C(0x8080808080808080) ^ (random & UINT64_C(0x0101010101010101));
    default: return random;
    }
}

/* ---- Putting instructions into the block --------------------------------- */

void diff_emit_bytes(DiffGenerator *g, const void *bytes, unsigned count)
{
    DiffBlock *block = &g->block;

    g_assert(block->count < DIFF_MAX_INSNS && block->size + count <= DIFF_MAX_BYTES);
    block->mark[block->count++] = (DiffMark){(uint16_t)block->size, g->undefined};
    memcpy(block->code + block->size, bytes, count);
    block->size += count;
}

DiffInsn diff_sized(DiffGenerator *g, unsigned opcode, unsigned size)
{
    return (DiffInsn){
        .opcode = (uint8_t)opcode,
        .two_bytes = opcode >> 8 == 0x0f,
        .size = (uint8_t)size,
        .needless_rex = diff_chance(g, 10),
    };
}

DiffInsn diff_begin(DiffGenerator *g, unsigned opcode, unsigned least_size)
{
    static const uint8_t sizes[] = {1, 1, 2, 4, 4, 8, 8};
    unsigned size;

    do {
        size = sizes[diff_below(g, sizeof sizes)];
    } while (size < least_size);
    DiffInsn insn = diff_sized(g, opcode, size);
    insn.no_rex = size == 1 && diff_chance(g, 40);
    return insn;
}

/* Prefixes that mean nothing there: ES, CS, DS and SS; REX before another (which
 * Unicorn heeds). Some KVM make #SS of #GP behind an SS prefix. */
static unsigned put_noise(DiffGenerator *g, uint8_t *bytes)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x3e, 0x36};
    unsigned count = 0;

    if (!diff_chance(g, 4))
        return 0;
    if (!g->plain && diff_chance(g, 25))
        bytes[count++] = (uint8_t)(0x40 | diff_below(g, 16));
    bytes[count++] = prefixes[diff_below(g, g->native ? 4 : 3)];
    return count;
}

void diff_emit(DiffGenerator *g, const DiffInsn *insn)
{
    uint8_t bytes[32];
    bool noise = !insn->segment && !(insn->in_memory && insn->memory.rip_relative);
    unsigned before = noise ? put_noise(g, bytes) : 0;
    uint64_t address = g->block.start + g->block.size + before;
    unsigned count = before + diff_encode(insn, address, bytes + before);

    if (count > 15) {
        count -= before;
        memmove(bytes, bytes + before, count);
    }
    diff_emit_bytes(g, bytes, count);
}

void diff_flags(DiffGenerator *g, unsigned defined, unsigned undefined)
{
    g->undefined = (uint16_t)((g->undefined & ~defined) | undefined);
}

void diff_need_flags(DiffGenerator *g, unsigned flags)
{
    if (!(g->undefined & flags))
        return;
    DiffInsn insn = diff_begin(g, 0, 1); /* cmp */
    insn.opcode = insn.size == 1 ? 0x38 : 0x39;
    insn.has_modrm = true;
    diff_pick_reg(g, &insn, insn.size == 1, false);
    diff_pick_rm_reg(g, &insn, insn.size == 1, false);
    diff_emit(g, &insn);
    diff_flags(g, DIFF_ARITHMETIC, 0);
}

void diff_wrote(DiffGenerator *g, unsigned reg)
{
    g->known &= (uint16_t) ~(1u << reg);
    g->written |= (uint16_t)(1u << reg);
}

void diff_set_reg(DiffGenerator *g, unsigned reg, uint64_t value)
{
    DiffInsn insn = diff_sized(g, 0xb8, value >> 32 ? 8 : 4);

    insn.rm = (uint8_t)reg;
    insn.immediate_bytes = insn.size;
    insn.immediate = value;
    if (value == (uint64_t)(int32_t)value && diff_chance(g, 40)) {
        insn.opcode = 0xc7;
        insn.has_modrm = true;
        insn.size = 8;
        insn.immediate_bytes = 4;
    }
    diff_emit(g, &insn);
    g->known |= (uint16_t)(1u << reg);
    g->written |= (uint16_t)(1u << reg);
    g->value[reg] = value;
}

/* ---- Registers as operands ------------------------------------------------ */

unsigned diff_whole(const DiffInsn *insn, unsigned reg, bool byte)
{
    return byte && insn->no_rex && reg >= 4 ? reg - 4 : reg;
}

static unsigned pick(DiffGenerator *g, const DiffInsn *insn, bool byte, bool write)
{
    unsigned reg;

    do {
        reg = diff_below(g, insn->no_rex ? 8 : 16);
    } while (write && diff_whole(insn, reg, byte) == HV_RSP);
    return reg;
}

unsigned diff_pick_reg(DiffGenerator *g, DiffInsn *insn, bool byte, bool write)
{
    insn->byte_reg = byte;
    insn->reg = (uint8_t)pick(g, insn, byte, write);
    return diff_whole(insn, insn->reg, byte);
}

void diff_pick_rm_reg(DiffGenerator *g, DiffInsn *insn, bool byte, bool write)
{
    insn->byte_rm = byte;
    insn->in_memory = false;
    insn->rm = (uint8_t)pick(g, insn, byte, write);
}

void diff_pick_rm(DiffGenerator *g, DiffInsn *insn, bool byte, unsigned bytes, unsigned use)
{
    insn->has_modrm = true;
    if (g->wild || diff_chance(g, 50))
        diff_pick_memory(g, insn, bytes, use);
    else
        diff_pick_rm_reg(g, insn, byte, use & DIFF_WRITE);
}

void diff_wrote_rm(DiffGenerator *g, const DiffInsn *insn)
{
    if (!insn->in_memory)
        diff_wrote(g, diff_whole(insn, insn->rm, insn->byte_rm));
}

void diff_pick_immediate(DiffGenerator *g, DiffInsn *insn, unsigned bytes)
{
    insn->immediate_bytes = (uint8_t)bytes;
    insn->immediate = diff_interesting(g);
}

/* ---- Memory as operand ----------------------------------------------------- */

/* Where a bad access might go. */
static uint64_t wild_target(DiffGenerator *g, unsigned bytes)
{
    static const uint64_t far[] = {0x7ffffffffff8, 0x800000000010, 0xffff7fffffffff00,
                                   0x5000000000000000, 0x8000000000000000};
    unsigned offset = diff_below(g, DIFF_PAGE);

    switch (diff_below(g, g->native ? 8 : 10)) {
    case 0: return DIFF_DATA + 4 * DIFF_PAGE + offset;
    case 1: return DIFF_DATA + 4 * DIFF_PAGE - diff_below(g, bytes + 1); /* writable, absent */
    case 2: return DIFF_DATA + 5 * DIFF_PAGE + offset;                   /* read-only */
    case 3: return DIFF_DATA + 5 * DIFF_PAGE - diff_below(g, bytes + 1); /* absent, read-only */
    case 4: return DIFF_DATA + 6 * DIFF_PAGE - diff_below(g, bytes + 1); /* read-only, writable */
    case 5: return far[diff_below(g, G_N_ELEMENTS(far))] - diff_below(g, 10);
    case 6: return DIFF_DATA + diff_below(g, DIFF_PAGES * DIFF_PAGE);
    case 7: return UINT64_C(0x100000) + (diff_random(g) & 0x3fffffff);
    case 8: return DIFF_DATA + 7 * DIFF_PAGE + offset; /* the kernel's */
    default: return DIFF_DATA + 7 * DIFF_PAGE - diff_below(g, bytes + 1);
    }
}

/* Pages 0 to 2 and 6 are for anything; the stack is left alone. */
uint64_t diff_target(DiffGenerator *g, unsigned bytes, unsigned use)
{
    uint64_t target;

    if (g->wild && diff_chance(g, 80)) {
        target = wild_target(g, bytes);
    } else if (diff_chance(g, 12)) {
        target = DIFF_DATA + (1 + diff_below(g, 2)) * DIFF_PAGE - diff_below(g, bytes + 1);
    } else {
        unsigned page = diff_below(g, 4);
        page = page == 3 ? use & DIFF_WRITE ? 6 : 5 : page;
        target = DIFF_DATA + page * DIFF_PAGE + diff_below(g, DIFF_PAGE - bytes);
    }
    return use & DIFF_ALIGNED ? target & -(uint64_t)bytes : target;
}

static bool fits(int64_t value)
{
    return value == (int32_t)value;
}

static bool is_known(const DiffGenerator *g, const DiffInsn *insn, unsigned reg)
{
    return g->known & 1u << reg && !(insn->no_rex && reg >= 8);
}

static unsigned known_reg(DiffGenerator *g, const DiffInsn *insn)
{
    for (int i = 0; i < 12; i++) {
        unsigned reg = diff_below(g, HV_GPR_COUNT);
        if (is_known(g, insn, reg))
            return reg;
    }
    return HV_RSP;
}

/* Base and index with known values, and the displacement that is missing. */
static bool try_registers(DiffGenerator *g, DiffInsn *insn, uint64_t target)
{
    DiffMemory *memory = &insn->memory;
    uint64_t rest = target;

    *memory = (DiffMemory){.base = DIFF_NO_REG, .index = DIFF_NO_REG};
    if (diff_chance(g, 90)) {
        memory->base = (uint8_t)known_reg(g, insn);
        rest -= g->value[memory->base];
    }
    if (diff_chance(g, 50)) {
        unsigned index = known_reg(g, insn);
        if (index != HV_RSP) {
            memory->index = (uint8_t)index;
            memory->scale = (uint8_t)diff_below(g, 4);
            rest -= g->value[index] << memory->scale;
        }
    }
    insn->address32 = target >> 32 == 0 && diff_chance(g, 12);
    memory->disp = insn->address32 ? (int32_t)rest : (int64_t)rest;
    return fits(memory->disp);
}

static unsigned spare_reg(DiffGenerator *g, const DiffInsn *insn)
{
    unsigned reg;

    do {
        reg = diff_below(g, insn->no_rex ? 8 : 16);
    } while (reg == HV_RSP || reg == HV_RAX || reg == HV_RCX || reg == HV_RDX);
    return reg;
}

void diff_address(DiffGenerator *g, DiffInsn *insn, uint64_t target)
{
    bool found = false;

    insn->has_modrm = true;
    insn->in_memory = true;
    for (int i = 0; i < 4 && !found; i++)
        found = try_registers(g, insn, target);
    if (!found && diff_chance(g, 50) && fits((int64_t)(target - g->block.start))) {
        insn->memory = (DiffMemory){.rip_relative = true, .disp = (int64_t)target};
        insn->address32 = target >> 32 == 0 && !g->plain && diff_chance(g, 10);
        return;
    }
    if (!found) {
        unsigned base = spare_reg(g, insn);
        uint64_t disp = diff_chance(g, 30) ? 0 : (uint64_t)(int8_t)diff_random(g);
        if (diff_chance(g, 30))
            disp = (uint64_t)(int64_t)(int32_t)diff_random(g);
        diff_set_reg(g, base, target - disp);
        insn->address32 = false;
        insn->memory = (DiffMemory){.base = (uint8_t)base, .index = DIFF_NO_REG};
        insn->memory.disp = (int64_t)disp;
    }
    if (insn->memory.base != DIFF_NO_REG)
        g->used |= (uint16_t)(1u << insn->memory.base);
    if (insn->memory.index != DIFF_NO_REG)
        g->used |= (uint16_t)(1u << insn->memory.index);
}

void diff_pick_memory(DiffGenerator *g, DiffInsn *insn, unsigned bytes, unsigned use)
{
    uint64_t target = diff_target(g, bytes, use);

    if (!g->native && diff_chance(g, 8)) {
        bool fs = diff_chance(g, 50);
        insn->segment = fs ? 0x64 : 0x65;
        target -= fs ? g->block.fs_base : g->block.gs_base;
    }
    diff_address(g, insn, target);
}

/* ---- Blocks ---------------------------------------------------------------- */

void diff_emit_kind(DiffGenerator *g, const DiffKind *kinds)
{
    unsigned total = 0;

    for (const DiffKind *kind = kinds; kind->emit; kind++)
        total += kind->weight;
    unsigned at = diff_below(g, total);
    while (at >= kinds->weight)
        at -= (kinds++)->weight;
    kinds->emit(g);
}

void diff_emit_simple(DiffGenerator *g)
{
    diff_emit_kind(g, diff_chance(g, 60) ? diff_arithmetic_kinds : diff_transfer_kinds);
}

static void begin_block(DiffGenerator *g)
{
    DiffBlock *block = &g->block;

    g->known = 0xffff;
    g->written = g->used = g->undefined = 0;
    g->inside = g->wild = false;
    block->size = block->count = 0;
    block->start = DIFF_CODE + diff_below(g, DIFF_CODE_BYTES - DIFF_MAX_BYTES - 16);
    block->rflags = 0x202 | (diff_random(g) & (DIFF_ARITHMETIC | DIFF_DF));
    block->fs_base = g->native ? 0 : DIFF_DATA + diff_below(g, DIFF_PAGE);
    block->gs_base = g->native ? 0 : DIFF_DATA + 0x1000 + diff_below(g, DIFF_PAGE);
    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        block->gpr[i] =
            diff_chance(g, 40) ? DIFF_DATA + diff_below(g, 3 * DIFF_PAGE) : diff_interesting(g);
    block->gpr[HV_RSP] = DIFF_STACK + 0x800 + diff_below(g, 64) * (diff_chance(g, 80) ? 8 : 1);
    memcpy(g->value, block->gpr, sizeof g->value);
}

const DiffBlock *diff_generator_next(DiffGenerator *g)
{
    DiffBlock *block = &g->block;

    begin_block(g);
    unsigned insns = LEAST_INSNS + diff_below(g, MOST_INSNS - LEAST_INSNS);
    while (block->count < insns) {
        unsigned what = diff_below(g, 100);
        if (what < 12)
            diff_emit_kind(g, diff_stack_kinds);
        else if (what < 22)
            diff_emit_kind(g, diff_branch_kinds);
        else
            diff_emit_simple(g);
    }
    g_assert(block->count + RESERVE <= DIFF_MAX_INSNS);
    block->straight = g->plain || diff_chance(g, 10);
    if (!block->straight) {
        g->wild = true;
        diff_emit_kind(g, diff_odd_kinds);
    }
    block->mark[block->count] = (DiffMark){(uint16_t)block->size, g->undefined};
    return block;
}

static uint64_t memory_word(DiffGenerator *g)
{
    return diff_chance(g, 50) ? diff_random(g) : diff_interesting(g);
}

DiffGenerator *diff_generator_new(uint64_t seed, bool native, bool plain)
{
    DiffGenerator *g = g_new0(DiffGenerator, 1);

    g->random = seed;
    g->native = native;
    g->plain = plain;
    for (unsigned page = 0; page < DIFF_PAGES; page++)
        for (unsigned at = 0; at < DIFF_PAGE; at += 8) {
            uint64_t word = memory_word(g);
            memcpy(g->data[page] + at, &word, sizeof word);
        }
    g->block.data = g->data;
    return g;
}

const uint8_t (*diff_generator_data(const DiffGenerator *g))[DIFF_PAGE]
{
    return g->data;
}

void diff_generator_free(DiffGenerator *g)
{
    g_free(g);
}
