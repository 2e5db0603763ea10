/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-regs.c: HvCpuRegs from and to KVM's three groups of registers.
 *
 * General registers come with every exit in kvm_run (KVM_CAP_SYNC_REGS), so
 * reading them costs nothing. Segments and control registers come so too, but
 * only from the time on that somebody asks for them inside an access callback;
 * else they are fetched by an ioctl. MSRs always need one.
 */
#include "hv-core/cpu/kvm.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#define SEGMENT_TYPE_TSS_BUSY 11

static const uint32_t msr_index[HV_KVM_MSR_COUNT] = {
    [HV_KVM_STAR] = 0xc0000081,   [HV_KVM_LSTAR] = 0xc0000082,          [HV_KVM_CSTAR] = 0xc0000083,
    [HV_KVM_SFMASK] = 0xc0000084, [HV_KVM_KERNEL_GS_BASE] = 0xc0000102,
};

typedef struct {
    struct kvm_msrs head;
    struct kvm_msr_entry entries[HV_KVM_MSR_COUNT];
} MsrBuffer;

/* ---- Segments ----------------------------------------------------------- */

static HvSegment segment_from_kvm(const struct kvm_segment *from)
{
    return (HvSegment){
        .selector = from->selector,
        .limit = from->limit,
        .base = from->base,
        .attributes = (uint16_t)(from->type | from->s << 4 | from->dpl << 5 | from->present << 7 |
                                 from->avl << 12 | from->l << 13 | from->db << 14 | from->g << 15),
    };
}

static struct kvm_segment segment_to_kvm(const HvSegment *from)
{
    uint16_t bits = from->attributes;
    bool present = bits >> 7 & 1;

    return (struct kvm_segment){
        .selector = from->selector,
        .limit = from->limit,
        .base = from->base,
        .type = bits & 15,
        .s = bits >> 4 & 1,
        .dpl = bits >> 5 & 3,
        .present = present,
        .avl = bits >> 12 & 1,
        .l = bits >> 13 & 1,
        .db = bits >> 14 & 1,
        .g = bits >> 15 & 1,
        .unusable = !present,
    };
}

/* VT-x refuses to enter a guest without a TSS, or with one that is not busy.
 * LTR leaves it busy, so that is what a loaded TR looks like. */
static struct kvm_segment tr_to_kvm(const HvSegment *from)
{
    struct kvm_segment tr = segment_to_kvm(from);

    if (!tr.present)
        tr = (struct kvm_segment){.limit = 0xffff, .present = 1};
    tr.type = SEGMENT_TYPE_TSS_BUSY;
    return tr;
}

/* KVM's order of the segment registers is not the processor's. */
static struct kvm_segment *kvm_segment(struct kvm_sregs *sregs, unsigned segment)
{
    struct kvm_segment *const segments[HV_SEGMENT_COUNT] = {
        [HV_ES] = &sregs->es, [HV_CS] = &sregs->cs, [HV_SS] = &sregs->ss,
        [HV_DS] = &sregs->ds, [HV_FS] = &sregs->fs, [HV_GS] = &sregs->gs,
    };

    return segments[segment];
}

/* ---- General registers -------------------------------------------------- */

static __u64 *kvm_gpr(struct kvm_regs *regs, unsigned gpr)
{
    __u64 *const gprs[HV_GPR_COUNT] = {
        [HV_RAX] = &regs->rax, [HV_RCX] = &regs->rcx, [HV_RDX] = &regs->rdx, [HV_RBX] = &regs->rbx,
        [HV_RSP] = &regs->rsp, [HV_RBP] = &regs->rbp, [HV_RSI] = &regs->rsi, [HV_RDI] = &regs->rdi,
        [HV_R8] = &regs->r8,   [HV_R9] = &regs->r9,   [HV_R10] = &regs->r10, [HV_R11] = &regs->r11,
        [HV_R12] = &regs->r12, [HV_R13] = &regs->r13, [HV_R14] = &regs->r14, [HV_R15] = &regs->r15,
    };

    return gprs[gpr];
}

void hv_kvm_need_regs(HvKvmCpu *cpu)
{
    if (cpu->have_regs)
        return;
    if (ioctl(cpu->fd, KVM_GET_REGS, &cpu->run->s.regs.regs) < 0)
        cpu->phase = HV_KVM_FAILED;
    cpu->have_regs = true;
}

void hv_kvm_need_sregs(HvKvmCpu *cpu)
{
    if (cpu->in_access)
        cpu->run->kvm_valid_regs |= KVM_SYNC_X86_SREGS; /* from the next exit on */
    if (cpu->have_sregs)
        return;
    if (ioctl(cpu->fd, KVM_GET_SREGS, &cpu->run->s.regs.sregs) < 0)
        cpu->phase = HV_KVM_FAILED;
    cpu->have_sregs = true;
}

/* ---- MSRs --------------------------------------------------------------- */

static void need_msrs(HvKvmCpu *cpu)
{
    MsrBuffer buffer = {.head.nmsrs = HV_KVM_MSR_COUNT};

    if (cpu->have_msrs || cpu->in_access)
        return;
    for (unsigned i = 0; i < HV_KVM_MSR_COUNT; i++)
        buffer.entries[i].index = msr_index[i];
    if (ioctl(cpu->fd, KVM_GET_MSRS, &buffer) != HV_KVM_MSR_COUNT)
        cpu->phase = HV_KVM_FAILED;
    for (unsigned i = 0; i < HV_KVM_MSR_COUNT; i++)
        cpu->msrs[i] = buffer.entries[i].data;
    cpu->have_msrs = true;
}

