/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint-probe.c: an endpoint asks to reach somebody; see endpoint.h. The same
 * that user/control.c does in a guest. */
#include <string.h>

#include "netsim/endpoint-private.h"

#define PROBE_ECHO_ID 0x6570 /* "ep" */

static void over(NetProbing *probing, NetProbeResult result)
{
    NetEndpoint *endpoint = probing->endpoint;
    void *user;
    const NetObserver *observer = net_world_observer(endpoint->part.world, &user);

    probing->in_use = false;
    if (observer->probe_over != NULL)
        observer->probe_over(user, endpoint->now, endpoint->config.kind, endpoint->config.number,
                             probing->probe.id, &result);
}

/* --- ICMP --- */

static void echo_done(void *user, const NetEchoResult *result)
{
    NetProbing *probing = user;

    over(probing, net_probe_echoed(&probing->endpoint->stack, result, probing->probe.nonce));
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
            over(probing, (NetProbeResult){.outcome = NET_PROBE_ANSWERED,
                                           .rtt_ns = datagram->now - probing->sent});
    }
}

static void take_refusal(void *user, NetIp4 to, uint16_t to_port, const NetRefusal *refusal)
{
    NetEndpoint *endpoint = user;

    for (unsigned i = 0; i < NET_ENDPOINT_MAX_PROBES; i++) {
        NetProbing *probing = &endpoint->probes[i];
        if (probing->in_use && probing->probe.kind == NET_PROBE_UDP && probing->probe.to == to &&
            probing->probe.port == to_port)
            over(probing, net_probe_refused(&endpoint->stack, to, refusal));
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

static void tcp_done(void *user, const NetProbeResult *result)
{
    over(user, *result);
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
        over(&none, net_probe_unsent(NET_STACK_NO_ROOM));
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
        over(probing, net_probe_unsent(result));
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
            over(probing, net_probe_unanswered(&endpoint->stack, probing->probe.to));
    }
}

bool net_endpoint_expect(NetPart *part, uint16_t port, uint64_t nonce, NetTime until, NetTime now)
{
    NetEndpoint *endpoint = (NetEndpoint *)part;

    endpoint->now = now;
    return net_stack_expect_probe(&endpoint->stack, port, nonce, until) == NET_STACK_OK;
}
