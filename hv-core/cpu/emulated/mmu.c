/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu.c: 4-level paging (Intel SDM vol. 3, 4.5 to 4.7) and the TLB.
 *
 * A walk reads up to four table entries. Rights are the AND of all levels, so
 * they are checked once at the end; then accessed bits are set on the way and
 * the dirty bit in the last entry, but only where the translation succeeds.
 */
#include "hv-core/cpu/emulated/mmu.h"

#include <string.h>

#define PTE_P        (UINT64_C(1) << 0)
#define PTE_W        (UINT64_C(1) << 1)
#define PTE_U        (UINT64_C(1) << 2)
#define PTE_A        (UINT64_C(1) << 5)
#define PTE_D        (UINT64_C(1) << 6)
#define PTE_PS       (UINT64_C(1) << 7)
#define PTE_NX       (UINT64_C(1) << 63)
#define PTE_ADDRESS  (((UINT64_C(1) << 52) - 1) & ~(uint64_t)HV_PAGE_MASK)
#define PTE_TOO_HIGH (PTE_ADDRESS & ~((UINT64_C(1) << HV_PHYSICAL_BITS) - 1))

enum { PF_P = 1, PF_W = 2, PF_U = 4, PF_RSVD = 8, PF_FETCH = 16 };

typedef struct {
    HvGpa entry_gpa[4]; /* of the entries used, from the root */
    uint64_t entry[4];
    unsigned levels;
    unsigned shift;  /* log2 of the page's size */
    uint64_t rights; /* AND of all entries (NX: OR) */
} HvWalk;

static HvStatus page_fault(HvEmulatedCpu *cpu, uint64_t address, unsigned access, uint32_t error)
{
    if (access & HV_MEM_WRITE)
        error |= PF_W;
    if (cpu->cpl == 3 && !(access & HV_MEM_SYSTEM))
        error |= PF_U;
    if (access & HV_MEM_FETCH && cpu->efer & HV_EFER_NXE)
        error |= PF_FETCH;
    cpu->cr2 = address;
    return hv_raise_error(cpu, HV_VECTOR_PF, error);
}

/* Bits that must be zero in an entry whose page would have 1 << shift bytes. */
static uint64_t reserved_bits(const HvEmulatedCpu *cpu, uint64_t entry, unsigned shift)
{
    uint64_t reserved = PTE_TOO_HIGH;

    if (!(cpu->efer & HV_EFER_NXE))
        reserved |= PTE_NX;
    if (shift == 39)
        reserved |= PTE_PS;
    else if (shift > 12 && entry & PTE_PS)
        reserved |= ((UINT64_C(1) << shift) - 1) & ~UINT64_C(0x1fff); /* 12 is PAT */
    return reserved;
}

/* Follows the tables down to a page. */
static HvStatus walk_tables(HvEmulatedCpu *cpu, uint64_t address, unsigned access, HvWalk *walk)
{
    uint64_t table = cpu->cr3 & PTE_ADDRESS;

    walk->levels = 0;
    walk->rights = PTE_W | PTE_U;
    for (unsigned shift = 39;; shift -= 9) {
        HvGpa gpa = HV_GPA(table + ((address >> shift) & 511) * 8);
        uint64_t entry;
        HvStatus status = hv_mem_physical(cpu, gpa, 8, false, &entry);

        if (status != HV_OK)
            return status;
        if (!(entry & PTE_P))
            return page_fault(cpu, address, access, 0);
        if (entry & reserved_bits(cpu, entry, shift))
            return page_fault(cpu, address, access, PF_P | PF_RSVD);
        walk->entry_gpa[walk->levels] = gpa;
        walk->entry[walk->levels++] = entry;
        walk->rights &= entry | PTE_NX;
        walk->rights |= entry & PTE_NX;
        walk->shift = shift;
        if (shift == 12 || (entry & PTE_PS))
            return HV_OK;
        table = entry & PTE_ADDRESS;
    }
}

static bool may_write(const HvEmulatedCpu *cpu, const HvWalk *walk, bool user)
{
    return walk->rights & PTE_W || (!user && !(cpu->cr0 & HV_CR0_WP));
}

