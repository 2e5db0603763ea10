/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-dhcp.c: the DHCP client: a NIC that gets its address by itself (RFC 2131 4.4).
 *
 *   INIT -> DISCOVER -> SELECTING -> (first OFFER) REQUEST -> REQUESTING -> (ACK) CHECKING
 *   CHECKING -> nobody else has the address -> BOUND
 *   CHECKING -> somebody's ARP names it -> DECLINE, and after ten seconds all begins again
 *   BOUND -> at T1 -> RENEWING (asks its server) -> at T2 -> REBINDING (asks all)
 *   at the lease's end, or told NAK: the address goes, and all begins again
 *
 * The check is that of RFC 5227 2.1.1, but shorter: one ARP probe instead of three, and
 * CHECK_NS for the answer instead of seconds, so that guests are up soon. On cables slower
 * than that a conflict goes unseen.
 *
 * Each state has one deadline: when to ask again, or to go on to the next state.
 */
#include "netsim/proto/dhcp.h"
#include "netsim/proto/stack-private.h"
#include "netsim/proto/wire.h"

#define FIRST_WAIT_NS    (4 * NET_NS_PER_SECOND) /* RFC 2131 4.1: then 8, 16, 32, 64 s */
#define MOST_WAIT_NS     (64 * NET_NS_PER_SECOND)
#define REQUEST_TRIES    4
#define AFTER_NAK_NS     NET_NS_PER_SECOND
#define CHECK_NS         (20 * NET_NS_PER_MS)
#define AFTER_DECLINE_NS (10 * NET_NS_PER_SECOND) /* RFC 2131 3.1, 5: at least */
#define LEAST_RENEW_NS   (60 * NET_NS_PER_SECOND) /* between two tries to renew */
#define ETHERNET_ID      1                        /* type of a client id that is a MAC address */

static void set_state(NetStack *stack, NetDhcpClient *client, NetDhcpState state, NetTime deadline)
{
    client->state = (uint8_t)state;
    client->deadline = deadline;
    net_stack_timer(stack, deadline);
    stack->timer_stale = true;
}

static unsigned nic_of(const NetStack *stack, const NetDhcpClient *client)
{
    return (unsigned)(client - stack->dhcp);
}

/* 4, 8, 16 ... 64 s, each a second more or less at random. */
static NetTime next_wait(NetStack *stack, NetDhcpClient *client)
{
    NetTime wait = FIRST_WAIT_NS << (client->tries < 4 ? client->tries : 4);

    client->tries++;
    return (wait < MOST_WAIT_NS ? wait : MOST_WAIT_NS) - NET_NS_PER_SECOND +
           net_stack_random(stack) % (2 * NET_NS_PER_SECOND);
}

/* --- out --- */

static NetDhcp message_of(NetStack *stack, const NetDhcpClient *client, uint8_t type, NetTime now)
{
    NetMac mac = stack->nics[nic_of(stack, client)].mac;
    NetDhcp message = {
        .operation = NET_DHCP_BOOTREQUEST,
        .xid = client->xid,
        .seconds = (uint16_t)((now - client->began) / NET_NS_PER_SECOND),
        .mac = mac,
        .type = type,
        .client_id_bytes = 1 + sizeof mac.byte,
        .client_id = {ETHERNET_ID},
        .parameter_count = 5,
        .parameters = {NET_DHCP_OPTION_MASK, NET_DHCP_OPTION_ROUTER, NET_DHCP_OPTION_DNS,
                       NET_DHCP_OPTION_DOMAIN, NET_DHCP_OPTION_MTU},
    };

    __builtin_memcpy(message.client_id + 1, mac.byte, sizeof mac.byte);
    return message;
}

