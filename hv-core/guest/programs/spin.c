/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spin: runs for ever and asks the kernel for nothing. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    for (;;)
        __asm__ volatile("pause");
}
