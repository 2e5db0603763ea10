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

/* The outcome is told at the next advance, as a connection may end at once. */
static void conclude(NetStack *stack, NetTcpProbing *probing, NetProbeOutcome outcome, NetTime now)
{
    if (probing->over)
        return;
    probing->over = true;
    probing->outcome = (uint8_t)outcome;
    probing->rtt_ns = now - probing->sent;
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
            conclude(stack, probing, NET_PROBE_REFUSED, now);
            return;
        }
        probing->got++;
    }
    if (probing->got == NET_PROBE_BYTES)
        conclude(stack, probing, NET_PROBE_ANSWERED, now);
    else if (count < 0)
        conclude(stack, probing, NET_PROBE_REFUSED, now);
}

static NetProbeOutcome outcome_of(NetTcpEnd end)
{
    switch (end) {
    case NET_TCP_END_TIMEOUT: return NET_PROBE_TIMED_OUT;
    case NET_TCP_END_UNREACHABLE: return NET_PROBE_UNREACHABLE;
    default: return NET_PROBE_REFUSED;
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
        conclude(stack, probing, outcome_of(net_stack_tcp_look(stack, id)->end), now);
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
        if (!was.over) {
            was.outcome = NET_PROBE_TIMED_OUT;
            was.rtt_ns = now - was.sent;
        }
        if (was.over && was.outcome == NET_PROBE_ANSWERED)
            net_stack_tcp_close(stack, was.id, now);
        else
            net_stack_tcp_abort(stack, was.id, now);
        if (was.probe.done != NULL)
            was.probe.done(was.probe.user, was.outcome, was.rtt_ns);
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
