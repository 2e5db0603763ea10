/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system-transfer.c: control transfers that may change privilege: interrupts
 * and exceptions (Intel SDM vol. 3, chapter 6), iret, far jumps and returns,
 * syscall and sysret. 64-bit code segments only: a transfer to another one
 * ends the run as unsupported. */
#include "hv-core/cpu/emulated/ops.h"
#include "hv-core/cpu/emulated/operand.h"
#include "hv-core/cpu/emulated/system.h"

enum {
    GATE_INTERRUPT = 0xe,
    GATE_TRAP = 0xf,
    ERROR_EXT = 1,
    ERROR_IDT = 2,
    TSS_RSP0 = 4,
    TSS_IST1 = 0x24,
};

static bool null_selector(uint16_t selector)
{
    return (selector & ~3) == 0;
}

static bool is_code(uint64_t descriptor)
{
    return (hv_descriptor_type(descriptor) & (HV_SEG_S | HV_SEG_CODE)) == (HV_SEG_S | HV_SEG_CODE);
}

static bool is_conforming(uint64_t descriptor)
{
    return hv_descriptor_type(descriptor) & HV_SEG_CONFORMING;
}

static bool is_64bit(uint64_t descriptor)
{
    return (descriptor >> 40 & (HV_SEG_L | HV_SEG_DB)) == HV_SEG_L;
}

static void set_code_segment(HvEmulatedCpu *cpu, uint16_t selector, uint64_t descriptor)
{
    cpu->segment[HV_CS] = hv_segment_of(selector, descriptor | UINT64_C(1) << 40);
}

static HvSegment null_stack_segment(unsigned cpl)
{
    return (HvSegment){.selector = (uint16_t)cpl,
                       .attributes = (uint16_t)(cpl << HV_SEG_DPL_SHIFT)};
}

/* ---- Entering a handler ----------------------------------------------------------- */

typedef struct {
    uint64_t offset;
    uint16_t selector;
    unsigned ist;
    bool trap;           /* a trap gate leaves IF alone */
    uint64_t descriptor; /* of the code segment */
    unsigned cpl;        /* of the handler */
} HvGate;

/* Reads and checks the gate of vector. ext is bit 0 of error codes. */
static HvStatus read_gate(HvEmulatedCpu *cpu, uint8_t vector, bool software, uint32_t ext,
                          HvGate *gate)
{
    uint32_t error = vector * 8u | ERROR_IDT | ext;
    uint64_t low, high;

    if (vector * 16u + 15 > cpu->idt.limit)
        return hv_raise_error(cpu, HV_VECTOR_GP, error);
    HvStatus status = hv_mem_read(cpu, cpu->idt.base + vector * 16u, 8, HV_MEM_SYSTEM, &low);
    if (status == HV_OK)
        status = hv_mem_read(cpu, cpu->idt.base + vector * 16u + 8, 8, HV_MEM_SYSTEM, &high);
    if (status != HV_OK)
        return status;
    unsigned type = hv_descriptor_type(low);
    if (type != GATE_INTERRUPT && type != GATE_TRAP)
        return hv_raise_error(cpu, HV_VECTOR_GP, error);
    if (software && hv_descriptor_dpl(low) < cpu->cpl)
        return hv_raise_error(cpu, HV_VECTOR_GP, error);
    if (!hv_descriptor_present(low))
        return hv_raise_error(cpu, HV_VECTOR_NP, error);
    gate->offset = (low & 0xffff) | (low >> 32 & 0xffff0000) | high << 32;
    gate->selector = (uint16_t)(low >> 16);
    gate->ist = low >> 32 & 7;
    gate->trap = type == GATE_TRAP;
    return HV_OK;
}

