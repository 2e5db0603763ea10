/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translate.c: decoded instructions to ops.
 *
 * For each kind of instruction one function emits the op, or two where the
 * operand needs work first: an address with FS or GS or cut to 32 bits is
 * computed by an op of its own into HV_SLOT_TEMP, and so is the memory operand
 * of instructions that have only register handlers. What has no handler at all
 * becomes a call of its helper.
 *
 * Then two passes over the block. Compares followed by their conditional jump
 * become one op. And going backwards, flags that the next instructions
 * overwrite unseen are not set in the first place; an op that may fault or end
 * the run sees all flags.
 */
#include <string.h>

#include "hv-core/cpu/emulated/execute.h"
#include "hv-core/cpu/emulated/handlers.h"

/* What an op does with the flags. */
enum {
    SETS = 1, /* all arithmetic flags, whatever they were */
    READS = 2,
    SEEN = 4,     /* may fault or leave: flags must be right before and after */
    OPTIONAL = 8, /* handler + 1 is the same without setting flags */
};

typedef struct {
    HvBlock *block;
    unsigned n;
    uint16_t handler[HV_BLOCK_MAX_OPS];
    uint8_t flags[HV_BLOCK_MAX_OPS];
    const HvInsn *insn;
    uint64_t next_rip; /* of the instruction behind insn */
    unsigned offset;
    bool ended; /* insn ends the block */
} HvTranslator;

static unsigned size_index(unsigned size)
{
    return (unsigned)__builtin_ctz(size);
}

static HvOp *emit(HvTranslator *t, unsigned handler, unsigned flags)
{
    HvOp *op = &t->block->ops[t->n];

    memset(op, 0, sizeof(*op));
    op->base = op->index = HV_SLOT_ZERO;
    op->offset = (uint8_t)t->offset;
    op->count = (uint8_t)t->block->count;
    t->handler[t->n] = (uint16_t)handler;
    t->flags[t->n++] = (uint8_t)flags;
    return op;
}

/* ---- Memory operands ------------------------------------------------------ */

static uint64_t displacement(const HvTranslator *t)
{
    return (uint64_t)t->insn->disp + (t->insn->rip_relative ? t->next_rip : 0);
}

static bool needs_address_op(const HvInsn *insn)
{
    return insn->segment == HV_FS || insn->segment == HV_GS || insn->address32;
}

static void set_address(const HvTranslator *t, HvOp *op)
{
    op->base = t->insn->base;
    op->index = t->insn->index;
    op->shift = t->insn->shift;
    op->disp = displacement(t);
}

/* Emits an op that works on insn's memory operand. Of the handlers at handler
 * the second is for an address with an index. */
static HvOp *emit_memory(HvTranslator *t, unsigned handler, unsigned flags)
{
    const HvInsn *insn = t->insn;

    if (needs_address_op(insn)) {
        HvOp *address = emit(t, HV_H_ADDRESS, 0);

        set_address(t, address);
        address->reg = insn->segment;
        address->rm = insn->address32;
        HvOp *op = emit(t, handler, flags | SEEN);
        op->base = HV_SLOT_TEMP;
        return op;
    }
    HvOp *op = emit(t, handler + (insn->index != HV_REG_NONE), flags | SEEN);
    set_address(t, op);
    return op;
}

/* The register that holds operand E of size bytes, loaded if it is in memory. */
static uint8_t operand_register(HvTranslator *t, unsigned size)
{
    if (!t->insn->memory)
        return t->insn->rm;
    HvOp *op = emit_memory(t, HV_H_MOV8_RM + size_index(size) * HV_MOV_FORM_COUNT, 0);
    op->reg = HV_SLOT_TEMP;
    return HV_SLOT_TEMP;
}

/* ---- Instructions by kind ------------------------------------------------- */

