/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake-cpu.h: a CPU backend that plays scripts, for tests that work schedules
 * out by hand.
 *
 * A script is a list of operations, each of which takes the time it says. RUN
 * can be cut anywhere; all others are one instruction, which is executed only
 * if it ends within the budget. When an interrupt is taken the script goes on
 * at its handler, with interrupts off, until IRET.
 */
#pragma once

#include "hv-core/cpu/cpu.h"

typedef enum {
    FAKE_RUN,  /* computes for ns */
    FAKE_STEP, /* one instruction of ns */
    FAKE_READ, /* `size` bytes at address */
    FAKE_WRITE,
    FAKE_IN,
    FAKE_OUT,
    FAKE_FETCH, /* from address, where nothing can be executed */
    FAKE_HLT,
    FAKE_CLI,
    FAKE_STI,
    FAKE_IRET,
    FAKE_JUMP, /* to operation number value */
    FAKE_TRIPLE_FAULT,
    FAKE_UNSUPPORTED,
} FakeOpKind;

typedef struct {
    FakeOpKind kind;
    HvTime ns;
    uint64_t address;
    unsigned size;
    uint64_t value;
} FakeOp;

typedef struct {
    const FakeOp *ops;
    unsigned handler; /* number of the interrupt handler's first operation */
    bool interrupts;  /* on from the start */
} FakeScript;

extern const HvCpuBackend fake_cpu;

/* Forgets all scripts. Then the VMs created play what is set for them: VM n is
 * the nth one created since. Scripts are borrowed. */
void fake_cpu_reset(void);
void fake_cpu_play(unsigned vm, unsigned vcpu, const FakeScript *script);

/* What the CPU read last. */
uint64_t fake_cpu_value(HvCpu *cpu);

/* An image that hv_host_add_vm() accepts: one page of code. */
const void *fake_cpu_image(size_t *ret_size);
