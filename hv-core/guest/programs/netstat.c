/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netstat: prints the sockets and TCP connections of this VM. */
#include "hv-core/guest/hvlab.h"

static const char *end_text(uint32_t address, uint16_t port, char text[32])
{
    char dotted[ADDRESS_TEXT_BYTES];
    const char *host = address != 0 ? address_text(address, dotted) : "*";
    if (port != 0)
        snprintf(text, 32, "%s:%u", host, port);
    else
        snprintf(text, 32, "%s:*", host);
    return text;
}

int main(int argc, char **argv)
{
    SocketInfo s;
    print("Proto Recv-Q Send-Q Local address          Peer address           State\n");
    for (unsigned at = 0; socket_next(&at, &s);) {
        char local[32], remote[32];
        printf("%-5s %6u %6u %-22s %-22s %s\n", s.protocol, s.receive_queue, s.send_queue,
               end_text(s.local, s.local_port, local), end_text(s.remote, s.remote_port, remote),
               s.state);
    }
    return 0;
}
