/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-dns.c: the DNS client: asks a server that recurses (RFC 1035 7).
 *
 * Every query goes from a port of its own choosing with an id of its own, and only an
 * answer to both from the server that was asked is believed (RFC 5452). No answer: the
 * next server is asked, each of them NET_DNS_TRIES times, two seconds apart.
 */
#include "netsim/proto/dns.h"
#include "netsim/proto/stack-private.h"

#define TRIES   3
#define WAIT_NS (2 * NET_NS_PER_SECOND)

/* The servers of all NICs that have some, the owner's own first. */
static unsigned servers(const NetStack *stack, NetIp4 list[NET_STACK_MAX_NAME_SERVERS])
{
    unsigned count = 0;

    if (stack->name_server != 0)
        list[count++] = stack->name_server;
    for (unsigned i = 0; i < stack->nic_count; i++) {
        const NetDhcpClient *client = &stack->dhcp[i];
        for (unsigned k = 0; k < client->dns_count && count < NET_STACK_MAX_NAME_SERVERS; k++)
            list[count++] = client->dns[k];
    }
    return count;
}

NetIp4 net_stack_name_server(const NetStack *stack)
{
    NetIp4 list[NET_STACK_MAX_NAME_SERVERS];

    return servers(stack, list) > 0 ? list[0] : 0;
}

/* The query is over. Its slot is free before the callback, which may ask again. */
static void finish(NetStack *stack, NetResolving *r, NetNameResult *result, NetTime now)
{
    NetResolving was = *r;

    if (was.port != 0)
        net_stack_udp_close(stack, was.port);
    r->in_use = false;
    stack->timer_stale = true;
    result->name = was.name;
    result->server = was.server;
    if (was.done != NULL)
        was.done(was.user, result, now);
}

static void ask(NetStack *stack, NetResolving *r, NetTime now)
{
    NetIp4 list[NET_STACK_MAX_NAME_SERVERS];
    unsigned count = servers(stack, list);
    NetDns query = {
        .id = r->id,
        .recursion_desired = true,
        .question_count = 1,
        .type = NET_DNS_A,
        .class = NET_DNS_CLASS_IN,
    };
    uint8_t bytes[NET_DNS_MAX_BYTES];

    r->deadline = now + WAIT_NS;
    net_stack_timer(stack, r->deadline);
    stack->timer_stale = true;
    if (count == 0)
        return;
    r->server = list[r->tries % count];
    r->tries++;
    __builtin_memcpy(query.name, r->name, sizeof r->name);
    size_t length = net_dns_write(bytes, sizeof bytes, &query);
    net_stack_udp_send(stack, r->port, r->server, NET_DNS_PORT, bytes, length, now);
}

/* --- in --- */

/* Follows aliases from the name that was asked for to its addresses, in the order of
 * the records, as servers write them. */
static void collect(const uint8_t *bytes, size_t length, size_t at, unsigned answers,
                    NetNameResult *result)
{
    NetDnsRecord record;

    for (unsigned i = 0; i < answers; i++) {
        at = net_dns_parse_record(bytes, length, at, &record);
        if (at == 0)
            return;
        if (record.class != NET_DNS_CLASS_IN || !net_dns_name_equal(record.name, result->canonical))
            continue;
        if (record.type == NET_DNS_CNAME) {
            __builtin_memcpy(result->canonical, record.target, sizeof result->canonical);
        } else if (record.type == NET_DNS_A && result->count < NET_NAME_MAX_ADDRESSES) {
            result->addresses[result->count++] = record.address;
            result->ttl_s = record.ttl_s;
        }
    }
}

