/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system-control.c: control and debug registers, model-specific registers,
 * CPUID, and the small privileged instructions.
 *
 * The CPU announced by CPUID has the base of x86-64 without its vector and
 * floating-point units, so that nothing is promised that is not there:
 * no TSC, no FPU, no SSE. Equal on every host. */
#include "hv-core/cpu/emulated/ops.h"
#include "hv-core/cpu/emulated/operand.h"
#include "hv-core/cpu/emulated/system.h"

#define CR0_ALLOWED                                                                                \
    (HV_CR0_PE | HV_CR0_MP | HV_CR0_EM | HV_CR0_TS | HV_CR0_ET | HV_CR0_NE | HV_CR0_WP |           \
     HV_CR0_AM | HV_CR0_NW | HV_CR0_CD | HV_CR0_PG)
/* VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT: some promise things
 * that CPUID denies, but kernels set them unasked and nothing follows. */
#define CR4_ALLOWED  UINT64_C(0x7ff)
#define EFER_ALLOWED (HV_EFER_SCE | HV_EFER_LME | HV_EFER_LMA | HV_EFER_NXE)

static HvStatus general_protection(HvEmulatedCpu *cpu)
{
    return hv_raise_error(cpu, HV_VECTOR_GP, 0);
}

/* ---- Interrupt flag, halt -------------------------------------------------------------- */

HvStatus hv_op_cli_sti(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned iopl = (cpu->system_flags & HV_FLAG_IOPL) >> 12;
    bool sti = op->helper == HV_I_STI;

    if (cpu->cpl > iopl)
        return general_protection(cpu);
    if (!sti) {
        cpu->system_flags &= ~(uint64_t)HV_FLAG_IF;
        return HV_OK;
    }
    if (!(cpu->system_flags & HV_FLAG_IF)) {
        cpu->system_flags |= HV_FLAG_IF;
        cpu->shadow = true;
        hv_attend(cpu);
    }
    return HV_OK;
}

HvStatus hv_op_hlt(HvEmulatedCpu *cpu, const HvOp *op)
{
    if (!hv_privileged(cpu))
        return general_protection(cpu);
    cpu->exiting = true; /* after this instruction, which is executed */
    cpu->exit = HV_CPU_HALT;
    hv_attend(cpu);
    return HV_OK;
}

/* ---- CPUID ------------------------------------------------------------------------------- */

typedef struct {
    uint32_t leaf;
    uint32_t eax, ebx, ecx, edx;
} HvCpuidLeaf;

static const HvCpuidLeaf cpuid_leaves[] = {
    /* highest leaf, vendor "HvLabEmulate" */
    {0x00000000, 1, 0x614c7648, 0x6574616c, 0x756d4562},
    /* family 15; hypervisor present; DE PSE MSR PAE CX8 PGE CMOV PSE36 */
    {0x00000001, 0x00000f00, 0, 0x80000000, 0x0002a16c},
    {0x80000000, 0x80000008, 0, 0, 0},
    /* LAHF in 64-bit mode; SYSCALL NX 1-GiB pages, long mode */
    {0x80000001, 0, 0, 0x00000001, 0x24100800},
    /* physical and linear address bits */
    {0x80000008, 0x3000 | HV_PHYSICAL_BITS, 0, 0, 0},
};

HvStatus hv_op_cpuid(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint32_t leaf = (uint32_t)cpu->gpr[HV_RAX];
    HvCpuidLeaf answer = {0};

    for (unsigned i = 0; i < G_N_ELEMENTS(cpuid_leaves); i++)
        if (cpuid_leaves[i].leaf == leaf)
            answer = cpuid_leaves[i];
    cpu->gpr[HV_RAX] = answer.eax;
    cpu->gpr[HV_RBX] = answer.ebx;
    cpu->gpr[HV_RCX] = answer.ecx;
    cpu->gpr[HV_RDX] = answer.edx;
    return HV_OK;
}

/* ---- Model-specific registers --------------------------------------------------------------- */

