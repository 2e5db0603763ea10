/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-walk.c: where in guest-physical memory a guest address lies.
 *
 * KVM does not say why it could not execute an instruction. Whether that was
 * because there is no RAM where the instruction should be is found out by
 * walking the guest's page tables (Intel SDM vol. 3, 4.5), here only as they
 * are in long mode, which is what guests run in. It is a question about an
 * address, not an access: permissions do not matter and no bits are set.
 */
#include "hv-core/cpu/kvm.h"

#include <string.h>

#define CR0_PG       (UINT64_C(1) << 31)
#define EFER_LMA     (UINT64_C(1) << 10)
#define PTE_PRESENT  UINT64_C(1)
#define PTE_LARGE    (UINT64_C(1) << 7)
#define PTE_ADDRESS  UINT64_C(0x000ffffffffff000)
#define LEVELS       4
#define BITS_A_LEVEL 9

static bool read_entry(const HvMemory *memory, uint64_t gpa, uint64_t *ret_value)
{
    if (gpa >> HV_PAGE_SHIFT >= hv_memory_page_count(memory))
        return false;
    const HvMemoryEntry *entry = hv_memory_entry(memory, hv_gpa_page(HV_GPA(gpa)));
    if (entry->frame == HV_FRAME_NONE)
        return false;
    memcpy(ret_value,
           hv_pool_data(hv_memory_pool(memory)) + (size_t)entry->frame * HV_PAGE_SIZE +
               (gpa & HV_PAGE_MASK),
           sizeof *ret_value);
    return true;
}

bool hv_kvm_translate(HvKvmCpu *cpu, uint64_t linear, HvGpa *ret_gpa)
{
    hv_kvm_need_sregs(cpu);

    const struct kvm_sregs *sregs = &cpu->run->s.regs.sregs;
    if (!(sregs->cr0 & CR0_PG)) {
        *ret_gpa = HV_GPA(linear);
        return true;
    }
    if (!(sregs->efer & EFER_LMA))
        return false;

    uint64_t table = sregs->cr3 & PTE_ADDRESS;
    for (int level = LEVELS - 1; level >= 0; level--) {
        unsigned shift = HV_PAGE_SHIFT + (unsigned)level * BITS_A_LEVEL;
        uint64_t index = linear >> shift & ((1u << BITS_A_LEVEL) - 1);
        uint64_t offset_mask = (UINT64_C(1) << shift) - 1;
        uint64_t entry;

        if (!read_entry(cpu->machine->memory, table + index * sizeof entry, &entry) ||
            !(entry & PTE_PRESENT))
            return false;
        if (level == 0 || (level < LEVELS - 1 && (entry & PTE_LARGE))) {
            *ret_gpa = HV_GPA((entry & PTE_ADDRESS & ~offset_mask) | (linear & offset_mask));
            return true;
        }
        table = entry & PTE_ADDRESS;
    }
    return false;
}

uint64_t hv_kvm_linear_rip(HvKvmCpu *cpu)
{
    hv_kvm_need_regs(cpu);
    hv_kvm_need_sregs(cpu);

    const struct kvm_sregs *sregs = &cpu->run->s.regs.sregs;
    uint64_t rip = cpu->run->s.regs.regs.rip;
    return sregs->cs.l && (sregs->efer & EFER_LMA) ? rip : (uint32_t)(sregs->cs.base + rip);
}
