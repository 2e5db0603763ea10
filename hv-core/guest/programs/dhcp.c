/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp [release] [NIC]: asks a DHCP server for an address for a NIC (0 unless told), or
 * shows the one it has, or gives it back. Exit code 0: it has an address; 1: nobody
 * answered within 30 s; 2: bad usage. */
#include "hv-core/guest/hvlab.h"

#define PATIENCE_NS (30 * NS_PER_SEC)

static void show(unsigned nic)
{
    NicInfo info = nic_info(nic);
    char text[ADDRESS_TEXT_BYTES];
    printf("nic %u: %s, address %s/%u\n", nic, info.dhcp_state, address_text(info.address, text),
           info.prefix);
    if (info.gateway != 0)
        printf("  gateway     %s\n", address_text(info.gateway, text));
    if (info.name_server != 0)
        printf("  name server %s\n", address_text(info.name_server, text));
    if (info.dhcp_server == 0)
        return;
    printf("  DHCP server %s, lease ", address_text(info.dhcp_server, text));
    if (info.lease_left_ns == FOREVER)
        print("without end\n");
    else
        printf("%lu s\n", (info.lease_left_ns + NS_PER_SEC / 2) / NS_PER_SEC);
}

int main(int argc, char **argv)
{
    bool release = argc > 1 && strcmp(argv[1], "release") == 0;
    const char *end = "", *number = argc > 1 + release ? argv[1 + release] : "0";
    uint64_t nic = parse_number(number, &end);
    if (argc > 2 + release || *end || nic >= nic_count()) {
        print("usage: dhcp [release] [NIC]\n");
        return 2;
    }
    if (release) {
        dhcp_release((unsigned)nic);
        show((unsigned)nic);
        return 0;
    }
    if (nic_info((unsigned)nic).dhcp_server == 0 && !dhcp_ask((unsigned)nic, PATIENCE_NS)) {
        printf("dhcp: nobody answers (%s)\n", nic_info((unsigned)nic).dhcp_state);
        return 1;
    }
    show((unsigned)nic);
    return 0;
}