/* Checks the gate's code segment; says at which privilege the handler runs. */
static HvStatus read_gate_segment(HvEmulatedCpu *cpu, uint32_t ext, HvGate *gate)
{
    if (null_selector(gate->selector))
        return hv_raise_error(cpu, HV_VECTOR_GP, ext);
    HvStatus status =
        hv_read_descriptor(cpu, gate->selector, HV_VECTOR_GP, &gate->descriptor, NULL);
    if (status != HV_OK) {
        cpu->fault.error |= cpu->fault.vector == HV_VECTOR_GP ? ext : 0;
        return status;
    }
    uint32_t error = (gate->selector & ~3u) | ext;
    unsigned dpl = hv_descriptor_dpl(gate->descriptor);
    if (!is_code(gate->descriptor) || dpl > cpu->cpl)
        return hv_raise_error(cpu, HV_VECTOR_GP, error);
    if (!hv_descriptor_present(gate->descriptor))
        return hv_raise_error(cpu, HV_VECTOR_NP, error);
    if (!is_64bit(gate->descriptor))
        return hv_raise_error(cpu, HV_VECTOR_GP, error);
    gate->cpl = is_conforming(gate->descriptor) ? cpu->cpl : dpl;
    return HV_OK;
}

/* The handler's stack pointer: by IST, by privilege from the TSS, or as it is. */
static HvStatus choose_stack(HvEmulatedCpu *cpu, const HvGate *gate, uint32_t ext, uint64_t *ret)
{
    unsigned offset;

    if (gate->ist != 0)
        offset = TSS_IST1 + 8 * (gate->ist - 1);
    else if (gate->cpl < cpu->cpl)
        offset = TSS_RSP0 + 8 * gate->cpl;
    else {
        *ret = cpu->gpr[HV_RSP];
        return HV_OK;
    }
    if (!(cpu->tr.attributes & HV_SEG_P) || offset + 7 > cpu->tr.limit)
        return hv_raise_error(cpu, HV_VECTOR_TS, (cpu->tr.selector & ~3u) | ext);
    HvStatus status = hv_mem_read(cpu, cpu->tr.base + offset, 8, HV_MEM_SYSTEM, ret);
    if (status == HV_OK && !hv_canonical(*ret))
        return hv_raise_error(cpu, HV_VECTOR_SS, ext);
    return status;
}

/* Writes the frame below top, which is 16-byte aligned. */
static HvStatus push_frame(HvEmulatedCpu *cpu, unsigned cpl, uint64_t top, const uint64_t *words,
                           unsigned count)
{
    unsigned access = HV_MEM_STACK | (cpl == 3 ? 0 : HV_MEM_SYSTEM);
    HvStatus status = hv_mem_probe_write(cpu, top - 8, 8, access);

    if (status == HV_OK)
        status = hv_mem_probe_write(cpu, top - 8 * count, 8, access);
    for (unsigned i = 0; status == HV_OK && i < count; i++)
        status = hv_mem_write(cpu, top - 8 * (i + 1), 8, access, words[i]);
    return status;
}

