/* SPDX-License-Identifier: GPL-2.0-or-later */
/* idle: does nothing for ever, as a machine whose users are asleep. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    for (;;)
        sleep_ns(FOREVER);
}
