/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel-panic [overflow]: has the guest kernel give up, or overflow its stack,
 * which must be reported as a double fault. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "overflow") == 0)
        debug_stack_overflow();
    else
        debug_panic();
    return 1;
}