/* Any instruction, through its helper. */
static void emit_helper(HvTranslator *t)
{
    const HvInsn *insn = t->insn;
    HvOp *op;

    if (insn->memory && needs_address_op(insn)) {
        HvOp *address = emit(t, HV_H_ADDRESS, 0);

        set_address(t, address);
        address->reg = insn->segment;
        address->rm = insn->address32;
        op = emit(t, HV_H_HELPER, SEEN);
        op->base = HV_SLOT_TEMP;
    } else {
        op = emit(t, HV_H_HELPER, SEEN);
        if (insn->memory)
            set_address(t, op);
    }
    op->helper = (uint8_t)insn->id;
    op->imm = (uint64_t)insn->imm;
    op->reg = insn->reg;
    op->rm = insn->rm;
    op->shift |= (uint8_t)(size_index(insn->size) << HV_OP_SIZE_SHIFT);
    if (!insn->memory)
        op->shift |= HV_OP_REGISTER;
    if (insn->rep)
        op->shift |= insn->rep == 0xf3 ? HV_OP_REP : HV_OP_REPNE;
    if (insn->form == HV_FORM_EI || insn->form == HV_FORM_EGI || insn->form == HV_FORM_GEI ||
        insn->form == HV_FORM_I || insn->form == HV_FORM_J)
        op->shift |= HV_OP_IMMEDIATE;
}

/* A helper behind which the block ends: it may jump, or change how the code
 * after it is to be executed. The sentinel behind it knows the next address. */
static void emit_ending_helper(HvTranslator *t)
{
    emit_helper(t);
    t->handler[t->n - 1] = HV_H_HELPER_END;
    t->ended = true;
}

/* What a bit number in a register adds to an address comes before the address is
 * cut and the segment's base added: the helper does all that, by rm. */
static void emit_bit(HvTranslator *t)
{
    const HvInsn *insn = t->insn;

    emit_helper(t);
    if (!insn->memory || insn->form == HV_FORM_EI)
        return;
    t->block->ops[t->n - 1].rm = insn->segment | (insn->address32 ? HV_OP_ADDRESS32 : 0);
    if (needs_address_op(insn))
        t->block->ops[t->n - 2].reg = HV_DS;
}

static void emit_alu(HvTranslator *t)
{
    const HvInsn *insn = t->insn;
    unsigned op_index = insn->id - HV_I_ADD;
    unsigned base = HV_H_ADD8_RR + (op_index * 4 + size_index(insn->size)) * HV_ALU_FORM_COUNT;
    unsigned flags = SETS | OPTIONAL;

    if (insn->id == HV_I_ADC || insn->id == HV_I_SBB)
        flags = SETS | READS; /* the carry, even if nobody sees the result's flags */
    HvOp *op;
    switch (insn->form) {
    case HV_FORM_EG:
        op = insn->memory ? emit_memory(t, base + HV_FORM_MR, flags) : emit(t, base, flags);
        op->reg = insn->memory ? insn->reg : insn->rm;
        op->rm = insn->reg;
        break;
    case HV_FORM_GE:
        op = insn->memory ? emit_memory(t, base + HV_FORM_RM, flags) : emit(t, base, flags);
        op->reg = insn->reg;
        op->rm = insn->rm;
        break;
    default:
        op = insn->memory ? emit_memory(t, base + HV_FORM_MI, flags)
                          : emit(t, base + HV_FORM_RI, flags);
        op->reg = insn->rm;
        op->imm = (uint64_t)insn->imm;
        break;
    }
}

static void emit_mov(HvTranslator *t)
{
    const HvInsn *insn = t->insn;
    unsigned base = HV_H_MOV8_RR + size_index(insn->size) * HV_MOV_FORM_COUNT;
    HvOp *op;

    switch (insn->form) {
    case HV_FORM_EG:
        op = insn->memory ? emit_memory(t, base + HV_MOV_MR, 0) : emit(t, base, 0);
        op->reg = insn->memory ? insn->reg : insn->rm;
        op->rm = insn->reg;
        break;
    case HV_FORM_GE:
        op = insn->memory ? emit_memory(t, base + HV_MOV_RM, 0) : emit(t, base, 0);
        op->reg = insn->reg;
        op->rm = insn->rm;
        break;
    default:
        op = insn->memory ? emit_memory(t, base + HV_MOV_MI, 0) : emit(t, base + HV_MOV_RI, 0);
        op->reg = insn->rm;
        op->imm = (uint64_t)insn->imm;
        break;
    }
}