static bool allowed(const HvEmulatedCpu *cpu, const HvWalk *walk, unsigned access)
{
    bool user = cpu->cpl == 3 && !(access & HV_MEM_SYSTEM);

    if (user && !(walk->rights & PTE_U))
        return false;
    if (access & HV_MEM_FETCH && walk->rights & PTE_NX)
        return false;
    return !(access & HV_MEM_WRITE) || may_write(cpu, walk, user);
}

static HvStatus set_accessed(HvEmulatedCpu *cpu, HvWalk *walk, unsigned access)
{
    for (unsigned i = 0; i < walk->levels; i++) {
        uint64_t entry = walk->entry[i] | PTE_A;

        if (i == walk->levels - 1 && access & HV_MEM_WRITE)
            entry |= PTE_D;
        if (entry == walk->entry[i])
            continue;
        HvStatus status = hv_mem_physical(cpu, walk->entry_gpa[i], 8, true, &entry);
        if (status != HV_OK)
            return status;
        walk->entry[i] = entry;
    }
    return HV_OK;
}

/* ---- The TLB ------------------------------------------------------------ */

static HvTlb *tlb_for(HvEmulatedCpu *cpu, unsigned access)
{
    return access & HV_MEM_SYSTEM ? &cpu->tlbs[HV_TLB_SUPERVISOR] : cpu->tlb;
}

static HvTlbEntry *tlb_entry(HvTlb *tlb, uint64_t address)
{
    return &tlb->entry[(address >> HV_PAGE_SHIFT) % HV_TLB_ENTRIES];
}

/* Remembers a translation whose page is RAM and present. */
static void tlb_fill(HvEmulatedCpu *cpu, uint64_t address, HvGpa gpa, const HvWalk *walk,
                     unsigned access)
{
    HvCpuMachine *machine = cpu->machine;

    if (gpa.value >> HV_PAGE_SHIFT >= machine->page_count)
        return;
    const HvMemoryEntry *second = hv_memory_entry(machine->memory, hv_gpa_page(gpa));
    if (second->frame == HV_FRAME_NONE || second->watched)
        return;
    HvTlb *tlb = tlb_for(cpu, access);
    HvTlbEntry *entry = tlb_entry(tlb, address);
    uint64_t page = address & ~(uint64_t)HV_PAGE_MASK;
    uintptr_t delta =
        (uintptr_t)machine->pool_data + (uintptr_t)second->frame * HV_PAGE_SIZE - (uintptr_t)page;
    bool same = entry->delta == delta && (entry->read == page || entry->exec == page);

    if (!same)
        *entry = (HvTlbEntry){HV_TLB_NONE, HV_TLB_NONE, HV_TLB_NONE, delta};
    if (access & HV_MEM_FETCH)
        entry->exec = page;
    if (tlb == &cpu->tlbs[HV_TLB_CHECKED])
        return;
    entry->read = page;
    bool user = cpu->cpl == 3 && !(access & HV_MEM_SYSTEM);
    if (walk->entry[walk->levels - 1] & PTE_D && may_write(cpu, walk, user) && second->writable &&
        !hv_pool_info(machine->pool, second->frame)->has_code)
        entry->write = page;
}

HvStatus hv_mmu_translate(HvEmulatedCpu *cpu, uint64_t address, unsigned access, HvGpa *ret_gpa)
{
    HvWalk walk;
    HvStatus status = walk_tables(cpu, address, access, &walk);

    if (status != HV_OK)
        return status;
    if (!allowed(cpu, &walk, access))
        return page_fault(cpu, address, access, PF_P);
    status = set_accessed(cpu, &walk, access);
    if (status != HV_OK)
        return status;
    uint64_t in_page = (UINT64_C(1) << walk.shift) - 1;
    *ret_gpa = HV_GPA((walk.entry[walk.levels - 1] & PTE_ADDRESS & ~in_page) | (address & in_page));
    tlb_fill(cpu, address, *ret_gpa, &walk, access);
    return HV_OK;
}

static HvStatus fetch_error(HvEmulatedCpu *cpu, HvGpa gpa)
{
    cpu->error_gpa = gpa;
    return hv_leave(cpu, HV_CPU_ERROR, HV_CPU_ERROR_FETCH);
}

