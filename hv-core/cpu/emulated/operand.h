/* SPDX-License-Identifier: GPL-2.0-or-later */
/* operand.h: operands of instructions that are helpers (HvHelper). */
#pragma once

#include "hv-core/cpu/emulated/execute.h"
#include "hv-core/cpu/emulated/flags.h"
#include "hv-core/cpu/emulated/mmu.h"

static inline unsigned hv_op_size(const HvOp *op)
{
    return 1u << (op->shift >> HV_OP_SIZE_SHIFT);
}

static inline uint64_t hv_truncate(uint64_t value, unsigned size)
{
    return size == 8 ? value : value & ((UINT64_C(1) << (8 * size)) - 1);
}

static inline uint64_t hv_sign_extend(uint64_t value, unsigned size)
{
    unsigned unused = 64 - 8 * size;

    return (uint64_t)((int64_t)(value << unused) >> unused);
}

static inline uint64_t hv_get_reg(const HvEmulatedCpu *cpu, unsigned n, unsigned size)
{
    if (size == 1)
        return (uint8_t)(cpu->gpr[n & 15] >> ((n & HV_REG_HIGH) >> 1));
    return hv_truncate(cpu->gpr[n], size);
}

/* A 32-bit result clears the upper half; narrower ones leave the rest alone. */
static inline void hv_put_reg(HvEmulatedCpu *cpu, unsigned n, unsigned size, uint64_t value)
{
    unsigned shift = size == 1 ? (n & HV_REG_HIGH) >> 1 : 0;
    uint64_t *reg = &cpu->gpr[n & 15];

    if (size >= 4)
        *reg = hv_truncate(value, size);
    else
        *reg = (*reg & ~(hv_truncate(UINT64_MAX, size) << shift)) | hv_truncate(value, size)
                                                                        << shift;
}

static inline uint64_t hv_op_address(const HvEmulatedCpu *cpu, const HvOp *op)
{
    return cpu->gpr[op->base] + (cpu->gpr[op->index] << (op->shift & HV_OP_SHIFT)) + op->disp;
}

static inline unsigned hv_op_access(const HvOp *op)
{
    return op->base == HV_RSP || op->base == HV_RBP ? HV_MEM_STACK : 0;
}

/* Operand E, a register or memory. */
static inline HvStatus hv_read_e(HvEmulatedCpu *cpu, const HvOp *op, unsigned size, uint64_t *value)
{
    if (op->shift & HV_OP_REGISTER) {
        *value = hv_get_reg(cpu, op->rm, size);
        return HV_OK;
    }
    return hv_mem_read(cpu, hv_op_address(cpu, op), size, hv_op_access(op), value);
}

/* The same, for an operand that will be written. */
static inline HvStatus hv_modify_e(HvEmulatedCpu *cpu, const HvOp *op, unsigned size,
                                   uint64_t *value)
{
    if (op->shift & HV_OP_REGISTER)
        return hv_read_e(cpu, op, size, value);
    return hv_mem_read(cpu, hv_op_address(cpu, op), size, hv_op_access(op) | HV_MEM_WRITE, value);
}

static inline HvStatus hv_write_e(HvEmulatedCpu *cpu, const HvOp *op, unsigned size, uint64_t value)
{
    if (op->shift & HV_OP_REGISTER) {
        hv_put_reg(cpu, op->rm, size, value);
        return HV_OK;
    }
    return hv_mem_write(cpu, hv_op_address(cpu, op), size, hv_op_access(op), value);
}

static inline bool hv_op_has_immediate(const HvOp *op)
{
    return op->shift & HV_OP_IMMEDIATE;
}

/* The address of the instruction behind an ending helper's. */
static inline uint64_t hv_op_next_rip(const HvOp *op)
{
    return op[1].disp;
}

static inline void hv_jump(HvEmulatedCpu *cpu, uint64_t rip)
{
    cpu->rip = rip;
    cpu->jumped = true;
}

static inline uint32_t hv_flag_size(unsigned size)
{
    return (uint32_t)__builtin_ctz(size);
}
