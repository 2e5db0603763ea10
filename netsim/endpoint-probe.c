/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint-probe.c: an endpoint asks to reach somebody; see endpoint.h. The same
 * that user/control.c does in a guest. */
#include <string.h>

#include "netsim/endpoint-private.h"

#define PROBE_ECHO_ID 0x6570 /* "ep" */

static void over(NetProbing *probing, NetReachOutcome outcome, NetTime rtt_ns)
{
    NetEndpoint *endpoint = probing->endpoint;
    void *user;
    const NetObserver *observer = net_world_observer(endpoint->part.world, &user);

    probing->in_use = false;
    if (observer->probe_over != NULL)
        observer->probe_over(user, endpoint->now, endpoint->config.kind, endpoint->config.number,
                             probing->probe.id, outcome, rtt_ns);
}

/* --- ICMP --- */

static void echo_done(void *user, const NetEchoResult *result)
{
    NetProbing *probing = user;
    uint64_t nonce;

    if (result->outcome == NET_ECHO_REPLY &&
        net_probe_read(result->payload, result->payload_bytes, &nonce) &&
        nonce == probing->probe.nonce)
        over(probing, NET_REACH_REPLY, result->rtt_ns);
    else if (result->outcome == NET_ECHO_UNREACHABLE || result->outcome == NET_ECHO_TIME_EXCEEDED)
        over(probing, NET_REACH_UNREACHABLE, 0);
    else
        over(probing, NET_REACH_TIMEOUT, 0);
}

static int send_icmp(NetProbing *probing, const uint8_t payload[NET_PROBE_BYTES])
{
    const NetPing ping = {
        .to = probing->probe.to,
        .id = PROBE_ECHO_ID,
        .sequence = (uint16_t)probing->probe.id,
        .payload = payload,
        .payload_bytes = NET_PROBE_BYTES,
        .timeout_ns = probing->probe.timeout_ns,
        .done = echo_done,
        .user = probing,
    };

    return net_stack_ping(&probing->endpoint->stack, &ping, probing->sent);
}

/* --- UDP --- */

static void take_answer(void *user, const NetDatagram *datagram)
{
    NetEndpoint *endpoint = user;
    uint64_t nonce;

    if (!net_probe_read(datagram->bytes, datagram->length, &nonce))
        return;
    for (unsigned i = 0; i < NET_ENDPOINT_MAX_PROBES; i++) {
        NetProbing *probing = &endpoint->probes[i];
        if (probing->in_use && probing->probe.kind == NET_PROBE_UDP &&
            probing->probe.nonce == nonce)
            over(probing, NET_REACH_REPLY, datagram->now - probing->sent);
    }
}

static void take_refusal(void *user, NetIp4 to, uint16_t to_port, uint8_t code)
{
    NetEndpoint *endpoint = user;

    for (unsigned i = 0; i < NET_ENDPOINT_MAX_PROBES; i++) {
        NetProbing *probing = &endpoint->probes[i];
        if (probing->in_use && probing->probe.kind == NET_PROBE_UDP && probing->probe.to == to &&
            probing->probe.port == to_port)
            over(probing, NET_REACH_UNREACHABLE, 0);
    }
}

static const NetUdpOps udp_ops = {
    .receive = take_answer, .unreachable = take_refusal, .takes_probe_answers = true};

static int send_udp(NetProbing *probing, const uint8_t payload[NET_PROBE_BYTES])
{
    NetEndpoint *endpoint = probing->endpoint;

    if (endpoint->udp_port == 0) {
        int port = net_stack_udp_bind(&endpoint->stack, 0, &udp_ops, endpoint);
        if (port <= 0)
            return NET_STACK_NO_ROOM;
        endpoint->udp_port = (uint16_t)port;
    }
    probing->deadline = probing->sent + probing->probe.timeout_ns;
    return net_stack_udp_send(&endpoint->stack, endpoint->udp_port, probing->probe.to,
                              probing->probe.port, payload, NET_PROBE_BYTES, probing->sent);
}

/* --- TCP --- */

static void tcp_done(void *user, NetProbeOutcome outcome, NetTime rtt_ns)
{
    static const NetReachOutcome outcomes[] = {
        [NET_PROBE_ANSWERED] = NET_REACH_REPLY,
        [NET_PROBE_REFUSED] = NET_REACH_REFUSED,
        [NET_PROBE_TIMED_OUT] = NET_REACH_TIMEOUT,
        [NET_PROBE_UNREACHABLE] = NET_REACH_UNREACHABLE,
    };

    over(user, outcomes[outcome], outcome == NET_PROBE_ANSWERED ? rtt_ns : 0);
}

static int send_tcp(NetProbing *probing)
{
    const NetTcpProbe probe = {
        .to = probing->probe.to,
        .port = probing->probe.port,
        .nonce = probing->probe.nonce,
        .timeout_ns = probing->probe.timeout_ns,
        .done = tcp_done,
        .user = probing,
    };

    return net_stack_probe_tcp(&probing->endpoint->stack, &probe, probing->sent);
}

/* --- all --- */

void net_endpoint_probe(NetPart *part, const NetEndpointProbe *probe, NetTime now)
{
    NetEndpoint *endpoint = (NetEndpoint *)part;
    NetProbing *probing = NULL, none = {.endpoint = endpoint, .probe = *probe};
    uint8_t payload[NET_PROBE_BYTES];
    int result = NET_STACK_NO_ROOM;

    endpoint->now = now;
    for (unsigned i = 0; i < NET_ENDPOINT_MAX_PROBES && probing == NULL; i++) {
        if (!endpoint->probes[i].in_use)
            probing = &endpoint->probes[i];
    }
    if (probing == NULL) {
        over(&none, NET_REACH_UNREACHABLE, 0);
        return;
    }
    *probing = (NetProbing){.endpoint = endpoint,
                            .probe = *probe,
                            .sent = now,
                            .deadline = NET_TIME_NEVER,
                            .in_use = true};
    net_probe_write(payload, probe->nonce);
    switch (probe->kind) {
    case NET_PROBE_ICMP: result = send_icmp(probing, payload); break;
    case NET_PROBE_UDP: result = send_udp(probing, payload); break;
    case NET_PROBE_TCP: result = send_tcp(probing); break;
    }
    if (result < 0)
        over(probing, NET_REACH_UNREACHABLE, 0);
    net_part_arm(part);
}

NetTime net_endpoint_probe_deadline(const NetEndpoint *endpoint)
{
    NetTime deadline = NET_TIME_NEVER;

    for (unsigned i = 0; i < NET_ENDPOINT_MAX_PROBES; i++) {
        if (endpoint->probes[i].in_use)
            deadline = MIN(deadline, endpoint->probes[i].deadline);
    }
    return deadline;
}

void net_endpoint_probe_advance(NetEndpoint *endpoint)
{
    for (unsigned i = 0; i < NET_ENDPOINT_MAX_PROBES; i++) {
        NetProbing *probing = &endpoint->probes[i];
        if (probing->in_use && probing->deadline <= endpoint->now)
            over(probing, NET_REACH_TIMEOUT, 0);
    }
}

bool net_endpoint_expect(NetPart *part, uint16_t port, uint64_t nonce, NetTime until, NetTime now)
{
    NetEndpoint *endpoint = (NetEndpoint *)part;

    endpoint->now = now;
    return net_stack_expect_probe(&endpoint->stack, port, nonce, until) == NET_STACK_OK;
}
