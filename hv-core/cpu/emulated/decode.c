/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode.c: x86-64 instruction decoding by table.
 *
 * An instruction is prefixes, one to two opcode bytes, perhaps ModRM with SIB
 * and displacement, perhaps an immediate. decode-tables.c has one row per
 * opcode that says what follows it; this file reads the bytes accordingly.
 * Where ModRM.reg is part of the opcode the row names a group of eight rows.
 */
#include "hv-core/cpu/emulated/decode.h"

#include <string.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/cpu/emulated/decode-tables.h"

/* The bytes being read, and the prefixes found so far. */
typedef struct {
    const uint8_t *bytes;
    size_t available;
    size_t at;
    HvDecodeStatus status; /* the first failure */
    bool size16;
    bool address32;
    bool lock;
    uint8_t rep;
    uint8_t segment; /* HV_FS, HV_GS or HV_DS for none that counts */
    uint8_t rex;
} HvReader;

enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8, REX_PRESENT = 0x40 };

static uint8_t read_byte(HvReader *r)
{
    if (r->at >= HV_MAX_INSN_BYTES) {
        if (r->status == HV_DECODE_OK)
            r->status = HV_DECODE_TOO_LONG;
        return 0;
    }
    if (r->at >= r->available) {
        if (r->status == HV_DECODE_OK)
            r->status = HV_DECODE_TRUNCATED;
        return 0;
    }
    return r->bytes[r->at++];
}

/* A little-endian number of size bytes, sign-extended. */
static int64_t read_number(HvReader *r, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)read_byte(r) << (8 * i);
    unsigned unused = 64 - 8 * size;
    return (int64_t)(value << unused) >> unused;
}

/* Reads all prefixes; returns the first opcode byte. A REX prefix counts only
 * directly before the opcode. */
static uint8_t read_prefixes(HvReader *r)
{
    for (;;) {
        uint8_t byte = read_byte(r);

        if (r->status != HV_DECODE_OK)
            return 0;
        if ((byte & 0xf0) == REX_PRESENT) {
            r->rex = byte;
            continue;
        }
        switch (byte) {
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e: break; /* ES, CS, SS, DS: no meaning in 64-bit mode */
        case 0x64: r->segment = HV_FS; break;
        case 0x65: r->segment = HV_GS; break;
        case 0x66: r->size16 = true; break;
        case 0x67: r->address32 = true; break;
        case 0xf0: r->lock = true; break;
        case 0xf2:
        case 0xf3: r->rep = byte; break;
        default: return byte;
        }
        r->rex = 0;
    }
}

/* SIB and displacement of a memory operand; mod is not 3. */
static void read_memory_operand(HvReader *r, HvInsn *insn, unsigned mod, unsigned rm)
{
    insn->memory = true;
    insn->address32 = r->address32;
    insn->base = HV_REG_NONE;
    insn->index = HV_REG_NONE;
    unsigned disp_size = mod == 1 ? 1 : mod == 2 ? 4 : 0;

    if (rm == 4) {
        uint8_t sib = read_byte(r);
        unsigned index = ((sib >> 3) & 7) | (r->rex & REX_X ? 8 : 0);

        if (index != HV_RSP)
            insn->index = (uint8_t)index;
        insn->shift = sib >> 6;
        if ((sib & 7) == 5 && mod == 0)
            disp_size = 4;
        else
            insn->base = (uint8_t)((sib & 7) | (r->rex & REX_B ? 8 : 0));
    } else if (rm == 5 && mod == 0) {
        insn->rip_relative = true;
        disp_size = 4;
    } else {
        insn->base = (uint8_t)(rm | (r->rex & REX_B ? 8 : 0));
    }
    if (disp_size)
        insn->disp = read_number(r, disp_size);
    bool stack = insn->base == HV_RSP || insn->base == HV_RBP;
    insn->segment = r->segment != HV_DS ? r->segment : stack ? HV_SS : HV_DS;
}

/* A byte register's number: without REX, 4..7 mean AH, CH, DH, BH. */
static uint8_t byte_register(const HvReader *r, uint8_t number)
{
    return !r->rex && number >= 4 ? (uint8_t)((number - 4) | HV_REG_HIGH) : number;
}