/* movzx, movsx, movsxd: one load or move that extends. A 16-bit destination
 * takes it through TEMP. */
static void emit_extend(HvTranslator *t)
{
    const HvInsn *insn = t->insn;
    bool zero = insn->id == HV_I_MOVZX;
    unsigned handler;

    if (insn->source_size == 1)
        handler = zero ? HV_H_ZX8_RR : insn->size == 8 ? HV_H_SX8_64_RR : HV_H_SX8_32_RR;
    else if (insn->source_size == 2)
        handler = zero ? HV_H_ZX16_RR : insn->size == 8 ? HV_H_SX16_64_RR : HV_H_SX16_32_RR;
    else /* movsxd: to 32 bits and fewer it is a plain move */
        handler = insn->size == 8 ? HV_H_SX32_64_RR : HV_H_MOV32_RR;
    if (handler == HV_H_MOV32_RR) {
        HvInsn plain = *insn;
        plain.id = HV_I_MOV;
        t->insn = &plain;
        emit_mov(t);
        t->insn = insn;
        return;
    }
    HvOp *op = insn->memory ? emit_memory(t, handler + 1, 0) : emit(t, handler, 0);
    op->rm = insn->rm;
    op->reg = insn->size == 2 ? HV_SLOT_TEMP : insn->reg;
    if (insn->size == 2) {
        op = emit(t, HV_H_MOV16_RR, 0);
        op->reg = insn->reg;
        op->rm = HV_SLOT_TEMP;
    }
}

static void emit_lea(HvTranslator *t)
{
    const HvInsn *insn = t->insn;
    bool narrow = insn->size == 4 || insn->address32;
    unsigned handler = (narrow ? HV_H_LEA32 : HV_H_LEA64) + (insn->index != HV_REG_NONE);
    HvOp *op = emit(t, handler, 0);

    set_address(t, op);
    op->reg = insn->reg;
    if (insn->size == 2) {
        op->reg = HV_SLOT_TEMP;
        op = emit(t, HV_H_MOV16_RR, 0);
        op->reg = insn->reg;
        op->rm = HV_SLOT_TEMP;
    }
}

static bool wide(const HvInsn *insn)
{
    return insn->size >= 4;
}

static void emit_shift(HvTranslator *t)
{
    const HvInsn *insn = t->insn;
    static const int16_t first[] = {
        [HV_I_ROL - HV_I_ROL] = HV_H_ROL32_RI,
        [HV_I_ROR - HV_I_ROL] = HV_H_ROR32_RI,
        [HV_I_RCL - HV_I_ROL] = -1,
        [HV_I_RCR - HV_I_ROL] = -1,
        [HV_I_SHL - HV_I_ROL] = HV_H_SHL32_RI,
        [HV_I_SHR - HV_I_ROL] = HV_H_SHR32_RI,
        [HV_I_SAL - HV_I_ROL] = HV_H_SHL32_RI,
        [HV_I_SAR - HV_I_ROL] = HV_H_SAR32_RI,
    };
    int handler = first[insn->id - HV_I_ROL];
    bool by_cl = insn->form == HV_FORM_E;
    uint64_t count = (uint64_t)insn->imm & (insn->size == 8 ? 63 : 31);

    if (handler < 0 || insn->memory || !wide(insn) || (!by_cl && count == 0)) {
        emit_helper(t);
        return;
    }
    unsigned flags = OPTIONAL;
    if (by_cl || insn->id == HV_I_ROL || insn->id == HV_I_ROR)
        flags |= READS; /* of CF and OF only, or not at all when CL is 0 */
    else
        flags |= SETS;
    HvOp *op = emit(t, (unsigned)handler + (insn->size == 8 ? 4 : 0) + (by_cl ? 2 : 0), flags);
    op->reg = insn->rm;
    op->imm = count;
}