enum {
    MSR_EFER = 0xc0000080u,
    MSR_STAR = 0xc0000081u,
    MSR_LSTAR = 0xc0000082u,
    MSR_CSTAR = 0xc0000083u,
    MSR_SFMASK = 0xc0000084u,
    MSR_FS_BASE = 0xc0000100u,
    MSR_GS_BASE = 0xc0000101u,
    MSR_KERNEL_GS_BASE = 0xc0000102u,
};

/* Where an MSR is kept; NULL: there is no such MSR. */
static uint64_t *find_msr(HvEmulatedCpu *cpu, uint32_t number)
{
    switch (number) {
    case MSR_EFER: return &cpu->efer;
    case MSR_STAR: return &cpu->star;
    case MSR_LSTAR: return &cpu->lstar;
    case MSR_CSTAR: return &cpu->cstar;
    case MSR_SFMASK: return &cpu->sfmask;
    case MSR_FS_BASE: return &cpu->segment[HV_FS].base;
    case MSR_GS_BASE: return &cpu->segment[HV_GS].base;
    case MSR_KERNEL_GS_BASE: return &cpu->kernel_gs_base;
    default: return NULL;
    }
}

HvStatus hv_op_rdmsr(HvEmulatedCpu *cpu, const HvOp *op)
{
    const uint64_t *msr = find_msr(cpu, (uint32_t)cpu->gpr[HV_RCX]);

    if (!hv_privileged(cpu) || !msr)
        return general_protection(cpu);
    cpu->gpr[HV_RAX] = (uint32_t)*msr;
    cpu->gpr[HV_RDX] = *msr >> 32;
    return HV_OK;
}

static HvStatus write_efer(HvEmulatedCpu *cpu, uint64_t value)
{
    bool lme_changes = (value ^ cpu->efer) & HV_EFER_LME;

    if (value & ~EFER_ALLOWED || (lme_changes && cpu->cr0 & HV_CR0_PG))
        return general_protection(cpu);
    cpu->efer = (value & ~HV_EFER_LMA) | (cpu->efer & HV_EFER_LMA);
    hv_mmu_flush(cpu);
    return HV_OK;
}

HvStatus hv_op_wrmsr(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint32_t number = (uint32_t)cpu->gpr[HV_RCX];
    uint64_t value = (uint64_t)(uint32_t)cpu->gpr[HV_RDX] << 32 | (uint32_t)cpu->gpr[HV_RAX];
    uint64_t *msr = find_msr(cpu, number);

    if (!hv_privileged(cpu) || !msr)
        return general_protection(cpu);
    switch (number) {
    case MSR_EFER: return write_efer(cpu, value);
    case MSR_STAR: break;
    case MSR_SFMASK: value = (uint32_t)value; break;
    default: /* addresses */
        if (!hv_canonical(value))
            return general_protection(cpu);
    }
    *msr = value;
    return HV_OK;
}

/* ---- Control and debug registers --------------------------------------------------------------
 */

HvStatus hv_op_mov_from_cr(HvEmulatedCpu *cpu, const HvOp *op)
{
    if (!hv_privileged(cpu))
        return general_protection(cpu);
    cpu->gpr[op->rm] = op->reg == 0   ? cpu->cr0
                       : op->reg == 2 ? cpu->cr2
                       : op->reg == 3 ? cpu->cr3
                                      : cpu->cr4;
    return HV_OK;
}

/* Long mode stays: paging and PAE cannot be turned off in it. */
static HvStatus write_cr0(HvEmulatedCpu *cpu, uint64_t value)
{
    bool consistent =
        value & HV_CR0_PE && value & HV_CR0_PG && (value & HV_CR0_CD || !(value & HV_CR0_NW));

    if (value >> 32 || !consistent)
        return general_protection(cpu);
    cpu->cr0 = (value & CR0_ALLOWED) | HV_CR0_ET;
    return HV_OK;
}

