/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system-segment.c: descriptors and segment registers (Intel SDM vol. 3,
 * chapter 3). In 64-bit mode a segment register matters for its privilege and,
 * in FS and GS, its base; loading one is checked in full all the same. */
#include "hv-core/cpu/emulated/ops.h"
#include "hv-core/cpu/emulated/operand.h"
#include "hv-core/cpu/emulated/system.h"

enum { TYPE_LDT = 2, TYPE_TSS = 9, TYPE_TSS_BUSY = 11 };

static bool null_selector(uint16_t selector)
{
    return (selector & ~3) == 0;
}

/* ---- Descriptors -------------------------------------------------------------- */

/* The linear address of a selector's descriptor of size bytes; false outside
 * the table. */
static bool descriptor_address(const HvEmulatedCpu *cpu, uint16_t selector, unsigned size,
                               uint64_t *ret)
{
    bool local = selector & 4;
    uint64_t base = local ? cpu->ldt.base : cpu->gdt.base;
    uint64_t limit = local ? cpu->ldt.limit : cpu->gdt.limit;
    uint64_t offset = selector & ~7u;

    if (local && !(cpu->ldt.attributes & HV_SEG_P))
        return false;
    *ret = base + offset;
    return offset + size - 1 <= limit;
}

HvStatus hv_read_descriptor(HvEmulatedCpu *cpu, uint16_t selector, uint8_t vector, uint64_t *ret,
                            uint64_t *ret_high)
{
    uint64_t address;

    if (!descriptor_address(cpu, selector, ret_high ? 16 : 8, &address))
        return hv_raise_error(cpu, vector, selector & ~3u);
    HvStatus status = hv_mem_read(cpu, address, 8, HV_MEM_SYSTEM, ret);
    if (status == HV_OK && ret_high)
        status = hv_mem_read(cpu, address + 8, 8, HV_MEM_SYSTEM, ret_high);
    return status;
}

HvStatus hv_mark_accessed(HvEmulatedCpu *cpu, uint16_t selector, uint64_t descriptor)
{
    uint64_t address;

    if (descriptor >> 40 & 1 || !descriptor_address(cpu, selector, 8, &address))
        return HV_OK;
    return hv_mem_write(cpu, address + 5, 1, HV_MEM_SYSTEM, (descriptor >> 40 & 0xff) | 1);
}

HvSegment hv_segment_of(uint16_t selector, uint64_t descriptor)
{
    uint32_t limit = (uint32_t)((descriptor & 0xffff) | (descriptor >> 32 & 0xf0000));
    HvSegment segment = {
        .selector = selector,
        .attributes = (uint16_t)(descriptor >> 40 & 0xf0ff),
        .base = (descriptor >> 16 & 0xffffff) | (descriptor >> 32 & 0xff000000),
    };

    segment.limit = segment.attributes & HV_SEG_G ? limit << 12 | 0xfff : limit;
    return segment;
}

void hv_set_cpl(HvEmulatedCpu *cpu, unsigned cpl)
{
    cpu->cpl = (uint8_t)cpl;
    hv_mmu_select(cpu);
}

/* ---- Loading data segments ------------------------------------------------------ */

static HvStatus load_stack_segment(HvEmulatedCpu *cpu, uint16_t selector)
{
    unsigned rpl = selector & 3;
    uint64_t descriptor;

    if (null_selector(selector)) {
        if (cpu->cpl == 3 || rpl != cpu->cpl)
            return hv_raise_error(cpu, HV_VECTOR_GP, 0);
        cpu->segment[HV_SS] = (HvSegment){.selector = selector,
                                          .attributes = (uint16_t)(cpu->cpl << HV_SEG_DPL_SHIFT)};
        return HV_OK;
    }
    HvStatus status = hv_read_descriptor(cpu, selector, HV_VECTOR_GP, &descriptor, NULL);
    if (status != HV_OK)
        return status;
    bool writable_data = (hv_descriptor_type(descriptor) & 0x1a) == 0x12;
    if (rpl != cpu->cpl || !writable_data || hv_descriptor_dpl(descriptor) != cpu->cpl)
        return hv_raise_error(cpu, HV_VECTOR_GP, selector & ~3u);
    if (!hv_descriptor_present(descriptor))
        return hv_raise_error(cpu, HV_VECTOR_SS, selector & ~3u);
    status = hv_mark_accessed(cpu, selector, descriptor);
    if (status == HV_OK)
        cpu->segment[HV_SS] = hv_segment_of(selector, descriptor | UINT64_C(1) << 40);
    return status;
}