static void emit_unary(HvTranslator *t)
{
    const HvInsn *insn = t->insn;

    if (insn->memory || !wide(insn)) {
        emit_helper(t);
        return;
    }
    bool is64 = insn->size == 8;
    HvOp *op;
    switch (insn->id) {
    case HV_I_INC: op = emit(t, HV_H_INC32_R + 2 * is64, READS | SETS | OPTIONAL); break;
    case HV_I_DEC: op = emit(t, HV_H_DEC32_R + 2 * is64, READS | SETS | OPTIONAL); break;
    case HV_I_NEG: op = emit(t, HV_H_NEG32_R + 2 * is64, SETS | OPTIONAL); break;
    default: op = emit(t, HV_H_NOT32_R + is64, 0); break;
    }
    op->reg = insn->rm;
}

static void emit_imul(HvTranslator *t)
{
    const HvInsn *insn = t->insn;

    if (!wide(insn)) {
        emit_helper(t);
        return;
    }
    uint8_t source = operand_register(t, insn->size);
    bool with_imm = insn->form == HV_FORM_GEI;
    unsigned handler = with_imm ? HV_H_IMUL32_RRI : HV_H_IMUL32_RR;
    HvOp *op = emit(t, handler + (insn->size == 8 ? 2 : 0), SETS | OPTIONAL);
    op->reg = insn->reg;
    op->rm = source;
    op->imm = (uint64_t)insn->imm;
}

static void emit_cmov(HvTranslator *t)
{
    const HvInsn *insn = t->insn;

    if (!wide(insn)) {
        emit_helper(t);
        t->block->ops[t->n - 1].imm = insn->cc;
        return;
    }
    uint8_t source = operand_register(t, insn->size);
    HvOp *op = emit(t, (insn->size == 8 ? HV_H_CMOV64_0 : HV_H_CMOV32_0) + insn->cc, READS);
    op->reg = insn->reg;
    op->rm = source;
}

static void emit_setcc(HvTranslator *t)
{
    const HvInsn *insn = t->insn;

    if (insn->memory) {
        emit_helper(t);
        t->block->ops[t->n - 1].imm = insn->cc;
        return;
    }
    HvOp *op = emit(t, HV_H_SET_0 + insn->cc, READS);
    op->reg = insn->rm;
}

static void emit_push(HvTranslator *t)
{
    const HvInsn *insn = t->insn;

    if (insn->size != 8) {
        emit_helper(t);
        return;
    }
    HvOp *op;
    if (insn->form == HV_FORM_I) {
        op = emit(t, HV_H_PUSH_I, SEEN);
        op->imm = (uint64_t)insn->imm;
    } else {
        uint8_t source = operand_register(t, 8);
        op = emit(t, HV_H_PUSH_R, SEEN);
        op->rm = source;
    }
    op->base = HV_RSP;
}

static void emit_pop(HvTranslator *t)
{
    const HvInsn *insn = t->insn;

    if (insn->size != 8 || insn->memory) {
        emit_helper(t);
        if (insn->memory && insn->base == HV_RSP) /* RSP counts as already raised */
            t->block->ops[t->n - (needs_address_op(insn) ? 2 : 1)].disp += insn->size;
        return;
    }
    HvOp *op = emit(t, HV_H_POP_R, SEEN);
    op->reg = insn->rm;
    op->base = HV_RSP;
}

static void emit_leave(HvTranslator *t)
{
    if (t->insn->size != 8) {
        emit_helper(t);
        return;
    }
    emit(t, HV_H_LEAVE, SEEN)->base = HV_RBP;
}