HvStatus hv_enter_handler(HvEmulatedCpu *cpu, uint8_t vector, HvEventSource source,
                          const uint32_t *error, uint64_t return_rip)
{
    uint32_t ext = source == HV_EVENT_SOFTWARE ? 0 : ERROR_EXT;
    HvGate gate;
    uint64_t rsp;
    HvStatus status = read_gate(cpu, vector, source == HV_EVENT_SOFTWARE, ext, &gate);

    if (status == HV_OK)
        status = read_gate_segment(cpu, ext, &gate);
    if (status == HV_OK)
        status = choose_stack(cpu, &gate, ext, &rsp);
    if (status != HV_OK)
        return status;
    uint64_t rflags = hv_get_rflags(cpu);
    if (source == HV_EVENT_FAULT && vector != HV_VECTOR_DB)
        rflags |= HV_FLAG_RF; /* of faults, in the saved image */
    uint64_t words[6] = {cpu->segment[HV_SS].selector, cpu->gpr[HV_RSP], rflags,
                         cpu->segment[HV_CS].selector, return_rip,       error ? *error : 0};
    unsigned count = error ? 6 : 5;

    rsp &= ~UINT64_C(15);
    status = push_frame(cpu, gate.cpl, rsp, words, count);
    if (status == HV_OK)
        status = hv_mark_accessed(cpu, gate.selector, gate.descriptor);
    if (status == HV_OK && !hv_canonical(gate.offset))
        status = hv_raise_error(cpu, HV_VECTOR_GP, ext);
    if (status != HV_OK)
        return status;
    cpu->gpr[HV_RSP] = rsp - 8 * count;
    if (gate.cpl != cpu->cpl)
        cpu->segment[HV_SS] = null_stack_segment(gate.cpl);
    set_code_segment(cpu, (uint16_t)((gate.selector & ~3u) | gate.cpl), gate.descriptor);
    cpu->system_flags &= ~(uint64_t)(HV_FLAG_TF | HV_FLAG_NT | HV_FLAG_RF);
    if (!gate.trap)
        cpu->system_flags &= ~(uint64_t)HV_FLAG_IF;
    cpu->shadow = false;
    hv_set_cpl(cpu, gate.cpl);
    cpu->rip = gate.offset;
    return HV_OK;
}

/* ---- Exceptions met while delivering others ----------------------------------------- */

static bool contributory(uint8_t vector)
{
    return vector == HV_VECTOR_DE || (vector >= HV_VECTOR_TS && vector <= HV_VECTOR_GP);
}

/* Table 6-5 of the SDM: does second, met while delivering first, make a double fault? */
static bool doubles(uint8_t first, uint8_t second)
{
    if (first == HV_VECTOR_PF)
        return second == HV_VECTOR_PF || contributory(second);
    return contributory(first) && contributory(second);
}

HvStatus hv_deliver_fault(HvEmulatedCpu *cpu)
{
    for (;;) {
        HvFaultInfo first = cpu->fault;
        HvStatus status = hv_enter_handler(cpu, first.vector, HV_EVENT_FAULT,
                                           first.has_error ? &first.error : NULL, cpu->rip);

        if (status != HV_FAULT)
            return status;
        if (first.vector == HV_VECTOR_DF)
            return hv_leave(cpu, HV_CPU_SHUTDOWN, HV_CPU_ERROR_NONE);
        if (doubles(first.vector, cpu->fault.vector))
            hv_raise_error(cpu, HV_VECTOR_DF, 0);
    }
}

HvStatus hv_deliver_interrupt(HvEmulatedCpu *cpu, uint8_t vector)
{
    HvStatus status = hv_enter_handler(cpu, vector, HV_EVENT_EXTERNAL, NULL, cpu->rip);

    return status == HV_FAULT ? hv_deliver_fault(cpu) : status;
}

/* int3 and int n. Both are traps: the saved RIP is that of the next instruction. */
HvStatus hv_op_int(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint8_t vector = op->helper == HV_I_INT3 ? HV_VECTOR_BP : (uint8_t)op->imm;
    HvStatus status = hv_enter_handler(cpu, vector, HV_EVENT_SOFTWARE, NULL, hv_op_next_rip(op));

    cpu->jumped = status == HV_OK;
    return status;
}

/* ---- Returning and far jumps ----------------------------------------------------------- */

/* Checks a code segment to return to, at privilege RPL of the selector. */
static HvStatus check_return_segment(HvEmulatedCpu *cpu, uint16_t selector, uint64_t *ret)
{
    unsigned rpl = selector & 3;

    if (null_selector(selector))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    HvStatus status = hv_read_descriptor(cpu, selector, HV_VECTOR_GP, ret, NULL);
    if (status != HV_OK)
        return status;
    unsigned dpl = hv_descriptor_dpl(*ret);
    bool dpl_ok = is_conforming(*ret) ? dpl <= rpl : dpl == rpl;
    if (rpl < cpu->cpl || !is_code(*ret) || !dpl_ok)
        return hv_raise_error(cpu, HV_VECTOR_GP, selector & ~3u);
    if (!hv_descriptor_present(*ret))
        return hv_raise_error(cpu, HV_VECTOR_NP, selector & ~3u);
    if (!is_64bit(*ret))
        return hv_leave(cpu, HV_CPU_ERROR, HV_CPU_ERROR_UNSUPPORTED);
    return HV_OK;
}

