/* SPDX-License-Identifier: GPL-2.0-or-later */
/* triple-fault: has the kernel load an empty interrupt table and fault. Must end
 * in a shutdown of the VM. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    debug_triple_fault();
    return 1;
}