static void emit_xchg(HvTranslator *t)
{
    const HvInsn *insn = t->insn;

    if (insn->memory || !wide(insn)) {
        emit_helper(t);
        return;
    }
    HvOp *op = emit(t, insn->size == 8 ? HV_H_XCHG64 : HV_H_XCHG32, 0);
    op->reg = insn->rm;
    op->rm = insn->reg;
}

static void emit_bswap(HvTranslator *t)
{
    const HvInsn *insn = t->insn;

    if (insn->size == 2) /* undefined; processors write 0 */
        emit(t, HV_H_MOV16_RI, 0)->reg = insn->rm;
    else
        emit(t, insn->size == 8 ? HV_H_BSWAP64 : HV_H_BSWAP32, 0)->reg = insn->rm;
}

static void emit_convert(HvTranslator *t)
{
    const HvInsn *insn = t->insn;

    if (!wide(insn))
        emit_helper(t);
    else if (insn->id == HV_I_CWD)
        emit(t, insn->size == 8 ? HV_H_CWD64 : HV_H_CWD32, 0);
    else /* cwde, cdqe: RAX is register 0 */
        emit(t, insn->size == 8 ? HV_H_SX32_64_RR : HV_H_SX16_32_RR, 0);
}

static void emit_nothing(HvTranslator *t)
{
}

static void emit_jump(HvTranslator *t)
{
    const HvInsn *insn = t->insn;
    unsigned handler = insn->id == HV_I_JCC    ? HV_H_J_0 + insn->cc
                       : insn->id == HV_I_CALL ? HV_H_CALL
                                               : HV_H_JMP;
    unsigned flags = insn->id == HV_I_JCC ? READS : insn->id == HV_I_CALL ? SEEN : 0;
    HvOp *op = emit(t, handler, flags);

    op->imm = t->next_rip + (uint64_t)insn->imm;
    op->disp = t->next_rip;
    if (insn->id == HV_I_CALL)
        op->base = HV_RSP;
    t->ended = true;
}

static void emit_indirect(HvTranslator *t)
{
    uint8_t target = operand_register(t, 8);
    HvOp *op = emit(t, t->insn->id == HV_I_CALL_NEAR ? HV_H_CALL_R : HV_H_JMP_R, SEEN);

    op->rm = target;
    op->disp = t->next_rip;
    op->base = HV_RSP;
    t->ended = true;
}

static void emit_ret(HvTranslator *t)
{
    HvOp *op = emit(t, HV_H_RET, SEEN);

    op->imm = (uint64_t)(t->insn->imm & 0xffff);
    op->base = HV_RSP;
    t->ended = true;
}

static void emit_string(HvTranslator *t)
{
    HvOp *op;

    if (t->insn->rep)
        emit_ending_helper(t);
    else
        emit_helper(t);
    op = &t->block->ops[t->n - 1];
    op->base = t->insn->segment;
    op->rm = t->insn->address32;
}

static void emit_loop(HvTranslator *t)
{
    emit_ending_helper(t);
    HvOp *op = &t->block->ops[t->n - 1];

    op->imm = t->next_rip + (uint64_t)t->insn->imm;
    op->rm = t->insn->address32;
}

static void emit_enter(HvTranslator *t)
{
    emit_helper(t);
    t->block->ops[t->n - 1].reg = t->insn->imm2 & 31;
}

static void emit_xlat(HvTranslator *t)
{
    emit_helper(t);
    HvOp *op = &t->block->ops[t->n - 1];

    op->base = t->insn->segment;
    op->rm = t->insn->address32;
}

/* ---- The table -------------------------------------------------------------- */

