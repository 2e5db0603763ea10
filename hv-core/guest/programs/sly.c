/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sly LOOPS: computes for LOOPS rounds, yields, and begins anew, for ever. With a
 * little less than a time slice of rounds it has nearly used up its slice each time,
 * and yet has given it up "voluntarily": it games schedulers that go by that. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    const char *end = "";
    uint64_t wanted = argc == 2 ? parse_number(argv[1], &end) : 0;
    if (wanted == 0 || *end) {
        print("usage: sly LOOPS\n");
        return 2;
    }
    for (;;) {
        for (uint64_t loops = wanted; loops > 0; loops--)
            __asm__ volatile("" : "+r"(loops));
        yield();
    }
}
