/* SPDX-License-Identifier: GPL-2.0-or-later */
/* divide-by-zero: must end in a divide error of the program. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    uint32_t low = 1, high = 0;
    __asm__ volatile("divl %2" : "+a"(low), "+d"(high) : "r"(0));
    print("divide-by-zero: still alive\n");
    return 1;
}