static void send(NetStack *stack, const NetDhcpClient *client, const NetDhcp *message, NetIp4 to,
                 NetTime now)
{
    NetIp4 from = client->state >= NET_DHCP_BOUND ? client->address : 0;
    NetOutgoing outgoing = {
        .source = from,
        .destination = to,
        .protocol = NET_PROTOCOL_UDP,
        .ttl = NET_STACK_TTL,
        .by_nic = to == NET_IP4_BROADCAST,
        .nic = (uint8_t)nic_of(stack, client),
    };
    size_t length = net_dhcp_write(net_stack_payload(stack), message);

    net_udp_send(stack, &outgoing, NET_DHCP_CLIENT_PORT, NET_DHCP_SERVER_PORT, length, now);
}

static void discover(NetStack *stack, NetDhcpClient *client, NetTime now)
{
    if (client->state == NET_DHCP_INIT) {
        client->xid = (uint32_t)net_stack_random(stack);
        client->began = now;
        client->tries = 0;
    }
    set_state(stack, client, NET_DHCP_SELECTING, now + next_wait(stack, client));
    NetDhcp message = message_of(stack, client, NET_DHCP_DISCOVER, now);
    message.broadcast = true; /* we cannot take unicast before we have an address */
    send(stack, client, &message, NET_IP4_BROADCAST, now);
}

static void request(NetStack *stack, NetDhcpClient *client, NetTime now)
{
    set_state(stack, client, NET_DHCP_REQUESTING, now + next_wait(stack, client));
    NetDhcp message = message_of(stack, client, NET_DHCP_REQUEST, now);
    message.broadcast = true;
    message.requested = client->offered;
    message.server = client->server;
    send(stack, client, &message, NET_IP4_BROADCAST, now);
}

/* RFC 2131 4.4.5: half of what is left until the next state, at least a minute. */
static NetTime half_way(NetTime now, NetTime until)
{
    NetTime half = (until - now) / 2;

    return half >= LEAST_RENEW_NS ? now + half : until;
}

static void renew(NetStack *stack, NetDhcpClient *client, NetTime now)
{
    bool from_all = now >= client->rebind_at;
    NetDhcp message;

    if (client->state == NET_DHCP_BOUND)
        client->began = now;
    if (from_all)
        set_state(stack, client, NET_DHCP_REBINDING, half_way(now, client->expires_at));
    else
        set_state(stack, client, NET_DHCP_RENEWING, half_way(now, client->rebind_at));
    message = message_of(stack, client, NET_DHCP_REQUEST, now);
    message.client = client->address;
    send(stack, client, &message, from_all ? NET_IP4_BROADCAST : client->server, now);
}

/* --- what has changed --- */

static void tell(NetStack *stack, unsigned nic, NetTime now)
{
    if (stack->ops->configured != NULL)
        stack->ops->configured(stack->user, nic, now);
}

static void lose_address(NetStack *stack, NetDhcpClient *client, NetTime begin_again, NetTime now)
{
    bool had = client->address != 0;

    client->address = 0;
    client->dns_count = 0;
    set_state(stack, client, NET_DHCP_INIT, begin_again);
    if (!had)
        return;
    net_stack_set_address(stack, nic_of(stack, client), 0, 0, 0, now);
    tell(stack, nic_of(stack, client), now);
}

static NetTime after_seconds(NetTime now, uint32_t seconds)
{
    return seconds == NET_DHCP_FOREVER ? NET_TIME_NEVER : now + seconds * NET_NS_PER_SECOND;
}

static void take_times(NetDhcpClient *client, const NetDhcp *ack, NetTime now)
{
    uint32_t lease = ack->lease_s;
    uint32_t renewal = ack->renewal_s, rebinding = ack->rebinding_s;

    /* RFC 2131 4.4.5: T1 is half of the lease, T2 seven eighths, unless told. */
    if (rebinding == 0 || rebinding >= lease)
        rebinding = lease == NET_DHCP_FOREVER ? lease : lease - lease / 8;
    if (renewal == 0 || renewal > rebinding)
        renewal = lease == NET_DHCP_FOREVER ? lease : lease / 2;
    client->expires_at = after_seconds(now, lease);
    client->rebind_at = after_seconds(now, rebinding);
    client->renew_at = after_seconds(now, renewal);
}

