/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend.c: choosing who executes guest code. */
#include "hv-core/cpu/cpu.h"

#include <string.h>

static char *describe(const HvCpuBackend *backend)
{
    if (backend == &hv_cpu_kvm)
        return g_strdup("kvm: the guests run on this machine's CPU through /dev/kvm");
    return g_strdup("emulated: the guests run on hvlab's own interpreter");
}

static const HvCpuBackend *find_best(char **ret_why)
{
    g_autoptr(GError) reason = NULL;

    if (hv_cpu_kvm.probe(&reason)) {
        if (ret_why != NULL)
            *ret_why = describe(&hv_cpu_kvm);
        return &hv_cpu_kvm;
    }
    if (ret_why != NULL) {
        g_autofree char *what = describe(&hv_cpu_emulated);
        *ret_why = g_strdup_printf("%s, because KVM does not work here: %s", what, reason->message);
    }
    return &hv_cpu_emulated;
}

const HvCpuBackend *hv_cpu_backend_find(const char *name, char **ret_why, GError **error)
{
    static const HvCpuBackend *const backends[] = {&hv_cpu_kvm, &hv_cpu_emulated};

    if (strcmp(name, "auto") == 0)
        return find_best(ret_why);
    for (size_t i = 0; i < G_N_ELEMENTS(backends); i++) {
        if (strcmp(name, backends[i]->name) != 0)
            continue;
        if (!backends[i]->probe(error))
            return NULL;
        if (ret_why != NULL)
            *ret_why = describe(backends[i]);
        return backends[i];
    }
    g_set_error(error, HV_ERROR, HV_ERROR_INVALID,
                "unknown backend '%s': it is auto, kvm or emulated", name);
    return NULL;
}
