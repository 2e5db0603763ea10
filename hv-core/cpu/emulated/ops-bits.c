/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops-bits.c: helpers for bit tests and scans, exchanges, conditional moves in
 * their rarer forms, conversions, and the flag instructions. */
#include "hv-core/cpu/emulated/ops.h"
#include "hv-core/cpu/emulated/operand.h"

/* Moves at's address to the word of memory that has bit number (emit_bit()). */
static void move_to_bit(const HvEmulatedCpu *cpu, HvOp *at, unsigned size, uint64_t number)
{
    int64_t word = (int64_t)hv_sign_extend(number, size) >> (3 + hv_flag_size(size));
    unsigned segment = at->rm & ~HV_OP_ADDRESS32;

    at->disp += (uint64_t)word << hv_flag_size(size);
    if (at->base != HV_SLOT_TEMP)
        return;
    uint64_t address = hv_op_address(cpu, at);
    if (at->rm & HV_OP_ADDRESS32)
        address = (uint32_t)address;
    if (segment == HV_FS || segment == HV_GS)
        address += cpu->segment[segment].base;
    at->base = HV_SLOT_ZERO;
    at->disp = address;
}

/* bt, bts, btr, btc. A bit number in a register may reach far outside of a
 * memory operand; an immediate one, or of a register operand, is taken modulo
 * the operand size. */
HvStatus hv_op_bit(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op), bits = 8 * size;
    uint64_t number = hv_op_has_immediate(op) ? op->imm : hv_get_reg(cpu, op->reg, size);
    HvOp at = *op;
    uint64_t value;

    if (!(op->shift & HV_OP_REGISTER) && !hv_op_has_immediate(op))
        move_to_bit(cpu, &at, size, number);
    uint64_t mask = UINT64_C(1) << (number & (bits - 1));
    bool only_test = op->helper == HV_I_BT;
    HvStatus status =
        only_test ? hv_read_e(cpu, &at, size, &value) : hv_modify_e(cpu, &at, size, &value);
    if (status != HV_OK)
        return status;
    bool was = value & mask;
    if (!only_test) {
        uint64_t changed = op->helper == HV_I_BTS   ? value | mask
                           : op->helper == HV_I_BTR ? value & ~mask
                                                    : value ^ mask;
        status = hv_write_e(cpu, &at, size, changed);
        if (status != HV_OK)
            return status;
    }
    hv_change_flags(cpu, HV_FLAG_CF, was ? HV_FLAG_CF : 0);
    return HV_OK;
}

/* bsf and bsr. Of 0 they leave the destination as it is (Intel and AMD both
 * do) and set ZF. The other flags are undefined; as on Intel's processors PF
 * follows the bit's number and the rest are 0. */
HvStatus hv_op_scan(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t value;
    HvStatus status = hv_read_e(cpu, op, size, &value);

    if (status != HV_OK)
        return status;
    if (value == 0) {
        hv_set_flags(cpu, HV_FLAGS_RESULT | hv_flag_size(size), 0, 0);
        return HV_OK;
    }
    uint64_t number = op->helper == HV_I_BSF ? (uint64_t)__builtin_ctzll(value)
                                             : 63 - (uint64_t)__builtin_clzll(value);
    hv_put_reg(cpu, op->reg, size, number);
    hv_set_flags(cpu, HV_FLAGS_PRODUCT | hv_flag_size(size), number, 0);
    return HV_OK;
}

HvStatus hv_op_xchg(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t e, g = hv_get_reg(cpu, op->reg, size);
    HvStatus status = hv_modify_e(cpu, op, size, &e);

    if (status == HV_OK)
        status = hv_write_e(cpu, op, size, g);
    if (status == HV_OK)
        hv_put_reg(cpu, op->reg, size, e);
    return status;
}

HvStatus hv_op_xadd(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t e, g = hv_get_reg(cpu, op->reg, size);
    HvStatus status = hv_modify_e(cpu, op, size, &e);

    if (status != HV_OK)
        return status;
    uint64_t sum = hv_truncate(e + g, size);
    if (op->shift & HV_OP_REGISTER) {
        hv_put_reg(cpu, op->reg, size, e);
        hv_put_reg(cpu, op->rm, size, sum); /* last: it wins if both are the same */
    } else {
        status = hv_write_e(cpu, op, size, sum);
        if (status != HV_OK)
            return status;
        hv_put_reg(cpu, op->reg, size, e);
    }
    hv_set_flags(cpu, HV_FLAGS_ADD | hv_flag_size(size), hv_sign_extend(sum, size),
                 hv_sign_extend(g, size));
    return HV_OK;
}

