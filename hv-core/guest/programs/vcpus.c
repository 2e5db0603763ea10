/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpus [fault]: every vCPU says its number when it is its turn, and wakes the
 * next. The last one ends the program with its number as the exit code, or, with
 * "fault", by writing to a null pointer. */
#include "hv-core/guest/hvlab.h"

static volatile uint32_t turn;
static bool faults;

static void take_turn(unsigned vcpu)
{
    for (uint32_t now = turn; now != vcpu; now = turn)
        wait(&turn, now, FOREVER);
    printf("vCPU %u of %u\n", vcpu, vcpu_count());
    if (vcpu + 1 == vcpu_count()) {
        if (faults)
            __asm__ volatile("movl %0, (%q0)" : : "r"(0) : "memory");
        exit((int)vcpu);
    }
    turn = vcpu + 1;
    wake(vcpu + 1);
}

void hv_vcpu_main(unsigned vcpu)
{
    take_turn(vcpu);
}

int main(int argc, char **argv)
{
    faults = argc > 1 && strcmp(argv[1], "fault") == 0;
    take_turn(0);
    sleep_ns(FOREVER); /* the last one ends the program */
    return 0;
}
