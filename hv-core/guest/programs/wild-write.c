/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wild-write [ADDRESS]: writes where nothing is mapped: to a null pointer, or to
 * ADDRESS. Must end in a page fault of the program. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    const char *end;
    uint64_t address = argc > 1 ? parse_number(argv[1], &end) : 0;
    __asm__ volatile("movq %0, (%0)" : : "r"(address) : "memory");
    print("wild-write: still alive\n");
    return 1;
}