HvStatus hv_load_segment(HvEmulatedCpu *cpu, unsigned which, uint16_t selector)
{
    unsigned rpl = selector & 3;
    uint64_t descriptor;

    if (which == HV_SS)
        return load_stack_segment(cpu, selector);
    if (null_selector(selector)) {
        cpu->segment[which] = (HvSegment){.selector = selector};
        return HV_OK;
    }
    HvStatus status = hv_read_descriptor(cpu, selector, HV_VECTOR_GP, &descriptor, NULL);
    if (status != HV_OK)
        return status;
    unsigned type = hv_descriptor_type(descriptor);
    bool readable = type & HV_SEG_S && (!(type & HV_SEG_CODE) || type & 2);
    bool conforming =
        (type & (HV_SEG_CODE | HV_SEG_CONFORMING)) == (HV_SEG_CODE | HV_SEG_CONFORMING);
    unsigned dpl = hv_descriptor_dpl(descriptor);
    if (!readable || (!conforming && (rpl > dpl || cpu->cpl > dpl)))
        return hv_raise_error(cpu, HV_VECTOR_GP, selector & ~3u);
    if (!hv_descriptor_present(descriptor))
        return hv_raise_error(cpu, HV_VECTOR_NP, selector & ~3u);
    status = hv_mark_accessed(cpu, selector, descriptor);
    if (status == HV_OK)
        cpu->segment[which] = hv_segment_of(selector, descriptor | UINT64_C(1) << 40);
    return status;
}

/* ---- Instructions ----------------------------------------------------------------- */

HvStatus hv_op_mov_from_seg(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = op->shift & HV_OP_REGISTER ? hv_op_size(op) : 2;

    return hv_write_e(cpu, op, size, cpu->segment[op->reg].selector);
}

HvStatus hv_op_mov_to_seg(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint64_t selector;
    HvStatus status = hv_read_e(cpu, op, 2, &selector);

    if (status == HV_OK)
        status = hv_load_segment(cpu, op->reg, (uint16_t)selector);
    if (status == HV_OK && op->reg == HV_SS) {
        cpu->shadow = true;
        hv_attend(cpu);
    }
    return status;
}

HvStatus hv_op_push_seg(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    HvStatus status = hv_mem_write(cpu, cpu->gpr[HV_RSP] - size, size, HV_MEM_STACK,
                                   cpu->segment[op->reg].selector);

    if (status == HV_OK)
        cpu->gpr[HV_RSP] -= size;
    return status;
}

HvStatus hv_op_pop_seg(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t selector;
    HvStatus status = hv_mem_read(cpu, cpu->gpr[HV_RSP], size, HV_MEM_STACK, &selector);

    if (status == HV_OK)
        status = hv_load_segment(cpu, op->reg, (uint16_t)selector);
    if (status == HV_OK)
        cpu->gpr[HV_RSP] += size;
    return status;
}

/* sgdt, sidt */
HvStatus hv_op_store_table(HvEmulatedCpu *cpu, const HvOp *op)
{
    const HvTableRegister *table = op->helper == HV_I_SGDT ? &cpu->gdt : &cpu->idt;
    uint64_t address = hv_op_address(cpu, op);
    unsigned access = hv_op_access(op);
    HvStatus status = hv_mem_probe_write(cpu, address + 2, 8, access);

    if (status == HV_OK)
        status = hv_mem_write(cpu, address, 2, access, table->limit);
    if (status == HV_OK)
        status = hv_mem_write(cpu, address + 2, 8, access, table->base);
    return status;
}

