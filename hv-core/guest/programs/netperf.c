/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netperf server [COUNT]: answers tests, COUNT of them if told so.
 * netperf HOST [tcp|udp] [TIME]: measures the way to a server: how many bytes arrive in
 * TIME (1 s unless told), then how long one byte there and back takes. Exit code 0: both
 * were measured; 1: the server did not answer; 2: bad usage.
 *
 * On port 5201 TCP a client names its test by one letter: B bytes until it closes, to be
 * counted; E to be sent back; U count datagrams on UDP port 5201 until the next letter Q.
 * After B and U the server tells what came, see Counted: only who receives knows how long
 * it took, as what was sent may wait on its way. */
#include "hv-core/guest/hvlab.h"

#define PORT        5201
#define CHUNK       8192u
#define UDP_PAYLOAD 1400u
#define ROUNDS      100u
#define PATIENCE_NS (10 * NS_PER_SEC)

static uint8_t chunk[CHUNK];

typedef struct {
    uint64_t bytes;
    uint64_t took_ns; /* from the first of them to the last */
} Counted;

static void count_bytes(Counted *counted, uint64_t *began, int count)
{
    if (counted->bytes == 0)
        *began = now_ns();
    counted->bytes += (uint64_t)count;
    counted->took_ns = now_ns() - *began;
}

/* "12.34 MB/s" without floating point. */
static void print_rate(const char *what, uint64_t bytes, uint64_t ns)
{
    uint64_t hundredths = ns > 0 ? bytes * 100000 / ns : 0;
    printf("%s: %lu bytes in %lu us, %lu.%02lu MB/s\n", what, bytes, ns / NS_PER_US,
           hundredths / 100, hundredths % 100);
}

/* ---- The server ---------------------------------------------------------- */

static void count_stream(int socket)
{
    Counted counted = {0};
    uint64_t began = 0;
    int count;
    while ((count = tcp_receive(socket, chunk, CHUNK, PATIENCE_NS)) > 0)
        count_bytes(&counted, &began, count);
    tcp_send(socket, &counted, sizeof counted, PATIENCE_NS);
}

static void echo_stream(int socket)
{
    int count;
    while ((count = tcp_receive(socket, chunk, CHUNK, PATIENCE_NS)) > 0) {
        if (tcp_send(socket, chunk, (size_t)count, PATIENCE_NS) != 0)
            return;
    }
}

/* Datagrams of one byte are sent back, longer ones are counted. */
static void count_datagrams(int socket)
{
    int udp = udp_open(PORT);
    Counted counted = {0};
    uint64_t began = 0;
    uint32_t from;
    uint16_t port;
    for (int letter = TCP_TIMED_OUT; letter == TCP_TIMED_OUT;) {
        uint8_t byte;
        int count;
        while ((count = udp_receive(udp, chunk, CHUNK, &from, &port, 10 * NS_PER_MS)) >= 0) {
            if (count == 1)
                udp_send(udp, from, port, chunk, 1);
            else
                count_bytes(&counted, &began, count);
        }
        letter = tcp_receive(socket, &byte, 1, 0);
    }
    udp_close(udp);
    tcp_send(socket, &counted, sizeof counted, PATIENCE_NS);
}

static int server(uint64_t tests)
{
    int listener = tcp_listen(PORT);
    if (listener < 0) {
        printf("netperf: port %u: %s\n", PORT, tcp_error_text(listener));
        return 1;
    }
    printf("netperf: listening on port %u\n", PORT);
    for (; tests > 0; tests--) {
        int socket = tcp_accept(listener, FOREVER);
        uint8_t letter = 0;
        if (socket < 0)
            continue;
        tcp_receive(socket, &letter, 1, PATIENCE_NS);
        if (letter == 'B')
            count_stream(socket);
        else if (letter == 'E')
            echo_stream(socket);
        else if (letter == 'U')
            count_datagrams(socket);
        tcp_close(socket);
    }
    tcp_close(listener);
    return 0;
}

/* ---- The client ---------------------------------------------------------- */

static int begin(uint32_t host, uint8_t letter)
{
    int socket = tcp_connect(host, PORT, PATIENCE_NS);
    if (socket < 0)
        printf("netperf: %s\n", tcp_error_text(socket));
    else
        tcp_send(socket, &letter, 1, PATIENCE_NS);
    return socket;
}