/* The stack segment to return to, at privilege rpl. */
static HvStatus check_return_stack(HvEmulatedCpu *cpu, uint16_t selector, unsigned rpl,
                                   HvSegment *ret)
{
    uint64_t descriptor;

    if (null_selector(selector)) {
        if (rpl == 3 || (selector & 3) != rpl)
            return hv_raise_error(cpu, HV_VECTOR_GP, 0);
        *ret = null_stack_segment(rpl);
        return HV_OK;
    }
    HvStatus status = hv_read_descriptor(cpu, selector, HV_VECTOR_GP, &descriptor, NULL);
    if (status != HV_OK)
        return status;
    bool writable_data = (hv_descriptor_type(descriptor) & 0x1a) == 0x12;
    if ((selector & 3) != rpl || !writable_data || hv_descriptor_dpl(descriptor) != rpl)
        return hv_raise_error(cpu, HV_VECTOR_GP, selector & ~3u);
    if (!hv_descriptor_present(descriptor))
        return hv_raise_error(cpu, HV_VECTOR_SS, selector & ~3u);
    status = hv_mark_accessed(cpu, selector, descriptor);
    *ret = hv_segment_of(selector, descriptor | UINT64_C(1) << 40);
    return status;
}

/* On the way to an outer ring, segments it may not have become null. */
static void drop_inner_segments(HvEmulatedCpu *cpu)
{
    static const uint8_t data[] = {HV_ES, HV_DS, HV_FS, HV_GS};

    for (unsigned i = 0; i < G_N_ELEMENTS(data); i++) {
        HvSegment *segment = &cpu->segment[data[i]];
        bool conforming = (segment->attributes & (HV_SEG_CODE | HV_SEG_CONFORMING)) ==
                          (HV_SEG_CODE | HV_SEG_CONFORMING);

        if (null_selector(segment->selector) || conforming)
            continue;
        if ((segment->attributes >> HV_SEG_DPL_SHIFT & 3) < cpu->cpl)
            *segment = (HvSegment){0};
    }
}

static HvStatus pop_words(HvEmulatedCpu *cpu, unsigned size, uint64_t offset, uint64_t *words,
                          unsigned count)
{
    HvStatus status = HV_OK;

    for (unsigned i = 0; status == HV_OK && i < count; i++)
        status =
            hv_mem_read(cpu, cpu->gpr[HV_RSP] + offset + i * size, size, HV_MEM_STACK, &words[i]);
    return status;
}

/* What a return needs once all has been checked. */
static void complete_return(HvEmulatedCpu *cpu, uint16_t cs, uint64_t descriptor, uint64_t rip)
{
    unsigned cpl = cs & 3;
    bool outward = cpl > cpu->cpl;

    set_code_segment(cpu, cs, descriptor);
    hv_set_cpl(cpu, cpl);
    if (outward)
        drop_inner_segments(cpu);
    hv_jump(cpu, rip);
}