/* What is not listed has only a helper, after which the block goes on. */
static void (*const emitters[HV_I_COUNT])(HvTranslator *t) = {
    [HV_I_ADD] = emit_alu,
    [HV_I_OR] = emit_alu,
    [HV_I_ADC] = emit_alu,
    [HV_I_SBB] = emit_alu,
    [HV_I_AND] = emit_alu,
    [HV_I_SUB] = emit_alu,
    [HV_I_XOR] = emit_alu,
    [HV_I_CMP] = emit_alu,
    [HV_I_TEST] = emit_alu,
    [HV_I_MOV] = emit_mov,
    [HV_I_ROL] = emit_shift,
    [HV_I_ROR] = emit_shift,
    [HV_I_RCL] = emit_shift,
    [HV_I_RCR] = emit_shift,
    [HV_I_SHL] = emit_shift,
    [HV_I_SHR] = emit_shift,
    [HV_I_SAL] = emit_shift,
    [HV_I_SAR] = emit_shift,
    [HV_I_INC] = emit_unary,
    [HV_I_DEC] = emit_unary,
    [HV_I_NOT] = emit_unary,
    [HV_I_NEG] = emit_unary,
    [HV_I_IMUL] = emit_imul,
    [HV_I_LEA] = emit_lea,
    [HV_I_MOVZX] = emit_extend,
    [HV_I_MOVSX] = emit_extend,
    [HV_I_XCHG] = emit_xchg,
    [HV_I_BSWAP] = emit_bswap,
    [HV_I_CMOV] = emit_cmov,
    [HV_I_SETCC] = emit_setcc,
    [HV_I_CBW] = emit_convert,
    [HV_I_CWD] = emit_convert,
    [HV_I_XLAT] = emit_xlat,
    [HV_I_PUSH] = emit_push,
    [HV_I_POP] = emit_pop,
    [HV_I_BT] = emit_bit,
    [HV_I_BTS] = emit_bit,
    [HV_I_BTR] = emit_bit,
    [HV_I_BTC] = emit_bit,
    [HV_I_POPF] = emit_ending_helper,
    [HV_I_ENTER] = emit_enter,
    [HV_I_LEAVE] = emit_leave,
    [HV_I_NOP] = emit_nothing,
    [HV_I_JCC] = emit_jump,
    [HV_I_JMP] = emit_jump,
    [HV_I_CALL] = emit_jump,
    [HV_I_JMP_NEAR] = emit_indirect,
    [HV_I_CALL_NEAR] = emit_indirect,
    [HV_I_RET] = emit_ret,
    [HV_I_LOOPNE] = emit_loop,
    [HV_I_LOOPE] = emit_loop,
    [HV_I_LOOP] = emit_loop,
    [HV_I_JRCXZ] = emit_loop,
    [HV_I_MOVS] = emit_string,
    [HV_I_CMPS] = emit_string,
    [HV_I_STOS] = emit_string,
    [HV_I_LODS] = emit_string,
    [HV_I_SCAS] = emit_string,
    [HV_I_INS] = emit_string,
    [HV_I_OUTS] = emit_string,
    [HV_I_INT3] = emit_ending_helper,
    [HV_I_INT] = emit_ending_helper,
    [HV_I_IRET] = emit_ending_helper,
    [HV_I_RETF] = emit_ending_helper,
    [HV_I_JMP_FAR] = emit_ending_helper,
    [HV_I_CALL_FAR] = emit_ending_helper,
    [HV_I_SYSCALL] = emit_ending_helper,
    [HV_I_SYSRET] = emit_ending_helper,
    [HV_I_HLT] = emit_ending_helper,
    [HV_I_CLI] = emit_ending_helper,
    [HV_I_STI] = emit_ending_helper,
    [HV_I_POP_SEG] = emit_ending_helper,
    [HV_I_MOV_TO_SEG] = emit_ending_helper,
    [HV_I_LMSW] = emit_ending_helper,
    [HV_I_INVLPG] = emit_ending_helper,
    [HV_I_MOV_TO_CR] = emit_ending_helper,
    [HV_I_WRMSR] = emit_ending_helper,
    [HV_I_CLTS] = emit_ending_helper,
};

/* ---- Passes over the finished block ---------------------------------------- */

/* A compare or test of registers and immediates, with the jump behind it:
 * the first handler of the fused op, or -1. */
