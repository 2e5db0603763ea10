/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-backend.c: choosing a CPU backend by name. */
#include <string.h>

#include "hv-core/cpu/cpu.h"

static void test_unknown(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(hv_cpu_backend_find("qemu", NULL, &error));
    g_assert_error(error, HV_ERROR, HV_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "'qemu'"));
    g_assert_nonnull(strstr(error->message, "auto, kvm or emulated"));
}

static void test_emulated(void)
{
    g_autofree char *why = NULL;

    g_assert_true(hv_cpu_backend_find("emulated", &why, NULL) == &hv_cpu_emulated);
    g_assert_true(g_str_has_prefix(why, "emulated: "));
}

/* Says the same as kvm's own probe, whichever way that goes on this host. */
static void test_auto(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) not_found = NULL;
    g_autofree char *why = NULL;
    bool works = hv_cpu_kvm.probe(&error);
    const HvCpuBackend *found = hv_cpu_backend_find("auto", &why, NULL);

    g_assert_true(found == (works ? &hv_cpu_kvm : &hv_cpu_emulated));
    g_assert_true(g_str_has_prefix(why, works ? "kvm: " : "emulated: "));
    if (works) {
        g_assert_true(hv_cpu_backend_find("kvm", NULL, NULL) == &hv_cpu_kvm);
    } else {
        g_assert_nonnull(strstr(why, error->message));
        g_assert_null(hv_cpu_backend_find("kvm", NULL, &not_found));
        g_assert_error(not_found, HV_ERROR, HV_ERROR_UNAVAILABLE);
    }
    g_assert_true(hv_cpu_backend_find("auto", NULL, NULL) == found);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/backend/unknown", test_unknown);
    g_test_add_func("/backend/emulated", test_emulated);
    g_test_add_func("/backend/auto", test_auto);
    return g_test_run();
}
