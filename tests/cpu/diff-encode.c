/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-encode.c: see diff-encode.h. */
#include "tests/cpu/diff-encode.h"

#include <string.h>

enum { REX = 0x40, REX_W = 8, REX_R = 4, REX_X = 2, REX_B = 1, NEEDS_SIB = 4, NO_BASE = 5 };

typedef struct {
    uint8_t *bytes;
    unsigned at;
} Out;

static void put(Out *out, uint64_t value, unsigned count)
{
    memcpy(out->bytes + out->at, &value, count); /* little-endian, as all of this */
    out->at += count;
}

static uint8_t rex_of(const DiffInsn *insn)
{
    uint8_t rex = insn->needless_rex && !insn->no_rex ? REX : 0;

    if (insn->size == 8 && !insn->default64)
        rex |= REX | REX_W;
    if (insn->has_modrm && insn->reg & 8)
        rex |= REX | REX_R;
    if (!insn->in_memory && insn->rm & 8)
        rex |= REX | REX_B;
    if (insn->in_memory && insn->memory.base != DIFF_NO_REG && insn->memory.base & 8)
        rex |= REX | REX_B;
    if (insn->in_memory && insn->memory.index != DIFF_NO_REG && insn->memory.index & 8)
        rex |= REX | REX_X;
    if (!insn->no_rex && ((insn->byte_reg && insn->reg >= 4) ||
                          (insn->byte_rm && !insn->in_memory && insn->rm >= 4)))
        rex |= REX;
    return rex;
}

static void put_memory(Out *out, const DiffInsn *insn, uint64_t address)
{
    const DiffMemory *memory = &insn->memory;
    unsigned reg = (insn->reg & 7u) << 3;

    if (memory->rip_relative) {
        uint64_t end = address + out->at + 5 + insn->immediate_bytes;
        put(out, reg | 5, 1);
        put(out, (uint64_t)memory->disp - end, 4);
        return;
    }
    bool byte = memory->disp == (int8_t)memory->disp;
    unsigned mod = byte ? 0x40 : 0x80;
    if (memory->base == DIFF_NO_REG)
        mod = 0;
    else if (memory->disp == 0 && (memory->base & 7) != NO_BASE)
        mod = 0;
    if (memory->base == DIFF_NO_REG || memory->index != DIFF_NO_REG ||
        (memory->base & 7) == NEEDS_SIB) {
        unsigned index = memory->index == DIFF_NO_REG ? 4 : memory->index & 7u;
        unsigned base = memory->base == DIFF_NO_REG ? NO_BASE : memory->base & 7u;
        put(out, mod | reg | NEEDS_SIB, 1);
        put(out, (unsigned)memory->scale << 6 | index << 3 | base, 1);
    } else {
        put(out, mod | reg | (memory->base & 7u), 1);
    }
    if (mod == 0x40)
        put(out, (uint64_t)memory->disp, 1);
    else if (mod == 0x80 || memory->base == DIFF_NO_REG)
        put(out, (uint64_t)memory->disp, 4);
}

unsigned diff_encode(const DiffInsn *insn, uint64_t address, uint8_t *bytes)
{
    Out out = {.bytes = bytes};
    uint8_t rex = rex_of(insn);

    if (insn->lock)
        put(&out, 0xf0, 1);
    if (insn->segment)
        put(&out, insn->segment, 1);
    if (insn->size == 2)
        put(&out, 0x66, 1);
    if (insn->address32)
        put(&out, 0x67, 1);
    if (insn->rep)
        put(&out, insn->rep, 1);
    if (rex)
        put(&out, rex, 1);
    if (insn->two_bytes)
        put(&out, 0x0f, 1);
    put(&out, insn->has_modrm ? insn->opcode : insn->opcode | (insn->rm & 7u), 1);
    if (insn->has_modrm && insn->in_memory)
        put_memory(&out, insn, address);
    else if (insn->has_modrm)
        put(&out, 0xc0u | (insn->reg & 7u) << 3 | (insn->rm & 7u), 1);
    put(&out, insn->immediate, insn->immediate_bytes);
    return out.at;
}