static HvStatus write_cr4(HvEmulatedCpu *cpu, uint64_t value)
{
    if (value & ~CR4_ALLOWED || !(value & HV_CR4_PAE))
        return general_protection(cpu);
    cpu->cr4 = value;
    return HV_OK;
}

HvStatus hv_op_mov_to_cr(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint64_t value = cpu->gpr[op->rm];
    HvStatus status = HV_OK;

    if (!hv_privileged(cpu))
        return general_protection(cpu);
    switch (op->reg) {
    case 0: status = write_cr0(cpu, value); break;
    case 2: cpu->cr2 = value; return HV_OK;
    case 3:
        if (value >> HV_PHYSICAL_BITS)
            return general_protection(cpu);
        cpu->cr3 = value;
        break;
    default: status = write_cr4(cpu, value); break;
    }
    if (status == HV_OK) {
        hv_mmu_flush(cpu);
        hv_mmu_select(cpu);
    }
    return status;
}

HvStatus hv_op_mov_from_dr(HvEmulatedCpu *cpu, const HvOp *op)
{
    if (!hv_privileged(cpu))
        return general_protection(cpu);
    cpu->gpr[op->rm] = cpu->dr[op->reg == 4 || op->reg == 5 ? op->reg + 2 : op->reg];
    return HV_OK;
}

/* Debug registers hold what is written; there are no breakpoints. */
HvStatus hv_op_mov_to_dr(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint64_t value = cpu->gpr[op->rm];
    unsigned number = op->reg == 4 || op->reg == 5 ? op->reg + 2u : op->reg;

    if (!hv_privileged(cpu) || (number >= 6 && value >> 32))
        return general_protection(cpu);
    if (number == 6)
        value = (value & 0xe00f) | 0xffff0ff0;
    if (number == 7)
        value = (value & 0xffff2bff) | 0x400;
    cpu->dr[number] = value;
    return HV_OK;
}

HvStatus hv_op_smsw(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = op->shift & HV_OP_REGISTER ? hv_op_size(op) : 2;

    return hv_write_e(cpu, op, size, cpu->cr0);
}

/* Can set PE, MP, EM and TS, but not clear PE. */
HvStatus hv_op_lmsw(HvEmulatedCpu *cpu, const HvOp *op)
{
    uint64_t value;

    if (!hv_privileged(cpu))
        return general_protection(cpu);
    HvStatus status = hv_read_e(cpu, op, 2, &value);
    if (status == HV_OK)
        cpu->cr0 = (cpu->cr0 & ~UINT64_C(0xe)) | (value & 0xf);
    return status;
}

HvStatus hv_op_clts(HvEmulatedCpu *cpu, const HvOp *op)
{
    if (!hv_privileged(cpu))
        return general_protection(cpu);
    cpu->cr0 &= ~HV_CR0_TS;
    return HV_OK;
}

/* ---- The rest
 * ------------------------------------------------------------------------------------ */

HvStatus hv_op_invlpg(HvEmulatedCpu *cpu, const HvOp *op)
{
    if (!hv_privileged(cpu))
        return general_protection(cpu);
    hv_mmu_flush_page(cpu, hv_op_address(cpu, op));
    return HV_OK;
}

HvStatus hv_op_swapgs(HvEmulatedCpu *cpu, const HvOp *op)
{
    if (!hv_privileged(cpu))
        return general_protection(cpu);
    uint64_t base = cpu->segment[HV_GS].base;
    cpu->segment[HV_GS].base = cpu->kernel_gs_base;
    cpu->kernel_gs_base = base;
    return HV_OK;
}

/* invd, wbinvd: there are no caches. */
HvStatus hv_op_cache(HvEmulatedCpu *cpu, const HvOp *op)
{
    return hv_privileged(cpu) ? HV_OK : general_protection(cpu);
}

HvStatus hv_op_undefined(HvEmulatedCpu *cpu, const HvOp *op)
{
    return hv_raise(cpu, HV_VECTOR_UD);
}

HvStatus hv_op_too_long(HvEmulatedCpu *cpu, const HvOp *op)
{
    return general_protection(cpu);
}
