/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-probe.c: probes: payloads that name themselves by a nonce.
 *
 * An echo request or a datagram carries its probe with it. A TCP probe is a whole
 * connection: handshake, 16 bytes there, the same 16 bytes back, close. The side that
 * is asked has been told beforehand to expect it, so that it opens no other port.
 */
#include "netsim/proto/stack-tcp-private.h"
#include "netsim/proto/wire.h"

void net_probe_write(uint8_t bytes[NET_PROBE_BYTES], uint64_t nonce)
{
    __builtin_memcpy(bytes, "hvprobe1", 8);
    net_put_64(bytes + 8, nonce);
}

bool net_probe_read(const uint8_t *bytes, size_t length, uint64_t *ret_nonce)
{
    if (length < NET_PROBE_BYTES || __builtin_memcmp(bytes, "hvprobe1", 8) != 0)
        return false;
    *ret_nonce = net_get_64(bytes + 8);
    return true;
}

/* --- the side that is asked --- */

int net_stack_expect_probe(NetStack *stack, uint16_t port, uint64_t nonce, NetTime until)
{
    NetExpectedProbe *oldest = &stack->probes.expected[0];

    if (port == 0 || stack->tcp.memory.count == 0)
        return NET_STACK_BAD;
    for (unsigned i = 0; i < NET_STACK_MAX_EXPECTED; i++) {
        NetExpectedProbe *expected = &stack->probes.expected[i];
        if (expected->port == 0 || expected->until < oldest->until)
            oldest = expected;
        if (oldest->port == 0)
            break;
    }
    *oldest = (NetExpectedProbe){port, nonce, until};
    return NET_STACK_OK;
}

bool net_probe_expected_at(const NetStack *stack, uint16_t port, NetTime now, NetTime *ret_until)
{
    NetTime latest = 0;

    for (unsigned i = 0; i < NET_STACK_MAX_EXPECTED; i++) {
        const NetExpectedProbe *expected = &stack->probes.expected[i];
        if (expected->port == port && port != 0 && expected->until > latest)
            latest = expected->until;
    }
    *ret_until = latest;
    return latest > now;
}

/* What the first bytes of a connection are. */
typedef enum { NOT_A_PROBE, MAYBE_A_PROBE, A_PROBE } Verdict;

static Verdict judge(NetStack *stack, const NetTcpConnection *c, NetTime now, uint64_t *ret_nonce)
{
    uint8_t start[NET_PROBE_BYTES];
    uint32_t have = net_tcp_least(c->receive_waiting, NET_PROBE_BYTES);
    NetTime until;

    if (!net_probe_expected_at(stack, c->local_port, now, &until))
        return NOT_A_PROBE;
    net_probe_write(start, 0);
    for (uint32_t i = 0; i < have; i++) {
        uint8_t byte = c->receive_bytes[(c->receive_head + i) % c->receive_size];
        if (i < 8 && byte != start[i])
            return NOT_A_PROBE;
        start[i] = byte;
    }
    if (have < NET_PROBE_BYTES)
        return c->fin_taken ? NOT_A_PROBE : MAYBE_A_PROBE;
    *ret_nonce = net_get_64(start + 8);
    for (unsigned i = 0; i < NET_STACK_MAX_EXPECTED; i++) {
        NetExpectedProbe *expected = &stack->probes.expected[i];
        if (expected->port == c->local_port && expected->nonce == *ret_nonce &&
            expected->until > now) {
            *expected = (NetExpectedProbe){0};
            return A_PROBE;
        }
    }
    return NOT_A_PROBE;
}

/* The handler of a probe's connection: closes when the peer does. */
static void on_echo_side(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    NetStack *stack = user;
    uint8_t more;

    if (event == NET_TCP_ENDED ||
        (event == NET_TCP_READABLE && net_stack_tcp_receive(stack, id, &more, 1, now) != 0))
        net_stack_tcp_close(stack, id, now);
}

static void answer(NetStack *stack, NetTcpConnection *c, uint64_t nonce, NetTime now)
{
    uint8_t bytes[NET_PROBE_BYTES];
    NetTcpId id = net_tcp_id(stack, c);

    c->owned = c->is_probe = true;
    c->handler = on_echo_side;
    c->user = stack;
    if (stack->ops->probe_seen != NULL)
        stack->ops->probe_seen(stack->user, NET_PROBE_TCP, nonce, c->remote);
    net_stack_tcp_receive(stack, id, bytes, sizeof bytes, now);
    net_stack_tcp_send(stack, id, bytes, sizeof bytes, now);
}

