/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arp: prints the ARP cache: which MAC address belongs to which IP address. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    ArpInfo entry;
    unsigned entries = 0;
    print("Address          MAC address        State       NIC\n");
    for (unsigned at = 0; arp_next(&at, &entry); entries++) {
        char address[ADDRESS_TEXT_BYTES];
        const uint8_t *m = entry.mac;
        printf("%-16s %02x:%02x:%02x:%02x:%02x:%02x  %-11s %u\n",
               address_text(entry.address, address), m[0], m[1], m[2], m[3], m[4], m[5],
               entry.state, entry.nic);
    }
    if (entries == 0)
        print("(no entries)\n");
    return 0;
}
