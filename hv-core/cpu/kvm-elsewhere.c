/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-elsewhere.c: the backend `kvm` on a host that is not x86-64.
 *
 * Guests are x86-64 programs, so KVM cannot run them there. The probe says so,
 * and after that nobody calls anything else.
 */
#include "hv-core/cpu/cpu.h"

static bool elsewhere_probe(GError **error)
{
    g_set_error(error, HV_ERROR, HV_ERROR_UNAVAILABLE,
                "this machine's CPU is not an x86-64, which is what the guests are written for");
    return false;
}

static HvCpuMachine *elsewhere_machine_new(HvMemory *memory, uint64_t clock_hz, GError **error)
{
    elsewhere_probe(error);
    return NULL;
}

const HvCpuBackend hv_cpu_kvm = {
    .name = "kvm",
    .probe = elsewhere_probe,
    .machine_new = elsewhere_machine_new,
};