static void receive(void *user, const NetDatagram *datagram)
{
    NetStack *stack = user;
    NetResolving *r = NULL;
    NetDns answer;
    size_t at = net_dns_parse(datagram->bytes, datagram->length, &answer);

    for (unsigned i = 0; i < NET_STACK_MAX_RESOLVING && r == NULL; i++) {
        if (stack->resolving[i].in_use && stack->resolving[i].port == datagram->to_port)
            r = &stack->resolving[i];
    }
    if (r == NULL || at == 0 || !answer.is_response || answer.id != r->id ||
        datagram->from != r->server || datagram->from_port != NET_DNS_PORT ||
        answer.question_count != 1 || !net_dns_name_equal(answer.name, r->name))
        return;
    NetNameResult result = {.outcome = NET_NAME_FAILED, .code = answer.code};
    if (answer.code == NET_DNS_NO_ERROR) {
        __builtin_memcpy(result.canonical, answer.name, sizeof result.canonical);
        collect(datagram->bytes, datagram->length, at, answer.answer_count, &result);
        result.outcome = result.count > 0 ? NET_NAME_FOUND : NET_NAME_UNKNOWN;
    } else if (answer.code == NET_DNS_NAME_ERROR) {
        result.outcome = NET_NAME_UNKNOWN;
    }
    finish(stack, r, &result, datagram->now);
}

static void unreachable(void *user, NetIp4 to, uint16_t to_port, const NetRefusal *refusal)
{
    NetStack *stack = user;

    /* The next server is asked at once, which is at the next advance. */
    for (unsigned i = 0; i < NET_STACK_MAX_RESOLVING; i++) {
        NetResolving *r = &stack->resolving[i];
        if (r->in_use && r->server == to && to_port == NET_DNS_PORT) {
            r->deadline = 0;
            net_stack_timer(stack, 0);
            stack->timer_stale = true;
        }
    }
}

static const NetUdpOps dns_ops = {.receive = receive, .unreachable = unreachable};

/* --- the owner's side, and time --- */

int net_stack_resolve(NetStack *stack, const char *name, NetNameDone done, void *user, NetTime now)
{
    NetResolving *r = NULL;
    size_t length = 0;

    while (name[length] != '\0')
        length++;
    if (length >= sizeof r->name || !net_dns_name_valid(name))
        return NET_STACK_BAD;
    if (net_stack_name_server(stack) == 0)
        return NET_STACK_NO_ROUTE;
    for (unsigned i = 0; i < NET_STACK_MAX_RESOLVING && r == NULL; i++) {
        if (!stack->resolving[i].in_use)
            r = &stack->resolving[i];
    }
    if (r == NULL)
        return NET_STACK_NO_ROOM;
    int port = net_stack_udp_bind(stack, 0, &dns_ops, stack);
    if (port < 0)
        return port;
    *r = (NetResolving){
        .in_use = true,
        .port = (uint16_t)port,
        .id = (uint16_t)net_stack_random(stack),
        .done = done,
        .user = user,
    };
    __builtin_memcpy(r->name, name, length + 1);
    ask(stack, r, now);
    return NET_STACK_OK;
}

void net_dns_advance(NetStack *stack, NetTime now)
{
    for (unsigned i = 0; i < NET_STACK_MAX_RESOLVING; i++) {
        NetResolving *r = &stack->resolving[i];
        NetIp4 list[NET_STACK_MAX_NAME_SERVERS];
        if (!r->in_use || r->deadline > now)
            continue;
        unsigned count = servers(stack, list);
        if (r->tries < TRIES * (count > 0 ? count : 1)) {
            ask(stack, r, now);
        } else {
            NetNameResult result = {.outcome = NET_NAME_NO_ANSWER};
            finish(stack, r, &result, now);
        }
    }
}

NetTime net_dns_deadline(const NetStack *stack)
{
    NetTime deadline = NET_TIME_NEVER;

    for (unsigned i = 0; i < NET_STACK_MAX_RESOLVING; i++) {
        if (stack->resolving[i].in_use && stack->resolving[i].deadline < deadline)
            deadline = stack->resolving[i].deadline;
    }
    return deadline;
}
