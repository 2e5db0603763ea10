/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ping.c: one echo request and what comes of it. */
#include "hv-core/guest/user/user.h"

#define PING_ID         0x7069 /* "pi" */
#define PING_DATA_BYTES 56

typedef struct {
    volatile bool done;
    PingResult result;
} PingWait;

static void ping_done(void *user, const NetEchoResult *echo)
{
    PingWait *waiting = user;
    static const PingOutcome outcomes[] = {
        [NET_ECHO_REPLY] = PING_REPLY,
        [NET_ECHO_TIMEOUT] = PING_TIMEOUT,
        [NET_ECHO_UNREACHABLE] = PING_UNREACHABLE,
        [NET_ECHO_TIME_EXCEEDED] = PING_EXPIRED,
    };
    waiting->result = (PingResult){.outcome = outcomes[echo->outcome],
                                   .from = echo->from,
                                   .ttl = echo->ttl,
                                   .mtu = echo->mtu,
                                   .rtt_ns = echo->rtt_ns};
    if (echo->mtu != 0)
        waiting->result.outcome = PING_TOO_LONG;
    waiting->done = true;
}

PingResult ping(uint32_t address, uint16_t sequence, uint64_t timeout_ns)
{
    return ping_with(address, &(PingOptions){.sequence = sequence, .timeout_ns = timeout_ns});
}

PingResult ping_with(uint32_t address, const PingOptions *options)
{
    /* Outlives the call, should the program leave it another way. */
    static PingWait waiting;
    static uint8_t data[PING_MAX_BYTES];
    size_t length = options->data_bytes != 0 ? options->data_bytes : PING_DATA_BYTES;
    if (length > sizeof data)
        return (PingResult){.outcome = PING_TOO_LONG};
    for (size_t i = 0; i < length; i++)
        data[i] = (uint8_t)i;
    net_ready();
    waiting.done = false;
    NetPing request = {.to = address,
                       .id = PING_ID,
                       .sequence = options->sequence,
                       .ttl = options->ttl,
                       .dont_fragment = options->dont_fragment,
                       .payload = data,
                       .payload_bytes = length,
                       .timeout_ns = options->timeout_ns,
                       .done = ping_done,
                       .user = &waiting};
    net_lock();
    int error = net_stack_ping(&net_stack, &request, now_ns());
    net_unlock();
    if (error)
        return (PingResult){.outcome = error == NET_STACK_TOO_LONG ? PING_TOO_LONG : PING_NO_ROUTE};
    for (;;) {
        uint32_t seen = net_events;
        if (waiting.done)
            return waiting.result;
        net_wait(seen, FOREVER);
    }
}