/* lgdt, lidt */
HvStatus hv_op_load_table(HvEmulatedCpu *cpu, const HvOp *op)
{
    HvTableRegister *table = op->helper == HV_I_LGDT ? &cpu->gdt : &cpu->idt;
    uint64_t address = hv_op_address(cpu, op), limit, base;
    unsigned access = hv_op_access(op);

    if (!hv_privileged(cpu))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    HvStatus status = hv_mem_read(cpu, address, 2, access, &limit);
    if (status == HV_OK)
        status = hv_mem_read(cpu, address + 2, 8, access, &base);
    if (status != HV_OK)
        return status;
    if (!hv_canonical(base))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    *table = (HvTableRegister){.base = base, .limit = (uint16_t)limit};
    return HV_OK;
}

/* sldt, str */
HvStatus hv_op_store_selector(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = op->shift & HV_OP_REGISTER ? hv_op_size(op) : 2;

    return hv_write_e(cpu, op, size,
                      op->helper == HV_I_SLDT ? cpu->ldt.selector : cpu->tr.selector);
}

/* A system segment of 16 bytes, in the GDT and of the type wanted. */
static HvStatus load_system_segment(HvEmulatedCpu *cpu, uint16_t selector, unsigned type,
                                    uint64_t *ret_low, HvSegment *ret)
{
    uint64_t low, high;

    if (selector & 4)
        return hv_raise_error(cpu, HV_VECTOR_GP, selector & ~3u);
    HvStatus status = hv_read_descriptor(cpu, selector, HV_VECTOR_GP, &low, &high);
    if (status != HV_OK)
        return status;
    if (hv_descriptor_type(low) != type || (high >> 40 & 0x1f) != 0)
        return hv_raise_error(cpu, HV_VECTOR_GP, selector & ~3u);
    if (!hv_descriptor_present(low))
        return hv_raise_error(cpu, HV_VECTOR_NP, selector & ~3u);
    *ret_low = low;
    *ret = hv_segment_of(selector, low);
    ret->base |= high << 32;
    if (!hv_canonical(ret->base))
        return hv_raise_error(cpu, HV_VECTOR_GP, selector & ~3u);
    return HV_OK;
}

HvStatus hv_op_lldt(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint64_t selector, low;
    HvSegment segment;

    if (!hv_privileged(cpu))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    HvStatus status = hv_read_e(cpu, op, 2, &selector);
    if (status != HV_OK)
        return status;
    if (null_selector((uint16_t)selector)) {
        cpu->ldt = (HvSegment){.selector = (uint16_t)selector};
        return HV_OK;
    }
    status = load_system_segment(cpu, (uint16_t)selector, TYPE_LDT, &low, &segment);
    if (status == HV_OK)
        cpu->ldt = segment;
    return status;
}

/* Marks the TSS busy in its descriptor. */
HvStatus hv_op_ltr(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint64_t selector, low, address = 0;
    HvSegment segment;

    if (!hv_privileged(cpu))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    HvStatus status = hv_read_e(cpu, op, 2, &selector);
    if (status != HV_OK)
        return status;
    if (null_selector((uint16_t)selector))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    status = load_system_segment(cpu, (uint16_t)selector, TYPE_TSS, &low, &segment);
    if (status != HV_OK)
        return status;
    descriptor_address(cpu, (uint16_t)selector, 16, &address);
    status = hv_mem_write(cpu, address + 5, 1, HV_MEM_SYSTEM, (low >> 40 & 0xff) | 2);
    if (status != HV_OK)
        return status;
    segment.attributes |= TYPE_TSS_BUSY;
    cpu->tr = segment;
    return HV_OK;
}
