/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops-string.c: string instructions, and port I/O.
 *
 * One iteration is one instruction: it can fault, block, or be the last of the
 * budget, with RCX, RSI and RDI then saying how far it got, and RIP still at
 * the instruction unless it was the last iteration.
 *
 * Of the op, base is the segment of the source, rm says that addresses are cut
 * to 32 bits.
 */
#include "hv-core/cpu/emulated/ops.h"
#include "hv-core/cpu/emulated/operand.h"

static uint64_t pointer(const HvEmulatedCpu *cpu, const HvOp *op, unsigned reg)
{
    return op->rm ? (uint32_t)cpu->gpr[reg] : cpu->gpr[reg];
}

static void set_pointer(HvEmulatedCpu *cpu, const HvOp *op, unsigned reg, uint64_t value)
{
    cpu->gpr[reg] = op->rm ? (uint32_t)value : value;
}

static void advance(HvEmulatedCpu *cpu, const HvOp *op, unsigned reg, unsigned size)
{
    set_pointer(cpu, op, reg, cpu->gpr[reg] + (cpu->direction ? -(uint64_t)size : size));
}

static uint64_t source_address(const HvEmulatedCpu *cpu, const HvOp *op)
{
    uint64_t base = op->base == HV_FS || op->base == HV_GS ? cpu->segment[op->base].base : 0;

    return base + pointer(cpu, op, HV_RSI);
}

static HvStatus read_source(HvEmulatedCpu *cpu, const HvOp *op, unsigned size, uint64_t *value)
{
    return hv_mem_read(cpu, source_address(cpu, op), size, 0, value);
}

static HvStatus read_destination(HvEmulatedCpu *cpu, const HvOp *op, unsigned size, uint64_t *value)
{
    return hv_mem_read(cpu, pointer(cpu, op, HV_RDI), size, 0, value);
}

static HvStatus write_destination(HvEmulatedCpu *cpu, const HvOp *op, unsigned size, uint64_t value)
{
    return hv_mem_write(cpu, pointer(cpu, op, HV_RDI), size, 0, value);
}

static void compare(HvEmulatedCpu *cpu, unsigned size, uint64_t a, uint64_t b)
{
    hv_set_flags(cpu, HV_FLAGS_SUB | hv_flag_size(size), hv_sign_extend(a, size),
                 hv_sign_extend(b, size));
}

/* ---- One iteration each ---------------------------------------------------------- */

static HvStatus movs(HvEmulatedCpu *cpu, const HvOp *op, unsigned size)
{
    uint64_t value;
    HvStatus status = read_source(cpu, op, size, &value);

    if (status == HV_OK)
        status = write_destination(cpu, op, size, value);
    if (status == HV_OK) {
        advance(cpu, op, HV_RSI, size);
        advance(cpu, op, HV_RDI, size);
    }
    return status;
}

static HvStatus cmps(HvEmulatedCpu *cpu, const HvOp *op, unsigned size)
{
    uint64_t a, b;
    HvStatus status = read_destination(cpu, op, size, &b); /* first: which of two faults shows */

    if (status == HV_OK)
        status = read_source(cpu, op, size, &a);
    if (status == HV_OK) {
        compare(cpu, size, a, b);
        advance(cpu, op, HV_RSI, size);
        advance(cpu, op, HV_RDI, size);
    }
    return status;
}

static HvStatus stos(HvEmulatedCpu *cpu, const HvOp *op, unsigned size)
{
    HvStatus status = write_destination(cpu, op, size, hv_get_reg(cpu, HV_RAX, size));

    if (status == HV_OK)
        advance(cpu, op, HV_RDI, size);
    return status;
}

static HvStatus lods(HvEmulatedCpu *cpu, const HvOp *op, unsigned size)
{
    uint64_t value;
    HvStatus status = read_source(cpu, op, size, &value);

    if (status == HV_OK) {
        hv_put_reg(cpu, HV_RAX, size, value);
        advance(cpu, op, HV_RSI, size);
    }
    return status;
}

static HvStatus scas(HvEmulatedCpu *cpu, const HvOp *op, unsigned size)
{
    uint64_t value;
    HvStatus status = read_destination(cpu, op, size, &value);

    if (status == HV_OK) {
        compare(cpu, size, hv_get_reg(cpu, HV_RAX, size), value);
        advance(cpu, op, HV_RDI, size);
    }
    return status;
}

/* May this privilege do port I/O? Without IOPL the TSS's bitmap decides. */
static HvStatus check_port(HvEmulatedCpu *cpu, uint16_t port, unsigned size)
{
    unsigned iopl = (cpu->system_flags & HV_FLAG_IOPL) >> 12;
    uint64_t bitmap, bits;

    if (cpu->cpl <= iopl)
        return HV_OK;
    if (!(cpu->tr.attributes & HV_SEG_P) || cpu->tr.limit < 0x67)
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    HvStatus status = hv_mem_read(cpu, cpu->tr.base + 0x66, 2, HV_MEM_SYSTEM, &bitmap);
    if (status != HV_OK)
        return status;
    uint64_t at = bitmap + port / 8;
    if (at + 1 > cpu->tr.limit)
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    status = hv_mem_read(cpu, cpu->tr.base + at, 2, HV_MEM_SYSTEM, &bits);
    if (status != HV_OK)
        return status;
    if (bits >> (port % 8) & ((1u << size) - 1))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    return HV_OK;
}