static void fix_byte_registers(const HvReader *r, HvInsn *insn)
{
    if (insn->size == 1)
        insn->reg = byte_register(r, insn->reg);
    if (insn->source_size == 1 && !insn->memory)
        insn->rm = byte_register(r, insn->rm);
}

static uint8_t operand_size(const HvReader *r, unsigned flags)
{
    if (flags & HV_ROW_BYTE)
        return 1;
    if (flags & HV_ROW_SIZE64)
        return 8;
    if (r->rex & REX_W)
        return 8;
    if (flags & HV_ROW_DEFAULT64)
        return r->size16 ? 2 : 8;
    return r->size16 ? 2 : 4;
}

static int64_t read_immediate(HvReader *r, const HvInsn *insn, unsigned flags)
{
    if (flags & HV_ROW_IMM8)
        return read_number(r, 1);
    if (flags & HV_ROW_IMM16)
        return read_number(r, 2);
    if (flags & HV_ROW_IMM_FULL)
        return read_number(r, insn->size);
    return read_number(r, insn->size == 8 ? 4 : insn->size);
}

/* ModRM and what hangs on it. If row names a group it becomes the row of that
 * group, with the flags of both. */
static void read_modrm(HvReader *r, HvInsn *insn, HvOpcodeRow *row)
{
    uint8_t modrm = read_byte(r);
    unsigned mod = modrm >> 6;
    unsigned reg = (modrm >> 3) & 7;

    if (row->flags & HV_ROW_GROUP) {
        uint32_t flags = row->flags;

        *row = *hv_opcode_group(row->id, reg, mod == 3, modrm & 7);
        row->flags |= flags;
    }
    insn->reg = (uint8_t)(reg | (r->rex & REX_R ? 8 : 0));
    insn->rm = (uint8_t)((modrm & 7) | (r->rex & REX_B ? 8 : 0));
    if (mod != 3 && !(row->flags & HV_ROW_MOD_IGNORED))
        read_memory_operand(r, insn, mod, modrm & 7);
}

static bool has_modrm(const HvOpcodeRow *row)
{
    return row->flags & (HV_ROW_MODRM | HV_ROW_GROUP);
}

/* LOCK is allowed on read-modify-write instructions with a memory operand. */
static bool lock_allowed(const HvOpcodeRow *row, const HvInsn *insn)
{
    return insn->memory && (row->flags & HV_ROW_LOCK);
}

/* What a row cannot say: prefixes that make another instruction of it. */
static bool supported(const HvInsn *insn, const HvOpcodeRow *row, bool size16)
{
    if (row->flags & HV_ROW_MEMORY_ONLY && !insn->memory)
        return false;
    if (row->flags & HV_ROW_REGISTER_ONLY && insn->memory)
        return false;
    switch (insn->id) {
    case HV_I_BSR: return insn->rep != 0xf3;                /* lzcnt */
    case HV_I_CMPXCHG8B: return !insn->rex_w && !insn->rep; /* cmpxchg16b */
    case HV_I_MOV_TO_SEG: return insn->reg != HV_CS && insn->reg < HV_SEGMENT_COUNT;
    case HV_I_MOV_FROM_SEG: return insn->reg < HV_SEGMENT_COUNT;
    case HV_I_MOV_FROM_CR:
    case HV_I_MOV_TO_CR: return insn->reg == 0 || (insn->reg >= 2 && insn->reg <= 4);
    case HV_I_MOV_FROM_DR:
    case HV_I_MOV_TO_DR: return insn->reg < 8;
    default: return !(row->flags & HV_ROW_NO_PREFIX) || !(insn->rep || size16);
    }
}

/* The row of the opcode that begins with byte, and for two-byte opcodes the
 * second byte in ret_opcode. */
static const HvOpcodeRow *find_row(HvReader *r, uint8_t byte, uint8_t *ret_opcode)
{
    if (byte == 0x0f) {
        *ret_opcode = read_byte(r);
        return &hv_opcodes_0f[*ret_opcode];
    }
    *ret_opcode = byte;
    return &hv_opcodes[byte];
}

