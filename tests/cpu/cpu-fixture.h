/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-fixture.h: a tiny machine around one CPU, for tests of any backend.
 *
 * Memory is identity-mapped by the tables of cpu-image.h. The guest starts in
 * long mode at CPU_CODE, in ring 0 or 3, with descriptor
 * tables and a TSS in place, so that exceptions and interrupts reach handlers
 * that a test has put at a vector.
 *
 * The client logs every access and then asks `answer`. The standard answer
 * gives an absent page a frame, makes a read-only one writable, reads
 * cpu_device_value() from devices and ports, ignores writes to them, and stops
 * at CPU_DEVICE_END.
 *
 *     CpuFixture *f = cpu_fixture_new(&hv_cpu_kvm, 512);
 *     cpu_fixture_load(f, CPU_CODE, guest_sum, sizeof guest_sum);
 *     cpu_fixture_start(f, 3);
 *     g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_STOPPED);
 *     g_assert_cmphex(cpu_fixture_reg(f, HV_RAX), ==, 500500);
 *     cpu_fixture_free(f);
 */
#pragma once

#include <glib.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/memory/memory.h"
#include "tests/cpu/cpu-image.h"

/* The guest's memory map beyond that of the image. What is not mentioned is absent. */
#define CPU_CODE       0x10000u
#define CPU_CODE_BYTES 0x4000u  /* resident */
#define CPU_STACK3     0x38000u /* top of the ring-3 stack; 4 pages resident, as of ring 0's */
#define CPU_DATA       0x40000u
#define CPU_DATA_BYTES 0x4000u  /* resident */
#define CPU_ABSENT     0x80000u /* absent from here on */
#define CPU_DEVICE_END 0xc0000ff8u

typedef struct CpuFixture CpuFixture;
typedef HvAccessResult (*CpuAnswer)(CpuFixture *fixture, HvAccess *access);

typedef struct {
    HvAccess access; /* as answered */
    HvAccessResult result;
} CpuLogEntry;

struct CpuFixture {
    const HvCpuBackend *backend;
    HvPool *pool;
    HvMemory *memory;
    HvCpuMachine *machine;
    HvCpu *cpu;
    HvCpuRun run;     /* of the last cpu_fixture_run() */
    GArray *log;      /* CpuLogEntry */
    CpuAnswer answer; /* may be replaced */
    HvCpuRegs seen;   /* if look: the registers inside the last callback */
    bool look;
    void *user; /* for the test */
};

/* pages: of guest memory, at least 512. */
CpuFixture *cpu_fixture_new(const HvCpuBackend *backend, HvPageNo pages);
void cpu_fixture_free(CpuFixture *fixture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CpuFixture, cpu_fixture_free)

/* Another CPU of the same machine, with the same client; free with cpu_free. */
HvCpu *cpu_fixture_add_cpu(CpuFixture *fixture, unsigned index);

/* Puts bytes into guest memory, making its pages resident. */
void cpu_fixture_load(CpuFixture *fixture, uint64_t gpa, const void *bytes, size_t size);
uint64_t cpu_fixture_peek(CpuFixture *fixture, uint64_t gpa);            /* 8 bytes */
void cpu_fixture_map(CpuFixture *fixture, HvPageNo page, bool writable); /* a new frame */

/* An interrupt gate to ring 0 at address. */
void cpu_fixture_set_vector(CpuFixture *fixture, uint8_t vector, uint64_t address);

/* The state in which a guest starts; interrupts are off in ring 0, on in ring 3. */
HvCpuRegs cpu_fixture_regs(unsigned ring);
void cpu_fixture_start(CpuFixture *fixture, unsigned ring);

/* Runs with a budget that a working backend does not use up. */
HvCpuExit cpu_fixture_run(CpuFixture *fixture);

uint64_t cpu_fixture_reg(CpuFixture *fixture, unsigned gpr);
const CpuLogEntry *cpu_fixture_log(CpuFixture *fixture, guint index); /* fails if there is none */

HvAccessResult cpu_fixture_standard_answer(CpuFixture *fixture, HvAccess *access);
uint64_t cpu_device_value(HvGpa gpa, unsigned size);
