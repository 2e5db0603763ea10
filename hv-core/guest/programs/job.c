/* SPDX-License-Identifier: GPL-2.0-or-later */
/* job: what runs in the VMs of a scenario's "jobs": tells the hypervisor that it
 * has started, then computes without end. How long it does so is the
 * hypervisor's to count (hv-core/vm/job.h). */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    uint64_t loops = 0;
    started();
    for (;;) {
        loops++;
        __asm__ volatile("" : "+r"(loops));
    }
}