static HvStatus ins(HvEmulatedCpu *cpu, const HvOp *op, unsigned size)
{
    uint16_t port = (uint16_t)cpu->gpr[HV_RDX];
    uint64_t value = 0;
    HvStatus status = check_port(cpu, port, size);

    if (status == HV_OK)
        status = hv_mem_probe_write(cpu, pointer(cpu, op, HV_RDI), size, 0);
    if (status == HV_OK)
        status = hv_port_access(cpu, HV_ACCESS_PORT_IN, port, size, &value);
    if (status == HV_OK)
        status = write_destination(cpu, op, size, value);
    if (status == HV_OK)
        advance(cpu, op, HV_RDI, size);
    return status;
}

static HvStatus outs(HvEmulatedCpu *cpu, const HvOp *op, unsigned size)
{
    uint16_t port = (uint16_t)cpu->gpr[HV_RDX];
    uint64_t value;
    HvStatus status = check_port(cpu, port, size);

    if (status == HV_OK)
        status = read_source(cpu, op, size, &value);
    if (status == HV_OK)
        status = hv_port_access(cpu, HV_ACCESS_PORT_OUT, port, size, &value);
    if (status == HV_OK)
        advance(cpu, op, HV_RSI, size);
    return status;
}

/* ---- Repetition ------------------------------------------------------------------- */

typedef HvStatus (*HvIteration)(HvEmulatedCpu *cpu, const HvOp *op, unsigned size);

static HvIteration iteration_of(HvInsnId id)
{
    switch (id) {
    case HV_I_MOVS: return movs;
    case HV_I_CMPS: return cmps;
    case HV_I_STOS: return stos;
    case HV_I_LODS: return lods;
    case HV_I_SCAS: return scas;
    case HV_I_INS: return ins;
    default: return outs;
    }
}

/* repe and repne of compares also stop at the flag. */
static bool goes_on(const HvEmulatedCpu *cpu, const HvOp *op)
{
    if (pointer(cpu, op, HV_RCX) == 0)
        return false;
    if (op->helper != HV_I_CMPS && op->helper != HV_I_SCAS)
        return true;
    return hv_get_zf(cpu) == !!(op->shift & HV_OP_REP);
}

static HvStatus repeat(HvEmulatedCpu *cpu, const HvOp *op, unsigned size)
{
    HvIteration iteration = iteration_of(op->helper);

    for (;;) {
        HvStatus status = iteration(cpu, op, size);

        if (status != HV_OK)
            return status;
        set_pointer(cpu, op, HV_RCX, cpu->gpr[HV_RCX] - 1);
        if (!goes_on(cpu, op))
            return HV_OK;
        if (cpu->budget <= 0 || atomic_load_explicit(&cpu->attention, memory_order_relaxed)) {
            hv_jump(cpu, cpu->rip); /* to itself, later */
            return HV_OK;
        }
        cpu->budget--;
    }
}

/* A fault leaves the flags as they were before the first iteration (Intel SDM
 * vol. 2, REP). That may have been in an earlier run: then HvRepeat knows them. */
static HvStatus repeat_compare(HvEmulatedCpu *cpu, const HvOp *op, unsigned size)
{
    HvRepeat *start = &cpu->repeat;

    if (!start->valid || start->rip != cpu->rip || start->next != hv_instruction_number(cpu)) {
        start->rip = cpu->rip;
        start->flag_a = cpu->flag_a;
        start->flag_b = cpu->flag_b;
        start->flag_kind = cpu->flag_kind;
    }
    HvStatus status = repeat(cpu, op, size);

    start->valid = status == HV_EXIT || (status == HV_OK && cpu->jumped);
    start->next = hv_instruction_number(cpu) + (status == HV_OK);
    if (status == HV_FAULT)
        hv_set_flags(cpu, start->flag_kind, start->flag_a, start->flag_b);
    return status;
}

/* The right to do port I/O is asked for even if RCX is 0. */
static HvStatus check_string_port(HvEmulatedCpu *cpu, const HvOp *op, unsigned size)
{
    if (op->helper != HV_I_INS && op->helper != HV_I_OUTS)
        return HV_OK;
    return check_port(cpu, (uint16_t)cpu->gpr[HV_RDX], size);
}

HvStatus hv_op_string(HvEmulatedCpu *cpu, const HvOp *op)
{
    /* HV_OP_REP and HV_OP_REPNE share bits of shift with nothing else here. */
    unsigned size = hv_op_size(op);

    if (op->helper == HV_I_INS || op->helper == HV_I_OUTS)
        size = MIN(size, 4);
    if (!(op->shift & (HV_OP_REP | HV_OP_REPNE)))
        return iteration_of(op->helper)(cpu, op, size);
    if (pointer(cpu, op, HV_RCX) == 0)
        return check_string_port(cpu, op, size);
    if (op->helper == HV_I_CMPS || op->helper == HV_I_SCAS)
        return repeat_compare(cpu, op, size);
    return repeat(cpu, op, size);
}

/* ---- in and out --------------------------------------------------------------------- */

static uint16_t port_of(const HvEmulatedCpu *cpu, const HvOp *op)
{
    return hv_op_has_immediate(op) ? (uint8_t)op->imm : (uint16_t)cpu->gpr[HV_RDX];
}

HvStatus hv_op_in(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = MIN(hv_op_size(op), 4);
    uint64_t value = 0;
    HvStatus status = check_port(cpu, port_of(cpu, op), size);

    if (status == HV_OK)
        status = hv_port_access(cpu, HV_ACCESS_PORT_IN, port_of(cpu, op), size, &value);
    if (status == HV_OK)
        hv_put_reg(cpu, HV_RAX, size, value);
    return status;
}

HvStatus hv_op_out(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = MIN(hv_op_size(op), 4);
    uint64_t value = hv_get_reg(cpu, HV_RAX, size);
    HvStatus status = check_port(cpu, port_of(cpu, op), size);

    if (status == HV_OK)
        status = hv_port_access(cpu, HV_ACCESS_PORT_OUT, port_of(cpu, op), size, &value);
    return status;
}
