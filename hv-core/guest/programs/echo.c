/* SPDX-License-Identifier: GPL-2.0-or-later */
/* echo [PORT]: sends every UDP datagram back to where it came from. Port 7
 * unless told (RFC 862). */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    const char *end = "";
    uint64_t port = argc > 1 ? parse_number(argv[1], &end) : 7;
    if (argc > 2 || *end || port == 0 || port > UINT16_MAX) {
        print("usage: echo [PORT]\n");
        return 2;
    }
    int socket = udp_open((uint16_t)port);
    if (socket < 0) {
        printf("echo: port %lu cannot be had\n", port);
        return 1;
    }
    printf("echo: listening on UDP port %lu\n", port);
    for (;;) {
        static uint8_t buffer[9000];
        uint32_t from;
        uint16_t from_port;
        int length = udp_receive(socket, buffer, sizeof buffer, &from, &from_port, FOREVER);
        if (length >= 0)
            udp_send(socket, from, from_port, buffer, (size_t)length);
    }
}
