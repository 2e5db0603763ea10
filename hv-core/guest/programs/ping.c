/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ping HOST [COUNT] [INTERVAL] [SIZE]: pings HOST (an address or a name that the
 * scenario gives) COUNT times (4 unless told), every INTERVAL (1000 ms), with SIZE bytes
 * of data. A SIZE that is given must pass in one piece: nobody may fragment the request,
 * so 28 + SIZE bytes are tried against the MTU of the way. Exit code 0: every request was
 * answered; 1: not all; 2: bad usage. */
#include "hv-core/guest/hvlab.h"

#define TIMEOUT_NS   NS_PER_SEC
#define DATA_BYTES   56
#define HEADER_BYTES 8 /* of ICMP */

typedef struct {
    unsigned sent, received;
    uint64_t least_ns, most_ns, sum_ns;
} Statistics;

/* "1.234 ms" without floating point. */
static void print_ms(const char *before, uint64_t ns, const char *after)
{
    printf("%s%lu.%03lu%s", before, ns / NS_PER_MS, ns / NS_PER_US % 1000, after);
}

static void count(Statistics *s, uint64_t rtt_ns)
{
    if (s->received == 0 || rtt_ns < s->least_ns)
        s->least_ns = rtt_ns;
    if (rtt_ns > s->most_ns)
        s->most_ns = rtt_ns;
    s->sum_ns += rtt_ns;
    s->received++;
}

static void print_too_long(const PingResult *result, unsigned sequence)
{
    char text[ADDRESS_TEXT_BYTES];
    if (result->mtu == 0)
        printf("icmp_seq=%u: message too long\n", sequence);
    else
        printf("from %s icmp_seq=%u: fragmentation needed, mtu=%u\n",
               address_text(result->from, text), sequence, result->mtu);
}

static void ping_once(uint32_t address, const PingOptions *options, Statistics *s)
{
    char text[ADDRESS_TEXT_BYTES];
    unsigned sequence = options->sequence;
    PingResult result = ping_with(address, options);
    s->sent++;
    switch (result.outcome) {
    case PING_REPLY:
        count(s, result.rtt_ns);
        printf("%lu bytes from %s: icmp_seq=%u ttl=%u time=%lu.%03lu ms\n",
               HEADER_BYTES + options->data_bytes, address_text(result.from, text), sequence,
               result.ttl, result.rtt_ns / NS_PER_MS, result.rtt_ns / NS_PER_US % 1000);
        break;
    case PING_TIMEOUT: printf("no answer to icmp_seq=%u\n", sequence); break;
    case PING_UNREACHABLE: printf("icmp_seq=%u: destination host unreachable\n", sequence); break;
    case PING_EXPIRED: printf("icmp_seq=%u: time to live exceeded\n", sequence); break;
    case PING_TOO_LONG: print_too_long(&result, sequence); break;
    case PING_NO_ROUTE: print("connect: network is unreachable\n"); break;
    }
}

static void print_statistics(const char *host, const Statistics *s)
{
    printf("--- %s ping statistics ---\n", host);
    printf("%u packets transmitted, %u received, %u%% packet loss\n", s->sent, s->received,
           s->sent ? (s->sent - s->received) * 100 / s->sent : 0);
    if (s->received == 0)
        return;
    print_ms("rtt min/avg/max = ", s->least_ns, "/");
    print_ms("", s->sum_ns / s->received, "/");
    print_ms("", s->most_ns, " ms\n");
}

int main(int argc, char **argv)
{
    uint64_t interval_ns = NS_PER_SEC, times = 4, size = DATA_BYTES;
    const char *end = "", *size_end = "";
    uint32_t address;
    char text[ADDRESS_TEXT_BYTES];
    if (argc > 2)
        times = parse_number(argv[2], &end);
    if (argc > 4)
        size = parse_number(argv[4], &size_end);
    if (argc < 2 || argc > 5 || *end || *size_end || times > UINT16_MAX || size < 1 ||
        size > PING_MAX_BYTES || (argc > 3 && !parse_time(argv[3], NS_PER_MS, &interval_ns))) {
        print("usage: ping HOST [COUNT] [INTERVAL] [SIZE]\n");
        return 2;
    }
    if (!resolve(argv[1], &address)) {
        printf("ping: %s: name not known\n", argv[1]);
        return 2;
    }
    printf("PING %s (%s) %lu data bytes\n", argv[1], address_text(address, text), size);
    Statistics statistics = {0};
    PingOptions options = {.dont_fragment = argc > 4, .data_bytes = size, .timeout_ns = TIMEOUT_NS};
    uint64_t next_ns = now_ns();
    while (options.sequence < times) {
        options.sequence++;
        ping_once(address, &options, &statistics);
        next_ns += interval_ns;
        if (options.sequence < times)
            wait(NULL, 0, next_ns);
    }
    print_statistics(argv[1], &statistics);
    return statistics.received == statistics.sent ? 0 : 1;
}