static void set_msrs(HvKvmCpu *cpu, const uint64_t values[HV_KVM_MSR_COUNT])
{
    MsrBuffer buffer = {.head.nmsrs = HV_KVM_MSR_COUNT};

    if (cpu->have_msrs && memcmp(cpu->msrs, values, sizeof cpu->msrs) == 0)
        return;
    for (unsigned i = 0; i < HV_KVM_MSR_COUNT; i++)
        buffer.entries[i] = (struct kvm_msr_entry){.index = msr_index[i], .data = values[i]};
    if (ioctl(cpu->fd, KVM_SET_MSRS, &buffer) != HV_KVM_MSR_COUNT)
        cpu->phase = HV_KVM_FAILED;
    memcpy(cpu->msrs, values, sizeof cpu->msrs);
    cpu->have_msrs = true;
}

/* ---- The interface ------------------------------------------------------ */

static void need_settled_regs(HvKvmCpu *cpu)
{
    if (!cpu->in_access && cpu->phase == HV_KVM_UNFINISHED)
        hv_kvm_settle(cpu);
    hv_kvm_need_regs(cpu);
}

HvCpuPosition hv_kvm_position(HvCpu *base)
{
    HvKvmCpu *cpu = (HvKvmCpu *)base;

    need_settled_regs(cpu);
    return (HvCpuPosition){cpu->run->s.regs.regs.rip, cpu->run->s.regs.regs.rflags};
}

void hv_kvm_get_regs(HvCpu *base, HvCpuRegs *regs)
{
    HvKvmCpu *cpu = (HvKvmCpu *)base;

    need_settled_regs(cpu);
    hv_kvm_need_sregs(cpu);
    need_msrs(cpu);

    struct kvm_regs *from = &cpu->run->s.regs.regs;
    struct kvm_sregs *system = &cpu->run->s.regs.sregs;
    *regs = (HvCpuRegs){
        .rip = from->rip,
        .rflags = from->rflags,
        .tr = segment_from_kvm(&system->tr),
        .ldt = segment_from_kvm(&system->ldt),
        .gdt = {system->gdt.base, system->gdt.limit},
        .idt = {system->idt.base, system->idt.limit},
        .cr0 = system->cr0,
        .cr2 = system->cr2,
        .cr3 = system->cr3,
        .cr4 = system->cr4,
        .efer = system->efer,
        .star = cpu->msrs[HV_KVM_STAR],
        .lstar = cpu->msrs[HV_KVM_LSTAR],
        .cstar = cpu->msrs[HV_KVM_CSTAR],
        .sfmask = cpu->msrs[HV_KVM_SFMASK],
        .kernel_gs_base = cpu->msrs[HV_KVM_KERNEL_GS_BASE],
    };
    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        regs->gpr[i] = *kvm_gpr(from, i);
    for (unsigned i = 0; i < HV_SEGMENT_COUNT; i++)
        regs->segment[i] = segment_from_kvm(kvm_segment(system, i));
}

/* Loads a whole state: what was half done is forgotten, and so are an
 * interrupt that was queued and the shadow of STI. */
void hv_kvm_set_regs(HvCpu *base, const HvCpuRegs *regs)
{
    HvKvmCpu *cpu = (HvKvmCpu *)base;
    const uint64_t msrs[HV_KVM_MSR_COUNT] = {
        [HV_KVM_STAR] = regs->star,
        [HV_KVM_LSTAR] = regs->lstar,
        [HV_KVM_CSTAR] = regs->cstar,
        [HV_KVM_SFMASK] = regs->sfmask,
        [HV_KVM_KERNEL_GS_BASE] = regs->kernel_gs_base,
    };

    hv_kvm_abandon(cpu);
    hv_kvm_need_sregs(cpu); /* for what HvCpuRegs does not have: the APIC's base */
    set_msrs(cpu, msrs);

    struct kvm_regs *to = &cpu->run->s.regs.regs;
    struct kvm_sregs *system = &cpu->run->s.regs.sregs;
    to->rip = regs->rip;
    to->rflags = regs->rflags;
    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        *kvm_gpr(to, i) = regs->gpr[i];
    for (unsigned i = 0; i < HV_SEGMENT_COUNT; i++)
        *kvm_segment(system, i) = segment_to_kvm(&regs->segment[i]);
    system->tr = tr_to_kvm(&regs->tr);
    system->ldt = segment_to_kvm(&regs->ldt);
    system->gdt = (struct kvm_dtable){.base = regs->gdt.base, .limit = regs->gdt.limit};
    system->idt = (struct kvm_dtable){.base = regs->idt.base, .limit = regs->idt.limit};
    system->cr0 = regs->cr0;
    system->cr2 = regs->cr2;
    system->cr3 = regs->cr3;
    system->cr4 = regs->cr4;
    system->efer = regs->efer;
    memset(system->interrupt_bitmap, 0, sizeof system->interrupt_bitmap);
    cpu->run->s.regs.events = (struct kvm_vcpu_events){.flags = KVM_VCPUEVENT_VALID_SHADOW};
    cpu->run->kvm_dirty_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS;
    cpu->have_regs = true;
    cpu->window_known = false;
}