/* The lease is ours, and so is its address. */
static void bind(NetStack *stack, NetDhcpClient *client, NetTime now)
{
    unsigned nic = nic_of(stack, client);
    bool same = client->address == client->offered;

    client->address = client->offered;
    set_state(stack, client, NET_DHCP_BOUND, client->renew_at);
    if (same)
        return;
    if (client->mtu >= NET_STACK_LEAST_PATH_MTU && client->mtu < stack->nics[nic].mtu)
        stack->nics[nic].mtu = client->mtu;
    net_stack_set_address(stack, nic, client->address, client->prefix, client->router, now);
    tell(stack, nic, now);
}

static void take_ack(NetStack *stack, NetDhcpClient *client, const NetDhcp *ack, NetTime now)
{
    unsigned prefix = ack->mask != 0 ? net_dhcp_prefix(ack->mask) : 24;

    if (ack->yours == 0 || ack->lease_s == 0 || prefix > 30)
        return;
    client->offered = ack->yours;
    client->server = ack->server != 0 ? ack->server : client->server;
    client->router = ack->router;
    client->prefix = (uint8_t)prefix;
    client->dns_count = ack->dns_count;
    __builtin_memcpy(client->dns, ack->dns, sizeof client->dns);
    __builtin_memcpy(client->domain, ack->domain, sizeof client->domain);
    client->mtu = ack->mtu;
    client->bound_at = now;
    take_times(client, ack, now);
    if (client->address == client->offered) { /* a renewal */
        bind(stack, client, now);
        return;
    }
    set_state(stack, client, NET_DHCP_CHECKING, now + CHECK_NS);
    net_arp_probe(stack, nic_of(stack, client), client->offered);
}

/* RFC 2131 4.4.4: to all, from nobody, and about the address by its option. */
static void decline(NetStack *stack, NetDhcpClient *client, NetTime now)
{
    NetDhcp message = message_of(stack, client, NET_DHCP_DECLINE, now);

    message.seconds = 0;
    message.parameter_count = 0;
    message.requested = client->offered;
    message.server = client->server;
    send(stack, client, &message, NET_IP4_BROADCAST, now);
    lose_address(stack, client, now + AFTER_DECLINE_NS, now);
}

void net_dhcp_hear_arp(NetStack *stack, unsigned nic, const NetArp *arp, NetTime now)
{
    NetDhcpClient *client = &stack->dhcp[nic];
    /* Somebody has the address, or asks for it as we do (RFC 5227 2.1.1). */
    bool names_it = arp->sender_ip == client->offered ||
                    (arp->sender_ip == 0 && arp->target_ip == client->offered);

    if (client->state == NET_DHCP_CHECKING && names_it &&
        !net_mac_equal(arp->sender_mac, stack->nics[nic].mac))
        decline(stack, client, now);
}

/* --- in --- */

static void receive(void *user, const NetDatagram *datagram)
{
    NetStack *stack = user;
    NetDhcpClient *client = &stack->dhcp[datagram->nic];
    NetTime now = datagram->now;
    NetDhcp message;

    if (client->state == NET_DHCP_IDLE ||
        net_dhcp_parse(datagram->bytes, datagram->length, &message) == 0 ||
        message.operation != NET_DHCP_BOOTREPLY || message.xid != client->xid ||
        __builtin_memcmp(message.mac.byte, stack->nics[datagram->nic].mac.byte, 6) != 0)
        return;
    if (message.type == NET_DHCP_OFFER && client->state == NET_DHCP_SELECTING &&
        message.yours != 0 && message.server != 0) {
        client->offered = message.yours;
        client->server = message.server;
        client->tries = 0;
        request(stack, client, now);
    } else if (client->state == NET_DHCP_REQUESTING || client->state == NET_DHCP_RENEWING ||
               client->state == NET_DHCP_REBINDING) {
        if (message.type == NET_DHCP_ACK)
            take_ack(stack, client, &message, now);
        else if (message.type == NET_DHCP_NAK)
            lose_address(stack, client, now + AFTER_NAK_NS, now);
    }
}