unsigned net_probe_look(NetStack *stack, NetTcpConnection *c, NetTime now)
{
    uint64_t nonce = 0;
    Verdict verdict = judge(stack, c, now, &nonce);
    bool open = c->state >= NET_TCP_ESTABLISHED;

    if (verdict == MAYBE_A_PROBE) {
        net_probe_expected_at(stack, c->local_port, now, &c->linger_at);
        return 0;
    }
    c->maybe_probe = false;
    c->linger_at = NET_TIME_NEVER;
    if (verdict == A_PROBE) {
        answer(stack, c, nonce, now);
        return c->fin_taken ? NET_TCP_TELL_READABLE : 0;
    }
    if (c->handler == NULL) { /* no program wants it either */
        c->owned = true;
        net_stack_tcp_abort(stack, net_tcp_id(stack, c), now);
        return 0;
    }
    c->owned = open;
    return !open ? 0
                 : NET_TCP_TELL_OPEN |
                       (c->receive_waiting > 0 || c->fin_taken ? NET_TCP_TELL_READABLE : 0u);
}

/* --- the side that asks --- */

static NetProbeResult result_of(NetProbeOutcome outcome)
{
    return (NetProbeResult){.outcome = outcome};
}

NetProbeResult net_probe_unsent(int error)
{
    return result_of(error == NET_STACK_NO_ROUTE ? NET_PROBE_NO_ROUTE : NET_PROBE_NOT_SENT);
}

static NetProbeResult no_arp_answer(NetIp4 next_hop)
{
    return (NetProbeResult){.outcome = NET_PROBE_NO_ARP_ANSWER, .by = next_hop};
}

NetProbeResult net_probe_refused(const NetStack *stack, NetIp4 to, const NetRefusal *refusal)
{
    NetIp4 next_hop = to;
    unsigned nic;

    if (refusal->from == 0) {
        net_stack_next_hop(stack, to, &nic, &next_hop);
        return no_arp_answer(next_hop);
    }
    return (NetProbeResult){.outcome = NET_PROBE_UNREACHABLE,
                            .by = refusal->from,
                            .icmp_type = refusal->type,
                            .icmp_code = refusal->code};
}

/* A probe's time may be over before ARP gives up: then it has not even left. */
NetProbeResult net_probe_unanswered(const NetStack *stack, NetIp4 to)
{
    NetIp4 next_hop;
    unsigned nic;

    if (net_stack_next_hop(stack, to, &nic, &next_hop) && net_arp_is_asking(stack, nic, next_hop))
        return no_arp_answer(next_hop);
    return result_of(NET_PROBE_TIMED_OUT);
}

NetProbeResult net_probe_echoed(const NetStack *stack, const NetEchoResult *echo, uint64_t nonce)
{
    NetRefusal refusal = {echo->from, NET_ICMP_UNREACHABLE, echo->code};
    NetProbeResult result = result_of(NET_PROBE_OTHER_ANSWER);
    uint64_t got;

    switch (echo->outcome) {
    case NET_ECHO_TIMEOUT: return net_probe_unanswered(stack, echo->to);
    case NET_ECHO_UNREACHABLE: return net_probe_refused(stack, echo->to, &refusal);
    case NET_ECHO_TIME_EXCEEDED:
        refusal.type = NET_ICMP_TIME_EXCEEDED;
        return net_probe_refused(stack, echo->to, &refusal);
    case NET_ECHO_REPLY:
        if (net_probe_read(echo->payload, echo->payload_bytes, &got) && got == nonce)
            result = (NetProbeResult){.outcome = NET_PROBE_ANSWERED, .rtt_ns = echo->rtt_ns};
        break;
    }
    return result;
}

/* The result is told at the next advance, as a connection may end at once. */
static void conclude(NetStack *stack, NetTcpProbing *probing, NetProbeResult result, NetTime now)
{
    if (probing->over)
        return;
    probing->over = true;
    probing->result = result;
    probing->deadline = now;
    net_stack_timer(stack, now);
    stack->timer_stale = true;
}

