/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu.h: guest-virtual addresses to host memory.
 *
 * Two translations: the guest's own page tables (mmu.c walks them, checks
 * rights, sets accessed and dirty bits, raises #PF), then the second-level
 * table of HvMemory, where an absent or read-only page makes the CPU ask its
 * client (access.c). Where both say yes the pair goes into the TLB, and
 * execute.c needs one comparison and one addition per access.
 */
#pragma once

#include "hv-core/cpu/emulated/state.h"

/* What kind of access; or'ed. */
enum {
    HV_MEM_WRITE = 1,
    HV_MEM_FETCH = 2,
    HV_MEM_STACK = 4,  /* a non-canonical address is #SS(0), not #GP(0) */
    HV_MEM_SYSTEM = 8, /* by the processor itself, as ring 0 whatever CPL is */
};

/* ---- mmu.c -------------------------------------------------------------- */

/* Translates one address by the guest's page tables. */
HvStatus hv_mmu_translate(HvEmulatedCpu *cpu, uint64_t address, unsigned access, HvGpa *ret_gpa);

/* The address of the code at RIP: host memory of its frame, from there to the
 * end of the page. An absent page or a device ends the run with an error. */
HvStatus hv_mmu_fetch(HvEmulatedCpu *cpu, uint64_t address, HvFrameNo *ret_frame);

/* Chooses the TLB by CPL, RFLAGS.AC and CR0.AM. After each change of these. */
void hv_mmu_select(HvEmulatedCpu *cpu);
/* Forgets all translations of this CPU: after changes of CR0, CR3, CR4, EFER. */
void hv_mmu_flush(HvEmulatedCpu *cpu);
void hv_mmu_flush_page(HvEmulatedCpu *cpu, uint64_t address);
/* Forgets what leads to a frame, of all CPUs: its second-level entry changes. */
void hv_mmu_forget_frame(HvCpuMachine *machine, HvFrameNo frame);
/* Writes to a frame take the slow path from now on: code was translated from it. */
void hv_mmu_watch_frame(HvCpuMachine *machine, HvFrameNo frame);

/* ---- access.c ----------------------------------------------------------- */

/* Data accesses by linear address, 1 to 8 bytes, in one go or not at all. The
 * value is little-endian in memory, zero-extended in value. */
HvStatus hv_mem_read(HvEmulatedCpu *cpu, uint64_t address, unsigned size, unsigned access,
                     uint64_t *value);
HvStatus hv_mem_write(HvEmulatedCpu *cpu, uint64_t address, unsigned size, unsigned access,
                      uint64_t value);
/* Can be written, so far as the guest's tables and a present page go. */
HvStatus hv_mem_probe_write(HvEmulatedCpu *cpu, uint64_t address, unsigned size, unsigned access);
HvStatus hv_port_access(HvEmulatedCpu *cpu, HvAccessKind kind, uint16_t port, unsigned size,
                        uint64_t *value);
/* A naturally aligned access to guest-physical memory: page tables. */
HvStatus hv_mem_physical(HvEmulatedCpu *cpu, HvGpa gpa, unsigned size, bool write, uint64_t *value);

/* What execute.c does when the TLB says no. Return the op to go on with (the
 * same, or a copy of it after which the block is left), or NULL and
 * HvEmulatedCpu.status. A load puts its value in slow_value. */
const HvOp *hv_slow_load(HvEmulatedCpu *cpu, const HvOp *op, uint64_t address, unsigned size,
                         bool for_write);
const HvOp *hv_slow_store(HvEmulatedCpu *cpu, const HvOp *op, uint64_t address, unsigned size,
                          uint64_t value);

/* Makes rip and done those of the instruction that op belongs to. */
static inline void hv_sync(HvEmulatedCpu *cpu, const HvOp *op)
{
    cpu->rip = cpu->block->rip + op->offset;
    cpu->done = op->count;
}