/* Operands named by the opcode itself rather than by ModRM. */
static void implied_operands(const HvReader *r, HvInsn *insn, unsigned flags, uint8_t opcode)
{
    if (flags & HV_ROW_OPCODE_REG)
        insn->rm = (uint8_t)((opcode & 7) | (r->rex & REX_B ? 8 : 0));
    if (flags & HV_ROW_OPCODE_SEG)
        insn->reg = (opcode >> 3) & 7;
    insn->cc = opcode & 15;
    insn->source_size = insn->size;
    if (flags & HV_ROW_SOURCE8)
        insn->source_size = 1;
    if (flags & HV_ROW_SOURCE16)
        insn->source_size = 2;
    if (flags & HV_ROW_SOURCE32)
        insn->source_size = 4;
    if (flags & HV_ROW_ONE)
        insn->imm = 1;
    if (insn->form == HV_FORM_E && flags & (HV_ROW_ANY_IMM | HV_ROW_ONE))
        insn->form = HV_FORM_EI; /* shifts by an immediate, else by CL */
}

static void read_moffs(HvReader *r, HvInsn *insn)
{
    insn->memory = true;
    insn->base = HV_REG_NONE;
    insn->index = HV_REG_NONE;
    insn->segment = r->segment;
    insn->address32 = r->address32;
    insn->disp = r->address32 ? (int64_t)(uint32_t)read_number(r, 4) : read_number(r, 8);
}

/* Opcode 90 is xchg rax, rax only by its number; with REX.B it is xchg r8, but
 * with F3 always pause. */
static bool is_nop(const HvInsn *insn, uint8_t opcode)
{
    return insn->id == HV_I_XCHG && opcode == 0x90 && (insn->rm == HV_RAX || insn->rep == 0xf3);
}

HvDecodeStatus hv_decode(const uint8_t *bytes, size_t available, HvInsn *insn)
{
    HvReader r = {.bytes = bytes, .available = available, .segment = HV_DS};
    uint8_t opcode;
    uint8_t byte = read_prefixes(&r);

    if (r.status != HV_DECODE_OK)
        return r.status;
    memset(insn, 0, sizeof(*insn));
    HvOpcodeRow found = *find_row(&r, byte, &opcode);
    const HvOpcodeRow *row = &found;
    if (has_modrm(row))
        read_modrm(&r, insn, &found);
    if (r.status != HV_DECODE_OK)
        return r.status;
    if (row->form == HV_ROW_UNSUPPORTED)
        return HV_DECODE_UNSUPPORTED;

    insn->id = (HvInsnId)row->id;
    insn->form = (HvInsnForm)(row->form - 1);
    insn->size = operand_size(&r, row->flags);
    insn->rep = r.rep;
    insn->rex_w = r.rex & REX_W;
    insn->lock = r.lock;
    insn->privileged = row->flags & HV_ROW_PRIVILEGED;
    implied_operands(&r, insn, row->flags, opcode);
    if (row->flags & HV_ROW_MOFFS)
        read_moffs(&r, insn);
    if (!insn->memory) {
        insn->segment = r.segment;
        insn->address32 = r.address32;
    }
    fix_byte_registers(&r, insn);
    if (row->flags & HV_ROW_ANY_IMM)
        insn->imm = read_immediate(&r, insn, row->flags);
    if (insn->id == HV_I_ENTER)
        insn->imm2 = read_byte(&r);
    if (is_nop(insn, opcode))
        insn->id = HV_I_NOP;
    insn->length = (uint8_t)r.at;
    if (r.status != HV_DECODE_OK)
        return r.status;
    if (insn->lock && !lock_allowed(row, insn))
        return HV_DECODE_UNSUPPORTED;
    return supported(insn, row, r.size16) ? HV_DECODE_OK : HV_DECODE_UNSUPPORTED;
}

HvDecodeStatus hv_decode_length(const uint8_t *bytes, size_t available, unsigned *ret_length,
                                bool *ret_privileged)
{
    HvInsn insn;
    HvDecodeStatus status = hv_decode(bytes, available, &insn);

    if (status != HV_DECODE_OK)
        return status;
    if (ret_length)
        *ret_length = insn.length;
    if (ret_privileged)
        *ret_privileged = insn.privileged;
    return HV_DECODE_OK;
}