static int fused_handler(unsigned handler)
{
    static const uint8_t fused_size[] = {0, 0xff, 1, 2};
    bool test = handler >= HV_H_TEST8_RR;

    if (handler < HV_H_CMP8_RR || handler > HV_H_TEST64_MIX)
        return -1;
    unsigned at = handler - (test ? HV_H_TEST8_RR : HV_H_CMP8_RR);
    unsigned size = fused_size[at / HV_ALU_FORM_COUNT], form = at % HV_ALU_FORM_COUNT;
    if (size == 0xff || (form != HV_FORM_RR && form != HV_FORM_RI))
        return -1;
    return (int)((test ? HV_H_TESTJ8_RR_0 : HV_H_CMPJ8_RR_0) +
                 (size * 2 + (form == HV_FORM_RI)) * 16);
}

/* The fused op has three constants: the immediate goes to disp's place and the
 * address of the branch not taken is that of the sentinel behind it. */
static void fuse_compare_and_jump(HvTranslator *t)
{
    if (t->n < 2)
        return;
    unsigned jump = t->handler[t->n - 1];
    HvOp *op = &t->block->ops[t->n - 2];
    int fused = fused_handler(t->handler[t->n - 2]);

    if (jump < HV_H_J_0 || jump > HV_H_J_15 || fused < 0)
        return;
    op->disp = op->imm;
    op->imm = op[1].imm;
    t->n--;
    t->handler[t->n - 1] = (uint16_t)((unsigned)fused + (jump - HV_H_J_0));
    t->flags[t->n - 1] = SETS;
}

static void drop_unseen_flags(HvTranslator *t)
{
    bool seen = true; /* the flags after this op, by anyone */

    for (unsigned i = t->n; i-- > 0;) {
        unsigned flags = t->flags[i];

        if (flags & SEEN) {
            seen = true;
            continue;
        }
        if (flags & OPTIONAL && !seen) {
            t->handler[i]++;
            continue;
        }
        if (flags & SETS)
            seen = false;
        if (flags & READS)
            seen = true;
    }
}

/* The sentinel: falls through to what comes next. */
static void finish(HvTranslator *t)
{
    const void *const *handlers = hv_execute_handlers();

    emit(t, HV_H_END, 0)->disp = t->block->rip + t->offset;
    for (unsigned i = 0; i < t->n; i++)
        t->block->ops[i].handler = handlers[t->handler[i]];
}

static void emit_undecodable(HvTranslator *t, HvDecodeStatus status)
{
    HvOp *op = emit(t, HV_H_HELPER, SEEN);

    op->helper = status == HV_DECODE_TOO_LONG ? HV_HELPER_TOO_LONG : HV_HELPER_UNDEFINED;
    t->block->count++;
    t->ended = true;
}

static void translate_insn(HvTranslator *t, const HvInsn *insn)
{
    t->insn = insn;
    t->next_rip = t->block->rip + t->offset + insn->length;
    (emitters[insn->id] ? emitters[insn->id] : emit_helper)(t);
    t->offset += insn->length;
    t->block->count++;
}

unsigned hv_translate(HvBlock *block, const uint8_t *bytes, size_t available, unsigned limit)
{
    HvTranslator t = {.block = block};

    block->count = 0;
    limit = MIN(limit, HV_BLOCK_MAX_INSNS);
    while (!t.ended && block->count < limit && t.offset < HV_BLOCK_MAX_BYTES - HV_MAX_INSN_BYTES) {
        HvInsn insn;
        HvDecodeStatus status = hv_decode(bytes + t.offset, available - t.offset, &insn);

        if (status == HV_DECODE_TRUNCATED)
            break;
        if (status != HV_DECODE_OK) {
            if (block->count == 0)
                emit_undecodable(&t, status);
            break;
        }
        translate_insn(&t, &insn);
    }
    fuse_compare_and_jump(&t);
    drop_unseen_flags(&t);
    finish(&t);
    return t.n;
}
