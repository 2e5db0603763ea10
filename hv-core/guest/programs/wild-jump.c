/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wild-jump [ADDRESS]: jumps into its heap, which may not be executed, or to
 * ADDRESS. Must end in a page fault of the program. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    const char *end;
    uint64_t address = argc > 1 ? parse_number(argv[1], &end) : (uint64_t)heap_begin();
    __asm__ volatile("jmp *%0" : : "r"(address) : "memory");
    __builtin_unreachable();
}