static const NetUdpOps dhcp_ops = {.receive = receive};

/* --- the owner's side, and time --- */

int net_stack_dhcp_start(NetStack *stack, unsigned nic, NetTime now)
{
    if (nic >= stack->nic_count)
        return NET_STACK_BAD;
    int port = net_stack_udp_bind(stack, NET_DHCP_CLIENT_PORT, &dhcp_ops, stack);
    if (port < 0 && port != NET_STACK_IN_USE)
        return port;
    NetDhcpClient *client = &stack->dhcp[nic];
    lose_address(stack, client, now, now);
    client->state = NET_DHCP_INIT;
    discover(stack, client, now);
    return NET_STACK_OK;
}

void net_stack_dhcp_release(NetStack *stack, unsigned nic, NetTime now)
{
    NetDhcpClient *client = &stack->dhcp[nic < NET_STACK_MAX_NICS ? nic : 0];

    if (nic >= stack->nic_count || client->state == NET_DHCP_IDLE)
        return;
    if (client->state >= NET_DHCP_BOUND) {
        NetDhcp message = message_of(stack, client, NET_DHCP_RELEASE, now);
        message.client = client->address;
        message.server = client->server;
        send(stack, client, &message, client->server, now);
    }
    lose_address(stack, client, NET_TIME_NEVER, now);
    set_state(stack, client, NET_DHCP_IDLE, NET_TIME_NEVER);
}

static void expire(NetStack *stack, NetDhcpClient *client, NetTime now)
{
    switch ((NetDhcpState)client->state) {
    case NET_DHCP_IDLE: break;
    case NET_DHCP_INIT:
    case NET_DHCP_SELECTING: discover(stack, client, now); break;
    case NET_DHCP_REQUESTING:
        if (client->tries < REQUEST_TRIES) {
            request(stack, client, now);
        } else {
            client->state = NET_DHCP_INIT;
            discover(stack, client, now);
        }
        break;
    case NET_DHCP_CHECKING: bind(stack, client, now); break;
    case NET_DHCP_BOUND:
    case NET_DHCP_RENEWING:
    case NET_DHCP_REBINDING:
        if (now < client->expires_at) {
            renew(stack, client, now);
        } else {
            lose_address(stack, client, now, now);
            discover(stack, client, now);
        }
        break;
    }
}

void net_dhcp_advance(NetStack *stack, NetTime now)
{
    for (unsigned i = 0; i < stack->nic_count; i++) {
        if (stack->dhcp[i].state != NET_DHCP_IDLE && stack->dhcp[i].deadline <= now)
            expire(stack, &stack->dhcp[i], now);
    }
}

NetTime net_dhcp_deadline(const NetStack *stack)
{
    NetTime deadline = NET_TIME_NEVER;

    for (unsigned i = 0; i < stack->nic_count; i++) {
        if (stack->dhcp[i].state != NET_DHCP_IDLE && stack->dhcp[i].deadline < deadline)
            deadline = stack->dhcp[i].deadline;
    }
    return deadline;
}

const char *net_dhcp_state_name(NetDhcpState state)
{
    static const char *const names[] = {
        [NET_DHCP_IDLE] = "IDLE",           [NET_DHCP_INIT] = "INIT",
        [NET_DHCP_SELECTING] = "SELECTING", [NET_DHCP_REQUESTING] = "REQUESTING",
        [NET_DHCP_CHECKING] = "CHECKING",   [NET_DHCP_BOUND] = "BOUND",
        [NET_DHCP_RENEWING] = "RENEWING",   [NET_DHCP_REBINDING] = "REBINDING",
    };

    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "?";
}