HvStatus hv_mmu_fetch(HvEmulatedCpu *cpu, uint64_t address, HvFrameNo *ret_frame)
{
    HvCpuMachine *machine = cpu->machine;
    uint64_t page = address & ~(uint64_t)HV_PAGE_MASK;
    HvTlbEntry *entry = tlb_entry(cpu->tlb, address);

    if (entry->exec == page) {
        *ret_frame =
            (HvFrameNo)((entry->delta + page - (uintptr_t)machine->pool_data) >> HV_PAGE_SHIFT);
        return HV_OK;
    }
    if (!hv_canonical(address))
        return hv_raise_error(cpu, HV_VECTOR_GP, 0);
    HvGpa gpa;
    HvStatus status = hv_mmu_translate(cpu, address, HV_MEM_FETCH, &gpa);
    if (status != HV_OK)
        return status;
    if (gpa.value >> HV_PAGE_SHIFT >= machine->page_count)
        return fetch_error(cpu, gpa);
    *ret_frame = hv_memory_entry(machine->memory, hv_gpa_page(gpa))->frame;
    return *ret_frame == HV_FRAME_NONE ? fetch_error(cpu, gpa) : HV_OK;
}

void hv_mmu_select(HvEmulatedCpu *cpu)
{
    unsigned which = HV_TLB_SUPERVISOR;

    if (cpu->cpl == 3) {
        bool checked = cpu->cr0 & HV_CR0_AM && cpu->system_flags & HV_FLAG_AC;
        which = checked ? HV_TLB_CHECKED : HV_TLB_USER;
    }
    cpu->tlb = &cpu->tlbs[which];
}

void hv_mmu_flush(HvEmulatedCpu *cpu)
{
    for (unsigned i = 0; i < HV_TLB_COUNT; i++) {
        memset(cpu->tlbs[i].entry, 0xff, sizeof(cpu->tlbs[i].entry));
        memset(cpu->tlbs[i].jump, 0, sizeof(cpu->tlbs[i].jump));
    }
}

void hv_mmu_flush_page(HvEmulatedCpu *cpu, uint64_t address)
{
    for (unsigned i = 0; i < HV_TLB_COUNT; i++) {
        memset(tlb_entry(&cpu->tlbs[i], address), 0xff, sizeof(HvTlbEntry));
        memset(cpu->tlbs[i].jump, 0, sizeof(cpu->tlbs[i].jump));
    }
}

static uint64_t entry_page(const HvTlbEntry *entry)
{
    return entry->read != HV_TLB_NONE ? entry->read : entry->exec;
}

/* Calls for every TLB entry of the machine that leads to frame. */
static void for_frame(HvCpuMachine *machine, HvFrameNo frame, void (*apply)(HvTlbEntry *))
{
    uintptr_t host = (uintptr_t)machine->pool_data + (uintptr_t)frame * HV_PAGE_SIZE;

    for (unsigned c = 0; c < machine->cpu_count; c++) {
        for (unsigned i = 0; i < HV_TLB_COUNT; i++) {
            HvTlbEntry *entries = machine->cpu[c]->tlbs[i].entry;

            for (unsigned j = 0; j < HV_TLB_ENTRIES; j++) {
                uint64_t page = entry_page(&entries[j]);
                if (page != HV_TLB_NONE && entries[j].delta + (uintptr_t)page == host)
                    apply(&entries[j]);
            }
        }
    }
}

static void drop_entry(HvTlbEntry *entry)
{
    entry->read = entry->write = entry->exec = HV_TLB_NONE;
}

static void drop_write(HvTlbEntry *entry)
{
    entry->write = HV_TLB_NONE;
}

void hv_mmu_forget_frame(HvCpuMachine *machine, HvFrameNo frame)
{
    for_frame(machine, frame, drop_entry);
    if (!hv_pool_info(machine->pool, frame)->has_code)
        return;
    for (unsigned c = 0; c < machine->cpu_count; c++) {
        for (unsigned i = 0; i < HV_TLB_COUNT; i++)
            memset(machine->cpu[c]->tlbs[i].jump, 0, sizeof(machine->cpu[c]->tlbs[i].jump));
        hv_attend(machine->cpu[c]);
    }
}

void hv_mmu_watch_frame(HvCpuMachine *machine, HvFrameNo frame)
{
    if (hv_pool_info(machine->pool, frame)->has_code)
        return;
    for_frame(machine, frame, drop_write);
    hv_pool_mark_code(machine->pool, frame);
}
