/* SPDX-License-Identifier: GPL-2.0-or-later */
/* privileged [cli | hlt | wrmsr | cr3 | out]: executes an instruction that only
 * ring 0 may. Must end in a general protection fault of the program. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    const char *which = argc > 1 ? argv[1] : "cli";
    if (strcmp(which, "cli") == 0)
        __asm__ volatile("cli");
    else if (strcmp(which, "hlt") == 0)
        __asm__ volatile("hlt");
    else if (strcmp(which, "wrmsr") == 0)
        __asm__ volatile("wrmsr" : : "a"(0), "d"(0), "c"(0xc0000080));
    else if (strcmp(which, "cr3") == 0)
        __asm__ volatile("mov %0, %%cr3" : : "r"(UINT64_C(0)));
    else if (strcmp(which, "out") == 0)
        __asm__ volatile("outb %%al, %%dx" : : "a"('x'), "d"(0xe9));
    print("privileged: still alive\n");
    return 1;
}
