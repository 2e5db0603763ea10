/* SPDX-License-Identifier: GPL-2.0-or-later */
/* traceroute HOST: the routers on the way to a host: echo requests with a TTL of 1, 2, 3
 * and so on; the router that counts it down to 0 says so. Exit code 0: the host answered;
 * 1: not; 2: bad usage. */
#include "hv-core/guest/hvlab.h"

#define MOST_HOPS  16
#define TRIES      3
#define TIMEOUT_NS NS_PER_SEC

/* Is the way over? */
static bool hop(uint32_t to, uint8_t ttl, int *ret_code)
{
    char text[ADDRESS_TEXT_BYTES];
    for (unsigned i = 0; i < TRIES; i++) {
        PingOptions options = {
            .sequence = (uint16_t)(ttl * TRIES + i), .ttl = ttl, .timeout_ns = TIMEOUT_NS};
        PingResult result = ping_with(to, &options);
        if (result.outcome == PING_NO_ROUTE) {
            print("no route\n");
            return true;
        }
        if (result.outcome == PING_TIMEOUT)
            continue;
        printf("%2u  %s", ttl, result.from ? address_text(result.from, text) : "this VM");
        if (result.outcome == PING_UNREACHABLE) {
            print("  says: unreachable\n");
            return true;
        }
        printf("  %lu.%03lu ms\n", result.rtt_ns / NS_PER_MS, result.rtt_ns / NS_PER_US % 1000);
        *ret_code = result.outcome != PING_REPLY;
        return result.outcome == PING_REPLY;
    }
    printf("%2u  *\n", ttl);
    return false;
}

int main(int argc, char **argv)
{
    uint32_t address;
    char text[ADDRESS_TEXT_BYTES];
    int code = 1;
    if (argc != 2) {
        print("usage: traceroute HOST\n");
        return 2;
    }
    if (!resolve(argv[1], &address)) {
        printf("traceroute: %s: name not known\n", argv[1]);
        return 2;
    }
    printf("traceroute to %s (%s), at most %u hops\n", argv[1], address_text(address, text),
           MOST_HOPS);
    for (uint8_t ttl = 1; ttl <= MOST_HOPS; ttl++) {
        if (hop(address, ttl, &code))
            break;
    }
    return code;
}
