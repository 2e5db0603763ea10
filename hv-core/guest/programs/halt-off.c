/* SPDX-License-Identifier: GPL-2.0-or-later */
/* halt-off: has the kernel halt with interrupts off: the vCPU sleeps for good. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    debug_halt_off();
    return 1;
}
