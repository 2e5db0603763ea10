/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hello: says hello to each of its arguments, or to the world. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    if (argc < 2)
        print("Hello, world\n");
    for (int i = 1; i < argc; i++)
        printf("Hello, %s\n", argv[i]);
    return 0;
}
