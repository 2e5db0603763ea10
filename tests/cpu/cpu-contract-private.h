/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-contract-private.h: what the files of the contract share. */
#pragma once

#include "tests/cpu/cpu-fixture.h"

#define CPU_CONTRACT_PAGES 1536 /* 6 MiB */

enum { CPU_RING0 = 1, CPU_RING3 = 2, CPU_RINGS = CPU_RING0 | CPU_RING3 };

typedef struct {
    const char *name; /* NULL ends a list */
    void (*test)(CpuFixture *f, unsigned ring);
    unsigned rings;
} CpuContractCase;

extern const CpuContractCase cpu_contract_execution[];
extern const CpuContractCase cpu_contract_devices[];
extern const CpuContractCase cpu_contract_memory[];

#define LOAD(f, guest) cpu_fixture_load(f, CPU_CODE, guest, sizeof guest)

/* START(f, ring, {HV_RAX, 1}, ...): starts the guest with these registers. */
#define START(f, ring, ...)                                                                        \
    do {                                                                                           \
        const uint64_t start_values[][2] = {__VA_ARGS__};                                          \
        cpu_start_with(f, ring, start_values, G_N_ELEMENTS(start_values));                         \
    } while (0)
/* CHECK_REGS(f, {HV_RAX, 1}, ...): at rest, registers have these values. */
#define CHECK_REGS(f, ...)                                                                         \
    do {                                                                                           \
        const uint64_t expected_values[][2] = {__VA_ARGS__};                                       \
        cpu_check_regs(f, expected_values, G_N_ELEMENTS(expected_values));                         \
    } while (0)

void cpu_start_with(CpuFixture *f, unsigned ring, const uint64_t values[][2], size_t count);
void cpu_check_regs(CpuFixture *f, const uint64_t expected[][2], size_t count);
void cpu_check_log(CpuFixture *f, guint index, HvAccessKind kind, uint64_t gpa, unsigned size,
                   uint64_t value);

/* How often the client was asked about this page. */
unsigned cpu_asked_about(CpuFixture *f, uint64_t gpa);