HvStatus hv_op_iret(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op), iopl = (cpu->system_flags & HV_FLAG_IOPL) >> 12;
    enum { RIP, CS, RFLAGS, RSP, SS };
    uint64_t words[5], descriptor;
    HvSegment ss;

    if (cpu->system_flags & HV_FLAG_NT)
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    HvStatus status = pop_words(cpu, size, 0, words, 5);
    if (status == HV_OK)
        status = check_return_segment(cpu, (uint16_t)words[CS], &descriptor);
    if (status == HV_OK)
        status = check_return_stack(cpu, (uint16_t)words[SS], words[CS] & 3, &ss);
    if (status == HV_OK && !hv_canonical(words[RIP]))
        status = hv_raise_error(cpu, HV_VECTOR_GP, 0);
    if (status == HV_OK)
        status = hv_mark_accessed(cpu, (uint16_t)words[CS], descriptor);
    if (status != HV_OK)
        return status;

    uint64_t keep = 0;
    if (cpu->cpl > 0)
        keep |= HV_FLAG_IOPL;
    if (cpu->cpl > iopl)
        keep |= HV_FLAG_IF;
    if (size == 2)
        keep |= HV_FLAG_RF | HV_FLAG_AC | HV_FLAG_ID;
    hv_set_rflags(cpu, (words[RFLAGS] & ~keep) | (hv_get_rflags(cpu) & keep));
    cpu->gpr[HV_RSP] = words[RSP];
    cpu->segment[HV_SS] = ss;
    complete_return(cpu, (uint16_t)words[CS], descriptor, words[RIP]);
    hv_attend(cpu); /* IF or TF may be set now */
    return HV_OK;
}

/* A far return; imm more bytes are taken off the stack, on both if it changes. */
HvStatus hv_op_retf(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t extra = hv_op_has_immediate(op) ? (uint16_t)op->imm : 0;
    enum { RIP, CS, RSP = 0, SS };
    uint64_t words[2], outer[2], descriptor;
    HvStatus status = pop_words(cpu, size, 0, words, 2);

    if (status == HV_OK)
        status = check_return_segment(cpu, (uint16_t)words[CS], &descriptor);
    if (status != HV_OK)
        return status;
    unsigned rpl = words[CS] & 3;
    HvSegment ss = cpu->segment[HV_SS];
    uint64_t rsp = cpu->gpr[HV_RSP] + 2 * size + extra;
    if (rpl > cpu->cpl) {
        status = pop_words(cpu, size, 2 * size + extra, outer, 2);
        if (status == HV_OK)
            status = check_return_stack(cpu, (uint16_t)outer[SS], rpl, &ss);
        rsp = outer[RSP] + extra;
    }
    if (status == HV_OK && !hv_canonical(words[RIP]))
        status = hv_raise_error(cpu, HV_VECTOR_GP, 0);
    if (status == HV_OK)
        status = hv_mark_accessed(cpu, (uint16_t)words[CS], descriptor);
    if (status != HV_OK)
        return status;
    cpu->gpr[HV_RSP] = rsp;
    cpu->segment[HV_SS] = ss;
    complete_return(cpu, (uint16_t)words[CS], descriptor, words[RIP]);
    return HV_OK;
}

/* jmp and call through a far pointer in memory, to a code segment of the same
 * privilege (gates raise #GP). */
