/* SPDX-License-Identifier: GPL-2.0-or-later */
/* echo [PORT]: sends every UDP datagram back to where it came from, and all bytes of
 * TCP connections, eight at a time. Port 7 unless told (RFC 862). */
#include "hv-core/guest/hvlab.h"

#define MAX_CLIENTS 8

static uint8_t buffer[9000];
static int clients[MAX_CLIENTS]; /* sockets; negative: free */

static bool echo_datagram(int socket)
{
    uint32_t from;
    uint16_t from_port;
    int length = udp_receive(socket, buffer, sizeof buffer, &from, &from_port, 0);
    if (length >= 0)
        udp_send(socket, from, from_port, buffer, (size_t)length);
    return length >= 0;
}

static bool take_client(int listener)
{
    for (unsigned i = 0; i < MAX_CLIENTS; i++) {
        if (clients[i] >= 0)
            continue;
        clients[i] = tcp_accept(listener, 0);
        return clients[i] >= 0;
    }
    return false;
}

static bool echo_stream(int *client)
{
    if (*client < 0)
        return false;
    int length = tcp_receive(*client, buffer, sizeof buffer, 0);
    if (length == TCP_TIMED_OUT)
        return false;
    if (length <= 0 || tcp_send(*client, buffer, (size_t)length, 10 * NS_PER_SEC) != 0) {
        tcp_close(*client);
        *client = -1;
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *end = "";
    uint64_t port = argc > 1 ? parse_number(argv[1], &end) : 7;
    if (argc > 2 || *end || port == 0 || port > UINT16_MAX) {
        print("usage: echo [PORT]\n");
        return 2;
    }
    int socket = udp_open((uint16_t)port), listener = tcp_listen((uint16_t)port);
    if (socket < 0) {
        printf("echo: port %lu cannot be had\n", port);
        return 1;
    }
    for (unsigned i = 0; i < MAX_CLIENTS; i++)
        clients[i] = -1;
    /* A VM without a NIC has no TCP. */
    printf("echo: listening on UDP%s port %lu\n", listener < 0 ? "" : " and TCP", port);
    for (;;) {
        uint32_t seen = network_events();
        bool busy = echo_datagram(socket) | (listener >= 0 && take_client(listener));
        for (unsigned i = 0; i < MAX_CLIENTS; i++)
            busy |= echo_stream(&clients[i]);
        if (!busy)
            network_wait(seen);
    }
}
