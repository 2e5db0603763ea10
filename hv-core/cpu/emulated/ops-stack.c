/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops-stack.c: stack instructions in their rarer forms, loops, and xlat. */
#include "hv-core/cpu/emulated/ops.h"
#include "hv-core/cpu/emulated/operand.h"

static HvStatus push(HvEmulatedCpu *cpu, unsigned size, uint64_t value)
{
    HvStatus status = hv_mem_write(cpu, cpu->gpr[HV_RSP] - size, size, HV_MEM_STACK, value);

    if (status == HV_OK)
        cpu->gpr[HV_RSP] -= size;
    return status;
}

/* 16-bit push of a register, memory or an immediate. */
HvStatus hv_op_push(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t value = op->imm;
    HvStatus status = HV_OK;

    if (!hv_op_has_immediate(op))
        status = hv_read_e(cpu, op, size, &value);
    return status == HV_OK ? push(cpu, size, value) : status;
}

/* pop to memory, or of 16 bits. An address with RSP in it is computed with the
 * stack pointer already raised (the translator has added it). */
HvStatus hv_op_pop(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t value;
    HvStatus status = hv_mem_read(cpu, cpu->gpr[HV_RSP], size, HV_MEM_STACK, &value);

    if (status != HV_OK)
        return status;
    if (op->shift & HV_OP_REGISTER) {
        cpu->gpr[HV_RSP] += size;
        return hv_write_e(cpu, op, size, value);
    }
    status = hv_write_e(cpu, op, size, value);
    if (status == HV_OK)
        cpu->gpr[HV_RSP] += size;
    return status;
}

HvStatus hv_op_pushf(HvEmulatedCpu *cpu, const HvOp *op)
{
    return push(cpu, hv_op_size(op), hv_get_rflags(cpu) & ~(uint64_t)HV_FLAG_RF);
}

HvStatus hv_op_popf(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    unsigned iopl = (cpu->system_flags & HV_FLAG_IOPL) >> 12;
    uint64_t value, keep = HV_FLAG_RF;
    HvStatus status = hv_mem_read(cpu, cpu->gpr[HV_RSP], size, HV_MEM_STACK, &value);

    if (status != HV_OK)
        return status;
    cpu->gpr[HV_RSP] += size;
    if (cpu->cpl > 0)
        keep |= HV_FLAG_IOPL;
    if (cpu->cpl > iopl)
        keep |= HV_FLAG_IF;
    if (size == 2)
        keep |= HV_FLAG_AC | HV_FLAG_ID;
    uint64_t old = hv_get_rflags(cpu);
    hv_set_rflags(cpu, ((value & ~keep) | (old & keep)) & ~(uint64_t)HV_FLAG_RF);
    hv_mmu_select(cpu);
    hv_attend(cpu); /* IF or TF may be set now */
    return HV_OK;
}

/* enter: imm bytes of locals, reg the nesting level. */
HvStatus hv_op_enter(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op), level = op->reg;
    uint64_t rsp = cpu->gpr[HV_RSP] - size, rbp = cpu->gpr[HV_RBP];
    uint64_t frame = rsp;
    HvStatus status = hv_mem_write(cpu, rsp, size, HV_MEM_STACK, rbp);

    for (unsigned i = 1; status == HV_OK && i < level; i++) {
        uint64_t link;

        status = hv_mem_read(cpu, rbp - i * size, size, HV_MEM_STACK, &link);
        if (status == HV_OK)
            status = hv_mem_write(cpu, rsp -= size, size, HV_MEM_STACK, link);
    }
    if (status == HV_OK && level > 0)
        status = hv_mem_write(cpu, rsp -= size, size, HV_MEM_STACK, frame);
    rsp -= (uint16_t)op->imm;
    if (status == HV_OK)
        status = hv_mem_probe_write(cpu, rsp, size, HV_MEM_STACK);
    if (status != HV_OK)
        return status;
    cpu->gpr[HV_RSP] = rsp;
    hv_put_reg(cpu, HV_RBP, size, frame);
    return HV_OK;
}

/* 16-bit leave. */
HvStatus hv_op_leave(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t value, rsp = cpu->gpr[HV_RBP];
    HvStatus status = hv_mem_read(cpu, rsp, size, HV_MEM_STACK, &value);

    if (status != HV_OK)
        return status;
    cpu->gpr[HV_RSP] = rsp + size;
    hv_put_reg(cpu, HV_RBP, size, value);
    return HV_OK;
}

/* loop, loope, loopne, jrcxz: imm is where to, rm: RCX is ECX. */
HvStatus hv_op_loop(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint64_t count = cpu->gpr[HV_RCX];
    bool taken;

    if (op->helper != HV_I_JRCXZ)
        cpu->gpr[HV_RCX] = --count;
    if (op->rm) {
        count = (uint32_t)count;
        if (op->helper != HV_I_JRCXZ)
            cpu->gpr[HV_RCX] = count;
    }
    switch (op->helper) {
    case HV_I_JRCXZ: taken = count == 0; break;
    case HV_I_LOOP: taken = count != 0; break;
    case HV_I_LOOPE: taken = count != 0 && hv_get_zf(cpu); break;
    default: taken = count != 0 && !hv_get_zf(cpu); break;
    }
    if (taken)
        hv_jump(cpu, op->imm);
    return HV_OK;
}

/* AL = memory at RBX + AL; base is the segment, rm: the address is cut to 32 bits. */
HvStatus hv_op_xlat(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint64_t address = cpu->gpr[HV_RBX] + (uint8_t)cpu->gpr[HV_RAX], value;

    if (op->rm)
        address = (uint32_t)address;
    if (op->base == HV_FS || op->base == HV_GS)
        address += cpu->segment[op->base].base;
    HvStatus status = hv_mem_read(cpu, address, 1, 0, &value);
    if (status == HV_OK)
        hv_put_reg(cpu, HV_RAX, 1, value);
    return status;
}