/* Memory is written in either case, as on hardware. */
HvStatus hv_op_cmpxchg(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t e, a = hv_get_reg(cpu, HV_RAX, size);
    HvStatus status = hv_modify_e(cpu, op, size, &e);

    if (status != HV_OK)
        return status;
    bool equal = a == e;
    bool memory = !(op->shift & HV_OP_REGISTER);
    if (equal || memory)
        status = hv_write_e(cpu, op, size, equal ? hv_get_reg(cpu, op->reg, size) : e);
    if (status != HV_OK)
        return status;
    if (!equal)
        hv_put_reg(cpu, HV_RAX, size, e);
    hv_set_flags(cpu, HV_FLAGS_SUB | hv_flag_size(size), hv_sign_extend(a, size),
                 hv_sign_extend(e, size));
    return HV_OK;
}

HvStatus hv_op_cmpxchg8b(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint64_t *gpr = cpu->gpr;
    uint64_t e, expected = (uint64_t)(uint32_t)gpr[HV_RDX] << 32 | (uint32_t)gpr[HV_RAX];
    uint64_t desired = (uint64_t)(uint32_t)gpr[HV_RCX] << 32 | (uint32_t)gpr[HV_RBX];
    HvStatus status = hv_modify_e(cpu, op, 8, &e);

    if (status == HV_OK)
        status = hv_write_e(cpu, op, 8, e == expected ? desired : e);
    if (status != HV_OK)
        return status;
    if (e != expected) {
        gpr[HV_RAX] = (uint32_t)e;
        gpr[HV_RDX] = e >> 32;
    }
    hv_change_flags(cpu, HV_FLAG_ZF, e == expected ? HV_FLAG_ZF : 0);
    return HV_OK;
}

/* 16-bit cmov; imm is the condition. */
HvStatus hv_op_cmov(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t value;
    HvStatus status = hv_read_e(cpu, op, size, &value);

    if (status == HV_OK && hv_condition(cpu, (unsigned)op->imm))
        hv_put_reg(cpu, op->reg, size, value);
    return status;
}

/* setcc to memory; imm is the condition. */
HvStatus hv_op_setcc(HvEmulatedCpu *cpu, const HvOp *op)
{
    return hv_write_e(cpu, op, 1, hv_condition(cpu, (unsigned)op->imm));
}

/* cbw: AL to AX. */
HvStatus hv_op_cbw(HvEmulatedCpu *cpu, const HvOp *op)
{
    hv_put_reg(cpu, HV_RAX, 2, hv_sign_extend(cpu->gpr[HV_RAX], 1));
    return HV_OK;
}

/* cwd: the sign of AX in DX. */
HvStatus hv_op_cwd(HvEmulatedCpu *cpu, const HvOp *op)
{
    hv_put_reg(cpu, HV_RDX, 2, cpu->gpr[HV_RAX] & 0x8000 ? 0xffff : 0);
    return HV_OK;
}

HvStatus hv_op_lahf(HvEmulatedCpu *cpu, const HvOp *op)
{
    hv_put_reg(cpu, HV_REG_HIGH | HV_RAX, 1, hv_get_rflags(cpu) & 0xff);
    return HV_OK;
}

HvStatus hv_op_sahf(HvEmulatedCpu *cpu, const HvOp *op)
{
    hv_change_flags(cpu, HV_FLAGS_ARITHMETIC & 0xff, hv_get_reg(cpu, HV_REG_HIGH | HV_RAX, 1));
    return HV_OK;
}

/* cmc, clc, stc, cld, std */
HvStatus hv_op_flag(HvEmulatedCpu *cpu, const HvOp *op)
{
    switch (op->helper) {
    case HV_I_CLD: cpu->direction = false; break;
    case HV_I_STD: cpu->direction = true; break;
    case HV_I_CLC: hv_change_flags(cpu, HV_FLAG_CF, 0); break;
    case HV_I_STC: hv_change_flags(cpu, HV_FLAG_CF, HV_FLAG_CF); break;
    default: hv_change_flags(cpu, HV_FLAG_CF, hv_get_cf(cpu) ? 0 : HV_FLAG_CF); break;
    }
    return HV_OK;
}
