/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-contract.h: what hv-core/cpu/cpu.h promises, as tests of any backend. */
#pragma once

#include "hv-core/cpu/cpu.h"

/* Adds the tests as /NAME/ring0/... and /NAME/ring3/...; where the backend's
 * probe fails they are skipped, with its reason. */
void cpu_contract_add_tests(const HvCpuBackend *backend);