/* What the server has counted; nothing if it does not tell. */
static Counted read_counted(int socket)
{
    Counted counted = {0};
    uint8_t *to = (uint8_t *)&counted;
    size_t got = 0;
    while (got < sizeof counted) {
        int count = tcp_receive(socket, to + got, sizeof counted - got, PATIENCE_NS);
        if (count <= 0)
            return (Counted){0};
        got += (size_t)count;
    }
    return counted;
}

static bool tcp_throughput(uint32_t host, uint64_t time_ns)
{
    int socket = begin(host, 'B');
    if (socket < 0)
        return false;
    uint64_t end = now_ns() + time_ns;
    while (now_ns() < end && tcp_send(socket, chunk, CHUNK, PATIENCE_NS) == 0)
        ;
    tcp_shutdown(socket);
    Counted counted = read_counted(socket);
    print_rate("TCP throughput", counted.bytes, counted.took_ns);
    tcp_close(socket);
    return counted.bytes > 0;
}

static bool tcp_latency(uint32_t host)
{
    int socket = begin(host, 'E');
    unsigned rounds = 0;
    if (socket < 0)
        return false;
    uint64_t began = now_ns();
    for (; rounds < ROUNDS; rounds++) {
        if (tcp_send(socket, chunk, 1, PATIENCE_NS) != 0 ||
            tcp_receive(socket, chunk, 1, PATIENCE_NS) != 1)
            break;
    }
    uint64_t ns = now_ns() - began;
    tcp_close(socket);
    printf("TCP latency: %lu us a round trip, %u round trips\n",
           rounds > 0 ? ns / rounds / NS_PER_US : 0, rounds);
    return rounds == ROUNDS;
}

static bool udp_test(uint32_t host, uint64_t time_ns)
{
    int control = begin(host, 'U'), udp = udp_open(0);
    unsigned rounds = 0, answered = 0;
    uint64_t sent = 0;
    if (control < 0 || udp < 0)
        return false;
    sleep_ns(50 * NS_PER_MS); /* the server opens its port */
    uint64_t end = now_ns() + time_ns;
    while (now_ns() < end && udp_send(udp, host, PORT, chunk, UDP_PAYLOAD) == 0)
        sent += UDP_PAYLOAD;
    sleep_ns(NS_PER_SEC); /* what is under way arrives */
    uint64_t began = now_ns();
    for (; rounds < ROUNDS; rounds++) {
        uint32_t from;
        uint16_t port;
        udp_send(udp, host, PORT, chunk, 1);
        answered += udp_receive(udp, chunk, CHUNK, &from, &port, 100 * NS_PER_MS) == 1;
    }
    uint64_t echoing = now_ns() - began;
    tcp_send(control, "Q", 1, PATIENCE_NS);
    Counted counted = read_counted(control);
    tcp_close(control);
    udp_close(udp);
    print_rate("UDP throughput", counted.bytes, counted.took_ns);
    printf("UDP loss: %lu of %lu bytes\n", sent > counted.bytes ? sent - counted.bytes : 0, sent);
    printf("UDP latency: %lu us a round trip, %u of %u answered\n", echoing / ROUNDS / NS_PER_US,
           answered, rounds);
    return counted.bytes > 0;
}

static int usage(void)
{
    print("usage: netperf server [COUNT] | netperf HOST [tcp|udp] [TIME]\n");
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t time_ns = NS_PER_SEC, tests = UINT64_MAX;
    const char *end = "";
    uint32_t host;
    if (argc < 2)
        return usage();
    if (strcmp(argv[1], "server") == 0) {
        if (argc > 2)
            tests = parse_number(argv[2], &end);
        return argc > 3 || *end ? usage() : server(tests);
    }
    bool udp = argc > 2 && strcmp(argv[2], "udp") == 0;
    bool tcp = argc > 2 && strcmp(argv[2], "tcp") == 0;
    const char *time = argc > 2 + (udp || tcp) ? argv[argc - 1] : NULL;
    if (argc > 4 || (argc == 4 && !udp && !tcp) ||
        (time && !parse_time(time, NS_PER_SEC, &time_ns)))
        return usage();
    if (!resolve(argv[1], &host)) {
        printf("netperf: %s: name not known\n", argv[1]);
        return 2;
    }
    bool good = true;
    if (!udp)
        good = tcp_throughput(host, time_ns) && tcp_latency(host);
    if (!tcp)
        good = udp_test(host, time_ns) && good;
    return good ? 0 : 1;
}