static void take_answer(NetStack *stack, NetTcpProbing *probing, NetTime now)
{
    uint8_t expected[NET_PROBE_BYTES], byte;
    int count;

    net_probe_write(expected, probing->probe.nonce);
    while ((count = net_stack_tcp_receive(stack, probing->id, &byte, 1, now)) == 1) {
        if (probing->got >= NET_PROBE_BYTES || byte != expected[probing->got]) {
            conclude(stack, probing, result_of(NET_PROBE_OTHER_ANSWER), now);
            return;
        }
        probing->got++;
    }
    if (probing->got == NET_PROBE_BYTES)
        conclude(stack, probing,
                 (NetProbeResult){.outcome = NET_PROBE_ANSWERED, .rtt_ns = now - probing->sent},
                 now);
    else if (count < 0)
        conclude(stack, probing, result_of(NET_PROBE_OTHER_ANSWER), now);
}

static NetProbeResult end_of(const NetStack *stack, const NetTcpConnection *c)
{
    switch ((NetTcpEnd)c->end) {
    case NET_TCP_END_TIMEOUT: return net_probe_unanswered(stack, c->remote);
    case NET_TCP_END_UNREACHABLE:
        return net_probe_refused(
            stack, c->remote, &(NetRefusal){c->refused_by, NET_ICMP_UNREACHABLE, c->refused_code});
    case NET_TCP_END_CLOSED: return result_of(NET_PROBE_OTHER_ANSWER);
    default: return result_of(NET_PROBE_REFUSED);
    }
}

static void on_asking_side(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    NetStack *stack = user;
    NetTcpProbing *probing = NULL;
    uint8_t bytes[NET_PROBE_BYTES];

    for (unsigned i = 0; i < NET_STACK_MAX_TCP_PROBES && probing == NULL; i++) {
        if (stack->probes.probing[i].in_use && stack->probes.probing[i].id == id)
            probing = &stack->probes.probing[i];
    }
    if (probing == NULL)
        return;
    switch (event) {
    case NET_TCP_CONNECTED:
        net_probe_write(bytes, probing->probe.nonce);
        net_stack_tcp_send(stack, id, bytes, sizeof bytes, now);
        break;
    case NET_TCP_READABLE: take_answer(stack, probing, now); break;
    case NET_TCP_ENDED:
        conclude(stack, probing, end_of(stack, net_stack_tcp_look(stack, id)), now);
        break;
    default: break;
    }
}

int net_stack_probe_tcp(NetStack *stack, const NetTcpProbe *probe, NetTime now)
{
    NetTcpProbing *probing = NULL;
    NetTcpId id;

    for (unsigned i = 0; i < NET_STACK_MAX_TCP_PROBES && probing == NULL; i++) {
        if (!stack->probes.probing[i].in_use)
            probing = &stack->probes.probing[i];
    }
    if (probing == NULL)
        return NET_STACK_NO_ROOM;
    int result =
        net_stack_tcp_connect(stack, probe->to, probe->port, on_asking_side, stack, now, &id);
    if (result < 0)
        return result;
    net_tcp_by_id(stack, id)->is_probe = true;
    *probing = (NetTcpProbing){
        .probe = *probe,
        .id = id,
        .sent = now,
        .deadline = net_stack_later(now, probe->timeout_ns),
        .in_use = true,
    };
    net_stack_timer(stack, probing->deadline);
    stack->timer_stale = true;
    return NET_STACK_OK;
}

void net_probe_advance(NetStack *stack, NetTime now)
{
    for (unsigned i = 0; i < NET_STACK_MAX_TCP_PROBES; i++) {
        NetTcpProbing *probing = &stack->probes.probing[i];
        if (!probing->in_use || probing->deadline > now)
            continue;
        NetTcpProbing was = *probing;
        probing->in_use = false;
        if (!was.over)
            was.result = net_probe_unanswered(stack, was.probe.to);
        if (was.result.outcome == NET_PROBE_ANSWERED)
            net_stack_tcp_close(stack, was.id, now);
        else
            net_stack_tcp_abort(stack, was.id, now);
        if (was.probe.done != NULL)
            was.probe.done(was.probe.user, &was.result);
    }
}

NetTime net_probe_deadline(const NetStack *stack)
{
    NetTime deadline = NET_TIME_NEVER;

    for (unsigned i = 0; i < NET_STACK_MAX_TCP_PROBES; i++) {
        const NetTcpProbing *probing = &stack->probes.probing[i];
        if (probing->in_use && probing->deadline < deadline)
            deadline = probing->deadline;
    }
    return deadline;
}
