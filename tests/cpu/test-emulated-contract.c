/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-emulated-contract.c: the contract of a CPU, kept by the emulated backend. */
#include "tests/cpu/cpu-contract.h"

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    cpu_contract_add_tests(&hv_cpu_emulated);
    return g_test_run();
}
