/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system.h: segments, privilege, interrupts and exceptions. Private.
 *
 * system-segment.c    descriptors and segment registers
 * system-transfer.c   interrupts, exceptions, iret, far jumps, system calls
 * system-control.c    control registers, MSRs, CPUID, privileged odds and ends
 */
#pragma once

#include "hv-core/cpu/emulated/state.h"

/* Where an interrupt or exception comes from. */
typedef enum {
    HV_EVENT_EXTERNAL, /* a device, through hv_cpu_interrupt() */
    HV_EVENT_FAULT,    /* the processor */
    HV_EVENT_SOFTWARE, /* int n, int3 */
} HvEventSource;

/* Enters the handler of vector, with return_rip on its stack. On HV_FAULT
 * (cpu->fault) and HV_EXIT nothing has changed but accessed bits. */
HvStatus hv_enter_handler(HvEmulatedCpu *cpu, uint8_t vector, HvEventSource source,
                          const uint32_t *error, uint64_t return_rip);

/* Delivers cpu->fault, raised by the instruction at rip: the exception, a
 * double fault, or shutdown. HV_OK or HV_EXIT. */
HvStatus hv_deliver_fault(HvEmulatedCpu *cpu);
/* Delivers an external interrupt, and faults that this meets. */
HvStatus hv_deliver_interrupt(HvEmulatedCpu *cpu, uint8_t vector);

/* An 8-byte descriptor (16 for system segments: high part in ret_high, which
 * may be NULL otherwise). A selector outside its table: vector(selector). */
HvStatus hv_read_descriptor(HvEmulatedCpu *cpu, uint16_t selector, uint8_t vector, uint64_t *ret,
                            uint64_t *ret_high);
/* Sets the accessed bit of a code or data descriptor. */
HvStatus hv_mark_accessed(HvEmulatedCpu *cpu, uint16_t selector, uint64_t descriptor);
HvSegment hv_segment_of(uint16_t selector, uint64_t descriptor);

/* Loads a data segment register with all checks. */
HvStatus hv_load_segment(HvEmulatedCpu *cpu, unsigned which, uint16_t selector);

/* Changes privilege: CPL, and the TLB in use with it. */
void hv_set_cpl(HvEmulatedCpu *cpu, unsigned cpl);

static inline unsigned hv_descriptor_dpl(uint64_t descriptor)
{
    return (descriptor >> 45) & 3;
}

static inline bool hv_descriptor_present(uint64_t descriptor)
{
    return descriptor >> 47 & 1;
}

static inline unsigned hv_descriptor_type(uint64_t descriptor) /* with S as bit 4 */
{
    return (descriptor >> 40) & 0x1f;
}

static inline bool hv_privileged(const HvEmulatedCpu *cpu)
{
    return cpu->cpl == 0;
}