HvStatus hv_op_jump_far(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t address = hv_op_address(cpu, op), rip, selector, descriptor;
    HvStatus status = hv_mem_read(cpu, address, size, hv_op_access(op), &rip);

    if (status == HV_OK)
        status = hv_mem_read(cpu, address + size, 2, hv_op_access(op), &selector);
    if (status != HV_OK)
        return status;
    if (null_selector((uint16_t)selector))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    status = hv_read_descriptor(cpu, (uint16_t)selector, HV_VECTOR_GP, &descriptor, NULL);
    if (status != HV_OK)
        return status;
    unsigned dpl = hv_descriptor_dpl(descriptor);
    bool ok =
        is_conforming(descriptor) ? dpl <= cpu->cpl : dpl == cpu->cpl && (selector & 3) <= cpu->cpl;
    if (!is_code(descriptor) || !ok)
        return hv_raise_error(cpu, HV_VECTOR_GP, selector & ~3u);
    if (!hv_descriptor_present(descriptor))
        return hv_raise_error(cpu, HV_VECTOR_NP, selector & ~3u);
    if (!is_64bit(descriptor))
        return hv_leave(cpu, HV_CPU_ERROR, HV_CPU_ERROR_UNSUPPORTED);
    if (!hv_canonical(rip))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    if (op->helper == HV_I_CALL_FAR) {
        uint64_t rsp = cpu->gpr[HV_RSP];

        status = hv_mem_probe_write(cpu, rsp - 2 * size, size, HV_MEM_STACK);
        if (status == HV_OK)
            status =
                hv_mem_write(cpu, rsp - size, size, HV_MEM_STACK, cpu->segment[HV_CS].selector);
        if (status == HV_OK)
            status = hv_mem_write(cpu, rsp - 2 * size, size, HV_MEM_STACK, hv_op_next_rip(op));
        if (status != HV_OK)
            return status;
        cpu->gpr[HV_RSP] = rsp - 2 * size;
    }
    set_code_segment(cpu, (uint16_t)((selector & ~3u) | cpu->cpl), descriptor);
    hv_jump(cpu, rip);
    return hv_mark_accessed(cpu, (uint16_t)selector, descriptor);
}

/* ---- syscall and sysret: segments come from STAR, not from descriptors ------------------ */

static HvSegment flat_segment(uint16_t selector, unsigned type, unsigned dpl, uint16_t more)
{
    return (HvSegment){
        .selector = selector,
        .attributes =
            (uint16_t)(type | HV_SEG_S | dpl << HV_SEG_DPL_SHIFT | HV_SEG_P | HV_SEG_G | more),
        .limit = UINT32_MAX,
    };
}

enum { TYPE_CODE = 0xb, TYPE_DATA = 0x3 };

HvStatus hv_op_syscall(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint16_t selector = (uint16_t)(cpu->star >> 32 & 0xfffc);

    if (!(cpu->efer & HV_EFER_SCE))
        return hv_raise(cpu, HV_VECTOR_UD);
    uint64_t rflags = hv_get_rflags(cpu) & ~(uint64_t)HV_FLAG_RF;
    cpu->gpr[HV_RCX] = hv_op_next_rip(op);
    cpu->gpr[HV_R11] = rflags;
    hv_set_rflags(cpu, rflags & ~cpu->sfmask);
    cpu->segment[HV_CS] = flat_segment(selector, TYPE_CODE, 0, HV_SEG_L);
    cpu->segment[HV_SS] = flat_segment((uint16_t)(selector + 8), TYPE_DATA, 0, HV_SEG_DB);
    hv_set_cpl(cpu, 0);
    hv_jump(cpu, cpu->lstar);
    if (cpu->system_flags & (HV_FLAG_IF | HV_FLAG_TF))
        hv_attend(cpu);
    return HV_OK;
}

HvStatus hv_op_sysret(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint16_t base = (uint16_t)(cpu->star >> 48);

    if (!(cpu->efer & HV_EFER_SCE))
        return hv_raise(cpu, HV_VECTOR_UD);
    if (!hv_privileged(cpu))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    if (hv_op_size(op) != 8)
        return hv_leave(cpu, HV_CPU_ERROR, HV_CPU_ERROR_UNSUPPORTED);
    if (!hv_canonical(cpu->gpr[HV_RCX]))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    hv_set_rflags(cpu, cpu->gpr[HV_R11] & ~(uint64_t)HV_FLAG_RF);
    cpu->segment[HV_CS] = flat_segment((uint16_t)((base + 16) | 3), TYPE_CODE, 3, HV_SEG_L);
    cpu->segment[HV_SS] = flat_segment((uint16_t)((base + 8) | 3), TYPE_DATA, 3, HV_SEG_DB);
    hv_set_cpl(cpu, 3);
    hv_jump(cpu, cpu->gpr[HV_RCX]);
    hv_attend(cpu);
    return HV_OK;
}
